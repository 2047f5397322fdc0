"""The small HTML of the blocks as runs of text, for forms that are not HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from markupsafe import Markup

from peer_evidence.documents import Run
from peer_evidence.report.blocks import Html

_BREAKS = frozenset({"p", "br"})
_SPACES = frozenset({"summary", "details"})


class _Reader(HTMLParser):
    """Collect texts with the link and the weight they stand in."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.runs: list[Run] = []
        self._links: list[str] = []
        self._strong = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._links.append(dict(attrs).get("href") or "")
        elif tag == "strong":
            self._strong += 1
        elif tag in _BREAKS:
            self._add("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._links.pop()
        elif tag == "strong":
            self._strong -= 1
        elif tag in _SPACES:
            self._add(" ")

    def handle_data(self, data: str) -> None:
        self._add(data)

    def _add(self, text: str) -> None:
        link = self._links[-1] if self._links else ""
        self.runs.append(Run(text, link, strong=self._strong > 0))


def runs(html: Html) -> list[Run]:
    """Give the texts of a block; a plain str is one run as it stands.

    Examples
    --------
    >>> from markupsafe import Markup
    >>> [(run.text, run.link) for run in runs(Markup('In <a href="#p1">3</a> &lt; 4'))]
    [('In ', ''), ('3', '#p1'), (' < 4', '')]
    """
    if not isinstance(html, Markup):
        return [Run(str(html))] if html else []
    reader = _Reader()
    reader.feed(str(html))
    reader.close()
    return [run for run in reader.runs if run.text]


def plain(html: Html) -> str:
    """Give the text of a block; what a link says stays, where it leads goes.

    Examples
    --------
    >>> from markupsafe import Markup
    >>> plain(Markup("<details><summary>One.</summary>Two</details><p>Three</p>"))
    'One. Two Three'
    """
    return re.sub(r"\s+", " ", "".join(run.text for run in runs(html))).strip()
