"""Regression tests of funnel plot asymmetry: Egger, Peters, Harbord."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.bias import clustered, common
from peer_evidence.checks import check_choice
from peer_evidence.errors import FewStudiesWarning, InputError
from peer_evidence.formatting import count
from peer_evidence.pooling import laws, single
from peer_evidence.pooling.counts import hypergeometric, study_effects
from peer_evidence.pooling.robust import FEW_DF
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.multilevel_result import Multilevel
    from peer_evidence.pooling.projection import Floats
    from peer_evidence.pooling.studies import Studies

PREDICTORS = {
    "se": "standard error",
    "variance": "sampling variance",
    "n": "number of people",
    "inverse_n": "inverse of the number of people",
    "sqrt_n": "square root of the number of people",
    "inverse_sqrt_n": "inverse square root of the number of people",
}
_WORDS = PREDICTORS | {"score_se": "standard error of the score"}
_NAN = float("nan")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RegressionTest(Result):
    """A test whether effects change with the size of the studies.

    ``slope`` is the coefficient of the predictor, 0 without asymmetry; its interval and p are
    those of the t law with ``df`` degrees of freedom, or of the normal law where ``df`` is
    infinite. ``limit`` is the effect of an infinitely large study (the intercept), missing for
    predictors that grow with size. ``tau2`` is the additive, ``sigma2`` the multiplicative
    dispersion; the one that the model does not have is missing. ``minimum_k``: with fewer studies
    the test should not be believed. ``caution`` says why the test misleads for this measure.
    ``clusters``: of how many clusters the ``k`` effects are, where standard errors are robust to
    their dependence; ``tau2`` of a multilevel model is the sum over its levels.
    """

    slope: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    df: float
    p_value: float
    intercept: float
    intercept_se: float
    limit: float
    limit_ci_low: float
    limit_ci_high: float
    tau2: float
    sigma2: float
    k: int
    minimum_k: int
    test: str
    model: str
    predictor: str
    method: str
    level: float
    caution: str
    clusters: int | None = None
    measure: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row."""
        import pandas as pd

        return pd.DataFrame(
            [{one.name: getattr(self, one.name) for one in fields(self) if one.name != "measure"}]
        )

    def summary(self) -> str:
        """Say how effects change with size, then the limit and what to beware of."""
        law = f"t, {self.df:.3g} df" if np.isfinite(self.df) else "normal law"
        digits = common.digits_for(self.slope, self.ci_low, self.ci_high)
        slope = common.with_interval(self.slope, self.ci_low, self.ci_high, self.level, digits)
        of = count(self.k, "study", "studies")
        few = common.few_line(self.k, self.minimum_k, self.test)
        if self.clusters is not None:
            of = f"{count(self.k, 'effect')} of {count(self.clusters, 'cluster')}, CR2"
            few = common.few_line(self.clusters, self.minimum_k, self.test, "cluster")
            if self.df < FEW_DF:
                few.append("Fewer than 4 degrees of freedom: p and interval cannot be trusted.")
        lines = [
            f"{self.test} ({self.model}): slope of the {_WORDS[self.predictor]} {slope}, "
            f"{common.p_words(self.p_value)} ({law}), {of}.",
            *few,
        ]
        if np.isfinite(self.limit):
            limit = common.with_interval(
                self.limit,
                self.limit_ci_low,
                self.limit_ci_high,
                self.level,
                measure=self.measure,
            )
            lines.append(f"Effect of an infinitely large study {limit}.")
        lines.append(
            "Asymmetry has other causes than unpublished studies: heterogeneity tied to size, poor "
            "small studies, chance."
        )
        return "\n".join([*lines, self.caution] if self.caution else lines)


