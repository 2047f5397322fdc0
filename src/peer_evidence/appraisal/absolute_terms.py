"""What a pooled effect means for 1000 people, where a risk without the intervention is stated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from peer_evidence.appraisal.bodies import RATIOS, Body
from peer_evidence.effects.absolute import absolute_effect, nnt_text
from peer_evidence.effects.conversion import LOGISTIC_SD
from peer_evidence.formatting import number

CHINN = "standardised difference turned into an odds ratio by π/√3 (Chinn 2000)"
NO_RISK = "no absolute effect: no risk without the intervention is known"
NO_SMD_RISK = "no absolute effect: a standardised difference needs a stated risk of an event"
NO_MEAN_RISK = "no absolute effect: a difference of means is not one of risks"
NO_SIDE = "no absolute effect: whether the events are better fewer or more is not known"
NO_SCORE_SIDE = "no absolute effect: which side of the score is better is not known"
MIXED = "no absolute effect: the results count events of both kinds, wanted and unwanted"
IMPOSSIBLE = "cannot hold at this risk"
NO_NNT = "no number needed: whether the event is wanted is not known"
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Absolute:
    """Risks for each 1000 people; NaN, with the reason in ``note``, where there are none.

    ``difference`` is positive where the intervention has more events; ``nnt`` is a text, since
    its interval can pass through infinity.
    """

    baseline: float = _NAN
    risk: float = _NAN
    difference: float = _NAN
    low: float = _NAN
    high: float = _NAN
    nnt: str = ""
    note: str = ""


def absolute_terms(body: Body, risk: float, event: str = "") -> Absolute:
    """Put a pooled effect into people.

    Parameters
    ----------
    body : Body
        The pooled outcome.
    risk : float
        Risk of the event without the intervention; NaN where none is stated.
    event : {"", "desirable", "undesirable"}
        Of a standardised difference: what the risk counts.
    """
    if body.measure == "SMD":
        return Absolute(note=NO_SMD_RISK) if np.isnan(risk) else _of_smd(body, risk, event)
    if body.measure not in (*RATIOS, "RD"):
        other = f"no absolute effect: none is known for {body.measure}" if body.measure else ""
        return Absolute(note=NO_MEAN_RISK if body.measure == "MD" else other)
    if np.isnan(risk):
        return Absolute(note=MIXED if body.better_is == "mixed" else NO_RISK)
    effects = body.event_effect()
    if effects is None:
        return Absolute(note=MIXED if body.better_is == "mixed" else NO_SIDE)
    wanted = {"higher": 1, "lower": -1}.get(body.better_is, 0)
    if body.measure == "RD":
        return _of_difference(risk, effects, wanted)
    return _of_ratio(risk, np.exp(effects), body.measure, wanted)


def difference_text(found: Absolute) -> str:
    """Write a difference for each 1000 people with its interval.

    Examples
    --------
    >>> difference_text(Absolute(difference=-24.0, low=-60.0, high=12.0))
    '24 fewer (60 fewer to 12 more)'
    """
    if np.isnan(found.difference):
        return IMPOSSIBLE if not np.isnan(found.baseline) else ""
    ends = f"{_more(found.low)} to {_more(found.high)}"
    return f"{_more(found.difference)} ({ends})"


def _more(value: float) -> str:
    if np.isnan(value):
        return IMPOSSIBLE
    # more than none and less than one keeps a digit, so that it does not read as none
    size = number(abs(value), 0 if abs(value) >= 1 or value == 0 else 1)
    return f"{size} {'fewer' if value < 0 else 'more'}" if value else "0"


def _of_smd(body: Body, risk: float, event: str) -> Absolute:
    """Turn a standardised difference into an odds ratio of the event."""
    good = 1 if body.aligned else {"higher": 1, "lower": -1}.get(body.better_is, 0)
    if good == 0:
        return Absolute(note=NO_SCORE_SIDE)
    wanted = 1 if event == "desirable" else -1
    ends = sorted(good * wanted * end for end in body.ci)
    effects = np.array([good * wanted * body.analysis.estimate, *ends])
    return _of_ratio(risk, np.exp(LOGISTIC_SD["logistic"] * effects), "OR", wanted, CHINN)


def _of_ratio(
    risk: float, ratios: np.typing.NDArray[np.float64], measure: str, wanted: int, note: str = ""
) -> Absolute:
    """Put a ratio and its interval through with the risk held."""
    found = absolute_effect(
        ratio=ratios[0], low=ratios[1], high=ratios[2], baseline_risk=risk, measure=measure
    )
    difference, low, high = (
        float(one)
        for one in (found.difference_per_1000, found.difference_low, found.difference_high)
    )
    return _finish(risk, difference, low, high, wanted, note)


def _of_difference(risk: float, effects: tuple[float, float, float], wanted: int) -> Absolute:
    """Take a pooled difference of risks at a stated risk, as far as it stays a risk there."""
    ends = [1000 * one if 0 <= risk + one <= 1 else _NAN for one in effects]
    return _finish(risk, ends[0], ends[1], ends[2], wanted, "")


def _finish(
    risk: float, difference: float, low: float, high: float, wanted: int, note: str
) -> Absolute:
    """Add the number needed, which asks whether the event is wanted."""
    needed = ""
    if np.isnan(difference):
        needed = IMPOSSIBLE
    elif wanted == 0:
        note = NO_NNT
    else:
        benefit = [wanted * one / 1000 for one in (difference, low, high)]
        if np.isnan(benefit).any():
            alone = nnt_text(benefit[0], benefit[0], benefit[0]).split(" (")[0]
            needed = f"{alone} (interval {IMPOSSIBLE})"
        else:
            needed = nnt_text(benefit[0], *sorted(benefit[1:]))
    base = 1000 * risk
    return Absolute(base, base + difference, difference, low, high, needed, note)
