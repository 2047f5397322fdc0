"""The specification curve: every way to pool the data, sorted, with the choices behind each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Polygon

from peer_evidence.figures.axes import is_ratio, linear_ticks, log_ticks, tick_text
from peer_evidence.figures.forest_rows import measure_of
from peer_evidence.figures.forest_words import measure_name
from peer_evidence.figures.frames import styled
from peer_evidence.figures.key import DASHES, LINE, PITCH, Entry, key_lines, write_key
from peer_evidence.figures.layout import (
    MARGIN,
    Panel,
    Sheet,
    first_baseline,
    lines_height,
    natural_width,
    open_sheet,
    sheet_width,
    text_width,
    wrap,
)
from peer_evidence.figures.plot import set_y
from peer_evidence.figures.saving import attach
from peer_evidence.figures.specification_columns import COLUMNS, specification_curve_table
from peer_evidence.figures.style import (
    BLUE,
    GREY,
    INK,
    POINTS_PER_MM,
    RULE,
    SMALL_SIZE,
    plain,
)
from peer_evidence.formatting import per_cent, spread_text, words

_TOP = 52.0  # millimetres of the upper panel
_ROW = 10.0  # points a row of tiles
_STUDIES = 24.0  # points of the strip of studies
_SHADES = ((0.75, "#1A1A1A"), (0.5, "#5E5E5E"), (0.25, "#9A9A9A"), (0.0, "#D0D0D0"))


@dataclass(frozen=True, slots=True)
class _Tiles:
    """A row of tiles: factor (only in its first row), option, shares, top in points."""

    factor: str
    option: str
    shares: Any
    top: float


@styled
def specification_curve(
    mv: Any,
    *,
    test: Any = None,
    columns: int = COLUMNS,
    measure: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw all specifications from the lowest estimate to the highest, and their choices below.

    To 200 specifications each has its interval, filled where it excludes no effect. More are shared
    out among 200 columns: the line is the estimates, the dark band the median interval of a column,
    the pale band leaves out 5% of the ends on either side, and the darker a tile the larger the
    share that takes the option.

    Parameters
    ----------
    mv : Multiverse
        The result of ``peer_evidence.multiverse``.
    test : MultiverseTest, optional
        The result of ``mv.test()``: where 95% of the curves of studies without an effect lie.
    columns : int
        How many columns at most; see :func:`specification_curve_table`.
    measure : str, optional
        Code of the effect measure; see :func:`specification_curve_table`.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        Its x is the place of a specification, from 0 to their number; its y the effect on the
        natural scale.

    Raises
    ------
    InputError
        As :func:`specification_curve_table`.
    """
    table = specification_curve_table(mv, columns=columns, measure=measure)
    single = len(table) == len(mv)
    code = measure_of(mv, measure)
    ratio = is_ratio(code)
    width = sheet_width(ax)
    factors = [words(name) for name, options in mv.factors if len(options) > 1]
    options = [plain(one) for _, every in mv.factors if len(every) > 1 for one in every]
    first = min(natural_width(factors, weight="bold"), 0.16 * width)
    second = min(natural_width(options), 0.2 * width)
    left = MARGIN + max(first + 8 + second + 8, 46)
    bottom = MARGIN + 4 + _TOP * POINTS_PER_MM
    panel = Panel(left, width - MARGIN - 4, MARGIN + 4, bottom)
    studies = bottom + 8
    rows = _rows(mv, table, studies + _STUDIES + 8)
    after = (rows[-1].top + _ROW if rows else studies + _STUDIES) + 5
    at_key = after + lines_height(1) + 5
    entries = key_lines(_key(table, single=single, test=test), width - 2 * MARGIN)
    note = wrap(
        _note(mv, table, single=single, ends=_ends(table, ratio=ratio)),
        width - 2 * MARGIN,
        SMALL_SIZE,
    )
    at_note = at_key + PITCH * len(entries) + 2
    height = at_note + lines_height(len(note), SMALL_SIZE) + MARGIN
    sheet = open_sheet(ax, width, height, panel)
    _axes(sheet, len(mv), code, table, panel)
    _draw_curve(sheet, table, test, ratio=ratio, single=single, total=len(mv))
    _draw_studies(sheet, table, len(mv), panel, studies)
    _draw_tiles(sheet, table, rows, panel, len(mv), (first, second))
    middle = (panel.left + panel.right) / 2
    sheet.text(middle, first_baseline(after), _rank_words(mv), align="center")
    write_key(sheet, entries, MARGIN, at_key)
    sheet.lines(MARGIN, at_note, note, size=SMALL_SIZE, color=GREY)
    return attach(sheet.ax, "Specification curve", _alt(mv, test, code), table)


def _rank_words(mv: Any) -> str:
    return f"{len(mv):,} specifications, from the lowest estimate to the highest"


