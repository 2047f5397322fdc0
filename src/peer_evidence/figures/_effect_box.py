"""Effects without pooling: every study as a bubble, with the median and quartiles of each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from numpy.typing import NDArray

from peer_evidence.figures.axes import (
    is_ratio,
    limits,
    ratio_limits,
    set_linear_axis,
    set_ratio_axis,
)
from peer_evidence.figures.effect_box_rows import effect_box_table, kept_results
from peer_evidence.figures.forest_words import TIE, measure_name
from peer_evidence.figures.frames import Labels, labelled, styled
from peer_evidence.figures.key import PITCH, Entry, key_lines, write_key
from peer_evidence.figures.layout import (
    MARGIN,
    Column,
    Panel,
    Sheet,
    headers_height,
    lines_height,
    natural_width,
    open_sheet,
    sheet_width,
    stack,
    wrap,
    write_headers,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, INK, PALE, SMALL_SIZE
from peer_evidence.formatting import count, interval, number

Floats = NDArray[np.float64]
_LARGEST = 10.0  # diameter of the largest study, in points
_SMALLEST = 3.0
_BOX = 7.0  # height of a box
FEWEST = 4  # studies that a box takes
_TICK = Path([(0, -1), (0, 1)])


@styled
def effect_box(
    effects: pd.DataFrame,
    by: str = "domain",
    *,
    within: str = "median",
    measure: str | None = None,
    contrasts: Sequence[str] | None = ("intervention_vs_comparison",),
    labels: Labels = None,
    favours: tuple[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the effects of each group as bubbles with their median, quartiles and range.

    Nothing is pooled: it shows where observed effects lie, not what the effect is, and says nothing
    of the precision of a study beyond its size. Points of one group are set apart only where they
    would lie on one another; their height means nothing.

    Parameters
    ----------
    effects, by, within, measure, contrasts
        See :func:`effect_box_table`.
    labels : mapping, optional
        Group to label.
    favours : (str, str), optional
        Whom an effect to the left and to the right of no effect favours. The name alone:
        the figure writes "favours" before it.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        Its x is the effect on the natural scale.

    References
    ----------
    McKenzie & Brennan, Cochrane Handbook chapter 12 (summarising effect estimates).

    Examples
    --------
    >>> import peer_evidence as pe
    >>> effects = pe.effect_sizes(pe.load().select(domain="hope", poolable=True), align=True)
    >>> print(pe.figures.drawn(pe.figures.effect_box(effects))[0].alt)
    Box and bubble plot of 3 points in 1 group, Standardised mean difference, without pooling. \
Hope: 3 studies, median 0.37 (quartiles 0.28 to 0.41), range 0.18 to 0.45.
    """
    table = effect_box_table(effects, by, within=within, measure=measure, contrasts=contrasts)
    _, left_out = kept_results(effects, by, contrasts)
    points, groups = table[table["row"] == "study"], table[table["row"] == "group"]
    code = str(table["measure"].iloc[0])
    plan = _plan(points, groups, by, labels, sheet_width(ax))
    note = _note(points, within, left_out)
    told = wrap(note, plan.width - 2 * MARGIN, SMALL_SIZE)
    key = key_lines(_key(points, groups), plan.width - 2 * MARGIN)
    half = (plan.panel.right - plan.panel.left) / 2 - 4
    sides = [wrap(text, half) for text in _sides(favours)]
    at_label = plan.panel.bottom + 15 + lines_height(max(map(len, sides)) if favours else 0)
    at_key = at_label + lines_height(1) + 6
    at_note = at_key + PITCH * len(key) + 3
    height = at_note + lines_height(len(told), SMALL_SIZE) + MARGIN
    sheet = open_sheet(ax, plan.width, height, plan.panel)
    _axis(sheet, plan, points, code)
    _texts(sheet, plan, groups)
    _marks(sheet, plan, points, groups)
    if favours:
        sheet.lines(plan.panel.left, plan.panel.bottom + 15, sides[0], color=GREY)
        sheet.lines(plan.panel.right, plan.panel.bottom + 15, sides[1], align="right", color=GREY)
    name = measure_name(code) + (", log scale" if is_ratio(code) else "")
    sheet.lines((plan.panel.left + plan.panel.right) / 2, at_label, [name], align="center")
    write_key(sheet, key, MARGIN, at_key)
    sheet.lines(MARGIN, at_note, told, size=SMALL_SIZE, color=GREY)
    return attach(sheet.ax, "Effects without pooling", _alt(points, groups, by, labels, code),
                  table)  # fmt: skip


def _sides(favours: tuple[str, str] | None) -> tuple[str, str]:
    if favours is None:
        return "", ""
    return f"←{TIE}favours {favours[0]}", f"favours {favours[1]}{TIE}→"


