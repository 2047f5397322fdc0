"""The records of one review, loaded: typed frames, and questions that can be put to them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.checks import check_choice
from peer_evidence.errors import RecordsError
from peer_evidence.formatting import count, frame_to_html
from peer_evidence.records.cells import typed
from peer_evidence.records.package import FRAMEWORK, Package, check_package, read_package
from peer_evidence.records.provenance import Provenance as Provenance
from peer_evidence.records.provenance import find_provenance
from peer_evidence.records.read import RawTable
from peer_evidence.records.select import meets
from peer_evidence.records.tables import TABLES, Table
from peer_evidence.records.vocabulary import Vocabularies

_ALIASES = {"timepoint": "timepoint_months"}
_PACKAGE_DEFAULTS = {
    "title": "Evidence review",
    "question": "",
    "intervention": "the intervention",
    "comparison": "the comparison",
}


class Evidence:
    """The records of one review.

    Made by :func:`peer_evidence.load`; never half-loaded. The frames are handed out as copies,
    so that nothing done to one changes the records.

    Attributes
    ----------
    studies, outcomes, reviews, inclusions, review_findings, pooled_results, risk_of_bias, \
certainty, flow, claims : DataFrame
        The tables; a table that the package does not have is an empty frame with its columns.
    framework : dict of str to DataFrame
        The framework tables by file name.
    package : dict of str to str
        Facts about the review as a whole: title, question, names of intervention and comparison.
    vocabularies : Vocabularies
        The words of the topic, with labels and groups.
    name : str
        The name of the folder.
    """

    def __init__(self, package: Package) -> None:
        if package.faults:
            raise RecordsError(package.faults)
        self._package = package
        self._frames = {
            name: _frame(table, package.raw.get(name), package)
            for name, table in package.tables.items()
        }

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self._package.path.name or str(self._package.path)

    @property
    def vocabularies(self) -> Vocabularies:
        """The words of the topic, with labels and groups."""
        return self._package.vocabularies

    @property
    def package(self) -> dict[str, str]:
        """Facts about the review as a whole."""
        frame = self._frames["package"]
        given = dict(zip(frame["field"], frame["value"], strict=True))
        return _PACKAGE_DEFAULTS | given

    @property
    def framework(self) -> dict[str, pd.DataFrame]:
        """The framework tables by file name."""
        prefix = f"{FRAMEWORK}/"
        return {
            name.removeprefix(prefix): frame.copy()
            for name, frame in self._frames.items()
            if name.startswith(prefix)
        }

    def table(self, name: str) -> pd.DataFrame:
        """Give a table by its name, framework tables as ``framework/<name>``."""
        return self._frames[check_choice("table", name, list(self._frames))].copy()

    @property
    def tables(self) -> list[str]:
        """The names of all tables that the package holds."""
        return [name for name in self._frames if name in self._package.raw]

    @property
    def studies(self) -> pd.DataFrame:
        """One row a primary study."""
        return self._frames["studies"].copy()

    @property
    def outcomes(self) -> pd.DataFrame:
        """One row a result: study x outcome x timepoint x contrast."""
        return self._frames["outcomes"].copy()

    @property
    def reviews(self) -> pd.DataFrame:
        """One row a review or another text that is quoted."""
        return self._frames["reviews"].copy()

    @property
    def inclusions(self) -> pd.DataFrame:
        """One row a study in a review."""
        return self._frames["inclusions"].copy()

    @property
    def review_findings(self) -> pd.DataFrame:
        """One row a checkable statement of or about a review."""
        return self._frames["review_findings"].copy()

    @property
    def pooled_results(self) -> pd.DataFrame:
        """One row a published pooled estimate."""
        return self._frames["pooled_results"].copy()

    @property
    def risk_of_bias(self) -> pd.DataFrame:
        """One row a judgement on a study."""
        return self._frames["risk_of_bias"].copy()

    @property
    def certainty(self) -> pd.DataFrame:
        """One row a GRADE rating."""
        return self._frames["certainty"].copy()

    @property
    def flow(self) -> pd.DataFrame:
        """One row a box of the PRISMA flow diagram, or a part of one."""
        return self._frames["flow"].copy()

    @property
    def claims(self) -> pd.DataFrame:
        """One row a way to check a statement against the records."""
        return self._frames["claims"].copy()

    def select(
        self, *, poolable: bool | None = None, review: str | None = None, **conditions: Any
    ) -> pd.DataFrame:
        """Give the outcomes that meet every condition, joined with their studies.

        Parameters
        ----------
        poolable : bool, optional
            Keep rows marked poolable (True) or not (False).
        review : str, optional
            Keep the studies that are confirmed to be in this review.
        **conditions
            A column of outcomes or studies and what it must be: one value, a list of values, or
            a ``(low, high)`` tuple for numbers, both ends included and None for an open end.
            None as such keeps everything; True and False stand for yes and no.
            ``timepoint`` stands for ``timepoint_months``.

        Returns
        -------
        DataFrame
            The outcome columns, then those of the study; a study column that would repeat the
            name of an outcome column begins with ``study_``.

        Raises
        ------
        InputError
            If a column or a value is not known; the message names the nearest.

        Examples
        --------
        >>> import peer_evidence as pe
        >>> ev = pe.load()
        >>> rows = ev.select(domain="hope", poolable=True, timepoint=(0, 4))
        >>> rows[["outcome_id", "design"]].to_string(index=False, header=False).split()[:2]
        ['rusch_2019.hope_6w', 'randomised_trial']
        """
        frame = self._joined
        keep = np.ones(len(frame), dtype=bool)
        if poolable is not None:
            keep &= meets(frame, "poolable", poolable)
        if review is not None:
            keep &= self._in_review(frame, review)
        for name, wanted in conditions.items():
            if wanted is not None:
                keep &= meets(frame, _ALIASES.get(name, name), wanted)
        if keep.all():
            return frame.copy()
        return frame[keep].reset_index(drop=True)

    def provenance(
        self, row_id: str | int | tuple[str | int, ...], column: str, table: str | None = None
    ) -> Provenance:
        """Say where a value of the records comes from.

        Parameters
        ----------
        row_id : str, int or tuple
            The key of the row; a tuple where the key has several columns.
        column : str
            The column.
        table : str, optional
            The table, where several have such a row and column.

        Returns
        -------
        Provenance
            The file, line and cell, with the source, locator and confidence of its row.

        Raises
        ------
        InputError
            If there is no such row or column, or several tables have it.

        Examples
        --------
        >>> import peer_evidence as pe
        >>> where = pe.load().provenance("sledge_2011.hospital_days_9m", "mean_intervention")
        >>> where.value, where.confidence
        ('10.08', 'primary')
        """
        names = [check_choice("table", table, self.tables)] if table else self.tables
        raw = {name: self._package.raw[name] for name in names}
        return find_provenance(self._package.tables, raw, row_id, column)

    def summary(self) -> str:
        """Say what the records hold."""
        rows = self.row_counts()
        own = [table.name for table in TABLES if table.one_row_is and table.name in rows]
        parts = [f"{name} {rows[name]}" for name in own]
        framework = count(len(self.framework), "framework table")
        return f"{self.package['title']}\nrows: {', '.join(parts)}, and {framework}"

    def lines(self, table: str) -> npt.NDArray[np.int64]:
        """Give the line of the file on which each row of a table begins, in the frame's order."""
        check_choice("table", table, self.tables)
        return self._package.raw[table].lines.copy()

    def texts(self, table: str) -> pd.DataFrame:
        """Give the cells of a table as its file holds them: texts, with every printed zero."""
        check_choice("table", table, self.tables)
        return pd.DataFrame(dict(self._package.raw[table].columns), dtype="str")

    @classmethod
    def from_frames(
        cls,
        frames: Mapping[str, pd.DataFrame],
        columns: Mapping[str, Mapping[str, str | None]] | None = None,
    ) -> Evidence:
        """Take the records of a review from data frames, checked as files are.

        Parameters
        ----------
        frames : mapping of str to DataFrame
            The tables by name: ``"studies"``, ``"outcomes"`` and whatever else the review has;
            framework tables as ``"framework/<name>"``.
        columns : mapping of str to mapping, optional
            For each table the names of its columns where they differ: from your name to that of
            the codebook, or to None to leave the column out.

        Returns
        -------
        Evidence
            The records, typed.

        Raises
        ------
        RecordsError
            If the records hold any fault; each names the table, the row by its label, and the
            column.
        InputError
            If the arguments are no frames, or name a table or a column that is not there.

        Notes
        -----
        A missing value is an empty cell. True and False become yes and no; a list of texts
        becomes one text separated by ``;``; whole numbers lose their decimal point.

        Examples
        --------
        >>> import peer_evidence as pe
        >>> held = pe.load()
        >>> mine = held.studies.rename(columns={"study_id": "trial"})
        >>> names = {"studies": {"trial": "study_id"}}
        >>> ev = pe.Evidence.from_frames({"studies": mine, "outcomes": held.outcomes}, names)
        >>> len(ev.studies), len(ev.outcomes)
        (69, 272)
        """
        from peer_evidence.records.frames import FrameSource

        return cls(check_package(FrameSource(frames, columns)))

    def raw_table(self, table: str) -> RawTable:
        """Give the texts of a table as they were read, for what writes or checks them again."""
        raw = self._package.raw[check_choice("table", table, self.tables)]
        columns = {name: cells.copy() for name, cells in raw.columns.items()}
        return RawTable(raw.file, columns, raw.lines.copy(), origin=raw.origin)

    def definition(self, table: str) -> Table:
        """Give the definition of a table: its key and its columns."""
        return self._package.tables[check_choice("table", table, list(self._package.tables))]

    def words_of(self, table: str) -> dict[str, tuple[str, ...]]:
        """Give for each column of a table the words that it allows, where there are any."""
        return self._package.words_of(self.definition(table))

    def files(self) -> dict[str, Path]:
        """Give the CSV files of the tables by their name; none when they came from elsewhere."""
        if not self._package.in_files:
            return {}
        folder = self._package.path
        return {raw.file: folder / raw.file for raw in self._package.raw.values()}

    def row_counts(self) -> dict[str, int]:
        """Give the number of rows of each table that the package holds."""
        return {name: len(self._frames[name]) for name in self.tables}

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        about = {table.name: table.one_row_is for table in TABLES}
        frame = pd.DataFrame(
            [
                {"table": name, "rows": rows, "one row is": about.get(name, "of the framework")}
                for name, rows in self.row_counts().items()
            ]
        ).set_index("table")
        return frame_to_html(frame, self.package["title"])

    def _in_review(self, frame: pd.DataFrame, review: str) -> npt.NDArray[np.bool_]:
        check_choice("review", review, list(self._frames["reviews"]["review_id"]))
        inside = self._frames["inclusions"]
        inside = inside[(inside["review_id"] == review) & (inside["status"] == "confirmed")]
        return frame["study_id"].isin(list(inside["study_id"])).to_numpy(bool)

    @cached_property
    def _joined(self) -> pd.DataFrame:
        """The outcomes with their studies, joined once; never handed out itself."""
        outcomes, studies = self._frames["outcomes"], self._frames["studies"]
        shared = {name: f"study_{name}" for name in studies.columns if name in outcomes.columns}
        shared.pop("study_id")
        return outcomes.merge(studies.rename(columns=shared), on="study_id", how="left")


