"""The one-sided p values of a table of results, each result that has none with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from peer_evidence.checks import check_choice, check_columns, check_evidence
from peer_evidence.direction.one_sided import SIGN, one_sided_p, read_printed
from peer_evidence.direction.p_values import CombinedP, combine_p_values, repeated_note
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, words
from peer_evidence.records.tables import METHOD_WORDS
from peer_evidence.results import Result

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

CHOICES = ("largest", "first")
_NO_VALUE = {">": "known only to be above a bound", "ns": "called not significant, no value"}
_NEEDED = ("study_id", "p_value", "effect_direction")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PValues(Result):
    """The one-sided p value of every result that has one; made by :func:`p_values`.

    Attributes
    ----------
    by : str
        The column of the groups; ``group`` when everything is one group.
    alternative : str
        The direction of the p values: ``favours`` or ``against`` the intervention.
    one_per : str or None
        The column each of whose values has one p in a group; None when every result counts.
    choose : str
        Which of several p that is: the ``largest``, or the ``first`` row.
    used, unusable : int
        Results that can be combined; results without a usable p.
    table : DataFrame
        One row a result: its keys, the group, what is printed, ``one_sided_p``, ``bound``
        ("p < ..."), ``used`` and ``note``: why it is not used, or what it rests on.
    intervention : str
        What the text calls the intervention.
    """

    by: str
    alternative: str
    one_per: str | None
    choose: str
    used: int
    unusable: int
    table: pd.DataFrame
    intervention: str = "the intervention"

    def to_frame(self) -> pd.DataFrame:
        """Give every result with its one-sided p and its note."""
        return self.table.copy()

    @property
    def groups(self) -> list[Any]:
        """The groups that occur, in the order of their vocabulary or sorted."""
        column = self.table[self.by]
        if isinstance(column.dtype, pd.CategoricalDtype):
            return list(column.cat.remove_unused_categories().cat.categories)
        return sorted(column.dropna().unique())

    def combined(
        self,
        group: Any = None,
        method: str = "fisher",
        *,
        weights: str | None = None,
        **options: Any,
    ) -> CombinedP:
        """Combine the p values of one group.

        Parameters
        ----------
        group : object, optional
            One of ``groups``; may be left out where there is only one.
        method, **options
            As in :func:`combine_p_values`.
        weights : str, optional
            A column of the table that was given, with positive weights for ``stouffer``.

        Returns
        -------
        CombinedP
            With the number of bounds among its p values and of results left out for want of p.

        Raises
        ------
        InputError
            If the group is not known or no result in it has a usable p.
        """
        if "alternative" in options:
            raise InputError("alternative: it is that of the table; name it in p_values(...)")
        groups = self.groups
        if group is None and len(groups) == 1:
            group = groups[0]
        if group not in groups:
            raise InputError(
                f"group: found {group!r}, allowed are {', '.join(map(repr, groups)) or 'none'}; "
                "p_values(..., by=None) takes all results as one group"
            )
        rows = self.table[self.table[self.by] == group]
        kept = rows[rows["used"]]
        if kept.empty:
            raise InputError(f"p_values: no result of {group!r} has a usable p to combine")
        if weights is not None:
            check_columns(kept.columns, [weights], "p_values")
        found = combine_p_values(
            kept["one_sided_p"].to_numpy(np.float64),
            method,
            weights=None
            if weights is None
            else kept[weights].to_numpy(np.float64, na_value=np.nan),
            **options,
        )
        return replace(
            found,
            alternative=self.alternative,
            bounds=int(kept["bound"].sum()),
            unusable=int(rows["one_sided_p"].isna().sum()),
            repeated=_repeated(kept),
            intervention=self.intervention,
        )

    def combine(
        self, method: str = "fisher", *, weights: str | None = None, **options: Any
    ) -> pd.DataFrame:
        """Combine the p values group by group.

        Parameters
        ----------
        method, weights, **options
            As in ``combined``.

        Returns
        -------
        DataFrame
            Indexed by group: ``k``, ``method``, ``statistic_name``, ``statistic``, ``df``,
            ``p_value``, ``log_p_value``, ``bounds``, ``unusable``, ``repeated`` (p values of
            studies with more than one among them). A group without a usable p has ``k`` 0 and
            no numbers.
        """
        columns = ["k", "method", "statistic_name", "statistic", "df", "p_value", "log_p_value"]
        columns += ["bounds", "unusable", "repeated"]
        rows = []
        for group in self.groups:
            of_group = self.table[self.table[self.by] == group]
            if of_group["used"].any():
                found = self.combined(group, method, weights=weights, **options)
                rows.append({name: getattr(found, name) for name in columns})
            else:
                empty = {"k": 0, "method": method, "bounds": 0, "repeated": 0}
                rows.append({**empty, "unusable": len(of_group)})
        index = pd.Index(self.groups, name=self.by)
        table = pd.DataFrame(rows, index=index, columns=columns)
        table.attrs["peer_evidence"] = {
            "result": "combined p values",
            "alternative": self.alternative,
            "intervention": self.intervention,
            "one_per": self.one_per,
            "choose": self.choose,
        }
        return table

    def summary(self) -> str:
        """Say how many results have a usable p, and why the others have none."""
        whose = (
            "" if self.one_per is None else f", one per {words(self.one_per.removesuffix('_id'))}"
        )
        rest = "" if self.one_per is None else f" in each group, the {self.choose}"
        lines = [
            f"{count(self.used, 'one-sided p value')}{whose}{rest}, {self.alternative} "
            f"{self.intervention}; {count(self.unusable, 'result')} without a usable p"
        ]
        held = self.table[self.table["used"]]
        repeated = sum(_repeated(part) for _, part in held.groupby(self.by, observed=True))
        lines += [f"  {repeated_note(repeated)}"] if repeated else []
        notes = self.table.loc[~self.table["used"], "note"].value_counts(sort=False).sort_index()
        lines += [f"  not used: {note} ({count(many, 'result')})" for note, many in notes.items()]
        return "\n".join(lines)


def p_values(
    frame: pd.DataFrame | Evidence,
    by: str | None = "domain",
    *,
    one_per: str | None = "study_id",
    choose: str = "largest",
    alternative: str = "favours",
    contrasts: Sequence[str] | None = ("intervention_vs_comparison",),
) -> PValues:
    """Give the one-sided p value of each result, with the reason where there is none.

    Parameters
    ----------
    frame : DataFrame or Evidence
        Results, one a row, or the records: ``study_id``, ``p_value`` (a number, or a text such as
        "<0.05" or "ns"), ``effect_direction``, and where they are there ``p_relation``,
        ``p_tails``, ``contrast_type``, ``outcome_id``.
    by : str or None
        The column of the groups; None takes everything as one group.
    one_per : str or None
        Keep one p in each group for each value of this column: combined p values must be
        independent, and those of one study are not. None takes all, and the result says so.
    choose : {"largest", "first"}
        Which one: the largest, which is conservative, or the first row, for a table sorted by
        what was prespecified.
    alternative : {"favours", "against"}
        The direction of the p values.
    contrasts : sequence of str or None
        The contrast types that are kept; None keeps every row.

    Returns
    -------
    PValues
        ``to_frame()``, and ``combine(method)`` for a table by group. A p whose tails the source
        does not state is taken as two-sided, and the note says so.

    Raises
    ------
    InputError
        If a column or a word is not known, or a p is not above 0 and at most 1.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> found = pe.p_values(pe.load(), by="domain")
    >>> found.combine("fisher").loc["recovery", ["k", "df", "unusable"]].tolist()
    [2.0, 4.0, 8.0]
    """
    check_choice("choose", choose, CHOICES)
    intervention = "the intervention"
    if not isinstance(frame, pd.DataFrame):
        check_evidence("frame", frame, "a DataFrame of results, or the records")
        intervention, frame = frame.package["intervention"], frame.select()
    needed = [*_NEEDED, *(name for name in (by, one_per) if name is not None)]
    check_columns(frame.columns, needed, "p_values")
    kept = _of_contrasts(frame, contrasts)
    if by is None:
        kept, by = kept.assign(group="all"), "group"
    kept = kept[kept[by].notna()].reset_index(drop=True)
    table = _table(kept, by, alternative)
    if one_per is not None:
        table = _one_each(table, by, one_per, choose)
    return PValues(
        by=by,
        alternative=alternative,
        one_per=one_per,
        choose=choose if one_per is not None else "",
        used=int(table["used"].sum()),
        unusable=int(table["one_sided_p"].isna().sum()),
        table=table,
        intervention=intervention,
    )


def _repeated(used: pd.DataFrame) -> int:
    """Count the p values of studies with more than one among them."""
    return int(used["study_id"].duplicated(keep=False).sum())


def _of_contrasts(frame: pd.DataFrame, contrasts: Sequence[str] | None) -> pd.DataFrame:
    if contrasts is None or "contrast_type" not in frame:
        return frame
    kinds = (contrasts,) if isinstance(contrasts, str) else tuple(contrasts)
    for kind in kinds:
        check_choice("contrasts", kind, METHOD_WORDS["contrast_type"])
    return frame[frame["contrast_type"].isin(list(kinds))]


def _table(kept: pd.DataFrame, by: str, alternative: str) -> pd.DataFrame:
    """Add the one-sided p, whether it is a bound, and the note, to the rows."""
    empty = pd.Series(None, index=kept.index, dtype=object)
    relation, tails = (
        kept[name].astype(object) if name in kept else empty for name in ("p_relation", "p_tails")
    )
    direction = kept["effect_direction"].astype(object)
    try:
        values, relation = read_printed(kept["p_value"], relation)
        found = one_sided_p(values, direction, relation, tails=tails, alternative=alternative)
    except InputError as error:
        raise InputError(f"p_values: {error}") from None
    toward = "favours_intervention" if alternative == "favours" else "favours_comparison"
    notes = [
        _note(*cells, toward)
        for cells in zip(values, direction, relation, tails, found, strict=True)
    ]
    bound = np.asarray(relation == "<", dtype=bool) & ~np.isnan(found)
    # beside what says where a row stands, every column of the caller's that could be a weight
    return kept.assign(one_sided_p=found, bound=bound, used=~np.isnan(found), note=notes)


def _note(p: float, direction: Any, relation: Any, tails: Any, found: float, toward: str) -> str:
    """Say why a result has no one-sided p, or what its p rests on."""
    if relation in _NO_VALUE:
        return _NO_VALUE[relation]
    if np.isnan(p):
        return "no p value"
    if direction not in SIGN:
        return "no direction" if pd.isna(direction) else f"direction {direction}"
    if np.isnan(found):
        return "one-tailed p above 0.5 contradicts the direction"
    parts = ["bound taken as p"] if relation == "<" else []
    if parts and direction != toward:
        parts[0] += ", the one-sided p is above it"
    parts.append("one-tailed" if tails == "one" else "two-sided")
    if pd.isna(tails):
        parts[-1] = "tails not stated, taken as two-sided"
    return "; ".join(parts)


def _one_each(table: pd.DataFrame, by: str, one_per: str, choose: str) -> pd.DataFrame:
    """Use one p of each unit in each group; say so of the others."""
    have = table[table["used"] & table[one_per].notna()]
    order = have.sort_values("one_sided_p", ascending=False, kind="stable")
    chosen = (order if choose == "largest" else have).drop_duplicates([by, one_per]).index
    table = table.copy()
    others = table["used"] & ~table.index.isin(chosen)
    table.loc[others, "used"] = False
    whose = words(one_per.removesuffix("_id"))
    table.loc[others, "note"] = f"another p of its {whose} is used"
    return table
