"""Five numbers: worked examples of the papers, scenarios, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from peer_evidence import effects as es
from peer_evidence.errors import InputError


def test_luo_shi_wan_with_twenty_people() -> None:
    # the values of metafor's conv.fivenum for n = 20
    first = es.mean_sd_from_quantiles(n=20, minimum=2, median=6, maximum=14)
    second = es.mean_sd_from_quantiles(n=20, q1=4, median=6, q3=10)
    five = {"n": 20, "minimum": 2, "q1": 4, "median": 6, "q3": 10, "maximum": 14}
    third = es.mean_sd_from_quantiles(**five)
    assert [round(float(x), 6) for x in first] == [6.594468, 3.211576]
    assert [round(float(x), 6) for x in second] == [6.7195, 4.787076]
    assert [round(float(x), 6) for x in third] == [6.938841, 3.679435]
    assert round(float(es.mean_sd_from_quantiles(**five, sd_method="wan").sd), 6) == 3.999326


def test_the_spread_of_a_small_sample_is_not_its_iqr_over_135() -> None:
    small = es.mean_sd_from_quantiles(n=10, q1=4, median=6, q3=10).sd
    large = es.mean_sd_from_quantiles(n=10**7, q1=4, median=6, q3=10).sd
    limit = 6 / (2 * stats.norm.ppf(0.75))
    assert large == pytest.approx(limit, rel=1e-6)
    assert small > 1.1 * limit


@given(
    scale=st.floats(0.1, 100),
    shift=st.floats(-100, 100),
    n=st.integers(5, 5000),
)
def test_unit_and_origin(scale: float, shift: float, n: int) -> None:
    five = {"minimum": 2.0, "q1": 4.0, "median": 6.0, "q3": 10.0, "maximum": 14.0}
    other = {name: value * scale + shift for name, value in five.items()}
    mean, sd = es.mean_sd_from_quantiles(n=n, **five)
    mean2, sd2 = es.mean_sd_from_quantiles(n=n, **other)
    np.testing.assert_allclose(mean2, mean * scale + shift, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sd2, sd * scale, rtol=1e-9)
    screen, screen2 = es.skewness_screen(n=n, **five), es.skewness_screen(n=n, **other)
    np.testing.assert_allclose(screen2.statistic, screen.statistic, rtol=1e-6, atol=1e-9)


@given(median=st.floats(-100, 100), half=st.floats(0.1, 100), n=st.integers(5, 5000))
def test_symmetric_numbers_have_their_median_as_mean(median: float, half: float, n: int) -> None:
    five = {"minimum": median - 2 * half, "q1": median - half, "median": median}
    five |= {"q3": median + half, "maximum": median + 2 * half}
    for method in ("luo", "wan"):
        mean, _ = es.mean_sd_from_quantiles(n=n, **five, mean_method=method)
        assert mean == pytest.approx(median, rel=1e-9, abs=1e-9)
    assert not es.skewness_screen(n=n, **five).skewed or n < 14  # the limit is below 0 there


def test_a_half_printed_range_is_no_range() -> None:
    result = es.mean_sd_from_quantiles(n=20, minimum=2, median=6)
    assert np.isnan(result).all()
    screen = es.skewness_screen(n=20, q1=4, median=6)
    assert np.isnan(screen.statistic)
    assert screen.skewed.tolist() is False


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (
            {"q1": 7, "median": 6, "q3": 10},
            "q1: found 7 with median 6, allowed is at most median",
        ),
        (
            {"minimum": 2, "median": 6, "maximum": 5},
            "median: found 6 with maximum 5, allowed is at most maximum",
        ),
        ({"median": np.inf}, "median: found inf, allowed is a finite number"),
    ],
)
def test_numbers_out_of_order_are_refused(numbers: dict[str, float], message: str) -> None:
    for call in (es.mean_sd_from_quantiles, es.skewness_screen):
        with pytest.raises(InputError) as caught:
            call(n=20, **numbers)
        assert str(caught.value) == message
