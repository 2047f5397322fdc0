"""``meta_analysis`` and its result."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_choice, check_level
from peer_evidence.errors import (
    ConvergenceWarning,
    DataWarning,
    DependenceWarning,
    FewStudiesWarning,
    InputError,
)
from peer_evidence.pooling import laws, single
from peer_evidence.pooling.batch import INTERVALS
from peer_evidence.pooling.design import Design, build_design
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.studies import Studies, read_studies
from peer_evidence.pooling.tau2 import METHODS
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """The linear model behind a meta-analysis: one row of each array a coefficient.

    Attributes
    ----------
    names : tuple of str
        Names of the coefficients.
    model : single.Model
        Coefficients (p,), covariance (p, p), tests and intervals.
    matrix : array (k, p)
        The design matrix.
    design : Design or None
        How to make the design matrix of new studies; None without moderators.
    """

    names: tuple[str, ...]
    model: single.Model
    matrix: Floats
    design: Design | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MetaAnalysis(Result):
    """A meta-analysis; effects on the scale of the data (ratios on the log scale), k studies.

    With moderators ``estimate`` and the numbers beside it are those of the first coefficient, the
    expected effect where all moderators are 0. ``df`` is infinite for a normal interval.
    ``i2 = 100 tau2 / (tau2 + s2)`` in per cent, ``s2`` the typical sampling variance (metafor's);
    ``i2_q = 100 max(0, (Q - df) / Q)``, the definition of Higgins and Thompson; they agree for DL
    only. Intervals of tau2, I2 and H2 are Q-profile; NaN under the common-effect model, which
    assumes tau2 = 0 and has no prediction interval. With one study tau2, I2, H2 and the prediction
    interval do not exist: NaN. ``tau2_se`` is the estimator's own. ``r2`` is in per cent.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    df: float
    pi_low: float
    pi_high: float
    tau2: float
    tau2_se: float
    tau2_ci_low: float
    tau2_ci_high: float
    i2: float
    i2_ci_low: float
    i2_ci_high: float
    i2_q: float
    h2: float
    h2_ci_low: float
    h2_ci_high: float
    q: float
    q_df: float
    q_p_value: float
    k: int
    method: str
    ci: str
    level: float
    converged: bool
    hk_factor: float
    qm: float | None
    qm_df: int | None
    qm_p_value: float | None
    r2: float | None
    studies: Studies = field(repr=False)
    regression: Regression = field(repr=False)

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Label and reason of each row that has no effect and is not in the analysis."""
        return self.studies.left_out

    def cluster_columns(self) -> dict[str, tuple[Any, ...]]:
        """Give the columns that name the studies, for :func:`robust`."""
        return {name: own for name, own in self.studies.columns if len(own) == self.k}

    @property
    def coefficients(self) -> pd.DataFrame:
        """One row a coefficient: estimate, se, statistic, p_value, df, ci_low, ci_high."""
        from peer_evidence.pooling.tables import coefficients

        return coefficients(self)

    @property
    def weights(self) -> Floats:
        """Share of each study in the pooled effect, in per cent."""
        from peer_evidence.pooling.tables import weights_per_cent

        return weights_per_cent(self)

    def predict(
        self,
        new: Any = None,
        *,
        pi: str = "metafor",
        level: float | None = None,
        draws: int = 25_000,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Give the expected effect with its confidence and prediction interval.

        Parameters
        ----------
        new : DataFrame or mapping of lists, optional
            Moderators of new studies. Without it the pooled effect, or with moderators each study.
        pi : {"metafor", "riley", "higgins", "t", "simple", "bootstrap"}
            The rule of the interval ``estimate -+ c sqrt(se^2 + tau2)``. ``"metafor"``: c of
            the confidence interval (normal for ``ci="wald"``, else t with k - p df). ``"riley"``:
            t with k - p - 1 df and the se of the confidence interval (metafor's ``pi.type``; with
            ``ci="hksj"`` the interval of Partlett and Riley 2017, doi 10.1002/sim.7140).
            ``"higgins"``: the same df and always the se of the weights (Higgins, Thompson and
            Spiegelhalter 2009, k - 2 df without moderators). ``"t"``: t with k - p df (Cochrane
            Handbook). ``"simple"``: normal and tau2 alone. ``"bootstrap"``: quantiles over draws
            of tau2 from its confidence distribution (Nagashima, Noma and Furukawa 2019, doi
            10.1177/0962280218773520), without moderators; the estimator of tau2 plays no part.
        level : float, optional
            Confidence level, by default that of the analysis.
        draws, seed : int
            For ``pi="bootstrap"``: how many draws, and the seed that makes them repeatable.

        Returns
        -------
        DataFrame
            Columns estimate, se, ci_low, ci_high, pi_low, pi_high, pi_df.
        """
        from peer_evidence.pooling.tables import predict

        wanted = self.level if level is None else check_level(level)
        return predict(self, new, pi, wanted, draws, seed)

    def blup(self) -> pd.DataFrame:
        """Give the best linear unbiased prediction of each study's own effect.

        Returns
        -------
        DataFrame
            Columns label, effect, blup, se, pi_low, pi_high, shrinkage (0 none, 1 to the mean).
        """
        from peer_evidence.pooling.tables import blup

        return blup(self)

    def fit_statistics(self) -> pd.DataFrame:
        """Give log-likelihood, deviance, AIC, BIC and AICc under ML and REML (rows)."""
        from peer_evidence.pooling.tables import fit_statistics

        return fit_statistics(self)

    def study_table(self) -> pd.DataFrame:
        """Give one row a study: label, effect, se, interval, weight in per cent."""
        from peer_evidence.pooling.tables import study_table

        return study_table(self)

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row."""
        from peer_evidence.pooling.tables import flat_fields

        return flat_fields(self)

    def caption(self) -> str:
        """Say on which scale the table is, where it is not that of the words."""
        from peer_evidence.effects.scales import scale_of

        return scale_of(self.studies.measure).table

    def summary(self) -> str:
        """Say the pooled effect with its interval, then heterogeneity and what to beware of."""
        from peer_evidence.pooling.words import describe

        return describe(self)


def meta_analysis(
    data: pd.DataFrame,
    effect: str = "effect",
    variance: str = "variance",
    method: str = "REML",
    ci: str = "wald",
    *,
    moderators: str | Sequence[str] | None = None,
    weights: str | Sequence[float] | None = None,
    level: float = 0.95,
    label: str = "label",
) -> MetaAnalysis:
    """Pool the effects of several studies.

    Parameters
    ----------
    data : DataFrame
        One row a study. Where it has a column ``effect_note`` (from :func:`effect_sizes`), rows
        without an effect are left out and counted, with their reason, in ``left_out``.
    effect, variance : str
        Columns of effects and sampling variances.
    method : {"REML", "FE", "DL", "HE", "HS", "SJ", "ML", "EB", "PM"}
        Estimator of the between-study variance; FE is the common-effect model. ML and REML are the
        global maxima of their likelihoods.
    ci : {"wald", "hksj", "hksj-adhoc", "t"}
        Interval: normal; Hartung-Knapp (Hartung 1999; Sidik and Jonkman 2002; Knapp and Hartung
        2003, doi 10.1002/sim.1482); the same with a factor of at least 1 (Knapp and Hartung 2003);
        t with k - p degrees of freedom and the unscaled standard error.
    moderators : str, list of str, optional
        Columns, or a formula such as ``"~ year + setting"`` (extra ``formula``).
    weights : str or sequence, optional
        Weights of the estimate in place of inverse variances; tau2 and Q are unchanged.
    level : float
        Confidence level of all intervals.
    label : str
        Column that names the studies; else study_id, outcome_id or the index is used.

    Returns
    -------
    MetaAnalysis
        The result, with ``predict``, ``study_table``, ``blup`` and ``fit_statistics``.

    Raises
    ------
    InputError
        A number that cannot be used (the message names its rows), no study, collinear moderators.

    Warns
    -----
    FewStudiesWarning, ConvergenceWarning, DataWarning
        One study (the result is that study) or two; an estimate that was not reached; equal
        effects with ``ci="hksj"``, or Hartung-Knapp with FE.
    DependenceWarning
        The column ``study_id`` names fewer studies than there are effects.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {
    ...         "effect": [0.47, 0.20, 0.40, 0.26, 0.56],
    ...         "variance": [0.0075, 0.0057, 0.0021, 0.0029, 0.0148],
    ...     }
    ... )
    >>> m = meta_analysis(data)
    >>> round(m.estimate, 4), round(m.ci_low, 4), round(m.ci_high, 4), round(m.tau2, 4)
    (0.3606, 0.2445, 0.4766, 0.0119)
    """
    check_choice("method", method, METHODS)
    check_choice("ci", ci, INTERVALS)
    check_level(level)
    if weights is not None and ci.startswith("hksj"):
        raise InputError(
            f"ci: found {ci!r} with weights, but Hartung and Knapp's factor is derived for inverse "
            "variance weights; use ci='wald' or ci='t'"
        )
    studies, kept = read_studies(data, effect, variance, label, weights)
    if studies.repeated:
        text = (
            f"data: {len(studies)} effects of {studies.distinct} studies (column study_id) are "
            "pooled as if independent, so intervals are likely too narrow; see dependence(), "
            "multilevel() and robust(), or keep one effect a study"
        )
        warnings.warn(text, DependenceWarning, stacklevel=2)
    design, matrix = None, None
    if moderators is not None:
        design, matrix = build_design(data[kept] if not kept.all() else data, moderators)
    return pool_studies(studies, matrix, design, method, ci, level, stacklevel=3)


def pool_studies(
    studies: Studies,
    matrix: Floats | None,
    design: Design | None,
    method: str,
    ci: str,
    level: float,
    *,
    tau2: float | None = None,
    stacklevel: int = 2,
) -> MetaAnalysis:
    """Pool studies that have been read already, with their own tau2 or a given one."""
    y, v = studies.effects, studies.variances
    done = single.fit_one(y, v, matrix, studies.weights, method, ci, level, tau2)
    _warn(studies, done, method, ci, 1 if matrix is None else matrix.shape[1], stacklevel + 1)
    model = done.model
    numbers = _first(model) | _spread(done)
    numbers |= _moderators(y, v, matrix, design, done, method)
    numbers["pi_low"], numbers["pi_high"] = _prediction(model, done.tau2, method, level)
    return MetaAnalysis(
        **numbers,
        k=len(studies),
        method=method,
        ci=done.ci,
        level=float(level),
        converged=done.converged,
        hk_factor=model.factor,
        studies=studies,
        regression=Regression(
            names=("intercept",) if design is None else design.names,
            model=model,
            matrix=np.ones((len(studies), 1)) if matrix is None else matrix,
            design=design,
        ),
    )


def _first(model: single.Model) -> dict[str, Any]:
    """Give the fields of the first coefficient."""
    return {
        "estimate": float(model.beta[0]),
        "se": float(model.se[0]),
        "ci_low": float(model.ci_low[0]),
        "ci_high": float(model.ci_high[0]),
        "statistic": float(model.statistic[0]),
        "p_value": float(model.p_value[0]),
        "df": model.df,
    }


def _spread(done: single.Single) -> dict[str, Any]:
    """Give the fields of heterogeneity."""
    own, profile = done.heterogeneity, done.profile
    fields = {name: getattr(own, name) for name in ("q", "q_df", "q_p_value", "i2", "i2_q", "h2")}
    for name in ("tau2", "i2", "h2"):
        fields[f"{name}_ci_low"], fields[f"{name}_ci_high"] = getattr(profile, name)
    return fields | {"tau2": done.tau2, "tau2_se": done.tau2_se}


def _moderators(
    y: Floats,
    v: Floats,
    matrix: Floats | None,
    design: Design | None,
    done: single.Single,
    method: str,
) -> dict[str, Any]:
    """Give the joint test of the moderators and R2, None without moderators."""
    names = ("qm", "qm_df", "qm_p_value", "r2")
    if matrix is None or design is None:
        return dict.fromkeys(names)
    first = int(design.has_intercept and len(design.names) > 1)
    test = single.wald_test(done.model, slice(first, None))
    r2 = single.explained(y, v, matrix, method, done.tau2) if design.has_intercept else None
    return dict(zip(names, (test.statistic, test.df1, test.p_value, r2), strict=True))


def _prediction(model: single.Model, tau2: float, method: str, level: float) -> tuple[float, float]:
    """Give metafor's default prediction interval of the first coefficient."""
    if method == "FE" or np.isnan(tau2):
        return float("nan"), float("nan")
    half = float(laws.critical(level, model.df)) * float(np.sqrt(model.covariance[0, 0] + tau2))
    return float(model.beta[0]) - half, float(model.beta[0]) + half


