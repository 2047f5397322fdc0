"""Where things stand on a figure: a sheet measured in points, its rows, columns and texts.

Every figure knows its size before it is drawn, because every text is measured first. Nothing is
moved afterwards, so nothing can be cut or overlap.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, cast

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Transform

from peer_evidence.errors import DataWarning, InputError
from peer_evidence.figures.style import (
    DOUBLE_COLUMN,
    INK,
    POINTS_PER_MM,
    RULE,
    TEXT_SIZE,
    families,
    plain,
)

# up to a space or a hyphen between letters, where a line may end
_WORDS = re.compile(r"(?:[^ -]|-(?![^\W\d_])|(?<![^\W\d_])-)*(?:-| |$)")
Align = Literal["left", "center", "right"]
_LONGEST = 1000  # characters of one text
LEADING = 1.22  # line pitch over text size
ROW_PAD = 3.0  # points of air in a row of text
MARGIN = 4.0  # points of white around a figure

CHECK = Path([(-0.55, 0.0), (-0.15, -0.45), (0.6, 0.5)], [Path.MOVETO, Path.LINETO, Path.LINETO])


@lru_cache(maxsize=50_000)
def text_width(text: str, size: float = TEXT_SIZE, weight: str = "normal") -> float:
    """Measure a line of text, in points.

    Examples
    --------
    >>> text_width("wide") < text_width("wider") < text_width("wider", weight="bold")
    True
    """
    font = FontProperties(family=list(families(text)), size=size, weight=weight)
    pixels, _, _ = _renderer().get_text_width_height_descent(text, font, ismath=False)
    return float(pixels) / 4


@lru_cache(maxsize=1)
def _renderer() -> Any:
    return cast(Any, RendererAgg)(8, 8, 72 * 4)


def wrap(
    text: object, width: float, size: float = TEXT_SIZE, weight: str = "normal"
) -> tuple[str, ...]:
    """Break a text into lines no wider than ``width`` points; a word too wide is broken itself.

    Examples
    --------
    >>> wrap("Readmitted to acute care within a year", 90)
    ('Readmitted to acute', 'care within a year')
    >>> wrap("Readmittedtoacutecare", 60)
    ('Readmittedtoa', 'cutecare')
    >>> wrap("", 90)
    ('',)
    """
    lines = [""]
    for word in _words(text):
        longer = lines[-1] + word
        if text_width(longer.rstrip(), size, weight) <= width:
            lines[-1] = longer
            continue
        pieces = _pieces(word, width, size, weight)
        lines = [*lines, *pieces] if lines[-1] else [*lines[:-1], *pieces]
    return tuple(line.rstrip() for line in lines)


def _words(text: object) -> list[str]:
    """Cut a text where a line may end: after a space, and after a hyphen between letters.

    A text longer than any label is cut, which its last mark shows; the table beside the figure
    holds all of it.
    """
    shown = plain(str(text)[: 2 * _LONGEST])
    return _WORDS.findall(shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…")


def widest_word(texts: Sequence[str], size: float = TEXT_SIZE, weight: str = "normal") -> float:
    """Give the width of the widest piece that cannot be broken decently."""
    pieces = [word.rstrip() for text in texts for word in _words(text)]
    return natural_width(pieces, size, weight)


def _pieces(word: str, width: float, size: float, weight: str) -> list[str]:
    """Break one word into pieces that fit, never inside a letter with its accents."""
    pieces = []
    while word:
        count = _fitting(word, width, size, weight)
        while count < len(word) and unicodedata.combining(word[count]):
            count += 1
        pieces.append(word[:count])
        word = word[count:]
    return pieces or [""]


def _fitting(word: str, width: float, size: float, weight: str) -> int:
    """Give how many letters of a word fit, at least one, with few measurements."""
    low, high = 1, 2
    while high <= len(word) and text_width(word[:high].rstrip(), size, weight) <= width:
        low, high = high, 2 * high
    high = min(high, len(word) + 1)
    while high - low > 1:
        middle = (low + high) // 2
        if text_width(word[:middle].rstrip(), size, weight) <= width:
            low = middle
        else:
            high = middle
    return low


def lines_height(count: int, size: float = TEXT_SIZE) -> float:
    """Give the height of so many lines of text, in points."""
    return count * size * LEADING


@dataclass(frozen=True, slots=True)
class Panel:
    """The part of a sheet that has the data axes: its edges in points from the top left."""

    left: float
    right: float
    top: float
    bottom: float


class EvidenceAxes(Axes):
    """Axes that show themselves in a notebook, with their alt text."""

    def _repr_html_(self) -> str:
        from peer_evidence.figures.saving import to_html

        return to_html(self)


@dataclass(slots=True)
class Sheet:
    """A figure in points from its top left corner, with one panel of data axes.

    Inside the panel the y of the axes is the y of the sheet, so rows of text and of marks agree.
    """

    ax: Axes
    width: float
    height: float
    to_figure: Transform
    clip: bool = field(default=False)

    def text(
        self,
        x: float,
        baseline: float,
        text: str,
        *,
        align: Align = "left",
        size: float = TEXT_SIZE,
        color: str = INK,
        weight: str = "normal",
        rotation: float = 0,
        zorder: float = 3,
    ) -> None:
        """Write one line of text with its baseline at ``baseline``."""
        if not text:
            return
        self.ax.text(
            x,
            baseline,
            text,
            transform=self.to_figure,
            ha=align,
            va="baseline",
            fontsize=size,
            fontfamily=list(families(text)),
            fontweight=weight,
            color=color,
            rotation=rotation,
            rotation_mode="anchor",
            parse_math=False,
            clip_on=self.clip,
            zorder=zorder,
        )

    def lines(
        self, x: float, top: float, lines: Sequence[str], *, size: float = TEXT_SIZE, **look: Any
    ) -> None:
        """Write lines of text under one another, the first just below ``top``."""
        for number, line in enumerate(lines):
            self.text(
                x, first_baseline(top, size) + number * size * LEADING, line, size=size, **look
            )

    def line(
        self, xs: Sequence[float], ys: Sequence[float], *, color: str = RULE, **look: Any
    ) -> None:
        """Draw a line in sheet points."""
        full: dict[str, Any] = {"linewidth": 0.6, "solid_capstyle": "butt"} | look
        self.ax.add_artist(
            Line2D(xs, ys, transform=self.to_figure, color=color, clip_on=False, **full)
        )

    def mark(
        self,
        x: float,
        y: float,
        marker: str | Path,
        *,
        size: float = 6,
        color: str = INK,
        fill: str | None = None,
        **look: Any,
    ) -> None:
        """Draw one mark, ``size`` points wide; hollow unless ``fill`` is given."""
        self.ax.add_artist(
            Line2D(
                [x],
                [y],
                transform=self.to_figure,
                linestyle="none",
                marker=cast(Any, marker),
                markersize=size,
                markeredgecolor=color,
                markerfacecolor=fill or "none",
                markeredgewidth=look.pop("linewidth", 0.9),
                clip_on=False,
                **look,
            )
        )

    def box(self, x: float, y: float, width: float, height: float, **look: Any) -> None:
        """Draw a rectangle in sheet points, from its top left corner."""
        look = {"linewidth": 0, "zorder": 0} | look
        self.ax.add_artist(
            Rectangle((x, y), width, height, transform=self.to_figure, clip_on=False, **look)
        )


def first_baseline(top: float, size: float = TEXT_SIZE) -> float:
    """Give the baseline of a line of text that starts at ``top``."""
    return top + 0.93 * size


def middle_of_line(top: float, size: float = TEXT_SIZE) -> float:
    """Give the height of the middle of the small letters of that line, where marks belong."""
    return first_baseline(top, size) - 0.33 * size


def sheet_width(ax: Axes | None, width: float | None = None) -> float:
    """Give the width to lay a sheet out for, in points: that of the axes, or of a journal page."""
    if ax is None:
        return (DOUBLE_COLUMN if width is None else width) * POINTS_PER_MM
    return float(ax.get_position().width) * _size_of(ax)[0]


def _size_of(ax: Axes) -> tuple[float, float]:
    """Give width and height of the figure, or part of a figure, that Axes stand in, in points."""
    figure = _parent(ax)
    return 72 * figure.bbox.width / figure.dpi, 72 * figure.bbox.height / figure.dpi


def _parent(ax: Axes) -> Figure | SubFigure:
    parent = ax.get_figure(root=False)
    if parent is None:
        raise InputError("ax: found Axes that belong to no figure")
    return parent


def open_sheet(ax: Axes | None, width: float, height: float, panel: Panel | None = None) -> Sheet:
    """Make the sheet: a new figure of just that size, or the place that the given axes take."""
    if ax is None:
        figure = Figure(figsize=(width / 72, height / 72))
        ax = figure.add_axes(EvidenceAxes(figure, (0, 0, 1, 1)))
    place = ax.get_position()
    high = place.height * _size_of(ax)[1]
    if high < 0.98 * height:
        warnings.warn(
            f"ax: {high / POINTS_PER_MM:.0f} mm high, and this figure needs "
            f"{height / POINTS_PER_MM:.0f} mm; make its figure higher, or leave ax out",
            DataWarning,
            stacklevel=4,
        )
    across, down = place.width / width, place.height / height
    to_place = Affine2D().scale(across, -down).translate(place.x0, place.y1)
    to_figure = to_place + _parent(ax).transSubfigure
    panel = panel or Panel(0, width, 0, height)
    ax.set_position(
        (
            place.x0 + panel.left * across,
            place.y1 - panel.bottom * down,
            (panel.right - panel.left) * across,
            (panel.bottom - panel.top) * down,
        )
    )
    ax.set_ylim(panel.bottom, panel.top)
    ax.yaxis.set_visible(False)
    ax.spines["left"].set_visible(False)
    if panel == Panel(0, width, 0, height):
        ax.set_xlim(0, width)
        ax.set_axis_off()
    return Sheet(ax, width, height, to_figure)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of text: where it starts, how wide it is, how it is set."""

    key: str
    header: str
    left: float
    width: float
    align: Align = "left"

    @property
    def anchor(self) -> float:
        """Where a text of this column is tied to the sheet."""
        return self.left + {"left": 0.0, "center": self.width / 2, "right": self.width}[self.align]


