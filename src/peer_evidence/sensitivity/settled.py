"""When the answer of a growing meta-analysis settled: a description, no sequential test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from peer_evidence.effects.scales import scale_of
from peer_evidence.formatting import count, number
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

CAUTION = (
    "A description of the order in which studies came, no sequential test: where there is no "
    "effect, intervals looked at after every study say otherwise too often."
)


@dataclass(frozen=True, slots=True, repr=False)
class Settled(Result):
    """From which study on an answer no longer changed; made by ``Cumulative.settled``.

    Attributes
    ----------
    k : int
        All studies.
    null : float
        The value of no effect.
    side : str
        ``above`` or ``below`` the null, where the last interval lies; empty when it holds it.
    side_k : int
        Studies from which on every interval lies there; 0 when the last holds the null.
    side_label : str
        The last of these studies.
    within : float
        The stated distance from the last estimate.
    within_k : int
        Studies from which on every estimate lies within that distance.
    within_label : str
        The last of these studies.
    estimate : float
        The last estimate.
    measure : str
        The effect measure where the data name one; the numbers are on the scale of the analysis.
    """

    k: int
    null: float
    side: str
    side_k: int
    side_label: str
    within: float
    within_k: int
    within_label: str
    estimate: float
    measure: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Give the result as one row."""
        import pandas as pd

        names = [name for name in self.__dataclass_fields__ if name != "measure"]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def caption(self) -> str:
        """Say on which scale the table is, where it is not that of the words."""
        return scale_of(self.measure).table

    def summary(self) -> str:
        """Say from which study on the interval and the estimate stayed where they ended."""
        scale = scale_of(self.measure)
        null = scale.value(self.null)
        if self.side:
            since = f"has been {self.side} {null} since {self._since(self.side_k)}"
            first = f"The interval {since} ({self.side_label})"
        else:
            first = f"The interval of all {self.k} holds {null}"
        second = (
            f"the estimate has been within {number(self.within, 3)} "
            f"{f'on the {scale.analysis} scale ' if scale.turned else ''}of the last, "
            f"{scale.prefix}{scale.value(self.estimate)}, since {self._since(self.within_k)} "
            f"({self.within_label})"
        )
        return f"{first}; {second}.\n{CAUTION}"

    def _since(self, k: int) -> str:
        if k == self.k:
            return f"the last of {count(self.k, 'study', 'studies')}"
        return f"study {k} of {self.k}"


def since(holds: NDArray[np.bool_]) -> int:
    """Give the place from which on something holds to the end; the length when it never does.

    Examples
    --------
    >>> since(np.array([True, False, True, True]))
    2
    >>> since(np.array([True, False]))
    2
    """
    broken = np.flatnonzero(~holds)
    return int(broken[-1]) + 1 if broken.size else 0
