"""The key of a figure: what each mark means, in as many lines as it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.path import Path

from peer_evidence.figures.layout import Sheet, first_baseline, middle_of_line, text_width
from peer_evidence.figures.style import INK

PITCH = 12.0  # points from line to line of a key
LINE = Path([(-1, 0), (1, 0)])
DASHES = Path([(-1, 0), (-0.4, 0), (0.3, 0), (1, 0)], [1, 2, 1, 2])


@dataclass(frozen=True, slots=True)
class Entry:
    """A mark, ``size`` points wide, and what it means; hollow when ``fill`` is None."""

    text: str
    mark: str | Path
    color: str = INK
    fill: str | None = None
    size: float = 6.0
    weight: float = 0.9  # of its line

    @property
    def width(self) -> float:
        """How much room the entry takes, in points."""
        return 18 + self.size + text_width(self.text)


def key_lines(entries: Sequence[Entry], width: float) -> list[list[Entry]]:
    """Share the entries of a key among lines no wider than ``width`` points."""
    lines: list[list[Entry]] = [[]]
    used = 0.0
    for entry in entries:
        if used + entry.width > width and lines[-1]:
            lines.append([])
            used = 0.0
        lines[-1].append(entry)
        used += entry.width
    return lines


def write_key(sheet: Sheet, lines: Sequence[Sequence[Entry]], left: float, top: float) -> None:
    """Draw the lines of a key with the first just below ``top``."""
    for row, entries in enumerate(lines):
        x = left + 3.0
        start = top + PITCH * row
        for entry in entries:
            middle = x + entry.size / 2 - 3
            sheet.mark(
                middle,
                middle_of_line(start),
                entry.mark,
                size=entry.size,
                color=entry.color,
                fill=entry.fill,
                linewidth=entry.weight,
            )
            sheet.text(x + 1 + entry.size, first_baseline(start), entry.text)
            x += entry.width
