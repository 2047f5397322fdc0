"""How fast many refits are: all subsets of studies, and every combination of choices.

Run with ``python benchmarks/refits.py`` (or ``--quick``). Each time is the best of several runs:
elapsed, and of the processor (all cores together), which says more on a machine that others use.
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
from pooling import machine

ENGINES = ("numpy", "numba") if fast.COMPILED else ("numpy",)


def studies(k: int, seed: int = 20261122) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    v = np.clip(0.25 * rng.chisquare(1, k), 0.009, 0.6)
    y = 0.5 + rng.normal(size=k) * np.sqrt(v + 0.05)
    return pd.DataFrame({"label": [f"s{i}" for i in range(k)], "effect": y, "variance": v})


def timed(call: Callable[[], object], repeat: int) -> tuple[float, float]:
    best = [np.inf, np.inf]
    for _ in range(repeat):
        start = time.perf_counter(), time.process_time()
        call()
        best[0] = min(best[0], time.perf_counter() - start[0])
        best[1] = min(best[1], time.process_time() - start[1])
    return best[0], best[1]


def line(task: str, how: str, seconds: tuple[float, float], fits: int, note: str = "") -> None:
    each = 1e6 * seconds[1] / fits
    print(
        f"{task:50s} {how:6s} {seconds[0]:8.3f} s, processor {seconds[1]:8.3f} s, "
        f"{each:7.3f} µs a fit  {note}",
        flush=True,
    )


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
                seconds = timed(call, 5 if k < 20 else 2)
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
        "c": every("wxyz"),
        "d": every("gh"),
        "year": ["all", *[(year, None) for year in (1995, 2000, 2005, 2010, 2012)]],
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
    small = {"d": ["all", "g", "h"], "year": choices["year"][:4], "method": ["DL", "REML"]}
    mv = pe.multiverse(data, small)
    for engine in ENGINES:
        call = lambda e=engine, mv=mv: mv.test(iterations=500, engine=e)  # noqa: E731
        line(f"500 draws of {len(mv)} specifications", engine, timed(call, 2), 500 * len(mv))


def others() -> None:
    m = pe.meta_analysis(studies(16))
    line("fragility, 16 studies", "numpy", timed(lambda: pe.fragility(m), 3), 2**16)


def growth(quick: bool) -> None:
    print(
        "\nREML, subsets drawn from 20 studies: the cost of a fit does not grow with their number"
    )
    m = pe.meta_analysis(studies(20))
    counts = [2**power for power in range(12, 18 if quick else 21)]
    counts[-1] = min(counts[-1], 2**20 - 1)
    times = []
    for count in counts:
        times.append(
            timed(lambda count=count: pe.gosh(m, subsets=count), 3 if count < 100_000 else 1)
        )
        line(f"{count:,} fits", "numpy", times[-1], count)
    used = np.array([cpu for _, cpu in times])
    each, start = np.polyfit(counts, used, 1, w=1 / used)
    off = 100 * np.abs(start + each * np.array(counts) - used) / used
    print(
        f"line: {1000 * start:.1f} ms + {1e6 * each:.3f} µs a fit; "
        f"no time is farther from it than {off.max():.0f}%"
    )


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
