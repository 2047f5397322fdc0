"""The report as a Word document: the same sections as the page, in native tables and headings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from peer_evidence.documents import Document, Run, Text, TextTable
from peer_evidence.report.blocks import (
    Block,
    Bullets,
    Definitions,
    Drawing,
    Grid,
    Heading,
    Html,
    Paragraph,
)
from peer_evidence.report.contents import Contents
from peer_evidence.report.plain import plain, runs
from peer_evidence.report.slices import cropped

_FULL = 112  # characters of a table's text that fit across the page
_WORD = 24
_PROSE = 60


def word(contents: Contents, folder: Path) -> bytes:
    """Give the report as the bytes of a Word document.

    Parameters
    ----------
    contents : Contents
        The sections that the page shows too.
    folder : Path
        The folder in which the files of the figures stand.

    Returns
    -------
    bytes
        The document; equal inputs give equal bytes under the same versions.

    Raises
    ------
    PeerEvidenceError
        If python-docx is not installed.
    """
    document = Document(contents.title, author=contents.authors)
    document.page_numbers()
    document.heading(contents.title, 0)
    document.paragraph(contents.question, "Subtitle")
    for name, answer in contents.answers:
        document.paragraph([Run(f"{name}. ", strong=True), *_linked(answer)])
    for block in contents.opening:
        _add(document, block, folder)
    document.heading("Contents", 1)
    for section in contents.sections:
        document.paragraph([Run(section.title, f"#{section.anchor}")])
    for section in contents.sections:
        document.heading(section.title, 1, section.anchor)
        document.paragraph(_linked(section.answer))
        for block in section.blocks:
            _add(document, block, folder)
    return document.data()


def _add(document: Document, block: Block, folder: Path) -> None:
    if isinstance(block, Paragraph):
        document.paragraph(_linked(block.html))
    elif isinstance(block, Heading):
        document.heading(block.text, 2)
    elif isinstance(block, Bullets):
        for number, item in enumerate(block.items, start=1):
            if block.ordered:
                document.paragraph([Run(f"{number}.\t"), *_linked(item)], hanging=True)
            else:
                document.paragraph(_linked(item), "List Bullet")
    elif isinstance(block, Definitions):
        for term, text in block.pairs:
            named = [Run(f"{plain(term)}: ", strong=True)]
            document.paragraph([*named, *_linked(text)])
    elif isinstance(block, Drawing):
        _picture(document, block, folder)
    elif block.rows:
        document.caption("Table", block.caption, above=True)
        document.table(_table(block))
        document.gap()


def _picture(document: Document, drawing: Drawing, folder: Path) -> None:
    file = next((name for name in drawing.files if name.endswith(".png")), None)
    if file is not None:
        title = Path(file).stem.replace("_", " ")
        pieces = cropped((folder / file).read_bytes())
        for number, piece in enumerate(pieces, start=1):
            part = f"Part {number} of {len(pieces)} of the figure before."
            document.picture(piece, drawing.alt if number == 1 else part, title)
    document.caption("Figure", _linked(drawing.caption))


def _table(grid: Grid) -> TextTable:
    rows = tuple(tuple(_linked(cell) for cell in row) for row in grid.rows)
    texts = [[plain(cell) for cell in row] for row in grid.rows]
    return TextTable(
        tuple(grid.header),
        rows,
        widths=_widths([list(grid.header), *texts]),
        right=grid.right,
        anchors=tuple(grid.anchors),
    )


def _widths(rows: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """Share the page by what the columns hold: no less than the longest word, prose the rest."""
    needs, wants = [], []
    for column in zip(*rows, strict=True):
        longest = max((len(part) for text in column for part in text.split()), default=1)
        needs.append(float(min(longest, _WORD)) + 2)
        lengths = sorted(len(text) for text in column)
        wants.append(max(needs[-1], min(lengths[int(0.9 * (len(lengths) - 1))], _PROSE)))
    spare, asked = _FULL - sum(needs), sum(wants) - sum(needs)
    if spare <= 0 or asked <= 0:
        return tuple(needs)
    return tuple(
        need + (want - need) * spare / asked for need, want in zip(needs, wants, strict=True)
    )


def _linked(html: Html) -> Text:
    """Give the runs of a text; links to files beside the page lead nowhere from a document."""
    keep = ("#", "https://", "http://")
    return tuple(
        run if run.link.startswith(keep) else Run(run.text, strong=run.strong) for run in runs(html)
    )
