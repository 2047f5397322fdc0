"""Cluster-robust covariances: against dense formulas, unbiased where they should be, refusals."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.errors import DataWarning, FewStudiesWarning, InputError
from peer_evidence.pooling.layout import lay_out
from peer_evidence.pooling.robust import diagonal
from peer_evidence.pooling.rve_moments import hierarchical
from peer_evidence.pooling.sandwich import htz, lay_out_problem, sandwich, satterthwaite

from .ledger import quiet
from .test_multilevel import simulated


def dense(y, x, w, phi, codes, estimator):
    """Write the robust covariance and the covariances P_ij of its terms down with full matrices."""
    k = len(y)
    bread = np.linalg.inv(x.T @ w @ x)
    residue = np.eye(k) - x @ bread @ x.T @ w
    e = residue @ y
    inner = residue @ phi @ residue.T
    meat, terms = 0.0, []
    for one in range(codes.max() + 1):
        own = np.flatnonzero(codes == one)
        pick = np.ix_(own, own)
        a = np.eye(len(own))
        if estimator == "CR2":
            root = np.linalg.cholesky(phi[pick]).T
            size, vectors = np.linalg.eigh(root @ inner[pick] @ root.T)
            power = np.array([s**-0.5 if s > 1e-9 * size.max() else 0.0 for s in size])
            a = root.T @ (vectors * power) @ vectors.T @ root
        term = bread @ x[own].T @ w[pick] @ a
        meat = meat + np.outer(term @ e[own], term @ e[own])
        terms.append(term @ residue[own])
    pairs = np.array([[s @ phi @ t.T for t in terms] for s in terms])
    return meat, pairs


def problem_of(seed, p=2, *, inverse=True):
    rng = np.random.default_rng(seed)
    data = simulated(seed, groups=9, most=4)
    codes = data["group"].to_numpy()
    layout = lay_out(codes)
    k = len(data)
    x = np.column_stack([np.ones(k), *(rng.normal(size=(p - 1, k)))])
    root = np.where(codes[:, None] == codes, rng.normal(size=(k, k)), 0)
    phi = root @ root.T + np.eye(k)
    w = np.linalg.inv(phi) if inverse else np.diag(rng.uniform(0.5, 3, k))

    def blocks(full):
        return tuple(full[b.rows[:, :, None], b.rows[:, None, :]] for b in layout.batches)

    y = data["effect"].to_numpy()
    return y, x, w, phi, codes, lay_out_problem(y, x, blocks(w), blocks(phi), layout)


@pytest.mark.parametrize("estimator", ["CR0", "CR2"])
@pytest.mark.parametrize("inverse", [True, False])
def test_covariance_and_degrees_of_freedom_are_those_of_full_matrices(estimator, inverse):
    for seed in range(4):
        y, x, w, phi, codes, problem = problem_of(seed, p=3, inverse=inverse)
        s = sandwich(problem, estimator)
        covariance, pairs = dense(y, x, w, phi, codes, estimator)
        assert np.allclose(s.covariance, covariance, rtol=1e-10)
        for c in (np.eye(3)[0], np.array([1.0, -2.0, 0.5])):
            p = np.einsum("p,ijpq,q->ij", c, pairs, c)
            assert satterthwaite(s, c) == pytest.approx(np.trace(p) ** 2 / (p**2).sum(), rel=1e-10)


def test_hotelling_test_is_that_of_full_matrices():
    y, x, w, phi, codes, problem = problem_of(5, p=3, inverse=False)
    s = sandwich(problem, "CR2")
    c = np.eye(3)[1:]
    covariance, pairs = dense(y, x, w, phi, codes, "CR2")
    pairs = c @ pairs @ c.T
    omega = np.einsum("iipq->pq", pairs)
    size, vectors = np.linalg.eigh(omega)
    root = vectors @ np.diag(size**-0.5) @ vectors.T
    pairs = root @ pairs @ root
    total = (np.einsum("ijpp->ij", pairs) ** 2).sum() + np.einsum("ijpq,ijqp->", pairs, pairs)
    nu = 2 * 3 / total
    b = c @ s.beta
    wald = b @ np.linalg.solve(c @ covariance @ c.T, b)
    found = htz(s, c)
    assert found.df1 == 2
    assert found.df2 == pytest.approx(nu - 1, rel=1e-10)
    assert found.statistic == pytest.approx((nu - 1) / (nu * 2) * wald, rel=1e-10)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_cr2_is_unbiased_under_its_working_model(seed):
    y, x, w, phi, codes, problem = problem_of(seed)
    s = sandwich(problem, "CR2")
    _, pairs = dense(y, x, w, phi, codes, "CR2")
    assert np.allclose(np.einsum("iipq->pq", pairs), s.bread, rtol=1e-6, atol=1e-10)


def test_one_coefficient_has_the_same_test_by_t_and_by_hotelling():
    data = simulated(3)
    r = pe.robust(pe.meta_analysis(data, moderators="x"), cluster=data["group"])
    test = r.wald().iloc[0]
    row = r.coefficients.loc["x"]
    assert test["statistic"] == pytest.approx(row["statistic"] ** 2)
    assert (test["df2"], test["p_value"]) == pytest.approx((row["df"], row["p_value"]))
    both = r.wald(["intercept", "x"]).iloc[0]
    assert both["df1"] == 2


def test_clusters_of_size_1_and_order_of_rows():
    data = simulated(4)
    m = pe.meta_analysis(data)
    one = pe.robust(m, cluster=data["row"], estimator="CR0")
    w = 1 / (data["variance"] + m.tau2)
    by_hand = ((w * (data["effect"] - m.estimate)) ** 2).sum() ** 0.5 / w.sum()
    assert one.se == pytest.approx(by_hand, rel=1e-12)
    other = data.sample(frac=1, random_state=1)
    a = pe.robust(pe.meta_analysis(other), cluster=other["group"])
    b = pe.robust(m, cluster=data["group"])
    assert (a.se, a.df, a.clusters) == pytest.approx((b.se, b.df, b.clusters))


def test_clusters_coarser_than_the_model_take_its_covariance_along():
    data = simulated(6)
    m = pe.multilevel(data, levels=["group", "row"])
    coarse = data["group"] // 2
    r = quiet(pe.robust, m, cluster=coarse)
    f = m.fitted
    same = data["group"].to_numpy()[:, None] == data["group"].to_numpy()
    phi = np.diag(data["variance"] + m.sigma2[1]) + m.sigma2[0] * same
    codes = coarse.to_numpy()
    args = (f.studies.effects, f.matrix, np.linalg.inv(phi), phi, codes, "CR2")
    covariance, _ = dense(*args)
    assert r.covariance == pytest.approx(covariance, rel=1e-9)


def test_weights_of_the_user_are_kept():
    data = simulated(7)
    data["w"] = 1.0
    m = pe.meta_analysis(data, weights="w")
    r = pe.robust(m, cluster=data["group"], estimator="CR0")
    assert r.estimate == pytest.approx(data["effect"].mean())
    sums = (data["effect"] - r.estimate).groupby(data["group"]).sum()
    assert r.se == pytest.approx((sums**2).sum() ** 0.5 / len(data), rel=1e-12)


def test_a_multilevel_names_its_clusters_itself():
    data = simulated(8)
    m = pe.multilevel(data, levels=["group", "row"])
    a, b = pe.robust(m, cluster="group"), pe.robust(m, cluster=data["group"])
    assert (a.se, a.df) == (b.se, b.df)
    assert a.level == m.level
    assert pe.robust(m, cluster="group", level=0.9).ci_low > a.ci_low


@pytest.mark.parametrize(
    ("cluster", "options", "message"),
    [
        ("team", {}, "cluster: found 'team', allowed is the cluster of each of the {k} effects, "
         "such as data['team']; by name allowed are 'group', 'row'"),
        ([1, 2], {}, "cluster: found 2 values, allowed is one for each of the {k} effects in the "
         "analysis"),
        ("one", {}, "cluster: found the single cluster '1', allowed are two or more; one cluster "
         "says nothing about how much clusters differ"),
        ("row", {}, "cluster: effect '1' is dependent in the model on effects of another cluster; "
         "use the outermost groups of the model, or coarser ones"),
        ("gap", {}, "cluster: found a missing value at place 2, allowed is a cluster for every "
         "effect"),
        ("group", {"estimator": "CR4"}, "estimator: found 'CR4', allowed are 'CR0', 'CR1', "
         "'CR1p', 'CR1S', 'CR2', 'CR3'; did you mean 'CR3'?"),
        ("group", {"test": "F"}, "test: found 'F', allowed are 'satterthwaite', 't', "
         "'t-residual', 'z'"),
    ],
)  # fmt: skip
def test_what_is_refused(cluster, options, message):
    data = simulated(9)
    m = pe.multilevel(data, levels=["group", "row"])
    gap = data["group"].astype(float).where(data["row"] != 2)
    cluster = {"one": [1] * len(data), "gap": gap}.get(str(cluster), cluster)
    with pytest.raises(InputError, match=re.escape(message.format(k=len(data)))):
        pe.robust(m, cluster=cluster, **options)


def test_other_results_are_refused():
    with pytest.raises(InputError, match=r"^result: found int, allowed is what meta_analysis, "):
        pe.robust(3, cluster=[1])


def test_fewer_clusters_than_coefficients_need_cr2():
    data = simulated(10, groups=3, most=4)
    m = quiet(pe.meta_analysis, data, moderators=["x", "row"])
    text = "^cluster: found 3 clusters for 3 coefficients, this estimator or test needs more"
    with pytest.raises(InputError, match=text):
        pe.robust(m, cluster=data["group"], estimator="CR1p")


def test_fewer_than_4_degrees_of_freedom_are_said():
    data = simulated(11, groups=4)
    text = (
        "^fewer than 4 degrees of freedom for intercept: robust p values and intervals cannot be "
        "trusted$"
    )
    with pytest.warns(FewStudiesWarning, match=text):
        r = pe.robust(pe.meta_analysis(data), cluster=data["group"])
    assert r.few_df
    assert r.summary().splitlines()[-1] == (
        "Fewer than 4 degrees of freedom for intercept: p and interval cannot be trusted "
        "(Tipton 2015)."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        many = simulated(11, groups=30)
        assert not pe.robust(pe.meta_analysis(many), cluster=many["group"]).few_df


def test_hierarchical_moments_solve_their_dense_equations():
    for seed in range(5):
        data = simulated(seed, between=0.2, within=0.2)
        y, v = data["effect"].to_numpy(), data["variance"].to_numpy()
        codes = data["group"].to_numpy()
        k = len(y)
        x = np.column_stack([np.ones(k), data["x"]])
        j = (codes[:, None] == codes).astype(float)
        w = np.diag(1 / v)
        residue = np.eye(k) - x @ np.linalg.inv(x.T @ w @ x) @ x.T @ w
        forms = [residue.T @ w @ residue, residue.T @ j @ residue]
        slopes = [[np.trace(q @ j), np.trace(q)] for q in forms]
        rest = [y @ q @ y - np.trace(q @ np.diag(v)) for q in forms]
        tau2, omega2 = np.linalg.solve(slopes, rest)
        found = hierarchical(y, v, x, codes)
        if min(tau2, omega2) > 0:
            assert (found.tau2, found.omega2) == pytest.approx((tau2, omega2), rel=1e-9)
        else:
            assert min(found.tau2, found.omega2) == 0.0


def test_hierarchical_model_uses_its_weights():
    data = simulated(2, between=0.2, within=0.2)
    r = pe.rve(data, cluster="group", model="hierarchical", moderators="x")
    w = 1 / (data["variance"].to_numpy() + r.tau2 + r.omega2)
    x = np.column_stack([np.ones(len(data)), data["x"]])
    y, codes = data["effect"].to_numpy(), data["group"].to_numpy()
    covariance, pairs = dense(y, x, np.diag(w), np.diag(1 / w), codes, "CR2")
    assert np.allclose(r.robust.covariance, covariance, rtol=1e-9)
    assert r.df == pytest.approx(np.trace(pairs[..., 0, 0]) ** 2 / (pairs[..., 0, 0] ** 2).sum())
    assert "Hierarchical effects working model" in r.summary()
    assert np.isnan(r.i2)


def test_correlated_model_with_one_effect_a_cluster_is_dersimonian_and_laird():
    data = simulated(3)
    r = pe.rve(data, cluster="row", rho=0.3)
    m = pe.meta_analysis(data, method="DL")
    assert (r.tau2, r.estimate) == pytest.approx((m.tau2, m.estimate), rel=1e-10)
    assert r.i2 == pytest.approx(m.i2, rel=1e-10)
    assert np.allclose(diagonal(r.weights, lay_out(data["row"].to_numpy()))[0][:, 0, 0], r.weights)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cluster": "group", "rho": 1.5}, "rho: found 1.5, allowed is a number from 0 to 1"),
        (
            {"cluster": "group", "model": "corr"},
            "model: found 'corr', allowed are 'correlated', 'hierarchical'",
        ),
        (
            {"cluster": "team"},
            "cluster: no column 'team'; it has group, row, effect, variance, x, one",
        ),
        (
            {"cluster": "one"},
            "cluster: found 1 clusters for 1 coefficients, allowed are more clusters than "
            "coefficients",
        ),
    ],
)
def test_what_robust_variance_estimation_refuses(options, message):
    data = simulated(4).assign(one=1)
    with pytest.raises(InputError, match="^" + re.escape(message) + "$"):
        pe.rve(data, **options)


def test_effects_of_few_rows_can_be_pooled_by_rve():
    data = pd.DataFrame({"effect": [0.1, 0.2], "variance": [0.1, 0.1], "study": ["a", "b"]})
    r = quiet(pe.rve, data, cluster="study")
    assert r.tau2 == 0.0
    assert r.df == pytest.approx(1.0)
    assert r.robust.few_df


@pytest.mark.parametrize("estimator", ["CR0", "CR1S", "CR2"])
def test_a_coefficient_of_a_single_cluster_has_no_robust_standard_error(estimator):
    data = simulated(12)
    data["only"] = (data["row"] == 0).astype(float)
    m = pe.meta_analysis(data, moderators=["only", "x"])
    text = (
        "^only: estimated from a single cluster, so that clusters do not show how uncertain it is"
    )
    with pytest.warns(DataWarning, match=text):
        r = pe.robust(m, cluster=data["group"], estimator=estimator)
    table = r.coefficients
    assert table.loc["only", ["se", "ci_low", "p_value", "df"]].isna().all()
    assert table.loc[["intercept", "x"]].notna().all(axis=None)
    with pytest.raises(InputError, match=r"^coefficients: 'only' is estimated from a single clus"):
        r.wald(["only", "x"])
    assert r.wald(["x"]).loc["HTZ", "df1"] == 1
    assert "without robust standard error: only." in r.summary()
    with pytest.raises(InputError, match=r"^estimator: found 'CR3', which leaves each cluster out"):
        pe.robust(m, cluster=data["group"], estimator="CR3")
    rest = data[data["row"] != 0]  # a row with a coefficient of its own says nothing else
    if estimator == "CR0":
        other = pe.meta_analysis(rest, moderators="x")
        b = quiet(pe.robust, other, cluster=rest["group"], estimator=estimator)
        assert r.coefficients.loc["x", "se"] == pytest.approx(b.coefficients.loc["x", "se"])
