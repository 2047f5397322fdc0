"""Duval and Tweedie's trim and fill."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from peer_evidence.bias import common
from peer_evidence.checks import check_choice
from peer_evidence.effects.scales import scale_of
from peer_evidence.errors import ConvergenceWarning, InputError, PeerEvidenceWarning
from peer_evidence.formatting import count
from peer_evidence.pooling import single
from peer_evidence.pooling.model import MetaAnalysis, pool_studies
from peer_evidence.pooling.studies import Studies
from peer_evidence.pooling.tau2 import estimate
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.projection import Floats

ESTIMATORS = ("L0", "R0", "Q0")
_STEPS = 100
_NAN = float("nan")


class Trimmed(NamedTuple):
    """Where the algorithm ended: how many to fill, its standard error, the mean without them."""

    k0: int
    se: float
    mean: float
    order: np.typing.NDArray[np.intp]  # studies from the filled side to the other
    converged: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TrimAndFill(Result):
    """A meta-analysis with mirror images of its most extreme studies added.

    ``k0`` mirror images were added on ``side``; it is no count of missing studies. ``k0_p_value``
    exists for R0 only. ``estimate`` and the numbers beside it are those of the filled analysis
    ``filled``, which draws as any other; ``observed`` is the analysis as it was. ``i2`` in per
    cent.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    tau2: float
    i2: float
    q: float
    k0: int
    k0_se: float
    k0_p_value: float
    side: str
    estimator: str
    k: int
    k_filled: int
    minimum_k: int
    pooled: float
    pooled_ci_low: float
    pooled_ci_high: float
    method: str
    level: float
    caution: str
    observed: MetaAnalysis = field(repr=False)
    filled: MetaAnalysis = field(repr=False)

    @property
    def measure(self) -> str:
        """The effect measure of the analysis, empty where it is not known."""
        return self.observed.studies.measure

    def study_table(self) -> pd.DataFrame:
        """Give one row a study, observed and filled: that of the analysis, with ``filled``."""
        table = self.filled.study_table()
        return table.assign(filled=np.arange(len(table)) >= self.k)

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row."""
        import pandas as pd

        names = [one.name for one in fields(self) if one.name not in ("observed", "filled")]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def summary(self) -> str:
        """Say the filled effect beside the observed one, then what to beware of."""
        scale = scale_of(self.measure)
        own = common.with_interval(
            self.estimate, self.ci_low, self.ci_high, self.level, measure=self.measure
        )
        added = count(self.k0, "mirror image")
        lines = [
            f"Trim and fill ({self.estimator}): {own} with {added} added on the {self.side}, "
            f"observed {scale.value(self.pooled)}, {count(self.k, 'study', 'studies')}.",
            *common.few_line(self.k, self.minimum_k, "trim and fill"),
            "The mirror images are no count of missing studies; where studies differ, large ones "
            "may be trimmed for other reasons than bias.",
        ]
        return "\n".join([*lines, self.caution] if self.caution else lines)


def trim_and_fill(
    m: MetaAnalysis, estimator: str = "L0", *, side: str | None = None
) -> TrimAndFill:
    """Trim the most extreme small studies, find the middle of the others, fill in mirror images.

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, without moderators; its estimator of tau2 and its
        interval are used in each step.
    estimator : {"L0", "R0", "Q0"}
        How the number of studies to trim is estimated (Duval and Tweedie 2000, doi
        10.1111/j.0006-341X.2000.00455.x).
    side : {"left", "right"}, optional
        Where studies are thought to be missing; opposite to the slope of Egger's regression (with
        the estimator of ``m``) when left out, as in metafor.

    Returns
    -------
    TrimAndFill
        The filled analysis, with the observed one beside it.

    Raises
    ------
    InputError
        Fewer than 3 studies, moderators, equal standard errors without a ``side``, or Q0 where its
        formula has no value.

    Warns
    -----
    FewStudiesWarning, ConvergenceWarning
        Fewer than 10 studies; an algorithm that goes round in circles.

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
    >>> found = trim_and_fill(meta_analysis(data))
    >>> found.k0, found.side, round(found.pooled, 3), round(found.estimate, 3)
    (5, 'left', 0.266, 0.218)
    """
    check_choice("estimator", estimator, ESTIMATORS)
    m = common.check_analysis(m, "trim and fill", 3)
    if side is None:
        side = _side(m)
    check_choice("side", side, ("left", "right"))
    y, v = m.studies.effects, m.studies.variances
    sign = -1.0 if side == "right" else 1.0
    found = _iterate(sign * y, v, m.method, estimator)
    common.warn_few(m.k, common.MINIMUM, "trim and fill")
    if not found.converged:
        warnings.warn(
            f"trim and fill did not settle in {_STEPS} steps; do not use it",
            ConvergenceWarning,
            stacklevel=2,
        )
    filled = _fill(m, found, sign)
    return TrimAndFill(
        estimate=filled.estimate,
        se=filled.se,
        ci_low=filled.ci_low,
        ci_high=filled.ci_high,
        p_value=filled.p_value,
        tau2=filled.tau2,
        i2=filled.i2,
        q=filled.q,
        k0=found.k0,
        k0_se=found.se,
        k0_p_value=0.5 ** (found.k0 + 1) if estimator == "R0" else _NAN,
        side=side,
        estimator=estimator,
        k=m.k,
        k_filled=filled.k,
        minimum_k=common.MINIMUM,
        pooled=m.estimate,
        pooled_ci_low=m.ci_low,
        pooled_ci_high=m.ci_high,
        method=m.method,
        level=m.level,
        caution=common.caution_of(m.studies.measure),
        observed=m,
        filled=filled,
    )


def _side(m: MetaAnalysis) -> str:
    """Give the side where studies seem to be missing, by the slope of the standard error."""
    se = np.sqrt(m.studies.variances)
    if float(np.ptp(se)) <= 1e-12 * float(se.max()):
        raise InputError(
            "side: all standard errors are equal, so the side cannot be found; give 'left' or "
            "'right'"
        )
    design = np.column_stack([np.ones(m.k), se])
    y, v = m.studies.effects, m.studies.variances
    done = single.fit_one(y, v, design, None, m.method, "wald", m.level)
    return "right" if done.model.beta[1] < 0 else "left"


def _iterate(y: Floats, v: Floats, method: str, estimator: str) -> Trimmed:
    """Trim from the right until the number to trim stays the same."""
    k = len(y)
    order = np.argsort(y, kind="stable")
    y, v = y[order], v[order]
    k0, before, steps, mean, error = 0, -1, 0, 0.0, 0.0
    while k0 != before and steps < _STEPS:
        before, steps = k0, steps + 1
        mean = _mean(y[: k - k0], v[: k - k0], method)
        away = y - mean
        ranks = np.empty(k)
        ranks[np.argsort(np.abs(away), kind="stable")] = np.arange(1.0, k + 1.0)
        k0, error = _missing(np.sign(away) * ranks, k, estimator)
    return Trimmed(k0, error, mean, order, k0 == before)


def _mean(y: Floats, v: Floats, method: str) -> float:
    """Pool the studies that are left with the estimator of the analysis."""
    problem = single.make_problem(y, v, None)
    tau2 = estimate(problem, method).tau2
    return float(problem.fit(np.where(np.isnan(tau2), 0.0, tau2)).beta[0, 0])


def _missing(signed: Floats, k: int, estimator: str) -> tuple[int, float]:
    """Estimate from signed ranks how many studies to trim, with the standard error."""
    if estimator == "R0":
        negative = signed[signed < 0]
        raw = k - (float((-negative).max()) if negative.size else 0.0) - 1.0
        return _round(raw, k), float(np.sqrt(2.0 * max(0.0, raw) + 2.0))
    total = float(signed[signed > 0].sum())
    if estimator == "L0":
        raw = (4.0 * total - k * (k + 1)) / (2.0 * k - 1.0)
        return _round(raw, k), 4.0 * _rank_sum_se(raw, k) / (2.0 * k - 1.0)
    inner = 2.0 * k * k - 4.0 * total + 0.25
    if inner < 0:
        raise InputError(
            "estimator: found 'Q0', but so many of the largest effects lie on one side that its "
            "formula has no value (the root of a negative number); use 'L0' or 'R0'"
        )
    raw = k - 0.5 - float(np.sqrt(inner))
    spread = (k - 0.5) ** 2 - raw * (2.0 * k - raw - 1.0)
    error = 2.0 * _rank_sum_se(raw, k) / float(np.sqrt(spread)) if spread > 0 else _NAN
    return _round(raw, k), error


def _round(raw: float, k: int) -> int:
    """Round the estimate, to no less than 0 and to no more than leaves one study."""
    return min(max(0, round(raw)), k - 1)


def _rank_sum_se(k0: float, k: int) -> float:
    """Give the standard error of the sum of the ranks above the middle when k0 are missing."""
    variance = (
        k * (k + 1) * (2 * k + 1)
        + 10 * k0**3
        + 27 * k0**2
        + 17 * k0
        - 18 * k * k0**2
        - 18 * k * k0
        + 6 * k**2 * k0
    ) / 24
    return float(np.sqrt(variance)) if variance > 0 else _NAN


def _fill(m: MetaAnalysis, found: Trimmed, sign: float) -> MetaAnalysis:
    """Pool the studies with mirror images of the trimmed ones about the trimmed mean."""
    if found.k0 == 0:
        return m
    s = m.studies
    out = found.order[-found.k0 :]
    mirrored = 2.0 * sign * found.mean - s.effects[out]
    studies = Studies(
        effects=np.concatenate([s.effects, mirrored]),
        variances=np.concatenate([s.variances, s.variances[out]]),
        labels=s.labels + tuple(f"filled: {s.labels[i]}" for i in out),
        left_out=s.left_out,
        measure=s.measure,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PeerEvidenceWarning)
        return pool_studies(studies, None, None, m.method, m.ci, m.level)
