"""The CSV files of a Cochrane data package: found, opened safely, known by name or by columns."""

from __future__ import annotations

import io
import lzma
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from peer_evidence.records import archive
from peer_evidence.records.archive import MOST_PARTS, archive_problem, is_zip
from peer_evidence.records.faults import Fault
from peer_evidence.records.read import RawTable, read_csv

KINDS = {
    "data-rows": "data_rows",
    "overall-estimates-and-settings": "settings",
    "subgroup-estimates": "subgroups",
    "risk-of-bias": "risk_of_bias",
    "study-information": "studies",
}
_COLUMNS = {
    "settings": {"Statistical method", "Effect measure", "Analysis model"},
    "subgroups": {"Subgroup number"},
    "data_rows": {"Analysis number", "Study"},
}
MOST_BYTES = 64_000_000  # of one table
_EMPTY = {"#N/A", "NA", "N/A"}
_OTHER_REVIEW = "parameters"  # such a file belongs to a review of diagnostic tests


@dataclass(slots=True)
class Package:
    """The tables of a package by their kind, and what was found besides.

    Attributes
    ----------
    tables : dict of str to RawTable
        By kind: data_rows, settings, subgroups, risk_of_bias, studies.
    faults : list of Fault
        What could not be read.
    others : list of str
        Files that are no such table.
    diagnostic : str
        The file by which it is a review of diagnostic tests, empty otherwise.
    nested : str
        The archive within the archive that was opened, one at most.
    """

    tables: dict[str, RawTable] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    diagnostic: str = ""
    nested: str = ""


def cell(table: RawTable, at: int, name: str) -> str:
    """Give a cell without spaces around it, empty where it holds nothing or there is none."""
    cells = table.columns.get(name)
    text = "" if cells is None else str(cells[at]).strip()
    return "" if text in _EMPTY else text


def open_package(path: Path) -> Package:
    """Read the files of a package: of a folder, a zip archive (one may lie in it), or one file."""
    package = Package()
    if path.is_dir():
        for file in _files(package, path):
            _take(package, file.relative_to(path).as_posix(), file)
    elif is_zip(path):
        _unpack(package, path)
    else:
        _take(package, path.name, path, alone=True)
    return package


def _files(package: Package, path: Path) -> list[Path]:
    """Give the files of a folder, as many as a package may have."""
    found: list[Path] = []
    for folder, folders, names in os.walk(path):
        folders.sort()
        found += [Path(folder, name) for name in sorted(names)]
        if len(found) > MOST_PARTS:
            rule = f"the folder must hold at most {MOST_PARTS} files; give that of the package"
            package.faults.append(Fault(path.name, 1, "", rule, "more", place=path.name))
            return []
    return found


def _unpack(package: Package, path: Path) -> None:
    if path.stat().st_size > archive.MOST_BYTES:
        rule = f"the archive must hold at most {archive.MOST_BYTES // 1_000_000} MB"
        found = f"{path.stat().st_size // 1_000_000} MB"
        package.faults.append(Fault(path.name, 1, "", rule, found, place=path.name))
        return
    with tempfile.TemporaryDirectory() as folder:
        space = Path(folder)
        for number, (name, data) in enumerate(_members(package, path.read_bytes(), path.name)):
            file = space / f"{number}.csv"  # no name of the archive becomes a path
            file.write_bytes(data)
            _take(package, name, file)


def _members(
    package: Package, data: bytes, name: str, depth: int = 0
) -> Iterator[tuple[str, bytes]]:
    """Give the CSV files of an archive, and of an archive right in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            problem = archive_problem(opened, len(data))
            if problem is not None:
                package.faults.append(Fault(name, 1, "", *problem, place=name))
                return
            for part in sorted(opened.infolist(), key=lambda one: one.filename):
                inner = part.filename
                wanted = inner.lower().endswith((".csv", "data.zip")) and not part.is_dir()
                if wanted and _too_large(package, inner, part.file_size):
                    continue
                if wanted and inner.lower().endswith(".csv"):
                    yield inner, opened.read(part)
                elif wanted and depth == 0 and not package.nested:
                    package.nested = inner
                    yield from _members(package, opened.read(part), inner, 1)
                elif not part.is_dir():
                    package.others.append(inner)
    except _BROKEN as error:
        rule = "the archive must be whole; download it again"
        package.faults.append(Fault(name, 1, "", rule, str(error), place=name))


_BROKEN = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError),
    *(NotImplementedError, EOFError, OSError, RuntimeError, ValueError),
)


def _take(package: Package, name: str, file: Path, *, alone: bool = False) -> None:
    """Read a file if it is one of the tables."""
    stem = PurePosixPath(name).stem.lower()
    kind = next((kind for end, kind in KINDS.items() if stem.endswith(end)), "")
    if stem.endswith(_OTHER_REVIEW) and name.lower().endswith(".csv"):
        package.diagnostic = name
    if not kind and not (alone or name.lower().endswith(".csv")):
        package.others.append(name)
        return
    if file.is_file() and _too_large(package, name, file.stat().st_size):
        return
    table = read_csv(file, name, None)
    if not table.columns and table.faults:
        package.faults += table.faults if kind or alone else []
        package.others += [] if kind or alone else [name]
        return
    kind = kind or _known_by_columns(set(table.columns))
    if not kind:
        package.others.append(name)
        return
    if kind in package.tables:
        rule = "a package must hold each table once; the first is taken"
        package.faults.append(Fault(name, 1, "", rule, name))
        return
    package.faults += table.faults
    package.tables[kind] = table


def _too_large(package: Package, name: str, size: int) -> bool:
    if size <= MOST_BYTES:
        return False
    rule = f"a table must hold at most {MOST_BYTES // 1_000_000} MB"
    package.faults.append(Fault(name, 1, "", rule, f"{size // 1_000_000} MB"))
    return True


def _known_by_columns(names: set[str]) -> str:
    for kind, wanted in _COLUMNS.items():
        if wanted <= names:
            return kind
    if any(name.startswith("Domain (judgement)") for name in names):
        return "risk_of_bias"
    return "studies" if any(name.startswith("Char: ") for name in names) else ""
