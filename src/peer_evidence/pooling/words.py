"""A meta-analysis in words: the answer first, its uncertainty beside it, then what to beware of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from peer_evidence.effects.scales import Scale, scale_of
from peer_evidence.formatting import count, interval, number, p_brief, p_text
from peer_evidence.pooling.tau2 import METHODS

if TYPE_CHECKING:
    from peer_evidence.pooling.model import MetaAnalysis

FEW = 5
_INTERVALS = {
    "wald": "normal (Wald) interval",
    "t": "t interval",
    "hksj": "Hartung-Knapp interval",
    "hksj-adhoc": "ad hoc Hartung-Knapp interval (factor at least 1)",
}


def variance(value: float) -> str:
    """Write a variance with four decimals, or in powers of ten when it is small or large."""
    if math.isinf(value):
        return "∞"
    if value == 0 or 0.001 <= abs(value) < 10_000:
        return number(value, 4)
    return f"{value:.2e}"


def describe(m: MetaAnalysis) -> str:
    """Write the result of a meta-analysis, the answer in the first line."""
    lines = [_answer(m), *_few(m), *side_line(m.studies.measure, m.studies.positive), _model(m)]
    lines += [*_prediction(m), *_heterogeneity(m), *_moderators(m)]
    if m.left_out:
        named = "; ".join(f"{label}: {reason}" for label, reason in m.left_out[:FEW])
        more = "; ..." if len(m.left_out) > FEW else ""
        lines.append(f"Left out for want of an effect: {len(m.left_out)} ({named}{more}).")
    if not m.converged:
        lines.append("Not converged: tau² or its interval was not reached.")
    return "\n".join(lines)


def _answer(m: MetaAnalysis) -> str:
    scale = scale_of(m.studies.measure)
    first = None if m.regression.design is None else m.regression.names[0]
    what = what_first(scale, first, "No intercept, so no single effect; coefficient of")
    if first not in (None, "intercept"):
        scale = Scale()
    return f"{what} {first_line(m, scale, _how_many(m))}"


def what_first(scale: Scale, first: str | None, otherwise: str) -> str:
    """Name the number of the first line: the pooled one, or the first coefficient."""
    if first is None:
        return f"Pooled {scale.pooled}"
    if first == "intercept":
        if scale.turned:
            return f"{scale.name[:1].upper()}{scale.name[1:]} where all moderators are 0:"
        return scale.pooled.replace("effect", "Effect where all moderators are 0", 1)
    of = scale.analysis or scale.measure
    return f"{otherwise} {first}" + (f" ({of})" if of else "")


def first_line(m: Any, scale: Scale, how_many: str) -> str:
    """Write an estimate with interval and p as it is read, and how it was pooled behind it."""
    limits, p = scale.interval(m.ci_low, m.ci_high), p_text(m.p_value)
    return (
        f"{scale.value(m.estimate)} ({100 * m.level:g}% CI {limits}, {p}), {how_many}"
        f"{scale.beside(m.estimate, m.ci_low, m.ci_high)}."
    )


def side_line(measure: str, positive: str) -> list[str]:
    """Say what an effect above no effect means, where it is known."""
    if not positive:
        return []
    above = scale_of(measure).positive
    verb = "" if positive.startswith("favours") else "is "
    return [f"{above[:1].upper()}{above[1:]} {verb}{positive}."]


def _how_many(m: MetaAnalysis) -> str:
    """Count the studies, or where they repeat the effects and their studies."""
    s = m.studies
    if not s.repeated:
        return count(m.k, "study", "studies")
    return (
        f"{count(m.k, 'effect')} of {count(s.distinct or 0, 'study', 'studies')}, taken as "
        "independent (see dependence)"
    )


def _few(m: MetaAnalysis) -> list[str]:
    if m.k == 1:
        return ["One study: nothing was pooled, and heterogeneity cannot be estimated."]
    if m.k < FEW:
        return [f"Only {m.k} studies: interval and heterogeneity are hardly known."]
    return []


def _model(m: MetaAnalysis) -> str:
    kind = "Common-effect model" if m.method == "FE" else "Random-effects model"
    df = f", {m.df:g} df" if math.isfinite(m.df) else ""
    factor = f", factor {number(m.hk_factor, 3)}" if m.ci.startswith("hksj") else ""
    return f"{kind}, {METHODS[m.method]}; {_INTERVALS[m.ci]}{df}{factor}."


def _prediction(m: MetaAnalysis) -> list[str]:
    if m.regression.design is not None:
        return []
    if math.isnan(m.pi_low):
        return ["No prediction interval."]
    law = f"t, {m.df:g} df" if math.isfinite(m.df) else "normal"
    scale = scale_of(m.studies.measure)
    of = f" of the {scale.name}" if scale.turned else ""
    limits = scale.interval(m.pi_low, m.pi_high)
    text = f"{100 * m.level:g}% prediction interval{of} {limits} ({law})"
    if m.k < FEW:  # it is told, as the tables hold it, with what it rests on
        tau2 = variance(m.tau2) if m.tau2 else "0"
        text += f"; it rests on a tau²{scale.of} of {tau2}, which {m.k} studies can hardly tell"
    return [f"{text}."]


def _heterogeneity(m: MetaAnalysis) -> list[str]:
    if m.q_df <= 0:
        return []
    p = p_text(m.q_p_value)
    test = f"Q = {number(m.q)} on {m.q_df:g} df, {p}."
    if math.isnan(m.tau2_ci_low):
        return [f"Heterogeneity: I² = {number(m.i2, 1)}% of (Q - df) / Q; {test}"]
    text = (
        f"Heterogeneity: tau²{scale_of(m.studies.measure).of} = {variance(m.tau2)} "
        f"({variance(m.tau2_ci_low)} to "
        f"{variance(m.tau2_ci_high)}), I² = {number(m.i2, 1)}% "
        f"({interval(m.i2_ci_low, m.i2_ci_high, 1)}); {test}"
    )
    if m.tau2_ci_high == 0:
        text += " The studies agree more than chance allows: the interval of tau² is empty."
    return [text]


def _moderators(m: MetaAnalysis) -> list[str]:
    if m.regression.design is None or m.qm is None:
        return []
    p = p_text(m.qm_p_value)
    df = f"{m.qm_df:g}" + (f" and {m.df:g}" if math.isfinite(m.df) else "")
    share = ""
    if m.r2 is not None:
        share = f"; R² = {number(m.r2, 1)}%"
        if math.isnan(m.r2):
            share = "; R² is not defined, without moderators there is no heterogeneity"
    of = scale_of(m.studies.measure).analysis
    on = f" Coefficients of {of}:" if of else ""
    lines = [f"Moderators: QM = {number(m.qm)} on {df} df, {p}{share}.{on}"]
    model = m.regression.model
    for place, name in enumerate(m.regression.names):
        limits = interval(model.ci_low[place], model.ci_high[place], 3)
        size = f"{number(model.beta[place], 3)} ({limits})"
        lines.append(f"  {name}: {size}, {p_brief(model.p_value[place])}")
    return lines
