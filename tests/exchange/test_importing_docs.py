"""docs/importing.md: its examples run as they stand, its commands are there."""

import doctest
import re
from pathlib import Path

import pytest

from peer_evidence.cli import main
from peer_evidence.exchange.choosing import KINDS

TEXT = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")


def test_every_example_gives_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 6
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "importing", None, 0)
    report: list[str] = []
    done = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(
        examples, out=report.append
    )
    assert done.failed == 0, "".join(report)
    assert done.attempted >= 30


def test_every_command_and_kind_it_names_is_there() -> None:
    told = set(re.findall(r"peer-evidence (\w+)", TEXT))
    assert told == {"import", "new", "check", "pack", "completion"}
    assert told <= set(main.commands)
    for kind in KINDS:
        assert f"`{kind}`" in TEXT or f"`--as {kind}`" in TEXT
