"""Hospital use: every result, its direction, its effect where the numbers allow."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from peer_evidence.formatting import interval, number, p_value, per_cent, words
from peer_evidence.report.blocks import Block, Grid, Html, Paragraph, Section
from peer_evidence.report.page import Context


def section(context: Context) -> Section | None:
    """Summarise the results on hospital use; None when the review has no such domain."""
    hospital = context.analyses.hospital
    if hospital is None or hospital.rows.empty:
        return None
    rows = hospital.rows
    counted = rows[rows["counted"]]
    with_effect = counted["ci_low"].notna()
    answer = Markup(
        "{} comparative results from {} studies speak of hospital use; {} can be given an effect "
        "with an interval."
    ).format(
        *(
            context.numbers.show(value, what, "pe.admissions(ev).rows", "tables/admissions.csv")
            for value, what in (
                (len(counted), "comparative results on hospital use"),
                (counted["study_id"].nunique(), "studies with such a result"),
                (int(with_effect.sum()), "of them with an effect and interval"),
            )
        )
    )
    blocks: list[Block] = [
        Paragraph(_signs(context)),
        context.drawing(
            "admissions",
            "Every result on hospital use: its direction, and its effect with a 95% interval "
            "where the numbers allow. p values are two-sided.",
        ),
        _table(context, rows),
        Paragraph(
            "Pale rows are left out of the counts; the last column says why an effect is missing. "
            "Where a source prints a one-tailed p, the two-sided one is computed from the means.",
            small=True,
        ),
    ]
    return Section("admissions", "Hospital admissions", answer, blocks)


def _signs(context: Context) -> Html:
    hospital = context.analyses.hospital
    if hospital is None:
        return ""
    parts = []
    for unsigned, lead in (
        ("shown", "Among studies with a sign"),
        ("against", "Counting the others against it"),
    ):
        test = hospital.sign_test(unsigned)
        share = f"{test.favours} of {test.favours + test.against}"
        what = f"studies in favour, unsigned {unsigned}"
        parts.append(
            Markup("{}, {} favour {} ({}, 95% interval {} to {}, exact p {}).").format(
                lead,
                context.numbers.show(share, what, "pe.admissions(ev)", "tables/admissions.csv"),
                context.intervention,
                per_cent(test.proportion),
                per_cent(test.ci_low),
                per_cent(test.ci_high),
                p_value(test.p_value),
            )
        )
    return Markup(" ").join(parts)


def _table(context: Context, frame: pd.DataFrame) -> Grid:
    rows: list[list[Html]] = []
    pale = set()
    for position, result in enumerate(frame.to_dict("records")):
        if not result["counted"]:
            pale.add(position)
        months = number(result["timepoint_months"], 0)
        rows.append(
            [
                result["label"],
                result["measure"],
                months,
                words(str(result["effect_direction"])),
                words(str(result["reported_conclusion"])),
                _effect(context, result),
                p_value(result["p_value"]),
                result["not_computed"] or result["left_out_reason"] or result["effect_kind"],
            ]
        )
    header = ["study", "measure", "months", "direction", "conclusion", "effect (95% interval)"]
    header += ["p, two-sided", "how, or why not"]
    return Grid(
        "Results on hospital use",
        header,
        rows,
        right=frozenset({2, 6}),
        wide=frozenset({7}),
        pale=frozenset(pale),
    )


def _effect(context: Context, result: dict[str, object]) -> Html:
    if pd.isna(result["effect"]):  # type: ignore[call-overload]
        return ""
    text = f"{result['effect_measure']} {number(result['effect'])}"
    limits = interval(result["ci_low"], result["ci_high"])
    if limits:
        text += f" ({limits})"
    origin = context.ev.provenance(str(result["outcome_id"]), "estimate", table="outcomes")
    where = f"outcomes.csv:{origin.line}; {origin.source}"
    where += f", {origin.locator}" if origin.locator else ""
    where += f" ({origin.confidence})"
    kind = str(result["effect_kind"]) or "printed"
    return context.numbers.show(text, f"{result['outcome_id']}, {kind}", "pe.admissions(ev)", where)
