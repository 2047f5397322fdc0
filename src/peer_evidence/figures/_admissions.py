"""Results that share no scale, one under another: which way each points, and how far if known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.checks import check_choice
from peer_evidence.figures.axes import OVERHANG, is_ratio, ratio_limits, set_ratio_axis
from peer_evidence.figures.frames import (
    FrameLike,
    Labels,
    as_frame,
    labelled,
    sentence_list,
    styled,
)
from peer_evidence.figures.key import PITCH, Entry, key_lines, write_key
from peer_evidence.figures.layout import (
    MARGIN,
    Column,
    Panel,
    Sheet,
    lines_height,
    middle_of_line,
    open_sheet,
    sheet_width,
    spread,
    stack,
    wrap,
    write_headers,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, INK, PALE, RULE, SMALL_SIZE, VERMILLION
from peer_evidence.formatting import count, interval, number, p_brief, p_value, words

DIRECTIONS: dict[str, tuple[str, str, str | None]] = {  # mark, colour, fill
    "favours_intervention": (">", BLUE, BLUE),
    "favours_comparison": ("<", VERMILLION, VERMILLION),
    "null": ("|", INK, None),
    "unclear": ("o", GREY, None),
}
_NEEDED = (
    "outcome_id", "label", "domain", "measure", "timepoint_months", "effect_direction",
    "effect_measure", "effect", "ci_low", "ci_high", "p_value", "not_computed", "counted",
    "left_out_reason",
)  # fmt: skip
_NO_NUMBERS = "no numbers: no estimate, counts or means are printed"
_HEAD = 24.0
_PAD = 5.0
_SHAPES = {"OR": "s", "RR": "o", "HR": "D", "IRR": "^"}  # a mark a measure: they share no scale


def admissions_table(admissions: FrameLike) -> pd.DataFrame:
    """Give the rows that :func:`admissions` draws: counted results by domain, then the rest.

    Parameters
    ----------
    admissions : DataFrame or AdmissionSummary
        One row a result: ``outcome_id``, ``label``, ``domain``, ``measure``,
        ``timepoint_months``, ``effect_direction``, ``effect_measure``, ``effect`` with
        ``ci_low`` and ``ci_high`` on the natural scale, ``p_value``, ``not_computed`` (why there
        is no effect), ``counted`` and ``left_out_reason``.

    Returns
    -------
    DataFrame
        Those columns, in the order drawn, and ``section``: the domain, or ``left_out``.

    Examples
    --------
    >>> table = admissions_table(pd.DataFrame({
    ...     "outcome_id": ["a", "b"], "label": ["A 2001", "B 2002"],
    ...     "domain": ["hospital_days"] * 2, "measure": ["Days", "Days"],
    ...     "timepoint_months": [6, 9],
    ...     "effect_direction": ["unclear", "favours_intervention"],
    ...     "effect_measure": ["", "MD"], "effect": [None, -5.1], "ci_low": [None, -10.3],
    ...     "ci_high": [None, 0.1], "p_value": [None, 0.053],
    ...     "not_computed": ["no numbers", ""], "counted": [False, True],
    ...     "left_out_reason": ["subgroup", ""]}))
    >>> table[["outcome_id", "section"]].to_string(index=False, header=False).split()
    ['b', 'hospital_days', 'a', 'left_out']
    """
    frame = as_frame("admissions", admissions, _NEEDED)
    for direction in dict.fromkeys(frame["effect_direction"].dropna()):
        check_choice("effect_direction", direction, list(DIRECTIONS))
    table = frame[list(_NEEDED)].copy()
    counted = table["counted"].astype(bool)
    table["effect_direction"] = table["effect_direction"].astype(object).fillna("unclear")
    table.insert(0, "section", table["domain"].astype(object).where(counted, "left_out"))
    if isinstance(frame["domain"].dtype, pd.CategoricalDtype):
        order = [str(one) for one in frame["domain"].cat.categories]
    else:
        order = list(dict.fromkeys(table["domain"]))
    rank = {name: place for place, name in enumerate([*order, "left_out"])}
    table = table.sort_values("section", key=lambda names: names.map(rank), kind="stable")
    return table.reset_index(drop=True)


@styled
def admissions(
    admissions: FrameLike,
    *,
    labels: Labels = None,
    intervention: str = "the intervention",
    comparison: str = "the comparison",
    ax: Axes | None = None,
) -> Axes:
    """Draw every result of a kind with its direction, and its effect where one can be computed.

    Effects on different scales never share an axis: each is given in words, ratios also as marks
    with intervals on a log axis. Where there is no effect, the reason stands in its place.

    Parameters
    ----------
    admissions : DataFrame or AdmissionSummary
        See :func:`admissions_table`.
    labels : mapping, optional
        Domain to label.
    intervention, comparison : str
        What the two sides are called.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        Its x is the ratio, on a log scale; its y is points from the top.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> frame = pd.DataFrame({
    ...     "outcome_id": ["a"], "label": ["A 2001"], "domain": ["hospitalisation"],
    ...     "measure": ["Readmitted"], "timepoint_months": [12],
    ...     "effect_direction": ["favours_intervention"], "effect_measure": ["OR"],
    ...     "effect": [0.66], "ci_low": [0.43], "ci_high": [0.99], "p_value": [0.0438],
    ...     "not_computed": [""], "counted": [True], "left_out_reason": [""]})
    >>> ax = pe.figures.admissions(frame, intervention="peer support")
    >>> print(pe.figures.drawn(ax)[0].alt)
    Table with 1 result: of 1 counted, 1 favours peer support, 0 favour the comparison, \
