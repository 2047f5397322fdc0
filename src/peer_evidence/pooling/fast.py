"""The batch kernel compiled (extra ``fast``): one analysis at a time, spread over the cores.

The same equations as :mod:`peer_evidence.pooling.batch`, written as loops. For ML and REML an
analysis with several maxima is handed to the NumPy kernel, which compares them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from peer_evidence.pooling import batch
from peer_evidence.pooling.projection import Floats

try:
    import numba
except ModuleNotFoundError:  # the loops still run, uncompiled: that is how tests read them
    COMPILED = False
    _rows: Any = range
else:
    COMPILED = True
    _rows = numba.prange

Packed = NDArray[np.uint8]
_Function = TypeVar("_Function", bound=Callable[..., Any])
_ITERATIVE = {"ML": 0, "REML": 1, "PM": 2, "EB": 2}
_CELLS = 8
_MOST_CELLS = 128
_STEPS = 100
_SMALL = 1e-9


def _compiled(parallel: bool = False) -> Callable[[_Function], _Function]:
    """Compile a function; the machine code is kept beside the source for the next session."""
    if not COMPILED:
        return lambda function: function
    decorate: Any = numba.njit(
        cache=True,
        nogil=True,
        parallel=parallel,
        error_model="numpy",
        fastmath={"reassoc", "contract"},  # sums in any order: equal to 1e-12
    )
    return cast("Callable[[_Function], _Function]", decorate)


def fit_many(effects: Floats, variances: Floats, method: str) -> batch.Fits:
    """Fit B analyses laid out (B, k); as :func:`peer_evidence.pooling.batch.fit_many`."""
    if method not in _ITERATIVE:
        return batch.fit_many(effects, variances, method)
    y, v = np.ascontiguousarray(effects), np.ascontiguousarray(variances)
    out = np.empty((8, len(y)))
    _fit(y, v, _ITERATIVE[method], out)
    return _redone(out, lambda rows: (effects[rows], variances[rows]), method)


def fit_subsets(packed: Packed, y: Floats, v: Floats, method: str) -> batch.Fits:
    """Fit subsets of the same k studies, each a row of packed bits (study 0 is the lowest).

    The bits are read where the loop runs, so that no (B, k) array is made.
    """

    def laid_out(rows: NDArray[np.intp] | slice) -> tuple[Floats, Floats]:
        bits = np.unpackbits(packed[rows], axis=1, count=len(y), bitorder="little").astype(bool)
        return np.where(bits, y, np.nan), np.where(bits, v, np.nan)

    if method not in _ITERATIVE:
        return batch.fit_many(*laid_out(slice(None)), method)
    out = np.empty((8, len(packed)))
    _fit_bits(np.ascontiguousarray(packed), y, v, _ITERATIVE[method], out)
    return _redone(out, laid_out, method)


def _redone(
    out: Floats, laid_out: Callable[[NDArray[np.intp]], tuple[Floats, Floats]], method: str
) -> batch.Fits:
    """Hand the analyses with several maxima to the NumPy kernel."""
    fits = batch.Fits(out[0], out[1], out[2] > 0, *out[3:])
    again = np.flatnonzero(out[2] < 0)
    if again.size:
        redone = batch.fit_many(*laid_out(again), method)
        for column, values in zip(fits, redone, strict=True):
            column[again] = values
    return fits


@_compiled(parallel=True)
def _fit_bits(packed: Packed, effects: Floats, variances: Floats, kind: int, out: Floats) -> None:
    for row in _rows(packed.shape[0]):
        k = 0
        y = np.empty(len(effects))
        v = np.empty(len(effects))
        for i in range(len(effects)):
            if (packed[row, i >> 3] >> (i & 7)) & 1:
                y[k], v[k] = effects[i], variances[i]
                if v[k] < v[0]:
                    y[0], y[k] = y[k], y[0]
                    v[0], v[k] = v[k], v[0]
                k += 1
        _fit_row(y[:k], v[:k], kind, out[:, row])


@_compiled(parallel=True)
def _fit(effects: Floats, variances: Floats, kind: int, out: Floats) -> None:
    for row in _rows(effects.shape[0]):
        k = 0
        y = np.empty(effects.shape[1])
        v = np.empty(effects.shape[1])
        for i in range(effects.shape[1]):
            if not np.isnan(effects[row, i]):
                y[k], v[k] = effects[row, i], variances[row, i]
                if v[k] < v[0]:
                    y[0], y[k] = y[k], y[0]
                    v[0], v[k] = v[k], v[0]
                k += 1
        _fit_row(y[:k], v[:k], kind, out[:, row])


@_compiled()
def _fit_row(y: Floats, v: Floats, kind: int, out: Floats) -> None:
    k = len(y)
    shift = y[0]
    for i in range(k):
        y[i] -= shift
    if k == 1:
        tau2, state = np.nan, 1.0
    elif kind == 2:
        tau2, state = _paule_mandel(y, v)
    else:
        tau2, state = _maximise(y, v, kind == 1)
    used = 0.0 if np.isnan(tau2) else tau2
    s, mean, q, _ = _sums(y, v, used)
    _, _, q0, trace = _sums(y, v, 0.0)
    out[0], out[1], out[2], out[3] = k, tau2, state, shift + mean
    out[4], out[5], out[6], out[7] = 1.0 / s, q, q0, trace


@_compiled()
def _sums(y: Floats, v: Floats, t: float) -> tuple[float, float, float, float]:
    """Give the sum of weights, the mean, y'Py and tr(P)."""
    rest = total = rest2 = 0.0
    for i in range(1, len(y)):
        w = 1.0 / (v[i] + t)
        rest += w
        rest2 += w * w
        total += w * y[i]
    top = 1.0 / (v[0] + t)
    s = top + rest
    mean = total / s  # the effect of study 0 is 0
    q = top * mean * mean
    for i in range(1, len(y)):
        q += (y[i] - mean) ** 2 / (v[i] + t)
    return s, mean, q, (2.0 * top * rest + rest * rest - rest2) / s


