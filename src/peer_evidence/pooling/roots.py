"""Roots of the estimating equations in tau2: every one bracketed, the likelihood's best one proved.

The generalised Q statistic falls convexly in tau2 and ``1 / Q`` is concave, so Newton's steps on
``1 / Q`` from tau2 = 0 approach the root from below and cannot overshoot it. The likelihood may
have several maxima; :func:`maximise` finds the global one and certifies it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.pooling.projection import Floats, Problem, Score

_STEPS = 100
_LEVELS = (9, 33, 129, 513)  # trial values a search; the finer ones only for uncertified analyses
_WIDE = 400  # analyses from which one trial value a pass keeps to the processor's cache
_SHRINK = 0.4  # drop the solved analyses from a batch once they are this share of it
_SMALL = 1e-9  # a Newton step below this share leaves an error below the square of it


class Root(NamedTuple):
    """Roots in tau2 and whether each was reached."""

    tau2: Floats
    converged: NDArray[np.bool_]


def solve_q(problem: Problem, target: Floats) -> Root:
    """Find where the generalised Q statistic equals its target, 0 where it starts below.

    Parameters
    ----------
    problem : MeanProblem or DesignProblem
        ``B`` analyses.
    target : array (G, B)
        Values that Q should take; ``G`` roots for each analysis.

    Returns
    -------
    Root
        Arrays (G, B). A target that is not positive has no root, and gives infinity.
    """
    t = np.zeros(target.shape)
    scale = problem.v.min(axis=0)
    usable = target > 0
    goal = np.where(usable, target, 1.0)
    done = ~usable
    for _ in range(_STEPS):
        value, slope = problem.q(t)
        falling = slope < 0
        gap = value * (value / goal - 1.0)
        step = np.where(falling, gap / np.where(falling, -slope, 1.0), 0.0)
        step = np.where(done | (step <= 0), 0.0, step)
        t += step
        done |= step <= _SMALL * (t + scale)
        if done.all():
            break
    return Root(np.where(usable, t, np.inf), done)


def maximise(problem: Problem, restricted: bool) -> Root:
    """Find the global maximum over tau2 >= 0 of the likelihood, or of the restricted one.

    The score ``(a - c) / 2`` is negative from the residual sum of squares on, which bounds the
    search. Between two trial values the convexity of ``a`` and ``c`` bounds the score from both
    sides: where chords and tangents keep it away from 0 there is no root. An analysis with a cell
    that is neither proved empty nor proved to hold one root is searched again on a finer grid.

    Parameters
    ----------
    problem : MeanProblem or DesignProblem
        ``B`` analyses.
    restricted : bool
        The restricted likelihood (REML) rather than the likelihood (ML).

    Returns
    -------
    Root
        Arrays (B,).
    """
    bound = _bound(problem)
    tau2 = np.zeros(bound.shape)
    converged = np.ones(bound.shape, dtype=bool)
    todo = np.flatnonzero((bound > 0) & (problem.k > problem.p))
    for level, trials in enumerate(_LEVELS):
        if not todo.size:
            break
        part = problem if todo.size == bound.size else problem.take(todo)
        found, certain = _search(part, bound[todo], trials, restricted, final=level > 1)
        tau2[todo], converged[todo] = found.tau2, found.converged
        todo = todo[~certain]
    return Root(tau2, converged)


def _bound(problem: Problem) -> Floats:
    """Bound the roots of the score from above: beyond, it is negative for certain.

    With the eigenvalues ``d`` of the contrasts' variances and the contrasts ``z``, the restricted
    score is the sum of ``(z^2 - d - t) / (d + t)^2``. It is negative where t exceeds every
    ``z^2 - d``; and, as a <= sum(z^2) / (min(v) + t)^2 and c >= m / (mean(d) + t), where a
    quadratic in t is positive.
    """
    ones = problem.present.astype(float)
    leverage, _ = problem.leverages(ones)
    m = np.maximum(problem.k - problem.p, 1.0)
    spread = problem.quadratic(ones)
    smallest = problem.v.min(axis=0)
    own = np.where(problem.present, problem.v, 0.0)
    typical = (own * (1.0 - leverage)).sum(axis=0) / m
    excess = np.maximum(typical - smallest, 0.0)
    quadratic = 0.5 * (spread + np.sqrt(spread * (spread + 4.0 * m * excess))) / m
    return np.asarray(np.minimum(quadratic, spread) * (1.0 + _SMALL) - smallest)


def _search(
    problem: Problem, bound: Floats, trials: int, restricted: bool, final: bool
) -> tuple[Root, NDArray[np.bool_]]:
    """Search one grid; say of each analysis whether the grid proves its maximum global."""
    scale = problem.v.min(axis=0)
    share = np.linspace(0.0, 1.0, trials)[:, None]
    grid = scale * np.expm1(share * np.log1p(bound / scale))
    score = _score_grid(problem, grid, restricted)
    f = score.a - score.c
    falls = (f[:-1] > 0) & (f[1:] <= 0)
    rises = (f[:-1] <= 0) & (f[1:] > 0)
    cells, columns = np.nonzero(falls)
    root = _polish(problem, grid, score, cells, columns, restricted)
    proved = _empty_cells(score, f, np.diff(grid, axis=0))
    proved[cells, columns] = root.certain
    # one minimum where the score rises: its slope, da - dc, is positive all along the cell
    proved |= rises & (final | (score.da[:-1] > score.dc[1:]))
    certain = np.asarray(proved.all(axis=0))
    peaks = falls.sum(axis=0) + (f[0] <= 0)
    tau2, converged = np.zeros(bound.shape), np.ones(bound.shape, dtype=bool)
    tau2[columns], converged[columns] = root.tau2, root.converged
    many = np.flatnonzero(peaks > 1)
    if many.size:
        best = _best(problem, many, columns, root.tau2, f[0] <= 0, restricted)
        tau2[many] = best
    return Root(tau2, converged), certain


def _score_grid(problem: Problem, grid: Floats, restricted: bool) -> Score:
    """Score all trial values: at once for few analyses, one by one where memory would spill."""
    if grid.shape[1] < _WIDE:
        return problem.score(grid, restricted)
    whole = Score(*(np.empty(grid.shape) for _ in range(4)))
    for place, row in enumerate(grid):
        for half, values in zip(whole, problem.score(row[None, :], restricted), strict=True):
            half[place] = values[0]
    return whole


def _empty_cells(score: Score, f: Floats, width: Floats) -> NDArray[np.bool_]:
    """Tell which cells of the grid provably hold no root: chords above, tangents below."""
    a, da, c, dc = score
    negative = (f[:-1] <= 0) & (f[1:] <= 0)
    positive = (f[:-1] > 0) & (f[1:] > 0)
    left = Score(a[:-1], da[:-1], c[:-1], dc[:-1])
    right = Score(a[1:], da[1:], c[1:], dc[1:])
    return (negative & _stays_below(left, right, width)) | (
        positive & _stays_above(left, right, width)
    )


def _stays_below(left: Score, right: Score, width: Floats) -> NDArray[np.bool_]:
    """Prove a < c between two points: the chord of a lies under c's tangents where they cross."""
    place = _crossing(left.c, left.dc, right.c, right.dc, width)
    chord = left.a * (1.0 - place) + right.a * place
    return np.asarray(chord < left.c + left.dc * place * width)


