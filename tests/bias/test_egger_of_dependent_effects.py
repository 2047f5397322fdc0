"""Egger's test where studies give several effects: the regression in the same model, CR2."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import FewStudiesWarning


def made(groups: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    study = np.repeat(np.arange(groups), 3)
    se = rng.uniform(0.1, 0.3, 3 * groups)
    own = rng.normal(0.0, 0.2, groups)
    effect = 0.1 + own[study] + se * (1.0 + rng.normal(0.0, 1.0, 3 * groups))
    return pd.DataFrame(
        {
            "study": [f"s{one}" for one in study],
            "es": np.arange(3 * groups),
            "effect": effect,
            "variance": se**2,
            "se": se,
        }
    )


def agrees(test, r) -> None:
    slope, limit = r.coefficients.iloc[1], r.coefficients.iloc[0]
    for name, other in (("slope", "estimate"), ("se", "se"), ("statistic", "statistic"),
                        ("df", "df"), ("p_value", "p_value"), ("ci_low", "ci_low"),
                        ("ci_high", "ci_high")):  # fmt: skip
        # the same numbers from the same calls, but for the order of sums
        assert getattr(test, name) == pytest.approx(slope[other], rel=1e-8)
    assert test.limit == pytest.approx(limit["estimate"], rel=1e-8)
    assert test.limit_ci_low == pytest.approx(limit["ci_low"], rel=1e-8)


@pytest.mark.parametrize("rho", [None, 0.5])
def test_a_multilevel_model_is_regressed_on_the_standard_error(rho):
    data, levels = made(), ["study", "es"]
    v = None if rho is None else pe.covariance(data, cluster="study", rho=rho)
    test = pe.egger(pe.multilevel(data, levels=levels, covariance=v))
    fit = pe.multilevel(data, levels=levels, covariance=v, moderators="se")
    agrees(test, pe.robust(fit, cluster="study"))
    assert test.tau2 == pytest.approx(sum(fit.sigma2), rel=1e-6, abs=1e-9)
    assert (test.k, test.clusters, test.model, test.method) == (60, 20, "multilevel", "REML")


def test_a_pool_is_regressed_with_its_own_weights():
    data = made()
    m = pe.meta_analysis(data)
    mixed = pe.egger(m, "mixed", cluster=data.sample(frac=1, random_state=5)["study"])
    agrees(mixed, pe.robust(pe.meta_analysis(data, moderators="se"), cluster=data["study"]))
    classic = pe.egger(m, cluster=data["study"])
    plain = pe.meta_analysis(data, method="FE", moderators="se")
    agrees(classic, pe.robust(plain, cluster=data["study"]))
    assert np.isnan(classic.tau2)
    # the estimate is that of the plain test, its standard error is not
    assert classic.slope == pytest.approx(pe.egger(m).slope, rel=1e-10)
    assert classic.se != pytest.approx(pe.egger(m).se, rel=1e-3)


def test_the_words_name_effects_and_clusters():
    data = made()
    text = str(pe.egger(pe.multilevel(data, levels=["study", "es"])))
    assert text.startswith("Egger's test (multilevel): slope of the standard error ")
    assert " df), 60 effects of 20 clusters, CR2.\n" in text


def test_few_clusters_are_warned_of():
    data = made(4)
    m = pe.meta_analysis(data)
    with pytest.warns(FewStudiesWarning) as caught:
        test = pe.egger(m, cluster=data["study"])
    assert [str(one.message) for one in caught] == [
        "4 clusters: Egger's test should not be believed with fewer than 10",
        "fewer than 4 degrees of freedom of the slope: its p and interval cannot be trusted",
    ]
    lines = str(test).splitlines()
    assert "Only 4 clusters: Egger's test should not be believed with fewer than 10." in lines
    assert "Fewer than 4 degrees of freedom: p and interval cannot be trusted." in lines


def test_what_is_refused():
    data = made()
    nested = pe.multilevel(data, levels=["study", "es"])
    two = ["a"] * 30 + ["b"] * 30
    cases = [
        (lambda: pe.egger(pe.multilevel(data, levels=["study", "es"], moderators="se")),
         "m: the analysis has moderators, Egger's test needs one common effect; pool without "
         "moderators"),
        (lambda: pe.egger(nested, cluster="team"),
         "cluster: found 'team', allowed are 'study', 'es'"),
        (lambda: pe.egger(pe.meta_analysis(data), cluster=two),
         "cluster: found 2 clusters, Egger's test needs at least 3"),
        (lambda: pe.begg(nested),
         "m: found Multilevel, Begg's test takes the result of meta_analysis, of one effect a "
         "study; for several effects a study give a multilevel model to egger()"),
    ]  # fmt: skip
    for call, message in cases:
        with pytest.raises(pe.InputError) as caught:
            call()
        assert str(caught.value) == message
