"""Standard deviations, combined groups, clusters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer_evidence import effects as es


def test_handbook_cluster() -> None:
    # Cochrane Handbook 23.1.5: mean cluster size rounded to 29.8, ICC 0.02
    effect = es.design_effect(cluster_size=29.8, icc=0.02)
    assert round(float(effect), 3) == 1.576
    assert es.effective_count(count=[295, 330], design_effect=effect).round(1).tolist() == [
        187.2,
        209.4,
    ]
    assert es.effective_count(count=[63, 84], design_effect=effect).round(1).tolist() == [40, 53.3]


def test_dividing_counts_and_multiplying_the_error_are_the_same_for_an_odds_ratio() -> None:
    de = es.design_effect(cluster_size=29.8, icc=0.02)
    raw = {"events1": 63, "n1": 295, "events2": 84, "n2": 330}
    effect, variance = es.log_odds_ratio(**raw)
    small = {name: es.effective_count(count=value, design_effect=de) for name, value in raw.items()}
    effect2, variance2 = es.log_odds_ratio(**small)
    assert effect2 == pytest.approx(float(effect), rel=1e-13)
    inflated = es.inflated_se(standard_error=np.sqrt(variance), design_effect=de)
    assert np.sqrt(variance2) == pytest.approx(float(inflated), rel=1e-13)


@given(sd=st.floats(0.01, 1e4), n=st.integers(2, 10**6))
def test_standard_error_there_and_back(sd: float, n: int) -> None:
    back = es.sd_from_se(standard_error=es.se_from_sd(sd=sd, n=n), n=n)
    assert back == pytest.approx(sd, rel=1e-14)


def test_handbook_sd_from_an_interval() -> None:
    # Cochrane Handbook 6.5.2.2: 95% interval 30.0 to 34.2 with 25 people. t with 24 df is
    # 2.0639, and the printed divisor 4.128 gives 5.09; the normal law's 3.92 gives 5.36
    sd = es.sd_from_interval(low=30.0, high=34.2, n=25)
    assert sd == pytest.approx(5 * 4.2 / 4.128, rel=1e-4)
    assert round(float(es.sd_from_interval(low=30.0, high=34.2, n=25, law="normal")), 2) == 5.36
    assert np.isnan(es.sd_from_interval(low=30.0, high=34.2, n=1))


@given(
    data=st.lists(st.floats(-100, 100), min_size=4, max_size=30),
    cut=st.integers(2, 28),
)
def test_combined_groups_are_the_sample_of_all(data: list[float], cut: int) -> None:
    cut = min(cut, len(data) - 2)
    one, two = np.array(data[:cut]), np.array(data[cut:])
    if min(one.std(), two.std()) < 1e-3:
        return
    both = es.combine_groups(
        mean1=one.mean(),
        sd1=one.std(ddof=1),
        n1=len(one),
        mean2=two.mean(),
        sd2=two.std(ddof=1),
        n2=len(two),
    )
    assert both.n == len(data)
    assert both.mean == pytest.approx(np.mean(data), rel=1e-9, abs=1e-9)
    assert both.sd == pytest.approx(np.std(data, ddof=1), rel=1e-9)


def test_a_cluster_of_one_changes_nothing() -> None:
    assert es.design_effect(cluster_size=1, icc=0.3).item() == 1
    assert es.effective_count(count=7, design_effect=1).item() == 7
