"""Checking the statements of a package: the registry of checks, and the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from peer_evidence.checks import check_choice
from peer_evidence.claims.case import NOT_CHECKABLE, NOTHING, Case, Verdict, parse_arguments
from peer_evidence.claims.members import member_count, member_kinds, member_spread, member_tally
from peer_evidence.claims.pattern import (
    absent_level,
    design_share,
    direction,
    most_consistent,
    no_moderation,
    spread_of_measures,
)
from peer_evidence.errors import InputError
from peer_evidence.formatting import count
from peer_evidence.results import Result

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

VERDICTS = ("supported", "contradicted", "not_checkable")


def none(case: Case) -> Verdict:
    """Say that nothing in the records can bear on a statement; the note says why."""
    why = case.note or "nothing in the records bears on it"
    return Verdict(NOT_CHECKABLE, "", why, NOTHING)


# name -> check, and the arguments it takes; None where conditions on any column are taken.
# Every check also takes ``scope``, to be used instead of the scope of the statement.
CHECKS: dict[str, tuple[Callable[[Case], Verdict], tuple[str, ...] | None]] = {
    "none": (none, ()),
    "member_count": (member_count, ("role",)),
    "member_tally": (member_tally, None),
    "member_kinds": (member_kinds, ("column", "values", "role")),
    "member_spread": (member_spread, ("column", "at_least", "role")),
    "direction": (direction, None),
    "most_consistent": (most_consistent, None),
    "no_moderation": (no_moderation, None),
    "design_share": (design_share, ("design", "sample")),
    "absent_level": (absent_level, ("level",)),
    "spread_of_measures": (spread_of_measures, None),
}

_BY_QUANTITY = {
    "k_included": "member_count",
    "k_randomised": "member_count",
    "k_positive": "member_tally",
    "k_no_difference": "member_tally",
    "k_negative": "member_tally",
}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Claims(Result):
    """The statements of a package, each with its verdict; made by :func:`check_claims`.

    Attributes
    ----------
    table : DataFrame
        One row a statement: ``finding_id``, ``review_id`` (the review it is about), ``claim``,
        ``source`` (the text that says so), ``locator``, ``stated``, ``computed``, ``verdict``,
        ``why``, ``basis`` (``members``, ``records``, ``none``), ``check``.
    """

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give one row a statement."""
        return self.table.copy()

    def counts(self) -> dict[str, int]:
        """Give the number of statements by verdict."""
        found = self.table["verdict"].value_counts()
        return {verdict: int(found.get(verdict, 0)) for verdict in VERDICTS}

    def summary(self) -> str:
        """Say how many statements hold, then each with its verdict and the reason."""
        found = self.counts()
        first = (
            f"{count(len(self.table), 'claim')}: {found['supported']} supported, "
            f"{found['contradicted']} contradicted, {found['not_checkable']} not checkable"
        )
        lines = [first]
        for verdict in VERDICTS:
            part = self.table[self.table["verdict"] == verdict]
            if len(part):
                lines.append(f"{verdict.replace('_', ' ')}:")
            lines += [
                f"  {row.finding_id} ({row.source}): {row.claim} {row.why}"
                for row in part.itertuples(index=False)
            ]
        return "\n".join(lines)


def check_claims(ev: Evidence, *, review: str | None = None) -> Claims:
    """Check every statement of a package that has a check, by computing it from the records.

    Checked are the statements that ``claims.csv`` names, with the check it names, and every
    stated number of studies (``k_included`` and the like) of every review. What a text says is
    never support for itself, nor is another text that says the same; studies that are only
    candidates of a review never count as its studies.

    Parameters
    ----------
    ev : Evidence
        The records.
    review : str, optional
        Only the statements that this review or text makes.

    Returns
    -------
    Claims
        Each statement as ``supported``, ``contradicted`` or ``not_checkable``, with the reason.

    Raises
    ------
    InputError
        If the review is not known, or ``claims.csv`` gives a check what it does not take.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> claims = pe.check_claims(pe.load())
    >>> row = claims.to_frame().set_index("finding_id").loc["pistrang_k"]
    >>> row["verdict"]
    'not_checkable'
    >>> row["why"].split(".")[0]
    '12 studies are stated; 0 are confirmed by name (15 candidates do not count)'
    """
    if review is not None:
        check_choice("review", review, list(ev.reviews["review_id"]))
    plans = {str(row["finding_id"]): row for row in _records(ev.claims)}
    labels = dict(zip(ev.reviews["review_id"], ev.reviews["label"], strict=True))
    rows = []
    for finding in _records(ev.review_findings):
        plan = plans.get(str(finding["finding_id"])) or {
            "check": _BY_QUANTITY.get(str(finding["quantity"]))
        }
        if not plan["check"] or review not in {None, finding["reported_in"]}:
            continue
        found = _run(ev, finding, plan)
        rows.append(
            {
                "finding_id": finding["finding_id"],
                "review_id": finding["review_id"],
                "claim": finding["statement"],
                "source": labels[finding["reported_in"]],
                "locator": finding["locator"],
                "stated": finding["value"],
                "computed": found.computed,
                "verdict": found.verdict,
                "why": found.why,
                "basis": found.basis,
                "check": plan["check"],
            }
        )
    names = ["finding_id", "review_id", "claim", "source", "locator", "stated", "computed"]
    names += ["verdict", "why", "basis", "check"]
    return Claims(pd.DataFrame(rows, columns=names))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the rows of a table of texts, an empty cell as an empty text."""
    return [
        {str(name): "" if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _run(ev: Evidence, finding: dict[str, Any], plan: dict[str, Any]) -> Verdict:
    """Run the check of a statement; what its arguments get wrong is said with the statement."""
    try:
        check, takes = CHECKS[check_choice("check", plan["check"], list(CHECKS))]
        arguments = parse_arguments(str(plan.get("arguments", "")))
        scope = arguments.pop("scope", (str(finding["scope"]),))[0]
        for name in arguments if takes is not None else ():
            check_choice("arguments", name, takes or ("no argument",))
        case = Case(
            ev,
            str(finding["finding_id"]),
            str(finding["review_id"]),
            scope,
            str(finding["quantity"]),
            str(finding["value"]),
            arguments,
            str(plan.get("note", "")),
        )
        return check(case)
    except InputError as error:
        raise InputError(f"claims.csv, {finding['finding_id']}: {error}") from error