def _rows(mv: Any, table: pd.DataFrame, top: float) -> list[_Tiles]:
    """Plan the rows of tiles: the options of every choice that has more than one."""
    rows = []
    for name, options in mv.factors:
        if len(options) < 2:
            continue
        for place, option in enumerate(options):
            shares = table[f"{name}: {option}"].to_numpy()
            rows.append(_Tiles(words(name) if place == 0 else "", plain(option), shares, top))
            top += _ROW
        top += 4
    return rows


def _axes(sheet: Sheet, total: int, code: str, table: pd.DataFrame, panel: Panel) -> None:
    """Set both scales; the y axis shows nine tenths of the ends of intervals at least."""
    ratio = is_ratio(code)
    low, high = _ends(table, ratio=ratio)
    down = panel.bottom - panel.top
    ticks = (log_ticks if ratio else linear_ticks)(low, high, down / 2)
    set_y(sheet.ax, (low, high), ticks, ratio=ratio)
    sheet.ax.set_xlim(0, total)
    sheet.ax.xaxis.set_visible(False)
    sheet.ax.spines["bottom"].set_visible(False)
    name = measure_name(code) + (", log scale" if ratio else "")
    widest = natural_width([tick_text(one) for one in ticks])
    at = panel.left - widest - 16
    sheet.text(at, (panel.top + panel.bottom) / 2, name, align="center", rotation=90)
    sheet.ax.axhline(1.0 if ratio else 0.0, color=INK, linewidth=0.7, zorder=1)


def _ends(table: pd.DataFrame, *, ratio: bool) -> tuple[float, float]:
    """Choose the ends of the y axis: all estimates, and intervals unless they are very wide."""
    across = np.log if ratio else np.asarray
    lows, highs = (np.log(table[one]) if ratio else table[one] for one in ("ci_low", "ci_high"))
    estimates = across(table["estimate"].to_numpy())
    low = min(float(np.quantile(lows, 0.05)), float(estimates.min()), 0.0)
    high = max(float(np.quantile(highs, 0.95)), float(estimates.max()), 0.0)
    air = 0.12 * (high - low) or 0.5
    low, high = low - air, high + air
    return (float(np.exp(low)), float(np.exp(high))) if ratio else (low, high)


def _draw_curve(
    sheet: Sheet, table: pd.DataFrame, test: Any, *, ratio: bool, single: bool, total: int
) -> None:
    """Draw estimates and intervals, and the null band where a test is given."""
    x = (table["first"].to_numpy() - 1 + table["last"].to_numpy()) / 2
    if single:
        _draw_singly(sheet, table, x)
    else:
        steps = np.append(table["first"].to_numpy() - 1, total)
        for names, color, order in (
            (("lowest", "highest"), "#EDEDED", 0.5),
            (("ci_low", "ci_high"), "#C9DCEA", 0.6),
        ):
            lows, highs = (np.append(table[one], table[one].iloc[-1]) for one in names)
            sheet.ax.fill_between(steps, lows, highs, step="post", color=color, linewidth=0,
                                  zorder=order)  # fmt: skip
        sheet.ax.plot(x, table["estimate"], color=BLUE, linewidth=1.6, zorder=4)
    if test is not None:
        natural = np.exp if ratio else np.asarray
        for curve in (test.curve_low, test.curve_high):
            sheet.ax.plot(test.rank * total, natural(curve), color=INK, linewidth=0.9,
                          linestyle=(0, (4, 2)), zorder=5)  # fmt: skip


def _draw_singly(sheet: Sheet, table: pd.DataFrame, x: Any) -> None:
    """Draw each specification with its interval: filled and blue where it excludes no effect."""
    beyond = table["excludes"].to_numpy() > 0
    few = len(table) <= 80
    for chosen, color, fill in ((~beyond, GREY, "white"), (beyond, BLUE, BLUE)):
        lines = [
            [(at, low), (at, high)]
            for at, low, high in zip(
                x[chosen], table["ci_low"][chosen], table["ci_high"][chosen], strict=True
            )
        ]
        sheet.ax.add_collection(
            LineCollection(lines, colors=color, linewidths=0.8 if few else 0.6, zorder=2),
            autolim=False,
        )
        sheet.ax.plot(x[chosen], table["estimate"][chosen], linestyle="none", marker="o",
                      markersize=3.6 if few else 2.2, color=fill, markeredgecolor=color,
                      markeredgewidth=0.6, zorder=3)  # fmt: skip


def _draw_studies(sheet: Sheet, table: pd.DataFrame, total: int, panel: Panel, top: float) -> None:
    """Draw how many studies each column pools."""
    k = table["k"].to_numpy()
    most = float(k.max())
    steps = panel.left + np.append(table["first"].to_numpy() - 1, total) / total * (
        panel.right - panel.left
    )
    base = top + _STUDIES
    heights = base - k / most * _STUDIES
    xs = np.repeat(steps, 2)
    ys = np.concatenate([[base], np.repeat(heights, 2), [base]])
    sheet.ax.add_artist(
        Polygon(
            list(zip(xs.tolist(), ys.tolist(), strict=True)),
            closed=True,
            transform=sheet.to_figure,
            clip_on=False,
            facecolor="#D9D9D9",
            edgecolor=GREY,
            linewidth=0.5,
            zorder=2,
        )
    )
    sheet.text(MARGIN, top + 14, "studies pooled", weight="bold")
    sheet.text(panel.left - 4, top + 5, f"{most:g}", align="right", size=SMALL_SIZE)
    sheet.text(panel.left - 4, base, "0", align="right", size=SMALL_SIZE)


