"""What a specification curve is drawn from: specifications shared out among columns."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.errors import InputError
from peer_evidence.figures.axes import is_ratio
from peer_evidence.figures.forest_rows import measure_of

COLUMNS = 200  # to here each specification has a column of its own


def specification_curve_table(
    mv: Any, *, columns: int = COLUMNS, measure: str | None = None
) -> pd.DataFrame:
    """Give the columns that :func:`specification_curve` draws.

    Parameters
    ----------
    mv : Multiverse
        The result to show.
    columns : int
        How many columns at most. More specifications are shared out, in the order of their
        estimates, among so many columns of equal size (to within one).
    measure : str, optional
        Code of the effect measure, such as ``"OR"``; that of the result when left out.

    Returns
    -------
    DataFrame
        One row a column, from the lowest estimate to the highest: ``first`` and ``last``
        specification in it, counted from 1; the median ``estimate``, ``ci_low``, ``ci_high`` and
        ``k`` in it; ``lowest`` and ``highest``, beyond which 5% of its lower and of its upper ends
        lie; ``excludes``, the share of its intervals that exclude no effect; and for each option,
        as ``factor: option``, the share that takes it. Ratios are on the natural scale.

    Raises
    ------
    InputError
        If it is no result of a multiverse, or ``columns`` is less than 2.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> data = pd.DataFrame({"effect": [0.1, 0.3, 0.2, 1.5], "variance": [0.02, 0.03, 0.04, 0.09]})
    >>> mv = pe.multiverse(data, {"method": ["FE", "DL", "REML"], "ci": ["wald", "hksj"]})
    >>> table = pe.figures.specification_curve_table(mv)
    >>> len(table), table["method: FE"].tolist()
    (6, [1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    """
    if not hasattr(mv, "by_factor"):
        raise InputError(
            f"mv: found {type(mv).__name__}, allowed is the result of peer_evidence.multiverse"
        )
    if not isinstance(columns, int) or columns < 2:
        raise InputError(f"columns: found {columns!r}, allowed is a whole number of at least 2")
    total = len(mv)
    edges = np.linspace(0, total, min(columns, total) + 1).astype(int)
    natural = np.exp if is_ratio(measure_of(mv, measure)) else np.asarray
    parts = [slice(a, b) for a, b in pairwise(edges)]
    found: dict[str, Any] = {"first": edges[:-1] + 1, "last": edges[1:]}
    for name in ("estimate", "ci_low", "ci_high"):
        found[name] = natural(np.array([np.median(getattr(mv, name)[one]) for one in parts]))
    found["lowest"] = natural(np.array([np.quantile(mv.ci_low[one], 0.05) for one in parts]))
    found["highest"] = natural(np.array([np.quantile(mv.ci_high[one], 0.95) for one in parts]))
    found["k"] = np.array([np.median(mv.k[one]) for one in parts])
    beyond = mv.excludes_null()
    found["excludes"] = np.array([beyond[one].mean() for one in parts])
    sizes = np.diff(edges)
    for place, (name, options) in enumerate(mv.factors):
        codes = mv.option[:, place]
        for code, option in enumerate(options):
            found[f"{name}: {option}"] = np.add.reduceat((codes == code) * 1.0, edges[:-1]) / sizes
    return pd.DataFrame(found)
