"""Marks of direction, size and risk of bias: each told by its shape, never by colour alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from peer_evidence.figures.key import Entry
from peer_evidence.figures.layout import Sheet
from peer_evidence.figures.style import BLUE, GREY, INK, VERMILLION
from peer_evidence.formatting import words

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
JUDGEMENT_WORDS = ("low", "some_concerns", "high", "unclear")
JUDGEMENT_COLOURS = ("#00785A", "#A36A00", "#C04000", "#666666")
JUDGEMENT_SHADES = ("#E4F3ED", "#FBF1DC", "#FAE3D9", "#EFEFEF")
STAR = (6, 2, 0)
NOT_ASSESSED = Path([(-0.4, 0), (0.4, 0)])


@cache
def judgement_mark(rank: int) -> Path:
    """Give a disc with a sign cut out of it: plus, minus, times or a question mark."""
    arm, thick = 0.66, 0.15
    if rank == 3:
        glyph = TextPath((0, 0), "?", size=1.5)
        middle = (glyph.vertices.min(axis=0) + glyph.vertices.max(axis=0)) / 2
        sign = Path(glyph.vertices - middle, glyph.codes)
        return Path.make_compound_path(Path.unit_circle(), sign)
    bar = [(-arm, -thick), (-arm, thick), (arm, thick), (arm, -thick), (-arm, -thick)]
    plus = [
        *[(-arm, -thick), (-arm, thick), (-thick, thick), (-thick, arm), (thick, arm)],
        *[(thick, thick), (arm, thick), (arm, -thick), (thick, -thick), (thick, -arm)],
        *[(-thick, -arm), (-thick, -thick), (-arm, -thick)],
    ]
    arms = np.array(bar if rank == 1 else plus, dtype=float)
    if rank == 2:
        turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
        arms = arms @ turn
    codes = [Path.MOVETO, *[Path.LINETO] * (len(arms) - 2), Path.CLOSEPOLY]
    return Path.make_compound_path(Path.unit_circle(), Path(arms, codes))


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


def judgement_entries(ranks: Iterable[int]) -> list[Entry]:
    """Give the entries of a key for the judgements of risk of bias that occur."""
    entries = []
    for rank in sorted(set(ranks)):
        if rank < len(JUDGEMENT_WORDS):
            colour = JUDGEMENT_COLOURS[rank]
            text = f"{words(JUDGEMENT_WORDS[rank])} risk" if rank != 1 else "some concerns"
            entries.append(Entry(text, judgement_mark(rank), colour, colour, 7.5, 0))
        else:
            entries.append(Entry("not assessed", NOT_ASSESSED, GREY, None, 5))
    return entries
