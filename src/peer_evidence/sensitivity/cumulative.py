"""A meta-analysis that grows study by study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peer_evidence.checks import check_choice, check_meta_analysis
from peer_evidence.errors import InputError
from peer_evidence.pooling.model import MetaAnalysis
from peer_evidence.sensitivity.rows import Cumulative, make_rows

_ORDERS = ("effect", "variance", "label")


def cumulative(m: MetaAnalysis, order: str | Sequence[Any] | None = None) -> Cumulative:
    """Add the studies one by one.

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, without moderators or user weights.
    order : sequence of length k, or {"effect", "variance", "label"}, optional
        What to sort the studies by, such as their years; ties keep the order of the data. Without
        it the order of the data.

    Returns
    -------
    Cumulative
        One row a study added. The first row is that study: it has no tau2 and no I2.

    Raises
    ------
    InputError
        An order of the wrong length or with a missing value, moderators, user weights.

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> data = pd.DataFrame({"effect": [0.1, 0.3, 0.9], "variance": [0.02, 0.03, 0.04]})
    >>> cumulative(meta_analysis(data, method="DL"), order=[2001, 1999, 2000]).k.tolist()
    [1, 2, 3]
    """
    check_meta_analysis(m)
    if m.regression.design is not None or m.studies.weights is not None:
        raise InputError("m: a cumulative analysis takes neither moderators nor user weights")
    place = _sorted(m, order)
    absent = np.triu(np.ones((m.k, m.k), dtype=bool), 1)
    effects = np.where(absent, np.nan, m.studies.effects[place])
    variances = np.where(absent, np.nan, m.studies.variances[place])
    labels = tuple(m.studies.labels[i] for i in place)
    return make_rows(Cumulative, labels, effects, variances, m)


def _sorted(m: MetaAnalysis, order: str | Sequence[Any] | None) -> NDArray[np.intp]:
    """Give the places of the studies in their new order."""
    if order is None:
        return np.arange(m.k)
    if isinstance(order, str):
        check_choice("order", order, _ORDERS)
        values: Any = {
            "effect": m.studies.effects,
            "variance": m.studies.variances,
            "label": m.studies.labels,
        }[order]
    else:
        values = list(order)
        if len(values) != m.k:
            raise InputError(
                f"order: found {len(values)} values, allowed is one for each of the {m.k} studies"
            )
        if any(value is None or value != value for value in values):  # NaN
            raise InputError("order: found a missing value, allowed is a value for every study")
    return np.array(sorted(range(m.k), key=lambda i: values[i]), dtype=np.intp)
