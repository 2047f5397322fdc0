"""How far reviews rest on the same primary studies: the corrected covered area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.appraisal.members import Members, read_members
from peer_evidence.formatting import count, per_cent
from peer_evidence.results import Result

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

Bools = npt.NDArray[np.bool_]
BANDS = ((0.05, "slight"), (0.10, "moderate"), (0.15, "high"), (1.0, "very high"))
BAND_RULE = "slight up to 5%, moderate above 5 to 10%, high above 10 to 15%, very high above 15%"


class Area(NamedTuple):
    """The covered area of a citation matrix, and what it is made of."""

    inclusions: int
    studies: int
    reviews: int
    impossible: int
    covered: float
    corrected: float
    adjusted: float


def covered_area(matrix: npt.ArrayLike, impossible: npt.ArrayLike | None = None) -> Area:
    """Give the covered area of a citation matrix, corrected, and adjusted for what could not be.

    Parameters
    ----------
    matrix : array of bool, shape (studies, reviews)
        Which review includes which study; rows without any are dropped.
    impossible : array of bool, shape (studies, reviews), optional
        Cells that could not be filled since the study came after the review's search.

    Returns
    -------
    Area
        ``inclusions`` N, ``studies`` r, ``reviews`` c, ``impossible`` X, ``covered`` N / rc,
        ``corrected`` (N - r) / (rc - r), ``adjusted`` (N - r) / (rc - r - X). An area without
        a denominator, as with one review, is NaN.

    Examples
    --------
    >>> covered_area([[1, 1], [1, 0], [0, 1], [0, 0]]).corrected
    0.3333333333333333
    """
    cells = np.asarray(matrix, dtype=bool)
    barred = np.zeros_like(cells) if impossible is None else np.asarray(impossible, dtype=bool)
    kept = cells.any(axis=1)
    cells, barred = cells[kept], barred[kept] & ~cells[kept]
    n, x = int(cells.sum()), int(barred.sum())
    r, c = cells.shape
    return Area(
        n, r, c, x, _share(n, r * c), _share(n - r, r * c - r), _share(n - r, r * c - r - x)
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole > 0 else float("nan")


def band_of(area: float) -> str:
    """Name the band of a corrected covered area (Pieper 2014); what it prints as 5-6 is parted.

    Examples
    --------
    >>> band_of(0.05), band_of(0.055), band_of(float("nan"))
    ('slight', 'moderate', 'undefined')
    """
    return next((name for bound, name in BANDS if area <= bound), "undefined")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Overlap(Result):
    """How far reviews share primary studies; made by :func:`overlap`.

    Attributes
    ----------
    inclusions, studies, reviews : int
        Memberships (N), distinct studies (r) and reviews with any (c).
    covered_area : float
        N / rc.
    cca : float
        The corrected covered area, (N - r) / (rc - r); NaN with fewer than two reviews.
    band : str
        Its band: slight, moderate, high, very high, or undefined.
    impossible : int
        Empty cells whose study is of a later year than the review's search (X).
    cca_adjusted : float
        (N - r) / (rc - r - X).
    unknown_years : int
        Empty cells for which a year is not known, so that nobody can say.
    late : int
        Memberships of a study of a later year than the review's search; they count.
    status : tuple of str
        The memberships that are counted.
    partial : int
        Reviews among them of which fewer studies are named than the review states.
    unstated : int
        Reviews among them that do not state how many studies they have.
    pairs : DataFrame
        ``review_a``, ``review_b``, ``both``, ``either``, ``cca``, ``impossible``,
        ``cca_adjusted``, ``band``: one row a pair, on the studies that either has.
    citations : DataFrame
        One row a cell: ``study``, ``review``, ``status`` (empty when not a member), and
        ``impossible``.
    members : DataFrame
        One row a review: ``label``, ``year``, ``search_year``, ``named`` (studies confirmed to be
        in it), ``counted`` (those that are counted here), ``stated``.
    study_labels : dict of str to str
        What each study is called.
    without : tuple of str
        Reviews without any membership counted, which are no part of this.
    """

    inclusions: int
    studies: int
    reviews: int
    covered_area: float
    cca: float
    band: str
    impossible: int
    cca_adjusted: float
    unknown_years: int
    late: int
    status: tuple[str, ...]
    partial: int
    unstated: int
    pairs: pd.DataFrame
    citations: pd.DataFrame
    members: pd.DataFrame
    study_labels: dict[str, str]
    without: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Give the pairs of reviews."""
        return self.pairs.copy()

    def citation_matrix(self) -> pd.DataFrame:
        """Give the citation matrix: studies by reviews, True for a member."""
        wide = self.citations.assign(member=self.citations["status"] != "")
        matrix = wide.pivot_table(
            index="study", columns="review", values="member", sort=False, aggfunc="first"
        )
        return matrix.astype(bool)

    def headline(self) -> str:
        """Give all of the summary: the area must be read with what it does not cover."""
        return self.summary()

    def summary(self) -> str:
        """Say the area with its band, and how much of the reviews' lists is known."""
        what = " and ".join(self.status)
        if np.isnan(self.cca):
            first = f"Overlap is not defined: {count(self.reviews, 'review')} with named studies"
        else:
            first = (
                f"Corrected covered area {per_cent(self.cca, 1)} ({self.band}): "
                f"{count(self.studies, 'study', 'studies')} named {self.inclusions} times in "
                f"{count(self.reviews, 'review')}; covered area {per_cent(self.covered_area, 1)}"
            )
        lines = [first, f"Counted: {what} memberships. Bands: {BAND_RULE}."]
        if self.impossible and not np.isnan(self.cca_adjusted):
            lines.append(
                f"{count(self.impossible, 'empty cell')} could not be filled, the study being of "
                f"a later year than the search; without these {per_cent(self.cca_adjusted, 1)}."
            )
        undated = self.members["search_year"].isna() & self.members["year"].notna()
        by_year = int(undated.sum())
        if by_year and not np.isnan(self.cca_adjusted):
            lines.append(
                f"{count(by_year, 'review')} without a date of search: the year of publication "
                "stands for it."
            )
        if self.unknown_years:
            lines.append(
                f"{count(self.unknown_years, 'empty cell')} of a study or review without a year: "
                "whether it could be filled is not known."
            )
        return "\n".join([*lines, *self._lists()])

    def _lists(self) -> list[str]:
        """Say how many of their studies the reviews are known to have."""
        lines = []
        if self.partial:
            short = self.members[self.members["named"] < self.members["stated"]]
            named = "; ".join(
                f"{label}: {named} of {stated} named"
                for label, named, stated in zip(
                    short["label"], short["named"], short["stated"].astype(int), strict=True
                )
            )
            lines.append(
                f"The lists of {self.partial} of {count(self.reviews, 'review')} are partial, so "
                f"this is the overlap of what is named, not of the reviews: {named}."
            )
        if self.unstated:
            whose = "does not say how many studies it has"
            if self.unstated > 1:
                whose = "do not say how many studies they have"
            lines.append(f"{count(self.unstated, 'review')} {whose}.")
        if self.without:
            lines.append(
                f"{count(len(self.without), 'review')} without a study counted "
                f"{'is' if len(self.without) == 1 else 'are'} left out."
            )
        return lines


