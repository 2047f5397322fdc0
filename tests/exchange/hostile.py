"""A small review in which every text is hostile: markup, formulas, commands, marks that turn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import peer_evidence as pe
from peer_evidence.records.columns import Column
from peer_evidence.records.write import csv_text

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
HOSTILE = (
    f"{SCRIPT}&amp;\"' \\input{{/etc/passwd}} $x^2$ $\\frac{{1}} 5% a_b {{c}} {{{{d}}}} "
    "[x](javascript:alert(1)) `tick` **b** ${e} \u202egnp.exe\u202c"
)
_SMALL = ("invented_a", "invented_b", "invented_d")
_TOPIC = {"domain", "problem_type", "initiative_type", "comparator_type"}


def write_hostile(folder: Path) -> Path:
    """Write the invented example with three of its studies and every text made hostile."""
    from peer_evidence.records.package import read_sound_package

    package = read_sound_package(pe.new_review(folder.with_name("plain"), "example"))
    folder.mkdir()
    for name, raw in package.raw.items():
        if name == "codebook":
            continue
        known = {column.name: column for column in package.tables[name].columns}
        if "study_id" in raw.columns:
            keep = np.isin(raw.columns["study_id"].astype(str), _SMALL)
            raw.columns = {one: cells[keep] for one, cells in raw.columns.items()}
        for one, cells in raw.columns.items():
            for row, text in enumerate(cells):
                cells[row] = _spoilt(name, known[one], str(text), row, raw.columns)
        (folder / raw.file).write_text(csv_text(raw), encoding="utf-8", newline="")
    return folder


def _spoilt(table: str, column: Column, text: str, row: int, columns: dict[str, np.ndarray]) -> str:
    """Give what stands in a cell instead; numbers, dates and words of the method stay."""
    if not text:
        return text
    if table == "package":
        if column.name == "field":
            return text
        return _key(text) if columns["field"][row] == "narrative" else hostile(text)
    if table == "vocabulary":
        return {"vocabulary": text, "value": word(text)}.get(column.name, hostile(text))
    if column.name in _TOPIC or (column.name == "scope" and text != "all"):
        return text if table == "risk_of_bias" else word(text)
    if column.kind == "key":
        return _key(text)
    if column.kind == "list":
        return ";".join(_key(one) for one in text.split(";") if one in _SMALL)
    if column.kind == "text" and column.name not in {"arguments"}:
        return ("=" if column.name == "label" else "") + hostile(text)
    return text


def hostile(text: str) -> str:
    """Give a text with everything hostile around it."""
    return f"{text} {HOSTILE}"


def word(text: str) -> str:
    """Give a word of the topic that is markup and a path."""
    return f"../../{text}<b>$x^2$"


def _key(text: str) -> str:
    return f"{text}<i>\"'$_%"
