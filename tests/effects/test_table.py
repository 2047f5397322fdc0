"""Effect sizes of a DataFrame: what stays, what is noted, what is refused."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence import effects as es
from peer_evidence.effects.measures import MEASURES
from peer_evidence.errors import DataWarning, InputError

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = Path(__file__).parents[2] / "data"
SPEC = {
    *("OR", "RR", "RD", "AS", "PETO", "MD", "SMD", "SMDH", "ROM", "VR", "CVR", "MC", "SMCC"),
    *("SMCR", "IRR", "IRD", "COR", "UCOR", "ZCOR", "PR", "PLN", "PLO", "PAS", "PFT", "MN", "IR"),
}
ADDED = ["effect", "variance", "se", "measure", "effect_note"]


def trials(**changes: list) -> pd.DataFrame:
    """Three trials with an index that is neither sorted nor unique, and columns of every dtype."""
    return pd.DataFrame(
        {
            "study_id": ["ada_2001", "bea_2002", "cem_2003"],
            "better_is": ["lower", "higher", None],
            "mean_intervention": [10.0, 5.0, 7.0],
            "sd_intervention": [4.0, 2.0, 3.0],
            "n_intervention": [30, 40, 50],
            "mean_comparison": [12.0, 4.0, 7.5],
            "sd_comparison": [5.0, 2.5, 3.5],
            "n_comparison": [31, 42, 47],
            "events_intervention": [4, 0, 11],
            "events_comparison": [8, 3, 12],
            "when": pd.to_datetime(["2001-01-01", "2002-01-01", "2003-01-01"]),
            "kind": pd.Categorical(["a", "b", "a"]),
            **changes,
        },
        index=[7, 3, 7],
    )


def message_of(call) -> str:
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value)


# --- the numbers ----------------------------------------------------------------------------------


def test_every_measure_of_the_specification_is_there() -> None:
    assert set(MEASURES) >= SPEC


def test_ratios_are_on_the_log_scale() -> None:
    logs = {code for code, kind in MEASURES.items() if kind.scale == "log"}
    assert logs == {"OR", "RR", "PETO", "HR", "IRR", "ROM", "VR", "CVR", "PLN"}


@pytest.mark.parametrize("code", [code for code in MEASURES if code != "HR"])
def test_a_table_gives_what_the_kernel_gives(code: str) -> None:
    rows = 5
    numbers = {
        "events": np.array([0, 3, 8, 20, 12]),
        "n": np.array([20, 21, 22, 20, 24]),
        "time": np.linspace(10.5, 30.0, rows),
        "mean": np.linspace(5.0, 9.0, rows),
        "sd": np.linspace(4.0, 6.0, rows),
        "r": np.linspace(-0.5, 0.9, rows),
    }
    numbers |= {f"{name}_intervention": value for name, value in numbers.items()}
    numbers |= {f"{name}_comparison": value[::-1] for name, value in list(numbers.items())[:5]}
    numbers |= {"mean_post": numbers["mean"] + 1, "mean_pre": numbers["mean"]}
    numbers |= {"sd_post": numbers["sd"], "sd_pre": numbers["sd"] + 0.5}
    kind = MEASURES[code]
    result = pe.effect_sizes(pd.DataFrame(numbers), code)
    given = {parameter: numbers[column] for parameter, column in kind.columns.items()}
    effect, variance = kind.kernel(**given)
    np.testing.assert_array_equal(result["effect"], effect)
    np.testing.assert_array_equal(result["variance"], variance)
    np.testing.assert_array_equal(result["se"], np.sqrt(variance))
    assert (result["measure"] == code).all()
    assert np.isfinite(effect).all()


@pytest.mark.parametrize("code", ["OR", "RR", "RD", "AS", "PETO"])
def test_bcg_trials_as_metafor_has_them(code: str) -> None:
    file = json.loads((REFERENCE / "dat.bcg.json").read_text(encoding="utf-8"))
    frame = pd.DataFrame(file["input"])
    frame["nt"], frame["nc"] = frame["tpos"] + frame["tneg"], frame["cpos"] + frame["cneg"]
    result = pe.effect_sizes(
        frame,
        code,
        events_intervention="tpos",
        n_intervention="nt",
        events_comparison="cpos",
        n_comparison="nc",
    )
    # closed forms in double precision
    np.testing.assert_allclose(result["effect"], file["escalc"][code]["yi"], rtol=1e-12)
    np.testing.assert_allclose(result["variance"], file["escalc"][code]["vi"], rtol=1e-12)
    assert (result["effect_note"] == "").all()


def test_options_reach_the_kernel() -> None:
    frame = trials()
    for options in ({"vtype": "UB"}, {"vtype": "LS2", "correction": "approximate"}):
        result = pe.effect_sizes(frame, "SMD", **options)
        _, variance = es.hedges_g(
            mean1=frame["mean_intervention"],
            sd1=frame["sd_intervention"],
            n1=frame["n_intervention"],
            mean2=frame["mean_comparison"],
            sd2=frame["sd_comparison"],
            n2=frame["n_comparison"],
            **options,
        )
        np.testing.assert_array_equal(result["variance"], variance)


# --- what stays -----------------------------------------------------------------------------------


def test_rows_index_columns_and_dtypes_stay() -> None:
    frame = trials()
    before = frame.copy(deep=True)
    result = pe.effect_sizes(frame, "SMD")
    assert list(result.columns) == [*before.columns, *ADDED]
    pd.testing.assert_frame_equal(result[list(before.columns)], before)
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == {}
    assert result["effect"].dtype == "float64"
    assert result["effect_note"].dtype == "str"


def test_an_own_column_named_measure_is_kept_and_the_code_goes_beside_it() -> None:
    frame = trials(measure=["BDI", "Hope Index", "BDI"])
    result = pe.effect_sizes(frame, "SMD")
    assert result["measure"].tolist() == ["BDI", "Hope Index", "BDI"]
    assert result["measure_code"].tolist() == ["SMD"] * 3
    assert result.attrs["peer_evidence"]["measure_column"] == "measure_code"


def test_what_cannot_be_computed_stays_with_its_reason_and_is_counted() -> None:
    frame = trials(sd_comparison=[5.0, None, None], n_intervention=[None, 40, 50])
    result = pe.effect_sizes(frame, "SMD")
    assert result["effect"].isna().all()
    assert result["variance"].isna().all()
    assert result["effect_note"].tolist() == [
        "missing: n_intervention",
        "missing: sd_comparison",
        "missing: sd_comparison",
    ]
    facts = result.attrs["peer_evidence"]
    assert (facts["rows"], facts["computed"]) == (3, 0)
    assert facts["not_computed"] == {"missing: sd_comparison": 2, "missing: n_intervention": 1}


def test_renamed_columns_are_named_as_the_reader_knows_them() -> None:
    frame = trials(sd_comparison=[5.0, None, 3.5]).rename(columns={"sd_comparison": "sd_c"})
    result = pe.effect_sizes(frame, "SMD", sd_comparison="sd_c")
    assert result["effect_note"].tolist() == ["", "missing: sd_c", ""]


@pytest.mark.parametrize(
    ("code", "changes", "options", "note"),
    [
        ("OR", {}, {"to": "none"}, "a zero cell without correction"),
        (
            "OR",
            {"events_comparison": [8, 0, 12]},
            {"drop_double_zeros": True},
            "no events, or only events, in both groups (drop_double_zeros=True)",
        ),
        (
            "PETO",
            {"events_comparison": [8, 0, 12]},
            {"to": "none"},
            "no events, or only events, in both groups",
        ),
        ("RD", {"n_intervention": [30, 0, 50]}, {"to": "none"}, "a group of nobody"),
        (
            "SMD",
            {"n_intervention": [30, 1, 50]},
            {},
            None,  # one person with an SD is odd, but the pooled SD exists
        ),
        (
            "SMD",
            {"n_intervention": [30, 1, 50], "n_comparison": [31, 2, 47]},
            {},
            "a group of fewer than 2 people has no standard deviation",
        ),
        (
            "ROM",
            {"mean_intervention": [10.0, -5.0, 7.0]},
            {},
            "a ratio needs two means of the same sign",
        ),
        (
            "CVR",
            {"mean_intervention": [10.0, 0.0, 7.0]},
            {},
            "a coefficient of variation needs a mean above 0",
        ),
        ("OR", {}, {}, "0.5 added to each cell"),
        ("OR", {}, {"add": 0.1}, "0.1 added to each cell"),
        (
            "RD",
            {"events_comparison": [8, 0, 12]},
            {"to": "none"},
            "a variance of 0 cannot be weighted",
        ),
    ],
)
def test_notes(code: str, changes: dict, options: dict, note: str | None) -> None:
    result = pe.effect_sizes(trials(**changes), code, **options)
    assert result["effect_note"].tolist() == ["", note or "", ""]
    computed = note is None or "added" in note or "variance of 0" in note
    assert np.isfinite(result["effect"]).tolist() == [True, computed, True]


def test_a_row_with_a_missing_number_does_not_decide_the_rule_for_the_others() -> None:
    frame = trials(n_intervention=[30, None, 50])  # the only row with a zero cell is incomplete
    result = pe.effect_sizes(frame, "OR", to="if-any")
    assert result["effect_note"].tolist() == ["", "missing: n_intervention", ""]
    plain = pe.effect_sizes(frame, "OR", to="none")
    pd.testing.assert_series_equal(result["effect"], plain["effect"])


def test_notes_of_rates() -> None:
    frame = trials(time_intervention=[30.0, 40, 50], time_comparison=[31.0, 42, 47])
    notes = pe.effect_sizes(frame, "IRR", to="none")["effect_note"].tolist()
    assert notes == ["", "a count of zero without correction", ""]
    frame["events_comparison"] = [8, 0, 12]
    notes = pe.effect_sizes(frame, "IRR", drop_double_zeros=True)["effect_note"].tolist()
    assert notes == ["", "no events in both groups (drop_double_zeros=True)", ""]
    assert pe.effect_sizes(frame, "IRR")["effect_note"].iloc[1] == "0.5 added to each count"


@pytest.mark.parametrize(
    ("code", "frame", "note"),
    [
        ("ZCOR", {"r": [0.5, 1.0], "n": [30, 30]}, "a correlation of exactly 1 has no Fisher z"),
        ("COR", {"r": [0.5, 0.5], "n": [30, 4]}, "4 people or fewer"),
        ("PLO", {"events": [3, 0], "n": [30, 30], "to": "none"}, "a zero cell without correction"),
        ("IR", {"events": [3, 0], "time": [30, 30]}, "0.5 added to each count"),
        ("MN", {"mean": [3, 3], "sd": [1, 1], "n": [30, 0]}, "a group of nobody"),
        (
            "SMCC",
            {
                "mean_post": [2.5, 2],
                "mean_pre": [2, 1],
                "sd_post": [1, 1],
                "sd_pre": [1, 1],
                "n": [9, 2],
                "r": [0.5, 0.5],
            },
            "fewer than 3 people",
        ),
    ],
)
def test_notes_of_one_group(code: str, frame: dict, note: str) -> None:
    options = {"to": frame.pop("to")} if "to" in frame else {}
    result = pe.effect_sizes(pd.DataFrame(frame), code, **options)
    assert result["effect_note"].tolist() == ["", note]


def test_an_empty_table() -> None:
    result = pe.effect_sizes(trials().iloc[:0], "OR")
    assert len(result) == 0
    assert list(result.columns[-5:]) == ADDED
    assert result.attrs["peer_evidence"]["rows"] == 0


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "str", "string", "category", "object"])
def test_nullable_text_and_categorical_columns(dtype: str) -> None:
    plain = trials(n_intervention=[30, None, 50])
    frame = trials(n_intervention=pd.Series([30, pd.NA, 50], dtype="Int64", index=[7, 3, 7]).values)
    frame["n_intervention"] = frame["n_intervention"].astype(dtype)
    result = pe.effect_sizes(frame, "SMD")
    pd.testing.assert_series_equal(result["effect"], pe.effect_sizes(plain, "SMD")["effect"])
    pd.testing.assert_series_equal(result["n_intervention"], frame["n_intervention"])
    assert result["effect_note"].tolist() == ["", "missing: n_intervention", ""]


# --- alignment ------------------------------------------------------------------------------------


def test_aligned_positive_favours_the_intervention() -> None:
    plain = pe.effect_sizes(trials(), "SMD")
    result = pe.effect_sizes(trials(), "SMD", align=True)
    # lower is better and the intervention is lower; higher is better and it is higher
    assert (result["effect"].iloc[:2] > 0).all()
    np.testing.assert_array_equal(result["effect"].abs()[:2], plain["effect"].abs()[:2])
    np.testing.assert_array_equal(result["variance"][:2], plain["variance"][:2])
    assert result["effect"].isna().tolist() == [False, False, True]
    assert result["variance"].isna().tolist() == [False, False, True]
    assert result["effect_note"].tolist() == ["", "", "better_is is empty: cannot be aligned"]
    facts = result.attrs["peer_evidence"]
    assert (facts["aligned"], facts["positive"]) == (True, "favours the intervention")
    assert facts["not_computed"] == {"better_is is empty: cannot be aligned": 1}
    facts = plain.attrs["peer_evidence"]
    assert (facts["aligned"], facts["positive"]) == (False, "higher in the intervention")


def test_aligned_odds_ratio_of_a_harm() -> None:
    result = pe.effect_sizes(trials(), "OR", align=True)
    # 4 of 30 against 8 of 31 where fewer is better
    assert result["effect"].iloc[0] > 0
    assert result.attrs["peer_evidence"]["scale"] == "log"


def test_no_difference_has_no_sign_to_turn() -> None:
    frame = trials(mean_comparison=[10.0, 5.0, 7.0])
    effect = pe.effect_sizes(frame, "SMD", align=True)["effect"].to_numpy()[:2]
    assert np.signbit(effect).tolist() == [False, False]


def test_a_row_without_numbers_keeps_that_reason_when_aligned() -> None:
    frame = trials(sd_comparison=[5.0, 2.5, None])
    note = pe.effect_sizes(frame, "SMD", align=True)["effect_note"].iloc[2]
    assert note == "missing: sd_comparison"


def test_measures_that_favour_nobody_cannot_be_aligned() -> None:
    frame = pd.DataFrame({"r": [0.5], "n": [30], "better_is": ["higher"]})
    assert message_of(lambda: pe.effect_sizes(frame, "COR", align=True)) == (
        "align: found True with COR (correlation), which favours neither side; allowed is False"
    )


# --- what is refused ------------------------------------------------------------------------------


def test_all_impossible_numbers_are_listed_at_once_with_their_rows() -> None:
    frame = trials(
        events_intervention=[31, -1, 2.5],
        n_comparison=[31, np.inf, 47],
        events_comparison=["8", "3", "1O"],
    )
    assert message_of(lambda: pe.effect_sizes(frame, "OR")) == (
        "5 values cannot be used, nothing was computed:\n"
        "  row ada_2001: events_intervention: found 31 with n_intervention 30, "
        "allowed is at most n_intervention\n"
        "  row bea_2002: events_intervention: found -1, "
        "allowed is a whole number of at least 0\n"
        "  row bea_2002: n_comparison: found inf, allowed is a whole number of at least 0\n"
        "  row cem_2003: events_intervention: found 2.5, "
        "allowed is a whole number of at least 0\n"
        "  row cem_2003: events_comparison: found '1O', allowed is a number"
    )


@pytest.mark.parametrize("sd", [0.0, -2.0])
def test_a_standard_deviation_of_nothing_or_less(sd: float) -> None:
    frame = trials(sd_comparison=[5.0, sd, 3.5])
    assert message_of(lambda: pe.effect_sizes(frame, "SMD")) == (
        "1 value cannot be used, nothing was computed:\n"
        f"  row bea_2002: sd_comparison: found {sd:g}, allowed is a finite number above 0"
    )


def test_a_correlation_beyond_one() -> None:
    frame = pd.DataFrame({"r": [0.5, -1.2], "n": [30, 30]}, index=["x", "y"])
    assert message_of(lambda: pe.effect_sizes(frame, "ZCOR")) == (
        "1 value cannot be used, nothing was computed:\n"
        "  row y: r: found -1.2, allowed is a number from -1 to 1"
    )


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"label": ["A", "B", "C"], "outcome_id": ["d", "e", "f"]}, "B"),
        ({"outcome_id": ["d", "e", "f"]}, "e"),
        ({}, "bea_2002"),
        ({"study_id": ["bea_2002"] * 3}, "bea_2002 (index 3)"),
        ({"label": ["A", None, "C"]}, "3"),
    ],
)
def test_rows_are_named_by_label_outcome_study_or_index(columns: dict, name: str) -> None:
    frame = trials(sd_comparison=[5.0, -1.0, 3.5], **columns)
    assert f"  row {name}: sd_comparison" in message_of(lambda: pe.effect_sizes(frame, "SMD"))


def test_rows_are_named_by_the_column_the_caller_says() -> None:
    frame = trials(sd_comparison=[5.0, -1.0, 3.5], who=["i", "ii", "iii"])
    assert "  row ii: sd_comparison" in message_of(
        lambda: pe.effect_sizes(frame, "SMD", label="who")
    )


def test_effective_counts_of_cluster_trials_on_request() -> None:
    frame = trials(events_intervention=[4.2, 3.1, 11.9])
    assert "found 4.2, allowed is a whole number" in message_of(
        lambda: pe.effect_sizes(frame, "OR")
    )
    result = pe.effect_sizes(frame, "OR", fractional_counts=True)
    assert np.isfinite(result["effect"]).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda f: pe.effect_sizes(f, "SMD", vtipe="UB"),
            "vtipe: SMD knows no such column or option; did you mean 'vtype'? Allowed are "
            "mean_intervention, sd_intervention, n_intervention, mean_comparison, sd_comparison, "
            "n_comparison, better_is, label, effect_measure, estimate, ci_low, ci_high, vtype, "
            "correction",
        ),
        (
            lambda f: pe.effect_sizes(f[["better_is"]], "MN"),
            "effect_sizes(measure='MN'): no column 'mean', 'sd', 'n'; it has better_is",
        ),
        (
            lambda f: pe.effect_sizes(f[["kind"]], "MN", mean="kinds"),
            "effect_sizes(mean='kinds'): no column 'kinds' (the nearest it has is 'kind'); "
            "it has kind",
        ),
        (
            lambda f: pe.effect_sizes(f.assign(se=1, effect=2), "SMD"),
            "frame: it already has 'effect', 'se', which effect_sizes adds; "
            "drop or rename them first",
        ),
        (
            lambda f: pe.effect_sizes(f.to_dict(), "SMD"),
            "frame: found dict, allowed is a pandas DataFrame",
        ),
        (
            lambda f: pe.effect_sizes(f, "HR"),
            "measure: HR comes from printed estimates only; give from_estimates=True",
        ),
        (
            lambda f: pe.effect_sizes(f.drop(columns="better_is")[["kind", "when"]], "MN", mean=3),
            "effect_sizes(mean=3): no column '3'; it has kind, when",
        ),
        (
            lambda f: pe.effect_sizes(f.assign(better_is=["lower", "up", None]), align=True),
            "1 value cannot be used, nothing was computed:\n"
            "  row bea_2002: better_is: found 'up', allowed is 'higher', 'lower' or empty",
        ),
        (
            lambda f: pe.effect_sizes(pd.concat([f, f[["sd_comparison"]]], axis=1), "SMD"),
            "frame: found 2 columns 'sd_comparison', allowed is one of a name",
        ),
        (
            lambda f: pe.effect_sizes(f, "SMD", level=95),
            "level: found 95, allowed is a number between 0 and 1, such as 0.95 for 95 per cent",
        ),
    ],
)
def test_what_is_refused(call, message: str) -> None:
    assert message_of(lambda: call(trials())) == message


def test_an_unknown_measure_lists_all() -> None:
    assert message_of(lambda: pe.effect_sizes(trials(), "SMDD")) == (
        "measure: found 'SMDD', allowed are "
        + ", ".join(repr(code) for code in MEASURES)
        + "; did you mean 'SMD'?"
    )


# --- a standard error typed as an SD --------------------------------------------------------------


def test_a_standard_error_typed_as_an_sd_warns_and_says_what_it_would_be() -> None:
    honest = trials(better_is=["lower"] * 3)
    typed = honest.assign(
        sd_intervention=honest["sd_intervention"] / np.sqrt(honest["n_intervention"]),
        sd_comparison=honest["sd_comparison"] / np.sqrt(honest["n_comparison"]),
    ).iloc[:2]
    truth = pe.effect_sizes(honest, "SMD")["effect"]
    with pytest.warns(DataWarning) as caught:
        result = pe.effect_sizes(typed, "SMD")
    assert str(caught[0].message) == (
        "2 standardised effects beyond 2; is a standard error typed as an SD?\n"
        f"  row ada_2001: SMD {result['effect'].iloc[0]:.2f}; were its SDs standard errors, "
        f"{truth.iloc[0]:.2f}\n"
        f"  row bea_2002: SMD {result['effect'].iloc[1]:.2f}; were its SDs standard errors, "
        f"{truth.iloc[1]:.2f}"
    )
    assert caught[0].filename == __file__


def test_a_warning_names_twenty_rows_and_counts_the_rest() -> None:
    frame = pd.concat([trials().iloc[:1].assign(mean_comparison=30.0)] * 23, ignore_index=True)
    with pytest.warns(DataWarning, match="^23 standardised effects beyond 2") as caught:
        pe.effect_sizes(frame, "SMD")
    lines = str(caught[0].message).splitlines()
    assert len(lines) == 22
    assert lines[-1] == "  and 3 more rows"


def test_a_plausible_table_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pe.effect_sizes(trials(), "SMD")
        pe.effect_sizes(trials(mean_comparison=[1e3, 1e3, 1e3]), "MD")


# --- printed estimates ----------------------------------------------------------------------------


def printed(**changes: list) -> pd.DataFrame:
    """Four results that print an estimate, of which the first also has its numbers."""
    return pd.DataFrame(
        {
            "study_id": ["own", "printed", "other", "bare"],
            "events_intervention": [4.0, None, None, None],
            "n_intervention": [30, 40, None, None],
            "events_comparison": [8.0, None, None, None],
            "n_comparison": [31, 42, None, None],
            "effect_measure": ["OR", "OR", "RR", None],
            "estimate": [0.44, 0.66, 0.54, None],
            "ci_low": [0.12, 0.43, 0.38, None],
            "ci_high": [1.6, 0.99, 0.76, None],
            "better_is": ["lower"] * 4,
            **changes,
        }
    )


def test_printed_estimates_fill_what_the_numbers_do_not_give() -> None:
    result = pe.effect_sizes(printed(), "OR", from_estimates=True)
    assert result["effect_note"].tolist() == [
        "",
        "from the printed OR 0.66 (0.43 to 0.99)",
        "missing: events_intervention, n_intervention, events_comparison, n_comparison; "
        "the printed estimate is RR, not OR",
        "missing: events_intervention, n_intervention, events_comparison, n_comparison; "
        "no printed estimate",
    ]
    own = es.log_odds_ratio(events1=4, n1=30, events2=8, n2=31)
    assert result["effect"].iloc[0] == own[0]
    assert result["effect"].iloc[1] == np.log(0.66)
    half_width = np.log(0.99 / 0.43) / 2
    assert result["se"].iloc[1] == pytest.approx(half_width / 1.959963984540054, rel=1e-12)
    assert result["effect"].isna().tolist() == [False, False, True, True]
    assert result.attrs["peer_evidence"]["from_estimates"] == 1
    assert result.attrs["peer_evidence"]["computed"] == 2


def test_printed_estimates_are_not_used_unless_asked_for() -> None:
    result = pe.effect_sizes(printed(), "OR")
    assert result["effect"].isna().tolist() == [False, True, True, True]
    assert result["effect_note"].iloc[1] == "missing: events_intervention, events_comparison"


def test_printed_estimates_are_aligned_like_the_others() -> None:
    result = pe.effect_sizes(printed(), "OR", align=True, from_estimates=True)
    assert result["effect"].iloc[1] == -np.log(0.66)


def test_a_table_without_arms_needs_only_the_printed_columns() -> None:
    frame = printed()[["study_id", "effect_measure", "estimate", "ci_low", "ci_high"]]
    frame["effect_measure"] = "HR"
    result = pe.effect_sizes(frame, "HR", from_estimates=True, level=0.9)
    np.testing.assert_array_equal(result["effect"][:3], np.log(frame["estimate"])[:3])
    half_width = np.log(1.6 / 0.12) / 2
    assert result["se"].iloc[0] == pytest.approx(half_width / 1.6448536269514722, rel=1e-12)


def test_a_raw_scale_is_not_logged() -> None:
    frame = printed(
        effect_measure=["SMD", "d", "g", "d_abs"],
        estimate=[-0.3, -0.13, 0.2, 0.92],
        ci_low=[-0.48, -0.31, 0.1, 0.5],
        ci_high=[-0.11, 0.06, 0.3, 1.34],
    )
    result = pe.effect_sizes(frame, "SMD", from_estimates=True)
    assert result["effect"].tolist()[:3] == [-0.3, -0.13, 0.2]
    assert np.isnan(result["effect"].iloc[3])
    assert result["effect_note"].iloc[3].endswith("; the printed estimate is d_abs, not SMD")


def test_an_interval_symmetric_on_the_wrong_scale_is_not_believed() -> None:
    # 1.5 is the middle of its interval, but not of its logs
    frame = printed(
        estimate=[0.44, 1.5, 0.54, None],
        ci_low=[0.12, 0.5, 0.38, None],
        ci_high=[1.6, 2.5, 0.76, 1],
    )
    result = pe.effect_sizes(frame, "OR", from_estimates=True)
    assert np.isnan(result["effect"].iloc[1])
    assert result["effect_note"].iloc[1] == (
        "missing: events_intervention, events_comparison; "
        "the printed interval is not symmetric on the log scale"
    )
    assert (
        pe.effect_sizes(frame.assign(effect_measure="RD"), "RD", from_estimates=True)[
            "effect"
        ].iloc[1]
        == 1.5
    )


def test_rounding_is_no_asymmetry() -> None:
    # 0.03 (0.01 to 0.06): its true value can be 0.0251 (0.0105 to 0.06), symmetric in logs
    frame = printed(
        estimate=[0.44, 0.03, 0.54, None],
        ci_low=[0.12, 0.01, 0.38, None],
        ci_high=[1.6, 0.06, 1, 1],
    )
    result = pe.effect_sizes(frame, "OR", from_estimates=True)
    assert result["effect"].iloc[1] == np.log(0.03)


def test_an_estimate_without_interval() -> None:
    result = pe.effect_sizes(printed(ci_low=[None] * 4), "OR", from_estimates=True)
    assert result["effect_note"].iloc[1].endswith("; the printed OR has no interval")


def test_impossible_printed_estimates_are_refused_where_they_would_be_used() -> None:
    frame = printed(
        # the numbers of the first row are there, so its estimate is not looked at
        effect_measure=["OR"] * 4,
        estimate=[-9, 0.66, 1.2, 0.0],
        ci_low=[0.12, 0.99, 0.4, 0.1],
        ci_high=[1.6, 0.43, 0.9, 0.2],
    )
    assert message_of(lambda: pe.effect_sizes(frame, "OR", from_estimates=True)) == (
        "3 values cannot be used, nothing was computed:\n"
        "  row printed: ci_low: found 0.99 with ci_high 0.43, allowed is less than ci_high\n"
        "  row other: estimate: found 1.2 with the interval 0.4 to 0.9, "
        "allowed is a number inside its interval\n"
        "  row bare: estimate: found 0, allowed is a finite number above 0"
    )


def test_printed_columns_must_be_there() -> None:
    assert message_of(lambda: pe.effect_sizes(trials(), "OR", from_estimates=True)).startswith(
        "effect_sizes(from_estimates=True): no column 'effect_measure', 'estimate', 'ci_low', "
        "'ci_high'; it has study_id, "
    )


# --- the bundled records --------------------------------------------------------------------------


def test_every_bundled_result_stays_and_the_two_printed_smds_come_in() -> None:
    outcomes = pd.read_csv(DATA / "outcomes.csv")
    result = pe.effect_sizes(outcomes, "SMD", align=True, from_estimates=True)
    pd.testing.assert_frame_equal(result[list(outcomes.columns)], outcomes)
    facts = result.attrs["peer_evidence"]
    numbers = list(MEASURES["SMD"].columns.values())
    whole = outcomes[numbers].notna().all(axis=1) & outcomes["better_is"].notna()
    assert facts["computed"] == whole.sum() + facts["from_estimates"]
    assert facts["computed"] + sum(facts["not_computed"].values()) == len(outcomes)
    assert ((result["effect_note"] != "") | result["effect"].notna()).all()
    sledge = result.set_index("outcome_id")["effect"]["sledge_2011.rehospitalisations_9m"]
    # J(72) (1.53 - 0.89) / pooled SD of 1.35 (38 people) and 1.54 (36 people)
    pooled = np.sqrt((37 * 1.35**2 + 35 * 1.54**2) / 72)
    assert sledge == pytest.approx((1 - 3 / (4 * 72 - 1)) * 0.64 / pooled, rel=1e-4)


def test_an_arm_without_people_has_no_effect_whatever_is_added_to_its_cells():
    frame = pd.DataFrame(
        {
            "label": ["Full", "Empty"],
            "events_intervention": [3, 0],
            "n_intervention": [20, 0],
            "events_comparison": [5, 5],
            "n_comparison": [20, 20],
        }
    )
    for measure in ("RR", "OR", "RD", "AS", "PETO"):
        found = pe.effect_sizes(frame, measure)
        assert found["effect"].isna().tolist() == [False, True], measure
        assert found["effect_note"].tolist() == ["", "a group of nobody"], measure
