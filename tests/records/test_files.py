"""Files as strangers make them: one fault a cause, with its line, and what can be read is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import peer_evidence as pe

if TYPE_CHECKING:
    from conftest import Small

STUDIES, OUTCOMES = "studies.csv", "outcomes.csv"
SAVE = "in a spreadsheet, save it as 'CSV UTF-8'"
BAD_SEPARATOR = (
    "cells must be separated by commas; this file seems to use {}: save it again as "
    "comma-separated CSV"
)
RAGGED = "a row must have the 18 cells of the header; text with a comma in it needs {}"
NOT_THERE = "must be a file that can be read"
QUOTE = (
    "a quoted cell must end before the next comma, and a quote inside it be doubled; the row "
    "could not be read"
)
OPEN = "a quote must be closed; nothing from here to the end of the file could be read as rows"
Change = Callable[[str], "str | bytes"]


def in_line(number: int, old: str, new: str) -> Change:
    def change(text: str) -> str:
        lines = text.split("\n")
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new, 1)
        return "\n".join(lines)

    return change


def quoted(text: str, mark: str) -> str:
    cells = [line.split(",") for line in text.splitlines()]
    return "\n".join(mark.join(f'"{cell}"' for cell in row) for row in cells)


def with_row_numbers(text: str) -> str:
    first, *rest = text.splitlines()
    return "\n".join(["," + first, *(f"{n},{line}" for n, line in enumerate(rest))])


SOUND: dict[str, Change] = {
    "byte order mark": lambda text: "\ufeff" + text,
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "old Macintosh line ends": lambda text: text.replace("\n", "\r"),
    "mixed line ends": lambda text: text.replace("\n", "\r\n", 1),
    "no last line end": lambda text: text.rstrip("\n"),
    "empty lines": lambda text: "\n" + text.replace("\n", "\n\n") + "\n\n",
    "empty rows below": lambda text: text + ",,,,\n , ,\n",
    "empty columns at the right": lambda text: text.replace("\n", ",,,\n"),
    "every cell quoted": lambda text: quoted(text, ","),
    "columns in another order": lambda text: "\n".join(
        ",".join(reversed(line.split(","))) for line in text.splitlines()
    ),
}


@pytest.mark.parametrize("change", SOUND.values(), ids=SOUND)
def test_harmless_habits_are_accepted(small: Small, change: Change) -> None:
    plain = pe.load(small.write()).studies
    small.replace(STUDIES, change(small.text(STUDIES)))
    assert small.faults() == []
    assert pe.load(small.path).studies.equals(plain)


# name -> change of studies.csv, line, column, rule, found
BAD: dict[str, tuple[Change, int, str, str, str]] = {
    "empty": (
        lambda text: "",
        1,
        "",
        "the file must not be empty; a table without rows has its header",
        "",
    ),
    "blank": (
        lambda text: "\ufeff \n\n",
        1,
        "",
        "the file must not be empty; a table without rows has its header",
        "",
    ),
    "only commas": (
        lambda text: ",,,\n,,\n",
        1,
        "",
        "the file must hold a header; the first non-empty line is one",
        "",
    ),
    "semicolons": (
        lambda text: text.replace(",", ";"),
        1,
        "",
        BAD_SEPARATOR.format("semicolons"),
        "study_id;label;authors;year;design;level;population;problem_type;intervention;in",
    ),
    "semicolons and quotes": (
        lambda text: "\n" + quoted(text, ";"),
        2,
        "",
        BAD_SEPARATOR.format("semicolons"),
        '"study_id";"label";"authors";"year";"design";"level";"population";"problem_type"',
    ),
    "tabs": (
        lambda text: text.replace(",", "\t"),
        1,
        "",
        BAD_SEPARATOR.format("tabs"),
        "study_id\tlabel\tauthors\tyear\tdesign\tlevel\tpopulation\tproblem_type\tintervention\tin",
    ),
    "bars": (
        lambda text: text.replace(",", "|"),
        1,
        "",
        BAD_SEPARATOR.format("bars"),
        "study_id|label|authors|year|design|level|population|problem_type|intervention|in",
    ),
    "a line for Excel": (
        lambda text: "sep=,\r\n" + text,
        1,
        "",
        "the first line must be the header; delete this line, which only Excel reads",
        "sep=,",
    ),
    "a title above": (
        lambda text: "My studies\n" + text,
        1,
        "",
        "the first line must be the header, with the columns of the table: study_id, label, "
        "authors, year, title, journal, doi, pmid, country, design, level, population, "
        "problem_type, intervention, initiative_type, relationship, comparator, comparator_type, "
        "n_total, n_intervention, n_comparison, follow_up_months, source, locator, confidence, "
        "coding_note",
        "My studies",
    ),
    "Latin-1": (
        lambda text: text.encode("latin-1"),
        2,
        "",
        f"the file must be UTF-8 text; {SAVE}",
        "byte 0xf3 in Bó C, and on 1 more line",
    ),
    "one bad byte, old line ends": (
        lambda text: text.replace("\n", "\r").encode().replace(b"Trial B", b"Tri\xe4l B"),
        3,
        "",
        f"the file must be UTF-8 text; {SAVE}",
        "byte 0xe4 in Triäl B",
    ),
    "UTF-16": (
        lambda text: text.encode("utf-16"),
        1,
        "",
        f"the file must be UTF-8 text; {SAVE}",
        "UTF-16 text",
    ),
    "UTF-16 without mark": (
        lambda text: text.encode("utf-16-le"),
        1,
        "",
        f"the file must be UTF-8 text; {SAVE}",
        "UTF-16 text",
    ),
    "UTF-32": (
        lambda text: text.encode("utf-32"),
        1,
        "",
        f"the file must be UTF-8 text; {SAVE}",
        "UTF-32 text",
    ),
    "a workbook": (
        lambda text: b"PK\x03\x04" + bytes(range(256)),
        1,
        "",
        f"the file must be CSV text; {SAVE}",
        "a workbook (.xlsx or .ods) or another zip archive",
    ),
    "an old workbook": (
        lambda text: b"\xd0\xcf\x11\xe0" + bytes(range(256)),
        1,
        "",
        f"the file must be CSV text; {SAVE}",
        "an old Excel workbook (.xls)",
    ),
    "no text at all": (
        lambda text: bytes(range(1, 256)) * 4,
        1,
        "",
        f"the file must be CSV text; {SAVE}",
        "bytes that are no text",
    ),
    "an open quote": (
        in_line(2, "Trial A", '"Trial A'),
        2,
        "",
        OPEN,
        'trial_a,"Trial A,Ngata P; Bó C,2015,randomised_trial,individ',
    ),
    "an open quote in the header": (
        in_line(1, "label", '"label'),
        1,
        "",
        OPEN,
        'study_id,"label,authors,year,design,level,population,problem',
    ),
    "an open quote in a long file": (
        lambda text: text.replace("Trial A", '"Trial A') + "x" * 140_000,
        2,
        "",
        "a cell must hold at most 131072 characters; is a quote left open?",
        'trial_a,"Trial A,Ngata P; Bó C,2015,randomised_trial,individ',
    ),
    "a quote inside quotes": (
        in_line(2, "Trial A", '"Trial "A""'),
        2,
        "",
        QUOTE,
        'trial_a,"Trial "A"",Ngata P; Bó C,2015,randomised_trial,indi',
    ),
    "a quote inside quotes over two lines": (
        in_line(2, "Trial A", '"Trial "A"\nand more"'),
        2,
        "",
        QUOTE,
        'trial_a,"Trial "A"',
    ),
    "a cell too few": (
        in_line(2, ",primary", ""),
        2,
        "",
        RAGGED.format("quotes around it"),
        "17 cells",
    ),
    "a cell too many": (
        in_line(3, "Adults over", "Adults, over"),
        3,
        "",
        RAGGED.format("quotes around it"),
        "19 cells",
    ),
    "curly quotes": (
        in_line(2, "Adults over 65", "“Adults, over 65”"),
        2,
        "",
        RAGGED.format("straight quotes around it, curly ones do not count"),
        "19 cells",
    ),
    "a cell beyond the header": (
        lambda text: in_line(2, "primary", "primary,,note")(text.replace("\n", ",,\n", 1)),
        2,
        "",
        RAGGED.format("quotes around it"),
        "20 cells",
    ),
    "a column twice": (
        in_line(1, "authors", "label"),
        1,
        "label",
        "a column must stand in the header once",
        "cells 2 and 3",
    ),
    "an empty header cell": (
        in_line(1, "authors", ""),
        1,
        "",
        "cell 3 of the header must name a column",
        "",
    ),
    "row numbers": (
        with_row_numbers,
        1,
        "",
        "cell 1 of the header must name a column; if these are row numbers, delete them",
        "",
    ),
    "a capital and a space in the header": (
        in_line(1, "study_id", "Study ID"),
        1,
        "Study ID",
        "the column is not one of this table (did you mean 'study_id'?)",
        "Study ID",
    ),
    "a space before a column": (
        in_line(1, "n_total", " n_total"),
        1,
        " n_total",
        "the column is not one of this table (did you mean 'n_total'?)",
        " n_total",
    ),
    "a misspelt column": (
        in_line(1, "authors", "autors"),
        1,
        "autors",
        "the column is not one of this table (did you mean 'authors'?)",
        "autors",
    ),
    "a misspelt required column": (
        in_line(1, "study_id", "studyid"),
        1,
        "studyid",
        "the column is not one of this table (did you mean 'study_id'?)",
        "studyid",
    ),
    "an unknown column": (
        in_line(1, "authors", "weather"),
        1,
        "weather",
        "the column is not one of this table (known: study_id, label, authors, year, title, "
        "journal, doi, pmid, country, design, level, population, problem_type, intervention, "
        "initiative_type, relationship, comparator, comparator_type, n_total, n_intervention, "
        "n_comparison, follow_up_months, source, locator, confidence, coding_note)",
        "weather",
    ),
    "no required column": (
        lambda text: "\n".join(line.rpartition(",")[0] for line in text.splitlines()),
        1,
        "confidence",
        "the column is required and must be in the header",
        "no column",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_fault(small: Small, name: str) -> None:
    change, line, column, rule, found = BAD[name]
    small.replace(STUDIES, change(small.text(STUDIES)))
    assert small.validate() == [pe.Fault(STUDIES, line, column, rule, found)]


def test_faults_behind_a_bad_encoding_or_header_show_at_once(small: Small) -> None:
    small.tables[STUDIES][1]["n_total"] = "2OO"
    text = small.text(STUDIES).replace("study_id", "Study ID", 1)
    small.replace(STUDIES, text.encode("latin-1"))
    assert small.faults() == [
        "studies.csv:1: Study ID: the column is not one of this table (did you mean 'study_id'?), "
        "found 'Study ID'",
        f"studies.csv:2: the file must be UTF-8 text; {SAVE}, found 'byte 0xf3 in Bó C, and on 1 "
        "more line'",
        "studies.csv:3: n_total: must be a whole number, found '2OO'",
    ]


def test_rows_after_a_broken_quote_are_read_on(small: Small) -> None:
    small.tables[STUDIES][1]["n_total"] = "2OO"
    small.replace(STUDIES, in_line(2, "Trial A", '"Trial "A""')(small.text(STUDIES)))
    assert [(fault.line, fault.column) for fault in small.validate()] == [(2, ""), (3, "n_total")]


def test_lines_are_those_of_the_file_whatever_newlines_stand_in_quotes(small: Small) -> None:
    small.tables[OUTCOMES][0]["measure"] = "PCR\nof a swab\r\ntwice"
    small.tables[OUTCOMES][1]["n_intervention"] = "9O"
    (fault,) = small.validate()
    assert str(fault) == "outcomes.csv:5: n_intervention: must be a whole number, found '9O'"
    lines = (small.path / OUTCOMES).read_text(encoding="utf-8").splitlines()
    assert "9O" in lines[fault.line - 1]


def test_a_row_that_could_not_be_read_is_not_missed_by_those_who_refer_to_it(small: Small) -> None:
    small.replace(STUDIES, in_line(2, "Adults over", "Adults, over")(small.text(STUDIES)))
    assert len(small.faults()) == 1


@pytest.mark.parametrize("name", ["Studies.csv", "study.csv", "studies.csv.txt", "stduies.csv"])
def test_a_required_file_under_nearly_its_name(small: Small, name: str) -> None:
    small.replace(name, small.text(STUDIES))
    del small.tables[STUDIES]
    assert small.faults() == [
        f"studies.csv:1: the file is required in the folder of a review (there is {name!r}: is "
        "that it?), found 'no file'"
    ]


def test_a_required_file_that_is_not_there(small: Small) -> None:
    small.keep()
    assert small.faults() == [
        "studies.csv:1: the file is required in the folder of a review, found 'no file'",
        "outcomes.csv:1: the file is required in the folder of a review, found 'no file'",
    ]


@pytest.mark.parametrize("name", ["review.csv", "Reviews.CSV"])
def test_an_optional_file_under_nearly_its_name_is_not_passed_over(small: Small, name: str) -> None:
    small.replace(name, small.text("reviews.csv"))
    del small.tables["reviews.csv"]
    assert small.faults() == [
        f"{name}:1: a table must have its exact name, 'reviews.csv'; rename it, or move it away, "
        f"found {name!r}"
    ]


def test_other_files_are_left_alone(small: Small) -> None:
    small.replace("search_log.csv", "what;ever\n")
    small.replace("notes.txt", b"\xff\xfe")
    assert small.faults() == []


def test_a_reference_to_a_table_that_is_not_there_is_said_once(small: Small) -> None:
    small.tables["inclusions.csv"].append(
        small.tables["inclusions.csv"][0] | {"study_id": "trial_b"}
    )
    del small.tables["reviews.csv"]
    assert small.faults() == [
        f"{file}.csv:2: review_id: refers to reviews.review_id, so reviews.csv must be in the "
        "folder, found 'review_1'"
        for file in ("inclusions", "pooled_results")
    ]


def test_a_folder_in_the_place_of_a_file(small: Small) -> None:
    del small.tables[STUDIES]
    (small.path / STUDIES).mkdir(parents=True)
    assert small.faults() == [f"studies.csv:1: {NOT_THERE}, found 'a folder'"]


def test_a_link_to_nothing_and_one_to_a_file(small: Small, tmp_path: Path) -> None:
    text = small.text(STUDIES)
    del small.tables[STUDIES]
    small.write()
    (small.path / STUDIES).symlink_to(tmp_path / "elsewhere.csv")
    rule = f"studies.csv:1: {NOT_THERE}, found 'a link to nothing, or no ordinary file'"
    assert small.faults() == [rule]
    (tmp_path / "elsewhere.csv").write_text(text, encoding="utf-8")
    assert small.faults() == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_does_not_hang(small: Small) -> None:
    del small.tables[STUDIES]
    small.write()
    os.mkfifo(small.path / STUDIES)
    rule = f"studies.csv:1: {NOT_THERE}, found 'a link to nothing, or no ordinary file'"
    assert small.faults() == [rule]


def test_a_file_that_may_not_be_read(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == STUDIES:
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert small.faults() == [f"studies.csv:1: {NOT_THERE}, found 'Permission denied'"]


def test_a_folder_that_may_not_be_read(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = small.write()

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(pe.InputError) as caught:
        pe.validate(folder)
    assert str(caught.value) == (
        f"path: found {str(folder)!r}, which cannot be read (Permission denied); give a folder "
        "you may read"
    )


@pytest.mark.parametrize("path", ["review/studies.csv", "a\0b", "x" * 5000])
@pytest.mark.parametrize("call", [pe.load, pe.validate])
def test_a_path_that_is_no_folder(
    small: Small, tmp_path: Path, path: str, call: Callable[[str], object]
) -> None:
    small.write()
    wanted = str(tmp_path / path)
    with pytest.raises(pe.InputError) as caught:
        call(wanted)
    assert str(caught.value) == (
        f"path: found {wanted!r}, which is not a folder; give the folder that holds studies.csv "
        "and outcomes.csv"
    )


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(pe.InputError) as caught:
        pe.load(tmp_path / "nowhere")
    assert str(caught.value) == (
        f"path: there is nothing of the name {str(tmp_path / 'nowhere')!r}; give the folder that "
        "holds studies.csv and outcomes.csv"
    )


def test_reading_leaves_the_limits_of_the_csv_module_alone(small: Small) -> None:
    import csv

    before = csv.field_size_limit()
    small.validate()
    assert csv.field_size_limit() == before
