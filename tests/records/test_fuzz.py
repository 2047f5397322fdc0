"""Whatever is done to the files, checking gives a list, loading records or their faults."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import peer_evidence as pe

DATA = Path(__file__).parents[2] / "data"
FILES = sorted(str(path.relative_to(DATA)) for path in DATA.rglob("*.csv"))
AWKWARD = [
    *("", " ", "NA", "0", "-1", "1e999", "nan", "inf", "0,5", "1,000", "50%", "Yes", "\u00a0"),
    *('"', "a;b", ";", "\ufeff", "\x00", "\n", "=1+1", "−1", "{study_id}", "{", "%s", "9" * 30),
]
QUIET = {
    "derandomize": True,
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
texts = st.one_of(st.sampled_from(AWKWARD), st.text(max_size=12))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the bundled package once; each example puts back the file that it changed."""
    path = tmp_path_factory.mktemp("fuzz") / "package"
    shutil.copytree(DATA, path)
    return path


def refusal(folder: Path) -> pe.RecordsError | None:
    """Load a package; give the error that lists its faults, or None when it is sound."""
    try:
        pe.load(folder)
    except pe.RecordsError as error:
        return error
    return None


def holds(folder: Path, file: str, content: bytes) -> None:
    """Check the package with one file replaced: it loads, or lists the same faults."""
    path = folder / file
    try:
        path.write_bytes(content)
        error = refusal(folder)
        if error is not None:
            assert list(error.faults) == pe.validate(folder) != []
            assert str(error).count("\n") == len(error.faults)
            assert all(fault.line >= 1 for fault in error.faults)
            assert all(isinstance(fault.found, str) for fault in error.faults)
    finally:
        path.write_bytes((DATA / file).read_bytes())


def rows_of(file: str) -> list[list[str]]:
    with (DATA / file).open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))


def as_bytes(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


@settings(max_examples=60, **QUIET)
@given(data=st.data(), file=st.sampled_from(FILES))
def test_cells_replaced(folder: Path, file: str, data: st.DataObject) -> None:
    rows = rows_of(file)
    for _ in range(data.draw(st.integers(1, 8))):
        row = data.draw(st.integers(0, len(rows) - 1))
        rows[row][data.draw(st.integers(0, len(rows[0]) - 1))] = data.draw(texts)
    holds(folder, file, as_bytes(rows))


@settings(max_examples=45, **QUIET)
@given(data=st.data(), file=st.sampled_from(FILES))
def test_bytes_changed(folder: Path, file: str, data: st.DataObject) -> None:
    content = bytearray((DATA / file).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, max(len(content) - 1, 0)))
        how = data.draw(st.sampled_from(["flip", "drop", "insert", "cut"]))
        if how == "flip":
            content[place : place + 1] = bytes([data.draw(st.integers(0, 255))])
        elif how == "insert":
            content[place:place] = data.draw(st.binary(max_size=4))
        elif how == "drop":
            del content[place : place + data.draw(st.integers(1, 30))]
        else:
            content = content[: max(place, 1)]
    holds(folder, file, bytes(content))


@settings(max_examples=45, **QUIET)
@given(data=st.data(), file=st.sampled_from(FILES))
def test_rows_and_columns_moved(folder: Path, file: str, data: st.DataObject) -> None:
    rows = rows_of(file)
    how = data.draw(st.sampled_from(["drop row", "twice", "drop column", "rename", "shuffle"]))
    column = data.draw(st.integers(0, len(rows[0]) - 1))
    row = data.draw(st.integers(0, len(rows) - 1))
    if how == "drop row":
        del rows[row]
    elif how == "twice":
        rows.append(rows[row])
    elif how == "drop column":
        rows = [cells[:column] + cells[column + 1 :] for cells in rows]
    elif how == "rename":
        rows[0][column] = data.draw(st.one_of(texts, st.sampled_from(rows[0])))
    else:
        order = data.draw(st.permutations(range(len(rows[0]))))
        rows = [[cells[place] for place in order] for cells in rows]
    holds(folder, file, as_bytes(rows))


@settings(max_examples=45, **QUIET)
@given(file=st.sampled_from(FILES), content=st.one_of(st.binary(), st.text().map(str.encode)))
def test_anything_as_a_file(folder: Path, file: str, content: bytes) -> None:
    holds(folder, file, content)


@settings(max_examples=35, **QUIET)
@given(
    file=st.sampled_from(FILES),
    text=st.text(alphabet='a,;"\n\r\t \ufeff\x00é', max_size=60),
)
def test_a_sound_header_with_any_text_below(folder: Path, file: str, text: str) -> None:
    header = (DATA / file).read_bytes().split(b"\n")[0]
    holds(folder, file, header + b"\n" + text.encode())


@pytest.mark.parametrize("file", FILES)
def test_a_file_less(folder: Path, file: str) -> None:
    (folder / file).unlink()
    try:
        faults = pe.validate(folder)
        assert faults or pe.load(folder).tables
        assert bool([fault for fault in faults if fault.file == file]) == (
            file in {"studies.csv", "outcomes.csv"}
        )
    finally:
        shutil.copy(DATA / file, folder / file)
