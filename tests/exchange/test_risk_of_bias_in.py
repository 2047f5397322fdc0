"""Risk-of-bias tables in: each judgement a row, each cell that cannot be taken a fault."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe

# the columns of robvis for RoB 2
ROBVIS = """Study,D1,D2,D3,D4,D5,Overall,Weight
Ash 2001,Low,Some concerns,low,+,LOW RISK OF BIAS,Some concerns,33.3
Elm 2002,High,NI,No information,,×,High,66.7
"""


@pytest.fixture
def table(tmp_path: Path):
    def write(text: str) -> Path:
        file = tmp_path / "rob.csv"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def judged(held: pe.Imported) -> list[tuple[str, ...]]:
    columns = ["study_id", "tool", "domain", "judgement"]
    return list(held.tables["risk_of_bias"][columns].itertuples(index=False, name=None))


def faults(held: pe.Imported) -> list[str]:
    return [str(fault) for fault in held.faults]


@pytest.mark.parametrize("tool", ["RoB 2", "ROB2", "rob_2"])
def test_a_table_of_robvis(table, tool: str) -> None:
    held = pe.read_risk_of_bias(table(ROBVIS), tool)
    assert faults(held) == []
    domains = [one.code for one in pe.risk_of_bias_tool("rob_2").domains]
    first = ["low", "some_concerns", "low", "low", "low", "some_concerns"]
    second = ["high", "no_information", "no_information", "high", "high"]
    assert judged(held) == [
        *(("ash_2001", "rob_2", *pair) for pair in zip([*domains, "overall"], first, strict=True)),
        *(
            ("elm_2002", "rob_2", *pair)
            for pair in zip([*domains[:3], domains[4], "overall"], second, strict=True)
        ),
    ]
    assert held.notes == (
        "1 cell is empty, which is no judgement and gives no row",
        "the column Weight was passed over: risk_of_bias has none like it",
    )
    row = held.tables["risk_of_bias"].iloc[1]
    assert (row["source"], row["locator"]) == ("rob.csv", "rob.csv, line 2, column D2")
    assert held.tables["studies"].to_numpy().tolist() == [
        ["ash_2001", "Ash 2001", "rob.csv", "rob.csv, line 2"],
        ["elm_2002", "Elm 2002", "rob.csv", "rob.csv, line 3"],
    ]


def test_every_fault_is_named_with_its_row_and_column_and_the_rest_is_taken(table) -> None:
    held = pe.read_risk_of_bias(
        table(
            "Study,D1,D2,D9,Overall\n"
            "Ash 2001,lwo,Low,Low,-\n"
            ",Low,Low,Low,Low\n"
            "Ash 2001,Low,High,Low,Unclear\n"
        ),
        "RoB 2",
    )
    words = "must be one of low, some_concerns, high, no_information, or empty when not judged"
    assert faults(held) == [
        "rob.csv:1: D9: must be a domain of RoB 2 (D1, D2, D3, D4, D5, or its name) or Overall; "
        "rename the column or delete it, found 'D9'",
        f"rob.csv:2: D1: {words}; did you mean 'low'?, found 'lwo'",
        f"rob.csv:2: Overall: {words}, found '-'",
        "rob.csv:3: Study: must name the study, found ''",
        "rob.csv:4: D2: must judge a study once, and ash_2001 is judged in rob.csv, line 2, column "
        "D2 already; keep one, found 'High'",
        f"rob.csv:4: Overall: {words}, found 'Unclear'",
    ]
    assert [one[2:] for one in judged(held)] == [
        ("deviations_from_intended_interventions", "low"),
        ("randomization_process", "low"),
    ]


def test_studies_are_matched_by_key_or_label_and_others_named(table) -> None:
    known = pd.DataFrame({
        "study_id": ["ash_2001", "elm_2002", "elm_2003", "oak_2004"],
        "label": ["Ash, Fir & Elm 2001", "Elm", "Elm", "Oak 2004"],
    })  # fmt: skip
    text = "Study,D1\nAsh et al. 2001,Low\nelm_2003,High\nElm,Low\noak 2004,Low\nOka 2004,Low\n"
    held = pe.read_risk_of_bias(table(text), "RoB 2", studies=known, source="10.1000/1")
    assert [one[0] for one in judged(held)] == ["ash_2001", "elm_2003", "oak_2004"]
    assert faults(held) == [
        "rob.csv:4: Study: must name one study, and stands for elm_2002, elm_2003; write its key, "
        "found 'Elm'",
        "rob.csv:6: Study: must be a study of the records, by its study_id or label; did you mean "
        "'Oak 2004'?, found 'Oka 2004'",
    ]
    assert set(held.tables) == {"risk_of_bias"}
    assert set(held.tables["risk_of_bias"]["source"]) == {"10.1000/1"}


@pytest.mark.parametrize(
    ("tool", "written", "meant"),
    [
        ("RoB 1", ["+", "?", "-", "Unclear risk"], ["low", "unclear", "high", "unclear"]),
        ("ROBINS-I", ["Low", "Serious", "Critical risk", "ni"],
         ["low", "serious", "critical", "no_information"]),
        ("QUADAS-2", ["low", "Unclear", "−", "?"], ["low", "unclear", "high", "unclear"]),
        ("ROBINS-E", ["Very high", "some concerns", "+", "?"],
         ["very_high", "some_concerns", "low", "no_information"]),
    ],
)  # fmt: skip
def test_words_and_signs_of_other_tools(tool: str, written: list[str], meant: list[str]) -> None:
    frame = pd.DataFrame([["A", *written]], columns=["Study", "D1", "D2", "D3", "D4"])
    held = pe.read_risk_of_bias(frame, tool)
    assert faults(held) == []
    assert [one[3] for one in judged(held)] == meant
    assert list(held.tables["risk_of_bias"]["source"]) == [""] * 4
    assert held.tables["risk_of_bias"].loc[0, "locator"] == "frame, row 0, column D1"


def test_stars_and_own_tools() -> None:
    scale = pd.DataFrame({"Study": ["A", "B"], "S1": ["*", "no"], "Overall": ["7/9", "12"]})
    held = pe.read_risk_of_bias(scale, "nos_cohort")
    assert [one[2:] for one in judged(held)] == [
        ("representativeness", "star"), ("overall", "7"), ("representativeness", "no_star"),
    ]  # fmt: skip
    assert faults(held) == [
        "frame, row 1: Overall: must be the number of stars, from 0 to 9, found '12'"
    ]
    own = pd.DataFrame({"Study": ["A"], "Fidelity": ["Moderate"], "Overall": ["High"]})
    held = pe.read_risk_of_bias(own, "generic")
    assert judged(held) == [
        ("a", "generic", "Fidelity", "moderate"), ("a", "generic", "overall", "high"),
    ]  # fmt: skip


def test_a_table_of_one_row_a_judgement_says_its_own_tools(table) -> None:
    text = (
        "study_id,tool,domain,judgement,source,locator\n"
        "ash_2001,RoB 2,overall,High,10.1000/1,Table 2\n"
        "elm_2002,robins_i,D1,Serious,,\n"
        "elm_2002,homemade,D1,Low,,\n"
        "elm_2002,RoB 2,D8,Low,,\n"
    )
    held = pe.read_risk_of_bias(table(text))
    assert judged(held) == [
        ("ash_2001", "rob_2", "overall", "high"), ("elm_2002", "robins_i", "confounding", "serious")
    ]  # fmt: skip
    assert held.tables["risk_of_bias"].loc[0, ["source", "locator"]].tolist() == [
        "10.1000/1", "Table 2",
    ]  # fmt: skip
    assert [(fault.line, fault.column, fault.found) for fault in held.faults] == [
        (4, "tool", "homemade"), (5, "domain", "D8"),
    ]  # fmt: skip


def test_a_workbook_names_sheet_and_cell(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "About"
    book.active["A1"] = "words"
    sheet = book.create_sheet("RoB")
    for row in (["Study", "D1", "D2"], ["Ash 2001", "Low", "Bad"]):
        sheet.append(row)
    book.save(tmp_path / "rob.xlsx")
    held = pe.read_risk_of_bias(tmp_path / "rob.xlsx", "RoB 2")
    assert faults(held) == [
        "rob.xlsx: RoB!C2: D2: must be one of low, some_concerns, high, no_information, or empty "
        "when not judged, found 'Bad'"
    ]
    assert held.tables["risk_of_bias"]["locator"].tolist() == ["rob.xlsx: RoB!B2"]
    sheet["A1"] = "Trial"
    book.save(tmp_path / "rob.xlsx")
    assert faults(pe.read_risk_of_bias(tmp_path / "rob.xlsx", "RoB 2")) == [
        "rob.xlsx: one sheet must have a column 'Study' or 'study_id', and no other, found 'none'"
    ]


def test_files_and_arguments_that_cannot_be(table, tmp_path: Path) -> None:
    assert faults(pe.read_risk_of_bias(table("Trial,D1\nA,Low\n"), "RoB 2")) == [
        "rob.csv:1: the header must name the studies in a column 'Study' or 'study_id', "
        "found 'Trial, D1'"
    ]
    assert faults(pe.read_risk_of_bias(table("Study;D1\nA;Low\n"), "RoB 2")) == [
        "rob.csv:1: cells must be separated by commas; this file seems to use semicolons: save it "
        "again as comma-separated CSV, found 'Study;D1'"
    ]
    with pytest.raises(pe.InputError, match=r"^tool: the table names none; say which it is: 'rob_"):
        pe.read_risk_of_bias(table(ROBVIS))
    with pytest.raises(pe.InputError, match=r"^tool: found 'RoB 3', allowed are 'rob_2', "):
        pe.read_risk_of_bias(table(ROBVIS), "RoB 3")
    with pytest.raises(pe.InputError) as error:
        pe.read_risk_of_bias(tmp_path / "no.csv", "RoB 2")
    assert str(error.value) == f"data: there is no file {str(tmp_path / 'no.csv')!r}"
    with pytest.raises(pe.InputError) as error:
        pe.read_risk_of_bias(table(ROBVIS), "RoB 2", studies=["Ash"])
    assert str(error.value) == (
        "studies: found list, allowed are the records that peer_evidence.load() gives, or a "
        "DataFrame with study_id and label"
    )


def test_the_rows_become_part_of_a_review(ev: pe.Evidence, tmp_path: Path) -> None:
    labels = ev.studies["label"].head(2).tolist()
    frame = pd.DataFrame({"Study": labels, "D1": ["Low", "High"], "Overall": ["Low", "High"]})
    held = pe.read_risk_of_bias(frame, "RoB 2", studies=ev, source="10.1000/1")
    frames = {"studies": ev.studies, "outcomes": ev.outcomes.head(0)} | held.tables
    joined = pe.Evidence.from_frames(frames)
    assert len(joined.risk_of_bias) == 4
    summary = pe.risk_of_bias_summary(joined)
    assert summary.studies == 2


def test_mutated_tables_load_or_are_faulted(tmp_path: Path) -> None:
    sound = ROBVIS.encode()
    pieces = st.sampled_from([b",", b'"', b"\n", b"\0", b"\xff", b";", b"Low", b"D1", b"="])

    @given(st.lists(st.tuples(st.integers(0, len(sound)), st.integers(0, 20), pieces), max_size=4))
    @settings(max_examples=60, deadline=2000)
    def check(edits: list[tuple[int, int, bytes]]) -> None:
        data = sound
        for at, gone, piece in edits:
            data = data[:at] + piece + data[at + gone :]
        file = tmp_path / "rob.csv"
        file.write_bytes(data)
        held = pe.read_risk_of_bias(file, "RoB 2")
        rows = held.tables["risk_of_bias"]
        assert len(rows) or held.faults or held.notes
        assert set(rows["judgement"]) <= {"low", "some_concerns", "high", "no_information"}
        assert not rows.duplicated(["study_id", "tool", "domain"]).any()

    check()


def test_a_row_that_stands_twice_is_one_fault(table) -> None:
    row = "Ash 2001,Low,Low,Low,Low,Low,Low\n"
    held = pe.read_risk_of_bias(table("Study,D1,D2,D3,D4,D5,Overall\n" + row + row), "RoB 2")
    assert faults(held) == [
        "rob.csv:3: D1: must judge a study once, and ash_2001 is judged in rob.csv, line 2, column "
        "D1 already; keep one, found 'Low'",
    ]
    assert len(judged(held)) == 6
