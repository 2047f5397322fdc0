"""The test of excess significance: more significant studies than their power allows."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from peer_evidence.bias import common
from peer_evidence.checks import check_choice, is_number
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, number
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.projection import Floats

TESTS = ("exact", "chi2", "binomial")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ExcessSignificance(Result):
    """Significant studies as observed and as their power lets expect.

    ``p_value`` is one-sided: the probability of as many or more. ``chi2`` is missing for the other
    tests. ``power`` is that of each study to find the pooled effect.
    """

    observed: int
    expected: float
    ratio: float
    p_value: float
    chi2: float
    k: int
    minimum_k: int
    estimate: float
    tau2: float
    alpha: float
    test: str
    labels: tuple[str, ...] = field(repr=False)
    power: Floats = field(repr=False)
    significant: np.typing.NDArray[np.bool_] = field(repr=False)

    def study_table(self) -> pd.DataFrame:
        """Give power and significance of each study."""
        import pandas as pd

        return pd.DataFrame(
            {"label": list(self.labels), "power": self.power, "significant": self.significant}
        )

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row."""
        import pandas as pd

        arrays = ("labels", "power", "significant")
        names = [one.name for one in fields(self) if one.name not in arrays]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def summary(self) -> str:
        """Say how many studies are significant and how many were to be expected."""
        verb = "is" if self.observed == 1 else "are"
        return "\n".join([
            f"Excess significance: {self.observed} of {count(self.k, 'study', 'studies')} {verb} "
            f"significant at {self.alpha:g}, {number(self.expected, 1)} expected, "
            f"{common.p_words(self.p_value)} ({self.test}, one-sided).",
            *common.few_line(self.k, self.minimum_k, "the test of excess significance"),
            "Power is that to find the pooled effect, which bias itself may have enlarged.",
        ])  # fmt: skip


def excess_significance(
    m: MetaAnalysis, *, alpha: float = 0.05, test: str = "exact", tau2: float | None = None
) -> ExcessSignificance:
    """Compare how many studies are significant with how many should be.

    Each study's power is the probability of a two-sided p below ``alpha`` were its effect drawn
    around the pooled one with variance tau2 (Ioannidis and Trikalinos 2007, doi
    10.1177/1740774507079441).

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, without moderators.
    alpha : float
        Below which p a study counts as significant.
    test : {"exact", "chi2", "binomial"}
        ``"exact"``: the law of a sum of unequal chances; ``"chi2"`` and ``"binomial"`` suppose
        that all have the mean power.
    tau2 : float, optional
        Between-study variance; that of ``m`` when left out.

    Returns
    -------
    ExcessSignificance
        Observed and expected numbers, and a one-sided p.

    Raises
    ------
    InputError
        Fewer than 2 studies, moderators, alpha outside 0 to 1, a negative tau2.

    Warns
    -----
    FewStudiesWarning
        Fewer than 10 studies.

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> effects = [0.6, 0.62, 0.58, 0.6, 0.05, 0.61, 0.59, 0.63, 0.6, 0.1]
    >>> m = meta_analysis(pd.DataFrame({"effect": effects, "variance": [0.09] * 10}))
    >>> found = excess_significance(m)
    >>> found.observed, round(found.expected, 2), round(found.p_value, 4)
    (7, 3.82, 0.0427)
    """
    check_choice("test", test, TESTS)
    if not (is_number(alpha) and 0 < alpha < 1):
        raise InputError(f"alpha: found {alpha!r}, allowed is a number between 0 and 1")
    m = common.check_analysis(m, "the test of excess significance", 2)
    if tau2 is not None and not (is_number(tau2) and tau2 >= 0):
        raise InputError(f"tau2: found {tau2!r}, allowed is a number of at least 0")
    spread = m.tau2 if tau2 is None else float(tau2)
    y, v = m.studies.effects, m.studies.variances
    power = _power(m.estimate, v, spread, alpha)
    significant = np.abs(y / np.sqrt(v)) >= -special.ndtri(alpha / 2)
    observed, expected = int(significant.sum()), float(power.sum())
    chi2, p_value = _test(observed, power, test)
    common.warn_few(m.k, common.MINIMUM, "the test of excess significance")
    return ExcessSignificance(
        observed=observed,
        expected=expected,
        ratio=observed / expected,
        p_value=p_value,
        chi2=chi2,
        k=m.k,
        minimum_k=common.MINIMUM,
        estimate=m.estimate,
        tau2=spread,
        alpha=float(alpha),
        test=test,
        labels=m.studies.labels,
        power=power,
        significant=significant,
    )


def _power(effect: float, v: Floats, tau2: float, alpha: float) -> Floats:
    """Give the chance of a significant result of either sign."""
    critical = -special.ndtri(alpha / 2) * np.sqrt(v)
    total = np.sqrt(v + tau2)
    return np.asarray(
        special.ndtr((effect - critical) / total) + special.ndtr((-effect - critical) / total)
    )


def _test(observed: int, power: Floats, test: str) -> tuple[float, float]:
    """Give chi2 (or NaN) and the chance of as many significant studies or more."""
    k, mean = len(power), float(power.mean())
    if test == "chi2":
        if mean == 1.0:  # to the last digit: any number is no excess
            return 0.0, 1.0
        away = (observed - k * mean) / np.sqrt(k * mean * (1.0 - mean))
        return float(away**2), float(special.ndtr(-away))
    if test == "binomial":
        return float("nan"), 1.0 if observed == 0 else float(special.bdtrc(observed - 1, k, mean))
    return float("nan"), min(1.0, float(successes(power)[observed:].sum()))


def successes(chances: Floats) -> Floats:
    """Give the law of the number of successes of independent trials with unequal chances.

    Examples
    --------
    >>> import numpy as np
    >>> successes(np.array([0.5, 0.5])).tolist()
    [0.25, 0.5, 0.25]
    """
    law = np.ones(1)
    for chance in chances:
        law = np.convolve(law, [1.0 - chance, chance])
    return law
