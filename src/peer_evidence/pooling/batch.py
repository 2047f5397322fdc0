"""The batch kernel: many analyses of a mean, arrays in and arrays out, no frame in sight.

Everything that refits (leave-one-out, cumulative, permutation, subsets, bootstrap) calls this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.pooling import laws
from peer_evidence.pooling.projection import Floats, MeanProblem
from peer_evidence.pooling.tau2 import estimate

INTERVALS = ("wald", "hksj", "hksj-adhoc", "t")
_CELLS = 120_000  # effects a block: one pass over them still fits in the processor's cache


class Fits(NamedTuple):
    """What both engines compute for each analysis, all (B,)."""

    k: Floats
    tau2: Floats
    converged: NDArray[np.bool_]
    estimate: Floats
    variance: Floats  # of the estimate, from the weights alone
    q_at_tau2: Floats  # y'Py at the estimated tau2: Hartung and Knapp's factor is this / (k - 1)
    q: Floats  # Cochran's Q
    trace: Floats  # tr(P) at tau2 = 0; (k - 1) / trace is the typical sampling variance


class Columns(NamedTuple):
    """The finished numbers of each analysis, all (B,)."""

    estimate: Floats
    se: Floats
    statistic: Floats
    p_value: Floats
    df: Floats
    ci_low: Floats
    ci_high: Floats
    pi_low: Floats
    pi_high: Floats
    i2: Floats
    h2: Floats


def blocks(count: int, k: int) -> Iterator[slice]:
    """Cut ``count`` analyses of ``k`` studies into blocks that fit in the processor's cache."""
    size = max(16, _CELLS // max(k, 1))
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def fit_many(effects: Floats, variances: Floats, method: str) -> Fits:
    """Fit B analyses laid out (B, k), NaN or infinite variance where a study is absent."""
    count, k = effects.shape
    whole = Fits(*(np.empty(count, dtype=bool if i == 2 else float) for i in range(8)))
    for block in blocks(count, k):
        v = np.ascontiguousarray(variances[block].T)
        y = np.ascontiguousarray(effects[block].T)
        absent = ~(np.isfinite(v) & np.isfinite(y))
        part = _fit_block(np.where(absent, 0.0, y), np.where(absent, np.inf, v), method)
        for column, values in zip(whole, part, strict=True):
            column[block] = values
    return whole


def _fit_block(y: Floats, v: Floats, method: str) -> Fits:
    problem = MeanProblem(y, v)
    zero = np.zeros(problem.k.shape)
    found = estimate(problem, method)
    used = np.where(np.isnan(found.tau2), 0.0, found.tau2)
    fit = problem.fit(used)
    _, trace, _ = problem.trace(zero)
    q = problem.quadratic(1.0 / problem.v)
    return Fits(
        problem.k,
        found.tau2,
        found.converged,
        fit.beta[0],
        fit.covariance[0, 0],
        fit.q,
        q,
        trace,
    )


def factor(fits: Fits, ci: str) -> Floats:
    """Give the Hartung-Knapp factor of each variance: 1 for Wald, for one study and for Q = 0."""
    if ci in ("wald", "t"):
        return np.ones(fits.k.shape)
    own = fits.q_at_tau2 / np.maximum(fits.k - 1.0, 1.0)
    own = np.where((fits.k > 1) & (own > 0), own, 1.0)
    return np.maximum(own, 1.0) if ci == "hksj-adhoc" else own


def finish(fits: Fits, method: str, ci: str, level: float) -> Columns:
    """Turn fits into intervals, tests and heterogeneity."""
    df = np.full(fits.k.shape, np.inf)
    if ci != "wald":
        df = np.where(fits.k > 1, fits.k - 1.0, np.inf)
    if ci == "wald":
        width = np.full(fits.k.shape, float(laws.critical(level)))
    else:
        table = laws.critical(level, np.arange(fits.k.max() + 1.0))
        width = np.where(fits.k > 1, table[fits.k.astype(int) - 1], float(laws.critical(level)))
    se = np.sqrt(fits.variance * factor(fits, ci))
    statistic = fits.estimate / se
    half = width * se
    reach = width * np.sqrt(se * se + fits.tau2)
    if method == "FE":
        reach = np.full(fits.k.shape, np.nan)
    i2, h2 = heterogeneity(fits, method)
    return Columns(
        estimate=fits.estimate,
        se=se,
        statistic=statistic,
        p_value=laws.two_sided_p(statistic, np.inf if ci == "wald" else df),
        df=df,
        ci_low=fits.estimate - half,
        ci_high=fits.estimate + half,
        pi_low=fits.estimate - reach,
        pi_high=fits.estimate + reach,
        i2=i2,
        h2=h2,
    )


def heterogeneity(fits: Fits, method: str) -> tuple[Floats, Floats]:
    """Give I2 in per cent and H2 (metafor's definitions); NaN for a single study."""
    spare = fits.k > 1
    df = np.where(spare, fits.k - 1.0, np.nan)
    if method == "FE":
        q = np.where(fits.q > 0, fits.q, 1.0)
        return np.where(fits.q > 0, 100.0 * np.maximum(fits.q - df, 0.0) / q, 0.0 * df), fits.q / df
    typical = df / np.where(spare, fits.trace, 1.0)
    return 100.0 * fits.tau2 / (fits.tau2 + typical), fits.tau2 / typical + 1.0
