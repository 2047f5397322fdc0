"""The scale that an effect is pooled on, and the one that it is read on: one wording everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from peer_evidence.formatting import number


def _same(value: float) -> float:
    return value


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


def _expit(value: float) -> float:
    return 1 / (1 + _exp(-value))


def _sine_squared(value: float) -> float:
    return math.sin(min(max(value, 0.0), math.pi / 2)) ** 2


@dataclass(frozen=True, slots=True)
class Scale:
    """How the numbers of one effect measure are said.

    Attributes
    ----------
    measure : str
        The measure as the data name it; empty where they do not.
    name : str
        What the numbers are on the scale that is read: "RR", "proportion"; "effect" or the measure
        in words where nothing is turned back.
    analysis : str
        What they are on the scale of the analysis: "log RR", "logit"; empty where it is the same.
    natural : callable
        From the analysis to what is read.
    digits : int
        Decimals on the scale that is read.
    """

    measure: str = ""
    name: str = "effect"
    analysis: str = ""
    natural: Callable[[float], float] = _same
    digits: int = 2

    @property
    def turned(self) -> bool:
        """Whether numbers are read on another scale than they were pooled on."""
        return bool(self.analysis)

    @property
    def pooled(self) -> str:
        """The name of a pooled number: ``RR``, ``effect (SMD)``, ``effect``."""
        if self.turned:
            return self.name
        what = f"{self.measure}, {self.name}" if self.name != "effect" else self.measure
        return f"effect ({what})" if what else "effect"

    @property
    def prefix(self) -> str:
        """What stands before a number in a line of several: ``RR `` or nothing."""
        return f"{self.name} " if self.turned else ""

    @property
    def of(self) -> str:
        """What tau² is the variance of, where that is not what is read: `` of log RR``."""
        return f" of {self.analysis}" if self.turned else ""

    @property
    def null(self) -> str:
        """No effect, as it is read: 1 for ratios, 0 for differences."""
        return f"{self.natural(0.0):g}"

    @property
    def positive(self) -> str:
        """What an effect above no effect is called: ``above 1`` or ``positive``."""
        return "above 1" if self.null == "1" else "positive"

    @property
    def table(self) -> str:
        """Say on which scale a table is, where it is not the one of the words; else empty."""
        if not self.turned:
            return ""
        return f"The numbers of the table are on the scale of the analysis, {self.analysis}."

    def value(self, number_: float, digits: int | None = None) -> str:
        """Write a number of the analysis as it is read; small ones keep two digits.

        Examples
        --------
        >>> scale_of("RR").value(-0.7145), scale_of("RR").value(-6.2), scale_of("SMD").value(-0.3)
        ('0.49', '0.0020', '−0.30')
        """
        natural = self.natural(float(number_)) if number_ == number_ else math.nan
        places = self.digits if digits is None else digits
        if self.turned and 0 < abs(natural) < 10.0**-places:
            places = min(1 - math.floor(math.log10(abs(natural))), 12)
        return number(natural, places)

    def interval(self, low: float, high: float, digits: int | None = None) -> str:
        """Write an interval of the analysis as it is read; empty where it is missing.

        Examples
        --------
        >>> scale_of("OR").interval(-0.693147, 0.693147)
        '0.50 to 2.00'
        """
        if low != low or high != high:
            return ""
        return f"{self.value(low, digits)} to {self.value(high, digits)}"

    def beside(self, estimate: float, low: float, high: float) -> str:
        """Write the same numbers on the scale of the analysis, to stand behind those that are read.

        Examples
        --------
        >>> scale_of("RR").beside(-0.7145, -1.07, -0.36), scale_of("SMD").beside(0.2, 0.1, 0.3)
        ('; log RR −0.71 (−1.07 to −0.36)', '')
        """
        if not self.turned:
            return ""
        limits = "" if low != low else f" ({number(low)} to {number(high)})"
        return f"; {self.analysis} {number(estimate)}{limits}"


_LOGS = {
    "OR": "OR", "RR": "RR", "HR": "HR", "IRR": "IRR", "PETO": "Peto OR", "ROM": "ratio of means",
    "VR": "ratio of SDs", "CVR": "ratio of CVs",
}  # fmt: skip
_SCALES = {
    **{code: Scale(code, name, f"log {name}", _exp) for code, name in _LOGS.items()},
    "PLN": Scale("PLN", "proportion", "log proportion", _exp, 3),
    "PLO": Scale("PLO", "proportion", "logit", _expit, 3),
    "PAS": Scale("PAS", "proportion", "arcsine", _sine_squared, 3),
    "ZCOR": Scale("ZCOR", "correlation", "Fisher's z", math.tanh),
    # no single proportion belongs to a pooled double arcsine, no single difference to these
    "PFT": Scale("PFT", "double arcsine of a proportion"),
    "AS": Scale("AS", "arcsine difference of risks"),
    "PBIT": Scale("PBIT", "probit difference of risks"),
    "IRSD": Scale("IRSD", "difference of square-root rates"),
}


def scale_of(measure: object) -> Scale:
    """Give how the numbers of a measure are said.

    Parameters
    ----------
    measure : str
        metafor's code, in any case; another text, or none, is an effect that is read as it is.

    Returns
    -------
    Scale
        Ratios, proportions and correlations are turned back from the scale they are pooled on.

    Examples
    --------
    >>> scale_of("RR").pooled, scale_of("SMD").pooled, scale_of("").pooled
    ('RR', 'effect (SMD)', 'effect')
    >>> scale_of("PLO").value(-1.0986), scale_of("ZCOR").value(0.5493)
    ('0.250', '0.50')
    """
    text = str(measure)
    return _SCALES.get(text.upper(), Scale(text))
