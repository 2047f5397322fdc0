"""Describing effects that are not pooled: median, quartiles and range, one estimate a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.checks import check_choice, check_columns
from peer_evidence.effects.measures import MEASURES
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, interval, number, words
from peer_evidence.results import Result

CHOICES = ("median", "mean", "first")
QUANTILES = "linear interpolation between order statistics (R type 7)"
_SHOWN = 10
_NUMBERS = ("median", "q1", "q3", "minimum", "maximum")


def five_numbers(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Give median, lower and upper quartile, minimum and maximum over the last axis; NaN is absent.

    The quartiles are R's type 7: linear interpolation between the order statistics.

    Examples
    --------
    >>> five_numbers([1.0, 2.0, 3.0, 4.0, np.nan]).tolist()
    [2.5, 1.75, 3.25, 1.0, 4.0]
    """
    given = np.asarray(values, dtype=np.float64)
    found = np.nanquantile(given, [0.5, 0.25, 0.75, 0.0, 1.0], axis=-1, method="linear")
    return np.moveaxis(np.asarray(found, dtype=np.float64), 0, -1)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class EffectDescription(Result):
    """The range and distribution of observed effects by group; made by :func:`describe_effects`.

    Attributes
    ----------
    by : tuple of str
        The columns of the groups; empty when everything is one group.
    one_per : str or None
        The column each of whose values has one estimate in a group.
    choose : str
        What stands for several estimates of one study: their ``median``, ``mean`` or ``first``.
    quantiles : str
        The rule of the quartiles.
    aligned : str
        ``yes``: positive favours the intervention, or is what ``positive`` says; ``no``; or
        ``not known`` where the table does not say.
    positive : str
        What a positive effect means; empty where the table does not say.
    scale : str
        ``log`` for ratios, whose numbers are logarithms in the tables and ratios in the summary;
        empty where the table does not say.
    effects, left_out : int
        Effects that were described; rows without an effect.
    table : DataFrame
        By group: ``measure``, ``scale`` (``log``: the numbers are logarithms), ``studies``,
        ``effects``, ``median``, ``q1``, ``q3``, ``minimum``, ``maximum``.
    estimates : DataFrame
        The estimates described: one a study in each group, with how many effects it stands for.
    """

    by: tuple[str, ...]
    one_per: str | None
    choose: str
    quantiles: str
    aligned: str
    positive: str
    scale: str
    effects: int
    left_out: int
    table: pd.DataFrame
    estimates: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the description, indexed by group."""
        return self.table.copy()

    def headline(self) -> str:
        """Give what was described, and how the quartiles and the signs are to be read."""
        return "\n".join(self._about())

    def summary(self) -> str:
        """Say group by group where the effects lie."""
        lines = self._about()
        for group, row in self.table.iterrows():
            name = ", ".join(map(str, group)) if isinstance(group, tuple) else str(group)
            measure = f"{row['measure']} " if row["measure"] else ""
            values = [float(row[name_of]) for name_of in _NUMBERS]
            if self.scale == "log":
                values = [float(np.exp(value)) for value in values]
            median, q1, q3, least, most = values
            lines.append(
                f"  {words(name)}: {measure}median {number(median)} "
                f"(IQR {interval(q1, q3)}; range {interval(least, most)}), "
                f"{count(row['studies'], 'study', 'studies')}, {count(row['effects'], 'effect')}"
            )
        return "\n".join(lines)

    def _about(self) -> list[str]:
        how = "every effect counted"
        if self.one_per is not None:
            unit = words(self.one_per.removesuffix("_id"))
            how = f"one estimate per {unit} in each group (the {self.choose} of its effects)"
        above = "above 1" if self.scale == "log" else "positive"
        signs = {
            "yes": f"signs aligned: {above} {self.positive}",
            "no": f"signs not aligned: {above} is {self.positive or 'as computed'}",
            "not known": "whether the signs are aligned is not known",
        }[self.aligned]
        log = ""
        if self.scale == "log":
            log = "; described as logarithms, which the table holds, and shown here as ratios"
        elif not self.scale and _ratios_among(self.table["measure"]):
            log = "; whether the ratios are logarithms is not known, and they are shown as given"
        lines = [
            f"{count(self.effects, 'observed effect')} described, not pooled: {how}; {signs}{log}.",
            f"Quartiles: {self.quantiles}. Every estimate counts alike, whatever its precision.",
        ]
        if self.left_out:
            lines.append(f"{count(self.left_out, 'row')} without an effect left out.")
        return lines


def describe_effects(
    frame: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    *,
    effect: str = "effect",
    measure: str | None = None,
    measure_column: str | None = None,
    one_per: str | None = "study_id",
    choose: str = "median",
    aligned: bool | None = None,
) -> EffectDescription:
    """Describe effects that cannot be pooled by their median, quartiles and range.

    This answers what range of effects was observed. It weighs every study alike and gives no
    average effect with an interval.

    Parameters
    ----------
    frame : DataFrame
        Effects, one a row, as :func:`effect_sizes` gives them, best with ``align=True``.
    by : str or sequence of str, optional
        The columns of the groups; all rows are one group when left out.
    effect : str
        The column of the effects; rows without one are left out and counted.
    measure : str, optional
        Code of the effect measure, as in :func:`peer_evidence.figures.effect_box`; that of the
        frame when left out. Given for a frame that does not say its own: effects of a ratio
        are then logarithms.
    measure_column : str, optional
        The column that names the measure of each effect; that of :func:`effect_sizes` when left
        out. One group must hold one measure: name this column in ``by`` to part them.
    one_per : str or None
        Each value of this column has one estimate in a group; None describes every effect.
    choose : {"median", "mean", "first"}
        What stands for several effects of one study in a group; ``first`` is the first row, for
        a table sorted by what was prespecified.
    aligned : bool, optional
        Whether the signs are aligned so that positive favours the intervention; what
        :func:`effect_sizes` says of them when left out.

    Returns
    -------
    EffectDescription
        By group: studies, effects, median, quartiles (R type 7), minimum and maximum.

    Raises
    ------
    InputError
        If a column is not there, no row has an effect, a group mixes measures, or it mixes scales
        on which higher and lower is better without signs that are known to be aligned.

    References
    ----------
    McKenzie & Brennan, Cochrane Handbook chapter 12; Hyndman & Fan 1996, doi
    10.1080/00031305.1996.10473566 (type 7).

    Examples
    --------
    >>> import peer_evidence as pe
    >>> rows = pe.load().select(domain=["hope", "recovery"], poolable=True)
    >>> found = pe.describe_effects(pe.effect_sizes(rows, "SMD", align=True), by="domain")
    >>> print(found.summary().splitlines()[-1])
      hope: SMD median 0.37 (IQR 0.28 to 0.41; range 0.18 to 0.45), 3 studies, 6 effects
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"frame: found {type(frame).__name__}, allowed is a pandas DataFrame")
    check_choice("choose", choose, CHOICES)
    groups = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    facts: dict[str, Any] = frame.attrs.get("peer_evidence", {})
    needed = [effect, *groups, *(one for one in (measure_column, one_per) if one is not None)]
    check_columns(frame.columns, needed, "describe_effects")
    coded = measure_column or _measure_column(frame, facts, effect)
    kept = _with_effect(frame, effect, groups, one_per)
    if measure is not None:
        _check_measure(measure, frame, kept, coded)
    turned = facts.get("aligned") if aligned is None else aligned
    signs = "not known" if turned is None else "yes" if turned else "no"
    meaning = facts.get("positive", "") if aligned is None else ""
    parts = _parts(kept, groups)
    for name, part in parts:
        _check_alike(name, part, coded, signs)
    estimates = [_estimates(part, effect, one_per, choose) for _, part in parts]
    scale = MEASURES[measure].scale if measure else str(facts.get("scale", ""))
    scale = "" if effect == "estimate" else scale  # ratios are printed as ratios
    rows = [
        _row(part, chosen, coded, measure, scale)
        for (_, part), chosen in zip(parts, estimates, strict=True)
    ]
    index = _index([name for name, _ in parts], groups)
    return EffectDescription(
        by=groups,
        one_per=one_per,
        choose=choose if one_per is not None else "",
        quantiles=QUANTILES,
        aligned=signs,
        positive=str(meaning) or ("favours the intervention" if signs == "yes" else ""),
        scale=scale,
        effects=len(kept),
        left_out=len(frame) - len(kept),
        table=pd.DataFrame(rows, index=index),
        estimates=_together(estimates, index),
    )


