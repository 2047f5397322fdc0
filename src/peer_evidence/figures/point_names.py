"""Names beside points: set where there is room, left out where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peer_evidence.figures.layout import (
    Align,
    Panel,
    Sheet,
    lines_height,
    natural_width,
    text_width,
    wrap,
)
from peer_evidence.figures.style import GREY, SMALL_SIZE, plain

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]  # left, top, right, bottom
_STEPS = (4.0, 9.0, 16.0, 26.0)  # how far a name may stand from its point, in points
_SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1))
_ALIGN: dict[int, Align] = {1: "left", 0: "center", -1: "right"}


@dataclass(frozen=True, slots=True)
class Name:
    """A name in its place: its lines, where they are tied, and the point they belong to."""

    source: int
    lines: tuple[str, ...]
    x: float
    top: float
    align: Align
    box: Box
    near: bool


def in_points(sheet: Sheet, xs: Sequence[float] | Floats, ys: Sequence[float] | Floats) -> Floats:
    """Give where data stand on the sheet, in points from its top left corner: (n, 2)."""
    data = np.column_stack([np.asarray(xs, float), np.asarray(ys, float)])
    places: Floats = np.asarray(
        sheet.to_figure.inverted().transform(sheet.ax.transData.transform(data))
    )
    return places


def panel_of(sheet: Sheet) -> Panel:
    """Give the edges of the data axes in points of the sheet."""
    corners = sheet.ax.transAxes.transform([(0, 1), (1, 0)])
    (left, top), (right, bottom) = sheet.to_figure.inverted().transform(corners)
    return Panel(float(left), float(right), float(top), float(bottom))


def shorten(text: str, width: float, lines: int = 2) -> tuple[str, ...]:
    """Wrap a name to a few short lines; what does not fit is cut, and the cut shown.

    Examples
    --------
    >>> shorten("A study with a name that goes on and on for long", 80)
    ('A study with a name', 'that goes on and on…')
    """
    told = wrap(text, width, SMALL_SIZE)
    if len(told) <= lines:
        return told
    last = told[lines - 1]
    while last and text_width(f"{last}…", SMALL_SIZE) > width:
        last = last[:-1].rstrip()
    return (*told[: lines - 1], f"{last}…")


def place_names(
    points: Floats, radii: Floats, names: Sequence[tuple[int, str]], room: Panel
) -> list[Name]:
    """Find a place for each name, the first first, on no point and on no other name."""
    taken: list[Box] = [
        (x - r, y - r, x + r, y + r) for (x, y), r in zip(points.tolist(), radii, strict=True)
    ]
    placed = []
    for source, text in names:
        lines = shorten(plain(text), 0.42 * (room.right - room.left))
        size = natural_width(lines, SMALL_SIZE), lines_height(len(lines), SMALL_SIZE)
        x, y = (float(one) for one in points[source])
        found = _find(x, y, float(radii[source]), size, taken, room)
        if found is None:
            continue
        box, across, near = found
        if not near:
            taken += _along((x, y), float(radii[source]), box)
        tie = {1: box[0], 0: (box[0] + box[2]) / 2, -1: box[2]}[across]
        placed.append(Name(source, lines, tie, box[1], _ALIGN[across], box, near))
        taken.append(box)
    return placed


def _find(
    x: float, y: float, radius: float, size: tuple[float, float], taken: list[Box], room: Panel
) -> tuple[Box, int, bool] | None:
    """Try the places around a point, the nearest first."""
    width, height = size
    for step in _STEPS:
        for across, down in _SIDES:
            gap = (radius + step) * (0.75 if across and down else 1.0)
            left = x + across * gap - width * (1 - across) / 2
            top = y + down * gap - height * (1 - down) / 2
            box = (left, top, left + width, top + height)
            inside = (
                box[0] >= room.left + 2
                and box[2] <= room.right
                and box[1] >= room.top
                and box[3] <= room.bottom - 2
            )
            near = step == _STEPS[0]
            needed = [box] if near else [box, *_along((x, y), radius, box)]
            if inside and not any(_touch(one, other) for one in needed for other in taken):
                return box, across, near
    return None


def _line_end(point: tuple[float, float], box: Box) -> tuple[float, float]:
    """Give where the line from a point meets its name."""
    return min(max(point[0], box[0]), box[2]), min(max(point[1], box[1] + 1), box[3] - 1)


def _along(point: tuple[float, float], radius: float, box: Box) -> list[Box]:
    """Give small boxes along the line from a point to its name, the point itself left out."""
    start, end = np.array(point), np.array(_line_end(point, box))
    length = float(np.hypot(*(end - start)))
    if length <= radius + 1:
        return []
    shares = np.linspace((radius + 1) / length, 1, 6)[:-1]
    places = start + shares[:, None] * (end - start)
    return [(x - 0.3, y - 0.3, x + 0.3, y + 0.3) for x, y in places.tolist()]


def _touch(one: Box, other: Box) -> bool:
    return (
        one[0] < other[2] + 1 and other[0] < one[2] + 1 and one[1] < other[3] and other[1] < one[3]
    )


def write_names(sheet: Sheet, points: Floats, names: Sequence[Name]) -> None:
    """Write the names, with a thin line to the point where a name stands away from it."""
    for name in names:
        sheet.lines(name.x, name.top, name.lines, size=SMALL_SIZE, align=name.align)
        if name.near:
            continue
        x, y = (float(one) for one in points[name.source])
        end_x, end_y = _line_end((x, y), name.box)
        sheet.line([x, end_x], [y, end_y], color=GREY, linewidth=0.5, zorder=1)
