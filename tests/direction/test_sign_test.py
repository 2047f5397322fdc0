"""The sign test against published examples, scipy and statsmodels."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

import peer_evidence as pe
from peer_evidence.direction.sign_test import exact_p, wilson

COUNTS = st.integers(0, 400)


def test_handbook_12_4_2_3_ten_of_twelve() -> None:
    found = pe.sign_test(favours=10, against=2)
    assert found.proportion == pytest.approx(10 / 12, rel=1e-15)
    assert found.p_value == pytest.approx(0.038574, abs=5e-7)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.5520, 0.9530), abs=5e-5)


@pytest.mark.parametrize(("favours", "against", "p"), [(9, 0, 0.0039), (5, 1, 0.2188)])
def test_boon_and_thomson_2021(favours: int, against: int, p: float) -> None:
    assert round(pe.sign_test(favours, against).p_value, 4) == p


@given(COUNTS, COUNTS)
def test_p_equals_scipy_binomtest(favours: int, against: int) -> None:
    if favours + against:
        expected = binomtest(favours, favours + against, 0.5).pvalue
        assert pe.sign_test(favours, against).p_value == pytest.approx(expected, rel=1e-10)


@given(COUNTS, COUNTS, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_interval_equals_statsmodels_wilson(favours: int, against: int, level: float) -> None:
    if favours + against:
        expected = proportion_confint(favours, favours + against, 1 - level, method="wilson")
        found = pe.sign_test(favours, against, level=level)
        assert (found.ci_low, found.ci_high) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(COUNTS, COUNTS, COUNTS)
def test_second_reading_is_the_test_with_all_counted_against(
    favours: int, against: int, none: int
) -> None:
    found = pe.sign_test(favours, against, no_sign=none)
    other = pe.sign_test(favours, against + none)
    assert found.strict_n == favours + against + none
    assert found.strict_p_value == other.p_value
    assert (found.strict_ci_low, found.strict_ci_high) == (other.ci_low, other.ci_high)
    if favours + against:
        assert found.strict_proportion <= found.proportion


@given(COUNTS, COUNTS)
def test_sides_mirror_each_other(favours: int, against: int) -> None:
    one, other = pe.sign_test(favours, against), pe.sign_test(against, favours)
    assert one.p_value == other.p_value
    assert one.ci_low == pytest.approx(1 - other.ci_high, abs=1e-12)


def test_no_study_with_a_sign_has_p_1_and_the_whole_interval() -> None:
    found = pe.sign_test(0, 0, no_sign=2)
    assert math.isnan(found.proportion)
    assert (found.ci_low, found.ci_high, found.p_value) == (0.0, 1.0, 1.0)
    assert found.strict_proportion == 0.0
    assert found.summary() == (
        "No study has a sign, so there is nothing to test\n"
        "2 studies have no sign or their signs disagree; counted against, 0 of 2: 0% (0% to 66%), "
        "p 0.500"
    )


def test_ends_are_exact() -> None:
    assert pe.sign_test(5, 0).ci_high == 1.0
    assert pe.sign_test(0, 5).ci_low == 0.0


def test_kernels_take_whole_arrays() -> None:
    favours, against = np.arange(12).reshape(3, 4), np.full((3, 4), 3)
    low, high = wilson(favours, against)
    assert exact_p(favours, against).shape == low.shape == high.shape == (3, 4)
    assert exact_p(favours, against)[2, 3] == pe.sign_test(11, 3).p_value


def test_summary_without_any_unsigned_is_one_line() -> None:
    assert pe.sign_test(9, 3).summary() == (
        "9 of 12 studies with a sign favour the intervention: 75% (47% to 91%), p 0.146"
    )


def test_summary_shows_both_lines() -> None:
    assert pe.sign_test(1, 0, no_sign=1, intervention="tutoring").summary() == (
        "1 of 1 study with a sign favours tutoring: 100% (21% to 100%), p 1.000\n"
        "1 study has no sign or its signs disagree; counted against, 1 of 2: 50% (9% to 91%), "
        "p 1.000"
    )


def test_frame_holds_both_readings() -> None:
    frame = pe.sign_test(10, 2, no_sign=3).to_frame().set_index("unsigned")
    assert frame.loc["shown", ["favours", "against", "no_sign"]].tolist() == [10, 2, 3]
    assert frame.loc["against", ["favours", "against", "no_sign"]].tolist() == [10, 5, 3]
    assert frame.loc["against", "p_value"] == pytest.approx(binomtest(10, 15).pvalue)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"favours": -1, "against": 2},
            "favours: found -1, allowed is a whole number of at least 0",
        ),
        (
            {"favours": 1, "against": 2.5},
            "against: found 2.5, allowed is a whole number of at least 0",
        ),
        (
            {"favours": 1, "against": 2, "no_sign": True},
            "no_sign: found True, allowed is a whole number of at least 0",
        ),
        (
            {"favours": 1, "against": 2, "level": 95},
            "level: found 95, allowed is a number between 0 and 1, such as 0.95 for 95 per cent",
        ),
    ],
)
def test_messages(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(pe.InputError) as caught:
        pe.sign_test(**arguments)
    assert str(caught.value) == message


def test_kernels_load_without_pandas_or_scipy_stats() -> None:
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from peer_evidence.direction import sign_test, votes\n"
        "print(sign_test.sign_test(9, 0).p_value, 'scipy.stats' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0.00390625 False"
