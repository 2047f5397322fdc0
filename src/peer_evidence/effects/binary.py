"""Two groups and an event: odds ratio, risk ratio, risk difference, arcsine, Peto."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from peer_evidence.checks import check_choice
from peer_evidence.effects.arrays import (
    FloatArray,
    Pair,
    both_or_neither,
    corrected_cells,
    floats,
    quiet,
    refuse_more_than,
)


def two_by_two(
    *,
    events1: npt.ArrayLike,
    n1: npt.ArrayLike,
    events2: npt.ArrayLike,
    n2: npt.ArrayLike,
    add: float = 0.5,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Give the four cells of each table after the rule for zero cells.

    Parameters
    ----------
    events1, n1, events2, n2 : array_like
        People with the event and people in group 1 and 2. Counts may be fractions, as
        effective sample sizes of cluster trials are.
    add : float
        What the rule adds to each of the four cells of a table.
    to : {"only-zero", "all", "if-any", "none"}
        Which tables it is added to: those with a zero cell, all, all if any table of the analysis
        (the last axis) has a zero cell, none.
    drop_double_zeros : bool
        Give NaN for tables in which both groups have no event, or both have only events.

    Returns
    -------
    events1, none1, events2, none2 : arrays
        People with and without the event in group 1, then in group 2.

    Raises
    ------
    InputError
        A count is negative, infinite or larger than its group.

    Examples
    --------
    >>> [cell.item() for cell in two_by_two(events1=0, n1=10, events2=3, n2=10)]
    [0.5, 10.5, 3.5, 7.5]
    """
    a, m1, c, m2 = floats(
        events1=(events1, "count"),
        n1=(n1, "count"),
        events2=(events2, "count"),
        n2=(n2, "count"),
    )
    refuse_more_than("events1", a, "n1", m1)
    refuse_more_than("events2", c, "n2", m2)
    b, d = m1 - a, m2 - c
    nobody = (m1 == 0) | (m2 == 0)  # a group of nobody has no risk, corrected or not
    if nobody.any():
        a, b, c, d = (np.where(nobody, np.nan, cell) for cell in (a, b, c, d))
    if drop_double_zeros:
        double = ((a == 0) & (c == 0)) | ((b == 0) & (d == 0))
        a, b, c, d = (np.where(double, np.nan, cell) for cell in (a, b, c, d))
    a, b, c, d = corrected_cells([a, b, c, d], add, to)
    return a, b, c, d


def log_odds_ratio(
    *,
    events1: npt.ArrayLike,
    n1: npt.ArrayLike,
    events2: npt.ArrayLike,
    n2: npt.ArrayLike,
    add: float = 0.5,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
) -> Pair:
    """Compute the log odds ratio of group 1 against group 2 (OR), variance of Woolf.

    Parameters
    ----------
    events1, n1, events2, n2 : array_like
        People with the event and people in each group.
    add, to, drop_double_zeros
        The rule for zero cells, see `two_by_two`.

    Returns
    -------
    effect, variance : arrays
        On the log scale; NaN where an input is missing or the formula gives no finite number.

    Raises
    ------
    InputError
        A count is negative, infinite or larger than its group; an unknown ``to``.

    References
    ----------
    Woolf (1955), Annals of Human Genetics 19:251.

    Examples
    --------
    >>> effect, variance = log_odds_ratio(events1=4, n1=123, events2=11, n2=139)
    >>> round(effect.item(), 4), round(variance.item(), 4)
    (-0.9387, 0.3571)
    """
    a, b, c, d = two_by_two(
        events1=events1,
        n1=n1,
        events2=events2,
        n2=n2,
        add=add,
        to=to,
        drop_double_zeros=drop_double_zeros,
    )
    with quiet():
        return both_or_neither(np.log(a / b) - np.log(c / d), 1 / a + 1 / b + 1 / c + 1 / d)


def log_risk_ratio(
    *,
    events1: npt.ArrayLike,
    n1: npt.ArrayLike,
    events2: npt.ArrayLike,
    n2: npt.ArrayLike,
    add: float = 0.5,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
) -> Pair:
    """Compute the log risk ratio of group 1 against group 2 (RR).

    Parameters
    ----------
    events1, n1, events2, n2 : array_like
        People with the event and people in each group.
    add, to, drop_double_zeros
        The rule for zero cells, see `two_by_two`.

    Returns
    -------
    effect, variance : arrays
        On the log scale; NaN where an input is missing or the formula gives no finite number.

    Raises
    ------
    InputError
        A count is negative, infinite or larger than its group; an unknown ``to``.

    References
    ----------
    Katz, Baptista, Azen & Pike (1978), Biometrics 34:469.

    Examples
    --------
    >>> effect, variance = log_risk_ratio(events1=4, n1=123, events2=11, n2=139)
    >>> round(effect.item(), 4), round(variance.item(), 4)
    (-0.8893, 0.3256)
    """
    a, b, c, d = two_by_two(
        events1=events1,
        n1=n1,
        events2=events2,
        n2=n2,
        add=add,
        to=to,
        drop_double_zeros=drop_double_zeros,
    )
    n1, n2 = a + b, c + d
    with quiet():
        # 1/a - 1/n written as b/(a n), which is exact where everybody has the event
        return both_or_neither(np.log(a / n1) - np.log(c / n2), b / (a * n1) + d / (c * n2))


