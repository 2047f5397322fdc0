"""Two extractions laid side by side: frames, reviews, folders."""

import io

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.living.agreement import cohen_kappa, gwet_ac1
from peer_evidence.records.tables import METHOD_WORDS

WORDS = pd.CategoricalDtype(["low", "some", "high"])


def extractions():
    a = pd.DataFrame(
        {
            "study": ["s1", "s2", "s3", "s4", "s5", "s6"],
            "arm": ["x"] * 6,
            "n": [40.0, 50.0, 60.0, np.nan, 80.0, np.nan],
            "bias": ["low", "some", "high", "low", None, None],
            "blind": [True, False, True, True, False, True],
        }
    )
    b = a.assign(
        n=[40.0, 50.4, 66.0, 70.0, np.nan, np.nan],
        bias=["low", "high", "high", "low", "low", None],
    )
    return a, b


def by_column(found):
    return found.to_frame().set_index("column")


def test_cells_of_each_kind():
    a, b = extractions()
    found = pe.compare_extractions(a, b, key="study", tolerance=0.5)
    row = by_column(found)
    names = ["rows", "equal", "within", "differ", "only_a", "only_b", "both_empty"]
    assert row.loc["n", names].tolist() == [6, 1, 1, 1, 1, 1, 1]
    assert row.loc["bias", names].tolist() == [6, 3, 0, 1, 0, 1, 1]
    assert row.loc["blind", names].tolist() == [6, 6, 0, 0, 0, 0, 0]
    assert row["kind"].tolist() == ["category", "number", "category", "category"]
    assert row.loc["n", "agreement"] == pytest.approx(2 / 6)
    assert row.loc["bias", "agreement"] == pytest.approx(4 / 6)
    assert np.isnan(row.loc["n", "kappa"])
    assert found.disagreements.to_numpy().tolist() == [
        ["records", "s3", "n", "60", "66", "differ"],
        ["records", "s4", "n", "", "70", "only in b"],
        ["records", "s5", "n", "80", "", "only in a"],
        ["records", "s2", "bias", "some", "high", "differ"],
        ["records", "s5", "bias", "", "low", "only in b"],
    ]
    assert found.summary().splitlines() == [
        "6 rows in both extractions: 16 of 22 cells that either filled are equal, 1 more within "
        "the tolerance; 2 differ, 3 filled by one only",
        "  records, n: 2 of 6 agree",
        f"  records, bias: 4 of 6 agree, kappa {row.loc['bias', 'kappa']:.2f} "
        f"({row.loc['bias', 'kappa_ci_low']:.2f} to {row.loc['bias', 'kappa_ci_high']:.2f}), "
        f"AC1 {row.loc['bias', 'ac1']:.2f} "
        f"({row.loc['bias', 'ac1_ci_low']:.2f} to 1.00)",
    ]


