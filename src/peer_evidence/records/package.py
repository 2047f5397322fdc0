"""Reading a whole package: every table, every fault, nothing half-loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from peer_evidence.checks import nearest
from peer_evidence.errors import InputError, RecordsError
from peer_evidence.records.cells import check_column
from peer_evidence.records.decode import control_character
from peer_evidence.records.faults import Fault
from peer_evidence.records.flow_rules import check_flow
from peer_evidence.records.read import RawTable
from peer_evidence.records.rules import check_facts, check_key, check_numbers, check_references
from peer_evidence.records.sources import FRAMEWORK as FRAMEWORK
from peer_evidence.records.sources import FolderSource, Source
from peer_evidence.records.tables import (
    CODEBOOK,
    FLOW,
    METHOD_WORDS,
    OUTCOMES,
    PACKAGE,
    STUDIES,
    TABLES,
    VOCABULARY,
    Column,
    Table,
)
from peer_evidence.records.vocabulary import Vocabularies, topic_vocabularies
from peer_evidence.records.workbook import ENDINGS, is_workbook, open_workbook
from peer_evidence.records.zipped import ENDING, is_archive, open_archive


@dataclass(frozen=True, slots=True)
class Package:
    """The files of a review as read, with every fault found in them."""

    path: Path
    tables: Mapping[str, Table]
    raw: Mapping[str, RawTable]
    vocabularies: Vocabularies
    framework_words: Mapping[tuple[str, str], tuple[str, ...]]
    faults: tuple[Fault, ...]
    in_files: bool = True  # whether each table is a CSV file in the folder ``path``

    def allowed(self, table: str, column: Column) -> tuple[str, ...] | None:
        """Give the words that a column of a table allows, or None when they are free."""
        own = self.framework_words.get((table, column.name))
        return own if own is not None else self.vocabularies.allowed(column)

    def words_of(self, table: Table) -> dict[str, tuple[str, ...]]:
        """Give for each column of a table the words that it allows, where there are any."""
        found: dict[str, tuple[str, ...]] = {}
        for column in table.columns:
            allowed = self.allowed(table.name, column) if column.kind == "category" else None
            if allowed:
                found[column.name] = allowed
        return found


def bundled_path() -> Path:
    """Give the folder of the bundled review: in the wheel, or at the top of the repository."""
    inside = Path(__file__).parents[1] / "data"
    return inside if inside.is_dir() else Path(__file__).parents[3] / "data"


def read_package(path: str | Path | None = None) -> Package:
    """Read and check every table of a package; faults are collected, never raised."""
    return check_package(find_source(path))


def check_package(source: Source) -> Package:
    """Read every table of a source and check it, alone and against the others."""
    folder, names = source.path, source.names
    if source.faults:  # nothing in it could be read
        return Package(folder, {}, {}, Vocabularies(), {}, tuple(source.faults))
    raw: dict[str, RawTable] = {}
    for table in TABLES:
        if table.file in names:
            raw[table.name] = source.read(table.name, table.columns)
    misplaced = _misplaced_files(source)
    unnamed = [name for name in source.framework if control_character(name)]
    for name in unnamed:
        rule = f"the name of a {source.noun} must be plain text; rename it"
        misplaced[name] = source.fault(f"{name}.csv", rule, source.shown(f"{name}.csv"))
    missing = {table.removesuffix(".csv") for table in misplaced}
    framework = _framework_tables(raw.get(CODEBOOK.name))
    framework_raw: dict[str, RawTable] = {}
    for name in sorted({*source.framework} - {*unnamed}):
        known = framework.get(name)
        framework_raw[name] = source.read(name, known.columns if known else None)
        if known is None:
            framework[name] = _free_table(name, framework_raw[name])
    raw.update(framework_raw)
    tables = {table.name: table for table in TABLES} | {
        name: table for name, table in framework.items() if name in framework_raw
    }
    vocabularies = topic_vocabularies(raw.get(VOCABULARY.name), framework_raw)
    words = _framework_words(raw.get(CODEBOOK.name))
    package = Package(folder, tables, raw, vocabularies, words, (), source.in_files)
    _check(package, missing)
    found = [fault for one in raw.values() for fault in _in_order(one)]
    every = (*misplaced.values(), *found)
    return Package(folder, tables, raw, vocabularies, words, every, source.in_files)


def read_sound_package(path: str | Path | None = None) -> Package:
    """Read a package, or raise RecordsError with every fault in it."""
    package = read_package(path)
    if package.faults:
        raise RecordsError(package.faults)
    return package


def find_source(path: str | Path | None = None) -> Source:
    """Tell how a review is stored: a folder of CSV or Parquet files, a workbook or an archive."""
    if path is None:
        return FolderSource(bundled_path())
    if isinstance(path, (str, PathLike)) and is_workbook(Path(path)):
        return open_workbook(Path(path))
    if isinstance(path, (str, PathLike)) and is_archive(Path(path)):
        return open_archive(Path(path))
    folder = _folder(path)
    source = FolderSource(folder, _names_in(folder, path))
    if STUDIES.file in source.names or OUTCOMES.file in source.names:
        return source
    if any(name.endswith(".parquet") for name in source.names):
        from peer_evidence.records.parquet import ParquetSource

        return ParquetSource(folder, source.names)
    books = [name for name in source.names if is_workbook(folder / name)]
    return open_workbook(folder / books[0]) if len(books) == 1 else source


def _folder(path: str | Path) -> Path:
    if not isinstance(path, (str, PathLike)):
        raise InputError(f"path: found {type(path).__name__}, allowed is the name of a folder")
    folder = Path(path)
    there = True
    try:
        if folder.is_dir():
            return folder
        there = "\0" in str(folder) or folder.exists()
    except (OSError, ValueError):  # no right to look, or a path that no system allows
        pass
    ending = folder.suffix.lower()
    if ending in ENDINGS:
        raise InputError(f"path: there is no workbook {str(path)!r}")
    if ending == ENDING:
        raise InputError(f"path: there is no archive {str(path)!r}")
    if ending in {".xls", ".ods", ".xlsb", ".numbers"}:
        raise InputError(
            f"path: found {str(path)!r}; a review is read from an .xlsx workbook, save it as one"
        )
    if not there:
        raise InputError(
            f"path: there is nothing of the name {str(path)!r}; give the folder that holds "
            "studies.csv and outcomes.csv"
        )
    raise InputError(
        f"path: found {str(path)!r}, which is not a folder; give the folder that holds "
        "studies.csv and outcomes.csv"
    )


def _names_in(folder: Path, path: str | Path | None) -> list[str]:
    try:
        return sorted(file.name for file in folder.iterdir())
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InputError(
            f"path: found {str(path)!r}, which cannot be read ({why}); give a folder you may read"
        ) from error


def _check(package: Package, missing: set[str]) -> None:
    """Check the cells of every table, then what several cells or tables must keep together."""
    for name, raw in package.raw.items():
        table = package.tables[name]
        for column in table.columns:
            if column.name in raw.columns:
                allowed = package.allowed(name, column)
                check_column(raw, column, allowed, in_key=column.name in table.key)
    for name, raw in package.raw.items():
        table = package.tables[name]
        check_key(raw, table)
        check_references(raw, table, package.raw, missing)
        check_numbers(raw, table)
        if table is FLOW:
            check_flow(raw)
        if table is PACKAGE:
            check_facts(raw)


def _in_order(raw: RawTable) -> list[Fault]:
    """Sort the faults of a file by line, and within a line as its columns stand."""
    place = {name: position for position, name in enumerate(raw.columns)}
    return sorted(
        raw.faults,
        key=lambda fault: (fault.line, place.get(fault.column.split(" + ")[0], -1), fault.column),
    )


def _misplaced_files(source: Source) -> dict[str, Fault]:
    """Note each required file that is absent, and each file whose name is nearly a table's."""
    names, noun, holder = source.names, source.noun, source.holder
    files = {table.file for table in TABLES}
    others = [name for name in names if name not in files]
    faults: dict[str, Fault] = {}
    for table in TABLES:
        if table.file in names:
            continue
        similar = next((other for other in others if _is_near(other, table.file)), None)
        if table.required:
            close = similar or nearest(table.file, others)
            is_there = source.shown(close) if close else ""
            hint = f" (there is {is_there!r}: is that it?)" if close else ""
            rule = f"the {noun} is required in {holder}{hint}"
            faults[table.file] = source.fault(table.file, rule, f"no {noun}")
        elif similar:
            name, found = source.shown(table.file), source.shown(similar)
            rule = f"a table must have its exact name, {name!r}; rename it, or move it away"
            faults[table.file] = source.fault(similar, rule, found)
    return faults


