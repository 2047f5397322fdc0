"""The pages as axe judges them in a real browser: no serious fault in any light or width."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import peer_evidence as pe
from peer_evidence.explorer.page import write_explorer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
GRAVE = ("serious", "critical")
# the page's own policy blocks scripts put in from outside, so it is set aside for the judge alone
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (390, 1280)]
# what is folded is judged too; of long tables the first rows, since the others are made alike
UNFOLD = """() => {
  document.querySelectorAll("details").forEach((one) => (one.open = true));
  document.querySelectorAll("tbody").forEach((one) => [...one.rows].slice(6).forEach(
    (row) => row.remove()));
}"""


def faults(browser: Browser, file: Path, scheme: Any, width: int) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(
        bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    try:
        page = context.new_page()
        page.goto(file.as_uri())
        page.evaluate(UNFOLD)
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response
    finally:
        context.close()
    assert len(found["passes"]) > 10  # the judge did look
    return [
        f"{one['impact']} {one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_in_the_page(
    built: Path, browser: Browser, scheme: str, width: int
) -> None:
    assert faults(browser, built / "index.html", scheme, width) == []


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_in_the_explorer(
    ev: pe.Evidence, tmp_path: Path, browser: Browser, scheme: str, width: int
) -> None:
    file = write_explorer(ev, tmp_path / "explorer.html")
    assert faults(browser, file, scheme, width) == []


@pytest.mark.browser
def test_the_judge_sees_a_grave_fault(tmp_path: Path, browser: Browser) -> None:
    file = tmp_path / "bad.html"
    file.write_text('<html lang="en"><title>x</title><main><h1>x</h1><img src="x.png">')
    found = faults(browser, file, "light", 1280)
    assert any(one.startswith(GRAVE) for one in found)
