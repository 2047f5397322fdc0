"""Cluster-robust covariances of weighted least squares, and their degrees of freedom.

``V = M [sum_j X_j' W_j A_j e_j e_j' A_j W_j X_j] M`` with ``M = (X'WX)^-1`` (Hedges, Tipton and
Johnson 2010, doi 10.1002/jrsm.5). CR2's A_j makes V unbiased where the working covariance Phi is
right (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018, doi 10.1080/07350015.2016.1247004).
Weights and working covariance are given by cluster, in padded batches.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.pooling import laws
from peer_evidence.pooling.layout import Layout
from peer_evidence.pooling.projection import Floats

_NONE = 1e-10  # an eigenvalue below this share of the largest counts as none


class Problem(NamedTuple):
    """Weighted least squares by cluster.

    By batch: y (c, n), x (c, n, p), weights and working covariance (c, n, n), padded with 0.
    """

    y: tuple[Floats, ...]
    x: tuple[Floats, ...]
    w: tuple[Floats, ...]
    phi: tuple[Floats, ...]
    clusters: int
    k: int


class Sandwich(NamedTuple):
    """Robust covariance (p, p) of coefficients (p,), and what its degrees of freedom need."""

    beta: Floats
    covariance: Floats
    bread: Floats
    spread: Floats  # X'W Phi WX
    a: tuple[Floats, ...]  # A_j W_j X_j M by batch (c, n, p)
    u: Floats  # X_j' a_j by cluster (m, p, p)
    t: Floats  # X_j' W_j Phi_j a_j by cluster (m, p, p)
    d: Floats  # a_j' Phi_j a_j by cluster (m, p, p)
    alone: NDArray[np.bool_]  # coefficients (p,) that rest on a single cluster


class Htz(NamedTuple):
    """A test of several coefficients by Hotelling's T-squared: F on df1 and df2."""

    statistic: float
    df1: int
    df2: float
    p_value: float


def lay_out_problem(
    y: Floats, x: Floats, w: tuple[Floats, ...], phi: tuple[Floats, ...], layout: Layout
) -> Problem:
    """Lay y (k,) and x (k, p) out by cluster and clear the padding of the given blocks."""
    masks = [batch.real[:, :, None] & batch.real[:, None, :] for batch in layout.batches]
    return Problem(
        tuple(batch.take(y) for batch in layout.batches),
        tuple(batch.take(x) for batch in layout.batches),
        tuple(np.where(mask, one, 0.0) for mask, one in zip(masks, w, strict=True)),
        tuple(np.where(mask, one, 0.0) for mask, one in zip(masks, phi, strict=True)),
        layout.count,
        len(y),
    )


def sandwich(problem: Problem, estimator: str) -> Sandwich:
    """Fit and give the robust covariance: CR0, CR1, CR1p, CR1S, CR2 or CR3."""
    parts = list(zip(problem.y, problem.x, problem.w, problem.phi, strict=True))
    wx = [w @ x for _, x, w, _ in parts]
    gram = sum(
        np.tensordot(x, one, axes=((0, 1), (0, 1))) for (_, x, _, _), one in _with(parts, wx)
    )
    gram = np.asarray(gram)
    bread = np.linalg.inv(gram)
    bread = 0.5 * (bread + bread.T)
    beta = bread @ sum(
        np.tensordot(one, y, axes=((0, 1), (0, 1))) for (y, _, _, _), one in _with(parts, wx)
    )
    spread = sum(np.einsum("cip,cij,cjq->pq", one, phi, one) for (*_, phi), one in _with(parts, wx))
    meat = np.zeros_like(bread)
    a, u, t, d = [], [], [], []
    for (y, x, w, phi), one in zip(parts, wx, strict=True):
        adjusted = _adjust(estimator, x, w, phi, one, bread, spread) @ one
        scores = np.einsum("cip,ci->cp", adjusted, y - x @ beta)
        meat += scores.T @ scores
        own = adjusted @ bread
        a.append(own)
        u.append(x.swapaxes(1, 2) @ own)
        t.append(one.swapaxes(1, 2) @ (phi @ own))
        d.append(own.swapaxes(1, 2) @ (phi @ own))
    factor = _factor(estimator, problem.clusters, problem.k, len(beta))
    return Sandwich(
        beta,
        factor * bread @ meat @ bread,
        bread,
        spread,
        tuple(a),
        np.concatenate(u),
        np.concatenate(t),
        np.concatenate(d),
        _alone(parts, wx, gram),
    )


def _with(parts: list, more: list) -> zip:  # type: ignore[type-arg]
    return zip(parts, more, strict=True)


def _alone(parts: list, wx: list[Floats], gram: Floats) -> NDArray[np.bool_]:  # type: ignore[type-arg]
    """Tell the coefficients that cannot be estimated without some cluster.

    Nothing between clusters shows how uncertain these are: the residuals of that cluster were spent
    on them.
    """
    root = np.linalg.inv(np.linalg.cholesky(gram))
    found = np.zeros(len(gram), dtype=bool)
    for (_, x, _, _), one in _with(parts, wx):
        own = x.swapaxes(1, 2) @ one
        left = np.eye(len(gram)) - root @ own @ root.T
        size, vectors = np.linalg.eigh(0.5 * (left + left.swapaxes(1, 2)))
        for place in np.argwhere(size < _NONE):
            direction = root.T @ vectors[place[0], :, place[1]]
            natural = np.abs(direction) * np.sqrt(np.diag(gram))
            found |= natural > 1e-6 * natural.max()
    return found


