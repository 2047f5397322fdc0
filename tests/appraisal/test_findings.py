"""Summary of findings: the Handbook's numbers, intervals through infinity, plain language."""

from __future__ import annotations

import json
import re
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence import documents
from peer_evidence.appraisal.statements import check_sizes

from .conftest import pooled, records

MISC = json.loads(
    (Path(__file__).parents[1] / "reference" / "misc_formulas.json").read_text(encoding="utf-8")
)["absolute_effects"]
HOPE = "Hope, up to 4 months"


def one(effect, *, measure="RR", variance=0.01, **options):
    """Give the single row of a table."""
    m = {"relapse": pooled(effect, measure=measure, variance=variance)}
    return pe.summary_of_findings(m, **options).findings[0]


@pytest.mark.parametrize(
    ("key", "measure", "ratio", "risk"),
    [
        ("RR_0.92_ACR_0.3", "RR", 0.92, 0.3),
        ("OR_0.73_ACR_0.3", "OR", 0.73, 0.3),
        ("RR_0.5_ACR_0.02", "RR", 0.5, 0.02),
        ("OR_2_ACR_0.4", "OR", 2.0, 0.4),
    ],
)
def test_absolute_effects_of_r(key, measure, ratio, risk) -> None:
    facts = MISC[key]
    row = one(np.log(ratio), measure=measure, baseline_risk=risk, better_is="lower")
    assert row.estimate == pytest.approx(ratio, rel=1e-12)
    assert row.intervention_per_1000 == pytest.approx(facts["per1000"], rel=1e-11)
    # a difference of two shares loses a digit or two
    assert row.difference_per_1000 == pytest.approx(facts["diff_per1000"], rel=1e-10)
    side = "NNTB" if ratio < 1 else "NNTH"
    assert row.nnt.startswith(f"{side} {np.ceil(facts['nnt'] * (1 - 1e-12)):.0f} (")


def test_cochrane_handbook_5_1_section_12_5_4() -> None:
    # RR 0.92 at 0.3: 24 fewer for each 1000, NNT 42; OR 0.73: 62 fewer, NNT 17
    ratio = one(np.log(0.92), baseline_risk=0.3, better_is="lower")
    assert (ratio.difference.split(" (")[0], ratio.nnt.split(" (")[0]) == ("24 fewer", "NNTB 42")
    odds = one(np.log(0.73), measure="OR", baseline_risk=0.3, better_is="lower")
    assert (odds.difference.split(" (")[0], odds.nnt.split(" (")[0]) == ("62 fewer", "NNTB 17")
    # RD 0.12 is NNT 9, 0.22 is NNT 5
    for difference, need, key in ((0.12, 9, "RD_0.12_nnt"), (0.22, 5, "RD_0.22_nnt")):
        row = one(difference, measure="RD", variance=1e-4, baseline_risk=0.3, better_is="higher")
        assert row.nnt.split(" (")[0] == f"NNTB {need}"
        assert need == np.ceil(MISC[key])


def test_intervals_go_through_with_the_risk_held_and_through_infinity() -> None:
    # the interval of three equal studies is exp(log 0.8 +- 1.96 sqrt(v / 3))
    row = one(np.log(0.8), variance=0.12, baseline_risk=0.25, better_is="lower")
    low, high = 0.8 * np.exp(-1.959963984540054 * 0.2), 0.8 * np.exp(1.959963984540054 * 0.2)
    assert (row.ci_low, row.ci_high) == pytest.approx((low, high), rel=1e-9)
    assert row.difference_low == pytest.approx(250 * (low - 1), rel=1e-9)
    assert row.difference_high == pytest.approx(250 * (high - 1), rel=1e-9)
    benefit, harm = np.ceil(4 / (1 - low)), np.ceil(4 / (high - 1))
    assert row.nnt == f"NNTB 20 (NNTB {benefit:.0f} to ∞ to NNTH {harm:.0f})"
    assert row.difference == "50 fewer (115 fewer to 46 more)"


def test_no_number_needed_without_a_stated_risk() -> None:
    for measure in ("RR", "OR", "HR", "RD"):
        row = one(-0.2, measure=measure, better_is="lower")
        assert (row.nnt, row.difference) == ("", "")
        assert row.notes == ("no absolute effect: no risk without the intervention is known",)
    smd = one(0.4, measure="SMD", aligned=True)
    assert smd.nnt == ""
    assert smd.notes == (
        "no absolute effect: a standardised difference needs a stated risk of an event",
    )
    assert one(0.4, measure="MD").notes == (
        "no absolute effect: a difference of means is not one of risks",
    )