def test_coefficients_are_those_of_the_table_of_counts():
    a, b = extractions()
    row = by_column(pe.compare_extractions(a, b, key="study", level=0.9)).loc["bias"]
    # rows a, columns b: low, some, high, empty
    counts = [[2, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [1, 0, 0, 1]]
    for name, one in (("kappa", cohen_kappa(counts)), ("ac1", gwet_ac1(counts))):
        assert row[name] == pytest.approx(float(one.value), rel=1e-12)
        assert row[f"{name}_se"] == pytest.approx(float(one.se), rel=1e-12)
        low = float(one.value) - 1.6448536269514722 * float(one.se)
        assert row[f"{name}_ci_low"] == pytest.approx(low, rel=1e-9)
    assert row["categories"] == 4
    apart = by_column(pe.compare_extractions(a, b, key="study", empty="apart")).loc["bias"]
    assert apart["compared"] == 4
    assert apart["agreement"] == 3 / 4
    kappa = cohen_kappa([[2, 0, 0], [0, 0, 1], [0, 0, 1]])
    assert apart["kappa"] == pytest.approx(float(kappa.value), rel=1e-12)
    assert apart["only_b"] == 1  # counted all the same


def test_categories_that_a_column_allows_count_for_ac1():
    a, b = extractions()
    a, b = a.iloc[:4], b.iloc[:4].assign(bias=["low", "high", "high", "low"])
    plain = by_column(
        pe.compare_extractions(a.assign(bias=["low", "low", "high", "low"]), b, "study")
    )
    named = by_column(
        pe.compare_extractions(
            a.assign(bias=pd.Categorical(["low", "low", "high", "low"], dtype=WORDS)),
            b.assign(bias=b["bias"].astype(WORDS)),
            "study",
        )
    )
    assert plain.loc["bias", "categories"] == 2
    assert named.loc["bias", "categories"] == 3
    assert named.loc["bias", "ac1"] > plain.loc["bias", "ac1"]
    assert named.loc["bias", "kappa"] == pytest.approx(plain.loc["bias", "kappa"])


def test_where_a_coefficient_or_interval_does_not_exist():
    a, _ = extractions()
    row = by_column(pe.compare_extractions(a, a, key="study"))
    assert row.loc["arm", "note"] == "one category only: no kappa, no AC1"
    assert row.loc["bias", "note"] == "nothing disagrees: no interval"
    assert row.loc["bias", "kappa"] == 1.0
    assert np.isnan(row.loc["bias", "kappa_ci_low"])
    one = a.assign(bias=pd.Categorical(["low"] * 6, dtype=WORDS))
    row = by_column(pe.compare_extractions(one, one, key="study")).loc["bias"]
    assert row["note"] == "both use one category only: no kappa; nothing disagrees: no interval"
    assert np.isnan(row["kappa"])
    assert row["ac1"] == 1.0
    none = pe.compare_extractions(a.head(0), a, key="study")
    assert set(by_column(none)["note"]) == {"nothing to compare"}
    assert len(none.only_in_one) == 6
    assert none.summary().startswith("0 rows in both extractions: 0 of 0 cells")


def test_rows_in_any_order_and_rows_only_one_has():
    a, b = extractions()
    mixed = b.iloc[[4, 0, 3, 1, 5]]
    more = pd.concat([mixed, mixed.head(1).assign(study="s9")], ignore_index=True)
    found = pe.compare_extractions(a, more, key=["study", "arm"], columns=["n"])
    assert found.rows == 5
    assert found.only_in_one.to_numpy().tolist() == [
        ["records", "s3 + x", "a"],
        ["records", "s9 + x", "b"],
    ]
    assert "Rows only in a: s3 + x of records" in found.summary()
    assert set(found.disagreements["column"]) == {"n"}


def test_tables_with_nothing_but_a_key():
    a, b = (one[["study"]] for one in extractions())
    found = pe.compare_extractions(a, b, key="study")
    assert found.to_frame().empty
    assert found.to_adjudicate_csv() == "table,key,column,a,b,agreed\n"
    assert found.summary().startswith("6 rows in both extractions: 0 of 0 cells")


def test_the_sheet_to_adjudicate_runs_nothing():
    a, b = extractions()
    b.loc[1, "bias"] = "=HYPERLINK(1)"
    found = pe.compare_extractions(a, b, key="study", columns=["bias"])
    text = found.to_adjudicate_csv()
    assert text.splitlines()[0] == "table,key,column,a,b,agreed"
    assert "records,s2,bias,some,'=HYPERLINK(1)," in text
    read = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    assert read["agreed"].tolist() == [""] * 2


def test_two_reviews(small, tmp_path):
    other = small.copy()
    other.row("outcomes").update(mean_intervention="12.0", reported_conclusion="no_difference")
    other.row("outcomes", 1)["sd_comparison"] = "4.2"
    other.row("studies")["population"] = "Older adults"
    other.tables["risk_of_bias"][0]["judgement"] = "high"
    folders = [one.write(tmp_path / name) for one, name in ((small, "a"), (other, "b"))]
    found = pe.compare_extractions(*folders, tolerance={"sd_comparison": 0.5})
    frame = found.to_frame().set_index(["table", "column"])
    assert frame.loc[("outcomes", "mean_intervention"), "equal"] == 3  # 12 and 12.0
    assert frame.loc[("outcomes", "sd_comparison"), ["within", "differ"]].tolist() == [1, 0]
    conclusion = frame.loc[("outcomes", "reported_conclusion")]
    assert conclusion["kind"] == "category"
    assert conclusion["categories"] == len(METHOD_WORDS["conclusion"])
    assert conclusion["agreement"] == pytest.approx(2 / 3)
    assert frame.loc[("studies", "population"), "kind"] == "text"
    assert set(found.disagreements["table"]) == {"studies", "outcomes", "risk_of_bias"}
    assert "flow" not in set(found.columns["table"])
    loaded = pe.compare_extractions(*map(pe.load, folders), tolerance={"sd_comparison": 0.5})
    pd.testing.assert_frame_equal(loaded.to_frame(), found.to_frame())


def test_reviews_whose_handles_differ_are_matched_by_another_key(small, tmp_path):
    other = small.copy()
    for row in other.tables["outcomes"]:
        row["outcome_id"] = f"second.{row['outcome_id']}"
    folders = [one.write(tmp_path / name) for one, name in ((small, "a"), (other, "b"))]
    assert len(pe.compare_extractions(*folders).only_in_one) == 6
    found = pe.compare_extractions(
        *folders,
        {"outcomes": ["study_id", "domain", "timepoint_months"]},
        ["mean_intervention"],
    )
    assert found.rows == 3
    assert found.only_in_one.empty
    assert found.to_frame()["table"].tolist() == ["outcomes"]
    whole = pe.compare_extractions(*folders, {"outcomes": ["study_id", "domain"]})
    assert whole.disagreements.empty  # the handles themselves are no extraction


def test_the_bundled_records_agree_with_themselves(ev):
    found = pe.compare_extractions(ev, ev)
    assert found.disagreements.empty
    assert (found.columns["agreement"] == 1).all()


A, B = extractions()
REFUSED = [
    (
        lambda ev: pe.compare_extractions(A, B),
        "key: found nothing; two tables need the columns that tell their rows apart, such as "
        "key='study_id'",
    ),
    (
        lambda ev: pe.compare_extractions(A, B, key=[]),
        "key: found no column, allowed is a column or several",
    ),
    (
        lambda ev: pe.compare_extractions(A, B, key={"studies": "study"}),
        "key: found a mapping, allowed for two tables is a column or several",
    ),
    (
        lambda ev: pe.compare_extractions(A, B, key="studdy"),
        "key: no column 'studdy' (the nearest it has is 'study'); it has study, arm, n, bias, "
        "blind",
    ),
    (
        lambda ev: pe.compare_extractions(A, B, key="arm"),
        "a: the key must be unique, found 'x' more than once in records; name further columns in "
        "key",
    ),
    (
        lambda ev: pe.compare_extractions(A, B.assign(study=[None, *B["study"][1:]]), key="study"),
        "b: row 1 of records has no key (study is empty)",
    ),
    (
        lambda ev: pe.compare_extractions(A, B, key="study", columns=["m"]),
        "a: no column 'm'; it has study, arm, n, bias, blind",
    ),
    (
        lambda ev: pe.compare_extractions(A, B.rename(columns={"arm": "n"}), key="study"),
        "b: the table has several columns of the name 'n'",
    ),
    (
        lambda ev: pe.compare_extractions(A, ev, key="study"),
        "a, b: found a DataFrame and Evidence, allowed are two of a kind",
    ),
    (
        lambda ev: pe.compare_extractions(A, B, key="study", tolerance=-1),
        "tolerance: found -1, allowed is a number of at least 0",
    ),
    (
        lambda ev: pe.compare_extractions(A, B, key="study", tolerance={"bias": 1}),
        "tolerance: no column 'bias'; it has n",
    ),
    (
        lambda ev: pe.compare_extractions(A, B, key="study", empty="drop"),
        "empty: found 'drop', allowed are 'category', 'apart'",
    ),
    (
        lambda ev: pe.compare_extractions(ev, ev, key="study_id"),
        "key: found 'study_id', allowed for records is a mapping of a table to its key, such as "
        "{'outcomes': ['study_id', 'domain']}",
    ),
    (
        lambda ev: pe.compare_extractions(ev, 3),
        "b: found int, allowed is a folder, or the records that peer_evidence.load() gives",
    ),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_is_refused(ev, call, message):
    with pytest.raises(pe.InputError) as caught:
        call(ev)
    assert str(caught.value) == message


def test_columns_that_one_lacks_are_named():
    a, b = extractions()
    a, b = a.assign(setting="ward"), b.assign(dose=1, country="x")
    found = pe.compare_extractions(a, b, key="study")
    assert found.columns_only_in_one.to_numpy().tolist() == [
        ["records", "setting", "a"],
        ["records", "dose", "b"],
        ["records", "country", "b"],
    ]
    assert found.summary().splitlines()[1:3] == [
        "Columns only in a, not compared: setting of records",
        "Columns only in b, not compared: dose of records, country of records",
    ]
    assert pe.compare_extractions(a, b, key="study", columns=["n"]).columns_only_in_one.empty
