"""The multiverse: one meta-analysis for every combination of defensible choices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from peer_evidence.checks import check_columns, check_frame, check_level
from peer_evidence.effects.scales import scale_of
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, count_range, spread_text
from peer_evidence.pooling import batch
from peer_evidence.pooling.many import check_engine
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.studies import read_studies
from peer_evidence.results import Result
from peer_evidence.sensitivity import subsets as kernel
from peer_evidence.sensitivity.blocks import Arrays, Work, run_blocks, spans
from peer_evidence.sensitivity.choices import Factor, Grid, distinct_sets, read_choices

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.sensitivity.null_curves import MultiverseTest

_LEAST = 2  # studies of a specification
_TWICE = (
    " without holding a study twice; let the choices leave one result of each study, or give "
    "study=None to take the results as independent"
)
_NUMBERS = ("k", "estimate", "se", "ci_low", "ci_high", "p_value", "tau2", "i2", "ways")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Multiverse(Result):
    """Meta-analyses of many specifications, sorted by estimate; arrays, one element each.

    Attributes
    ----------
    factors : tuple of (str, tuple of str)
        Each choice with its options, columns first, then method and ci.
    option : array (S, F)
        Which option of each factor a specification takes.
    members : array (S, bytes) of uint8
        Which rows it pools, eight to a byte, row 0 in the lowest bit of the first.
    k, estimate, se, ci_low, ci_high, p_value, tau2, i2 : array (S,)
        Its result; I2 in per cent.
    ways : array (S,)
        How many combinations of options lead to the same rows pooled in the same way.
    combinations : int
        All combinations of options.
    duplicates : int
        Combinations that pool the same rows in the same way as another; counted once.
    too_few, repeated : int
        Combinations dropped because they hold fewer than two studies, or a study twice.
    failed : int
        Specifications whose tau2 was not reached.
    effects, variances, labels
        The rows that can enter.
    level, measure
        Confidence level, and the effect measure where the table names one.
    """

    factors: tuple[tuple[str, tuple[str, ...]], ...]
    option: NDArray[np.intp]
    members: NDArray[np.uint8]
    k: NDArray[np.int64]
    estimate: Floats
    se: Floats
    ci_low: Floats
    ci_high: Floats
    p_value: Floats
    tau2: Floats
    i2: Floats
    ways: NDArray[np.intp]
    combinations: int
    duplicates: int
    too_few: int
    repeated: int
    failed: int
    effects: Floats
    variances: Floats
    labels: tuple[str, ...]
    level: float
    measure: str

    def __len__(self) -> int:
        return len(self.k)

    def excludes_null(self) -> NDArray[np.bool_]:
        """Tell which intervals exclude 0."""
        return (self.ci_low > 0) | (self.ci_high < 0)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a specification, sorted by estimate."""
        import pandas as pd

        columns: dict[str, Any] = {}
        for place, (name, options) in enumerate(self.factors):
            codes = self.option[:, place]
            columns[name] = pd.Categorical.from_codes(
                codes.tolist(), dtype=pd.CategoricalDtype(list(options))
            )
        return pd.DataFrame(columns | {name: getattr(self, name) for name in _NUMBERS})

    def by_factor(self) -> pd.DataFrame:
        """Compare the options of each choice: what drives the answer.

        Returns
        -------
        DataFrame
            Indexed by factor and option: ``specifications``, the median, lowest and highest
            estimate, and the shares above 0 and with an interval that excludes 0.
        """
        import pandas as pd

        rows = {}
        beyond = self.excludes_null()
        for place, (name, options) in enumerate(self.factors):
            for code, option in enumerate(options):
                held = self.option[:, place] == code
                if not held.any():
                    rows[name, option] = (0, *[np.nan] * 5)
                    continue
                own = self.estimate[held]
                rows[name, option] = (
                    *(int(held.sum()), float(np.median(own)), float(own.min()), float(own.max())),
                    *(float((own > 0).mean()), float(beyond[held].mean())),
                )
        names = ["specifications", "median", "lowest", "highest", "share_above", "share_excluding"]
        index = pd.MultiIndex.from_tuples(list(rows), names=["factor", "option"])
        return pd.DataFrame(list(rows.values()), index=index, columns=names)

    def test(
        self,
        *,
        iterations: int = 1000,
        seed: int = 0,
        tau2: float = 0.0,
        n_jobs: int | None = None,
        engine: str = "numpy",
        progress: bool | None = None,
        checkpoint: str | Path | None = None,
    ) -> MultiverseTest:
        """Compare the specifications with those of studies that have no effect.

        Effects are drawn from N(0, variance + tau2), the same draw for every specification a row
        enters, and all specifications are pooled anew (Voracek, Kossmeier and Tran 2019, after
        Simonsohn, Simmons and Nelson 2020, doi 10.1038/s41562-020-0912-z).

        Parameters
        ----------
        iterations : int
            How many times.
        seed : int
            Seed of the draws; the same numbers whatever the number of workers.
        tau2 : float
            Between-study variance under the null; 0 as Voracek and others have it. With
            heterogeneity that null is narrower than what the studies could do by chance.
        n_jobs, engine, progress, checkpoint
            As :func:`gosh`.

        Returns
        -------
        MultiverseTest
            P values of the median estimate and of the share of intervals that exclude 0.

        Warns
        -----
        DataWarning
            ``tau2`` of 0 although Cochran's Q of all results has a p below 0.01.
        """
        from peer_evidence.sensitivity.null_curves import null_test

        work = Work(n_jobs, progress, checkpoint)
        return null_test(self, iterations, seed, tau2, check_engine(engine), work)

    def caption(self) -> str:
        """Say on which scale the table is, where it is not that of the words."""
        return scale_of(self.measure).table

    def summary(self) -> str:
        """Say where the estimates lie and how many intervals exclude 0."""
        q1, middle, q3 = np.quantile(self.estimate, [0.25, 0.5, 0.75])
        low, high = float(self.estimate[0]), float(self.estimate[-1])
        above, below = int((self.estimate > 0).sum()), int((self.estimate < 0).sum())
        beyond = self.excludes_null()
        up = int((beyond & (self.estimate > 0)).sum())
        scale = scale_of(self.measure)
        of = f", {scale.name}" if scale.turned else ""
        text = (
            f"{count(len(self), 'specification')}{of}: "
            f"{spread_text(low, q1, middle, q3, high, scale.value)}.\n"
            f"{above} above {scale.null} ({up} with an interval that excludes it), {below} below "
            f"{scale.null} "
            f"({int(beyond.sum()) - up}); {count_range(self.k.min(), self.k.max())} studies each.\n"
            f"Of {count(self.combinations, 'combination')} of options {self.duplicates} pool the "
            f"same rows in the same way as another and {self.too_few} hold fewer than "
            f"{_LEAST} studies."
        )
        if self.repeated:
            text += f" {self.repeated} hold a study twice and are left out."
        if self.failed:
            text += f"\ntau2 was not reached in {count(self.failed, 'specification')}."
        return text

    def _repr_html_(self) -> str:
        """Show the headline and the comparison by choice in a notebook."""
        import html

        from peer_evidence.formatting import frame_to_html

        table = frame_to_html(self.by_factor(), self.caption() or None)
        return f"<p>{html.escape(self.headline())}</p>{table}"


