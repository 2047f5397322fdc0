"""The description of a package for other programs: a Frictionless Data Package.

``python -m peer_evidence.records.datapackage DATA_FOLDER`` writes ``datapackage.json``, made from
the models, the vocabulary and the codebook: every table with its columns, types, units, allowed
words, primary key and foreign keys.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from typing import Any

from peer_evidence.records.codebook import codebook_rows
from peer_evidence.records.columns import Column, Table
from peer_evidence.records.package import FRAMEWORK, Package, read_sound_package
from peer_evidence.records.write import run_as_command, write_text

FILE = "datapackage.json"
_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_TYPES = {"integer": "integer", "number": "number"}  # whatever else is a string
_DATE = "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"


def descriptor(package: Package) -> dict[str, Any]:
    """Describe a package as a Frictionless Data Package.

    Parameters
    ----------
    package : Package
        The files as read.

    Returns
    -------
    dict
        The descriptor: plain values, ready for JSON.
    """
    facts = _facts(package)
    title = facts.get("title", "Evidence review")
    described: dict[str, Any] = {"$schema": _PROFILE, "name": _slug(title), "title": title}
    description = " ".join(facts[name] for name in ("question", "records_note") if name in facts)
    if description:
        described["description"] = description
    if "licence" in facts:
        described["licenses"] = [{"name": facts["licence"]}]
    if "authors" in facts:
        described["contributors"] = [
            {"title": author.strip(), "roles": ["author"]}
            for author in facts["authors"].split(";")
            if author.strip()
        ]
    texts = {(row["table"], row["column"]): row["description"] for row in codebook_rows(package)}
    described["resources"] = [
        _resource(package.tables[name], package, texts) for name in package.raw
    ]
    return described


def datapackage_text(package: Package) -> str:
    """Give the description of a package as the text of its file."""
    return json.dumps(descriptor(package), indent=2, ensure_ascii=False) + "\n"


def _facts(package: Package) -> dict[str, str]:
    raw = package.raw.get("package")
    if raw is None or not {"field", "value"} <= raw.columns.keys():
        return {}
    return {
        str(name): str(value)
        for name, value in zip(raw.columns["field"], raw.columns["value"], strict=True)
    }


def _slug(title: str) -> str:
    """Give a title as the name of a package: small letters, digits and hyphens."""
    return re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")[:80].strip("-") or "evidence-review"


def _name(table: str) -> str:
    return _slug(table) if "/" in table else table


def _resource(table: Table, package: Package, texts: dict[tuple[str, str], str]) -> dict[str, Any]:
    raw = package.raw[table.name]
    known = {column.name: column for column in table.columns}
    columns = [known[name] for name in raw.columns]
    schema: dict[str, Any] = {
        "fields": [_field(table, column, package, texts) for column in columns],
        "missingValues": [""],
    }
    if table.key and set(table.key) <= raw.columns.keys():
        schema["primaryKey"] = list(table.key)
    foreign = [_foreign_key(table, column) for column in columns if _is_foreign(column, package)]
    if foreign:
        schema["foreignKeys"] = foreign
    if table.name.startswith(f"{FRAMEWORK}/"):
        said = f"Framework table: {table.name.removeprefix(f'{FRAMEWORK}/').replace('_', ' ')}."
    else:
        said = f"One row is {table.one_row_is}."
    return {
        "name": _name(table.name),
        "type": "table",
        "path": raw.file,
        "description": said,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def _field(
    table: Table, column: Column, package: Package, texts: dict[tuple[str, str], str]
) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": _TYPES.get(column.kind, "string")}
    text = texts.get((table.name, column.name)) or column.description
    if text:
        field["description"] = text
    if column.unit:
        field["unit"] = column.unit
    if column.kind == "list":
        field["separator"] = ";"
        field["itemsReference"] = column.references
    constraints = _constraints(table, column, package)
    if constraints:
        field["constraints"] = constraints
    return field


def _constraints(table: Table, column: Column, package: Package) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if column.required:
        limits["required"] = True
    if table.key == (column.name,):
        limits["unique"] = True
    words = package.allowed(table.name, column) if column.kind == "category" else None
    if words:
        limits["enum"] = list(words)
    if column.kind == "date":
        limits["pattern"] = _DATE
    if column.positive:
        limits["exclusiveMinimum"] = 0
    for name, bound in (("minimum", column.minimum), ("maximum", column.maximum)):
        if bound is not None:
            limits[name] = int(bound) if float(bound).is_integer() else bound
    return limits


def _is_foreign(column: Column, package: Package) -> bool:
    other = column.references.split(".")[0]
    return column.kind != "list" and other in package.raw


def _foreign_key(table: Table, column: Column) -> dict[str, Any]:
    other, target = column.references.split(".")
    resource = "" if other == table.name else other  # the empty name is the table itself
    return {"fields": [column.name], "reference": {"resource": resource, "fields": [target]}}


def main(arguments: Sequence[str]) -> int:
    """Write the description of the folder that is named."""

    def write(folder: str) -> str:
        package = read_sound_package(folder)
        write_text(package.path / FILE, datapackage_text(package))
        return FILE

    return run_as_command(arguments, "peer_evidence.records.datapackage", write)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
