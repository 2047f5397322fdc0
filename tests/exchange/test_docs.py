"""docs/your-own-review.md: its examples run as they stand, its commands are there."""

import doctest
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from peer_evidence.cli import main

TEXT = (Path(__file__).parents[2] / "docs" / "your-own-review.md").read_text(encoding="utf-8")


def test_every_example_gives_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 3
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "your-own", None, 0)
    report: list[str] = []
    done = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(
        examples, out=report.append
    )
    assert done.failed == 0, "".join(report)
    assert done.attempted >= 20


def test_every_command_it_names_is_there() -> None:
    told = set(re.findall(r"^peer-evidence (\w+)", TEXT, re.MULTILINE))
    assert told == {"new", "check", "review", "claims", "explore", "pack"}
    helped = CliRunner().invoke(main, ["--help"]).output
    for name in told:
        assert re.search(rf"^  {name} ", helped, re.MULTILINE)
