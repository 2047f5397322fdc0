"""``robust``: standard errors that hold when effects of a cluster depend on each other."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_choice, check_level
from peer_evidence.errors import DataWarning, FewStudiesWarning, InputError
from peer_evidence.pooling.dependent import Model, coefficient_frame, make_model
from peer_evidence.pooling.layout import Layout, codes_of, lay_out
from peer_evidence.pooling.model import MetaAnalysis
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.sandwich import Sandwich, htz, lay_out_problem, sandwich, satterthwaite
from peer_evidence.pooling.studies import beside
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

ESTIMATORS = ("CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3")
TESTS = ("satterthwaite", "t", "t-residual", "z")
FEW_DF = 4.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Robust(Result):
    """Cluster-robust inference on the coefficients of a model; they themselves are unchanged.

    The flat fields are those of the first coefficient; ``coefficients`` has all of them.

    Attributes
    ----------
    clusters, k : int
        Clusters and effects.
    estimator, test : str
        The covariance and the law of the tests.
    few_df : bool
        Whether any coefficient has fewer than 4 degrees of freedom.
    measure : str
        The effect measure when the data name a single one, else empty.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    df: float
    clusters: int
    k: int
    estimator: str
    test: str
    level: float
    few_df: bool
    names: tuple[str, ...]
    model: Model = field(repr=False)
    sandwich: Sandwich = field(repr=False)
    measure: str = ""

    @property
    def coefficients(self) -> pd.DataFrame:
        """One row a coefficient: estimate, se, statistic, p_value, df, ci_low, ci_high."""
        return coefficient_frame(self.model, self.names)

    @property
    def covariance(self) -> Floats:
        """The robust covariance of the coefficients, (p, p)."""
        return self.model.covariance

    def wald(self, coefficients: Sequence[str] | None = None) -> pd.DataFrame:
        """Test that several coefficients are all 0.

        Parameters
        ----------
        coefficients : list of str, optional
            Names; all but the intercept when left out.

        Returns
        -------
        DataFrame
            One row: statistic (F), df1, df2, p_value of the approximate Hotelling test (HTZ) of
            Tipton and Pustejovsky (2015, doi 10.3102/1076998615606099).
        """
        import pandas as pd

        names = list(self.names)
        wanted = [one for one in names if one != "intercept"] or names
        if coefficients is not None:
            wanted = [check_choice("coefficients", one, names) for one in coefficients]
        for one in wanted:
            if self.sandwich.alone[names.index(one)]:
                raise InputError(
                    f"coefficients: {one!r} is estimated from a single cluster and has no robust "
                    "test; name others"
                )
        found = htz(self.sandwich, np.eye(len(names))[[names.index(one) for one in wanted]])
        return pd.DataFrame([found._asdict()], index=pd.Index(["HTZ"], name="test"))

    def to_frame(self) -> pd.DataFrame:
        """Give one row a coefficient."""
        return self.coefficients

    def caption(self) -> str:
        """Say on which scale the table is, where it is not that of the words."""
        from peer_evidence.effects.scales import scale_of

        return scale_of(self.measure).table

    def summary(self) -> str:
        """Say the first coefficient with its interval, then the others."""
        from peer_evidence.pooling.dependent_words import describe_robust

        return describe_robust(self)


