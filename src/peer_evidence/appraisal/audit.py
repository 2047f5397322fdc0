"""The audit of published statistics: which printed numbers cannot all be true."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from peer_evidence.appraisal.audit_cells import NUMBERS, TABLES, read_cells, read_file
from peer_evidence.appraisal.audit_check import (
    CONSISTENT_IF,
    INCONSISTENT,
    NOT_CHECKABLE,
    VERDICTS,
    Check,
)
from peer_evidence.appraisal.audit_outcomes import outcome_checks, study_effect
from peer_evidence.appraisal.audit_pooled import (
    duplicate_checks,
    heterogeneity_ranges,
    pooled_checks,
    pooled_effect,
)
from peer_evidence.appraisal.audit_readings import base_reading, disorder, implied_span
from peer_evidence.checks import check_choice, check_columns, check_count, check_level
from peer_evidence.errors import InputError
from peer_evidence.formatting import count
from peer_evidence.results import Result

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

_COLUMNS = (
    *("table", "row_id", "line", "check", "printed", "printed_low", "printed_high"),
    *("implied_low", "implied_high", "gap", "verdict", "reading", "why"),
)
_RANGES = (
    *("table", "row_id"),
    *(f"{what}_{end}" for what in ("se", "z", "p", "i2", "q") for end in ("low", "high")),
)
_SIZES = {"k", "n_total", "n_intervention", "n_comparison"}  # alone they can hold no conflict
_LABELS = {"pooled_results": "pooled result", "outcomes": "result of a study"}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Audit(Result):
    """What an audit of printed numbers found; made by :func:`audit`.

    Attributes
    ----------
    table : DataFrame
        One row a check: ``table``, ``row_id``, ``line`` of the file, ``check``, ``printed``,
        ``printed_low``, ``printed_high`` (what a printed standard error, statistic or p stands
        for), ``implied_low``, ``implied_high``, ``gap`` (distance of the printed from the
        implied range; 0 where they meet), ``verdict``, ``reading``, ``why``.
    recomputed : DataFrame
        One row an effect with its interval: the ranges of its standard error (of the logarithm
        for ratios), statistic and two-sided p that the interval implies, and of I² and Q where
        the other of the two is printed with its degrees of freedom.
    rows : dict of str to int
        The rows of each table that was audited.
    from_text : bool
        Whether the numbers were read as printed; otherwise trailing zeros are lost, and 0.2
        stands for anything from 0.15 to 0.25.
    file : str
        The file that was read, where it is none of the records.
    """

    table: pd.DataFrame
    recomputed: pd.DataFrame
    rows: dict[str, int]
    from_text: bool
    file: str = ""

    @property
    def findings(self) -> pd.DataFrame:
        """The conflicts alone: numbers that cannot all be true under any reading considered."""
        return self.with_verdict(INCONSISTENT)

    @property
    def conditional(self) -> pd.DataFrame:
        """The checks that pass only under a reading which is not the usual one."""
        return self.with_verdict(CONSISTENT_IF)

    def with_verdict(self, verdict: str) -> pd.DataFrame:
        """Give the checks with one verdict."""
        wanted = check_choice("verdict", verdict, VERDICTS)
        return self.table[self.table["verdict"] == wanted].reset_index(drop=True)

    def counts(self) -> dict[str, int]:
        """Give the number of checks by verdict."""
        found = self.table["verdict"].value_counts()
        return {verdict: int(found.get(verdict, 0)) for verdict in VERDICTS}

    def to_frame(self) -> pd.DataFrame:
        """Give one row a check."""
        return self.table.copy()

    def headline(self) -> str:
        """Say how much could be checked, and how many rows hold a conflict."""
        done = self.table[self.table["verdict"] != NOT_CHECKABLE]
        wrong, some = self.findings, self.conditional
        size = " and ".join(
            count(self.rows[name], _LABELS[name], _plural(name)) for name in self.rows
        )
        rows = len(_rows_of(done))
        bad = len(_rows_of(wrong))
        first = f"{size}: {count(len(done), 'check')} could be made on {count(rows, 'row')}; "
        if bad:
            first += f"{count(bad, 'row')} {_hold(bad)} numbers that cannot all be true"
        else:
            first += "no row holds numbers that cannot all be true"
        only = len(_rows_of(some) - _rows_of(wrong))
        if not only:
            return f"{first}, and none agree only under one reading"
        rest = f"{count(only, 'more row')} {_hold(only)} some that agree only under one reading"
        return f"{first}, and {rest}"

    def summary(self) -> str:
        """Say what was checked, then every conflict, then what agrees only under one reading."""
        lines = [self.headline()]
        if not self.from_text:
            lines.append(
                "The numbers were given as numbers, not as texts: trailing zeros are lost, so that "
                "0.2 stands for anything from 0.15 to 0.25."
            )
        heads = {
            INCONSISTENT: "Cannot all be true:",
            CONSISTENT_IF: "Consistent only under a reading that is not the usual one:",
        }
        for verdict, head in heads.items():
            part = self.with_verdict(verdict)
            lines += [head] if len(part) else []
            lines += [
                f"  {_where(row, self.file)}: {row['why']}" for row in part.to_dict("records")
            ]
        left = self.counts()[NOT_CHECKABLE]
        if left:
            lines.append(f"{count(left, 'printed number')} could not be checked.")
        return "\n".join(lines)


def audit(
    data: Evidence | pd.DataFrame | str | Path,
    *,
    table: str | None = None,
    items: Mapping[str, int] | None = None,
    level: float = 0.95,
) -> Audit:
    """Recompute printed statistics from one another, and say which cannot all be true.

    Every printed number stands for the range of values that round to it. What one number implies
    for another is a range too; two numbers conflict only when the ranges have nothing in common
    under any reading considered: normal or t-based intervals, one- or two-sided tests, ratios on
    the log scale or not, digits cut off, I² from the tau² of another estimator.

    Parameters
    ----------
    data : Evidence, DataFrame, str or Path
        The records of a review (its ``pooled_results`` and ``outcomes``), or a table or CSV file
        of either shape; columns that it lacks are not checked. Numbers given as text keep their
        trailing zeros. Measures may be in words; without ``effect_measure`` a difference and a
        ratio are both tried. "<0.05" in ``p_value`` is a bound.
    table : {"pooled_results", "outcomes"}, optional
        Which of the two; for a DataFrame, guessed from its columns when left out.
    items : mapping of str to int, optional
        Measures of ``outcomes`` whose scores are whole numbers, with the number of items that are
        averaged (1 for a sum score or a count); they are checked by GRIM and GRIMMER.
    level : float, optional
        The level of the printed intervals.

    Returns
    -------
    Audit
        ``findings`` holds the conflicts, ``to_frame()`` every check.

    Raises
    ------
    InputError
        No records, table or file; a table without a column that could be audited; cells that
        cannot be read; an unknown measure in ``items``.

    Notes
    -----
    Not considered are bootstrap intervals, Bayesian ones and intervals of two different levels.
    ``inconsistent`` says that something is wrong, not what: misprints that would explain it are
    named where a single slip does.

    References
    ----------
    Nuijten et al. (2016), Behavior Research Methods 48:1205, doi 10.3758/s13428-015-0664-2 (the
    idea of recomputing printed p values); Higgins & Thompson (2002), Statistics in Medicine
    21:1539 (I²); Brown & Heathers (2017), doi 10.1177/1948550616673876 (GRIM).

    Examples
    --------
    >>> import peer_evidence as pe
    >>> found = pe.audit(pe.load(), table="pooled_results")
    >>> found.findings[["row_id", "check"]].to_numpy().tolist()
    [['fuhr_2014.p20', 'p'], ['fang_2022.p28', 'z'], ['fang_2022.p28', 'q_df']]
    """
    check_level(level)
    if table is not None:
        check_choice("table", table, tuple(TABLES))
    file, lines_of = "", None
    if isinstance(data, (str, Path)):
        data, lines_of, file = read_file(data)
    if isinstance(data, pd.DataFrame):
        name = table or _shape(data, file or "the table")
        parts = {name: (data, np.full(len(data), -1) if lines_of is None else lines_of)}
        from_text = bool(file) or _is_text(data, name)
    elif hasattr(data, "texts"):
        if table is not None and table not in data.tables:
            raise InputError(
                f"table: the records hold no {table}.csv, so there is nothing to audit"
            )
        parts = dict(_of_records(data, [table] if table else list(TABLES)))
        from_text = True
    else:
        raise InputError(
            f"data: found {type(data).__name__}, allowed is the records that peer_evidence.load() "
            "gives, or a DataFrame or CSV file like its pooled_results or outcomes"
        )
    known = _known_items(items, parts)
    found: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    for name, (frame, lines) in parts.items():
        rows, ids = read_cells(name, frame), _ids(name, frame)
        found += _audit_table(name, rows, ids, lines, level, known)
        again += _recomputed(name, rows, ids, level)
    result = pd.DataFrame(found, columns=list(_COLUMNS))
    result["line"] = result["line"].astype("Int64").where(result["line"] > 0)
    ranges = pd.DataFrame(again, columns=list(_RANGES))
    return Audit(
        result, ranges, {name: len(frame) for name, (frame, _) in parts.items()}, from_text, file
    )


def _of_records(ev: Evidence, names: list[str]) -> Iterator[tuple[str, tuple[pd.DataFrame, Any]]]:
    """Give the tables of a review as texts, results with the people of their study."""
    for name in names:
        if name not in ev.tables:
            continue
        frame = ev.texts(name)
        if name == "outcomes":
            studies = ev.texts("studies")
            if "n_total" in studies.columns:
                people = dict(zip(studies["study_id"], studies["n_total"], strict=True))
                frame["study_n_total"] = [people.get(study, "") for study in frame["study_id"]]
        yield name, (frame, ev.lines(name))


def _audit_table(
    name: str,
    rows: list[dict[str, str]],
    ids: list[str],
    lines: Any,
    level: float,
    items: Mapping[str, int],
) -> Iterator[dict[str, Any]]:
    by_id = dict(zip(ids, rows, strict=True))
    for row, row_id, line in zip(rows, ids, lines, strict=True):
        checks: list[Check]
        if name == "outcomes":
            checks = outcome_checks(row, level, items.get(row.get("measure", "")))
        else:
            checks = pooled_checks(row, level)
            checks += _duplicate(row, by_id)
        for check in checks:
            yield {
                "table": name,
                "row_id": row_id,
                "line": int(line),
                **{field: getattr(check, field) for field in _COLUMNS[3:]},
            }


def _duplicate(row: Mapping[str, str], by_id: Mapping[str, Mapping[str, str]]) -> list[Check]:
    """Check a row against the one that it says is the same pool."""
    name = row.get("duplicate_of", "")
    if not name:
        return []
    if name not in by_id:
        why = f"It is said to be the same pool as {name}, which is no row of this table."
        return [Check("duplicate", NOT_CHECKABLE, "", why=why)]
    return duplicate_checks(row, by_id[name])


def _recomputed(
    name: str, rows: list[dict[str, str]], ids: list[str], level: float
) -> Iterator[dict[str, Any]]:
    """Give what the interval of each row implies, whether it is printed or not."""
    for row, row_id in zip(rows, ids, strict=True):
        effect = pooled_effect(row, level) if name == "pooled_results" else study_effect(row, level)
        given: dict[str, Any] = {"table": name, "row_id": row_id}
        if all(effect.interval) and not disorder(effect):
            for what in ("se", "z", "p"):
                span = implied_span(effect, what, replace(base_reading(effect), sides=2))
                given |= {f"{what}_low": span.low, f"{what}_high": span.high}
        if name == "pooled_results":
            given |= heterogeneity_ranges(row)
        if len(given) > 2:
            yield given


def _ids(name: str, frame: pd.DataFrame) -> list[str]:
    for column in (TABLES[name], "label", "study_id"):
        if column in frame.columns:
            return [str(value) for value in frame[column]]
    return [f"row {place + 1}" for place in range(len(frame))]


def _shape(frame: pd.DataFrame, called: str) -> str:
    """Tell which of the two tables a frame is like."""
    known = dict.fromkeys(column for columns in NUMBERS.values() for column in columns)
    if not any(column in frame.columns for column in known):
        check_columns(frame.columns, ["estimate", "ci_low", "ci_high"], "audit")
    needed = [column for column in known if column not in _SIZES]
    if not any(column in frame.columns for column in (*needed, "duplicate_of")):
        raise InputError(
            f"audit: {called} holds no printed result to check, only numbers of studies or people; "
            f"at least one of the columns {', '.join(needed)} is needed"
        )
    own = {
        name: sum(column in frame.columns for column in (*NUMBERS[name], TABLES[name]))
        for name in TABLES
    }
    return "outcomes" if own["outcomes"] > own["pooled_results"] else "pooled_results"


def _is_text(frame: pd.DataFrame, name: str) -> bool:
    """Tell whether the effects of a frame are texts, with the decimals as printed."""
    shown = [column for column in ("estimate", "ci_low", "p_value") if column in frame.columns]
    kind: Callable[[Any], bool] = pd.api.types.is_numeric_dtype
    return bool(shown) and not any(kind(frame[column]) for column in shown)


def _known_items(
    items: Mapping[str, int] | None, parts: Mapping[str, tuple[pd.DataFrame, Any]]
) -> dict[str, int]:
    if not items:
        return {}
    frame = parts["outcomes"][0] if "outcomes" in parts else pd.DataFrame()
    measures = sorted(set(frame["measure"].dropna())) if "measure" in frame.columns else []
    for measure, number in items.items():
        check_choice("items", measure, measures)
        if check_count("items", number) < 1:
            raise InputError(f"items: found {number!r} for {measure!r}, allowed is at least 1")
    return dict(items)


def _rows_of(frame: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(frame["table"], frame["row_id"], strict=True))


def _plural(name: str) -> str:
    return {"pooled_results": "pooled results", "outcomes": "results of studies"}[name]


def _hold(number: int) -> str:
    return "holds" if number == 1 else "hold"


def _where(row: Mapping[Any, Any], file: str) -> str:
    file = file or f"{row['table']}.csv"
    line = "" if pd.isna(row["line"]) else f" ({file}:{row['line']})"
    return f"{row['row_id']}{line}"
