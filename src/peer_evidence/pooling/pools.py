"""Every pool that the records of a review allow: one a domain and a time of measurement."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from peer_evidence.checks import check_choice, check_columns, check_evidence, check_options, nearest
from peer_evidence.effects.conversion import smd_from_log_odds_ratio
from peer_evidence.effects.measures import PRINTED
from peer_evidence.effects.scales import scale_of
from peer_evidence.effects.table import effect_sizes
from peer_evidence.errors import FewStudiesWarning, InputError
from peer_evidence.formatting import count, p_brief, short_label, words
from peer_evidence.pooling.model import MetaAnalysis, meta_analysis
from peer_evidence.results import Result

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

FEW = 5  # below this many studies tau2 and a Wald interval are not to be trusted
MEASURES = ("SMD", "OR", "RR", "RD", "MD", "HR", "IRR")
NO_TIME = "time not stated"
NO_NUMBERS = "no numbers for the measure"
ANOTHER = "another result of the study in this pool was measured later"
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Pools(Result):
    """The meta-analyses of a review, one a group; positive favours the intervention.

    ``pools["hope", "up to 4 months"]`` is a :class:`MetaAnalysis`.

    Attributes
    ----------
    by : tuple of str
        What makes a group.
    measure : str
        The effect measure of all pools; ratios are on the log scale.
    keys : tuple of tuple of str
        The groups that were pooled.
    rows : DataFrame
        Every comparative result marked poolable: its group, effect, variance, ``effect_note``
        (how it was made), whether it was ``pooled``, and else why not (``left_out_reason``).
    intervention : str
        The package's name for the intervention.
    titles : tuple of str
        The groups as readers see them.
    analyses, cautious : tuple of MetaAnalysis
        The pools, and the same with the ad hoc Hartung-Knapp interval, in the order of the keys.
    notes : tuple of str
        Which measure was chosen, where it is that of the printed effects; else empty.
    """

    by: Key
    measure: str
    keys: tuple[Key, ...]
    rows: pd.DataFrame
    intervention: str
    titles: tuple[str, ...]
    analyses: tuple[MetaAnalysis, ...] = field(repr=False)
    cautious: tuple[MetaAnalysis, ...] = field(repr=False)
    notes: Key = ()

    def __getitem__(self, key: str | Key) -> MetaAnalysis:
        wanted = (key,) if isinstance(key, str) else tuple(key)
        if wanted in self.keys:
            return self.analyses[self.keys.index(wanted)]
        known = [", ".join(one) for one in self.keys]
        close = nearest(", ".join(map(str, wanted)), known)
        hint = f"; did you mean {close!r}?" if close else ""
        raise InputError(f"pools: no pool {wanted!r}{hint} (pools: {'; '.join(known) or 'none'})")

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def groups(self) -> dict[str, MetaAnalysis]:
        """The pools by a name that readers see."""
        return dict(zip(self.titles, self.analyses, strict=True))

    def studies(self, key: str | Key | None = None) -> pd.DataFrame:
        """Give the rows of the records in a pool, or in all of them, in the order of the pools."""
        if key is None:
            frames = [self.studies(one) for one in self.keys]
            return pd.concat(frames, ignore_index=True) if frames else self.rows.head(0)
        self[key]
        wanted = (key,) if isinstance(key, str) else tuple(key)
        same = self.rows["pooled"].to_numpy(bool).copy()
        for name, value in zip(self.by, wanted, strict=True):
            same &= (self.rows[name].astype(str) == value).to_numpy(bool)
        return self.rows[same].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a pool: what it holds, Wald and ad hoc Hartung-Knapp beside each other."""
        found = []
        for key, wald, cautious in zip(self.keys, self.analyses, self.cautious, strict=True):
            row: dict[str, Any] = dict(zip(self.by, key, strict=True))
            row |= wald.to_frame().drop(columns=["qm", "qm_df", "qm_p_value", "r2"]).iloc[0]
            row["adhoc_ci_low"], row["adhoc_ci_high"] = cautious.ci_low, cautious.ci_high
            row["adhoc_p_value"], row["few_studies"] = cautious.p_value, wald.k < FEW
            row["measure"], row["studies"] = self.measure, "; ".join(wald.studies.labels)
            found.append(row)
        columns = None if found else [*self.by, "estimate", "k", "measure", "studies"]
        return pd.DataFrame(found, columns=columns).set_index(list(self.by))

    def caption(self) -> str:
        """Say on which scale the table is, where it is not that of the words."""
        return scale_of(self.measure).table

    def summary(self) -> str:
        """Give each pool with both intervals, and say how few studies it has."""
        out = int((~self.rows["pooled"]).sum())
        pooled = count(int(self.rows["pooled"].sum()), "result")
        scale = scale_of(self.measure)
        lines = [
            f"{count(len(self), 'pool')} of {self.measure}, {pooled}, {out} left in no pool; "
            f"{scale.positive} favours {self.intervention}"
        ]
        for title, wald, cautious in zip(self.titles, self.analyses, self.cautious, strict=True):
            few = f"; fewer than {FEW} studies, tau² is a guess" if wald.k < FEW else ""
            lines.append(
                f"  {title}: {scale.prefix}{scale.value(wald.estimate)} "
                f"({scale.interval(wald.ci_low, wald.ci_high)}, {p_brief(wald.p_value)}; ad hoc "
                f"Hartung-Knapp {scale.interval(cautious.ci_low, cautious.ci_high)}), "
                f"{count(wald.k, 'study', 'studies')}{few}"
            )
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def pools(
    ev: Evidence,
    by: Sequence[str] = ("domain", "bucket"),
    *,
    buckets: Sequence[float] = (4, 9),
    minimum: int = 2,
    measure: str | None = None,
    domains: Sequence[str] | None = None,
    **options: Any,
) -> Pools:
    """Pool every group of results that the records allow.

    Parameters
    ----------
    ev : Evidence
        The records. Results marked poolable that compare intervention and comparison are used.
    by : sequence of str
        Columns of outcomes or studies that make a group; ``bucket`` is the time of measurement.
    buckets : sequence of float
        Upper ends of the times in months, each included in its own: ``(4, 9)`` gives up to 4
        months, over 4 to 9 months, over 9 months.
    minimum : int
        Studies that a pool needs.
    measure : {"SMD", "OR", "RR", "RD", "MD", "HR", "IRR"}, optional
        The effect measure. When left out: SMD if any result prints means, else OR; where no result
        prints means, counts or an odds ratio with its interval, the measure that most results
        print with an interval (of as many, the first in the table), which ``notes`` says. For
        SMD, a result that prints counts enters as its odds ratio over pi / sqrt 3 (Chinn 2000,
        Stat Med 19:3127), which its note says. Printed effects of other measures do not enter.
    domains : sequence of str, optional
        The outcome domains to pool; all when left out.
    **options
        As :func:`meta_analysis`: ``method``, ``ci``, ``level``.

    Returns
    -------
    Pools
        Positive favours the intervention. A study has one result in a pool: the last measured;
        the others are left out with the reason. Where no result of the records says when it was
        measured, all stand in the bucket "time not stated".

    Raises
    ------
    InputError
        If a column is not known, the buckets do not ascend, or ``minimum`` is below 1.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> found = pe.pools(pe.load())
    >>> hope = found["hope", "up to 4 months"]
    >>> hope.k, round(hope.estimate, 3)
    (3, 0.259)
    """
    check_evidence("ev", ev)
    check_options(meta_analysis, options)
    if minimum < 1:
        raise InputError(f"minimum: found {minimum!r}, allowed is a whole number of at least 1")
    rows = ev.select(poolable=True, contrast_type="intervention_vs_comparison", domain=domains)
    rows["label"] = short_labels(rows)
    rows["bucket"] = time_buckets(rows["timepoint_months"], buckets)
    if rows["timepoint_months"].isna().all():  # a review without times is one bucket, not none
        rows["bucket"] = pd.Series(pd.Categorical([NO_TIME] * len(rows)), index=rows.index)
    names = (by,) if isinstance(by, str) else tuple(by)
    check_columns(rows.columns, names, "by")
    chosen, notes = _choose_measure(rows, measure)
    rows = _with_effects(rows, chosen)
    rows["left_out_reason"] = _reasons(rows, names, minimum)
    rows["pooled"] = rows["left_out_reason"] == ""
    keys, frames = _groups(rows[rows["pooled"]], names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewStudiesWarning)  # the result says it of each pool
        analyses = tuple(meta_analysis(frame, **options) for frame in frames)
        careful = options | {"ci": "hksj-adhoc"}
        if options.get("method") == "FE":
            careful = options
        cautious = tuple(meta_analysis(frame, **careful) for frame in frames)
    titles = tuple(
        ", ".join(
            part if name == "bucket" else ev.vocabularies.label(name, part)
            for name, part in zip(names, key, strict=True)
        )
        for key in keys
    )
    about = ev.package["intervention"]
    return Pools(names, chosen, keys, rows, about, titles, analyses, cautious, notes)


