"""The GOSH plot: its cells hold every subset, and it is readable at every size."""

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import InputError
from peer_evidence.figures._gosh import _without_islets


def made(trials, k, method="DL", **more):
    data = trials(k)
    data["label"] = [f"{i}: {name}" for i, name in enumerate(data["label"])]
    return pe.gosh(pe.meta_analysis(data, method=method), **more)


@pytest.mark.parametrize("k", [4, 9, 12, 60])
@pytest.mark.parametrize("y", ["i2", "tau2"])
def test_it_is_readable_at_every_size(look, trials, k, y):
    g = made(trials, k, **({"subsets": 5000} if k == 60 else {}))
    words = look(pe.figures.gosh(g, y=y))
    assert "Odds ratio, log scale" in words
    assert "without it" in words
    assert {"i2": "I² (%)", "tau2": "τ²"}[y] in words


def test_the_cells_hold_every_subset_of_two_studies_or_more(trials):
    g = made(trials, 12)
    table = pe.figures.gosh_table(g, study=g.labels[3])
    assert len(table) < 64 * 40
    assert table["subsets"].sum() == 2**12 - 1 - 12
    assert table["with_study"].sum() == 2**11 - 1
    assert (table["subsets"] >= table["with_study"]).all()
    pairs = g.k > 1
    inside = (table["effect_low"].min(), table["effect_high"].max())
    assert inside == pytest.approx(
        (np.exp(g.estimate[pairs]).min(), np.exp(g.estimate[pairs]).max())
    )
    row = table.iloc[len(table) // 2]
    log = g.estimate[pairs]
    counted = (
        (log >= np.log(row["effect_low"]))
        & (log < np.log(row["effect_high"]))
        & (g.i2[pairs] >= row["y_low"])
        & (g.i2[pairs] < row["y_high"])
    )
    assert counted.sum() == row["subsets"]


def test_few_subsets_are_points_and_the_alt_text_names_the_study():
    data = pd.DataFrame({"label": list("ABCD"), "effect": [0.1, 0.3, 0.2, 1.5], "variance": 0.03})
    g = pe.gosh(pe.meta_analysis(data, method="DL"))
    ax = pe.figures.gosh(g)
    drawn = pe.figures.drawn(ax)[0]
    assert (drawn.table["effect_low"] == drawn.table["effect_high"]).all()
    assert drawn.alt == (
        "GOSH plot of 11 subsets of 4 studies, Effect against I² (%): effects 0.10 to 1.50, median "
        "0.53. Told apart: D, median 0.73 with it and 0.20 without."
    )


def test_its_bytes_are_stable(tmp_path, trials):
    g = made(trials, 11)
    files = []
    for name in ("one", "two"):
        paths = pe.figures.save(pe.figures.gosh(g), "gosh", folder=tmp_path / name)
        files.append([path.read_bytes() for path in paths])
    assert files[0] == files[1]
    assert len(files[0][0]) < 500_000


def test_errors_say_what_to_do():
    with pytest.raises(InputError) as found:
        pe.figures.gosh("g")
    assert str(found.value) == "g: found str, allowed is the result of peer_evidence.gosh"


def test_a_measure_can_be_named(look):
    data = pd.DataFrame({"label": list("ABCD"), "effect": [0.1, 0.3, 0.2, 1.5], "variance": 0.03})
    g = pe.gosh(pe.meta_analysis(data, method="DL"))
    assert "Odds ratio, log scale" in look(pe.figures.gosh(g, measure="OR"))
    table = pe.figures.gosh_table(g, measure="OR")
    np.testing.assert_allclose(table["effect_low"], np.exp(g.estimate[g.k > 1]), rtol=1e-14)


def test_one_subset_stays_on_the_sheet(look):
    data = pd.DataFrame({"label": ["A", "B"], "effect": [0.1, 0.9], "variance": [0.03, 0.05]})
    with pytest.warns(pe.PeerEvidenceWarning, match="two studies"):
        m = pe.meta_analysis(data)
    ax = pe.figures.gosh(pe.gosh(m))
    assert any(one.startswith("1 subset of 2 studies (REML). 2 single") for one in look(ax))
    figure = ax.get_figure()
    width = figure.get_figwidth() * figure.dpi
    assert all(one.get_window_extent().x1 <= width for one in ax.patches + ax.artists)


def test_what_holds_next_to_no_subset_gets_no_line_and_a_small_hole_is_filled():
    cloud = np.zeros((40, 60))
    cloud[10:30, 10:40] = 5.0
    cloud[18:20, 20:22] = 0.5  # a hole
    cloud[34, 55] = 3.0  # an islet, a thousandth of all
    level = _without_islets(cloud, 2.0, 2) >= 2.0
    assert level.sum() == 20 * 30
    assert level[10:30, 10:40].all()
    two = cloud.copy()
    two[32:36, 50:58] = 5.0  # large enough to be shown
    assert (_without_islets(two, 2.0, 2) >= 2.0)[32:36, 50:58].all()
