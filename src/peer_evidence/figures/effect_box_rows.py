"""The points and boxes of effects without pooling, as a plain table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from peer_evidence.checks import check_choice, check_columns
from peer_evidence.direction.counted import check_contrasts, group_codes, reasons_left_out
from peer_evidence.errors import InputError
from peer_evidence.figures.axes import is_ratio

Floats = NDArray[np.float64]


def effect_box_table(
    effects: pd.DataFrame,
    by: str = "domain",
    *,
    within: str = "median",
    measure: str | None = None,
    contrasts: Sequence[str] | None = ("intervention_vs_comparison",),
) -> pd.DataFrame:
    """Give the points and the boxes that :func:`effect_box` draws.

    Parameters
    ----------
    effects : DataFrame
        What ``pe.effect_sizes(frame, align=True)`` gives: ``study_id``, ``effect``, the column of
        the groups; ``n_intervention`` and ``n_comparison`` for the size of the points.
    by : str
        The column of the groups.
    within : {"median", "each"}
        ``median``: a study with several effects in a group is one point, their median. ``each``:
        every effect is a point, though those of one study are not independent.
    measure : str, optional
        Code of the effect measure; that of the frame when left out. Ratios are summarised as logs
        and given on the natural scale.
    contrasts : sequence of str or None
        The contrast types that are drawn, where the frame has ``contrast_type``; None for all.

    Returns
    -------
    DataFrame
        ``row`` is ``study`` for a point: the group, ``study_id``, ``label``, ``effect``,
        ``results`` it combines, ``n`` (the most people behind one of them); then ``group``:
        ``studies``, ``lowest``, ``q1``, ``median``, ``q3``, ``highest``. Quartiles are by linear
        interpolation (type 7).

    Raises
    ------
    InputError
        If no result has an effect, or effects of several measures are mixed.

    Examples
    --------
    >>> import pandas as pd
    >>> effects = pd.DataFrame({
    ...     "study_id": ["a", "a", "b", "c"], "domain": "pain", "effect": [0.1, 0.3, 0.6, 1.0]})
    >>> table = effect_box_table(effects, measure="SMD")
    >>> table.loc[table["row"] == "group", ["studies", "q1", "median", "q3"]]
      studies   q1  median   q3
    3       3  0.4     0.6  0.8
    """
    check_choice("within", within, ["median", "each"])
    if not isinstance(effects, pd.DataFrame):
        raise InputError(
            f"effects: found {type(effects).__name__}, allowed is the DataFrame that "
            "peer_evidence.effect_sizes() gives"
        )
    check_columns(effects.columns, ["study_id", by, "effect"], "effect_box")
    kept, _ = kept_results(effects, by, contrasts)
    if kept.empty:
        raise InputError("effects: no result has an effect, so there is nothing to draw")
    code = _code(kept, measure)
    groups, place = group_codes(kept, by)
    kept = kept.assign(_place=place, _n=_people(kept))
    key = ["_place", "study_id"] if within == "median" else ["_place", "study_id", "_row"]
    kept = kept.assign(_row=np.arange(len(kept)))
    points = kept.groupby(key, sort=True).agg(
        label=("label" if "label" in kept else "study_id", "first"),
        effect=("effect", "median"),
        results=("effect", "size"),
        n=("_n", "max"),
    ).reset_index()  # fmt: skip
    points = points.sort_values(["_place", "effect", "study_id"], kind="stable")
    rows = [_group(points[points["_place"] == at], at) for at in range(len(groups))]
    table = pd.concat([points.assign(row="study"), pd.DataFrame(rows)], ignore_index=True)
    table.insert(1, by, np.array(list(groups), dtype=object)[table["_place"].astype(int)])
    if is_ratio(code):
        for name in ("effect", "lowest", "q1", "median", "q3", "highest"):
            table[name] = np.exp(table[name].astype(float))
    table["measure"] = code
    for name in ("results", "n", "studies"):
        table[name] = table[name].astype("Float64").astype("Int64")
    order = ["row", by, "study_id", "label", "effect", "results", "n", "studies", "lowest", "q1",
             "median", "q3", "highest", "measure"]  # fmt: skip
    return table[order]


def kept_results(
    effects: pd.DataFrame, by: str, contrasts: Sequence[str] | None
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Give the results that are drawn, and how many are not, with the reason."""
    kinds = check_contrasts(contrasts) if "contrast_type" in effects else ()
    why = reasons_left_out(effects, [by, "effect"], kinds)
    other = np.char.startswith(why.astype(str), "contrast type")
    counted = pd.Series(np.where(other, "another contrast", why)).value_counts()
    return effects[why == ""], {str(one): int(n) for one, n in counted.items() if one}


def _code(kept: pd.DataFrame, measure: str | None) -> str:
    """Give the one measure of the effects."""
    if measure is not None:
        return measure
    column = "measure_code" if "measure_code" in kept else "measure"
    codes = [str(one) for one in kept[column].dropna().unique()] if column in kept else []
    if len(codes) != 1:
        raise InputError(
            f"measure: the effects are of {', '.join(codes) or 'no stated measure'}, allowed is "
            "one measure in a figure; choose rows of one, or name it as measure="
        )
    return codes[0]


def _people(kept: pd.DataFrame) -> Floats:
    """Give the number of people behind each result, NaN where it is not known."""
    total = np.zeros(len(kept))
    for name in ("n_intervention", "n_comparison"):
        if name not in kept:
            return np.full(len(kept), np.nan)
        found = pd.to_numeric(kept[name], errors="coerce").astype("Float64")
        total += found.to_numpy(np.float64, na_value=np.nan)
    return total


def _group(points: pd.DataFrame, place: int) -> dict[str, Any]:
    values = points["effect"].to_numpy(float)
    lowest, q1, middle, q3, highest = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
    return {"row": "group", "_place": place, "studies": points["study_id"].nunique(),
            "lowest": lowest, "q1": q1, "median": middle, "q3": q3, "highest": highest}  # fmt: skip
