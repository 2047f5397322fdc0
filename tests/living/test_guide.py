"""docs/living-review.md: its Python runs on two states of a review, and finds what changed."""

import re
import shutil
from pathlib import Path

import peer_evidence as pe

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "living-review.md").read_text(encoding="utf-8")


def test_its_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("published", "working", "first", "second"):
        shutil.copytree(ROOT / "data", name)
    file = Path("working/outcomes.csv")
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(",38.93,", ",38.95,", 1), encoding="utf-8")
    names = {}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(compile(block, "living-review.md", "exec"), names)
        if isinstance(names["found"], pe.Diff):
            assert names["found"].cells["new"].tolist() == ["38.95"]
    assert isinstance(names["found"], pe.ExtractionComparison)
    assert Path("adjudicate.csv").read_text(encoding="utf-8") == "table,key,column,a,b,agreed\n"
