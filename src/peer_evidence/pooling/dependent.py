"""What models of dependent effects share: coefficients, tests, fit statistics, predictions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from peer_evidence.checks import check_name
from peer_evidence.errors import InputError
from peer_evidence.pooling import laws
from peer_evidence.pooling.covariance import Covariance, check_definite, read_covariance
from peer_evidence.pooling.design import Design
from peer_evidence.pooling.gaussian import LOG_2PI, Gaussian, Gls, make_problem
from peer_evidence.pooling.layout import Layout
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.studies import Studies, read_labels, read_studies

if TYPE_CHECKING:
    import pandas as pd

METHODS = {"REML": "restricted maximum likelihood", "ML": "maximum likelihood"}
INTERVALS = {
    "wald": "normal (Wald) interval",
    "t": "t interval, residual degrees of freedom",
    "t-contain": "t interval, degrees of freedom by containment",
}


class Structure(Protocol):
    """Where the parameters of a model stand in the covariance of the effects."""

    def blocks(self, layout: Layout) -> tuple[Floats, ...]:
        """Give the structure blocks (J, c, n, n) of each batch of a layout."""


class Model(NamedTuple):
    """Coefficients (p,), their covariance (p, p), tests and intervals; ``df`` (p,) of t."""

    beta: Floats
    covariance: Floats
    se: Floats
    statistic: Floats
    p_value: Floats
    df: Floats
    ci_low: Floats
    ci_high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fitted model of dependent effects, as later verbs need it.

    Attributes
    ----------
    studies : Studies
        Effects, variances and labels, one a row.
    names : tuple of str
        Names of the coefficients.
    matrix : array (k, p)
        The design matrix.
    design : Design or None
        How to make the design matrix of new rows.
    model : Model
        Coefficients with tests and intervals.
    covariance : Covariance
        The known sampling covariance.
    structure : Structure
        Where the variance parameters stand.
    theta : array (J,)
        The variance parameters, on the scale on which the covariance is linear in them.
    problem : Gaussian
        The same laid out by cluster, for refits.
    """

    studies: Studies
    names: tuple[str, ...]
    matrix: Floats
    design: Design | None
    model: Model
    covariance: Covariance
    structure: Structure
    theta: Floats
    problem: Gaussian = field(repr=False)

    def marginal(self, layout: Layout) -> tuple[Floats, ...]:
        """Give the covariance of the effects under the model, (c, n, n) a batch of a layout."""
        known = self.covariance.blocks(layout)
        if not len(self.theta):
            return known
        parts = self.structure.blocks(layout)
        return tuple(
            v + np.tensordot(self.theta, b, axes=1) for v, b in zip(known, parts, strict=True)
        )


def make_model(beta: Floats, covariance: Floats, df: Floats, level: float) -> Model:
    """Test each coefficient and give its interval; an infinite ``df`` is a normal law."""
    se = np.sqrt(np.diag(covariance))
    statistic = beta / se
    half = laws.critical(level, df) * se
    p_value = laws.two_sided_p(statistic, df)
    return Model(beta, covariance, se, statistic, p_value, df, beta - half, beta + half)


def coefficient_frame(model: Model, names: tuple[str, ...]) -> pd.DataFrame:
    """Give one row a coefficient."""
    import pandas as pd

    columns = ("beta", "se", "statistic", "p_value", "df", "ci_low", "ci_high")
    frame = pd.DataFrame({name: getattr(model, name) for name in columns})
    frame.index = pd.Index(names, name="coefficient")
    return frame.rename(columns={"beta": "estimate"})


def wald_test(model: Model, which: slice) -> tuple[float, int, float, float]:
    """Test that some coefficients are all 0: statistic, df, df of F (or infinite), p."""
    beta = model.beta[which]
    wald = float(beta @ np.linalg.solve(model.covariance[which, which], beta))
    count, df = len(beta), float(model.df[which].min())
    if np.isinf(df):
        return wald, count, df, float(laws.chi2_tail(wald, count))
    return wald / count, count, df, laws.f_tail(wald / count, float(count), df)


def read_dependent(
    data: pd.DataFrame, effect: str, variance: str, label: str, covariance: Any
) -> tuple[Studies, np.ndarray, Covariance]:
    """Read effects and their covariance; say also which rows were kept."""
    known = None
    for name, column in (("effect", effect), ("variance", variance), ("label", label)):
        check_name(name, column)
    if covariance is not None and hasattr(data, "columns"):
        known = read_covariance(covariance, len(data), read_labels(data, label))
        if variance in data.columns:
            _same_diagonal(data, variance, known)
        data = data.assign(**{variance: known.variances})
    studies, kept = read_studies(data, effect, variance, label)
    if known is None:
        none = np.zeros(0, dtype=np.int64)
        known = Covariance(studies.variances, none, none, np.zeros(0), studies.labels)
    else:
        known = known.subset(kept)
    return studies, kept, known


