"""The result of an analysis repeated on parts of its studies: one row a part."""

from __future__ import annotations

from dataclasses import dataclass, fields
from numbers import Real
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from peer_evidence.effects.scales import scale_of
from peer_evidence.errors import InputError
from peer_evidence.formatting import count
from peer_evidence.pooling import batch, laws
from peer_evidence.pooling.projection import Floats
from peer_evidence.results import Result
from peer_evidence.sensitivity.settled import Settled, since

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.model import MetaAnalysis


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rows(Result):
    """A meta-analysis repeated on parts of its studies; arrays, one element a part.

    ``label`` is the study left out, or the study added last. Where a part is a single study tau2,
    i2 and h2 do not exist: NaN.
    """

    label: tuple[str, ...]
    k: NDArray[np.int64]
    estimate: Floats
    se: Floats
    statistic: Floats
    p_value: Floats
    ci_low: Floats
    ci_high: Floats
    q: Floats
    q_p_value: Floats
    tau2: Floats
    i2: Floats
    h2: Floats
    method: str
    ci: str
    level: float
    whole: float  # the estimate of all studies
    measure: str = ""  # the effect measure, where the data name one

    def __len__(self) -> int:
        return len(self.label)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a part."""
        import pandas as pd

        names = [one.name for one in fields(self)][:-5]
        return pd.DataFrame(
            {name: getattr(self, name) for name in names if name != "label"},
            index=pd.Index(self.label, name="label"),
        )

    def caption(self) -> str:
        """Say on which scale the table is, where it is not that of the words."""
        return scale_of(self.measure).table

    def summary(self) -> str:
        """Say how far the estimate moves."""
        scale = scale_of(self.measure)
        low, high = int(np.argmin(self.estimate)), int(np.argmax(self.estimate))
        return (
            f"Estimates from {scale.prefix}{scale.value(self.estimate[low])} ({self.label[low]}) "
            f"to {scale.value(self.estimate[high])} ({self.label[high]}), "
            f"{count(len(self), 'part')}; all studies give {scale.value(self.whole)}.\n"
            f"p from {min(self.p_value):.3g} to {max(self.p_value):.3g}."
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LeaveOneOut(Rows):
    """A meta-analysis without each of its studies; ``label`` is the study left out."""

    def summary(self) -> str:
        """Say how far the estimate moves when one study is left out."""
        low, high = int(np.argmin(self.estimate)), int(np.argmax(self.estimate))
        scale = scale_of(self.measure)
        crosses = (self.ci_low <= 0) & (self.ci_high >= 0)
        verdict = f"the interval includes {scale.null} in {int(crosses.sum())} of {len(self)}"
        limits = [scale.interval(self.ci_low[i], self.ci_high[i]) for i in (low, high)]
        ends = [f"{scale.prefix}{scale.value(self.estimate[i])}" for i in (low, high)]
        return (
            f"Leaving one of {count(len(self), 'study', 'studies')} out moves the "
            f"{scale.name if scale.turned else 'effect'} {scale.value(self.whole)} to between "
            f"{scale.value(self.estimate[low])} and {scale.value(self.estimate[high])}; "
            f"{verdict}.\n"
            f"Lowest without {self.label[low]}: {ends[0]} ({limits[0]}).\n"
            f"Highest without {self.label[high]}: {ends[1]} ({limits[1]})."
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cumulative(Rows):
    """A meta-analysis that grows by one study a row; ``label`` is the study added."""

    def summary(self) -> str:
        """Say how the effect settled."""
        scale = scale_of(self.measure)
        first = scale.interval(self.ci_low[0], self.ci_high[0])
        last = scale.interval(self.ci_low[-1], self.ci_high[-1])
        return (
            f"From {scale.prefix}{scale.value(self.estimate[0])} ({first}) with {self.label[0]} to "
            f"{scale.prefix}{scale.value(self.estimate[-1])} ({last}) with all "
            f"{count(len(self), 'study', 'studies')}."
        )

    def settled(self, within: float | None = None, null: float = 0.0) -> Settled:
        """Say from which study on the answer no longer changed.

        Two answers: the study from which on every interval lies on the side of ``null`` where
        the last one lies, and the study from which on every estimate is within a distance of the
        last. This describes the order in which the studies came. It is no sequential test, and
        nothing is adjusted for the repeated looks; studies of equal place (of one year) stand in
        the order of the data.

        Parameters
        ----------
        within : float, optional
            The distance, in the unit of the effect (of a ratio, on the log scale); half the width
            of the last interval when left out.
        null : float
            The value of no effect.

        Returns
        -------
        Settled
            ``side``, ``side_k``, ``side_label``; ``within``, ``within_k``, ``within_label``.

        Raises
        ------
        InputError
            If ``within`` is not above 0 or ``null`` is no number.

        Examples
        --------
        >>> import pandas as pd
        >>> import peer_evidence as pe
        >>> data = pd.DataFrame(
        ...     {"effect": [-0.1, 0.3, 0.4, 0.35], "variance": [0.03, 0.03, 0.02, 0.01]}
        ... )
        >>> found = pe.cumulative(pe.meta_analysis(data, method="FE")).settled(within=0.1)
        >>> found.side, found.side_k, found.within_k
        ('above', 3, 3)
        """
        if within is None:
            distance = float(self.ci_high[-1] - self.ci_low[-1]) / 2
        else:
            distance = _number("within", within)
            if distance <= 0:
                raise InputError(f"within: found {within!r}, allowed is a number above 0")
        null = _number("null", null)
        above, below = self.ci_low > null, self.ci_high < null
        side = "above" if above[-1] else "below" if below[-1] else ""
        where = since({"above": above, "below": below}[side]) if side else -1
        close = since(np.abs(self.estimate - self.estimate[-1]) <= distance)
        return Settled(
            k=len(self),
            null=null,
            side=side,
            side_k=where + 1,
            side_label=self.label[where] if side else "",
            within=distance,
            within_k=close + 1,
            within_label=self.label[close],
            estimate=float(self.estimate[-1]),
            measure=self.measure,
        )


def _number(name: str, value: float) -> float:
    """Return a finite number, else raise InputError."""
    if isinstance(value, Real) and not isinstance(value, bool) and np.isfinite(float(value)):
        return float(value)
    raise InputError(f"{name}: found {value!r}, allowed is a number")


Kind = TypeVar("Kind", bound=Rows)


def make_rows(
    kind: type[Kind],
    labels: tuple[str, ...],
    effects: Floats,
    variances: Floats,
    m: MetaAnalysis,
) -> Kind:
    """Fit parts of an analysis laid out (B, k), NaN where a study is absent, one row a part."""
    fits = batch.fit_many(effects, variances, m.method)
    done = batch.finish(fits, m.method, m.ci, m.level)
    return kind(
        label=labels,
        k=fits.k.astype(np.int64),
        estimate=done.estimate,
        se=done.se,
        statistic=done.statistic,
        p_value=done.p_value,
        ci_low=done.ci_low,
        ci_high=done.ci_high,
        q=fits.q,
        q_p_value=laws.chi2_tail(fits.q, fits.k - 1.0),
        tau2=fits.tau2,
        i2=done.i2,
        h2=done.h2,
        method=m.method,
        ci=m.ci,
        level=m.level,
        whole=m.estimate,
        measure=m.studies.measure,
    )
