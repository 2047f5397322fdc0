"""Tables as CSV text that a spreadsheet can open without running anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\n")


def to_csv(frame: pd.DataFrame) -> str:
    r"""Write a frame as CSV; a text that a spreadsheet would run as a formula gets a quote first.

    A named index becomes the first columns. A carriage return in a text becomes a line feed, as
    some programs end a row there, and would find a formula at the start of the next.

    Examples
    --------
    >>> import pandas as pd
    >>> to_csv(pd.DataFrame({"note": ["=1+1", "plain"], "effect": [-0.5, 1.25]}))
    "note,effect\n'=1+1,-0.5\nplain,1.25\n"
    """
    named = any(level is not None for level in frame.index.names)
    flat = frame.reset_index() if named else frame
    return str(flat.map(plain).rename(columns=plain).to_csv(index=False, lineterminator="\n"))


def plain(value: Any) -> Any:
    """Put a quote before a text that a spreadsheet would run as a formula; end lines alike."""
    if not isinstance(value, str):
        return value
    evened = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{evened}" if evened.startswith(_FORMULA) else evened
