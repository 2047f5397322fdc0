"""``conventions``: the same data under the defaults of several programs, each difference named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from peer_evidence.checks import check_choice, check_level
from peer_evidence.effects.scales import scale_of
from peer_evidence.formatting import MINUS, count
from peer_evidence.pooling.causes import Cause, cause_of, spread_of
from peer_evidence.pooling.emulation import QUANTITIES, TABLE_QUANTITIES, Answer, answer, read
from peer_evidence.pooling.programs import PROGRAMS, WORDS
from peer_evidence.pooling.projection import Floats
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("OR", "RR", "RD", "SMD", "MD")
_NAMES = {
    "k": "the number of studies",
    "q": "Q",
    "tau2": "tau²",
    "tau2_dl": "tau² by DL",
    "i2": "I²",
    "estimate": "the estimate",
    "se": "the standard error",
    **dict.fromkeys(("ci_low", "ci_high"), "the confidence interval"),
    **dict.fromkeys(("pi_low", "pi_high"), "the prediction interval"),
    "mh_estimate": "the Mantel-Haenszel estimate",
    "mh_se": "the Mantel-Haenszel standard error",
    **dict.fromkeys(("mh_ci_low", "mh_ci_high"), "the Mantel-Haenszel interval"),
}
_NO_EFFECT = ("k", "q", "i2")  # on no scale of effects
_METHODS = ("DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Conventions(Result):
    """The same data under the defaults of several programs.

    Attributes
    ----------
    programs, quantities : tuple of str
        Columns and rows of the comparison.
    values : array (quantities, programs)
        The numbers; NaN where a program gives none, or where its rule could not be verified.
    differs : tuple of bool
        Whether the programs differ in a quantity.
    causes : tuple of str
        Why, in one sentence a quantity; empty where they agree.
    differing : int
        How many of the quantities differ.
    largest : str
        The quantity whose numbers lie furthest apart, relative to the largest of them.
    k : int
        Studies in the data.
    left_out : int
        Rows without the numbers that are needed.
    measure : str
        The effect measure, empty for effects and variances.
    method : str
        The estimator asked of all programs, empty where each uses its own.
    level : float
        Confidence level.
    """

    programs: tuple[str, ...]
    quantities: tuple[str, ...]
    values: Floats = field(repr=False)
    differs: tuple[bool, ...]
    causes: tuple[str, ...]
    differing: int
    largest: str
    k: int
    left_out: int
    measure: str
    method: str
    level: float
    findings: tuple[Cause, ...] = field(repr=False)
    notes: tuple[str, ...] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a quantity: a column a program, then ``differs`` and ``cause``."""
        import pandas as pd

        table = pd.DataFrame(
            self.values,
            index=pd.Index(self.quantities, name="quantity"),
            columns=list(self.programs),
        )
        table["differs"] = list(self.differs)
        table["cause"] = list(self.causes)
        return table

    def definitions(self) -> pd.DataFrame:
        """Give the conventions themselves: one row an aspect, one column a program."""
        return definitions(self.measure)

    def sources(self) -> pd.DataFrame:
        """Give where each program's conventions were found, and what could not be verified."""
        return sources()

    def summary(self) -> str:
        """Say how many numbers differ and which most, then each cause."""
        head = self._answer()
        lines = [f"{one.sentence} Changes {_listed(one.of)}." for one in self.findings]
        missing = f"Rows without the numbers needed, left out: {self.left_out}."
        return "\n".join([head, *lines, *self.notes, *([missing] if self.left_out else [])])

    def _largest(self) -> str:
        """Name the number that differs most; of a ratio the numbers are logarithms."""
        of = "" if self.largest in _NO_EFFECT else scale_of(self.measure).of
        return f"{_NAMES[self.largest]}{of}"

    def _answer(self) -> str:
        of = f"{self.differing} of {len(self.quantities)} numbers"
        studies = count(self.k, "study", "studies")
        if not self.differing:
            every = f"None of the {len(self.quantities)} numbers"
            return f"{every} differ between the programs, {studies}."
        row = self.values[self.quantities.index(self.largest)]
        low, high = int(np.nanargmin(row)), int(np.nanargmax(row))
        return (
            f"{of} differ between the programs, {studies}; most of all {self._largest()}: "
            f"{_four(row[low])} in {self.programs[low]}, {_four(row[high])} in "
            f"{self.programs[high]}."
        )


def _listed(quantities: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(_NAMES[name] for name in quantities))


def _four(value: float) -> str:
    """Write four significant digits: the numbers range from I2 in per cent to small tau2."""
    return f"{value:.4g}".replace("-", MINUS)


