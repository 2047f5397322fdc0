"""Where studies are and where there are none: a map of the records, gaps in sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.checks import check_choice, check_evidence
from peer_evidence.errors import InputError
from peer_evidence.figures.frames import Labels, check_labels, labelled, styled
from peer_evidence.figures.layout import (
    MARGIN,
    Column,
    Sheet,
    lines_height,
    natural_width,
    open_sheet,
    sheet_width,
    stack,
    text_width,
    widest_word,
    wrap,
    write_headers,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, MIDDLE, PALE, SMALL_SIZE
from peer_evidence.formatting import count, words
from peer_evidence.records.evidence import Evidence

_ROW = 20.0  # points from row to row
_LARGEST = 8.5  # radius of the largest circle, in points
_ALL = 30.0  # width of the column of totals
_TOTAL = "total"
_AREA = "Area: studies"


def evidence_map_table(
    ev: Evidence,
    *,
    rows: str = "domain",
    columns: str = "initiative_type",
    contrasts: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Count the distinct studies in each cell of the map, with totals that count each study once.

    Parameters
    ----------
    ev : Evidence
        The records.
    rows, columns : str
        Columns of outcomes or studies whose words make the rows and the columns of the map.
    contrasts : sequence of str, optional
        Keep results of these kinds of contrast only; all when left out.

    Returns
    -------
    DataFrame
        One row a cell: ``row``, ``column``, ``studies``. Every word of the vocabulary is there, so
        gaps are rows with 0. ``total`` stands for all: a study in several cells is counted once.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> cells = pe.figures.evidence_map_table(pe.load())
    >>> cells[(cells.row == "hope") & (cells.column == "mutual_help_group")].studies.item()
    0
    """
    frame = _source(ev, rows, columns, contrasts)
    frame = frame[list(dict.fromkeys(["study_id", rows, columns]))]
    across = [*_words_of(frame[columns]), _TOTAL]
    found = []
    for row in [*_words_of(frame[rows]), _TOTAL]:
        inside = frame if row == _TOTAL else frame[frame[rows] == row]
        for column in across:
            cell = inside if column == _TOTAL else inside[inside[columns] == column]
            found.append((row, column, int(cell["study_id"].nunique())))
    return pd.DataFrame(found, columns=["row", "column", "studies"])


def _source(ev: Evidence, rows: str, columns: str, contrasts: Sequence[str] | None) -> pd.DataFrame:
    """Give the rows that have both codes: of studies when these suffice, else of results."""
    check_evidence("ev", ev)
    studies = ev.studies
    of_studies = {rows, columns} <= set(studies.columns) and contrasts is None
    frame = studies if of_studies else ev.select(contrast_type=contrasts)
    for name, value in (("rows", rows), ("columns", columns)):
        check_choice(name, value, list(frame.columns))
        if not _is_coded(frame[value]):
            raise InputError(
                f"{name}: found {value!r}, whose words are not limited; "
                "allowed is a column with a vocabulary"
            )
    return frame[frame[rows].notna() & frame[columns].notna()]


