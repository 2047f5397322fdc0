"""Hostile and unlucky .rm5 files and data packages: a fault list or a review, nothing else."""

from __future__ import annotations

import contextlib
import io
import re
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.exchange import safe_xml

HERE = Path(__file__).parent
SPINKS = (HERE / "revman" / "spinks_2013.rm5").read_bytes()
PACKAGE = HERE / "cochrane" / "CD000000-dataPackage"
WHOLE = "the file must be whole and well-formed XML; save or download it again"
PLAIN = "the file must have no document type, no entities and no links to other files"


def refusal(path: Path) -> str:
    with pytest.raises(pe.RecordsError) as caught:
        pe.read_revman(path)
    return str(caught.value)


def said(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    head, line = refusal(path).split("\n")
    assert head == f"1 fault in {path.name}, nothing was read:"
    return line.strip()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "r.rm5"


LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10 if i else b"lol") for i in range(10)
)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "r.rm5:1: the file must not be empty, found ''"),
        (b"<COCHRANE_REVIEW", f"r.rm5:1: {WHOLE}, found 'unclosed token'"),
        (SPINKS[:2000], f"r.rm5:30: {WHOLE}, found 'no element found'"),
        (b"\n<COCHRANE_REVIEW>\n</P>", f"r.rm5:3: {WHOLE}, found 'mismatched tag'"),
        (b"PK\x03\x04", f"r.rm5:1: {WHOLE}, found 'not well-formed (invalid token)'"),
        (b"<COCHRANE_REVIEW>\xff</COCHRANE_REVIEW>", f"r.rm5:1: {WHOLE}, found 'not well-formed "
         "(invalid token)'"),
        (b"<COCHRANE_REVIEW>&x;</COCHRANE_REVIEW>", f"r.rm5:1: {WHOLE}, found 'undefined entity'"),
        (b"<html/>", "r.rm5:1: the root must be COCHRANE_REVIEW, as of a RevMan 5 review (.rm5), "
         "found 'html'"),
        (b"<!DOCTYPE bomb [" + LAUGHS + b"]><COCHRANE_REVIEW>&l9;</COCHRANE_REVIEW>",
         f"r.rm5:1: {PLAIN}, found 'DOCTYPE bomb'"),
        (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><COCHRANE_REVIEW>&e;'
         b"</COCHRANE_REVIEW>", f"r.rm5:1: {PLAIN}, found 'DOCTYPE x'"),
        (b'<!DOCTYPE COCHRANE_REVIEW SYSTEM "http://localhost/x.dtd"><COCHRANE_REVIEW/>',
         f"r.rm5:1: {PLAIN}, found 'DOCTYPE COCHRANE_REVIEW'"),
        (b"<COCHRANE_REVIEW>" + b"<P>" * 1_000_000,
         "r.rm5:1: elements must lie at most 200 deep in one another, found 'P'"),
        (b'<?xml version="1.0" encoding="klingon"?><COCHRANE_REVIEW/>',
         f"r.rm5:1: {WHOLE}, found 'unknown encoding: klingon'"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value[-30:],
)  # fmt: skip
def test_what_is_no_review_is_refused_as_one_fault(file: Path, data: bytes, line: str) -> None:
    started = time.perf_counter()
    assert said(file, data) == line
    assert time.perf_counter() - started < 5


def test_a_file_that_is_too_large_is_not_parsed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safe_xml, "MOST_BYTES", 2_000_000)
    line = "r.rm5:1: the file must hold at most 2 MB, found '3 MB'"
    assert said(file, b" " * 3_000_000) == line
    monkeypatch.setattr(safe_xml, "MOST_ELEMENTS", 3)
    data = b"<COCHRANE_REVIEW><P/><P/><P/></COCHRANE_REVIEW>"
    assert said(file, data) == "r.rm5:1: the file must hold at most 3 elements, found 'more'"


def test_a_huge_attribute_takes_no_longer_than_its_size(file: Path) -> None:
    file.write_bytes(b'<COCHRANE_REVIEW DOI="' + b"x" * 10_000_000 + b'"/>')
    started = time.perf_counter()
    assert pe.read_revman(file).analyses.empty
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_wide_text_and_byte_order_marks_are_read(file: Path, encoding: str) -> None:
    text = "\ufeff" + SPINKS.decode().replace('encoding="UTF-8"', f'encoding="{encoding[:6]}"')
    text = text.replace("utf-16", "UTF-16").replace('encoding="utf-8"', 'encoding="UTF-8"')
    file.write_bytes(text.replace("Headache", "Kopfschmerz ü").encode(encoding))
    held = pe.read_revman(file)
    assert held.analyses.comparison[0] == "Kopfschmerz ü"
    assert held.comparison().agrees.all()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).endswith("must be a file that can be read, found 'a folder'")
    assert refusal(tmp_path / "no.rm5").endswith("found 'No such file or directory'")
    with pytest.raises(pe.InputError, match=r"^path: found 3, allowed is the name of a .rm5 file$"):
        pe.read_revman(3)  # type: ignore[arg-type]
    assert "1 fault in" in refusal(Path("a\0b"))


@st.composite
def mutations(draw: st.DrawFn, data: bytes) -> bytes:
    """Change some bytes, drop some, repeat some, put in what a format trips over."""
    odd = [b"NaN", b"-1", b"1e999", b"", b"0", b"&#0;", b"\x00", b'"', b"<", b"]]>", b"99999999999"]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data) - 1))
        length = draw(st.integers(0, 60))
        new = draw(st.one_of(st.sampled_from(odd), st.binary(max_size=4)))
        data = data[:at] + new + data[at + length :]
    return data


def use(held: pe.ImportedReview) -> None:
    held.comparison()
    held.summary()
    assert (held.effects.study_id != "").all()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=mutations(SPINKS))
def test_a_changed_review_is_read_or_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with contextlib.suppress(pe.RecordsError):
        use(pe.read_revman(file))


NUMBER = [b"0e999", b"0", b"-1", b"NaN", b"1e308", b"1e-308", b"0.5", b"x", b"", b"1000000000000"]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_numbers_stand_in_a_review_it_is_read(file: Path, data: st.DataObject) -> None:
    text = SPINKS
    for _ in range(data.draw(st.integers(1, 6))):
        names = [b"EVENTS_1", b"TOTAL_1", b"EVENTS_2", b"TOTAL_2", b"EFFECT_SIZE", b"CI_STUDY"]
        mark = data.draw(st.sampled_from(names)) + b'="'
        places = [found.start() for found in re.finditer(re.escape(mark), text)]
        start = data.draw(st.sampled_from(places)) + len(mark)
        new = data.draw(st.sampled_from(NUMBER))
        text = text[:start] + new + text[text.index(b'"', start) :]
    file.write_bytes(text)
    use(pe.read_revman(file))


ROWS = (PACKAGE / "CD000000-analysis-data" / "CD000000-data-rows.csv").read_bytes()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=mutations(ROWS[:3000]))
def test_changed_data_rows_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x-data-rows.csv"
    path.write_bytes(data)
    with contextlib.suppress(pe.RecordsError):
        use(pe.read_cochrane(path))


def zipped(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()


SMALL = zipped({"CD1-analysis-data/CD1-data-rows.csv": ROWS[:3000].rpartition(b"\n")[0]})


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=mutations(SMALL))
def test_a_changed_archive_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with contextlib.suppress(pe.RecordsError):
        use(pe.read_cochrane(path))
