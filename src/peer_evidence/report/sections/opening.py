"""The first screen: what is counted, what could be pooled, what cannot be said."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from peer_evidence.formatting import per_cent, words
from peer_evidence.report.blocks import Block, Html, Paragraph
from peer_evidence.report.page import Context
from peer_evidence.report.sections.claims import verdict_counts
from peer_evidence.report.traces import outcome_lines, tally_rows

_NOTHING_YET = (
    "There is nothing yet: the tables of studies and of results have no row. Fill the studies "
    "first, then the results, and build this page again; what is found grows with them."
)


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
        "The records hold {} studies with {} results, {} of them between {} and a comparison "
        "group. Underlined numbers say where they come from."
    ).format(
        context.rows("studies", every, "studies in the records"),
        context.rows("outcomes", results, "results in the records"),
        context.rows("outcomes", comparative, "results that compare the two arms"),
        context.intervention,
    )
    told: list[Block] = [Paragraph(text, small=True)]
    if studies.empty and outcomes.empty:
        told.insert(0, Paragraph(_NOTHING_YET))
    return told


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
        return context.numbers.show(value, what, how, outcome_lines(ev, mask, overall.column))

    return Markup(
        "By direction alone, over all domains and designs, one vote a study: {} in favour of {}, "
        "{} against, {} pointing both ways, {} without a sign. That is {} of those with a sign "
        "({} to {}) and {} of all ({} to {}). Directions are known mostly where a difference was "
        "reported, so the first share flatters; neither says how large an effect is."
    ).format(
        show(int(row["favours"]), "studies in favour", "favours_intervention"),
        context.intervention,
        show(int(row["against"]), "studies against", "favours_comparison"),
        show(int(row["tied"]), "studies with results in both directions", "tied"),
        show(int(row["no_sign"]), "studies without a direction", "null", "unclear"),
        *(
            show(per_cent(test[name]), f"{what}, {words(name)}")
            for test, what in ((row, "share of those with a sign"), (against, "share of all"))
            for name in ("proportion", "ci_low", "ci_high")
        ),
    )


def _poolable(context: Context) -> Html:
    """Say what could be pooled, and how little the pools settle."""
    outcomes, pools = context.ev.outcomes, context.analyses.pools
    poolable = (outcomes["poolable"] == "yes").to_numpy(bool)
    studies = outcomes.loc[poolable, "study_id"].nunique()
    lead = Markup("{} of {} results, from {} of the studies, print numbers that can be pooled.")
    lead = lead.format(
        context.rows("outcomes", poolable, "results marked poolable"),
        context.rows("outcomes", poolable | True, "results in the records", len(outcomes)),
        context.rows("outcomes", poolable, "studies with a poolable result", studies),
    )
    if not len(pools):
        return lead
    frame = pools.to_frame()

    def show(value: int, what: str) -> Markup:
        return context.numbers.show(value, what, "pe.pools(ev)", "tables/pools.csv")

    return lead + Markup(
        " Pools by domain and time: {}, of {} to {} studies. Wholly on the side of {}: {} with a "
        "normal interval, {} with the cautious one for few studies."
    ).format(
        show(len(frame), "pools"),
        show(int(frame["k"].min()), "studies in the smallest pool"),
        show(int(frame["k"].max()), "studies in the largest pool"),
        context.intervention,
        show(int((frame["ci_low"] > 0).sum()), "pools whose normal interval lies above 0"),
        show(int((frame["adhoc_ci_low"] > 0).sum()), "pools whose cautious interval lies above 0"),
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
