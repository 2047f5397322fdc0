"""Permutation tests: signs for a pooled effect, rows for moderators."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from peer_evidence.checks import check_count, check_meta_analysis
from peer_evidence.errors import InputError
from peer_evidence.formatting import p_value
from peer_evidence.pooling.batch import blocks
from peer_evidence.pooling.model import MetaAnalysis
from peer_evidence.pooling.projection import Floats
from peer_evidence.results import Result
from peer_evidence.sensitivity.refits import refit

if TYPE_CHECKING:
    import pandas as pd

_EXACT = 10_000  # as many permutations are all gone through
_TIE = 1e-8  # a statistic this close to the observed one, relatively, counts as equal


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PermutationTest(Result):
    """P values from permutations, one a coefficient; ``qm_p_value`` for the moderators together.

    ``exact`` when all ``permutations`` distinct ones were gone through; otherwise they were drawn
    with the seed, and the observed order counts as one of them.
    """

    coefficients: tuple[str, ...]
    statistic: Floats
    p_value: Floats
    model_p_value: Floats
    qm: float | None
    qm_p_value: float | None
    permutations: int
    exact: bool
    seed: int | None

    def to_frame(self) -> pd.DataFrame:
        """Give one row a coefficient."""
        import pandas as pd

        return pd.DataFrame(
            {
                "statistic": self.statistic,
                "p_value": self.p_value,
                "model_p_value": self.model_p_value,
            },
            index=pd.Index(self.coefficients, name="coefficient"),
        )

    def summary(self) -> str:
        """Say the p values and how they were found."""
        parts = [
            f"{name} {p_value(p)} (model {p_value(q)})"
            for name, p, q in zip(self.coefficients, self.p_value, self.model_p_value, strict=True)
        ]
        how = "all" if self.exact else f"seed {self.seed},"
        together = "" if self.qm_p_value is None else f"; moderators {p_value(self.qm_p_value)}"
        return (
            f"Permutation p: {', '.join(parts)}{together}; {how} {self.permutations} permutations."
        )


def permutation_test(
    m: MetaAnalysis, *, iterations: int = 1000, exact: bool | None = None, seed: int = 0
) -> PermutationTest:
    """Test a pooled effect or its moderators by permutation (Higgins and Thompson 2004).

    The signs of the effects are flipped, or with moderators the studies are dealt out anew to the
    rows of the design; each time the whole model is refitted, tau2 included, and its z or t
    statistics are compared with those observed (doi 10.1002/sim.1752).

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, without user weights.
    iterations : int
        Random permutations, the observed order included, where not all are gone through.
    exact : bool, optional
        Go through all distinct permutations; by default when there are at most 10,000.
    seed : int
        Seed of the random permutations.

    Returns
    -------
    PermutationTest
        P values by coefficient.

    Raises
    ------
    InputError
        A single study, user weights, or an exact test of more than a million permutations.

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> data = pd.DataFrame({"effect": [0.1, 0.3, 0.9, 0.4], "variance": [0.02, 0.03, 0.04, 0.03]})
    >>> permutation_test(meta_analysis(data)).p_value.tolist()
    [0.125]
    """
    check_meta_analysis(m)
    check_count("iterations", iterations, 1)
    if exact not in (None, True, False):
        raise InputError(f"exact: found {exact!r}, allowed are True, False and None")
    if m.studies.weights is not None:
        raise InputError("m: a permutation test takes no user weights")
    if m.k < 2:
        raise InputError(f"m: found {m.k} study, a permutation test needs at least 2")
    if m.regression.design is None:
        return _signs(m, iterations, exact, seed)
    return _rows(m, iterations, exact, seed)


def _is_exact(total: int, exact: bool | None) -> bool:
    if exact and total > 1_000_000:
        raise InputError(f"exact: there are {total:.3g} permutations, allowed are 1,000,000")
    return total <= _EXACT if exact is None else exact


def _signs(m: MetaAnalysis, iterations: int, exact: bool | None, seed: int) -> PermutationTest:
    """Flip signs. Flipping all changes nothing, so one half of the exact ones is enough."""
    y, v, k = m.studies.effects, m.studies.variances, m.k
    all_of_them = _is_exact(2**k if k < 63 else 2**63, exact)
    if all_of_them:
        codes = np.arange(2 ** (k - 1))[None, :] >> np.arange(k)[:, None]
        signs = 1.0 - 2.0 * (codes & 1)
    else:
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(k, max(iterations, 1)))
        signs[:, 0] = 1.0
    statistic = np.empty(signs.shape[1])
    for block in blocks(signs.shape[1], k):
        part = signs[:, block]
        fits = refit(
            part * y[:, None], np.repeat(v[:, None], part.shape[1], 1), None, m.method, m.ci
        )
        statistic[block] = _studentise(fits.beta[0], fits.covariance[0, 0])
    observed = abs(m.statistic)
    beyond = np.abs(statistic) >= observed * (1.0 - _TIE)
    return PermutationTest(
        coefficients=m.regression.names,
        statistic=np.array([m.statistic]),
        p_value=np.array([beyond.mean()]),
        model_p_value=np.array([m.p_value]),
        qm=None,
        qm_p_value=None,
        permutations=2**k if all_of_them else signs.shape[1],
        exact=all_of_them,
        seed=None if all_of_them else seed,
    )


def _studentise(beta: Floats, variance: Floats) -> Floats:
    """Give statistics; 0 where effects that cancel leave neither an effect nor a variance."""
    return np.where(variance > 0, beta / np.sqrt(np.where(variance > 0, variance, 1.0)), 0.0)


def _rows(m: MetaAnalysis, iterations: int, exact: bool | None, seed: int) -> PermutationTest:
    """Deal the studies out to the rows of the design; equal rows are not told apart."""
    x, k = m.regression.matrix, m.k
    _, kind = np.unique(x, axis=0, return_inverse=True)
    kind = kind.ravel()
    total = math.factorial(k)
    for size in Counter(kind.tolist()).values():
        total //= math.factorial(size)
    all_of_them = _is_exact(total, exact)
    if all_of_them:
        dealt = np.array(list(_arrangements(sorted(kind.tolist()))))
        order = np.argsort(dealt, axis=1, kind="stable").T
        design = x[np.argsort(kind, kind="stable")]
    else:
        random = np.random.default_rng(seed)
        order = np.array([random.permutation(k) for _ in range(max(iterations, 1))]).T
        order[:, 0] = np.arange(k)
        design = x
    z, wald = _refit_orders(m, order, design)
    model = m.regression.model
    observed = np.abs(model.statistic)[:, None]
    beyond = np.abs(z) >= observed * (1.0 - _TIE)
    return PermutationTest(
        coefficients=m.regression.names,
        statistic=model.statistic,
        p_value=beyond.mean(axis=1),
        model_p_value=model.p_value,
        qm=m.qm,
        qm_p_value=float((wald >= (m.qm or 0.0) * (1.0 - _TIE)).mean()),
        permutations=order.shape[1],
        exact=all_of_them,
        seed=None if all_of_them else seed,
    )


def _refit_orders(
    m: MetaAnalysis, order: NDArray[np.intp], design: Floats
) -> tuple[Floats, Floats]:
    """Refit the studies in each order: statistics (p, B) and the moderators' joint one (B,)."""
    names = m.regression.names
    first = int(names[0] == "intercept" and len(names) > 1)
    z = np.empty((len(names), order.shape[1]))
    wald = np.empty(order.shape[1])
    for block in blocks(order.shape[1], m.k):
        part = order[:, block]
        fits = refit(m.studies.effects[part], m.studies.variances[part], design, m.method, m.ci)
        z[:, block] = _studentise(fits.beta, np.einsum("iin->in", fits.covariance))
        beta = fits.beta[first:].T
        inner = np.moveaxis(fits.covariance[first:, first:], 2, 0)
        joint = np.einsum("ni,ni->n", beta, np.linalg.solve(inner, beta[:, :, None])[:, :, 0])
        wald[block] = joint / len(beta[0]) if math.isfinite(m.df) else joint
    return z, wald


def _arrangements(kinds: list[int]) -> Iterator[list[int]]:
    """Go through the distinct orders of a sorted list, each once, in ascending order."""
    current = list(kinds)
    while True:
        yield list(current)
        place = len(current) - 2
        while place >= 0 and current[place] >= current[place + 1]:
            place -= 1
        if place < 0:
            return
        other = len(current) - 1
        while current[other] <= current[place]:
            other -= 1
        current[place], current[other] = current[other], current[place]
        current[place + 1 :] = reversed(current[place + 1 :])
