"""The forest plot: every study with its arms, effect and weight, then what they say together."""

from __future__ import annotations

from math import isnan, sqrt
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from peer_evidence.checks import check_choice
from peer_evidence.errors import InputError
from peer_evidence.figures import forest_rows as rows_of
from peer_evidence.figures.axes import (
    is_ratio,
    limits,
    ratio_limits,
    set_linear_axis,
    set_ratio_axis,
)
from peer_evidence.figures.bias_marks import write_key
from peer_evidence.figures.forest_bias import alt_of_bias, as_bias, draw_bias, plan_bias
from peer_evidence.figures.forest_columns import (
    PRESETS,
    ForestRow,
    Layout,
    Plan,
    plan_forest,
)
from peer_evidence.figures.forest_rows import CAUTIOUS, forest_table
from peer_evidence.figures.forest_words import (
    alt_text,
    cautious_name,
    favours_places,
    foot_lines,
    measure_name,
)
from peer_evidence.figures.frames import Labels, styled
from peer_evidence.figures.intervals import draw_interval
from peer_evidence.figures.layout import (
    MARGIN,
    Sheet,
    lines_height,
    middle_of_line,
    natural_width,
    open_sheet,
    sheet_width,
    text_width,
    wrap,
    write_headers,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, INK, RULE, SMALL_SIZE

__all__ = ["forest", "forest_table"]

_LARGEST = 8.0  # side of the largest square, in points
_DIAMOND = 3.8  # half its height
_NO_ARMS = "The numbers of each arm are left out here for want of room; the table has them."


@styled
def forest(
    m: Any,
    *,
    data: pd.DataFrame | None = None,
    layout: Literal["bmj", "jama", "revman"] = "bmj",
    measure: str | None = None,
    intervention: str = "Intervention",
    comparison: str = "Comparison",
    favours: tuple[str, str] | None = None,
    sort: Literal["given", "effect", "weight"] = "given",
    xlim: tuple[float, float] | None = None,
    labels: Labels = None,
    aligned: bool | None = None,
    risk_of_bias: Any = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a meta-analysis: studies, subgroups, pooled effect, prediction interval.

    Under the diamond of each of several pools is its more cautious interval, which never
    stretches the axis.

    Parameters
    ----------
    m : MetaAnalysis, Subgroups or Pools
        The result to show.
    data : DataFrame, optional
        The summary data by arm; see :func:`forest_table`.
    layout : {"bmj", "jama", "revman"}
        Whose order of columns and way of writing to follow.
    measure : str, optional
        Code of the effect measure, such as ``"OR"``; that of the result when left out. Ratios are
        taken to be pooled as logs and drawn on a log axis.
    intervention, comparison : str
        Headings of the arms.
    favours : (str, str), optional
        Whom an effect to the left and to the right of the null favours. The name alone:
        the figure writes "favours" before it.
    sort : {"given", "effect", "weight"}
        Order of the studies, within their subgroup.
    xlim : (float, float), optional
        The ends of the axis, on the natural scale. Intervals beyond them become arrows.
    labels : mapping, optional
        Code to label: of a group, or of any part of the key of one of the pools.
    aligned : bool, optional
        Whether effects were turned to favour the intervention when positive, which is then said;
        true of pools when left out.
    risk_of_bias : Evidence, DataFrame or RiskOfBias, optional
        Judgements to draw beside the studies: the records, a table of judgements, or a summary
        that :func:`peer_evidence.risk_of_bias_summary` made of them. A study of the records that
        was not judged has a blank; one that is not known is an error.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        Its x is the effect on the natural scale; its y is points from the top.

    Raises
    ------
    InputError
        If ``m`` is no meta-analysis, or the data or the ends of the axis do not fit it.
    """
    preset = PRESETS[check_choice("layout", layout, list(PRESETS))]
    if risk_of_bias is not None:
        risk_of_bias = as_bias(risk_of_bias)
    table = forest_table(
        m, data=data, measure=measure, sort=sort, labels=labels, risk_of_bias=risk_of_bias
    )
    overall = rows_of.model_of(m)
    code = rows_of.measure_of(m if hasattr(m, "measure") else overall, measure)
    ends = _ends(table, code, xlim)
    width = sheet_width(ax)
    bias = None if risk_of_bias is None else plan_bias(table, risk_of_bias, width)
    plan = plan_forest(
        table,
        preset,
        (intervention, comparison),
        code,
        overall.level,
        width,
        favours,
        _null_place(ends, code),
        _capital(cautious_name(m)),
        bias.width if bias else 0.0,
    )
    whom = _whom(m, aligned, favours, intervention)
    foot = foot_lines(m, table, code, width - 2 * MARGIN, whom) + (bias.foot if bias else ())
    if plan.without_arms:
        foot += wrap(_NO_ARMS, width - 2 * MARGIN, SMALL_SIZE)
    under = 0 if preset.favours_on_top else lines_height(max(map(len, plan.favours))) + 1
    below = 16 + under + lines_height(1) + 5
    height = plan.panel.bottom + below + lines_height(len(foot), SMALL_SIZE) + MARGIN
    height += bias.key_height if bias else 0.0
    sheet = open_sheet(ax, plan.width, height, plan.panel)
    ticks = _axis(sheet, code, ends, plan)
    _headings(sheet, plan)
    for row in plan.rows:
        _write(sheet, row, plan)
    _marks(sheet, plan, table, ends, code)
    _favours(sheet, plan, preset)
    _foot(sheet, plan, foot, 16 + under, measure_name(code) + (", log scale" if ticks else ""))
    alt = alt_text(m, table, code, favours, whom)
    if bias:
        draw_bias(sheet, plan, bias, table)
        write_key(sheet, bias.key, MARGIN, height - MARGIN - bias.key_height + 4)
        alt += f" {alt_of_bias(table, bias)}"
    return attach(sheet.ax, "Forest plot", alt, table)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _whom(
    m: Any, aligned: bool | None, favours: tuple[str, str] | None, intervention: str
) -> str | None:
    """Name the side that effects were turned to favour, if they were."""
    if aligned is None:
        aligned = rows_of.is_apart(m) and hasattr(m, "intervention")
    if not aligned:
        return None
    return favours[1] if favours else str(getattr(m, "intervention", intervention))


def _ends(table: pd.DataFrame, code: str, xlim: tuple[float, float] | None) -> tuple[float, float]:
    """Give the ends of the axis, on the natural scale."""
    if xlim is not None:
        low, high = xlim
        if not low < high or (is_ratio(code) and low <= 0):
            rule = "above 0 and " if is_ratio(code) else ""
            raise InputError(
                f"xlim: found {xlim!r}, allowed are two numbers, {rule}the lower first"
            )
        return float(low), float(high)
    shown = table[table["effect"].notna()]
    finite = shown[np.isfinite(shown[["effect", "ci_low", "ci_high"]].astype(float)).all(axis=1)]
    if finite.empty:
        raise InputError("m: no study has an effect with an interval, so there is nothing to draw")
    values = [[float(one) for one in finite[name]] for name in ("effect", "ci_low", "ci_high")]
    if CAUTIOUS[0] not in table.columns:
        for name in ("pi_low", "pi_high"):
            values[1] += [float(one) for one in shown[name].dropna()]
    if is_ratio(code):
        return ratio_limits(*values)
    return limits(*values)


def _null_place(ends: tuple[float, float], code: str) -> float:
    """Give where along the axis the null is, as a share of its length."""
    null = 1.0 if is_ratio(code) else 0.0
    scale = np.log if is_ratio(code) else float
    low, at, high = (float(scale(value)) for value in (ends[0], null, ends[1]))
    return min(max((at - low) / (high - low), 0.0), 1.0)


def _axis(sheet: Sheet, code: str, ends: tuple[float, float], plan: Plan) -> bool:
    """Set the axis with its ticks and the line of no effect; tell whether it is logarithmic."""
    width = plan.panel.right - plan.panel.left
    null = 1.0 if is_ratio(code) else 0.0
    (set_ratio_axis if is_ratio(code) else set_linear_axis)(sheet.ax, *ends, width)
    if ends[0] <= null <= ends[1]:
        sheet.ax.axvline(null, color=INK, linewidth=0.6, zorder=1)
    sheet.ax.patch.set_visible(False)
    return is_ratio(code)


def _headings(sheet: Sheet, plan: Plan) -> None:
    write_headers(sheet, list(plan.columns.values()), plan.panel.top - 4)
    sheet.line([MARGIN, plan.width - MARGIN], [plan.panel.top - 2] * 2, color=INK)
    for text, left, right in plan.spans:
        top = plan.span_top
        sheet.lines((left + right) / 2, top, text, align="center", weight="bold")
        y = top + lines_height(len(text)) + 1
        sheet.line([left, right], [y, y], color=RULE)


def _write(sheet: Sheet, row: ForestRow, plan: Plan) -> None:
    """Write the texts of a row."""
    bold = "bold" if row.kind in {"subgroup", "total"} else "normal"
    if row.kind == "total":
        sheet.line([MARGIN, plan.panel.left - 6], [row.top - 0.5] * 2, color=RULE)
    for key, lines in row.cells.items():
        if key == "note":
            end = MARGIN + natural_width(lines, SMALL_SIZE) + 2
            if end > plan.null:  # the line of no effect does not cross a text
                sheet.box(MARGIN, row.top, end - MARGIN, row.height, facecolor="white", zorder=1.5)
            sheet.lines(MARGIN, row.text_top, lines, size=SMALL_SIZE, color=GREY)
            continue
        column = plan.columns[key]
        inset = row.inset if key == "label" else 0.0
        sheet.lines(column.anchor + inset, row.text_top, lines, align=column.align, weight=bold)


def _marks(
    sheet: Sheet, plan: Plan, table: pd.DataFrame, ends: tuple[float, float], code: str
) -> None:
    """Draw squares with intervals, diamonds and prediction intervals, and the pooled line."""
    studies = table[table["kind"] == "study"]
    heaviest = float(studies["weight"].max())
    places: list[tuple[float, float, float]] = []
    for row in plan.rows:
        if row.source is None:
            continue
        values = table.iloc[row.source]
        y = middle_of_line(row.text_top)
        if row.kind == "study" and not isnan(values["effect"]):
            draw_interval(sheet, values["ci_low"], values["ci_high"], y, ends)
            if ends[0] <= values["effect"] <= ends[1]:
                side = _LARGEST * sqrt(max(values["weight"], 0) / heaviest)
                places.append((values["effect"], y, side**2))
        elif row.kind in {"subtotal", "total"}:
            _diamond(sheet, values, y, ends, row.kind)
        elif row.kind == "prediction":
            draw_interval(sheet, values["pi_low"], values["pi_high"], y, ends, width=1.4, cap=5)
        elif row.kind == "cautious":
            low, high = (values[one] for one in CAUTIOUS)
            draw_interval(sheet, low, high, y, ends, width=0.7, cap=3.5, color=BLUE)
    if places:
        xs, ys, areas = zip(*places, strict=True)
        sheet.ax.scatter(
            xs, ys, s=areas, marker="s", color=BLUE, linewidths=0, zorder=3, clip_on=False
        )
    totals = table[table["kind"] == "total"]
    if not totals.empty and ends[0] <= totals["effect"].iloc[0] <= ends[1]:
        last = max(row.text_top for row in plan.rows if row.kind == "total")
        sheet.ax.plot(
            [totals["effect"].iloc[0]] * 2,
            [plan.panel.top, middle_of_line(last)],
            color=BLUE,
            linewidth=0.7,
            linestyle=(0, (1.5, 2)),
            zorder=0.9,
        )


def _diamond(
    sheet: Sheet, values: pd.Series, y: float, ends: tuple[float, float], kind: str
) -> None:
    xs = [min(max(values[one], ends[0]), ends[1]) for one in ("ci_low", "effect", "ci_high")]
    corners = [(xs[0], y), (xs[1], y - _DIAMOND), (xs[2], y), (xs[1], y + _DIAMOND)]
    fill = BLUE if kind == "total" else "white"
    sheet.ax.add_patch(
        Polygon(corners, closed=True, facecolor=fill, edgecolor=BLUE, linewidth=0.9, zorder=3)
    )


def _favours(sheet: Sheet, plan: Plan, preset: Layout) -> None:
    """Write on each side of the null whom it favours."""
    top = plan.span_top if preset.favours_on_top else plan.panel.bottom + 16
    end, begin = favours_places(plan.favours, plan.null, plan.width)
    sheet.lines(end, top, plan.favours[0], align="right")
    sheet.lines(begin, top, plan.favours[1])


def _foot(sheet: Sheet, plan: Plan, foot: tuple[str, ...], down: float, title: str) -> None:
    top = plan.panel.bottom + down
    middle = (plan.panel.left + plan.panel.right) / 2
    half = text_width(title) / 2
    middle = min(middle, plan.width - MARGIN - half)
    sheet.lines(middle, top, [title], align="center")
    sheet.lines(MARGIN, top + lines_height(1) + 5, foot, size=SMALL_SIZE, color=GREY)
