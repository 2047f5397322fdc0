"""Which rows meet a condition: one value, several values, or a range."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.checks import check_choice, nearest
from peer_evidence.errors import InputError

_MANY = 12
Mask = npt.NDArray[np.bool_]


def meets(frame: pd.DataFrame, name: str, wanted: Any) -> Mask:
    """Tell which rows have the wanted value, values or range in a column.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    name : str
        The column.
    wanted : scalar, list or tuple
        One value; several values; for numbers also a ``(low, high)`` tuple, both ends included
        and None where it is open. True and False stand for yes and no.

    Returns
    -------
    array of bool
        A row whose cell is empty never meets a condition.
    """
    if name not in frame.columns:
        close = nearest(name, frame.columns)
        hint = f"; did you mean {close!r}?" if close else ""
        raise InputError(f"select: no column {name!r} in outcomes or studies{hint}")
    column = frame[name]
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _meets_numbers(column, name, wanted)
    words = [_word(value) for value in _values(wanted)]
    if isinstance(column.dtype, pd.CategoricalDtype):
        for word in words:
            check_choice(name, word, list(column.cat.categories))
    else:
        _check_texts(column, name, words)
    return column.isin(words).fillna(False).to_numpy(bool)


def _meets_numbers(column: pd.Series, name: str, wanted: Any) -> Mask:
    values = _values(wanted)
    if isinstance(wanted, tuple):
        if len(values) != 2 or not all(value is None or _is_number(value) for value in values):
            raise InputError(
                f"{name}: found {wanted!r}, allowed is one number, a list of numbers or a "
                "(low, high) pair"
            )
        low = -np.inf if values[0] is None else values[0]
        high = np.inf if values[1] is None else values[1]
        if low > high:
            raise InputError(f"{name}: found {wanted!r}, allowed is the lower end first")
        return column.between(low, high).fillna(False).to_numpy(bool)
    for value in values:
        if not _is_number(value):
            raise InputError(
                f"{name}: found {value!r}, allowed is one number, a list of numbers or a "
                "(low, high) pair"
            )
    return column.isin(values).fillna(False).to_numpy(bool)


def _values(wanted: Any) -> list[Any]:
    if isinstance(wanted, str) or np.isscalar(wanted) or not np.iterable(wanted):
        return [wanted]
    return list(wanted)


def _word(value: Any) -> Any:
    return ("no", "yes")[int(value)] if isinstance(value, (bool, np.bool_)) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _check_texts(column: pd.Series, name: str, words: list[Any]) -> None:
    """Raise InputError for a text that no row holds, naming the nearest that one does."""
    held = list(column.dropna().unique())
    for word in words:
        if word in held:
            continue
        close = nearest(word, held) if isinstance(word, str) else None
        hint = f"; did you mean {close!r}?" if close else ""
        few = f", allowed are {', '.join(map(repr, held))}" if len(held) <= _MANY else ""
        raise InputError(f"{name}: found {word!r}, which no row holds{few}{hint}")
