"""One-sided p values from the p values that sources print."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.checks import check_choice
from peer_evidence.direction.p_values import SIDES
from peer_evidence.errors import InputError
from peer_evidence.records.tables import METHOD_WORDS

Floats = npt.NDArray[np.float64]
SIGN = {"favours_intervention": 1.0, "favours_comparison": -1.0}
_ONE = float(np.nextafter(1.0, 0.0))


def one_sided_p(
    p_value: npt.ArrayLike,
    direction: Any,
    relation: Any = "=",
    *,
    tails: Any = "two",
    alternative: str = "favours",
) -> Any:
    """Turn printed p values into one-sided ones, all in one direction.

    A two-sided p gives half of itself where the effect lies in the direction of the alternative,
    and 1 less that half where it does not. "p < 0.05" is taken as 0.05, which is conservative
    where the effect lies in that direction; where it does not, the true value lies above what
    is given. "p > 0.05" and "not significant" hold no value that could be combined and give NaN,
    as does a result without a direction.

    Parameters
    ----------
    p_value : float or array
        What is printed, above 0 and at most 1; NaN where nothing is.
    direction : str, number or array of these
        ``favours_intervention`` or ``favours_comparison``; a number by its sign. ``null``,
        ``unclear``, 0 and a missing value have no direction.
    relation : {"=", "<", ">", "ns"} or array of these
        What stands between p and the number; missing is taken as "=".
    tails : {"two", "one"} or array of these
        Whether the printed p is two-sided. A one-tailed p is taken as tested in the direction in
        which the effect lies; one above 0.5 contradicts that and gives NaN. Missing is "two".
    alternative : {"favours", "against"}
        The direction of the p values given back: of effects that favour the intervention, or
        of those that favour the comparison.

    Returns
    -------
    float or array
        One-sided p values, NaN where none can be had; never exactly 1, where the next smaller
        double stands.

    Raises
    ------
    InputError
        If a p is not above 0 and at most 1, or a word is not known.

    References
    ----------
    McKenzie & Brennan, Cochrane Handbook chapter 12.

    Examples
    --------
    >>> one_sided_p([0.04, 0.04], ["favours_intervention", "favours_comparison"]).tolist()
    [0.02, 0.98]
    >>> one_sided_p(0.05, "favours_intervention", "<")
    0.025
    >>> one_sided_p(0.2, "favours_intervention", ">")
    nan
    """
    check_choice("alternative", alternative, SIDES)
    values = read_numbers(p_value)
    shape = np.broadcast_shapes(*(np.shape(one) for one in (values, direction, relation, tails)))
    values = np.broadcast_to(values, shape)
    sign = np.vectorize(_sign_of, otypes=[float])(np.broadcast_to(_objects(direction), shape))
    said = _words("relation", relation, ("=", "<", ">", "ns"), shape)
    tailed = _words("tails", tails, ("two", "one"), shape)
    bad = ~(np.isnan(values) | ((values > 0) & (values <= 1)))
    if bad.any():
        at = np.argwhere(bad)
        named = ", ".join(f"{list(map(int, one))} found {values[tuple(one)]:g}" for one in at[:20])
        raise InputError(f"p_value: {named}; allowed is above 0 and at most 1, or NaN for none")
    toward = np.where(tailed == "one", np.where(values <= 0.5, values, np.nan), values / 2)
    with_it = sign * (1.0 if alternative == "favours" else -1.0) > 0
    found = np.where(with_it, toward, np.minimum(1.0 - toward, _ONE))
    usable = np.isin(said, ("=", "<")) & np.isfinite(sign)
    found = np.where(usable, found, np.nan)
    return float(found) if not shape else found


def _objects(given: Any) -> npt.NDArray[np.object_]:
    return np.asarray(given, dtype=object)


def read_numbers(given: Any) -> Floats:
    """Read numbers, NaN where there is none."""
    try:
        if isinstance(given, pd.Series):
            given = given.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"p_value: {error}; allowed are numbers") from None


def _sign_of(value: Any) -> float:
    """Give +1, -1, or NaN for no direction."""
    if value is None or value is pd.NA or value != value:
        return np.nan
    if isinstance(value, str):
        check_choice("direction", value, METHOD_WORDS["direction"])
        return SIGN.get(value, np.nan)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(
            f"direction: found {value!r}, allowed is one of {METHOD_WORDS['direction']} or a number"
        ) from None
    return float(np.sign(number)) if number else np.nan


def _words(
    name: str, given: Any, allowed: tuple[str, ...], shape: tuple[int, ...]
) -> npt.NDArray[np.str_]:
    """Read words, the first allowed one where none stands."""
    held = pd.Series(np.broadcast_to(_objects(given), shape).ravel(), dtype=object)
    filled = held.where(held.notna(), allowed[0])
    for word in filled.unique():
        check_choice(name, word, allowed)
    return np.asarray(filled.to_numpy().astype(str)).reshape(shape)
