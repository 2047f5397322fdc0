"""The page: sections filled from the analyses, rendered with every text escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup

from peer_evidence import __version__
from peer_evidence.report.blocks import Drawing, Html
from peer_evidence.report.contents import Contents, Handouts
from peer_evidence.report.numbers import Numbers
from peer_evidence.report.traces import origin_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from peer_evidence.records.evidence import Evidence
    from peer_evidence.report.analyses import Analyses

_NONE = Handouts()


_TWO_COLUMNS = 300.0  # points; figures are of one column (241) or of two (499)


@dataclass(frozen=True, slots=True)
class Saved:
    """A figure that was saved: its files and what a reader who cannot see it is told."""

    name: str
    svg: bytes
    alt: str
    files: Sequence[str]


@dataclass(frozen=True, slots=True)
class Context:
    """What every section builder needs."""

    analyses: Analyses
    numbers: Numbers
    figures: Mapping[str, Saved | None]

    @property
    def ev(self) -> Evidence:
        """The records."""
        return self.analyses.ev

    @property
    def intervention(self) -> str:
        """The package's own name for its intervention."""
        return self.ev.package["intervention"]

    def rows(
        self, table: str, mask: npt.NDArray[np.bool_], what: str, shown: object = None
    ) -> Markup:
        """Show a count of rows with the lines that it counts."""
        value = int(mask.sum()) if shown is None else shown
        where = origin_of(self.ev, table, mask)
        return self.numbers.show(value, what, f"rows of {table}.csv", where)

    def drawing(self, name: str, caption: Html) -> list[Drawing]:
        """Embed a saved figure; nothing when the records gave nothing to draw."""
        saved = self.figures.get(name)
        if saved is None:
            return []
        data = base64.b64encode(saved.svg).decode("ascii")
        source = f"data:image/svg+xml;base64,{data}"
        narrow = _width(saved.svg) < _TWO_COLUMNS
        return [Drawing(source, saved.alt, caption, saved.files, narrow)]


def _width(svg: bytes) -> float:
    """Give the width of a drawing in points."""
    found = re.search(rb'<svg[^>]* width="([0-9.]+)pt"', svg)
    return float(found[1]) if found else _TWO_COLUMNS


def gather(context: Context) -> Contents:
    """Build every section once, for the page and every other form of the report."""
    from peer_evidence.report.sections import (
        admissions,
        appraisal,
        audit,
        claims,
        framework,
        methods,
        opening,
        outcomes,
        pooled,
        published,
        records,
        sure,
        unknown,
    )

    answers, first = opening.answers(context), opening.blocks(context)
    built = [
        records.section(context),
        claims.section(context),
        framework.relationships(context),
        outcomes.section(context),
        admissions.section(context),
        pooled.section(context),
        sure.section(context),
        appraisal.section(context),
        published.section(context),
        audit.section(context),
        framework.practice(context),
        unknown.section(context),
        methods.section(context),
    ]
    built.append(methods.provenance(context))
    sections = [section for section in built if section is not None]
    package = context.ev.package
    authors = package.get("authors", "")
    return Contents(package["title"], package["question"], answers, first, sections, authors)


def render(contents: Contents, handouts: Handouts = _NONE) -> str:
    """Give the whole page as one HTML text."""
    from jinja2 import Environment, StrictUndefined

    folder = files("peer_evidence.report")
    style = (folder / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((folder / "template.html").read_text(encoding="utf-8"))
    return template.render(
        contents=contents,
        handouts=handouts,
        style=Markup(style),  # noqa: S704 - our own file; its hash is in the policy
        style_hash=f"sha256-{digest}",
        version=__version__,
    )
