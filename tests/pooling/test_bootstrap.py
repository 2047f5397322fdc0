"""Nagashima, Noma and Furukawa's bootstrap prediction interval."""

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import InputError
from peer_evidence.pooling.bootstrap import prediction_interval, tau2_draws

# Hartung and Knapp 2001, doi 10.1002/sim.1009: 13 placebo-controlled trials of cisapride
EVENTS1 = [15, 12, 29, 42, 14, 44, 14, 29, 10, 17, 38, 19, 21]
N1 = [16, 16, 34, 56, 22, 54, 17, 58, 14, 26, 44, 29, 38]
EVENTS2 = [9, 1, 18, 31, 6, 17, 7, 23, 3, 6, 12, 22, 19]
N2 = [16, 16, 34, 56, 22, 55, 15, 58, 15, 27, 45, 30, 38]


@pytest.fixture(scope="module")
def cisapride():
    y, v = pe.effects.log_odds_ratio(events1=EVENTS1, n1=N1, events2=EVENTS2, n2=N2, to="all")
    return pd.DataFrame({"effect": y, "variance": v})


def test_vignette_of_the_r_package_pimeta_cisapride(cisapride):
    # pimeta 1.1.4, pima(y, se, seed = 2236067), 25 000 draws: 0.533 to 33.692.
    # The limits of 25 000 draws vary with a standard deviation of 0.023 on the log scale (60
    # seeds); ours have 400 000. Three of those deviations.
    m = pe.meta_analysis(cisapride, method="DL")
    found = m.predict(pi="bootstrap", draws=400_000, seed=1)
    published = np.log([0.533, 33.692])
    assert found[["pi_low", "pi_high"]].to_numpy()[0] == pytest.approx(published, abs=3 * 0.023)
    assert np.exp(m.estimate) == pytest.approx(4.141, abs=5e-4)
    assert m.tau2 == pytest.approx(0.718, abs=5e-4)


def test_draws_of_tau2_have_the_distribution_function_of_q(cisapride):
    """H(t) = P(Q(t) > Q observed), simulated from studies at tau2 = t, without eigenvalues."""
    y, v = cisapride["effect"].to_numpy(), cisapride["variance"].to_numpy()
    w = 1 / v
    q = w @ (y - w @ y / w.sum()) ** 2
    rng = np.random.default_rng(11)
    draws = tau2_draws(y, v, 100_000, rng)
    for t in (0.0, 0.3, 0.7, 1.5, 4.0):
        simulated = rng.standard_normal((100_000, len(y))) * np.sqrt(v + t)
        mean = simulated @ w / w.sum()
        larger = ((simulated - mean[:, None]) ** 2 @ w > q).mean()
        # two shares of 100 000: a standard error below 0.0023, four of them
        assert (draws <= t).mean() == pytest.approx(larger, abs=0.009)


def test_same_seed_same_interval_and_other_columns_unchanged(cisapride):
    m = pe.meta_analysis(cisapride)
    one, two = m.predict(pi="bootstrap"), m.predict(pi="bootstrap")
    pd.testing.assert_frame_equal(one, two)
    assert one["pi_low"][0] != m.predict(pi="bootstrap", seed=1)["pi_low"][0]
    columns = ["estimate", "se", "ci_low", "ci_high"]
    pd.testing.assert_frame_equal(one[columns], m.predict()[columns])
    assert one["pi_df"][0] == 12


def test_level_widens_the_interval(cisapride):
    m = pe.meta_analysis(cisapride)
    low, high = (m.predict(pi="bootstrap", level=level)["pi_high"][0] for level in (0.5, 0.9))
    assert low < high


def test_two_studies_and_the_common_effect_have_none(cisapride):
    y, v = cisapride["effect"].to_numpy()[:2], cisapride["variance"].to_numpy()[:2]
    assert np.isnan(prediction_interval(y, v, 0.95, 1000, 0)).all()
    m = pe.meta_analysis(cisapride, method="FE")
    assert m.predict(pi="bootstrap")[["pi_low", "pi_high"]].isna().all().all()


def test_refused_with_moderators_weights_or_few_draws(cisapride):
    data = cisapride.assign(year=range(13), w=1.0)
    wanted = (
        "pi: found 'bootstrap' with moderators or weights, but that interval is defined for a "
        "common mean with inverse variance weights; use pi='riley'"
    )
    for options in ({"moderators": "year"}, {"weights": "w"}):
        with pytest.raises(InputError) as caught:
            pe.meta_analysis(data, **options).predict(pi="bootstrap")
        assert str(caught.value) == wanted
    with pytest.raises(InputError, match=r"^draws: found 10, allowed are at least 1000$"):
        pe.meta_analysis(data).predict(pi="bootstrap", draws=10)
