"""One analysis in full: coefficients, tests, heterogeneity. Arrays in, numbers out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from peer_evidence.pooling import laws
from peer_evidence.pooling.heterogeneity import Heterogeneity, Profile, describe, q_profile
from peer_evidence.pooling.projection import DesignProblem, Floats, MeanProblem, Problem
from peer_evidence.pooling.tau2 import Tau2, estimate


class Model(NamedTuple):
    """A fitted linear model: coefficients (p,), their covariance (p, p), tests and intervals."""

    beta: Floats
    covariance: Floats
    se: Floats
    statistic: Floats
    p_value: Floats
    ci_low: Floats
    ci_high: Floats
    df: float  # of t; infinite for normal intervals
    factor: float  # Hartung and Knapp's, already in the covariance


class Single(NamedTuple):
    """Everything that one fit gives."""

    tau2: float
    tau2_se: float
    converged: bool
    model: Model
    heterogeneity: Heterogeneity
    profile: Profile
    ci: str  # the interval that was used in the end


class WaldTest(NamedTuple):
    """A test of several coefficients: chi-squared, or F where ``df2`` is finite."""

    statistic: float
    df1: int
    df2: float
    p_value: float


_NAN = float("nan")
_UNKNOWN = Profile((_NAN, _NAN), (_NAN, _NAN), (_NAN, _NAN), empty=False, converged=True)


def make_problem(y: Floats, v: Floats, design: Floats | None) -> Problem:
    """Lay one analysis (k,) out for the kernels."""
    if design is None:
        return MeanProblem(y[:, None], v[:, None])
    return DesignProblem(y[:, None], v[:, None], design)


def fit_one(
    y: Floats,
    v: Floats,
    design: Floats | None,
    weights: Floats | None,
    method: str,
    ci: str,
    level: float,
    given: float | None = None,
) -> Single:
    """Fit one analysis of k studies.

    Takes an optional design matrix (k, p), user weights (k,) and a tau2 that is given, not
    estimated; a given one has no standard error and no interval.
    """
    problem = make_problem(y, v, design)
    if given is None:
        found = estimate(problem, method)
    else:
        found = Tau2(np.array([given]), np.array([_NAN]), np.array([True]))
    tau2 = float(found.tau2[0])
    used = 0.0 if np.isnan(tau2) else tau2
    fit = problem.fit(np.array([used]))
    beta, covariance, q = fit.beta[:, 0], fit.covariance[:, :, 0], float(fit.q[0])
    if weights is not None:
        x = np.ones((len(y), 1)) if design is None else design
        beta, covariance = _user_weighted(y, v + used, x, weights)
    df = len(y) - problem.p
    ci, factor = _factor(ci, q, df)
    model = make_model(beta, covariance, factor, np.inf if ci == "wald" else float(df), level)
    described = describe(problem, tau2, method)
    profile = _UNKNOWN
    if df > 0 and method != "FE" and given is None:
        profile = q_profile(problem, described, level)
    return Single(
        tau2, float(found.se[0]), _converged(found, profile), model, described, profile, ci
    )


def _converged(found: Tau2, profile: Profile) -> bool:
    return bool(found.converged[0]) and profile.converged


def _factor(ci: str, q: float, df: int) -> tuple[str, float]:
    """Give the interval that can be had and Hartung and Knapp's factor."""
    if df <= 0:
        return "wald", 1.0
    if ci in ("wald", "t"):
        return ci, 1.0
    if q <= 0:
        return "hksj-adhoc", 1.0
    own = q / df
    return ci, max(1.0, own) if ci == "hksj-adhoc" else own


def _user_weighted(y: Floats, total: Floats, x: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Fit with weights that are not inverse variances; the covariance is the sandwich's."""
    inverse = np.linalg.inv(x.T @ (weights[:, None] * x))
    hat = inverse @ x.T * weights
    return hat @ y, (hat * total) @ hat.T


def make_model(beta: Floats, covariance: Floats, factor: float, df: float, level: float) -> Model:
    """Test each coefficient and give its interval."""
    covariance = covariance * factor
    se = np.sqrt(np.diag(covariance))
    statistic = beta / se
    half = float(laws.critical(level, df)) * se
    p_value = laws.two_sided_p(statistic, df)
    return Model(
        beta, covariance, se, statistic, p_value, beta - half, beta + half, float(df), factor
    )


def wald_test(model: Model, which: slice) -> WaldTest:
    """Test that some coefficients are all 0: chi-squared, or F with the df of the interval."""
    beta = model.beta[which]
    wald = float(beta @ np.linalg.solve(model.covariance[which, which], beta))
    count = len(beta)
    if np.isinf(model.df):
        return WaldTest(wald, count, np.inf, float(laws.chi2_tail(wald, count)))
    return WaldTest(
        wald / count, count, model.df, laws.f_tail(wald / count, float(count), model.df)
    )


def explained(y: Floats, v: Floats, design: Floats, method: str, tau2: float) -> float:
    """Give R2 in per cent: the share of tau2 that moderators explain; NaN without any to explain.

    Under the common-effect model it is the adjusted R2 of the weighted regression, as in metafor.
    """
    null = make_problem(y, v, None)
    if method == "FE":
        full = make_problem(y, v, design)
        left = float(full.quadratic(1.0 / full.v)[0]) / (len(y) - design.shape[1])
        total = float(null.quadratic(1.0 / null.v)[0]) / (len(y) - 1)
        return 100.0 * max(0.0, 1.0 - left / total) if total > 0 else _NAN
    before = float(estimate(null, method).tau2[0])
    return 100.0 * max(0.0, (before - tau2) / before) if before > 0 else _NAN


def log_likelihoods(
    y: Floats, v: Floats, x: Floats, beta: Floats, tau2: float, method: str
) -> dict[str, dict[str, float]]:
    """Give log-likelihood, deviance, AIC, BIC and AICc under ML and REML, as metafor does."""
    k, p = x.shape
    total = v + tau2
    w = 1.0 / total
    rss = float((w * (y - x @ beta) ** 2).sum())
    logs = float(np.log(total).sum())
    ml = -0.5 * (k * np.log(2 * np.pi) + logs + rss)
    _, own = np.linalg.slogdet(x.T @ x)
    _, weighted = np.linalg.slogdet(x.T @ (w[:, None] * x))
    reml = -0.5 * ((k - p) * np.log(2 * np.pi) + logs + weighted + rss - own)
    saturated = -0.5 * float((np.log(2 * np.pi * v)).sum())
    parameters = p + (method != "FE")
    result = {}
    for name, value, deviance, size in (
        ("ML", ml, -2.0 * (ml - saturated), k),
        ("REML", reml, -2.0 * reml, k - p),
    ):
        small = max(size, parameters + 2)
        result[name] = {
            "log_likelihood": float(value),
            "deviance": float(deviance),
            "aic": float(-2.0 * value + 2.0 * parameters),
            "bic": float(-2.0 * value + parameters * np.log(size)) if size > 0 else _NAN,
            "aicc": float(-2.0 * value + 2.0 * parameters * small / (small - parameters - 1.0)),
        }
    return result
