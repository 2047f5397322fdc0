"""Before and after."""

from __future__ import annotations

import numpy as np
import pytest

from peer_evidence import effects as es


def test_morris_2008() -> None:
    # Morris (2008), ORM 11:364, table 5: d_ppc2 of five trials of training
    d, variance = es.pre_post_control(
        mean_pre1=[30.6, 23.5, 0.5, 53.4, 35.6],
        mean_post1=[38.5, 26.8, 0.7, 75.9, 36.0],
        sd_pre1=[15.0, 3.1, 0.1, 14.5, 4.7],
        n1=[20, 50, 9, 10, 14],
        mean_pre2=[23.1, 24.9, 0.6, 55.7, 34.8],
        mean_post2=[19.7, 25.3, 0.6, 60.7, 33.4],
        sd_pre2=[13.8, 4.1, 0.2, 17.3, 3.1],
        n2=[20, 42, 9, 11, 14],
        r=[0.47, 0.64, 0.77, 0.89, 0.44],
    )
    assert d.round(4).tolist() == [0.7684, 0.8010, 1.2045, 1.0476, 0.4389]
    # equation 25 as Morris writes it, for the first trial
    base, m = 2 * (1 - 0.47) * 40 / 400, 38
    c = float(es.hedges_correction(m))
    by_hand = c**2 * base * m / (m - 2) * (1 + d[0] ** 2 / base) - d[0] ** 2
    assert variance[0] == pytest.approx(by_hand, rel=1e-12)


def test_change_by_hand() -> None:
    # SDs 4 and 3, r = 0.5: the changes have variance 16 + 9 - 12 = 13
    values = {"mean_post": 24.0, "mean_pre": 20.0, "sd_post": 4.0, "sd_pre": 3.0, "r": 0.5}
    effect, variance = es.mean_change(**values, n=26)
    assert (float(effect), float(variance)) == (4.0, 0.5)
    assert es.sd_of_change(sd_post=4, sd_pre=3, r=0.5) == pytest.approx(13**0.5, rel=1e-14)
    j = float(es.hedges_correction(25))
    effect, variance = es.smd_change_score(**values, n=26)
    assert effect == pytest.approx(j * 4 / 13**0.5, rel=1e-13)
    assert variance == pytest.approx(1 / 26 + (j * 4) ** 2 / 13 / 52, rel=1e-13)
    raw = {key: value for key, value in values.items() if key != "sd_post"}
    effect, variance = es.smd_raw_score(**raw, n=26)
    assert effect == pytest.approx(j * 4 / 3, rel=1e-13)
    assert variance == pytest.approx(1 / 26 + (j * 4 / 3) ** 2 / 52, rel=1e-13)


def test_matched_pairs_without_correlation_are_two_independent_groups() -> None:
    change = es.mean_change(mean_post=5, mean_pre=3, sd_post=2, sd_pre=4, n=30, r=0)
    groups = es.mean_difference(mean1=5, sd1=2, n1=30, mean2=3, sd2=4, n2=30)
    np.testing.assert_allclose(change, groups, rtol=1e-14)


def test_edges() -> None:
    values = {"mean_post": 5.0, "mean_pre": 3.0, "sd_post": 2.0, "sd_pre": 2.0}
    # r = 1 with equal SDs: every change is the same, there is no spread to measure it in
    assert np.isnan(es.smd_change_score(**values, n=30, r=1)).all()
    assert [float(x) for x in es.mean_change(**values, n=30, r=1)] == [2, 0]
    assert np.isnan(es.smd_change_score(**values, n=2, r=0.5)).all()
    assert np.isnan(es.mean_change(**values, n=0, r=0.5)).all()
