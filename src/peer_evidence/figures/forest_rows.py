"""The table behind a forest plot: studies with their arms, subgroups, the pooled effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.checks import check_choice, check_columns
from peer_evidence.errors import InputError
from peer_evidence.figures.axes import is_ratio
from peer_evidence.figures.frames import Labels, check_labels, labelled
from peer_evidence.formatting import words

ARMS = {  # what a table of two arms may hold, and in which order it is read
    "counts": ("events", "n"),
    "means": ("mean", "sd", "n"),
}
SIDES = ("intervention", "comparison")
TOTALS = ("k", "tau2", "i2", "i2_ci_low", "i2_ci_high", "q", "q_df", "q_p_value", "p_value")
CAUTIOUS = ("cautious_ci_low", "cautious_ci_high")
_NATURAL = ("effect", "ci_low", "ci_high", "pi_low", "pi_high", *CAUTIOUS)
_ENOUGH = 3  # studies without which a prediction interval or one of I2 means nothing


def forest_table(
    m: Any,
    *,
    data: pd.DataFrame | None = None,
    measure: str | None = None,
    sort: str = "given",
    labels: Labels = None,
    risk_of_bias: Any = None,
) -> pd.DataFrame:
    """Give the rows that :func:`forest` draws.

    Parameters
    ----------
    m : MetaAnalysis, Subgroups or Pools
        The result to show. Pools are groups without a whole: a study may stand in several.
    data : DataFrame, optional
        The summary data by arm, one row a study: ``events_`` and ``n_``, or ``mean_``, ``sd_`` and
        ``n_``, each with ``intervention`` and ``comparison``. Rows in the order of the studies, or
        named by the label the result uses. Among means, a study that has counts instead keeps
        these.
    measure : str, optional
        Code of the effect measure, such as ``"OR"``; that of the result when left out. Effects of
        ratios are given on the natural scale.
    sort : {"given", "effect", "weight"}
        Order of the studies, within their subgroup.
    labels : mapping, optional
        Code to label: of a group, or of any part of the key of one of the pools.
    risk_of_bias : Evidence, DataFrame or RiskOfBias, optional
        Judgements of the studies, which become columns such as ``rob_D1``; see :func:`forest`.

    Returns
    -------
    DataFrame
        ``kind`` (subgroup, study, subtotal or total), ``group``, ``label``, the arms, ``effect``
        with its interval, ``weight`` in per cent, and for pooled rows the prediction interval and
        the heterogeneity. Below 3 studies there is no prediction interval and none of I2. Pools
        also have ``cautious_ci_low`` and ``cautious_ci_high``.

    Raises
    ------
    InputError
        If the result has no study table, or the data do not fit it.
    """
    check_choice("sort", sort, ("given", "effect", "weight"))
    overall = model_of(m)
    if not hasattr(overall, "study_table"):
        raise InputError(
            f"m: found {type(m).__name__}, allowed is the result of a meta-analysis, "
            "such as peer_evidence.meta_analysis gives"
        )
    groups = getattr(m, "groups", {})
    apart = is_apart(m)
    shown = _group_labels(m, labels)
    cautious = cautious_of(m)
    code = measure_of(m if apart else overall, measure)
    studies = (
        pd.concat([_studies(one) for one in groups.values()], ignore_index=True)
        if apart
        else _studies(overall)
    )
    arms = _arms(data, list(studies["label"]))
    names = [str(name) for name in arms.columns]
    studies = pd.concat([studies, arms], axis=1)
    parts: list[pd.DataFrame] = []
    begin = 0
    for place, (name, one) in enumerate(groups.items()):
        own = studies.iloc[begin : begin + one.k] if apart else _of_group(studies, one)
        begin += one.k
        head = {"kind": "subgroup", "group": str(name), "label": shown[place]}
        parts.append(pd.DataFrame([head]))
        parts.append(_sorted(own, sort).assign(group=str(name)))
        called = "Pooled" if apart else "Subtotal"
        row = _pooled(one, "subtotal", str(name), called, own, names)
        if cautious:
            row[list(CAUTIOUS)] = cautious[place].ci_low, cautious[place].ci_high
        parts.append(row)
    if not parts:
        parts.append(_sorted(studies, sort).assign(group=""))
    if not apart and getattr(overall, "qm", None) is None:
        parts.append(_pooled(overall, "total", "", "All studies", studies, names))
    table = pd.concat(parts, ignore_index=True)
    order = ["kind", "group", "label", *names, "effect", "ci_low", "ci_high", "weight"]
    extra = CAUTIOUS if cautious else ()
    table = table.reindex(columns=[*order, "pi_low", "pi_high", *extra, *TOTALS])
    if is_ratio(code):
        natural = [name for name in _NATURAL if name in table.columns]
        table[natural] = np.exp(table[natural].astype(float))
    table[["group", "label"]] = table[["group", "label"]].fillna("")
    if risk_of_bias is None:
        return table
    from peer_evidence.figures.forest_bias import with_bias

    return with_bias(table, risk_of_bias)


def model_of(m: Any) -> Any:
    """Give the analysis that speaks for the whole: of all studies, else of the first group."""
    if hasattr(m, "overall"):
        return m.overall
    return next(iter(getattr(m, "groups", {}).values()), m)


def is_apart(m: Any) -> bool:
    """Tell whether a result is groups without a whole."""
    return bool(getattr(m, "groups", {})) and not hasattr(m, "overall")


def cautious_of(m: Any) -> tuple[Any, ...]:
    """Give the analyses with a more cautious interval, unless this is the one they have anyway."""
    cautious = tuple(getattr(m, "cautious", ()))
    if not cautious:
        return ()
    same = all(one.ci == other.ci for one, other in zip(cautious, m.analyses, strict=True))
    return () if same else cautious


def _group_labels(m: Any, labels: Labels) -> list[str]:
    """Name the groups as readers see them, from the parts of their keys where they have such."""
    names = [str(name) for name in getattr(m, "groups", {})]
    keys = getattr(m, "keys", ()) if is_apart(m) else ()
    if not isinstance(keys, tuple) or len(keys) != len(names):
        return [labelled(labels, name) for name in names]
    told = check_labels(labels)
    texts = []
    for name, key in zip(names, keys, strict=True):
        parts = [str(part) for part in key]
        if name in told or not any(part in told for part in parts):
            texts.append(told.get(name, name))  # the title, in the words of the records
        else:
            texts.append(", ".join(_part(told, part) for part in parts))
    return [labelled(None, text) for text in texts]


def _part(labels: Mapping[str, str], code: str) -> str:
    return labels.get(code, words(code))


def measure_of(m: Any, measure: str | None) -> str:
    """Give the code of the effect measure: the given one, else what the result knows."""
    if measure is not None:
        return measure
    found = getattr(m, "measure", None) or getattr(getattr(m, "studies", None), "measure", "")
    return str(found or "")


def _studies(m: Any) -> pd.DataFrame:
    """Give the studies with intervals, which some results leave to us."""
    table = m.study_table().reset_index(drop=True)
    check_columns(table.columns, ("label", "effect", "variance", "weight"), "m.study_table()")
    if "ci_low" not in table.columns:
        half = NormalDist().inv_cdf(0.5 + m.level / 2) * np.sqrt(table["variance"].astype(float))
        table["ci_low"], table["ci_high"] = table["effect"] - half, table["effect"] + half
    kept = ["label", "effect", "variance", "ci_low", "ci_high", "weight"]
    studies: pd.DataFrame = table[kept].assign(kind="study", label=table["label"].astype(str))
    return studies


def arm_columns(columns: Sequence[str]) -> list[str]:
    """Name the columns of summary data by arm that a table holds.

    Examples
    --------
    >>> arm_columns(["n_comparison", "events_intervention", "n_intervention", "events_comparison"])
    ['events_intervention', 'n_intervention', 'events_comparison', 'n_comparison']
    """
    for names in ARMS.values():
        wanted = [f"{name}_{side}" for side in SIDES for name in names]
        if set(wanted) <= set(columns):
            return wanted
    return []


def _shown_arms(data: pd.DataFrame, wanted: list[str]) -> pd.DataFrame:
    """Give the summary data to show: among means also the counts of studies that have no means."""
    shown = data[wanted]
    events = [f"events_{side}" for side in SIDES]
    needed = [*events, *(f"n_{side}" for side in SIDES)]
    if "events_intervention" in wanted or not set(needed) <= set(data.columns):
        return shown
    means = [name for name in wanted if not name.startswith("n_")]
    counts = data[means].isna().all(axis=1) & data[needed].notna().all(axis=1)
    return shown.join(data[events].where(counts)) if counts.any() else shown


def _fullest(data: pd.DataFrame) -> list[str]:
    """Name the columns of means where a study has these alone, else those that more have whole.

    Among means the counts of other studies have a place, among counts means have none.
    """
    kinds = [arm_columns([c for c in data.columns if c in _columns(kind)]) for kind in ARMS]
    whole = [
        data[names].notna().all(axis=1) if names else pd.Series(data=False, index=data.index)
        for names in kinds
    ]
    counts, means = whole
    if (means & ~counts).any():
        return kinds[1]
    return kinds[0] if kinds[0] and counts.sum() >= means.sum() else kinds[1] or kinds[0]


def _columns(kind: str) -> set[str]:
    return {f"{name}_{side}" for side in SIDES for name in ARMS[kind]}


def _arms(data: pd.DataFrame | None, labels: list[str]) -> pd.DataFrame:
    """Give the summary data of the studies, in their order."""
    if data is None:
        return pd.DataFrame(index=range(len(labels)))
    wanted = _fullest(data)
    if not wanted:
        raise InputError(
            "data: no summary data by arm; allowed are the columns events_ and n_, or mean_, sd_ "
            "and n_, each with intervention and comparison"
        )
    if len(data) == len(labels):
        return _shown_arms(data.reset_index(drop=True), wanted)
    for name in ("label", "study_id", "outcome_id", None):
        if name is not None and name not in data.columns:
            continue
        names = [str(one) for one in (data.index if name is None else data[name])]
        if len(set(names)) == len(names) and set(labels) <= set(names):
            places = [names.index(label) for label in labels]
            return _shown_arms(data.iloc[places].reset_index(drop=True), wanted)
    raise InputError(
        f"data: found {len(data)} rows for {len(labels)} studies, and no column that names the "
        "studies as the result does; give one row a study, in their order"
    )


def _of_group(studies: pd.DataFrame, one: Any) -> pd.DataFrame:
    """Pick the studies of a group out of all, each once, so that weights are those of all."""
    left = list(zip(studies["label"], studies["effect"], studies["variance"], strict=True))
    places = []
    for _, row in _studies(one).iterrows():
        key = (row["label"], row["effect"], row["variance"])
        if key not in left:
            raise InputError(f"m: {row['label']!r} of a subgroup is no study of the whole analysis")
        places.append(left.index(key))
        left[places[-1]] = ("", np.nan, np.nan)
    return studies.iloc[places]


def _sorted(studies: pd.DataFrame, sort: str) -> pd.DataFrame:
    if sort == "given":
        return studies
    return studies.sort_values(sort, ascending=sort == "effect", kind="stable")


def _pooled(
    m: Any, kind: str, group: str, label: str, studies: pd.DataFrame, arms: list[str]
) -> pd.DataFrame:
    """Give the row of a pooled effect: interval, prediction interval, heterogeneity, sums."""
    row: dict[str, Any] = {
        "kind": kind,
        "group": group,
        "label": label,
        "effect": m.estimate,
        "ci_low": m.ci_low,
        "ci_high": m.ci_high,
        "weight": float(studies["weight"].sum()),
        "pi_low": getattr(m, "pi_low", np.nan),
        "pi_high": getattr(m, "pi_high", np.nan),
    }
    row |= {name: getattr(m, name, np.nan) for name in TOTALS}
    if getattr(m, "k", len(studies)) < _ENOUGH:
        row |= dict.fromkeys(("pi_low", "pi_high", "i2_ci_low", "i2_ci_high"), np.nan)
    mixed = any(name.startswith("mean_") for name in arms)
    summed = ("n_",) if mixed else ("n_", "events_")
    for name in (one for one in arms if one.startswith(summed)):
        people = name.startswith("n_")
        row[name] = studies[name].sum(skipna=people, min_count=1)  # events: of all, or not told
    return pd.DataFrame([row])
