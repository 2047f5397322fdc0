"""Checking and typing the cells of one column, all rows at once.

Each distinct text is judged once, so that a hundred thousand rows cost little more than their
distinct cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.checks import nearest
from peer_evidence.records.read import Cells, RawTable
from peer_evidence.records.tables import Column

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_MISSING_WORDS = {"na", "n/a", "nan", "null", "none", "nr", "-", ".", "?", "missing"}

# A judge says what is wrong with a text, or None.
Judge = Callable[[str], str | None]


def check_column(raw: RawTable, column: Column, allowed: Sequence[str] | None) -> None:
    """Note every cell that its column does not allow."""
    cells = raw.columns[column.name]
    codes, distinct = pd.factorize(cells)
    judge = _judge(column, allowed)
    verdicts = [_required(column) if text == "" else judge(text) for text in distinct]
    bad = np.array([verdict is not None for verdict in verdicts], dtype=bool)
    if not bad.any():
        return
    for row in np.flatnonzero(bad[codes]):
        verdict = verdicts[codes[row]]
        raw.fault(int(raw.lines[row]), column.name, str(verdict), cells[row])


def numbers(cells: Cells) -> npt.NDArray[np.float64]:
    """Read a column of texts as numbers; what is empty or no number is NaN."""
    codes, distinct = pd.factorize(cells)
    values = np.array(
        [float(text) if _NUMBER.fullmatch(text) else np.nan for text in distinct], dtype=np.float64
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
        return filled.astype(pd.CategoricalDtype(words, ordered=True))
    return filled


def _required(column: Column) -> str | None:
    return "must not be empty" if column.required else None


def _judge(column: Column, allowed: Sequence[str] | None) -> Judge:
    if column.kind == "number":
        return lambda text: _number_fault(text, column, _NUMBER, "a number")
    if column.kind == "integer":
        return lambda text: _number_fault(text, column, _INTEGER, "a whole number")
    if column.kind == "date":
        return _date_fault
    if column.kind == "category" and allowed is not None:
        return lambda text: _word_fault(text, allowed)
    if column.kind in {"key", "list", "category"}:
        return _space_fault
    return lambda text: None


def _number_fault(text: str, column: Column, form: re.Pattern[str], noun: str) -> str | None:
    if not form.fullmatch(text):
        if text.strip().lower() in _MISSING_WORDS:
            return f"must be {noun}; leave the cell empty when it is not known"
        if re.fullmatch(r"[+-]?\d+,\d+", text):
            return f"must be {noun}, written with a decimal point"
        return f"must be {noun}"
    value = float(text)
    if not np.isfinite(value):
        return f"must be {noun} that a computer can hold"
    unit = f" {column.unit}" if column.unit else ""
    if column.positive and value <= 0:
        return f"must be{unit} above 0"
    low, high = column.minimum, column.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        if high is None:
            return f"must be at least {low:g}{unit}"
        return f"must be between {low:g} and {high:g}{unit}"
    return None


def _date_fault(text: str) -> str | None:
    if _DATE.fullmatch(text):
        return None
    return "must be a year (2013), a month (2013-07) or a day (2013-07-04)"


def _word_fault(text: str, allowed: Sequence[str]) -> str | None:
    if text in allowed:
        return None
    close = nearest(text.strip().lower().replace(" ", "_").replace("-", "_"), allowed)
    hint = f" (did you mean {close!r}?)" if close else ""
    return f"must be one of {', '.join(allowed)}{hint}"


def _space_fault(text: str) -> str | None:
    return None if text == text.strip() else "must not begin or end with a space"
