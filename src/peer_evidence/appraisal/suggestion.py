"""What a suggestion is, in which words it comes, and the limits behind all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from peer_evidence.errors import InputError

START_HIGH = "start at high"
START_LOW = "start at low"
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
        Share of the weight at low risk from which none is suggested (Handbook 5.1, Table 12.2.d:
        most information is from studies at low risk of bias).
    minimum_studies : int
        Studies below which inconsistency is not suggested from I² and a prediction interval.
    i2_serious, i2_very_serious : float
        Per cent, from the ranges of the Handbook (10.10.2): may be substantial from 50,
        considerable from 75.
    alpha, power : float
        Of the two-sided test behind the optimal information size.
    small_study_minimum : int
        Studies below which small-study effects are not tested (Sterne and others 2011, doi
        10.1136/bmj.d4002: 10).
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
