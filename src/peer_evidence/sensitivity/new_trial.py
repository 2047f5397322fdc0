"""The smallest new trial without any effect that would change the significance of a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from peer_evidence.sensitivity.verdicts import of_studies

if TYPE_CHECKING:
    from peer_evidence.pooling.model import MetaAnalysis

_TRIALS = 400  # variances tried at once
_REACH = 1e6  # the most informative trial holds so many times the information of all studies
_PASSES = 4


class NullTrial(NamedTuple):
    """Variance of the trial, and its information as a multiple of all studies'; NaN if none."""

    variance: float
    information: float
    verdict: tuple[float, float, float]


def smallest_null_trial(m: MetaAnalysis, significant: bool) -> NullTrial:
    """Find the largest variance of a trial with effect 0 that changes the significance.

    tau2 is estimated anew with the trial. Variances are tried on a grid from a millionth to a
    million times that of the common-effect mean, and the grid is refined around the largest one
    that changes the verdict.
    """
    y, v = m.studies.effects, m.studies.variances
    all_of_them = float((1.0 / v).sum())
    high, low = np.log(_REACH / all_of_them), np.log(1.0 / (_REACH * all_of_them))
    best: tuple[float, tuple[float, float, float]] | None = None
    for _ in range(_PASSES):
        tried = np.exp(np.linspace(high, low, _TRIALS))
        effects = np.broadcast_to(np.append(y, 0.0), (_TRIALS, len(y) + 1))
        variances = np.column_stack([np.broadcast_to(v, (_TRIALS, len(v))), tried])
        found = of_studies(m, effects, variances)
        changes = np.flatnonzero(found.significant() != significant)
        if not changes.size:
            break
        place = int(changes[0])
        best = float(tried[place]), found.at(place)
        if place == 0:
            break
        high, low = np.log(tried[place - 1]), np.log(tried[place])
    if best is None:
        return NullTrial(np.nan, np.nan, (np.nan,) * 3)
    return NullTrial(best[0], 1.0 / (best[0] * all_of_them), best[1])
