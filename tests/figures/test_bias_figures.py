"""Risk of bias drawn: every mark where its judgement is, every blank a blank, nothing cut."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import peer_evidence as pe
from peer_evidence.errors import InputError
from peer_evidence.figures import bias_marks

LONG = "Author, a colleague & a third with a very long name and $signs_1^2$ et al."


@pytest.fixture(scope="module")
def judged():
    """Make so many invented assessments by a tool; every seventh name is long."""

    def make(k, tool="rob_2", blank=0.08):
        rng = np.random.default_rng(5)
        found = pe.risk_of_bias_tool(tool)
        cells = {
            domain.short: [None if rng.random() < blank else rng.choice(found.allowed(domain))
                           for _ in range(k)]
            for domain in found.domains
        }  # fmt: skip
        names = [f"{LONG if row % 7 == 0 else 'Author et al.'} {1950 + row}" for row in range(k)]
        return pe.risk_of_bias_summary(pd.DataFrame({"Study": names, **cells}), tool=tool)

    return make


def circles(ax):
    """Count the marks of each look by the fill of their circles."""
    found = {}
    for line in ax.findobj(Line2D):
        if isinstance(line, Line2D) and line.get_marker() == "o":
            fill = line.get_markerfacecolor()
            found[fill] = found.get(fill, 0) + len(line.get_xdata())
    return found


# --- traffic lights ----------------------------------------------------------------------------


def test_traffic_light_of_the_bundled_records_is_true(ev):
    ax = pe.figures.traffic_light(ev)
    drawn = pe.figures.drawn(ax)[0]
    assert drawn.table.shape == (9, 7)
    held = ev.risk_of_bias.query("tool == 'rob_2'")["judgement"].value_counts()
    marks = circles(ax)  # the key has one of each
    assert marks[bias_marks.LOOKS["good"][0]] == held["low"] + 1
    assert marks[bias_marks.LOOKS["middling"][0]] == held["some_concerns"] + 1
    assert marks[bias_marks.LOOKS["bad"][0]] == held["high"] + 1
    assert bias_marks.LOOKS["unknown"][0] not in marks
    assert "All Overall: 5 some concerns and 4 high risk." in drawn.alt
    assert "No such judgement is recorded for 60 of 69 studies." in drawn.alt
    assert ax.get_figure().get_figwidth() == pytest.approx(85 / 25.4)


def test_a_blank_is_drawn_and_told_as_a_blank(ev):
    ax = pe.figures.traffic_light(ev, tool="rob1")
    drawn = pe.figures.drawn(ax)[0]
    assert (drawn.table.drop(columns="label") == "not_recorded").to_numpy().sum() == 9
    rings = [line for line in ax.findobj(Line2D) if line.get_marker() is bias_marks._dashes()]
    assert sum(len(line.get_xdata()) for line in rings) == 9 + 1  # and one in the key
    assert "D6 Selective reporting (reporting bias): 2 not recorded." in drawn.alt
    assert "no information" not in drawn.alt


@pytest.mark.parametrize(
    ("k", "tool"),
    [(1, "rob_1"), (5, "quadas_2"), (20, "rob_2_cluster"), (20, "nos_cohort"), (60, "robins_i"),
     (60, "rob_2_cluster")],
)  # fmt: skip
def test_traffic_light_is_readable_at_every_size(judged, look, k, tool):
    summary = judged(k, tool)
    ax = pe.figures.traffic_light(summary)
    words = look(ax)
    for domain in summary.domains:
        assert words.count(domain.short) >= 2  # a head and its name underneath
    drawn = pe.figures.drawn(ax)[0].table
    assert len(drawn) == k
    assert drawn.drop(columns="label").notna().all().all()
    assert ax.get_figure().get_figheight() * 25.4 < 240  # a page


def test_traffic_light_in_axes_of_ones_own(judged, look):
    ax = Figure(figsize=(7, 4)).add_axes((0, 0, 1, 1))
    assert pe.figures.traffic_light(judged(6), ax=ax) is ax
    look(ax)


def test_a_summary_has_its_tool(judged):
    with pytest.raises(InputError) as raised:
        pe.figures.traffic_light(judged(3), tool="rob2")
    assert str(raised.value) == "tool: the summary has its tool; leave tool out"


def test_the_looks_differ_without_colour():
    """Fills that lie close in grey have another symbol, so that print in black tells them apart."""
    for code in ("rob_2", "robins_i", "robins_e", "rob_1", "quadas_2"):
        tool = pe.risk_of_bias_tool(code)
        assert len({one.symbol for one in tool.judgements}) == len(tool.judgements)


# --- bars --------------------------------------------------------------------------------------


def test_bars_are_as_long_as_their_shares(judged, look):
    summary = judged(20, "robins_i")
    ax = pe.figures.risk_of_bias_bars(summary)
    look(ax)
    table = pe.figures.risk_of_bias_bars_table(summary)
    bars = [patch for patch in ax.patches if patch.get_height() == pytest.approx(12)]
    widths = [patch.get_width() for patch in bars]
    assert widths == pytest.approx([100 * one for one in table["share"] if one > 0])
    assert table.groupby("domain")["share"].sum().to_numpy() == pytest.approx(np.ones(8))
    assert "Share of assessments, each counted once" in look(ax)


def test_each_part_of_a_bar_has_its_number_in_it_or_beside_it(look):
    cells = ["Low"] * 45 + ["Some concerns"] * 6 + ["High"] * 2 + [None]
    frame = pd.DataFrame({"Study": [f"A {one}" for one in range(54)],
                          **{f"D{one}": cells for one in range(1, 6)}})  # fmt: skip
    ax = pe.figures.risk_of_bias_bars(pe.risk_of_bias_summary(frame, "rob2"))
    words = look(ax)
    assert [words.count(one) for one in ("83%", "11%", "4%", "2%")] == [
        6,
        6,
        6,
        6,
    ]  # the overall, too
    right = ax.transData.transform((100, 0))[0]
    places = {one.get_text(): one.get_window_extent().x0 for one in ax.texts}
    assert places["83%"] < right < places["4%"] < places["2%"]
    # the key shows what is not recorded as the bars do: hatched
    key = [one for one in ax.patches if one.get_hatch() and one.get_height() == pytest.approx(9)]
    assert len(key) == 1
    assert "Not recorded" in words


def test_bars_say_that_they_are_weighted_and_by_what(ev, look):
    pool = pe.pools(ev)["depression", "up to 4 months"]
    ax = pe.figures.risk_of_bias_bars(ev, weights=pool)
    words = " ".join(look(ax))
    assert "Share of the weight in the meta-analysis" in words
    assert "1 of 2 studies of the meta-analysis judged. Hatched: not recorded." in words
    assert "Overall: 27% some concerns and 73% not recorded." in pe.figures.drawn(ax)[0].alt


@pytest.mark.parametrize("k", [1, 60])
def test_bars_of_few_and_many(judged, look, k):
    words = " ".join(look(pe.figures.risk_of_bias_bars(judged(k, "nos_case_control"))))
    assert "Share of assessments, each counted once" in words


# --- beside a forest plot ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def analysed(trials):
    """Pool so many invented trials, and judge them under the same names."""

    def make(k, tool="rob_2"):
        data = trials(k)
        found = pe.risk_of_bias_tool(tool)
        rng = np.random.default_rng(7)
        cells = {one.short: rng.choice(found.allowed(one), k) for one in found.domains}
        frame = pd.DataFrame({"Study": data["label"], **cells}).iloc[::-1]
        return data, pe.meta_analysis(data), pe.risk_of_bias_summary(frame, tool=tool)

    return make


@pytest.mark.parametrize("layout", ["bmj", "jama", "revman"])
@pytest.mark.parametrize(("k", "tool"), [(5, "robins_i"), (20, "rob_2")])
def test_forest_with_marks_is_readable(analysed, look, layout, k, tool):
    data, m, summary = analysed(k, tool)
    ax = pe.figures.forest(m, data=data, layout=layout, risk_of_bias=summary,
                           favours=("the treatment", "the control"))  # fmt: skip
    words = look(ax)
    assert "Risk of bias" in words
    assert {one.short for one in summary.domains} <= set(words)
    panel = ax.get_position().width * ax.get_figure().get_figwidth() * 25.4
    assert panel > 44.99  # mm
    table = pe.figures.drawn(ax)[0].table
    assert {"n_intervention", "n_comparison"} <= set(table.columns)
    said = "The numbers of each arm are left out here for want of room; the table has them."
    assert (said in words) == (not any("Total" in one or "total" in one for one in words))


def test_forest_sets_each_mark_beside_its_study_however_it_is_sorted(analysed):
    _, m, summary = analysed(12)
    ax = pe.figures.forest(m, risk_of_bias=summary, sort="effect")
    table = pe.figures.drawn(ax)[0].table
    studies = table[table["kind"] == "study"].set_index("label")
    own = summary.table.set_index("label")
    for domain in summary.domains:
        assert studies[f"rob_{domain.short}"].equals(own[domain.code].loc[studies.index]) or (
            studies[f"rob_{domain.short}"].tolist() == own[domain.code].loc[studies.index].tolist()
        )
    assert (table.loc[table["kind"] == "total", "rob_D1"] == "").all()
    lowest = studies.iloc[0]
    fill = bias_marks.LOOKS[summary.look(lowest["rob_D1"]).role][0]
    xs, ys = [], []
    for line in ax.findobj(Line2D):
        if line.get_marker() == "o" and line.get_markerfacecolor() == fill:
            xs += list(line.get_xdata())
            ys += list(line.get_ydata())
    first = min(y for line in ax.findobj(Line2D) if line.get_marker() == "o"
                for y in line.get_ydata())  # fmt: skip
    assert first in ys
    left = min(x for line in ax.findobj(Line2D) if line.get_marker() == "o"
               for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
               if y == first)  # fmt: skip
    assert (left, first) in set(zip(xs, ys, strict=True))


def test_forest_of_the_bundled_pools_has_a_blank_for_whom_nobody_judged(ev, look):
    summary = pe.risk_of_bias_summary(ev)
    ax = pe.figures.forest(pe.pools(ev), risk_of_bias=summary)
    words = look(ax)
    assert "Self-efficacy, over 4 to 9 months" in words  # in one line, as certainty has it
    notes = [one for one in words if one.startswith("τ² ")]
    assert len(notes) == 12
    assert all(one.endswith(" studies") for one in notes)
    table = pe.figures.drawn(ax)[0].table
    dennis = table[table["label"] == "Dennis et al. 2009"]
    assert (dennis[["rob_D1", "rob_overall"]] == "not_recorded").all().all()
    alt = pe.figures.drawn(ax)[0].alt
    assert "5 of 6 studies judged." in alt
    assert "Dennis et al. 2009: not judged." in alt


def test_forest_refuses_a_name_it_cannot_match(analysed):
    data, m, _ = analysed(5)
    other = pd.DataFrame({"Study": [*data["label"][:4], "Authr & Other 1954"], "D1": "Low"})
    summary = pe.risk_of_bias_summary(other, tool="rob2")
    with pytest.raises(InputError) as raised:
        pe.figures.forest(m, risk_of_bias=summary)
    assert str(raised.value) == (
        "risk of bias: 1 study of the analysis cannot be told among the assessments; name the "
        "studies alike in both, and give one that was not judged a row without judgements:\n"
        "  'Author & Other 1954' is not known; did you mean 'Authr & Other 1954'?"
    )
    with pytest.raises(InputError) as raised:
        pe.figures.forest(m, risk_of_bias=["Low"])
    assert str(raised.value) == (
        "risk_of_bias: found list, allowed are the records (Evidence), a table of judgements, or "
        "what peer_evidence.risk_of_bias_summary() gives"
    )


def test_forest_takes_the_records_or_a_table_as_the_traffic_lights_do(analysed):
    data, m, _ = analysed(5)
    table = pd.DataFrame({"Study": data["label"], "tool": "rob_2", **dict.fromkeys(rob_2(), "Low")})
    drawn = [
        pe.figures.drawn(pe.figures.forest(m, risk_of_bias=one))[0]
        for one in (table, pe.risk_of_bias_summary(table))
    ]
    assert drawn[0].alt == drawn[1].alt
    pd.testing.assert_frame_equal(drawn[0].table, drawn[1].table)
    with pytest.raises(InputError) as raised:
        pe.figures.forest(m, risk_of_bias=table.drop(columns="tool"))
    assert str(raised.value) == (
        "risk_of_bias: the table does not say in a column 'tool' which tool it is of; give "
        "peer_evidence.risk_of_bias_summary(table, tool=...) instead"
    )
    ev = pe.load()
    pool = pe.pools(ev)["hope", "up to 4 months"]
    of_records = pe.figures.forest_table(pool, risk_of_bias=ev)
    of_summary = pe.figures.forest_table(pool, risk_of_bias=pe.risk_of_bias_summary(ev))
    pd.testing.assert_frame_equal(of_records, of_summary)
    assert "rob_overall" in of_records.columns


def rob_2():
    """Name the domains of the tool that a table of judgements is taken for."""
    return [domain.short for domain in pe.risk_of_bias_tool("rob_2").domains]


def test_forest_without_marks_has_none(analysed):
    _, m, _ = analysed(5)
    table = pe.figures.forest_table(m)
    assert not [name for name in table.columns if name.startswith("rob_")]
    assert "Risk of bias" not in pe.figures.drawn(pe.figures.forest(m))[0].alt
