"""The panels of the influence sheet: one strip of points a diagnostic, limits and ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, floor, isnan, log10, sqrt
from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.figures.axes import tick_text
from peer_evidence.figures.layout import Sheet, lines_height, text_width, wrap
from peer_evidence.figures.style import GREY, INK, RULE, SMALL_SIZE, VERMILLION

GAP = 12.0  # points between panels
_LIMIT = (0, (3, 2))


@dataclass(frozen=True, slots=True)
class Strip:
    """A diagnostic: its column, its heading, its limits, the value of all studies together.

    ``flags`` tells that a value beyond the limits makes a study influential.
    """

    column: str
    title: str
    limits: tuple[float, ...] = ()
    whole: float = float("nan")
    flags: bool = False
    left: float = 0.0
    right: float = 0.0
    low: float = 0.0
    high: float = 1.0

    def at(self, values: Any) -> Any:
        """Give where values stand on the sheet."""
        share = (np.asarray(values, float) - self.low) / (self.high - self.low)
        return self.left + share * (self.right - self.left)


def lines_of(k: int, p: int, m: Any = None) -> list[Strip]:
    """Give the diagnostics with their limits, for k studies and p coefficients."""
    from scipy import special

    far = 3 * sqrt(p / max(k - p, 1))
    cook = float(special.chdtri(p, 0.5))
    tau2, q = (float(getattr(m, name, float("nan"))) for name in ("tau2", "q"))
    return [
        Strip("rstudent", "Residual", (-1.959964, 1.959964), 0.0),
        Strip("dffits", "DFFITS", (-far, far), 0.0, flags=True),
        Strip("cook", "Cook’s distance", (cook,), 0.0, flags=True),
        Strip("dfbetas", "DFBETAS", (-1.0, 1.0), 0.0, flags=True),
        Strip("cov_ratio", "Cov. ratio", (), 1.0),
        Strip("tau2_deleted", "τ² without it", (), tau2),
        Strip("q_deleted", "Q without it", (), q),
        Strip("hat", "Leverage", (3 * p / k,), p / k, flags=True),
    ]


def plan_strips(
    shown: pd.DataFrame, strips: Sequence[Strip], left: float, right: float
) -> list[Strip]:
    """Give every diagnostic that varies its place and its scale."""
    used = [one for one in strips if one.flags or np.ptp(_known(shown, one)) > 0]
    wide = (right - left - GAP * (len(used) - 1)) / len(used)
    planned = []
    for place, strip in enumerate(used):
        start = left + place * (wide + GAP)
        low, high = _scale(_known(shown, strip), strip)
        planned.append(replace(strip, left=start, right=start + wide, low=low, high=high))
    return planned


def _known(shown: pd.DataFrame, strip: Strip) -> Any:
    """Give the values of a diagnostic that could be computed; a 0 where none could."""
    values = shown[strip.column].dropna().to_numpy(float)
    return values if len(values) else np.zeros(1)


def _scale(values: Any, strip: Strip) -> tuple[float, float]:
    """Give the ends of a panel: the values, and the limits where those are not too far away."""
    known = [float(one) for one in values]
    if not isnan(strip.whole):
        known.append(strip.whole)
    span = (max(known) - min(known)) if known else 0.0
    near = [one for one in strip.limits
            if span == 0 or min(known) - 1.5 * span <= one <= max(known) + 1.5 * span]  # fmt: skip
    known += near
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    air = 0.08 * (high - low) or 0.5
    return low - air, high + air


def headings_height(strips: Sequence[Strip]) -> float:
    """Give the height of the headings, in points."""
    return lines_height(max(len(_heading(one)) for one in strips), SMALL_SIZE) + 2


def _heading(strip: Strip) -> tuple[str, ...]:
    return wrap(strip.title, strip.right - strip.left + GAP - 2, SMALL_SIZE, "bold")


def draw_strips(
    sheet: Sheet,
    strips: Sequence[Strip],
    shown: pd.DataFrame,
    middles: Sequence[float],
    ends: tuple[float, float],
) -> None:
    """Draw every panel between the top and bottom ``ends``."""
    top, bottom = ends
    for strip in strips:
        middle = (strip.left + strip.right) / 2
        lines = _heading(strip)
        at = top - 3 - lines_height(len(lines), SMALL_SIZE)
        sheet.lines(middle, at, lines, size=SMALL_SIZE, align="center", weight="bold")
        _frame(sheet, strip, top, bottom)
        values = shown[strip.column].to_numpy(float)
        beyond = np.abs(values) > max(strip.limits, default=np.inf)
        flagging = beyond & strip.flags
        for chosen, mark, size, color, fill in (
            (~beyond, "o", 4.0, INK, INK),
            (beyond & ~flagging, "D", 4.5, VERMILLION, "white"),
            (flagging, "D", 5.0, VERMILLION, VERMILLION),
        ):
            sheet.ax.plot(strip.at(values[chosen]), np.asarray(middles)[chosen], linestyle="none",
                          marker=mark, markersize=size, color=fill, markeredgecolor=color,
                          markeredgewidth=0.8, zorder=4, clip_on=False)  # fmt: skip


def panel_ticks(low: float, high: float, width: float) -> list[float]:
    """Choose ticks for a narrow panel: two or more round values, their labels apart.

    Examples
    --------
    >>> panel_ticks(-2.3, 2.3, 40)
    [-2.0, 0.0, 2.0]
    >>> panel_ticks(0.0612, 0.0655, 36)
    [0.064]
    """
    best: list[float] = []
    top = floor(log10(high - low))
    for step in (unit * 10.0 ** (top - down) for down in (0, 1) for unit in (5, 2, 1)):
        first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
        ticks = [float(f"{place * step:.10g}") + 0.0 for place in range(first, last + 1)]
        half = [text_width(tick_text(one), SMALL_SIZE) / 2 for one in ticks]
        at = [width * (one - low) / (high - low) for one in ticks]
        inside = [n for n in range(len(ticks)) if half[n] - 5 <= at[n] <= width + 5 - half[n]]
        for kept in (inside, inside[:1] + inside[-1:], inside[len(inside) // 2 :][:1]):
            apart = all(at[b] - half[b] - at[a] - half[a] >= 4 for a, b in pairwise(kept))
            if len(set(kept)) == len(kept) and apart and len(best) < min(len(kept), 3):
                best = [ticks[n] for n in kept]
    return best


def _frame(sheet: Sheet, strip: Strip, top: float, bottom: float) -> None:
    """Draw the axis of a panel with its ticks, its limits and the line of all studies."""
    sheet.line([strip.left, strip.right], [bottom, bottom], color=GREY)
    for tick in panel_ticks(strip.low, strip.high, strip.right - strip.left):
        x = float(strip.at(tick))
        sheet.line([x, x], [bottom, bottom + 2.5], color=GREY)
        sheet.text(x, bottom + 3.5 + SMALL_SIZE, tick_text(tick), size=SMALL_SIZE, align="center")
    if strip.low <= strip.whole <= strip.high:
        sheet.line([float(strip.at(strip.whole))] * 2, [top, bottom], color=RULE, linewidth=1.0,
                   zorder=1)  # fmt: skip
    for limit in strip.limits:
        if strip.low <= limit <= strip.high:
            sheet.line([float(strip.at(limit))] * 2, [top, bottom], color=VERMILLION,
                       linewidth=0.8, linestyle=_LIMIT, zorder=1.5)  # fmt: skip
