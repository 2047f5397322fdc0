"""The bars of a harvest plot as a plain table: where each stands, how high, with which fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from peer_evidence.checks import check_columns, check_evidence
from peer_evidence.direction.counted import check_contrasts
from peer_evidence.direction.effect_direction import EffectDirections, effect_directions
from peer_evidence.errors import InputError

COLUMNS = ("negative", "no_or_mixed", "positive")
_PLACE = {
    "favours_comparison": "negative",
    "null": "no_or_mixed",
    "conflicting": "no_or_mixed",
    "favours_intervention": "positive",
    "unclear": "",
}
HEIGHTS: dict[str, int] = {
    "randomised_trial": 3,
    "cluster_randomised_trial": 3,
    "quasi_experimental": 2,
    "cohort": 2,
    "pre_post": 1,
    "cross_sectional": 1,
    "qualitative": 1,
    "programme_description": 1,
}
SEVERAL, NOT_STATED = "several", "not stated"


def harvest_table(
    source: Any,
    *,
    by: str = "domain",
    height: Mapping[str, int] | None = None,
    fill: str | None = None,
    number: str | None = None,
    contrasts: Sequence[str] | None = ("intervention_vs_comparison",),
) -> pd.DataFrame:
    """Give the bars that :func:`harvest` draws, and the studies without a known direction.

    Parameters
    ----------
    source : EffectDirections, DataFrame or Evidence
        Directions, or results, which then go through :func:`peer_evidence.effect_directions`.
    by, contrasts
        See :func:`peer_evidence.effect_directions`; not used where directions are given.
    height : mapping, optional
        Design to the level of its suitability, a whole number from 1 to 5. Left out: 3 for
        randomised trials, 2 for quasi-experimental studies and cohorts, 1 for the other designs of
        the records' vocabulary. Which design suits the question is for the authors to say.
    fill : str, optional
        The column whose words fill the bars; a study with several of them in a domain is
        ``several``, one without is ``not stated``.
    number : str, optional
        The column of the number over each bar, such as a count of quality criteria met.

    Returns
    -------
    DataFrame
        One row a study in a domain: ``study_id``, ``label``, the domain, ``direction``, ``column``
        (``negative``, ``no_or_mixed``, ``positive``; empty without a known direction), ``design``,
        ``height``, ``fill``, ``number``; the highest bars first in each domain and column.

    Raises
    ------
    InputError
        If a study has no design, a design no height, or a study two numbers in a domain.

    Examples
    --------
    >>> import pandas as pd
    >>> results = pd.DataFrame({
    ...     "study_id": ["a", "b", "c"], "domain": "pain", "design": ["cohort", "survey", "cohort"],
    ...     "effect_direction": ["favours_intervention", "null", "unclear"]})
    >>> table = harvest_table(results, contrasts=None, height={"cohort": 2, "survey": 1})
    >>> table[["study_id", "column", "height"]]
      study_id       column  height
    0        b  no_or_mixed       1
    1        a     positive       2
    2        c                    2
    """
    frame, directions = _directions(source, by, contrasts)
    by = directions.by
    cells = directions.to_frame()
    if cells.empty:
        raise InputError("source: it holds no direction of any study, so there is nothing to draw")
    table = cells[["study_id", "label", by, "direction"]].copy()
    table["column"] = table["direction"].map(_PLACE)
    table["design"] = cells["design"]
    table["height"] = _heights(cells, HEIGHTS if height is None else height)
    table["fill"] = _values(frame, cells, by, fill, SEVERAL) if fill else ""
    table["number"] = _values(frame, cells, by, number, None) if number else None
    domains = list(directions.sign_tests().index)
    rank = {domain: place for place, domain in enumerate(domains)}
    order = table.assign(
        _domain=table[by].astype(object).map(rank),
        _column=table["column"].map({name: at for at, name in enumerate((*COLUMNS, ""))}),
        _height=-table["height"],
    )
    order = order.sort_values(["_domain", "_column", "_height", "fill", "label"], kind="stable")
    return table.loc[order.index].reset_index(drop=True)


def _directions(
    source: Any, by: str, contrasts: Sequence[str] | None
) -> tuple[pd.DataFrame, EffectDirections]:
    """Give the directions, and the frame whose columns fill and number the bars."""
    if isinstance(source, EffectDirections):
        return source.to_frame(), source
    if not isinstance(source, pd.DataFrame):
        check_evidence("source", source, "directions, a DataFrame of results, or the records")
        source = source.select()
    directions = effect_directions(source, by, contrasts=contrasts)
    kinds = check_contrasts(contrasts)
    return (source[source["contrast_type"].isin(kinds)] if kinds else source), directions


def _heights(cells: pd.DataFrame, height: Mapping[str, int]) -> list[int]:
    """Give the height of each bar, or say which study or design has none."""
    if not isinstance(height, Mapping):
        raise InputError(
            f"height: found {height!r}, allowed is a mapping from each design to a whole number "
            "from 1 to 5, such as height={'randomised_trial': 3, 'cohort': 2}"
        )
    lacking = cells.loc[cells["design"].isna(), "study_id"]
    if len(lacking):
        raise InputError(
            f"design: none for study {lacking.iloc[0]!r}, and the height of a bar is the "
            "suitability of its design; give the records themselves or ev.select(...), which bring "
            "it, or fill the column"
        )
    unknown = [one for one in dict.fromkeys(cells["design"]) if one not in height]
    if unknown:
        raise InputError(
            f"height: no level for design {', '.join(map(repr, unknown))}; give one for each "
            "design, such as height={'randomised_trial': 3, 'cohort': 2}"
        )
    levels = [height[one] for one in cells["design"]]
    for level in levels:
        if level not in range(1, 6):
            raise InputError(f"height: found {level!r}, allowed is a whole number from 1 to 5")
    return [int(level) for level in levels]


def _values(
    frame: pd.DataFrame, cells: pd.DataFrame, by: str, name: str, several: str | None
) -> list[Any]:
    """Give the value that each study has in each domain."""
    check_columns(frame.columns, [name], "harvest")
    held = frame[["study_id", by, name]].astype(object).dropna().drop_duplicates()
    values: dict[tuple[Any, Any], list[Any]] = {}
    for study, domain, value in held.itertuples(index=False, name=None):
        values.setdefault((study, domain), []).append(value)
    found: list[Any] = []
    for study, domain in cells[["study_id", by]].astype(object).itertuples(index=False, name=None):
        own = values.get((study, domain), [])
        if len(own) > 1 and several is None:
            raise InputError(
                f"{name}: study {study!r} has {', '.join(map(str, own))} in {domain!r}, allowed "
                "is one number for each bar"
            )
        empty = NOT_STATED if several else None
        found.append(own[0] if len(own) == 1 else several if own else empty)
    return found
