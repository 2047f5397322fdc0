"""Association in a 2x2 table as a correlation or a standardised difference."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from peer_evidence.checks import check_choice
from peer_evidence.effects.arrays import Pair, both_or_neither, quiet
from peer_evidence.effects.binary import two_by_two


def phi(
    *,
    events1: npt.ArrayLike,
    n1: npt.ArrayLike,
    events2: npt.ArrayLike,
    n2: npt.ArrayLike,
    add: float = 0.0,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
    vtype: str = "CS",
) -> Pair:
    """Compute the phi coefficient of a 2x2 table (PHI).

    Parameters
    ----------
    events1, n1, events2, n2 : array_like
        People with the event and people in each group.
    add, to, drop_double_zeros
        The rule for zero cells, see `two_by_two`; nothing is added by default.
    vtype : {"CS", "LS"}
        Both name the variance for cross-sectional sampling.

    Returns
    -------
    effect, variance : arrays
        A correlation between -1 and 1.

    Raises
    ------
    InputError
        A count is negative, infinite or larger than its group; an unknown ``to`` or ``vtype``.

    References
    ----------
    Yule (1912), Journal of the Royal Statistical Society 75:579.

    Examples
    --------
    >>> round(phi(events1=135, n1=150, events2=40, n2=50)[0].item(), 4)
    0.1309
    """
    check_choice("vtype", vtype, ("CS", "LS"))
    a, b, c, d = two_by_two(
        events1=events1,
        n1=n1,
        events2=events2,
        n2=n2,
        add=add,
        to=to,
        drop_double_zeros=drop_double_zeros,
    )
    total = a + b + c + d
    with quiet():
        row1, row2, column1, column2 = a + b, c + d, a + c, b + d
        effect = (a * d - b * c) / np.sqrt(row1 * row2 * column1 * column2)
        rows = (row1 - row2) / np.sqrt(row1 * row2)
        columns = (column1 - column2) / np.sqrt(column1 * column2)
        variance = (
            1
            - effect**2
            + effect * (1 + effect**2 / 2) * rows * columns
            - 3 / 4 * effect**2 * (rows**2 + columns**2)
        ) / total
        return both_or_neither(effect, variance)


def yule_q(
    *,
    events1: npt.ArrayLike,
    n1: npt.ArrayLike,
    events2: npt.ArrayLike,
    n2: npt.ArrayLike,
    add: float = 0.5,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
) -> Pair:
    """Compute Yule's Q of a 2x2 table (YUQ), (OR - 1) / (OR + 1).

    Parameters
    ----------
    events1, n1, events2, n2 : array_like
        People with the event and people in each group.
    add, to, drop_double_zeros
        The rule for zero cells, see `two_by_two`.

    Returns
    -------
    effect, variance : arrays
        A coefficient between -1 and 1.

    Raises
    ------
    InputError
        A count is negative, infinite or larger than its group; an unknown ``to``.

    References
    ----------
    Yule (1900), Philosophical Transactions of the Royal Society A 194:257.

    Examples
    --------
    >>> round(yule_q(events1=135, n1=150, events2=40, n2=50)[0].item(), 4)
    0.3846
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
        effect = (a * d - b * c) / (a * d + b * c)
        variance = (1 - effect**2) ** 2 * (1 / a + 1 / b + 1 / c + 1 / d) / 4
        return both_or_neither(effect, variance)


def yule_y(
    *,
    events1: npt.ArrayLike,
    n1: npt.ArrayLike,
    events2: npt.ArrayLike,
    n2: npt.ArrayLike,
    add: float = 0.5,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
) -> Pair:
    """Compute Yule's Y of a 2x2 table (YUY), (sqrt OR - 1) / (sqrt OR + 1).

    Parameters
    ----------
    events1, n1, events2, n2 : array_like
        People with the event and people in each group.
    add, to, drop_double_zeros
        The rule for zero cells, see `two_by_two`.

    Returns
    -------
    effect, variance : arrays
        A coefficient between -1 and 1.

    Raises
    ------
    InputError
        A count is negative, infinite or larger than its group; an unknown ``to``.

    References
    ----------
    Yule (1912), Journal of the Royal Statistical Society 75:579.

    Examples
    --------
    >>> round(yule_y(events1=135, n1=150, events2=40, n2=50)[0].item(), 4)
    0.2
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
        main, cross = np.sqrt(a * d), np.sqrt(b * c)
        effect = (main - cross) / (main + cross)
        variance = (1 - effect**2) ** 2 * (1 / a + 1 / b + 1 / c + 1 / d) / 16
        return both_or_neither(effect, variance)


def probit_difference(
    *,
    events1: npt.ArrayLike,
    n1: npt.ArrayLike,
    events2: npt.ArrayLike,
    n2: npt.ArrayLike,
    add: float = 0.5,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
) -> Pair:
    """Compute the difference of two probit risks (PBIT), a standardised mean difference.

    Parameters
    ----------
    events1, n1, events2, n2 : array_like
        People with the event and people in each group.
    add, to, drop_double_zeros
        The rule for zero cells, see `two_by_two`.

    Returns
    -------
    effect, variance : arrays
        In standard deviations of an underlying normal variable.

    Raises
    ------
    InputError
        A count is negative, infinite or larger than its group; an unknown ``to``.

    References
    ----------
    Sanchez-Meca, Marin-Martinez & Chacon-Moscoso (2003), Psychological Methods 8:448.

    Examples
    --------
    >>> round(probit_difference(events1=135, n1=150, events2=40, n2=50)[0].item(), 4)
    0.4399
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
        z1, z2 = ndtri(a / n1), ndtri(c / n2)
        variance = 2 * np.pi * (a * b / n1**3 * np.exp(z1**2) + c * d / n2**3 * np.exp(z2**2))
        return both_or_neither(z1 - z2, variance)
