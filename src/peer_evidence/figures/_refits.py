"""An analysis repeated on parts of its studies: the cumulative and the leave-one-out forest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.errors import InputError
from peer_evidence.figures.axes import (
    OVERHANG,
    is_ratio,
    limits,
    ratio_limits,
    set_linear_axis,
    set_ratio_axis,
)
from peer_evidence.figures.forest_words import (
    TIE,
    favours_lines,
    favours_places,
    measure_name,
    model_words,
)
from peer_evidence.figures.frames import styled
from peer_evidence.figures.intervals import draw_interval
from peer_evidence.figures.layout import (
    MARGIN,
    Column,
    Panel,
    Sheet,
    headers_height,
    lines_height,
    middle_of_line,
    natural_width,
    open_sheet,
    sheet_width,
    stack,
    wrap,
    write_headers,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, INK, PALE, SMALL_SIZE, plain
from peer_evidence.formatting import count, interval, number
from peer_evidence.sensitivity.rows import Cumulative, LeaveOneOut, Rows

_GAP = 10.0
_PAD = 2.6
_TOLD = 50  # rows that the alt text reads out


def refits_table(r: Rows, *, measure: str | None = None) -> pd.DataFrame:
    """Give the rows that :func:`refits` draws.

    Parameters
    ----------
    r : Cumulative or LeaveOneOut
        The result of :func:`peer_evidence.cumulative` or :func:`peer_evidence.leave_one_out`.
    measure : str, optional
        Code of the effect measure, such as ``"OR"``. Effects of ratios are given on the natural
        scale.

    Returns
    -------
    DataFrame
        One row an analysis: ``label`` (the study added last, or left out), ``k``, ``effect``,
        ``ci_low``, ``ci_high``, ``p_value``, ``tau2`` and ``i2``.

    Raises
    ------
    InputError
        If ``r`` is neither.
    """
    if not isinstance(r, (Cumulative, LeaveOneOut)):
        raise InputError(
            f"r: found {type(r).__name__}, allowed is the result of peer_evidence.cumulative() or "
            "peer_evidence.leave_one_out()"
        )
    table = r.to_frame().reset_index().rename(columns={"estimate": "effect"})
    names = ["effect", "ci_low", "ci_high"]
    if is_ratio(measure or ""):
        table[names] = np.exp(table[names])
    shown: pd.DataFrame = table[["label", "k", *names, "p_value", "tau2", "i2"]]
    return shown


@styled
def refits(
    r: Rows,
    *,
    measure: str | None = None,
    favours: tuple[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the pooled effect as studies are added one by one, or without each of them.

    Every row is a whole analysis, not a study. Rows share most of their studies, so that their
    likeness is no agreement, and looking again after each study is no test.

    Parameters
    ----------
    r : Cumulative or LeaveOneOut
        The result of :func:`peer_evidence.cumulative` or :func:`peer_evidence.leave_one_out`.
    measure : str, optional
        Code of the effect measure, such as ``"OR"``. Ratios are taken to be pooled as logs and
        drawn on a log axis.
    favours : (str, str), optional
        Whom an effect to the left and to the right of the null favours. The name alone:
        the figure writes "favours" before it.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        Its x is the effect on the natural scale; its y is points from the top.

    Raises
    ------
    InputError
        If ``r`` is neither.

    References
    ----------
    Lau, Antman, Jimenez-Silva et al. 1992, New England Journal of Medicine 327:248,
    doi 10.1056/NEJM199207233270406 (cumulative meta-analysis).

    Examples
    --------
    >>> import peer_evidence as pe
    >>> trials = pe.effect_sizes(pe.example("bcg"), "RR")[:3]
    >>> one_by_one = pe.cumulative(pe.meta_analysis(trials, method="FE"))
    >>> ax = pe.figures.refits(one_by_one, measure="RR")
    >>> print(pe.figures.drawn(ax)[0].alt[:99])
    Cumulative forest plot of 3 analyses, Risk ratio; all studies give 0.26. Aronson 1948 added: \
0.41 (
    """
    table = refits_table(r, measure=measure)
    code = measure or ""
    ratio = is_ratio(code)
    plan = _plan(r, table, code, sheet_width(ax))
    ends = (ratio_limits if ratio else limits)(
        *(table[one].dropna().tolist() for one in ("effect", "ci_low", "ci_high"))
    )
    scale = np.log if ratio else float
    low, none, high = (float(scale(one)) for one in (ends[0], 1.0 if ratio else 0.0, ends[1]))
    left, right = plan.panel.left, plan.panel.right
    null = left + (none - low) / (high - low) * (right - left)
    sides = favours_lines(favours, "Favours", (left, right), null, plan.width)
    at_label = plan.panel.bottom + 16 + lines_height(max(map(len, sides)))
    note = wrap(_note(r), plan.width - 2 * MARGIN, SMALL_SIZE)
    at_note = at_label + lines_height(1) + 5
    height = at_note + lines_height(len(note), SMALL_SIZE) + MARGIN
    sheet = open_sheet(ax, plan.width, height, plan.panel)
    (set_ratio_axis if ratio else set_linear_axis)(sheet.ax, *ends, right - left)
    sheet.ax.patch.set_visible(False)
    sheet.ax.axvline(1.0 if ratio else 0.0, color=INK, linewidth=0.6, zorder=1)
    _rows(sheet, plan, table, ends, float(np.exp(r.whole) if ratio else r.whole))
    end, begin = favours_places(sides, null, plan.width)
    sheet.lines(end, plan.panel.bottom + 16, sides[0], align="right")
    sheet.lines(begin, plan.panel.bottom + 16, sides[1])
    title = measure_name(code) + (", log scale" if ratio else "")
    sheet.lines((left + right) / 2, at_label, [title], align="center")
    sheet.lines(MARGIN, at_note, note, size=SMALL_SIZE, color=GREY)
    return attach(sheet.ax, f"{_name(r)} forest plot", _alt(r, table, code), table)


