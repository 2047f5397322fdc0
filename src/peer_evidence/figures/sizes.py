"""Circles whose area is a weight, and the key that tells how large a weight is."""

from __future__ import annotations

from math import floor, log10, sqrt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from peer_evidence.figures.axes import tick_text
from peer_evidence.figures.key import Entry

LARGEST = 15.0  # diameter of the heaviest, in points
SMALLEST = 2.0


def _unit(weights: pd.Series) -> float:
    """Give the squared diameter of a weight of 1; many studies are drawn smaller."""
    heaviest = float(weights.max())
    largest = LARGEST * min(1.0, (40 / max(len(weights), 1)) ** 0.5)
    return largest**2 / heaviest if heaviest > 0 else 0.0


def areas(weights: pd.Series, every: pd.Series) -> NDArray[np.float64]:
    """Give the squared diameters of circles, in points, with area by weight among all weights.

    Examples
    --------
    >>> weights = pd.Series([40.0, 10.0])
    >>> areas(weights, weights).tolist()
    [225.0, 56.25]
    """
    sized = weights.fillna(0).to_numpy(float) * _unit(every)
    return np.asarray(np.maximum(sized, SMALLEST**2))


def size_entries(weights: pd.Series, fill: str, edge: str) -> list[Entry]:
    """Give entries of the key that show how large two or three round weights are.

    Examples
    --------
    >>> [one.text for one in size_entries(pd.Series([40.0, 10.0, 3.0]), "white", "black")]
    ['weight 2%', '10%', '40%']
    """
    known = weights[weights > 0]
    if known.empty:
        return []
    high = _round(float(known.max()))
    low = max(float(known.min()), high / 30)
    chosen = [_round(low), _round(sqrt(low * high)), high]
    shown = [one for place, one in enumerate(chosen) if place == 0 or one > 1.5 * chosen[place - 1]]
    unit = _unit(weights)
    return [
        Entry(
            f"{'weight ' if place == 0 else ''}{tick_text(one)}%",
            "o",
            edge,
            fill,
            max(sqrt(one * unit), SMALLEST),
        )
        for place, one in enumerate(shown)
    ]


def _round(value: float) -> float:
    """Give the nearest of 1, 2, 4, 5 and so on at or below a number."""
    power = 10.0 ** floor(log10(value))
    return float(f"{max(one for one in (1, 2, 4, 5) if one <= value / power + 1e-9) * power:.6g}")
