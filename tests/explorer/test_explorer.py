"""The explorer in a real browser: its arithmetic is Python's, its texts are only text."""

from __future__ import annotations

import json
import math
import threading
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import peer_evidence as pe
from peer_evidence.cli import main
from peer_evidence.explorer.data import explorer_data
from peer_evidence.explorer.page import explorer_page, module
from peer_evidence.explorer.serve import server
from peer_evidence.formatting import interval

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FIELDS = ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "i2", "q", "p_value")


def opened(browser: Browser, address: str, width: int = 1280) -> tuple[Page, list[str], list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900})
    troubles: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: requests.append(request.url.split("#")[0]))
    page.goto(address)
    return page, troubles, requests


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explorer") / "explorer.html"
    result = CliRunner().invoke(main, ["explore", "--out", str(path)], catch_exceptions=False)
    assert result.output == f"The explorer is in {path}\n"
    return path


def random_sets() -> list[tuple[list[float], list[float]]]:
    rng = np.random.default_rng(20240229)
    sets = []
    for _ in range(200):
        k = int(rng.integers(1, 40))
        v = 10 ** rng.uniform(-3, 0, k)
        y = rng.normal(0.2, np.sqrt(v + rng.choice([0.0, 0.05, 0.5])))
        sets.append((y.tolist(), v.tolist()))
    return sets


@pytest.mark.browser
@pytest.mark.filterwarnings("ignore::peer_evidence.errors.PeerEvidenceWarning")
def test_the_arithmetic_equals_pythons_on_200_random_sets(browser: Browser) -> None:
    sets = random_sets()
    page = browser.new_page()
    page.add_script_tag(type="module", content=module() + "\nwindow.pool = pool;")
    page.wait_for_function("() => Boolean(window.pool)")
    text = page.evaluate(
        """(sets) => {
          const out = [];
          for (const [y, v] of sets) for (const method of ["FE", "DL", "REML", "PM"])
            for (const ci of ["wald", "hksj", "hksj-adhoc"]) out.push(pool(y, v, { method, ci }));
          return JSON.stringify(out);  // NaN becomes null
        }""",
        sets,
    )
    page.close()
    found = iter(json.loads(text))
    worst = 0.0
    for y, v in sets:
        data = pd.DataFrame({"effect": y, "variance": v})
        for method in ("FE", "DL", "REML", "PM"):
            for ci in ("wald", "hksj", "hksj-adhoc"):
                expected, actual = pe.meta_analysis(data, method=method, ci=ci), next(found)
                for name in FIELDS:
                    worst = max(worst, error(expected, actual, name, float(np.median(v))))
    # the same formulas in another language: roots to the last digits, tails by other series
    assert worst < 1e-9


def error(expected: pe.MetaAnalysis, actual: dict[str, Any], name: str, typical: float) -> float:
    want, got = getattr(expected, name), actual[name]
    if math.isnan(want):
        assert got is None, name
        return 0.0
    assert got is not None, name
    natural = {"tau2": 1e-3 * typical, "i2": 1e-3, "p_value": 1e-12, "q": 1e-12}
    return abs(got - want) / max(abs(want), natural.get(name, expected.se))


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_it_opens_quietly_and_asks_nothing(browser: Browser, file: Path, width: int) -> None:
    page, troubles, requests = opened(browser, file.as_uri(), width)
    assert page.locator("svg[role=img]").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert troubles == []
    assert requests == [file.as_uri()]
    page.close()


@pytest.mark.browser
def test_the_numbers_shown_are_those_of_the_pools(
    browser: Browser, file: Path, ev: pe.Evidence
) -> None:
    pools = pe.pools(ev)
    key = ("hope", "up to 4 months")
    expected = pools[key]
    words = "#domain=hope&time=up to 4 months&method=REML&ci=wald"
    page, _, _ = opened(browser, file.as_uri() + words.replace(" ", "+"))
    shown = page.locator(".answer").inner_text()
    assert shown.startswith(
        f"Pooled SMD {expected.estimate:.2f} (95% interval {expected.ci_low:.2f} to "
        f"{expected.ci_high:.2f}, p = {expected.p_value:.3f}), {expected.k} studies."
    )
    page.close()