def natural_width(
    texts: Sequence[str], size: float = TEXT_SIZE, weight: str = "normal", at_most: float = 1e9
) -> float:
    """Give the width that holds every one of the texts on one line, or ``at_most``."""
    return min(max((text_width(plain(text), size, weight) for text in texts), default=0.0), at_most)


def spread(
    available: float, wanted: Sequence[tuple[str, str, float, Align]], gap: float = 8
) -> dict[str, Column]:
    """Set columns (key, header, width, align) side by side; a width of 0 takes what is left."""
    fixed = sum(width for _, _, width, _ in wanted) + gap * (len(wanted) - 1)
    open_ended = [key for key, _, width, _ in wanted if not width]
    rest = (available - fixed) / max(len(open_ended), 1)
    columns: dict[str, Column] = {}
    left = 0.0
    for key, header, width, align in wanted:
        columns[key] = Column(key, header, left, width or rest, align)
        left += columns[key].width + gap
    return columns


def stack(heights: Sequence[float], top: float) -> list[float]:
    """Give the top of each row when rows of these heights stand under one another."""
    tops = []
    for height in heights:
        tops.append(top)
        top += height
    return tops


def write_headers(sheet: Sheet, columns: Sequence[Column], bottom: float) -> None:
    """Write the headings of columns in bold, the last line of each just above ``bottom``."""
    for column in columns:
        lines = wrap(column.header, column.width + 4, weight="bold")
        sheet.lines(
            column.anchor,
            bottom - lines_height(len(lines)) - 1,
            lines,
            align=column.align,
            weight="bold",
        )


def headers_height(columns: Sequence[Column]) -> float:
    """Give the height that the headings of columns take."""
    tallest = max(len(wrap(one.header, one.width + 4, weight="bold")) for one in columns)
    return lines_height(tallest) + 3


def labeller(labels: Any, default: Callable[[str], str]) -> Callable[[object], str]:
    """Make a function from a code to its label: from the mapping, else the default wording."""
    known = dict(labels or {})
    return lambda code: plain(known.get(code, default(str(code))))
