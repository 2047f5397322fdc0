"""What every kernel does with its arrays: broadcast, refuse the impossible, say what is finite."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from peer_evidence.checks import check_choice
from peer_evidence.errors import InputError

FloatArray = npt.NDArray[np.float64]
Pair = tuple[FloatArray, FloatArray]

# kind of number -> (which values are impossible, what is allowed); NaN is missing, never impossible
RULES: dict[str, tuple[Callable[[FloatArray], npt.NDArray[np.bool_]], str]] = {
    "number": (np.isinf, "a finite number"),
    "count": (lambda x: np.isinf(x) | (x < 0), "a finite number of at least 0"),
    "sd": (lambda x: np.isinf(x) | (x <= 0), "a finite number above 0"),
    "time": (lambda x: np.isinf(x) | (x <= 0), "a finite number above 0"),
    "positive": (lambda x: np.isinf(x) | (x <= 0), "a finite number above 0"),
    "correlation": (lambda x: np.abs(x) > 1, "a number from -1 to 1"),
    "share": (lambda x: (x < 0) | (x > 1), "a number from 0 to 1"),
    "inner_share": (lambda x: (x <= 0) | (x > 1), "a number above 0 and up to 1"),
}
TO = ("only-zero", "all", "if-any", "none")


def floats(**values: tuple[npt.ArrayLike, str]) -> list[FloatArray]:
    """Broadcast named inputs to float arrays of one shape, refusing impossible values.

    Each value comes with its kind, a key of `RULES`.
    """
    arrays = []
    for name, (value, kind) in values.items():
        try:
            array = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"{name}: found {value!r}, allowed are numbers") from None
        refuse(name, array, *RULES[kind])
        arrays.append(array)
    try:
        return [np.array(array) for array in np.broadcast_arrays(*arrays)]
    except ValueError:
        shapes = ", ".join(f"{n} {a.shape}" for n, a in zip(values, arrays, strict=True))
        raise InputError(
            f"the inputs do not fit together: found the shapes {shapes}, "
            "allowed are equal shapes or scalars"
        ) from None


def refuse(
    name: str,
    array: FloatArray,
    impossible: Callable[[FloatArray], npt.NDArray[np.bool_]],
    allowed: str,
) -> None:
    """Raise InputError for the impossible values of one input, with the first position."""
    with np.errstate(invalid="ignore"):
        bad = impossible(array)
    if not bad.any():
        return
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    where = f" at position {first[0] if len(first) == 1 else first}" if first else ""
    more = int(bad.sum()) - 1
    others = f" (and {more} more)" if more else ""
    raise InputError(f"{name}: found {array[first]:g}{where}{others}, allowed is {allowed}")


def refuse_more_than(name: str, part: FloatArray, whole_name: str, whole: FloatArray) -> None:
    """Raise InputError where a count is larger than the group it was counted in."""
    with np.errstate(invalid="ignore"):
        bad = part > whole
    if bad.any():
        first = tuple(np.argwhere(bad)[0])
        raise InputError(
            f"{name}: found {part[first]:g} with {whole_name} {whole[first]:g}, "
            f"allowed is at most {whole_name}"
        )


def both_or_neither(effect: npt.ArrayLike, variance: npt.ArrayLike) -> Pair:
    """Give NaN for effect and variance alike where either is not finite."""
    effect, variance = np.broadcast_arrays(
        np.asarray(effect, dtype=np.float64), np.asarray(variance, dtype=np.float64)
    )
    usable = np.isfinite(effect) & np.isfinite(variance)
    return np.where(usable, effect, np.nan), np.where(usable, variance, np.nan)


def corrected_cells(cells: list[FloatArray], add: float, to: str) -> list[FloatArray]:
    """Add ``add`` to the cells of the tables that the rule ``to`` names.

    Parameters
    ----------
    cells : list of arrays
        The counts of each table, one array a cell, all of one shape; the last axis holds the
        studies of one analysis (it is what "if-any" looks along).
    add : float
        What is added, at least 0.
    to : {"only-zero", "all", "if-any", "none"}
        Only the tables with a zero cell; every table; every table of an analysis in which any
        table has a zero cell; none.

    Returns
    -------
    list of arrays
        The corrected counts.
    """
    check_choice("to", to, TO)
    if isinstance(add, bool) or not isinstance(add, (int, float)) or not 0 <= add < math.inf:
        raise InputError(f"add: found {add!r}, allowed is a finite number of at least 0")
    if to == "none" or add == 0:
        return cells
    if to == "all":
        return [cell + add for cell in cells]
    chosen = np.logical_or.reduce([cell == 0 for cell in cells])
    if to == "if-any" and chosen.ndim:
        chosen = np.broadcast_to(chosen.any(axis=-1, keepdims=True), chosen.shape)
    return [cell + add * chosen for cell in cells]


def quiet() -> np.errstate:
    """Silence NumPy where a formula may meet 0/0; the result is checked for finiteness."""
    return np.errstate(divide="ignore", invalid="ignore", over="ignore")
