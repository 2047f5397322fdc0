"""Reviews of Review Manager 5: what is taken, and its numbers against R's and RevMan's own."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.exchange.analyses import Analysis, StudyRow
from peer_evidence.exchange.recompute import again, pool
from peer_evidence.exchange.review_tables import lower_is
from peer_evidence.exchange.revman_result import ImportedReview

HERE = Path(__file__).parent / "revman"
REFERENCE = Path(__file__).parents[1] / "reference"
BCG, SPINKS = HERE / "bcg.rm5", HERE / "spinks_2013.rm5"


@pytest.fixture(scope="module")
def bcg() -> ImportedReview:
    return pe.read_revman(BCG)


@pytest.fixture(scope="module")
def compared(bcg: ImportedReview) -> pd.DataFrame:
    return bcg.comparison()


def changed(tmp_path: Path, old: str, new: str, source: Path = BCG, count: int = 1) -> Path:
    text = source.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "review.rm5"
    path.write_text(text.replace(old, new, count), encoding="utf-8")
    return path


def total(frame: pd.DataFrame, analysis: str, quantity: str, row: str = "total") -> float:
    found = frame[(frame.analysis == analysis) & (frame.row == row) & (frame.quantity == quantity)]
    return float(found.recomputed.iloc[0])


# metafor's numbers to 15 digits; both sides sum the same terms, so that 1e-9 is rounding
@pytest.mark.parametrize(
    ("analysis", "data", "path", "log"),
    [
        ("1.1", "dat.bcg", ("mh", "RR"), True),
        ("1.2", "dat.bcg", ("peto",), True),
        ("1.3", "dat.bcg", ("analysis", "RR", "models", "DL"), True),
        ("2.1", "dat.normand1999", ("analysis", "MD", "models", "DL"), False),
    ],
)
def test_pooled_results_are_those_of_metafor(
    compared: pd.DataFrame, analysis: str, data: str, path: tuple[str, ...], log: bool
) -> None:
    held: Any = json.loads((REFERENCE / f"{data}.json").read_text(encoding="utf-8"))
    for step in path:
        held = held[step]
    wanted = {name: np.ravel(held[name])[0] for name in ("beta", "ci_lb", "ci_ub", "QE", "pval")}
    shape = math.exp if log else float
    for name, ours in (("beta", "estimate"), ("ci_lb", "ci_low"), ("ci_ub", "ci_high")):
        found = total(compared, analysis, ours)
        assert found == pytest.approx(shape(wanted[name]), rel=1e-9), name
    assert total(compared, analysis, "q") == pytest.approx(wanted["QE"], rel=1e-9)
    assert total(compared, analysis, "p_value") == pytest.approx(wanted["pval"], rel=1e-9)
    assert total(compared, analysis, "tau2") == pytest.approx(held.get("tau2", 0.0), rel=1e-9)


def test_every_number_of_the_bcg_file_agrees(compared: pd.DataFrame) -> None:
    assert len(compared) == 379
    assert compared.agrees.isna().sum() == 1
    assert compared.agrees.dropna().all()
    left = compared[compared.agrees.isna()].iloc[0]
    assert left.reason == "weight is compared only where these studies are pooled"
    one = compared[(compared.row == "study") & (compared.quantity == "estimable")]
    assert one.study_id.tolist() == [
        *("aronson_1948", "ferguson_simes_1949"),
        *("orpington_moderate_1999", "orpington_severe_1999"),
    ]


def test_spinks_2013_analyses_3_1_and_4_5_as_revman_5_computed_them() -> None:
    """Cochrane Database Syst Rev CD000023.pub4: Mantel-Haenszel with random effects, zero cells.

    RevMan's own numbers in full precision; its p values are approximations (3e-6 apart).
    """
    frame = pe.read_revman(SPINKS).comparison()
    assert len(frame) == 98
    assert frame.agrees.all()
    exact = frame[~frame.quantity.isin(["p_value", "q_p_value", "estimable"])]
    assert (exact.difference.abs() <= 1e-12 * exact.carried.abs() + 1e-12).all()
    late = frame[(frame.row == "subgroup") & (frame.subgroup == "After 1975")]
    assert late.set_index("quantity").recomputed["tau2"] == pytest.approx(1.6224592925275536)


def test_hedges_g_is_that_of_deeks_and_higgins_2010(compared: pd.DataFrame) -> None:
    n1, n2, n = 155, 156, 311
    pooled = math.sqrt(((n1 - 1) * 47**2 + (n2 - 1) * 64**2) / (n - 2))
    g = (55 - 75) / pooled * (1 - 3 / (4 * n - 9))
    se = math.sqrt(n / (n1 * n2) + g**2 / (2 * (n - 3.94)))
    own = compared[(compared.analysis == "2.2") & (compared.study_id == "edinburgh_1999")]
    held = own.set_index("quantity").recomputed
    assert held["estimate"] == pytest.approx(g, rel=1e-12)
    assert held["se"] == pytest.approx(se, rel=1e-12)


def test_the_mantel_haenszel_risk_difference_is_that_of_deeks_and_higgins_2010() -> None:
    """Weights n1 n2 / N; the variance of Greenland and Robins 1985, not Sato's of metafor."""
    counts = [(4, 123, 11, 139), (6, 306, 29, 303), (3, 231, 11, 220)]
    names = ("events_intervention", "n_intervention", "events_comparison", "n_comparison")
    rows = tuple(
        StudyRow(str(at), "", dict(zip(names, one, strict=True))) for at, one in enumerate(counts)
    )
    a = Analysis("1.1", "", "", "dichotomous", measure="RD", method="MH", model="fixed", rows=rows)
    found = pool(a, again(a), np.ones(3, dtype=bool))
    weight = sum(n1 * n2 / (n1 + n2) for _, n1, _, n2 in counts)
    top = sum((e * n2 - c * n1) / (n1 + n2) for e, n1, c, n2 in counts)
    spread = sum(
        (e * (n1 - e) * n2**3 + c * (n2 - c) * n1**3) / (n1 * n2 * (n1 + n2) ** 2)
        for e, n1, c, n2 in counts
    )
    assert found["estimate"] == pytest.approx(top / weight, rel=1e-12)
    assert found["se"] == pytest.approx(math.sqrt(spread) / weight, rel=1e-12)


