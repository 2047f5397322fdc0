"""The report as Word document, as PDF and as methods text: the same sections as the page."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from markupsafe import Markup

import peer_evidence as pe
from peer_evidence.errors import InputError
from peer_evidence.report import forms
from peer_evidence.report.blocks import (
    Bullets,
    Definitions,
    Drawing,
    Grid,
    Heading,
    Paragraph,
    Section,
)
from peer_evidence.report.contents import Contents
from peer_evidence.report.folder import left_out, write_manifest
from peer_evidence.report.forms import NO_BROWSER, NO_WORD, write_forms
from peer_evidence.report.markdown import markdown
from peer_evidence.report.pdf import PrintError, find_browser, printing, stable
from peer_evidence.report.slices import cropped, for_paper, parts
from peer_evidence.report.word import word

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)
needs_browser = pytest.mark.skipif(
    find_browser() is None and not os.environ.get("CI"), reason="no Chromium on this machine"
)


@pytest.fixture
def small() -> Contents:
    number = Markup('<a class="n" href="#p1" data-tip="studies">3</a>')
    grid = Grid(
        "Counts",
        ["domain", "studies"],
        [["<b>hope</b>", number], ["", Markup('<a href="https://x.org/?a=1&amp;b=2">x</a>')]],
        right=frozenset({1}),
        anchors=["p1", "p2"],
    )
    blocks: list[Any] = [
        Paragraph(Markup("In {} of 4 <strong>studies</strong>.").format(number)),
        Heading("Below"),
        Bullets(["one", "two"]),
        Bullets(["first", "second"], ordered=True),
        Definitions([("term", "what it means")]),
        Drawing("data:,", "A tall bar beside a short one.", "The bars.", ["bars.png", "bars.svg"]),
        grid,
    ]
    section = Section("methods", "Methods", Markup("See {} *.").format(number), blocks)
    return Contents("A <title>", "Is it so?", [("Counted", number)], [], [section])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bars.png").write_bytes(PIXEL)
    return tmp_path


def texts(document: Any) -> list[str]:
    """Give the text of each paragraph, that of its links and fields too."""
    return [
        "".join(node.text or "" for node in paragraph.iter(qn("w:t")))
        for paragraph in document.element.body.iter(qn("w:p"))
    ]


def test_each_kind_of_block_in_word(small: Contents, folder: Path) -> None:
    file = folder / "small.docx"
    file.write_bytes(word(small, folder))
    document = Document(str(file))
    assert [text for text in texts(document) if text] == [
        "A <title>",
        "Is it so?",
        "Counted. 3",
        "Contents",
        "Methods",
        "Methods",
        "See 3 *.",
        "In 3 of 4 studies.",
        "Below",
        "one",
        "two",
        "1.first",
        "2.second",
        "term: what it means",
        "Figure 1. The bars.",
        "Table 1. Counts",
        "domain",
        "studies",
        "<b>hope</b>",
        "3",
        "x",
    ]
    (picture,) = document.inline_shapes
    assert picture._inline.docPr.get("descr") == "A tall bar beside a short one."
    links = {node.get(qn("w:anchor")) for node in document.element.iter(qn("w:hyperlink"))}
    marks = {node.get(qn("w:name")) for node in document.element.iter(qn("w:bookmarkStart"))}
    assert links - {None} == {"methods", "p1"} <= marks
    targets = {part.target_ref for part in document.part.rels.values() if part.is_external}
    assert targets == {"https://x.org/?a=1&b=2"}


def test_the_same_section_as_markdown(small: Contents) -> None:
    assert markdown(small.section("methods"), "M") == (
        "# M\n\nSee 3 \\*.\n\nIn 3 of 4 studies.\n\n## Below\n\n- one\n- two\n\n1. first\n"
        "2. second\n\n- **term**: what it means\n\nFigure: The bars.\n\nCounts\n\n"
        "| domain | studies |\n| --- | --- |\n| &lt;b>hope&lt;/b> | 3 |\n"
        "|  | [x](https://x.org/?a=1&b=2) |\n"
    )


def test_the_document_holds_the_sections_of_the_page(built: Path) -> None:
    document: Any = Document(str(built / "report.docx"))
    html = (built / "index.html").read_text(encoding="utf-8")
    titles = re.findall(r'<h2 id="[\w-]+-title">(.*?)</h2>', html)
    named = {
        level: [p.text for p in document.paragraphs if p.style.name == f"Heading {level}"]
        for level in (1, 2)
    }
    assert named[1] == ["Contents", *titles]
    assert document.core_properties.author == pe.load().package["authors"] != ""
    assert named[2] == [one.replace("&#39;", "'") for one in re.findall(r"<h3>(.*?)</h3>", html)]
    assert len(document.tables) == html.count("<table")
    rows = [len(table.rows) for table in document.tables]
    assert rows == [one.count("<tr") for one in re.findall(r"<table.*?</table>", html, re.DOTALL)]
    for table in document.tables:
        assert table._tbl.tr_lst[0].trPr.find(qn("w:tblHeader")) is not None
    captions = [text for text in texts(document) if re.match(r"(Table|Figure) \d+\. ", text)]
    count = {kind: sum(one.startswith(kind) for one in captions) for kind in ("Table", "Figure")}
    assert count == {"Table": html.count("<table"), "Figure": html.count("<figure")}


def test_the_pictures_of_the_document_carry_their_words(built: Path) -> None:
    document: Any = Document(str(built / "report.docx"))
    html = (built / "index.html").read_text(encoding="utf-8")
    told = [node.get("descr") for node in document.element.iter(qn("wp:docPr"))]
    assert all(told)
    alts = re.findall(r'<img [^>]*alt="([^"]*)"', html)
    assert [one for one in told if not re.match(r"Part \d", one)] == [
        Markup(one).unescape() for one in alts
    ]
    width = document.sections[0].page_width
    assert all(shape.width < width for shape in document.inline_shapes)
    assert all(shape.height < document.sections[0].page_height for shape in document.inline_shapes)


def test_every_link_within_the_document_arrives(built: Path) -> None:
    document: Any = Document(str(built / "report.docx"))
    links = {node.get(qn("w:anchor")) for node in document.element.iter(qn("w:hyperlink"))}
    marks = [node.get(qn("w:name")) for node in document.element.iter(qn("w:bookmarkStart"))]
    assert len(marks) == len(set(marks))
    assert len(links) > 100
    assert links - {None} <= set(marks)


def test_the_methods_text_names_estimator_interval_versions_and_references(built: Path) -> None:
    text = (built / "methods.md").read_text(encoding="utf-8")
    assert "restricted maximum likelihood method [" in text
    assert "95% normal (Wald) intervals" in text
    assert f"peer_evidence {pe.__version__}, Python " in text
    assert re.search(r"SHA-256 over names and contents [0-9a-f]{64}\.", text)
    assert "[@" not in text
    cited = {int(one) for one in re.findall(r"\[(\d+)\]", text)}
    listed = text.split("## References of the methods\n\n")[1].split("\n\n")[0].splitlines()
    assert cited == set(range(1, len(listed) + 1))
    assert listed[0].startswith("1. Brown LD, Cai TT, DasGupta A. Interval estimation")


@needs_browser
@pytest.mark.browser
def test_the_pdf_is_a4_and_tells_nothing_of_its_making(built: Path) -> None:
    pdf = (built / "report.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    boxes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf))
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {(595, 842)}
    assert set(re.findall(rb"/(?:Creation|Mod)Date \(([^)]*)\)", pdf)) == {
        b"D:19800101000000+00'00'"
    }
    assert b"file:" not in pdf
    assert b"/StructTreeRoot" in pdf  # tagged, so that it can be read aloud


def test_dates_and_ids_become_fixed_ones_of_the_same_length() -> None:
    made = (
        b"%PDF-1.4 /CreationDate (D:20261123001450+01'00') /ModDate (D:20261123001450Z)"
        b" (node00000105) (node00000101) /Headers [(node00000105)]"
        b" /ID [<AB12> <cd34>] (node105)"
    )
    fixed = stable(made)
    assert len(fixed) == len(made)
    assert fixed == (
        b"%PDF-1.4 /CreationDate (D:19800101000000+00'00') /ModDate (D:19800101000000Z)"
        b" (node00000002) (node00000001) /Headers [(node00000002)]"
        b" /ID [<0000> <0000>] (node105)"
    )


@needs_browser
@pytest.mark.browser
def test_two_prints_give_the_same_bytes(small: Contents, folder: Path) -> None:
    prints = []
    for _ in range(2):
        assert write_forms(small, folder, ["pdf"]) == {}
        prints.append((folder / "report.pdf").read_bytes())
    assert prints[0] == prints[1]


def test_without_word_and_browser_page_and_manifest_say_so(
    small: Contents, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEER_EVIDENCE_CHROMIUM", "")
    monkeypatch.setattr(forms, "can_write", lambda: False)
    missing = write_forms(small, folder, ["docx", "pdf", "md"])
    assert missing == {"report.docx": NO_WORD, "report.pdf": NO_BROWSER}
    html = (folder / "index.html").read_text(encoding="utf-8")
    assert 'To hand in: <a href="methods.md">methods.md</a>.' in html
    assert f"Not made: report.pdf ({NO_BROWSER})." in html
    assert not (folder / "report.docx").exists()
    write_manifest(folder, {"left_out": missing})
    assert left_out(folder) == missing


def fake_browser(folder: Path, script: str) -> str:
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_a_browser_that_fails_leaves_a_page_without_its_pdf(
    small: Contents, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEER_EVIDENCE_CHROMIUM", fake_browser(folder, "exit 7"))
    why = "browser printed nothing (exit code 7)"
    assert write_forms(small, folder, ["docx", "pdf"]) == {"report.pdf": why}
    html = (folder / "index.html").read_text(encoding="utf-8")
    assert f'<a href="report.docx">report.docx</a>. Not made: report.pdf ({why}).' in html
    assert (folder / "report.docx").stat().st_size > 1000


@pytest.mark.skipif(shutil.which("sleep") is None, reason="the fake browser needs sleep")
def test_a_browser_that_hangs_is_ended_with_its_children(folder: Path) -> None:
    browser = fake_browser(folder, f"sleep 60 & echo $! > {folder}/child; wait")
    start = time.monotonic()
    with pytest.raises(PrintError, match=r"did not print within 0\.5 seconds"):  # noqa: SIM117
        with printing("<p>", browser, seconds=0.5) as result:
            result()
    assert time.monotonic() - start < 10
    child = int((folder / "child").read_text(encoding="utf-8"))
    for _ in range(100):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or state.read_text(encoding="utf-8").split()[2] == "Z":
            break
        time.sleep(0.05)
    else:
        pytest.fail("the child of the browser still runs")


def striped(height: int) -> bytes:
    """Draw lines of text as black bands of 60 rows, 40 white rows between them."""
    from PIL import Image

    image = Image.new("L", (400, height), 255)
    for top in range(20, height, 100):
        image.paste(0, (20, top, 300, min(top + 60, height)))
    image.paste(0, (200, 0, 202, height))  # the axis stands in every row
    stream = io.BytesIO()
    image.save(stream, "PNG", dpi=(300, 300))
    return stream.getvalue()


def test_a_tall_figure_is_cut_between_its_lines() -> None:
    assert parts(striped(3000)) == [(0.0, 1.0)]
    found = parts(striped(7000))
    assert [low for low, _ in found[1:]] == [high for _, high in found[:-1]]
    assert (found[0][0], found[-1][1]) == (0.0, 1.0)
    assert len(found) == 4
    for low, _ in found[1:]:
        assert 80 < (low * 7000 - 20) % 100 + 20 < 120  # in the white between two bands
    pieces = cropped(striped(7000))
    assert len(pieces) == 4
    assert pieces == cropped(striped(7000))


def test_a_tall_figure_of_the_page_stands_on_paper_in_parts(folder: Path) -> None:
    svg = b'<svg width="96pt" height="1680pt" viewBox="0 0 96 1680" role="img"></svg>'
    source = "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
    (folder / "tall.png").write_bytes(striped(7000))
    drawing = Drawing(source, "Bands.", "All bands.", ["tall.png"])
    contents = Contents("t", "q", [], [drawing], [Section("methods", "M", "a", [drawing])])
    paper = for_paper(contents, folder)
    blocks: Any = paper.sections[0].blocks
    assert [one.caption for one in blocks] == [
        "Part 1 of 4.",
        "Part 2 of 4.",
        "Part 3 of 4.",
        "All bands.",
    ]
    assert [one.alt for one in blocks][1:] == [
        f"Part {number} of 4 of the figure before." for number in (2, 3, 4)
    ]
    shown = [base64.b64decode(one.source.split(",")[1]).decode() for one in blocks]
    boxes = [
        [float(x) for x in re.search(r'viewBox="0 (\S+) 96 (\S+)"', one).groups()]  # type: ignore
        for one in shown
    ]
    assert boxes[0][0] == 0
    assert sum(high for _, high in boxes) == pytest.approx(1680, abs=1e-3)
    assert boxes[1][0] == pytest.approx(boxes[0][1], abs=1e-3)
    assert paper.opening == blocks


def test_a_format_that_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="formats: found 'odt'"):
        pe.review(out=tmp_path / "out", formats=["odt"])
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_lists_every_form(built: Path) -> None:
    manifest = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
    assert {"report.docx", "methods.md", "index.html"} <= set(manifest["files"])
    assert set(manifest["left_out"]) | set(manifest["files"]) >= {"report.pdf"}
