"""What numbers suggest for each domain of GRADE: numbers in, a suggestion with its reason out.

A suggestion is no judgement. ``levels`` is None where nothing can be computed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from peer_evidence.errors import InputError
from peer_evidence.formatting import count, interval, number, p_value, per_cent
from peer_evidence.pooling import laws

HIGH = frozenset({"high", "very_high", "serious", "critical"})
MIDDLE = frozenset({"some_concerns", "unclear", "moderate"})
LOW = frozenset({"low"})
RANDOMISED = frozenset({"randomised_trial", "cluster_randomised_trial"})

NOTHING = "no downgrade"
PERSON = "left to a person"
MISSING = "not assessed"
UNTESTED = "cannot be tested"
UNUSED = "does not apply"
UNRAISED = "no upgrade"


@dataclass(frozen=True, slots=True)
class Rules:
    """The limits behind the suggestions; GRADE sets few of them, so every one can be changed.

    Attributes
    ----------
    high_risk_share : float
        Share of the weight at high risk of bias from which a downgrade is suggested. GRADE asks
        whether it is enough to affect the result and gives no number; the default, a half, is
        this package's reading of "most of the information".
    low_risk_share : float
        Share of the weight at low risk from which none is suggested (Handbook, "most
        information is from results at low risk of bias").
    minimum_studies : int
        Studies below which inconsistency is not suggested from I² and a prediction interval.
    i2_serious, i2_very_serious : float
        Per cent, from the ranges of the Handbook (10.10.2): may be substantial from 50,
        considerable from 75.
    alpha, power : float
        Of the two-sided test behind the optimal information size.
    small_study_minimum : int
        Studies below which small-study effects are not tested (Handbook 13.3.5.4: 10).
    small_study_p : float
        p of such a test below which a downgrade is suggested.
    large, very_large : float
        Risk ratios, or one over them, of a large and a very large effect (Guyatt 2011, doi
        10.1016/j.jclinepi.2011.06.004).
    """

    high_risk_share: float = 0.5
    low_risk_share: float = 0.5
    minimum_studies: int = 5
    i2_serious: float = 50.0
    i2_very_serious: float = 75.0
    alpha: float = 0.05
    power: float = 0.8
    small_study_minimum: int = 10
    small_study_p: float = 0.1
    large: float = 2.0
    very_large: float = 5.0

    def __post_init__(self) -> None:
        shares = ("high_risk_share", "low_risk_share", "alpha", "power", "small_study_p")
        for one in fields(self):
            value = getattr(self, one.name)
            top, allowed = math.inf, "a number above 0"
            if one.name in shares:
                top, allowed = 1.0, "a number above 0, at most 1"
            plain = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not plain or not 0 < value <= top:
                raise InputError(f"{one.name}: found {value!r}, allowed is {allowed}")
        for name in ("alpha", "power"):
            if getattr(self, name) == 1:
                raise InputError(f"{name}: found 1, allowed is a number between 0 and 1")

    def sentence(self) -> str:
        """Say every limit in one line."""
        said = (f"{one.name} {getattr(self, one.name):g}" for one in fields(self))
        return f"Limits of the suggestions: {', '.join(said)}."


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the numbers suggest for one domain.

    Attributes
    ----------
    levels : int or None
        Levels down (negative) or up; for the start the level itself, 1 very low to 4 high. None:
        nothing is suggested.
    words : str
        The same in words, or why there is none.
    rationale, would_change : str
        The numbers behind it; what would change it.
    """

    levels: int | None
    words: str
    rationale: str
    would_change: str


def down(levels: int, rationale: str, would_change: str) -> Suggestion:
    """Suggest so many levels down."""
    words = f"downgrade {levels}" if levels else NOTHING
    return Suggestion(-levels, words, rationale, would_change)


def nothing(words: str, rationale: str, would_change: str) -> Suggestion:
    """Suggest nothing, and say why."""
    return Suggestion(None, words, rationale, would_change)


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
        return Suggestion(4, "high", text, "a study that is not randomised")
    others = Counter(str(design) for design in designs if design not in RANDOMISED)
    named = ", ".join(f"{n} {design.replace('_', ' ')}" for design, n in others.items())
    if randomised:
        text = f"{randomised} of {k} studies randomised, the others: {named}"
        if not robins_i:
            return nothing(PERSON, text, "rating randomised and other studies apart")
        return Suggestion(4, "high", f"{text}, judged by ROBINS-I", "another tool than ROBINS-I")
    if robins_i:
        return Suggestion(
            4, "high", f"not randomised ({named}), judged by ROBINS-I", "another tool than ROBINS-I"
        )
    return Suggestion(
        2, "low", f"not randomised ({named}), not judged by ROBINS-I", "judgements by ROBINS-I"
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
    Cochrane Handbook, section 14.2.2.

    Examples
    --------
    >>> print(risk_of_bias(["high", "low"], [80, 20], Rules()).words)
    downgrade 1
    >>> print(risk_of_bias(["some_concerns", None], [80, 20], Rules()).rationale)
    no judgements for 1 of 2 studies (20% of the weight); of the weight, by judgements recorded by
    study, 0% high, 80% some concerns or unclear, 0% low
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
            f"no judgements for {missing} of {count(k, 'study', 'studies')} "
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
) -> Suggestion:
    """Suggest from I² and from the zones that the prediction interval reaches.

    Parameters
    ----------
    k : int
        Studies.
    i2, i2_interval : float and (float, float)
        In per cent.
    ci, pi : (float, float)
        Confidence and prediction interval on the scale of the analysis.
    limits : sequence of float
        The null, or the decision thresholds, on that scale.
    rules : Rules
        ``minimum_studies``, ``i2_serious``, ``i2_very_serious``.

    References
    ----------
    Cochrane Handbook, sections 10.10.2 and 14.2.2.
    """
    if k == 1:
        return nothing(UNUSED, "one study: nothing can disagree", "a second study")
    text = f"I² {number(i2, 0)}%"
    if not math.isnan(i2_interval[0]):
        text += f" ({interval(*i2_interval, 0)}%)"
    known = not math.isnan(pi[0])
    inside, outside = crossed(ci, limits), crossed(pi, limits)
    if known:
        where = (
            f"crosses {_limits(limits)}" if outside else f"stays on one side of {_limits(limits)}"
        )
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
) -> Suggestion:
    """Suggest from the interval and the optimal information size.

    Parameters
    ----------
    ci : (float, float)
        Confidence interval on the scale of the analysis.
    limits : sequence of float
        The null, or the decision thresholds, on that scale.
    people, needed : float
        Participants, and the optimal information size; NaN where not known.
    why_not_needed : str
        Why the size is not known.
    cautious : (float, float), optional
        A wider interval for few studies, whose verdict is added where it differs.

    References
    ----------
    Guyatt and others 2011, J Clin Epidemiol 64:1283, doi 10.1016/j.jclinepi.2011.01.012; Cochrane
    Handbook, section 14.2.2.

    Examples
    --------
    >>> imprecision(ci=(0.1, 0.6), limits=(0.0,), people=300, needed=785).words
    'downgrade 1'
    """
    over = crossed(ci, limits)
    text = f"interval {interval(*ci)} {_crosses(over, limits)}"
    wider = [] if cautious is None else crossed(cautious, limits)
    if cautious is not None and len(wider) > len(over):
        text += (
            f"; the ad hoc Hartung-Knapp interval {interval(*cautious)} crosses {_limits(wider)}"
        )
    met = None if math.isnan(people) or math.isnan(needed) else people >= needed
    if met is None:
        why = why_not_needed if math.isnan(needed) else "participants not known for every study"
        text += f"; optimal information size not compared: {why}"
    else:
        sign = "reach" if met else "fall short of"
        text += f"; {people:.0f} participants {sign} the optimal information size, {needed:.0f}"
    if over:
        more = "" if len(over) > 1 else "; 2 levels where the interval is very wide"
        return down(min(len(over), 2), text, f"an interval on one side of {_limits(over)}{more}")
    if met is None:
        return nothing(MISSING, text, "an important difference, or the missing participants")
    if not met:
        return down(1, text, f"{needed - people:.0f} more participants")
    if wider:
        return nothing(PERSON, text, "whether the interval can be trusted with so few studies")
    return down(0, text, f"an interval that crosses {_limits(limits)}")


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
    text = f"{test} p {p_value(p)} with {studies}"
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


