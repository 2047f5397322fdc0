"""The kernels work without pandas, and importing them loads nothing heavy."""

import subprocess
import sys

KERNELS = [
    "laws",
    "projection",
    "roots",
    "tau2",
    "batch",
    "heterogeneity",
    "single",
    "counts",
    "many",
    "layout",
    "gaussian",
    "ascent",
    "nested",
    "structures",
    "sandwich",
    "rve_moments",
]

BLOCKED = """
import sys
for name in ("pandas", "matplotlib", "statsmodels", "formulaic", "scipy.stats", "scipy.optimize"):
    sys.modules[name] = None
import importlib
for name in {kernels!r}:
    importlib.import_module("peer_evidence.pooling." + name)
import peer_evidence.sensitivity.refits
from peer_evidence.pooling.many import pool_many
print(round(float(pool_many([[0.1, 0.3, 0.7]], [[0.01, 0.02, 0.03]]).tau2[0]), 6))
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_kernels_run_with_pandas_and_the_heavy_packages_blocked():
    assert run(BLOCKED.format(kernels=KERNELS)) == "0.06963"


def test_a_meta_analysis_loads_no_statistics_package():
    code = (
        "import sys, pandas as pd, peer_evidence as pe;"
        "pe.meta_analysis(pd.DataFrame({'effect': [0.1, 0.2, 0.9], 'variance': [0.1, 0.2, 0.3]}));"
        "heavy = {'statsmodels', 'matplotlib', 'scipy.stats', 'scipy.optimize'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert run(code) == "[]"
