"""Corrected covered area against ccaR's test data and the formula of Pieper 2014."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.appraisal.overlap import band_of, covered_area
from peer_evidence.errors import DataWarning, InputError

CCA = json.loads(
    (Path(__file__).parents[1] / "reference" / "misc_formulas.json").read_text(encoding="utf-8")
)["cca"]


def rows_of(matrix, studies, reviews, **facts):
    """Write a citation matrix as one row a membership."""
    found = np.argwhere(np.asarray(matrix, dtype=bool))
    table = pd.DataFrame([{"study": studies[i], "review": reviews[j]} for i, j in found])
    return table.assign(**facts)


@pytest.fixture
def bougioukas():
    return rows_of(CCA["matrix"], CCA["studies"], CCA["reviews"])


def test_bougioukas_2021_overall(bougioukas):
    found = pe.overlap(bougioukas)
    assert (found.inclusions, found.studies, found.reviews) == (CCA["N"], CCA["r"], CCA["c"])
    # ratios of whole numbers: exact
    assert found.cca == CCA["CCA"] == 29 / 70
    assert found.covered_area == CCA["CA"]
    assert found.band == "very high"
    assert (found.impossible, found.cca_adjusted) == (0, found.cca)
    # years are given for none of them
    assert found.unknown_years == 14 * 6 - 43
    assert found.unstated == 6
    assert found.partial == 0


def test_bougioukas_2021_every_pair(bougioukas):
    pairs = pe.overlap(bougioukas).to_frame().set_index(["review_a", "review_b"])
    assert len(pairs) == len(CCA["pairwise"]) == 15
    for pair in CCA["pairwise"]:
        assert pairs.loc[(pair["a"], pair["b"]), "cca"] == pair["cca"]
    first = pairs.loc[("Chasan2014", "Gilinsky2015")]
    assert first[["both", "either"]].tolist() == [9, 11]


def test_the_matrix_comes_back(bougioukas):
    matrix = pe.overlap(bougioukas).citation_matrix()
    assert (
        matrix.loc[CCA["studies"], CCA["reviews"]].to_numpy().astype(int).tolist() == CCA["matrix"]
    )


def test_repeated_rows_count_once_and_rejected_ones_never(bougioukas):
    extra = pd.DataFrame({"study": ["Ji2011", "None"], "review": ["Guo2016", "Other"]})
    both = pd.concat([bougioukas, extra], ignore_index=True)
    both["status"] = ["confirmed"] * 44 + ["rejected"]
    found = pe.overlap(both)
    assert found.inclusions == 43
    assert found.cca == CCA["CCA"]
    assert found.without == ("Other",)
    assert "1 review without a study counted is left out." in found.summary()


def test_empty_rows_are_dropped():
    with_empty = np.array([[1, 1], [0, 0], [1, 0]])
    assert covered_area(with_empty) == covered_area(with_empty[[0, 2]])
    assert covered_area(with_empty).studies == 2


def test_structural_missingness_changes_the_denominator():
    rows = pd.DataFrame(
        {
            "review_id": ["old", "old", "new", "new", "new", "undated"],
            "study_id": ["a", "late", "a", "b", "c", "a"],
            "study_year": [2000, 2012, 2000, 2015, pd.NA, 2000],
            "search_year": [2010, 2010, 2020, 2020, 2020, pd.NA],
            "stated": [5, 5, 3, 3, 3, pd.NA],
        }
    )
    found = pe.overlap(rows)
    # cells that could not be filled: (b, old); not (late, old), which is filled all the same
    assert (found.impossible, found.late) == (1, 1)
    assert found.cca == (6 - 4) / (12 - 4)
    assert found.cca_adjusted == (6 - 4) / (12 - 4 - 1)
    # empty cells of c, whose year is not known, and of the review without one
    assert found.unknown_years == 4
    assert (found.partial, found.unstated) == (1, 1)
    old_new = found.pairs[found.pairs["review_a"].isin(["old", "new"])].query(
        "review_b != 'undated'"
    )
    assert old_new[["both", "either", "impossible"]].to_numpy().tolist() == [[1, 4, 1]]
    assert old_new[["cca", "cca_adjusted"]].to_numpy().tolist() == [[1 / 4, 1 / 3]]
    text = found.summary()
    assert "old: 2 of 5 named" in text
    assert "1 empty cell could not be filled" in text
    assert "4 empty cells of a study or review without a year" in text
    assert "1 review does not say how many studies it has." in text
    assert "the year of publication stands for it" not in text  # the undated one has neither


def test_year_of_publication_stands_for_that_of_the_search():
    rows = pd.DataFrame(
        {"review": ["x", "y", "y"], "study": ["a", "a", "b"], "study_year": [2000, 2000, 2011]}
    )
    published = pe.overlap(rows.assign(review_year=[2010, 2020, 2020]))
    assert published.impossible == 1
    assert (
        "2 reviews without a date of search: the year of publication stands for it."
        in published.summary().splitlines()
    )
    searched = rows.assign(review_year=[2012, 2020, 2020], search_year=[2010, 2019, 2019])
    assert pe.overlap(searched).impossible == 1
    # the same year may be in time
    assert pe.overlap(rows.assign(review_year=[2011, 2020, 2020])).impossible == 0


def test_no_year_stands_for_the_search_where_there_is_none():
    rows = pd.DataFrame({"review": ["x", "y", "y", "z"], "study": ["a", "a", "b", "a"]})
    assert pe.overlap(rows).summary().splitlines() == [
        "Corrected covered area 50.0% (very high): 2 studies named 4 times in 3 reviews; covered "
        "area 66.7%",
        "Counted: confirmed memberships. Bands: slight up to 5%, moderate above 5 to 10%, high "
        "above 10 to 15%, very high above 15%.",
        "2 empty cells of a study or review without a year: whether it could be filled is not "
        "known.",
        "3 reviews do not say how many studies they have.",
    ]


def test_blanks_do_not_part_names_and_case_does_with_a_warning():
    rows = pd.DataFrame({"review": ["A", "A ", "B", " B"], "study": ["s1", "s2", "s1 ", "s3"]})
    found = pe.overlap(rows)
    assert (found.reviews, found.studies, found.inclusions) == (2, 3, 4)
    with pytest.warns(DataWarning) as caught:
        other = pe.overlap(rows.assign(study=["s1", "s2", "S1", "s3"]))
    assert other.studies == 4
    assert [str(one.message) for one in caught] == [
        "study: 'S1' and 's1' differ only by case and are taken as different; write each name in "
        "one way if they are the same"
    ]
    assert caught[0].filename == __file__
    with pytest.raises(InputError, match=r"^overlap: no review or no study in row 1$"):
        pe.overlap(pd.DataFrame({"review": ["A", " "], "study": ["s", "t"]}))


def test_names_without_a_year_stand_as_people_count():
    rows = pd.DataFrame({"review": ["R10", "R2", "R1"], "study": ["s11", "s2", "s2"]})
    found = pe.overlap(rows)
    assert list(found.citation_matrix().columns) == ["R1", "R2", "R10"]
    assert list(found.citation_matrix().index) == ["s2", "s11"]
    dated = pe.overlap(rows.assign(review_year=[2001, 2005, 2005]))
    assert list(dated.members.index) == ["R10", "R1", "R2"]


def test_one_review_or_identical_reviews():
    one = pe.overlap(pd.DataFrame({"review": ["x", "x"], "study": ["a", "b"]}))
    assert np.isnan(one.cca)
    assert one.band == "undefined"
    assert one.summary().startswith("Overlap is not defined: 1 review with named studies")
    assert one.to_frame().empty
    same = pe.overlap(pd.DataFrame({"review": ["x", "x", "y", "y"], "study": list("abab")}))
    assert (same.cca, same.covered_area) == (1, 1)
    none = pe.overlap(pd.DataFrame({"review": ["x"], "study": ["a"], "status": ["candidate"]}))
    assert (none.reviews, none.inclusions) == (0, 0)


@pytest.mark.parametrize(
    ("area", "band"),
    [(0.0, "slight"), (0.05, "slight"), (0.0501, "moderate"), (0.10, "moderate"),
     (0.1001, "high"), (0.15, "high"), (0.1501, "very high"), (1.0, "very high")],
)  # fmt: skip
def test_bands_are_split_where_the_summary_says(area, band):
    assert band_of(area) == band


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=9))
def test_area_is_a_share_and_does_not_depend_on_order(cells):
    matrix = np.array(cells)
    area = covered_area(matrix)
    if area.studies:
        assert 0 <= area.corrected <= area.covered <= 1
        assert area.corrected == covered_area(matrix[::-1, ::-1]).corrected
        assert area.corrected == pytest.approx(
            np.mean(matrix.sum(axis=1)[matrix.any(axis=1)] - 1) / 3
        )


def test_the_bundled_reviews_count_confirmed_members_only():
    ev = pe.load()
    held = ev.inclusions
    confirmed = held[held["status"] == "confirmed"]
    found = pe.overlap(ev)
    assert found.inclusions == len(confirmed)
    assert found.studies == confirmed["study_id"].nunique()
    assert found.reviews == confirmed["review_id"].nunique()
    assert found.reviews + len(found.without) == len(ev.reviews)
    matrix = found.citation_matrix()
    for row in confirmed.itertuples():
        assert matrix.loc[row.study_id, row.review_id]
    assert matrix.to_numpy().sum() == len(confirmed)
    stated = ev.reviews.set_index("review_id")["k_studies"]
    named = confirmed.groupby("review_id", observed=True).size()
    short = [name for name in named.index if named[name] < stated[name]]
    assert found.partial == len(short)
    assert "Pitt, Lowe, Hill et al. 2013: 3 of 11 named" in found.summary()
    assert found.status == ("confirmed",)
    # counted again: empty cells whose study is of a later year than the search
    years = ev.studies.set_index("study_id")["year"]
    reviews = ev.reviews.set_index("review_id")
    late = 0
    for study in matrix.index:
        for review in matrix.columns:
            search = str(reviews.loc[review, "search_to"])[:4]
            until = int(search) if search.isdigit() else int(reviews.loc[review, "year"])
            late += years[study] > until and not matrix.loc[study, review]
    assert found.impossible == late > 0


def test_candidates_are_counted_when_asked_and_not_called_named():
    found = pe.overlap(pe.load(), status=["confirmed", "candidate"])
    members = found.members
    assert members.loc["pistrang_2010", ["named", "counted"]].tolist() == [0, 15]
    assert "Counted: confirmed and candidate memberships." in found.summary()
    chosen = pe.overlap(pe.load(), reviews=["pitt_2013", "chien_2019"])
    assert list(chosen.members.index) == ["pitt_2013", "chien_2019"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pe.overlap(pd.DataFrame({"review": ["a"], "stduy": ["b"]})),
         "overlap: no column 'study' (the nearest it has is 'stduy'); it has review, stduy"),
        (lambda: pe.overlap(pd.DataFrame({"review": ["a", None], "study": ["b", "c"]})),
         "overlap: no review or no study in row 1"),
        (lambda: pe.overlap(pd.DataFrame({"review": ["a"], "study": ["b"], "status": ["sure"]})),
         "status: found 'sure', allowed are 'confirmed', 'candidate', 'rejected'"),
        (lambda: pe.overlap(pd.DataFrame({"review": ["a"], "study": ["b"]}), status="rejected"),
         "status: found 'rejected', allowed are 'confirmed', 'candidate'"),
        (lambda: pe.overlap(pd.DataFrame({"review": ["a"], "study": ["b"]}), status=()),
         "status: found none, allowed are 'confirmed', 'candidate'"),
        (lambda: pe.overlap(pd.DataFrame(
            {"review": ["a", "a"], "study": ["b", "c"], "search_year": [2000, 2001]})),
         "search_year: more than one value for review a"),
        (lambda: pe.overlap(pd.DataFrame(
            {"review": ["a"], "study": ["b"], "study_year": ["soon"]})),
         "study_year: row 0 holds 'soon', allowed are whole numbers"),
        (lambda: pe.overlap(pd.DataFrame(
            {"review": ["a", "b"], "study": ["b", "b"], "stated": [2, 1.5]})),
         "stated: row 1 holds 1.5, allowed are whole numbers"),
        (lambda: pe.overlap(pd.DataFrame({"review": ["abc"], "study": ["b"]}), reviews=["abd"]),
         "reviews: found 'abd', allowed are 'abc'; did you mean 'abc'?"),
        (lambda: pe.overlap([1]),
         "data: found list, allowed is a DataFrame of memberships, or the records that "
         "peer_evidence.load() gives"),
    ],
)  # fmt: skip
def test_messages(call, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        call()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 2), min_size=4, max_size=4), min_size=1, max_size=9),
)
def test_pairs_are_the_areas_of_two_columns(cells):
    from peer_evidence.appraisal.overlap import pair_areas

    code = np.array(cells)
    matrix, barred = code == 1, code == 2
    both, either, impossible = pair_areas(matrix, barred)
    for one in range(4):
        for other in range(one + 1, 4):
            area = covered_area(matrix[:, [one, other]], barred[:, [one, other]])
            assert both[one, other] == area.inclusions - area.studies
            assert either[one, other] == area.studies
            assert impossible[one, other] == area.impossible
