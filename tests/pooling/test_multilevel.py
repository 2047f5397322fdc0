"""Nested random effects: against a dense likelihood, at their bounds, and what is refused."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.errors import FewStudiesWarning, InputError
from peer_evidence.pooling.layout import lay_out


def simulated(seed, groups=12, most=5, between=0.05, within=0.03):
    """Give effects nested in groups of unlike size."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, most + 1, groups)
    sizes[0] = most
    group = np.repeat(np.arange(groups), sizes)
    v = rng.uniform(0.01, 0.1, len(group))
    y = 0.3 + rng.normal(0, between**0.5, groups)[group]
    y = y + rng.normal(0, within**0.5, len(group)) + rng.normal(0, v**0.5)
    x = rng.normal(size=len(group))
    frame = {"group": group, "row": np.arange(len(group)), "effect": y, "variance": v, "x": x}
    return pd.DataFrame(frame)


def dense_log_likelihood(data, x, theta, method, v=None):
    """Write the log-likelihood down with the full matrix, apart from the package."""
    y, k = data["effect"].to_numpy(), len(data)
    group = data["group"].to_numpy()
    m = np.diag(data["variance"]) if v is None else v.copy()
    m = m + theta[0] * (group[:, None] == group) + theta[1] * np.eye(k)
    w = np.linalg.inv(m)
    a = x.T @ w @ x
    r = y - x @ np.linalg.solve(a, x.T @ w @ y)
    size = k if method == "ML" else k - x.shape[1]
    ll = -0.5 * (size * np.log(2 * np.pi) + np.linalg.slogdet(m)[1] + r @ w @ r)
    if method == "REML":
        ll += 0.5 * (np.linalg.slogdet(x.T @ x)[1] - np.linalg.slogdet(a)[1])
    return ll


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_likelihood_and_its_derivatives_are_those_of_the_full_matrix(method):
    data = simulated(1)
    v = pe.covariance(data, cluster="group", rho=0.4)
    m = pe.multilevel(data, levels=["group", "row"], moderators="x", covariance=v, method=method)
    problem, x = m.fitted.problem, m.fitted.matrix
    for theta in ([0.05, 0.02], [0.0, 0.1], [0.3, 0.0]):
        theta = np.array(theta)
        value = problem.evaluate(theta, method)
        expected = dense_log_likelihood(data, x, theta, method, v.matrix)
        assert value.ll == pytest.approx(expected, rel=1e-12)
        step = 1e-5
        for place in range(2):
            up, down = theta.copy(), theta.copy()
            up[place] += step
            down[place] -= step
            high, low = problem.evaluate(up, method), problem.evaluate(down, method)
            assert value.score[place] == pytest.approx((high.ll - low.ll) / (2 * step), rel=1e-5)
            slope = (high.score - low.score) / (2 * step)
            assert np.allclose(value.observed[place], -slope, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_no_point_of_a_grid_is_higher_than_the_top(method):
    for seed in range(9):
        data = simulated(seed, groups=6, most=3, between=0.05 * (seed % 3), within=0.02)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewStudiesWarning)
            m = pe.multilevel(data, levels=["group", "row"], method=method)
        assert m.converged
        grid = np.concatenate([[0], np.geomspace(1e-3, 2, 12)])
        heights = [m.fitted.problem.height(np.array([a, b]), method) for a in grid for b in grid]
        assert max(heights) <= m.log_likelihood + 1e-10


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_one_level_of_rows_is_the_plain_random_effects_model(method):
    data = simulated(3)
    flat = pe.meta_analysis(data, method=method, moderators="x")
    m = pe.multilevel(data, levels="row", method=method, moderators="x")
    assert m.sigma2[0] == pytest.approx(flat.tau2, rel=1e-9)
    for name in ("estimate", "se", "ci_low", "p_value", "q", "qm"):
        assert getattr(m, name) == pytest.approx(getattr(flat, name), rel=1e-9), name
    assert m.i2 == pytest.approx(flat.i2, rel=1e-9)
    ours, other = m.fit_statistics(), flat.fit_statistics()
    assert np.allclose(ours, other[ours.columns], rtol=1e-9)
    assert np.allclose(
        m.ranef()["effect"] + m.predict()["estimate"].to_numpy(), flat.blup()["blup"]
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 5.0), st.floats(-3, 3))
def test_order_of_rows_and_unit_do_not_matter(seed, unit, shift):
    data = simulated(seed)
    m = pe.multilevel(data, levels=["group", "row"])
    other = data.sample(frac=1, random_state=seed)
    other["effect"] = unit * other["effect"] + shift
    other["variance"] *= unit**2
    n = pe.multilevel(other, levels=["group", "row"])
    assert n.estimate == pytest.approx(unit * m.estimate + shift, abs=1e-8 * unit)
    assert np.allclose(n.sigma2, np.array(m.sigma2) * unit**2, atol=1e-9 * unit**2)


