"""Counting votes: arrays of codes in, arrays of counts out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int64]


def cast_votes(
    group: Codes, unit: Codes, value: Codes, rank: npt.ArrayLike
) -> tuple[Codes, Codes, Codes]:
    """Give each unit one vote in each group it has results in.

    Parameters
    ----------
    group, unit, value : array of int
        The codes of each result.
    rank : array of int
        The rank of each value: among the values of a unit in a group only those of the highest
        rank count.

    Returns
    -------
    group, unit, vote : array of int
        One entry a pair of group and unit, sorted; the vote of a unit whose values of the
        highest rank disagree is ``len(rank)``.

    Examples
    --------
    Unit 0 agrees with itself, unit 1 does not:

    >>> group, unit, vote = cast_votes(
    ...     np.array([0, 0, 0, 0]), np.array([0, 0, 1, 1]), np.array([1, 1, 0, 1]), [0, 0]
    ... )
    >>> vote.tolist()
    [1, 2]
    """
    ranks = np.asarray(rank, dtype=np.int64)
    pairs, row = np.unique(np.stack([group, unit]), axis=1, return_inverse=True)
    present = np.zeros((pairs.shape[1], len(ranks)), dtype=bool)
    present[row.ravel(), value] = True
    best = np.where(present, ranks, -1).max(axis=1, initial=-1)
    kept = present & (ranks == best[:, None])
    vote = np.where(kept.sum(axis=1) > 1, len(ranks), kept.argmax(axis=1))
    return pairs[0], pairs[1], vote.astype(np.int64)


def cross_count(row: Codes, column: Codes, rows: int, columns: int) -> Codes:
    """Count how often each pair of codes occurs, as a table.

    Examples
    --------
    >>> cross_count(np.array([0, 0, 1]), np.array([1, 1, 0]), 2, 2).tolist()
    [[0, 2], [1, 0]]
    """
    return np.bincount(row * columns + column, minlength=rows * columns).reshape(rows, columns)
