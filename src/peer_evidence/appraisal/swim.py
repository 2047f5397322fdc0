"""What a synthesis without meta-analysis must report, filled in where the analysis can."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peer_evidence.appraisal.checklist import Checklist, checklist
from peer_evidence.appraisal.documents import to_markdown, write_docx
from peer_evidence.direction.describe import EffectDescription
from peer_evidence.direction.p_value_table import PValues
from peer_evidence.direction.p_values import CombinedP
from peer_evidence.direction.sign_test import SignTest
from peer_evidence.direction.tally import Tally
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, words
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

Synthesis = Tally | SignTest | CombinedP | PValues | EffectDescription
_HEADER = ("Item", "Topic", "From the analysis", "For the author to write")
_WIDTHS = (1.2, 3.2, 7.4, 5.2)
# what the author must write whatever was computed
_TO_WRITE = {
    "1a": "why the studies are grouped so",
    "1b": "changes of the groups since the protocol, with reasons, or that there were none",
    "2": "why this metric, and any other conversion that was made",
    "3": "why effects were not pooled by meta-analysis",
    "4": "which criteria decided what was put first, such as design, risk of bias or directness",
    "5": "how differences between effects were looked into, or why they were not",
    "6": "how the certainty of each finding was judged",
    "7": "which tables and figures are shown, and how studies are ordered in them",
    "8": "the certainty of each finding, and its meaning in the words of the question",
    "9": "what these limits mean for the conclusions",
}


@dataclass(slots=True)
class _Facts:
    """What the results given say, by item."""

    texts: dict[str, list[str]] = field(default_factory=dict)

    def add(self, number: str, *texts: str) -> None:
        held = self.texts.setdefault(number, [])
        held += [text for text in texts if text and text not in held]


@dataclass(frozen=True, slots=True, repr=False)
class SWiM(Result):
    """The nine SWiM items of a synthesis; made by :func:`swim`.

    Attributes
    ----------
    numbers, topics : tuple of str
        The entries in order: 1a, 1b, 2 to 9, and what each is about.
    texts : tuple of str
        What the analysis says under each, with the parameters actually used; empty where it
        can say nothing. No sentence is invented.
    to_write : tuple of str
        What the author must write under each.
    citation : str
        The guideline.
    """

    numbers: tuple[str, ...]
    topics: tuple[str, ...]
    texts: tuple[str, ...]
    to_write: tuple[str, ...]
    citation: str

    @property
    def filled(self) -> tuple[str, ...]:
        """The entries under which the analysis says something."""
        return tuple(n for n, text in zip(self.numbers, self.texts, strict=True) if text)

    @property
    def open(self) -> tuple[str, ...]:
        """The entries that are the author's alone."""
        return tuple(n for n, text in zip(self.numbers, self.texts, strict=True) if not text)

    def to_frame(self) -> pd.DataFrame:
        """Give one row an entry: item, topic, text, to_write."""
        import pandas as pd

        return pd.DataFrame(
            {
                "item": list(self.numbers),
                "topic": list(self.topics),
                "text": list(self.texts),
                "to_write": list(self.to_write),
            }
        )

    def summary(self) -> str:
        """Give every entry: what the analysis says, and what the author must write."""
        lines = [
            f"SWiM: the analysis says something under {count(len(self.filled), 'entry', 'entries')}"
            f" of {len(self.numbers)}; under each the author has something to write"
        ]
        rows = zip(self.numbers, self.topics, self.texts, self.to_write, strict=True)
        for number, topic, text, rest in rows:
            lines.append(f"{number} {topic}")
            lines += [f"  {line}" for line in text.splitlines()]
            lines.append(f"  [to write: {rest}]")
        return "\n".join(lines)

    def to_markdown(self) -> str:
        """Give the entries as Markdown, in which every text stays text."""
        return to_markdown(_TITLE, [self._note()], _HEADER, self._rows())

    def to_docx(self, path: str | Path) -> Path:
        """Write the entries as a Word document, the same bytes each time.

        Raises
        ------
        InputError
            If python-docx is not installed, or the path is no such place.
        """
        return write_docx(path, _TITLE, [self._note()], _HEADER, self._rows(), _WIDTHS)

    def _note(self) -> str:
        return f"The items are those of {self.citation}"

    def _rows(self) -> list[tuple[str, ...]]:
        return list(zip(self.numbers, self.topics, self.texts, self.to_write, strict=True))