def test_three_levels_of_groups_are_fitted():
    data = simulated(5, groups=30, most=4)
    data["region"] = data["group"] // 4
    m = pe.multilevel(data, levels=["region", "group", "row"])
    assert m.groups == (8, 30, len(data))
    assert m.converged
    two = pe.multilevel(data, levels=["group", "row"])
    assert m.log_likelihood >= two.log_likelihood - 1e-10
    row = m.level_test("region").iloc[0]
    assert row["lrt"] == pytest.approx(2 * (m.log_likelihood - two.log_likelihood), abs=1e-9)
    assert row["p_value_boundary"] == row["p_value"] / 2


def test_a_variance_of_0_is_the_model_without_the_level():
    data = simulated(2, between=0.0, within=0.1)
    data["effect"] -= data.groupby("group")["effect"].transform("mean")
    m = pe.multilevel(data, levels=["group", "row"])
    assert m.sigma2[0] == 0.0
    flat = pe.meta_analysis(data)
    assert (m.estimate, m.se) == pytest.approx((flat.estimate, flat.se), rel=1e-8)
    table = m.variance_components()
    assert table.loc["group", "ci_low"] == 0.0
    assert 0 < table.loc["group", "ci_high"] < 1
    assert m.level_test("group").loc["group", "lrt"] == pytest.approx(0.0, abs=1e-10)
    assert np.array_equal(m.ranef("group")["effect"], np.zeros(m.groups[0]))


def test_equal_effects_have_no_variance_at_any_level():
    data = simulated(4).assign(effect=0.25)
    m = pe.multilevel(data, levels=["group", "row"])
    assert m.sigma2 == (0.0, 0.0)
    assert m.estimate == pytest.approx(0.25)
    assert m.converged
    assert m.i2 == 0.0


def test_a_profile_interval_ends_where_the_likelihood_has_fallen():
    data = simulated(6, groups=20, between=0.3)
    m = pe.multilevel(data, levels=["group", "row"])
    table = m.variance_components(0.9)
    drop = 2.705543454095404  # chi-squared on 1 df, upper tail 0.1
    x = m.fitted.matrix
    assert table.loc["group", "ci_low"] > 0
    for end in table.loc["group", ["ci_low", "ci_high"]]:
        heights = [
            dense_log_likelihood(data, x, [end, b], "REML") for b in np.linspace(0, 0.15, 601)
        ]
        assert 2 * (m.log_likelihood - max(heights)) == pytest.approx(drop, abs=1e-5)


def test_names_used_again_in_another_parent_are_other_groups():
    data = simulated(7)
    again = data.assign(row=data.groupby("group").cumcount())
    m = pe.multilevel(data, levels=["group", "row"])
    n = pe.multilevel(again, levels=["group", "row"])
    assert n.groups == m.groups
    assert n.sigma2 == pytest.approx(m.sigma2)
    assert n.ranef("row")["group"].tolist()[:2] == ["0/0", "0/1"]