def test_a_pooled_number_that_was_tampered_with_is_flagged(tmp_path: Path) -> None:
    value = 'EFFECT_SIZE="0.4387726872933742"'
    path = changed(tmp_path, value, 'EFFECT_SIZE="0.4387736872933742"', SPINKS)
    held = pe.read_revman(path)
    frame = held.comparison()
    off = frame[~frame.agrees.astype(bool)]
    assert off[["analysis", "row", "quantity"]].to_numpy().tolist() == [
        ["3.1", "total", "estimate"]
    ]
    assert off.reason.tolist() == ["the number in the file is not what its data give"]
    assert off.difference.iloc[0] == pytest.approx(-1e-6, rel=1e-3)
    assert off.place.tolist() == ["CMP-003.01, line 24"]
    assert held.summary().splitlines()[-2:] == [
        "  numbers of the file computed again: 98 of 98, 1 of them differ",
        "    3.1 total, estimate: 0.438774 in the file, 0.438773 from its data",
    ]


def test_a_count_that_was_tampered_with_is_flagged_in_the_study_and_the_pool(
    tmp_path: Path,
) -> None:
    path = changed(tmp_path, 'EVENTS_1="61"', 'EVENTS_1="62"', SPINKS)
    frame = pe.read_revman(path).comparison()
    off = frame[~frame.agrees.astype(bool)]
    assert {("study", "estimate"), ("total", "estimate"), ("total", "tau2")} <= set(
        zip(off.row, off.quantity, strict=True)
    )
    assert set(off.analysis) == {"3.1"}


def rounded(match: re.Match[str]) -> str:
    return f'{match[1]}="{float(match[2]):.2f}"'


CARRIED = r'\b(EFFECT_SIZE|CI_START|CI_END|WEIGHT|Z|P_Z|CHI2|P_CHI2|I2|TAU2|SE)="([^"]*)"'


def test_rounded_numbers_agree_to_half_a_unit_of_their_last_digit(tmp_path: Path) -> None:
    text = re.sub(CARRIED, rounded, SPINKS.read_text(encoding="utf-8"))
    path = tmp_path / "rounded.rm5"
    path.write_text(text, encoding="utf-8")
    assert pe.read_revman(path).comparison().agrees.all()
    path.write_text(text.replace('EFFECT_SIZE="0.44"', 'EFFECT_SIZE="0.43"'), encoding="utf-8")
    frame = pe.read_revman(path).comparison()
    assert frame[~frame.agrees.astype(bool)].quantity.tolist() == ["estimate"]


