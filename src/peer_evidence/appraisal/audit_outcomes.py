"""Checks of one result of a study: counts, means, estimate, p value, direction, people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from peer_evidence.appraisal.audit_arms import (
    ratios_of_counts,
    standardised,
    t_tests,
    table_tests,
    wald_interval,
)
from peer_evidence.appraisal.audit_check import (
    CONSISTENT,
    CONSISTENT_IF,
    INCONSISTENT,
    NOT_CHECKABLE,
    Check,
    begin,
    between,
    only_if,
    short,
    shown,
)
from peer_evidence.appraisal.audit_effect import as_read, effect_checks
from peer_evidence.appraisal.audit_readings import RATIOS, PrintedEffect
from peer_evidence.appraisal.audit_scores import ARMS, score_checks
from peer_evidence.appraisal.printed_numbers import Span, printed_span

_DIFFERENCES = frozenset({"MD", "SMD", "d", "g", "RD", "b"})
_ANOTHER = "p is of another test or of adjusted data, and not of these numbers"

Row = Mapping[str, str]


def outcome_checks(row: Row, level: float = 0.95, items: int | None = None) -> list[Check]:
    """Check one result of a study against itself.

    Examples
    --------
    >>> row = {"events_intervention": "12", "n_intervention": "10"}
    >>> [(check.check, check.verdict) for check in outcome_checks(row)]
    [('events', 'inconsistent')]
    """
    people = _people(row)
    found = people + _shares(row) + _against_study(row)
    sizes_known = not any(check.verdict == INCONSISTENT for check in people)
    has_arms = sizes_known and (_has(row, "events", "n") or _has(row, "mean", "sd", "n"))
    effect = study_effect(row, level)
    checks = effect_checks(effect)
    if not all(effect.interval) and has_arms:
        checks = [check for check in checks if check.check != "p"]
    found += checks
    if sizes_known:
        found += [*_counts(row, level), *_means(row)]
    return [*found, *_direction(row), *score_checks(row, items)]


def study_effect(row: Row, level: float = 0.95) -> PrintedEffect:
    """Take the effect out of a row of texts; one without a sign counts as none."""
    measure = row.get("effect_measure", "")
    sizes = [row.get(f"n_{arm}", "") for arm in ARMS]
    people = [float(size) for size in sizes if size]
    df = (min(people) - 1, sum(people) - 2) if len(people) == 2 else ()
    without_sign = measure in {"d_abs", "b"}
    effect = PrintedEffect(
        measure=measure,
        estimate="" if without_sign else row.get("estimate", ""),
        ci_low="" if without_sign else row.get("ci_low", ""),
        ci_high="" if without_sign else row.get("ci_high", ""),
        se=row.get("se", ""),
        z=row.get("z", ""),
        p=row.get("p_value", ""),
        p_relation=row.get("p_relation", ""),
        p_tails=row.get("p_tails", ""),
        df=tuple(one for one in df if one >= 1),
        pooled=False,
        level=level,
    )
    return as_read(effect)


def _has(row: Row, *parts: str) -> bool:
    return all(row.get(f"{part}_{arm}") for part in parts for arm in ARMS)


def _pair(row: Row, part: str) -> tuple[Span, Span]:
    one, other = (printed_span(row[f"{part}_{arm}"]) for arm in ARMS)
    return one, other


def _sizes(row: Row) -> tuple[int, int]:
    one, other = (int(float(row[f"n_{arm}"])) for arm in ARMS)
    return one, other


def _people(row: Row) -> list[Check]:
    """Check that no arm has more events than people."""
    found = []
    for arm in ARMS:
        events, n = row.get(f"events_{arm}", ""), row.get(f"n_{arm}", "")
        if events and n:
            text = f"{events} of {n}"
            over = float(events) - float(n)
            if over > 0:
                why = f"{events} events are more than the {n} people of the {arm} arm."
                found.append(Check("events", INCONSISTENT, text, 0.0, float(n), over, why=why))
    if not found and _has(row, "events", "n"):
        text = " and ".join(f"{row[f'events_{arm}']} of {row[f'n_{arm}']}" for arm in ARMS)
        found.append(Check("events", CONSISTENT, text, why="No arm has more events than people."))
    return found


def _shares(row: Row) -> list[Check]:
    """Check printed percentages against the events of their arm."""
    found = []
    for arm in ARMS:
        percent, events, n = (row.get(f"{name}_{arm}", "") for name in ("percent", "events", "n"))
        if not percent or not events or not n or float(n) <= 0:
            continue
        share = 100 * float(events) / float(n)
        text = f"{percent}%, {events} of {n}, {arm}"
        gap = printed_span(percent).gap(Span(share, share))
        if gap == 0.0:
            why = f"{percent}% fits {events} of {n}."
            found.append(Check("percent", CONSISTENT, text, share, share, why=why))
            continue
        whole = [x for x in range(int(float(n)) + 1) if _is_share(x, n, percent)]
        fits = " or ".join(map(str, whole[:3])) if whole else "no whole number"
        reading = f"{fits} of {n} would fit" if len(whole) <= 3 else ""
        why = f"{percent}% does not fit {events} of {n}, which is {short(share)}%"
        if whole:
            why = f"{why}; {reading}" if reading else why
        else:
            why = f"{why}, nor any other count of {n}"
        found.append(Check("percent", INCONSISTENT, text, share, share, gap, reading, f"{why}."))
    return found


def _is_share(events: int, n: str, percent: str) -> bool:
    share = 100 * events / float(n)
    return printed_span(percent).meets(Span(share, share))


def _against_study(row: Row) -> list[Check]:
    """Check the people of a result against those of its study."""
    total = row.get("study_n_total", "")
    if not total or not all(row.get(f"n_{arm}") for arm in ARMS):
        return []
    have, most = sum(_sizes(row)), float(total)
    text = f"n {row['n_intervention']} and {row['n_comparison']}, study {total}"
    if have <= most:
        why = f"{have} people are analysed of the {total} of the study."
        return [Check("people", CONSISTENT, text, 0.0, most, why=why)]
    why = f"{have} people are analysed, and the study has {total}."
    return [Check("people", INCONSISTENT, text, 0.0, most, have - most, why=why)]


def _counts(row: Row, level: float) -> list[Check]:
    """Check estimate, interval and p against the events of both arms."""
    if not _has(row, "events", "n"):
        return []
    n1, n2 = _sizes(row)
    if not n1 or not n2:
        return []
    a, c = (int(float(row[f"events_{arm}"])) for arm in ARMS)
    found = _effect_of_counts(row, (a, n1, c, n2), level)
    tests = table_tests(a, n1, c, n2)
    if row.get("p_value") and tests:
        found.append(_p_of_tests(row, {name: Span(p, p) for name, p in tests.items()}, "counts"))
    return found


def _effect_of_counts(row: Row, table: tuple[int, int, int, int], level: float) -> list[Check]:
    a, n1, c, n2 = table
    measure, printed = row.get("effect_measure", ""), row.get("estimate", "")
    if not printed or measure not in {"OR", "RR", "PR", "RRR", "RD"}:
        return []
    ratios = ratios_of_counts(*table)
    ends: list[float] = []
    if measure == "RD":
        value = a / n1 - c / n2
    elif not ratios:
        why = f"{measure} {shown(printed)} cannot be computed: a cell of its table is empty."
        return [Check("counts", NOT_CHECKABLE, f"{measure} {shown(printed)}", why=why)]
    else:
        log, se = ratios["OR" if measure == "OR" else "RR"]
        span = wald_interval(log, se, level).map(math.exp)
        value, ends = math.exp(log), [span.low, span.high]
        if measure == "RRR":
            value, ends = 1 - value, [1 - span.high, 1 - span.low]
    texts = [printed, row.get("ci_low", ""), row.get("ci_high", "")]
    gaps = [
        printed_span(text).gap(Span(mine, mine))
        for text, mine in zip(texts, [value, *ends], strict=False)
        if text
    ]
    text = f"{measure} {shown(printed)}"
    if len(gaps) == 3:
        text += f" ({shown(texts[1])} to {shown(texts[2])})"
    counts = f"{a} of {n1} against {c} of {n2}"
    implied = short(value) + (f" ({short(ends[0])} to {short(ends[1])})" if len(gaps) == 3 else "")
    if max(gaps) == 0.0:
        why = f"{text} fits {counts}."
        return [Check("counts", CONSISTENT, text, value, value, why=why)]
    reading = (
        "it was adjusted, or computed from other people than these"
        if gaps[0]
        else "the interval was made by another method than Wald's, or adjusted"
    )
    why = f"{text} does not fit {counts}, which gives {implied}; {only_if(reading)}."
    return [Check("counts", CONSISTENT_IF, text, value, value, max(gaps), reading, why)]


def _p_of_tests(row: Row, tests: Mapping[str, Span], basis: str) -> Check:
    """Check a printed p against every usual test of the arms."""
    effect = study_effect(row)
    one_sided = row.get("p_tails") == "one"
    text = effect.p_words
    name = f"p_from_{basis}"
    halves = {test: span.map(lambda p: p / 2) for test, span in tests.items()}
    stated, turned = (halves, dict(tests)) if one_sided else (dict(tests), halves)
    whole = Span(min(s.low for s in stated.values()), max(s.high for s in stated.values()))
    two = Span(min(s.low for s in tests.values()), max(s.high for s in tests.values()))
    extra = f" (two-sided {between(two)})" if one_sided else ""
    listed = ", ".join(f"{test} {_about(span)}" for test, span in stated.items())
    implies = f"the {basis} give {'one-sided ' if one_sided else ''}p {listed}{extra}"
    found = Check(name, CONSISTENT, text, whole.low, whole.high)
    fits = [test for test, span in stated.items() if _p_fits(row, span)]
    if fits:
        note = f" It is one-tailed: two-sided it is {between(two)}." if one_sided else ""
        return replace(found, why=f"The printed {text} fits the {basis} ({', '.join(fits)}).{note}")
    why = f"The printed {text} does not fit: {implies}"
    gap = min(_p_gap(row, span) for span in stated.values())
    if not effect.p:
        return replace(found, verdict=NOT_CHECKABLE, why=f"{begin(implies)}.")
    side = "p is one-sided" if not one_sided else "p is two-sided, against what is stated"
    if row.get("p_tails") != "two" and any(_p_fits(row, span) for span in turned.values()):
        return replace(
            found, verdict=CONSISTENT_IF, gap=gap, reading=side, why=f"{why}; {only_if(side)}."
        )
    return replace(
        found, verdict=CONSISTENT_IF, gap=gap, reading=_ANOTHER, why=f"{why}; {only_if(_ANOTHER)}."
    )


def _p_gap(row: Row, span: Span) -> float:
    relation = row.get("p_relation", "")
    if relation in {"", "="}:
        return printed_span(row["p_value"]).gap(span)
    bound = 0.05 if relation == "ns" else float(row["p_value"])
    return max(0.0, span.low - bound) if relation == "<" else max(0.0, bound - span.high)


def _p_fits(row: Row, span: Span) -> bool:
    return _p_gap(row, span) == 0.0


def _means(row: Row) -> list[Check]:
    """Check estimate and p against the means of both arms."""
    if not _has(row, "mean"):
        return []
    means = _pair(row, "mean")
    found = []
    measure, estimate = row.get("effect_measure", ""), row.get("estimate", "")
    full = _has(row, "sd", "n") and min(_sizes(row)) >= 2
    if estimate and (measure == "MD" or (measure in {"SMD", "d", "g"} and full)):
        found.append(_effect_of_means(row, means))
    if row.get("p_value") and full:
        spreads, sizes = _pair(row, "sd"), _sizes(row)
        tests = {name: p for name, (_, p) in t_tests(means, spreads, sizes).items()}
        check = _p_of_tests(row, tests, "means")
        if check.reading == _ANOTHER:
            check = _as_errors(row, check, means, spreads, sizes)
        found.append(check)
    elif row.get("p_value") and not all(row.get(x) for x in ("estimate", "ci_low", "ci_high")):
        text = study_effect(row).p_words
        missing = "SDs and group sizes" if not _has(row, "n") else "SDs"
        why = f"The printed {text} cannot be checked: the {missing} are not all printed."
        found.append(Check("p_from_means", NOT_CHECKABLE, text, why=why))
    return found


def _effect_of_means(row: Row, means: tuple[Span, Span]) -> Check:
    measure, estimate = row["effect_measure"], row["estimate"]
    if measure == "MD":
        span = Span(means[0].low - means[1].high, means[0].high - means[1].low)
    else:
        span = standardised(means, _pair(row, "sd"), _sizes(row))
    text = f"{measure} {shown(estimate)}"
    arms = f"means {shown(row['mean_intervention'])} and {shown(row['mean_comparison'])}"
    gap = printed_span(estimate).gap(span)
    found = Check("means", CONSISTENT, text, span.low, span.high, gap, why=f"{text} fits {arms}.")
    if gap == 0.0:
        return found
    why = f"{text} does not fit {arms}, which give {between(span)}"
    turned = span.map(lambda x: -x)
    reading = "it was adjusted, or is of changes"
    if printed_span(estimate).meets(turned):
        reading = "its sign is that of comparison less intervention"
    return replace(found, verdict=CONSISTENT_IF, reading=reading, why=f"{why}; {only_if(reading)}.")


def _as_errors(
    row: Row,
    check: Check,
    means: tuple[Span, Span],
    spreads: tuple[Span, Span],
    sizes: tuple[int, int],
) -> Check:
    """Say so where the printed p fits once the standard deviations are read as errors."""
    one, other = (
        Span(span.low * math.sqrt(n), span.high * math.sqrt(n))
        for span, n in zip(spreads, sizes, strict=True)
    )
    wide = t_tests(means, (one, other), sizes)
    if not any(_p_fits(row, p) for _, p in wide.values()) or row.get("p_relation") in {"<", ">"}:
        return check
    reading = "what is printed as standard deviations are standard errors"
    why = check.why.removesuffix(f"; {only_if(_ANOTHER)}.")
    return replace(
        check,
        reading=f"{reading}; or {_ANOTHER}",
        why=f"{why}; {only_if(f'{reading}, or {_ANOTHER}')}.",
    )


def _direction(row: Row) -> list[Check]:
    """Check the stated direction against means, events and estimate."""
    stated, better = row.get("effect_direction", ""), row.get("better_is", "")
    if stated not in {"favours_intervention", "favours_comparison", "null"}:
        return []
    signs = _signs(row)
    if not signs or (not better and stated != "null"):
        return []
    expected = {"favours_intervention": 1, "favours_comparison": -1, "null": 0}[stated]
    turn = -1 if better == "lower" else 1
    ways = {name: turn * sign for name, sign in signs.items()}
    printed = f"{stated.replace('_', ' ')}, better is {better or 'not stated'}"
    against = [name for name, way in ways.items() if way != expected]
    if not against:
        why = f"'{stated.replace('_', ' ')}' agrees with {' and '.join(ways)}."
        return [Check("direction", CONSISTENT, printed, why=why)]
    why = (
        f"'{stated.replace('_', ' ')}' is not what {' and '.join(against)} say, where "
        f"{better or 'neither'} is better"
    )
    if len(against) < len(ways):
        agree = [name for name in ways if name not in against]
        reading = f"{' and '.join(agree)} and not {' and '.join(against)} decide"
        if row.get("adjusted") == "yes":
            reading = "the adjusted estimate and not the raw numbers decides"
        why = f"{why}; {only_if(reading)}."
        return [Check("direction", CONSISTENT_IF, printed, reading=reading, why=why)]
    if stated == "null" or all(ways[name] == 0 for name in against):
        reading = "the numbers before rounding had a sign, or 'null' stands for no difference"
        why = f"{why}; {only_if(reading)}."
        return [Check("direction", CONSISTENT_IF, printed, reading=reading, why=why)]
    reading = "the direction, better_is or the order of the arms is a slip"
    return [
        Check("direction", INCONSISTENT, printed, reading=reading, why=f"{why}. {begin(reading)}.")
    ]


def _signs(row: Row) -> dict[str, int]:
    """Give the sign of intervention less comparison by each kind of number there is."""
    found = {}
    if _has(row, "mean"):
        one, other = (float(row[f"mean_{arm}"]) for arm in ARMS)
        found["the means"] = (one > other) - (one < other)
    if _has(row, "events", "n"):
        n1, n2 = _sizes(row)
        share = [float(row[f"events_{arm}"]) * n for arm, n in zip(ARMS, (n2, n1), strict=True)]
        found["the events"] = (share[0] > share[1]) - (share[0] < share[1])
    estimate, measure = row.get("estimate", ""), row.get("effect_measure", "")
    if estimate and measure in _DIFFERENCES | RATIOS:
        null = 1.0 if measure in RATIOS - {"RRR"} else 0.0
        value = float(estimate)
        sign = (value > null) - (value < null)
        found["the estimate"] = -sign if measure == "RRR" else sign
    return found


def _about(span: Span) -> str:
    low, high = short(span.low), short(span.high)
    return low if low == high else f"{low} to {high}"