def time_buckets(months: pd.Series, buckets: Sequence[float]) -> pd.Series:
    """Name the bucket of each time; missing where the time is.

    Examples
    --------
    >>> time_buckets(pd.Series([2.0, 4.0, 9.5]), (4, 9)).tolist()
    ['up to 4 months', 'up to 4 months', 'over 9 months']
    """
    ends = [float(end) for end in buckets]
    if not ends or sorted(set(ends)) != ends or ends[0] <= 0:
        raise InputError(f"buckets: found {buckets!r}, allowed are ascending months above 0")
    labels = [f"up to {ends[0]:g} months"]
    labels += [f"over {a:g} to {b:g} months" for a, b in pairwise(ends)]
    labels.append(f"over {ends[-1]:g} months")
    edges = [-np.inf, *ends, np.inf]
    values = months.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    return pd.Series(pd.cut(values, edges, labels=labels, ordered=True), index=months.index)


def short_labels(rows: pd.DataFrame) -> pd.Series:
    """Shorten the labels of the studies, as long as no two studies look alike then."""
    short = rows["label"].map(short_label)
    alike = rows.groupby(short)["study_id"].transform("nunique") > 1
    return short.where(~alike, rows["label"])


def _choose_measure(rows: pd.DataFrame, measure: str | None) -> tuple[str, Key]:
    """Choose the measure of the pools; a note says so where it is that of printed effects."""
    if measure is not None:
        return check_choice("measure", measure, MEASURES), ()
    if rows["mean_intervention"].notna().any() or rows.empty:
        return "SMD", ()
    counts = rows[["events_intervention", "events_comparison"]].notna().any(axis=None)
    whole = rows[["estimate", "ci_low", "ci_high"]].notna().all(axis=1)
    printed = [PRINTED.get(str(word)) for word in rows.loc[whole, "effect_measure"]]
    found = Counter(code for code in printed if code in MEASURES)
    if counts or not found or "OR" in found:
        return "OR", ()
    code, times = found.most_common(1)[0]  # of as many, the first in the table
    note = (
        f"measure {code}: no result has means or counts, and {times} of {len(rows)} print {code} "
        "with an interval; effects printed on another measure do not enter"
    )
    if code == "MD":
        note += "; a pool of mean differences holds only where all are on one scale"
    return code, (note,)


