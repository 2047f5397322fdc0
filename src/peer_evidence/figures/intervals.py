"""The mark of an interval, an end beyond the axis as an arrow."""

from __future__ import annotations

from peer_evidence.figures.layout import Sheet
from peer_evidence.figures.style import INK


def draw_interval(
    sheet: Sheet,
    low: float,
    high: float,
    y: float,
    ends: tuple[float, float],
    *,
    width: float = 0.9,
    cap: float = 0.0,
    color: str = INK,
) -> None:
    """Draw an interval, with caps if they have a size; an end beyond the axis becomes an arrow."""
    inside = max(low, ends[0]), min(high, ends[1])
    if inside[0] > inside[1]:
        inside = (ends[0],) * 2 if high < ends[0] else (ends[1],) * 2
    sheet.ax.plot(inside, [y, y], color=color, linewidth=width, solid_capstyle="butt", zorder=4)
    for end, cut, mark in ((inside[0], low < ends[0], "<"), (inside[1], high > ends[1], ">")):
        if cut:
            sheet.ax.plot([end], [y], marker=mark, color=color, markersize=4, clip_on=False)
        elif cap:
            sheet.ax.plot([end], [y], marker="|", color=color, markersize=cap, clip_on=False)
