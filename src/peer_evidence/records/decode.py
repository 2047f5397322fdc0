"""The bytes of a file: whether it is text at all, and in UTF-8."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peer_evidence.records.read import RawTable

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")  # or half a character
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_SAVE = "in a spreadsheet, save it as 'CSV UTF-8'"
_BOM = b"\xef\xbb\xbf"
_WORKBOOKS = {
    b"PK\x03\x04": "a workbook (.xlsx or .ods) or another zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"%PDF": "a PDF",
}
_WIDE = {
    b"\xff\xfe\x00\x00": "UTF-32 text",
    b"\x00\x00\xfe\xff": "UTF-32 text",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def read_text(path: Path, raw: RawTable) -> bytes | None:
    """Read a file as clean UTF-8 bytes without a byte order mark.

    Bytes that are no UTF-8 are noted as one fault and then read as Windows-1252, so that the
    other faults of the file come to light at once.

    Parameters
    ----------
    path : Path
        The file.
    raw : RawTable
        Where faults are noted.

    Returns
    -------
    bytes or None
        None when the file cannot be read as text at all.
    """
    data = _read_bytes(path, raw)
    return None if data is None else clean_text(data, raw)


def clean_text(data: bytes, raw: RawTable) -> bytes | None:
    """Give the bytes of a file as clean UTF-8 without a byte order mark, as :func:`read_text`."""
    wide = data.startswith(tuple(_WIDE))
    data = data.removeprefix(_BOM)
    if not data.strip():
        raw.fault(1, "", "the file must not be empty; a table without rows has its header", "")
        return None
    for mark, what in _WORKBOOKS.items():
        if data.startswith(mark):
            raw.fault(1, "", f"the file must be CSV text; {_SAVE}", what)
            return None
    if wide or _looks_wide(data):
        what = next((what for mark, what in _WIDE.items() if data.startswith(mark)), "UTF-16 text")
        raw.fault(1, "", f"the file must be UTF-8 text; {_SAVE}", what)
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", "surrogateescape")
        lines = _lines_with(_NOT_UTF_8, text)
        text = _NOT_UTF_8.sub(_windows_1252, text)
        if not _mostly_control(text):
            _note_encoding(error, lines, raw)
        data = text.encode("utf-8")
    if _mostly_control(text):
        raw.fault(1, "", f"the file must be CSV text; {_SAVE}", "bytes that are no text")
        return None
    raw.has_controls = _CONTROL.search(text) is not None
    return data


def control_character(text: str) -> str | None:
    r"""Give the first control character of a text, or None.

    Examples
    --------
    >>> control_character("hope" + chr(7))
    '\x07'
    """
    match = _CONTROL.search(text)
    return match.group() if match else None


def _read_bytes(path: Path, raw: RawTable) -> bytes | None:
    try:
        if path.is_file():
            return path.read_bytes()
        found = "a folder" if path.is_dir() else "a link to nothing, or no ordinary file"
    except OSError as error:
        found = error.strerror or type(error).__name__
    raw.fault(1, "", "must be a file that can be read", found)
    return None


def _looks_wide(data: bytes) -> bool:
    """Tell text of two bytes a letter, saved without its mark, by its many zero bytes."""
    start = data[:400]
    return start.count(0) * 3 >= len(start)


def _mostly_control(text: str) -> bool:
    start = text[:4000]
    return len(_CONTROL.findall(start)) * 20 > len(start)


def _lines_with(pattern: re.Pattern[str], text: str) -> int:
    """Count the lines that hold what a pattern finds."""
    return sum(1 for line in re.split(r"\r\n|\r|\n", text) if pattern.search(line))


def _windows_1252(match: re.Match[str]) -> str:
    return bytes([ord(match.group()) - 0xDC00]).decode("cp1252", "replace")


def _note_encoding(error: UnicodeDecodeError, lines: int, raw: RawTable) -> None:
    data, start = error.object, error.start
    before = data[:start]
    line = before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n") + 1
    left = re.split(rb"[\r\n,;]", data[max(0, start - 20) : start])[-1]
    right = re.split(rb"[\r\n,;]", data[start : start + 20])[0]
    word = (left + right).decode("utf-8", "surrogateescape")
    word = _NOT_UTF_8.sub(_windows_1252, word).strip()
    more = f", and on {lines - 1} more line{'s' * (lines > 2)}" if lines > 1 else ""
    found = f"byte 0x{data[start]:02x} in {word}{more}"
    raw.fault(line, "", f"the file must be UTF-8 text; {_SAVE}", found)
