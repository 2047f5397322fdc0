"""The harness of docs/fuzzing.md stays alive: each reader takes some mutated files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.cases import FAULTS, Target
from fuzz.run import run_here
from fuzz.targets import TARGETS

CASES = {"diff": 2, "revman": 5, "cochrane": 3, "frames": 10, "parquet": 10, "tables": 10,
         "ris": 10, "bibtex": 10, "robvis": 10, "printed": 200, "judgements": 100}  # fmt: skip
SEED = 7


@pytest.mark.parametrize("reader", TARGETS)
def test_a_load_or_a_list_of_faults(reader: str) -> None:
    counts = run_here(TARGETS[reader], SEED, range(CASES.get(reader, 25)))
    assert counts.kinds == {}
    assert counts.loads + counts.faults == counts.done == CASES.get(reader, 25)


def test_what_is_neither_is_found() -> None:
    def read(case: int, folder: Path, rng: object) -> str:
        if case == 3:
            raise KeyError("a plain traceback")
        while case == 5:
            pass
        return FAULTS

    cases = iter(range(7))
    target = Target("broken", lambda rng: next(cases), read)
    counts = run_here(target, SEED, range(7), seconds=0.2)
    assert (counts.done, counts.faults, counts.others, counts.hangs) == (7, 5, 1, 1)
    kinds = sorted(kind.partition(" at ")[0] for kind in counts.kinds)
    assert kinds == ["KeyError", "hang"]
