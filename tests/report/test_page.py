"""The page, opened in a real browser and read as text."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import peer_evidence as pe

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DATA = Path(__file__).parents[2] / "data"


class Parsed(HTMLParser):
    """Ids, links, images and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "a":
            self.links.append(str(given.get("href")))
        if tag == "img":
            self.images.append(given)


@pytest.fixture(scope="module")
def html(built: Path) -> str:
    return (built / "index.html").read_text(encoding="utf-8")


def open_page(browser: Browser, file: Path, width: int = 1280) -> tuple[Page, list[str], list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900})
    troubles: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    return page, troubles, requests


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_opens_without_trouble(built: Path, browser: Browser, width: int) -> None:
    page, troubles, requests = open_page(browser, built / "index.html", width)
    try:
        assert troubles == []
        assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
        assert len([url for url in requests if url.startswith("file:")]) == 1
        widths = page.eval_on_selector_all("img", "all => all.map(img => img.naturalWidth)")
        assert len(widths) >= 4
        assert min(widths) > 100
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(overflow) <= 0
        style = page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily")
        assert "system-ui" in style  # the style sheet passed its own content security policy
    finally:
        page.close()


@pytest.mark.browser
def test_tables_become_cards_on_a_narrow_screen_but_never_on_paper(
    built: Path, browser: Browser
) -> None:
    page, _, _ = open_page(browser, built / "index.html", 640)
    head = "getComputedStyle(document.querySelector('table.stacked thead')).display"
    try:
        assert page.evaluate(head) == "none"
        page.emulate_media(media="print")
        assert page.evaluate(head) == "table-header-group"
    finally:
        page.close()


@pytest.mark.browser
def test_a_number_shows_its_origin_on_focus(built: Path, browser: Browser) -> None:
    page, _, _ = open_page(browser, built / "index.html")
    try:
        number = page.locator("main a.n").first
        number.focus()
        shown = page.evaluate(
            "getComputedStyle(document.querySelector('main a.n'), '::after').content"
        )
        assert ".csv:" in shown
        number.click()
        assert page.url.endswith(str(number.get_attribute("href")))
        origin = page.locator(str(number.get_attribute("href")))
        assert origin.is_visible()
        assert origin.locator("th").inner_text() == number.inner_text()
    finally:
        page.close()


@pytest.mark.browser
def test_the_keyboard_reaches_contents_numbers_figures_and_folds(
    built: Path, browser: Browser
) -> None:
    page, _, _ = open_page(browser, built / "index.html")
    try:
        wanted = {"A.skip", "NAV A", "A.n", "DIV.paper", "SUMMARY", "DIV.scroll"}
        seen: set[str] = set()
        for _ in range(400):
            page.keyboard.press("Tab")
            kind = page.evaluate(
                """() => {
                  const e = document.activeElement;
                  if (e.closest("nav")) return "NAV " + e.tagName;
                  return e.className ? e.tagName + "." + e.className.split(" ")[0] : e.tagName;
                }"""
            )
            seen.add(str(kind))
            if wanted <= seen:
                break
        assert wanted <= seen, wanted - seen
    finally:
        page.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_no_origin_that_is_shown_widens_the_page(built: Path, browser: Browser, width: int) -> None:
    page, _, _ = open_page(browser, built / "index.html", width)
    try:
        wide = page.evaluate(
            """() => {
              const root = document.documentElement;
              const every = [...document.querySelectorAll("main a.n")];
              const some = every.filter(
                (n, place) => n.offsetParent && (place < 40 || place % 9 === 0));
              return some.map((n) => {
                n.focus({ preventScroll: true });
                return root.scrollWidth - root.clientWidth;
              });
            }"""
        )
        assert len(wide) > 60
        assert max(wide) <= 0
    finally:
        page.close()


def test_every_link_within_the_page_arrives(html: str, built: Path) -> None:
    page = Parsed(html)
    assert len(page.ids) == len(set(page.ids))
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside <= set(page.ids)
    outside = ("#", "https://", "http://")
    files = [link for link in page.links if not link.startswith(outside)]
    assert files
    for link in files:
        assert (built / link).is_file(), link
    assert "script" not in page.tags


def test_every_figure_has_an_alternative_text_and_its_files(html: str, built: Path) -> None:
    page = Parsed(html)
    assert len(page.images) >= 4
    for image in page.images:
        assert str(image["src"]).startswith("data:image/svg+xml;base64,")
        assert len(str(image["alt"])) > 40
    for name in ("tally", "evidence_map", "admissions", "continuum", "claims"):
        for ending in ("svg", "pdf", "png", "csv"):
            assert (built / "figures" / f"{name}.{ending}").stat().st_size > 100


def test_the_sections_stand_in_their_order(html: str) -> None:
    titles = re.findall(r'<h2 id="[\w-]+-title">(.*?)</h2>', html)
    assert titles == [
        "The question and the records",
        "What is said, claim by claim",
        "Relationships and terms",
        "Outcomes counted",
        "Hospital admissions",
        "Outcomes pooled",
        "How sure the pools are",
        "How far it can be trusted",
        "What published reviews print",
        "Do the printed numbers agree",
        "Tensions, challenges, practice",
        "What is not known",
        "Methods, versions, references",
        "Where each number comes from",
    ]