def robust(
    result: Any,
    *,
    cluster: Sequence[Any] | str,
    estimator: str = "CR2",
    test: str = "satterthwaite",
    level: float | None = None,
) -> Robust:
    """Give cluster-robust standard errors, tests and intervals of a fitted model.

    Parameters
    ----------
    result : MetaAnalysis, Multilevel or Multivariate
        The model. Its weights and its covariance of the effects are the working model.
    cluster : sequence, Series or str
        Cluster of each effect in the analysis: a Series by its index (rows that were left out may
        be in it), anything else in their order. By name: the column of a MetaAnalysis that
        names its studies (``label``, or ``study_id`` where the table has it), a level of a
        Multilevel, the column of the studies of a Multivariate. Effects that are dependent in
        the model must be in one cluster.
    estimator : {"CR2", "CR0", "CR1", "CR1p", "CR1S", "CR3"}
        CR0 is the plain sandwich; CR1, CR1p and CR1S multiply it by m / (m - 1), m / (m - p) and
        m (k - 1) / ((m - 1)(k - p)); CR2 is unbiased under the working model; CR3 is close to the
        jackknife of clusters. CR2 is the one to use with fewer than about 40 clusters.
    test : {"satterthwaite", "t", "t-residual", "z"}
        Law of the tests: t with Satterthwaite's degrees of freedom, t with m - 1, t with m - p,
        or normal.
    level : float, optional
        Confidence level, by default that of the result.

    Returns
    -------
    Robust
        The table of coefficients and ``wald`` for several of them.

    Raises
    ------
    InputError
        Clusters that do not fit the effects, a Series whose index is not that of the table, a
        single cluster, a cluster finer than the model's.

    Warns
    -----
    FewStudiesWarning
        A coefficient with fewer than 4 degrees of freedom: its p and interval cannot be trusted
        (Tipton 2015, doi 10.1037/met0000011).
    DataWarning
        A coefficient that rests on a single cluster: it has no robust standard error (NaN).

    References
    ----------
    Hedges, Tipton and Johnson 2010, doi 10.1002/jrsm.5; Pustejovsky and Tipton 2018, doi
    10.1080/07350015.2016.1247004; equal to clubSandwich.

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> data = pd.DataFrame(
    ...     {
    ...         "study": list("aabbccddeefg"),
    ...         "effect": [0.1, 0.3, 0.5, 0.4, 0.8, 0.9, 0.2, 0.1, 0.6, 0.3, 0.5, 0.7],
    ...         "variance": [0.02, 0.03, 0.02, 0.04, 0.03, 0.02] * 2,
    ...     }
    ... )
    >>> r = robust(meta_analysis(data), cluster=data["study"])
    >>> round(r.se, 4), round(r.df, 2)
    (0.1076, 5.56)
    """
    check_choice("estimator", estimator, ESTIMATORS)
    check_choice("test", test, TESTS)
    fitted = _working(result)
    names = _clusters(result, cluster, fitted)
    layout = lay_out(codes_of(names)[0])
    if layout.count < 2:
        raise InputError(
            f"cluster: found the single cluster {names[0]!r}, allowed are two or more; "
            "one cluster says nothing about how much clusters differ"
        )
    if estimator == "CR1p" or test == "t-residual":
        _spare(layout.count, fitted.matrix.shape[1])
    wanted = result.level if level is None else check_level(level)
    w, phi = fitted.blocks(layout)
    problem = lay_out_problem(fitted.effects, fitted.matrix, w, phi, layout)
    if estimator == "CR3" and sandwich(problem, "CR0").alone.any():
        raise InputError(
            "estimator: found 'CR3', which leaves each cluster out in turn, but a coefficient "
            "rests on a single cluster; use estimator='CR2'"
        )
    made = from_sandwich(
        sandwich(problem, estimator),
        fitted.names,
        layout.count,
        fitted.k,
        estimator,
        test,
        wanted,
        fitted.measure,
    )
    warn_few(made)
    return made


def from_sandwich(
    s: Sandwich,
    names: tuple[str, ...],
    clusters: int,
    k: int,
    estimator: str,
    test: str,
    level: float,
    measure: str = "",
) -> Robust:
    """Make the result of a robust covariance."""
    p = len(s.beta)
    fixed = {"t": clusters - 1.0, "t-residual": float(clusters - p), "z": np.inf}
    if test == "satterthwaite":
        units = zip(np.eye(p), s.alone, strict=True)
        df = np.array([np.nan if alone else satterthwaite(s, one) for one, alone in units])
    else:
        df = np.full(p, fixed[test])
    df[s.alone] = np.nan
    covariance = s.covariance.copy()
    covariance[s.alone, :] = covariance[:, s.alone] = np.nan
    model = make_model(s.beta, covariance, df, level)
    fields = ("se", "ci_low", "ci_high", "statistic", "p_value", "df")
    return Robust(
        estimate=float(model.beta[0]),
        **{name: float(getattr(model, name)[0]) for name in fields},
        clusters=clusters,
        k=k,
        estimator=estimator,
        test=test,
        level=float(level),
        few_df=bool((df < FEW_DF).any()),
        names=names,
        model=model,
        sandwich=s,
        measure=measure,
    )


def warn_few(made: Robust, stacklevel: int = 3) -> None:
    """Warn of coefficients with fewer than 4 degrees of freedom, or that rest on one cluster."""
    alone = [name for name, one in zip(made.names, made.sandwich.alone, strict=True) if one]
    if alone:
        text = (
            f"{', '.join(alone)}: estimated from a single cluster, so that clusters do not show "
            "how uncertain it is; no robust standard error is given"
        )
        warnings.warn(text, DataWarning, stacklevel=stacklevel)
    few = [name for name, df in zip(made.names, made.model.df, strict=True) if df < FEW_DF]
    if few:
        text = (
            f"fewer than 4 degrees of freedom for {', '.join(few)}: robust p values and intervals "
            "cannot be trusted"
        )
        warnings.warn(text, FewStudiesWarning, stacklevel=stacklevel)


