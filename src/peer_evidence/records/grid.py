"""Cells that are more than text: from a workbook or a frame to the texts that are checked."""

from __future__ import annotations

import csv
import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.records.archive import MOST_BYTES
from peer_evidence.records.columns import Column
from peer_evidence.records.header import names_of
from peer_evidence.records.read import RawTable, set_cells

_PLAIN = {str, int, float, bool}
_EXACT = 1e15  # from here on a float no longer tells whole numbers apart


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, and what is wrong with the value behind it.

    Attributes
    ----------
    text : str
        What is checked.
    wrong : str
        The rule that the value breaks, whatever its column; empty when none.
    is_date : bool
        Whether it is a date of the program that made it, which only a date column may hold.
    """

    text: str = ""
    wrong: str = ""
    is_date: bool = False


EMPTY = Cell()
NO_DATE = "must be text, and this is a date; type it again in a cell whose format is text"
NO_VALUE = "must be text or a number"


def number_text(value: float) -> str:
    """Write a number as a table holds it: the shortest text that gives the number again.

    Examples
    --------
    >>> number_text(12.0), number_text(2.8)
    ('12', '2.8')
    """
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < _EXACT):
        return str(int(value))
    return repr(float(value))


def cell_of(value: Any) -> Cell:
    """Take a value of Python as a cell; what is missing is empty."""
    if value is None or value is pd.NA or value is pd.NaT:
        return EMPTY
    if isinstance(value, str):
        return Cell(str(value))
    if isinstance(value, (bool, np.bool_)):
        return Cell("yes" if value else "no")
    if isinstance(value, (datetime.datetime, datetime.date)):
        return _date_cell(value)
    if isinstance(value, (int, np.integer)) and not isinstance(value, np.timedelta64):
        return _whole(int(value))
    if isinstance(value, (float, np.floating)):
        return EMPTY if math.isnan(value) else Cell(number_text(float(value)))
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        return Cell(";".join(value))
    return Cell(_shown(value), f"{NO_VALUE}, not {type(value).__name__}")


def cells_of(values: Iterable[Any]) -> list[Cell]:
    """Take the values of a column as cells; each distinct text and number is looked at once."""
    memo: dict[tuple[type, Any], Cell] = {}
    found = []
    for value in values:
        kind = type(value)
        if value is None or value is pd.NA or (kind is float and value != value):
            found.append(EMPTY)
            continue
        if kind not in _PLAIN:
            found.append(cell_of(value))
            continue
        key = (kind, value)
        cell = memo.get(key)
        if cell is None:
            cell = memo[key] = cell_of(value)
        found.append(cell)
    return found


def _whole(value: int) -> Cell:
    try:
        return Cell(str(value))
    except ValueError:  # more digits than Python writes
        return Cell("a number of thousands of digits", f"{NO_VALUE} that a computer can hold")


def _shown(value: Any) -> str:
    """Write a value that is no cell, for its fault; an object may refuse even that."""
    try:
        return str(value) or type(value).__name__
    except Exception:  # whatever the object's own code raises
        return type(value).__name__


def _date_cell(value: datetime.date) -> Cell:
    if isinstance(value, datetime.datetime):
        whole = value.time() == datetime.time()
        return Cell(value.date().isoformat() if whole else value.isoformat(" "), is_date=True)
    return Cell(value.isoformat(), is_date=True)


def fill_table(
    raw: RawTable,
    header: list[str],
    line: int,
    rows: Sequence[tuple[int, Sequence[Cell]]],
    columns: Sequence[Column] | None,
) -> None:
    """Fill a table from its header and rows, each as wide as the header or narrower.

    Parameters
    ----------
    raw : RawTable
        The table; faults are noted in it.
    header : list of str
        The names of the columns as they stand.
    line : int
        The line of the header.
    rows : sequence of (line, cells)
        What stands below it; empty rows are passed over, cells beyond the header are a fault.
    columns : sequence of Column or None
        The columns of the table; None accepts any header.
    """
    raw.has_controls = True  # so that every cell is looked at
    names = names_of(header, line, columns, raw)
    if names is None:
        return
    width = len(names)
    kept = [
        (at, cells) for at, cells in rows if any(one.text.strip() or one.wrong for one in cells)
    ]
    for at, cells in kept:
        beyond = next((one.text for one in cells[width:] if one.text.strip()), None)
        if beyond is not None:
            raw.fault(at, "", "a row must not be longer than the header; name its column", beyond)
    if _too_much(raw, kept):
        return
    padded = [[*cells[:width], *[EMPTY] * (width - len(cells))] for _, cells in kept]
    texts = [[one.text if one.text.strip() else "" for one in cells] for cells in padded]
    set_cells(raw, names, [at for at, _ in kept], texts)
    known = {column.name: column for column in columns or ()}
    for position, name in enumerate(names):
        _note_wrong(raw, name, [cells[position] for cells in padded], known.get(name))


def _too_much(raw: RawTable, rows: Sequence[tuple[int, Sequence[Cell]]]) -> bool:
    """Note more text than a table can hold: a few bytes of a file can stand for any amount."""
    total = 0
    for line, cells in rows:
        longest = max((len(one.text) for one in cells), default=0)
        if longest > csv.field_size_limit():
            rule = f"a cell must hold at most {csv.field_size_limit()} characters"
            raw.fault(line, "", rule, f"{longest} characters")
            return True
        total += sum(len(one.text) for one in cells)
    if total > MOST_BYTES:
        rule = f"a table must hold at most {MOST_BYTES} characters"
        raw.fault(1, "", rule, f"{total} characters")
    return total > MOST_BYTES


def _note_wrong(raw: RawTable, name: str, cells: Sequence[Cell], column: Column | None) -> None:
    """Note the cells whose value is wrong whatever its text says, and take them out of checks."""
    if not any(one.wrong or one.is_date for one in cells):
        return
    rules = [one.wrong or (NO_DATE if one.is_date and _text_like(column) else "") for one in cells]
    if not any(rules):
        return
    raw.spoil(name, np.array([bool(rule) for rule in rules], dtype=bool))
    for row, rule in enumerate(rules):
        if rule:
            raw.fault(int(raw.lines[row]), name, rule, cells[row].text)


def _text_like(column: Column | None) -> bool:
    """Tell whether a column would take the text of a date without a word."""
    if column is None or column.kind in {"text", "key", "list"}:
        return True
    return column.kind == "category"
