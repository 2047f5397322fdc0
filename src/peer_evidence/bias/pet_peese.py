"""PET, PEESE and the choice between them: the effect of a study without sampling error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from peer_evidence.bias import common
from peer_evidence.checks import check_choice
from peer_evidence.effects.scales import scale_of
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, number
from peer_evidence.pooling import laws
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.projection import Floats

MINIMUM = 20  # Stanley 2017, doi 10.1177/1948550617693062, with I2 of at most 80 per cent
_HIGH_I2 = 80.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PetPeese(Result):
    """Effect and interval of a study without sampling error, by PET, PEESE and the rule of both.

    ``estimate`` and the numbers beside it are those of ``chosen``. ``pet_slope`` is the
    coefficient of the standard error, ``peese_slope`` that of the variance. All intervals are t
    with ``df`` degrees of freedom. ``i2_q`` is that of the analysis, in per cent.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    chosen: str
    pet: float
    pet_se: float
    pet_ci_low: float
    pet_ci_high: float
    pet_statistic: float
    pet_p_value: float
    pet_slope: float
    pet_slope_se: float
    pet_slope_ci_low: float
    pet_slope_ci_high: float
    pet_slope_statistic: float
    pet_slope_p_value: float
    pet_sigma2: float
    peese: float
    peese_se: float
    peese_ci_low: float
    peese_ci_high: float
    peese_statistic: float
    peese_p_value: float
    peese_slope: float
    peese_slope_se: float
    peese_slope_ci_low: float
    peese_slope_ci_high: float
    peese_slope_statistic: float
    peese_slope_p_value: float
    peese_sigma2: float
    df: float
    alternative: str
    k: int
    minimum_k: int
    i2: float
    pooled: float
    level: float
    caution: str
    measure: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Give one row a method: PET, PEESE and the one chosen."""
        import pandas as pd

        names = ("estimate", "se", "ci_low", "ci_high", "p_value")
        rows = []
        for name in ("pet", "peese"):
            fields_ = (name, f"{name}_se", f"{name}_ci_low", f"{name}_ci_high", f"{name}_p_value")
            rows.append(dict(zip(names, (getattr(self, one) for one in fields_), strict=True)))
        rows.append({name: getattr(self, name) for name in names})
        return pd.DataFrame(rows, index=pd.Index(["PET", "PEESE", "PET-PEESE"], name="method"))

    def summary(self) -> str:
        """Say the adjusted effect beside the pooled one, then what to beware of."""
        scale = scale_of(self.measure)
        own = common.with_interval(
            self.estimate, self.ci_low, self.ci_high, self.level, measure=self.measure
        )
        pet = common.with_interval(
            self.pet, self.pet_ci_low, self.pet_ci_high, self.level, measure=self.measure
        )
        peese = common.with_interval(
            self.peese, self.peese_ci_low, self.peese_ci_high, self.level, measure=self.measure
        )
        lines = [
            f"PET-PEESE: {own} by {self.chosen}, pooled {scale.value(self.pooled)}, "
            f"{count(self.k, 'study', 'studies')}.",
            f"PET {pet}, PEESE {peese}.",
            *common.few_line(self.k, self.minimum_k, "PET-PEESE"),
        ]
        if self.i2 > _HIGH_I2:
            lines.append(
                f"I² is {number(self.i2, 0)}%: above {_HIGH_I2:g}% PET-PEESE is not advised."
            )
        return "\n".join([*lines, self.caution] if self.caution else lines)


def pet_peese(m: MetaAnalysis, *, alternative: str | None = None) -> PetPeese:
    """Estimate the effect of a study without sampling error.

    PET regresses effects on standard errors, PEESE on variances, both with weights 1 / v and
    multiplicative dispersion. The rule of Stanley and Doucouliagos (2014, doi 10.1002/jrsm.1095)
    takes PEESE where PET's intercept differs from 0 in the expected direction (one-sided p below
    0.05), else PET.

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, without moderators.
    alternative : {"greater", "less"}, optional
        The expected direction of the effect; the sign of the pooled effect when left out.

    Returns
    -------
    PetPeese
        Both fits and the chosen one.

    Raises
    ------
    InputError
        Fewer than 3 studies, moderators, equal standard errors or equal effects.

    Warns
    -----
    FewStudiesWarning
        Fewer than 20 studies (Stanley 2017, doi 10.1177/1948550617693062).

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> se = [0.05 + 0.02 * i for i in range(20)]
    >>> effects = [0.2 + 0.8 * one + 0.03 * (-1) ** i for i, one in enumerate(se)]
    >>> data = pd.DataFrame({"effect": effects, "variance": [one**2 for one in se]})
    >>> found = pet_peese(meta_analysis(data))
    >>> round(found.pet, 3), round(found.peese, 3), found.chosen
    (0.215, 0.26, 'PEESE')
    """
    m = common.check_analysis(m, "PET-PEESE", 3)
    if alternative is None:
        alternative = "greater" if m.estimate >= 0 else "less"
    check_choice("alternative", alternative, ("greater", "less"))
    v = m.studies.variances
    se = common.varying(np.sqrt(v), "standard error")
    common.different(m.studies)
    pet = _fit("pet", m, se)
    peese = _fit("peese", m, v)
    expected = pet["pet"] > 0 if alternative == "greater" else pet["pet"] < 0
    chosen = "peese" if expected and pet["pet_p_value"] / 2 < 0.05 else "pet"
    both = pet | peese
    common.warn_few(m.k, MINIMUM, "PET-PEESE")
    return PetPeese(
        estimate=both[chosen],
        se=both[f"{chosen}_se"],
        ci_low=both[f"{chosen}_ci_low"],
        ci_high=both[f"{chosen}_ci_high"],
        p_value=both[f"{chosen}_p_value"],
        chosen=chosen.upper(),
        **both,
        df=float(m.k - 2),
        alternative=alternative,
        k=m.k,
        minimum_k=MINIMUM,
        i2=m.i2,
        pooled=m.estimate,
        level=m.level,
        caution=common.caution_of(m.studies.measure),
        measure=m.studies.measure,
    )


def _fit(name: str, m: MetaAnalysis, x: Floats) -> dict[str, float]:
    """Fit one line and name its numbers."""
    line = common.weighted_line(m.studies.effects, x, 1.0 / m.studies.variances)
    df = float(line.df)
    half = float(laws.critical(m.level, df))
    fit = {f"{name}_sigma2": float(line.sigma2)}
    parts = (
        (name, line.intercept, line.intercept_se),
        (f"{name}_slope", line.slope, line.slope_se),
    )
    for key, value, error in parts:
        estimate, se = float(value), float(error)
        if se == 0.0:
            raise InputError("m: the effects lie exactly on a line, so there is no error to use")
        statistic = estimate / se
        fit |= {
            key: estimate,
            f"{key}_se": se,
            f"{key}_ci_low": estimate - half * se,
            f"{key}_ci_high": estimate + half * se,
            f"{key}_statistic": statistic,
            f"{key}_p_value": float(laws.two_sided_p(statistic, df)),
        }
    return fit
