"""What the explorer holds of a review: comparative results with their effects, as plain data."""

from __future__ import annotations

from typing import Any

import pandas as pd

from peer_evidence.checks import check_evidence
from peer_evidence.effects.scales import scale_of
from peer_evidence.formatting import count, words
from peer_evidence.pooling.pools import pools, short_labels, time_buckets
from peer_evidence.records.evidence import Evidence
from peer_evidence.records.words import METHOD_WORDS

_FILTERS = {
    "domain": "Domain",
    "time": "Time",
    "design": "Design",
    "problem_type": "Problem",
    "initiative_type": "Initiative",
}
_BUCKETS = (4.0, 9.0)
_COMPARATIVE = "intervention_vs_comparison"


def explorer_data(ev: Evidence) -> dict[str, Any]:
    """Collect the comparative results of a review with the effects that its pools use.

    Parameters
    ----------
    ev : Evidence
        The records.

    Returns
    -------
    dict
        Title, names of intervention and comparison, measure, filters with their options, and one
        row a result. The effect of a row is None where the records give none.

    Raises
    ------
    InputError
        If ``ev`` is not what ``load`` gives.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> found = explorer_data(pe.load())
    >>> found["measure"], len(found["rows"])
    ('SMD', 222)
    """
    check_evidence("ev", ev)
    pooled = pools(ev, buckets=_BUCKETS)
    effects = pooled.rows[pooled.rows["effect"].notna() & (pooled.rows["variance"] > 0)]
    effects = effects.set_index("outcome_id")[["effect", "variance"]]
    rows = ev.select(contrast_type=_COMPARATIVE)
    rows["time"] = time_buckets(rows["timepoint_months"], _BUCKETS).astype("str")
    rows["time"] = rows["time"].where(rows["timepoint_months"].notna(), "not stated")
    rows = rows.join(effects, on="outcome_id")
    rows["short"] = short_labels(rows)
    filters = [
        {"key": key, "label": label, "options": _options(ev, rows, key)}
        for key, label in _FILTERS.items()
    ]
    left = len(ev.outcomes) - len(rows)
    note = (
        f"{count(len(rows), 'result compares', 'results compare')} {ev.package['intervention']} "
        f"with {ev.package['comparison']}; {count(left, 'other stands', 'others stand')} in the "
        f"records only. {count(len(effects), 'result has', 'results have')} numbers that give an "
        f"effect, positive in favour of {ev.package['intervention']}. A pool takes one result a "
        "study, the last measured. Choosing studies by their results biases a pool; this page is "
        "for looking, not for deciding."
    )
    return {
        "title": ev.package["title"],
        "intervention": ev.package["intervention"],
        "comparison": ev.package["comparison"],
        "measure": scale_of(pooled.measure).analysis or pooled.measure,
        "first": _first(rows),
        "filters": filters,
        "conclusions": [
            {"value": word, "label": words(word)} for word in METHOD_WORDS["conclusion"]
        ],
        "note": note,
        "rows": [_row(row) for row in rows.to_dict("records")],
    }


def _row(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        "id": row["outcome_id"],
        "study": row["study_id"],
        "label": row["label"],
        "short": row["short"],
        **{key: _text(row[key]) for key in _FILTERS},
        "months": _number(row["timepoint_months"]),
        "direction": _text(row["effect_direction"]),
        "conclusion": _text(row["reported_conclusion"]),
        "effect": _number(row["effect"]),
        "variance": _number(row["variance"]),
    }


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _options(ev: Evidence, rows: pd.DataFrame, key: str) -> list[dict[str, str]]:
    """List the words of a filter that some row has, in the order of the vocabulary."""
    values = rows[key]
    there = [str(value) for value in pd.unique(values.dropna())]
    if isinstance(values.dtype, pd.CategoricalDtype):
        there = [str(one) for one in values.cat.categories if str(one) in set(there)]
    elif key == "time":
        months = rows.groupby("time")["timepoint_months"].min()
        there = [str(one) for one in months.sort_values(na_position="last").index]
    labels = [one if key == "time" else ev.vocabularies.label(key, one) for one in there]
    return [{"value": value, "label": label} for value, label in zip(there, labels, strict=True)]


def _first(rows: pd.DataFrame) -> str:
    """Name the domain in which most studies have an effect, where the page begins."""
    studies = rows[rows["effect"].notna()].groupby("domain", observed=True)["study_id"].nunique()
    return str(studies.idxmax()) if len(studies) and studies.max() > 1 else ""
