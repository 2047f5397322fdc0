"""Risk of bias study by study: a mark for each judgement, with its symbol inside."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.appraisal.risk_of_bias import RiskOfBias, risk_of_bias_summary
from peer_evidence.appraisal.tools import OVERALL, Tool
from peer_evidence.errors import InputError
from peer_evidence.figures import bias_marks as marks
from peer_evidence.figures.frames import sentence_list, styled
from peer_evidence.figures.layout import (
    MARGIN,
    Sheet,
    lines_height,
    middle_of_line,
    natural_width,
    open_sheet,
    sheet_width,
    wrap,
)
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import (
    DOUBLE_COLUMN,
    GREY,
    INK,
    POINTS_PER_MM,
    RULE,
    SINGLE_COLUMN,
    SMALL_SIZE,
)
from peer_evidence.formatting import count

_PITCH = 13.5  # least height of a row
_CELL = 17.0  # width of a column of marks
_LABEL = 96.0  # least width of the names
_LEAST = 64.0  # and where the studies are many
_APART = 18.0  # between blocks side by side
_LONG = 34  # rows above which the studies stand in two blocks


def as_summary(data: Any, tool: str | Tool | None = None) -> RiskOfBias:
    """Give a summary of risk of bias, made now where the judgements are given."""
    if not isinstance(data, RiskOfBias):
        return risk_of_bias_summary(data, tool)
    if tool is not None:
        raise InputError("tool: the summary has its tool; leave tool out")
    return data


def traffic_light_table(data: Any, tool: str | Tool | None = None) -> pd.DataFrame:
    """Give the judgements that :func:`traffic_light` draws.

    Parameters
    ----------
    data : RiskOfBias, Evidence or DataFrame
        A summary, or what :func:`peer_evidence.risk_of_bias_summary` makes one of.
    tool : str or Tool, optional
        Whose judgements, unless a summary is given.

    Returns
    -------
    DataFrame
        One row an assessment: ``label``, then one column a domain, named after the head it has in
        the figure, and ``Overall`` where there is one. What is not recorded is ``not_recorded``.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> table = traffic_light_table(pe.load())
    >>> table.columns.tolist()
    ['label', 'D1', 'D2', 'D3', 'D4', 'D5', 'Overall']
    """
    summary = as_summary(data, tool)
    shown = {one.code: "Overall" if one.code == OVERALL else one.short for one in summary.columns}
    table = summary.table[["label", *shown]].rename(columns=shown)
    return table.fillna("not_recorded")


@styled
def traffic_light(data: Any, *, tool: str | Tool | None = None, ax: Axes | None = None) -> Axes:
    """Draw the risk of bias of every study in every domain, the domains named underneath.

    Each mark has its symbol inside, so that colour is never alone; a judgement that is not
    recorded is a ring of dashes without one.

    Parameters
    ----------
    data : RiskOfBias, Evidence or DataFrame
        A summary, or what :func:`peer_evidence.risk_of_bias_summary` makes one of.
    tool : str or Tool, optional
        Whose judgements, unless a summary is given.
    ax : Axes, optional
        Where to draw; when left out a new figure of 85 mm, or of 176 mm where the studies are
        many or their names and domains need it.

    Returns
    -------
    Axes
        In points from the top left corner.

    Raises
    ------
    InputError
        As of :func:`peer_evidence.risk_of_bias_summary`.

    References
    ----------
    McGuinness and Higgins 2021, doi 10.1002/jrsm.1411 (robvis).

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ax = pe.figures.traffic_light(pe.load())
    >>> pe.figures.drawn(ax)[0].title
    'Risk of bias, study by study'
    """
    summary = as_summary(data, tool)
    plan = _plan(summary, ax)
    sheet = open_sheet(ax, plan.width, plan.height)
    for left, rows in plan.blocks:
        _block(sheet, plan, summary, left, rows)
    top = plan.key_top
    marks.write_key(sheet, plan.key, MARGIN, top)
    top += marks.key_height(plan.key) + 5
    marks.write_domains(sheet, plan.domains, MARGIN, top, marks.domain_inset(summary))
    top += marks.domains_height(plan.domains) + 3
    sheet.lines(MARGIN, top, plan.note, size=SMALL_SIZE, color=GREY)
    return attach(
        sheet.ax, "Risk of bias, study by study", _alt(summary), traffic_light_table(summary)
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    width: float
    height: float
    label: float  # width of the names
    heads: list[str]
    cells: list[float]  # width of each column of marks
    blocks: list[tuple[float, list[tuple[int, float, tuple[str, ...]]]]]
    top: float  # of the first row
    key: list[list[Any]]
    key_top: float
    domains: list[tuple[str, tuple[str, ...]]]
    note: tuple[str, ...]


def _plan(summary: RiskOfBias, ax: Axes | None) -> _Plan:
    """Measure the figure: one block of rows, or two side by side where they are many."""
    labels = [str(one) for one in summary.table["label"]]
    heads = ["All" if one.code == OVERALL else one.short for one in summary.columns]
    cells = [max(_CELL, natural_width([head], weight="bold") + 3) for head in heads]
    natural = natural_width([*labels, "Study"]) + 6
    single = SINGLE_COLUMN * POINTS_PER_MM - 2 * MARGIN
    fits = min(natural, _LABEL) + sum(cells) <= single and len(labels) <= _LONG
    width = sheet_width(ax, SINGLE_COLUMN if fits else DOUBLE_COLUMN)
    inner = width - 2 * MARGIN
    half = (inner - _APART) / 2
    two = len(labels) > _LONG and half - sum(cells) >= min(_LEAST, natural)
    block = half if two else inner
    room = max(block - sum(cells), 40.0)
    label = min(natural, room)
    told = [wrap(one, label - 6) for one in labels]
    heights = [max(_PITCH, lines_height(len(one)) + 3.5) for one in told]
    top = MARGIN + lines_height(1) + 5
    first = _half_of(heights) if two else len(labels)
    blocks, bottom = [], top
    for left, begin, end in ((MARGIN, 0, first), (MARGIN + block + _APART, first, len(labels))):
        if begin == end:
            continue
        rows, y = [], top
        for place in range(begin, end):
            rows.append((place, y, told[place]))
            y += heights[place]
        blocks.append((left, rows))
        bottom = max(bottom, y)
    key = marks.key_rows(marks.shown_judgements(summary), inner)
    domains = marks.domain_lines(summary, inner)
    note = wrap(_note(summary), inner, SMALL_SIZE)
    key_top = bottom + 7
    height = key_top + marks.key_height(key) + 5 + marks.domains_height(domains) + 3
    height += lines_height(len(note), SMALL_SIZE) + MARGIN
    return _Plan(
        width, height, label, heads, cells, blocks, top, key, key_top, domains, note
    )  # fmt: skip


def _half_of(heights: list[float]) -> int:
    """Give how many rows the first of two blocks of like height has."""
    done = 0.0
    for place, height in enumerate(heights):
        if done >= sum(heights) / 2:
            return place
        done += height
    return len(heights)


def _block(
    sheet: Sheet,
    plan: _Plan,
    summary: RiskOfBias,
    left: float,
    rows: list[tuple[int, float, tuple[str, ...]]],
) -> None:
    """Draw a block of studies: heads, names, marks, fine lines between the rows."""
    right = left + plan.label + sum(plan.cells)
    sheet.lines(left, MARGIN, ["Study"], weight="bold")
    ends = list(accumulate(plan.cells, initial=left + plan.label))
    middles = [(one + other) / 2 for one, other in pairwise(ends)]
    for x, head in zip(middles, plan.heads, strict=True):
        sheet.lines(x, MARGIN, [head], align="center", weight="bold")
    sheet.line([left, right], [plan.top - 2] * 2, color=INK)
    cells = summary.table[[one.code for one in summary.columns]].to_numpy(object)
    placed = []
    for number, (place, y, told) in enumerate(rows):
        if number:
            sheet.line([left, right], [y - 0.7] * 2, color=RULE, linewidth=0.3)
        sheet.lines(left, y + 1.5, told)
        middle = middle_of_line(y + 1.5) + lines_height(len(told) - 1) / 2
        for x, value in zip(middles, cells[place], strict=True):
            placed.append((x, middle, summary.look(value)))
    marks.draw_marks(sheet, placed)
    if summary.columns[-1].code == OVERALL:
        bottom = rows[-1][1] + max(_PITCH, lines_height(len(rows[-1][2])) + 3.5)
        x = right - plan.cells[-1]
        sheet.line([x, x], [plan.top - 2, bottom], color=RULE, linewidth=0.5)


def _note(summary: RiskOfBias) -> str:
    """Say by which tool, where the overall is from, and what is not shown."""
    tool = summary.tool
    said = [f"Judged with {tool.name}" + (f" (version {tool.version})." if tool.version else ".")]
    origins = summary.table["overall_from"]
    if (origins != "").any():
        given, ruled = int((origins == "given").sum()), int((origins == "rule").sum())
        open_ = len(origins) - given - ruled
        how = [f"{given} as given"] if given else []
        how += [f"{ruled} by the rule of the tool"] if ruled else []
        how += [f"{open_} neither given nor certain from what is recorded"] if open_ else []
        said.append(f"All: overall, {', '.join(how)}.")
    if summary.several_concerns_high is not None:
        said.append(
            f"{summary.several_concerns_high} domains with some concerns make an overall high."
        )
    if len(summary.disagreements):
        noun = count(len(summary.disagreements), "given overall judgement", None)
        verb = "differs" if len(summary.disagreements) == 1 else "differ"
        said.append(f"{noun} {verb} from the rule of the tool.")
    if len(summary.unjudged):
        known = summary.studies + len(summary.unjudged)
        said.append(
            f"No such judgement is recorded for {len(summary.unjudged)} of {known} studies."
        )
    return " ".join(said)


def _alt(summary: RiskOfBias) -> str:
    """Say the figure in words: each domain counted, then each study."""
    counts = summary.counts()
    parts = [
        f"Traffic-light plot of {count(len(summary.table), 'assessment')} with "
        f"{summary.tool.name}. {_note(summary)}"
    ]
    for (short, name), rows in counts[counts["n"] > 0].groupby(["short", "name"], sort=False):
        held = [f"{n} {_word(summary, one)}" for one, n in zip(rows["judgement"], rows["n"],
                                                                strict=True)]  # fmt: skip
        parts.append(f"{short} {name}: {sentence_list(held)}.")
    heads = [one.short for one in summary.columns]
    codes = [one.code for one in summary.columns]
    for label, values in zip(
        summary.table["label"].head(50), summary.table[codes].to_numpy(object), strict=False
    ):
        told = [f"{head} {summary.look(value).name.lower()}"
                for head, value in zip(heads, values, strict=True)]  # fmt: skip
        parts.append(f"{label}: {', '.join(told)}.")
    if len(summary.table) > 50:
        parts.append(f"{len(summary.table) - 50} more are in the table.")
    return " ".join(parts)


def _word(summary: RiskOfBias, code: str) -> str:
    return summary.look(None if code == "not_recorded" else code).name.lower()
