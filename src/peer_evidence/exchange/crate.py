"""The description of a packed review as a Research Object Crate."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

CRATE = "ro-crate-metadata.json"
_SPECIFICATION = "https://w3id.org/ro/crate/1.2"
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_WEB = re.compile(r"https?://[^\s<>\"]+")
_KINDS = {
    **{".csv": "text/csv", ".html": "text/html", ".json": "application/json"},
    **{".md": "text/markdown", ".txt": "text/plain", ".svg": "image/svg+xml"},
    **{".png": "image/png", ".pdf": "application/pdf"},
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
Entity = dict[str, Any]


def crate_text(
    files: Mapping[str, bytes],
    later: Sequence[str],
    facts: Mapping[str, str],
    versions: Mapping[str, str],
    clock: str = "",
) -> str:
    """Describe the files of a packed review as a Research Object Crate 1.2.

    Parameters
    ----------
    files : mapping of str to bytes
        The files by their path in the archive.
    later : sequence of str
        Files that are made after this one, of which no size and digest can be told here.
    facts : mapping of str to str
        The facts of the review, of which title, question, records_note, licence, authors and
        published are told.
    versions : mapping of str to str
        What made it: ``peer_evidence``, ``python`` and the packages.
    clock : str
        The environment variable SOURCE_DATE_EPOCH, seconds since 1970 in UTC; empty without it.

    Returns
    -------
    str
        The text of ``ro-crate-metadata.json``; equal inputs give equal text.

    Notes
    -----
    The specification (Soiland-Reyes et al. 2022, doi 10.3233/DS-210053; version 1.2, Root Data
    Entity) wants a date of publication. It is the fact ``published`` of the review, else the
    given clock, else it is left out and the description says so; nothing is made up.
    """
    written = [name for name in sorted(files) if not name.startswith("records/")]
    names = sorted({*files, *later})
    people = _people(facts.get("authors", ""))
    licence = _licence(facts.get("licence", "").strip())
    date = _date(facts.get("published", "").strip(), clock)
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": facts["title"],
        "description": _description(facts, date),
        **({"datePublished": date} if date else {}),
        "license": {"@id": licence["@id"]} if licence else _plain_licence(facts),
        **({"author": [_to(one) for one in people]} if people else {}),
        "hasPart": [{"@id": quote(name)} for name in names],
        "mentions": {"@id": "#made"},
    }
    descriptor = {
        **{"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"}},
        "conformsTo": {"@id": _SPECIFICATION},
    }
    graph = [descriptor, root, *(_file(name, files.get(name)) for name in names)]
    graph += [*people, *([licence] if licence else []), *_software(versions)]
    graph.append(
        {
            **{"@id": "#made", "@type": "CreateAction", "name": "The review was computed"},
            "instrument": {"@id": "#peer_evidence"},
            "object": [{"@id": quote(name)} for name in names if name.startswith("records/")],
            "result": [{"@id": quote(name)} for name in written],
        }
    )
    context = [f"{_SPECIFICATION}/context", {"sha256": "http://schema.org/sha256"}]
    text = json.dumps({"@context": context, "@graph": graph}, indent=2, ensure_ascii=False)
    return text + "\n"


def _to(entity: Entity) -> Entity:
    return {"@id": entity["@id"]}


def _file(name: str, data: bytes | None) -> Entity:
    path = PurePosixPath(name)
    entity: Entity = {"@id": quote(name), "@type": "File", "name": path.name}
    if path.suffix in _KINDS:
        entity["encodingFormat"] = _KINDS[path.suffix]
    if data is not None:
        entity["contentSize"] = str(len(data))
        entity["sha256"] = hashlib.sha256(data).hexdigest()
    return entity


def _people(authors: str) -> list[Entity]:
    names = [one.strip() for one in authors.split(";") if one.strip()]
    return [
        {"@id": f"#author-{place}", "@type": "Person", "name": name}
        for place, name in enumerate(names, start=1)
    ]


def _licence(text: str) -> Entity | None:
    """Give a licence that has an address as an entity."""
    found = _WEB.search(text)
    if found is None:
        return None
    return {"@id": found[0], "@type": "CreativeWork", "name": text, "description": text}


def _plain_licence(facts: Mapping[str, str]) -> str:
    return facts.get("licence", "").strip() or "The records state no licence."


def _date(published: str, clock: str) -> str:
    if _DATE.fullmatch(published):
        return published
    if clock.isdecimal():
        try:
            return datetime.fromtimestamp(int(clock), UTC).date().isoformat()
        except (OverflowError, ValueError, OSError):
            return ""
    return ""


def _description(facts: Mapping[str, str], date: str) -> str:
    parts = [facts.get(name, "").strip() for name in ("question", "records_note")]
    parts.append("The records of a review with its page, figures and tables.")
    if not date:
        parts.append("No date of publication is stated.")
    return " ".join(part for part in parts if part)


def _software(versions: Mapping[str, str]) -> list[Entity]:
    others = [
        {"@id": f"#{name}", "@type": "SoftwareApplication", "name": name, "version": version}
        for name, version in versions.items()
        if name != "peer_evidence"
    ]
    own = {
        **{"@id": "#peer_evidence", "@type": "SoftwareApplication", "name": "peer_evidence"},
        "version": versions["peer_evidence"],
        "softwareRequirements": [_to(one) for one in others],
    }
    return [own, *others]
