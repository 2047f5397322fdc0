"""Where the columns and rows of a forest plot stand, in the ways of several journals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.figures.axes import OVERHANG
from peer_evidence.figures.forest_rows import ARMS, CAUTIOUS, SIDES
from peer_evidence.figures.forest_words import (
    TIE,
    favours_lines,
    heterogeneity,
    measure_name,
    tells_prediction,
)
from peer_evidence.figures.layout import (
    MARGIN,
    Align,
    Column,
    Panel,
    headers_height,
    lines_height,
    natural_width,
    widest_word,
    wrap,
)
from peer_evidence.figures.style import POINTS_PER_MM, SMALL_SIZE, plain
from peer_evidence.formatting import EN_DASH, MINUS, interval, number

_GAP = 9.0
_CROWDED = 6.0  # the gap where many columns leave the panel little room
_PANEL = 104.0  # points that the panel has at least
_NARROW = 45.0 * POINTS_PER_MM  # and beside other columns
_JOINED = {"events": "Events/total"}
_PAD = 1.8
_INDENT = 7.0


def _with_to(low: float, high: float) -> str:
    return f"({interval(low, high)})"


def _with_dash(low: float, high: float) -> str:
    text = f"{number(low)}{EN_DASH}{number(high)}"
    return f"({text})" if MINUS not in text else _with_to(low, high)


def _in_brackets(low: float, high: float) -> str:
    return f"[{number(low)}, {number(high)}]"


@dataclass(frozen=True, slots=True)
class Layout:
    """The order of columns and the way of writing of a journal."""

    order: tuple[str, ...]  # of label, arms, panel, effect, weight
    joined: bool  # events and total in one column
    favours: str
    favours_on_top: bool
    write: Callable[[float, float], str]
    heads: dict[str, str] = field(default_factory=dict)


PRESETS = {
    "bmj": Layout(
        ("label", "arms", "panel", "weight", "effect"), True, "Favours", False, _with_to,
        {"label": "Study", "weight": "Weight (%)", "events": "No of events/total"},
    ),
    "jama": Layout(
        ("label", "arms", "effect", "panel", "weight"), True, "Favors", True, _with_dash,
        {"label": "Source", "weight": "Weight, %", "events": "No./total"},
    ),
    "revman": Layout(
        ("label", "arms", "weight", "effect", "panel"), False, "Favours", False, _in_brackets,
        {"label": "Study or subgroup", "weight": "Weight"},
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ForestRow:
    """A row: its texts by column, where it stands, and the row of the table it shows."""

    kind: str
    top: float
    height: float
    cells: dict[str, tuple[str, ...]]
    source: int | None
    inset: float = 0.0

    @property
    def text_top(self) -> float:
        """Where the text of the row begins."""
        return self.top + _PAD / 2 + (4 if self.kind in {"subgroup", "total"} else 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """A forest plot measured: columns, rows, the panel and the headings that span columns."""

    width: float
    panel: Panel
    columns: dict[str, Column]
    rows: list[ForestRow]
    spans: list[tuple[tuple[str, ...], float, float]]
    span_top: float
    favours: tuple[tuple[str, ...], tuple[str, ...]]
    null: float  # where the null is, in points
    without_arms: bool = False  # whether their numbers gave way to the panel


def plan_forest(
    table: pd.DataFrame,
    preset: Layout,
    arms: tuple[str, str],
    code: str,
    level: float,
    width: float,
    favours: tuple[str, str] | None,
    share: float,
    cautious: str = "",
    beside: float = 0.0,
) -> Plan:
    """Measure a forest plot: as wide as given, as high as its rows need.

    ``share`` says where along the panel the null is, from 0 to 1; ``cautious`` names the second
    interval of the diamonds, where they have one; ``beside`` is kept free on the right, and for it
    the numbers of an arm are joined, or left out, where they would leave the panel no room.
    """
    grouped = bool((table["kind"] == "subgroup").any())
    joined = replace(preset, joined=True, heads=preset.heads | _JOINED)
    bare = replace(preset, order=tuple(one for one in preset.order if one != "arms"))
    for arranged in (preset, joined, bare):
        texts = _texts(table, arranged)
        heads = _heads(arranged, texts, code, level)
        columns, left, right = _place(
            arranged, texts, heads, arms, width - beside, _NARROW if beside else _PANEL,
            grouped=grouped,
        )  # fmt: skip
        if not beside or right - left >= _NARROW - 0.01:
            break
    without_arms = arranged is bare and any(key.endswith(f"_{SIDES[0]}") for key in texts)
    spans = _spans(columns, arms)
    null = left + share * (right - left)
    top_side = preset.favours_on_top
    told = favours_lines(favours, preset.favours, (left, right), null, width)
    over = [lines for lines, _, _ in spans] + (list(told) if top_side else [])
    deep = max(map(len, over), default=0)
    span_height = lines_height(deep) + 3 if deep else 0.0
    top = MARGIN + span_height + headers_height(list(columns.values())) + 4
    rows = _rows(table, texts, columns, (left, null, right), top, cautious)
    bottom = rows[-1].top + rows[-1].height + 3
    panel = Panel(left, right, top, bottom)
    return Plan(width, panel, columns, rows, spans, MARGIN, told, null, without_arms)


def _texts(table: pd.DataFrame, preset: Layout) -> dict[str, list[str]]:
    """Write every column of text, one text a row of the table."""
    pooled = table["kind"].isin(["study", "subtotal", "total"])
    texts: dict[str, list[str]] = {"label": [plain(label) for label in table["label"]]}
    for side in SIDES:
        texts |= _arm_texts(table, side, preset.joined)
    texts["weight"] = [number(value, 1) for value in table["weight"]]
    texts["effect"] = [
        f"{number(effect)} {preset.write(low, high)}"
        if shown and not pd.isna(effect)
        else "not estimable"
        if shown
        else ""
        for shown, effect, low, high in zip(
            pooled, table["effect"], table["ci_low"], table["ci_high"], strict=True
        )
    ]
    texts["prediction"] = [
        preset.write(row["pi_low"], row["pi_high"]) if tells_prediction(row) else ""
        for _, row in table.iterrows()
    ]
    texts["cautious"] = [""] * len(table)
    if CAUTIOUS[0] in table.columns:
        texts["cautious"] = [
            preset.write(low, high) if not pd.isna(low) else ""
            for low, high in zip(*(table[name] for name in CAUTIOUS), strict=True)
        ]
    return texts


def _arm_texts(table: pd.DataFrame, side: str, joined: bool) -> dict[str, list[str]]:
    """Write the summary data of one arm, in one column or in one a number."""
    kinds = [names for names in ARMS.values() if f"{names[0]}_{side}" in table.columns]
    if not kinds:
        return {}
    kind = kinds[-1]  # means, where a table of means also has the counts of some studies
    held = {name: [_short(one) for one in table[f"{name}_{side}"]] for name in kind}
    if "mean" in held:
        digits = [_decimals(row) for _, row in table.iterrows()]
        for name in ("mean", "sd"):
            values = table[f"{name}_{side}"]
            held[name] = [number(one, at) for one, at in zip(values, digits, strict=True)]
    if len(kinds) > 1:
        counts = zip(table[f"events_{side}"], held["n"], held["mean"], strict=True)
        held["mean"] = [mean or (f"{_short(one)}/{n}" if _short(one) else "")
                        for one, n, mean in counts]  # fmt: skip
        for place in _heads_of_counts(table):
            held["mean"][place] = "Events/total" if joined else "Events"
    if not joined:
        return {f"{name}_{side}": texts for name, texts in held.items()}
    if "events" in held:
        pairs = zip(held["events"], held["n"], strict=True)
        return {f"events_{side}": [f"{events}/{n}" if events and n else "" for events, n in pairs]}
    pairs = zip(held["mean"], held["sd"], strict=True)
    return {
        f"mean_{side}": [f"{mean} ({sd})" if sd else mean for mean, sd in pairs],
        f"n_{side}": held["n"],
    }


def _heads_of_counts(table: pd.DataFrame) -> list[int]:
    """Give the rows that head a group of counts alone, in a table whose other groups have means."""
    rows = []
    studies = table[table["kind"] == "study"]
    for place in np.flatnonzero(table["kind"] == "subgroup"):
        own = studies[studies["group"] == table["group"].iloc[place]]
        counted = own[f"events_{SIDES[0]}"].notna()
        if counted.any() and own.loc[~counted, f"mean_{SIDES[0]}"].isna().all():
            rows.append(int(place))
    return rows


def _decimals(row: pd.Series) -> int:
    """Give the decimals for means and SDs of both arms: those of the data, at most 1 or 2."""
    values = [
        abs(float(row[f"{name}_{side}"]))
        for side in SIDES
        for name in ("mean", "sd")
        if not pd.isna(row[f"{name}_{side}"])
    ]
    if not values:
        return 0
    most = 2 if max(values) < 10 or min(values) < 1 else 1
    return max(len(f"{one:.{most}f}".rstrip("0").partition(".")[2]) for one in values)


def _short(value: Any) -> str:
    """Write a number of summary data: whole if it is whole, else with at most two decimals."""
    if pd.isna(value):
        return ""
    value = float(value)
    if value.is_integer():
        return number(value, 0)
    return number(value, 2 if abs(value) < 10 else 1)


def _heads(preset: Layout, texts: dict[str, list[str]], code: str, level: float) -> dict[str, str]:
    words = {"events": "Events", "n": "Total", "mean": "Mean (SD)" if preset.joined else "Mean",
             "sd": "SD"}  # fmt: skip
    words |= preset.heads
    heads = {}
    for key in texts:
        heads[key] = words.get(key.rsplit("_", 1)[0], "")
    heads["label"], heads["weight"] = words["label"], words["weight"]
    heads["effect"] = f"{measure_name(code)} ({100 * level:g}%{TIE}CI)"
    return heads


def _place(
    preset: Layout,
    texts: dict[str, list[str]],
    heads: dict[str, str],
    names: tuple[str, str],
    width: float,
    least: float,
    *,
    grouped: bool,
) -> tuple[dict[str, Column], float, float]:
    """Set the columns side by side; the panel takes what is left.

    The labels give way to it as long as it has not the ``least`` points.
    """
    keys: list[str] = []
    for part in preset.order:
        arms = [key for key in texts if key.rsplit("_", 1)[-1] in SIDES]
        keys += arms if part == "arms" else [part]
    widths = {key: _column_width(texts[key], heads[key], key, texts) for key in keys
              if key not in {"panel", "label"}}  # fmt: skip
    for side, name in zip(SIDES, names, strict=True):
        own = [key for key in widths if key.endswith(f"_{side}")]
        held = sum(widths[key] + _CROWDED for key in own)  # of its heading, 6 points may stand out
        if own:
            widths[own[0]] += max(widest_word([name], weight="bold") - held, 0.0)
    inner = width - 2 * MARGIN
    ends = 2 * OVERHANG if preset.order[-1] == "panel" else OVERHANG
    label = natural_width([*texts["label"], "Prediction interval"]) + (_INDENT if grouped else 0)
    for gap in (_GAP, _CROWDED):
        room = inner - sum(widths.values()) - gap * (len(keys) - 1) - ends
        widths_label = min(label, max(min(0.34 * inner, room - least), 62.0))
        if room - widths_label >= least:
            break
    widths["label"], widths["panel"] = widths_label, room - widths_label
    columns: dict[str, Column] = {}
    left, panel = MARGIN, (0.0, 0.0)
    for key in keys:
        if key == "panel":
            panel = (left + OVERHANG / 2, left + OVERHANG / 2 + widths[key])
            left += OVERHANG
        else:
            align: Align = "left" if key in {"label", "effect"} else "right"
            columns[key] = Column(key, heads[key], left, widths[key], align)
        left += widths[key] + gap
    return columns, panel[0], panel[1]


def _column_width(texts: list[str], head: str, key: str, all_texts: dict[str, list[str]]) -> float:
    """Give the width of a column: that of its texts, or of the longest word of its heading."""
    more = [*all_texts["prediction"], *all_texts["cautious"]] if key == "effect" else []
    held = [*texts, *more]
    bold = natural_width(held, weight="bold")
    room = max(bold, 42.0, widest_word([head], weight="bold"))
    return max(bold, natural_width(wrap(head, room, weight="bold"), weight="bold"))


def _spans(
    columns: dict[str, Column], arms: tuple[str, str]
) -> list[tuple[tuple[str, ...], float, float]]:
    """Set the names of the arms over their columns."""
    spans = []
    for side, name in zip(SIDES, arms, strict=True):
        own = [one for key, one in columns.items() if key.endswith(f"_{side}")]
        if own:
            left, right = own[0].left, own[-1].left + own[-1].width
            spans.append((wrap(name, right - left + 6, weight="bold"), left, right))
    return spans


def _rows(
    table: pd.DataFrame,
    texts: dict[str, list[str]],
    columns: dict[str, Column],
    panel: tuple[float, float, float],
    top: float,
    cautious: str,
) -> list[ForestRow]:
    """Stand the rows under one another: after each diamond its other intervals and a note.

    ``panel`` is where the panel begins, where its null is and where it ends. A heading may run on
    to the null, and a note, which has no mark beside it, over the line there.
    """
    rows: list[ForestRow] = []
    grouped = bool((table["kind"] == "subgroup").any())

    def add(kind: str, cells: dict[str, tuple[str, ...]], source: int | None, inset: float) -> None:
        nonlocal top
        size = SMALL_SIZE if "note" in cells else 8.0
        tallest = max(len(lines) for lines in cells.values())
        extra = 4 if kind in {"subgroup", "total"} else 0
        height = lines_height(tallest, size) + _PAD + extra
        rows.append(ForestRow(kind, top, height, cells, source, inset))
        top += height

    label = columns["label"]
    # the arms are empty beside an interval, so its name may run on over them
    after = [one.left for key, one in columns.items() if key in {"effect", "weight"}]
    open_to = min([panel[0], *after]) - 6 - label.left

    def add_interval(kind: str, name: str, place: int, inset: float) -> None:
        if texts[kind][place]:
            told = wrap(name, open_to - inset)
            add(kind, {"label": told, "effect": (texts[kind][place],)}, place, inset)

    for place, kind in enumerate(table["kind"]):
        inset = _INDENT if grouped and kind in {"study", "subtotal"} else 0.0
        weight = "bold" if kind in {"subgroup", "total"} else "normal"
        beside = {key: (texts[key][place],) for key in columns if key != "label"}
        if kind == "subgroup":  # beside it stands nothing but a heading of its own
            beside = {key: lines for key, lines in beside.items() if lines[0]}
        wide = label.width - inset
        if kind == "subgroup" and not beside:
            wide = max(panel[0] - 2 * MARGIN, panel[1] - 4 - MARGIN)
        cells = {"label": wrap(texts["label"][place], wide, weight=weight)} | beside
        add(kind, cells, place, inset)
        if kind in {"subtotal", "total"}:
            add_interval("cautious", cautious, place, inset)
            add_interval("prediction", "Prediction interval", place, inset)
            note = heterogeneity(table.iloc[place])
            if note and kind == "subtotal":
                add("note", {"note": wrap(note, panel[2] - MARGIN, SMALL_SIZE)}, None, 0)
    return rows