def test_a_standardised_difference_becomes_people_by_chinn_where_asked() -> None:
    row = one(0.5, measure="SMD", aligned=True, baseline_risk=0.3, event="desirable")
    odds = np.exp(0.5 * np.pi / np.sqrt(3)) * 0.3 / 0.7
    assert row.intervention_per_1000 == pytest.approx(1000 * odds / (1 + odds), rel=1e-12)
    assert row.notes[0] == "standardised difference turned into an odds ratio by π/√3 (Chinn 2000)"
    assert row.nnt.startswith("NNTB 5 (")
    worse = one(0.5, measure="SMD", aligned=True, baseline_risk=0.3, event="undesirable")
    assert worse.difference_per_1000 < 0
    assert worse.nnt.startswith("NNTB ")
    with pytest.raises(pe.InputError) as caught:
        one(0.5, measure="SMD", aligned=True, baseline_risk=0.3)
    assert str(caught.value) == (
        "event: relapse has a baseline risk and a standardised difference, so say whether the "
        "event is 'desirable' or 'undesirable'"
    )
    unsure = one(0.5, measure="SMD", baseline_risk=0.3, event="desirable")
    assert unsure.notes == ("no absolute effect: which side of the score is better is not known",)


@settings(max_examples=30)
@given(st.floats(-1, 1), st.floats(0.05, 0.9), st.sampled_from(["lower", "higher"]))
def test_data_turned_to_favour_the_intervention_gives_the_same_people(effect, risk, better) -> None:
    sign = 1 if better == "higher" else -1
    options = {"measure": "OR", "baseline_risk": risk, "better_is": better}
    plain, turned = one(effect, **options), one(sign * effect, aligned=True, **options)
    for name in ("estimate", "ci_low", "ci_high", "difference_per_1000", "difference_low"):
        assert getattr(plain, name) == pytest.approx(getattr(turned, name), rel=1e-9)
    assert plain.nnt == turned.nnt
    assert plain.above_null == turned.above_null == "more events with the intervention"
    assert plain.direction == turned.direction
    word = "more" if plain.estimate > 1 else "fewer"
    assert plain.direction == f"{word} events with the intervention" or plain.estimate == 1


def test_the_direction_is_that_of_the_estimate_and_not_of_the_axis() -> None:
    fewer = {"relapse": pooled(np.log(0.68), measure="RR")}
    found = pe.summary_of_findings(fewer, better_is="lower")
    row = found.to_frame().loc["relapse"]
    assert row["direction"] == "fewer events with the intervention"
    assert row["above_null"] == "more events with the intervention"
    cell = found.table().iloc[0, 2]
    assert cell == "RR 0.68 (0.61 to 0.76); estimate: fewer events with the intervention"
    worse = one(-0.3, measure="SMD", aligned=True)
    assert (worse.direction, worse.above_null) == (
        "favours the comparison",
        "favours the intervention",
    )
    lower = one(-0.3, measure="MD")
    assert (lower.direction, lower.above_null) == (
        "lower with the intervention",
        "higher with the intervention",
    )
    assert one(0.0, measure="RR").direction == "no difference"


def test_a_turned_ratio_of_unknown_events_is_put_into_no_people() -> None:
    row = one(0.4, aligned=True, baseline_risk=0.3)
    assert row.direction == "favours the intervention"
    assert row.notes == (
        "no absolute effect: whether the events are better fewer or more is not known",
    )
    plain = one(0.4, baseline_risk=0.3)
    assert plain.difference == "148 more (100 more to 201 more)"
    assert plain.nnt == ""
    assert "no number needed: whether the event is wanted is not known" in plain.notes


def test_results_of_wanted_and_unwanted_events_are_put_into_no_people() -> None:
    data = pd.DataFrame(
        {
            "label": ["s0", "s1", "s2"],
            "better_is": ["lower", "higher", "lower"],
            "n_intervention": [50] * 3,
            "n_comparison": [50] * 3,
            "events_comparison": [5, 10, 20],
        }
    )
    row = one(0.4, data=data, aligned=True)
    assert row.notes == (
        "no absolute effect: the results count events of both kinds, wanted and unwanted",
    )
    assert np.isnan(row.baseline_risk)


