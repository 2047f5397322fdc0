"""``watch_review``: a review that is built again whenever one of its tables changes."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from peer_evidence.errors import BusyError, InputError, PeerEvidenceError
from peer_evidence.records.package import FRAMEWORK, bundled_path

Stamps = dict[str, tuple[int, int]]
Contents = dict[str, str]
Say = Callable[[str], object]

SECONDS = 1.0


def watch_review(
    path: Path | None,
    out: Path,
    *,
    say: Say,
    warn: Say,
    build: Callable[[], Path] | None = None,
    seconds: float = SECONDS,
) -> None:
    """Build a review, and again whenever the content of a table of it changes; Ctrl-C ends.

    Only tables that a review is read from are watched: the CSV files of the folder and of its
    ``framework``. A file that is written anew with the same content builds nothing. Faults are
    told, and the page stays as it was until they are mended.

    Parameters
    ----------
    path : Path or None
        The folder of the records; the bundled review when None.
    out : Path
        The folder for the page.
    say, warn : callable
        Called with what was built, and with what stood in the way.
    build : callable, optional
        What builds, and gives the page; :func:`review` when left out.
    seconds : float
        How long to wait between two looks at the files.

    Raises
    ------
    InputError
        If there is no such folder at the start.
    """
    folder = bundled_path() if path is None else path
    if not folder.is_dir():
        raise InputError(
            f"path: found {str(folder)!r}, which is not a folder; give the folder that holds "
            "studies.csv and outcomes.csv"
        )
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)  # also when started in the back
    make = build or _builder(path, out)
    try:
        stamps, held = stamps_of(folder), contents_of(folder)
        free = _build(make, say, warn)
        say(f"Watching {folder} (Ctrl-C ends)")
        while True:
            time.sleep(seconds)
            now = stamps_of(folder)
            if now == stamps and free:
                continue
            contents = contents_of(folder)
            if stamps_of(folder) != now:
                continue  # still being written: look again
            stamps = now
            if contents != held or not free:
                held = contents
                free = _build(make, say, warn)
    except KeyboardInterrupt:
        say("")


def stamps_of(folder: Path) -> Stamps:
    """Give time and size of each table; a file that goes away meanwhile is not there."""
    found: Stamps = {}
    for file in _tables(folder):
        try:
            about = file.stat()
        except OSError:
            continue
        found[str(file)] = (about.st_mtime_ns, about.st_size)
    return found


def contents_of(folder: Path) -> Contents:
    """Give what tells the content of each table from another."""
    found: Contents = {}
    for file in _tables(folder):
        try:
            found[str(file)] = sha256(file.read_bytes()).hexdigest()
        except OSError:
            continue
    return found


def _tables(folder: Path) -> list[Path]:
    """List the files that hold records: tables, workbooks, or the one workbook itself."""
    if folder.is_file():
        return [folder]
    try:
        kinds = ("*.csv", "*.parquet", "*.xlsx", f"{FRAMEWORK}/*.csv", f"{FRAMEWORK}/*.parquet")
        return sorted(file for kind in kinds for file in folder.glob(kind))
    except OSError:
        return []


def _build(make: Callable[[], Path], say: Say, warn: Say) -> bool:
    """Build once; what a user can mend is told, and the watch goes on.

    False says that another process was writing there, so that this is to be tried again.
    """
    try:
        page = make()
    except (PeerEvidenceError, OSError) as error:
        warn(str(error))
        warn("The page stays as it was.")
        return not isinstance(error, BusyError)
    say(f"The review is in {page}")
    return True


def _builder(path: Path | None, out: Path) -> Callable[[], Path]:
    from joblib import cpu_count

    from peer_evidence.report.build import review

    return lambda: review(path, out=out, n_jobs=min(4, cpu_count()))
