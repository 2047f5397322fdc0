"""The L'Abbe plot: the risk in one arm against the risk in the other."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from peer_evidence.checks import check_choice, check_columns, check_frame
from peer_evidence.errors import InputError
from peer_evidence.figures.axes import linear_ticks, tick_text
from peer_evidence.figures.forest_rows import measure_of
from peer_evidence.figures.forest_words import TIE, measure_name
from peer_evidence.figures.frames import styled
from peer_evidence.figures.key import DASHES, LINE, Entry
from peer_evidence.figures.layout import Sheet
from peer_evidence.figures.plot import open_plot
from peer_evidence.figures.saving import attach
from peer_evidence.figures.sizes import areas, size_entries
from peer_evidence.figures.studies_in import check_single, pooled_words, studies_of
from peer_evidence.figures.style import BLUE, GREY, INK
from peer_evidence.formatting import count, interval, number

Floats = NDArray[np.float64]
_COLUMNS = ("events_intervention", "n_intervention", "events_comparison", "n_comparison")
_BAND = "#DCE9F3"
_PER_CENT = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def labbe_table(
    data: pd.DataFrame, measure: Literal["RR", "OR", "RD"] = "RR", *, m: Any = None
) -> pd.DataFrame:
    """Give the points that :func:`labbe` draws.

    Parameters
    ----------
    data : DataFrame
        One row a study: ``events_`` and ``n_``, each with ``intervention`` and ``comparison``; the
        names from ``label``, else ``study_id`` or the index.
    measure : {"RR", "OR", "RD"}
        The effect whose inverse variance is the weight when ``m`` is left out.
    m : MetaAnalysis or TablePool, optional
        The pooled result; its weights are then used, and its studies must be those of the data.

    Returns
    -------
    DataFrame
        One row a study: ``label``, the counts, ``risk_comparison`` and ``risk_intervention`` in per
        cent, ``weight`` in per cent, and ``side`` (below, above or on the line of no effect).

    Raises
    ------
    InputError
        If a column is missing, a count cannot be, or ``m`` does not fit.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> data = pd.DataFrame(
    ...     {
    ...         "events_intervention": [4, 6],
    ...         "n_intervention": [50, 60],
    ...         "events_comparison": [8, 6],
    ...         "n_comparison": [50, 60],
    ...     }
    ... )
    >>> pe.figures.labbe_table(data)[["risk_comparison", "risk_intervention", "side"]]
       risk_comparison  risk_intervention   side
    0             16.0                8.0  below
    1             10.0               10.0     on
    """
    check_choice("measure", measure, ("RR", "OR", "RD"))
    check_frame("data", data)
    check_columns(data.columns, _COLUMNS, "data")
    from peer_evidence.pooling.studies import read_labels

    labels = read_labels(data, "label")
    counts = data[list(_COLUMNS)].astype(float).reset_index(drop=True)
    complete = counts.notna().all(axis=1) & (counts["n_intervention"] > 0)
    complete &= counts["n_comparison"] > 0
    if not complete.any():
        raise InputError("data: no study has the counts of both arms, so there is nothing to draw")
    for side in ("intervention", "comparison"):
        events, n = counts[f"events_{side}"], counts[f"n_{side}"]
        bad = complete & ((events < 0) | (events > n))
        if bad.any():
            first = int(np.flatnonzero(bad)[0])
            raise InputError(
                f"events_{side}: found {events[first]:g} of {n[first]:g} for {labels[first]!r}, "
                f"allowed is a count from 0 to n_{side}"
            )
    table = counts.assign(label=labels)[complete].reset_index(drop=True)
    risks = [table[f"events_{one}"] / table[f"n_{one}"] for one in ("comparison", "intervention")]
    place = np.sign(risks[1] - risks[0])
    return pd.DataFrame({
        "label": table["label"],
        **{name: table[name] for name in _COLUMNS},
        "risk_comparison": 100 * risks[0],
        "risk_intervention": 100 * risks[1],
        "weight": _weights(table, measure, m),
        "side": [{-1: "below", 0: "on", 1: "above"}[int(one)] for one in place],
    })  # fmt: skip


def _weights(table: pd.DataFrame, measure: str, m: Any) -> Floats:
    """Give the weights of the result, else those of a common-effect model, in per cent."""
    if m is not None:
        _check_fit(m, measure)
        own = studies_of(m)
        known = dict(zip(own["label"], own["weight"], strict=True))
        if len(known) < len(own) or not set(known) <= set(table["label"]):
            raise InputError(
                "m: its studies are not those of the data; give the data the result came from, "
                "each study with a label of its own"
            )
        return np.array([known.get(label, np.nan) for label in table["label"]], dtype=float)
    from peer_evidence.effects import log_odds_ratio, log_risk_ratio, risk_difference

    kernel = {"RR": log_risk_ratio, "OR": log_odds_ratio, "RD": risk_difference}[measure]
    a, n1, c, n2 = (table[name].to_numpy(float) for name in _COLUMNS)
    _, variance = kernel(events1=a, n1=n1, events2=c, n2=n2)
    usable = np.isfinite(variance) & (variance > 0)
    weight = np.where(usable, 1 / np.where(usable, variance, 1.0), np.nan)
    return np.asarray(100 * weight / np.nansum(weight))


def _check_fit(m: Any, measure: str) -> None:
    """Refuse a result with moderators or of another measure."""
    check_single(m, "leave m out")
    found = measure_of(m, None)
    if found not in ("", measure, {"OR": "PETO"}.get(measure)):
        raise InputError(
            f"m: found a result of measure {found!r}, and the figure is for {measure!r}"
        )


@styled
def labbe(
    data: pd.DataFrame,
    measure: Literal["RR", "OR", "RD"] = "RR",
    *,
    m: Any = None,
    log: bool | None = None,
    intervention: str = "intervention",
    comparison: str = "comparison",
    favours: tuple[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the risk with the intervention against the risk without it, a circle a study.

    Parameters
    ----------
    data : DataFrame
        Events and sizes of both arms; see :func:`labbe_table`.
    measure : {"RR", "OR", "RD"}
        The effect of the weights and of the pooled line.
    m : MetaAnalysis or TablePool, optional
        A pooled result of this measure (logs for RR and OR): its weights are used and its effect
        drawn, with its interval.
    log : bool, optional
        Whether both axes are logarithmic; when left out, for ratios whose risks span more than a
        factor of 20. Studies with no event in an arm then stand on the axis.
    intervention, comparison : str
        What the arms are called.
    favours : (str, str), optional
        Whom a study below and above the line of no effect favours. The name alone:
        the figure writes "favours" before it.
    ax : Axes, optional
        Where to draw; a new figure of 85 mm when left out.

    Returns
    -------
    Axes
        Its x is the risk in the comparison arm, its y that in the intervention arm, in per cent.

    Raises
    ------
    InputError
        As :func:`labbe_table`.
    """
    table = labbe_table(data, measure, m=m)
    risks = table[["risk_comparison", "risk_intervention"]].to_numpy()
    is_log = _is_log(risks, measure) if log is None else log
    ends, ticks = _scale(risks, is_log=is_log)
    sides = ("", "")
    if favours is not None:
        sides = (f"Below the line:{TIE}favours {favours[0]}", f"Above: favours {favours[1]}")
    tail = ", log scale" if is_log else ""
    sheet = open_plot(
        ax,
        xlim=ends,
        ylim=ends,
        ratio=is_log,
        ratio_y=is_log,
        ticks=(ticks, ticks),
        labels=(f"Risk with {comparison}, %{tail}", f"Risk with {intervention}, %{tail}"),
        sides=sides,
        key=_key(table, measure, m),
        note=_note(table, measure, m, is_log=is_log),
        height=0,
    )
    _lines(sheet, ends, measure, m, is_log=is_log)
    _circles(sheet, table, ends)
    return attach(sheet.ax, "L’Abbé plot", _alt(table, measure, m), table)


