"""Why the numbers of two programs differ: which of their rules are at work in these data."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from peer_evidence.pooling.emulation import Answer
from peer_evidence.pooling.programs import WORDS
from peer_evidence.pooling.projection import Floats

# two numbers are the same when they agree to this share of the larger: the digits of a root search
SAME = 1e-8

_POOLED = ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high")
_MH = ("mh_estimate", "mh_se", "mh_ci_low", "mh_ci_high")
_FROM_EFFECTS = ("q", "tau2", "tau2_dl", "i2", *_POOLED)


class _Aspect(NamedTuple):
    """An aspect: its heading, what it changes, and what must agree to see its own work."""

    head: str
    touches: tuple[str, ...]
    given: tuple[str, ...] = ()
    needs: str = ""  # a quantity that it changes whenever it is at work


_ASPECTS = {
    "estimator": _Aspect("Estimator of tau²", ("tau2", "i2", *_POOLED), ("q",), "tau2"),
    "i2": _Aspect("Definition of I²", ("i2",), ("q", "tau2")),
    "prediction": _Aspect("Prediction interval", ("pi_low", "pi_high"), ("estimate", "se")),
    "smd": _Aspect("Hedges' g", _FROM_EFFECTS, (), "q"),
    "tau2_dl": _Aspect(
        "Negative tau² of DerSimonian and Laird",
        ("tau2_dl", "tau2", "i2", *_POOLED),
        ("q",),
        "tau2_dl",
    ),
    "zero": _Aspect("Zero cells", _FROM_EFFECTS, ("k",), "q"),
    "double": _Aspect("Studies without events in both arms", ("k", *_FROM_EFFECTS), (), "k"),
    "mh": _Aspect("Mantel-Haenszel", _MH),
}


class Cause(NamedTuple):
    """One rule in which programs differ, in words, and the quantities it touches."""

    sentence: str
    of: tuple[str, ...]


def spread_of(row: Floats) -> float:
    """Give the distance of the outermost numbers relative to the largest; 0 where they agree."""
    known = row[np.isfinite(row)]
    if known.size < 2:
        return 0.0
    size = float(np.abs(known).max())
    share = float(known.max() - known.min()) / size if size > 0 else 0.0
    return share if share > SAME else 0.0


def cause_of(name: str, answers: list[Answer], differing: list[str]) -> Cause | None:
    """Say what the programs do about one aspect, or None where it changes no number."""
    aspect = _ASPECTS[name]
    shown = "mh_estimate" if name == "mh" else "q"
    if name == "tau2_dl" and not any(one.numbers["tau2_dl"] < 0 for one in answers):
        return None
    having = [one for one in answers if one.rules[name] and np.isfinite(one.numbers[shown])]
    pairs = [
        (one, other)
        for one, other in itertools.combinations(having, 2)
        if one.rules[name] != other.rules[name]
    ]
    # programs that agree in all that comes before show the aspect at work by itself
    alike = [pair for pair in pairs if _alike(name, aspect, pair)]
    touches = aspect.touches if alike or not aspect.needs else (aspect.needs,)
    touched = tuple(
        quantity
        for quantity in touches
        if quantity in differing and not all(_same(*pair, quantity) for pair in alike or pairs)
    )
    if not touched or (aspect.needs and aspect.needs not in touched):
        return None
    groups: dict[str, list[str]] = {}
    for one in having:
        groups.setdefault(WORDS[name][str(one.rules[name])], []).append(one.program.name)
    said = "; ".join(f"{rule} ({', '.join(names)})" for rule, names in groups.items())
    return Cause(f"{aspect.head}: {said}.", touched)


def _alike(name: str, aspect: _Aspect, pair: tuple[Answer, Answer]) -> bool:
    one, other = pair
    estimators = {one.rules["estimator"], other.rules["estimator"]}
    return (name == "estimator" or len(estimators) == 1) and all(
        _same(one, other, quantity) for quantity in aspect.given
    )


def _same(one: Answer, other: Answer, quantity: str) -> bool:
    """Tell whether two programs agree in a quantity; one without it disagrees with none."""
    return spread_of(np.array([one.numbers[quantity], other.numbers[quantity]])) == 0.0
