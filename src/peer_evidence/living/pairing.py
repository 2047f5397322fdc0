"""Two extractions of the same records laid side by side, row by row and cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from peer_evidence.checks import check_choice, check_columns, check_names, name_of
from peer_evidence.errors import InputError
from peer_evidence.living.texts import BETWEEN, KEYS, as_texts, identities, read_evidence
from peer_evidence.records.tables import TABLES

KeyOf = str | Sequence[str] | Mapping[str, str | Sequence[str]]

FRAME = "records"  # what the one table of two frames is called
EXTRACTED = (
    *("studies", "outcomes", "reviews", "inclusions", "review_findings", "pooled_results"),
    *("risk_of_bias", "certainty"),
)
NUMBER, CATEGORY, TEXT = "number", "category", "text"


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One table of two extractions.

    Attributes
    ----------
    table : str
        Its name.
    keys : tuple of str
        The rows that both have, in the order of the first.
    only_a, only_b : tuple of str
        The rows that one has.
    a, b : DataFrame
        The cells as texts, one row a row that both have.
    typed_a, typed_b : DataFrame
        The same with their types.
    columns : dict of str to str
        The columns to compare and their kind: ``number``, ``category`` or ``text``.
    columns_only_a, columns_only_b : tuple of str
        The columns that one has, where all that both have are compared.
    """

    table: str
    keys: tuple[str, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    a: pd.DataFrame
    b: pd.DataFrame
    typed_a: pd.DataFrame
    typed_b: pd.DataFrame
    columns: dict[str, str]
    columns_only_a: tuple[str, ...] = ()
    columns_only_b: tuple[str, ...] = ()


def pairs_of(a: Any, b: Any, key: KeyOf | None, columns: Sequence[str] | None) -> list[Pair]:
    """Lay two extractions side by side, table by table.

    Parameters
    ----------
    a, b : DataFrame, Evidence, str or Path
        Both tables, or both records or folders.
    key : str, sequence of str or mapping of str to these, optional
        What tells the rows apart; by table for records, whose own keys are used when left out.
    columns : sequence of str, optional
        The columns to compare; all but the key when left out.

    Returns
    -------
    list of Pair
        The tables that either has; of records, those that are extracted from sources.
    """
    frames = [isinstance(one, pd.DataFrame) for one in (a, b)]
    if any(frames):
        if not all(frames):
            other = type(b if frames[0] else a).__name__
            raise InputError(f"a, b: found a DataFrame and {other}, allowed are two of a kind")
        return [_pair(FRAME, a, b, _frame_key(a, key), columns, {})]
    first, second = read_evidence("a", a), read_evidence("b", b)
    own = _record_keys(key)
    found = []
    for table in TABLES:
        if table.name in own and {table.name} & {*first.tables, *second.tables}:
            kinds = {column.name: _kind(column.kind) for column in table.columns}
            left, right = first.table(table.name), second.table(table.name)
            wanted = (
                columns if columns is not None else [one for one in kinds if one not in table.key]
            )
            named = [name for name in wanted if name in kinds]
            found.append(_pair(table.name, left, right, own[table.name], named, kinds))
    _check_named(columns, found)
    return [one for one in found if one.columns or columns is None]


def _frame_key(a: pd.DataFrame, key: KeyOf | None) -> tuple[str, ...]:
    if key is None:
        raise InputError(
            "key: found nothing; two tables need the columns that tell their rows apart, such as "
            "key='study_id'"
        )
    if isinstance(key, Mapping):
        raise InputError("key: found a mapping, allowed for two tables is a column or several")
    names = check_names("key", key)
    if not names:
        raise InputError("key: found no column, allowed is a column or several")
    check_columns(a.columns, names, "key")
    return names


def _record_keys(key: KeyOf | None) -> dict[str, tuple[str, ...]]:
    """Give the keys of the tables that are compared."""
    found = {name: KEYS[name] for name in EXTRACTED}
    if key is None:
        return found
    if not isinstance(key, Mapping):
        raise InputError(
            f"key: found {key!r}, allowed for records is a mapping of a table to its key, such as "
            "{'outcomes': ['study_id', 'domain']}"
        )
    for name, given in key.items():
        check_choice("key", name, EXTRACTED)
        found[name] = (given,) if isinstance(given, str) else tuple(given)
    return found


def _pair(
    table: str,
    a: pd.DataFrame,
    b: pd.DataFrame,
    key: tuple[str, ...],
    columns: Sequence[str] | None,
    kinds: Mapping[str, str],
) -> Pair:
    """Match the rows of two tables by their key."""
    a, b = _named(a), _named(b)
    for name, frame in (("a", a), ("b", b)):
        twice = frame.columns[frame.columns.duplicated()]
        if len(twice):
            raise InputError(f"{name}: the table has several columns of the name {twice[0]!r}")
        check_columns(frame.columns, [*key, *(columns or ())], name)
    other = set(b.columns)
    shared = [one for one in a.columns if one in other and one not in key]
    lone = [
        [one for one in mine.columns if columns is None and one not in set(theirs.columns)]
        for mine, theirs in ((a, b), (b, a))
    ]
    chosen = shared if columns is None else [one for one in columns if one not in key]
    texts_a, texts_b = as_texts(a, "a"), as_texts(b, "b")
    shown = [_keys(name, table, one, key) for name, one in (("a", texts_a), ("b", texts_b))]
    place = {one: row for row, one in enumerate(shown[1])}
    there = np.array([place.get(one, -1) for one in shown[0]], dtype=np.intp)
    rows_a, rows_b = np.flatnonzero(there >= 0), there[there >= 0]
    known = set(shown[0])
    return Pair(
        table=table,
        keys=tuple(shown[0][row] for row in rows_a),
        only_a=tuple(shown[0][row] for row in np.flatnonzero(there < 0)),
        only_b=tuple(one for one in shown[1] if one not in known),
        a=texts_a.iloc[rows_a].reset_index(drop=True),
        b=texts_b.iloc[rows_b].reset_index(drop=True),
        typed_a=a.iloc[rows_a].reset_index(drop=True),
        typed_b=b.iloc[rows_b].reset_index(drop=True),
        columns={name: kinds.get(name) or _kind_of(a[name], b[name]) for name in chosen},
        columns_only_a=tuple(lone[0]),
        columns_only_b=tuple(lone[1]),
    )


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table whose columns have texts for names, whatever their names were."""
    names = [name_of(one) for one in frame.columns]
    return frame.set_axis(pd.Index(names, dtype=object), axis=1)


def _keys(name: str, table: str, texts: pd.DataFrame, key: tuple[str, ...]) -> list[str]:
    """Give the key of each row; a key must be there and be unique."""
    whole = np.all([texts[one] != "" for one in key], axis=0)
    if not whole.all():
        row = int(np.flatnonzero(~whole)[0]) + 1
        raise InputError(f"{name}: row {row} of {table} has no key ({BETWEEN.join(key)} is empty)")
    _, shown = identities(texts, key)
    twice = pd.Series(shown)[pd.Series(shown).duplicated()]
    if len(twice):
        raise InputError(
            f"{name}: the key must be unique, found {twice.iloc[0]!r} more than once in {table}; "
            "name further columns in key"
        )
    return shown


def _kind(kind: str) -> str:
    """Give the kind of comparison of a column of the records."""
    if kind in {"integer", "number"}:
        return NUMBER
    return CATEGORY if kind == "category" else TEXT


def _kind_of(a: pd.Series[Any], b: pd.Series[Any]) -> str:
    """Tell numbers, if both are; else categories: of a plain table nothing says which is text."""
    numeric = [
        pd.api.types.is_numeric_dtype(one.dtype) and not pd.api.types.is_bool_dtype(one.dtype)
        for one in (a, b)
    ]
    return NUMBER if all(numeric) else CATEGORY


def _check_named(columns: Sequence[str] | None, found: list[Pair]) -> None:
    """Refuse a column that no table has."""
    if columns is None:
        return
    known = {name for one in found for name in one.a.columns}
    check_columns(sorted(known), columns, "columns")


def differing(pair: Pair, column: str, tolerance: float) -> tuple[NDArray[np.bool_], ...]:
    """Tell for one column: equal, within the tolerance, empty in the first, in the second.

    Numbers are compared by value, words and texts as they stand; two empty cells are equal.
    """
    a, b = pair.a[column].to_numpy(), pair.b[column].to_numpy()
    equal, no_a, no_b = a == b, a == "", b == ""
    close = equal.copy()
    if pair.columns[column] == NUMBER:
        x, y = (
            frame[column].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
            for frame in (pair.typed_a, pair.typed_b)
        )
        close |= np.abs(x - y) <= tolerance
    return tuple(np.asarray(one, dtype=bool) for one in (equal, close, no_a, no_b))