def test_the_data_of_an_analysis_go_straight_into_the_other_verbs(bcg: ImportedReview) -> None:
    held = json.loads((REFERENCE / "dat.bcg.json").read_text(encoding="utf-8"))
    mh = pe.mantel_haenszel(bcg.data("1.1"), "RR")
    assert mh.estimate == pytest.approx(held["mh"]["RR"]["beta"], rel=1e-12)
    assert mh.labels[1] == "Ferguson & Simes 1949"
    assert pe.peto(bcg.data("1.2")).estimate == pytest.approx(held["peto"]["beta"], rel=1e-12)
    sizes = pe.effect_sizes(bcg.data("1.3"), "RR")
    m = pe.meta_analysis(sizes, method="REML")
    wanted = held["analysis"]["RR"]["models"]["REML"]["tau2"]
    assert m.tau2 == pytest.approx(wanted, rel=1e-6)  # two optimisers
    assert pe.meta_analysis(pe.effect_sizes(bcg.data("2.1"), "MD"), method="DL").k == 9
    hazards = pe.meta_analysis(bcg.data("2.3"), method="DL")
    assert math.exp(hazards.estimate) == pytest.approx(0.796892, abs=1e-6)
    with pytest.raises(pe.InputError, match=r"^analysis: found '9.9', allowed are '1.1', '1.2'"):
        bcg.data("9.9")


def test_effects_have_the_counts_analysed_and_the_estimates_on_the_log_scale(
    bcg: ImportedReview,
) -> None:
    frame = bcg.effects
    swapped = frame[frame.analysis == "1.5"].iloc[0]
    assert (swapped.events_intervention, swapped.events_comparison) == (2, 6)
    assert swapped.swapped == "yes"
    generic = frame[frame.analysis == "2.3"]
    assert generic.effect.tolist() == [-0.5, -0.1, 0.2]
    assert generic.variance.tolist() == pytest.approx([0.04, 0.0625, 0.16])
    o_e = frame[frame.analysis == "2.4"]
    assert o_e.effect.tolist() == pytest.approx([-0.4, 0.3])
    assert o_e.variance.tolist() == pytest.approx([0.1, 0.2])
    assert frame[frame.analysis == "1.3"].subgroup.unique().tolist() == [
        *("Alternate allocation", "Random allocation", "Systematic allocation"),
    ]


def test_analyses_have_their_settings_and_what_the_file_carries(bcg: ImportedReview) -> None:
    frame = bcg.analyses.set_index("analysis")
    assert frame.index.tolist() == [
        *("1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2", "2.3", "2.4", "2.5")
    ]
    assert frame.kind.unique().tolist() == [
        *("dichotomous", "continuous", "generic", "o_e", "other")
    ]
    assert frame.loc["1.3", ["measure", "method", "model", "subgroups", "k"]].tolist() == [
        *("RR", "IV", "random", 3, 13)
    ]
    assert frame.loc["1.2", "method"] == "PETO"
    assert frame.loc["2.3", "measure"] == "HR"
    assert frame.loc["1.1", "estimate"] == pytest.approx(0.635267, abs=1e-6)
    assert math.isnan(frame.loc["1.4", "estimate"])
    assert frame.loc[["1.4", "1.5"], "totals"].tolist() == ["no", "subgroups"]


def test_studies_have_their_main_reference_and_text_without_markup(bcg: ImportedReview) -> None:
    studies = bcg.tables["studies"].set_index("study_id")
    assert len(studies) == 22
    first = studies.loc["aronson_1948"]
    assert first.to_dict() == {
        "label": "Aronson 1948",
        "authors": "Aronson JD",
        "year": "1948",
        "title": "Protective vaccination against tuberculosis",
        "journal": "American Review of Tuberculosis 58:255-81",
        "doi": "10.9999/made.1948",
        "pmid": "12345",
        "population": "People aged < 20 years 123 and 139",
        "intervention": "Vaccine v. saline",
        "source": "bcg.rm5",
        "locator": "STD-Aronson-1948, line 9",
        "confidence": "review",
    }
    assert (studies.drop(index="aronson_1948")[["authors", "title", "population"]] == "").all(
        axis=None
    )
    assert bcg.title == (
        "Vaccination against tuberculosis (made for tests), & what it does to Mycobacterium"
    )
    assert bcg.characteristics.to_dict("records") == [
        {
            "study_id": "aronson_1948",
            "methods": "Randomised by strata. Two arms",
            "participants": "People aged < 20 years 123 and 139",
            "interventions": "Vaccine v. saline",
            "outcomes": "Tuberculosis",
            "notes": "",
        }
    ]


