"""The codebook of a package, kept in step with the models.

``python -m peer_evidence.records.codebook DATA_FOLDER`` writes ``codebook.csv`` anew: what the
models and the vocabulary say comes from them, what an editor wrote stays.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence

from peer_evidence.records.columns import Column
from peer_evidence.records.package import FRAMEWORK, Package, read_sound_package
from peer_evidence.records.read import RawTable
from peer_evidence.records.tables import CODEBOOK, TABLES
from peer_evidence.records.write import run_as_command, write_text

Row = dict[str, str]


def codebook_rows(package: Package) -> list[Row]:
    """Describe every column of a package, as ``codebook.csv`` does.

    Parameters
    ----------
    package : Package
        The files as read. Of its codebook the descriptions stay, and every row on a framework
        table.

    Returns
    -------
    list of dict
        A row for each column of the tables that the package has, the codebook among them, in
        the order of the models; then those on its framework tables.
    """
    held = _rows(package.raw.get(CODEBOOK.name))
    own = {(row["table"], row["column"]): row["description"] for row in held}
    rows = [
        _row(table.name, column, package, own.get((table.name, column.name), ""))
        for table in TABLES
        if table.name in package.raw or table is CODEBOOK
        for column in table.columns
    ]
    return rows + [row for row in held if row["table"].startswith(f"{FRAMEWORK}/")]


def codebook_text(package: Package) -> str:
    """Give the codebook of a package as the text of its file."""
    out = io.StringIO()
    names = [column.name for column in CODEBOOK.columns]
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(codebook_rows(package))
    return out.getvalue()


def _rows(codebook: RawTable | None) -> list[Row]:
    if codebook is None:
        return []
    return [
        {
            column.name: str(codebook.columns[column.name][row])
            if column.name in codebook.columns
            else ""
            for column in CODEBOOK.columns
        }
        for row in range(len(codebook))
    ]


def _row(table: str, column: Column, package: Package, description: str) -> Row:
    words = package.allowed(table, column) if column.kind == "category" else None
    return {
        "table": table,
        "column": column.name,
        "type": column.kind,
        "unit": column.unit,
        "allowed": "|".join(words) if words else column.references,
        "required": "yes" if column.required else "no",
        "description": description or column.description,
    }


def main(arguments: Sequence[str]) -> int:
    """Write the codebook of the folder that is named."""

    def write(folder: str) -> str:
        package = read_sound_package(folder)
        path = package.path / CODEBOOK.file
        write_text(path, codebook_text(package))
        return CODEBOOK.file

    return run_as_command(arguments, "peer_evidence.records.codebook", write)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
