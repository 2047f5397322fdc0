"""Figures without pooling: what they draw is what was counted, readable at every size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import peer_evidence as pe
from peer_evidence.direction.effect_direction import EffectDirections
from peer_evidence.errors import InputError
from peer_evidence.figures._effect_box import _swarm

LONG = "a very long name with $signs_{x}^2$ & <tags> that a careless figure would cut"
DIRECTIONS = ["favours_intervention", "favours_comparison", "null", "unclear"]
DESIGNS = ["randomised_trial", "cohort", "quasi_experimental", "cluster_randomised_trial"]
WORDS = ["low", "some_concerns", "unclear", "high"]


def results(studies: int, domains: int, *, long: bool = False) -> pd.DataFrame:
    """Make results of so many studies, with every direction, size and design."""
    rng = np.random.default_rng(studies)
    rows = []
    for study in range(studies):
        for domain in range(domains):
            if domain and rng.random() > 0.6:
                continue
            tail = f": {LONG}" if long and study % 4 == 0 else ""
            n = [20, 100, 500, None][rng.integers(4)]
            rows += [
                {
                    "study_id": f"s{study:03}",
                    "label": f"Author & Other {1950 + study}{tail}",
                    "domain": f"domain_{domain:02}",
                    "effect_direction": DIRECTIONS[rng.choice(4, p=[0.6, 0.2, 0.05, 0.15])],
                    "n_intervention": n,
                    "n_comparison": 100,
                    "design": DESIGNS[study % 4],
                    "p_value": float(rng.uniform(0.0005, 1)),
                    "p_relation": "<" if study % 5 == 0 else "=",
                    "effect": float(rng.normal(0.3, 0.3)),
                    "kind": ["self_reported", "measured"][study % 2],
                    "met": study % 13,
                }
                for _ in range(rng.integers(1, 4))
            ]
    return pd.DataFrame(rows)


def directions(studies: int, domains: int, **options: bool) -> EffectDirections:
    quality = {f"s{one:03}": WORDS[one % 4] for one in range(studies) if one % 5}
    return pe.effect_directions(
        results(studies, domains, **options), contrasts=None, quality=quality
    )


def collections(ax: Axes) -> list[int]:
    return [len(one.get_offsets()) for one in ax.collections]


Look = Callable[[Axes], list[str]]


@pytest.mark.parametrize(("studies", "domains"), [(1, 1), (5, 3), (20, 6), (60, 20)])
def test_effect_directions_are_readable_at_every_size(
    look: Look, studies: int, domains: int
) -> None:
    d = directions(studies, domains, long=True)
    texts = look(pe.figures.effect_direction(d))
    assert "Study" in texts
    tests = d.sign_tests()
    favours, against = (int(tests[name].iloc[0]) for name in ("favours", "against"))
    assert f"{favours} of {favours + against}" in texts


def test_a_mark_for_each_cell_and_a_line_of_the_test_under_each_domain(look: Look) -> None:
    d = directions(20, 4)
    ax = pe.figures.effect_direction(d)
    cells = d.to_frame()
    starred = int(((cells["unclear"] > 0) & (cells["direction"] != "unclear")).sum())
    assert sum(collections(ax)) == len(cells) + starred
    texts = look(ax)
    for number in cells.loc[cells["combined"] > 1, "combined"]:
        assert str(number) in texts
    table = pe.figures.drawn(ax)[0].table
    tests = table[table["row"] == "sign_test"].set_index("domain")
    for domain, row in d.sign_tests().iterrows():
        assert tests.loc[domain, "favours"] == row["favours"]
        assert tests.loc[domain, "p_value"] == row["p_value"]
        assert str(int(row["conflicting"] + row["no_sign"])) in texts


def test_studies_stand_by_design_risk_of_bias_and_size() -> None:
    table = pe.figures.effect_direction_table(directions(40, 3))
    order = table[table["row"] == "study"].drop_duplicates("study_id")
    rank = {
        "randomised_trial": 0, "cluster_randomised_trial": 1, "quasi_experimental": 2, "cohort": 3,
    }  # fmt: skip
    judged = {word: place for place, word in enumerate([*WORDS, "not_assessed"])}
    keys = [
        (rank[design], judged[quality])
        for design, quality in zip(order["design"], order["quality"], strict=True)
    ]
    assert keys == sorted(keys)


def bias_marks_of(ax: Axes) -> set[tuple[str, object, int]]:
    """Give fill, marker and number of the marks of risk of bias beside the studies."""
    drawn = [
        one for one in ax.lines if one.get_linestyle() == "None" and one.get_markersize() > 6.5
    ]
    return {(one.get_markerfacecolor(), str(one.get_marker()), len(one.get_xdata()))
            for one in drawn if str(one.get_marker()) in "osD"}  # fmt: skip


def test_each_word_of_a_tool_has_its_own_mark_in_the_one_palette(look: Look) -> None:
    words = ["no_information", "unclear", "serious", "critical", "moderate", "some_concerns",
             "high", "low", "very_high"]  # fmt: skip
    names = list("abcdefghi")
    frame = pd.DataFrame({"study_id": names, "domain": "pain", "effect_direction": DIRECTIONS[0]})
    d = pe.effect_directions(frame, contrasts=None, quality=dict(zip(names, words, strict=True)))
    ax = pe.figures.effect_direction(d)
    texts = look(ax)
    told = ["Low risk", "Moderate risk", "Some concerns", "Unclear risk", "High risk",
            "Serious risk", "Very high risk", "Critical risk", "No information"]  # fmt: skip
    assert [one for one in texts if one in told] == told
    assert "Not assessed" not in texts
    beside = sorted((fill, mark) for fill, mark, _ in bias_marks_of(ax))
    blue, yellow, red, brown = "#0072B2", "#F0E442", "#D55E00", "#6B1D00"
    assert sorted(set(beside)) == sorted([
        (blue, "o"), (yellow, "o"), (yellow, "s"), (red, "o"), (red, "s"), (brown, "o"),
        (brown, "s"), ("white", "o"),
    ])  # fmt: skip


def test_judgements_by_one_tool_are_called_as_that_tool_calls_them(look: Look) -> None:
    frame = pd.DataFrame({"study_id": list("abc"), "domain": "pain",
                          "effect_direction": DIRECTIONS[0]})  # fmt: skip
    quality = pd.DataFrame({"study_id": list("ab"), "tool": "robins_i",
                            "judgement": ["serious", "no_information"]})  # fmt: skip
    ax = pe.figures.effect_direction(pe.effect_directions(frame, contrasts=None, quality=quality))
    texts = look(ax)
    assert [one for one in texts if one in ("Serious risk", "No information", "Not assessed")] == [
        "Serious risk", "No information", "Not assessed",
    ]  # fmt: skip
    assert "ROBINS-I." in " ".join(texts)


def test_names_are_wrapped_and_never_cut(look: Look) -> None:
    name = "Segal, Silverman & Temkin (self-help agency run by its members, a second site of many)"
    frame = results(2, 20).assign(label=lambda one: one["study_id"].map(
        {"s000": name, "s001": name.replace("second", "third")}))  # fmt: skip
    told = " ".join(look(pe.figures.effect_direction(pe.effect_directions(frame, contrasts=None))))
    assert "…" not in told
    assert "second site of many)" in told
    assert "third site of many)" in told


def test_few_short_domains_take_one_column_and_long_headings_take_width(look: Look) -> None:
    frame = results(5, 2)
    name = "Readmission to hospital for any reason within twelve months of the index discharge"
    small = pe.figures.effect_direction(
        pe.effect_directions(frame[frame["domain"] == "domain_00"], contrasts=None)
    )
    look(small)
    assert small.get_figure().get_figwidth() * 25.4 == pytest.approx(85)
    wide = pe.figures.effect_direction(
        pe.effect_directions(frame, contrasts=None), labels={"domain_00": name, "domain_01": "Hope"}
    )
    texts = look(wide)
    assert wide.get_figure().get_figwidth() * 25.4 == pytest.approx(176)
    head = [one for one in texts if len(one) > 3 and one in name]
    assert " ".join(head) == name
    assert len(head) <= 3
    many = pe.figures.effect_direction(
        directions(5, 12), labels=dict.fromkeys([f"domain_{one:02}" for one in range(12)], name)
    )
    upright = [one.get_text() for one in many.texts if one.get_rotation() == 90]
    look(many)
    assert " ".join(upright).count(name) == 12


def test_pages_hold_every_study_once_and_are_no_higher_than_230_mm(look: Look) -> None:
    d = directions(60, 5, long=True)
    pages = pe.figures.effect_direction_pages(d)
    assert len(pages) > 1
    names: list[str] = []
    tested = []
    for page in pages:
        assert page.figure.get_figheight() * 25.4 <= 230
        assert page.figure.get_figwidth() * 25.4 == pytest.approx(176)
        texts = look(page)
        names += [one for one in texts if one.startswith("Author & Other")]
        tested.append("Sign test: up, of up and down" in texts)
    assert len(names) == 60
    assert tested == [False] * (len(pages) - 1) + [True]
    with pytest.raises(InputError) as raised:
        pe.figures.effect_direction(d, page=9)
    assert str(raised.value) == (
        f"page: found 9, allowed is a whole number from 1 to {len(pages)}: 60 studies take "
        f"{len(pages)} pages"
    )


def test_the_bundled_directions_are_readable_in_one_and_in_pages(
    look: Look, ev: pe.Evidence
) -> None:
    d = pe.effect_directions(ev, quality=ev.risk_of_bias)
    texts = look(pe.figures.effect_direction(d))
    assert f"favours {ev.package['intervention']}" in texts
    assert len(pe.figures.effect_direction_pages(d)) == 2


def test_alt_text_of_the_effect_directions() -> None:
    frame = pd.DataFrame({
        "study_id": ["a", "b", "c", "d", "d"], "domain": "pain",
        "effect_direction": [*DIRECTIONS[:2], "unclear", *DIRECTIONS[:2]],
    })  # fmt: skip
    ax = pe.figures.effect_direction(pe.effect_directions(frame, contrasts=None))
    assert pe.figures.drawn(ax)[0].alt == (
        "Effect direction plot of 4 studies (rows) and 1 domain (columns). Pain: 1 up, 1 down, "
        "1 conflicting and 1 without a sign; p 1.000."
    )


def test_what_cannot_be_drawn_as_effect_directions() -> None:
    with pytest.raises(InputError) as raised:
        pe.figures.effect_direction(results(2, 2))
    assert str(raised.value) == (
        "d: found DataFrame, allowed is what peer_evidence.effect_directions() gives"
    )
    with pytest.raises(InputError) as raised:
        pe.figures.effect_direction(directions(2, 2), labels=["a"])
    assert str(raised.value) == (
        "labels: found list, allowed is a mapping from a code to its label, such as {'qol': "
        "'Quality of life'}"
    )
    with pytest.raises(InputError) as raised:
        pe.figures.effect_direction(directions(20, 45))
    assert str(raised.value).startswith(
        "d: 45 domains do not fit into a figure of 176 mm, allowed are "
    )


@pytest.mark.parametrize(("studies", "domains"), [(1, 1), (5, 3), (20, 6), (60, 6)])
def test_harvest_plots_are_readable_at_every_size(look: Look, studies: int, domains: int) -> None:
    texts = look(pe.figures.harvest(results(studies, domains), contrasts=None, fill="kind",
                                    number="met"))  # fmt: skip
    assert "Domain" in texts


def test_a_bar_for_each_study_with_a_direction_as_high_as_its_design() -> None:
    frame = results(20, 3)
    ax = pe.figures.harvest(frame, contrasts=None, fill="kind")
    table = pe.figures.drawn(ax)[0].table
    d = pe.effect_directions(frame, contrasts=None).to_frame()
    assert len(table) == len(d)
    bars = [path.get_extents() for one in ax.collections for path in one.get_paths()]
    placed = table[table["column"] != ""]
    assert len(bars) == len(placed) == int((d["direction"] != "unclear").sum())
    heights = sorted(round(one.height / 5) for one in bars)
    assert heights == sorted(placed["height"])
    height = {"randomised_trial": 3, "cluster_randomised_trial": 3, "cohort": 2,
              "quasi_experimental": 2}  # fmt: skip
    assert [height[one] for one in table["design"]] == table["height"].tolist()


def test_harvest_places_by_direction_and_not_by_significance(ev: pe.Evidence) -> None:
    table = pe.figures.harvest_table(ev)
    place = dict(zip(table["direction"], table["column"], strict=True))
    assert place == {
        "favours_intervention": "positive", "favours_comparison": "negative",
        "conflicting": "no_or_mixed", "null": "no_or_mixed", "unclear": "",
    }  # fmt: skip
    tests = pe.effect_directions(ev).sign_tests()
    positive = table[table["column"] == "positive"].groupby("domain", observed=True).size()
    assert positive.to_dict() == tests.loc[tests["favours"] > 0, "favours"].to_dict()


def test_a_study_with_several_words_is_several_and_one_without_is_not_stated() -> None:
    frame = pd.DataFrame({
        "study_id": ["a", "a", "b"], "domain": "pain", "design": "cohort",
        "effect_direction": "favours_intervention", "kind": ["x", "y", None],
        "met": [1, 2, 3],
    })  # fmt: skip
    table = pe.figures.harvest_table(frame, contrasts=None, fill="kind")
    assert table["fill"].tolist() == ["not stated", "several"]
    assert table["study_id"].tolist() == ["b", "a"]
    with pytest.raises(InputError) as raised:
        pe.figures.harvest_table(frame, contrasts=None, number="met")
    assert str(raised.value) == (
        "met: study 'a' has 1, 2 in 'pain', allowed is one number for each bar"
    )


def test_what_cannot_be_drawn_as_a_harvest(ev: pe.Evidence) -> None:
    with pytest.raises(InputError) as raised:
        pe.figures.harvest(results(4, 1), contrasts=None, height={"cohort": 1})
    assert str(raised.value) == (
        "height: no level for design 'randomised_trial', 'quasi_experimental', "
        "'cluster_randomised_trial'; give one for each design, such as "
        "height={'randomised_trial': 3, 'cohort': 2}"
    )
    with pytest.raises(InputError) as raised:
        pe.figures.harvest(results(4, 1), contrasts=None, height=dict.fromkeys(DESIGNS, 9))
    assert str(raised.value) == "height: found 9, allowed is a whole number from 1 to 5"
    with pytest.raises(InputError) as raised:
        pe.figures.harvest(ev.outcomes)
    assert str(raised.value).startswith("design: none for study 'bjorkedal_2023', and the height")
    with pytest.raises(InputError) as raised:
        pe.figures.harvest(results(4, 1), contrasts=None, height=3)
    assert str(raised.value) == (
        "height: found 3, allowed is a mapping from each design to a whole number from 1 to 5, "
        "such as height={'randomised_trial': 3, 'cohort': 2}"
    )
    many = results(8, 1).assign(kind=lambda frame: frame["study_id"])
    with pytest.raises(InputError) as raised:
        pe.figures.harvest(many, contrasts=None, fill="kind")
    assert "allowed are 5: more fills cannot be told apart" in str(raised.value)


@pytest.mark.parametrize("measure", ["SMD", "r", "OR"])
@pytest.mark.parametrize("studies", [1, 5, 20, 60])
def test_albatross_plots_are_readable_at_every_size(look: Look, studies: int, measure: str) -> None:
    frame = results(studies, 1).assign(n_intervention=50, effect_direction=DIRECTIONS[0])
    assert "0.5" in look(pe.figures.albatross(frame, measure=measure, contrasts=None))


def test_p_values_stand_where_their_contour_says() -> None:
    from peer_evidence.direction.albatross import people_for_smd, z_of

    p = np.array([0.2, 0.05, 0.001])
    frame = pd.DataFrame({
        "study_id": list("abc"), "p_value": p, "n": people_for_smd(z_of(p), 0.5),
        "effect_direction": DIRECTIONS[0],
    })  # fmt: skip
    ax = pe.figures.albatross(frame, n="n", contrasts=None)
    points = ax.collections[0].get_offsets()
    contour = [line for line in ax.lines if line.get_transform() == ax.transData
               and len(line.get_xdata()) > 100][3]  # fmt: skip
    expected = np.interp(points[:, 0], contour.get_xdata(), contour.get_ydata())
    # the contour is drawn as 300 short lines
    np.testing.assert_allclose(points[:, 1], expected, rtol=2e-3)


def test_what_has_no_place_in_an_albatross_plot_is_counted() -> None:
    frame = pd.DataFrame({
        "study_id": [*"abcdefg"],
        "effect_direction": [*DIRECTIONS[:2], "null", "unclear", *[DIRECTIONS[0]] * 3],
        "p_value": [0.01, 0.04, 1.0, 0.2, None, 0.3, 0.02],
        "p_relation": ["<", "=", "=", "=", None, "ns", "="],
        "p_tails": [None, "one", None, None, None, None, None],
        "n_intervention": [10, 20, 30, 40, 50, 60, None],
        "n_comparison": [10, 20, 30, 40, 50, 60, None],
        "n_total": [999, 999, 999, 999, 999, 999, None],
    })  # fmt: skip
    ax = pe.figures.albatross(frame, contrasts=None)
    table = pe.figures.drawn(ax)[0].table
    assert table["why"].tolist() == [
        "", "", "no direction", "no direction", "no p value", "p known only to be large",
        "no number of people",
    ]  # fmt: skip
    assert table["n"].tolist()[:2] == [20, 40]
    assert table["p_value"].tolist()[1] == 0.08
    assert table["p_one_sided"].tolist()[:2] == pytest.approx([0.005, 0.96])
    hollow = [one for one in ax.collections if np.allclose(one.get_facecolor(), 1)]
    assert [len(one.get_offsets()) for one in hollow] == [1]
    assert pe.figures.drawn(ax)[0].alt == (
        "Albatross plot of 2 results of 2 studies: 1 favour the intervention, 1 favour the "
        "comparison. 1 of them stand at a bound of p. By the contours, 2 beyond SMD 0.2, 2 beyond "
        "SMD 0.5 and 1 beyond SMD 0.8 on either side. Numbers of people from 20 to 40. Without a "
        "place: no direction (2); no p value (1); p known only to be large (1); no number of "
        "people (1)."
    )


def test_what_cannot_be_drawn_as_an_albatross() -> None:
    frame = results(3, 1).assign(effect_direction="unclear")
    with pytest.raises(InputError) as raised:
        pe.figures.albatross(frame, contrasts=None)
    assert str(raised.value) == (
        f"frame: no result has a place in the plot: no direction ({len(frame)})"
    )
    with pytest.raises(InputError) as raised:
        pe.figures.albatross(results(3, 1).assign(p_value=2), contrasts=None)
    assert str(raised.value) == "p_value: found 2, allowed is a number from 0 to 1"
    with pytest.raises(InputError) as raised:
        pe.figures.albatross(results(9, 1), contrasts=None, measure="OR", sizes=[0.5])
    assert str(raised.value) == (
        "sizes: found [0.5], allowed are one to three numbers between 1 and infinity; the other "
        "side of no effect is drawn with them"
    )
    with pytest.raises(InputError) as raised:
        pe.figures.albatross(results(9, 1), contrasts=None, sizes="half")
    assert str(raised.value) == (
        "sizes: found 'half', allowed are one to three numbers between 0 and infinity; the other "
        "side of no effect is drawn with them"
    )
    with pytest.raises(InputError) as raised:
        pe.figures.albatross(results(9, 1).assign(n_comparison="1,200"), contrasts=None)
    assert str(raised.value) == (
        "n_comparison: found '1,200' for study 's000' and "
        f"{len(results(9, 1)) - 1} more cells like it, allowed is a number of people of at least "
        "0, in digits alone, such as 1200, or an empty cell where it is not known"
    )


def test_one_size_is_one_contour(ev: pe.Evidence) -> None:
    one = pe.figures.drawn(pe.figures.albatross(ev, sizes=0.5))[0].alt
    assert one == pe.figures.drawn(pe.figures.albatross(ev, sizes=[0.5]))[0].alt
    assert " beyond SMD 0.5 on either side." in one


@pytest.mark.parametrize("measure", ["SMD", "OR"])
@pytest.mark.parametrize(("studies", "domains"), [(1, 1), (5, 3), (20, 6), (60, 3)])
def test_boxes_are_readable_at_every_size(
    look: Look, studies: int, domains: int, measure: str
) -> None:
    ax = pe.figures.effect_box(results(studies, domains), measure=measure,
                               favours=("the comparison", "the intervention"))  # fmt: skip
    assert "Studies" in look(ax)


def test_boxes_are_the_quartiles_of_one_point_a_study() -> None:
    frame = results(20, 2)
    table = pe.figures.effect_box_table(frame, measure="SMD").set_index("row")
    for domain, own in frame.groupby("domain"):
        medians = own.groupby("study_id")["effect"].median().to_numpy()
        group = table.loc["group"].set_index("domain").loc[domain]
        expected = np.quantile(medians, [0, 0.25, 0.5, 0.75, 1])
        held = group[["lowest", "q1", "median", "q3", "highest"]].to_numpy(float)
        np.testing.assert_allclose(held, expected, rtol=1e-12)
        assert group["studies"] == len(medians)
    each = pe.figures.effect_box_table(frame, measure="SMD", within="each")
    assert int((each["row"] == "study").sum()) == len(frame)
    logs = pe.figures.effect_box_table(frame, measure="OR").set_index("row")
    np.testing.assert_allclose(
        logs.loc["group", "median"].astype(float),
        np.exp(table.loc["group", "median"].astype(float)), rtol=1e-12,
    )  # fmt: skip


def test_circles_never_lie_on_one_another() -> None:
    rng = np.random.default_rng(1)
    across, wide = np.sort(rng.uniform(0, 200, 80)), rng.uniform(3, 10, 80)
    lifts = _swarm(across, wide)
    apart = np.hypot(across[:, None] - across, lifts[:, None] - lifts)
    np.fill_diagonal(apart, np.inf)
    assert (apart >= (wide[:, None] + wide) / 2 - 1e-9).all()
    np.testing.assert_array_equal(lifts, _swarm(across, wide))


def test_the_bundled_effects_as_boxes(look: Look, ev: pe.Evidence) -> None:
    effects = pe.effect_sizes(ev.select(poolable=True), align=True)
    ax = pe.figures.effect_box(effects, favours=("comparison", "intervention"))
    assert "Standardised mean difference" in look(ax)
    table = pe.figures.drawn(ax)[0].table
    assert int(table["results"].sum()) == int(effects["effect"].notna().sum())


def test_what_cannot_be_drawn_as_boxes(ev: pe.Evidence) -> None:
    with pytest.raises(InputError) as raised:
        pe.figures.effect_box(ev)
    assert str(raised.value) == (
        "effects: found Evidence, allowed is the DataFrame that peer_evidence.effect_sizes() gives"
    )
    frame = results(4, 1).assign(measure="SMD")
    frame.loc[0, "measure"] = "OR"
    with pytest.raises(InputError) as raised:
        pe.figures.effect_box(frame)
    assert str(raised.value) == (
        "measure: the effects are of OR, SMD, allowed is one measure in a figure; choose rows of "
        "one, or name it as measure="
    )
    with pytest.raises(InputError) as raised:
        pe.figures.effect_box(frame.assign(effect=np.nan))
    assert str(raised.value) == "effects: no result has an effect, so there is nothing to draw"


def test_the_same_figure_gives_the_same_bytes() -> None:
    d = directions(12, 4)
    assert pe.figures.to_svg(pe.figures.effect_direction(d)) == pe.figures.to_svg(
        pe.figures.effect_direction(d)
    )


def test_sides_are_called_as_the_records_call_them(look: Look, ev: pe.Evidence) -> None:
    name = ev.package["intervention"]
    # the heading of the column may be broken into lines
    told = [one for source in (ev, pe.effect_directions(ev))
            for one in look(pe.figures.harvest(source)) if one == f"Favours {name}"]  # fmt: skip
    assert len(told) == 2
    alt = " ".join(look(pe.figures.albatross(ev)))
    assert name.split()[-1] in alt
    assert "Favours the intervention" in look(pe.figures.harvest(ev.select(domain="hope")))