@dataclass(frozen=True, slots=True)
class _Plan:
    by: str
    width: float
    panel: Panel
    names: list[tuple[str, ...]]
    tops: list[float]  # of each group, and the end of the last
    columns: list[Column]
    ends: tuple[float, float]
    diameters: Floats  # of the points, in their order
    lifts: Floats  # how far each stands from the middle of the points of its group
    shifts: list[tuple[float, float]]  # how far that is above the middle, and how far they reach


def _plan(
    points: pd.DataFrame, groups: pd.DataFrame, by: str, labels: Labels, width: float
) -> _Plan:
    """Measure the texts, and set points apart that would lie on one another."""
    texts = [labelled(labels, one) for one in groups[by]]
    label_width = natural_width(texts, at_most=0.26 * width)
    told = [_told(row) for row in groups.to_dict("records")]
    heads = ["Studies", "Median (quartiles)"]
    sizes = [natural_width([head], weight="bold") for head in heads]
    sizes[1] = max(sizes[1], natural_width(told))
    right = width - MARGIN - sum(sizes) - 10
    columns = [
        Column("studies", "Studies", right, sizes[0], "right"),
        Column("told", "Median (quartiles)", right + sizes[0] + 10, sizes[1], "right"),
    ]
    left, edge = MARGIN + label_width + 12, right - 14
    code = str(points["measure"].iloc[0])
    values = points["effect"].to_list()
    ends = ratio_limits(values, [], []) if is_ratio(code) else limits(values, [], [], least=0.1)
    diameters = _diameters(points["n"])
    lifts = np.zeros(len(points))
    heights, shifts, names = [], [], [wrap(text, label_width) for text in texts]
    for domain, name in zip(groups[by], names, strict=True):
        here = (points[by] == domain).to_numpy()
        across = _across(points["effect"].to_numpy(float)[here], ends, code, edge - left)
        lifts[here] = _swarm(across, diameters[here])
        reach = float((np.abs(lifts[here]) + diameters[here] / 2).max())
        studies = points.loc[here, "study_id"].nunique()
        below = _BOX + 4 if studies >= FEWEST else 0.0
        tall = max(2 * reach + below + 5, lines_height(len(name)) + 5, 15.0)
        heights.append(tall)
        shifts.append((below / 2, reach))
    head = MARGIN + headers_height(columns) + 4
    tops = stack([*heights, 0.0], head)
    panel = Panel(left, edge, head, tops[-1])
    return _Plan(by, width, panel, names, tops, columns, ends, diameters, lifts, shifts)


def _told(row: dict[Any, Any]) -> str:
    """Write the median and, of enough studies, the quartiles of a group."""
    if row["studies"] < FEWEST:
        return number(row["median"])
    return f"{number(row['median'])} ({interval(row['q1'], row['q3'])})"


def _diameters(people: pd.Series) -> Floats:
    """Give circles with an area by the number of people; of one size where that is not known."""
    known = people.astype("Float64").to_numpy(np.float64, na_value=np.nan)
    most = float(np.nanmax(known)) if np.isfinite(known).any() else 1.0
    sized = _LARGEST * np.sqrt(known / most)
    return np.asarray(np.where(np.isnan(known), 4.0, np.maximum(sized, _SMALLEST)))


def _across(values: Floats, ends: tuple[float, float], code: str, width: float) -> Floats:
    """Give where effects stand on the axis, in points."""
    scale = np.log if is_ratio(code) else np.asarray
    low, high = (float(scale(np.array(one))) for one in ends)
    return np.asarray(width * (scale(values) - low) / (high - low), dtype=np.float64)


