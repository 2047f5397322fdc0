"""The outcomes counted: conclusions and directions by domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
from markupsafe import Markup

from peer_evidence.formatting import interval, p_value, per_cent, words
from peer_evidence.report.blocks import Block, Grid, Heading, Html, Paragraph, Section
from peer_evidence.report.numbers import lines_of
from peer_evidence.report.page import Context

if TYPE_CHECKING:
    from peer_evidence.direction.tally import Tally


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
        context.drawing(
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
    ]
    return Section("outcomes", "Outcomes counted", answer, blocks)


def _conclusions(context: Context, tally: Tally, frame: pd.DataFrame) -> Grid:
    votes = tally.votes
    file_lines = dict(
        zip(context.ev.outcomes["outcome_id"], context.ev.lines("outcomes"), strict=True)
    )
    values = [column for column in frame.columns if column not in {"rows", "studies"}]
    rows: list[list[Html]] = []
    for group, counts in frame.iterrows():
        label = context.ev.vocabularies.label("domain", str(group))
        row: list[Html] = [label]
        for value in values:
            chosen = votes[(votes["group"] == group) & (votes["vote"] == value)]
            where = _where(chosen["rows"], file_lines)
            what = f"{words(str(value))} in {label}"
            row.append(context.numbers.show(int(counts[value]), what, "pe.tally(ev.outcomes)", where))
        chosen = votes[votes["group"] == group]
        where = _where(chosen["rows"], file_lines)
        for name in ("rows", "studies"):
            what = f"comparative {'results' if name == 'rows' else 'studies'} in {label}"
            row.append(context.numbers.show(int(counts[name]), what, "pe.tally(ev.outcomes)", where))
        rows.append(row)
    header = ["domain", *(words(str(value)) for value in values), "results", "studies"]
    right = frozenset(range(1, len(header)))
    return Grid("Comparative results by reported conclusion", header, rows, right=right)


def _where(votes: Sequence[str], lines: dict[str, int]) -> str:
    return lines_of("outcomes.csv", [int(lines[row]) for ids in votes for row in ids.split(";")])


def _sign_tests(context: Context) -> Grid:
    tally = context.analyses.directions
    shown, against = tally.sign_tests(), tally.sign_tests(unsigned="against")
    file_lines = dict(
        zip(context.ev.outcomes["outcome_id"], context.ev.lines("outcomes"), strict=True)
    )
    rows: list[list[Html]] = []
    for group, test in shown.iterrows():
        label = context.ev.vocabularies.label("domain", str(group))
        chosen = tally.votes[tally.votes["group"] == group]
        where = _where(chosen["rows"], file_lines)

        def show(value: object, what: str, label: str = label, where: str = where) -> Markup:
            how = "pe.tally(..., one_vote_per='study_id').sign_tests()"
            return context.numbers.show(value, f"{label}: {what}", how, where)

        strict = against.loc[group]
        rows.append(
            [
                label,
                show(int(test["favours"]), "studies in favour"),
                show(int(test["against"]), "studies against"),
                show(int(test["tied"]), "studies with both directions"),
                show(int(test["no_sign"]), "studies without a sign"),
                *_share(test, show, "share in favour"),
                *_share(strict, show, "share when studies without a sign count against"),
            ]
        )
    header = ["domain", "favour", "against", "both", "no sign", "share in favour", "p"]
    header += ["no sign counted against", "p"]
    right = frozenset(range(1, len(header)))
    return Grid("Studies by direction, with sign tests (Wilson interval, exact p)", header, rows, right)


def _share(test: pd.Series, show: object, what: str) -> list[Html]:
    if pd.isna(test["proportion"]):
        return ["no sign", ""]
    text = f"{per_cent(test['proportion'])} ({interval(100 * test['ci_low'], 100 * test['ci_high'], 0)})"
    return [show(text, what), show(p_value(test["p_value"]), "exact two-sided p")]  # type: ignore[operator]


def _left_out(tally: Tally) -> Paragraph:
    frame = tally.left_out
    if frame.empty:
        return Paragraph("Nothing was left out.", small=True)
    parts = [f"{row['reason']}: {row['rows']}" for row in frame.reset_index().to_dict("records")]
    return Paragraph(f"Results left out of these counts: {'; '.join(parts)}.", small=True)
