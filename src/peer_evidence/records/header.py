"""Checking the header of a file: one fault a cause, and as much as can be read is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from peer_evidence.records.decode import control_character
from peer_evidence.records.hints import Hints, normal
from peer_evidence.records.tables import Column

if TYPE_CHECKING:
    from peer_evidence.records.read import RawTable

_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def is_other_format(data: bytes, raw: RawTable) -> bool:
    """Note a first line that is no header of comma-separated cells.

    It is looked at before anything is parsed: a quote before a semicolon would only be taken for
    a broken one.
    """
    before = len(data) - len(data.lstrip(b"\r\n"))
    first = re.split(rb"[\r\n]", data[before:], maxsplit=1)[0]
    text = first.decode("utf-8")
    line = len(data[:before].splitlines()) + 1
    if text.startswith("sep="):
        rule = "the first line must be the header; delete this line, which only Excel reads"
        raw.fault(line, "", rule, text)
        return True
    if "," in text:
        return False
    for mark, name in _OTHER_SEPARATORS.items():
        if mark in text:
            raw.fault(
                line,
                "",
                f"cells must be separated by commas; this file seems to use {name}: save it "
                "again as comma-separated CSV",
                text[:80],
            )
            return True
    return False


def names_of(
    header: list[str], line: int, columns: Sequence[Column] | None, raw: RawTable
) -> list[str] | None:
    """Give the names under which the columns of a file are read.

    Empty cells at the right end are dropped, as spreadsheets leave them. A name that differs
    from a known one in capitals, spaces or hyphens only is a fault, but its cells are read, so
    that their faults show at once.

    Parameters
    ----------
    header : list of str
        The cells of the header.
    line : int
        Its line.
    columns : sequence of Column or None
        The columns of the table; None accepts any header.
    raw : RawTable
        Where faults are noted.

    Returns
    -------
    list of str or None
        None when the rows below cannot be read.
    """
    end = max((place for place, name in enumerate(header, start=1) if name.strip()), default=0)
    header = header[:end]
    if columns is not None and not _names_any(header, columns):
        known = ", ".join(column.name for column in columns)
        rule = f"the first line must be the header, with the columns of the table: {known}"
        raw.fault(line, "", rule, ",".join(header)[:80])
        return None
    sound = True
    first: dict[str, int] = {}
    for position, name in enumerate(header, start=1):
        first.setdefault(name, position)
        if not name.strip():
            rule = f"cell {position} of the header must name a column"
            if position == 1:
                rule += "; if these are row numbers, delete them"
            raw.fault(line, "", rule, name)
            sound = False
        elif columns is None and control_character(name):
            rule = f"cell {position} of the header must not hold control characters; type it again"
            raw.fault(line, "", rule, name)
            sound = False
        elif first[name] < position:
            rule = "a column must stand in the header once"
            raw.fault(line, name, rule, f"cells {first[name]} and {position}")
            sound = False
    if columns is None:
        return header if sound else None
    names = _check_names(header, line, columns, raw)
    return names if sound else None


def _names_any(header: list[str], columns: Sequence[Column]) -> bool:
    known = {normal(column.name) for column in columns}
    return any(normal(name) in known for name in header)


def _check_names(
    header: list[str], line: int, columns: Sequence[Column], raw: RawTable
) -> list[str]:
    """Note unknown and missing columns; a column that is only misspelt is not missing, too."""
    known = [column.name for column in columns]
    free = Hints(name for name in known if name not in header)
    meant: set[str] = set()
    names: list[str] = []
    for name in header:
        names.append(name)
        if not name.strip() or name in known:
            continue
        close = free.find(name)
        hint = f" (did you mean {close!r}?)" if close else f" (known: {', '.join(known)})"
        raw.fault(line, name, f"the column is not one of this table{hint}", name)
        if close is not None and normal(close) == normal(name) and close not in names:
            names[-1] = close
        if close is not None:
            meant.add(close)
    for column in columns:
        if column.required and column.name not in header and column.name not in meant:
            rule = "the column is required and must be in the header"
            raw.fault(line, column.name, rule, "no column")
    return names
