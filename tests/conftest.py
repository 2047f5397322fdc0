"""What several tests share: the bundled records, a copy of them to spoil, a built review."""

from __future__ import annotations

import os
import shutil
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
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the bundled review once; give its folder."""
    out = tmp_path_factory.mktemp("review") / "out"
    pe.review(out=out)
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
