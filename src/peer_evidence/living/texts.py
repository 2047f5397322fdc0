"""The tables of a review as texts with a key a row, so that two states can be laid side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from peer_evidence.checks import check_evidence, name_of
from peer_evidence.errors import InputError, RecordsError
from peer_evidence.records.tables import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from peer_evidence.records.evidence import Evidence

KEYS = {table.name: table.key for table in TABLES}
BETWEEN = " + "  # between the parts of a key, as readers see it
_APART = "\x1f"  # between the parts of a key; no cell may hold a control character


def read_evidence(name: str, value: Evidence | str | Path) -> Evidence:
    """Give the records that an argument is, or load them; faults name the argument's folder."""
    from dataclasses import replace
    from pathlib import Path

    from peer_evidence.records.evidence import load

    if not isinstance(value, (str, Path)):
        check_evidence(name, value, "a folder, or the records")
        return value
    try:
        return load(value)
    except RecordsError as error:
        found = [replace(one, file=str(Path(value) / one.file)) for one in error.faults]
        raise RecordsError(found) from error
    except InputError as error:
        raise InputError(f"{name}: {str(error).removeprefix('path: ')}") from error


def key_of(table: str, frame: pd.DataFrame) -> tuple[str, ...]:
    """Give the key of a table; that of a framework table is its first column."""
    return KEYS.get(table, tuple(frame.columns[:1]))


def as_texts(frame: pd.DataFrame, name: str = "frame") -> pd.DataFrame:
    """Write every cell as text, a number by its value, an empty cell as an empty text.

    Raises
    ------
    InputError
        A column whose cells are neither texts nor numbers nor dates; ``name`` is what it is of.

    Examples
    --------
    >>> as_texts(pd.DataFrame({"n": [12.0, 0.50], "word": ["a", None]})).to_numpy().tolist()
    [['12', 'a'], ['0.5', '']]
    """
    texts: dict[Any, Any] = {}
    for column in frame.columns:
        try:
            texts[column] = _texts(frame[column])
            str(column).encode("utf-8")
            "".join(texts[column]).encode("utf-8")
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(
                f"{name}: the column {name_of(column)!r} cannot be compared "
                f"({type(error).__name__}); allowed are texts, numbers, dates, True and False"
            ) from error
    return pd.DataFrame(texts, dtype=object)


def identities(frame: pd.DataFrame, key: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Give what tells the rows apart, and the same as readers see it.

    That is the key. A row without a complete key, or of a table without one, is its whole
    content, and equal rows are numbered.

    Examples
    --------
    >>> rows = pd.DataFrame({"box": ["a", "a", ""], "n": ["1", "1", "2"]})
    >>> identities(rows, ())[1]
    ['a + 1', 'a + 1', '2']
    >>> len(set(identities(rows, ())[0]))
    3
    """
    whole = list(zip(*(frame[name] for name in frame.columns), strict=True))
    parts = list(zip(*(frame[name] for name in key), strict=True)) if key else []
    ids: list[str] = []
    shown: list[str] = []
    seen: dict[tuple[str, ...], int] = {}
    for row, content in enumerate(whole):
        own = parts[row] if key else ()
        if key and all(own):
            ids.append(_APART.join(own))
            shown.append(BETWEEN.join(own))
            continue
        seen[content] = seen.get(content, 0) + 1
        ids.append(_APART.join(("", *content, str(seen[content]))))
        shown.append(BETWEEN.join(filter(None, content)))
    return ids, shown


def number_text(value: float) -> str:
    """Write a number by its value alone: 12.0 and 12 are the same.

    Examples
    --------
    >>> number_text(12.0), number_text(0.1)
    ('12', '0.1')
    """
    return repr(float(value)).removesuffix(".0")


def _texts(column: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Write a column as texts; each distinct value is written once."""
    codes, distinct = pd.factorize(column)
    is_number = pd.api.types.is_numeric_dtype(column.dtype)
    is_truth = pd.api.types.is_bool_dtype(column.dtype)
    write = number_text if is_number and not is_truth else str
    words = np.array([*(write(value) for value in distinct), ""], dtype=object)
    return words[codes]  # a missing value has the code -1: the empty text at the end
