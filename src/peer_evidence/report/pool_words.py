"""How the effects of the pools were made, in words that fit their measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from peer_evidence.effects.measures import MEASURES
from peer_evidence.effects.scales import scale_of

if TYPE_CHECKING:
    from peer_evidence.pooling.pools import Pools

_CONVERTED, _PRINTED = "odds ratio over", "from the printed"


def measure_words(pools: Pools) -> str:
    """Name the measure as it is read: ``odds ratio``, ``mean difference``."""
    return MEASURES[pools.measure].name.removeprefix("log ")


def turned(pools: Pools, intervention: str) -> str:
    """Name a measure whose sign or ratio was turned, and to which side; empty where none was."""
    lower = (pools.rows["better_is"].astype("str") == "lower") & pools.rows["pooled"]
    if pools.measure == "SMD" or not lower.any():
        return ""
    above = scale_of(pools.measure).positive
    return f"{measure_words(pools)}, turned so that {above} favours {intervention}"


def counts_enter(pools: Pools) -> bool:
    """Tell whether counts enter standardised mean differences through their odds ratio."""
    notes = pools.rows.loc[pools.rows["pooled"], "effect_note"]
    return pools.measure == "SMD" and bool(notes.str.startswith(_CONVERTED).any())


def effects_made(pools: Pools) -> str:
    """Say in a sentence what the pooled effects are and what they were made from."""
    above = scale_of(pools.measure).positive
    side = f"turned so that {above} favours the intervention"
    notes = pools.rows.loc[pools.rows["pooled"], "effect_note"]
    printed, converted = notes.str.startswith(_PRINTED), notes.str.startswith(_CONVERTED)
    made = [
        (not (printed | converted).all(), _computed(pools.measure)),
        (printed.any(), "as printed with their intervals"),
    ]
    how = ", else ".join(words for there, words in made if there)
    name = measure_words(pools) + "s"
    if scale_of(pools.measure).turned:
        name = f"{name} on the log scale,"
    text = f"Effects are {name} {how}, {side}" if how else f"Effects are {name.rstrip(',')}, {side}"
    if counts_enter(pools):
        text += "; counts enter as odds ratios divided by π/√3 [@chinn]"
    return f"{text}."


def _computed(measure: str) -> str:
    """Say what effects of a measure are computed from."""
    if measure == "SMD":
        return "with Hedges' correction"
    return "from the means" if measure == "MD" else "from the counts"
