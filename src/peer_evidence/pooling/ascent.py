"""To the top of a likelihood within bounds, and along its profile. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.pooling.gaussian import Value
from peer_evidence.pooling.projection import Floats

Evaluate = Callable[[Floats], Value | None]

_STEPS = 200
_TIGHT = 1e-13  # relative step that ends the ascent
_NONE = 1e-10  # an eigenvalue below this share of the largest counts as none
_WEAK = 1e-3  # the same where a matrix is a guide only, not the model of the surface
_FLAT = 1e-11  # promised gain, relative to the height, that rounding hides


class Top(NamedTuple):
    """A maximum: the parameters, the likelihood there, whether it was reached."""

    at: Floats
    value: Value
    converged: bool


def climb(
    evaluate: Evaluate,
    start: Floats,
    low: Floats,
    high: Floats,
    scale: Floats,
    known: Sequence[Top] = (),
) -> Top | None:
    """Climb by Newton's method inside a box; scoring where the surface is not yet concave.

    A parameter that leans on its bound while the score pushes it out is held there. The climb ends
    where it comes close to a top that is ``known``.
    """
    at = np.clip(start, low, high)
    value = evaluate(at)
    if value is None:
        return None
    smallest, stalled = np.inf, 0
    for _ in range(_STEPS):
        met = [top for top in known if _close(at, value, top, scale)]
        if met:
            return met[0]
        free = _free(at, value.score, low, high)
        if not free.any():
            return Top(at, value, converged=True)
        step = _newton(value, free, at, low, high)
        new = np.clip(at + step, low, high)
        size = float((np.abs(new - at) / (np.abs(at) + 1e-3 * scale)).max())
        if size <= _TIGHT:
            return Top(at, value, converged=True)
        # where the step promises less than rounding shows, the heights cannot judge it
        promise = abs(float(value.score @ (new - at)))
        flat = promise < _FLAT * (1.0 + abs(value.ll))
        better = _step(evaluate, value, at, step, low, high, certain=flat)
        if better is None:
            return Top(at, value, converged=False)
        at, value = better
        stalled = stalled + 1 if size >= 0.5 * smallest else 0
        smallest = min(smallest, size)
        if flat and stalled >= 2:
            return Top(at, value, converged=True)
    return Top(at, value, converged=False)


def _close(at: Floats, value: Value, top: Top, scale: Floats) -> bool:
    near = (np.abs(at - top.at) <= 1e-3 * (np.abs(top.at) + 1e-3 * scale)).all()
    return bool(near) and abs(top.value.ll - value.ll) < 1e-3


def _free(at: Floats, score: Floats, low: Floats, high: Floats) -> NDArray[np.bool_]:
    held = ((at <= low) & (score <= 0)) | ((at >= high) & (score >= 0)) | (low >= high)
    return ~held


def _newton(value: Value, free: NDArray[np.bool_], at: Floats, low: Floats, high: Floats) -> Floats:
    """Give the step to the top of the quadratic model inside the box.

    A parameter that the step would carry through its bound goes to the bound and is held there,
    and the others are solved anew; along the score where that does not climb.
    """
    model = _model(value, free)
    step, inner = np.zeros_like(at), free & (np.diag(model) > 0)
    while inner.any():
        held = free & ~inner
        wanted = value.score[inner] - model[np.ix_(inner, held)] @ step[held]
        step[inner] = np.linalg.solve(model[np.ix_(inner, inner)], wanted)
        out = inner & ((at + step < low) | (at + step > high))
        if not out.any():
            break
        step[out] = np.clip(at + step, low, high)[out] - at[out]
        inner &= ~out
    if value.score @ step > 0:
        return step
    size = np.where(free & (np.diag(model) > 0), np.diag(model), np.inf)
    return np.clip(at + value.score / size, low, high) - at


def _model(value: Value, free: NDArray[np.bool_]) -> Floats:
    """Give the curvature of the model: observed information, or expected where that is not concave.

    Where neither will do, the observed one with every curvature turned down.

    Parameters are scaled by their information; one without any has a curvature of 0. At a corner
    where two outcomes vary as one, only the observed information tells a parameter.
    """
    diagonals = [np.abs(np.diag(one)) for one in (value.observed, value.expected)]
    own = np.sqrt(np.maximum(*diagonals))
    known = free & (own > 1e-100)
    made = np.zeros_like(value.expected)
    if not known.any():
        return made
    unit, pick = own[known], np.ix_(known, known)
    size, vectors = np.linalg.eigh(value.observed[pick] / unit[:, None] / unit)
    if size[0] <= _NONE * size[-1]:
        scoring, others = np.linalg.eigh(value.expected[pick] / unit[:, None] / unit)
        if scoring[0] > _WEAK * scoring[-1]:
            size, vectors = scoring, others
        else:  # neither tells all parameters: every curvature is turned down
            size = np.maximum(np.abs(size), _WEAK * np.abs(size).max())
    made[pick] = unit[:, None] * ((vectors * size) @ vectors.T) * unit
    return made


def _step(
    evaluate: Evaluate,
    value: Value,
    at: Floats,
    step: Floats,
    low: Floats,
    high: Floats,
    *,
    certain: bool,
) -> tuple[Floats, Value] | None:
    """Take the step, or the first half, quarter, ... of it that climbs."""
    for halving in range(40):
        new = np.clip(at + step * 0.5**halving, low, high)
        found = evaluate(new)
        if found is not None and (certain or found.ll >= value.ll):
            return new, found
    return None


def best(
    evaluate: Evaluate, starts: list[Floats], low: Floats, high: Floats, scale: Floats
) -> Top | None:
    """Climb from several places and keep the highest top."""
    reached: list[Top] = []
    for start in starts:
        top = climb(evaluate, start, low, high, scale, [one for one in reached if one.converged])
        if top is not None:
            reached.append(top)
    return max(reached, key=lambda top: top.value.ll) if reached else None


def profile_interval(
    evaluate: Evaluate,
    top: Top,
    which: int,
    drop: float,
    low: Floats,
    high: Floats,
    scale: Floats,
) -> tuple[float, float]:
    """Find where the profile likelihood of one parameter has fallen by ``drop`` / 2.

    A bound of the parameter is the end where the profile does not fall so far.
    """
    ends = []
    for side in (-1.0, 1.0):
        limit = float(low[which] if side < 0 else high[which])
        ends.append(_end(evaluate, top, which, drop, (low, high), scale, side, limit))
    return ends[0], ends[1]


def _end(
    evaluate: Evaluate,
    top: Top,
    which: int,
    drop: float,
    bounds: tuple[Floats, Floats],
    scale: Floats,
    side: float,
    limit: float,
) -> float:
    """Find one end of a profile interval by Newton's method kept within a bracket."""
    warm = top.at

    def below(t: float) -> tuple[float, float]:
        """Give how far the profile is below the wanted drop, and its slope."""
        nonlocal warm
        low, high = bounds[0].copy(), bounds[1].copy()
        low[which] = high[which] = t
        start = warm.copy()
        start[which] = t
        found = climb(evaluate, start, low, high, scale)
        if found is None:
            return np.inf, np.nan
        warm = found.at
        return 2.0 * (top.value.ll - found.value.ll) - drop, -2.0 * float(found.value.score[which])

    peak = float(top.at[which])
    inner, outer = peak, peak
    if peak == limit:
        return limit
    if np.isfinite(limit) and below(limit)[0] <= 0:
        return limit
    curvature = max(float(top.value.expected[which, which]), 1e-300)
    size = abs(peak) + float(scale[which])
    reach = float(np.clip(np.sqrt(drop / curvature), 1e-3 * size, 10.0 * size))
    warm = top.at
    for _ in range(60):
        outer = peak + side * reach
        outer = max(outer, limit) if side < 0 else min(outer, limit)
        value, slope = below(outer)
        if value >= 0:
            break
        inner, reach = outer, 2.0 * reach
    else:
        return float("nan")
    t = outer
    for _ in range(100):
        guess = t - value / slope if np.isfinite(slope) and slope != 0 else np.nan
        inside = min(inner, outer) < guess < max(inner, outer)
        new = guess if inside else 0.5 * (inner + outer)
        if abs(new - t) <= 1e-11 * (abs(t) + 1e-3 * float(scale[which])):
            return float(new)
        t = new
        value, slope = below(t)
        if value >= 0:
            outer = t
        else:
            inner = t
    return float(t)
