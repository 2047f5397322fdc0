"""The smallest set of studies whose removal overturns a conclusion: all sets by size, then greedy.

Sets are gone through in the order of their size, so the first size that overturns it is the
smallest. Where the sets of the next size are too many, the search goes on greedily: each step takes
out the study whose absence moves the result farthest. What it finds then is an upper bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, islice
from math import comb
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.pooling.fixed_table import TablePool
from peer_evidence.pooling.projection import Floats
from peer_evidence.sensitivity.verdicts import Verdicts, of_members

if TYPE_CHECKING:
    from peer_evidence.pooling.model import MetaAnalysis

_PART = 20_000  # sets laid out at once
_LEFT = 2  # studies that must be left


class Removal(NamedTuple):
    """A set of studies and what is concluded without it; ``places`` is None where none does it.

    ``exact`` tells that no smaller set does it (or, without places, that no set at all does);
    ``sets`` counts the sets of that size that do, None where not all were looked at.
    """

    places: tuple[int, ...] | None
    exact: bool
    sets: int | None
    verdict: tuple[float, float, float]


Push = Callable[[Verdicts], Floats]  # how far each variant is overturned; above 0 it is


def push_sign(estimate: float) -> Push:
    """Measure how far estimates lie on the other side of 0; an estimate of 0 has no sign either."""

    def push(found: Verdicts) -> Floats:
        beyond = -np.sign(estimate) * found.estimate
        return np.where(beyond == 0, np.finfo(float).tiny, beyond)

    return push


def push_significance(significant: bool) -> Push:
    """Measure how far intervals reach over 0, or stay away from it where they reached over it."""

    def push(found: Verdicts) -> Floats:
        apart = np.maximum(found.ci_low, -found.ci_high)  # above 0: excludes it
        if not significant:
            return apart
        return np.where(apart <= 0, np.finfo(float).tiny - apart, -apart)

    return push


def smallest_removal(m: MetaAnalysis | TablePool, push: Push, limit: int) -> Removal:
    """Find the smallest set of studies without which the conclusion is overturned."""
    k = m.k
    spent = 0
    for size in range(1, k - _LEFT + 1):
        spent += comb(k, size)
        if spent > limit:
            return _greedy(m, push)
        best, sets = _search(m, push, size)
        if best is not None:
            found = of_members(m, _without(k, np.array([best])))
            return Removal(best, exact=True, sets=sets, verdict=found.at(0))
    return Removal(None, exact=True, sets=0, verdict=(np.nan,) * 3)


def _search(
    m: MetaAnalysis | TablePool, push: Push, size: int
) -> tuple[tuple[int, ...] | None, int]:
    """Go through all sets of a size: the one that overturns most, and how many do."""
    best, farthest, sets = None, 0.0, 0
    for part in _parts(m.k, size):
        value = np.nan_to_num(push(of_members(m, _without(m.k, part))), nan=-np.inf)
        sets += int((value > 0).sum())
        place = int(np.argmax(value))
        if value[place] > farthest:
            best, farthest = tuple(int(i) for i in part[place]), float(value[place])
    return best, sets


def _parts(k: int, size: int) -> Iterator[NDArray[np.intp]]:
    """Lay out the sets of a size, some at a time."""
    every = combinations(range(k), size)
    while True:
        part = list(islice(every, _PART))
        if not part:
            return
        yield np.array(part, dtype=np.intp)


def _without(k: int, removed: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Give the members that are left, (B, k)."""
    members = np.ones((len(removed), k), dtype=bool)
    members[np.arange(len(removed))[:, None], removed] = False
    return members


def _greedy(m: MetaAnalysis | TablePool, push: Push) -> Removal:
    """Take out one study after another, each time the one that moves the result farthest."""
    gone: list[int] = []
    while m.k - len(gone) > _LEFT:
        left = [i for i in range(m.k) if i not in gone]
        tried = np.array([[*gone, i] for i in left], dtype=np.intp)
        found = of_members(m, _without(m.k, tried))
        value = np.nan_to_num(push(found), nan=-np.inf)
        place = int(np.argmax(value))
        gone.append(left[place])
        if value[place] > 0:
            return Removal(tuple(sorted(gone)), exact=False, sets=None, verdict=found.at(place))
    return Removal(None, exact=False, sets=None, verdict=(np.nan,) * 3)