def risk_difference(
    *,
    events1: npt.ArrayLike,
    n1: npt.ArrayLike,
    events2: npt.ArrayLike,
    n2: npt.ArrayLike,
    add: float = 0.5,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
    vtype: str = "LS",
) -> Pair:
    """Compute the difference of two risks (RD).

    Parameters
    ----------
    events1, n1, events2, n2 : array_like
        People with the event and people in each group.
    add, to, drop_double_zeros
        The rule for zero cells, see `two_by_two`. With ``to="none"`` a table without events
        has the difference 0 and the variance 0.
    vtype : {"LS", "UB"}
        Variance with n (large sample) or n - 1 (unbiased) in each group.

    Returns
    -------
    effect, variance : arrays
        Difference of proportions; NaN where an input is missing or a group is empty.

    Raises
    ------
    InputError
        A count is negative, infinite or larger than its group; an unknown ``to`` or ``vtype``.

    Examples
    --------
    >>> effect, variance = risk_difference(events1=4, n1=123, events2=11, n2=139)
    >>> round(effect.item(), 4), round(variance.item(), 4)
    (-0.0466, 0.0008)
    """
    check_choice("vtype", vtype, ("LS", "UB"))
    a, b, c, d = two_by_two(
        events1=events1,
        n1=n1,
        events2=events2,
        n2=n2,
        add=add,
        to=to,
        drop_double_zeros=drop_double_zeros,
    )
    n1, n2 = a + b, c + d
    less = 1 if vtype == "UB" else 0
    with quiet():
        p1, p2 = a / n1, c / n2
        return both_or_neither(p1 - p2, p1 * (b / n1) / (n1 - less) + p2 * (d / n2) / (n2 - less))


def arcsine_difference(
    *,
    events1: npt.ArrayLike,
    n1: npt.ArrayLike,
    events2: npt.ArrayLike,
    n2: npt.ArrayLike,
    add: float = 0.0,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
) -> Pair:
    """Compute the difference of two arcsine square-root risks (AS), which needs no correction.

    Parameters
    ----------
    events1, n1, events2, n2 : array_like
        People with the event and people in each group.
    add, to, drop_double_zeros
        The rule for zero cells, see `two_by_two`; nothing is added by default.

    Returns
    -------
    effect, variance : arrays
        In radians, half the size of measures built on 2 asin sqrt p.

    Raises
    ------
    InputError
        A count is negative, infinite or larger than its group; an unknown ``to``.

    References
    ----------
    Ruecker, Schwarzer, Carpenter & Olkin (2009), Statistics in Medicine 28:721.

    Examples
    --------
    >>> effect, variance = arcsine_difference(events1=0, n1=100, events2=4, n2=100)
    >>> round(effect.item(), 4), round(variance.item(), 4)
    (-0.2014, 0.005)
    """
    a, b, c, d = two_by_two(
        events1=events1,
        n1=n1,
        events2=events2,
        n2=n2,
        add=add,
        to=to,
        drop_double_zeros=drop_double_zeros,
    )
    n1, n2 = a + b, c + d
    with quiet():
        effect = np.arcsin(np.sqrt(a / n1)) - np.arcsin(np.sqrt(c / n2))
        return both_or_neither(effect, 1 / (4 * n1) + 1 / (4 * n2))


def peto_log_odds_ratio(
    *,
    events1: npt.ArrayLike,
    n1: npt.ArrayLike,
    events2: npt.ArrayLike,
    n2: npt.ArrayLike,
    add: float = 0.5,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
) -> Pair:
    """Compute Peto's log odds ratio (PETO): observed less expected, over its variance.

    Parameters
    ----------
    events1, n1, events2, n2 : array_like
        People with the event and people in each group.
    add, to, drop_double_zeros
        The rule for zero cells, see `two_by_two`. The default is metafor's ``escalc``; the method
        itself needs no correction (``to="none"``), and then a table without events, or with
        only events, gives NaN.

    Returns
    -------
    effect, variance : arrays
        On the log scale; NaN where an input is missing or the variance is not finite.

    Raises
    ------
    InputError
        A count is negative, infinite or larger than its group; an unknown ``to``.

    References
    ----------
    Yusuf, Peto, Lewis, Collins & Sleight (1985), Progress in Cardiovascular Diseases 27:335.

    Examples
    --------
    >>> effect, variance = peto_log_odds_ratio(events1=4, n1=123, events2=11, n2=139)
    >>> round(effect.item(), 4), round(variance.item(), 4)
    (-0.8604, 0.2828)
    """
    a, b, c, d = two_by_two(
        events1=events1,
        n1=n1,
        events2=events2,
        n2=n2,
        add=add,
        to=to,
        drop_double_zeros=drop_double_zeros,
    )
    n1, n2 = a + b, c + d
    total = n1 + n2
    with quiet():
        spread = (a + c) * (b + d) * (n1 / total) * (n2 / total) / (total - 1)
        return both_or_neither((a - (a + c) * n1 / total) / spread, 1 / spread)
