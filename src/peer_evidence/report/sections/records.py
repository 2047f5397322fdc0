"""The records and their gaps."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from peer_evidence.formatting import words
from peer_evidence.report.blocks import Block, Grid, Html, Paragraph, Section
from peer_evidence.report.page import Context

_SHOWN = ("design", "problem_type", "initiative_type", "comparator_type", "level")
_NUMBERS = ("estimate", "events_intervention", "mean_intervention", "p_value")


def section(context: Context) -> Section:
    """Say what the records hold and where they are thin."""
    studies = context.ev.studies
    trials = studies["design"].isin(["randomised_trial", "cluster_randomised_trial"])
    outcomes = context.ev.outcomes
    silent = outcomes[list(_NUMBERS)].isna().all(axis=1).to_numpy(bool)
    answer = Markup(
        "Randomised trials: {} of {} studies. Known in words only, without estimate, mean, count "
        "or p value: {} of {} results."
    ).format(
        context.rows("studies", trials.to_numpy(bool), "randomised and cluster-randomised trials"),
        context.rows("studies", trials.notna().to_numpy(bool), "studies in the records"),
        context.rows("outcomes", silent, "results without estimate, mean, count or p value"),
        context.rows("outcomes", silent | True, "results in the records", len(outcomes)),
    )
    blocks: list[Block] = [
        *context.drawing(
            "evidence_map",
            "Outcome domain by kind of intervention, from all results whatever they compare; the "
            "area of a circle is the number of studies, × marks a gap. A study may stand in "
            "several cells.",
        ),
        _kinds(context, studies),
        *_notes(context),
    ]
    return Section("records", "The question and the records", answer, blocks)


def _kinds(context: Context, studies: pd.DataFrame) -> Grid:
    rows: list[list[Html]] = []
    for column in _SHOWN:
        values = studies[column]
        first = words(column)
        for word in values.cat.categories:
            mask = (values == word).to_numpy(bool)
            label = context.ev.vocabularies.label(column, word)
            what = f"studies with {words(column)} {words(word)}"
            rows.append([first, label, context.rows("studies", mask, what)])
            first = ""
        missing = values.isna().to_numpy(bool)
        if missing.any():
            count = context.rows("studies", missing, f"studies without {words(column)}")
            rows.append([first, "not coded", count])
    return Grid("Studies by kind", ["kind", "value", "studies"], rows, right=frozenset({2}))


def _notes(context: Context) -> list[Block]:
    note = context.ev.package.get("records_note")
    blocks: list[Block] = [Paragraph(note, small=True)] if note else []
    inclusions = context.ev.inclusions
    if len(inclusions):
        status = inclusions["status"]
        blocks.append(
            Paragraph(
                Markup(
                    "Membership of a study in a review is confirmed for {} pairs; {} more are "
                    "candidates, which are never read as members, and {} are shown to be out."
                ).format(
                    *(
                        context.rows(
                            "inclusions", (status == word).to_numpy(bool), f"{word} memberships"
                        )
                        for word in ("confirmed", "candidate", "rejected")
                    )
                ),
                small=True,
            )
        )
    return blocks
