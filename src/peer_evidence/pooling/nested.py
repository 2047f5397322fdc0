"""Nested random effects of any depth: their variances by maximum likelihood, and predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from peer_evidence.pooling import laws
from peer_evidence.pooling.ascent import Top, best, profile_interval
from peer_evidence.pooling.gaussian import Gaussian, Value, level_blocks
from peer_evidence.pooling.layout import Ints, Layout
from peer_evidence.pooling.projection import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Nested levels, the outermost first: a group for each row at each level."""

    codes: tuple[Ints, ...]

    def blocks(self, layout: Layout) -> tuple[Floats, ...]:
        """Give the structure blocks: 1 where two rows share a group."""
        return level_blocks(list(self.codes), layout)


class Effects(NamedTuple):
    """Predicted random effects of one level: values and standard errors, one a group."""

    value: Floats
    se: Floats


def nest(columns: list[list[str]]) -> tuple[list[Ints], list[list[str]]]:
    """Give the groups of each level numbers by their path from the outermost.

    A name used again under another parent is another group, as in R's ``~ 1 | a/b``.

    Examples
    --------
    >>> codes, names = nest([["a", "a", "b"], ["1", "2", "1"]])
    >>> codes[1].tolist(), names[1]
    ([0, 1, 2], ['a/1', 'a/2', 'b/1'])
    """
    paths = [""] * len(columns[0])
    codes, names = [], []
    for column in columns:
        paths = [f"{path}/{own}" if path else own for path, own in zip(paths, column, strict=True)]
        places = {path: place for place, path in enumerate(dict.fromkeys(paths))}
        codes.append(np.array([places[path] for path in paths], dtype=np.int64))
        names.append(list(places))
    return codes, names


def bounds(problem: Gaussian, count: int) -> tuple[Floats, Floats, Floats]:
    """Give lower and upper bounds and the scale of the variances."""
    v = np.concatenate(
        [
            np.einsum("cii->ci", block)[batch.real]
            for block, batch in zip(problem.v, problem.layout.batches, strict=True)
        ]
    )
    return np.zeros(count), np.full(count, np.inf), np.full(count, float(np.median(v)))


def spread(problem: Gaussian) -> float:
    """Give a first guess of all heterogeneity together: the scatter of the effects."""
    squares = sum(float((y**2).sum()) for y in problem.y)
    fitted = sum(
        np.tensordot(x, y, axes=((0, 1), (0, 1))) for x, y in zip(problem.x, problem.y, strict=True)
    )
    return (squares - float(np.sum(np.square(fitted)))) / (problem.k - problem.p)


def fit_levels(problem: Gaussian, count: int, method: str) -> Top | None:
    """Find the variances of the levels at the global maximum of the likelihood.

    The likelihood is looked at over a grid of sizes and shares; Newton's method climbs from the
    highest point of each share, so that a second, lower top is not taken for the answer.
    """
    low, high, scale = bounds(problem, count)

    def evaluate(theta: Floats) -> Value | None:
        return problem.evaluate(theta, method)

    total = spread(problem)
    shares = [np.full(count, 1.0 / count)]
    if count > 1:
        shares = [np.where(np.eye(count)[i] > 0, 0.9, 0.1 / (count - 1)) for i in range(count)]
    starts = []
    for share in shares:
        tried = [total * size * share for size in (0.01, 0.15, 0.7)]
        heights = [problem.height(one, method) for one in tried]
        place = int(np.argmax(heights))
        if np.isfinite(heights[place]):
            starts.append(tried[place])
    return best(evaluate, starts, low, high, scale)


def profile(
    problem: Gaussian, top: Top, method: str, which: int, level: float
) -> tuple[float, float]:
    """Give the profile-likelihood interval of the variance of one level."""
    low, high, scale = bounds(problem, len(top.at))

    def evaluate(theta: Floats) -> Value | None:
        return problem.evaluate(theta, method)

    drop = float(laws.chi2_quantile(1.0 - level, 1.0))
    return profile_interval(evaluate, top, which, drop, low, high, scale)


def contained(codes: tuple[Ints, ...], matrix: Floats) -> Floats:
    """Give the degrees of freedom by containment of each coefficient, at least 1.

    A column that does not vary within the groups of a level has as many independent values as that
    level has groups; the coarsest such level counts, less the number of coefficients.
    """
    k, p = matrix.shape
    found = np.full(p, float(k))
    for one in codes:
        first = np.zeros(int(one.max()) + 1, dtype=np.int64)
        first[one[::-1]] = np.arange(k)[::-1]
        constant = (matrix == matrix[first[one]]).all(axis=0)
        found[constant] = np.minimum(found[constant], float(one.max() + 1))
    return np.asarray(np.maximum(found - p, 1.0))


def predict_levels(problem: Gaussian, codes: tuple[Ints, ...], theta: Floats) -> list[Effects]:
    """Give the best linear unbiased prediction of each group's random effect, by level."""
    gls = problem.settled(theta)
    layout = problem.layout
    weighted, leaning = [], []
    for x, w, r in zip(problem.x, gls.inverses, gls.residuals, strict=True):
        weighted.append(np.einsum("cij,cj->ci", w, r))
        leaning.append(w @ x)
    wr, wx = layout.spread(weighted), layout.spread(leaning)
    found = []
    for place, one in enumerate(codes):
        count, variance = int(one.max()) + 1, float(theta[place])
        own = layout.spread(
            [(w * b[place]).sum(axis=2) for w, b in zip(gls.inverses, problem.b, strict=True)]
        )
        square = np.bincount(one, own, count)
        lean = np.stack([np.bincount(one, column, count) for column in wx.T], axis=1)
        square -= np.einsum("gp,pq,gq->g", lean, gls.covariance, lean)
        error = np.asarray(np.sqrt(np.maximum(variance - variance**2 * square, 0.0)))
        value = np.asarray(variance * np.bincount(one, wr, count))
        found.append(Effects(value, error))
    return found
