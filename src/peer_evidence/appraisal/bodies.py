"""From meta-analyses to bodies of evidence: which studies, how many people, which measure."""

from __future__ import annotations

import warnings
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from peer_evidence.checks import check_choice, check_columns, nearest
from peer_evidence.effects import measures as effect_measures
from peer_evidence.effects.absolute import risk_from_ratio
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, short_label
from peer_evidence.pooling.model import MetaAnalysis, pool_studies
from peer_evidence.pooling.pools import Pools
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.studies import read_labels, to_numbers

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.records.evidence import Evidence

MEASURES = ("SMD", "MD", "OR", "RR", "RD", "HR")
RATIOS = ("OR", "RR", "HR")
LOG_SCALE = frozenset(code for code, one in effect_measures.MEASURES.items() if one.scale == "log")
BETTER = ("lower", "higher")
PEOPLE = ("n_intervention", "n_comparison")
EVENTS = "events_comparison"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One pooled outcome and what is known of its studies, all in the order of the analysis.

    Attributes
    ----------
    name, domain, intervention : str
        The outcome as readers see it; its domain in the records, empty when not known; what the
        intervention is called.
    analysis : MetaAnalysis
        The pool.
    measure : str
        One of ``MEASURES`` or another code of :func:`effect_sizes`, empty when not known.
    aligned : bool
        Whether positive favours the intervention; else it is more in the intervention.
    better_is : str
        Whether fewer ("lower") or more ("higher") events, or score, are better; empty when not
        known, "mixed" where the results differ.
    study_ids : tuple of (str or None)
        The studies in the records.
    people : array (k,)
        Participants in the result of each study; NaN where not known.
    comparison_risks : array (k,)
        Risk in each comparison arm; NaN where not known.
    """

    name: str
    domain: str
    intervention: str
    analysis: MetaAnalysis
    measure: str
    aligned: bool
    better_is: str
    study_ids: tuple[str | None, ...]
    people: Floats
    comparison_risks: Floats

    @property
    def ci(self) -> tuple[float, float]:
        """The confidence interval."""
        return self.analysis.ci_low, self.analysis.ci_high

    @property
    def total(self) -> float:
        """All participants; NaN unless every study's are known."""
        return float(self.people.sum())

    def participants(self) -> str:
        """Say how many participants, and for how many studies that is known."""
        known = ~np.isnan(self.people)
        if not known.any():
            return "not known"
        text = f"{self.people[known].sum():.0f}"
        return text if known.all() else f"{text} in {known.sum()} of {len(known)} studies"

    def event_sign(self) -> float:
        """Give the factor that turns the effect into more events in the intervention; 0 unknown."""
        if not self.aligned:
            return 1.0
        return {"higher": 1.0, "lower": -1.0}.get(self.better_is, 0.0)

    def event_effect(self) -> tuple[float, float, float] | None:
        """Give estimate and interval with positive as more events in the intervention."""
        sign = self.event_sign()
        if sign == 0:
            return None
        low, high = sorted((sign * self.ci[0], sign * self.ci[1]))
        return sign * self.analysis.estimate + 0.0, low, high

    def cautious(self) -> tuple[float, float] | None:
        """Give the ad hoc Hartung-Knapp interval beside a Wald one of several studies."""
        m = self.analysis
        if m.k < 2 or m.ci != "wald" or m.method == "FE" or m.studies.weights is not None:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the analysis itself has warned
            wider = pool_studies(m.studies, None, None, m.method, "hksj-adhoc", m.level)
        return wider.ci_low, wider.ci_high

    def risk_ratio(self, risk: float) -> tuple[float, float, float]:
        """Give the ratio of risks of the event with its interval; NaN where it is not known."""
        found = self.event_effect()
        gone = (float("nan"),) * 3
        if found is None or self.measure not in RATIOS:
            return gone
        ratios = np.exp(found)
        if self.measure != "RR":
            if np.isnan(risk) or risk == 0:
                return gone
            ratios = risk_from_ratio(ratio=ratios, baseline_risk=risk, measure=self.measure) / risk
        return float(ratios[0]), float(ratios[1]), float(ratios[2])


