"""Which results are counted: the contrasts that count, the groups, and what is left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.checks import check_choice
from peer_evidence.direction.votes import Codes
from peer_evidence.errors import InputError
from peer_evidence.formatting import words
from peer_evidence.records.words import METHOD_WORDS


def check_contrasts(contrasts: Sequence[str] | None) -> tuple[str, ...]:
    """Return the contrast types that count as a tuple, empty for all, else raise InputError."""
    if contrasts is None:
        return ()
    kinds = (contrasts,) if isinstance(contrasts, str) else tuple(contrasts)
    if not kinds:
        raise InputError("contrasts: found no contrast type; give at least one, or None for all")
    return tuple(check_choice("contrasts", kind, METHOD_WORDS["contrast_type"]) for kind in kinds)


def reasons_left_out(
    frame: pd.DataFrame, needed: Sequence[str | None], kinds: tuple[str, ...]
) -> npt.NDArray[np.object_]:
    """Say of each row why it is left out; empty where it is counted."""
    reasons = np.full(len(frame), "", dtype=object)
    for name in needed:
        if name is not None:
            reasons[frame[name].isna().to_numpy(bool)] = f"no {words(name)}"
    if kinds:
        stated = frame["contrast_type"].astype(object)
        found = stated.where(stated.notna(), "not stated").to_numpy(object)
        other = ~np.isin(found.astype(str), kinds)
        reasons[other] = [contrast_words(str(kind)) for kind in found[other]]
    return reasons


def contrast_words(kind: str) -> str:
    """Name a type of contrast as a reason.

    Examples
    --------
    >>> contrast_words("before_after"), contrast_words("other_contrast")
    ('contrast type before after', 'contrast type other')
    """
    return f"contrast type {words(kind).removesuffix(' contrast')}"


def left_out_table(frame: pd.DataFrame, reasons: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Count the results and studies that are left out, reason by reason."""
    ids = [name for name in ("outcome_id", "study_id") if name in frame]
    reasoned = frame[ids].assign(reason=reasons)
    rows = [
        (reason, distinct_rows(part), int(part["study_id"].nunique()))
        for reason, part in reasoned[reasons != ""].groupby("reason", sort=True)
    ]
    return pd.DataFrame(rows, columns=["reason", "rows", "studies"])


def distinct_rows(frame: pd.DataFrame) -> int:
    """Count the results of a frame; one that a join repeats is one result."""
    return int(frame["outcome_id"].nunique()) if "outcome_id" in frame else len(frame)


def group_codes(kept: pd.DataFrame, by: str | None) -> tuple[pd.Index[Any], Codes]:
    """Give the groups that occur, in the order of their vocabulary or sorted, and their codes."""
    if by is None:
        return pd.Index(["all"], name="group"), np.zeros(len(kept), dtype=np.int64)
    column = kept[by]
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = column.cat.remove_unused_categories().cat
        index: pd.Index[Any] = pd.Index(list(used.categories), name=by)
        return index, np.array(used.codes.tolist(), dtype=np.int64)
    found, labels = pd.factorize(column, sort=True)
    return pd.Index(list(labels), name=by), np.array(found.tolist(), dtype=np.int64)
