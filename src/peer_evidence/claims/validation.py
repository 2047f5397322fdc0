"""Every fault in a review: in its tables, and then in what its claims ask to be checked."""

from __future__ import annotations

from pathlib import Path

from peer_evidence.claims.check import plan_faults
from peer_evidence.records.evidence import Evidence
from peer_evidence.records.faults import Fault
from peer_evidence.records.package import Package, read_package


def validate(path: str | Path | None = None) -> list[Fault]:
    """List every fault in the records of a review.

    Parameters
    ----------
    path : str or Path, optional
        A folder with ``studies.csv``, ``outcomes.csv`` and whatever else the review has, or a
        workbook; the bundled review when left out. See :func:`peer_evidence.load`.

    Returns
    -------
    list of Fault
        Each with its file, line, column, rule and what was found; empty when the records are
        sound. When every table is, the checks that ``claims.csv`` names are tried, too.

    Raises
    ------
    InputError
        If there is no such folder.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> pe.validate()
    []
    """
    return list(faults_of(read_package(path)))


def faults_of(package: Package) -> tuple[Fault, ...]:
    """Give the faults of the tables; when there is none, those of the checks that are named."""
    if package.faults or "claims" not in package.raw:
        return package.faults
    raw = package.raw["claims"]
    for line, rule, found in plan_faults(Evidence(package)):
        raw.fault(line, "arguments", rule, found)
    return tuple(raw.faults)
