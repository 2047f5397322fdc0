"""Which review includes which study: the citation matrix behind an overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.appraisal.overlap import Overlap
from peer_evidence.errors import InputError
from peer_evidence.figures.frames import styled
from peer_evidence.figures.key import PITCH, Entry, key_lines, write_key
from peer_evidence.figures.layout import (
    MARGIN,
    Sheet,
    lines_height,
    natural_width,
    open_sheet,
    stack,
    text_width,
    wrap,
)
from peer_evidence.figures.of_reviews import FEW, check_overlap, check_room, width_for
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import (
    BLUE,
    GREY,
    PALE,
    RULE,
    SMALL_SIZE,
)
from peer_evidence.formatting import count, short_label

MOST = 28  # reviews whose upright headings stand side by side
_ROW = 10.8  # points from study to study
_TOTAL = 30.0
_HEAD = 130.0  # the longest line of a heading, in points, unless one needs more
_HIGHEST = 280.0
_WIDEST = 34.0
_MARKS = {
    "confirmed": Entry("included", "s", BLUE, BLUE, 6.0),
    "candidate": Entry("candidate, not seen in the review", "D", BLUE, None, 5.0),
    "impossible": Entry("study of a later year than the search", "_", GREY, None, 6.0),
}


def citation_matrix_table(o: Overlap) -> pd.DataFrame:
    """Give the cells of the matrix, one a row.

    Parameters
    ----------
    o : Overlap
        The result of :func:`peer_evidence.overlap`.

    Returns
    -------
    DataFrame
        ``study``, ``study_label``, ``review``, ``mark``: ``confirmed``, ``candidate``,
        ``impossible`` (a study of a later year than the search), or empty: not included.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> cells = pe.figures.citation_matrix_table(pe.overlap(pe.load()))
    >>> (cells["mark"] == "confirmed").sum().item()
    33
    """
    check_overlap(o)
    if not o.reviews:
        raise InputError("o: no review has a study, so there is no matrix")
    cells = o.citations
    mark = cells["status"].where(~cells["impossible"], "impossible")
    labels = cells["study"].map(o.study_labels)
    return pd.DataFrame(
        {"study": cells["study"], "study_label": labels, "review": cells["review"], "mark": mark}
    )


@styled
def citation_matrix(o: Overlap, *, ax: Axes | None = None) -> Axes:
    """Draw which review includes which study, studies and reviews in the order of their years.

    Parameters
    ----------
    o : Overlap
        The result of :func:`peer_evidence.overlap`, of up to 28 reviews.
    ax : Axes, optional
        Where to draw; a new figure of 85 mm for up to 5 reviews, else 176 mm, when left out.
        About 55 studies with short labels fit a page.

    Returns
    -------
    Axes
        Its coordinates are points from the top left corner.

    Raises
    ------
    InputError
        If no review has a study, or more than 28 have.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ax = pe.figures.citation_matrix(pe.overlap(pe.load()))
    >>> pe.figures.drawn(ax)[0].alt[:52]
    'Grid of 24 studies by 8 reviews, 33 cells filled. Si'
    """
    table = citation_matrix_table(o)
    check_room(o, MOST, "matrix")
    plan = _plan(o, table, width_for(o, ax))
    sheet = open_sheet(ax, plan.width, plan.height)
    _headings(sheet, plan)
    _rows(sheet, plan, table)
    write_key(sheet, plan.key, MARGIN, plan.at_key)
    sheet.lines(MARGIN, plan.at_note, plan.note, size=SMALL_SIZE, color=GREY)
    return attach(sheet.ax, "Citation matrix", _alt(o, table), table)


@dataclass(frozen=True, slots=True)
class _Plan:
    width: float
    height: float
    left: float
    pitch: float
    heads: list[tuple[str, ...]]
    totals: list[str]
    labels: list[tuple[str, ...]]
    tops: list[float]
    heights: list[float]
    key: list[list[Entry]]
    at_key: float
    note: tuple[str, ...]
    at_note: float

    @property
    def bottom(self) -> float:
        """The lower edge of the last row."""
        return self.tops[-1] + self.heights[-1]

    def middle(self, review: int) -> float:
        """Where the column of a review has its middle."""
        return self.left + (review + 0.5) * self.pitch


def _plan(o: Overlap, table: pd.DataFrame, width: float) -> _Plan:
    labels = [short_label(str(one)) for one in table["study_label"].iloc[:: o.reviews]]
    label_width = natural_width(labels, at_most=(0.45 if o.reviews <= FEW else 0.32) * width)
    left = MARGIN + label_width + 8
    pitch = min(_WIDEST, (width - MARGIN - _TOTAL - left) / o.reviews)
    room = max(int(pitch // lines_height(1)), 1)
    heads = _headings_within([short_label(str(label)) for label in o.members["label"]], room)
    head = natural_width([line for lines in heads for line in lines])
    top = MARGIN + 1.02 * head + 5  # a screen draws letters on whole points, a little wider
    wrapped = [wrap(text, label_width) for text in labels]
    heights = [max(_ROW, lines_height(len(lines)) + 1) for lines in wrapped]
    tops = stack(heights, top)
    counted = zip(o.members["counted"], o.members["stated"], strict=True)
    totals = [f"{n}" if pd.isna(of) else f"{n}/{int(of)}" for n, of in counted]
    shown = [entry for mark, entry in _MARKS.items() if (table["mark"] == mark).any()]
    key = key_lines(shown, width - 2 * MARGIN)
    at_key = tops[-1] + heights[-1] + lines_height(1) + 8
    if natural_width(totals, SMALL_SIZE) > pitch - 2:
        totals = [text.partition("/")[0] for text in totals]
    note = wrap(_note(o, totals), width - 2 * MARGIN, SMALL_SIZE)
    at_note = at_key + PITCH * len(key) + 2
    height = at_note + lines_height(len(note), SMALL_SIZE) + MARGIN
    return _Plan(
        width,
        height,
        left,
        pitch,
        heads,
        totals,
        wrapped,
        tops,
        heights,
        key,
        at_key,
        note,
        at_note,
    )


def _headings_within(labels: list[str], room: int) -> list[tuple[str, ...]]:
    """Break headings into as many upright lines as fit side by side, as high as that takes.

    Only what would take more than a third of a page is cut.
    """
    high = _HEAD
    while high < _HIGHEST and any(len(wrap(label, high)) > room for label in labels):
        high += 10.0
    return [_heading(label, high, room) for label in labels]


def _heading(label: str, high: float, room: int) -> tuple[str, ...]:
    lines = wrap(label, high)
    if len(lines) <= room:
        return lines
    last = lines[room - 1]
    while last and text_width(last + "…") > high:
        last = last[:-1]
    return (*lines[: room - 1], f"{last}…")


def _note(o: Overlap, totals: list[str]) -> str:
    parts = ["Right: in how many of these reviews a study is. Below: studies shown"]
    parts[0] += " of the number that the review states." if "/" in "".join(totals) else "."
    if o.without:
        parts.append(f"{count(len(o.without), 'review')} without a study counted not shown.")
    return " ".join(parts)


def _headings(sheet: Sheet, plan: _Plan) -> None:
    for at, lines in enumerate(plan.heads):
        first = plan.middle(at) + 2.8 - (len(lines) - 1) * lines_height(1) / 2
        for number, line in enumerate(lines):
            x = first + number * lines_height(1)
            sheet.text(x, plan.tops[0] - 4, line, rotation=90)
    right = plan.left + len(plan.heads) * plan.pitch + _TOTAL - 4
    sheet.text(right, plan.tops[0] - 4, "Reviews", rotation=90, color=GREY)


def _rows(sheet: Sheet, plan: _Plan, table: pd.DataFrame) -> None:
    many = len(plan.heads)
    right = plan.left + many * plan.pitch
    marks = table["mark"].to_numpy().reshape(-1, many)
    for at, (lines, top, height) in enumerate(
        zip(plan.labels, plan.tops, plan.heights, strict=True)
    ):
        if at % 2 == 0:
            sheet.box(MARGIN, top, right + _TOTAL - MARGIN, height, facecolor=PALE)
        sheet.lines(MARGIN, top + (height - lines_height(len(lines))) / 2, lines)
        middle = top + height / 2
        for review, word in enumerate(marks[at]):
            _mark(sheet, plan.middle(review), middle, str(word))
        members = sum(word in {"confirmed", "candidate"} for word in marks[at])
        sheet.text(right + _TOTAL - 4, middle + 2.8, str(members), align="right")
    sheet.line([MARGIN, right + _TOTAL], [plan.bottom] * 2, color=RULE)
    for review, text in enumerate(plan.totals):
        sheet.text(plan.middle(review), plan.bottom + 9, text, align="center", size=SMALL_SIZE)


def _mark(sheet: Sheet, x: float, y: float, word: str) -> None:
    if word in _MARKS:
        entry = _MARKS[word]
        sheet.mark(x, y, entry.mark, size=entry.size, color=entry.color, fill=entry.fill)


def _alt(o: Overlap, table: pd.DataFrame) -> str:
    filled = table[table["mark"].isin(["confirmed", "candidate"])]
    parts: list[Any] = []
    for key, label in zip(o.members.index, o.members["label"], strict=True):
        of = filled.loc[filled["review"] == key, "study_label"]
        names = ", ".join(short_label(str(one)) for one in of[:12])
        more = f" and {len(of) - 12} more" if len(of) > 12 else ""
        parts.append(f"{short_label(str(label))}: {names}{more}")
    return (
        f"Grid of {count(o.studies, 'study', 'studies')} by {count(o.reviews, 'review')}, "
        f"{count(o.inclusions, 'cell')} filled. {'. '.join(parts)}."
    )