def multiverse(
    data: pd.DataFrame,
    choices: dict[str, Any],
    *,
    effect: str = "effect",
    variance: str = "variance",
    method: str = "REML",
    ci: str = "wald",
    level: float = 0.95,
    label: str = "label",
    study: str | None = "auto",
    n_jobs: int | None = None,
    engine: str = "numpy",
    progress: bool | None = None,
    checkpoint: str | Path | None = None,
) -> Multiverse:
    """Pool every combination of choices: which results enter, and how they are pooled.

    Parameters
    ----------
    data : DataFrame
        One row a result, as for :func:`meta_analysis`, with the columns that the choices name.
    choices : dict
        From the name of a choice to its options, a list (or a mapping from their names to them).
        ``"method"`` and ``"ci"`` are those of :func:`meta_analysis` (how). Any other name is a
        column (which), and its options say what rows enter: ``"all"``; a value; a list of values;
        a range ``(low, high)`` of a column of numbers, both ends included, None for no end. Rows
        where the column is empty enter with ``"all"`` only.
    effect, variance, label : str
        Columns, as for :func:`meta_analysis`.
    method, ci : str
        Where ``choices`` does not name them.
    level : float
        Confidence level of all intervals.
    study : str, optional
        Column that names the study of a result: combinations in which a study has two results
        are dropped and counted. ``"auto"`` takes the column ``study_id`` where there is one. With
        None results are taken as independent.
    n_jobs, engine, progress, checkpoint
        As :func:`gosh`.

    Returns
    -------
    Multiverse
        Sorted by estimate. Combinations that pool the same rows in the same way are counted once;
        those of fewer than two studies are dropped and counted.

    Raises
    ------
    InputError
        A choice or option that is not known, or no combination with two studies.

    References
    ----------
    Voracek, Kossmeier and Tran (2019), Zeitschrift für Psychologie 227:64, doi
    10.1027/2151-2604/a000357.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {
    ...         "effect": [0.1, 0.3, 0.2, 0.5, 0.9],
    ...         "variance": [0.02, 0.03, 0.04, 0.03, 0.05],
    ...         "design": ["trial", "trial", "cohort", "cohort", "trial"],
    ...         "year": [1999, 2005, 2011, 2015, 2020],
    ...     }
    ... )
    >>> mv = multiverse(
    ...     data,
    ...     {
    ...         "design": ["all", "trial"],
    ...         "year": ["all", (2000, None)],
    ...         "method": ["FE", "DL", "REML"],
    ...     },
    ... )
    >>> len(mv), mv.duplicates
    (12, 0)
    """
    check_level(level)
    check_engine(engine)
    check_frame("data", data)
    if study == "auto":
        study = "study_id" if "study_id" in data.columns else None
    studies, kept = read_studies(data, effect, variance, label)
    which, how = read_choices(data, choices)
    given = {"method": (method,), "ci": (ci,)} | {one.name: one.options for one in how}
    _, own = read_choices(data, {name: list(options) for name, options in given.items()})
    grid = distinct_sets(which, kept)
    combinations = grid.combinations * len(given["method"]) * len(given["ci"])
    sets, sizes = grid.sets[:, kept], grid.sets[:, kept].sum(axis=1)
    few = sizes < _LEAST
    twice = ~few & _holds_twice(data, study, kept, sets)
    used = ~(few | twice)
    if not used.any():
        raise InputError(
            f"choices: none of {combinations:,} combinations holds {_LEAST} studies"
            + ("" if not twice.any() else _TWICE)
        )
    ways = len(given["method"]) * len(given["ci"])
    work = Work(n_jobs, progress, checkpoint)
    columns, failed = _fit(
        sets[used], studies.effects, studies.variances, given, level, engine, work
    )
    return _collect(
        columns,
        which,
        own,
        Grid(sets[used], grid.options[used], grid.ways[used], combinations),
        duplicates=int((grid.ways[used] - 1).sum()) * ways,
        too_few=int(grid.ways[few].sum()) * ways,
        repeated=int(grid.ways[twice].sum()) * ways,
        failed=failed,
        effects=studies.effects,
        variances=studies.variances,
        labels=studies.labels,
        level=float(level),
        measure=studies.measure,
    )


