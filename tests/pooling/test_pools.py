"""The pools of a review: which results enter, and what comes out."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.pooling.pools import time_buckets

HEADERS = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def found(ev: pe.Evidence) -> pe.Pools:
    return pe.pools(ev)


def test_every_domain_and_time_with_two_studies_is_pooled(ev: pe.Evidence, found: pe.Pools) -> None:
    rows = ev.outcomes[ev.outcomes["poolable"] == "yes"].copy()
    rows["bucket"] = np.where(rows["timepoint_months"] <= 4, "up to 4 months", "over 4 to 9 months")
    rows.loc[rows["timepoint_months"] > 9, "bucket"] = "over 9 months"
    counts = rows.groupby(["domain", "bucket"], observed=True)["study_id"].nunique()
    expected = {key for key, size in counts.items() if size >= 2}
    assert set(found.keys) == expected
    assert len(expected) == 12
    assert (found.to_frame()["k"] == [counts[key] for key in found.keys]).all()


def test_a_pool_is_the_meta_analysis_of_its_effects(found: pe.Pools, ev: pe.Evidence) -> None:
    rows = ev.select(domain="hope", poolable=True, timepoint=(0, 4))
    effects = pe.effect_sizes(rows, "SMD", align=True)
    alone = pe.meta_analysis(effects)
    pool = found["hope", "up to 4 months"]
    assert pool.estimate == alone.estimate
    assert pool.k == alone.k == 3
    cautious = pe.meta_analysis(effects, ci="hksj-adhoc")
    row = found.to_frame().loc[("hope", "up to 4 months")]
    assert (row["adhoc_ci_low"], row["adhoc_ci_high"]) == (cautious.ci_low, cautious.ci_high)
    assert bool(row["few_studies"]) is True


def test_hopelessness_is_turned_so_that_positive_favours_the_intervention(
    found: pe.Pools,
) -> None:
    rows = found.studies(("hope", "up to 4 months")).set_index("study_id")
    scale = rows.loc["rusch_2019"]
    assert scale["better_is"] == "lower"
    assert scale["mean_intervention"] < scale["mean_comparison"]
    assert scale["effect"] > 0


def test_counts_enter_as_the_odds_ratio_over_pi_and_root_three(found: pe.Pools) -> None:
    rows = found.studies(("depression", "up to 4 months")).set_index("study_id")
    trial = rows.loc["dennis_2009"]
    a, b = 40, 297 - 40  # events are depression, so fewer are better
    c, d = 78, 315 - 78
    log_or = math.log(a * d / (b * c))
    assert trial["effect"] == pytest.approx(-log_or * math.sqrt(3) / math.pi, rel=1e-12)
    variance = (1 / a + 1 / b + 1 / c + 1 / d) * 3 / math.pi**2
    assert trial["variance"] == pytest.approx(variance, rel=1e-12)
    assert trial["effect_note"] == "odds ratio over π/√3, from the counts"


def test_every_poolable_result_is_in_a_pool_or_has_its_reason(
    found: pe.Pools, ev: pe.Evidence
) -> None:
    assert len(found.rows) == (ev.outcomes["poolable"] == "yes").sum() == 42
    assert (found.rows["pooled"] == (found.rows["left_out_reason"] == "")).all()
    reasons = found.rows.set_index("outcome_id")["left_out_reason"]
    assert reasons["johnson_2018.readmission_12m"] == "fewer than 2 studies in the group"
    assert reasons["druss_2010.primary_care_6m"].startswith("no numbers for the measure: missing")
    assert int(found.rows["pooled"].sum()) == int(found.to_frame()["k"].sum())


def test_other_groups_measures_and_methods(ev: pe.Evidence) -> None:
    by_domain = pe.pools(ev, by="domain", minimum=3, method="DL", level=0.9)
    frame = by_domain.to_frame()
    assert frame.index.name == "domain"
    assert (frame["k"] >= 3).all()
    assert set(frame["method"]) == {"DL"}
    assert set(frame["level"]) == {0.9}
    ratios = pe.pools(ev, by="domain", measure="RR", minimum=1)
    # counts: two trials; printed with an interval: two more
    assert {study for key in ratios.keys for study in ratios.studies(key)["study_id"]} == {
        "johnson_2018",
        "dennis_2009",
        "cook_2012_wrap",
        "druss_2010",
    }
    fixed = pe.pools(ev, method="FE").to_frame()
    assert fixed["adhoc_ci_low"].tolist() == fixed["ci_low"].tolist()


def write_package(folder: Path, results: list[dict[str, str]]) -> Path:
    folder.mkdir()
    studies = {
        "label": "Trial",
        "design": "randomised_trial",
        "level": "individual",
        "population": "p",
        "problem_type": "t",
        "intervention": "v",
        "initiative_type": "v",
        "comparator": "c",
        "comparator_type": "none",
    }
    outcomes = {
        "domain": "cases",
        "measure": "m",
        "contrast": "c",
        "contrast_type": "intervention_vs_comparison",
        "reported_conclusion": "unclear",
        "effect_direction": "unclear",
        "better_is": "lower",
        "poolable": "yes",
    }
    both = {"source": "s", "confidence": "primary"}
    names = sorted({result["study_id"] for result in results})
    tables = {
        "studies": [studies | both | {"study_id": name, "label": name} for name in names],
        "outcomes": [outcomes | both | result for result in results],
    }
    for name, rows in tables.items():
        header = (HEADERS / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        frame = pd.DataFrame(rows).reindex(columns=header)
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_a_review_of_counts_alone_is_pooled_as_odds_ratios(tmp_path: Path) -> None:
    """Aronson 1948 and Ferguson 1949, the first two of the BCG trials (Colditz 1994)."""
    numbers = [("aronson_1948", 4, 123, 11, 139), ("ferguson_1949", 6, 306, 29, 303)]
    results = [
        {
            "outcome_id": f"{study}.cases",
            "study_id": study,
            "timepoint_months": "24",
            "events_intervention": str(a),
            "n_intervention": str(n1),
            "events_comparison": str(c),
            "n_comparison": str(n2),
        }
        for study, a, n1, c, n2 in numbers
    ]
    pools = pe.pools(pe.load(write_package(tmp_path / "bcg", results)), buckets=(12,))
    assert pools.measure == "OR"
    assert pools.keys == (("cases", "over 12 months"),)
    first = pools.studies(pools.keys[0])["effect"].iloc[0]
    assert first == pytest.approx(-math.log(4 * 128 / (119 * 11)), rel=1e-12)


def test_a_study_has_one_result_in_a_pool_its_last(tmp_path: Path) -> None:
    def result(study: str, months: str, mean: str) -> dict[str, str]:
        return {
            "outcome_id": f"{study}.{months}",
            "study_id": study,
            "timepoint_months": months,
            "mean_intervention": mean,
            "sd_intervention": "1",
            "n_intervention": "20",
            "mean_comparison": "2",
            "sd_comparison": "1",
            "n_comparison": "20",
        }

    results = [result("a", "3", "1"), result("a", "2", "1.5"), result("b", "1", "1.2")]
    results.append(result("c", "", "1.2"))
    pools = pe.pools(pe.load(write_package(tmp_path / "twice", results)))
    assert list(pools.studies(("cases", "up to 4 months"))["outcome_id"]) == ["a.3", "b.1"]
    reasons = pools.rows.set_index("outcome_id")["left_out_reason"]
    assert reasons["a.2"] == "another result of the study in this pool was measured later"
    assert reasons["c."] == "no time of measurement"


def test_nothing_to_pool_is_a_result_that_says_so(tmp_path: Path) -> None:
    pools = pe.pools(
        pe.load(write_package(tmp_path / "none", [{"outcome_id": "a", "study_id": "a"}]))
    )
    assert len(pools) == 0
    assert pools.to_frame().empty
    assert pools.summary() == (
        "0 pools of OR, 0 results, 1 left in no pool; above 1 favours the intervention"
    )


def test_an_unknown_pool_names_the_nearest(found: pe.Pools) -> None:
    with pytest.raises(pe.InputError) as caught:
        found["hope", "up to 5 months"]
    assert str(caught.value).startswith(
        "pools: no pool ('hope', 'up to 5 months'); did you mean 'hope, up to 4 months'? (pools: "
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"buckets": (9, 4)},
            "buckets: found (9, 4), allowed are ascending months above 0",
        ),
        ({"minimum": 0}, "minimum: found 0, allowed is a whole number of at least 1"),
        (
            {"measure": "SMDD"},
            "measure: found 'SMDD', allowed are 'SMD', 'OR', 'RR', 'RD', 'MD', 'HR', 'IRR'; did "
            "you mean 'SMD'?",
        ),
    ],
)
def test_what_is_refused(ev: pe.Evidence, options: dict[str, object], message: str) -> None:
    with pytest.raises(pe.InputError) as caught:
        pe.pools(ev, **options)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_the_end_of_a_bucket_belongs_to_it() -> None:
    months = pd.Series([0, 4, 4.01, 9, 9.01, None], dtype="Float64")
    named = time_buckets(months, (4, 9))
    assert named.astype(object).where(named.notna(), "missing").tolist() == [
        "up to 4 months",
        "up to 4 months",
        "over 4 to 9 months",
        "over 4 to 9 months",
        "over 9 months",
        "missing",
    ]


def test_the_forest_of_pools_holds_each_pool_with_its_own_weights(found: pe.Pools) -> None:
    table = pe.figures.forest_table(found, data=found.studies())
    studies = table[table["kind"] == "study"]
    assert studies.groupby("group")["weight"].sum().round(9).eq(100).all()
    subtotals = table[table["kind"] == "subtotal"].set_index("group")
    assert list(subtotals.index) == list(found.groups)
    assert subtotals["effect"].tolist() == [one.estimate for one in found.analyses]
    assert "total" not in set(table["kind"])
    assert set(subtotals["label"]) == {"Pooled"}
    assert subtotals["cautious_ci_low"].tolist() == [one.ci_low for one in found.cautious]
    pairs = subtotals[subtotals["k"] == 2]
    assert len(pairs) > 0
    assert pairs[["pi_low", "i2_ci_low"]].isna().all(axis=None)
    assert "Self-stigma, up to 4 months" in list(subtotals.index)
    assert {"mean_intervention", "sd_comparison"} <= set(table.columns)


def test_records_without_any_time_are_pooled_in_one_bucket(tmp_path: Path) -> None:
    shutil.copytree(HEADERS, tmp_path / "package")
    file = tmp_path / "package" / "outcomes.csv"
    frame = pd.read_csv(file, dtype=str, keep_default_na=False)
    frame["timepoint_months"] = ""
    frame.to_csv(file, index=False)
    pools = pe.pools(pe.load(tmp_path / "package"))
    assert {key[1] for key in pools.keys} == {"time not stated"}
    by_domain = pe.pools(pe.load(tmp_path / "package"), by="domain")
    assert [m.estimate for m in pools.analyses] == [m.estimate for m in by_domain.analyses]


COHORTS = {  # four invented cohorts: estimate, ci_low, ci_high
    "HR": [(0.7, 0.5, 0.98), (0.8, 0.6, 1.07), (1.1, 0.8, 1.51), (0.6, 0.4, 0.9)],
    "MD": [(-2.0, -3.5, -0.5), (-1.0, -2.0, 0.0), (0.4, -1.6, 2.4), (-3.0, -5.0, -1.0)],
}


def printed(measure: str) -> list[dict[str, str]]:
    return [
        {
            "outcome_id": f"cohort_{i}.cases",
            "study_id": f"cohort_{i}",
            "effect_measure": measure,
            "estimate": str(estimate),
            "ci_low": str(low),
            "ci_high": str(high),
        }
        for i, (estimate, low, high) in enumerate(COHORTS[measure])
    ]


def from_frames(folder: Path, results: list[dict[str, str]]) -> pe.Evidence:
    write_package(folder, results)
    return pe.Evidence.from_frames(
        {
            name: pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
            for name in ("studies", "outcomes")
        }
    )


@pytest.mark.parametrize("measure", ["HR", "MD"])
def test_a_review_of_printed_effects_alone_is_pooled_on_their_measure(
    tmp_path: Path, measure: str
) -> None:
    results = printed(measure)
    # one more study prints another measure, which does not enter
    results.append(results[0] | {"outcome_id": "z.cases", "study_id": "z", "effect_measure": "RR"})
    if measure == "MD":
        results[-1] |= {"estimate": "0.7", "ci_low": "0.5", "ci_high": "0.98"}
    ev = from_frames(tmp_path / "cohorts", results)
    pools = pe.pools(ev)
    assert (pools.measure, pools.keys) == (measure, (("cases", "time not stated"),))
    turn = np.log if measure == "HR" else np.asarray
    estimate, low, high = (turn(x) for x in zip(*COHORTS[measure], strict=True))
    se = (high - low) / (2 * 1.959964)
    alone = pe.meta_analysis(pd.DataFrame({"effect": -estimate, "variance": se**2}))
    pool = pools[pools.keys[0]]
    assert pool.k == 4
    assert pool.estimate == pytest.approx(alone.estimate, rel=1e-6)
    assert (pool.ci_low, pool.ci_high) == pytest.approx((alone.ci_low, alone.ci_high), rel=1e-6)
    scale = "; a pool of mean differences holds only where all are on one scale"
    assert pools.notes == (
        f"measure {measure}: no result has means or counts, and 4 of 5 print {measure} with an "
        "interval; effects printed on another measure do not enter" + scale * (measure == "MD"),
    )
    assert str(pools).endswith(f"\n  {pools.notes[0]}")
    told = pe.pools(ev, measure=measure)
    assert (told[pools.keys[0]].estimate, told.notes) == (pool.estimate, ())
    left = pools.rows.set_index("study_id")["left_out_reason"]["z"]
    assert left.endswith(f"the printed estimate is RR, not {measure}")


@pytest.mark.parametrize("code", ["RR", "RD", "HR", "IRR", "MD", "SMD"])
def test_of_as_many_printed_effects_the_first_measure_is_chosen(tmp_path: Path, code: str) -> None:
    other = "RR" if code == "HR" else "HR"
    results = printed("HR")
    for row, measure in zip(results, (code, other, other, code), strict=True):
        row["effect_measure"] = measure
    for row in (results[0], results[3]):
        row |= {"estimate": "0.1", "ci_low": "0.05", "ci_high": "0.15" if code[1] == "D" else "0.2"}
    pools = pe.pools(from_frames(tmp_path / "ties", results))
    assert pools.measure == code
    one = results[1] | {"outcome_id": "a.cases", "study_id": "a", "effect_measure": "OR"}
    assert pe.pools(from_frames(tmp_path / "with_or", [*results, one])).measure == "OR"
    one |= {"events_intervention": "4", "n_intervention": "50", "effect_measure": other}
    assert pe.pools(from_frames(tmp_path / "with_counts", [*results, one])).measure == "OR"