def egger(
    m: MetaAnalysis | Multilevel,
    model: str = "classic",
    predictor: str = "se",
    *,
    n: Sequence[float] | None = None,
    cluster: Sequence[Any] | str | None = None,
) -> RegressionTest:
    """Test whether small studies have other effects than large ones, by regression.

    Parameters
    ----------
    m : MetaAnalysis or Multilevel
        The result of :func:`meta_analysis` or :func:`multilevel`, without moderators. The test of a
        Multilevel is the regression in the same model, with ``cluster`` its outermost groups.
    model : {"classic", "mixed"}
        ``"classic"``: weighted least squares with multiplicative dispersion, t with k - 2 df
        (Egger and others 1997, doi 10.1136/bmj.315.7109.629; the slope of the standard error is
        the intercept of the regression of z on 1 / se). ``"mixed"``: a meta-regression with the
        estimator of tau2 and the interval of ``m`` (additive dispersion; metafor's default).
        A Multilevel has a model of its own.
    predictor : {"se", "variance", "n", "inverse_n", "sqrt_n", "inverse_sqrt_n"}
        What stands for the size of a study. Where the variance depends on the effect (SMD, OR),
        use the number of people (Pustejovsky and Rodgers 2019, doi 10.1002/jrsm.1332), or
        :func:`peters`, :func:`harbord`.
    n : sequence of float, optional
        People in each study; when left out those of the table that was pooled.
    cluster : sequence, Series or str, optional
        What effects of one study share, as in :func:`robust`: the weights are those of ``model``,
        standard errors are CR2 and the t law has Satterthwaite's degrees of freedom (Rodgers and
        Pustejovsky 2021, doi 10.1037/met0000300).

    Returns
    -------
    RegressionTest
        Slope with interval and p, and the effect of an infinitely large study.

    Raises
    ------
    InputError
        Fewer than 3 studies, moderators, studies of equal size (the slope is not identified), or
        no numbers of people where the predictor needs them; fewer than 3 clusters.

    Warns
    -----
    FewStudiesWarning
        Fewer than 10 studies, or clusters (Cochrane Handbook 13.3.5.4); fewer than 4 degrees of
        freedom with ``cluster``.

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> se = [0.1, 0.12, 0.15, 0.2, 0.22, 0.25, 0.3, 0.32, 0.35, 0.4]
    >>> data = pd.DataFrame(
    ...     {
    ...         "effect": [0.2, 0.15, 0.3, 0.25, 0.4, 0.35, 0.5, 0.4, 0.6, 0.7],
    ...         "variance": [one**2 for one in se],
    ...     }
    ... )
    >>> test = egger(meta_analysis(data))
    >>> round(test.slope, 3), round(test.p_value, 4), test.df
    (1.476, 0.0002, 8.0)
    """
    check_choice("model", model, ("classic", "mixed"))
    check_choice("predictor", predictor, PREDICTORS)
    if clustered.is_multilevel(m) or cluster is not None:
        return _clustered(m, model, predictor, n, cluster)
    m = common.check_analysis(m, "Egger's test", 3)
    x = common.varying(_predictor(m.studies, predictor, n), PREDICTORS[predictor])
    y, v = common.different(m.studies), m.studies.variances
    fit = _classic(y, x, 1.0 / v, m.level) if model == "classic" else _mixed(m, x)
    common.warn_few(m.k, common.MINIMUM, "Egger's test")
    return _result(fit, m, "Egger's test", model, predictor)


def _clustered(
    m: Any, model: str, predictor: str, n: Sequence[float] | None, cluster: Any
) -> RegressionTest:
    """Make Egger's test robust to the dependence of effects of a study."""
    nested = clustered.is_multilevel(m)
    if nested:
        m, studies = clustered.check_multilevel(m), m.fitted.studies
        model = "multilevel"
    else:
        m = common.check_analysis(m, "Egger's test", 3)
        studies = m.studies
    x = common.varying(_predictor(studies, predictor, n), PREDICTORS[predictor])
    common.different(studies)
    if nested:
        fit, clusters = clustered.fit_multilevel(m, x, cluster)
    else:
        fit, clusters = clustered.fit_pooled(m, x, cluster, model)
    if clusters < common.MINIMUM:
        text = common.few_words(clusters, common.MINIMUM, "Egger's test", "cluster")
        warnings.warn(text, FewStudiesWarning, stacklevel=3)
    if fit["df"] < FEW_DF:
        text = "fewer than 4 degrees of freedom of the slope: its p and interval cannot be trusted"
        warnings.warn(text, FewStudiesWarning, stacklevel=3)
    return _result(fit, m, "Egger's test", model, predictor, clusters)


def peters(m: MetaAnalysis, *, n: Sequence[float] | None = None) -> RegressionTest:
    """Test asymmetry of log odds ratios by their regression on 1 / n.

    Weights are those of the arcsine-like variance of the pooled event rate, ``1 / (1 / events +
    1 / others)``, which does not depend on the effect (Peters and others 2006, doi
    10.1001/jama.295.6.676). It was made for odds ratios; with other effects of a table with
    counts, such as risk ratios, it regresses those, for which its error rates are not known.

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis` on a table with counts, such as
        ``effect_sizes(frame, "OR")`` gives.
    n : sequence of float, optional
        People in each study; when left out those of the table.

    Returns
    -------
    RegressionTest
        The slope of 1 / n, t with k - 2 df.

    Raises
    ------
    InputError
        As :func:`egger`; or no counts, or a study without events or with nothing else.

    Warns
    -----
    FewStudiesWarning
        Fewer than 10 studies.
    """
    m = common.check_analysis(m, "Peters' test", 3)
    t = common.tables_of(m)
    people = t.n1 + t.n2 if n is None else common.sizes_of(m.studies, n)
    events = t.a + t.c
    others = t.n1 + t.n2 - events
    _refuse(m, (events <= 0) | (others <= 0), "no events, or nothing else, in both arms")
    x = common.varying(1.0 / people, "number of people")
    fit = _classic(common.different(m.studies), x, 1.0 / (1.0 / events + 1.0 / others), m.level)
    common.warn_few(m.k, common.MINIMUM, "Peters' test")
    return _result(fit, m, "Peters' test", "classic", "inverse_n")


