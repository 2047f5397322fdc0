"""A plain plot on a sheet: one panel with both axes, its labels measured, its key underneath."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from peer_evidence.figures.axes import (
    OVERHANG,
    linear_ticks,
    log_ticks,
    set_linear_axis,
    set_ratio_axis,
    set_ticks,
    tick_text,
)
from peer_evidence.figures.key import PITCH, Entry, key_lines, write_key
from peer_evidence.figures.layout import (
    MARGIN,
    Panel,
    Sheet,
    lines_height,
    natural_width,
    open_sheet,
    sheet_width,
    wrap,
)
from peer_evidence.figures.style import GREY, POINTS_PER_MM, SINGLE_COLUMN, SMALL_SIZE


def open_plot(
    ax: Axes | None,
    *,
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    ratio: bool,
    labels: tuple[str, str],
    sides: tuple[str, str] = ("", ""),
    key: Sequence[Entry] = (),
    note: str = "",
    height: float = 62.0,
    ratio_y: bool = False,
    room: float = 0.0,
    head: float = 0.0,
    ticks: tuple[Sequence[float] | None, Sequence[float] | None] = (None, None),
) -> Sheet:
    """Open a plot with ticks, labels, words under both sides, key and note in place.

    ``ylim`` is from bottom to top; ``height`` is that of the panel, in millimetres, and 0 makes it
    square. ``room`` points are left free on the right, ``head`` points above. ``ticks`` of x and y
    replace our own.
    """
    width = sheet_width(ax, SINGLE_COLUMN)
    low, high = sorted(ylim)
    high_points = height * POINTS_PER_MM or width * 0.8
    y_ticks = log_ticks if ratio_y else linear_ticks
    yticks = ticks[1] if ticks[1] is not None else y_ticks(low, high, high_points / 2)
    left = MARGIN + lines_height(1) + 4 + natural_width([tick_text(one) for one in yticks]) + 5
    right = width - MARGIN - OVERHANG - room
    high_points = high_points if height else right - left
    top = MARGIN + 4 + head
    panel = Panel(left, right, top, top + high_points)
    half = (panel.right - panel.left) / 2 - 3
    under = [wrap(sides[0], half), wrap(sides[1], half)] if any(sides) else [(), ()]
    entries = key_lines(key, width - 2 * MARGIN) if key else []
    told = wrap(note, width - 2 * MARGIN, SMALL_SIZE) if note else ()
    at_sides = panel.bottom + 15
    at_label = at_sides + lines_height(max(map(len, under)))
    at_key = at_label + lines_height(1) + 6
    at_note = at_key + PITCH * len(entries) + (2 if entries else 0)
    sheet = open_sheet(ax, width, at_note + lines_height(len(told), SMALL_SIZE) + MARGIN, panel)
    (set_ratio_axis if ratio else set_linear_axis)(sheet.ax, *xlim, panel.right - panel.left)
    if ticks[0] is not None:
        set_ticks(sheet.ax, ticks[0])
    set_y(sheet.ax, ylim, yticks, ratio=ratio_y)
    sheet.lines(panel.left, at_sides, under[0], color=GREY)
    sheet.lines(panel.right, at_sides, under[1], align="right", color=GREY)
    sheet.lines((panel.left + panel.right) / 2, at_label, [labels[0]], align="center")
    sheet.text(MARGIN + 7, (panel.top + panel.bottom) / 2, labels[1], align="center", rotation=90)
    write_key(sheet, entries, MARGIN, at_key)
    sheet.lines(MARGIN, at_note, told, size=SMALL_SIZE, color=GREY)
    return sheet


def set_y(
    ax: Axes, ylim: tuple[float, float], ticks: Sequence[float], *, ratio: bool = False
) -> None:
    """Give the panel a y axis of its own."""
    ax.yaxis.set_visible(True)
    ax.spines["left"].set_visible(True)
    if ratio:
        ax.set_yscale("log")
    ax.set_ylim(*ylim)
    ax.yaxis.set_major_locator(FixedLocator(list(ticks)))
    ax.yaxis.set_major_formatter(FixedFormatter([tick_text(tick) for tick in ticks]))
    ax.yaxis.set_minor_locator(NullLocator())
