"""Fits of subsets of studies: bits in, columns out. The kernel of GOSH and of fragility.

A subset is a row of bits, packed eight to a byte with study 0 in the lowest bit of the first byte.
All subsets of few studies are counted through without ever being laid out: the sums that the
common-effect and DerSimonian-Laird estimates need are doubled study by study.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from peer_evidence.pooling import batch
from peer_evidence.pooling.projection import Floats

BLOCK_BITS = 15
BLOCK = 2**BLOCK_BITS  # subsets a block
CLOSED = ("FE", "DL")
Bytes = NDArray[np.uint8]
Columns = tuple[NDArray[np.int64], Floats, Floats, Floats, Floats, NDArray[np.bool_]]


def pack_codes(codes: NDArray[np.int64]) -> Bytes:
    """Give the packed bits of subsets numbered by their bits, (B, 8).

    Examples
    --------
    >>> pack_codes(np.array([1, 258]))[:, :2].tolist()
    [[1, 0], [2, 1]]
    """
    return codes.astype("<u8").view(np.uint8).reshape(-1, 8)


def unpack(packed: Bytes, k: int) -> NDArray[np.bool_]:
    """Give the members of packed subsets, (B, k)."""
    bits = np.unpackbits(packed, axis=1, count=k, bitorder="little")
    return bits.astype(bool)


def draw(k: int, count: int, seed: int) -> Bytes:
    """Draw distinct non-empty subsets, each as likely as any other."""
    rng = np.random.default_rng(seed)
    if k <= 62:
        codes = rng.choice(2**k - 1, size=count, replace=False) + 1
        return np.ascontiguousarray(pack_codes(codes)[:, : (k + 7) // 8])
    bits = np.unique(rng.random((count + 64, k)) < 0.5, axis=0)
    bits = rng.permutation(bits[bits.any(axis=1)])[:count]  # of 2^63, a repeat is all but ruled out
    return np.packbits(bits, axis=1, bitorder="little")


def fit_block(
    block: tuple[int, int] | Bytes, y: Floats, v: Floats, method: str, engine: str
) -> Columns:
    """Fit a block: k, estimate, tau2, I2 in per cent, Q and whether tau2 was reached.

    ``block`` is packed subsets, or the first and last-but-one number of a run of subsets (0, the
    empty one, is left out).
    """
    if isinstance(block, np.ndarray):
        packed = block
    elif method in CLOSED:
        return fit_run(*block, y, v, method)
    else:
        start, stop = block
        packed = pack_codes(np.arange(max(start, 1), stop, dtype=np.int64))
    fits = fit_packed(packed, y, v, method, engine)
    with np.errstate(divide="ignore", invalid="ignore"):
        i2, _ = batch.heterogeneity(fits, method)
    return (
        *(fits.k.astype(np.int64), fits.estimate, _given(fits), i2, fits.q),
        np.asarray(fits.converged, dtype=bool),
    )


def fit_packed(packed: Bytes, y: Floats, v: Floats, method: str, engine: str) -> batch.Fits:
    """Fit packed subsets with either engine."""
    if engine == "numba":
        from peer_evidence.pooling import fast

        return fast.fit_subsets(packed, y, v, method)
    return fit_members(unpack(packed, len(y)), y, v, method)


def fit_members(members: NDArray[np.bool_], y: Floats, v: Floats, method: str) -> batch.Fits:
    """Fit subsets (B, k), those of a size together, so that nothing is spent on absent studies."""
    sizes = members.sum(axis=1)
    count = len(members)
    whole = batch.Fits(*(np.empty(count, dtype=bool if i == 2 else float) for i in range(8)))
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        place = np.nonzero(members[rows])[1].reshape(-1, size)
        fits = batch.fit_many(y[place], v[place], method)
        for column, values in zip(whole, fits, strict=True):
            column[rows] = values
    return whole


def _given(fits: batch.Fits) -> Floats:
    """Give tau2, which a single study does not have."""
    return np.where(fits.k > 1, fits.tau2, np.nan)


def fit_run(start: int, stop: int, y: Floats, v: Floats, method: str) -> Columns:
    """Fit a run of subsets by the common-effect model or DerSimonian and Laird.

    The run is one block, or all subsets where there are fewer. Studies beyond the low bits are the
    same in the whole run. Means and Q are updated study by study (West 1979, doi
    10.1145/359146.359153), which loses no digits to cancellation.
    """
    low = min(BLOCK_BITS, len(y))
    high = [i for i in range(low, len(y)) if start >> i & 1]
    sums = np.zeros((5, 1))  # k, weight, mean, Q, and the sum of products of two weights
    for i in high:
        sums = _with(sums, y[i], 1.0 / v[i])
    for i in range(low):
        sums = np.concatenate([sums, _with(sums, y[i], 1.0 / v[i])], axis=1)
    first = 1 if start == 0 else 0
    k, weight, mean, q, pairs = sums[:, first : stop - start]
    trace = 2.0 * pairs / weight
    estimate, tau2 = mean, np.where(k > 1, 0.0, np.nan)
    if method == "DL":
        excess = np.maximum(q - (k - 1.0), 0.0)
        tau2 = np.where(k > 1, excess / np.where(k > 1, trace, 1.0), np.nan)
        estimate = _random_mean(start, first, y, v, mean, np.nan_to_num(tau2), low, high)
    fits = batch.Fits(k, tau2, k > 0, estimate, 1.0 / weight, q, q, trace)
    with np.errstate(divide="ignore", invalid="ignore"):
        i2, _ = batch.heterogeneity(fits, method)
    return k.astype(np.int64), estimate, tau2, i2, np.array(q), np.ones(k.shape, dtype=bool)


def _with(sums: Floats, y: float, w: float) -> Floats:
    """Add a study to subsets that do not hold it."""
    k, weight, mean, q, pairs = sums
    total = weight + w
    away = y - mean
    return np.stack([
        k + 1.0,
        total,
        mean + away * (w / total),
        q + away * away * (weight * w / total),
        pairs + weight * w,
    ])  # fmt: skip


def _random_mean(
    start: int,
    first: int,
    y: Floats,
    v: Floats,
    mean: Floats,
    tau2: Floats,
    low: int,
    high: list[int],
) -> Floats:
    """Give the means under random effects, summed as distances from the common-effect means."""
    codes = np.arange(start + first, start + first + len(mean), dtype=np.int64)
    total, away = np.zeros(len(mean)), np.zeros(len(mean))
    for i in [*range(low), *high]:
        w = 1.0 / (v[i] + tau2)
        if i < low:
            w *= codes >> i & 1
        total += w
        away += w * (y[i] - mean)
    return np.asarray(mean + away / total)
