"""The pages of docs/: every Python block runs, every command, option and file they name exists."""

from __future__ import annotations

import doctest
import re
import shutil
import textwrap
from pathlib import Path

import pytest

from peer_evidence.cli import main

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^( *)```(?:python|py|pycon)\b[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# a page whose blocks need something beside them -> the test that brings it and runs them
ELSEWHERE = {
    "scaling.md": "tests/test_scaling.py",
    "living-review.md": "tests/living/test_guide.py",
}

# a page that reads a file of the reader's -> its name there, and what stands for it
BESIDE = {"importing-revman.md": {"review.rm5": "tests/exchange/revman/bcg.rm5"}}


def pages() -> list[str]:
    found = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")]
    return sorted(page for page in found if not page.startswith(("_", "gallery/")))


def blocks(text: str) -> list[tuple[int, str]]:
    """Give the Python blocks of a page, each with its line."""
    return [
        (text.count("\n", 0, found.start(2)), textwrap.dedent(found[2]))
        for found in FENCE.finditer(text)
    ]


def run_block(block: str, line: int, page: str, names: dict[str, object]) -> None:
    """Run a block among the names of those before it; hold a dialogue against what it shows."""
    if not block.lstrip().startswith(">>>"):
        # as many lines above it as in the page, so that a traceback names the right one
        exec(compile("\n" * line + block, page, "exec"), names)
        return
    test = doctest.DocTestParser().get_doctest(block, names, page, page, line)
    test.globs = names
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    done = runner.run(test, out=report.append, clear_globs=False)
    assert done.attempted > 0
    assert done.failed == 0, "".join(report)


@pytest.mark.parametrize("page", [page for page in pages() if page not in ELSEWHERE])
def test_every_python_block_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, file in BESIDE.get(page, {}).items():
        shutil.copy(ROOT / file, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for line, block in blocks((DOCS / page).read_text(encoding="utf-8")):
        run_block(block, line, page, names)


def test_a_block_that_shows_something_else_is_found() -> None:
    text = "# Page\n\n```python\n>>> one = 1\n\n```\n\n"
    text += "- in a list\n\n  ```python\n  >>> one\n  2\n  ```\n"
    (first, second), names = blocks(text), {}
    run_block(first[1], first[0], "page.md", names)
    with pytest.raises(AssertionError, match=r'File "page.md", line 11(.|\n)*Got:\n +1\n'):
        run_block(second[1], second[0], "page.md", names)


def test_the_long_pages_have_blocks_and_the_others_are_run_elsewhere() -> None:
    counted = {page: len(blocks((DOCS / page).read_text(encoding="utf-8"))) for page in pages()}
    assert counted["methods.md"] >= 9
    assert counted["your-own-review.md"] >= 3
    for page, test in ELSEWHERE.items():
        assert counted[page] > 0
        assert f'"{page}"' in (ROOT / test).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [*pages(), "../README.md"])
def test_every_command_and_option_it_names_exists(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, rest in re.findall(r"(?<![\w/-])peer-evidence ([a-z][\w-]*)\b ?([^\n`]*)", text):
        assert name in main.commands, f"{page}: peer-evidence {name}"
        known = {option for one in main.commands[name].params for option in one.opts} | {"--help"}
        assert set(re.findall(r"(?<!\w)--[a-z][\w-]*", rest)) <= known, f"{page}: {name} {rest}"


@pytest.mark.parametrize("page", pages())
def test_every_file_it_names_exists(page: str) -> None:
    """On a code host as on the site; a link without an ending is to a page that is made."""
    text = (DOCS / page).read_text(encoding="utf-8")
    text = re.sub(r"^```(?!\{).*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:|#", target):
            continue
        file = (DOCS / page).parent / target.partition("#")[0]
        assert file.exists() or "_gallery" in target, f"{page}: {target}"


def test_contributing_names_files_that_exist() -> None:
    text = (DOCS / "contributing.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|tests|docs)/[\w./]+)`", text)
    assert len(named) > 10
    assert [one for one in named if not (ROOT / one).exists()] == []
