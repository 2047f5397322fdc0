"""Reading a workbook: the same checks as for CSV, with sheet and cell; hostile files refused."""

from __future__ import annotations

import datetime
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import peer_evidence as pe
from peer_evidence.records.archive import escapes

if TYPE_CHECKING:
    from conftest import Book, Parts

SHEET = "xl/worksheets/sheet2.xml"  # after the guide: studies
Repack = Callable[["Callable[[Parts], None]"], Path]


def test_a_workbook_loads_as_the_folder_does(book: Book, tmp_path: Path) -> None:
    assert book.faults() == []
    ev = pe.load(book.path)
    other = pe.load(pe.new_review(tmp_path / "folder", "example"))
    for name in other.tables:
        assert ev.table(name).equals(other.table(name)), name
    where = ev.provenance("invented_a.plaque_6m", "mean_intervention")
    assert (where.file, where.line, where.value) == ("mine.xlsx: outcomes", 6, "1.2")
    assert len(pe.flow(ev).to_frame()) == 11


def test_a_folder_with_one_workbook_is_that_workbook(book: Book, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    (folder / "~$made.xlsx").write_bytes(b"the lock of an open workbook")
    assert len(pe.load(folder).studies) == 5


@pytest.mark.parametrize(
    ("table", "column", "row", "value", "shown", "fault"),
    [
        ("outcomes", "estimate", 5, "half", None, "L5: estimate: must be a number, found 'half'"),
        (
            *("outcomes", "domain", 3, "attendence", None),
            "C3: domain: must be one of attendance, plaque, worry (did you mean 'attendance'?), "
            "found 'attendence'",
        ),
        (
            *("outcomes", "p_value", 2, 0.04, "0.0%"),
            "O2: p_value: must be a plain number, and this cell is shown as per cent: 12% is kept "
            "as 0.12; set its format to General and type the number that is meant, found '0.04'",
        ),
        (
            *("outcomes", "measure", 4, datetime.datetime(2024, 4, 3), "d-mmm"),
            "D4: measure: must be text, and this is a date; type it again in a cell whose format "
            "is text, found '2024-04-03'",
        ),
        (
            *("outcomes", "n_intervention", 4, datetime.datetime(2024, 4, 3), "d-mmm"),
            "S4: n_intervention: must be a whole number; this looks like the date that a "
            "spreadsheet makes of 3-4 or 3/4, found '2024-04-03'",
        ),
        (
            *("outcomes", "measure", 4, "=1+1", None),
            "D4: measure: must hold a value, and this is a formula that no program has computed; "
            "open the file in a spreadsheet and save it, or type the value, found ''",
        ),
        (
            *("outcomes", "measure", 4, "#REF!", None),
            "D4: measure: must hold a value, and this is a formula that failed; type the value, "
            "found '#REF!'",
        ),
        (
            *("outcomes", "better_is", 4, True, None),
            "H4: better_is: must be one of lower, higher, found 'TRUE'",
        ),
        (
            *("outcomes", "study_id", 4, "invented_z", None),
            "B4: study_id: must be a study_id of the sheet studies (did you mean 'invented_e'?), "
            "found 'invented_z'",
        ),
        (
            *("outcomes", "outcome_id", 4, "invented_b.attended_6m", None),
            "A4: outcome_id: the key must be unique, the same stands in row 3, found "
            "'invented_b.attended_6m'",
        ),
        (
            *("outcomes", "events_intervention", 2, 500, None),
            "R2: events_intervention: must not be more than n_intervention (100), found '500'",
        ),
    ],
)
def test_a_fault_names_sheet_and_cell(
    book: Book, table: str, column: str, row: int, value: Any, shown: str | None, fault: str
) -> None:
    book.put(table, column, row, value, shown)
    assert book.faults() == [f"mine.xlsx: {table}!{fault}"]


def test_all_faults_come_at_once_and_as_plain_values(book: Book) -> None:
    book.put("outcomes", "estimate", 5, "half")
    book.put("studies", "year", 2, "200l")
    book.book["outcomes"]["AG7"] = "stray"
    found = book.faults()
    assert [text.partition(": ")[2].partition(":")[0] for text in found] == [
        *("studies!D2", "outcomes!L5", "outcomes!AG7")
    ]
    assert found[2] == (
        "mine.xlsx: outcomes!AG7: a row must not be longer than the header; name its column, "
        "found 'stray'"
    )
    assert pe.validate(book.path)[0].to_dict() == {
        "file": "mine.xlsx",
        "line": 2,
        "column": "year",
        "rule": "must be a whole number",
        "found": "200l",
        "place": "mine.xlsx: studies!D2",
    }


def test_numbers_keep_the_digits_that_were_typed(book: Book) -> None:
    for row, value in ((2, 2.8), (3, 12.0), (4, 1e-7), (10, "2.50")):
        book.put("outcomes", "estimate", row, value)
    assert book.faults() == []
    held = pe.load(book.path).raw_table("outcomes").columns["estimate"]
    assert [held[row] for row in (0, 1, 2, 8)] == ["2.8", "12", "1e-07", "2.50"]


def test_a_date_of_a_date_column_keeps_what_is_shown_of_it(book: Book) -> None:
    june = datetime.datetime(2009, 6, 1)
    for shown, text in (("yyyy-mm-dd", "2009-06-01"), ("mmm-yy", "2009-06")):
        book.put("reviews", "search_to", 2, june, shown)
        assert book.faults() == []
        assert pe.load(book.path).reviews["search_to"].tolist() == [text]


def test_a_formula_that_was_computed_counts_with_its_value(repacked: Repack) -> None:
    def change(parts: Parts) -> None:
        old = re.search(rb'<c r="D2"[^>]*><v>2001</v></c>', parts[SHEET])
        assert old is not None
        parts[SHEET] = parts[SHEET].replace(old[0], b'<c r="D2"><f>2000+2</f><v>2002</v></c>')

    path = repacked(change)
    assert pe.validate(path) == []
    assert pe.load(path).studies["year"].tolist()[0] == 2002


def test_merged_cells_are_told(book: Book) -> None:
    book.book["studies"].merge_cells("E3:E4")
    assert book.faults() == [
        "mine.xlsx: studies!E3: cells must not be merged, as all but the first of them are empty; "
        "undo the merging, found 'E3:E4'"
    ]


def test_a_missing_or_misnamed_sheet_is_told(book: Book) -> None:
    book.book["outcomes"].title = "outcome"
    assert book.faults() == [
        "mine.xlsx: outcomes: the sheet is required in the workbook of a review (there is "
        "'outcome': is that it?), found 'no sheet'"
    ]


def test_a_header_with_gaps_and_other_names_is_told(book: Book) -> None:
    book.put("studies", "label", 1, "Label")
    book.put("studies", "design", 1, "desing")
    assert book.faults() == [
        "mine.xlsx: studies!B1: Label: the column is not one of this table (did you mean "
        "'label'?), found 'Label'",
        "mine.xlsx: studies!J1: desing: the column is not one of this table (did you mean "
        "'design'?), found 'desing'",
    ]


def refused(path: Path) -> str:
    (fault,) = pe.validate(path)
    return str(fault)


def test_entity_bombs_and_outside_entities_are_refused(repacked: Repack) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    outside = b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/hostname">'
    for name in (SHEET, "xl/workbook.xml", "docProps/core.xml", "[Content_Types].xml"):
        for start in (bomb, outside):

            def change(parts: Parts, name: str = name, start: bytes = start) -> None:
                parts[name] = start + re.sub(rb"<\?xml[^>]*\?>", b"", parts[name])

            assert refused(repacked(change)) == (
                "mine.xlsx: the file must not define a document type (DOCTYPE); a spreadsheet "
                "writes none, found 'a document type'"
            )


def test_an_entity_bomb_in_two_byte_text_is_refused(repacked: Repack) -> None:
    def change(parts: Parts) -> None:
        text = parts[SHEET].decode()
        text = re.sub(r"<\?xml[^>]*\?>", "", text)
        text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]>' + text
        parts[SHEET] = text.encode("utf-16")

    assert "must not define a document type" in refused(repacked(change))