def test_the_counts_of_the_page_are_those_of_the_records(html: str, ev: pe.Evidence) -> None:
    text = re.sub(r"<[^>]+>", "", html)
    assert f"The records hold {len(ev.studies)} studies with {len(ev.outcomes)} results" in text
    claims = pe.check_claims(ev).to_frame()["verdict"].value_counts()
    assert f"the records support {claims.get('supported', 0)}, contradict" in text
    for term in ev.framework["terms"]["term"]:
        assert term in text
    for step in ev.framework["journey"]["what_happens"]:
        assert step.replace("'", "&#39;") in text


def test_the_records_stand_beside_the_page_byte_for_byte(built: Path) -> None:
    copied = [path for path in (built / "records").rglob("*") if path.is_file()]
    assert len(copied) == len(list(DATA.rglob("*.csv")))
    for path in copied:
        assert path.read_bytes() == (DATA / path.relative_to(built / "records")).read_bytes()


def test_two_runs_give_the_same_bytes_by_one_process_or_two(built: Path, tmp_path: Path) -> None:
    pe.review(out=tmp_path / "again", n_jobs=2)
    first = {p.relative_to(built): p.read_bytes() for p in built.rglob("*") if p.is_file()}
    again = tmp_path / "again"
    second = {p.relative_to(again): p.read_bytes() for p in again.rglob("*") if p.is_file()}
    assert first.keys() == second.keys()
    assert [str(name) for name in first if first[name] != second[name]] == []


@pytest.mark.browser
def test_markup_in_the_records_appears_as_text(
    copy_of_data: Path, tmp_path: Path, browser: Browser
) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    for name, old in (
        ("studies.csv", "Sledge"),
        ("review_findings.csv", "Twelve studies met the criteria."),
        ("framework/tensions.csv", "Payment for peer work"),
        ("package.csv", "people in mental health services"),
        ("vocabulary.csv", "Hospital admission"),
    ):
        file = copy_of_data / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, evil), encoding="utf-8")
    index = pe.review(copy_of_data, out=tmp_path / "out", formats=())
    html = index.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "onerror" in html
    assert "<img src=x" not in html
    page, troubles, _ = open_page(browser, index)
    try:
        assert troubles == []
        assert evil in page.inner_text("main")
    finally:
        page.close()


def test_a_review_of_another_topic_reads_as_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "vaccine"
    folder.mkdir()
    studies = (DATA / "studies.csv").read_text(encoding="utf-8").splitlines()[0]
    outcomes = (DATA / "outcomes.csv").read_text(encoding="utf-8").splitlines()[0]
    study = {
        "study_id": "aronson_1948",
        "label": "Aronson 1948",
        "design": "randomised_trial",
        "level": "individual",
        "population": "children",
        "problem_type": "tuberculosis",
        "intervention": "vaccine",
        "initiative_type": "vaccine",
        "comparator": "no vaccine",
        "comparator_type": "none",
        "source": "10.0000/none",
        "confidence": "primary",
    }
    result = {
        "outcome_id": "aronson_1948.cases",
        "study_id": "aronson_1948",
        "domain": "tuberculosis",
        "measure": "cases",
        "contrast": "vaccine vs none",
        "contrast_type": "intervention_vs_comparison",
        "better_is": "lower",
        "reported_conclusion": "benefit",
        "effect_direction": "favours_intervention",
        "events_intervention": "4",
        "n_intervention": "123",
        "events_comparison": "11",
        "n_comparison": "139",
        "poolable": "yes",
        "source": "10.0000/none",
        "confidence": "primary",
    }
    for name, header, row in (("studies", studies, study), ("outcomes", outcomes, result)):
        cells = ",".join(row.get(column, "") for column in header.split(","))
        (folder / f"{name}.csv").write_text(f"{header}\n{cells}\n", encoding="utf-8")
    (folder / "package.csv").write_text(
        "field,value\ntitle,Vaccine\nquestion,Does it protect?\nintervention,the vaccine\n",
        encoding="utf-8",
    )
    index = pe.review(folder, out=tmp_path / "out", formats=())
    text = index.read_text(encoding="utf-8")
    assert "1</a> in favour of the vaccine" in re.sub(r"\s+", " ", text)
    assert (tmp_path / "out" / "records" / "outcomes.csv").is_file()
    assert "peer support" not in text
    assert not (tmp_path / "out" / "figures" / "continuum.svg").exists()
    shutil.rmtree(tmp_path / "out")


def test_a_review_without_rows_is_built_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    for name in ("studies.csv", "outcomes.csv"):
        header = (DATA / name).read_text(encoding="utf-8").splitlines()[0]
        (folder / name).write_text(header + "\n", encoding="utf-8")
    text = pe.review(folder, out=tmp_path / "out", formats=()).read_text(encoding="utf-8")
    assert "No study compares the two arms, so nothing can be counted." in text
    assert "No result compares the two arms." in text


def test_the_limits_tell_of_the_search_only_what_is_recorded(copy_of_data: Path) -> None:
    from peer_evidence.report.sections.methods import _limits

    silent = str(_limits(pe.load(copy_of_data)).html)
    assert silent.startswith("Limits: no search is recorded (flow.csv), so that the records")
    (copy_of_data / "flow.csv").write_text("box,n\nnew_studies,3\nnew_reports,3\n", "utf-8")
    told = str(_limits(pe.load(copy_of_data)).html)
    assert told.startswith("Limits: a study enters a count whatever its quality")
