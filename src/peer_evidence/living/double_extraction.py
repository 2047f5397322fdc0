"""``compare_extractions``: how far two extractions of the same records agree, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from peer_evidence.checks import check_choice, check_columns, check_level
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, interval, number
from peer_evidence.living.agreement import Coefficient, cohen_kappa, cross_count, gwet_ac1
from peer_evidence.living.pairing import CATEGORY, NUMBER, KeyOf, Pair, differing, pairs_of
from peer_evidence.pooling.laws import critical
from peer_evidence.results import Result
from peer_evidence.spreadsheet import to_csv

if TYPE_CHECKING:
    from pathlib import Path

    from peer_evidence.records.evidence import Evidence

DIFFER, ONLY_A, ONLY_B = "differ", "only in a", "only in b"
_SHOWN = 10
_EMPTY = ("category", "apart")
_COEFFICIENTS = ("kappa", "ac1")
COLUMNS = [
    *("table", "column", "kind", "rows", "equal", "within", "differ", "only_a", "only_b"),
    *("both_empty", "agreement", "compared", "categories"),
    *(f"{name}{part}" for name in _COEFFICIENTS for part in ("", "_se", "_ci_low", "_ci_high")),
    "note",
]
DISAGREEMENT_COLUMNS = ["table", "key", "column", "a", "b", "kind"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ExtractionComparison(Result):
    """How far two extractions agree; made by :func:`compare_extractions`.

    Attributes
    ----------
    columns : DataFrame
        One row a column: ``table``, ``column``, ``kind``; ``rows`` that both have; cells that are
        ``equal`` (both filled), ``within`` the tolerance but not equal, that ``differ``, that only
        one filled (``only_a``, ``only_b``) or none (``both_empty``); ``agreement``, the share of
        the cells ``compared`` that are equal; for words ``kappa`` and ``ac1`` with standard error
        and interval, over ``categories``; ``note`` says why a coefficient is missing.
    disagreements : DataFrame
        One row a cell to adjudicate: ``table``, ``key``, ``column``, ``a``, ``b``, ``kind``
        (``differ``, ``only in a``, ``only in b``).
    only_in_one : DataFrame
        One row a row that one extraction lacks: ``table``, ``key``, ``only_in``.
    columns_only_in_one : DataFrame
        One row a column that one extraction lacks, and so was not compared: ``table``,
        ``column``, ``only_in``. Empty where the columns to compare were named.
    rows : int
        The rows that both have.
    level : float
        The level of the intervals.
    empty : str
        What an empty cell is to the coefficients: a ``category``, or left ``apart``.
    """

    columns: pd.DataFrame = field(repr=False)
    disagreements: pd.DataFrame = field(repr=False)
    only_in_one: pd.DataFrame = field(repr=False)
    columns_only_in_one: pd.DataFrame = field(repr=False)
    rows: int
    level: float
    empty: str

    def to_frame(self) -> pd.DataFrame:
        """Give one row a column that was compared."""
        return self.columns.copy()

    def to_adjudicate(self) -> pd.DataFrame:
        """Give the cells that disagree, with an empty column ``agreed`` for a person to fill."""
        frame = self.disagreements.drop(columns="kind")
        return frame.assign(agreed=pd.array([""] * len(frame), dtype="str"))

    def to_adjudicate_csv(self) -> str:
        """Give the cells that disagree as CSV that a spreadsheet opens without running anything."""
        return to_csv(self.to_adjudicate())

    def summary(self) -> str:
        """Say how many cells agree, then how far each column that does not."""
        total = self.columns[["equal", "within", "differ", "only_a", "only_b"]].sum()
        filled = int(total.sum())
        lines = [
            f"{count(self.rows, 'row')} in both extractions: {total['equal']} of "
            f"{count(filled, 'cell')} that either filled are equal, {total['within']} more "
            f"within the tolerance; {total['differ']} differ, {total['only_a'] + total['only_b']} "
            "filled by one only"
        ]
        for name, found in self.only_in_one.groupby("only_in"):
            rows = found[["table", "key"]].itertuples(index=False, name=None)
            keys = [f"{key} of {table}" for table, key in rows]
            more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
            lines.append(f"Rows only in {name}: {', '.join(keys[:_SHOWN])}{more}")
        for name, found in self.columns_only_in_one.groupby("only_in"):
            pairs = found[["table", "column"]].itertuples(index=False, name=None)
            named = ", ".join(f"{column} of {table}" for table, column in pairs)
            lines.append(f"Columns only in {name}, not compared: {named}")
        lines += [
            self._line(row)
            for row in self.columns.to_dict("records")
            if row["differ"] + row["only_a"] + row["only_b"] + row["within"]
        ]
        return "\n".join(lines)

    def _line(self, row: dict[Any, Any]) -> str:
        agreeing = round(row["agreement"] * row["compared"]) if row["compared"] else 0
        text = f"  {row['table']}, {row['column']}: {agreeing} of {row['compared']} agree"
        for name, shown in (("kappa", "kappa"), ("ac1", "AC1")):
            if not np.isnan(row[name]):
                limits = interval(row[f"{name}_ci_low"], row[f"{name}_ci_high"])
                text += f", {shown} {number(row[name])}" + (f" ({limits})" if limits else "")
        return text + (f"; {row['note']}" if row["note"] else "")


def compare_extractions(
    a: pd.DataFrame | Evidence | str | Path,
    b: pd.DataFrame | Evidence | str | Path,
    key: KeyOf | None = None,
    columns: Sequence[str] | None = None,
    *,
    tolerance: float | Mapping[str, float] = 0.0,
    empty: str = "category",
    level: float = 0.95,
) -> ExtractionComparison:
    """Compare two extractions of the same records, cell by cell.

    Parameters
    ----------
    a, b : DataFrame, Evidence, str or Path
        Two tables, or two reviews or their folders. Of reviews the tables that are extracted from
        sources are compared: studies, outcomes, reviews, inclusions, review_findings,
        pooled_results, risk_of_bias and certainty.
    key : str, sequence of str or mapping of str to these, optional
        What tells the rows apart. Two tables need it. For reviews a mapping by table takes the
        place of the table's own key, where the two invented their own handles, such as
        ``{"outcomes": ["study_id", "domain", "timepoint_months"]}``.
    columns : sequence of str, optional
        The columns to compare; all that both have when left out.
    tolerance : float or mapping of str to float
        How far apart two numbers may be, in their own unit, and still need no adjudication; by
        column as a mapping. They are no equal cells for that: ``within`` counts them apart.
    empty : {"category", "apart"}
        What an empty cell is to ``agreement``, kappa and AC1: a category of its own, so that a
        cell only one filled disagrees and one that neither filled agrees; or no part of them, so
        that they hold for the cells that both filled. It is listed and counted in either case.
    level : float
        The level of the intervals.

    Returns
    -------
    ExtractionComparison
        Per column the share of equal cells and, for words, kappa and AC1; the cells to
        adjudicate; the rows that one of them lacks. Numbers and free text have no coefficient.

    Raises
    ------
    InputError
        A key that is missing, empty or not unique, a column that is not there, a tolerance below
        0, a frame beside a folder.
    RecordsError
        If a folder holds faults.

    Notes
    -----
    AC1 depends on the number of categories: all words that a column of a review, or a categorical
    column of a table, allows; of other tables the words that are found. Intervals are value ±
    z × standard error, cut at -1 and 1; where nothing disagrees they would have no width and are
    not given.

    References
    ----------
    Cohen 1960, doi 10.1177/001316446002000104. Fleiss, Cohen and Everitt 1969, Psychol Bull
    72:323. Gwet 2008, doi 10.1348/000711006X126600.

    Examples
    --------
    >>> import pandas as pd
    >>> import peer_evidence as pe
    >>> a = pd.DataFrame({"id": ["s1", "s2", "s3"], "n": [40, 50, 60], "design": ["x", "y", "x"]})
    >>> b = a.assign(n=[40, 51, 60], design=["x", "y", None])
    >>> pe.compare_extractions(a, b, key="id").to_adjudicate().to_numpy().tolist()
    [['records', 's2', 'n', '50', '51', ''], ['records', 's3', 'design', 'x', '', '']]
    """
    check_choice("empty", empty, _EMPTY)
    z = float(critical(check_level(level)))
    found = pairs_of(a, b, key, columns)
    limits = _tolerances(tolerance, found)
    rows, cells = [], []
    for pair in found:
        for column in pair.columns:
            marks = differing(pair, column, limits.get(column, 0.0))
            rows.append(_column(pair, column, marks, empty, z))
            cells.append(_cells(pair, column, marks))
    lacking = [
        (pair.table, one, name)
        for pair in found
        for name, keys in (("a", pair.only_a), ("b", pair.only_b))
        for one in keys
    ]
    lone = [
        (pair.table, one, name)
        for pair in found
        for name, names in (("a", pair.columns_only_a), ("b", pair.columns_only_b))
        for one in names
    ]
    return ExtractionComparison(
        columns=pd.DataFrame(rows, columns=COLUMNS),
        disagreements=pd.concat(cells, ignore_index=True) if cells else _no_cells(),
        only_in_one=pd.DataFrame(lacking, columns=["table", "key", "only_in"]),
        columns_only_in_one=pd.DataFrame(lone, columns=["table", "column", "only_in"]),
        rows=sum(len(pair.keys) for pair in found),
        level=level,
        empty=empty,
    )


def _tolerances(given: float | Mapping[str, float], found: list[Pair]) -> dict[str, float]:
    """Give the tolerance of each column of numbers."""
    numeric = [name for pair in found for name, kind in pair.columns.items() if kind == NUMBER]
    if isinstance(given, Mapping):
        check_columns(numeric, given, "tolerance")
        limits = {str(name): value for name, value in given.items()}
    else:
        limits = dict.fromkeys(numeric, given)
    for value in limits.values():
        plain = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not plain or not 0 <= value < np.inf:
            raise InputError(f"tolerance: found {value!r}, allowed is a number of at least 0")
    return {name: float(value) for name, value in limits.items()}


def _column(
    pair: Pair, column: str, marks: tuple[np.ndarray[Any, Any], ...], empty: str, z: float
) -> dict[str, Any]:
    """Count the cells of a column and give its agreement."""
    equal, close, no_a, no_b = marks
    filled, kind = ~no_a & ~no_b, pair.columns[column]
    used = np.ones(len(equal), dtype=bool) if empty == "category" else filled
    compared = int(used.sum())
    row: dict[str, Any] = {
        "table": pair.table,
        "column": column,
        "kind": kind,
        "rows": len(equal),
        "equal": int((equal & filled).sum()),
        "within": int((close & ~equal).sum()),
        "differ": int((filled & ~close).sum()),
        "only_a": int((~no_a & no_b).sum()),
        "only_b": int((no_a & ~no_b).sum()),
        "both_empty": int((no_a & no_b).sum()),
        "agreement": float(equal[used].mean()) if compared else np.nan,
        "compared": compared,
        "categories": np.nan,
        "note": "",
    }
    row |= {name: np.nan for name in COLUMNS if name.startswith(_COEFFICIENTS)}
    if kind == CATEGORY:
        row |= _coefficients(pair, column, used, z)
    elif not compared:
        row["note"] = "nothing to compare"
    return row


def _coefficients(pair: Pair, column: str, used: np.ndarray[Any, Any], z: float) -> dict[str, Any]:
    """Give kappa and AC1 of a column of words."""
    first, second = (frame[column].to_numpy()[used] for frame in (pair.a, pair.b))
    allowed = dict.fromkeys([*_allowed(pair, column), *first, *second])
    codes = {word: code for code, word in enumerate(allowed)}
    q = len(codes)
    if not len(first) or q < 2:
        why = "nothing to compare" if not len(first) else "one category only: no kappa, no AC1"
        return {"categories": q, "note": why}
    left, right = (np.array([codes[word] for word in one], np.intp) for one in (first, second))
    counts = cross_count(left, right, q)
    row: dict[str, Any] = {"categories": q}
    notes = []
    found: dict[str, Coefficient] = {"kappa": cohen_kappa(counts), "ac1": gwet_ac1(counts)}
    whole = bool(np.all(first == second))
    for name, (value, se) in found.items():
        row |= {name: float(value), f"{name}_se": float(se)}
        if not whole:
            row[f"{name}_ci_low"] = max(float(value - z * se), -1.0)
            row[f"{name}_ci_high"] = min(float(value + z * se), 1.0)
    if np.isnan(row["kappa"]):
        notes.append("both use one category only: no kappa")
    if whole:
        notes.append("nothing disagrees: no interval")
    return row | {"note": "; ".join(notes)}


def _allowed(pair: Pair, column: str) -> list[str]:
    """Give the words that a column allows, where its type says so."""
    kinds = [frame[column].dtype for frame in (pair.typed_a, pair.typed_b)]
    known = [one for one in kinds if isinstance(one, pd.CategoricalDtype)]
    return [str(word) for one in known for word in one.categories]


def _cells(pair: Pair, column: str, marks: tuple[np.ndarray[Any, Any], ...]) -> pd.DataFrame:
    """List the cells of a column that a person must decide on."""
    _, close, no_a, no_b = marks
    where = np.flatnonzero(~close)
    kinds = np.where(no_b, ONLY_A, np.where(no_a, ONLY_B, DIFFER))
    return pd.DataFrame(
        {
            "table": pair.table,
            "key": [pair.keys[row] for row in where],
            "column": column,
            "a": pair.a[column].to_numpy()[where],
            "b": pair.b[column].to_numpy()[where],
            "kind": kinds[where],
        },
        columns=DISAGREEMENT_COLUMNS,
        dtype=object,
    )


def _no_cells() -> pd.DataFrame:
    return pd.DataFrame(columns=DISAGREEMENT_COLUMNS, dtype=object)
