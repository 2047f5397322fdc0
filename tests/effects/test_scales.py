"""The scale an effect is read on: every measure has one, turned back by the inverse."""

import numpy as np
import pytest

import peer_evidence as pe
from peer_evidence.effects.measures import MEASURES
from peer_evidence.effects.scales import Scale, scale_of

TURNED_BACK = {"log", "logit", "z"}


@pytest.mark.parametrize("code", sorted(MEASURES))
def test_no_number_of_another_scale_stands_under_the_name_of_the_measure(code: str) -> None:
    scale, kind = scale_of(code), MEASURES[code]
    if kind.scale in TURNED_BACK or code == "PAS":
        assert scale.turned
        assert scale.analysis not in (code, scale.name)
    else:
        assert not scale.turned
        assert scale.value(0.25) == "0.25"
    if kind.scale in ("arcsine", "square root") and not scale.turned:
        assert scale.name == kind.name  # the code alone reads like a difference or a proportion


@pytest.mark.parametrize("code", ["PLN", "PLO", "PAS"])
def test_a_proportion_comes_back_from_its_transformation(code: str) -> None:
    kernel = MEASURES[code].kernel
    assert kernel is not None
    effect, _ = kernel(events=[5, 30, 99], n=[20, 40, 100])
    back = [scale_of(code).natural(float(one)) for one in effect]
    assert back == pytest.approx([0.25, 0.75, 0.99], abs=1e-12)


def test_a_correlation_comes_back_from_fishers_z() -> None:
    effect, _ = pe.effects.fisher_z(r=[-0.6, 0.2], n=[30, 30])
    back = [scale_of("ZCOR").natural(float(one)) for one in effect]
    assert back == pytest.approx([-0.6, 0.2], abs=1e-12)


def test_numbers_that_are_missing_small_or_beyond_all_bounds() -> None:
    scale = scale_of("or")  # in any case
    assert scale.value(float("nan")) == ""
    assert scale.interval(float("nan"), 1.0) == ""
    assert scale.value(800.0) == "∞"
    assert scale.value(-800.0) == "0.00"
    assert scale.value(-7.0) == "0.00091"
    assert scale_of("PLO").value(-800.0) == "0.000"
    assert scale_of("PAS").value(-0.1) == "0.000"
    assert scale.beside(1.0, float("nan"), float("nan")) == "; log OR 1.00"


def test_what_is_not_known_stays_as_it_is() -> None:
    assert scale_of("") == Scale()
    assert scale_of("MADRS").pooled == "effect (MADRS)"
    assert scale_of("MADRS").interval(-1.0, np.e) == "−1.00 to 2.72"
    assert (scale_of("").positive, scale_of("RR").positive) == ("positive", "above 1")
    assert (scale_of("").null, scale_of("RR").null, scale_of("PLO").null) == ("0", "1", "0.5")
