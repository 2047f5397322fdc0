"""What each program does by default: one row of data a program, each with its source.

A convention that was neither found in documentation or source nor seen by running the program is
not stated: its code is ``None``, numbers that depend on it are missing, ``not_verified`` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

Rules = MappingProxyType[str, str | None]


def _rules(**codes: str | None) -> Rules:
    return MappingProxyType(codes)


@dataclass(frozen=True, slots=True)
class Program:
    """The defaults of one program; codes are explained in ``WORDS``.

    Attributes
    ----------
    name : str
        Name, with a version where versions differ.
    estimator : str
        Default estimator of tau2; ``estimators`` are those it offers of the package's own.
    i2, prediction, smd, tau2_dl : str or None
        Definition of I2, prediction interval, Hedges' g with its variance, negative tau2 of DL.
    zero, double : mapping
        By measure: what an inverse-variance analysis does to tables with a zero cell, and to
        studies without events (or without anything else) in both arms.
    mh : mapping
        By measure: what Mantel-Haenszel does to tables with a zero, and which standard error.
    source, not_verified : str
        Where the row was found; what could not be verified.
    """

    name: str
    estimator: str
    estimators: tuple[str, ...]
    i2: str | None
    prediction: str | None
    smd: str | None
    tau2_dl: str | None
    zero: Rules
    double: Rules
    mh: Rules
    source: str
    not_verified: str = ""


_ALL = ("DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")
_FOUR_CELLS = _rules(OR="four cells", RR="four cells", RD="four cells")
_VARIANCE_ONLY = _rules(OR="four cells", RR="four cells", RD="variance only")
_STAY = _rules(OR="in", RR="in", RD="in")
_LEAVE = _rules(OR="out", RR="out", RD="in")
_UNKNOWN = _rules(OR=None, RR=None, RD=None)
_EXACT = _rules(OR="as counted", RR="as counted", RD="as counted, Sato")
_CORRECTED = _rules(OR="four cells", RR="four cells", RD="variance only, Greenland")
_METAFOR = (_FOUR_CELLS, _STAY, _EXACT)

PROGRAMS = (
    Program(
        "peer_evidence", "REML", _ALL, "tau2", "normal", "exact, LS", "truncated", *_METAFOR,
        source="this package; escalc, rma.uni and rma.mh of metafor 3.8 are the model",
    ),
    Program(
        "metafor 3.8", "REML", _ALL, "tau2", "normal", "exact, LS", "truncated", *_METAFOR,
        source="run: metafor 3.8-1 under R 4.2.2, all numbers pinned in tests/reference",
    ),
    Program(
        "metafor 5", "REML", _ALL, "tau2", "normal", "exact, LS", "truncated", *_METAFOR,
        source="numbers of metafor 5.0-1 recorded in the tests of public projects (PyMetaAnalysis "
        "among them): REML with its Wald interval, rma.mh, escalc; CRAN's help pages (drop00 = "
        "FALSE, to = 'only0'); not run here",
        not_verified="the small-sample correction of log ratios of means and of coefficients of "
        "variation that version 5 is said to apply (no such measure is compared here); which "
        "version the help pages belonged to when read",
    ),
    Program(
        "meta 8", "REML", _ALL, "q", "t, k - 1 df", "exact, UB", "truncated",
        zero=_rules(OR="four cells", RR="events and n", RD="variance only"),
        double=_rules(OR="out", RR="no events out", RD="in"),
        mh=_CORRECTED,
        source="documentation and source: NEWS of 8.0-0 (prediction interval on k - 1 df), "
        "settings.meta.R (REML, classic interval, method.I2 = 'Q', method.predict = 'V', "
        "exact.smd, MH.exact = FALSE, RR.Cochrane = FALSE, allstudies = FALSE), metabin.R and "
        "metacont.R (formulas, read at version 4.15); not run here",
        not_verified="that the formulas of metabin.R are unchanged since version 4.15; whether two "
        "studies have a prediction interval (none is given here)",
    ),
    Program(
        "RevMan 5", "DL", ("DL",), "q", "none", "approximate, RevMan", "truncated",
        zero=_VARIANCE_ONLY, double=_LEAVE, mh=_CORRECTED,
        source="documentation: Cochrane Handbook 5.1, 9.4.4 and 9.4.10; help pages of R's meta on "
        "reproducing RevMan 5 (settings.meta, metabin, metacont); not run here",
        not_verified="risk differences of tables with a zero, which follow R's meta and "
        "PyMetaAnalysis, made after its algorithms. Its M-H random-effects analysis takes Q around "
        "the Mantel-Haenszel estimate; the inverse-variance analysis is given here",
    ),
    Program(
        "RevMan", "REML", ("DL", "REML"), "tau2", None, None, "truncated",
        zero=_UNKNOWN, double=_UNKNOWN,
        mh=_rules(OR="four cells", RR="four cells", RD=None),
        source="documentation: Cochrane Methods, Random-effects methods for intervention reviews "
        "(REML beside DL; I2 from tau2, May 2024); Ades and others 2025, Research Synthesis "
        "Methods, on RevMan's continuity correction of Mantel-Haenszel; not run here",
        not_verified="which estimator and interval are preset (REML and Wald are given here), the "
        "degrees of freedom of its prediction interval, its formula of Hedges' g, zero cells in an "
        "inverse-variance analysis, the standard error of its Mantel-Haenszel risk difference",
    ),
    Program(
        "statsmodels", "PM", ("DL", "PM"), "q, may be negative", "none", "approximate, RevMan",
        "may be negative",
        zero=_rules(OR="nothing", RR="nothing", RD="nothing"),
        double=_STAY,
        mh=_rules(OR="as counted", RR="as counted, no se", RD="none"),
        source="run and source: statsmodels 0.15.0, combine_effects, effectsize_smd, "
        "effectsize_2proportions, StratifiedTable",
        not_verified="it has no function for mean differences (the usual ones are given here) and "
        "none for a pooled Mantel-Haenszel risk difference",
    ),
    Program(
        "PyMetaAnalysis", "REML", ("DL", "PM", "REML"), "tau2", "t, k - 2 df", "exact, LS",
        "truncated",
        zero=_VARIANCE_ONLY, double=_LEAVE, mh=_EXACT,
        source="run and source: PyMetaAnalysis 0.9.0, numbers pinned in "
        "tests/reference/pymetaanalysis.json",
    ),
)  # fmt: skip

# aspect -> code -> the rule in words, to stand before the names of the programs that keep it
WORDS = {
    "estimator": {name: name for name in _ALL},
    "i2": {
        "tau2": "tau² / (tau² + typical variance)",
        "q": "(Q - df) / Q, at least 0",
        "q, may be negative": "(Q - df) / Q, also below 0",
    },
    "prediction": {
        "normal": "normal law",
        "t, k - 1 df": "t with k - 1 df",
        "t, k - 2 df": "t with k - 2 df",
        "none": "none",
    },
    "smd": {
        "exact, LS": "exact J, g² / 2N in the variance",
        "exact, UB": "exact J, unbiased variance",
        "approximate, RevMan": "approximate J, g² / 2(N - 3.94) in the variance",
    },
    "tau2_dl": {"truncated": "set to 0", "may be negative": "left as it is"},
    "zero": {
        "four cells": "1/2 added to the four cells of a table with a zero",
        "events and n": "1/2 added to the events and only 1/2 to the people of such a table",
        "variance only": "1/2 added to such a table for its variance, not for its effect",
        "nothing": "nothing added",
    },
    "double": {
        "in": "kept",
        "out": "left out, and studies with nothing but events too",
        "no events out": "left out",
    },
    "mh": {
        "as counted": "tables as counted",
        "as counted, Sato": "tables as counted, standard error of Sato 1989",
        "as counted, no se": "tables as counted, no standard error",
        "four cells": "1/2 added to the four cells of a table with a zero before pooling",
        "variance only, Greenland": "tables as counted, standard error of Greenland and Robins "
        "1985 with 1/2 added to tables with a zero",
        "none": "not offered",
    },
}
