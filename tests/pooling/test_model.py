"""The result of a meta-analysis: fields, tables, moderators, predictions, subgroups, words."""

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import FewStudiesWarning, InputError
from peer_evidence.pooling.projection import DesignProblem, MeanProblem
from peer_evidence.pooling.single import make_problem

DATA = pd.DataFrame(
    {
        "label": ["Adams", "Brown", "Cole", "Diaz", "Evans", "Ford", "Gray", "Hill"],
        "effect": [0.47, 0.20, 0.40, 0.26, 0.56, 0.10, 0.75, 0.31],
        "variance": [0.0075, 0.0057, 0.0021, 0.0029, 0.0148, 0.02, 0.03, 0.01],
        "year": [1983, 1982, 1979, 1987, 1988, 1990, 1991, 1992],
        "setting": ["home", "ward", "home", "ward", "ward", "home", "ward", "home"],
    }
)


def test_flat_fields_are_plain_numbers_and_one_row():
    m = pe.meta_analysis(DATA)
    row = m.to_frame()
    assert len(row) == 1
    for name in ("estimate", "se", "tau2", "i2_q", "q", "pi_low", "h2_ci_high"):
        assert type(getattr(m, name)) is float
        assert row[name].iloc[0] == getattr(m, name)
    assert type(m.k) is int
    with pytest.raises(AttributeError):
        m.estimate = 1.0


def test_a_prediction_interval_of_few_studies_says_what_it_rests_on():
    few = pd.DataFrame({"effect": [0.2, 0.25, 0.3], "variance": [0.04, 0.05, 0.06]})
    m = pe.meta_analysis(few)
    assert m.tau2 == 0
    assert str(m).splitlines()[3] == (
        "95% prediction interval −0.01 to 0.49 (normal); it rests on a tau² of 0, which 3 studies "
        "can hardly tell."
    )


def test_the_text_states_the_answer_first_and_is_repeatable():
    first, second = str(pe.meta_analysis(DATA)), str(pe.meta_analysis(DATA))
    assert first == second
    assert first.splitlines() == [
        "Pooled effect 0.36 (95% CI 0.25 to 0.47, p < 0.001), 8 studies.",
        "Random-effects model, restricted maximum likelihood; normal (Wald) interval.",
        "95% prediction interval 0.08 to 0.64 (normal).",
        "Heterogeneity: tau² = 0.0166 (0.0030 to 0.1616), I² = 72.0% (31.5 to 96.1); "
        "Q = 21.42 on 7 df, p = 0.003.",
    ]
    assert "<p>Pooled effect 0.36" in pe.meta_analysis(DATA)._repr_html_()


def test_a_single_measure_is_named():
    assert "Pooled effect (SMD)" in str(pe.meta_analysis(DATA.assign(measure="SMD")))
    instruments = DATA.assign(measure=["Hope Scale"] * 7 + ["Beck"])
    assert "Pooled effect 0" in str(pe.meta_analysis(instruments))


def test_the_study_table_holds_what_a_forest_plot_draws():
    table = pe.meta_analysis(DATA).study_table()
    assert list(table) == ["label", "effect", "variance", "se", "ci_low", "ci_high", "weight"]
    assert table["weight"].sum() == pytest.approx(100)
    assert table["ci_high"].iloc[0] == pytest.approx(0.47 + 1.959964 * 0.0075**0.5, abs=1e-6)


def test_the_data_are_not_kept_or_changed():
    data = DATA.copy()
    m = pe.meta_analysis(data)
    data.loc[0, "effect"] = 99.0
    assert m.studies.effects[0] == 0.47


def test_columns_and_formula_give_the_same_regression():
    by_name = pe.meta_analysis(DATA, moderators=["year", "setting"], ci="hksj")
    by_formula = pe.meta_analysis(DATA, moderators="~ year + setting", ci="hksj")
    assert by_name.regression.names == ("intercept", "year", "setting[ward]")
    assert by_formula.regression.names == ("intercept", "year", "setting[ward]")
    np.testing.assert_allclose(by_name.coefficients, by_formula.coefficients, rtol=1e-9)
    assert by_name.qm == pytest.approx(by_formula.qm, rel=1e-9)
    assert (by_name.qm_df, by_name.df) == (2, 5.0)
    new = pd.DataFrame({"year": [1985, 1990], "setting": ["ward", "home"]})
    pd.testing.assert_frame_equal(by_name.predict(new), by_formula.predict(new), rtol=1e-9)
    assert "R² = " in str(by_name)
    assert "  setting[ward]: " in str(by_name)


def test_a_moderator_of_the_fitted_rows_is_predicted_like_them():
    m = pe.meta_analysis(DATA, moderators="setting")
    fitted = m.predict()
    assert list(fitted.index) == DATA["label"].tolist()
    again = m.predict({"setting": ["home"]})
    assert again["estimate"].iloc[0] == pytest.approx(fitted["estimate"].iloc[0], rel=1e-14)
    assert m.estimate == pytest.approx(again["estimate"].iloc[0], rel=1e-14)


