"""The PRISMA flow diagram, drawn from an invented example."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import peer_evidence as pe

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
ADDRESS = 'https://example.org/a?x=1&y="<2>"'
NOTE = "Searched with <b>care</b> & patience"

# An invented example: no search of any review.
ROWS = [
    ("previous_studies", 12, "", "", ""),
    ("previous_reports", 15, "", "", ""),
    ("database_results", 1450, "", "", ""),
    ("database_specific_results", 800, "Database A", ADDRESS, NOTE),
    ("database_specific_results", 650, "Database B " * 12, "", ""),
    ("register_results", 50, "", "", ""),
    ("website_results", 20, "", "", ""),
    ("citations_results", 40, "", "", "By hand"),
    ("duplicates", 300, "", "", ""),
    ("excluded_automatic", 50, "", "", ""),
    ("excluded_other", 10, "", "", ""),
    ("records_screened", 1140, "", "", ""),
    ("records_excluded", 1000, "", "", ""),
    ("dbr_sought_reports", 140, "", "", ""),
    ("dbr_notretrieved_reports", 5, "", "", ""),
    ("dbr_assessed", 135, "", "", ""),
    ("dbr_excluded", 60, "Wrong population", "", ""),
    ("dbr_excluded", 40, "Nocomparisonandaverylongwordthatnobodywouldeverbreakforus", "", ""),
    ("other_sought_reports", 30, "", "", ""),
    ("other_notretrieved_reports", 2, "", "", ""),
    ("other_assessed", 28, "", "", ""),
    ("other_excluded", 20, "Wrong design", "", ""),
    ("new_studies", 38, "", "", ""),
    ("new_reports", 43, "", "", ""),
    ("total_studies", 50, "", "", ""),
    ("total_reports", 58, "", "", ""),
    ("total_studies_ma", 30, "", "", ""),
    ("total_reports_ma", None, "", "", ""),
]
SMALL = {
    "database_results": 120, "duplicates": 20, "records_screened": 100, "records_excluded": 90,
    "dbr_sought_reports": 10, "dbr_assessed": 10, "dbr_excluded": 4, "new_studies": 5,
    "new_reports": 6,
}  # fmt: skip


@pytest.fixture
def full():
    frame = pd.DataFrame(ROWS, columns=["box", "n", "label", "link", "note"])
    return pe.flow(frame)


def boxes(ax):
    """Every white box in points, as (left, top, right, bottom)."""
    return [
        (one.get_x(), one.get_y(), one.get_x() + one.get_width(), one.get_y() + one.get_height())
        for one in ax.findobj(Rectangle)
        if one.get_zorder() == 2 and one.get_width() > 1
    ]


def test_every_box_of_the_template_is_drawn_and_none_lies_on_another(full, look):
    ax = pe.figures.prisma(full)
    words = " ".join(look(ax))
    for text in (
        "Previous", "new studies via", "Records screened", "Total studies", "meta-analysis",
        "(n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}1,140)", "Identification", "Screening", "Included",
    ):  # fmt: skip
        assert text in words
    places = boxes(ax)
    assert len(places) == 17
    for one in places:
        for other in places:
            apart = (
                one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            )
            assert one is other or apart
    assert "(n\N{NO-BREAK SPACE}not\N{NO-BREAK SPACE}known)" in words


def test_boxes_without_counts_are_left_out_and_the_rest_takes_their_room(full, look):
    ax = pe.figures.prisma(SMALL)
    words = " ".join(look(ax))
    assert len(boxes(ax)) == 8
    for text in ("Previous", "new studies", "other methods", "meta-analysis", "not retrieved",
                 "Registers"):  # fmt: skip
        assert text not in words
    wide = max(right - left for left, _, right, _ in boxes(ax))
    assert wide > 2 * max(right - left for left, _, right, _ in boxes(pe.figures.prisma(full)))
    assert pe.figures.drawn(ax)[0].alt == (
        "PRISMA 2020 flow diagram. Records identified from: Databases (n = 120). Records removed "
        "before screening: Duplicate records removed (n = 20). Records screened (n = 100). "
        "Records excluded (n = 90). Reports sought for retrieval (n = 10). Reports assessed for "
        "eligibility (n = 10). Reports excluded (n = 4). Studies included in review (n = 5), "
        "Reports of included studies (n = 6)."
    )


@pytest.mark.parametrize(
    "counts",
    [
        {"new_studies": 3},
        {"previous_studies": 2, "new_studies": 3, "total_studies": 5},
        {"website_results": 9, "other_sought_reports": 4, "new_studies": 1},
    ],
)
def test_parts_of_a_flow_are_drawn(look, counts):
    ax = pe.figures.prisma(counts)
    look(ax)
    assert len(boxes(ax)) == len(counts)


def test_svg_has_tooltips_and_links_and_escapes_them(full):
    svg = pe.figures.to_svg(pe.figures.prisma(full), "flow")
    root = ET.fromstring(svg)
    links = list(root.iter(f"{SVG}a"))
    assert [one.get(HREF) for one in links] == [ADDRESS]
    assert [one.text for one in links[0].iter(f"{SVG}title")] == [NOTE]
    titles = [one.text for one in root.iter(f"{SVG}title")]
    assert titles == ["PRISMA 2020 flow diagram", NOTE, "By hand"]
    assert root.get("role") == "graphics-document"
    assert "<b>" not in svg
    assert svg == pe.figures.to_svg(pe.figures.prisma(full), "flow")
    plain = ET.fromstring(pe.figures.to_svg(pe.figures.prisma(SMALL)))
    assert plain.get("role") == "img"
    assert not list(plain.iter(f"{SVG}a"))


@pytest.mark.browser
def test_a_browser_finds_the_link_and_its_tooltip_under_the_words(full, browser):
    svg = pe.figures.to_svg(pe.figures.prisma(full), "flow")
    page = browser.new_page(viewport={"width": 1000, "height": 1400})
    page.set_content(svg[svg.index("<svg") :])
    found = page.evaluate(
        """() => {
            const at = document.querySelector('a').getBoundingClientRect();
            const part = document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2);
            return [part.closest('a')?.href.baseVal, part.parentNode.firstElementChild.textContent];
        }"""
    )
    page.close()
    assert found == [ADDRESS, NOTE]


def test_no_link_but_to_the_web_gets_into_an_svg(full):
    from peer_evidence.figures.saving import annotate

    ax = pe.figures.prisma(full)
    part = Rectangle((0, 0), 9, 9)
    ax.add_artist(part)
    annotate(ax, part, "a tooltip", "javascript:alert(1)")
    svg = pe.figures.to_svg(ax)
    assert "javascript" not in svg
    assert "a tooltip" in svg


def test_prisma_is_saved_with_its_table(full, tmp_path, look):
    files = pe.figures.save(pe.figures.prisma(full), "flow", folder=tmp_path)
    assert [one.name for one in files] == ["flow.svg", "flow.pdf", "flow.png", "flow.csv"]
    table = pe.figures.prisma_table(full)
    assert list(table.columns) == ["place", "text", "note", "link"]
    assert table["text"].tolist()[:3] == [
        "Studies included in previous version of review (n = 12)",
        "Reports of studies included in previous version of review (n = 15)",
        "Records identified from:",
    ]
    ax = Figure(figsize=(7, 9)).add_axes((0, 0, 1, 1))
    assert pe.figures.prisma(full, ax=ax) is ax
    look(ax)
