"""Optimal information size: the participants that one trial of two equal arms would need."""

from __future__ import annotations

import math

from peer_evidence.pooling import laws


def people_for_smd(important: float, alpha: float, power: float) -> float:
    """Give the participants of both arms that one trial needs for a standardised difference.

    Two equal arms, normal law: 4 (z + z)² / d².

    References
    ----------
    Guyatt and others 2011, J Clin Epidemiol 64:1283, doi 10.1016/j.jclinepi.2011.01.012.

    Examples
    --------
    >>> people_for_smd(0.2, alpha=0.05, power=0.8)
    786.0
    """
    # both arms whole, as trials have them
    return 2.0 * math.ceil(2 * _z(alpha, power) ** 2 / important**2)


def people_for_risks(risk: float, other: float, alpha: float, power: float) -> float:
    """Give the participants of both arms that one trial needs to tell two risks apart.

    Two equal arms, variances of the risks not pooled:
    2 (z + z)² (p(1 - p) + q(1 - q)) / (p - q)².

    References
    ----------
    Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, ch. 4.

    Examples
    --------
    >>> people_for_risks(0.2, 0.15, alpha=0.05, power=0.8)
    1806.0
    """
    spread = risk * (1 - risk) + other * (1 - other)
    return 2.0 * math.ceil(_z(alpha, power) ** 2 * spread / (risk - other) ** 2)


def _z(alpha: float, power: float) -> float:
    """Add the quantiles of a two-sided test and of its power."""
    one = float(laws.critical(1 - alpha))
    # the level 2 power - 1 has the quantile of power at its end; below a half it is negative
    other = float(laws.critical(abs(2 * power - 1))) if power != 0.5 else 0.0
    return one + math.copysign(other, power - 0.5)
