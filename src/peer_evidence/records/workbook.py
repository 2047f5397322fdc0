"""Reading a review from one Excel workbook: a sheet a table, checked as CSV files are."""

from __future__ import annotations

import datetime
import io
import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.parsers import expat

from peer_evidence.errors import PeerEvidenceError
from peer_evidence.records.archive import MOST_BYTES, archive_problem
from peer_evidence.records.columns import Column
from peer_evidence.records.faults import Fault
from peer_evidence.records.grid import EMPTY, Cell, cell_of, fill_table
from peer_evidence.records.read import Origin, RawTable
from peer_evidence.records.sheet_scan import ForbiddenXmlError, SheetScan, scan_parts
from peer_evidence.records.sources import FRAMEWORK, Source

ENDINGS = (".xlsx", ".xlsm")
DOT = "framework."  # a sheet's name may hold no slash
_OLD = b"\xd0\xcf\x11\xe0"
_WIDEST = 1000
_LONGEST_ROW, _LONGEST_PLACE = 7, 12  # digits of a row, characters of $XFD$1048576
_LONGEST_FORMAT = 255  # characters, of a spreadsheet too
_MOST_CELLS = 20_000_000
_DAY = re.compile(r"d", re.IGNORECASE)
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_NOT_COMPUTED = (
    "must hold a value, and this is a formula that no program has computed; open the file in a "
    "spreadsheet and save it, or type the value"
)
_FAILED = "must hold a value, and this is a formula that failed; type the value"
_PER_CENT = (
    "must be a plain number, and this cell is shown as per cent: 12% is kept as 0.12; set its "
    "format to General and type the number that is meant"
)
_MERGED = "cells must not be merged, as all but the first of them are empty; undo the merging"


def is_workbook(path: Path) -> bool:
    """Tell by its name whether a file is a workbook; the lock file of an open one is none."""
    return (
        path.suffix.lower() in ENDINGS and not path.name.startswith(("~$", ".")) and path.is_file()
    )


def open_workbook(path: Path) -> WorkbookSource:
    """Open a workbook; what forbids reading it is a fault of the source, never an exception.

    Raises
    ------
    PeerEvidenceError
        If openpyxl is not installed.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise PeerEvidenceError(
            "an Excel workbook needs openpyxl, which is not installed; install the extra with "
            'pip install "peer-evidence[excel]"'
        ) from error
    try:
        data = path.read_bytes()
    except OSError as error:
        return _refused(path, "must be a file that can be read", error.strerror or "")
    if data.startswith(_OLD):
        rule = "the file must be an .xlsx workbook without a password; save it again as one"
        return _refused(path, rule, "an old Excel workbook (.xls), or one with a password")
    scans: dict[str, SheetScan] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            problem = archive_problem(archive, len(data))
            if problem is None:
                scans = scan_parts(archive)
        if problem is not None:
            return _refused(path, *problem)
        with warnings.catch_warnings():  # of extensions of the format that hold no values
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        return WorkbookSource(path, book, scans)
    except ForbiddenXmlError:
        rule = "the file must not define a document type (DOCTYPE); a spreadsheet writes none"
        return _refused(path, rule, "a document type")
    except MemoryError:
        rule = f"the file must hold at most {MOST_BYTES // 1_000_000} MB when unpacked"
        return _refused(path, rule, "more than this machine can hold")
    except expat.ExpatError as error:
        return _refused(path, "the file must be a sound workbook", f"broken XML ({error})")
    except Exception as error:  # whatever a damaged file sets off in the library
        found = f"{type(error).__name__} while opening it"
        return _refused(path, "the file must be a sound .xlsx workbook", found)


class WorkbookSource(Source):
    """The sheets of a workbook; those that have no table's name are passed over."""

    noun = "sheet"
    holder = "the workbook of a review"

    def __init__(self, path: Path, book: Any, scans: Mapping[str, SheetScan]) -> None:
        self._book, self._scans = book, scans
        titles = [] if book is None else [sheet.title for sheet in book.worksheets]
        self._titles = {_table_name(title): title for title in titles}
        framework = [name for name in self._titles if name.startswith(f"{FRAMEWORK}/")]
        names = [f"{name}.csv" for name in self._titles if name not in framework]
        super().__init__(path, names, framework)

    def read(self, name: str, columns: Sequence[Column] | None) -> RawTable:
        """Read a sheet."""
        title = self._titles[name]
        header: list[str] = []
        file = self.path.name
        place = _Place(file, title, header)
        origin = Origin(file, place, "the sheet {}", f"{file}: {title}")
        raw = RawTable(f"{name}.csv", origin=origin)
        sheet = self._book[title]
        scan = self._scans.get(getattr(sheet, "_worksheet_path", ""), SheetScan())
        if scan.width > _WIDEST or scan.width * len(scan.rows) > _MOST_CELLS:
            rule = f"a sheet must have at most {_WIDEST} columns and {_MOST_CELLS} cells"
            raw.fault(1, "", rule, f"{scan.width} columns, {len(scan.rows)} rows")
            return raw
        if scan.odd:
            rule = "the sheet must be sound: rows and cells in their order, each with its own place"
            raw.fault(1, "", rule, scan.odd)
            return raw
        for merged in scan.merged:
            self._note_merged(raw, merged, title)
        try:
            rows = _rows(sheet, scan)
        except Exception as error:  # whatever a damaged sheet sets off in the library
            raw.fault(1, "", "the sheet must be sound", f"{type(error).__name__} while reading it")
            return raw
        if not rows:
            raw.fault(1, "", "the file must hold a header; the first non-empty line is one", "")
            return raw
        line, first = rows[0]
        header += [one.text for one in first]
        fill_table(raw, list(header), line, rows[1:], columns)
        return raw

    def _note_merged(self, raw: RawTable, merged: str, title: str) -> None:
        first = merged.partition(":")[0][:_LONGEST_PLACE]
        digits = re.sub(r"\D", "", first)[:_LONGEST_ROW]
        place = f"{self.path.name}: {title}!{first}"
        fault = Fault(self.path.name, int(digits or 1), "", _MERGED, merged, place)
        raw.faults.append(fault)


