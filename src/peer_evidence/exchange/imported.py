"""What the file of another program holds, in the tables of a review: filled, missing, refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from peer_evidence.checks import check_choice, check_flag, check_frame
from peer_evidence.errors import InputError, RecordsError
from peer_evidence.formatting import count
from peer_evidence.records.faults import Fault
from peer_evidence.records.grid import cell_of
from peer_evidence.records.tables import OUTCOMES, STUDIES, TABLES, Table
from peer_evidence.results import Result

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

Fills = Mapping[str, Any]
_BY_NAME = {table.name: table for table in TABLES}
_NOUNS = {"studies": ("study", "studies"), "outcomes": ("result", "results")}
_SHOWN = 8


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Imported(Result):
    """What another program's file holds, in the tables of a review.

    Nothing is filled in that the file does not hold: such a cell is empty, and where it must be
    filled it is named in ``missing``. A block that cannot be taken is a fault, and the others are
    taken all the same.

    Attributes
    ----------
    file : str
        The name of the file.
    tables : dict of str to DataFrame
        The rows by the name of their table (``"studies"``, ``"outcomes"``, ...). Every cell is a
        text, ``""`` where the file says nothing; the columns are those that such a file can fill.
    faults : tuple of Fault
        Each block that could not be taken, with its place and what to do.
    notes : tuple of str
        What was passed over and why, and what to look at.

    Raises
    ------
    InputError
        A table or a column that no review has.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"study_id": ["a_2001"], "label": ["A 2001"], "authors": [""]})
    >>> held = Imported("mine.ris", {"studies": rows})
    >>> print(held.headline())
    mine.ris: 1 study taken, no fault; 10 columns have cells that must still be filled
    """

    file: str
    tables: dict[str, pd.DataFrame]
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        held = {name: _texts(name, frame) for name, frame in self.tables.items()}
        object.__setattr__(self, "tables", held)
        object.__setattr__(self, "faults", tuple(self.faults))
        object.__setattr__(self, "notes", tuple(self.notes))

    @property
    def missing(self) -> pd.DataFrame:
        """The columns with cells that must be filled and are not: ``table, column, rows``."""
        frame = self.to_frame()
        wanted = frame[frame["required"] & (frame["empty"] > 0)]
        wanted = wanted[["table", "column", "empty"]].rename(columns={"empty": "rows"})
        return wanted.reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a column: ``table, column, filled, empty, required``.

        ``filled`` and ``empty`` count rows. A column that must be filled is there even where the
        file has no word for it.
        """
        rows = []
        for name, frame in self.tables.items():
            for column in _BY_NAME[name].columns:
                if column.name not in frame.columns and not column.required:
                    continue
                held = frame[column.name] if column.name in frame.columns else pd.Series(dtype=str)
                filled = int((held != "").sum())
                rows.append((name, column.name, filled, len(frame) - filled, column.required))
        names = ["table", "column", "filled", "empty", "required"]
        return pd.DataFrame(rows, columns=names)

    def headline(self) -> str:
        """Say what was taken, what was not, and how much is still to be filled."""
        taken = ", ".join(
            count(len(frame), *_NOUNS.get(name, (f"row of {name}", f"rows of {name}")))
            for name, frame in self.tables.items()
        )
        faults = count(len(self.faults), "fault") if self.faults else "no fault"
        columns = count(len(self.missing), "column has", "columns have")
        rest = f"{columns} cells that must still be filled" if len(self.missing) else "all filled"
        return f"{self.file}: {taken or 'nothing'} taken, {faults}; {rest}"

    def summary(self) -> str:
        """Say what was taken, each fault, each note, and what is missing."""
        lines = [self.headline()]
        lines += [f"  not taken: {fault}" for fault in self.faults]
        lines += [f"  note: {note}" for note in self.notes]
        lines += [f"  to fill: {line}" for line in missing_lines(self)]
        return "\n".join(lines)

    def filled(self, **fills: Fills) -> dict[str, pd.DataFrame]:
        """Give the tables with what the reviewer states for cells that are empty.

        Parameters
        ----------
        **fills : mapping
            For a table the value of a column, as ``studies={"level": "individual"}``. It goes to
            the cells of the column that are empty; no cell of the file is overwritten.

        Returns
        -------
        dict of str to DataFrame
            New tables, of texts.

        Raises
        ------
        InputError
            A table or column that is not there, or a value that is no text or number.
        """
        new = {name: frame.copy() for name, frame in self.tables.items()}
        for name, constants in fills.items():
            check_choice("fills", name, list(new))
            if not isinstance(constants, Mapping):
                raise InputError(
                    f"{name}: found {type(constants).__name__}, allowed is a mapping from a "
                    'column to its value, as {"level": "individual"}'
                )
            for column, value in constants.items():
                check_choice(name, column, [one.name for one in _BY_NAME[name].columns])
                cell = cell_of(value)
                if cell.wrong or not cell.text:
                    raise InputError(
                        f"{name}: {column}: found {value!r}, allowed is a text or a number"
                    )
                held = new[name].get(column, pd.Series("", index=new[name].index, dtype=object))
                new[name][column] = held.where(held != "", cell.text)
        return new

    def evidence(self, *, partly: bool = False, **fills: Fills) -> Evidence:
        """Take what the file holds as the records of a review, checked as any other.

        Parameters
        ----------
        partly : bool, optional
            Whether to go on without the blocks that are ``faults``.
        **fills : mapping
            What the reviewer states for empty cells, see :meth:`filled`.

        Returns
        -------
        Evidence
            The records.

        Raises
        ------
        RecordsError
            Every block that could not be taken (unless ``partly``) and every fault of the rows,
            cells that must be filled among them.
        InputError
            A table or column that is not there.
        """
        from peer_evidence.records.evidence import Evidence

        check_flag("partly", partly)
        found = [] if partly else list(self.faults)
        tables = self.filled(**fills)
        for table in (STUDIES, OUTCOMES):
            tables.setdefault(table.name, pd.DataFrame())
        frames = {name: _labelled(_BY_NAME[name], frame) for name, frame in tables.items()}
        where = f"in {self.file}, nothing was loaded"
        try:
            ev = Evidence.from_frames(frames)
        except RecordsError as error:
            raise RecordsError([*found, *error.faults], where) from error
        if found:
            raise RecordsError(found, where, "partly=True goes on without these blocks")
        return ev

    def write(self, folder: str | Path, **fills: Fills) -> Path:
        """Begin a review with these rows: a folder as :func:`peer_evidence.new_review` makes one.

        What the file does not hold stays empty, so that ``peer-evidence check`` lists what is to
        be done. Faults and notes go to ``import.md`` beside the tables.

        Parameters
        ----------
        folder : str or Path
            The folder to make; it must not be there, or be empty.
        **fills : mapping
            What the reviewer states for empty cells, see :meth:`filled`.

        Returns
        -------
        Path
            The folder; it appears whole or not at all.

        Raises
        ------
        InputError
            The folder holds something, or a table or column is not there.
        """
        from peer_evidence.exchange.template import begin_with

        files = {"import.md": report_text(self)} | self.further_files()
        return begin_with(folder, self.filled(**fills), files)

    def report_parts(self) -> dict[str, list[str]]:
        """Give what ``import.md`` says: by heading its lines."""
        return {
            "Not taken": [str(fault) for fault in self.faults],
            "Notes": list(self.notes),
            "To fill": missing_lines(self),
        }

    def further_files(self) -> dict[str, str]:
        """Give what the tables have no column for, as texts by file name."""
        return {}