def conventions(
    data: pd.DataFrame,
    measure: str | None = None,
    *,
    method: str | None = None,
    effect: str = "effect",
    variance: str = "variance",
    level: float = 0.95,
) -> Conventions:
    """Compare what several programs make of the same data by default, and say why they differ.

    No other program is run: each column is computed here from that program's definitions, which
    :meth:`Conventions.definitions` lists and :meth:`Conventions.sources` traces.

    Parameters
    ----------
    data : DataFrame
        One row a study. Without ``measure``: effects and variances. With it: events_intervention,
        n_intervention, events_comparison, n_comparison (OR, RR, RD), or mean_intervention,
        sd_intervention, n_intervention and the same of the comparison (SMD, MD).
    measure : {"OR", "RR", "RD", "SMD", "MD"}, optional
        The effect measure that each program computes in its own way.
    method : {"DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}, optional
        One estimator of tau2 for all programs; those that do not offer it give no number. By
        default each program uses its own.
    effect, variance : str
        Columns of effects and sampling variances.
    level : float
        Confidence level.

    Returns
    -------
    Conventions
        The numbers by program with the cause of each difference. I2 is in per cent, ratios are on
        the log scale; ``tau2_dl`` is the estimator of DerSimonian and Laird in every program.

    Raises
    ------
    InputError
        Fewer than two studies, a number that cannot be used, an unknown option.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {
    ...         "effect": [0.47, 0.20, 0.40, 0.26, 0.56],
    ...         "variance": [0.0075, 0.0057, 0.0021, 0.0029, 0.0148],
    ...     }
    ... )
    >>> c = conventions(data)
    >>> c.to_frame().loc["i2", ["metafor 3.8", "meta 8"]].astype(float).round(1).tolist()
    [71.9, 68.8]
    >>> c.differing, c.largest
    (8, 'pi_low')
    """
    if measure is not None:
        check_choice("measure", measure, MEASURES)
    if method is not None:
        check_choice("method", method, _METHODS)
    check_level(level)
    inputs = read(data, measure, effect, variance)
    answers = [answer(one, inputs, method or one.estimator, level) for one in PROGRAMS]
    quantities = QUANTITIES + (TABLE_QUANTITIES if inputs.tables is not None else ())
    values = np.array([[each.numbers[name] for each in answers] for name in quantities])
    spreads = [spread_of(row) for row in values]
    findings = _findings(answers, quantities, spreads)
    return Conventions(
        programs=tuple(one.name for one in PROGRAMS),
        quantities=quantities,
        values=values,
        differs=tuple(spread > 0 for spread in spreads),
        causes=tuple(
            " ".join(one.sentence for one in findings if name in one.of) for name in quantities
        ),
        differing=sum(spread > 0 for spread in spreads),
        largest=quantities[int(np.argmax(spreads))] if max(spreads) > 0 else "",
        k=inputs.k,
        left_out=inputs.left_out,
        measure=measure or "",
        method=method or "",
        level=float(level),
        findings=findings,
        notes=_notes(answers),
    )


def _findings(
    answers: list[Answer], quantities: tuple[str, ...], spreads: list[float]
) -> tuple[Cause, ...]:
    """Give the causes that are at work in these data."""
    differing = [name for name, spread in zip(quantities, spreads, strict=True) if spread > 0]
    found = (cause_of(aspect, answers, differing) for aspect in WORDS)
    return tuple(one for one in found if one is not None)


def _notes(answers: list[Answer]) -> tuple[str, ...]:
    """Say which programs give no number at all, and why."""
    reasons: dict[str, list[str]] = {}
    for each in answers:
        if each.reason:
            reasons.setdefault(each.reason, []).append(each.program.name)
    return tuple(
        f"No pooled effect in {', '.join(names)}: {why}." for why, names in reasons.items()
    )


def definitions(measure: str = "") -> pd.DataFrame:
    """Give the conventions of all programs: one row an aspect, one column a program."""
    import pandas as pd

    own = {"zero", "double", "mh"}
    table: dict[str, dict[str, str]] = {}
    for one in PROGRAMS:
        column: dict[str, str] = {}
        for aspect in WORDS:
            held = getattr(one, aspect)
            if aspect not in own:
                column[aspect] = _said(held)
                continue
            codes: Mapping[str, str | None] = held
            for name in (measure,) if measure in codes else tuple(codes):
                column[f"{aspect}, {name}"] = _said(codes.get(name))
        table[one.name] = column
    return pd.DataFrame(table).rename_axis("aspect")


def _said(code: str | None) -> str:
    return "not verified" if code is None else code


def sources() -> pd.DataFrame:
    """Give where each program's conventions were found, and what could not be verified."""
    import pandas as pd

    rows = [(one.name, one.source, one.not_verified) for one in PROGRAMS]
    return pd.DataFrame(rows, columns=["program", "source", "not_verified"]).set_index("program")
