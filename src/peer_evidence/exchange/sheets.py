"""Writing tables into an Excel workbook: words to choose from, notes on columns, no formulas."""

from __future__ import annotations

import errno
import io
import re
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peer_evidence.errors import InputError, PeerEvidenceError
from peer_evidence.records.columns import Column, Table
from peer_evidence.records.forms import INTEGER, NUMBER
from peer_evidence.records.grid import number_text
from peer_evidence.records.read import RawTable
from peer_evidence.records.workbook import DOT
from peer_evidence.writing import told_where

HOW_TO, WORDS = "how_to", "words"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_CELL, _MOST_ROWS, _LONGEST_NAME = 32_767, 1_048_575, 31
_ROWS_AHEAD = 2000
_DIGITS = ".15g"  # what a spreadsheet keeps of a number
_MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_LONG_AGO = b"1980-01-01T00:00:00Z"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REQUIRED, _OPTIONAL = "FFDCE6F2", "FFF2F2F2"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as a sheet.

    Attributes
    ----------
    table : Table
        Its definition.
    raw : RawTable
        Its texts.
    words : mapping of str to tuple of str
        The words that a column allows, to choose from.
    """

    table: Table
    raw: RawTable
    words: Mapping[str, tuple[str, ...]]


def workbook_bytes(sheets: Sequence[Sheet], how_to: Sequence[str] = ()) -> bytes:
    """Write tables as one workbook; equal inputs give equal bytes.

    Parameters
    ----------
    sheets : sequence of Sheet
        The tables, in the order of the sheets.
    how_to : sequence of str
        Lines of a first sheet for the reader; none without it.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    InputError
        A cell, a name or a table is longer than the format allows; nothing is cut.
    PeerEvidenceError
        If openpyxl is not installed.

    Notes
    -----
    Every text is written as text, so that none that begins with ``=``, ``+``, ``-``, ``@`` or a
    tab runs as a formula. A number is written as one where reading it gives the same text again,
    else as text, so that ``2.50`` stays so.
    """
    openpyxl = need_openpyxl()
    book = openpyxl.Workbook()
    book.remove(book.active)
    if how_to:
        sheet = book.create_sheet(HOW_TO)
        sheet.column_dimensions["A"].width = 100
        for row, line in enumerate(how_to, start=1):
            put_text(sheet.cell(row, 1), line)
    lists = _Lists()
    for one in sheets:
        _add_sheet(book, one, lists)
    lists.write(book)
    return _stable(_saved(book))


def _saved(book: Any) -> bytes:
    """Give the bytes of a workbook, of which the library writes parts into temporary files."""
    stream = io.BytesIO()
    with told_where(Path(tempfile.gettempdir())):
        try:
            book.save(stream)
        except Exception as error:
            if type(error).__name__ != "SerialisationError":  # of lxml, when it cannot write
                raise
            raise OSError(errno.ENOSPC, f"{error} in the folder for temporary files") from error
    return stream.getvalue()


def need_openpyxl() -> Any:
    """Give the module openpyxl, or raise PeerEvidenceError with what to install."""
    try:
        import openpyxl
    except ImportError as error:
        raise PeerEvidenceError(
            "an Excel workbook needs openpyxl, which is not installed; install the extra with "
            'pip install "peer-evidence[excel]"'
        ) from error
    return openpyxl


def put_text(cell: Any, text: str) -> None:
    """Put a text in a cell as text, whatever it begins with."""
    if len(text) > _LONGEST_CELL:
        raise InputError(
            f"xlsx: a cell holds {len(text)} characters, allowed are {_LONGEST_CELL} in this "
            f"format ({text[:40]!r}...); save as CSV instead"
        )
    if _NOT_IN_XML.search(text):
        raise InputError(f"xlsx: {text[:40]!r} holds a character that the format does not allow")
    if not text:
        return
    cell.value = text
    cell.data_type = "s"
    if text.startswith(_FORMULA):
        cell.quotePrefix = True  # so that it stays text when somebody edits it


def _add_sheet(book: Any, one: Sheet, lists: _Lists) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    title = one.table.name.replace("/", ".")
    if len(title) > _LONGEST_NAME:
        raise InputError(
            f"xlsx: the name of the table {one.table.name!r} is too long for a sheet, allowed are "
            f"{_LONGEST_NAME - len(DOT)} characters; rename it, or save as CSV"
        )
    if len(one.raw) > _MOST_ROWS:
        raise InputError(
            f"xlsx: {one.table.name} has {len(one.raw)} rows, allowed are {_MOST_ROWS} in this "
            "format; save as CSV or Parquet"
        )
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "B2"
    known = {column.name: column for column in one.table.columns}
    for place, (name, cells) in enumerate(one.raw.columns.items(), start=1):
        column = known.get(name, Column(name))
        head = sheet.cell(1, place)
        put_text(head, name)
        head.font = Font(bold=True)
        head.alignment = Alignment(vertical="top")
        head.fill = PatternFill("solid", fgColor=_REQUIRED if column.required else _OPTIONAL)
        head.comment = _comment(column, one.words.get(name))
        letter = get_column_letter(place)
        wide = max([len(name), *(min(len(str(cell)), 40) for cell in cells[:200])])
        sheet.column_dimensions[letter].width = wide + 3
        numeric = column.kind in {"integer", "number"}
        if not numeric:  # else a spreadsheet makes a date of 3-4
            sheet.column_dimensions[letter].number_format = "@"
        for row, text in enumerate(cells, start=2):
            if text:
                _put(sheet.cell(row, place), str(text), numeric=numeric)
        if name in one.words:
            last = len(one.raw) + 1 + _ROWS_AHEAD
            lists.choose(sheet, f"{letter}2:{letter}{last}", one.words[name])


def _put(cell: Any, text: str, *, numeric: bool) -> None:
    """Write a number as one where reading gives its text again, and everything else as text."""
    if numeric and NUMBER.fullmatch(text):
        value = int(text) if INTEGER.fullmatch(text) else float(text)
        exact = isinstance(value, int) or float(f"{value:{_DIGITS}}") == value
        if exact and number_text(value) == text:
            cell.value = value
            return
    put_text(cell, text)
    cell.number_format = "@"


def _comment(column: Column, words: Sequence[str] | None) -> Any:
    from openpyxl.comments import Comment

    parts = [column.description or column.name.replace("_", " ")]
    parts.append("must be filled" if column.required else "may be empty")
    if column.unit:
        parts.append(f"unit: {column.unit}")
    if column.references:
        parts.append(f"must be a {column.references}")
    if words:
        parts.append(f"one of: {', '.join(words)}")
    comment = Comment("\n".join(parts), "peer_evidence")
    comment.width, comment.height = 320, 60 + 18 * len(parts) + len(parts[-1]) // 3
    return comment


class _Lists:
    """The words to choose from, each list once, on a sheet of their own."""

    def __init__(self) -> None:
        self._lists: dict[tuple[str, ...], str] = {}

    def choose(self, sheet: Any, cells: str, words: tuple[str, ...]) -> None:
        """Let the cells of a range be chosen from some words."""
        from openpyxl.utils import get_column_letter
        from openpyxl.worksheet.datavalidation import DataValidation

        if words not in self._lists:
            letter = get_column_letter(len(self._lists) + 1)
            self._lists[words] = f"{WORDS}!${letter}$1:${letter}${len(words)}"
        rule = DataValidation("list", formula1=self._lists[words], allow_blank=True)
        rule.showErrorMessage = True
        rule.error = "This word is not in the list; see the sheet words, or add it to vocabulary."
        rule.add(cells)
        sheet.add_data_validation(rule)

    def write(self, book: Any) -> None:
        """Write the sheet that holds the lists."""
        if not self._lists:
            return
        sheet = book.create_sheet(WORDS)
        for place, words in enumerate(self._lists, start=1):
            for row, word in enumerate(words, start=1):
                put_text(sheet.cell(row, place), word)


def _stable(data: bytes) -> bytes:
    """Write the archive again without any clock."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            part.compress_type, part.create_system = zipfile.ZIP_DEFLATED, 3
            part.external_attr = 0o644 << 16
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + _LONG_AGO, content)
            new.writestr(part, content)
    return out.getvalue()
