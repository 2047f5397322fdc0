"""Beginning a review: a folder with every table, what must be filled, and how to go on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from peer_evidence.checks import check_choice
from peer_evidence.exchange.guide import extraction_form, guide_lines
from peer_evidence.exchange.sheets import Sheet, workbook_bytes
from peer_evidence.exchange.targets import free_folder
from peer_evidence.formatting import words
from peer_evidence.records.codebook import codebook_rows
from peer_evidence.records.package import Package, check_package
from peer_evidence.records.read import RawTable, set_cells
from peer_evidence.records.sources import FolderSource
from peer_evidence.records.tables import CODEBOOK, PACKAGE, TABLES, Table
from peer_evidence.records.vocabulary import Vocabularies
from peer_evidence.records.write import csv_text
from peer_evidence.report.folder import written_whole

STARTS = ("blank", "example")
FORMATS = ("csv", "xlsx")
_EXAMPLE = Path(__file__).parent / "example"


def new_review(folder: str | Path, start: str = "blank", format: str = "csv") -> Path:
    """Begin a review: write a folder with its tables, a guide and an extraction form.

    Parameters
    ----------
    folder : str or Path
        The folder to make; it must not be there, or be empty.
    start : {"blank", "example"}
        Tables with their headers alone, or a small invented review of reminders and dental
        check-ups, to see how tables are filled.
    format : {"csv", "xlsx"}
        A CSV file a table, or one workbook with a sheet a table, words to choose from and a note
        on each column.

    Returns
    -------
    Path
        The folder. It appears whole or not at all, and loads without a fault.

    Raises
    ------
    InputError
        The folder holds something, or an option is not known.
    PeerEvidenceError
        A workbook is asked for and openpyxl is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import peer_evidence as pe
    >>> with tempfile.TemporaryDirectory() as somewhere:
    ...     folder = pe.new_review(f"{somewhere}/my_review", start="example")
    ...     len(pe.load(folder).studies)
    5
    """
    check_choice("start", start, STARTS)
    check_choice("format", format, FORMATS)
    target = free_folder(folder)
    package = _package(start, target.resolve().name)
    tables = dict(package.raw)
    tables[CODEBOOK.name] = _codebook(package)
    with written_whole(target) as part:
        if format == "csv":
            for raw in tables.values():
                (part / raw.file).write_text(csv_text(raw), encoding="utf-8", newline="")
            place = target.name
        else:
            sheets = [Sheet(table, tables[table.name], package.words_of(table)) for table in TABLES]
            file = f"{target.resolve().name}.xlsx"
            (part / file).write_bytes(workbook_bytes(sheets, guide_lines(file, start, format)))
            place = f"{target.name}/{file}"
        guide = "\n".join(guide_lines(place, start, format)) + "\n"
        (part / "README.md").write_text(guide, encoding="utf-8", newline="")
        form = extraction_form(package)
        (part / "extraction_form.md").write_text(form, encoding="utf-8", newline="")
    return target


def _package(start: str, name: str) -> Package:
    """Give the tables to begin with, each with every column that it may have."""
    package: Package | None = None
    if start == "example":
        package = check_package(FolderSource(_EXAMPLE))
    held = package.raw if package else {PACKAGE.name: _facts(name)}
    raw = {table.name: _full(table, held.get(table.name)) for table in TABLES}
    del raw[CODEBOOK.name]
    tables = {table.name: table for table in TABLES}
    known = package.vocabularies if package else Vocabularies()
    return Package(Path(name), tables, raw, known, {}, ())


def _facts(name: str) -> RawTable:
    title = words(name.replace("-", "_")).strip() or "Evidence review"
    raw = RawTable(PACKAGE.file)
    facts = [
        ("title", title[:1].upper() + title[1:]),
        ("intervention", "the intervention"),
        ("comparison", "the comparison"),
    ]
    set_cells(raw, ["field", "value"], [2, 3, 4], facts)
    return raw


def _full(table: Table, held: RawTable | None) -> RawTable:
    """Give a table all the columns of its definition."""
    raw = RawTable(table.file)
    raw.lines = held.lines if held is not None else np.empty(0, np.int64)
    empty = np.full(len(raw), "", dtype=object)
    given = held.columns if held is not None else {}
    raw.columns = {column.name: given.get(column.name, empty) for column in table.columns}
    return raw


def _codebook(package: Package) -> RawTable:
    rows = codebook_rows(package)
    names = [column.name for column in CODEBOOK.columns]
    raw = RawTable(CODEBOOK.file)
    set_cells(raw, names, range(2, len(rows) + 2), [[row[name] for name in names] for row in rows])
    return raw
