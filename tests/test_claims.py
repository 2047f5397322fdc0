"""Claims: each verdict is computed, so that other records give another verdict."""

from __future__ import annotations

import csv
import html
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import peer_evidence as pe
from peer_evidence.claims import CHECKS, Claims
from peer_evidence.claims.case import parse_arguments
from peer_evidence.cli import main
from peer_evidence.records.tables import METHOD_WORDS

DATA = Path(__file__).parents[1] / "data"
Rows = list[dict[str, str]]
TEXTS = ("source_chapter", "pistrang_2010", "repper_carter_2011")


class Copy:
    """A copy of the bundled records that a test can change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def change(self, table: str, edit: Callable[[Rows], Rows | None]) -> Copy:
        file = self.folder / f"{table}.csv"
        with file.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        columns = list(rows[0])
        rows = edit(rows) or rows
        with file.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return self

    def confirm(self, review: str, number: int, role: str = "") -> Copy:
        """Turn candidates of a review into confirmed studies."""

        def edit(rows: Rows) -> None:
            fitting = [
                row
                for row in rows
                if row["review_id"] == review
                and row["status"] == "candidate"
                and role in {"", row["role"]}
            ]
            assert len(fitting) >= number
            for row in fitting[:number]:
                row["status"] = "confirmed"

        return self.change("inclusions", edit)

    def plan(self, finding: str, check: str, arguments: str = "") -> Copy:
        """Give a statement another check."""

        def edit(rows: Rows) -> Rows:
            kept = [row for row in rows if row["finding_id"] != finding]
            return [*kept, {"finding_id": finding, "check": check, "arguments": arguments}]

        return self.change("claims", edit)

    def claims(self) -> pd.DataFrame:
        return pe.check_claims(pe.load(self.folder)).to_frame().set_index("finding_id")

    def message(self) -> str:
        with pytest.raises(pe.InputError) as caught:
            self.claims()
        return str(caught.value)


@pytest.fixture
def copied(tmp_path: Path) -> Copy:
    shutil.copytree(DATA, tmp_path / "copy")
    return Copy(tmp_path / "copy")


@pytest.fixture(scope="module")
def bundled() -> Claims:
    return pe.check_claims(pe.load())


@pytest.fixture(scope="module")
def table(bundled: Claims) -> pd.DataFrame:
    return bundled.to_frame().set_index("finding_id")


def by_column(rows: Rows, **values: str) -> Rows:
    return [row for row in rows if all(row[name] == value for name, value in values.items())]


def test_vocabulary_equals_the_registry() -> None:
    assert METHOD_WORDS["check"] == tuple(CHECKS)


def test_a_typo_in_a_check_is_a_fault(copied: Copy) -> None:
    copied.plan("pistrang_k", "member_cuont")
    faults = [str(fault) for fault in pe.validate(copied.folder)]
    assert len(faults) == 1
    assert "check: must be one of none, member_count," in faults[0]
    assert "(did you mean 'member_count'?), found 'member_cuont'" in faults[0]


def test_check_tells_of_every_argument_that_a_check_does_not_take(copied: Copy) -> None:
    copied.plan("pistrang_k", "member_count", "rolle=rct")
    copied.plan("rc_admissions", "direction", "domain=hops")
    faults = pe.validate(copied.folder)
    assert [(one.file, one.column, one.found) for one in faults] == [
        ("claims.csv", "arguments", "rolle=rct"),
        ("claims.csv", "arguments", "domain=hops"),
    ]
    lines = (copied.folder / "claims.csv").read_text(encoding="utf-8").splitlines()
    assert [lines[one.line - 1].split(",")[0] for one in faults] == ["pistrang_k", "rc_admissions"]
    assert "did you mean 'role'?" in faults[0].rule
    assert "did you mean 'hope'?" in faults[1].rule
    result = CliRunner().invoke(main, ["check", str(copied.folder)])
    assert result.exit_code == 1
    assert [str(one) for one in faults] == result.output.splitlines()[:-1]


def test_a_fact_of_the_package_with_a_typo_is_a_fault(copied: Copy) -> None:
    file = copied.folder / "package.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("licence,", "license,"), encoding="utf-8")
    (fault,) = pe.validate(copied.folder)
    assert (fault.file, fault.column, fault.found) == ("package.csv", "field", "license")
    assert fault.rule.startswith("must be one of title, question, intervention, comparison, ")
    assert "(did you mean 'licence'?)" in fault.rule


def test_a_date_of_publication_is_a_date(copied: Copy) -> None:
    file = copied.folder / "package.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "published,next spring\n", encoding="utf-8")
    (fault,) = pe.validate(copied.folder)
    assert str(fault) == (
        f"package.csv:{len(text.splitlines()) + 1}: value: must be a year (2013), a month "
        "(2013-07) or a day (2013-07-04), found 'next spring'"
    )


def test_every_statement_of_the_chapter_and_the_two_reviews_is_there(table: pd.DataFrame) -> None:
    findings = pe.load().review_findings
    wanted = findings[findings["reported_in"].isin(TEXTS)]
    assert len(wanted) == 41
    assert set(wanted["finding_id"]) <= set(table.index)


def test_every_stated_number_of_every_review_is_there(table: pd.DataFrame) -> None:
    findings = pe.load().review_findings
    numbers = findings[findings["quantity"].astype(str).str.startswith("k_")]
    assert set(numbers["finding_id"]) <= set(table.index)


def test_columns_and_words(table: pd.DataFrame, bundled: Claims) -> None:
    assert list(bundled.to_frame().columns) == [
        *("finding_id", "review_id", "scope", "claim", "source", "locator", "stated", "computed"),
        *("verdict", "why", "others", "basis", "check"),
    ]
    assert set(table["verdict"]) <= {"supported", "contradicted", "not_checkable"}
    assert (table["why"] != "").all()
    assert ((table["check"] == "none") == (table["basis"] == "none")).all()


def test_counts_and_first_line(bundled: Claims) -> None:
    assert bundled.counts() == {"supported": 2, "contradicted": 0, "not_checkable": 55}
    assert bundled.summary().splitlines()[:2] == [
        "57 claims: 2 supported, 0 contradicted, 55 not checkable",
        "53 further statements recorded and not checked: no check is defined for a statement in "
        "words",
    ]


def test_a_supported_number_says_that_it_is_of_the_number_only(bundled: Claims) -> None:
    (line,) = [one for one in bundled.summary().splitlines() if one.startswith("  cadth_k")]
    assert line.startswith("  cadth_k, its number only (")
    assert line.endswith("Checked is the number only; the rest of the sentence is not checked.")
    assert "  rc_admissions (" in bundled.summary()


def test_what_the_bundled_records_support(table: pd.DataFrame) -> None:
    supported = table.index[table["verdict"] == "supported"]
    assert sorted(supported) == ["cadth_k", "rc_admissions"]


def test_every_recorded_statement_is_either_checked_or_listed(bundled: Claims) -> None:
    findings = pe.load().review_findings
    left = bundled.untested
    assert list(left.columns) == [
        *("finding_id", "review", "scope", "claim", "source", "locator", "value", "reason")
    ]
    names = [*bundled.to_frame()["finding_id"], *left["finding_id"]]
    assert sorted(names) == sorted(findings["finding_id"])
    assert len(left) == 53
    assert set(left["reason"]) == {"no check is defined for it: a statement in words"}
    row = left.set_index("finding_id").loc["white_none_hospitalisation"]
    assert row[["scope", "claim", "locator", "value"]].tolist() == [
        *("hospitalisation", "No effect on service use.", "abstract", "no_difference")
    ]


def test_the_page_says_who_says_it_and_lists_what_is_not_checked(
    built: Path, bundled: Claims
) -> None:
    page = (built / "index.html").read_text(encoding="utf-8")
    section = page.split('id="claims"', 1)[1].split("</section>", 1)[0]
    text = html.unescape(re.sub(r"<[^>]+>", "", section))
    assert "and cannot settle 55; 53 more are recorded but not checked." in text
    assert "Source chapter, about Repper & Carter 2011; scope: hospital admission" in text
    assert "Other texts, not checked here: On hospital admission, Lloyd-Evans" in text
    assert "Show all 53 statements that are not checked" in text
    table = text.split("Statements that are not checked", 1)[1]
    assert [claim for claim in bundled.untested["claim"] if claim not in table] == []


def test_what_other_texts_say_stands_beside_a_statement(table: pd.DataFrame) -> None:
    assert table.loc["rc_admissions", "others"] == (
        "On hospital admission, Lloyd-Evans, Mayo-Wilson, Harrison et al. 2014: little or no "
        "evidence (Little or no sign of an effect); Pitt, Lowe, Hill et al. 2013: no difference "
        "(Consumers and professionals in like roles did equally well); Chien, Clifton, Zhao & Lui "
        "2019: very low (Admission and adverse events rest on very low certainty; relapse was not "
        "reported); White, Foster, Marks et al. 2020: no difference (No effect on service use); "
        "Simpson & House 2002: benefit (Less time in hospital with users as staff); "
        "Wright-Berryman, McGuire & Salyers 2011: limited support (Limited support for fewer "
        "admissions); Chinman et al. 2014: benefit (Peers cut inpatient use more than professional "
        "staff)."
    )
    assert table.loc["chapter_rc_social", "others"] == (
        "On functioning, Dalgaard, Jensen, Adada et al. 2025: Social reintegration improves a "
        "little (g 0.195), groups of every kind."
    )
    assert table.loc["cadth_k", "others"] == ""


def test_the_number_of_a_sentence_is_all_that_is_checked(table: pd.DataFrame) -> None:
    assert table.loc["cadth_k", "why"] == (
        "2 studies are stated; 2 are confirmed by name, which completes the list. Checked is the "
        "number only; the rest of the sentence is not checked."
    )


def test_support_by_directions_is_of_direction_and_counts_possible_doubles_once(
    table: pd.DataFrame,
) -> None:
    doubles = "Edmunson, Bedell, Archer & Gordon 1982 with Gordon et al. 1979"
    assert table.loc["rc_admissions", "why"] == (
        "Computed from all records here, which are not the set that Repper & Carter 2011 used, one "
        "vote per study: 9 of 9 with a sign favour peer support (0.70 to 1.00, p 0.004); 9 of 10 "
        "with the 1 without a sign or tied counted against (0.60 to 0.98, p 0.021). 10 results "
        "counted, 3 left out (contrast type no comparison, contrast type other, contrast "
        "type subgroup); a count of directions says nothing of size. The share stays above one "
        "half even when they count against. With possible reports of one study "
        f"({doubles}) counted once: 8 of 8 with a sign favour peer support (0.68 to 1.00, p "
        "0.008); 8 of 9 with the 1 without a sign or tied counted against (0.57 to 0.98, p 0.039). "
        "Without the limit to initiative type peer support service or peer delivered service: 10 "
        "of 10 with a sign favour peer support (0.72 to 1.00, p 0.002); 10 of 11 with the 1 "
        "without a sign or tied counted against (0.62 to 0.98, p 0.012). With possible reports of "
        f"one study ({doubles}) counted once: 9 of 9 with a sign favour peer support (0.70 to "
        "1.00, p 0.004); 9 of 10 with the 1 without a sign or tied counted against (0.60 to 0.98, "
        "p 0.021). What is supported is that the results agree in direction, not a size and not a "
        "cause."
    )


def test_support_that_hangs_on_a_possible_double_is_no_support(copied: Copy) -> None:
    narrow = "initiative_type=peer_support_service|peer_delivered_service"
    several = "same_study=sledge_2011+min_2007+klein_1998+johnson_2018+reynolds_2004+clarke_2000"
    copied.plan("rc_admissions", "direction", f"{narrow};{several}")
    row = copied.claims().loc["rc_admissions"]
    assert row["verdict"] == "not_checkable"
    assert "4 of 5 with the 1 without a sign or tied counted against" in row["why"]
    assert row["why"].endswith("The answer depends on that.")


def test_a_domain_without_signs_is_said_in_words(table: pd.DataFrame) -> None:
    row = table.loc["chapter_pistrang_bereavement"]
    assert row["computed"] == "no study with a sign among 2 studies"
    assert row["why"] == (
        "Computed from all records here, which are not the set that Pistrang, Barker & Humphreys "
        "(2008; cited as 2010) used, one vote per study: no study with a sign, 2 without a sign or "
        "tied. 11 results counted, 4 left out (contrast type within members); a count of "
        "directions says nothing of size. The records do not settle it."
    )


def test_a_rank_is_said_in_words(table: pd.DataFrame) -> None:
    assert table.loc["chapter_rc_admissions", "why"] == (
        "Computed from all records here, which are not the set that Repper & Carter 2011 used: "
        "studies that favour peer support in hospitalisation (the lower, when several) against 18 "
        "other domains with at least 3 studies: share among studies with a sign 1.00, no other "
        "domain has a higher one and 15 other domains have the same; share with those without a "
        "sign counted against 0.90, 6 other domains have a higher one and no other domain has the "
        "same. The records do not settle it."
    )


def test_nothing_is_counted_where_nothing_is_confirmed(table: pd.DataFrame) -> None:
    row = table.loc["pistrang_k_positive"]
    assert row["computed"] == "no study confirmed by name"
    assert row["why"] == (
        "7 studies are stated to conclude benefit; none of the 12 is confirmed by name (15 "
        "candidates do not count), so nothing can be counted."
    )


def test_no_text_shows_an_id(bundled: Claims, table: pd.DataFrame) -> None:
    ev = pe.load()
    ids = {*ev.review_findings["finding_id"], *ev.reviews["review_id"], *ev.studies["study_id"]}
    shown = " ".join([*table["why"], *table["computed"], *table["others"]])
    assert [name for name in sorted(ids) if name in shown] == []
    assert not any("0 of 0" in text for text in [*table["why"], *table["computed"]])
    assert bundled.untested["reason"].notna().all()


def test_twelve_stated_none_confirmed(table: pd.DataFrame) -> None:
    row = table.loc["chapter_pistrang_k"]
    assert row[["stated", "computed", "verdict"]].tolist() == [
        *("12", "0 confirmed by name", "not_checkable")
    ]
    assert row["why"] == (
        "12 studies are stated; none is confirmed by name (15 candidates do not count). Pistrang, "
        "Barker & Humphreys (2008; cited as 2010) (abstract) states the same number; that texts "
        "agree is no check. Checked is the number only; the rest of the sentence is not checked."
    )


def test_candidates_are_never_read_as_members(table: pd.DataFrame) -> None:
    members = table[(table["basis"] == "members") & table["review_id"].isin(TEXTS)]
    assert (members["verdict"] == "not_checkable").all()
    assert len(members) == 13


def test_texts_that_agree_support_nothing(copied: Copy, table: pd.DataFrame) -> None:
    def edit(rows: Rows) -> None:
        for row in by_column(rows, finding_id="pistrang_k"):
            row["value"] = "13"

    changed = copied.change("review_findings", edit).claims()
    assert changed.loc["chapter_pistrang_k", "verdict"] == "not_checkable"
    assert (
        "(2008; cited as 2010) (abstract) states 13; that texts agree is no check"
        in (changed.loc["chapter_pistrang_k", "why"])
    )


def test_a_number_read_back_from_the_review_supports_nothing(copied: Copy) -> None:
    def edit(rows: Rows) -> None:
        for row in by_column(rows, review_id="cadth_2022"):
            row["k_studies"] = row["k_randomised"] = "40"

    assert copied.change("reviews", edit).claims().loc["cadth_k", "verdict"] == "supported"


@pytest.mark.parametrize(
    ("number", "verdict", "why"),
    [
        (
            11,
            "not_checkable",
            "12 studies are stated; 11 are confirmed by name (4 candidates do not count)",
        ),
        (
            12,
            "supported",
            "12 studies are stated; 12 are confirmed by name (3 candidates do not count), which "
            "completes the list",
        ),
        (
            13,
            "contradicted",
            "12 studies are stated; 13 are confirmed by name (2 candidates do not count)",
        ),
    ],
)
def test_confirmed_studies_change_the_verdict(
    copied: Copy, number: int, verdict: str, why: str
) -> None:
    row = copied.confirm("pistrang_2010", number).claims().loc["pistrang_k"]
    assert row["verdict"] == verdict
    assert row["why"].split(". ")[0] == why


@pytest.mark.parametrize(
    ("number", "verdict"), [(6, "not_checkable"), (7, "supported"), (8, "contradicted")]
)
def test_trials_are_counted_by_role(copied: Copy, number: int, verdict: str) -> None:
    copied.confirm("repper_carter_2011", number, role="rct")
    assert copied.claims().loc["chapter_rc_k_rct", "verdict"] == verdict


def test_a_study_of_unknown_role_leaves_a_full_list_open(copied: Copy) -> None:
    copied.confirm("repper_carter_2011", 7, role="rct")

    def edit(rows: Rows) -> None:
        other = by_column(rows, review_id="repper_carter_2011", status="candidate")[0]
        other |= {"status": "confirmed", "role": "unknown"}

    row = copied.change("inclusions", edit).claims().loc["chapter_rc_k_rct"]
    assert row["verdict"] == "not_checkable"
    assert ", and 1 study of unknown role may add to them. " in row["why"]


def test_a_confirmed_list_that_shrinks_takes_support_away(copied: Copy) -> None:
    def edit(rows: Rows) -> None:
        by_column(rows, review_id="cadth_2022")[0]["status"] = "rejected"

    assert copied.change("inclusions", edit).claims().loc["cadth_k", "verdict"] == "not_checkable"


def conclude(copied: Copy, conclusions: list[str]) -> pd.DataFrame:
    """Confirm twelve studies and give each one comparative result with a conclusion."""
    copied.confirm("pistrang_2010", 12)
    links = pe.load(copied.folder).inclusions
    inside = links.query("review_id == 'pistrang_2010' and status == 'confirmed'")
    names = list(inside["study_id"])

    def edit(rows: Rows) -> Rows:
        kept = [row for row in rows if row["study_id"] not in names]
        model = dict.fromkeys(rows[0], "") | {"domain": "symptoms", "measure": "m"}
        model |= {"contrast": "c", "contrast_type": "intervention_vs_comparison"}
        model |= {"effect_direction": "unclear", "poolable": "no", "source": "s"}
        model |= {"confidence": "primary"}
        new = [
            model | {"outcome_id": f"{name}.new", "study_id": name, "reported_conclusion": word}
            for name, word in zip(names, conclusions, strict=False)
        ]
        return kept + new

    return copied.change("outcomes", edit).claims()


def test_the_tally_of_twelve_confirmed_studies_supports_or_contradicts(copied: Copy) -> None:
    found = conclude(copied, ["benefit"] * 7 + ["no_difference"] * 5)
    tallies = ["pistrang_k_positive", "pistrang_k_nodiff", "pistrang_k_negative"]
    assert found.loc[tallies, "verdict"].tolist() == ["supported"] * 3


def test_another_tally_contradicts(copied: Copy) -> None:
    found = conclude(copied, ["benefit"] * 6 + ["no_difference"] * 5 + ["harm"])
    tallies = ["pistrang_k_positive", "pistrang_k_nodiff", "pistrang_k_negative"]
    assert found.loc[tallies, "verdict"].tolist() == ["contradicted", "supported", "contradicted"]


def test_unclear_and_missing_results_leave_the_tally_open(copied: Copy) -> None:
    found = conclude(copied, ["benefit"] * 6 + ["no_difference"] * 4 + ["unclear"])
    row = found.loc["pistrang_k_positive"]
    assert row["verdict"] == "not_checkable"
    assert row["why"] == (
        "7 studies are stated to conclude benefit; of the 12 in the review 12 are confirmed by "
        "name (3 candidates do not count), which leaves between 6 and 8."
    )


def test_signs_turned_around_contradict(copied: Copy) -> None:
    opposite = {
        "favours_intervention": "favours_comparison",
        "favours_comparison": "favours_intervention",
    }

    def edit(rows: Rows) -> None:
        for row in by_column(rows, domain="hospitalisation"):
            direction = row["effect_direction"]
            row["effect_direction"] = opposite.get(direction, direction)
            for column in list(row):
                if column.startswith(("mean_", "sd_", "events_")):
                    row[column] = ""

    found = copied.change("outcomes", edit).claims()
    assert found.loc["rc_admissions", "verdict"] == "contradicted"


def test_signs_taken_away_leave_it_open(copied: Copy) -> None:
    def edit(rows: Rows) -> None:
        for row in by_column(rows, domain="hospitalisation")[::2]:
            row["effect_direction"] = "unclear"

    found = copied.change("outcomes", edit).claims()
    assert found.loc["rc_admissions", "verdict"] == "not_checkable"


def test_support_that_hangs_on_a_limit_is_no_support(table: pd.DataFrame, copied: Copy) -> None:
    assert table.loc["chapter_rc_empowerment", "why"].endswith("The answer depends on that limit.")

    def edit(rows: Rows) -> None:
        for row in by_column(rows, domain="empowerment"):
            row["effect_direction"] = "favours_intervention"

    found = copied.change("outcomes", edit).claims()
    assert found.loc["chapter_rc_empowerment", "verdict"] == "supported"


def test_admissions_are_the_most_consistent_when_others_are_less_so(copied: Copy) -> None:
    def edit(rows: Rows) -> None:
        studies: dict[str, str] = {}
        for row in rows:
            hospital = row["domain"] in {"hospitalisation", "community_tenure"}
            first = studies.setdefault(row["domain"], row["study_id"]) == row["study_id"]
            row["effect_direction"] = "favours_intervention" if hospital else "unclear"
            if first and not hospital:
                row["effect_direction"] = "favours_comparison"
            for column in list(row):
                if column.startswith(("mean_", "sd_", "events_")):
                    row[column] = ""

    found = copied.change("outcomes", edit).claims()
    assert found.loc["chapter_rc_tenure", "verdict"] == "supported"


def test_admissions_behind_another_domain_are_not(copied: Copy) -> None:
    def edit(rows: Rows) -> None:
        for row in by_column(rows, domain="hospitalisation", study_id="min_2007"):
            row["effect_direction"] = "favours_comparison"

    found = copied.change("outcomes", edit).claims()
    assert found.loc["chapter_rc_admissions", "verdict"] == "contradicted"


def test_an_absence_shows_nothing_unless_the_records_are_complete(
    copied: Copy, table: pd.DataFrame
) -> None:
    row = table.loc["chapter_need_organisational"]
    assert (row["verdict"], row["why"]) == (
        "not_checkable",
        "1 of 69 studies, 0 of 222 comparative results in these records are of the organisational "
        "level, but the records are no complete search: that they hold none cannot show that none "
        "exists.",
    )
    plan = "level=organisational;complete=yes"
    copied.plan("chapter_need_organisational", "absent_level", plan)
    assert copied.claims().loc["chapter_need_organisational", "verdict"] == "supported"


def test_a_comparative_result_of_the_level_contradicts_its_absence(copied: Copy) -> None:
    def edit(rows: Rows) -> None:
        by_column(rows, study_id="sledge_2011")[0]["level"] = "organisational"

    row = copied.change("studies", edit).claims().loc["chapter_need_organisational"]
    assert row["verdict"] == "contradicted"
    assert row["computed"] == "2 of 69 studies, 2 of 222 comparative results"


def test_records_are_no_sample_unless_they_are_said_to_be(
    copied: Copy, table: pd.DataFrame
) -> None:
    assert table.loc["chapter_evidence_mix", "computed"] == "42 of 69 recorded studies"
    assert table.loc["chapter_evidence_mix", "verdict"] == "not_checkable"
    copied.plan("chapter_evidence_mix", "design_share", "design=cohort;sample=yes")
    assert copied.claims().loc["chapter_evidence_mix", "verdict"] == "supported"

    def edit(rows: Rows) -> None:
        for row in rows:
            row["design"] = "cohort"

    copied.change("studies", edit)
    assert copied.claims().loc["chapter_evidence_mix", "verdict"] == "contradicted"


def test_no_moderation_needs_signs_in_every_group(copied: Copy, table: pd.DataFrame) -> None:
    assert table.loc["pistrang_no_moderation", "verdict"] == "not_checkable"
    groups = "by=domain;groups=hope|hospitalisation"
    copied.plan("pistrang_no_moderation", "no_moderation", groups)
    assert copied.claims().loc["pistrang_no_moderation", "verdict"] == "supported"

    def edit(rows: Rows) -> None:
        for row in by_column(rows, domain="hope"):
            row["effect_direction"] = "favours_comparison"
            for column in list(row):
                if column.startswith(("mean_", "sd_", "events_")):
                    row[column] = ""

    copied.change("outcomes", edit)
    assert copied.claims().loc["pistrang_no_moderation", "verdict"] == "contradicted"


def test_results_that_all_agree_leave_nothing_to_explain(copied: Copy) -> None:
    def edit(rows: Rows) -> None:
        for row in rows:
            row["reported_conclusion"] = "benefit"

    found = copied.change("outcomes", edit).claims()
    assert found.loc["chapter_rc_inconsistent", "verdict"] == "contradicted"


def test_kinds_and_spread_of_members(copied: Copy) -> None:
    copied.plan("white_k", "member_spread", "column=design;at_least=2")
    copied.plan("cadth_k", "member_kinds", "column=design;values=randomised_trial")
    copied.plan("chien_k", "member_kinds", "column=design;values=qualitative")
    copied.plan("fuhr_k", "member_spread", "column=design")
    found = copied.claims()
    verdicts = found.loc[["white_k", "cadth_k", "chien_k", "fuhr_k"], "verdict"].tolist()
    assert verdicts == ["supported", "supported", "contradicted", "not_checkable"]
    copied.plan("cadth_k", "member_spread", "column=design")
    assert copied.claims().loc["cadth_k", "verdict"] == "contradicted"


def test_what_states_no_number_or_has_too_few_studies_is_not_checkable(copied: Copy) -> None:
    copied.plan("rc_admissions", "member_tally", "conclusion=benefit")
    copied.plan("rc_other_gains", "most_consistent", "domain=adverse_events")
    why = copied.claims().loc[["rc_admissions", "rc_other_gains"], "why"]
    assert why.tolist() == [
        "No whole number is stated (found 'benefit').",
        "Fewer than 3 recorded studies compare adverse events.",
    ]


def test_one_review_only() -> None:
    ev = pe.load()
    found = pe.check_claims(ev, review="repper_carter_2011").to_frame()
    assert list(found["finding_id"]) == [
        *("rc_admissions", "rc_other_gains", "rc_system_change", "rc_challenges")
    ]
    with pytest.raises(pe.InputError) as caught:
        pe.check_claims(ev, review="pistrang_2011")
    assert str(caught.value).endswith("did you mean 'pistrang_2010'?")


@pytest.mark.parametrize(
    ("check", "arguments", "message"),
    [
        (
            "direction",
            "domain",
            "found 'domain', allowed is name=value or name=value|value, each name "
            "once, separated by ;",
        ),
        (
            "direction",
            "domein=hope",
            "select: no column 'domein' in outcomes or studies; did you mean 'domain'?",
        ),
        ("direction", "year=2004", "year: found a column of numbers, allowed are columns of words"),
        (
            "member_count",
            "roles=rct",
            "found 'roles', allowed are 'role'; did you mean 'role'?",
        ),
        (
            "member_count",
            "role=trial",
            "role: found 'trial', allowed are 'rct', 'other', 'unknown'",
        ),
        ("absent_level", "", "level: found nothing, the check needs it, as level=value"),
        (
            "member_spread",
            "column=design;at_least=few",
            "at_least: found 'few', allowed is a whole number",
        ),
        (
            "member_spread",
            "column=design|level",
            "column: found 'design|level', allowed is one value",
        ),
        ("none", "role=rct", "found 'role', allowed are 'no argument'"),
    ],
)
def test_wrong_arguments_are_said_with_the_statement(
    copied: Copy, check: str, arguments: str, message: str
) -> None:
    copied.plan("rc_admissions", check, arguments)
    where = "claims.csv:43: arguments"
    assert copied.message() == f"1 fault in what is to be checked:\n  {where}: {message}"


def test_all_wrong_arguments_are_said_at_once_with_their_lines(copied: Copy) -> None:
    def edit(rows: Rows) -> None:
        by_column(rows, finding_id="pistrang_k")[0]["arguments"] = "role=trial"
        wrong = "initiative_typ=x;not_domain=hopes;same_study=edmundson_1982"
        by_column(rows, finding_id="rc_admissions")[0]["arguments"] = wrong
        by_column(rows, finding_id="rc_other_gains")[0]["arguments"] = "same_study=nobody+sledge"
        by_column(rows, finding_id="pistrang_quality")[0]["arguments"] = "column=design;at_least=x"

    message = copied.change("claims", edit).message().splitlines()
    message[4] = message[4].split(", allowed")[0]
    assert message == [
        "5 faults in what is to be checked:",
        "  claims.csv:31: arguments: role: found 'trial', allowed are 'rct', 'other', 'unknown'",
        "  claims.csv:37: arguments: at_least: found 'x', allowed is a whole number",
        "  claims.csv:39: arguments: select: no column 'initiative_typ' in outcomes or studies; "
        "did you mean 'initiative_type'?",
        "  claims.csv:39: arguments: not_domain: found 'hopes'",
        "  claims.csv:40: arguments: same_study: found 'nobody+sledge', allowed are ids of two or "
        "more studies joined by +",
    ]


def test_arguments_name_each_thing_once() -> None:
    assert parse_arguments("") == {}
    with pytest.raises(pe.InputError):
        parse_arguments("role=rct;role=other")


def test_a_package_without_findings_has_no_claims(tmp_path: Path) -> None:
    for name in ("studies", "outcomes", "vocabulary"):
        shutil.copy(DATA / f"{name}.csv", tmp_path)
    shutil.copytree(DATA / "framework", tmp_path / "framework")
    shutil.copy(DATA / "codebook.csv", tmp_path)
    found = pe.check_claims(pe.load(tmp_path))
    assert found.summary() == "0 claims: 0 supported, 0 contradicted, 0 not checkable"
    assert found.to_frame().empty


def test_another_topic_uses_its_own_words(tmp_path: Path) -> None:
    text = {
        "studies": "study_id,label,design,level,population,problem_type,intervention,"
        "initiative_type,comparator,comparator_type,source,confidence\n"
        + "".join(
            f"s{n},Study {n},cohort,individual,p,reading,i,tutoring,c,usual,s,primary\n"
            for n in range(6)
        ),
        "outcomes": "outcome_id,study_id,domain,measure,contrast,contrast_type,better_is,"
        "reported_conclusion,effect_direction,poolable,source,confidence\n"
        + "".join(
            f"s{n}.a,s{n},marks,m,c,intervention_vs_comparison,higher,benefit,"
            "favours_intervention,no,s,primary\n"
            for n in range(6)
        ),
        "reviews": "review_id,label,question,source,confidence\nr,Review R,q,s,primary\n",
        "inclusions": "review_id,study_id,role,status,source,confidence\n"
        + "".join(f"r,s{n},other,confirmed,s,primary\n" for n in range(6)),
        "review_findings": "finding_id,review_id,scope,quantity,value,statement,reported_in,"
        "source,confidence\n"
        "k,r,all,k_included,6,Six studies.,r,s,primary\n"
        "p,r,all,k_positive,5,Five gained.,r,s,primary\n"
        "d,r,marks,statement,,Marks rise.,r,s,primary\n",
        "claims": "finding_id,check\nd,direction\n",
        "vocabulary": "vocabulary,value,label\ndomain,marks,Marks\nproblem_type,reading,R\n"
        "initiative_type,tutoring,T\ncomparator_type,usual,U\n",
        "package": "field,value\nintervention,tutoring\n",
    }
    for name, content in text.items():
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
    found = pe.check_claims(pe.load(tmp_path))
    verdicts = found.to_frame().set_index("finding_id")["verdict"].to_dict()
    assert verdicts == {"k": "supported", "p": "contradicted", "d": "supported"}
    assert "6 of 6 with a sign favour tutoring" in found.summary()
    assert "peer" not in found.summary()
