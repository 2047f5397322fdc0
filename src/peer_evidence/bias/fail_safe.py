"""Fail-safe N: how many unseen null results would change the conclusion."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from peer_evidence.bias import common
from peer_evidence.checks import check_choice, is_number
from peer_evidence.effects.scales import scale_of
from peer_evidence.errors import InputError
from peer_evidence.formatting import count
from peer_evidence.pooling import laws
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.projection import Floats

KINDS = ("rosenthal", "orwin", "rosenberg")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FailSafeN(Result):
    """How many studies with effect 0 would bring the result down.

    ``n`` is rounded up. ``p_value`` is that of the result as observed: one-sided for Rosenthal,
    two-sided for Rosenberg, missing for Orwin. ``estimate`` and ``target`` are missing where the
    kind has none.
    """

    n: int
    p_value: float
    alpha: float
    estimate: float
    target: float
    k: int
    minimum_k: int
    kind: str
    weighted: bool
    measure: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row."""
        import pandas as pd

        return pd.DataFrame(
            [{one.name: getattr(self, one.name) for one in fields(self) if one.name != "measure"}]
        )

    def summary(self) -> str:
        """Say the number and what it does not say."""
        scale = scale_of(self.measure)
        goal = f"p above {self.alpha:g}"
        if self.kind == "orwin":
            what = f"a pooled {scale.name}" if scale.turned else "an effect"
            goal = f"{what} of {scale.value(self.target)} in place of {scale.value(self.estimate)}"
        studies = count(self.k, "study", "studies")
        null = f"{scale.prefix or 'effect '}{scale.null}"
        more = count(self.n, "study", "studies")
        return "\n".join([
            f"Fail-safe N ({self.kind.title()}): {more} with {null} would give {goal}, "
            f"beside {studies} observed.",
            *common.few_line(self.k, self.minimum_k, "a fail-safe N"),
            f"A fail-safe N ignores heterogeneity and supposes unseen effects of exactly "
            f"{scale.null}; it neither shows nor rules out bias.",
        ])  # fmt: skip


def fail_safe_n(
    m: MetaAnalysis,
    kind: str = "rosenthal",
    *,
    alpha: float = 0.05,
    target: float | None = None,
    weighted: bool = False,
) -> FailSafeN:
    """Count the studies with effect 0 that would change the conclusion.

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, without moderators.
    kind : {"rosenthal", "orwin", "rosenberg"}
        ``"rosenthal"``: until Stouffer's z has a one-sided p of ``alpha`` (Rosenthal 1979, doi
        10.1037/0033-2909.86.3.638). ``"orwin"``: until the mean effect is ``target`` (Orwin 1983,
        doi 10.3102/10769986008002157). ``"rosenberg"``: until the common-effect mean has a
        two-sided p of ``alpha``, the new studies having the mean weight of the old (Rosenberg
        2005, doi 10.1111/j.0014-3820.2005.tb01004.x).
    alpha : float
        The p to reach.
    target : float, optional
        For Orwin: the effect to reach, half the mean when left out; of the same sign as the mean
        and nearer to 0.
    weighted : bool
        For Orwin: weigh the mean by inverse variances.

    Returns
    -------
    FailSafeN
        The number, rounded up; 0 where the result is there already.

    Raises
    ------
    InputError
        An unknown kind, alpha outside 0 to 1, or a target that null results cannot reach.

    Warns
    -----
    FewStudiesWarning
        Fewer than 10 studies.

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> effects = [0.2, 0.3, 0.4, 0.25, 0.5, 0.1, 0.3, 0.35, 0.45, 0.2]
    >>> m = meta_analysis(pd.DataFrame({"effect": effects, "variance": [0.02] * 10}))
    >>> fail_safe_n(m).n, fail_safe_n(m, "orwin", target=0.1).n
    (162, 21)
    """
    check_choice("kind", kind, KINDS)
    if not (is_number(alpha) and 0 < alpha < 1):
        raise InputError(f"alpha: found {alpha!r}, allowed is a number between 0 and 1")
    if kind != "orwin" and (target is not None or weighted):
        raise InputError("target, weighted: they belong to kind='orwin' only")
    if target is not None and not is_number(target):
        raise InputError(f"target: found {target!r}, allowed is a number")
    m = common.check_analysis(m, "a fail-safe N", 2)
    y, v = m.studies.effects, m.studies.variances
    if kind == "orwin":
        raw, p, estimate, goal = _orwin(y, v, target, weighted)
    else:
        raw, p, estimate, goal = (_rosenthal if kind == "rosenthal" else _rosenberg)(y, v, alpha)
    common.warn_few(m.k, common.MINIMUM, "a fail-safe N")
    return FailSafeN(
        n=_up(raw),
        p_value=p,
        alpha=float(alpha),
        estimate=estimate,
        target=goal,
        k=m.k,
        minimum_k=common.MINIMUM,
        kind=kind,
        weighted=weighted,
        measure=m.studies.measure,
    )


_NAN = float("nan")
Found = tuple[float, float, float, float]


def _rosenthal(y: Floats, v: Floats, alpha: float) -> Found:
    z = abs(float((y / np.sqrt(v)).sum())) / math.sqrt(len(y))
    critical = float(-special.ndtri(alpha))
    n = len(y) * (z / critical) ** 2 - len(y)
    return n, float(special.ndtr(-z)), _NAN, _NAN


def _rosenberg(y: Floats, v: Floats, alpha: float) -> Found:
    w = 1.0 / v
    total, score = float(w.sum()), float((w * y).sum())
    critical = float(-special.ndtri(alpha / 2))
    n = len(y) * ((score / critical) ** 2 / total - 1.0)
    return n, float(laws.two_sided_p(score / math.sqrt(total))), score / total, _NAN


def _orwin(y: Floats, v: Floats, target: float | None, weighted: bool) -> Found:
    mean = float((y / v).sum() / (1.0 / v).sum()) if weighted else float(y.mean())
    goal = mean / 2 if target is None else float(target)
    if goal * mean < 0 or goal == 0 or not math.isfinite(goal):
        raise InputError(
            f"target: found {target!r} with a mean effect of {mean:.3g}; studies with effect 0 can "
            "only bring it to a value of the same sign that is not 0"
        )
    return len(y) * (mean - goal) / goal, _NAN, mean, goal


def _up(value: float) -> int:
    """Round up, a whole number that is off by rounding error staying what it is."""
    whole = round(value)
    close = abs(value - whole) <= 1e-9 * max(1.0, abs(value))
    return max(0, whole if close else math.ceil(value))
