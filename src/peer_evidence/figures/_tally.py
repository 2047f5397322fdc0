"""Results counted by what they say: bars that diverge from zero, every kind of result apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from peer_evidence.checks import check_choice
from peer_evidence.errors import InputError
from peer_evidence.figures.frames import (
    FrameLike,
    Labels,
    as_frame,
    labelled,
    sentence_list,
    styled,
)
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
    text_width,
    wrap,
    write_headers,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, INK, MIDDLE, PALE, VERMILLION
from peer_evidence.formatting import count, words

FOR = ("benefit", "favours_intervention")
AGAINST = ("harm", "favours_comparison")
_COUNTS = ("rows", "studies")
_GAP = 12.0
_HEAD_GAP = 9.0  # between the zero and a heading left of it: two spaces from the next heading
_LOOKS: dict[
    str, dict[str, Any]
] = {  # position and heading tell the kinds apart too: colour is never alone
    "for": {"facecolor": BLUE, "edgecolor": BLUE},
    "against": {"facecolor": VERMILLION, "edgecolor": INK},
    "no_difference": {"facecolor": MIDDLE, "edgecolor": GREY},
    "mixed": {"facecolor": "white", "edgecolor": GREY, "hatch": "xxxxx"},
}
_OTHER: dict[str, Any] = {"facecolor": "white", "edgecolor": GREY}


def tally_table(tally: FrameLike, *, sort: Literal["given", "studies"] = "given") -> pd.DataFrame:
    """Give the counts that :func:`tally` draws.

    Parameters
    ----------
    tally : DataFrame or Tally
        One row a group, indexed by it; one column of counts for each kind of result, one of which
        speaks for the intervention (``benefit`` or ``favours_intervention``), then ``rows`` and
        ``studies``.
    sort : {"given", "studies"}
        Keep the order of the groups, or put those with most studies first.

    Returns
    -------
    DataFrame
        ``group``, the kinds of result (for, against, then the rest), ``rows``, ``studies``.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame(
    ...     {"harm": [0, 1], "benefit": [2, 6], "unclear": [1, 0], "rows": [3, 7],
    ...      "studies": [2, 5]}, index=["hope", "symptoms"])
    >>> tally_table(counts, sort="studies")
          group  benefit  harm  unclear  rows  studies
    0  symptoms        6     1        0     7        5
    1      hope        2     0        1     3        2
    """
    check_choice("sort", sort, ("given", "studies"))
    frame = as_frame("tally", tally, _COUNTS)
    for sides, name in ((FOR, "for the intervention"), (AGAINST, "against it")):
        if not set(sides) & set(frame.columns):
            raise InputError(
                f"tally: no column for results {name}; it has "
                f"{', '.join(map(str, frame.columns))}, allowed are {' or '.join(sides)}"
            )
    kinds = [one for one in (*FOR, *AGAINST) if one in frame.columns]
    numeric = frame.select_dtypes("number").columns
    kinds += [one for one in numeric if one not in {*kinds, *_COUNTS}]
    table = frame[[*kinds, *_COUNTS]].fillna(0).astype(int)
    table.insert(0, "group", [str(group) for group in frame.index])
    if sort == "studies":
        table = table.sort_values("studies", ascending=False, kind="stable")
    return table.reset_index(drop=True)


@styled
def tally(
    tally: FrameLike,
    *,
    labels: Labels = None,
    sort: Literal["given", "studies"] = "given",
    unit: str = "results",
    ax: Axes | None = None,
) -> Axes:
    """Draw how many results speak for, against and neither way, group by group.

    Results for the intervention grow right of zero, results against it left. Those that speak
    neither way have places of their own with their own zero, on the same scale: put on one side
    they would lend it weight, put across zero they could not be compared.

    Parameters
    ----------
    tally : DataFrame or Tally
        See :func:`tally_table`.
    labels : mapping, optional
        Group to label.
    sort : {"given", "studies"}
        Keep the order of the groups, or put those with most studies first.
    unit : str
        What is counted, for the axis and the alt text.
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        Its x counts results from the zero of the diverging bars.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> counts = pd.DataFrame(
    ...     {"benefit": [2, 6], "harm": [0, 1], "rows": [2, 7], "studies": [2, 5]},
    ...     index=["hope", "symptoms"])
    >>> ax = pe.figures.tally(counts)
    >>> print(pe.figures.drawn(ax)[0].alt)
    Bar chart of 9 results in 2 groups: 8 benefit and 1 harm. \
