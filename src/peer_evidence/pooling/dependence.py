"""``dependence``: does it matter that studies give several results? Every answer side by side."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_columns, check_level, check_name
from peer_evidence.errors import DependenceWarning, FewStudiesWarning, InputError
from peer_evidence.formatting import count, interval, number
from peer_evidence.pooling.covariance import covariance, read_groups
from peer_evidence.pooling.model import meta_analysis
from peer_evidence.pooling.multilevel import multilevel
from peer_evidence.pooling.robust import FEW_DF, robust
from peer_evidence.pooling.rve import rve
from peer_evidence.pooling.studies import read_studies
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

_ROW = "_row_of_the_pool"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Dependence(Result):
    """One set of effects pooled under several assumptions on their dependence.

    Attributes
    ----------
    table : DataFrame
        One row an assumption: rho, estimate, se, ci_low, ci_high, df, p_value, k, variance between
        clusters and within them, and ``few_df``: whether the interval has fewer than 4 degrees of
        freedom.
    clusters, k : int
        Clusters and effects.
    several : int
        Clusters with more than one effect.
    level : float
        Confidence level.
    """

    table: pd.DataFrame = field(repr=False)
    clusters: int
    k: int
    several: int
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Give one row an assumption."""
        return self.table.copy()

    def summary(self) -> str:
        """Say how far the estimates lie apart, then each of them."""
        found = self.table["estimate"]
        lines = [
            f"{count(self.k, 'effect')} of {count(self.clusters, 'cluster')}, {self.several} of "
            f"them with several: pooled effect {_span(found)} over {len(self.table)} assumptions "
            "on their dependence."
        ]
        for name, row in self.table.iterrows():
            limits = interval(row["ci_low"], row["ci_high"])
            few = "; fewer than 4 degrees of freedom, not to be trusted" if row["few_df"] else ""
            lines.append(f"  {name}: {number(row['estimate'])} ({limits}){few}")
        return "\n".join(lines)


def _span(found: pd.Series) -> str:
    low, high = number(found.min()), number(found.max())
    return low if low == high else f"from {low} to {high}"


def dependence(
    data: pd.DataFrame,
    effect: str = "effect",
    variance: str = "variance",
    *,
    cluster: str,
    rho: Sequence[float] = (0.2, 0.5, 0.8),
    level: float = 0.95,
    label: str = "label",
) -> Dependence:
    """Pool effects of which several come from one cluster, under every usual assumption.

    Parameters
    ----------
    data : DataFrame
        One row an effect.
    effect, variance, cluster : str
        Columns of effects, sampling variances and of what effects share (study, sample).
    rho : sequence of float
        Assumed correlations of the sampling errors within a cluster, each from 0 up to below 1.
    level : float
        Confidence level.
    label : str
        Column that names the rows; else study_id, outcome_id or the index is used.

    Returns
    -------
    Dependence
        Rows: effects as if independent (wrong, for comparison); the average of each cluster under
        each ``rho``, one effect a cluster (Borenstein and others 2009, ch. 24, doi
        10.1002/9780470743386.ch24); correlated and hierarchical effects under each ``rho``
        with CR2 intervals (:func:`multilevel`, :func:`robust`); robust variance estimation
        (:func:`rve`), whose ``rho`` is the last.

    Raises
    ------
    InputError
        No cluster with several effects, a single cluster, a correlation out of range, or what
        :func:`multilevel` refuses.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {
    ...         "study": list("aabbccddeefg"),
    ...         "effect": [0.1, 0.3, 0.5, 0.4, 0.8, 0.9, 0.2, 0.1, 0.6, 0.3, 0.5, 0.7],
    ...         "variance": [0.02, 0.03, 0.02, 0.04, 0.03, 0.02] * 2,
    ...     }
    ... )
    >>> print(dependence(data, cluster="study", rho=[0.5]).headline())
    12 effects of 7 clusters, 5 of them with several: pooled effect from 0.46 to 0.49 over
    4 assumptions on their dependence.
    """
    check_level(level)
    check_name("cluster", cluster)
    values = _correlations(rho)
    studies, kept = read_studies(data, effect, variance, label)
    check_columns(data.columns, [cluster], "cluster")
    groups = read_groups(data[kept] if not kept.all() else data, cluster)
    several = sum(groups.count(name) > 1 for name in set(groups))
    if not several:
        raise InputError(
            f"cluster: no {cluster!r} has more than one effect, there is no dependence to look at; "
            "use meta_analysis"
        )
    if len(set(groups)) == 1:
        raise InputError(
            f"cluster: found the single cluster {groups[0]!r}, allowed are two or more"
        )
    frame = _plain(data, studies, groups, cluster)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewStudiesWarning)  # each row of the table says it
        warnings.simplefilter("ignore", DependenceWarning)  # its first row is named so
        rows = _rows(frame, cluster, values, level)
    import pandas as pd

    table = pd.DataFrame(rows).set_index("assumption")
    return Dependence(table, len(set(groups)), len(studies), several, float(level))


