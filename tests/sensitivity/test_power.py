"""Power of a meta-analysis: R's values, simulation, curves, whole messages."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import InputError

THEIRS = json.loads(
    (Path(__file__).parents[1] / "reference" / "misc_formulas.json").read_text(encoding="utf-8")
)["power"]
PLANS = {
    "d0.2_k10_n25_fixed": {},
    "d0.2_k10_n25_low_1.33": {"heterogeneity": "small"},
    "d0.2_k10_n25_moderate_1.67": {"heterogeneity": "moderate"},
    "d0.2_k10_n25_high_2": {"heterogeneity": "large"},
    "d0.2_k10_n25_tau2_0.05": {"tau2": 0.05},
}


def test_no_plan_of_the_reference_is_left_out():
    assert set(PLANS) == {name for name, value in THEIRS.items() if isinstance(value, dict)}


@pytest.mark.parametrize("name", PLANS)
def test_power_against_r(name):
    found = pe.power(0.2, n1=25, n2=25, k=10, **PLANS[name])
    want = THEIRS[name]
    # closed forms; two normal tails agree to 12 digits
    assert found.variance == pytest.approx(want["v"], rel=1e-13)
    assert found.se == pytest.approx(want["se"], rel=1e-13)
    assert found.ratio == pytest.approx(want["lambda"], rel=1e-13)
    assert found.power == pytest.approx(want["power"], rel=1e-12)


def test_harrer_doing_meta_analysis_in_r_chapter_14():
    printed = [
        pe.power(0.2, n1=25, n2=25, k=10, heterogeneity=one).power for one in ("none", "moderate")
    ]
    assert [round(one, 4) for one in printed] == [0.6066, 0.4076]


def test_power_is_the_share_of_significant_pools():
    rng = np.random.default_rng(5)
    y = rng.normal(0.25, np.sqrt(0.05 + 0.02), (20_000, 8))
    z = y.mean(axis=1) / np.sqrt(0.07 / 8)  # tau2 known, as the formula has it
    plan = pe.power(0.25, variance=0.05, tau2=0.02, k=8)
    assert abs((np.abs(z) > 1.959964).mean() - plan.power) < 0.01  # 3 standard errors of 20,000
    one_sided = pe.power(0.25, variance=0.05, tau2=0.02, k=8, sides=1)
    assert abs((z > 1.644854).mean() - one_sided.power) < 0.01


def test_an_effect_of_nothing_is_found_at_the_error_rate():
    assert pe.power(0.0, variance=0.1, k=5, level=0.9).power == pytest.approx(0.1, rel=1e-12)


def test_curve_and_wanted_studies_agree():
    plan = pe.power(-0.2, n1=25, n2=25, k=10)
    table = plan.curve(k=range(1, 60), effects=[-0.2, -0.1])
    assert list(table.columns) == ["effect", "k", "se", "power"]
    own = table[table["effect"] == -0.2].set_index("k")["power"]
    assert own[10] == plan.power
    assert own.is_monotonic_increasing
    for wanted in (0.1, 0.5, 0.8, 0.9):
        assert plan.studies_for(wanted) == own.index[own >= wanted][0]
    assert len(plan.curve()) == 49
    assert str(plan) == (
        "Power 60.7% to find an effect of −0.20 with 10 studies of variance 0.0804 and tau2 0 "
        "(two-sided test at 5%); standard error of the mean 0.090."
    )


def test_power_of_an_analysis_takes_its_own_numbers():
    data = pd.DataFrame({"effect": [0.1, 0.5, 0.3, 0.9], "variance": [0.02, 0.05, 0.03, 0.04]})
    m = pe.meta_analysis(data, method="FE")
    found = pe.power(0.3, m=m)
    assert found.se == pytest.approx(m.se, rel=1e-12)
    assert found.k == 4
    random = pe.power(0.3, m=pe.meta_analysis(data))
    assert random.tau2 == pe.meta_analysis(data).tau2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"variance": 0.1},
            "k: found None, allowed is a whole number of at least 1",
        ),
        (
            {"variance": 0.1, "n1": 5, "n2": 5, "k": 3},
            "variance: give either variance, or n1 and n2 of a typical study",
        ),
        (
            {"variance": 0.1, "k": 3, "tau2": 0.1, "heterogeneity": "large"},
            "heterogeneity: found with tau2, allowed is one of them",
        ),
        ({"variance": -1, "k": 3}, "variance: found -1, allowed is a number above 0"),
        ({"n1": 5, "k": 3}, "n2: found None, allowed is a finite number"),
        ({"variance": 0.1, "k": 3, "sides": 3}, "sides: found 3, allowed are 1 and 2"),
        (
            {"m": "m"},
            "m: found str, allowed is the result of peer_evidence.meta_analysis",
        ),
    ],
)
def test_errors_say_what_to_do(arguments, message):
    with pytest.raises(InputError) as found:
        pe.power(0.2, **arguments)
    assert str(found.value) == message


def test_no_k_gives_power_to_no_effect():
    with pytest.raises(InputError) as found:
        pe.power(0.0, variance=0.1, k=5).studies_for()
    assert str(found.value) == "power: the effect is 0, its power is the error rate at any k"
