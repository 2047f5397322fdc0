"""The choices of a multiverse: which rows enter, and how they are pooled; every combination."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.checks import check_choice, nearest
from peer_evidence.errors import InputError
from peer_evidence.pooling.batch import INTERVALS
from peer_evidence.pooling.tau2 import METHODS

if TYPE_CHECKING:
    import pandas as pd

Mask = NDArray[np.bool_]
HOW = {"method": tuple(METHODS), "ci": INTERVALS}
_OTHER = ("moderators", "weights", "level", "label", "variance")  # of meta_analysis, not offered
MOST = 5_000_000  # combinations


class Factor(NamedTuple):
    """One choice: its name, its options as text, and of a column the rows of each option."""

    name: str
    options: tuple[str, ...]
    rows: tuple[Mask, ...] = ()


class Grid(NamedTuple):
    """Distinct sets of rows (W, n), the options that lead to each first (W, F), in how many ways.

    ``combinations`` counts all combinations of options of the columns.
    """

    sets: Mask
    options: NDArray[np.intp]
    ways: NDArray[np.intp]
    combinations: int


def read_choices(data: pd.DataFrame, choices: Any) -> tuple[list[Factor], list[Factor]]:
    """Read the choices: factors of columns (which), then method and ci (how)."""
    if not isinstance(choices, Mapping) or not choices:
        raise InputError(
            f"choices: found {choices!r}, allowed is a mapping such as "
            "{'method': ['DL', 'REML'], 'design': ['all', 'randomised_trial']}"
        )
    which, how = [], []
    for key, given in choices.items():
        name = str(key)
        options = _options(name, given)
        if name in HOW:
            texts = tuple(check_choice(f"choices[{name!r}]", one, HOW[name]) for one in
                          options.values())  # fmt: skip
            how.append(Factor(name, tuple(dict.fromkeys(texts))))
        elif name in data.columns:
            rows = tuple(_rows(data, name, one) for one in options.values())
            which.append(Factor(name, tuple(options), rows))
        else:
            raise InputError(_unknown(name, data))
    return which, how


def _unknown(name: str, data: pd.DataFrame) -> str:
    if name in _OTHER:
        return f"choices: {name!r} cannot vary; of meta_analysis allowed are 'method' and 'ci'"
    close = nearest(name, [*map(str, data.columns), *HOW])
    hint = f" (did you mean {close!r}?)" if close else ""
    return (
        f"choices: {name!r} is neither 'method' nor 'ci' nor a column of data{hint}; it has "
        f"{', '.join(map(str, data.columns))}"
    )


def _options(name: str, given: Any) -> dict[str, Any]:
    """Give the options of a factor by their texts."""
    if isinstance(given, Mapping):
        options = {str(key): value for key, value in given.items()}
    elif isinstance(given, (list, tuple)):
        options = {}
        for one in given:
            options.setdefault(_text(one), one)
    else:
        raise InputError(
            f"choices[{name!r}]: found {given!r}, allowed is a list of options, or a mapping from "
            "their names to them"
        )
    if not options:
        raise InputError(f"choices[{name!r}]: found no option, allowed is at least one")
    return options


def _text(option: Any) -> str:
    if isinstance(option, tuple) and len(option) == 2:
        low, high = option
        if low is None:
            return f"to {high}"
        return f"from {low}" if high is None else f"{low} to {high}"
    if isinstance(option, (list, set, frozenset)):
        parts = sorted(map(str, option)) if isinstance(option, (set, frozenset)) else option
        return " or ".join(map(str, parts))
    return str(option)


def _rows(data: pd.DataFrame, name: str, option: Any) -> Mask:
    """Give the rows that an option of a column lets in."""
    column = data[name]
    if isinstance(option, str) and option == "all":
        return np.ones(len(data), dtype=bool)
    if isinstance(option, tuple):
        return _in_range(column, name, option)
    values = list(option) if isinstance(option, (list, set, frozenset)) else [option]
    found = column.isin(values).to_numpy(dtype=bool)
    if not found.any():
        known = sorted({str(one) for one in column.dropna().tolist()})
        shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
        close = nearest(str(values[0]), known)
        hint = f"; did you mean {close!r}?" if close and close != str(values[0]) else ""
        raise InputError(
            f"choices[{name!r}]: no row has {_text(option)!r}; the column has {shown}{hint}"
        )
    return found


def _in_range(column: Any, name: str, option: tuple[Any, ...]) -> Mask:
    import pandas as pd

    numbers = len(option) == 2 and all(
        one is None or (isinstance(one, (int, float, np.number)) and not isinstance(one, bool))
        for one in option
    )
    if not numbers or not pd.api.types.is_numeric_dtype(column.dtype):
        raise InputError(
            f"choices[{name!r}]: found {option!r}; a tuple is a range (low, high) of a column of "
            "numbers, both ends included, None for no end; give several values as a list"
        )
    values = column.to_numpy(dtype=float, na_value=np.nan)
    low = -np.inf if option[0] is None else float(option[0])
    high = np.inf if option[1] is None else float(option[1])
    return np.asarray((values >= low) & (values <= high))


def distinct_sets(which: list[Factor], usable: Mask) -> Grid:
    """Combine the options of the columns, and keep each set of rows once."""
    sizes = [len(factor.options) for factor in which]
    combinations = prod(sizes)
    if combinations > MOST:
        raise InputError(
            f"choices: {combinations:,} combinations of columns, allowed are {MOST:,}; give fewer"
        )
    sets = np.packbits(usable[None, :], axis=1)
    options = np.zeros((1, 0), dtype=np.intp)
    ways = np.ones(1, dtype=np.intp)
    for factor in which:
        parts = np.packbits(np.array(factor.rows), axis=1)
        sets = (sets[:, None, :] & parts[None, :, :]).reshape(-1, parts.shape[1])
        width = options.shape[1]
        grown = np.empty((len(options), len(parts), width + 1), dtype=np.intp)
        grown[:, :, :width] = options[:, None, :]
        grown[:, :, width] = np.arange(len(parts))
        options = grown.reshape(-1, width + 1)
        ways = np.repeat(ways, len(parts))
        sets, options, ways = _once(sets, options, ways)
    members = np.unpackbits(sets, axis=1, count=len(usable)).astype(bool)
    return Grid(members, options, ways, combinations)


def _once(
    sets: NDArray[np.uint8], options: NDArray[np.intp], ways: NDArray[np.intp]
) -> tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.intp]]:
    """Keep each set once, in the order met, with the first options and all ways that lead to it."""
    _, first, place = np.unique(sets, axis=0, return_index=True, return_inverse=True)
    total = np.bincount(place.ravel(), weights=ways).astype(np.intp)
    order = np.argsort(first, kind="stable")
    kept = first[order]
    return sets[kept], options[kept], total[order]
