"""One statement to be checked: what it says, what the check is given, and its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from peer_evidence.checks import check_choice
from peer_evidence.errors import InputError
from peer_evidence.formatting import words

if TYPE_CHECKING:
    from peer_evidence.direction.tally import Tally
    from peer_evidence.records.evidence import Evidence

SUPPORTED, CONTRADICTED, NOT_CHECKABLE = "supported", "contradicted", "not_checkable"
MEMBERS, RECORDS, NOTHING = "members", "records", "none"
# The columns that say where a statement holds, in the order in which its scope is looked up.
_SCOPES = ("domain", "problem_type", "initiative_type")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check finds.

    Attributes
    ----------
    verdict : str
        ``supported``, ``contradicted`` or ``not_checkable``.
    computed : str
        What the records give, in the terms of the statement.
    why : str
        How the verdict follows.
    basis : str
        ``members``: the studies confirmed to be in the review; ``records``: all recorded
        studies that fit; ``none``: nothing was computed.
    """

    verdict: str
    computed: str
    why: str
    basis: str


@dataclass(frozen=True, slots=True)
class Case:
    """A statement with the arguments of its check."""

    ev: Evidence
    finding_id: str
    review_id: str
    scope: str
    quantity: str
    value: str
    arguments: Mapping[str, tuple[str, ...]]
    note: str = ""

    def one(self, name: str, default: str = "") -> str:
        """Give an argument that has one value."""
        given = self.arguments.get(name, (default,))
        if len(given) != 1:
            raise InputError(f"{name}: found {'|'.join(given)!r}, allowed is one value")
        return given[0]

    def number(self, name: str, default: int) -> int:
        """Give an argument that is a whole number."""
        text = self.one(name, str(default))
        if not text.isdecimal():
            raise InputError(f"{name}: found {text!r}, allowed is a whole number")
        return int(text)

    def needed(self, name: str) -> str:
        """Give an argument that the check cannot do without."""
        if name not in self.arguments:
            raise InputError(f"{name}: found nothing, the check needs it, as {name}=value")
        return self.one(name)

    def without(self, *names: str) -> dict[str, tuple[str, ...]]:
        """Give the arguments that are conditions on studies and results."""
        return {name: value for name, value in self.arguments.items() if name not in names}

    def in_scope(self) -> dict[str, tuple[str, ...]]:
        """Give the condition that the scope of the statement is; none when it is about all."""
        frames = (self.ev.outcomes, self.ev.studies, self.ev.studies)
        for column, frame in zip(_SCOPES, frames, strict=True):
            if self.scope in set(frame[column].cat.categories):
                return {column: (self.scope,)}
        return {}

    @property
    def stated(self) -> int | None:
        """The number that is stated; None when the value is no whole number."""
        return int(self.value) if self.value.isdecimal() else None

    @property
    def review_label(self) -> str:
        """The name of the review that the statement is about."""
        reviews = self.ev.reviews
        return str(reviews.loc[reviews["review_id"] == self.review_id, "label"].iloc[0])

    @property
    def these_records(self) -> str:
        """Say that a computation rests on all records, not on the studies of the review."""
        return (
            f"Computed from all records here, which are not the set that {self.review_label} used"
        )

    @property
    def intervention(self) -> str:
        """The name that the package gives its intervention."""
        return self.ev.package["intervention"]


def parse_arguments(text: str) -> dict[str, tuple[str, ...]]:
    """Read ``name=value;name=value|value`` as written in ``claims.csv``.

    Examples
    --------
    >>> parse_arguments("domain=hope|recovery;role=rct")
    {'domain': ('hope', 'recovery'), 'role': ('rct',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, mark, value = part.partition("=")
        values = tuple(word.strip() for word in value.split("|"))
        if not mark or not name.strip() or not all(values) or name.strip() in found:
            raise InputError(
                f"arguments: found {part!r}, allowed is name=value or name=value|value, each "
                "name once, separated by ;"
            )
        found[name.strip()] = values
    return found


def select(ev: Evidence, conditions: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """Give the results that meet the conditions; ``not_domain`` leaves domains out."""
    chosen: dict[str, Any] = {
        name: list(values) for name, values in conditions.items() if name != "not_domain"
    }
    everything = ev.select().dtypes
    for name in chosen:
        if name in everything and pd.api.types.is_numeric_dtype(everything[name]):
            raise InputError(f"{name}: found a column of numbers, allowed are columns of words")
    frame = ev.select(**chosen)
    unwanted = conditions.get("not_domain", ())
    for domain in unwanted:
        check_choice("not_domain", domain, list(frame["domain"].cat.categories))
    return frame[~frame["domain"].isin(unwanted)]


def scope_words(ev: Evidence, scope: str) -> str:
    """Write a scope as a person reads it; empty when the statement is about all."""
    if scope == "all":
        return ""
    for column, frame in zip(_SCOPES, (ev.outcomes, ev.studies, ev.studies), strict=True):
        if scope in set(frame[column].cat.categories):
            return ev.vocabularies.label(column, scope)
    return words(scope)


def votes(ev: Evidence, frame: pd.DataFrame, column: str, by: str | None = None) -> Tally:
    """Tally results with one vote per study, in the words of the package."""
    from peer_evidence.direction.tally import tally

    counted = tally(frame, by=by, column=column, one_vote_per="study_id")
    return replace(counted, intervention=ev.package["intervention"])


def left_out(counted: Tally) -> str:
    """Say how many results a tally leaves out."""
    rows = int(counted.left_out["rows"].sum())
    reasons = ", ".join(counted.left_out["reason"])
    return f"{rows} left out ({reasons})" if rows else "none left out"
