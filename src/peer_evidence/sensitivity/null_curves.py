"""What a multiverse looks like when no study has an effect: the specifications pooled anew."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.checks import check_count
from peer_evidence.effects.scales import scale_of
from peer_evidence.errors import DataWarning, InputError
from peer_evidence.formatting import count, number, p_text, per_cent
from peer_evidence.pooling import batch, laws
from peer_evidence.pooling.many import fit_engine
from peer_evidence.pooling.projection import Floats
from peer_evidence.results import Result
from peer_evidence.sensitivity import subsets as kernel
from peer_evidence.sensitivity.blocks import Arrays, Work, run_blocks, seeded_spans

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.sensitivity.multiverse import Multiverse

_FITS = 30_000  # a block
_RANKS = 501  # of the sorted curve, kept from each draw
_TIE = 1e-12
_CLEAR = 0.01  # p of Q below which a null without heterogeneity is too narrow, beyond doubt


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MultiverseTest(Result):
    """P values of a multiverse against studies without an effect.

    Attributes
    ----------
    median, share_excluding : float
        Observed: median estimate, share of intervals that exclude 0 (on either side).
    median_p_value, share_p_value : float
        Share of draws at least as extreme, the observed one counted as a draw: in the absolute
        median, in the share.
    null_median, null_share : array (iterations,)
        What the draws gave.
    rank, curve_low, curve_high : array (R,)
        Places along the sorted specifications, 0 to 1, and between what 95% of the draws' sorted
        estimates lie there.
    iterations, seed, tau2
        How it was done.
    measure : str
        The effect measure, where the data name one.
    """

    median: float
    median_p_value: float
    share_excluding: float
    share_p_value: float
    specifications: int
    iterations: int
    seed: int
    tau2: float
    null_median: Floats
    null_share: Floats
    rank: Floats
    curve_low: Floats
    curve_high: Floats
    measure: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Give one row a statistic: observed, p value, and the middle 95% of the draws."""
        import pandas as pd

        rows = []
        for observed, p, drawn in (
            (self.median, self.median_p_value, self.null_median),
            (self.share_excluding, self.share_p_value, self.null_share),
        ):
            low, high = np.quantile(drawn, [0.025, 0.975])
            rows.append((observed, p, float(low), float(high)))
        return pd.DataFrame(
            rows,
            columns=["observed", "p_value", "null_low", "null_high"],
            index=pd.Index(["median", "share_excluding"], name="statistic"),
        )

    def summary(self) -> str:
        """Say how often studies without an effect do as much."""
        scale = scale_of(self.measure)
        shown = f"{scale.prefix}{scale.value(self.median)}"
        return (
            f"Against {count(self.iterations, 'draw')} of studies without an effect (tau2 "
            f"{self.tau2:.4g}, seed {self.seed}): median {shown}, p "
            f"{_equals(self.median_p_value)}; {per_cent(self.share_excluding)} of "
            f"{count(self.specifications, 'interval')} exclude "
            f"{scale.null}, p {_equals(self.share_p_value)}."
        )


def null_test(
    mv: Multiverse, iterations: int, seed: int, tau2: float, engine: str, work: Work
) -> MultiverseTest:
    """Draw effects without an effect, and pool every specification of each draw."""
    check_count("iterations", iterations, 1)
    check_count("seed", seed)
    if not (isinstance(tau2, Real) and isfinite(tau2) and tau2 >= 0):
        raise InputError(f"tau2: found {tau2!r}, allowed is a number of at least 0")
    sets, place = np.unique(mv.members, axis=0, return_inverse=True)
    names = [name for name, _ in mv.factors]
    how = mv.option[:, [names.index("method"), names.index("ci")]]
    options = dict(mv.factors)
    _warn_narrow(mv, float(tau2))
    size = max(1, _FITS // max(len(mv), 1))
    shared = (
        *(sets, place.ravel(), how, options["method"], options["ci"]),
        *(mv.variances, float(tau2), mv.level, engine),
    )
    blocks = seeded_spans(iterations, size, seed)
    parts = run_blocks(draw_block, blocks, shared, work, "multiverse test")
    medians, shares, curves = (np.concatenate(one) for one in zip(*parts, strict=True))
    observed, share = float(np.median(mv.estimate)), float(mv.excludes_null().mean())
    low, high = np.quantile(curves, [0.025, 0.975], axis=0)
    return MultiverseTest(
        median=observed,
        median_p_value=_share_beyond(np.abs(medians), abs(observed)),
        share_excluding=share,
        share_p_value=_share_beyond(shares, share),
        specifications=len(mv),
        iterations=iterations,
        seed=seed,
        tau2=float(tau2),
        null_median=medians,
        null_share=shares,
        rank=np.linspace(0.0, 1.0, curves.shape[1]),
        curve_low=low,
        curve_high=high,
        measure=mv.measure,
    )


def _warn_narrow(mv: Multiverse, tau2: float) -> None:
    """Warn where the null has no tau2 but the studies have: Cochran's Q of all of them."""
    if tau2 > 0 or len(mv.effects) < 2:
        return
    fits = batch.fit_many(mv.effects[None], mv.variances[None], "DL")
    df = len(mv.effects) - 1.0
    if float(laws.chi2_tail(fits.q[0], df)) >= _CLEAR:
        return
    warnings.warn(
        f"tau2: the null has tau2 = 0, but the {len(mv.effects)} results differ by more than "
        f"chance (Q = {number(float(fits.q[0]))} on {df:g} df, tau2 {float(fits.tau2[0]):.3g} by "
        "DL), so that it is too narrow and p too small; give tau2=",
        DataWarning,
        stacklevel=4,
    )


def draw_block(
    block: tuple[int, int, np.random.SeedSequence],
    sets: Any,
    place: Any,
    how: Any,
    methods: tuple[str, ...],
    intervals: tuple[str, ...],
    variances: Floats,
    tau2: float,
    level: float,
    engine: str,
) -> Arrays:
    """Do some draws: medians, shares that exclude 0, sorted curves at some ranks."""
    start, stop, own = block
    draws = stop - start
    rng = np.random.default_rng(own)
    y = rng.normal(size=(draws, 1, len(variances))) * np.sqrt(variances + tau2)
    members = kernel.unpack(sets, len(variances))
    effects = np.where(members, y, np.nan).reshape(-1, len(variances))
    spread = np.tile(np.where(members, variances, np.nan), (draws, 1))
    estimate = np.empty((draws, len(place)))
    beyond = np.empty((draws, len(place)), dtype=bool)
    for code, method in enumerate(methods):
        fits = fit_engine(engine)(effects, spread, method)
        for number_, ci in enumerate(intervals):
            chosen = (how[:, 0] == code) & (how[:, 1] == number_)
            done = batch.finish(fits, method, ci, level)
            excludes = ((done.ci_low > 0) | (done.ci_high < 0)).reshape(draws, -1)
            estimate[:, chosen] = done.estimate.reshape(draws, -1)[:, place[chosen]]
            beyond[:, chosen] = excludes[:, place[chosen]]
    ranks = np.unique(np.linspace(0, len(place) - 1, min(_RANKS, len(place))).astype(int))
    curves = np.sort(estimate, axis=1)[:, ranks]
    return np.median(estimate, axis=1), beyond.mean(axis=1), curves


def _share_beyond(drawn: Floats, observed: float) -> float:
    """Give the share of draws at least as extreme, the observed one among them."""
    return float((1 + (drawn >= observed * (1 - _TIE)).sum()) / (1 + len(drawn)))


def _equals(p: float) -> str:
    return p_text(p).removeprefix("p ")
