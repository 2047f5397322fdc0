"""The flow of studies through a review, read and added up as PRISMA 2020 asks."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.errors import DataWarning, InputError, RecordsError
from peer_evidence.formatting import count
from peer_evidence.records.cells import check_column
from peer_evidence.records.faults import Fault
from peer_evidence.records.flow_rules import Counts, check_flow
from peer_evidence.records.grid import cell_of
from peer_evidence.records.header import names_of
from peer_evidence.records.read import RawTable, read_csv
from peer_evidence.records.tables import FLOW
from peer_evidence.records.words import METHOD_WORDS
from peer_evidence.results import Result

_COLUMNS = [column.name for column in FLOW.columns]
_LATER = "The sums are checked once these are mended."
_SAID = (
    ("records_screened", "record screened", "records screened"),
    ("dbr_assessed", "report assessed", "reports assessed"),
    ("other_assessed", "report from other sources assessed", "reports from other sources assessed"),
    ("new_studies", "study included", "studies included"),
    ("total_studies_ma", "study in the meta-analysis", "studies in the meta-analysis"),
)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Flow(Result):
    """The boxes of a PRISMA 2020 flow diagram; made by :func:`flow`.

    Attributes
    ----------
    file : str
        The file they were read from.
    table : DataFrame
        One row a box, or a database, register or reason within one: ``line``, ``box``, ``n``
        (missing where it is not known), ``label``, ``link``, ``note``.
    warnings : tuple of Fault
        What does not add up but may be so, since a record may lead to several reports.
    """

    file: str
    table: pd.DataFrame
    warnings: tuple[Fault, ...]

    def has(self, box: str) -> bool:
        """Tell whether a box has a row."""
        return bool((self.table["box"] == box).any())

    def number(self, box: str) -> int | None:
        """Give the number of a box, its parts added up where it has none of its own.

        Parameters
        ----------
        box : str
            Name of the box.

        Returns
        -------
        int or None
            None where it is not there or not known.
        """
        counts = _counts(self.table)
        return counts.number(box) if counts.has(box) else None

    def to_frame(self) -> pd.DataFrame:
        """Give the boxes, one a row."""
        return self.table.copy()

    def summary(self) -> str:
        """Say how many records, reports and studies there are, and what does not add up."""
        counts = _counts(self.table)
        parts = []
        found = [counts.number(box) for box in ("database_results", "register_results")
                 if counts.has(box)]  # fmt: skip
        if found and None not in found:
            total = sum(one for one in found if one is not None)
            parts.append(count(total, "record from databases and registers",
                               "records from databases and registers"))  # fmt: skip
        for box, one, many in _SAID:
            n = counts.number(box) if counts.has(box) else None
            if n is not None:
                parts.append(count(n, one, many))
        lines = [f"PRISMA 2020 flow: {', '.join(parts) or 'no number is known'}"]
        return "\n".join([*lines, *(f"to look at: {one}" for one in self.warnings)])


def flow(data: Any) -> Flow:
    """Read the counts of a PRISMA 2020 flow diagram and check that they add up.

    A box that is left out counts as nothing there; one without a number is not known, and nothing
    is computed from it. Screened must be what was identified less what was removed; assessed what
    was sought less what was not retrieved; reasons, databases and registers must add up to their
    whole; totals must be previous and new ones; the meta-analysis must not have more studies than
    the review. That reports sought are the records left after screening, and the included reports
    those assessed and not excluded, is expected but not certain, since one record may lead to
    several reports: there a warning is given.

    Parameters
    ----------
    data : str, Path, Evidence, DataFrame or mapping
        A ``flow.csv`` or the folder with it, the records of a review that has one, a table, or a
        mapping from box to number. Columns: ``box``, ``n``, ``label`` (the database, register or
        reason, or other words for the box), ``link``, ``note``; the last three may be left out.
        :func:`flow_template` gives a table of all boxes, with what each counts. Their names:

        - before: ``previous_studies``, ``previous_reports``;
        - found: ``database_results`` (each: ``database_specific_results``), ``register_results``
          (each: ``register_specific_results``), ``website_results``, ``organisation_results``,
          ``citations_results``;
        - removed: ``duplicates``, ``excluded_automatic``, ``excluded_other``;
        - screened: ``records_screened``, ``records_excluded``;
        - from databases and registers: ``dbr_sought_reports``, ``dbr_notretrieved_reports``,
          ``dbr_assessed``, ``dbr_excluded``; from other sources: ``other_sought_reports``,
          ``other_notretrieved_reports``, ``other_assessed``, ``other_excluded``;
        - included: ``new_studies``, ``new_reports``, ``total_studies``, ``total_reports``,
          ``total_studies_ma``, ``total_reports_ma``.

    Returns
    -------
    Flow
        The boxes in the order of the file.

    Raises
    ------
    RecordsError
        If a cell cannot be read or the numbers do not add up: every fault with file and line (of
        a table, the lines it would have as a file; of a mapping, the key). Sums with a cell that
        cannot be read are checked once it is mended, and the message says so.
    InputError
        If there is no such file.

    Warns
    -----
    DataWarning
        If the reports do not follow from the records; see above.

    References
    ----------
    Page and others 2021, BMJ 372:n71, doi 10.1136/bmj.n71 (PRISMA 2020); Haddaway and others 2022,
    Campbell Systematic Reviews 18:e1230, doi 10.1002/cl2.1230 (the names of the boxes).

    Examples
    --------
    An invented flow:

    >>> print(flow({"database_results": 120, "duplicates": 20, "records_screened": 100,
    ...             "records_excluded": 90, "dbr_sought_reports": 10, "dbr_assessed": 10,
    ...             "dbr_excluded": 4, "new_studies": 5, "new_reports": 6}))
    PRISMA 2020 flow: 120 records from databases and registers, 100 records screened,
    10 reports assessed, 5 studies included
    """
    raw = _read(data)
    for column in FLOW.columns:
        if column.name in raw.columns:
            allowed = METHOD_WORDS[column.words[0]] if column.words else None
            check_column(raw, column, allowed)
    unread = any(fault.column in ("box", "n") for fault in raw.faults)
    _, soft = check_flow(raw)
    keys = [str(one) for one in data] if isinstance(data, Mapping) else None
    soft = [_of_key(fault, keys) for fault in soft]
    if raw.faults:
        found = sorted(raw.faults, key=lambda fault: fault.line)
        raise RecordsError(
            [_of_key(fault, keys) for fault in found],
            where="in the records, nothing was loaded" if keys is None else "in the boxes",
            then=_LATER if unread else "",
        )
    if not len(raw):
        raise InputError(f"data: {raw.file} has no row, so there is no flow to show")
    if soft:
        told = "\n".join(f"  {fault}" for fault in soft)
        warnings.warn(f"the flow may not add up:\n{told}", DataWarning, stacklevel=2)
    return Flow(raw.file, _table(raw), tuple(soft))


def _of_key(fault: Fault, keys: list[str] | None) -> Fault:
    """Name the key of a mapping where there is no file and line."""
    if keys is None or fault.line < 2:
        return fault
    return Fault(f"data[{keys[fault.line - 2]!r}]", 0, "", fault.rule, fault.found)


def _read(data: Any) -> RawTable:
    """Read the boxes as text, whatever they come in."""
    if isinstance(data, Mapping):
        data = _listed(data)
    if isinstance(data, pd.DataFrame):
        return _raw_of(data)
    if isinstance(data, (str, Path)):
        path = Path(data)
        path = path / FLOW.file if path.is_dir() else path
        if not path.is_file():
            raise InputError(
                f"data: found {str(data)!r}, where there is no {path.name}; give the file with "
                "the boxes of the flow, or the folder it is in"
            )
        return read_csv(path, path.name, FLOW.columns)
    if hasattr(data, "raw_table"):
        if FLOW.name not in data.tables:
            raise InputError(
                "data: these records have no flow.csv; PRISMA asks for the counts of a search, "
                "and they cannot be made up from the studies"
            )
        held: RawTable = data.raw_table(FLOW.name)
        return held
    raise InputError(
        f"data: found {type(data).__name__}, allowed are a path, records, a DataFrame, or a "
        "mapping from box to number"
    )


def _raw_of(frame: pd.DataFrame) -> RawTable:
    """Take a table as the text of its file."""
    raw = RawTable(FLOW.file)
    raw.lines = np.arange(2, len(frame) + 2, dtype=np.int64)
    names = names_of([str(one) for one in frame.columns], 1, FLOW.columns, raw)
    for name, column in zip(names or [], frame.columns, strict=False):
        raw.columns[name] = np.array([_text(one) for one in frame[column].tolist()], dtype=object)
    return raw


def _listed(boxes: Mapping[Any, Any]) -> pd.DataFrame:
    """Take a mapping as a table; a number may be any object until it is checked."""
    numbers = np.empty(len(boxes), dtype=object)
    for place, value in enumerate(boxes.values()):
        numbers[place] = value
    return pd.DataFrame({"box": list(boxes), "n": numbers}, dtype=object)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, bool) else cell_of(value).text


def _table(raw: RawTable) -> pd.DataFrame:
    empty = np.full(len(raw), "", dtype=object)
    held = {name: raw.columns.get(name, empty) for name in _COLUMNS}
    table = pd.DataFrame({"line": raw.lines, **held})
    table["n"] = pd.to_numeric(table["n"].where(table["n"] != "", None)).astype("Int64")
    return table


def _counts(table: pd.DataFrame) -> Counts:
    """Collect the boxes of a sound table once more."""
    raw = RawTable(FLOW.file)
    raw.lines = table["line"].to_numpy(np.int64)
    for name in _COLUMNS:
        cells = ["" if pd.isna(one) else str(one) for one in table[name].tolist()]
        raw.columns[name] = np.array(cells, dtype=object)
    return check_flow(raw)[0]
