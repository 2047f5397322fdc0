"""Pools and records that the tests of this room share."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe


def pooled(effect: float, *, k: int = 3, measure: str = "OR", variance: float = 0.01):
    """Pool k equal studies: the estimate is the effect, the variance its k-th part."""
    frame = pd.DataFrame(
        {
            "label": [f"s{i}" for i in range(k)],
            "effect": np.full(k, effect),
            "variance": np.full(k, variance),
            "measure": [measure] * k,
        }
    )
    return pe.meta_analysis(frame)


def records(design: str = "cohort", tool: str = "robins_i", judgement: str = "low", k: int = 3):
    """Make the parts of the records that a worksheet reads, with any design and tool."""
    ids = [f"s{i}" for i in range(k)]
    return SimpleNamespace(
        studies=pd.DataFrame({"study_id": ids, "label": ids, "design": [design] * k}),
        outcomes=pd.DataFrame(),
        package={"intervention": "the course", "comparison": "usual care"},
        select=None,
        reviews=pd.DataFrame({"review_id": pd.Series(dtype="str"), "label": []}),
        risk_of_bias=pd.DataFrame(
            {
                "study_id": ids,
                "tool": [tool] * k,
                "domain": ["overall"] * k,
                "judgement": [judgement] * k,
            }
        ),
        certainty=pd.DataFrame(
            columns=["review_id", "outcome", "domain", "certainty", "reasons", "source", "locator"]
        ),
    )


@pytest.fixture(scope="session")
def pools(ev: pe.Evidence) -> pe.Pools:
    return pe.pools(ev)
