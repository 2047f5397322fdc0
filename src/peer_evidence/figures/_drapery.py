"""The drapery plot: the p value of every value the effect might have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from peer_evidence.figures.axes import is_ratio, limits
from peer_evidence.figures.forest_rows import measure_of
from peer_evidence.figures.forest_words import TIE, measure_name
from peer_evidence.figures.frames import styled
from peer_evidence.figures.key import LINE, Entry
from peer_evidence.figures.layout import Sheet, natural_width
from peer_evidence.figures.plot import open_plot
from peer_evidence.figures.point_names import in_points, panel_of
from peer_evidence.figures.saving import attach
from peer_evidence.figures.studies_in import (
    between_variance,
    check_single,
    natural,
    pooled_words,
    studies_of,
)
from peer_evidence.figures.style import BLUE, GREY, INK, SMALL_SIZE
from peer_evidence.formatting import count, interval, number, p_brief

Floats = NDArray[np.float64]
_LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
_FLOOR = 0.001  # below it a curve lies on the axis
_REGION = "#DCE9F3"
_STUDY = ("#8A8A8A", "#B5B5B5")  # few studies, many studies


def drapery_table(m: Any, *, measure: str | None = None) -> pd.DataFrame:
    """Give the curves that :func:`drapery` draws, each by its middle, its width and its law.

    The p value of a value x is that of ``(effect - x) / se`` under the normal law, or t with ``df``
    degrees of freedom; the interval at any level is where p is above one minus the level.

    Parameters
    ----------
    m : MetaAnalysis or TablePool
        The result to show.
    measure : str, optional
        Code of the effect measure; that of the result when left out. Effects and intervals of
        ratios are given on the natural scale, ``se`` on that of the logs.

    Returns
    -------
    DataFrame
        One row a curve: ``kind`` (study, pooled, prediction), ``label``, ``effect``, ``se``,
        ``df``, the two-sided ``p_value`` of no effect (NaN for the prediction), and the ends of
        intervals, ``low_50`` and ``high_50`` to ``low_99`` and ``high_99``.

    Raises
    ------
    InputError
        If it is no result of a meta-analysis with a single pooled effect.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> data = pd.DataFrame({"effect": [0.1, 0.3, 0.2, 1.5], "variance": [0.02, 0.03, 0.04, 0.09]})
    >>> pe.figures.drapery_table(pe.meta_analysis(data))["kind"].tolist()
    ['study', 'study', 'study', 'study', 'pooled', 'prediction']
    """
    from peer_evidence.pooling.laws import critical, two_sided_p

    check_single(m, "draw it with peer_evidence.figures.bubble")
    studies = studies_of(m)
    df = float(getattr(m, "df", np.inf))
    rows = [
        ("study", str(row["label"]), float(row["effect"]), float(row["variance"]) ** 0.5, np.inf)
        for _, row in studies.iterrows()
    ]
    rows.append(("pooled", "All studies", m.estimate, m.se, df))
    if between_variance(m) > 0 and getattr(m, "method", "") != "FE":
        spread = float(np.sqrt(m.se**2 + m.tau2))
        rows.append(("prediction", "A further study", m.estimate, spread, df))
    table = pd.DataFrame(rows, columns=["kind", "label", "effect", "se", "df"])
    code = measure_of(m, measure)
    effect, se, freedom = (table[one].to_numpy(float) for one in ("effect", "se", "df"))
    p_null = two_sided_p(effect / se, freedom)
    table["p_value"] = np.where(table["kind"] == "prediction", np.nan, p_null)
    for level in _LEVELS:
        half = critical(level, freedom) * se
        for name, sign in (("low", -1), ("high", 1)):
            table[f"{name}_{100 * level:.0f}"] = natural(effect + sign * half, code)
    table["effect"] = natural(effect, code)
    return table


@styled
def drapery(
    m: Any,
    *,
    measure: str | None = None,
    favours: tuple[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw p-value functions: of each study, of the pooled effect and of a further study.

    A curve shows at once the intervals of all levels (Rücker and Schwarzer 2021,
    doi 10.1002/jrsm.1410): where it is cut by the line of p = 0.05 its 95% interval ends.

    Parameters
    ----------
    m : MetaAnalysis or TablePool
        The result to show.
    measure : str, optional
        Code of the effect measure; see :func:`drapery_table`.
    favours : (str, str), optional
        Whom an effect to the left and to the right of the null favours. The name alone:
        the figure writes "favours" before it.
    ax : Axes, optional
        Where to draw; a new figure of 85 mm when left out.

    Returns
    -------
    Axes
        Its x is the effect on the natural scale, its y the two-sided p value.

    Raises
    ------
    InputError
        As :func:`drapery_table`.
    """
    table = drapery_table(m, measure=measure)
    code = measure_of(m, measure)
    xlim = _ends(table, code)
    sides = (f"←{TIE}favours {favours[0]}", f"favours {favours[1]}{TIE}→") if favours else ("", "")
    sheet = open_plot(
        ax,
        xlim=xlim,
        ylim=(0.0, 1.03),
        ratio=is_ratio(code),
        labels=(
            measure_name(code) + (", log scale" if is_ratio(code) else ""),
            "Two-sided p value",
        ),
        sides=sides,
        key=_key(table),
        note=(
            "A curve gives the p value of every effect; it peaks at the estimate. Between its two "
            "points at p = 0.05 lies the 95% interval, and so for the levels named on the right."
        ),
        room=natural_width(["95%"], SMALL_SIZE) + 2,
    )
    _levels(sheet)
    _curves(sheet, table, xlim, code)
    return attach(sheet.ax, "Drapery plot", _alt(m, table, code), table)