def overlap(
    data: Evidence | pd.DataFrame,
    *,
    status: str | Sequence[str] = ("confirmed",),
    reviews: Sequence[str] | None = None,
) -> Overlap:
    """Measure how far reviews rest on the same primary studies.

    Parameters
    ----------
    data : Evidence or DataFrame
        The records; or one row a membership: ``review`` and ``study`` (or ``review_id`` and
        ``study_id``), and where known ``status``, ``study_year``, ``search_year`` (else
        ``review_year``) and ``stated``, how many studies the review says it has. A row that
        repeats another counts once, blanks around a name do not count.
    status : str or sequence of {"confirmed", "candidate"}
        The memberships that count: those seen in the review unless asked otherwise. A frame
        without ``status`` holds confirmed ones.
    reviews : sequence of str, optional
        The reviews that are compared; all that have a member when left out.

    Returns
    -------
    Overlap
        The corrected covered area (Pieper 2014) overall and by pair, with and without the cells
        that could not be filled: those of a study of a later year than the review's search,
        or than its publication where the search has no date.

    Raises
    ------
    InputError
        If a column or a word is not known, or a study or review has two different years.

    Warns
    -----
    DataWarning
        Names that differ only by case, which are taken as different.

    References
    ----------
    Pieper et al. 2014, doi 10.1016/j.jclinepi.2013.11.007; Bougioukas et al. 2021, Journal of
    Clinical Epidemiology 132:34.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"review": ["A", "A", "B", "B"], "study": ["s", "t", "s", "u"]})
    >>> found = overlap(rows)
    >>> round(found.cca, 3), found.band
    (0.333, 'very high')
    """
    held = read_members(data, status, reviews)
    area = covered_area(held.matrix, held.impossible)
    partial, unstated = _known(held.table)
    return Overlap(
        inclusions=area.inclusions,
        studies=area.studies,
        reviews=area.reviews,
        covered_area=area.covered,
        cca=area.corrected,
        band=band_of(area.corrected),
        impossible=area.impossible,
        cca_adjusted=area.adjusted,
        unknown_years=int((held.unknown & ~held.matrix).sum()),
        late=int((held.impossible & held.matrix).sum()),
        status=held.status,
        partial=partial,
        unstated=unstated,
        pairs=_pairs(held),
        citations=_citations(held),
        members=held.table,
        study_labels=held.study_labels,
        without=held.without,
    )


