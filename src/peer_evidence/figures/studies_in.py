"""What the figures of a meta-analysis take from its result: checked, one row a study."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.checks import check_columns
from peer_evidence.errors import InputError
from peer_evidence.figures.axes import is_ratio
from peer_evidence.formatting import interval, number

_NEEDED = ("label", "effect", "variance", "weight")


def studies_of(m: Any) -> pd.DataFrame:
    """Give label, effect, variance and weight of the studies that have an effect.

    Raises
    ------
    InputError
        If it is no result of a meta-analysis, or no study in it has an effect.
    """
    if not hasattr(m, "study_table"):
        raise InputError(
            f"m: found {type(m).__name__}, allowed is the result of a meta-analysis, "
            "such as peer_evidence.meta_analysis gives"
        )
    table = m.study_table()
    check_columns(table.columns, _NEEDED, "m.study_table()")
    table = table[table["effect"].notna() & table["variance"].notna()].reset_index(drop=True)
    if table.empty:
        raise InputError("m: no study has an effect with a variance, so there is nothing to draw")
    kept: pd.DataFrame = table[list(_NEEDED)].assign(label=table["label"].astype(str))
    return kept


def check_single(m: Any, instead: str) -> None:
    """Refuse a meta-regression, which has no single pooled effect."""
    if getattr(m, "qm", None) is not None:
        raise InputError(f"m: the analysis has moderators, there is no single effect; {instead}")


def between_variance(m: Any) -> float:
    """Give tau2, 0 where the model has none or could not estimate it."""
    tau2 = float(getattr(m, "tau2", 0.0))
    return 0.0 if np.isnan(tau2) else tau2


def natural(values: Any, code: str) -> Any:
    """Put effects on the natural scale: ratios are pooled as logs."""
    return np.exp(values) if is_ratio(code) else np.asarray(values)


def pooled_words(m: Any, code: str) -> str:
    """Write the pooled effect with its interval."""
    estimate, low, high = (float(natural(one, code)) for one in (m.estimate, m.ci_low, m.ci_high))
    return f"{number(estimate)} ({interval(low, high)})"


def significant(value: float, digits: int = 3) -> str:
    """Write a number with so many digits, since some of these are tiny and some are huge.

    Examples
    --------
    >>> significant(0.000333), significant(51.107), significant(1234.5)
    ('0.000333', '51.1', '1234')
    """
    if value == 0 or not np.isfinite(value):
        return number(value, 0)
    if abs(value) < 1e-5:
        return "<0.00001"
    return number(value, max(0, digits - 1 - int(np.floor(np.log10(abs(value))))))
