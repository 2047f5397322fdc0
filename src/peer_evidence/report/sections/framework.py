"""The framework of the review: relationships, terms, tensions, practice, from its own tables."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from peer_evidence.formatting import words
from peer_evidence.report.blocks import Block, Grid, Heading, Html, Paragraph, Section
from peer_evidence.report.page import Context

HIDDEN = ("_id",)


def relationships(context: Context) -> Section | None:
    """Show the continuum with the studies on it, the terms, and the way of one person."""
    blocks = tables(context, "relationships")
    if not blocks:
        return None
    studies = context.ev.studies["relationship"]
    coded = studies.notna().to_numpy(bool)
    if len(studies.cat.categories):
        last = str(studies.cat.categories[-1])
        answer: Html = Markup("{} of {} studies are placed on the continuum, {} of them at {}.")
        counts = studies.value_counts()
        top = str(counts.idxmax()) if coded.any() else last
        answer = answer.format(
            context.rows("studies", coded, "studies with a coded relationship"),
            context.rows("studies", coded | True, "studies in the records", len(studies)),
            context.rows("studies", (studies == top).to_numpy(bool), f"studies at {words(top)}"),
            words(top),
        )
    else:
        answer = "The package sets out these terms."
    caption = (
        "The levels in order, one-way or mutual; the area of a circle is the number of studies "
        "coded at a level, the numbered steps are the journey told in the text."
    )
    blocks = [*context.drawing("continuum", caption), *blocks]
    return Section("relationships", "Relationships and terms", answer, blocks)


def practice(context: Context) -> Section | None:
    """Show the tensions, challenges and advice that the framework tables hold."""
    blocks = tables(context, "practice")
    if not blocks:
        return None
    answer = (
        "What follows is the framework's own account; the records of the studies neither prove nor "
        "disprove it."
    )
    return Section("practice", "Tensions, challenges, practice", answer, blocks)


def tables(context: Context, part: str) -> list[Block]:
    """Show the framework tables that belong to a part of the report."""
    framework = context.ev.framework
    listed = context.ev.table("sections")
    blocks: list[Block] = []
    chosen = listed[listed["section"] == part]
    for row in chosen.to_dict("records"):
        if row["table"] in framework:
            blocks += _table(context, row["table"], row["heading"], row["lede"])
    if part == "practice":
        named = set(listed["table"])
        for name in framework:
            if name not in named:
                blocks += _table(context, name, words(name).capitalize(), None)
    return blocks


def _table(context: Context, name: str, heading: str, lede: object) -> list[Block]:
    frame = context.ev.framework[name]
    blocks: list[Block] = [Heading(heading)]
    if isinstance(lede, str):
        table = f"framework/{name}"
        every = frame.iloc[:, 0].notna().to_numpy(bool)
        before, mark, after = lede.partition("{rows}")
        count = context.rows(table, every, f"rows of {table}.csv") if mark else ""
        blocks.append(Paragraph(Markup("{}{}{}").format(before, count, after)))
    columns = [column for column in frame.columns if not column.endswith(HIDDEN)]
    blocks.append(_grid(heading, frame[columns], columns))
    return blocks


def _grid(caption: str, frame: pd.DataFrame, columns: Sequence[str]) -> Grid:
    rows: list[list[Html]] = [
        [_text(value) for value in record] for record in frame.itertuples(index=False, name=None)
    ]
    longest = [max((len(str(row[i])) for row in rows), default=0) for i in range(len(columns))]
    wide = frozenset(i for i, length in enumerate(longest) if i and length > 60)
    return Grid(caption, [words(column) for column in columns], rows, wide=wide)


def _text(value: object) -> str:
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return ""
    text = str(value)
    return words(text) if text.islower() and "_" in text and " " not in text else text
