"""What mutated files found in the readers, each by its smallest input. See docs/fuzzing.md."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.appraisal.printed_numbers import is_number, mends, printed_span, with_decimals
from peer_evidence.direction.printed_p import printed_p
from peer_evidence.records.header import names_of
from peer_evidence.records.read import RawTable
from peer_evidence.records.rules import check_numbers
from peer_evidence.records.tables import OUTCOMES

if TYPE_CHECKING:
    from conftest import Small

SHOWN = f"{'9' * 100}…"


def test_a_name_that_is_no_text_is_a_fault_that_can_be_printed(small: Small) -> None:
    small.files["framework/caf\udce9.csv"] = b"a\n1\n"
    found = small.faults()
    assert found == [
        "framework/caf\\udce9.csv:1: the name of a file must be plain text; rename it, found "
        "'framework/caf\\udce9.csv'"
    ]
    with pytest.raises(pe.RecordsError) as error:
        pe.load(small.path)
    assert str(error.value).encode("utf-8").endswith(found[0].encode("ascii"))


def test_a_fault_stays_in_one_line_whatever_the_file_is_called() -> None:
    fault = pe.Fault("framework/a\nb.csv", 2, "", "must be so", "")
    assert str(fault) == "framework/a b.csv:2: must be so, found ''"


def test_the_header_of_a_free_table_holds_no_control_character(small: Small) -> None:
    small.files["framework/terms.csv"] = b"a longer header,te\x07rm\nfirst,second\n"
    assert small.faults() == [
        "framework/terms.csv:1: cell 2 of the header must not hold control characters; type it "
        "again, found 'te\\x07rm'"
    ]


@pytest.mark.parametrize(
    ("column", "digits", "rule"),
    [
        ("n_total", f"{'9' * 100_000}x", "must be a whole number"),
        ("follow_up_months", f"{'9' * 100_000}x", "must be a number"),
        ("follow_up_months", f"{'9' * 100_000}%", "must be a number, written without the per cent "
         "sign"),
    ],
    ids=["whole", "number", "per cent"],
)  # fmt: skip
def test_a_long_cell_of_digits_is_read_at_once(
    faults_of_cell: Callable[[str, str, str], list[pe.Fault]], column: str, digits: str, rule: str
) -> None:
    """Every way to part the digits was tried: a hundred thousand took hours."""
    found = [str(one) for one in faults_of_cell("studies.csv", column, digits)]
    assert found == [f"studies.csv:2: {column}: {rule}, found {SHOWN!r}"]


def test_one_long_cell_makes_no_column_wide() -> None:
    """A column of fixed width took four bytes for each character of the longest, in each row."""
    rows = 2_000
    raw = RawTable("outcomes.csv", lines=np.arange(2, rows + 2))
    for name in ("p_relation", "effect_measure"):
        raw.columns[name] = np.array(["="] * (rows - 1) + ["x" * 100_000], dtype=object)
    raw.columns["p_value"] = np.array(["0.5"] * rows, dtype=object)
    tracemalloc.start()
    check_numbers(raw, OUTCOMES)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert raw.faults == []
    assert peak < 5_000_000


def test_a_box_whose_first_row_cannot_be_read_may_stand_again(tmp_path: Path) -> None:
    file = tmp_path / "flow.csv"
    file.write_text("box,n\nduplicates,many\nduplicates,3\n")
    with pytest.raises(pe.RecordsError) as error:
        pe.flow(file)
    assert [str(one) for one in error.value.faults] == [
        "flow.csv:2: n: must be a whole number, found 'many'",
        "flow.csv:3: box: a box must stand once; it is on line 2 too, found 'duplicates'",
    ]


class Rude:
    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (10**5000, "must be text or a number that a computer can hold, found 'a number of "
         "thousands of digits'"),
        (np.timedelta64(1, "D"), "must be text or a number, not timedelta64, found '1 days'"),
        (Rude(), "must be text or a number, not Rude, found 'Rude'"),
        ("half \ud800", "must not hold control characters, as '\\ud800' is; delete it, found "
         "'half \\ud800'"),
        ("x" * 200_000, None),
    ],
    ids=["long", "timedelta", "rude", "half", "wide"],
)  # fmt: skip
def test_a_value_of_any_type_is_a_fault(small: Small, value: Any, fault: str | None) -> None:
    ev = pe.load(small.write())
    frames = {"studies": ev.studies.astype(object), "outcomes": ev.outcomes}
    frames["studies"].loc[0, "label"] = value
    with pytest.raises(pe.RecordsError) as error:
        pe.Evidence.from_frames(frames)
    where = f"studies, row 0: label: {fault}"
    if fault is None:
        where = "studies, row 0: a cell must hold at most 131072 characters, found '200000 " \
            "characters'"  # fmt: skip
    assert str(error.value.faults[0]) == where


def test_names_of_columns_may_be_numbers(small: Small) -> None:
    ev = pe.load(small.write())
    mine = ev.studies.rename(columns={"study_id": 7})
    frames = {"studies": mine, "outcomes": ev.outcomes}
    assert len(pe.Evidence.from_frames(frames, {"studies": {7: "study_id"}}).studies) == 2


def test_an_error_can_be_printed_whatever_it_quotes() -> None:
    with pytest.raises(pe.InputError) as error:
        pe.Evidence.from_frames({"studi\ud800": pd.DataFrame()})
    assert str(error.value).startswith("frames: found 'studi\\ud800', which is no table")


def test_a_header_of_a_hundred_thousand_cells_is_read_in_one_pass() -> None:
    raw = RawTable("outcomes.csv")
    header = ["outcome_id", *(f"n{number}" for number in range(300_000)), "n7", *[""] * 100_000]
    assert names_of(header, 1, None, raw) is None
    assert [str(one) for one in raw.faults] == [
        "outcomes.csv:1: n7: a column must stand in the header once, found 'cells 9 and 300002'"
    ]


def test_no_slip_is_looked_for_in_a_number_that_nobody_prints() -> None:
    asked: list[str] = []
    assert mends("." + "1" * 5000, lambda text: bool(asked.append(text))) == ""
    assert asked == []


def test_printed_numbers_of_any_size() -> None:
    assert with_decimals("1e30", 2) == f"1{'0' * 30}.00"
    assert with_decimals("9" * 300, 1) == f"{'9' * 300}.0"
    assert not is_number("1e-999999999")  # its decimals alone would fill the memory
    with pytest.raises(pe.InputError) as error:
        printed_span("1e-999999999")
    assert str(error.value) == (
        "text: found '1e-999999999', allowed is a number as printed, such as '-0.20'"
    )


@pytest.mark.parametrize("text", [f"{'9' * 50_000}x", f"p{' ' * 50_000}x", f"n{' ' * 50_000}s"],
                         ids=["digits", "spaces", "ns"])  # fmt: skip
def test_a_long_text_is_no_p_value(text: str) -> None:
    with pytest.raises(pe.InputError) as error:
        printed_p(text)
    assert str(error.value) == (
        f"found {text[:100]!r} and more, allowed is a number such as '0.03', one with its "
        "relation such as '<0.05', or 'ns'"
    )


def test_a_long_name_of_a_measure_is_read_at_once(tmp_path: Path) -> None:
    file = tmp_path / "pooled.csv"
    file.write_text(f"pooled_id,effect_measure,estimate\na,{'(' * 100_000},1\n")
    with pytest.raises(pe.InputError, match="data: 1 cell that cannot be read"):
        pe.audit(file)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (3, "key: found 3, allowed is the name of a column, or a list of them"),
        (["a", 1], "key: found 1 in it, allowed are names of columns"),
    ],
)
def test_a_key_that_is_no_name(key: Any, message: str) -> None:
    frame = pd.DataFrame({"a": [1]})
    with pytest.raises(pe.InputError) as error:
        pe.compare_extractions(frame, frame, key)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("value", "kind"),
    [([1], "TypeError"), (10**5000, "ValueError"), ("\ud800", "UnicodeEncodeError")],
    ids=["list", "long", "half"],
)
def test_cells_that_cannot_be_compared(value: Any, kind: str) -> None:
    a = pd.DataFrame({"id": ["x"], "b": pd.Series([value], dtype=object)})
    b = pd.DataFrame({"id": ["x"], "b": ["y"]})
    with pytest.raises(pe.InputError) as error:
        pe.compare_extractions(a, b, "id")
    assert str(error.value) == (
        f"a: the column 'b' cannot be compared ({kind}); allowed are texts, numbers, dates, True "
        "and False"
    )


@pytest.mark.parametrize(
    ("value", "found"),
    [("\ud800", "'\\ud800'"), (np.array([1, 2]), "'[1 2]'"), (True, "'True'")],
    ids=["half", "array", "truth"],
)
def test_a_box_with_anything_in_it(value: Any, found: str) -> None:
    with pytest.raises(pe.RecordsError) as error:
        pe.flow({"duplicates": value})
    fault = str(error.value.faults[0])
    assert fault.startswith("data['duplicates']: must ")
    assert fault.endswith(f"found {found}")


def test_a_name_without_a_text() -> None:
    frame = pd.DataFrame({"id": ["x"], "b": [[1]]}).rename(columns={"b": Rude()})
    with pytest.raises(pe.InputError) as error:
        pe.compare_extractions(frame, frame, "id")
    assert str(error.value) == (
        "a: the column '<Rude>' cannot be compared (TypeError); allowed are texts, numbers, dates, "
        "True and False"
    )
    tables = {"studies": pd.DataFrame({"study_id": ["a"]})}
    with pytest.raises(pe.InputError) as error:
        pe.Evidence.from_frames(tables, {"studies": {Rude(): None}})
    assert str(error.value) == (
        "columns['studies']: the frame has no column '<Rude>' (it has study_id)"
    )


def test_columns_whose_names_are_numbers_are_compared() -> None:
    a = pd.DataFrame({"id": ["x"], 3: [1]})
    found = pe.compare_extractions(a, a.replace({1: 2}), "id")
    assert found.disagreements[["column", "a", "b"]].to_numpy().tolist() == [["3", "1", "2"]]
