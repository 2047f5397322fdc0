"""Targets that are texts: CSV folders, single tables, printed numbers."""

from __future__ import annotations

import warnings
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd

import peer_evidence as pe
from fuzz import mutate
from fuzz.cases import FAULTS, LOADED, Files, Folder, Link, Target, check_faults, lay_out
from fuzz.cases import read_review as read_any
from fuzz.seeds import Rows, Tables, small_review, whole_review, written
from peer_evidence.appraisal import printed_numbers
from peer_evidence.direction.printed_p import printed_p

OWN = ("package", "vocabulary", "claims", "sections", "flow", "codebook", "framework/terms")
_NAMES = (
    *("studies.csv", "outcomes.csv", "Studies.csv", "study.csv", "outcome.csv", "flow.csv"),
    *("studies.csv.txt", "reviews.csv", "framework/terms.csv", "framework/.csv", "framework"),
    *("framework/a\nb.csv", "framework/caf\udce9.csv", "framework/x y.csv", "claims.csv"),
    *("studies.parquet", "book.xlsx", "~$book.xlsx", "sections.csv", "\udcff.csv", "codebook.csv"),
    *("framework/studies.csv", "framework/{x}.csv", "framework/" + "n" * 200 + ".csv"),
)


def mutated_tables(rng: Random, tables: Tables, names: list[str]) -> None:
    """Change some of the named tables."""
    headers = [rows[0] for rows in tables.values()]
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        mutate.table(rng, tables[rng.choice(names)], headers)


def csv_bytes(rng: Random, rows: Rows) -> bytes:
    """Write a table that was changed, now and then with changed bytes."""
    data = mutate.serialise(rng, rows)
    return mutate.raw(rng, data) if rng.random() < 0.2 else data


def make_csv(rng: Random) -> Files:
    """Make a folder with studies and outcomes."""
    tables = small_review()
    names = [rng.choice(list(tables))]
    mutated_tables(rng, tables, names)
    return {
        f"{name}.csv": csv_bytes(rng, rows) if name in names else written(rows)
        for name, rows in tables.items()
    }


def make_tables(rng: Random) -> Files:
    """Make a folder with every table, of which others than studies and outcomes are changed."""
    tables = whole_review()
    others = [name for name in tables if name not in ("studies", "outcomes")]
    names = rng.sample(OWN if rng.random() < 0.7 else others, k=rng.choice((1, 1, 2)))
    mutated_tables(rng, tables, names)
    small = small_review()
    tables |= small if rng.random() < 0.5 else {}
    dropped = rng.choice(others) if rng.random() < 0.2 else ""
    return {
        f"{name}.csv": csv_bytes(rng, rows) if name in names else written(rows)
        for name, rows in tables.items()
        if name != dropped
    }


def make_folder(rng: Random) -> Files:
    """Make a folder in which files are missing, misplaced, links or folders."""
    tables = whole_review() if rng.random() < 0.2 else small_review()
    files: Files = {f"{name}.csv": written(rows) for name, rows in tables.items()}
    for _ in range(rng.choice((1, 1, 2, 4))):
        name = rng.choice((*files, *_NAMES))
        how = rng.randrange(7)
        if how == 0:
            files.pop(name, None)
        elif how == 1:
            files.pop(name, None)
            files[name] = Folder()
        elif how == 2:
            target = rng.choice((*files, name, "nowhere", ".", "..", "/dev/null", "/dev/zero"))
            files.pop(name, None)
            files[name] = Link(target)
        elif how == 3:
            files[name] = rng.choice((b"", b"\n", b"\x00" * 50, b"PK\x03\x04", b"\xff\xfe"))
        elif how == 4:
            held = files.pop(name, b"")
            files[rng.choice(_NAMES)] = held
        elif how == 5:
            files[name] = mutate.raw(rng, written(tables["studies"]))
        else:
            files[name] = written(rng.choice(list(tables.values())))
    return files


def read_folder(case: Any, folder: Path, rng: Random) -> str:
    """Load the folder; once in a while also ask for its faults alone."""
    lay_out(case, folder)
    found = read_any(folder, rng)
    if rng.random() < 0.02:
        try:
            faults = pe.validate(folder)
        except pe.PeerEvidenceError:
            return found
        check_faults(faults)
        if bool(faults) != (found == FAULTS):
            raise AssertionError("validate and load do not agree")
    return found


