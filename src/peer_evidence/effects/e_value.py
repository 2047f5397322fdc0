"""The E-value: how strong an unmeasured confounder would have to be to explain an effect away."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from peer_evidence.checks import check_choice
from peer_evidence.effects.arrays import FloatArray, floats, quiet
from peer_evidence.errors import InputError

MEASURES = ("RR", "OR", "HR", "SMD")


class EValue(NamedTuple):
    """E-values of the estimate and of the end of its interval nearer to no effect, as arrays."""

    estimate: FloatArray
    interval: FloatArray


def e_value(
    *,
    estimate: npt.ArrayLike,
    ci_low: npt.ArrayLike = np.nan,
    ci_high: npt.ArrayLike = np.nan,
    se: npt.ArrayLike = np.nan,
    measure: str = "RR",
    rare: bool = False,
) -> EValue:
    """Compute E-values (VanderWeele and Ding).

    The E-value is the risk ratio that an unmeasured confounder would need with both the
    intervention and the outcome, beyond the measured ones, to explain the effect away. It says
    nothing of whether such a confounder exists.

    Parameters
    ----------
    estimate : array_like
        Risk, odds or hazard ratio on the natural scale, above 0; or a standardised mean difference.
    ci_low, ci_high : array_like
        The ends of its interval, on the same scale.
    se : array_like
        Standard error of a standardised mean difference, in place of the interval.
    measure : {"RR", "OR", "HR", "SMD"}
        What the estimate is.
    rare : bool
        The outcome is rare (under 15 per cent at the end of follow-up), so that an odds or hazard
        ratio is about a risk ratio. Otherwise the odds ratio becomes its square root, and the
        hazard ratio ``(1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR))``.

    Returns
    -------
    EValue
        ``RR + sqrt(RR (RR - 1))`` of the ratio, or of its inverse where it is below 1. A
        standardised mean difference becomes ``exp(0.91 d)``, with interval
        ``exp(0.91 d -+ 1.78 se)``. Of an interval that includes no effect it is 1; NaN where no
        interval is given.

    Raises
    ------
    InputError
        A ratio of 0 or less, an unknown measure, interval ends out of order.

    References
    ----------
    VanderWeele and Ding (2017), Annals of Internal Medicine 167:268, doi 10.7326/M16-2607.

    Examples
    --------
    >>> found = e_value(estimate=3.9, ci_low=1.8, ci_high=8.7)
    >>> found.estimate.round(2).item(), found.interval.round(2).item()
    (7.26, 3.0)
    """
    check_choice("measure", measure, MEASURES)
    kind = "number" if measure == "SMD" else "positive"
    x, low, high, error = floats(
        estimate=(estimate, kind), ci_low=(ci_low, kind), ci_high=(ci_high, kind), se=(se, "sd")
    )
    if (low > high).any():
        raise InputError("ci_low, ci_high: found a low end above the high one")
    with quiet():
        if measure == "SMD":
            error = np.where(np.isnan(error), (high - low) / (2 * 1.96), error)
            ratio = np.exp(0.91 * x)
            ends = np.exp(0.91 * x - 1.78 * error), np.exp(0.91 * x + 1.78 * error)
        else:
            ratio = _as_risk_ratio(x, measure, rare)
            ends = _as_risk_ratio(low, measure, rare), _as_risk_ratio(high, measure, rare)
        near = np.where(ratio >= 1, np.maximum(ends[0], 1.0), np.minimum(ends[1], 1.0))
        return EValue(_formula(ratio), _formula(near))


def _as_risk_ratio(x: FloatArray, measure: str, rare: bool) -> FloatArray:
    """Give the risk ratio that belongs to an odds or hazard ratio, about."""
    if measure == "OR" and not rare:
        return np.asarray(np.sqrt(x))
    if measure == "HR" and not rare:
        return np.asarray((1 - 0.5 ** np.sqrt(x)) / (1 - 0.5 ** np.sqrt(1 / x)))
    return x


def _formula(ratio: FloatArray) -> FloatArray:
    strong = np.where(ratio < 1, 1 / ratio, ratio)
    return np.asarray(strong + np.sqrt(strong * (strong - 1)))