def _holds_twice(
    data: pd.DataFrame, study: str | None, kept: NDArray[np.bool_], sets: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Tell which sets of rows hold a study twice."""
    if study is None:
        return np.zeros(len(sets), dtype=bool)
    check_columns(data.columns, [study], "study")
    names = [str(one) for one, keep in zip(data[study].tolist(), kept, strict=True) if keep]
    _, place = np.unique(names, return_inverse=True)
    held = np.zeros((len(names), int(place.max(initial=0)) + 1), dtype=np.float32)
    held[np.arange(len(names)), place] = 1
    return np.asarray((sets.astype(np.float32) @ held > 1.5).any(axis=1))


def fit_sets(block: tuple[NDArray[np.uint8], str], y: Floats, v: Floats, engine: str) -> Arrays:
    """Fit a block of packed sets by one method: what both engines compute for each."""
    packed, method = block
    return tuple(np.asarray(column) for column in kernel.fit_packed(packed, y, v, method, engine))


def _fit(
    sets: NDArray[np.bool_],
    y: Floats,
    v: Floats,
    given: dict[str, tuple[str, ...]],
    level: float,
    engine: str,
    work: Work,
) -> tuple[dict[str, NDArray[Any]], int]:
    """Fit every set by every method, and give it every interval: columns (method, ci, set)."""
    packed = np.packbits(sets, axis=1, bitorder="little")
    parts = spans(len(packed), kernel.BLOCK)
    blocks = [(packed[a:b], method) for method in given["method"] for a, b in parts]
    done = run_blocks(fit_sets, blocks, (y, v, engine), work, "multiverse")
    columns: dict[str, list[Any]] = {name: [] for name in _NUMBERS[:-1]}
    failed = 0
    for place, method in enumerate(given["method"]):
        own = done[place * len(parts) : (place + 1) * len(parts)]
        fits = batch.Fits(*(np.concatenate(one) for one in zip(*own, strict=True)))
        failed += int((~fits.converged).sum()) * len(given["ci"])
        for ci in given["ci"]:
            numbers = batch.finish(fits, method, ci, level)
            for name in (*_NUMBERS[1:6], "i2"):
                columns[name].append(getattr(numbers, name))
            columns["tau2"].append(fits.tau2)
            columns["k"].append(fits.k.astype(np.int64))
    return {name: np.concatenate(values) for name, values in columns.items()}, failed


def _collect(
    columns: dict[str, NDArray[Any]],
    which: list[Factor],
    how: list[Factor],
    grid: Grid,
    **rest: Any,
) -> Multiverse:
    """Sort the specifications by estimate; ties stay in the order of the choices."""
    count_ = len(grid.sets)
    inner = [len(one.options) for one in how]
    repeats = int(np.prod(inner))
    method, ci = (one.ravel() for one in np.indices(inner))
    option = np.column_stack(
        [
            np.tile(grid.options, (repeats, 1)),
            np.repeat(method, count_),
            np.repeat(ci, count_),
        ]
    )
    order = np.argsort(columns["estimate"], kind="stable")
    sorted_columns: dict[str, Any] = {name: values[order] for name, values in columns.items()}
    packed = np.packbits(grid.sets, axis=1, bitorder="little")
    return Multiverse(
        factors=tuple((one.name, one.options) for one in [*which, *how]),
        option=option[order],
        members=packed[order % count_],
        **sorted_columns,
        ways=np.tile(grid.ways, repeats)[order],
        combinations=grid.combinations,
        **rest,
    )
