"""Several outcomes together: structures, means, what is refused. Numbers of R: see the ledger."""

import re

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import FewStudiesWarning, InputError
from peer_evidence.pooling.gaussian import Value
from peer_evidence.pooling.structures import STRUCTURES, Structure

from .ledger import quiet

OPTIONS = {"outcome": "outcome", "study": "study"}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(20)
    rows = []
    for study in range(25):
        u = rng.multivariate_normal([0.2, 0.5, 0.1], 0.05 * np.eye(3) + 0.05)
        for place, outcome in enumerate("abc"):
            if rng.uniform() < 0.8:
                v = rng.uniform(0.01, 0.05)
                row = {"study": study, "outcome": outcome, "variance": v, "year": study - 12}
                rows.append(row | {"effect": u[place] + rng.normal(0, v**0.5)})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("name", STRUCTURES)
def test_derivatives_of_each_structure(name):
    shape = Structure(name, 3)
    psi = shape.start(np.array([0.4, 0.9, 0.2]), 0.3) + 0.05
    made = shape.map(psi)
    for place in range(shape.size):
        up, down = psi.copy(), psi.copy()
        up[place] += 1e-6
        down[place] -= 1e-6
        high, low = shape.map(up), shape.map(down)
        assert np.allclose(made.slope[:, place], (high.theta - low.theta) / 2e-6, atol=1e-8)
        assert np.allclose(made.curvature[:, place], (high.slope - low.slope) / 2e-6, atol=1e-8)
    count = len(made.theta)
    value = Value(0.0, np.ones(count), np.eye(count), np.eye(count))
    pulled = shape.pull(made, value)
    assert np.allclose(pulled.score, made.slope.sum(axis=0))
    assert np.allclose(pulled.observed, pulled.expected - made.curvature.sum(axis=0))


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_the_top_of_each_structure_is_a_top_and_they_are_nested(data, method):
    v = pe.covariance(data, cluster="study", rho=0.4)
    tops = {}
    for name in STRUCTURES:
        m = pe.multivariate(data, structure=name, covariance=v, method=method, **OPTIONS)
        assert m.converged
        tops[name] = m.log_likelihood
        size = np.linalg.eigvalsh(m.between)
        assert size[0] >= -1e-10 * size[-1]
        shape, at = m.parameters, m.top.at
        rng = np.random.default_rng(1)
        for _ in range(50):
            other = np.clip(at + rng.normal(0, 0.02, len(at)), *shape.bounds())
            height = m.fitted.problem.height(shape.map(other).theta, method)
            assert height <= m.log_likelihood + 1e-10
    assert tops["UN"] >= tops["HCS"] - 1e-9
    assert tops["HCS"] >= max(tops["CS"], tops["DIAG"]) - 1e-9


def test_independent_outcomes_are_pooled_apart(data):
    m = pe.multivariate(data, structure="DIAG", **OPTIONS)
    for place, name in enumerate(m.outcomes):
        alone = pe.meta_analysis(data[data["outcome"] == name], method="REML")
        row = m.coefficients.loc[name]
        assert row["estimate"] == pytest.approx(alone.estimate, rel=1e-8)
        assert row["se"] == pytest.approx(alone.se, rel=1e-8)
        assert m.tau2[place] == pytest.approx(alone.tau2, rel=1e-8)


def test_compound_symmetry_is_the_three_level_model(data):
    cs = pe.multivariate(data, structure="CS", means="common", **OPTIONS)
    nested = pe.multilevel(data, levels=["study", "outcome"])
    assert cs.log_likelihood == pytest.approx(nested.log_likelihood, rel=1e-10)
    assert cs.tau2[0] == pytest.approx(sum(nested.sigma2), rel=1e-7)
    share = nested.sigma2[0] / sum(nested.sigma2)
    assert cs.correlation("a", "b") == pytest.approx(share, rel=1e-7)
    assert cs.coefficients.loc["intercept", "estimate"] == pytest.approx(nested.estimate, rel=1e-9)


def test_moderators_by_outcome_or_in_common(data):
    m = pe.multivariate(data, moderators="year", ci="t", **OPTIONS)
    assert m.fitted.names == ("a", "b", "c", "a:year", "b:year", "c:year")
    assert (m.coefficients["df"] == len(data) - 6).all()
    one = pe.multivariate(data, moderators="year", means="common", **OPTIONS)
    assert one.fitted.names == ("intercept", "year")
    assert one.qm_df == 1
    assert m.qm_df == 6


