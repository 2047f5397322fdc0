"""How far the evidence can be trusted: risk of bias, certainty, and reviews that share studies."""

from __future__ import annotations

from markupsafe import Markup

from peer_evidence.formatting import count, per_cent, words
from peer_evidence.report.blocks import Block, Grid, Heading, Html, Paragraph, Section
from peer_evidence.report.numbers import lines_of
from peer_evidence.report.page import Context

_SUGGESTED = {
    "start": "begins",
    "risk_of_bias": "risk of bias",
    "inconsistency": "inconsistency",
    "imprecision": "imprecision",
    "publication_bias": "publication bias",
}


def section(context: Context) -> Section:
    """Say what is judged, what is only suggested, and what nobody judged."""
    bias, certainty = context.analyses.bias, context.analyses.certainty
    total = len(context.ev.studies)
    judged = sum(one.word != "" for one in certainty.judged)
    answer = Markup(
        "The risk of bias is recorded for {} of {} studies. A person judged the certainty of {} of "
        "{} pools; what the numbers suggest stands apart from any judgement."
    ).format(
        context.numbers.show(
            0 if bias is None else bias.studies,
            "studies with a judgement" + ("" if bias is None else f" by {bias.tool.name}"),
            "pe.risk_of_bias_summary(ev)",
            _bias_lines(context),
        ),
        context.numbers.show(total, "studies in the records", "rows of studies.csv", "studies.csv"),
        context.numbers.show(
            judged, "pools with a judged certainty", _CERTAINTY, "tables/certainty_worksheet.csv"
        ),
        context.numbers.show(len(certainty), "pools", "pe.pools(ev)", "tables/pools.csv"),
    )
    blocks = [*_bias(context), *_certainty(context), *_overlap(context)]
    return Section("appraisal", "How far it can be trusted", answer, blocks)


_CERTAINTY = "pe.certainty_table(ev, pe.pools(ev))"


def _bias_lines(context: Context) -> str:
    if context.ev.risk_of_bias.empty:
        return ""
    return lines_of("risk_of_bias.csv", [int(line) for line in context.ev.lines("risk_of_bias")])


def _bias(context: Context) -> list[Block]:
    bias = context.analyses.bias
    if bias is None:
        return [Heading("Risk of bias"), Paragraph("The records hold no judgement.")]
    caption = (
        f"Risk of bias by {bias.tool.name}, as published assessors judged it; "
        f"{len(bias.unjudged)} of {bias.studies + len(bias.unjudged)} studies are not judged."
    )
    rest = []
    if len(bias.apart):
        told = "; ".join(
            f"{row['tool']}: {count(row['studies'], 'study', 'studies')}"
            for row in bias.apart.to_dict("records")
        )
        rest.append(Paragraph(f"Judged with another tool and not shown: {told}.", small=True))
    if len(bias.disagreements):
        told = f"{len(bias.disagreements)} overall judgements are not what the tool's rule gives."
        rest.append(Paragraph(told, small=True))
    return [Heading("Risk of bias"), *context.drawing("risk_of_bias", caption), *rest]


def _certainty(context: Context) -> list[Block]:
    certainty = context.analyses.certainty
    if not len(certainty):
        return [Heading("Certainty"), Paragraph("Without a pool there is no certainty to rate.")]
    rows: list[list[Html]] = []
    for name in certainty.outcomes:
        found, verdict = certainty[name], certainty.judgement(name)
        rows.append(
            [
                name,
                words(verdict.word) or "not judged",
                *(found[domain].words if domain in found else "" for domain in _SUGGESTED),
                certainty.suggested_so_far(name),
            ]
        )
    header = ["pool", "judged", *_SUGGESTED.values(), "suggested so far"]
    grid = Grid(
        "Certainty of evidence (GRADE): judged by a person, and what the numbers suggest",
        header,
        rows,
        stacked=True,
    )
    left = (
        "A suggestion is not a judgement. Indirectness is always a person's to judge; the reasons "
        "and what would change each suggestion stand in tables/certainty_worksheet.csv, which a "
        f"person can fill in. {certainty.rules.sentence()}"
    )
    return [Heading("Certainty"), grid, Paragraph(left, small=True)]


def _overlap(context: Context) -> list[Block]:
    shared = context.analyses.shared
    if shared is None:
        return []
    how, where = "pe.overlap(ev)", "tables/overlap_pairs.csv"

    def show(value: object, what: str) -> Markup:
        return context.numbers.show(value, what, how, where)

    text = Markup(
        "{} studies are confirmed {} times in {} reviews: a corrected covered area of {} ({}). The "
        "lists of {} of these reviews are partial, so this is the overlap of what is named, not of "
        "the reviews; candidates never count."
    ).format(
        show(shared.studies, "studies confirmed to be in a review"),
        show(shared.inclusions, "confirmed memberships"),
        show(shared.reviews, "reviews with a confirmed study"),
        show(per_cent(shared.cca, 1), "corrected covered area"),
        shared.band,
        show(shared.partial, "reviews of which fewer studies are named than stated"),
    )
    caption = "Overlap of the reviews in pairs, on the studies that are named."
    return [
        Heading("Reviews that share studies"),
        Paragraph(text),
        *context.drawing("overlap", caption),
    ]
