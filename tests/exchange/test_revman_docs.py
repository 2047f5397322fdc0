"""docs/importing-revman.md: its examples run as they stand."""

import doctest
import re
import shutil
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "importing-revman.md").read_text(encoding="utf-8")


def test_every_example_gives_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(Path(__file__).parent / "revman" / "bcg.rm5", tmp_path / "review.rm5")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 4
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "revman", None, 0)
    report: list[str] = []
    done = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(
        examples, out=report.append
    )
    assert done.failed == 0, "".join(report)
    assert done.attempted >= 14
