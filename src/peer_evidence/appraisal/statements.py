"""Plain language for a result: its certainty chooses the verb, its size the words after it.

The forms are those of Santesso and others 2020, GRADE guidelines 26, J Clin Epidemiol 119:126, doi
10.1016/j.jclinepi.2019.10.014.
"""

from __future__ import annotations

from collections.abc import Sequence

from peer_evidence.checks import check_choice
from peer_evidence.errors import InputError

SIZES = ("trivial", "small", "moderate", "large")
VERBS = {"high": "results in", "moderate": "probably results in", "low": "may result in"}
CERTAINTIES = (*VERBS, "very_low")
_OBJECTS = {"small": "a slight {}", "large": "a large {}"}
NOT_JUDGED = "certainty not judged"
NO_SIZE = "not put into words: no limits of a small, moderate and large effect"
# Cohen's conventions, which the Cochrane Handbook (5.1, 12.6.2) gives with a warning
SMD_SIZES = (0.2, 0.5, 0.8)


def size_word(value: float, limits: Sequence[float]) -> str:
    """Name the size of an effect by the lower limits of a small, moderate and large one.

    Examples
    --------
    >>> [size_word(x, (0.2, 0.5, 0.8)) for x in (0.1, -0.2, 0.6, 0.8)]
    ['trivial', 'small', 'moderate', 'large']
    """
    return SIZES[sum(abs(value) >= limit for limit in limits)]


def check_sizes(value: Sequence[float]) -> tuple[float, ...]:
    """Return three ascending limits above 0, else raise InputError."""
    try:
        limits = tuple(float(one) for one in value)
    except (TypeError, ValueError):
        limits = ()
    if len(limits) != 3 or sorted(set(limits)) != list(limits) or limits[0] <= 0:
        raise InputError(
            f"sizes: found {value!r}, allowed are three ascending numbers above 0: where a small, "
            "a moderate and a large effect begin"
        )
    return limits


def statement(*, certainty: str, size: str, change: str, outcome: str, intervention: str) -> str:
    """Say a result in plain language.

    Parameters
    ----------
    certainty : {"high", "moderate", "low", "very_low", ""}
        As a person judged it; empty where nobody did, and then nothing is stated.
    size : {"trivial", "small", "moderate", "large", ""}
        Empty where there are no limits to name it by.
    change : str
        "reduction", "increase", "improvement", "worsening".
    outcome, intervention : str
        As readers see them.

    Returns
    -------
    str
        One sentence, or why there is none.

    Examples
    --------
    >>> about = {"change": "reduction", "outcome": "Relapse", "intervention": "the programme"}
    >>> statement(certainty="moderate", size="small", **about)
    'The programme probably results in a slight reduction in relapse.'
    >>> statement(certainty="low", size="trivial", **about)
    'The programme may result in little to no difference in relapse.'
    >>> statement(certainty="", size="large", **about)
    'certainty not judged'
    """
    if not certainty:
        return NOT_JUDGED
    check_choice("certainty", certainty, CERTAINTIES)
    name = outcome[:1].lower() + outcome[1:] if outcome[1:2].islower() else outcome
    if certainty == "very_low":
        return f"The evidence is very uncertain about the effect of {intervention} on {name}."
    if not size:
        return NO_SIZE
    thing = "little to no difference"
    if check_choice("size", size, SIZES) != "trivial":
        article = "an" if change[:1] in "aeiou" else "a"
        thing = _OBJECTS.get(size, f"{article} {{}}").format(change)
    subject = intervention[:1].upper() + intervention[1:]
    return f"{subject} {VERBS[certainty]} {thing} in {name}."
