"""What holds for the package as a whole: a cheap import, lazy names, a true README."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import peer_evidence as pe
from peer_evidence.records.tables import TABLES

ROOT = Path(__file__).parents[1]


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_import_loads_nothing_heavy() -> None:
    heavy = "('pandas', 'numpy', 'scipy', 'matplotlib', 'statsmodels', 'IPython', 'jinja2', 'rich')"
    code = f"import sys, peer_evidence; print([m for m in {heavy} if m in sys.modules])"
    assert run(code) == "[]"


def test_loading_records_draws_nothing() -> None:
    heavy = "('matplotlib', 'statsmodels', 'scipy.stats', 'jinja2', 'IPython')"
    found = f"[m for m in {heavy} if m in sys.modules]"
    code = f"import sys, peer_evidence as pe; pe.load(); print({found})"
    assert run(code) == "[]"


def test_help_of_the_command_line_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom peer_evidence.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        "print([m for m in ('pandas', 'numpy', 'matplotlib', 'rich') if m in sys.modules])"
    )
    assert run(code) == "[]"


@pytest.mark.parametrize("name", pe.__all__)
def test_every_public_name_loads_and_is_documented(name: str) -> None:
    value = getattr(pe, name)
    assert value.__doc__
    assert name in dir(pe)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'peer_evidence' has no attribute 'lode'$"):
        pe.lode  # noqa: B018


def test_the_readme_runs_and_its_counts_are_those_of_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 4
    names: dict[str, object] = {}
    monkeypatch.chdir(tmp_path)
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
        assert len(block.splitlines()) <= 12
    assert (tmp_path / "build" / "forest.svg").is_file()
    ev = names["ev"]
    assert isinstance(ev, pe.Evidence)
    stated = re.search(r"(\d+) studies with (\d+) results,\s+(\d+) reviews", text)
    assert stated is not None
    assert [int(n) for n in stated.groups()] == [len(ev.studies), len(ev.outcomes), len(ev.reviews)]
    for path in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / path).exists(), path


def test_the_readme_names_every_required_column(ev: pe.Evidence) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for table in TABLES:
        if table.required:
            found = re.search(rf"- `{table.name}\.csv`: ((?:`\w+`[,\s]*)+)", text)
            assert found is not None
            required = [column.name for column in table.columns if column.required]
            assert re.findall(r"`(\w+)`", found[1]) == required


def docstring_lines(text: str) -> set[int]:
    """Give the lines of docstrings, whose examples use the bundled records."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node):
            first = node.body[0]
            lines |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return lines


def test_the_code_knows_nothing_of_the_topic() -> None:
    words = re.compile(
        r"\bpeers?\b(?![_-]evidence)|\bmental|psychiatr|\bSam\b|pistrang|repper", re.IGNORECASE
    )
    found = []
    for path in (ROOT / "src").rglob("*"):
        if path.suffix not in {".py", ".html", ".css"}:
            continue
        text = path.read_text(encoding="utf-8")
        hidden = docstring_lines(text) if path.suffix == ".py" else set()
        for number, line in enumerate(text.splitlines(), start=1):
            if words.search(line) and number not in hidden:
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []
