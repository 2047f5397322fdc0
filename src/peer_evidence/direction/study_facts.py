"""What is known of each study beside its results: its name, design, risk of bias and size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.checks import check_choice, check_columns
from peer_evidence.direction.votes import Codes
from peer_evidence.errors import InputError

NOT_ASSESSED = "not_assessed"
# the words of a judgement, from the best to the worst; two words of one rank belong to two tools
JUDGEMENTS: dict[str, int] = {
    "low": 0,
    "some_concerns": 1,
    "moderate": 1,
    "high": 2,
    "serious": 2,
    "critical": 2,
    "unclear": 3,
    "no_information": 3,
    NOT_ASSESSED: 4,
}


def quality_of(quality: pd.Series | pd.DataFrame | Mapping[str, str] | None) -> pd.Series:
    """Give the judgement on each study, indexed by ``study_id``; empty when none are given.

    Examples
    --------
    >>> quality_of({"a_2001": "low"}).to_dict()
    {'a_2001': 'low'}
    """
    if quality is None:
        return pd.Series(dtype=object)
    if isinstance(quality, pd.DataFrame):
        check_columns(quality.columns, ["study_id", "judgement"], "quality")
        if "domain" in quality.columns:
            quality = quality[quality["domain"] == "overall"]
        judged = quality.drop_duplicates(["study_id", "judgement"]).set_index("study_id")
        series = judged["judgement"]
    elif isinstance(quality, (pd.Series, Mapping)):
        series = pd.Series(quality, dtype=object)
    else:
        raise InputError(
            f"quality: found {type(quality).__name__}, allowed is a Series or mapping from "
            "study_id to a judgement, or a frame with study_id and judgement"
        )
    series = series.astype(object).dropna()
    for word in series.unique():
        check_choice("quality", word, list(JUDGEMENTS))
    twice = series.index[series.index.duplicated()]
    if len(twice):
        raise InputError(
            f"quality: {twice[0]!r} has more than one judgement; give one for each study, such as "
            "the rows of one tool"
        )
    return series


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
        given = pd.to_numeric(kept[name], errors="coerce").astype("Float64")
        number = given.to_numpy(np.float64, na_value=np.nan)
        largest = np.full(cells, -np.inf)
        known = ~np.isnan(number)
        np.maximum.at(largest, cell[known], number[known])
        new = np.isnan(size) & np.isfinite(largest)
        size[new], source[new] = largest[new], told
    return size, source
