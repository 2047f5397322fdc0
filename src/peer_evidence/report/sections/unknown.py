"""What is not known: the gaps that the records themselves show, and what research is called for."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from peer_evidence.report.blocks import Block, Bullets, Html, Section
from peer_evidence.report.page import Context
from peer_evidence.report.sections.framework import tables


def section(context: Context) -> Section:
    """List the gaps."""
    studies, outcomes = context.ev.studies, context.ev.outcomes
    organisational = (studies["level"] == "organisational").to_numpy(bool)
    answer = Markup(
        "About organisations rather than people: {} of {} studies. Where a domain has few "
        "studies, no count can settle anything."
    ).format(
        context.rows("studies", organisational, "studies at the level of the organisation"),
        context.rows("studies", organisational | True, "studies in the records", len(studies)),
    )
    gaps: list[Html] = [
        Markup("Results without a direction: {}.").format(
            context.rows(
                "outcomes",
                (outcomes["effect_direction"] == "unclear").to_numpy(bool),
                "results whose direction is unclear",
            )
        ),
        Markup("Results that do not say when they were measured: {}.").format(
            context.rows(
                "outcomes",
                outcomes["timepoint_months"].isna().to_numpy(bool),
                "results without a timepoint",
            )
        ),
        Markup("Studies without a year: {}, without a sample size: {}.").format(
            context.rows("studies", studies["year"].isna().to_numpy(bool), "studies without year"),
            context.rows(
                "studies", studies["n_total"].isna().to_numpy(bool), "studies without sample size"
            ),
        ),
        _thin(context),
        _judged(context),
    ]
    blocks: list[Block] = [Bullets(gaps), *tables(context, "unknown")]
    return Section("unknown", "What is not known", answer, blocks)


def _thin(context: Context) -> Html:
    """Name the domains with fewer than three comparative studies."""
    frame = context.analyses.conclusions.to_frame()
    if frame.empty:
        return "No domain has a comparative study."
    known = context.ev.outcomes["domain"].cat.categories
    studies = frame["studies"].reindex(known, fill_value=0)
    thin = studies[studies < 3]
    names = [context.ev.vocabularies.label("domain", str(name)).lower() for name in thin.index]
    count = context.numbers.show(
        len(thin),
        "domains with no, one or two comparative studies",
        "pe.tally(ev.outcomes)",
        "tables/conclusions.csv",
    )
    return Markup("Domains with fewer than three comparative studies: {} ({}).").format(
        count, ", ".join(names) or "none"
    )


def _judged(context: Context) -> Html:
    """Say for how many studies a risk-of-bias judgement was seen."""
    judged = context.ev.risk_of_bias["study_id"]
    studies = context.ev.studies["study_id"]
    mask = studies.isin(pd.unique(judged)).to_numpy(bool)
    return Markup("Studies with a risk-of-bias judgement: {} of {}.").format(
        context.rows("studies", mask, "studies with a risk-of-bias judgement"),
        context.rows("studies", mask | True, "studies in the records", len(studies)),
    )