0 are equal and 0 have no sign; 1 has an effect that can be computed. \
A 2001, Readmitted, favours peer support, OR 0.66 (0.43 to 0.99), p 0.044.
    """
    table = admissions_table(admissions)
    names = {"favours_intervention": intervention, "favours_comparison": comparison}
    width = sheet_width(ax)
    columns = _columns(width)
    rows = _rows(table, columns, labels)
    tops = stack([row.height for row in rows], _HEAD)
    bottom = tops[-1] + rows[-1].height
    panel = Panel(columns["panel"].left + 6, width - MARGIN - OVERHANG, _HEAD, bottom)
    key = _key(table, names, width)
    height = bottom + 30 + len(key) * PITCH + MARGIN
    sheet = open_sheet(ax, width, height, panel)
    limits = _scale(sheet, table, panel)
    _ground(sheet, rows, tops, columns, bottom)
    for row, top in zip(rows, tops, strict=True):
        _draw(sheet, row, top, columns, limits)
    write_key(sheet, key, MARGIN, bottom + 26)
    return attach(sheet.ax, "Direction and size of each result", _alt(table, names), table)


@dataclass(frozen=True, slots=True)
class _Row:
    """A result, or the heading of a section (without result)."""

    cells: dict[str, tuple[str, ...]]
    height: float
    result: pd.Series | None = None
    shaded: bool = False


def _columns(width: float) -> dict[str, Column]:
    inner = width - 2 * MARGIN
    columns = spread(
        inner,
        [
            ("label", "Study", 0.21 * inner, "left"),
            ("measure", "Result", 0.0, "left"),
            ("direction", "Favours", 38, "center"),
            ("effect", "Effect (95% interval)", 0.235 * inner, "left"),
            ("p", "p", 28, "right"),
            ("panel", "Ratio, log scale", 0.17 * inner, "center"),
        ],
        gap=6,
    )
    return {
        key: Column(key, one.header, one.left + MARGIN, one.width, one.align)
        for key, one in columns.items()
    }


def _rows(table: pd.DataFrame, columns: dict[str, Column], labels: Labels) -> list[_Row]:
    rows: list[_Row] = []
    section: object = None
    shaded = False
    for _, result in table.iterrows():
        if result["section"] != section:
            section, shaded = result["section"], False
            title = "Left out of the count" if section == "left_out" else labelled(labels, section)
            rows.append(_Row({"label": (title,)}, lines_height(1) + _PAD + 4))
        cells = _cells(result, columns)
        tallest = max(
            lines_height(len(lines), SMALL_SIZE if key == "reason" else 8.0)
            for key, lines in cells.items()
        )
        rows.append(_Row(cells, tallest + _PAD, result, shaded))
        shaded = not shaded
    return rows


def _cells(result: pd.Series, columns: dict[str, Column]) -> dict[str, tuple[str, ...]]:
    reasons = [result["left_out_reason"]] if result["section"] == "left_out" else []
    cells = {
        "label": wrap(_said(result["label"]), columns["label"].width),
        "measure": wrap(_measure(result), columns["measure"].width),
        "p": (p_value(result["p_value"]),),
    }
    if pd.isna(result["effect"]):
        reasons.append(_short_reason(_said(result["not_computed"])))
    else:
        cells["effect"] = wrap(effect_text(result), columns["effect"].width)
    said = "; ".join(words(_said(reason)) for reason in reasons if _said(reason))
    if said:
        wide = columns["effect"].width
        if not cells["p"][0]:
            wide = columns["p"].left + columns["p"].width - columns["effect"].left
        cells["reason"] = wrap(said, wide, SMALL_SIZE)
        if "effect" in cells:
            cells["effect"] = (*cells["effect"], *[""] * len(cells["reason"]))
    return cells


def _short_reason(reason: str) -> str:
    """Shorten the reason that is repeated most; what else it says in brackets stays.

    Examples
    --------
    >>> _short_reason("no numbers: no estimate, counts or means are printed (only a map)")
    'no numbers printed (only a map)'
    """
    return reason.replace(_NO_NUMBERS, "no numbers printed")


def effect_text(result: pd.Series) -> str:
    """Write an effect with its measure and interval, as journals print it.

    Examples
    --------
    >>> effect_text(pd.Series(
    ...     {"effect_measure": "OR", "effect": 0.66, "ci_low": 0.43, "ci_high": 0.99}))
    'OR 0.66 (0.43 to 0.99)'
    """
    size = abs(float(result["effect"]))
    digits = 2 if size < 10 else 1 if size < 100 else 0
    said = f"{_said(result['effect_measure'])} {number(result['effect'], digits)}".strip()
    limits = interval(result["ci_low"], result["ci_high"], digits)
    return f"{said} ({limits})" if limits else f"{said} (no interval)"


def _said(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _measure(result: pd.Series) -> str:
    months = result["timepoint_months"]
    said = _said(result["measure"])
    return said if pd.isna(months) else f"{said}, {count_months(float(months))}"


def count_months(months: float) -> str:
    """Write a time in months, which no line break tears apart.

    Examples
    --------
    >>> print(count_months(12.0), count_months(2.8), count_months(1), sep="; ")
    12 months; 2.8 months; 1 month
    """
    return f"{months:g}\N{NO-BREAK SPACE}month" + ("" if months == 1 else "s")


def _drawable(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the ratios that have an interval, which alone are drawn on the axis."""
    ratio = table["effect_measure"].map(is_ratio).astype(bool)
    return table[ratio & table[["effect", "ci_low", "ci_high"]].notna().all(axis=1)]


