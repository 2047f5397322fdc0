"""What a section of the page is made of; the template knows how each looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from markupsafe import Markup

Html = Markup | str  # a plain str is escaped by the template


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; small ones are for what is left out."""

    kind: ClassVar[str] = "paragraph"
    html: Html
    small: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure with its alternative text, its caption and the files it was saved to.

    A ``narrow`` one is of one column's width and is not blown up to the width of the page.
    """

    kind: ClassVar[str] = "drawing"
    source: str
    alt: str
    caption: Html
    files: Sequence[str] = ()
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; ``right`` names the columns that hold numbers, ``wide`` those that hold prose.

    A ``stacked`` table stands as cards on narrow screens, its verdict first. A table with a
    ``folded`` text is closed behind it until it is opened or linked to.
    """

    kind: ClassVar[str] = "grid"
    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[Html]]
    right: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()
    pale: frozenset[int] = frozenset()
    anchors: Sequence[str] = ()
    folded: str = ""
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Definitions:
    """Terms with their explanations."""

    kind: ClassVar[str] = "definitions"
    pairs: Sequence[tuple[Html, Html]]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; an ``ordered`` one is numbered."""

    kind: ClassVar[str] = "bullets"
    items: Sequence[Html]
    ordered: bool = False


Block = Paragraph | Heading | Drawing | Grid | Definitions | Bullets


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its answer in one sentence first, then what supports it, then what is missing."""

    anchor: str
    title: str
    answer: Html
    blocks: list[Block] = field(default_factory=list)
