"""The main job: the whole review from one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from peer_evidence import __version__
from peer_evidence.checks import check_choice
from peer_evidence.errors import InputError
from peer_evidence.records.evidence import Evidence, load
from peer_evidence.report.analyses import analyse
from peer_evidence.report.contents import FORMATS, PAGE
from peer_evidence.report.drawings import DRAWINGS, workers
from peer_evidence.report.folder import refuse_foreign, write_manifest, written_whole
from peer_evidence.report.forms import write_forms
from peer_evidence.report.numbers import Numbers
from peer_evidence.report.page import Context, Saved, gather
from peer_evidence.report.tables import copy_records, report_tables, write_tables

Progress = Callable[[str, int, int], None]


def review(
    evidence: Evidence | str | Path | None = None,
    out: str | Path = "build/review",
    *,
    n_jobs: int | None = None,
    formats: Sequence[str] = tuple(FORMATS),
    progress: Progress | None = None,
) -> Path:
    """Build the whole review: checks, tallies, admissions, claims, figures, tables, one page.

    Beside the page stand the same report for Word (``report.docx``) and as ``report.pdf``, and
    its methods part (``methods.md``). The Word file needs python-docx, the PDF a Chromium on the
    machine; where one is not there, page and manifest say so.

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
    formats : sequence of {"docx", "pdf", "md"}
        What to write beside the page.
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
        If ``out`` holds files that are not an older review, or a format is not known.
    """
    if not isinstance(out, (str, Path)) or not str(out):
        raise InputError(f"out: found {out!r}, allowed is the name of a folder")
    refuse_foreign(Path(out))  # before the work, not after it
    given = [formats] if isinstance(formats, str) else formats
    chosen = [check_choice("formats", one, tuple(FORMATS)) for one in given]
    say = progress or (lambda what, done, total: None)
    total = 4 + len(DRAWINGS)
    say("checking the records", 0, total)
    with workers(n_jobs) as draw_all:
        ev = evidence if isinstance(evidence, Evidence) else load(evidence)
        say("counting", 1, total)
        analyses = analyse(ev)
        with written_whole(Path(out)) as folder:
            say("drawing", 2, total)
            saved: dict[str, Saved | None] = {}
            with closing(draw_all(analyses, folder)) as drawing:  # so that nobody draws on
                for done, (name, figure) in enumerate(drawing, start=3):
                    say(f"drew {name}", done, total)
                    saved[name] = figure
            say("writing", total - 1, total)
            write_tables(report_tables(analyses), folder / "tables")
            copy_records(ev, folder / "records")
            contents = gather(Context(analyses, Numbers(), saved))
            left_out = write_forms(contents, folder, chosen)
            facts = {"version": __version__, "title": ev.package["title"], "left_out": left_out}
            write_manifest(folder, facts)
    say("done", total, total)
    return Path(out) / PAGE
