"""A meta-analysis that grows study by study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from peer_evidence.checks import check_choice, check_meta_analysis
from peer_evidence.errors import InputError
from peer_evidence.formatting import is_missing
from peer_evidence.pooling.model import MetaAnalysis
from peer_evidence.sensitivity.rows import Cumulative, make_rows

if TYPE_CHECKING:
    import pandas as pd

_ORDERS = ("effect", "variance", "label")


def cumulative(
    m: MetaAnalysis, order: str | Sequence[Any] | pd.Series[Any] | None = None
) -> Cumulative:
    """Add the studies one by one.

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, without moderators or user weights.
    order : sequence of length k, Series, or {"effect", "variance", "label"}, optional
        What to sort the studies by, such as their years; ties keep the order of the data. Without
        it the order of the data. A Series whose index holds the label of every study, once, is
        matched by label; any other has one value a study, in the order of the data.

    Returns
    -------
    Cumulative
        One row a study added. The first row is that study: it has no tau2 and no I2. Its
        ``settled()`` says from which study on the answer no longer changed.

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


def _sorted(
    m: MetaAnalysis, order: str | Sequence[Any] | pd.Series[Any] | None
) -> NDArray[np.intp]:
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
        values = _by_label(m, order)
        if len(values) != m.k:
            raise InputError(
                f"order: found {len(values)} values, allowed is one for each of the {m.k} studies"
            )
        if any(is_missing(value) for value in values):
            raise InputError("order: found a missing value, allowed is a value for every study")
    return np.array(sorted(range(m.k), key=lambda i: values[i]), dtype=np.intp)


def _by_label(m: MetaAnalysis, order: Sequence[Any] | pd.Series[Any]) -> list[Any]:
    """Give the values as a list; those of a Series that names every study in its index by name."""
    index = getattr(order, "index", None)
    if index is None or callable(index):  # a list has a method of this name
        return list(order)
    names = [str(name) for name in index]
    times, labels = Counter(names), m.studies.labels
    if len(set(labels)) == len(labels) and all(times[label] == 1 for label in labels):
        place = {name: row for row, name in enumerate(names)}
        values = list(order)
        return [values[place[label]] for label in labels]
    return list(order)