@_compiled()
def _paule_mandel(y: Floats, v: Floats) -> tuple[float, float]:
    df = len(y) - 1.0
    t = 0.0
    for _ in range(_STEPS):
        _, mean, q, _ = _sums(y, v, t)
        a = 0.0
        for i in range(len(y)):
            a += ((y[i] - mean) / (v[i] + t)) ** 2
        if a <= 0.0:
            return t, 1.0
        step = q * (q / df - 1.0) / a
        if step <= 0.0:
            return t, 1.0
        t += step
        if step <= _SMALL * (t + v[0]):
            return t, 1.0
    return t, 0.0


@_compiled()
def _score(
    y: Floats, v: Floats, w: Floats, t: float, restricted: bool
) -> tuple[float, float, float, float]:
    """Give both halves of the score and their slopes: a, da, c, dc; ``w`` is scratch."""
    k = len(y)
    first = w[0] = 1.0 / (v[0] + t)
    rest = total = rest2 = rest3 = 0.0
    for i in range(1, k):
        one = w[i] = 1.0 / (v[i] + t)
        rest += one
        rest2 += one * one
        rest3 += one * one * one
        total += one * y[i]
    s = first + rest
    mean = total / s
    a = across = bend = 0.0
    for i in range(k):
        q = w[i] * (y[i] - mean)
        a += q * q
        across += w[i] * q
        bend += w[i] * q * q
    da = -2.0 * (bend - across * across / s)
    if not restricted:
        return a, da, s, -(first * first + rest2)
    c = (2.0 * first * rest + rest * rest - rest2) / s
    squared = (first * rest) ** 2 - 2.0 * s * rest3
    squared += (s * s + 2.0 * first * first + rest2) * rest2
    return a, da, c, -squared / (s * s)


@_compiled()
def _crossing(start: float, slope: float, end: float, end_slope: float, width: float) -> float:
    turn = (end_slope - slope) * width
    if turn <= 0.0:
        return 0.5
    return min(max((start - end + end_slope * width) / turn, 0.0), 1.0)


