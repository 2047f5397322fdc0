"""Combining p values: whether there is evidence of an effect in at least one study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from peer_evidence.checks import check_choice
from peer_evidence.direction import combining
from peer_evidence.direction.combining import Combined
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, number, p_brief
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
METHODS = (
    "fisher",
    "stouffer",
    "edgington",
    "tippett",
    "pearson",
    "logit",
    "wilkinson",
    "binomial",
)
SIDES = ("favours", "against")
_PLAIN: dict[str, Callable[[npt.ArrayLike], Combined]] = {
    "fisher": combining.fisher,
    "pearson": combining.pearson,
    "logit": combining.logit,
    "edgington": combining.edgington,
    "tippett": combining.tippett,
}
_STATISTIC = {
    "fisher": "chi-squared",
    "pearson": "chi-squared",
    "stouffer": "z",
    "logit": "t",
    "edgington": "sum of p",
    "tippett": "smallest p",
    "wilkinson": "p of that rank",
    "binomial": "p values at or below alpha",
}
NAMES = {
    "fisher": "Fisher's method",
    "pearson": "Pearson's method",
    "stouffer": "Stouffer's method",
    "logit": "Mudholkar and George's logit method",
    "edgington": "Edgington's method",
    "tippett": "Tippett's method",
    "wilkinson": "Wilkinson's method",
    "binomial": "the binomial test",
}
_MOST = 1000  # p values whose sum is still taken exactly
_SHOWN = 20


@dataclass(frozen=True, slots=True, repr=False)
class CombinedP(Result):
    """What several one-sided p values in one direction say together.

    The question answered is whether there is evidence of an effect in at least one study: not in
    how many, not how large, and a large p is no evidence that there is none.

    Attributes
    ----------
    method : str
        The method; ``wilkinson`` has its ``r``, ``binomial`` its ``alpha``.
    alternative : str
        ``favours``: the p values as given; ``against``: the other direction.
    k : int
        The p values combined.
    statistic : float
        Chi-squared, z, t, the sum, the smallest or the r-th smallest p, or a count. Infinite
        where a p of 1 makes it so.
    statistic_name : str
        Which of these it is.
    df : float
        Degrees of freedom; NaN where the law has none.
    p_value, log_p_value : float
        The combined one-sided p, and its natural logarithm, which stays exact where p itself is
        too small for a double and is 0.
    weighted : bool
        Whether weights were given.
    r : int or None
        Which smallest p, for ``wilkinson``.
    alpha : float or None
        The bound of the count, for ``binomial``.
    bounds : int
        How many of the p values were known as a bound ("p < 0.05") only.
    unusable : int
        How many results were not combined for want of a usable p.
    repeated : int
        How many of the p values are of studies with more than one among them.
    intervention : str
        What the text calls the intervention.
    """

    method: str
    alternative: str
    k: int
    statistic: float
    statistic_name: str
    df: float
    p_value: float
    log_p_value: float
    weighted: bool
    r: int | None
    alpha: float | None
    bounds: int = 0
    unusable: int = 0
    repeated: int = 0
    intervention: str = "the intervention"

    def to_frame(self) -> pd.DataFrame:
        """Give the numbers as one row."""
        import pandas as pd

        shown = [name for name in self.__dataclass_fields__ if name != "intervention"]
        return pd.DataFrame([{name: getattr(self, name) for name in shown}])

    def headline(self) -> str:
        """Give all of the summary: the p must not be read without what it does not say."""
        return self.summary()

    def summary(self) -> str:
        """Say the combined p, the question it answers, and what was not combined."""
        side = "favouring" if self.alternative == "favours" else "against"
        lines = [
            f"Evidence of an effect {side} {self.intervention} in at least one study: "
            f"{p_brief(self.p_value)}, {count(self.k, 'p value')} by {self.described()}",
            "This says neither how large an effect is nor in how many studies, and a large p is "
            "no evidence that there is none.",
        ]
        if self.repeated:
            lines.append(repeated_note(self.repeated))
        if self.bounds:
            verb = "was" if self.bounds == 1 else "were"
            lines.append(f"{count(self.bounds, 'p value')} {verb} known as a bound, taken as p.")
        if self.unusable:
            what = count(self.unusable, "result")
            verb = "has" if self.unusable == 1 else "have"
            lines.append(
                f"{what} {verb} no usable p and {verb} no part in this; results called not "
                "significant are often among these, which flatters the combined p."
            )
        if np.isinf(self.statistic):
            lines.append("A p of exactly 1 outweighs all others in this method.")
        return "\n".join(lines)

    def described(self) -> str:
        """Name the method with the parameters and statistic actually used."""
        which = NAMES[self.method]
        if self.method == "wilkinson":
            which += f" (r = {self.r})"
        if self.method == "binomial":
            which += f" (alpha = {self.alpha:g})"
        if self.weighted:
            which += ", weighted"
        digits = 0 if self.method == "binomial" else 3
        freedom = "" if np.isnan(self.df) else f" on {self.df:.0f} df"
        return f"{which} ({self.statistic_name} {number(self.statistic, digits)}{freedom})"


def repeated_note(number: int) -> str:
    """Say that p values of one study are combined as if they were independent.

    Examples
    --------
    >>> repeated_note(4).partition(":")[0]
    '4 p values are of studies with more than one among them'
    """
    return (
        f"{count(number, 'p value')} are of studies with more than one among them: they are "
        'combined as if independent, which they are not; one_per="study_id" takes one a study.'
    )


def combine_p_values(
    p: npt.ArrayLike,
    method: str = "fisher",
    *,
    weights: npt.ArrayLike | None = None,
    alternative: str = "favours",
    r: int | None = None,
    alpha: float | None = None,
) -> CombinedP:
    """Combine one-sided p values of independent studies, all in one direction.

    Every p must be of the same direction, named before the results were seen: half the
    two-sided p where the effect lies in it, and 1 less that half where it does not; see
    :func:`one_sided_p`. One p a study, and one that respects clustering. For a table of results
    see :func:`p_values`.

    Parameters
    ----------
    p : array of shape (k,)
        One-sided p values, above 0 and at most 1.
    method : str
        ``fisher`` -2 sum ln p, chi-squared on 2k df (1932). ``stouffer`` sum of normal deviates
        over the root of k, or weighted (1949; Zaykin 2011). ``logit`` t on 5k + 4 df (Mudholkar
        & George 1979). ``edgington`` sum of p, exact (1972). ``pearson`` -2 sum ln(1 - p), lower
        tail (1933). ``tippett`` the smallest p (1931). ``wilkinson`` the ``r``-th smallest p
        (1951). ``binomial`` how many p are at most ``alpha`` (Wilkinson 1951).
    weights : array of shape (k,), optional
        Positive weights for ``stouffer``, such as the root of n or one over the standard error.
    alternative : {"favours", "against"}
        The direction that is tested: that of the p values, or the other, in which each p is
        1 less what is given.
    r : int, optional
        For ``wilkinson``: 1 to k; to be chosen before the results are seen.
    alpha : float, optional
        For ``binomial``: between 0 and 1.

    Returns
    -------
    CombinedP
        ``statistic``, ``df``, ``p_value``, ``log_p_value``, ``k`` and what was used.

    Raises
    ------
    InputError
        If a p is missing, 0, negative or above 1 (every one is named), there is none, or an
        argument does not belong to the method.

    Notes
    -----
    Fisher's and Tippett's methods can give a small p in both directions at once, since extremes
    in opposite directions do not cancel in them; in Stouffer's, the logit and Edgington's they
    do. A p of exactly 1 makes the statistic of ``stouffer``, ``logit`` and ``pearson`` infinite
    and their combined p 1.

    References
    ----------
    Becker 1994, in The Handbook of Research Synthesis, chapter 15; McKenzie & Brennan, Cochrane
    Handbook chapter 12; Zaykin 2011, doi 10.1111/j.1420-9101.2011.02297.x.

    Examples
    --------
    Becker's five p values:

    >>> p = [0.016, 0.067, 0.25, 0.405, 0.871]
    >>> found = combine_p_values(p)
    >>> round(found.statistic, 3), found.df, round(found.p_value, 4)
    (18.533, 10.0, 0.0466)
    >>> print(combine_p_values(p, "stouffer").summary().splitlines()[0])
    Evidence of an effect favouring the intervention in at least one study: p 0.063, 5 p values
    by Stouffer's method (z 1.532)
    """
    check_choice("method", method, METHODS)
    check_choice("alternative", alternative, SIDES)
    values = _p_values(p)
    if alternative == "against":
        values = _p_values(1.0 - values, "1 - p")
    k = len(values)
    _check_options(method, weights, r, alpha, k)
    if method == "stouffer":
        found = combining.stouffer(values, 1.0 if weights is None else _weights(weights, k))
    elif method == "wilkinson":
        found = combining.wilkinson(values, int(r or 1))
    elif method == "binomial":
        found = combining.binomial(values, float(alpha or 0.5))
    else:
        found = _PLAIN[method](values)
    log_p = min(float(found.log_p), 0.0)
    return CombinedP(
        method=method,
        alternative=alternative,
        k=k,
        statistic=float(found.statistic),
        statistic_name=_STATISTIC[method],
        df=float(found.df),
        p_value=exp(log_p),
        log_p_value=log_p,
        weighted=weights is not None,
        r=r,
        alpha=alpha,
    )


def _p_values(given: Any, name: str = "p") -> Floats:
    """Read the p values; name every one that cannot be."""
    if getattr(given, "ndim", 1) == 2 or hasattr(given, "outcomes"):
        raise InputError(
            f"p: found {type(given).__name__}, allowed is one array of one-sided p values; for a "
            "table of results use p_values(table).combine(...)"
        )
    try:
        values = np.atleast_1d(np.asarray(given, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {error}; allowed are numbers above 0 and at most 1") from None
    if values.ndim != 1 or not len(values):
        raise InputError(f"{name}: found shape {values.shape}, allowed is at least one p value")
    bad = np.flatnonzero(~((values > 0) & (values <= 1)))
    if len(bad):
        labels = list(given.index) if hasattr(given, "index") and hasattr(given, "iloc") else None
        named = [
            f"row {labels[at]!r} found {values[at]:g}" if labels else f"[{at}] found {values[at]:g}"
            for at in bad[:_SHOWN]
        ]
        more = f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
        raise InputError(
            f"{name}: {', '.join(named)}{more}; allowed is above 0 and at most 1. A p printed as "
            "0.000 is known to be below 0.0005, a missing one must be left out"
        )
    return values


def _weights(given: npt.ArrayLike, k: int) -> Floats:
    try:
        values = np.atleast_1d(np.asarray(given, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise InputError(f"weights: {error}; allowed are numbers above 0") from None
    if values.shape != (k,):
        raise InputError(f"weights: found shape {values.shape}, allowed is ({k},), one for each p")
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(bad):
        named = ", ".join(f"[{at}] found {values[at]:g}" for at in bad[:_SHOWN])
        raise InputError(f"weights: {named}; allowed are finite numbers above 0")
    return values


def _check_options(method: str, weights: object, r: Any, alpha: Any, k: int) -> None:
    """Refuse arguments that the method does not use, and those it lacks."""
    for name, value, owner in (
        ("weights", weights, "stouffer"),
        ("r", r, "wilkinson"),
        ("alpha", alpha, "binomial"),
    ):
        if value is not None and method != owner:
            raise InputError(f"{name}: {method!r} takes none; only {owner!r} does")
    whole = isinstance(r, (int, np.integer)) and not isinstance(r, bool)
    if method == "wilkinson" and not (whole and 1 <= r <= k):
        raise InputError(f"r: found {r!r}, allowed is a whole number from 1 to {k}, the p values")
    real = isinstance(alpha, (int, float, np.floating)) and not isinstance(alpha, bool)
    if method == "binomial" and not (real and 0 < alpha < 1):
        raise InputError(f"alpha: found {alpha!r}, allowed is a number between 0 and 1")
    if method == "edgington" and k > _MOST:
        raise InputError(
            f"method: 'edgington' sums exactly and takes at most {_MOST} p values, found {k}; "
            "'stouffer' and 'logit' take any number"
        )