def test_the_risk_is_else_the_median_of_the_comparison_arms() -> None:
    data = pd.DataFrame(
        {
            "label": ["s0", "s1", "s2"],
            "better_is": ["lower"] * 3,
            "n_intervention": [50, 60, 70],
            "n_comparison": [50, 50, 50],
            "events_comparison": [5, 10, None],
        }
    )
    row = one(np.log(0.5), data=data)
    assert row.baseline_risk == pytest.approx(0.15)
    assert row.baseline_from == "median of 2 comparison arms of 3"
    assert row.participants == "330"
    assert row.notes == ("risk without the intervention 0.150, median of 2 comparison arms of 3",)
    assert one(np.log(0.5), data=data, baseline_risk=0.4).baseline_from == "given"


def test_other_measures_are_shown_but_not_put_into_people() -> None:
    row = one(np.log(1.5), measure="IRR", baseline_risk=0.3)
    assert row.estimate == pytest.approx(1.5)
    assert row.notes == ("no absolute effect: none is known for IRR",)
    # Peto's is an odds ratio
    peto = one(np.log(0.73), measure="PETO", baseline_risk=0.3, better_is="lower")
    assert (peto.measure, peto.nnt.split(" (")[0]) == ("OR", "NNTB 17")
    unknown = one(0.4, measure="")
    assert (unknown.estimate, unknown.notes) == (
        pytest.approx(0.4),
        ("the effect measure is not known",),
    )


def test_a_median_risk_of_nothing_is_put_into_no_people() -> None:
    data = pd.DataFrame(
        {
            "label": ["s0", "s1", "s2"],
            "n_intervention": [50] * 3,
            "n_comparison": [50] * 3,
            "events_comparison": [0, 0, 3],
        }
    )
    row = one(np.log(0.5), data=data, better_is="lower")
    assert row.notes == ("no absolute effect: the median risk of 3 comparison arms is 0",)
    assert (row.nnt, row.difference) == ("", "")
    assert np.isnan(row.baseline_risk)


def test_what_cannot_hold_at_a_risk_is_said() -> None:
    row = one(np.log(3.0), baseline_risk=0.5, better_is="lower")
    assert (row.difference, row.nnt) == ("cannot hold at this risk",) * 2
    edge = one(np.log(1.9), baseline_risk=0.5, better_is="lower")
    assert edge.difference == "450 more (348 more to cannot hold at this risk)"
    assert edge.nnt == "NNTH 3 (interval cannot hold at this risk)"
    below = one(-0.3, measure="RD", variance=1e-4, baseline_risk=0.2, better_is="lower")
    assert below.difference == "cannot hold at this risk"


def test_plain_language_only_where_a_person_judged(ev, pools) -> None:
    sheet = pe.certainty_table(ev, pools).worksheet()
    here = (sheet["outcome"] == HOPE) & (sheet["domain"] == "certainty")

    def said(word):
        sheet.loc[here, ["judgement", "judged_by"]] = [word, "A. Rater"]
        judged = pe.certainty_table(ev, pools, judgements=sheet)
        found = pe.summary_of_findings(pools, certainty=judged).to_frame()["statement"]
        assert set(found.drop(HOPE)) == {"certainty not judged"}
        return found[HOPE]

    name, thing = pools.intervention.capitalize(), "a slight improvement in hope, up to 4 months."
    assert said("high") == f"{name} results in {thing}"
    assert said("moderate") == f"{name} probably results in {thing}"
    assert said("low") == f"{name} may result in {thing}"
    assert said("very_low") == (
        f"The evidence is very uncertain about the effect of {pools.intervention} on hope, up to 4 "
        "months."
    )


def judged(name, word, m):
    """Judge one outcome."""
    ev = records("randomised_trial")
    sheet = pe.certainty_table(ev, {name: m}).worksheet()
    sheet.loc[sheet["domain"] == "certainty", ["judgement", "judged_by"]] = [word, "A. Rater"]
    return pe.certainty_table(ev, {name: m}, judgements=sheet)


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.98, "may result in little to no difference in relapse."),
        (0.9, "may result in a slight reduction in relapse."),
        (0.7, "may result in a reduction in relapse."),
        (1.4, "may result in an increase in relapse."),
        (0.4, "may result in a large reduction in relapse."),
    ],
)
def test_sizes_of_ratios_are_people_and_the_users(ratio, words) -> None:
    m = pooled(np.log(ratio), measure="RR")
    options = {"certainty": judged("relapse", "low", m), "baseline_risk": 0.3}
    found = pe.summary_of_findings({"relapse": m}, sizes=(20, 60, 150), **options)
    assert found.findings[0].statement == f"The intervention {words}"
    assert "in words, small begins at 20, moderate at 60, large at 150 (people per 1000)" in (
        found.findings[0].notes
    )
    none = pe.summary_of_findings({"relapse": m}, **options).findings[0]
    assert none.statement == ("not put into words: no limits of a small, moderate and large effect")


