"""The explorer as one HTML file: data, style and script inside, no request, a strict policy."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from importlib.resources import files
from pathlib import Path

from peer_evidence.errors import InputError
from peer_evidence.explorer.data import explorer_data
from peer_evidence.records.evidence import Evidence
from peer_evidence.writing import told_where, write_whole

_SCRIPTS = ("statistics.js", "forest.js", "explorer.js")
_IMPORT = re.compile(r'^import .* from "\./.*";\n', re.MULTILINE)
_MARK = '<meta name="generator" content="peer_evidence explorer">'
_HEAD = 1000  # bytes of a page in which the mark stands
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{mark}
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<div id="explorer"><p>This page needs JavaScript to draw.</p></div>
</main>
<script type="application/json" id="records">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""
_BODY = """
body { margin: 0; background: #fff; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font: 600 1.5rem/1.3 system-ui, sans-serif; margin: 0 0 1.5rem; color: #1a1a1a; }
"""
_START = """
const records = JSON.parse(document.getElementById("records").textContent);
start(document.getElementById("explorer"), records, location.hash,
  (text) => history.replaceState(null, "", "#" + text));
"""


def module() -> str:
    """Give the script of the explorer as one module text without imports."""
    folder = files("peer_evidence.explorer")
    texts = [(folder / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return "\n".join(_IMPORT.sub("", text) for text in texts)


def style() -> str:
    """Give the style sheet of the explorer."""
    return (files("peer_evidence.explorer") / "explorer.css").read_text(encoding="utf-8")


def explorer_page(ev: Evidence) -> str:
    """Give the explorer of a review as the text of one HTML file.

    Parameters
    ----------
    ev : Evidence
        The records.

    Returns
    -------
    str
        The page. It asks for nothing from outside and keeps its state in its own address.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> from peer_evidence.explorer.page import explorer_page
    >>> explorer_page(pe.load()).count("<script")
    2
    """
    data = explorer_data(ev)
    inside = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    script, sheet = module() + _START, _BODY + style()
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(sheet)}'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    title = html.escape(data["title"])
    return _PAGE.format(
        mark=_MARK, policy=policy, title=title, style=sheet, data=inside, script=script
    )


def write_explorer(ev: Evidence, out: str | Path) -> Path:
    """Write the explorer of a review to a file, whole or not at all.

    An explorer page that is there already is replaced; any other file is left alone.

    Raises
    ------
    InputError
        If ``out`` is a folder, ends otherwise than in ``.html`` or ``.htm``, or is there already
        and no explorer page.
    """
    path = Path(out)
    if "\0" in str(path):
        raise InputError(f"out: {str(out)!r} is no name of a file; give another")
    if path.is_dir():
        raise InputError(f"out: {str(out)!r} is a folder; give the name of a file")
    if path.suffix.lower() not in {".html", ".htm"}:
        raise InputError(
            f"out: found {path.name!r}, allowed is a name that ends in '.html' or '.htm'; nothing "
            "was touched"
        )
    with told_where(path):
        own = not path.exists() or _is_explorer(path)
    if not own:
        raise InputError(
            f"out: {str(path)!r} is there already and holds no mark of an explorer page; nothing "
            "was touched, give another name (or, if it is a page of an earlier version, delete it "
            "first)"
        )
    text = explorer_page(ev)
    with told_where(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    return write_whole(path, text.encode())


def _is_explorer(path: Path) -> bool:
    """Tell whether a file is a page that was written here before."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return _MARK.encode() in file.read(_HEAD)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
