"""Henmi and Copas: an interval around the common-effect mean that allows for heterogeneity."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from peer_evidence.bias import common
from peer_evidence.effects.scales import scale_of
from peer_evidence.formatting import count
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.projection import Floats

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HenmiCopas(Result):
    """The common-effect mean, which small studies move least, with an interval for random effects.

    ``tau2`` is that of DerSimonian and Laird; ``pooled`` is the estimate of the analysis.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    tau2: float
    k: int
    minimum_k: int
    pooled: float
    level: float
    measure: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row."""
        import pandas as pd

        return pd.DataFrame(
            [{one.name: getattr(self, one.name) for one in fields(self) if one.name != "measure"}]
        )

    def summary(self) -> str:
        """Say the mean with its interval beside the pooled effect."""
        scale = scale_of(self.measure)
        own = common.with_interval(
            self.estimate, self.ci_low, self.ci_high, self.level, measure=self.measure
        )
        return "\n".join([
            f"Henmi-Copas: {own}, pooled {scale.value(self.pooled)}, "
            f"{count(self.k, 'study', 'studies')}.",
            *common.few_line(self.k, self.minimum_k, "the interval of Henmi and Copas"),
            "Common-effect weights, so that small studies count least; tau² of DerSimonian and "
            "Laird in the interval.",
        ])  # fmt: skip


class _Moments(NamedTuple):
    """What the law of Q given the standardised mean needs."""

    k: int
    tau2: float
    vr: float
    w1: float
    w2: float
    w3: float
    w4: float


def henmi_copas(m: MetaAnalysis) -> HenmiCopas:
    """Give the common-effect mean with an interval that allows for heterogeneity.

    Large studies, which bias touches least, keep their weight, while the interval takes account
    of tau2 and of its estimation (Henmi and Copas 2010, doi 10.1002/sim.4029).

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, without moderators; its level is used.

    Returns
    -------
    HenmiCopas
        Mean, standard error and interval.

    Raises
    ------
    InputError
        Fewer than 2 studies, or moderators.

    Warns
    -----
    FewStudiesWarning
        Fewer than 10 studies.
    """
    m = common.check_analysis(m, "the interval of Henmi and Copas", 2)
    y, w = m.studies.effects, 1.0 / m.studies.variances
    w1 = float(w.sum())
    w2, w3, w4 = (float((w**power).sum()) / w1 for power in (2, 3, 4))
    mean = float((w * y).sum()) / w1
    q = float((w * (y - mean) ** 2).sum())
    tau2 = max(0.0, (q - (m.k - 1)) / (w1 - w2))
    vr = 1.0 + tau2 * w2
    t = _critical(_Moments(m.k, tau2, vr, w1, w2, w3, w4), m.level)
    se = float(np.sqrt(vr / w1))
    half = float(np.sqrt(vr)) * t * se
    common.warn_few(m.k, common.MINIMUM, "the interval of Henmi and Copas")
    return HenmiCopas(
        estimate=mean,
        se=se,
        ci_low=mean - half,
        ci_high=mean + half,
        tau2=tau2,
        k=m.k,
        minimum_k=common.MINIMUM,
        pooled=m.estimate,
        level=m.level,
        measure=m.studies.measure,
    )


def _critical(parts: _Moments, level: float) -> float:
    """Solve for the quantile of the mean over its estimated error, by bisection then secant."""
    from scipy.optimize import brentq

    tail = (1.0 - level) / 2.0
    high = 2.0
    while _tail(high, parts) > tail and high < 64.0:
        high *= 2.0
    return float(brentq(lambda x: _tail(x, parts) - tail, 1e-8, high, xtol=1e-14, rtol=1e-14))


def _tail(x: float, parts: _Moments) -> float:
    """Give the area beyond x: Q given the mean follows a gamma law with these two moments."""
    r = x + (_NODES + 1.0) / 2.0 * 12.0  # the normal density is 0 to the last digit beyond
    mean, variance = _conditional(np.sqrt(parts.vr) * r, parts)
    limit = max(parts.w1 / parts.w2 - 1.0, 0.0) * ((r / x) ** 2 - 1.0) + (parts.k - 1)
    inside = special.gammainc(mean**2 / variance, np.maximum(limit, 0.0) * mean / variance)
    density = np.exp(-0.5 * r * r) / np.sqrt(2.0 * np.pi)
    return float((_WEIGHTS * inside * density).sum() * 6.0)


def _conditional(r: Floats, p: _Moments) -> tuple[Floats, Floats]:
    """Give expectation and variance of Q given the standardised mean r."""
    t, excess = p.tau2, r * r / p.vr**2 - 1.0 / p.vr
    own = max(p.w3 - p.w2**2, 0.0)  # a variance, which rounding can make negative
    mean = (p.k - 1) + t * (p.w1 - p.w2) + t**2 * excess * own
    variance = (
        2.0 * (p.k - 1)
        + 4.0 * t * (p.w1 - p.w2)
        + 2.0 * t**2 * (p.w1 * p.w2 - 2.0 * p.w3 + p.w2**2)
        + 4.0 * t**2 * excess * own
        + 4.0 * t**3 * excess * (p.w4 - 2.0 * p.w2 * p.w3 + p.w2**3)
        + 2.0 * t**4 * (1.0 / p.vr**2 - 2.0 * r * r / p.vr**3) * own**2
    )
    mean = np.maximum(mean, np.finfo(float).tiny)
    return mean, np.maximum(variance, 1e-12 * mean * mean)
