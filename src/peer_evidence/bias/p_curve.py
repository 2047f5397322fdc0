"""P-curve: whether the significant p values look like those of real effects."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from peer_evidence.bias import common
from peer_evidence.errors import FewStudiesWarning, InputError
from peer_evidence.formatting import count, per_cent
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.projection import Floats

_ALPHA, _HALF = 0.05, 0.025
_THIRD = 1.0 / 3.0
_TINY = 5e-324
_LEAST, _MOST = 0.0501, 0.99  # the powers between which the estimate is sought
_INTERVAL = 1.6448536269514722  # 90 per cent, as the method has it
_NAN = float("nan")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PCurve(Result):
    """Tests of the shape of the significant p values.

    ``right_skew``: more small p than equal shares (there is an effect behind some of them).
    ``flat``: flatter than at a power of one third. ``_z`` are Stouffer's, small means evidence for
    the test's name; ``_half`` uses p below 0.025 only; ``binomial`` counts p below 0.025. ``power``
    is that of the significant studies, with a 90 % interval; NaN where a test has no p values.
    """

    k: int
    k_significant: int
    k_half: int
    minimum_k: int
    right_skew_z: float
    right_skew_p_value: float
    right_skew_half_z: float
    right_skew_half_p_value: float
    right_skew_binomial_p_value: float
    flat_z: float
    flat_p_value: float
    flat_half_z: float
    flat_half_p_value: float
    flat_binomial_p_value: float
    power: float
    power_ci_low: float
    power_ci_high: float
    p_values: Floats = field(repr=False)

    def curve_table(self) -> pd.DataFrame:
        """Give the share of significant p in each hundredth, and that at a power of one third."""
        import pandas as pd

        edges = np.array([0.01, 0.02, 0.03, 0.04, 0.05])
        significant = self.p_values[self.p_values < _ALPHA]
        places = np.searchsorted(edges, significant, side="left")
        observed = np.bincount(np.minimum(places, 4), minlength=5) / len(significant)
        third = np.diff(np.concatenate([[0.0], _beyond(_z_of(edges), _effect_of(_THIRD))]))
        return pd.DataFrame(
            {"observed": observed, "no_effect": 0.2, "power_33": third / _THIRD},
            index=pd.Index(edges, name="p"),
        )

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row."""
        import pandas as pd

        names = [one.name for one in fields(self) if one.name != "p_values"]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def summary(self) -> str:
        """Say both tests, full and half, then the power."""
        own = common.p_words
        lines = [
            f"P-curve of {count(self.k_significant, 'significant p value')} of {self.k}: right "
            f"skew {own(self.right_skew_p_value)} (half {own(self.right_skew_half_p_value)}), "
            f"flatter than at 33% power {own(self.flat_p_value)} "
            f"(half {own(self.flat_half_p_value)}).",
        ]
        if self.k_significant < self.minimum_k:
            lines.append(f"Only {_few(self.k_significant)}.")
        low, high = per_cent(self.power_ci_low), per_cent(self.power_ci_high)
        lines.append(
            f"Power of the significant studies {per_cent(self.power)} (90% CI {low} to {high}); "
            "misleading where the studies differ in their effects."
        )
        return "\n".join(lines)


