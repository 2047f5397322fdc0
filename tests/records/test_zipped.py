"""A review in a zip archive: read as a folder is, and what must not be unpacked is refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.exchange.pack import _archive

DATA = Path(__file__).parents[2] / "data"
FILES = {
    path.relative_to(DATA).as_posix(): path.read_bytes()
    for path in DATA.rglob("*.csv")
}  # fmt: skip


@pytest.fixture
def zipped(tmp_path: Path):
    def write(files: dict[str, bytes], name: str = "review.zip") -> Path:
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for one, data in files.items():
                archive.writestr(one, data)
        return tmp_path / name

    return write


def faults(path: Path) -> list[str]:
    return [str(fault) for fault in pe.validate(path)]


SMALL = {
    "studies.csv": b"study_id,label,design,level,population,problem_type,intervention,"
    b"initiative_type,comparator,comparator_type,source,confidence\n"
    b"a,A,cohort,individual,p,q,i,t,c,u,s,primary\n",
    "outcomes.csv": b"outcome_id,study_id,domain,measure,contrast,contrast_type,"
    b"reported_conclusion,effect_direction,poolable,source,confidence\n"
    b"a.x,a,d,m,c,subgroup,benefit,null,no,s,primary\n",
}


@pytest.mark.parametrize("place", ["", "records/", "data/", "mine/", "mine/records/", "mine/data/"])
def test_wherever_the_tables_stand(zipped, place: str) -> None:
    files = {f"{place}{name}": data for name, data in SMALL.items()}
    others = {"index.html": b"<p>", "tables/studies.csv": b"a,b\n1,2\n", "__MACOSX/._x": b"x"}
    ev = pe.load(zipped(files | others))
    assert (len(ev.studies), len(ev.outcomes)) == (1, 1)
    assert ev.files() == {}
    where = ev.provenance("a.x", "measure")
    assert (where.value, where.file) == ("m", "review.zip: outcomes.csv")


def test_the_whole_bundled_review_with_its_framework(zipped, ev: pe.Evidence) -> None:
    read = pe.load(zipped(FILES))
    assert read.row_counts() == ev.row_counts()
    assert list(read.framework) == list(ev.framework)


def test_what_pack_writes_is_read(tmp_path: Path) -> None:
    file = tmp_path / "review.zip"
    packed = {f"records/{name}": data for name, data in SMALL.items()}
    file.write_bytes(_archive(packed | {"tables/pools.csv": b"a\n", "index.html": b""}))
    assert len(pe.load(file).outcomes) == 1


def test_a_fault_names_archive_file_and_line(zipped) -> None:
    bad = SMALL["outcomes.csv"].replace(b"a.x,a,", b"a.x,b,").replace(b",null,", b",nul,")
    files = {f"mine/{name}": data for name, data in (SMALL | {"outcomes.csv": bad}).items()}
    assert faults(zipped(files)) == [
        "review.zip: outcomes.csv:2: study_id: must be a study_id of studies.csv, found 'b'",
        "review.zip: outcomes.csv:2: effect_direction: must be one of favours_intervention, "
        "favours_comparison, null, unclear (did you mean 'null'?), found 'nul'",
    ]
    broken = SMALL | {"outcomes.csv": b'outcome_id,study_id\n"a\n'}
    assert faults(zipped(broken))[-1].startswith("review.zip: outcomes.csv:2: a quote must be")
    fault = pe.validate(zipped(broken))[-1]
    assert (fault.file, fault.line) == ("review.zip", 2)


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (
            {"../studies.csv": b"x", "outcomes.csv": b"x"},
            "no part of the file may have a name that leads out of it, found '../studies.csv'",
        ),
        (
            {"a.txt": b"x"},
            "the archive must hold one review: studies.csv and outcomes.csv at its top or in one "
            "folder, found 'a.txt'",
        ),
        (
            {f"{place}/{name}": data for place in "ab" for name, data in SMALL.items()},
            "the archive must hold one review: studies.csv and outcomes.csv at its top or in one "
            "folder, found 'a/, b/'",
        ),
        (
            {"studies.csv": b"0" * 3_000_000, "outcomes.csv": b""},
            "the file must not unpack to more than 200 times its size, found '938 times'",
        ),
    ],
)
def test_what_must_not_be_unpacked(zipped, files: dict[str, bytes], fault: str) -> None:
    told = faults(zipped(files))
    assert len(told) == 1
    expected = f"review.zip: {fault}"
    assert told[0].split(", found")[0] == expected.split(", found")[0]
    if "times" not in fault:
        assert told == [expected]


def test_two_files_of_one_name_and_what_is_no_archive(tmp_path: Path) -> None:
    file = tmp_path / "review.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("studies.csv", b"x")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("studies.csv", b"y")
    assert faults(file) == [
        "review.zip: no two files in the archive may have one name, found 'studies.csv'"
    ]
    file.write_text("words")
    assert faults(file) == [
        "review.zip: the file must be a sound zip archive, found 'a file that is none'"
    ]
    file.write_bytes(b"PK\x03\x04 and no more")
    assert faults(file) == [
        "review.zip: the file must be a sound zip archive, found 'BadZipFile while opening it'"
    ]
    with pytest.raises(pe.InputError) as error:
        pe.load(tmp_path / "no.zip")
    assert str(error.value) == f"path: there is no archive {str(tmp_path / 'no.zip')!r}"


def test_mutated_archives_load_or_are_faulted(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in SMALL.items():
            archive.writestr(name, data)
    sound = stream.getvalue()

    @given(st.lists(st.tuples(st.integers(0, len(sound) - 1), st.integers(0, 255)), max_size=5))
    @settings(max_examples=60, deadline=2000)
    def check(edits: list[tuple[int, int]]) -> None:
        data = bytearray(sound)
        for at, byte in edits:
            data[at] = byte
        file = tmp_path / "review.zip"
        file.write_bytes(bytes(data))
        for fault in pe.validate(file):
            assert str(fault).startswith("review.zip: ")

    check()
