"""``rve``: robust variance estimation with the correlated or the hierarchical working model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_choice, check_columns, check_flag, check_level, check_name
from peer_evidence.errors import InputError
from peer_evidence.pooling.covariance import read_groups
from peer_evidence.pooling.design import build_design
from peer_evidence.pooling.layout import codes_of, lay_out
from peer_evidence.pooling.robust import Robust, diagonal, from_sandwich, warn_few
from peer_evidence.pooling.rve_moments import correlated, hierarchical
from peer_evidence.pooling.sandwich import lay_out_problem, sandwich
from peer_evidence.pooling.studies import Studies, read_studies
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.projection import Floats

MODELS = ("correlated", "hierarchical")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RobustMeta(Result):
    """A meta-analysis by robust variance estimation; k effects in m clusters.

    The flat fields are those of the first coefficient. ``omega2`` is the variance within clusters
    of the hierarchical model, NaN for the correlated one; ``i2`` in per cent is that of the
    correlated model, NaN for the hierarchical one.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    df: float
    tau2: float
    omega2: float
    i2: float
    clusters: int
    k: int
    model: str
    rho: float
    small_sample: bool
    level: float
    robust: Robust = field(repr=False)
    studies: Studies = field(repr=False)
    weights: Floats = field(repr=False)

    @property
    def coefficients(self) -> pd.DataFrame:
        """One row a coefficient: estimate, se, statistic, p_value, df, ci_low, ci_high."""
        return self.robust.coefficients

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Label and reason of each row that has no effect and is not in the analysis."""
        return self.studies.left_out

    def wald(self, coefficients: Sequence[str] | None = None) -> pd.DataFrame:
        """Test that several coefficients are all 0, as :meth:`Robust.wald`."""
        return self.robust.wald(coefficients)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a coefficient."""
        return self.coefficients

    def caption(self) -> str:
        """Say on which scale the table is, where it is not that of the words."""
        from peer_evidence.effects.scales import scale_of

        return scale_of(self.robust.measure).table

    def summary(self) -> str:
        """Say the first coefficient with its interval, then the working model."""
        from peer_evidence.pooling.dependent_words import describe_rve

        return describe_rve(self)


def rve(
    data: pd.DataFrame,
    effect: str = "effect",
    variance: str = "variance",
    *,
    cluster: str,
    model: str = "correlated",
    rho: float = 0.8,
    small_sample: bool = True,
    moderators: str | Sequence[str] | None = None,
    level: float = 0.95,
    label: str = "label",
) -> RobustMeta:
    """Pool dependent effects by robust variance estimation.

    Parameters
    ----------
    data : DataFrame
        One row an effect.
    effect, variance, cluster : str
        Columns of effects, sampling variances and of what effects share (study, sample).
    model : {"correlated", "hierarchical"}
        Working model. Correlated: several outcomes of the same people, weights
        1 / (k_j (mean variance + tau2)). Hierarchical: several studies of one group, weights
        1 / (v + tau2 + omega2). The model sets the weights; the standard errors hold without it.
    rho : float
        Correlation of the effects of a cluster, from 0 to 1; it enters tau2 of the correlated model
        alone.
    small_sample : bool
        CR2 standard errors with Satterthwaite's degrees of freedom (Tipton 2015), else CR0 times
        m / (m - p) with t on m - p degrees of freedom.
    moderators : str, list of str, optional
        Columns, or a formula such as ``"~ year + setting"`` (extra ``formula``).
    level : float
        Confidence level.
    label : str
        Column that names the rows; else study_id, outcome_id or the index is used.

    Returns
    -------
    RobustMeta
        The result, with ``coefficients`` and ``wald``.

    Raises
    ------
    InputError
        A number that cannot be used, a missing or a single cluster.

    Warns
    -----
    FewStudiesWarning, DataWarning
        A coefficient with fewer than 4 degrees of freedom; one that rests on a single cluster and
        has no robust standard error (NaN).

    References
    ----------
    Hedges, Tipton and Johnson 2010, doi 10.1002/jrsm.5; Tipton 2015, doi 10.1037/met0000011; equal
    to robumeta 2.0. Its I2 has no counterpart for the hierarchical model.

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
    >>> r = rve(data, cluster="study")
    >>> round(r.estimate, 3), round(r.tau2, 3), round(r.df, 2)
    (0.474, 0.047, 5.98)
    """
    check_choice("model", model, MODELS)
    check_level(level)
    check_name("cluster", cluster)
    check_flag("small_sample", small_sample)
    if not isinstance(rho, (int, float)) or isinstance(rho, bool) or not 0 <= rho <= 1:
        raise InputError(f"rho: found {rho!r}, allowed is a number from 0 to 1")
    studies, kept = read_studies(data, effect, variance, label)
    used = data if kept.all() else data[kept]
    check_columns(used.columns, [cluster], "cluster")
    codes, groups = codes_of(read_groups(used, cluster))
    names: tuple[str, ...] = ("intercept",)
    x = np.ones((len(studies), 1))
    if moderators is not None:
        design, x = build_design(used, moderators)
        names = design.names
    _enough(groups, x.shape[1])
    y, v = studies.effects, studies.variances
    found = (
        correlated(y, v, x, codes, float(rho))
        if model == "correlated"
        else hierarchical(y, v, x, codes)
    )
    layout = lay_out(codes)
    w = tuple(diagonal(found.weights, layout))
    problem = lay_out_problem(y, x, w, tuple(diagonal(1.0 / found.weights, layout)), layout)
    estimator, test = ("CR2", "satterthwaite") if small_sample else ("CR1p", "t-residual")
    made = from_sandwich(
        sandwich(problem, estimator),
        names,
        len(groups),
        len(y),
        estimator,
        test,
        float(level),
        studies.measure,
    )
    warn_few(made)
    fields = ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value", "df", "clusters", "k")
    same: dict[str, Any] = {name: getattr(made, name) for name in fields}
    return RobustMeta(
        **same,
        tau2=found.tau2,
        omega2=found.omega2,
        i2=found.i2,
        model=model,
        rho=float(rho) if model == "correlated" else float("nan"),
        small_sample=bool(small_sample),
        level=float(level),
        robust=made,
        studies=studies,
        weights=found.weights,
    )


def _enough(groups: tuple[str, ...], p: int) -> None:
    if len(groups) <= p:
        raise InputError(
            f"cluster: found {len(groups)} clusters for {p} coefficients, allowed are more "
            "clusters than coefficients"
        )
