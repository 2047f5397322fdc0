"""The bundled data sets hold the numbers that the reference values were computed from."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.exchange.example_data import DATASETS

REFERENCE = Path(__file__).parents[1] / "reference"
COUNTS = ["events_intervention", "n_intervention", "events_comparison", "n_comparison"]
MEANS = ["mean_intervention", "sd_intervention", "n_intervention"]
MEANS += ["mean_comparison", "sd_comparison", "n_comparison"]


def published(name: str) -> pd.DataFrame:
    return pd.DataFrame(json.loads((REFERENCE / f"dat.{name}.json").read_text())["input"])


def same(name: str, ours: list[str], theirs: pd.DataFrame) -> None:
    assert pe.example(name)[ours].to_numpy().tolist() == theirs.to_numpy().tolist()


def test_bcg() -> None:
    rows = published("bcg")
    rows["n1"], rows["n2"] = rows.tpos + rows.tneg, rows.cpos + rows.cneg
    columns = ["year", "tpos", "n1", "cpos", "n2", "ablat", "alloc"]
    same("bcg", ["year", *COUNTS, "latitude", "allocation"], rows[columns])


def test_magnesium() -> None:
    rows = published("egger2001")
    same("magnesium", ["year", *COUNTS], rows[["year", "ai", "n1i", "ci", "n2i"]])


def test_stroke_stay() -> None:
    rows = published("normand1999")
    same(
        "stroke_stay",
        ["label", *MEANS],
        rows[["source", "m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"]],
    )


def test_teacher_expectancy() -> None:
    rows = published("raudenbush1985").replace({"setting": {"indiv": "individual"}})
    same(
        "teacher_expectancy",
        ["year", "effect", "variance", "n_intervention", "n_comparison", "weeks"],
        rows[["year", "yi", "vi", "n1i", "n2i", "weeks"]],
    )
    same("teacher_expectancy", ["setting", "tester"], rows[["setting", "tester"]])


def test_school_calendar() -> None:
    rows = published("konstantopoulos2011")
    same(
        "school_calendar",
        ["district", "school", "year", "effect", "variance"],
        rows[["district", "school", "year", "yi", "vi"]],
    )


def test_periodontal() -> None:
    rows = published("berkey1998")
    rows["covariance"] = rows.v2i.where(rows.outcome == "PD", rows.v1i)
    same(
        "periodontal",
        ["n", "effect", "variance", "covariance"],
        rows[["ni", "yi", "vi", "covariance"]],
    )
    words = {"PD": "probing depth", "AL": "attachment level"}
    assert pe.example("periodontal").outcome.tolist() == rows.outcome.map(words).tolist()


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_says_what_it_is_and_is_named_row_by_row(name: str) -> None:
    frame = pe.example(name)
    title, source = DATASETS[name]
    assert frame.attrs == {"title": title, "source": source}
    assert not frame.isna().any(axis=None)
    by = ["label", "outcome"] if "outcome" in frame else ["label"]
    assert not frame.duplicated(by).any()
    assert f"``{name}``" in (pe.example.__doc__ or "")
    if "effect" not in frame:
        effects = pe.effect_sizes(frame, "MD" if "mean_intervention" in frame else "OR")
        assert effects.effect.notna().all()


def test_a_frame_is_the_callers_own() -> None:
    mine = pe.example("bcg")
    mine.loc[0, "year"] = 0
    assert pe.example("bcg").year[0] == 1948


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(pe.InputError) as error:
        pe.example("bgc")
    assert str(error.value) == (
        "name: found 'bgc', allowed are 'bcg', 'magnesium', 'stroke_stay', 'teacher_expectancy', "
        "'school_calendar', 'periodontal'; did you mean 'bcg'?"
    )
