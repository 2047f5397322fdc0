"""How much each study moves a meta-analysis."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from peer_evidence.checks import check_meta_analysis
from peer_evidence.errors import DataWarning, InputError
from peer_evidence.formatting import count, number
from peer_evidence.pooling.model import MetaAnalysis
from peer_evidence.pooling.projection import Floats
from peer_evidence.results import Result
from peer_evidence.sensitivity.refits import Refits, indispensable, refit, without_each

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Influence(Result):
    """Diagnostics of each study, arrays (k,); ``dfbetas`` is (k, p).

    ``rstandard`` and ``rstudent`` are internally and externally standardised residuals; ``cook``
    the squared move of all coefficients in units of their covariance; ``cov_ratio`` the determinant
    of their covariance without the study over that with it; ``tau2_deleted`` and ``q_deleted`` are
    those of the other studies; ``hat`` the leverage; ``weight`` in per cent. ``flagged`` is
    metafor's rule: ``|dffits| > 3 sqrt(p / (k - p))``, or the lower tail of chi-squared with p df
    at ``cook`` above one half, or ``hat > 3 p / k``, or any ``|dfbetas| > 1``.
    """

    label: tuple[str, ...]
    rstandard: Floats
    rstudent: Floats
    dffits: Floats
    cook: Floats
    cov_ratio: Floats
    tau2_deleted: Floats
    q_deleted: Floats
    hat: Floats
    weight: Floats
    dfbetas: Floats
    flagged: NDArray[np.bool_]
    coefficients: tuple[str, ...]
    method: str

    def __len__(self) -> int:
        return len(self.label)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a study; DFBETAS in columns ``dfbetas`` or ``dfbetas_<coefficient>``."""
        import pandas as pd

        names = [one.name for one in fields(self) if one.name not in _OTHER]
        columns = {name: getattr(self, name) for name in names}
        for place, name in enumerate(self.coefficients):
            key = "dfbetas" if len(self.coefficients) == 1 else f"dfbetas_{name}"
            columns[key] = self.dfbetas[:, place]
        columns["flagged"] = self.flagged
        return pd.DataFrame(columns, index=pd.Index(self.label, name="label"))

    def summary(self) -> str:
        """Name the flagged studies."""
        flagged = [name for name, flag in zip(self.label, self.flagged, strict=True) if flag]
        known = np.where(np.isnan(self.rstudent), 0.0, np.abs(self.rstudent))
        far = int(np.argmax(known))
        names = ": " + ", ".join(flagged) if flagged else ""
        return (
            f"{len(flagged)} of {count(len(self), 'study', 'studies')} flagged as influential"
            f"{names}.\n"
            f"Farthest from the others: {self.label[far]}, studentised residual "
            f"{number(self.rstudent[far])}."
        )


_OTHER = {"label", "dfbetas", "flagged", "coefficients", "method"}


def influence(m: MetaAnalysis) -> Influence:
    """Give the diagnostics of each study (Viechtbauer and Cheung 2010, doi 10.1002/jrsm.11).

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, with or without moderators, without user weights.

    Returns
    -------
    Influence
        Diagnostics by study. All refits run in one batch.

    Raises
    ------
    InputError
        Too few studies to leave one out, or user weights.

    Warns
    -----
    DataWarning
        A study without which the moderators cannot be told apart; its deletion diagnostics are NaN.

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> data = pd.DataFrame({"effect": [0.1, 0.3, 0.2, 1.5], "variance": [0.02, 0.03, 0.04, 0.09]})
    >>> influence(meta_analysis(data)).flagged.tolist()
    [False, False, False, True]
    """
    check_meta_analysis(m)
    s, r = m.studies, m.regression
    p = len(r.names)
    if s.weights is not None:
        raise InputError("m: influence is defined for inverse-variance weights, not for the user's")
    if m.k < p + 2:
        raise InputError(
            f"m: found {m.k} studies and {p} coefficients; "
            f"the diagnostics need at least {p + 2} studies"
        )
    design = None if r.design is None else r.matrix
    lost = np.zeros(m.k, dtype=bool) if design is None else indispensable(r.matrix)
    if lost.any():
        names = ", ".join(np.array(s.labels, dtype=object)[lost])
        warnings.warn(
            f"without {names} the moderators cannot be told apart: deletion diagnostics are NaN",
            DataWarning,
            stacklevel=2,
        )
    y, v = without_each(s.effects, s.variances)
    kept = np.flatnonzero(~lost)
    fits = refit(y[:, kept], v[:, kept], design, m.method, m.ci)
    return _diagnose(m, fits, kept)


def _diagnose(m: MetaAnalysis, fits: Refits, kept: NDArray[np.intp]) -> Influence:
    """Compare each refit with the whole."""
    s, r, k = m.studies, m.regression, m.k
    x, model = r.matrix, r.model
    p = x.shape[1]
    total = s.variances + m.tau2
    plain = model.covariance / model.factor
    leverage = np.einsum("ij,jl,il->i", x, plain, x)
    hat = leverage / total
    residual = s.effects - x @ model.beta
    full = {name: np.full(k, np.nan) for name in _DELETION}
    dfbetas = np.full((k, p), np.nan)
    own = x[kept]
    outside = np.einsum("ij,ji->i", own, fits.beta)
    spread = np.einsum("ij,jli,il->i", own, fits.covariance, own)
    deleted = s.variances[kept] + fits.tau2
    full["rstudent"][kept] = (s.effects[kept] - outside) / np.sqrt(deleted + spread)
    move = model.beta[:, None] - fits.beta
    scale = np.sqrt(fits.factor * hat[kept] * deleted)
    full["dffits"][kept] = ((own @ model.beta) - outside) / scale
    full["cook"][kept] = np.einsum("ji,jl,li->i", move, np.linalg.inv(model.covariance), move)
    size = np.linalg.det(np.moveaxis(fits.covariance, 2, 0))
    full["cov_ratio"][kept] = size / np.linalg.det(model.covariance)
    full["tau2_deleted"][kept] = fits.tau2
    full["q_deleted"][kept] = fits.q
    w = 1.0 / (s.variances[:, None] + fits.tau2)
    inverse = np.linalg.inv(np.einsum("ki,kn,kj->nij", x, w, x))
    unit = np.einsum("nii->in", inverse)
    dfbetas[kept] = (move / np.sqrt(fits.factor * unit)).T
    flagged = (
        (np.abs(full["dffits"]) > 3.0 * np.sqrt(p / (k - p)))
        | (special.chdtr(p, full["cook"]) > 0.5)
        | (hat > 3.0 * p / k)
        | (np.abs(dfbetas) > 1.0).any(axis=1)
    )
    # a study that alone determines its own fitted value has no residual to standardise
    spare = np.where(total - leverage > 1e-10 * total, total - leverage, np.nan)
    return Influence(
        label=s.labels,
        rstandard=residual / np.sqrt(spare),
        **full,
        hat=hat,
        weight=m.weights,
        dfbetas=dfbetas,
        flagged=flagged,
        coefficients=r.names,
        method=m.method,
    )


_DELETION = ("rstudent", "dffits", "cook", "cov_ratio", "tau2_deleted", "q_deleted")
