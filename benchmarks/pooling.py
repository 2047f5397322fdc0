"""How fast pooling is beside its peers, on the same data in one run.

Run with ``python benchmarks/pooling.py`` (or ``--quick``). Peers that are not installed are left
out; where a peer is slow it is timed on fewer sets and scaled up, and the table says so. Each time
is the best of several runs.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd

import peer_evidence as pe
from peer_evidence.pooling import fast

K = 10
VERSIONS = (
    "numpy",
    "scipy",
    "pandas",
    "numba",
    "pymare",
    "pymetaanalysis",
    "pimeta",
    "statsmodels",
)


def simulated(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(20261122)
    v = np.clip(0.25 * rng.chisquare(1, (count, K)), 0.009, 0.6)
    tau2 = rng.choice([0.0, 0.02, 0.1, 0.3], (count, 1))
    return 0.5 + rng.normal(size=(count, K)) * np.sqrt(v + tau2), v


def heterogeneous() -> tuple[np.ndarray, np.ndarray]:
    """Give one set whose tau2 is not 0, so that there is a root to find."""
    y, v = simulated(100)
    place = int(np.argsort(pe.pool_many(y, v).tau2)[70])
    return y[[place]], v[[place]]


def timed(call: Callable[[], object], repeat: int = 5) -> float:
    call()
    best = np.inf
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return float(best)


class Table:
    def __init__(self) -> None:
        self.own: dict[str, float] = {}

    def add(self, task: str, who: str, seconds: float, note: str = "") -> None:
        if task not in self.own:
            self.own[task] = seconds
            ratio = ""
        else:
            ratio = f"{seconds / self.own[task]:10.1f} x"
        print(f"{task:34s} {who:34s} {1000 * seconds:12.3f} ms {ratio:12s} {note}", flush=True)


def machine() -> None:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        model = lines[0].split(":", 1)[1].strip() if lines else model
        model += f", {len(lines)} cores"
    print(f"{model}; {platform.system()}; Python {platform.python_version()}")
    found = []
    for name in VERSIONS:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    print(", ".join(found) + "\n")


def one_fit(table: Table) -> None:
    task = "one REML fit, full result"
    y, v = heterogeneous()
    data = pd.DataFrame({"label": [f"s{i}" for i in range(K)], "effect": y[0], "variance": v[0]})

    def many(call: Callable[[], object]) -> float:
        return timed(lambda: [call() for _ in range(50)]) / 50

    table.add(task, "peer_evidence", many(lambda: pe.meta_analysis(data)))
    ours = pe.meta_analysis(data).tau2
    try:
        from meta_analyze import meta_analysis
    except ImportError:
        pass
    else:

        def call() -> object:
            return meta_analysis(data, effect="effect", variance="variance", tau2_method="REML")

        table.add(task, "PyMetaAnalysis", many(call), f"tau2 differs by {call().tau2 - ours:.1e}")
    try:
        import pimeta
    except ImportError:
        pass
    else:

        def call() -> object:
            return pimeta.rma(y[0], v[0], method="REML")

        table.add(task, "pimeta", many(call), f"tau2 differs by {call().tau2 - ours:.1e}")
    try:
        from pymare.estimators import VarianceBasedLikelihoodEstimator
    except ImportError:
        pass
    else:
        x = np.ones((K, 1))

        def call() -> object:
            return VarianceBasedLikelihoodEstimator("REML").fit(y.T, v.T, x).summary()

        gap = float(np.ravel(call().tau2)[0]) - ours
        table.add(task, "PyMARE", many(call), f"no Q-profile; tau2 differs by {gap:.1e}")
    try:
        from statsmodels.stats.meta_analysis import combine_effects
    except ImportError:
        pass
    else:
        call = lambda: combine_effects(y[0], v[0], method_re="iterated").summary_frame()  # noqa: E731
        table.add(task, "statsmodels", many(call), "Paule-Mandel: it has no REML")


def batch(table: Table, count: int, slow: int) -> None:
    task = f"{count:,} REML fits of k = {K}"
    y, v = simulated(count)
    repeat = 5 if count <= 10_000 else 2
    table.add(task, "peer_evidence, numpy", timed(lambda: pe.pool_many(y, v), repeat))
    ours = pe.pool_many(y, v)
    if fast.COMPILED:
        seconds = timed(lambda: pe.pool_many(y, v, engine="numba"), repeat)
        other = pe.pool_many(y, v, engine="numba")
        gap = np.abs(other.tau2 - ours.tau2).max()
        table.add(task, "peer_evidence, numba", seconds, f"tau2 differs by {gap:.0e} at most")
    try:
        from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator
    except ImportError:
        pass
    else:
        x = np.ones((K, 1))
        yt, vt = np.ascontiguousarray(y.T), np.ascontiguousarray(v.T)
        part = min(count, 100_000)
        seconds = timed(
            lambda: VarianceBasedLikelihoodEstimator("REML").fit(yt[:, :part], vt[:, :part], x), 2
        )
        found = VarianceBasedLikelihoodEstimator("REML").fit(yt[:, :part], vt[:, :part], x)
        gap = np.abs(found.params_["tau2"].ravel() - ours.tau2[:part])
        note = f"tau2 differs by > 1e-4 in {(gap > 1e-4).sum()} of {part:,}"
        table.add(task, "PyMARE, vectorised call", seconds * count / part, note)
        seconds = timed(lambda: DerSimonianLaird().fit(yt[:, :part], vt[:, :part], x), 2)
        table.add(task, "PyMARE, DL", seconds * count / part, "closed form, not REML")
        own = timed(lambda: pe.pool_many(y[:part], v[:part], "DL"), 2)
        table.add(task, "peer_evidence, DL", own * count / part, "closed form, not REML")
    singles(table, task, y[:slow], v[:slow], count)


def singles(table: Table, task: str, y: np.ndarray, v: np.ndarray, count: int) -> None:
    """Peers without a batch call, in a loop over fewer sets."""
    scale = count / len(y)
    note = f"loop over {len(y)} sets, scaled"
    try:
        import pimeta
    except ImportError:
        pass
    else:
        seconds = timed(
            lambda: [pimeta.rma(a, b, method="REML") for a, b in zip(y, v, strict=True)], 1
        )
        table.add(task, "pimeta", seconds * scale, note)
    try:
        from meta_analyze import meta_analysis
    except ImportError:
        pass
    else:
        seconds = timed(
            lambda: [
                meta_analysis(effect=a, variance=b, tau2_method="REML")
                for a, b in zip(y, v, strict=True)
            ],
            1,
        )
        table.add(task, "PyMetaAnalysis", seconds * scale, note)


def sensitivity(table: Table) -> None:
    y, v = heterogeneous()
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"effect": y[0], "variance": v[0], "x": rng.normal(size=K)})
    m = pe.meta_analysis(data)
    slope = pe.meta_analysis(data, moderators="x")
    table.add("leave-one-out, k = 10", "peer_evidence", timed(lambda: pe.leave_one_out(m), 20))
    table.add("influence, k = 10", "peer_evidence", timed(lambda: pe.influence(m), 20))
    task = "1000 permutations, REML"
    call = lambda: pe.permutation_test(m, exact=False, iterations=1000)  # noqa: E731
    table.add(task, "peer_evidence", timed(call, 10))
    task2 = "1000 permutations, one moderator"
    table.add(task2, "peer_evidence", timed(lambda: pe.permutation_test(slope, exact=False), 10))
    try:
        import pimeta
        from meta_analyze import meta_analysis
    except ImportError:
        return
    fit = pimeta.rma(y[0], v[0], method="REML")
    seconds = timed(lambda: pimeta.leave1out(y[0], v[0], method="REML"), 5)
    table.add("leave-one-out, k = 10", "pimeta", seconds)
    other = meta_analysis(effect=y[0], variance=v[0], tau2_method="REML")
    seconds = timed(lambda: other.leave_one_out(), 5)
    table.add("leave-one-out, k = 10", "PyMetaAnalysis", seconds)
    try:
        seconds = timed(lambda: pimeta.permutest(fit, exact=False, iter=1000), 1)
        table.add(task, "pimeta", seconds)
    except TypeError as error:
        print(f"{task:34s} pimeta: {error}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave the million fits out")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    machine()
    table = Table()
    one_fit(table)
    sensitivity(table)
    batch(table, 10_000, 100)
    if not quick:
        batch(table, 1_000_000, 100)


if __name__ == "__main__":
    sys.exit(main())
