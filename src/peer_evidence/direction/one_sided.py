"""One-sided p values from the p values that sources print."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.checks import check_choice
from peer_evidence.direction.p_values import SIDES
from peer_evidence.direction.printed_p import printed_p
from peer_evidence.errors import InputError
from peer_evidence.records.tables import METHOD_WORDS

Floats = npt.NDArray[np.float64]
SIGN = {"favours_intervention": 1.0, "favours_comparison": -1.0}
_SHOWN = 10
_ONE = float(np.nextafter(1.0, 0.0))


def one_sided_p(
    p_value: npt.ArrayLike,
    direction: Any,
    relation: Any = None,
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
    p_value : float, str or array of these
        What is printed, above 0 and at most 1; NaN where nothing is. Texts may bring their
        relation with them: "<0.05", "p = .03", "ns".
    direction : str, number or array of these
        ``favours_intervention`` or ``favours_comparison``; a number by its sign. ``null``,
        ``unclear``, 0 and a missing value have no direction.
    relation : {"=", "<", ">", "ns"} or array of these
        What stands between p and the number; missing is taken as "=" where the text says nothing.
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
        If a p is not above 0 and at most 1, a word is not known, or the shapes do not go together.

    References
    ----------
    McKenzie & Brennan, Cochrane Handbook chapter 12.

    Examples
    --------
    >>> one_sided_p([0.04, 0.04], ["favours_intervention", "favours_comparison"]).tolist()
    [0.02, 0.98]
    >>> one_sided_p(0.05, "favours_intervention", "<")
    0.025
    >>> one_sided_p(["<0.05", "0.2", "ns"], "favours_intervention").tolist()
    [0.025, 0.1, nan]
    """
    check_choice("alternative", alternative, SIDES)
    values, relation = read_printed(p_value, relation)
    shape = _common_shape(p_value=values, direction=direction, relation=relation, tails=tails)
    values = np.broadcast_to(values, shape)
    sign = np.vectorize(_sign_of, otypes=[float])(np.broadcast_to(_objects(direction), shape))
    said = _words("relation", relation, ("=", "<", ">", "ns"), shape)
    tailed = _words("tails", tails, ("two", "one"), shape)
    bad = ~(np.isnan(values) | ((values > 0) & (values <= 1)))
    if bad.any():
        named = [f"{_place(one)}found {values[tuple(one)]:g}" for one in np.argwhere(bad)]
        raise InputError(
            f"p_value: {_some(named)}; allowed is above 0 and at most 1, or NaN for none"
        )
    toward = np.where(tailed == "one", np.where(values <= 0.5, values, np.nan), values / 2)
    with_it = sign * (1.0 if alternative == "favours" else -1.0) > 0
    found = np.where(with_it, toward, np.minimum(1.0 - toward, _ONE))
    usable = np.isin(said, ("=", "<")) & np.isfinite(sign)
    found = np.where(usable, found, np.nan)
    return float(found) if not shape else found


def _objects(given: Any) -> npt.NDArray[np.object_]:
    return np.asarray(given, dtype=object)


def read_printed(given: Any, relation: Any = None) -> tuple[Floats, Any]:
    """Read p values as numbers, NaN where there is none, and their relations.

    Texts may bring their relation with them; where they do not, it is the one given.

    Examples
    --------
    >>> numbers, relations = read_printed(["<0.05", "0.2", None], [None, ">", None])
    >>> numbers.tolist(), relations.tolist()
    ([0.05, 0.2, nan], ['<', '>', None])
    """
    held = np.asarray(given, dtype=object)
    texts = np.vectorize(lambda one: isinstance(one, str), otypes=[bool])(held)
    if not held.size or not texts.any():
        return _numbers(given), relation
    if held.ndim:
        _common_shape(p_value=held, relation=relation)
    said = np.broadcast_to(_objects(relation), held.shape)
    values, relations = np.full(held.shape, np.nan), np.full(held.shape, None, dtype=object)
    bad = []
    for at in np.ndindex(held.shape):
        known = "" if pd.isna(said[at]) else str(said[at])
        try:
            own, number = printed_p(str(held[at]), known) if texts[at] else (known, held[at])
        except InputError as error:
            bad.append(f"{_place(at)}{error}")
            continue
        relations[at] = own or None
        if not pd.isna(number) and number != "":
            values[at] = _numbers(number)
    if bad:
        raise InputError(f"p_value: {_some(bad, '; ')}")
    return values, relations


def _numbers(given: Any) -> Floats:
    try:
        if isinstance(given, pd.Series):
            given = given.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"p_value: {error}; allowed are numbers") from None


def _common_shape(**arrays: Any) -> tuple[int, ...]:
    shapes = {name: np.shape(one) for name, one in arrays.items()}
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        found = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
        raise InputError(
            f"{', '.join(name for name, shape in shapes.items() if shape)}: found the shapes "
            f"{found}, allowed is one entry for each p value, or a single one for all"
        ) from None


def _place(at: Any) -> str:
    """Name the place of an entry; a single value has none."""
    return f"{list(map(int, at))} " if len(at) else ""


def _some(named: list[str], between: str = ", ") -> str:
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return between.join(named[:_SHOWN]) + more


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
