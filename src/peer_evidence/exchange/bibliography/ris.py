"""Reading RIS: records from TY to ER, each line with its tag; what is broken is a fault."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from peer_evidence.errors import PeerEvidenceError
from peer_evidence.exchange.bibliography.found import CODED, NOT_UTF_8, Findings, Reference
from peer_evidence.exchange.bibliography.names import author

_TAG = re.compile(r"([A-Z][A-Z0-9])  -(?: (.*)|\s*)", re.DOTALL)
_NEAR = re.compile(r"\s*([A-Z][A-Z0-9])\s*[-–—]\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"\d*[.):]?")
# tags of RIS that rispy has no name for
_ALSO = {
    *("AV", "BT", "CL", "CP", "CR", "CT", "DI", "DS", "ED", "FD", "H1", "H2", "H3", "IP", "J1"),
    *("K1", "L3", "LK", "LL", "M2", "NO", "OL", "PA", "PE", "PP", "RD", "RT", "SF", "SL", "SR"),
    *("T4", "U1", "U2", "U3", "U4", "U5", "VO", "WP", "WT", "WV", "YR"),
}
_ONCE = {"TI", "T1", "PY", "Y1", "DO", "JO", "JF", "JA", "VL", "IS", "ID", "LB"}
_CONTAINED = {"JOUR", "EJOUR", "ABST", "INPR", "MGZN", "NEWS", "CONF", "CPAPER", "CHAP", "ECHAP"}
_FIRST = {
    "title": ("TI", "T1", "CT", "BT"),
    "year": ("PY", "Y1", "YR", "DA"),
    "doi": ("DO", "DI"),
    "volume": ("VL", "VO"),
    "issue": ("IS", "IP"),
    "pages": ("SP",),
    "last_page": ("EP",),
}
_JOURNAL = ("T2", "JF", "JO", "JA", "J2", "J1")
_USED = {
    *(tag for tags in _FIRST.values() for tag in tags),
    *("TY", "ER", "AU", "A1", "ID", "LB", "AN", "UR", "DB", "DP", "M3", *_JOURNAL),
}
_INDEX = re.compile(r"pubmed|medline|\bnlm\b", re.IGNORECASE)
_PMID = re.compile(r"(?:pmid:?\s*)?(\d{1,8})", re.IGNORECASE)
_PMID_NOTE = re.compile(r"\bPMID:?\s*(\d{1,8})\b")
_PMID_WEB = re.compile(r"ncbi\.nlm\.nih\.gov/(?:pubmed/)?(\d{1,8})\b")
_DOI_WEB = re.compile(r"https?://(?:dx\.)?doi\.org/(10\.\S+)", re.IGNORECASE)
_WEB = re.compile(r"https?://\S+")
OWN = "peer_evidence"  # the provider that export_ris names


@dataclass(slots=True)
class _Record:
    """The lines of one record: tag, line and text of each."""

    line: int
    headless: bool = False
    fields: list[tuple[str, int, str]] = field(default_factory=list)
    more: list[str] = field(default_factory=list)  # lines that go on with the last field

    def settle(self) -> None:
        """Add the lines that go on with the last field to it."""
        if self.more:
            tag, at, text = self.fields[-1]
            self.fields[-1] = (tag, at, " ".join([text, *self.more]).strip())
            self.more = []

    def of(self, *tags: str) -> list[tuple[int, str]]:
        """Give line and text of each field with one of the tags, in the order of the tags."""
        return [(at, text) for tag in tags for one, at, text in self.fields if one == tag and text]


def ris_references(lines: Sequence[str], findings: Findings) -> list[Reference]:
    """Read the lines of an RIS file as references.

    Parameters
    ----------
    lines : sequence of str
        The lines of the file.
    findings : Findings
        Where faults and notes go: of a record that does not begin with TY or end with ER, a line
        whose tag is not known or stands twice, bytes that are no UTF-8.

    Returns
    -------
    list of Reference
        The sound records.

    Raises
    ------
    PeerEvidenceError
        If rispy, which names the tags, is not installed.
    """
    known = set(need_rispy().config.TAG_KEY_MAPPING) | _ALSO
    references = []
    for number, record in enumerate(_records(lines, known, findings), start=1):
        if record is None:
            continue
        broken = next((one for one in record.fields if NOT_UTF_8.search(one[2])), None)
        if broken is not None:
            findings.fault(broken[1], broken[0], CODED, broken[2])
            continue
        _only_sound(record, known, findings)
        references.append(_reference(number, record, findings))
    return references


def need_rispy() -> Any:
    """Give the module rispy, or raise PeerEvidenceError with what to install."""
    try:
        import rispy
    except ImportError as error:
        raise PeerEvidenceError(
            "RIS needs rispy, which is not installed; install the extra with "
            'pip install "peer-evidence[references]"'
        ) from error
    return rispy


def _records(lines: Sequence[str], known: set[str], findings: Findings) -> list[_Record | None]:
    """Cut the lines into records, None where one is broken; that is a fault, the rest a note."""
    done: list[_Record | None] = []
    record: _Record | None = None
    outside: list[int] = []
    for at, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found = _TAG.fullmatch(line.rstrip())
        tag, text = (found[1], (found[2] or "").strip()) if found else ("", line.strip())
        if tag == "TY":
            _close(record, None, done, findings)
            record = _Record(at, fields=[("TY", at, text)])
        elif tag == "ER":
            _close(record or _Record(at, headless=True), at, done, findings)
            record = None
        elif tag:
            record = record or _Record(at, headless=True)
            record.settle()
            record.fields.append((tag, at, text))
        elif record is None:
            near = _NEAR.fullmatch(line)
            if near and near[1] in {"TY", "ER"}:
                rule = "a tag must be two letters, two spaces, a hyphen and a space"
                findings.fault(at, near[1], rule, line)
            elif not _NUMBER.fullmatch(line.strip()):
                outside.append(at)
        else:
            _continue(record, at, line, known, findings)
    _close(record, None, done, findings)
    if outside:
        more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
        findings.notes.append(
            f"line {outside[0]}{more} belong{'s' if len(outside) == 1 else ''} to no record and "
            f"{'was' if len(outside) == 1 else 'were'} passed over: "
            f"{lines[outside[0] - 1].strip()[:60]!r}"
        )
    return done


def _continue(record: _Record, at: int, line: str, known: set[str], findings: Findings) -> None:
    """Add a line without a tag to the field before it."""
    near = _NEAR.fullmatch(line)
    if near and near[1] in known and near[1] in {"TY", "ER", *_ONCE} and not line[:1].isspace():
        rule = "a tag must be two letters, two spaces, a hyphen and a space"
        findings.fault(at, near[1], rule, line)
        return
    if record.fields[-1][0] == "TY":
        rule = "a line must begin with a tag, or go on with the field before it"
        findings.fault(at, "", rule, line)
        return
    record.more.append(line.strip())


def _close(
    record: _Record | None, at: int | None, done: list[_Record | None], findings: Findings
) -> None:
    """Keep a record that has both ends; one that has not is a fault."""
    if record is None:
        return
    record.settle()
    first = " ".join(text for _, _, text in record.fields[:2])
    if record.headless:
        rule = "a record must begin with TY; put the line 'TY  - JOUR' before it"
        findings.fault(record.line, "TY", rule, first)
    elif at is None:
        rule = "a record must end with ER; put the line 'ER  - ' after its last line"
        findings.fault(record.line, "ER", rule, first)
    done.append(None if record.headless or at is None else record)


def _only_sound(record: _Record, known: set[str], findings: Findings) -> None:
    """Take out lines whose tag is not known or stands twice; each is a fault."""
    kept: list[tuple[str, int, str]] = []
    first: dict[str, tuple[int, str]] = {}
    for tag, at, text in record.fields:
        if tag not in known:
            rule = "must be a tag of RIS; correct its two letters or delete the line"
            findings.fault(at, tag, rule, text)
        elif tag in _ONCE and text and tag in first:
            if first[tag][1] != text:
                rule = f"must stand once in a record, and stands on line {first[tag][0]}; keep one"
                findings.fault(at, tag, rule, text)
        else:
            kept.append((tag, at, text))
            if text:
                first.setdefault(tag, (at, text))
    record.fields = kept


def _reference(number: int, record: _Record, findings: Findings) -> Reference:
    one = Reference(number, record.line)
    for name, tags in _FIRST.items():
        for at, text in record.of(*tags):
            one.put(name, at, text)
    kind = record.fields[0][2]
    for at, text in record.of(*(tag for tag in _JOURNAL if tag != "T2" or kind in _CONTAINED)):
        one.put("journal", at, text)
    _put_book(one, record, findings)
    for at, text in record.of("M3", "N1"):
        if re.match(r"(doi:?\s*)?10\.\d{4,9}/\S+$", text, re.IGNORECASE):
            one.put("doi", at, text)
    _put_addresses(one, record)
    listed = record.of("AU") or record.of("A1")
    names = [author(part) for _, text in listed for part in text.split(";")]
    one.authors = [name for name, _ in names if name]
    one.surname = next((surname for _, surname in names if surname), "")
    if any(text == OWN for _, text in record.of("DP")):
        _take_own(one, record)
    for tag, _, text in record.fields:
        if text and tag not in _USED:
            findings.passed(tag)
    return one


def _put_book(one: Reference, record: _Record, findings: Findings) -> None:
    """Take the title of the book that a chapter is in as what holds it, if nothing else does."""
    for at, text in record.of("BT"):
        if text != one.text("title"):
            one.put("journal", at, text)
            if text != one.text("journal"):
                findings.passed("BT")


def _take_own(one: Reference, record: _Record) -> None:
    """Take what export_ris wrote as it stands; without a title it wrote the label there."""
    one.key = next((text for _, text in record.of("ID")), "")
    labels = record.of("LB")
    one.label = labels[0][1] if labels else one.text("title")
    one.own = bool(one.key and one.label)
    if not one.own:
        return
    if not labels:
        del one.values["title"]
    one.authors = [text for _, text in record.of("AU")]
    for at, text in record.of("AN"):
        one.put("pmid", at, text)


def _put_addresses(one: Reference, record: _Record) -> None:
    """Find the PubMed number and the web address."""
    indexed = any(_INDEX.search(text) for _, text in record.of("DB", "DP"))
    for at, text in record.of("AN"):
        found = _PMID.fullmatch(text)
        if found and (indexed or text.lower().startswith("pmid")):
            one.put("pmid", at, found[1])
    for at, text in record.of("N1", "M1", "M2", "NO"):
        found = _PMID_NOTE.search(text)
        if found:
            one.put("pmid", at, found[1])
    for at, text in record.of("UR", "L2", "LK"):
        for web in _WEB.findall(text.replace(";http", " http")):
            found = _DOI_WEB.fullmatch(web)
            if found:
                one.put("doi", at, found[1])
                continue
            found = _PMID_WEB.search(web)
            if found:
                one.put("pmid", at, found[1])
            one.put("url", at, web)