def _known(table: pd.DataFrame) -> tuple[int, int]:
    """Count the reviews of which fewer studies are named than stated, and those that state none."""
    partial = (table["named"] < table["stated"]).fillna(False)
    return int(partial.sum()), int(table["stated"].isna().sum())


def pair_areas(
    matrix: npt.ArrayLike, impossible: npt.ArrayLike | None = None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count for every pair of reviews the studies of both, of either, and the cells that were not.

    Parameters
    ----------
    matrix, impossible : array of bool, shape (studies, reviews)
        As in :func:`covered_area`.

    Returns
    -------
    both, either, barred : array of int, shape (reviews, reviews)
        Symmetric. The corrected covered area of a pair is ``both / either``, adjusted
        ``both / (either - barred)``.

    Examples
    --------
    >>> both, either, _ = pair_areas([[1, 1], [1, 0], [0, 1]])
    >>> both[0, 1].item(), either[0, 1].item()
    (1, 3)
    """
    cells = np.asarray(matrix, dtype=bool)
    barred = np.zeros_like(cells) if impossible is None else np.asarray(impossible, dtype=bool)
    ones = cells.astype(np.int64)
    both = ones.T @ ones
    size = ones.sum(axis=0)
    one_way = ones.T @ (barred & ~cells).astype(np.int64)
    return both, size[:, None] + size[None, :] - both, one_way + one_way.T


def _pairs(held: Members) -> pd.DataFrame:
    one, other = np.triu_indices(len(held.reviews), k=1)
    names = np.array(held.reviews, dtype=object)
    both, either, barred = (
        counts[one, other] for counts in pair_areas(held.matrix, held.impossible)
    )
    left = either - barred
    corrected = both / either
    return pd.DataFrame(
        {
            "review_a": names[one],
            "review_b": names[other],
            "both": both,
            "either": either,
            "cca": corrected,
            "impossible": barred,
            "cca_adjusted": np.where(left > 0, both / np.maximum(left, 1), np.nan),
            "band": [band_of(area) for area in corrected],
        }
    )


def _citations(held: Members) -> pd.DataFrame:
    r, c = held.matrix.shape
    return pd.DataFrame(
        {
            "study": np.repeat(np.array(held.studies, dtype=object), c),
            "review": np.tile(np.array(held.reviews, dtype=object), r),
            "status": held.statuses.ravel(),
            "impossible": (held.impossible & ~held.matrix).ravel(),
        }
    )
