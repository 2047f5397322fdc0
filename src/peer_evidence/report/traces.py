"""Which rows of the records stand behind a count of a tally."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.report.numbers import lines_of

if TYPE_CHECKING:
    from peer_evidence.direction.tally import Tally
    from peer_evidence.records.evidence import Evidence

FEW = 3  # so many rows are named with their sources, more by their number


def tally_rows(
    ev: Evidence, tally: Tally, group: Any = None, value: str | None = None
) -> npt.NDArray[np.bool_]:
    """Mark the outcomes that a count of a tally rests on.

    Parameters
    ----------
    ev : Evidence
        The records that were tallied.
    tally : Tally
        A tally of ``ev.outcomes``.
    group : optional
        The group; every group when left out.
    value : str, optional
        The column of the tally; every value when left out.

    Returns
    -------
    array of bool
        One entry an outcome, in the order of ``ev.outcomes``.
    """
    outcomes = ev.outcomes
    mask = outcomes[tally.column].notna().to_numpy(bool).copy()
    if tally.contrasts:
        mask &= outcomes["contrast_type"].isin(list(tally.contrasts)).to_numpy(bool)
    grouped = tally.by in outcomes.columns
    if grouped:
        mask &= outcomes[tally.by].notna().to_numpy(bool)
    if grouped and group is not None:
        mask &= (outcomes[tally.by] == group).to_numpy(bool)
    if value is None:
        return mask
    if tally.one_vote_per is None:
        return mask & (outcomes[tally.column] == value).to_numpy(bool)
    votes = tally.votes[tally.votes["vote"] == value]
    if grouped and group is not None:
        votes = votes[votes[tally.by] == group]
    return mask & outcomes[tally.one_vote_per].isin(votes[tally.one_vote_per]).to_numpy(bool)


def rows_named(ev: Evidence, outcome_ids: list[str]) -> str:
    """Name the lines of some outcomes, and what they rest on."""
    return outcome_lines(ev, ev.outcomes["outcome_id"].isin(outcome_ids).to_numpy(bool))


def outcome_lines(ev: Evidence, mask: npt.NDArray[np.bool_], column: str = "") -> str:
    """Name the lines of the outcomes that are marked, and what they rest on."""
    return origin_of(ev, "outcomes", mask, column)


def origin_of(ev: Evidence, table: str, mask: npt.NDArray[np.bool_], *columns: str) -> str:
    """Say where a number over the marked rows of a table comes from.

    Parameters
    ----------
    ev : Evidence
        The records.
    table : str
        The table.
    mask : array of bool
        Which of its rows.
    *columns : str
        The columns that were read, where it is not the row itself that counts.

    Returns
    -------
    str
        File and lines; then source, locator and confidence of a few rows, or how many of more
        rows there are of each confidence.
    """
    where = lines_of(f"{table}.csv", [int(line) for line in ev.lines(table)[mask]])
    named = [one for one in columns if one]
    if named and mask.any():
        noun = "column" if len(named) == 1 else "columns"
        where += f", {noun} {', '.join(named)}"
    rows = ev.table(table)
    read = [name for name in ("source", "locator", "confidence") if name in rows]
    said = _rests_on(rows[read][mask])
    return f"{where}; {said}" if said else where


def source_of(row: Mapping[Any, Any]) -> str:
    """Give source, locator and confidence of one row, as far as it has them.

    Examples
    --------
    >>> source_of({"source": "10.1/x", "locator": "Table 2", "confidence": "primary"})
    '10.1/x, Table 2 (primary)'
    """
    said = str(row["source"])
    for name, form in (("locator", ", {}"), ("confidence", " ({})")):
        value = row.get(name)
        if value is not None and not pd.isna(value):
            said += form.format(value)
    return said


def _rests_on(rows: pd.DataFrame) -> str:
    if "source" not in rows or rows.empty:
        return ""
    if len(rows) <= FEW:
        return "; ".join(dict.fromkeys(source_of(row) for row in rows.to_dict("records")))
    if "confidence" not in rows:
        return ""
    counts = Counter(str(word) for word in rows["confidence"])
    parts = [f"{number} {word}" for word, number in counts.most_common()]
    return f"{len(rows)} rows, by confidence {', '.join(parts)}"
