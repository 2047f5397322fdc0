"""The names of effect measures as sources and spreadsheets write them, read as codes."""

from __future__ import annotations

import re

from peer_evidence.appraisal.audit_readings import RATIO, RATIOS
from peer_evidence.checks import nearest

_NAMES = {
    "OR": ("or", "odds ratio", "odds ratios"),
    "RR": ("rr", "risk ratio", "risk ratios", "relative risk", "relative risks"),
    "RRR": ("rrr", "relative risk reduction"),
    "HR": ("hr", "hazard ratio", "hazard ratios", "hazards ratio"),
    "PR": ("pr", "prevalence ratio", "prevalence ratios"),
    "IRR": ("irr", "incidence rate ratio", "incidence rate ratios", "rate ratio", "rate ratios"),
    "ROM": ("rom", "ratio of means", "response ratio"),
    "SMD": (
        *("smd", "smdh", "standardised mean difference", "standardized mean difference"),
        *("std mean difference", "standardised difference", "standardized difference"),
    ),
    "MD": (
        *("md", "wmd", "mean difference", "weighted mean difference", "difference in means"),
        "difference of means",
    ),
    "d": ("d", "cohen d", "cohen s d", "cohens d"),
    "g": ("g", "hedges g", "hedge s g"),
    "d_abs": ("d abs",),
    "RD": ("rd", "risk difference", "absolute risk difference", "absolute risk reduction"),
    "b": ("b", "beta", "regression coefficient"),
    "r": ("r", "cor", "correlation", "correlation coefficient", "pearson r", "pearson s r"),
    "ZCOR": ("zcor", "fisher z", "fisher s z"),
}
_CODES = {name: code for code, names in _NAMES.items() for name in names}
# what says how an effect was made, and not which measure it is
_BESIDE = re.compile(
    r"\([^)]*\)|\[[^]]*\]|\b(adjusted|adj|crude|unadjusted|pooled|summary|overall|peto|"
    r"mantel[- ]haenszel|mantel haenszel|m[- ]h|mh|inverse[- ]variance|iv|multivariable|"
    r"multivariate)\b"
)
_LONGEST = 200  # characters that a name of a measure has at most
_LOG = re.compile(r"(?:log|ln)[ -]*(.+)")
# a small "a" before capitals says adjusted; in capitals throughout it may be "absolute"
_ADJUSTED = re.compile(r"[ac](OR|RR|HR|PR|IRR)")
_ABSOLUTE = {"ARR", "ARD"}
ALLOWED = (
    f"{', '.join(repr(code) for code in _NAMES)}, their long names ('odds ratio'), 'log' before "
    "a ratio, or an empty cell, for which a difference and a ratio are both tried"
)


def measure_code(text: str) -> str | None:
    """Read the name of an effect measure; None where it is not known.

    Examples
    --------
    >>> [measure_code(text) for text in ("Odds ratio", "or", "OR (M-H)", "aOR", "Peto OR")]
    ['OR', 'OR', 'OR', 'OR', 'OR']
    >>> [measure_code(text) for text in ("aRR", "ARR", "arr", "Hedges' g", "log OR", "")]
    ['RR', 'RD', None, 'g', 'log OR', '']
    """
    given = text.strip()
    if len(given) > _LONGEST:
        return None
    if given in _ABSOLUTE:
        return "RD"
    adjusted = _ADJUSTED.match(given)
    if adjusted and not given[adjusted.end() :].strip(" ()").isalpha():
        given = given[1:]
    plain = _BESIDE.sub(" ", given.lower())
    plain = " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())
    if not plain:
        return None if given else ""
    if plain in _CODES:
        return _CODES[plain]
    of_log = _LOG.fullmatch(plain)
    code = _CODES.get(of_log[1]) if of_log else None
    return f"log {code}" if code in RATIOS - {"RRR", RATIO} else None


def unknown_measure(text: str) -> str:
    """Say that a measure is not known, what is allowed, and the nearest name.

    Examples
    --------
    >>> unknown_measure("odd ratio").rpartition("; ")[2]
    "did you mean 'odds ratio'?"
    """
    close = nearest(text.lower(), _CODES)
    hint = f"; did you mean {close!r}?" if close else ""
    return f"found {text!r}, allowed are {ALLOWED}{hint}"
