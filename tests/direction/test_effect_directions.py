"""Effect directions: published examples, the 70 per cent rule, and that nothing is guessed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.direction.agreement import agreed_direction

UP, DOWN, ZERO, UNKNOWN = "favours_intervention", "favours_comparison", "null", "unclear"


def results(cells: dict[tuple[str, str], list[str]], **columns: object) -> pd.DataFrame:
    """Make one row a result from the directions of each study in each domain."""
    rows = [
        {"study_id": study, "domain": domain, "effect_direction": one}
        for (study, domain), directions in cells.items()
        for one in directions
    ]
    return pd.DataFrame(rows).assign(**columns)


def directed(directions: list[str], **options: object) -> pd.Series:
    """Give the one cell of one study in one domain."""
    found = pe.effect_directions(results({("a", "pain"): directions}), contrasts=None, **options)
    return found.to_frame().iloc[0]


def test_boon_and_thomson_2021_nine_of_nine_with_one_conflicting() -> None:
    cells = {(f"s{one}", "respiratory"): [UP] for one in range(9)}
    cells["s9", "respiratory"] = [UP, DOWN]
    test = pe.effect_directions(results(cells), contrasts=None).sign_tests().loc["respiratory"]
    assert list(test[["favours", "against", "conflicting", "no_sign", "studies"]]) == [
        9, 0, 1, 0, 10,
    ]  # fmt: skip
    assert round(test["p_value"], 4) == 0.0039


def test_boon_and_thomson_2021_five_of_six() -> None:
    cells = {(f"s{one}", "mental"): [UP if one else DOWN] for one in range(6)}
    test = pe.effect_directions(results(cells), contrasts=None).sign_tests().loc["mental"]
    assert (test["favours"], test["against"]) == (5, 1)
    assert round(test["p_value"], 4) == 0.2188


def test_handbook_12_4_2_3_three_studies_without_direction_left_out() -> None:
    told = [UP] * 10 + [DOWN] * 2 + [UNKNOWN] * 2 + [ZERO]
    cells = {(f"s{at:02}", "pain"): [one] for at, one in enumerate(told)}
    found = pe.effect_directions(results(cells), contrasts=None)
    test = found.sign_tests().loc["pain"]
    assert (test["favours"], test["against"], test["no_sign"]) == (10, 2, 3)
    # printed with four decimals
    assert test["p_value"] == pytest.approx(0.038574, abs=5e-7)
    assert (test["ci_low"], test["ci_high"]) == pytest.approx((0.5520, 0.9530), abs=5e-5)
    strict = found.sign_tests(unsigned="against").loc["pain"]
    expected = pe.sign_test(favours=10, against=5)
    assert (strict["favours"], strict["against"], strict["no_sign"]) == (10, 5, 0)
    assert strict["p_value"] == expected.p_value
    assert found.summary().splitlines()[2] == (
        "  pain: 10 of 12 studies with a sign favour the intervention: 83% (55% to 95%), p 0.039; "
        "3 studies have no sign or their signs disagree; counted against, 10 of 15: 67% (42% to "
        "85%), p 0.302"
    )


@pytest.mark.parametrize(
    ("told", "expected", "combined"),
    [
        ([UP, UP, UP], UP, 3),
        ([UP] * 7 + [DOWN] * 3, UP, 10),  # exactly 70 per cent
        ([UP] * 14 + [DOWN] * 6, UP, 20),
        ([UP] * 69 + [DOWN] * 31, "conflicting", 100),
        ([UP, UP, DOWN], "conflicting", 3),
        ([DOWN, DOWN, DOWN, UP], DOWN, 4),
        ([UP, UP, ZERO], "conflicting", 3),  # an estimate of zero agrees with neither side
        ([UP, UP, UP, ZERO], UP, 4),
        ([ZERO, ZERO], ZERO, 2),
        ([UP, UNKNOWN, UNKNOWN], UP, 1),  # what is not reported contradicts nothing
        ([UNKNOWN, UNKNOWN], UNKNOWN, 0),
    ],
)
def test_the_70_per_cent_rule(told: list[str], expected: str, combined: int) -> None:
    cell = directed(told)
    assert (cell["direction"], cell["combined"]) == (expected, combined)
    assert [cell[one] for one in (UP, DOWN, ZERO, UNKNOWN)] == [
        told.count(one) for one in (UP, DOWN, ZERO, UNKNOWN)
    ]


def test_unknown_directions_may_stand_in_the_way() -> None:
    assert directed([UP, UNKNOWN], denominator="all")["direction"] == "conflicting"
    assert directed([UP, UP, UP, UNKNOWN], denominator="all")["direction"] == UP
    assert directed([UP, UP, UP, UNKNOWN], denominator="all")["combined"] == 4
    assert directed([UNKNOWN], denominator="all")["direction"] == UNKNOWN


def test_another_agreement() -> None:
    assert directed([UP, UP, DOWN], agreement=2 / 3)["direction"] == UP
    assert directed([UP] * 9 + [DOWN], agreement=1)["direction"] == "conflicting"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcd"), st.sampled_from("xy"),
            st.sampled_from([UP, DOWN, ZERO, UNKNOWN]),
        ),
        min_size=1, max_size=40,
    ),
    st.sampled_from([0.51, 0.6, 0.7, 1.0]),
)  # fmt: skip
def test_directions_are_those_counted_one_by_one(
    rows: list[tuple[str, str, str]], agreement: float
) -> None:
    frame = pd.DataFrame(rows, columns=["study_id", "domain", "effect_direction"])
    found = pe.effect_directions(frame, contrasts=None, agreement=agreement)
    table = found.to_frame()
    for cell in table.to_dict("records"):
        told = [d for s, x, d in rows if (s, x) == (cell["study_id"], cell["domain"])]
        known = [one for one in told if one != UNKNOWN]
        if not known:
            assert cell["direction"] == UNKNOWN
            continue
        most, times = Counter(known).most_common(1)[0]
        agreed = times / len(known) >= agreement
        assert cell["direction"] == (most if agreed else "conflicting")
    tests = found.sign_tests()
    parts = tests[["favours", "against", "conflicting", "no_sign"]].sum(axis=1)
    assert parts.tolist() == tests["studies"].tolist()
    assert int(tests["studies"].sum()) == len(table) == len({(s, x) for s, x, _ in rows})
    assert table[[UP, DOWN, ZERO, UNKNOWN]].to_numpy().sum() == len(rows) == found.rows


def test_the_kernel_takes_no_results() -> None:
    code, share = agreed_direction(np.zeros((0, 3)))
    assert code.tolist() == []
    assert share.tolist() == []


def test_the_same_results_are_left_out_as_in_a_tally(ev: pe.Evidence) -> None:
    found = pe.effect_directions(ev)
    counted = pe.tally(ev, column="effect_direction", one_vote_per="study_id")
    pd.testing.assert_frame_equal(found.left_out, counted.left_out)
    assert (found.rows, found.studies) == (counted.rows, counted.studies)
    assert list(found.sign_tests().index) == list(counted.to_frame().index)
    # no two results disagree: every cell that is not conflicting votes as in the tally
    votes = counted.votes.set_index(["study_id", "domain"])["vote"]
    cells = found.to_frame().astype({"domain": object}).set_index(["study_id", "domain"])
    clear = cells[(cells["direction"] != "conflicting") & (cells["share"] == 1)]
    assert (votes.loc[clear.index] == clear["direction"]).all()
    assert len(clear) > 90


def test_sizes_are_those_of_the_records_and_never_guessed() -> None:
    frame = results({(s, "pain"): [UP] for s in "abcdefg"})
    frame["n_intervention"] = [49, 50, 300, 301, None, None, 20]
    frame["study_n_intervention"] = [400, 400, 400, 400, 400, None, None]
    frame["n_total"] = 1000
    table = pe.effect_directions(frame, contrasts=None).to_frame()
    assert table["size"].tolist() == [
        "small", "medium", "medium", "large", "large", "unknown", "small",
    ]  # fmt: skip
    assert table["n_from"].tolist() == ["results"] * 4 + ["study", "", "results"]
    assert table["n_intervention"].isna().tolist() == [False] * 5 + [True, False]


def test_the_size_of_a_cell_is_its_largest_group() -> None:
    frame = results({("a", "pain"): [UP, UP], ("a", "sleep"): [UP]})
    frame["n_intervention"] = [40, 60, None]
    table = pe.effect_directions(frame, contrasts=None).to_frame()
    assert table["size"].tolist() == ["medium", "unknown"]


def test_risk_of_bias_is_given_or_not_assessed(ev: pe.Evidence) -> None:
    assert set(pe.effect_directions(ev).to_frame()["quality"]) == {"not_assessed"}
    found = pe.effect_directions(ev, quality=ev.risk_of_bias)
    judged = ev.risk_of_bias.query("domain == 'overall'").set_index("study_id")["judgement"]
    table = found.to_frame().drop_duplicates("study_id").set_index("study_id")["quality"]
    for study, word in table.items():
        assert word == (judged[study] if study in judged.index else "not_assessed")
    assert found.assessed == int((table != "not_assessed").sum()) > 0
    mapped = pe.effect_directions(ev, quality=judged.astype(str).to_dict())
    pd.testing.assert_frame_equal(mapped.to_frame(), found.to_frame())


ROBVIS = pd.DataFrame({
    "Study": ["A 2001", "B 2002", "C 2003"], "D1": ["Low"] * 3, "D2": ["Low", "High", "Low"],
    "D3": ["Low"] * 3, "D4": ["Low"] * 3, "D5": ["Some concerns", "Low", None],
})  # fmt: skip


def test_a_summary_of_risk_of_bias_gives_its_overalls_by_the_rule_of_the_tool() -> None:
    frame = results({("a", "pain"): [UP], ("b", "pain"): [UP], ("c", "pain"): [DOWN]})
    frame["label"] = ["A 2001", "B 2002", "C 2003"]
    summary = pe.risk_of_bias_summary(ROBVIS, "rob2")
    found = pe.effect_directions(frame, contrasts=None, quality=summary)
    assert found.to_frame().set_index("study_id")["quality"].to_dict() == {
        "a": "some_concerns", "b": "high", "c": "not_assessed",
    }  # fmt: skip
    assert found.tool.name == "RoB 2"
    assert found.assessed == 2
    joined = pe.with_risk_of_bias(summary, frame.assign(study_id=frame["label"]))
    assert joined["risk_of_bias"].tolist() == ["some_concerns", "high", "not judged"]
    assert joined["risk_of_bias"].cat.categories.tolist() == [
        "low", "some_concerns", "high", "no_information", "not judged",
    ]  # fmt: skip
    with pytest.raises(pe.InputError) as raised:
        pe.with_risk_of_bias(summary)
    assert str(raised.value) == (
        "frame: a summary of risk of bias holds no results; give them, such as ev.select()"
    )
    with pytest.raises(pe.InputError) as raised:
        pe.effect_directions(frame.drop(columns="label"), contrasts=None, quality=summary)
    assert str(raised.value) == (
        "quality: none of its studies is among the results: it has 'A 2001', 'B 2002', they have "
        "'a', 'b', 'c'"
    )


def test_a_frame_of_judgements_may_hold_other_studies_and_a_mapping_those_of_the_records(
    ev: pe.Evidence,
) -> None:
    frame = pd.DataFrame({"study_id": ["a", "zz"], "judgement": ["low", "high"]})
    assert pe.effect_directions(FRAME, contrasts=None, quality=frame).assessed == 1
    every = dict.fromkeys(ev.studies["study_id"], "unclear")
    found = pe.effect_directions(ev, quality=every)
    assert found.assessed == found.studies


def test_all_results_may_be_one_group() -> None:
    found = pe.effect_directions(results({("a", "x"): [UP], ("a", "y"): [UP], ("b", "x"): [DOWN]}),
                                 by=None, contrasts=None)  # fmt: skip
    assert found.to_frame()[["study_id", "group", "combined"]].to_numpy().tolist() == [
        ["a", "all", 2], ["b", "all", 1],
    ]  # fmt: skip
    assert found.summary().splitlines()[0] == (
        "2 directions of 2 studies in 1 domain, from 3 results: favours intervention 1, favours "
        "comparison 1"
    )


def test_design_and_label_come_with_the_studies(ev: pe.Evidence) -> None:
    table = pe.effect_directions(ev).to_frame()
    studies = ev.studies.set_index("study_id")
    for row in table.to_dict("records"):
        assert row["design"] == studies.loc[row["study_id"], "design"]
        assert row["label"] == studies.loc[row["study_id"], "label"]
    assert pe.effect_directions(ev.outcomes).to_frame()["design"].isna().all()


def test_the_grid_holds_every_cell_once(ev: pe.Evidence) -> None:
    found = pe.effect_directions(ev)
    grid = found.wide()
    assert grid.shape == (found.studies, len(found.sign_tests()))
    assert int(grid.notna().to_numpy().sum()) == found.cells
    cell = found.to_frame().iloc[7]
    assert grid.loc[cell["study_id"], cell["domain"]] == cell["direction"]


def test_another_column_of_groups(ev: pe.Evidence) -> None:
    tests = pe.effect_directions(ev, by="design").sign_tests()
    assert tests.index.name == "design"
    assert list(tests.index)[:2] == ["randomised_trial", "cluster_randomised_trial"]


FRAME = results({("a", "pain"): [UP], ("b", "pain"): [DOWN]})


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (
            FRAME,
            {},
            "effect_directions: no column 'contrast_type'; it has study_id, domain, "
            "effect_direction",
        ),
        (
            FRAME,
            {"contrasts": None, "agreement": 0.5},
            "agreement: found 0.5, allowed is a number above 0.5 and up to 1, such as 0.7 for 70 "
            "per cent",
        ),
        (
            FRAME,
            {"contrasts": None, "denominator": "signed"},
            "denominator: found 'signed', allowed are 'known', 'all'",
        ),
        (
            FRAME.assign(effect_direction="up"),
            {"contrasts": None},
            "effect_direction: found 'up', allowed are 'favours_intervention', "
            "'favours_comparison', 'null', 'unclear'",
        ),
        (
            FRAME,
            {"contrasts": None, "quality": {"a": "hihg"}},
            "quality: found 'hihg', allowed are 'low', 'moderate', 'some_concerns', 'unclear', "
            "'high', 'serious', 'very_high', 'critical', 'no_information', 'not_assessed'; did you "
            "mean 'high'?",
        ),
        (
            FRAME,
            {"contrasts": None, "quality": {"A": "high", "b ": "low"}},
            "quality: 'A' (did you mean 'a'?), 'b ' (did you mean 'b'?) are not among the studies "
            "of the results; a frame with study_id and judgement may hold other studies, too",
        ),
        (
            FRAME.assign(n_intervention=["1,200", "many"]),
            {"contrasts": None},
            "n_intervention: found '1,200' for study 'a' and 1 more cell like it, allowed is a "
            "number of people of at least 0, in digits alone, such as 1200, or an empty cell where "
            "it is not known",
        ),
        (
            FRAME.assign(n_intervention=[-3, None]),
            {"contrasts": None},
            "n_intervention: found -3.0 for study 'a', allowed is a number of people of at least "
            "0, in digits alone, such as 1200, or an empty cell where it is not known",
        ),
        (
            FRAME,
            {
                "contrasts": None,
                "quality": pd.DataFrame({"study_id": ["a", "a"], "judgement": ["low", "high"]}),
            },
            "quality: 'a' has more than one judgement; give one for each study, such as the rows "
            "of one tool",
        ),
        (
            FRAME,
            {"contrasts": None, "quality": "low"},
            "quality: found str, allowed is what risk_of_bias_summary() gives, a Series or mapping "
            "from study_id to a judgement, or a frame with study_id and judgement",
        ),
        (
            results({("a", "pain"): [UP, UP]}, design=["cohort", "pre_post"]),
            {"contrasts": None},
            "design: study 'a' has 'cohort', 'pre_post', allowed is one design for each study",
        ),
        (
            [1],
            {},
            "frame: found list, allowed is a DataFrame of results, or the records that "
            "peer_evidence.load() gives",
        ),
    ],
)
def test_refusals_say_what_to_do(frame: object, options: dict, message: str) -> None:
    with pytest.raises(pe.InputError) as raised:
        pe.effect_directions(frame, **options)
    assert str(raised.value) == message


def test_no_result_that_counts_gives_an_empty_answer() -> None:
    frame = FRAME.assign(contrast_type="subgroup")
    found = pe.effect_directions(frame)
    assert (found.rows, found.studies, found.cells) == (0, 0, 0)
    assert found.to_frame().empty
    assert found.sign_tests().empty
    assert found.summary().splitlines()[-1] == (
        "Left out: contrast type subgroup (2 results of 2 studies)."
    )
