"""Trim and fill: mirror images, sides, what is not defined, and its funnel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.errors import FewStudiesWarning, InputError

from ..pooling.ledger import quiet
from .conftest import frame_of


def test_images_are_mirrored_about_the_trimmed_mean(lopsided):
    found = pe.trim_and_fill(pe.meta_analysis(lopsided))
    assert (found.side, found.k, found.k_filled) == ("left", 12, 12 + found.k0)
    assert found.k0 > 0
    table = found.study_table()
    assert table["filled"].tolist() == [False] * 12 + [True] * found.k0
    largest = lopsided.nlargest(found.k0, "effect")
    trimmed = quiet(pe.meta_analysis, lopsided.drop(index=largest.index))
    images = np.sort(2 * trimmed.estimate - largest["effect"])
    np.testing.assert_allclose(np.sort(table["effect"][12:]), images, rtol=1e-9)
    assert table["label"][12:].str.startswith("filled: ").all()
    again = pe.meta_analysis(table)
    assert found.estimate == pytest.approx(again.estimate, rel=1e-12)
    assert found.observed.estimate == found.pooled


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["L0", "R0"]))
def test_the_mirror_image_of_the_data_is_filled_on_the_other_side(seed, estimator):
    rng = np.random.default_rng(seed)
    se = rng.uniform(0.05, 0.5, 12)
    y = rng.normal(0.2 + se, se)
    one = pe.trim_and_fill(pe.meta_analysis(frame_of(y, se**2)), estimator, side="left")
    other = pe.trim_and_fill(pe.meta_analysis(frame_of(-y, se**2)), estimator, side="right")
    assert other.k0 == one.k0
    assert other.estimate == pytest.approx(-one.estimate, rel=1e-9, abs=1e-12)


def test_nothing_to_fill_leaves_the_analysis_as_it_was(lopsided):
    m = pe.meta_analysis(lopsided)
    found = pe.trim_and_fill(m, side="right")
    assert found.k0 == 0
    assert found.filled is m
    assert (
        found.summary()
        .splitlines()[0]
        .endswith(
            f"with 0 mirror images added on the right, observed {m.estimate:.2f}, 12 studies."
        )
    )


def test_q0_without_a_value_is_refused(bcg):
    with pytest.raises(InputError) as error:
        pe.trim_and_fill(pe.meta_analysis(bcg, method="FE"), "Q0")
    assert str(error.value) == (
        "estimator: found 'Q0', but so many of the largest effects lie on one side that its "
        "formula has no value (the root of a negative number); use 'L0' or 'R0'"
    )


def test_equal_standard_errors_need_a_side():
    m = pe.meta_analysis(frame_of([0.0, 0.2, 0.3, 0.9], [0.04] * 4))
    with pytest.raises(InputError) as error:
        pe.trim_and_fill(m)
    assert str(error.value) == (
        "side: all standard errors are equal, so the side cannot be found; give 'left' or 'right'"
    )
    with pytest.warns(FewStudiesWarning):
        assert pe.trim_and_fill(m, side="left").side == "left"


def test_the_funnel_shows_images_as_open_circles(lopsided):
    found = pe.trim_and_fill(pe.meta_analysis(lopsided))
    table = pe.figures.funnel_table(found)
    assert table["filled"].sum() == found.k0
    ax = pe.figures.funnel(found)
    points = [
        line
        for line in ax.lines
        if line.get_marker() == "o" and line.get_transform() == ax.transData
    ]
    assert [len(line.get_xdata()) for line in points] == [12, found.k0]
    assert points[1].get_markerfacecolor() == "white"
    text = pe.figures.drawn(ax)[0].alt
    assert text.startswith(f"Funnel plot of 12 studies and {found.k0} mirror images")