def load(path: str | Path | None = None) -> Evidence:
    """Load the records of a review.

    Parameters
    ----------
    path : str or Path, optional
        A folder with ``studies.csv``, ``outcomes.csv`` and whatever other tables the review has,
        the same as Parquet files, an Excel workbook (``.xlsx``) with a sheet a table, or a zip
        archive of the CSV files, as ``pack`` makes one; the bundled review when left out.

    Returns
    -------
    Evidence
        The records, typed.

    Raises
    ------
    RecordsError
        If the records hold any fault; the message lists all of them.
    InputError
        If there is no such folder, workbook or archive.
    PeerEvidenceError
        If the package that reads the format is not installed.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ev = pe.load()
    >>> len(ev.studies), len(ev.outcomes)
    (69, 272)
    """
    return Evidence(read_package(path))


def _frame(table: Table, raw: RawTable | None, package: Package) -> pd.DataFrame:
    """Build the typed frame of a table; optional columns that the file lacks are missing values."""
    held: Mapping[str, Any] = raw.columns if raw is not None else {}
    size = len(raw) if raw is not None else 0
    empty = np.full(size, "", dtype=object)
    return pd.DataFrame(
        {
            column.name: typed(
                held.get(column.name, empty), column, package.allowed(table.name, column)
            )
            for column in table.columns
        }
    )
