"""The arc of a radial plot: a circle around the origin on which effects are read off."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from peer_evidence.figures.axes import is_ratio, linear_ticks, log_ticks, tick_text
from peer_evidence.figures.layout import Sheet
from peer_evidence.figures.point_names import in_points, panel_of
from peer_evidence.figures.studies_in import natural
from peer_evidence.figures.style import BLUE, GREY, SMALL_SIZE

Floats = NDArray[np.float64]
_APART = 10.0  # points from tick to tick
_ABOVE_AXIS = 6.0  # points that its lower end, and so each label, keeps from the axis


class Arc:
    """A circle around the origin of a sheet's axes, in points of the sheet."""

    def __init__(self, sheet: Sheet, radius: float) -> None:
        (x0, y0), (x1, y1) = in_points(sheet, [0, 1], [0, 1]).tolist()
        self.origin = (x0, y0)
        self.steepness = (y0 - y1) / (x1 - x0)  # of a line of slope 1, on the sheet
        self.radius = radius
        panel = panel_of(sheet)
        sides = (y0 - panel.top, panel.bottom - y0 - _ABOVE_AXIS)
        above, below = (min(one / radius, 0.94) for one in sides)
        self.ends = (self._slope_at(-below), self._slope_at(above))

    def _slope_at(self, sine: float) -> float:
        """Give the slope, in data, of the line that meets the circle at this height."""
        return float(np.tan(np.arcsin(sine)) / self.steepness)

    def at(self, slopes: Any, off: float = 0.0) -> Floats:
        """Give where lines with these slopes meet a circle ``off`` points wider: (n, 2)."""
        angle = np.arctan(np.atleast_1d(np.asarray(slopes, float)) * self.steepness)
        far = self.radius + off
        return np.column_stack(
            [self.origin[0] + far * np.cos(angle), self.origin[1] - far * np.sin(angle)]
        )

    def between(self, low: float, high: float) -> Floats:
        """Give slopes whose places divide the arc evenly."""
        angles = np.arctan(np.array([low, high]) * self.steepness)
        return np.asarray(np.tan(np.linspace(angles[0], angles[1], 80)) / self.steepness)


def draw_arc(sheet: Sheet, m: Any, code: str, radius: float) -> None:
    """Draw the arc with round ticks, and on it the pooled effect with its interval."""
    arc = Arc(sheet, radius)
    low, high = arc.ends
    sheet.line(*arc.at(arc.between(low, high)).T, color=GREY)
    ticks = _ticks(arc, code)
    for tick in ticks:
        slope = float(np.log(tick)) if is_ratio(code) else tick
        ends = np.vstack([arc.at(slope), arc.at(slope, 2.5)])
        sheet.line(*ends.T, color=GREY)
        x, y = arc.at(slope, 5.0)[0].tolist()
        sheet.text(x, y + 0.36 * SMALL_SIZE, tick_text(tick), size=SMALL_SIZE)
    bounds = [min(max(one, low), high) for one in (m.ci_low, m.ci_high)]
    sheet.line(*arc.at(arc.between(*bounds), -4.0).T, color=BLUE, linewidth=1.6)
    for one in bounds:
        sheet.line(*np.vstack([arc.at(one, -6.0), arc.at(one, -2.0)]).T, color=BLUE, linewidth=1)
    if low <= m.estimate <= high:
        (x, y) = arc.at(m.estimate, -4.0)[0].tolist()
        sheet.mark(x, y, "D", size=5, color="white", fill=BLUE, linewidth=0.5)


def _ticks(arc: Arc, code: str) -> list[float]:
    """Choose the finest round ticks that stand apart on the arc."""
    low, high = (float(one) for one in natural(np.array(arc.ends), code))
    best: list[float] = []
    for width in (60, 90, 120, 160, 220, 300, 420):
        ticks = (log_ticks if is_ratio(code) else linear_ticks)(low, high, width)
        places = arc.at(np.log(ticks) if is_ratio(code) else ticks)
        gaps = np.abs(np.diff(places[:, 1]))
        if len(ticks) >= len(best) and (gaps >= _APART).all():
            best = ticks
    return best
