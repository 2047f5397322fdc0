"""Which rows of the records stand behind a count of a tally."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from peer_evidence.report.numbers import lines_of

if TYPE_CHECKING:
    from peer_evidence.direction.tally import Tally
    from peer_evidence.records.evidence import Evidence


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
    """Name the lines of some outcomes."""
    return outcome_lines(ev, ev.outcomes["outcome_id"].isin(outcome_ids).to_numpy(bool))


def outcome_lines(ev: Evidence, mask: npt.NDArray[np.bool_]) -> str:
    """Name the lines of the outcomes that are marked."""
    return lines_of("outcomes.csv", [int(line) for line in ev.lines("outcomes")[mask]])
