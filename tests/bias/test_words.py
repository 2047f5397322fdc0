"""What the results say: first lines word for word, and that every one has a table and a display."""

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import ConvergenceWarning, InputError

from ..pooling.ledger import quiet
from .conftest import frame_of

FIRST = {
    "egger": "Egger's test (classic): slope of the standard error 1.132 (95% CI 0.815 to 1.450), "
    "p < 0.001 (t, 10 df), 12 studies.",
    "begg": "Begg's test: Kendall's tau 0.82, p < 0.001 (exact), 12 studies.",
    "trim_and_fill": "Trim and fill (L0): 0.25 (95% CI 0.16 to 0.34) with 6 mirror images added on "
    "the left, observed 0.28, 12 studies.",
    "pet_peese": "PET-PEESE: 0.21 (95% CI 0.17 to 0.24) by PEESE, pooled 0.28, 12 studies.",
    "limit_meta_analysis": "Limit meta-analysis (beta0): 0.12 (95% CI −0.08 to 0.31), "
    "pooled 0.28, 12 studies.",
    "henmi_copas": "Henmi-Copas: 0.28 (95% CI 0.20 to 0.37), pooled 0.28, 12 studies.",
    "selection_model": "Selection model (step, ML): 0.38 (95% CI 0.08 to 0.68), without selection "
    "in the model 0.28, 12 studies.",
    "fail_safe_n": "Fail-safe N (Rosenthal): 154 studies with effect 0 would give p above 0.05, "
    "beside 12 studies observed.",
    "excess_significance": "Excess significance: 2 of 12 studies are significant at 0.05, 4.1 "
    "expected, p = 0.980 (exact, one-sided).",
    "p_curve": "P-curve of 2 significant p values of 12: right skew p = 0.121 (half p = 0.429), "
    "flatter than at 33% power p = 0.575 (half p = 0.279).",
}


@pytest.mark.parametrize("name", FIRST)
def test_every_result_begins_with_its_answer(name, lopsided):
    found = quiet(getattr(pe, name), pe.meta_analysis(lopsided.assign(measure="SMD")))
    assert found.headline() == FIRST[name]
    assert found.to_frame().shape[0] >= 1
    assert found._repr_html_().startswith("<p>")
    assert all(line.endswith((".", ")", "1.00")) for line in found.summary().splitlines())


def test_orwin_says_what_the_effect_would_be(lopsided):
    found = pe.fail_safe_n(pe.meta_analysis(lopsided), "orwin")
    assert found.headline() == (
        "Fail-safe N (Orwin): 12 studies with effect 0 would give an effect of 0.20 in place of "
        "0.39, beside 12 studies observed."
    )


def test_high_heterogeneity_is_named_beside_pet_peese():
    m = pe.meta_analysis(frame_of(np.linspace(-1, 2, 24), np.linspace(0.01, 0.04, 24)))
    assert m.i2 > 80
    assert "above 80% PET-PEESE is not advised." in pe.pet_peese(m).summary()


@pytest.mark.filterwarnings("ignore::peer_evidence.errors.FewStudiesWarning")
def test_a_maximum_that_is_not_reached_is_said_to_be_so():
    """Effects so large that every p is 0 tell nothing of how p decides what is seen."""
    se = np.array([0.35, 0.24, 0.25, 0.26, 0.59, 0.4])
    m = pe.meta_analysis(frame_of([39.4, 49.6, 28.6, 53.9, 17.7, 25.5], se**2))
    with pytest.warns(ConvergenceWarning) as caught:
        found = pe.selection_model(m, kind="negexp")
    assert [str(one.message) for one in caught if one.category is ConvergenceWarning] == [
        "the maximum of the selection model was not reached; do not use it"
    ]
    assert not found.converged
    assert found.summary().splitlines()[-1] == (
        "Not converged: the maximum was not reached, do not use it."
    )


@pytest.mark.parametrize("verb", [pe.excess_significance, pe.fail_safe_n])
def test_alpha_beyond_its_range_is_refused(verb, lopsided):
    with pytest.raises(InputError) as error:
        verb(pe.meta_analysis(lopsided), alpha=1.5)
    assert str(error.value) == "alpha: found 1.5, allowed is a number between 0 and 1"


def test_given_weights_are_called_a_sensitivity_analysis(lopsided):
    found = pe.selection_model(pe.meta_analysis(lopsided), weights=[1, 0.5])
    assert "weights given, not estimated: a sensitivity analysis, no test." in found.summary()
    with pytest.raises(InputError) as error:
        pe.excess_significance(pe.meta_analysis(lopsided), tau2=-1)
    assert str(error.value) == "tau2: found -1, allowed is a number of at least 0"


def test_the_parameters_of_a_weight_function_are_named():
    z = [2.1, 2.3, 2.6, 2.0, 3.1, 2.4, 0.5, 1.2, 0.9, -0.3, 1.5, 2.2]
    se = [0.1, 0.15, 0.2, 0.25, 0.12, 0.3, 0.2, 0.15, 0.25, 0.3, 0.1, 0.22]
    data = pd.DataFrame({"effect": np.multiply(z, se), "variance": np.square(se)})
    found = pe.selection_model(pe.meta_analysis(data), kind="negexp")
    assert f"Weight exp(-a p), with a = {found.delta[0]:.2f}." in found.summary()
