"""Weighted projections of many analyses at once: every sum that an estimate of tau2 needs.

With weights ``w = 1 / (v + tau2)`` and ``P = W - W X (X'WX)^-1 X'W`` all estimators are functions
of a few quadratic forms and traces of ``P``. Arrays are laid out ``(k, B)``: studies down, analyses
across, so that sums over studies run along contiguous memory. A value of tau2 is ``(G, B)``: ``G``
trial values for each of the ``B`` analyses. An absent study has effect 0 and variance infinity, so
that its weight is exactly 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Score(NamedTuple):
    """The two halves of the likelihood's score in tau2, and their slopes: score = (a - c) / 2.

    Both ``a`` (a quadratic form) and ``c`` (a trace) are positive, decreasing and convex in tau2;
    that is what makes it possible to prove where the score has no root.
    """

    a: Floats
    da: Floats
    c: Floats
    dc: Floats


class Coefficients(NamedTuple):
    """Weighted least squares: coefficients (p, B), their covariance (p, p, B), y'Py (B,)."""

    beta: Floats
    covariance: Floats
    q: Floats


def _dot(left: Floats, right: Floats) -> Floats:
    """Sum products over studies, (k, G, B) to (G, B), without a temporary."""
    return np.asarray(np.einsum("kgb,kgb->gb", left, right))


class MeanProblem:
    """``B`` analyses of a common mean.

    Effects are held relative to the most precise study of each analysis, which is moved to row 0:
    both keep the digits when variances are spread over many orders of magnitude.
    """

    __slots__ = ("k", "p", "present", "shift", "v", "y")

    def __init__(self, effects: Floats, variances: Floats) -> None:
        columns = np.arange(effects.shape[1])
        first = variances.argmin(axis=0)
        y, v = effects.copy(), variances.copy()
        y[first, columns], v[first, columns] = effects[0], variances[0]
        y[0], v[0] = effects[first, columns], variances[first, columns]
        self.present = np.isfinite(v)
        self.shift = y[0].copy()
        self.y = np.where(self.present, y - self.shift, 0.0)
        self.v = v
        self.k = self.present.sum(axis=0).astype(float)
        self.p = 1

    def take(self, columns: NDArray[np.intp]) -> MeanProblem:
        """Keep some of the analyses."""
        part = MeanProblem.__new__(MeanProblem)
        for name in ("present", "v", "y"):
            setattr(part, name, getattr(self, name)[:, columns])
        part.k, part.shift, part.p = self.k[columns], self.shift[columns], 1
        return part

    def _residuals(self, t: Floats) -> tuple[Floats, Floats, Floats]:
        """Give weights (k, G, B), their sum (G, B) and residuals (k, G, B) at trial values."""
        w = 1.0 / (self.v[:, None, :] + t)
        s = w.sum(axis=0)
        y = self.y[:, None, :]
        return w, s, y - _dot(w, y) / s

    def q(self, t: Floats) -> tuple[Floats, Floats]:
        """Give the generalised Q statistic y'Py and its slope -y'PPy at trial values (G, B)."""
        w, _, r = self._residuals(t)
        weighted = w * r
        return (weighted * r).sum(axis=0), -(weighted * weighted).sum(axis=0)

    def score(self, t: Floats, restricted: bool) -> Score:
        """Give the halves of the score of the (restricted) likelihood at trial values (G, B)."""
        w, s, q = self._residuals(t)
        q *= w
        wq = w * q
        across = wq.sum(axis=0)
        da = -2.0 * (_dot(wq, q) - across * across / s)
        a = _dot(q, q)
        w2 = w * w
        if not restricted:
            return Score(a, da, s, -w2.sum(axis=0))
        c, trace_pp = self._traces(w, w2, s)
        return Score(a, da, c, -trace_pp)

    @staticmethod
    def _traces(w: Floats, w2: Floats, s: Floats) -> tuple[Floats, Floats]:
        """Give tr(P) and tr(PP) without cancellation when the first weight outgrows the others."""
        first, rest = w[0], w[1:].sum(axis=0)
        rest2, rest3 = w2[1:].sum(axis=0), _dot(w2[1:], w[1:])
        trace = (2.0 * first * rest + rest * rest - rest2) / s
        squared = (first * rest) ** 2 + (s * s + 2.0 * w2[0] + rest2) * rest2 - 2.0 * s * rest3
        return trace, squared / (s * s)

    def deviance(self, t: Floats, restricted: bool) -> Floats:
        """Give minus twice the log-likelihood, up to a constant, at trial values (G, B)."""
        u = self.v[:, None, :] + t
        w, s, r = self._residuals(t)
        logs = np.log(np.where(self.present[:, None, :], u, 1.0)).sum(axis=0)
        value: Floats = logs + (w * r * r).sum(axis=0)
        return value + np.log(s) if restricted else value

    def fit(self, t: Floats) -> Coefficients:
        """Give the mean, its variance and y'Py at one tau2 (B,) each."""
        w, s, r = self._residuals(t[None, :])
        mean = self.shift + (self.y[:, None, :] - r)[0, 0]
        return Coefficients(mean[None, :], 1.0 / s[0][None, None, :], (w * r * r).sum(axis=0)[0])

    def trace(self, t: Floats) -> tuple[Floats, Floats, Floats]:
        """Give sum(w), tr(P) and tr(PP) at one tau2 (B,) each."""
        w = 1.0 / (self.v[:, None, :] + t)
        s = w.sum(axis=0)
        trace, squared = self._traces(w, w * w, s)
        return s[0], trace[0], squared[0]

    def leverages(self, w: Floats) -> tuple[Floats, Floats]:
        """Give x (X'WX)^-1 x' of each study (k, B) for any weights, and the inverse (1, 1, B)."""
        inverse = 1.0 / w.sum(axis=0)
        return np.broadcast_to(inverse, w.shape), inverse[None, None, :]

    def quadratic(self, w: Floats) -> Floats:
        """Give y'Py (B,) for any weights (k, B)."""
        r = self.y - (w * self.y).sum(axis=0) / w.sum(axis=0)
        return np.asarray((w * r * r).sum(axis=0))

    def gram(self, weights: Floats) -> Floats:
        """Give X' diag(weights) X, (1, 1, B)."""
        return np.asarray(weights.sum(axis=0)[None, None, :])


