"""The PRISMA flow: an invented example that adds up, and each way in which it may not."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import DataWarning, InputError, RecordsError
from peer_evidence.records.codebook import codebook_rows
from peer_evidence.records.datapackage import descriptor
from peer_evidence.records.package import read_package
from peer_evidence.records.words import METHOD_WORDS

# An invented example: no search of any review.
INVENTED = [
    ("previous_studies", 12, "", "", "Studies of the invented first version"),
    ("previous_reports", 15, "", "", ""),
    ("database_results", 1450, "", "", ""),
    ("database_specific_results", 800, "Database A", "https://example.org/a?x=1&y=2", "Searched"),
    ("database_specific_results", 650, "Database B", "", ""),
    ("register_results", 50, "", "", ""),
    ("website_results", 20, "", "", ""),
    ("organisation_results", 5, "", "", ""),
    ("citations_results", 40, "", "", ""),
    ("duplicates", 300, "", "", ""),
    ("excluded_automatic", 50, "", "", ""),
    ("excluded_other", 10, "", "", ""),
    ("records_screened", 1140, "", "", ""),
    ("records_excluded", 1000, "", "", ""),
    ("dbr_sought_reports", 140, "", "", ""),
    ("dbr_notretrieved_reports", 5, "", "", ""),
    ("dbr_assessed", 135, "", "", ""),
    ("dbr_excluded", 100, "", "", ""),
    ("dbr_excluded", 60, "Wrong population", "", ""),
    ("dbr_excluded", 40, "No comparison", "", ""),
    ("other_sought_reports", 30, "", "", ""),
    ("other_notretrieved_reports", 2, "", "", ""),
    ("other_assessed", 28, "", "", ""),
    ("other_excluded", 20, "Wrong design", "", ""),
    ("new_studies", 38, "", "", ""),
    ("new_reports", 43, "", "", ""),
    ("total_studies", 50, "", "", ""),
    ("total_reports", 58, "", "", ""),
    ("total_studies_ma", 30, "", "", ""),
    ("total_reports_ma", 33, "", "", ""),
]
LINE = {box: line for line, (box, *_) in reversed(list(enumerate(INVENTED, start=2)))}


def invented(**changed) -> pd.DataFrame:
    """Give the invented example with other numbers in some boxes."""
    frame = pd.DataFrame(INVENTED, columns=["box", "n", "label", "link", "note"])
    frame["n"] = frame["n"].astype(object)
    for box, n in changed.items():
        frame.loc[frame.index[frame["box"] == box][0], "n"] = n
    return frame


def without(*boxes) -> pd.DataFrame:
    frame = invented()
    return frame[~frame["box"].isin(boxes)]


def faults(data) -> list[str]:
    with pytest.raises(RecordsError) as raised:
        pe.flow(data)
    return [str(one) for one in raised.value.faults]


def test_the_invented_example_adds_up_and_is_read_alike_from_every_source(tmp_path: Path):
    text = io.StringIO()
    invented().to_csv(text, index=False)
    (tmp_path / "flow.csv").write_text(text.getvalue(), encoding="utf-8")
    found = [pe.flow(one) for one in (invented(), tmp_path, str(tmp_path / "flow.csv"))]
    for one in found:
        pd.testing.assert_frame_equal(one.to_frame(), found[0].to_frame())
        assert one.warnings == ()
        assert one.number("database_results") == 1450
        assert one.number("other_excluded") == 20  # its reason is all there is
        assert one.summary() == (
            "PRISMA 2020 flow: 1500 records from databases and registers, 1140 records screened, "
            "135 reports assessed, 28 reports from other sources assessed, 38 studies included, "
            "30 studies in the meta-analysis"
        )
    assert pe.flow({"new_studies": 3}).number("new_reports") is None


@pytest.mark.parametrize(
    ("box", "n", "rule"),  # each sum of the template and each bound, broken alone
    [
        ("database_results", 1449, [
            "database_results must be the sum of its database_specific_results, "
            "Database A (800) + Database B (650) = 1450",
            "records_screened must be database_results (1449) + register_results (50) - "
            "duplicates (300) - excluded_automatic (50) - excluded_other (10) = 1139, found '1140'",
        ]),
        ("dbr_assessed", 134, [
            "dbr_assessed must be dbr_sought_reports (140) - dbr_notretrieved_reports (5) = 135",
        ]),
        ("other_assessed", 29, [
            "other_assessed must be other_sought_reports (30) - other_notretrieved_reports (2) "
            "= 28",
        ]),
        ("dbr_excluded", 99, [
            "dbr_excluded must be the sum of its reasons, Wrong population (60) + "
            "No comparison (40) = 100",
        ]),
        ("total_studies", 51, [
            "total_studies must be previous_studies (12) + new_studies (38) = 50",
        ]),
        ("total_reports", 57, [
            "total_reports must be previous_reports (15) + new_reports (43) = 58",
        ]),
        ("total_studies_ma", 51, ["total_studies_ma must not be more than total_studies (50)"]),
        ("total_reports_ma", 59, ["total_reports_ma must not be more than total_reports (58)"]),
        ("citations_results", 4, [
            "other_sought_reports must not be more than website_results (20) + "
            "organisation_results (5) + citations_results (4) = 29, found '30'",
        ]),
    ],
)  # fmt: skip
def test_each_sum_that_does_not_hold_is_a_fault_that_names_its_boxes(box, n, rule):
    said = faults(invented(**{box: n}))
    assert len(said) == len(rule)
    for one in rule:
        matching = [line for line in said if one in line]
        assert len(matching) == 1
        place = one.split()[0]
        assert matching[0].startswith(f"flow.csv:{LINE[place]}: n: {one}")
        assert "found '" in matching[0]


def test_more_studies_than_reports_and_reports_without_a_study():
    few = {"total_studies": 50 - 38 + 44, "new_studies": 44}
    assert faults(invented(**few)) == [
        "flow.csv:26: n: new_studies must not be more than new_reports (43), found '44'"
    ]
    none = invented(new_studies=0, total_studies=12, total_studies_ma=10)
    assert faults(none) == [
        "flow.csv:26: n: new_studies must be at least 1, as new_reports is 43, found '0'"
    ]
    assert pe.flow({"new_studies": 0, "new_reports": 0}).number("new_studies") == 0


def test_what_leads_from_records_to_reports_warns_and_does_not_fail():
    frame = invented(records_excluded=1010, new_reports=42, total_reports=57)
    with pytest.warns(DataWarning) as caught:
        found = pe.flow(frame)
    end = "; it may differ where a record has several reports, or a report several records, found"
    wanted = [
        "flow.csv:16: n: dbr_sought_reports is expected to be records_screened (1140) - "
        f"records_excluded (1010) = 130{end} '140'",
        "flow.csv:27: n: new_reports is expected to be dbr_assessed (135) + other_assessed (28) - "
        f"dbr_excluded (100) - other_excluded (20) = 43{end} '42'",
    ]
    assert [str(one) for one in found.warnings] == wanted
    assert str(caught[0].message) == "the flow may not add up:\n  " + "\n  ".join(wanted)
    assert found.summary().splitlines()[1:] == [f"to look at: {one}" for one in wanted]


def test_all_faults_are_told_at_once_and_a_box_with_a_typing_error_spoils_no_sum():
    frame = invented(records_screened="1 140", total_studies_ma=-1)
    frame.loc[9, "box"] = "duplicats"
    frame.loc[3, "link"] = "javascript:alert(1)"
    frame.loc[4, "label"] = ""
    said = faults(frame)
    assert said[0] == (
        "flow.csv:5: link: must be a web address that begins with http:// or https://, without "
        "spaces, found 'javascript:alert(1)'"
    )
    assert said[1] == (
        "flow.csv:6: label: database_specific_results must name the database or register, found ''"
    )
    assert said[2].startswith("flow.csv:11: box: must be one of previous_studies, ")
    assert said[2].endswith("(did you mean 'duplicates'?), found 'duplicats'")
    assert said[3:] == [
        "flow.csv:14: n: must be a whole number, written without spaces, found '1 140'",
        "flow.csv:30: n: must be at least 0, found '-1'",
    ]


def test_what_cannot_be_read_says_that_sums_come_later():
    with pytest.raises(RecordsError) as raised:
        pe.flow({"new_reports": "x", "new_studies": 3, "total_studies": 2, "previous_studies": 0})
    assert str(raised.value) == (
        "2 faults in the boxes:\n"
        "  data['new_reports']: must be a whole number, found 'x'\n"
        "  data['total_studies']: total_studies must be previous_studies (0) + new_studies (3) = "
        "3, found '2'\n"
        "The sums are checked once these are mended."
    )
    with pytest.raises(RecordsError) as raised:
        pe.flow({"new_studis": 3})
    first, second, last = str(raised.value).splitlines()
    assert first == "1 fault in the boxes:"
    assert second.startswith("  data['new_studis']: must be one of previous_studies, ")
    assert second.endswith("(did you mean 'new_studies'?), found 'new_studis'")
    assert last == "The sums are checked once these are mended."
    with pytest.raises(RecordsError) as raised:
        pe.flow(invented(total_studies=51))
    assert str(raised.value) == (
        "1 fault in the records, nothing was loaded:\n"
        "  flow.csv:28: n: total_studies must be previous_studies (12) + new_studies (38) = 50, "
        "found '51'"
    )


def test_a_warning_of_a_mapping_names_its_key():
    with pytest.warns(DataWarning) as caught:
        pe.flow({"records_screened": 10, "records_excluded": 2, "dbr_sought_reports": 9})
    assert str(caught[0].message) == (
        "the flow may not add up:\n  data['dbr_sought_reports']: dbr_sought_reports is expected to "
        "be records_screened (10) - records_excluded (2) = 8; it may differ where a record has "
        "several reports, or a report several records, found '9'"
    )


def test_the_template_has_every_box_and_is_read():
    table = pe.flow_template()
    named = METHOD_WORDS["flow_box"]
    parts = {"database_specific_results", "register_specific_results"}
    assert table["box"].tolist() == [one for one in named if one not in parts]
    assert table["note"].is_unique
    found = pe.flow(table)
    assert found.number("new_studies") is None
    assert found.summary() == "PRISMA 2020 flow: no number is known"
    told = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")
    for box, note in zip(table["box"], table["note"], strict=True):
        assert f"| `{box}` | {note} |" in told
        assert f"``{box}``" in pe.flow.__doc__


def test_a_box_and_a_reason_stand_once():
    frame = pd.concat([invented(), invented().iloc[[12, 18]]])
    assert faults(frame) == [
        "flow.csv:32: box: a box must stand once; it is on line 14 too, found 'records_screened'",
        "flow.csv:33: label: must stand in dbr_excluded once; it is on line 20, "
        "found 'Wrong population'",
    ]


def test_a_number_that_is_not_known_is_not_taken_for_nothing():
    assert pe.flow(invented(duplicates=None, records_screened=7, records_excluded=None)).number(
        "duplicates"
    ) is None  # fmt: skip
    assert len(faults(without("duplicates"))) == 1  # a box left out counts as nothing there


def test_what_is_no_flow_is_refused(ev, tmp_path: Path):
    cases = {
        "data: these records have no flow.csv; PRISMA asks for the counts of a search, and they "
        "cannot be made up from the studies": ev,
        "data: found int, allowed are a path, records, a DataFrame, or a mapping from box to "
        "number": 3,
        "data: flow.csv has no row, so there is no flow to show": invented().iloc[:0],
        f"data: found {str(tmp_path)!r}, where there is no flow.csv; give the file with the boxes "
        "of the flow, or the folder it is in": tmp_path,
    }
    for message, given in cases.items():
        with pytest.raises(InputError) as raised:
            pe.flow(given)
        assert str(raised.value) == message
    assert faults(pd.DataFrame({"box": ["new_studies"], "number": [1], "notes": [""]})) == [
        "flow.csv:1: number: the column is not one of this table (known: box, n, label, link, "
        "note), found 'number'",
        "flow.csv:1: notes: the column is not one of this table (did you mean 'note'?), "
        "found 'notes'",
    ]


def test_a_flow_in_a_package_is_loaded_checked_and_described(copy_of_data: Path):
    file = copy_of_data / "flow.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(
            [["box", "n", "label", "link", "note"], *INVENTED]
        )
    assert pe.validate(copy_of_data) == []
    records = pe.load(copy_of_data)
    assert len(records.flow) == len(INVENTED)
    assert pe.flow(records).number("new_studies") == 38
    package = read_package(copy_of_data)
    resource = next(one for one in descriptor(package)["resources"] if one["name"] == "flow")
    assert "primaryKey" not in resource["schema"]
    told = [row["column"] for row in codebook_rows(package) if row["table"] == "flow"]
    assert told == ["box", "n", "label", "link", "note"]
    file.write_text(file.read_text(encoding="utf-8").replace("new_studies,38", "new_studies,39"))
    assert [str(one) for one in pe.validate(copy_of_data)] == [
        "flow.csv:28: n: total_studies must be previous_studies (12) + new_studies (39) = 51, "
        "found '50'"
    ]
