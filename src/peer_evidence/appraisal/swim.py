"""What a synthesis without meta-analysis must report, filled in where the analysis can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from peer_evidence.appraisal.checklist import Checklist, checklist
from peer_evidence.appraisal.documents import to_markdown, write_docx
from peer_evidence.appraisal.swim_facts import (
    Facts,
    Synthesis,
    is_combined,
    say,
    say_of_differences,
)
from peer_evidence.errors import InputError
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

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
        items = {one.rstrip("ab") for one in self.numbers}
        held = {one.rstrip("ab") for one in self.filled}
        nothing = f" (nothing under {', '.join(self.open)})" if self.open else ""
        lines = [
            f"SWiM: the analysis says something under {len(held)} of the {len(items)} items"
            f"{nothing}; under each the author has something to write"
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


def swim(
    *results: Synthesis | pd.DataFrame, heterogeneity: Sequence[Synthesis | pd.DataFrame] = ()
) -> SWiM:
    """Collect what an analysis can say under the nine SWiM items, and list what it cannot.

    Parameters
    ----------
    *results : Tally, EffectDirections, SignTest, PValues, CombinedP or EffectDescription
        The syntheses of the review, as they were computed; or the table that
        ``PValues.combine`` gives.
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
        if not isinstance(result, Synthesis) and not is_combined(result):
            raise InputError(
                f"swim: found {type(result).__name__}, allowed are the results of tally, "
                "effect_directions, sign_test, p_values, combine_p_values and describe_effects, "
                "and the table that p_values(...).combine(...) gives"
            )
    if not results:
        raise InputError("swim: found no result; give at least one, such as a tally")
    facts = Facts()
    for result in results:
        say(facts, result)
    for result in heterogeneity:
        say_of_differences(facts, result)
    return _collect(facts, checklist("swim"))


def _collect(facts: Facts, guideline: Checklist) -> SWiM:
    items = guideline.items
    return SWiM(
        numbers=tuple(item.number for item in items),
        topics=tuple(item.topic for item in items),
        texts=tuple("\n".join(facts.texts.get(item.number, [])) for item in items),
        to_write=tuple(_TO_WRITE[item.number] for item in items),
        citation=f"{guideline.citation} doi:{guideline.doi}",
    )
