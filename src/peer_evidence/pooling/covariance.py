"""The covariance of effects from the same study: built from an assumed correlation, and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_columns, check_name
from peer_evidence.errors import InputError
from peer_evidence.formatting import count
from peer_evidence.pooling.layout import Ints, Layout, codes_of, lay_out
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.studies import to_numbers
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

_SINGULAR = 1e-10  # an eigenvalue below this share of the largest counts as none


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Covariance(Result):
    """Known sampling covariances of k effects; 0 between clusters.

    Attributes
    ----------
    variances : array (k,)
        The diagonal.
    rows, columns, values : array
        Every covariance that is not 0, both (i, j) and (j, i), without the diagonal.
    labels : tuple of str
        Cluster of each row.
    """

    variances: Floats
    rows: Ints = field(repr=False)
    columns: Ints = field(repr=False)
    values: Floats = field(repr=False)
    labels: tuple[str, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.variances)

    def subset(self, kept: np.ndarray) -> Covariance:
        """Keep some rows, ``kept`` (k,) of truth values."""
        place = np.cumsum(kept) - 1
        both = kept[self.rows] & kept[self.columns]
        return Covariance(
            self.variances[kept],
            place[self.rows[both]],
            place[self.columns[both]],
            self.values[both],
            tuple(name for name, keep in zip(self.labels, kept, strict=True) if keep),
        )

    def links(self, codes: Ints) -> np.ndarray:
        """Give the places of the covariances that join two different clusters of ``codes``."""
        return np.flatnonzero(codes[self.rows] != codes[self.columns])

    def blocks(self, layout: Layout) -> tuple[Floats, ...]:
        """Lay the matrix out by cluster: (c, n, n) a batch, 1 on the diagonal where padded."""
        found = []
        for number, batch in enumerate(layout.batches):
            c, n = batch.rows.shape
            block = np.zeros((c, n, n))
            diagonal = np.einsum("cii->ci", block)
            diagonal[...] = np.where(batch.real, self.variances[batch.rows], 1.0)
            own = layout.batch[self.rows] == number
            i, j = self.rows[own], self.columns[own]
            block[layout.slot[i], layout.position[i], layout.position[j]] = self.values[own]
            found.append(block)
        return tuple(found)

    @property
    def matrix(self) -> Floats:
        """The matrix in full, (k, k)."""
        full = np.diag(self.variances)
        full[self.rows, self.columns] = self.values
        return full

    def to_frame(self) -> pd.DataFrame:
        """Give the matrix in full, rows and columns numbered as in the table."""
        import pandas as pd

        return pd.DataFrame(self.matrix)

    def summary(self) -> str:
        """Say how many effects and clusters it holds and how they are correlated."""
        clusters = len(set(self.labels))
        text = (
            f"Covariance of {count(len(self), 'effect')} in {count(clusters, 'cluster')}, "
            f"{count(len(self.values) // 2, 'pair')} correlated"
        )
        if not len(self.values):
            return text + "."
        scale = np.sqrt(self.variances[self.rows] * self.variances[self.columns])
        rho = self.values / scale
        return f"{text}, correlations from {rho.min():.2f} to {rho.max():.2f}."


def covariance(
    data: pd.DataFrame,
    *,
    variance: str = "variance",
    cluster: str,
    rho: float,
    kind: str | None = None,
    rho_between: float | None = None,
    time: str | None = None,
    phi: float | None = None,
) -> Covariance:
    """Build the sampling covariance of effects from an assumed correlation.

    Two effects of one cluster have the covariance ``r sqrt(v_i v_j)``. Without further columns
    ``r = rho``. With ``kind`` it is ``rho`` for two effects of one kind and ``rho_between`` for
    effects of different kinds. With ``time`` it is multiplied by ``phi ** |t_i - t_j|``; give
    ``rho=1`` where the same measure is repeated and nothing but time stands between the effects.

    Parameters
    ----------
    data : DataFrame
        One row an effect.
    variance, cluster : str
        Columns of the sampling variances and of what the effects share (study, sample).
    rho : float
        Correlation of two sampling errors in a cluster, from -1 to 1. It is an assumption: vary it.
    kind, rho_between : str and float, optional
        Column of the kind of outcome, and the correlation between kinds.
    time, phi : str and float, optional
        Column of times, and the autocorrelation at a distance of 1, between 0 and 1.

    Returns
    -------
    Covariance
        To be given to :func:`multilevel` or :func:`multivariate` as ``covariance``.

    Raises
    ------
    InputError
        A correlation outside its range, or a cluster whose matrix is not positive definite (named).

    References
    ----------
    Constant correlation: Hedges, Tipton and Johnson 2010, doi 10.1002/jrsm.5. Kinds and times are
    those of vcalc in metafor (Viechtbauer 2010, doi 10.18637/jss.v036.i03).

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"study": ["a", "a", "b"], "variance": [0.04, 0.09, 0.05]})
    >>> covariance(data, cluster="study", rho=0.5).matrix.round(3).tolist()
    [[0.04, 0.03, 0.0], [0.03, 0.09, 0.0], [0.0, 0.0, 0.05]]
    """
    if not hasattr(data, "columns"):
        raise InputError(f"data: found {type(data).__name__}, allowed is a pandas DataFrame")
    check_name("variance", variance)
    check_name("cluster", cluster)
    needed = [name for name in (variance, cluster, kind, time) if name is not None]
    check_columns(data.columns, needed, "data")
    _check_correlation("rho", rho, -1.0)
    v = _variances(data, variance)
    names = read_groups(data, cluster)
    codes, _ = codes_of(names)
    i, j = _pairs(codes)
    r = np.full(len(i), float(rho))
    if (kind is None) != (rho_between is None):
        raise InputError("rho_between: kind and rho_between belong together, give both or neither")
    if kind is not None and rho_between is not None:
        _check_correlation("rho_between", rho_between, -1.0)
        kinds, _ = codes_of(read_groups(data, kind))
        r[kinds[i] != kinds[j]] = float(rho_between)
    if (time is None) != (phi is None):
        raise InputError("phi: time and phi belong together, give both or neither")
    if time is not None and phi is not None:
        _check_correlation("phi", phi, 0.0)
        r = r * float(phi) ** _distances(data, time, i, j)
    usable = ~(np.isnan(v[i]) | np.isnan(v[j])) & (r != 0)
    i, j, r = i[usable], j[usable], r[usable]
    made = Covariance(v, i, j, r * np.sqrt(v[i] * v[j]), tuple(names))
    check_definite(made.subset(~np.isnan(v)), lay_out(codes_of(_kept(names, v))[0]))
    return made


def read_covariance(given: Any, size: int, labels: list[str]) -> Covariance:
    """Take a Covariance, or a square array, of as many rows as the table has."""
    if isinstance(given, Covariance):
        if len(given) != size:
            raise InputError(
                f"covariance: found {len(given)} rows, allowed is one for each of the {size} rows "
                "of data; build it from the same table"
            )
        return given
    try:
        full = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise InputError(
            f"covariance: found {given!r}, allowed is what covariance() gives or a matrix of "
            f"{size} by {size}, one row for each row of data"
        ) from None
    if full.shape != (size, size):
        raise InputError(
            f"covariance: found shape {full.shape}, allowed is what covariance() gives or a "
            f"matrix of {size} by {size}, one row for each row of data"
        )
    if not np.allclose(full, full.T, rtol=1e-8, atol=0.0, equal_nan=True):
        raise InputError("covariance: found a matrix that is not symmetric, allowed is one that is")
    known = np.isfinite(np.diag(full))
    if not np.isfinite(full[np.ix_(known, known)]).all():
        raise InputError("covariance: found a missing or infinite covariance, allowed are numbers")
    off = full.copy()
    np.fill_diagonal(off, 0.0)
    i, j = np.nonzero(np.nan_to_num(off))
    return Covariance(np.diag(full).copy(), i, j, full[i, j], tuple(labels))


def check_definite(v: Covariance, layout: Layout) -> None:
    """Raise InputError unless the block of every cluster is positive definite; name it."""
    for batch, block in zip(layout.batches, v.blocks(layout), strict=True):
        size = np.linalg.eigvalsh(block / _scale(block))
        bad = np.flatnonzero(size[:, 0] <= _SINGULAR * size[:, -1])
        if bad.size:
            place = int(bad[0])
            name = v.labels[int(batch.rows[place, 0])]
            raise InputError(
                f"covariance: the matrix of cluster {name!r} is not positive definite (smallest "
                f"eigenvalue {size[place, 0]:.3g} on the scale of correlations); the assumed "
                "correlations contradict one another or are 1, use smaller ones"
            )


def read_groups(data: pd.DataFrame, column: str) -> list[str]:
    """Read a column of groups as texts; a missing one is an error that names its rows."""
    missing = np.flatnonzero(data[column].isna().to_numpy())
    if missing.size:
        rows = ", ".join(f"row {data.index[i]}" for i in missing[:5])
        more = f" and {missing.size - 5} more" if missing.size > 5 else ""
        raise InputError(
            f"{column}: found a missing value in {rows}{more}, allowed is a group for every row"
        )
    return [str(value) for value in data[column].tolist()]


def _scale(block: Floats) -> Floats:
    sd = np.sqrt(np.einsum("cii->ci", block))
    return np.asarray(sd[:, :, None] * sd[:, None, :])


def _kept(names: list[str], v: Floats) -> list[str]:
    return [name for name, one in zip(names, v, strict=True) if not np.isnan(one)]


def _variances(data: pd.DataFrame, variance: str) -> Floats:
    """Read the variances; those of rows without an effect may be missing."""
    v = to_numbers(data, variance)
    allowed = np.isnan(v) if "effect_note" in data.columns else np.zeros(len(v), dtype=bool)
    bad = np.flatnonzero(~allowed & ~(np.isfinite(v) & (v > 0)))
    if bad.size:
        rows = ", ".join(f"row {data.index[i]}: {v[i]:g}" for i in bad[:5])
        raise InputError(f"{variance}: found {rows}, allowed is a positive number")
    return v.copy()


def _check_correlation(name: str, value: Any, low: float) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not low <= float(value) <= 1.0:
        raise InputError(f"{name}: found {value!r}, allowed is a number from {low:g} to 1")


def _pairs(codes: Ints) -> tuple[Ints, Ints]:
    """Give every ordered pair of different rows that share a cluster."""
    left, right = [], []
    for batch in lay_out(codes).batches:
        n = batch.rows.shape[1]
        a, b = np.nonzero(~np.eye(n, dtype=bool))
        both = batch.real[:, a] & batch.real[:, b]
        left.append(batch.rows[:, a][both])
        right.append(batch.rows[:, b][both])
    return np.concatenate(left), np.concatenate(right)


def _distances(data: pd.DataFrame, time: str, i: Ints, j: Ints) -> Floats:
    t = to_numbers(data, time)
    if not np.isfinite(t).all():
        bad = int(np.flatnonzero(~np.isfinite(t))[0])
        raise InputError(
            f"{time}: found a missing or infinite time in row {data.index[bad]}, allowed is a "
            "number for every row"
        )
    return np.abs(t[i] - t[j])