def _is_near(other: str, file: str) -> bool:
    """Tell a name that can only be meant as the file: capitals, a plural, a second ending."""
    plain = other.lower().removesuffix(".txt").removesuffix(".csv")
    ending = other.lower().endswith((".csv", ".csv.txt"))
    return ending and plain.replace("-", "_").replace(" ", "_").rstrip("s") == file.removesuffix(
        ".csv"
    ).rstrip("s")


def _framework_tables(codebook: RawTable | None) -> dict[str, Table]:
    """Read from the codebook what the columns of the framework tables are."""
    columns: dict[str, list[Column]] = {}
    if codebook is None or not {column.name for column in CODEBOOK.columns} <= set(
        codebook.columns
    ):
        return {}
    cells = codebook.columns
    for row, name in enumerate(cells["table"]):
        if name.startswith(f"{FRAMEWORK}/") and cells["type"][row] in METHOD_WORDS["kind"]:
            columns.setdefault(name, []).append(
                Column(
                    cells["column"][row],
                    cells["type"][row],
                    cells["required"][row] == "yes",
                    cells["unit"][row],
                    description=cells["description"][row],
                )
            )
    return {
        name: Table(name, "a row of the framework", (found[0].name,), tuple(found))
        for name, found in columns.items()
    }


def _framework_words(codebook: RawTable | None) -> dict[tuple[str, str], tuple[str, ...]]:
    """Read from the codebook which words the framework tables allow."""
    if codebook is None or not {"table", "column", "type", "allowed"} <= set(codebook.columns):
        return {}
    words: dict[tuple[str, str], tuple[str, ...]] = {}
    columns = (codebook.columns[name] for name in ("table", "column", "type", "allowed"))
    for table, column, kind, allowed in zip(*columns, strict=True):
        if table.startswith(f"{FRAMEWORK}/") and kind == "category" and allowed:
            words[table, column] = tuple(dict.fromkeys(word for word in allowed.split("|") if word))
    return words


def _free_table(name: str, raw: RawTable) -> Table:
    """Describe a framework table of which the codebook says nothing: text, first column the key."""
    names = list(raw.columns)
    columns = tuple(Column(column, "text") for column in names)
    return Table(name, "a row of the framework", tuple(names[:1]), columns)
