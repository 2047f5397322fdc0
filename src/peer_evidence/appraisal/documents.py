"""A table of texts as Markdown or as a Word document; every text stays text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from peer_evidence.errors import InputError
from peer_evidence.writing import write_whole

_MARKED = re.compile(r"([\\`*_{}\[\]<>#|~$])")
# what XML 1.0 cannot hold
_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_PAGE = 17.0  # centimetres between the margins of an A4 page


def clean(text: object) -> str:
    r"""Give a text without the characters that no document can hold.

    Examples
    --------
    >>> clean("a\x00b\x0bc")
    'abc'
    """
    return _UNWRITABLE.sub("", str(text))


def markdown_text(text: object) -> str:
    r"""Write a text on one line so that Markdown shows it as it is.

    Examples
    --------
    >>> markdown_text("a|b *c* <d>\n& =1+1")
    'a\\|b \\*c\\* \\<d\\> &amp; =1+1'
    """
    line = " ".join(clean(text).split()).replace("&", "&amp;")
    return _MARKED.sub(r"\\\1", line)


def to_markdown(
    title: str, notes: Sequence[str], header: Sequence[str], rows: Sequence[Sequence[object]]
) -> str:
    """Write title, notes and table as Markdown."""
    lines = [f"# {markdown_text(title)}", ""]
    for note in notes:
        lines += [markdown_text(note), ""]
    lines.append("| " + " | ".join(map(markdown_text, header)) + " |")
    lines.append("|" + "---|" * len(header))
    lines += ["| " + " | ".join(map(markdown_text, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def write_docx(
    path: str | Path,
    title: str,
    notes: Sequence[str],
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    widths: Sequence[float],
) -> Path:
    """Write title, notes and table as a Word document, the same bytes each time.

    Parameters
    ----------
    path : str or Path
        Where to; ends in ``.docx`` and its folder exists.
    widths : sequence of float
        The shares of the width of the page that the columns take.

    Raises
    ------
    InputError
        If python-docx is not installed, or the path is no such place.
    """
    target = Path(path)
    if target.suffix.lower() != ".docx":
        raise InputError(f"path: found {str(target)!r}, allowed is a name that ends in '.docx'")
    if not target.parent.is_dir():
        raise InputError(f"path: there is no folder {str(target.parent)!r}; make it first")
    document = _document()
    _describe(document, title)
    document.add_heading(clean(title), level=1)
    for note in notes:
        document.add_paragraph(clean(note))
    _add_table(document, header, rows, widths)
    held = io.BytesIO()
    document.save(held)
    return write_whole(target, _timeless(held.getvalue()))


def _document() -> Any:
    try:
        from docx import Document
    except ModuleNotFoundError as error:
        raise InputError(
            "python-docx is not installed, which writes Word documents; "
            'pip install "peer-evidence[report]"'
        ) from error
    return Document()


def _describe(document: Any, title: str) -> None:
    """Set the properties of the document: a title, no clock and nobody's name."""
    from datetime import datetime

    properties = document.core_properties
    properties.title = clean(title)[:255]
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.created = properties.modified = datetime(*_LONG_AGO)
    properties.revision = 1


def _add_table(
    document: Any,
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    widths: Sequence[float],
) -> None:
    from docx.oxml import OxmlElement
    from docx.shared import Cm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.0)
    table = document.add_table(rows=1 + len(rows), cols=len(header), style="Table Grid")
    table.autofit = False
    grid = [Cm(_PAGE * width / sum(widths)) for width in widths]
    for column, width in zip(table.columns, grid, strict=True):
        column.width = width
    for line, (row, texts) in enumerate(zip(table.rows, [header, *rows], strict=True)):
        kept = row._tr.get_or_add_trPr()
        kept.append(OxmlElement("w:cantSplit"))
        if line == 0:
            kept.append(OxmlElement("w:tblHeader"))
        for cell, text, width in zip(row.cells, texts, grid, strict=True):
            cell.width = width
            run = cell.paragraphs[0].add_run(clean(text))
            run.font.size = Pt(9)
            run.bold = line == 0


def _timeless(document: bytes) -> bytes:
    """Write the archive anew with one date for all parts."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(document)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = zipfile.ZipInfo(name, _LONG_AGO)
            part.compress_type = zipfile.ZIP_DEFLATED
            part.create_system = 3
            new.writestr(part, old.read(name))
    return out.getvalue()
