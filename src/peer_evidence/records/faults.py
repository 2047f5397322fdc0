"""One fault of a file: where it is, what rule it breaks, what was found."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

_SHOWN = 100
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NO_CHARACTER = re.compile("[\ud800-\udfff]")  # half of one, or a byte of a name that is no text


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in the records.

    Its text is one line: a long cell is cut there, though ``found`` holds all of it.

    Attributes
    ----------
    file : str
        The file, relative to the package.
    line : int
        The line in the file on which the row begins; the header is line 1. 0 where there is no
        file, as of a mapping, whose key is then in ``file``.
    column : str
        The column, empty when the fault is of the row or the file.
    rule : str
        What must hold, with what is allowed and what to do.
    found : str
        What was found.
    place : str
        Where that is when the file is no CSV file, as ``review.xlsx: outcomes!F12``.

    Examples
    --------
    >>> str(Fault("outcomes.csv", 12, "n_intervention", "must be a whole number", "9O"))
    "outcomes.csv:12: n_intervention: must be a whole number, found '9O'"
    """

    file: str
    line: int
    column: str
    rule: str
    found: str
    place: str = ""

    def __str__(self) -> str:
        file = _one_line(self.file)
        line = f"{file}:{self.line}" if self.line else file
        place = f"{_one_line(self.place) or line}: "
        if self.column:
            place += f"{_one_line(self.column)}: "
        shown = self.found if len(self.found) <= _SHOWN else f"{self.found[:_SHOWN]}…"
        return f"{place}{_one_line(self.rule)}, found {shown!r}"

    def to_dict(self) -> dict[str, str | int]:
        """Give the fault as plain values, for JSON."""
        values = asdict(self)
        if not self.place:
            del values["place"]
        return values


def _one_line(text: str) -> str:
    """Write a text so that it can be printed in one line, whatever it holds."""
    return _NO_CHARACTER.sub(lambda found: f"\\u{ord(found[0]):04x}", _BREAKS.sub(" ", text))
