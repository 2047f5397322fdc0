"""Scales: ticks that are round, symmetric where it matters, and few enough to read."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, floor, log, log10

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from peer_evidence.figures.layout import text_width
from peer_evidence.formatting import MINUS

RATIOS = frozenset({"OR", "RR", "HR", "IRR", "PETO", "ROM", "VR", "CVR"})
OVERHANG = 8.0  # how far the label of a tick may stick out of its axis, in points
_STEPS = (1.0, 2.0, 2.5, 5.0)
# what one arm of a log axis may show, from coarse to fine
_LOG_STEPS: tuple[tuple[float, ...], ...] = (
    (1, 100, 10000),
    (1, 10, 100, 1000, 10000),
    (1, 5, 25, 125),
    (1, 2, 10, 100, 1000),
    (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
    (1, 2, 4, 8, 16),
    (1, 1.5, 2, 3, 4, 6, 8),
    (1, 1.25, 1.5, 2),
    (1, 1.1, 1.2, 1.3, 1.5),
    (1, 1.05, 1.1),
    (1, 1.01, 1.02, 1.05),
)


def is_ratio(measure: object) -> bool:
    """Tell whether a measure is a ratio, whose axis is logarithmic.

    Examples
    --------
    >>> is_ratio("OR"), is_ratio("MD")
    (True, False)
    """
    return str(measure).upper() in RATIOS


def tick_text(value: float) -> str:
    """Write the value of a tick as short as it goes, with a real minus sign.

    Examples
    --------
    >>> tick_text(0.5), tick_text(-20.0), tick_text(0.30000000000000004)
    ('0.5', '−20', '0.3')
    """
    return f"{value:.10g}".replace("-", MINUS)


def log_ticks(low: float, high: float, width: float) -> list[float]:
    """Choose round ticks for a ratio between ``low`` and ``high``, each with its reciprocal.

    Parameters
    ----------
    low, high : float
        The ends of the axis, above 0.
    width : float
        How long the axis is, in points.

    Returns
    -------
    list of float
        The finest set whose labels stand apart.

    Examples
    --------
    >>> log_ticks(0.09, 11, 150)
    [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
    """
    best = [1.0] if low <= 1 <= high else []
    for arm in _LOG_STEPS:
        both = sorted({_reciprocal(step) for step in arm} | {float(step) for step in arm})
        if len(best) > 2 and any(_reciprocal(step) != round(1 / step, 10) for step in arm):
            continue
        inside = [tick for tick in both if _fits(log(tick), tick, log(low), log(high), width)]
        if len(inside) >= len(best) and _apart(
            [log(tick) for tick in inside], inside, log(low), log(high), width
        ):
            best = inside
    return best


def _reciprocal(step: float) -> float:
    """Give one over a tick, to two digits where it has no short decimals.

    Examples
    --------
    >>> _reciprocal(8), _reciprocal(1.5)
    (0.125, 0.67)
    """
    exact = round(1 / step, 10)
    return exact if len(tick_text(exact)) <= 6 else float(f"{exact:.2g}")


def linear_ticks(low: float, high: float, width: float) -> list[float]:
    """Choose round ticks between ``low`` and ``high`` whose labels stand apart.

    Examples
    --------
    >>> linear_ticks(-0.9, 1.1, 150)
    [-0.5, 0.0, 0.5, 1.0]
    """
    best: list[float] = []
    top = ceil(log10(high - low))
    for power in range(top, top - 4, -1):
        for step in sorted((unit * 10.0**power for unit in _STEPS), reverse=True):
            first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
            ticks = [float(f"{number * step:.10g}") + 0.0 for number in range(first, last + 1)]
            ticks = [tick for tick in ticks if _fits(tick, tick, low, high, width)]
            if len(ticks) > 9 or not _apart(ticks, ticks, low, high, width):
                return best or ticks[:1]
            best = ticks
    return best


def _fits(place: float, value: float, low: float, high: float, width: float) -> bool:
    """Tell whether a tick is on the axis and its label does not stick out too far."""
    at, half = width * (place - low) / (high - low), text_width(tick_text(value)) / 2
    on = -0.01 <= at <= width + 0.01
    return on and at - half >= -OVERHANG and at + half <= width + OVERHANG


def _apart(
    places: Sequence[float], values: Sequence[float], low: float, high: float, width: float
) -> bool:
    """Tell whether the labels of ticks keep 4 points apart."""
    if high <= low:
        return False
    at = [width * (place - low) / (high - low) for place in places]
    half = [text_width(tick_text(value)) / 2 for value in values]
    return all(
        at[number + 1] - half[number + 1] - at[number] - half[number] >= 4
        for number in range(len(at) - 1)
    )


def set_ratio_axis(ax: Axes, low: float, high: float, width: float) -> list[float]:
    """Give the x axis a log scale from ``low`` to ``high`` with round ticks."""
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    return set_ticks(ax, log_ticks(low, high, width))


def set_linear_axis(ax: Axes, low: float, high: float, width: float) -> list[float]:
    """Give the x axis a linear scale from ``low`` to ``high`` with round ticks."""
    ax.set_xlim(low, high)
    return set_ticks(ax, linear_ticks(low, high, width))


def set_ticks(ax: Axes, ticks: Sequence[float]) -> list[float]:
    """Give the x axis just these ticks."""
    ax.xaxis.set_major_locator(FixedLocator(list(ticks)))
    ax.xaxis.set_major_formatter(FixedFormatter([tick_text(tick) for tick in ticks]))
    ax.xaxis.set_minor_locator(NullLocator())
    return list(ticks)


def limits(
    effects: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    null: float = 0.0,
    least: float = 0.0,
) -> tuple[float, float]:
    """Choose the ends of an axis: every estimate, the null and most ends of intervals are on it.

    An interval that reaches three times as far as four in five of the others is cut, and marked
    by an arrow. Each side of the null has at least a third of the room of the other.

    Parameters
    ----------
    effects, lows, highs : sequence of float
        The estimates and their intervals, on the scale of the axis.
    null : float
        Where there is no effect.
    least : float
        How far the axis reaches from the null at least.

    Returns
    -------
    tuple of float
        The two ends.

    Examples
    --------
    >>> limits([1.0, 2.0], [0.5, 1.0], [1.5, 50.0])
    (-1.59, 4.77)
    """
    reach = []
    far = sorted(abs(value - null) for value in [*lows, *highs])
    cut = 3 * far[int(0.8 * (len(far) - 1))] if far else 0.0
    far_estimates = [abs(value - null) for value in effects]
    cut = max([cut, *far_estimates]) if len(far) > 2 else max([*far, *far_estimates, 0.0])
    for sign in (-1, 1):
        ends = [sign * (value - null) for value in [*lows, *highs, *effects]]
        reach.append(min(max([*ends, 0.0]), cut))
    wide = 1.06 * max(*reach, least)
    below, above = (max(1.06 * side, wide / 3, least) for side in reach)
    return round(null - below, 10), round(null + above, 10)


def ratio_limits(
    effects: Sequence[float], lows: Sequence[float], highs: Sequence[float]
) -> tuple[float, float]:
    """Choose the ends of a ratio axis, on the natural scale, by :func:`limits` of the logs.

    Examples
    --------
    >>> low, high = ratio_limits([0.5, 1.2], [0.2, 0.9], [1.25, 1.6])
    >>> round(low, 3), round(high, 3)
    (0.224, 1.646)
    """
    logs = [[log(value) for value in one if value > 0] for one in (effects, lows, highs)]
    low, high = limits(*logs, least=log(1.25))
    return exp(low), exp(high)