def _measure_column(frame: pd.DataFrame, facts: dict[str, Any], effect: str) -> str | None:
    """Find the column that names the measure; a column of other words is something else."""
    if effect == "estimate" and "effect_measure" in frame.columns:
        return "effect_measure"  # what sources print
    for name in (facts.get("measure_column"), "measure_code", "measure"):
        if name in frame.columns and set(frame[name].dropna().astype(str)) <= set(MEASURES):
            return str(name)
    return None


def _check_measure(
    measure: str, frame: pd.DataFrame, kept: pd.DataFrame, coded: str | None
) -> None:
    """Refuse a measure that is a column, is not known, or is not that of the frame."""
    if isinstance(measure, str) and measure not in MEASURES and measure in frame.columns:
        raise InputError(
            f"measure: found {measure!r}, which is a column; allowed is the code of a measure, "
            f"such as 'SMD', or measure_column={measure!r}"
        )
    check_choice("measure", measure, list(MEASURES))
    have = [] if coded is None else sorted(set(kept[coded].dropna().astype(str)))
    if have not in ([], [measure]):
        raise InputError(
            f"measure: found {measure!r}, and {coded} says {', '.join(have)}; allowed is the "
            "measure of the effects, or none to take that of the frame"
        )


def _ratios_among(measures: pd.Series[Any]) -> bool:
    known = {str(one) for one in measures if one in MEASURES}
    return any(MEASURES[one].scale == "log" for one in known)


