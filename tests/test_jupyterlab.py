"""JupyterLab opens the first notebook, runs it and shows its figures."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "00_start_here.ipynb"
PATIENCE = 120  # seconds; a loaded machine is slow and not at fault
TOKEN = "only-for-this-test"
# every cell is in the page, seen or not, and nothing is asked of the internet
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}


@pytest.fixture
def unrun(tmp_path: Path) -> Path:
    """Give a folder with the notebook as it is before it has ever run."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / NOTEBOOK.name).write_text(json.dumps(notebook), encoding="utf-8")
    return folder


@pytest.fixture
def lab(unrun: Path, tmp_path: Path) -> Iterator[str]:
    """Start JupyterLab with folders of its own, give its address, and stop it with its kernels."""
    homes = {name: tmp_path / name.lower() for name in ("CONFIG", "DATA", "RUNTIME")}
    overrides = homes["CONFIG"] / "labconfig" / "default_setting_overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(json.dumps(SETTINGS), encoding="utf-8")
    environment = os.environ | {f"JUPYTER_{name}_DIR": str(path) for name, path in homes.items()}
    environment |= {"IPYTHONDIR": str(tmp_path / "ipython")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
    command += ["--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}"]
    command += [f"--ServerApp.root_dir={unrun}"]
    with (
        (tmp_path / "log.txt").open("w") as log,
        subprocess.Popen(
            command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        ) as server,
    ):
        try:
            yield _address(server, homes["RUNTIME"], tmp_path / "log.txt")
        finally:
            _stop(server)


def _address(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Wait until the server has written down where it listens."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            try:
                return str(json.loads(file.read_text(encoding="utf-8"))["url"])
            except (ValueError, KeyError):  # half written
                continue
        time.sleep(0.1)
    raise AssertionError("JupyterLab did not start:\n" + log.read_text(encoding="utf-8"))


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Ask the server to go, which takes its kernels along; end the group if it does not."""
    server.terminate()
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _run_all(page: Page) -> None:
    page.get_by_text("| Idle").wait_for(timeout=PATIENCE * 1000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def _committed() -> list[dict[str, Any]]:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.slow
@pytest.mark.browser
def test_jupyterlab_opens_the_first_notebook_runs_it_and_shows_its_figures(
    lab: str, browser: Browser, tmp_path: Path
) -> None:
    code = _committed()
    figures = sum("<img" in json.dumps(cell["outputs"]) for cell in code)
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(PATIENCE * 1000)
    try:
        page.goto(f"{lab}lab/tree/{NOTEBOOK.name}?reset&token={TOKEN}")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        assert page.locator(".jp-OutputArea-output").count() == 0  # nothing is shown before it ran
        _run_all(page)
        last = page.locator(".jp-CodeCell .jp-InputPrompt").filter(has_text=f"[{len(code)}]:")
        failed = page.locator(
            '.jp-OutputArea-output:is([data-mime-type*="error"], [data-mime-type*="stderr"])'
        )
        last.or_(failed).first.wait_for(state="attached")
        assert failed.all_inner_texts() == []

        shown = page.locator(".jp-CodeCell .jp-OutputArea-output img")
        shown.first.scroll_into_view_if_needed()
        drawn = shown.evaluate_all(
            "images => images.map(i => [i.complete, i.naturalWidth, i.alt.length])"
        )
        assert len(drawn) == figures
        assert all(done and width > 200 and alt > 40 for done, width, alt in drawn)
    finally:
        page.screenshot(path=tmp_path / "lab.png")  # what was there, also where the test fails
        page.close()
