"""Reading a review of Review Manager 5 (``.rm5``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from peer_evidence.errors import InputError, RecordsError
from peer_evidence.exchange.analyses import Analysis, Named
from peer_evidence.exchange.bibliography.names import slug
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
from peer_evidence.exchange.revman_xml import (
    Reference,
    read_analyses,
    read_characteristics,
    read_judgements,
    read_studies,
)
from peer_evidence.exchange.safe_xml import Node, read_xml
from peer_evidence.formatting import count
from peer_evidence.records.faults import Fault

_CHARACTERISTICS = ["study_id", "methods", "participants", "interventions", "outcomes", "notes"]


def read_revman(path: str | Path) -> ImportedReview:
    """Read a review of Review Manager 5: studies, analyses with their data, risk of bias.

    Parameters
    ----------
    path : str or Path
        The ``.rm5`` file, whole or the "statistical data" that the Cochrane Library offers.

    Returns
    -------
    ImportedReview
        The tables of a review as far as the file fills them (``tables``, ``missing``), every
        analysis with its data (``analyses``, ``effects``, ``data``), and the numbers that the
        file carries beside the same computed again (``comparison``).

    Raises
    ------
    RecordsError
        The file is no whole XML of a RevMan review, has a document type, entities or links to
        other files, or is larger than 64 MB. A single number or study that cannot be taken is
        among the ``faults`` of the result instead.
    InputError
        The argument is no path.

    Notes
    -----
    Taken are attributes and elements found in published files: DICH, CONT, IV and IPD outcomes
    with their subgroups; OTHER outcomes are listed, without numbers. ``LOG_EFFECT_SIZE`` and its
    limits are decimal logarithms and not taken, since ``EFFECT_SIZE`` is their number.
    Whether estimates of an IV outcome are logarithms is decided by the numbers of the file. For
    analyses with ``SWAP_EVENTS`` the events are taken as entered and turned; that a file holds
    them as entered could not be verified. ``RESULT`` YES is taken as low risk, NO as high.

    Every row rests on the review's account of a study, so its ``confidence`` is ``review``.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> held = pe.read_revman("review.rm5")  # doctest: +SKIP
    >>> held.comparison().query("agrees == False")  # doctest: +SKIP
    """
    if not isinstance(path, (str, Path)) or not str(path):
        raise InputError(f"path: found {path!r}, allowed is the name of a .rm5 file")
    file = Path(path)
    root = read_xml(file, "COCHRANE_REVIEW", "a RevMan 5 review (.rm5)")
    if isinstance(root, Fault):
        raise RecordsError([root], f"in {file.name}, nothing was read")
    return _review(root, file.name)


def _review(root: Node, file: str) -> ImportedReview:
    faults: list[Fault] = []

    def fault(node: Node, where: str, column: str, rule: str, found: str) -> None:
        place = f"{file}:{node.line}: {where}"
        faults.append(Fault(file, node.line, column, rule, found, place))

    references, others = read_studies(root)
    analyses = read_analyses(root, fault)
    characteristics = read_characteristics(root)
    judgements = read_judgements(root)
    used = [row.study for a in analyses for row in a.rows]
    told = [one["study"] for one in [*characteristics, *judgements]]
    references = _every_study(references, [*used, *told], file, faults)
    named = name_studies((one.id, one.label, one.year) for one in references)
    frame = judgement_frame(
        [one | {"place": f"line {one['line']}: {one['item']}"} for one in judgements], named
    )
    notes = _notes(analyses, others, named)
    tables = _tables(root, references, characteristics, named, file)
    tables["outcomes"] = to_frame(outcome_rows(analyses, named, file))
    if pooled := pooled_rows(analyses, named, file, _review_id(root, file)):
        tables["reviews"] = to_frame([_review_row(root, file, len(references))])
        tables["pooled_results"] = to_frame(pooled)
    if len(frame):
        rows, unclear = judgement_rows(frame, file)
        tables["risk_of_bias"] = to_frame(rows)
        notes += unclear
    told_of = [
        {"study_id": named[one["study"]].study_id} | {k: v for k, v in one.items() if k != "study"}
        for one in characteristics
    ]
    return ImportedReview(
        file=file,
        tables=tables,
        faults=tuple(faults),
        notes=tuple(notes),
        title=root.text("COVER_SHEET", "TITLE"),
        characteristics=pd.DataFrame(told_of, columns=_CHARACTERISTICS, dtype=object),
        judgements=frame,
        held=tuple(analyses),
        named=named,
    )


def _every_study(
    references: Sequence[Reference], used: Sequence[str], file: str, faults: list[Fault]
) -> list[Reference]:
    """Give the studies of the list, each id once, and those that only the data name."""
    kept: dict[str, Reference] = {}
    for one in references:
        place = f"{file}:{one.line}: STUDY"
        if one.id in kept:
            rule = "each included study must have an id of its own; the first is taken"
            faults.append(Fault(file, one.line, "ID", rule, one.id, place))
        else:
            kept[one.id] = one
    for key in dict.fromkeys(used):
        if key not in kept:
            kept[key] = Reference(key, key, "", "", "", "", "", "", 0)
            rule = "a study with data must be among the included studies; taken by its id alone"
            faults.append(Fault(file, 1, "STUDY_ID", rule, key, f"{file}: data"))
    return list(kept.values())


def _tables(
    root: Node,
    references: Sequence[Reference],
    characteristics: Sequence[dict[str, str]],
    named: dict[str, Named],
    file: str,
) -> dict[str, pd.DataFrame]:
    told = {one["study"]: one for one in characteristics}
    rows = []
    for one in references:
        about = told.get(one.id, {})
        year = one.year if one.year.isascii() and one.year.isdigit() else ""
        rows.append(
            {
                "study_id": named[one.id].study_id,
                "label": named[one.id].label,
                "authors": one.authors,
                "year": year,
                "title": one.title,
                "journal": one.journal,
                "doi": one.doi,
                "pmid": one.pmid,
                "population": about.get("participants", ""),
                "intervention": about.get("interventions", ""),
                "source": file,
                "locator": f"{one.id}, line {one.line}" if one.line else one.id,
                "confidence": CONFIDENCE,
            }
        )
    columns = ["study_id", "label"]
    return {"studies": to_frame(rows) if rows else pd.DataFrame(columns=columns, dtype=object)}


def _review_id(root: Node, file: str) -> str:
    return slug(Path(file).stem) or "review"


def _review_row(root: Node, file: str, studies: int) -> dict[str, str]:
    title = root.text("COVER_SHEET", "TITLE")
    return {
        "review_id": _review_id(root, file),
        "label": title or Path(file).stem,
        "title": title,
        "doi": root.get("DOI"),
        "k_studies": str(studies),
        "source": root.get("DOI") or file,
        "locator": "COVER_SHEET",
        "confidence": "primary",
    }


def _notes(
    analyses: Sequence[Analysis],
    others: Mapping[str, Sequence[str]],
    named: Mapping[str, Named],
) -> list[str]:
    notes = [
        f"{count(len(names), f'{kind} study is', f'{kind} studies are')} in no table: "
        f"{'; '.join(names)}"
        for kind, names in others.items()
    ]
    for a in analyses:
        if a.kind == "other":
            told = [f"{named[row.study].study_id}: {row.text or 'no text'}" for row in a.rows]
            notes.append(
                f"analysis {a.id}, {a.outcome}, is an outcome of texts without numbers and in no "
                f"table; {' / '.join(told) or 'no study'}"
            )
    unknown = [
        f"{a.id} {a.measure_name!r}" for a in analyses if a.kind != "other" and not a.measure
    ]
    if unknown:
        notes.append(f"effect measures that the tables do not know: {', '.join(unknown)}")
    return notes