def harbord(m: MetaAnalysis) -> RegressionTest:
    """Test asymmetry of odds ratios by their scores: Z / V on 1 / sqrt(V), weights V.

    Z is observed less expected events, V its hypergeometric variance, so that effect and precision
    are hardly tied to one another (Harbord, Egger and Sterne 2006, doi 10.1002/sim.2380). Where an
    effect was turned so that positive favours the intervention, its score is turned with it.

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis` on a table with counts, such as
        ``effect_sizes(frame, "OR")`` gives.

    Returns
    -------
    RegressionTest
        The slope of 1 / sqrt(V), t with k - 2 df.

    Raises
    ------
    InputError
        As :func:`egger`; or no counts, a measure that is no odds ratio, or a study without events
        or with nothing else.

    Warns
    -----
    FewStudiesWarning
        Fewer than 10 studies.
    """
    m = common.check_analysis(m, "Harbord's test", 3)
    if m.studies.measure not in ("", "OR", "PETO"):
        raise InputError(
            f"m: found effects of measure {m.studies.measure}, Harbord's test is for odds ratios; "
            "pool effect_sizes(data, 'OR'), or use egger() with predictor='inverse_sqrt_n'"
        )
    t = common.tables_of(m)
    expected, variance = hypergeometric(t)
    _refuse(m, variance <= 0, "no events, or nothing else, in both arms")
    score = t.a - expected
    turned = study_effects(t, "OR")[0] * m.studies.effects < 0
    score = np.where(turned, -score, score)
    x = common.varying(1.0 / np.sqrt(variance), "precision")
    fit = _classic(score / variance, x, variance, m.level)
    common.warn_few(m.k, common.MINIMUM, "Harbord's test")
    return _result(fit, m, "Harbord's test", "classic", "score_se")


def _predictor(studies: Studies, predictor: str, n: Sequence[float] | None) -> Floats:
    v = studies.variances
    if predictor == "se":
        return np.sqrt(v)
    if predictor == "variance":
        return v
    people = common.sizes_of(studies, n)
    power = {"n": 1.0, "inverse_n": -1.0, "sqrt_n": 0.5, "inverse_sqrt_n": -0.5}[predictor]
    return np.asarray(people**power)


def _refuse(m: MetaAnalysis, bad: np.typing.NDArray[np.bool_], what: str) -> None:
    if bad.any():
        names = ", ".join(m.studies.labels[i] for i in np.flatnonzero(bad)[:5])
        raise InputError(f"m: {what} in {names}; pool the other studies without them")


def _classic(y: Floats, x: Floats, w: Floats, level: float) -> dict[str, float]:
    """Fit the weighted line with multiplicative dispersion."""
    line = common.weighted_line(y, x, w)
    df = float(line.df)
    half = float(laws.critical(level, df))
    slope, se = float(line.slope), float(line.slope_se)
    intercept, own = float(line.intercept), float(line.intercept_se)
    if se == 0.0:
        raise InputError("m: the effects lie exactly on a line, so the test has no error to use")
    return {
        "slope": slope,
        "se": se,
        "ci_low": slope - half * se,
        "ci_high": slope + half * se,
        "statistic": slope / se,
        "df": df,
        "p_value": float(laws.two_sided_p(slope / se, df)),
        "intercept": intercept,
        "intercept_se": own,
        "limit_ci_low": intercept - half * own,
        "limit_ci_high": intercept + half * own,
        "tau2": _NAN,
        "sigma2": float(line.sigma2),
    }


def _mixed(m: MetaAnalysis, x: Floats) -> dict[str, float]:
    """Fit the meta-regression with the estimator and the interval of the analysis."""
    design = np.column_stack([np.ones(m.k), x])
    done = single.fit_one(
        m.studies.effects, m.studies.variances, design, None, m.method, m.ci, m.level
    )
    model = done.model
    return {
        "slope": float(model.beta[1]),
        "se": float(model.se[1]),
        "ci_low": float(model.ci_low[1]),
        "ci_high": float(model.ci_high[1]),
        "statistic": float(model.statistic[1]),
        "df": model.df,
        "p_value": float(model.p_value[1]),
        "intercept": float(model.beta[0]),
        "intercept_se": float(model.se[0]),
        "limit_ci_low": float(model.ci_low[0]),
        "limit_ci_high": float(model.ci_high[0]),
        "tau2": done.tau2,
        "sigma2": _NAN,
    }


def _result(
    fit: dict[str, float],
    m: Any,
    test: str,
    model: str,
    predictor: str,
    clusters: int | None = None,
) -> RegressionTest:
    """Put a fit into the result; a predictor that grows with size has no limit."""
    shrinks = predictor not in ("n", "sqrt_n")
    fit["limit"] = fit["intercept"] if shrinks else _NAN
    if not shrinks:
        fit["limit_ci_low"] = fit["limit_ci_high"] = _NAN
    studies = m.fitted.studies if model == "multilevel" else m.studies
    own = studies.measure if test == "Egger's test" else ""
    return RegressionTest(
        **fit,
        k=m.k,
        minimum_k=common.MINIMUM,
        test=test,
        model=model,
        predictor=predictor,
        method="WLS" if model == "classic" else m.method,
        level=m.level,
        caution=common.caution_of(own, predictor, advice=True),
        clusters=clusters,
        measure=own or ("OR" if studies.measure == "OR" else ""),
    )
