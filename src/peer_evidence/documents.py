"""Word documents: native tables whose header rows repeat, equal inputs equal bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from peer_evidence.errors import InputError, PeerEvidenceError
from peer_evidence.writing import write_whole

_LONG_AGO = datetime(1980, 1, 1, tzinfo=UTC)
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_AT_BREAKS = re.compile(r"([\n\t])")
_BREAKS = {"\n": "<w:br/>", "\t": "<w:tab/>"}
_HALF_POINTS = 17
_EMU_PER_TWIP = 635
_MARGIN_MM = 18
_TALL = 1.28  # a picture's height at most, in widths of the text
_LONG = 400  # a row with a longer text may break across pages
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NEEDS = (
    "a Word document needs python-docx, which is not installed; install the extra with "
    'pip install "peer-evidence[report]"'
)


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text.

    Attributes
    ----------
    text : str
        The text; a line feed breaks the line.
    link : str
        Where it leads: an address, or ``#`` and the anchor of a heading or a row.
    strong : bool
        Whether it is bold.
    """

    text: str
    link: str = ""
    strong: bool = False


Text = str | Sequence[Run]


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of texts.

    Attributes
    ----------
    header : tuple of str
        The header row, repeated on each page.
    rows : tuple of tuple of str or runs
        The cells.
    caption : str
        Stands above the table.
    widths : tuple of float
        Shares of the page's width; equal when left out.
    right : frozenset of int
        The columns whose texts stand at the right.
    anchors : tuple of str
        One a row, for links that lead there.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    caption: str = ""
    widths: tuple[float, ...] = ()
    right: frozenset[int] = frozenset()
    anchors: tuple[str, ...] = ()


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
    document = Document(title, landscape=landscape)
    document.heading(title, 1)
    for block in blocks:
        if isinstance(block, str):
            document.paragraph(block)
        else:
            document.table(block)
    return write_whole(target, document.data())


def can_write() -> bool:
    """Say whether python-docx is there."""
    return find_spec("docx") is not None


