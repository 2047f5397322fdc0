"""The command line as a user types it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import peer_evidence as pe
from peer_evidence.cli import main

DATA = Path(__file__).parents[1] / "data"


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args), catch_exceptions=False)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    folder = tmp_path / "broken"
    shutil.copytree(DATA, folder)
    file = folder / "outcomes.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(",no_difference,", ",no_diference,", 1), encoding="utf-8")
    return folder


def test_check_says_what_was_read() -> None:
    result = run("check")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[:2] == ["studies.csv: 69 rows", "outcomes.csv: 272 rows"]
    assert lines[-1] == "No faults."


def test_check_prints_the_faults_and_exits_1(broken: Path) -> None:
    result = run("check", str(broken))
    (fault,) = pe.validate(broken)
    assert result.exit_code == 1
    assert result.output == f"{fault}\n1 fault; nothing was loaded.\n"
    assert "did you mean 'no_difference'?" in result.output


def test_check_as_json(broken: Path) -> None:
    sound = json.loads(run("check", "--json").output)
    assert sound["ok"] is True
    assert sound["rows"]["outcomes"] == 272
    result = run("check", "--json", str(broken))
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert found["ok"] is False
    assert found["faults"][0]["column"] == "reported_conclusion"
    assert found["faults"][0]["found"] == "no_diference"


def test_a_folder_that_is_not_there() -> None:
    result = run("check", "no/such/folder")
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: path: there is nothing of the name 'no/such/folder'; give the folder that holds "
        "studies.csv and outcomes.csv\n"
    )


def test_claims_of_a_broken_package_lists_the_faults(broken: Path) -> None:
    result = run("claims", str(broken))
    assert result.exit_code == 1
    assert result.stderr.startswith("1 fault in the records, nothing was loaded:\n")


def test_claims_prints_each_verdict() -> None:
    result = run("claims")
    assert result.exit_code == 0
    frame = pe.check_claims(pe.load()).to_frame()
    as_json = json.loads(run("claims", "--json").output)
    assert [claim["verdict"] for claim in as_json] == list(frame["verdict"])
    assert result.output.splitlines()[0] == pe.check_claims(pe.load()).summary().splitlines()[0]


def test_review_of_a_broken_package_writes_nothing(broken: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("review", str(broken), "--out", str(out))
    assert result.exit_code == 1
    assert not out.exists()
    assert list(tmp_path.iterdir()) == [broken]


def test_review_writes_the_page_and_says_what_it_could_not_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEER_EVIDENCE_CHROMIUM", "")
    mine, out = pe.new_review(tmp_path / "mine", "example"), tmp_path / "out"
    result = run("review", str(mine), "--out", str(out))
    assert result.exit_code == 0
    assert result.output == (
        f"The review is in {out / 'index.html'}\n"
        "Not made: report.pdf (no Chromium or Chrome was found on this machine; print the page "
        "from a browser).\n"
    )
    assert (out / "index.html").is_file()


def test_audit_takes_a_review_however_it_is_stored(tmp_path: Path) -> None:
    folder = run("audit", str(DATA))
    book = pe.save(pe.load(), tmp_path / "mine.xlsx")
    archive = shutil.make_archive(str(tmp_path / "mine"), "zip", str(DATA))
    for stored in (book, archive):
        result = run("audit", str(stored))
        assert (result.exit_code, result.output) == (0, folder.output)


def test_audit_of_a_table_without_a_printed_result_says_what_is_needed() -> None:
    result = run("audit", str(DATA / "studies.csv"))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        "Error: audit: studies.csv holds no printed result to check, only numbers of studies or "
        "people; at least one of the columns estimate, ci_low, ci_high, se, p_value, q, q_df, i2, "
        "tau2, z, study_n_total, events_intervention, events_comparison, percent_intervention, "
        "percent_comparison, mean_intervention, mean_comparison, sd_intervention, sd_comparison "
        "is needed\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is told otherwise there")
def test_a_reader_that_goes_away_ends_the_command_without_a_word(tmp_path: Path) -> None:
    file = tmp_path / "x.ris"
    file.write_text("TY  - JOUR\nTI  - A title\nER  - \n", encoding="utf-8")
    reader, writer = os.pipe()
    os.close(reader)
    found = subprocess.run(
        [sys.executable, "-m", "peer_evidence", "import", str(file)],
        stdout=writer, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (found.returncode, found.stderr) == (1, b"")
