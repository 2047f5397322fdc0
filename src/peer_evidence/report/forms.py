"""The forms of the report: the page, and beside it Word, PDF and the methods part."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path

from peer_evidence.documents import can_write
from peer_evidence.report.contents import DOCX, FORMATS, METHODS, PAGE, PDF, Contents, Handouts
from peer_evidence.report.markdown import markdown
from peer_evidence.report.page import render
from peer_evidence.report.pdf import PrintError, find_browser, printing
from peer_evidence.report.slices import for_paper
from peer_evidence.report.word import word

NO_WORD = 'python-docx is not installed; pip install "peer-evidence[report]" brings it'
NO_BROWSER = "no Chromium or Chrome was found on this machine; print the page from a browser"


def write_forms(contents: Contents, folder: Path, formats: Collection[str]) -> dict[str, str]:
    """Write the page and the forms beside it; the browser prints while the others are written.

    Parameters
    ----------
    contents : Contents
        The sections.
    folder : Path
        The folder of the review, with its figures in it.
    formats : collection of {"docx", "pdf", "md"}
        What to write beside the page.

    Returns
    -------
    dict of str
        The files that could not be made, each with the reason.
    """
    browser = find_browser() if "pdf" in formats else None
    missing = {}
    if "docx" in formats and not can_write():
        missing[DOCX] = NO_WORD
    if "pdf" in formats and browser is None:
        missing[PDF] = NO_BROWSER
    wanted = [name for form, name in FORMATS.items() if form in formats]
    handouts = Handouts([name for name in wanted if name not in missing], missing)
    page = render(contents, handouts)
    with ExitStack() as stack:
        try:
            pdf = None
            if browser:
                paper = render(for_paper(contents, folder), handouts)
                pdf = stack.enter_context(printing(paper, browser))
            _write_quick(contents, folder, handouts)
            if pdf is not None:
                (folder / PDF).write_bytes(pdf())
        except PrintError as error:
            handouts = handouts.without(PDF, str(error))
            page = render(contents, handouts)
            _write_quick(contents, folder, handouts)
    (folder / PAGE).write_text(page, encoding="utf-8")
    return dict(handouts.left_out)


def _write_quick(contents: Contents, folder: Path, handouts: Handouts) -> None:
    """Write what needs no browser, unless it is there."""
    if DOCX in handouts.files and not (folder / DOCX).exists():
        (folder / DOCX).write_bytes(word(contents, folder))
    if METHODS in handouts.files and not (folder / METHODS).exists():
        title = f"Methods: {contents.title}"
        text = markdown(contents.section("methods"), title)
        (folder / METHODS).write_text(text, encoding="utf-8")