def _scale(sheet: Sheet, table: pd.DataFrame, panel: Panel) -> tuple[float, float]:
    """Set the log axis, or hide it where no ratio has an interval."""
    shown = _drawable(table)
    if shown.empty:
        sheet.ax.set_axis_off()
        return (0.5, 2.0)
    values = [[float(one) for one in shown[name]] for name in ("effect", "ci_low", "ci_high")]
    low, high = ratio_limits(*values)
    set_ratio_axis(sheet.ax, low, high, panel.right - panel.left)
    sheet.ax.axvline(1, color=INK, linewidth=0.6, zorder=1)
    return low, high


def _ground(
    sheet: Sheet, rows: list[_Row], tops: list[float], columns: dict[str, Column], bottom: float
) -> None:
    heads = [one for key, one in columns.items() if key != "panel" or sheet.ax.axison]
    write_headers(sheet, heads, _HEAD - 3)
    sheet.line([MARGIN, sheet.width - MARGIN], [_HEAD - 1] * 2, color=INK)
    sheet.line([MARGIN, sheet.width - MARGIN], [bottom] * 2, color=RULE)
    for row, top in zip(rows, tops, strict=True):
        if row.shaded:
            sheet.box(0, top, sheet.width, row.height, facecolor=PALE, zorder=-2)
    sheet.ax.patch.set_visible(False)


