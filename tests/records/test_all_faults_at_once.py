"""Every fault of every file in one go, in order, and nothing half-loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import peer_evidence as pe

if TYPE_CHECKING:
    from conftest import Small

EXPECTED = [
    "studies.csv:2: year: must be between 1500 and 2200, found '215'",
    "studies.csv:3: level: must be one of individual, organisational (did you mean 'individual'?), "
    "found 'Individual'",
    "studies.csv:3: source: must not be empty, found ''",
    "outcomes.csv:2: measure: must not be empty, found ''",
    "outcomes.csv:2: n_intervention: must be a whole number, found '9O'",
    "outcomes.csv:3: study_id: must be a study_id of studies.csv (did you mean 'trial_b'?), found "
    "'trial_z'",
    "outcomes.csv:3: estimate: must lie within its interval, 0.3 to 0.8, found '1.5'",
    "reviews.csv:1: cells must be separated by commas; this file seems to use semicolons: save it "
    "again as comma-separated CSV, found 'review_id;label'",
    "inclusions.csv:3: review_id + study_id: the key must be unique, the same stands on line 2, "
    "found 'review_1 + trial_a'",
    "framework/things.csv:3: thing: the key must be unique, the same stands on line 2, found 'a'",
]


@pytest.fixture
def spoiled(small: Small) -> Small:
    studies, outcomes = small.tables["studies.csv"], small.tables["outcomes.csv"]
    studies[0]["year"] = "215"
    studies[1] |= {"level": "Individual", "source": ""}
    outcomes[0] |= {"measure": "", "n_intervention": "9O"}
    outcomes[1] |= {"study_id": "trial_z", "estimate": "1.5"}
    small.replace("reviews.csv", "review_id;label\nreview_1;Review\n")
    inclusions = small.tables["inclusions.csv"]
    inclusions.append(dict(inclusions[0]))
    small.replace("framework/things.csv", "thing,what\na,1\na,2\n")
    return small


def test_all_faults_of_all_files_in_the_order_of_tables_lines_and_columns(spoiled: Small) -> None:
    assert spoiled.faults() == EXPECTED


def test_load_raises_one_error_that_lists_them_all(spoiled: Small) -> None:
    with pytest.raises(pe.RecordsError) as caught:
        pe.load(spoiled.write())
    lines = "\n".join(f"  {line}" for line in EXPECTED)
    assert str(caught.value) == f"10 faults in the records, nothing was loaded:\n{lines}"
    assert list(caught.value.faults) == pe.validate(spoiled.path)
    assert isinstance(caught.value, pe.PeerEvidenceError)
    assert isinstance(caught.value, ValueError)


def test_one_fault_is_called_one(small: Small) -> None:
    small.tables["studies.csv"][0]["year"] = "215"
    with pytest.raises(pe.RecordsError) as caught:
        pe.load(str(small.write()))
    assert str(caught.value) == (
        "1 fault in the records, nothing was loaded:\n"
        "  studies.csv:2: year: must be between 1500 and 2200, found '215'"
    )


def test_checking_twice_finds_the_same_and_writes_nothing(spoiled: Small) -> None:
    folder = spoiled.write()
    before = {path: path.read_bytes() for path in folder.rglob("*.csv")}
    assert pe.validate(folder) == pe.validate(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_one_cause_is_one_fault(small: Small) -> None:
    """A cell with a fault of its own takes no part in rules about several cells."""
    small.tables["studies.csv"][0]["study_id"] = "trial_a "
    outcome = small.tables["outcomes.csv"][0]
    outcome |= {"n_intervention": "-5", "ci_low": "-1", "events_comparison": "500"}
    assert small.faults() == [
        "studies.csv:2: study_id: must not begin or end with a space, found 'trial_a '",
        "outcomes.csv:2: ci_low: must be above 0, as effect_measure is RR, found '-1'",
        "outcomes.csv:2: n_intervention: must be at least 1, found '-5'",
        "outcomes.csv:2: events_comparison: must not be more than n_comparison (100), found '500'",
    ]


def test_a_direction_against_the_means(small: Small) -> None:
    small.tables["outcomes.csv"][1] |= {
        "better_is": "higher",
        "mean_intervention": "3.5",
        "mean_comparison": "4",
        "events_intervention": "",
        "events_comparison": "",
    }
    assert small.faults() == [
        "outcomes.csv:3: effect_direction: must agree with the means, which show "
        "favours_comparison as better_is is higher, found 'favours_intervention'"
    ]


def test_a_direction_against_means_and_shares_is_said_once(small: Small) -> None:
    small.tables["outcomes.csv"][0] |= {
        "effect_direction": "favours_comparison",
        "mean_intervention": "3",
        "mean_comparison": "4",
    }
    assert small.faults() == [
        "outcomes.csv:2: effect_direction: must agree with the means, which show "
        "favours_intervention as better_is is lower, found 'favours_comparison'"
    ]


def test_each_unknown_item_of_a_list_is_a_fault(small: Small) -> None:
    small.tables["pooled_results.csv"][0]["study_ids"] = "trial_x;trial_a;nobody"
    assert small.faults() == [
        "pooled_results.csv:2: study_ids: must be a study_id of studies.csv (did you mean "
        "'trial_b'?), found 'trial_x'",
        "pooled_results.csv:2: study_ids: must be a study_id of studies.csv, found 'nobody'",
    ]


def test_keys_that_share_a_part_only_are_two(small: Small) -> None:
    inclusions = small.tables["inclusions.csv"]
    inclusions.append(inclusions[0] | {"study_id": "trial_b"})
    assert small.faults() == []


def test_thousands_of_misspelt_words_are_checked_in_seconds(small: Small) -> None:
    from time import perf_counter

    study, outcome = small.tables["studies.csv"][0], small.tables["outcomes.csv"][0]
    small.tables["studies.csv"] += [study | {"study_id": f"study_{n}"} for n in range(5000)]
    small.tables["outcomes.csv"] += [
        outcome | {"outcome_id": f"o{n}", "study_id": f"stuby_{n}", "domain": f"infektion{n}"}
        for n in range(5000)
    ]
    begin = perf_counter()
    faults = small.validate()
    assert perf_counter() - begin < 10
    assert len(faults) == 10_000
