"""Power of a meta-analysis to find an effect (Hedges and Pigott 2001)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import special

from peer_evidence.checks import check_choice, check_count, check_level
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, number, per_cent
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
# variance of the mean under random effects, as a multiple of that without heterogeneity
HETEROGENEITY = {"none": 1.0, "small": 1.33, "moderate": 1.67, "large": 2.0}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Power(Result):
    """Power to find an effect with k studies of a typical sampling variance.

    ``ratio`` is the effect over the standard error of its mean, ``se``; ``tau2`` is the
    between-study variance that was assumed.
    """

    effect: float
    variance: float
    k: int
    tau2: float
    se: float
    ratio: float
    power: float
    level: float
    sides: int

    def curve(
        self, k: Sequence[int] | None = None, effects: Sequence[float] | None = None
    ) -> pd.DataFrame:
        """Give the power for other numbers of studies and other effects, all else the same.

        Parameters
        ----------
        k : sequence of int, optional
            Numbers of studies; by default 2 to 50, or to twice that of this result.
        effects : sequence of float, optional
            Effects; by default that of this result.

        Returns
        -------
        DataFrame
            Columns effect, k, se, power, sorted by effect and k.
        """
        import pandas as pd

        ks = range(2, max(50, 2 * self.k) + 1) if k is None else _listed(k)
        rows = []
        wanted = [self.effect] if effects is None else _listed(effects)
        for effect in sorted(_number("effects", one) for one in wanted):
            for one in sorted(check_count("k", one, 1) for one in ks):
                se = float(np.sqrt((self.variance + self.tau2) / one))
                value = float(power_of(effect / se, self.level, self.sides))
                rows.append((float(effect), int(one), se, value))
        return pd.DataFrame(rows, columns=["effect", "k", "se", "power"])

    def studies_for(self, power: float = 0.8) -> int:
        """Give the fewest studies with at least this power, all else the same.

        Raises
        ------
        InputError
            A power outside 0 to 1, or an effect of 0, whose power never grows.
        """
        if not (isinstance(power, Real) and 0 < power < 1):
            raise InputError(f"power: found {power!r}, allowed is a number between 0 and 1")
        if self.effect == 0:
            raise InputError("power: the effect is 0, its power is the error rate at any k")
        alone = abs(self.effect) / float(np.sqrt(self.variance + self.tau2))
        first = critical_ratio(self.level, self.sides) + float(special.ndtri(power))
        wanted = max(1, int(np.floor((max(first, 0.0) / alone) ** 2)))
        while wanted > 1 and power_of(alone * np.sqrt(wanted - 1), self.level, self.sides) >= power:
            wanted -= 1
        while power_of(alone * np.sqrt(wanted), self.level, self.sides) < power:
            wanted += 1
        return wanted

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row."""
        import pandas as pd

        names = ("effect", "variance", "k", "tau2", "se", "ratio", "power", "level", "sides")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def summary(self) -> str:
        """Say the power and what it rests on."""
        test = f"{'two' if self.sides == 2 else 'one'}-sided test at {100 * (1 - self.level):g}%"
        return (
            f"Power {per_cent(self.power, 1)} to find an effect of {number(self.effect)} with "
            f"{count(self.k, 'study', 'studies')} of variance {self.variance:.4g} and tau2 "
            f"{self.tau2:.4g} ({test}); standard error of the mean {number(self.se, 3)}."
        )


