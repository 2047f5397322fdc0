"""Which way several results of one study point together: arrays of counts in, codes out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from peer_evidence.direction.votes import Codes

Floats = npt.NDArray[np.float64]


def agreed_direction(
    known: npt.ArrayLike, agreement: float = 0.7, unknown: npt.ArrayLike = 0
) -> tuple[Codes, Floats]:
    """Give the direction on which the results of each cell agree.

    Parameters
    ----------
    known : array of int, shape (cells, values)
        How many results of each cell have each known direction.
    agreement : float
        The least share of one direction that makes it the direction of the cell, above 0.5.
    unknown : array of int, shape (cells,), optional
        Results of unknown direction that count in the denominator of the share; 0 leaves them out.

    Returns
    -------
    code : array of int, shape (cells,)
        The column of ``known`` that is agreed on; ``values`` where none is; ``values + 1`` where
        no result has a known direction.
    share : array of float, shape (cells,)
        The share of the most frequent direction; NaN where none is known.

    Examples
    --------
    Seven of ten agree, two of three do not:

    >>> code, share = agreed_direction([[7, 3], [2, 1], [0, 0]])
    >>> code.tolist(), share.round(2).tolist()
    ([0, 2, 3], [0.7, 0.67, nan])
    """
    counts = np.asarray(known, dtype=np.int64)
    told = counts.sum(axis=1)
    total = told + np.broadcast_to(np.asarray(unknown, dtype=np.int64), told.shape)
    most = counts.max(axis=1, initial=0)
    share = np.full(told.shape, np.nan)
    np.divide(most, total, out=share, where=told > 0)
    agreed = np.where(share >= agreement, counts.argmax(axis=1), counts.shape[1])
    return np.where(told > 0, agreed, counts.shape[1] + 1).astype(np.int64), share


def size_class(people: npt.ArrayLike) -> Codes:
    """Give the class of an intervention group by its size: 0 unknown, 1 below 50, 2, 3 above 300.

    Examples
    --------
    >>> size_class([float("nan"), 49, 50, 300, 301]).tolist()
    [0, 1, 2, 2, 3]
    """
    size = np.asarray(people, dtype=np.float64)
    classes = 1 + (size >= 50).astype(np.int64) + (size > 300)
    return np.where(np.isnan(size), 0, classes).astype(np.int64)
