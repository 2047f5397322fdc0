"""What every result has in common: a tidy frame, a text a person reads, a display in notebooks."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class Result(ABC):
    """A finished computation: frozen, without clock, path or object id in its displays.

    Subclasses are frozen, slotted dataclasses with flat fields; they supply ``to_frame`` and
    ``summary``, and everything else follows.
    """

    __slots__ = ()

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Give the numbers of the result as one tidy table."""

    @abstractmethod
    def summary(self) -> str:
        """Give the result as a text that a person reads."""

    def headline(self) -> str:
        """Give what must be read with the table: the first line of the summary."""
        return self.summary().splitlines()[0]

    def caption(self) -> str:
        """Give what must be said of the table itself, such as its scale; else empty."""
        return ""

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        """Show the headline, then the table, in a notebook; text from the records is escaped."""
        from peer_evidence.formatting import frame_to_html

        text = html.escape(self.headline()).replace("\n", "<br>")
        return f"<p>{text}</p>{frame_to_html(self.to_frame(), self.caption() or None)}"
