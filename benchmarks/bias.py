"""How long the tests of bias take, and the selection models most of all.

Run with ``python benchmarks/bias.py``. Each time is the best of several runs, with the data read
and pooled before. The step model is asked to take at most 20 ms.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

import peer_evidence as pe

LIMIT = 0.020  # seconds, for a step model


def simulated(k: int) -> pe.MetaAnalysis:
    """Give k published studies of many more, those with p above 0.025 seen one time in three."""
    rng = np.random.default_rng(7)
    se = rng.uniform(0.05, 0.4, 20 * k)
    y = rng.normal(0.15, np.sqrt(se**2 + 0.02))
    seen = (y / se > 1.96) | (rng.random(20 * k) < 1 / 3)
    kept = np.flatnonzero(seen)[:k]
    return pe.meta_analysis(pd.DataFrame({"effect": y[kept], "variance": se[kept] ** 2}))


def best(call: Callable[[], object], repeat: int = 7) -> float:
    call()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> int:
    warnings.simplefilter("ignore")
    slow = 0
    print(f"{'task':42s}{'k = 20':>12s}{'k = 50':>12s}{'k = 200':>12s}   ms")
    analyses = [simulated(k) for k in (20, 50, 200)]
    tasks: dict[str, Callable[[pe.MetaAnalysis], object]] = {
        "selection model, one step": pe.selection_model,
        "selection model, two steps": lambda m: pe.selection_model(m, [0.025, 0.5]),
        "selection model, two-sided": lambda m: pe.selection_model(m, alternative="two-sided"),
        "selection model, given weights": lambda m: pe.selection_model(m, weights=[1, 0.3]),
        "selection model, negexp": lambda m: pe.selection_model(m, kind="negexp"),
        "selection model, beta": lambda m: pe.selection_model(m, kind="beta"),
        "Egger, classic": pe.egger,
        "Egger, mixed": lambda m: pe.egger(m, "mixed"),
        "Begg, exact": pe.begg,
        "trim and fill, L0": pe.trim_and_fill,
        "PET-PEESE": pe.pet_peese,
        "limit meta-analysis": pe.limit_meta_analysis,
        "Henmi-Copas": pe.henmi_copas,
        "excess significance": pe.excess_significance,
        "p-curve": pe.p_curve,
    }
    for name, call in tasks.items():
        seconds = [best(lambda m=m, call=call: call(m)) for m in analyses]
        print(f"{name:42s}" + "".join(f"{1000 * one:12.2f}" for one in seconds), flush=True)
        steps = name.startswith("selection") and name.split(", ")[1] not in ("negexp", "beta")
        slow += steps and max(seconds[:2]) > LIMIT
    print(f"step models of 20 and 50 studies over {1000 * LIMIT:g} ms: {slow}")
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
