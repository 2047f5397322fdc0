"""Tables in a Word document: header rows repeat, text stays editable, equal inputs equal bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from peer_evidence.errors import InputError, PeerEvidenceError

_LONG_AGO = datetime(1980, 1, 1, tzinfo=UTC)
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_POINTS = 8.5
_AFTER_BORDERS = ("shd", "tblLayout", "tblCellMar", "tblLook")


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of texts.

    Attributes
    ----------
    header : tuple of str
        The header row, repeated on each page.
    rows : tuple of tuple of str
        The cells.
    caption : str
        Stands above the table.
    widths : tuple of float
        Shares of the page's width; equal when left out.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    widths: tuple[float, ...] = ()


def save_document(
    path: str | Path,
    title: str,
    blocks: Sequence[str | TextTable],
    *,
    landscape: bool = True,
) -> Path:
    """Write a Word document of paragraphs and tables; it appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        The file, ending in ``.docx``; its folder must exist.
    title : str
        The title, also that of the file's properties.
    blocks : sequence of str or TextTable
        What stands below the title, in order.
    landscape : bool
        Turn the page.

    Returns
    -------
    Path
        The file. It holds no clock: equal inputs give equal bytes under the same versions.

    Raises
    ------
    InputError
        A path without that ending, or in a folder that is not there.
    PeerEvidenceError
        If python-docx is not installed.
    """
    target = Path(path)
    if target.suffix != ".docx":
        raise InputError(f"path: found {target.name!r}, allowed is a name that ends in '.docx'")
    if not target.parent.is_dir():
        raise InputError(f"path: there is no folder {str(target.parent)!r}; make it first")
    data = _stable(_document(title, blocks, landscape))
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _document(title: str, blocks: Sequence[str | TextTable], landscape: bool) -> bytes:
    """Build the document with python-docx."""
    try:
        import docx
    except ImportError as error:
        raise PeerEvidenceError(
            "a Word document needs python-docx, which is not installed; install the extra with "
            'pip install "peer-evidence[report]"'
        ) from error
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm, Pt

    document: Any = docx.Document()
    page = document.sections[0]
    long, short = Mm(297), Mm(210)
    page.page_width, page.page_height = (long, short) if landscape else (short, long)
    if landscape:
        page.orientation = WD_ORIENT.LANDSCAPE
    for side in ("left", "right", "top", "bottom"):
        setattr(page, f"{side}_margin", Mm(18))
    document.styles["Normal"].font.size = Pt(10)
    about = document.core_properties
    about.title, about.author, about.last_modified_by, about.comments = _clean(title), "", "", ""
    about.created = about.modified = _LONG_AGO.replace(tzinfo=None)
    document.add_heading(_clean(title), level=1)
    width = page.page_width - page.left_margin - page.right_margin
    for block in blocks:
        if isinstance(block, str):
            document.add_paragraph(_clean(block))
        else:
            _add_table(document, block, width)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _add_table(document: Any, table: TextTable, width: int) -> None:
    """Add a table with lines above, below and between its rows."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    if table.caption:
        caption = document.add_paragraph()
        caption.add_run(_clean(table.caption)).bold = True
        caption.paragraph_format.keep_with_next = True
    grid = document.add_table(rows=1 + len(table.rows), cols=len(table.header))
    grid.autofit = False
    shares = table.widths or (1.0,) * len(table.header)
    for column, share in zip(grid.columns, shares, strict=True):
        column.width = int(width * share / sum(shares))
    for place, texts in enumerate((table.header, *table.rows)):
        row = grid.rows[place]
        marks = ["w:cantSplit"] if place else ["w:cantSplit", "w:tblHeader"]
        for mark in marks:
            row._tr.get_or_add_trPr().append(OxmlElement(mark))
        for cell, text, column in zip(row.cells, texts, grid.columns, strict=True):
            cell.width = column.width
            _fill(cell, text, bold=place == 0)
    borders = OxmlElement("w:tblBorders")
    for edge in ("top", "bottom", "insideH"):
        line = OxmlElement(f"w:{edge}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", "666666")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    about = grid._tbl.tblPr
    # the format fixes the order of these parts, and Word refuses another
    after = [child for child in about if child.tag in {qn(f"w:{name}") for name in _AFTER_BORDERS}]
    after[0].addprevious(borders) if after else about.append(borders)


def _fill(cell: Any, text: str, *, bold: bool) -> None:
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(1)
    run = paragraph.add_run(_clean(text))
    run.font.size, run.bold = Pt(_POINTS), bold


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub(" ", text)


def _stable(data: bytes) -> bytes:
    """Write the archive again with a fixed date on every part."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            part.compress_type, part.create_system = zipfile.ZIP_DEFLATED, 3
            part.external_attr = 0o644 << 16
            new.writestr(part, old.read(name))
    return out.getvalue()
