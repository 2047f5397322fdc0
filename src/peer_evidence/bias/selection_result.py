"""What a selection model finds: the effect, the weights of p values, their words and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from peer_evidence.bias import common
from peer_evidence.bias.selection_kernels import log_weights
from peer_evidence.effects.scales import scale_of
from peer_evidence.formatting import count, number
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.projection import Floats


class Kind(NamedTuple):
    """A weight function: parameters, their value without selection, their least, the least p."""

    parameters: int
    neutral: float
    floor: float
    least_p: float
    formula: str


KINDS = {
    "step": Kind(0, 1.0, 0.0, 0.0, "a constant in each interval of p"),
    "beta": Kind(2, 1.0, 1e-5, 1e-5, "p^(a - 1) (1 - p)^(b - 1)"),
    "halfnorm": Kind(1, 0.0, 0.0, 0.0, "exp(-a p²)"),
    "negexp": Kind(1, 0.0, 0.0, 0.0, "exp(-a p)"),
    "logistic": Kind(1, 0.0, 0.0, 0.0, "2 exp(-a p) / (1 + exp(-a p))"),
    "power": Kind(1, 0.0, 0.0, 1e-5, "(1 - p)^a"),
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SelectionModel(Result):
    """A meta-analysis in which p decides how likely a study is to be seen.

    ``estimate`` is the effect without selection. ``delta`` are the weights of the intervals of p
    relative to the first (step), or the parameters of the weight function; ``delta_p_value`` tests
    each against no selection. A parameter that is given, or that ends on its limit, has no
    standard error. ``lrt`` compares with the model without selection; with given weights it has no
    degree of freedom. ``p_counts`` counts the studies by interval of p, in ``alternative``.
    ``rival_estimate``: the effect at a higher maximum of the likelihood, if another was found.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    tau2: float
    tau2_se: float
    unadjusted: float
    unadjusted_tau2: float
    lrt: float
    lrt_df: int
    lrt_p_value: float
    log_likelihood: float
    log_likelihood_unadjusted: float
    k: int
    minimum_k: int
    kind: str
    alternative: str
    method: str
    level: float
    converged: bool
    rival_estimate: float
    rival_log_likelihood: float
    given: bool
    steps: tuple[float, ...] = field(repr=False)
    p_counts: tuple[int, ...] = field(repr=False)
    delta: Floats = field(repr=False)
    delta_se: Floats = field(repr=False)
    delta_p_value: Floats = field(repr=False)
    delta_ci_low: Floats = field(repr=False)
    delta_ci_high: Floats = field(repr=False)
    measure: str = ""

    def weight_table(self) -> pd.DataFrame:
        """Give one row a weight or parameter, with its interval and its test of no selection."""
        import pandas as pd

        columns: dict[str, Any] = {"weight" if self.kind == "step" else "parameter": self.delta}
        names = ("se", "p_value", "ci_low", "ci_high")
        columns |= {name: getattr(self, f"delta_{name}") for name in names}
        if self.kind != "step":
            index = pd.Index(["a", "b"][: len(self.delta)], name="parameter_name")
            return pd.DataFrame(columns, index=index)
        labels = interval_names(self.steps)
        frame = pd.DataFrame(columns, index=pd.Index(labels, name="p"))
        frame.insert(0, "studies", list(self.p_counts))
        return frame

    def weight(self, p: Any) -> Floats:
        """Give the weight of p values, that of the most likely 1 for steps and at p = 0 else."""
        values = np.atleast_1d(np.asarray(p, dtype=float))
        if self.kind == "step":
            return np.asarray(self.delta[np.searchsorted(self.steps[:-1], values, side="left")])
        least = KINDS[self.kind].least_p
        inside = np.clip(values, least, 1.0 - least)
        return np.asarray(np.exp(log_weights(self.kind, inside, self.delta[None, :])[0][0]))

    def to_frame(self) -> pd.DataFrame:
        """Give the flat fields as one row."""
        import pandas as pd

        names = [one.name for one in fields(self)][:-8]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def summary(self) -> str:
        """Say the effect without selection beside the pooled one, then the weights."""
        scale = scale_of(self.measure)
        own = common.with_interval(
            self.estimate, self.ci_low, self.ci_high, self.level, measure=self.measure
        )
        lines = [
            f"Selection model ({self.kind}, {self.method}): {own}, without selection in the model "
            f"{scale.value(self.unadjusted)}, {count(self.k, 'study', 'studies')}.",
            *common.few_line(self.k, self.minimum_k, "a selection model"),
            f"p {_DIRECTIONS[self.alternative]}; {self._test()}",
        ]
        lines += self._weights()
        if np.isfinite(self.rival_estimate):
            more = number(self.rival_log_likelihood - self.log_likelihood)
            lines.append(
                f"Another maximum is higher (by {more} in log-likelihood), with the effect "
                f"{scale.value(self.rival_estimate)}: the data do not settle this model."
            )
        if not self.converged:
            lines.append("Not converged: the maximum was not reached, do not use it.")
        return "\n".join(lines)

    def _test(self) -> str:
        if self.given:
            return "weights given, not estimated: a sensitivity analysis, no test."
        df = f"{self.lrt_df} df"
        return f"test of selection {number(self.lrt)} on {df}, {common.p_words(self.lrt_p_value)}."

    def _weights(self) -> list[str]:
        if self.kind != "step":
            named = zip("ab", self.delta, strict=False)
            shown = ", ".join(f"{name} = {number(one)}" for name, one in named)
            return [f"Weight {KINDS[self.kind].formula}, with {shown}."]
        lines = []
        rows = zip(interval_names(self.steps), self.p_counts, self.delta, strict=True)
        for place, (name, studies, weight) in enumerate(rows):
            limits = ""
            if np.isfinite(self.delta_se[place]):
                low, high = self.delta_ci_low[place], self.delta_ci_high[place]
                limits = f" ({number(low)} to {number(high)})"
            lines.append(
                f"  {name}: {count(studies, 'study', 'studies')}, weight {number(weight)}{limits}"
            )
        return lines


_DIRECTIONS = {
    "greater": "is one-sided, small for effects above 0",
    "less": "is one-sided, small for effects below 0",
    "two-sided": "is two-sided",
}


def interval_names(steps: Sequence[float]) -> list[str]:
    """Name the intervals of p.

    Examples
    --------
    >>> interval_names([0.025, 0.5, 1.0])
    ['p ≤ 0.025', '0.025 < p ≤ 0.5', '0.5 < p ≤ 1']
    """
    lower = [0.0, *steps[:-1]]
    return [
        f"p ≤ {high:g}" if low == 0.0 else f"{low:g} < p ≤ {high:g}"
        for low, high in zip(lower, steps, strict=True)
    ]
