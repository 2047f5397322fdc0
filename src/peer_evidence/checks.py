"""One check per parameter name: the same rule and the same words everywhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from inspect import signature
from math import isfinite
from numbers import Real
from typing import Any

from peer_evidence.errors import InputError


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """Find the allowed word most like a mistyped one, or None when none is close.

    Examples
    --------
    >>> nearest("benifit", ["benefit", "harm"])
    'benefit'
    """
    matches = get_close_matches(word, list(allowed), n=1, cutoff=0.6)
    return matches[0] if matches else None


def name_of(value: Any) -> str:
    """Give the name of a column as text, whatever it is; one that has no text is named by type.

    Examples
    --------
    >>> name_of("study_id"), name_of(3)
    ('study_id', '3')
    """
    try:
        return str(value)
    except Exception:  # whatever the code of an object raises
        return f"<{type(value).__name__}>"


def check_choice(name: str, value: Any, allowed: Collection[str]) -> str:
    """Return ``value`` if it is one of ``allowed``, else raise InputError naming the nearest."""
    if isinstance(value, str) and value in allowed:
        return value
    close = None
    if isinstance(value, str):
        cases = {option.lower(): option for option in allowed}
        close = cases.get(value.lower()) or nearest(value, allowed)
    hint = f"; did you mean {close!r}?" if close else ""
    options = ", ".join(repr(option) for option in allowed)
    raise InputError(f"{name}: found {value!r}, allowed are {options}{hint}")


def check_level(level: float) -> float:
    """Return a confidence level strictly between 0 and 1, else raise InputError."""
    if isinstance(level, (int, float)) and 0 < level < 1:
        return float(level)
    raise InputError(
        f"level: found {level!r}, allowed is a number between 0 and 1, such as 0.95 for 95 per cent"
    )


def check_count(name: str, value: Any, least: int = 0) -> int:
    """Return a whole number of at least ``least``, else raise InputError."""
    whole = isinstance(value, Real) and not isinstance(value, bool)
    if not whole or not float(value).is_integer() or value < least:
        raise InputError(f"{name}: found {value!r}, allowed is a whole number of at least {least}")
    return int(value)


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number; a truth value is none."""
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)


def check_flag(name: str, value: Any) -> bool:
    """Return a truth value, else raise InputError."""
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return bool(value)
    raise InputError(f"{name}: found {value!r}, allowed are True and False")


def check_name(name: str, value: Any) -> str:
    """Return the name of a column, else raise InputError: a column itself is none."""
    if isinstance(value, str):
        return value
    column = getattr(value, "name", None)
    hint = f"; did you mean {name}={column!r}?" if isinstance(column, str) else ""
    found = type(value).__name__ if hasattr(value, "__len__") else repr(value)
    raise InputError(f"{name}: found {found}, allowed is the name of a column{hint}")


def check_names(name: str, value: Any) -> tuple[str, ...]:
    """Return the names of one or several columns, else raise InputError."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Iterable) and not hasattr(value, "iloc"):
        names = tuple(value)
        for one in names:
            if not isinstance(one, str):
                found = type(one).__name__ if hasattr(one, "shape") else repr(one)
                raise InputError(f"{name}: found {found} in it, allowed are names of columns")
        return names
    column = getattr(value, "name", None)
    hint = f"; did you mean {name}={column!r}?" if isinstance(column, str) else ""
    found = type(value).__name__ if hasattr(value, "__len__") else repr(value)
    raise InputError(
        f"{name}: found {found}, allowed is the name of a column, or a list of them{hint}"
    )


def check_meta_analysis(m: Any, *, tables: bool = False) -> None:
    """Raise InputError unless ``m`` is a meta-analysis, or (``tables``) one of 2 by 2 tables."""
    if hasattr(m, "studies") and hasattr(m, "tau2"):
        return
    of_tables = hasattr(m, "tables") and hasattr(m, "estimate")
    if tables and of_tables:
        return
    allowed = "the result of peer_evidence.meta_analysis"
    if tables:
        allowed += ", mantel_haenszel or peto"
    elif of_tables:
        allowed += " (pool the effects of effect_sizes; Mantel-Haenszel and Peto have none a study)"
    raise InputError(f"m: found {type(m).__name__}, allowed is {allowed}")


def check_frame(name: str, value: Any) -> None:
    """Raise InputError unless ``value`` is a table."""
    if not (hasattr(value, "columns") and hasattr(value, "iloc")):
        raise InputError(f"{name}: found {type(value).__name__}, allowed is a pandas DataFrame")


def check_options(function: Callable[..., Any], options: Collection[str]) -> None:
    """Raise InputError for a keyword that the function they are handed on to does not take."""
    allowed = list(signature(function).parameters)[1:]
    for name in options:
        if name not in allowed:
            close = nearest(name, allowed)
            raise InputError(
                f"{name}: no such argument; allowed are {', '.join(allowed)}"
                + (f"; did you mean {close!r}?" if close else "")
            )


def check_evidence(name: str, value: Any, allowed: str = "the records") -> None:
    """Raise InputError unless ``value`` is the records of a review, as ``load`` gives them."""
    if not all(hasattr(value, part) for part in ("outcomes", "studies", "package", "select")):
        raise InputError(
            f"{name}: found {type(value).__name__}, allowed is {allowed} that "
            "peer_evidence.load() gives"
        )


def _as_name(column: Any) -> Any:
    """Stand in for what is no name of a column, so that it is found missing."""
    return f"<{type(column).__name__}>" if hasattr(column, "shape") else column


def check_columns(columns: Iterable[str], needed: Iterable[str], where: str) -> None:
    """Raise InputError for the columns that a table lacks, with the nearest names it has."""
    have = [name_of(column) for column in columns]
    missing = [column for column in map(_as_name, needed) if column not in have]
    if not missing:
        return
    parts = []
    for column in missing:
        close = nearest(column, have)
        parts.append(f"{column!r}" + (f" (the nearest it has is {close!r})" if close else ""))
    raise InputError(f"{where}: no column {', '.join(parts)}; it has {', '.join(have)}")