@pytest.mark.browser
def test_a_tick_pools_anew_and_the_address_brings_the_view_back(
    browser: Browser, file: Path, ev: pe.Evidence
) -> None:
    page, troubles, _ = opened(browser, file.as_uri() + "#domain=hope&method=DL&ci=wald")
    before = page.locator(".answer").inner_text()
    pool = pd.DataFrame(
        page.evaluate("JSON.parse(document.getElementById('records').textContent).rows")
    )
    hope = pool[(pool["domain"] == "hope") & pool["effect"].notna()]
    last = hope.sort_values("months", kind="stable").drop_duplicates("study", keep="last")
    off = last["study"].iloc[0]
    page.locator(f".studies input[value='{off}']").uncheck()
    after = page.locator(".answer").inner_text()
    assert after != before
    kept = last[last["study"] != off]
    with pytest.warns(pe.PeerEvidenceWarning):
        expected = pe.meta_analysis(kept, method="DL")
    limits = interval(expected.ci_low, expected.ci_high)
    assert f"Pooled SMD {expected.estimate:.2f} (95% interval {limits}" in after
    assert f"off={off}" in page.url
    again, _, _ = opened(browser, page.url)
    assert again.locator(".answer").inner_text() == after
    assert not again.locator(f".studies input[value='{off}']").is_checked()
    assert troubles == []
    again.close()
    page.close()


@pytest.mark.browser
def test_it_says_what_a_reader_could_miss(browser: Browser, file: Path) -> None:
    words = "#domain=self_stigma&ci=hksj&colour=blue&off=nobody_2000"
    page, troubles, _ = opened(browser, file.as_uri() + words, 390)
    assert page.locator(".unread").inner_text() == (
        "Passed over in the address, as nothing here has that name: colour=blue, off=nobody_2000."
    )
    assert "narrower than the normal one (−0.10 to 0.79)" in page.locator(".answer").inner_text()
    assert page.locator(".hint").is_visible()
    page.locator("select[name=ci]").select_option("hksj-adhoc")
    assert "narrower" not in page.locator(".answer").inner_text()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator(".hint").wait_for(state="hidden")
    page.close()
    page, _, _ = opened(browser, file.as_uri() + "#domain=hope")
    assert page.locator(".unread").count() == 0
    page.close()
    assert troubles == []


@pytest.mark.browser
def test_directions_and_tallies_are_pythons(browser: Browser, file: Path, ev: pe.Evidence) -> None:
    page, _, _ = opened(browser, file.as_uri() + "#method=REML")
    directions = pe.tally(
        ev.outcomes, by=None, column="effect_direction", one_vote_per="study_id"
    ).to_frame()
    counts = directions.iloc[0]
    expected = [
        counts["favours_intervention"],
        counts["favours_comparison"],
        counts["tied"],
        counts["null"] + counts["unclear"],
    ]
    cells = page.locator(".tallies table").first.locator("tbody th, tbody td").all_inner_texts()
    assert [int(one) for one in cells] == [int(one) for one in expected]
    conclusions = pe.tally(ev.outcomes, by=None).to_frame().iloc[0]
    cells = page.locator(".tallies table").last.locator("tbody th, tbody td").all_inner_texts()
    names = ["benefit", "no_difference", "harm", "mixed", "unclear"]
    assert [int(one) for one in cells] == [int(conclusions[name]) for name in names]
    page.close()


@pytest.mark.browser
def test_the_keyboard_reaches_every_control(browser: Browser, file: Path) -> None:
    page, _, _ = opened(browser, file.as_uri())
    wanted = page.locator("select, .studies input, button, .paper").count()
    seen = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate(
                "[...document.querySelectorAll('select, .studies input, button, .paper')]"
                ".indexOf(document.activeElement)"
            )
        )
    assert seen - {-1} == set(range(wanted))
    page.close()


@pytest.mark.browser
def test_the_downloads_hold_what_is_drawn(browser: Browser, file: Path, tmp_path: Path) -> None:
    page, troubles, _ = opened(browser, file.as_uri() + "#domain=hope&method=REML&ci=wald")
    for label, name in (("SVG", "forest.svg"), ("PNG", "forest.png"), ("CSV", "explorer.csv")):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=f"Save {label}").click()
        assert waiting.value.suggested_filename == name
        waiting.value.save_as(tmp_path / name)
    assert (tmp_path / "forest.png").read_bytes()[:4] == b"\x89PNG"
    assert "<title>Pooled SMD" in (tmp_path / "forest.svg").read_text(encoding="utf-8")
    table = pd.read_csv(tmp_path / "explorer.csv")
    assert table["weight"].sum() == pytest.approx(100)
    assert set(table["domain"]) == {"hope"}
    assert troubles == []
    page.close()


