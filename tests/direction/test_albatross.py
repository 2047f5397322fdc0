"""The contours of the albatross plot against R, and against the variances they rest on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from peer_evidence.direction import albatross as kernel

HELD = json.loads(
    (Path(__file__).parents[1] / "reference" / "misc_formulas.json").read_text(encoding="utf-8")
)


def section(tree: dict, name: str) -> dict:
    """Find a section of the reference wherever it stands."""
    if name in tree:
        return tree[name]
    found = [section(one, name) for one in tree.values() if isinstance(one, dict)]
    return next((one for one in found if one), {})


def test_contours_equal_r() -> None:
    expected = section(HELD, "albatross")
    z = kernel.z_of(0.05)
    # closed forms: only the last digits of the quantile may differ
    assert float(z) == pytest.approx(expected["z"], rel=1e-12)
    assert float(kernel.people_for_smd(z, 0.5)) == pytest.approx(
        expected["n_smd_0.5_p05"], rel=1e-12
    )
    assert float(kernel.people_for_r(z, 0.3)) == pytest.approx(
        expected["n_corr_0.3_p05"], rel=1e-12
    )
    assert float(kernel.people_for_or(z, 2)) == pytest.approx(expected["n_or_2_p05"], rel=1e-12)


def test_harrison_2017_to_three_decimals() -> None:
    z = kernel.z_of(0.05)
    found = [kernel.people_for_smd(z, 0.5), kernel.people_for_r(z, 0.3), kernel.people_for_or(z, 2)]
    assert [round(float(one), 3) for one in found] == [63.384, 43.098, 107.137]


@given(st.floats(0.05, 3), st.floats(1e-9, 0.9), st.floats(0.2, 5))
def test_an_smd_with_that_many_people_has_that_p(d: float, p: float, ratio: float) -> None:
    people = float(kernel.people_for_smd(kernel.z_of(p), d, ratio))
    one, other = people * ratio / (1 + ratio), people / (1 + ratio)
    variance = 1 / one + 1 / other + d**2 / (2 * people)
    assert 2 * norm.sf(d / np.sqrt(variance)) == pytest.approx(p, rel=1e-8)


@given(st.floats(1.1, 8), st.floats(0.05, 0.9), st.floats(1e-9, 0.9))
def test_an_odds_ratio_at_a_baseline_risk_has_that_p(ratio: float, risk: float, p: float) -> None:
    half = float(kernel.people_for_or(kernel.z_of(p), ratio, baseline=risk)) / 2
    odds = ratio * risk / (1 - risk)
    treated = odds / (1 + odds)
    variance = 1 / (half * risk * (1 - risk)) + 1 / (half * treated * (1 - treated))
    assert 2 * norm.sf(np.log(ratio) / np.sqrt(variance)) == pytest.approx(p, rel=1e-8)


def test_an_odds_ratio_and_its_reciprocal_share_a_contour() -> None:
    z = kernel.z_of([0.2, 0.01])
    np.testing.assert_allclose(
        kernel.people_for_or(z, 4), kernel.people_for_or(z, 0.25), rtol=1e-12
    )


@given(st.floats(1e-300, 1 - 1e-9), st.booleans())
def test_the_folded_axis_is_that_of_the_smaller_one_sided_p(p: float, favours: bool) -> None:
    place = float(kernel.folded(p, favours))
    assert abs(place) == pytest.approx(np.log10(0.5) - np.log10(p / 2), abs=1e-9)
    one = float(kernel.one_sided(p, favours))
    assert (one <= 0.5) == (place >= 0 if favours else place > 0)
