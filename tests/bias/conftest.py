"""Data sets that several tests of bias use."""

import numpy as np
import pandas as pd
import pytest

from ..pooling.ledger import load


def frame_of(effects, variances, **columns):
    return pd.DataFrame({"effect": effects, "variance": variances, **columns})


@pytest.fixture(scope="session")
def bcg():
    """The 13 trials of BCG vaccine (Colditz 1994) with their counts, log odds ratios."""
    rows = load("dat.bcg")["input"]
    effects = load("dat.bcg")["escalc"]["OR"]
    return frame_of(
        effects["yi"],
        effects["vi"],
        label=[f"{r['author']} {r['year']}" for r in rows],
        measure="OR",
        events_intervention=[r["tpos"] for r in rows],
        n_intervention=[r["tpos"] + r["tneg"] for r in rows],
        events_comparison=[r["cpos"] for r in rows],
        n_comparison=[r["cpos"] + r["cneg"] for r in rows],
    )


@pytest.fixture
def lopsided():
    """Twelve studies whose effects grow with their standard errors."""
    se = np.linspace(0.08, 0.4, 12)
    wobble = np.array([1, -1, 2, -2, 0.5, 1, -1, 0, 2, -0.5, 1, -1]) * 0.03
    return frame_of(0.1 + 1.2 * se + wobble, se**2)
