"""The sign test: how many studies favour the intervention, whatever the size of their effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, ndtri

from peer_evidence.checks import check_count, check_level
from peer_evidence.formatting import count, interval, p_brief, per_cent
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]


def exact_p(favours: npt.ArrayLike, against: npt.ArrayLike) -> Floats:
    """Give the exact two-sided p of each pair of counts under equal odds; 1 where both are 0.

    Examples
    --------
    >>> exact_p([10, 9, 0], [2, 0, 0]).round(6).tolist()
    [0.038574, 0.003906, 1.0]
    """
    one, other = np.asarray(favours, dtype=np.float64), np.asarray(against, dtype=np.float64)
    fewer = np.minimum(one, other).astype(np.int64)
    total = (one + other).astype(np.int64)
    return np.asarray(np.minimum(1.0, 2.0 * bdtr(fewer, total, 0.5)), dtype=np.float64)


def wilson(
    favours: npt.ArrayLike, against: npt.ArrayLike, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Give the Wilson interval of each share, without continuity correction; 0 to 1 for none.

    Examples
    --------
    >>> low, high = wilson(10, 2)
    >>> round(float(low), 4), round(float(high), 4)
    (0.552, 0.953)
    """
    one, other = np.asarray(favours, dtype=np.float64), np.asarray(against, dtype=np.float64)
    total = one + other
    z = float(ndtri(0.5 + level / 2))
    half = z * np.sqrt(one * other / np.maximum(total, 1) + z * z / 4)
    middle, width = one + z * z / 2, total + z * z
    low = np.where(one == 0, 0.0, (middle - half) / width)
    high = np.where(other == 0, 1.0, (middle + half) / width)
    return low, high


def share(favours: npt.ArrayLike, against: npt.ArrayLike) -> Floats:
    """Give the share of ``favours`` in each pair of counts; NaN where both are 0.

    Examples
    --------
    >>> share([3, 0], [1, 0]).tolist()
    [0.75, nan]
    """
    one, other = np.asarray(favours, dtype=np.float64), np.asarray(against, dtype=np.float64)
    total = one + other
    found = np.full(total.shape, np.nan)
    np.divide(one, total, out=found, where=total > 0)
    return found


@dataclass(frozen=True, slots=True, repr=False)
class SignTest(Result):
    """Whether studies favour the intervention more often than chance alone would have it.

    Counting signs flatters the intervention, since a plain "no difference" carries no sign and
    drops out. The studies that dropped out are therefore part of the result, and every number
    is there a second time with all of them counted against the intervention.

    Attributes
    ----------
    favours, against : int
        Studies whose sign favours the intervention, or the comparison.
    no_sign : int
        Studies without a sign, or with signs that disagree.
    level : float
        The level of the intervals.
    n : int
        The studies in the test: ``favours + against``.
    proportion, ci_low, ci_high, p_value : float
        The share that favours the intervention, its Wilson interval, and the exact two-sided p.
        Without any study with a sign the share is NaN, the interval 0 to 1 and p is 1.
    strict_n : int
        All studies: ``favours + against + no_sign``.
    strict_proportion, strict_ci_low, strict_ci_high, strict_p_value : float
        The same with the studies without a sign counted against the intervention.
    intervention : str
        What the text calls the intervention.
    """

    favours: int
    against: int
    no_sign: int
    level: float
    n: int
    proportion: float
    ci_low: float
    ci_high: float
    p_value: float
    strict_n: int
    strict_proportion: float
    strict_ci_low: float
    strict_ci_high: float
    strict_p_value: float
    intervention: str = "the intervention"

    def to_frame(self) -> pd.DataFrame:
        """Give both readings as rows: those without a sign shown, and counted against."""
        import pandas as pd

        rows: list[dict[str, Any]] = [
            {
                "unsigned": "shown",
                "favours": self.favours,
                "against": self.against,
                "no_sign": self.no_sign,
                "proportion": self.proportion,
                "ci_low": self.ci_low,
                "ci_high": self.ci_high,
                "p_value": self.p_value,
            },
            {
                "unsigned": "against",
                "favours": self.favours,
                "against": self.against + self.no_sign,
                "no_sign": self.no_sign,
                "proportion": self.strict_proportion,
                "ci_low": self.strict_ci_low,
                "ci_high": self.strict_ci_high,
                "p_value": self.strict_p_value,
            },
        ]
        return pd.DataFrame(rows)

    def headline(self) -> str:
        """Give both readings, which must not be read apart."""
        return self.summary()

    def summary(self) -> str:
        """Say how many studies favour the intervention, and how many have no sign."""
        if self.n:
            studies = count(self.n, "study", "studies")
            verb = "favours" if self.favours == 1 else "favour"
            first = (
                f"{self.favours} of {studies} with a sign {verb} {self.intervention}: "
                f"{per_cent(self.proportion)} "
                f"({_interval(self.ci_low, self.ci_high)}), {p_brief(self.p_value)}"
            )
        else:
            first = "No study has a sign, so there is nothing to test"
        if not self.no_sign:
            return first
        kind = "has no sign or its signs" if self.no_sign == 1 else "have no sign or their signs"
        return (
            f"{first}\n{count(self.no_sign, 'study', 'studies')} {kind} disagree; counted "
            f"against, {self.favours} of {self.strict_n}: {per_cent(self.strict_proportion)} "
            f"({_interval(self.strict_ci_low, self.strict_ci_high)}), "
            f"{p_brief(self.strict_p_value)}"
        )


