"""The HTML of a summary of findings: rules as journals print them, and a page of its own."""

from __future__ import annotations

import html

_RULES = "border-top:2px solid;border-bottom:2px solid;border-collapse:collapse"
_CELL = "padding:4px 8px;text-align:left;vertical-align:top;border-bottom:1px solid #999"
_CAPTION = "caption-side:top;text-align:left;font-weight:bold;padding:4px 8px"


def ruled(table: str) -> str:
    """Put rules and room into a plain table, in the tags themselves, so that it keeps them.

    Parameters
    ----------
    table : str
        What ``frame_to_html`` gives, whose texts are escaped and hold no tags.

    Examples
    --------
    >>> ruled("<table><tbody><tr><td>1</td></tr></tbody></table>")[:44]
    '<table style="border-top:2px solid;border-bo'
    """
    for tag, style in (
        ("<table", _RULES),
        ("<caption", _CAPTION),
        ("<th scope", _CELL),
        ("<td", _CELL),
    ):
        name, _, rest = tag.partition(" ")
        old = f"{tag}=" if rest else f"{tag}>"
        new = f'{name} style="{style}"' + (f" {rest}=" if rest else ">")
        table = table.replace(old, new)
    return table


def whole_page(body: str, title: str) -> str:
    """Make a page of a table: it says its language and its characters.

    Examples
    --------
    >>> whole_page("<p>x</p>", "A & B").splitlines()[1]
    '<html lang="en"><head><meta charset="utf-8"><title>A &amp; B</title></head>'
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title></head>\n"
        f'<body style="font-family:sans-serif">\n{body}\n</body></html>\n'
    )