def _spare(clusters: int, p: int) -> None:
    if clusters <= p:
        raise InputError(
            f"cluster: found {clusters} clusters for {p} coefficients, this estimator or test "
            "needs more clusters than coefficients; use estimator='CR2' with Satterthwaite's test"
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Working:
    """A model as the sandwich sees it."""

    effects: Floats
    matrix: Floats
    names: tuple[str, ...]
    source: Any
    index: Any
    measure: str

    @property
    def k(self) -> int:
        return len(self.effects)

    def blocks(self, layout: Layout) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
        """Give weights and working covariance by cluster."""
        if isinstance(self.source, MetaAnalysis):
            return _independent(self.source, layout)
        fitted = self.source.fitted
        _check_nested(fitted, layout)
        phi = fitted.marginal(layout)
        return tuple(np.linalg.inv(one) for one in phi), phi


def _independent(m: MetaAnalysis, layout: Layout) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    tau2 = 0.0 if np.isnan(m.tau2) else m.tau2
    total = m.studies.variances + tau2
    own = 1.0 / total if m.studies.weights is None else m.studies.weights
    return tuple(diagonal(own, layout)), tuple(diagonal(total, layout))


def diagonal(values: Floats, layout: Layout) -> list[Floats]:
    """Lay values (k,) out as diagonal blocks (c, n, n)."""
    return [
        np.eye(batch.rows.shape[1]) * batch.take(values)[:, None, :] for batch in layout.batches
    ]


def _working(result: Any) -> _Working:
    if isinstance(result, MetaAnalysis):
        r = result.regression
        own = result.studies
        return _Working(own.effects, r.matrix, r.names, result, own.index, own.measure)
    fitted = getattr(result, "fitted", None)
    if fitted is None:
        raise InputError(
            f"result: found {type(result).__name__}, allowed is what meta_analysis, multilevel or "
            "multivariate gives"
        )
    own = fitted.studies
    return _Working(own.effects, fitted.matrix, fitted.names, result, own.index, own.measure)


def _clusters(result: Any, cluster: Sequence[Any] | str, fitted: _Working) -> list[str]:
    """Give the cluster of each effect as text."""
    k = fitted.k
    if isinstance(cluster, str):
        own = getattr(result, "cluster_columns", None)
        known = {} if own is None else own()
        if cluster not in known:
            options = ", ".join(repr(one) for one in known)
            hint = f"; by name allowed are {options}" if known else ""
            raise InputError(
                f"cluster: found {cluster!r}, allowed is the cluster of each of the {k} effects, "
                f"such as data[{cluster!r}]{hint}"
            )
        cluster = known[cluster]
    if not isinstance(cluster, Iterable):
        raise InputError(
            f"cluster: found {cluster!r}, allowed is the cluster of each of the {k} effects, such "
            "as data['study']"
        )
    values = list(beside("cluster", cluster, fitted.index))
    if len(values) != k:
        out = (
            f"; {len(result.left_out)} rows without an effect are not in it: give the column as a "
            "Series, data['study'], or data.loc[data['effect'].notna(), 'study']"
        )
        raise InputError(
            f"cluster: found {len(values)} values, allowed is one for each of the {k} effects in "
            "the analysis" + (out if result.left_out else "")
        )
    missing = [place for place, value in enumerate(values) if value is None or value != value]
    if missing:
        raise InputError(
            f"cluster: found a missing value at place {missing[0]}, allowed is a cluster for "
            "every effect"
        )
    return [str(value) for value in values]


def _check_nested(fitted: Any, layout: Layout) -> None:
    """Refuse clusters that divide effects which the model holds to be dependent."""
    outer = fitted.problem.layout.codes
    first = np.full(int(outer.max()) + 1, -1)
    first[outer[::-1]] = layout.codes[::-1]
    split = np.flatnonzero(layout.codes != first[outer])
    if split.size:
        raise InputError(
            f"cluster: effect {fitted.studies.labels[int(split[0])]!r} is dependent in the model "
            "on effects of another cluster; use the outermost groups of the model, or coarser ones"
        )
