"""Medians, quartiles and ranges of effects; tallies by design and by risk of bias."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.direction.describe import five_numbers
from peer_evidence.errors import InputError

FRAME = pd.DataFrame(
    {
        "study_id": ["a", "a", "b", "c", "d", "e"],
        "domain": ["x", "x", "x", "x", "y", "y"],
        "effect": [1.0, 3.0, 4.0, 8.0, 0.5, np.nan],
        "measure": ["SMD"] * 4 + ["OR"] * 2,
    }
)


def test_type_7_quartiles_as_r_documents_them():
    # R: quantile(c(1, 3, 4, 8, 10), c(.25, .5, .75)) by its definition h = (n - 1) p + 1
    assert five_numbers([10, 1, 8, 3, 4]).tolist() == [4, 3, 8, 1, 10]
    assert five_numbers([1, 2, 4, 8]).tolist() == [3, 1.75, 5, 1, 8]
    assert five_numbers([[1, np.nan], [2, 4]]).tolist() == [[1] * 5, [3, 2.5, 3.5, 2, 4]]


def test_one_estimate_per_study():
    found = pe.describe_effects(FRAME, by="domain")
    x = found.to_frame().loc["x"]
    assert x[["measure", "studies", "effects", "median", "q1", "q3"]].tolist() == [
        "SMD", 3, 4, 4.0, 3.0, 6.0,
    ]  # fmt: skip
    assert x[["minimum", "maximum"]].tolist() == [2, 8]
    assert found.estimates.to_dict("list") == {
        "domain": ["x", "x", "x", "y"],
        "study_id": ["a", "b", "c", "d"],
        "estimate": [2.0, 4.0, 8.0, 0.5],
        "effects": [2, 1, 1, 1],
    }
    assert (found.effects, found.left_out) == (5, 1)
    assert found.summary().splitlines() == [
        "5 observed effects described, not pooled: one estimate per study in each group (the "
        "median of its effects); whether the signs are aligned is not known; whether the ratios "
        "are logarithms is not known, and they are shown as given.",
        "Quartiles: linear interpolation between order statistics (R type 7). Every estimate "
        "counts alike, whatever its precision.",
        "1 row without an effect left out.",
        "  x: SMD median 4.00 (IQR 3.00 to 6.00; range 2.00 to 8.00), 3 studies, 4 effects",
        "  y: OR median 0.50 (IQR 0.50 to 0.50; range 0.50 to 0.50), 1 study, 1 effect",
    ]


def test_first_mean_and_every_effect():
    first = pe.describe_effects(FRAME[:4], choose="first").to_frame().loc["all"]
    assert first["minimum"] == 1
    every = pe.describe_effects(FRAME[:4], one_per=None)
    assert every.to_frame().loc["all", "median"] == 3.5
    assert "every effect counted" in every.summary()


def test_measures_are_not_mixed():
    message = (
        "measure: the group 'all' mixes OR, SMD, whose numbers share no scale; give "
        "by=[..., 'measure']"
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        pe.describe_effects(FRAME)
    parted = pe.describe_effects(FRAME, by=["domain", "measure"]).to_frame()
    assert parted.index.tolist() == [("x", "SMD"), ("y", "OR")]


TRIALS = pd.DataFrame(
    {
        "study_id": ["a", "b", "c"],
        "events_intervention": [10, 20, 30],
        "n_intervention": [100, 100, 100],
        "events_comparison": [20, 30, 30],
        "n_comparison": [100, 100, 100],
        "better_is": "lower",
    }
)


def test_ratios_are_shown_as_ratios_and_the_table_says_it_holds_logarithms():
    effects = pe.effect_sizes(TRIALS, "OR")
    found = pe.describe_effects(effects)
    # by hand: 10·80 / (90·20) = 0.444, 20·70 / (80·30) = 0.583, 30·70 / (70·30) = 1
    assert found.summary().splitlines() == [
        "3 observed effects described, not pooled: one estimate per study in each group (the "
        "median of its effects); signs not aligned: above 1 is higher in the intervention; "
        "described as logarithms, which the table holds, and shown here as ratios.",
        "Quartiles: linear interpolation between order statistics (R type 7). Every estimate "
        "counts alike, whatever its precision.",
        "  all: OR median 0.58 (IQR 0.51 to 0.76; range 0.44 to 1.00), 3 studies, 3 effects",
    ]
    row = found.to_frame().loc["all"]
    assert row[["measure", "scale"]].tolist() == ["OR", "log"]
    assert row["median"] == pytest.approx(np.log(7 / 12))
    bare = pd.DataFrame(effects[["study_id", "effect"]].to_numpy(), columns=["study_id", "effect"])
    told = pe.describe_effects(bare.astype({"effect": float}), measure="OR")
    assert told.summary().splitlines()[-1] == found.summary().splitlines()[-1]
    lost = pe.describe_effects(FRAME[4:])
    assert (
        lost.headline()
        .splitlines()[0]
        .endswith("; whether the ratios are logarithms is not known, and they are shown as given.")
    )
    printed = pd.DataFrame({"study_id": ["a"], "estimate": [0.6], "effect_measure": ["OR"]})
    assert "OR median 0.60 " in pe.describe_effects(printed, effect="estimate").summary()


def test_signs_are_those_of_effect_sizes(bundled):
    rows = bundled.select(poolable=True, domain=["hope", "self_stigma"])
    aligned = pe.describe_effects(pe.effect_sizes(rows, "SMD", align=True))
    assert (aligned.aligned, aligned.positive) == ("yes", "favours the intervention")
    assert "signs aligned: positive favours the intervention" in aligned.headline()
    message = (
        "effect: the group 'all' mixes scales on which higher and lower is better, and its signs "
        "are not known to be aligned; give effect_sizes(..., align=True), or say aligned=True "
        "where they are"
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        pe.describe_effects(pe.effect_sizes(rows, "SMD"))
    higher = pe.effect_sizes(rows[rows["better_is"] == "higher"], "SMD")
    assert (
        "signs not aligned: positive is higher in the intervention"
        in pe.describe_effects(higher).headline()
    )


def test_the_description_is_that_of_numpy_on_the_bundled_records(bundled):
    rows = pe.effect_sizes(bundled.select(poolable=True), "SMD", align=True)
    found = pe.describe_effects(rows, by="domain").to_frame()
    have = rows[rows["effect"].notna()]
    for domain, row in found.iterrows():
        per_study = have[have["domain"] == domain].groupby("study_id")["effect"].median()
        low, middle, high = np.percentile(per_study, [25, 50, 75])
        assert row[["q1", "median", "q3"]].tolist() == pytest.approx([low, middle, high])
        assert row["studies"] == len(per_study)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pe.describe_effects(FRAME, by="domian"),
         "describe_effects: no column 'domian' (the nearest it has is 'domain'); it has "
         "study_id, domain, effect, measure"),
        (lambda: pe.describe_effects(FRAME[5:]),
         "effect: none of 1 row has an effect and its group, so there is nothing to describe"),
        (lambda: pe.describe_effects(FRAME.assign(effect="a")),
         "effect: row 0 found 'a', row 1 found 'a', row 2 found 'a', row 3 found 'a', row 4 found "
         "'a', row 5 found 'a'; allowed are numbers"),
        (lambda: pe.describe_effects(FRAME, measure="domain"),
         "measure: found 'domain', which is a column; allowed is the code of a measure, such as "
         "'SMD', or measure_column='domain'"),
        (lambda: pe.describe_effects(FRAME[:4], measure="OR"),
         "measure: found 'OR', and measure says SMD; allowed is the measure of the effects, or "
         "none to take that of the frame"),
        (lambda: pe.describe_effects([1, 2]),
         "frame: found list, allowed is a pandas DataFrame"),
    ],
)  # fmt: skip
def test_messages(call, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        call()


def test_tally_by_design_counts_each_study_where_its_design_is(bundled):
    counted = pe.tally(bundled, by="design", column="effect_direction", one_vote_per="study_id")
    studies = counted.to_frame()["studies"]
    assert studies.sum() == counted.studies
    shown = counted.sign_tests().loc["quasi_experimental"]
    assert shown[["favours", "against"]].tolist() == [9, 0]
    assert shown["p_value"] == pytest.approx(0.00390625)
    by_rows = pe.tally(bundled.select(), by="design", one_vote_per="study_id").to_frame()
    assert by_rows["studies"].tolist() == studies.tolist()


def test_tally_by_risk_of_bias_fills_nothing_in(bundled):
    rows = pe.with_risk_of_bias(bundled, tool="rob_2")
    judged = bundled.risk_of_bias
    overall = judged[judged["domain"] == "overall"].set_index("study_id")["judgement"]
    joined = rows.drop_duplicates("study_id").set_index("study_id")["risk_of_bias"]
    assert joined.loc[overall.index].astype(str).tolist() == overall.astype(str).tolist()
    assert (joined.drop(overall.index) == "not judged").all()
    table = pe.tally(rows, by="risk_of_bias", one_vote_per="study_id").to_frame()
    assert list(table.index) == ["some_concerns", "high", "not judged"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ev: pe.with_risk_of_bias(ev, tool="rob_3"),
         "tool: found 'rob_3', allowed are 'rob_1', 'rob_2'; did you mean 'rob_2'?"),
        (lambda ev: pe.with_risk_of_bias(ev, pe.with_risk_of_bias(ev)),
         "frame: it already has 'risk_of_bias', which this adds; drop it first"),
    ],
)  # fmt: skip
def test_messages_of_judgements(bundled, call, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        call(bundled)


def test_two_judgements_of_one_study_are_not_chosen_between(bundled):
    class Twice:
        def __getattr__(self, name):
            return getattr(bundled, name)

        @property
        def risk_of_bias(self):
            held = bundled.risk_of_bias
            row = held[held["domain"] == "overall"].iloc[[0]].assign(judgement="low")
            return pd.concat([held, row])

    study = bundled.risk_of_bias.query("domain == 'overall'")["study_id"].iloc[0]
    message = (
        f"risk_of_bias: more than one overall judgement of {study}; name the tool, or take one "
        "source"
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        pe.with_risk_of_bias(Twice())


def test_no_judgement_at_all_is_said(review):
    rows = pe.with_risk_of_bias(review())
    assert set(rows["risk_of_bias"]) == {"not judged"}


def test_printed_estimates_are_parted_by_their_measure(bundled):
    printed = bundled.outcomes[bundled.outcomes["better_is"] == "lower"]
    with pytest.raises(InputError, match=r"^effect_measure: the group 'all' mixes MD, OR, RD, "):
        pe.describe_effects(printed, effect="estimate")
    parted = pe.describe_effects(printed, effect="estimate", by="effect_measure")
    assert set(parted.table["measure"]) == set(parted.table.index.astype(str))
    assert parted.aligned == "not known"


def test_lost_facts_are_not_guessed(bundled):
    rows = bundled.select(poolable=True, domain=["hope", "self_stigma"])
    lost = pe.effect_sizes(rows, "SMD", align=True)
    lost.attrs = {}
    with pytest.raises(InputError, match="its signs are not known to be aligned"):
        pe.describe_effects(lost)
    told = pe.describe_effects(lost, aligned=True)
    assert "signs aligned: positive favours the intervention" in told.headline()


def test_results_show_themselves_in_a_notebook(bundled):
    rows = pe.effect_sizes(bundled.select(poolable=True), "SMD", align=True)
    described = pe.describe_effects(rows, by=["domain", "measure_code"])
    for result in (described, pe.p_values(bundled), pe.combine_p_values([0.1, 0.2]),
                   pe.overlap(bundled), pe.checklist("swim"), pe.swim(described)):  # fmt: skip
        page = result._repr_html_()
        assert page.startswith("<p>")
        assert page.count("<tr>") == len(result.to_frame()) + 1
        assert " at 0x" not in page
