"""The analyses of a Cochrane review, whichever file they came from, and the tables of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

ARMS = ("events_intervention", "n_intervention", "events_comparison", "n_comparison")
MEANS = ("mean_intervention", "sd_intervention", "mean_comparison", "sd_comparison")
GIVEN = ("estimate", "se", "o_e", "variance")
NUMBERS = (*ARMS, *MEANS, *GIVEN)
CARRIED = ("estimate", "ci_low", "ci_high", "se", "tau2", "q", "q_df", "q_p_value", "i2", "z")
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study in an analysis.

    Attributes
    ----------
    study, subgroup : str
        The study's id in the file, and the number of its subgroup, empty without one.
    numbers : mapping of str to float
        What was entered, by the names in ``NUMBERS``; events are those that were analysed.
    carried : mapping of str to str
        What the file says was computed, as it is written.
    estimable : bool or None
        Whether the file says that the study has an effect; None where it does not say.
    place : str
        Where in the file.
    text : str
        What the file says of it in words, where the outcome has no numbers.
    """

    study: str
    subgroup: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    carried: Mapping[str, str] = field(default_factory=dict)
    estimable: bool | None = None
    place: str = ""
    text: str = ""

    def number(self, name: str) -> float:
        """Give a number that was entered, NaN without it."""
        return self.numbers.get(name, _NAN)


@dataclass(frozen=True, slots=True)
class PooledRow:
    """A pooled result of an analysis: of a subgroup, or of all (``subgroup`` empty)."""

    subgroup: str
    name: str
    carried: Mapping[str, str] = field(default_factory=dict)
    estimable: bool | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """An analysis: an outcome of a comparison, with its settings, studies and pooled results.

    Attributes
    ----------
    id, comparison, outcome : str
        Such as ``1.2``, and the names.
    kind : {"dichotomous", "continuous", "generic", "o_e", "other"}
        What was entered for each study.
    measure, measure_name : str
        Code (OR, RR, RD, PETO, MD, SMD, HR; empty where it is another), and as the file has it.
    ratio : bool
        Whether the file shows effects as ratios, which are pooled as logarithms.
    method, model : str
        MH, IV or PETO; fixed or random; empty where the file does not say.
    estimator, interval : str
        Of a random-effects analysis: DL or REML; wald or hksj.
    swapped : bool
        Whether events and non-events are swapped in the analysis.
    totals : {"yes", "subgroups", "no"}
        Which pooled results the file shows.
    level, level_total : float
        Confidence of the intervals of studies and of pooled results.
    group_1, group_2, left, right : str
        Names of the arms, and the words under both sides of the plot.
    rows : tuple of StudyRow
        One for each study and subgroup.
    pools : tuple of PooledRow
        One for each subgroup, and one for all, as far as the file shows them.
    subgroups : mapping of str to str
        The names of the subgroups by their number.
    place : str
        Where in the file.
    units : str
        Of the effect measure, as the file has them.
    """

    id: str
    comparison: str
    outcome: str
    kind: str
    measure: str = ""
    measure_name: str = ""
    ratio: bool = False
    method: str = ""
    model: str = ""
    estimator: str = "DL"
    interval: str = "wald"
    swapped: bool = False
    totals: str = "yes"
    level: float = 0.95
    level_total: float = 0.95
    group_1: str = ""
    group_2: str = ""
    left: str = ""
    right: str = ""
    rows: tuple[StudyRow, ...] = ()
    pools: tuple[PooledRow, ...] = ()
    subgroups: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    units: str = ""

    @property
    def total(self) -> PooledRow | None:
        """The pooled result of all studies, where there is one."""
        return next((one for one in self.pools if not one.subgroup), None)

    def subgroup_name(self, subgroup: str) -> str:
        """Give the name of a subgroup by its number."""
        return self.subgroups.get(subgroup, "") or subgroup


def to_float(text: str) -> float:
    """Give a number that a file carries, NaN where it is none or not finite.

    Examples
    --------
    >>> to_float("0.25"), to_float("-Infinity"), to_float("")
    (0.25, nan, nan)
    """
    try:
        value = float(text)
    except ValueError:
        return _NAN
    return value if np.isfinite(value) else _NAN


@dataclass(frozen=True, slots=True)
class Named:
    """How a study of the file is called in the tables: its key, label and year."""

    study_id: str
    label: str
    year: str


def effects_frame(analyses: Sequence[Analysis], studies: Mapping[str, Named]) -> pd.DataFrame:
    """Give one row a study and analysis, with the columns that the other verbs read."""
    rows = []
    for one in analyses:
        for row in one.rows:
            who = studies[row.study]
            held: dict[str, Any] = {
                "analysis": one.id,
                "comparison": one.comparison,
                "outcome": one.outcome,
                "subgroup": one.subgroup_name(row.subgroup) if row.subgroup else "",
                "study_id": who.study_id,
                "label": who.label,
                "year": to_float(who.year),
                "measure": one.measure,
                "method": one.method,
                "model": one.model,
                "swapped": "yes" if one.swapped else "no",
            }
            held |= {name: row.number(name) for name in (*ARMS, *MEANS)}
            effect, variance = _given(one, row)
            held |= {"effect": effect, "variance": variance, "place": row.place}
            rows.append(held)
    names = [
        *("analysis", "comparison", "outcome", "subgroup", "study_id", "label", "year"),
        *("measure", "method", "model", "swapped", *ARMS, *MEANS, "effect", "variance", "place"),
    ]
    return pd.DataFrame(rows, columns=names)


def _given(one: Analysis, row: StudyRow) -> tuple[float, float]:
    """Give the effect and variance of a study where the file holds them, not counts or means."""
    if one.kind == "generic":
        se = row.number("se")
        return row.number("estimate"), se * se if se > 0 else _NAN
    if one.kind == "o_e":
        v = row.number("variance")
        return (row.number("o_e") / v, 1.0 / v) if v > 0 else (_NAN, _NAN)
    return _NAN, _NAN


def analyses_frame(analyses: Sequence[Analysis]) -> pd.DataFrame:
    """Give one row an analysis: its settings, and the pooled result that the file carries."""
    rows = []
    for one in analyses:
        total = one.total
        carried = total.carried if total is not None and total.estimable is not False else {}
        held: dict[str, Any] = {
            "analysis": one.id,
            "comparison": one.comparison,
            "outcome": one.outcome,
            "kind": one.kind,
            "measure": one.measure,
            "measure_name": one.measure_name,
            "method": one.method,
            "model": one.model,
            "estimator": one.estimator if one.model == "random" else "",
            "totals": one.totals,
            "swapped": "yes" if one.swapped else "no",
            "group_1": one.group_1,
            "group_2": one.group_2,
            "left": one.left,
            "right": one.right,
            "subgroups": len(one.subgroups),
            "k": len(one.rows),
        }
        held |= {name: to_float(carried.get(name, "")) for name in CARRIED if name != "se"}
        rows.append(held)
    names = [
        *("analysis", "comparison", "outcome", "kind", "measure", "measure_name", "method"),
        *("model", "estimator", "totals", "swapped", "group_1", "group_2", "left", "right"),
        *("subgroups", "k"),
        *(name for name in CARRIED if name != "se"),
    ]
    return pd.DataFrame(rows, columns=names)
