"""The gallery shows every figure, shortly and with words on its use; the site's build runs it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import peer_evidence as pe

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"
EXAMPLES = sorted(GALLERY.rglob("*.py"))
NO_FIGURES = {"Drawn", "drawn", "save", "to_svg", "to_html", "house_style"}
DRAWING = sorted(
    name for name in pe.figures.__all__ if name not in NO_FIGURES and not name.endswith("_table")
)


def calls(path: Path) -> set[str]:
    """Name the functions of ``pe.figures`` that an example calls."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pe.figures":
            found.add(node.attr)
    return found


def test_every_function_that_draws_is_in_the_gallery() -> None:
    assert len(DRAWING) >= 28
    assert set(DRAWING) - set().union(*map(calls, EXAMPLES)) == set()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_ten_lines_and_says_when_to_use_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    said = ast.get_docstring(tree)
    assert path.name.startswith("plot_")
    assert said is not None
    title, underline, *body = said.splitlines()
    assert underline == "=" * len(title)
    words = " ".join(body)
    assert len(words.split()) >= 40
    assert re.search(r"\bUse it\b", words)
    assert re.search(r"\bNot\b", words)
    code = text.splitlines()[tree.body[0].end_lineno :]
    written = [line for line in code if line.strip()]
    assert written[0] == "import peer_evidence as pe"
    assert len(written) <= 10
    assert max(map(len, written)) <= 86  # what a page shows without scrolling
    assert calls(path)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_needs_no_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                for name in node.names}  # fmt: skip
    assert imported <= {"peer_evidence", "pandas"}
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))
    texts = [node.value for node in ast.walk(ast.Module(tree.body[1:], []))
             if isinstance(node, ast.Constant) and isinstance(node.value, str)]  # fmt: skip
    assert not [one for one in texts if re.search(r"[/\\]|\.(csv|xlsx|png|svg|json)\b", one)]


def test_every_folder_has_a_heading() -> None:
    folders = {path.parent for path in EXAMPLES}
    assert GALLERY not in folders
    for folder in {*folders, GALLERY}:
        title, underline, *_ = (folder / "GALLERY_HEADER.rst").read_text().splitlines()
        assert set(underline) in ({"="}, {"-"})
        assert len(underline) == len(title)
