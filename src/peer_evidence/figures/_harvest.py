"""The harvest plot: one bar a study, placed by its direction, as high as its design is suitable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from peer_evidence.errors import InputError
from peer_evidence.figures.frames import (
    Labels,
    check_labels,
    labelled,
    named_sides,
    sentence_list,
    styled,
)
from peer_evidence.figures.harvest_rows import COLUMNS, HEIGHTS, NOT_STATED, SEVERAL, harvest_table
from peer_evidence.figures.key import PITCH, Entry, key_lines, write_key
from peer_evidence.figures.layout import (
    MARGIN,
    Column,
    Panel,
    Sheet,
    headers_height,
    lines_height,
    middle_of_line,
    natural_width,
    open_sheet,
    sheet_width,
    stack,
    text_width,
    wrap,
    write_headers,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, INK, MIDDLE, PALE, SMALL_SIZE
from peer_evidence.formatting import count, words

_FILLS: tuple[dict[str, Any], ...] = (
    {"facecolors": BLUE, "edgecolors": BLUE},
    {"facecolors": MIDDLE, "edgecolors": GREY},
    {"facecolors": "white", "edgecolors": GREY, "hatch": "//////"},
    {"facecolors": "white", "edgecolors": GREY},
    {"facecolors": INK, "edgecolors": INK},
)
_UNIT = 5.0  # points a level of suitability
_BAR = 5.2
_PITCH = 7.2


@styled
def harvest(
    source: Any,
    *,
    by: str = "domain",
    height: Mapping[str, int] | None = None,
    fill: str | None = None,
    number: str | None = None,
    contrasts: Sequence[str] | None = ("intervention_vs_comparison",),
    labels: Labels = None,
    favours: tuple[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw each study as a bar in the column of its direction, domain by domain.

    A bar stands where the estimates of the study point, whatever their significance; it is as high
    as the design is suitable. Studies whose direction is not known have no column: they are
    counted at the right.

    Parameters
    ----------
    source, by, height, fill, number, contrasts
        See :func:`harvest_table`.
    labels : mapping, optional
        Domain, design or word of the filling column to label.
    favours : (str, str), optional
        Whom the left and the right column favour; as the records call it when left out.
        The name alone: the figure writes "favours" before it.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        Its coordinates are points from the top left corner.

    References
    ----------
    Ogilvie, Fayter, Petticrew et al. 2008, BMC Medical Research Methodology 8:8,
    doi 10.1186/1471-2288-8-8.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> hope = pe.load().select(domain="hope")
    >>> print(pe.figures.drawn(pe.figures.harvest(hope))[0].alt)
    Harvest plot of 9 studies in 1 domain, by the direction of their estimates. Hope: 0 negative, \
0 no or mixed, 8 positive; 1 of unknown direction.
    """
    table = harvest_table(
        source, by=by, height=height, fill=fill, number=number, contrasts=contrasts
    )
    by = str(table.columns[2])
    fills = _fills(table, fill)
    plan = _plan(table, by, labels, named_sides(source, favours), ax)
    note = _note(table, height, labels, number)
    key = _key(fills, labels, plan.width) if fill else []
    told = wrap(note, plan.width - 2 * MARGIN, SMALL_SIZE)
    at_key = plan.tops[-1] + 6
    at_note = at_key + PITCH * len(key) + (3 if key else 0)
    sheet = open_sheet(ax, plan.width, at_note + lines_height(len(told), SMALL_SIZE) + MARGIN)
    _ground(sheet, plan)
    _bars(sheet, table, by, plan, fills)
    _write_key(sheet, key, fills, at_key)
    sheet.lines(MARGIN, at_note, told, size=SMALL_SIZE, color=GREY)
    return attach(sheet.ax, "Harvest plot", _alt(table, by, plan), table)


@dataclass(frozen=True, slots=True)
class _Plan:
    width: float
    domains: list[str]
    names: list[tuple[str, ...]]
    tops: list[float]  # of each row, and the end of the last
    columns: dict[str, Panel]  # where the bars of a column stand
    heads: list[Column]
    pitch: float
    line: float  # the height of one line of bars
    unknown: list[int]
    head: float

    def fit(self, column: str) -> int:
        """Give how many bars stand side by side in a column."""
        return _fit(self.columns[column].right - self.columns[column].left, self.pitch)


def _fit(width: float, pitch: float) -> int:
    return max(int((width - 4) / pitch), 1)


