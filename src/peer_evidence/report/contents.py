"""What page, Word document and methods text share: the sections, built once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from peer_evidence.report.blocks import Block, Html, Section

PAGE = "index.html"
DOCX, PDF, METHODS = "report.docx", "report.pdf", "methods.md"
FORMATS = {"docx": DOCX, "pdf": PDF, "md": METHODS}


@dataclass(frozen=True, slots=True)
class Contents:
    """The report before it is given a form.

    Attributes
    ----------
    title : str
        The title of the review.
    question : str
        Its question.
    answers : sequence of (str, str)
        The answers of the first screen, each under its heading.
    opening : sequence of Block
        What stands below them.
    sections : sequence of Section
        The sections in their order.
    authors : str
        Who made the review, as its package says; empty when it does not.
    """

    title: str
    question: str
    answers: Sequence[tuple[str, Html]]
    opening: Sequence[Block]
    sections: Sequence[Section]
    authors: str = ""

    def section(self, anchor: str) -> Section:
        """Give one section by its anchor."""
        return next(one for one in self.sections if one.anchor == anchor)


@dataclass(frozen=True, slots=True)
class Handouts:
    """The forms in which the report is there beside the page.

    Attributes
    ----------
    files : sequence of str
        Their files.
    left_out : mapping of str
        Files that were not made, each with the reason.
    """

    files: Sequence[str] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)

    def without(self, file: str, reason: str) -> Handouts:
        """Say that a file could not be made after all."""
        kept = [name for name in self.files if name != file]
        return Handouts(kept, {**self.left_out, file: reason})
