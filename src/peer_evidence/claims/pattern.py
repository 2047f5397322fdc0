"""Checks on all recorded studies that fit a statement: patterns, not the studies of one review."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from peer_evidence.checks import check_choice
from peer_evidence.claims.case import (
    CONTRADICTED,
    NOT_CHECKABLE,
    RECORDS,
    SUPPORTED,
    Case,
    Verdict,
    left_out,
    select,
    votes,
)
from peer_evidence.direction.sign_test import Floats, SignTest, share, sign_test, wilson
from peer_evidence.direction.tally import Tally
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, interval, number, p_brief, words
from peer_evidence.records.tables import METHOD_WORDS


def direction(case: Case) -> Verdict:
    """Check that more studies favour the intervention than not.

    One vote per study. Supported when the interval of the share that favours it lies above one
    half even with the studies without a sign, and the tied ones, counted against; contradicted
    when it lies below one half even with all of them counted in favour; else not checkable.
    The scope of the statement always holds. When the arguments narrow the studies further, the
    verdict must also hold without them, and when possible reports of one study count once, or
    it is not checkable. Supported means that results agree in direction, nothing more.
    Arguments: conditions on results and studies, ``not_domain``, ``same_study`` (the ids of
    studies that may be one, joined by ``+``).
    """
    scope = case.in_scope()
    within = {name: v for name, v in case.arguments.items() if name not in {"domain", "same_study"}}
    scope |= {name: value for name, value in case.arguments.items() if name == "domain"}
    frame = select(case.ev, scope | within)
    counted = votes(case.ev, frame, "effect_direction")
    test = _sign_test(counted, case.intervention)
    verdict = _judge(test)
    computed = _short(test)
    why = f"{_about_records(case, counted, test)} {_REASON[verdict]}"
    once = _counted_once(case, frame, test)
    if once is not None:
        why += once[0]
        if _judge(once[1]) != verdict:
            why += " The answer depends on that."
            return Verdict(NOT_CHECKABLE, computed, why, RECORDS)
    narrowing = {name: within[name] for name in within if name not in {*scope, "not_domain"}}
    if narrowing and verdict != NOT_CHECKABLE:
        rest = {name: value for name, value in within.items() if name not in narrowing}
        everything = select(case.ev, scope | rest)
        wider = _sign_test(votes(case.ev, everything, "effect_direction"), case.intervention)
        why += f" Without the limit to {_conditions(narrowing)}: {_both(wider)}."
        once = _counted_once(case, everything, wider)
        why += "" if once is None else once[0]
        if {_judge(wider), _judge(wider if once is None else once[1])} != {verdict}:
            return Verdict(
                NOT_CHECKABLE, computed, why + " The answer depends on that limit.", RECORDS
            )
    if verdict == SUPPORTED:
        why += (
            " What is supported is that the results agree in direction, not a size and not a cause."
        )
    return Verdict(verdict, computed, why, RECORDS)


def most_consistent(case: Case) -> Verdict:
    """Check that no other domain favours the intervention as consistently.

    The share of studies that favour it is compared with each other domain that has at least so
    many studies, with studies without a sign left out and counted against. Supported when the
    domains of the statement are ahead of all others in both countings; contradicted when some
    other domain is ahead of them in both; else not checkable. Arguments: ``domain`` (those of
    the statement, its scope by default), ``at_least`` (3 studies), conditions.
    """
    own = case.arguments.get("domain", (case.scope,))
    known = list(case.ev.outcomes["domain"].cat.categories)
    own = tuple(check_choice("domain", domain, known) for domain in own)
    least = case.number("at_least", 3)
    frame = select(case.ev, case.without("domain", "at_least"))
    counted = votes(case.ev, frame, "effect_direction", by="domain")
    table = counted.table[counted.table["studies"] >= least]
    if not set(own) <= set(table.index):
        why = f"fewer than {least} recorded studies compare {_listed(own)}"
        return Verdict(NOT_CHECKABLE, "", why, RECORDS)
    favours = table["favours_intervention"].to_numpy(np.float64)
    signed = favours + table["favours_comparison"].to_numpy(np.float64)
    shares = {
        "share among studies with a sign": np.nan_to_num(share(favours, signed - favours)),
        "share with those without a sign counted against": favours
        / table["studies"].to_numpy(np.float64),
    }
    mine = table.index.isin(own)
    places, parts = [], []
    for reading, found in shares.items():
        ahead = int((found[~mine] > found[mine].min()).sum())
        level = int((found[~mine] == found[mine].min()).sum())
        places.append((ahead, level))
        parts.append(
            f"{reading} {number(found[mine].min())}, {_domains(ahead)} a higher one and "
            f"{_domains(level)} the same"
        )
    others = count(int((~mine).sum()), "other domain")
    computed = "; ".join(parts)
    why = (
        f"{case.these_records}: studies that favour {case.intervention} in {_listed(own)} (the "
        f"lower, when several) against {others} with at least {least} studies: {computed}."
    )
    if all(place == (0, 0) for place in places):
        return Verdict(SUPPORTED, computed, why, RECORDS)
    if all(ahead for ahead, _ in places):
        return Verdict(CONTRADICTED, computed, why, RECORDS)
    return Verdict(NOT_CHECKABLE, computed, f"{why} The records do not settle it.", RECORDS)


def no_moderation(case: Case) -> Verdict:
    """Check that no group of studies favours the intervention more than another.

    Contradicted when the intervals of two groups lie apart both with studies without a sign
    left out and counted against; supported when each group has at least so many studies with a
    sign and no intervals lie apart in either; else not checkable. Arguments: ``by`` (a column
    of studies), ``groups``, ``at_least`` (5), conditions.
    """
    by, least = case.needed("by"), case.number("at_least", 5)
    counted = votes(
        case.ev,
        select(case.ev, case.without("by", "groups", "at_least")),
        "effect_direction",
        by=by,
    )
    groups = case.arguments.get("groups", tuple(str(group) for group in counted.table.index))
    table = counted.table.reindex(list(groups), fill_value=0)
    favours = table["favours_intervention"].to_numpy(np.int64)
    against = table["favours_comparison"].to_numpy(np.int64)
    apart = [
        _apart(*wilson(favours, rest))
        for rest in (against, table["studies"].to_numpy(np.int64) - favours)
    ]
    parts = [
        f"{words(group)} "
        + (f"{for_it} of {for_it + not_it} with a sign" if for_it + not_it else _NO_SIGN)
        + f", {studies} in all"
        for group, for_it, not_it, studies in zip(
            groups, favours, against, table["studies"], strict=True
        )
    ]
    computed = "; ".join(parts)
    why = f"{case.these_records}: {computed}."
    if all(apart):
        return Verdict(CONTRADICTED, computed, f"{why} Their intervals lie apart.", RECORDS)
    if not any(apart) and (favours + against).min(initial=least) >= least and len(groups) > 1:
        return Verdict(SUPPORTED, computed, f"{why} No intervals lie apart.", RECORDS)
    why += f" Each would need {least} studies with a sign to say that they are alike."
    return Verdict(NOT_CHECKABLE, computed, why, RECORDS)


def design_share(case: Case) -> Verdict:
    """Check that some kinds of study are the smaller part of the literature.

    Records gathered for a review are no sample of a literature unless they are said to be one
    (``sample=yes``); without that the share is shown and the statement is not checkable. With
    it: supported when the interval of the share lies below one half, contradicted when above.
    Arguments: ``design``, ``sample`` (no).
    """
    designs = case.arguments.get("design", ())
    for design in designs:
        check_choice("design", design, METHOD_WORDS["design"])
    sample = check_choice("sample", case.one("sample", "no"), METHOD_WORDS["yes_no"])
    studies = case.ev.studies
    found = int(studies["design"].isin(designs).sum())
    low, high = (float(end) for end in wilson(found, len(studies) - found))
    computed = f"{found} of {len(studies)} recorded studies"
    if sample == "no":
        why = (
            f"{computed} are of the design {_listed(designs)}, but the records were gathered for "
            "a review and are no sample of the literature: their share says nothing of its make-up"
        )
        return Verdict(NOT_CHECKABLE, computed, why, RECORDS)
    why = (
        f"{computed} are of the design {_listed(designs)}: {interval(low, high)} of the literature"
    )
    if high < 0.5:
        return Verdict(SUPPORTED, computed, why, RECORDS)
    return Verdict(CONTRADICTED if low > 0.5 else NOT_CHECKABLE, computed, why, RECORDS)


def absent_level(case: Case) -> Verdict:
    """Check that there are no comparative results from studies of a level.

    Contradicted by any such result. That the records hold none shows that none exists only
    where they are said to be a complete search (``complete=yes``): supported with it, not
    checkable without. Arguments: ``level``, ``complete`` (no).
    """
    complete = check_choice("complete", case.one("complete", "no"), METHOD_WORDS["yes_no"])
    level = check_choice("level", case.needed("level"), METHOD_WORDS["level"])
    studies = case.ev.studies
    there = int((studies["level"] == level).sum())
    frame = case.ev.select(contrast_type="intervention_vs_comparison")
    results = int((frame["level"] == level).sum())
    computed = (
        f"{there} of {count(len(studies), 'study', 'studies')}, "
        f"{results} of {count(len(frame), 'comparative result')}"
    )
    why = f"{computed} in these records {'are' if results != 1 else 'is'} of the {level} level"
    if results:
        return Verdict(CONTRADICTED, computed, why, RECORDS)
    if complete == "no":
        why += (
            ", but the records are no complete search: that they hold none cannot show that none "
            "exists"
        )
    settled = complete == "yes" and len(frame) > 0
    return Verdict(SUPPORTED if settled else NOT_CHECKABLE, computed, why, RECORDS)


def spread_of_measures(case: Case) -> Verdict:
    """Check whether results that do not line up could stem from a spread of measures.

    Contradicted when the studies of no domain disagree in their conclusions, or those that do
    all use one measure: then there is nothing to explain, or not by measures. Otherwise not
    checkable, since a spread and a disagreement side by side do not show that one causes the
    other. Arguments: conditions.
    """
    frame = select(case.ev, case.arguments)
    counted = votes(case.ev, frame, "reported_conclusion", by="domain")
    table = counted.table[counted.table["studies"] > 1]
    settled = table[["benefit", "no_difference", "harm"]]
    split = ((settled > 0).sum(axis=1) > 1) | (table["tied"] > 0) | (table["mixed"] > 0)
    kept = frame[(frame["contrast_type"] == "intervention_vs_comparison").to_numpy(bool)]
    measures = kept.groupby("domain", observed=True)["measure"].nunique().reindex(table.index)
    several = split & (measures > 1)
    computed = (
        f"conclusions differ in {int(split.sum())} of "
        f"{count(len(table), 'domain')} with two or more studies; "
        f"{int(several.sum())} of these use several measures"
    )
    why = f"{case.these_records}: {computed}"
    if len(table) and not several.any():
        return Verdict(CONTRADICTED, computed, why, RECORDS)
    why += "; that both occur does not show that one causes the other"
    return Verdict(NOT_CHECKABLE, computed, why, RECORDS)


_REASON = {
    SUPPORTED: "The share stays above one half even when they count against.",
    CONTRADICTED: "The share stays below one half even when they count in favour.",
    NOT_CHECKABLE: "The records do not settle it.",
}

_NO_SIGN = "no study with a sign"


def _sign_test(counted: Tally, intervention: str) -> SignTest:
    row = counted.table.iloc[0]
    return sign_test(
        row["favours_intervention"],
        row["favours_comparison"],
        no_sign=row["null"] + row["unclear"] + row["tied"],
        intervention=intervention,
    )


def _judge(test: SignTest) -> str:
    if test.strict_ci_low > 0.5:
        return SUPPORTED
    _, high = wilson(test.favours + test.no_sign, test.against)
    return CONTRADICTED if float(high) < 0.5 else NOT_CHECKABLE


def _counted_once(case: Case, frame: pd.DataFrame, test: SignTest) -> tuple[str, SignTest] | None:
    """Count studies that may be one study once; None when that changes no number of studies."""
    named, known = case.ev.studies["study_id"], frame["study_id"]
    labels = dict(zip(named, case.ev.studies["label"], strict=True))
    pairs = []
    for group in case.arguments.get("same_study", ()):
        ids = [part.strip() for part in group.split("+")]
        if len(ids) < 2 or not set(ids) <= set(named):
            raise InputError(
                f"same_study: found {group!r}, allowed are ids of two or more studies joined by +"
            )
        there = [study for study in ids if (frame["study_id"] == study).any()]
        if len(there) > 1:
            pairs.append(" with ".join(labels[study] for study in there))
            known = known.where(~known.isin(there), there[0])
    merged = frame.assign(study_id=known)
    once = _sign_test(votes(case.ev, merged, "effect_direction"), case.intervention)
    if once.strict_n == test.strict_n:
        return None
    return (
        f" With possible reports of one study ({'; '.join(pairs)}) counted once: {_both(once)}.",
        once,
    )


def _short(test: SignTest) -> str:
    studies = count(test.strict_n, "study", "studies")
    if not test.n:
        return f"{_NO_SIGN} among {studies}" if test.strict_n else "no study compares it"
    return f"{test.favours} of {studies} {'favours' if test.favours == 1 else 'favour'} it"


def _domains(found: int) -> str:
    """Say how many other domains have something."""
    return f"{found or 'no'} other domain{'s have' if found > 1 else ' has'}"


def _about_records(case: Case, counted: Tally, test: SignTest) -> str:
    return (
        f"{case.these_records}, one vote per study: {_both(test)}. "
        f"{count(counted.rows, 'result')} counted, {left_out(counted)}; a count of directions says "
        "nothing of size."
    )


def _both(test: SignTest) -> str:
    """Write both readings of a sign test in one line."""
    if not test.n:
        without = f", {test.no_sign} without a sign or tied" if test.no_sign else ""
        return f"{_NO_SIGN}{without}"
    shown = (
        f"{test.favours} of {test.n} with a sign favour {test.intervention} "
        f"({interval(test.ci_low, test.ci_high)}, {p_brief(test.p_value)})"
    )
    if not test.no_sign:
        return f"{shown}; every study has a sign"
    strict = (
        f"{test.favours} of {test.strict_n} with the {test.no_sign} without a sign or tied counted "
        f"against ({interval(test.strict_ci_low, test.strict_ci_high)}, "
        f"{p_brief(test.strict_p_value)})"
    )
    return f"{shown}; {strict}"


def _apart(low: Floats, high: Floats) -> bool:
    return bool(len(low) and low.max() > high.min())


def _listed(names: tuple[str, ...]) -> str:
    return " or ".join(words(name) for name in names)


def _conditions(given: Mapping[str, tuple[str, ...]]) -> str:
    return ", ".join(f"{words(name)} {_listed(values)}" for name, values in given.items())
