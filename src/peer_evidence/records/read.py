"""Reading CSV files: text into columns of strings, every fault of form with its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from peer_evidence.checks import nearest
from peer_evidence.records.faults import Fault
from peer_evidence.records.tables import Column

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
MAX_CELL = 100_000

Cells = npt.NDArray[np.object_]


@dataclass(slots=True)
class RawTable:
    """A file as read: the cells as text, column by column, and the line of each row."""

    file: str
    columns: dict[str, Cells] = field(default_factory=dict)
    lines: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: int, column: str, rule: str, found: str) -> None:
        """Note a fault of this file."""
        self.faults.append(Fault(self.file, line, column, rule, found))

    def __len__(self) -> int:
        return len(self.lines)


def read_csv(path: Path, file: str, columns: Sequence[Column] | None) -> RawTable:
    """Read one file; faults are collected, never raised.

    Parameters
    ----------
    path : Path
        The file.
    file : str
        The name that faults carry.
    columns : sequence of Column or None
        The columns of the table; None accepts any header.

    Returns
    -------
    RawTable
        Its columns are empty when the file could not be read at all.
    """
    raw = RawTable(file)
    text = _decode(path, raw)
    if text is None:
        return raw
    for match in _CONTROL.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        raw.fault(line, "", "control characters are not allowed; delete them", match.group())
    rows = _rows(text, raw)
    first = next(rows, None)
    if first is None:
        raw.fault(1, "", "the file must hold a header; the first non-empty line is one", "")
        return raw
    header_line, header = first
    if not _header_is_sound(header, header_line, columns, raw):
        return raw
    width = len(header)
    lines: list[int] = []
    kept: list[list[str]] = []
    for line, row in rows:
        if len(row) == width:
            lines.append(line)
            kept.append(row)
        else:
            raw.fault(
                line,
                "",
                f"a row must have the {width} cells of the header (text with commas in it needs "
                "quotes)",
                f"{len(row)} cells",
            )
    raw.lines = np.array(lines, dtype=np.int64)
    for position, name in enumerate(header):
        raw.columns[name] = np.array([row[position] for row in kept], dtype=object)
    return raw


def _decode(path: Path, raw: RawTable) -> str | None:
    try:
        data = path.read_bytes()
    except OSError as error:
        raw.fault(1, "", "the file must be readable", error.strerror or type(error).__name__)
        return None
    if not data.removeprefix(b"\xef\xbb\xbf").strip():
        raw.fault(1, "", "the file must not be empty; a table without rows has its header", "")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        shown = data[max(0, error.start - 12) : error.start + 12].decode("latin-1")
        raw.fault(
            line,
            "",
            "the file must be UTF-8 text; in a spreadsheet, save it as 'CSV UTF-8'",
            f"byte 0x{data[error.start]:02x} in {shown!r}",
        )
        return None


def _rows(text: str, raw: RawTable) -> Iterator[tuple[int, list[str]]]:
    """Give each row with the line it begins on; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    csv.field_size_limit(MAX_CELL)
    begin = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raw.fault(
                begin,
                "",
                "quotes must be closed and a quote inside a quoted cell doubled; a cell holds at "
                f"most {MAX_CELL} characters",
                str(error),
            )
            return
        if any(row):
            yield begin, row
        begin = reader.line_num + 1


def _header_is_sound(
    header: list[str], line: int, columns: Sequence[Column] | None, raw: RawTable
) -> bool:
    """Check the header; False when the rows below it cannot be read."""
    if len(header) == 1:
        for mark, name in _OTHER_SEPARATORS.items():
            if mark in header[0]:
                raw.fault(
                    line,
                    "",
                    f"cells must be separated by commas; this file seems to use {name}: save it "
                    "again as comma-separated CSV",
                    header[0][:80],
                )
                return False
    sound = True
    for position, name in enumerate(header, start=1):
        if not name:
            raw.fault(line, "", f"cell {position} of the header must name a column", name)
            sound = False
        elif header.index(name) < position - 1:
            raw.fault(line, name, "a column must stand in the header once", "twice or more")
            sound = False
    if columns is not None:
        _check_names(header, line, columns, raw)
    return sound


def _check_names(header: list[str], line: int, columns: Sequence[Column], raw: RawTable) -> None:
    known = [column.name for column in columns]
    for name in header:
        if name and name not in known:
            close = nearest(name, [other for other in known if other not in header])
            hint = f" (did you mean {close!r}?)" if close else f" (known: {', '.join(known)})"
            raw.fault(line, name, f"the column is not one of this table{hint}", name)
    for column in columns:
        if column.required and column.name not in header:
            raw.fault(
                line, column.name, "the column is required and must be in the header", "no column"
            )
