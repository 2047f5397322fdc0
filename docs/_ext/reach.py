"""What scrolls inside itself takes the focus, so that a keyboard can scroll it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_REGION = 'tabindex="0" role="region" aria-label="{}"'
_FIGURE = re.compile(
    r'<img [^>]*class ?= ?"[^"]*(?:sphx-glr-(?:single|multi)-img|first-figure)[^>]*>'
)


def reachable(body: str) -> str:
    """Give the text of a page whose tables, code and figures take the focus."""
    body = body.replace(
        '<div class="table-wrapper', f'<div {_REGION.format("Table")} class="table-wrapper'
    )
    body = body.replace("<pre>", '<pre tabindex="0">')
    return _FIGURE.sub(rf'<div {_REGION.format("Figure")} class="paper">\g<0></div>', body)


def _reach(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    if isinstance(context.get("body"), str):
        context["body"] = reachable(context["body"])
    contents = context.get("furo_navigation_tree")
    if isinstance(contents, str):  # the theme names no level, which assistive software asks for
        level = '<p class="caption" role="heading" aria-level="2">'
        context["furo_navigation_tree"] = contents.replace(
            '<p class="caption" role="heading">', level
        )


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.connect("html-page-context", _reach, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