def test_authors_are_separated_as_in_the_records(tmp_path: Path) -> None:
    text = BCG.read_text(encoding="utf-8").replace("<AU>Aronson JD<", "<AU>Aronson JD, Palmer CE<")
    path = tmp_path / "review.rm5"
    path.write_text(text, encoding="utf-8")
    assert pe.read_revman(path).tables["studies"].authors[0] == "Aronson JD; Palmer CE"


def test_outcomes_say_what_the_file_says_and_no_more(bcg: ImportedReview) -> None:
    outcomes = bcg.tables["outcomes"].set_index("outcome_id")
    assert len(outcomes) == 60
    first = outcomes.loc["aronson_1948.a1_1"]
    assert first[["measure", "contrast", "better_is", "effect_direction"]].tolist() == [
        *("Tuberculosis (any)", "Vaccine vs No vaccine", "lower", "favours_intervention")
    ]
    assert first[["effect_measure", "estimate"]].tolist() == ["RR", "0.41093865484109393"]
    assert first[["events_intervention", "n_intervention"]].tolist() == ["4", "123"]
    empty = outcomes.loc["aronson_1948.a1_4"]
    assert empty[["effect_direction", "estimate", "better_is"]].tolist() == ["", "", ""]
    assert empty.note == "analysis 1.4; not estimable"
    assert outcomes.loc["ferguson_simes_1949.a1_4", "n_intervention"] == ""
    peto = outcomes.loc["aronson_1948.a1_2"]
    assert (peto.effect_measure, peto.note) == ("OR", "analysis 1.2; Peto's odds ratio")
    wellbeing = outcomes.loc["edinburgh_1999.a2_2"]
    assert (wellbeing.better_is, wellbeing.effect_direction) == ("higher", "favours_comparison")
    swapped = outcomes.loc["aronson_1948.a1_5"]
    assert (swapped.better_is, swapped.effect_direction) == ("", "favours_intervention")
    assert "edinburgh_1999.a2_5" not in outcomes.index  # texts, in a note
    times = outcomes.loc["orpington_mild_1999.a2_4"]
    assert (times.events_intervention, times.n_intervention) == ("", "50")
    assert "aronson_1948.a1_3_s2" in outcomes.index
    assert "domain" not in outcomes


def test_what_must_be_filled_and_is_not_is_named(bcg: ImportedReview) -> None:
    missing = bcg.missing
    assert missing[missing.table != "studies"].to_numpy().tolist() == [
        ["outcomes", "domain", 60],
        ["outcomes", "contrast_type", 60],
        ["outcomes", "reported_conclusion", 60],
        ["outcomes", "effect_direction", 4],
        ["outcomes", "poolable", 60],
        ["reviews", "question", 1],
        ["pooled_results", "domain", 10],
    ]
    assert bcg.headline() == (
        "bcg.rm5: 22 studies, 60 results, 1 row of reviews, 10 rows of pooled_results, 6 rows of "
        "risk_of_bias taken, no fault; 15 columns have cells that must still be filled; "
        "10 analyses"
    )


def test_pooled_results_name_their_side_and_studies(bcg: ImportedReview) -> None:
    pooled = bcg.tables["pooled_results"].set_index("pooled_id")
    assert len(pooled) == 10
    alternate = pooled.loc["bcg.p04"]
    assert alternate[["outcome", "model", "k", "study_ids"]].tolist() == [
        "Tuberculosis, by allocation: Alternate allocation",
        "random",
        "2",
        "frimodt_moller_1973;stein_aronson_1953",
    ]
    assert alternate.sign_convention == "ratio_below_1_favours_intervention"
    assert pooled.loc["bcg.p08", "sign_convention"] == "positive_favours_intervention"


