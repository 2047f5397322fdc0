"""The radial plot of Galbraith: every effect is the slope of a line from the origin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.figures.arc import draw_arc
from peer_evidence.figures.axes import is_ratio, linear_ticks, tick_text
from peer_evidence.figures.forest_rows import measure_of
from peer_evidence.figures.forest_words import TIE, measure_name
from peer_evidence.figures.frames import sentence_list, styled
from peer_evidence.figures.key import LINE, Entry
from peer_evidence.figures.layout import Sheet, natural_width, sheet_width
from peer_evidence.figures.plot import open_plot
from peer_evidence.figures.saving import attach
from peer_evidence.figures.studies_in import (
    between_variance,
    check_single,
    natural,
    pooled_words,
    studies_of,
)
from peer_evidence.figures.style import BLUE, GREY, INK, POINTS_PER_MM, SINGLE_COLUMN, VERMILLION
from peer_evidence.formatting import count, number

_BAND = "#E4E4E4"
_HEIGHT = 54.0  # of the panel, in millimetres
_BESIDE = 78.0  # points about the panel for the labels of both sides
_LEAST = 56.0  # points of height at least
_FREE = 14.0  # points between the studies and the arc


def radial_table(m: Any, *, tau2: bool = True, measure: str | None = None) -> pd.DataFrame:
    """Give the points that :func:`radial` draws.

    Parameters
    ----------
    m : MetaAnalysis or TablePool
        The result to show.
    tau2 : bool
        Whether the standard error of a study holds the between-study variance, as in the weights of
        a random-effects model, or its own sampling error alone (Galbraith 1988).
    measure : str, optional
        Code of the effect measure; that of the result when left out. Effects of ratios are given on
        the natural scale, precision and z on that of the logs.

    Returns
    -------
    DataFrame
        One row a study: ``label``, ``effect``, ``precision`` (1 / se), ``z`` (effect / se) and
        ``within``, whether it lies in the band around the pooled effect.

    Raises
    ------
    InputError
        If it is no result of a meta-analysis with a single pooled effect.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> data = pd.DataFrame({"effect": [0.1, 0.3, 0.2, 1.5], "variance": [0.02, 0.03, 0.04, 0.09]})
    >>> table = pe.figures.radial_table(pe.meta_analysis(data), tau2=False)
    >>> table["z"].round(2).tolist()
    [0.71, 1.73, 1.0, 5.0]
    """
    check_single(m, "draw it with peer_evidence.figures.bubble")
    studies = studies_of(m)
    effect = studies["effect"].to_numpy(float)
    spread = between_variance(m) if tau2 else 0.0
    precision = 1 / np.sqrt(studies["variance"].to_numpy(float) + spread)
    away = np.abs(effect - m.estimate) * precision
    return pd.DataFrame({
        "label": studies["label"],
        "effect": natural(effect, measure_of(m, measure)),
        "precision": precision,
        "z": effect * precision,
        "within": away <= _critical(m),
    })  # fmt: skip


def _critical(m: Any) -> float:
    from peer_evidence.pooling.laws import critical

    return float(critical(m.level))


@styled
def radial(
    m: Any,
    *,
    tau2: bool = True,
    measure: str | None = None,
    favours: tuple[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw z against precision: precise studies lie far right, like effects on one line.

    Parameters
    ----------
    m : MetaAnalysis or TablePool
        The result to show.
    tau2 : bool
        Whether standard errors hold the between-study variance; see :func:`radial_table`.
    measure : str, optional
        Code of the effect measure; see :func:`radial_table`.
    favours : (str, str), optional
        Whom a negative and a positive z favour. The name alone:
        the figure writes "favours" before it.
    ax : Axes, optional
        Where to draw; a new figure of 85 mm when left out.

    Returns
    -------
    Axes
        Its x is the precision, its y is z. The arc on the right reads the effect in the direction
        of a study from the origin.

    Raises
    ------
    InputError
        As :func:`radial_table`.
    """
    table = radial_table(m, tau2=tau2, measure=measure)
    code, critical = measure_of(m, measure), _critical(m)
    with_tau2 = tau2 and between_variance(m) > 0
    most = float(table["precision"].max())
    ends = [z + side for z in (0.0, m.estimate * most) for side in (-critical, critical)]
    low, high = (pick([*table["z"], *ends]) for pick in (min, max))
    ylim = (low - 0.04 * (high - low), high + 0.04 * (high - low))
    wide = sheet_width(ax, SINGLE_COLUMN)
    room = _room(m, table, code, wide)
    se = "√(v + τ²)" if with_tau2 else "√v"
    said = f"z = effect / {se}"
    sides = (f"↓{TIE}favours {favours[0]}", f"favours {favours[1]}{TIE}↑") if favours else ("", "")
    sheet = open_plot(
        ax,
        xlim=(0.0, 1.0),
        ylim=ylim,
        ratio=False,
        labels=(
            f"Precision, 1 / {se}",
            said.replace("effect", "log effect") if is_ratio(code) else said,
        ),
        sides=sides,
        key=_key(m, table),
        note=_note(m, code, with_tau2=with_tau2),
        height=_height(wide),
        room=room,
        ticks=([], None),
    )
    radius = _fit(sheet, table, ylim)
    _band(sheet, m, most, critical)
    _points(sheet, table)
    draw_arc(sheet, m, code, radius)
    return attach(sheet.ax, "Radial plot", _alt(m, table, code, with_tau2=with_tau2), table)


