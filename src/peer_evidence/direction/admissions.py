"""The admission-reduction summary: every result on hospital use, and what can be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from peer_evidence.checks import check_choice, check_evidence, check_level
from peer_evidence.direction.counted import contrast_words
from peer_evidence.direction.reported_effect import reported_effect
from peer_evidence.direction.sign_test import SignTest, sign_test
from peer_evidence.direction.tally import TIED, Tally, tally
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, interval, number, p_brief
from peer_evidence.pooling.pools import Pools, pools
from peer_evidence.results import Result

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

_COUNTED = "intervention_vs_comparison"
_GROUP = "hospital_use"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class AdmissionSummary(Result):
    """What the records say on hospital use; made by :func:`admissions`.

    Attributes
    ----------
    intervention : str
        What the package calls the intervention.
    domains : tuple of str
        The outcome domains that are taken together.
    rows : DataFrame
        Every result, counted or not: what it measures, its conclusion and direction, its effect
        with interval and two-sided p where the numbers allow, and otherwise why not.
    tally : Tally
        By domain: what the sources conclude, one vote per study.
    directions : Tally
        By domain: which way the estimates point, one vote per study.
    overall : SignTest
        The sign test over all the domains taken together, one vote per study.
    also_unsigned : int
        Of the studies whose vote has a sign, those with another counted result that has none.
    sign_tests : DataFrame
        The sign tests of each domain and of all together, with those without a sign shown and
        counted against; indexed by ``domain`` (``all`` for the last) and ``unsigned``.
    pooled : Pools
        By domain, over all times of measurement: the pooled effect of the results marked
        poolable, where two studies or more have numbers. Positive favours the intervention.
    """

    intervention: str
    domains: tuple[str, ...]
    rows: pd.DataFrame
    tally: Tally
    directions: Tally
    overall: SignTest
    also_unsigned: int
    sign_tests: pd.DataFrame
    pooled: Pools

    def headline(self) -> str:
        """Give the sign test both ways, which must not be read apart."""
        return self.overall.summary()

    def to_frame(self) -> pd.DataFrame:
        """Give every result, one a row."""
        return self.rows.copy()

    def summary(self) -> str:
        """Say which way the studies point, what could be computed, and what could not."""
        counted = self.rows[self.rows["counted"]]
        size = (
            f"{count(len(counted), 'result')} of "
            f"{count(int(counted['study_id'].nunique()), 'study', 'studies')} are counted"
        )
        left = self.rows.loc[~self.rows["counted"], "left_out_reason"].value_counts()
        out = "; ".join(f"{reason}: {number}" for reason, number in left.sort_index().items())
        lines = [
            *self.overall.summary().splitlines(),
            f"{self.also_unsigned} of the {self.overall.n} with a sign have another result without",
            f"{size}, one vote per study" + (f"; left out: {out}" if out else ""),
            "What the sources conclude:",
            *self.tally._lines(),
            "Which way the estimates point:",
            *self.directions._lines(),
            *self._effect_lines(),
            *self._pooled_lines(),
        ]
        return "\n".join(lines)

    def _pooled_lines(self) -> list[str]:
        if not len(self.pooled):
            return ["No domain has two studies whose numbers can be pooled."]
        head, *lines = self.pooled.summary().splitlines()
        return [f"Pooled over all times, {head}:", *lines]

    def _effect_lines(self) -> list[str]:
        known = self.rows[self.rows["not_computed"] == ""]
        missing = self.rows.loc[self.rows["not_computed"] != "", "not_computed"].value_counts()
        lines = [f"An effect with an interval can be given for {len(known)} of {len(self.rows)}:"]
        lines += [
            f"  {row.label}, {row.measure}: {row.effect_measure} {number(row.effect)} "
            f"({interval(row.ci_low, row.ci_high)}), two-sided {p_brief(row.p_value)}, "
            f"{row.effect_kind}"
            for row in known.itertuples(index=False)
        ]
        if len(missing):
            lines.append("Not for the others:")
            ordered = missing.sort_index().sort_values(ascending=False, kind="stable")
            lines += [f"  {times} × {reason}" for reason, times in ordered.items()]
        return lines


def admissions(
    ev: Evidence, *, domains: Sequence[str] | None = None, level: float = 0.95
) -> AdmissionSummary:
    """Summarise every result on hospital use: its direction, its conclusion, its effect.

    Parameters
    ----------
    ev : Evidence
        The records.
    domains : sequence of str, optional
        The outcome domains to take together; by default those that the package's
        ``vocabulary.csv`` puts in the group ``hospital_use``.
    level : float, optional
        The level of the intervals that are computed; printed ones stay as printed.

    Returns
    -------
    AdmissionSummary
        The results one by one, their tallies and their sign tests.

    Raises
    ------
    InputError
        If the package names no such domains and none are given, or a domain is not known.

    Notes
    -----
    The effect of a row is, in this order: the printed estimate with its interval; the odds
    ratio from its counts; the difference of its means (Welch) on the scale of the measure,
    which for counts of stays or days is skewed; a printed estimate without interval. Where the
    source prints a one-tailed p, the two-sided one is computed.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> found = pe.admissions(pe.load())
    >>> print(found.overall)
    14 of 14 studies with a sign favour peer support: 100% (78% to 100%), p < 0.001
    3 studies have no sign or their signs disagree; counted against, 14 of 17: 82% (59% to 94%),
    p 0.013
    >>> len(found.rows), int((found.rows["not_computed"] == "").sum())
    (30, 4)
    """
    check_evidence("ev", ev)
    wanted = _domains(ev, domains)
    check_level(level)
    intervention = ev.package["intervention"]
    frame = ev.select(domain=list(wanted))
    directions = _votes(frame, "domain", "effect_direction", intervention)
    together = _votes(frame, None, "effect_direction", intervention)
    all_of = together.table.iloc[0]
    return AdmissionSummary(
        intervention=intervention,
        domains=wanted,
        rows=_rows(frame, level),
        tally=_votes(frame, "domain", "reported_conclusion", intervention),
        directions=directions,
        overall=sign_test(
            all_of["favours_intervention"],
            all_of["favours_comparison"],
            no_sign=all_of["null"] + all_of["unclear"] + all_of[TIED],
            level=level,
            intervention=intervention,
        ),
        also_unsigned=_also_unsigned(frame, together),
        sign_tests=_sign_tests(directions, together, level),
        pooled=pools(ev, by=("domain",), domains=wanted, level=level),
    )


def _domains(ev: Evidence, domains: Sequence[str] | None) -> tuple[str, ...]:
    if domains is not None:
        known = list(ev.outcomes["domain"].cat.categories)
        given = [domains] if isinstance(domains, str) else list(domains)
        if not given:
            raise InputError("domains: found none; give at least one, or leave it out")
        return tuple(check_choice("domains", domain, known) for domain in given)
    found = ev.vocabularies.group("domain", _GROUP)
    if not found:
        raise InputError(
            f"domains: found None, and the package names no domains of the group {_GROUP!r}; "
            "give domains=[...], or write the group beside its domains in vocabulary.csv "
            f"(vocabulary domain, group {_GROUP})"
        )
    return found


def _votes(frame: pd.DataFrame, by: str | None, column: str, intervention: str) -> Tally:
    counted = tally(frame, by=by, column=column, one_vote_per="study_id")
    return replace(counted, intervention=intervention)


def _also_unsigned(frame: pd.DataFrame, together: Tally) -> int:
    """Count the studies that vote with a sign and have another result without one."""
    signs = ["favours_intervention", "favours_comparison"]
    votes = together.votes
    signed = votes.loc[votes["vote"].isin(signs), "study_id"]
    counted = frame[(frame["contrast_type"] == _COUNTED).to_numpy(bool)]
    without = counted.loc[~counted["effect_direction"].isin(signs), "study_id"]
    return len(set(signed) & set(without))


def _rows(frame: pd.DataFrame, level: float) -> pd.DataFrame:
    """Give each result with its effect, or the reason why it has none."""
    effects = [reported_effect(row, level) for row in frame.to_dict("records")]
    names = ["effect_measure", "effect", "ci_low", "ci_high", "p_value", "p_source"]
    names += ["effect_kind", "not_computed", "note"]
    kept = ["outcome_id", "study_id", "label", "domain", "measure", "timepoint_months"]
    kept += ["contrast_type", "better_is", "reported_conclusion", "effect_direction"]
    rows = frame[kept].copy()
    for name in names:
        values = [getattr(effect, name) for effect in effects]
        rows[name] = pd.Series(values, index=rows.index, dtype=_type_of(name))
    rows["poolable"] = (frame["poolable"] == "yes").to_numpy(bool)
    rows["counted"] = (frame["contrast_type"] == _COUNTED).to_numpy(bool)
    rows["left_out_reason"] = [
        "" if kind == _COUNTED else contrast_words(str(kind)) for kind in frame["contrast_type"]
    ]
    return rows


def _type_of(name: str) -> str:
    return "float64" if name in {"effect", "ci_low", "ci_high", "p_value"} else "str"


def _sign_tests(directions: Tally, together: Tally, level: float) -> pd.DataFrame:
    """Stack the sign tests of the domains and of all together, in both readings."""
    readings = {}
    for unsigned in ("shown", "against"):
        parts = [part.sign_tests(unsigned, level) for part in (directions, together)]
        readings[unsigned] = pd.concat(parts)
    stacked = pd.concat(readings, names=["unsigned", "domain"]).swaplevel()
    order = [(name, unsigned) for name in readings["shown"].index for unsigned in readings]
    return stacked.loc[order]
