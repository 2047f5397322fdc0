"""Inputs written by hand, and the eyes of the tests: what is cut, what lies on what."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

import peer_evidence as pe

LONG = "Results of a very long kind & with $signs_{x}^2$ <tags> that a careless figure would cut"


def texts_of(ax: Axes) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Every visible text of the figure with its box in points."""
    figure = ax.get_figure(root=True)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()  # all is laid out, no pixel is painted
    hidden: set[int] = set()
    for one in figure.axes:
        for axis in (one.xaxis, one.yaxis):
            if not (one.axison and axis.get_visible()):
                hidden |= {id(text) for text in axis.findobj(Text)}
    found = []
    for text in figure.findobj(Text):
        if not text.get_text().strip() or not text.get_visible() or id(text) in hidden:
            continue
        box = text.get_window_extent(renderer).transformed(figure.dpi_scale_trans.inverted())
        found.append((text.get_text(), tuple(72 * value for value in box.extents)))
    return found


@pytest.fixture
def look() -> Callable[[Axes], list[str]]:
    """Check that no text is cut or lies on another; give the texts."""

    def check(ax: Axes) -> list[str]:
        figure = ax.get_figure(root=True)
        width, height = figure.get_figwidth() * 72, figure.get_figheight() * 72
        found = texts_of(ax)
        boxes = np.array([box for _, box in found])
        names = [name for name, _ in found]
        outside = (
            (boxes[:, 0] < -0.5) | (boxes[:, 1] < -0.5)
            | (boxes[:, 2] > width + 0.5) | (boxes[:, 3] > height + 0.5)
        )  # fmt: skip
        assert not outside.any(), [names[one] for one in np.flatnonzero(outside)]
        left = np.maximum(boxes[:, None, 0], boxes[None, :, 0])
        right = np.minimum(boxes[:, None, 2], boxes[None, :, 2])
        low = np.maximum(boxes[:, None, 1], boxes[None, :, 1])
        high = np.minimum(boxes[:, None, 3], boxes[None, :, 3])
        on = (right - left > 0.5) & (high - low > 1.5)
        np.fill_diagonal(on, val=False)
        pairs = [(names[one], names[two]) for one, two in np.argwhere(on) if one < two]
        assert not pairs, pairs[:5]
        return names

    return check


@pytest.fixture
def tally_frame() -> Callable[[int], pd.DataFrame]:
    """Make a tally of so many groups."""

    def make(groups: int) -> pd.DataFrame:
        rng = np.random.default_rng(20260101)
        kinds = ["benefit", "no_difference", "harm", "mixed", "unclear"]
        frame = pd.DataFrame(rng.integers(0, 12, (groups, 5)), columns=kinds)
        frame["harm"] //= 4
        frame.index = pd.Index([f"group_{number}" for number in range(groups)], name="domain")
        frame["rows"] = frame.sum(axis=1)
        frame["studies"] = np.maximum(1, frame["rows"] - 3)
        return frame

    return make


@pytest.fixture
def admission_frame() -> Callable[[int], pd.DataFrame]:
    """Make a summary of so many hospital-use results, of every kind there is."""

    def make(rows: int) -> pd.DataFrame:
        kinds = [
            ("OR", 0.66, 0.43, 0.99, 0.0438, "", True, "favours_intervention"),
            ("", None, None, None, None, "no event counts in any source", True, "unclear"),
            ("MD", -116.0, None, None, 0.042, "", True, "favours_intervention"),
            ("RR", 1.345, 0.9, 2.75, None, "", True, "favours_comparison"),
            ("", None, None, None, 0.03, "no standard deviation", False, "null"),
        ]
        names = [
            "effect_measure", "effect", "ci_low", "ci_high", "p_value", "not_computed",
            "counted", "effect_direction",
        ]  # fmt: skip
        frame = pd.DataFrame([kinds[row % 5] for row in range(rows)], columns=names)
        frame["outcome_id"] = [f"study.{row}" for row in range(rows)]
        frame["label"] = [f"Author, Other & Third et al. {1900 + row}" for row in range(rows)]
        domains = ["hospitalisation", "hospital_days", "community_tenure"]
        frame["domain"] = [domains[row % 3] for row in range(rows)]
        frame["measure"] = [LONG if row % 7 == 0 else "Readmitted" for row in range(rows)]
        frame["timepoint_months"] = [None if row % 4 == 0 else 12 for row in range(rows)]
        frame["left_out_reason"] = ["" if counted else "subgroup" for counted in frame["counted"]]
        return frame

    return make


@pytest.fixture
def claim_frame() -> Callable[[int], pd.DataFrame]:
    """Make so many claims with their verdicts."""

    def make(rows: int) -> pd.DataFrame:
        verdicts = ["supported", "contradicted", "not_checkable"]
        return pd.DataFrame({
            "finding_id": [f"finding_{row}" for row in range(rows)],
            "review_id": ["chapter" if row % 2 else "review_2011" for row in range(rows)],
            "claim": [LONG if row % 5 == 0 else "Twelve studies met the criteria."
                      for row in range(rows)],
            "stated": ["12" if row % 3 else None for row in range(rows)],
            "computed": ["7 of 12" if row % 4 else "" for row in range(rows)],
            "verdict": [verdicts[row % 3] for row in range(rows)],
            "why": ["known by count, not by name" if row % 3 == 2 else "" for row in range(rows)],
        })  # fmt: skip

    return make


@pytest.fixture(scope="session")
def reference() -> dict:
    """What R (metafor) gives for the BCG trials."""
    path = Path(__file__).parent.parent / "reference" / "dat.bcg.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def bcg(reference: dict) -> pd.DataFrame:
    """The BCG trials with their log risk ratios."""
    rows = pd.DataFrame(reference["input"])
    return pe.effect_sizes(pd.DataFrame({
        "label": rows["author"] + " " + rows["year"].astype(str),
        "events_intervention": rows["tpos"], "n_intervention": rows["tpos"] + rows["tneg"],
        "events_comparison": rows["cpos"], "n_comparison": rows["cpos"] + rows["cneg"],
        "ablat": rows["ablat"], "alloc": rows["alloc"],
    }), measure="RR")  # fmt: skip


@pytest.fixture(scope="session")
def trials() -> Callable[..., pd.DataFrame]:
    """Make so many trials with counts, an effect and moderators; every third name is long."""

    def make(k: int, measure: str = "OR") -> pd.DataFrame:
        rng = np.random.default_rng(3)
        n = rng.integers(15, 400, k)
        risk = rng.beta(2, 5, k)
        treated = np.clip(risk * np.exp(rng.normal(-0.3, 0.4, k)), 0.01, 0.95)
        return pe.effect_sizes(pd.DataFrame({
            "label": [f"Author & Other {1950 + row}{f': {LONG}' if row % 3 == 0 else ''}"
                      for row in range(k)],
            "events_intervention": rng.binomial(n, treated), "n_intervention": n,
            "events_comparison": rng.binomial(n, risk), "n_comparison": n,
            "months": rng.uniform(0, 24, k).round(1),
            "setting": [["hospital", "community"][row % 2] for row in range(k)],
        }), measure=measure)  # fmt: skip

    return make


@pytest.fixture(autouse=True)
def _same_settings() -> Iterator[None]:
    """Hold every figure to leaving the settings of matplotlib alone."""
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before