def test_no_variance_between_studies_is_generalised_least_squares(data):
    v = pe.covariance(data, cluster="study", rho=0.4)
    m = pe.multivariate(data, structure="FE", covariance=v, **OPTIONS)
    x = np.eye(3)[[list("abc").index(one) for one in data["outcome"]]]
    w = np.linalg.inv(v.matrix)
    beta = np.linalg.solve(x.T @ w @ x, x.T @ w @ data["effect"])
    assert m.coefficients["estimate"].to_numpy() == pytest.approx(beta)
    assert m.tau2 == (0.0, 0.0, 0.0)
    with pytest.raises(InputError, match=r"^structure: found 'FE', intervals of the variances are"):
        m.variance_intervals()


def test_intervals_of_the_variances(data):
    m = pe.multivariate(data, structure="HCS", **OPTIONS)
    table = m.variance_intervals()
    assert table.index.tolist() == ["tau2[a]", "tau2[b]", "tau2[c]", "rho"]
    assert table["estimate"].to_numpy()[:3] == pytest.approx(m.tau2)
    assert (table["ci_low"] <= table["estimate"]).all()
    assert (table["ci_high"] >= table["estimate"]).all()
    assert -0.5 <= table.loc["rho", "ci_low"] <= table.loc["rho", "ci_high"] <= 1
    wide = pe.multivariate(data, structure="DIAG", **OPTIONS).variance_intervals(0.99)
    assert (wide["ci_high"] > wide["estimate"]).all()


def test_the_summary_names_outcomes_and_structure(data):
    m = pe.multivariate(data, structure="HCS", **OPTIONS)
    lines = m.summary().splitlines()
    assert (
        lines[0] == f"3 outcomes of 25 studies pooled together, {len(data)} effects; 95% intervals."
    )
    assert any(line.startswith("  correlation of a and b: ") for line in lines)
    assert m.to_frame().equals(m.coefficients)
    assert m.cluster_columns()["study"][0] == "0"
    assert pe.robust(m, cluster="study").clusters == 25


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (
            {"outcome": "a"},
            {},
            "outcome: found the single outcome 'a', allowed are two or more; use meta_analysis or "
            "multilevel",
        ),
        (
            {"study": 1},
            {},
            "study: found the single study '1', allowed are two or more; one study says nothing "
            "about how studies differ",
        ),
        (
            {"study": lambda d: d["study"] // 2},
            {},
            "outcome: study '0' has two rows of outcome 'c', allowed is one; use multilevel with a "
            "covariance for several results of one outcome",
        ),
        ({}, {"structure": "AR"}, "structure: found 'AR', allowed are 'UN', 'HCS', 'CS', 'DIAG', "
         "'FE'"),
        ({}, {"means": "one"}, "means: found 'one', allowed are 'outcome', 'common'"),
    ],
)  # fmt: skip
def test_what_is_refused(data, change, options, message):
    with pytest.raises(InputError, match="^" + re.escape(message)):
        pe.multivariate(data.assign(**change), **OPTIONS, **options)


def test_too_few_studies_for_a_structure_are_said(data):
    few = data[data["study"] < 6]
    with pytest.warns(FewStudiesWarning, match=r"^6 studies for 6 variances and correlations"):
        pe.multivariate(few, **OPTIONS)


@pytest.mark.parametrize("seed", [0, 17, 19, 22, 31])
def test_a_between_study_covariance_without_full_rank_is_reached(seed):
    rng = np.random.default_rng(seed)
    rows = []
    for study in range(5 + seed % 17):
        for outcome in "abcd"[: 2 + seed % 3]:
            if rng.uniform() < 0.85:
                v = rng.uniform(0.01, 0.1)
                effect = rng.normal(0, v**0.5)
                rows.append({"study": study, "outcome": outcome, "effect": effect, "variance": v})
    data = pd.DataFrame(rows)
    v = pe.covariance(data, cluster="study", rho=0.5)
    tops = {}
    for name in STRUCTURES:
        m = quiet(pe.multivariate, data, structure=name, covariance=v, **OPTIONS)
        assert m.converged
        tops[name] = m.log_likelihood
    assert tops["UN"] >= tops["HCS"] - 1e-9
    assert tops["HCS"] >= max(tops["CS"], tops["DIAG"]) - 1e-9
