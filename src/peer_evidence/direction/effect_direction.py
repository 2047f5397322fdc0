"""Effect directions: which way each study points in each domain, whatever the size or the p."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from peer_evidence.checks import check_choice, check_columns, check_evidence, check_level
from peer_evidence.direction.agreement import agreed_direction, size_class
from peer_evidence.direction.counted import (
    check_contrasts,
    distinct_rows,
    group_codes,
    left_out_table,
    reasons_left_out,
)
from peer_evidence.direction.quality import NOT_ASSESSED, quality_of
from peer_evidence.direction.sign_test import exact_p, share, sign_test, wilson
from peer_evidence.direction.study_facts import people, study_facts
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, per_cent, words
from peer_evidence.records.words import METHOD_WORDS
from peer_evidence.results import Result

if TYPE_CHECKING:
    from peer_evidence.appraisal.risk_of_bias import RiskOfBias
    from peer_evidence.appraisal.tools import Tool
    from peer_evidence.records.evidence import Evidence

_KNOWN = ("favours_intervention", "favours_comparison", "null")
CONFLICTING = "conflicting"
DIRECTIONS = (*_KNOWN, CONFLICTING, "unclear")
SIZES = ("unknown", "small", "medium", "large")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class EffectDirections(Result):
    """One direction for each study in each domain; made by :func:`effect_directions`.

    Attributes
    ----------
    by : str
        The column of the domains.
    agreement : float
        The least share of results with one direction that makes it the study's.
    denominator : str
        Of which results that share is: ``known`` or ``all``.
    contrasts : tuple of str
        The contrast types that count; empty when all do.
    rows, studies, cells : int
        Results, studies, and pairs of study and domain.
    assessed : int
        Studies with a judgement of their risk of bias.
    table : DataFrame
        One row a cell, see :meth:`to_frame`.
    left_out : DataFrame
        ``reason``, ``rows``, ``studies`` of what does not count.
    intervention : str
        What the text calls the intervention.
    tool : Tool or None
        Whose words the judgements of the risk of bias are; None where none are given.
    """

    by: str
    agreement: float
    denominator: str
    contrasts: tuple[str, ...]
    rows: int
    studies: int
    cells: int
    assessed: int
    table: pd.DataFrame
    left_out: pd.DataFrame
    intervention: str = "the intervention"
    tool: Tool | None = None

    def to_frame(self) -> pd.DataFrame:
        """Give one row a study in a domain.

        Returns
        -------
        DataFrame
            ``study_id``, ``label``, ``design``, ``quality``, the domain, ``direction``; how many
            results it combines (``combined``), the ``share`` of the most frequent direction, then
            how many results have each direction; ``n_intervention`` with ``n_from`` (``results``,
            the largest group of the results in the cell; ``study``, the group as first formed,
            where no result says its own) and the ``size`` class.
        """
        return self.table.copy()

    def wide(self) -> pd.DataFrame:
        """Give the directions as a grid: a row a study, a column a domain, empty without result."""
        domains = list(dict.fromkeys(self.table[self.by]))
        codes = self._domains()
        order = [domain for domain in codes if domain in domains]
        grid = self.table.pivot_table(
            index="study_id", columns=self.by, values="direction", aggfunc="first", observed=True
        )
        return grid.reindex(columns=order).reindex(list(dict.fromkeys(self.table["study_id"])))

    def sign_tests(self, unsigned: str = "shown", level: float = 0.95) -> pd.DataFrame:
        """Test domain by domain whether more studies point one way than chance would have it.

        Parameters
        ----------
        unsigned : {"shown", "against"}
            ``shown``: studies with conflicting results, with an estimate of zero or without a
            known direction are no part of the test and stand beside it. ``against``: they all
            count against the intervention; ``conflicting`` and ``no_sign`` are then 0.
        level : float, optional
            The level of the intervals.

        Returns
        -------
        DataFrame
            Indexed by domain: ``favours``, ``against``, ``conflicting``, ``no_sign``,
            ``proportion``, ``ci_low``, ``ci_high`` (Wilson), ``p_value`` (exact, two-sided),
            ``studies``.

        Examples
        --------
        The housing review of Boon & Thomson (2021): nine of ten studies point up, one conflicts.

        >>> import pandas as pd, peer_evidence as pe
        >>> results = pd.DataFrame({
        ...     "study_id": [*"abcdefghi", "j", "j"], "domain": "respiratory health",
        ...     "effect_direction": 10 * ["favours_intervention"] + ["favours_comparison"]})
        >>> directions = pe.effect_directions(results, contrasts=None)
        >>> directions.sign_tests()[["favours", "against", "conflicting", "p_value"]].round(4)
                            favours  against  conflicting  p_value
        domain
        respiratory health        9        0            1   0.0039
        """
        check_choice("unsigned", unsigned, ["shown", "against"])
        order = self._domains()
        counts = (
            pd.crosstab(self.table[self.by].astype(object), self.table["direction"])
            .reindex(index=order, columns=list(DIRECTIONS), fill_value=0)
            .astype(np.int64)
        )
        favours = counts["favours_intervention"].to_numpy()
        against = counts["favours_comparison"].to_numpy()
        conflicting = counts[CONFLICTING].to_numpy()
        no_sign = counts["null"].to_numpy() + counts["unclear"].to_numpy()
        if unsigned == "against":
            against = against + conflicting + no_sign
            conflicting, no_sign = np.zeros_like(conflicting), np.zeros_like(no_sign)
        low, high = wilson(favours, against, check_level(level))
        return pd.DataFrame(
            {
                "favours": favours,
                "against": against,
                "conflicting": conflicting,
                "no_sign": no_sign,
                "proportion": share(favours, against),
                "ci_low": low,
                "ci_high": high,
                "p_value": exact_p(favours, against),
                "studies": counts.sum(axis=1).to_numpy(),
            },
            index=pd.Index(order, name=self.by),
        )

    def summary(self) -> str:
        """Say which way the studies point, domain by domain, and what was left out."""
        lines = [self._first_line(), self._rule()]
        for domain, row in self.sign_tests().iterrows():
            test = sign_test(
                int(row["favours"]),
                int(row["against"]),
                no_sign=int(row["conflicting"] + row["no_sign"]),
                intervention=self.intervention,
            )
            lines.append(f"  {words(str(domain))}: " + test.summary().replace("\n", "; "))
        return "\n".join([*lines, self._left_out_line()])

    def _domains(self) -> list[Any]:
        """Give the domains in the order of their vocabulary, else sorted."""
        return list(group_codes(self.table, self.by)[0])

    def _first_line(self) -> str:
        held = self.table["direction"].value_counts()
        told = [f"{words(name)} {held[name]}" for name in DIRECTIONS if held.get(name, 0)]
        domains = count(len(self._domains()), "domain")
        return (
            f"{count(self.cells, 'direction')} of {count(self.studies, 'study', 'studies')} in "
            f"{domains}, from {count(self.rows, 'result')}: {', '.join(told) or 'none'}"
        )

    def _rule(self) -> str:
        of = "known direction" if self.denominator == "known" else "any kind"
        return (
            f"A study has the direction of at least {per_cent(self.agreement)} of its results of "
            f"{of} in a domain, else it is conflicting; significance plays no part. Risk of bias "
            f"is judged in {self.assessed} of {count(self.studies, 'study', 'studies')}."
        )

    def _left_out_line(self) -> str:
        if self.left_out.empty:
            return "Nothing was left out."
        parts = [
            f"{reason} ({count(rows, 'result')} of {count(studies, 'study', 'studies')})"
            for reason, rows, studies in self.left_out.itertuples(index=False, name=None)
        ]
        return "Left out: " + "; ".join(parts) + "."


def effect_directions(
    frame: pd.DataFrame | Evidence,
    by: str | None = "domain",
    *,
    agreement: float = 0.7,
    denominator: str = "known",
    contrasts: Sequence[str] | None = ("intervention_vs_comparison",),
    quality: RiskOfBias | pd.Series | pd.DataFrame | Mapping[str, str] | None = None,
) -> EffectDirections:
    """Give each study one direction in each domain, by the rule of Boon & Thomson (2021).

    All results of the study in the domain point the same way: that way. At least 70% of them do:
    that way. Fewer: conflicting. Significance plays no part. Every row is a result, so two time
    points of one measure are two results; choose rows first where that is not meant.

    Parameters
    ----------
    frame : DataFrame or Evidence
        Results, one a row: ``study_id``, the column of ``by``, ``effect_direction``, and
        ``contrast_type`` unless ``contrasts`` is None. ``ev.select(...)`` brings the columns of
        the studies with it, among them ``label``, ``design`` and the size of the groups; the
        records themselves are joined so.
    by : str or None
        The column of the domains; None takes all results as one group, ``all``.
    agreement : float
        The least share of one direction, above 0.5 and up to 1.
    denominator : {"known", "all"}
        Of which results the share is. ``known``: of those whose direction the sources tell. An
        estimate of zero (``null``) is such a result: it agrees with neither side. ``unclear`` ones
        say nothing, contradict none and are counted beside, as in :func:`tally`. ``all``: of
        ``unclear`` ones, too, so that they stand in the way of a direction.
    contrasts : sequence of str or None
        The contrast types that count; None takes every row.
    quality : RiskOfBias, Series, DataFrame or mapping, optional
        The risk of bias of each study. What :func:`peer_evidence.risk_of_bias_summary` gives: its
        overall judgements, given or by the rule of the tool. Else by ``study_id`` a word of a
        tool: ``low``, ``some_concerns``, ``high`` (RoB 2), ``unclear`` (RoB 1), ``moderate``,
        ``serious``, ``critical``, ``no_information`` (ROBINS-I), ``very_high`` (ROBINS-E). A frame
        has ``study_id`` and ``judgement``, perhaps ``tool``; where it has a ``domain`` too, as
        ``ev.risk_of_bias``, its rows ``overall`` are taken. A summary or a frame may hold other
        studies, too; a Series or mapping may not. A study without a judgement is
        ``not_assessed``. No two words are ever made one.

    Returns
    -------
    EffectDirections
        A study whose results in a domain are all ``unclear`` has the direction ``unclear``, and
        ``null`` where its estimates are zero: both are shown and counted and are no part of the
        sign test, and neither are conflicting ones. The ``size`` of the intervention group is
        ``small`` below 50, ``large`` above 300, and ``unknown`` where the records do not say.

    Raises
    ------
    InputError
        If a column is missing, a word is not known, a study has two designs or two judgements, a
        judgement is of no study of the results, a number of people is none, or the agreement is
        not in its range.

    References
    ----------
    Hilton Boon & Thomson 2021, Research Synthesis Methods 12:29, doi 10.1002/jrsm.1458; Thomson &
    Thomas 2013, Research Synthesis Methods 4:95, doi 10.1002/jrsm.1060.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> directions = pe.effect_directions(pe.load())
    >>> directions.sign_tests().loc[["hope", "symptoms"], ["favours", "against", "no_sign"]]
              favours  against  no_sign
    domain
    hope            8        0        1
    symptoms        5        0        8
    """
    intervention = "the intervention"
    others: list[str] = []
    if not isinstance(frame, pd.DataFrame):
        check_evidence("frame", frame, "a DataFrame of results, or the records")
        intervention = frame.package["intervention"]
        others = frame.studies["study_id"].tolist()
        frame = frame.select()
    if by is None:
        frame, by = frame.assign(group="all"), "group"
    kinds = check_contrasts(contrasts)
    check_choice("denominator", denominator, ["known", "all"])
    _check_agreement(agreement)
    needed = ["study_id", by, "effect_direction"]
    check_columns(
        frame.columns, [*needed, *(["contrast_type"] if kinds else [])], "effect_directions"
    )
    for word in frame["effect_direction"].dropna().astype(object).unique():
        check_choice("effect_direction", word, METHOD_WORDS["direction"])
    reasons = reasons_left_out(frame, needed, kinds)
    kept = frame[reasons == ""]
    judged, tool = quality_of(quality, frame, others)
    table = _cells(kept, by, agreement, count_unclear=denominator == "all")
    facts = study_facts(kept, judged)
    assessed = int((facts["quality"] != NOT_ASSESSED).sum())
    own = facts.drop(columns=[by], errors="ignore")  # a domain may be the design itself
    table = own.merge(table, on="study_id", how="right", sort=False)
    return EffectDirections(
        by=by,
        agreement=float(agreement),
        denominator=denominator,
        contrasts=kinds,
        rows=distinct_rows(kept),
        studies=int(kept["study_id"].nunique()),
        cells=len(table),
        assessed=assessed,
        table=table,
        left_out=left_out_table(frame, reasons),
        intervention=intervention,
        tool=None if quality is None else tool,
    )


def _check_agreement(agreement: float) -> None:
    if isinstance(agreement, (int, float)) and 0.5 < agreement <= 1:
        return
    raise InputError(
        f"agreement: found {agreement!r}, allowed is a number above 0.5 and up to 1, "
        "such as 0.7 for 70 per cent"
    )


def _cells(kept: pd.DataFrame, by: str, agreement: float, *, count_unclear: bool) -> pd.DataFrame:
    """Give one row a study in a domain: its direction, the counts it rests on, its size."""
    labels, domain = group_codes(kept, by)
    study, names = pd.factorize(kept["study_id"].astype(object), sort=True)
    pairs, cell = np.unique(np.stack([study, domain]), axis=1, return_inverse=True)
    cell = np.asarray(cell).ravel()
    held = len(pairs[0])
    words_of = METHOD_WORDS["direction"]
    code = kept["effect_direction"].astype(object).map(words_of.index).to_numpy(np.int64)
    counts = np.bincount(cell * 4 + code, minlength=held * 4).reshape(held, 4)
    order = [words_of.index(name) for name in (*_KNOWN, "unclear")]
    counts = counts[:, order]
    beside = counts[:, 3] if count_unclear else 0
    found, most = agreed_direction(counts[:, :3], agreement, beside)
    size, source = people(kept, cell, held)
    values = pd.Series(labels.take(pairs[1]))
    if isinstance(kept[by].dtype, pd.CategoricalDtype):
        values = values.astype(pd.CategoricalDtype(list(labels), ordered=False))
    return pd.DataFrame({
        "study_id": names[pairs[0]],
        by: values.to_numpy() if values.dtype == object else values,
        "direction": np.array(DIRECTIONS, dtype=object)[found],
        "combined": counts[:, :3].sum(axis=1) + beside,
        "share": most,
        **{name: counts[:, place] for place, name in enumerate((*_KNOWN, "unclear"))},
        "n_intervention": pd.array(size, dtype="Float64").astype("Int64"),
        "n_from": source,
        "size": np.array(SIZES, dtype=object)[size_class(size)],
    })  # fmt: skip
