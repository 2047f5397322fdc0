"""The climb to the top of a likelihood, where it is bent, bounded, flat or not defined."""

import re
import warnings

import numpy as np
import pytest

import peer_evidence as pe
from peer_evidence.errors import ConvergenceWarning, InputError
from peer_evidence.pooling import ascent, layout, nested
from peer_evidence.pooling.ascent import best, climb, profile_interval
from peer_evidence.pooling.gaussian import Value
from peer_evidence.pooling.layout import lay_out

from .test_multilevel import simulated

ONES = np.ones(2)
WIDE = (np.full(2, -np.inf), np.full(2, np.inf))


def hill(centre, curvature):
    """Give a quadratic with its top at a place."""
    centre, curvature = np.array(centre, dtype=float), np.array(curvature, dtype=float)

    def evaluate(at):
        away = at - centre
        return Value(-0.5 * away @ curvature @ away, -curvature @ away, curvature, curvature)

    return evaluate


def test_a_quadratic_is_climbed_in_one_step():
    top = climb(hill([1, -2], [[2, 1], [1, 3]]), np.zeros(2), *WIDE, ONES)
    assert top.converged
    assert top.at == pytest.approx([1, -2])


def test_a_bound_that_bends_the_step_does_not_end_the_climb():
    # free of bounds the top is at (-1, 2); along the bound of the first it is at (0, 0.1)
    curvature = np.array([[1.0, 0.95], [0.95, 1.0]])
    low = np.array([0.0, -np.inf])
    for start in ([0.0, -5.0], [3.0, 3.0], [0.0, 0.0], [1e-9, 4.0]):
        top = climb(hill([-1, 2], curvature), np.array(start), low, WIDE[1], ONES)
        assert top.converged
        assert top.at == pytest.approx([0, 2 - 0.95], abs=1e-12)


def test_a_corner_is_a_top_when_the_score_points_out_of_it():
    top = climb(hill([-1, -1], np.eye(2)), np.array([2.0, 3.0]), np.zeros(2), WIDE[1], ONES)
    assert top.converged
    assert top.at.tolist() == [0.0, 0.0]


def test_a_surface_that_is_not_concave_is_climbed_by_scoring():
    def evaluate(at):  # two tops, at -1 and 1, and a trough between them
        x = at[0]
        curve = np.array([[12 * x * x - 4]])
        return Value(
            -((x * x - 1) ** 2), np.array([-4 * x * (x * x - 1)]), curve, np.array([[8.0]])
        )

    bounds = (np.array([-9.0]), np.array([9.0]))
    for start, end in ((0.1, 1), (-0.1, -1), (3.0, 1)):
        top = climb(evaluate, np.array([start]), *bounds, np.ones(1))
        assert top.converged
        assert top.at[0] == pytest.approx(end)


def test_directions_without_information_are_left_alone():
    curvature = np.array([[1.0, 1.0], [1.0, 1.0]])
    top = climb(hill([1, 1], curvature), np.array([0.0, 0.5]), *WIDE, ONES)
    assert top.value.ll == pytest.approx(0.0, abs=1e-12)


def test_a_place_where_nothing_is_defined_is_no_start():
    assert climb(lambda _: None, np.zeros(2), *WIDE, ONES) is None
    assert best(lambda _: None, [np.zeros(2)], *WIDE, ONES) is None
    valley = hill([0.5, 0.5], np.eye(2))

    def partly(at):
        return valley(at) if (at > -1).all() else None

    top = best(partly, [np.array([-5.0, 0.0]), np.zeros(2)], *WIDE, ONES)
    assert top.at == pytest.approx([0.5, 0.5])
    assert best(valley, [np.zeros(2), ONES], *WIDE, ONES).converged


def test_a_profile_of_a_quadratic_has_the_interval_of_its_curvature():
    curvature = np.array([[2.0, 0.5], [0.5, 1.0]])
    evaluate = hill([1, 1], curvature)
    top = climb(evaluate, np.zeros(2), *WIDE, ONES)
    low, high = profile_interval(evaluate, top, 0, 4.0, *WIDE, ONES)
    half = 2 * np.linalg.inv(curvature)[0, 0] ** 0.5
    assert (low, high) == pytest.approx((1 - half, 1 + half), rel=1e-9)
    bounded = (np.array([0.9, -np.inf]), WIDE[1])
    assert profile_interval(evaluate, top, 0, 4.0, *bounded, ONES)[0] == 0.9


