"""The codebook, the datapackage and the README say what the models and the files say."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import peer_evidence as pe
from peer_evidence.claims import CHECKS
from peer_evidence.records import codebook, datapackage
from peer_evidence.records.columns import Column
from peer_evidence.records.package import read_package
from peer_evidence.records.tables import METHOD_WORDS, TABLES

if TYPE_CHECKING:
    from conftest import Small

DATA = Path(__file__).parents[2] / "data"
ALL_TABLES = {table.name: table for table in TABLES}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return dict(json.loads((DATA / "datapackage.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def resources(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {resource["path"].removesuffix(".csv"): resource for resource in described["resources"]}


def rows_of(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- the models --------------------------------------------------------------------------------


def test_every_column_is_of_a_known_kind_and_refers_to_one_that_exists() -> None:
    for table in TABLES:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert set(table.key) <= set(names)
        for column in table.columns:
            assert column.kind in METHOD_WORDS["kind"]
            if column.references:
                other, target = column.references.split(".")
                assert ALL_TABLES[other].column(target).required


def test_the_checks_of_claims_are_those_that_exist() -> None:
    assert METHOD_WORDS["check"] == tuple(CHECKS)


# --- the codebook ------------------------------------------------------------------------------


def test_the_codebook_is_in_step_with_the_models() -> None:
    """Run ``python -m peer_evidence.records.codebook data`` when this fails."""
    text = (DATA / "codebook.csv").read_text(encoding="utf-8")
    assert text == codebook.codebook_text(read_package())


def test_the_codebook_names_every_column_of_every_file_once() -> None:
    told = [(row["table"], row["column"]) for row in rows_of("codebook")]
    assert len(set(told)) == len(told)
    files = [path.relative_to(DATA).with_suffix("") for path in DATA.rglob("*.csv")]
    held = {(file.as_posix(), column) for file in files for column in rows_of(file.as_posix())[0]}
    assert set(told) == held


def test_every_category_of_the_codebook_tells_its_words() -> None:
    for row in rows_of("codebook"):
        if row["type"] == "category":
            allowed = row["allowed"].split("|")
            used = {one[row["column"]] for one in rows_of(row["table"])} - {""}
            assert used <= set(allowed), (row["table"], row["column"])


def test_descriptions_and_framework_rows_of_an_editor_stay(small: Small) -> None:
    small.replace("framework/things.csv", "thing,what\na,b\n")
    small.replace(
        "codebook.csv",
        "table,column,type,unit,allowed,required,description\n"
        "studies,country,text,,,no,where it was done\n"
        "studies,year,text,wrong,,yes,\n"
        "gone,gone,text,,,no,a table that is no more\n"
        "framework/things,thing,key,,,yes,a thing\n",
    )
    rows = {(row["table"], row["column"]): row for row in codebook.codebook_rows(
        read_package(small.write())
    )}  # fmt: skip
    assert rows["studies", "country"]["description"] == "where it was done"
    assert rows["studies", "year"] == {
        "table": "studies",
        "column": "year",
        "type": "integer",
        "unit": "year",
        "allowed": "",
        "required": "no",
        "description": "year of publication",
    }
    assert rows["outcomes", "domain"]["allowed"] == "infection|admission"
    assert rows["outcomes", "study_id"]["allowed"] == "studies.study_id"
    assert rows["framework/things", "thing"]["description"] == "a thing"
    assert ("gone", "gone") not in rows
    assert ("certainty", "outcome") not in rows


# --- the datapackage ---------------------------------------------------------------------------


def test_the_datapackage_is_in_step_with_the_models_and_the_words() -> None:
    """Run ``python -m peer_evidence.records.datapackage data`` when this fails."""
    text = (DATA / "datapackage.json").read_text(encoding="utf-8")
    assert text == datapackage.datapackage_text(read_package())


def test_the_datapackage_is_what_frictionless_requires(described: dict[str, Any]) -> None:
    assert re.fullmatch(r"[-a-z0-9._/]+", described["name"])
    assert described["title"]
    assert described["resources"]
    assert all(license.get("name") or license.get("path") for license in described["licenses"])
    assert all(one["title"] for one in described["contributors"])
    names = [resource["name"] for resource in described["resources"]]
    assert len(set(names)) == len(names)
    for resource in described["resources"]:
        assert re.fullmatch(r"[-a-z0-9._/]+", resource["name"])
        path = Path(resource["path"])
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert (DATA / path).is_file()
        assert resource["encoding"] == "utf-8"
        check_schema(resource["schema"], names)


def check_schema(schema: dict[str, Any], resources: list[str]) -> None:
    """Check a Table Schema against the rules of its specification."""
    fields = {field["name"]: field for field in schema["fields"]}
    assert fields
    assert len(fields) == len(schema["fields"])
    assert schema["missingValues"] == [""]
    known = {"required", "unique", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum"}
    for field in fields.values():
        assert field["type"] in {"string", "integer", "number"}
        limits = field.get("constraints", {})
        assert set(limits) <= known
        assert len(set(limits.get("enum", ["one"]))) == len(limits.get("enum", ["one"])) > 0
        if {"minimum", "maximum", "exclusiveMinimum"} & set(limits):
            assert field["type"] in {"integer", "number"}
        if "pattern" in limits:
            re.compile(limits["pattern"])
    for name in schema.get("primaryKey", []):
        assert fields[name]["constraints"]["required"] is True
    for foreign in schema.get("foreignKeys", []):
        assert set(foreign) == {"fields", "reference"}
        assert set(foreign["fields"]) <= set(fields)
        assert len(foreign["fields"]) == len(foreign["reference"]["fields"])
        assert foreign["reference"]["resource"] in {"", *resources}


def test_every_file_is_a_resource_with_its_columns_in_order(
    resources: dict[str, dict[str, Any]],
) -> None:
    files = {path.relative_to(DATA).with_suffix("").as_posix() for path in DATA.rglob("*.csv")}
    assert set(resources) == files
    for name, resource in resources.items():
        told = [field["name"] for field in resource["schema"]["fields"]]
        assert told == list(rows_of(name)[0])


def test_every_bundled_cell_keeps_the_datapackage(resources: dict[str, dict[str, Any]]) -> None:
    """Judge each cell by the descriptor alone, as another program would."""
    for name, resource in resources.items():
        rows, schema = rows_of(name), resource["schema"]
        for field in schema["fields"]:
            limits = field.get("constraints", {})
            for row in rows:
                check_cell(row[field["name"]], field["type"], limits, (name, field["name"]))
        key = schema.get("primaryKey", [])
        assert len({tuple(row[part] for part in key) for row in rows}) == len(rows)
        for foreign in schema.get("foreignKeys", []):
            (own,), (target,) = foreign["fields"], foreign["reference"]["fields"]
            held = {row[target] for row in rows_of(foreign["reference"]["resource"] or name)}
            assert {row[own] for row in rows} - {""} <= held


def check_cell(text: str, kind: str, limits: dict[str, Any], where: tuple[str, str]) -> None:
    if text == "":
        assert not limits.get("required"), where
        return
    if kind != "string":
        value = int(text) if kind == "integer" else float(text)
        assert limits.get("minimum", value) <= value <= limits.get("maximum", value), where
        assert value > limits.get("exclusiveMinimum", value - 1), where
    assert text in limits.get("enum", [text]), where
    assert re.fullmatch(limits.get("pattern", ".*"), text, re.DOTALL), where


def test_keys_units_and_words_come_from_the_models(resources: dict[str, dict[str, Any]]) -> None:
    package = read_package()
    for name, resource in resources.items():
        table, schema = package.tables[name], resource["schema"]
        assert schema["primaryKey"] == list(table.key)
        for field in schema["fields"]:
            column: Column = table.column(field["name"])
            limits = field.get("constraints", {})
            assert field.get("unit", "") == column.unit
            assert limits.get("required", False) == column.required
            if column.kind == "category":
                assert tuple(limits["enum"]) == package.allowed(name, column)
    keys = resources["pooled_results"]["schema"]["foreignKeys"]
    assert {"fields": ["review_id"], "reference": {"resource": "reviews", "fields": ["review_id"]}} in keys  # fmt: skip  # noqa: E501
    assert {"fields": ["duplicate_of"], "reference": {"resource": "", "fields": ["pooled_id"]}} in keys  # fmt: skip  # noqa: E501


def test_a_package_without_facts_is_described_too(small: Small) -> None:
    small.keep("studies.csv", "outcomes.csv")
    told = datapackage.descriptor(read_package(small.write()))
    assert told["name"] == "evidence-review"
    assert set(told) == {"$schema", "name", "title", "resources"}
    check_schema(told["resources"][1]["schema"], ["studies", "outcomes"])


# --- the commands ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "file"), [(codebook, "codebook.csv"), (datapackage, "datapackage.json")]
)
def test_the_commands_write_their_file(
    small: Small, module: Any, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = small.write()
    assert module.main([str(folder)]) == 0
    assert capsys.readouterr().out == f"wrote {file}\n"
    assert file in {path.name for path in folder.iterdir()}
    assert not list(folder.glob(".*"))
    first = (folder / file).read_bytes()
    assert module.main([str(folder)]) == 0
    assert (folder / file).read_bytes() == first
    assert pe.validate(folder) == []


@pytest.mark.parametrize("module", [codebook, datapackage])
def test_the_commands_refuse_faulty_records_and_write_nothing(
    small: Small, module: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    small.tables["studies.csv"][0]["year"] = "215"
    folder = small.write()
    before = sorted(folder.iterdir())
    assert module.main([str(folder)]) == 1
    assert capsys.readouterr().err == (
        "1 fault in the records, nothing was loaded:\n"
        "  studies.csv:2: year: must be between 1500 and 2200, found '215'\n"
    )
    assert sorted(folder.iterdir()) == before
    assert module.main([]) == 2
    usage = f"usage: python -m {module.__name__} DATA_FOLDER\n"
    assert capsys.readouterr().err == usage
    assert module.main(["--help"]) == 0
    assert capsys.readouterr().out == usage


def test_the_command_runs_as_a_module(small: Small) -> None:
    command = [sys.executable, "-m", "peer_evidence.records.datapackage", str(small.write())]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("wrote datapackage.json\n", "")


# --- the README --------------------------------------------------------------------------------


def test_the_counts_of_the_readme_are_those_of_the_files() -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([\w/]+)\.csv` \| (\d+) \|.*\| ([^|]+) \|$", text, re.MULTILINE)
    files = {path.relative_to(DATA).with_suffix("").as_posix() for path in DATA.rglob("*.csv")}
    assert {name for name, _, _ in told} == files
    tables = read_package().tables
    for name, rows, key in told:
        assert len(rows_of(name)) == int(rows), name
        assert key == ", ".join(f"`{part}`" for part in tables[name].key)


def test_what_the_readme_says_of_gaps_is_so() -> None:
    text = " ".join((DATA / "README.md").read_text(encoding="utf-8").split())
    outcomes, studies = rows_of("outcomes"), rows_of("studies")
    poolable = [row for row in outcomes if row["poolable"] == "yes"]
    pooled_studies = {row["study_id"] for row in poolable}
    assert f"So {len(poolable)} of the {len(outcomes)} results" in text
    assert f"come from {len(pooled_studies)} studies" in text
    assert {"sikander_2019", "barbic_2009", "bright_1999"}.isdisjoint(pooled_studies)
    organisational = [row for row in studies if row["level"] == "organisational"]
    assert (len(organisational), len(studies)) == (1, 69)
    assert f"One study of {len(studies)} speaks about organisations" in text
    judged = {row["study_id"] for row in rows_of("risk_of_bias")}
    assert f"Risk of bias was found for {len(judged)} studies" in text
    reviews = rows_of("reviews")
    assert sum(row["title"] == "" for row in reviews) * 2 == len(reviews)
    assert sum(row["relationship"] == "" for row in studies) == 3


def test_what_the_readme_says_of_inclusions_is_so() -> None:
    text = " ".join((DATA / "README.md").read_text(encoding="utf-8").split())
    inclusions = rows_of("inclusions")
    assert {
        row["status"] for row in inclusions if row["review_id"] in {"pistrang_2010"}
    } == {"candidate"}  # fmt: skip
    told = re.findall(r"(\d+) of (\d+)(?: trials)? for `(\w+)`", text)
    assert len(told) == 5
    for confirmed, _, review in told:
        held = [row for row in inclusions if row["review_id"] == review]
        assert sum(row["status"] == "confirmed" for row in held) == int(confirmed)
    unclear = [row for row in rows_of("pooled_results") if row["sign_convention"] == "unclear"]
    assert sorted(row["review_id"] for row in unclear) == ["fuhr_2014"] + ["pitt_2013"] * 3


def test_every_handle_in_the_readme_exists() -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    known = {row["study_id"] for row in rows_of("studies")}
    known |= {row["review_id"] for row in rows_of("reviews")}
    named = set(re.findall(r"`(\w+_(?:19|20)\d\d\w*)`", text))
    assert len(named) > 10
    assert named <= known
