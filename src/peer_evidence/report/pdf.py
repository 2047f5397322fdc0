"""The page printed by a Chromium of this machine, without clock or chance in the file."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
SECONDS = 120.0
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pdf-header-footer",
)
_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}([^)]{0,7})\)")
_NODE = re.compile(rb"\(node(\d{8})\)")
_FILE_ID = re.compile(rb"/ID ?\[ ?<[0-9A-Fa-f]+> ?<[0-9A-Fa-f]+> ?\]")
_HEX = re.compile(rb"[0-9A-Fa-f](?=[0-9A-Fa-f]*>)")
_TO_FILE = re.compile(r'<a href="(?!#|https?://)[^"]*">')


class PrintError(Exception):
    """The browser gave no PDF; the message says why."""


def find_browser() -> str | None:
    """Give the path of a Chromium; None when there is none.

    The environment variable ``PEER_EVIDENCE_CHROMIUM`` names one in another place; set to an
    empty text it says that none is to be used.
    """
    named = os.environ.get("PEER_EVIDENCE_CHROMIUM")
    if named is not None:
        return shutil.which(named) if named else None
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def printing(page: str, browser: str, seconds: float = SECONDS) -> Iterator[Callable[[], bytes]]:
    """Start to print a page; give the function that waits for its PDF.

    Parameters
    ----------
    page : str
        The HTML; it asks for nothing from outside.
    browser : str
        The path of the browser.
    seconds : float
        How long to wait at most.

    Yields
    ------
    callable
        Gives the bytes of the PDF, or raises PrintError. No process is left when the block ends.
    """
    with TemporaryDirectory(prefix="peer-evidence-", ignore_cleanup_errors=True) as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(_TO_FILE.sub("<a>", page), encoding="utf-8")
        command = [browser, *_OPTIONS, f"--user-data-dir={folder}/profile"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # as root it starts in no other way
        command += [f"--print-to-pdf={target}", source.as_uri()]
        try:
            process = subprocess.Popen(  # noqa: S603 - our own arguments
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise PrintError(f"{Path(browser).name} does not start: {error.strerror}") from error
        try:
            yield lambda: _result(process, target, Path(browser).name, seconds)
        finally:
            _end(process)


def stable(pdf: bytes) -> bytes:
    """Put fixed dates and ids of the same length in the place of those of this run.

    Chromium numbers the parts of a tagged document by a counter that starts where it likes; here
    they are numbered from 1 in the same order.
    """
    numbers = sorted({int(found) for found in _NODE.findall(pdf)})
    places = {number: place for place, number in enumerate(numbers, start=1)}
    pdf = _NODE.sub(lambda found: b"(node%08d)" % places[int(found[1])], pdf)
    pdf = _FILE_ID.sub(lambda found: _HEX.sub(b"0", found[0]), pdf)
    return _DATE.sub(_long_ago, pdf)


def _long_ago(found: re.Match[bytes]) -> bytes:
    zone = b"+00'00'" if len(found[2]) == 7 else found[2]
    return b"/" + found[1] + b" (D:19800101000000" + zone + b")"


def _result(process: subprocess.Popen[bytes], target: Path, name: str, seconds: float) -> bytes:
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise PrintError(f"{name} did not print within {seconds:g} seconds") from error
    data = target.read_bytes() if target.is_file() else b""
    if not data.startswith(b"%PDF-"):
        raise PrintError(f"{name} printed nothing (exit code {code})")
    return stable(data)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the browser with all that it started."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
