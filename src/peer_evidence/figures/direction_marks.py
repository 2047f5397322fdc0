"""Marks of direction and size: each told by its shape, never by colour alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import pandas as pd
from matplotlib.path import Path

from peer_evidence.figures.key import Entry
from peer_evidence.figures.layout import Sheet
from peer_evidence.figures.style import BLUE, GREY, INK, VERMILLION

UP = Path([(-0.5, -0.45), (0.5, -0.45), (0, 0.5), (-0.5, -0.45)], [1, 2, 2, 79])
DOWN = Path([(-0.5, 0.45), (0.5, 0.45), (0, -0.5), (-0.5, 0.45)], [1, 2, 2, 79])
SIDEWAYS = Path(
    [
        *[(-0.1, -0.45), (-0.1, 0.45), (-0.62, 0), (-0.1, -0.45)],
        *[(0.1, -0.45), (0.1, 0.45), (0.62, 0), (0.1, -0.45)],
    ],
    [1, 2, 2, 79, 1, 2, 2, 79],
)
ZERO = Path([(-0.5, 0), (0.5, 0)])
# direction -> mark, colour, and whether its size tells the size of the study
MARKS: dict[str, tuple[str | Path, str, bool]] = {
    "favours_intervention": (UP, BLUE, True),
    "favours_comparison": (DOWN, VERMILLION, True),
    "conflicting": (SIDEWAYS, GREY, True),
    "null": (ZERO, INK, False),
    "unclear": ("o", GREY, False),
}
POINTS = {"small": 5.0, "medium": 7.5, "large": 10.5, "unknown": 7.5}
PLAIN = 3.6  # the width of the marks whose size says nothing
SIZE_WORDS = {
    "large": "over 300 people",
    "medium": "50 to 300",
    "small": "under 50",
    "unknown": "number not known",
}
STAR = (6, 2, 0)


def draw_marks(
    sheet: Sheet,
    xs: Sequence[float],
    ys: Sequence[float],
    mark: str | Path | tuple[int, int, int],
    size: float,
    **look: Any,
) -> None:
    """Draw marks of one kind, ``size`` points wide, as one collection, at points of the sheet."""
    sheet.ax.scatter(
        xs, ys, s=size**2, marker=cast(Any, mark), transform=sheet.to_figure, clip_on=False, **look
    )


def draw_directions(
    sheet: Sheet, cells: pd.DataFrame, xs: Sequence[float], ys: Sequence[float], *, scale: float = 1
) -> None:
    """Draw the direction of each cell; a triangle without a known size is hollow."""
    places = pd.DataFrame({"x": list(xs), "y": list(ys)})
    places["direction"], places["size"] = list(cells["direction"]), list(cells["size"])
    for (direction, size), held in places.groupby(["direction", "size"], sort=True):
        mark, colour, sized = MARKS[str(direction)]
        hollow = direction == "unclear" or (sized and size == "unknown")
        points = scale * POINTS[str(size)] if sized else PLAIN
        points = max(points, 4.4) if direction == "conflicting" else points  # two halves to see
        draw_marks(
            sheet,
            list(held["x"]),
            list(held["y"]),
            mark,
            points,
            facecolors="white" if hollow else colour,
            edgecolors=colour,
            linewidths=1.4 if direction == "null" else 0.7,
            zorder=3,
        )


def direction_entries(used: Iterable[str], intervention: str) -> list[Entry]:
    """Give the entries of a key for the directions that occur."""
    told = {
        "favours_intervention": f"favours {intervention}",
        "favours_comparison": "favours the comparison",
        "conflicting": "conflicting results",
        "null": "estimate of zero",
        "unclear": "direction not reported",
    }
    held, entries = set(used), []
    for name, (mark, colour, sized) in MARKS.items():
        if name in held:
            fill = None if name == "unclear" else colour
            entries.append(Entry(told[name], mark, colour, fill, 7.0 if sized else 4.5))
    return entries


def size_class_entries(used: Iterable[str], scale: float) -> list[Entry]:
    """Give the entries of a key for the sizes of intervention groups that occur."""
    held = set(used)
    return [
        Entry(text, UP, GREY, None if name == "unknown" else GREY, scale * POINTS[name])
        for name, text in SIZE_WORDS.items()
        if name in held
    ]
