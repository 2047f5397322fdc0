"""``diff``: what changed between two states of a review, in its rows and in its results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from peer_evidence.checks import check_options
from peer_evidence.errors import InputError
from peer_evidence.formatting import count
from peer_evidence.living.consequences import Consequence, State, find_consequences, table_of
from peer_evidence.living.rows import ADDED, CHANGED, REMOVED, find_changes
from peer_evidence.living.texts import read_evidence
from peer_evidence.results import Result

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from peer_evidence.records.evidence import Evidence

UNCHANGED = "Nothing changed."
_CHANGES = (ADDED, CHANGED, REMOVED)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Diff(Result):
    """What changed between two states of a review; made by :func:`diff`.

    Attributes
    ----------
    rows : DataFrame
        One row a row of the records that differs: ``table``, ``key``, ``change`` (``added``,
        ``changed``, ``removed``), ``columns`` (those that changed).
    cells : DataFrame
        One row a cell of a changed row: ``table``, ``key``, ``column``, ``old``, ``new``.
    consequences : DataFrame
        One row a result that differs: ``kind``, ``name``, ``old``, ``new``, ``because`` (the
        changed rows it comes from; empty when they are not known), ``sentence``.
    """

    rows: pd.DataFrame
    cells: pd.DataFrame
    consequences: pd.DataFrame

    @property
    def changed(self) -> bool:
        """Whether any row differs."""
        return bool(len(self.rows))

    def to_frame(self) -> pd.DataFrame:
        """Give one row a row of the records that differs."""
        return self.rows.copy()

    def counts(self) -> dict[str, dict[str, int]]:
        """Give the number of added, changed and removed rows of each table that differs."""
        found: dict[str, dict[str, int]] = {}
        for table, change in self.rows[["table", "change"]].itertuples(index=False, name=None):
            found.setdefault(table, dict.fromkeys(_CHANGES, 0))[change] += 1
        return found

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain values, for JSON."""
        parts = {"rows": self.rows, "cells": self.cells, "consequences": self.consequences}
        return {"changed": self.changed, "tables": self.counts()} | {
            name: frame.to_dict("records") for name, frame in parts.items()
        }

    def summary(self) -> str:
        """Say which rows changed, then which results did and why."""
        if not self.changed:
            return UNCHANGED
        total = self.rows["change"].value_counts()
        parts = [f"{total[change]} {change}" for change in _CHANGES if change in total]
        results = count(len(self.consequences), "result")
        lines = [f"{count(len(self.rows), 'row')} differ: {', '.join(parts)}; {results} changed"]
        if len(self.rows) == 1:
            lines = [lines[0].replace("differ", "differs", 1)]
        lines += self._row_lines()
        if self.consequences.empty:
            return "\n".join([*lines, "No tally, pool, certainty or claim changed."])
        for kind in dict.fromkeys(self.consequences["kind"].tolist()):
            lines.append(f"{_HEADINGS[kind]}:")
            found = self.consequences[self.consequences["kind"] == kind]
            lines += [f"  {sentence}" for sentence in found["sentence"]]
        return "\n".join(lines)

    def _row_lines(self) -> list[str]:
        """Write every row that differs, cell by cell where it changed."""
        cells: dict[tuple[str, str], list[str]] = {}
        for table, key, column, old, new in self.cells.itertuples(index=False, name=None):
            text = f"{column} {_cell(old)} became {_cell(new)}"
            cells.setdefault((table, key), []).append(text)
        lines = []
        for table in dict.fromkeys(self.rows["table"].tolist()):
            lines.append(f"{table}:")
            found = self.rows[self.rows["table"] == table]
            for key, change in found[["key", "change"]].itertuples(index=False, name=None):
                what = f": {'; '.join(cells[table, key])}" if change == CHANGED else ""
                lines.append(f"  {change} {key}{what}")
        return lines


_HEADINGS = {
    "tally": "Tallies",
    "pool": "Pools",
    "certainty": "Certainty (suggestions are no judgements)",
    "published rating": "Published ratings",
    "claim": "Claims",
}


def diff(
    old: Evidence | str | Path,
    new: Evidence | str | Path,
    *,
    certainty: Mapping[str, Any] | None = None,
) -> Diff:
    """Compare two states of a review: its rows, and what changed because of them.

    Rows are matched by the key of their table. A row whose key changed is one removed and one
    added; rows of a table without a key are matched by their whole content. The order of rows
    and columns is no change, nor is another way to write a number (``2.50`` and ``2.5``).

    Each result that changed (tallies by domain, the pools of :func:`pools`, the suggestions of
    :func:`certainty_table`, ratings that the records quote, verdicts of :func:`check_claims`)
    names the changed rows that feed it. Where these are not known, as with a check that reads
    all records, it says so.

    Parameters
    ----------
    old, new : Evidence, str or Path
        The records, or their folders, before and after.
    certainty : mapping, optional
        Options of :func:`certainty_table`, such as ``{"important": 0.2}``.

    Returns
    -------
    Diff
        ``changed``, ``rows``, ``cells`` and ``consequences``.

    Raises
    ------
    RecordsError
        If either state holds faults; each begins with its folder.
    InputError
        If there is no such folder, or a check of ``claims.csv`` cannot be made; the message
        begins with ``old`` or ``new``.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ev = pe.load()
    >>> pe.diff(ev, ev)
    Nothing changed.
    """
    options = dict(certainty or {})
    from peer_evidence.appraisal.certainty import certainty_table

    check_options(certainty_table, options)
    before, after = read_evidence("old", old), read_evidence("new", new)
    changes = find_changes(before, after)
    consequences: tuple[Consequence, ...] = ()
    if changes.rows:
        states = [_state(name, ev, options) for name, ev in (("old", before), ("new", after))]
        consequences = find_consequences(changes, *states)
    return Diff(changes.row_frame(), changes.cell_frame(), table_of(consequences))


def _state(name: str, ev: Evidence, options: Mapping[str, Any]) -> State:
    """Compute what a review shows; an error says of which state it is."""
    try:
        return State.of(ev, options)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def _cell(text: str) -> str:
    return repr(text) if text else "nothing"
