"""The outcomes counted: conclusions and directions by domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from markupsafe import Markup

from peer_evidence.formatting import interval, p_value, per_cent, words
from peer_evidence.report.blocks import Block, Grid, Heading, Html, Paragraph, Section
from peer_evidence.report.page import Context
from peer_evidence.report.traces import outcome_lines, tally_rows

if TYPE_CHECKING:
    from peer_evidence.direction.tally import Tally

_TALLY = "pe.tally(ev.outcomes)"
_SIGN_TESTS = "pe.tally(..., one_vote_per='study_id').sign_tests()"
_SIGNS = {
    "favour": ("favours_intervention",),
    "against": ("favours_comparison",),
    "both": ("tied",),
    "no sign": ("null", "unclear"),
}


def section(context: Context) -> Section:
    """Count what the sources conclude, then the directions, with what is left out."""
    tally = context.analyses.conclusions
    frame = tally.to_frame()
    if frame.empty:
        return Section("outcomes", "Outcomes counted", "No result compares the two arms.", [])
    answer = Markup(
        "Over all domains the sources call {} of {} comparative results a benefit, {} no "
        "difference, {} a harm, and leave {} mixed or unclear."
    ).format(
        *(
            context.numbers.show(value, what, "pe.tally(ev.outcomes)", "tables/conclusions.csv")
            for value, what in (
                (int(frame["benefit"].sum()), "results reported as a benefit"),
                (int(frame["rows"].sum()), "comparative results"),
                (int(frame["no_difference"].sum()), "results reported as no difference"),
                (int(frame["harm"].sum()), "results reported as a harm"),
                (int(frame[["mixed", "unclear"]].to_numpy().sum()), "mixed or unclear results"),
            )
        )
    )
    blocks: list[Block] = [
        *context.drawing(
            "tally",
            "Comparative results by domain and reported conclusion: benefit to the right of zero, "
            "harm to the left. A source's conclusion often rests on significance.",
        ),
        _conclusions(context, tally, frame),
        _left_out(tally),
        Heading("Directions, one vote a study"),
        Paragraph(
            "A direction is known mostly where a difference was reported, so counting signs "
            f"flatters {context.intervention}. The table therefore shows the studies without a "
            "sign beside each test, and counts them against it in its last columns."
        ),
        _sign_tests(context),
        _left_out(context.analyses.directions),
        *_study_by_study(context),
    ]
    return Section("outcomes", "Outcomes counted", answer, blocks)


def _study_by_study(context: Context) -> list[Block]:
    """Draw one direction a study and domain, and say where its rule and the table's part."""
    found = context.analyses.study_directions
    if found is None or found.table.empty:
        return []
    how, where = "pe.effect_directions(ev)", "tables/effect_directions.csv"
    counts = found.table["direction"].value_counts()

    def show(direction: str, what: str) -> Markup:
        return context.numbers.show(int(counts.get(direction, 0)), what, how, where)

    words_of = Markup(
        "Of {} pairs of study and domain {} favour {}, {} the comparison, {} conflict, {} have an "
        "estimate of zero and {} no reported direction. Here a study has the direction of at least "
        "{} of its results whose direction is known (Hilton Boon and Thomson 2021); the table "
        "above lets any sign of one kind decide, which tells otherwise of {} pairs."
    ).format(
        context.numbers.show(len(found.table), "pairs of study and domain", how, where),
        show("favours_intervention", "pairs of study and domain in favour"),
        context.intervention,
        show("favours_comparison", "pairs of study and domain against"),
        show("conflicting", "pairs of study and domain whose results conflict"),
        show("null", "pairs of study and domain with an estimate of zero"),
        show("unclear", "pairs of study and domain without a reported direction"),
        per_cent(found.agreement),
        context.numbers.show(
            _told_otherwise(context), "pairs whose vote and direction differ", how, where
        ),
    )
    caption = (
        "Direction of effect, study by study and domain by domain: up favours "
        f"{context.intervention}, whatever the significance. Shading is the risk of bias of the "
        "studies for which it is recorded."
    )
    return [
        Heading("Directions study by study"),
        Paragraph(words_of),
        *context.drawing("effect_directions", caption),
    ]


