"""The maximum of the likelihood is the global one, checked by a dense grid and by eigenvalues."""

import numpy as np
import pytest

from peer_evidence.pooling.many import pool_many
from peer_evidence.pooling.projection import DesignProblem, MeanProblem
from peer_evidence.pooling.roots import maximise, solve_q


def simulated(count, k=10, seed=20261122):
    """Effects like those of the literature's simulations: many small studies, some large."""
    rng = np.random.default_rng(seed)
    v = np.clip(0.25 * rng.chisquare(1, (count, k)), 0.009, 0.6)
    tau2 = rng.choice([0.0, 0.02, 0.1, 0.3], (count, 1))
    return 0.5 + rng.normal(size=(count, k)) * np.sqrt(v + tau2), v


def deviance(y, v, t, restricted):
    """Minus twice the log-likelihood at (count, T) values, written out on its own."""
    u = v[:, :, None] + t[:, None, :]
    w = 1 / u
    s = w.sum(axis=1)
    mean = (w * y[:, :, None]).sum(axis=1) / s
    rest = (w * (y[:, :, None] - mean[:, None, :]) ** 2).sum(axis=1)
    value = np.log(u).sum(axis=1) + rest
    return value + np.log(s) if restricted else value


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_none_of_ten_thousand_sets_ends_in_a_local_optimum(method):
    y, v = simulated(10_000)
    fits = pool_many(y, v, method)
    assert fits.converged.all()
    assert np.isfinite(fits.estimate).all()
    restricted = method == "REML"
    ours = deviance(y, v, fits.tau2[:, None], restricted)[:, 0]
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 40.0, 300)])
    for start in range(0, len(y), 1000):
        block = slice(start, start + 1000)
        trial = np.broadcast_to(grid, (len(y[block]), len(grid)))
        best = deviance(y[block], v[block], trial, restricted).min(axis=1)
        assert (ours[block] <= best + 1e-12).all()


def test_sets_with_several_maxima_are_among_them():
    y, v = simulated(10_000)
    problem = MeanProblem(y.T.copy(), v.T.copy())
    score = problem.score(np.geomspace(1e-5, 10.0, 200)[:, None] * np.ones(len(y)), True)
    f = score.a > score.c
    assert (np.diff(f.astype(int), axis=0) > 0).any(axis=0).sum() > 10


def eigen(y, v, x):
    """Contrasts and their variances: the restricted likelihood as a sum over independent terms."""
    q, _ = np.linalg.qr(x, mode="complete")
    contrasts = q[:, x.shape[1] :]
    d, u = np.linalg.eigh(contrasts.T @ (v[:, None] * contrasts))
    return d, (u.T @ contrasts.T @ y) ** 2


@pytest.mark.parametrize("p", [1, 2, 3])
def test_equals_the_best_root_of_the_eigenvalue_form(p):
    rng = np.random.default_rng(7)
    x = np.column_stack([np.ones(9), rng.normal(size=(9, p - 1))])
    y, v = simulated(300, k=9, seed=5)
    kind = MeanProblem if p == 1 else DesignProblem
    problem = kind(y.T.copy(), v.T.copy(), *([] if p == 1 else [x]))
    ours = maximise(problem, restricted=True)
    assert ours.converged.all()
    for row in range(len(y)):
        d, z2 = eigen(y[row], v[row], x)
        grid = np.concatenate([[0.0], np.geomspace(1e-7, 50, 4000)])[:, None]
        best = (np.log(d + grid) + z2 / (d + grid)).sum(axis=1).min()
        t = ours.tau2[row]
        assert (np.log(d + t) + z2 / (d + t)).sum() <= best + 1e-12
        if t > 0:
            terms = (z2 - d - t) / (d + t) ** 2
            assert abs(terms.sum()) < 1e-11 * np.abs(terms).sum()


def test_a_saddle_and_two_maxima_far_apart_are_told_apart():
    # a precise pair that agrees and a noisy group that does not: two scales of tau2
    y = np.array([[0.0, 0.001, 5.0, -5.0, 4.0, -4.5]])
    v = np.array([[1e-6, 1e-6, 0.5, 0.5, 0.5, 0.5]])
    for method in ("ML", "REML"):
        fit = pool_many(y, v, method)
        grid = np.concatenate([[0.0], np.geomspace(1e-12, 100, 20_000)])[None, :]
        best = deviance(y, v, grid, method == "REML").min()
        assert deviance(y, v, fit.tau2[:, None], method == "REML")[0, 0] <= best + 1e-10


def test_q_profile_roots_are_solved_from_below():
    y, v = simulated(500)
    problem = MeanProblem(y.T.copy(), v.T.copy())
    target = np.array([[2.7], [9.0], [19.0]]) * np.ones(500)
    root = solve_q(problem, target)
    assert root.converged.all()
    value, _ = problem.q(root.tau2)
    positive = root.tau2 > 0
    assert np.abs(value / target - 1)[positive].max() < 1e-13
    assert (value <= target * (1 + 1e-13))[~positive].all()


def test_none_of_two_hundred_thousand_sets_ends_in_a_local_optimum():
    y, v = simulated(200_000, seed=3)
    fits = pool_many(y, v)
    assert fits.converged.all()
    ours = deviance(y, v, fits.tau2[:, None], True)[:, 0]
    grid = np.concatenate([[0.0], np.geomspace(1e-5, 40.0, 120)])
    for start in range(0, len(y), 2000):
        block = slice(start, start + 2000)
        trial = np.broadcast_to(grid, (len(y[block]), len(grid)))
        best = deviance(y[block], v[block], trial, True).min(axis=1)
        assert (ours[block] <= best + 1e-12).all()
