"""GOSH: R's subsets, subsets refitted one by one, samples, the study that splits, the figure."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import peer_evidence as pe
from peer_evidence.errors import InputError
from peer_evidence.pooling import fast
from peer_evidence.sensitivity import subsets

REFERENCE = Path(__file__).parents[1] / "reference"


def made(k, seed=1, tau2=0.05):
    rng = np.random.default_rng(seed)
    v = np.clip(0.25 * rng.chisquare(1, k), 0.009, 0.6)
    y = 0.5 + rng.normal(size=k) * np.sqrt(v + tau2)
    return pd.DataFrame({"label": [f"s{i}" for i in range(k)], "effect": y, "variance": v})


def theirs(name):
    block = json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))
    measure = "RR" if name == "dat.bcg" else "SMD"
    rows = pd.DataFrame(
        {
            "effect": block["escalc"][measure]["yi"],
            "variance": block["escalc"][measure]["vi"],
            "measure": measure,
        }
    )
    return rows, block["analysis"][measure]["gosh"]


@pytest.mark.parametrize("name", ["dat.bcg", "dat.normand1999"])
@pytest.mark.parametrize("method", ["FE", "DL"])
def test_all_subsets_against_metafor(name, method):
    rows, found = theirs(name)
    g = pe.gosh(pe.meta_analysis(rows, method=method))
    tree = found[method]
    assert len(g) == tree["n_subsets"] == g.possible
    for column, ours in (("estimate", g.estimate), ("QE", g.q), ("I2", g.i2)):
        ours = np.where(g.k == 1, 0.0, ours) if column == "I2" else ours  # R invents I2 = 0 there
        want = tree[column]
        # closed forms: what is left is the rounding of Q / df near I2 = 0
        np.testing.assert_allclose(
            np.quantile(ours, want["quantile_probs"]), want["quantiles"], rtol=1e-10, atol=1e-11
        )
    if "subsets_incl" in tree:
        codes = [sum(2 ** (i - 1) for i in np.atleast_1d(one)) for one in tree["subsets_incl"]]
        place = np.searchsorted(g.subset, codes)
        np.testing.assert_allclose(g.estimate[place], tree["subsets_estimate"], rtol=1e-11)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(3, 7),
    st.integers(0, 10**6),
    st.sampled_from(["FE", "DL", "REML", "PM", "HE", "SJ"]),
    st.sampled_from([0.0, 1e6]),
)
def test_each_subset_equals_its_own_analysis(k, seed, method, shift):
    data = made(k, seed)
    data["effect"] += shift
    g = pe.gosh(pe.meta_analysis(data.iloc[:k], method="FE"), method=method)
    assert g.subset.tolist() == list(range(1, 2**k))
    members = subsets.unpack(g.members, k)
    many = pe.pool_many(
        np.where(members, data["effect"], np.nan), np.where(members, data["variance"], np.nan), "FE"
    )
    place = int(np.random.default_rng(seed).integers(len(g)))
    rows = data[members[place]]
    if len(rows) > 2:
        own = pe.meta_analysis(rows, method=method)
        # a shift of a million costs the digits that the effects themselves lose
        near = {"rel": 1e-9, "abs": 1e-12 if shift == 0 else 1e-7}
        assert g.estimate[place] == pytest.approx(own.estimate, **near)
        assert g.tau2[place] == pytest.approx(own.tau2, rel=1e-6, abs=near["abs"])
        assert g.i2[place] == pytest.approx(own.i2, rel=1e-6, abs=100 * near["abs"])
    np.testing.assert_array_equal(g.k, members.sum(axis=1))
    np.testing.assert_allclose(g.q, many.q, rtol=1e-7, atol=1e-9)
    assert np.isnan(g.tau2[g.k == 1]).all()


@pytest.mark.parametrize("method", ["FE", "DL"])
def test_doubling_over_several_blocks_equals_the_batch_kernel(method):
    data = made(17, 5)
    g = pe.gosh(pe.meta_analysis(data), method=method)
    rows = np.r_[0:50, 32760:32780, 65530:65540, 131000:131071]
    members = subsets.unpack(g.members[rows], 17)
    with pytest.warns(pe.PeerEvidenceWarning) if method == "DL" else np.errstate():
        many = pe.pool_many(
            np.where(members, data["effect"], np.nan),
            np.where(members, data["variance"], np.nan),
            method,
        )
    for name in ("estimate", "i2", "q"):
        # two orders of summation of at most 17 numbers
        np.testing.assert_allclose(
            getattr(g, name)[rows], getattr(many, name), rtol=1e-11, atol=1e-11
        )


def magnesium():
    """Give the 16 magnesium trials (Egger and others 2001), variances from 0.002 to 2."""
    block = json.loads((REFERENCE / "dat.egger2001.json").read_text(encoding="utf-8"))
    found = block["escalc"]["OR"]
    return pd.DataFrame({"effect": found["yi"], "variance": found["vi"]})


@pytest.mark.parametrize("data", [made(16, 3), magnesium()], ids=["simulated", "magnesium"])
@pytest.mark.parametrize("method", ["REML", "ML", "PM"])
def test_no_subset_of_sixteen_studies_fails(data, method):
    g = pe.gosh(pe.meta_analysis(data), method=method)
    assert len(g) == 65535
    assert g.failed == 0
    assert np.isfinite(g.estimate).all()
    assert np.isfinite(g.tau2[g.k > 1]).all()
    assert (g.tau2[g.k > 1] >= 0).all()


@pytest.mark.skipif(not fast.COMPILED, reason="needs the extra fast")
@pytest.mark.parametrize("method", ["REML", "PM", "DL"])
def test_the_compiled_kernel_agrees(method):
    m = pe.meta_analysis(made(11, 4))
    one, two = (pe.gosh(m, method=method, engine=engine) for engine in ("numpy", "numba"))
    for name in ("estimate", "tau2", "i2", "q"):
        # documented: sums in another order
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-11, atol=1e-12)
    some = pe.gosh(m, method=method, engine="numba", subsets=50)
    np.testing.assert_allclose(one.estimate[some.subset - 1], some.estimate, rtol=1e-11)


@pytest.mark.parametrize(("k", "size"), [(10, 300), (40, 500), (70, 200)])
def test_a_sample_is_distinct_repeatable_and_part_of_all_subsets(k, size):
    m = pe.meta_analysis(made(k), method="DL")
    g = pe.gosh(m, subsets=size, seed=7)
    again = pe.gosh(m, subsets=size, seed=7)
    assert len(g) == size == len(set(g.subset.tolist()))
    assert g.members.tobytes() == again.members.tobytes()
    assert g.estimate.tobytes() == again.estimate.tobytes()
    assert g.subset.tolist() != pe.gosh(m, subsets=size, seed=8).subset.tolist()
    assert (g.k >= 1).all()
    if k == 10:
        whole = pe.gosh(m)
        np.testing.assert_allclose(whole.estimate[g.subset - 1], g.estimate, rtol=1e-12)
        # each subset is as likely as any other, so each study is in half of them
        assert abs(subsets.unpack(g.members, k).mean() - 0.5) < 0.05


def test_more_than_twenty_studies_are_sampled():
    m = pe.meta_analysis(made(25), method="DL")
    assert len(pe.gosh(m)) == 100_000
    assert "100,000 of 33,554,431 subsets, drawn with seed 0, of 25 studies" in str(pe.gosh(m))
    assert pe.gosh(pe.meta_analysis(made(4)), subsets=99).seed is None


def test_by_study_equals_medians_and_ks_by_hand():
    data = made(9, 6)
    data.loc[4, "effect"] = 3.0
    g = pe.gosh(pe.meta_analysis(data, method="DL"))
    table = g.by_study()
    for name in data["label"]:
        inside = g.contains(name)
        row = table.loc[name]
        assert row["median_with"] == np.median(g.estimate[inside])
        assert row["median_without"] == np.median(g.estimate[~inside])
        assert row["i2_with"] == np.nanmedian(g.i2[inside])
        test = stats.ks_2samp(g.estimate[inside], g.estimate[~inside])
        assert row["separation"] == pytest.approx(test.statistic, abs=1e-12)
    assert g.splitting_study() == "s4"
    assert len(g.with_study("s4")) == 256
    assert len(g.without("s4")) == 255
    assert "s4 splits them most: median " in str(g)
    assert g.without("s4").by_study().loc["s4"].isna().all()


def test_equal_effects_are_split_by_nothing():
    data = pd.DataFrame({"effect": [0.2] * 4, "variance": [0.1, 0.2, 0.1, 0.3]})
    g = pe.gosh(pe.meta_analysis(data, method="DL"))
    assert (g.tau2[g.k > 1] == 0).all()
    assert g.to_frame()["q"].max() < 1e-25
    assert "15 of 15 lie above 0" in str(g)


def test_the_kernels_need_no_pandas_and_no_joblib():
    code = """