def _draw_tiles(
    sheet: Sheet,
    table: pd.DataFrame,
    rows: list[_Tiles],
    panel: Panel,
    total: int,
    widths: tuple[float, float],
) -> None:
    """Draw which options each column takes, as runs of one shade."""
    wide = panel.right - panel.left
    boxes: list[list[Any]] = [[] for _ in _SHADES]
    starts = table["first"].to_numpy() - 1
    ends = table["last"].to_numpy()
    for row in rows:
        if row.factor:
            sheet.line([MARGIN, panel.right], [row.top - 2] * 2, color=RULE, linewidth=0.5)
            factor = _one_line(row.factor, widths[0], "bold")
            sheet.text(MARGIN, first_baseline(row.top + 0.5), factor, weight="bold")
        option = _one_line(row.option, widths[1], "normal")
        sheet.text(panel.left - 8, first_baseline(row.top + 0.5), option, align="right")
        shade = _shade_of(row.shares)
        cut = np.flatnonzero(np.append(True, shade[1:] != shade[:-1]))
        for begin, end in zip(cut, np.append(cut[1:], len(shade)) - 1, strict=True):
            if shade[begin] < 0:
                continue
            left = panel.left + starts[begin] / total * wide
            right = panel.left + ends[end] / total * wide
            up, down = row.top + 1.5, row.top + _ROW - 1.5
            boxes[shade[begin]].append([(left, up), (right, up), (right, down), (left, down)])
    for cells, (_, color) in zip(boxes, _SHADES, strict=True):
        if cells:
            sheet.ax.add_collection(
                PolyCollection(cells, facecolor=color, linewidth=0, zorder=2, clip_on=False,
                               transform=sheet.to_figure),
                autolim=False,
            )  # fmt: skip


def _one_line(text: str, width: float, weight: str) -> str:
    while text_width(text, weight=weight) > width + 0.5:
        text = text[:-2].rstrip() + "…"
    return text


def _shade_of(shares: Any) -> Any:
    """Give the place of a share among the shades, -1 for none at all."""
    found = np.full(len(shares), -1)
    for place, (above, _) in reversed(list(enumerate(_SHADES))):
        found[shares > above] = place
    return found


def _key(table: pd.DataFrame, *, single: bool, test: Any) -> list[Entry]:
    if single:
        entries = [
            Entry("interval excludes no effect", "o", BLUE, BLUE, 5),
            Entry("interval includes it", "o", GREY, "white", 5),
            Entry("takes the option", "s", INK, INK),
        ]
    else:
        entries = [
            Entry("estimates", LINE, BLUE, None, 14, 1.6),
            Entry("median interval", "s", GREY, "#C9DCEA"),
            Entry("all but 5% of ends", "s", GREY, "#EDEDED"),
        ]
        names = ("over 75% take the option", "over 50%", "over 25%", "up to 25%")
        entries += [Entry(text, "s", GREY, shade) for text, (_, shade) in
                    zip(names, _SHADES, strict=True)]  # fmt: skip
    if test is not None:
        entries.append(Entry("95% of curves without an effect", DASHES, INK, None, 14))
    return entries


def _note(mv: Any, table: pd.DataFrame, *, single: bool, ends: tuple[float, float]) -> str:
    left_out = [f"{mv.duplicates:,} pool the same rows in the same way as another"]
    left_out.append(f"{mv.too_few:,} hold fewer than two studies")
    if mv.repeated:
        left_out.append(f"{mv.repeated:,} hold a study twice")
    note = f"Of {mv.combinations:,} combinations {', '.join(left_out)}. "
    if not single:
        size = int((table["last"] - table["first"] + 1).max())
        note += f"Each of {len(table)} columns holds up to {size:,} specifications. "
    note += f"Intervals: {100 * mv.level:g}%"
    cut = (table["lowest"] < ends[0]).any() or (table["highest"] > ends[1]).any()
    return note + ("; those that reach beyond the axis are cut." if cut else ".")


def _alt(mv: Any, test: Any, code: str) -> str:
    """Say the figure in words and numbers."""
    natural = np.exp if is_ratio(code) else np.asarray
    low, q1, middle, q3, high = (
        float(natural(one)) for one in np.quantile(mv.estimate, [0, 0.25, 0.5, 0.75, 1])
    )
    side = "1" if is_ratio(code) else "0"
    text = (
        f"Specification curve of {len(mv):,} specifications, {measure_name(code)}: "
        f"{spread_text(low, q1, middle, q3, high)}. "
        f"{per_cent((mv.estimate > 0).mean())} lie above {side}; "
        f"{per_cent(mv.excludes_null().mean())} of the intervals exclude it."
    )
    if test is not None:
        text += f" {test.summary()}"
    return text
