"""Risk of bias put together: what is recorded, what is not, and what does not agree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.errors import InputError

WIDE = pd.DataFrame({
    "Study": ["A 2001", "B 2002", "C 2003"],
    "D1": ["Low", "Some concerns", "High"],
    "D2": ["Low", "Low", "Low"],
    "D3": ["Low", None, "Low"],
    "D4": ["Low", "Low", "No information"],
    "D5": ["Low", "Low", "Low"],
    "Overall": ["Low", None, "Some concerns"],
})  # fmt: skip


@pytest.fixture(scope="module")
def bundled(ev):
    return pe.risk_of_bias_summary(ev)


def message(*args, **kwargs):
    with pytest.raises(InputError) as raised:
        pe.risk_of_bias_summary(*args, **kwargs)
    return str(raised.value)


# --- the bundled records -----------------------------------------------------------------------


def test_the_bundled_judgements_are_counted_as_recorded(ev, bundled):
    rows = ev.risk_of_bias
    own = rows[rows["tool"] == "rob_2"]
    assert bundled.tool.code == "rob_2"
    assert bundled.studies == own["study_id"].nunique() == 9
    assert (bundled.table["overall_from"] == "given").all()
    assert bundled.missing.empty
    assert bundled.disagreements.empty
    counts = bundled.counts()
    told = own.groupby(["domain", "judgement"], observed=True).size()
    for row in counts.itertuples():
        assert row.n == told.get((row.domain, row.judgement), 0)
        assert row.share == row.n / 9
    assert len(bundled.unjudged) == len(ev.studies) - 9
    assert bundled.summary().splitlines() == [
        "Risk of bias by RoB 2 for 9 studies: overall 4 high risk, 5 some concerns",
        "60 of 69 studies of the records have no judgement by RoB 2",
        "apart: 3 judgements on 2 studies by Cochrane risk of bias tool (RoB 1); tool='rob_1' "
        "shows them",
    ]


def test_what_is_not_recorded_is_neither_low_nor_no_information(ev):
    older = pe.risk_of_bias_summary(ev, "rob1")
    assert older.studies == 2
    assert len(older.missing) == 9  # 2 studies of 6 required domains, 3 judgements held
    counts = older.counts().set_index(["domain", "judgement"])["n"]
    assert counts["selective_reporting", "not_recorded"] == 2
    assert counts["selective_reporting", "low"] == 0
    assert counts["allocation_concealment", "unclear"] == 1
    assert "other_bias" not in {one.code for one in older.columns}
    assert older.table["overall"].isna().all()
    assert older.headline().endswith("; no overall judgement is recorded or follows")
    said = message(ev, "rob1", complete=True).splitlines()
    assert said[0] == (
        "data: 9 judgements are not recorded by Cochrane risk of bias tool (RoB 1); record them, "
        "or leave complete=False, which shows them as blanks:"
    )
    assert said[1] == (
        "  druss_2010: rob_1: allocation_concealment: record one of low, unclear, high"
    )
    assert len(said) == 10


def test_the_weights_of_a_pool_meet_the_judgements_of_its_studies(ev, bundled):
    pool = pe.pools(ev)["depression", "up to 4 months"]
    weights = dict(zip(pool.study_table()["label"], pool.study_table()["weight"], strict=True))
    judged = weights["Rüsch et al. 2019"]
    counts = bundled.counts(pool).set_index(["domain", "judgement"])
    assert counts.loc[("overall", "some_concerns"), "share"] == pytest.approx(judged / 100)
    assert counts.loc[("overall", "not_recorded"), "share"] == pytest.approx(1 - judged / 100)
    assert counts.loc[("overall", "not_recorded"), "n"] == 1
    assert counts.loc[("overall", "high"), "n"] == 0


# --- tables of one's own -----------------------------------------------------------------------


def test_both_shapes_of_a_table_say_the_same():
    wide = pe.risk_of_bias_summary(WIDE, tool="rob2")
    long = WIDE.melt("Study", var_name="domain", value_name="judgement")
    other = pe.risk_of_bias_summary(long.rename(columns={"Study": "study_id"}), tool="rob2")
    pd.testing.assert_frame_equal(wide.to_frame(), other.to_frame())
    assert str(wide) == str(other)
    assert wide.table["overall"].tolist() == ["low", None, "some_concerns"]
    assert wide.table["overall_from"].tolist() == ["given", "", "given"]
    assert wide.missing[["study_id", "domain"]].to_numpy().tolist() == [
        ["B 2002", "missing_outcome_data"]
    ]


def test_an_overall_against_the_rule_is_kept_and_reported():
    found = pe.risk_of_bias_summary(WIDE, tool="rob2").disagreements
    assert found.to_dict("records") == [{
        "study_id": "C 2003", "outcome_id": "", "given": "some_concerns", "by_rule": "high",
        "why": "overall given as some concerns, the rule of RoB 2 gives high risk (D1)",
    }]  # fmt: skip
    several = pd.DataFrame([["X", *["Some concerns"] * 3, "Low", "Low", "High"]],
                           columns=WIDE.columns)  # fmt: skip
    why = pe.risk_of_bias_summary(several, tool="rob2").disagreements["why"].iloc[0]
    assert why == (
        "overall given as high risk, the rule of RoB 2 gives some concerns; the tool allows high "
        "where several domains have some concerns, as D1, D2, D3 have"
    )
    stricter = pe.risk_of_bias_summary(several, tool="rob2", several_concerns_high=3)
    assert stricter.disagreements.empty


@pytest.mark.parametrize(
    ("tool", "header"),  # as the example data of robvis have them
    [
        ("rob2", "Study,D1,D2,D3,D4,D5,Overall,Weight"),
        ("rob2_cluster", "Study,D1,D1b,D2,D3,D4,D5,Overall,Weight"),
        ("robins_i", "Study,D1,D2,D3,D4,D5,D6,D7,Overall,Weight"),
        ("quadas_2", "Study,D1,D2,D3,D4,Overall,Weight"),
        (
            "rob1",
            "Study,Random.sequence.generation.,Allocation.concealment.,"
            "Blinding.of.participants.and.personnel,Blinding.of.outcome.assessment,"
            "Incomplete.outcome.data,Selective.reporting.,Other.sources.of.bias.,Overall,Weight",
        ),
    ],
)
def test_tables_of_robvis_are_read(tool, header):
    columns = header.split(",")
    rows = [[f"S{row}", *["Low"] * (len(columns) - 2), 10.0 * (row + 1)] for row in range(3)]
    found = pe.risk_of_bias_summary(pd.DataFrame(rows, columns=columns), tool=tool)
    assert found.missing.empty
    assert found.table["overall"].tolist() == ["low"] * 3
    assert found.table["weight"].tolist() == [10.0, 20.0, 30.0]
    shares = found.counts("weight").set_index(["domain", "judgement"])["share"]
    assert shares["overall", "low"] == 1


def test_results_of_a_study_are_told_apart():
    rows = [("a", one, domain.code, word) for one, word in (("a.x", "low"), ("a.y", "high"))
            for domain in pe.risk_of_bias_tool("rob2").domains]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["study_id", "outcome_id", "domain", "judgement"])
    found = pe.risk_of_bias_summary(frame, tool="rob2")
    assert found.table["label"].tolist() == ["a, a.x", "a, a.y"]
    assert found.table["overall"].tolist() == ["low", "high"]
    assert found.headline() == (
        "Risk of bias by RoB 2 for 2 results of 1 study: overall 1 high risk, 1 low risk"
    )
    assert found.places(["a.y"]) == [1]
    with pytest.raises(InputError, match=r"'a' may be 'a, a\.x' or 'a, a\.y'"):
        found.places(["a"])


def test_a_tool_of_ones_own_takes_the_domains_of_the_table():
    frame = pd.DataFrame({"study": ["A"], "funding": ["high"], "other_things": ["moderate"]})
    found = pe.risk_of_bias_summary(frame, tool="generic")
    assert [(one.short, one.name) for one in found.columns] == [
        ("D1", "Funding"), ("D2", "Other things"),
    ]  # fmt: skip
    assert found.table["overall"].isna().all()


def test_stars_are_counted_and_compared():
    tool = pe.risk_of_bias_tool("newcastle_ottawa_cohort")
    stars = {domain.short: ["*", "1"] for domain in tool.domains} | {"C": ["**", "0"]}
    frame = pd.DataFrame({"Study": ["A", "B"], **stars, "Overall": ["9/9", "8"]})
    found = pe.risk_of_bias_summary(frame, tool=tool)
    assert found.table["overall"].tolist() == ["9", "8"]
    assert found.disagreements["by_rule"].tolist() == ["7"]
    assert "overall" not in set(found.counts()["domain"])


@given(
    st.lists(
        st.lists(
            st.sampled_from(["low", "some_concerns", "high", "no_information", None]),
            min_size=5, max_size=5,
        ),
        min_size=1, max_size=8,
    ),
    st.integers(0, 10**6),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_shares_add_up_whatever_the_judgements_and_weights(judged, seed):
    frame = pd.DataFrame(judged, columns=["D1", "D2", "D3", "D4", "D5"])
    frame.insert(0, "Study", [f"S{row}" for row in range(len(frame))])
    found = pe.risk_of_bias_summary(frame, tool="rob2")
    weights = np.random.default_rng(seed).uniform(0.1, 5, len(frame))
    for given_ in (None, dict(zip(frame["Study"], weights, strict=True))):
        counts = found.counts(given_)
        sums = counts.groupby("domain")["share"].sum()
        assert np.allclose(sums, 1, atol=1e-12)  # sums of at most 8 floats
        assert (counts.groupby("domain")["n"].sum() == len(frame)).all()
    blanks = frame.drop(columns="Study").isna().to_numpy().sum()
    assert len(found.missing) == blanks


# --- what is refused ---------------------------------------------------------------------------


def test_all_faults_of_a_table_are_told_at_once():
    frame = pd.DataFrame({
        "Study": ["a", "b", "b", ""], "D1": ["Low", "hgih", "Low", "Low"],
        "D2": ["low", "low", "low", "low"], "missing outcome": [1, 2, 3, 4],
    })  # fmt: skip
    allowed = "low, some_concerns, high, no_information"
    domains = ", ".join(one.code for one in pe.risk_of_bias_tool("rob2").domains)
    assert message(frame, "rob2").splitlines() == [
        "data: 7 faults in the judgements by RoB 2:",
        f"  the header: the domain must be one of {domains} or overall, found 'missing outcome'; "
        "did you mean 'missing_outcome_data'?",
        f"  row 1, column D1: the judgement of 'D1' for 'b' must be one of {allowed}, "
        "found 'hgih'; did you mean 'high'?",
        "  row 2, column D1: 'b' has a judgement of 'D1' already in row 1, column D1; keep one, "
        "or tell the results apart in outcome_id",
        "  row 2, column D2: 'b' has a judgement of 'D2' already in row 1, column D2; keep one, "
        "or tell the results apart in outcome_id",
        "  row 3, column D1: the study must be named, found nothing",
        "  row 3, column D2: the study must be named, found nothing",
        "  row 3, column missing outcome: the study must be named, found nothing",
    ]


def test_a_tool_is_never_guessed(ev):
    assert message(WIDE).startswith(
        "tool: the table has no column 'tool', so name one; allowed are 'rob_2', "
    )
    two = pd.DataFrame({
        "study_id": ["a", "b"], "tool": ["rob_2", "robins_i"],
        "domain": ["D1", "D1"], "judgement": ["low", "low"],
    })  # fmt: skip
    assert message(two) == ("tool: rob_2 and robins_i have 1 studies each; name the one to sum up")
    assert message(two, "quadas_2") == (
        "tool: found 'quadas_2', and the table has judgements by 'rob_2', 'robins_i' alone"
    )
    assert "found 'rob_3'; did you mean 'rob_" in message(two.assign(tool="rob_3"))


def test_arguments_that_mean_nothing_are_refused():
    assert message(3) == (
        "data: found int, allowed are the records that peer_evidence.load() gives, or a DataFrame"
    )
    assert message(WIDE.iloc[:0], "rob2") == (
        "data: the table has no row, so there is nothing to sum up"
    )
    assert message(WIDE, "rob2", several_concerns_high=0) == (
        "several_concerns_high: found 0, allowed is a whole number of at least 1, or None"
    )
    assert message(WIDE, "rob2", key_domains=["D1"]) == (
        "key_domains: the overall rule of RoB 2 has no key domains"
    )
    robins = WIDE.replace({"Some concerns": "Moderate", "High": "Serious"})
    assert message(robins, "robins_i", several_concerns_high=2) == (
        "several_concerns_high: only RoB 2 has this rule, not ROBINS-I"
    )
    assert message(WIDE[["Study", "Overall"]], "rob2") == (
        "data: no column of a domain of RoB 2; it has Study, Overall, allowed are D1, D2, D3, D4, "
        "D5 or the names of the domains, or a table of one row a judgement with study_id, domain "
        "and judgement"
    )
    assert message(WIDE[["Study", "Overall"]], "generic").startswith(
        "data: no column of a domain of Own tool; it has Study, Overall, allowed are any, one a "
    )
    assert message(WIDE.assign(Weight=[1, "heavy", 3]), "rob2") == (
        "data: row 1: the weight must be a number, found 'heavy'"
    )
    assert message(WIDE.rename(columns={"D1": 7}), "rob2").startswith(
        "data: 1 fault in the judgements by RoB 2:\n  the header: the domain must be one of "
    )
    assert message(WIDE.drop(columns="Study"), "rob2").startswith("data: no column 'study_id'")
    assert message(pd.concat([WIDE, WIDE[["D1"]]], axis=1), "rob2") == (
        "data: the column 'D1' stands twice; rename or drop one"
    )


def test_a_study_that_is_not_known_is_an_error_and_not_a_blank():
    found = pe.risk_of_bias_summary(WIDE, tool="rob2")
    with pytest.raises(InputError) as raised:
        found.counts({"A 2001": 1.0, "B2002": 2.0})
    assert str(raised.value) == (
        "risk of bias: 1 study of the analysis cannot be told among the assessments; name the "
        "studies alike in both, and give one that was not judged a row without judgements:\n"
        "  'B2002' is not known; did you mean 'B 2002'?"
    )
    for weights, said in (
        ({"A 2001": -1.0},
         "weights: allowed are finite numbers of at least 0, not so for 'A 2001'"),
        ({"A 2001": 0.0}, "weights: found none above 0, so there is nothing to weight by"),
        (3, "weights: found int, allowed are the result of a meta-analysis, a mapping from study "
            "to number, or 'weight'"),
        ("weight", "weights: no column 'weight'; it has "),
    ):  # fmt: skip
        with pytest.raises(InputError) as raised:
            found.counts(weights)
        assert str(raised.value).startswith(said)


def test_a_name_of_two_studies_is_not_settled_by_the_one_that_was_judged(bundled):
    names = pd.concat([
        bundled.names,
        pd.DataFrame({"name": ["Druss et al. 2018", "Twin", "Twin"],
                      "study_id": ["another_2018", "one_2000", "two_2000"]}),
    ])  # fmt: skip
    from peer_evidence.appraisal.matching import places_of

    assert places_of(["Twin"], bundled.table, names) == [None]  # neither was judged
    with pytest.raises(
        InputError, match=r"'Druss et al\. 2018' may be 'druss_2018' or 'another_20"
    ):
        places_of(["Druss et al. 2018"], bundled.table, names)


def test_a_result_of_the_records_leads_to_its_study(ev, bundled):
    result = ev.outcomes[ev.outcomes["study_id"] == "rusch_2019"]["outcome_id"].iloc[0]
    place = bundled.places([result])[0]
    assert bundled.table["study_id"].iloc[place] == "rusch_2019"
