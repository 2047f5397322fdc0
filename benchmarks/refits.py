"""How fast many refits are: all subsets of studies, and every combination of choices.

Run with ``python benchmarks/refits.py`` (or ``--quick``). Each time is the best of several runs.
The last table shows that the cost grows linearly in the number of fits.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd

import peer_evidence as pe
from peer_evidence.pooling import fast
from pooling import machine, timed

ENGINES = ("numpy", "numba") if fast.COMPILED else ("numpy",)


def studies(k: int, seed: int = 20261122) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    v = np.clip(0.25 * rng.chisquare(1, k), 0.009, 0.6)
    y = 0.5 + rng.normal(size=k) * np.sqrt(v + 0.05)
    return pd.DataFrame({"label": [f"s{i}" for i in range(k)], "effect": y, "variance": v})


def line(task: str, how: str, seconds: float, fits: int, note: str = "") -> None:
    each = 1e6 * seconds / fits
    print(f"{task:46s} {how:18s} {seconds:9.3f} s {each:9.3f} µs a fit  {note}", flush=True)


def subsets(quick: bool) -> None:
    plans = [(16, ("FE", "DL", "PM", "REML", "ML"))]
    if not quick:
        plans.append((20, ("FE", "DL", "PM", "REML")))
    for k, methods in plans:
        m = pe.meta_analysis(studies(k))
        for method in methods:
            for engine in ENGINES if method not in ("FE", "DL") else ("numpy",):
                call = lambda m=m, x=method, e=engine: pe.gosh(m, method=x, engine=e)  # noqa: E731
                g = call()
                seconds = timed(call, 3 if k < 20 else 1)
                failed = g.failed + int(np.isnan(g.estimate).sum())
                line(f"all {len(g):,} subsets of {k}, {method}", engine, seconds, len(g),
                     f"{failed} failed")  # fmt: skip


def every(values: str) -> list[object]:
    """Give all, and every proper subset of some values."""
    sizes = range(1, len(values))
    return ["all", *(list(one) for size in sizes for one in combinations(values, size))]


def specifications(quick: bool) -> None:
    rng = np.random.default_rng(1)
    n = 120
    data = studies(n)
    for name, values in (("a", "pqrs"), ("b", "tuv"), ("c", "wxyz"), ("d", "gh")):
        data[name] = rng.choice(list(values), n)
    data["year"] = rng.integers(1990, 2025, n)
    choices = {
        "a": every("pqrs"),
        "b": every("tuv"),
        "c": every("wxyz")[:9],
        "d": every("gh"),
        "year": ["all", *[(year, None) for year in (2000, 2005, 2010)]],
        "method": ["FE", "DL", "PM", "REML"],
        "ci": ["wald", "hksj"],
    }
    if quick:
        choices["a"] = ["all"]
    for engine in ENGINES:
        call = lambda e=engine: pe.multiverse(data, choices, engine=e)  # noqa: E731
        mv = call()
        task = f"multiverse, {len(mv):,} of {mv.combinations:,} specifications"
        line(task, engine, timed(call, 2), len(mv))
    small = {"d": ["all", "g", "h"], "year": choices["year"], "method": ["DL", "REML"]}
    mv = pe.multiverse(data, small)
    for engine in ENGINES:
        call = lambda e=engine, mv=mv: mv.test(iterations=500, engine=e)  # noqa: E731
        line(f"500 draws of {len(mv)} specifications", engine, timed(call, 2), 500 * len(mv))


def others() -> None:
    m = pe.meta_analysis(studies(16))
    seconds = timed(lambda: pe.fragility(m), 3)
    print(f"{'fragility, 16 studies':46s} {'numpy':18s} {seconds:9.3f} s")


def growth(quick: bool) -> None:
    print(
        "\nREML, subsets drawn from 20 studies: the cost of a fit does not grow with their number"
    )
    m = pe.meta_analysis(studies(20))
    counts = [2**power for power in range(12, 18 if quick else 21)]
    counts[-1] = min(counts[-1], 2**20 - 1)
    times = []
    for count in counts:
        start: Callable[[], float] = time.perf_counter
        began = start()
        pe.gosh(m, subsets=count)
        times.append(start() - began)
        line(f"{count:,} fits", "numpy", times[-1], count)
    slope = np.polyfit(np.log(counts), np.log(times), 1)[0]
    print(f"time ~ fits^{slope:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave the million fits out")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    machine()
    subsets(quick)
    specifications(quick)
    others()
    growth(quick)


if __name__ == "__main__":
    sys.exit(main())
