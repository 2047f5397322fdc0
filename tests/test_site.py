"""The site: built without a warning, whole, from nowhere else, and readable for everybody."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import peer_evidence as pe
from peer_evidence.cli import main
from peer_evidence.results import Result

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
ROOMS = ("effects", "figures", "report")
READ = ("index.html", "reference/bias.html", "_gallery/forest/plot_forest.html")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site once, from a copy, since the gallery is written beside the pages."""
    folder = tmp_path_factory.mktemp("site")
    made = shutil.ignore_patterns("_gallery", "__pycache__")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=made)
    (folder / "data").mkdir()
    for file in ("CHANGELOG.md", "data/README.md"):
        shutil.copy(ROOT / file, folder / file)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-j", "2"]
    command += ["-d", str(folder / "doctrees"), str(folder / "docs"), str(folder / "site")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-6000:]
    return folder / "site"


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Serve the site on this machine."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open a page that reaches nothing but this machine, and fails where something is missing."""
    scheme, width = getattr(request, "param", ("light", 1280))
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    lost: list[str] = []

    def let(route: Any) -> None:
        here = route.request.url.startswith(("http://127.0.0.1:", "file:", "data:"))
        route.continue_() if here else route.abort()

    context.route("**/*", let)
    one = context.new_page()
    one.on("requestfailed", lambda asked: lost.append(f"failed: {asked.url}"))
    one.on("response", lambda got: lost.append(f"{got.status}: {got.url}") if not got.ok else None)
    one.on("pageerror", lambda error: lost.append(str(error)))
    yield one
    context.close()
    assert [item for item in lost if not item.startswith("304")] == []


def documented() -> set[str]:
    """Give every name that a reader may use, as the reference must have it."""
    names = {f"peer_evidence.{name}" for name in pe.__all__}
    return names.union(*({f"peer_evidence.{r}.{n}" for n in getattr(pe, r).__all__} for r in ROOMS))


def listed() -> Counter[str]:
    """Give the names that the pages of the reference list, and how often."""
    found: Counter[str] = Counter()
    for file in (ROOT / "docs" / "reference").glob("*.md"):
        text = file.read_text(encoding="utf-8")
        for module, body in re.findall(r"^```\{names\} (\S+)\n(.*?)^```$", text, re.M | re.S):
            found.update(f"{module}.{name}" for name in body.split())
        found.update(re.findall(r"^\.\. automodule:: (\S+)$", text, re.MULTILINE))
    return found


def test_the_reference_lists_every_public_name_once() -> None:
    names = listed()
    own = {name for name in names if name.count(".") == 1 or name.split(".")[1] in ROOMS}
    assert documented() - own == set(), "add them to a page of docs/reference/"
    assert own - documented() == set(), "these are no public names (any more)"
    assert [name for name, times in names.items() if times > 1] == []


