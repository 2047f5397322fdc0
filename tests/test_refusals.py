"""What is refused at the door, with the whole message: the wrong kind of thing, a mistyped word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import peer_evidence as pe

DATA = pd.DataFrame({"effect": [0.1, 0.2, 0.3, 0.5], "variance": [0.01, 0.02, 0.01, 0.03]})
DATA = DATA.assign(group=list("aabb"), x=[1.0, 2.0, 3.0, 5.0])
COUNTS = pd.DataFrame(
    {
        "events_intervention": [1, 2],
        "n_intervention": [10, 20],
        "events_comparison": [2, 3],
        "n_comparison": [10, 20],
    }
)
OPTIONS = "effect, variance, method, ci, moderators, weights, level, label"
CASES: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: pe.influence(pe.mantel_haenszel(COUNTS)),
        "m: found TablePool, allowed is the result of peer_evidence.meta_analysis (pool the "
        "effects of effect_sizes; Mantel-Haenszel and Peto have none a study)",
    ),
    (
        lambda: pe.leave_one_out(DATA),
        "m: found DataFrame, allowed is the result of peer_evidence.meta_analysis, "
        "mantel_haenszel or peto",
    ),
    (
        lambda: pe.cumulative(DATA),
        "m: found DataFrame, allowed is the result of peer_evidence.meta_analysis",
    ),
    (
        lambda: pe.permutation_test(pe.meta_analysis(DATA), iterations=0),
        "iterations: found 0, allowed is a whole number of at least 1",
    ),
    (
        lambda: pe.permutation_test(pe.meta_analysis(DATA), exact="yes"),
        "exact: found 'yes', allowed are True, False and None",
    ),
    (
        lambda: pe.figures.labbe(pe.meta_analysis(DATA)),
        "data: found MetaAnalysis, allowed is a pandas DataFrame",
    ),
    (
        lambda: pe.pool_many([[1, 2], [1]], [[1, 2], [1]]),
        "effects, variances: found rows of different lengths or cells that are no numbers, "
        "allowed are two arrays (analyses, studies); an absent study is NaN",
    ),
    (
        lambda: pe.subgroups(DATA, by="group", methods="DL"),
        f"methods: no such argument; allowed are {OPTIONS}; did you mean 'method'?",
    ),
    (
        lambda: pe.pools(pe.load(), model=1),
        f"model: no such argument; allowed are {OPTIONS}",
    ),
    (
        lambda: pe.figures.evidence_map(None),
        "ev: found NoneType, allowed is the records that peer_evidence.load() gives",
    ),
    (
        lambda: pe.figures.continuum(DATA),
        "ev: found DataFrame, allowed is the records that peer_evidence.load() gives",
    ),
    (
        lambda: pe.check_claims(DATA),
        "ev: found DataFrame, allowed is the records that peer_evidence.load() gives",
    ),
    (
        lambda: pe.meta_analysis(DATA.assign(measure=["OR", "SMD", "OR", "OR"])),
        "data: column 'measure' holds the effect measures OR, SMD, which are on different scales "
        "and cannot be pooled; keep the rows of one measure",
    ),
    (lambda: pe.load(3), "path: found int, allowed is the name of a folder"),
    (
        lambda: pe.meta_analysis(DATA, method="reml"),
        "method: found 'reml', allowed are 'FE', 'DL', 'HE', 'HS', 'SJ', 'ML', 'REML', 'EB', "
        "'PM'; did you mean 'REML'?",
    ),
    (
        lambda: pe.meta_analysis(DATA, moderators="~ 1"),
        "moderators: the formula '~ 1' names no moderator; leave the argument out",
    ),
    (
        lambda: pe.meta_analysis(DATA, moderators="~ x^2"),
        "moderators: the formula '~ x^2' holds '^'; write I(x ** 2) for a power of x",
    ),
    (
        lambda: pe.meta_analysis(DATA, moderators="x + group"),
        "moderators: no column 'x + group'; a formula begins with '~': write '~ x + group', "
        "or give a list of columns",
    ),
    (
        lambda: pe.meta_analysis(DATA, moderators="~ zz"),
        "moderators: the formula '~ zz' failed: Unable to evaluate factor `zz`. "
        "[NameError: `zz` is not present in the dataset or evaluation context.]",
    ),
]


@pytest.mark.parametrize(("call", "message"), CASES)
@pytest.mark.filterwarnings("ignore::peer_evidence.errors.PeerEvidenceWarning")
def test_the_message(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(pe.InputError) as caught:
        call()
    assert str(caught.value) == message
