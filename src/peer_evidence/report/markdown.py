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

_SPECIAL = re.compile(r"([\\`*|])")


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
        lines = [list(block.header), ["---"] * len(block.header), *block.rows]
        table = "\n".join(f"| {' | '.join(_text(cell) for cell in row)} |" for row in lines)
        return f"{_text(block.caption)}\n\n{table}"
    return _text(block.html)


def _text(html: Html) -> str:
    parts = []
    for run in runs(html):
        text = _SPECIAL.sub(r"\\\1", run.text).replace("<", "&lt;")
        outside = run.link.startswith(("https://", "http://"))
        parts.append(f"[{text}]({run.link})" if outside else text)
    return re.sub(r"\s+", " ", "".join(parts)).strip()