def test_judgements_are_of_the_cochrane_tool_and_unclear_ones_are_not_decided(
    bcg: ImportedReview,
) -> None:
    frame = bcg.tables["risk_of_bias"]
    assert dict(zip(frame.domain, frame.judgement, strict=True)) == {
        "random_sequence_generation": "unclear",
        "allocation_concealment": "high",
        "blinding_of_participants_and_personnel": "low",
        "incomplete_outcome_data": "low",
        "selective_reporting": "unclear",
        "other_bias": "low",
    }
    assert set(frame.tool) == {"rob_1"}
    assert bcg.notes[-1] == (
        "risk of bias of aronson_1948, Blinding of outcome assessment (detection bias): judged "
        "differently for Death, Pain, so not in the table; see judgements"
    )
    assert bcg.judgements.support.unique().tolist() == ['Quote: "drawn by lot"']


def test_items_of_no_known_tool_have_none(tmp_path: Path) -> None:
    old = "<NAME>Allocation concealment (selection bias)</NAME>"
    held = pe.read_revman(changed(tmp_path, old, "<NAME>Free of sponsors?</NAME>"))
    frame = held.tables["risk_of_bias"]
    assert set(frame.tool) == {""}
    assert "free_of_sponsors" in set(frame.domain)
    assert ["risk_of_bias", "tool", len(frame)] in held.missing.to_numpy().tolist()


def test_the_records_load_once_the_reviewer_states_the_rest(
    bcg: ImportedReview, tmp_path: Path
) -> None:
    fills = {
        "studies": {
            **{"design": "randomised_trial", "level": "individual", "problem_type": "infection"},
            **{"initiative_type": "programme", "comparator": "none", "comparator_type": "none"},
            **{"population": "people", "intervention": "as named"},
        },
        "outcomes": {
            **{"domain": "other", "contrast": "as named", "poolable": "no"},
            **{"contrast_type": "intervention_vs_comparison", "reported_conclusion": "unclear"},
            "effect_direction": "unclear",
        },
        "reviews": {"question": "does it help?"},
        "pooled_results": {"domain": "other"},
    }
    ev = bcg.evidence(**fills)
    assert (len(ev.studies), len(ev.outcomes), len(ev.pooled_results)) == (22, 60, 10)
    assert ev.risk_of_bias.tool.unique().tolist() == ["rob_1"]
    folder = bcg.write(tmp_path / "mine", **fills)
    assert pd.read_csv(folder / "studies.csv").study_id.tolist() == ev.studies.study_id.tolist()


def faults(path: Path) -> list[str]:
    return [str(one) for one in pe.read_revman(path).faults]


def test_numbers_that_cannot_be_are_faults_and_the_rest_is_taken(tmp_path: Path) -> None:
    path = changed(tmp_path, 'EVENTS_1="61"', 'EVENTS_1="6l"', SPINKS)
    where = "review.rm5:30: CMP-003.01, STD-Brink-1951"
    assert faults(path) == [
        f"{where}: EVENTS_1: must be a number; take it from the review and correct the file, "
        "found '6l'"
    ]
    held = pe.read_revman(path)
    assert len(held.effects) == 14
    frame = held.comparison()
    lacking = frame[frame.agrees.isna()]
    assert set(lacking.reason) == {
        "the file does not hold all data of this study",
        "the file does not hold all data of 1 study",
        "weight is compared only where these studies are pooled",
    }
    assert frame.agrees.dropna().all()
    assert held.summary().splitlines()[-1] == (
        f"  numbers of the file computed again: {98 - len(lacking)} of 98, 0 of them differ, "
        f"{len(lacking)} not computed"
    )
    path = changed(tmp_path, 'EVENTS_1="61"', 'EVENTS_1="278"', SPINKS)
    assert faults(path) == [
        f"{where}: EVENTS_1: must be between 0 and TOTAL_1, which is 277, found '278'"
    ]
    path = changed(tmp_path, 'TOTAL_1="277"', 'TOTAL_1="-5"', SPINKS)
    assert faults(path)[0] == f"{where}: TOTAL_1: must be 0 or more, found '-5'"


def test_studies_that_are_not_listed_or_listed_twice_are_faults(tmp_path: Path) -> None:
    path = changed(tmp_path, '<STUDY ID="STD-Brink-1951"', '<STUDY ID="STD-Denny-1953"', SPINKS)
    assert faults(path) == [
        "review.rm5:10: STUDY: ID: each included study must have an id of its own; the first is "
        "taken, found 'STD-Denny-1953'",
        "review.rm5: data: STUDY_ID: a study with data must be among the included studies; taken "
        "by its id alone, found 'STD-Brink-1951'",
    ]
    assert "STD-Brink-1951" in set(pe.read_revman(path).tables["studies"].label)


