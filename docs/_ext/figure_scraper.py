"""What an example of the gallery drew, as SVG with the figure's own alt text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import WeakSet

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

from peer_evidence import figures
from peer_evidence.errors import InputError

_shown: WeakSet[Figure] = WeakSet()


def scrape(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Write each figure that a block of an example left behind, and give the text that shows it.

    The figures of this package belong to no global list of open figures; they are the Axes that
    the example named, or the value of its last line.
    """
    paths: Iterator[str] = block_vars["image_path_iterator"]
    told = []
    for figure in _figures(block_vars["example_globals"].values()):
        if figure in _shown:
            continue
        try:
            parts = figures.drawn(figure)
        except InputError:
            continue
        _shown.add(figure)
        path = Path(next(paths)).with_suffix(".svg")
        path.write_text(figures.to_svg(figure, path.stem), encoding="utf-8")
        alt = " ".join(part.alt for part in parts)
        told.append(figure_rst([str(path)], gallery_conf["src_dir"], alt))
    return "\n".join(told)


def _figures(values: Any) -> Iterator[Figure]:
    """Give the figures among the values of an example, those within lists as well."""
    for value in list(values):
        if isinstance(value, Axes):
            found = value.get_figure(root=True)
            if isinstance(found, Figure):
                yield found
        elif isinstance(value, Figure):
            yield value
        elif isinstance(value, list | tuple):
            yield from _figures(value)
        elif type(value) is dict:
            yield from _figures(value.values())