def _is_log(risks: Floats, measure: str) -> bool:
    above = risks[risks > 0]
    return measure != "RD" and len(above) > 0 and float(above.max() / above.min()) > 20


def _scale(risks: Floats, *, is_log: bool) -> tuple[tuple[float, float], list[float]]:
    """Give the ends that both axes share, and their ticks, in per cent."""
    above = risks[risks > 0]
    if is_log and len(above):
        low, high = 0.7 * float(above.min()), min(100.0, 1.4 * float(above.max()))
        if (risks == 0).any():
            low /= 2
        ticks = [one for one in _PER_CENT if low <= one <= high]
        while len(ticks) > 8:
            ticks = [one for one in ticks if tick_text(one).strip("0.") == "1"]
        return (low, high), ticks
    high = min(106.0, 1.08 * max(float(risks.max()), 1.0))
    return (-0.02 * high, high), [one for one in linear_ticks(0, min(high, 100), 110) if one <= 100]


def _risk_under(risk: Floats, effect: float, measure: str) -> Floats:
    """Give the risk in the intervention arm that an effect makes of one in the other, in per cent.

    Examples
    --------
    >>> _risk_under(np.array([20.0]), float(np.log(0.5)), "RR").round(6).tolist()
    [10.0]
    """
    if measure == "RD":
        return risk + 100 * effect
    if measure == "RR":
        return risk * float(np.exp(effect))
    odds = np.exp(effect) * risk / np.maximum(100 - risk, 1e-12)
    return np.asarray(100 * odds / (1 + odds))


