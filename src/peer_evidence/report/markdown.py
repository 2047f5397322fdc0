"""A section as Markdown text."""

from __future__ import annotations

import re

from peer_evidence.report.blocks import (
    Block,
    Bullets,
    Definitions,
    Drawing,
    Grid,
    Heading,
    Html,
    Section,
)
from peer_evidence.report.plain import runs

# what begins something in Markdown wherever it stands: code, emphasis, mathematics, a cell, a link
_SPECIAL = re.compile(r"([\\`*|$]|(?<=\])[(:]|(?<!\w)_|_(?!\w)|~(?=~))")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_BEGINS = re.compile(r"^\s*([#>+=~-])")


def markdown(section: Section, title: str) -> str:
    """Give a section as Markdown, for a methods part that can be pasted into a paper.

    Parameters
    ----------
    section : Section
        The section.
    title : str
        What stands above it.

    Returns
    -------
    str
        The text; it ends with a line feed.
    """
    parts = [f"# {_text(title)}", _text(section.answer)]
    parts += [_block(block) for block in section.blocks]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"## {_text(block.text)}"
    if isinstance(block, Bullets):
        marks = [f"{i}." if block.ordered else "-" for i in range(1, len(block.items) + 1)]
        return "\n".join(
            f"{mark} {_text(item)}" for mark, item in zip(marks, block.items, strict=True)
        )
    if isinstance(block, Definitions):
        return "\n".join(f"- **{_text(term)}**: {_text(text)}" for term, text in block.pairs)
    if isinstance(block, Drawing):
        return f"Figure: {_text(block.caption)}"
    if isinstance(block, Grid):
        header, *rows = (
            f"| {' | '.join(_text(cell) for cell in row)} |" for row in (block.header, *block.rows)
        )
        table = "\n".join([header, f"|{' --- |' * len(block.header)}", *rows])
        return f"{_text(block.caption)}\n\n{table}"
    return _text(block.html)


def _text(html: Html) -> str:
    parts = []
    for run in runs(html):
        text = _ENTITY.sub("&amp;", _SPECIAL.sub(r"\\\1", run.text)).replace("<", "&lt;")
        outside = run.link.startswith(("https://", "http://"))
        parts.append(f"[{text}]({run.link})" if outside else text)
    return _BEGINS.sub(r"\\\1", re.sub(r"\s+", " ", "".join(parts)).strip())