def _stays_above(left: Score, right: Score, width: Floats) -> NDArray[np.bool_]:
    """Prove a > c between two points: a's tangents, where they cross, lie over the chord of c."""
    place = _crossing(left.a, left.da, right.a, right.da, width)
    chord = left.c * (1.0 - place) + right.c * place
    return np.asarray(left.a + left.da * place * width > chord)


def _crossing(
    start: Floats, slope: Floats, end: Floats, end_slope: Floats, width: Floats
) -> Floats:
    """Give where the tangents at both ends of a cell cross, as a share of its width."""
    turn = (end_slope - slope) * width
    place = (start - end + end_slope * width) / np.where(turn > 0, turn, 1.0)
    return np.where(turn > 0, np.clip(place, 0.0, 1.0), 0.5)


class _Polished(NamedTuple):
    tau2: Floats
    converged: NDArray[np.bool_]
    certain: NDArray[np.bool_]


def _polish(
    problem: Problem,
    grid: Floats,
    score: Score,
    cells: NDArray[np.intp],
    columns: NDArray[np.intp],
    restricted: bool,
) -> _Polished:
    """Solve the score in each cell where it falls through 0: Newton on c / a, kept bracketed."""
    low, high = grid[cells, columns], grid[cells + 1, columns]
    before = score.c[cells, columns] / score.a[cells, columns] - 1.0
    after = score.c[cells + 1, columns] / score.a[cells + 1, columns] - 1.0
    t = low + (high - low) * (-before / (after - before))
    scale = problem.v.min(axis=0)[columns]
    part = problem if columns.size == 1 == problem.k.size else problem.take(columns)
    t, final, converged = _newton(part, np.stack([low, t, high]), scale, restricted)
    start = Score(*(half[cells, columns] for half in score))
    end = Score(*(half[cells + 1, columns] for half in score))
    near = _SMALL * (t + scale)
    certain = _stays_above(start, final, t - low) | (t - low <= near)
    certain &= _stays_below(final, end, high - t) | (high - t <= near)
    return _Polished(t, converged, certain)