@pytest.mark.browser
def test_markup_and_formulas_in_the_records_stay_text(
    browser: Browser, copy_of_data: Path, tmp_path: Path
) -> None:
    studies = copy_of_data / "studies.csv"
    text = studies.read_text(encoding="utf-8")
    nasty = "=<img src=x onerror=alert(1)></script><b>"
    label = pe.load().studies.set_index("study_id").loc["rusch_2019", "label"]
    studies.write_text(text.replace(str(label), nasty, 1), encoding="utf-8")
    path = tmp_path / "nasty.html"
    path.write_text(explorer_page(pe.load(copy_of_data)), encoding="utf-8")
    page, troubles, requests = opened(browser, path.as_uri() + "#domain=hope")
    assert nasty in page.locator(".studies").inner_text()
    assert page.locator("img, b").count() == 0
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save CSV").click()
    saved = tmp_path / "out.csv"
    waiting.value.save_as(saved)
    assert "'=<img" in saved.read_text(encoding="utf-8")
    assert troubles == []
    assert requests == [path.as_uri()]
    page.close()


def test_the_server_gives_the_page_and_nothing_else() -> None:
    with server("<p>page</p>") as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{running.server_address[1]}"
        with urllib.request.urlopen(address + "/") as answer:
            assert answer.read() == b"<p>page</p>"
        with pytest.raises(urllib.error.HTTPError, match="404") as caught:
            urllib.request.urlopen(address + "/etc/passwd")
        caught.value.close()
        running.shutdown()
        thread.join()


def test_an_empty_review_gives_a_page(copy_of_data: Path) -> None:
    outcomes = copy_of_data / "outcomes.csv"
    outcomes.write_text(outcomes.read_text(encoding="utf-8").splitlines()[0] + "\n", "utf-8")
    for name in ("pooled_results", "claims"):
        (copy_of_data / f"{name}.csv").unlink(missing_ok=True)
    data = explorer_data(pe.load(copy_of_data))
    assert data["rows"] == []
    assert data["first"] == ""


def test_the_widget_holds_the_same_data_and_script(ev: pe.Evidence) -> None:
    widget = pe.explore(ev)
    assert widget.data == explorer_data(ev)
    assert module() in widget._esm
    widget.close()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["explore", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert result.output == (
        f"Error: out: {str(tmp_path)!r} is a folder; give the name of a file\n"
    )


def test_a_file_of_another_kind_is_never_overwritten(tmp_path: Path) -> None:
    table, page = tmp_path / "studies.csv", tmp_path / "mine.html"
    for file in (table, page):
        file.write_text("my own work", encoding="utf-8")
    result = CliRunner().invoke(main, ["explore", "--out", str(table)])
    assert (result.exit_code, result.output) == (
        2,
        "Error: out: found 'studies.csv', allowed is a name that ends in '.html' or '.htm'; "
        "nothing was touched\n",
    )
    result = CliRunner().invoke(main, ["explore", "--out", str(page)])
    assert (result.exit_code, result.output) == (
        2,
        f"Error: out: {str(page)!r} is there already and holds no mark of an explorer page; "
        "nothing was touched, give another name (or, if it is a page of an earlier version, "
        "delete it first)\n",
    )
    assert [file.read_text(encoding="utf-8") for file in (table, page)] == ["my own work"] * 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["mine.html", "studies.csv"]


def test_an_earlier_explorer_page_is_replaced(ev: pe.Evidence, tmp_path: Path) -> None:
    page = tmp_path / "explorer.HTM"
    page.write_text(explorer_page(ev).replace("</title>", " (older)</title>"), encoding="utf-8")
    result = CliRunner().invoke(main, ["explore", "--out", str(page)])
    assert (result.exit_code, result.output) == (0, f"The explorer is in {page}\n")
    assert page.read_text(encoding="utf-8") == explorer_page(ev)
