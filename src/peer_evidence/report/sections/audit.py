"""Whether the numbers that sources print can all be true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from peer_evidence.formatting import words
from peer_evidence.report.blocks import Block, Grid, Html, Paragraph, Section
from peer_evidence.report.page import Context

_HOW, _WHERE = "pe.audit(ev)", "tables/audit.csv"


def section(context: Context) -> Section | None:
    """List the printed numbers that conflict; None when no check could be made."""
    audit = context.analyses.audited
    counts = audit.counts()
    made = sum(number for verdict, number in counts.items() if verdict != "not_checkable")
    if not made:
        return None
    findings, conditional = audit.findings, audit.conditional

    def show(value: int, what: str) -> Markup:
        return context.numbers.show(value, what, _HOW, _WHERE)

    answer = Markup(
        "{} checks recompute what sources print, every number taken as the range that rounds to "
        "it. In {} rows numbers cannot all be true, and in {} more rows some agree only under one "
        "reading."
    ).format(
        show(made, "checks of printed numbers that could be made"),
        show(_rows(findings), "rows with numbers that cannot all be true"),
        show(
            len(_keys(conditional) - _keys(findings)),
            "rows with numbers that agree under one reading only",
        ),
    )
    blocks: list[Block] = []
    if len(findings):
        blocks.append(_grid(context, findings, "Printed numbers that cannot all be true", ""))
    if len(conditional):
        folded = f"Show the {len(conditional)} checks that pass only under one reading"
        blocks.append(
            _grid(context, conditional, "Printed numbers that agree only under one reading", folded)
        )
    blocks.append(
        Paragraph(
            "A conflict says that the printed numbers do not fit together, not which one is wrong "
            "and not that anybody erred: the record may have been mistyped on its way here. "
            "Normal, t and Hartung-Knapp laws, logarithms, one-sided tests and two definitions of "
            "I² are tried before a conflict is called one.",
            small=True,
        )
    )
    return Section("audit", "Do the printed numbers agree", answer, blocks)


def _keys(frame: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(frame["table"], frame["row_id"], strict=True))


def _rows(frame: pd.DataFrame) -> int:
    return len(_keys(frame))


def _grid(context: Context, frame: pd.DataFrame, caption: str, folded: str) -> Grid:
    rows = [_row(context, row) for row in frame.to_dict("records")]
    header = ["row", "check", "printed", "why, and which reading is likely"]
    return Grid(caption, header, rows, wide=frozenset({3}), folded=folded, stacked=True)


def _row(context: Context, row: Mapping[Any, Any]) -> list[Html]:
    where = f"{row['table']}.csv:{row['line']}"
    what = f"printed, {row['row_id']}, {row['check']}"
    return [
        str(row["row_id"]),
        words(str(row["check"])),
        context.numbers.show(row["printed"], what, where, where),
        str(row["why"]),
    ]