def p_curve(values: MetaAnalysis | Sequence[float]) -> PCurve:
    """Test the shape of the significant p values (Simonsohn, Nelson and Simmons 2014).

    Parameters
    ----------
    values : MetaAnalysis or sequence of float
        An analysis, whose studies give their two-sided normal p, or two-sided p values: one for
        each study, of the hypothesis of interest.

    Returns
    -------
    PCurve
        Right skew against equal shares, flatness against a power of one third (noncentral normal),
        both for p below 0.05 and for p below 0.025, Stouffer's method; the binomial tests; power.
        doi 10.1037/a0033242 and 10.1037/xge0000104. The half curve at a power of one third divides
        by P(p < 0.025), not by P(p < 0.025 | p < 0.05) as the authors' app 4.052 does.

    Raises
    ------
    InputError
        p values outside 0 to 1, or none below 0.05.

    Warns
    -----
    FewStudiesWarning
        Fewer than 10 significant p values.

    Examples
    --------
    >>> found = p_curve([0.001, 0.002, 0.0005, 0.01, 0.03, 0.004, 0.02, 0.0001, 0.008, 0.04])
    >>> found.k_significant, round(found.right_skew_p_value, 4), round(found.power, 2)
    (10, 0.0002, 0.6)
    """
    p = _read(values)
    kept = p[p < _ALPHA]
    if not kept.size:
        raise InputError(f"values: none of {count(len(p), 'p value')} is below 0.05, no curve")
    half = kept[kept < _HALF]
    third = _effect_of(_THIRD)
    share = float(_beyond(_z_of(np.array([_HALF])), third)[0])  # P(p < 0.025)
    skew, skew_half = _stouffer(20.0 * kept), _stouffer(40.0 * half)
    flat = _stouffer(1.0 - _beyond(_z_of(kept), third) / _THIRD)
    flat_half = _stouffer(1.0 - _beyond(_z_of(half), third) / share)
    power, low, high = _power(kept)
    if len(kept) < common.MINIMUM:
        warnings.warn(_few(len(kept)), FewStudiesWarning, stacklevel=2)
    return PCurve(
        k=len(p),
        k_significant=len(kept),
        k_half=len(half),
        minimum_k=common.MINIMUM,
        right_skew_z=skew,
        right_skew_p_value=float(special.ndtr(skew)),
        right_skew_half_z=skew_half,
        right_skew_half_p_value=float(special.ndtr(skew_half)),
        right_skew_binomial_p_value=_at_least(len(half), len(kept), 0.5),
        flat_z=flat,
        flat_p_value=float(special.ndtr(flat)),
        flat_half_z=flat_half,
        flat_half_p_value=float(special.ndtr(flat_half)),
        flat_binomial_p_value=float(special.bdtr(len(half), len(kept), share / _THIRD)),
        power=power,
        power_ci_low=low,
        power_ci_high=high,
        p_values=p,
    )


def _few(significant: int) -> str:
    return (
        f"{count(significant, 'significant p value')}: a p-curve should not be believed with "
        f"fewer than {common.MINIMUM}"
    )


def _read(values: MetaAnalysis | Sequence[float]) -> Floats:
    """Give two-sided p values."""
    if hasattr(values, "studies"):
        m = common.check_analysis(values, "a p-curve", 1)
        z = m.studies.effects / np.sqrt(m.studies.variances)
        return np.asarray(2.0 * special.ndtr(-np.abs(z)))
    if values is None or hasattr(values, "columns"):
        raise InputError(_no_values(values))
    try:
        p = np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError) as error:
        raise InputError(_no_values(values)) from error
    bad = ~((p >= 0) & (p <= 1))
    if p.ndim != 1 or bad.any():
        found = p.ravel()[bad.ravel()][:5].tolist() if bad.any() else "a table"
        raise InputError(f"values: found {found}, allowed are p values from 0 to 1")
    return p


def _no_values(values: object) -> str:
    plain = values is None or isinstance(values, str)
    found = repr(values) if plain else type(values).__name__
    return f"values: found {found}, allowed is a meta-analysis or a list of p values"


def _z_of(p: Floats) -> Floats:
    return np.asarray(-special.ndtri(np.maximum(p, _TINY) / 2.0))


def _beyond(z: Floats, effect: float) -> Floats:
    """Give the chance of a larger |z| when z is normal about ``effect``."""
    return np.asarray(special.ndtr(effect - z) + special.ndtr(-effect - z))


def _effect_of(power: float) -> float:
    """Give the mean of z at which p is below 0.05 with this chance."""
    from scipy.optimize import brentq

    critical = _z_of(np.array([_ALPHA]))
    return float(brentq(lambda x: float(_beyond(critical, x)[0]) - power, 0.0, 12.0, xtol=1e-14))


def _stouffer(shares: Floats) -> float:
    """Combine chances of so small a p; NaN without any."""
    if not shares.size:
        return _NAN
    bounded = np.clip(shares, _TINY, 1.0 - 1e-16)
    return float(special.ndtri(bounded).sum() / np.sqrt(len(bounded)))


def _at_least(successes: int, trials: int, chance: float) -> float:
    return 1.0 if successes == 0 else float(special.bdtrc(successes - 1, trials, chance))


def _power(p: Floats) -> tuple[float, float, float]:
    """Estimate the power with its 90 per cent interval; a limit where there is no root."""
    from scipy.optimize import brentq

    z = _z_of(p)

    def fit(power: float) -> float:
        return _stouffer(1.0 - _beyond(z, _effect_of(power)) / power)

    ends = fit(_LEAST), fit(_MOST)
    found = []
    for target in (0.0, _INTERVAL, -_INTERVAL):
        if ends[0] <= target:
            found.append(_ALPHA)
        elif ends[1] >= target:
            found.append(_MOST)
        else:
            found.append(
                float(brentq(lambda x, wanted=target: fit(x) - wanted, _LEAST, _MOST, xtol=1e-10))
            )
    return found[0], found[1], found[2]
