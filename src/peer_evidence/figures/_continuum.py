"""The continuum of helping relationships: its stations, the studies at each, a way through it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.checks import check_columns, check_evidence
from peer_evidence.errors import InputError
from peer_evidence.figures.frames import Labels, check_labels, labelled, sentence_list, styled
from peer_evidence.figures.layout import (
    MARGIN,
    Sheet,
    lines_height,
    open_sheet,
    sheet_width,
    wrap,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, INK, MIDDLE, RULE, SMALL_SIZE
from peer_evidence.formatting import count, words
from peer_evidence.records.evidence import Evidence

_LARGEST = 21.0  # radius of the largest circle, in points
_GUTTER = 9.0
_STATION = ("relationship", "order", "direction", "helper", "setting")
_STEP = ("step", "relationship", "what_happens", "outcome")


def continuum_table(ev: Evidence) -> pd.DataFrame:
    """Give the stations of the continuum, the studies at each and the steps of the journey.

    Parameters
    ----------
    ev : Evidence
        Records with the framework tables ``continuum`` and, if there is one, ``journey``.

    Returns
    -------
    DataFrame
        One row a station and step of the journey there (one row with an empty step where there is
        none): ``relationship``, ``order``, ``direction``, ``intentional``, ``helper``,
        ``setting``, ``studies``, ``step``, ``what_happens``, ``outcome``.

    Raises
    ------
    InputError
        If the records have no continuum.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> table = pe.figures.continuum_table(pe.load())
    >>> table[["order", "direction", "studies"]].to_string(index=False, header=False).split()[:6]
    ['1', 'unidirectional', '0', '2', 'unidirectional', '34']
    """
    check_evidence("ev", ev)
    framework = ev.framework
    if "continuum" not in framework or framework["continuum"].empty:
        has = ", ".join(sorted(framework)) or "none"
        raise InputError(
            "ev: the records have no framework table 'continuum' (framework/continuum.csv), which "
            f"this figure draws; its framework tables are {has}"
        )
    stations = framework["continuum"]
    check_columns(stations.columns, _STATION, "framework/continuum.csv")
    if "intentional" not in stations.columns:
        stations["intentional"] = ""
    stations = stations[["relationship", "order", "direction", "intentional", "helper", "setting"]]
    stations = stations.assign(
        order=pd.to_numeric(stations["order"]),
        studies=[
            int((ev.studies["relationship"] == one).sum()) for one in stations["relationship"]
        ],
    ).sort_values("order", kind="stable")
    steps = framework.get("journey", pd.DataFrame(columns=list(_STEP)))
    check_columns(steps.columns, _STEP, "framework/journey.csv")
    steps = steps[list(_STEP)].assign(step=pd.to_numeric(steps["step"]).astype("Int64"))
    steps = steps.astype({"relationship": object})
    joined = stations.astype({"relationship": object}).merge(steps, on="relationship", how="left")
    return joined.sort_values(["order", "step"], kind="stable").reset_index(drop=True)


@styled
def continuum(ev: Evidence, *, labels: Labels = None, ax: Axes | None = None) -> Axes:
    """Draw the continuum of helping relationships, the studies on it and the journey through it.

    Parameters
    ----------
    ev : Evidence
        Records with the framework tables ``continuum`` and, if there is one, ``journey``.
    labels : mapping, optional
        Relationship to label; the labels of the records' vocabularies when left out.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        Its coordinates are points from the top left corner.

    Raises
    ------
    InputError
        If the records have no continuum.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ax = pe.figures.continuum(pe.load())
    >>> pe.figures.drawn(ax)[0].alt[:60]
    'Line with 5 kinds of relationship, from professional unidire'
    """
    table = continuum_table(ev)
    codes = [str(code) for code in dict.fromkeys(table["relationship"])]
    known = {code: ev.vocabularies.label("relationship", code) for code in codes}
    known |= {str(code): text for code, text in check_labels(labels).items()}
    placed = int(ev.studies["relationship"].isin(codes).sum())
    note = f"{count(len(ev.studies) - placed, 'study', 'studies')} of {len(ev.studies)}"
    verb = "is" if len(ev.studies) - placed == 1 else "are"
    note = f"Area: studies. {note} {verb} not coded and so not placed."
    width = sheet_width(ax)
    plan = _plan(table, codes, known, width)
    sheet = open_sheet(ax, width, plan.height)
    _line(sheet, plan)
    for station in plan.stations:
        _draw_station(sheet, station, plan)
    _walk(sheet, plan)
    sheet.lines(
        MARGIN,
        plan.height - MARGIN - lines_height(1, SMALL_SIZE),
        [note],
        size=SMALL_SIZE,
        color=GREY,
    )
    return attach(sheet.ax, "Continuum of helping relationships", _alt(table, known, note), table)


@dataclass(frozen=True, slots=True)
class _Step:
    number: int
    happens: tuple[str, ...]
    outcome: tuple[str, ...]

    @property
    def height(self) -> float:
        lines = len(self.happens) + len(self.outcome)
        return 16 + lines_height(lines, SMALL_SIZE) + 3 + 8


@dataclass(frozen=True, slots=True)
class _Station:
    left: float
    name: tuple[str, ...]
    helper: tuple[str, ...]
    setting: tuple[str, ...]
    both_ways: bool
    direction: str
    studies: int
    steps: tuple[_Step, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    width: float
    height: float
    pitch: float
    stations: list[_Station]
    line: float  # height of the line of the continuum
    arrows: float
    journey: float  # where the steps begin
    most: int

    @property
    def column(self) -> float:
        """Width of the text of a station."""
        return self.pitch - _GUTTER


def _plan(table: pd.DataFrame, codes: list[str], labels: dict[str, str], width: float) -> _Plan:
    pitch = (width - 2 * MARGIN + _GUTTER) / len(codes)
    stations = [
        _station(
            table[table["relationship"] == code],
            labelled(labels, code),
            MARGIN + number * pitch,
            pitch - _GUTTER,
        )
        for number, code in enumerate(codes)
    ]
    name_height = lines_height(max(len(one.name) for one in stations))
    line = MARGIN + name_height + 6 + _LARGEST
    arrows = line + _LARGEST + 12
    told = max(len(one.helper) + len(one.setting) for one in stations)
    journey = arrows + 22 + lines_height(told, SMALL_SIZE) + 12
    steps = max(sum(step.height for step in one.steps) for one in stations)
    foot = lines_height(1, SMALL_SIZE) + MARGIN + 4
    height = journey + (steps + 4 if steps else 0) + foot
    most = int(table["studies"].max())
    return _Plan(width, height, pitch, stations, line, arrows, journey, most)


def _station(rows: pd.DataFrame, label: str, left: float, width: float) -> _Station:
    first = rows.iloc[0]
    steps = [
        _Step(
            int(row["step"]),
            wrap(_said(row["what_happens"]), width, SMALL_SIZE),
            wrap(f"→ {_said(row['outcome'])}", width, SMALL_SIZE),
        )
        for _, row in rows.iterrows()
        if pd.notna(row["step"])
    ]
    return _Station(
        left,
        wrap(label, width, weight="bold"),
        wrap(f"Helper: {_said(first['helper'])}", width, SMALL_SIZE),
        wrap(f"Where: {_said(first['setting'])}", width, SMALL_SIZE),
        str(first["direction"]).startswith("reciprocal"),
        words(_said(first["direction"])),
        int(first["studies"]),
        tuple(steps),
    )


def _said(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _line(sheet: Sheet, plan: _Plan) -> None:
    ends = [plan.stations[0].left + plan.column / 2, plan.stations[-1].left + plan.column / 2]
    sheet.line(ends, [plan.line] * 2, color=MIDDLE, linewidth=2, zorder=1)


def _draw_station(sheet: Sheet, station: _Station, plan: _Plan) -> None:
    """Draw a station: name, studies as area, how help flows, who helps and where."""
    middle = station.left + plan.column / 2
    top = plan.line - _LARGEST - 6 - lines_height(len(station.name))
    sheet.lines(middle, top, station.name, align="center", weight="bold")
    radius = max(_LARGEST * sqrt(station.studies / max(plan.most, 1)), 0)
    if station.studies:
        sheet.mark(middle, plan.line, "o", size=2 * radius, color=BLUE, fill=BLUE, zorder=2)
    else:
        sheet.mark(middle, plan.line, "o", size=9, color=GREY, fill="white", zorder=2)
    inside = radius > 9
    sheet.text(
        middle,
        plan.line + 2.9 if inside else plan.line + max(radius, 5) + 9,
        str(station.studies),
        align="center",
        weight="bold",
        color="white" if inside else INK,
    )
    _flow(sheet, middle, plan.arrows, station)
    told = [*station.helper, *station.setting]
    sheet.lines(middle, plan.arrows + 19, told, align="center", size=SMALL_SIZE, color=GREY)


def _flow(sheet: Sheet, x: float, y: float, station: _Station) -> None:
    """Draw who gives help to whom: one arrow, or two that meet."""
    half = 15.0
    shifts = [(-2.4, 1), (2.4, -1)] if station.both_ways else [(0.0, 1)]
    for shift, sign in shifts:
        sheet.line(
            [x - sign * half, x + sign * (half - 3)], [y + shift] * 2, color=INK, linewidth=1
        )
        sheet.mark(
            x + sign * (half - 3),
            y + shift,
            ">" if sign > 0 else "<",
            size=4.5,
            color=INK,
            fill=INK,
            linewidth=0,
        )
    sheet.lines(x, y + 6, [station.direction], align="center", size=SMALL_SIZE)


def _walk(sheet: Sheet, plan: _Plan) -> None:
    """Draw the numbered steps of the journey and the way that joins them."""
    spots: dict[int, tuple[float, float]] = {}
    for station in plan.stations:
        top = plan.journey
        for step in station.steps:
            spots[step.number] = (station.left + 7, top + 7)
            text = top + 17
            sheet.lines(station.left, text, step.happens, size=SMALL_SIZE)
            text += lines_height(len(step.happens), SMALL_SIZE) + 3
            sheet.lines(station.left, text, step.outcome, size=SMALL_SIZE, color=BLUE)
            top += step.height
    ordered = [spots[number] for number in sorted(spots)]
    if ordered:
        xs, ys = [x for x, _ in ordered], [y for _, y in ordered]
        sheet.line(xs, ys, color=RULE, linewidth=1, linestyle=(0, (3, 2)), zorder=1)
    for number, (x, y) in spots.items():
        sheet.mark(x, y, "o", size=13, color=INK, fill="white", zorder=3)
        sheet.text(x, y + 2.9, str(number), align="center", weight="bold")


def _alt(table: pd.DataFrame, labels: dict[str, str], note: str) -> str:
    stations = table.drop_duplicates("relationship")
    names = [labelled(labels, code) for code in stations["relationship"]]
    held = [
        f"{name} ({words(_said(row['direction']))}, "
        f"{count(int(row['studies']), 'study', 'studies')})"
        for name, (_, row) in zip(names, stations.iterrows(), strict=True)
    ]
    steps = table[table["step"].notna()].sort_values("step")
    told = [
        f"Step {row['step']}, {labelled(labels, row['relationship'])}: "
        f"{_said(row['what_happens'])} {_said(row['outcome'])}".strip()
        for _, row in steps.iterrows()
    ]
    return (
        f"Line with {count(len(names), 'kind')} of relationship, from {names[0].lower()} to "
        f"{names[-1].lower()}: {sentence_list(held)}. {note} " + " ".join(told)
    ).strip()