def _correlations(rho: Sequence[float]) -> list[float]:
    values = [rho] if isinstance(rho, (int, float)) else list(rho)
    numbers = all(isinstance(one, (int, float)) and 0 <= one < 1 for one in values)
    if not values or not numbers:
        raise InputError(
            f"rho: found {rho!r}, allowed are one or more numbers from 0 up to, not including, 1"
        )
    return [float(one) for one in values]


def _plain(data: pd.DataFrame, studies: Any, groups: list[str], cluster: str) -> pd.DataFrame:
    """Give a table of the effects that are pooled, and nothing else."""
    import pandas as pd

    columns = {"effect": studies.effects, "variance": studies.variances, cluster: groups}
    return pd.DataFrame(columns | {_ROW: np.arange(len(studies))})


def _rows(
    frame: pd.DataFrame, cluster: str, values: list[float], level: float
) -> list[dict[str, Any]]:
    """Pool under each assumption."""
    flat = meta_analysis(frame, level=level)
    rows = [_row("as if independent", np.nan, flat, between=np.nan, within=flat.tau2)]
    for one in values:
        m = meta_analysis(averages(frame, cluster, one), level=level)
        rows.append(_row(f"averages, rho {one:g}", one, m, between=m.tau2, within=np.nan))
    for one in values:
        known = covariance(frame, cluster=cluster, rho=one)
        fit = multilevel(frame, levels=[cluster, _ROW], covariance=known, level=level)
        r = robust(fit, cluster=cluster)
        name = f"correlated and hierarchical, rho {one:g}"
        rows.append(_row(name, one, r, between=fit.sigma2[0], within=fit.sigma2[1]))
    last = rve(frame, cluster=cluster, rho=values[-1], level=level)
    name = f"robust variance estimation, rho {values[-1]:g}"
    rows.append(_row(name, values[-1], last, between=last.tau2, within=np.nan))
    return rows


def _row(name: str, rho: float, m: Any, *, between: float, within: float) -> dict[str, Any]:
    fields = ("estimate", "se", "ci_low", "ci_high", "df", "p_value", "k")
    row = {"assumption": name, "rho": rho} | {one: getattr(m, one) for one in fields}
    return row | {"between": between, "within": within, "few_df": bool(m.df < FEW_DF)}


def averages(frame: pd.DataFrame, cluster: str, rho: float) -> pd.DataFrame:
    """Give the mean effect of each cluster with its variance under one correlation.

    The variance of the mean of n effects is ``(sum v + rho (s^2 - sum v)) / n^2`` with ``s`` the
    sum of their standard errors.
    """
    import pandas as pd

    se = np.sqrt(frame["variance"])
    by = frame[cluster]
    n = by.groupby(by, sort=False).size()
    v = frame["variance"].groupby(by, sort=False).sum()
    both = se.groupby(by, sort=False).sum() ** 2
    mean = frame["effect"].groupby(by, sort=False).mean()
    variance = (v + rho * (both - v)) / n**2
    columns = {"label": mean.index, "effect": mean.to_numpy(), "variance": variance.to_numpy()}
    return pd.DataFrame(columns)
