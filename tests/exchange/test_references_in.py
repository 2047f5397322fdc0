"""References in: every sound record is taken, every broken one named with its line."""

from __future__ import annotations

import string
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.exchange.bibliography.rows import COLUMNS, clean_doi


@pytest.fixture
def read(tmp_path: Path):
    def take(text: str | bytes, name: str = "mine.ris", **options: str) -> pe.Imported:
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return pe.read_references(file, **options)

    return take


def faults(held: pe.Imported) -> list[str]:
    return [str(fault) for fault in held.faults]


def row(held: pe.Imported, place: int = 0) -> dict[str, str]:
    return held.tables["studies"].iloc[place].to_dict()


ZOTERO = """TY  - JOUR
TI  - A randomized trial of a recovery workbook
AU  - Barbic, Skye P.
AU  - van der Berg, Jean-Paul
T2  - Psychiatric Services
AB  - Some words.
DA  - 2009/04/01/
PY  - 2009
DO  - 10.1176/ps.2009.60.4.491
DP  - DOI.org (Crossref)
VL  - 60
IS  - 4
SP  - 491
EP  - 497
J2  - PS
UR  - https://example.org/article
ER  -

"""
ENDNOTE = """TY  - JOUR
AU  - Bjørkedal, S. T. B.
AN  - 37280561
DB  - PubMed
N1  - 1471-244x
Bjørkedal, S T B
DO  - doi: 10.1186/s12888-023-04875-w
PY  - 2023
T2  - BMC Psychiatry
TI  - Meaningful Activities and Recovery
  goes on here
VL  - 23
SP  - 406
ID  - 12
ER  -

"""
COVIDENCE = """TY  - JOUR
A1  - Ash B
T1  - Walking
Y1  - 2001//
JF  - Journal of Walks
UR  - https://pubmed.ncbi.nlm.nih.gov/19339324/
U1  - Study [#12]
ER  -
"""


def test_ris_of_reference_managers(read) -> None:
    held = read(ZOTERO + ENDNOTE + COVIDENCE)
    assert faults(held) == []
    assert row(held) == {
        "study_id": "barbic_2009",
        "label": "Barbic 2009",
        "authors": "Barbic SP; van der Berg JP",
        "year": "2009",
        "title": "A randomized trial of a recovery workbook",
        "journal": "Psychiatric Services 60(4):491-497",
        "doi": "10.1176/ps.2009.60.4.491",
        "pmid": "",
        "source": "10.1176/ps.2009.60.4.491",
        "locator": "mine.ris, record 1, line 1",
        "confidence": "secondary",
    }
    second, third = row(held, 1), row(held, 2)
    assert second["title"] == "Meaningful Activities and Recovery goes on here"
    assert (second["study_id"], second["authors"]) == ("bjorkedal_2023", "Bjørkedal STB")
    assert (second["doi"], second["pmid"]) == ("10.1186/s12888-023-04875-w", "37280561")
    assert second["journal"] == "BMC Psychiatry 23:406"
    assert (third["authors"], third["title"], third["year"]) == ("Ash B", "Walking", "2001")
    assert (third["pmid"], third["source"]) == ("19339324", "pmid:19339324")
    assert held.notes == (
        "passed over, as a study has no column for it: AB (1), N1 (1), U1 (1)",
        "confidence is secondary throughout: a reference is an account of the study; change it to "
        "primary where you read the study itself",
    )


def test_the_accession_number_of_another_database_is_no_pubmed_number(read) -> None:
    held = read("TY  - JOUR\nTI  - A\nAN  - 106826714\nDB  - CINAHL\nER  - \n")
    assert row(held)["pmid"] == ""


def test_the_book_of_a_chapter_holds_it_or_is_named(read) -> None:
    chapter = "TY  - CHAP\nAU  - Ash B\nTI  - Walking\nBT  - The Book of Walks\n"
    held = read(f"{chapter}ER  - \n{chapter}T2  - Essays\nER  - \n")
    assert [row(held, at)["journal"] for at in (0, 1)] == ["The Book of Walks", "Essays"]
    assert held.notes[0] == "passed over, as a study has no column for it: BT (1)"
    book = read("TY  - BOOK\nAU  - Ash B\nBT  - The Book of Walks\nER  - \n")
    assert (row(book)["title"], row(book)["journal"]) == ("The Book of Walks", "")


