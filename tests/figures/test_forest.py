"""The forest plot: its numbers, its three layouts, and that it is readable at every size."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from scipy import special

import peer_evidence as pe
from peer_evidence.errors import InputError
from peer_evidence.figures.layout import middle_of_line

LONG = " with a very long label & $signs_1^2$ that nobody will ever shorten"


@dataclass
class Pooled:
    """A meta-analysis as the figures see one: pooled here by inverse variances."""

    data: pd.DataFrame
    level: float = 0.95
    method: str = "REML"
    ci: str = "wald"
    tau2: float = 0.02
    measure: str = ""
    i2: float = 40.0
    i2_ci_low: float = 0.0
    i2_ci_high: float = 81.0
    q: float = 12.3
    q_p_value: float = 0.0004
    p_value: float = 0.01
    left_out: tuple = field(default=())
    qm: float | None = None

    def __post_init__(self):
        weight = 1 / (self.data["variance"] + self.tau2)
        self.k = len(self.data)
        self.q_df = self.k - 1
        self.estimate = float((weight * self.data["effect"]).sum() / weight.sum())
        half = special.ndtri(0.975) / np.sqrt(weight.sum())
        self.ci_low, self.ci_high = self.estimate - half, self.estimate + half
        self.pi_low, self.pi_high = self.estimate - 0.5, self.estimate + 0.5

    def study_table(self):
        table = self.data[["label", "effect", "variance"]].reset_index(drop=True)
        half = special.ndtri(0.975) * np.sqrt(table["variance"])
        weight = 1 / (table["variance"] + self.tau2)
        return table.assign(
            se=np.sqrt(table["variance"]), ci_low=table["effect"] - half,
            ci_high=table["effect"] + half, weight=100 * weight / weight.sum(),
        )  # fmt: skip


@dataclass
class Grouped:
    """A subgroup analysis as the figures see one."""

    overall: Pooled
    groups: dict
    q_between: float = 6.1
    q_between_df: int = 2
    q_between_p_value: float = 0.047


def studies(k, *, means=False, long=False):
    rng = np.random.default_rng(3)
    variance = rng.gamma(2, 0.04, k) + 0.005
    data = pd.DataFrame({
        "label": [f"Author & Other {1950 + row}{LONG if long and row % 4 == 0 else ''}"
                  for row in range(k)],
        "effect": rng.normal(-0.3, 0.3, k), "variance": variance,
        "group": [["in hospital", "in the community", "online"][row % 3] for row in range(k)],
    })  # fmt: skip
    for side in ("intervention", "comparison"):
        data[f"n_{side}"] = rng.integers(12, 9000, k)
        if means:
            data[f"mean_{side}"] = rng.normal(20, 3, k).round(2)
            data[f"sd_{side}"] = rng.gamma(9, 0.7, k).round(2)
        else:
            data[f"events_{side}"] = (data[f"n_{side}"] * rng.uniform(0, 0.3, k)).astype(int)
    return data


def grouped(k):
    data = studies(k)
    return Grouped(Pooled(data), {name: Pooled(part) for name, part in data.groupby("group")})


def test_table_of_ratios_is_on_the_natural_scale():
    data = studies(5)
    m = Pooled(data, measure="OR")
    table = pe.figures.forest_table(m, data=data)
    assert list(table.kind) == ["study"] * 5 + ["total"]
    np.testing.assert_allclose(table.effect[:5], np.exp(data.effect), rtol=1e-14)
    np.testing.assert_allclose(table.ci_high[5], np.exp(m.ci_high), rtol=1e-14)
    np.testing.assert_allclose(table.pi_low[5], np.exp(m.pi_low), rtol=1e-14)
    assert table.weight[:5].sum() == pytest.approx(100)
    assert table.events_comparison[5] == data.events_comparison.sum()
    assert table.n_intervention[5] == data.n_intervention.sum()


def test_table_of_differences_is_as_pooled():
    m = Pooled(studies(5), measure="MD")
    table = pe.figures.forest_table(m)
    assert list(table.effect[:5]) == list(m.data.effect)
    by_effect = pe.figures.forest_table(m, sort="effect")
    assert by_effect.effect[:5].is_monotonic_increasing
    assert pe.figures.forest_table(m, sort="weight").weight[:5].is_monotonic_decreasing


def test_subgroups_keep_the_weights_of_all_studies():
    m = grouped(9)
    table = pe.figures.forest_table(m, data=m.overall.data)
    assert list(table.kind) == (["subgroup"] + ["study"] * 3 + ["subtotal"]) * 3 + ["total"]
    assert table[table.kind == "study"].weight.sum() == pytest.approx(100)
    assert table[table.kind == "subtotal"].weight.sum() == pytest.approx(100)
    assert table[table.kind == "total"].weight.item() == pytest.approx(100)
    whole = m.overall.study_table().set_index("label").weight
    for _, row in table[table.kind == "study"].iterrows():
        assert row.weight == whole[row.label]


def test_studies_of_the_same_name_are_told_apart():
    data = studies(6).assign(label="Same 2000", effect=[0.1, 0.1, 0.3, 0.2, 0.2, 0.5])
    parts = {"a": Pooled(data.iloc[:3]), "b": Pooled(data.iloc[3:])}
    table = pe.figures.forest_table(Grouped(Pooled(data), parts), data=data)
    found = table[table.kind == "study"]
    assert list(found.effect) == list(data.effect)
    assert list(found.n_intervention) == list(data.n_intervention)


def test_data_are_matched_by_name_when_there_are_more_of_them():
    data = studies(6)
    table = pe.figures.forest_table(Pooled(data.iloc[[4, 1]]), data=data)
    assert list(table.n_comparison[:2]) == list(data.n_comparison.iloc[[4, 1]])
    with pytest.raises(InputError) as raised:
        pe.figures.forest_table(Pooled(data.iloc[[4, 1]]), data=data.drop(columns="label"))
    assert str(raised.value) == (
        "data: found 6 rows for 2 studies, and no column that names the studies as the result "
        "does; give one row a study, in their order"
    )
    with pytest.raises(InputError) as raised:
        pe.figures.forest_table(Pooled(data), data=data[["label", "n_intervention"]])
    assert str(raised.value) == (
        "data: no summary data by arm; allowed are the columns events_ and n_, or mean_, sd_ and "
        "n_, each with intervention and comparison"
    )


def test_a_result_without_intervals_gets_them():
    m = Pooled(studies(4))
    full = m.study_table()
    m.study_table = lambda: full[["label", "effect", "variance", "weight"]]
    table = pe.figures.forest_table(m)
    np.testing.assert_allclose(table.ci_low[:4], full.ci_low, rtol=1e-12)


@pytest.mark.parametrize("layout", ["bmj", "jama", "revman"])
@pytest.mark.parametrize("k", [5, 30, 150])
@pytest.mark.parametrize("means", [False, True])
def test_readable_at_every_size(look, layout, k, means):
    data = studies(k, means=means, long=True)
    ax = pe.figures.forest(
        Pooled(data, measure="SMD" if means else "OR"), data=data, layout=layout,
        intervention="Peer support in any form", comparison="Comparison",
        favours=("peer support in any form", "the comparison group"),
    )  # fmt: skip
    words = " ".join(look(ax))
    assert "Prediction" in words
    assert ("Favors" if layout == "jama" else "Favours") in words
    box = ax.get_position()
    assert box.width * ax.figure.get_figwidth() * 72 > 70


@pytest.mark.parametrize("layout", ["bmj", "jama", "revman"])
def test_subgroups_are_readable(look, layout):
    m = grouped(30)
    words = look(pe.figures.forest(m, data=m.overall.data, layout=layout, measure="RR"))
    assert {"In hospital", "In the community", "Online", "All studies"} <= set(words)
    assert words.count("Subtotal") == 3
    assert "Q 6.1 (df 2, p 0.047)" in " ".join(words)


def test_squares_have_areas_in_proportion_to_weights():
    m = Pooled(studies(8))
    ax = pe.figures.forest(m)
    sizes = ax.collections[0].get_sizes()
    weights = m.study_table().weight.to_numpy()
    np.testing.assert_allclose(sizes / sizes.max(), weights / weights.max(), rtol=1e-12)
    np.testing.assert_allclose(ax.collections[0].get_offsets()[:, 0], m.data.effect)


def test_diamond_spans_the_interval():
    m = Pooled(studies(8), measure="OR")
    ax = pe.figures.forest(m)
    (diamond,) = [one for one in ax.patches if one.get_data_transform() == ax.transData]
    xs = diamond.get_xy()[:, 0]
    np.testing.assert_allclose([xs.min(), xs.max()], np.exp([m.ci_low, m.ci_high]))
    assert ax.get_xscale() == "log"


def test_intervals_beyond_the_axis_become_arrows():
    m = Pooled(studies(8), measure="OR")
    ax = pe.figures.forest(m, xlim=(0.8, 1.2))
    arrows = [line for line in ax.lines if line.get_marker() in {"<", ">"}]
    table = pe.figures.forest_table(m)
    cut = (table.ci_low[:8] < 0.8).sum() + (table.ci_high[:8] > 1.2).sum()
    cut += int(table.pi_low[8] < 0.8) + int(table.pi_high[8] > 1.2)
    assert len(arrows) == cut > 0
    for wrong in ((2, 1), (0, 2)):
        with pytest.raises(InputError) as raised:
            pe.figures.forest(m, xlim=wrong)
        assert str(raised.value) == (
            f"xlim: found {wrong!r}, allowed are two numbers, above 0 and the lower first"
        )


def test_a_study_without_effect_is_said_so(look):
    m = Pooled(studies(5))
    table = m.study_table()
    table.loc[2, ["effect", "ci_low", "ci_high"]] = np.nan
    m.study_table = lambda: table
    ax = pe.figures.forest(m)
    assert "not estimable" in look(ax)
    assert len(ax.collections[0].get_offsets()) == 4


def test_meta_regression_draws_no_diamond(look):
    ax = pe.figures.forest(Pooled(studies(5), qm=4.2))
    assert not ax.patches
    words = " ".join(look(ax))
    assert "no single pooled effect is drawn" in words
    assert "Area of a square: weight." in words
    assert "Diamond" not in words
    assert list(pe.figures.drawn(ax)[0].table.kind) == ["study"] * 5


def test_alt_text_says_the_numbers():
    m = Pooled(studies(2), measure="OR", left_out=(("X", "no numbers"),))
    alt = pe.figures.drawn(pe.figures.forest(m, favours=("a", "b")))[0].alt
    assert alt.startswith("Forest plot of 2 studies, Odds ratio. Pooled effect 0.")
    assert "τ² 0.020, I² 40%, Q 12.3 (df 1, p < 0.001), 2 studies." in alt
    assert "Left favours a, right favours b." in alt
    assert "Author & Other 1950: " in alt


def test_what_is_no_meta_analysis_is_refused():
    with pytest.raises(InputError) as raised:
        pe.figures.forest(3)
    assert str(raised.value) == (
        "m: found int, allowed is the result of a meta-analysis, such as "
        "peer_evidence.meta_analysis gives"
    )
    with pytest.raises(InputError) as raised:
        pe.figures.forest(Pooled(studies(3)), layout="bjm")
    assert str(raised.value) == (
        "layout: found 'bjm', allowed are 'bmj', 'jama', 'revman'; did you mean 'bmj'?"
    )


def test_marks_stand_on_the_line_of_their_text():
    ax = pe.figures.forest(Pooled(studies(4)))
    ys = sorted(ax.collections[0].get_offsets()[:, 1])
    labels = sorted(
        text.get_position()[1] for text in ax.texts if text.get_text().startswith("Aut")
    )
    np.testing.assert_allclose(np.array(labels) - ys, 0.33 * 8)
    assert middle_of_line(0) == pytest.approx(0.6 * 8)
