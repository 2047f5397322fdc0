"""How far reviews share studies: a grid of pairs with its numbers in the cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.appraisal.overlap import Overlap
from peer_evidence.errors import InputError
from peer_evidence.figures.frames import styled
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
    INK,
    RULE,
    SMALL_SIZE,
)
from peer_evidence.formatting import count, number, per_cent, short_label

MOST = 30
# the bands of Pieper 2014, from pale to dark; the numbers say the same in ink
SHADES = {
    "slight": "#F3F7FB",
    "moderate": "#C6DDEE",
    "high": "#7FB4DA",
    "very high": BLUE,
    "undefined": "white",
}
_ALL = "#DDDDDD"  # the diagonal
_WORDS = {"slight": "up to 5%", "moderate": "to 10%", "high": "to 15%", "very high": "above"}
_ABOUT = (
    "Above the diagonal: corrected covered area, %. Below it: studies in both. On it: studies of "
    "the review that are named."
)
_TALLEST = 20.0  # points from row to row
_WIDEST = 34.0


def overlap_table(o: Overlap) -> pd.DataFrame:
    """Give the numbers of the grid: one row a cell.

    Parameters
    ----------
    o : Overlap
        The result of :func:`peer_evidence.overlap`.

    Returns
    -------
    DataFrame
        ``row``, ``column`` (positions from 1), ``review_a``, ``review_b``, ``shows`` (``cca``
        above the diagonal, ``studies`` on it and ``shared`` below it), ``value`` and ``band``.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> cells = pe.figures.overlap_table(pe.overlap(pe.load()))
    >>> cells["shows"].value_counts().to_dict()
    {'cca': 28, 'shared': 28, 'studies': 8}
    """
    _check(o)
    names = list(o.members.index)
    place = {name: at + 1 for at, name in enumerate(names)}
    rows: list[dict[str, Any]] = [
        _cell(place, name, name, "studies", float(counted), "")
        for name, counted in o.members["counted"].items()
    ]
    columns = (o.pairs[name] for name in ("review_a", "review_b", "cca", "band", "both"))
    for one, other, area, band, both in zip(*columns, strict=True):
        rows.append(_cell(place, one, other, "cca", area, band))
        rows.append(_cell(place, other, one, "shared", float(both), ""))
    table = pd.DataFrame(rows)
    return table.sort_values(["row", "column"], ignore_index=True)


def _cell(
    place: dict[Any, int], one: Any, other: Any, shows: str, value: Any, band: str
) -> dict[str, Any]:
    return {
        "row": place[one],
        "column": place[other],
        "review_a": one,
        "review_b": other,
        "shows": shows,
        "value": value,
        "band": band,
    }


def _check(o: Any) -> None:
    check_overlap(o)
    if o.reviews < 2:
        raise InputError(
            f"o: {count(o.reviews, 'review')} with studies, and overlap needs at least 2"
        )


@styled
def overlap(o: Overlap, *, ax: Axes | None = None) -> Axes:
    """Draw the overlap of each pair of reviews: its corrected covered area, and the studies shared.

    Above the diagonal is the corrected covered area in per cent, shaded by its band; below it are
    the studies that both have; on it those of each review.

    Parameters
    ----------
    o : Overlap
        The result of :func:`peer_evidence.overlap`, of 2 to 30 reviews.
    ax : Axes, optional
        Where to draw; a new figure of 85 mm for up to 5 reviews, else 176 mm, when left out.

    Returns
    -------
    Axes
        Its coordinates are points from the top left corner.

    Raises
    ------
    InputError
        If there are fewer than 2 reviews with studies, or more than 30, whose numbers would
        not fit.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ax = pe.figures.overlap(pe.overlap(pe.load()))
    >>> pe.figures.drawn(ax)[0].alt[:58]
    'Grid of 8 reviews by 8: the corrected covered area of each'
    """
    table = overlap_table(o)
    check_room(o, MOST, "grid")
    plan = _plan(o, table, width_for(o, ax))
    sheet = open_sheet(ax, plan.width, plan.height)
    _labels(sheet, plan)
    _cells(sheet, plan, table)
    _key(sheet, plan)
    sheet.lines(MARGIN, plan.at_note, plan.note, size=SMALL_SIZE, color=GREY)
    return attach(sheet.ax, "Overlap of reviews", _alt(o), table)


@dataclass(frozen=True, slots=True)
class _Plan:
    width: float
    height: float
    left: float  # of the grid
    pitch: float  # from column to column
    tops: list[float]
    heights: list[float]
    labels: list[tuple[str, ...]]
    written: bool  # numbers fit into the cells
    at_key: float
    about: tuple[str, ...]
    note: tuple[str, ...]
    at_note: float


def review_labels(o: Overlap) -> list[str]:
    """Give the numbered labels of the reviews, with how much of each is known."""
    rows = zip(o.members["label"], o.members["named"], o.members["stated"], strict=True)
    return [
        f"{at}  {short_label(str(label))}{_known(named, stated)}"
        for at, (label, named, stated) in enumerate(rows, start=1)
    ]


def _known(named: Any, stated: Any) -> str:
    if pd.isna(stated) or named >= stated:
        return ""
    held = f"({int(named)} of {int(stated)} named)".replace(" ", "\u00a0")  # on one line
    return f" {held}"


def _plan(o: Overlap, table: pd.DataFrame, width: float) -> _Plan:
    many = o.reviews
    labels = review_labels(o)
    least = 13.0 if many <= FEW else 11.0
    room = max(width - 2 * MARGIN - 8 - many * least, 0.3 * width)
    label_width = natural_width(labels, at_most=min(room, (0.52 if many <= FEW else 0.42) * width))
    pitch = min(_WIDEST, (width - 2 * MARGIN - 8 - label_width) / many)
    written = natural_width(_texts(table), SMALL_SIZE) <= pitch - 2
    wrapped = [wrap(text, label_width) for text in labels]
    least_height = min(_TALLEST, max(pitch, 10.5))
    heights = [max(least_height, lines_height(len(lines)) + 3) for lines in wrapped]
    top = MARGIN + lines_height(1) + 2
    tops = stack(heights, top)
    at_key = tops[-1] + heights[-1] + 6
    note = wrap(_note(o, written), width - 2 * MARGIN, SMALL_SIZE)
    about = wrap(_ABOUT, width - 2 * MARGIN)
    keyed = 1 if sum(_key_widths()) <= width - 2 * MARGIN else 2
    at_note = at_key + lines_height(len(about)) + 12 * keyed + 5
    height = at_note + lines_height(len(note), SMALL_SIZE) + MARGIN
    left = MARGIN + label_width + 8
    return _Plan(
        width, height, left, pitch, tops, heights, wrapped, written, at_key, about, note, at_note
    )


def _texts(table: pd.DataFrame) -> list[str]:
    return [
        _text(shows, value) for shows, value in zip(table["shows"], table["value"], strict=True)
    ]


def _text(shows: str, value: float) -> str:
    return number(100 * value if shows == "cca" else value, 0) or "–"


def _note(o: Overlap, written: bool) -> str:
    parts = [
        f"All reviews: {per_cent(o.cca, 1)} ({o.band}); {count(o.studies, 'study', 'studies')}, "
        f"{' and '.join(o.status)} memberships only. Shades follow the values before rounding."
    ]
    if o.partial:
        verb = "is" if o.partial == 1 else "are"
        parts.append(
            f"{o.partial} of {count(o.reviews, 'review')} {verb} known by part of their studies "
            "only, so this is the overlap of what is named."
        )
    if o.without:
        parts.append(f"{count(len(o.without), 'review')} without a study counted not shown.")
    if not written:
        parts.append("The cells are too small for their numbers, which are in the table.")
    return " ".join(parts)


def _labels(sheet: Sheet, plan: _Plan) -> None:
    for at, lines in enumerate(plan.labels):
        top, height = plan.tops[at], plan.heights[at]
        sheet.lines(MARGIN, top + (height - lines_height(len(lines))) / 2, lines)
        x = plan.left + (at + 0.5) * plan.pitch
        if text_width(str(len(plan.labels))) <= plan.pitch - 1 or (at + 1) % 5 == 0:
            sheet.text(x, plan.tops[0] - 4, str(at + 1), align="center")


def _cells(sheet: Sheet, plan: _Plan, table: pd.DataFrame) -> None:
    columns = (table[name] for name in ("row", "column", "shows", "value", "band"))
    for row, column, shows, value, band in zip(*columns, strict=True):
        x = plan.left + (column - 1) * plan.pitch
        top, height = plan.tops[row - 1], plan.heights[row - 1]
        fill = {"cca": SHADES.get(band), "studies": _ALL}.get(shows)
        look: dict[str, Any] = {"facecolor": fill or "white", "edgecolor": RULE, "linewidth": 0.4}
        sheet.box(x, top, plan.pitch, height, **look)
        if plan.written:
            sheet.text(
                x + plan.pitch / 2,
                top + height / 2 + 2.6,
                _text(shows, value),
                align="center",
                size=SMALL_SIZE,
                color="white" if fill == BLUE else INK,
                weight="bold" if shows == "studies" else "normal",
            )


def _key_texts() -> list[tuple[str, str]]:
    return [(SHADES[band], f"{band}, {words}") for band, words in _WORDS.items()]


def _key_widths() -> list[float]:
    return [24 + text_width(text) for _, text in _key_texts()]


def _key(sheet: Sheet, plan: _Plan) -> None:
    """Write what the triangles are, then the shades of the bands."""
    sheet.lines(MARGIN, plan.at_key, plan.about, color=GREY)
    x, y = MARGIN, plan.at_key + lines_height(len(plan.about)) + 2
    for (shade, text), width in zip(_key_texts(), _key_widths(), strict=True):
        if x + width > plan.width:
            x, y = MARGIN, y + 12
        sheet.box(x, y + 1, 10, 8, facecolor=shade, edgecolor=RULE, linewidth=0.4)
        sheet.text(x + 14, y + 7.5, text)
        x += width


def _alt(o: Overlap) -> str:
    names = {
        key: short_label(str(label))
        for key, label in zip(o.members.index, o.members["label"], strict=True)
    }
    shared = o.pairs[o.pairs["both"] > 0].sort_values("cca", ascending=False, kind="stable")
    parts = [
        f"{names[pair.review_a]} and {names[pair.review_b]} share {pair.both} of {pair.either} "
        f"({per_cent(pair.cca)}, {pair.band})"
        for pair in shared.itertuples()
    ]
    rest = len(o.pairs) - len(parts)
    told = ". ".join(parts[:40]) + (f". And {len(parts) - 40} more" if len(parts) > 40 else "")
    return (
        f"Grid of {o.reviews} reviews by {o.reviews}: the corrected covered area of each pair and "
        f"the studies it shares. All together: {per_cent(o.cca, 1)} ({o.band}), "
        f"{count(o.studies, 'study', 'studies')}. {told + '. ' if told else ''}"
        f"{count(rest, 'pair')} {'shares' if rest == 1 else 'share'} no study."
    )
