"""Checks of one published pooled result: its effect, heterogeneity, studies and sign."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from peer_evidence.appraisal.audit_check import (
    CONSISTENT,
    CONSISTENT_IF,
    INCONSISTENT,
    NOT_CHECKABLE,
    Check,
    between,
    only_if,
    short,
    shown,
)
from peer_evidence.appraisal.audit_effect import as_read, effect_checks
from peer_evidence.appraisal.audit_laws import i2_span, q_span, smallest_tau2
from peer_evidence.appraisal.audit_readings import (
    RATIOS,
    PrintedEffect,
    base_reading,
    implied_span,
)
from peer_evidence.appraisal.printed_numbers import Span, mends, printed_span

STANDARDISED = frozenset({"SMD", "d", "g"})
# how far above (Q - df) / Q an I² from the tau² of another estimator may be, in per cent points;
# below there is no bound, since that tau² may be 0. For two studies the estimators coincide.
OTHER_I2 = 50.0
# how much smaller than 2 / sqrt(N) a standard error may be: small-sample corrections, unequal arms
PRECISION = 0.9
# how much smaller than that of random effects a fixed-effect standard error is taken to be: this
# third goes with an I² near 90% where weights are alike
SMALLEST_FIXED = 1 / 3
_RATIO_SIGNS = {"ratio_below_1_favours_intervention", "ratio_above_1_favours_intervention"}
_SIGNS = {"negative_favours_intervention", "positive_favours_intervention"}
_COUNTS = {"k", "n_total", "q_df"}
_TURNED = {frozenset(_SIGNS), frozenset(_RATIO_SIGNS)}

Row = Mapping[str, str]


def pooled_effect(row: Row, level: float = 0.95) -> PrintedEffect:
    """Take the effect out of a row of texts; a pool of one study is read as a study."""
    dfs = [float(row["k"]) - 1] if row.get("k") and float(row["k"]) >= 2 else []
    if row.get("q_df") and float(row["q_df"]) >= 1 and float(row["q_df"]) not in dfs:
        dfs.append(float(row["q_df"]))
    convention = row.get("sign_convention", "")
    effect = PrintedEffect(
        measure=row.get("effect_measure", ""),
        estimate=row.get("estimate", ""),
        ci_low=row.get("ci_low", ""),
        ci_high=row.get("ci_high", ""),
        se=row.get("se", ""),
        z=row.get("z", ""),
        p=row.get("p_value", ""),
        p_relation=row.get("p_relation", ""),
        p_tails=row.get("p_tails", ""),
        df=tuple(dfs),
        pooled=not row.get("k") or float(row["k"]) != 1,
        level=level,
    )
    stated = convention in _RATIO_SIGNS | _SIGNS
    return as_read(effect, ratio=convention in _RATIO_SIGNS if stated else None)


def pooled_checks(row: Row, level: float = 0.95) -> list[Check]:
    """Check one pooled result against itself.

    Examples
    --------
    >>> row = {"k": "3", "q": "5.74", "q_df": "2", "i2": "65"}
    >>> [(check.check, check.verdict) for check in pooled_checks(row)]
    [('q_df', 'consistent'), ('i2', 'consistent')]
    """
    effect = pooled_effect(row, level)
    found = effect_checks(effect)
    found += [*_sign(row), *_one_study(row), *_degrees(row), *_i2(row)]
    agree = {check.check: check.verdict for check in found}
    found = [_fixed_z(check, row, effect) for check in found]
    return [*found, *_tau2(row, effect, agree), *_precision(row, effect, agree)]


def heterogeneity_ranges(row: Row) -> dict[str, float]:
    """Give the ranges of I² from Q, or of Q from I², where degrees of freedom are known."""
    dfs = _freedom(row)
    if not dfs:
        return {}
    if row.get("q"):
        span = i2_span(printed_span(row["q"]), dfs[0])
        return {"i2_low": span.low, "i2_high": span.high}
    if row.get("i2"):
        span = q_span(printed_span(row["i2"]), dfs[0])
        return {"q_low": span.low, "q_high": span.high}
    return {}


def duplicate_checks(row: Row, other: Row) -> list[Check]:
    """Check a row against the row that it says is the same pool.

    Examples
    --------
    >>> one = {"estimate": "0.24", "sign_convention": "positive_favours_intervention"}
    >>> other = {"estimate": "-0.42", "sign_convention": "negative_favours_intervention",
    ...          "pooled_id": "a.p1"}
    >>> duplicate_checks(one, other)[0].verdict
    'inconsistent'
    """
    conventions = row.get("sign_convention", ""), other.get("sign_convention", "")
    turned = frozenset(conventions) in _TURNED
    ratio = row.get("effect_measure") in RATIOS
    name = other.get("pooled_id", "its duplicate")
    pairs = [("estimate", "estimate"), ("ci_low", "ci_low"), ("ci_high", "ci_high")]
    if turned:
        pairs[1:] = [("ci_low", "ci_high"), ("ci_high", "ci_low")]
    pairs += [(same, same) for same in ("k", "n_total", "q", "q_df", "i2", "tau2", "z")]
    compared, wrong, gaps = [], [], [0.0]
    for own, theirs in pairs:
        if not row.get(own) or not other.get(theirs):
            continue
        compared.append(own)
        flip = turned and own in {"estimate", "ci_low", "ci_high"}
        gap = _apart(own, row[own], other[theirs], flip=flip, ratio=ratio)
        if not math.isnan(gap):
            wrong.append(f"{own} {shown(row[own])} against {theirs} {shown(other[theirs])}")
            gaps.append(gap)
    if not compared:
        return []
    how = "with the sign turned" if turned else "with the same sign"
    printed = ", ".join(f"{own} {shown(row[own])}" for own in compared)
    if wrong:
        why = f"It is said to be the same pool as {name}, but {how}: {'; '.join(wrong)}."
        return [Check("duplicate", INCONSISTENT, printed, gap=max(gaps), why=why)]
    why = f"It agrees with {name} {how} on {', '.join(compared)}."
    return [Check("duplicate", CONSISTENT, printed, why=why)]


def _apart(name: str, own: str, theirs: str, *, flip: bool, ratio: bool) -> float:
    """Give how far two printings of one number are apart; NaN where they are roundings of it."""
    if name in _COUNTS:
        distance = abs(float(own) - float(theirs))
        return distance if distance else math.nan
    span, there = printed_span(own), printed_span(theirs)
    if flip:
        there = there.map(lambda x: 1 / max(x, 1e-12) if ratio else -x)
    if name == "z":
        span, there = span.size(), there.size()
    # two roundings of one number have more than an end in common
    overlap = min(span.high, there.high) - max(span.low, there.low)
    shared = overlap > 1e-9 * max(abs(span.high), abs(there.high), 1e-12)
    return math.nan if shared else span.gap(there)


def _fixed_z(check: Check, row: Row, effect: PrintedEffect) -> Check:
    """Add to a z that is too large for its interval that it may be of a fixed-effect analysis.

    Only where the standard error it would take is not beyond belief, and one that the people allow.
    """
    varies = any(row.get(name) and printed_span(row[name]).low > 0 for name in ("i2", "tau2"))
    wrong = check.check == "z" and check.verdict == INCONSISTENT
    if (
        not (wrong and varies)
        or row.get("model") == "fixed"
        or abs(float(effect.z)) <= check.implied_high
    ):
        return check
    se = implied_span(effect, "se", base_reading(effect))
    ratio = (check.implied_low + check.implied_high) / 2 / abs(float(effect.z))
    needed = (se.low + se.high) / 2 * ratio
    people = float(row.get("n_total") or 0)
    standard = row.get("effect_measure") in STANDARDISED and people > 0
    if ratio < SMALLEST_FIXED or (standard and needed < PRECISION * 2 / math.sqrt(people)):
        return check
    reading = (
        "a fixed-effect analysis beside a random-effects interval would explain it, with a "
        f"standard error near {short(needed)}"
    )
    why = f"{check.why} {reading[:1].upper()}{reading[1:]}."
    return replace(check, reading="; ".join(filter(None, [check.reading, reading])), why=why)


def _sign(row: Row) -> list[Check]:
    """Check that the sign convention fits the measure."""
    convention, measure = row.get("sign_convention", ""), row.get("effect_measure", "")
    if convention not in _RATIO_SIGNS | _SIGNS or not measure:
        return []
    of_ratio = convention in _RATIO_SIGNS
    printed = f"{measure}, {convention.replace('_', ' ')}"
    if of_ratio == (measure in RATIOS):
        return [Check("sign", CONSISTENT, printed, why="The sign convention fits the measure.")]
    why = (
        f"The sign convention '{convention.replace('_', ' ')}' is that of "
        f"{'ratios' if of_ratio else 'differences'}, and {measure} is "
        f"{'none' if of_ratio else 'a ratio'}."
    )
    return [Check("sign", INCONSISTENT, printed, why=why)]


def _one_study(row: Row) -> list[Check]:
    """Check that one study has no heterogeneity."""
    if not row.get("k") or float(row["k"]) != 1:
        return []
    there = [
        name
        for name in ("q", "q_df", "i2", "tau2")
        if row.get(name) and printed_span(row[name]).low > 0
    ]
    if not there:
        return []
    printed = ", ".join(f"{name} {row[name]}" for name in there)
    why = f"One study has no heterogeneity, but {printed} is printed."
    return [Check("one_study", INCONSISTENT, f"k 1, {printed}", why=why)]


def _degrees(row: Row) -> list[Check]:
    """Check the degrees of freedom of Q against the number of studies."""
    k, df = row.get("k", ""), row.get("q_df", "")
    if not df:
        return []
    if not k:
        why = f"{df} degrees of freedom cannot be checked: the number of studies is not printed."
        return [Check("q_df", NOT_CHECKABLE, f"df {df}", why=why)]
    wanted, have = float(k) - 1, float(df)
    printed = f"df {df}, k {k}"
    if wanted == have:
        why = f"{df} degrees of freedom fit {k} studies."
        return [Check("q_df", CONSISTENT, printed, wanted, wanted, why=why)]
    gap = abs(wanted - have)
    why = f"{df} degrees of freedom do not fit {k} pooled estimates, which have {wanted:g}."
    if have < wanted and row.get("effect_measure") in RATIOS:
        reading = f"{gap:g} of the studies without events in both arms gave no estimate"
        why = f"{why} They agree only if {reading}."
        return [Check("q_df", CONSISTENT_IF, printed, wanted, wanted, gap, reading, why)]
    if have > wanted:
        reading = (
            f"{have + 1:g} estimates came from {k} studies, or k or the degrees of freedom is "
            "a misprint"
        )
    else:
        reading = f"{gap:g} of the studies gave no estimate, or one of the two is a misprint"
    options = [mends(df, lambda text: float(text) == wanted)]
    options.append(mends(k, lambda text: float(text) - 1 == have))
    named = [f"{name} {text}" for name, text in zip(("df", "k"), options, strict=True) if text]
    reading += f": {' or '.join(named)} would fit" if named else ""
    return [
        Check(
            "q_df", INCONSISTENT, printed, wanted, wanted, gap, reading, f"{why} Either {reading}."
        )
    ]


def _freedom(row: Row) -> list[float]:
    """Give the degrees of freedom to try: as printed, then from the number of studies."""
    found = [float(row["q_df"])] if row.get("q_df") else []
    if row.get("k") and float(row["k"]) >= 2:
        found.append(float(row["k"]) - 1)
    return list(dict.fromkeys(found))


def _i2(row: Row) -> list[Check]:
    """Check I² against Q and its degrees of freedom."""
    q, i2, dfs = row.get("q", ""), row.get("i2", ""), _freedom(row)
    if not i2:
        return []
    text, printed = f"I² {i2}%", printed_span(i2)
    if not -0.5 <= float(i2) <= 100:
        return [Check("i2", INCONSISTENT, text, 0, 100, why=f"{text} is not between 0 and 100.")]
    if not q:
        why = f"{text} cannot be checked: Q is not printed"
        if not dfs:
            return [Check("i2", NOT_CHECKABLE, text, why=f"{why}, nor how many studies there are.")]
        implied = [q_span(printed, df) for df in dfs]
        ranges = [
            f"Q {between(span)} with {df:g} degrees of freedom"
            for span, df in zip(implied, dfs, strict=True)
            if math.isfinite(span.high)
        ]
        extra = f"; it implies {', or '.join(ranges)}" if ranges else ""
        return [
            Check("i2", NOT_CHECKABLE, text, implied[0].low, implied[0].high, why=f"{why}{extra}.")
        ]
    if not dfs:
        why = f"{text} cannot be checked: neither degrees of freedom nor k is printed."
        return [Check("i2", NOT_CHECKABLE, text, why=why)]
    return [_i2_from_q(row, printed, dfs)]


def _i2_from_q(row: Row, printed: Span, dfs: list[float]) -> Check:
    q, i2 = row["q"], row["i2"]
    spans = [i2_span(printed_span(q), df) for df in dfs]
    text = f"I² {i2}%, Q {q}"
    why = (
        f"I² {i2}% {{}} Q {q} with {dfs[0]:g} degrees of freedom, which imply I² "
        f"{between(spans[0])}%"
    )
    found = Check("i2", CONSISTENT, text, spans[0].low, spans[0].high)
    gap = printed.gap(spans[0])
    if gap == 0.0:
        return replace(found, why=f"{why.format('fits')}.")
    readings = [
        (printed.gap(span), f"Q has {df:g} degrees of freedom, as the number of studies has it")
        for span, df in zip(spans[1:], dfs[1:], strict=True)
    ]
    share = Span(100 * printed_span(i2).low, 100 * printed_span(i2).high)
    if "." in i2 and float(i2) <= 1:
        readings.append((share.gap(spans[0]), "I² is printed as a share and not in per cent"))
    cut = i2_span(printed_span(q, cut=True), dfs[0])
    readings.append((printed_span(i2, cut=True).gap(cut), "digits were cut off, not rounded"))
    if dfs[0] > 1 and row.get("model") != "fixed":
        other = "I² comes from tau² by another estimator than DerSimonian and Laird's"
        above = printed.low - spans[0].high
        readings.append((max(0.0, above - OTHER_I2), other))
    why = why.format("does not fit")
    for distance, reading in readings:
        if distance == 0.0:
            return replace(
                found,
                verdict=CONSISTENT_IF,
                gap=gap,
                reading=reading,
                why=f"{why}; {only_if(reading)}.",
            )
    other_i2 = mends(i2, lambda text: text[0] != "-" and printed_span(text).meets(spans[0]))
    other_q = mends(
        q, lambda text: text[0] != "-" and i2_span(printed_span(text), dfs[0]).meets(printed)
    )
    named = [f"{name} {text}" for name, text in (("I²", other_i2), ("Q", other_q)) if text]
    reading = f"{' or '.join(named)} would fit" if named else ""
    end = f" {reading}." if reading else ""
    return replace(found, verdict=INCONSISTENT, gap=gap, reading=reading, why=f"{why}.{end}")


def _tau2(row: Row, effect: PrintedEffect, agree: Mapping[str, str]) -> list[Check]:
    """Check tau² against its bounds: the interval from above, Q from below."""
    tau2, k = row.get("tau2", ""), row.get("k", "")
    if not tau2:
        return []
    text, printed = f"tau² {tau2}", printed_span(tau2)
    if printed.high < 0:
        return [Check("tau2", INCONSISTENT, text, 0.0, math.inf, why=f"{text} is below 0.")]
    has_interval = all(effect.interval) and agree.get("interval") != INCONSISTENT
    if not k or float(k) < 2 or not has_interval:
        why = f"{text} cannot be checked: that needs the number of studies and an interval."
        return [Check("tau2", NOT_CHECKABLE, text, why=why)]
    n = float(k)
    top = n * implied_span(effect, "se", base_reading(effect)).high ** 2
    bottom, dfs = 0.0, _freedom(row)
    q = printed_span(row["q"]) if row.get("q") else None
    if q is None and row.get("i2") and dfs:
        q = q_span(printed_span(row["i2"]), dfs[0])
    standard = row.get("effect_measure") in STANDARDISED and row.get("n_total")
    if q is not None and dfs and standard:
        bottom = smallest_tau2(q, dfs[0], float(row["n_total"]), n) * PRECISION
    if printed.low > top:
        reading = "the interval is Hartung and Knapp's, whose width does not rest on tau² alone"
        why = (
            f"{text} is more than k times the squared standard error of the interval allows "
            f"(at most {short(top)}); they agree only if {reading}."
        )
        gap = printed.low - top
        return [Check("tau2", CONSISTENT_IF, text, bottom, top, gap, reading, why)]
    if printed.high < bottom or (q is not None and dfs and q.high <= dfs[0] and printed.low > 0):
        reading = "tau² comes from another estimator than DerSimonian and Laird's"
        what = f"at least {short(bottom)}" if printed.high < bottom else "0"
        why = f"{text} does not fit Q, which implies {what}; {only_if(reading)}."
        gap = max(bottom - printed.high, 0.0) if printed.high < bottom else printed.low
        verdict = CONSISTENT_IF if n > 2 else INCONSISTENT
        return [Check("tau2", verdict, text, bottom, top, gap, reading, why)]
    why = f"{text} lies within what the other numbers allow, {short(bottom)} to {short(top)}."
    return [Check("tau2", CONSISTENT, text, bottom, top, why=why)]


def _precision(row: Row, effect: PrintedEffect, agree: Mapping[str, str]) -> list[Check]:
    """Check that a standardised difference is no more precise than its people allow."""
    n = row.get("n_total", "")
    if not n or row.get("effect_measure") not in STANDARDISED or not all(effect.interval):
        return []
    if agree.get("interval") == INCONSISTENT or float(n) <= 0:
        return []
    span = implied_span(effect, "se", base_reading(effect))
    bound = 2 / math.sqrt(float(n))
    text = f"{effect.words}, {n} people"
    if span.high >= PRECISION * bound:
        why = f"{n} people allow a standard error of {short(bound)} at best; {effect.words} has it."
        return [Check("precision", CONSISTENT, text, bound, math.inf, why=why)]
    reading = (
        "the effects were adjusted, paired or of changes, or a variance estimated from them is "
        "used (Hartung and Knapp's)"
    )
    why = (
        f"{effect.words} implies a standard error {between(span)}, and {n} people allow "
        f"{short(bound)} at best; {only_if(reading)}."
    )
    gap = bound - span.high
    return [Check("precision", CONSISTENT_IF, text, bound, math.inf, gap, reading, why)]
