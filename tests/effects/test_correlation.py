"""Correlations; metafor has references for Fisher's z only, so the rest is derived apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from peer_evidence import effects as es


@given(r=st.floats(-0.999, 0.999), n=st.integers(5, 5000))
def test_turning_the_scale_turns_the_sign(r: float, n: int) -> None:
    for measure in (es.correlation, es.unbiased_correlation, es.fisher_z):
        effect, variance = measure(r=r, n=n)
        other, same = measure(r=-r, n=n)
        assert np.isfinite(effect)
        assert other == -effect
        assert same == variance


def test_fisher_z_comes_back_through_tanh() -> None:
    r = np.linspace(-0.99, 0.99, 41)
    np.testing.assert_allclose(np.tanh(es.fisher_z(r=r, n=30)[0]), r, rtol=1e-13, atol=1e-15)


def test_unbiased_correlation_is_unbiased() -> None:
    # Olkin & Pratt: the mean over the sampling law of r (bivariate normal, n = 8) is rho itself
    rho, n = 0.6, 8
    r = np.linspace(-1, 1, 4001)[1:-1]

    # density of r up to a constant, by Hotelling's integral over the angle
    angle = np.linspace(0, 12, 2401)
    inside = 1 / (np.cosh(angle)[:, None] - rho * r[None, :]) ** (n - 1)
    density = (1 - r**2) ** ((n - 4) / 2) * np.trapezoid(inside, angle, axis=0)
    density /= np.trapezoid(density, r)
    plain = np.trapezoid(density * r, r)
    unbiased = np.trapezoid(density * es.unbiased_correlation(r=r, n=n)[0], r)
    assert abs(plain - rho) > 0.01  # the plain correlation is biased towards 0
    # the grid, not the formula, leaves 1e-6
    assert unbiased == pytest.approx(rho, abs=1e-5)
    # and the unbiased variance estimates the variance of the estimator
    effect, variance = es.unbiased_correlation(r=r, n=n, vtype="UB")
    truth = np.trapezoid(density * (effect - rho) ** 2, r)
    assert np.trapezoid(density * variance, r) == pytest.approx(truth, abs=1e-5)


@pytest.mark.parametrize("n", [12, 58, 62, 64, 66, 400, 5000])
@pytest.mark.parametrize("r", [0.01, 0.1, 0.6])
def test_olkin_pratt_integral(r: float, n: int) -> None:
    # 2F1(1/2, 1/2; c; x) by Euler's integral with t = sin², so that no end is singular; on
    # both sides of n = 62, where the series takes over from SciPy (NaN for r = 0.1, n = 400)
    c, x = (n - 2) / 2, 1 - r**2

    def integrand(angle: float, z: float) -> float:
        return np.cos(angle) ** (2 * c - 2) / np.sqrt(1 - z * np.sin(angle) ** 2)

    # most of the integral lies within a few 1/sqrt(c) of 0
    end = min(np.pi / 2, 12 / np.sqrt(c))
    whole, total = (quad(integrand, 0, end, args=(z,), epsabs=0, limit=200)[0] for z in (x, 0.0))
    expected = r * whole / total
    # quad promises 1.5e-8 and does far better on this smooth integrand
    assert es.unbiased_correlation(r=r, n=n)[0] == pytest.approx(expected, rel=1e-10)


def test_edges() -> None:
    assert np.isnan(es.fisher_z(r=[1, -1], n=30)).all()
    assert [float(x) for x in es.correlation(r=1, n=30)] == [1, 0]
    for measure in (es.correlation, es.unbiased_correlation, es.fisher_z):
        assert np.isnan(measure(r=0.5, n=4)).all()
        assert np.isfinite(measure(r=0.5, n=5)).all()
    assert np.isnan(es.partial_correlation(t=2, n=4, predictors=3)).all()


def test_partial_correlation_by_hand() -> None:
    effect, variance = es.partial_correlation(t=3, n=20, predictors=3)
    assert effect == pytest.approx(3 / 5, rel=1e-15)
    assert variance == pytest.approx((1 - 0.36) ** 2 / 16, rel=1e-15)
