"""Which study splits subsets: estimates with it against estimates without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from peer_evidence.checks import nearest
from peer_evidence.errors import InputError
from peer_evidence.pooling.projection import Floats

if TYPE_CHECKING:
    import pandas as pd


def largest_separation(table: pd.DataFrame) -> int | None:
    """Give the place of the largest separation, None where there is none."""
    separation = table["separation"].to_numpy(float)
    return int(np.nanargmax(separation)) if (separation > 0).any() else None


def place_of(labels: tuple[str, ...], study: Any) -> int:
    """Find a study by its label or place."""
    if isinstance(study, (int, np.integer)) and not isinstance(study, bool):
        if 0 <= study < len(labels):
            return int(study)
        raise InputError(f"study: found place {study}, allowed are 0 to {len(labels) - 1}")
    found = [place for place, label in enumerate(labels) if label == study]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            f"study: {len(found)} studies have the label {study!r}; give one by its place, "
            f"{' or '.join(map(str, found))}"
        )
    close = nearest(str(study), labels)
    hint = f"; did you mean {close!r}?" if close else ""
    raise InputError(f"study: no study has the label {study!r}{hint}")


def compare(
    estimates: Floats, inside: NDArray[np.bool_], i2: Floats, held: NDArray[np.bool_]
) -> dict[str, float]:
    """Compare sorted estimates inside and outside; ``i2`` and ``held`` are in their own order."""
    names = ("median_with", "median_without", "i2_with", "i2_without", "separation")
    within, beyond = np.flatnonzero(inside), np.flatnonzero(~inside)
    if not (len(within) and len(beyond)):
        return dict.fromkeys(names, float("nan"))
    counted = np.cumsum(inside)
    gap = counted / len(within) - (np.arange(1, len(inside) + 1) - counted) / len(beyond)
    last = np.append(estimates[1:] != estimates[:-1], True)  # equal estimates step together
    values = (
        _middle(estimates, within),
        _middle(estimates, beyond),
        _median(i2[held]),
        _median(i2[~held]),
        float(np.abs(gap[last]).max()),
    )
    return dict(zip(names, values, strict=True))


def _middle(estimates: Floats, places: NDArray[np.intp]) -> float:
    """Give the median of some of the sorted estimates."""
    size = len(places)
    pair = estimates[places[[(size - 1) // 2, size // 2]]]
    return float(pair.mean())


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def known(values: Floats) -> Floats:
    """Give the values that exist, or one NaN."""
    found = values[np.isfinite(values)]
    return found if found.size else np.array([np.nan])
