"""How every figure looks: one style file, applied only while a figure is drawn or saved."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager

BLUE = "#0072B2"  # the one accent
VERMILLION = "#D55E00"  # harm and faults, nothing else
INK = "#1A1A1A"
GREY = "#595959"  # 7:1 on white: text that stands back
RULE = "#A6A6A6"
MIDDLE = "#BFBFBF"
PALE = "#F4F4F4"

POINTS_PER_MM = 72 / 25.4
SINGLE_COLUMN = 85.0  # millimetres
DOUBLE_COLUMN = 176.0

TEXT_SIZE = 8.0
SMALL_SIZE = 7.0
FAMILY = "DejaVu Sans"  # travels with matplotlib, so it is always there
_NO_GLYPH = "Last Resort"
_SPACES = re.compile(r"[^\S\u00a0\u202f]+")  # all but those that hold words together


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the style of the package, whatever the settings outside, and leave those alone.

    Every figure here does so by itself. Use it for plots of your own that stand beside them, and
    for the empty figure whose parts are handed in as ``ax=``.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import peer_evidence as pe
    >>> with pe.figures.house_style():
    ...     figure, ax = plt.subplots(figsize=(85 / 25.4, 60 / 25.4))
    ...     line = ax.plot([2010, 2020], [3, 8])
    ...     plt.rcParams["svg.fonttype"]
    'none'
    >>> plt.close(figure)
    """
    with mpl.rc_context(), warnings.catch_warnings():
        # said once, in our words, when a file is written (see unprintable)
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        mpl.rcdefaults()
        mpl.rcParams.update(_settings())
        yield


style = house_style  # what the figures call it; the module has the name in public


@cache
def _settings() -> mpl.RcParams:
    path = Path(__file__).with_name("peer_evidence.mplstyle")
    return mpl.rc_params_from_file(path, use_default_template=False)


def plain(text: object) -> str:
    r"""Make a text fit for one line of a figure: spaces evened out, control characters gone.

    Examples
    --------
    >>> plain("Days in\n hospital\x07")
    'Days in hospital'
    """
    evened = _SPACES.sub(" ", str(text)).strip()
    return "".join(
        letter
        for letter in evened
        if unicodedata.category(letter) not in {"Cc", "Cs"} and letter not in "\ufffe\uffff"
    )


def families(text: str) -> tuple[str, ...]:
    """Name the fonts a text needs: the usual one, then any installed that holds the rest."""
    extra: list[str] = []
    for letter in text:
        family = _family_of(letter)
        if family not in {FAMILY, None, *extra}:
            extra.append(str(family))
    return (FAMILY, *extra)


def unprintable(text: str) -> str:
    """Give the characters of a text for which no font is installed, each once.

    Examples
    --------
    >>> unprintable("Bjørkedal & Lloyd‑Evans")
    ''
    """
    return "".join(sorted({letter for letter in text if _family_of(letter) is None}))


@cache
def _family_of(letter: str) -> str | None:
    """Find an installed family with a glyph for a character, or None."""
    code = ord(letter)
    if letter.isspace() or code in _glyphs(font_manager.findfont(FAMILY)):
        return FAMILY
    regular = [
        font
        for font in font_manager.fontManager.ttflist
        if font.style == "normal" and not font.name.startswith((_NO_GLYPH, "DejaVu"))
    ]
    for font in sorted(regular, key=lambda font: (font.name, font.fname)):
        if code in _glyphs(font.fname):
            return font.name
    return None


@cache
def _glyphs(path: str) -> frozenset[int]:
    try:
        return frozenset(font_manager.get_font(path).get_charmap())
    except (OSError, RuntimeError):  # a damaged font is one we do not have
        return frozenset()
