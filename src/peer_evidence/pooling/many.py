"""``pool_many``: the batch kernel in the open."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from peer_evidence.checks import check_choice, check_level
from peer_evidence.errors import ConvergenceWarning, FewStudiesWarning, InputError
from peer_evidence.formatting import count, count_range
from peer_evidence.pooling import batch, laws
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.tau2 import METHODS
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

_SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PooledMany(Result):
    """The pooled numbers of many analyses: every field but the last four is an array (B,).

    ``i2`` is in per cent, ``100 tau2 / (tau2 + s2)`` with ``s2`` the typical sampling variance
    (``(Q - df) / Q`` for FE); ``df`` is infinite where the interval is normal. An analysis with one
    study has no tau2, i2, h2 or prediction interval: NaN.
    """

    k: NDArray[np.int64]
    estimate: Floats
    se: Floats
    statistic: Floats
    p_value: Floats
    df: Floats
    ci_low: Floats
    ci_high: Floats
    pi_low: Floats
    pi_high: Floats
    tau2: Floats
    i2: Floats
    h2: Floats
    q: Floats
    q_df: Floats
    converged: NDArray[np.bool_]
    method: str
    ci: str
    level: float

    @property
    def q_p_value(self) -> Floats:
        """P value of Cochran's Q, computed when it is asked for."""
        return laws.chi2_tail(self.q, self.q_df)

    def __len__(self) -> int:
        return len(self.k)

    def to_frame(self) -> pd.DataFrame:
        """Give one row an analysis."""
        import pandas as pd

        names = [field.name for field in fields(self)][:-3]
        columns = {name: getattr(self, name) for name in names}
        columns["q_p_value"] = self.q_p_value
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Say how many analyses were pooled and where their estimates lie."""
        low, middle, high = np.quantile(self.estimate, [0.0, 0.5, 1.0])
        studies = f"{count_range(self.k.min(), self.k.max())} studies each"
        text = (
            f"{count(len(self), 'analysis', 'analyses')} pooled by {METHODS[self.method]}, "
            f"{studies}: estimates from {low:.3f} to {high:.3f}, median {middle:.3f}."
        )
        failed = int((~self.converged).sum())
        return text + (f"\n{failed} did not converge." if failed else "")


def pool_many(
    effects: ArrayLike,
    variances: ArrayLike,
    method: str = "REML",
    *,
    ci: str = "wald",
    level: float = 0.95,
    engine: str = "numpy",
) -> PooledMany:
    """Pool many meta-analyses at once.

    Parameters
    ----------
    effects, variances : array (B, k)
        Effects and sampling variances of ``B`` analyses; NaN in both where a study is absent.
    method : {"REML", "FE", "DL", "HE", "HS", "SJ", "ML", "EB", "PM"}
        Estimator of the between-study variance.
    ci : {"wald", "hksj", "hksj-adhoc", "t"}
        Interval of the pooled effect, as in :func:`meta_analysis`. Where all effects are equal
        Hartung and Knapp's factor is 0 and 1 is used; for a single study the interval is Wald's.
    level : float
        Confidence level of all intervals.
    engine : {"numpy", "numba"}
        ``"numba"`` compiles the kernel (extra ``fast``); results agree to 1e-12.

    Returns
    -------
    PooledMany
        Arrays (B,).

    Raises
    ------
    InputError
        A variance that is not positive, an infinite number, a number missing in one array only, or
        an analysis without any study; the message names analysis and study, counted from 0.

    Examples
    --------
    >>> many = pool_many([[0.1, 0.3, 0.7], [0.2, 0.4, 0.3]], [[0.01, 0.02, 0.03]] * 2)
    >>> many.estimate.round(3).tolist()
    [0.345, 0.273]
    >>> many.tau2.round(4).tolist()
    [0.0696, 0.0]
    """
    check_choice("method", method, METHODS)
    check_choice("ci", ci, batch.INTERVALS)
    check_engine(engine)
    check_level(level)
    y, v = _check_arrays(effects, variances)
    fits = fit_engine(engine)(y, v, method)
    _warn(fits, method)
    done = batch.finish(fits, method, ci, level)
    return PooledMany(
        k=fits.k.astype(np.int64),
        tau2=fits.tau2,
        q=fits.q,
        q_df=fits.k - 1.0,
        converged=fits.converged,
        method=method,
        ci=ci,
        level=float(level),
        **done._asdict(),
    )


def check_engine(name: str) -> str:
    """Return the name of an engine that is installed; numba is imported only when asked for."""
    check_choice("engine", name, ("numpy", "numba"))
    if name == "numba":
        from peer_evidence.pooling import fast

        if not fast.COMPILED:
            raise InputError(
                "engine: found 'numba', but numba is not installed; "
                "install the extra with pip install 'peer-evidence[fast]', or use engine='numpy'"
            )
    return name


def fit_engine(name: str) -> Any:
    """Give the kernel of an engine."""
    if name == "numpy":
        return batch.fit_many
    from peer_evidence.pooling import fast

    return fast.fit_many


def _check_arrays(effects: ArrayLike, variances: ArrayLike) -> tuple[Floats, Floats]:
    """Return both arrays as (B, k) floats, or raise InputError naming analyses and studies."""
    try:
        y, v = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    except (ValueError, TypeError) as error:
        raise InputError(
            "effects, variances: found rows of different lengths or cells that are no numbers, "
            "allowed are two arrays (analyses, studies); an absent study is NaN"
        ) from error
    if y.ndim != 2 or y.shape != v.shape:
        raise InputError(
            f"effects, variances: found shapes {y.shape} and {v.shape}, "
            "allowed are two arrays of the same shape (analyses, studies)"
        )
    if not y.size:
        raise InputError(f"effects: found shape {y.shape}, there is nothing to pool")
    present = ~np.isnan(y)
    _refuse(present ^ ~np.isnan(v), "effects, variances", "a number in one and NaN in the other")
    _refuse(np.isinf(y), "effects", "an infinite number")
    _refuse(np.isinf(v), "variances", "an infinite number")
    _refuse(v <= 0, "variances", "a variance that is not positive")
    empty = np.flatnonzero(~present.any(axis=1))
    if empty.size:
        shown = ", ".join(str(row) for row in empty[:_SHOWN])
        more = f" and {empty.size - _SHOWN} more" if empty.size > _SHOWN else ""
        raise InputError(f"effects: no study to pool in analysis {shown}{more}")
    return y, v


def _refuse(bad: NDArray[np.bool_], name: str, found: str) -> None:
    if not bad.any():
        return
    rows, columns = np.nonzero(bad)
    pairs = list(zip(rows.tolist(), columns.tolist(), strict=True))
    shown = ", ".join(f"analysis {row} study {column}" for row, column in pairs[:_SHOWN])
    more = f" and {len(pairs) - _SHOWN} more" if len(pairs) > _SHOWN else ""
    raise InputError(f"{name}: found {found} at {shown}{more} (counted from 0)")


def _warn(fits: batch.Fits, method: str) -> None:
    single = int((fits.k == 1).sum())
    if single and method != "FE":
        warnings.warn(
            f"{count(single, 'analysis', 'analyses')} of {len(fits.k)} with one study: "
            "tau2 cannot be estimated there and is NaN",
            FewStudiesWarning,
            stacklevel=3,
        )
    failed = np.flatnonzero(~fits.converged)
    if failed.size:
        shown = ", ".join(str(row) for row in failed[:_SHOWN])
        warnings.warn(
            f"{method}: tau2 was not reached in {count(failed.size, 'analysis', 'analyses')} "
            f"of {len(fits.k)} ({shown}{', ...' if failed.size > _SHOWN else ''})",
            ConvergenceWarning,
            stacklevel=3,
        )
