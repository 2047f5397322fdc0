"""What two arms imply, as ranges: t tests of printed means, tests and ratios of counts."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scipy import special

from peer_evidence.appraisal.audit_laws import critical, tail_p
from peer_evidence.appraisal.printed_numbers import Span


def t_tests(
    means: tuple[Span, Span], spreads: tuple[Span, Span], sizes: tuple[int, int]
) -> dict[str, tuple[Span, Span]]:
    """Give the statistic and two-sided p of the tests of two printed means.

    Parameters
    ----------
    means, spreads : pair of Span
        Ranges of means and standard deviations, intervention first.
    sizes : pair of int
        People in each arm, at least 2.

    Returns
    -------
    dict of str to (Span, Span)
        ``Welch`` and ``pooled``: the sizes of t, and p.

    Examples
    --------
    >>> means, spreads = (Span(0.89, 0.89), Span(1.53, 1.53)), (Span(1.35, 1.35), Span(1.54, 1.54))
    >>> t, p = t_tests(means, spreads, (38, 36))["Welch"]
    >>> round(t.low, 3), round(p.low, 4)
    (1.897, 0.062)
    """
    one, other = means
    difference = Span(one.low - other.high, one.high - other.low).size()
    n1, n2 = sizes
    corners = [(max(s1, 0.0), max(s2, 0.0)) for s1 in _ends(spreads[0]) for s2 in _ends(spreads[1])]
    found = {}
    for name in ("Welch", "pooled"):
        pairs = [_error(name, s1, s2, n1, n2) for s1, s2 in corners]
        smallest, largest = min(se for se, _ in pairs), max(se for se, _ in pairs)
        t = Span(
            difference.low / largest if largest else math.inf,
            difference.high / smallest if smallest else math.inf,
        )
        dfs = [df for _, df in pairs]
        p = Span(tail_p(t.high, max(dfs)), tail_p(t.low, min(dfs)))
        found[name] = (t, p)
    return found


def _error(name: str, s1: float, s2: float, n1: int, n2: int) -> tuple[float, float]:
    """Give the standard error of a difference of means and its degrees of freedom."""
    v1, v2 = s1**2 / n1, s2**2 / n2
    if name == "pooled":
        common = ((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / (n1 + n2 - 2)
        return math.sqrt(common * (1 / n1 + 1 / n2)), float(n1 + n2 - 2)
    below = v1**2 / (n1 - 1) + v2**2 / (n2 - 1)
    return math.sqrt(v1 + v2), (v1 + v2) ** 2 / below if below else float(n1 + n2 - 2)


def standardised(
    means: tuple[Span, Span], spreads: tuple[Span, Span], sizes: tuple[int, int]
) -> Span:
    """Give the standardised difference of two means, with Hedges' correction or without."""
    n1, n2 = sizes
    df = n1 + n2 - 2
    pooled = [
        math.sqrt(((n1 - 1) * max(s1, 0.0) ** 2 + (n2 - 1) * max(s2, 0.0) ** 2) / df)
        for s1, s2 in zip(_ends(spreads[0]), _ends(spreads[1]), strict=True)
    ]
    differences = (means[0].low - means[1].high, means[0].high - means[1].low)
    values = [d / max(sd, 1e-12) * j for d in differences for sd in pooled for j in (1.0, _j(df))]
    return Span(min(values), max(values))


def _j(df: float) -> float:
    log = special.gammaln(df / 2) - special.gammaln((df - 1) / 2) - 0.5 * math.log(df / 2)
    return float(math.exp(log)) if df > 1 else 1.0


def table_tests(a: int, n1: int, c: int, n2: int) -> dict[str, float]:
    """Give the two-sided p of the usual tests of a 2x2 table.

    Parameters
    ----------
    a, n1, c, n2 : int
        Events and people, intervention first.

    Returns
    -------
    dict of str to float
        Pearson's chi-squared, with Yates' correction, Fisher's exact test, and Wald's tests of
        the log odds ratio and the log risk ratio where no cell is empty.

    Examples
    --------
    >>> {name: round(p, 4) for name, p in table_tests(64, 218, 83, 216).items()}
    {'chi-squared': 0.046, 'Yates': 0.0582, 'Fisher': 0.0539, 'Wald OR': 0.0464, 'Wald RR': 0.0476}
    """
    b, d = n1 - a, n2 - c
    events, total = a + c, n1 + n2
    if events in (0, total) or 0 in (n1, n2):
        return {}
    base = n1 * n2 * events * (total - events)
    cross = abs(a * d - b * c)
    squares = {
        "chi-squared": total * cross**2 / base,
        "Yates": total * max(0.0, cross - total / 2) ** 2 / base,
    }
    found = {name: float(special.chdtrc(1, value)) for name, value in squares.items()}
    found["Fisher"] = _fisher(a, n1, c, n2)
    for name, (estimate, se) in ratios_of_counts(a, n1, c, n2).items():
        if se > 0:
            found[f"Wald {name}"] = tail_p(estimate / se)
    return found


def ratios_of_counts(a: int, n1: int, c: int, n2: int) -> dict[str, tuple[float, float]]:
    """Give the log odds ratio and log risk ratio with standard errors; empty with an empty cell."""
    b, d = n1 - a, n2 - c
    if min(a, c) == 0 or min(b, d) == 0:
        return {}
    return {
        "OR": (math.log(a * d / (b * c)), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)),
        "RR": (math.log(a * n2 / (c * n1)), math.sqrt(1 / a - 1 / n1 + 1 / c - 1 / n2)),
    }


def wald_interval(estimate: float, se: float, level: float) -> Span:
    """Give the normal interval of an effect."""
    half = critical(level) * se
    return Span(estimate - half, estimate + half)


def _fisher(a: int, n1: int, c: int, n2: int) -> float:
    """Give Fisher's exact p: all tables no likelier than this one."""
    events = a + c
    logs = {x: _log_choose(n1, x) + _log_choose(n2, events - x) for x in _support(n1, n2, events)}
    top = max(logs.values())
    weights = {x: math.exp(value - top) for x, value in logs.items()}
    mine = weights[a] * (1 + 1e-7)
    return min(1.0, sum(w for w in weights.values() if w <= mine) / sum(weights.values()))


def _support(n1: int, n2: int, events: int) -> Iterator[int]:
    yield from range(max(0, events - n2), min(n1, events) + 1)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _ends(span: Span) -> tuple[float, float]:
    return span.low, span.high
