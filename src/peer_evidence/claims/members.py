"""Checks on the studies of a review: only those confirmed by name count, never candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from peer_evidence.checks import check_choice
from peer_evidence.claims.case import (
    CONTRADICTED,
    MEMBERS,
    NOT_CHECKABLE,
    SUPPORTED,
    Case,
    Verdict,
    select,
    votes,
)
from peer_evidence.formatting import count, words
from peer_evidence.records.tables import METHOD_WORDS

if TYPE_CHECKING:
    from peer_evidence.direction.tally import Tally

_CONCLUSION = {
    "k_positive": "benefit",
    "k_no_difference": "no_difference",
    "k_negative": "harm",
}

_NUMBER_ONLY = ". Checked is the number only; the rest of the sentence is not checked"
_NOTHING_COUNTED = ", so nothing can be counted"


def member_count(case: Case) -> Verdict:
    """Compare a stated number of studies with those confirmed by name.

    Supported when exactly as many are confirmed, none with an unknown role that might add to
    them; contradicted when more are confirmed than stated; not checkable when fewer are. Whatever
    else the sentence says is not checked.
    Argument: ``role`` (``rct`` for a number of trials).
    """
    roles = _roles(case)
    if case.stated is None:
        return _no_number(case)
    names = _names(case, "confirmed", roles)
    unknown = _names(case, "confirmed", ("unknown",)) if roles else set()
    why = f"{_stated(case)}; {_confirmed(case, names, roles)}"
    computed = f"{len(names)} confirmed by name"
    if len(names) > case.stated:
        return Verdict(CONTRADICTED, computed, why + _other_texts(case) + _NUMBER_ONLY, MEMBERS)
    if len(names) < case.stated:
        return Verdict(NOT_CHECKABLE, computed, why + _other_texts(case) + _NUMBER_ONLY, MEMBERS)
    if unknown:
        why += f", and {count(len(unknown), 'study', 'studies')} of unknown role may add to them"
        return Verdict(NOT_CHECKABLE, computed, why + _NUMBER_ONLY, MEMBERS)
    why += f", which completes the list{_NUMBER_ONLY}"
    return Verdict(SUPPORTED, computed, why, MEMBERS)


def member_tally(case: Case) -> Verdict:
    """Compare a stated number of studies of one conclusion with the confirmed studies' votes.

    Each confirmed study has one vote. Those whose results disagree, are mixed or unclear, or
    are not recorded could count either way, as could each study of the review that is not
    confirmed: between them and the clear votes lies what the number may be. Supported when
    that leaves only the stated number; contradicted when it excludes it; else not checkable.
    Arguments: ``conclusion``, ``role``, and conditions on the studies.
    """
    if case.stated is None:
        return _no_number(case)
    wanted = case.one("conclusion", _CONCLUSION.get(case.quantity, ""))
    check_choice("conclusion", wanted, METHOD_WORDS["conclusion"])
    roles = _roles(case)
    everyone = _names(case, "confirmed", roles)
    names = _meeting(case, everyone, case.without("role", "conclusion"))
    cast = dict(_cast(case, names).votes[["study_id", "vote"]].itertuples(index=False, name=None))
    clear = sum(vote == wanted for vote in cast.values())
    settled = sum(vote in {"benefit", "no_difference", "harm"} for vote in cast.values())
    total = _total(case, roles)
    low = clear
    high = None if total is None else clear + len(names) - settled + max(total - len(everyone), 0)
    most = "no known number" if high is None else str(high)
    span = str(low) if low == high else f"between {low} and {most}"
    computed = f"{clear} of {len(names)} confirmed {'study' if len(names) == 1 else 'studies'}"
    of = "" if total is None else f"of the {total} in the review "
    why = (
        f"{_stated(case)} to conclude {words(wanted)}; {of}{_confirmed(case, everyone, roles)}, "
        f"which leaves {span}"
    )
    if not everyone:
        computed = "no study confirmed by name"
        none = f"none of the {total}" if total is not None else "no study"
        why = (
            f"{_stated(case)} to conclude {words(wanted)}; {none} is confirmed by name"
            f"{_candidates(case, roles)}{_NOTHING_COUNTED}"
        )
    if case.stated < low or (high is not None and case.stated > high):
        verdict = CONTRADICTED
    else:
        verdict = SUPPORTED if low == high else NOT_CHECKABLE
    return Verdict(verdict, computed, why + _other_texts(case), MEMBERS)


def member_kinds(case: Case) -> Verdict:
    """Check that all studies of a review are of stated kinds.

    Contradicted when a confirmed study is of another kind; supported when the list is complete
    and all are of them; else not checkable. Arguments: ``column`` of studies, ``values``,
    ``role``.
    """
    column, roles = case.needed("column"), _roles(case)
    names = _names(case, "confirmed", roles)
    kinds = _column(case, names, column)
    wanted = case.arguments.get("values", ())
    fitting = int(kinds.isin(wanted).sum())
    other = int((~kinds.isin(wanted) & kinds.notna()).sum())
    if not names:
        return _nothing(case, roles)
    computed = f"{fitting} of {len(names)} confirmed"
    why = f"{_confirmed(case, names, roles)}; {other} of another {words(column)}"
    if other:
        return Verdict(CONTRADICTED, computed, why, MEMBERS)
    if fitting == len(names) and _total(case, roles) == len(names):
        return Verdict(SUPPORTED, computed, why + ", and the list is complete", MEMBERS)
    return Verdict(NOT_CHECKABLE, computed, why + ", but the list is not complete", MEMBERS)


def member_spread(case: Case) -> Verdict:
    """Check that the studies of a review differ.

    Supported when the confirmed studies show at least so many kinds, complete or not;
    contradicted when the list is complete and they show fewer; else not checkable. Arguments:
    ``column`` of studies, ``at_least`` (2), ``role``.
    """
    column, least, roles = case.needed("column"), case.number("at_least", 2), _roles(case)
    names = _names(case, "confirmed", roles)
    kinds = _column(case, names, column)
    if not names:
        return _nothing(case, roles)
    found = int(kinds.nunique())
    computed = f"{count(found, 'kind')} of {words(column)}"
    why = f"{_confirmed(case, names, roles)}; they show {computed}, {least} are needed"
    if found >= least:
        return Verdict(SUPPORTED, computed, why, MEMBERS)
    if _total(case, roles) == len(names):
        return Verdict(CONTRADICTED, computed, why + ", and the list is complete", MEMBERS)
    return Verdict(NOT_CHECKABLE, computed, why + ", but the list is not complete", MEMBERS)


def _roles(case: Case) -> tuple[str, ...]:
    given = case.arguments.get("role")
    if given is None:
        return ("rct",) if case.quantity == "k_randomised" else ()
    return tuple(check_choice("role", role, METHOD_WORDS["role"]) for role in given)


def _names(case: Case, status: str, roles: tuple[str, ...]) -> set[str]:
    """Give the studies linked to the review with a status and a role, within the scope."""
    links = case.ev.inclusions
    links = links[(links["review_id"] == case.review_id) & (links["status"] == status)]
    if roles:
        links = links[links["role"].isin(roles)]
    return _meeting(case, set(links["study_id"]), case.in_scope())


def _meeting(case: Case, names: set[str], conditions: dict[str, tuple[str, ...]]) -> set[str]:
    """Keep the studies that meet conditions on studies, or have a result that does."""
    for column, values in conditions.items():
        frame = case.ev.studies
        if column not in frame.columns:
            frame = select(case.ev, {column: values})
        if isinstance(frame[column].dtype, pd.CategoricalDtype):
            for value in values:
                check_choice(column, value, list(frame[column].cat.categories))
        names = names & set(frame.loc[frame[column].isin(values), "study_id"])
    return names


def _column(case: Case, names: set[str], column: str) -> pd.Series:
    studies = case.ev.studies
    check_choice("column", column, list(studies.columns))
    return studies.loc[studies["study_id"].isin(names), column]


def _cast(case: Case, names: set[str]) -> Tally:
    frame = case.ev.select()
    return votes(case.ev, frame[frame["study_id"].isin(names)], "reported_conclusion")


def _total(case: Case, roles: tuple[str, ...]) -> int | None:
    """Give the number of studies that the review states, as the limit of what may be missing.

    For trials that is the number of trials, or else of all studies, which is no less.
    """
    trials = _number_stated(case, "k_randomised") if roles == ("rct",) else None
    return _number_stated(case, "k_included") if trials is None else trials


def _number_stated(case: Case, quantity: str) -> int | None:
    found = case.ev.review_findings
    found = found[
        (found["review_id"] == case.review_id)
        & (found["quantity"] == quantity)
        & (found["scope"] == "all")
    ]
    numbers = [int(value) for value in found["value"].dropna() if str(value).isdecimal()]
    if numbers:
        return max(numbers)
    column = "k_studies" if quantity == "k_included" else "k_randomised"
    reviews = case.ev.reviews
    number = reviews.loc[reviews["review_id"] == case.review_id, column].iloc[0]
    return None if pd.isna(number) else int(number)


def _stated(case: Case) -> str:
    number = case.stated or 0
    return f"{count(number, 'study', 'studies')} {'is' if number == 1 else 'are'} stated"


def _confirmed(case: Case, names: set[str], roles: tuple[str, ...]) -> str:
    found = f"{len(names) or 'none'} {'are' if len(names) > 1 else 'is'} confirmed by name"
    return found + _candidates(case, roles)


def _candidates(case: Case, roles: tuple[str, ...]) -> str:
    """Say how many candidates there are, which do not count; empty when there is none."""
    number = len(_names(case, "candidate", roles))
    verb = "does" if number == 1 else "do"
    return f" ({count(number, 'candidate')} {verb} not count)" if number else ""


def _nothing(case: Case, roles: tuple[str, ...]) -> Verdict:
    """Say that no study of the review is confirmed, so that there is nothing to count."""
    why = f"no study of {case.review_label} is confirmed by name{_candidates(case, roles)}"
    return Verdict(NOT_CHECKABLE, "no study confirmed by name", why + _NOTHING_COUNTED, MEMBERS)


def _other_texts(case: Case) -> str:
    """Say which other texts state a number for the same thing; agreement is no check."""
    found = case.ev.review_findings
    if case.quantity == "statement":
        return ""
    found = found[
        (found["review_id"] == case.review_id)
        & (found["quantity"] == case.quantity)
        & (found["scope"] == case.scope)
        & (found["finding_id"] != case.finding_id)
    ]
    reviews = case.ev.reviews
    labels = dict(zip(reviews["review_id"], reviews["label"], strict=True))
    parts = [
        f"{labels[text]}{'' if pd.isna(place) else f' ({place})'} states "
        f"{'the same number' if value == case.value else value}"
        for text, place, value in found[["reported_in", "locator", "value"]].itertuples(
            index=False, name=None
        )
    ]
    return f". {', '.join(parts)}; that texts agree is no check" if parts else ""


def _no_number(case: Case) -> Verdict:
    why = f"no whole number is stated (found {case.value!r})"
    return Verdict(NOT_CHECKABLE, "", why, MEMBERS)