def test_containment_counts_groups_within_which_a_moderator_does_not_vary():
    data = simulated(8)
    data["wide"] = data["group"] % 3
    m = pe.multilevel(data, levels=["group", "row"], moderators=["wide", "x"], ci="t-contain")
    assert m.coefficients["df"].tolist() == [9.0, 9.0, len(data) - 3.0]
    assert pe.multilevel(data, levels=["group", "row"], ci="t").df == len(data) - 1


def test_predictions_for_new_rows():
    data = simulated(9)
    m = pe.multilevel(data, levels=["group", "row"], moderators="x")
    b = m.coefficients["estimate"]
    row = m.predict({"x": 2.0}).iloc[0]
    assert row["estimate"] == pytest.approx(b["intercept"] + 2 * b["x"])
    covariance = m.fitted.model.covariance
    se = (np.array([1, 2]) @ covariance @ np.array([1, 2])) ** 0.5
    assert row["se"] == pytest.approx(se)
    half = 1.959963984540054 * (se**2 + sum(m.sigma2)) ** 0.5
    assert row["pi_high"] == pytest.approx(row["estimate"] + half)
    assert len(m.predict()) == len(data)
    plain = pe.multilevel(data, levels=["group", "row"])
    with pytest.raises(InputError, match=r"^new: the analysis has no moderators, call predict\(\)"):
        plain.predict({"x": 1})
    own = plain.predict().iloc[0]
    assert (own["pi_low"], own["pi_high"]) == pytest.approx((plain.pi_low, plain.pi_high))


def test_weights_make_the_pooled_effect():
    data = simulated(9)
    for moderators in (None, "x"):
        m = pe.multilevel(data, levels=["group", "row"], moderators=moderators)
        table = m.study_table()
        assert (table["weight"] * table["effect"]).sum() / 100 == pytest.approx(m.estimate)
        assert table["weight"].sum() == pytest.approx(100)


def test_rows_without_an_effect_are_left_out_with_their_covariance():
    data = simulated(10)
    gone = data.assign(effect_note="", study_id=[f"s{i}" for i in range(len(data))])
    gone.loc[3, ["effect", "variance"]] = np.nan
    gone.loc[3, "effect_note"] = "no counts"
    v = pe.covariance(gone, cluster="group", rho=0.5)
    m = pe.multilevel(gone, levels=["group", "row"], covariance=v)
    rest = data.drop(index=3)
    n = pe.multilevel(
        rest, levels=["group", "row"], covariance=pe.covariance(rest, cluster="group", rho=0.5)
    )
    assert m.left_out == (("s3", "no counts"),)
    assert (m.k, m.estimate, *m.sigma2) == pytest.approx((n.k, n.estimate, *n.sigma2))
    assert m.summary().splitlines()[-1] == "Left out for want of an effect: 1 (s3: no counts)."


