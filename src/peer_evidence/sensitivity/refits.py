"""Refits of a meta-analysis without each study, in one batch: the kernel of the diagnostics."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.pooling.projection import DesignProblem, Floats, MeanProblem
from peer_evidence.pooling.tau2 import estimate


class Refits(NamedTuple):
    """Fits of B variants of an analysis: beta (p, B), covariance (p, p, B) with the factor, ..."""

    beta: Floats
    covariance: Floats
    tau2: Floats
    q: Floats
    factor: Floats
    converged: NDArray[np.bool_]


def refit(y: Floats, v: Floats, design: Floats | None, method: str, ci: str) -> Refits:
    """Fit B variants laid out (k, B), infinite variance where a study is absent."""
    problem = MeanProblem(y, v) if design is None else DesignProblem(y, v, design)
    found = estimate(problem, method)
    used = np.where(np.isnan(found.tau2), 0.0, found.tau2)
    fit = problem.fit(used)
    factor = np.ones(used.shape)
    df = problem.k - problem.p
    if ci.startswith("hksj"):
        factor = np.where((df > 0) & (fit.q > 0), fit.q / np.maximum(df, 1.0), 1.0)
        if ci == "hksj-adhoc":
            factor = np.maximum(factor, 1.0)
    return Refits(
        fit.beta,
        fit.covariance * factor,
        found.tau2,
        problem.quadratic(1.0 / problem.v),
        factor,
        found.converged,
    )


def without_each(y: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Lay out k analyses (k, k), each without one study."""
    k = len(y)
    effects = np.repeat(y[:, None], k, axis=1)
    variances = np.repeat(v[:, None], k, axis=1)
    np.fill_diagonal(effects, 0.0)
    np.fill_diagonal(variances, np.inf)
    return effects, variances


def indispensable(design: Floats) -> NDArray[np.bool_]:
    """Tell the studies without which the moderators could no longer be told apart."""
    p = design.shape[1]
    scaled = design / np.maximum(np.abs(design).max(axis=0), np.finfo(float).tiny)
    rest = [np.linalg.matrix_rank(np.delete(scaled, i, axis=0)) < p for i in range(len(design))]
    return np.array(rest)
