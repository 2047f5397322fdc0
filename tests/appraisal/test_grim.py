"""GRIM and GRIMMER against all the scores there can be."""

from __future__ import annotations

import itertools
import statistics

import pytest

import peer_evidence as pe
from peer_evidence.appraisal.grim import grim_has_power, nearest_means


def test_28_people_have_no_mean_of_3_45() -> None:
    assert not pe.grim("3.45", 28)
    assert pe.grim("3.46", 28)
    assert [round(one, 3) for one in nearest_means("3.45", 28)] == [3.429, 3.464]


def test_grim_agrees_with_all_totals() -> None:
    for n in (7, 12, 28):
        possible = {f"{total / n:.2f}" for total in range(5 * n + 1)}
        halves = {  # a mean at a half may be rounded either way
            f"{(total * 100 // n + side) / 100:.2f}"
            for total in range(5 * n + 1)
            if (total * 200) % n == 0 and (total * 200 // n) % 2
            for side in (0, 1)
        }
        for cents in range(501):
            text = f"{cents / 100:.2f}"
            assert pe.grim(text, n) == (text in possible | halves), (text, n)


@pytest.mark.parametrize("n", [3, 4, 5])
def test_grimmer_never_refuses_what_scores_can_have(n: int) -> None:
    for scores in itertools.combinations_with_replacement(range(6), n):
        mean, sd = statistics.fmean(scores), statistics.stdev(scores)
        assert pe.grimmer(f"{mean:.2f}", f"{sd:.2f}", n), scores


def test_grimmer_refuses_what_no_five_scores_have() -> None:
    possible = {
        (f"{statistics.fmean(scores):.2f}", f"{statistics.stdev(scores):.2f}")
        for scores in itertools.combinations_with_replacement(range(-12, 13), 5)
    }
    asked = [("2.40", f"{cents / 100:.2f}") for cents in range(100)]
    found = [pe.grimmer(mean, sd, 5) for mean, sd in asked]
    assert found == [pair in possible for pair in asked]
    assert 0 < sum(found) < 20


def test_items_make_the_grain_finer() -> None:
    assert not pe.grim("3.45", 28)
    assert pe.grim("3.45", 28, items=5)
    assert not grim_has_power("3.45", 28, items=5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: pe.grim(3.45, 28),  # type: ignore[arg-type]
            "mean: found 3.45, allowed is a number as text, since its decimals matter",
        ),
        (lambda: pe.grim("3.45", 0), "n: found 0, allowed is a whole number of at least 1"),
        (
            lambda: pe.grim("3.45", 28, items=0),
            "items: found 0, allowed is a whole number of at least 1",
        ),
        (lambda: pe.grim("3.45", 2.5), "n: found 2.5, allowed is a whole number of at least 0"),  # type: ignore[arg-type]
        (
            lambda: pe.grimmer("3.45", "1.0", 1),
            "n: found 1, a standard deviation needs at least 2 people",
        ),
        (
            lambda: pe.grimmer("3.45", "-1", 5),
            "sd: found '-1', allowed is a number of at least 0 as text",
        ),
    ],
)
def test_what_cannot_be_asked(call, message) -> None:
    with pytest.raises(pe.InputError) as caught:
        call()
    assert str(caught.value) == message


def test_examples_of_others() -> None:
    assert not pe.grim("5.93", 49)  # The Economist, 18 June 2016
    assert not pe.grim("3.48", 20)  # Wikipedia, GRIM test
    assert not pe.grimmer("7.3", "2.51", 12)  # vignette of R's scrutiny
