"""The likelihood of dependent effects: block-diagonal covariances that are linear in parameters.

``y ~ N(X beta, M)``, ``M = V + sum_j theta_j B_j``, V and every B_j block-diagonal by cluster.
Log-likelihood, score and both information matrices are sums over clusters (Harville 1977,
doi 10.1080/01621459.1977.10480998; Gilmour, Thompson and Cullis 1995, doi 10.2307/2533274).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from peer_evidence.errors import InputError
from peer_evidence.pooling.layout import Layout
from peer_evidence.pooling.projection import Floats

LOG_2PI = float(np.log(2.0 * np.pi))


class Value(NamedTuple):
    """A likelihood at one theta: value, score (J,), observed and expected information (J, J)."""

    ll: float
    score: Floats
    observed: Floats
    expected: Floats


class Gls(NamedTuple):
    """Generalised least squares: coefficients (p,), covariance (p, p), Q, log-determinants."""

    beta: Floats
    covariance: Floats
    q: float
    log_det: float  # of M
    log_det_x: float  # of X'M^-1X over X'X
    inverses: tuple[Floats, ...]
    residuals: tuple[Floats, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Gaussian:
    """A problem by cluster; by batch y (c, n), x (c, n, p), V (c, n, n) and B (J, c, n, n).

    ``x`` has orthonormal columns; ``back`` (p, p) turns its coefficients into those of the design.
    """

    layout: Layout
    y: tuple[Floats, ...]
    x: tuple[Floats, ...]
    v: tuple[Floats, ...]
    b: tuple[Floats, ...]
    back: Floats
    k: int

    @property
    def p(self) -> int:
        """Number of coefficients."""
        return len(self.back)

    def fit(self, theta: Floats) -> Gls | None:
        """Fit the coefficients (of the orthonormal design) given theta; None where M is not PD."""
        a = np.zeros((self.p, self.p))
        right, log_det = np.zeros(self.p), 0.0
        inverses = []
        for y, x, v, b in zip(self.y, self.x, self.v, self.b, strict=True):
            m = v + np.tensordot(theta, b, axes=1) if len(theta) else v
            try:
                root = np.linalg.cholesky(m)
                w = np.linalg.inv(m)
            except np.linalg.LinAlgError:
                return None
            log_det += 2.0 * float(np.log(np.einsum("cii->ci", root)).sum())
            w = 0.5 * (w + w.swapaxes(1, 2))
            wx = w @ x
            a += np.tensordot(x, wx, axes=((0, 1), (0, 1)))
            right += np.tensordot(wx, y, axes=((0, 1), (0, 1)))
            inverses.append(w)
        covariance = np.linalg.inv(a)
        covariance = 0.5 * (covariance + covariance.T)
        beta = covariance @ right
        residuals = tuple(y - x @ beta for y, x in zip(self.y, self.x, strict=True))
        q = sum(
            float(np.einsum("ci,cij,cj->", r, w, r))
            for r, w in zip(residuals, inverses, strict=True)
        )
        return Gls(
            beta,
            covariance,
            q,
            log_det,
            float(np.linalg.slogdet(a)[1]),
            tuple(inverses),
            residuals,
        )

    def settled(self, theta: Floats) -> Gls:
        """Fit the coefficients given a theta at which the covariance must be positive definite."""
        gls = self.fit(theta)
        if gls is None:
            raise InputError(
                "covariance: the covariance of the effects is not positive definite; check the "
                "variances and the assumed correlations"
            )
        return gls

    def log_likelihood(self, gls: Gls, method: str) -> float:
        """Give the log-likelihood, restricted for REML, as metafor counts its constants."""
        size = self.k - self.p if method == "REML" else self.k
        ll = -0.5 * (size * LOG_2PI + gls.log_det + gls.q)
        return ll - 0.5 * gls.log_det_x if method == "REML" else ll

    def height(self, theta: Floats, method: str) -> float:
        """Give the log-likelihood alone, minus infinity where M is not positive definite."""
        gls = self.fit(theta)
        return -np.inf if gls is None else self.log_likelihood(gls, method)

    def evaluate(self, theta: Floats, method: str) -> Value | None:
        """Give the log-likelihood with its derivatives; None where M is not positive definite."""
        gls = self.fit(theta)
        if gls is None:
            return None
        count, p, c = len(theta), self.p, gls.covariance
        trace, square = np.zeros(count), np.zeros(count)
        t, u = np.zeros((count, count)), np.zeros((count, count))
        g, h = np.zeros((count, p, p)), np.zeros((count, p))
        cross = np.zeros((count, count))
        for x, b, w, r in zip(self.x, self.b, gls.inverses, gls.residuals, strict=True):
            wx, wr = w @ x, np.einsum("cij,cj->ci", w, r)
            wb = w @ b
            br, bx = np.einsum("jcik,ck->jci", b, wr), b @ wx
            flat = wb.reshape(count, -1)
            trace += np.einsum("jcii->j", wb)
            square += np.einsum("jci,ci->j", br, wr)
            t += flat @ wb.swapaxes(2, 3).reshape(count, -1).T
            wbr = np.einsum("cij,lcj->lci", w, br)
            u += br.reshape(count, -1) @ wbr.reshape(count, -1).T
            g += np.einsum("cip,jciq->jpq", wx, bx)
            h += np.einsum("cip,jci->jp", wx, br)
            wbx = (w @ bx) @ c
            cross += bx.reshape(count, -1) @ wbx.reshape(count, -1).T
        outer = u - h @ c @ h.T
        score = -0.5 * (trace - square)
        if method == "REML":
            cg = c @ g
            score += 0.5 * np.einsum("jpp->j", cg)
            t = t - 2.0 * cross + np.einsum("jpq,lqp->jl", cg, cg)
        expected = 0.5 * t
        return Value(self.log_likelihood(gls, method), score, outer - expected, expected)


def make_problem(
    y: Floats, x: Floats, v: tuple[Floats, ...], b: tuple[Floats, ...], layout: Layout
) -> Gaussian:
    """Lay a problem out: y (k,), x (k, p), covariance blocks and structure blocks by batch."""
    q, r = np.linalg.qr(x)
    return Gaussian(
        layout=layout,
        y=tuple(batch.take(y) for batch in layout.batches),
        x=tuple(batch.take(q) for batch in layout.batches),
        v=v,
        b=b,
        back=np.linalg.inv(r),
        k=len(y),
    )


def level_blocks(codes: list[np.ndarray], layout: Layout) -> tuple[Floats, ...]:
    """Make the structure blocks of nested levels: 1 where two rows share a group."""
    found = []
    for batch in layout.batches:
        both = batch.real[:, :, None] & batch.real[:, None, :]
        parts = []
        for one in codes:
            own = one[batch.rows]
            parts.append((own[:, :, None] == own[:, None, :]) & both)
        shape = (0, *both.shape)
        found.append(np.array(parts, dtype=float) if parts else np.zeros(shape))
    return tuple(found)


def pair_blocks(
    kinds: np.ndarray, groups: np.ndarray, cells: list[tuple[int, int]], layout: Layout
) -> tuple[Floats, ...]:
    """Make the structure blocks of cells of a covariance between kinds, within groups.

    A cell (a, b) is the pair of kinds a and b in either order; (-1, -1) is any kind with itself,
    (-1, -2) any kind with another.
    """
    found = []
    for batch in layout.batches:
        own, group = kinds[batch.rows], groups[batch.rows]
        both = batch.real[:, :, None] & batch.real[:, None, :]
        both &= group[:, :, None] == group[:, None, :]
        same = own[:, :, None] == own[:, None, :]
        parts = []
        for a, b in cells:
            if a < 0:
                parts.append((same if a == b else ~same) & both)
                continue
            one = (own == a)[:, :, None] & (own == b)[:, None, :]
            parts.append((one | one.swapaxes(1, 2)) & both)
        found.append(np.array(parts, dtype=float))
    return tuple(found)
