"""What changed in the results of a review, a sentence each, with the rows it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from peer_evidence.appraisal.certainty import Certainty, certainty_table
from peer_evidence.claims.check import check_claims
from peer_evidence.direction.tally import Tally, tally
from peer_evidence.effects.scales import scale_of
from peer_evidence.formatting import count, words
from peer_evidence.living import causes
from peer_evidence.living.rows import CHANGED, Changes
from peer_evidence.living.texts import BETWEEN
from peer_evidence.pooling.pools import Pools, pools

if TYPE_CHECKING:
    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.pools import Key
    from peer_evidence.records.evidence import Evidence

TALLY, POOL, CERTAINTY, PUBLISHED, CLAIM = "tally", "pool", "certainty", "published rating", "claim"
CONSEQUENCE_COLUMNS = ["kind", "name", "old", "new", "because", "sentence"]
ALL = "All domains"
SAME = 1e-9  # relative; two computations of one pool on the same rows agree to the last digits
_COUNTS = {
    "reported_conclusion": ("results by what their source concludes", None),
    "effect_direction": ("studies by the direction of their estimates", "study_id"),
}


@dataclass(frozen=True, slots=True)
class Consequence:
    """One result that changed.

    Attributes
    ----------
    kind : str
        ``tally``, ``pool``, ``certainty``, ``published rating`` or ``claim``.
    name : str
        What it is about.
    old, new : str
        What it was and is; empty where it was not, or is no more.
    because : str
        The changed rows it comes from; empty when they are not known.
    """

    kind: str
    name: str
    old: str
    new: str
    because: str

    @property
    def sentence(self) -> str:
        """The change in a sentence."""
        if not self.old:
            what = f"now {self.new}"
        elif not self.new:
            what = f"no longer {'stated' if self.kind == CLAIM else self.old}"
        else:
            what = f"{self.old} became {self.new}"
        why = f", because of {self.because}" if self.because else "; from which rows is not known"
        return f"{self.name}: {what}{why}."


@dataclass(frozen=True, slots=True)
class State:
    """What a review shows at one time."""

    ev: Evidence
    tallies: Mapping[tuple[str, str | None], Tally]
    pools: Pools
    certainty: Certainty | None
    claims: pd.DataFrame

    @classmethod
    def of(cls, ev: Evidence, certainty: Mapping[str, Any]) -> State:
        """Compute it."""
        found = pools(ev)
        outcomes = ev.outcomes
        counted = {
            (column, by): tally(outcomes, by=by, column=column, one_vote_per=voter)
            for column, (_, voter) in _COUNTS.items()
            for by in ("domain", None)
        }
        sheet = certainty_table(ev, found, **certainty) if len(found) else None
        return cls(ev, counted, found, sheet, check_claims(ev).to_frame())


def find_consequences(changes: Changes, old: State, new: State) -> tuple[Consequence, ...]:
    """Give every tally, pool, certainty and claim that differs between two states."""
    return (
        *_of_tallies(changes, old, new),
        *_of_pools(changes, old, new),
        *_of_certainty(changes, old, new),
        *_of_published(changes, old, new),
        *_of_claims(changes, old, new),
    )


def _of_tallies(changes: Changes, old: State, new: State) -> Iterator[Consequence]:
    for (column, by), after in new.tallies.items():
        before = old.tallies[column, by]
        what = _COUNTS[column][0]
        for group in dict.fromkeys([*before.table.index, *after.table.index]):
            was, now = (_counts(found, group) for found in (before, after))
            moved = [name for name in now if was[name] != now[name]]
            if not moved:
                continue
            domain = str(group) if by else None
            rows = causes.of_tally(changes, old.ev, new.ev, column, domain)
            name = ALL if domain is None else _label(old, new, "domain", domain)
            before_text, after_text = (
                ", ".join(f"{words(value)} {one[value]}" for value in moved) for one in (was, now)
            )
            because = causes.in_words(rows)
            yield Consequence(TALLY, f"{name}, {what}", before_text, after_text, because)


def _counts(found: Tally, group: Any) -> dict[str, int]:
    """Give the counts of a group by value; 0 of everything where there is no such group.

    Where each study has one vote, the number of results says nothing more.
    """
    names = [*found.values, "studies", *(["results"] if found.one_vote_per is None else [])]
    table = found.table.rename(columns={"rows": "results"})
    if group not in table.index:
        return dict.fromkeys(names, 0)
    return {name: int(table.loc[group, name]) for name in names}


def _of_pools(changes: Changes, old: State, new: State) -> Iterator[Consequence]:
    other = old.pools.measure != new.pools.measure
    for key in dict.fromkeys([*old.pools.keys, *new.pools.keys]):
        was, now = (_pool(one.pools, key) for one in (old, new))
        if was and now and not other and _same(was, now):
            continue
        before, after = _pool_texts(was, now, old.pools.measure, new.pools.measure)
        because = causes.in_words(causes.of_pool(changes, old.pools, new.pools, key))
        if other:
            chosen = f"the measure that the records now lead to, {new.pools.measure}"
            because = f"{chosen}, and {because}" if because else chosen
        yield Consequence(POOL, _title(old, new, key), before, after, because)


def _pool(found: Pools, key: Key) -> MetaAnalysis | None:
    return found[key] if key in found.keys else None


def _same(was: MetaAnalysis, now: MetaAnalysis) -> bool:
    """Tell whether two pools print the same; NaN equals NaN."""
    before, after = ([one.estimate, one.ci_low, one.ci_high] for one in (was, now))
    equal = np.allclose(before, after, rtol=SAME, atol=SAME, equal_nan=True)
    return was.k == now.k and bool(equal)


def _pool_texts(
    was: MetaAnalysis | None, now: MetaAnalysis | None, old: str, new: str
) -> tuple[str, str]:
    """Write two pools with as many decimals, two at least, as it takes to tell them apart."""
    before = after = ""
    for digits in range(2, 10):
        before = "" if was is None else f"pooled {old} {_pool_text(was, digits)}"
        after = "" if now is None else f"pooled {new} {_pool_text(now, digits)}"
        if before != after:
            break
    return before, after.removeprefix(f"pooled {new} ") if was and old == new else after


def _pool_text(m: MetaAnalysis, digits: int) -> str:
    scale = scale_of(m.studies.measure)
    limits = scale.interval(m.ci_low, m.ci_high, digits)
    return f"{scale.value(m.estimate, digits)} ({limits}, {count(m.k, 'study', 'studies')})"


def _of_certainty(changes: Changes, old: State, new: State) -> Iterator[Consequence]:
    before, after = _sheet(old), _sheet(new)
    for key in dict.fromkeys([*old.pools.keys, *new.pools.keys]):
        title = _title(old, new, key)
        was, now = before.get(_own_title(old, key), {}), after.get(_own_title(new, key), {})
        moved = [name for name in {**was, **now} if was.get(name) != now.get(name)]
        if not moved:
            continue
        if not was or not now:
            moved = ["suggested_so_far", "judged"]
        before_text, after_text = (
            ", ".join(f"{_heading(name)} {one[name]!r}" for name in moved) if one else ""
            for one in (was, now)
        )
        because = causes.in_words(causes.of_certainty(changes, old.pools, new.pools, key))
        yield Consequence(CERTAINTY, f"{title}, certainty", before_text, after_text, because)


def _sheet(state: State) -> dict[str, dict[str, str]]:
    """Give what a worksheet suggests and a person judged by outcome."""
    if state.certainty is None:
        return {}
    frame = state.certainty.to_frame()
    names = [name for name in frame.columns if name.startswith("suggested_") or name == "judged"]
    return {
        str(outcome): {name: str(row[name]) for name in names} for outcome, row in frame.iterrows()
    }


def _heading(name: str) -> str:
    """Say whose word it is: a suggestion is never a judgement."""
    if name == "suggested_so_far":
        return "suggested so far"
    return words(name.replace("suggested_", "suggested for ", 1))


def _of_published(changes: Changes, old: State, new: State) -> Iterator[Consequence]:
    """Say which ratings that the records quote are others now."""
    was, now = _ratings(old.ev), _ratings(new.ev)
    for one in changes.rows:
        if one.table != "certainty" or (one.change == CHANGED and "certainty" not in one.columns):
            continue
        review, outcome, _ = now.get(one.key) or was[one.key]
        before, after = (part[one.key][2] if one.key in part else "" for part in (was, now))
        name = f"{outcome}, certainty printed by {review}"
        yield Consequence(PUBLISHED, name, before, after, causes.in_words([one]))


def _ratings(ev: Evidence) -> dict[str, tuple[str, str, str]]:
    """Give the review, the outcome and the rating of each row of certainty.csv by its key."""
    frame, reviews = ev.certainty, ev.reviews
    labels = dict(zip(reviews["review_id"], reviews["label"], strict=True))
    columns = [frame[name].astype(str) for name in ("review_id", "outcome", "certainty")]
    return {
        BETWEEN.join((review, outcome)): (labels[review], outcome, words(rating))
        for review, outcome, rating in zip(*columns, strict=True)
    }


def _of_claims(changes: Changes, old: State, new: State) -> Iterator[Consequence]:
    before, after = _by_finding(old), _by_finding(new)
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name), after.get(name)
        if was and now and all(was[part] == now[part] for part in ("verdict", "computed")):
            continue
        basis = {row["basis"] for row in (was, now) if row}
        rows = causes.of_claim(changes, old.ev, new.ev, now or was or {}, basis)
        because, title = causes.in_words(rows), f"Claim {name}"
        if was and now and was["verdict"] == now["verdict"]:
            title += f", still {words(now['verdict'])}"
            yield Consequence(CLAIM, title, _computed(was), _computed(now), because)
        else:
            yield Consequence(CLAIM, title, _verdict(was), _verdict(now), because)


def _by_finding(state: State) -> dict[str, dict[str, Any]]:
    rows = state.claims.to_dict("records")
    return {str(row["finding_id"]): {str(name): row[name] for name in row} for row in rows}


def _verdict(row: Mapping[str, Any] | None) -> str:
    """Write a verdict with what was computed."""
    if row is None:
        return ""
    return f"{words(row['verdict'])} ({_computed(row)})"


def _computed(row: Mapping[str, Any]) -> str:
    return str(row["computed"]) or "nothing computed"


def _label(old: State, new: State, vocabulary: str, word: str) -> str:
    """Give the label of a word as the new records have it, or else the old."""
    known = new if word in new.ev.vocabularies.topic.get(vocabulary, ()) else old
    return known.ev.vocabularies.label(vocabulary, word)


def _own_title(state: State, key: Key) -> str:
    found = state.pools
    return found.titles[found.keys.index(key)] if key in set(found.keys) else ""


def _title(old: State, new: State, key: Key) -> str:
    return _own_title(new, key) or _own_title(old, key)


def table_of(found: Iterable[Consequence]) -> pd.DataFrame:
    """Give one row a result that changed."""
    rows = [(one.kind, one.name, one.old, one.new, one.because, one.sentence) for one in found]
    return pd.DataFrame(rows, columns=CONSEQUENCE_COLUMNS)