def test_broken_ris_is_named_and_the_rest_is_taken(read) -> None:
    held = read(
        "Provider: Somebody\n"  # 1
        "TY  - JOUR\nAU  - Elm B\nTI  - No end\n"  # 2
        "TY  - JOUR\nAU  - Elm B\nPY  - 2001\nTI  - Sound\nDO  - nonsense\nXX  - what\nER  - \n"
        "AU  - Headless\nER  - \n"  # 12
        "TY  - JOUR\nAU  - Elm B\nPY  - 2001\nTI  - Second\nTI  - Third\nPY  - soon\nER  - \n"
        "TY  - JOUR\nER  - \n"  # 21
        "TY - JOUR\nER  - \n"  # 23
        "TY  - JOUR\nDA  - in press\nTI  - Fourth\nER  - \n"  # 25
        "TY  - JOUR\nTI  - Cut\n"  # 29
    )
    assert faults(held) == [
        "mine.ris:2: ER: a record must end with ER; put the line 'ER  - ' after its last line, "
        "found 'JOUR Elm B'",
        "mine.ris:9: doi: must be a DOI, which begins with 10. and a number and has a slash; "
        "correct it, found 'nonsense'",
        "mine.ris:10: XX: must be a tag of RIS; correct its two letters or delete the line, "
        "found 'what'",
        "mine.ris:12: TY: a record must begin with TY; put the line 'TY  - JOUR' before it, "
        "found 'Headless'",
        "mine.ris:18: TI: must stand once in a record, and stands on line 17; keep one, "
        "found 'Third'",
        "mine.ris:19: PY: must stand once in a record, and stands on line 16; keep one, "
        "found 'soon'",
        "mine.ris:21: a record must have an author, a title, a DOI or a PubMed number; complete or "
        "delete it, found ''",
        "mine.ris:23: TY: a tag must be two letters, two spaces, a hyphen and a space, "
        "found 'TY - JOUR'",
        "mine.ris:24: TY: a record must begin with TY; put the line 'TY  - JOUR' before it, "
        "found ''",
        "mine.ris:26: year: must hold a year of four digits, from 1500 to 2200, found 'in press'",
        "mine.ris:29: ER: a record must end with ER; put the line 'ER  - ' after its last line, "
        "found 'JOUR Cut'",
    ]
    frame = held.tables["studies"]
    assert list(frame["title"]) == ["Sound", "Second", "Fourth"]
    assert list(frame["study_id"]) == ["elm_2001", "elm_2001b", "fourth_nd"]
    assert list(frame["label"]) == ["Elm 2001", "Elm 2001b", "Fourth n.d."]
    assert list(frame["source"]) == ["mine.ris"] * 3
    assert held.notes[0] == (
        "line 1 belongs to no record and was passed over: 'Provider: Somebody'"
    )


def test_doubles_are_named_and_kept(read) -> None:
    one = "TY  - JOUR\nAU  - Elm B\nPY  - 2001\nTI  - {}\nDO  - {}\nER  - \n"
    held = read(
        one.format("On walking.", "10.1000/A")
        + one.format("Another", "10.1000/a")
        + one.format("On Walking", "10.1000/b")
    )
    assert len(held.tables["studies"]) == 3
    assert held.notes[:2] == (
        "line 7: elm_2001b has the same DOI as elm_2001 (line 1); both were taken, keep one",
        "line 13: elm_2001c has the same title and year as elm_2001 (line 1); both were taken, "
        "keep one",
    )


BIB = r"""% a comment
@string{ps = "Psychiatric Services"}
@article{barbic2009,
  author = {Barbic, Skye and van der Berg, Jan and {World Health Organization} and others},
  title = {{A} trial of Stra{\ss}e, {\"o}, \'e and \o: 50% of $\alpha$ -- {RCT}},
  journal = ps # { B},
  year = 2009, volume=60, number=4, pages={491--497},
  doi = {https://doi.org/10.1176/ps\_2009},
  note = {PMID: 19339324},
  keywords = {a}
}
@article{broken,
  author = {X,
  title = {Y}
@article{elm, author="Bj{\o}rn Elm", title="A
   long title", journal = jama, year=2001, Year={2002}, eprint={123}, eprinttype={pubmed}}
@article{elm, author="B Elm", title="T2"}
@string{ps = "Other"}
article{oops, title={x}}
"""


