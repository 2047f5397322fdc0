"""What would overturn a conclusion: studies removed, one new trial, a few events, a confounder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_columns, check_count
from peer_evidence.effects.e_value import MEASURES as E_VALUES
from peer_evidence.effects.e_value import e_value
from peer_evidence.effects.measures import MEASURES
from peer_evidence.effects.scales import scale_of
from peer_evidence.errors import InputError
from peer_evidence.pooling.counts import Tables
from peer_evidence.pooling.fixed_table import TablePool, read_tables
from peer_evidence.sensitivity import events as flips
from peer_evidence.sensitivity.new_trial import smallest_null_trial
from peer_evidence.sensitivity.overturned import Fragility
from peer_evidence.sensitivity.removal import (
    Removal,
    push_sign,
    push_significance,
    smallest_removal,
)

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.model import MetaAnalysis

_RATIOS = ("OR", "RR", "HR", "IRR", "PETO")
_NO_SIGN = Removal(None, exact=True, sets=0, verdict=(np.nan,) * 3)
_NEEDED = ("events_intervention", "n_intervention", "events_comparison", "n_comparison")


def fragility(
    m: MetaAnalysis | TablePool,
    *,
    data: pd.DataFrame | None = None,
    measure: str | None = None,
    limit: int = 200_000,
    rare: bool = False,
) -> Fragility:
    """Ask what would overturn the conclusion of a meta-analysis.

    Parameters
    ----------
    m : MetaAnalysis or TablePool
        The result of :func:`meta_analysis`, :func:`mantel_haenszel` or :func:`peto`.
    data : DataFrame, optional
        For a MetaAnalysis the table it was made from, one row a study in the same order, with
        events and n of both arms, for the question about events; n alone turns the size of a new
        trial into participants.
    measure : str, optional
        Code of the effect measure, such as ``"SMD"``; by default that of the result.
    limit : int
        Refits that the search for studies to remove may take; beyond it is greedy, and says so.
    rare : bool
        The outcome is rare, so that an odds or hazard ratio is about a risk ratio (E-value).

    Returns
    -------
    Fragility
        The smallest sets of studies whose removal turns the sign or the significance (at least two
        studies are left), the smallest new trial without effect that removes significance, the
        fragility index of Atal and others 2019 (doi 10.1016/j.jclinepi.2019.03.012), and the
        E-value of VanderWeele and Ding 2017 (doi 10.7326/M16-2607).

    Raises
    ------
    InputError
        Moderators, user weights, or counts in ``data`` that do not give the effects of ``m``.

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> data = pd.DataFrame(
    ...     {
    ...         "label": list("ABCDE"),
    ...         "effect": [0.1, 0.3, 0.2, 0.25, 0.9],
    ...         "variance": [0.04, 0.05, 0.06, 0.05, 0.05],
    ...     }
    ... )
    >>> found = fragility(meta_analysis(data, method="DL"))
    >>> found.significance_studies, found.significance_exact
    (('E',), True)
    """
    _check(m)
    check_count("limit", limit, 1)
    significant = bool(m.ci_low > 0 or m.ci_high < 0)
    notes: list[tuple[str, str]] = []
    labels = m.labels if isinstance(m, TablePool) else m.studies.labels
    sign = _NO_SIGN
    if m.estimate != 0:
        sign = smallest_removal(m, push_sign(m.estimate), limit)
    other = smallest_removal(m, push_significance(significant), limit)
    notes += _removal_notes(sign, "studies_for_sign", "sign")
    notes += _removal_notes(other, "studies_for_significance", "significance")
    measure = _measure(m, measure)
    rows = _rows_of(m, data)
    return Fragility(
        **{name: getattr(m, name) for name in ("estimate", "ci_low", "ci_high", "p_value")},
        significant=significant,
        **_removal_fields(sign, "sign", labels),
        **_removal_fields(other, "significance", labels),
        **_trial(m, significant, rows, notes),
        **_events(m, rows, measure, labels, significant, notes),
        **_e_value(m, measure, rare, notes),
        k=m.k,
        level=m.level,
        method=m.method,
        ci="wald" if isinstance(m, TablePool) else m.ci,
        measure=measure,
        notes=tuple(notes),
    )


def _check(m: Any) -> None:
    if isinstance(m, TablePool):
        return
    if not hasattr(m, "regression"):
        raise InputError(
            f"m: found {type(m).__name__}, allowed is the result of peer_evidence.meta_analysis, "
            "mantel_haenszel or peto"
        )
    if m.regression.design is not None:
        raise InputError("m: the analysis has moderators, there is no single conclusion")
    if m.studies.weights is not None:
        raise InputError("m: found user weights, variants are pooled by inverse variance only")


def _measure(m: MetaAnalysis | TablePool, given: str | None) -> str:
    """Give the code of the effect measure: that of the result, else the given one."""
    known = m.measure if isinstance(m, TablePool) else m.studies.measure
    if given is None:
        return known
    if not isinstance(given, str) or (known in MEASURES and known != given):
        says = f", but the result is of {known!r}" if known else ""
        raise InputError(f"measure: found {given!r}{says}; allowed is a code such as 'SMD'")
    return given


def _removal_notes(found: Removal, question: str, what: str) -> list[tuple[str, str]]:
    if found.places is not None:
        return []
    if found is _NO_SIGN:
        return [(question, "the effect is 0, it has no sign")]
    how = "no set of studies" if found.exact else "no set met on the way"
    return [(question, f"{how} turns the {what} when two studies or more are left")]


def _removal_fields(found: Removal, name: str, labels: tuple[str, ...]) -> dict[str, Any]:
    places = found.places
    fields: dict[str, Any] = {
        f"{name}_k": None if places is None else len(places),
        f"{name}_studies": () if places is None else tuple(labels[i] for i in places),
        f"{name}_sets": found.sets,
        f"{name}_exact": found.exact,
    }
    estimate, low, high = (None if places is None else one for one in found.verdict)
    if name == "sign":
        return fields | {"sign_estimate": estimate}
    return fields | {"significance_ci_low": low, "significance_ci_high": high}


def _rows_of(m: MetaAnalysis | TablePool, data: pd.DataFrame | None) -> pd.DataFrame | None:
    """Give the rows of the studies in the analysis, in their order."""
    if data is None or isinstance(m, TablePool):
        return None
    if not hasattr(data, "columns"):
        raise InputError(f"data: found {type(data).__name__}, allowed is a pandas DataFrame")
    if len(data) != m.k and {"effect", "variance"} <= set(data.columns):
        data = data[data["effect"].notna() & data["variance"].notna()]
    if len(data) != m.k:
        raise InputError(
            f"data: found {len(data)} rows for {m.k} studies; give one row a study, in their order"
        )
    return data.reset_index(drop=True)


def _trial(
    m: MetaAnalysis | TablePool,
    significant: bool,
    rows: pd.DataFrame | None,
    notes: list[tuple[str, str]],
) -> dict[str, Any]:
    empty = dict.fromkeys(("trial_variance", "trial_information", "trial_n"))
    reason = ""
    if isinstance(m, TablePool):
        reason = "a pool of tables has no variance a trial could be given"
    elif not significant:
        reason = f"the interval includes {scale_of(m.studies.measure).null} already"
    else:
        found = smallest_null_trial(m, significant)
        if np.isfinite(found.variance):
            return {
                "trial_variance": found.variance,
                "trial_information": found.information,
                "trial_n": _participants(m, rows, found.variance),
            }
        null = scale_of(m.studies.measure).null
        reason = f"no single trial, however large, makes the interval include {null}"
    notes.append(("new_trial_variance", reason))
    return empty


def _participants(m: MetaAnalysis, rows: pd.DataFrame | None, variance: float) -> float | None:
    """Turn a variance into participants: the median of n times variance over the studies."""
    if rows is None or not {"n_intervention", "n_comparison"} <= set(rows.columns):
        return None
    n = (rows["n_intervention"] + rows["n_comparison"]).to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(n) & (n > 0)
    if not known.any():
        return None
    return float(np.ceil(np.median((n * m.studies.variances)[known]) / variance))


def _events(
    m: MetaAnalysis | TablePool,
    rows: pd.DataFrame | None,
    measure: str,
    labels: tuple[str, ...],
    significant: bool,
    notes: list[tuple[str, str]],
) -> dict[str, Any]:
    reason = ""
    tables = _tables(m, rows, measure)
    if tables is None:
        reason = "no counts of events at hand; give the table of the studies as data"
        if rows is not None and set(_NEEDED) <= set(rows.columns):
            reason = f"no counts give the measure {measure!r}" if measure else "no measure is named"
    elif measure == "IRR":
        tables, reason = None, "events in person-time have no other state to change to"
    if tables is None:
        notes.append(("events_for_significance", reason))
        return {"events": None, "event_changes": ()}
    found = flips.fewest_changes(m, tables, measure, significant)
    if found.number is None:
        notes.append(("events_for_significance", f"{flips.MOST} changes are not enough"))
        return {"events": None, "event_changes": ()}
    changes = [
        (label, arm, int(way))
        for arm, ways in (("intervention", found.intervention), ("comparison", found.comparison))
        for label, way in zip(labels, ways, strict=True)
        if way
    ]
    return {"events": found.number, "event_changes": tuple(changes)}


def _tables(m: MetaAnalysis | TablePool, rows: pd.DataFrame | None, measure: str) -> Tables | None:
    """Give the counts, when there are any and they are those that were pooled."""
    if isinstance(m, TablePool):
        return m.tables
    if rows is None or measure not in flips.KERNELS or not set(_NEEDED) <= set(rows.columns):
        return None
    check_columns(rows.columns, _NEEDED, "data")
    tables = read_tables(rows, "OR")
    effects, variances = flips.effects_of(tables, measure)
    same = np.allclose(effects, m.studies.effects, rtol=1e-8, atol=1e-10)
    if not same or not np.allclose(variances, m.studies.variances, rtol=1e-8):
        raise InputError(
            f"data: its counts do not give the effects of m ({measure}, 1/2 added to tables with a "
            "zero); give the table that m was made from, in the same order"
        )
    return tables


def _e_value(
    m: MetaAnalysis | TablePool, measure: str, rare: bool, notes: list[tuple[str, str]]
) -> dict[str, Any]:
    code = {"PETO": "OR", "IRR": "RR"}.get(measure, measure)
    if code not in E_VALUES:
        named = f"for the measure {measure!r}" if measure else "where no measure is named"
        notes.append(("e_value", f"there is none {named}; allowed are {', '.join(E_VALUES)}"))
        return {"e_value": None, "e_value_interval": None}
    scale = np.exp if measure in _RATIOS else np.asarray
    # the rules of conversion are for 95 per cent intervals; a ratio's own interval is at its level
    found = e_value(
        estimate=scale(m.estimate),
        ci_low=scale(m.ci_low),
        ci_high=scale(m.ci_high),
        measure=code,
        rare=rare,
        **({"se": m.se} if code == "SMD" else {}),
    )
    return {"e_value": found.estimate.item(), "e_value_interval": found.interval.item()}
