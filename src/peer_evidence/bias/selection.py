"""Selection models: the effect, were studies published whatever their p."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from peer_evidence.bias import common
from peer_evidence.bias.selection_fit import Fit, Space, maximise
from peer_evidence.bias.selection_kernels import (
    Model,
    Quadrature,
    SmoothWeights,
    StepWeights,
    Tails,
    cut_z,
    p_values,
)
from peer_evidence.bias.selection_result import KINDS, SelectionModel, interval_names
from peer_evidence.checks import check_choice
from peer_evidence.errors import ConvergenceWarning, DataWarning, FewStudiesWarning, InputError
from peer_evidence.pooling import laws, single

if TYPE_CHECKING:
    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.projection import Floats

ALTERNATIVES = ("greater", "less", "two-sided")
_NAN = float("nan")
_STEPS = (0.025,)
_ALLOWED = ", allowed are ascending p values between 0 and 1, such as (0.025,) or (0.025, 0.5)"
_FEW = 3  # p values in an interval up to which its weight is hardly known


def selection_model(
    m: MetaAnalysis,
    steps: Sequence[float] | None = None,
    *,
    kind: str = "step",
    alternative: str | None = None,
    weights: Sequence[float] | None = None,
) -> SelectionModel:
    """Estimate the effect together with how p decided which studies are seen.

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, without moderators. Estimation is by maximum
        likelihood, with tau2 = 0 where ``m`` is a common-effect analysis (``method="FE"``).
    steps : sequence of float
        Where the weight changes, as ascending p values in ``alternative``; a p equal to a step is
        below it; for ``kind="step"`` only. ``(0.025,)``, taken when left out, is the
        three-parameter model (Vevea and Hedges 1995, doi 10.1007/BF02294384).
    kind : {"step", "beta", "halfnorm", "negexp", "logistic", "power"}
        The weight function: constant between the steps; ``p^(a - 1) (1 - p)^(b - 1)`` (Citkowicz
        and Vevea 2017, doi 10.1037/met0000119); ``exp(-a p^2)``; ``exp(-a p)``;
        ``2 exp(-a p) / (1 + exp(-a p))``; ``(1 - p)^a``. For beta and power p is kept within 1e-5
        of 0 and 1, as in metafor.
    alternative : {"greater", "less", "two-sided"}, optional
        Which p decides: one-sided for effects above or below 0, or two-sided. When left out
        ``"greater"`` for a pooled effect of at least 0, else ``"less"``; the result says which.
    weights : sequence of float, optional
        Weights of the intervals (one more than steps, above 0), not estimated: a sensitivity
        analysis (Vevea and Woods 2005, doi 10.1037/1082-989X.10.4.428).

    Returns
    -------
    SelectionModel
        The effect without selection, the weights, and the likelihood-ratio test of selection.

    Raises
    ------
    InputError
        An interval without any study (its weight is not identified), steps out of order, weights
        of the wrong number, fewer than 3 studies, moderators.

    Warns
    -----
    FewStudiesWarning
        Fewer than 10 studies, or an interval with 3 or fewer.
    ConvergenceWarning, DataWarning
        The maximum was not reached; the likelihood has a higher maximum elsewhere.

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> z = [2.1, 2.3, 2.6, 2.0, 3.1, 2.4, 0.5, 1.2, 0.9, -0.3, 1.5, 2.2]
    >>> se = [0.1, 0.15, 0.2, 0.25, 0.12, 0.3, 0.2, 0.15, 0.25, 0.3, 0.1, 0.22]
    >>> data = pd.DataFrame(
    ...     {
    ...         "effect": [a * b for a, b in zip(z, se)],
    ...         "variance": [one**2 for one in se],
    ...     }
    ... )
    >>> found = selection_model(meta_analysis(data))
    >>> round(found.unadjusted, 3), round(found.estimate, 3), found.delta.round(3).tolist()
    (0.268, 0.148, [1.0, 0.108])
    """
    check_choice("kind", kind, KINDS)
    m = common.check_analysis(m, "a selection model", 3)
    if alternative is None:
        alternative = "greater" if m.estimate >= 0 else "less"
    check_choice("alternative", alternative, ALTERNATIVES)
    if kind != "step" and weights is not None:
        raise InputError(f"weights: found with kind={kind!r}, they belong to kind='step'")
    if kind != "step" and steps is not None:
        raise InputError(
            f"steps: found with kind={kind!r}, they belong to kind='step'; leave one of them out"
        )
    steps = _STEPS if steps is None else steps
    common.warn_few(m.k, common.MINIMUM, "a selection model")
    problem = _problem(m, kind, alternative, steps, weights)
    fit, rival = _fit(problem, m.method != "FE")
    _warn(fit, rival, problem.sign)
    return _result(m, problem, fit, rival)


class _Problem(NamedTuple):
    """A selection model in units of the typical standard error, effects turned to ``greater``."""

    model: Model
    kind: str
    alternative: str
    sign: float
    unit: float
    given: Floats  # weights or parameters, NaN where they are estimated
    cuts: tuple[float, ...]
    counts: tuple[int, ...]


def _problem(
    m: MetaAnalysis,
    kind: str,
    alternative: str,
    steps: Sequence[float],
    weights: Sequence[float] | None,
) -> _Problem:
    """Lay out the likelihood."""
    sign = -1.0 if alternative == "less" else 1.0
    sides = 2 if alternative == "two-sided" else 1
    unit = float(np.sqrt(np.median(m.studies.variances)))
    y, v = sign * m.studies.effects / unit, m.studies.variances / unit**2
    p = p_values(sign * m.studies.effects / np.sqrt(m.studies.variances), sides)
    cuts: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    if kind == "step":
        cuts = check_steps(steps)
        given = _weights(weights, len(cuts))
        inner = np.array(cuts[:-1])
        group = np.searchsorted(inner, p, side="left")
        counts = tuple(int(one) for one in np.bincount(group, minlength=len(cuts)))
        if weights is None:
            _check_groups(counts, cuts, alternative)
        model = Model(y, v, Tails(cut_z(inner, sides), sides), StepWeights(group, given))
    else:
        given = np.full(KINDS[kind].parameters, np.nan)
        least = KINDS[kind].least_p
        grid = Quadrature(least, sides)
        inside = np.clip(p, least, 1.0 - least)
        model = Model(y, v, grid, SmoothWeights(kind, grid.p, inside))
    return _Problem(model, kind, alternative, sign, unit, given, cuts, counts)


def check_steps(steps: Sequence[float]) -> tuple[float, ...]:
    """Return ascending steps with 1 at the end, else raise InputError."""
    if isinstance(steps, str):
        close = f"; did you mean kind={steps!r}?" if steps in KINDS else ""
        raise InputError(f"steps: found {steps!r}{close or _ALLOWED}")
    try:
        found = np.atleast_1d(np.asarray(steps, dtype=float))
    except (TypeError, ValueError):
        raise InputError(f"steps: found {steps!r}{_ALLOWED}") from None
    inner = found[:-1] if found.size and found[-1] == 1.0 else found
    good = found.ndim == 1 and inner.size > 0 and bool(((inner > 0) & (inner < 1)).all())
    if not good or (np.diff(inner) <= 0).any():
        raise InputError(f"steps: found {steps!r}{_ALLOWED}")
    return (*(float(one) for one in inner), 1.0)


def _weights(weights: Sequence[float] | None, intervals: int) -> Floats:
    """Give the weights of the intervals, NaN where they are estimated; the first is 1."""
    if weights is None:
        return np.array([1.0, *[np.nan] * (intervals - 1)])
    try:
        found = np.asarray(weights, dtype=float)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.shape != (intervals,) or not (np.isfinite(found) & (found > 0)).all():
        raise InputError(
            f"weights: found {weights!r}, allowed are {intervals} numbers above 0, one for each "
            "interval of p that the steps make"
        )
    return found


def _check_groups(counts: tuple[int, ...], cuts: tuple[float, ...], alternative: str) -> None:
    """Refuse an interval without studies; warn of one with hardly any."""
    names = interval_names(cuts)
    empty = [name for name, studies in zip(names, counts, strict=True) if not studies]
    if empty:
        raise InputError(
            f"steps: no study has {', '.join(empty)} (alternative={alternative!r}), so the weight "
            "there is not identified; choose steps with studies on both sides, or give weights="
        )
    few = [name for name, studies in zip(names, counts, strict=True) if studies <= _FEW]
    if few:
        warnings.warn(
            f"{_FEW} or fewer studies have {', '.join(few)}: the weights are hardly known",
            FewStudiesWarning,
            stacklevel=4,
        )


class _Plain(NamedTuple):
    """The model without selection."""

    mean: float
    tau2: float
    log_likelihood: float


def _plain(y: Floats, v: Floats, random: bool) -> _Plain:
    """Fit without selection, by maximum likelihood."""
    done = single.fit_one(y, v, None, None, "ML" if random else "FE", "wald", 0.95)
    mean, u = float(done.model.beta[0]), v + done.tau2
    height = -0.5 * float((np.log(2.0 * np.pi * u) + (y - mean) ** 2 / u).sum())
    return _Plain(mean, done.tau2, height)


def _fit(problem: _Problem, random: bool) -> tuple[Fit, Fit | None]:
    """Fit from several starts, and give a rival where another maximum is higher.

    The likelihood can have several maxima. The result is the one that is reached uphill from no
    selection, as in metafor; a higher one elsewhere, often where tau2 or a parameter is on its
    limit, is named as a rival.
    """
    plain = _plain(problem.model.y, problem.model.v, random)
    free = int(np.isnan(problem.given).sum())
    first, little = (max(plain.tau2, 0.05), 0.05) if random else (0.0, 0.0)
    others = [(first, 0.3), (first, 3.0), (little, 0.3), (little, 0.1)] if free else []
    starts = np.array([[plain.mean, t, *[level] * free] for t, level in [(first, 1.0), *others]])
    space = Space(random, problem.kind != "step", KINDS[problem.kind].floor)
    ends = maximise(problem.model, starts, space)
    highest = max(ends, key=lambda end: end.log_likelihood if end.converged else -np.inf)
    chosen = ends[0] if ends[0].converged else highest
    rival = highest if highest.log_likelihood > chosen.log_likelihood + 1e-4 else None
    found = chosen.scaled(problem.unit)
    return found, None if rival is None else rival.scaled(problem.unit)


def _warn(fit: Fit, rival: Fit | None, sign: float) -> None:
    """Say by class what a reader should know about the fit."""
    if not fit.converged:
        warnings.warn(
            "the maximum of the selection model was not reached; do not use it",
            ConvergenceWarning,
            stacklevel=3,
        )
    if rival is not None:
        warnings.warn(
            "the likelihood has several maxima, a higher one with the effect "
            f"{sign * float(rival.theta[0]):.3g}: the data do not settle this selection model",
            DataWarning,
            stacklevel=3,
        )


def _result(m: MetaAnalysis, problem: _Problem, fit: Fit, rival: Fit | None) -> SelectionModel:
    """Turn a fit into intervals and tests, on the side of the data."""
    kind, sign, given = problem.kind, problem.sign, problem.given
    plain = _plain(sign * m.studies.effects, m.studies.variances, m.method != "FE")
    free = np.isnan(given)
    variance = np.diag(fit.covariance)
    se = np.sqrt(np.where(variance > 0, variance, np.nan))
    half = float(laws.critical(m.level))
    estimate = sign * float(fit.theta[0])
    delta, delta_se = given.copy(), np.full(len(given), np.nan)
    delta[free], delta_se[free] = fit.theta[2:], se[2:]
    away = (delta - KINDS[kind].neutral) / delta_se
    lrt, df = max(0.0, 2.0 * (fit.log_likelihood - plain.log_likelihood)), int(free.sum())
    return SelectionModel(
        estimate=estimate,
        se=float(se[0]),
        ci_low=estimate - half * float(se[0]),
        ci_high=estimate + half * float(se[0]),
        statistic=estimate / float(se[0]),
        p_value=float(laws.two_sided_p(estimate / float(se[0]))),
        tau2=float(fit.theta[1]),
        tau2_se=float(se[1]),
        unadjusted=sign * plain.mean,
        unadjusted_tau2=plain.tau2,
        lrt=lrt,
        lrt_df=df,
        lrt_p_value=float(laws.chi2_tail(lrt, float(df))) if df else _NAN,
        log_likelihood=fit.log_likelihood,
        log_likelihood_unadjusted=plain.log_likelihood,
        k=m.k,
        minimum_k=common.MINIMUM,
        kind=kind,
        alternative=problem.alternative,
        method="FE" if m.method == "FE" else "ML",
        level=m.level,
        converged=fit.converged,
        rival_estimate=_NAN if rival is None else sign * float(rival.theta[0]),
        rival_log_likelihood=_NAN if rival is None else rival.log_likelihood,
        given=not free.any(),
        steps=problem.cuts,
        p_counts=problem.counts,
        delta=delta,
        delta_se=delta_se,
        delta_p_value=laws.two_sided_p(away),
        delta_ci_low=np.maximum(delta - half * delta_se, 0.0),
        delta_ci_high=delta + half * delta_se,
        measure=m.studies.measure,
    )