def sign_test(
    favours: int,
    against: int,
    *,
    no_sign: int = 0,
    level: float = 0.95,
    intervention: str = "the intervention",
) -> SignTest:
    """Test whether studies favour the intervention more often than the comparison.

    The p value is exact and two-sided: the probability, were both signs equally likely, of a
    split no more likely than this one. The interval is Wilson's, without continuity correction.
    The test answers whether there is any evidence of an effect, not how large it is.

    Parameters
    ----------
    favours, against : int
        Studies whose sign favours the intervention, or the comparison; one vote per study.
    no_sign : int, optional
        Studies without a sign, or with signs that disagree. They are no part of the test; a
        second reading counts them against the intervention.
    level : float, optional
        The level of the intervals.
    intervention : str, optional
        What the text calls the intervention.

    Returns
    -------
    SignTest
        Without any study with a sign the share is NaN, the interval 0 to 1 and p is 1.

    Raises
    ------
    InputError
        If a count is not a whole number of at least 0, or the level not between 0 and 1.

    References
    ----------
    McKenzie & Brennan, Cochrane Handbook chapter 12; Brown, Cai & DasGupta 2001, Statistical
    Science 16:101 (Wilson interval).

    Examples
    --------
    The worked example of the Handbook (12.4.2.3), with its three studies without a direction:

    >>> print(sign_test(favours=10, against=2, no_sign=3))
    10 of 12 studies with a sign favour the intervention: 83% (55% to 95%), p 0.039
    3 studies have no sign or their signs disagree; counted against, 10 of 15: 67% (42% to 85%),
    p 0.302
    """
    one, other = check_count("favours", favours), check_count("against", against)
    none, level = check_count("no_sign", no_sign), check_level(level)
    splits = np.array([one, one]), np.array([other, other + none])
    low, high = wilson(*splits, level)
    proportion, p = share(*splits), exact_p(*splits)
    return SignTest(
        favours=one,
        against=other,
        no_sign=none,
        level=level,
        n=one + other,
        proportion=float(proportion[0]),
        ci_low=float(low[0]),
        ci_high=float(high[0]),
        p_value=float(p[0]),
        strict_n=one + other + none,
        strict_proportion=float(proportion[1]),
        strict_ci_low=float(low[1]),
        strict_ci_high=float(high[1]),
        strict_p_value=float(p[1]),
        intervention=intervention,
    )


def _interval(low: float, high: float) -> str:
    return interval(100 * low, 100 * high, 0).replace(" to", "% to") + "%"
