"""Which changed rows feed what is computed from the records of a review."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any

from peer_evidence.claims.case import MEMBERS, RECORDS, parse_arguments
from peer_evidence.living.rows import CHANGED, Changes, RowChange
from peer_evidence.living.texts import BETWEEN

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.pools import Key, Pools
    from peer_evidence.records.evidence import Evidence

COUNTED = "intervention_vs_comparison"
_SHOWN = 5


def in_words(causes: Iterable[RowChange]) -> str:
    """Write the rows that a change comes from; empty when there is none.

    Examples
    --------
    >>> in_words([RowChange("outcomes", "a", "added"), RowChange("studies", "b", "added")])
    'rows added: a of outcomes, b of studies'
    >>> in_words([RowChange("outcomes", "a", "changed", ("estimate", "ci_low"))])
    'rows changed: a of outcomes (estimate, ci_low)'
    """
    order = {"added": 0, CHANGED: 1, "removed": 2}
    known = sorted(dict.fromkeys(causes), key=lambda one: order[one.change])
    parts = []
    for change, group in groupby(known, key=lambda one: one.change):
        rows = list(group)
        names = [
            f"{one.key} of {one.table}" + (f" ({', '.join(one.columns)})" if one.columns else "")
            for one in rows[:_SHOWN]
        ]
        more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
        parts.append(f"{change}: {', '.join(names)}{more}")
    return f"rows {'; '.join(parts)}" if parts else ""


def of_tally(
    changes: Changes, old: Evidence, new: Evidence, column: str, domain: str | None
) -> list[RowChange]:
    """Give the changed results that a tally counts, in one domain or in all."""
    keys: dict[str, None] = {}
    for ev in (old, new):
        frame = ev.outcomes
        fed = (frame["contrast_type"] == COUNTED) & frame[column].notna()
        if domain is not None:
            fed &= frame["domain"] == domain
        keys |= dict.fromkeys(frame.loc[fed, "outcome_id"])
    return changes.of("outcomes", keys, {"domain", "contrast_type", "study_id", column})


def of_pool(changes: Changes, old: Pools, new: Pools, key: Key) -> list[RowChange]:
    """Give the changed results that make a pool differ.

    Those are the results that entered, left or have another effect or variance there. Where such
    a result did not change itself, another of its study in the group did, or else another of the
    group.
    """
    before, after = _members(old, key), _members(new, key)
    studies = {str(name): str(one["study_id"]) for part in (before, after) for name, one in part}
    was, now = ({str(n): _weight(one) for n, one in part} for part in (before, after))
    moved = [name for name in studies if was.get(name) != now.get(name)]
    own = changes.of("outcomes", moved)
    silent = {studies[name] for name in moved} - {studies[one.key] for one in own}
    beside = [name for name, study in studies.items() if study in silent]
    return own + changes.of("outcomes", beside) or changes.of("outcomes", list(studies))


def of_certainty(changes: Changes, old: Pools, new: Pools, key: Key) -> list[RowChange]:
    """Give the changed rows on the results and studies of a pool that a worksheet reads."""
    members = [(name, one) for part in (old, new) for name, one in _members(part, key)]
    studies = {str(one["study_id"]) for _, one in members}
    rated = [one for one in changes.rows if one.table == "risk_of_bias"]
    bias = [one for one in rated if one.key.split(BETWEEN)[0] in studies]
    designs = changes.of("studies", sorted(studies), {"design", "level"})
    return of_pool(changes, old, new, key) + bias + designs


def of_claim(
    changes: Changes, old: Evidence, new: Evidence, claim: dict[str, Any], basis: Collection[str]
) -> list[RowChange]:
    """Give the changed rows that a check reads, as far as that is known.

    The statement and its check are; so are, for a check of the studies of a review, that review
    and its studies, and for a check of all records, results of the domains that are named.
    """
    found = changes.of("review_findings", [claim["finding_id"]])
    found += changes.of("claims", [claim["finding_id"]])
    for ev in (old, new):
        if MEMBERS in basis:
            found += _of_members(changes, ev, claim["review_id"])
        if RECORDS in basis:
            found += _of_domains(changes, ev, claim)
    return list(dict.fromkeys(found))


def _of_members(changes: Changes, ev: Evidence, review: str) -> list[RowChange]:
    links = ev.inclusions
    links = links[links["review_id"] == review]
    studies = list(links["study_id"])
    found = changes.of("reviews", [review], {"k_studies", "k_randomised"})
    found += changes.of("inclusions", [BETWEEN.join((review, one)) for one in studies])
    found += changes.of("studies", studies)
    outcomes = ev.outcomes
    return found + changes.of(
        "outcomes",
        list(outcomes.loc[outcomes["study_id"].isin(studies), "outcome_id"]),
        {"domain", "contrast_type", "reported_conclusion", "study_id"},
    )


def _of_domains(changes: Changes, ev: Evidence, claim: dict[str, Any]) -> list[RowChange]:
    plans = ev.claims
    given = plans.loc[plans["finding_id"] == claim["finding_id"], "arguments"].dropna()
    named = [claim["scope"]]
    for text in given:
        named += parse_arguments(str(text)).get("domain", ())
    outcomes = ev.outcomes
    fed = outcomes["domain"].isin(named)
    return changes.of(
        "outcomes",
        list(outcomes.loc[fed, "outcome_id"]),
        {"domain", "contrast_type", "effect_direction", "reported_conclusion", "study_id"},
    )


def _members(pools: Pools, key: Key) -> list[tuple[str, pd.Series[Any]]]:
    """Give the results of the records in the group of a pool, whether they entered it or not."""
    same = pools.rows["pooled"].notna()
    for name, value in zip(pools.by, key, strict=True):
        same &= pools.rows[name].astype(str) == value
    return [(str(row["outcome_id"]), row) for _, row in pools.rows[same].iterrows()]


def _weight(row: pd.Series[Any]) -> tuple[float, float] | None:
    """Give what a result brings to its pool; None when it is not in it."""
    return (float(row["effect"]), float(row["variance"])) if row["pooled"] else None
