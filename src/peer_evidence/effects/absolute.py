"""From a relative effect to people: risk for each 1000, difference, number needed to treat."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from peer_evidence.checks import check_choice
from peer_evidence.effects.arrays import FloatArray, floats, quiet


class AbsoluteEffect(NamedTuple):
    """What a ratio means for people, as arrays; ends of intervals are NaN where not given.

    ``difference`` is negative where the intervention has fewer events.
    """

    risk: FloatArray
    per_1000: FloatArray
    difference_per_1000: FloatArray
    difference_low: FloatArray
    difference_high: FloatArray
    nnt: FloatArray


def risk_from_ratio(
    *, ratio: npt.ArrayLike, baseline_risk: npt.ArrayLike, measure: str = "RR"
) -> FloatArray:
    """Compute the risk under the intervention from a ratio and the risk without it.

    Parameters
    ----------
    ratio : array_like
        Odds, risk or hazard ratio, above 0.
    baseline_risk : array_like
        Risk in the comparison group, 0 to 1.
    measure : {"RR", "OR", "HR"}
        What the ratio is.

    Returns
    -------
    array
        RR p; OR p / (1 - p + OR p); 1 - (1 - p)^HR. A risk ratio can give more than 1, which is
        NaN: that ratio cannot hold at that risk.

    Raises
    ------
    InputError
        A ratio of 0 or less, a risk outside 0 to 1, an unknown ``measure``.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, section 15.4.4.

    Examples
    --------
    >>> round(risk_from_ratio(ratio=0.73, baseline_risk=0.3, measure="OR").item(), 4)
    0.2383
    """
    check_choice("measure", measure, ("RR", "OR", "HR"))
    x, p = floats(ratio=(ratio, "positive"), baseline_risk=(baseline_risk, "share"))
    with quiet():
        if measure == "OR":
            return np.asarray(x * p / (1 - p + x * p))
        if measure == "HR":
            # 1 - (1 - p)^HR, with the digits of a small risk kept
            return np.asarray(-np.expm1(x * np.log1p(-p)))
        return np.where(x * p <= 1, x * p, np.nan)


def number_needed(*, risk_difference: npt.ArrayLike, rounded: bool = True) -> FloatArray:
    """Compute the number needed to treat for one person more, or less, to have the event.

    Parameters
    ----------
    risk_difference : array_like
        Difference of risks, -1 to 1; its sign says whether it is for benefit or harm.
    rounded : bool
        Round up to the next whole person, as the Handbook asks.

    Returns
    -------
    array
        ``1 / abs(difference)``; infinite where there is no difference.

    Raises
    ------
    InputError
        A difference outside -1 to 1.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, section 15.4.

    Examples
    --------
    >>> number_needed(risk_difference=[0.12, 0.22, -0.024]).tolist()
    [9.0, 5.0, 42.0]
    """
    (rd,) = floats(risk_difference=(risk_difference, "correlation"))
    with np.errstate(divide="ignore"):
        need = 1 / np.abs(rd)
    if rounded:
        # 1 / 0.2 must not become 6 because its last bit is above 5
        need = np.ceil(need * (1 - 1e-12))
    return np.asarray(need)


def absolute_effect(
    *,
    ratio: npt.ArrayLike,
    baseline_risk: npt.ArrayLike,
    measure: str = "RR",
    low: npt.ArrayLike = np.nan,
    high: npt.ArrayLike = np.nan,
) -> AbsoluteEffect:
    """Say what a ratio means for 1000 people with a given risk.

    Parameters
    ----------
    ratio : array_like
        Odds, risk or hazard ratio.
    baseline_risk : array_like
        Risk in the comparison group, 0 to 1; it is held fixed for the interval.
    measure : {"RR", "OR", "HR"}
        What the ratio is.
    low, high : array_like, optional
        Interval of the ratio.

    Returns
    -------
    AbsoluteEffect
        ``risk``, ``per_1000``, ``difference_per_1000`` with ``difference_low`` and
        ``difference_high``, and ``nnt``, rounded up.

    Raises
    ------
    InputError
        A ratio of 0 or less, a risk outside 0 to 1, an unknown ``measure``.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, sections 14.1.5 and 15.4.4.

    Examples
    --------
    >>> effect = absolute_effect(ratio=0.92, baseline_risk=0.3)
    >>> round(effect.difference_per_1000.item(), 6), effect.nnt.item()
    (-24.0, 42.0)
    """
    (p,) = floats(baseline_risk=(baseline_risk, "share"))
    risk = risk_from_ratio(ratio=ratio, baseline_risk=p, measure=measure)
    ends = [risk_from_ratio(ratio=end, baseline_risk=p, measure=measure) for end in (low, high)]
    return AbsoluteEffect(
        risk,
        1000 * risk,
        1000 * (risk - p),
        1000 * (ends[0] - p),
        1000 * (ends[1] - p),
        number_needed(risk_difference=risk - p),
    )


def nnt_text(difference: float, low: float, high: float) -> str:
    """Write the number needed with its interval, which passes through infinity at no difference.

    Parameters
    ----------
    difference, low, high : float
        Difference of risks with its interval; positive is benefit.

    Returns
    -------
    str
        NNTB for benefit, NNTH for harm.

    References
    ----------
    Altman (1998), BMJ 317:1309.

    Examples
    --------
    >>> nnt_text(0.1, 0.05, 0.2)
    'NNTB 10 (5 to 20)'
    >>> nnt_text(0.1, -0.05, 0.25)
    'NNTB 10 (NNTB 4 to ∞ to NNTH 20)'
    """

    def need(value: float) -> str:
        count = number_needed(risk_difference=value).item()
        return "∞" if np.isinf(count) else f"{count:.0f}"

    def side(value: float) -> str:
        return "NNTB" if value >= 0 else "NNTH"

    if low < 0 < high:
        bounds = f"NNTB {need(high)} to ∞ to NNTH {need(low)}"
    else:
        near, far = (high, low) if difference >= 0 else (low, high)
        bounds = f"{need(near)} to {need(far)}"
    return f"{side(difference)} {need(difference)} ({bounds})"
