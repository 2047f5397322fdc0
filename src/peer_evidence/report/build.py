"""The main job: the whole review from one call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from peer_evidence import __version__
from peer_evidence.errors import InputError
from peer_evidence.records.evidence import Evidence, load
from peer_evidence.report.analyses import analyse
from peer_evidence.report.drawings import DRAWINGS, workers
from peer_evidence.report.folder import write_manifest, written_whole
from peer_evidence.report.numbers import Numbers
from peer_evidence.report.page import Context, Saved, render
from peer_evidence.report.tables import copy_records, report_tables, write_tables

Progress = Callable[[str, int, int], None]
PAGE = "index.html"


def review(
    evidence: Evidence | str | Path | None = None,
    out: str | Path = "build/review",
    *,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Build the whole review: checks, tallies, admissions, claims, figures, tables, one page.

    The files appear in ``out`` whole or not at all; an older review there survives a failed run
    and is replaced by a successful one.

    Parameters
    ----------
    evidence : Evidence, str or Path, optional
        The records, or the folder that holds them; the bundled review when left out.
    out : str or Path
        The folder for ``index.html``, ``figures/`` and ``tables/``.
    n_jobs : int, optional
        How many processes draw the figures, as in joblib: one when left out, -1 for as many as
        there are processors. The files are the same whatever the number.
    progress : callable, optional
        Called with what is being done, how many steps are done, and how many there are.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    RecordsError
        If the records hold faults; nothing is written.
    InputError
        If ``out`` holds files that are not an older review.
    """
    if not isinstance(out, (str, Path)) or not str(out):
        raise InputError(f"out: found {out!r}, allowed is the name of a folder")
    say = progress or (lambda what, done, total: None)
    total = 4 + len(DRAWINGS)
    say("checking the records", 0, total)
    with workers(n_jobs) as draw_all:
        ev = evidence if isinstance(evidence, Evidence) else load(evidence)
        say("counting", 1, total)
        analyses = analyse(ev)
        with written_whole(Path(out)) as folder:
            say("drawing", 2, total)
            saved: dict[str, list[Saved]] = {}
            for done, (name, pages) in enumerate(draw_all(analyses, folder), start=3):
                say(f"drew {name}", done, total)
                saved[name] = pages
            say("writing", total - 1, total)
            write_tables(report_tables(analyses), folder / "tables")
            copy_records(ev, folder / "records")
            page = render(Context(analyses, Numbers(), saved))
            (folder / PAGE).write_text(page, encoding="utf-8")
            write_manifest(folder, {"version": __version__, "title": ev.package["title"]})
    say("done", total, total)
    return Path(out) / PAGE
