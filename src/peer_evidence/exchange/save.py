"""Saving the records of a review: CSV, Parquet or one workbook, and nothing lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from peer_evidence.checks import check_choice, check_evidence
from peer_evidence.exchange.sheets import Sheet, workbook_bytes
from peer_evidence.exchange.targets import free_file, free_folder, write_whole
from peer_evidence.records.read import RawTable, read_csv
from peer_evidence.records.write import csv_text
from peer_evidence.report.folder import written_whole

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

FORMATS = ("csv", "parquet")
WORKBOOK = ".xlsx"


def save(ev: Evidence, path: str | Path, format: str = "csv") -> Path:
    """Save the records of a review.

    Parameters
    ----------
    ev : Evidence
        The records.
    path : str or Path
        A folder that is not there or is empty; or a workbook that is not there, if the name ends
        in ``.xlsx``.
    format : {"csv", "parquet"}
        What the files of a folder are. A workbook has a sheet a table, whatever is said here.

    Returns
    -------
    Path
        The folder or the workbook; it appears whole or not at all.

    Raises
    ------
    InputError
        The path is taken, or a cell is too long for a workbook.
    PeerEvidenceError
        openpyxl or pyarrow is needed and not installed.

    Notes
    -----
    In CSV and in a workbook every cell keeps its text: loading what was saved gives the same
    texts, ``2.50`` and ``2.5`` apart. A CSV file that still reads as it was loaded is copied byte
    for byte. Parquet holds typed values, so that the numbers stay and their trailing zeros do not.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import peer_evidence as pe
    >>> ev = pe.load()
    >>> with tempfile.TemporaryDirectory() as somewhere:
    ...     folder = pe.save(ev, Path(somewhere) / "copy")
    ...     pe.load(folder).row_counts() == ev.row_counts()
    True
    """
    check_evidence("ev", ev)
    check_choice("format", format, FORMATS)
    if str(path).lower().endswith(WORKBOOK):
        target = free_file(path, WORKBOOK)
        return write_whole(target, workbook_bytes(sheets_of(ev)))
    folder = free_folder(path)
    if format == "parquet":
        from peer_evidence.records.parquet import need_pyarrow

        need_pyarrow()
    with written_whole(folder) as part:
        for name in ev.tables:
            raw = ev.raw_table(name)
            file = part / raw.file
            file.parent.mkdir(exist_ok=True)
            if format == "csv":
                file.write_bytes(csv_bytes(ev, raw))
            else:
                ev.table(name).to_parquet(file.with_suffix(".parquet"), index=False)
    return folder


def sheets_of(ev: Evidence) -> list[Sheet]:
    """Give every table of a review as a sheet."""
    return [Sheet(ev.definition(name), ev.raw_table(name), ev.words_of(name)) for name in ev.tables]


def csv_bytes(ev: Evidence, raw: RawTable) -> bytes:
    """Give a table as CSV: the file it came from while that still says the same, else anew."""
    file = ev.files().get(raw.file)
    if file is not None:
        now = read_csv(file, raw.file, None)
        same = not now.faults and list(now.columns) == list(raw.columns) and len(now) == len(raw)
        if same and all((now.columns[name] == raw.columns[name]).all() for name in raw.columns):
            return file.read_bytes()
    return csv_text(raw).encode()
