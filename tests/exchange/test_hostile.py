"""Markup, formulas and commands in any cell are text wherever they come out."""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import docx
import pandas as pd
import pytest
import rispy

import peer_evidence as pe
from peer_evidence.explorer.page import write_explorer
from peer_evidence.results import Result

from .hostile import HOSTILE, SCRIPT, write_hostile

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ADDRESS = "javascript:alert(1)"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"-?[\d.]+(e-?\d+)?|-inf")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the hostile review once; its records stand beside it."""
    folder = tmp_path_factory.mktemp("hostile")
    records = write_hostile(folder / "records")
    pe.review(records, out=folder / "out", formats=("docx", "md"))
    return folder / "out"


@pytest.fixture(scope="module")
def hostile_ev(built: Path) -> pe.Evidence:
    return pe.load(built.with_name("records"))


def one_line(text: str) -> str:
    return " ".join(text.split())


def shown(browser: Browser, file: Path) -> str:
    """Open a page; give its text when no dialog, request or message came of it."""
    page = browser.new_page()
    troubles: list[str] = []
    page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: troubles.append(request.url[:200]))
    address = file.as_uri()
    page.goto(address)
    page.wait_for_timeout(100)
    found = page.evaluate("document.body.textContent")
    made = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap(one => [...one.attributes]"
        ".filter(a => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value))"
        ".map(a => a.name + '=' + a.value))"
    )
    images = page.evaluate("[...document.images].map(one => one.getAttribute('src').slice(0, 5))")
    page.close()
    assert [one for one in troubles if one != address and not one.startswith("data:")] == []
    assert made == []
    assert set(images) <= {"data:"}
    return one_line(str(found))


def test_the_page_shows_it_and_runs_nothing(browser: Browser, built: Path) -> None:
    text = shown(browser, built / "index.html")
    for what in ("reminders and dental check-ups", "Attendance", "=Invented study A"):
        assert f"{what} {one_line(HOSTILE)}" in text, what


def test_the_explorer_shows_it_and_runs_nothing(
    browser: Browser, hostile_ev: pe.Evidence, tmp_path: Path
) -> None:
    text = shown(browser, write_explorer(hostile_ev, tmp_path / "e.html"))
    assert f"=Invented study A {one_line(HOSTILE)}" in text


def test_figures_draw_it_as_it_stands(built: Path) -> None:
    files = sorted((built / "figures").glob("*.svg"))
    assert {file.stem for file in files} >= {"effect_directions", "pools", "claims", "tally"}
    for file in files:
        root = ET.fromstring(file.read_bytes())
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert not tags & {"script", "image", "foreignObject", "a"}, file.name
        for element in root.iter():
            for name, value in element.attrib.items():
                local = name.rpartition("}")[2].lower()
                assert not local.startswith("on"), (file.name, name)
                assert local != "href" or value.startswith("#"), (file.name, value)
        drawn = "".join("".join(one.itertext()) for one in root.iter() if one.tag.endswith("}text"))
        wanted = SCRIPT + "&amp;\"'" + r"\input{/etc/passwd}$x^2$$\frac{1}5%"
        assert wanted.replace(" ", "") in re.sub(r"\s", "", drawn), file.name


def test_the_word_document_holds_it_as_text(built: Path) -> None:
    document = docx.Document(str(built / "report.docx"))
    text = one_line(" ".join(one.text for one in document.paragraphs))
    assert f"Every number here is invented. {one_line(HOSTILE)}" in text
    cells = {one_line(cell.text) for table in document.tables for cell in table._cells}
    assert any(f"Attendance {one_line(HOSTILE)}" in cell for cell in cells)
    targets = [one.target_ref for one in document.part.rels.values() if one.is_external]
    assert all(one.startswith(("https://", "http://")) for one in targets)


def test_the_methods_part_holds_no_live_markup(built: Path) -> None:
    text = (built / "methods.md").read_text(encoding="utf-8")
    assert "alert(1)" in text
    assert re.search(r"<\w", text) is None
    links = re.findall(r"(?<!\\)\]\(([^)]*)\)", text)
    assert links
    assert all(one.startswith(("https://", "http://")) for one in links)
    assert re.search(r"(?<!\\)\$", text) is None
    assert "\\\\input{/etc/passwd}" in text


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            assert (value or "").strip().lower() != ADDRESS, (tag, name)

    def handle_data(self, data: str) -> None:
        self.text += data


def results(ev: pe.Evidence) -> Iterator[tuple[str, object]]:
    """Give a result of every kind that a review of this size allows."""
    pools = pe.pools(ev)
    first = pools[pools.keys[0]]
    yield "records", ev
    yield "pools", pools
    yield "model", first
    yield "tally", pe.tally(ev.outcomes, by="domain")
    yield "claims", pe.check_claims(ev)
    yield "risk of bias", pe.risk_of_bias_summary(ev)
    yield "certainty", pe.certainty_table(ev, pools)
    yield "audit", pe.audit(ev)
    yield "effect directions", pe.effect_directions(ev, quality=ev.risk_of_bias)
    yield "leave one out", pe.leave_one_out(pools[pools.keys[-1]])
    yield "fragility", pe.meta_fragility(first) if hasattr(pe, "meta_fragility") else first
    yield "cumulative", pe.cumulative(pools[pools.keys[-1]])


def test_every_result_shows_it_as_text_in_a_notebook(hostile_ev: pe.Evidence) -> None:
    told = 0
    with warnings.catch_warnings():  # of few studies
        warnings.simplefilter("ignore", pe.PeerEvidenceWarning)
        found = list(results(hostile_ev))
    for name, result in found:
        assert isinstance(result, (Result, pe.Evidence)), name
        page = _Tags()
        page.feed(str(result._repr_html_()))  # type: ignore[union-attr]
        assert not page.tags & {"script", "img", "svg", "iframe", "a", "i", "b"}, name
        told += SCRIPT in page.text
    assert told >= 6


def test_tables_for_a_manuscript_hold_it_as_text(hostile_ev: pe.Evidence, tmp_path: Path) -> None:
    frame = hostile_ev.studies[["study_id", "label", "title"]]
    tex = pe.save_table(frame, tmp_path / "t.tex", HOSTILE).read_text(encoding="utf-8")
    commands = set(re.findall(r"\\([A-Za-z]+)", tex))
    known = {"begin", "end", "caption", "toprule", "midrule", "endhead", "bottomrule"}
    known |= {"usepackage", "textbackslash", "textasciicircum", "textless", "textgreater"}
    assert commands <= known
    inside = re.sub(r"\\[$%&#_{}\\]", "", "".join(tex.splitlines(keepends=True)[1:]))
    assert not set("$#^~") & set(inside)
    assert "%" not in inside
    html = pe.save_table(frame, tmp_path / "t.html", HOSTILE).read_text(encoding="utf-8")
    page = _Tags()
    page.feed(html)
    assert not page.tags & {"script", "img", "i"}
    assert page.text.count(SCRIPT) == 2 + 2 * len(frame)
    document = docx.Document(str(pe.save_table(frame, tmp_path / "t.docx", HOSTILE)))
    assert document.tables[0].cell(1, 1).text == frame["label"][0]


def cells_of(text: str) -> Iterator[str]:
    for row in csv.reader(io.StringIO(text)):
        yield from row


def test_no_table_that_is_handed_out_holds_a_formula(
    built: Path, hostile_ev: pe.Evidence, tmp_path: Path
) -> None:
    files = [*(built / "tables").glob("*.csv"), *(built / "figures").glob("*.csv")]
    assert len(files) > 15
    pools = pe.export_metafor(pe.pools(hostile_ev), tmp_path / "r")
    files += [pools / "effects.csv", pe.save_table(hostile_ev.studies, tmp_path / "s.csv")]
    marked = 0
    for file in files:
        for cell in cells_of(file.read_text(encoding="utf-8")):
            marked += cell.startswith("'=")
            assert not cell.startswith(FORMULA) or NUMBER.fullmatch(cell), (file.name, cell)
    assert marked > 10


def test_the_script_for_r_runs_nothing_of_it(hostile_ev: pe.Evidence, tmp_path: Path) -> None:
    folder = pe.export_metafor(pe.pools(hostile_ev), tmp_path / "r")
    script = (folder / "reproduce.R").read_text(encoding="utf-8")
    code = re.sub(r'"(\\.|[^"\\])*"', '""', re.sub(r"^#.*$", "", script, flags=re.MULTILINE))
    assert "alert" not in code
    assert "input" not in code
    assert "javascript" not in code


def test_references_and_descriptions_hold_it_as_text(
    built: Path, hostile_ev: pe.Evidence, tmp_path: Path
) -> None:
    entries = rispy.loads(pe.export_ris(hostile_ev, tmp_path / "a.ris").read_text("utf-8"))
    assert len(entries) == len(hostile_ev.studies) + len(hostile_ev.reviews)
    assert entries[0]["title"] == f"An invented study, number A {one_line(HOSTILE)}"
    said = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
    assert said["title"].endswith(HOSTILE)
    assert not [name for name in said["files"] if ".." in name or "<" in name or "$" in name]


def test_no_name_of_a_file_comes_from_the_records(built: Path) -> None:
    names = {path.name for path in built.rglob("*")}
    assert all(re.fullmatch(r"[\w.-]+", name) for name in names)


@pytest.mark.parametrize(
    "name", ["../../x", "a/b", "a\\b", "", "a\0b", "CON", "nul.txt", "x" * 300, "ends.", "ends "]
)
def test_a_figure_is_saved_under_no_name_that_is_a_path(
    hostile_ev: pe.Evidence, tmp_path: Path, name: str
) -> None:
    ax = pe.figures.tally(pe.tally(hostile_ev.outcomes, by="domain"))
    with pytest.raises(pe.InputError, match=r"^name: found "):
        pe.figures.save(ax, name, formats=[], folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_table_whose_column_names_are_hostile_is_text_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({"=1+1": ["a"], SCRIPT: ["b"]})
    text = pe.save_table(frame, tmp_path / "t.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0].startswith("'=1+1,")
    page = _Tags()
    page.feed(pe.save_table(frame, tmp_path / "t.html").read_text(encoding="utf-8"))
    assert not page.tags & {"script", "img"}