def read_bodies(
    results: Any,
    *,
    ev: Evidence | None = None,
    data: Any = None,
    measure: Any = None,
    better_is: Any = None,
    aligned: bool = False,
    intervention: str | None = None,
) -> list[Body]:
    """Read what was pooled; see :func:`peer_evidence.certainty_table` for the arguments."""
    if isinstance(results, Pools):
        _refuse_known(data=data, measure=measure, aligned=aligned or None)
        return _of_pools(results, better_is, intervention)
    if isinstance(results, MetaAnalysis):
        results = {"pooled effect": results}
        data = None if data is None else {"pooled effect": data}
    if not isinstance(results, Mapping):
        raise InputError(
            f"results: found {type(results).__name__}, allowed is a MetaAnalysis, Pools, or a "
            "mapping of names to MetaAnalysis"
        )
    for name, one in results.items():
        if not isinstance(one, MetaAnalysis):
            raise InputError(f"results: {name!r} is {type(one).__name__}, not a MetaAnalysis")
    names = [str(name) for name in results]
    tables = _by_name("data", data, names, _table)
    measures = _by_name("measure", measure, names, lambda v: check_choice("measure", v, MEASURES))
    better = _by_name("better_is", better_is, names, _better)
    default = "the intervention" if ev is None else ev.package["intervention"]
    known = _label_index(ev)
    return [
        _body(
            str(name),
            one,
            tables[str(name)],
            measures[str(name)],
            better[str(name)] or "",
            aligned,
            intervention or default,
            known,
        )
        for name, one in results.items()
    ]


def check_name(argument: str, name: str, names: list[str]) -> None:
    """Raise InputError unless the name is that of an outcome."""
    if name in names:
        return
    close = nearest(name, names)
    hint = f"; did you mean {close!r}?" if close else ""
    raise InputError(f"{argument}: no outcome {name!r} (outcomes: {'; '.join(names)}){hint}")


def _by_name(
    argument: str, value: Any, names: list[str], check: Callable[[Any], T]
) -> dict[str, T | None]:
    """Give one value an outcome, from one for all or a mapping by name."""
    given = dict(value) if isinstance(value, Mapping) else dict.fromkeys(names, value)
    for name in given:
        check_name(argument, str(name), names)
    return {name: None if given.get(name) is None else check(given[name]) for name in names}


def numbers_by_name(
    argument: str, value: Any, names: list[str], low: float, high: float
) -> dict[str, float]:
    """Give one number an outcome, strictly between two limits; NaN where none is given."""

    def check(one: Any) -> float:
        plain = isinstance(one, (int, float, np.number)) and not isinstance(one, bool)
        if plain and low < float(one) < high:
            return float(one)
        top = "" if np.isinf(high) else f" and below {high:g}"
        raise InputError(f"{argument}: found {one!r}, allowed is a number above {low:g}{top}")

    found = _by_name(argument, value, names, check)
    return {name: float("nan") if one is None else one for name, one in found.items()}


def baseline(body: Body, given: float) -> tuple[float, str]:
    """Give the risk without the intervention, and where it is from; NaN where there is none.

    Where the comparison arms have a median at which a ratio says nothing, the risk is NaN and the
    text says so.
    """
    if not np.isnan(given):
        return given, "given"
    known = body.comparison_risks[~np.isnan(body.comparison_risks)]
    if body.measure not in (*RATIOS, "RD") or not known.size or body.better_is == "mixed":
        return float("nan"), ""
    arms = count(int(known.size), "comparison arm")
    risk = float(np.median(known))
    if not 0 < risk < 1:
        return float("nan"), f"the median risk of {arms} is {risk:g}"
    return risk, f"median of {arms} of {body.analysis.k}"


def _refuse_known(**given: Any) -> None:
    """Raise InputError for what Pools bring themselves."""
    for name, value in given.items():
        if value is not None:
            raise InputError(f"{name}: Pools know their own; leave it out")


def _table(value: Any) -> Any:
    if hasattr(value, "columns"):
        return value
    raise InputError(
        f"data: found {type(value).__name__}, allowed is the DataFrame that was pooled"
    )


def _better(value: Any) -> str:
    return check_choice("better_is", value, BETTER)


