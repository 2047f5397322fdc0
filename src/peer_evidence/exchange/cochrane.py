"""Reading the data package that RevMan and the Cochrane Library offer (CSV)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from peer_evidence.errors import InputError, RecordsError
from peer_evidence.exchange.analyses import Analysis, Named
from peer_evidence.exchange.bibliography.names import slug
from peer_evidence.exchange.cochrane_csv import Package, cell, open_package
from peer_evidence.exchange.cochrane_rows import KNOWN, NEEDED, read_analyses
from peer_evidence.exchange.review_tables import (
    CONFIDENCE,
    judgement_frame,
    judgement_rows,
    name_studies,
    outcome_rows,
    pooled_rows,
    to_frame,
)
from peer_evidence.exchange.revman_result import ImportedReview
from peer_evidence.records.faults import Fault
from peer_evidence.records.read import RawTable

_CHARACTERISTICS = ("methods", "participants", "interventions", "outcomes", "notes")
_MARKUP = re.compile(r"<[^<>]*>")


def read_cochrane(path: str | Path) -> ImportedReview:
    """Read the data package of a Cochrane review: analyses with their data, risk of bias.

    Parameters
    ----------
    path : str or Path
        The zip archive, the folder it unpacks to, or one of its CSV files: those that end in
        ``data-rows``, ``overall-estimates-and-settings``, ``subgroup-estimates``,
        ``risk-of-bias`` and ``study-information``. Under other names they are known by their
        columns.

    Returns
    -------
    ImportedReview
        As :func:`read_revman` gives it.

    Raises
    ------
    RecordsError
        Nothing in it can be read, a column that is needed is not there, or it is the package of a
        review of diagnostic tests. A single number that cannot be taken is among the ``faults``
        of the result instead.
    InputError
        The argument is no path, or there is nothing at it.

    Notes
    -----
    Columns are found by name; the names are those of versions 1 and 2 of the data package
    specification (documentation.cochrane.org). Columns that are not known are named in a note.

    Without the settings, measure and method are not known: nothing is computed again then.
    That the estimates of RevMan today follow the algorithms of Review Manager 5 could not be
    verified for Hedges' g, zero cells, I2 with REML and the Hartung-Knapp interval; of these the
    last two are not computed again. Whether counts of an analysis with swapped events are as
    entered, and whether ``study-information`` lists included studies alone, was not verified
    either.

    Every row rests on the review's account of a study, so its ``confidence`` is ``review``.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> held = pe.read_cochrane("CD000000-SUP-07-dataPackage.zip")  # doctest: +SKIP
    >>> held.analyses  # doctest: +SKIP
    """
    if not isinstance(path, (str, Path)) or not str(path) or "\0" in str(path):
        raise InputError(f"path: found {path!r}, allowed is the name of a file or folder")
    source = Path(path)
    if not source.exists():
        raise InputError(f"path: there is no file or folder {str(source)!r}")
    try:
        package = open_package(source)
    except OSError as error:
        fault = Fault(source.name, 1, "", "must be a file that can be read", str(error.strerror))
        raise RecordsError([fault], f"in {source.name}, nothing was read") from error
    _refuse(package, source.name)
    return _review(package, source.name)


def _refuse(package: Package, file: str) -> None:
    """Refuse a package without anything that can be taken."""
    faults = list(package.faults)
    if package.diagnostic:
        rule = "the review must be one of interventions, this one is of diagnostic tests"
        faults = [Fault(package.diagnostic, 1, "", rule, package.diagnostic)]
    elif not package.tables and not faults:
        rule = "there must be a table of a Cochrane data package, such as data-rows.csv"
        found = ", ".join(package.others[:5])
        faults = [Fault(file, 1, "", rule, found)]
    else:
        table = package.tables.get("data_rows")
        rule = "the column is required and must be in the header"
        lacking = [name for name in NEEDED if table is not None and name not in table.columns]
        missing = [Fault(table.file, 1, name, rule, "no column") for name in lacking if table]
        for kind, table in package.tables.items():
            if kind in {"risk_of_bias", "studies"} and "Study" not in table.columns:
                missing.append(Fault(table.file, 1, "Study", rule, "no column"))
        if not missing and package.tables:
            return
        faults += missing
    raise RecordsError(faults, f"in {file}, nothing was read")


def _review(package: Package, file: str) -> ImportedReview:
    faults = list(package.faults)
    analyses = read_analyses(package, faults)
    judgements = _judgements(package.tables.get("risk_of_bias"))
    about = _about(package.tables.get("studies"))
    years: dict[str, str] = {}
    for name, year in _studies(package):
        years[name] = years.get(name) or year
    for one in [*judgements, *about]:
        years.setdefault(one["study"], "")
    named = name_studies((name, name, year) for name, year in years.items())
    frame = judgement_frame(judgements, named)
    notes = _notes(package, analyses)
    tables = {"studies": _study_table(named, about, file)}
    tables["outcomes"] = to_frame(outcome_rows(analyses, named, file))
    review = slug(Path(file).stem) or "review"
    if pooled := pooled_rows(analyses, named, file, review):
        row = {"review_id": review, "label": Path(file).stem, "source": file}
        row |= {"confidence": "primary", "k_studies": str(len(named))}
        tables["reviews"] = to_frame([row])
        tables["pooled_results"] = to_frame(pooled)
    if len(frame):
        rows, unclear = judgement_rows(frame, file)
        tables["risk_of_bias"] = to_frame(rows)
        notes += unclear
    told = [{"study_id": named[one["study"]].study_id} | one for one in about]
    columns = ["study_id", *_CHARACTERISTICS]
    return ImportedReview(
        file=file,
        tables=tables,
        faults=tuple(faults),
        notes=tuple(notes),
        characteristics=pd.DataFrame(told, columns=columns, dtype=object),
        judgements=frame,
        held=tuple(analyses),
        named=named,
    )


def _studies(package: Package) -> Iterable[tuple[str, str]]:
    table = package.tables.get("data_rows")
    for at in range(len(table) if table is not None else 0):
        if table is not None and (name := cell(table, at, "Study")):
            yield name, cell(table, at, "Study year")


def _study_table(
    named: Mapping[str, Named], about: Iterable[Mapping[str, str]], file: str
) -> pd.DataFrame:
    told = {one["study"]: one for one in about}
    rows = []
    for key, who in named.items():
        own = told.get(key, {})
        year = who.year if who.year.isascii() and who.year.isdigit() else ""
        rows.append(
            {
                "study_id": who.study_id,
                "label": who.label,
                "year": year,
                "population": own.get("participants", ""),
                "intervention": own.get("interventions", ""),
                "source": file,
                "locator": key,
                "confidence": CONFIDENCE,
            }
        )
    return to_frame(rows) if rows else pd.DataFrame(columns=["study_id", "label"], dtype=object)


def _about(table: RawTable | None) -> list[dict[str, str]]:
    """Give what the review says of each study, in words."""
    rows = []
    for at in range(len(table) if table is not None else 0):
        if table is None or not (study := cell(table, at, "Study")):
            continue
        own = {
            name: _words(cell(table, at, f"Char: {name.capitalize()}")) for name in _CHARACTERISTICS
        }
        rows.append({"study": study} | own)
    return rows


def _words(text: str) -> str:
    return " ".join(html.unescape(_MARKUP.sub(" ", text)).split())


def _judgements(table: RawTable | None) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    if table is None:
        return rows
    for name in table.columns:
        if not name.startswith("Domain (judgement)"):
            continue
        title = name.partition(":")[2].strip()
        item, _, group = title.rpartition(": ") if ": " in title else (title, "", "")
        support = name.replace("(judgement)", "(support)", 1)
        for at in range(len(table)):
            study, result = cell(table, at, "Study"), cell(table, at, name)
            if study and result:
                rows.append(
                    {
                        "study": study,
                        "item": item,
                        "group": group,
                        "result": result,
                        "support": _words(cell(table, at, support)),
                        "place": f"{table.file}:{table.lines[at]}",
                    }
                )
    return rows


def _notes(package: Package, analyses: list[Analysis]) -> list[str]:
    notes = []
    for kind, table in package.tables.items():
        known = KNOWN.get(kind)
        unknown = [name for name in table.columns if known is not None and name not in known]
        if unknown:
            notes.append(f"columns of {table.file} that are not known: {', '.join(unknown)}")
    if "data_rows" in package.tables and "settings" not in package.tables:
        notes.append(
            "no overall-estimates-and-settings: measure and method are not known, so nothing is "
            "computed again"
        )
    if package.others:
        shown = ", ".join(package.others[:8]) + (", ..." if len(package.others) > 8 else "")
        notes.append(f"files that were not read: {shown}")
    strange = [f"{a.id} {a.measure_name!r}" for a in analyses if a.measure_name and not a.measure]
    if strange:
        notes.append(f"effect measures that the tables do not know: {', '.join(strange)}")
    return notes
