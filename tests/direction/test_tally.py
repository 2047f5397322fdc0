"""Tallies: what is counted, who has a vote, and what is left out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.direction.votes import cast_votes
from peer_evidence.records.tables import METHOD_WORDS

Review = Callable[..., pe.Evidence]
CONCLUSIONS, DIRECTIONS = METHOD_WORDS["conclusion"], METHOD_WORDS["direction"]
ROWS = st.lists(
    st.tuples(
        st.sampled_from("ABCDE"),
        st.sampled_from(["x", "y", None]),
        st.sampled_from(CONCLUSIONS),
        st.sampled_from(DIRECTIONS),
        st.sampled_from(METHOD_WORDS["contrast_type"]),
    ),
    max_size=30,
)


def as_frame(rows: list[tuple[str, ...]]) -> pd.DataFrame:
    names = ["study_id", "domain", "reported_conclusion", "effect_direction", "contrast_type"]
    return pd.DataFrame(rows, columns=names)


def test_every_result_counts_without_votes(review: Review) -> None:
    table = pe.tally(review().outcomes).to_frame()
    assert table.index.name == "domain"
    assert list(table.columns) == [*CONCLUSIONS, "rows", "studies"]
    assert table.loc["absence"].to_dict() == {
        "benefit": 4,
        "no_difference": 3,
        "harm": 1,
        "mixed": 0,
        "unclear": 0,
        "rows": 8,
        "studies": 4,
    }
    assert table.loc["marks", ["no_difference", "rows", "studies"]].tolist() == [1, 1, 1]


def test_agreeing_conclusions_are_one_vote_and_others_are_tied(review: Review) -> None:
    counted = pe.tally(review().outcomes, one_vote_per="study_id")
    row = counted.to_frame().loc["absence"]
    assert row[["benefit", "no_difference", "harm", "tied"]].tolist() == [1, 1, 0, 2]
    votes = counted.votes.query("domain == 'absence'").set_index("study_id")["vote"]
    assert votes.to_dict() == {"a": "benefit", "b": "tied", "c": "tied", "d": "no_difference"}


def test_a_result_without_sign_contradicts_none(review: Review) -> None:
    counted = pe.tally(review().outcomes, column="effect_direction", one_vote_per="study_id")
    votes = counted.votes.query("domain == 'absence'").set_index("study_id")["vote"]
    assert votes.to_dict() == {
        "a": "favours_intervention",
        "b": "favours_intervention",
        "c": "tied",
        "d": "unclear",
    }


def test_sign_tests_in_both_readings(review: Review) -> None:
    counted = pe.tally(review().outcomes, column="effect_direction", one_vote_per="study_id")
    names = ["favours", "against", "tied", "no_sign", "studies"]
    shown, strict = counted.sign_tests(), counted.sign_tests("against")
    columns = ["favours", "against", "tied", "no_sign", "proportion", "ci_low", "ci_high"]
    assert list(shown.columns) == [*columns, "p_value", "studies"]
    assert shown.loc["absence", names].tolist() == [2, 0, 1, 1, 4]
    assert strict.loc["absence", names].tolist() == [2, 2, 0, 0, 4]
    test = pe.sign_test(2, 0, no_sign=2)
    assert shown.loc["absence", "p_value"] == test.p_value
    assert strict.loc["absence", "ci_low"] == test.strict_ci_low


def test_what_is_left_out_is_said(review: Review) -> None:
    out = pe.tally(review().outcomes).left_out.set_index("reason")
    assert out["rows"].to_dict() == {
        "contrast type before after": 1,
        "contrast type subgroup": 1,
    }
    assert pe.tally(review().outcomes, contrasts=None).left_out.empty


def test_a_missing_group_is_left_out() -> None:
    frame = as_frame([("A", None, "benefit", "null", "intervention_vs_comparison")])
    counted = pe.tally(frame)
    assert counted.left_out.to_dict("records") == [{"reason": "no domain", "rows": 1, "studies": 1}]
    assert counted.rows == 0


def test_other_contrasts_on_demand(review: Review) -> None:
    counted = pe.tally(review().outcomes, contrasts=("before_after", "subgroup"))
    assert counted.to_frame()["rows"].to_dict() == {"absence": 1, "marks": 1}


@pytest.mark.parametrize("by", ["design", "initiative_type", "problem_type", "relationship"])
def test_columns_of_studies_come_with_the_records(bundled: pe.Evidence, by: str) -> None:
    counted = pe.tally(bundled, by=by)
    assert counted.to_frame()["rows"].sum() + counted.left_out["rows"].sum() == 272
    pd.testing.assert_frame_equal(counted.to_frame(), pe.tally(bundled.select(), by=by).to_frame())


def test_published_counts_of_the_bundled_records(bundled: pe.Evidence) -> None:
    counted = pe.tally(bundled)
    assert (counted.rows, counted.studies) == (222, 55)
    assert dict(counted.left_out[["reason", "rows"]].itertuples(index=False, name=None)) == {
        "contrast type alternative source": 4,
        "contrast type before after": 4,
        "contrast type no comparison": 5,
        "contrast type other": 14,
        "contrast type subgroup": 6,
        "contrast type within members": 17,
    }


def test_by_review_counts_confirmed_studies_only(bundled: pe.Evidence) -> None:
    counted = pe.tally(bundled, by="review", one_vote_per="study_id")
    inside = bundled.inclusions.query("status == 'confirmed'")
    comparative = set(bundled.select(contrast_type="intervention_vs_comparison")["study_id"])
    expected = inside[inside["study_id"].isin(comparative)].groupby("review_id").size()
    assert counted.to_frame()["studies"].to_dict() == expected.to_dict()
    assert "pistrang_2010" not in counted.to_frame().index
    assert "no review id" in set(counted.left_out["reason"])
    assert counted.rows + counted.left_out["rows"].sum() == 272


def test_everything_as_one_group(bundled: pe.Evidence) -> None:
    table = pe.tally(bundled, by=None, one_vote_per="study_id").to_frame()
    assert table.index.tolist() == ["all"]
    assert table.loc["all", [*CONCLUSIONS, "tied"]].sum() == table.loc["all", "studies"] == 55


@given(ROWS)
def test_no_result_and_no_study_is_lost(rows: list[tuple[str, ...]]) -> None:
    frame = as_frame(rows)
    for column, words in (("reported_conclusion", CONCLUSIONS), ("effect_direction", DIRECTIONS)):
        plain = pe.tally(frame, column=column)
        assert plain.to_frame()["rows"].sum() + plain.left_out["rows"].sum() == len(frame)
        assert plain.to_frame()[list(words)].to_numpy().sum() == plain.rows
        voted = pe.tally(frame, column=column, one_vote_per="study_id").to_frame()
        assert (voted[[*words, "tied"]].sum(axis=1) == voted["studies"]).all()


@given(ROWS)
def test_signed_unsigned_and_tied_studies_add_up(rows: list[tuple[str, ...]]) -> None:
    counted = pe.tally(as_frame(rows), column="effect_direction", one_vote_per="study_id")
    shown, strict = counted.sign_tests(), counted.sign_tests("against")
    four = shown[["favours", "against", "tied", "no_sign"]].sum(axis=1)
    assert (four == shown["studies"]).all()
    assert (strict[["favours", "against"]].sum(axis=1) == strict["studies"]).all()


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[str, ...]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for column in ("reported_conclusion", "effect_direction"):
        one = pe.tally(as_frame(rows), column=column, one_vote_per="study_id")
        other = pe.tally(as_frame(shuffled), column=column, one_vote_per="study_id")
        pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())
        pd.testing.assert_frame_equal(one.left_out, other.left_out)
        assert one.summary() == other.summary()


def test_kernel_prefers_the_higher_rank() -> None:
    none = np.zeros(3, dtype=np.int64)
    _, _, vote = cast_votes(none, none, np.array([0, 2, 2]), [2, 2, 1])
    assert vote.tolist() == [0]
    _, _, vote = cast_votes(none, none, np.array([0, 1, 2]), [2, 2, 1])
    assert vote.tolist() == [3]


def test_summary_says_all_in_words(review: Review) -> None:
    ev = review()
    assert pe.tally(ev, column="effect_direction", one_vote_per="study_id").summary() == (
        "5 votes of 5 studies, one vote per study in each group, effect direction: "
        "favours intervention 2, favours comparison 1, unclear 1, tied 1\n"
        "  absence: 2 of 2 studies with a sign favour tutoring: 100% (34% to 100%), p 0.500; "
        "2 studies have no sign or their signs disagree; counted against, 2 of 4: "
        "50% (15% to 85%), p 1.000\n"
        "  marks: 0 of 1 study with a sign favour tutoring: 0% (0% to 79%), p 1.000\n"
        "Left out: contrast type before after (1 result of 1 study); "
        "contrast type subgroup (1 result of 1 study)."
    )
    assert pe.tally(ev, contrasts=None).summary() == (
        "11 results of 6 studies, reported conclusion: "
        "benefit 5, no difference 4, harm 1, unclear 1\n"
        "  absence (9 results of 5 studies): benefit 5, no difference 3, harm 1\n"
        "  marks (2 results of 2 studies): no difference 1, unclear 1\n"
        "Nothing was left out."
    )


def test_frames_handed_out_do_not_change_the_result(review: Review) -> None:
    counted = pe.tally(review().outcomes)
    frame = counted.to_frame()
    frame["benefit"] = 99
    assert counted.to_frame().loc["absence", "benefit"] == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"column": "conclusion"},
            "column: found 'conclusion', allowed are 'reported_conclusion', 'effect_direction'; "
            "did you mean 'reported_conclusion'?",
        ),
        (
            {"contrasts": ("subgroups",)},
            "contrasts: found 'subgroups', allowed are 'intervention_vs_comparison', "
            "'other_contrast', 'within_members', 'before_after', 'no_comparison', 'subgroup', "
            "'alternative_source'; did you mean 'subgroup'?",
        ),
        (
            {"contrasts": ()},
            "contrasts: found no contrast type; give at least one, or None for all",
        ),
        (
            {"by": "domian"},
            "tally: no column 'domian' (the nearest it has is 'domain'); it has study_id, domain, "
            "reported_conclusion, effect_direction, contrast_type",
        ),
    ],
)
def test_messages(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(pe.InputError) as caught:
        pe.tally(as_frame([]), **arguments)
    assert str(caught.value) == message


def test_an_unknown_word_is_an_error() -> None:
    frame = as_frame([("A", "x", "better", "null", "intervention_vs_comparison")])
    with pytest.raises(pe.InputError) as caught:
        pe.tally(frame)
    assert str(caught.value) == (
        "reported_conclusion: found 'better', allowed are 'benefit', 'no_difference', 'harm', "
        "'mixed', 'unclear'"
    )


def test_only_directions_with_one_vote_enter_a_sign_test(review: Review) -> None:
    ev = review()
    with pytest.raises(pe.InputError) as caught:
        pe.tally(ev, one_vote_per="study_id").sign_tests()
    assert str(caught.value) == (
        "column: found 'reported_conclusion', allowed in a sign test is 'effect_direction': a "
        "conclusion often rests on significance, only the sign of an estimate may enter"
    )
    with pytest.raises(pe.InputError) as caught:
        pe.tally(ev, column="effect_direction").sign_tests()
    assert str(caught.value) == (
        "one_vote_per: found None, a sign test needs one vote per study; tally with "
        "one_vote_per='study_id'"
    )
    with pytest.raises(pe.InputError) as caught:
        pe.tally(ev, column="effect_direction", one_vote_per="study_id").sign_tests("dropped")
    assert str(caught.value) == "unsigned: found 'dropped', allowed are 'shown', 'against'"