def _with_effect(
    frame: pd.DataFrame, effect: str, groups: tuple[str, ...], one_per: str | None
) -> pd.DataFrame:
    """Keep the rows that have a finite effect and stand in a group."""
    numbers = pd.to_numeric(frame[effect], errors="coerce").astype("Float64")
    values = numbers.to_numpy(np.float64, na_value=np.nan)
    wrong = frame.loc[np.isnan(values) & frame[effect].notna().to_numpy(bool), effect]
    if len(wrong):
        named = [f"row {at!r} found {one!r}" for at, one in wrong.iloc[:_SHOWN].items()]
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise InputError(f"{effect}: {', '.join(named)}{more}; allowed are numbers")
    keep = np.isfinite(values)
    for name in (*groups, *([one_per] if one_per is not None else [])):
        keep &= frame[name].notna().to_numpy(bool)
    if not keep.any():
        raise InputError(
            f"{effect}: none of {count(len(frame), 'row')} has an effect and its group, so there "
            "is nothing to describe"
        )
    return frame[keep]


def _parts(kept: pd.DataFrame, groups: tuple[str, ...]) -> list[tuple[Any, pd.DataFrame]]:
    if not groups:
        return [("all", kept)]
    grouped = kept.groupby(list(groups), observed=True, sort=True)
    return [(name[0] if len(groups) == 1 else name, part) for name, part in grouped]


def _check_alike(name: Any, part: pd.DataFrame, coded: str | None, aligned: str) -> None:
    """Refuse a group whose effects do not share a measure or a direction."""
    if coded is not None and len(part[coded].unique()) > 1:
        found = ", ".join(sorted(map(str, part[coded].unique())))
        raise InputError(
            f"{coded}: the group {name!r} mixes {found}, whose numbers share no scale; give "
            f"by=[..., {coded!r}]"
        )
    if aligned != "yes" and "better_is" in part and len(part["better_is"].dropna().unique()) > 1:
        raise InputError(
            f"effect: the group {name!r} mixes scales on which higher and lower is better, and "
            "its signs are not known to be aligned; give effect_sizes(..., align=True), or say "
            "aligned=True where they are"
        )


def _estimates(part: pd.DataFrame, effect: str, one_per: str | None, choose: str) -> pd.DataFrame:
    """Give one estimate a study, and how many effects it stands for."""
    if one_per is None:
        return pd.DataFrame({"estimate": part[effect].to_numpy(np.float64), "effects": 1})
    grouped = part.groupby(one_per, observed=True, sort=False)[effect]
    chosen = grouped.agg(choose).astype(np.float64)
    return pd.DataFrame({"estimate": chosen, "effects": grouped.size()}).reset_index()


def _row(
    part: pd.DataFrame, chosen: pd.DataFrame, coded: str | None, measure: str | None, scale: str
) -> dict[str, Any]:
    numbers = five_numbers(chosen["estimate"].to_numpy())
    studies = part["study_id"].nunique() if "study_id" in part else len(chosen)
    return {
        "measure": measure or ("" if coded is None else str(part[coded].iloc[0])),
        "scale": scale,
        "studies": int(studies),
        "effects": len(part),
        **dict(zip(_NUMBERS, map(float, numbers), strict=True)),
    }


def _index(names: list[Any], groups: tuple[str, ...]) -> pd.Index[Any]:
    several: pd.Index[Any]
    if len(groups) > 1:
        several = pd.MultiIndex.from_tuples(names, names=list(groups))
    else:
        several = pd.Index(names, name=groups[0] if groups else "group")
    return several


def _together(estimates: list[pd.DataFrame], index: pd.Index[Any]) -> pd.DataFrame:
    """Put the estimates of all groups under one another, the group first."""
    names = [str(name) for name in index.names]
    full = []
    for group, part in zip(index, estimates, strict=True):
        values = group if isinstance(group, tuple) else (group,)
        full.append(
            pd.concat(
                [
                    pd.DataFrame(
                        {
                            name: [value] * len(part)
                            for name, value in zip(names, values, strict=True)
                        }
                    ),
                    part.reset_index(drop=True),
                ],
                axis=1,
            )
        )
    return pd.concat(full, ignore_index=True)
