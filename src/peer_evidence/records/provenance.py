"""Where a value of the records comes from: its file, line and cell, its source and locator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.checks import check_choice, nearest
from peer_evidence.errors import InputError
from peer_evidence.records.read import RawTable
from peer_evidence.records.tables import Table
from peer_evidence.results import Result


@dataclass(frozen=True, slots=True, repr=False)
class Provenance(Result):
    """Where a value of the records comes from.

    Attributes
    ----------
    table, file : str
        The table and its file.
    line : int
        The line of the file on which the row begins.
    row_id, column, value : str
        The row, the column, and the cell as the file holds it.
    source, locator, confidence, note : str
        What the row says of its source; empty where it says nothing.
    """

    table: str
    file: str
    line: int
    row_id: str
    column: str
    value: str
    source: str
    locator: str
    confidence: str
    note: str

    def to_frame(self) -> pd.DataFrame:
        """Give the provenance as one row."""
        return pd.DataFrame([{name: getattr(self, name) for name in self.__dataclass_fields__}])

    def summary(self) -> str:
        """Say where the value comes from."""
        where = f"{self.file}:{self.line}: {self.column} of {self.row_id} is {self.value!r}"
        source = f"source: {self.source}" + (f", {self.locator}" if self.locator else "")
        lines = [where, source]
        if self.confidence:
            lines.append(f"confidence: {self.confidence}")
        if self.note:
            lines.append(f"note: {self.note}")
        return "\n".join(lines)


def find_provenance(
    tables: Mapping[str, Table], raw: Mapping[str, RawTable], row_id: Any, column: str
) -> Provenance:
    """Find the one row with a key, among some tables, and say where its cell comes from.

    Parameters
    ----------
    tables : mapping of str to Table
        The tables, of which those in ``raw`` are searched.
    raw : mapping of str to RawTable
        The files to search.
    row_id : str, int or tuple
        The key of the row.
    column : str
        The column.

    Returns
    -------
    Provenance
        The cell with the source of its row.
    """
    key = _key(row_id)
    found = [(name, row) for name in raw for row in _rows_of(tables[name], raw[name], key)]
    if not found:
        known = [str(one) for name in raw for one in _first_keys(tables[name], raw[name])]
        close = nearest(key[0], known)
        hint = f"; did you mean {close!r}?" if close else ""
        raise InputError(f"row_id: found {row_id!r}, which is no row of the records{hint}")
    having = [(name, row) for name, row in found if column in raw[name].columns]
    if not having:
        check_choice("column", column, list(raw[found[0][0]].columns))
    if len(having) > 1:
        options = ", ".join(repr(name) for name, _ in having)
        raise InputError(f"table: {row_id!r} is a row of several tables, say which: {options}")
    name, row = having[0]
    return _provenance(name, raw[name], row, " + ".join(key), column)


def _key(row_id: Any) -> tuple[str, ...]:
    parts = row_id if isinstance(row_id, (tuple, list)) else (row_id,)
    if not parts or not all(isinstance(part, (str, int, np.integer)) for part in parts):
        raise InputError(
            f"row_id: found {row_id!r}, allowed is the key of a row, or a tuple of the parts of "
            "its key"
        )
    return tuple(str(part) for part in parts)


def _first_keys(table: Table, raw: RawTable) -> list[str]:
    return list(raw.columns[table.key[0]]) if table.key else []


def _rows_of(table: Table, raw: RawTable, key: tuple[str, ...]) -> list[int]:
    if len(table.key) != len(key):
        return []
    same = np.ones(len(raw), dtype=bool)
    for column, value in zip(table.key, key, strict=True):
        same &= raw.columns[column] == value
    return [int(row) for row in np.flatnonzero(same)]


def _provenance(name: str, raw: RawTable, row: int, row_id: str, column: str) -> Provenance:
    def cell(*names: str) -> str:
        held = [str(raw.columns[one][row]) for one in names if one in raw.columns]
        return "; ".join(text for text in held if text)

    return Provenance(
        table=name,
        file=raw.shown_as,
        line=int(raw.lines[row]),
        row_id=row_id,
        column=column,
        value=cell(column),
        source=cell("source"),
        locator=cell("locator"),
        confidence=cell("confidence"),
        note=cell("note", "coding_note", "poolable_note"),
    )