def _of_pools(results: Pools, better_is: Any, intervention: str | None) -> list[Body]:
    names = list(results.titles)
    given = _by_name("better_is", better_is, names, _better)
    found = []
    for key, title, analysis in zip(results.keys, names, results.analyses, strict=True):
        rows = results.studies(key)
        said = dict(zip(results.by, key, strict=True))
        found.append(
            Body(
                name=title,
                domain=said.get("domain", ""),
                intervention=intervention or results.intervention,
                analysis=analysis,
                measure=results.measure,
                aligned=True,
                better_is=given[title] or _shared(rows),
                study_ids=tuple(str(one) for one in rows["study_id"]),
                people=_people(rows),
                comparison_risks=_risks(rows),
            )
        )
    return found


def _body(
    name: str,
    analysis: MetaAnalysis,
    table: pd.DataFrame | None,
    measure: str | None,
    better_is: str,
    aligned: bool,
    intervention: str,
    known: dict[str, str],
) -> Body:
    """Put one meta-analysis together with the rows that it pooled."""
    if analysis.regression.design is not None:
        raise InputError(
            f"results: {name!r} has moderators, so it has no single pooled effect; pool without"
        )
    printed = analysis.studies.measure
    printed = "OR" if printed == "PETO" else printed  # a log odds ratio too
    printed = printed if printed in effect_measures.MEASURES else ""
    found = measure or printed
    if measure and printed and measure != printed:
        raise InputError(f"measure: found {measure!r}, but {name!r} pools {printed!r}")
    labels = analysis.studies.labels
    ids: tuple[str | None, ...] = tuple(known.get(label) for label in labels)
    people = risks = np.full(len(labels), np.nan)
    if table is not None:
        rows = _rows_of(table, name, labels)
        people, risks = _people(rows), _risks(rows)
        better_is = better_is or _shared(rows)
        if "study_id" in rows.columns:
            ids = tuple(known.get(str(one)) for one in rows["study_id"])
    return Body(name, "", intervention, analysis, found, aligned, better_is, ids, people, risks)


def _label_index(ev: Evidence | None) -> dict[str, str]:
    """Map every name that stands for one study alone to that study."""
    if ev is None:
        return {}
    index: dict[str, set[str]] = defaultdict(set)
    for study, label in zip(ev.studies["study_id"], ev.studies["label"], strict=True):
        for name in (study, label, short_label(label)):
            index[str(name)].add(str(study))
    return {name: one.copy().pop() for name, one in index.items() if len(one) == 1}


def _rows_of(table: pd.DataFrame, name: str, labels: tuple[str, ...]) -> pd.DataFrame:
    """Give the row of each pooled study, in the order of the analysis."""
    if "effect" in table.columns:
        table = table[table["effect"].notna()]
    places: dict[str, deque[int]] = defaultdict(deque)
    for place, label in enumerate(read_labels(table, "label")):
        places[label].append(place)
    order = []
    for label in labels:
        if not places[label]:
            raise InputError(f"data: the table for {name!r} has no row for the study {label!r}")
        order.append(places[label].popleft())
    return table.iloc[order]


def _people(rows: pd.DataFrame) -> Floats:
    if not set(PEOPLE) <= set(rows.columns):
        return np.full(len(rows), np.nan)
    return np.asarray(sum(to_numbers(rows, name) for name in PEOPLE), dtype=float)


def _risks(rows: pd.DataFrame) -> Floats:
    if EVENTS not in rows.columns:
        return np.full(len(rows), np.nan)
    check_columns(rows.columns, [PEOPLE[1]], "data")
    events, people = to_numbers(rows, EVENTS), to_numbers(rows, PEOPLE[1])
    risks = np.full(len(rows), np.nan)
    np.divide(events, people, out=risks, where=people > 0)
    return risks


def _shared(rows: pd.DataFrame) -> str:
    """Give the side that is better when all rows agree on it."""
    if "better_is" not in rows.columns:
        return ""
    sides = {"" if one != one else str(one) for one in rows["better_is"].tolist()}
    if len(sides) > 1:
        return "mixed"
    side = sides.pop() if sides else ""
    return side if side in BETTER else ""