def test_broken_bibtex_is_named_and_the_rest_is_taken(read) -> None:
    held = read(BIB, "mine.bib")
    assert faults(held) == [
        "mine.bib:12: must be a sound entry; close its braces and quotes, put a comma after each "
        "field, found '@article{broken,'",
        "mine.bib:16: journal: must be a text in braces or quotes, or an @string that the file "
        "defines, found 'jama'",
        "mine.bib:16: year: must stand once in an entry, and stands on line 16; keep one, "
        "found '2002'",
        "mine.bib:17: the key must stand once, and stands on line 15 already; give another, "
        "found 'elm'",
        "mine.bib:18: the key must stand once, and stands on line 2 already; give another, "
        "found 'ps'",
    ]
    first, second = row(held), row(held, 1)
    assert first["authors"] == "Barbic S; van der Berg J; World Health Organization; et al."
    assert first["title"] == "A trial of Straße, ö, é and ø: 50% of α – RCT"
    assert first["journal"] == "Psychiatric Services B 60(4):491-497"
    assert (first["doi"], first["pmid"]) == ("10.1176/ps_2009", "19339324")
    assert (second["title"], second["authors"]) == ("A long title", "Elm B")
    assert (second["study_id"], second["year"]) == ("elm_2001", "2001")
    assert second["source"] == "pmid:123"
    assert second["locator"] == "mine.bib, record 3, line 15"
    assert held.notes[:2] == (
        "line 19 belongs to no entry and was passed over: 'article{oops, title={x}}'",
        "passed over, as a study has no column for it: keywords (1), note (1)",
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"S{\'e}ne Garc\'{\i}a \c{C}elik {\AA}ngstr\"om \v{S}krab\'a{\l}",
         "Séne García Çelik Ångström Škrabáł"),
        (r"{\OE}uvre, \ae, na\"{\i}ve, \~n, \^o, \`a, \=a, \.z, \H{o}, \k{a}, \r{u}, \u{g}",
         "Œuvre, æ, naïve, ñ, ô, à, ā, ż, ő, ą, ů, ğ"),
        (r"\textit{In vitro} \& more \_ 5\%, cost \$5, \#1", "In vitro & more _ 5%, cost $5, #1"),
        ("cost $5 and 50% of it", "cost $5 and 50% of it"),
        ("``quoted'' pages 1--2 and a---b", "“quoted” pages 1–2 and a—b"),
    ],
)  # fmt: skip
def test_latex_becomes_unicode(read, written: str, meant: str) -> None:
    held = read("@article{a, title={" + written + "}}", "mine.bib")
    assert faults(held) == []
    assert row(held)["title"] == meant


def test_latex_that_cannot_be_read_stands_as_it_is(read) -> None:
    held = read(r"@article{a, title={See \href{http://x}{y}}}", "mine.bib")
    assert row(held)["title"] == r"See \href{http://x}{y}"
    assert held.notes[0] == "line 1: title: its LaTeX could not be read and stands as it is"


def test_strings_that_grow_without_end_are_refused(read) -> None:
    lines = ['@string{s0 = "' + "x" * 100 + '"}']
    lines += [f"@string{{s{n} = {' # '.join([f's{n - 1}'] * 10)}}}" for n in range(1, 9)]
    held = read("\n".join([*lines, "@article{a, title={A}, journal=s8}"]), "mine.bib")
    assert row(held)["journal"] == ""
    assert [fault.found for fault in held.faults] == ["s8"]


@pytest.mark.parametrize(
    ("coded", "taken"),
    [
        (ENDNOTE.encode("utf-8-sig"), True),
        (ENDNOTE.encode("utf-16"), True),
        (ENDNOTE.replace("\n", "\r\n").encode(), True),
        (ENDNOTE.replace("\n", "\r").encode(), True),
    ],
)
def test_encodings_and_ends_of_lines(read, coded: bytes, taken: bool) -> None:
    held = read(coded)
    assert faults(held) == []
    assert row(held)["authors"] == "Bjørkedal STB"


