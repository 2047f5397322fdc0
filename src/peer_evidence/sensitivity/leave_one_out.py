"""A meta-analysis without each of its studies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from peer_evidence.checks import check_meta_analysis
from peer_evidence.errors import InputError
from peer_evidence.pooling.counts import Tables
from peer_evidence.pooling.fixed_table import TablePool, pool_tables
from peer_evidence.pooling.model import MetaAnalysis, pool_studies
from peer_evidence.sensitivity.rows import LeaveOneOut, make_rows


def leave_one_out(m: MetaAnalysis | TablePool) -> LeaveOneOut:
    """Repeat an analysis without each of its studies.

    Parameters
    ----------
    m : MetaAnalysis or TablePool
        The result of :func:`meta_analysis`, :func:`mantel_haenszel` or :func:`peto`.

    Returns
    -------
    LeaveOneOut
        One row a study left out: estimate, interval, Q, tau2, I2 of the others.

    Raises
    ------
    InputError
        Fewer than two studies, or an analysis with moderators (see :func:`influence`).

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> data = pd.DataFrame({"effect": [0.1, 0.3, 0.9], "variance": [0.02, 0.03, 0.04]})
    >>> leave_one_out(meta_analysis(data, method="DL")).estimate.round(3).tolist()
    [0.592, 0.488, 0.18]
    """
    check_meta_analysis(m, tables=True)
    if m.k < 2:
        raise InputError(f"m: found {m.k} study, leaving one out needs at least 2")
    if isinstance(m, TablePool):
        return _tables(m)
    if m.regression.design is not None:
        raise InputError(
            "m: the analysis has moderators, there is no single effect; use influence(m)"
        )
    if m.studies.weights is not None:
        return _weighted(m)
    s = m.studies
    effects = np.tile(s.effects, (m.k, 1))
    variances = np.tile(s.variances, (m.k, 1))
    np.fill_diagonal(effects, np.nan)
    np.fill_diagonal(variances, np.nan)
    return make_rows(LeaveOneOut, s.labels, effects, variances, m)


_COLUMNS = (
    *("estimate", "se", "statistic", "p_value", "ci_low", "ci_high"),
    *("q", "q_p_value", "tau2", "i2", "h2"),
)


def _collect(
    m: MetaAnalysis | TablePool, parts: list[MetaAnalysis] | list[TablePool]
) -> LeaveOneOut:
    """Put analyses that were done one by one into rows."""
    table = isinstance(m, TablePool)
    columns = {
        name: np.array([0.0 if table and name == "tau2" else getattr(part, name) for part in parts])
        for name in _COLUMNS
    }
    return LeaveOneOut(
        label=m.labels if isinstance(m, TablePool) else m.studies.labels,
        k=np.array([part.k for part in parts]),
        **columns,
        method=m.method,
        ci="wald" if isinstance(m, TablePool) else m.ci,
        level=m.level,
        whole=m.estimate,
        measure=m.measure if isinstance(m, TablePool) else m.studies.measure,
    )


def _weighted(m: MetaAnalysis) -> LeaveOneOut:
    """Refit with the user's weights, one study less each time."""
    import warnings

    parts = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(m.k):
            keep = np.arange(m.k) != i
            weights = m.studies.weights
            part = replace(
                m.studies,
                effects=m.studies.effects[keep],
                variances=m.studies.variances[keep],
                labels=tuple(np.array(m.studies.labels, dtype=object)[keep]),
                weights=None if weights is None else weights[keep],
                sizes=None,
                tables=None,
            )
            parts.append(pool_studies(part, None, None, m.method, m.ci, m.level))
    return _collect(m, parts)


def _tables(m: TablePool) -> LeaveOneOut:
    """Pool the tables of the other studies."""
    parts = []
    for i in range(m.k):
        keep = np.arange(m.k) != i
        tables = Tables(*(column[keep] for column in m.tables))
        labels = tuple(name for place, name in enumerate(m.labels) if place != i)
        parts.append(pool_tables(tables, labels, m.measure, m.method, True, m.level))
    return _collect(m, parts)
