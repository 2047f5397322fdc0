"""Standardised mean differences from the t, F or p of a test between two groups."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from peer_evidence.effects.arrays import FloatArray, Pair, floats, quiet, refuse
from peer_evidence.effects.continuous import g_from_d
from peer_evidence.errors import InputError


def smd_from_t(
    *,
    t: npt.ArrayLike,
    n1: npt.ArrayLike,
    n2: npt.ArrayLike,
    vtype: str = "LS",
    correction: str = "exact",
) -> Pair:
    """Compute the standardised mean difference from the t of two independent groups.

    Parameters
    ----------
    t : array_like
        Student's t, positive where group 1 is higher.
    n1, n2 : array_like
        People in each group.
    vtype, correction
        See `hedges_g`.

    Returns
    -------
    effect, variance : arrays
        In standard deviations; NaN where n1 + n2 < 4.

    Raises
    ------
    InputError
        An infinite t, a negative or infinite n, an unknown option.

    Examples
    --------
    >>> g, v = smd_from_t(t=2.31, n1=30, n2=25)
    >>> round(g.item(), 4), round(v.item(), 4)
    (0.6166, 0.0768)
    """
    stat, k1, k2 = floats(t=(t, "number"), n1=(n1, "count"), n2=(n2, "count"))
    with quiet():
        return g_from_d(stat * np.sqrt(1 / k1 + 1 / k2), k1, k2, vtype, correction)


def smd_from_f(
    *,
    f: npt.ArrayLike,
    n1: npt.ArrayLike,
    n2: npt.ArrayLike,
    sign: npt.ArrayLike = 1,
    vtype: str = "LS",
    correction: str = "exact",
) -> Pair:
    """Compute the standardised mean difference from the F of two independent groups.

    Parameters
    ----------
    f : array_like
        F with one degree of freedom in the numerator.
    n1, n2 : array_like
        People in each group.
    sign : array_like
        1 where group 1 is higher, -1 where it is lower: F does not say.
    vtype, correction
        See `hedges_g`.

    Returns
    -------
    effect, variance : arrays
        In standard deviations; NaN where n1 + n2 < 4.

    Raises
    ------
    InputError
        An F below 0, a sign other than 1 and -1, a negative or infinite n, an unknown option.

    Examples
    --------
    >>> round(smd_from_f(f=5.3361, n1=30, n2=25, sign=-1)[0].item(), 4)
    -0.6166
    """
    stat, side = floats(f=(f, "count"), sign=(sign, "number"))
    _refuse_sign(side)
    return smd_from_t(t=side * np.sqrt(stat), n1=n1, n2=n2, vtype=vtype, correction=correction)


def smd_from_p(
    *,
    p: npt.ArrayLike,
    n1: npt.ArrayLike,
    n2: npt.ArrayLike,
    sign: npt.ArrayLike = 1,
    tails: int = 2,
    vtype: str = "LS",
    correction: str = "exact",
) -> Pair:
    """Compute the standardised mean difference from the p value of a t test.

    Parameters
    ----------
    p : array_like
        The exact p value; of ``p < 0.05`` only a bound can come.
    n1, n2 : array_like
        People in each group.
    sign : array_like
        1 where group 1 is higher, -1 where it is lower: a two-sided p does not say. A one-sided p
        speaks for the side that ``sign`` names.
    tails : {2, 1}
        Whether p is two-sided or one-sided.
    vtype, correction
        See `hedges_g`.

    Returns
    -------
    effect, variance : arrays
        In standard deviations; NaN where n1 + n2 < 4.

    Raises
    ------
    InputError
        A p outside 0 to 1 (0 itself is refused: print the bound), a sign other than 1 and -1,
        a negative or infinite n, an unknown option.

    Examples
    --------
    >>> round(smd_from_p(p=0.03, n1=30, n2=25, correction="none")[0].item(), 4)
    0.6039
    """
    if tails not in (1, 2):
        raise InputError(f"tails: found {tails!r}, allowed are 1 and 2")
    value, k1, k2, side = floats(
        p=(p, "inner_share"), n1=(n1, "count"), n2=(n2, "count"), sign=(sign, "number")
    )
    _refuse_sign(side)
    df = np.where(k1 + k2 > 2, k1 + k2 - 2, np.nan)
    t = -stdtrit(df, value / tails)  # the lower tail keeps the digits of a small p
    t = np.where(np.isfinite(t), side * t, np.nan)
    return smd_from_t(t=t, n1=k1, n2=k2, vtype=vtype, correction=correction)


def _refuse_sign(sign: FloatArray) -> None:
    """Raise InputError where a sign is neither 1 nor -1."""
    refuse("sign", sign, lambda x: ~np.isnan(x) & (np.abs(x) != 1), "1 or -1")
