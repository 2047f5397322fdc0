"""Reading a review from a zip archive of its CSV files, as ``pack`` or a person made it."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from peer_evidence.records.archive import archive_problem, is_zip
from peer_evidence.records.columns import Column
from peer_evidence.records.faults import Fault
from peer_evidence.records.read import Origin, RawTable, parse_csv
from peer_evidence.records.sources import FRAMEWORK, Source
from peer_evidence.records.tables import OUTCOMES, STUDIES

ENDING = ".zip"
_INSIDE = ("", "records/", "data/")  # where the tables stand, below the top or below one folder


class _InArchive(Origin):
    """A table of an archive: its rules speak of files and lines, as those of a folder do."""

    __slots__ = ()

    def words(self, rule: str) -> str:
        """Give the rule as it is."""
        return rule


class ZipSource(Source):
    """The CSV files of a zip archive."""

    holder = "the archive of a review"

    def __init__(self, path: Path, files: dict[str, bytes]) -> None:
        self._files = files
        inner = [name for name in files if name.startswith(f"{FRAMEWORK}/")]
        framework = [name.removesuffix(".csv") for name in inner]
        super().__init__(path, [name for name in files if name not in inner], framework)

    def read(self, name: str, columns: Sequence[Column] | None) -> RawTable:
        """Read a CSV file."""
        archive, file = self.path.name, f"{name}.csv"
        origin = _InArchive(
            archive,
            lambda line, column: f"{archive}: {file}:{line}",
            own=f"{archive}: {file}",
        )
        raw = RawTable(file, origin=origin)
        parse_csv(self._files[file], raw, columns)
        return raw

    def shown(self, file: str) -> str:
        """Give the name of the file."""
        return file

    def fault(self, file: str, rule: str, found: str) -> Fault:
        """Make a fault of a whole file."""
        return Fault(self.path.name, 1, "", rule, found, f"{self.path.name}: {file}")


def is_archive(path: Path) -> bool:
    """Tell by its name whether a file is a zip archive."""
    return path.suffix.lower() == ENDING and path.is_file()


def open_archive(path: Path) -> ZipSource:
    """Open an archive; what forbids reading it is a fault of the source, never an exception.

    The tables may stand at its top, in one folder, or in ``records/`` or ``data/`` of either.
    """
    if not is_zip(path):
        return _refused(path, "the file must be a sound zip archive", "a file that is none")
    try:
        with zipfile.ZipFile(path) as archive:
            problem = archive_problem(archive, path.stat().st_size)
            if problem is not None:
                return _refused(path, *problem)
            names = [part.filename for part in archive.infolist() if not part.is_dir()]
            doubled = [name for name, times in Counter(names).items() if times > 1]
            if doubled:
                return _refused(path, "no two files in the archive may have one name", doubled[0])
            places = _places(names)
            if len(places) != 1:
                tables = f"{STUDIES.file} and {OUTCOMES.file}"
                rule = f"the archive must hold one review: {tables} at its top or in one folder"
                found = ", ".join(one or "the top" for one in places) or _first(names)
                return _refused(path, rule, found)
            wanted = _wanted(names, places[0])
            files = {inner: archive.read(name) for inner, name in wanted.items()}
    except Exception as error:  # whatever a damaged archive sets off
        found = f"{type(error).__name__} while opening it"
        return _refused(path, "the file must be a sound zip archive", found)
    return ZipSource(path, files)


def _places(names: Sequence[str]) -> list[str]:
    """Give the folders of the archive that hold a review, those nearest the top alone."""
    parents = {str(PurePosixPath(name).parent) for name in names}
    tops = ["", *sorted({f"{parent.split('/')[0]}/" for parent in parents if parent != "."})]
    held = set(names)
    for level in (tops[:1], tops[1:]):
        for inside in _INSIDE:
            found = [
                f"{top}{inside}"
                for top in level
                if f"{top}{inside}{STUDIES.file}" in held
                and f"{top}{inside}{OUTCOMES.file}" in held
            ]
            if found:
                return found
    return []


def _wanted(names: Sequence[str], place: str) -> dict[str, str]:
    """Give the CSV files of the review and of its framework, by their name in a folder."""
    inner = {name.removeprefix(place): name for name in names if name.startswith(place)}
    return {
        short: name
        for short, name in inner.items()
        if short.endswith(".csv")
        and ("/" not in short or (short.startswith(f"{FRAMEWORK}/") and short.count("/") == 1))
    }


def _first(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown or "an empty archive"


def _refused(path: Path, rule: str, found: str) -> ZipSource:
    source = ZipSource(path, {})
    source.faults = [Fault(path.name, 1, "", rule, found, path.name)]
    return source
