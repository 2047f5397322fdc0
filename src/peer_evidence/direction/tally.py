"""Tallies: what the results of a set of studies conclude, and which way their estimates point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from peer_evidence.checks import check_choice, check_columns, check_evidence, check_level
from peer_evidence.direction.counted import (
    check_contrasts,
    distinct_rows,
    group_codes,
    left_out_table,
    reasons_left_out,
)
from peer_evidence.direction.sign_test import exact_p, share, sign_test, wilson
from peer_evidence.direction.votes import Codes, cast_votes, cross_count
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, words
from peer_evidence.records.tables import METHOD_WORDS, STUDIES
from peer_evidence.results import Result

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

_VOCABULARY = {"reported_conclusion": "conclusion", "effect_direction": "direction"}
# When a study's results in a group differ, only the values of the highest rank among them are
# looked at: a sign outranks no sign, and "unclear" outranks "null". Conclusions all rank alike.
_RANK = {"favours_intervention": 2, "favours_comparison": 2, "unclear": 1}
TIED = "tied"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Tally(Result):
    """How many results, or studies, conclude what; made by :func:`tally`.

    Attributes
    ----------
    by : str
        The column of the groups; ``group`` when everything is one group.
    column : str
        What is counted: ``reported_conclusion`` or ``effect_direction``.
    one_vote_per : str or None
        The column of those who have one vote each; None when every result counts.
    contrasts : tuple of str
        The contrast types that are counted; empty when all are.
    rows, studies : int
        Results and studies that are counted in any group; one that is counted in several
        groups is one here.
    table : DataFrame
        Indexed by group: one column a value, ``tied`` with one vote, then ``rows``, ``studies``.
    votes : DataFrame
        With one vote: the vote of each voter in each group. Empty otherwise.
    left_out : DataFrame
        ``reason``, ``rows``, ``studies`` of what is not counted.
    intervention : str
        What the text calls the intervention.
    """

    by: str
    column: str
    one_vote_per: str | None
    contrasts: tuple[str, ...]
    rows: int
    studies: int
    table: pd.DataFrame
    votes: pd.DataFrame
    left_out: pd.DataFrame
    intervention: str = "the intervention"

    @property
    def values(self) -> list[str]:
        """The columns of the table that hold counts of a value, ``tied`` among them."""
        return [name for name in self.table.columns if name not in {"rows", "studies"}]

    def to_frame(self) -> pd.DataFrame:
        """Give the counts, indexed by group."""
        return self.table.copy()

    def sign_tests(self, unsigned: str = "shown", level: float = 0.95) -> pd.DataFrame:
        """Test group by group whether more studies favour the intervention than chance would.

        Parameters
        ----------
        unsigned : {"shown", "against"}
            ``shown``: studies without a sign (``null``, ``unclear``) and tied ones are no part
            of the test and stand beside it. ``against``: all of them, tied ones too, count
            against the intervention; they are part of ``against``, and ``tied`` and ``no_sign``
            are 0, so that in either case the four counts add up to ``studies``.
        level : float, optional
            The level of the intervals.

        Returns
        -------
        DataFrame
            Indexed by group: ``favours``, ``against``, ``tied``, ``no_sign``, ``proportion``,
            ``ci_low``, ``ci_high`` (Wilson), ``p_value`` (exact, two-sided), ``studies``.

        Raises
        ------
        InputError
            If conclusions were counted, or every result instead of every study once.
        """
        check_choice("unsigned", unsigned, ["shown", "against"])
        self._check_signs()
        favours = self.table["favours_intervention"].to_numpy(np.int64)
        against = self.table["favours_comparison"].to_numpy(np.int64)
        tied = self.table[TIED].to_numpy(np.int64)
        no_sign = self.table[["null", "unclear"]].sum(axis=1).to_numpy(np.int64)
        if unsigned == "against":
            against = against + tied + no_sign
            tied, no_sign = np.zeros_like(tied), np.zeros_like(no_sign)
        low, high = wilson(favours, against, check_level(level))
        return pd.DataFrame(
            {
                "favours": favours,
                "against": against,
                "tied": tied,
                "no_sign": no_sign,
                "proportion": share(favours, against),
                "ci_low": low,
                "ci_high": high,
                "p_value": exact_p(favours, against),
                "studies": self.table["studies"],
            },
            index=self.table.index,
        )

    def summary(self) -> str:
        """Say what was counted, group by group, and what was left out."""
        return "\n".join([self._headline(), *self._lines(), self._left_out_line()])

    def _check_signs(self) -> None:
        if self.column != "effect_direction":
            raise InputError(
                f"column: found {self.column!r}, allowed in a sign test is 'effect_direction': "
                "a conclusion often rests on significance, only the sign of an estimate may enter"
            )
        if self.one_vote_per is None:
            raise InputError(
                "one_vote_per: found None, a sign test needs one vote per study; tally with "
                "one_vote_per='study_id'"
            )

    def _headline(self) -> str:
        total = self.table[self.values].sum()
        what = ", ".join(f"{words(name)} {total[name]}" for name in self.values if total[name])
        studies = count(self.studies, "study", "studies")
        if self.one_vote_per is None:
            head = f"{count(self.rows, 'result')} of {studies}"
            if total.sum() > self.rows:
                head += f" in {total.sum()} places, one for each of its groups"
        else:
            votes = count(int(total.sum()), "vote")
            head = f"{votes} of {studies}, one vote per {self._voter()} in each group"
        return f"{head}, {words(self.column)}: {what or 'nothing to count'}"

    def _voter(self) -> str:
        return words(str(self.one_vote_per).removesuffix("_id"))

    def _lines(self) -> list[str]:
        if self.column == "effect_direction" and self.one_vote_per is not None:
            return [self._sign_line(str(group), row) for group, row in self.table.iterrows()]
        lines = []
        for group, row in self.table.iterrows():
            what = ", ".join(f"{words(name)} {row[name]}" for name in self.values if row[name])
            size = f"{count(row['rows'], 'result')} of {count(row['studies'], 'study', 'studies')}"
            lines.append(f"  {words(str(group))} ({size}): {what}")
        return lines

    def _sign_line(self, group: str, row: pd.Series[Any]) -> str:
        test = sign_test(
            row["favours_intervention"],
            row["favours_comparison"],
            no_sign=row["null"] + row["unclear"] + row[TIED],
            intervention=self.intervention,
        )
        return f"  {words(group)}: " + test.summary().replace("\n", "; ")

    def _left_out_line(self) -> str:
        if self.left_out.empty:
            return "Nothing was left out."
        parts = [
            f"{reason} ({count(rows, 'result')} of {count(studies, 'study', 'studies')})"
            for reason, rows, studies in self.left_out.itertuples(index=False, name=None)
        ]
        return "Left out: " + "; ".join(parts) + "."


def tally(
    frame: pd.DataFrame | Evidence,
    by: str | None = "domain",
    column: str = "reported_conclusion",
    *,
    one_vote_per: str | None = None,
    contrasts: Sequence[str] | None = ("intervention_vs_comparison",),
) -> Tally:
    """Count by group what results conclude, or which way their estimates point.

    Parameters
    ----------
    frame : DataFrame or Evidence
        Results, one a row: ``ev.outcomes``, ``ev.select(...)``, or the records themselves, which
        are then joined with their studies; ``by="review_id"`` counts each study in every review
        that it is confirmed to be in.
    by : str or None
        The column of the groups; None takes everything as one group.
    column : {"reported_conclusion", "effect_direction"}
        What is counted: what the source concludes, or the sign of the estimate.
    one_vote_per : str, optional
        Give one vote in each group to each value of this column, as a rule ``study_id``. All
        results agree: one vote for it. They disagree: the vote counts under ``tied``. For
        directions a result without a sign contradicts none: favours and unclear together vote
        favours, favours and against are tied, null and unclear together vote unclear. Any two
        conclusions that differ are tied.
    contrasts : sequence of str or None
        The contrast types that are counted; None counts every row.

    Returns
    -------
    Tally
        The counts, and what was left out with the reason: another contrast type, or no value
        in ``by`` or ``column``.

    Raises
    ------
    InputError
        If a column, a contrast type or a value is not known.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> counted = pe.tally(pe.load(), by="domain", one_vote_per="study_id")
    >>> counted.to_frame().loc[["hope", "recovery"], ["benefit", "no_difference", "tied"]]
              benefit  no_difference  tied
    domain
    hope            5              2     0
    recovery        3              3     0
    """
    check_choice("column", column, list(_VOCABULARY))
    kinds = check_contrasts(contrasts)
    intervention = "the intervention"
    if not isinstance(frame, pd.DataFrame):
        check_evidence("frame", frame, "a DataFrame of results, or the records")
        intervention = frame.package["intervention"]
        by = "review_id" if by == "review" else by
        frame = _joined(frame, by)
    needed = [name for name in (by, one_vote_per, column, "study_id") if name is not None]
    _check_by(frame, by)
    check_columns(frame.columns, [*needed, *(["contrast_type"] if kinds else [])], "tally")
    read = dict.fromkeys([*needed, "contrast_type", "outcome_id"])
    frame = frame[[name for name in read if name in frame]]  # the records have many more
    reasons = reasons_left_out(frame, [column, by, one_vote_per], kinds)
    kept = frame[reasons == ""]
    labels, group = group_codes(kept, by)
    table, votes = _count(kept, labels, group, column, one_vote_per)
    return Tally(
        by=by or "group",
        column=column,
        one_vote_per=one_vote_per,
        contrasts=kinds,
        rows=distinct_rows(kept),
        studies=int(kept["study_id"].nunique()),
        table=table,
        votes=votes,
        left_out=left_out_table(frame, reasons),
        intervention=intervention,
    )


def _count(
    kept: pd.DataFrame, labels: pd.Index[Any], group: Codes, column: str, voter: str | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count the values, or the votes, in each group; give the votes, too."""
    allowed = METHOD_WORDS[_VOCABULARY[column]]
    value = _value_codes(kept, column, allowed)
    names, votes, where = list(allowed), pd.DataFrame(), group
    if voter is not None:
        names.append(TIED)
        unit, voters = pd.factorize(kept[voter].astype(object), sort=True)
        rank = [_RANK.get(word, 0) for word in allowed]
        where, who, value = cast_votes(group, unit.astype(np.int64), value, rank)
        vote = np.array(names, dtype=object)[value]
        votes = pd.DataFrame(
            {str(labels.name): labels.take(where), voter: voters[who], "vote": vote}
        )
    counts = cross_count(where, value, len(labels), len(names))
    table = pd.DataFrame(counts, index=labels, columns=names)
    table["rows"] = np.bincount(group, minlength=len(labels))
    pairs = pd.DataFrame({"group": group, "study": kept["study_id"].to_numpy()}).drop_duplicates()
    table["studies"] = np.bincount(pairs["group"].to_numpy(np.int64), minlength=len(labels))
    return table, votes


def _check_by(frame: pd.DataFrame, by: str | None) -> None:
    """Refuse a column of studies asked of results alone, saying what gives it."""
    of_studies = {column.name for column in STUDIES.columns}
    if by in of_studies and by not in frame.columns:
        raise InputError(
            f"by: {by!r} is a column of studies, which these results lack; give the records "
            f"themselves, tally(ev, by={by!r}), or ev.select(...)"
        )


def _joined(ev: Evidence, by: str | None) -> pd.DataFrame:
    """Join the results with their studies and, for a tally by review, with their reviews."""
    frame = ev.select()
    if by != "review_id":
        return frame
    inside = ev.inclusions
    members = inside.loc[inside["status"] == "confirmed", ["review_id", "study_id"]]
    return frame.merge(members, on="study_id", how="left")


def _value_codes(kept: pd.DataFrame, column: str, allowed: tuple[str, ...]) -> Codes:
    code = {word: position for position, word in enumerate(allowed)}
    found = kept[column].astype(object).tolist()
    for word in dict.fromkeys(found):
        check_choice(column, word, allowed)
    return np.array([code[word] for word in found], dtype=np.int64)
