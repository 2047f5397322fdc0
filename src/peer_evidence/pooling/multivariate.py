"""``multivariate``: several outcomes of the same studies pooled together."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_choice, check_columns, check_level, check_name
from peer_evidence.errors import ConvergenceWarning, FewStudiesWarning, InputError
from peer_evidence.pooling import laws
from peer_evidence.pooling.ascent import Top, best
from peer_evidence.pooling.covariance import Covariance, read_groups
from peer_evidence.pooling.dependent import (
    METHODS,
    Fitted,
    Model,
    build,
    make_model,
    read_dependent,
    unlabel,
    wald_test,
)
from peer_evidence.pooling.design import build_design
from peer_evidence.pooling.gaussian import Gaussian
from peer_evidence.pooling.layout import codes_of, lay_out
from peer_evidence.pooling.multivariate_result import Multivariate, surface
from peer_evidence.pooling.structures import STRUCTURES, Outcomes, Structure

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.projection import Floats

MEANS = ("outcome", "common")


def multivariate(
    data: pd.DataFrame,
    effect: str = "effect",
    variance: str = "variance",
    *,
    outcome: str,
    study: str,
    structure: str = "UN",
    covariance: Covariance | Any = None,
    moderators: str | Sequence[str] | None = None,
    means: str = "outcome",
    method: str = "REML",
    ci: str = "wald",
    level: float = 0.95,
    label: str = "label",
) -> Multivariate:
    """Pool several outcomes of the same studies together.

    ``y_ia = x_ia beta + u_ia + e_ia``: the random effects of a study have a covariance between
    outcomes, its sampling errors a known one (Jackson, Riley and White 2011, doi 10.1002/sim.4172).

    Parameters
    ----------
    data : DataFrame
        One row an effect; a study has at most one row an outcome.
    effect, variance, outcome, study : str
        Columns; with ``covariance`` the variances may be absent.
    structure : {"UN", "HCS", "CS", "DIAG", "FE"}
        Covariance between outcomes: unstructured; own variances and one correlation; one variance
        and one correlation; own variances, no correlation; none at all (common effects).
    covariance : Covariance or array (k, k), optional
        Known covariance of the sampling errors, as :func:`covariance` builds it. Without it they
        are taken as independent, which is rarely true for outcomes of the same people.
    moderators : str, list of str, optional
        Columns. With ``means="outcome"`` each has a coefficient for each outcome.
    means : {"outcome", "common"}
        A mean for each outcome, or one for all; a formula of moderators is taken as it is.
    method : {"REML", "ML"}
        Likelihood of the variances.
    ci : {"wald", "t"}
        Interval: normal, or t with k - p degrees of freedom.
    level : float
        Confidence level of all intervals.
    label : str
        Column that names the rows; else study_id, outcome_id or the index is used.

    Returns
    -------
    Multivariate
        The result, with ``coefficients``, ``contrast``, ``correlation``, ``variance_intervals``.

    Raises
    ------
    InputError
        What :func:`multilevel` refuses; a study with two rows of one outcome; a single outcome.

    Warns
    -----
    FewStudiesWarning, ConvergenceWarning
        No more studies than variance parameters; a maximum that was not reached.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {
    ...         "study": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    ...         "outcome": ["a", "b"] * 5,
    ...         "effect": [0.47, -0.32, 0.20, -0.60, 0.40, -0.12, 0.26, -0.31, 0.56, -0.39],
    ...         "variance": [
    ...             0.0075, 0.0077, 0.0057, 0.0008, 0.0021, 0.0014, 0.0029, 0.0015, 0.0148, 0.0304
    ...         ],
    ...     }
    ... )
    >>> m = multivariate(data, outcome="outcome", study="study", structure="DIAG")
    >>> m.coefficients["estimate"].round(3).tolist()
    [0.361, -0.346]
    """
    check_choice("structure", structure, (*STRUCTURES, "FE"))
    check_choice("method", method, METHODS)
    check_choice("ci", ci, ("wald", "t"))
    check_choice("means", means, MEANS)
    check_level(level)
    check_name("outcome", outcome)
    check_name("study", study)
    studies, kept, known = read_dependent(data, effect, variance, label, covariance)
    used = data if kept.all() else data[kept]
    check_columns(used.columns, [outcome, study], "data")
    where, names, kinds = _read_outcomes(used, outcome, study)
    matrix, labels = _design(used, names, kinds, moderators, means)
    if len(studies) <= matrix.shape[1]:
        raise InputError(
            f"data: found {len(studies)} effects for {matrix.shape[1]} coefficients, allowed are "
            "more effects than coefficients"
        )
    codes, groups = codes_of(where)
    shape = None if structure == "FE" else Structure(structure, len(names))
    place = Outcomes(kinds, codes, [] if shape is None else shape.pairs)
    problem = build(studies, matrix, known, place, lay_out(codes), f"study {study!r}")
    theta, top = _fit(problem, shape, method)
    _warn(top, shape, len(groups))
    gls = problem.settled(theta)
    beta, covariance_of = unlabel(problem, gls)
    df = np.full(len(beta), np.inf if ci == "wald" else float(problem.k - problem.p))
    model = make_model(beta, covariance_of, df, float(level))
    between = np.zeros((len(names), len(names))) if shape is None else shape.matrix(theta)
    return Multivariate(
        outcomes=names,
        tau2=tuple(float(one) for one in np.diag(between)),
        between=between,
        n_studies=len(groups),
        k=len(studies),
        structure=structure,
        method=method,
        ci=ci,
        level=float(level),
        log_likelihood=problem.log_likelihood(gls, method),
        **_tests(problem, model, labels, theta),
        converged=top is None or top.converged,
        fitted=Fitted(studies, labels, matrix, None, model, known, place, theta, problem),
        top=top,
        parameters=shape,
        study_column=(study, tuple(where)),
    )


def _tests(
    problem: Gaussian, model: Model, labels: tuple[str, ...], theta: Floats
) -> dict[str, Any]:
    """Give Q about the fit without random effects, and the test of the coefficients."""
    none = problem.settled(np.zeros_like(theta))
    start = int(labels[0] == "intercept" and len(labels) > 1)
    test = wald_test(model, slice(start, None))
    q_df = float(problem.k - problem.p)
    return {
        "q": none.q,
        "q_df": q_df,
        "q_p_value": float(laws.chi2_tail(none.q, q_df)),
        "qm": test[0],
        "qm_df": test[1],
        "qm_p_value": test[3],
    }


def _read_outcomes(
    data: pd.DataFrame, outcome: str, study: str
) -> tuple[list[str], tuple[str, ...], Any]:
    """Read study and outcome of each row; refuse two rows of one outcome in a study."""
    where, what = read_groups(data, study), read_groups(data, outcome)
    names = tuple(sorted(set(what)))
    if len(names) == 1:
        raise InputError(
            f"outcome: found the single outcome {names[0]!r}, allowed are two or more; "
            "use meta_analysis or multilevel"
        )
    if len(set(where)) == 1:
        raise InputError(
            f"study: found the single study {where[0]!r}, allowed are two or more; one study says "
            "nothing about how studies differ"
        )
    seen: set[tuple[str, str]] = set()
    for pair in zip(where, what, strict=True):
        if pair in seen:
            raise InputError(
                f"outcome: study {pair[0]!r} has two rows of outcome {pair[1]!r}, allowed is one; "
                "use multilevel with a covariance for several results of one outcome"
            )
        seen.add(pair)
    return where, names, np.array([names.index(one) for one in what], dtype=np.int64)


def _design(
    data: pd.DataFrame,
    names: tuple[str, ...],
    kinds: Any,
    moderators: str | Sequence[str] | None,
    means: str,
) -> tuple[Floats, tuple[str, ...]]:
    """Make the design matrix: outcomes, or outcomes by moderators."""
    formula = isinstance(moderators, str) and "~" in moderators
    if moderators is not None and (means == "common" or formula):
        design, matrix = build_design(data, moderators)
        return matrix, design.names
    if means == "common":
        return np.ones((len(data), 1)), ("intercept",)
    which = np.eye(len(names))[kinds]
    if moderators is None:
        return which, names
    design, matrix = build_design(data, moderators)
    parts = [which * column[:, None] for column in matrix.T]
    labels = list(names)
    for one in design.names[1:]:
        labels += [f"{name}:{one}" for name in names]
    full = np.hstack(parts)
    if np.linalg.matrix_rank(full / np.maximum(np.abs(full).max(axis=0), 1e-300)) < full.shape[1]:
        raise InputError(
            "moderators: their coefficients cannot be told apart within each outcome; use "
            "means='common', or fewer moderators"
        )
    return full, tuple(labels)


def _fit(problem: Gaussian, shape: Structure | None, method: str) -> tuple[Floats, Top | None]:
    """Find the covariance between outcomes, climbing from several correlations and sizes."""
    if shape is None:
        return np.zeros(0), None
    evaluate, low, high, scale = surface(problem, shape, method)
    diagonal = [place for place, (a, b) in enumerate(shape.pairs) if a == b]
    squares, numbers = np.zeros(len(diagonal)), np.zeros(len(diagonal))
    gls = problem.settled(np.zeros(len(shape.pairs)))
    for b, r in zip(problem.b, gls.residuals, strict=True):
        own = np.einsum("jcii->jci", b[diagonal])
        squares += (own * r**2).sum(axis=(1, 2))
        numbers += own.sum(axis=(1, 2))
    size = np.maximum(squares / numbers, 1e-6 * float(scale[0]))
    sharp = -0.5 / (shape.count - 1.0)
    rhos = (0.0,) if shape.name == "DIAG" else (0.0, 0.6, sharp)
    starts = [shape.start(size * times, rho) for rho in rhos for times in (0.1, 0.7)]
    top = best(evaluate, starts, low, high, scale)
    if top is None:
        raise InputError("data: the likelihood could not be evaluated; check variances and effects")
    return shape.map(top.at).theta, top


def _warn(top: Top | None, shape: Structure | None, studies: int) -> None:
    if shape is not None and studies <= shape.size:
        text = (
            f"{studies} studies for {shape.size} variances and correlations between outcomes: "
            "they can hardly be estimated; a simpler structure has fewer"
        )
        warnings.warn(text, FewStudiesWarning, stacklevel=3)
    if top is not None and not top.converged:
        text = "the maximum of the likelihood was not reached; do not use the result"
        warnings.warn(text, ConvergenceWarning, stacklevel=3)
