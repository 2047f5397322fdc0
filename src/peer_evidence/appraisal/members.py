"""Which review includes which study: read from the records or from a plain table."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.checks import check_choice, check_columns, check_evidence
from peer_evidence.errors import DataWarning, InputError

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

Bools = npt.NDArray[np.bool_]
STATUSES = ("confirmed", "candidate")
_SHOWN = 10
_FACTS = ("study_year", "search_year", "review_year", "stated")


@dataclass(frozen=True, slots=True)
class Members:
    """The citation matrix of reviews, in the order of their years, with what is known of each.

    Attributes
    ----------
    studies, reviews : list of str
        Rows and columns of the matrices.
    matrix : array of bool
        Which review includes which study.
    statuses : array of str
        The status of each membership; empty where there is none.
    impossible, unknown : array of bool
        Cells of a study of a later year than the search; cells without a year to tell.
    table : DataFrame
        By review: ``label``, ``year``, ``search_year``, ``named``, ``counted``, ``stated``.
    study_labels : dict
        What each study is called.
    status, without : tuple of str
        The memberships counted; reviews that have none.
    """

    studies: list[str]
    reviews: list[str]
    matrix: Bools
    statuses: npt.NDArray[np.object_]
    impossible: Bools
    unknown: Bools
    table: pd.DataFrame
    study_labels: dict[str, str]
    status: tuple[str, ...]
    without: tuple[str, ...]


def read_members(
    data: Evidence | pd.DataFrame, status: str | Sequence[str], reviews: Sequence[str] | None
) -> Members:
    """Read memberships of the wanted status, and what is known of studies and reviews."""
    wanted = (status,) if isinstance(status, str) else tuple(status)
    for word in wanted:
        check_choice("status", word, STATUSES)
    if not wanted:
        raise InputError(f"status: found none, allowed are {', '.join(map(repr, STATUSES))}")
    if isinstance(data, pd.DataFrame):
        rows, of_reviews, of_studies = _of_frame(data)
    else:
        check_evidence("data", data, "a DataFrame of memberships, or the records")
        rows, of_reviews, of_studies = _of_records(data)
    names = list(of_reviews.index)
    if reviews is not None:
        chosen = [check_choice("reviews", one, names) for one in reviews]
        names = [name for name in names if name in chosen]
    kept = rows[rows["status"].isin(wanted) & rows["review"].isin(names)]
    sure = rows.loc[rows["status"] == "confirmed", ["review", "study"]].drop_duplicates()
    named = sure.groupby("review").size().reindex(of_reviews.index, fill_value=0)
    return _members(kept, of_reviews.assign(named=named).loc[names], of_studies, wanted)


def _of_records(ev: Evidence) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    inside, reviews, studies = ev.inclusions, ev.reviews, ev.studies
    rows = pd.DataFrame(
        {
            "review": inside["review_id"].astype(object),
            "study": inside["study_id"].astype(object),
            "status": inside["status"].astype(object),
        }
    )
    searched = pd.to_numeric(reviews["search_to"].astype("str").str[:4], errors="coerce")
    of_reviews = pd.DataFrame(
        {
            "label": reviews["label"].astype(object).to_numpy(),
            "year": reviews["year"].astype("Int64").to_numpy(),
            "search_year": searched.astype("Int64").to_numpy(),
            "stated": reviews["k_studies"].astype("Int64").to_numpy(),
        },
        index=pd.Index(reviews["review_id"].astype(object), name="review"),
    )
    of_studies = pd.DataFrame(
        {
            "label": studies["label"].astype(object).to_numpy(),
            "year": studies["year"].astype("Int64").to_numpy(),
        },
        index=pd.Index(studies["study_id"].astype(object), name="study"),
    )
    return rows, of_reviews, of_studies


def _of_frame(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    names = {
        word: f"{word}_id" if word not in frame.columns and f"{word}_id" in frame.columns else word
        for word in ("review", "study")
    }
    check_columns(frame.columns, list(names.values()), "overlap")
    rows = pd.DataFrame({word: _names(frame[name]) for word, name in names.items()})
    if rows.isna().to_numpy().any():
        at = list(frame.index[rows.isna().any(axis=1)][:20])
        raise InputError(f"overlap: no review or no study in row {', '.join(map(repr, at))}")
    for word in ("review", "study"):
        _warn_of_case(word, rows[word])
    rows["status"] = frame["status"].astype(object) if "status" in frame else "confirmed"
    for word in rows["status"].unique():
        check_choice("status", word, (*STATUSES, "rejected"))
    for name in _FACTS:
        rows[name] = _whole(frame, name)
    reviews = pd.DataFrame(
        {
            "year": _one_each(rows, "review", "review_year"),
            "search_year": _one_each(rows, "review", "search_year"),
            "stated": _one_each(rows, "review", "stated"),
        }
    )
    reviews.insert(0, "label", list(reviews.index))
    studies = pd.DataFrame({"year": _one_each(rows, "study", "study_year")})
    studies.insert(0, "label", list(studies.index))
    return rows[["review", "study", "status"]], reviews, studies


def _names(column: pd.Series[Any]) -> pd.Series[Any]:
    """Read names without the blanks around them; missing where nothing else is left."""
    held = column.astype(object)
    texts = held.where(held.isna(), held.astype(str).str.strip())
    return texts.where(texts != "", None)


def _warn_of_case(word: str, names: pd.Series[Any]) -> None:
    """Warn of names that differ only by case, which count as different."""
    alike: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        alike.setdefault(name.casefold(), []).append(name)
    twice = [" and ".join(map(repr, held)) for held in alike.values() if len(held) > 1]
    if twice:
        more = f" and {len(twice) - _SHOWN} more" if len(twice) > _SHOWN else ""
        warnings.warn(
            f"{word}: {', '.join(twice[:_SHOWN])}{more} differ only by case and are taken as "
            "different; write each name in one way if they are the same",
            DataWarning,
            stacklevel=5,
        )


def _whole(frame: pd.DataFrame, name: str) -> Any:
    """Read a column of whole numbers; missing where the frame has none."""
    if name not in frame:
        return pd.array([None] * len(frame), dtype="Int64")
    numbers = pd.to_numeric(frame[name], errors="coerce").astype("Float64")
    bad = (numbers.isna() & frame[name].notna()) | (numbers % 1 != 0).fillna(False)
    if bad.any():
        first = frame.index[bad.to_numpy(bool)][0]
        found = frame[name].to_numpy(dtype=object)[bad.to_numpy(bool)][0]
        raise InputError(f"{name}: row {first!r} holds {found!r}, allowed are whole numbers")
    return numbers.astype("Int64")


def _one_each(rows: pd.DataFrame, unit: str, name: str) -> pd.Series[Any]:
    """Give the one value that each review or study has; missing where it has none."""
    grouped = rows.groupby(unit, sort=True)[name]
    twice = grouped.nunique()
    if (twice > 1).any():
        who = ", ".join(map(str, twice.index[twice > 1][:20]))
        raise InputError(f"{name}: more than one value for {unit} {who}")
    return grouped.first()


def _members(
    kept: pd.DataFrame,
    of_reviews: pd.DataFrame,
    of_studies: pd.DataFrame,
    wanted: tuple[str, ...],
) -> Members:
    named = set(kept["review"])
    without = tuple(str(name) for name in of_reviews.index if name not in named)
    reviews = _by_year(of_reviews[of_reviews.index.isin(list(named))])
    studies = _by_year(of_studies[of_studies.index.isin(list(kept["study"]))])
    at_study = {name: place for place, name in enumerate(studies.index)}
    at_review = {name: place for place, name in enumerate(reviews.index)}
    statuses = np.full((len(studies), len(reviews)), "", dtype=object)
    # a membership that is there twice keeps the surer of its two words
    for word in (word for word in reversed(STATUSES) if word in wanted):
        for row in kept[kept["status"] == word].itertuples():
            statuses[at_study[row.study], at_review[row.review]] = word
    matrix = np.asarray(statuses != "", dtype=bool)
    closed = reviews["search_year"].fillna(reviews["year"])
    until = closed.to_numpy(np.float64, na_value=np.nan)
    came = studies["year"].to_numpy(np.float64, na_value=np.nan)
    return Members(
        studies=[str(name) for name in studies.index],
        reviews=[str(name) for name in reviews.index],
        matrix=matrix,
        statuses=statuses,
        impossible=came[:, None] > until[None, :],
        unknown=np.isnan(came)[:, None] | np.isnan(until)[None, :],
        table=reviews.assign(
            counted=matrix.sum(axis=0),
        )[["label", "year", "search_year", "named", "counted", "stated"]],
        study_labels={str(name): str(label) for name, label in studies["label"].items()},
        status=wanted,
        without=without,
    )


def _by_year(table: pd.DataFrame) -> pd.DataFrame:
    """Order by year, then by name, R2 before R10; those without a year are last."""
    places = sorted(range(len(table)), key=lambda at: natural_key(str(table.index[at])))
    return table.iloc[places].sort_values("year", kind="stable", na_position="last")


def natural_key(name: str) -> tuple[list[tuple[int, int | str]], str]:
    """Give the key by which names are sorted as people count.

    Examples
    --------
    >>> sorted(["R10", "R2", "a", "R1b", "r1"], key=natural_key)
    ['a', 'r1', 'R1b', 'R2', 'R10']
    """
    parts = [part for part in re.split(r"([0-9]+)", name.casefold()) if part]
    return [(0, int(part)) if part[0] in "0123456789" else (1, part) for part in parts], name
