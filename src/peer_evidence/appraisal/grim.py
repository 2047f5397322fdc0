"""GRIM and GRIMMER: means and standard deviations that no set of whole-number scores can have."""

from __future__ import annotations

import math

from peer_evidence.appraisal.printed_numbers import Span, decimals_of, is_number, printed_span
from peer_evidence.checks import check_count
from peer_evidence.errors import InputError


def grim(mean: str, n: int, items: int = 1) -> bool:
    """Tell whether a printed mean can be that of ``n`` people with whole-number scores.

    The sum of the scores of all people and items is a whole number, so that the mean is a
    multiple of 1 / (n items). Where n times items reaches ten to the power of the decimals,
    every mean passes.

    Parameters
    ----------
    mean : str
        The mean as printed; its decimals matter.
    n : int
        The people it is of.
    items : int, optional
        The items that are averaged; 1 for a sum score or a count.

    Returns
    -------
    bool
        False when no such scores have that mean.

    Raises
    ------
    InputError
        The mean is not a number as text, ``n`` or ``items`` no whole number above 0.

    References
    ----------
    Brown & Heathers (2017), Social Psychological and Personality Science 8:363,
    doi 10.1177/1948550616673876.

    Examples
    --------
    >>> grim("3.46", 28), grim("3.45", 28)
    (True, False)
    """
    people, parts = _sizes(mean, n, items)
    return bool(_totals(printed_span(mean), people * parts))


def grim_has_power(mean: str, n: int, items: int = 1) -> bool:
    """Tell whether GRIM could find anything wrong with a mean of so many decimals.

    Examples
    --------
    >>> grim_has_power("3.45", 28), grim_has_power("3.45", 28, items=4)
    (True, False)
    """
    people, parts = _sizes(mean, n, items)
    return bool(people * parts < 10 ** decimals_of(mean))


def nearest_means(mean: str, n: int, items: int = 1) -> tuple[float, float]:
    """Give the possible means next to a printed one, below and above.

    Examples
    --------
    >>> [round(value, 4) for value in nearest_means("3.45", 28)]
    [3.4286, 3.4643]
    """
    people, parts = _sizes(mean, n, items)
    unit = people * parts
    below = math.floor(float(mean) * unit)
    return below / unit, (below + 1) / unit


def grimmer(mean: str, sd: str, n: int, items: int = 1) -> bool:
    """Tell whether whole-number scores of ``n`` people can have that mean and SD.

    The sum of squares is a whole number, odd when the sum is odd, and at least what people all
    next to the mean would have. The SD is the usual one, with n - 1 below.

    Parameters
    ----------
    mean, sd : str
        As printed.
    n : int
        The people, at least 2.
    items : int, optional
        The items that are averaged.

    Returns
    -------
    bool
        False when no such scores have them.

    Raises
    ------
    InputError
        As :func:`grim`; also for an SD below 0 and for fewer than 2 people.

    References
    ----------
    Anaya (2016), PeerJ Preprints 4:e2400v1, doi 10.7287/peerj.preprints.2400v1; the test of
    parity is Allard's (2018, Analytic-GRIMMER).

    Examples
    --------
    >>> grimmer("3.44", "2.47", 18), grimmer("3.44", "2.48", 18)
    (False, True)
    """
    people, parts = _sizes(mean, n, items)
    if people < 2:
        raise InputError(f"n: found {n!r}, a standard deviation needs at least 2 people")
    if not is_number(sd) or float(sd) < 0:
        raise InputError(f"sd: found {sd!r}, allowed is a number of at least 0 as text")
    spread = printed_span(sd)
    low, high = max(0.0, spread.low), spread.high
    for total in _totals(printed_span(mean), people * parts):
        base = total * total / people
        first = math.ceil((people - 1) * (low * parts) ** 2 + base - 1e-9)
        last = math.floor((people - 1) * (high * parts) ** 2 + base + 1e-9)
        each, rest = divmod(total, people)
        least = (people - rest) * each**2 + rest * (each + 1) ** 2
        first = max(first, least)
        if last - first >= 1 or (last == first and (first - total) % 2 == 0):
            return True
    return False


def _sizes(mean: str, n: int, items: int) -> tuple[int, int]:
    people, parts = check_count("n", n), check_count("items", items)
    if people < 1 or parts < 1:
        name, found = ("n", n) if people < 1 else ("items", items)
        raise InputError(f"{name}: found {found!r}, allowed is a whole number of at least 1")
    if not isinstance(mean, str) or not is_number(mean):
        raise InputError(
            f"mean: found {mean!r}, allowed is a number as text, since its decimals matter"
        )
    return people, parts


def _totals(mean: Span, unit: int) -> range:
    """Give the whole totals whose mean rounds as printed, either way at a half."""
    return range(math.ceil(mean.low * unit - 1e-9), math.floor(mean.high * unit + 1e-9) + 1)
