"""Checking and typing the cells of one column, all rows at once.

Each distinct text is judged once, so that a hundred thousand rows cost little more than their
distinct cells. A cell has one fault at most, the first that is true of it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.records.decode import control_character
from peer_evidence.records.forms import INTEGER, NUMBER, number_form
from peer_evidence.records.hints import Hints
from peer_evidence.records.read import Cells, RawTable
from peer_evidence.records.tables import Column

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_ODD_SPACE = re.compile("[\t\r\n\u00a0\u2000-\u200a\u202f\u3000]")
_UNITS_SAID = {"months", "per cent"}  # others say nothing beside a bound, as "0 people" would

# A judge says what is wrong with a text, or None.
Judge = Callable[[str], str | None]


def check_column(
    raw: RawTable, column: Column, allowed: Sequence[str] | None, *, in_key: bool = False
) -> None:
    """Note every cell that its column does not allow.

    Parameters
    ----------
    raw : RawTable
        The file; its faults and spoiled cells grow.
    column : Column
        What is allowed.
    allowed : sequence of str or None
        The words of a category; None when they are free.
    in_key : bool
        Whether the column belongs to the key of its table, so that no stray space may make two
        keys out of one.
    """
    cells = raw.columns[column.name]
    codes, distinct = pd.factorize(cells)
    judge = _judge(column, allowed, in_key=in_key)
    verdicts = [_verdict(text, column, judge, controls=raw.has_controls) for text in distinct]
    bad = np.array([verdict is not None for verdict in verdicts], dtype=bool)
    if not bad.any():
        return
    wrong = bad[codes] & ~raw.faulty(column.name)
    raw.spoil(column.name, wrong)
    for row in np.flatnonzero(wrong):
        verdict = verdicts[codes[row]]
        raw.fault(int(raw.lines[row]), column.name, str(verdict), cells[row])


def numbers(cells: Cells) -> npt.NDArray[np.float64]:
    """Read a column of texts as numbers; what is empty or no number is NaN."""
    codes, distinct = pd.factorize(cells)
    values = np.array(
        [float(text) if NUMBER.fullmatch(text) else np.nan for text in distinct], dtype=np.float64
    )
    return values[codes] if len(values) else np.empty(0)


def typed(cells: Cells, column: Column, allowed: Sequence[str] | None) -> pd.Series:
    """Give a checked column its pandas type."""
    if column.kind in {"integer", "number"}:
        values = pd.Series(pd.array(numbers(cells), dtype="Float64"), name=column.name)
        return values.astype("Int64") if column.kind == "integer" else values
    filled = pd.Series(cells, name=column.name, dtype="str")
    filled = filled.mask(filled == "")
    if column.kind == "category":
        words = list(allowed) if allowed is not None else list(dict.fromkeys(filled.dropna()))
        categories = pd.Index(words, dtype="str")
        return filled.astype(pd.CategoricalDtype(categories, ordered=True))
    return filled


def _verdict(text: str, column: Column, judge: Judge, *, controls: bool) -> str | None:
    if not text or (column.required and text.isspace()):
        return "must not be empty" if column.required else None
    if controls and control_character(text):
        return f"must not hold control characters, as {control_character(text)!r} is; delete it"
    return judge(text)


def _judge(column: Column, allowed: Sequence[str] | None, *, in_key: bool) -> Judge:
    if column.kind == "number":
        return lambda text: _number_fault(text, column, NUMBER, "a number")
    if column.kind == "integer":
        return lambda text: _number_fault(text, column, INTEGER, "a whole number")
    if column.kind == "date":
        return date_fault
    if column.kind == "category" and allowed is not None:
        words, hints = frozenset(allowed), Hints(allowed)
        rule = f"must be one of {', '.join(allowed)}"
        return lambda text: None if text in words else rule + hints.hint(text)
    if column.kind in {"key", "category"} or in_key:
        return _space_fault
    return lambda text: None


def _number_fault(text: str, column: Column, form: re.Pattern[str], noun: str) -> str | None:
    if not form.fullmatch(text):
        return f"must be {noun}{number_form(text, form, column.name)}"
    value = float(text)
    if not np.isfinite(value):
        return f"must be {noun} that a computer can hold"
    unit = f" {column.unit}" if column.unit in _UNITS_SAID else ""
    if column.positive and value <= 0:
        return f"must be above 0{unit}"
    low, high = column.minimum, column.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        if high is None:
            return f"must be at least {low:g}{unit}"
        return f"must be between {low:g} and {high:g}{unit}"
    return None


def date_fault(text: str) -> str | None:
    """Say what is wrong with a date, a month or a year; None if nothing is."""
    match = _DATE.fullmatch(text)
    if match is None:
        return "must be a year (2013), a month (2013-07) or a day (2013-07-04)"
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        datetime.date(year, month, day)
    except ValueError:
        return "must be a date of the calendar"
    return None


def _space_fault(text: str) -> str | None:
    if _INVISIBLE.search(text):
        return "must not hold an invisible character; type it again"
    if text != text.strip():
        return "must not begin or end with a space"
    if _ODD_SPACE.search(text):
        return "must not hold a tab, a line break or a non-breaking space"
    return None
