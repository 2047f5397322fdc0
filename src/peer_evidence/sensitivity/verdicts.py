"""What variants of an analysis conclude: estimates and intervals of many at once."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.errors import InputError
from peer_evidence.pooling import batch
from peer_evidence.pooling.counts import Tables
from peer_evidence.pooling.fixed_table import TablePool, pool_tables
from peer_evidence.pooling.projection import Floats

if TYPE_CHECKING:
    from peer_evidence.pooling.model import MetaAnalysis


class Verdicts(NamedTuple):
    """Estimate and interval of B variants, (B,) each; NaN where a variant has no result."""

    estimate: Floats
    ci_low: Floats
    ci_high: Floats

    def significant(self) -> NDArray[np.bool_]:
        """Tell whose interval excludes 0."""
        return (self.ci_low > 0) | (self.ci_high < 0)

    def at(self, place: int) -> tuple[float, float, float]:
        """Give the numbers of one variant."""
        return float(self.estimate[place]), float(self.ci_low[place]), float(self.ci_high[place])


def of_studies(m: MetaAnalysis, effects: Floats, variances: Floats) -> Verdicts:
    """Pool variants of effects and variances (B, k) the way an analysis was pooled."""
    fits = batch.fit_many(effects, variances, m.method)
    done = batch.finish(fits, m.method, m.ci, m.level)
    return Verdicts(done.estimate, done.ci_low, done.ci_high)


def of_tables(m: TablePool, variants: list[Tables]) -> Verdicts:
    """Pool variants of tables of counts the way they were pooled."""
    found = np.full((3, len(variants)), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place, tables in enumerate(variants):
            try:
                one = pool_tables(tables, ("",) * len(tables.a), m.measure, m.method, True, m.level)
            except InputError:  # tables that leave the ratio undefined
                continue
            found[:, place] = one.estimate, one.ci_low, one.ci_high
    return Verdicts(*found)


def of_members(m: MetaAnalysis | TablePool, members: NDArray[np.bool_]) -> Verdicts:
    """Pool subsets of the studies, (B, k)."""
    if isinstance(m, TablePool):
        return of_tables(m, [Tables(*(column[row] for column in m.tables)) for row in members])
    y, v = m.studies.effects, m.studies.variances
    return of_studies(m, np.where(members, y, np.nan), np.where(members, v, np.nan))
