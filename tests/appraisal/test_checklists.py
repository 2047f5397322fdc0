"""Checklists and SWiM: all items, nothing answered unasked, documents that stay the same."""

from __future__ import annotations

import re
import sys
import time
import zipfile

import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import InputError

HOSTILE = "=1+1 | <script>alert(1)</script> *bold* [a](b) & \x07 $x$ `c`\nsecond line"


def test_prisma_2020_has_its_27_items_in_42_entries():
    frame = pe.checklist("prisma2020").to_frame()
    letters = frame.groupby("item")["sub_item"].agg("".join)
    assert list(letters.index) == list(range(1, 28))
    assert letters[letters != ""].to_dict() == {
        10: "ab", 13: "abcdef", 16: "ab", 20: "abcd", 23: "abcd", 24: "abc",
    }  # fmt: skip
    assert len(frame) == 42
    by_section = frame.drop_duplicates("item").groupby("section", sort=False).size()
    assert by_section.to_dict() == {
        "Title": 1, "Abstract": 1, "Introduction": 2, "Methods": 11, "Results": 7,
        "Discussion": 1, "Other information": 4,
    }  # fmt: skip


def test_swim_has_its_nine_items():
    frame = pe.checklist("swim").to_frame()
    numbers = (frame["item"].astype(str) + frame["sub_item"]).tolist()
    assert numbers == ["1a", "1b", "2", "3", "4", "5", "6", "7", "8", "9"]
    assert frame["section"].tolist() == ["Methods"] * 8 + ["Results", "Discussion"]


@pytest.mark.parametrize("name", ["swim", "prisma2020"])
def test_a_new_checklist_is_not_answered_and_names_its_source(name):
    empty = pe.checklist(name)
    frame = empty.to_frame()
    assert (frame[["reported", "location"]] == "").to_numpy().all()
    assert (frame["text"].str.len().between(20, 180)).all()
    assert (frame["topic"].str.len() > 3).all()
    assert f"doi:{empty.doi}" in empty.summary()
    assert empty.summary().splitlines()[0].endswith("0 of "
        f"{len(frame)} entries answered (0 yes, 0 no, 0 NA)")  # fmt: skip


def test_answers_are_kept_and_the_first_stays_as_it_was():
    empty = pe.checklist("prisma2020")
    filled = empty.answer({"13a": ("yes", "p. 4"), "27": "no"}).answer({"1": "NA"})
    said = filled.to_frame().query("reported != ''")
    assert said[["item", "sub_item", "reported", "location"]].to_numpy().tolist() == [
        [1, "", "NA", ""],
        [13, "a", "yes", "p. 4"],
        [27, "", "no", ""],
    ]
    assert empty.to_frame()["reported"].eq("").all()
    assert filled.summary().splitlines()[0] == (
        "PRISMA 2020: 3 of 42 entries answered (1 yes, 1 no, 1 NA)"
    )
    assert pe.checklist("prisma2020", {"1": "NA"}).items[0].reported == "NA"
    series = pe.checklist("swim", pd.Series({"1a": "yes", "3": ("no", "p. 4")}))
    assert [(one.reported, one.location) for one in (series.items[0], series.items[3])] == [
        ("yes", ""), ("no", "p. 4"),
    ]  # fmt: skip
    assert pe.checklist("swim", pd.Series(dtype=object)).items == pe.checklist("swim").items


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pe.checklist("prisma"),
         "name: found 'prisma', allowed are 'swim', 'prisma2020'; did you mean 'prisma2020'?"),
        (lambda: pe.checklist("swim", {"1": "yes"}),
         "item: found '1', allowed are '1a', '1b', '2', '3', '4', '5', '6', '7', '8', '9'; did "
         "you mean '1b'?"),
        (lambda: pe.checklist("swim", {"2": "maybe"}),
         "item 2: found 'maybe', allowed are 'yes', 'no', 'NA'"),
        (lambda: pe.checklist("swim", {"2": ["yes"]}),
         "item 2: found ['yes'], allowed is one of yes, no, NA, or such a word and a location"),
        (lambda: pe.checklist("prisma2020", ["1"]),
         "answers: found list, allowed is a mapping from the number of an item to its answer, such "
         "as {'1': 'yes'}"),
        (lambda: pe.checklist("swim").to_docx("list.doc"),
         "path: found 'list.doc', allowed is a name that ends in '.docx'"),
        (lambda: pe.checklist("swim").to_docx("nowhere/list.docx"),
         "path: there is no folder 'nowhere'; make it first"),
        (lambda: pe.swim(), "swim: found no result; give at least one, such as a tally"),
        (lambda: pe.swim(pd.DataFrame()),
         "swim: found DataFrame, allowed are the results of tally, effect_directions, sign_test, "
         "p_values, combine_p_values and describe_effects, and the table that "
         "p_values(...).combine(...) gives"),
    ],
)  # fmt: skip
def test_messages(call, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        call()


def test_markdown_holds_hostile_text_as_text():
    text = pe.checklist("swim", {"2": ("yes", HOSTILE)}).to_markdown()
    lines = text.splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + 10
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 6 for line in table)
    (row,) = (line for line in table if line.startswith("| 2 |"))
    assert row.endswith(
        r"| yes | =1+1 \| \<script\>alert(1)\</script\> \*bold\* \[a\](b) &amp; \$x\$ \`c\` "
        "second line |"
    )


