"""The estimators of the between-study variance, each with its standard error.

Veroniki and others 2016, Research Synthesis Methods 7:55, doi 10.1002/jrsm.1164, compare them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.pooling.projection import Floats, Problem
from peer_evidence.pooling.roots import maximise, solve_q

METHODS = {
    "FE": "common effect (inverse variance)",
    "DL": "DerSimonian-Laird",
    "HE": "Hedges",
    "HS": "Hunter-Schmidt",
    "SJ": "Sidik-Jonkman",
    "ML": "maximum likelihood",
    "REML": "restricted maximum likelihood",
    "EB": "empirical Bayes",
    "PM": "Paule-Mandel",
}


class Tau2(NamedTuple):
    """Between-study variances (B,), their standard errors, and whether each was reached."""

    tau2: Floats
    se: Floats
    converged: NDArray[np.bool_]


def estimate(problem: Problem, method: str) -> Tau2:
    """Estimate tau2 of each analysis; NaN where a single study (or k = p) leaves it undefined.

    Parameters
    ----------
    problem : MeanProblem or DesignProblem
        ``B`` analyses.
    method : str
        One of :data:`METHODS`.

    Returns
    -------
    Tau2
        Arrays (B,). Under the common-effect model tau2 is 0 by assumption and has no standard
        error.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = _ESTIMATORS[method](problem)
    if method == "FE":
        return raw
    spare = problem.k > problem.p
    return Tau2(
        np.where(spare, np.maximum(raw.tau2, 0.0), np.nan),
        np.where(spare, raw.se, np.nan),
        raw.converged | ~spare,
    )


def _reached(tau2: Floats) -> NDArray[np.bool_]:
    return np.ones(tau2.shape, dtype=bool)


def _common(problem: Problem) -> Tau2:
    tau2 = np.zeros(problem.k.shape)
    return Tau2(tau2, np.full(tau2.shape, np.nan), _reached(tau2))


def _from_q(problem: Problem, tau2: Floats, trace: Floats, pp: Floats, denominator: Floats) -> Tau2:
    """Give a moment estimator of inverse-variance weights with the exact variance of its Q."""
    positive = np.maximum(tau2, 0.0)
    variance = 2.0 * (problem.k - problem.p) + 4.0 * positive * trace + 2.0 * positive**2 * pp
    return Tau2(tau2, np.sqrt(variance) / denominator, _reached(tau2))


def _dersimonian_laird(problem: Problem) -> Tau2:
    """DerSimonian and Laird 1986: Q equated to its expectation."""
    zero = np.zeros(problem.k.shape)
    _, trace, pp = problem.trace(zero)
    q = problem.fit(zero).q
    return _from_q(problem, (q - (problem.k - problem.p)) / trace, trace, pp, trace)


def _hunter_schmidt(problem: Problem) -> Tau2:
    """Hunter and Schmidt: (Q - k) / sum(w)."""
    zero = np.zeros(problem.k.shape)
    total, trace, pp = problem.trace(zero)
    return _from_q(problem, (problem.fit(zero).q - problem.k) / total, trace, pp, total)


def _double_trace(problem: Problem, w: Floats, left: Floats, right: Floats) -> Floats:
    """Give tr(P diag(left) P diag(right)) of the projection with weights w."""
    leverage, inverse = problem.leverages(w)
    diagonal = (w * w * left * right * (1.0 - 2.0 * w * leverage)).sum(axis=0)
    one = np.einsum("ijn,jln->iln", inverse, problem.gram(w * w * left))
    two = np.einsum("ijn,jln->iln", inverse, problem.gram(w * w * right))
    return np.asarray(diagonal + np.einsum("ijn,jin->n", one, two))


def _hedges(problem: Problem) -> Tau2:
    """Hedges 1983: the unweighted variance less the mean sampling variance."""
    ones = problem.present.astype(float)
    own = np.where(problem.present, problem.v, 0.0)
    df = problem.k - problem.p
    leverage, _ = problem.leverages(ones)
    trace = (own * (1.0 - leverage) * ones).sum(axis=0)
    tau2 = (problem.quadratic(ones) - trace) / df
    positive = np.maximum(tau2, 0.0)
    variance = 2.0 * _double_trace(problem, ones, own, own) + 4.0 * positive * trace
    return Tau2(tau2, np.sqrt(variance + 2.0 * positive**2 * df) / df, _reached(tau2))


def _sidik_jonkman(problem: Problem) -> Tau2:
    """Sidik and Jonkman 2005: weighted residuals around a crude first value; never 0."""
    ones = problem.present.astype(float)
    own = np.where(problem.present, problem.v, 0.0)
    mean = (problem.y * ones).sum(axis=0) / problem.k
    crude = (ones * (problem.y - mean) ** 2).sum(axis=0) / problem.k
    w = 1.0 / (problem.v + crude)
    df = problem.k - problem.p
    tau2 = crude * problem.quadratic(w) / df
    first = _double_trace(problem, w, own, own)
    second = _double_trace(problem, w, own, ones)
    third = _double_trace(problem, w, ones, ones)
    variance = 2.0 * first + 4.0 * tau2 * second + 2.0 * tau2**2 * third
    return Tau2(tau2, crude / df * np.sqrt(variance), _reached(tau2))


def _paule_mandel(problem: Problem) -> Tau2:
    """Paule and Mandel 1982, which is also the empirical Bayes estimator: Q(tau2) = k - p."""
    df = problem.k - problem.p
    root = solve_q(problem, np.maximum(df, 1.0)[None, :])
    total, _, _ = problem.trace(root.tau2[0])
    return Tau2(root.tau2[0], np.sqrt(2.0 / df) * problem.k / total, root.converged[0])


def _likelihood(problem: Problem) -> Tau2:
    root = maximise(problem, restricted=False)
    w = 1.0 / (problem.v + root.tau2)
    return Tau2(root.tau2, np.sqrt(2.0 / (w * w).sum(axis=0)), root.converged)


def _restricted(problem: Problem) -> Tau2:
    root = maximise(problem, restricted=True)
    _, _, pp = problem.trace(root.tau2)
    return Tau2(root.tau2, np.sqrt(2.0 / pp), root.converged)


_ESTIMATORS: dict[str, Callable[[Problem], Tau2]] = {
    "FE": _common,
    "DL": _dersimonian_laird,
    "HE": _hedges,
    "HS": _hunter_schmidt,
    "SJ": _sidik_jonkman,
    "ML": _likelihood,
    "REML": _restricted,
    "EB": _paule_mandel,
    "PM": _paule_mandel,
}
