"""Rows in clusters: padded batches of blocks, so that cost grows with the number of clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peer_evidence.pooling.projection import Floats

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SMALL = 50_000  # so many padded numbers cost less than another batch does
_LARGE = 60_000  # so many stay near the processor; more are shared out


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Clusters of like size: ``rows`` (c, n) of the table, ``real`` False where padded."""

    clusters: Ints
    rows: Ints
    real: Bools

    def take(self, values: Floats) -> Floats:
        """Lay an array (k, ...) out by cluster (c, n, ...), 0 where padded."""
        found = values[self.rows]
        found[~self.real] = 0.0
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The clusters of a table.

    Attributes
    ----------
    codes : array (k,)
        Cluster of each row, counted from 0 in the order of their first row.
    batches : tuple of Batch
        All clusters, in batches of like size.
    batch, slot, position : array (k,)
        Where each row stands: its batch, its cluster within the batch, its place there.
    """

    codes: Ints
    batches: tuple[Batch, ...]
    batch: Ints
    slot: Ints
    position: Ints

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return int(self.codes.max()) + 1

    def spread(self, values: list[Floats]) -> Floats:
        """Bring values by cluster (c, n, ...) back to the order of the rows (k, ...)."""
        found = np.empty((len(self.codes), *values[0].shape[2:]))
        for batch, own in zip(self.batches, values, strict=True):
            found[batch.rows[batch.real]] = own[batch.real]
        return found


def codes_of(values: list[str]) -> tuple[Ints, tuple[str, ...]]:
    """Give names numbers from 0 in the order in which they appear first."""
    names = {name: place for place, name in enumerate(dict.fromkeys(values))}
    return np.array([names[value] for value in values], dtype=np.int64), tuple(names)


def lay_out(codes: Ints) -> Layout:
    """Put the rows of each cluster together.

    Examples
    --------
    >>> layout = lay_out(np.array([0, 1, 0, 2]))
    >>> layout.batches[0].rows[0].tolist(), layout.count
    ([0, 2], 3)
    """
    sizes = np.bincount(codes)
    order = np.argsort(codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    position = np.empty(len(codes), dtype=np.int64)
    position[order] = np.arange(len(codes)) - np.repeat(starts, sizes)
    batch, slot = np.empty_like(codes), np.empty_like(codes)
    batches = []
    for number, members in enumerate(_alike(sizes)):
        most = int(sizes[members].max())
        real = np.arange(most) < sizes[members, None]
        rows = np.zeros(real.shape, dtype=np.int64)
        place = (starts[members, None] + np.arange(most))[real]
        rows[real] = order[place]
        batches.append(Batch(members, rows, real))
        inside = np.repeat(np.arange(len(members)), sizes[members])
        batch[rows[real]], slot[rows[real]] = number, inside
    return Layout(codes, tuple(batches), batch, slot, position)


def _alike(sizes: Ints) -> list[Ints]:
    """Share clusters out among batches, each at least half as large as the largest of its own."""
    left = np.argsort(-sizes, kind="stable")
    found = []
    while left.size:
        most = int(sizes[left[0]])
        if left.size * most**2 <= _SMALL:
            found.append(np.sort(left))
            break
        own = sizes[left] > most // 2
        parts = np.ceil(own.sum() * most**2 / _LARGE)
        found += np.array_split(np.sort(left[own]), min(int(parts), int(own.sum())))
        left = left[~own]
    return found
