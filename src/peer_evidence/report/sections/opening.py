"""The first screen: what is counted, what could be pooled, what cannot be said."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from peer_evidence.formatting import per_cent
from peer_evidence.report.blocks import Block, Html, Paragraph
from peer_evidence.report.page import Context
from peer_evidence.report.sections.claims import verdict_counts
from peer_evidence.report.traces import outcome_lines, tally_rows


def answers(context: Context) -> list[tuple[str, Html]]:
    """Give the three honest answers, each under its heading."""
    return [
        ("What is counted", _counted(context)),
        ("What could be pooled", _poolable(context)),
        ("What cannot be said", _claims(context)),
    ]


def blocks(context: Context) -> list[Block]:
    """Say how many studies and results the records hold."""
    ev = context.ev
    studies, outcomes = ev.studies, ev.outcomes
    every = studies["study_id"].notna().to_numpy(bool)
    results = outcomes["outcome_id"].notna().to_numpy(bool)
    comparative = (outcomes["contrast_type"] == "intervention_vs_comparison").to_numpy(bool)
    text = Markup(
        "The records hold {} studies with {} results, {} of which compare {} with a comparison. "
        "Underlined numbers say where they come from."
    ).format(
        context.rows("studies", every, "studies in the records"),
        context.rows("outcomes", results, "results in the records"),
        context.rows("outcomes", comparative, "results that compare the two arms"),
        context.intervention,
    )
    return [Paragraph(text, small=True)]


def _counted(context: Context) -> Html:
    """Count studies by direction, with those that carry no sign in the same breath."""
    ev, overall = context.ev, context.analyses.overall
    tests = overall.sign_tests()
    if tests.empty or not tests.iloc[0]["studies"]:
        return "No study compares the two arms, so nothing can be counted."
    row = tests.iloc[0]
    against = overall.sign_tests(unsigned="against").iloc[0]
    how = "pe.tally(ev.outcomes, by=None, column='effect_direction', one_vote_per='study_id')"

    def show(value: object, what: str, *votes: str) -> Markup:
        masks = [tally_rows(ev, overall, value=vote) for vote in votes]
        mask = np.logical_or.reduce(masks) if votes else tally_rows(ev, overall)
        return context.numbers.show(value, what, how, outcome_lines(ev, mask))

    return Markup(
        "{} studies favour {}, {} favour the comparison; {} point both ways and {} carry no sign. "
        "Of those with a sign {} favour it (95% interval {} to {}); with the others counted "
        "against it, {}."
    ).format(
        show(int(row["favours"]), "studies in favour", "favours_intervention"),
        context.intervention,
        show(int(row["against"]), "studies against", "favours_comparison"),
        show(int(row["tied"]), "studies with results in both directions", "tied"),
        show(int(row["no_sign"]), "studies without a direction", "null", "unclear"),
        show(per_cent(row["proportion"]), "share in favour of the studies with a sign"),
        per_cent(row["ci_low"]),
        per_cent(row["ci_high"]),
        show(per_cent(against["proportion"]), "share in favour of all studies"),
    )


def _poolable(context: Context) -> Html:
    outcomes = context.ev.outcomes
    poolable = (outcomes["poolable"] == "yes").to_numpy(bool)
    studies = outcomes.loc[poolable, "study_id"].nunique()
    total = len(outcomes)
    return Markup("{} of {} results, from {} studies, print numbers that can be pooled.").format(
        context.rows("outcomes", poolable, "results marked poolable"),
        context.rows("outcomes", poolable | True, "results in the records", total),
        context.rows("outcomes", poolable, "studies with a poolable result", studies),
    )


def _claims(context: Context) -> Html:
    frame = context.analyses.claims.to_frame()
    if frame.empty:
        return "The package names no statements to check."
    return Markup("Of {} statements {}.").format(
        context.numbers.show(
            len(frame), "statements checked", "pe.check_claims(ev)", "tables/claims.csv"
        ),
        verdict_counts(context, frame),
    )