def _same_diagonal(data: pd.DataFrame, variance: str, known: Covariance) -> None:
    from peer_evidence.pooling.studies import to_numbers

    own = to_numbers(data, variance)
    differs = np.flatnonzero(np.abs(own - known.variances) > 1e-6 * np.abs(own))
    if differs.size:
        i = int(differs[0])
        raise InputError(
            f"covariance: its diagonal is {known.variances[i]:g} in row {data.index[i]} where the "
            f"column {variance!r} holds {own[i]:g}; build it from the same table with its "
            "rows in the same order, or name the right column by the argument variance"
        )


def build(
    studies: Studies,
    matrix: Floats,
    known: Covariance,
    structure: Structure,
    layout: Layout,
    what: str,
) -> Gaussian:
    """Lay the problem out by the outermost cluster, which no known covariance may cross."""
    crossing = known.links(layout.codes)
    if crossing.size:
        i, j = int(known.rows[crossing[0]]), int(known.columns[crossing[0]])
        raise InputError(
            f"covariance: rows {studies.labels[i]!r} and {studies.labels[j]!r} are correlated but "
            f"stand in different groups of {what}; use the clusters of the covariance, or "
            "coarser ones, as the outermost, and build it from the table in the same order of rows"
        )
    if len(known.values):
        check_definite(known, layout)
    return make_problem(
        studies.effects, matrix, known.blocks(layout), structure.blocks(layout), layout
    )


def unlabel(problem: Gaussian, gls: Gls) -> tuple[Floats, Floats]:
    """Turn coefficients and covariance back to those of the design."""
    back = problem.back
    return back @ gls.beta, back @ gls.covariance @ back.T


def typical_variance(problem: Gaussian, gls: Gls) -> float:
    """Give the typical sampling variance, (k - p) / trace of P, from a fit with theta = 0."""
    trace, inner = 0.0, np.zeros_like(gls.covariance)
    for x, w in zip(problem.x, gls.inverses, strict=True):
        wx = w @ x
        trace += float(np.einsum("cii->", w))
        inner += np.tensordot(wx, wx, axes=((0, 1), (0, 1)))
    # padded rows have variance 1, weight 1, and no part in the trace
    padded = sum(int((~batch.real).sum()) for batch in problem.layout.batches)
    trace -= padded + float(np.trace(gls.covariance @ inner))
    return (problem.k - problem.p) / trace


def fit_frame(fitted: Fitted, parameters: int) -> pd.DataFrame:
    """Give log-likelihood, deviance, AIC, BIC and AICc under ML and REML (rows), as metafor."""
    import pandas as pd

    problem = fitted.problem
    own, none = problem.settled(fitted.theta), problem.settled(np.zeros_like(fitted.theta))
    saturated = -0.5 * (problem.k * LOG_2PI + none.log_det)
    count = parameters + problem.p
    rows = {}
    for method, size in (("ML", problem.k), ("REML", problem.k - problem.p)):
        ll = problem.log_likelihood(own, method)
        small = max(size, count + 2)
        rows[method] = {
            "log_likelihood": ll,
            "deviance": -2.0 * (ll - saturated) if method == "ML" else -2.0 * ll,
            "aic": -2.0 * ll + 2.0 * count,
            "bic": -2.0 * ll + count * float(np.log(size)),
            "aicc": -2.0 * ll + 2.0 * count * small / (small - count - 1.0),
        }
    return pd.DataFrame(rows).T.rename_axis("likelihood")


def predict_frame(
    fitted: Fitted, x: Floats, between: Floats, level: float, index: Any = None
) -> pd.DataFrame:
    """Give expected effects with confidence and prediction intervals, ``between`` added to se^2."""
    import pandas as pd

    model = fitted.model
    se = np.sqrt(np.einsum("ij,jl,il->i", x, model.covariance, x))
    estimate = x @ model.beta
    used = (x != 0) @ np.eye(len(model.df)) > 0
    df = np.where(used, model.df, np.inf).min(axis=1)
    times = laws.critical(level, df)
    reach = times * np.sqrt(se**2 + between)
    return pd.DataFrame(
        {
            "estimate": estimate,
            "se": se,
            "ci_low": estimate - times * se,
            "ci_high": estimate + times * se,
            "pi_low": estimate - reach,
            "pi_high": estimate + reach,
            "pi_df": df,
        },
        index=index,
    )