_TITLE = "Synthesis without meta-analysis: what is reported under each item"


def swim(*results: Synthesis, heterogeneity: Sequence[Synthesis] = ()) -> SWiM:
    """Collect what an analysis can say under the nine SWiM items, and list what it cannot.

    Parameters
    ----------
    *results : Tally, SignTest, PValues, CombinedP or EffectDescription
        The syntheses of the review, as they were computed.
    heterogeneity : sequence of these
        Results that were computed to look into differences, such as a tally by design.

    Returns
    -------
    SWiM
        Under each entry the facts of the analysis, with the parameters actually used, and what
        the author must write. Reasons, judgements and conclusions are always the author's.

    Raises
    ------
    InputError
        If no result is given, or one of another kind.

    References
    ----------
    Campbell et al. 2020, doi 10.1136/bmj.l6890.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> counted = pe.tally(
    ...     pe.load().select(domain="hope"), column="effect_direction", one_vote_per="study_id"
    ... )
    >>> found = pe.swim(counted)
    >>> found.open
    ('1b', '5', '6')
    >>> print(found.to_frame().set_index("item").text["2"])
    The direction of each estimate, whatever its size and significance.
    """
    for result in (*results, *heterogeneity):
        if not isinstance(result, Synthesis):
            raise InputError(
                f"swim: found {type(result).__name__}, allowed are the results of tally, "
                "sign_test, p_values, combine_p_values and describe_effects"
            )
    if not results:
        raise InputError("swim: found no result; give at least one, such as a tally")
    facts = _Facts()
    for result in results:
        _say(facts, result)
    for result in heterogeneity:
        _say_of_differences(facts, result)
    return _collect(facts, checklist("swim"))


def _collect(facts: _Facts, guideline: Checklist) -> SWiM:
    items = guideline.items
    return SWiM(
        numbers=tuple(item.number for item in items),
        topics=tuple(item.topic for item in items),
        texts=tuple("\n".join(facts.texts.get(item.number, [])) for item in items),
        to_write=tuple(_TO_WRITE[item.number] for item in items),
        citation=f"{guideline.citation} doi:{guideline.doi}",
    )


def _say(facts: _Facts, result: Synthesis) -> None:
    if isinstance(result, Tally):
        _say_tally(facts, result)
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


def _say_tally(facts: _Facts, tally: Tally) -> None:
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


def _say_groups(facts: _Facts, by: Any, groups: Iterable[Any]) -> None:
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


def _left_out(tally: Tally) -> list[str]:
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


def _say_p_values(facts: _Facts, found: PValues) -> None:
    _say_groups(facts, found.by, found.groups)
    facts.add("2", _ONE_SIDED)
    if found.one_per is not None:
        unit = words(found.one_per.removesuffix("_id"))
        facts.add("4", f"Of several p values of a {unit} in a group, the {found.choose} was taken.")
    facts.add("8", *found.summary().splitlines())
    used = found.table[found.table["used"]]
    facts.add("8", *_contributing_studies(used, found.by))


def _contributing_studies(used: pd.DataFrame, by: str) -> list[str]:
    parts = used.groupby(by, sort=False, observed=True)["study_id"].unique()
    return [
        f"p values of {words(str(group))} rest on: {', '.join(map(str, names))}"
        for group, names in parts.items()
    ]


def _say_description(facts: _Facts, found: EffectDescription) -> None:
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


def _say_of_differences(facts: _Facts, result: Synthesis) -> None:
    """Say under item 5 by what the results were parted, and what was found."""
    lines = result.summary().splitlines()
    by = getattr(result, "by", "")
    column = ", ".join(words(str(one)) for one in ([by] if isinstance(by, str) else by))
    facts.add("5", f"The synthesis was repeated by {column}." if column else "", *lines)
