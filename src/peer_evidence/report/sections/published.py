"""What published reviews print: their pooled results and how certain they call them."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from peer_evidence.formatting import interval, number, words
from peer_evidence.report.blocks import Block, Grid, Html, Paragraph, Section
from peer_evidence.report.page import Context
from peer_evidence.report.traces import source_of


def section(context: Context) -> Section | None:
    """List the published pools and certainty ratings; None when the records hold neither."""
    pooled, certainty = context.ev.pooled_results, context.ev.certainty
    if pooled.empty and certainty.empty:
        return None
    answer = Markup(
        "Reviews print {} pooled results and {} ratings of certainty; of the ratings, {} are low, "
        "very low or say that there are no data."
    ).format(
        context.numbers.show(len(pooled), "published pooled results", "rows", "pooled_results.csv"),
        context.numbers.show(len(certainty), "ratings of certainty", "rows", "certainty.csv"),
        context.numbers.show(
            int(certainty["certainty"].isin(["low", "very_low", "no_data"]).sum()),
            "ratings low, very low or without data",
            "rows of certainty.csv",
            "certainty.csv",
        ),
    )
    blocks: list[Block] = []
    if len(pooled):
        blocks += [_pools(context, pooled), Paragraph(_NOTE, small=True)]
    if len(certainty):
        blocks.append(_ratings(context, certainty))
    return Section("published", "What published reviews print", answer, blocks)


_NOTE = (
    "Pools of different reviews share studies and are not added up. Which sign favours the "
    "intervention differs between reviews and stands in the last column, as the source has it."
)


_CELLS = "columns effect_measure, estimate, ci_low, ci_high"
_PRINTED = "ev.pooled_results"


def _pools(context: Context, frame: pd.DataFrame) -> Grid:
    labels = _labels(context)
    lines = context.ev.lines("pooled_results")
    rows: list[list[Html]] = []
    for line, pool in zip(lines, frame.to_dict("records"), strict=True):
        effect = f"{pool['effect_measure']} {number(pool['estimate'])}"
        effect += f" ({interval(pool['ci_low'], pool['ci_high'])})"
        where = f"pooled_results.csv:{line}, {_CELLS}; {source_of(pool)}"
        rows.append(
            [
                labels.get(pool["review_id"], pool["review_id"]),
                context.ev.vocabularies.label("domain", pool["domain"]),
                pool["outcome"],
                "" if pd.isna(pool["k"]) else str(pool["k"]),
                context.numbers.show(effect, f"printed, {pool['pooled_id']}", _PRINTED, where),
                words(pool["sign_convention"]),
            ]
        )
    header = ["review", "domain", "outcome", "studies", "effect (95% interval)", "sign"]
    return Grid(
        "Published pooled results",
        header,
        rows,
        right=frozenset({3}),
        folded=f"Show the {len(rows)} published pools",
        stacked=True,
    )


def _ratings(context: Context, frame: pd.DataFrame) -> Grid:
    labels = _labels(context)
    rows: list[list[Html]] = [
        [
            labels.get(rating["review_id"], rating["review_id"]),
            rating["outcome"],
            words(str(rating["certainty"])),
            "" if pd.isna(rating["reasons"]) else rating["reasons"],
        ]
        for rating in frame.to_dict("records")
    ]
    header = ["review", "outcome", "certainty (GRADE)", "reasons given"]
    caption = "Certainty of evidence as reviews rate it"
    return Grid(caption, header, rows, folded=f"Show the {len(rows)} ratings", stacked=True)


def _labels(context: Context) -> dict[str, str]:
    reviews = context.ev.reviews
    return dict(zip(reviews["review_id"], reviews["label"], strict=True))
