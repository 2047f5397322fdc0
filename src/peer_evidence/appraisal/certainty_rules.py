"""What numbers suggest for each domain of GRADE: numbers in, a suggestion with its reason out.

A suggestion is no judgement. ``levels`` is None where nothing can be computed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from peer_evidence.appraisal.suggestion import (
    MISSING,
    PERSON,
    START_HIGH,
    START_LOW,
    UNRAISED,
    UNTESTED,
    UNUSED,
    Rules,
    Suggestion,
    down,
    nothing,
)
from peer_evidence.formatting import count, interval, number, p_brief, per_cent

HIGH = frozenset({"high", "very_high", "serious", "critical"})
MIDDLE = frozenset({"some_concerns", "unclear", "moderate"})
LOW = frozenset({"low"})
RANDOMISED = frozenset({"randomised_trial", "cluster_randomised_trial"})


def start(designs: Sequence[str | None], *, robins_i: bool = False) -> Suggestion:
    """Suggest the level to start from: randomised 4, others 2, or 4 where ROBINS-I judges them.

    Parameters
    ----------
    designs : sequence of str or None
        The design of each study, in the words of the records; None where not known.
    robins_i : bool
        Whether every study that is not randomised was judged by ROBINS-I.

    References
    ----------
    Schünemann and others 2019, J Clin Epidemiol 111:105, doi 10.1016/j.jclinepi.2018.01.012.

    Examples
    --------
    >>> start(["randomised_trial", "cohort"]).rationale
    '1 of 2 studies randomised, the others: 1 cohort'
    """
    k = len(designs)
    unknown = sum(design is None for design in designs)
    if unknown:
        text = f"design not known for {unknown} of {count(k, 'study', 'studies')}"
        return nothing(MISSING, text, "the design of every study")
    randomised = sum(design in RANDOMISED for design in designs)
    if randomised == k:
        text = "randomised" if k == 1 else f"all {k} studies randomised"
        return Suggestion(4, START_HIGH, text, "a study that is not randomised")
    others = Counter(str(design) for design in designs if design not in RANDOMISED)
    named = ", ".join(f"{n} {design.replace('_', ' ')}" for design, n in others.items())
    if randomised:
        text = f"{randomised} of {k} studies randomised, the others: {named}"
        if not robins_i:
            return nothing(PERSON, text, "rating randomised and other studies apart")
        return Suggestion(
            4, START_HIGH, f"{text}, judged by ROBINS-I", "another tool than ROBINS-I"
        )
    if robins_i:
        return Suggestion(
            4,
            START_HIGH,
            f"not randomised ({named}), judged by ROBINS-I",
            "another tool than ROBINS-I",
        )
    return Suggestion(
        2, START_LOW, f"not randomised ({named}), not judged by ROBINS-I", "judgements by ROBINS-I"
    )


def risk_of_bias(
    judgements: Sequence[str | None], weights: npt.ArrayLike, rules: Rules
) -> Suggestion:
    """Suggest from the share of weight at high risk of bias.

    A study without a judgement is never counted as one at low risk: a downgrade is suggested
    only where the studies judged suffice for it, and none only where all are judged.

    Parameters
    ----------
    judgements : sequence of str or None
        The overall judgement of each study, None where there is none.
    weights : array_like
        Weights of the studies in the pool, in per cent or as shares.
    rules : Rules
        ``high_risk_share`` and ``low_risk_share``.

    References
    ----------
    Cochrane Handbook 5.1, Table 12.2.d.

    Examples
    --------
    >>> print(risk_of_bias(["high", "low"], [80, 20], Rules()).words)
    downgrade 1
    >>> print(risk_of_bias(["some_concerns", None], [80, 20], Rules()).rationale)
    no overall judgement for 1 of 2 studies (20% of the weight); of the weight, by judgements
    recorded by study, 0% high, 80% some concerns or unclear, 0% low
    """
    share = np.asarray(weights, dtype=float)
    share = share / share.sum()
    k = len(judgements)

    def of(words: frozenset[str]) -> float:
        return float(sum(w for j, w in zip(judgements, share, strict=True) if j in words))

    high, middle, low = of(HIGH), of(MIDDLE), of(LOW)
    judged = [j in HIGH | MIDDLE | LOW for j in judgements]
    parts = f"{per_cent(high)} high, {per_cent(middle)} some concerns or unclear, {per_cent(low)}"
    text = f"of the weight, by judgements recorded by study, {parts} low"
    missing = k - sum(judged)
    if missing:
        gone = per_cent(1 - high - middle - low)
        text = (
            f"no overall judgement for {missing} of {count(k, 'study', 'studies')} "
            f"({gone} of the weight); {text}"
        )
    if high >= rules.high_risk_share:
        after = "2 levels where the limitations are crucial; none where leaving these studies out"
        return down(1, text, f"{after} changes nothing")
    if missing:
        return nothing(MISSING, text, "the missing judgements")
    if low >= rules.low_risk_share:
        return down(0, text, f"{per_cent(rules.high_risk_share)} of the weight at high risk")
    after = "whether the concerns are likely to lower confidence: 0 or 1 level"
    return nothing(PERSON, text, after)


def inconsistency(
    *,
    k: int,
    i2: float,
    i2_interval: tuple[float, float],
    ci: tuple[float, float],
    pi: tuple[float, float],
    limits: Sequence[float],
    rules: Rules,
    null: float = 0.0,
) -> Suggestion:
    """Suggest from I² and from the zones that the prediction interval reaches.

    Parameters
    ----------
    k : int
        Studies.
    i2, i2_interval : float and (float, float)
        In per cent.
    ci, pi : (float, float)
        Confidence and prediction interval on one scale.
    limits : sequence of float
        The null, or the decision thresholds, on that scale.
    rules : Rules
        ``minimum_studies``, ``i2_serious``, ``i2_very_serious``.
    null : float
        No effect on that scale.

    References
    ----------
    Cochrane Handbook, section 10.10.2; Guyatt and others 2011, GRADE guidelines 7, J Clin Epidemiol
    64:1294, doi 10.1016/j.jclinepi.2011.03.017.
    """
    if k == 1:
        return nothing(UNUSED, "one study: nothing can disagree", "a second study")
    text = f"I² {number(i2, 0)}%"
    if not math.isnan(i2_interval[0]):
        text += f" ({interval(*i2_interval, 0)}%)"
    known = not math.isnan(pi[0])
    inside, outside = crossed(ci, limits), crossed(pi, limits)
    if known:
        where = _crosses(outside, limits, null)
        text += f"; prediction interval {interval(*pi)} {where}"
    else:
        text += "; no prediction interval under this model"
    if k < rules.minimum_studies:
        text = f"{k} studies are too few to tell (fewer than {rules.minimum_studies}); {text}"
        return nothing(MISSING, text, "more studies; a person may compare their intervals")
    spread = known and len(outside) > len(inside)
    if i2 >= rules.i2_very_serious and known and len(outside) > 1:
        return down(2, text, "subgroups that explain the differences")
    if i2 >= rules.i2_serious and (spread or not known):
        return down(1, text, "subgroups that explain the differences")
    if i2 >= rules.i2_serious or spread:
        return nothing(PERSON, text, "whether the differences matter to a decision: 0 or 1 level")
    return down(0, text, f"I² of {rules.i2_serious:g}% or a wider prediction interval")


def imprecision(
    *,
    ci: tuple[float, float],
    limits: Sequence[float],
    people: float,
    needed: float,
    why_not_needed: str = "no important difference given",
    cautious: tuple[float, float] | None = None,
    null: float = 0.0,
) -> Suggestion:
    """Suggest from the interval and the optimal information size.

    Parameters
    ----------
    ci : (float, float)
        Confidence interval on one scale.
    limits : sequence of float
        The null, or the decision thresholds, on that scale.
    people, needed : float
        Participants, and the optimal information size; NaN where not known.
    why_not_needed : str
        Why the size is not known.
    cautious : (float, float), optional
        A wider interval for few studies, whose verdict is added where it differs.
    null : float
        No effect on that scale.

    References
    ----------
    Guyatt and others 2011, J Clin Epidemiol 64:1283, doi 10.1016/j.jclinepi.2011.01.012, for
    systematic reviews. When more than one level is due: GRADE guidance 34, 2022, doi
    10.1016/j.jclinepi.2022.07.014, which a person must weigh.

    Examples
    --------
    >>> imprecision(ci=(0.1, 0.6), limits=(0.0,), people=300, needed=785).words
    'downgrade 1'
    """
    over = crossed(ci, limits)
    text = f"interval {interval(*ci)} {_crosses(over, limits, null)}"
    wider = [] if cautious is None else crossed(cautious, limits)
    if cautious is not None and len(wider) > len(over):
        where = _crosses(wider, limits, null)
        text += f"; the ad hoc Hartung-Knapp interval {interval(*cautious)} {where}"
    met = None if math.isnan(people) or math.isnan(needed) else people >= needed
    if met is None:
        why = why_not_needed if math.isnan(needed) else "participants not known for every study"
        text += f"; optimal information size not compared: {why}"
    else:
        sign = "reach" if met else "fall short of"
        text += f"; {people:.0f} participants {sign} the optimal information size, {needed:.0f}"
    if over:
        more = "; more levels where it crosses by far or the participants are very few"
        after = f"an interval on one side of {_limits(over, null)}{more}"
        return down(min(len(over), 2), text, after)
    if met is None:
        return nothing(MISSING, text, "an important difference, or the missing participants")
    if not met:
        after = "more levels where they are very few"
        return down(1, text, f"{needed - people:.0f} more participants; {after}")
    if wider:
        return nothing(PERSON, text, "whether the interval can be trusted with so few studies")
    return down(0, text, f"an interval that crosses {_limits(limits, null, ' or ')}")


def small_study_effects(
    k: int, p: float | None, rules: Rules, test: str = "the test"
) -> Suggestion:
    """Suggest from a test of small-study effects that was made elsewhere.

    References
    ----------
    Sterne and others 2011, BMJ 343:d4002, doi 10.1136/bmj.d4002.

    Examples
    --------
    >>> small_study_effects(4, None, Rules()).rationale
    'cannot be tested with 4 studies, 10 are needed'
    """
    studies = count(k, "study", "studies")
    also = "unpublished studies, registers, funding by those who gain"
    if k < rules.small_study_minimum:
        text = f"cannot be tested with {studies}, {rules.small_study_minimum} are needed"
        return nothing(UNTESTED, text, f"more studies; {also}")
    if p is None or math.isnan(p):
        return nothing(MISSING, f"{studies}, and no test given", f"a test; {also}")
    text = f"{test} {p_brief(p)} with {studies}"
    if p < rules.small_study_p:
        return down(1, text, f"another cause of the asymmetry than reporting; {also}")
    return down(0, text, f"p below {rules.small_study_p:g}; {also}")


def indirectness() -> Suggestion:
    """Leave indirectness to a person: no number tells it."""
    return nothing(
        PERSON,
        "never computed: whether people, intervention, comparison and outcomes are those asked for",
        "the question of the review",
    )


def large_effect(
    *,
    risk_ratio: float,
    ci: tuple[float, float],
    start_level: int | None,
    downgraded: bool,
    rules: Rules,
    why_unknown: str = "no risk ratio",
) -> Suggestion:
    """Suggest an upgrade for a large effect of studies that are not randomised.

    Parameters
    ----------
    risk_ratio, ci : float and (float, float)
        As a ratio, not its log; NaN where not known.
    start_level : int or None
        Where the rating starts; upgrades are for those that start at 2.
    downgraded : bool
        Whether any domain suggests a downgrade, which rules an upgrade out.
    rules : Rules
        ``large``, ``very_large``.
    why_unknown : str
        Why there is no risk ratio.

    References
    ----------
    Guyatt and others 2011, J Clin Epidemiol 64:1311, doi 10.1016/j.jclinepi.2011.06.004.
    """
    if start_level != 2:
        return nothing(UNUSED, "for studies that are not randomised and start at low", "the start")
    if math.isnan(risk_ratio):
        return nothing(MISSING, why_unknown, "a risk ratio, or a baseline risk")
    size = max(risk_ratio, 1 / risk_ratio)
    text = f"risk ratio {number(risk_ratio)} ({interval(*ci)})"
    if size <= rules.large:
        after = f"a risk ratio above {rules.large:g} or below {number(1 / rules.large)}"
        return Suggestion(0, UNRAISED, text, after)
    if downgraded:
        return Suggestion(0, UNRAISED, f"{text}; but a domain is downgraded", "no downgrade")
    levels = 2 if size > rules.very_large else 1
    after = "a downgrade; confounding that could explain it"
    return Suggestion(levels, f"upgrade {levels}", text, after)


def left_to_a_person(what: str, start_level: int | None) -> Suggestion:
    """Leave an upgrade to a person, for studies that start at low."""
    if start_level != 2:
        return nothing(UNUSED, "for studies that are not randomised and start at low", "the start")
    return nothing(PERSON, f"never computed: {what}", "what the studies report")


def crossed(ends: tuple[float, float], limits: Sequence[float]) -> list[float]:
    """Give the limits strictly inside an interval.

    Examples
    --------
    >>> crossed((-0.1, 0.3), (-0.2, 0.2))
    [0.2]
    """
    low, high = ends
    return [limit for limit in limits if low < limit < high]


def _crosses(over: Sequence[float], limits: Sequence[float], null: float) -> str:
    if over:
        return f"crosses {_limits(over, null)}"
    return f"does not cross {_limits(limits, null, ' or ')}"


def _limits(values: Sequence[float], null: float, between: str = " and ") -> str:
    if list(values) == [null]:
        return "the line of no effect"
    return between.join(number(value) for value in values)