def test_prediction_rules_differ_as_named():
    from scipy import stats

    m = pe.meta_analysis(DATA, ci="hksj")
    plain = pe.meta_analysis(DATA)
    reach = {
        "metafor": stats.t.ppf(0.975, 7) * np.sqrt(m.se**2 + m.tau2),
        "t": stats.t.ppf(0.975, 7) * np.sqrt(m.se**2 + m.tau2),
        "riley": stats.t.ppf(0.975, 6) * np.sqrt(m.se**2 + m.tau2),
        "higgins": stats.t.ppf(0.975, 6) * np.sqrt(plain.se**2 + m.tau2),
        "simple": stats.norm.ppf(0.975) * np.sqrt(m.tau2),
    }
    for rule, value in reach.items():
        found = m.predict(pi=rule)
        assert found["pi_high"].iloc[0] - m.estimate == pytest.approx(value, rel=1e-12), rule
    assert m.pi_high == m.predict()["pi_high"].iloc[0]
    assert m.predict(level=0.5)["ci_high"].iloc[0] < m.ci_high


@pytest.mark.parametrize(
    ("moderators", "expected"),
    [
        ([], "moderators: found none, allowed are column names or a formula"),
        (
            "yaer",
            "moderators: no column 'yaer' (the nearest it has is 'year'); it has label, effect, "
            "variance, year, setting, one, twice, gap",
        ),
        ("one", "moderators: 'one' has the single level 'x'"),
        (
            ["year", "twice"],
            "moderators: 'twice' says nothing that the other moderators do not say "
            "already (the columns are collinear)",
        ),
        (
            "gap",
            "moderators: 'gap' is missing in row 3; leave those rows out or fill them in before "
            "the analysis",
        ),
        (
            "label",
            "moderators: 8 coefficients need more than 8 studies, found 8; use fewer moderators",
        ),
        (
            "effect ~ year",
            "moderators: the formula 'effect ~ year' has a left side; begin it with "
            "'~', the effect is named by the argument effect",
        ),
    ],
)
def test_moderators_that_cannot_be_used_say_why(moderators, expected):
    data = DATA.assign(one="x", twice=2.0 * DATA["year"] + 1, gap=[1, 2, 3, None, 5, 6, 7, 8])
    with pytest.raises(InputError) as caught:
        pe.meta_analysis(data, moderators=moderators)
    assert str(caught.value) == expected


def test_a_broken_formula_names_itself():
    with pytest.raises(InputError, match=r"moderators: the formula '~ year \+' failed: "):
        pe.meta_analysis(DATA, moderators="~ year +")


def test_new_studies_need_the_moderators_and_their_levels():
    m = pe.meta_analysis(DATA, moderators="setting")
    with pytest.raises(InputError) as caught:
        m.predict({"setting": ["street"]})
    assert str(caught.value) == "moderators: 'setting' found 'street', allowed are home, ward"
    with pytest.raises(InputError) as caught:
        pe.meta_analysis(DATA).predict({"year": [1990]})
    assert str(caught.value) == "new: the analysis has no moderators, call predict() without it"
    with pytest.raises(InputError, match="pi: found 'rilley'"):
        m.predict(pi="rilley")


def test_blups_lie_between_the_effect_and_the_mean():
    m = pe.meta_analysis(DATA)
    table = m.blup()
    low = np.minimum(table["effect"], m.estimate)
    high = np.maximum(table["effect"], m.estimate)
    assert ((table["blup"] >= low) & (table["blup"] <= high)).all()


def test_user_weights_change_the_estimate_only():
    plain, own = pe.meta_analysis(DATA), pe.meta_analysis(DATA, weights=[1] * 8)
    assert own.estimate == pytest.approx(DATA["effect"].mean(), rel=1e-14)
    assert (own.tau2, own.q) == (plain.tau2, plain.q)
    named = pe.meta_analysis(DATA.assign(w=1.0), weights="w")
    assert named.se == own.se


def test_a_mean_is_a_regression_on_a_constant():
    y, v = DATA["effect"].to_numpy(), DATA["variance"].to_numpy()
    one, two = make_problem(y, v, None), make_problem(y, v, np.ones((8, 1)))
    assert isinstance(one, MeanProblem)
    assert isinstance(two, DesignProblem)
    t = np.array([[0.0], [0.01], [0.3]])
    for restricted in (True, False):
        for a, b in zip(one.score(t, restricted), two.score(t, restricted), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-11)
        a, b = one.deviance(t, restricted), two.deviance(t, restricted)
        np.testing.assert_allclose(np.diff(a, axis=0), np.diff(b, axis=0), rtol=1e-10)