def _swarm(across: Floats, diameters: Floats) -> Floats:
    """Give each point the least lift, up or down in turn, at which it lies on no earlier one.

    Examples
    --------
    >>> _swarm(np.array([0.0, 2.0, 20.0]), np.array([4.0, 4.0, 4.0])).tolist()
    [0.0, 3.5, 0.0]
    """
    lifts = np.zeros(len(across))
    for one in range(len(across)):
        for step in range(400):
            lift = 0.5 * ((step + 1) // 2) * (1 if step % 2 else -1) + 0.0
            apart = np.hypot(across[:one] - across[one], lifts[:one] - lift)
            if np.all(apart >= (diameters[:one] + diameters[one]) / 2):
                lifts[one] = lift
                break
    return lifts


def _axis(sheet: Sheet, plan: _Plan, points: pd.DataFrame, code: str) -> None:
    ratio = is_ratio(code)
    set_axis = set_ratio_axis if ratio else set_linear_axis
    set_axis(sheet.ax, *plan.ends, plan.panel.right - plan.panel.left)
    sheet.ax.axvline(1.0 if ratio else 0.0, color=INK, linewidth=0.6, zorder=0.5)


def _texts(sheet: Sheet, plan: _Plan, groups: pd.DataFrame) -> None:
    write_headers(sheet, plan.columns, plan.panel.top - 2)
    for place, (name, row) in enumerate(zip(plan.names, groups.to_dict("records"), strict=True)):
        top, bottom = plan.tops[place], plan.tops[place + 1]
        if place % 2 == 0:
            sheet.box(0, top, plan.width, bottom - top, facecolor=PALE, zorder=-2)
        sheet.lines(MARGIN, (top + bottom - lines_height(len(name))) / 2, name)
        for column, text in zip(plan.columns, (str(row["studies"]), _told(row)), strict=True):
            at = (top + bottom - lines_height(1)) / 2
            sheet.lines(column.anchor, at, [text], align="right")


def _marks(sheet: Sheet, plan: _Plan, points: pd.DataFrame, groups: pd.DataFrame) -> None:
    """Draw boxes and ranges, then all points in one collection a kind."""
    middles = {}
    for place, row in enumerate(groups.to_dict("records")):
        up, reach = plan.shifts[place]
        y = (plan.tops[place] + plan.tops[place + 1]) / 2 - up
        middles[row[plan.by]] = y
        boxed = row["studies"] >= FEWEST
        level = y + reach + 2 + _BOX / 2 if boxed else y
        ends = [row["lowest"], row["highest"]]
        sheet.ax.plot(ends, [level, level], color=GREY, linewidth=0.8, zorder=1)
        if not boxed:
            continue
        low, high = level - _BOX / 2, level + _BOX / 2
        sheet.ax.add_patch(
            Rectangle((row["q1"], low), row["q3"] - row["q1"], _BOX, zorder=1.5,
                      facecolor="white", edgecolor=GREY, linewidth=0.8)
        )  # fmt: skip
        sheet.ax.plot([row["median"]] * 2, [low, high], color=INK, linewidth=1.8,
                      solid_capstyle="butt", zorder=2)  # fmt: skip
    ys = np.array([middles[one] for one in points[plan.by]]) + plan.lifts
    known = points["n"].notna().to_numpy()
    for held, fill in ((known, BLUE), (~known, "white")):
        sheet.ax.scatter(points["effect"].to_numpy(float)[held], ys[held],
                         s=plan.diameters[held] ** 2, facecolors=fill,
                         edgecolors="white" if fill == BLUE else BLUE, linewidths=0.6,
                         clip_on=False, zorder=3)  # fmt: skip


def _key(points: pd.DataFrame, groups: pd.DataFrame) -> list[Entry]:
    """Say what circles, boxes and lines are, with two or three sizes of circle."""
    known = points["n"].dropna().astype(float)
    entries = []
    if len(known):
        most = float(known.max())
        sizes = sorted({_round(most / 10), _round(most / 3), _round(most)})
        for place, size in enumerate(sizes):
            wide = max(_LARGEST * sqrt(size / most), _SMALLEST)
            text = f"{size} people" if place == 0 else str(size)
            entries.append(Entry(text, "o", BLUE, BLUE, wide, 0))
    if points["n"].isna().any():
        entries.append(Entry("number not known", "o", BLUE, None, 4))
    if (groups["studies"] >= FEWEST).any():
        entries.append(Entry("median", _TICK, INK, None, 7, 1.8))
        entries.append(Entry("quartiles", "s", GREY, "white", 7))
    entries.append(Entry("range", Path([(-1, 0), (1, 0)]), GREY, None, 12, 0.8))
    return entries


def _round(value: float) -> int:
    """Give the nearest of 1, 2 and 5 with zeros at or below a number."""
    power = 10.0 ** np.floor(np.log10(max(value, 1.0)))
    return int(max(one for one in (1, 2, 5) if one * power <= max(value, 1.0)) * power)


def _note(points: pd.DataFrame, within: str, left_out: dict[str, int]) -> str:
    several = int((points["results"] > 1).sum())
    parts = ["Nothing is pooled. Area of a circle: number of people; its height means nothing."]
    if within == "each":
        parts.append("Every effect is a circle; those of one study are not independent.")
    elif several:
        parts.append(f"A circle is a study; {several} of {len(points)} are the median of several "
                     "effects.")  # fmt: skip
    parts.append(f"Box and quartiles from {FEWEST} studies on, by linear interpolation.")
    if left_out:
        told = "; ".join(f"{why} ({count(n, 'result')})" for why, n in left_out.items())
        parts.append(f"Left out: {told}.")
    return " ".join(parts)


def _alt(points: pd.DataFrame, groups: pd.DataFrame, by: str, labels: Labels, code: str) -> str:
    """Put the plot into words: median, quartiles and range of each group."""
    told = []
    for row in groups.to_dict("records"):
        studies = count(int(row["studies"]), "study", "studies")
        told.append(
            f"{labelled(labels, row[by])}: {studies}, median {number(row['median'])} "
            f"(quartiles {interval(row['q1'], row['q3'])}), range "
            f"{interval(row['lowest'], row['highest'])}."
        )
    return (
        f"Box and bubble plot of {count(len(points), 'point')} in {count(len(groups), 'group')}, "
        f"{measure_name(code)}, without pooling. {' '.join(told)}"
    )
