"""The admission summary: every result, its effect where the numbers allow, else the reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import ttest_ind_from_stats
from statsmodels.stats.contingency_tables import Table2x2

import peer_evidence as pe
from peer_evidence.direction.reported_effect import reported_effect

Review = Callable[..., pe.Evidence]
MEANS = {
    "mean_intervention": 0.89,
    "sd_intervention": 1.35,
    "n_intervention": 38,
    "mean_comparison": 1.53,
    "sd_comparison": 1.54,
    "n_comparison": 36,
}


def events(a: int, n1: int, c: int, n2: int) -> dict[str, int]:
    names = ("events_intervention", "n_intervention", "events_comparison", "n_comparison")
    return dict(zip(names, (a, n1, c, n2), strict=True))


def test_every_hospital_result_is_there(bundled: pe.Evidence) -> None:
    found = pe.admissions(bundled)
    hospital = bundled.select(domain=["hospitalisation", "hospital_days", "community_tenure"])
    assert set(found.rows["outcome_id"]) == set(hospital["outcome_id"])
    assert len(found.rows) == 30
    has_reason = found.rows["not_computed"] != ""
    assert (has_reason == found.rows["ci_low"].isna()).all()
    assert (found.rows["counted"] == (found.rows["left_out_reason"] == "")).all()
    assert found.rows["counted"].sum() == 24


def test_sledge_2011_two_sided_where_one_tailed_is_printed(bundled: pe.Evidence) -> None:
    rows = pe.admissions(bundled).rows.set_index("outcome_id")
    stays, days = "sledge_2011.rehospitalisations_9m", "sledge_2011.hospital_days_9m"
    assert [round(rows.loc[one, "p_value"], 3) for one in (stays, days)] == [0.062, 0.053]
    assert rows.loc[stays, "note"] == (
        "the source prints p = 0.042, one-tailed; two-sided it is 0.062 (Welch test on the means)"
    )
    assert rows.loc[days, "effect"] == pytest.approx(-9.0)


def test_printed_intervals_are_kept(bundled: pe.Evidence) -> None:
    rows = pe.admissions(bundled).rows.set_index("outcome_id")
    johnson = rows.loc["johnson_2018.readmission_12m"]
    assert johnson[["effect_measure", "effect", "ci_low", "ci_high", "p_value"]].tolist() == [
        *("OR", 0.66, 0.43, 0.99, 0.0438)
    ]
    assert johnson["p_source"] == "printed, tails not stated"
    assert rows.loc["reynolds_2004.admission_5m", "p_source"] == "computed from the interval"


def test_an_estimate_without_interval_is_shown_with_the_reason(bundled: pe.Evidence) -> None:
    row = pe.admissions(bundled).rows.set_index("outcome_id").loc["forchuk_2005.index_days"]
    assert (row["effect"], row["effect_kind"]) == (-116.0, "printed")
    assert np.isnan(row["ci_low"])
    assert row["not_computed"] == (
        "no interval or SD: only the estimate is printed (no SD or interval)"
    )


def test_signs_of_the_bundled_records(bundled: pe.Evidence) -> None:
    found = pe.admissions(bundled)
    assert (found.overall.favours, found.overall.against, found.overall.no_sign) == (14, 0, 3)
    assert found.also_unsigned == 2
    tests = found.sign_tests
    assert tests.loc[("all", "against"), "against"] == 3
    assert tests.loc[("hospitalisation", "shown"), ["favours", "against"]].tolist() == [10, 0]
    assert found.tally.to_frame().loc["hospitalisation", "benefit"] == 7
    assert found.summary().splitlines()[:3] == [
        "14 of 14 studies with a sign favour peer support: 100% (78% to 100%), p < 0.001",
        "3 studies have no sign or their signs disagree; counted against, 14 of 17: "
        "82% (59% to 94%), p 0.013",
        "2 of the 14 with a sign have another result without",
    ]


def test_another_topic_reads_as_its_own(review: Review) -> None:
    ev = review(numbers={0: {name: str(value) for name, value in MEANS.items()}})
    found = pe.admissions(ev)
    assert found.domains == ("absence",)
    assert len(found.rows) == 9
    text = found.summary()
    assert text.startswith(
        "2 of 2 studies with a sign favour tutoring: 100% (34% to 100%), p 0.500"
    )
    assert (
        "  Study a, test: MD −0.64 (−1.31 to 0.03), two-sided p 0.062, computed from means" in text
    )
    assert "  8 × no numbers: no estimate, counts or means are printed" in text
    assert "peer" not in text
    assert "peer" not in found._repr_html_()


def test_a_package_without_the_group_says_what_to_do(review: Review) -> None:
    ev = review(group="")
    with pytest.raises(pe.InputError) as caught:
        pe.admissions(ev)
    assert str(caught.value) == (
        "domains: found None, and the package names no domains of the group 'hospital_use'; give "
        "domains=[...], or write the group beside its domains in vocabulary.csv (vocabulary "
        "domain, group hospital_use)"
    )
    assert pe.admissions(ev, domains="marks").domains == ("marks",)
    with pytest.raises(pe.InputError) as caught:
        pe.admissions(ev, domains=["mark"])
    assert str(caught.value) == (
        "domains: found 'mark', allowed are 'absence', 'marks'; did you mean 'marks'?"
    )


def test_means_equal_scipys_welch_test() -> None:
    found = reported_effect(MEANS)
    test = ttest_ind_from_stats(0.89, 1.35, 38, 1.53, 1.54, 36, equal_var=False)
    assert found.p_value == pytest.approx(test.pvalue, rel=1e-12)
    assert found.effect == pytest.approx(-0.64)


def test_counts_equal_statsmodels_odds_ratio() -> None:
    found = reported_effect(events(64, 218, 83, 216))
    table = Table2x2(np.array([[64, 154], [83, 133]]))
    assert found.effect == pytest.approx(table.oddsratio, rel=1e-12)
    assert (found.ci_low, found.ci_high) == pytest.approx(table.oddsratio_confint(), rel=1e-12)
    assert found.p_value == pytest.approx(table.log_oddsratio_pvalue(), rel=1e-10)


def test_an_empty_cell_gets_half_a_person_everywhere() -> None:
    found = reported_effect(events(0, 10, 4, 12))
    assert found.effect == pytest.approx(0.5 * 8.5 / (10.5 * 4.5))
    assert found.note == "half a person added to each cell"


@pytest.mark.parametrize("both", [(0, 10, 0, 12), (10, 10, 12, 12)])
def test_no_odds_ratio_when_both_arms_are_alike_at_an_end(both: tuple[int, ...]) -> None:
    found = reported_effect(events(*both))
    assert np.isnan(found.effect)
    assert found.not_computed == "no odds ratio: all or none had the event in both arms"


def test_a_printed_interval_goes_before_counts_and_means() -> None:
    row = events(64, 218, 83, 216) | {"estimate": 0.66, "ci_low": 0.43, "ci_high": 0.99}
    found = reported_effect(row | {"effect_measure": "OR"})
    assert (found.effect, found.effect_kind) == (0.66, "printed")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "no numbers: no estimate, counts or means are printed"),
        ({"events_intervention": 8}, "events and group sizes are not all printed"),
        (
            {"mean_intervention": 8, "mean_comparison": 9},
            "means, SDs and sizes are not all printed",
        ),
        ({"p_value": 0.02}, "only a p value is printed: no estimate, counts or means"),
        (
            {"poolable_note": "only a map"},
            "no numbers: no estimate, counts or means are printed (only a map)",
        ),
    ],
)
def test_reasons(row: dict[str, object], reason: str) -> None:
    assert reported_effect(row).not_computed == reason


def test_a_one_tailed_p_alone_is_not_passed_off_as_two_sided() -> None:
    found = reported_effect({"p_value": 0.04, "p_relation": "=", "p_tails": "one"})
    assert np.isnan(found.p_value)
    assert found.note == "the source prints p = 0.04, one-tailed"