def _draw(
    sheet: Sheet, row: _Row, top: float, columns: dict[str, Column], limits: tuple[float, float]
) -> None:
    if row.result is None:
        sheet.lines(MARGIN, top + _PAD, row.cells["label"], weight="bold")
        return
    start = top + _PAD / 2
    for key in ("label", "measure", "effect", "p"):
        column = columns[key]
        sheet.lines(column.anchor, start, row.cells.get(key, ()), align=column.align)
    if "reason" in row.cells:
        written = [line for line in row.cells.get("effect", ()) if line]
        under = start + lines_height(len(written))
        sheet.lines(
            columns["effect"].left,
            under + (0 if written else 0.9),
            row.cells["reason"],
            size=SMALL_SIZE,
            color=GREY,
        )
    mark, color, fill = DIRECTIONS[str(row.result["effect_direction"])]
    sheet.mark(
        columns["direction"].anchor, middle_of_line(start), mark, size=6.5, color=color, fill=fill
    )
    if not _drawable(row.result.to_frame().T).empty:
        _interval(sheet, row.result, middle_of_line(start), limits)


def _interval(sheet: Sheet, result: pd.Series, y: float, limits: tuple[float, float]) -> None:
    """Draw a ratio and its interval; an end beyond the axis becomes an arrow."""
    low, high = max(result["ci_low"], limits[0]), min(result["ci_high"], limits[1])
    color = INK if result["section"] != "left_out" else GREY
    sheet.ax.plot([low, high], [y, y], color=color, linewidth=1, solid_capstyle="butt", zorder=2)
    for end, cut, mark in (
        (low, result["ci_low"] < limits[0], "<"),
        (high, result["ci_high"] > limits[1], ">"),
    ):
        if cut:
            sheet.ax.plot([end], [y], marker=mark, color=color, markersize=4.5, clip_on=False)
    shape = _SHAPES.get(str(result["effect_measure"]).upper(), "P")
    sheet.ax.plot([result["effect"]], [y], marker=shape, color=color, markersize=4.5, zorder=3)


def _key(table: pd.DataFrame, names: dict[str, str], width: float) -> list[list[Entry]]:
    """Say what each mark means that is used."""
    told = {
        "favours_intervention": f"favours {names['favours_intervention']}",
        "favours_comparison": f"favours {names['favours_comparison']}",
        "null": "equal",
        "unclear": "no sign known",
    }
    used = set(table["effect_direction"])
    entries = [Entry(text, *DIRECTIONS[key]) for key, text in told.items() if key in used]
    measures = dict.fromkeys(str(one).upper() for one in _drawable(table)["effect_measure"])
    entries += [Entry(one, _SHAPES.get(one, "P"), INK, INK) for one in measures]
    return key_lines(entries, width - 2 * MARGIN)


def _alt(table: pd.DataFrame, names: dict[str, str]) -> str:
    counted = table[table["section"] != "left_out"]
    tally = {key: int((counted["effect_direction"] == key).sum()) for key in DIRECTIONS}

    def verb(key: str, one: str, many: str) -> str:
        return f"{tally[key]} {one if tally[key] == 1 else many}"

    said = sentence_list([
        f"{verb('favours_intervention', 'favours', 'favour')} {names['favours_intervention']}",
        f"{verb('favours_comparison', 'favours', 'favour')} {names['favours_comparison']}",
        f"{verb('null', 'is', 'are')} equal",
        f"{verb('unclear', 'has', 'have')} no sign",
    ])  # fmt: skip
    computed = int(counted["effect"].notna().sum())
    has = "has an effect" if computed == 1 else "have an effect"
    parts = []
    for _, row in counted[counted["effect"].notna()].iterrows():
        p = p_brief(row["p_value"])
        direction = words(str(row["effect_direction"]))
        for key, name in names.items():
            direction = f"favours {name}" if row["effect_direction"] == key else direction
        parts.append(
            f"{_said(row['label'])}, {_said(row['measure'])}, {direction}, {effect_text(row)}"
            + (f", {p}." if p else ".")
        )
    left_out = len(table) - len(counted)
    rest = f" {count(left_out, 'result')} left out of the count." if left_out else ""
    return (
        f"Table with {count(len(table), 'result')}: of {len(counted)} counted, {said}; "
        f"{computed} {has} that can be computed. {' '.join(parts)}{rest}"
    ).strip()
