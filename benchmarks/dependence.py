"""How long models of dependent effects take, and how the time grows with the number of effects.

Run with ``python benchmarks/dependence.py`` (or ``--quick``). Each time is the best of several.
The three-level fit is that of 56 effects in 11 groups (Konstantopoulos 2011), read from the
reference files of the tests.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import peer_evidence as pe

REFERENCE = Path(__file__).parents[1] / "tests" / "reference" / "dat.konstantopoulos2011.json"
GOAL = 15.0  # milliseconds for the three-level fit


def timed(call: Callable[[], object], repeat: int = 10) -> float:
    call()
    best = np.inf
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return float(best)


def schools() -> pd.DataFrame:
    rows = json.loads(REFERENCE.read_text(encoding="utf-8"))["input"]
    return pd.DataFrame(rows).rename(columns={"yi": "effect", "vi": "variance"})


def simulated(k: int) -> pd.DataFrame:
    """Give k effects in groups of 1 to 15."""
    rng = np.random.default_rng(20261122)
    group = np.sort(rng.integers(0, k // 8, k))
    v = rng.uniform(0.01, 0.1, k)
    y = 0.2 + 0.3 * rng.normal(size=k // 8)[group] + rng.normal(size=k) * np.sqrt(v + 0.05)
    columns = {"group": group, "row": np.arange(k), "effect": y, "variance": v}
    return pd.DataFrame(columns)


def fits() -> None:
    data, levels = schools(), ["district", "school"]
    m = pe.multilevel(data, levels=levels)
    v = pe.covariance(data, cluster="district", rho=0.6)
    rows = [
        ("three-level fit, REML", lambda: pe.multilevel(data, levels=levels)),
        ("three-level fit, ML", lambda: pe.multilevel(data, levels=levels, method="ML")),
        (
            "the same with known covariances",
            lambda: pe.multilevel(data, levels=levels, covariance=v),
        ),
        ("profile intervals of both variances", m.variance_components),
        ("CR2 and Satterthwaite", lambda: pe.robust(m, cluster="district")),
        ("RVE, correlated effects", lambda: pe.rve(data, cluster="district")),
    ]
    print(f"{len(data)} effects in {m.groups[0]} groups (goal of the fit: {GOAL:g} ms)")
    for name, call in rows:
        print(f"  {name:38s} {1000 * timed(call):9.2f} ms")


def growth(sizes: list[int]) -> None:
    print("\nk          three-level     per effect       CR2     per effect")
    for k in sizes:
        data = simulated(k)
        repeat = 3 if k <= 10_000 else 1
        fit = timed(lambda data=data: pe.multilevel(data, levels=["group", "row"]), repeat)
        m = pe.multilevel(data, levels=["group", "row"])
        own = timed(lambda m=m: pe.robust(m, cluster="group"), repeat)
        print(
            f"{k:7,d} {1000 * fit:12.1f} ms {1e6 * fit / k:11.1f} us "
            f"{1000 * own:10.1f} ms {1e6 * own / k:8.1f} us",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore", pe.PeerEvidenceWarning)
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}\n")
    fits()
    growth([100, 500, 1000] if quick else [100, 500, 1000, 5000, 20_000, 50_000])


if __name__ == "__main__":
    main()
