"""Data packages of RevMan and the Cochrane Library: folder, archive, single files."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import peer_evidence as pe
from peer_evidence.exchange import cochrane_csv
from peer_evidence.exchange.revman_result import ImportedReview

HERE = Path(__file__).parent
PACKAGE = HERE / "cochrane" / "CD000000-dataPackage"
ROWS = "CD000000-analysis-data/CD000000-data-rows.csv"
SETTINGS = "CD000000-analysis-data/CD000000-overall-estimates-and-settings.csv"
ROB = "CD000000-study-data/CD000000-risk-of-bias.csv"
Edit = Callable[[str, str, str], Path]


@pytest.fixture(scope="module")
def package() -> ImportedReview:
    return pe.read_cochrane(PACKAGE)


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """Give a function that changes a file of a copy of the package."""

    def edit(file: str, old: str, new: str) -> Path:
        folder = tmp_path / PACKAGE.name
        if not folder.exists():
            shutil.copytree(PACKAGE, folder)
        path = folder / file
        text = path.read_text(encoding="utf-8-sig")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        return folder

    return edit


def archive(parts: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return path


def files() -> dict[str, bytes]:
    return {
        one.relative_to(PACKAGE).as_posix(): one.read_bytes()
        for one in sorted(PACKAGE.rglob("*"))
        if one.is_file()
    }


def refusal(path: Path) -> list[str]:
    with pytest.raises(pe.RecordsError) as caught:
        pe.read_cochrane(path)
    head, *lines = str(caught.value).split("\n")
    assert head.endswith(f"in {path.name}, nothing was read:")
    return [line.strip() for line in lines]


def test_every_number_of_the_package_agrees(package: ImportedReview) -> None:
    frame = package.comparison()
    assert len(frame) == 328
    assert frame.agrees.isna().sum() == 1
    assert frame.agrees.dropna().all()


def test_it_holds_what_the_revman_file_of_the_same_review_holds(package: ImportedReview) -> None:
    rm5 = pe.read_revman(HERE / "revman" / "bcg.rm5")
    names = ["analysis", "kind", "measure", "method", "model", "swapped", "subgroups"]
    assert package.analyses[names].equals(rm5.analyses[names].iloc[:-1])
    ours, theirs = package.effects, rm5.effects.iloc[:-1]
    columns = [name for name in ours if name != "place"]
    assert ours[columns].equals(theirs[columns])
    mine, other = package.tables["outcomes"], rm5.tables["outcomes"]
    for name in ("outcome_id", "contrast", "better_is", "effect_direction", "estimate"):
        assert mine[name].tolist() == other[name].tolist(), name
    pooled = package.tables["pooled_results"]
    assert len(pooled) == 10
    assert pooled.estimate.tolist() == rm5.tables["pooled_results"].estimate.tolist()


def test_studies_and_characteristics(package: ImportedReview) -> None:
    assert package.tables["studies"].iloc[0].to_dict() == {
        "study_id": "aronson_1948",
        "label": "Aronson 1948",
        "year": "1948",
        "population": "People aged < 20 years 123 and 139",
        "intervention": "Vaccine v. saline",
        "source": "CD000000-dataPackage",
        "locator": "Aronson 1948",
        "confidence": "review",
    }
    assert package.characteristics.participants.tolist() == ["People aged < 20 years 123 and 139"]
    assert package.notes[0] == "files that were not read: CD000000-study-data/CD000000-included.ris"


def test_judgements_come_from_the_columns_of_domains(package: ImportedReview) -> None:
    frame = package.tables["risk_of_bias"]
    assert len(frame) == 13
    assert set(frame.tool) == {"rob_1"}
    row = frame[(frame.study_id == "aronson_1948") & (frame.domain == "allocation_concealment")]
    assert row.judgement.tolist() == ["high"]
    assert row.locator.tolist() == [f"{ROB}:2"]
    assert package.judgements.support.iloc[0] == 'Quote: "drawn by lot"'
    assert package.judgements.group.unique().tolist() == ["", "All outcomes", "Death", "Pain"]


def test_an_archive_a_folder_and_one_within_an_archive_are_the_same(
    package: ImportedReview, tmp_path: Path
) -> None:
    path = archive(files(), tmp_path / "CD000000-dataPackage.zip")
    inner = path.read_bytes()
    nested = archive({"CD000000-files/CD000000-data.zip": inner}, tmp_path / "export.zip")
    for one in (path, nested):
        held = pe.read_cochrane(one)
        assert held.effects.drop(columns="place").equals(package.effects.drop(columns="place"))
        assert held.comparison().agrees.dropna().all()


def test_a_tampered_estimate_is_flagged(edited: Edit) -> None:
    folder = edited(SETTINGS, "0.6352671850777694", "0.6452671850777694")
    held = pe.read_cochrane(folder)
    frame = held.comparison()
    off = frame[~frame.agrees.fillna(True).astype(bool)]
    assert off[["analysis", "row", "quantity", "place"]].to_numpy().tolist() == [
        ["1.1", "total", "estimate", f"{SETTINGS}:2"]
    ]


def test_data_rows_alone_are_taken_and_not_computed_again(tmp_path: Path) -> None:
    path = tmp_path / "anything.csv"
    shutil.copy(PACKAGE / ROWS, path)
    held = pe.read_cochrane(path)
    assert len(held.effects) == 60
    assert pe.mantel_haenszel(held.data("1.1"), "RR").estimate == pytest.approx(-0.4537096046837539)
    assert held.notes == (
        "no overall-estimates-and-settings: measure and method are not known, so nothing is "
        "computed again",
    )
    frame = held.comparison()
    assert frame.agrees.isna().all()
    assert frame.reason.unique().tolist() == [
        "the effect measure '' is not computed for dichotomous data",
        "the effect measure '' is not computed for continuous data",
        "the file does not say by which method, or by one that is not known",
    ]


def test_columns_that_are_not_known_are_named(edited: Edit) -> None:
    folder = edited(ROWS, "Applicability", "Surprise")
    notes = pe.read_cochrane(folder).notes
    assert f"columns of {ROWS} that are not known: Surprise" in notes


def test_numbers_that_cannot_be_are_faults_and_the_rest_is_taken(edited: Edit) -> None:
    edited(ROWS, "Aronson 1948,1948,,,,,4,123", "Aronson 1948,1948,,,,,124,123")
    folder = edited(
        ROWS, "Ferguson & Simes 1949,1949,,,,,6,306", "Ferguson & Simes 1949,,,,,,six,306"
    )
    found = [str(one) for one in pe.read_cochrane(folder).faults]
    assert found[:2] == [
        f"{ROWS}:2: Experimental cases: must be between 0 and Experimental N, which is 123, found "
        "'124'",
        f"{ROWS}:3: Experimental cases: must be a number; take it from the review and correct the "
        "file, found 'six'",
    ]
    folder = edited(ROWS, "Rosenthal 1960", "")
    assert (
        f"{ROWS}:4: Study: every row must say which analysis and study it is of; it is left "
        in ("\n".join(str(one) for one in pe.read_cochrane(folder).faults))
    )


def test_columns_that_are_needed_are_faults_all_at_once(edited: Edit) -> None:
    edited(ROB, "Study,", "Trial,")
    folder = edited(ROWS, "Analysis group,Analysis number", "Group,Number")
    rule = "the column is required and must be in the header, found 'no column'"
    assert refusal(folder) == [
        f"{ROWS}:1: Analysis group: {rule}",
        f"{ROWS}:1: Analysis number: {rule}",
        f"{ROB}:1: Study: {rule}",
    ]


def test_a_review_of_diagnostic_tests_is_refused(tmp_path: Path) -> None:
    path = archive({"CD1-parameters.csv": b"a,b\n1,2\n", **files()}, tmp_path / "x.zip")
    assert refusal(path) == [
        "CD1-parameters.csv:1: the review must be one of interventions, this one is of diagnostic "
        "tests, found 'CD1-parameters.csv'"
    ]


def test_what_is_no_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = "there must be a table of a Cochrane data package, such as data-rows.csv"
    assert refusal(tmp_path) == [f"{tmp_path.name}:1: {rule}, found ''"]
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    assert refusal(other) == [f"other.csv:1: {rule}, found 'other.csv'"]
    other.write_bytes(b"")
    assert refusal(other) == [
        "other.csv:1: the file must not be empty; a table without rows has its header, found ''"
    ]
    with pytest.raises(pe.InputError, match=r"^path: there is no file or folder '.*no.zip'$"):
        pe.read_cochrane(tmp_path / "no.zip")
    with pytest.raises(pe.InputError, match=r"^path: found None, allowed is the name of a file"):
        pe.read_cochrane(None)  # type: ignore[arg-type]
    monkeypatch.setattr(cochrane_csv, "MOST_PARTS", 1)
    assert refusal(PACKAGE) == [
        "CD000000-dataPackage: the folder must hold at most 1 files; give that of the package, "
        "found 'more'"
    ]


def test_names_that_lead_out_and_bombs_are_refused(tmp_path: Path) -> None:
    path = archive({"../../CD1-data-rows.csv": b"x"}, tmp_path / "out.zip")
    assert refusal(path) == [
        "out.zip: no part of the file may have a name that leads out of it, found "
        "'../../CD1-data-rows.csv'"
    ]
    path = archive({"CD1-data-rows.csv": b"0" * 20_000_000}, tmp_path / "bomb.zip")
    (line,) = refusal(path)
    assert line.startswith("bomb.zip: the file must not unpack to more than 200 times its size")
    path.write_bytes(path.read_bytes()[:500])
    assert refusal(path) == [
        "bomb.zip: the archive must be whole; download it again, found 'File is not a zip file'"
    ]


def test_a_table_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cochrane_csv, "MOST_BYTES", 1_000)
    path = archive({"a-data-rows.csv": (PACKAGE / ROWS).read_bytes()}, tmp_path / "x.zip")
    line = "a-data-rows.csv:1: a table must hold at most 0 MB, found '0 MB'"
    assert refusal(path) == [line]
    (tmp_path / "a-data-rows.csv").write_bytes((PACKAGE / ROWS).read_bytes())
    assert refusal(tmp_path / "a-data-rows.csv") == [line]


def test_an_archive_that_is_too_large_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peer_evidence.records.archive.MOST_BYTES", 1_000)
    path = archive(files(), tmp_path / "x.zip")
    assert refusal(path) == ["x.zip: the archive must hold at most 0 MB, found '0 MB'"]


def test_two_tables_of_a_kind_are_a_fault(tmp_path: Path) -> None:
    data = (PACKAGE / ROWS).read_bytes()
    path = archive({"a-data-rows.csv": data, "b-data-rows.csv": data}, tmp_path / "two.zip")
    assert [str(one) for one in pe.read_cochrane(path).faults] == [
        "b-data-rows.csv:1: a package must hold each table once; the first is taken, found "
        "'b-data-rows.csv'"
    ]


def test_the_hartung_knapp_interval_is_not_claimed_and_reml_is_computed(edited: Edit) -> None:
    edited(SETTINGS, "DerSimonian and Laird", "REML")
    folder = edited(SETTINGS, "Wald-type", "HKSJ")
    frame = pe.read_cochrane(folder).comparison()
    own = frame[(frame.analysis == "1.3") & (frame.row == "total")].set_index("quantity")
    assert own.reason["ci_low"] == (
        "how this program computes the Hartung-Knapp interval is not verified"
    )
    assert own.reason["i2"] == "how this program computes I² with REML is not verified"
    assert own.recomputed["tau2"] == pytest.approx(0.3132433, abs=1e-6)  # metafor, REML
    assert own.agrees["q"]


def test_study_rows_without_data_are_not_blamed(edited: Edit) -> None:
    bare = "1,1,Tuberculosis (any),,,Aronson 1948,1948,,,,,"
    frame = pe.read_cochrane(edited(ROWS, f"{bare}4,123,,,11,139", f"{bare},,,,,")).comparison()
    own = frame[(frame.analysis == "1.1") & ((frame.row == "total") | (frame.place == f"{ROWS}:2"))]
    assert own.agrees.isna().all()
    assert own.reason.unique().tolist() == [
        "the file holds no data of this study",
        "the file holds no data of 1 study",
    ]


def test_line_ends_and_marks_of_windows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x-data-rows.csv"
    data = (PACKAGE / ROWS).read_bytes().replace(b"\n", b"\r\n")
    assert data.startswith(b"\xef\xbb\xbf")
    path.write_bytes(data)
    assert len(pe.read_cochrane(path).effects) == 60


def test_an_archive_is_read_from_memory_alone(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("/tmp-data-rows.csv", b"x")
    path = tmp_path / "x.zip"
    path.write_bytes(stream.getvalue())
    assert "leads out of it" in refusal(path)[0]
