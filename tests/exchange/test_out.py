"""What goes out: nothing lost, nothing run, nothing overwritten, equal bytes for equal records."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import docx
import numpy as np
import openpyxl
import pandas as pd
import pytest
import rispy
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.cli import main
from peer_evidence.exchange.crate import crate_text
from peer_evidence.exchange.sheets import Sheet, workbook_bytes
from peer_evidence.records.read import read_csv
from peer_evidence.records.sheet_scan import scan_parts
from peer_evidence.records.workbook import open_workbook
from peer_evidence.records.write import csv_text

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def invented(tmp_path: Path) -> pe.Evidence:
    return pe.load(pe.new_review(tmp_path / "example", "example"))


def test_loading_and_saving_changes_no_byte(ev: pe.Evidence, tmp_path: Path) -> None:
    folder = pe.save(ev, tmp_path / "copy")
    for name in ev.files():
        assert (folder / name).read_bytes() == (DATA / name).read_bytes(), name
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*.csv")}
    assert written == set(ev.files())


def test_records_are_saved_as_they_were_loaded_whatever_the_file_says_now(tmp_path: Path) -> None:
    folder = pe.new_review(tmp_path / "mine", "example")
    ev = pe.load(folder)
    before = (folder / "outcomes.csv").read_bytes()
    (folder / "outcomes.csv").write_text("gone\n", encoding="utf-8")
    assert (pe.save(ev, tmp_path / "copy") / "outcomes.csv").read_bytes() == before


def test_a_workbook_keeps_every_text(ev: pe.Evidence, tmp_path: Path) -> None:
    book = pe.save(ev, tmp_path / "all.xlsx")
    other = pe.load(book)
    assert set(other.tables) == set(ev.tables)
    for name in ev.tables:
        ours, theirs = ev.raw_table(name), other.raw_table(name)
        assert list(ours.columns) == list(theirs.columns)
        for column, cells in ours.columns.items():
            assert list(theirs.columns[column]) == list(cells), (name, column)
    back = pe.save(other, tmp_path / "back")
    for name in ev.tables:
        raw = ev.raw_table(name)
        assert (back / raw.file).read_text(encoding="utf-8") == csv_text(raw)
    again = pe.save(ev, tmp_path / "again.xlsx")
    assert again.read_bytes() == book.read_bytes()


def test_no_text_becomes_a_formula(invented: pe.Evidence, tmp_path: Path) -> None:
    frames = {name: invented.table(name) for name in invented.tables if name != "codebook"}
    evil = ["=1+1", "+1", "-cmd", "@SUM(A1)", '=HYPERLINK("http://x")']
    frames["studies"]["coding_note"] = evil
    ev = pe.Evidence.from_frames(frames)
    book = openpyxl.load_workbook(pe.save(ev, tmp_path / "evil.xlsx"))
    types = {cell.data_type for sheet in book for row in sheet for cell in row}
    assert "f" not in types
    assert [row[-1].value for row in book["studies"].iter_rows(min_row=2)] == evil
    assert all(row[-1].quotePrefix for row in book["studies"].iter_rows(min_row=2))
    with zipfile.ZipFile(tmp_path / "evil.xlsx") as archive:
        for name in archive.namelist():
            if "worksheets/sheet" in name:
                assert b"<f>" not in archive.read(name)
        assert not any(one.uncomputed for one in scan_parts(archive).values())
    assert list(pe.load(tmp_path / "evil.xlsx").studies["coding_note"]) == evil


# what a loaded cell may hold: no control character but tab and line feed
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("=+-@\t\n\"',;<>&0123456789.e_x"),
    max_size=12,
)


@settings(max_examples=30)
@example(cells=["0.30000000000000004", "1e-07", "2.50", "12.0", "-0", "#N/A", "_x000D_"])
@given(cells=st.lists(TEXT.filter(lambda text: text == "" or text.strip() != ""), min_size=1))
def test_any_text_survives_csv_and_workbook(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    frame = pd.DataFrame({"box": ["x"] * len(cells), "label": cells, "n": cells})
    from peer_evidence.records.frames import frame_table

    raw = frame_table(frame, "framework/any", None, {}, "any")
    (folder / "any.csv").write_text(csv_text(raw), encoding="utf-8", newline="")
    back = read_csv(folder / "any.csv", "any.csv", None)
    assert list(back.columns["label"]) == cells
    table = pe.load().definition("flow")
    (folder / "any.xlsx").write_bytes(workbook_bytes([Sheet(table, raw, {})]))
    sheet = open_workbook(folder / "any.xlsx").read("flow", None)
    assert list(sheet.columns["label"]) == cells
    assert list(sheet.columns["n"]) == cells


def test_what_a_workbook_cannot_hold_is_refused_and_nothing_is_cut(
    invented: pe.Evidence, tmp_path: Path
) -> None:
    frames = {name: invented.table(name) for name in invented.tables if name != "codebook"}
    frames["studies"]["coding_note"] = "a" * 40_000
    ev = pe.Evidence.from_frames(frames)
    with pytest.raises(pe.InputError) as error:
        pe.save(ev, tmp_path / "long.xlsx")
    assert str(error.value) == (
        "xlsx: a cell holds 40000 characters, allowed are 32767 in this format "
        f"({'a' * 40!r}...); save as CSV instead"
    )
    assert not (tmp_path / "long.xlsx").exists()


def test_nothing_is_overwritten(invented: pe.Evidence, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "mine.xlsx").write_text("mine")
    with pytest.raises(pe.InputError, match="is not empty"):
        pe.save(invented, tmp_path)
    with pytest.raises(pe.InputError) as error:
        pe.save(invented, tmp_path / "mine.xlsx")
    assert str(error.value) == (
        f"path: {str(tmp_path / 'mine.xlsx')!r} is there already; nothing was touched"
    )
    with pytest.raises(pe.InputError, match=r"^path: there is no folder '.*'; make it first$"):
        pe.save(invented, tmp_path / "no" / "mine.xlsx")
    with pytest.raises(pe.InputError, match=r"^format: found 'xls', allowed are 'csv', 'parquet'"):
        pe.save(invented, tmp_path / "new", "xls")


def test_the_script_for_metafor_holds_the_call_and_the_numbers(
    ev: pe.Evidence, tmp_path: Path
) -> None:
    pools = pe.pools(ev)
    folder = pe.export_metafor(pools, tmp_path / "r")
    data = pd.read_csv(folder / "effects.csv")
    script = (folder / "reproduce.R").read_text(encoding="utf-8")
    assert script.count("<- rma(") == len(pools)
    for number, (name, m) in enumerate(pools.groups.items(), start=1):
        rows = data[data["pool"] == number]
        assert set(rows["name"]) == {name}
        assert np.array_equal(rows["yi"], m.studies.effects)
        assert np.array_equal(rows["vi"], m.studies.variances)
        assert tuple(rows["label"]) == m.studies.labels
        with warnings.catch_warnings():  # of pools of two studies
            warnings.simplefilter("ignore", pe.PeerEvidenceWarning)
            again = pe.meta_analysis(rows, "yi", "vi", m.method, m.ci)
        assert again.estimate == m.estimate
        assert f"# {name}: {m.k} studies\n# estimate {m.estimate:.10g}\n" in script
        assert f"  estimate = {m.estimate!r},\n" in script
    assert 'method = "REML", test = "z", level = 95, control = list(threshold = 1e-10' in script
    for opening, closing in ("()", "[]", "{}"):
        assert script.count(opening) == script.count(closing)


@pytest.mark.parametrize(
    ("ci", "test"), [("wald", "z"), ("hksj", "knha"), ("hksj-adhoc", "adhoc"), ("t", "t")]
)
def test_the_test_of_each_interval_is_named_as_metafor_does(
    tmp_path: Path, ci: str, test: str
) -> None:
    frame = pd.DataFrame(
        {
            "effect": [0.1, 0.5, 0.3, 0.9],
            "variance": [0.02, 0.03, 0.05, 0.01],
            "label": ["=a", "b", "c", 'say "d"'],
            "year": [1.0, 2.0, 3.0, 4.0],
        }
    )
    m = pe.meta_analysis(frame, method="DL", ci=ci, level=0.9, moderators="year")
    folder = pe.export_metafor({'=by "year"\n#': m}, tmp_path / "r")
    script = (folder / "reproduce.R").read_text(encoding="utf-8")
    assert (
        'm1 <- rma(yi, vi, data = one, mods = cbind(x1, x2), intercept = FALSE, method = "DL", '
        f'test = "{test}", level = 90)\n'
    ) in script
    assert "one <- d[d$pool == 1, ]\n" in script
    assert 'compare("=by \\"year\\" #", m1, c(\n' in script
    data = pd.read_csv(folder / "effects.csv")
    assert data["x2"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert data["label"].tolist()[0] == "'=a"


def test_no_name_and_no_label_can_break_the_script_or_its_table(tmp_path: Path) -> None:
    # R ends a row of a table at a lone carriage return, even between quotes; a line separator may
    # end a comment; R 4.2 refuses a script that holds a mark which turns the direction of writing
    labels = ["a\rb", "c\r\nquit()", 'say "d"', "e\u2028f", "g" + chr(0x202E) + "h", "i\x00"]
    frame = pd.DataFrame({"effect": np.linspace(0.1, 0.6, 6), "variance": 0.02, "label": labels})
    m = pe.meta_analysis(frame)
    names = ["x\rquit()", "'=1", "=1", "\u2029quit()", "\u202ereversed", '"; quit(); "\\']
    folder = pe.export_metafor(dict.fromkeys(names, m), tmp_path / "r")
    table = (folder / "effects.csv").read_bytes().decode("utf-8")
    assert len(table.splitlines()) == 1 + 6 * 6
    data = pd.read_csv(folder / "effects.csv", dtype={"name": str})
    assert data["label"].tolist()[:6] == ["a b", "c quit()", 'say "d"', "e f", "g\u202eh", "i"]
    assert data.groupby("pool").size().tolist() == [6] * 6
    script = (folder / "reproduce.R").read_bytes().decode("utf-8")
    assert "\u202e" not in script
    assert "".join(script.split("\n")).isprintable()
    called = re.findall(r"^compare\((.*), m\d, c\($", script, re.MULTILINE)
    assert [json.loads(text) for text in called] == [
        *("x quit()", "'=1", "=1", "quit()", "\u202ereversed", '"; quit(); "\\')
    ]
    code = [line for line in script.splitlines() if not line.startswith("#")]
    assert not [line for line in code if re.match(r"\W*quit", line)]


def test_what_is_no_pool_is_told(tmp_path: Path) -> None:
    with pytest.raises(pe.InputError) as error:
        pe.export_metafor([1], tmp_path / "r")
    assert str(error.value) == (
        "pools: found list, allowed are the results of meta_analysis and pools, or a mapping from "
        "a name to a meta-analysis"
    )
    with pytest.raises(pe.InputError, match=r"^pools: there is no pool, so nothing to export$"):
        pe.export_metafor({}, tmp_path / "r")


def test_references_hold_what_the_records_hold(ev: pe.Evidence, tmp_path: Path) -> None:
    file = pe.export_ris(ev, tmp_path / "all.ris")
    entries = rispy.loads(file.read_text(encoding="utf-8"))
    assert len(entries) == len(ev.studies) + len(ev.reviews)
    study = ev.studies.set_index("study_id").loc["barbic_2009"]
    (found,) = [entry for entry in entries if entry["id"] == "barbic_2009"]
    assert found["title"] == study["title"]
    assert found["authors"] == study["authors"].split("; ")
    assert (found["year"], found["doi"]) == ("2009", "10.1176/ps.2009.60.4.491")


def test_a_doi_that_is_the_source_alone_is_that_of_a_primary_row(
    invented: pe.Evidence, tmp_path: Path
) -> None:
    frames = {name: invented.table(name) for name in invented.tables if name != "codebook"}
    studies = frames["studies"]
    studies.loc[:1, "source"] = "10.1000/own"
    studies.loc[:1, ["doi", "title"]] = pd.NA
    studies.loc[:1, "confidence"] = ["primary", "secondary"]
    file = pe.export_ris(pe.Evidence.from_frames(frames), tmp_path / "a.ris", "studies")
    first, second = rispy.loads(file.read_text(encoding="utf-8"))[:2]
    assert first["doi"] == "10.1000/own"
    assert "doi" not in second
    assert (first["label"], "title" in first) == (studies.loc[0, "label"], False)


def test_a_line_break_in_a_title_begins_no_tag(invented: pe.Evidence, tmp_path: Path) -> None:
    frames = {name: invented.table(name) for name in invented.tables if name != "codebook"}
    frames["studies"].loc[0, "title"] = "A title\nER  - \nTY  - BOOK"
    file = pe.export_ris(pe.Evidence.from_frames(frames), tmp_path / "a.ris", "studies")
    entries = rispy.loads(file.read_text(encoding="utf-8"))
    assert len(entries) == 5
    assert entries[0]["title"] == "A title ER - TY - BOOK"


def test_a_table_for_a_manuscript_keeps_markup_as_text(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"study": ["<b>A</b> & B_1", "=1+1 100%"], "effect": [-0.25, 1.5], "p_value": [0.0001, 1.0]}
    )
    assert pe.save_table(frame, tmp_path / "t.tex", "Effects & more").read_text("utf-8") == (
        "% needs \\usepackage{booktabs,longtable}\n"
        "\\begin{longtable}{lll}\n"
        "\\caption{Effects \\& more}\\\\\n"
        "\\toprule study & effect & p value \\\\\n"
        "\\midrule\\endhead\n"
        "\\textless{}b\\textgreater{}A\\textless{}/b\\textgreater{} \\& B\\_1 & $-$0.250 & "
        "\\textless{}0.001 \\\\\n"
        "=1+1 100\\% & 1.500 & 1.000 \\\\\n"
        "\\bottomrule\n\\end{longtable}\n"
    )
    page = pe.save_table(frame, tmp_path / "t.html", "<i>").read_text("utf-8")
    assert "&lt;b&gt;A&lt;/b&gt; &amp; B_1" in page
    assert "<title>&lt;i&gt;</title>" in page
    text = pe.save_table(frame, tmp_path / "t.csv").read_text("utf-8")
    assert text.splitlines()[2] == "'=1+1 100%,1.5,1.0"
    document = docx.Document(str(pe.save_table(frame, tmp_path / "t.docx", "Effects")))
    cells = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert cells[1] == ["<b>A</b> & B_1", "−0.250", "<0.001"]
    with pytest.raises(pe.InputError, match=r"^path: found 't.rtf', allowed is a name that ends"):
        pe.save_table(frame, tmp_path / "t.rtf")
    with pytest.raises(pe.InputError, match=r"^result: found int, allowed is a pandas DataFrame$"):
        pe.save_table(3, tmp_path / "u.tex")


def assert_sound_crate(folder: Path) -> None:
    """Check what RO-Crate 1.2 demands (Structure; Root Data Entity; Data Entities)."""
    text = (folder / "ro-crate-metadata.json").read_text(encoding="utf-8")
    crate = json.loads(text)
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.2/context"
    graph = crate["@graph"]
    entities = {one["@id"]: one for one in graph}
    assert len(entities) == len(graph)
    about = entities["ro-crate-metadata.json"]
    assert about["@type"] == "CreativeWork"
    assert about["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    root = entities[about["about"]["@id"]]
    assert (root["@id"], root["@type"]) == ("./", "Dataset")
    assert root["name"]
    assert root["description"]
    assert root["license"]
    files = {unquote(one["@id"]) for one in root["hasPart"]}
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == held - {"ro-crate-metadata.json"}
    for name in files - {"sha256.txt"}:
        data, one = (folder / name).read_bytes(), entities[quote(name)]
        assert one["@type"] == "File"
        assert one["contentSize"] == str(len(data))
        assert one["sha256"] == hashlib.sha256(data).hexdigest()
        assert "/" in one["encodingFormat"]
    # flat: whatever is named by its @id is an entity of its own, or outside
    named = set(re.findall(r'\{\s*"@id": "([^"]*)"\s*\}', text))
    assert named <= {*entities, "https://w3id.org/ro/crate/1.2"}
    made = entities["#made"]
    assert made["@type"] == "CreateAction"
    assert entities[made["instrument"]["@id"]]["version"] == pe.__version__
    assert {one["@id"] for one in made["object"] + made["result"]} <= {quote(f) for f in files}


def test_the_crate_makes_nothing_up() -> None:
    versions = {"peer_evidence": "1", "python": "3"}
    files = {"records/a b.csv": b"x", "index.html": b"<p>"}

    def root_of(clock: str = "", **facts: str) -> dict[str, Any]:
        text = crate_text(files, ["sha256.txt"], {"title": "T", **facts}, versions, clock)
        assert text == crate_text(files, ["sha256.txt"], {"title": "T", **facts}, versions, clock)
        (root,) = [one for one in json.loads(text)["@graph"] if one["@id"] == "./"]
        return dict(root)

    bare = root_of()
    assert "datePublished" not in bare
    assert "author" not in bare
    assert bare["description"].endswith("No date of publication is stated.")
    assert bare["license"] == "The records state no licence."
    assert [one["@id"] for one in bare["hasPart"]] == [
        *("index.html", "records/a%20b.csv", "sha256.txt")
    ]
    assert root_of("86400")["datePublished"] == "1970-01-02"
    assert root_of("86400", published="2024-05")["datePublished"] == "2024-05"
    assert "datePublished" not in root_of("9" * 30, published="spring")
    licence = "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/"
    found = root_of(licence=licence, authors="A B; C D")
    assert found["license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    assert found["author"] == [{"@id": "#author-1"}, {"@id": "#author-2"}]
    assert root_of(licence="as you like")["license"] == "as you like"


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_files_of_other_programs_are_saved_byte_for_byte(
    tmp_path: Path, bom: bytes, end: bytes
) -> None:
    folder = pe.new_review(tmp_path / "mine", "example")
    for file in folder.glob("*.csv"):
        lines = file.read_bytes().replace(b"Invented study A", b'"Invented ""A"", of"').split(b"\n")
        if file.name == "studies.csv":  # a break in a cell, and empty columns at the right
            lines = [b"".join((line, b",,")) if line else line for line in lines]
            lines[2] = lines[2].replace(b"nowhere", b'"no\nwhere"')
        file.write_bytes(bom + end.join(lines) + end)  # and an empty line at the end
    ev = pe.load(folder)
    assert ev.studies["country"][1] == "no\nwhere"
    copy = pe.save(ev, tmp_path / "copy")
    for file in folder.glob("*.csv"):
        assert (copy / file.name).read_bytes() == file.read_bytes(), file.name
    # what is no longer the file that was loaded is written in one form: LF, no mark, no spare cells
    for file in folder.glob("*.csv"):
        file.unlink()
    again = pe.save(ev, tmp_path / "again")
    for name in ev.tables:
        data = (again / f"{name}.csv").read_bytes()
        assert not data.startswith(b"\xef")
        assert b"\r" not in data
    other = pe.load(again)
    for name in ev.tables:
        pd.testing.assert_frame_equal(other.table(name), ev.table(name))


@pytest.mark.parametrize("start", ["blank", "example"])
def test_a_new_review_is_saved_byte_for_byte(tmp_path: Path, start: str) -> None:
    folder = pe.new_review(tmp_path / "mine", start)
    copy = pe.save(pe.load(folder), tmp_path / "copy")
    files = sorted(file.name for file in folder.glob("*.csv"))
    assert sorted(file.name for file in copy.iterdir()) == files
    for name in files:
        assert (copy / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_workbook_saved_by_libreoffice_loads_as_it_is_shown() -> None:
    # saved by LibreOffice 7.4: formulas with their values, a date, a whole number with decimals, a
    # text that begins as a formula, breaks and spaces in texts, formats far beyond the cells
    ev = pe.load(Path(__file__).with_name("saved_by_libreoffice.xlsx"))
    studies = ev.texts("studies")
    assert studies["n_total"].tolist()[:2] == ["200", "160"]
    assert studies["year"].tolist()[1] == "2003"
    assert studies["label"].tolist()[2] == "=not a formula"
    assert studies["title"].tolist()[2] == 'two\nlines, "quoted" & <b>'
    assert studies["population"].tolist()[3] == "  spaces around  "
    assert ev.texts("outcomes")["p_value"].tolist()[0] == "0.04"
    assert ev.texts("reviews")["search_to"].tolist() == ["2009-06-30"]
    assert {name: len(ev.table(name)) for name in ("studies", "outcomes")} == {
        **{"studies": 5, "outcomes": 9}
    }


def test_no_spreadsheet_finds_a_formula_in_a_table(tmp_path: Path) -> None:
    # LibreOffice 7.4 ran the second of these from CSV, and all from an HTML table
    texts = ["=1+1", "a\r=1+1", "\r=1+1", "\n=1+1", "\t=1+1", "@SUM(1)", "+1", "-1+1", "fine"]
    frame = pd.DataFrame({"text": texts, "effect": np.arange(9.0) - 4})
    text = pe.save_table(frame, tmp_path / "t.csv").read_bytes().decode("utf-8")
    assert "\r" not in text
    found = pd.read_csv(tmp_path / "t.csv")["text"].tolist()
    assert [one for one in found if not one.startswith("'")] == ["a\n=1+1", "fine"]
    page = pe.save_table(frame, tmp_path / "t.html").read_text(encoding="utf-8")
    as_text = re.findall(r"<t[dh][^>]* sdnum=\"1033;0;@\" style=[^>]*>", page)
    assert len(as_text) == 7
    assert re.search(r"<t[dh](?: scope=\"\w+\")?>\s*[=+@-]", page) is None


def test_the_whole_review_is_packed_and_loads_again(invented: pe.Evidence, tmp_path: Path) -> None:
    book = pe.save(invented, tmp_path / "mine.xlsx")
    result = CliRunner().invoke(main, ["pack", str(book), "--out", str(tmp_path / "all.zip")])
    assert result.output == f"The review is packed in {tmp_path / 'all.zip'}\n"
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    folder = tmp_path / "unpacked"
    other = pe.load(folder / "records")
    for name in invented.tables:
        pd.testing.assert_frame_equal(other.table(name), invented.table(name))
    described = json.loads((folder / "records" / "datapackage.json").read_text("utf-8"))
    for resource in described["resources"]:
        assert (folder / "records" / resource["path"]).is_file()
    assert json.loads((folder / "versions.json").read_text("utf-8"))["pandas"] == pd.__version__
    sums = (folder / "sha256.txt").read_text("utf-8").splitlines()
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {line.partition("  ")[2] for line in sums} == held - {"sha256.txt"}
    for line in sums:
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert_sound_crate(folder)
    assert re.search("invented example", (folder / "index.html").read_text("utf-8"), re.IGNORECASE)
