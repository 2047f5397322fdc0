"""The tables that a meta-analysis gives: plain frames, which figures and reports draw from."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from peer_evidence.checks import check_choice, check_count
from peer_evidence.errors import InputError
from peer_evidence.pooling import bootstrap, laws, single

if TYPE_CHECKING:
    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.projection import Floats

PREDICTION_RULES = ("metafor", "riley", "higgins", "t", "simple", "bootstrap")


def _tau2(m: MetaAnalysis) -> float:
    """Give tau2, 0 where it could not be estimated."""
    return 0.0 if np.isnan(m.tau2) else m.tau2


def weights_per_cent(m: MetaAnalysis) -> Floats:
    """Give the weight of each study in per cent of all weights."""
    own = m.studies.weights
    w = 1.0 / (m.studies.variances + _tau2(m)) if own is None else own
    return np.asarray(100.0 * w / w.sum())


def coefficients(m: MetaAnalysis) -> pd.DataFrame:
    """Give one row a coefficient."""
    model = m.regression.model
    return pd.DataFrame(
        {
            "estimate": model.beta,
            "se": model.se,
            "statistic": model.statistic,
            "p_value": model.p_value,
            "df": np.full(len(model.beta), model.df),
            "ci_low": model.ci_low,
            "ci_high": model.ci_high,
        },
        index=pd.Index(m.regression.names, name="coefficient"),
    )


def study_table(m: MetaAnalysis) -> pd.DataFrame:
    """Give one row a study, in the order of the data."""
    s = m.studies
    se = np.sqrt(s.variances)
    half = float(laws.critical(m.level)) * se
    return pd.DataFrame(
        {
            "label": list(s.labels),
            "effect": s.effects,
            "variance": s.variances,
            "se": se,
            "ci_low": s.effects - half,
            "ci_high": s.effects + half,
            "weight": weights_per_cent(m),
        }
    )


def flat_fields(m: MetaAnalysis) -> pd.DataFrame:
    """Give the flat fields as one row."""
    names = [one.name for one in fields(m) if one.name not in ("studies", "regression")]
    row: dict[str, Any] = {name: getattr(m, name) for name in names}
    row["left_out"] = len(m.left_out)
    return pd.DataFrame([row])


def predict(
    m: MetaAnalysis, new: Any, pi: str, level: float, draws: int = 25_000, seed: int = 0
) -> pd.DataFrame:
    """Give expected effects with confidence and prediction intervals."""
    check_choice("pi", pi, PREDICTION_RULES)
    if pi == "bootstrap":
        return _bootstrapped(m, new, level, draws, seed)
    x, index = _rows(m, new)
    model = m.regression.model
    se = np.sqrt(np.einsum("ij,jl,il->i", x, model.covariance, x))
    estimate = x @ model.beta
    half = float(laws.critical(level, model.df)) * se
    spare = len(m.studies) - len(model.beta)
    df = {"metafor": model.df, "riley": spare - 1.0, "higgins": spare - 1.0, "t": float(spare)}.get(
        pi, np.inf
    )
    own = {"higgins": se / np.sqrt(model.factor), "simple": np.zeros_like(se)}.get(pi, se)
    reach = np.full(se.shape, np.nan)
    if m.method != "FE" and df > 0:
        reach = float(laws.critical(level, df)) * np.sqrt(own**2 + m.tau2)
    return pd.DataFrame(
        {
            "estimate": estimate,
            "se": se,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
            "pi_low": estimate - reach,
            "pi_high": estimate + reach,
            "pi_df": np.full(se.shape, df),
        },
        index=index,
    )


def _bootstrapped(m: MetaAnalysis, new: Any, level: float, draws: int, seed: int) -> pd.DataFrame:
    """Put the bootstrap prediction interval in place of one from the pooled effect."""
    if m.regression.design is not None or m.studies.weights is not None:
        raise InputError(
            "pi: found 'bootstrap' with moderators or weights, but that interval is defined for a "
            "common mean with inverse variance weights; use pi='riley'"
        )
    if check_count("draws", draws) < 1000:
        raise InputError(f"draws: found {draws}, allowed are at least 1000")
    table = predict(m, new, "metafor", level)
    low, high = float("nan"), float("nan")
    if m.method != "FE":
        y, v = m.studies.effects, m.studies.variances
        low, high = bootstrap.prediction_interval(y, v, level, draws, seed)
    return table.assign(pi_low=low, pi_high=high, pi_df=float(m.k - 1))


def _rows(m: MetaAnalysis, new: Any) -> tuple[Floats, pd.Index]:
    """Give the design matrix of the wanted rows and their index."""
    design = m.regression.design
    if new is None:
        if design is None:
            return np.ones((1, 1)), pd.RangeIndex(1)
        return m.regression.matrix, pd.Index(m.studies.labels, name="label")
    if design is None:
        raise InputError("new: the analysis has no moderators, call predict() without it")
    single = isinstance(new, dict) and all(np.isscalar(value) for value in new.values())
    frame = new if isinstance(new, pd.DataFrame) else pd.DataFrame([new] if single else new)
    return design.matrix(frame), frame.index


def blup(m: MetaAnalysis) -> pd.DataFrame:
    """Give the best linear unbiased prediction of each study's own effect."""
    s, model, x = m.studies, m.regression.model, m.regression.matrix
    tau2 = _tau2(m)
    trust = tau2 / (tau2 + s.variances)
    fitted = x @ model.beta
    leverage = np.einsum("ij,jl,il->i", x, model.covariance, x)
    middle = trust * s.effects + (1.0 - trust) * fitted
    se = np.sqrt(trust * s.variances + (1.0 - trust) ** 2 * leverage)
    half = float(laws.critical(m.level, model.df)) * se
    return pd.DataFrame(
        {
            "label": list(s.labels),
            "effect": s.effects,
            "blup": middle,
            "se": se,
            "pi_low": middle - half,
            "pi_high": middle + half,
            "shrinkage": 1.0 - trust,
        }
    )


def fit_statistics(m: MetaAnalysis) -> pd.DataFrame:
    """Give likelihood and information criteria."""
    s, r = m.studies, m.regression
    found = single.log_likelihoods(
        s.effects, s.variances, r.matrix, r.model.beta, _tau2(m), m.method
    )
    return pd.DataFrame(found).T.rename_axis("likelihood")
