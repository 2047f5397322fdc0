"""The style of the package for plots of one's own, and the sides that a figure names."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import InputError
from peer_evidence.figures.style import SMALL_SIZE


@pytest.fixture(scope="module")
def m() -> pe.MetaAnalysis:
    effects = [2.1, 2.3, 2.2, 2.5, 2.0]
    variances = [0.02, 0.03, 0.04, 0.009, 0.005]
    return pe.meta_analysis(pd.DataFrame({"effect": effects, "variance": variances}))


def test_the_style_holds_inside_and_leaves_the_settings_outside_alone() -> None:
    mpl.rcParams["axes.spines.right"] = True
    before = dict(mpl.rcParams)
    with pe.figures.house_style():
        figure, ax = plt.subplots()
        assert not ax.spines["right"].get_visible()
        assert mpl.rcParams["svg.fonttype"] == "none"
        plt.close(figure)
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ("favours BCG", "no vaccine"),
            "favours: found 'favours BCG', allowed is the name alone, 'BCG': the figure writes "
            '"favours" before it',
        ),
        (
            ("BCG", " Favors no vaccine"),
            "favours: found ' Favors no vaccine', allowed is the name alone, 'no vaccine': the "
            'figure writes "favours" before it',
        ),
        (
            "BCG",
            "favours: found 'BCG', allowed are two texts, whom the left and the right side favour, "
            "such as ('waiting list', 'tutoring')",
        ),
        (
            ("BCG",),
            "favours: found ('BCG',), allowed are two texts, whom the left and the right side "
            "favour, such as ('waiting list', 'tutoring')",
        ),
    ],
)
@pytest.mark.parametrize("name", ["forest", "funnel", "radial"])
def test_sides_are_names_alone(name: str, given, message: str, m: pe.MetaAnalysis) -> None:
    with pytest.raises(InputError) as raised:
        getattr(pe.figures, name)(m, favours=given)
    assert str(raised.value) == message


def test_a_side_may_be_called_after_favour(m: pe.MetaAnalysis) -> None:
    ax = pe.figures.forest(m, favours=("favourable weather", "rain"))
    assert "Left favours favourable weather, right favours rain." in pe.figures.drawn(ax)[0].alt


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("width", [85.0, 60.0])
def test_no_label_of_the_arc_touches_the_axis(sign: float, width: float, m) -> None:
    data = pd.DataFrame({"effect": sign * m.studies.effects, "variance": m.studies.variances})
    with pe.figures.house_style():
        figure = plt.figure(figsize=(width / 25.4, 110 / 25.4))
        ax = pe.figures.radial(pe.meta_analysis(data), ax=figure.add_axes((0, 0, 1, 1)))
        figure.canvas.draw()
    floor = ax.spines["bottom"].get_window_extent().y0
    left = ax.spines["left"].get_window_extent().x0
    ticks = [
        box
        for text in figure.findobj(mpl.text.Text)
        if text.get_fontsize() == SMALL_SIZE and _is_number(text.get_text())
        for box in [text.get_window_extent()]
        if box.x0 > left and box.y1 > floor
    ]
    assert len(ticks) >= 2
    assert min(box.y0 for box in ticks) >= floor
    plt.close(figure)


def test_a_ratio_of_spreads_has_an_axis_of_ratios() -> None:
    data = pd.DataFrame({"effect": [-0.2, 0.1], "variance": [0.02, 0.03], "measure": "VR"})
    with pytest.warns(pe.errors.FewStudiesWarning):
        found = pe.meta_analysis(data)
    table = pe.figures.forest_table(found)
    shown = table.loc[table["kind"] == "study", "effect"].astype(float)
    np.testing.assert_allclose(shown, np.exp([-0.2, 0.1]))


def _is_number(text: str) -> bool:
    return bool(text) and text.replace("\N{MINUS SIGN}", "").replace(".", "").isdigit()
