"""Targets that come from other programs: RevMan, Cochrane, references, robvis, archives."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import peer_evidence as pe
from fuzz import mutate
from fuzz.cases import FAULTS, LOADED, Files, Target, check_faults, lay_out, read_review
from fuzz.seeds import Rows, read, small_review, written
from fuzz.text_targets import csv_bytes, mutated_tables, refused_or
from fuzz.workbook_targets import change_archive, change_xml, workbook, zipped

_TESTS = Path(__file__).parents[1] / "tests" / "exchange"
_ROWS = 4
_RIS = """TY  - JOUR
AU  - Ash, Beryl
AU  - van der Berg, Jean-Paul
PY  - 2001/04/01
TI  - Walking to the dentist
T2  - Journal of Invented Results
DO  - 10.1000/ash.2001
AN  - 37280561
UR  - https://example.org/article
N1  - PMID: 12345678
ER  -

TY  - CHAP
A1  - Elm C
Y1  - 2002
T1  - Reminders
ER  -
"""
_BIBTEX = """@string{jir = "Journal of Invented Results"}
@comment{nothing}
@article{ash2001,
  author = {Ash, Beryl and {van der Berg}, Jean-Paul and others},
  title = {{W}alking to the d{\\'e}ntist --- 50\\% of ``it''},
  journal = jir # " B",
  year = 2001, month = apr,
  doi = {10.1000/ash.2001},
  url = "https://example.org/a_b?c=1&d"
}
@inproceedings(elm2002, author = "Elm, C", title = "Reminders", year = {2002})
"""
_LINES = (
    *("TY  - JOUR", "ER  - ", "ER  -", "TY  -JOUR"),
    *("TI - x", "XX  - y", "DO  - 10.1/a b", "  more"),
    *("AU  - ", "AU  - ,", "AU  - Ash,,,", "PY  - 20011"),
    *("PY  - ////", "1.", "@article{", "}", "@x{a"),
    *("@article{a,", "title = {", 'title = "', "#"),
    *("= =", "@string{a = a}", "@preamble{", "\\'", "$"),
    *("{\\'{", "author = and and and", "year = 2001 # 2", "@article{ash2001, title={again}}", "%"),
    *("TY  - " + "J" * 9000, "AU  - " + "A " * 4000, "{" * 3000, "title = {" + "{" * 3000),
)  # fmt: skip
_ROBVIS: Rows = [
    ["Study", "D1", "D2", "D3", "D4", "D5", "Overall", "Weight"],
    ["Ash 2001", "Low", "Some concerns", "low", "+", "High", "Some concerns", "33.3"],
    ["Elm 2002", "High", "NI", "No information", "", "x", "High", "66.7"],
]
_LONG: Rows = [
    ["study_id", "tool", "domain", "judgement"],
    ["ash", "RoB 2", "D1", "Low"],
    ["ash", "RoB 2", "overall", "High"],
]


@cache
def _revman() -> bytes:
    """Give a small review of RevMan: of each kind of data the first few."""
    text = (_TESTS / "revman" / "bcg.rm5").read_text(encoding="utf-8")
    kept: list[str] = []
    seen: dict[str, int] = {}
    for line in text.splitlines():
        single = re.fullmatch(r"<(\w+) [^>]*/>", line)
        if single and single[1].endswith("_DATA"):
            seen[single[1]] = seen.get(single[1], 0) + 1
            if seen[single[1]] % 13 > 2:
                continue
        kept.append(line)
    short = re.sub(
        r"(?s)(<STUDY .*?</STUDY>\s*){6,}",
        lambda found: "".join(re.findall(r"(?s)<STUDY .*?</STUDY>\s*", found[0])[:5]),
        "\n".join(kept),
    )
    return short.encode("utf-8")


@cache
def _published() -> bytes:
    """Give another small review of RevMan, without faults."""
    return (_TESTS / "revman" / "spinks_2013.rm5").read_bytes()


@cache
def _cochrane() -> dict[str, bytes]:
    """Give the tables of a Cochrane package, a few rows each."""
    folder = _TESTS / "cochrane" / "CD000000-dataPackage"
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*.csv"))
    }


def make_revman(rng: Random) -> Files:
    """Make a file of RevMan 5."""
    data = _revman() if rng.random() < 0.5 else _published()
    for _ in range(rng.choice((1, 1, 2, 4))):
        if rng.random() < 0.4:
            data = _swap_value(rng, data)
        else:
            data = mutate.raw(rng, data) if rng.random() < 0.2 else change_xml(rng, data)
    return {"review.rm5": data}


def _swap_value(rng: Random, data: bytes) -> bytes:
    """Put something like a number into an attribute, or the value of another."""
    found = list(re.finditer(rb' (\w+)="([^"]*)"', data))
    if not found:
        return data
    one = rng.choice(found)
    new = rng.choice(found)[2] if rng.random() < 0.3 else _attribute(mutate.text(rng))
    return data[: one.start(2)] + new + data[one.end(2) :]


def _attribute(text: str) -> bytes:
    return re.sub(r'[<>&"]', "", text).encode("utf-8", "surrogatepass")


def read_revman(case: Any, folder: Path, rng: Random) -> str:
    """Read the file of RevMan and what can be made of it."""
    lay_out(case, folder)
    return refused_or(lambda: _look(pe.read_revman(folder / "review.rm5"), rng))


def _look(held: Any, rng: Random) -> str:
    """Ask of something imported what a person would; with faults or without."""
    check_faults(held.faults)
    held.summary().encode("utf-8")
    if rng.random() < 0.3:
        held.to_frame()
        if hasattr(held, "comparison"):
            held.comparison()
    return FAULTS if held.faults else LOADED


def make_cochrane(rng: Random) -> Files:
    """Make a data package: a folder, an archive or one file."""
    files: Files = {}
    names = list(_cochrane())
    chosen = rng.sample(names, k=rng.choice((1, 1, 2)))
    for name, data in _cochrane().items():
        rows = read(data.removeprefix(b"\xef\xbb\xbf"))[: 1 + _ROWS * 3]
        if name in chosen:
            tables = {"one": rows}
            mutated_tables(rng, tables, ["one"])
            files[name] = csv_bytes(rng, tables["one"])
        elif rng.random() < 0.95:
            files[name] = written(rows)
    roll = rng.random()
    if roll < 0.3:
        data = zipped(rng, {name: one for name, one in files.items() if isinstance(one, bytes)})
        return {"package": change_archive(rng, data) if roll < 0.1 else data}
    return {f"package/{name}": data for name, data in files.items()}


def read_cochrane(case: Any, folder: Path, rng: Random) -> str:
    """Read the package and what can be made of it."""
    lay_out(case, folder)
    return refused_or(lambda: _look(pe.read_cochrane(folder / "package"), rng))


def _references(rng: Random, text: str) -> bytes:
    lines = text.splitlines()
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        at = rng.randrange(len(lines))
        how = rng.randrange(6)
        if how == 0:
            lines[at] = mutate.cell(rng, lines[at])
        elif how == 1:
            lines.insert(at, rng.choice(_LINES))
        elif how == 2:
            lines.insert(at, lines[rng.randrange(len(lines))])
        elif how == 3 and len(lines) > 1:
            del lines[at]
        elif how == 4:
            head, mark, rest = lines[at].partition("- " if "- " in lines[at] else "=")
            lines[at] = head + mark + mutate.cell(rng, rest)
        else:
            place = rng.randrange(len(lines[at]) + 1)
            put = rng.choice(("{", "}", '"', "#", "@", "\\", ",", "=", "$", "\x00", "\u2028", "\t"))
            lines[at] = lines[at][:place] + put + lines[at][place:]
    ends = rng.choice(("\n", "\n", "\n", "\r\n", "\r", "\n\n", ""))
    encoding = rng.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1", "utf-32"))
    plain = ends.join(lines)
    errors = "surrogatepass" if encoding.startswith("utf-8") else "replace"
    data = plain.encode(encoding, errors)
    return mutate.raw(rng, data) if rng.random() < 0.15 else data


def make_ris(rng: Random) -> Files:
    """Make a file of references in RIS."""
    return {rng.choice(("a.ris", "a.ris", "a.txt")): _references(rng, _RIS)}


def make_bibtex(rng: Random) -> Files:
    """Make a file of references in BibTeX."""
    return {rng.choice(("a.bib", "a.bib", "a.txt")): _references(rng, _BIBTEX)}


def read_references(case: Any, folder: Path, rng: Random) -> str:
    """Read the references."""
    lay_out(case, folder)
    return refused_or(lambda: _look(pe.read_references(folder / next(iter(case))), rng))


def make_robvis(rng: Random) -> Any:
    """Make a table of judgements: CSV, a workbook or a frame."""
    tables = {"judgements": [list(row) for row in rng.choice((_ROBVIS, _LONG))]}
    mutated_tables(rng, tables, ["judgements"])
    roll = rng.random()
    if roll < 0.15:
        return {"rob.xlsx": zipped(rng, workbook(rng, tables))}
    return {"rob.csv": csv_bytes(rng, tables["judgements"])}


def read_robvis(case: Any, folder: Path, rng: Random) -> str:
    """Read the judgements."""
    lay_out(case, folder)
    tool = rng.choice(("RoB 2", "RoB 2", "ROBINS-I", None))
    name = next(iter(case))
    return refused_or(lambda: _look(pe.read_risk_of_bias(folder / name, tool), rng))


def make_archive(rng: Random) -> Files:
    """Make a review as a zip archive."""
    tables = small_review()
    names = [rng.choice(list(tables))]
    if rng.random() < 0.5:
        mutated_tables(rng, tables, names)
    inside = rng.choice(("", "", "records/", "a/", "a/data/", "../", "/", "a/b/c/", "C:\\"))
    parts = {
        f"{inside}{name}.csv": csv_bytes(rng, rows) if name in names else written(rows)
        for name, rows in tables.items()
    }
    if rng.random() < 0.3:
        odd = ("studies.csv", "records/studies.csv", "a/studies.csv", "x/outcomes.csv", "book.xlsx")
        parts[rng.choice(odd)] = rng.choice((*parts.values(), b"", b"PK\x03\x04"))
    data = zipped(rng, parts)
    return {"review.zip": change_archive(rng, data) if rng.random() < 0.4 else data}


def read_archive(case: Any, folder: Path, rng: Random) -> str:
    """Load the archive."""
    lay_out(case, folder)
    return read_review(folder / "review.zip", rng)


TARGETS = (
    Target("revman", make_revman, read_revman),
    Target("cochrane", make_cochrane, read_cochrane),
    Target("ris", make_ris, read_references),
    Target("bibtex", make_bibtex, read_references),
    Target("robvis", make_robvis, read_robvis),
    Target("zip", make_archive, read_archive),
)
