"""Risk of bias domain by domain: what share of the studies, or of the weight, has which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.appraisal.risk_of_bias import RiskOfBias
from peer_evidence.appraisal.tools import NOT_RECORDED, OVERALL, Judgement, Tool
from peer_evidence.figures import bias_marks as marks
from peer_evidence.figures._traffic_light import as_summary
from peer_evidence.figures.frames import sentence_list, styled
from peer_evidence.figures.layout import (
    MARGIN,
    Panel,
    Sheet,
    lines_height,
    middle_of_line,
    natural_width,
    open_sheet,
    sheet_width,
    text_width,
    wrap,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import GREY, INK, SMALL_SIZE
from peer_evidence.formatting import count, per_cent

_BAR = 12.0
_GAP = 6.0
_LABEL = 190.0  # greatest width of the names
_HATCHES = {"blank": "////", "unknown": "....."}


def risk_of_bias_bars_table(
    data: Any, *, weights: Any = None, tool: str | Tool | None = None
) -> pd.DataFrame:
    """Give the shares that :func:`risk_of_bias_bars` draws.

    Parameters
    ----------
    data : RiskOfBias, Evidence or DataFrame
        A summary, or what :func:`peer_evidence.risk_of_bias_summary` makes one of.
    weights : MetaAnalysis, mapping or str, optional
        What a study counts for; see ``RiskOfBias.counts``.
    tool : str or Tool, optional
        Whose judgements, unless a summary is given.

    Returns
    -------
    DataFrame
        ``domain``, ``short``, ``name``, ``judgement``, ``n`` and ``share``, from 0 to 1.
    """
    return as_summary(data, tool).counts(weights)


@styled
def risk_of_bias_bars(
    data: Any, *, weights: Any = None, tool: str | Tool | None = None, ax: Axes | None = None
) -> Axes:
    """Draw what share of the assessments has which judgement, one bar a domain.

    With a meta-analysis as ``weights`` a study counts for its weight there, so that the bars say
    how much of the information is at risk. Either way the figure says which it is. What is not
    recorded is a hatched part at the end of its bar.

    Parameters
    ----------
    data : RiskOfBias, Evidence or DataFrame
        A summary, or what :func:`peer_evidence.risk_of_bias_summary` makes one of.
    weights : MetaAnalysis, mapping or str, optional
        What a study counts for: its weight in a meta-analysis, a number by its name, or
        ``"weight"`` for that column of the table. Each counts as one when left out.
    tool : str or Tool, optional
        Whose judgements, unless a summary is given.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        Its x is the share in per cent.

    Raises
    ------
    InputError
        If a study of the weights is not among those of the summary.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ax = pe.figures.risk_of_bias_bars(pe.load())
    >>> print(pe.figures.drawn(ax)[0].alt.split(". ")[1])
    Share of assessments, each counted once
    """
    summary = as_summary(data, tool)
    table = risk_of_bias_bars_table(summary, weights=weights)
    plan = _plan(summary, table, sheet_width(ax), weights)
    sheet = open_sheet(ax, plan.width, plan.height, plan.panel)
    sheet.ax.set_xlim(0, 100)
    for code, top, told in plan.rows:
        bold = "bold" if code == OVERALL else "normal"
        tall = max(_BAR, lines_height(len(told)))
        sheet.lines(MARGIN, top + (tall - lines_height(len(told))) / 2, told, weight=bold)
        part = table[table["domain"] == code]
        _bar(sheet, plan, summary, part, top + (tall - _BAR) / 2)
    sheet.ax.set_xticks(range(0, 101, 25), [f"{one}%" for one in range(0, 101, 25)])
    sheet.ax.spines["bottom"].set_bounds(0, 100)
    sheet.ax.patch.set_visible(False)
    top = plan.panel.bottom + 15
    sheet.lines((plan.panel.left + plan.panel.right) / 2, top, [plan.title], align="center")
    top += lines_height(1) + 6
    marks.write_key(sheet, plan.key, MARGIN, top, hatches=_HATCHES)
    top += marks.key_height(plan.key) + 2
    sheet.lines(MARGIN, top, plan.note, size=SMALL_SIZE, color=GREY)
    return attach(sheet.ax, "Risk of bias by domain", _alt(summary, table, weights), table)


@dataclass(frozen=True, slots=True)
class _Plan:
    width: float
    height: float
    panel: Panel
    rows: list[tuple[str, float, tuple[str, ...]]]
    key: list[list[Judgement]]
    note: tuple[str, ...]
    title: str


def _unit(weights: Any) -> str:
    if weights is None:
        return "Share of assessments, each counted once"
    if hasattr(weights, "study_table"):
        return "Share of the weight in the meta-analysis"
    return "Share of the weight"


def _plan(summary: RiskOfBias, table: pd.DataFrame, width: float, weights: Any) -> _Plan:
    names = dict(zip(table["domain"], table["name"], strict=True))
    longest = natural_width(list(names.values()))
    label = min(longest, _LABEL, 0.45 * width) + 8
    rows, top = [], MARGIN + 2
    for code, name in names.items():
        told = wrap(name, label - 8, weight="bold" if code == OVERALL else "normal")
        rows.append((code, top, told))
        top += max(_BAR, lines_height(len(told))) + _GAP
    inner = width - 2 * MARGIN - label
    right = width - MARGIN - max(text_width("100%") / 2, _beside_width(table, inner))
    panel = Panel(MARGIN + label, right, MARGIN, top)
    held = set(table.loc[table["share"] > 0, "judgement"])
    shown = [one for one in summary.tool.judgements if one.rank is not None or one.code in held]
    if summary.tool.code == "generic":
        shown = [one for one in shown if one.code in held]
    shown += [summary.look(None)] if NOT_RECORDED in held else []
    key = marks.key_rows(shown, width - 2 * MARGIN)
    note = wrap(_note(summary, weights, held), width - 2 * MARGIN, SMALL_SIZE)
    height = top + 15 + lines_height(1) + 6 + marks.key_height(key) + 2
    height += lines_height(len(note), SMALL_SIZE) + MARGIN
    return _Plan(width, height, panel, rows, key, note, _unit(weights))


def _beside_width(table: pd.DataFrame, inner: float) -> float:
    """Give the width that the numbers of small parts take beside their bars, 0 where none is."""
    beside = 0.0
    for _ in range(4):  # a narrower panel leaves fewer parts room for their numbers
        widest = 0.0
        for _, rows in table[table["share"] > 0].groupby("domain", sort=False):
            own = [text_width(per_cent(one), SMALL_SIZE) + marks.MARK for one in rows["share"]]
            parts = zip(rows["share"], own, strict=True)
            widest = max(widest, sum(wide + 7 for share, wide in parts
                                     if share * (inner - beside) < wide + 8))  # fmt: skip
        wanted = widest + 6 if widest else 0.0
        if wanted <= beside:
            break
        beside = wanted
    return beside


def _note(summary: RiskOfBias, weights: Any, held: set[str]) -> str:
    """Say with which tool, on whom the bars rest, and what the hatches are."""
    tool = summary.tool
    said = f"Judged with {tool.name}" + (f" (version {tool.version}). " if tool.version else ". ")
    said += f"{_whom(summary, weights)}."
    told = {"no_information": "dots: no information", NOT_RECORDED: "hatched: not recorded"}
    shown = [text for code, text in told.items() if code in held]
    if shown:
        text = ", ".join(shown)
        said += f" {text[:1].upper()}{text[1:]}."
    return said


def _whom(summary: RiskOfBias, weights: Any) -> str:
    """Say on how many assessments the bars rest, and of whom there is none."""
    if hasattr(weights, "study_table"):
        names = [str(one) for one in weights.study_table()["label"]]
        judged = sum(place is not None for place in summary.places(names))
        return f"{judged} of {count(len(names), 'study', 'studies')} of the meta-analysis judged"
    said = count(len(summary.table), "assessment")
    if len(summary.unjudged):
        known = summary.studies + len(summary.unjudged)
        said += f"; no such judgement is recorded for {len(summary.unjudged)} of {known} studies"
    return said


def _bar(
    sheet: Sheet, plan: _Plan, summary: RiskOfBias, rows: pd.DataFrame, top: float
) -> None:  # fmt: skip
    """Draw the bar of a domain: its parts from the best judgement to what is not recorded."""
    left = 0.0
    per_point = 100 / (plan.panel.right - plan.panel.left)
    placed = []
    small: list[tuple[float, Judgement, str]] = []  # the number of a small part has no room in it
    for code, share in zip(rows["judgement"], 100 * rows["share"], strict=True):
        if share <= 0:
            continue
        judgement = summary.look(None if code == NOT_RECORDED else code)
        fill, edge, ink = marks.LOOKS[judgement.role]
        sheet.ax.barh(
            top + _BAR / 2, share, _BAR, left, facecolor=fill, linewidth=0.6,
            edgecolor=edge if judgement.role in _HATCHES else INK,
            hatch=_HATCHES.get(judgement.role), zorder=2,
        )  # fmt: skip
        told = per_cent(share / 100)
        room = share / per_point
        if judgement.role in _HATCHES:
            ink = INK
        wide = text_width(told, SMALL_SIZE)
        middle = plan.panel.left + (left + share / 2) / per_point
        if judgement.symbol and room >= wide + marks.MARK + 8:
            start = middle - (wide + marks.MARK + 2) / 2
            placed.append((start + marks.MARK / 2, top + _BAR / 2, judgement))
            _written(sheet, start + marks.MARK + 2, top, told, ink, judgement)
        elif not judgement.symbol and room >= wide + 4:
            _written(sheet, middle - wide / 2, top, told, ink, judgement)
        else:
            if judgement.symbol and room >= marks.MARK + 3:
                placed.append((middle, top + _BAR / 2, judgement))
            small.append((middle, judgement, told))
        left += share
    for x, y, judgement in placed:
        if judgement.role in _HATCHES:
            sheet.box(x - 4, y - _BAR / 2 + 1.5, 8, _BAR - 3, facecolor="white", zorder=3)
    marks.draw_marks(sheet, placed, marks.MARK - 1, on_fill=True)
    _beside(sheet, plan, small, top)


def _beside(
    sheet: Sheet, plan: _Plan, small: list[tuple[float, Judgement, str]], top: float
) -> None:
    """Write the numbers of parts without room for them at the right of the bar, each marked."""
    x = plan.panel.right + 6
    placed = []
    for _, judgement, told in small:
        placed.append((x + marks.MARK / 2, top + _BAR / 2, judgement))
        start = top + (_BAR - lines_height(1, SMALL_SIZE)) / 2
        down = middle_of_line(start, SMALL_SIZE) - (top + _BAR / 2)
        sheet.lines(x + marks.MARK + 2, start - down, [told], size=SMALL_SIZE)
        x += marks.MARK + 2 + text_width(told, SMALL_SIZE) + 5
    marks.draw_marks(sheet, placed, marks.MARK - 1)


def _written(
    sheet: Sheet, x: float, top: float, told: str, ink: str, judgement: Judgement
) -> None:  # fmt: skip
    start = top + (_BAR - lines_height(1, SMALL_SIZE)) / 2
    if judgement.role in _HATCHES:
        sheet.box(x - 1.5, top + 1.5, text_width(told, SMALL_SIZE) + 3, _BAR - 3,
                  facecolor="white", zorder=3)  # fmt: skip
    down = middle_of_line(start, SMALL_SIZE) - (top + _BAR / 2)
    sheet.lines(x, start - down, [told], size=SMALL_SIZE, color=ink, zorder=6)


def _alt(summary: RiskOfBias, table: pd.DataFrame, weights: Any) -> str:
    parts = [
        f"Bar chart of risk of bias with {summary.tool.name}. {_unit(weights)}. "
        f"{_whom(summary, weights)}."
    ]
    for (short, name), rows in table[table["share"] > 0].groupby(["short", "name"], sort=False):
        held = [
            f"{per_cent(share)} {summary.look(None if code == NOT_RECORDED else code).name.lower()}"
            for code, share in zip(rows["judgement"], rows["share"], strict=True)
        ]
        head = name if name == "Overall" else f"{short} {name}"
        parts.append(f"{head}: {sentence_list(held)}.")
    return " ".join(parts)
