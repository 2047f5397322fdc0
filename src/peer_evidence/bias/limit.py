"""Limit meta-analysis: the effect of studies of infinite precision."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np

from peer_evidence.bias import common
from peer_evidence.checks import check_choice
from peer_evidence.effects.scales import scale_of
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, number, per_cent
from peer_evidence.pooling import laws
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.projection import Floats

ADJUSTMENTS = ("beta0", "betalim", "mulim")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LimitMetaAnalysis(Result):
    """The effect that studies of infinite precision would have, small-study effects taken out.

    ``alpha`` and ``beta`` are intercept and slope of the generalised radial plot. ``q_small`` is
    the part of Q that small-study effects explain (1 df), ``q_residual`` the rest (k - 2 df).
    ``g2`` is the share of variance between studies that is left after the small-study effect.
    ``limits`` are the effects of the studies at infinite precision.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    alpha: float
    beta: float
    tau2: float
    q: float
    q_small: float
    q_small_p_value: float
    q_residual: float
    q_residual_p_value: float
    g2: float
    k: int
    minimum_k: int
    adjust: str
    pooled: float
    level: float
    caution: str
    labels: tuple[str, ...] = field(repr=False)
    limits: Floats = field(repr=False)
    measure: str = ""

    def study_table(self) -> pd.DataFrame:
        """Give the effect of each study at infinite precision."""
        import pandas as pd

        return pd.DataFrame({"label": list(self.labels), "limit": self.limits})

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row."""
        import pandas as pd

        names = [
            one.name for one in fields(self) if one.name not in ("labels", "limits", "measure")
        ]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def summary(self) -> str:
        """Say the adjusted effect beside the pooled one."""
        scale = scale_of(self.measure)
        own = common.with_interval(
            self.estimate, self.ci_low, self.ci_high, self.level, measure=self.measure
        )
        lines = [
            f"Limit meta-analysis ({self.adjust}): {own}, pooled {scale.value(self.pooled)}, "
            f"{count(self.k, 'study', 'studies')}.",
            *common.few_line(self.k, self.minimum_k, "limit meta-analysis"),
            f"Small-study effects: Q = {number(self.q_small)} of {number(self.q)} on 1 df, "
            f"{common.p_words(self.q_small_p_value)}; G² = {per_cent(self.g2)} of the variance "
            "is left.",
        ]
        return "\n".join([*lines, self.caution] if self.caution else lines)


def limit_meta_analysis(m: MetaAnalysis, adjust: str = "beta0") -> LimitMetaAnalysis:
    """Estimate the effect at infinite precision (Rücker and others 2011).

    Each effect is shrunken to what it would be without sampling error; small-study effects are a
    term of the model (doi 10.1093/biostatistics/kxq046).

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, without moderators; its tau2 is used.
    adjust : {"beta0", "betalim", "mulim"}
        ``"beta0"``: the expectation at infinite precision, ``beta + tau alpha``. ``"betalim"``:
        the slope of the radial plot of the limit effects. ``"mulim"``: their common-effect mean.

    Returns
    -------
    LimitMetaAnalysis
        The adjusted effect, and Q split into small-study effects and the rest.

    Raises
    ------
    InputError
        Fewer than 3 studies, moderators, equal standard errors, or ``"betalim"`` with tau2 = 0.

    Warns
    -----
    FewStudiesWarning
        Fewer than 10 studies.

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
    >>> found = limit_meta_analysis(meta_analysis(data))
    >>> round(found.pooled, 3), round(found.estimate, 3)
    (0.266, 0.027)
    """
    check_choice("adjust", adjust, ADJUSTMENTS)
    m = common.check_analysis(m, "limit meta-analysis", 3)
    y, v = m.studies.effects, m.studies.variances
    common.varying(np.sqrt(v), "standard error")
    tau2 = m.tau2
    if adjust == "betalim" and tau2 == 0:
        raise InputError(
            "adjust: found 'betalim', but tau2 is 0, so the limit effects are all equal and have "
            "no error; use 'beta0' or 'mulim'"
        )
    total = v + tau2
    line = common.weighted_line(y, np.sqrt(total), 1.0 / total)
    alpha, beta = float(line.slope), float(line.intercept)
    limits = beta + np.sqrt(tau2 / total) * (y - beta)
    estimate, se = _adjusted(adjust, alpha, beta, tau2, total, limits, v)
    half = float(laws.critical(m.level)) * se
    plain = common.weighted_line(y, np.sqrt(v), 1.0 / v)
    residual = float(plain.sigma2) * (m.k - 2)
    common.warn_few(m.k, common.MINIMUM, "limit meta-analysis")
    return LimitMetaAnalysis(
        estimate=estimate,
        se=se,
        ci_low=estimate - half,
        ci_high=estimate + half,
        statistic=estimate / se,
        p_value=float(laws.two_sided_p(estimate / se)),
        alpha=alpha,
        beta=beta,
        tau2=tau2,
        q=m.q,
        q_small=m.q - residual,
        q_small_p_value=float(laws.chi2_tail(m.q - residual, 1.0)),
        q_residual=residual,
        q_residual_p_value=float(laws.chi2_tail(residual, m.k - 2.0)),
        g2=_left(limits, v),
        k=m.k,
        minimum_k=common.MINIMUM,
        adjust=adjust,
        pooled=m.estimate,
        level=m.level,
        caution=common.caution_of(m.studies.measure),
        labels=m.studies.labels,
        limits=limits,
        measure=m.studies.measure,
    )


def _adjusted(
    adjust: str, alpha: float, beta: float, tau2: float, total: Floats, limits: Floats, v: Floats
) -> tuple[float, float]:
    """Give the adjusted effect and its standard error."""
    if adjust == "mulim":
        w = 1.0 / v
        return float((w * limits).sum() / w.sum()), float(np.sqrt(1.0 / w.sum()))
    if adjust == "betalim":
        line = common.weighted_line(limits, np.sqrt(v), 1.0 / v)
        return float(line.intercept), float(line.intercept_se)
    # the variances of slope and intercept of the radial plot, whose errors have variance 1
    x = 1.0 / np.sqrt(total)
    spread = ((x - x.mean()) ** 2).sum()
    tau = float(np.sqrt(tau2))
    variance = (1.0 + tau2 * (x * x).mean() - 2.0 * tau * x.mean()) / spread
    return beta + tau * alpha, float(np.sqrt(variance))


def _left(limits: Floats, v: Floats) -> float:
    """Give 1 less R2 of the radial plot of the limit effects: what precision does not explain."""
    x, z = 1.0 / np.sqrt(v), limits / np.sqrt(v)
    across = float(((x - x.mean()) * (z - z.mean())).sum())
    spread = float(((x - x.mean()) ** 2).sum()) * float(((z - z.mean()) ** 2).sum())
    return max(0.0, 1.0 - across**2 / spread) if spread > 0 else float("nan")
