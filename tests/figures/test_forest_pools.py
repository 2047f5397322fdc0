"""The forest plot of pools: its cautious intervals, its caveats, and the texts of its table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import peer_evidence as pe
from peer_evidence.figures.style import BLUE

FAVOURS = ("the comparison", "peer support")


@pytest.fixture(scope="module")
def found() -> pe.Pools:
    return pe.pools(pe.load())


@pytest.fixture(scope="module")
def ax(found: pe.Pools) -> Axes:
    return pe.figures.forest(
        found, data=found.studies(), intervention="Peer support", favours=FAVOURS
    )


def means(**given: list) -> pd.DataFrame:
    """Three studies with means; what is given replaces a column."""
    base = {
        "label": ["A 2001", "B 2002", "C 2003"],
        "mean_intervention": [36.8, 3.2, 8.5], "sd_intervention": [10.0, 1.0, 12.0],
        "n_intervention": [41, 20, 30],
        "mean_comparison": [37.0, 3.25, 9.0], "sd_comparison": [11.8, 0.9, 11.25],
        "n_comparison": [39, 13, 31],
        "effect": [0.1, 0.3, 0.2], "variance": [0.04, 0.05, 0.06],
    }  # fmt: skip
    return pd.DataFrame(base | given)


def test_too_few_studies_have_no_prediction_interval_and_none_of_i2(found):
    table = pe.figures.forest_table(found).set_index("label")
    rows = table.loc[table.kind == "subtotal"]
    few = rows.k < 3
    limits = rows[["pi_low", "pi_high", "i2_ci_low", "i2_ci_high"]]
    assert few.any()
    assert not few.all()
    assert limits[few].isna().all(axis=None)
    assert limits[~few].notna().all(axis=None)
    with pytest.warns(pe.errors.FewStudiesWarning):
        two = pe.meta_analysis(means()[:2])
    one = pe.figures.forest(two)
    assert "rediction" not in pe.figures.drawn(one)[0].alt
    assert not any("rediction" in text.get_text() for text in one.texts)


def test_pools_have_both_intervals(found, ax, look):
    table = pe.figures.forest_table(found)
    rows = table[table.kind == "subtotal"]
    assert set(rows.label) == {"Pooled"}
    assert list(rows.cautious_ci_low) == [one.ci_low for one in found.cautious]
    assert list(rows.cautious_ci_high) == [one.ci_high for one in found.cautious]
    words = look(ax)
    assert words.count("Ad hoc Hartung-Knapp") == words.count("Pooled") == len(found)
    assert "(−0.22 to 0.73)" in words
    assert "Prediction interval" not in words
    alt = pe.figures.drawn(ax)[0].alt
    assert "Hope, up to 4 months 0.26 (0.04 to 0.47), ad hoc Hartung-Knapp −0.22 to 0.73" in alt
    assert alt.startswith("Forest plot of 12 pools of 29 results, ")


def test_the_cautious_interval_never_stretches_the_axis(found, ax):
    low, high = ax.get_xlim()
    table = pe.figures.forest_table(found)
    shown = table[table.kind != "subgroup"]
    assert low >= 1.07 * shown.ci_low.min()
    assert high <= 1.07 * shown.ci_high.max()
    lines = [one for one in ax.lines if one.get_color() == BLUE]
    arrows = [one for one in lines if one.get_marker() in {"<", ">"}]
    rows = table[table.kind == "subtotal"]
    beyond = (rows.cautious_ci_low < low).sum() + (rows.cautious_ci_high > high).sum()
    assert len(arrows) == beyond > 0
    ends = [x for one in lines for x in one.get_xdata()]
    assert low <= min(ends) <= max(ends) <= high


def test_pools_say_their_caveats(found, ax, look):
    few = "12 of 12 pools rest on fewer than 5 studies, too few to trust τ² and a normal interval."
    turned = "Effects were turned so that positive favours peer support."
    foot = " ".join(look(ax))
    for said in (few, turned):
        assert said in pe.figures.drawn(ax)[0].alt
        assert said in foot
    assert "Thin line under it: ad hoc Hartung-Knapp interval, an arrow where it" in foot
    plain = pe.figures.forest(found, aligned=False)
    assert "turned" not in pe.figures.drawn(plain)[0].alt
    one = pe.figures.forest(pe.meta_analysis(means()), aligned=True, intervention="Tea")
    assert "positive favours Tea." in pe.figures.drawn(one)[0].alt
    ratio = pe.figures.forest(pe.meta_analysis(means()), measure="OR", aligned=True)
    assert "above 1 favours Intervention." in pe.figures.drawn(ratio)[0].alt


def test_an_interval_that_is_cautious_already_is_not_drawn_twice(found, look):
    again = replace(found, analyses=found.cautious)
    assert "cautious_ci_low" not in pe.figures.forest_table(again)
    assert "Ad hoc Hartung-Knapp" not in look(pe.figures.forest(again))


def test_cautious_intervals_of_ratios_are_on_the_natural_scale(found):
    table = pe.figures.forest_table(found, measure="OR")
    rows = table[table.kind == "subtotal"]
    expected = np.exp([one.ci_high for one in found.cautious])
    np.testing.assert_allclose(rows.cautious_ci_high, expected)


def test_labels_name_the_parts_of_the_keys(found, look):
    labels = {"self_efficacy": "Self-efficacy", "up to 4 months": "until month 4"}
    ax = pe.figures.forest(found, labels=labels)
    assert {"Self-efficacy, until month 4", "Self-efficacy, over 4 to 9 months"} <= set(look(ax))
    assert "Self-efficacy, until month 4 0.28" in pe.figures.drawn(ax)[0].alt
    plain = pe.figures.forest_table(found)
    assert [*plain.label[plain.kind == "subgroup"]] == list(found.titles)
    assert "Self-efficacy, up to 4 months" in set(plain.label)
    assert set(plain.group) == set(found.groups)


def test_labels_name_subgroups(look):
    data = means().assign(kind=["in_person", "on_line", "in_person"])
    m = pe.subgroups(data, by="kind")
    words = look(pe.figures.forest(m, labels={"on_line": "Online"}))
    assert {"In person", "Online"} <= set(words)


@pytest.mark.parametrize("layout", ["bmj", "jama", "revman"])
def test_pools_are_readable_in_every_layout(found, look, layout):
    ax = pe.figures.forest(found, data=found.studies(), favours=FAVOURS, layout=layout)
    words = look(ax)
    assert "40/297" in words
    assert "78/315" in words


def test_a_row_of_means_has_one_number_of_decimals(look):
    data = means()
    words = look(pe.figures.forest(pe.meta_analysis(data), data=data))
    shown = {"36.8 (10.0)", "37.0 (11.8)", "3.20 (1.00)", "3.25 (0.90)", "8.5 (12.0)", "9.0 (11.2)"}
    assert shown <= set(words)


def test_a_study_with_counts_among_means_shows_them(look):
    more = means(label=["D 2004", "E 2005", "F 2006"])
    data = pd.concat([means(), more], ignore_index=True)
    data.loc[0, [name for name in data if name.startswith(("mean_", "sd_"))]] = np.nan
    data[["events_intervention", "events_comparison"]] = np.nan
    data.loc[0, ["events_intervention", "events_comparison"]] = 4, 9
    data.loc[2, ["events_intervention", "events_comparison"]] = 7, 8
    m = pe.meta_analysis(data)
    table = pe.figures.forest_table(m, data=data)
    assert table.events_intervention.dropna().tolist() == [4]  # of the study without means alone
    ax = pe.figures.forest(m, data=data)
    words = look(ax)
    assert {"4/41", "9/39", "8.5 (12.0)"} <= set(words)
    assert "7/30" not in words
    assert "A study without means has events/total in their place." in " ".join(words)


@pytest.mark.parametrize("layout", ["bmj", "jama", "revman"])
def test_a_group_of_counts_among_means_has_its_own_heading(look, layout):
    counts = means(label=["D 2004", "E 2005", "F 2006"]).assign(kind="counted")
    counts[[name for name in counts if name.startswith(("mean_", "sd_"))]] = np.nan
    counts[["events_intervention", "events_comparison"]] = 4, 9
    measured = means().assign(kind="measured")
    data = pd.concat([measured, counts[:2]], ignore_index=True)
    groups = pe.subgroups(data, by="kind", method="FE")
    ax = pe.figures.forest(groups, data=data, layout=layout, favours=FAVOURS)
    words = look(ax)
    assert {"Favours", "Favors"} & {one.strip("← →\N{NO-BREAK SPACE}").split()[0] for one in words
                                    if "avo" in one}  # fmt: skip
    head = "Events" if layout == "revman" else "Events/total"
    assert words.count(head) == 2  # once an arm
    place = {text.get_text(): text.get_window_extent().y0 for text in ax.texts}
    assert place[head] == pytest.approx(place["Counted"], abs=1)
    assert head not in look(pe.figures.forest(pe.meta_analysis(data), data=data, layout=layout))


def test_a_group_of_means_among_more_counts_never_stands_under_events(look):
    counts = pd.concat([means(), means()[:2]], ignore_index=True).assign(kind="counted")
    counts["label"] = [f"{letter} 2004" for letter in "DEFGH"]
    counts[[name for name in counts if name.startswith(("mean_", "sd_"))]] = np.nan
    counts[["events_intervention", "events_comparison"]] = 4, 9
    data = pd.concat([counts, means().assign(kind="measured")], ignore_index=True)
    groups = pe.subgroups(data, by="kind", method="FE")
    table = pe.figures.forest_table(groups, data=data)
    pooled = table[table.kind.isin(["subtotal", "total"])]
    assert pooled.filter(like="events_").isna().all(axis=None)
    assert pooled.n_intervention.tolist() == [152, 91, 243]
    words = look(pe.figures.forest(groups, data=data))
    assert words.count("Mean (SD)") == words.count("Events/total") == 2  # once an arm
    assert {"36.8 (10.0)", "4/41"} <= set(words)
    assert not [one for one in words if one.startswith("/")]


def test_events_that_are_missing_are_neither_shown_nor_summed(look):
    data = means().filter(regex="label|^n_|effect|variance")
    data[["events_intervention", "events_comparison"]] = [[4, 9], [np.nan, np.nan], [2, 3]]
    m = pe.meta_analysis(data)
    total = pe.figures.forest_table(m, data=data).iloc[-1]
    assert total.filter(like="events_").isna().all()
    assert total.n_intervention == 91
    words = look(pe.figures.forest(m, data=data))
    assert [one for one in words if "/" in one and one[-1].isdigit()] == [
        *("4/41", "9/39", "2/30", "3/31"),
    ]
