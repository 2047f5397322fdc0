"""What another program's file holds: what was taken, what is missing, what could not be taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import peer_evidence as pe

FAULT = pe.Fault("mine.ris", 7, "TY", "must be closed by ER", "TY  - JOUR")


def study(**cells: str) -> pd.DataFrame:
    row = {"study_id": "ash_2001", "label": "Ash 2001", "title": "=1+1", "year": "2001"} | cells
    return pd.DataFrame([row, row | {"study_id": "elm_2002", "label": "Elm 2002", "year": ""}])


FILLS = {
    "design": "randomised_trial",
    "level": "individual",
    "population": "adults",
    "problem_type": "pain",
    "intervention": "walking",
    "initiative_type": "exercise",
    "comparator": "rest",
    "comparator_type": "none",
    "source": "10.1000/1",
    "confidence": "primary",
}


def test_what_is_missing_is_named_and_counted() -> None:
    held = pe.Imported("mine.ris", {"studies": study(source="10.1000/1")})
    frame = held.to_frame().set_index(["table", "column"])
    assert list(frame.loc[("studies", "year")]) == [1, 1, False]
    assert list(frame.loc[("studies", "design")]) == [0, 2, True]
    assert ("studies", "doi") not in frame.index
    missing = held.missing
    assert list(missing.columns) == ["table", "column", "rows"]
    assert set(missing["column"]) == {*FILLS} - {"source"}
    assert set(missing["rows"]) == {2}


def test_the_summary_names_faults_notes_and_what_to_fill() -> None:
    held = pe.Imported(
        "mine.ris", {"studies": study(**{**FILLS, "level": ""})}, (FAULT,), ("look at 3",)
    )
    assert held.summary() == (
        "mine.ris: 2 studies taken, 1 fault; 1 column has cells that must still be filled\n"
        "  not taken: mine.ris:7: TY: must be closed by ER, found 'TY  - JOUR'\n"
        "  note: look at 3\n"
        "  to fill: studies, 2 rows: level"
    )


def test_fills_go_to_empty_cells_alone() -> None:
    frame = study(**{**FILLS, "level": ""})
    frame.loc[1, "level"] = "organisational"
    held = pe.Imported("mine.ris", {"studies": frame})
    ev = held.evidence(studies={"level": "individual"})
    assert list(ev.studies["level"]) == ["individual", "organisational"]
    assert list(held.tables["studies"]["level"]) == ["", "organisational"]
    assert len(ev.outcomes) == 0


def test_evidence_lists_every_fault_at_once() -> None:
    held = pe.Imported("mine.ris", {"studies": study(**{**FILLS, "level": ""})}, (FAULT,))
    with pytest.raises(pe.RecordsError) as error:
        held.evidence()
    assert str(error.value) == (
        "3 faults in mine.ris, nothing was loaded:\n"
        "  mine.ris:7: TY: must be closed by ER, found 'TY  - JOUR'\n"
        "  studies, row 'ash_2001': level: must not be empty, found ''\n"
        "  studies, row 'elm_2002': level: must not be empty, found ''"
    )
    with pytest.raises(pe.RecordsError) as error:
        held.evidence(studies={"level": "individual"})
    assert str(error.value) == (
        "1 fault in mine.ris, nothing was loaded:\n"
        "  mine.ris:7: TY: must be closed by ER, found 'TY  - JOUR'\n"
        "partly=True goes on without these blocks"
    )
    assert len(held.evidence(partly=True, studies={"level": "individual"}).studies) == 2


@pytest.mark.parametrize(
    ("fills", "message"),
    [
        ({"outcomes": {"domain": "pain"}}, "fills: found 'outcomes', allowed are 'studies'"),
        (
            {"studies": "individual"},
            "studies: found str, allowed is a mapping from a column to its value, as "
            '{"level": "individual"}',
        ),
        ({"studies": {"level": ""}}, "studies: level: found '', allowed is a text or a number"),
        ({"studies": {"level": {}}}, "studies: level: found {}, allowed is a text or a number"),
    ],
)
def test_fills_that_cannot_be(fills: dict[str, object], message: str) -> None:
    held = pe.Imported("mine.ris", {"studies": study()})
    with pytest.raises(pe.InputError) as error:
        held.evidence(**fills)  # type: ignore[arg-type]
    assert str(error.value) == message


def test_a_misspelt_column_is_told() -> None:
    held = pe.Imported("mine.ris", {"studies": study()})
    with pytest.raises(pe.InputError, match=r"^studies: found 'levels', .*did you mean 'level'\?$"):
        held.evidence(studies={"levels": "individual"})
    with pytest.raises(pe.InputError, match=r"^tables: found 'study', .*did you mean 'studies'\?$"):
        pe.Imported("mine.ris", {"study": study()})


def test_the_folder_is_a_review_whose_check_is_the_list_of_what_to_do(tmp_path: Path) -> None:
    facts = pd.DataFrame({"field": ["title"], "value": ["Walking"]})
    held = pe.Imported("mine.ris", {"studies": study(), "package": facts}, (FAULT,), ("look at 3",))
    folder = held.write(tmp_path / "mine")
    blank = pe.new_review(tmp_path / "blank")
    names = {path.name for path in blank.iterdir()}
    assert {path.name for path in folder.iterdir()} == names | {"import.md"}
    for name in names - {"studies.csv", "package.csv", "README.md"}:
        assert (folder / name).read_bytes() == (blank / name).read_bytes(), name
    assert "must be closed by ER" in (folder / "import.md").read_text(encoding="utf-8")
    faults = pe.validate(folder)
    assert {(fault.file, fault.column) for fault in faults} == {
        ("studies.csv", column) for column in FILLS
    }
    assert len(faults) == 2 * len(FILLS)
    second = held.write(tmp_path / "second", studies=FILLS)
    ev = pe.load(second)
    assert list(ev.studies["title"]) == ["=1+1", "=1+1"]
    assert ev.package["title"] == "Walking"
    assert ev.package["intervention"] == "the intervention"


def test_nothing_is_overwritten_and_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = pe.Imported("mine.ris", {"studies": study()})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(pe.InputError) as error:
        held.write(tmp_path / "mine")
    assert str(error.value) == (
        f"folder: {str(tmp_path / 'mine')!r} is not empty (notes.txt); nothing was touched, give "
        "another name"
    )

    def fail(*args: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("peer_evidence.exchange.template.extraction_form", fail)
    with pytest.raises(OSError, match="No space left"):
        held.write(tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_reader_may_say_more() -> None:
    @dataclass(frozen=True, slots=True, repr=False, eq=False)
    class More(pe.Imported):
        compared: tuple[float, ...] = ()

    held = More("mine.rm5", {"studies": study()}, compared=(0.5,))
    assert held.compared == (0.5,)
    assert held.headline().startswith("mine.rm5: 2 studies taken, no fault; ")
    assert len(held.missing) == len(FILLS)
