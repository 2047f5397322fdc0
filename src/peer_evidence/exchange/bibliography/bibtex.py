"""Reading BibTeX: entries with their fields; what is broken is a fault, the others are read."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from peer_evidence.errors import PeerEvidenceError
from peer_evidence.exchange.bibliography.found import CODED, NOT_UTF_8, Findings, Reference
from peer_evidence.exchange.bibliography.latex import plain_text, verbatim
from peer_evidence.exchange.bibliography.names import author

_MONTHS = {
    *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
}
_FIRST = {
    "title": ("title",),
    "year": ("year", "date"),
    "journal": ("journal", "journaltitle", "booktitle"),
    "doi": ("doi",),
    "pmid": ("pmid",),
    "url": ("url",),
    "volume": ("volume",),
    "issue": ("number", "issue"),
    "pages": ("pages",),
}
_USED = {*(name for names in _FIRST.values() for name in names), "author", "month"}
_VERBATIM = {"doi", "pmid", "url", "eprint"}
_PMID_NOTE = re.compile(r"\bPMID:?\s*(\d{1,8})\b")
_LONGEST = 20_000  # characters that @strings may add to a value
_NOTES = ("note", "annote", "annotation")


def bibtex_references(lines: Sequence[str], findings: Findings) -> list[Reference]:
    """Read the lines of a BibTeX file as references.

    Parameters
    ----------
    lines : sequence of str
        The lines of the file.
    findings : Findings
        Where faults and notes go: of an entry that cannot be read, a key or a field that stands
        twice, an @string that nobody defines, bytes that are no UTF-8.

    Returns
    -------
    list of Reference
        The sound entries.

    Raises
    ------
    PeerEvidenceError
        If bibtexparser is not installed.
    """
    bibtexparser = need_bibtexparser()
    model = bibtexparser.model
    try:
        with _silent():
            library = bibtexparser.parse_string("\n".join(lines), parse_stack=[])
    except Exception as error:  # whatever a damaged file sets off in the library
        findings.fault(1, "", "the file must be sound BibTeX", f"{type(error).__name__} in it")
        return []
    strings = _all_resolved(
        {str(name).lower(): str(one.value) for name, one in library.strings_dict.items()}
    )
    references: list[Reference] = []
    first: dict[str, int] = {}  # the line of each key
    number = 0
    for block in library.blocks:
        double = (model.DuplicateFieldKeyBlock, model.DuplicateBlockKeyBlock)
        inner = block.ignore_error_block if isinstance(block, double) else block
        line = int(inner.start_line or 0) + 1
        if isinstance(inner, (model.Entry, model.String)):
            number += isinstance(inner, model.Entry)
            kind = "" if isinstance(inner, model.Entry) else "@string "
            if first.setdefault(f"{kind}{inner.key}", line) != line:
                rule = f"must stand once, and stands on line {first[f'{kind}{inner.key}']} already"
                findings.fault(line, "", f"the key {rule}; give another", str(inner.key))
            elif not kind:
                found = _reference(number, inner, strings, findings)
                references += [] if found is None else [found]
        elif isinstance(block, model.ParsingFailedBlock):
            number += 1
            rule = (
                "must be a sound entry; close its braces and quotes, put a comma after each field"
            )
            findings.fault(line, "", rule, str(block.raw or "").strip().partition("\n")[0])
        elif isinstance(block, model.ImplicitComment):
            _note_outside(block, findings)
    return references


def need_bibtexparser() -> Any:
    """Give the module bibtexparser, or raise PeerEvidenceError with what to install."""
    try:
        import bibtexparser
        import bibtexparser.model
    except ImportError as error:  # version 1 has no such module
        raise PeerEvidenceError(
            "BibTeX needs bibtexparser 2, which is not installed; install the extra with "
            'pip install "peer-evidence[references]"'
        ) from error
    return bibtexparser


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the library from printing what is told as faults here."""
    logger = logging.getLogger("bibtexparser")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _note_outside(block: Any, findings: Findings) -> None:
    """Name text between the entries, which BibTeX takes as a comment."""
    texts = [
        (at, text.strip())
        for at, text in enumerate(str(block.comment).split("\n"), int(block.start_line or 0) + 1)
        if text.strip() and not text.lstrip().startswith("%")
    ]
    if texts:
        more = f" and {len(texts) - 1} more" if len(texts) > 1 else ""
        findings.notes.append(
            f"line {texts[0][0]}{more} belong{'s' if len(texts) == 1 else ''} to no entry and "
            f"{'was' if len(texts) == 1 else 'were'} passed over: {texts[0][1][:60]!r}"
        )


