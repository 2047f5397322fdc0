"""Every number of the page with where it came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

from peer_evidence.formatting import EN_DASH


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one number of the page came from.

    Attributes
    ----------
    anchor : str
        The id of its row in the provenance table.
    shown : str
        The number as the page shows it.
    what : str
        What it counts or measures, in words.
    how : str
        The call or the cell that gives it.
    where : str
        The file and its lines.
    """

    anchor: str
    shown: str
    what: str
    how: str
    where: str


class Numbers:
    """The numbers of one page, in the order in which they appear."""

    def __init__(self) -> None:
        self.origins: list[Origin] = []
        self._known: dict[tuple[str, str, str, str], Origin] = {}

    def show(self, shown: object, what: str, how: str, where: str) -> Markup:
        """Give the HTML of a number that links to its origin; the same origin is listed once."""
        key = (str(shown), what, how, where)
        origin = self._known.get(key)
        if origin is None:
            origin = Origin(f"p{len(self.origins) + 1}", *key)
            self._known[key] = origin
            self.origins.append(origin)
        tip = f"{what}. {where}" if where else f"{what}. {how}"
        return Markup('<a class="n" href="#{}" data-tip="{}">{}</a>').format(
            origin.anchor, tip, escape(str(shown))
        )


def lines_of(file: str, lines: Iterable[int]) -> str:
    """Name the lines of a file, neighbours joined.

    Examples
    --------
    >>> lines_of("studies.csv", [4, 2, 3, 9])
    'studies.csv:2–4, 9'
    >>> lines_of("studies.csv", [])
    'studies.csv: no line'
    """
    ordered = sorted(set(lines))
    if not ordered:
        return f"{file}: no line"
    spans: list[tuple[int, int]] = []
    for line in ordered:
        if spans and line == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], line)
        else:
            spans.append((line, line))
    shown = [str(low) if low == high else f"{low}{EN_DASH}{high}" for low, high in spans]
    return f"{file}:{', '.join(shown)}"
