"""Columns of risk-of-bias marks beside a forest plot, in the rows of its studies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from peer_evidence.appraisal.risk_of_bias import RiskOfBias, risk_of_bias_summary
from peer_evidence.appraisal.tools import NOT_RECORDED, OVERALL, Judgement
from peer_evidence.errors import InputError
from peer_evidence.figures import bias_marks as marks
from peer_evidence.figures.forest_columns import Plan
from peer_evidence.figures.layout import (
    MARGIN,
    Sheet,
    lines_height,
    middle_of_line,
    natural_width,
    wrap,
)
from peer_evidence.figures.style import RULE, SMALL_SIZE
from peer_evidence.formatting import count

_CELL = 12.5  # least width of a column of marks
_GAP = 9.0
_PREFIX = "rob_"


def with_bias(table: pd.DataFrame, summary: Any) -> pd.DataFrame:
    """Add to the rows of a forest plot the judgements of its studies.

    Parameters
    ----------
    table : DataFrame
        The rows; those of kind ``study`` have a label that the summary knows.
    summary : RiskOfBias, Evidence or DataFrame
        The judgements, or what :func:`peer_evidence.risk_of_bias_summary` makes a summary of.

    Returns
    -------
    DataFrame
        With a column a domain, ``rob_D1`` and so on, and ``rob_overall`` where there is one;
        ``not_recorded`` where a study was not judged, empty in rows that are no study.

    Raises
    ------
    InputError
        If it is nothing of the kind, or a study is not known to it; all such are listed.
    """
    summary = as_bias(summary)
    studies = (table["kind"] == "study").to_numpy(bool)
    places = summary.places(table.loc[studies, "label"].astype(str).tolist())
    joined = table.copy()
    for domain in summary.columns:
        held = summary.table[domain.code].tolist()
        told = iter([None if place is None else held[place] for place in places])
        cells = [next(told) if one else "" for one in studies]
        name = OVERALL if domain.code == OVERALL else domain.short
        joined[_PREFIX + name] = [
            NOT_RECORDED if one is None or one != one else str(one) for one in cells
        ]
    return joined


def as_bias(given: Any) -> RiskOfBias:
    """Give a summary of risk of bias, made now where the records or the judgements are given."""
    if isinstance(given, RiskOfBias):
        return given
    if isinstance(given, pd.DataFrame) and "tool" not in given.columns:
        raise InputError(
            "risk_of_bias: the table does not say in a column 'tool' which tool it is of; give "
            "peer_evidence.risk_of_bias_summary(table, tool=...) instead"
        )
    if isinstance(given, pd.DataFrame) or hasattr(given, "risk_of_bias"):
        return risk_of_bias_summary(given)
    raise InputError(
        f"risk_of_bias: found {type(given).__name__}, allowed are the records (Evidence), a table "
        "of judgements, or what peer_evidence.risk_of_bias_summary() gives"
    )


@dataclass(frozen=True, slots=True)
class BiasColumns:
    """The columns measured, and what stands under the figure to explain them."""

    summary: RiskOfBias
    heads: tuple[str, ...]
    keys: tuple[str, ...]
    cell: float
    foot: tuple[str, ...]
    key: list[list[Judgement]]

    @property
    def width(self) -> float:
        """How much of the sheet they take."""
        return _GAP + self.cell * len(self.heads)

    @property
    def key_height(self) -> float:
        """How much the key adds under the figure."""
        return marks.key_height(self.key) + 4


def plan_bias(table: pd.DataFrame, summary: RiskOfBias, width: float) -> BiasColumns:
    """Measure the columns for a sheet of a width."""
    heads = tuple("All" if one.code == OVERALL else one.short for one in summary.columns)
    names = [OVERALL if one.code == OVERALL else one.short for one in summary.columns]
    keys = tuple(_PREFIX + one for one in names)
    cell = max(_CELL, natural_width(heads, SMALL_SIZE, "bold") + 2.5)
    inner = width - 2 * MARGIN
    held = set(table.loc[table["kind"] == "study", list(keys)].to_numpy(object).ravel())
    shown = [one for one in summary.tool.judgements if one.code in held]
    shown += [summary.look(None)] if NOT_RECORDED in held else []
    foot = wrap(_explained(table, summary, keys), inner, SMALL_SIZE)
    return BiasColumns(summary, heads, keys, cell, foot, marks.key_rows(shown, inner))


def _explained(table: pd.DataFrame, summary: RiskOfBias, keys: tuple[str, ...]) -> str:
    """Name the tool and the domains, and say how many of the studies were judged."""
    studies = table[table["kind"] == "study"].drop_duplicates(["label", *keys])
    judged = int((studies[list(keys)] != NOT_RECORDED).any(axis=1).sum())
    told = [
        "All overall"
        if one.code == OVERALL
        else f"{one.short} {one.name[:1].lower()}{one.name[1:]}"
        for one in summary.columns
    ]
    said = f"Risk of bias ({summary.tool.name}): {'; '.join(told)}."
    if judged < len(studies):
        said += f" {judged} of {count(len(studies), 'study', 'studies')} judged."
    return said


def draw_bias(sheet: Sheet, plan: Plan, columns: BiasColumns, table: pd.DataFrame) -> None:
    """Draw the heads and, in the row of each study, its marks."""
    left = plan.width - MARGIN - columns.cell * len(columns.heads)
    middles = [left + columns.cell * (place + 0.5) for place in range(len(columns.heads))]
    bottom = plan.panel.top - 4
    under = bottom - lines_height(1, SMALL_SIZE) - 1
    for x, head in zip(middles, columns.heads, strict=True):
        sheet.lines(x, under, [head], size=SMALL_SIZE, align="center", weight="bold")
    right = plan.width - MARGIN
    if under - lines_height(1) - 1 >= MARGIN - 1:
        top = under - lines_height(1) - 1
        sheet.lines((left + right) / 2, top, ["Risk of bias"], align="center", weight="bold")
        sheet.line([left, right], [under - 0.5] * 2, color=RULE)
    placed = []
    for row in plan.rows:
        if row.kind != "study" or row.source is None:
            continue
        y = middle_of_line(row.text_top)
        for x, key in zip(middles, columns.keys, strict=True):
            value = table[key].iloc[row.source]
            look = columns.summary.look(None if value == NOT_RECORDED else value)
            placed.append((x, y, look))
    marks.draw_marks(sheet, placed, marks.MARK - 0.5)


def alt_of_bias(table: pd.DataFrame, columns: BiasColumns) -> str:
    """Say the marks in words, study by study."""
    studies = table[table["kind"] == "study"].drop_duplicates(["label", *columns.keys])
    parts = [_explained(table, columns.summary, columns.keys)]
    for label, values in zip(
        studies["label"].head(50), studies[list(columns.keys)].to_numpy(object), strict=False
    ):
        looks = [columns.summary.look(None if one == NOT_RECORDED else one) for one in values]
        if all(one.code == NOT_RECORDED for one in looks):
            parts.append(f"{label}: not judged.")
            continue
        told = [f"{head} {look.name.lower()}"
                for head, look in zip(columns.heads, looks, strict=True)]  # fmt: skip
        parts.append(f"{label}: {', '.join(told)}.")
    return " ".join(parts)
