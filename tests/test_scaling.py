"""docs/scaling.md: what it shows runs, and its workers give what one worker gives."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe

TEXT = (Path(__file__).parents[1] / "docs" / "scaling.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_there_is_something_to_run():
    assert len(BLOCKS) == 5
    for block in BLOCKS:
        compile(block, "scaling.md", "exec")


@pytest.mark.parametrize("block", [one for one in BLOCKS if "pe.gosh" in one], ids=range(4))
def test_every_example_gives_what_one_worker_gives(block, tmp_path, monkeypatch):
    if "LocalCluster" in block:
        pytest.importorskip("distributed")
        block = block.replace("n_workers=4", "n_workers=1").replace(
            "LocalCluster(", "LocalCluster(dashboard_address=None, processes=False, "
        )
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    k = 21 if "subsets" in block else 8
    data = pd.DataFrame({"effect": rng.normal(size=k), "variance": rng.uniform(0.1, 0.5, k)})
    m = pe.meta_analysis(data, method="DL")
    names = {"m": m, "pe": pe, "__name__": "__main__"}
    exec(block, names)
    alone = pe.gosh(m, **({"subsets": 200_000} if k == 21 else {}))
    assert names["g"].estimate.tobytes() == alone.estimate.tobytes()
    assert (tmp_path / "gosh.npz").exists() == ("checkpoint" in block)