def _told_otherwise(context: Context) -> int:
    """Count the pairs of study and domain whose vote is not their direction by the 70% rule."""
    analyses = context.analyses
    if analyses.study_directions is None:
        return 0
    votes = analyses.directions.votes.set_index(["domain", "study_id"])["vote"].astype("str")
    rule = analyses.study_directions.table.set_index(["domain", "study_id"])["direction"]
    same = {"tied": "conflicting"}
    both = votes.rename("vote").to_frame().join(rule.astype("str"))
    return int((both["vote"].replace(same) != both["direction"]).sum())


def _conclusions(context: Context, tally: Tally, frame: pd.DataFrame) -> Grid:
    values = tally.values
    rows: list[list[Html]] = []
    for group, counts in frame.iterrows():
        label = context.ev.vocabularies.label("domain", str(group))
        row: list[Html] = [label]
        for value in values:
            where = outcome_lines(
                context.ev, tally_rows(context.ev, tally, group, value), tally.column
            )
            what = f"{label}: results reported as {words(value)}"
            row.append(context.numbers.show(int(counts[value]), what, _TALLY, where))
        where = outcome_lines(context.ev, tally_rows(context.ev, tally, group))
        for name, noun in (("rows", "comparative results"), ("studies", "their studies")):
            row.append(context.numbers.show(int(counts[name]), f"{label}: {noun}", _TALLY, where))
        rows.append(row)
    header = ["domain", *(words(value) for value in values), "results", "studies"]
    right = frozenset(range(1, len(header)))
    return Grid("Comparative results by reported conclusion", header, rows, right=right)


def _sign_tests(context: Context) -> Grid:
    ev, tally = context.ev, context.analyses.directions
    shown, against = tally.sign_tests(), tally.sign_tests(unsigned="against")
    rows: list[list[Html]] = []
    for (group, test), (_, strict), (_, counts) in zip(
        shown.iterrows(), against.iterrows(), tally.to_frame().iterrows(), strict=True
    ):
        label = ev.vocabularies.label("domain", str(group))
        row: list[Html] = [label]
        for name, values in _SIGNS.items():
            masks = [tally_rows(ev, tally, group, value) for value in values]
            where = outcome_lines(ev, np.logical_or.reduce(masks), tally.column)
            what = f"{label}: studies, {name}"
            row.append(
                context.numbers.show(
                    sum(int(counts[value]) for value in values), what, _SIGN_TESTS, where
                )
            )
        where = outcome_lines(ev, tally_rows(ev, tally, group), tally.column)
        row += _share(context, test, f"{label}: share in favour of those with a sign", where)
        what = f"{label}: share in favour, every other study counted against"
        row += _share(context, strict, what, where)
        rows.append(row)
    header = ["domain", *_SIGNS, "share in favour", "p", "others counted against", "p"]
    right = frozenset(range(1, len(header)))
    caption = "Studies by direction, with sign tests (95% Wilson interval, exact two-sided p)"
    return Grid(caption, header, rows, right=right)


def _share(context: Context, test: pd.Series, what: str, where: str) -> list[Html]:
    if pd.isna(test["proportion"]):
        return ["no sign", ""]
    limits = interval(100 * test["ci_low"], 100 * test["ci_high"], 0)
    share = f"{per_cent(test['proportion'])} ({limits})"
    p = context.numbers.show(p_value(test["p_value"]), f"{what}, exact p", _SIGN_TESTS, where)
    return [context.numbers.show(share, what, _SIGN_TESTS, where), p]


def _left_out(tally: Tally) -> Paragraph:
    frame = tally.left_out
    if frame.empty:
        return Paragraph("Nothing was left out.", small=True)
    parts = [f"{row['reason']}: {row['rows']}" for row in frame.to_dict("records")]
    return Paragraph(f"Results left out of these counts: {'; '.join(parts)}.", small=True)
