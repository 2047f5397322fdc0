"""The outcomes pooled: every domain and time with studies enough."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from markupsafe import Markup

from peer_evidence.effects.scales import Scale, scale_of
from peer_evidence.formatting import count, number, p_value, words
from peer_evidence.pooling.pools import FEW, Pools
from peer_evidence.report.blocks import Block, Grid, Html, Paragraph, Section
from peer_evidence.report.page import Context
from peer_evidence.report.pool_words import counts_enter, turned
from peer_evidence.report.traces import rows_named

_HOW = "pe.pools(ev)"
ENOUGH_TO_PREDICT = 5


def section(context: Context) -> Section:
    """Give the pools with Wald and ad hoc Hartung-Knapp intervals beside each other."""
    pools = context.analyses.pools
    if not len(pools):
        answer = "No domain has two studies with numbers that could be pooled."
        return Section("pooled", "Outcomes pooled", answer, [_left(pools)])
    frame, above = pools.to_frame(), scale_of(pools.measure).positive
    few = int(frame["few_studies"].sum())
    steady = int((frame["adhoc_ci_low"] > 0).sum())
    plain = int((frame["ci_low"] > 0).sum())

    def show(value: int, what: str) -> Markup:
        return context.numbers.show(value, what, _HOW, "tables/pools.csv")

    answer = Markup(
        "Pools of domain and time that can be made: {}, of fewer than {} studies: {}. Wholly on "
        "the side of {}: {} with a normal interval, {} with the ad hoc Hartung-Knapp interval."
    ).format(
        show(len(frame), "groups of domain and time with two studies or more"),
        FEW,
        show(few, f"pools of fewer than {FEW} studies"),
        context.intervention,
        show(plain, "pools whose normal interval lies above 0"),
        show(steady, "pools whose ad hoc Hartung-Knapp interval lies above 0"),
    )
    told = turned(pools, context.intervention)
    side = f"{words(pools.measure)}), {above} in favour of {context.intervention}"
    side = f"{told})" if told else side
    caption = (
        f"Effects on one scale ({side}; each domain and time is a pool of its own, since a study "
        "may stand in several."
    )
    blocks: list[Block] = [
        *context.drawing("pools", caption),
        _table(context, pools, frame),
        Paragraph(
            f"With fewer than {FEW} studies the variance between studies is hardly known: the "
            "normal interval is then too narrow, the Hartung-Knapp interval often too wide. Both "
            "are shown; where they disagree, the records do not settle the question."
            + _made(pools),
            small=True,
        ),
        _left(pools),
    ]
    return Section("pooled", "Outcomes pooled", answer, blocks)


def _made(pools: Pools) -> str:
    """Say how counts enter, or why the effects are of their measure; empty where neither is so."""
    if counts_enter(pools):
        return " Counts enter as odds ratios divided by π/√3."
    return "".join(f" {note[0].upper()}{note[1:]}." for note in pools.notes)


def _table(context: Context, pools: Pools, frame: pd.DataFrame) -> Grid:
    scale = scale_of(pools.measure)
    rows: list[list[Html]] = []
    for key, (_, pool) in zip(pools.keys, frame.iterrows(), strict=True):
        where = rows_named(context.ev, list(pools.studies(key)["outcome_id"]))
        name = ", ".join(key)
        parts = [context.ev.vocabularies.label("domain", key[0]), *key[1:]]

        def show(value: str, what: str, name: str = name, where: str = where) -> Markup:
            return context.numbers.show(value, f"{name}: {what}", _HOW, where)

        limits = scale.interval(pool["ci_low"], pool["ci_high"])
        wald = f"{scale.value(pool['estimate'])} ({limits})"
        careful = scale.interval(pool["adhoc_ci_low"], pool["adhoc_ci_high"])
        rows.append(
            [
                ", ".join(parts),
                show(str(pool["k"]), "studies"),
                show(wald, f"pooled {pools.measure}, {pool['method']}, normal interval"),
                show(p_value(pool["p_value"]), "p of the normal test"),
                show(careful, "ad hoc Hartung-Knapp interval"),
                show(p_value(pool["adhoc_p_value"]), "p of the ad hoc Hartung-Knapp test"),
                _prediction(show, pool, scale),
                show(number(pool["tau2"], 3), "variance between studies"),
                show(f"{number(pool['i2'], 0)}%", "I²"),
            ]
        )
    header = ["pool", "studies", f"{pools.measure} (95% normal interval)", "p"]
    header += ["ad hoc Hartung-Knapp", "p", "prediction interval", f"τ²{scale.of}", "I²"]
    right = frozenset(range(1, len(header)))
    title = "Pools by domain and time, random effects (REML)"
    if side := turned(pools, context.intervention):
        title += f". {side[0].upper()}{side[1:]}"
    return Grid(title, header, rows, right=right)


def _prediction(show: Callable[[str, str], Markup], pool: pd.Series, scale: Scale) -> Html:
    """Give the prediction interval where there are studies enough to speak of one."""
    if pool["k"] < ENOUGH_TO_PREDICT:
        return f"needs {ENOUGH_TO_PREDICT} studies"
    return show(scale.interval(pool["pi_low"], pool["pi_high"]), "prediction interval")


def _left(pools: Pools) -> Paragraph:
    out = pools.rows[~pools.rows["pooled"]]
    if out.empty:
        return Paragraph("Every poolable result stands in a pool.", small=True)
    reasons = out["left_out_reason"].str.split(":").str[0].value_counts()
    parts = "; ".join(f"{reason}: {times}" for reason, times in reasons.items())
    noun = count(len(out), "poolable result stands", "poolable results stand")
    return Paragraph(f"{noun} in no pool ({parts}).", small=True)
