"""Which rows of a review were added, changed or removed, table by table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from peer_evidence.living.texts import as_texts, identities, key_of

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
ROW_COLUMNS = ["table", "key", "change", "columns"]
CELL_COLUMNS = ["table", "key", "column", "old", "new"]


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that was added, changed or removed; ``columns`` are those that changed."""

    table: str
    key: str
    change: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a changed row as it was and as it is."""

    table: str
    key: str
    column: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Every row and cell that differs between two states of a review."""

    rows: tuple[RowChange, ...]
    cells: tuple[Cell, ...]
    _found: Mapping[tuple[str, str], RowChange] = field(repr=False)

    def of(
        self, table: str, keys: Collection[str], columns: Collection[str] | None = None
    ) -> list[RowChange]:
        """Give the changes of some rows; of a changed row only if one of ``columns`` changed."""
        found = [self._found[table, key] for key in keys if (table, key) in self._found]
        return [
            one
            for one in found
            if one.change != CHANGED or columns is None or set(one.columns) & set(columns)
        ]

    def row_frame(self) -> pd.DataFrame:
        """Give one row a row that differs."""
        rows = [(one.table, one.key, one.change, "; ".join(one.columns)) for one in self.rows]
        return pd.DataFrame(rows, columns=ROW_COLUMNS)

    def cell_frame(self) -> pd.DataFrame:
        """Give one row a cell that differs."""
        cells = [(one.table, one.key, one.column, one.old, one.new) for one in self.cells]
        return pd.DataFrame(cells, columns=CELL_COLUMNS)


def find_changes(old: Evidence, new: Evidence) -> Changes:
    """Compare two states of a review row by row; the order of rows and columns is no change."""
    rows: list[RowChange] = []
    cells: list[Cell] = []
    had, has = set(old.tables), set(new.tables)
    for name in dict.fromkeys([*old.tables, *new.tables]):
        before = as_texts(old.table(name)) if name in had else pd.DataFrame()
        after = as_texts(new.table(name)) if name in has else pd.DataFrame()
        _compare(name, before, after, rows, cells)
    return Changes(tuple(rows), tuple(cells), {(one.table, one.key): one for one in rows})


def _compare(
    name: str, old: pd.DataFrame, new: pd.DataFrame, rows: list[RowChange], cells: list[Cell]
) -> None:
    """Note what differs between two states of one table."""
    key = key_of(name, new if len(new.columns) else old)
    columns = list(dict.fromkeys([*old.columns, *new.columns]))
    old, new = (one.reindex(columns=columns, fill_value="") for one in (old, new))
    old_ids, old_shown = identities(old, key)
    new_ids, new_shown = identities(new, key)
    place = {one: row for row, one in enumerate(old_ids)}
    there = np.array([place.get(one, -1) for one in new_ids], dtype=np.intp)
    rows += [RowChange(name, new_shown[i], ADDED) for i in np.flatnonzero(there < 0)]
    rows += _changed(name, old.iloc[there[there >= 0]], new[there >= 0], new_shown, cells)
    kept = set(new_ids)
    rows += [
        RowChange(name, shown, REMOVED)
        for one, shown in zip(old_ids, old_shown, strict=True)
        if one not in kept
    ]


def _changed(
    name: str, old: pd.DataFrame, new: pd.DataFrame, shown: list[str], cells: list[Cell]
) -> list[RowChange]:
    """Note the cells that differ between rows laid side by side."""
    before, after = old.to_numpy(dtype=object), new.to_numpy(dtype=object)
    places = new.index.to_numpy()
    differs = before != after
    found = []
    for row in np.flatnonzero(differs.any(axis=1)):
        where = np.flatnonzero(differs[row]).tolist()
        key = shown[places[row]]
        columns = tuple(str(new.columns[column]) for column in where)
        found.append(RowChange(name, key, CHANGED, columns))
        cells += [
            Cell(name, key, text, before[row, column], after[row, column])
            for text, column in zip(columns, where, strict=True)
        ]
    return found
