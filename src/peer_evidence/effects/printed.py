"""Effects from the estimates that studies print, where the numbers behind them are missing."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from peer_evidence.checks import check_columns
from peer_evidence.effects.arrays import FloatArray
from peer_evidence.effects.columns import BadNumber, as_floats, one_column
from peer_evidence.effects.conversion import effect_from_estimate
from peer_evidence.effects.measures import PRINTED, Mask, Measure

COLUMNS = ("effect_measure", "estimate", "ci_low", "ci_high")
# how far the estimate may lie from the middle of its interval, in half-widths, beyond rounding
ASYMMETRY = 0.1


@dataclass(frozen=True, slots=True)
class Printed:
    """What the printed estimates give: effects, variances, notes and values to refuse."""

    effect: FloatArray
    variance: FloatArray
    notes: list[str]
    bad: list[BadNumber]


def read_printed(
    frame: pd.DataFrame,
    measure: Measure,
    names: Mapping[str, Hashable],
    wanted: Mask,
    level: float,
) -> Printed:
    """Take effect and variance from the printed estimate and interval of the wanted rows.

    Parameters
    ----------
    frame : DataFrame
        With ``effect_measure``, ``estimate``, ``ci_low`` and ``ci_high``.
    measure : Measure
        The measure asked for; estimates on another are not converted.
    names : mapping
        Standard column -> column of the frame.
    wanted : array of bool
        The rows whose own numbers are missing.
    level : float
        Confidence of the printed intervals.

    Returns
    -------
    Printed
        NaN with a note where a row gives nothing.
    """
    needed = [str(names[name]) for name in COLUMNS]
    check_columns(frame.columns, needed, "effect_sizes(from_estimates=True)")
    ratio = measure.scale == "log"
    printed = [None if pd.isna(x) else str(x) for x in one_column(frame, names["effect_measure"])]
    same = np.array([PRINTED.get(word or "") == measure.code for word in printed], dtype=bool)
    bad: list[BadNumber] = []
    numbers: dict[str, FloatArray] = {}
    for name in COLUMNS[1:]:
        values, texts = as_floats(one_column(frame, names[name]))
        bad += [
            BadNumber(row, str(names[name]), found, "a number")
            for row, found in texts
            if wanted[row] and same[row]
        ]
        numbers[name] = values
    estimate, low, high = (np.where(wanted & same, x, np.nan) for x in numbers.values())
    bad += _out_of_order(estimate, low, high, ratio, names)
    if bad:
        nothing = np.full(len(frame), np.nan)
        return Printed(nothing, nothing, [""] * len(frame), bad)
    effect, variance = effect_from_estimate(
        estimate=estimate, low=low, high=high, level=level, ratio=ratio
    )
    lopsided = _lopsided(estimate, low, high, ratio)
    notes = []
    for row, word in enumerate(printed):
        if not wanted[row]:
            notes.append("")
        elif word is None or np.isnan(numbers["estimate"][row]):
            notes.append("no printed estimate")
        elif not same[row]:
            notes.append(f"the printed estimate is {word}, not {measure.code}")
        elif np.isnan(effect[row]):
            notes.append(f"the printed {word} has no interval")
        elif lopsided[row]:
            scale = "log scale" if ratio else "scale of the measure"
            notes.append(f"the printed interval is not symmetric on the {scale}")
        else:
            notes.append(
                f"from the printed {word} {estimate[row]:g} ({low[row]:g} to {high[row]:g})"
            )
    usable = ~lopsided
    return Printed(np.where(usable, effect, np.nan), np.where(usable, variance, np.nan), notes, [])


def _out_of_order(
    estimate: FloatArray,
    low: FloatArray,
    high: FloatArray,
    ratio: bool,
    names: Mapping[str, Hashable],
) -> list[BadNumber]:
    """List estimates outside their interval, intervals turned round, impossible ratios."""
    bad = []
    for row in range(len(estimate)):
        found = {"estimate": estimate[row], "ci_low": low[row], "ci_high": high[row]}
        wrong = [
            BadNumber(row, str(names[name]), f"{x:g}", f"a finite number{' above 0' * ratio}")
            for name, x in found.items()
            if np.isinf(x) or (ratio and x <= 0)
        ]
        if not wrong and low[row] >= high[row]:
            text = f"{low[row]:g} with {names['ci_high']} {high[row]:g}"
            wrong = [BadNumber(row, str(names["ci_low"]), text, f"less than {names['ci_high']}")]
        elif not wrong and (estimate[row] < low[row] or estimate[row] > high[row]):
            text = f"{estimate[row]:g} with the interval {low[row]:g} to {high[row]:g}"
            wrong = [BadNumber(row, str(names["estimate"]), text, "a number inside its interval")]
        bad += wrong
    return bad


def _lopsided(estimate: FloatArray, low: FloatArray, high: FloatArray, ratio: bool) -> Mask:
    """Tell where an estimate is off the middle of its interval by more than rounding explains."""
    unit = np.array(
        [10.0 ** -max(_decimals(x) for x in row) for row in zip(estimate, low, high, strict=True)]
    ).reshape(estimate.shape)
    with np.errstate(invalid="ignore"):
        if ratio:
            rounding = unit / 2 * (1 / estimate + (1 / low + 1 / high) / 2)
            estimate, low, high = np.log(estimate), np.log(low), np.log(high)
        else:
            rounding = unit
        half = (high - low) / 2
        return np.asarray(np.abs(estimate - (low + high) / 2) > ASYMMETRY * half + rounding)


def _decimals(value: float) -> int:
    """Count the decimals that a number was printed with, as far as a float remembers them."""
    text = f"{value:.12g}"
    return len(text.partition(".")[2]) if "e" not in text else 12
