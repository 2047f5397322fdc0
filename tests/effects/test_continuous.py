"""Two groups on a scale: J against exact fractions, worked examples, invariances."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer_evidence import effects as es

GROUPS = {"mean1": 103.0, "sd1": 5.5, "n1": 50, "mean2": 100.0, "sd2": 4.5, "n2": 50}
MEASURES = (es.mean_difference, es.hedges_g, es.smd_unequal_variances)

means = st.floats(-1e3, 1e3)
sds = st.floats(0.01, 1e3)
sizes = st.integers(2, 2000)


@st.composite
def groups(draw: st.DrawFn) -> dict[str, float]:
    return {
        "mean1": draw(means),
        "sd1": draw(sds),
        "n1": draw(sizes),
        "mean2": draw(means),
        "sd2": draw(sds),
        "n2": draw(sizes),
    }


def swapped(values: dict[str, float]) -> dict[str, float]:
    return {name[:-1] + "21"[name[-1] == "2"]: value for name, value in values.items()}


def exact_j(df: int) -> float:
    """J from exact factorials: gamma of k and of k - 1/2 are rational but for sqrt pi."""
    k = df // 2
    ratio = Fraction(math.factorial(k - 1) ** 2 * 4 ** (k - 1), math.factorial(2 * k - 2))
    if df % 2 == 0:  # gamma(k) / gamma(k - 1/2)
        return float(ratio) / math.sqrt(math.pi) / math.sqrt(k)
    # gamma(k + 1/2) / gamma(k)
    inverse = Fraction(math.factorial(2 * k), 4**k * math.factorial(k) * math.factorial(k - 1))
    return float(inverse) * math.sqrt(math.pi) / math.sqrt(df / 2)


@pytest.mark.parametrize("df", [2, 3, 4, 9, 48, 97, 101, 102, 103, 150, 501, 1000])
def test_correction_against_exact_fractions(df: int) -> None:
    # on both sides of df = 101, where the series takes over; the log gammas below it are near 150,
    # and their last digit is 3e-14 of J
    assert float(es.hedges_correction(df)) == pytest.approx(exact_j(df), rel=1e-13)


def test_correction_of_very_large_samples_keeps_its_digits() -> None:
    for df in (1e5, 1e7, 1e9):
        # 1 - J = 3/(4 df) + 7/(32 df^2) - ...
        expected = 1 - 3 / (4 * df) - 7 / (32 * df**2)
        assert float(es.hedges_correction(df)) == pytest.approx(expected, rel=1e-15)


def test_correction_has_no_use_below_two_degrees_of_freedom() -> None:
    assert np.isnan(es.hedges_correction([0, 1, np.nan])).all()
    assert es.hedges_correction([1, 50], "none").tolist() == [1, 1]


def test_borenstein_2009_chapter_4() -> None:
    # Borenstein et al. (2009), p. 27-29: means 103 and 100, SDs 5.5 and 4.5, 50 people each:
    # d 0.5970, J 0.9923 (approximate), g 0.5924, V_d 0.0418, V_g 0.0411
    d, v_d = es.hedges_g(**GROUPS, correction="none", vtype="LS2")
    g, v_g = es.hedges_g(**GROUPS, correction="approximate", vtype="LS2")
    assert [round(float(x), 4) for x in (d, v_d, g, v_g)] == [0.5970, 0.0418, 0.5924, 0.0411]


def test_variances_by_hand() -> None:
    # equal groups of 10, d = 1: m = 18
    values = {"mean1": 1.0, "sd1": 1.0, "n1": 10, "mean2": 0.0, "sd2": 1.0, "n2": 10}
    j = exact_j(18)
    expected = {
        "LS": 0.2 + j**2 / 40,
        "LS2": j**2 * (0.2 + 1 / 40),
        "UB": 0.2 + (1 - 16 / (18 * j**2)) * j**2,
        "RevMan": 0.2 + j**2 / (2 * 16.06),
        "AV": 0.2 + j**2 / 40,
    }
    for vtype, by_hand in expected.items():
        effect, variance = es.hedges_g(**values, vtype=vtype)
        assert float(effect) == pytest.approx(j, rel=1e-13)
        assert float(variance) == pytest.approx(by_hand, rel=1e-12)


def test_average_variance_leaves_out_missing_studies() -> None:
    values = {key: np.array([value] * 3, float) for key, value in GROUPS.items()}
    values["mean1"] = np.array([103.0, np.nan, 101.0])
    _, variance = es.hedges_g(**values, vtype="AV")
    present = {key: x[[0, 2]] for key, x in values.items()}
    np.testing.assert_array_equal(variance[[0, 2]], es.hedges_g(**present, vtype="AV")[1])
    assert np.isnan(variance[1])


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)
@given(values=groups())
def test_swapping_the_groups_turns_the_sign(measure, values: dict[str, float]) -> None:
    effect, variance = measure(**values)
    other, same = measure(**swapped(values))
    np.testing.assert_allclose(other, -effect, rtol=1e-12)
    np.testing.assert_allclose(same, variance, rtol=1e-12)


@given(
    values=groups(),
    scale=st.floats(0.01, 100),
    shift=st.floats(-1e3, 1e3),
)
def test_standardised_effects_do_not_see_the_unit(values, scale: float, shift: float) -> None:
    other = {
        name: value if name[0] == "n" else value * scale + (shift if name[0] == "m" else 0)
        for name, value in values.items()
    }
    for measure in (es.hedges_g, es.smd_unequal_variances, es.glass_delta, es.point_biserial):
        effect, variance = measure(**values)
        effect2, variance2 = measure(**other)
        # the shift costs digits of the difference of means: 1e3 of 1e5 against an SD of 1e-4
        room = 1e-10 * (
            1 + (abs(shift) + 1e3 * scale) / (scale * min(values["sd1"], values["sd2"]))
        )
        np.testing.assert_allclose(effect2, effect, rtol=1e-9, atol=room)
        np.testing.assert_allclose(variance2, variance, rtol=1e-6, atol=room * (1 + abs(effect)))


@given(values=groups(), scale=st.floats(0.01, 100))
def test_a_raw_difference_scales_with_the_unit(values: dict[str, float], scale: float) -> None:
    other = {name: value if name[0] == "n" else value * scale for name, value in values.items()}
    effect, variance = es.mean_difference(**values)
    effect2, variance2 = es.mean_difference(**other)
    np.testing.assert_allclose(effect2, effect * scale, rtol=1e-9, atol=1e-9 * scale)
    np.testing.assert_allclose(variance2, variance * scale**2, rtol=1e-12)


@given(values=groups(), scale=st.floats(0.01, 100))
def test_ratios_do_not_see_the_unit(values: dict[str, float], scale: float) -> None:
    values = {**values, "mean1": abs(values["mean1"]) + 1, "mean2": abs(values["mean2"]) + 1}
    other = {name: value if name[0] == "n" else value * scale for name, value in values.items()}
    for measure in (es.log_ratio_of_means, es.log_cv_ratio):
        np.testing.assert_allclose(measure(**other), measure(**values), rtol=1e-9, atol=1e-12)


def test_pooled_variance_needs_equal_spread_to_equal_the_other() -> None:
    same = {**GROUPS, "sd2": 5.5}
    assert es.mean_difference(**same)[1] == pytest.approx(
        float(es.mean_difference(**same, vtype="HO")[1]), rel=1e-13
    )
    assert es.pooled_sd(sd1=5.5, n1=50, sd2=5.5, n2=9) == pytest.approx(5.5, rel=1e-13)


def test_too_few_people() -> None:
    assert np.isnan(es.hedges_g(**{**GROUPS, "n1": 1, "n2": 2})).all()
    assert np.isfinite(es.hedges_g(**{**GROUPS, "n1": 2, "n2": 2})).all()
    assert np.isnan(es.hedges_g(**{**GROUPS, "n1": 0})).all()
    assert np.isnan(es.log_variability_ratio(sd1=1, n1=1, sd2=1, n2=9)).all()


@pytest.mark.parametrize(("m1", "m2"), [(1, -1), (0, 1), (1, 0)])
def test_a_ratio_of_means_needs_one_sign(m1: float, m2: float) -> None:
    assert np.isnan(es.log_ratio_of_means(**{**GROUPS, "mean1": m1, "mean2": m2})).all()
    assert np.isnan(es.log_cv_ratio(**{**GROUPS, "mean1": m1, "mean2": m2})).all()


def test_both_means_below_zero_have_a_ratio_but_no_coefficient_of_variation() -> None:
    below = {**GROUPS, "mean1": -103.0, "mean2": -100.0}
    assert es.log_ratio_of_means(**below)[0] == pytest.approx(math.log(1.03), rel=1e-13)
    assert np.isnan(es.log_cv_ratio(**below)).all()