def _height(width: float) -> float:
    """Give the height of the panel in millimetres: no higher than wide, or the arc has no room."""
    return min(_HEIGHT, max(0.95 * (width - _BESIDE), _LEAST) / POINTS_PER_MM)


def _room(m: Any, table: pd.DataFrame, code: str, width: float) -> float:
    """Give how much room the words of the arc need on its right."""
    values = [*table["effect"], float(natural(m.estimate, code))]
    ticks = linear_ticks(min(0, *values), max([1.0, *values]), width)
    return natural_width([tick_text(one) for one in ticks] + ["0.25"]) + 4


def _fit(sheet: Sheet, table: pd.DataFrame, ylim: tuple[float, float]) -> float:
    """Stretch the x axis as far as the arc leaves room for it; give the radius of the arc."""
    from peer_evidence.figures.axes import set_ticks
    from peer_evidence.figures.point_names import panel_of

    panel = panel_of(sheet)
    width, height = panel.right - panel.left, panel.bottom - panel.top
    up = height / (ylim[1] - ylim[0]) * table["z"].to_numpy()
    across = table["precision"].to_numpy()
    reach = width - _FREE
    scale = float(np.min(np.sqrt(np.maximum(reach**2 - up**2, (reach / 4) ** 2)) / across))
    sheet.ax.set_xlim(0, width / scale)
    most = 1.04 * float(across.max())
    set_ticks(sheet.ax, linear_ticks(0, most, most * scale))
    sheet.ax.spines["bottom"].set_bounds(0, most)
    return max(width, float(np.hypot(across * scale, up).max()) + _FREE)


def _band(sheet: Sheet, m: Any, most: float, critical: float) -> None:
    """Draw the pooled effect as a line from the origin, and the band around it."""
    xs = np.array([0.0, 1.04 * most])
    middle = m.estimate * xs
    sheet.ax.fill_between(xs, middle - critical, middle + critical, color=_BAND, linewidth=0,
                          zorder=0)  # fmt: skip
    sheet.ax.plot(xs, 0 * xs, color=INK, linewidth=0.6, zorder=1)
    sheet.ax.plot(xs, middle, color=BLUE, linewidth=1.2, zorder=2)


def _points(sheet: Sheet, table: pd.DataFrame) -> None:
    """Draw the studies, those outside the band as diamonds."""
    inside = table["within"].to_numpy(bool)
    for chosen, mark, colour, size in ((inside, "o", INK, 4.5), (~inside, "D", VERMILLION, 5.0)):
        sheet.ax.plot(table["precision"][chosen], table["z"][chosen], linestyle="none", marker=mark,
                      markersize=size, color=colour, markeredgecolor="white", markeredgewidth=0.5,
                      zorder=4, clip_on=False)  # fmt: skip


def _key(m: Any, table: pd.DataFrame) -> list[Entry]:
    """Say what marks, lines and shades mean, of the studies only the kinds there are."""
    inside = [Entry("a study", "o", INK, INK, 5)]
    outside = [Entry("a study outside the band", "D", VERMILLION, VERMILLION, 5)]
    return [
        *(inside if table["within"].any() else []),
        *(outside if not table["within"].all() else []),
        Entry(f"pooled effect, on the arc with its {100 * m.level:g}% interval", LINE, BLUE, None,
              12, 1.6),
        Entry(f"band of ±{number(_critical(m))} around it", "s", GREY, _BAND, 7),
    ]  # fmt: skip


def _note(m: Any, code: str, *, with_tau2: bool) -> str:
    held = (
        "v is the sampling variance of a study, τ² the variance between studies."
        if with_tau2
        else "v is the sampling variance of a study; variance between studies is not in it."
    )
    return (
        f"{held} The arc reads off the {measure_name(code).lower()} that a line from the origin "
        f"through a study points to. {100 * m.level:g}% of studies are expected in the band"
        + ("." if with_tau2 else " if they differ by chance alone.")
    )


def _alt(m: Any, table: pd.DataFrame, code: str, *, with_tau2: bool) -> str:
    """Say the figure in words and numbers."""
    out = table[~table["within"]]
    said = [f"{row['label']} ({number(row['effect'])}, z {number(row['z'])})"
            for _, row in out.head(20).iterrows()]  # fmt: skip
    if len(out) > 20:
        said.append(f"{len(out) - 20} more in the table")
    told = f": {sentence_list(said)}" if said else ""
    return (
        f"Radial plot of {count(len(table), 'study', 'studies')}, {measure_name(code)}, standard "
        f"errors {'with' if with_tau2 else 'without'} the between-study variance. Pooled effect "
        f"{pooled_words(m, code)}. Precision from {number(table['precision'].min())} to "
        f"{number(table['precision'].max())}. {len(out)} outside the band of "
        f"±{number(_critical(m))}{told}."
    )
