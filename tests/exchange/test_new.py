"""Beginning a review: what is written loads, runs through every command, and is refused in time."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

import peer_evidence as pe
from peer_evidence.cli import main
from peer_evidence.records.tables import TABLES
from peer_evidence.records.words import METHOD_WORDS


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args), catch_exceptions=False)


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize("start", ["blank", "example"])
def test_every_command_works_on_a_new_review(tmp_path: Path, start: str, format: str) -> None:
    folder = tmp_path / "my_review"
    begun = run("new", str(folder), "--from", start, "--format", format)
    assert begun.exit_code == 0
    assert begun.output == (
        f"The review is begun in {folder}; {folder / 'README.md'} says how to go on\n"
    )
    checked = run("check", str(folder))
    assert checked.exit_code == 0
    ending = ".csv" if format == "csv" else ""
    rows = "0 rows" if start == "blank" else "5 rows"
    assert checked.output.splitlines()[0] == f"studies{ending}: {rows}"
    assert checked.output.splitlines()[-1] == "No faults."
    claims = run("claims", str(folder))
    assert claims.output.startswith("0 claims" if start == "blank" else "4 claims: 1 supported")
    explored = run("explore", str(folder), "--out", str(tmp_path / "explorer.html"))
    assert explored.exit_code == 0
    reviewed = run("review", str(folder), "--out", str(tmp_path / "out"))
    assert reviewed.exit_code == 0
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert ("There is nothing yet" in page) is (start == "blank")
    assert (tmp_path / "out" / "records" / "outcomes.csv").is_file()


@pytest.mark.parametrize("missing", ["vocabulary.csv", "codebook.csv", "package.csv"])
def test_a_blank_review_without_one_of_its_tables_is_reviewed(tmp_path: Path, missing: str) -> None:
    folder = pe.new_review(tmp_path / "mine")
    (folder / missing).unlink()
    assert pe.review(folder, out=tmp_path / "out").is_file()


def test_a_review_with_studies_and_no_results_is_reviewed(tmp_path: Path) -> None:
    folder = pe.new_review(tmp_path / "mine", "example")
    for name in ("outcomes", "pooled_results", "certainty", "flow", "risk_of_bias"):
        file = folder / f"{name}.csv"
        file.write_text(file.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    page = pe.review(folder, out=tmp_path / "out").read_text(encoding="utf-8")
    assert "There is nothing yet" not in page
    assert "no search is recorded (flow.csv)" in page
    assert run("explore", str(folder), "--out", str(tmp_path / "e.html")).exit_code == 0


def test_the_headers_are_those_of_the_one_definition(tmp_path: Path) -> None:
    for start in ("blank", "example"):
        folder = pe.new_review(tmp_path / start, start)
        for table in TABLES:
            first = (folder / table.file).read_text(encoding="utf-8").splitlines()[0]
            assert first == ",".join(column.name for column in table.columns)


def test_the_example_says_in_every_row_that_it_is_invented(tmp_path: Path) -> None:
    ev = pe.load(pe.new_review(tmp_path / "mine", "example"))
    for name in ev.tables:
        frame = ev.table(name)
        if "source" in frame:
            assert set(frame["source"]) == {"invented example"}
    assert ev.studies["title"].str.contains("invented").all()
    assert ev.package["title"].startswith("An invented example")
    pools = pe.pools(ev)
    assert len(pools) == 2
    assert [len(pool.studies.labels) for pool in pools.analyses] == [3, 3]


def test_the_guide_and_the_form_name_every_table_and_required_column(tmp_path: Path) -> None:
    folder = pe.new_review(tmp_path / "mine")
    guide = (folder / "README.md").read_text(encoding="utf-8")
    for table in TABLES:
        must = ", ".join(column.name for column in table.columns if column.required)
        assert f"### {table.file}" in guide
        assert f"- must be filled: {must}\n" in guide
    for command in ("check", "review", "claims", "explore"):
        assert f"    peer-evidence {command} mine " in guide
    form = (folder / "extraction_form.md").read_text(encoding="utf-8")
    words = " ".join(f"☐ {word}" for word in METHOD_WORDS["design"])
    assert f"- **design*** (study design): {words}\n" in form


def test_the_workbook_offers_words_freezes_the_header_and_tells_of_each_column(
    tmp_path: Path,
) -> None:
    folder = pe.new_review(tmp_path / "mine", "example", "xlsx")
    book = openpyxl.load_workbook(folder / "mine.xlsx")
    assert book.sheetnames == ["how_to", *(table.name for table in TABLES), "words"]
    sheet = book["studies"]
    assert sheet.freeze_panes == "B2"
    header = {cell.value: cell for cell in sheet[1]}
    assert "must be filled" in header["design"].comment.text
    rules = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    letter = header["design"].column_letter
    formula = rules[f"{letter}2:{letter}2006"]
    offered = [cell.value for (cell,) in book["words"][formula.partition("!")[2].replace("$", "")]]
    assert tuple(offered) == METHOD_WORDS["design"]
    topic = header["initiative_type"].column_letter
    formula = rules[f"{topic}2:{topic}2006"]
    offered = [cell.value for (cell,) in book["words"][formula.partition("!")[2].replace("$", "")]]
    assert offered == ["text_message", "letter"]


def test_equal_beginnings_have_equal_bytes_and_no_clock(tmp_path: Path) -> None:
    digests = set()
    for name in ("a", "b"):
        folder = pe.new_review(tmp_path / name / "mine", "example", "xlsx")
        digests.add(hashlib.sha256((folder / "mine.xlsx").read_bytes()).hexdigest())
    assert len(digests) == 1
    with zipfile.ZipFile(folder / "mine.xlsx") as archive:
        assert {part.date_time[0] for part in archive.infolist()} == {1980}


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = run("new", str(tmp_path))
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: folder: {str(tmp_path)!r} is not empty (notes.txt); nothing was touched, give "
        "another name\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    file = tmp_path / "notes.txt"
    with pytest.raises(pe.InputError) as error:
        pe.new_review(file)
    assert str(error.value) == f"folder: {str(file)!r} is a file; give another name"


def test_what_fails_in_the_middle_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("peer_evidence.exchange.template.extraction_form", fail)
    result = run("new", str(tmp_path / "mine"))
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {str(tmp_path / 'mine')!r} could not be written: No space left on device; what "
        "was there stays as it was; free some space, or give a place with more of it\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_wrong_options_are_told() -> None:
    with pytest.raises(pe.InputError) as error:
        pe.new_review("mine", "blanc")
    assert str(error.value) == (
        "start: found 'blanc', allowed are 'blank', 'example'; did you mean 'blank'?"
    )
    with pytest.raises(pe.InputError, match=r"^format: found 'xls', allowed are 'csv', 'xlsx'"):
        pe.new_review("mine", format="xls")