def test_the_same_label_twice_gives_two_handles(tmp_path: Path) -> None:
    path = changed(tmp_path, 'NAME="Brink 1951"', 'NAME="Denny  1953"', SPINKS)
    assert {"denny_1953", "denny_1953_2"} <= set(pe.read_revman(path).tables["studies"].study_id)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('EFFECT_MEASURE="RR"', 'EFFECT_MEASURE="XX"', "the effect measure 'XX' is not computed "),
        ('METHOD="MH"', 'METHOD="LOVE"', "the file does not say by which method, or by one that "),
        ('RANDOM="YES"', "", "the file does not say whether the model is fixed or random"),
        ('METHOD="MH"', 'METHOD="PETO"', "the method PETO does not go with the effect measure RR"),
    ],
)
def test_what_is_not_computed_again_says_why(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    frame = pe.read_revman(changed(tmp_path, old, new, SPINKS)).comparison()
    first = frame[frame.analysis == "3.1"]
    assert first.agrees.isna().all()
    assert first.reason.str.startswith(reason).all()
    assert frame[frame.analysis == "4.5"].agrees.all()


def test_estimates_that_are_no_logarithms_are_shown_as_they_are(tmp_path: Path) -> None:
    text = BCG.read_text(encoding="utf-8")
    start, end = text.index("<IV_OUTCOME"), text.index("</IV_OUTCOME>")
    box = text[start:end].replace("Hazard Ratio", "Slope")
    shown = re.compile(r'(?<!_)(EFFECT_SIZE|CI_START|CI_END)="([^"]*)"')
    box = shown.sub(lambda m: f'{m[1]}="{math.log(float(m[2]))!r}"', box)
    path = tmp_path / "slopes.rm5"
    path.write_text(text[:start] + box + text[end:], encoding="utf-8")
    held = pe.read_revman(path)
    frame = held.comparison()
    own = frame[frame.analysis == "2.3"]
    assert own.agrees.all()
    assert own.recomputed.iloc[0] == -0.5
    assert held.analyses.set_index("analysis").loc["2.3", ["measure", "measure_name"]].tolist() == [
        "",
        "Slope",
    ]
    assert held.notes[-2] == "effect measures that the tables do not know: 2.3 'Slope'"
    assert (held.tables["outcomes"].query("locator.str.contains('002.03')").estimate == "").all()


@pytest.mark.parametrize(
    ("left", "right", "arm"),
    [
        ("Favours drug", "Favours no drug", "1"),
        ("Favours no drug", "Favours drug", "2"),
        ("Favours experimental", "Favours control", "1"),
        ("favours [control]", "favours [experimental]", "2"),
        ("Favours drug", "Favours drug", ""),
        ("Favours drug", "", ""),
        ("", "", ""),
        ("less pain", "more pain", ""),
    ],
)
def test_the_side_that_lower_values_favour_is_read_and_never_guessed(
    left: str, right: str, arm: str
) -> None:
    words = {"left": left, "right": right}
    arms = {"group_1": "Drug", "group_2": "No drug"}
    assert lower_is(Analysis("1.1", "", "", "dichotomous", **arms, **words)) == arm
    same = {"group_1": "Drug", "group_2": "Drug"}
    assert lower_is(Analysis("1.1", "", "", "dichotomous", **same, left="Favours drug")) == ""


def test_the_name_of_an_arm_goes_before_the_usual_words() -> None:
    arms = {"group_1": "Control", "group_2": "Drug"}
    words = {"left": "Favours control", "right": "Favours drug"}
    assert lower_is(Analysis("1.1", "", "", "dichotomous", **arms, **words)) == "1"


def test_a_direction_that_the_half_added_turns_is_left_empty(tmp_path: Path) -> None:
    old = 'EVENTS_1="0" TOTAL_1="454" EVENTS_2="1" TOTAL_2="216"'
    new = 'EVENTS_1="0" TOTAL_1="1" EVENTS_2="1" TOTAL_2="1000"'
    path = changed(tmp_path, old, new, SPINKS)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('EFFECT_SIZE="0.15897435897435896"', 'EFFECT_SIZE="166.8"'))
    outcomes = pe.read_revman(path).tables["outcomes"].set_index("outcome_id")
    assert outcomes.loc["little_1997.a4_5_s2", "effect_direction"] == ""


