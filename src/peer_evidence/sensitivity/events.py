"""The fragility index of a meta-analysis: the fewest changed events that change its significance.

Each step tries one event more and one less in each arm of each study and keeps the change that
moves the interval farthest towards the other verdict (Atal and others 2019, Journal of Clinical
Epidemiology 111:32, doi 10.1016/j.jclinepi.2019.03.012).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.effects import binary
from peer_evidence.pooling.counts import Tables
from peer_evidence.pooling.fixed_table import TablePool
from peer_evidence.pooling.projection import Floats
from peer_evidence.sensitivity.verdicts import Verdicts, of_studies, of_tables

if TYPE_CHECKING:
    from peer_evidence.pooling.model import MetaAnalysis

MOST = 500  # changes after which the search ends
KERNELS: dict[str, Callable[..., tuple[Floats, Floats]]] = {
    "OR": binary.log_odds_ratio,
    "RR": binary.log_risk_ratio,
    "RD": binary.risk_difference,
    "PETO": binary.peto_log_odds_ratio,
    "AS": binary.arcsine_difference,
}


class Changes(NamedTuple):
    """How many events changed, and by how many in each arm: (k,) for either arm.

    ``number`` is None where ``MOST`` changes were not enough.
    """

    number: int | None
    intervention: NDArray[np.int64]
    comparison: NDArray[np.int64]
    verdict: tuple[float, float, float]


def effects_of(tables: Tables, measure: str) -> tuple[Floats, Floats]:
    """Give effects and variances of tables (..., k); 1/2 is added to tables with a zero."""
    return KERNELS[measure](events1=tables.a, n1=tables.n1, events2=tables.c, n2=tables.n2)


def fewest_changes(
    m: MetaAnalysis | TablePool, tables: Tables, measure: str, significant: bool
) -> Changes:
    """Find the fewest changed events that change the significance, greedily."""
    sides = (float(np.sign(m.estimate)) or 1.0,) if significant else (1.0, -1.0)
    found = [_walk(m, tables, measure, side, significant) for side in sides]
    reached = [one for one in found if one.number is not None]
    return min(reached, key=lambda one: one.number or 0) if reached else found[0]


def _walk(
    m: MetaAnalysis | TablePool, tables: Tables, measure: str, side: float, significant: bool
) -> Changes:
    """Change one event after another.

    A significant effect is drawn towards 0 from its ``side``; another is pushed away to ``side``.
    """
    a, c = tables.a.copy(), tables.c.copy()
    for step in range(1, MOST + 1):
        arms, places, ways = _possible(a, c, tables)
        tried_a, tried_c = np.tile(a, (len(arms), 1)), np.tile(c, (len(arms), 1))
        rows = np.arange(len(arms))
        tried_a[rows, places] += np.where(arms == 0, ways, 0.0)
        tried_c[rows, places] += np.where(arms == 1, ways, 0.0)
        found = _pool(m, tables, tried_a, tried_c, measure)
        near = found.ci_low if side > 0 else -found.ci_high  # above 0: significant on that side
        value = np.where(np.isnan(near), -np.inf, -near if significant else near)
        place = int(np.argmax(value))
        a, c = tried_a[place], tried_c[place]
        if bool(found.significant()[place]) != significant:
            return _changes(step, a - tables.a, c - tables.c, found.at(place))
    return _changes(None, a - tables.a, c - tables.c, found.at(place))


def _changes(
    number: int | None, first: Floats, second: Floats, verdict: tuple[float, float, float]
) -> Changes:
    return Changes(number, first.astype(np.int64), second.astype(np.int64), verdict)


def _possible(
    a: Floats, c: Floats, tables: Tables
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Give the changes that are possible: arm (0 or 1), study, and one event more or less."""
    arms, places, ways = [], [], []
    for arm, (events, n) in enumerate(((a, tables.n1), (c, tables.n2))):
        for way, room in ((1.0, events + 1 <= n), (-1.0, events >= 1)):
            where = np.flatnonzero(room)
            arms.append(np.full(len(where), arm))
            places.append(where)
            ways.append(np.full(len(where), way))
    return np.concatenate(arms), np.concatenate(places), np.concatenate(ways)


def _pool(
    m: MetaAnalysis | TablePool, tables: Tables, a: Floats, c: Floats, measure: str
) -> Verdicts:
    if isinstance(m, TablePool):
        pairs = zip(a, c, strict=True)
        return of_tables(m, [Tables(one, tables.n1, two, tables.n2) for one, two in pairs])
    n1, n2 = np.broadcast_to(tables.n1, a.shape), np.broadcast_to(tables.n2, c.shape)
    effects, variances = effects_of(Tables(a, n1, c, n2), measure)
    return of_studies(m, effects, variances)
