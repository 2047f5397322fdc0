"""The multiverse: every specification pooled by hand, duplicates once, the test by draws."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import DataWarning, InputError
from peer_evidence.pooling import fast
from peer_evidence.sensitivity import subsets

pytestmark = pytest.mark.filterwarnings("ignore::peer_evidence.errors.PeerEvidenceWarning")


def made(n=14, seed=3, mean=0.25):
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.01, 0.2, n)
    return pd.DataFrame(
        {
            "label": [f"s{i}" for i in range(n)],
            "effect": mean + rng.normal(size=n) * np.sqrt(v + 0.03),
            "variance": v,
            "design": rng.choice(["trial", "cohort"], n),
            "outcome": rng.choice(["a", "b", None], n),
            "year": rng.integers(1990, 2025, n).astype(float),
        }
    )


CHOICES = {
    "design": ["all", "trial", ["trial", "cohort"]],
    "outcome": ["all", "a", "b"],
    "year": ["all", (2000, None), (None, 2010), (1995, 2015)],
    "method": ["FE", "DL", "REML"],
    "ci": ["wald", "hksj"],
}
FILTERS = {
    "design": {"all": lambda d: d == d, "trial": lambda d: d == "trial",
               "trial or cohort": lambda d: d.isin(["trial", "cohort"])},
    "outcome": {"all": lambda d: d.isna() | d.notna(), "a": lambda d: d == "a",
                "b": lambda d: d == "b"},
    "year": {"all": lambda d: d == d, "from 2000": lambda d: d >= 2000,
             "to 2010": lambda d: d <= 2010, "1995 to 2015": lambda d: d.between(1995, 2015)},
}  # fmt: skip


def by_hand(data):
    """Pool every combination, each set of rows once a method and interval."""
    found, few, twice = {}, 0, 0
    for names in product(*(FILTERS[one] for one in FILTERS)):
        rows = np.ones(len(data), dtype=bool)
        for column, name in zip(FILTERS, names, strict=True):
            rows &= FILTERS[column][name](data[column]).to_numpy(dtype=bool)
        for method, ci in product(CHOICES["method"], CHOICES["ci"]):
            key = (tuple(np.flatnonzero(rows)), method, ci)
            if rows.sum() < 2:
                few += 1
            elif key in found:
                twice += 1
            else:
                found[key] = (names, pe.meta_analysis(data[rows], method=method, ci=ci))
    return found, few, twice


def test_every_specification_equals_its_own_analysis():
    data = made()
    mv = pe.multiverse(data, CHOICES)
    found, few, twice = by_hand(data)
    assert (len(mv), mv.too_few, mv.duplicates) == (len(found), few, twice)
    assert mv.combinations == 3 * 3 * 4 * 3 * 2 == len(mv) + few + twice
    assert mv.ways.sum() + few == mv.combinations
    members = subsets.unpack(mv.members, len(data))
    table = mv.to_frame()
    for place in range(len(mv)):
        row = table.iloc[place]
        names, own = found[tuple(np.flatnonzero(members[place])), row["method"], row["ci"]]
        assert tuple(row[list(FILTERS)]) == names
        for name in ("estimate", "se", "ci_low", "ci_high", "p_value", "tau2", "i2"):
            # two ways through the same kernel: the order of the sums
            assert row[name] == pytest.approx(getattr(own, name), rel=1e-9, abs=1e-12), name
        assert row["k"] == own.k
    assert table["estimate"].is_monotonic_increasing


def test_summary_and_comparison_by_choice():
    mv = pe.multiverse(made(), CHOICES)
    lines = str(mv).splitlines()
    assert lines[0].startswith(f"{len(mv)} specifications: median ")
    assert lines[2] == (
        f"Of 216 combinations of options {mv.duplicates} pool the same rows in the same way as "
        f"another and {mv.too_few} hold fewer than 2 studies."
    )
    table = mv.by_factor()
    assert table.loc["method", "specifications"].sum() == len(mv)
    frame = mv.to_frame()
    own = frame.loc[frame["method"] == "DL", "estimate"]
    assert table.loc[("method", "DL"), "median"] == np.median(own)
    beyond = (frame["ci_low"] > 0) | (frame["ci_high"] < 0)
    assert table.loc[("ci", "hksj"), "share_excluding"] == beyond[frame["ci"] == "hksj"].mean()
    # the same rows by another way are counted once, under the option named first
    assert table.loc[("design", "trial or cohort"), "specifications"] == 0
    assert np.isnan(table.loc[("design", "trial or cohort"), "median"])


def test_a_study_must_not_enter_twice_when_it_is_named():
    data = made()
    data["study_id"] = ["A", "A", *[f"S{i}" for i in range(12)]]
    free = pe.multiverse(data, {"outcome": ["all", "a", "b"], "method": ["DL"]}, study=None)
    held = pe.multiverse(data, {"outcome": ["all", "a", "b"], "method": ["DL"]})
    named = pe.multiverse(data, {"outcome": ["all", "a", "b"], "method": ["DL"]}, study="study_id")
    assert str(held) == str(named)
    with pytest.raises(pe.InputError) as caught:
        pe.multiverse(data, {"outcome": ["all"], "method": ["DL", "FE"]})
    assert str(caught.value) == (
        "choices: none of 2 combinations holds 2 studies without holding a study twice; let the "
        "choices leave one result of each study, or give study=None to take the results as "
        "independent"
    )
    members = subsets.unpack(free.members, 14)
    twice = members[:, 0] & members[:, 1]
    assert twice.any()
    assert held.repeated == twice.sum()
    assert len(held) == len(free) - twice.sum()
    assert " hold a study twice and are left out." in str(held)


def test_rows_without_an_effect_never_enter():
    data = made()
    data["effect_note"] = ""
    data.loc[3, ["effect", "variance"]] = np.nan
    data.loc[3, "effect_note"] = "no SD"
    mv = pe.multiverse(data, {"design": ["all", "trial"], "method": ["FE"]})
    assert "s3" not in mv.labels
    assert mv.k.max() == 13


def test_options_may_have_names():
    mv = pe.multiverse(
        made(), {"year": {"any time": "all", "recent": (2005, None)}, "method": ["FE"]}
    )
    assert mv.factors[0] == ("year", ("any time", "recent"))
    assert mv.factors[2] == ("ci", ("wald",))


def test_the_test_draws_what_it_says():
    mv = pe.multiverse(made(), {"design": ["all", "trial", "cohort"], "method": ["FE", "REML"]})
    found = mv.test(iterations=400, seed=5)
    assert found.null_median.shape == (400,)
    beyond = (np.abs(found.null_median) >= abs(found.median)).sum()
    assert found.median_p_value == (1 + beyond) / 401
    assert found.share_p_value == (1 + (found.null_share >= found.share_excluding).sum()) / 401
    # without an effect intervals of FE exclude 0 in 5% of draws, those of REML in no more
    assert 0.02 < found.null_share.mean() < 0.06
    assert (found.curve_low <= found.curve_high).all()
    again = mv.test(iterations=400, seed=5)
    assert again.null_median.tobytes() == found.null_median.tobytes()
    assert mv.test(iterations=400, seed=6).null_median.tobytes() != found.null_median.tobytes()
    wider = mv.test(iterations=400, seed=5, tau2=0.1)
    assert np.ptp(wider.null_median) > np.ptp(found.null_median)
    assert "Against 400 draws of studies without an effect (tau2 0, seed 5): median " in str(found)


def test_a_null_without_tau2_is_warned_of_where_the_studies_differ():
    data = pd.DataFrame({"effect": [-0.9, -0.1, 0.2, 0.8, 1.3], "variance": [0.02] * 5})
    mv = pe.multiverse(data, {"method": ["FE", "DL"]})
    with pytest.warns(DataWarning) as caught:
        found = mv.test(iterations=20)
    assert [str(one.message) for one in caught] == [
        "tau2: the null has tau2 = 0, but the 5 results differ by more than chance (Q = 142.60 on "
        "4 df, tau2 0.693 by DL), so that it is too narrow and p too small; give tau2="
    ]
    assert "(tau2 0, seed 0)" in str(found)
    assert "(tau2 0.683, seed 0)" in str(mv.test(iterations=20, tau2=0.683))  # and no warning
    assert "2 specifications" in str(mv)
    assert "; 5 studies each." in str(mv)


def test_p_values_are_uniform_without_an_effect():
    values = []
    for seed in range(60):
        data = made(10, seed)
        rng = np.random.default_rng(1000 + seed)
        data["effect"] = rng.normal(size=10) * np.sqrt(data["variance"])
        mv = pe.multiverse(data, {"design": ["all", "trial"], "method": ["FE", "DL"]})
        values.append(mv.test(iterations=99, seed=seed).median_p_value)
    # 60 uniform values: mean 0.5, its standard error 0.037
    assert abs(np.mean(values) - 0.5) < 0.12
    assert min(values) >= 0.01


@pytest.mark.skipif(not fast.COMPILED, reason="needs the extra fast")
def test_the_compiled_kernel_agrees():
    one, two = (pe.multiverse(made(), CHOICES, engine=e) for e in ("numpy", "numba"))
    np.testing.assert_allclose(one.estimate, two.estimate, rtol=1e-11)  # sums in another order


BROKEN = [
    (
        {"dezign": ["all"]},
        "choices: 'dezign' is neither 'method' nor 'ci' nor a column of data (did you mean "
        "'design'?); it has label, effect, variance, design, outcome, year",
    ),
    (
        {"design": ["trail"]},
        "choices['design']: no row has 'trail'; the column has cohort, trial; did you mean "
        "'trial'?",
    ),
    (
        {"design": ("trial", "cohort"), "year": [("a", "b")]},
        "choices['year']: found ('a', 'b'); a tuple is a range (low, high) of a column of numbers, "
        "both ends included, None for no end; give several values as a list",
    ),
    (
        {"method": ["DL", "reml"]},
        "choices['method']: found 'reml', allowed are 'FE', 'DL', 'HE', 'HS', 'SJ', 'ML', 'REML', "
        "'EB', 'PM'; did you mean 'REML'?",
    ),
    (
        {"moderators": ["year"]},
        "choices: 'moderators' cannot vary; of meta_analysis allowed are 'method' and 'ci'",
    ),
    (
        {"design": "all"},
        "choices['design']: found 'all', allowed is a list of options, or a mapping from their "
        "names to them",
    ),
    ({"design": []}, "choices['design']: found no option, allowed is at least one"),
    (
        {},
        "choices: found {}, allowed is a mapping such as {'method': ['DL', 'REML'], 'design': "
        "['all', 'randomised_trial']}",
    ),
    (
        {"year": [(3000, None)]},
        "choices: none of 1 combinations holds 2 studies",
    ),
]


@pytest.mark.parametrize(("choices", "message"), BROKEN)
def test_errors_say_what_to_do(choices, message):
    with pytest.raises(InputError) as found:
        pe.multiverse(made(), choices)
    assert str(found.value) == message
