"""Printed statistics against what the printed intervals imply for them, one row an effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from scipy.special import ndtri

from peer_evidence.errors import InputError
from peer_evidence.figures.axes import linear_ticks, set_linear_axis
from peer_evidence.figures.frames import Labels, check_labels, styled
from peer_evidence.figures.key import DASHES, PITCH, Entry, key_lines, write_key
from peer_evidence.figures.layout import (
    MARGIN,
    ROW_PAD,
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
    wrap,
    write_headers,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, MIDDLE, PALE, VERMILLION, plain
from peer_evidence.formatting import count

if TYPE_CHECKING:
    from peer_evidence.appraisal.audit import Audit

_SAID = {
    "inconsistent": "cannot both be true",
    "consistent_if": "agrees under one reading",
    "consistent": "agrees",
}
_MARKS = {"z": "D", "p": "o"}


def audit_table(audit: Audit) -> pd.DataFrame:
    """Give the statistics that :func:`audit` draws.

    Parameters
    ----------
    audit : Audit
        What :func:`peer_evidence.audit` gives.

    Returns
    -------
    DataFrame
        One row a printed z or p with an interval to check it by: ``row_id``, ``check``,
        ``printed``, ``verdict``, the sizes of z that the interval implies (``implied_low``,
        ``implied_high``) and those that the printed number stands for (``printed_low``,
        ``printed_high``; infinite for p below a bound). Rows with a conflict come first.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> table = audit_table(pe.audit(pe.load()))
    >>> table.loc[table["verdict"] == "inconsistent", ["row_id", "check"]].to_numpy().tolist()
    [['fuhr_2014.p20', 'p'], ['fang_2022.p28', 'z'], ['sikander_2019.phq_6m', 'p']]
    """
    if not hasattr(audit, "recomputed"):
        raise InputError(
            f"audit: found {type(audit).__name__}, allowed is the result of peer_evidence.audit()"
        )
    shown = audit.table[
        audit.table["check"].isin(list(_MARKS)) & audit.table["printed_low"].notna()
    ]
    keys = ["table", "row_id"]
    ranges = audit.recomputed[[*keys, "z_low", "z_high"]].dropna().drop_duplicates(keys)
    table = shown.drop(columns=["implied_low", "implied_high"]).merge(ranges, on=keys)
    if table.empty:
        raise InputError(
            "audit: no z or p is printed beside an interval, so there is nothing to draw"
        )
    is_p = (table["check"] == "p").to_numpy(bool)
    sides = np.where(table["printed"].str.contains("one-tailed", regex=False), 1.0, 2.0)
    low, high = table["printed_low"].to_numpy(float), table["printed_high"].to_numpy(float)
    from_p = [-ndtri(np.clip(p / sides, 0.0, 0.5)) for p in (high, low)]
    table["printed_low"] = np.where(is_p, from_p[0], low)
    table["printed_high"] = np.where(is_p, from_p[1], high)
    table = table.rename(columns={"z_low": "implied_low", "z_high": "implied_high"})
    worst = table.groupby(keys)["verdict"].transform(lambda one: min(map(_rank, one)))
    table = table.assign(worst=worst).sort_values("worst", kind="stable")
    columns = ["row_id", "check", "printed", "verdict"]
    columns += ["implied_low", "implied_high", "printed_low", "printed_high"]
    return table[columns].reset_index(drop=True)


@styled
def audit(audit: Audit, *, labels: Labels = None, ax: Axes | None = None) -> Axes:
    """Draw what is printed as z or p against what the printed interval implies for it.

    A bar is the range of z that the estimate and its interval allow, after rounding. A mark is
    the printed z, or the printed p turned into z, with a line as long as its own rounding. Where
    mark and bar do not meet, not all of the numbers can be true under the usual reading.

    Parameters
    ----------
    audit : Audit
        See :func:`audit_table`.
    labels : mapping, optional
        Row to label.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        Its x is the size of z; its y is points from the top.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> frame = pd.DataFrame([{"pooled_id": "a", "effect_measure": "SMD", "estimate": "-0.39",
    ...                        "ci_low": "-0.54", "ci_high": "-0.24", "z": "9.42"}])
    >>> ax = pe.figures.audit(pe.audit(frame))
    >>> print(pe.figures.drawn(ax)[0].alt)
    Printed statistics of 1 effect against the z that its interval implies: 1 cannot both be \