@dataclass(frozen=True, slots=True)
class _Plan:
    width: float
    panel: Panel
    columns: list[Column]
    cells: list[tuple[tuple[str, ...], ...]]  # of each row, column by column
    tops: list[float]
    heights: list[float]


def _plan(r: Rows, table: pd.DataFrame, code: str, width: float) -> _Plan:
    heads = (
        "Study added" if isinstance(r, Cumulative) else "Study left out",
        "Studies",
        "I² (%)",
        f"{measure_name(code)} ({100 * r.level:g}%{TIE}CI)",
    )
    texts = (
        [plain(one) for one in table["label"]],
        [str(one) for one in table["k"]],
        [number(one, 0) for one in table["i2"]],
        [_told(row) for _, row in table.iterrows()],
    )
    label = natural_width([*texts[0], heads[0]], at_most=0.34 * width) + 2
    studies = max(natural_width(heads[1:2], weight="bold"), natural_width(texts[1]))
    i2 = natural_width(heads[2:3], weight="bold")
    effect = max(natural_width(texts[3]), 92.0)
    right = width - MARGIN - effect
    columns = [
        Column("label", heads[0], MARGIN, label),
        Column("k", heads[1], MARGIN + label + _GAP, studies, "right"),
        Column("i2", heads[2], right - _GAP - i2, i2, "right"),
        Column("effect", heads[3], right, effect),
    ]
    cells = [
        (wrap(texts[0][at], label), *((column[at],) for column in texts[1:]))
        for at in range(len(table))
    ]
    top = MARGIN + headers_height(columns)
    heights = [lines_height(len(one[0])) + _PAD for one in cells]
    tops = stack(heights, top + 3)
    start = columns[1].left + studies + _GAP + OVERHANG / 2
    panel = Panel(start, columns[2].left - _GAP - OVERHANG / 2, top, tops[-1] + heights[-1] + 2)
    return _Plan(width, panel, columns, cells, tops, heights)


def _told(row: pd.Series) -> str:
    return f"{number(row['effect'])} ({interval(row['ci_low'], row['ci_high'])})"


def _rows(
    sheet: Sheet, plan: _Plan, table: pd.DataFrame, ends: tuple[float, float], whole: float
) -> None:
    """Write the rows with their marks, and the line of all studies through them."""
    write_headers(sheet, plan.columns, plan.panel.top)
    for at, (cells, top) in enumerate(zip(plan.cells, plan.tops, strict=True)):
        if at % 2 == 0:
            sheet.box(0, top, plan.width, plan.heights[at], facecolor=PALE, zorder=-2)
        for column, lines in zip(plan.columns, cells, strict=True):
            sheet.lines(column.anchor, top + _PAD / 2, lines, align=column.align)
        row = table.iloc[at]
        y = middle_of_line(top + _PAD / 2)
        draw_interval(sheet, row["ci_low"], row["ci_high"], y, ends)
        if ends[0] <= row["effect"] <= ends[1]:
            sheet.ax.plot([row["effect"]], [y], "D", color=BLUE, markersize=3.6, zorder=5)
    if ends[0] <= whole <= ends[1]:
        sheet.ax.plot([whole] * 2, [plan.panel.top, plan.panel.bottom], color=BLUE, linewidth=0.7,
                      linestyle=(0, (1.5, 2)), zorder=0.9)  # fmt: skip


def _name(r: Rows) -> str:
    return "Cumulative" if isinstance(r, Cumulative) else "Leave-one-out"


def _note(r: Rows) -> str:
    part = (
        "Each row pools the studies down to it"
        if isinstance(r, Cumulative)
        else "Each row pools all studies but one"
    )
    return f"{part}. Dotted line: all studies. {model_words(r)}."


def _alt(r: Rows, table: pd.DataFrame, code: str) -> str:
    """Say the figure in words and numbers."""
    added = isinstance(r, Cumulative)
    whole = float(np.exp(r.whole) if is_ratio(code) else r.whole)
    said = [
        f"{plain(row['label'])} {'added' if added else 'left out'}: {_told(row)}."
        for _, row in table.head(_TOLD).iterrows()
    ]
    if len(table) > _TOLD:
        said.append(f"{len(table) - _TOLD} more are in the table.")
    return (
        f"{_name(r)} forest plot of {count(len(table), 'analysis', 'analyses')}, "
        f"{measure_name(code)}; all studies give {number(whole)}. {' '.join(said)}"
    )
