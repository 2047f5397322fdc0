"""Measuring and breaking text, and choosing ticks."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer_evidence.figures.axes import linear_ticks, log_ticks, ratio_limits
from peer_evidence.figures.layout import text_width, wrap
from peer_evidence.figures.style import plain


@given(st.text(alphabet="ab -‐\N{NO-BREAK SPACE}é3_$,", max_size=60), st.floats(10, 200))
def test_wrapping_loses_no_letter_and_keeps_the_width(text, width):
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(plain(text).split())
    assert all(text_width(line) <= width for line in lines)


def test_words_tied_together_stay_together():
    assert wrap("Readmission, 12\N{NO-BREAK SPACE}months", 60) == (
        "Readmission,", "12\N{NO-BREAK SPACE}months",
    )  # fmt: skip
    assert wrap("Peer-delivered −3 3-4", 45) == ("Peer-", "delivered", "−3 3-4")


@given(st.floats(0.01, 0.9), st.floats(1.1, 100), st.floats(60, 400))
def test_log_ticks_are_round_and_on_the_axis(low, high, width):
    ticks = log_ticks(low, high, width)
    assert 1.0 in ticks
    assert all(low * 0.99 <= tick <= high * 1.01 for tick in ticks)
    assert ticks == sorted(set(ticks))


@given(st.floats(-100, -0.01), st.floats(0.01, 100), st.floats(60, 400))
def test_linear_ticks_hold_zero(low, high, width):
    assert 0.0 in linear_ticks(low, high, width)


def test_ticks_of_usual_axes():
    assert log_ticks(0.05, 6, 130) == [0.1, 0.2, 0.5, 1.0, 2.0, 5.0]
    assert linear_ticks(-1.2, 0.7, 110) == [-1.0, -0.5, 0.0, 0.5]


def test_an_interval_that_dwarfs_the_others_is_cut():
    low, high = ratio_limits([0.8] * 9, [0.6] * 9, [1.1] * 8 + [900.0])
    assert high < 20
    assert low < 0.6
    assert log(high) >= -log(low) / 3 - 1e-9


@pytest.mark.parametrize("ends", [([1.0], [1.0], [1.0]), ([2.0], [1.5], [3.0])])
def test_limits_of_one_study(ends):
    low, high = ratio_limits(*ends)
    assert low < 1 < high


def test_an_endless_word_is_broken_with_few_measurements_and_cut_where_it_shows(monkeypatch):
    from peer_evidence.figures import layout

    asked = []
    real = layout.text_width

    def counted(text, *form):
        asked.append(text)
        return real(text, *form)

    monkeypatch.setattr(layout, "text_width", counted)
    lines = layout.wrap("W" * 10_000, 60)
    assert "".join(lines) == "W" * 999 + "…"
    assert all(real(line) <= 60 for line in lines)
    assert len(asked) < 8 * len(lines)
    assert "".join(layout.wrap("W" * 1000, 60)) == "W" * 1000
