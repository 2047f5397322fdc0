"""``multilevel``: effects nested in studies, studies in groups, to any depth."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_choice, check_columns, check_level, check_names
from peer_evidence.errors import ConvergenceWarning, DataWarning, FewStudiesWarning, InputError
from peer_evidence.pooling import laws
from peer_evidence.pooling.ascent import Top
from peer_evidence.pooling.covariance import Covariance, read_groups
from peer_evidence.pooling.dependent import (
    INTERVALS,
    METHODS,
    Fitted,
    build,
    make_model,
    predict_frame,
    read_dependent,
    typical_variance,
    unlabel,
    wald_test,
)
from peer_evidence.pooling.design import build_design
from peer_evidence.pooling.layout import lay_out
from peer_evidence.pooling.multilevel_result import Multilevel
from peer_evidence.pooling.nested import Levels, contained, fit_levels, nest

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.projection import Floats

_FEW = 5  # below this many outermost groups the variances are hardly known


def multilevel(
    data: pd.DataFrame,
    effect: str = "effect",
    variance: str = "variance",
    *,
    levels: str | Sequence[str],
    method: str = "REML",
    ci: str = "wald",
    moderators: str | Sequence[str] | None = None,
    covariance: Covariance | Any = None,
    level: float = 0.95,
    label: str = "label",
) -> Multilevel:
    """Pool effects that are nested: several results of a study, several studies of a group.

    ``y = X beta + u_1 + ... + u_L + e``: a random effect of each group of each level, and sampling
    errors that are independent or have a known ``covariance``. Two levels of groups make the
    three-level model (Konstantopoulos 2011, doi 10.1002/jrsm.35); with a covariance it is the
    correlated and hierarchical effects model (Pustejovsky and Tipton 2022, doi
    10.1007/s11121-021-01246-3).

    Parameters
    ----------
    data : DataFrame
        One row an effect. Rows without an effect are left out where a column ``effect_note`` says
        why, and are refused where none does.
    effect, variance : str
        Columns of effects and sampling variances; with ``covariance`` the variances may be absent.
    levels : str or list of str
        Columns of the groups, the outermost first. Groups are known by their path, so that a name
        used again in another parent is another group. The last level may have a group for each row.
    method : {"REML", "ML"}
        Likelihood of the variances; the global maximum is given.
    ci : {"wald", "t", "t-contain"}
        Interval: normal; t with k - p degrees of freedom; t with the degrees of freedom of the
        coarsest level within which the moderator does not vary, its groups less p.
    moderators : str, list of str, optional
        Columns, or a formula such as ``"~ year + setting"`` (extra ``formula``).
    covariance : Covariance or array (k, k), optional
        Known covariance of the sampling errors, as :func:`covariance` builds it.
    level : float
        Confidence level of all intervals.
    label : str
        Column that names the rows; else study_id, outcome_id or the index is used.

    Returns
    -------
    Multilevel
        The result, with ``variance_components``, ``ranef``, ``level_test`` and ``predict``.

    Raises
    ------
    InputError
        A number or group that cannot be used, a level whose variance cannot be told from another's
        or from the mean, a covariance that is not positive definite (the cluster is named).

    Warns
    -----
    FewStudiesWarning, ConvergenceWarning
        Fewer than five groups at the outermost level; a maximum that was not reached.
    DataWarning
        Names of groups that stand under several parents, where they look like the same group.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {
    ...         "study": ["a", "a", "b", "b", "c", "c", "d", "e"],
    ...         "result": [1, 2, 1, 2, 1, 2, 1, 1],
    ...         "effect": [0.10, 0.25, 0.60, 0.45, 0.90, 0.70, 0.20, 0.50],
    ...         "variance": [0.02, 0.02, 0.03, 0.03, 0.04, 0.02, 0.03, 0.02],
    ...     }
    ... )
    >>> m = multilevel(data, levels=["study", "result"])
    >>> round(m.estimate, 3), [round(one, 3) for one in m.sigma2]
    (0.439, [0.048, 0.0])
    """
    check_choice("method", method, METHODS)
    check_choice("ci", ci, INTERVALS)
    check_level(level)
    names = check_names("levels", levels)
    studies, kept, known = read_dependent(data, effect, variance, label, covariance)
    used = data if kept.all() else data[kept]
    structure, groups = _read_levels(used, names)
    design, matrix = None, np.ones((len(studies), 1))
    if moderators is not None:
        design, matrix = build_design(used, moderators)
    if len(studies) <= matrix.shape[1]:
        raise InputError(f"data: found {len(studies)} effect, allowed are two or more")
    layout = lay_out(structure.codes[0])
    problem = build(studies, matrix, known, structure, layout, f"level {names[0]!r}")
    top = fit_levels(problem, len(names), method)
    if top is None:
        raise InputError("data: the likelihood could not be evaluated; check variances and effects")
    beta, covariance_of = unlabel(problem, problem.settled(top.at))
    df = _freedom(ci, structure, matrix)
    model = make_model(beta, covariance_of, df, float(level))
    fitted = Fitted(
        studies,
        ("intercept",) if design is None else design.names,
        matrix,
        design,
        model,
        known,
        structure,
        top.at,
        problem,
    )
    _warn(top, names, groups)
    return Multilevel(
        **_numbers(fitted, top, float(level)),
        levels=names,
        groups=tuple(len(one) for one in groups),
        k=len(studies),
        method=method,
        ci=ci,
        level=float(level),
        converged=top.converged,
        fitted=fitted,
        top=top,
        group_names=tuple(tuple(one) for one in groups),
    )


def _read_levels(data: pd.DataFrame, names: tuple[str, ...]) -> tuple[Levels, list[list[str]]]:
    """Read the groups of each level; refuse levels whose variances cannot be told apart."""
    if not names or len(set(names)) < len(names):
        raise InputError(
            f"levels: found {list(names)!r}, allowed are one or more different columns, the "
            "outermost first"
        )
    check_columns(data.columns, names, "levels")
    columns = [read_groups(data, name) for name in names]
    codes, groups = nest(columns)
    if len(groups[0]) == 1:
        raise InputError(
            f"levels: {names[0]!r} has the single group {groups[0][0]!r}; its variance cannot be "
            "told from the pooled effect, leave that level out"
        )
    for outer, inner in zip(range(len(names)), range(1, len(names)), strict=False):
        if len(groups[outer]) == len(groups[inner]):
            raise InputError(
                f"levels: {names[inner]!r} divides no group of {names[outer]!r}, both have the "
                f"same {len(groups[outer])} groups; their variances cannot be told apart, leave "
                "one of them out"
            )
    _warn_shared(columns, names, codes, stacklevel=4)
    return Levels(tuple(codes)), groups


def _warn_shared(
    columns: list[list[str]], names: tuple[str, ...], codes: list[Any], stacklevel: int
) -> None:
    """Warn where a name stands under several parents and seems to be one group, not a number.

    Numbers that begin anew in each parent are other groups, as documented; so are names of which
    there are no more than parents, such as those of the results of a study.
    """
    for place in range(1, len(names)):
        inside: dict[int, set[str]] = {}
        for parent, own in zip(codes[place - 1].tolist(), columns[place], strict=True):
            inside.setdefault(parent, set()).add(own)
        distinct = set().union(*inside.values())
        shared = [one for one in distinct if sum(one in own for own in inside.values()) > 1]
        if not shared or len(distinct) <= len(inside) or all(map(_numbered, inside.values())):
            continue
        text = (
            f"levels: {len(shared)} of {len(distinct)} groups of {names[place]!r}, such as "
            f"{min(shared)!r}, stand in several groups of {names[place - 1]!r} and are taken as "
            f"different groups there; where they are the same, put {names[place]!r} before "
            f"{names[place - 1]!r}"
        )
        warnings.warn(text, DataWarning, stacklevel=stacklevel)


def _numbered(names: set[str]) -> bool:
    """Tell whether the groups of a parent are numbered from 0 or 1 on."""
    counted = {str(number) for number in range(len(names))}
    return names in (counted, counted - {"0"} | {str(len(names))})


def _freedom(ci: str, structure: Levels, matrix: Floats) -> Floats:
    k, p = matrix.shape
    if ci == "t-contain":
        return contained(structure.codes, matrix)
    return np.full(p, np.inf if ci == "wald" else float(k - p))


def _numbers(fitted: Fitted, top: Top, level: float) -> dict[str, Any]:
    """Give the flat fields."""
    model, problem = fitted.model, fitted.problem
    fields = ("se", "ci_low", "ci_high", "statistic", "p_value", "df")
    numbers: dict[str, Any] = {name: float(getattr(model, name)[0]) for name in fields}
    none = problem.settled(np.zeros_like(top.at))
    q_df = float(problem.k - problem.p)
    sigma2 = tuple(float(one) for one in top.at)
    typical = typical_variance(problem, none)
    share = [100.0 * one / (sum(sigma2) + typical) for one in sigma2]
    first = np.zeros((1, problem.p))
    first[0, 0] = 1.0
    ahead = predict_frame(fitted, first, np.array(sum(sigma2)), level)
    has_intercept = fitted.design is None or fitted.design.has_intercept
    numbers |= {
        "estimate": float(model.beta[0]),
        "pi_low": float(ahead["pi_low"].iloc[0]) if has_intercept else float("nan"),
        "pi_high": float(ahead["pi_high"].iloc[0]) if has_intercept else float("nan"),
        "sigma2": sigma2,
        "sigma2_se": tuple(_standard_errors(top).tolist()),
        "i2_levels": tuple(share),
        "i2": sum(share),
        "q": none.q,
        "q_df": q_df,
        "q_p_value": float(laws.chi2_tail(none.q, q_df)),
        "log_likelihood": top.value.ll,
        "qm": None,
        "qm_df": None,
        "qm_p_value": None,
    }
    if fitted.design is not None:
        start = int(has_intercept and len(fitted.names) > 1)
        found = wald_test(model, slice(start, None))
        numbers |= {"qm": found[0], "qm_df": found[1], "qm_p_value": found[3]}
    return numbers


def _standard_errors(top: Top) -> Floats:
    """Give standard errors from the expected information; NaN where it does not tell them."""
    try:
        inverse = np.diag(np.linalg.inv(top.value.expected))
    except np.linalg.LinAlgError:
        return np.full(len(top.at), np.nan)
    return np.sqrt(np.where(inverse > 0, inverse, np.nan))


def _warn(top: Top, names: tuple[str, ...], groups: list[list[str]]) -> None:
    if len(groups[0]) < _FEW:
        text = (
            f"{len(groups[0])} groups at the outermost level {names[0]!r}: its variance can hardly "
            "be estimated from them"
        )
        warnings.warn(text, FewStudiesWarning, stacklevel=3)
    if not top.converged:
        text = "the maximum of the likelihood was not reached; do not use the result"
        warnings.warn(text, ConvergenceWarning, stacklevel=3)
