"""What each synthesis says under the items of SWiM, in the parameters actually used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from peer_evidence.direction.describe import EffectDescription
from peer_evidence.direction.effect_direction import EffectDirections
from peer_evidence.direction.p_value_table import PValues
from peer_evidence.direction.p_values import NAMES, CombinedP, repeated_note
from peer_evidence.direction.sign_test import SignTest
from peer_evidence.direction.tally import Tally
from peer_evidence.formatting import count, number, p_brief, per_cent, words

if TYPE_CHECKING:
    import pandas as pd

Synthesis = Tally | SignTest | EffectDirections | CombinedP | PValues | EffectDescription
_COMBINED = {"k", "method", "statistic_name", "statistic", "df", "p_value", "bounds", "unusable"}


@dataclass(slots=True)
class Facts:
    """What the results given say, by item."""

    texts: dict[str, list[str]] = field(default_factory=dict)

    def add(self, number: str, *texts: str) -> None:
        """Add what is not said yet under an item."""
        held = self.texts.setdefault(number, [])
        held += [text for text in texts if text and text not in held]


def is_combined(result: Any) -> bool:
    """Tell whether a table is one of combined p values by group."""
    return hasattr(result, "columns") and set(result.columns) >= _COMBINED


def say(facts: Facts, result: Any) -> None:
    """Say under the items what a synthesis holds."""
    if isinstance(result, Tally):
        _say_tally(facts, result)
    elif isinstance(result, EffectDirections):
        _say_directions(facts, result)
    elif is_combined(result):
        _say_combined(facts, result)
    elif isinstance(result, PValues):
        _say_p_values(facts, result)
    elif isinstance(result, EffectDescription):
        _say_description(facts, result)
    elif isinstance(result, SignTest):
        facts.add("2", _DIRECTION)
        facts.add("3", f"{_SIGN_TEST} at the {100 * result.level:g}% level.")
        facts.add("8", *result.summary().splitlines())
        facts.add("9", _SIGN_LIMIT)
    else:
        facts.add("2", _ONE_SIDED)
        facts.add("3", f"P values were combined by {_method_of(result)}.")
        facts.add("8", *result.summary().splitlines())
        facts.add("9", _P_LIMIT)


_DIRECTION = "The direction of each estimate, whatever its size and significance."
_SIGN_TEST = (
    "Studies were counted by the direction of their effect, with an exact two-sided sign test and "
    "Wilson intervals"
)
_SIGN_LIMIT = (
    "Counting directions says nothing of the size of effects and weighs every study alike; studies "
    "without a sign have no part in the test."
)
_ONE_SIDED = "One-sided p values in one direction, from the printed p and the direction of effect."
_P_LIMIT = (
    "Combined p values say whether there is evidence of an effect in at least one study, not how "
    "large it is nor in how many."
)


def _method_of(result: CombinedP) -> str:
    """Name the method without the number it gave."""
    text = result.described()
    return text[: text.rfind(" (")]


def _say_tally(facts: Facts, tally: Tally) -> None:
    _say_groups(facts, tally.by, tally.table.index)
    kinds = " and ".join(words(kind) for kind in tally.contrasts)
    facts.add("4", f"Only results of this contrast were counted: {kinds}." if kinds else "")
    facts.add("4", *_left_out(tally))
    facts.add("7", f"The table of the tally has the groups in this order: {_named(tally)}.")
    if tally.column != "effect_direction":
        facts.add("2", "What each source concludes about a result, in its own terms.")
        facts.add("3", f"Conclusions were counted{_voters(tally)}.")
        facts.add(
            "9",
            "What sources conclude often rests on significance, and counting that is no synthesis "
            "of effects (Cochrane Handbook 12.2.2).",
        )
        facts.add("8", *tally.summary().splitlines()[:-1])
        return
    facts.add("2", _DIRECTION)
    if tally.one_vote_per is None:
        facts.add("3", "Directions of all results were counted, several of a study among them.")
        facts.add("8", *tally.summary().splitlines()[:-1])
        return
    facts.add("3", f"{_SIGN_TEST} at the 95% level{_voters(tally)}.")
    facts.add("8", *tally.summary().splitlines()[:-1], *_contributing(tally.votes, tally.by))
    facts.add("9", _SIGN_LIMIT)


def _say_directions(facts: Facts, found: EffectDirections) -> None:
    tests = found.sign_tests()
    _say_groups(facts, found.by, tests.index)
    kind = "known direction" if found.denominator == "known" else "any kind"
    facts.add("2", _DIRECTION)
    facts.add(
        "2",
        f"A study has in a {words(found.by)} the direction of at least "
        f"{per_cent(found.agreement)} of its results of {kind}, else it is conflicting.",
    )
    facts.add(
        "3",
        f"{_SIGN_TEST} at the 95% level; one direction per study in each {words(found.by)}, and "
        "studies whose results conflict or have no sign stand beside the test.",
    )
    kinds = " and ".join(words(kind) for kind in found.contrasts)
    facts.add("4", f"Only results of this contrast were counted: {kinds}." if kinds else "")
    facts.add("4", *_left_out(found))
    named = ", ".join(words(str(group)) for group in tests.index)
    facts.add("7", f"The table of directions has the groups in this order: {named}.")
    lines = found.summary().splitlines()
    facts.add("8", lines[0], *(line.strip() for line in lines[2:-1]))
    for group, part in found.table.groupby(found.by, sort=False, observed=True):
        who = ", ".join(map(str, part["study_id"]))
        facts.add("8", f"directions under {words(str(group))} are those of: {who}")
    facts.add("9", _SIGN_LIMIT)


def _say_combined(facts: Facts, table: pd.DataFrame) -> None:
    """Say what a table of combined p values holds; its facts are those it was made with."""
    made = table.attrs.get("peer_evidence", {})
    _say_groups(facts, str(table.index.name or ""), table.index)
    facts.add("2", _ONE_SIDED)
    facts.add("3", *(f"P values were combined by {NAMES[one]}." for one in _methods(table)))
    if made.get("one_per"):
        facts.add("4", _one_of(made["one_per"], made["choose"]))
    facts.add("8", *_combined_lines(table, made))
    facts.add("9", _P_LIMIT)


def _methods(table: pd.DataFrame) -> list[str]:
    return [str(one) for one in table["method"].dropna().unique()]


def _combined_lines(table: pd.DataFrame, made: Mapping[str, Any]) -> list[str]:
    """Give the combined p of each group in a line, and what all of them do not say."""
    side = {"favours": "favouring ", "against": "against "}.get(made.get("alternative", ""), "")
    whose = made.get("intervention", "the intervention") if side else ""
    lines = [f"Evidence of an effect {side}{whose}".strip() + " in at least one study, by group:"]
    for group, row in table.iterrows():
        name, unusable = words(str(group)), count(int(row["unusable"]), "result")
        if not row["k"]:
            lines.append(f"{name}: no usable p value, {unusable} without one")
            continue
        freedom = "" if row["df"] != row["df"] else f" on {row['df']:.0f} df"
        lines.append(
            f"{name}: {p_brief(row['p_value'])}, {count(int(row['k']), 'p value')} by "
            f"{NAMES[row['method']]} ({row['statistic_name']} {number(row['statistic'], 3)}"
            f"{freedom}); {unusable} without a usable p"
        )
    repeated = int(table["repeated"].sum()) if "repeated" in table else 0
    return [*lines, *([repeated_note(repeated)] if repeated else [])]


def _one_of(one_per: str, choose: str) -> str:
    unit = words(one_per.removesuffix("_id"))
    return f"Of several p values of a {unit} in a group, the {choose} was taken."


def _say_groups(facts: Facts, by: Any, groups: Iterable[Any]) -> None:
    column = ", ".join(words(str(one)) for one in ([by] if isinstance(by, str) else by))
    names = [" and ".join(map(str, g)) if isinstance(g, tuple) else str(g) for g in groups]
    if not column or column == "group":
        facts.add("1a", "All studies are one group.")
    else:
        named = ", ".join(words(name) for name in names)
        facts.add("1a", f"Results are grouped by {column} ({len(names)}): {named}.")


def _named(tally: Tally) -> str:
    return ", ".join(words(str(group)) for group in tally.table.index)


def _voters(tally: Tally) -> str:
    if tally.one_vote_per is None:
        return ", several of a study among them"
    voter = words(tally.one_vote_per.removesuffix("_id"))
    return (
        f"; one vote per {voter} in each group, and one whose results disagree is counted as tied"
    )


def _left_out(tally: Tally | EffectDirections) -> list[str]:
    return [
        f"Left out: {reason} ({count(rows, 'result')} of {count(studies, 'study', 'studies')})."
        for reason, rows, studies in tally.left_out.itertuples(index=False, name=None)
    ]


def _contributing(votes: pd.DataFrame, by: str) -> list[str]:
    """Name those who contribute to each group."""
    who = [name for name in votes.columns if name not in {by, "vote"}]
    if not who:
        return []
    return [
        f"votes under {words(str(group))} are those of: {', '.join(map(str, part[who[0]]))}"
        for group, part in votes.groupby(by, sort=False, observed=True)
    ]


def _say_p_values(facts: Facts, found: PValues) -> None:
    _say_groups(facts, found.by, found.groups)
    facts.add("2", _ONE_SIDED)
    if found.one_per is not None:
        facts.add("4", _one_of(found.one_per, found.choose))
    facts.add("8", *found.summary().splitlines())
    used = found.table[found.table["used"]]
    facts.add("8", *_contributing_studies(used, found.by))


def _contributing_studies(used: pd.DataFrame, by: str) -> list[str]:
    parts = used.groupby(by, sort=False, observed=True)["study_id"].unique()
    return [
        f"p values of {words(str(group))} rest on: {', '.join(map(str, names))}"
        for group, names in parts.items()
    ]


def _say_description(facts: Facts, found: EffectDescription) -> None:
    _say_groups(facts, found.by, found.table.index)
    measures = ", ".join(dict.fromkeys(filter(None, found.table["measure"])))
    about, rule = found.headline().splitlines()[:2]
    facts.add("2", f"Effects as {measures}." if measures else "Effects on the scale given.")
    facts.add("3", f"Median, quartiles and range of effects. {rule}")
    if found.one_per is not None:
        unit = words(found.one_per.removesuffix("_id"))
        facts.add("4", f"For several effects of a {unit} in a group stands their {found.choose}.")
    facts.add("8", about, *(line.strip() for line in found.summary().splitlines()[2:]))
    if found.one_per is not None:
        names = [str(name) for name in found.table.index.names]
        for group, part in found.estimates.groupby(names, sort=False, observed=True):
            label = " and ".join(map(str, group))
            who = ", ".join(map(str, part[found.one_per]))
            facts.add("8", f"effects of {words(label)} rest on: {who}")
    facts.add("9", "Described effects are not weighed by their precision.")


def say_of_differences(facts: Facts, result: Any) -> None:
    """Say under item 5 by what the results were parted, and what was found."""
    if is_combined(result):
        by: Any = str(result.index.name or "")
        lines = _combined_lines(result, result.attrs.get("peer_evidence", {}))
    else:
        by, lines = getattr(result, "by", ""), result.summary().splitlines()
    column = ", ".join(words(str(one)) for one in ([by] if isinstance(by, str) else by))
    facts.add("5", f"The synthesis was repeated by {column}." if column else "", *lines)
