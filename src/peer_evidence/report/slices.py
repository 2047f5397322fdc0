"""Figures taller than a page, cut where there is least ink, for paper."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from peer_evidence.report.blocks import Block, Drawing
from peer_evidence.report.contents import Contents

if TYPE_CHECKING:
    from PIL.Image import Image

PAGE = 222.0  # millimetres of an A4 page that a figure may fill, its caption beside
_SHRINK = 1.2  # a figure this much taller is made smaller rather than cut
_DPI = 300.0
_SVG = "data:image/svg+xml;base64,"
_SIZE = re.compile(rb'(<svg[^>]*) height="([\d.]+)pt" viewBox="0 0 ([\d.]+) ([\d.]+)"')

Part = tuple[float, float]


def parts(png: bytes) -> list[Part]:
    """Say into which parts a figure is cut, each as its top and bottom in shares of the height.

    Parameters
    ----------
    png : bytes
        The figure as PNG; white is no ink.

    Returns
    -------
    list of (float, float)
        One part when the figure fits a page or nearly so.
    """
    rows = _rows(png)
    return [(low / rows[-1], high / rows[-1]) for low, high in pairwise(rows)]


def cropped(png: bytes) -> list[bytes]:
    """Give the parts of a figure as PNG files of their own."""
    from PIL.Image import open as opened

    made = []
    rows = _rows(png)
    if len(rows) == 2:
        return [png]
    with opened(io.BytesIO(png)) as image:
        for low, high in pairwise(rows):
            stream = io.BytesIO()
            part = image.crop((0, low, image.size[0], high))
            part.save(stream, "PNG", dpi=_dpi(image), compress_level=4)
            made.append(stream.getvalue())
    return made


def _dpi(image: Image) -> tuple[float, float]:
    wide, high = image.info.get("dpi", (_DPI, _DPI))
    return float(wide), float(high)


@lru_cache(maxsize=16)  # paper and Word ask the same of the same figures
def _rows(png: bytes) -> tuple[int, ...]:
    """Give the rows of pixels at which a figure is cut, its first and last edge among them."""
    from PIL.Image import open as opened

    with opened(io.BytesIO(png)) as image:
        height = image.size[1]
        limit = int(PAGE / 25.4 * _dpi(image)[1])
        if height <= _SHRINK * limit:
            return (0, height)
        ink = (np.asarray(image.convert("L")) < 250).sum(axis=1)
    rows = [0]
    while height - rows[-1] > limit:
        rows.append(_quiet(ink, rows[-1] + limit * 2 // 3, rows[-1] + limit))
    return (*rows, height)


def for_paper(contents: Contents, folder: Path) -> Contents:
    """Give the contents with every figure that is taller than a page in parts."""
    sections = [
        replace(section, blocks=[part for one in section.blocks for part in _cut(one, folder)])
        for section in contents.sections
    ]
    opening = [part for one in contents.opening for part in _cut(one, folder)]
    return replace(contents, sections=sections, opening=opening)


def _cut(block: Block, folder: Path) -> Sequence[Block]:
    if not isinstance(block, Drawing) or not block.source.startswith(_SVG):
        return [block]
    file = next((name for name in block.files if name.endswith(".png")), None)
    found = parts((folder / file).read_bytes()) if file else []
    svg = base64.b64decode(block.source.removeprefix(_SVG))
    if len(found) < 2 or _SIZE.search(svg) is None:
        return [block]
    last = len(found)
    return [
        replace(
            block,
            source=_SVG + base64.b64encode(_window(svg, one)).decode("ascii"),
            alt=block.alt if number == 1 else f"Part {number} of {last} of the figure before.",
            caption=block.caption if number == last else f"Part {number} of {last}.",
            files=block.files if number == last else (),
        )
        for number, one in enumerate(found, start=1)
    ]


def _window(svg: bytes, part: Part) -> bytes:
    """Show one part of a drawing only."""

    def sized(found: re.Match[bytes]) -> bytes:
        before, height, wide, high = found[1], *(float(one) for one in found.groups()[1:])
        low, share = part[0] * high, part[1] - part[0]
        return before + (
            f' height="{share * height:.6f}pt" viewBox="0 {low:.6f} {wide:g} {share * high:.6f}"'
        ).encode("ascii")

    return _SIZE.sub(sized, svg, count=1)


def _quiet(ink: np.ndarray[tuple[int], np.dtype[np.int64]], low: int, high: int) -> int:
    """Give the middle of the widest band of least ink between two rows."""
    window = ink[low:high]
    still = window <= window.min()
    starts = np.flatnonzero(still & ~np.r_[False, still[:-1]])
    ends = np.flatnonzero(still & ~np.r_[still[1:], False])
    widest = int(np.argmax(ends - starts))
    return low + int(starts[widest] + ends[widest]) // 2