def test_docx_holds_every_row_as_text(tmp_path):
    from docx import Document

    filled = pe.checklist("prisma2020", {"13a": ("yes", HOSTILE)})
    document = Document(filled.to_docx(tmp_path / "list.docx"))
    (table,) = document.tables
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    assert cells[0] == ["Item", "Topic", "What to report", "Reported", "Location"]
    assert [row[0] for row in cells[1:]] == [item.number for item in filled.items]
    row = next(row for row in cells if row[0] == "13a")
    assert row[3:] == ["yes", HOSTILE.replace("\x07", "")]
    assert table.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
    assert document.paragraphs[0].text == filled.title
    with zipfile.ZipFile(tmp_path / "list.docx") as archive:
        inside = archive.read("word/document.xml").decode()
    assert "<script" not in inside
    assert "fldChar" not in inside


def test_docx_is_the_same_bytes_at_another_time(tmp_path, monkeypatch):
    one = pe.checklist("swim").to_docx(tmp_path / "one.docx").read_bytes()
    later = time.time() + 90_000
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(later))
    assert pe.checklist("swim").to_docx(tmp_path / "two.docx").read_bytes() == one
    with zipfile.ZipFile(tmp_path / "one.docx") as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+", core)) == {"1980-01-01T00:00:00"}
    assert "python-docx" not in core


