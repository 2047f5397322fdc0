"""What mutated workbooks and Parquet files found, each by its smallest input."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import peer_evidence as pe

if TYPE_CHECKING:
    from conftest import Parts

Repack = Callable[["Callable[[Parts], None]"], Path]
SHEET = "xl/worksheets/sheet2.xml"  # after the guide: studies
ORDER = (
    "mine.xlsx: studies!1:1: the sheet must be sound: rows and cells in their order, each with "
    "its own place, found {!r}"
)


def faults(path: Path) -> list[str]:
    return [str(fault) for fault in pe.validate(path)]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b'<row r="2"', b'<row r="99999999"', "row 99999999 after row 1"),
        (b'<row r="2"', b'<row r="1e9"', "row 1e9 after row 1"),
        (b'<row r="3"', b'<row r="1"', "row 1 after row 2"),
        (b'r="B2"', b'r="ZZZZ2"', "cell ZZZZ2 in row 2"),
        (b'r="B2"', b'r="A2"', "cell A2 in row 2"),
        (b'r="B2"', b'r="B7"', "cell B7 in row 2"),
    ],
)
def test_rows_and_cells_without_a_place_of_their_own(
    repacked: Repack, old: bytes, new: bytes, found: str
) -> None:
    """A row far below took minutes, one that came again was left out without a word."""

    def change(parts: Parts) -> None:
        assert old in parts[SHEET]
        parts[SHEET] = parts[SHEET].replace(old, new, 1)

    assert faults(repacked(change))[0] == ORDER.format(found)


def test_a_merged_range_without_end(repacked: Repack) -> None:
    def change(parts: Parts) -> None:
        merged = b'<mergeCells><mergeCell ref="A' + b"9" * 5000 + b'"/></mergeCells>'
        parts[SHEET] = parts[SHEET].replace(b"</sheetData>", b"</sheetData>" + merged)

    places = [text.partition(": ")[2].partition(":")[0] for text in faults(repacked(change))]
    assert "studies!A99999999999" in places


@pytest.fixture
def typed(tmp_path: Path) -> Callable[[Callable[[Any], Any]], list[str]]:
    """Give a function that changes the Parquet table of the studies and lists the faults."""
    made = pe.new_review(tmp_path / "made", "example")
    folder = pe.save(pe.load(made), tmp_path / "typed", format="parquet")

    def change(how: Callable[[Any], Any]) -> list[str]:
        file = folder / "studies.parquet"
        parquet.write_table(how(parquet.read_table(file)), file, store_schema=False)
        return faults(folder)

    return change


def test_a_text_in_many_rows_is_counted_before_it_is_unpacked(typed: Any) -> None:
    """A file of 100 kB held three gigabytes of text."""
    rows = 30_000
    label = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * 100_000])
    ids = [str(row) for row in range(rows)]
    found = typed(lambda table: pa.table({"study_id": ids, "label": label}))
    assert found[0] == (
        "studies.parquet: the file must hold at most 200 MB when unpacked, found '3000 MB'"
    )


def test_a_column_of_lists(typed: Any) -> None:
    found = typed(lambda table: table.append_column("mood", pa.array([["good"]] * len(table))))
    assert found[0] == (
        "studies.parquet: every column must be of texts or of numbers, found 'mood (list<element: "
        "string>)'"
    )


def test_what_pandas_says_beside_a_table_takes_no_column_away(typed: Any) -> None:
    """The labels of the rows came out of the table, and with them a column of the review."""
    told = b'{"index_columns": ["study_id"], "columns": [], "column_indexes": []}'
    assert typed(lambda table: table.replace_schema_metadata({b"pandas": told})) == []
    labels = pa.array(range(5))
    assert typed(lambda table: table.append_column("__index_level_0__", labels)) == []


def test_an_archive_packed_by_lzma_with_a_broken_beginning(tmp_path: Path) -> None:
    file = tmp_path / "data.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x-data-rows.csv", "Analysis group\n1\n")
    data = file.read_bytes()
    start = data.index(b"x-data-rows.csv") + len("x-data-rows.csv") + 4
    file.write_bytes(data[:start] + b"\xff" + data[start + 1 :])  # the properties of the stream
    with pytest.raises(pe.PeerEvidenceError) as error:
        pe.read_cochrane(file)
    assert "the archive must be whole; download it again" in str(error.value)
