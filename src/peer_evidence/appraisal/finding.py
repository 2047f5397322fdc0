"""One row of a summary of findings, as numbers and as the texts that readers see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from peer_evidence.appraisal.bodies import LOG_SCALE
from peer_evidence.formatting import EN_DASH, interval, number


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of a summary of findings.

    Attributes
    ----------
    outcome, k, participants : str, int, str
        What was pooled, from how many studies and people.
    measure : str
        The effect measure; empty when not known.
    estimate, ci_low, ci_high : float
        As readers see them: a ratio as a ratio, of the event where that is known.
    level : float
        Confidence of the intervals.
    direction : str
        What the estimate says, such as fewer events with the intervention; whether its interval
        allows the other direction too is for the interval to say.
    above_null : str
        What a difference above 0, or a ratio above 1, would mean.
    baseline_risk, baseline_from : float, str
        Risk without the intervention, NaN where none is stated; where it is from.
    comparison_per_1000, intervention_per_1000 : float
        People with the event; NaN where not known.
    difference_per_1000, difference_low, difference_high : float
        Positive where the intervention has more events.
    difference, nnt : str
        The difference and the number needed in words, with their intervals.
    instrument : str
        The effect in units of a familiar instrument, where its SD was given.
    certainty, judged_by, suggested : str
        As a person judged, or "not judged"; by whom; what the numbers suggest, no judgement.
    statement : str
        The finding in plain language.
    notes : tuple of str
        What must be known of the row.
    """

    outcome: str
    k: int
    participants: str
    measure: str
    estimate: float
    ci_low: float
    ci_high: float
    level: float
    direction: str
    above_null: str
    baseline_risk: float
    baseline_from: str
    comparison_per_1000: float
    intervention_per_1000: float
    difference_per_1000: float
    difference_low: float
    difference_high: float
    difference: str
    nnt: str
    instrument: str
    certainty: str
    judged_by: str
    suggested: str
    statement: str
    notes: tuple[str, ...]


_OTHER_WAY = {"more": "fewer", "higher": "lower"}


def direction_of(estimate: float, measure: str, above_null: str) -> str:
    """Say which way an estimate points, from what one above no effect would mean.

    Parameters
    ----------
    estimate : float
        As readers see it: a ratio as a ratio.
    measure : str
        Its measure, which tells what no effect is.
    above_null : str
        As of :class:`Finding`.

    Returns
    -------
    str
        "no difference" for an estimate of no effect.

    Examples
    --------
    >>> direction_of(0.68, "RR", "more events with the intervention")
    'fewer events with the intervention'
    >>> direction_of(-0.2, "SMD", "favours the programme")
    'favours the comparison'
    """
    null = 1.0 if measure in LOG_SCALE else 0.0
    if estimate > null:
        return above_null
    if estimate == null:
        return "no difference"
    first, _, rest = above_null.partition(" ")
    return f"{_OTHER_WAY[first]} {rest}" if first in _OTHER_WAY else f"{first} the comparison"


def headers(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Give the header of the table, with the level of the intervals where all share it."""
    levels = {one.level for one in findings}
    ci = f"{100 * levels.pop():g}% CI" if len(levels) == 1 else "CI"
    return (
        "outcome",
        "studies (participants)",
        f"relative effect or difference ({ci})",
        "per 1000 without the intervention",
        f"difference per 1000 ({ci})",
        f"number needed to treat ({ci})",
        "certainty (GRADE)",
        "suggested by the numbers, no judgement",
        "in plain language",
    )


def cells(one: Finding) -> list[str]:
    """Give a row as readers see it; what is not there is a dash."""
    effect = effect_text(one)
    if one.direction:
        effect += f"; estimate: {one.direction}"
    if one.instrument:
        effect += f"; {one.instrument}"
    by = f", judged by {one.judged_by}" if one.judged_by else ""
    return [
        one.outcome,
        f"{one.k} ({one.participants})",
        effect,
        number(one.comparison_per_1000, 0) or EN_DASH,
        one.difference or EN_DASH,
        one.nnt or EN_DASH,
        f"{one.certainty}{by}",
        one.suggested or EN_DASH,
        one.statement,
    ]


def effect_text(one: Finding) -> str:
    """Write the pooled effect with its interval."""
    what = f"{one.measure} " if one.measure else ""
    return f"{what}{number(one.estimate)} ({interval(one.ci_low, one.ci_high)})"
