"""The LaTeX of a BibTeX field as the text it stands for."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_PLAIN = re.compile(r"[^\\{}$~%`'#&_^-]*(?:[-'#&_^%](?![-'])[^\\{}$~%`'#&_^-]*)*")
_PER_CENT = re.compile(r"(?<!\\)%")
_DOLLAR = re.compile(r"(?<!\\)\$")
_ESCAPED = re.compile(r"\\([_%&#${}~])")


def plain_text(text: str) -> str | None:
    r"""Give the text that LaTeX stands for, in one line; None where it cannot be read.

    Examples
    --------
    >>> plain_text(r"Bj{\o}rkedal and S{\'e}ne: {RCT} of 50\% -- Stra\ss e")
    'Bjørkedal and Séne: RCT of 50% – Straße'
    """
    if not _PLAIN.fullmatch(text):
        marked = _PER_CENT.sub(r"\\%", text)
        if len(_DOLLAR.findall(marked)) % 2:
            marked = _DOLLAR.sub(r"\\$", marked)
        try:
            text = str(_decoder().latex_to_text(marked))
        except Exception:  # whatever broken LaTeX sets off in the library
            return None
    return " ".join(text.split())


def verbatim(text: str) -> str:
    r"""Give an identifier or an address without braces and escapes.

    Examples
    --------
    >>> verbatim(r"{10.1000/a\_b}")
    '10.1000/a_b'
    """
    return " ".join(_ESCAPED.sub(r"\1", text.strip().strip("{}")).split())


@cache
def _decoder() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

    return LatexNodes2Text(math_mode="text", keep_comments=True)