def _with_effects(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Add effect and variance; for SMD, results with counts enter through their odds ratio."""
    done = effect_sizes(rows, measure, align=True, from_estimates=True)
    if measure != "SMD":
        return done
    ratios = effect_sizes(rows, "OR", align=True, from_estimates=True)
    turned = (done["effect"].isna() & ratios["effect"].notna()).to_numpy(bool)
    effect, variance = smd_from_log_odds_ratio(
        effect=ratios["effect"].to_numpy(float), variance=ratios["variance"].to_numpy(float)
    )
    done.loc[turned, "effect"] = effect[turned]
    done.loc[turned, "variance"] = variance[turned]
    done.loc[turned, "se"] = np.sqrt(variance[turned])
    notes = ratios.loc[turned, "effect_note"].replace("", "from the counts")
    done.loc[turned, "effect_note"] = "odds ratio over π/√3, " + notes
    return done


def _reasons(rows: pd.DataFrame, names: Key, minimum: int) -> pd.Series:
    """Say of each row why it is in no pool; empty where it is in one."""
    reasons = pd.Series("", index=rows.index, dtype="str")
    missing = rows[list(names)].isna()
    for name in reversed(names):
        what = "no time of measurement" if name == "bucket" else f"no {words(name)}"
        reasons[missing[name]] = what
    without = (reasons == "") & (rows["effect"].isna() | ~(rows["variance"] > 0))
    reasons[without] = NO_NUMBERS + ": " + rows.loc[without, "effect_note"].astype("str")
    kept = rows[reasons == ""].sort_values("timepoint_months", kind="stable", na_position="first")
    earlier = kept.duplicated([*names, "study_id"], keep="last")
    reasons[kept.index[earlier.to_numpy(bool)]] = ANOTHER
    kept = rows[reasons == ""]
    if len(kept):
        sizes = kept.groupby(list(names), observed=True)["study_id"].transform("size")
        few = sizes[sizes < minimum].index
        reasons[few] = f"fewer than {count(minimum, 'study', 'studies')} in the group"
    return reasons


def _groups(rows: pd.DataFrame, names: Key) -> tuple[tuple[Key, ...], list[pd.DataFrame]]:
    found = list(rows.groupby(list(names), observed=True, sort=True)) if len(rows) else []
    keys = tuple(
        tuple(str(part) for part in (key if isinstance(key, tuple) else (key,))) for key, _ in found
    )
    return keys, [frame for _, frame in found]