Hope: 2 benefit; 2 studies. Symptoms: 6 benefit, 1 harm; 5 studies.
    """
    table = tally_table(tally, sort=sort)
    plan = _plan(table, labels, sheet_width(ax))
    sheet = open_sheet(ax, plan.width, plan.height, plan.panel)
    sheet.ax.set_xlim(*plan.limits)
    _bars(sheet, table, plan)
    _texts(sheet, table, plan)
    _axis(sheet, plan, unit)
    return attach(sheet.ax, "Results counted by direction", _alt(table, labels, unit), table)


@dataclass(frozen=True, slots=True)
class _Plan:
    width: float
    height: float
    panel: Panel
    per_count: float  # points a result
    zeros: dict[str, float]  # kind -> its zero, in points from the left
    labels: list[tuple[str, ...]]
    tops: list[float]
    columns: list[Column]

    @property
    def limits(self) -> tuple[float, float]:
        zero = next(iter(self.zeros.values()))
        left, right = self.panel.left - zero, self.panel.right - zero
        return left / self.per_count, right / self.per_count


def _kinds(table: pd.DataFrame) -> list[str]:
    return [str(one) for one in table.columns[1:] if one not in _COUNTS]


def _plan(table: pd.DataFrame, labels: Labels, width: float) -> _Plan:
    """Measure the texts, and share what is left among the kinds at one scale."""
    texts = [labelled(labels, group) for group in table["group"]]
    label_width = natural_width(texts, at_most=0.28 * width)
    wrapped = [wrap(text, label_width) for text in texts]
    number_width = natural_width([f"{table['rows'].max()}", "Studies"], weight="bold")
    columns_left = width - MARGIN - 2 * number_width - 10
    left, right = MARGIN + label_width + 10, columns_left - _GAP
    kinds = _kinds(table)
    per_count, spans = _scale(table, kinds, right - left)
    zeros, x = {}, left
    order = [one for one in kinds if one in AGAINST] + [one for one in kinds if one not in AGAINST]
    for kind in order:
        zeros[kind] = x + spans[kind] if kind in AGAINST else x
        x += spans[kind] + (0 if kind in AGAINST else _GAP)
    columns = [
        Column("rows", "Results", columns_left, number_width, "right"),
        Column("studies", "Studies", columns_left + number_width + 10, number_width, "right"),
    ]
    head = MARGIN + max(headers_height(columns), lines_height(2) + 3)
    tops = stack([lines_height(len(lines)) + ROW_PAD for lines in wrapped], head + 3)
    bottom = tops[-1] + lines_height(len(wrapped[-1])) + ROW_PAD
    ordered = {kind: zeros[kind] for kind in kinds}
    panel = Panel(left, right, head, bottom)
    height = bottom + lines_height(2) + MARGIN
    return _Plan(width, height, panel, per_count, ordered, wrapped, tops, columns)


def _scale(
    table: pd.DataFrame, kinds: list[str], available: float
) -> tuple[float, dict[str, float]]:
    """Find the largest scale at which bars, their numbers and headings fit side by side."""
    most = {kind: int(table[kind].max()) for kind in kinds}
    room = text_width(str(max(most.values()))) + 6
    heads = {
        kind: max(text_width(word, weight="bold") for word in _heading(kind))
        + (_HEAD_GAP if kind in AGAINST else 3)
        for kind in kinds
    }
    available -= _GAP * (len([kind for kind in kinds if kind not in AGAINST]) - 1)
    low, high = 0.0, available
    for _ in range(60):
        middle = (low + high) / 2
        total = sum(max(heads[kind], most[kind] * middle + room) for kind in kinds)
        low, high = (middle, high) if total <= available else (low, middle)
    per_count = min(max(low, 0.01), 14.0)
    return per_count, {kind: max(heads[kind], most[kind] * per_count + room) for kind in kinds}


def _heading(kind: str) -> tuple[str, ...]:
    text = words(kind)
    return wrap(text[:1].upper() + text[1:], 58, weight="bold")


def _bars(sheet: Sheet, table: pd.DataFrame, plan: _Plan) -> None:
    for kind, zero in plan.zeros.items():
        sign = -1 if kind in AGAINST else 1
        start = (zero - plan.zeros[next(iter(plan.zeros))]) / plan.per_count
        side = "for" if kind in FOR else "against" if kind in AGAINST else kind
        for value, top in zip(table[kind], plan.tops, strict=True):
            middle = middle_of_line(top + ROW_PAD / 2)
            if value:
                sheet.ax.add_patch(
                    Rectangle((start, middle - 3.4), sign * value, 6.8, **_LOOKS.get(side, _OTHER))
                )
                sheet.lines(
                    zero + sign * (value * plan.per_count + 2.5),
                    top + ROW_PAD / 2,
                    [str(value)],
                    align="right" if sign < 0 else "left",
                )


def _texts(sheet: Sheet, table: pd.DataFrame, plan: _Plan) -> None:
    bottom = plan.panel.top
    for number, (lines, top) in enumerate(zip(plan.labels, plan.tops, strict=True)):
        if number % 2 == 0:
            height = lines_height(len(lines)) + ROW_PAD
            sheet.box(0, top, plan.width, height, facecolor=PALE, zorder=-2)
        sheet.lines(MARGIN, top + ROW_PAD / 2, lines)
        for column in plan.columns:
            value = str(table[column.key].iloc[number])
            sheet.lines(column.anchor, top + ROW_PAD / 2, [value], align="right")
    write_headers(sheet, plan.columns, bottom)
    for kind, zero in plan.zeros.items():
        lines = _heading(kind)
        align = "right" if kind in AGAINST else "left"
        shift = -_HEAD_GAP if kind in AGAINST else 0
        top = bottom - lines_height(len(lines)) - 1
        sheet.lines(zero + shift, top, lines, align=align, weight="bold")


def _axis(sheet: Sheet, plan: _Plan, unit: str) -> None:
    """Draw the zeros; the numbers stand at the bars, so the axis needs no ticks."""
    for kind, zero in plan.zeros.items():
        if kind not in AGAINST:
            sheet.line([zero, zero], [plan.panel.top, plan.panel.bottom], color=INK)
    sheet.ax.set_xticks([])
    sheet.ax.spines["bottom"].set_visible(False)
    note = f"Number of {unit}; all bars on one scale"
    sheet.lines(plan.panel.left, plan.panel.bottom + 3, [note], color=GREY)


def _alt(table: pd.DataFrame, labels: Labels, unit: str) -> str:
    kinds = _kinds(table)
    total = int(table[kinds].to_numpy().sum())
    parts = [f"{int(table[kind].sum())} {words(kind)}" for kind in kinds]
    groups = []
    for _, row in table.iterrows():
        said = ", ".join(f"{row[kind]} {words(kind)}" for kind in kinds if row[kind])
        studies = count(int(row["studies"]), "study", "studies")
        groups.append(f"{labelled(labels, row['group'])}: {said or 'none'}; {studies}.")
    return (
        f"Bar chart of {total} {unit} in {count(len(table), 'group')}: {sentence_list(parts)}. "
        + " ".join(groups)
    )
