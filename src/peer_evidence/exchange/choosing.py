"""Which reader a file of another program needs: by what is said, its ending, its first line."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

from peer_evidence.checks import check_choice
from peer_evidence.errors import InputError
from peer_evidence.exchange.imported import Imported

KINDS = ("references", "risk-of-bias", "revman", "cochrane")
_READERS = {
    "references": ("bibliography.read", "read_references"),
    "risk-of-bias": ("judgements_in", "read_risk_of_bias"),
    "revman": ("revman", "read_revman"),
    "cochrane": ("cochrane", "read_cochrane"),
}
_BY_ENDING = {
    **dict.fromkeys((".ris", ".bib", ".bibtex", ".txt", ".nbib", ".enw", ".ciw"), "references"),
    ".rm5": "revman",
    ".zip": "cochrane",
}
_TABLES = (".csv", ".xlsx", ".xlsm")


def read_other(path: Path, kind: str | None = None, tool: str | None = None) -> Imported:
    """Read a file of another program with the reader that it needs.

    Parameters
    ----------
    path : Path
        The file; a folder is one of a Cochrane data package.
    kind : {"references", "risk-of-bias", "revman", "cochrane"}, optional
        What it is; by its ending and first line when left out.
    tool : str, optional
        What risk of bias was judged with; a table is then one of judgements.

    Returns
    -------
    Imported
        What it holds.

    Raises
    ------
    InputError
        If there is no such file, or it cannot be told what it is.
    """
    if kind is not None:
        check_choice("kind", kind, KINDS)
    if not path.exists():
        raise InputError(f"path: there is no file {str(path)!r}")
    chosen = kind or ("risk-of-bias" if tool is not None else kind_of(path))
    if tool is not None and chosen != "risk-of-bias":
        raise InputError(f"tool: only a table of risk of bias has one, this is read as {chosen}")
    if chosen == "risk-of-bias":
        return _reader(chosen)(path, tool)
    return _reader(chosen)(path)


def kind_of(path: Path) -> str:
    """Tell what a file is by its ending, then by its first line.

    Raises
    ------
    InputError
        If it is the review of this program, or nothing that is known.
    """
    if path.is_dir():
        _refuse_review(path, [one.name for one in path.iterdir()])
        return "cochrane"
    ending = path.suffix.lower()
    if ending == ".zip":
        from peer_evidence.records.zipped import open_archive

        _refuse_review(path, open_archive(path).names)
    if ending in _BY_ENDING:
        return _BY_ENDING[ending]
    if ending in _TABLES:
        return _kind_of_table(path)
    first = _first_line(path)
    if first.startswith("<"):
        return "revman"
    if first.startswith(("@", "TY  -")):
        return "references"
    raise InputError(
        f"path: it cannot be told what {path.name!r} is; give its kind: {', '.join(KINDS)}"
    )


def _kind_of_table(path: Path) -> str:
    """Tell a table of risk of bias from one of a Cochrane data package by its header."""
    if path.suffix.lower() != ".csv":
        raise InputError(
            f"tool: a workbook is imported as a table of risk of bias, and {path.name!r} says no "
            "tool; give it, as 'RoB 2'. A workbook with the tables of a review needs no import"
        )
    names = {one.strip(' "').lower() for one in _first_line(path).split(",")}
    if not ({"d1", "domain"} & names):
        return "cochrane"
    raise InputError(
        f"tool: {path.name!r} seems to be a table of risk of bias; say which tool it was judged "
        "with, as 'RoB 2'"
    )


def _refuse_review(path: Path, names: list[str]) -> None:
    if {"studies.csv", "outcomes.csv"} <= set(names):
        raise InputError(
            f"path: {str(path)!r} is a review already; peer-evidence check and review read it as "
            "it is"
        )


def _first_line(path: Path) -> str:
    """Give the beginning of the first line that is not empty."""
    with path.open("rb") as file:
        text = file.read(4000).decode("utf-8-sig", "replace")
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _reader(kind: str) -> Callable[..., Imported]:
    module, name = _READERS[kind]
    reader: Callable[..., Imported] = getattr(
        importlib.import_module(f"peer_evidence.exchange.{module}"), name
    )
    return reader