def test_a_suggestion_never_becomes_the_certainty(ev, pools) -> None:
    found = pe.summary_of_findings(pools, certainty=pe.certainty_table(ev, pools, important=0.2))
    frame = found.to_frame()
    assert set(frame["certainty"]) == {"not judged"}
    assert frame.loc[HOPE, "suggested"] == "at most low"
    assert set(frame["statement"]) == {"certainty not judged"}
    assert found.headline() == (
        f"Summary of findings: 12 outcomes of {pools.intervention}, certainty of 0 judged by a "
        "person"
    )
    table = found.table()
    assert table["suggested by the numbers, no judgement"].iloc[4] == "at most low"
    assert table["certainty (GRADE)"].iloc[4] == "not judged"


def test_participants_and_effects_are_those_of_the_pools(pools) -> None:
    found = pe.summary_of_findings(pools).to_frame()
    for key, title in zip(pools.keys, pools.titles, strict=True):
        rows = pools.studies(key)
        people = rows["n_intervention"] + rows["n_comparison"]
        assert found.loc[title, "participants"] == str(int(people.sum()))
        assert found.loc[title, "estimate"] == pools[key].estimate
        assert found.loc[title, "k"] == pools[key].k


def test_a_standardised_difference_in_units_of_an_instrument(pools) -> None:
    found = pe.summary_of_findings(pools, instrument={HOPE: ("Herth Hope Index", 5.5)})
    row = found.to_frame().loc[HOPE]
    m = pools["hope", "up to 4 months"]
    assert row["instrument"].startswith(f"{5.5 * m.estimate:.1f} on Herth Hope Index (")
    assert "standard deviation of Herth Hope Index, 5.5, as given" in row["notes"]
    with pytest.raises(pe.InputError) as caught:
        one(0.3, instrument={"relapse": ("days", 3.0)})
    assert str(caught.value) == (
        "instrument: 'relapse' is RR, allowed is a standardised mean difference"
    )


def test_an_empty_table_is_a_table(ev) -> None:
    found = pe.summary_of_findings(pe.pools(ev, measure="OR"))
    assert (len(found), len(found.table()), found.notes()) == (0, 0, ())
    text = found.to_html()
    assert text.startswith('<table style="border-top:2px solid;')
    assert ">Summary of findings</caption>" in text
    assert len(pe.certainty_table(ev, pe.pools(ev, measure="OR")).to_frame()) == 0


def test_html_is_escaped_and_its_headers_scoped() -> None:
    m = {"<b>relapse</b>": pooled(-0.3, measure="RR")}
    text = pe.summary_of_findings(m, intervention="<i>x</i>").to_html("A & B")
    assert "<b>" not in text
    assert "<i>" not in text
    assert ">A &amp; B</caption>" in text
    assert len(re.findall(r'<th style="[^"]+" scope="col">', text)) == 9
    assert len(re.findall(r'<th style="[^"]+" scope="row">', text)) == 1
    assert len(re.findall(r'<td style="padding:[^"]+">', text)) == 8
    assert "<li>no absolute effect: no risk without the intervention is known.</li>" in text


def test_a_page_of_the_table_says_its_characters() -> None:
    found = pe.summary_of_findings({"Rückfall": pooled(-0.3, measure="RR")})
    text = found.to_html("Befunde & mehr", page=True)
    assert text.startswith(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Befunde &amp; mehr'
        "</title></head>\n"
    )
    assert found.to_html("Befunde & mehr") in text
    assert text.endswith("\n</body></html>\n")