def test_a_covariance_may_be_a_plain_matrix_and_bring_the_variances():
    data = simulated(11)
    v = pe.covariance(data, cluster="group", rho=0.5)
    m = pe.multilevel(data, levels=["group", "row"], covariance=v)
    bare = data.drop(columns="variance")
    n = pe.multilevel(bare, levels=["group", "row"], covariance=v.matrix)
    assert (n.estimate, *n.sigma2) == pytest.approx((m.estimate, *m.sigma2))


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (
            {"group": 1},
            {"levels": ["group", "row"]},
            "levels: 'group' has the single group '1'; its variance cannot be told from the "
            "pooled effect, leave that level out",
        ),
        (
            {"group": lambda d: d["row"]},
            {"levels": ["group", "row"]},
            "levels: 'row' divides no group of 'group', both have the same {k} groups; their "
            "variances cannot be told apart, leave one of them out",
        ),
        (
            {"group": lambda d: d["group"].astype("Float64").where(d["row"] != 2)},
            {"levels": ["group", "row"]},
            "group: found a missing value in row 2, allowed is a group for every row",
        ),
        (
            {},
            {"levels": ["group", "group"]},
            "levels: found ['group', 'group'], allowed are one or more different columns, the "
            "outermost first",
        ),
        (
            {},
            {"levels": ["groups", "row"]},
            "levels: no column 'groups' (the nearest it has is 'group'); it has group, row, "
            "effect, variance, x",
        ),
        (
            {"effect": lambda d: d["effect"].where(d["row"] != 4)},
            {"levels": ["group", "row"]},
            "effect: found a missing value in row 4, allowed is a finite number",
        ),
        (
            {},
            {"levels": ["group", "row"], "method": "DL"},
            "method: found 'DL', allowed are 'REML', 'ML'",
        ),
        (
            {},
            {"levels": ["group", "row"], "covariance": "small"},
            "covariance: found shape (3, 3), allowed is what covariance() gives or a matrix of "
            "{k} by {k}, one row for each row of data",
        ),
        (
            {},
            {"levels": ["group", "row"], "covariance": "doubled"},
            "covariance: its diagonal is {doubled} in row 0 where the column 'variance' holds "
            "{own}; build it from the same table with its rows in the same order, or "
            "name the right column by the argument variance",
        ),
        (
            {},
            {"levels": "row", "covariance": "grouped"},
            "covariance: rows '0' and '1' are correlated but stand in different groups of level "
            "'row'; use the clusters of the covariance, or coarser ones, as the outermost, "
            "and build it from the table in the same order of rows",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_its_reason(change, options, message):
    data = simulated(12).assign(**change)
    options = dict(options)
    own = data["variance"].iloc[0]
    made = {
        "doubled": lambda: np.diag(2 * data["variance"]),
        "grouped": lambda: pe.covariance(data, cluster="group", rho=0.5),
        "small": lambda: np.eye(3),
    }
    if "covariance" in options:
        options["covariance"] = made[options["covariance"]]()
    expected = message.format(k=len(data), own=f"{own:g}", doubled=f"{2 * own:g}")
    with pytest.raises(InputError, match="^" + re.escape(expected)):
        pe.multilevel(data, **options)


def test_few_groups_are_said_in_a_warning_and_in_the_summary():
    data = simulated(13, groups=4)
    text = (
        "^4 groups at the outermost level 'group': its variance can hardly be estimated from them$"
    )
    with pytest.warns(FewStudiesWarning, match=text):
        m = pe.multilevel(data, levels=["group", "row"])
    assert "Only 4 groups of group: the interval is hardly known." in m.summary()


def test_the_result_says_where_the_effects_differ():
    data = simulated(14)
    m = pe.multilevel(data, levels=["group", "row"])
    lines = m.summary().splitlines()
    assert re.fullmatch(
        r"Pooled effect 0\.\d\d \(95% CI .* to .*, p (=|<) 0\.\d{3}\), \d+ effects "
        r"\(groups: 12 group, \d+ row\)\.",
        lines[0],
    )
    assert m.to_frame().loc[0, "sigma2_group"] == m.sigma2[0]
    assert m.to_frame().shape[0] == 1
    assert sum(m.i2_levels) == pytest.approx(m.i2)
    assert "<table>" in m._repr_html_()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=300))
def test_every_row_stands_in_one_place_of_the_layout(values):
    codes = np.array([sorted(set(values)).index(one) for one in values])
    layout = lay_out(codes)
    seen = np.concatenate([batch.rows[batch.real] for batch in layout.batches])
    assert sorted(seen) == list(range(len(codes)))
    for batch in layout.batches:
        for cluster, rows, real in zip(batch.clusters, batch.rows, batch.real, strict=True):
            assert (codes[rows[real]] == cluster).all()
    for row in range(len(codes)):
        batch = layout.batches[layout.batch[row]]
        assert batch.rows[layout.slot[row], layout.position[row]] == row
