"""E-values: R's EValue package, the paper's own example, what cannot be."""

import json
from pathlib import Path

import numpy as np
import pytest

from peer_evidence import effects as es
from peer_evidence.errors import InputError

THEIRS = json.loads(
    (Path(__file__).parents[1] / "reference" / "misc_formulas.json").read_text(encoding="utf-8")
)["evalue"]
RATIOS = {"RR_3.9_1.8_8.7": (3.9, 1.8, 8.7), "RR_0.80_0.71_0.91": (0.80, 0.71, 0.91),
          "RR_10.73_8.02_14.36": (10.73, 8.02, 14.36)}  # fmt: skip


@pytest.mark.parametrize("name", RATIOS)
def test_risk_ratios_against_r(name):
    estimate, low, high = RATIOS[name]
    found = es.e_value(estimate=estimate, ci_low=low, ci_high=high)
    # one square root in double precision
    assert found.estimate.item() == pytest.approx(THEIRS[name]["point"], rel=1e-13)
    assert found.interval.item() == pytest.approx(THEIRS[name]["ci"], rel=1e-13)


def test_converted_measures_against_r():
    odds = es.e_value(estimate=3.9, measure="OR")
    assert odds.estimate.item() == pytest.approx(THEIRS["OR_common_3.9"], rel=1e-13)
    assert es.e_value(estimate=3.9, measure="OR", rare=True).estimate.item() == pytest.approx(
        THEIRS["RR_3.9_1.8_8.7"]["point"], rel=1e-13
    )
    hazard = es.e_value(estimate=1.5, measure="HR")
    assert hazard.estimate.item() == pytest.approx(THEIRS["HR_common_1.5"], rel=1e-13)
    smd = es.e_value(estimate=0.42, se=0.14, measure="SMD")
    assert smd.estimate.item() == pytest.approx(THEIRS["SMD_0.42_se_0.14"]["point"], rel=1e-13)
    assert smd.interval.item() == pytest.approx(THEIRS["SMD_0.42_se_0.14"]["ci"], rel=1e-13)


def test_vanderweele_and_ding_2017_maternal_smoking_page_270():
    found = es.e_value(estimate=3.9, ci_low=1.8, ci_high=8.7)
    assert (round(found.estimate.item(), 2), round(found.interval.item(), 1)) == (7.26, 3.0)


def test_an_interval_with_no_effect_in_it_is_explained_by_nothing():
    found = es.e_value(estimate=[1.4, 0.7, 1.0], ci_low=[0.9, 0.4, 0.5], ci_high=[2.0, 1.2, 2.0])
    assert found.interval.tolist() == [1.0, 1.0, 1.0]
    assert found.estimate[2] == 1.0
    assert np.isnan(es.e_value(estimate=2.0).interval)
    small = es.e_value(estimate=0.1, se=0.2, measure="SMD")
    assert small.interval.item() == 1.0


def test_a_ratio_and_its_inverse_need_the_same_confounder():
    one = es.e_value(estimate=2.5, ci_low=1.3, ci_high=4.0)
    other = es.e_value(estimate=1 / 2.5, ci_low=1 / 4.0, ci_high=1 / 1.3)
    assert one.estimate == pytest.approx(other.estimate, rel=1e-14)
    assert one.interval == pytest.approx(other.interval, rel=1e-14)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"estimate": 0}, "estimate: found 0, allowed is a finite number above 0"),
        (
            {"estimate": 2, "measure": "MD"},
            "measure: found 'MD', allowed are 'RR', 'OR', 'HR', 'SMD'; did you mean 'SMD'?",
        ),
        (
            {"estimate": 2, "ci_low": 3, "ci_high": 1},
            "ci_low, ci_high: found a low end above the high one",
        ),
    ],
)
def test_errors_say_what_to_do(arguments, message):
    with pytest.raises(InputError) as found:
        es.e_value(**arguments)
    assert str(found.value) == message
