"""The PRISMA 2020 flow diagram: only the boxes that have counts, as the template sets them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from peer_evidence.appraisal.flow import Flow
from peer_evidence.appraisal.flow import flow as read_flow
from peer_evidence.figures.frames import styled
from peer_evidence.figures.layout import (
    MARGIN,
    Sheet,
    lines_height,
    open_sheet,
    sheet_width,
    text_width,
    wrap,
)
from peer_evidence.figures.prisma_words import PLACES, TIE, Entry, entries_of
from peer_evidence.figures.saving import annotate, attach
from peer_evidence.figures.style import BLUE, INK, SMALL_SIZE, plain

_PAD = 5.0  # inside a box
_BETWEEN = 13.0  # between columns, room for an arrow
_DOWN = 15.0  # between rows
_STRIP = 15.0  # the names of the phases
_INDENT = 7.0
_SHARES = {"previous": 0.8, "main": 1.0, "out": 1.0, "other": 1.0, "other_out": 1.0}
_PHASES = (("Identification", 0, 0), ("Screening", 1, 3), ("Included", 4, 6))
_HEADINGS = {
    "previous": "Previous studies",
    "main": "Identification of studies via databases and registers",
    "other": "Identification of studies via other methods",
}
_FILL = "#E3EEF6"  # of headings and phases


def prisma_table(counts: Any) -> pd.DataFrame:
    """Give the boxes that :func:`prisma` draws.

    Parameters
    ----------
    counts : Flow, str, Path, Evidence, DataFrame or mapping
        A flow, or what :func:`peer_evidence.flow` makes one of.

    Returns
    -------
    DataFrame
        ``place`` in the template, ``text``, ``note`` and ``link`` of every line.

    Examples
    --------
    >>> print(prisma_table({"records_screened": 100, "new_studies": 5})["text"].tolist())
    ['Records screened (n = 100)', 'Studies included in review (n = 5)']
    """
    rows = [
        {"place": place, "text": one.text.replace(TIE, " "), "note": one.note, "link": one.link}
        for place, entries in entries_of(_as_flow(counts)).items()
        for one in entries
    ]
    return pd.DataFrame(rows, columns=["place", "text", "note", "link"])


def _as_flow(counts: Any) -> Flow:
    return counts if isinstance(counts, Flow) else read_flow(counts)


@styled
def prisma(counts: Any, *, ax: Axes | None = None) -> Axes:
    """Draw the flow of studies through a review, as the template of PRISMA 2020 has it.

    Boxes without counts are left out, and so are the columns of previous studies and of other
    methods. In SVG every line that has a note shows it as a tooltip, and one with a link leads
    there.

    Parameters
    ----------
    counts : Flow, str, Path, Evidence, DataFrame or mapping
        A flow, or what :func:`peer_evidence.flow` makes one of.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        In points from the top left corner.

    Raises
    ------
    RecordsError
        If the counts do not add up; see :func:`peer_evidence.flow`.

    References
    ----------
    Page and others 2021, BMJ 372:n71, doi 10.1136/bmj.n71.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ax = pe.figures.prisma({"records_screened": 100, "new_studies": 5})  # invented
    >>> pe.figures.drawn(ax)[0].title
    'PRISMA 2020 flow diagram'
    """
    flow = _as_flow(counts)
    plan = _plan(entries_of(flow), sheet_width(ax))
    sheet = open_sheet(ax, plan.width, plan.height)
    for text, box in plan.bars:
        _bar(sheet, text, box, upright=box.x == MARGIN)
    _arrows(sheet, plan.boxes)
    for one in plan.boxes.values():
        _draw(sheet, one)
    table = prisma_table(flow)
    return attach(sheet.ax, "PRISMA 2020 flow diagram", _alt(flow, table), table)


@dataclass(frozen=True, slots=True)
class _Box:
    """A box where it stands, with its wrapped lines."""

    x: float
    y: float
    width: float
    height: float
    lines: tuple[tuple[Entry, tuple[str, ...]], ...] = ()

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class _Plan:
    width: float
    height: float
    boxes: dict[str, _Box]
    bars: list[tuple[str, _Box]]


def _plan(entries: dict[str, list[Entry]], width: float) -> _Plan:
    """Measure the diagram: columns that are used, rows as high as their highest box."""
    used = [one for one in _SHARES if any(PLACES[place][0] == one for place in entries)]
    left = MARGIN + _STRIP + 6
    room = width - MARGIN - left - _BETWEEN * (len(used) - 1)
    total = sum(_SHARES[one] for one in used)
    columns: dict[str, tuple[float, float]] = {}
    x = left
    for one in used:
        wide = min(room * _SHARES[one] / total, 236.0)
        columns[one] = (x, wide)
        x += wide + _BETWEEN
    boxes = {place: _measure(found, columns[PLACES[place][0]]) for place, found in entries.items()}
    bars, top = _headings(columns)
    heights: dict[int, float] = {}
    for place, box in boxes.items():
        row = PLACES[place][1]
        heights[row] = max(heights.get(row, 0.0), box.height)
    for name, first, last in _PHASES:  # high enough for the name of the phase
        own = [row for row in heights if first <= row <= last]
        if own:
            held = sum(heights[row] for row in own) + _DOWN * (len(own) - 1)
            wanted = text_width(name, SMALL_SIZE, "bold") + 10
            for row in own:
                heights[row] += max(wanted - held, 0.0) / len(own)
    tops: dict[int, float] = {}
    for row in sorted(heights):
        tops[row] = top
        top += heights[row] + _DOWN
    for place, box in boxes.items():
        row = PLACES[place][1]
        y = tops[row] + (heights[row] - box.height) / 2
        boxes[place] = replace(box, y=y)
    for name, first, last in _PHASES:
        own = sorted(row for row in heights if first <= row <= last)
        if own:
            high = tops[own[-1]] + heights[own[-1]] - tops[own[0]]
            bars.append((name, _Box(MARGIN, tops[own[0]], _STRIP, high)))
    return _Plan(width, top - _DOWN + MARGIN, boxes, bars)


def _measure(entries: list[Entry], column: tuple[float, float]) -> _Box:
    """Wrap the lines of a box and give its height."""
    left, wide = column
    lines = tuple(
        (one, wrap(plain(one.text), wide - 2 * _PAD - _INDENT * one.depth, SMALL_SIZE))
        for one in entries
    )
    high = sum(lines_height(len(told), SMALL_SIZE) for _, told in lines)
    return _Box(left, 0.0, wide, high + 2 * _PAD - 1, lines)


def _headings(columns: dict[str, tuple[float, float]]) -> tuple[list[tuple[str, _Box]], float]:
    """Set the headings over their columns, all as high as the highest; give where rows begin."""
    found = []
    for name, text in _HEADINGS.items():
        own = [columns[one] for one in (name, {"main": "out", "other": "other_out"}.get(name, ""))
               if one in columns]  # fmt: skip
        if name in columns or own:
            if "previous" in columns and name == "main":
                text = text.replace("studies", "new studies")
            if "previous" in columns and name == "other":
                text = text.replace("studies", "new studies")
            left, right = own[0][0], own[-1][0] + own[-1][1]
            told = len(wrap(text, right - left - 2 * _PAD, SMALL_SIZE, "bold"))
            found.append((text, left, right, told))
    high = lines_height(max((told for *_, told in found), default=1), SMALL_SIZE) + 7
    bars = [(text, _Box(left, MARGIN, right - left, high)) for text, left, right, _ in found]
    return bars, MARGIN + high + _DOWN * 0.7


def _bar(sheet: Sheet, text: str, box: _Box, *, upright: bool) -> None:
    """Draw a heading, or the name of a phase from bottom to top."""
    sheet.box(box.x, box.y, box.width, box.height, facecolor=_FILL, edgecolor=BLUE, linewidth=0.6)
    x, y = box.middle
    if upright:
        sheet.text(x + SMALL_SIZE * 0.35, y, text, align="center", size=SMALL_SIZE, weight="bold",
                   rotation=90)  # fmt: skip
        return
    told = wrap(text, box.width - 2 * _PAD, SMALL_SIZE, "bold")
    top = y - lines_height(len(told), SMALL_SIZE) / 2 - 0.5
    sheet.lines(x, top, told, align="center", size=SMALL_SIZE, weight="bold")


def _draw(sheet: Sheet, box: _Box) -> None:
    """Draw a box with its lines; over each line that has a note or link a part to point at."""
    sheet.box(box.x, box.y, box.width, box.height, facecolor="white", edgecolor=INK,
              linewidth=0.7, zorder=2)  # fmt: skip
    y = box.y + _PAD - 0.5
    for entry, told in box.lines:
        x = box.x + _PAD + _INDENT * entry.depth
        sheet.lines(x, y, told, size=SMALL_SIZE, color=BLUE if entry.link else INK)
        high = lines_height(len(told), SMALL_SIZE)
        if entry.note or entry.link:
            over = Rectangle((box.x, y), box.width, high, transform=sheet.to_figure, alpha=0.0,
                             facecolor="white", linewidth=0, zorder=9, clip_on=False)  # fmt: skip
            sheet.ax.add_artist(over)
            annotate(sheet.ax, over, plain(entry.note or entry.text), entry.link)
        y += high


def _arrows(sheet: Sheet, boxes: dict[str, _Box]) -> None:
    """Draw the arrows between the boxes that are there, as the template has them."""
    for column in ("main", "other"):
        own = [boxes[place] for place, where in PLACES.items()
               if where[0] == column and place in boxes]  # fmt: skip
        for one, other in pairwise(own):
            _arrow(sheet, [(one.middle[0], one.bottom), (one.middle[0], other.y)])
    pairs = (
        ("identified", "removed"), ("screened", "screened_out"), ("sought", "not_retrieved"),
        ("assessed", "excluded"), ("other_sought", "other_not_retrieved"),
        ("other_assessed", "other_excluded"),
    )  # fmt: skip
    for place, beside in pairs:
        if place in boxes and beside in boxes:
            one, other = boxes[place], boxes[beside]
            _arrow(sheet, [(one.right, one.middle[1]), (other.x, one.middle[1])])
    included = next((boxes[one] for one in ("new", "total", "meta_analysis") if one in boxes), None)
    last = next((boxes[one] for one in ("other_assessed", "other_sought", "other") if one in boxes),
                None)  # fmt: skip
    if last and included:
        down = (last.middle[0], included.middle[1])
        _arrow(sheet, [(last.middle[0], last.bottom), down, (included.right, included.middle[1])])
    if "previous" in boxes and "total" in boxes:
        one, other = boxes["previous"], boxes["total"]
        x, y = one.middle[0], other.middle[1]
        _arrow(sheet, [(x, one.bottom), (x, y), (other.x, y)])


def _arrow(sheet: Sheet, points: list[tuple[float, float]]) -> None:
    """Draw a line through points with a head at its end."""
    (x0, y0), (x1, y1) = points[-2:]
    mark = (">" if x1 > x0 else "<") if y0 == y1 else "v"
    back = 2.4
    end = (x1 - back if x1 > x0 else x1 + back, y1) if y0 == y1 else (x1, y1 - back)
    path = [*points[:-1], end]
    sheet.line([x for x, _ in path], [y for _, y in path], color=INK, linewidth=0.8, zorder=1,
               solid_joinstyle="miter")  # fmt: skip
    sheet.mark(*end, mark, size=4.2, fill=INK, linewidth=0.0, zorder=3)


def _alt(flow: Flow, table: pd.DataFrame) -> str:
    """Say the boxes in the order of the flow, then what may not add up."""
    parts = ["PRISMA 2020 flow diagram."]
    for _, rows in table.groupby("place", sort=False):
        told = " ".join(f"{text.rstrip(':')}," if not text.endswith(":") else text
                        for text in rows["text"])  # fmt: skip
        parts.append(f"{told.rstrip(',')}.")
    parts += [f"To look at: {one.rule}, found {one.found}." for one in flow.warnings]
    return " ".join(parts)
