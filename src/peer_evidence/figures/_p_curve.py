"""The p-curve: the share of significant p values in each hundredth, beside two it could be."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.path import Path

from peer_evidence.errors import InputError
from peer_evidence.figures.frames import styled
from peer_evidence.figures.key import DASHES, LINE, Entry
from peer_evidence.figures.plot import open_plot
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, INK
from peer_evidence.formatting import count, per_cent

_HEIGHT = 50.0
_DOTTED = (0, (1, 2))
_DOTS = Path([(x / 10, 0) for x in (-10, -8, -4, -2, 2, 4, 8, 10)], [1, 2] * 4)
_DASHED = (0, (4, 2))


def p_curve_table(result: Any) -> pd.DataFrame:
    """Give the shares that :func:`p_curve` draws.

    Parameters
    ----------
    result : PCurve
        The result of ``peer_evidence.p_curve``.

    Returns
    -------
    DataFrame
        One row a hundredth of p: ``p`` (its upper end), ``observed``, ``no_effect``, ``power_33``.

    Raises
    ------
    InputError
        If it is another result.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> found = pe.p_curve([0.001, 0.002, 0.003, 0.004, 0.006, 0.011, 0.012, 0.02, 0.03, 0.045])
    >>> pe.figures.p_curve_table(found)["observed"].tolist()
    [0.5, 0.3, 0.1, 0.0, 0.1]
    """
    if not hasattr(result, "curve_table"):
        raise InputError(
            f"result: found {type(result).__name__}, allowed is what peer_evidence.p_curve gives"
        )
    table: pd.DataFrame = result.curve_table().reset_index()
    return table


@styled
def p_curve(result: Any, *, ax: Axes | None = None) -> Axes:
    """Draw how the significant p values are shared among five hundredths.

    Parameters
    ----------
    result : PCurve
        The result of ``peer_evidence.p_curve``.
    ax : Axes, optional
        Where to draw; a new figure of 85 mm when left out.

    Returns
    -------
    Axes
        Its x is p, its y the share of the significant p values, 0 to 1.

    Raises
    ------
    InputError
        As :func:`p_curve_table`.
    """
    table = p_curve_table(result)
    most = max(0.4, 1.08 * float(table[["observed", "power_33"]].to_numpy().max()))
    sheet = open_plot(
        ax,
        xlim=(0.005, 0.055),
        ylim=(0.0, min(most, 1.08)),
        ratio=False,
        labels=("p value, up to", "Share of significant p"),
        key=[
            Entry("observed", LINE, BLUE, weight=1.6, size=12),
            Entry("power of 33%", DASHES, INK, size=12),
            Entry("no effect", _DOTS, GREY, size=12),
        ],
        note=_note(result),
        height=_HEIGHT,
        ticks=(list(table["p"]), None),
    )
    draw = sheet.ax.plot
    draw(table["p"], table["power_33"], color=INK, linewidth=0.9, linestyle=_DASHED, zorder=2)
    draw(table["p"], table["no_effect"], color=GREY, linewidth=0.9, linestyle=_DOTTED, zorder=1)
    draw(table["p"], table["observed"], color=BLUE, linewidth=1.6, marker="o", markersize=4.5,
         markeredgecolor="white", markeredgewidth=0.5, zorder=3, clip_on=False)  # fmt: skip
    return attach(sheet.ax, "P-curve", _alt(result, table), table)


def _note(result: Any) -> str:
    """Say how many p values there are, and the power with its interval."""
    low, high = per_cent(result.power_ci_low), per_cent(result.power_ci_high)
    few = ", too few to be believed" if result.k_significant < result.minimum_k else ""
    return (
        f"{count(result.k_significant, 'significant p value')} of {result.k}{few}; "
        f"power {per_cent(result.power)} (90% CI {low} to {high})."
    )


def _alt(result: Any, table: pd.DataFrame) -> str:
    shares = ", ".join(
        f"{per_cent(row.observed)} up to {row.p:g}" for row in table.itertuples(index=False)
    )
    return f"P-curve, shares of the significant p values: {shares}. {_note(result)}"
