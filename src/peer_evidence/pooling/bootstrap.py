"""The bootstrap prediction interval of Nagashima, Noma and Furukawa. Arrays in, numbers out."""

from __future__ import annotations

import numpy as np

from peer_evidence.pooling.projection import Floats

CHUNK = 20_000  # draws held in memory at once


def tau2_draws(y: Floats, v: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Draw tau2 from its exact confidence distribution, H(tau2) = P(Q(tau2) > Q observed).

    Cochran's Q is distributed as ``sum (1 + tau2 a_i) chi2_i`` with the k - 1 positive eigenvalues
    ``a`` of ``A = W - w w' / sum w``, for ``A V A = A`` makes ``A^(1/2) V A^(1/2)`` the identity
    on the range of A. It increases in tau2 for any chi-squareds, so that the tau2 at which it
    equals the observed Q, 0 where there is none, has the distribution H: no distribution function
    is inverted.
    """
    w = 1.0 / v
    values = np.linalg.eigvalsh(np.diag(w) - np.outer(w, w) / w.sum())[1:]
    q = float((w * (y - (w @ y) / w.sum()) ** 2).sum())
    chi2 = rng.chisquare(1.0, size=(draws, len(values)))
    return np.asarray(np.maximum(0.0, (q - chi2.sum(axis=1)) / (chi2 @ values)))


def prediction_interval(
    y: Floats, v: Floats, level: float, draws: int, seed: int
) -> tuple[float, float]:
    """Give the interval: quantiles of ``mu(tau2) + z sqrt(tau2) - t_(k-1) se_HK(tau2)``.

    Nagashima, Noma and Furukawa 2019, Statistical Methods in Medical Research 28:1689, doi
    10.1177/0962280218773520. NaN with fewer than three studies.
    """
    k = len(y)
    if k < 3:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    drawn = []
    for start in range(0, draws, CHUNK):
        size = min(CHUNK, draws - start)
        tau2 = tau2_draws(y, v, size, rng)
        w = 1.0 / (v + tau2[:, None])
        total = w.sum(axis=1)
        mean = (w @ y) / total
        spread = (w * (y - mean[:, None]) ** 2).sum(axis=1) / ((k - 1) * total)
        own = rng.standard_normal(size) * np.sqrt(tau2)
        drawn.append(mean + own - rng.standard_t(k - 1, size) * np.sqrt(spread))
    tail = 0.5 * (1.0 - level)
    low, high = np.quantile(np.concatenate(drawn), [tail, 1.0 - tail])
    return float(low), float(high)