def _plan(
    table: pd.DataFrame, by: str, labels: Labels, favours: tuple[str, str], ax: Axes | None
) -> _Plan:
    """Share the width among the columns by how many bars they hold; bars that do not fit wrap."""
    width = sheet_width(ax)
    domains = list(dict.fromkeys(table[by].astype(object)))
    texts = [labelled(labels, domain) for domain in domains]
    label_width = natural_width(texts, at_most=0.24 * width)
    heads = {"negative": f"Favours {favours[0]}", "no_or_mixed": "No or mixed direction",
             "positive": f"Favours {favours[1]}"}  # fmt: skip
    last = text_width("reported", weight="bold") + 4
    start = MARGIN + label_width + 8
    room = width - MARGIN - start - last - 8 * 3
    numbers = [_number(one) for one in table["number"] if _number(one)]
    pitch = max(_PITCH, natural_width(numbers, SMALL_SIZE) + 2 if numbers else 0)
    counts = table.groupby([table[by].astype(object), "column"], sort=False).size()
    most = {name: max([counts.get((one, name), 0) for one in domains]) for name in COLUMNS}
    least = {name: max(natural_width(heads[name].split(), weight="bold") + 6, 58.0)
             for name in COLUMNS}  # fmt: skip
    widths = _shares(most, least, pitch, room)
    columns, x = {}, start
    for name in COLUMNS:
        columns[name] = Panel(x, x + widths[name], 0, 0)
        x += widths[name] + 8
    headings = [
        Column("label", labelled(None, by), MARGIN, label_width),
        *(Column(name, heads[name], columns[name].left, widths[name] - 4) for name in COLUMNS),
        Column("unknown", "Direction not reported", width - MARGIN - last, last, "right"),
    ]
    head = MARGIN + headers_height(headings) + 3
    top = int(table["height"].max())
    line = _UNIT * top + (lines_height(1, SMALL_SIZE) if numbers else 0) + 5
    names = [wrap(text, label_width) for text in texts]
    heights = []
    for domain, lines in zip(domains, names, strict=True):
        needed = [
            -(-int(counts.get((domain, name), 0)) // _fit(widths[name], pitch)) for name in COLUMNS
        ]
        heights.append(max(line * max(*needed, 1), lines_height(len(lines))) + 4)
    return _Plan(
        width,
        [str(one) for one in domains],
        names,
        stack([*heights, 0.0], head),
        columns,
        headings,
        pitch,
        line,
        [int(counts.get((one, ""), 0)) for one in domains],
        head,
    )


def _shares(
    most: dict[str, int], least: dict[str, float], pitch: float, room: float
) -> dict[str, float]:
    """Give each column its least width, then room for its bars as far as there is any."""
    wanted = {name: max(least[name], most[name] * pitch + 6) for name in most}
    spare = room - sum(least.values())
    extra = {name: wanted[name] - least[name] for name in most}
    total = sum(extra.values())
    scale = min(1.0, spare / total) if total else 0.0
    left = max(0.0, spare - scale * total) / len(most)
    return {name: least[name] + scale * extra[name] + left for name in most}


def _number(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, (int, float, np.number)) else str(value)


def _fills(table: pd.DataFrame, fill: str | None) -> dict[str, dict[str, Any]]:
    """Give each word its look; the most frequent first, what is not stated left white."""
    found = [str(one) for one in table.loc[table["column"] != "", "fill"].value_counts().index]
    plain = [one for one in found if one != NOT_STATED]
    if len(plain) > len(_FILLS):
        raise InputError(
            f"fill: {fill!r} has {len(plain)} words, allowed are {len(_FILLS)}: more fills cannot "
            "be told apart; join some of them first"
        )
    looks = dict(zip(plain, _FILLS, strict=False))
    if NOT_STATED in found:
        looks[NOT_STATED] = {"facecolors": "white", "edgecolors": MIDDLE, "linestyles": ":"}
    return looks


def _key(fills: dict[str, dict[str, Any]], labels: Labels, width: float) -> list[list[Entry]]:
    entries = []
    for word, look in fills.items():
        text = words(word) if word in (SEVERAL, NOT_STATED) else labelled(labels, word)
        entries.append(Entry(text, "s", look["edgecolors"], look["facecolors"], 7.5))
    return key_lines(entries, width - 2 * MARGIN)


def _write_key(
    sheet: Sheet, lines: list[list[Entry]], fills: dict[str, dict[str, Any]], top: float
) -> None:
    """Draw the key; a fill of hatches is drawn over its square."""
    write_key(sheet, lines, MARGIN, top)
    looks = iter(fills.values())
    for row, entries in enumerate(lines):
        x, y = MARGIN + 3.0, middle_of_line(top + PITCH * row)
        for entry in entries:
            look = next(looks)
            left = x + entry.size / 2 - 3 - entry.size / 2
            if "hatch" in look:
                sheet.box(left, y - entry.size / 2, entry.size, entry.size, facecolor="none",
                          edgecolor=GREY, hatch=look["hatch"], zorder=4)  # fmt: skip
            x += entry.width


def _ground(sheet: Sheet, plan: _Plan) -> None:
    """Draw the headings, the names of the domains and the ground of the columns."""
    write_headers(sheet, plan.heads, plan.head - 2)
    for place, (name, top) in enumerate(zip(plan.names, plan.tops, strict=False)):
        bottom = plan.tops[place + 1]
        middle = (top + bottom - lines_height(len(name))) / 2
        sheet.lines(MARGIN, middle, name)
        at = (top + bottom - lines_height(1)) / 2
        sheet.lines(plan.heads[-1].anchor, at, [str(plan.unknown[place])], align="right")
        for panel in plan.columns.values():
            sheet.box(panel.left, top, panel.right - panel.left, bottom - top - 2,
                      facecolor=PALE, zorder=-2)  # fmt: skip


def _bars(
    sheet: Sheet, table: pd.DataFrame, by: str, plan: _Plan, fills: dict[str, dict[str, Any]]
) -> None:
    """Draw the bars, one collection a fill, and the numbers over them."""
    shapes: dict[str, list[list[tuple[float, float]]]] = {word: [] for word in fills}
    rows = {domain: place for place, domain in enumerate(plan.domains)}
    used: dict[tuple[int, str], int] = {}
    for one in table[table["column"] != ""].to_dict("records"):
        row, column = rows[str(one[by])], str(one["column"])
        at = used.get((row, column), 0)
        used[row, column] = at + 1
        line, place = divmod(at, plan.fit(column))
        left = plan.columns[column].left + 4 + place * plan.pitch + (plan.pitch - _PITCH) / 2
        base = plan.tops[row] + plan.line * (line + 1) + 0.5
        top = base - _UNIT * int(one["height"])
        shapes[str(one["fill"])].append(
            [(left, base), (left, top), (left + _BAR, top), (left + _BAR, base)]
        )
        text = _number(one["number"])
        sheet.text(left + _BAR / 2, top - 1.5, text, size=SMALL_SIZE, align="center")
    for word, look in fills.items():
        bars = PolyCollection(shapes[word], transform=sheet.to_figure, linewidths=0.7, zorder=3,
                              **look)  # fmt: skip
        bars.set_clip_on(False)
        sheet.ax.add_collection(bars, autolim=False)


def _note(
    table: pd.DataFrame, height: Mapping[str, int] | None, labels: Labels, number: str | None
) -> str:
    """Say what a bar, its height and its place mean."""
    levels = HEIGHTS if height is None else height
    held = dict.fromkeys(table["design"])
    told = []
    for level in sorted({int(levels[one]) for one in held}, reverse=True):
        names = [
            check_labels(labels).get(one, words(one)) for one in levels if one in held
            and levels[one] == level
        ]  # fmt: skip
        told.append(f"{level} {sentence_list(names)}")
    parts = [
        "One bar a study, placed by the direction of its estimates, whatever their significance. "
        f"Height, suitability of design: {'; '.join(told)}."
    ]
    if number:
        parts.append(f"Number over a bar: {words(number)}.")
    return " ".join(parts)


def _alt(table: pd.DataFrame, by: str, plan: _Plan) -> str:
    """Put the plot into words: how many studies stand in each column of each domain."""
    told = []
    names = [" ".join(lines) for lines in plan.names]
    for domain, name, unknown in zip(plan.domains, names, plan.unknown, strict=True):
        here = table.loc[table[by].astype(str) == domain, "column"]
        parts = [f"{int((here == one).sum())} {words(one)}" for one in COLUMNS]
        beside = f"; {unknown} of unknown direction" if unknown else ""
        told.append(f"{name}: {', '.join(parts)}{beside}.")
    studies = count(int(table["study_id"].nunique()), "study", "studies")
    return (
        f"Harvest plot of {studies} in {count(len(plan.domains), 'domain')}, by the direction of "
        f"their estimates. {' '.join(told)}"
    )