def _newton(
    part: Problem, bracket: Floats, scale: Floats, restricted: bool
) -> tuple[Floats, Score, NDArray[np.bool_]]:
    """Solve the score from (low, start, high), rows of ``bracket``; a step outside is halved in."""
    low, t, high = bracket
    final = Score(*(np.empty(t.shape) for _ in range(4)))
    active = np.arange(t.size)
    lower, here_t, upper, size = low, t, high, scale
    out = t.copy()
    for _ in range(_STEPS):
        if not active.size:
            break
        here = Score(*(half[0] for half in part.score(here_t[None, :], restricted)))
        gap = here.a - here.c
        lower = np.where(gap > 0, here_t, lower)
        upper = np.where(gap > 0, upper, here_t)
        bend = here.dc * here.a - here.c * here.da
        usable = bend > 0
        newton = here_t + np.where(usable, gap * here.a / np.where(usable, bend, 1.0), np.inf)
        inside = (newton >= lower) & (newton <= upper)
        following = np.where(inside, newton, 0.5 * (lower + upper))
        done = np.abs(following - here_t) <= _SMALL * (here_t + size)
        out[active] = following
        for whole, value in zip(final, here, strict=True):
            whole[active] = value
        if done.all():
            active = active[:0]
        elif done.mean() > _SHRINK:
            stay = np.flatnonzero(~done)
            active, part = active[stay], part.take(stay)
            lower, upper, size, here_t = lower[stay], upper[stay], size[stay], following[stay]
        else:
            here_t = following
    converged = np.ones(t.shape, dtype=bool)
    converged[active] = False
    return out, final, converged


def _best(
    problem: Problem,
    many: NDArray[np.intp],
    columns: NDArray[np.intp],
    roots: Floats,
    boundary: NDArray[np.bool_],
    restricted: bool,
) -> Floats:
    """Choose, for the analyses with several maxima, the one of the highest likelihood."""
    rival = np.isin(columns, many)
    at_zero = many[boundary[many]]
    place = np.concatenate([columns[rival], at_zero])
    value = np.concatenate([roots[rival], np.zeros(at_zero.size)])
    deviance = problem.take(place).deviance(value[None, :], restricted)[0]
    order = np.lexsort((deviance, place))
    _, first = np.unique(place[order], return_index=True)
    return np.asarray(value[order][first])