class Document:
    """A Word document that grows block by block.

    Parameters
    ----------
    title : str
        The title in the properties of the file.
    author : str
        Its author there.
    landscape : bool
        Turn the page.

    Raises
    ------
    PeerEvidenceError
        If python-docx is not installed.
    """

    def __init__(self, title: str, *, author: str = "", landscape: bool = False) -> None:
        try:
            import docx
        except ImportError as error:
            raise PeerEvidenceError(NEEDS) from error
        from docx.enum.section import WD_ORIENT
        from docx.shared import Mm, Pt, RGBColor

        self._docx: Any = docx.Document()
        page = self._docx.sections[0]
        long, short = Mm(297), Mm(210)
        page.page_width, page.page_height = (long, short) if landscape else (short, long)
        if landscape:
            page.orientation = WD_ORIENT.LANDSCAPE
        for side in ("left", "right", "top", "bottom"):
            setattr(page, f"{side}_margin", Mm(_MARGIN_MM))
        self._docx.styles["Normal"].font.size = Pt(10)
        for name in ("Title", "Subtitle", "Heading 1", "Heading 2", "Caption"):
            self._docx.styles[name].font.color.rgb = RGBColor(0x1A, 0x1A, 0x1A)
        self._docx.styles["Caption"].font.bold = False
        about = self._docx.core_properties
        about.title, about.author, about.last_modified_by = _clean(title), _clean(author), ""
        about.comments = ""
        about.created = about.modified = _LONG_AGO.replace(tzinfo=None)
        self.width = int((long if landscape else short) - 2 * _MARGIN_MM * Mm(1))
        self._links: dict[str, str] = {}
        self._bookmarks = 0
        self._counted: dict[str, int] = {}

    def heading(self, text: str, level: int, anchor: str = "") -> None:
        """Add a heading; level 0 is the title of the document."""
        heading = self._docx.add_heading(level=level)
        self._fill(heading, text, anchor)

    def paragraph(self, text: Text, style: str = "", *, hanging: bool = False) -> None:
        """Add a paragraph in a style of the template."""
        from docx.shared import Mm

        paragraph = self._docx.add_paragraph(style=style or None)
        if hanging:
            form = paragraph.paragraph_format
            form.left_indent, form.first_line_indent = Mm(9), -Mm(9)
        self._fill(paragraph, text)

    def picture(self, png: bytes, alt: str, title: str) -> None:
        """Add a picture of the page's width at most, with the text for who does not see it."""
        paragraph = self._docx.add_paragraph()
        paragraph.paragraph_format.keep_with_next = True
        shape = paragraph.add_run().add_picture(io.BytesIO(png))
        limit = min(1.0, self.width / shape.width, _TALL * self.width / shape.height)
        shape.width, shape.height = int(shape.width * limit), int(shape.height * limit)
        about = shape._inline.docPr
        about.set("descr", _clean(alt))
        about.set("title", _clean(title))

    def caption(self, kind: str, text: Text, *, above: bool = False) -> None:
        """Add a numbered caption, "Table 1. ..." or "Figure 1. ...", as Word itself numbers."""
        number = self._counted[kind] = self._counted.get(kind, 0) + 1
        paragraph = self._docx.add_paragraph(style="Caption")
        paragraph.paragraph_format.keep_with_next = above
        label = (
            f'<w:r><w:t xml:space="preserve">{kind} </w:t></w:r>'
            f'<w:fldSimple w:instr=" SEQ {kind} \\* ARABIC "><w:r><w:t>{number}</w:t></w:r>'
            '</w:fldSimple><w:r><w:t xml:space="preserve">. </w:t></w:r>'
        )
        self._append(paragraph, label + self._runs(text))

    def table(self, table: TextTable) -> None:
        """Add a table with lines above, below and between its rows."""
        from docx.oxml import parse_xml

        if table.caption:
            paragraph = self._docx.add_paragraph()
            paragraph.add_run(_clean(table.caption)).bold = True
            paragraph.paragraph_format.keep_with_next = True
        shares = table.widths or (1.0,) * len(table.header)
        total = self.width / _EMU_PER_TWIP
        widths = [int(total * share / sum(shares)) for share in shares]
        header = tuple((Run(text, strong=True),) for text in table.header)
        rows = [self._row(header, widths, table.right, first=True)]
        for place, cells in enumerate(table.rows):
            anchor = table.anchors[place] if table.anchors else ""
            rows.append(self._row(cells, widths, table.right, anchor))
        lines = "".join(
            f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="666666"/>'
            for edge in ("top", "bottom", "insideH")
        )
        xml = (
            f'<w:tbl xmlns:w="{_W}" xmlns:r="{_R}"><w:tblPr>'
            f'<w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{lines}</w:tblBorders>'
            f'<w:tblLayout w:type="fixed"/>'
            '<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" '
            'w:lastColumn="0" w:noHBand="1" w:noVBand="1"/></w:tblPr><w:tblGrid>'
            + "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
            + f"</w:tblGrid>{''.join(rows)}</w:tbl>"
        )
        self._docx.element.body.sectPr.addprevious(parse_xml(xml))

    def gap(self) -> None:
        """Part a table from what follows; Word joins two tables that touch."""
        self._docx.add_paragraph().paragraph_format.space_after = 0

    def page_numbers(self) -> None:
        """Put the number of the page at the foot of each."""
        foot = self._docx.sections[0].footer.paragraphs[0]
        foot.alignment = 1
        self._append(foot, '<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>')

    def data(self) -> bytes:
        """Give the bytes of the file."""
        stream = io.BytesIO()
        self._docx.save(stream)
        return _stable(stream.getvalue())

    def _row(
        self,
        cells: Sequence[Text],
        widths: Sequence[int],
        right: frozenset[int],
        anchor: str = "",
        *,
        first: bool = False,
    ) -> str:
        whole = max((_length(text) for text in cells), default=0) < _LONG
        marks = "<w:cantSplit/>" * whole + "<w:tblHeader/>" * first
        parts = []
        for place, (text, width) in enumerate(zip(cells, widths, strict=True)):
            side = '<w:jc w:val="right"/>' if place in right else ""
            inside = self._runs(text, _HALF_POINTS)
            if anchor and place == 0:
                inside = self._bookmark(anchor) + inside
            parts.append(
                f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr><w:p><w:pPr>'
                f'<w:spacing w:before="20" w:after="20" w:line="240" w:lineRule="auto"/>{side}'
                f"</w:pPr>{inside}</w:p></w:tc>"
            )
        return f"<w:tr><w:trPr>{marks}</w:trPr>{''.join(parts)}</w:tr>"

    def _fill(self, paragraph: Any, text: Text, anchor: str = "") -> None:
        before = self._bookmark(anchor) if anchor else ""
        self._append(paragraph, before + self._runs(text))

    def _append(self, paragraph: Any, xml: str) -> None:
        from docx.oxml import parse_xml

        for part in parse_xml(f'<w:p xmlns:w="{_W}" xmlns:r="{_R}">{xml}</w:p>'):
            paragraph._p.append(part)

    def _runs(self, text: Text, half_points: int = 0) -> str:
        return "".join(
            self._run(run, half_points)
            for run in ([Run(text)] if isinstance(text, str) else text)
            if run.text
        )

    def _run(self, run: Run, half_points: int) -> str:
        outside = run.link.startswith(("https://", "http://"))
        form = "<w:b/>" if run.strong else ""
        form += '<w:color w:val="0072B2"/>' if outside else ""
        form += f'<w:sz w:val="{half_points}"/>' if half_points else ""
        form += '<w:u w:val="single"/>' if outside else ""
        inside = "".join(
            _BREAKS.get(part) or f'<w:t xml:space="preserve">{escape(part)}</w:t>'
            for part in _AT_BREAKS.split(_clean(run.text))
            if part
        )
        made = f"<w:r><w:rPr>{form}</w:rPr>{inside}</w:r>"
        if outside:
            return f'<w:hyperlink r:id="{self._relation(run.link)}">{made}</w:hyperlink>'
        if run.link.startswith("#"):
            return f"<w:hyperlink w:anchor={quoteattr(run.link[1:])}>{made}</w:hyperlink>"
        return made

    def _relation(self, address: str) -> str:
        if address not in self._links:
            from docx.opc.constants import RELATIONSHIP_TYPE

            kind = RELATIONSHIP_TYPE.HYPERLINK
            given = self._docx.part.relate_to(_clean(address), kind, is_external=True)
            self._links[address] = given
        return self._links[address]

    def _bookmark(self, anchor: str) -> str:
        self._bookmarks += 1
        start = f'<w:bookmarkStart w:id="{self._bookmarks}" w:name={quoteattr(anchor)}/>'
        return f'{start}<w:bookmarkEnd w:id="{self._bookmarks}"/>'


def _length(text: Text) -> int:
    return len(text) if isinstance(text, str) else sum(len(run.text) for run in text)


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
            packed = name.endswith(".png")  # its bytes are compressed already
            part.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            part.create_system = 3
            part.external_attr = 0o644 << 16
            new.writestr(part, old.read(name))
    return out.getvalue()
