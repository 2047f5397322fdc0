"""Reading CSV files: text into columns of strings, every fault of form with its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from peer_evidence.records.decode import clean_text, read_text
from peer_evidence.records.faults import Fault
from peer_evidence.records.header import is_other_format, names_of
from peer_evidence.records.tables import Column

Cells = npt.NDArray[np.object_]
Mask = npt.NDArray[np.bool_]
_CSV_NAME = re.compile(r"\b((?:framework/)?\w+)\.csv\b")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a table was read from when that is no CSV file, in the words of its faults.

    Attributes
    ----------
    name : str
        What faults call it.
    place : callable
        Takes a line and a column, gives the place as a fault names it.
    table : str
        What another table is called there; ``{}`` stands for its name.
    own : str
        What provenance calls this table; the name when left out.
    """

    name: str
    place: Callable[[int, str], str]
    table: str = "the table {}"
    own: str = ""

    def words(self, rule: str) -> str:
        """Say a rule that speaks of files and lines in words that fit here."""
        named = _CSV_NAME.sub(lambda found: self.table.format(found[1]), rule)
        return named.replace("stands on line ", "stands in row ").replace("first line", "first row")


@dataclass(slots=True)
class RawTable:
    """A file as read: the cells as text, column by column, and the line of each row.

    Attributes
    ----------
    file : str
        The name that faults carry.
    columns : dict of str to array
        The cells; empty when the file could not be read at all.
    lines : array of int
        The line on which each row begins.
    faults : list of Fault
        What was found wrong.
    spoiled : dict of str to array of bool
        The cells that have a fault of their own, so that no rule about several cells says it
        again.
    lost : set of str
        Cells of rows that could not be read, so that nobody who refers to one is blamed.
    complete : bool
        Whether every row that is not in ``lost`` was read.
    has_controls : bool
        Whether a control character stands anywhere in the file.
    origin : Origin or None
        Where it was read from when that is no CSV file.
    """

    file: str
    columns: dict[str, Cells] = field(default_factory=dict)
    lines: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    faults: list[Fault] = field(default_factory=list)
    spoiled: dict[str, Mask] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    complete: bool = True
    has_controls: bool = False
    origin: Origin | None = None

    @property
    def name(self) -> str:
        """What the file is called in a fault."""
        return self.origin.name if self.origin else self.file

    @property
    def shown_as(self) -> str:
        """What the table is called where a value is traced to it."""
        return (self.origin.own if self.origin else "") or self.name

    def fault(self, line: int, column: str, rule: str, found: str) -> None:
        """Note a fault of this file."""
        if self.origin is None:
            self.faults.append(Fault(self.file, line, column, rule, found))
            return
        place = self.origin.place(line, column)
        self.faults.append(
            Fault(self.origin.name, line, column, self.origin.words(rule), found, place)
        )

    def spoil(self, column: str, wrong: Mask) -> None:
        """Remember which cells of a column have a fault of their own."""
        self.spoiled[column] = self.faulty(column) | wrong

    def faulty(self, column: str) -> Mask:
        """Tell which cells of a column have a fault of their own."""
        spoiled = self.spoiled.get(column)
        return np.zeros(len(self), dtype=bool) if spoiled is None else spoiled

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
    data = read_text(path, raw)
    if data is not None:
        _parse(data, raw, columns)
    return raw


def parse_csv(data: bytes, raw: RawTable, columns: Sequence[Column] | None) -> None:
    """Read the bytes of a file into a table, as :func:`read_csv` reads a file."""
    text = clean_text(data, raw)
    if text is not None:
        _parse(text, raw, columns)


def _parse(data: bytes, raw: RawTable, columns: Sequence[Column] | None) -> None:
    """Read clean text into a table."""
    if is_other_format(data, raw):
        return
    rows = _rows(data, raw)
    first = next(rows, None)
    if first is None or not raw.complete:
        if raw.complete:
            raw.fault(1, "", "the file must hold a header; the first non-empty line is one", "")
        return
    line, header = first
    names = names_of(header, line, columns, raw)
    if names is not None:
        _fill(raw, names, rows)


def _fill(raw: RawTable, names: list[str], rows: Iterator[tuple[int, list[str]]]) -> None:
    """Turn rows into columns; a row that does not fit the header is a fault."""
    width = len(names)
    lines: list[int] = []
    kept: list[list[str]] = []
    memo: dict[str, str] = {}
    faults = len(raw.faults)
    for line, row in rows:
        if len(row) > width and not any(row[width:]):
            row = row[:width]  # empty columns at the right, as spreadsheets leave them
        if len(row) == width:
            lines.append(line)
            kept.append([memo.setdefault(cell, cell) for cell in row])
            faults = len(raw.faults)
            continue
        raw.lost.update(row)
        if len(raw.faults) == faults:  # what follows a row with broken quotes is its debris
            raw.fault(line, "", _ragged(row, width), f"{len(row)} cells")
            faults = len(raw.faults)
    set_cells(raw, names, lines, kept)


def set_cells(
    raw: RawTable, names: Sequence[str], lines: Sequence[int], kept: Sequence[Sequence[str]]
) -> None:
    """Give a table its columns: the texts of its rows, and the line of each."""
    width = len(names)
    raw.lines = np.array(lines, dtype=np.int64)
    cells = np.empty((len(kept), width), dtype=object)
    if kept:
        cells[:] = kept
    for position, name in enumerate(names):
        raw.columns[name] = np.ascontiguousarray(cells[:, position])


def _ragged(row: list[str], width: int) -> str:
    curly = any(mark in cell for cell in row for mark in "“”„")
    how = "straight quotes around it, curly ones do not count" if curly else "quotes around it"
    return f"a row must have the {width} cells of the header; text with a comma in it needs {how}"


class _Lines:
    """The lines of a file, of which those of the current row are remembered."""

    def __init__(self, data: bytes) -> None:
        self._lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
        self.begin = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if not self.begin:
            self.begin = line
        return line


def _rows(data: bytes, raw: RawTable) -> Iterator[tuple[int, list[str]]]:
    """Give each row with the line it begins on; empty rows are passed over."""
    source = _Lines(data)
    reader = csv.reader(source, strict=True)
    begin = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raw.complete = False
            raw.fault(begin, "", _broken(str(error)), source.begin.rstrip("\r\n")[:60])
        else:
            if any(row) and not "".join(row).isspace():
                yield begin, row
        begin = reader.line_num + 1
        source.begin = ""


def _broken(error: str) -> str:
    """Say what is wrong with the quotes of a row."""
    if "limit" in error:
        return (
            f"a cell must hold at most {csv.field_size_limit()} characters; is a quote left open?"
        )
    if "end of data" in error:
        return (
            "a quote must be closed; nothing from here to the end of the file could be read as rows"
        )
    return (
        "a quoted cell must end before the next comma, and a quote inside it be doubled; the row "
        "could not be read"
    )
