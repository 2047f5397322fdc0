"""Heterogeneity of one analysis: Q, I2, H2 and their Q-profile intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from peer_evidence.pooling import laws
from peer_evidence.pooling.projection import Problem
from peer_evidence.pooling.roots import solve_q


class Heterogeneity(NamedTuple):
    """Heterogeneity of one analysis; I2 in per cent."""

    q: float
    q_df: float
    q_p_value: float
    typical_variance: float
    i2: float
    i2_q: float
    h2: float


class Profile(NamedTuple):
    """Q-profile intervals; ``empty`` when no tau2 >= 0 is compatible with the data."""

    tau2: tuple[float, float]
    i2: tuple[float, float]
    h2: tuple[float, float]
    empty: bool
    converged: bool


def describe(problem: Problem, tau2: float, method: str) -> Heterogeneity:
    """Give Q, I2 and H2 of one analysis, given its tau2.

    ``i2 = 100 tau2 / (tau2 + s2)`` and ``h2 = tau2 / s2 + 1`` with the typical sampling variance
    ``s2 = (k - p) / tr(P)`` as in metafor; ``i2_q = 100 max(0, (Q - df) / Q)``, Higgins and
    Thompson 2002. They agree for DL only. Under the common-effect model ``i2`` is ``i2_q`` and
    ``h2`` is ``Q / df``. Without a degree of freedom I2 and H2 are NaN.
    """
    df = float(problem.k[0] - problem.p)
    q = float(problem.quadratic(1.0 / problem.v)[0])
    if df <= 0:
        nan = float("nan")
        return Heterogeneity(q, 0.0, 1.0, nan, nan, nan, nan)
    _, trace, _ = problem.trace(np.zeros(1))
    typical = df / float(trace[0])
    i2_q = 100.0 * max(0.0, (q - df) / q) if q > 0 else 0.0
    i2, h2 = (i2_q, q / df) if method == "FE" else share(tau2, typical)
    return Heterogeneity(q, df, float(laws.chi2_tail(q, df)), typical, i2, i2_q, h2)


def share(tau2: float, typical: float) -> tuple[float, float]:
    """Give I2 (per cent) and H2 that belong to a tau2."""
    if np.isinf(tau2):
        return 100.0, float("inf")
    return 100.0 * tau2 / (tau2 + typical), tau2 / typical + 1.0


def q_profile(problem: Problem, spread: Heterogeneity, level: float) -> Profile:
    """Give the intervals of tau2, I2 and H2 by the Q-profile method.

    The bounds are the values of tau2 at which the generalised Q statistic equals the quantiles of
    chi-squared with k - p degrees of freedom (Viechtbauer 2007, Statistics in Medicine 26:37, doi
    10.1002/sim.2514). They depend on the data alone, not on the estimator, and may exclude its
    estimate. Where Q is below even the lower quantile at tau2 = 0 the set is empty; both bounds are
    then 0, as in metafor, and ``empty`` is true.
    """
    df = problem.k - problem.p
    tail = 0.5 * (1.0 - level)
    target = np.stack([laws.chi2_quantile(tail, df), laws.chi2_quantile(1.0 - tail, df)])
    root = solve_q(problem, target)
    low, high = float(root.tau2[0, 0]), float(root.tau2[1, 0])
    typical = spread.typical_variance
    low_share, high_share = share(low, typical), share(high, typical)
    return Profile(
        (low, high),
        (low_share[0], high_share[0]),
        (low_share[1], high_share[1]),
        bool(spread.q < target[1, 0]),
        bool(root.converged.all()),
    )
