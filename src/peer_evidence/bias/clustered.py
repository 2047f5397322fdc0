"""Egger's regression where studies give several effects: standard errors robust to dependence."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_choice
from peer_evidence.errors import DependenceWarning, FewStudiesWarning, InputError
from peer_evidence.pooling.studies import beside

if TYPE_CHECKING:
    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.multilevel_result import Multilevel
    from peer_evidence.pooling.projection import Floats
    from peer_evidence.pooling.robust import Robust

_SIZE = "_size_of_the_study"
LEAST = 3  # clusters: a line through two of them leaves nothing to see its error by


def is_multilevel(m: Any) -> bool:
    """Tell whether a result is that of a multilevel model."""
    return hasattr(m, "fitted") and hasattr(m, "levels")


def check_multilevel(m: Any) -> Multilevel:
    """Return a multilevel model of a common mean, else raise InputError."""
    if m.fitted.design is not None:
        raise InputError(
            "m: the analysis has moderators, Egger's test needs one common effect; "
            "pool without moderators"
        )
    found: Multilevel = m
    return found


def fit_multilevel(m: Multilevel, x: Floats, cluster: Any) -> tuple[dict[str, float], int]:
    """Regress on the size in the same multilevel model; CR2 by its outermost groups, or others."""
    from peer_evidence.pooling.multilevel import multilevel

    groups = m.cluster_columns()
    own = list(groups[m.levels[0]]) if cluster is None else cluster
    if isinstance(own, str):
        own = list(groups[check_choice("cluster", own, groups)])
    levels = [f"_level_{place}" for place in range(len(groups))]
    columns = {name: list(one) for name, one in zip(levels, groups.values(), strict=True)}
    frame = _frame(m.fitted.studies, x).assign(**columns)
    known = m.fitted.covariance if len(m.fitted.covariance.values) else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewStudiesWarning)  # said when m was made, and below
        fit = multilevel(
            frame,
            levels=levels,
            method=m.method,
            moderators=[_SIZE],
            covariance=known,
            level=m.level,
        )
    return _robust(fit, beside("cluster", own, m.fitted.studies.index), float(sum(fit.sigma2)))


def fit_pooled(
    m: MetaAnalysis, x: Floats, cluster: Sequence[Any], model: str
) -> tuple[dict[str, float], int]:
    """Regress on the size with weights 1 / v (classic) or 1 / (v + tau2) (mixed), CR2."""
    from peer_evidence.pooling.model import meta_analysis

    method = "FE" if model == "classic" else m.method
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DependenceWarning)
        frame = _frame(m.studies, x)
        fit = meta_analysis(frame, method=method, moderators=[_SIZE], level=m.level)
    own = beside("cluster", cluster, m.studies.index)
    return _robust(fit, own, fit.tau2 if model == "mixed" else float("nan"))


def _frame(studies: Any, x: Floats) -> Any:
    import pandas as pd

    return pd.DataFrame(
        {"effect": studies.effects, "variance": studies.variances, _SIZE: x},
    ).assign(label=list(studies.labels))


def _robust(fit: Any, cluster: Any, tau2: float) -> tuple[dict[str, float], int]:
    """Give the fields of the test, and the number of clusters."""
    from peer_evidence.pooling.robust import robust

    if not isinstance(cluster, str) and hasattr(cluster, "to_numpy"):
        cluster = cluster.to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewStudiesWarning)  # said of the slope alone, by the test
        found: Robust = robust(fit, cluster=cluster)
    if found.clusters < LEAST:
        raise InputError(
            f"cluster: found {found.clusters} clusters, Egger's test needs at least {LEAST}"
        )
    model = found.model
    return {
        "slope": float(model.beta[1]),
        "se": float(model.se[1]),
        "ci_low": float(model.ci_low[1]),
        "ci_high": float(model.ci_high[1]),
        "statistic": float(model.statistic[1]),
        "df": float(model.df[1]),
        "p_value": float(model.p_value[1]),
        "intercept": float(model.beta[0]),
        "intercept_se": float(model.se[0]),
        "limit_ci_low": float(model.ci_low[0]),
        "limit_ci_high": float(model.ci_high[0]),
        "tau2": float(tau2),
        "sigma2": float(np.nan),
    }, found.clusters
