"""Hospital use: every result, its direction, its effect where the numbers allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from peer_evidence.formatting import interval, number, p_value, per_cent, words
from peer_evidence.report.blocks import Block, Grid, Html, Paragraph, Section
from peer_evidence.report.page import Context
from peer_evidence.report.traces import rows_named

if TYPE_CHECKING:
    from peer_evidence.direction.sign_test import SignTest
    from peer_evidence.pooling.pools import Pools


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
        Paragraph(_signs(context, hospital.overall)),
        Paragraph(_pooled(context, hospital.pooled)),
        *context.drawing(
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


def _signs(context: Context, test: SignTest) -> Html:
    """Give the sign test both ways: the studies without a sign shown, and counted against."""

    def show(favours: int, total: int, what: str) -> Markup:
        where = "tables/admissions.csv, one vote a study"
        return context.numbers.show(f"{favours} of {total}", what, "pe.admissions(ev)", where)

    sentence = Markup("{} {} favour {}: {} (95% interval {} to {}, exact p {}).")
    lines = [
        sentence.format(
            show(test.favours, test.n, "studies in favour, of those with a sign"),
            "studies with a sign",
            context.intervention,
            *(per_cent(x) for x in (test.proportion, test.ci_low, test.ci_high)),
            p_value(test.p_value),
        )
    ]
    if test.no_sign:
        lines.append(
            Markup("With the {} others counted against it, ").format(test.no_sign)
            + sentence.format(
                show(test.favours, test.strict_n, "studies in favour, of all"),
                "studies",
                context.intervention,
                *(
                    per_cent(x)
                    for x in (test.strict_proportion, test.strict_ci_low, test.strict_ci_high)
                ),
                p_value(test.strict_p_value),
            )
        )
    return Markup(" ").join(lines)


def _pooled(context: Context, pools: Pools) -> Html:
    """Give the pooled effects, or say that none can be."""
    if not len(pools):
        return "No two studies of one domain print numbers that could be pooled."
    parts = []
    for key, (_, pool) in zip(pools.keys, pools.to_frame().iterrows(), strict=True):
        where = rows_named(context.ev, list(pools.studies(key)["outcome_id"]))
        label = context.ev.vocabularies.label("domain", key[0])
        effect = f"{number(pool['estimate'])} ({interval(pool['ci_low'], pool['ci_high'])})"
        parts.append(
            Markup(
                "{}: the {} of {} studies over all times is {} with a normal interval and {} with "
                "the ad hoc Hartung-Knapp interval, positive in favour of {}."
            ).format(
                label,
                pools.measure,
                int(pool["k"]),
                context.numbers.show(effect, f"{label}, pooled", "pe.admissions(ev).pooled", where),
                interval(pool["adhoc_ci_low"], pool["adhoc_ci_high"]),
                context.intervention,
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
                _how(result),
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
        stacked=True,
    )


def _how(result: Mapping[Any, Any]) -> str:
    """Say why there is no effect or count, or where the effect and its p come from."""
    parts = [result["not_computed"] or result["left_out_reason"] or result["effect_kind"]]
    if not pd.isna(result["p_value"]):
        parts.append(f"p: {result['p_source']}")
    return "; ".join(parts)


def _effect(context: Context, result: Mapping[Any, Any]) -> Html:
    if pd.isna(result["effect"]):
        return ""
    text = f"{result['effect_measure']} {number(result['effect'])}"
    limits = interval(result["ci_low"], result["ci_high"])
    if limits:
        text += f" ({limits})"
    origin = context.ev.provenance(str(result["outcome_id"]), "estimate", table="outcomes")
    where = f"outcomes.csv:{origin.line}; {origin.source}"
    where += f", {origin.locator}" if origin.locator else ""
    where += f" ({origin.confidence})" if origin.confidence else ""
    kind = str(result["effect_kind"]) or "printed"
    return context.numbers.show(text, f"{result['outcome_id']}, {kind}", "pe.admissions(ev)", where)