def power(
    effect: float,
    *,
    variance: float | None = None,
    k: int | None = None,
    n1: float | None = None,
    n2: float | None = None,
    m: Any = None,
    heterogeneity: str = "none",
    tau2: float | None = None,
    level: float = 0.95,
    sides: int = 2,
) -> Power:
    """Compute the power of a meta-analysis to find an effect (Hedges and Pigott 2001).

    Power belongs to a plan: computed from the effect that was found it says no more than its p.

    Parameters
    ----------
    effect : float
        The true mean effect to find, on the scale of the analysis (ratios as logs).
    variance : float, optional
        Typical sampling variance of a study.
    k : int, optional
        Number of studies.
    n1, n2 : float, optional
        In place of ``variance``: people in the groups of a typical study; the effect is then a
        standardised mean difference with variance ``(n1 + n2) / (n1 n2) + d^2 / (2 (n1 + n2))``.
    m : MetaAnalysis, optional
        In place of variance, k and tau2: those of an analysis. Its variance is the harmonic mean
        of its studies'.
    heterogeneity : {"none", "small", "moderate", "large"}
        The variance of the mean is 1, 1.33, 1.67 or 2 times that without heterogeneity.
    tau2 : float, optional
        Between-study variance, in place of ``heterogeneity``.
    level : float
        The test is made at ``1 - level``.
    sides : {1, 2}
        Sides of the test; one-sided in the direction of the effect.

    Returns
    -------
    Power
        The power, with ``curve`` for other k and effects and ``studies_for`` a wanted power.

    Raises
    ------
    InputError
        A number that cannot be used, or too few or too many of them.

    References
    ----------
    Hedges and Pigott (2001), Psychological Methods 6:203, doi 10.1037/1082-989X.6.3.203.

    Examples
    --------
    >>> round(power(0.2, n1=25, n2=25, k=10).power, 4)
    0.6066
    >>> round(power(0.2, n1=25, n2=25, k=10, heterogeneity="moderate").power, 4)
    0.4076
    """
    theta = _number("effect", effect)
    check_level(level)
    check_choice("heterogeneity", heterogeneity, HETEROGENEITY)
    if sides not in (1, 2):
        raise InputError(f"sides: found {sides!r}, allowed are 1 and 2")
    if tau2 is not None and heterogeneity != "none":
        raise InputError("heterogeneity: found with tau2, allowed is one of them")
    own, studies, between = _plan(theta, variance, k, n1, n2, m)
    if tau2 is not None:
        between = _number("tau2", tau2)
        if between < 0:
            raise InputError(f"tau2: found {tau2!r}, allowed is a number of at least 0")
    elif heterogeneity != "none":
        between = own * (HETEROGENEITY[heterogeneity] - 1.0)
    se = float(np.sqrt((own + between) / studies))
    return Power(
        effect=theta,
        variance=own,
        k=studies,
        tau2=between,
        se=se,
        ratio=theta / se,
        power=float(power_of(theta / se, level, sides)),
        level=float(level),
        sides=int(sides),
    )


def power_of(ratio: npt.ArrayLike, level: float, sides: int) -> Floats:
    """Give the power of a z test whose expectation is ``ratio``."""
    size = np.abs(np.asarray(ratio, dtype=float))
    bound = critical_ratio(level, sides)
    upper = special.ndtr(size - bound)
    return np.asarray(upper + special.ndtr(-bound - size) if sides == 2 else upper)


def critical_ratio(level: float, sides: int) -> float:
    """Give the z beyond which the test rejects."""
    return -float(special.ndtri((1.0 - level) / sides))


def _listed(values: Any) -> list[Any]:
    """Return several numbers, or the one that was given, as a list."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [values]
    return list(values)


def _number(name: str, value: Any) -> float:
    if isinstance(value, Real) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    raise InputError(f"{name}: found {value!r}, allowed is a finite number")


def _plan(
    effect: float, variance: Any, k: Any, n1: Any, n2: Any, m: Any
) -> tuple[float, int, float]:
    """Give sampling variance, number of studies and between-study variance."""
    if m is not None:
        if any(one is not None for one in (variance, k, n1, n2)):
            raise InputError("m: found with variance, k, n1 or n2, allowed is either")
        if not hasattr(m, "regression"):
            raise InputError(
                f"m: found {type(m).__name__}, allowed is the result of peer_evidence.meta_analysis"
            )
        own = m.k / float((1.0 / m.studies.variances).sum())
        return own, m.k, 0.0 if np.isnan(m.tau2) else m.tau2
    if (variance is None) == (n1 is None and n2 is None):
        raise InputError("variance: give either variance, or n1 and n2 of a typical study")
    if k is None:
        raise InputError("k: found None, allowed is a whole number of at least 1")
    check_count("k", k, 1)
    if variance is None:
        first, second = _number("n1", n1), _number("n2", n2)
        if first <= 0 or second <= 0:
            raise InputError(f"n1, n2: found {n1!r} and {n2!r}, allowed are numbers above 0")
        own = (first + second) / (first * second) + effect**2 / (2 * (first + second))
    else:
        own = _number("variance", variance)
        if own <= 0:
            raise InputError(f"variance: found {variance!r}, allowed is a number above 0")
    return own, int(k), 0.0
