"""The p-curve and the weights of a selection model: their numbers, and that they are readable."""

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::peer_evidence.errors.PeerEvidenceWarning")


def analysis(k=30, seed=2):
    rng = np.random.default_rng(seed)
    se = rng.uniform(0.08, 0.4, k)
    return pe.meta_analysis(
        pd.DataFrame({"effect": rng.normal(0.35, np.sqrt(se**2 + 0.03)), "variance": se**2})
    )


@pytest.mark.parametrize("k", [6, 30, 300])
def test_p_curve_is_readable_and_shows_its_shares(look, k):
    found = pe.p_curve(analysis(k))
    ax = pe.figures.p_curve(found)
    words = look(ax)
    assert {"observed", "power of 33%", "no effect", "Share of significant p"} <= set(words)
    lines = {len(line.get_xdata()): line for line in ax.lines if line.get_marker() == "o"}
    np.testing.assert_allclose(lines[5].get_ydata(), pe.figures.p_curve_table(found)["observed"])
    assert pe.figures.drawn(ax)[0].alt.startswith("P-curve, shares of the significant p values: ")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"steps": [0.0004, 0.3]},
        {"steps": [0.05], "alternative": "two-sided"},
        {"kind": "beta"},
        {"kind": "negexp"},
        {"steps": np.linspace(0.05, 0.95, 13), "weights": np.linspace(1, 0.1, 14)},
    ],
)
def test_weights_are_readable_and_drawn_where_they_are(look, options):
    found = pe.selection_model(analysis(60), **options)
    ax = pe.figures.selection(found)
    words = look(ax)
    assert "Weight" in words
    table = pe.figures.selection_table(found)
    np.testing.assert_allclose(table["weight"], found.weight(table["p_high"]))
    low, high = ax.get_xlim()
    assert low < (found.steps or (0.01,))[0]
    assert high == 1.0
    assert ax.get_ylim()[1] > table["weight"].max()
    if found.kind == "step":
        (stairs,) = ax.patches
        np.testing.assert_allclose(stairs.get_data().values, found.delta)


def test_other_results_are_refused():
    with pytest.raises(InputError) as error:
        pe.figures.p_curve([0.01])
    assert str(error.value) == ("result: found list, allowed is what peer_evidence.p_curve gives")
    with pytest.raises(InputError) as error:
        pe.figures.selection(analysis())
    assert str(error.value) == (
        "result: found MetaAnalysis, allowed is what peer_evidence.selection_model gives"
    )
