"""Checking the statements of a package: the registry of checks, and the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from peer_evidence.checks import check_choice, check_evidence
from peer_evidence.claims.case import (
    NOT_CHECKABLE,
    NOTHING,
    SUPPORTED,
    Case,
    Verdict,
    parse_arguments,
    scope_words,
    select,
)
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
from peer_evidence.formatting import count, words
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
    "absent_level": (absent_level, ("level", "complete")),
    "spread_of_measures": (spread_of_measures, None),
}

# What the checks that take any condition take besides conditions.
_OWN = {"role", "conclusion", "by", "groups", "at_least", "same_study"}
_UNTESTED = "no check is defined for it: a statement in words"

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
        One row a statement: ``finding_id``, ``review_id`` (the review it is about), ``scope``,
        ``claim``, ``source`` (the text that says so), ``locator``, ``stated``, ``computed``,
        ``verdict``, ``why``, ``others`` (what other texts say of the same domain, unchecked),
        ``basis`` (``members``, ``records``, ``none``), ``check``.
    untested : DataFrame
        One row a statement that no check is defined for: ``finding_id``, ``review`` (the label
        of the review it is about), ``scope``, ``claim``, ``source``, ``locator``, ``value``,
        ``reason``.
    """

    table: pd.DataFrame
    untested: pd.DataFrame

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
        if len(self.untested):
            lines.append(
                f"{count(len(self.untested), 'further statement')} recorded and not checked: "
                "no check is defined for a statement in words"
            )
        for verdict in VERDICTS:
            part = self.table[self.table["verdict"] == verdict]
            if len(part):
                lines.append(f"{verdict.replace('_', ' ')}:")
            lines += [
                f"  {row['finding_id']}{_part(row)} ({row['source']}): {row['claim']} {row['why']}"
                + (f" Other texts, not checked: {row['others']}" if row["others"] else "")
                for row in part.to_dict("records")
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
        Each statement as ``supported``, ``contradicted`` or ``not_checkable``, with the reason,
        and the statements that no check is defined for.

    Raises
    ------
    InputError
        If the review is not known, or ``claims.csv`` gives a check what it does not take: all
        such faults at once, each with its line.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> claims = pe.check_claims(pe.load())
    >>> row = claims.to_frame().set_index("finding_id").loc["pistrang_k"]
    >>> row["verdict"]
    'not_checkable'
    >>> row["why"].split(".")[0]
    '12 studies are stated; none is confirmed by name (15 candidates do not count)'
    """
    check_evidence("ev", ev)
    if review is not None:
        check_choice("review", review, list(ev.reviews["review_id"]))
    plans = {str(row["finding_id"]): row for row in _records(ev.claims)}
    labels = dict(zip(ev.reviews["review_id"], ev.reviews["label"], strict=True))
    rows: list[dict[str, Any]] = []
    untested: list[dict[str, Any]] = []
    faults: list[str] = []
    for finding in _records(ev.review_findings):
        name = str(finding["finding_id"])
        plan = plans.get(name) or {"check": _BY_QUANTITY.get(str(finding["quantity"]))}
        shown = {
            "finding_id": name,
            "review_id": finding["review_id"],
            "scope": finding["scope"],
            "claim": finding["statement"],
            "source": labels[finding["reported_in"]],
            "locator": finding["locator"],
            "stated": finding["value"],
            "reported_in": finding["reported_in"],
            "quantity": finding["quantity"],
            "check": plan["check"],
        }
        if not plan["check"]:
            untested.append(shown | {"review": labels[finding["review_id"]], "reason": _UNTESTED})
            continue
        found = _run(ev, finding, plan)
        if isinstance(found, Verdict):
            rows.append(
                shown
                | {name: getattr(found, name) for name in _FOUND}
                | {"why": _sentence(found.why), "domains": _domains(ev, finding, plan)}
            )
        else:
            where = _where(ev, name)
            faults += [f"{where}: arguments: {text.removeprefix('arguments: ')}" for text in found]
    if faults:
        text = "\n".join(f"  {fault}" for fault in faults)
        raise InputError(f"{count(len(faults), 'fault')} in what is to be checked:\n{text}")
    for row in rows:
        row["others"] = _others(ev, row, untested)
    checked, rest = (
        pd.DataFrame([row for row in part if review in {None, row["reported_in"]}], columns=names)
        for part, names in ((rows, _COLUMNS), (untested, _LEFT))
    )
    return Claims(checked, rest.rename(columns={"stated": "value"}))


def _part(row: Mapping[Any, Any]) -> str:
    """Say beside a support that it is of the number of a sentence only."""
    number_only = row["verdict"] == SUPPORTED and row["check"] == "member_count"
    return ", its number only" if number_only else ""


def plan_faults(ev: Evidence) -> list[tuple[int, str, str]]:
    """Give what ``claims.csv`` gives a check that it does not take.

    Returns
    -------
    list of (int, str, str)
        The line, what is wrong, and the arguments as they are written.
    """
    findings = {str(row["finding_id"]): row for row in _records(ev.review_findings)}
    faults = []
    for line, plan in zip(ev.lines("claims"), _records(ev.claims), strict=True):
        found = _run(ev, findings[str(plan["finding_id"])], plan)
        if not isinstance(found, Verdict):
            given = str(plan["arguments"])
            faults += [(int(line), text.removeprefix("arguments: "), given) for text in found]
    return faults


_FOUND = ("computed", "verdict", "basis")
_COLUMNS = [
    *("finding_id", "review_id", "scope", "claim", "source", "locator", "stated", "computed"),
    *("verdict", "why", "others", "basis", "check"),
]
_LEFT = ["finding_id", "review", "scope", "claim", "source", "locator", "stated", "reason"]


def _where(ev: Evidence, name: str) -> str:
    """Name the line that gives a statement its check, or else that of the statement."""
    table = "claims" if name in set(ev.claims["finding_id"]) else "review_findings"
    place = list(ev.table(table)["finding_id"]).index(name)
    return f"{table}.csv:{ev.lines(table)[place]}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


def _domains(ev: Evidence, finding: dict[str, Any], plan: dict[str, Any]) -> list[str]:
    """Give the domains that a statement in words and its check are about."""
    if finding["quantity"] != "statement":
        return []
    named = parse_arguments(str(plan.get("arguments", ""))).get("domain", ())
    known = set(ev.outcomes["domain"].cat.categories) - {"other"}
    return [name for name in dict.fromkeys((str(finding["scope"]), *named)) if name in known]


def _others(ev: Evidence, row: dict[str, Any], untested: list[dict[str, Any]]) -> str:
    """Say what other texts, unchecked, say of the domains of a statement."""
    texts = []
    for domain in row["domains"]:
        parts = [
            f"{other['source']}: {_said(str(other['stated']), str(other['claim']))}"
            for other in untested
            if other["scope"] == domain and other["reported_in"] != row["reported_in"]
        ]
        if parts:
            texts.append(f"on {scope_words(ev, domain).lower()}, {'; '.join(parts)}")
    return f"{'. '.join(_sentence(text).removesuffix('.') for text in texts)}." if texts else ""


def _said(value: str, claim: str) -> str:
    """Give the word that is stated with the statement; a number is in the statement already."""
    claim = claim.removesuffix(".")
    return claim if _is_number(value) else f"{words(value)} ({claim})"


def _is_number(text: str) -> bool:
    return not text or text.replace(".", "", 1).isdecimal()


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the rows of a table of texts, an empty cell as an empty text."""
    return [
        {str(name): "" if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _run(ev: Evidence, finding: dict[str, Any], plan: dict[str, Any]) -> Verdict | list[str]:
    """Run the check of a statement; give all that its arguments get wrong, if they do."""
    try:
        check, takes = CHECKS[check_choice("check", plan["check"], list(CHECKS))]
        arguments = parse_arguments(str(plan.get("arguments", "")))
        scope = arguments.pop("scope", (str(finding["scope"]),))[0]
    except InputError as error:
        return [str(error)]
    faults = [_wrong(ev, takes, name, values) for name, values in arguments.items()]
    if any(faults):
        return [fault for fault in faults if fault]
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
    try:
        return check(case)
    except InputError as error:
        return [str(error)]


def _wrong(ev: Evidence, takes: tuple[str, ...] | None, name: str, values: tuple[str, ...]) -> str:
    """Say what is wrong with one argument by itself; empty when nothing is."""
    try:
        if takes is not None:
            check_choice("arguments", name, takes or ("no argument",))
        elif name not in _OWN:
            select(ev, {name: values})
    except InputError as error:
        return str(error)
    return ""
