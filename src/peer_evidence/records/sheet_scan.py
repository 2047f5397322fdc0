"""A first look at the parts of a workbook, before a library reads their values.

A document type, in which a file could define entities that grow without end or fetch other files,
is refused in every part. Of a sheet it is noted how far it reaches, which cells are merged, and
which formulas no program has computed.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})", re.ASCII)
_MOST_NOTED = 100
_CHUNK = 1 << 16
LAST_ROW = 1_048_576
_LONGEST_ROW = 7  # digits


class ForbiddenXmlError(ValueError):
    """A part of a workbook defines a document type."""


@dataclass(slots=True)
class SheetScan:
    """What was seen of a sheet.

    Attributes
    ----------
    width : int
        The last column that holds a value.
    rows : set of int
        The rows that hold one.
    merged : list of str
        The first cell of each merged range.
    uncomputed : set of str
        Cells with a formula and no value.
    odd : str
        The first row or cell whose place is none, or does not follow the one before it: a library
        would leave it out without a word. Empty when there is none.
    """

    width: int = 0
    rows: set[int] = field(default_factory=set)
    merged: list[str] = field(default_factory=list)
    uncomputed: set[str] = field(default_factory=set)
    odd: str = ""


def scan_parts(archive: zipfile.ZipFile) -> dict[str, SheetScan]:
    """Look through every XML part of an archive.

    Raises
    ------
    ForbiddenXmlError
        A part defines a document type.
    expat.ExpatError
        A part is no sound XML.
    """
    found: dict[str, SheetScan] = {}
    for part in archive.infolist():
        with archive.open(part) as stream:
            start = stream.read(_CHUNK)
            if not start.lstrip().startswith((b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")):
                continue
            scan = _Scanner()
            scan.parser.Parse(start)
            while chunk := stream.read(_CHUNK):
                scan.parser.Parse(chunk)
            scan.parser.Parse(b"", True)
        found[part.filename] = scan.seen
    return found


def column_number(letters: str) -> int:
    """Give the number of a column of a sheet.

    Examples
    --------
    >>> column_number("A"), column_number("AA")
    (1, 27)
    """
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


class _Scanner:
    def __init__(self) -> None:
        self.seen = SheetScan()
        self.cell = ""
        self.row = self.column = 0
        self.has_formula = self.has_value = self.in_value = self.is_text = False
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _refuse(self, name: str, *about: Any) -> None:
        raise ForbiddenXmlError(name)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "row":
            self._start_row(attributes.get("r"))
        elif tag == "c":
            self._start_cell(attributes.get("r"))
            self.has_formula = self.has_value = False
            self.is_text = attributes.get("t") == "str"  # the text that a formula gives
        elif tag == "f":
            self.has_formula = True
        elif tag == "v":
            self.in_value, self.has_value = True, self.has_value or self.is_text
        elif tag == "is":
            self.has_value = True
        elif tag == "mergeCell" and len(self.seen.merged) < _MOST_NOTED:
            self.seen.merged.append(attributes.get("ref", ""))

    def _start_row(self, stated: str | None) -> None:
        before, self.column = self.row, 0
        if stated is None:
            self.row += 1
        elif stated.isascii() and stated.isdecimal() and len(stated) <= _LONGEST_ROW:
            self.row = int(stated)
        else:
            self.row = 0
        if not before < self.row <= LAST_ROW:
            self.seen.odd = self.seen.odd or f"row {stated or self.row} after row {before}"

    def _start_cell(self, stated: str | None) -> None:
        before, self.cell = self.column, stated or ""
        place = _REFERENCE.fullmatch(self.cell.upper())
        if stated is None:
            self.column += 1
        else:
            self.column = column_number(place[1]) if place else 0
        if self.column <= before or (place and int(place[2]) != self.row):
            where = f"cell {stated}" if stated is not None else f"cell {self.column}"
            self.seen.odd = self.seen.odd or f"{where} in row {self.row}"

    def _text(self, text: str) -> None:
        if self.in_value:
            self.has_value = True

    def _end(self, name: str) -> None:
        self.in_value = False
        if name.rpartition(":")[2] != "c":
            return
        if self.has_formula and not self.has_value:
            self.seen.uncomputed.add(self.cell)
        if self.has_formula or self.has_value:
            self.seen.width = max(self.seen.width, self.column)
            self.seen.rows.add(self.row)