def test_the_document_holds_the_table_and_its_bytes_are_stable(pools, tmp_path) -> None:
    import docx

    found = pe.summary_of_findings(pools, instrument={HOPE: ("Herth Hope Index", 5.5)})
    first = found.to_docx(tmp_path / "one.docx")
    time.sleep(2.1)  # a zip archive counts in steps of two seconds
    second = found.to_docx(str(tmp_path / "two.docx"))
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    document = docx.Document(str(first))
    table, frame = document.tables[0], found.table()
    assert [cell.text for cell in table.rows[0].cells] == list(frame.columns)
    cells = [[cell.text for cell in row.cells] for row in table.rows[1:]]
    assert cells == frame.to_numpy().tolist()
    assert "w:tblHeader" in table.rows[0]._tr.xml
    assert "w:tblHeader" not in table.rows[1]._tr.xml
    # the order that the format asks for
    parts = [child.tag.split("}")[1] for child in table._tbl.tblPr]
    assert parts == ["tblW", "tblBorders", "tblLayout", "tblLook"]
    assert 'w:orient="landscape"' in document.sections[0]._sectPr.xml
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts == ["Summary of findings", *found.notes()]
    assert document.core_properties.author == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.docx", "two.docx"]


def test_notes_name_the_rows_they_are_of() -> None:
    m = {name: pooled(-0.3) for name in "abc"}
    risks = {"a": 0.2}
    found = pe.summary_of_findings(m, baseline_risk=risks, better_is="lower")
    assert found.notes() == (
        "a: risk without the intervention 0.200, given.",
        "All but a: no absolute effect: no risk without the intervention is known.",
    )
    assert pe.summary_of_findings(m).notes() == (
        "All outcomes: no absolute effect: no risk without the intervention is known.",
    )


def test_a_document_refuses_what_it_cannot_write(tmp_path, monkeypatch) -> None:
    found = pe.summary_of_findings({"relapse": pooled(0.2)})
    with pytest.raises(pe.InputError) as caught:
        found.to_docx(tmp_path / "table.doc")
    assert str(caught.value) == "path: found 'table.doc', allowed is a name that ends in '.docx'"
    with pytest.raises(pe.InputError, match="there is no folder"):
        found.to_docx(tmp_path / "none" / "table.docx")
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(pe.PeerEvidenceError) as missing:
        found.to_docx(tmp_path / "table.docx")
    assert str(missing.value) == (
        "a Word document needs python-docx, which is not installed; install the extra with "
        'pip install "peer-evidence[report]"'
    )
    assert list(tmp_path.iterdir()) == []


def test_a_document_leaves_out_what_xml_cannot_hold(tmp_path) -> None:
    import docx

    table = documents.TextTable(("a", "b"), (("x\x00y", "z\ud800"),), "over\x0b")
    path = documents.save_document(tmp_path / "t.docx", "ti\x01tle", [table], landscape=False)
    document = docx.Document(str(path))
    assert [cell.text for cell in document.tables[0].rows[1].cells] == ["x y", "z "]
    assert [p.text for p in document.paragraphs] == ["ti tle", "over "]
    section = document.sections[0]
    assert section.page_height > section.page_width


def test_refused() -> None:
    with pytest.raises(pe.InputError) as caught:
        check_sizes((0.5, 0.2, 0.8))
    assert str(caught.value) == (
        "sizes: found (0.5, 0.2, 0.8), allowed are three ascending numbers above 0: where a small, "
        "a moderate and a large effect begin"
    )
    with pytest.raises(pe.InputError) as caught:
        one(0.2, certainty=3)
    assert str(caught.value) == "certainty: found int, allowed is what certainty_table() gives"
    with pytest.raises(pe.InputError) as caught:
        one(0.2, certainty=judged("relapses", "low", pooled(0.2)))
    assert str(caught.value) == (
        "certainty: no outcome 'relapse' (outcomes: relapses); did you mean 'relapses'?"
    )
    with pytest.raises(pe.InputError) as caught:
        one(0.2, better_is="less")
    assert str(caught.value) == "better_is: found 'less', allowed are 'lower', 'higher'"
    with pytest.raises(pe.InputError) as caught:
        one(0.2, baseline_risk=30)
    assert str(caught.value) == "baseline_risk: found 30, allowed is a number above 0 and below 1"
    with pytest.raises(pe.InputError) as caught:
        one(0.2, measure="SMD", instrument={"relapse": ("x", 0)})
    assert str(caught.value) == (
        "instrument: found ('x', 0) for 'relapse', allowed is (name, standard deviation above 0)"
    )
