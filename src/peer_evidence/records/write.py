"""Writing a file whole or not at all, from a command that takes one folder."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from peer_evidence.errors import PeerEvidenceError
from peer_evidence.writing import write_whole

if TYPE_CHECKING:
    from peer_evidence.records.read import RawTable

_NEEDS_QUOTES = re.compile('[",\r\n]')


def csv_text(raw: RawTable) -> str:
    """Write a table as CSV: commas, LF, quotes only where they are needed.

    Texts stand as they were read, so that loading and saving changes nothing.
    """
    names = list(raw.columns)
    rows = [names, *zip(*raw.columns.values(), strict=True)]
    return "".join(f"{','.join(_quoted(str(cell)) for cell in row)}\n" for row in rows)


def _quoted(text: str) -> str:
    if not _NEEDS_QUOTES.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text beside the file, then put it in its place in one step."""
    write_whole(path, text.encode())


def run_as_command(arguments: Sequence[str], name: str, write: Callable[[str], str]) -> int:
    """Run a command that writes a file into the one folder it is given.

    Parameters
    ----------
    arguments : sequence of str
        The folder.
    name : str
        The module, for the line that says how to use it.
    write : callable
        Takes the folder, writes, and gives the name of the file.

    Returns
    -------
    int
        The exit status: 0 when written, 1 when refused, 2 when called wrongly.
    """
    if len(arguments) != 1 or arguments[0] in {"-h", "--help"}:
        usage = f"usage: python -m {name} DATA_FOLDER"
        print(usage, file=sys.stdout if "--help" in arguments or "-h" in arguments else sys.stderr)
        return 0 if {"-h", "--help"} & set(arguments) else 2
    try:
        file = write(arguments[0])
    except (PeerEvidenceError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"wrote {file}")
    return 0
