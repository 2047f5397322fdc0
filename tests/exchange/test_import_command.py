"""``peer-evidence import``: the sound part is written, the rest is listed, nothing is touched."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

import peer_evidence as pe
from peer_evidence.cli import main
from peer_evidence.exchange.choosing import kind_of

SOUND = "TY  - JOUR\nAU  - Ash, Beryl\nPY  - 2001\nTI  - Walking\nDO  - 10.1000/1\nER  - \n"
CUT = "TY  - JOUR\nAU  - Elm, B\n"


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["import", *map(str, args)], catch_exceptions=False)


@pytest.fixture
def ris(tmp_path: Path) -> Path:
    file = tmp_path / "mine.ris"
    file.write_text(SOUND, encoding="utf-8")
    return file


HEAD = "mine.ris: 1 study taken, {}; 8 columns have cells that must still be filled\n"
REST = (
    "  note: confidence is secondary throughout: a reference is an account of the study; change it "
    "to primary where you read the study itself\n"
    "  to fill: studies, 1 row: design, level, population, problem_type, intervention, "
    "initiative_type, comparator, comparator_type\n"
)


def test_a_sound_file_is_written_and_checked(ris: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    result = run(ris, "--out", out)
    assert result.exit_code == 0
    assert result.output == (
        HEAD.format("no fault") + REST + f"The review is begun in {out}; import.md there says this "
        f"again. peer-evidence check {out} lists what is to be filled.\n"
    )
    checked = CliRunner().invoke(main, ["check", str(out)])
    assert checked.exit_code == 1
    assert checked.output.splitlines()[0] == "studies.csv:2: design: must not be empty, found ''"
    assert checked.output.splitlines()[-1] == "8 faults; nothing was loaded."


def test_the_sound_part_is_written_and_the_exit_code_tells(ris: Path, tmp_path: Path) -> None:
    ris.write_text(SOUND + CUT, encoding="utf-8")
    result = run(ris, "--out", tmp_path / "mine")
    assert result.exit_code == 1
    fault = (
        "mine.ris:7: ER: a record must end with ER; put the line 'ER  - ' after its last line, "
        "found 'JOUR Elm, B'"
    )
    assert result.output.startswith(HEAD.format("1 fault") + f"  not taken: {fault}\n")
    assert fault in (tmp_path / "mine" / "import.md").read_text(encoding="utf-8")
    assert len(pe.validate(tmp_path / "mine")) == 8


def test_without_out_nothing_is_written(ris: Path, tmp_path: Path) -> None:
    result = run(ris)
    assert result.exit_code == 0
    assert result.output.endswith("Nothing was written; --out FOLDER begins a review with it.\n")
    assert list(tmp_path.iterdir()) == [ris]


def test_where_nothing_can_be_taken_nothing_is_written(ris: Path, tmp_path: Path) -> None:
    ris.write_text("PMID- 1\n", encoding="utf-8")
    result = run(ris, "--out", tmp_path / "mine")
    assert result.exit_code == 1
    assert result.output.endswith("Nothing could be taken, so nothing was written.\n")
    assert not (tmp_path / "mine").exists()


def test_a_folder_that_holds_something_is_left_alone(ris: Path, tmp_path: Path) -> None:
    result = run(ris, "--out", tmp_path)
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: folder: {str(tmp_path)!r} is not empty (mine.ris); nothing was touched, give "
        "another name\n"
    )


def test_a_table_of_risk_of_bias_needs_its_tool(tmp_path: Path) -> None:
    file = tmp_path / "rob.csv"
    file.write_text("Study,D1,Overall\nAsh 2001,Low,High\n", encoding="utf-8")
    result = run(file)
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: tool: 'rob.csv' seems to be a table of risk of bias; say which tool it was judged "
        "with, as 'RoB 2'\n"
    )
    result = run(file, "--tool", "RoB 2", "--out", tmp_path / "mine")
    assert result.exit_code == 0
    assert result.output.startswith("rob.csv: 1 study, 2 rows of risk_of_bias taken, no fault; ")
    lines = (tmp_path / "mine" / "risk_of_bias.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1] == (
        'ash_2001,rob_2,randomization_process,low,rob.csv,"rob.csv, line 2, column D1"'
    )
    openpyxl.Workbook().save(tmp_path / "rob.xlsx")
    assert run(tmp_path / "rob.xlsx").stderr == (
        "Error: tool: a workbook is imported as a table of risk of bias, and 'rob.xlsx' says no "
        "tool; give it, as 'RoB 2'. A workbook with the tables of a review needs no import\n"
    )


def test_what_a_file_is(tmp_path: Path) -> None:
    texts = {
        "a.ris": ("", "references"),
        "a.BIB": ("", "references"),
        "a.txt": ("", "references"),
        "a.rm5": ("", "revman"),
        "a": ("@book{a,}", "references"),
        "b": ("TY  - JOUR", "references"),
        "c": ("<COCHRANE_REVIEW", "revman"),
        "CD1-data-rows.csv": ("Analysis group,Study\n", "cochrane"),
    }
    for name, (text, kind) in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert kind_of(tmp_path / name) == kind, name
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("CD1-data-rows.csv", "a")
    assert kind_of(tmp_path / "a.zip") == "cochrane"
    (tmp_path / "d").write_text("words", encoding="utf-8")
    with pytest.raises(pe.InputError) as error:
        kind_of(tmp_path / "d")
    assert str(error.value) == (
        "path: it cannot be told what 'd' is; give its kind: references, risk-of-bias, revman, "
        "cochrane"
    )


def test_a_review_needs_no_import(tmp_path: Path) -> None:
    folder = pe.new_review(tmp_path / "mine")
    result = run(folder)
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: path: {str(folder)!r} is a review already; peer-evidence check and review read it "
        "as it is\n"
    )


def test_options_that_do_not_fit(ris: Path, tmp_path: Path) -> None:
    assert run(ris, "--as", "references", "--tool", "RoB 2").stderr == (
        "Error: tool: only a table of risk of bias has one, this is read as references\n"
    )
    assert run(tmp_path / "no.ris").stderr == (
        f"Error: path: there is no file {str(tmp_path / 'no.ris')!r}\n"
    )


def test_a_name_that_ends_in_xlsx_begins_a_workbook(tmp_path: Path) -> None:
    file = tmp_path / "mine.xlsx"
    result = CliRunner().invoke(main, ["new", str(file), "--from", "example"])
    assert result.exit_code == 0
    assert result.output == f"The review is begun in {file}; its first sheet says how to go on\n"
    assert list(tmp_path.iterdir()) == [file]
    assert len(pe.load(file).studies) == 5
    first = openpyxl.load_workbook(file)["how_to"]
    assert any("peer-evidence check mine.xlsx " in str(row[0].value) for row in first)
    again = CliRunner().invoke(main, ["new", str(file), "--format", "xlsx"])
    assert again.exit_code == 2
    assert again.stderr == f"Error: path: {str(file)!r} is there already; nothing was touched\n"
    other = CliRunner().invoke(main, ["new", str(tmp_path / "b.xlsx"), "--format", "csv"])
    assert other.stderr == (
        f"Error: format: found 'csv' for {str(tmp_path / 'b.xlsx')!r}, which names a workbook; "
        "leave format out, or give the name of a folder\n"
    )
