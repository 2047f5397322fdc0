"""Beginning a review: a folder with every table, what must be filled, and how to go on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from peer_evidence.checks import check_choice
from peer_evidence.errors import InputError
from peer_evidence.exchange.guide import extraction_form, guide_lines
from peer_evidence.exchange.sheets import Sheet, workbook_bytes
from peer_evidence.exchange.targets import free_file, free_folder, write_whole
from peer_evidence.formatting import words
from peer_evidence.records.codebook import codebook_rows
from peer_evidence.records.package import Package, check_package
from peer_evidence.records.read import RawTable, set_cells
from peer_evidence.records.sources import FolderSource
from peer_evidence.records.tables import CODEBOOK, PACKAGE, TABLES, Table
from peer_evidence.records.vocabulary import Vocabularies
from peer_evidence.records.write import csv_text
from peer_evidence.report.folder import written_whole

if TYPE_CHECKING:
    import pandas as pd

STARTS = ("blank", "example")
FORMATS = ("csv", "xlsx")
WORKBOOK = ".xlsx"
_EXAMPLE = Path(__file__).parent / "example"


def new_review(folder: str | Path, start: str = "blank", format: str | None = None) -> Path:
    """Begin a review: write a folder with its tables, a guide and an extraction form.

    Parameters
    ----------
    folder : str or Path
        The folder to make; it must not be there, or be empty. A name that ends in ``.xlsx`` makes
        that workbook, which must not be there, and no folder.
    start : {"blank", "example"}
        Tables with their headers alone, or a small invented review of reminders and dental
        check-ups, to see how tables are filled.
    format : {"csv", "xlsx"}, optional
        A CSV file a table, or one workbook with a sheet a table, words to choose from and a note
        on each column. When left out, what the name ends in, else CSV.

    Returns
    -------
    Path
        The folder or the workbook. It appears whole or not at all, and loads without a fault.

    Raises
    ------
    InputError
        The folder holds something, the workbook is there, or an option is not known.
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
    if format is not None:
        check_choice("format", format, FORMATS)
    if str(folder).lower().endswith(WORKBOOK):
        return _new_workbook(folder, start, format)
    format = format or "csv"
    target = free_folder(folder)
    _write(target, _package(start, target.resolve().name), start, format)
    return target


def _new_workbook(path: str | Path, start: str, format: str | None) -> Path:
    """Begin a review as one workbook under the name that was given."""
    if format == "csv":
        raise InputError(
            f"format: found 'csv' for {str(path)!r}, which names a workbook; leave format out, or "
            "give the name of a folder"
        )
    target = free_file(path, WORKBOOK)
    package = _package(start, target.resolve().stem)
    return write_whole(target, _workbook(package, target.name, start))


def _workbook(package: Package, file: str, start: str) -> bytes:
    tables = {**package.raw, CODEBOOK.name: _codebook(package)}
    sheets = [Sheet(table, tables[table.name], package.words_of(table)) for table in TABLES]
    return workbook_bytes(sheets, guide_lines(file, start, "xlsx"))


def begin_with(
    folder: str | Path, rows: Mapping[str, pd.DataFrame], files: Mapping[str, str] | None = None
) -> Path:
    """Begin a review with rows that come from elsewhere; all other tables are blank.

    Parameters
    ----------
    folder : str or Path
        The folder to make; it must not be there, or be empty.
    rows : mapping of str to DataFrame
        By the name of a table its rows, of texts.
    files : mapping of str to str, optional
        Further texts to put beside the tables, by file name.

    Returns
    -------
    Path
        The folder; it appears whole or not at all.

    Raises
    ------
    InputError
        The folder holds something.
    """
    target = free_folder(folder)
    blank = _package("blank", target.resolve().name)
    raw = dict(blank.raw)
    for name, frame in rows.items():
        table = blank.tables[name]
        given = frame if name != PACKAGE.name else _with_facts(frame, raw[name])
        held = RawTable(table.file)
        set_cells(held, list(given.columns), range(2, len(given) + 2), given.to_numpy().tolist())
        raw[name] = _full(table, held)
    package = Package(blank.path, blank.tables, raw, blank.vocabularies, {}, ())
    _write(target, package, "blank", "csv", files or {})
    return target


def _with_facts(given: pd.DataFrame, blank: RawTable) -> pd.DataFrame:
    """Give the facts of a review, and those of a blank one that are not among them."""
    import pandas as pd

    facts = dict(zip(*blank.columns.values(), strict=True))
    facts |= dict(zip(given["field"], given["value"], strict=True))
    return pd.DataFrame(list(facts.items()), columns=["field", "value"], dtype=object)


def _write(
    target: Path,
    package: Package,
    start: str,
    format: str,
    files: Mapping[str, str] | None = None,
) -> None:
    """Write the tables, the guide and the form into a folder that appears whole."""
    tables = dict(package.raw)
    tables[CODEBOOK.name] = _codebook(package)
    with written_whole(target) as part:
        if format == "csv":
            for raw in tables.values():
                (part / raw.file).write_text(csv_text(raw), encoding="utf-8", newline="")
            place = target.name
        else:
            file = f"{target.resolve().name}.xlsx"
            (part / file).write_bytes(_workbook(package, file, start))
            place = f"{target.name}/{file}"
        guide = "\n".join(guide_lines(place, start, format)) + "\n"
        (part / "README.md").write_text(guide, encoding="utf-8", newline="")
        form = extraction_form(package)
        (part / "extraction_form.md").write_text(form, encoding="utf-8", newline="")
        for name, text in (files or {}).items():
            (part / name).write_text(text, encoding="utf-8", newline="")


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
