"""Read the numbers of a table and refuse the impossible, every row of it in one message."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.checks import check_columns
from peer_evidence.effects.arrays import RULES, FloatArray
from peer_evidence.effects.measures import KINDS, WHOLE
from peer_evidence.errors import InputError
from peer_evidence.formatting import count

LABELS = ("label", "outcome_id", "study_id")


@dataclass(frozen=True, slots=True, order=True)
class BadNumber:
    """One number that cannot be used: row by position, column, what was found, what is allowed."""

    row: int
    column: str
    found: str
    allowed: str


def one_column(frame: pd.DataFrame, name: Hashable) -> pd.Series[Any]:
    """Take a column by name, refusing a name that stands for several."""
    column = frame[name]
    if isinstance(column, pd.DataFrame):
        raise InputError(
            f"frame: found {column.shape[1]} columns {str(name)!r}, allowed is one of a name"
        )
    return column


def read_numbers(
    frame: pd.DataFrame, names: Mapping[str, Hashable], *, fractional_counts: bool
) -> tuple[dict[str, FloatArray], list[BadNumber]]:
    """Read standard columns as floats with NaN for missing, collecting what cannot be used.

    Parameters
    ----------
    frame : DataFrame
        One row a result.
    names : mapping
        Standard column -> column of the frame; a standard column that the frame lacks is read as
        missing.
    fractional_counts : bool
        Whether events and people may be fractions.

    Returns
    -------
    dict of str to array, list of BadNumber
        The numbers by standard column; everything that cannot be used.
    """
    numbers: dict[str, FloatArray] = {}
    bad: list[BadNumber] = []
    for standard, name in names.items():
        if name not in frame.columns:
            numbers[standard] = np.full(len(frame), np.nan)
            continue
        values, texts = as_floats(one_column(frame, name))
        bad += [BadNumber(row, str(name), found, "a number") for row, found in texts]
        bad += _against_rule(values, str(name), KINDS[standard], whole=not fractional_counts)
        numbers[standard] = values
    for part, whole in WHOLE.items():
        if part in numbers and whole in numbers:
            more = np.flatnonzero(numbers[part] > numbers[whole])
            bad += [
                BadNumber(
                    int(row),
                    str(names[part]),
                    f"{numbers[part][row]:g} with {names[whole]} {numbers[whole][row]:g}",
                    f"at most {names[whole]}",
                )
                for row in more
            ]
    return numbers, bad


def as_floats(column: pd.Series[Any]) -> tuple[FloatArray, list[tuple[int, str]]]:
    """Read a column of any dtype as floats, with the texts that are no numbers by position."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan), []
    things = column.astype(object)
    stripped = things.map(lambda thing: thing.strip() if isinstance(thing, str) else thing)
    missing = (stripped.isna() | (stripped == "")).to_numpy(dtype=bool)
    truth = np.array([isinstance(thing, (bool, np.bool_)) for thing in things], dtype=bool)
    known = stripped.where(~(missing | truth), np.nan)
    values = pd.to_numeric(known, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero(np.isnan(values) & ~missing)
    return values, [(int(row), repr(things.iloc[row])) for row in wrong]


def _against_rule(values: FloatArray, name: str, kind: str, *, whole: bool) -> list[BadNumber]:
    """List the values that break the rule of their kind."""
    impossible, allowed = RULES[kind]
    with np.errstate(invalid="ignore"):
        broken = impossible(values)
        if kind == "count" and whole:
            broken = broken | (np.isfinite(values) & (values != np.floor(values)))
            allowed = "a whole number of at least 0"
    return [
        BadNumber(int(row), name, f"{values[row]:g}", allowed) for row in np.flatnonzero(broken)
    ]


def row_names(frame: pd.DataFrame, label: Hashable | None = None) -> list[str]:
    """Name each row by its label, outcome, study or index, the first of them that the table has."""
    index = [str(value) for value in frame.index]
    column = label or next((name for name in LABELS if name in frame.columns), None)
    if column is None:
        return index
    values = one_column(frame, column)
    missing = values.isna().to_numpy(dtype=bool)
    repeated = values.duplicated(keep=False).to_numpy(dtype=bool)
    names = []
    for value, key, no_name, again in zip(values, index, missing, repeated, strict=True):
        name = key if no_name else str(value)
        names.append(f"{name} (index {key})" if again and not no_name else name)
    return names


def refuse_bad_numbers(bad: Sequence[BadNumber], names: Sequence[str]) -> None:
    """Raise one InputError that lists every number that cannot be used."""
    if not bad:
        return
    lines = [
        f"  row {names[one.row]}: {one.column}: found {one.found}, allowed is {one.allowed}"
        for one in sorted(bad, key=lambda one: one.row)
    ]
    head = f"{count(len(bad), 'value')} cannot be used, nothing was computed:"
    raise InputError("\n".join([head, *lines]))


def favoured_sign(frame: pd.DataFrame, name: Hashable) -> tuple[FloatArray, list[BadNumber]]:
    """Turn ``better_is`` into 1 (higher), -1 (lower) or NaN (empty)."""
    check_columns(frame.columns, [str(name)], "effect_sizes(align=True)")
    signs = np.full(len(frame), np.nan)
    bad = []
    for row, value in enumerate(one_column(frame, name).astype(object)):
        if pd.isna(value) or value == "":
            continue
        if value not in ("higher", "lower"):
            bad.append(BadNumber(row, str(name), repr(value), "'higher', 'lower' or empty"))
            continue
        signs[row] = 1.0 if value == "higher" else -1.0
    return signs, bad
