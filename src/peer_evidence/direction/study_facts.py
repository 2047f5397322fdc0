"""What is known of each study beside its results: its name, design, risk of bias and size."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.direction.quality import NOT_ASSESSED
from peer_evidence.direction.votes import Codes
from peer_evidence.errors import InputError
from peer_evidence.formatting import count


def study_facts(kept: pd.DataFrame, judged: pd.Series) -> pd.DataFrame:
    """Give one row a study: ``study_id``, ``label``, ``design``, ``quality``; sorted by study."""
    names = sorted(kept["study_id"].astype(object).unique())
    facts = pd.DataFrame({"study_id": pd.Series(names, dtype=object)})
    for name in ("label", "design"):
        facts[name] = facts["study_id"].map(only_value(kept, name)).astype(object)
    facts["label"] = facts["label"].where(facts["label"].notna(), facts["study_id"])
    known = facts["study_id"].map(judged).astype(object)
    facts["quality"] = known.where(known.notna(), NOT_ASSESSED)
    return facts


def only_value(kept: pd.DataFrame, name: str) -> dict[Any, Any]:
    """Give the one value of a column that each study has; refuse a study that has two.

    Raises
    ------
    InputError
        If a study has two values.
    """
    if name not in kept.columns:
        return {}
    pairs = kept[["study_id", name]].astype(object).dropna().drop_duplicates()
    twice = pairs.loc[pairs["study_id"].duplicated(), "study_id"]
    if len(twice):
        held = pairs.loc[pairs["study_id"] == twice.iloc[0], name]
        raise InputError(
            f"{name}: study {twice.iloc[0]!r} has {', '.join(map(repr, held))}, allowed is one "
            f"{name} for each study"
        )
    return dict(zip(pairs["study_id"], pairs[name], strict=True))


def head_counts(frame: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Give a column of numbers of people as floats, NaN where a cell is empty.

    Raises
    ------
    InputError
        If a cell is no number of at least 0.

    Examples
    --------
    >>> head_counts(pd.DataFrame({"n": ["12", None, ""]}), "n")
    array([12., nan, nan])
    """
    cells = frame[name].astype(object)
    cells = cells.where(cells.notna() & (cells.astype(str).str.strip() != ""), None)
    given = pd.to_numeric(cells, errors="coerce").astype("Float64")
    number = given.to_numpy(np.float64, na_value=np.nan)
    wrong = cells.notna().to_numpy(bool) & ~((number >= 0) & np.isfinite(number))
    if not wrong.any():
        return np.asarray(number)
    found = cells[wrong].iloc[0]
    of = f" for study {str(frame.loc[wrong, 'study_id'].iloc[0])!r}" if "study_id" in frame else ""
    more = f" and {count(int(wrong.sum()) - 1, 'more cell')} like it" if wrong.sum() > 1 else ""
    raise InputError(
        f"{name}: found {found!r}{of}{more}, allowed is a number of people of at least 0, in "
        "digits alone, such as 1200, or an empty cell where it is not known"
    )


def people(
    kept: pd.DataFrame, cell: Codes, cells: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_]]:
    """Give the size of the intervention group of each cell, and where it is from.

    The largest group of the results in the cell; where none of them says, the group of the study
    (``study_n_intervention``); where that is not known either, NaN.
    """
    size = np.full(cells, np.nan)
    source = np.full(cells, "", dtype=object)
    for name, told in (("n_intervention", "results"), ("study_n_intervention", "study")):
        if name not in kept.columns:
            continue
        number = head_counts(kept, name)
        largest = np.full(cells, -np.inf)
        known = ~np.isnan(number)
        np.maximum.at(largest, cell[known], number[known])
        new = np.isnan(size) & np.isfinite(largest)
        size[new], source[new] = largest[new], told
    return size, source
