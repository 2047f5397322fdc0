"""The nearest allowed word, without letting a file of many faults take for ever."""

from __future__ import annotations

import re
from collections.abc import Iterable

from peer_evidence.checks import nearest

_SPACES = re.compile(r"[\s\-\u200b-\u200f\u2060\ufeff\u00ad]+")
_LONGEST = 100
_COMPARISONS = 20_000


def normal(word: str) -> str:
    """Give a word in the form of a name: small letters, underscores for spaces and hyphens.

    Examples
    --------
    >>> normal(" Study-ID ")
    'study_id'
    """
    return _SPACES.sub("_", word.strip().strip("\ufeff\u200b").strip().lower())


class Hints:
    """Finds the nearest of a set of words, for as many words as is worth the time.

    Spelling apart from capitals, spaces and hyphens costs nothing. Beyond that each word is
    compared with every known one, which stops after some twenty thousand comparisons: whoever
    has a thousand misspelt words is helped by the first few hundred hints.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = known
        self._by_normal: dict[str, str] | None = None
        self._left = _COMPARISONS

    def find(self, word: str) -> str | None:
        """Give the known word most like this one, or None."""
        if len(word) > _LONGEST:
            return None
        names = self._names()
        same = names.get(normal(word))
        if same is not None:
            return same
        if self._left <= 0:
            return None
        self._left -= len(names)
        close = nearest(normal(word), names)
        return names[close] if close else None

    def hint(self, word: str) -> str:
        """Give the nearest word as the end of a rule, or nothing."""
        close = self.find(word)
        return f" (did you mean {close!r}?)" if close else ""

    def _names(self) -> dict[str, str]:
        if self._by_normal is None:
            words = [word for word in self._known if word and len(word) <= _LONGEST]
            self._by_normal = {normal(word): word for word in reversed(words)}
        return self._by_normal