def test_the_reference_has_every_result() -> None:
    for module in pkgutil.walk_packages(pe.__path__, "peer_evidence."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    kinds = [Result]
    for kind in kinds:
        kinds += kind.__subclasses__()
    # a dataclass with slots exists twice, once without them
    bases = {base.__name__ for kind in kinds for base in kind.__mro__[1:]}
    results = {kind.__name__ for kind in kinds} - bases
    held = {name.rpartition(".")[2] for name in listed()}
    assert len(results) > 40
    assert {one for one in results if not one.startswith("_")} - held == set()


def extension(name: str) -> Any:
    """Load one of the site's own extensions."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "_ext" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_a_page_says_for_a_code_host_holds_on_the_site_too() -> None:
    said = "[gaps](../data/README.md#gaps), [x](../../CHANGELOG.md), [y](methods.md)"
    led = "[gaps](bundled-records.md#gaps), [x](changelog.md), [y](methods.md)"
    change = partial(extension("pages").transform, docs=ROOT / "docs")
    assert change(said) == led
    listed = "```{toctree}\n:glob:\n\nmethods\nno-such*\ndesig*\n```"
    assert change(listed) == "```{toctree}\n:glob:\n\nmethods\ndesig*\n```"
    assert change("```{toctree}\n:glob:\n\nno-such*\n```") == ""
    assert change("```python\n>>> 1\n1\n\n```") == "```python\n>>> 1\n1\n```"


@pytest.mark.parametrize(
    ("said", "doi"),
    [
        ("10.1002/jrsm.11).", "10.1002/jrsm.11"),
        ("10.1016/s0033-0620(85)80003-7", "10.1016/s0033-0620(85)80003-7"),
        ("10.1016/s0033-0620(85)80003-7).", "10.1016/s0033-0620(85)80003-7"),
        ("10.1136/bmj.315.7109.629:", "10.1136/bmj.315.7109.629"),
    ],
)
def test_a_doi_ends_where_the_sentence_goes_on(said: str, doi: str) -> None:
    assert extension("links").doi_in(said) == doi


def test_what_is_built_has_every_public_name(site: Path) -> None:
    from sphinx.util.inventory import InventoryFile

    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="").data
    kinds = ("function", "class", "exception", "module", "method", "property", "attribute")
    built = {name for kind in kinds for name in inventory.get(f"py:{kind}", {})}
    assert documented() - built == set()
    assert "peer_evidence.Tally.sign_tests" in built


def test_nothing_comes_from_elsewhere(site: Path) -> None:
    files = list(site.rglob("*.html"))
    assert len(files) > 25
    loads = re.compile(
        r"<(?:script|img|iframe|source|embed|audio|video)\b[^>]*\b(?:src|srcset)=\"?(?:https?:)?//"
        r"|<link\b(?=[^>]*rel=\"?(?:stylesheet|preload|preconnect|icon))[^>]*href=\"?(?:https?:)?//"
    )
    for file in files:
        assert loads.findall(file.read_text(encoding="utf-8")) == [], file.name
    for file in site.rglob("*.css"):
        text = file.read_text(encoding="utf-8")
        assert re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", text) == [], file.name


def test_no_page_holds_a_clock(site: Path) -> None:
    words = re.compile("Total running time|Last updated|minutes? [0-9.]+ seconds")
    held = {file.name for file in site.rglob("*.html") if words.search(file.read_text("utf-8"))}
    assert held == set()
    assert list(site.rglob("*.zip")) == []


def test_the_page_of_commands_is_their_help(site: Path) -> None:
    text = unescape(re.sub("<[^>]+>", "", (site / "command-line.html").read_text("utf-8")))
    for path in ([], *([name] for name in main.commands)):
        told = CliRunner().invoke(
            main, [*path, "--help"], prog_name="peer-evidence", terminal_width=80
        )
        assert told.exit_code == 0
        assert told.output.strip() in text, path


def test_names_and_sources_are_links(site: Path) -> None:
    text = (site / "reference" / "bias.html").read_text(encoding="utf-8")
    assert 'href="https://doi.org/10.1136/bmj.315.7109.629"' in text
    assert re.search(r'href="pooling.html#peer_evidence.meta_analysis"', text)
    methods = (site / "methods.html").read_text(encoding="utf-8")
    assert 'href="reference/sensitivity.html#peer_evidence.leave_one_out"' in methods


def test_fields_of_results_are_told(site: Path) -> None:
    text = re.sub("<[^>]+>", "", (site / "reference" / "bias.html").read_text(encoding="utf-8"))
    at = text.index("class RegressionTest")
    assert "Fields" in text[at : at + 1500]
    assert "minimum_k" in text[at : at + 2500]


def test_a_figure_is_shown_with_its_words(site: Path) -> None:
    text = (site / "_gallery" / "forest" / "plot_forest.html").read_text(encoding="utf-8")
    shown = re.findall(r'<img [^>]*alt="([^"]+)"[^>]*sphx-glr-single-img', text)
    assert shown
    assert "Pooled effect" in shown[0]


@pytest.mark.browser
@pytest.mark.parametrize("page", [("light", 1280), ("dark", 390)], indirect=True)
def test_pages_open_without_the_internet_and_fit(page: Page, address: str) -> None:
    for name in (*READ, "methods.html", "performance.html", "command-line.html"):
        page.goto(address + name, wait_until="load")
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], name


@pytest.mark.browser
@pytest.mark.parametrize("served", [True, False])
def test_the_search_finds(page: Page, address: str, site: Path, served: bool) -> None:
    page.goto(address + "index.html" if served else (site / "index.html").as_uri())
    page.fill("input[name=q]", "trim and fill")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results ul.search li a")
    found = page.eval_on_selector_all(
        "#search-results ul.search li a", "all => all.map(one => one.getAttribute('href'))"
    )
    assert any(one.startswith("reference/bias.html") for one in found)
    if served:
        page.wait_for_selector("#search-results li p.context")


@pytest.mark.browser
@pytest.mark.parametrize("page", [("light", 1280), ("dark", 390)], indirect=True)
@pytest.mark.parametrize("name", READ)
def test_axe_finds_nothing_grave(page: Page, address: str, name: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.goto(address + name)
    # of long pages the first entries, since the others are made alike
    page.evaluate("[...document.querySelectorAll('dl.py')].slice(8).forEach(one => one.remove())")
    found = Axe().run(page).response
    assert len(found["passes"]) > 10
    grave = [
        f"{one['impact']} {one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
        if one["impact"] in {"serious", "critical"}
    ]
    assert grave == []
