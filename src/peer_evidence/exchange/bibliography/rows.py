"""References as the rows of a table of studies: keys, labels, identifiers, and doubles named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from peer_evidence.exchange.bibliography.found import Findings, Reference
from peer_evidence.exchange.bibliography.names import slug
from peer_evidence.records.decode import control_character

COLUMNS = (
    *("study_id", "label", "authors", "year", "title", "journal", "doi", "pmid"),
    *("source", "locator", "confidence"),
)
SECONDARY = "secondary"
_DOI_BEFORE = re.compile(r"(?:https?://)?(?:dx\.)?(?:www\.)?doi\.org/|doi[:\s]\s*", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|2[01]\d\d|2200)(?!\d)")
_PMID = re.compile(r"(?:pmid:?\s*)?(\d{1,8})", re.IGNORECASE)


def study_rows(references: Sequence[Reference], findings: Findings) -> list[dict[str, str]]:
    """Give each reference as a row of studies, in the order of the file.

    Parameters
    ----------
    references : sequence of Reference
        What was read.
    findings : Findings
        Where faults and notes go: of values that cannot be taken, and of doubles.

    Returns
    -------
    list of dict
        A text for each of ``COLUMNS``, empty where the file says nothing.
    """
    kept = [one for one in references if _says_something(one, findings)]
    rows = [_row(one, findings) for one in kept]
    _name(kept, rows, findings)
    _note_doubles(kept, rows, findings)
    return rows


def clean_doi(text: str) -> str | None:
    """Give a DOI without what stands before and after it; None where the text is none.

    Examples
    --------
    >>> clean_doi("https://doi.org/10.1176/ps.2009.60.4.491"), clean_doi("doi: 10.1000/1.")
    ('10.1176/ps.2009.60.4.491', '10.1000/1')
    >>> clean_doi("PMC3933205") is None
    True
    """
    before = _DOI_BEFORE.match(text)
    bare = text[before.end() :].strip() if before else text.strip()
    bare = unquote(bare) if before and "%" in bare else bare
    bare = bare.removesuffix("[doi]").strip().rstrip(".,;")
    return bare if _DOI.fullmatch(bare) else None


def _says_something(one: Reference, findings: Findings) -> bool:
    """Tell whether a record names a study at all; one that does not is a fault."""
    if one.authors or one.own or any(name in one.values for name in ("title", "doi", "pmid")):
        return True
    rule = "a record must have an author, a title, a DOI or a PubMed number; complete or delete it"
    findings.fault(one.line, "", rule, " ".join(held.text for held in one.values.values()))
    return False


def _row(one: Reference, findings: Findings) -> dict[str, str]:
    """Take the values that stand in a reference."""
    for name, held in list(one.values.items()):
        if control_character(held.text):
            rule = "must not hold control characters; delete them"
            findings.fault(held.line, name, rule, held.text)
            del one.values[name]
    row = dict.fromkeys(COLUMNS, "")
    row["authors"] = "; ".join(name for name in one.authors if not control_character(name))
    row["title"] = one.text("title")
    row["year"] = _year(one, findings)
    row["journal"] = _journal(one)
    row["doi"] = _doi(one, findings)
    row["pmid"] = _pmid(one, findings)
    number = f"pmid:{row['pmid']}" if row["pmid"] else ""
    web = one.text("url")
    row["source"] = (web if one.own else "") or row["doi"] or number or web or findings.file
    row["locator"] = f"{findings.file}, record {one.number}, line {one.line}"
    row["confidence"] = SECONDARY
    return row


def _year(one: Reference, findings: Findings) -> str:
    held = one.values.get("year")
    if held is None:
        return ""
    found = _YEAR.search(held.text)
    if found is None:
        rule = "must hold a year of four digits, from 1500 to 2200"
        findings.fault(held.line, "year", rule, held.text)
        return ""
    return found[1]


def _journal(one: Reference) -> str:
    """Write journal, volume, issue and pages as ``Journal 60(4):491-497``."""
    name = one.text("journal")
    if not name:
        return ""
    first, last = one.text("pages").replace("--", "-").replace("\u2013", "-"), one.text("last_page")
    pages = first if not last or last == first or "-" in first else f"{first}-{last}"
    issue = f"({one.text('issue')})" if one.text("issue") else ""
    place = one.text("volume") + issue + (f":{pages}" if pages else "")
    return f"{name} {place}".strip()


def _doi(one: Reference, findings: Findings) -> str:
    held = one.values.get("doi")
    if held is None:
        return ""
    found = held.text if one.own else clean_doi(held.text)
    if found is None:
        rule = "must be a DOI, which begins with 10. and a number and has a slash; correct it"
        findings.fault(held.line, "doi", rule, held.text)
    return found or ""


def _pmid(one: Reference, findings: Findings) -> str:
    held = one.values.get("pmid")
    if held is None:
        return ""
    found = _PMID.fullmatch(held.text)
    if found is None or not int(found[1]):
        findings.fault(held.line, "pmid", "must be the PubMed number, of digits alone", held.text)
        return ""
    return str(int(found[1]))


def _name(
    references: Sequence[Reference], rows: Sequence[dict[str, str]], findings: Findings
) -> None:
    """Give each row its key and label; those that would be equal get a letter."""
    taken: set[str] = set()
    for one, row in zip(references, rows, strict=True):
        if one.own and one.key in taken:
            findings.notes.append(f"line {one.line}: the ID {one.key!r} is taken; it gets another")
            one.own = False
        if one.own:
            taken.add(one.key)
            row["study_id"], row["label"] = one.key, one.label
    seen: dict[str, int] = {}
    for one, row in zip(references, rows, strict=True):
        if row["study_id"]:
            continue
        who = one.surname or " ".join(row["title"].split()[:4]) or f"Record {one.number}"
        when = row["year"] or "n.d."
        key = "_".join(part for part in (slug(who) or "study", slug(when)) if part)
        mark = _mark(key, seen, taken)
        row["study_id"], row["label"] = key + mark, f"{who} {when}{mark}"


def _mark(key: str, seen: dict[str, int], taken: set[str]) -> str:
    """Give what makes a key the only one: nothing, b, c, ..., z, _27, ..."""
    while True:
        seen[key] = place = seen.get(key, 0) + 1
        mark = "" if place == 1 else chr(ord("a") + place - 1) if place <= 26 else f"_{place}"
        if key + mark not in taken:
            taken.add(key + mark)
            return mark


def _note_doubles(
    references: Sequence[Reference], rows: Sequence[dict[str, str]], findings: Findings
) -> None:
    """Name records that seem to be one study; all of them were taken."""
    told: set[tuple[int, int]] = set()
    first: dict[tuple[str, str], int] = {}
    for place, (one, row) in enumerate(zip(references, rows, strict=True)):
        words = re.sub(r"\W+", " ", row["title"].lower()).strip()
        keys = {
            "DOI": row["doi"].lower(),
            "PubMed number": row["pmid"],
            "title and year": f"{words} {row['year']}" if words and row["year"] else "",
        }
        for what, value in keys.items():
            if not value:
                continue
            before = first.setdefault((what, value), place)
            if before != place and (before, place) not in told:
                told.add((before, place))
                findings.notes.append(
                    f"line {one.line}: {row['study_id']} has the same {what} as "
                    f"{rows[before]['study_id']} (line {references[before].line}); both were "
                    "taken, keep one"
                )
