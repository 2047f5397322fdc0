"""Writing figures: the same bytes each time, readable by people who do not see them."""

from __future__ import annotations

import base64
import html
import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary
from xml.etree import ElementTree as ET

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from peer_evidence.checks import check_choice
from peer_evidence.errors import DataWarning, InputError
from peer_evidence.figures.style import FAMILY, style, unprintable
from peer_evidence.spreadsheet import to_csv
from peer_evidence.writing import told_where, write_whole

FORMATS = ("svg", "pdf", "png")
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_NAME = re.compile(r"\w([\w. -]{0,118}[\w-])?")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # of Windows


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a figure carries beside its ink.

    Attributes
    ----------
    title : str
        A few words.
    alt : str
        The figure in words and numbers, for whoever does not see it.
    table : DataFrame
        The numbers that are drawn.
    """

    title: str
    alt: str
    table: pd.DataFrame


_DRAWN: WeakKeyDictionary[Axes, Drawn] = WeakKeyDictionary()
_NOTES: WeakKeyDictionary[Figure, dict[str, tuple[str, str]]] = WeakKeyDictionary()
_WEB = ("http://", "https://")
_LAYOUT = ("GDEF", "GPOS", "GSUB")  # how letters join; the letters of a drawing have their places


def attach(ax: Axes, title: str, alt: str, table: pd.DataFrame) -> Axes:
    """Tie title, alt text and table to the Axes they describe, and give the Axes back."""
    _DRAWN[ax] = Drawn(title, alt, table.copy())
    return ax


def annotate(ax: Axes, artist: Artist, tooltip: str, link: str = "") -> None:
    """Give a part of a figure a tooltip and, perhaps, a link, which its SVG then has.

    A link that is no web address is left out.
    """
    notes = _NOTES.setdefault(_figure_of(ax), {})
    name = f"note-{len(notes) + 1}"
    artist.set_gid(name)
    notes[name] = (tooltip, link if link.lower().startswith(_WEB) else "")


def drawn(axes_or_figure: Axes | Figure) -> tuple[Drawn, ...]:
    """Give what the Axes, or each Axes of a figure, carries beside its ink.

    Parameters
    ----------
    axes_or_figure : Axes or Figure
        What a function of ``peer_evidence.figures`` returned, or the figure it is in.

    Returns
    -------
    tuple of Drawn
        Title, alt text and table, one for each Axes that has them.

    Raises
    ------
    InputError
        If nothing in it was drawn by this package.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ax = pe.figures.evidence_map(pe.load())
    >>> pe.figures.drawn(ax)[0].title
    'Evidence map'
    """
    is_figure = isinstance(axes_or_figure, Figure)
    axes = axes_or_figure.axes if isinstance(axes_or_figure, Figure) else [axes_or_figure]
    found = tuple(_DRAWN[one] for one in axes if isinstance(one, Axes) and one in _DRAWN)
    if not found:
        kind = "Figure" if is_figure else type(axes_or_figure).__name__
        raise InputError(
            f"axes_or_figure: found {kind} that carries no alt text and no table; "
            "allowed is what a function of peer_evidence.figures returned"
        )
    return found


def save(
    axes_or_figure: Axes | Figure,
    name: str,
    *,
    formats: Sequence[str] = FORMATS,
    folder: str | Path = ".",
) -> list[Path]:
    """Write a figure with its alt text inside and its numbers beside it.

    The same figure gives the same bytes each time. A file appears whole or not at all.

    Parameters
    ----------
    axes_or_figure : Axes or Figure
        What a function of ``peer_evidence.figures`` returned, or the figure it is in.
    name : str
        The name of the files without their ending.
    formats : sequence of {"svg", "pdf", "png"}
        The kinds of file.
    folder : str or Path
        Where to; made when it is not there.

    Returns
    -------
    list of Path
        The files written: one a format, then the numbers as CSV (one a drawn Axes).

    Raises
    ------
    InputError
        If the name could be a path, a format is not known, or the figure is not of this package.

    Warns
    -----
    DataWarning
        If the figure holds characters for which no font is installed; PNG and PDF then show
        boxes for them, SVG and CSV keep the text.

    Examples
    --------
    >>> import tempfile, peer_evidence as pe
    >>> ax = pe.figures.evidence_map(pe.load())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in pe.figures.save(ax, "map", formats=["svg"], folder=folder)]
    ['map.svg', 'map.csv']
    """
    _check_name(name)
    chosen = [check_choice("formats", one, FORMATS) for one in _as_list(formats)]
    parts = drawn(axes_or_figure)
    figure = _figure_of(axes_or_figure)
    files = {f"{name}.{one}": _render(figure, name, one, parts) for one in chosen}
    for number, part in enumerate(parts, start=1):
        tail = f"_{number}" if len(parts) > 1 else ""
        files[f"{name}{tail}.csv"] = to_csv(part.table).encode("utf-8")
    if {"pdf", "png"} & set(chosen):
        _warn_of_boxes(figure)
    target = Path(folder)
    with told_where(target):
        target.mkdir(parents=True, exist_ok=True)
    return [write_whole(target / file, content) for file, content in files.items()]


def to_svg(axes_or_figure: Axes | Figure, name: str = "figure") -> str:
    """Give a figure as SVG text, with title and description inside.

    Parameters
    ----------
    axes_or_figure : Axes or Figure
        What a function of ``peer_evidence.figures`` returned, or the figure it is in.
    name : str
        What the ids inside begin with; give each figure of a page its own.

    Returns
    -------
    str
        The SVG element.
    """
    _check_name(name)
    parts = drawn(axes_or_figure)
    return _render(_figure_of(axes_or_figure), name, "svg", parts).decode("utf-8")


def to_html(axes_or_figure: Axes | Figure) -> str:
    """Give a figure as an HTML image that holds all of itself, with its alt text."""
    alt = " ".join(part.alt for part in drawn(axes_or_figure))
    content = base64.b64encode(to_svg(axes_or_figure).encode("utf-8")).decode("ascii")
    width = _figure_of(axes_or_figure).get_figwidth() * 96
    return (
        f'<img role="img" style="max-width:100%;width:{width:.0f}px" '
        f'alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{content}">'
    )


def _as_list(formats: Any) -> list[Any]:
    return [formats] if isinstance(formats, str) else list(formats)


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or _DEVICES.fullmatch(name):
        raise InputError(
            f"name: found {name!r}, allowed is a file name without folder: it begins with a letter "
            "or digit and holds letters, digits, '_', '-', '.' and spaces, at most 120 characters, "
            "the last no dot or space, and is no name of a device such as CON"
        )


def _figure_of(axes_or_figure: Axes | Figure) -> Figure:
    if isinstance(axes_or_figure, Figure):
        return axes_or_figure
    figure = axes_or_figure.get_figure(root=True)
    if not isinstance(figure, Figure):
        raise InputError("axes_or_figure: found Axes that belong to no figure")
    return figure


def _render(figure: Figure, name: str, kind: str, parts: Sequence[Drawn]) -> bytes:
    """Draw a figure into bytes, with the metadata of its kind and nothing that changes by run."""
    title = "; ".join(part.title for part in parts)
    alt = "\n".join(part.alt for part in parts)
    metadata: dict[str, dict[str, str | None]] = {
        "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
        "pdf": {
            "CreationDate": None,
            "Creator": "peer_evidence",
            "Producer": "peer_evidence",
            "Title": title,
            "Subject": alt,
        },
        "png": {"Software": None, "Title": title, "Description": alt},
    }
    content = io.BytesIO()
    # the least time for about the least bytes, where most is white
    options: dict[str, Any] = {"pil_kwargs": {"compress_level": 3}} if kind == "png" else {}
    with style(), _letters_alone() if kind == "pdf" else nullcontext():
        figure.savefig(content, format=kind, metadata=metadata[kind], **options)
    if kind == "svg":
        return _described(content.getvalue(), name, title, alt, _NOTES.get(figure, {}))
    return content.getvalue()


@contextmanager
def _letters_alone() -> Iterator[None]:
    """Embed the outlines of fonts without their rules of layout, which take longest to cut.

    matplotlib offers no option for it. Where fontTools keeps its list under another name, the
    rules are embedded, too, and nothing else changes.
    """
    from fontTools.subset import Options

    usual = getattr(Options, "_drop_tables_default", None)
    if usual is None:
        yield
        return
    Options._drop_tables_default = [*usual, *_LAYOUT]
    try:
        yield
    finally:
        Options._drop_tables_default = usual


def _described(
    svg: bytes, name: str, title: str, alt: str, notes: Mapping[str, tuple[str, str]]
) -> bytes:
    """Put role, title and description into an SVG, and make its ids those of this figure."""
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    root = ET.fromstring(svg)  # noqa: S314 - written by matplotlib a moment ago
    linked = _noted(root, notes) if notes else False
    prefix = re.sub(r"[^\w-]", "-", name)
    for element in root.iter():
        for key, value in element.attrib.items():
            element.set(key, _own_id(key, value, prefix))
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    for position, (tag, text) in enumerate([("title", title), ("desc", alt)]):
        child = ET.Element(f"{{{_SVG}}}{tag}", {"id": f"{prefix}-{tag}"})
        child.text, child.tail = text, "\n "
        root.insert(position, child)
    # the parts of an image are no links to whoever hears it read
    root.set("role", "graphics-document" if linked else "img")
    root.set("aria-labelledby", f"{prefix}-title {prefix}-desc")
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _noted(root: ET.Element, notes: Mapping[str, tuple[str, str]]) -> bool:
    """Put tooltips and links into an SVG; tell whether there is any link."""
    linked = False
    for parent in list(root.iter()):
        for place, child in enumerate(list(parent)):
            tooltip, link = notes.get(child.get("id", ""), ("", ""))
            if tooltip:
                said = ET.Element(f"{{{_SVG}}}title")
                said.text = tooltip
                child.insert(0, said)
                child.set("pointer-events", "all")  # it may have no ink of its own
            if link:
                around = ET.Element(f"{{{_SVG}}}a", {f"{{{_XLINK}}}href": link, "target": "_blank"})
                parent.remove(child)
                around.append(child)
                parent.insert(place, around)
                linked = True
    return linked


def _own_id(key: str, value: str, prefix: str) -> str:
    """Give the value of an SVG attribute with any id in it made the figure's own."""
    if key == "id":
        return f"{prefix}-{value}"
    if key == f"{{{_XLINK}}}href" and value.startswith("#"):
        return f"#{prefix}-{value[1:]}"
    if key == "style":
        value = value.replace(f"font-family: '{FAMILY}'", f"font-family: '{FAMILY}', Verdana")
        if "font-family" in value:
            value = re.sub(r"(font-family: [^;]*)", r"\1, sans-serif", value)
    return value.replace("url(#", f"url(#{prefix}-")


def _warn_of_boxes(figure: Figure) -> None:
    texts = "".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))
    missing = unprintable(texts)
    if missing:
        warnings.warn(
            f"no installed font holds {' '.join(missing)!r}: PNG and PDF show boxes there, "
            "SVG and CSV keep the text; install a font that holds them",
            DataWarning,
            stacklevel=3,
        )
