"""Between-study variances of robust variance estimation, by the method of moments.

Hedges, Tipton and Johnson 2010, doi 10.1002/jrsm.5: equations for correlated effects (tau2 given
rho) and for hierarchical effects (tau2 between clusters, omega2 within). Arrays in, numbers out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from peer_evidence.pooling.layout import Ints
from peer_evidence.pooling.projection import Floats


class Moments(NamedTuple):
    """Variances and weights (k,); ``omega2`` NaN for correlated, ``i2`` NaN for hierarchical."""

    tau2: float
    omega2: float
    i2: float
    weights: Floats


def _sums(codes: Ints, values: Floats) -> Floats:
    """Add the rows (k, p) of each cluster up, (m, p)."""
    found = np.zeros((int(codes.max()) + 1, values.shape[1]))
    np.add.at(found, codes, values)
    return found


def correlated(y: Floats, v: Floats, x: Floats, codes: Ints, rho: float) -> Moments:
    """Give tau2 of the correlated effects model and weights 1 / (k_j (vbar_j + tau2)).

    With weights ``w_j = 1 / (k_j vbar_j)`` for every effect of cluster j, M = (X'WX)^-1 and Q the
    weighted residual sum of squares: E(Q) = m - tr(M sum_j w_j/k_j X_j'X_j)
    - rho tr(M sum_j w_j/k_j X_j'(J - I)X_j) + tau2 (sum w - tr(M sum_j w_j^2 X_j'JX_j)).
    """
    sizes = np.bincount(codes).astype(float)
    mean = np.bincount(codes, v) / sizes
    w = (1.0 / (sizes * mean))[codes]
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    residuals = y - x @ (bread @ (x.T @ (w * y)))
    q = float((w * residuals**2).sum())
    share = (w / sizes[codes])[:, None]
    sums = _sums(codes, x)
    own = x.T @ (share * x)
    both = sums.T @ ((1.0 / (sizes**2 * mean))[:, None] * sums)
    weighted = _sums(codes, w[:, None] * x)
    slope = float(w.sum() - np.trace(bread @ weighted.T @ weighted))
    alone = float(np.trace(bread @ own))
    joint = float(np.trace(bread @ (both - own)))
    expected = len(sizes) - alone - rho * joint
    tau2 = max(0.0, (q - expected) / slope)
    i2 = 100.0 * max(0.0, (q - expected) / q) if q > 0 else 0.0
    return Moments(tau2, float("nan"), i2, 1.0 / (sizes * (mean + tau2))[codes])


def hierarchical(y: Floats, v: Floats, x: Floats, codes: Ints) -> Moments:
    """Give tau2 and omega2 of the hierarchical effects model and weights 1 / (v + tau2 + omega2).

    Two sums of squares of the residuals of weighted least squares (W = 1 / v) are set equal to
    their expectations: within, e'We, and between, the squared sums of e by cluster.
    """
    sizes = np.bincount(codes).astype(float)
    k, p = x.shape
    w = 1.0 / v
    wx = w[:, None] * x
    bread = np.linalg.inv(x.T @ wx)
    residuals = y - x @ (bread @ (wx.T @ y))
    within = float((w * residuals**2).sum())
    between = float((np.bincount(codes, residuals) ** 2).sum())
    sums, weighted = _sums(codes, x), _sums(codes, wx)
    x_j_x = sums.T @ sums  # sum_j X_j'JX_j
    j_wx = sums.T @ weighted  # sum_j X_j'JW_jX_j
    jj_wx = sums.T @ (sizes[:, None] * weighted)  # sum_j X_j'JJW_jX_j
    w_j_w = weighted.T @ weighted
    ww = wx.T @ wx
    a1 = float((sizes**2).sum() - 2.0 * np.trace(bread @ jj_wx))
    a1 += float(np.trace(bread @ x_j_x @ bread @ w_j_w))
    b1 = float(k - 2.0 * np.trace(bread @ j_wx) + np.trace(bread @ x_j_x @ bread @ ww))
    c1 = float(v.sum() - np.trace(bread @ x_j_x))
    a2 = float(w.sum() - np.trace(bread @ w_j_w))
    b2 = float(w.sum() - np.trace(bread @ ww))
    c2 = float(k - p)
    determinant = b1 * a2 - b2 * a1
    omega2 = 0.0
    if abs(determinant) > 1e-12 * abs(b1 * a2):
        omega2 = max(0.0, ((between - c1) * a2 - (within - c2) * a1) / determinant)
    tau2 = max(0.0, (within - c2 - omega2 * b2) / a2)
    return Moments(tau2, omega2, float("nan"), 1.0 / (v + tau2 + omega2))