import sys
for name in ("pandas", "matplotlib", "statsmodels", "joblib", "rich", "numba"):
    sys.modules[name] = None
import numpy as np
from peer_evidence.sensitivity import blocks, choices, events, new_trial, removal, subsets
y, v = np.array([0.1, 0.3, 0.7]), np.array([0.01, 0.02, 0.03])
work = blocks.Work(checkpoint=None)
for method in ("DL", "REML"):
    (part,) = blocks.run_blocks(subsets.fit_block, [(0, 8)], (y, v, method, "numpy"), work, "x")
    print(round(float(part[2][-1]), 6))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    data = pd.DataFrame({"effect": [0.1, 0.3, 0.7], "variance": [0.01, 0.02, 0.03]})
    own = [round(pe.meta_analysis(data, method=one).tau2, 6) for one in ("DL", "REML")]
    assert [float(one) for one in done.stdout.split()] == own


def test_studies_of_one_label_are_told_apart_by_their_place():
    data = made(5, 6)
    data["label"] = ["A", "A", "B", "C", "D"]
    data.loc[1, "effect"] = 4.0
    g = pe.gosh(pe.meta_analysis(data))
    assert g.splitting_place() == 1
    assert g.contains(1).sum() == 16
    assert "A splits them most: median " in str(g)
    assert "with A" in [one.get_text() for one in pe.figures.gosh(g).texts]
    with pytest.raises(InputError) as found:
        g.contains("A")
    assert str(found.value) == (
        "study: 2 studies have the label 'A'; give one by its place, 0 or 1"
    )


