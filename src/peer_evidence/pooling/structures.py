"""Between-study covariances of several outcomes, as functions of free parameters.

The likelihood is in terms of the distinct entries of the outcomes' covariance matrix; here each
structure says how these follow from its parameters, with first and second derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from peer_evidence.pooling.gaussian import Value, pair_blocks
from peer_evidence.pooling.layout import Ints, Layout
from peer_evidence.pooling.projection import Floats

STRUCTURES = {
    "UN": "a variance for each outcome and a correlation for each pair",
    "HCS": "a variance for each outcome and one correlation",
    "CS": "one variance and one correlation",
    "DIAG": "a variance for each outcome, no correlation",
}


class Mapped(NamedTuple):
    """Entries (J,) of the covariance matrix, their slopes (J, s) and curvatures (J, s, s)."""

    theta: Floats
    slope: Floats
    curvature: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Effects of several outcomes: the outcome of each row, its study, and the cells that vary."""

    kinds: Ints
    studies: Ints
    cells: list[tuple[int, int]]

    def blocks(self, layout: Layout) -> tuple[Floats, ...]:
        """Give the structure blocks, one a cell, within a study."""
        return pair_blocks(self.kinds, self.studies, self.cells, layout)


class Structure:
    """The parameters of a structure for ``count`` outcomes.

    UN: the entries of the Cholesky factor, so that the matrix cannot leave its cone. HCS: standard
    deviations and the correlation. CS: variance and correlation. DIAG: variances.
    """

    def __init__(self, name: str, count: int) -> None:
        self.name, self.count = name, count
        self.pairs = [(a, b) for a in range(count) for b in range(a, count)]
        self.lower = [(a, b) for a in range(count) for b in range(a + 1)]
        if name == "CS":
            self.pairs = [(-1, -1), (-1, -2)]
        elif name == "DIAG":
            self.pairs = [(a, a) for a in range(count)]
        sizes = {"UN": len(self.pairs), "HCS": count + 1, "CS": 2, "DIAG": count}
        self.size = sizes[name]

    def bounds(self) -> tuple[Floats, Floats]:
        """Give the bounds of the parameters."""
        low, high = np.full(self.size, -np.inf), np.full(self.size, np.inf)
        if self.name == "UN":
            low[[place for place, (i, j) in enumerate(self.lower) if i == j]] = 0.0
            return low, high
        low[:] = 0.0
        if self.name in ("CS", "HCS"):
            low[-1], high[-1] = -1.0 / (self.count - 1.0), 1.0
        return low, high

    def scale(self, variance: float) -> Floats:
        """Give the natural size of the parameters."""
        scale = np.full(self.size, variance)
        if self.name in ("UN", "HCS"):
            scale[:] = np.sqrt(variance)
        if self.name in ("CS", "HCS"):
            scale[-1] = 1.0
        return scale

    def start(self, variances: Floats, rho: float) -> Floats:
        """Give parameters for these variances and one correlation."""
        if self.name == "DIAG":
            return variances.copy()
        if self.name == "CS":
            return np.array([variances.mean(), rho])
        sd = np.sqrt(variances)
        if self.name == "HCS":
            return np.append(sd, rho)
        correlation = np.full((self.count, self.count), rho)
        np.fill_diagonal(correlation, 1.0)
        root = np.linalg.cholesky(correlation * np.outer(sd, sd))
        return np.array([root[i, j] for i, j in self.lower])

    def map(self, psi: Floats) -> Mapped:
        """Give the cells of the covariance matrix with their derivatives."""
        shape = (len(self.pairs), self.size)
        made = Mapped(np.zeros(shape[0]), np.zeros(shape), np.zeros((*shape, self.size)))
        fill: Callable[[Mapped, Floats], None] = {
            "UN": self._unstructured,
            "HCS": self._heterogeneous,
            "CS": self._compound,
            "DIAG": self._diagonal,
        }[self.name]
        fill(made, psi)
        return made

    def _unstructured(self, made: Mapped, psi: Floats) -> None:
        place = {pair: number for number, pair in enumerate(self.lower)}
        for row, (a, b) in enumerate(self.pairs):
            for c in range(a + 1):
                i, j = place[a, c], place[b, c]
                made.theta[row] += psi[i] * psi[j]
                made.slope[row, i] += psi[j]
                made.slope[row, j] += psi[i]
                made.curvature[row, i, j] += 1.0
                made.curvature[row, j, i] += 1.0

    def _heterogeneous(self, made: Mapped, psi: Floats) -> None:
        last, rho = self.size - 1, psi[-1]
        for row, (a, b) in enumerate(self.pairs):
            if a == b:
                made.theta[row] = psi[a] ** 2
                made.slope[row, a] = 2.0 * psi[a]
                made.curvature[row, a, a] = 2.0
                continue
            made.theta[row] = rho * psi[a] * psi[b]
            made.slope[row, [a, b, last]] = rho * psi[b], rho * psi[a], psi[a] * psi[b]
            for i, j, value in ((a, b, rho), (a, last, psi[b]), (b, last, psi[a])):
                made.curvature[row, i, j] = made.curvature[row, j, i] = value

    def _compound(self, made: Mapped, psi: Floats) -> None:
        made.theta[:] = psi[0], psi[0] * psi[1]
        made.slope[:] = (1.0, 0.0), (psi[1], psi[0])
        made.curvature[1, 0, 1] = made.curvature[1, 1, 0] = 1.0

    def _diagonal(self, made: Mapped, psi: Floats) -> None:
        made.theta[:] = psi
        made.slope[:] = np.eye(self.size)

    def pull(self, made: Mapped, value: Value) -> Value:
        """Turn derivatives in the entries of the matrix into those in the parameters."""
        slope = made.slope
        bend = np.einsum("j,jst->st", value.score, made.curvature)
        return Value(
            value.ll,
            slope.T @ value.score,
            slope.T @ value.observed @ slope - bend,
            slope.T @ value.expected @ slope,
        )

    def matrix(self, theta: Floats) -> Floats:
        """Give the covariance matrix of the outcomes."""
        if self.name == "CS":
            unit = np.eye(self.count)
            return np.asarray(theta[0] * unit + theta[1] * (1.0 - unit))
        full = np.zeros((self.count, self.count))
        for value, (a, b) in zip(theta, self.pairs, strict=True):
            full[a, b] = full[b, a] = value
        return full
