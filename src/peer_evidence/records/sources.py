"""Where the tables of a review can come from: one shape for folders, workbooks and frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from peer_evidence.records.columns import Column
from peer_evidence.records.faults import Fault
from peer_evidence.records.read import RawTable, read_csv

FRAMEWORK = "framework"


class Source:
    """The tables of a review before they are checked.

    Attributes
    ----------
    path : Path
        The folder or the file.
    names : list of str
        What there is, each as the file name that it would have in a folder: ``studies.csv``.
    framework : list of str
        The framework tables, as ``framework/<name>``.
    faults : list of Fault
        Why nothing in it can be read; empty when something can.
    in_files : bool
        Whether each table is a CSV file in ``path``.
    noun, holder : str
        What a table is called there, and what it must be in.
    """

    noun = "file"
    holder = "the folder of a review"
    in_files = False

    def __init__(self, path: Path, names: Sequence[str] = (), framework: Sequence[str] = ()):
        self.path = path
        self.names = sorted(names)
        self.framework = sorted(framework)
        self.faults: list[Fault] = []

    def read(self, name: str, columns: Sequence[Column] | None) -> RawTable:
        """Read a table; its columns, or None to accept any header."""
        raise NotImplementedError

    def shown(self, file: str) -> str:
        """Give the name of a table as it stands here, from its file name in a folder."""
        return file.removesuffix(".csv")

    def fault(self, file: str, rule: str, found: str) -> Fault:
        """Make a fault of a whole table."""
        name = self.shown(file)
        return Fault(self.path.name, 1, "", rule, found, f"{self.path.name}: {name}")


class FolderSource(Source):
    """A folder of CSV files."""

    in_files = True

    def __init__(self, path: Path, names: Sequence[str] | None = None) -> None:
        if names is None:
            names = [file.name for file in path.iterdir()]
        framework = [f"{FRAMEWORK}/{file.stem}" for file in (path / FRAMEWORK).glob("*.csv")]
        super().__init__(path, names, framework)

    def read(self, name: str, columns: Sequence[Column] | None) -> RawTable:
        """Read a CSV file."""
        file = f"{name}.csv"
        return read_csv(self.path / file, file, columns)

    def shown(self, file: str) -> str:
        """Give the name of the file."""
        return file

    def fault(self, file: str, rule: str, found: str) -> Fault:
        """Make a fault of a whole file."""
        return Fault(file, 1, "", rule, found)
