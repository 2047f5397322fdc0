"""What several tests share: the bundled records, a copy of them to spoil, a built review."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

import peer_evidence as pe

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# what is tested is what comes out; a busy machine must not fail a test, and all of them together
# must end while one still waits for them
settings.register_profile("patient", deadline=None, max_examples=50)
settings.load_profile("patient")

# a shell lets what it starts in the background ignore Ctrl-C, and every process it starts in turn
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def ev() -> pe.Evidence:
    return pe.load()


@pytest.fixture
def copy_of_data(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    shutil.copytree(DATA, folder)
    return folder


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Build the bundled review once for all processes; give its folder, which no test changes."""
    own = tmp_path_factory.getbasetemp()
    out = (own if worker_id == "master" else own.parent) / "review" / "out"
    failed = out.with_name("failed")
    try:
        out.parent.mkdir()
    except FileExistsError:  # another process builds it: it appears whole
        while not out.is_dir():
            if failed.exists():
                pytest.fail("the review could not be built in another process")
            time.sleep(0.2)
        return out
    try:
        pe.review(out=out)
    except BaseException:
        failed.touch()
        raise
    return out


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the machine's Chromium; a machine without one skips, CI fails."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    found = found or shutil.which("google-chrome")
    if found is None:
        message = "no Chromium on this machine; install it to run the browser tests"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()