def test_subgroups_keep_their_own_tau2_or_share_one():
    own = pe.subgroups(DATA, by="setting")
    assert own.names == ("home", "ward")
    assert own["home"].estimate == pe.meta_analysis(DATA[DATA.setting == "home"]).estimate
    assert own.to_frame().index.tolist() == ["home", "ward", "all"]
    shared = pe.subgroups(DATA, by="setting", tau2="common")
    regression = pe.meta_analysis(DATA, moderators="setting")
    assert shared.q_between == pytest.approx(regression.qm, rel=1e-10)
    assert shared.tau2 == pytest.approx(regression.tau2, rel=1e-10)
    assert shared["home"].estimate == pytest.approx(regression.estimate, rel=1e-10)
    assert "All groups share one tau²." in str(shared)
    assert str(own).splitlines()[0].startswith("2 groups of setting are not shown to differ")


def test_a_subgroup_of_one_study_is_pooled_without_a_warning():
    data = DATA.assign(setting=["a"] + ["b"] * 7)
    assert pe.subgroups(data, by="setting")["a"].k == 1
    assert pe.subgroups(data, by="setting", tau2="common").q_between_df == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"by": "group"}, "by: no column 'group'; it has label, effect, variance, year, setting"),
        ({"by": "setting", "tau2": "own"}, "tau2: found 'own', allowed are 'separate', 'common'"),
        (
            {"by": "setting", "moderators": "year"},
            "moderators: subgroups take none; use meta_analysis with both as columns",
        ),
    ],
)
def test_subgroups_refuse_with_reasons(options, expected):
    with pytest.raises(InputError) as caught:
        pe.subgroups(DATA, **options)
    assert str(caught.value) == expected


def test_subgroups_need_two_groups_and_a_group_for_every_row():
    with pytest.raises(InputError) as caught:
        pe.subgroups(DATA.assign(setting="a"), by="setting")
    assert str(caught.value) == "setting: found the single group ['a'], there is nothing to compare"
    data = DATA.copy()
    data.loc[2, "setting"] = None
    with pytest.raises(InputError) as caught:
        pe.subgroups(data, by="setting")
    assert str(caught.value) == "setting: row 2 has no group, allowed is a group for every row"
    own = pe.subgroups(DATA, by="setting")
    with pytest.raises(InputError, match="setting: found 'x', allowed are home, ward"):
        own["x"]


COUNTS = pd.DataFrame(
    {
        "events_intervention": [4, 6, 0],
        "n_intervention": [123, 306, 40],
        "events_comparison": [11, 29, 0],
        "n_comparison": [139, 303, 41],
    }
)


def test_tables_are_pooled_and_studies_without_events_are_said_to_be():
    m = pe.mantel_haenszel(COUNTS)
    assert (m.k, m.k_q) == (3, 2)
    assert "Without events, so not in Q: 1." in str(m)
    assert m.to_frame()["breslow_day"].iloc[0] == m.breslow_day
    assert m.study_table()["weight"].sum() == pytest.approx(100)
    assert pe.mantel_haenszel(COUNTS, "RD").cmh is None
    assert "Peto, a common-effect method." in str(pe.peto(COUNTS))


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        (
            "events_intervention",
            -1,
            "events_intervention: row 1 cannot be used, allowed is a count of at least 0",
        ),
        (
            "events_intervention",
            400,
            "events_intervention: row 1 cannot be used, allowed is a count "
            "of at most n_intervention",
        ),
        ("n_comparison", 0, "n_comparison: row 1 cannot be used, allowed is a number above 0"),
    ],
)
def test_counts_that_cannot_be_name_their_rows(column, value, expected):
    data = COUNTS.copy()
    data.loc[1, column] = value
    for call in (pe.mantel_haenszel, pe.peto):
        with pytest.raises(InputError) as caught:
            call(data)
        assert str(caught.value) == expected


def test_tables_without_events_in_an_arm_leave_the_ratio_undefined():
    data = COUNTS.assign(events_intervention=0)
    with pytest.raises(InputError) as caught:
        pe.mantel_haenszel(data, "RR")
    assert str(caught.value) == (
        "data: the tables leave the log risk ratio undefined, "
        "there are no events (or nothing but events) in one of the arms"
    )
    with pytest.raises(InputError, match="data: there is no study to pool"):
        pe.peto(COUNTS[:0])
    with pytest.warns(FewStudiesWarning, match="one study"):
        one = pe.mantel_haenszel(COUNTS[:1])
    assert np.isnan(one.i2)


def test_one_new_study_may_be_given_by_plain_numbers():
    data = pd.DataFrame(
        {"effect": [0.1, 0.4, 0.3, 0.8], "variance": [0.05, 0.1, 0.04, 0.06], "x": [1, 2, 3, 5]}
    )
    m = pe.meta_analysis(data, moderators="x")
    assert m.predict(new={"x": 2}).equals(m.predict(new={"x": [2]}))


def test_a_slope_is_not_called_an_effect():
    data = pd.DataFrame(
        {"effect": [0.1, 0.4, 0.3, 0.8], "variance": [0.05, 0.1, 0.04, 0.06], "x": [1, 2, 3, 5]}
    )
    told = pe.meta_analysis(data, moderators="~ x - 1").summary()
    assert told.startswith("No intercept, so no single effect; coefficient of x ")
