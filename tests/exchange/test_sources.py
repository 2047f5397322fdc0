"""Frames and Parquet files as records: every fault at once, with the label of the row."""

from __future__ import annotations

import builtins
import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.records.grid import cell_of

Frames = dict[str, pd.DataFrame]


@pytest.fixture
def frames(tmp_path: Path) -> Frames:
    ev = pe.load(pe.new_review(tmp_path / "made", "example"))
    return {name: ev.table(name) for name in ("studies", "outcomes", "vocabulary")}


def faults(frames: Frames, columns: Any = None) -> list[str]:
    with pytest.raises(pe.RecordsError) as error:
        pe.Evidence.from_frames(frames, columns)
    return [str(fault) for fault in error.value.faults]


def test_the_bundled_records_survive_the_way_through_frames(ev: pe.Evidence) -> None:
    other = pe.Evidence.from_frames({name: ev.table(name) for name in ev.tables})
    for name in ev.tables:
        pd.testing.assert_frame_equal(other.table(name), ev.table(name))
    assert other.files() == {}
    assert len(pe.pools(other)) == len(pe.pools(ev))


def test_own_names_of_columns_are_taken(frames: Frames) -> None:
    mine = frames["outcomes"].rename(columns={"study_id": "Trial no."}).assign(mood="good")
    names = {"outcomes": {"Trial no.": "study_id", "mood": None}}
    ev = pe.Evidence.from_frames(frames | {"outcomes": mine}, names)
    assert ev.outcomes["study_id"].tolist() == frames["outcomes"]["study_id"].tolist()
    assert faults(frames | {"outcomes": mine.drop(columns="mood")}) == [
        "outcomes: study_id: the column is required and must be in the header, found 'no column'",
        "outcomes: Trial no.: the column is not one of this table (known: "
        + ", ".join(column.name for column in ev.definition("outcomes").columns)
        + "), found 'Trial no.'",
    ]


def test_every_fault_comes_at_once_with_the_label_of_its_row(frames: Frames) -> None:
    outcomes = frames["outcomes"].astype(object)
    outcomes.index = [f"r{place}" for place in range(len(outcomes))]
    outcomes.loc["r1", "n_intervention"] = "9O"
    outcomes.loc["r2", "domain"] = None
    outcomes.loc["r4", "measure"] = datetime.date(2024, 4, 3)
    outcomes.loc["r5", "note"] = {1, 2}
    studies = frames["studies"].drop(index=4)
    assert faults(frames | {"outcomes": outcomes, "studies": studies}) == [
        "outcomes, row 'r1': n_intervention: must be a whole number, found '9O'",
        "outcomes, row 'r2': domain: must not be empty, found ''",
        "outcomes, row 'r3': study_id: must be a study_id of the table studies (did you mean "
        "'invented_d'?), found 'invented_e'",
        "outcomes, row 'r4': measure: must be text, and this is a date; type it again in a cell "
        "whose format is text, found '2024-04-03'",
        "outcomes, row 'r5': note: must be text or a number, not set, found '{1, 2}'",
        "outcomes, row 'r8': study_id: must be a study_id of the table studies (did you mean "
        "'invented_d'?), found 'invented_e'",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        (np.float64(16.0), "16"),
        (np.int64(16), "16"),
        (2.8, "2.8"),
        (1e300, "1e+300"),
        (True, "yes"),
        (np.bool_(False), "no"),
        (["a", "b"], "a;b"),
        (pd.Timestamp("2024-04-03"), "2024-04-03"),
    ],
)
def test_values_become_the_text_of_a_cell(value: object, text: str) -> None:
    assert cell_of(value).text == text
    assert cell_of(value).wrong == ""


def test_arguments_that_are_no_frames_are_told(frames: Frames) -> None:
    cases: list[tuple[Any, Any, str]] = [
        (
            *([frames["studies"]], None),
            "frames: found list, allowed is a mapping from the name of a table to a pandas "
            "DataFrame",
        ),
        (
            *({"studies": [1]}, None),
            "frames['studies']: found list, allowed is a pandas DataFrame",
        ),
        (
            *(frames, {"outcome": {}}),
            "columns: found 'outcome', which is not among the frames (studies, outcomes, "
            "vocabulary)",
        ),
    ]
    for given, columns, message in cases:
        with pytest.raises(pe.InputError) as error:
            pe.Evidence.from_frames(given, columns)
        assert str(error.value) == message
    with pytest.raises(pe.InputError, match=r"did you mean 'outcomes'\?$"):
        pe.Evidence.from_frames({"outcome": frames["outcomes"]})
    with pytest.raises(pe.InputError, match=r"has no column 'desing'; did you mean 'design'\?"):
        pe.Evidence.from_frames(frames, {"studies": {"desing": "design"}})


def test_a_missing_table_is_told(frames: Frames) -> None:
    assert faults({"outcomes": frames["outcomes"]})[0] == (
        "studies: the frame is required in the frames of a review, found 'no frame'"
    )


def test_empty_frames_are_records_without_rows(frames: Frames) -> None:
    ev = pe.Evidence.from_frames({name: frame.head(0) for name, frame in frames.items()})
    assert ev.row_counts() == {"studies": 0, "outcomes": 0, "vocabulary": 0}


def test_parquet_goes_out_and_comes_in(ev: pe.Evidence, tmp_path: Path) -> None:
    folder = pe.save(ev, tmp_path / "out", "parquet")
    other = pe.load(folder)
    for name in ev.tables:
        pd.testing.assert_frame_equal(other.table(name), ev.table(name))
    where = other.provenance("sledge_2011.hospital_days_9m", "mean_intervention")
    assert (where.file, where.value) == ("outcomes.parquet", "10.08")
    (folder / "studies.parquet").write_bytes(b"PAR1 and nothing more")
    found = pe.validate(folder)
    assert str(found[0]).startswith(
        "studies.parquet: the file must be a sound Parquet file, found 'ArrowInvalid"
    )
    (folder / "studies.parquet").unlink()
    assert str(pe.validate(folder)[0]) == (
        "studies.parquet: the file is required in the folder of a review, found 'no file'"
    )


@pytest.mark.parametrize(
    ("module", "extra", "file"),
    [("openpyxl", "excel", "mine.xlsx"), ("pyarrow.parquet", "parquet", "studies.parquet")],
)
def test_what_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, extra: str, file: str
) -> None:
    (tmp_path / file).write_bytes(b"PK")
    real = builtins.__import__

    def without(name: str, *args: Any, **named: Any) -> Any:
        if name == module:
            raise ImportError(name)
        return real(name, *args, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(pe.PeerEvidenceError) as error:
        pe.load(tmp_path)
    assert str(error.value).endswith(f'pip install "peer-evidence[{extra}]"')