def _warn(
    studies: Studies, done: single.Single, method: str, ci: str, p: int, stacklevel: int
) -> None:
    """Say by class what a reader should know about the result."""
    k = len(studies)
    found: list[tuple[str, type[Warning]]] = []
    if k == 1:
        text = "one study: the result is that study; heterogeneity cannot be estimated"
        if ci != "wald":
            text += f" and ci={ci!r} has no degree of freedom, the interval is Wald's"
        found.append((text, FewStudiesWarning))
    elif k == 2:
        found.append(
            ("two studies: heterogeneity can hardly be estimated from them", FewStudiesWarning)
        )
    if k > p and ci == "hksj" and done.ci == "hksj-adhoc":
        text = "the effects are equal, so Hartung and Knapp's factor is 0 and its interval would "
        found.append((text + "have no width: the ad hoc interval, factor 1, is given", DataWarning))
    if method == "FE" and ci.startswith("hksj"):
        text = (
            "method='FE' with a Hartung-Knapp factor scales the common-effect interval by Q / df; "
        )
        found.append((text + "it is not the Hartung-Knapp method", DataWarning))
    if not done.converged:
        found.append(
            (f"{method}: tau2 or its interval was not reached; do not use it", ConvergenceWarning)
        )
    for text, kind in found:
        warnings.warn(text, kind, stacklevel=stacklevel)
