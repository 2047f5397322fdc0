"""Maximum likelihood of a selection model from several starts at once, by Newton's method.

Effects come in units of the typical standard error. tau2 is the square of its root and the weights
are exponentials (or a floor plus a square), so that the search is free of limits and can end on
them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.bias.selection_kernels import Likelihood, Model
from peer_evidence.pooling.projection import Floats

_STEPS = 200
_LONGEST = 2.0  # of a step, in the parameters of the search
_LENGTHS = np.array([0.5, 0.2, 0.05, 0.01, 0.001])


class Fit(NamedTuple):
    """The maximum: parameters (q,), covariance (q, q) with NaN on limits, log-likelihood."""

    theta: Floats
    covariance: Floats
    log_likelihood: float
    converged: bool
    studies: int

    def scaled(self, unit: float) -> Fit:
        """Give the fit for effects that are so many times larger."""
        factors = np.ones(len(self.theta))
        factors[:2] = unit, unit**2
        return Fit(
            self.theta * factors,
            self.covariance * np.outer(factors, factors),
            self.log_likelihood - self.studies * float(np.log(unit)),
            self.converged,
            self.studies,
        )


class Space(NamedTuple):
    """How the parameters of the search become those of the model."""

    tau2_free: bool
    squared: bool  # weights are floor + x^2, else exp(x)
    floor: float

    def inward(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        """Give the parameters (S, q) with their first and second derivatives in x."""
        theta, first, second = x.copy(), np.ones_like(x), np.zeros_like(x)
        theta[:, 1] = x[:, 1] ** 2 if self.tau2_free else 0.0
        first[:, 1] = 2.0 * x[:, 1] if self.tau2_free else 0.0
        second[:, 1] = 2.0 if self.tau2_free else 0.0
        own = x[:, 2:]
        if self.squared:
            theta[:, 2:], first[:, 2:], second[:, 2:] = self.floor + own**2, 2.0 * own, 2.0
        else:
            grown = np.exp(own)
            theta[:, 2:] = first[:, 2:] = second[:, 2:] = grown
        return theta, first, second

    def outward(self, theta: Floats) -> Floats:
        """Give the parameters of the search."""
        x = theta.copy()
        x[:, 1] = np.sqrt(theta[:, 1])
        own = theta[:, 2:]
        x[:, 2:] = np.sqrt(np.maximum(own - self.floor, 0.0)) if self.squared else np.log(own)
        return x


def maximise(model: Model, starts: Floats, space: Space) -> list[Fit]:
    """Climb from each start (S, q) and give each end."""
    x = space.outward(starts)
    likelihood, slope, bend = _evaluate(model, space, x)
    height = likelihood.value
    done = np.zeros(len(x), dtype=bool)
    for _ in range(_STEPS):
        step, gain = _newton(slope, bend, space.tau2_free)
        done |= gain < 1e-20 * (1.0 + np.abs(height))
        active = np.flatnonzero(~done)
        if not active.size:
            break
        trial = x[active] + step[active]
        found, new_slope, new_bend = _evaluate(model, space, trial)
        worse = ~(found.value > height[active])
        if worse.any():
            stuck = active[worse]
            shorter = _shorten(model, space, x[stuck], step[stuck], height[stuck])
            done[stuck[(shorter == x[stuck]).all(axis=1)]] = True
            trial[worse] = shorter
            found, new_slope, new_bend = _evaluate(model, space, trial)
        x[active], height[active] = trial, found.value
        slope[active], bend[active] = new_slope, new_bend
    _, gain = _newton(slope, bend, space.tau2_free)
    reached = done & np.isfinite(height) & (gain < 1e-8 * (1.0 + np.abs(height)))
    return [_finish(model, space, x[[i]], bool(reached[i])) for i in range(len(x))]


def _evaluate(model: Model, space: Space, x: Floats) -> tuple[Likelihood, Floats, Floats]:
    """Give the likelihood at trials with slope and bend in the parameters of the search."""
    with np.errstate(all="ignore"):
        theta, first, second = space.inward(x)
        found = model(theta)
    slope = found.gradient * first
    bend = found.hessian * first[:, :, None] * first[:, None, :]
    places = np.arange(x.shape[1])
    bend[:, places, places] += found.gradient * second
    bad = ~(np.isfinite(found.value) & np.isfinite(slope).all(1) & np.isfinite(bend).all((1, 2)))
    found.value[bad] = -np.inf
    slope[bad], bend[bad] = 0.0, -np.eye(x.shape[1])
    return found, slope, bend


def _newton(slope: Floats, bend: Floats, tau2_free: bool) -> tuple[Floats, Floats]:
    """Give an upward step and the gain it promises; a wrong curvature is turned round."""
    if not tau2_free:
        bend = bend.copy()
        bend[:, 1, 1] = -1.0
    roots, axes = np.linalg.eigh(-bend)
    most = np.abs(roots).max(axis=1, keepdims=True)
    size = np.maximum(np.abs(roots), 1e-10 * most)
    along = np.einsum("sij,si->sj", axes, slope)
    step = np.einsum("sij,sj->si", axes, along / size)
    gain = (along * along / size).sum(axis=1)
    length = np.sqrt((step * step).sum(axis=1, keepdims=True))
    return step * np.minimum(1.0, _LONGEST / np.maximum(length, 1e-300)), gain


def _shorten(model: Model, space: Space, x: Floats, step: Floats, value: Floats) -> Floats:
    """Try shorter steps all at once; stay where none climbs."""
    trials = x[:, None, :] + _LENGTHS[None, :, None] * step[:, None, :]
    flat = trials.reshape(-1, x.shape[1])
    heights = _evaluate(model, space, flat)[0].value.reshape(len(x), -1)
    best = heights.argmax(axis=1)
    rows = np.arange(len(x))
    climbs = heights[rows, best] > value
    return np.where(climbs[:, None], trials[rows, best], x)


def _finish(model: Model, space: Space, x: Floats, converged: bool) -> Fit:
    """Give parameters and covariance; a parameter on its limit has no standard error."""
    theta, _, _ = space.inward(x)
    inside = _inside(space, theta[0])
    theta[0, ~inside] = np.where(np.arange(theta.shape[1]) == 1, 0.0, space.floor)[~inside]
    with np.errstate(all="ignore"):
        found = model(theta)
    covariance = np.full(found.hessian.shape[1:], np.nan)
    try:
        own = np.linalg.inv(-found.hessian[0][np.ix_(inside, inside)])
    except np.linalg.LinAlgError:
        own = np.full((int(inside.sum()),) * 2, np.nan)
    covariance[np.ix_(inside, inside)] = own
    converged = converged and bool(covariance[0, 0] > 0)
    return Fit(theta[0], covariance, float(found.value[0]), converged, len(model.y))


def _inside(space: Space, theta: Floats) -> NDArray[np.bool_]:
    """Tell the parameters that are off their limits."""
    inside = np.ones(len(theta), dtype=bool)
    inside[1] = space.tau2_free and theta[1] > 1e-8
    if space.squared:
        inside[2:] = theta[2:] - space.floor > 1e-8
    return inside