def test_zip_bombs_and_parts_that_lead_out_are_refused(repacked: Repack) -> None:
    def ratio(parts: Parts) -> None:
        parts["xl/media/image1.bin"] = bytes(60_000_000)

    def size(parts: Parts) -> None:
        parts["xl/media/image1.bin"] = bytes(200_000_001)

    def out(parts: Parts) -> None:
        parts["../../up.xml"] = b"<a/>"

    found = refused(repacked(ratio))
    assert found.startswith("mine.xlsx: the file must not unpack to more than 200 times its size")
    assert refused(repacked(size)) == (
        "mine.xlsx: the file must hold at most 200 MB when unpacked, found '200 MB'"
    )
    assert refused(repacked(out)) == (
        "mine.xlsx: no part of the file may have a name that leads out of it, found '../../up.xml'"
    )
    assert [escapes(name) for name in ("a/../../b", "C:/x", "\\x", "a..b/c")] == [
        *(True, True, True, False)
    ]


def test_a_sheet_as_large_as_the_format_allows_is_refused_at_once(repacked: Repack) -> None:
    def change(parts: Parts) -> None:
        far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
        parts[SHEET] = parts[SHEET].replace(b"</sheetData>", far)

    faults = [str(fault) for fault in pe.validate(repacked(change))]
    assert faults[0] == (
        "mine.xlsx: studies!1:1: a sheet must have at most 1000 columns and 20000000 cells, found "
        "'16384 columns, 7 rows'"
    )


