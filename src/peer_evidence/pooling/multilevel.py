"""``multilevel`` and its result: effects nested in studies, studies in groups, to any depth."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_choice, check_columns, check_level
from peer_evidence.errors import ConvergenceWarning, FewStudiesWarning, InputError
from peer_evidence.pooling import laws
from peer_evidence.pooling.ascent import Top
from peer_evidence.pooling.covariance import Covariance, read_groups
from peer_evidence.pooling.dependent import (
    INTERVALS,
    METHODS,
    Fitted,
    build,
    coefficient_frame,
    fit_frame,
    make_model,
    predict_frame,
    read_dependent,
    typical_variance,
    unlabel,
    wald_test,
)
from peer_evidence.pooling.design import build_design
from peer_evidence.pooling.layout import lay_out
from peer_evidence.pooling.nested import (
    Levels,
    contained,
    fit_levels,
    nest,
    predict_levels,
    profile,
)
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.projection import Floats

_FEW = 5  # below this many outermost groups the variances are hardly known


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Multilevel(Result):
    """A meta-analysis with nested random effects; k effects.

    With moderators ``estimate`` and the numbers beside it are those of the first coefficient.
    ``df`` is infinite for a normal interval. ``sigma2`` is the variance of each level, the
    outermost first; ``i2_levels = 100 sigma2 / (sum of sigma2 + s2)`` in per cent with ``s2`` the
    typical sampling variance, ``i2`` their sum. ``q`` is Cochran's, about the fit without random
    effects. The prediction interval is that of one effect of a new outermost group.
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
    levels: tuple[str, ...]
    groups: tuple[int, ...]
    sigma2: tuple[float, ...]
    sigma2_se: tuple[float, ...]
    i2_levels: tuple[float, ...]
    i2: float
    q: float
    q_df: float
    q_p_value: float
    log_likelihood: float
    k: int
    method: str
    ci: str
    level: float
    converged: bool
    qm: float | None
    qm_df: int | None
    qm_p_value: float | None
    fitted: Fitted = field(repr=False)
    top: Top = field(repr=False)
    group_names: tuple[tuple[str, ...], ...] = field(repr=False)

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Label and reason of each row that has no effect and is not in the analysis."""
        return self.fitted.studies.left_out

    @property
    def coefficients(self) -> pd.DataFrame:
        """One row a coefficient: estimate, se, statistic, p_value, df, ci_low, ci_high."""
        return coefficient_frame(self.fitted.model, self.fitted.names)

    def cluster_columns(self) -> dict[str, tuple[str, ...]]:
        """Give the groups of each effect by the name of the level, for :func:`robust`."""
        structure = self.fitted.structure
        codes = structure.codes if isinstance(structure, Levels) else ()
        return {
            name: tuple(groups[i] for i in own)
            for name, groups, own in zip(self.levels, self.group_names, codes, strict=True)
        }

    def variance_components(self, level: float | None = None) -> pd.DataFrame:
        """Give the variance of each level with its profile-likelihood interval.

        Parameters
        ----------
        level : float, optional
            Confidence level, by default that of the analysis.

        Returns
        -------
        DataFrame
            One row a level: groups, sigma2, se (from the expected information), ci_low, ci_high,
            i2 in per cent. The interval is made when this is called; 0 is its lower end where the
            likelihood cannot exclude it.
        """
        import pandas as pd

        wanted = self.level if level is None else check_level(level)
        problem = self.fitted.problem
        ends = [
            profile(problem, self.top, self.method, place, wanted)
            for place in range(len(self.levels))
        ]
        return pd.DataFrame(
            {
                "groups": self.groups,
                "sigma2": self.sigma2,
                "se": self.sigma2_se,
                "ci_low": [low for low, _ in ends],
                "ci_high": [high for _, high in ends],
                "i2": self.i2_levels,
            },
            index=pd.Index(self.levels, name="level"),
        )

    def ranef(self, level: str | None = None) -> pd.DataFrame:
        """Give the predicted random effect of each group (best linear unbiased predictions).

        Parameters
        ----------
        level : str, optional
            One of the levels; all of them when left out.

        Returns
        -------
        DataFrame
            Columns level, group (its path from the outermost), effect, se, pi_low, pi_high.
        """
        import pandas as pd

        wanted = self.levels if level is None else (check_choice("level", level, self.levels),)
        f = self.fitted
        codes = f.structure.codes if isinstance(f.structure, Levels) else ()
        df = float(f.model.df.min())
        times = float(laws.critical(self.level, df))
        frames = []
        found = predict_levels(f.problem, codes, f.theta)
        for name, groups, one in zip(self.levels, self.group_names, found, strict=True):
            if name in wanted:
                half = times * one.se
                columns = {"level": name, "group": groups, "effect": one.value, "se": one.se}
                limits = {"pi_low": one.value - half, "pi_high": one.value + half}
                frames.append(pd.DataFrame(columns | limits))
        return pd.concat(frames, ignore_index=True)

    def level_test(self, level: str) -> pd.DataFrame:
        """Test that a level has no variance: the likelihood ratio of the model without it.

        Parameters
        ----------
        level : str
            One of the levels.

        Returns
        -------
        DataFrame
            One row: lrt, df, p_value (chi-squared on 1 df, too large since 0 is the smallest
            variance there is) and p_value_boundary, half of it (Self and Liang 1987, doi
            10.1080/01621459.1987.10478472).
        """
        import pandas as pd

        check_choice("level", level, self.levels)
        f = self.fitted
        kept = [place for place, name in enumerate(self.levels) if name != level]
        problem = f.problem
        smaller = type(problem)(
            problem.layout,
            problem.y,
            problem.x,
            problem.v,
            tuple(b[kept] for b in problem.b),
            problem.back,
            problem.k,
        )
        if kept:
            top = fit_levels(smaller, len(kept), self.method)
            height = -np.inf if top is None else top.value.ll
        else:
            height = smaller.height(np.zeros(0), self.method)
        ratio = max(0.0, 2.0 * (self.log_likelihood - height))
        p = float(laws.chi2_tail(ratio, 1.0))
        row = {"lrt": ratio, "df": 1, "p_value": p, "p_value_boundary": 0.5 * p}
        return pd.DataFrame([row], index=pd.Index([level], name="level"))

    def fit_statistics(self) -> pd.DataFrame:
        """Give log-likelihood, deviance, AIC, BIC and AICc under ML and REML (rows)."""
        return fit_frame(self.fitted, len(self.sigma2))

    def predict(self, new: Any = None, *, level: float | None = None) -> pd.DataFrame:
        """Give the expected effect with its confidence and prediction interval.

        Parameters
        ----------
        new : DataFrame or mapping of lists, optional
            Moderators of new rows. Without it the pooled effect, or with moderators each row.
        level : float, optional
            Confidence level, by default that of the analysis.

        Returns
        -------
        DataFrame
            Columns estimate, se, ci_low, ci_high, pi_low, pi_high, pi_df. The prediction interval
            adds all levels' variances and keeps the law of the confidence interval.
        """
        import pandas as pd

        f = self.fitted
        wanted = self.level if level is None else check_level(level)
        between = np.array(float(sum(self.sigma2)))
        if new is None:
            x = f.matrix if f.design is not None else np.ones((1, 1))
            index = pd.Index(f.studies.labels, name="label") if f.design is not None else None
            return predict_frame(f, x, between, wanted, index)
        if f.design is None:
            raise InputError("new: the analysis has no moderators, call predict() without it")
        flat = isinstance(new, dict) and all(np.isscalar(value) for value in new.values())
        frame = new if isinstance(new, pd.DataFrame) else pd.DataFrame([new] if flat else new)
        return predict_frame(f, f.design.matrix(frame), between, wanted, frame.index)

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row; numbers of a level carry its name."""
        import pandas as pd

        flat = ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value", "df", "pi_low")
        row: dict[str, Any] = {name: getattr(self, name) for name in (*flat, "pi_high")}
        for place, name in enumerate(self.levels):
            for what in ("groups", "sigma2", "sigma2_se"):
                row[f"{what}_{name}"] = getattr(self, what)[place]
            row[f"i2_{name}"] = self.i2_levels[place]
        last = ("i2", "q", "q_df", "q_p_value", "log_likelihood", "k", "method", "ci", "level")
        row |= {name: getattr(self, name) for name in (*last, "converged")}
        row["left_out"] = len(self.left_out)
        return pd.DataFrame([row])

    def summary(self) -> str:
        """Say the pooled effect with its interval, then the variance of each level."""
        from peer_evidence.pooling.dependent_words import describe_levels

        return describe_levels(self)


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
    names = (levels,) if isinstance(levels, str) else tuple(levels)
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
    gls = problem.fit(top.at)
    if gls is None:
        raise InputError("data: the covariance of the effects is not positive definite")
    beta, covariance_of = unlabel(problem, gls)
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
    codes, groups = nest([read_groups(data, name) for name in names])
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
    return Levels(tuple(codes)), groups


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
    none = problem.fit(np.zeros_like(top.at))
    if none is None:
        raise InputError("covariance: found a matrix that is not positive definite")
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
