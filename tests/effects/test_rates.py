"""Rates: symmetries and zero counts; the numbers of R are in test_reference.py."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer_evidence import effects as es

counts = st.integers(0, 1000)
times = st.floats(0.1, 1e4)


@given(x1=counts, t1=times, x2=counts, t2=times)
def test_swapping_the_groups_turns_the_sign(x1: int, t1: float, x2: int, t2: float) -> None:
    for measure in (es.log_rate_ratio, es.rate_difference, es.sqrt_rate_difference):
        effect, variance = measure(events1=x1, time1=t1, events2=x2, time2=t2)
        other, same = measure(events1=x2, time1=t2, events2=x1, time2=t1)
        np.testing.assert_allclose(other, -effect, rtol=1e-12)
        np.testing.assert_allclose(same, variance, rtol=1e-12)


@given(x1=counts, t1=times, x2=counts, t2=times, factor=st.floats(0.01, 100))
def test_a_rate_ratio_does_not_see_the_unit_of_time(
    x1: int, t1: float, x2: int, t2: float, factor: float
) -> None:
    effect = es.log_rate_ratio(events1=x1, time1=t1, events2=x2, time2=t2)
    other = es.log_rate_ratio(events1=x1, time1=t1 * factor, events2=x2, time2=t2 * factor)
    np.testing.assert_allclose(other, effect, rtol=1e-9, atol=1e-11)


def test_zero_counts_by_hand() -> None:
    values = {"events1": 0, "time1": 100.0, "events2": 4, "time2": 50.0}
    effect, variance = es.log_rate_ratio(**values)
    assert effect == pytest.approx(np.log(0.5 / 100) - np.log(4.5 / 50), rel=1e-14)
    assert variance == pytest.approx(1 / 0.5 + 1 / 4.5, rel=1e-14)
    assert np.isnan(es.log_rate_ratio(**values, to="none")).all()
    effect, variance = es.rate_difference(**values, to="none")
    assert (float(effect), float(variance)) == (-0.08, 4 / 2500)
    none = {**values, "events2": 0}
    assert np.isfinite(es.log_rate_ratio(**none)).all()
    assert np.isnan(es.log_rate_ratio(**none, drop_double_zeros=True)).all()


def test_one_group_without_events() -> None:
    assert [float(x) for x in es.rate(events=0, time=10.0, to="none")] == [0, 0]
    assert float(es.rate(events=0, time=10.0)[0]) == 0.05
    assert np.isnan(es.log_rate(events=0, time=10.0, add=0)).all()
    # the transformations meant for rare events add nothing unless asked
    assert float(es.sqrt_rate(events=0, time=10.0)[0]) == 0
    assert es.freeman_tukey_rate(events=0, time=4.0)[0] == pytest.approx(0.25)