@_compiled()
def _below(
    left: tuple[float, float, float, float],
    right: tuple[float, float, float, float],
    width: float,
) -> bool:
    place = _crossing(left[2], left[3], right[2], right[3], width)
    return bool(left[0] * (1.0 - place) + right[0] * place < left[2] + left[3] * place * width)


@_compiled()
def _above(
    left: tuple[float, float, float, float],
    right: tuple[float, float, float, float],
    width: float,
) -> bool:
    place = _crossing(left[0], left[1], right[0], right[1], width)
    return bool(left[0] + left[1] * place * width > left[2] * (1.0 - place) + right[2] * place)


@_compiled()
def _bound(y: Floats, v: Floats) -> float:
    """Bound the roots from above, as peer_evidence.pooling.roots does."""
    k = len(y)
    mean = total = spread = 0.0
    for i in range(k):
        mean += y[i] / k
        total += v[i]
    for i in range(k):
        spread += (y[i] - mean) ** 2
    m = k - 1.0
    excess = max(total * (1.0 - 1.0 / k) / m - v[0], 0.0)
    quadratic = 0.5 * (spread + np.sqrt(spread * (spread + 4.0 * m * excess))) / m
    return float(min(quadratic, spread) * (1.0 + _SMALL) - v[0])


@_compiled()
def _maximise(y: Floats, v: Floats, restricted: bool) -> tuple[float, float]:
    """Give the maximum and 1, or -1 when it is not proved the only one."""
    bound = _bound(y, v)
    if bound <= 0.0:
        return 0.0, 1.0
    log_span = np.log1p(bound / v[0])
    scratch = np.empty(len(y))
    cells = _CELLS
    while cells <= _MOST_CELLS:
        root, state = _search(y, v, scratch, np.exp(log_span / cells), cells, restricted)
        if state != 0.0:
            return root, state
        cells *= 4
    return 0.0, -1.0


@_compiled()
def _search(
    y: Floats, v: Floats, w: Floats, ratio: float, cells: int, restricted: bool
) -> tuple[float, float]:
    """Search one grid: the maximum and 1, 0 when the grid is too coarse, -1 when there are more."""
    low, u, before = 0.0, v[0], _score(y, v, w, 0.0, restricted)
    falls, root = 0, 0.0
    rising = before[0] > before[2]
    for _ in range(cells):
        u *= ratio
        high = u - v[0]
        after = _score(y, v, w, high, restricted)
        first, second = before[0] > before[2], after[0] > after[2]
        if first and not second:
            falls += 1
            root, proved = _solve(y, v, w, low, high, before, after, restricted)
        elif first:
            proved = _above(before, after, high - low)
        elif second:
            return 0.0, -1.0
        else:
            proved = _below(before, after, high - low)
        if not proved:
            return 0.0, 0.0
        low, before = high, after
    return root, 1.0 if falls == 1 or not rising else -1.0


@_compiled()
def _solve(
    y: Floats,
    v: Floats,
    w: Floats,
    low: float,
    high: float,
    before: tuple[float, float, float, float],
    after: tuple[float, float, float, float],
    restricted: bool,
) -> tuple[float, bool]:
    """Solve the score in a cell where it falls through 0; say whether the root is proved alone."""
    start, end = before[2] / before[0] - 1.0, after[2] / after[0] - 1.0
    t = low + (high - low) * (-start / (end - start))
    lower, upper = low, high
    here = before
    for _ in range(_STEPS):
        here = _score(y, v, w, t, restricted)
        gap = here[0] - here[2]
        if gap > 0.0:
            lower = t
        else:
            upper = t
        bend = here[3] * here[0] - here[2] * here[1]
        following = t + gap * here[0] / bend if bend > 0.0 else np.inf
        if not (lower <= following <= upper):
            following = 0.5 * (lower + upper)
        near = _SMALL * (t + v[0])
        if abs(following - t) <= near:
            left = t - low <= near or _above(before, here, t - low)
            right = high - t <= near or _below(here, after, high - t)
            return following, left and right
        t = following
    return t, False
