"""``pe.audit`` as it is called: records, frames, errors, displays, the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import peer_evidence as pe
from peer_evidence.appraisal.audit_pooled import pooled_checks
from peer_evidence.cli import main

from .simulated import SLIPS, printed_rows, with_slip

METHODS = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")
ROW = {"effect_measure": "SMD", "estimate": "-0.39", "ci_low": "-0.54", "ci_high": "-0.24"}


@pytest.fixture(scope="module")
def found(ev: pe.Evidence) -> pe.Audit:
    return pe.audit(ev)


def test_both_tables_are_audited_with_their_lines(found: pe.Audit, ev: pe.Evidence) -> None:
    assert found.rows == {"pooled_results": 55, "outcomes": 272}
    assert list(found.to_frame().columns) == [
        *("table", "row_id", "line", "check", "printed", "printed_low", "printed_high"),
        *("implied_low", "implied_high", "gap", "verdict", "reading", "why"),
    ]
    row = found.findings.set_index("check").loc["z"]
    lines = ev.files()["pooled_results.csv"].read_text(encoding="utf-8").splitlines()
    assert lines[row["line"] - 1].startswith(row["row_id"])
    assert sum(found.counts().values()) == len(found.table)


def test_nothing_of_the_bundled_records_is_a_surprise(found: pe.Audit) -> None:
    assert found.findings[["row_id", "check"]].to_numpy().tolist() == [
        ["fuhr_2014.p20", "p"],
        ["fang_2022.p28", "z"],
        ["fang_2022.p28", "q_df"],
        ["mulfinger_2018.stigma_stress_6w", "interval"],
        ["sikander_2019.phq_6m", "p"],
    ]
    assert found.headline().endswith(
        "4 rows hold numbers that cannot all be true, and 12 more rows hold some that agree only "
        "under one reading"
    )


def test_the_two_directions_of_the_same_pool_agree(found: pe.Audit) -> None:
    table = found.table
    duplicates = table[table["check"] == "duplicate"].set_index("row_id")["why"]
    assert duplicates["fuhr_2014.p17"] == (
        "It agrees with lloyd_evans_2014.p05 with the sign turned on estimate, ci_low, ci_high, "
        "k, n_total, i2."
    )


def test_what_is_recomputed_holds_what_is_printed(found: pe.Audit, ev: pe.Evidence) -> None:
    again = found.recomputed.set_index("row_id").loc[list(ev.pooled_results["pooled_id"])]
    assert (again["table"] == "pooled_results").all()
    assert (again["se_low"] <= again["se_high"]).all()
    assert again.loc["huang_2020.p27", "se_low"] < 0.1716 < again.loc["huang_2020.p27", "se_high"]
    z = ev.pooled_results.set_index("pooled_id")["z"].dropna().astype(float)
    inside = (again.loc[z.index, "z_low"] <= z + 0.005) & (
        z - 0.005 <= again.loc[z.index, "z_high"]
    )
    assert list(inside[~inside].index) == ["fang_2022.p28"]
    assert again.loc["fang_2022.p28", "q_low"] == pytest.approx(20 / 0.225)


def test_a_frame_of_texts_keeps_its_zeros() -> None:
    frame = pd.DataFrame([{**ROW, "estimate": "-0.40", "ci_low": "-0.50", "ci_high": "-0.26"}])
    text = pe.audit(frame)
    assert text.from_text
    assert text.findings["check"].tolist() == ["interval"]
    plain = pe.audit(frame.astype({"estimate": float, "ci_low": float, "ci_high": float}))
    assert not plain.from_text
    assert plain.conditional["reading"].tolist() == [
        "−0.4 and −0.5 were printed with fewer decimals than the rest of the effect"
    ]
    assert plain.summary().splitlines()[1] == (
        "The numbers were given as numbers, not as texts: trailing zeros are lost, so that 0.2 "
        "stands for anything from 0.15 to 0.25."
    )


def test_the_typed_frames_of_the_records_work_too(ev: pe.Evidence, found: pe.Audit) -> None:
    typed = pe.audit(ev.pooled_results)
    own = found.findings[found.findings["table"] == "pooled_results"]
    assert typed.findings["row_id"].tolist() == own["row_id"].tolist()
    assert typed.table["line"].isna().all()


def test_a_frame_with_a_few_columns_is_checked_as_far_as_it_goes() -> None:
    frame = pd.DataFrame({"label": ["a", "b"], "q": ["5.74", "5.74"], "q_df": [2, 2]})
    result = pe.audit(frame.assign(i2=["65", "95"], k=[3, 2]), table="pooled_results")
    assert result.table[["row_id", "check", "verdict"]].to_numpy().tolist() == [
        ["a", "q_df", "consistent"],
        ["a", "i2", "consistent"],
        ["b", "q_df", "inconsistent"],
        ["b", "i2", "consistent_if"],
    ]
    empty = pe.audit(pd.DataFrame({"estimate": [], "ci_low": [], "ci_high": []}))
    assert empty.table.empty
    assert empty.headline().startswith("0 pooled results: 0 checks could be made on 0 rows; no row")


def test_the_shape_of_a_frame_is_guessed_and_can_be_told() -> None:
    frame = pd.DataFrame({"events_intervention": [12], "n_intervention": [10], "k": [1]})
    assert list(pe.audit(frame).rows) == ["outcomes"]
    assert list(pe.audit(frame, table="pooled_results").rows) == ["pooled_results"]


def test_whole_scores_are_checked_when_told(ev: pe.Evidence) -> None:
    counts = {"Number of readmissions": 1, "Hospital days": 1}
    told = pe.audit(ev, table="outcomes", items=counts).table
    grim = told[(told["check"] == "grim") & told["row_id"].str.startswith("sledge_2011")]
    assert grim["verdict"].tolist() == ["consistent"] * 4
    hope = pe.audit(ev, table="outcomes", items={"Hope Index": 1}).findings
    assert "barbic_2009.hope_3m" in set(hope["row_id"])


TRUE_OR = {"estimate": "1.61", "ci_low": "1.20", "ci_high": "2.16", "z": "3.18", "p_value": "0.001"}


@pytest.mark.parametrize(
    "measure",
    [
        *("OR", "or", "Odds ratio", "odds_ratio", "OR (M-H)", "aOR", "aOR (95% CI)", "Peto OR"),
        *("Risk ratio", "relative risks", "adjusted HR", "rate ratio", "aRR", "", None),
    ],
)
def test_a_true_ratio_is_no_conflict_however_its_measure_is_written(measure: str | None) -> None:
    found = pe.audit(pd.DataFrame([{"pooled_id": "a", "effect_measure": measure, **TRUE_OR}]))
    verdicts = dict(zip(found.table["check"], found.table["verdict"], strict=True))
    # by hand: ln 1.61 / (ln(2.16 / 1.20) / 3.92) is 3.18, whose two-sided p is 0.0015: rounded down
    assert verdicts == {
        "interval": "consistent",
        "z": "consistent",
        "p": "consistent",
        "p_from_z": "consistent",
    }
    span = found.recomputed.iloc[0]
    assert 0.145 < span["se_low"] < 0.15 < span["se_high"] < 0.155


def test_a_measure_that_is_not_stated_is_tried_as_both() -> None:
    ratio = pe.audit(pd.DataFrame([TRUE_OR]))
    assert ratio.findings.empty
    difference = {"estimate": "0.32", "ci_low": "0.18", "ci_high": "0.46", "z": "4.48"}
    assert pe.audit(pd.DataFrame([difference])).findings.empty
    told = {**difference, "sign_convention": "ratio_below_1_favours_intervention"}
    assert set(pe.audit(pd.DataFrame([told])).findings["check"]) == {"z"}
    neither = pe.audit(pd.DataFrame([{**TRUE_OR, "ci_high": "9.16"}])).findings
    assert neither.loc[neither["check"] == "interval", "why"].tolist() == [
        "1.61 is not the middle of its interval 1.20 to 9.16, which is between 5.17 and 5.18. The "
        "measure is not stated; read as a difference or as a ratio, numbers conflict."
    ]
    log = {"effect_measure": "log OR", "estimate": "-0.40", "ci_low": "-0.80", "ci_high": "0.00"}
    assert pe.audit(pd.DataFrame([log])).findings.empty


@pytest.mark.parametrize(
    ("effect", "whys"),
    [
        (
            {"z": "93.4", "p_value": "0.001", "p_relation": "<", "i2": "50"},
            [
                "The printed z 93.4 does not fit 0.32 (0.18 to 0.46), which implies z between "
                "4.33 and 4.65. The estimate and its interval and p agree with each other, so z is "
                "likelier wrong."
            ],
        ),
        (
            {"z": "4.48", "p_value": "0.04"},
            [
                "The printed p 0.04 does not fit 0.32 (0.18 to 0.46), which implies p between "
                "0.0000034 and 0.000015. The estimate and its interval and z agree with each "
                "other, so p is likelier wrong.",
                "The printed p 0.04 does not fit z 4.48, which implies p between 0.0000073 and "
                "0.0000076. Z agrees with the interval, so p is likelier wrong.",
            ],
        ),
        (
            {"z": "9.20", "i2": "50"},
            [
                "The printed z 9.20 does not fit 0.32 (0.18 to 0.46), which implies z between 4.33 "
                "and 4.65. The estimate and its interval agree with each other, so z is likelier "
                "wrong. A fixed-effect analysis beside a random-effects interval would explain "
                "it, with a standard error near 0.0348."
            ],
        ),
        (
            {"z": "9.20", "i2": "50", "n_total": "1000"},
            [
                "The printed z 9.20 does not fit 0.32 (0.18 to 0.46), which implies z between 4.33 "
                "and 4.65. The estimate and its interval agree with each other, so z is likelier "
                "wrong."
            ],
        ),
    ],
)
def test_no_slip_and_no_analysis_is_named_that_nobody_would_believe(
    effect: dict[str, str], whys: list[str]
) -> None:
    row = {"effect_measure": "SMD", "estimate": "0.32", "ci_low": "0.18", "ci_high": "0.46"}
    found = pe.audit(pd.DataFrame([{**row, **effect}]))
    assert found.findings["why"].tolist() == whys


def test_cells_as_everybody_has_them_are_read() -> None:
    row = {**ROW, "p_value": "<0.001", "i2": "62 %", "q": "5.26", "q_df": "2"}
    found = pe.audit(pd.DataFrame([row])).table.set_index("check")
    assert found.loc["p", "printed"] == "p <0.001"
    assert found.loc[["p", "i2"], "verdict"].tolist() == ["consistent", "consistent"]
    missing = pe.audit(pd.DataFrame([{**ROW, "p_value": "n.s."}])).table.set_index("check")
    assert missing.loc["p", "printed"] == "p not significant"
    assert missing.loc["p", "verdict"] == "inconsistent"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda ev: pe.audit(pd.DataFrame([{**ROW, "effect_measure": "odd ratio"}])),
            "data: 1 cell that cannot be read:\n  row 1: effect_measure: found 'odd ratio', "
            "allowed are 'OR', 'RR', 'RRR', 'HR', 'PR', 'IRR', 'ROM', 'SMD', 'MD', 'd', 'g', "
            "'d_abs', 'RD', 'b', 'r', 'ZCOR', their long names ('odds ratio'), 'log' before a "
            "ratio, or an empty cell, for which a difference and a ratio are both tried; did you "
            "mean 'odds ratio'?",
        ),
        (
            lambda ev: pe.audit(pd.DataFrame([{**ROW, "z": "5%", "p_value": "small"}] * 7)),
            "data: 14 cells that cannot be read:\n"
            + "".join(
                f"  row {n}: p_value: found 'small', allowed is a number such as '0.03', one with "
                "its relation such as '<0.05', or 'ns'\n"
                for n in range(1, 8)
            )
            + "".join(
                f"  row {n}: z: found '5%', allowed is a number without the % sign\n"
                for n in range(1, 4)
            )
            + "  and 4 more",
        ),
        (
            lambda ev: pe.audit(pd.DataFrame([{**ROW, "p_value": "<0.05", "p_relation": ">"}])),
            "data: 1 cell that cannot be read:\n  row 1: p_value: found '<0.05' with p_relation "
            "'>', allowed is the same relation in both",
        ),
        (
            lambda ev: pe.audit(3),  # type: ignore[arg-type]
            "data: found int, allowed is the records that peer_evidence.load() gives, or a "
            "DataFrame or CSV file like its pooled_results or outcomes",
        ),
        (
            lambda ev: pe.audit(ev, table="outcome"),
            "table: found 'outcome', allowed are 'pooled_results', 'outcomes'; did you mean "
            "'outcomes'?",
        ),
        (
            lambda ev: pe.audit(pd.DataFrame({"estimat": [1]})),
            "audit: no column 'estimate' (the nearest it has is 'estimat'), 'ci_low', 'ci_high'; "
            "it has estimat",
        ),
        (
            lambda ev: pe.audit(pd.DataFrame([{**ROW, "k": "3.5", "z": "1,5"}])),
            "data: 2 cells that cannot be read:\n"
            "  row 1: k: found '3.5', allowed is a whole number\n"
            "  row 1: z: found '1,5', allowed is a number with a point for the decimals "
            "and nothing between thousands",
        ),
        (
            lambda ev: pe.audit(ev, items={"Hope Index": 0}),
            "items: found 0 for 'Hope Index', allowed is at least 1",
        ),
        (
            lambda ev: pe.audit(ev, level=95),
            "level: found 95, allowed is a number between 0 and 1, such as 0.95 for 95 per cent",
        ),
        (
            lambda ev: pe.audit(ev).with_verdict("wrong"),
            "verdict: found 'wrong', allowed are 'inconsistent', 'consistent_if', 'consistent', "
            "'not_checkable'",
        ),
    ],
)
def test_what_cannot_be_audited(call, message: str, ev: pe.Evidence) -> None:
    with pytest.raises(pe.InputError) as caught:
        call(ev)
    assert str(caught.value) == message


def test_records_without_pooled_results(copy_of_data: Path) -> None:
    (copy_of_data / "pooled_results.csv").unlink()
    ev = pe.load(copy_of_data)
    assert pe.audit(ev).rows == {"outcomes": 272}
    with pytest.raises(pe.InputError) as caught:
        pe.audit(ev, table="pooled_results")
    assert str(caught.value) == (
        "table: the records hold no pooled_results.csv, so there is nothing to audit"
    )


def test_a_misprint_put_into_the_records_is_found_where_it_stands(copy_of_data: Path) -> None:
    file = copy_of_data / "pooled_results.csv"
    text = file.read_text(encoding="utf-8")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if row.startswith("peck_2023.p12"))
    file.write_text(text.replace("9.65,5,48,0.02,3.33", "9.65,5,48,0.02,5.33"), encoding="utf-8")
    found = pe.audit(pe.load(copy_of_data)).findings
    row = found[found["row_id"] == "peck_2023.p12"].set_index("check").loc["z"]
    assert row["line"] == line
    assert "3.33 (one digit changed)" in row["why"]


def test_the_records_are_not_changed(ev: pe.Evidence) -> None:
    before = ev.texts("outcomes")
    pe.audit(ev)
    pd.testing.assert_frame_equal(ev.texts("outcomes"), before)
    assert "study_n_total" not in before.columns
    assert ev.texts("pooled_results").set_index("pooled_id").loc["peck_2023.p13", "q"] == "9.30"


def test_the_command_line_prints_the_findings_and_exits_0(found: pe.Audit) -> None:
    result = CliRunner().invoke(main, ["audit"], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.output == f"{found.summary()}\n"
    as_json = json.loads(CliRunner().invoke(main, ["audit", "--json"]).output)
    assert [row["verdict"] for row in as_json] == list(found.table["verdict"])


def test_the_command_line_audits_one_file(tmp_path: Path) -> None:
    file = tmp_path / "my_pooled.csv"
    file.write_text(
        "label,effect_measure,estimate,ci_low,ci_high,z\n\n"
        "one,Odds ratio,1.61,1.20,2.16,3.18\ntwo,SMD,0.32,0.18,0.46,93.4\n",
        encoding="utf-8",
    )
    result = CliRunner().invoke(main, ["audit", str(file)], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "2 pooled results: 4 checks could be made on 2 rows; 1 row holds numbers that cannot all "
        "be true, and none agree only under one reading",
        "Cannot all be true:",
        "  two (my_pooled.csv:4): The printed z 93.4 does not fit 0.32 (0.18 to 0.46), which "
        "implies z between 4.33 and 4.65. The estimate and its interval agree with each other, so "
        "z is likelier wrong.",
    ]
    assert pe.audit(file).from_text
    gone = CliRunner().invoke(main, ["audit", "gone.csv"])
    assert (gone.exit_code, gone.output) == (
        2,
        "Error: data: found no file 'gone.csv', allowed is a CSV file with the columns of "
        "pooled_results or outcomes; a folder of records is for peer_evidence.load()\n",
    )
    file.write_text("label,estimate\none,1,2\n", encoding="utf-8")
    ragged = CliRunner().invoke(main, ["audit", str(file)])
    assert ragged.exit_code == 1
    assert "my_pooled.csv:2: a row must have the 2 cells of the header" in ragged.output


NAMES = {
    "estimate": ["estimate"],
    "end of the interval": ["ci_low", "ci_high"],
    "p": ["p_value"],
    "z": ["z"],
    "number of studies, df of Q": ["k", "q_df"],
    "I²": ["i2"],
    "Q": ["q"],
}


def detection_table() -> str:
    """Slip once in each of many true rows; count how often the audit says so."""
    rng = np.random.default_rng(20240614)
    rows = list(printed_rows(rng, 240))
    lines = ["| slip in | slips | cannot all be true | or only under one reading |"]
    lines.append("|---|---|---|---|")
    for name, columns in NAMES.items():
        tried = hard = soft = 0
        for place, row in enumerate(rows):
            column, slip = columns[place % len(columns)], SLIPS[place % len(SLIPS)]
            if slip == "sign turned" and name not in {"estimate", "end of the interval"}:
                continue  # impossible, or harmless as in z, which many print without its sign
            other = with_slip(rng, row, column, slip)
            if other is None or (column in {"k", "q_df"} and _impossible(other[column])):
                continue
            usual = {c.check for c in pooled_checks(row) if c.verdict == "consistent_if"}
            checks = pooled_checks(other)
            wrong = any(c.verdict == "inconsistent" for c in checks)
            named = {c.check for c in checks if c.verdict == "consistent_if"} - usual
            tried, hard, soft = tried + 1, hard + wrong, soft + (wrong or bool(named))
        lines.append(f"| {name} | {tried} | {hard / tried:.0%} | {soft / tried:.0%} |")
    return "\n".join(lines)


def _impossible(text: str) -> bool:
    return not float(text).is_integer() or float(text) < 1


def test_the_detection_rates_in_the_method_notes_are_those_computed() -> None:
    held = re.search("<!-- audit -->\n(.*?)\n<!-- /audit -->", METHODS, re.DOTALL)
    assert held is not None
    assert held.group(1) == detection_table()
