"""Begg and Mazumdar's rank test of funnel plot asymmetry."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from peer_evidence.bias import common
from peer_evidence.formatting import count, number
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.projection import Floats

EXACT = 200  # studies up to which the exact law is built; its cost grows with the cube


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RankTest(Result):
    """Kendall's correlation between standardised effects and their variances.

    ``exact``: whether p is of the exact law (no ties) or of the normal one. ``minimum_k``: with
    fewer studies the test should not be believed; it misses much even then.
    """

    tau: float
    p_value: float
    exact: bool
    k: int
    minimum_k: int
    caution: str

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row."""
        import pandas as pd

        return pd.DataFrame([{one.name: getattr(self, one.name) for one in fields(self)}])

    def summary(self) -> str:
        """Say how effects and variances are correlated."""
        law = "exact" if self.exact else "normal approximation, there are ties"
        lines = [
            f"Begg's test: Kendall's tau {number(self.tau)}, {common.p_words(self.p_value)} "
            f"({law}), {count(self.k, 'study', 'studies')}.",
            *common.few_line(self.k, self.minimum_k, "Begg's test"),
            "The test has little power: that it finds nothing says little.",
        ]
        return "\n".join([*lines, self.caution] if self.caution else lines)


def begg(m: MetaAnalysis) -> RankTest:
    """Test whether effects and their variances are correlated by rank.

    The effects are taken from their common-effect mean and divided by the standard error of that
    difference, ``sqrt(v - 1 / sum(1 / v))`` (Begg and Mazumdar 1994, doi 10.2307/2533446).

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, without moderators.

    Returns
    -------
    RankTest
        Kendall's tau-b with its two-sided p: exact without ties and up to 200 studies, else the
        normal approximation without continuity correction.

    Raises
    ------
    InputError
        Fewer than 3 studies, moderators, equal variances or equal effects.

    Warns
    -----
    FewStudiesWarning
        Fewer than 10 studies.

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> data = pd.DataFrame(
    ...     {
    ...         "effect": [0.2, 0.15, 0.3, 0.25, 0.4, 0.35, 0.5, 0.4, 0.6, 0.7],
    ...         "variance": [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1],
    ...     }
    ... )
    >>> test = begg(meta_analysis(data))
    >>> round(test.tau, 3), round(test.p_value, 4)
    (0.778, 0.0009)
    """
    m = common.check_analysis(m, "Begg's test", 3)
    y, v = common.different(m.studies), m.studies.variances
    common.varying(v, "sampling variance")
    total = (1.0 / v).sum()
    mean = (y / v).sum() / total
    away = np.sqrt(np.maximum(v - 1.0 / total, np.finfo(float).tiny))
    tau, p_value, exact = kendall((y - mean) / away, v)
    common.warn_few(m.k, common.MINIMUM, "Begg's test")
    return RankTest(
        tau=tau,
        p_value=p_value,
        exact=exact,
        k=m.k,
        minimum_k=common.MINIMUM,
        caution=common.caution_of(m.studies.measure, "variance", advice=True),
    )


def kendall(x: Floats, y: Floats) -> tuple[float, float, bool]:
    """Give Kendall's tau-b, its two-sided p and whether that is exact.

    Examples
    --------
    >>> import numpy as np
    >>> tau, p_value, exact = kendall(np.arange(4.0), np.array([0.0, 1.0, 3.0, 2.0]))
    >>> round(tau, 4), round(p_value, 4), exact
    (0.6667, 0.3333, True)
    """
    k = len(x)
    upper = np.triu_indices(k, 1)
    one = np.sign(np.subtract.outer(x, x))[upper]
    other = np.sign(np.subtract.outer(y, y))[upper]
    score = float((one * other).sum())
    tied_x, tied_y = _ties(x), _ties(y)
    pairs = k * (k - 1) / 2
    scale = np.sqrt((pairs - _sum(tied_x, 2) / 2) * (pairs - _sum(tied_y, 2) / 2))
    tau = float(np.clip(score / scale, -1.0, 1.0)) if scale > 0 else float("nan")
    if not tied_x.size and not tied_y.size and k <= EXACT:
        return tau, _exact(k, round((score + pairs) / 2)), True
    spread = (k * (k - 1) * (2 * k + 5) - _twice(tied_x) - _twice(tied_y)) / 18
    spread += _sum(tied_x, 2) * _sum(tied_y, 2) / (2 * k * (k - 1))
    if k > 2:
        spread += _sum(tied_x, 3) * _sum(tied_y, 3) / (9 * k * (k - 1) * (k - 2))
    if spread <= 0:
        return tau, float("nan"), False
    return tau, float(2 * special.ndtr(-abs(score) / np.sqrt(spread))), False


def _ties(values: Floats) -> Floats:
    """Give the sizes of the groups of equal values, of two and more."""
    sizes = np.unique(values, return_counts=True)[1].astype(float)
    return sizes[sizes > 1]


def _sum(sizes: Floats, order: int) -> float:
    """Sum the falling factorials of sizes: t (t - 1), or t (t - 1) (t - 2)."""
    product = sizes * (sizes - 1)
    return float((product * (sizes - 2) if order == 3 else product).sum())


def _twice(sizes: Floats) -> float:
    return float((sizes * (sizes - 1) * (2 * sizes + 5)).sum())


def _exact(k: int, concordant: int) -> float:
    """Give the two-sided p of so many concordant pairs, all orders being equally likely."""
    law = np.ones(1)
    for size in range(2, k + 1):  # a new item is concordant with 0 to size - 1 of those before
        law = np.convolve(law, np.full(size, 1.0 / size))
    below, above = law[: concordant + 1].sum(), law[concordant:].sum()
    return float(min(1.0, 2.0 * min(below, above)))
