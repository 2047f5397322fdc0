"""Models of dependent effects in words: the answer first, then where the effects differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from peer_evidence.effects.scales import Scale, scale_of
from peer_evidence.formatting import count, interval, number, p_brief, p_text
from peer_evidence.pooling.dependent import INTERVALS, METHODS, Model
from peer_evidence.pooling.words import first_line, side_line, variance, what_first

if TYPE_CHECKING:
    from peer_evidence.pooling.multilevel_result import Multilevel
    from peer_evidence.pooling.multivariate_result import Multivariate
    from peer_evidence.pooling.robust import Robust
    from peer_evidence.pooling.rve import RobustMeta

_FEW = 5


def coefficient_lines(model: Model, names: tuple[str, ...]) -> list[str]:
    """Write one line a coefficient."""
    lines = []
    for place, name in enumerate(names):
        limits = interval(model.ci_low[place], model.ci_high[place], 3)
        df = f", {model.df[place]:.3g} df" if math.isfinite(model.df[place]) else ""
        p = p_brief(model.p_value[place])
        lines.append(f"  {name}: {number(model.beta[place], 3)} ({limits}), {p}{df}")
    return lines


def coefficients_of(scale: Scale) -> str:
    """Say what the coefficients are of, where that is not what the first line gives."""
    return f" Coefficients of {scale.analysis}:" if scale.turned else ""


def left_out_line(left_out: tuple[tuple[str, str], ...]) -> list[str]:
    """Say what was left out, if anything was."""
    if not left_out:
        return []
    named = "; ".join(f"{label}: {reason}" for label, reason in left_out[:_FEW])
    more = "; ..." if len(left_out) > _FEW else ""
    return [f"Left out for want of an effect: {len(left_out)} ({named}{more})."]


def describe_levels(m: Multilevel) -> str:
    """Write the result of a multilevel model, the answer in the first line."""
    f = m.fitted
    within = ", ".join(
        f"{number_of} {name}" for name, number_of in zip(m.levels, m.groups, strict=True)
    )
    scale = scale_of(f.studies.measure)
    first = None if f.design is None else f.names[0]
    what = what_first(scale, first, "Coefficient of")
    shown = Scale() if first not in (None, "intercept") else scale
    many = f"{count(m.k, 'effect')} (groups: {within})"
    lines = [f"{what} {first_line(m, shown, many)}"]
    lines += side_line(scale.measure, f.studies.positive)
    if m.groups[0] < _FEW:
        lines.append(f"Only {m.groups[0]} groups of {m.levels[0]}: the interval is hardly known.")
    df = f", {m.df:g} df" if math.isfinite(m.df) else ""
    known = "known sampling covariances; " if len(f.covariance.values) else ""
    lines.append(f"Nested random effects, {METHODS[m.method]}; {known}{INTERVALS[m.ci]}{df}.")
    if f.design is None:
        lines.append(
            f"{100 * m.level:g}% prediction interval of one effect of a new group "
            f"{scale.prefix}{scale.interval(m.pi_low, m.pi_high)}."
        )
    for name, sigma2, share in zip(m.levels, m.sigma2, m.i2_levels, strict=True):
        lines.append(f"  {name}: sigma²{scale.of} = {variance(sigma2)}, I² = {number(share, 1)}%")
    q = f"Q = {number(m.q)} on {m.q_df:g} df, {p_text(m.q_p_value)}"
    lines.append(f"Heterogeneity: I² = {number(m.i2, 1)}% in all; {q}.")
    if m.qm is not None and m.qm_p_value is not None:
        test = f"QM = {number(m.qm)} on {m.qm_df} df, {p_text(m.qm_p_value)}"
        lines.append(f"Moderators: {test}.{coefficients_of(scale)}")
        lines += coefficient_lines(f.model, f.names)
    lines += left_out_line(m.left_out)
    if not m.converged:
        lines.append("Not converged: the maximum of the likelihood was not reached.")
    return "\n".join(lines)


def describe_outcomes(m: Multivariate) -> str:
    """Write the result of a multivariate model, the number of studies and outcomes first."""
    f = m.fitted
    lines = [
        f"{count(len(m.outcomes), 'outcome')} of {count(m.n_studies, 'study', 'studies')} pooled "
        f"together, {count(m.k, 'effect')}; {100 * m.level:g}% intervals."
    ]
    scale = scale_of(f.studies.measure)
    lines[0] += coefficients_of(scale)
    lines += coefficient_lines(f.model, f.names)
    lines += side_line(scale.measure, f.studies.positive)
    df = f", {f.model.df[0]:g} df" if math.isfinite(f.model.df[0]) else ""
    lines.append(f"Structure {m.structure}, {METHODS[m.method]}; {INTERVALS[m.ci]}{df}.")
    if m.structure == "FE":
        lines.append("Common effects: no variance between studies is estimated.")
    else:
        lines += [
            f"  {name}: tau²{scale.of} = {variance(tau2)}"
            for name, tau2 in zip(m.outcomes, m.tau2, strict=True)
        ]
    if m.structure not in ("DIAG", "FE"):
        lines += [
            f"  correlation of {a} and {b}: "
            f"{number(m.correlation(a, b)) or 'not defined, one of them does not vary'}"
            for place, a in enumerate(m.outcomes)
            for b in m.outcomes[place + 1 :]
        ][:10]
    lines.append(f"Q = {number(m.q)} on {m.q_df:g} df, {p_text(m.q_p_value)}.")
    lines += left_out_line(m.left_out)
    if not m.converged:
        lines.append("Not converged: the maximum of the likelihood was not reached.")
    return "\n".join(lines)


def describe_robust(r: Robust) -> str:
    """Write robust standard errors, the first coefficient in the first line."""
    m = r.model
    scale = scale_of(r.measure)
    what, shown = r.names[0], Scale()
    if scale.turned and what == "intercept":
        shown = scale
        what = f"Pooled {scale.name}"
        if len(r.names) > 1:
            what = what_first(scale, "intercept", "")
    many = f"robust to dependence within {count(r.clusters, 'cluster')}, {count(r.k, 'effect')}"
    lines = [f"{what} {first_line(r, shown, many)}"]
    law = {"satterthwaite": "t, Satterthwaite degrees of freedom"}.get(r.test, r.test)
    lines.append(f"Cluster-robust standard errors, {r.estimator}; {law}.{coefficients_of(scale)}")
    lines += coefficient_lines(m, r.names)
    alone = [name for name, one in zip(r.names, r.sandwich.alone, strict=True) if one]
    if alone:
        lines.append(
            f"Estimated from a single cluster, without robust standard error: {', '.join(alone)}."
        )
    few = [name for name, df in zip(r.names, m.df, strict=True) if df < 4]
    if few:
        lines.append(
            f"Fewer than 4 degrees of freedom for {', '.join(few)}: p and interval cannot be "
            "trusted (Tipton 2015)."
        )
    return "\n".join(lines)


def describe_rve(r: RobustMeta) -> str:
    """Write a robust variance estimation, the first coefficient in the first line."""
    lines = describe_robust(r.robust).splitlines()
    of = scale_of(r.robust.measure).of
    kind = (
        f"Correlated effects working model, rho = {r.rho:g}: tau²{of} = {variance(r.tau2)}, "
        f"I² = {number(r.i2, 1)}%."
        if r.model == "correlated"
        else f"Hierarchical effects working model: tau²{of} = {variance(r.tau2)}, "
        f"omega² = {variance(r.omega2)}."
    )
    return "\n".join([lines[0], kind, *lines[1:], *left_out_line(r.studies.left_out)])