class _Place:
    """Names a cell of a sheet, by the header once that is known."""

    def __init__(self, file: str, title: str, header: list[str]) -> None:
        self.file, self.title, self.header = file, title, header

    def __call__(self, line: int, column: str) -> str:
        from openpyxl.utils import get_column_letter

        first = column.split(" + ")[0]
        plain = [name.strip().lower().replace(" ", "_").replace("-", "_") for name in self.header]
        names = self.header if first in self.header else plain
        letter = get_column_letter(names.index(first) + 1) if first in names else ""
        cell = f"{letter}{line}" if letter else f"{line}:{line}"
        return f"{self.file}: {self.title}!{cell}"


def _refused(path: Path, rule: str, found: str) -> WorkbookSource:
    source = WorkbookSource(path, None, {})
    source.faults = [Fault(path.name, 1, "", rule, found, path.name)]
    return source


def _table_name(title: str) -> str:
    return f"{FRAMEWORK}/{title.removeprefix(DOT)}" if title.startswith(DOT) else title


def _rows(sheet: Any, scan: SheetScan) -> list[tuple[int, list[Cell]]]:
    """Give every row that holds something, with its number."""
    sheet.reset_dimensions()  # what a file states of its own size need not be true
    found = []
    with warnings.catch_warnings():  # of dates that no calendar has; they come as errors
        warnings.simplefilter("ignore")
        for number, row in enumerate(_all_rows(sheet, scan), start=1):
            if number not in scan.rows:
                continue
            cells = [_cell(one, scan) for one in row]
            if any(one.text.strip() or one.wrong for one in cells):
                found.append((number, cells))
    return found


def _all_rows(sheet: Any, scan: SheetScan) -> Any:
    """Give the rows of a sheet down to the last that holds something."""
    return sheet.iter_rows(max_row=max(scan.rows, default=1), max_col=max(scan.width, 1))


def _cell(cell: Any, scan: SheetScan) -> Cell:
    value = cell.value
    if value is None:
        if scan.uncomputed and getattr(cell, "coordinate", "") in scan.uncomputed:
            return Cell("", _NOT_COMPUTED)
        return EMPTY
    if cell.data_type == "e":
        return Cell(str(value), _FAILED)
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, (datetime.time, datetime.timedelta)):
        return Cell(str(value), is_date=True)
    found = cell_of(value)
    shown = _LITERAL.sub("", str(cell.number_format)[:_LONGEST_FORMAT])
    if found.is_date and isinstance(value, datetime.datetime) and not _DAY.search(shown):
        month = value.day == 1 and "m" in shown.lower()
        return Cell(found.text[:7], is_date=True) if month else found
    if not found.is_date and not isinstance(value, str) and "%" in shown:
        return Cell(found.text, _PER_CENT)
    return found