def missing_lines(imported: Imported) -> list[str]:
    """Say for each table which columns must still be filled, and in how many rows."""
    lines = []
    missing = imported.missing
    for name, found in missing.groupby("table", sort=False):
        size = len(imported.tables[str(name)])
        columns = [
            f"{column} ({rows})" if rows < size else str(column)
            for column, rows in zip(found["column"], found["rows"], strict=True)
        ]
        partly = ", (n): in n rows only" if (found["rows"] < size).any() else ""
        lines.append(f"{name}, {count(size, 'row')}{partly}: {', '.join(columns)}")
    return lines


def report_text(imported: Imported) -> str:
    """Write what an import took and did not take, as Markdown to keep with the tables."""
    lines = [f"# What was taken from {imported.file}", "", f"{imported.headline()}.", ""]
    for heading, items in imported.report_parts().items():
        if items:
            lines += [f"## {heading}", "", *[f"- {item}" for item in items], ""]
    return "\n".join(lines)


def _texts(name: str, frame: Any) -> pd.DataFrame:
    """Give a table with texts alone, its columns in the order of their definition."""
    check_choice("tables", name, list(_BY_NAME))
    check_frame(f"tables[{name!r}]", frame)
    known = [column.name for column in _BY_NAME[name].columns]
    for column in frame.columns:
        check_choice(f"tables[{name!r}]", column, known)
    columns = {
        column: [cell_of(value).text for value in frame[column].tolist()]
        for column in known
        if column in frame.columns
    }
    return pd.DataFrame(columns, index=range(len(frame)), dtype=object)


def _labelled(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table every column that must be filled, and rows that faults name by their key."""
    frame = frame.copy()
    for column in table.columns:
        if column.required and column.name not in frame.columns:
            frame[column.name] = ""
    key = frame[table.key[0]] if len(table.key) == 1 and len(frame) else None
    if key is not None and key.is_unique and (key != "").all():
        frame.index = pd.Index(key.tolist(), dtype=object)
    return frame
