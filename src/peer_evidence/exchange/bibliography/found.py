"""What is found in a file of references: each reference with its lines, faults and notes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from peer_evidence.errors import InputError
from peer_evidence.records.faults import Fault

MOST_BYTES = 200_000_000
NOT_UTF_8 = re.compile("[\udc80-\udcff]")
CODED = "must be UTF-8; export the references again with that encoding"
_WIDE = {b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32"}
_MARKED = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_LINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Value:
    """A text of a reference, and the line it begins on."""

    line: int
    text: str


@dataclass(slots=True)
class Reference:
    """One reference as its file holds it.

    Attributes
    ----------
    number, line : int
        Which of the file it is, counted from 1, and the line it begins on.
    values : dict of str to Value
        ``title``, ``year``, ``journal``, ``doi``, ``pmid`` and ``url`` as they stand.
    authors : list of str
        As ``Surname Initials`` or the name of a group.
    surname : str
        Of the first author.
    own : bool
        Whether :func:`peer_evidence.export_ris` wrote it, so that every text stands as it was.
    key, label : str
        Those that it has then.
    """

    number: int
    line: int
    values: dict[str, Value] = field(default_factory=dict)
    authors: list[str] = field(default_factory=list)
    surname: str = ""
    own: bool = False
    key: str = ""
    label: str = ""

    def put(self, name: str, line: int, text: str) -> None:
        """Keep the first text of a name that is not empty."""
        if text and name not in self.values:
            self.values[name] = Value(line, text)

    def text(self, name: str) -> str:
        """Give the text of a name, empty when there is none."""
        held = self.values.get(name)
        return held.text if held else ""


@dataclass(slots=True)
class Findings:
    """The faults and notes of a file, gathered while it is read."""

    file: str
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    passed_over: dict[str, int] = field(default_factory=dict)

    def fault(self, line: int, column: str, rule: str, found: str) -> None:
        """Note what could not be taken."""
        self.faults.append(Fault(self.file, line, column, rule, readable(found).strip()))

    def passed(self, name: str) -> None:
        """Count a field that a study has no column for."""
        self.passed_over[name] = self.passed_over.get(name, 0) + 1


def readable(text: str) -> str:
    """Give a text with the bytes that are no UTF-8 as signs of replacement.

    Examples
    --------
    >>> readable("caf" + chr(0xDCE9))
    'caf\N{REPLACEMENT CHARACTER}'
    """
    return NOT_UTF_8.sub("\N{REPLACEMENT CHARACTER}", text)


def read_lines(path: Path, findings: Findings) -> list[str] | None:
    """Read the lines of a text file; bytes that are no UTF-8 stay to be found by the reader.

    Parameters
    ----------
    path : Path
        The file.
    findings : Findings
        Where the fault goes when it cannot be read at all.

    Returns
    -------
    list of str or None
        None when it is no text. UTF-16 is read when its mark is there.

    Raises
    ------
    InputError
        If there is no such file.
    """
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is not there"
            raise InputError(f"path: {str(path)!r} {what}; give a file of references")
        if path.stat().st_size > MOST_BYTES:
            rule = f"the file must hold at most {MOST_BYTES // 1_000_000} MB; split it"
            findings.fault(1, "", rule, f"{path.stat().st_size // 1_000_000} MB")
            return None
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"path: {str(path)!r} cannot be read ({why})") from error
    coding = next((name for mark, name in _WIDE.items() if data.startswith(mark)), "")
    coding = coding or next((name for mark, name in _MARKED.items() if data.startswith(mark)), "")
    if coding == "utf-16":
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError as error:
            findings.fault(1, "", "the file " + CODED, f"UTF-16 text broken at byte {error.start}")
            return None
    else:
        text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    if coding == "utf-32" or len(_CONTROL.findall(text, 0, 4000)) * 20 > len(text[:4000]):
        found = "UTF-32 text" if coding == "utf-32" else "bytes that are no text"
        findings.fault(1, "", "the file " + CODED, found)
        return None
    return _LINE.split(text)
