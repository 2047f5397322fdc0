"""Likelihood of selection models with its derivatives: arrays in, arrays out, many trials at once.

A study is seen with a probability that depends on its p value alone: ``omega(p)``. Its density is
that of the random-effects model times ``omega`` over their integral ``B`` (Hedges 1984; Vevea and
Hedges 1995, doi 10.1007/BF02294384). For every kind of weight function ``B`` is a sum over cells of
the axis of z values, ``B = sum_n omega_n A_n``: a cell is a whole interval where omega is constant
(step functions, both tails) or a node of a quadrature (everything else). ``A`` depends on mean and
tau2 only, ``omega`` on its own parameters only, so all derivatives are products of the two.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from scipy import special

from peer_evidence.pooling.projection import Floats

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_REACH = 9.0  # |z| beyond which a p value is 0 or 1 to all digits


class Likelihood(NamedTuple):
    """Log-likelihood (S,), gradient (S, q) and Hessian (S, q, q) in mean, tau2, parameters."""

    value: Floats
    gradient: Floats
    hessian: Floats


class Weights(NamedTuple):
    """Weights at N points with derivatives in d parameters, (S, N), (S, d, N), (S, d, d, N)."""

    value: Floats
    first: Floats
    second: Floats


class WeightFunction(Protocol):
    """What the likelihood needs of a weight function with d parameters."""

    def cells(self, delta: Floats) -> Weights:
        """Give the weights of the cells for parameters (S, d)."""

    def observed(self, delta: Floats) -> tuple[Floats, Floats, Floats]:
        """Give the sum of the log weights of the studies (S,), (S, d), (S, d, d)."""


def cut_z(p: Floats, sides: int) -> Floats:
    """Give the z (or its size) beyond which p is smaller."""
    return np.asarray(-special.ndtri(p / sides))


def p_values(z: Floats, sides: int) -> Floats:
    """Give p in the direction above 0, or of both directions."""
    return np.asarray(special.ndtr(-z) if sides == 1 else 2.0 * special.ndtr(-np.abs(z)))


class Tails:
    """Probabilities of the intervals of p between cuts, by differences of tails."""

    def __init__(self, z: Floats, sides: int) -> None:
        # P(p <= cut) is the tail beyond its z; the last interval ends at p = 1, where it is 1
        self._z = z
        self._signs = (1.0,) if sides == 1 else (1.0, -1.0)

    def measures(self, mu: Floats, t: Floats, v: Floats) -> Floats:
        """Give A and its derivatives in mu, t, (mu, mu), (mu, t), (t, t): (6, S, k, N)."""
        total = (v + t[:, None])[:, :, None]
        sigma, s = np.sqrt(total), np.sqrt(v)[None, :, None]
        tails = np.zeros((6, *total.shape[:2], len(self._z) + 2))
        tails[0, :, :, -1] = 1.0
        inner = tails[:, :, :, 1:-1]
        for sign in self._signs:
            g = (sign * mu[:, None, None] - self._z * s) / sigma
            density = np.exp(-0.5 * g * g) / np.sqrt(2.0 * np.pi)
            g_mu, g_t = sign / sigma, -g / (2.0 * total)
            inner[0] += special.ndtr(g)
            inner[1] += density * g_mu
            inner[2] += density * g_t
            inner[3] -= density * g * g_mu * g_mu
            inner[4] += density * (-g_mu / (2.0 * total) - g * g_mu * g_t)
            inner[5] += density * (3.0 * g / (4.0 * total * total) - g * g_t * g_t)
        return np.diff(tails, axis=3)


class Quadrature:
    """Nodes on the z axis where p lies within limits, with both ends as whole intervals."""

    def __init__(self, least: float, sides: int) -> None:
        high = -float(special.ndtri(least / sides)) if least > 0 else _REACH
        low = -high if sides == 1 else 0.0
        edges = np.linspace(low, high, int(np.ceil(high - low)) + 1)
        if sides == 2 and least > 0:  # powers of 1 - p are steep at z = 0: a panel a decade there
            low = -float(special.ndtri((1.0 - least) / 2.0))
            edges = np.concatenate([np.geomspace(low, edges[1], 6), edges[2:]])
        half = (edges[1:] - edges[:-1])[:, None] / 2.0
        self.z = (edges[:-1, None] + half * (1.0 + _NODES)).ravel()
        self._weights = (half * _WEIGHTS).ravel()
        self._signs = (1.0,) if sides == 1 else (1.0, -1.0)
        ends = p_values(np.array([high, low]), sides)
        self._tails = Tails(np.array([high, low]), sides)
        self.p = np.concatenate([ends[:1], p_values(self.z, sides), ends[1:]])

    def measures(self, mu: Floats, t: Floats, v: Floats) -> Floats:
        """Give A and its derivatives, (6, S, k, N): lower end, nodes, upper end of p."""
        u = (v + t[:, None])[:, :, None]
        s = np.sqrt(v)[None, :, None]
        inside = np.zeros((6, *u.shape[:2], len(self.z)))
        for sign in self._signs:
            r = sign * s * self.z - mu[:, None, None]
            density = self._weights * s * np.exp(-0.5 * r * r / u) / np.sqrt(2.0 * np.pi * u)
            by_mu = r / u
            by_t = 0.5 * (by_mu * by_mu - 1.0 / u)
            inside[0] += density
            inside[1] += density * by_mu
            inside[2] += density * by_t
            inside[3] += density * (by_mu * by_mu - 1.0 / u)
            inside[4] += density * (by_mu * by_t - r / (u * u))
            inside[5] += density * (by_t * by_t + 0.5 / (u * u) - r * r / (u * u * u))
        ends = self._tails.measures(mu, t, v)
        return np.concatenate([ends[..., :1], inside, ends[..., 2:]], axis=3)


class StepWeights:
    """A weight for each interval of p, relative to the first; some may be given."""

    def __init__(self, group: np.typing.NDArray[np.intp], given: Floats) -> None:
        self.given = given  # (D,), NaN where the weight is to be estimated
        self.free = np.flatnonzero(np.isnan(given))
        self.counts = np.bincount(group, minlength=len(given)).astype(float)

    def _full(self, delta: Floats) -> Floats:
        full = np.repeat(self.given[None, :], len(delta), axis=0)
        full[:, self.free] = delta
        return full

    def cells(self, delta: Floats) -> Weights:
        """Give the weights of the intervals: linear in the parameters."""
        d, cells = len(self.free), len(self.given)
        first = np.zeros((len(delta), d, cells))
        first[:, np.arange(d), self.free] = 1.0
        return Weights(self._full(delta), first, np.zeros((len(delta), 0, 0, cells)))

    def observed(self, delta: Floats) -> tuple[Floats, Floats, Floats]:
        """Give the sum of the log weights of the studies."""
        seen = self.counts[self.free]
        value = (self.counts * np.log(self._full(delta))).sum(axis=1)
        second = np.zeros((*delta.shape, delta.shape[1]))
        places = np.arange(delta.shape[1])
        second[:, places, places] = -seen / (delta * delta)
        return value, seen / delta, second


class SmoothWeights:
    """A weight that is a smooth function of p: its log, with derivatives, at cells and studies."""

    def __init__(self, kind: str, cells: Floats, studies: Floats) -> None:
        self._kind, self._cells, self._studies = kind, cells, studies

    def cells(self, delta: Floats) -> Weights:
        """Give the weights of the cells."""
        log, first, second = log_weights(self._kind, self._cells, delta)
        value = np.exp(log)
        bend = second + first[:, :, None, :] * first[:, None, :, :]
        return Weights(value, value[:, None, :] * first, value[:, None, None, :] * bend)

    def observed(self, delta: Floats) -> tuple[Floats, Floats, Floats]:
        """Give the sum of the log weights of the studies."""
        log, first, second = log_weights(self._kind, self._studies, delta)
        return log.sum(axis=-1), first.sum(axis=-1), second.sum(axis=-1)


def log_weights(kind: str, p: Floats, delta: Floats) -> tuple[Floats, Floats, Floats]:
    """Give log omega (S, N) with its first (S, d, N) and second (S, d, d, N) derivatives."""
    trials, d = delta.shape
    second = np.zeros((trials, d, d, len(p)))
    if kind == "beta":
        slopes = np.array([np.log(p), np.log1p(-p)])
        first = np.repeat(slopes[None], trials, axis=0)
        return (delta - 1.0) @ slopes, first, second
    if kind == "logistic":
        chance = special.expit(delta * p)
        log = np.log(2.0) + special.log_expit(-delta * p)
        second[:, 0, 0] = -p * p * chance * (1.0 - chance)
        return log, (-p * chance)[:, None, :], second
    slope = {"halfnorm": -p * p, "negexp": -p}.get(kind)
    if slope is None:
        slope = np.log1p(-p)  # "power"
    return delta * slope, np.repeat(slope[None, None, :], trials, axis=0), second


class Model:
    """The log-likelihood of a selection model with d parameters of its weight function."""

    def __init__(
        self, y: Floats, v: Floats, cells: Tails | Quadrature, weights: WeightFunction
    ) -> None:
        self.y, self.v, self._cells, self._weights = y, v, cells, weights

    def __call__(self, theta: Floats) -> Likelihood:
        """Evaluate trials (S, 2 + d): mean, tau2 (at least 0), parameters of the weights."""
        mu, t, delta = theta[:, 0], theta[:, 1], theta[:, 2:]
        d = delta.shape[1]
        value, gradient, hessian = self._normal(mu, t, d)
        seen, by_delta, bend = self._weights.observed(delta)
        gradient[:, 2:] += by_delta
        hessian[:, 2:, 2:] += bend
        b, first, second = self._norm(mu, t, delta)
        ratio = first / b[..., None]
        value += seen - np.log(b).sum(axis=1)
        gradient -= ratio.sum(axis=1)
        hessian -= (second / b[..., None, None]).sum(axis=1)
        hessian += np.einsum("ski,skj->sij", ratio, ratio)
        return Likelihood(value, gradient, hessian)

    def _normal(self, mu: Floats, t: Floats, d: int) -> tuple[Floats, Floats, Floats]:
        """Give the log-likelihood without selection."""
        u = self.v + t[:, None]
        r = self.y - mu[:, None]
        value = -0.5 * (np.log(2.0 * np.pi * u) + r * r / u).sum(axis=1)
        gradient = np.zeros((len(mu), 2 + d))
        gradient[:, 0] = (r / u).sum(axis=1)
        gradient[:, 1] = 0.5 * (r * r / (u * u) - 1.0 / u).sum(axis=1)
        hessian = np.zeros((len(mu), 2 + d, 2 + d))
        hessian[:, 0, 0] = -(1.0 / u).sum(axis=1)
        hessian[:, 0, 1] = hessian[:, 1, 0] = -(r / (u * u)).sum(axis=1)
        hessian[:, 1, 1] = (0.5 / (u * u) - r * r / u**3).sum(axis=1)
        return value, gradient, hessian

    def _norm(self, mu: Floats, t: Floats, delta: Floats) -> tuple[Floats, Floats, Floats]:
        """Give B (S, k) with its gradient (S, k, q) and Hessian (S, k, q, q)."""
        a = self._cells.measures(mu, t, self.v)
        w = self._weights.cells(delta)
        trials, d = delta.shape
        columns = np.concatenate([w.value[:, None, :], w.first], axis=1)  # (S, 1 + d, N)
        sums = a @ np.moveaxis(columns, 1, 2)[None]  # (6, S, k, 1 + d)
        b = sums[0, :, :, 0]
        first = np.concatenate([np.moveaxis(sums[1:3, :, :, 0], 0, 2), sums[0, :, :, 1:]], axis=2)
        second = np.zeros((trials, len(self.y), 2 + d, 2 + d))
        second[:, :, 0, 0], second[:, :, 1, 1] = sums[3, :, :, 0], sums[5, :, :, 0]
        second[:, :, 0, 1] = second[:, :, 1, 0] = sums[4, :, :, 0]
        for place in (0, 1):
            second[:, :, place, 2:] = second[:, :, 2:, place] = sums[1 + place, :, :, 1:]
        if w.second.shape[1]:
            second[:, :, 2:, 2:] = np.einsum("skn,sijn->skij", a[0], w.second)
        return b, first, second
