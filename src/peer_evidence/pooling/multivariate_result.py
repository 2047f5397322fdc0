"""The result of ``multivariate``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_choice, check_level, is_number
from peer_evidence.errors import InputError
from peer_evidence.pooling import laws
from peer_evidence.pooling.ascent import Top, profile_interval
from peer_evidence.pooling.dependent import Fitted, coefficient_frame, fit_frame, make_model
from peer_evidence.pooling.gaussian import Gaussian, Value
from peer_evidence.pooling.structures import Structure
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.projection import Floats


def surface(problem: Gaussian, shape: Structure, method: str) -> Any:
    """Give the likelihood as a function of the parameters, their bounds and scale."""

    def evaluate(psi: Floats) -> Value | None:
        made = shape.map(psi)
        value = problem.evaluate(made.theta, method)
        return None if value is None else shape.pull(made, value)

    v = np.concatenate([np.einsum("cii->ci", one).ravel() for one in problem.v])
    real = np.concatenate([batch.real.ravel() for batch in problem.layout.batches])
    low, high = shape.bounds()
    return evaluate, low, high, shape.scale(float(np.median(v[real])))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Multivariate(Result):
    """A multivariate meta-analysis: effects of several outcomes, correlated within studies.

    Attributes
    ----------
    outcomes : tuple of str
        The outcomes, in alphabetical order.
    tau2 : tuple of float
        Between-study variance of each outcome.
    between : array (o, o)
        Between-study covariance matrix of the outcomes.
    n_studies, k : int
        Studies and effects.
    qm, qm_df, qm_p_value : float, int, float
        Test that all coefficients but an intercept are 0.
    """

    outcomes: tuple[str, ...]
    tau2: tuple[float, ...]
    between: Floats
    n_studies: int
    k: int
    structure: str
    method: str
    ci: str
    level: float
    log_likelihood: float
    q: float
    q_df: float
    q_p_value: float
    qm: float
    qm_df: int
    qm_p_value: float
    converged: bool
    fitted: Fitted = field(repr=False)
    top: Top | None = field(repr=False)
    parameters: Structure | None = field(repr=False)
    study_column: tuple[str, tuple[str, ...]] = field(repr=False)

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Label and reason of each row that has no effect and is not in the analysis."""
        return self.fitted.studies.left_out

    @property
    def coefficients(self) -> pd.DataFrame:
        """One row a coefficient: estimate, se, statistic, p_value, df, ci_low, ci_high."""
        return coefficient_frame(self.fitted.model, self.fitted.names)

    def correlation(self, one: str, other: str) -> float:
        """Give the between-study correlation of two outcomes; NaN where one does not vary."""
        i, j = (
            self.outcomes.index(check_choice("outcome", name, self.outcomes))
            for name in (one, other)
        )
        scale = float(self.between[i, i] * self.between[j, j])
        return float(self.between[i, j]) / scale**0.5 if scale > 0 else float("nan")

    def contrast(self, weights: dict[str, float]) -> pd.DataFrame:
        """Give a weighted sum of coefficients with its test.

        Parameters
        ----------
        weights : dict
            Weight by name of the coefficient, such as ``{"a": 1, "b": -1}``.

        Returns
        -------
        DataFrame
            One row: estimate, se, statistic, p_value, df, ci_low, ci_high.
        """
        f = self.fitted
        if not isinstance(weights, dict):
            raise InputError(
                f"weights: found {weights!r}, allowed is a mapping from names of coefficients to "
                f"weights, such as {dict(zip(f.names, (1, -1), strict=False))!r}"
            )
        for name, weight in weights.items():
            check_choice("weights", name, f.names)
            if not is_number(weight):
                raise InputError(f"weights[{name!r}]: found {weight!r}, allowed is a number")
        if not any(weights.values()):
            raise InputError("weights: found no weight but 0, allowed is at least one other")
        c = np.array([float(weights.get(name, 0.0)) for name in f.names])
        df = np.array([float(f.model.df[c != 0].min())])
        made = make_model(
            np.array([c @ f.model.beta]),
            np.array([[c @ f.model.covariance @ c]]),
            df,
            self.level,
        )
        return coefficient_frame(made, ("contrast",))

    def variance_intervals(self, level: float | None = None) -> pd.DataFrame:
        """Give profile-likelihood intervals of tau2 and rho under CS, HCS and DIAG.

        Parameters
        ----------
        level : float, optional
            Confidence level, by default that of the analysis.

        Returns
        -------
        DataFrame
            One row a parameter: estimate, ci_low, ci_high.

        Raises
        ------
        InputError
            For UN, whose parameters are entries of a factor and have no such interval here.
        """
        import pandas as pd

        wanted = self.level if level is None else check_level(level)
        shape, top = self.parameters, self.top
        if shape is None or top is None or shape.name == "UN":
            raise InputError(
                f"structure: found {self.structure!r}, intervals of the variances are given for "
                "'HCS', 'CS' and 'DIAG'"
            )
        problem = self.fitted.problem
        evaluate, low, high, scale = surface(problem, shape, self.method)
        drop = float(laws.chi2_quantile(1.0 - wanted, 1.0))
        ends = np.array(
            [
                profile_interval(evaluate, top, place, drop, low, high, scale)
                for place in range(shape.size)
            ]
        )
        found = np.column_stack([top.at, ends])
        if shape.name == "HCS":
            found[:-1] **= 2
        names = ["tau2"] if shape.name == "CS" else [f"tau2[{one}]" for one in self.outcomes]
        names += ["rho"] if shape.name != "DIAG" else []
        columns = ["estimate", "ci_low", "ci_high"]
        return pd.DataFrame(found, columns=columns, index=pd.Index(names, name="parameter"))

    def cluster_columns(self) -> dict[str, tuple[str, ...]]:
        """Give the study of each effect by the name of its column, for :func:`robust`."""
        return dict([self.study_column])

    def fit_statistics(self) -> pd.DataFrame:
        """Give log-likelihood, deviance, AIC, BIC and AICc under ML and REML (rows)."""
        return fit_frame(self.fitted, 0 if self.parameters is None else self.parameters.size)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a coefficient."""
        return self.coefficients

    def caption(self) -> str:
        """Say on which scale the table is, where it is not that of the words."""
        from peer_evidence.effects.scales import scale_of

        return scale_of(self.fitted.studies.measure).table

    def summary(self) -> str:
        """Say the pooled effect of each outcome, then how they vary together."""
        from peer_evidence.pooling.dependent_words import describe_outcomes

        return describe_outcomes(self)
