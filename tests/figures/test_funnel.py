"""The funnel plot: its points, its contours, and that it is readable at every size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import peer_evidence as pe
from peer_evidence.errors import InputError


@dataclass
class Pooled:
    effects: list
    variances: list
    measure: str = ""
    estimate: float = 0.3
    ci_low: float = 0.1
    ci_high: float = 0.5
    level: float = 0.95

    def study_table(self):
        size = len(self.effects)
        return pd.DataFrame({"label": [f"S {one}" for one in range(size)], "effect": self.effects,
                             "variance": self.variances, "weight": 100 / size})  # fmt: skip


def made(k, measure=""):
    rng = np.random.default_rng(5)
    variances = rng.gamma(2, 0.04, k) + 0.005
    return Pooled(list(rng.normal(0.3, 0.4, k)), list(variances), measure)


def test_numbers_of_the_table():
    m = Pooled([0.0, 1.7, 1.97, -2.6], [1.0] * 4, "OR")
    table = pe.figures.funnel_table(m)
    np.testing.assert_allclose(table.effect, np.exp([0.0, 1.7, 1.97, -2.6]))
    np.testing.assert_allclose(table.se, 1)
    np.testing.assert_allclose(table.p_value, 2 * stats.norm.sf(np.abs([0.0, 1.7, 1.97, 2.6])))
    assert list(table.region) == ["p ≥ 0.10", "0.05 ≤ p < 0.10", "0.01 ≤ p < 0.05", "p < 0.01"]


@pytest.mark.parametrize("measure", ["OR", "SMD"])
@pytest.mark.parametrize("k", [1, 5, 30, 150])
def test_readable_at_every_size(look, k, measure):
    words = look(pe.figures.funnel(made(k, measure), favours=("the comparison", "peer support")))
    assert {"Standard error", "a study", "p < 0.01", "p ≥ 0.10"} <= set(words)


def test_contours_are_where_p_is_their_value():
    ax = pe.figures.funnel(made(9))
    lines = [line for line in ax.lines if line.get_color() == "#595959"
             and line.get_transform() == ax.transData]  # fmt: skip
    depth = ax.get_ylim()[0]
    ends = sorted(float(line.get_xdata()[1]) for line in lines)
    p_values = 2 * stats.norm.sf(np.abs(np.array(ends)) / depth)
    np.testing.assert_allclose(p_values, [0.01, 0.05, 0.1, 0.1, 0.05, 0.01], rtol=1e-9)
    assert ax.get_ylim()[1] == 0


def test_points_and_pooled_effect_on_a_log_axis():
    m = made(9, "RR")
    ax = pe.figures.funnel(m)
    (points,) = [line for line in ax.lines if line.get_marker() == "o"
                 and line.get_transform() == ax.transData]  # fmt: skip
    np.testing.assert_allclose(points.get_xdata(), np.exp(m.effects))
    assert ax.get_xscale() == "log"
    middle = [line for line in ax.lines if line.get_color() == "#0072B2" and line is not points
              and line.get_transform() == ax.transData]  # fmt: skip
    np.testing.assert_allclose(middle[1].get_xdata(), np.exp(m.estimate))
    low, high = ax.get_xlim()
    assert (points.get_xdata() > low).all()
    assert (points.get_xdata() < high).all()


def test_alt_text():
    m = Pooled([0.0, 1.7, 1.97, -2.6], [1.0] * 4, "OR")
    assert pe.figures.drawn(pe.figures.funnel(m))[0].alt == (
        "Funnel plot of 4 studies, Odds ratio against standard error: 1 with p < 0.01, 1 with "
        "0.01 ≤ p < 0.05, 1 with 0.05 ≤ p < 0.10 and 1 with p ≥ 0.10. Pooled effect 1.35 "
        "(1.11 to 1.65); standard errors from 1.00 to 1.00."
    )


def test_refusals():
    with pytest.raises(InputError) as raised:
        pe.figures.funnel("m")
    assert str(raised.value) == (
        "m: found str, allowed is the result of a meta-analysis, such as "
        "peer_evidence.meta_analysis gives"
    )
    with pytest.raises(InputError) as raised:
        pe.figures.funnel(Pooled([np.nan], [1.0]))
    assert str(raised.value) == (
        "m: no study has an effect with a variance, so there is nothing to draw"
    )