def test_without_python_docx_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    message = (
        "python-docx is not installed, which writes Word documents; "
        'pip install "peer-evidence[report]"'
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        pe.checklist("swim").to_docx(tmp_path / "list.docx")
    assert list(tmp_path.iterdir()) == []


# --- SWiM ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows():
    return pe.load().select(domain=["hope", "recovery"])


@pytest.fixture(scope="module")
def directions(rows):
    return pe.tally(rows, column="effect_direction", one_vote_per="study_id")


def test_swim_states_the_parameters_and_numbers_of_the_tally(directions):
    found = pe.swim(directions)
    text = found.to_frame().set_index("item")["text"]
    assert text["1a"] == "Results are grouped by domain (2): recovery, hope."
    assert "exact two-sided sign test and Wilson intervals at the 95% level" in text["3"]
    assert "one vote per study in each group" in text["3"]
    assert "Only results of this contrast were counted: intervention vs comparison." in text["4"]
    for group, row in directions.sign_tests().iterrows():
        line = next(one for one in text["8"].splitlines() if one.strip().startswith(f"{group}:"))
        signed = int(row["favours"] + row["against"])
        assert f"{row['favours']:.0f} of {signed} studies" in line
        who = directions.votes.loc[directions.votes["domain"] == group, "study_id"]
        assert f"votes under {group} are those of: {', '.join(who)}" in text["8"].splitlines()
    assert found.filled == ("1a", "2", "3", "4", "7", "8", "9")
    assert found.open == ("1b", "5", "6")
    assert found.headline() == (
        "SWiM: the analysis says something under 7 of the 9 items (nothing under 1b, 5, 6); under "
        "each the author has something to write"
    )


def test_swim_never_writes_what_is_the_authors(directions):
    frame = pe.swim(directions).to_frame().set_index("item")
    assert frame.loc[["1b", "5", "6"], "text"].tolist() == ["", "", ""]
    assert (frame["to_write"] != "").all()
    assert "[to write: how the certainty of each finding was judged]" in str(pe.swim(directions))


def test_swim_takes_every_synthesis(rows, directions):
    effects = pe.effect_sizes(rows[rows["poolable"] == "yes"], "SMD", align=True)
    described = pe.describe_effects(effects, by="domain")
    found = pe.p_values(rows, one_per="study_id")
    combined = found.combined("recovery", "stouffer")
    by_design = pe.tally(rows, by="design", column="effect_direction", one_vote_per="study_id")
    one_test = pe.sign_test(9, 3, level=0.9)
    swim = pe.swim(directions, found, combined, described, one_test, heterogeneity=[by_design])
    text = swim.to_frame().set_index("item")["text"]
    assert text["2"].splitlines() == [
        "The direction of each estimate, whatever its size and significance.",
        "One-sided p values in one direction, from the printed p and the direction of effect.",
        "Effects as SMD.",
    ]
    assert "P values were combined by Stouffer's method." in text["3"]
    assert "at the 90% level." in text["3"]
    assert "(R type 7)" in text["3"]
    assert combined.summary().splitlines()[0] in text["8"].splitlines()
    assert described.summary().splitlines()[-1].strip() in text["8"].splitlines()
    assert "effects of hope rest on: rusch_2019, " in text["8"]
    assert "p values of hope rest on: segal_sha_trial" in text["8"]
    assert text["5"].splitlines()[0] == "The synthesis was repeated by design."
    assert by_design.summary().splitlines()[1] in text["5"].splitlines()


def test_swim_takes_effect_directions_with_their_rule(rows):
    found = pe.effect_directions(rows, agreement=0.8)
    text = pe.swim(found).to_frame().set_index("item")["text"]
    assert text["1a"] == "Results are grouped by domain (2): recovery, hope."
    assert text["2"].splitlines() == [
        "The direction of each estimate, whatever its size and significance.",
        "A study has in a domain the direction of at least 80% of its results of known "
        "direction, else it is conflicting.",
    ]
    assert text["3"] == (
        "Studies were counted by the direction of their effect, with an exact two-sided sign test "
        "and Wilson intervals at the 95% level; one direction per study in each domain, and "
        "studies whose results conflict or have no sign stand beside the test."
    )
    assert text["8"].splitlines()[0] == found.summary().splitlines()[0]
    who = found.table.loc[found.table["domain"] == "hope", "study_id"]
    assert f"directions under hope are those of: {', '.join(who)}" in text["8"].splitlines()
    assert "weighs every study alike" in text["9"]


def test_swim_takes_the_table_of_combined_p_values(rows):
    table = pe.p_values(rows).combine("fisher")
    text = pe.swim(table, heterogeneity=[table]).to_frame().set_index("item")["text"]
    assert text["3"] == "P values were combined by Fisher's method."
    assert text["4"] == "Of several p values of a study in a group, the largest was taken."
    # by hand: Fisher's statistic is −2 Σ ln p
    assert table.loc["recovery", "statistic"] == pytest.approx(17.034, abs=5e-4)
    assert text["8"].splitlines() == [
        "Evidence of an effect favouring the intervention in at least one study, by group:",
        "recovery: p 0.002, 2 p values by Fisher's method (chi-squared 17.034 on 4 df); 8 results "
        "without a usable p",
        "hope: p 0.003, 1 p value by Fisher's method (chi-squared 11.983 on 2 df); 11 results "
        "without a usable p",
    ]
    assert text["5"].splitlines()[0] == "The synthesis was repeated by domain."
    every = pe.p_values(pe.load(), one_per=None).combine("fisher")
    told = pe.swim(every).to_frame().set_index("item")["text"]
    assert told["4"] == ""
    assert "are of studies with more than one among them" in told["8"].splitlines()[-1]


def test_swim_says_that_counting_conclusions_is_no_synthesis(rows):
    text = pe.swim(pe.tally(rows)).to_frame().set_index("item")["text"]
    assert text["2"] == "What each source concludes about a result, in its own terms."
    assert "sign test" not in text["3"]
    assert "counting that is no synthesis of effects" in text["9"]
    every = pe.swim(pe.tally(rows, column="effect_direction")).to_frame().set_index("item")["text"]
    assert every["3"] == "Directions of all results were counted, several of a study among them."


def test_swim_documents(directions, tmp_path):
    from docx import Document

    swim = pe.swim(directions)
    table = [line for line in swim.to_markdown().splitlines() if line.startswith("|")]
    assert len(table) == 2 + 10
    document = Document(swim.to_docx(tmp_path / "swim.docx"))
    assert [row.cells[0].text for row in document.tables[0].rows][1:] == list(swim.numbers)
    assert document.tables[0].rows[1].cells[2].text == swim.texts[0]
