"""The GRADE worksheet: suggestions from the records, judgements from a person, never mixed."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.appraisal.judgements import VOCABULARY
from peer_evidence.appraisal.suggestion import Rules
from peer_evidence.spreadsheet import to_csv

from .conftest import pooled, records

HOPE = "Hope, up to 4 months"
WORDS = {word for allowed in VOCABULARY.values() for word in allowed}


@pytest.fixture(scope="module")
def sheet(ev, pools):
    return pe.certainty_table(ev, pools, important=0.2)


def filled(sheet, outcome, **words):
    """Fill the worksheet of one outcome."""
    frame = sheet.worksheet()
    for domain, word in words.items():
        here = (frame["outcome"] == outcome) & (frame["domain"] == domain)
        frame.loc[here, ["judgement", "reason", "judged_by"]] = [word, "as discussed", "A. Rater"]
    return frame


def test_risk_of_bias_of_the_bundled_pools_is_the_share_of_their_weight(ev, pools, sheet) -> None:
    overall = ev.risk_of_bias.query("domain == 'overall'").set_index("study_id")["judgement"]
    rows = pools.studies(("hope", "up to 4 months"))
    words = [overall[one] for one in rows["study_id"]]
    weights = pools["hope", "up to 4 months"].weights
    share = sum(w for w, word in zip(weights, words, strict=True) if word == "high")
    found = sheet[HOPE]["risk_of_bias"]
    assert f"{share:.0f}% high" in found.rationale
    assert (found.levels, share > 50) == (-1, True)


def test_a_study_without_a_judgement_is_said(ev, pools, sheet) -> None:
    judged = set(ev.risk_of_bias.query("domain == 'overall'")["study_id"])
    rows = pools.studies(("depression", "up to 4 months"))
    assert [one in judged for one in rows["study_id"]] == [False, True]
    found = sheet["Depression, up to 4 months"]["risk_of_bias"]
    assert found.words == "not assessed"
    assert found.rationale.startswith("no overall judgement for 1 of 2 studies (73% of the weight)")


def test_bundled_suggestions_are_no_judgements(sheet) -> None:
    assert sheet.headline() == (
        "Certainty of 12 outcomes: 0 judged by a person; suggestions are no judgements"
    )
    frame = sheet.to_frame()
    assert set(frame["judged"]) == {"not judged"}
    assert set(frame["judged_by"]) == {""}
    domains = [one for one in frame.columns if one.startswith("suggested_")]
    assert len(domains) == 10
    # words of a suggestion are other words than those of a judgement
    said = set(frame[domains].to_numpy().ravel())
    assert said & WORDS == set()
    assert (frame["suggested_so_far"].str.startswith("at most ")).all()
    assert frame["left_to_a_person"].str.contains("indirectness").all()
    work = sheet.worksheet()
    assert (work[["judgement", "reason", "judged_by"]] == "").all(axis=None)
    assert len(work) == 12 * len(VOCABULARY)


def test_published_ratings_stand_apart_and_judge_nothing(ev, sheet) -> None:
    found = sheet.published
    assert set(found["domain"]) <= {
        "depression",
        "quality_of_life",
        "recovery",
        "hope",
        "empowerment",
        "self_efficacy",
        "self_stigma",
    }
    hope = found[found["domain"] == "hope"].iloc[0]
    assert (hope["published_rating"], hope["review_id"]) == ("very_low", "lloyd_evans_2014")
    text = str(sheet)
    assert "Ratings that reviews print of their own pools of these domains:" in text
    assert "very low by Lloyd-Evans, Mayo-Wilson, Harrison et al. 2014 (risk of bias; inc" in text
    assert not {name for name in sheet.outcomes if sheet.judgement(name).word}


def test_published_certainty_lists_every_rating_once(ev) -> None:
    found = pe.published_certainty(ev)
    assert len(found) == len(ev.certainty)
    assert found["published_rating"].tolist() == ev.certainty["certainty"].astype(str).tolist()
    said = found["lowered_for"].value_counts()
    assert said["no data to rate"] == (ev.certainty["certainty"] == "no_data").sum()
    assert said["reason not seen"] == (ev.certainty["reasons"] == "footnotes not seen").sum()
    anxiety = found[found["outcome"] == "Anxiety symptoms"].iloc[0]
    assert anxiety["lowered_for"] == "risk of bias; inconsistency; indirectness; imprecision"


def test_a_worksheet_comes_back_from_its_file(ev, pools, sheet, tmp_path) -> None:
    frame = filled(sheet, HOPE, certainty="low", imprecision="serious")
    again = pe.certainty_table(ev, pools, important=0.2, judgements=frame)
    path = tmp_path / "worksheet.csv"
    path.write_text(again.worksheet_csv(), encoding="utf-8")
    found = pe.certainty_table(ev, pools, important=0.2, judgements=path)
    judged = found.judgement(HOPE)
    assert (judged.word, judged.by, judged.place) == ("low", "A. Rater", "worksheet")
    assert found.to_frame().loc[HOPE, ["judged", "judged_by"]].tolist() == ["low", "A. Rater"]
    assert found.headline().startswith("Certainty of 12 outcomes: 1 judged by a person")
    pd.testing.assert_frame_equal(found.worksheet(), again.worksheet())
    with path.open(encoding="utf-8", newline="") as lines:
        assert next(csv.reader(lines)) == list(sheet.worksheet().columns)


def test_an_outcome_named_like_a_formula_survives_the_spreadsheet(tmp_path) -> None:
    ev = records()
    results = {"=1+1": pooled(0.3)}
    sheet = pe.certainty_table(ev, results)
    path = tmp_path / "worksheet.csv"
    frame = sheet.worksheet()
    frame.loc[frame["domain"] == "certainty", ["judgement", "judged_by"]] = ["low", "A. Rater"]
    path.write_text(to_csv(frame), encoding="utf-8")
    assert "'=1+1" in path.read_text(encoding="utf-8")
    found = pe.certainty_table(ev, results, judgements=path)
    assert found.judgement("=1+1").word == "low"


def test_domains_judged_one_by_one_add_up(ev, pools, sheet) -> None:
    every = {
        "start": "high",
        "risk_of_bias": "serious",
        "inconsistency": "not_serious",
        "indirectness": "not_serious",
        "imprecision": "very_serious",
        "publication_bias": "strongly_suspected",
        "large_effect": "no",
        "dose_response": "no",
        "opposing_confounding": "no",
    }
    found = pe.certainty_table(ev, pools, judgements=filled(sheet, HOPE, **every))
    judged = found.judgement(HOPE)
    # 4 - 1 - 2 - 1 is below the lowest level
    assert (judged.word, judged.place) == ("very_low", "worksheet, domains added up")
    fewer = {name: word for name, word in every.items() if name != "indirectness"}
    open_ = pe.certainty_table(ev, pools, judgements=filled(sheet, HOPE, **fewer))
    assert open_.judgement(HOPE).word == ""
    other = filled(sheet, HOPE, certainty="moderate", **every)
    assert "    the domains as judged add up to very low" in str(
        pe.certainty_table(ev, pools, judgements=other)
    )


def test_the_worksheet_lists_the_words_and_takes_them_as_people_write_them(
    ev, pools, sheet
) -> None:
    frame = sheet.worksheet()
    allowed = dict(zip(frame["domain"], frame["allowed"], strict=True))
    assert allowed["risk_of_bias"] == "not_serious, serious, very_serious, extremely_serious"
    assert allowed["certainty"] == "high, moderate, low, very_low"
    told = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")
    listed = {}
    for line in told.split("| words of a judgement |")[1].split("\n\n")[0].splitlines():
        cells = [one.strip() for one in line.split("|")[1:-1]]
        if len(cells) == 2 and set(cells[0].split(", ")) <= set(VOCABULARY):
            listed |= dict.fromkeys(cells[0].split(", "), cells[1])
    assert {name: listed.get(name) for name in VOCABULARY} == allowed
    written = filled(sheet, HOPE, certainty="Very low", imprecision=" Not  serious ",
                     risk_of_bias="EXTREMELY-serious")  # fmt: skip
    found = pe.certainty_table(ev, pools, judgements=written)
    assert {domain: one.word for (_, domain), one in found.judgements.items()} == {
        "certainty": "very_low", "imprecision": "not_serious", "risk_of_bias": "extremely_serious",
    }  # fmt: skip


def test_every_fault_of_a_worksheet_is_named_with_row_and_column(
    ev, pools, sheet, tmp_path
) -> None:
    frame = sheet.worksheet()
    frame.loc[0, "judgement"] = "hihg"
    frame.loc[1, ["judgement", "judged_by"]] = ["serious", "A. Rater"]
    frame.loc[2, ["judgement", "reason"]] = ["serious", "spread"]
    frame.loc[3, "domain"] = "indirectnes"
    frame.loc[4, "outcome"] = "Depresion, up to 4 months"
    path = tmp_path / "sheet.csv"
    path.write_text(frame.to_csv(index=False), encoding="utf-8")
    with pytest.raises(pe.RecordsError) as caught:
        pe.certainty_table(ev, pools, judgements=path)
    names = "; ".join(sheet.outcomes)
    domains = ", ".join(VOCABULARY)
    assert [str(fault) for fault in caught.value.faults] == [
        "sheet.csv:2: judgement: of start must be one of high, low (did you mean 'high'?), or "
        "empty, found 'hihg'",
        "sheet.csv:3: reason: must not be empty where risk_of_bias is 'serious', found ''",
        "sheet.csv:4: judged_by: must name the person, since a judgement is a person's, found ''",
        f"sheet.csv:5: domain: must be one of {domains} (did you mean 'indirectness'?), found "
        "'indirectnes'",
        f"sheet.csv:6: outcome: must be one of {names} (did you mean 'Depression, up to 4 months'?)"
        ", found 'Depresion, up to 4 months'",
    ]
    with pytest.raises(pe.RecordsError) as of_frame:
        pe.certainty_table(ev, pools, judgements=frame)
    assert [f.line for f in of_frame.value.faults] == [2, 3, 4, 5, 6]
    assert {f.file for f in of_frame.value.faults} == {"judgements"}


def test_one_domain_judged_twice_is_a_fault(ev, pools, sheet) -> None:
    frame = filled(sheet, HOPE, certainty="low")
    twice = pd.concat([frame, frame[frame["judgement"] == "low"]])
    with pytest.raises(pe.RecordsError, match="domain: must be judged once for each outcome"):
        pe.certainty_table(ev, pools, judgements=twice)


def test_the_ratings_of_this_review_itself_are_judgements(copy_of_data) -> None:
    with (copy_of_data / "reviews.csv").open("a", encoding="utf-8") as file:
        file.write("own,Own,,,,,,,what helps,,,,,here,,primary,\n")
    with (copy_of_data / "certainty.csv").open("a", encoding="utf-8") as file:
        file.write(f'own,"{HOPE}",hope,low,imprecision,here,\n')
    ev = pe.load(copy_of_data)
    pools = pe.pools(ev)
    unasked = pe.certainty_table(ev, pools)
    assert unasked.judgement(HOPE).word == ""
    assert "own" in set(unasked.published["review_id"])
    found = pe.certainty_table(ev, pools, review="own")
    assert found.judgement(HOPE).word == "low"
    assert found.judgement(HOPE).place == "certainty.csv"
    assert "own" not in set(found.published["review_id"])
    with pytest.raises(pe.InputError) as caught:
        pe.certainty_table(
            ev, pools, review="own", judgements=filled(found, HOPE, certainty="high")
        )
    assert str(caught.value) == (
        f"judgements: {HOPE!r} is 'high' in the worksheet and 'low' in certainty.csv; a judgement "
        "must be one"
    )
    with pytest.raises(pe.InputError, match="rates outcomes of 'own' that were not pooled"):
        pe.certainty_table(ev, {"another": pools["hope", "up to 4 months"]}, review="own")


def test_studies_without_randomisation_start_low_and_rise_by_a_large_effect() -> None:
    m = {"relapse": pooled(np.log(3.0), measure="RR", k=6)}
    ev = records(tool="newcastle_ottawa", k=6)
    found = pe.certainty_table(ev, m)["relapse"]
    assert (found["start"].levels, found["large_effect"].levels) == (2, 1)
    assert found["large_effect"].rationale == "risk ratio 3.00 (2.77 to 3.25)"
    sheet = pe.certainty_table(ev, m)
    assert sheet.suggested_so_far("relapse") == "moderate, before what a person adds"
    assert set(sheet.left_to_a_person("relapse")) >= {"dose_response", "opposing_confounding"}
    serious = pe.certainty_table(records(tool="x", judgement="serious", k=6), m)["relapse"]
    assert (serious["risk_of_bias"].levels, serious["large_effect"].levels) == (-1, 0)


def test_robins_i_starts_at_high() -> None:
    found = pe.certainty_table(records(), {"relapse": pooled(np.log(3.0))})["relapse"]
    assert (found["start"].levels, found["large_effect"].words) == (4, "does not apply")


def test_an_odds_ratio_is_large_only_at_a_stated_risk() -> None:
    ev, m = records(tool="x"), {"relapse": pooled(np.log(3.0))}
    assert pe.certainty_table(ev, m)["relapse"]["large_effect"].words == "not assessed"
    found = pe.certainty_table(ev, m, baseline_risk=0.5)["relapse"]["large_effect"]
    # OR 3 at a risk of 0.5 is a risk of 0.75: RR 1.5
    assert found.rationale.startswith("risk ratio 1.50")
    assert found.levels == 0


def test_unknown_studies_are_not_taken_for_randomised(ev) -> None:
    found = pe.certainty_table(ev, pooled(0.3))
    assert found.outcomes == ("pooled effect",)
    assert found["pooled effect"]["start"].rationale == "design not known for 3 of 3 studies"
    assert found.suggested_so_far("pooled effect") == (
        "not assessed: design not known for 3 of 3 studies"
    )


def test_labels_of_a_meta_analysis_find_their_studies(ev, pools) -> None:
    alone = pe.certainty_table(ev, {"hope": pools["hope", "up to 4 months"]}, important=0.2)
    whole = pe.certainty_table(ev, pools, important=0.2)[HOPE]
    for domain in ("start", "risk_of_bias", "inconsistency"):
        assert alone["hope"][domain] == whole[domain]
    # without its rows nobody knows how many people the result is of
    assert alone.participants == ("not known",)
    rows = pools.studies(("hope", "up to 4 months")).sample(frac=1, random_state=1)
    told = pe.certainty_table(
        ev, {"hope": pools["hope", "up to 4 months"]}, data=rows, measure="SMD", important=0.2
    )
    assert told["hope"]["imprecision"] == whole["imprecision"]
    assert told.participants == (str(int(rows[["n_intervention", "n_comparison"]].sum().sum())),)


def test_thresholds_are_ratios_for_ratios() -> None:
    ev = records()
    m = {"relapse": pooled(np.log(1.3))}  # 1.16 to 1.46
    found = pe.certainty_table(ev, m, threshold=1.25, important=1.25, baseline_risk=0.2)["relapse"]
    assert found["imprecision"].rationale.startswith("interval 1.16 to 1.46 crosses 1.25")
    assert found["imprecision"].levels == -1
    assert (
        found
        == pe.certainty_table(ev, m, threshold=0.8, important=1.25, baseline_risk=0.2)["relapse"]
    )
    null = pe.certainty_table(ev, m)["relapse"]["imprecision"].rationale
    assert null.startswith("interval 1.16 to 1.46 does not cross the line of no effect;")
    with pytest.raises(pe.InputError) as caught:
        pe.certainty_table(ev, m, threshold=1)
    assert str(caught.value) == (
        "threshold: found 1 for 'relapse', allowed is a ratio other than no effect"
    )


@pytest.mark.parametrize(
    ("measure", "options", "why"),
    [
        ("SMD", {}, "no important difference given"),
        ("", {"important": 0.2}, "the measure is not known"),
        ("MD", {"important": 2}, "no standard deviation given for a mean difference"),
        ("OR", {"important": 0.8}, "no baseline risk"),
        ("RR", {"important": 3, "baseline_risk": 0.5}, "an important difference of 3 cannot hold"),
    ],
)
def test_why_there_is_no_information_size(measure, options, why) -> None:
    found = pe.certainty_table(records(), {"x": pooled(0.5, measure=measure)}, **options)["x"]
    assert f"optimal information size not compared: {why}" in found["imprecision"].rationale


def test_a_mean_difference_has_the_information_size_of_its_standardised_one() -> None:
    rows = pd.DataFrame(
        {"label": ["s0", "s1", "s2"], "n_intervention": [9] * 3, "n_comparison": [9] * 3}
    )
    found = pe.certainty_table(
        records(), {"x": pooled(5, measure="MD")}, data=rows, important=2, sd=10
    )
    assert "54 participants fall short of the optimal information size, 786" in (
        found["x"]["imprecision"].rationale
    )


def test_a_test_of_small_study_effects_is_taken_from_outside() -> None:
    ev, m = records("randomised_trial", k=10), {"x": pooled(0.4, k=10)}
    given = SimpleNamespace(p_value=0.03)
    assert pe.certainty_table(ev, m, small_study=given)["x"]["publication_bias"].levels == -1
    assert pe.certainty_table(ev, m, small_study={"x": 0.3})["x"]["publication_bias"].levels == 0
    assert pe.certainty_table(ev, m)["x"]["publication_bias"].levels is None
    none = pe.certainty_table(ev, m, small_study=float("nan"))["x"]["publication_bias"]
    assert none.rationale == "10 studies, and no test given"
    with pytest.raises(pe.InputError) as caught:
        pe.certainty_table(ev, m, small_study=3)
    assert str(caught.value) == (
        "small_study: found 3 for 'x', allowed is a p value from 0 to 1 or a result that has one"
    )


def test_limits_are_the_users(ev, pools) -> None:
    strict = pe.certainty_table(ev, pools, rules=Rules(high_risk_share=0.9))
    assert strict[HOPE]["risk_of_bias"].levels is None
    assert "high_risk_share 0.9" in str(strict)


def test_refused(ev, pools) -> None:
    with pytest.raises(pe.InputError) as caught:
        pe.certainty_table(ev, pools, important={"Hope, up to 5 months": 0.2})
    names = "; ".join(pools.titles)
    assert str(caught.value) == (
        f"important: no outcome 'Hope, up to 5 months' (outcomes: {names}); did you mean {HOPE!r}?"
    )
    with pytest.raises(pe.InputError) as caught:
        pe.certainty_table(ev, 3)
    assert str(caught.value) == (
        "results: found int, allowed is a MetaAnalysis, Pools, or a mapping of names to "
        "MetaAnalysis"
    )
    with pytest.raises(pe.InputError) as caught:
        pe.certainty_table(ev, pools, baseline_risk=1.2)
    assert str(caught.value) == (
        "baseline_risk: found 1.2, allowed is a number above 0 and below 1"
    )
    with pytest.raises(pe.InputError) as caught:
        pe.certainty_table(ev, pools, measure="SMD")
    assert str(caught.value) == "measure: Pools know their own; leave it out"
    data = pd.DataFrame(
        {
            "label": list("abcd"),
            "effect": [0.1, 0.2, 0.3, 0.5],
            "variance": [0.1] * 4,
            "x": [1.0, 2.0, 3.0, 5.0],
        }
    )
    with pytest.raises(pe.InputError, match="'m' has moderators, so it has no single pooled"):
        pe.certainty_table(ev, {"m": pe.meta_analysis(data, moderators="x")})
    with pytest.raises(pe.InputError) as caught:
        pe.certainty_table(ev, pooled(0.3), data=data)
    assert str(caught.value) == (
        "data: the table for 'pooled effect' has no row for the study 's0'"
    )
    with pytest.raises(pe.InputError) as caught:
        pe.certainty_table(ev, pooled(0.3), measure="RR")
    assert str(caught.value) == "measure: found 'RR', but 'pooled effect' pools 'OR'"
