"""The cells of a table that is audited, as the texts that were printed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from peer_evidence.appraisal.audit_measures import measure_code, unknown_measure
from peer_evidence.appraisal.printed_numbers import is_number, text_of
from peer_evidence.direction.printed_p import printed_p
from peer_evidence.errors import InputError, RecordsError
from peer_evidence.formatting import count
from peer_evidence.records.read import read_csv

TABLES = {"pooled_results": "pooled_id", "outcomes": "outcome_id"}
NUMBERS = {
    "pooled_results": (
        *("k", "n_total", "estimate", "ci_low", "ci_high", "se", "p_value"),
        *("q", "q_df", "i2", "tau2", "z"),
    ),
    "outcomes": (
        *("estimate", "ci_low", "ci_high", "se", "z", "p_value", "study_n_total"),
        *(f"{part}_{arm}" for part in ("events", "n", "percent", "mean", "sd")
          for arm in ("intervention", "comparison")),
    ),
}  # fmt: skip
_WORDS = {
    "pooled_results": (
        *("effect_measure", "sign_convention", "model", "p_relation", "p_tails", "duplicate_of"),
        "pooled_id",
    ),
    "outcomes": (
        *("effect_measure", "p_relation", "p_tails", "better_is", "effect_direction", "adjusted"),
        "measure",
    ),
}
_WHOLE = {"k", "n_total", "n_intervention", "n_comparison", "events_intervention"}
_WHOLE |= {"events_comparison"}
_PER_CENT = {"i2", "percent_intervention", "percent_comparison"}
_SHOWN = 10


def read_file(path: str | Path) -> tuple[pd.DataFrame, Any, str]:
    """Read a CSV file of either shape as texts, with the line of each row and the file's name.

    Raises
    ------
    InputError
        If there is no such file.
    RecordsError
        If it is no sound CSV file; every fault with its line.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(
            f"data: found no file {str(path)!r}, allowed is a CSV file with the columns of "
            "pooled_results or outcomes; a folder of records is for peer_evidence.load()"
        )
    raw = read_csv(file, file.name, None)
    if raw.faults:
        raise RecordsError(raw.faults)
    return pd.DataFrame(dict(raw.columns), dtype=object), raw.lines, file.name


def read_cells(name: str, frame: pd.DataFrame) -> list[dict[str, str]]:
    """Give each row as texts, and refuse cells that cannot be read, all of them at once.

    A per cent sign is dropped where the column is one of per cents, and "<0.05" in ``p_value``
    is read as a bound.
    """
    columns: dict[str, list[str]] = {}
    bad: list[str] = []
    for column in (one for one in _WORDS[name] if one in frame.columns):
        columns[column] = ["" if pd.isna(value) else str(value) for value in frame[column]]
    if "effect_measure" in columns:
        columns["effect_measure"] = _measures(columns["effect_measure"], bad)
    for column in (one for one in NUMBERS[name] if one in frame.columns):
        texts = [text_of(value) for value in frame[column]]
        if column in _PER_CENT:
            texts = [text.removesuffix("%").rstrip() for text in texts]
        if column == "p_value":
            said = columns.get("p_relation", [""] * len(texts))
            texts, columns["p_relation"] = _p_values(texts, said, bad)
        else:
            bad += _unreadable(column, texts)
        columns[column] = texts
    if bad:
        raise InputError(f"data: {count(len(bad), 'cell')} that cannot be read:\n{_some(bad)}")
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def _measures(texts: list[str], bad: list[str]) -> list[str]:
    known = {text: measure_code(text) for text in dict.fromkeys(texts)}
    bad += [
        f"row {place + 1}: effect_measure: {unknown_measure(text)}"
        for place, text in enumerate(texts)
        if known[text] is None
    ]
    return [known[text] or "" for text in texts]


def _p_values(
    texts: list[str], relations: list[str], bad: list[str]
) -> tuple[list[str], list[str]]:
    """Part "<0.05" into its relation and its number."""
    found = []
    for place, (text, relation) in enumerate(zip(texts, relations, strict=True)):
        try:
            found.append(printed_p(text, relation))
        except InputError as error:
            bad.append(f"row {place + 1}: p_value: {error}")
            found.append(("", ""))
    return [number for _, number in found], [relation for relation, _ in found]


def _unreadable(column: str, texts: list[str]) -> list[str]:
    whole = column in _WHOLE
    noun = "a whole number" if whole else "a number"
    return [
        f"row {place + 1}: {column}: found {text!r}, allowed is {noun}{_hint(text)}"
        for place, text in enumerate(texts)
        if text and (not is_number(text) or (whole and not _is_whole(text)))
    ]


def _hint(text: str) -> str:
    if text.endswith("%"):
        return " without the % sign"
    if is_number(text.replace(",", ".")) and "," in text:
        return " with a point for the decimals and nothing between thousands"
    return ""


def _is_whole(text: str) -> bool:
    return float(text).is_integer() and float(text) >= 0


def _some(lines: Sequence[str]) -> str:
    """Show the first lines of a list, and how many more there are."""
    rest = len(lines) - _SHOWN
    more = [f"and {rest} more"] if rest > 0 else []
    return "\n".join(f"  {line}" for line in [*lines[:_SHOWN], *more])
