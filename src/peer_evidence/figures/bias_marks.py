"""The marks of risk-of-bias judgements: a colour, a symbol inside, and a blank for none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from peer_evidence.appraisal.risk_of_bias import RiskOfBias
from peer_evidence.appraisal.tools import NOT_RECORDED, Judgement
from peer_evidence.figures.layout import (
    Sheet,
    first_baseline,
    lines_height,
    middle_of_line,
    natural_width,
    text_width,
    wrap,
)
from peer_evidence.figures.style import BLUE, FAMILY, GREY, INK, SMALL_SIZE, VERMILLION

# role -> fill, edge, symbol: dark, light and middling also without colour
LOOKS = {
    "good": (BLUE, BLUE, "white"),
    "middling": ("#F0E442", "#7A6A00", INK),
    "bad": (VERMILLION, VERMILLION, "white"),
    "worst": ("#6B1D00", "#6B1D00", "white"),
    "unknown": ("white", GREY, GREY),
    "blank": ("white", "#A6A6A6", GREY),
}
# role -> the ground of a row, so light that its text stays dark on it
SHADES = {
    "good": "#E3F0F8",
    "middling": "#FBF8D9",
    "bad": "#FAE6DA",
    "worst": "#EAD3CA",
    "unknown": "#F1F1F1",
}
MARK = 9.0  # points across
_LETTERS = {"question": "?", "exclamation": "!", "zero": "0", "one": "1", "two": "2"}
_LINES = {
    "plus": [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)],
    "minus": [(-1.0, 0.0), (1.0, 0.0)],
    "cross": [(-1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (1.0, -1.0)],
}
_SHARE = {"plus": 0.56, "minus": 0.52, "cross": 0.46}
_SHAPE_SHARE = {"o": 1.0, "s": 0.92, "D": 0.84}  # of a shape in the size of its mark
_PITCH = 13.0


@cache
def _symbol(name: str) -> Path:
    """Give a symbol as a path around its own middle."""
    if name in _LINES:
        points = _LINES[name]
        return Path(points, [Path.MOVETO, Path.LINETO] * (len(points) // 2))
    text = TextPath((0, 0), _LETTERS.get(name, name), size=10,
                    prop=FontProperties(family=FAMILY, weight="bold"))  # fmt: skip
    middle = np.asarray(text.get_extents().get_points()).mean(axis=0)
    return Path(text.vertices - middle, text.codes)


def draw_marks(
    sheet: Sheet,
    marks: Iterable[tuple[float, float, Judgement]],
    size: float = MARK,
    *,
    on_fill: bool = False,
    shapes: Mapping[str, str] | None = None,
) -> None:
    """Draw marks at places of the sheet, all of one judgement at a time.

    On their own fill they are a ring in the colour of the symbol. Where two judgements have one
    symbol, ``shapes`` tells them apart, see :func:`shapes_of`.
    """
    shapes = shapes or {}
    together: dict[Judgement, list[tuple[float, float]]] = {}
    for x, y, judgement in marks:
        together.setdefault(judgement, []).append((x, y))
    for judgement, places in together.items():
        xs, ys = [x for x, _ in places], [y for _, y in places]
        fill, edge, ink = LOOKS[judgement.role]
        blank = judgement.code == NOT_RECORDED
        shape = shapes.get(judgement.code, "o")
        wide = size * _SHAPE_SHARE[shape]
        _add(sheet, xs, ys, shape, wide, fill, ink if on_fill else edge, 0.8, dashed=blank)
        if judgement.symbol in _LINES:
            drawn = size * _SHARE[judgement.symbol]
            _add(sheet, xs, ys, _symbol(judgement.symbol), drawn, "none", ink, size * 0.14)
        elif judgement.symbol:
            _add(sheet, xs, ys, _symbol(judgement.symbol), size * 0.62, ink, ink, 0.0)


def shapes_of(judgements: Iterable[Judgement]) -> dict[str, str]:
    """Give each judgement its shape: a disc, and another where one has its symbol already.

    So words of two tools that are drawn alike, as some concerns and moderate, stay two.

    Examples
    --------
    >>> from peer_evidence.appraisal.tools import risk_of_bias_tool
    >>> tool = risk_of_bias_tool("generic")
    >>> shapes_of([tool.look("moderate"), tool.look("some_concerns"), tool.look("low")])
    {'moderate': 'o', 'some_concerns': 's', 'low': 'o'}
    """
    used: dict[tuple[str, str], int] = {}
    shapes = {}
    for one in judgements:
        place = used.get((one.symbol, one.role), 0)
        used[one.symbol, one.role] = place + 1
        shapes[one.code] = list(_SHAPE_SHARE)[min(place, len(_SHAPE_SHARE) - 1)]
    return shapes


def _add(
    sheet: Sheet,
    xs: Sequence[float],
    ys: Sequence[float],
    marker: str | Path,
    size: float,
    fill: str,
    edge: str,
    width: float,
    *,
    dashed: bool = False,
) -> None:
    if dashed:  # a ring of dashes cannot be asked of a marker, so the ring is made of arcs
        marker = _dashes()
    sheet.ax.add_artist(
        Line2D(xs, ys, transform=sheet.to_figure, linestyle="none", marker=marker,
               markersize=size, markerfacecolor="none" if dashed else fill, markeredgecolor=edge,
               markeredgewidth=width, clip_on=False, zorder=5)
    )  # fmt: skip


@cache
def _dashes() -> Path:
    """Give a ring of eight short arcs."""
    parts = []
    for start in range(0, 360, 45):
        angles = np.radians(np.linspace(start, start + 26, 4))
        parts.append(Path(np.column_stack([np.cos(angles), np.sin(angles)])))
    return Path.make_compound_path(*parts)


def shown_judgements(summary: RiskOfBias) -> list[Judgement]:
    """Give the judgements to explain: all of the tool that have a rank, others where they occur."""
    cells = summary.table[[one.code for one in summary.columns]].to_numpy(object).ravel()
    held = {summary.look(value).code for value in cells}
    own = [one for one in summary.tool.judgements if one.rank is not None or one.code in held]
    if not summary.tool.domains or summary.tool.code == "generic":
        own = [one for one in own if one.code in held]
    return own + ([summary.look(None)] if NOT_RECORDED in held else [])


def key_rows(judgements: Sequence[Judgement], width: float) -> list[list[Judgement]]:
    """Share the judgements of a key among lines no wider than so many points."""
    lines: list[list[Judgement]] = [[]]
    used = 0.0
    for one in judgements:
        if used + _entry_width(one) > width and lines[-1]:
            lines.append([])
            used = 0.0
        lines[-1].append(one)
        used += _entry_width(one)
    return lines


def _entry_width(judgement: Judgement) -> float:
    return MARK + 15 + text_width(judgement.name)


def key_height(rows: Sequence[Sequence[Judgement]]) -> float:
    """Give the height of a key."""
    return _PITCH * len(rows)


def write_key(
    sheet: Sheet,
    rows: Sequence[Sequence[Judgement]],
    left: float,
    top: float,
    shapes: Mapping[str, str] | None = None,
    hatches: Mapping[str, str] | None = None,
) -> None:
    """Draw the key, its first line just below ``top``.

    A judgement without a symbol whose role is in ``hatches`` is a hatched box, as in a bar.
    """
    marks = []
    for place, row in enumerate(rows):
        x, y = left, top + _PITCH * place + 1
        for one in row:
            hatch = None if one.symbol else (hatches or {}).get(one.role)
            if hatch:
                _, edge, _ = LOOKS[one.role]
                look = {"facecolor": "white", "edgecolor": edge, "linewidth": 0.6}
                sheet.box(x, middle_of_line(y) - MARK / 2, MARK, MARK, hatch=hatch * 2, **look)
            else:
                marks.append((x + MARK / 2, middle_of_line(y), one))
            sheet.text(x + MARK + 4, first_baseline(y), one.name)
            x += _entry_width(one)
    draw_marks(sheet, marks, shapes=shapes)


def domain_lines(summary: RiskOfBias, width: float) -> list[tuple[str, tuple[str, ...]]]:
    """Write what the heads of the columns stand for, wrapped to a width."""
    shown = [one for one in summary.columns if one.code != "overall"]
    inset = domain_inset(summary)
    return [(one.short, wrap(one.name, width - inset, SMALL_SIZE)) for one in shown]


def domain_inset(summary: RiskOfBias) -> float:
    """Give how far the names of the domains stand in from their heads."""
    heads = [one.short for one in summary.columns]
    return natural_width(heads, SMALL_SIZE, "bold") + 6


def domains_height(lines: Sequence[tuple[str, tuple[str, ...]]]) -> float:
    """Give the height of the names of the domains."""
    return sum(lines_height(len(one), SMALL_SIZE) for _, one in lines)


def write_domains(
    sheet: Sheet, lines: Sequence[tuple[str, tuple[str, ...]]], left: float, top: float,
    inset: float,
) -> None:  # fmt: skip
    """Write the heads of the columns with their names, under one another."""
    for short, told in lines:
        sheet.lines(left, top, [short], size=SMALL_SIZE, weight="bold")
        sheet.lines(left + inset, top, told, size=SMALL_SIZE, color=GREY)
        top += lines_height(len(told), SMALL_SIZE)