def test_a_profile_that_never_falls_has_no_end():
    def evaluate(at):
        x = at[0]
        flat = np.array([[1e-3]])
        return Value(-np.tanh(x * x) / 10, np.array([0.0]), flat, flat)

    top = ascent.Top(np.zeros(1), evaluate(np.zeros(1)), converged=True)
    ends = profile_interval(evaluate, top, 0, 4.0, -WIDE[1][:1], WIDE[1][:1], np.ones(1))
    assert np.isnan(ends).all()


def test_a_climb_that_ends_too_soon_is_said(monkeypatch):
    monkeypatch.setattr(ascent, "_STEPS", 1)
    data = simulated(1)
    text = "^the maximum of the likelihood was not reached; do not use the result$"
    with pytest.warns(ConvergenceWarning, match=text):
        m = pe.multilevel(data, levels=["group", "row"])
    assert not m.converged
    assert m.summary().splitlines()[-1] == (
        "Not converged: the maximum of the likelihood was not reached."
    )
    two = data.assign(kind=np.where(data["row"] % 2, "a", "b")).drop_duplicates(["group", "kind"])
    with pytest.warns(ConvergenceWarning, match=text):
        n = pe.multivariate(two, outcome="kind", study="group")
    assert n.summary().splitlines()[-1].startswith("Not converged")


def test_a_likelihood_that_is_nowhere_defined_is_an_error(monkeypatch):
    monkeypatch.setattr(nested, "best", lambda *_: None)
    with pytest.raises(InputError, match=r"^data: the likelihood could not be evaluated; check"):
        pe.multilevel(simulated(1), levels=["group", "row"])


def test_large_tables_are_laid_out_in_several_batches():
    rng = np.random.default_rng(1)
    codes = np.unique(rng.integers(0, 900, 9000), return_inverse=True)[1]
    made = lay_out(codes)
    assert len(made.batches) > 2
    assert sum(int(batch.real.sum()) for batch in made.batches) == 9000
    data = simulated(2, groups=1500, most=12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        m = pe.multilevel(data, levels=["group", "row"])
    assert m.converged
    assert len(m.fitted.problem.y) > 2
    assert np.allclose(m.sigma2, [0.05, 0.03], atol=0.01)


def test_batches_do_not_change_a_number(monkeypatch):
    data = simulated(4, groups=40)
    one = pe.multilevel(data, levels=["group", "row"], moderators="x")
    effects, r = one.ranef(), pe.robust(one, cluster="group")
    monkeypatch.setattr(layout, "_SMALL", 0)
    monkeypatch.setattr(layout, "_LARGE", 60)
    many = pe.multilevel(data, levels=["group", "row"], moderators="x")
    assert len(one.fitted.problem.y) == 1
    assert len(many.fitted.problem.y) > 9
    assert many.sigma2 == pytest.approx(one.sigma2, rel=1e-10)
    assert np.allclose(many.coefficients, one.coefficients, rtol=1e-10)
    assert np.allclose(many.ranef()["effect"], effects["effect"], rtol=1e-9, atol=1e-12)
    assert np.allclose(pe.robust(many, cluster="group").coefficients, r.coefficients, rtol=1e-9)
    assert many.i2 == pytest.approx(one.i2)


def test_words_of_a_regression_name_each_coefficient():
    data = simulated(3)
    m = pe.multilevel(data, levels=["group", "row"], moderators="x")
    lines = m.summary().splitlines()
    assert lines[0].startswith("Effect where all moderators are 0 ")
    assert any(line.startswith("Moderators: QM = ") for line in lines)
    assert re.fullmatch(r"  x: .* \(.* to .*\), p \S+", lines[-1])
    plain = pe.multilevel(data, levels=["group", "row"], moderators="~ x - 1")
    assert plain.summary().startswith("Coefficient of x ")
    assert np.isnan(plain.pi_low)
    r = pe.rve(data, cluster="group", moderators="x")
    assert r.to_frame().index.tolist() == ["intercept", "x"]
    assert r.wald().loc["HTZ", "df1"] == 1
    assert r.left_out == ()


def test_a_covariance_that_is_not_positive_definite_has_no_likelihood():
    problem = pe.multilevel(simulated(1), levels=["group", "row"]).fitted.problem
    theta = np.array([-5.0, 0.0])
    assert problem.fit(theta) is None
    assert problem.evaluate(theta, "REML") is None
    assert problem.height(theta, "REML") == -np.inf
    with pytest.raises(InputError, match=r"^covariance: the covariance of the effects is not posi"):
        problem.settled(theta)
