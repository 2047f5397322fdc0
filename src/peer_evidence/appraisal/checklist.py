"""Reporting checklists: the items as data, what the author says of each, as a document."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peer_evidence.appraisal.documents import to_markdown, write_docx
from peer_evidence.checks import check_choice
from peer_evidence.errors import InputError
from peer_evidence.formatting import count
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

REPORTED = ("yes", "no", "NA")
_NUMBER = re.compile(r"(\d+)([a-z]?)")
_HEADER = ("Item", "Topic", "What to report", "Reported", "Location")
_WIDTHS = (1.2, 3.4, 7.8, 1.8, 2.8)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist, and what the author says of it.

    Attributes
    ----------
    number : str
        Item and sub-item, such as ``13a``.
    section, topic, text : str
        Where in a report it belongs, what it is about, and what to report, in short words.
    reported : str
        ``yes``, ``no`` or ``NA``; empty while it is not answered.
    location : str
        Where in the report it is.
    """

    number: str
    section: str
    topic: str
    text: str
    reported: str = ""
    location: str = ""

    @property
    def parts(self) -> tuple[int, str]:
        """The number of the item, and the letter of the sub-item or nothing."""
        found = _NUMBER.fullmatch(self.number)
        if found is None:  # the files are part of the package, and a test reads them all
            raise InputError(f"checklist: {self.number!r} is no number of an item")
        return int(found[1]), found[2]


@dataclass(frozen=True, slots=True, repr=False)
class Checklist(Result):
    """A reporting checklist; made by :func:`checklist`.

    Attributes
    ----------
    name, short, title, version : str
        Which checklist, what it is called for short and in full, and of which year.
    citation, doi : str
        The guideline that the items are those of; their words here are short paraphrases.
    items : tuple of Item
        The items in order.
    """

    name: str
    short: str
    title: str
    version: str
    citation: str
    doi: str
    items: tuple[Item, ...]

    def answer(self, answers: Mapping[str, str | tuple[str, str]]) -> Checklist:
        """Give the checklist with these items answered.

        Parameters
        ----------
        answers : mapping or Series
            Number of the item to ``yes``, ``no`` or ``NA``, or to such a word and a location.

        Returns
        -------
        Checklist
            A new one; this one stays as it is.

        Raises
        ------
        InputError
            If an item or a word is not known.

        Examples
        --------
        >>> filled = checklist("swim").answer({"3": ("yes", "Methods, p. 4"), "1b": "NA"})
        >>> print(filled.summary().splitlines()[0])
        SWiM 2020: 2 of 10 entries answered (1 yes, 0 no, 1 NA)
        """
        numbers = [item.number for item in self.items]
        if not isinstance(answers, Mapping):
            if not hasattr(answers, "items"):  # a Series has them
                raise InputError(
                    f"answers: found {type(answers).__name__}, allowed is a mapping from the "
                    f"number of an item to its answer, such as {{{numbers[0]!r}: 'yes'}}"
                )
            answers = dict(answers.items())
        read = {
            check_choice("item", number, numbers): _read_answer(number, answer)
            for number, answer in answers.items()
        }
        changed = tuple(
            replace(item, reported=read[item.number][0], location=read[item.number][1])
            if item.number in read
            else item
            for item in self.items
        )
        return replace(self, items=changed)

    def to_frame(self) -> pd.DataFrame:
        """Give one row an entry: item, sub-item, section, topic, text, reported, location."""
        import pandas as pd

        rows: list[dict[str, Any]] = []
        for item in self.items:
            number, letter = item.parts
            rows.append(
                {
                    "item": number,
                    "sub_item": letter,
                    "section": item.section,
                    "topic": item.topic,
                    "text": item.text,
                    "reported": item.reported,
                    "location": item.location,
                }
            )
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Say how much is answered, and which entries are not."""
        said = [item.reported for item in self.items]
        words = ", ".join(f"{said.count(word)} {word}" for word in REPORTED)
        answered = sum(map(bool, said))
        entries = count(len(said), "entry", "entries")
        lines = [f"{self.short} {self.version}: {answered} of {entries} answered ({words})"]
        still = [item.number for item in self.items if not item.reported]
        if still:
            lines.append(f"Not answered: {', '.join(still)}")
        lines.append(f"Items after {self.citation} doi:{self.doi}")
        return "\n".join(lines)

    def to_markdown(self) -> str:
        """Give the checklist as Markdown, in which every text stays text."""
        return to_markdown(self.title, self._notes(), _HEADER, self._rows())

    def to_docx(self, path: str | Path) -> Path:
        """Write the checklist as a Word document, the same bytes each time.

        Parameters
        ----------
        path : str or Path
            Where to; ends in ``.docx``.

        Returns
        -------
        Path
            The file written.

        Raises
        ------
        InputError
            If python-docx is not installed, or the path is no such place.
        """
        return write_docx(path, self.title, self._notes(), _HEADER, self._rows(), _WIDTHS)

    def _notes(self) -> list[str]:
        return [
            f"The items are those of {self.citation} doi:{self.doi}",
            "Their wording here is a short paraphrase; the guideline itself is what counts.",
        ]

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (item.number, _place(item), item.text, item.reported, item.location)
            for item in self.items
        ]


def checklist(name: str, answers: Mapping[str, str | tuple[str, str]] | None = None) -> Checklist:
    """Give a reporting checklist, to be answered and handed in with a report.

    Parameters
    ----------
    name : {"swim", "prisma2020"}
        Synthesis without meta-analysis (Campbell and others 2020), or PRISMA 2020.
    answers : mapping or Series, optional
        Number of an item (``"13a"``) to ``yes``, ``no`` or ``NA``, or to such a word and the
        location in the report.

    Returns
    -------
    Checklist
        ``to_frame()``, ``to_markdown()``, ``to_docx(path)``; nothing is answered unless told.

    Raises
    ------
    InputError
        If the checklist, an item or an answer is not known.

    References
    ----------
    Campbell et al. 2020, doi 10.1136/bmj.l6890; Page et al. 2021, doi 10.1136/bmj.n71.

    Examples
    --------
    >>> items = checklist("prisma2020").to_frame()
    >>> items["item"].nunique(), len(items)
    (27, 42)
    """
    known = {row["name"]: row for row in _rows_of("index")}
    about = known[check_choice("name", name, list(known))]
    items = tuple(Item(**row) for row in _rows_of(name))
    empty = Checklist(**about, items=items)
    return empty if answers is None else empty.answer(answers)


def _place(item: Item) -> str:
    """Name section and topic, once where they are the same."""
    return item.topic if item.topic == item.section else f"{item.section}: {item.topic}"


def _rows_of(name: str) -> list[dict[str, str]]:
    """Read a file of the package."""
    file = resources.files("peer_evidence.appraisal").joinpath("checklists", f"{name}.csv")
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def _read_answer(number: str, answer: Any) -> tuple[str, str]:
    pair = (answer, "") if isinstance(answer, str) else answer
    if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], str)):
        raise InputError(
            f"item {number}: found {answer!r}, allowed is one of {', '.join(REPORTED)}, or such a "
            "word and a location"
        )
    return check_choice(f"item {number}", pair[0], REPORTED), pair[1]
