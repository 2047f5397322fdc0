"""The records loaded: counts, types, questions put to them, and where each cell comes from."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe

if TYPE_CHECKING:
    from conftest import Small

DATA = Path(__file__).parents[2] / "data"
COUNTS = {
    "studies": 69,
    "outcomes": 272,
    "reviews": 28,
    "inclusions": 78,
    "review_findings": 110,
    "pooled_results": 55,
    "risk_of_bias": 57,
    "certainty": 19,
}
FRAMEWORK = {
    "benefits": 14,
    "challenges": 5,
    "continuum": 5,
    "evidence_needs": 4,
    "group_focus": 3,
    "journey": 5,
    "recommendations": 1,
    "service_example": 8,
    "tensions": 5,
    "terms": 12,
}


@pytest.fixture(scope="module")
def loaded() -> pe.Evidence:
    return pe.load()


def cells_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_the_bundled_records_are_sound() -> None:
    assert pe.validate() == []
    assert pe.validate(DATA) == []


@pytest.mark.parametrize(("table", "rows"), COUNTS.items())
def test_row_counts(loaded: pe.Evidence, table: str, rows: int) -> None:
    assert len(getattr(loaded, table)) == rows
    assert loaded.row_counts()[table] == rows
    assert len(cells_of(DATA / f"{table}.csv")) == rows


def test_framework_row_counts(loaded: pe.Evidence) -> None:
    assert {name: len(frame) for name, frame in loaded.framework.items()} == FRAMEWORK


def test_every_cell_of_every_table_is_kept(loaded: pe.Evidence) -> None:
    """What the typed frames hold is what the files say, cell by cell."""
    for name in loaded.tables:
        frame, rows = loaded.table(name), cells_of(DATA / f"{name}.csv")
        assert len(frame) == len(rows)
        for column in frame.columns:
            for value, row in zip(frame[column], rows, strict=True):
                text = row[column]
                if pd.isna(value):
                    assert text == "", (name, column)
                elif isinstance(value, str):
                    assert value == text, (name, column)
                else:
                    assert float(value) == float(text), (name, column)


def test_types_are_real(loaded: pe.Evidence) -> None:
    for name in loaded.tables:
        for column, dtype in loaded.table(name).dtypes.items():
            assert str(dtype) != "object", (name, column)
            if isinstance(dtype, pd.CategoricalDtype):
                assert dtype.ordered, (name, column)
                assert dtype.categories.dtype == "str", (name, column)
            else:
                assert str(dtype) in {"Int64", "Float64", "str"}, (name, column)


def test_types_of_the_outcomes(loaded: pe.Evidence) -> None:
    types = {str(name): str(dtype) for name, dtype in loaded.outcomes.dtypes.items()}
    whole = {name for name, dtype in types.items() if dtype == "Int64"}
    assert whole == {
        *("events_intervention", "n_intervention", "events_comparison", "n_comparison"),
    }
    assert {name for name, dtype in types.items() if dtype == "Float64"} == {
        *("timepoint_months", "estimate", "ci_low", "ci_high", "p_value"),
        *("mean_intervention", "sd_intervention", "mean_comparison", "sd_comparison"),
    }
    assert {name for name, dtype in types.items() if dtype == "category"} == {
        *("domain", "contrast_type", "better_is", "reported_conclusion", "effect_direction"),
        *("effect_measure", "p_relation", "p_tails", "adjusted", "poolable", "confidence"),
    }
    domains = list(loaded.outcomes["domain"].cat.categories)
    assert domains[:2] == ["hospitalisation", "hospital_days"]
    assert list(loaded.outcomes["better_is"].cat.categories) == ["lower", "higher"]


def test_frames_are_copies(loaded: pe.Evidence) -> None:
    for give in (
        lambda: loaded.studies,
        lambda: loaded.table("studies"),
        lambda: loaded.framework["terms"],
        lambda: loaded.select(),
    ):
        first = give()
        first.iloc[:, 0] = "changed"
        first["more"] = 1
        assert "changed" not in set(give().iloc[:, 0])
        assert "more" not in give().columns
    loaded.package["title"] = "changed"
    loaded.framework.clear()
    loaded.lines("studies")[:] = 0
    assert loaded.package["title"] != "changed"
    assert len(loaded.framework) == 10
    assert loaded.lines("studies")[0] == 2


def test_two_loads_are_equal_and_independent(loaded: pe.Evidence) -> None:
    other = pe.load()
    for name in loaded.tables:
        pd.testing.assert_frame_equal(loaded.table(name), other.table(name))


# --- select ------------------------------------------------------------------------------------


def selected(rows: pd.DataFrame) -> set[str]:
    return set(rows["outcome_id"])


def expected(**conditions: Any) -> set[str]:
    """Answer the same question from the files alone."""
    studies = {row["study_id"]: row for row in cells_of(DATA / "studies.csv")}
    found = set()
    for row in cells_of(DATA / "outcomes.csv"):
        joined = studies[row["study_id"]] | row
        if all(test(joined[name]) for name, test in conditions.items()):
            found.add(row["outcome_id"])
    return found


def test_select_without_conditions_gives_everything(loaded: pe.Evidence) -> None:
    rows = loaded.select()
    assert len(rows) == 272
    assert list(rows.columns[:2]) == ["outcome_id", "study_id"]
    assert {"study_source", "study_n_intervention", "design", "n_total"} <= set(rows.columns)
    assert not any(str(dtype) == "object" for dtype in rows.dtypes)


def test_select_by_one_value_several_and_a_range(loaded: pe.Evidence) -> None:
    assert selected(loaded.select(domain="hope")) == expected(domain="hope".__eq__)
    assert selected(loaded.select(domain=["hope", "cost"])) == expected(
        domain=lambda text: text in {"hope", "cost"}
    )
    assert selected(loaded.select(timepoint=(3, 7))) == expected(
        timepoint_months=lambda text: text != "" and 3 <= float(text) <= 7
    )
    assert selected(loaded.select(timepoint=(None, 3))) == expected(
        timepoint_months=lambda text: text != "" and float(text) <= 3
    )
    assert selected(loaded.select(timepoint=(9, None))) == expected(
        timepoint_months=lambda text: text != "" and float(text) >= 9
    )
    assert selected(loaded.select(timepoint=6)) == expected(
        timepoint_months=lambda text: text != "" and float(text) == 6
    )
    assert selected(loaded.select(year=[2011, 2012])) == expected(
        year=lambda text: text in {"2011", "2012"}
    )
    assert selected(loaded.select(year=range(2011, 2013))) == selected(
        loaded.select(year=np.array([2011, 2012]))
    )


def test_select_by_study_columns_and_several_conditions(loaded: pe.Evidence) -> None:
    rows = loaded.select(domain="hope", design="randomised_trial", poolable=True, timepoint=(0, 9))
    assert selected(rows) == expected(
        domain="hope".__eq__,
        design="randomised_trial".__eq__,
        poolable="yes".__eq__,
        timepoint_months=lambda text: text != "" and float(text) <= 9,
    )
    assert len(rows) > 0
    assert list(rows.index) == list(range(len(rows)))


def test_select_by_yes_and_no(loaded: pe.Evidence) -> None:
    assert len(loaded.select(poolable=True)) == 42
    assert len(loaded.select(poolable=False)) == 230
    assert selected(loaded.select(adjusted=True)) == expected(adjusted="yes".__eq__)
    with pytest.raises(pe.InputError) as caught:
        loaded.select(poolable="perhaps")  # type: ignore[arg-type]
    assert str(caught.value) == "poolable: found 'perhaps', allowed are 'yes', 'no'"


def test_select_none_keeps_everything(loaded: pe.Evidence) -> None:
    assert len(loaded.select(domain=None, review=None, poolable=None, timepoint=None)) == 272


def test_select_by_review_takes_confirmed_studies_only(loaded: pe.Evidence) -> None:
    confirmed = {
        row["study_id"]
        for row in cells_of(DATA / "inclusions.csv")
        if row["review_id"] == "chien_2019" and row["status"] == "confirmed"
    }
    assert selected(loaded.select(review="chien_2019")) == expected(
        study_id=lambda text: text in confirmed
    )
    assert len(loaded.select(review="pistrang_2010")) == 0


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (
            {"desing": "cohort"},
            "select: no column 'desing' in outcomes or studies; did you mean 'design'?",
        ),
        ({"zzz": 1}, "select: no column 'zzz' in outcomes or studies"),
        (
            {"better_is": "higer"},
            "better_is: found 'higer', allowed are 'lower', 'higher'; did you mean 'higher'?",
        ),
        ({"better_is": ["lower", 3]}, "better_is: found 3, allowed are 'lower', 'higher'"),
        (
            {"study_id": "sledge_2010"},
            "study_id: found 'sledge_2010', which no row holds; did you mean 'sledge_2011'?",
        ),
        (
            {"timepoint": (1, 2, 3)},
            "timepoint_months: found (1, 2, 3), allowed is one number, a list of numbers or a "
            "(low, high) pair",
        ),
        ({"timepoint": (7, 3)}, "timepoint_months: found (7, 3), allowed is the lower end first"),
        (
            {"timepoint": "6"},
            "timepoint_months: found '6', allowed is one number, a list of numbers or a "
            "(low, high) pair",
        ),
        (
            {"timepoint": ("a", 3)},
            "timepoint_months: found ('a', 3), allowed is one number, a list of numbers or a "
            "(low, high) pair",
        ),
        (
            {"timepoint": object},
            "timepoint_months: found <class 'object'>, allowed is one number, a list of numbers "
            "or a (low, high) pair",
        ),
    ],
)
def test_select_says_what_is_wrong(
    loaded: pe.Evidence, conditions: dict[str, Any], message: str
) -> None:
    with pytest.raises(pe.InputError) as caught:
        loaded.select(**conditions)
    assert str(caught.value) == message


def test_select_names_the_nearest_review(loaded: pe.Evidence) -> None:
    with pytest.raises(pe.InputError, match=r"^review: found 'chien_2018', .*'chien_2019'\?$"):
        loaded.select(review="chien_2018")


# --- provenance --------------------------------------------------------------------------------


def test_every_cell_with_a_source_is_traced_to_its_line(loaded: pe.Evidence) -> None:
    traced = 0
    for name in loaded.tables:
        file = DATA / f"{name}.csv"
        rows = cells_of(file)
        if "source" not in rows[0]:
            continue
        key = loaded._package.tables[name].key
        lines = file.read_text(encoding="utf-8").split("\n")
        for row in rows:
            row_id = tuple(row[part] for part in key) if len(key) > 1 else row[key[0]]
            for column, text in row.items():
                where = loaded.provenance(row_id, column, name)
                assert (where.table, where.file, where.value) == (name, f"{name}.csv", text)
                assert where.row_id == " + ".join(row[part] for part in key)
                assert where.source == row["source"] != ""
                assert where.locator == row["locator"]
                assert where.confidence == row.get("confidence", "")
                traced += 1
            assert lines[where.line - 1].startswith(rows[rows.index(row)][next(iter(row))][:8])
    assert traced > 10_000


def test_composite_keys_and_framework_rows(loaded: pe.Evidence) -> None:
    where = loaded.provenance(("chien_2019", "craig_2004"), "status")
    assert (where.value, where.table) == ("rejected", "inclusions")
    where = loaded.provenance(1, "what_happens", "framework/journey")
    assert where.value.startswith("Sam wants a job")
    assert where.source == ""


def test_provenance_speaks(loaded: pe.Evidence) -> None:
    where = loaded.provenance("sledge_2011.hospital_days_9m", "mean_intervention")
    assert str(where) == where.summary()
    assert where.summary().splitlines()[:2] == [
        f"outcomes.csv:{where.line}: mean_intervention of sledge_2011.hospital_days_9m is '10.08'",
        f"source: {where.source}, {where.locator}",
    ]
    assert where.to_frame().shape == (1, 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("sledge_2010", "year"),
            "row_id: found 'sledge_2010', which is no row of the records; did you mean "
            "'sledge_2011'?",
        ),
        (((), "year"), "row_id: found (), allowed is the key of a row, or a tuple of the parts of "
         "its key"),
        ((None, "year"), "row_id: found None, allowed is the key of a row, or a tuple of the "
         "parts of its key"),
        ((("a", "b", "c", "d"), "year"), "row_id: found ('a', 'b', 'c', 'd'), which is no row of "
         "the records"),
    ],
)  # fmt: skip
def test_provenance_of_no_row(
    loaded: pe.Evidence, arguments: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(pe.InputError) as caught:
        loaded.provenance(*arguments)
    assert str(caught.value) == message


def test_provenance_of_no_column_or_table(loaded: pe.Evidence) -> None:
    with pytest.raises(pe.InputError, match=r"^column: found 'yaer', .*did you mean 'year'\?$"):
        loaded.provenance("sledge_2011", "yaer")
    with pytest.raises(pe.InputError, match=r"^table: found 'study', .*did you mean 'studies'\?$"):
        loaded.provenance("sledge_2011", "year", "study")


def test_provenance_of_a_row_id_in_two_tables(small: Small) -> None:
    small.tables["reviews.csv"].append(
        small.tables["reviews.csv"][0] | {"review_id": "trial_a", "authors": "Ngata P"}
    )
    for row in small.tables["reviews.csv"]:
        row.setdefault("authors", "")
    ev = pe.load(small.write())
    with pytest.raises(pe.InputError) as caught:
        ev.provenance("trial_a", "authors")
    assert str(caught.value) == (
        "table: 'trial_a' is a row of several tables, say which: 'studies', 'reviews'"
    )
    assert ev.provenance("trial_a", "authors", "reviews").value == "Ngata P"
    assert ev.provenance("trial_a", "k_studies").table == "reviews"


# --- packages of another topic -----------------------------------------------------------------


def test_a_package_of_another_topic(small: Small) -> None:
    ev = pe.load(small.write())
    assert list(ev.outcomes["domain"].cat.categories) == ["infection", "admission"]
    assert list(ev.studies["problem_type"].cat.categories) == ["influenza"]
    assert ev.vocabularies.label("domain", "infection") == "Infection"
    assert ev.package["intervention"] == "the intervention"
    assert ev.name == "review"
    assert len(ev.select(review="review_1")) == 1
    assert ev.provenance(("review_1", "trial_a"), "role").value == "rct"


def test_two_files_are_enough(small: Small) -> None:
    small.keep("studies.csv", "outcomes.csv")
    ev = pe.load(small.write())
    assert ev.row_counts() == {"studies": 2, "outcomes": 2}
    assert ev.tables == ["studies", "outcomes"]
    assert list(ev.outcomes["domain"].cat.categories) == ["infection"]
    assert ev.reviews.empty
    assert list(ev.pooled_results.columns[:2]) == ["pooled_id", "review_id"]
    assert ev.framework == {}
    assert "rows: studies 2, outcomes 2, and 0 framework tables" in ev.summary()
    assert ev.summary() == repr(ev)
    assert "<table" in ev._repr_html_()


def test_tables_without_rows(small: Small) -> None:
    for file in list(small.tables):
        small.replace(file, small.text(file).split("\n")[0])
    small.replace("framework/continuum.csv", "relationship,description\n")
    ev = pe.load(small.write())
    assert set(ev.row_counts().values()) == {0}
    assert len(ev.select(domain=None, timepoint=(0, 3))) == 0
    for name in ev.tables:
        frame = ev.table(name)
        assert not any(str(dtype) == "object" for dtype in frame.dtypes)
        for dtype in frame.dtypes:
            if isinstance(dtype, pd.CategoricalDtype):
                assert dtype.categories.dtype == "str"


def test_columns_that_a_file_leaves_out_are_there_and_empty(small: Small) -> None:
    ev = pe.load(small.write())
    assert ev.studies["pmid"].isna().all()
    assert str(ev.studies["pmid"].dtype) == "Int64"


def test_words_from_a_framework_table(small: Small) -> None:
    small.keep("studies.csv", "outcomes.csv")
    small.replace("framework/places.csv", "problem_type,what\ninfluenza,a virus\nmeasles,another\n")
    ev = pe.load(small.write())
    assert list(ev.studies["problem_type"].cat.categories) == ["influenza", "measles"]
    small.tables["studies.csv"][0]["problem_type"] = "influenca"
    assert small.faults() == [
        "studies.csv:2: problem_type: must be one of influenza, measles (did you mean "
        "'influenza'?), found 'influenca'"
    ]
