"""How sure the pools are: what would overturn each, what its choices do, what could be tested."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from peer_evidence.bias.rank import begg
from peer_evidence.bias.regression import egger, peters
from peer_evidence.bias.trim_and_fill import trim_and_fill
from peer_evidence.errors import InputError, PeerEvidenceWarning
from peer_evidence.pooling.dependence import dependence
from peer_evidence.pooling.pools import Key
from peer_evidence.sensitivity.fragility import fragility
from peer_evidence.sensitivity.multiverse import multiverse

if TYPE_CHECKING:
    from peer_evidence.pooling.dependence import Dependence
    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.pools import Pools
    from peer_evidence.sensitivity.multiverse import Multiverse
    from peer_evidence.sensitivity.overturned import Fragility

ENOUGH_TO_TEST = 10  # studies from which a test of small-study effects means anything
ENOUGH_TO_SPLIT = 5  # studies from which all subsets show more than leaving one out
CHOICES = {"method": ["REML", "DL", "PM", "SJ"], "ci": ["wald", "hksj-adhoc"]}


@dataclass(frozen=True, slots=True)
class Sureness:
    """What was asked of each pool.

    Attributes
    ----------
    fragile : dict of key to Fragility
        What would overturn each pool.
    choices : dict of key to Multiverse
        Each pool under every combination of estimator and interval.
    tests : dict of key to tuple of str
        What the tests of small-study effects say, for the pools of ten studies or more.
    dependent : dict of str to Dependence
        By domain, where studies give several results: the pool under each assumption on them.
    """

    fragile: dict[Key, Fragility]
    choices: dict[Key, Multiverse]
    tests: dict[Key, tuple[str, ...]]
    dependent: dict[str, Dependence]


def ask(pools: Pools) -> Sureness:
    """Ask of every pool how sure it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PeerEvidenceWarning)  # the section says it of each
        return Sureness(
            {key: _fragility(pools, key) for key in pools.keys},
            {key: multiverse(pools.studies(key), choices=CHOICES) for key in pools.keys},
            {key: _tests(pools[key]) for key in pools.keys if pools[key].k >= ENOUGH_TO_TEST},
            _dependent(pools),
        )


def _fragility(pools: Pools, key: Key) -> Fragility:
    return fragility(pools[key], data=pools.studies(key), measure=pools.measure)


def _tests(m: MetaAnalysis) -> tuple[str, ...]:
    """Test for small-study effects in the way that suits the measure."""
    first: Callable[..., Any] = egger
    options: dict[str, Any] = {}
    if m.studies.tables is not None and m.studies.measure == "OR":
        first = peters
    elif m.studies.measure == "SMD" and m.studies.sizes is not None:
        options = {"predictor": "inverse_sqrt_n"}
    told = []
    for test, given in ((first, options), (begg, {}), (trim_and_fill, {})):
        try:
            told.append(test(m, **given).headline())
        except InputError as error:
            told.append(f"Not tested: {error}")
    return tuple(told)


def _dependent(pools: Pools) -> dict[str, Dependence]:
    """Pool the domains of which a study gives several results, under each assumption."""
    rows = pools.rows[pools.rows["effect"].notna() & (pools.rows["variance"] > 0)]
    found = {}
    for domain, part in rows.groupby("domain", observed=True):
        studies = part["study_id"].nunique()
        if 2 < studies < len(part):
            try:
                found[str(domain)] = dependence(part, cluster="study_id")
            except InputError:  # such as studies of one design matrix only: nothing to show
                continue
    return found
