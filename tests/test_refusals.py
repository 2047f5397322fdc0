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
M = pe.meta_analysis(DATA)
SEVERAL = pd.DataFrame(
    {
        "study": list("aabbccddeeff"),
        "kind": list("xy") * 6,
        "row": range(12),
        "effect": [0.1, 0.3, 0.5, 0.4, 0.8, 0.9, 0.2, 0.1, 0.6, 0.3, 0.5, 0.7],
        "variance": [0.02, 0.03, 0.02, 0.04, 0.03, 0.02] * 2,
    }
)
BOTH = {"outcome": "kind", "study": "study", "structure": "DIAG"}
LEVELS = ["study", "row"]
COLUMN = "allowed is the name of a column"
STEPS = "allowed are ascending p values between 0 and 1, such as (0.025,) or (0.025, 0.5)"
WEIGHTS = "allowed is a mapping from names of coefficients to weights, such as {'x': 1, 'y': -1}"
SHARE = "allowed is a number between 0 and 1"
LEAST = "allowed is a whole number of at least 1"
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
    (lambda: pe.selection_model(M, "beta"), "steps: found 'beta'; did you mean kind='beta'?"),
    (lambda: pe.selection_model(M, "x"), f"steps: found 'x', {STEPS}"),
    (lambda: pe.selection_model(M, [0.5, "x"]), f"steps: found [0.5, 'x'], {STEPS}"),
    (
        lambda: pe.selection_model(M, weights="a"),
        "weights: found 'a', allowed are 2 numbers above 0, one for each interval of p that the "
        "steps make",
    ),
    (
        lambda: pe.selection_model(M, kind="beta", steps=[0.05]),
        "steps: found with kind='beta', they belong to kind='step'; leave one of them out",
    ),
    (
        lambda: pe.rve(SEVERAL, cluster=SEVERAL["study"]),
        f"cluster: found Series, {COLUMN}; did you mean cluster='study'?",
    ),
    (
        lambda: pe.dependence(SEVERAL, cluster=SEVERAL["study"]),
        f"cluster: found Series, {COLUMN}; did you mean cluster='study'?",
    ),
    (
        lambda: pe.covariance(SEVERAL, cluster=SEVERAL["study"], rho=0.5),
        f"cluster: found Series, {COLUMN}; did you mean cluster='study'?",
    ),
    (
        lambda: pe.multivariate(SEVERAL, outcome=SEVERAL["kind"], study="study"),
        f"outcome: found Series, {COLUMN}; did you mean outcome='kind'?",
    ),
    (
        lambda: pe.meta_analysis(DATA, effect=DATA["x"]),
        f"effect: found Series, {COLUMN}; did you mean effect='x'?",
    ),
    (
        lambda: pe.egger(M, predictor="n", n="x"),
        "n: found 'x', allowed is one number for each of the 4 studies of the analysis, such as "
        "data['n']",
    ),
    (
        lambda: pe.multivariate(SEVERAL, **BOTH).contrast("x"),
        f"weights: found 'x', {WEIGHTS}",
    ),
    (
        lambda: pe.multivariate(SEVERAL, **BOTH).contrast([1, -1]),
        f"weights: found [1, -1], {WEIGHTS}",
    ),
    (
        lambda: pe.multivariate(SEVERAL, **BOTH).contrast({"x": "1"}),
        "weights['x']: found '1', allowed is a number",
    ),
    (
        lambda: pe.multivariate(SEVERAL, **BOTH).contrast({"x": 0}),
        "weights: found no weight but 0, allowed is at least one other",
    ),
    (lambda: pe.multilevel(SEVERAL, levels=5), f"levels: found 5, {COLUMN}, or a list of them"),
    (
        lambda: pe.multilevel(SEVERAL, levels=None),
        f"levels: found None, {COLUMN}, or a list of them",
    ),
    (
        lambda: pe.multilevel(SEVERAL, levels=[1, 2]),
        "levels: found 1 in it, allowed are names of columns",
    ),
    (
        lambda: pe.multilevel(SEVERAL, levels=[SEVERAL["study"], "row"]),
        "levels: found Series in it, allowed are names of columns",
    ),
    (lambda: pe.multilevel(SEVERAL, 3, levels="study"), f"effect: found 3, {COLUMN}"),
    (
        lambda: pe.multilevel(SEVERAL, levels=LEVELS, moderators=3),
        f"moderators: found 3, {COLUMN}, or a list of them",
    ),
    (
        lambda: pe.robust(pe.multilevel(SEVERAL, levels=LEVELS), cluster=5),
        "cluster: found 5, allowed is the cluster of each of the 12 effects, such as data['study']",
    ),
    (
        lambda: pe.multilevel(SEVERAL, levels=LEVELS, covariance="x"),
        "covariance: found 'x', allowed is what covariance() gives or a matrix of 12 by 12, one "
        "row for each row of data",
    ),
    (
        lambda: pe.gosh(M, checkpoint=5),
        "checkpoint: found 5, allowed is the name of a file, or None",
    ),
    (
        lambda: pe.multiverse(DATA, {"method": ["DL"]}, checkpoint=3),
        "checkpoint: found 3, allowed is the name of a file, or None",
    ),
    (lambda: pe.excess_significance(M, alpha="x"), f"alpha: found 'x', {SHARE}"),
    (
        lambda: pe.excess_significance(M, tau2="x"),
        "tau2: found 'x', allowed is a number of at least 0",
    ),
    (lambda: pe.fail_safe_n(M, alpha="x"), f"alpha: found 'x', {SHARE}"),
    (
        lambda: pe.fail_safe_n(M, "orwin", target="a"),
        "target: found 'a', allowed is a number",
    ),
    (
        lambda: pe.power(0.2, variance=0.1, k=5).curve(effects="a"),
        "effects: found 'a', allowed is a finite number",
    ),
    (lambda: pe.power(0.2, variance=0.1, k=5).curve(k=[0]), f"k: found 0, {LEAST}"),
    (lambda: pe.power(0.2, variance=0.1, k=2.5), f"k: found 2.5, {LEAST}"),
    (lambda: pe.power(0.2, variance=0.1, k=0), f"k: found 0, {LEAST}"),
    (lambda: pe.fragility(M, limit=0), f"limit: found 0, {LEAST}"),
    (
        lambda: pe.gosh(M, subsets=-3),
        "subsets: found -3, allowed is 'all' or a whole number of at least 1",
    ),
    (
        lambda: pe.rve(SEVERAL, cluster="study", small_sample="no"),
        "small_sample: found 'no', allowed are True and False",
    ),
    (
        lambda: pe.p_curve(DATA),
        "values: found DataFrame, allowed is a meta-analysis or a list of p values",
    ),
    (
        lambda: pe.p_curve("a"),
        "values: found 'a', allowed is a meta-analysis or a list of p values",
    ),
    (
        lambda: pe.p_curve(None),
        "values: found None, allowed is a meta-analysis or a list of p values",
    ),
]


@pytest.mark.parametrize(("call", "message"), CASES)
@pytest.mark.filterwarnings("ignore::peer_evidence.errors.PeerEvidenceWarning")
def test_the_message(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(pe.InputError) as caught:
        call()
    assert str(caught.value) == message
