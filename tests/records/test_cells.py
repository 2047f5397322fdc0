"""One cell at a time that its column, or the cells beside it, do not allow: one fault, in full."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import peer_evidence as pe
from peer_evidence.records.forms import INTEGER, NUMBER, number_form

# file, column, what its first cell becomes, the fault
CASES = json.loads((Path(__file__).parent / "cells.json").read_text(encoding="utf-8"))

# what is odd but allowed
SOUND = [
    ("outcomes.csv", "n_intervention", "+100"),
    ("outcomes.csv", "estimate", ".5"),
    ("outcomes.csv", "estimate", "5e-1"),
    ("outcomes.csv", "estimate", "0.3"),
    ("outcomes.csv", "estimate", ""),
    ("outcomes.csv", "ci_low", ""),
    ("outcomes.csv", "p_value", "0"),
    ("outcomes.csv", "p_relation", "ns"),
    ("outcomes.csv", "better_is", ""),
    ("outcomes.csv", "effect_direction", "unclear"),
    ("outcomes.csv", "effect_direction", "null"),
    ("outcomes.csv", "measure", "a “quoted” word, a comma, and\n a second line"),
    ("outcomes.csv", "effect_measure", "RRR"),
    ("studies.csv", "year", ""),
    ("studies.csv", "authors", "Bjørkedal STB; 王"),
    ("studies.csv", "problem_type", "any word, as the package names none"),
    ("reviews.csv", "search_to", "2016-02-29"),
    ("reviews.csv", "search_to", "2016"),
    ("pooled_results.csv", "study_ids", ""),
    ("pooled_results.csv", "study_ids", "trial_b"),
    ("pooled_results.csv", "duplicate_of", "review_1.01"),
]


@pytest.mark.parametrize(("file", "column", "text", "expected"), CASES)
def test_a_bad_cell_is_one_fault(
    faults_of_cell: Callable[[str, str, str], list[pe.Fault]],
    file: str,
    column: str,
    text: str,
    expected: str,
) -> None:
    faults = faults_of_cell(file, column, text)
    assert [str(fault) for fault in faults] == [expected]
    fault = faults[0]
    place = f"{fault.file}:{fault.line}: {fault.column}: {fault.rule}"
    assert expected == f"{place}, found {fault.found!r}"
    assert fault.file == file
    assert fault.line == (3 if "the key must be unique" in fault.rule else 2)


def test_the_list_of_bad_cells_does_not_shrink() -> None:
    assert len(CASES) >= 110
    assert len({tuple(case[:3]) for case in CASES}) == len(CASES)


@pytest.mark.parametrize(("file", "column", "text"), SOUND)
def test_an_odd_but_allowed_cell_is_none(
    faults_of_cell: Callable[[str, str, str], list[pe.Fault]], file: str, column: str, text: str
) -> None:
    assert faults_of_cell(file, column, text) == []


def test_the_found_text_is_kept_whole_but_shown_short(
    faults_of_cell: Callable[[str, str, str], list[pe.Fault]],
) -> None:
    (fault,) = faults_of_cell("outcomes.csv", "estimate", "x" * 500)
    assert fault.found == "x" * 500
    shown = "x" * 100 + "…"
    assert str(fault) == f"outcomes.csv:2: estimate: must be a number, found {shown!r}"


def test_a_fault_gives_itself_as_plain_values(
    faults_of_cell: Callable[[str, str, str], list[pe.Fault]],
) -> None:
    (fault,) = faults_of_cell("outcomes.csv", "estimate", "half")
    assert fault.to_dict() == {
        "file": "outcomes.csv",
        "line": 2,
        "column": "estimate",
        "rule": "must be a number",
        "found": "half",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12.50", ""),
        ("1,5", ""),
        ("1,234,567", ", written without commas"),
        ("Mar 2016", "; this looks like the date that a spreadsheet makes of 3-4 or 3/4"),
        ("word", ""),
    ],
)
def test_advice_on_whole_numbers(text: str, expected: str) -> None:
    assert number_form(text, INTEGER, "n_total") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (",5", ", written with a decimal point"),
        ("1,234,567", ", written without commas"),
        ("1 234", ", written without spaces"),
        ("≤ 3", ", written without a sign"),
        ("#DIV/0!", "; a formula of a spreadsheet failed here"),
        ("n.s.", ""),
    ],
)
def test_advice_on_numbers(text: str, expected: str) -> None:
    assert number_form(text, NUMBER, "estimate") == expected
