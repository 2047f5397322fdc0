"""The weight function of a selection model: how likely a study with this p is to be seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.errors import InputError
from peer_evidence.figures.frames import styled
from peer_evidence.figures.key import LINE, Entry
from peer_evidence.figures.layout import Sheet
from peer_evidence.figures.plot import open_plot
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY
from peer_evidence.formatting import count, number

_HEIGHT = 50.0
_LEAST = 0.001  # the smallest p that is shown
_TICKS = (0.001, 0.01, 0.05, 0.1, 0.5, 1.0)
_BAND = "#D6E6F2"
_WORDS = {
    "greater": "One-sided p of effects above 0",
    "less": "One-sided p of effects below 0",
    "two-sided": "Two-sided p",
}


def selection_table(result: Any) -> pd.DataFrame:
    """Give the weights that :func:`selection` draws.

    Parameters
    ----------
    result : SelectionModel
        The result of ``peer_evidence.selection_model``.

    Returns
    -------
    DataFrame
        ``p_low``, ``p_high``, ``weight``, ``ci_low``, ``ci_high``: one row an interval of p for a
        step model; for the smooth ones one row a value of p, without interval.

    Raises
    ------
    InputError
        If it is another result.
    """
    if not hasattr(result, "weight_table"):
        raise InputError(
            f"result: found {type(result).__name__}, allowed is what "
            "peer_evidence.selection_model gives"
        )
    if result.kind == "step":
        return pd.DataFrame({
            "p_low": [0.0, *result.steps[:-1]],
            "p_high": result.steps,
            "weight": result.delta,
            "ci_low": result.delta_ci_low,
            "ci_high": result.delta_ci_high,
        })  # fmt: skip
    grid = np.geomspace(_LEAST, 1.0, 200)
    missing = np.full(len(grid), np.nan)
    return pd.DataFrame({
        "p_low": grid, "p_high": grid, "weight": result.weight(grid), "ci_low": missing,
        "ci_high": missing,
    })  # fmt: skip


@styled
def selection(result: Any, *, ax: Axes | None = None) -> Axes:
    """Draw the weight of each p value, by which studies are more or less likely to be seen.

    Parameters
    ----------
    result : SelectionModel
        The result of ``peer_evidence.selection_model``.
    ax : Axes, optional
        Where to draw; a new figure of 85 mm when left out.

    Returns
    -------
    Axes
        Its x is p on a log scale, its y the weight; shaded is the interval of a step's weight.

    Raises
    ------
    InputError
        As :func:`selection_table`.
    """
    table = selection_table(result)
    least = _least(result)
    top = 1.15 * float(np.nanmax([1.0, table["weight"].max()]))
    highest = float(np.nanmax(table["ci_high"].to_numpy(float), initial=0.0))
    top = max(top, min(1.05 * highest, 2.0 * top))
    shaded = bool(table["ci_high"].notna().any())
    key = [Entry("weight", LINE, BLUE, weight=1.6, size=12)]
    key += [Entry(f"{100 * result.level:g}% interval", "s", GREY, _BAND)] if shaded else []
    sheet = open_plot(
        ax,
        xlim=(least, 1.0),
        ylim=(0.0, top),
        ratio=True,
        labels=(_WORDS[result.alternative] + ", log scale", "Weight"),
        key=key,
        note=_note(result, cut=highest > top),
        height=_HEIGHT,
        ticks=(_TICKS if least == _LEAST else (least, *_TICKS[1:]), None),
    )
    _draw(sheet, table, top, least)
    return attach(sheet.ax, "Weights of a selection model", _alt(result, table), table)


def _draw(sheet: Sheet, table: pd.DataFrame, top: float, least: float) -> None:
    """Draw the weights, as steps or as a line."""
    sheet.ax.axhline(1.0, color=GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=1)
    low, high = table["p_low"].to_numpy(float), table["p_high"].to_numpy(float)
    weight = table["weight"].to_numpy(float)
    if (low == high).all():
        sheet.ax.plot(low, weight, color=BLUE, linewidth=1.6, zorder=3)
        return
    ends = np.column_stack([np.maximum(low, least), high])
    limits = table[["ci_low", "ci_high"]].to_numpy(float)
    for at, (below, above) in zip(ends, limits, strict=True):
        if np.isfinite(above):
            sheet.ax.fill_between(at, below, min(above, top), color=_BAND, linewidth=0, zorder=0)
    edges = np.concatenate([ends[:1, 0], high])
    sheet.ax.stairs(weight, edges, baseline=None, color=BLUE, linewidth=1.6, zorder=3)


def _least(result: Any) -> float:
    """Give the smallest p that is shown: a power of ten below the first step."""
    if result.kind != "step":
        return _LEAST
    return min(_LEAST, float(10.0 ** np.floor(np.log10(result.steps[0] / 1.5))))


def _note(result: Any, *, cut: bool) -> str:
    """Say how many studies there are, and whether the interval goes on."""
    few = ", too few to be believed" if result.k < result.minimum_k else ""
    said = f"{count(result.k, 'study', 'studies')}{few}"
    if result.kind == "step":
        parts = ", ".join(str(one) for one in result.p_counts)
        said += f", by interval {parts}"
    said += ". Dotted: weight 1."
    if result.given:
        said += " The weights are given."
    return said + (" The interval goes on above." if cut else "")


def _alt(result: Any, table: pd.DataFrame) -> str:
    if result.kind == "step":
        rows = table.itertuples(index=False)
        weights = ", ".join(f"{number(row.weight)} up to p {row.p_high:g}" for row in rows)
    else:
        shown = (0.01, 0.05, 0.5)
        pairs = zip(shown, result.weight(shown), strict=True)
        weights = ", ".join(f"{number(weight)} at p {p:g}" for p, weight in pairs)
    return (
        f"Weights of p values in a selection model ({result.kind}), "
        f"{_WORDS[result.alternative].lower()}: {weights}. Effect without selection "
        f"{number(result.estimate)}. {_note(result, cut=False)}"
    )