class DesignProblem:
    """``B`` analyses with the same moderators: design matrix (k, p) of full rank, shared."""

    __slots__ = ("_orthonormal", "_products", "_triangle", "k", "p", "present", "v", "x", "y")

    def __init__(self, effects: Floats, variances: Floats, design: Floats) -> None:
        self.present = np.isfinite(variances)
        self.y = np.where(self.present, effects, 0.0)
        self.v = variances
        self.x = design
        self.k = self.present.sum(axis=0).astype(float)
        self.p = design.shape[1]
        self._orthonormal, self._triangle = np.linalg.qr(design)
        flat = self._orthonormal[:, :, None] * self._orthonormal[:, None, :]
        self._products = np.ascontiguousarray(flat.reshape(len(design), -1).T)

    def take(self, columns: NDArray[np.intp]) -> DesignProblem:
        """Keep some of the analyses."""
        part = DesignProblem.__new__(DesignProblem)
        for name in ("present", "v", "y"):
            setattr(part, name, getattr(self, name)[:, columns])
        for name in ("_orthonormal", "_triangle", "_products", "x", "p"):
            setattr(part, name, getattr(self, name))
        part.k = self.k[columns]
        return part

    def gram(self, weights: Floats) -> Floats:
        """Give Z' diag(weights) Z, (p, p, N), Z the orthonormal basis of the design."""
        return (self._products @ weights).reshape(self.p, self.p, -1)

    @staticmethod
    def _inverse(gram: Floats) -> Floats:
        """Invert many small symmetric matrices laid out (p, p, N)."""
        inverse = np.asarray(np.linalg.inv(np.moveaxis(gram, 2, 0)), dtype=np.float64)
        return np.moveaxis(inverse, 0, 2)

    def _project(self, w: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
        """Give coefficients (p, N), inverse (p, p, N) and residuals (k, N), refined once."""
        inverse = self._inverse(self.gram(w))
        beta = np.einsum("ijn,jn->in", inverse, self._orthonormal.T @ (w * y))
        r = y - self._orthonormal @ beta
        step = np.einsum("ijn,jn->in", inverse, self._orthonormal.T @ (w * r))
        return beta + step, inverse, r - self._orthonormal @ step

    def _flat(self, t: Floats) -> tuple[Floats, Floats]:
        """Lay trial values (G, B) out as N = G * B analyses: weights and effects (k, N)."""
        w = 1.0 / (self.v[:, None, :] + t)
        y = np.broadcast_to(self.y[:, None, :], w.shape)
        return w.reshape(len(w), -1), y.reshape(len(w), -1)

    def q(self, t: Floats) -> tuple[Floats, Floats]:
        """Give the generalised Q statistic y'Py and its slope -y'PPy at trial values (G, B)."""
        w, y = self._flat(t)
        _, _, r = self._project(w, y)
        weighted = w * r
        value, slope = (weighted * r).sum(axis=0), -(weighted * weighted).sum(axis=0)
        return value.reshape(t.shape), slope.reshape(t.shape)

    def score(self, t: Floats, restricted: bool) -> Score:
        """Give the halves of the score of the (restricted) likelihood at trial values (G, B)."""
        w, y = self._flat(t)
        _, inverse, r = self._project(w, y)
        q = w * r
        a = (q * q).sum(axis=0)
        wq = w * q
        across = self._orthonormal.T @ wq
        bend = (wq * q).sum(axis=0) - np.einsum("in,ijn,jn->n", across, inverse, across)
        w2 = w * w
        c, dc = w.sum(axis=0), -w2.sum(axis=0)
        if restricted:
            c, squared = self._traces(w, inverse)
            dc = -squared
        return Score(*(part.reshape(t.shape) for part in (a, -2.0 * bend, c, dc)))

    def _traces(self, w: Floats, inverse: Floats) -> tuple[Floats, Floats]:
        """Give tr(P) and tr(PP)."""
        w2 = w * w
        second, third = self.gram(w2), self.gram(w2 * w)
        product = np.einsum("ijn,jln->iln", inverse, second)
        trace = w.sum(axis=0) - np.einsum("iin->n", product)
        squared = (
            w2.sum(axis=0)
            - 2.0 * np.einsum("ijn,jin->n", inverse, third)
            + np.einsum("ijn,jin->n", product, product)
        )
        return trace, squared

    def deviance(self, t: Floats, restricted: bool) -> Floats:
        """Give minus twice the log-likelihood, up to a constant, at trial values (G, B)."""
        w, y = self._flat(t)
        _, inverse, r = self._project(w, y)
        u = self.v[:, None, :] + t
        logs = np.log(np.where(self.present[:, None, :], u, 1.0)).sum(axis=0)
        value: Floats = logs + (w * r * r).sum(axis=0).reshape(t.shape)
        if restricted:
            _, size = np.linalg.slogdet(np.moveaxis(inverse, 2, 0))
            value = value - size.reshape(t.shape)
        return value

    def fit(self, t: Floats) -> Coefficients:
        """Give coefficients, covariance and y'Py at one tau2 (B,) each, on the design's scale."""
        w, y = self._flat(t[None, :])
        beta, inverse, r = self._project(w, y)
        back = np.linalg.inv(self._triangle)
        covariance = np.einsum("ij,jln,ml->imn", back, inverse, back)
        return Coefficients(back @ beta, covariance, (w * r * r).sum(axis=0))

    def trace(self, t: Floats) -> tuple[Floats, Floats, Floats]:
        """Give sum(w), tr(P) and tr(PP) at one tau2 (B,) each."""
        w = 1.0 / (self.v + t)
        trace, squared = self._traces(w, self._inverse(self.gram(w)))
        return w.sum(axis=0), trace, squared

    def leverages(self, w: Floats) -> tuple[Floats, Floats]:
        """Give z (Z'WZ)^-1 z' of each study (k, B) for any weights, and the inverse (p, p, B)."""
        inverse = self._inverse(self.gram(w))
        z = self._orthonormal
        return np.einsum("ki,ijn,kj->kn", z, inverse, z), inverse

    def quadratic(self, w: Floats) -> Floats:
        """Give y'Py (B,) for any weights (k, B)."""
        _, _, r = self._project(w, self.y)
        return np.asarray((w * r * r).sum(axis=0))


Problem = MeanProblem | DesignProblem
