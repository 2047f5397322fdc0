"""The funnel plot: effects against their standard errors, with contours of significance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy import special

from peer_evidence.errors import InputError
from peer_evidence.figures.axes import is_ratio, limits
from peer_evidence.figures.forest_rows import measure_of
from peer_evidence.figures.forest_words import TIE, measure_name
from peer_evidence.figures.frames import sentence_list, styled
from peer_evidence.figures.key import Entry
from peer_evidence.figures.layout import Sheet
from peer_evidence.figures.plot import open_plot
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, INK
from peer_evidence.formatting import count, interval, number

_EDGES = (0.01, 0.05, 0.1)
_REGIONS = ("p < 0.01", "0.01 ≤ p < 0.05", "0.05 ≤ p < 0.10", "p ≥ 0.10")
_SHADES = ("#F3F3F3", "#DFDFDF", "#C6C6C6", "#FFFFFF")  # each lighter than the next, in print too


def funnel_table(m: Any, *, measure: str | None = None) -> pd.DataFrame:
    """Give the points that :func:`funnel` draws.

    Parameters
    ----------
    m : MetaAnalysis or TrimAndFill
        The result to show.
    measure : str, optional
        Code of the effect measure, such as ``"OR"``; that of the result when left out. Effects of
        ratios are given on the natural scale, standard errors on that of the logs.

    Returns
    -------
    DataFrame
        One row a study: ``label``, ``effect``, ``se``, two-sided ``p_value`` and its ``region``;
        of trim and fill also ``filled``, whether it is a mirror image.

    Raises
    ------
    InputError
        If the result has no study table.
    """
    if not hasattr(m, "study_table"):
        raise InputError(
            f"m: found {type(m).__name__}, allowed is the result of a meta-analysis, "
            "such as peer_evidence.meta_analysis gives"
        )
    studies = m.study_table()
    studies = studies[studies["effect"].notna() & studies["variance"].notna()]
    se = np.sqrt(studies["variance"].to_numpy(float))
    effect = studies["effect"].to_numpy(float)
    p_value = 2 * special.ndtr(-np.abs(effect / se))
    natural = np.exp(effect) if is_ratio(measure_of(m, measure)) else effect
    regions = [_REGIONS[place] for place in np.searchsorted(_EDGES, p_value, side="right")]
    table = pd.DataFrame({
        "label": [str(label) for label in studies["label"]],
        "effect": natural,
        "se": se,
        "p_value": p_value,
        "region": regions,
    })  # fmt: skip
    if "filled" in studies.columns:
        table["filled"] = studies["filled"].to_numpy(bool)
    return table


@styled
def funnel(
    m: Any,
    *,
    measure: str | None = None,
    favours: tuple[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw effects against standard errors, with contours of significance and the pooled effect.

    Shades show where a study would have p below 0.10 and 0.05 against no effect: studies missing
    there suggest that publication depended on significance. The dashed lines are a pseudo interval,
    where 95% of studies would lie if they differed by chance alone.

    Parameters
    ----------
    m : MetaAnalysis or TrimAndFill
        The result to show. The mirror images of trim and fill are open circles, and a dotted line
        stands where the pooled effect is without them.
    measure : str, optional
        Code of the effect measure; see :func:`funnel_table`.
    favours : (str, str), optional
        Whom an effect to the left and to the right of the null favours. The name alone:
        the figure writes "favours" before it.
    ax : Axes, optional
        Where to draw; a new figure of 85 mm when left out.

    Returns
    -------
    Axes
        Its x is the effect on the natural scale, its y the standard error, 0 at the top.
    """
    table = funnel_table(m, measure=measure)
    if table.empty:
        raise InputError("m: no study has an effect with a variance, so there is nothing to draw")
    code = measure_of(m, measure)
    ratio = is_ratio(code)
    effect = np.log(table["effect"].to_numpy()) if ratio else table["effect"].to_numpy()
    deepest = 1.08 * float(table["se"].max())
    critical = float(special.ndtri(0.5 + m.level / 2))
    corners = [m.estimate - critical * deepest, m.estimate + critical * deepest]
    low, high = limits(list(effect), corners, corners, least=2.0 * deepest)
    mirrored = _mirrored(table)
    xlim = (float(np.exp(low)), float(np.exp(high))) if ratio else (low, high)
    sides = (f"←{TIE}favours {favours[0]}", f"favours {favours[1]}{TIE}→") if favours else ("", "")
    sheet = open_plot(
        ax,
        xlim=xlim,
        ylim=(deepest, 0.0),
        ratio=ratio,
        labels=(measure_name(code) + (", log scale" if ratio else ""), "Standard error"),
        sides=sides,
        key=_key(filled=bool(mirrored.any())),
        note=_note(m, filled=bool(mirrored.any())),
    )
    _shade(sheet, deepest, ratio=ratio)
    _lines(sheet, m.estimate, critical, deepest, ratio=ratio)
    own = table[~mirrored]
    sheet.ax.plot(own["effect"], own["se"], linestyle="none", marker="o", markersize=4.5,
                  color=BLUE, markeredgecolor="white", markeredgewidth=0.5, zorder=4,
                  clip_on=False)  # fmt: skip
    if mirrored.any():
        _draw_filled(sheet, m, table[mirrored], deepest, ratio=ratio)
    return attach(sheet.ax, "Funnel plot", _alt(m, table, code), table)


