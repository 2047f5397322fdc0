"""Looking at a zip archive before anything in it is unpacked."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

MOST_BYTES = 200_000_000
MOST_RATIO = 200
MOST_PARTS = 10_000
_DRIVE = re.compile(r"[A-Za-z]:")


def archive_problem(archive: zipfile.ZipFile, size: int) -> tuple[str, str] | None:
    """Say why an archive must not be unpacked.

    Parameters
    ----------
    archive : ZipFile
        The archive, opened.
    size : int
        Its size in bytes.

    Returns
    -------
    tuple of str or None
        The rule it breaks and what was found.

    Notes
    -----
    Reading a part stops at the size that its entry states, so that these sizes can be relied on.
    """
    parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        return f"the file must hold at most {MOST_PARTS} parts", f"{len(parts)} parts"
    for part in parts:
        if part.flag_bits & 1:
            return "the file must not be encrypted; save it without a password", part.filename
        if escapes(part.filename):
            return "no part of the file may have a name that leads out of it", part.filename
    total = sum(part.file_size for part in parts)
    if total > MOST_BYTES:
        rule = f"the file must hold at most {MOST_BYTES // 1_000_000} MB when unpacked"
        return rule, f"{total // 1_000_000} MB"
    if total > MOST_RATIO * max(size, 1):
        rule = f"the file must not unpack to more than {MOST_RATIO} times its size"
        return rule, f"{total // max(size, 1)} times"
    return None


def escapes(name: str) -> bool:
    """Tell whether the name of a part leads out of the folder that it is unpacked in.

    Examples
    --------
    >>> escapes("../up.csv"), escapes("/root.csv"), escapes("framework/terms.csv")
    (True, True, False)
    """
    plain = name.replace("\\", "/")
    return plain.startswith("/") or bool(_DRIVE.match(plain)) or ".." in plain.split("/")


def is_zip(path: Path) -> bool:
    """Tell whether a file begins as a zip archive does."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False
