"""From a body of evidence and the records to the suggestion for every domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.appraisal import certainty_rules as grade
from peer_evidence.appraisal.bodies import LOG_SCALE, RATIOS, Body, baseline, check_name
from peer_evidence.appraisal.information_size import people_for_risks, people_for_smd
from peer_evidence.appraisal.judgements import DOMAINS, DOWNGRADES
from peer_evidence.appraisal.suggestion import Rules, Suggestion
from peer_evidence.effects.absolute import risk_from_ratio
from peer_evidence.errors import InputError

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Appraised:
    """What the records say of each study: its design, its overall judgement, by which tools."""

    designs: dict[str, str]
    overall: dict[str, str]
    tools: dict[str, set[str]]

    @classmethod
    def of(cls, ev: Evidence) -> Appraised:
        """Read the records; of several overall judgements on a study the worst counts."""
        studies, rows = ev.studies, ev.risk_of_bias
        designs = dict(zip(studies["study_id"], studies["design"].astype("str"), strict=True))
        overall: dict[str, str] = {}
        tools: dict[str, set[str]] = {}
        for study, tool, domain, word in zip(
            rows["study_id"],
            rows["tool"].astype("str"),
            rows["domain"],
            rows["judgement"].astype("str"),
            strict=True,
        ):
            if domain.casefold() == "overall":
                overall[study] = max(overall.get(study, word), word, key=_badness)
                tools.setdefault(study, set()).add(tool)
        return cls(designs, overall, tools)

    def by_robins_i(self, body: Body) -> bool:
        """Tell whether ROBINS-I judged every study that is not randomised."""
        others = [
            one for one in body.study_ids if self.designs.get(str(one)) not in grade.RANDOMISED
        ]
        return bool(others) and all(
            any(tool.startswith("robins_i") for tool in self.tools.get(str(one), ()))
            for one in others
        )


def _badness(word: str) -> int:
    groups = (grade.LOW, grade.MIDDLE, grade.HIGH)
    return next((place for place, group in enumerate(groups) if word in group), -1)


def suggest(
    body: Body,
    trust: Appraised,
    given: dict[str, float],
    tests: dict[str, float | None],
    rules: Rules,
) -> dict[str, Suggestion]:
    """Compute every domain of one outcome, in the order of the worksheet."""
    m = body.analysis
    risk, _ = baseline(body, given["baseline_risk"])
    null, limits = _limits(body, given["threshold"])
    wider = body.cautious()

    def shown(ends: tuple[float, float]) -> tuple[float, float]:
        log = body.measure in LOG_SCALE
        return (float(np.exp(ends[0])), float(np.exp(ends[1]))) if log else ends

    designs = [trust.designs.get(str(one)) for one in body.study_ids]
    begin = grade.start(designs, robins_i=trust.by_robins_i(body))
    needed, why = _information_size(body, given, risk, rules)
    found = {
        "start": begin,
        "risk_of_bias": grade.risk_of_bias(
            [trust.overall.get(str(one)) for one in body.study_ids], m.weights, rules
        ),
        "inconsistency": grade.inconsistency(
            k=m.k,
            i2=m.i2_q if np.isnan(m.i2_ci_low) else m.i2,
            i2_interval=(m.i2_ci_low, m.i2_ci_high),
            ci=shown(body.ci),
            pi=shown((m.pi_low, m.pi_high)),
            limits=limits,
            rules=rules,
            null=null,
        ),
        "indirectness": grade.indirectness(),
        "imprecision": grade.imprecision(
            ci=shown(body.ci),
            limits=limits,
            people=body.total,
            needed=needed,
            why_not_needed=why,
            cautious=None if wider is None else shown(wider),
            null=null,
        ),
        "publication_bias": grade.small_study_effects(
            m.k, tests[body.name], rules, "test of small-study effects,"
        ),
    }
    ratio, low, high = body.risk_ratio(risk)
    found["large_effect"] = grade.large_effect(
        risk_ratio=ratio,
        ci=(low, high),
        start_level=begin.levels,
        downgraded=any((found[name].levels or 0) < 0 for name in DOWNGRADES),
        rules=rules,
        why_unknown=f"no risk ratio from {body.measure or 'a measure that is not known'}",
    )
    found["dose_response"] = grade.left_to_a_person("a gradient of the dose", begin.levels)
    found["opposing_confounding"] = grade.left_to_a_person(
        "confounding that would lessen the effect", begin.levels
    )
    return {name: found[name] for name in ("start", *DOMAINS)}


def _limits(body: Body, threshold: float) -> tuple[float, tuple[float, ...]]:
    """Give no effect, and the decision thresholds or that, as readers see them."""
    ratio = body.measure in LOG_SCALE
    null = 1.0 if ratio else 0.0
    if np.isnan(threshold):
        return null, (null,)
    if not ratio:
        return null, (-threshold, threshold)
    if threshold == 1:
        raise InputError(
            f"threshold: found 1 for {body.name!r}, allowed is a ratio other than no effect"
        )
    low, high = sorted((threshold, 1 / threshold))
    return null, (low, high)


def _information_size(
    body: Body, given: dict[str, float], risk: float, rules: Rules
) -> tuple[float, str]:
    """Give the optimal information size of an outcome, or NaN and why there is none."""
    important, none = given["important"], float("nan")
    if np.isnan(important):
        return none, "no important difference given"
    if not body.measure:
        return none, "the measure is not known"
    if body.measure in ("SMD", "MD"):
        sd = 1.0 if body.measure == "SMD" else given["sd"]
        if np.isnan(sd):
            return none, "no standard deviation given for a mean difference"
        return people_for_smd(important / sd, rules.alpha, rules.power), ""
    if body.measure not in (*RATIOS, "RD"):
        return none, f"none is known for {body.measure}"
    if np.isnan(risk):
        return none, "no baseline risk"
    if body.measure == "RD":
        others = [risk - important, risk + important]
    else:
        ratio = risk_from_ratio(ratio=important, baseline_risk=risk, measure=body.measure)
        others = [float(ratio)]
    sizes = [
        people_for_risks(risk, other, rules.alpha, rules.power)
        for other in others
        if 0 < other < 1 and other != risk
    ]
    if not sizes:
        return none, f"an important difference of {important:g} cannot hold at the baseline risk"
    return max(sizes), ""


def read_tests(small_study: Any, names: list[str]) -> dict[str, float | None]:
    """Read the p of each test of small-study effects."""
    given = small_study if isinstance(small_study, Mapping) else dict.fromkeys(names, small_study)
    found: dict[str, float | None] = dict.fromkeys(names)
    for name, one in given.items():
        check_name("small_study", str(name), names)
        if one is None:
            continue
        p: Any = getattr(one, "p_value", one)
        plain = isinstance(p, (int, float)) and not isinstance(p, bool)
        if not plain or p < 0 or p > 1:
            raise InputError(
                f"small_study: found {one!r} for {name!r}, allowed is a p value from 0 to 1 or a "
                "result that has one"
            )
        found[str(name)] = float(p)
    return found