def _is_coded(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _words_of(column: pd.Series) -> list[str]:
    return [str(word) for word in column.cat.categories]


@styled
def evidence_map(
    ev: Evidence,
    *,
    rows: str = "domain",
    columns: str = "initiative_type",
    contrasts: Sequence[str] | None = None,
    labels: Labels = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how many studies there are in each cell, and mark the cells without any.

    Parameters
    ----------
    ev : Evidence
        The records.
    rows, columns : str
        Columns of outcomes or studies whose words make the rows and the columns of the map.
    contrasts : sequence of str, optional
        Keep results of these kinds of contrast only; all when left out.
    labels : mapping, optional
        Word to label; the labels of the records' vocabularies when left out.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        Its coordinates are points from the top left corner.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ax = pe.figures.evidence_map(pe.load())
    >>> pe.figures.drawn(ax)[0].alt[:70]
    'Grid of the number of studies by domain (25 rows) and initiative type '
    """
    table = evidence_map_table(ev, rows=rows, columns=columns, contrasts=contrasts)
    grid = table.pivot_table(index="row", columns="column", values="studies", sort=False)
    grid = grid.astype(int)

    def label(vocabulary: str, word: str) -> str:
        known = {word: ev.vocabularies.label(vocabulary, word)} | dict(check_labels(labels))
        return "All" if word == _TOTAL else labelled(known, word)

    row_labels = [label(rows, str(word)) for word in grid.index]
    column_labels = [label(columns, str(word)) for word in grid.columns]
    counted = _counted(ev, contrasts)
    plan = _plan(row_labels, column_labels, _note(len(ev.studies), counted), sheet_width(ax))
    sheet = open_sheet(ax, plan.width, plan.height)
    _ground(sheet, plan)
    _cells(sheet, plan, grid)
    _legend(sheet, plan, grid, len(ev.studies))
    alt = _alt(grid, row_labels, column_labels, (words(rows), words(columns)), len(ev.studies))
    alt = f"{alt} {counted}"
    return attach(sheet.ax, "Evidence map", alt, table)


@dataclass(frozen=True, slots=True)
class _Plan:
    width: float
    height: float
    top: float
    turned: bool  # headings stand upright where they would not fit
    columns: list[Column]
    labels: list[tuple[str, ...]]
    tops: list[float]
    heights: list[float]
    note: tuple[str, ...]

    @property
    def largest(self) -> float:
        """The radius of the largest circle."""
        return min(_LARGEST, self.columns[0].width / 2 - 1)


def _plan(row_labels: list[str], column_labels: list[str], told: str, width: float) -> _Plan:
    label_width = natural_width(row_labels, at_most=0.3 * width)
    wrapped = [wrap(text, label_width) for text in row_labels]
    left = MARGIN + label_width + 8
    pitch = (width - MARGIN - left - _ALL) / (len(column_labels) - 1)
    turned = widest_word(column_labels, weight="bold") > pitch - 6
    columns = [
        Column(text, text, left + number * pitch, pitch, "center")
        for number, text in enumerate(column_labels[:-1])
    ]
    columns.append(Column("all", column_labels[-1], width - MARGIN - _ALL, _ALL, "center"))
    if turned:
        head = natural_width(column_labels, weight="bold", at_most=150) + 6
    else:
        head = lines_height(max(len(wrap(t, pitch - 2, weight="bold")) for t in column_labels)) + 4
    row = _ROW + (lines_height(1, SMALL_SIZE) if turned else 0)
    heights = [max(row, lines_height(len(lines)) + 6) for lines in wrapped]
    heights[-1] = _ROW
    tops = stack(heights, MARGIN + head)
    bottom = tops[-1] + heights[-1]
    note = wrap(told, width - 2 * MARGIN, SMALL_SIZE)
    height = bottom + 8 + 2 * _LARGEST + 6 + lines_height(len(note), SMALL_SIZE) + MARGIN
    return _Plan(width, height, MARGIN + head, turned, columns, wrapped, tops, heights, note)


def _counted(ev: Evidence, contrasts: Sequence[str] | None) -> str:
    """Say which kinds of contrast are in the map."""
    if contrasts is None:
        return "All contrasts are counted."
    named = [ev.vocabularies.label("contrast_type", one) for one in contrasts]
    which = "this contrast is" if len(named) == 1 else "these contrasts are"
    return f"Only {which} counted: {'; '.join(named)}."


def _note(studies: int, counted: str) -> str:
    return (
        "A study stands in every cell for which it has a result; “All” counts each study once. "
        f"{counted} The records hold {count(studies, 'study', 'studies')}."
    )


def _most(grid: pd.DataFrame) -> int:
    """Give the most studies that any one cell holds."""
    return int(grid.to_numpy()[:-1, :-1].max(initial=0))


def _radius(studies: int, most: int, largest: float) -> float:
    """Give the radius whose circle has an area in proportion to the number of studies."""
    return largest * sqrt(studies / max(most, 1))


def _ground(sheet: Sheet, plan: _Plan) -> None:
    """Draw the headings, row labels and the pale ground on which the gaps are seen."""
    for column in plan.columns:
        if plan.turned:
            line = wrap(column.header, 150, weight="bold")[0]
            x = column.anchor + 3
            sheet.text(x, plan.top - 4, line, weight="bold", rotation=90)
    if not plan.turned:
        narrow = [Column(c.key, c.header, c.left + 3, c.width - 6, c.align) for c in plan.columns]
        write_headers(sheet, narrow, plan.top - 2)
    for lines, top, height in zip(plan.labels, plan.tops, plan.heights, strict=True):
        last = top == plan.tops[-1]
        start = top + (height - lines_height(len(lines))) / 2
        sheet.lines(MARGIN, start, lines, weight="bold" if last else "normal")
        for column in plan.columns[:-1]:
            if not last:
                sheet.box(
                    column.left + 0.75,
                    top + 0.75,
                    column.width - 1.5,
                    height - 1.5,
                    facecolor=PALE,
                )


def _cells(sheet: Sheet, plan: _Plan, grid: pd.DataFrame) -> None:
    largest = _most(grid)
    limit = plan.largest
    for row, (top, height) in enumerate(zip(plan.tops, plan.heights, strict=True)):
        middle = top + height / 2
        for number, column in enumerate(plan.columns):
            studies = int(grid.to_numpy()[row, number])
            total = row == len(plan.tops) - 1 or number == len(plan.columns) - 1
            if total:
                sheet.text(column.anchor, middle + 2.8, str(studies), align="center", weight="bold")
            elif not studies:
                sheet.mark(column.anchor, middle, "x", size=3.5, color=GREY)
            else:
                _circle(
                    sheet,
                    column.anchor,
                    middle,
                    studies,
                    _radius(studies, largest, limit),
                    plan.turned,
                )


def _circle(sheet: Sheet, x: float, y: float, studies: int, radius: float, beneath: bool) -> None:
    """Draw the circle of a cell with its number: beneath, inside where it fits, or beside it."""
    text = str(studies)
    half = text_width(text, weight="bold") / 2
    if beneath:
        y -= 4
        sheet.text(x, y + _LARGEST + 6.5, text, align="center", size=SMALL_SIZE)
    elif half + 1.5 >= radius:
        sheet.text(x + radius + 2.5, y + 2.9, text)
    sheet.mark(x, y, "o", size=2 * radius, color=BLUE, fill=BLUE, linewidth=0)
    if not beneath and half + 1.5 < radius:
        sheet.text(x, y + 2.9, text, align="center", color="white", weight="bold")


def _legend(sheet: Sheet, plan: _Plan, grid: pd.DataFrame, studies: int) -> None:
    largest = _most(grid)
    y = plan.tops[-1] + plan.heights[-1] + 6 + _LARGEST
    sheet.line([MARGIN, plan.width - MARGIN], [plan.tops[-1]] * 2, color=MIDDLE)
    x = max(plan.columns[0].left, MARGIN + text_width(_AREA) + 8)
    sheet.text(MARGIN, y + 2.8, _AREA, color=GREY)
    for size in sorted({1, max(1, round(largest / 2)), max(1, largest)}):
        radius = _radius(size, largest, plan.largest)
        sheet.mark(x + radius, y, "o", size=2 * radius, color=BLUE, fill=BLUE, linewidth=0)
        sheet.text(x + 2 * radius + 3, y + 2.8, str(size))
        x += 2 * radius + 3 + text_width(str(size)) + 14
    sheet.mark(x + 2, y, "x", size=3.5, color=GREY)
    sheet.text(x + 8, y + 2.8, "no study")
    sheet.lines(MARGIN, y + _LARGEST + 5, plan.note, size=SMALL_SIZE, color=GREY)


def _alt(
    grid: pd.DataFrame,
    row_labels: list[str],
    column_labels: list[str],
    names: tuple[str, str],
    studies: int,
) -> str:
    values = grid.to_numpy(int)
    cells = values[:-1, :-1]
    gaps = int((cells == 0).sum())
    high, wide = cells.shape
    parts = []
    for row, label in enumerate(row_labels[:-1]):
        held = [f"{cells[row, at]} {column_labels[at]}" for at in range(wide) if cells[row, at]]
        parts.append(f"{label}: {', '.join(held) or 'none'} (all: {values[row, -1]}).")
    return (
        f"Grid of the number of studies by {names[0]} ({count(high, 'row')}) and {names[1]} "
        f"({count(wide, 'column')}); {values[-1, -1]} of {count(studies, 'study', 'studies')} "
        f"are in it and {gaps} of {high * wide} cells are empty. " + " ".join(parts)
    )
