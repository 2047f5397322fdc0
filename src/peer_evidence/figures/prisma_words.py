"""What the boxes of a PRISMA 2020 flow diagram say, and where in the template they stand."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from peer_evidence.appraisal.flow import Flow
from peer_evidence.appraisal.flow_boxes import BOX_WORDS

_NEW = {
    "new_studies": "New studies included in review",
    "new_reports": "Reports of new included studies",
}
_HEADS = {"identified": "Records identified from:", "other": "Records identified from:",
          "removed": "Records removed before screening:"}  # fmt: skip
# place of the template -> column, row, boxes
PLACES: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "previous": ("previous", 0, ("previous_studies", "previous_reports")),
    "identified": ("main", 0, ("database_results", "register_results")),
    "removed": ("out", 0, ("duplicates", "excluded_automatic", "excluded_other")),
    "other": ("other", 0, ("website_results", "organisation_results", "citations_results")),
    "screened": ("main", 1, ("records_screened",)),
    "screened_out": ("out", 1, ("records_excluded",)),
    "sought": ("main", 2, ("dbr_sought_reports",)),
    "not_retrieved": ("out", 2, ("dbr_notretrieved_reports",)),
    "other_sought": ("other", 2, ("other_sought_reports",)),
    "other_not_retrieved": ("other_out", 2, ("other_notretrieved_reports",)),
    "assessed": ("main", 3, ("dbr_assessed",)),
    "excluded": ("out", 3, ("dbr_excluded",)),
    "other_assessed": ("other", 3, ("other_assessed",)),
    "other_excluded": ("other_out", 3, ("other_excluded",)),
    "new": ("main", 4, ("new_studies", "new_reports")),
    "total": ("main", 5, ("total_studies", "total_reports")),
    "meta_analysis": ("main", 6, ("total_studies_ma", "total_reports_ma")),
}
_SPECIFIC = {
    "database_results": "database_specific_results",
    "register_results": "register_specific_results",
}
TIE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a box before it is wrapped: its words, how far it stands in, where it leads."""

    text: str
    depth: int = 0
    note: str = ""
    link: str = ""


def entries_of(flow: Flow) -> dict[str, list[Entry]]:
    """Write what stands in each place of the template that has any count."""
    table = flow.table.fillna({"label": "", "link": "", "note": ""})
    words = BOX_WORDS | (_NEW if flow.has("previous_studies") else {})
    written: dict[str, list[Entry]] = {}
    for place, (_, _, boxes) in PLACES.items():
        found: list[Entry] = []
        for box in boxes:
            found += _entries(flow, table, box, words[box], depth=int(place in _HEADS))
        if found:
            head = [Entry(_HEADS[place])] if place in _HEADS else []
            written[place] = head + found
    return written


def _entries(flow: Flow, table: pd.DataFrame, box: str, words: str, depth: int) -> list[Entry]:
    """Write a box: its own line, then one a database, register or reason."""
    own = table[(table["box"] == box) & ~((table["label"] != "") & box_has_reasons(box))]
    parts = table[
        (table["box"] == _SPECIFIC.get(box, ""))
        | ((table["box"] == box) & (table["label"] != "") & box_has_reasons(box))
    ]
    if own.empty and parts.empty:
        return []
    said = [_count(words, flow.number(box))]
    notes, links = "", ""
    if not own.empty:
        row = own.iloc[0]
        notes, links = str(row["note"]), str(row["link"])
        said = [_count(str(row["label"]) or words, None if pd.isna(row["n"]) else int(row["n"]))]
    end = ":" if len(parts) else ""
    found = [Entry(said[0] + end, depth, notes, links)]
    for _, row in parts.iterrows():
        n = None if pd.isna(row["n"]) else int(row["n"])
        text = _count(str(row["label"]), n)
        found.append(Entry(text, depth + 1, str(row["note"]), str(row["link"])))
    return found


def box_has_reasons(box: str) -> bool:
    """Tell whether rows of a box that have a label are its reasons."""
    return box in {"dbr_excluded", "other_excluded"}


def _count(words: str, n: int | None) -> str:
    number = f"n{TIE}not{TIE}known" if n is None else f"n{TIE}={TIE}{n:,}"
    return f"{words} ({number})"
