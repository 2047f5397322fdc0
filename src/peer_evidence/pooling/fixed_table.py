"""Pooling tables of counts without a variance for each study: Mantel-Haenszel and Peto."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np

from peer_evidence.checks import check_choice, check_columns, check_level
from peer_evidence.effects.scales import scale_of
from peer_evidence.errors import FewStudiesWarning, InputError
from peer_evidence.formatting import count, number, p_text
from peer_evidence.pooling import counts, laws
from peer_evidence.pooling.counts import Pooled, Tables
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.studies import read_labels, to_numbers
from peer_evidence.pooling.words import first_line
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

_ESTIMATORS: dict[str, Callable[[Tables], Pooled]] = {
    "OR": counts.odds_ratio,
    "RR": counts.risk_ratio,
    "RD": counts.risk_difference,
    "IRR": counts.rate_ratio,
    "PETO": counts.peto_odds_ratio,
}
_NAMES = {
    "OR": "log odds ratio",
    "RR": "log risk ratio",
    "RD": "risk difference",
    "IRR": "log incidence rate ratio",
    "PETO": "log odds ratio",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TablePool(Result):
    """A pooled effect of tables of counts; ratios on the log scale.

    ``q`` is Cochran's Q of the studies' own effects (1/2 added to tables with a zero, studies
    without any event left out of it) around the pooled one; ``i2`` in per cent. ``cmh`` tests that
    the ratio is 1; ``breslow_day`` and ``tarone`` that the odds ratio is the same in all studies;
    None where the measure has no such test. ``k_q`` counts the studies in ``q``.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    q: float
    q_df: float
    q_p_value: float
    i2: float
    h2: float
    cmh: float | None
    cmh_p_value: float | None
    breslow_day: float | None
    breslow_day_p_value: float | None
    tarone: float | None
    tarone_p_value: float | None
    homogeneity_df: float | None
    k: int
    k_q: int
    measure: str
    method: str
    level: float
    tables: Tables = field(repr=False)
    labels: tuple[str, ...] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row."""
        import pandas as pd

        names = [one.name for one in fields(self) if one.name not in ("tables", "labels")]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def study_table(self) -> pd.DataFrame:
        """Give one row a study: label, effect, variance (NaN without events), weight in %."""
        import pandas as pd

        effect, variance = counts.study_effects(self.tables, self.measure)
        weight = _weights(self.tables, self.measure)
        columns = {"label": list(self.labels), "effect": effect, "variance": variance}
        return pd.DataFrame(columns | {"weight": 100.0 * weight / weight.sum()})

    def caption(self) -> str:
        """Say on which scale the table is, where it is not that of the words."""
        return scale_of(self.measure).table

    def summary(self) -> str:
        """Say the pooled effect with its interval, then heterogeneity."""
        scale = scale_of(self.measure)
        text = (
            f"Pooled {scale.pooled} "
            f"{first_line(self, scale, count(self.k, 'study', 'studies'))}\n{self.method}."
        )
        if self.k < 5:
            text += f"\nOnly {count(self.k, 'study', 'studies')}: heterogeneity is hardly known."
        q = p_text(self.q_p_value)
        text += (
            f"\nHeterogeneity: Q = {number(self.q)} on {self.q_df:g} df, {q}; "
            f"I² = {number(self.i2, 1)}% of (Q - df) / Q."
        )
        if self.k_q < self.k:
            text += f" Without events, so not in Q: {self.k - self.k_q}."
        return text


def mantel_haenszel(
    data: pd.DataFrame,
    measure: str = "OR",
    *,
    correct: bool = True,
    level: float = 0.95,
    label: str = "label",
) -> TablePool:
    """Pool tables of counts by Mantel and Haenszel's weights, a common-effect method.

    Parameters
    ----------
    data : DataFrame
        Columns events_intervention, n_intervention, events_comparison, n_comparison; for IRR the
        person-time of the arms in time_intervention and time_comparison in place of n.
    measure : {"OR", "RR", "RD", "IRR"}
        Odds ratio, risk ratio, risk difference or incidence rate ratio. No count is changed, so
        zeros need no correction; ratios are on the log scale.
    correct : bool
        Continuity correction of the Cochran-Mantel-Haenszel test (OR and IRR), as in metafor.
    level : float
        Confidence level.
    label : str
        Column that names the studies; else study_id, outcome_id or the index is used.

    Returns
    -------
    TablePool
        The pooled effect, with Q and, for OR, the tests of Breslow and Day and of Tarone.

    Raises
    ------
    InputError
        A count that is missing, negative or above its total (the message names the rows), or tables
        that leave the ratio undefined (no events in one of the arms).

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {
    ...         "events_intervention": [4, 6, 3],
    ...         "n_intervention": [123, 306, 231],
    ...         "events_comparison": [11, 29, 11],
    ...         "n_comparison": [139, 303, 220],
    ...     }
    ... )
    >>> round(mantel_haenszel(data, "RR").estimate, 4)
    -1.3509
    """
    check_choice("measure", measure, ("OR", "RR", "RD", "IRR"))
    return _pool(data, measure, "Mantel-Haenszel", correct, level, label)


def peto(data: pd.DataFrame, *, level: float = 0.95, label: str = "label") -> TablePool:
    """Pool odds ratios by Peto's one-step method: for rare events and arms of like size.

    Parameters
    ----------
    data : DataFrame
        Columns events_intervention, n_intervention, events_comparison, n_comparison.
    level : float
        Confidence level.
    label : str
        Column that names the studies.

    Returns
    -------
    TablePool
        The pooled log odds ratio (Yusuf and others 1985, doi 10.1016/s0033-0620(85)80003-7).

    Raises
    ------
    InputError
        As :func:`mantel_haenszel`.
    """
    return _pool(data, "PETO", "Peto", correct=False, level=level, label=label)


def _pool(
    data: pd.DataFrame, measure: str, name: str, correct: bool, level: float, label: str
) -> TablePool:
    check_level(level)
    tables = read_tables(data, measure)
    if len(tables.a) == 1:
        warnings.warn(
            "one study: the result is that study; heterogeneity cannot be estimated",
            FewStudiesWarning,
            stacklevel=3,
        )
    labels = tuple(read_labels(data, label))
    return pool_tables(tables, labels, measure, f"{name}, a common-effect method", correct, level)


def pool_tables(
    tables: Tables,
    labels: tuple[str, ...],
    measure: str,
    method: str,
    correct: bool,
    level: float,
) -> TablePool:
    """Pool tables that have been read already."""
    pooled = _ESTIMATORS[measure](tables)
    if np.isnan(pooled.estimate) or pooled.se == 0:
        raise InputError(
            f"data: the tables leave the {_NAMES[measure]} undefined, "
            "there are no events (or nothing but events) in one of the arms"
        )
    effect, variance = counts.study_effects(tables, measure)
    q, q_df = counts.cochran_q(effect, variance, pooled.estimate)
    half = float(laws.critical(level)) * pooled.se
    statistic = pooled.estimate / pooled.se
    spare = q_df > 0
    return TablePool(
        estimate=pooled.estimate,
        se=pooled.se,
        ci_low=pooled.estimate - half,
        ci_high=pooled.estimate + half,
        statistic=statistic,
        p_value=float(laws.two_sided_p(statistic)),
        q=q,
        q_df=q_df,
        q_p_value=float(laws.chi2_tail(q, q_df)),
        i2=(100.0 * max(0.0, (q - q_df) / q) if q > 0 else 0.0) if spare else float("nan"),
        h2=q / q_df if spare else float("nan"),
        **_tests(tables, measure, pooled.estimate, correct),
        k=len(labels),
        k_q=int((~np.isnan(effect)).sum()),
        measure=measure,
        method=method,
        level=float(level),
        tables=tables,
        labels=labels,
    )


def _tests(tables: Tables, measure: str, estimate: float, correct: bool) -> dict[str, float | None]:
    """Give the tests that belong to a measure, None for those that do not."""
    names = ("cmh", "breslow_day", "tarone")
    found: dict[str, float | None] = dict.fromkeys(
        [*names, *(f"{name}_p_value" for name in names), "homogeneity_df"]
    )
    if measure == "OR":
        test = counts.odds_ratio_tests(tables, estimate, correct)
        found |= {"cmh": test.cmh, "cmh_p_value": test.cmh_p_value, "homogeneity_df": test.df}
        found |= {"breslow_day": test.breslow_day, "tarone": test.tarone}
        found["breslow_day_p_value"] = float(laws.chi2_tail(test.breslow_day, test.df))
        found["tarone_p_value"] = float(laws.chi2_tail(test.tarone, test.df))
    elif measure == "IRR":
        found["cmh"], found["cmh_p_value"] = counts.rate_ratio_test(tables, correct)
    return found


def _weights(t: Tables, measure: str) -> Floats:
    """Give the weight of each study in the pooled effect."""
    if measure == "PETO":
        return counts.hypergeometric(t)[1]
    if measure == "RD":
        return np.asarray(t.n1 * t.n2 / (t.n1 + t.n2))
    if measure == "OR":
        return np.asarray((t.n1 - t.a) * t.c / (t.n1 + t.n2))
    return np.asarray(t.c * t.n1 / (t.n1 + t.n2))


def read_tables(data: pd.DataFrame, measure: str) -> Tables:
    """Read and check the counts."""
    size = "time" if measure == "IRR" else "n"
    names = [
        "events_intervention",
        f"{size}_intervention",
        "events_comparison",
        f"{size}_comparison",
    ]
    check_columns(data.columns, names, "data")
    if not len(data):
        raise InputError("data: there is no study to pool")
    tables = Tables(*(to_numbers(data, name) for name in names))
    index = data.index.tolist()
    for name, values, total in (
        (names[0], tables.a, tables.n1),
        (names[2], tables.c, tables.n2),
    ):
        _refuse(~(np.isfinite(values) & (values >= 0)), name, "a count of at least 0", index)
        where = name.replace("events", size)
        _refuse(~(np.isfinite(total) & (total > 0)), where, "a number above 0", index)
        if size == "n":
            _refuse(values > total, name, f"a count of at most {where}", index)
    return tables


def _refuse(bad: np.typing.NDArray[np.bool_], name: str, allowed: str, index: list[object]) -> None:
    if bad.any():
        rows = ", ".join(f"row {index[i]}" for i in np.flatnonzero(bad)[:5])
        raise InputError(f"{name}: {rows} cannot be used, allowed is {allowed}")