def _lines(sheet: Sheet, ends: tuple[float, float], measure: str, m: Any, *, is_log: bool) -> None:
    """Draw the line of no effect and, of a result, the pooled effect with its interval."""
    low, high = (ends[0] if is_log else 0.0), min(ends[1], 100.0)
    xs = np.geomspace(low, high, 200) if is_log else np.linspace(low, high, 200)
    sheet.ax.plot([low, high], [low, high], color=INK, linewidth=0.8, zorder=3.5)
    if m is None:
        return
    curves = [_risk_under(xs, one, measure) for one in (m.ci_low, m.estimate, m.ci_high)]
    curves = [np.clip(one, low, high) for one in curves]
    sheet.ax.fill_between(xs, curves[0], curves[2], color=_BAND, linewidth=0, zorder=0)
    inside = (curves[1] > low) & (curves[1] < high)
    sheet.ax.plot(xs[inside], curves[1][inside], color=BLUE, linewidth=1.2, linestyle=(0, (5, 2)),
                  zorder=3.5)  # fmt: skip


def _circles(sheet: Sheet, table: pd.DataFrame, ends: tuple[float, float]) -> None:
    """Draw a circle a study, the heavy ones first so that none is hidden."""
    order = table.sort_values("weight", ascending=False, kind="stable", na_position="last")
    x, y = (
        order[f"risk_{one}"].clip(lower=max(ends[0], 0)) for one in ("comparison", "intervention")
    )
    sheet.ax.scatter(x, y, s=areas(order["weight"], table["weight"]), facecolor="#0072B255",
                     edgecolor=BLUE, linewidths=0.8, zorder=3, clip_on=False)  # fmt: skip


def _key(table: pd.DataFrame, measure: str, m: Any) -> list[Entry]:
    entries = size_entries(table["weight"], "#BFDBEC", BLUE)
    entries.append(Entry("no effect", LINE, INK, None, 12, 0.8))
    if m is not None:
        name = measure_name(measure).lower()
        entries.append(Entry(f"pooled {name} {_pooled(m, measure)}", DASHES, BLUE, None, 14, 1.2))
        entries.append(Entry(f"its {100 * m.level:g}% interval", "s", GREY, _BAND, 7))
    return entries


def _pooled(m: Any, measure: str) -> str:
    """Write the pooled effect, a risk difference in the per cents of the axes."""
    if measure != "RD":
        return pooled_words(m, measure)
    limits = interval(100 * m.ci_low, 100 * m.ci_high, 1)
    return f"{number(100 * m.estimate, 1)} ({limits}) per 100"


def _note(table: pd.DataFrame, measure: str, m: Any, *, is_log: bool) -> str:
    whose = (
        f"weight in the pooled {measure_name(measure).lower()}"
        if m is not None
        else f"inverse variance of the {'log ' if measure != 'RD' else ''}"
        f"{measure_name(measure).lower()}, as a share of all"
    )
    note = f"A circle is a study; area: {whose}."
    none = int(((table["risk_comparison"] == 0) | (table["risk_intervention"] == 0)).sum())
    if none and is_log:
        note += f" {count(none, 'study has', 'studies have')} no event in an arm: on the axis."
    light = int(table["weight"].isna().sum())
    if light:
        note += f" {count(light, 'study has', 'studies have')} no weight: the smallest circles."
    return note


def _alt(table: pd.DataFrame, measure: str, m: Any) -> str:
    """Say the figure in words and numbers."""
    sides = [int((table["side"] == one).sum()) for one in ("below", "above", "on")]
    said = (
        f"L’Abbé plot of {count(len(table), 'study', 'studies')}: the risk with the intervention "
        f"is lower in {sides[0]}, higher in {sides[1]} and equal in {sides[2]}."
    )
    if m is not None:
        said += f" Pooled {measure_name(measure).lower()} {_pooled(m, measure)}."
    for _, row in table.head(30).iterrows():
        said += (
            f" {row['label']}: {number(row['risk_intervention'], 1)}% against "
            f"{number(row['risk_comparison'], 1)}%."
        )
    return said + (f" {len(table) - 30} more are in the table." if len(table) > 30 else "")