def _reference(
    number: int, entry: Any, strings: Mapping[str, str | None], findings: Findings
) -> Reference | None:
    """Take an entry; None when its bytes are no UTF-8."""
    line = int(entry.start_line or 0) + 1
    if NOT_UTF_8.search(str(entry.raw or "")):
        rows = enumerate(str(entry.raw).split("\n"), start=line)
        at, text = next((at, text) for at, text in rows if NOT_UTF_8.search(text))
        findings.fault(at, "", CODED, text)
        return None
    one = Reference(number, line)
    held: dict[str, tuple[int, str]] = {}
    for given in entry.fields:
        name, at = str(given.key).lower(), int(given.start_line or 0) + 1
        value = _resolved(str(given.value), strings)
        if value is None:
            rule = "must be a text in braces or quotes, or an @string that the file defines"
            findings.fault(at, name, rule, str(given.value))
        elif name not in held:
            held[name] = (at, value)
        elif held[name][1] != value:
            rule = f"must stand once in an entry, and stands on line {held[name][0]}; keep one"
            findings.fault(at, name, rule, value)
    for name, sources in _FIRST.items():
        for source in sources:
            if source in held:
                at, text = held[source]
                one.put(name, at, _decoded(text, source, at, findings))
    used = _USED | _put_pmid(one, held)
    _put_authors(one, held, findings)
    for name, (_, text) in held.items():
        if text.strip() and name not in used and not (name == "editor" and "author" not in held):
            findings.passed(name)
    return one


def _decoded(text: str, name: str, at: int, findings: Findings) -> str:
    if name in _VERBATIM:
        return verbatim(text)
    found = plain_text(text)
    if found is None:
        findings.notes.append(f"line {at}: {name}: its LaTeX could not be read and stands as it is")
        return " ".join(text.split())
    return found


def _put_pmid(one: Reference, held: Mapping[str, tuple[int, str]]) -> set[str]:
    """Find the PubMed number where it has no field of its own; give the fields that held it."""
    kind = held.get("eprinttype", held.get("archiveprefix", (0, "")))[1]
    if "eprint" in held and kind.strip("{} ").lower() in {"pubmed", "pmid", "medline"}:
        one.put("pmid", held["eprint"][0], verbatim(held["eprint"][1]))
        return {"eprint", "eprinttype", "archiveprefix"}
    for name in _NOTES:
        if name in held:
            found = _PMID_NOTE.search(held[name][1])
            if found:
                one.put("pmid", held[name][0], found[1])
    return set()


def _put_authors(one: Reference, held: Mapping[str, tuple[int, str]], findings: Findings) -> None:
    """Take the authors, or the editors of what has none."""
    at, text = held.get("author", held.get("editor", (one.line, "")))
    for name in _people(text):
        if name.strip().lower() == "others":
            one.authors.append("et al.")
            continue
        written, surname = author(_last_first(name, at, findings))
        one.surname = one.surname or surname
        one.authors += [written] if written else []


def _people(text: str) -> list[str]:
    """Split names at each `and` that stands in no braces."""
    people, depth, begin = [], 0, 0
    for found in re.finditer(r"\\.|[{}]|\s+and\s+", text, re.DOTALL | re.IGNORECASE):
        sign = found.group()
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth = max(depth - 1, 0)
        elif depth == 0 and sign[0] != "\\":
            people.append(text[begin : found.start()])
            begin = found.end()
    return [one for one in (*people, text[begin:]) if one.strip()]


def _last_first(name: str, at: int, findings: Findings) -> str:
    """Write a name as ``Surname, Given``; a group in braces stays whole, without a comma."""
    from bibtexparser.middlewares.names import InvalidNameError, parse_single_name_into_parts

    name = " ".join(name.split())
    if name.startswith("{") and name.endswith("}") and name.count("{") == name.count("}") == 1:
        return _decoded(name, "author", at, findings).replace(",", " ")
    try:
        parts = parse_single_name_into_parts(name, strict=False)
    except (InvalidNameError, IndexError, ValueError):
        return _decoded(name, "author", at, findings)
    surname = " ".join([*parts.von, *parts.last])
    pieces = [surname, " ".join(parts.first), " ".join(parts.jr)]
    return ", ".join(_decoded(piece, "author", at, findings) for piece in pieces if piece)


def _all_resolved(strings: Mapping[str, str]) -> dict[str, str | None]:
    """Give the text of each @string; None where it names one that is not defined before it."""
    found: dict[str, str | None] = {}
    for name, value in strings.items():
        found[name] = _resolved(value, found)
    return found


def _resolved(value: str, strings: Mapping[str, str | None]) -> str | None:
    """Give the text of a value: braces, quotes, numbers and names of @strings, joined by #."""
    texts, added = [], 0
    for part in _joined(value):
        if len(part) > 1 and (part[0], part[-1]) in {("{", "}"), ('"', '"')}:
            texts.append(part[1:-1])
        elif part.isdigit() or part.lower() in _MONTHS or not part:
            texts.append(part)
        else:
            inner = strings.get(part.lower())
            if inner is None:
                return None
            texts.append(inner)
            added += len(inner)
    return "".join(texts) if added <= _LONGEST else None


def _joined(value: str) -> list[str]:
    """Split a value at each # that stands in no braces or quotes."""
    parts, depth, quoted, begin = [], 0, False, 0
    for at, sign in enumerate(value):
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
        elif sign == '"' and depth == 0:
            quoted = not quoted
        elif sign == "#" and depth == 0 and not quoted:
            parts.append(value[begin:at].strip())
            begin = at + 1
    return [*parts, value[begin:].strip()]
