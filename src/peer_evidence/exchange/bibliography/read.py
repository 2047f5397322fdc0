"""Reading a file of references as the studies of a review."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from peer_evidence.checks import check_choice
from peer_evidence.errors import InputError
from peer_evidence.exchange.bibliography.bibtex import bibtex_references
from peer_evidence.exchange.bibliography.found import Findings, read_lines
from peer_evidence.exchange.bibliography.ris import ris_references
from peer_evidence.exchange.bibliography.rows import COLUMNS, SECONDARY, study_rows
from peer_evidence.exchange.imported import Imported

FORMATS = ("ris", "bibtex")
_AGAIN = "open it in a reference manager and export it from there as RIS or BibTeX"
_RULE = f"the file must be RIS or BibTeX; {_AGAIN}"
_OTHERS = (
    (re.compile(r"PMID ?- ?\d"), "the format of PubMed (.nbib)"),
    (re.compile(r"(FN (Clarivate|Thomson)|PT [JBSP]$|VR 1\.0)"), "the format of Web of Science"),
    (re.compile(r"%[0A] "), "the format of Refer (.enw)"),
    (re.compile(r"<\?xml|<xml|<!DOCTYPE|<html", re.IGNORECASE), "XML or HTML"),
    (re.compile(r"[{\[]\s*$|[{\[]\s*[{\"]"), "JSON"),
    (re.compile(r"PK\x03\x04"), "a zip archive"),
)
_RIS = re.compile(r"\s*[A-Z][A-Z0-9]\s*-")
_BIBTEX = re.compile(r"\s*@\s*\w+\s*[{(]")


def read_references(path: str | Path, *, format: str | None = None) -> Imported:
    r"""Read the references of a reference manager as the studies of a review.

    Parameters
    ----------
    path : str or Path
        A file in RIS or BibTeX, as EndNote, Zotero, Mendeley, Covidence and Rayyan export them;
        in UTF-8, or in UTF-16 with its mark.
    format : {"ris", "bibtex"}, optional
        What it is; by its ending and first line when left out.

    Returns
    -------
    Imported
        Its table ``studies`` has a row for each record that is sound. ``study_id`` and ``label``
        are made of the first author and the year; ``source`` is the DOI, else ``pmid:number``,
        else the web address, else the name of the file; ``locator`` the record and its line;
        ``confidence`` is ``secondary``, since a reference is no reading of the study itself. Given
        names are written as initials. Whatever cannot be taken is a fault with its line: a record
        without its end, a tag that is not known, a field that stands twice, a DOI that is none.
        Records that seem to be one study are named in ``notes`` and all taken.

    Raises
    ------
    InputError
        If there is no such file, or the format is not known.
    PeerEvidenceError
        If rispy or bibtexparser is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> text = "TY  - JOUR\nAU  - Ash, Beryl\nPY  - 2001\nTI  - Walking\nER  - \n"
    >>> with tempfile.TemporaryDirectory() as somewhere:
    ...     file = Path(somewhere) / "mine.ris"
    ...     written = file.write_text(text, encoding="utf-8")
    ...     held = read_references(file)
    >>> held.tables["studies"].loc[0, ["study_id", "label", "authors"]].tolist()
    ['ash_2001', 'Ash 2001', 'Ash B']
    """
    if not isinstance(path, (str, Path)) or not str(path):
        raise InputError(f"path: found {path!r}, allowed is the name of a file")
    if format is not None:
        check_choice("format", format, FORMATS)
    path = Path(path)
    findings = Findings(path.name)
    lines = read_lines(path, findings)
    rows: list[dict[str, str]] = []
    if lines is not None:
        kind = format or _kind(path, lines, findings)
        if kind is not None:
            reader = ris_references if kind == "ris" else bibtex_references
            references = reader(lines, findings)
            if not references and not findings.faults:
                findings.fault(1, "", _RULE, _first(lines))
            rows = study_rows(references, findings)
    _note_passed_over(findings)
    if rows:
        findings.notes.append(
            f"confidence is {SECONDARY} throughout: a reference is an account of the study; change "
            "it to primary where you read the study itself"
        )
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    faults = sorted(findings.faults, key=lambda fault: fault.line)
    return Imported(path.name, {"studies": frame}, tuple(faults), tuple(findings.notes))


def _kind(path: Path, lines: Sequence[str], findings: Findings) -> str | None:
    """Tell RIS from BibTeX by what the file holds; the fault names other formats."""
    head = [line for line in lines[:2000] if line.strip()]
    first = head[0].lstrip() if head else ""
    what = next((name for form, name in _OTHERS if form.match(first)), None)
    if what is not None:
        findings.fault(1, "", _RULE, what)
        return None
    ending = path.suffix.lower()
    if ending in {".bib", ".bibtex"}:
        return "bibtex"
    if ending == ".ris":
        return "ris"
    if any(_BIBTEX.match(line) for line in head):
        return "bibtex"
    if any(_RIS.match(line) for line in head):
        return "ris"
    findings.fault(1, "", _RULE, first or "an empty file")
    return None


def _first(lines: Sequence[str]) -> str:
    return next((line.strip() for line in lines if line.strip()), "an empty file")


def _note_passed_over(findings: Findings) -> None:
    held = findings.passed_over
    if held:
        listed = ", ".join(f"{name} ({held[name]})" for name in sorted(held))
        findings.notes.append(f"passed over, as a study has no column for it: {listed}")
