"""What the figures of an overlap of reviews share: what they accept and how wide they are."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from peer_evidence.appraisal.overlap import Overlap
from peer_evidence.errors import InputError
from peer_evidence.figures.layout import sheet_width
from peer_evidence.figures.style import DOUBLE_COLUMN, SINGLE_COLUMN

FEW = 5  # reviews that fit one column of a page


def check_overlap(o: Any) -> None:
    """Raise InputError for what is no overlap of reviews."""
    if not isinstance(o, Overlap):
        raise InputError(f"o: found {type(o).__name__}, allowed is the result of overlap()")


def check_room(o: Overlap, most: int, what: str) -> None:
    """Raise InputError where there are more reviews than a figure has room for."""
    if o.reviews > most:
        raise InputError(
            f"o: {o.reviews} reviews, and the {what} holds at most {most}; name some of them, "
            "overlap(..., reviews=[...])"
        )


def width_for(o: Overlap, ax: Axes | None) -> float:
    """Give the width of a figure of these reviews, in points: one column of a page, or two."""
    return sheet_width(ax, SINGLE_COLUMN if o.reviews <= FEW else DOUBLE_COLUMN)