true. a: z 9.42, the interval implies z 4.93 to 5.27, cannot both be true.
    """
    table = audit_table(audit)
    told = check_labels(labels)
    width = sheet_width(ax)
    rows = [(name, part) for name, part in table.groupby("row_id", sort=False)]
    names = [plain(told.get(str(name), str(name))) for name, _ in rows]
    columns = _columns(names, table, width)
    cells = [
        (wrap(name, columns[0].width), _printed(part, columns[1].width), _verdict(part, columns[2]))
        for name, (_, part) in zip(names, rows, strict=True)
    ]
    head = MARGIN + headers_height(columns)
    heights = [lines_height(max(map(len, cell))) + ROW_PAD for cell in cells]
    tops = stack(heights, head + 2)
    bottom = tops[-1] + heights[-1]
    left = columns[1].left + columns[1].width + 12
    panel = Panel(left, columns[2].left - 14, head, bottom + 2)
    key = key_lines(_key(table), width - 2 * MARGIN)
    at_label = panel.bottom + 16
    height = at_label + lines_height(1) + 6 + PITCH * len(key) + MARGIN
    sheet = open_sheet(ax, width, height, panel)
    limit = _limit(table)
    set_linear_axis(sheet.ax, 0.0, limit, panel.right - panel.left)
    sheet.ax.patch.set_visible(False)
    write_headers(sheet, columns, head)
    for number, ((_, part), cell, top) in enumerate(zip(rows, cells, tops, strict=True)):
        if number % 2 == 0:
            sheet.box(0, top, width, heights[number], facecolor=PALE, zorder=-2)
        for column, lines in zip(columns, cell, strict=True):
            wrong = column.key == "verdict" and "inconsistent" in set(part["verdict"])
            sheet.lines(
                column.anchor, top + ROW_PAD / 2, lines, weight="bold" if wrong else "normal"
            )
        _draw(sheet, part, middle_of_line(top + ROW_PAD / 2), limit)
    middle = (panel.left + panel.right) / 2
    sheet.lines(middle, at_label, ["size of z"], align="center")
    write_key(sheet, key, MARGIN, at_label + lines_height(1) + 6)
    return attach(sheet.ax, "Printed statistics and what their intervals imply", _alt(table), table)


def _rank(verdict: str) -> int:
    return list(_SAID).index(verdict) if verdict in _SAID else len(_SAID)


def _columns(names: list[str], table: pd.DataFrame, width: float) -> list[Column]:
    first = natural_width([*names, "Row"], at_most=0.27 * width)
    second = natural_width([*table["printed"], "Printed"], at_most=0.17 * width)
    third = natural_width(list(_SAID.values()), weight="bold", at_most=0.24 * width)
    return [
        Column("row", "Row", MARGIN, first),
        Column("printed", "Printed", MARGIN + first + 8, second),
        Column("verdict", "Verdict", width - MARGIN - third, third),
    ]


def _printed(part: pd.DataFrame, width: float) -> tuple[str, ...]:
    return tuple(line for text in part["printed"] for line in wrap(text, width))


def _verdict(part: pd.DataFrame, column: Column) -> tuple[str, ...]:
    worst = min(part["verdict"], key=_rank)
    weight = "bold" if worst == "inconsistent" else "normal"
    return wrap(_SAID[worst], column.width, weight=weight)


def _limit(table: pd.DataFrame) -> float:
    """Give the end of the axis: past all that is finite, but no implied range above 15 or so."""
    values = table[["implied_high", "printed_low", "printed_high"]].to_numpy(float)
    largest = float(values[np.isfinite(values) & (values < 15)].max(initial=3.0))
    return max(linear_ticks(0.0, largest * 1.05, 200.0)[-1], largest * 1.05)


def _draw(sheet: Sheet, part: pd.DataFrame, y: float, limit: float) -> None:
    """Draw the bar of what is implied, then each printed number over it."""
    low, high = (float(part[name].iloc[0]) for name in ("implied_low", "implied_high"))
    low, high = min(low, limit), min(high, limit)
    smallest = limit / 400
    look: dict[str, Any] = {"facecolor": MIDDLE, "edgecolor": GREY, "linewidth": 0.5, "zorder": 1}
    sheet.ax.add_patch(Rectangle((low, y - 3.2), max(high - low, smallest), 6.4, **look))
    for row in part.to_dict("records"):
        wrong = row["verdict"] == "inconsistent"
        color = VERMILLION if wrong else BLUE
        start, end = float(row["printed_low"]), float(row["printed_high"])
        if np.isinf(end):  # a bound: from here on
            stop = min(max(start, high) + limit / 25, limit)
            sheet.ax.plot([start, stop], [y, y], color=color, linewidth=1.0, zorder=3)
            sheet.ax.plot([start], [y], "|", color=color, markersize=6, zorder=3)
            sheet.ax.plot([stop], [y], ">", color=color, markersize=4, zorder=3)
            continue
        start, end = min(start, limit), min(end, limit)
        sheet.ax.plot([start, end], [y, y], color=color, linewidth=1.2, zorder=3)
        mark = _MARKS[str(row["check"])] if start < limit else ">"
        fill = color if row["check"] == "z" else "white"
        sheet.ax.plot(
            [(start + end) / 2],
            [y],
            mark,
            color=color,
            markerfacecolor=fill,
            markersize=4.2,
            zorder=4,
            clip_on=False,
        )
        if wrong:
            edge = (start, high) if start > high else (end, low)
            sheet.ax.plot(edge, [y, y], color=color, linewidth=0.9, linestyle=":", zorder=2)


def _key(table: pd.DataFrame) -> list[Entry]:
    entries = [Entry("what the interval implies", "s", GREY, MIDDLE, 7.0)]
    exact = table[np.isfinite(table["printed_high"])]
    if (exact["check"] == "z").any():
        entries.append(Entry("printed z", _MARKS["z"], BLUE, BLUE))
    if (exact["check"] == "p").any():
        entries.append(Entry("printed p, as z", _MARKS["p"], BLUE, "white"))
    if len(exact) < len(table):
        entries.append(Entry("p below a bound", ">", BLUE, BLUE))
    if (table["verdict"] == "inconsistent").any():
        entries.append(Entry("fits under no reading", DASHES, VERMILLION, size=14))
    return entries


def _alt(table: pd.DataFrame) -> str:
    effects = table["row_id"].nunique()
    found = table["verdict"].value_counts()
    parts = [f"{found[name]} {said}" for name, said in _SAID.items() if found.get(name)]
    told = [
        f"{row['row_id']}: {row['printed']}, the interval implies z {row['implied_low']:.2f} to "
        f"{row['implied_high']:.2f}, {_SAID[row['verdict']]}."
        for row in table.to_dict("records")
        if row["verdict"] != "consistent"
    ]
    whose = "its interval implies" if effects == 1 else "their intervals imply"
    return (
        f"Printed statistics of {count(effects, 'effect')} against the z that {whose}: "
        f"{', '.join(parts)}. {' '.join(told)}"
    ).strip()
