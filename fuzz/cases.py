"""What a target is, and how the files of a case come into a folder and out again."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import peer_evidence as pe
from peer_evidence.records.faults import Fault
from peer_evidence.records.package import Package, read_package

LOADED, FAULTS = "loads", "fault lists"
TYPED, USED = 0.25, 0.33  # of the sound reviews, and of these
Files = dict[str, "bytes | Folder | Link"]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder where a file is expected."""


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link."""

    to: str


@dataclass(frozen=True, slots=True)
class Target:
    """A reader: how a case is made, and how it is read.

    ``read`` gives LOADED or FAULTS; whatever else it raises is a finding.
    """

    name: str
    make: Callable[[Random], Any]
    read: Callable[[Any, Path, Random], str]


class UnprintableError(AssertionError):
    """A fault cannot be shown to a person."""


def lay_out(files: Mapping[str, Any], folder: Path) -> None:
    """Write the files of a case into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Folder):
                path.mkdir()
            elif isinstance(content, Link):
                path.symlink_to(content.to)
            else:
                path.write_bytes(content)
        except (OSError, ValueError):  # two entries that cannot both be there
            continue


def keep(case: Any, folder: Path) -> None:
    """Keep a case that was a finding, as files where it is files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if isinstance(case, dict) and all(isinstance(one, (bytes, Folder, Link)) for one in
                                      case.values()):  # fmt: skip
        lay_out(case, folder / "files")
    elif isinstance(case, bytes):
        (folder / "data").write_bytes(case)
    (folder / "case.pickle").write_bytes(pickle.dumps(case))


def size_of(case: Any) -> int:
    """Give a size by which the smallest case of a kind is kept."""
    if isinstance(case, dict):
        return sum(len(one) if isinstance(one, bytes) else 1 for one in case.values())
    return len(case) if isinstance(case, (bytes, str)) else len(repr(case))


def check_faults(faults: Iterable[Fault]) -> None:
    """Raise unless every fault can be printed, in one line, and written as JSON."""
    for fault in faults:
        shown = str(fault)
        shown.encode("utf-8")
        if len(shown.splitlines()) != 1 or not fault.rule or not isinstance(fault.found, str):
            raise UnprintableError(repr(fault))
        json.dumps(fault.to_dict()).encode("ascii")


def read_review(
    where: Any, rng: Random, read: Callable[[Any], Package] = read_package
) -> str:  # fmt: skip
    """Read a review; check its faults, or load it and use what was loaded.

    A quarter of those that are sound is made into typed tables, and a third of these is asked
    for results.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            package = read(where)
            if package.faults:
                check_faults(package.faults)
                str(pe.RecordsError(package.faults)).encode("utf-8")
                return FAULTS
            if rng.random() < TYPED:
                ev = pe.Evidence(package)
                if rng.random() < USED:
                    use(ev)
        except pe.PeerEvidenceError as error:
            check_faults(getattr(error, "faults", ()))
            str(error).encode("utf-8")
            return FAULTS
    return LOADED


def use(ev: Any) -> None:
    """Ask of a loaded review what a person would; a refusal in words is no finding."""
    ev.summary().encode("utf-8")
    for question in (
        lambda: ev.select(),
        lambda: pe.tally(ev.outcomes, by="domain").summary(),
        lambda: pe.admissions(ev).summary(),
        lambda: pe.check_claims(ev).summary(),
        lambda: pe.pools(ev).summary(),
        lambda: pe.audit(ev).summary(),
        lambda: pe.flow(ev).summary(),
        lambda: pe.effect_directions(ev).summary(),
        lambda: pe.risk_of_bias_summary(ev).summary(),
        lambda: pe.overlap(ev).summary(),
    ):
        try:
            question()
        except pe.PeerEvidenceError as error:
            str(error).encode("utf-8")


def scratch() -> Path:
    """Give a folder of this process for the files of its cases, in memory where there is one."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of the process's own in it
    base = memory if memory.is_dir() and os.access(memory, os.W_OK) else Path("build")
    return base / f"peer_evidence_fuzz_{os.getpid()}"