def test_a_record_in_another_encoding_is_a_fault_and_the_others_are_taken(read) -> None:
    held = read(ZOTERO.encode() + ENDNOTE.encode("latin-1"))
    assert faults(held) == [
        "mine.ris:20: AU: must be UTF-8; export the references again with that encoding, "
        "found 'Bj\ufffdrkedal, S. T. B.'"
    ]
    assert len(held.tables["studies"]) == 1
    held = read("@book{a, title={A}}\n@book{b,\n title={é}}".encode("latin-1"), "mine.bib")
    assert faults(held) == [
        "mine.bib:3: must be UTF-8; export the references again with that encoding, "
        "found 'title={\ufffd}}'"
    ]
    assert list(held.tables["studies"]["title"]) == ["A"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PMID- 19339324\nOWN - NLM\n", "the format of PubMed (.nbib)"),
        ("FN Clarivate Analytics Web of Science\nVR 1.0\nPT J\n", "the format of Web of Science"),
        ("%0 Journal Article\n%A Ash\n", "the format of Refer (.enw)"),
        ('<?xml version="1.0"?><xml/>', "XML or HTML"),
        ('{"a": 1}', "JSON"),
        ("study_id,label\n", "study_id,label"),
        ("", "an empty file"),
    ],
)
def test_another_format_is_named_with_what_to_do(read, text: str, found: str) -> None:
    held = read(text, "mine.txt")
    assert faults(held) == [
        "mine.txt:1: the file must be RIS or BibTeX; open it in a reference manager and export it "
        f"from there as RIS or BibTeX, found {found!r}"
    ]
    assert held.tables["studies"].empty
    assert list(held.tables["studies"].columns) == list(COLUMNS)


def test_what_is_no_text_is_a_fault(read) -> None:
    assert faults(read(bytes(range(256)) * 20 + b"\0" * 5000)) == [
        "mine.ris:1: the file must be UTF-8; export the references again with that encoding, "
        "found 'bytes that are no text'"
    ]


def test_the_format_is_known_by_content_or_said(read) -> None:
    assert row(read(ZOTERO, "mine.txt"))["study_id"] == "barbic_2009"
    assert row(read("@book{a, title={A}}", "mine.txt"))["title"] == "A"
    assert row(read("@book{a, title={A}}", "mine", format="bibtex"))["title"] == "A"


def test_arguments_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(pe.InputError) as error:
        pe.read_references(tmp_path / "no.ris")
    assert str(error.value) == (
        f"path: {str(tmp_path / 'no.ris')!r} is not there; give a file of references"
    )
    with pytest.raises(pe.InputError, match=r"^path: .* is a folder; give a file of references$"):
        pe.read_references(tmp_path)
    with pytest.raises(pe.InputError, match=r"^path: found 3, allowed is the name of a file$"):
        pe.read_references(3)  # type: ignore[arg-type]
    with pytest.raises(pe.InputError, match=r"^format: found 'RIS', .* did you mean 'ris'\?$"):
        pe.read_references(tmp_path / "no.ris", format="RIS")


@pytest.mark.parametrize(("name", "package"), [("a.ris", "rispy"), ("a.bib", "bibtexparser")])
def test_without_the_package_the_extra_is_named(
    read, monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(pe.PeerEvidenceError, match=r'pip install "peer-evidence\[references\]"$'):
        read(ZOTERO, name)


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1000/a", "10.1000/a"),
        ("https://doi.org/10.1000/a%28b%29", "10.1000/a(b)"),
        ("http://dx.doi.org/10.1000/a", "10.1000/a"),
        ("DOI:10.1000/a.", "10.1000/a"),
        ("10.1000/a [doi]", "10.1000/a"),
        ("10.1000/", None),
        ("10.1/a", None),
        ("10.1000/a b", None),
        ("", None),
    ],
)
def test_a_doi_is_cleaned_and_checked(text: str, doi: str | None) -> None:
    assert clean_doi(text) == doi


