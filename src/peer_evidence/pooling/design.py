"""Moderators: from column names or a formula to a design matrix, and again for new studies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_columns, check_names
from peer_evidence.errors import InputError
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.studies import to_numbers

if TYPE_CHECKING:
    import pandas as pd


_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """How to make the design matrix of any table with the same moderators.

    Attributes
    ----------
    names : tuple of str
        Names of the coefficients.
    columns : tuple of (str, tuple of str or None)
        Moderators by name with their levels (None for a number); empty for a formula.
    spec : object or None
        The specification of a formula, as formulaic keeps it.
    """

    names: tuple[str, ...]
    columns: tuple[tuple[str, tuple[str, ...] | None], ...] = ()
    spec: Any = None

    @property
    def has_intercept(self) -> bool:
        """Whether the first coefficient is the intercept."""
        return self.names[0] == "intercept"

    def matrix(self, frame: pd.DataFrame) -> Floats:
        """Make the design matrix (rows, p) of a table."""
        if self.spec is not None:
            made = self.spec.get_model_matrix(frame, na_action="raise")
            return np.asarray(made, dtype=float)
        check_columns(frame.columns, [name for name, _ in self.columns], "moderators")
        parts = [np.ones((len(frame), 1))]
        for name, levels in self.columns:
            parts.append(_coded(frame, name, levels))
        return np.hstack(parts)


def build_design(frame: pd.DataFrame, moderators: str | Sequence[str]) -> tuple[Design, Floats]:
    """Make the design of a table: an intercept and the moderators.

    Numbers enter as they are, text and categories as indicators against their first level in
    alphabetical order. A text with ``~`` is a formula (extra ``formula``).
    """
    if isinstance(moderators, str) and "~" in moderators:
        design, matrix = _from_formula(frame, moderators)
    else:
        names = list(check_names("moderators", moderators))
        if not names:
            raise InputError("moderators: found none, allowed are column names or a formula")
        _check_names(frame, names)
        columns = tuple((name, _levels(frame, name)) for name in names)
        labels = ["intercept"]
        for name, levels in columns:
            labels += [name] if levels is None else [f"{name}[{one}]" for one in levels[1:]]
        design = Design(tuple(labels), columns)
        matrix = design.matrix(frame)
    _check_rank(design, matrix)
    return design, matrix


def _check_names(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Refuse names that are no columns, with a word on formulas where one seems to be meant."""
    absent = [name for name in names if name not in frame.columns]
    for name in absent:
        if any(sign in str(name) for sign in "+*:("):
            raise InputError(
                f"moderators: no column {name!r}; a formula begins with '~': write '~ {name}', "
                "or give a list of columns"
            )
    check_columns(frame.columns, names, "moderators")


def _levels(frame: pd.DataFrame, name: str) -> tuple[str, ...] | None:
    """Give the sorted levels of a text column, None for numbers."""
    import pandas as pd

    series = frame[name]
    missing = np.flatnonzero(series.isna().to_numpy())
    if missing.size:
        rows = ", ".join(str(series.index[i]) for i in missing[:5])
        raise InputError(
            f"moderators: {name!r} is missing in row {rows}; "
            "leave those rows out or fill them in before the analysis"
        )
    if pd.api.types.is_numeric_dtype(series.dtype) and series.dtype != bool:
        return None
    levels = tuple(sorted({str(value) for value in series}))
    if len(levels) < 2:
        raise InputError(f"moderators: {name!r} has the single level {levels[0]!r}")
    return levels


def _coded(frame: pd.DataFrame, name: str, levels: tuple[str, ...] | None) -> Floats:
    """Give the columns of one moderator."""
    if levels is None:
        values = to_numbers(frame, name)
        if not np.isfinite(values).all():
            raise InputError(f"moderators: {name!r} holds a missing or infinite value")
        return values[:, None]
    texts = [str(value) for value in frame[name]]
    unknown = sorted(set(texts) - set(levels))
    if unknown:
        raise InputError(
            f"moderators: {name!r} found {unknown[0]!r}, allowed are {', '.join(levels)}"
        )
    coded = [[float(text == level) for level in levels[1:]] for text in texts]
    return np.array(coded).reshape(len(texts), -1)


def _from_formula(frame: pd.DataFrame, formula: str) -> tuple[Design, Floats]:
    try:
        from formulaic import Formula
    except ModuleNotFoundError as error:
        raise InputError(
            "moderators: a formula needs formulaic; install the extra with "
            "pip install 'peer-evidence[formula]', or give column names"
        ) from error
    from formulaic.errors import FormulaicError

    if "^" in formula:
        raise InputError(
            f"moderators: the formula {formula!r} holds '^'; write I(x ** 2) for a power of x"
        )
    try:
        made = Formula(formula).get_model_matrix(frame, na_action="raise")
    except (FormulaicError, ValueError, SyntaxError) as error:
        plain = _COLOURS.sub("", str(error))
        raise InputError(f"moderators: the formula {formula!r} failed: {plain}") from error
    if hasattr(made, "lhs"):
        raise InputError(
            f"moderators: the formula {formula!r} has a left side; begin it with '~', "
            "the effect is named by the argument effect"
        )
    if [str(name) for name in made.columns] == ["Intercept"]:
        raise InputError(
            f"moderators: the formula {formula!r} names no moderator; leave the argument out"
        )
    # a level is called the same, by whatever way its moderator came
    texts = [str(name).replace("[T.", "[") for name in made.columns]
    names = tuple("intercept" if name == "Intercept" else name for name in texts)
    return Design(names, spec=made.model_spec), np.asarray(made, dtype=float)


def _check_rank(design: Design, matrix: Floats) -> None:
    """Refuse moderators that cannot be told apart, naming the first redundant one."""
    k, p = matrix.shape
    if k <= p:
        raise InputError(
            f"moderators: {p} coefficients need more than {p} studies, found {k}; "
            "use fewer moderators"
        )
    scaled = matrix / np.maximum(np.abs(matrix).max(axis=0), np.finfo(float).tiny)
    for count in range(1, p + 1):
        if np.linalg.matrix_rank(scaled[:, :count]) < count:
            raise InputError(
                f"moderators: {design.names[count - 1]!r} says nothing that the other moderators "
                "do not say already (the columns are collinear)"
            )
