"""Small sound tables that the mutations begin with: the invented example, cut to a few rows."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import peer_evidence as pe

Rows = list[list[str]]
Tables = dict[str, Rows]

_ROWS = 4
_FEW = {  # the columns of the smallest review: those that must be there, and some numbers
    "studies": (
        *("study_id", "label", "year", "design", "level", "population", "problem_type"),
        *("intervention", "initiative_type", "comparator", "comparator_type", "n_total"),
        *("n_intervention", "n_comparison", "source", "confidence"),
    ),
    "outcomes": (
        *("outcome_id", "study_id", "domain", "measure", "timepoint_months", "contrast"),
        *("contrast_type", "better_is", "reported_conclusion", "effect_direction"),
        *("effect_measure", "estimate", "ci_low", "ci_high", "p_value", "p_relation"),
        *("events_intervention", "n_intervention", "events_comparison", "n_comparison"),
        *("mean_intervention", "sd_intervention", "mean_comparison", "sd_comparison"),
        *("poolable", "source", "confidence"),
    ),
}
_CODEBOOK = [
    ["table", "column", "type", "unit", "allowed", "required", "description"],
    ["framework/terms", "term", "key", "", "", "yes", "the term"],
    ["framework/terms", "kind", "category", "", "word|idea", "no", "its kind"],
    ["framework/terms", "weight", "number", "per cent", "", "no", "a number"],
]
_FRAMEWORK = [["term", "kind", "weight"], ["reminder", "word", "2.5"], ["worry", "idea", ""]]
_SECTIONS = [
    ["table", "section", "heading", "lede"],
    ["terms", "practice", "Terms", "{rows} terms"],
]


@cache
def _example() -> Mapping[str, Rows]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = pe.new_review(Path(temporary) / "example", start="example")
        return {file.stem: read(file.read_bytes()) for file in sorted(folder.glob("*.csv"))}


@cache
def _whole() -> Mapping[str, Rows]:
    held = {name: rows[: _ROWS + 1] for name, rows in _example().items()}
    ids = {row[0] for row in held["studies"][1:]}
    outcomes = [row for row in _example()["outcomes"] if row[1] in {*ids, "study_id"}]
    held["outcomes"] = [*outcomes[:3], *outcomes[-3:]]
    held["inclusions"] = [row for row in held["inclusions"] if row[1] in {*ids, "study_id"}]
    held["flow"] = list(_example()["flow"])
    held["vocabulary"] = list(_example()["vocabulary"])
    held["codebook"] = _CODEBOOK
    held["framework/terms"] = _FRAMEWORK
    held["sections"] = _SECTIONS
    return held


@cache
def _few() -> Mapping[str, Rows]:
    found = {}
    for name, columns in _FEW.items():
        rows = _whole()[name]
        places = [rows[0].index(column) for column in columns]
        found[name] = [[row[place] for place in places] for row in rows]
    return found


def whole_review() -> Tables:
    """Give every table of a review, a few rows each."""
    return {name: [list(row) for row in rows] for name, rows in _whole().items()}


def small_review() -> Tables:
    """Give studies and outcomes alone, with the columns that matter most."""
    return {name: [list(row) for row in rows] for name, rows in _few().items()}


def read(data: bytes) -> Rows:
    """Read sound CSV."""
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))


def written(rows: Rows) -> bytes:
    """Write CSV as a program would; what is no character becomes the bytes it stands for."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")