def _mirrored(table: pd.DataFrame) -> np.typing.NDArray[np.bool_]:
    """Tell the rows that trim and fill added."""
    if "filled" not in table.columns:
        return np.zeros(len(table), dtype=bool)
    return table["filled"].to_numpy(bool)


def _note(m: Any, *, filled: bool) -> str:
    """Say what the lines are."""
    level = f"{100 * m.level:g}%"
    if not filled:
        none = " Trim and fill added no mirror image." if hasattr(m, "k0") else ""
        return f"Dashed: pooled effect and the {level} pseudo interval around it.{none}"
    return (
        f"Dashed: pooled effect with the mirror images and the {level} pseudo interval around it. "
        "Dotted: pooled effect of the studies."
    )


def _draw_filled(sheet: Sheet, m: Any, table: pd.DataFrame, deepest: float, *, ratio: bool) -> None:
    """Draw the mirror images as open circles, and where the effect is without them."""
    sheet.ax.plot(table["effect"], table["se"], linestyle="none", marker="o", markersize=4.5,
                  color=BLUE, markerfacecolor="white", markeredgecolor=BLUE, markeredgewidth=1.0,
                  zorder=4, clip_on=False)  # fmt: skip
    place = float(np.exp(m.pooled)) if ratio else float(m.pooled)
    sheet.ax.plot([place, place], [0.0, deepest], color=BLUE, linewidth=0.9, linestyle=(0, (1, 2)),
                  zorder=2)  # fmt: skip


def _key(*, filled: bool) -> list[Entry]:
    """Say what each shade means, in the order met from the middle outwards."""
    shades = [Entry(text, "s", GREY, shade) for text, shade in zip(_REGIONS, _SHADES, strict=True)][
        ::-1
    ]
    image = [Entry("a mirror image", "o", BLUE, None)] if filled else []
    return [Entry("a study", "o", BLUE, BLUE), *image, *shades]


def _shade(sheet: Sheet, deepest: float, *, ratio: bool) -> None:
    """Shade the regions between the contours, straight lines from the null downwards."""
    depths = np.array([0.0, deepest])
    across = np.exp if ratio else np.asarray
    sheet.ax.patch.set_visible(True)
    sheet.ax.patch.set_facecolor(_SHADES[0])
    for edge, shade in zip(_EDGES, _SHADES[1:], strict=True):
        z = float(special.ndtri(1 - edge / 2))
        left, right = across(-z * depths), across(z * depths)
        sheet.ax.fill_betweenx(depths, left, right, color=shade, linewidth=0, zorder=0)
        for side in (left, right):
            sheet.ax.plot(side, depths, color=GREY, linewidth=0.5, zorder=0.5)
    sheet.ax.axvline(float(across(np.array(0.0))), color=INK, linewidth=0.6, zorder=1)


def _lines(sheet: Sheet, estimate: float, critical: float, deepest: float, *, ratio: bool) -> None:
    """Draw the pooled effect and the pseudo interval around it."""
    depths = np.array([0.0, deepest])
    across = np.exp if ratio else np.asarray
    for z in (-critical, 0.0, critical):
        sheet.ax.plot(across(estimate + z * depths), depths, color=BLUE, linewidth=0.9,
                      linestyle=(0, (4, 2)), zorder=2)  # fmt: skip


def _alt(m: Any, table: pd.DataFrame, code: str) -> str:
    natural = np.exp if is_ratio(code) else np.asarray
    estimate, low, high = (float(natural(one)) for one in (m.estimate, m.ci_low, m.ci_high))
    added = int(_mirrored(table).sum())
    images = f" and {count(added, 'mirror image')} of trim and fill" if added else ""
    held = [f"{int((table['region'] == one).sum())} with {one}" for one in _REGIONS]
    return (
        f"Funnel plot of {count(len(table) - added, 'study', 'studies')}{images}, "
        f"{measure_name(code)} against standard error: {sentence_list(held)}. "
        f"Pooled effect {number(estimate)} ({interval(low, high)}); "
        f"standard errors from {number(table['se'].min())} to {number(table['se'].max())}."
    )