def make_flow(rng: Random) -> Any:
    """Make a flow.csv, a mapping or a frame."""
    tables = {"flow": whole_review()["flow"]}
    mutated_tables(rng, tables, ["flow"])
    roll = rng.random()
    if roll < 0.6:
        return {"flow.csv": csv_bytes(rng, tables["flow"])}
    rows = [row for row in tables["flow"][1:] if len(row) > 1]
    odd = (None, 2.5, 1e300, True, [1], -1, float("nan"), 10**30)
    values = [
        rng.choice((text, *odd)) if rng.random() < 0.2
        else int(text) if text.isascii() and text.isdecimal() and len(text) < 20
        else text
        for text in (row[1] for row in rows)
    ]  # fmt: skip
    if roll < 0.8:
        return dict(zip([row[0] for row in rows], values, strict=True))
    return pd.DataFrame({"box": [row[0] for row in rows], "n": values}, dtype=object)


def read_flow(case: Any, folder: Path, rng: Random) -> str:
    """Read the counts of a flow."""
    where = case
    if isinstance(case, dict) and "flow.csv" in case:
        lay_out(case, folder)
        where = folder / "flow.csv"
    return refused_or(lambda: pe.flow(where).summary())


def make_audit(rng: Random) -> Files:
    """Make one CSV file of pooled results or outcomes, every cell of which may be anything."""
    whole = whole_review()
    tables = {name: whole[name] for name in ("pooled_results", "outcomes")}
    name = rng.choice(list(tables))
    if rng.random() < 0.7:
        _print_numbers(rng, tables[name])
    mutated_tables(rng, tables, [name])
    return {"table.csv": csv_bytes(rng, tables[name])}


def _print_numbers(rng: Random, rows: Rows) -> None:
    """Fill some cells of numbers, so that there is something to check."""
    numeric = [place for place, name in enumerate(rows[0]) if name in _PRINTED]
    for row in rows[1:]:
        for place in numeric:
            if rng.random() < 0.6:
                row[place] = mutate.number(rng) if rng.random() < 0.2 else f"{rng.random() * 3:.2f}"


_PRINTED = {"k", "n_total", "estimate", "ci_low", "ci_high", "p_value", "q", "q_df", "i2", "tau2",
            "z", "events_intervention", "n_intervention", "events_comparison", "n_comparison",
            "mean_intervention", "sd_intervention", "mean_comparison", "sd_comparison"}  # fmt: skip


def read_audit(case: Any, folder: Path, rng: Random) -> str:
    """Audit one file."""
    lay_out(case, folder)
    return refused_or(lambda: pe.audit(folder / "table.csv").summary().encode("utf-8"))


def make_judgements(rng: Random) -> Files:
    """Make a file of judgements of certainty."""
    tables = {"judgements": [
        ["outcome", "domain", "judgement", "reason", "judged_by"],
        ["Attendance", "risk_of_bias", "serious", "some concerns", "A"],
        ["Attendance", "imprecision", "very serious", "wide", "A"],
        ["Plaque", "certainty", "low", "", "A"],
    ]}  # fmt: skip
    mutated_tables(rng, tables, ["judgements"])
    return {"judgements.csv": csv_bytes(rng, tables["judgements"])}


def read_judgements(case: Any, folder: Path, rng: Random) -> str:
    """Read judgements of certainty."""
    from peer_evidence.appraisal import judgements

    lay_out(case, folder)
    return refused_or(lambda: judgements.read_judgements(
        folder / "judgements.csv", ["Attendance", "Plaque"]))  # fmt: skip


def make_printed(rng: Random) -> str:
    """Make a text that may be a number as printed."""
    return mutate.number(rng) if rng.random() < 0.5 else mutate.cell(rng, mutate.number(rng))


def read_printed(case: Any, folder: Path, rng: Random) -> str:
    """Read a text by every parser of printed numbers."""

    def parse() -> None:
        plain = printed_numbers.text_of(case)
        if printed_numbers.is_number(plain):
            printed_numbers.printed_span(plain, cut=True)
            printed_numbers.with_decimals(plain, 3)
            printed_numbers.mends(plain, lambda text: float(text) > 0.5)
        _, number = printed_p(case)
        if number:
            float(number)
        if not printed_numbers.is_number(plain):
            printed_numbers.printed_span(plain)

    return refused_or(parse)


def refused_or(question: Any) -> str:
    """Ask, and tell whether there was an answer or a refusal that can be printed.

    An answer that is itself one of the outcomes is taken as it is.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            answer = question()
        except pe.PeerEvidenceError as error:
            check_faults(getattr(error, "faults", ()))
            str(error).encode("utf-8")
            return FAULTS
    return FAULTS if answer is FAULTS else LOADED


TARGETS = (
    Target("csv", make_csv, read_folder),
    Target("tables", make_tables, read_folder),
    Target("folder", make_folder, read_folder),
    Target("flow", make_flow, read_flow),
    Target("audit", make_audit, read_audit),
    Target("judgements", make_judgements, read_judgements),
    Target("printed", make_printed, read_printed),
)
