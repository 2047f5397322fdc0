"""Studies and reviews as references that a reference manager reads (RIS)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from peer_evidence.checks import check_choice, check_evidence
from peer_evidence.exchange.bibliography.ris import OWN, need_rispy
from peer_evidence.exchange.bibliography.rows import clean_doi
from peer_evidence.exchange.targets import free_file, write_whole

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

_TABLES = {"studies": "study_id", "reviews": "review_id"}
_FIELDS = {"title": "title", "year": "year", "journal": "journal_name", "doi": "doi"}
_WEB = re.compile(r"https?://\S+")


def export_ris(ev: Evidence, path: str | Path, tables: str = "both") -> Path:
    """Write studies and reviews as references in RIS.

    Parameters
    ----------
    ev : Evidence
        The records.
    path : str or Path
        The file, ending in ``.ris``, that is not there yet.
    tables : {"both", "studies", "reviews"}
        What to write.

    Returns
    -------
    Path
        The file. Each reference has the key of its row as ID and its label as LB; what the
        records do not hold is left out. Where the DOI stands in ``source`` alone it is taken
        from there, if the row is ``primary``: its source is then the study itself.

    Raises
    ------
    InputError
        The path is taken or ends otherwise.
    PeerEvidenceError
        rispy is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import peer_evidence as pe
    >>> with tempfile.TemporaryDirectory() as somewhere:
    ...     file = pe.export_ris(pe.load(), f"{somewhere}/studies.ris", tables="studies")
    ...     file.read_text(encoding="utf-8").count("TY  - ")
    69
    """
    check_evidence("ev", ev)
    check_choice("tables", tables, ("both", *_TABLES))
    rispy = need_rispy()
    target = free_file(path, ".ris")
    entries = [
        _entry(row, key)
        for table, key in _TABLES.items()
        if tables in {"both", table}
        for row in ev.table(table).to_dict("records")
    ]
    text = rispy.dumps(entries) if entries else ""
    return write_whole(target, text.encode())


def _entry(row: dict[Any, Any], key: str) -> dict[str, Any]:
    """Take a row as a reference; every value is one line, so that none can begin another tag."""
    held = {
        str(name): " ".join(str(value).split()) for name, value in row.items() if pd.notna(value)
    }
    entry: dict[str, Any] = {"type_of_reference": "JOUR", "id": held[key]}
    entry |= {field: held[name] for name, field in _FIELDS.items() if name in held}
    entry["label"] = held["label"]
    doi = clean_doi(held.get("source", ""))
    if doi and "doi" not in entry and held.get("confidence") == "primary":
        entry["doi"] = doi  # the source of any other row is a text about it
    if "authors" in held:
        entry["authors"] = [one.strip() for one in held["authors"].split(";") if one.strip()]
    if "pmid" in held:
        entry |= {"accession_number": held["pmid"], "name_of_database": "PubMed"}
    web = _WEB.match(held.get("source", ""))
    if web:
        entry["urls"] = [web.group()]
    entry["database_provider"] = OWN  # so that it comes back with its key and label
    return entry