def test_what_is_no_workbook_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(100))
    assert refused(path) == (
        "mine.xlsx: the file must be an .xlsx workbook without a password; save it again as one, "
        "found 'an old Excel workbook (.xls), or one with a password'"
    )
    path.write_text("study_id,label\n")
    assert refused(path) == (
        "mine.xlsx: the file must be a sound .xlsx workbook, found 'BadZipFile while opening it'"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "no workbook")
    assert refused(path).startswith("mine.xlsx: the file must be a sound .xlsx workbook, found ")


def test_a_workbook_that_is_not_there_or_of_another_program_is_told() -> None:
    for name, message in (
        ("no/mine.xlsx", "path: there is no workbook 'no/mine.xlsx'"),
        (
            "mine.ods",
            "path: found 'mine.ods'; a review is read from an .xlsx workbook, save it as one",
        ),
    ):
        with pytest.raises(pe.InputError) as error:
            pe.load(name)
        assert str(error.value) == message


def test_damaged_workbooks_give_faults_and_never_another_exception(
    tmp_path: Path, repacked: Repack
) -> None:
    random_ = random.Random(7)
    whole = repacked(lambda parts: None).read_bytes()
    path = tmp_path / "damaged.xlsx"
    for _ in range(40):  # bytes of the archive
        data = bytearray(whole[: random_.randrange(1, len(whole))])
        for _ in range(random_.randrange(4)):
            data[random_.randrange(len(data))] = random_.randrange(256)
        path.write_bytes(data)
        assert isinstance(pe.validate(path), list)
    names = [SHEET, "xl/workbook.xml", "[Content_Types].xml", "xl/styles.xml"]

    for turn in range(40):  # bytes of a part

        def change(parts: Parts, turn: int = turn) -> None:
            name = names[turn % len(names)]
            data = bytearray(parts[name])
            for _ in range(3):
                data[random_.randrange(len(data))] = random_.choice(b'0123456789abcstrnf"')
            parts[name] = bytes(data)

        assert isinstance(pe.validate(repacked(change)), list)