BROKEN = [
    (lambda m: pe.gosh(m).contains(9), "study: found place 9, allowed are 0 to 4"),
    (lambda m: pe.gosh("m"), "m: found str, allowed is the result of peer_evidence.meta_analysis"),
    (
        lambda m: pe.gosh(pe.meta_analysis(made(25)), subsets="all"),
        "subsets: 25 studies have 33,554,431 subsets, all are gone through to 20 studies; give the "
        "number of subsets to draw, such as 100000",
    ),
    (
        lambda m: pe.gosh(m, subsets=0),
        "subsets: found 0, allowed is 'all' or a whole number of at least 1",
    ),
    (
        lambda m: pe.gosh(m, n_jobs=0),
        "n_jobs: found 0, allowed is a whole number of workers, -1 for one a core, or None for one "
        "worker or those of joblib.parallel_config",
    ),
    (lambda m: pe.gosh(m, method="MLE"), "method: found 'MLE', allowed are 'FE', 'DL', 'HE', "),
    (
        lambda m: pe.gosh(pe.meta_analysis(made(5), weights=[1.0] * 5)),
        "m: found user weights, subsets are pooled by inverse variance only",
    ),
    (
        lambda m: pe.gosh(m).contains("s33"),
        "study: no study has the label 's33'; did you mean 's3'?",
    ),
]


@pytest.mark.parametrize(("call", "message"), BROKEN)
def test_errors_say_what_to_do(call, message):
    with pytest.raises(InputError) as found:
        call(pe.meta_analysis(made(5)))
    assert str(found.value).startswith(message)
