"""GOSH: a meta-analysis of every subset of its studies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from peer_evidence.checks import check_choice, check_count
from peer_evidence.effects.scales import scale_of
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, number, spread_text
from peer_evidence.pooling.many import check_engine
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.tau2 import METHODS
from peer_evidence.results import Result
from peer_evidence.sensitivity import subsets as kernel
from peer_evidence.sensitivity.blocks import Work, run_blocks, spans
from peer_evidence.sensitivity.splitting import compare, known, largest_separation, place_of

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.pooling.model import MetaAnalysis

MOST_STUDIES = 20  # all subsets are gone through up to here
SAMPLE = 100_000  # subsets drawn beyond, when no number is given
_PROBABILITIES = (0.0, 0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975, 1.0)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Gosh(Result):
    """Meta-analyses of subsets of studies; arrays, one element a subset.

    Attributes
    ----------
    labels : tuple of str
        The studies.
    members : array (B, bytes) of uint8
        Which studies a subset holds, eight to a byte, study 0 in the lowest bit of the first.
    k : array (B,)
        Studies in the subset.
    estimate, tau2, i2, q : array (B,)
        Pooled effect, between-study variance, I2 in per cent and Cochran's Q. One study alone has
        no tau2 and no I2: NaN.
    failed : int
        Subsets whose tau2 was not reached.
    possible : int
        How many subsets there are, ``2**k - 1``.
    seed : int or None
        The seed of a random sample; None when all subsets are here.
    whole, whole_i2 : float
        Pooled effect and I2 of all studies.
    method, measure : str
        Estimator of tau2, and the effect measure where it is known.
    """

    labels: tuple[str, ...]
    members: NDArray[np.uint8]
    k: NDArray[np.int64]
    estimate: Floats
    tau2: Floats
    i2: Floats
    q: Floats
    failed: int
    possible: int
    seed: int | None
    whole: float
    whole_i2: float
    method: str
    measure: str

    def __len__(self) -> int:
        return len(self.k)

    @property
    def subset(self) -> NDArray[Any]:
        """Number of each subset, bit i for study i; beyond 62 studies hexadecimal text."""
        if len(self.labels) > 62:
            return np.array([row[::-1].tobytes().hex() for row in self.members], dtype=object)
        wide = np.zeros((len(self), 8), dtype=np.uint8)
        wide[:, : self.members.shape[1]] = self.members[:, :8]
        return wide.view("<i8")[:, 0].astype(np.int64)

    def contains(self, study: str | int) -> NDArray[np.bool_]:
        """Tell which subsets hold a study, given by its label, or its place counted from 0.

        Raises
        ------
        InputError
            No study has that label or place, or several have that label.
        """
        return self._holds(self.place(study))

    def place(self, study: str | int) -> int:
        """Give the place of a study among the studies, counted from 0."""
        return place_of(self.labels, study)

    def _holds(self, place: int) -> NDArray[np.bool_]:
        return np.asarray(self.members[:, place >> 3] >> (place & 7) & 1, dtype=bool)

    def with_study(self, study: str | int) -> Gosh:
        """Keep the subsets that hold a study."""
        return self._keep(self.contains(study))

    def without(self, study: str | int) -> Gosh:
        """Keep the subsets that do not hold a study."""
        return self._keep(~self.contains(study))

    def _keep(self, rows: NDArray[np.bool_]) -> Gosh:
        names = ("members", "k", "estimate", "tau2", "i2", "q")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    def by_study(self) -> pd.DataFrame:
        """Compare, for each study, the subsets that hold it with those that do not.

        Returns
        -------
        DataFrame
            One row a study, in the order of the data: ``median_with`` and ``median_without`` of
            the estimates, their ``difference``, ``i2_with`` and ``i2_without`` (medians), and
            ``separation``, the largest distance between the two distribution functions of the
            estimates (Kolmogorov and Smirnov's): 0 when the study changes nothing, 1 when every
            estimate with it lies on one side of all those without. NaN where no subset holds the
            study, or every one does.
        """
        import pandas as pd

        order = np.argsort(self.estimate, kind="stable")
        sorted_estimates = self.estimate[order]
        rows = []
        for place in range(len(self.labels)):
            held = self._holds(place)
            inside = held[order]
            rows.append(compare(sorted_estimates, inside, self.i2, held))
        table = pd.DataFrame(rows, index=pd.Index(self.labels, name="label"))
        table.insert(2, "difference", table["median_with"] - table["median_without"])
        return table

    def splitting_study(self) -> str | None:
        """Name the study that splits the subsets most: the largest separation; None when none does.

        A tie goes to the study that comes first.
        """
        place = self.splitting_place()
        return None if place is None else self.labels[place]

    def splitting_place(self) -> int | None:
        """Give the place of that study, which is its own even where labels are shared."""
        return largest_separation(self.by_study())

    def quantiles(self) -> pd.DataFrame:
        """Give quantiles of estimate, tau2, I2 and Q over the subsets."""
        import pandas as pd

        names = ("estimate", "tau2", "i2", "q")
        return pd.DataFrame(
            {name: np.nanquantile(known(getattr(self, name)), _PROBABILITIES) for name in names},
            index=pd.Index(_PROBABILITIES, name="quantile"),
        )

    def to_frame(self) -> pd.DataFrame:
        """Give one row a subset."""
        import pandas as pd

        names = ("subset", "k", "estimate", "tau2", "i2", "q")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def caption(self) -> str:
        """Say on which scale the table is, where it is not that of the words."""
        return scale_of(self.measure).table

    def summary(self) -> str:
        """Say where the estimates of the subsets lie and which study splits them."""
        if not len(self):
            return "No subset."
        low, q1, middle, q3, high = np.quantile(self.estimate, [0, 0.25, 0.5, 0.75, 1])
        scale = scale_of(self.measure)
        of = f", {scale.name}" if scale.turned else ""
        text = (
            f"Estimates of {self._held()} of {count(len(self.labels), 'study', 'studies')} "
            f"({self.method}{of}): {spread_text(low, q1, middle, q3, high, scale.value)}; "
            f"all studies together {scale.value(self.whole)}."
        )
        text += f"\n{int((self.estimate > 0).sum()):,} of {len(self):,} lie above {scale.null}."
        if np.isfinite(self.i2).any():
            i2 = np.nanquantile(self.i2, [0.25, 0.5, 0.75])
            least, median, most = (f"{one:.0f}%" for one in i2)
            half = f"half of them {least} to {most}"
            if least == most:
                half = f"at least half of them {median}"
            text += f" I2: median {median}, {half}."
        return text + self._split_words() + self._failed_words()

    def _held(self) -> str:
        """Say which subsets these are."""
        if len(self) == self.possible:
            return f"all {len(self):,} subsets"
        drawn = "" if self.seed is None else f", drawn with seed {self.seed}"
        few = f"{self.possible:,}" if len(self.labels) < 40 else f"2^{len(self.labels)} − 1"
        return f"{len(self):,} of {few} subsets{drawn},"

    def _split_words(self) -> str:
        table = self.by_study()
        place = largest_separation(table)
        if place is None:
            return ""
        row = table.iloc[place]
        scale = scale_of(self.measure)
        inside, outside = scale.value(row["median_with"]), scale.value(row["median_without"])
        name = self.labels[place]
        name = f"row {name}" if name.isdigit() else name
        return (
            f"\n{name} splits them most: median {inside} with it, {outside} without "
            f"(separation {number(row['separation'])} of at most 1)."
        )

    def _failed_words(self) -> str:
        if not self.failed:
            return ""
        return f"\ntau2 was not reached in {count(self.failed, 'subset')}."

    def _repr_html_(self) -> str:
        """Show the headline and the comparison by study, not a million rows, in a notebook."""
        import html

        from peer_evidence.formatting import frame_to_html

        return f"<p>{html.escape(self.headline())}</p>{frame_to_html(self.by_study())}"


def gosh(
    m: MetaAnalysis,
    *,
    subsets: str | int | None = None,
    seed: int = 0,
    n_jobs: int | None = None,
    method: str | None = None,
    engine: str = "numpy",
    progress: bool | None = None,
    checkpoint: str | Path | None = None,
) -> Gosh:
    """Fit every subset of the studies of a meta-analysis (Olkin, Dahabreh and Trikalinos 2012).

    Where the estimates of the subsets fall into clusters, some study or group of studies differs
    from the others; ``by_study`` tells which (doi 10.1002/jrsm.1053).

    Parameters
    ----------
    m : MetaAnalysis
        The result of :func:`meta_analysis`, without moderators and user weights.
    subsets : "all" or int, optional
        All ``2**k - 1`` subsets (to 20 studies), or how many distinct ones to draw, each as likely
        as any other. By default all to 20 studies, 100,000 beyond.
    seed : int
        Seed of the sample.
    n_jobs : int, optional
        Workers, as joblib counts them; by default one, or those of ``joblib.parallel_config``. The
        numbers do not depend on it.
    method : str, optional
        Estimator of tau2; by default that of ``m``.
    engine : {"numpy", "numba"}
        ``"numba"`` compiles the iterative methods (extra ``fast``); results agree to 1e-12.
    progress : bool, optional
        Show a progress bar on standard error; by default on a terminal, when it takes a while.
    checkpoint : str or Path, optional
        File that keeps the finished blocks of 32,768 subsets; a run that was stopped goes on from
        it.

    Returns
    -------
    Gosh
        Arrays (B,), in ascending order of the subsets' bits, or in the order drawn.

    Raises
    ------
    InputError
        One study, moderators, user weights, all subsets of more than 20 studies, or a checkpoint
        of other data.

    Examples
    --------
    >>> import pandas as pd
    >>> from peer_evidence.pooling.model import meta_analysis
    >>> data = pd.DataFrame(
    ...     {
    ...         "label": list("ABCDE"),
    ...         "effect": [0.1, 0.3, 0.2, 0.25, 1.5],
    ...         "variance": [0.02, 0.03, 0.04, 0.03, 0.05],
    ...     }
    ... )
    >>> g = gosh(meta_analysis(data))
    >>> len(g), g.splitting_study()
    (31, 'E')
    >>> g.by_study().loc["E", ["median_with", "median_without"]].round(2).tolist()
    [0.63, 0.2]
    """
    _check(m)
    own = check_choice("method", m.method if method is None else method, METHODS)
    check_engine(engine)
    check_count("seed", seed)
    y, v, k = m.studies.effects, m.studies.variances, m.k
    wanted = _how_many(subsets, k)
    blocks: list[Any]
    if wanted is None:
        blocks = list(spans(2**k, kernel.BLOCK))
        members = _all_members(k)
    else:
        members = kernel.draw(k, wanted, seed)
        blocks = [members[start:stop] for start, stop in spans(wanted, kernel.BLOCK)]
    work = Work(n_jobs, progress, checkpoint)
    parts = run_blocks(kernel.fit_block, blocks, (y, v, own, engine), work, "GOSH")
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    whole = m if own == m.method else _refit(m, own)
    return Gosh(
        labels=m.studies.labels,
        members=members,
        **dict(zip(("k", "estimate", "tau2", "i2", "q"), columns[:5], strict=True)),
        failed=int((~columns[5]).sum()),
        possible=2**k - 1,
        seed=None if wanted is None else int(seed),
        whole=whole.estimate,
        whole_i2=whole.i2,
        method=own,
        measure=m.studies.measure,
    )


def _check(m: Any) -> None:
    if not hasattr(m, "regression"):
        raise InputError(
            f"m: found {type(m).__name__}, allowed is the result of peer_evidence.meta_analysis"
        )
    if m.regression.design is not None:
        raise InputError("m: the analysis has moderators, there is no single effect of a subset")
    if m.studies.weights is not None:
        raise InputError("m: found user weights, subsets are pooled by inverse variance only")
    if m.k < 2:
        raise InputError(f"m: found {m.k} study, subsets need at least 2")


def _how_many(subsets: Any, k: int) -> int | None:
    """Give how many subsets to draw, None for all of them."""
    if subsets is None:
        return None if k <= MOST_STUDIES else SAMPLE
    if isinstance(subsets, str):
        check_choice("subsets", subsets, ("all",))
        if k > MOST_STUDIES:
            raise InputError(
                f"subsets: {k} studies have {2**k - 1:,} subsets, all are gone through to "
                f"{MOST_STUDIES} studies; give the number of subsets to draw, such as {SAMPLE}"
            )
        return None
    try:
        wanted = check_count("subsets", subsets, 1)
    except InputError:
        raise InputError(
            f"subsets: found {subsets!r}, allowed is 'all' or a whole number of at least 1"
        ) from None
    return None if wanted >= 2**k - 1 and k <= MOST_STUDIES else wanted


def _all_members(k: int) -> NDArray[np.uint8]:
    codes = np.arange(1, 2**k, dtype=np.int64)
    return np.ascontiguousarray(kernel.pack_codes(codes)[:, : (k + 7) // 8])


def _refit(m: MetaAnalysis, method: str) -> MetaAnalysis:
    import warnings

    from peer_evidence.pooling.model import pool_studies

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said when the analysis itself was made
        return pool_studies(m.studies, None, None, method, "wald", m.level)
