"""Reading a review from data frames, under the user's own column names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from peer_evidence.checks import check_frame, name_of, nearest
from peer_evidence.errors import InputError
from peer_evidence.records.columns import Column
from peer_evidence.records.faults import Fault
from peer_evidence.records.grid import cells_of, fill_table
from peer_evidence.records.read import Origin, RawTable
from peer_evidence.records.sources import FRAMEWORK, Source
from peer_evidence.records.tables import TABLES

Names = Mapping[str, Mapping[str, str | None]]


class FrameSource(Source):
    """Frames by the name of their table, with the columns renamed as the user says."""

    noun = "frame"
    holder = "the frames of a review"

    def __init__(self, frames: Mapping[str, Any], columns: Names | None = None) -> None:
        self._frames = dict(_checked(frames))
        self._columns = _renamed(self._frames, columns or {})
        framework = [name for name in self._frames if name.startswith(f"{FRAMEWORK}/")]
        names = [f"{name}.csv" for name in self._frames if name not in framework]
        super().__init__(Path("frames"), names, framework)

    def read(self, name: str, columns: Sequence[Column] | None) -> RawTable:
        """Take a frame as the texts of its cells."""
        renamed = {name_of(own): new for own, new in self._columns.get(name, {}).items()}
        return frame_table(self._frames[name], name, columns, renamed, name)

    def fault(self, file: str, rule: str, found: str) -> Fault:
        """Make a fault of a whole frame."""
        name = self.shown(file)
        return Fault(name, 1, "", rule, found, name)


def frame_table(
    frame: Any,
    table: str,
    columns: Sequence[Column] | None,
    renamed: Mapping[str, str | None],
    name: str,
) -> RawTable:
    """Take a frame as the texts of a table; a fault names the row by its label.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    table : str
        The name of the table.
    columns : sequence of Column or None
        Its columns; None accepts any.
    renamed : mapping of str to str or None
        From the frame's own names to those of the table; None leaves a column out.
    name : str
        What faults call the frame.
    """
    labels = frame.index.tolist()

    def place(line: int, column: str) -> str:
        return f"{name}, row {labels[line - 2]!r}" if 0 <= line - 2 < len(labels) else name

    raw = RawTable(f"{table}.csv", origin=Origin(name, place))
    header = [renamed.get(own, own) for own in map(name_of, frame.columns)]
    kept = [position for position, one in enumerate(header) if one is not None]
    cells = [cells_of(frame.iloc[:, position].tolist()) for position in kept]
    rows = list(enumerate(zip(*cells, strict=True), start=2))
    fill_table(raw, [str(header[position]) for position in kept], 1, rows, columns)
    return raw


def _checked(frames: Any) -> Mapping[str, Any]:
    if not isinstance(frames, Mapping):
        raise InputError(
            f"frames: found {type(frames).__name__}, allowed is a mapping from the name of a "
            "table to a pandas DataFrame"
        )
    known = [table.name for table in TABLES]
    for name, frame in frames.items():
        if name not in known and not name_of(name).startswith(f"{FRAMEWORK}/"):
            close = nearest(name_of(name), known)
            hint = f"; did you mean {close!r}?" if close else ""
            raise InputError(
                f"frames: found {name!r}, which is no table of a review; allowed are "
                f"{', '.join(known)} and {FRAMEWORK}/<name>{hint}"
            )
        check_frame(f"frames[{name!r}]", frame)
    return frames


def _renamed(frames: Mapping[str, Any], columns: Names) -> Names:
    if not isinstance(columns, Mapping):
        raise InputError(
            f"columns: found {type(columns).__name__}, allowed is a mapping from the name of a "
            "table to a mapping from your names to those of the codebook"
        )
    for table, names in columns.items():
        if table not in frames:
            raise InputError(
                f"columns: found {table!r}, which is not among the frames ({', '.join(frames)})"
            )
        if not isinstance(names, Mapping):
            raise InputError(
                f"columns[{table!r}]: found {type(names).__name__}, allowed is a mapping from "
                "your names to those of the codebook"
            )
        own = [name_of(one) for one in frames[table].columns]
        for name in names:
            if name_of(name) not in own:
                close = nearest(name_of(name), own)
                hint = f"; did you mean {close!r}?" if close else ""
                raise InputError(
                    f"columns[{table!r}]: the frame has no column {name_of(name)!r}{hint} (it has "
                    f"{', '.join(own)})"
                )
    return columns