def people_for_smd(important: float, alpha: float, power: float) -> float:
    """Give the participants of both arms that one trial needs for a standardised difference.

    Two equal arms, normal law: 4 (z + z)² / d².

    References
    ----------
    Guyatt and others 2011, J Clin Epidemiol 64:1283, doi 10.1016/j.jclinepi.2011.01.012.

    Examples
    --------
    >>> people_for_smd(0.2, alpha=0.05, power=0.8)
    786.0
    """
    # both arms whole, as trials have them
    return 2.0 * math.ceil(2 * _z(alpha, power) ** 2 / important**2)


def people_for_risks(risk: float, other: float, alpha: float, power: float) -> float:
    """Give the participants of both arms that one trial needs to tell two risks apart.

    Two equal arms, variances of the risks not pooled:
    2 (z + z)² (p(1 - p) + q(1 - q)) / (p - q)².

    References
    ----------
    Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, ch. 4.

    Examples
    --------
    >>> people_for_risks(0.2, 0.15, alpha=0.05, power=0.8)
    1806.0
    """
    spread = risk * (1 - risk) + other * (1 - other)
    return 2.0 * math.ceil(_z(alpha, power) ** 2 * spread / (risk - other) ** 2)


def _z(alpha: float, power: float) -> float:
    """Add the quantiles of a two-sided test and of its power."""
    one = float(laws.critical(1 - alpha))
    # the level 2 power - 1 has the quantile of power at its end; below a half it is negative
    other = float(laws.critical(abs(2 * power - 1))) if power != 0.5 else 0.0
    return one + math.copysign(other, power - 0.5)


def _crosses(over: Sequence[float], limits: Sequence[float]) -> str:
    return f"crosses {_limits(over)}" if over else f"does not cross {_limits(limits)}"


def _limits(values: Sequence[float]) -> str:
    if list(values) == [0.0]:
        return "the line of no effect"
    return " and ".join(number(value) for value in values)
