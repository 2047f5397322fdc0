"""From a table to the studies of a meta-analysis: each row checked, or left out with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from peer_evidence.checks import check_columns, check_name
from peer_evidence.errors import InputError
from peer_evidence.pooling.counts import Tables
from peer_evidence.pooling.projection import Floats

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 5
_LABELS = ("study_id", "outcome_id")
_COUNTS = ("events_intervention", "n_intervention", "events_comparison", "n_comparison")


@dataclass(frozen=True, slots=True, eq=False)
class Studies:
    """What later verbs need of the data: effects, variances and labels, one a study.

    Attributes
    ----------
    effects, variances : array (k,)
        Effects and sampling variances, in the order of the table.
    labels : tuple of str
        Names of the studies.
    weights : array (k,) or None
        The user's weights.
    left_out : tuple of (str, str)
        Label and reason of each row without an effect.
    measure : str
        The effect measure when the table names a single one, else empty.
    sizes : array (k,) or None
        People in each study, where the table has n_intervention and n_comparison, or n; NaN where
        a row does not say.
    tables : Tables or None
        The counts of both arms, where the table has them; NaN where a row does not say.
    index : pandas Index or None
        Labels of the rows of the table, so that a Series of it can be put beside the studies.
    distinct : int or None
        How many studies the column ``study_id`` names, where the table has it.
    positive : str
        What an effect above no effect means, where :func:`effect_sizes` made the table and said
        it: "favours the intervention", "higher in the intervention"; else empty.
    columns : tuple of (str, tuple)
        The columns of the table that name the studies, with their values: clusters by name.
    """

    effects: Floats
    variances: Floats
    labels: tuple[str, ...]
    weights: Floats | None = None
    left_out: tuple[tuple[str, str], ...] = ()
    measure: str = ""
    sizes: Floats | None = None
    tables: Tables | None = None
    index: Any = None
    distinct: int | None = None
    positive: str = ""
    columns: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    @property
    def repeated(self) -> bool:
        """Whether ``study_id`` names fewer studies than there are effects."""
        return self.distinct is not None and self.distinct < len(self)

    def __len__(self) -> int:
        return len(self.labels)


def to_numbers(frame: pd.DataFrame, column: str) -> Floats:
    """Read a column as floats, missing values as NaN; text is an error that names its rows."""
    import pandas as pd

    series = frame[column]
    if getattr(series, "ndim", 1) != 1:
        raise InputError(f"{column}: the table has several columns of this name")
    if series.dtype == np.float64:
        return series.to_numpy()
    if pd.api.types.is_numeric_dtype(series.dtype):
        return series.to_numpy(dtype=float, na_value=np.nan)
    numbers = pd.to_numeric(series, errors="coerce")
    bad = np.flatnonzero(numbers.isna().to_numpy() & series.notna().to_numpy())
    if bad.size:
        texts = [f"row {series.index[i]}: {str(series.iloc[i])!r}" for i in bad[:_SHOWN]]
        raise InputError(f"{column}: found text where a number belongs, {', '.join(texts)}")
    return numbers.to_numpy(dtype=float, na_value=np.nan)


def read_labels(frame: pd.DataFrame, label: str) -> list[str]:
    """Give the names of the rows: the label column, else study_id, outcome_id or the index."""
    if label not in frame.columns:
        if label != "label":
            check_columns(frame.columns, [label], "label")
        label = next((name for name in _LABELS if name in frame.columns), "")
    values = frame[label] if label else frame.index
    return [str(value) for value in values.tolist()]


def read_studies(
    data: pd.DataFrame,
    effect: str,
    variance: str,
    label: str,
    weights: str | Sequence[float] | None = None,
) -> tuple[Studies, NDArray[np.bool_]]:
    """Read the studies of a table; say also which of its rows were kept."""
    if not hasattr(data, "columns"):
        raise InputError(
            f"data: found {type(data).__name__}, allowed is a pandas DataFrame; "
            "for plain arrays use pool_many"
        )
    for name, column in (("effect", effect), ("variance", variance), ("label", label)):
        check_name(name, column)
    check_columns(data.columns, [effect, variance], "data")
    y, v = to_numbers(data, effect), to_numbers(data, variance)
    labels = read_labels(data, label)
    rows = (
        [
            f"row {index}" + (f" ({name})" if name != str(index) else "")
            for index, name in zip(data.index.tolist(), labels, strict=True)
        ]
        if _any_bad(y, v)
        else []
    )
    kept = np.ones(len(y), dtype=bool)
    left_out: tuple[tuple[str, str], ...] = ()
    missing = np.isnan(y) | np.isnan(v)
    if missing.any() and "effect_note" in data.columns:
        notes = data["effect_note"].tolist()
        left_out = tuple((labels[i], _reason(notes[i])) for i in np.flatnonzero(missing))
        kept = ~missing
    _refuse(kept & np.isnan(y), effect, "a missing value", "a finite number", rows)
    _refuse(kept & np.isnan(v), variance, "a missing value", "a positive number", rows)
    _refuse(kept & np.isinf(y), effect, "an infinite value", "a finite number", rows)
    _refuse(kept & np.isinf(v), variance, "an infinite value", "a positive number", rows)
    _refuse(kept & (v == 0), variance, "0", "a positive number", rows)
    _refuse(kept & (v < 0), variance, "a negative value", "a positive number", rows)
    chosen = _read_weights(data, weights, rows)
    if not kept.any():
        gone = f" ({len(left_out)} left out for want of an effect)" if left_out else ""
        raise InputError(f"data: there is no study to pool{gone}")
    studies = Studies(
        effects=y[kept].copy(),
        variances=v[kept].copy(),
        labels=tuple(name for name, keep in zip(labels, kept, strict=True) if keep),
        weights=None if chosen is None else chosen[kept],
        left_out=left_out,
        measure=_measure(data, kept),
        sizes=_sizes(data, kept),
        tables=_tables(data, kept),
        index=data.index if kept.all() else data.index[kept],
        distinct=_distinct(data, kept),
        positive=_positive(data, effect, kept),
        columns=_naming(data, label, kept),
    )
    return studies, kept


def beside(name: str, values: Any, index: Any) -> Any:
    """Put a Series in the order of rows of a table by its index; leave other values as they are.

    Parameters
    ----------
    name : str
        The argument, for the message.
    values : Any
        What the user gave.
    index : pandas Index or None
        Labels of the rows; None where they are not known.

    Raises
    ------
    InputError
        A Series whose index does not tell which value belongs to which row.
    """
    if index is None or not (hasattr(values, "reindex") and hasattr(values, "index")):
        return values
    if getattr(values, "ndim", 1) != 1:
        raise InputError(f"{name}: found {type(values).__name__}, allowed is one column")
    own = values.index
    if own.equals(index):
        return values
    absent = [str(label) for label in index.tolist() if label not in own]
    if own.is_unique and index.is_unique and not absent:
        return values.reindex(index)
    why = f"it lacks row {absent[0]}" if absent else "labels of rows occur more than once"
    raise InputError(
        f"{name}: the index of the Series is not that of the table that was pooled ({why}), so "
        "its values cannot be put beside the effects; give a column of that table, or "
        ".to_numpy() with the values in the order of the effects"
    )


def _distinct(data: pd.DataFrame, kept: NDArray[np.bool_]) -> int | None:
    """Count the studies that the column study_id names; a missing one is a study of its own."""
    if "study_id" not in data.columns or getattr(data["study_id"], "ndim", 1) != 1:
        return None
    own = data["study_id"][kept]
    return int(own.nunique()) + int(own.isna().sum())


def _any_bad(y: Floats, v: Floats) -> bool:
    return not bool(np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all())


def _reason(note: Any) -> str:
    text = "" if note is None or note != note else str(note)  # NaN
    return text if text and text != "<NA>" else "no effect"


def _refuse(
    bad: NDArray[np.bool_], column: str, found: str, allowed: str, rows: Sequence[str]
) -> None:
    """Raise InputError that names the rows of a fault."""
    where = np.flatnonzero(bad)
    if not where.size:
        return
    shown = ", ".join(rows[i] for i in where[:_SHOWN])
    more = f" and {where.size - _SHOWN} more" if where.size > _SHOWN else ""
    raise InputError(f"{column}: found {found} in {shown}{more}, allowed is {allowed}")


def _read_weights(
    data: pd.DataFrame, weights: str | Sequence[float] | None, rows: Sequence[str]
) -> Floats | None:
    if weights is None:
        return None
    if isinstance(weights, str):
        check_columns(data.columns, [weights], "weights")
        values = to_numbers(data, weights)
    else:
        values = np.asarray(beside("weights", weights, data.index), dtype=float)
        if values.shape != (len(data),):
            raise InputError(
                f"weights: found shape {values.shape}, allowed is one weight for each of the "
                f"{len(data)} rows"
            )
    if not (np.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
        raise InputError("weights: allowed are finite numbers of at least 0, not all of them 0")
    return values


def _measure(data: pd.DataFrame, kept: NDArray[np.bool_]) -> str:
    """Give the one effect measure that the table names, if it does; refuse a mixture of them."""
    name = next((one for one in ("measure_code", "measure") if one in data.columns), None)
    if name is None:
        return ""
    found = sorted({str(value) for value in data[name][kept].tolist()})
    if len(found) == 1:
        return found[0]
    from peer_evidence.effects.measures import MEASURES

    if found and all(one in MEASURES for one in found):
        raise InputError(
            f"data: column {name!r} holds the effect measures {', '.join(found)}, which are on "
            "different scales and cannot be pooled; keep the rows of one measure"
        )
    return ""


def _naming(
    data: pd.DataFrame, label: str, kept: NDArray[np.bool_]
) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    """Give the columns that name the studies: that of the labels and study_id."""
    names = [one for one in dict.fromkeys((label, *_LABELS[:1])) if one in data.columns]
    return tuple(
        (name, tuple(data[name][kept].tolist()))
        for name in names
        if getattr(data[name], "ndim", 1) == 1
    )


def _positive(data: pd.DataFrame, effect: str, kept: NDArray[np.bool_]) -> str:
    """Give what a positive effect means, where the table that was made of the data says it."""
    facts = data.attrs.get("peer_evidence") if effect == "effect" else None
    if not isinstance(facts, dict) or facts.get("measure") != _measure(data, kept):
        return ""
    return str(facts.get("positive", ""))


def _sizes(data: pd.DataFrame, kept: NDArray[np.bool_]) -> Floats | None:
    """Give the people of each study where standard columns say, else None."""
    arms = _numbers(data, ("n_intervention", "n_comparison"), kept)
    if arms is not None:
        return arms[0] + arms[1]
    whole = _numbers(data, ("n",), kept)
    return None if whole is None else whole[0]


def _tables(data: pd.DataFrame, kept: NDArray[np.bool_]) -> Tables | None:
    """Give the counts of both arms where standard columns say, else None."""
    columns = _numbers(data, _COUNTS, kept)
    return None if columns is None else Tables(*columns)


def _numbers(
    data: pd.DataFrame, names: Sequence[str], kept: NDArray[np.bool_]
) -> list[Floats] | None:
    """Read columns that are only looked at: None where one is absent, empty or not of numbers."""
    if any(name not in data.columns for name in names):
        return None
    try:
        columns = [to_numbers(data, name)[kept].copy() for name in names]
    except InputError:
        return None
    return None if any(np.isnan(column).all() for column in columns) else columns