def test_a_file_without_analyses_or_studies_is_an_empty_review(tmp_path: Path) -> None:
    path = tmp_path / "empty.rm5"
    path.write_text("<COCHRANE_REVIEW/>", encoding="utf-8")
    held = pe.read_revman(path)
    assert held.headline() == (
        "empty.rm5: 0 studies, 0 results taken, no fault; all filled; 0 analyses"
    )
    assert held.comparison().empty
    assert held.effects.empty
    assert held.analyses.empty
    assert held.summary() == held.headline()


def test_the_report_beside_the_tables_lists_every_number_that_differs(tmp_path: Path) -> None:
    text = SPINKS.read_text(encoding="utf-8")
    text = re.sub(r'CI_START="([^"]*)"', lambda m: f'CI_START="{float(m[1]) + 1}"', text)
    path = tmp_path / "review.rm5"
    path.write_text(text, encoding="utf-8")
    held = pe.read_revman(path)
    said = held.summary().splitlines()
    first = "numbers of the file computed again: 98 of 98, 15 of them differ"
    at = said.index(f"  {first}")
    assert len(said) == at + 10
    assert said[-1] == "    and 7 more, see import.md of the folder that is written"
    folder = held.write(tmp_path / "mine")
    report = (folder / "import.md").read_text(encoding="utf-8").splitlines()
    at = report.index("## Numbers of the file")
    assert report[at + 2] == f"- {first}"
    listed = [line for line in report[at + 3 :] if " from its data" in line]
    assert len(listed) == 15
    assert [f"    {line[2:]}" for line in listed[:8]] == said[-9:-1]


def test_what_the_tables_have_no_column_for_is_kept_beside_them(
    bcg: ImportedReview, tmp_path: Path
) -> None:
    folder = bcg.write(tmp_path / "mine")
    found = []
    for place in (folder, tables_alone(folder, tmp_path / "alone")):
        with pytest.raises(pe.RecordsError) as raised:
            pe.load(place)  # cells must still be filled
        found.append(raised.value.faults)
    assert found[0] == found[1]
    kept = {
        path.name: pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in folder.glob("import_*.csv")
    }
    assert sorted(kept) == [
        *("import_analyses.csv", "import_characteristics.csv"),
        *("import_effects.csv", "import_judgements.csv"),
    ]
    report = (folder / "import.md").read_text(encoding="utf-8")
    assert all(f"- {name}" in report.splitlines() for name in kept)
    assert kept["import_characteristics.csv"].methods.tolist() == ["Randomised by strata. Two arms"]
    assert kept["import_judgements.csv"].support.tolist() == bcg.judgements.support.tolist()
    effects = kept["import_effects.csv"].set_index(["analysis", "study_id"])
    generic = effects[effects.kind == "generic"]
    assert generic.entered_estimate.tolist() == ["-0.5", "-0.1", "0.2"]
    assert generic.entered_se.astype(float).tolist() == pytest.approx([0.2, 0.25, 0.4])
    o_e = effects[effects.kind == "o_e"]
    assert o_e.entered_o_e.astype(float).tolist() == pytest.approx([-4.0, 1.5])
    assert o_e.entered_variance.astype(float).tolist() == pytest.approx([10.0, 5.0])
    assert effects.loc[("2.5", "edinburgh_1999"), "text"] == "Satisfied"
    assert set(effects.comparison) == set(bcg.analyses.comparison)


def tables_alone(folder: Path, alone: Path) -> Path:
    alone.mkdir()
    for path in folder.iterdir():
        if not path.name.startswith("import"):
            (alone / path.name).write_bytes(path.read_bytes())
    return alone


def test_units_of_an_outcome_are_kept(tmp_path: Path) -> None:
    folder = pe.read_revman(changed(tmp_path, 'UNITS=""', 'UNITS="days"')).write(tmp_path / "mine")
    frame = pd.read_csv(folder / "import_effects.csv", dtype=str, keep_default_na=False)
    assert frame[frame.analysis == "2.1"].units.unique().tolist() == ["days"]


def test_studies_not_included_and_outcomes_of_texts_are_named(bcg: ImportedReview) -> None:
    assert "1 excluded study is in no table: Out 1990" in bcg.notes
    assert (
        "analysis 2.5, What people said, is an outcome of texts without numbers and in no table; "
        "edinburgh_1999: Satisfied"
    ) in bcg.notes
