"""Reading a review from a folder of Parquet files, a file a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from peer_evidence.errors import PeerEvidenceError
from peer_evidence.records.archive import MOST_BYTES
from peer_evidence.records.columns import Column
from peer_evidence.records.faults import Fault
from peer_evidence.records.frames import frame_table
from peer_evidence.records.read import Origin, RawTable
from peer_evidence.records.sources import FRAMEWORK, Source

ENDING = ".parquet"
_MOST_CELLS = 20_000_000
_INDEX = re.compile(r"__index_level_\d+__")  # what pandas calls the labels of the rows


class ParquetSource(Source):
    """The Parquet files of a folder."""

    holder = "the folder of a review"

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        need_pyarrow()
        held = [f"{Path(name).stem}.csv" for name in names if name.endswith(ENDING)]
        inner = [f"{FRAMEWORK}/{file.stem}" for file in (path / FRAMEWORK).glob(f"*{ENDING}")]
        super().__init__(path, held, inner)

    def read(self, name: str, columns: Sequence[Column] | None) -> RawTable:
        """Read a file."""
        from pyarrow import parquet

        file = f"{name}{ENDING}"
        try:
            about = parquet.read_metadata(self.path / file)
            schema = about.schema.to_arrow_schema()
            if about.num_rows * about.num_columns > _MOST_CELLS:
                found = f"{about.num_rows} rows of {about.num_columns} columns"
                return _broken(name, f"the file must hold at most {_MOST_CELLS} cells", found)
            groups = range(about.num_row_groups)
            size = sum(about.row_group(place).total_byte_size for place in groups)
            if size > MOST_BYTES:
                rule = f"the file must hold at most {MOST_BYTES // 1_000_000} MB when unpacked"
                return _broken(name, rule, f"{size // 1_000_000} MB")
            odd = [f"{one.name} ({one.type})" for one in schema if _is_nested(one.type)]
            if odd:
                rule = "every column must be of texts or of numbers"
                return _broken(name, rule, ", ".join(odd))
            # a text that stands in many rows is held once, until it is known how much that is
            texts = [one.name for one in schema if _is_text(one.type)]
            with parquet.ParquetFile(self.path / file, read_dictionary=texts) as opened:
                table = opened.read()
            size = sum(_unpacked(column) for column in table.columns)
            if size > MOST_BYTES:
                rule = f"the file must hold at most {MOST_BYTES // 1_000_000} MB when unpacked"
                return _broken(name, rule, f"{size // 1_000_000} MB")
            names = enumerate(table.column_names)
            own = [place for place, one in names if not _INDEX.fullmatch(one)]
            frame = table.select(own).to_pandas(ignore_metadata=True)
        except Exception as error:  # whatever a damaged file sets off in the library
            found = f"{type(error).__name__} while reading it"
            return _broken(name, "the file must be a sound Parquet file", found)
        return frame_table(frame, name, columns, {}, file)

    def shown(self, file: str) -> str:
        """Give the name of the file."""
        return f"{file.removesuffix('.csv')}{ENDING}"

    def fault(self, file: str, rule: str, found: str) -> Fault:
        """Make a fault of a whole file."""
        return Fault(self.shown(file), 1, "", rule, found, self.shown(file))


def _is_nested(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_nested(kind) or types.is_fixed_size_binary(kind))


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
    )


def _unpacked(column: Any) -> int:
    """Give the bytes of the texts of a column; 0 for one of numbers."""
    from pyarrow import compute, types

    if not types.is_dictionary(column.type) or not _is_text(column.type.value_type):
        return 0
    total = 0
    for chunk in column.chunks:
        lengths = compute.binary_length(chunk.dictionary).cast("int64")
        total += compute.sum(lengths.take(chunk.indices)).as_py() or 0
    return total


def need_pyarrow() -> None:
    """Raise PeerEvidenceError, with what to install, unless pyarrow is there."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise PeerEvidenceError(
            "Parquet files need pyarrow, which is not installed; install the extra with "
            'pip install "peer-evidence[parquet]"'
        ) from error


def _broken(name: str, rule: str, found: str) -> RawTable:
    file = f"{name}{ENDING}"
    raw = RawTable(f"{name}.csv", origin=Origin(file, lambda line, column: file))
    raw.fault(1, "", rule, found)
    return raw
