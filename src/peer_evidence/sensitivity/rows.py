"""The result of an analysis repeated on parts of its studies: one row a part."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from peer_evidence.formatting import count, interval, number
from peer_evidence.pooling import batch, laws
from peer_evidence.pooling.projection import Floats
from peer_evidence.results import Result

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

    def __len__(self) -> int:
        return len(self.label)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a part."""
        import pandas as pd

        names = [one.name for one in fields(self)][:-4]
        return pd.DataFrame(
            {name: getattr(self, name) for name in names if name != "label"},
            index=pd.Index(self.label, name="label"),
        )

    def summary(self) -> str:
        """Say how far the estimate moves."""
        low, high = int(np.argmin(self.estimate)), int(np.argmax(self.estimate))
        return (
            f"Estimates from {number(self.estimate[low])} ({self.label[low]}) to "
            f"{number(self.estimate[high])} ({self.label[high]}), "
            f"{count(len(self), 'part')}; all studies give {number(self.whole)}.\n"
            f"p from {min(self.p_value):.3g} to {max(self.p_value):.3g}."
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LeaveOneOut(Rows):
    """A meta-analysis without each of its studies; ``label`` is the study left out."""

    def summary(self) -> str:
        """Say how far the estimate moves when one study is left out."""
        low, high = int(np.argmin(self.estimate)), int(np.argmax(self.estimate))
        crosses = (self.ci_low <= 0) & (self.ci_high >= 0)
        verdict = f"the interval includes 0 in {int(crosses.sum())} of {len(self)}"
        limits = [interval(self.ci_low[i], self.ci_high[i]) for i in (low, high)]
        return (
            f"Leaving one of {count(len(self), 'study', 'studies')} out moves the effect "
            f"{number(self.whole)} to between {number(self.estimate[low])} and "
            f"{number(self.estimate[high])}; {verdict}.\n"
            f"Lowest without {self.label[low]}: {number(self.estimate[low])} ({limits[0]}).\n"
            f"Highest without {self.label[high]}: {number(self.estimate[high])} ({limits[1]})."
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cumulative(Rows):
    """A meta-analysis that grows by one study a row; ``label`` is the study added."""

    def summary(self) -> str:
        """Say how the effect settled."""
        first = interval(self.ci_low[0], self.ci_high[0])
        last = interval(self.ci_low[-1], self.ci_high[-1])
        return (
            f"From {number(self.estimate[0])} ({first}) with {self.label[0]} to "
            f"{number(self.estimate[-1])} ({last}) with all "
            f"{count(len(self), 'study', 'studies')}."
        )


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
    )