def _ends(table: pd.DataFrame, code: str) -> tuple[float, float]:
    """Give the ends of the x axis: every estimate and most intervals of the studies."""
    columns = [table[one].to_numpy(float) for one in ("effect", "low_95", "high_95")]
    logs = [list(np.log(one) if is_ratio(code) else one) for one in columns]
    least = float(np.log(1.25)) if is_ratio(code) else 0.0
    low, high = limits(*logs, least=least)
    return (float(np.exp(low)), float(np.exp(high))) if is_ratio(code) else (low, high)


def _levels(sheet: Sheet) -> None:
    """Draw the lines at which intervals are read, with their levels on the right."""
    panel = panel_of(sheet)
    for level in (0.5, 0.8, 0.95):
        p = 1 - level
        sheet.ax.axhline(p, color=GREY, linewidth=0.5, linestyle=(0, (1, 2)), zorder=0.8)
        y = float(in_points(sheet, [sheet.ax.get_xlim()[1]], [p])[0, 1])
        sheet.text(panel.right + 4, y + 0.36 * SMALL_SIZE, f"{100 * level:.0f}%", size=SMALL_SIZE,
                   color=GREY)  # fmt: skip


def _curves(sheet: Sheet, table: pd.DataFrame, xlim: tuple[float, float], code: str) -> None:
    """Draw the studies, then the region of a further study under them, then the pooled effect."""
    ratio = is_ratio(code)
    scale = np.log if ratio else np.asarray
    sheet.ax.axvline(1.0 if ratio else 0.0, color=INK, linewidth=0.6, zorder=1)
    low, high = (float(scale(one)) for one in xlim)
    many = int((table["kind"] == "study").sum()) > 40
    for _, row in table.iterrows():
        middle = float(scale(row["effect"]))
        xs = _grid(middle, float(row["se"]), low, high)
        p = _p_values(xs, middle, float(row["se"]), float(row["df"]))
        xs, p = xs[p > _FLOOR], p[p > _FLOOR]
        shown = natural(xs, code)
        if row["kind"] == "prediction":
            sheet.ax.fill_between(shown, 0, p, color=_REGION, linewidth=0, zorder=0)
            sheet.ax.plot(shown, p, color=BLUE, linewidth=1.0, linestyle=(0, (4, 2)), zorder=3)
        elif row["kind"] == "pooled":
            sheet.ax.plot(shown, p, color=BLUE, linewidth=2.0, zorder=4)
        else:
            sheet.ax.plot(shown, p, color=_STUDY[many], linewidth=0.5 if many else 0.8, zorder=2)


def _grid(middle: float, se: float, low: float, high: float) -> Floats:
    """Give values along the axis, close together where the curve bends."""
    near = middle + se * np.linspace(-4, 4, 161)
    every = np.concatenate([np.linspace(low, high, 101), near, [middle]])
    return np.unique(every[(every >= low) & (every <= high)])


def _p_values(xs: Floats, middle: float, se: float, df: float) -> Floats:
    from peer_evidence.pooling.laws import two_sided_p

    return two_sided_p((xs - middle) / se, df)


def _key(table: pd.DataFrame) -> list[Entry]:
    many = int((table["kind"] == "study").sum()) > 40
    entries = [
        Entry("a study", LINE, _STUDY[many], None, 12, 0.9),
        Entry("pooled effect", LINE, BLUE, None, 12, 2.0),
    ]
    if (table["kind"] == "prediction").any():
        entries.append(Entry("where a further study is expected", "s", BLUE, _REGION, 7))
    return entries


def _alt(m: Any, table: pd.DataFrame, code: str) -> str:
    """Say the figure in words and numbers."""
    studies = table[table["kind"] == "study"]
    pooled = table[table["kind"] == "pooled"].iloc[0]
    below = int((studies["p_value"] < 0.05).sum())
    p = p_brief(pooled["p_value"])
    said = (
        f"Drapery plot of {count(len(studies), 'study', 'studies')}, {measure_name(code)}: "
        f"p-value functions. Pooled effect {pooled_words(m, code)}, {p} against no effect; its 50% "
        f"interval {interval(pooled['low_50'], pooled['high_50'])}, 99% "
        f"{interval(pooled['low_99'], pooled['high_99'])}. {below} of the studies have p below "
        f"0.05. Estimates from {number(studies['effect'].min())} to "
        f"{number(studies['effect'].max())}."
    )
    for _, row in table[table["kind"] == "prediction"].iterrows():
        said += f" 95% prediction interval {interval(row['low_95'], row['high_95'])}."
    return said