LINE = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Zs")) | st.just(" "),
    min_size=1, max_size=20,
).map(lambda text: " ".join(text.split())).filter(bool)  # fmt: skip
NAME = LINE.map(lambda text: text.replace(";", "")).map(str.strip).filter(bool)
KEY = st.text(string.ascii_lowercase + "_0123456789", min_size=1, max_size=12)
MAYBE = st.just("") | LINE


@st.composite
def study(draw) -> dict[str, str]:
    return {
        "study_id": draw(KEY),
        "label": draw(LINE),
        "authors": "; ".join(draw(st.lists(NAME, max_size=3))),
        "year": draw(st.just("") | st.integers(1500, 2200).map(str)),
        "title": draw(MAYBE),
        "journal": draw(MAYBE),
        "doi": draw(st.just("") | KEY.map(lambda key: f"10.1000/{key}.")),
        "pmid": draw(st.just("") | st.integers(1, 99_999_999).map(str)),
        "source": "https://example.org/" + draw(KEY),
    }


FILLED = {
    "design": "cohort", "level": "individual", "population": "a", "problem_type": "a",
    "intervention": "a", "initiative_type": "a", "comparator": "a", "comparator_type": "a",
    "confidence": "primary",
}  # fmt: skip


@given(st.lists(study(), min_size=1, max_size=4, unique_by=lambda one: one["study_id"]))
@example([{"study_id": "a", "label": "ER  - ", "authors": "Li X; Li X", "year": "", "title": "",
           "journal": "TY  - X", "doi": "", "pmid": "", "source": "https://a.org/"}])  # fmt: skip
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_exported_comes_back_as_it_was(tmp_path_factory, studies) -> None:
    frame = pd.DataFrame([FILLED | one for one in studies])
    columns = [name for name in COLUMNS if name not in {"locator", "confidence"}]
    outcomes = pd.DataFrame(columns=[
        "outcome_id", "study_id", "domain", "measure", "contrast", "contrast_type",
        "reported_conclusion", "effect_direction", "poolable", "source", "confidence",
    ])  # fmt: skip
    ev = pe.Evidence.from_frames({"studies": frame, "outcomes": outcomes})
    file = pe.export_ris(ev, tmp_path_factory.mktemp("ris") / "a.ris", "studies")
    held = pe.read_references(file)
    assert held.faults == ()
    before = frame[columns].map(lambda text: " ".join(text.split()))
    pd.testing.assert_frame_equal(held.tables["studies"][columns], before, check_dtype=False)


def test_the_bundled_studies_come_back_from_their_references(ev: pe.Evidence, tmp_path) -> None:
    held = pe.read_references(pe.export_ris(ev, tmp_path / "a.ris", "studies"))
    columns = ["study_id", "label", "authors", "year", "title", "journal", "doi", "pmid"]
    before = ev.texts("studies")[columns].fillna("")
    pd.testing.assert_frame_equal(held.tables["studies"][columns], before, check_dtype=False)
    assert len(held.evidence(studies=FILLED).studies) == 69


@pytest.mark.parametrize(("name", "text"), [("a.ris", ZOTERO + ENDNOTE), ("a.bib", BIB)])
def test_mutated_files_load_or_are_faulted(tmp_path: Path, name: str, text: str) -> None:
    sound = text.encode()
    pieces = st.sampled_from([
        b"{", b"}", b'"', b"@", b",", b"=", b"#", b"\\", b"$", b"%", b"\n", b"\r", b"\0", b"\xff",
        b"ER  - ", b"TY  - JOUR\n", b"@string{a = a # a}", b"  -", b"\xef\xbb\xbf", b"\xff\xfe",
    ])  # fmt: skip

    @given(st.lists(st.tuples(st.integers(0, len(sound)), st.integers(0, 30), pieces), max_size=4))
    @settings(max_examples=60, deadline=2000)
    def check(edits: list[tuple[int, int, bytes]]) -> None:
        data = sound
        for at, gone, piece in edits:
            data = data[:at] + piece + data[at + gone :]
        file = tmp_path / name
        file.write_bytes(data)
        held = pe.read_references(file)
        assert list(held.tables["studies"].columns) == list(COLUMNS)
        assert held.tables["studies"]["study_id"].is_unique
        assert all(fault.line >= 1 and fault.rule for fault in held.faults)
        assert len(held.tables["studies"]) or held.faults

    check()