def _factor(estimator: str, m: int, k: int, p: int) -> float:
    if estimator == "CR1":
        return m / (m - 1.0)
    if estimator == "CR1p":
        return m / (m - p)
    if estimator == "CR1S":
        return m * (k - 1.0) / ((m - 1.0) * (k - p))
    return 1.0


def _adjust(
    estimator: str, x: Floats, w: Floats, phi: Floats, wx: Floats, bread: Floats, spread: Floats
) -> Floats:
    """Give the transposed adjustment matrices A_j' (c, n, n)."""
    n = x.shape[1]
    unit = np.broadcast_to(np.eye(n), w.shape)
    xm = x @ bread
    if estimator == "CR3":
        return np.asarray(np.linalg.inv(unit - xm @ wx.swapaxes(1, 2)).swapaxes(1, 2))
    if estimator != "CR2":
        return np.asarray(unit)
    lean = xm @ (wx.swapaxes(1, 2) @ phi)
    inner = phi - lean - lean.swapaxes(1, 2) + xm @ spread @ xm.swapaxes(1, 2)
    root = _upper_root(phi)
    own = root @ inner @ root.swapaxes(1, 2)
    size, vectors = np.linalg.eigh(0.5 * (own + own.swapaxes(1, 2)))
    big = size > _NONE * size[:, -1:]
    power = np.where(big, 1.0 / np.sqrt(np.where(big, size, 1.0)), 0.0)
    middle = (vectors * power[:, None, :]) @ vectors.swapaxes(1, 2)
    return np.asarray(root.swapaxes(1, 2) @ middle @ root)


def _upper_root(phi: Floats) -> Floats:
    """Give the upper Cholesky roots of the working covariances; 0 where they are padded."""
    empty = np.einsum("cii->ci", phi) == 0
    filled = phi.copy()
    np.einsum("cii->ci", filled)[empty] = 1.0
    root = np.linalg.cholesky(filled).swapaxes(1, 2).copy()
    np.einsum("cii->ci", root)[empty] = 0.0
    return np.asarray(root)


def satterthwaite(s: Sandwich, contrast: Floats) -> float:
    """Give the degrees of freedom of c'beta under the working model, (sum P_jj)^2 / sum P_ij^2."""
    u, t = s.u @ contrast, s.t @ contrast
    d = np.einsum("p,mpq,q->m", contrast, s.d, contrast)
    left = np.hstack([u, t])
    right = np.hstack([u @ (s.bread @ s.spread @ s.bread) - t @ s.bread, -(u @ s.bread)])
    own = (left * right).sum(axis=1)
    # P = diag(d) + left right', which is symmetric
    total = float((d + own).sum())
    square = float((d * d + 2.0 * d * own).sum() + np.trace((left.T @ left) @ (right.T @ right)))
    return total**2 / square


def htz(s: Sandwich, contrasts: Floats) -> Htz:
    """Test ``contrasts`` (q, p) of the coefficients jointly (Tipton and Pustejovsky 2015).

    Hotelling's T-squared with estimated degrees of freedom, doi 10.3102/1076998615606099.
    """
    q = len(contrasts)
    u, t = s.u @ contrasts.T, s.t @ contrasts.T  # (m, p, q)
    d = contrasts @ s.d @ contrasts.T
    middle = s.bread @ s.spread @ s.bread
    diagonal = d + _pairs(u, t, u, t, s.bread, middle)
    omega = diagonal.sum(axis=0)
    size, vectors = np.linalg.eigh(omega)
    root = (vectors / np.sqrt(size)) @ vectors.T
    u, t, d = u @ root, t @ root, root @ d @ root
    total = 0.0
    for j in range(len(u)):
        block = _pairs(u, t, u[j], t[j], s.bread, middle)
        block[j] += d[j]
        trace = np.einsum("mqq->m", block)
        total += float((trace**2).sum() + np.einsum("mst,mts->", block, block))
    nu = q * (q + 1.0) / total
    beta = contrasts @ s.beta
    wald = float(beta @ np.linalg.solve(contrasts @ s.covariance @ contrasts.T, beta))
    df2 = nu - q + 1.0
    statistic = df2 / (nu * q) * wald
    p = laws.f_tail(statistic, float(q), df2) if df2 > 0 else float("nan")
    return Htz(statistic, q, df2, p)


def _pairs(
    u: Floats, t: Floats, other_u: Floats, other_t: Floats, bread: Floats, middle: Floats
) -> Floats:
    """Give the covariances (m, q, q) between clusters that the fitted coefficients bring."""
    back = u.swapaxes(1, 2)
    found = back @ (middle @ other_u) - back @ (bread @ other_t)
    return np.asarray(found - t.swapaxes(1, 2) @ (bread @ other_u))
