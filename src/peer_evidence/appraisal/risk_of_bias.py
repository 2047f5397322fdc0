"""Risk of bias: judgements as recorded, their counts, the overall by the rule of the tool."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.appraisal import gathering
from peer_evidence.appraisal.assessments import (
    assemble,
    is_long,
    long_cells,
    roles_of,
    wide_cells,
)
from peer_evidence.appraisal.gathering import whose
from peer_evidence.appraisal.matching import places_of
from peer_evidence.appraisal.tools import (
    NO_JUDGEMENT,
    NOT_RECORDED,
    OVERALL,
    Domain,
    Judgement,
    Tool,
    risk_of_bias_tool,
)
from peer_evidence.checks import check_choice, check_columns
from peer_evidence.errors import InputError
from peer_evidence.formatting import count
from peer_evidence.results import Result

_SHOWN = 8


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class RiskOfBias(Result):
    """The judgements of one tool; made by :func:`risk_of_bias_summary`.

    Attributes
    ----------
    tool : Tool
        What was judged with.
    table : DataFrame
        One row an assessment: ``study_id``, ``outcome_id`` where results are told apart, ``label``,
        one column a domain, ``overall`` and ``overall_from`` (``given``, ``rule``, or empty where
        it is neither given nor follows from what is recorded), and ``weight`` where the table has
        one. A judgement that is not recorded is missing.
    missing : DataFrame
        Each judgement of a domain that is not recorded: ``study_id``, ``outcome_id``, ``tool``,
        ``domain``, ``what_to_do``.
    disagreements : DataFrame
        Each overall judgement that the rule of the tool does not give: ``study_id``,
        ``outcome_id``, ``given``, ``by_rule``, ``why``.
    unjudged : DataFrame
        ``study_id`` and ``label`` of the studies of the records without a judgement by this tool.
    apart : DataFrame
        ``tool``, ``studies``, ``judgements`` of what is judged with another tool.
    names : DataFrame
        ``name`` and ``study_id``: under which names a study is known, to find it in an analysis.
    several_concerns_high : int or None
        How many domains with some concerns make an overall high, with RoB 2.
    """

    tool: Tool
    table: pd.DataFrame
    missing: pd.DataFrame
    disagreements: pd.DataFrame
    unjudged: pd.DataFrame
    apart: pd.DataFrame
    names: pd.DataFrame
    several_concerns_high: int | None = None

    @property
    def domains(self) -> tuple[Domain, ...]:
        """The domains that are shown: those required, and those with any judgement."""
        held = self.table
        return tuple(
            one for one in self.tool.domains if one.required or held[one.code].notna().any()
        )

    @property
    def columns(self) -> tuple[Domain, ...]:
        """The domains that are shown, then the overall where any assessment has one."""
        overall = (Domain(OVERALL, "All", "Overall", required=False),)
        return self.domains + (overall if self.table[OVERALL].notna().any() else ())

    @property
    def studies(self) -> int:
        """How many studies have a judgement."""
        return int(self.table["study_id"].nunique())

    def look(self, value: Any) -> Judgement:
        """Give the judgement of a cell with its name and symbol, of a blank one too."""
        return self.tool.look(value)

    def counts(self, weights: Any = None) -> pd.DataFrame:
        """Count the judgements of each domain.

        Parameters
        ----------
        weights : MetaAnalysis, mapping or str, optional
            What a study counts for: its weight in a meta-analysis, a number by its name, or the
            column ``"weight"`` of the table. Each counts as one when left out. Studies of the
            meta-analysis without a judgement count as not recorded; judged studies that are not
            in it count for nothing.

        Returns
        -------
        DataFrame
            ``domain``, ``short``, ``name``, ``judgement``, ``n`` (assessments) and ``share`` (of
            all assessments or of all weight; the shares of a domain add up to 1). What is not
            recorded is a row of its own.

        Raises
        ------
        InputError
            If a study of the weights is not known, or no weight is above 0.
        """
        given, unknown, absent = self._weights(weights)
        total = float(given.sum()) + unknown
        rows = []
        for domain in self.columns:
            if domain.code == OVERALL and self.tool.overall_rule == "stars":
                continue
            cells = self.table[domain.code]
            for code in (*self.tool.allowed(), NOT_RECORDED):
                blank = code == NOT_RECORDED
                chosen = (cells.isna() if blank else cells == code).to_numpy(bool)
                counted = chosen & (given > 0)
                share = float(given[chosen].sum()) + (unknown if blank else 0.0)
                rows.append({
                    "domain": domain.code, "short": domain.short, "name": domain.name,
                    "judgement": code, "n": int(counted.sum()) + (absent if blank else 0),
                    "share": share / total,
                })  # fmt: skip
        return pd.DataFrame(rows)

    def places(self, names: Collection[str]) -> list[int | None]:
        """Find the rows of the table for studies as an analysis names them.

        Parameters
        ----------
        names : collection of str
            A ``study_id``, ``outcome_id`` or label each.

        Returns
        -------
        list of int or None
            The row of each; None for a study of the records that has no judgement.

        Raises
        ------
        InputError
            If a name is not known, or stands for several assessments; all such are listed.
        """
        return places_of(list(names), self.table, self.names)

    def to_frame(self) -> pd.DataFrame:
        """Give the judgements, one row an assessment and one column a domain."""
        return self.table.copy()

    def summary(self) -> str:
        """Say how the assessments stand, what is not recorded, and what does not agree."""
        lines = [self._headline()]
        if len(self.unjudged):
            known = self.studies + len(self.unjudged)
            lines.append(
                f"{len(self.unjudged)} of {count(known, 'study', 'studies')} of the records "
                f"have no judgement by {self.tool.name}"
            )
        lines += [
            f"apart: {count(judgements, 'judgement')} on {count(studies, 'study', 'studies')} by "
            f"{risk_of_bias_tool(tool).name}; tool={tool!r} shows them"
            for tool, studies, judgements in self.apart.to_numpy().tolist()
        ]
        if len(self.missing):
            lines.append(f"{count(len(self.missing), 'judgement')} of a domain not recorded:")
            lines += [
                f"  {whose(row.study_id, row.outcome_id)}: {row.domain}"
                for row in self.missing.head(_SHOWN).itertuples()
            ]
            if len(self.missing) > _SHOWN:
                lines.append(f"  and {len(self.missing) - _SHOWN} more")
        for row in self.disagreements.itertuples():
            lines.append(f"does not agree: {whose(row.study_id, row.outcome_id)}: {row.why}")
        return "\n".join(lines)

    def _headline(self) -> str:
        what = count(self.studies, "study", "studies")
        if len(self.table) != self.studies:
            what = f"{count(len(self.table), 'result')} of {what}"
        head = f"Risk of bias by {self.tool.name} for {what}"
        if not self.table[OVERALL].notna().any():
            return f"{head}; no overall judgement is recorded or follows"
        held = self.table[OVERALL].map(lambda value: self.look(value).name.lower())
        told = held.value_counts()
        order = [one.name.lower() for one in reversed((*self.tool.judgements, NO_JUDGEMENT))]
        names = sorted(told.index, key=lambda name: order.index(name) if name in order else -1)
        return f"{head}: overall {', '.join(f'{told[name]} {name}' for name in names)}"

    def _weights(self, weights: Any) -> tuple[np.ndarray[Any, Any], float, int]:
        """Give the weight of each assessment, and that of studies without one, and their number."""
        if weights is None:
            return np.ones(len(self.table)), 0.0, 0
        if isinstance(weights, str):
            check_choice("weights", weights, ["weight"])
            check_columns(self.table.columns, ["weight"], "weights")
            values = self.table["weight"].to_numpy(float)
            if not (np.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
                raise InputError("weights: allowed are numbers of at least 0, not all of them 0")
            return values, 0.0, 0
        by_name = gathering.weights_by_name(weights)
        given, unknown, absent = np.zeros(len(self.table)), 0.0, 0
        found = self.places([name for name, _ in by_name])
        for (_, weight), place in zip(by_name, found, strict=True):
            if place is None:
                unknown, absent = unknown + weight, absent + 1
            else:
                given[place] += weight
        if not given.sum() + unknown > 0:
            raise InputError("weights: found none above 0, so there is nothing to weight by")
        return given, unknown, absent


def risk_of_bias_summary(
    data: Any,
    tool: str | Tool | None = None,
    *,
    complete: bool = False,
    several_concerns_high: int | None = None,
    key_domains: Collection[str] = (),
) -> RiskOfBias:
    """Put the risk-of-bias judgements of one tool together.

    A judgement that is not recorded stays so: it is listed, counted apart and drawn as a blank,
    never as no information and never as low. An overall judgement that is not given follows from
    the rule of the tool where it is the same whatever the missing judgements are; one that is
    given is kept, and where the rule gives another, this is reported.

    Parameters
    ----------
    data : Evidence or DataFrame
        The records of a review; or a table of one row a judgement (``study_id``, ``domain``,
        ``judgement`` and, where there are several, ``tool``); or one of one row a study, with
        columns named after the domains (``Study``, ``D1``, ..., ``Overall`` and perhaps
        ``Weight``), as robvis has them. A column ``outcome_id`` tells the results of a study apart.
    tool : str or Tool, optional
        Whose judgements; see :func:`risk_of_bias_tool`. When left out, the tool of the table, and
        of several the one with most studies; the others are named in ``apart``.
    complete : bool, optional
        Whether a judgement that is not recorded is an error.
    several_concerns_high : int, optional
        With RoB 2, the number of domains with some concerns from which the overall is high; the
        tool leaves this to the reviewers, so there is none by default.
    key_domains : collection of str, optional
        With the Cochrane tool of 2011, the domains that the overall rests on. Without them there
        is no overall but a given one.

    Returns
    -------
    RiskOfBias
        The judgements, one row an assessment, with what is missing and what does not agree.

    Raises
    ------
    InputError
        If a study, domain or judgement cannot be read, or with ``complete`` is not there; the
        message lists all such. If the table names no tool and none is given.

    References
    ----------
    Sterne and others 2019, doi 10.1136/bmj.l4898 (RoB 2); McGuinness and Higgins 2021, doi
    10.1002/jrsm.1411 (robvis, whose tables are read here).

    Examples
    --------
    >>> import pandas as pd
    >>> judged = pd.DataFrame({
    ...     "Study": ["A 2001", "B 2002"], "D1": ["Low", "Some concerns"], "D2": ["Low", "High"],
    ...     "D3": ["Low", None], "D4": ["Low", "Low"], "D5": ["Low", "Low"]})
    >>> print(risk_of_bias_summary(judged, tool="rob2"))
    Risk of bias by RoB 2 for 2 studies: overall 1 high risk, 1 low risk
    1 judgement of a domain not recorded:
      B 2002: missing_outcome_data
    """
    records = data if not isinstance(data, pd.DataFrame) and hasattr(data, "risk_of_bias") else None
    frame = gathering.frame_of(data, records)
    roles = roles_of(frame.columns)
    if "study" not in roles:
        check_columns(frame.columns, ["study_id"], "data")
    chosen, frame, apart = gathering.choose(frame, roles, tool)
    cells = long_cells(frame, roles) if is_long(roles) else wide_cells(frame, roles, chosen)
    chosen, found = assemble(cells, chosen)
    keys = gathering.check_options(chosen, several_concerns_high, key_domains)
    labels = gathering.labels_of(records)
    for one in found:
        one.label = labels.get(one.study, one.label or one.study)
    table, disagreements = gathering.tabulate(chosen, found, several_concerns_high, keys)
    missing = gathering.missing_of(chosen, found)
    if complete and len(missing):
        raise InputError(gathering.incomplete(chosen, missing))
    judged = {one.study for one in found}
    unjudged = [(study, label) for study, label in labels.items() if study not in judged]
    return RiskOfBias(
        tool=chosen,
        table=table,
        missing=missing,
        disagreements=disagreements,
        unjudged=pd.DataFrame(unjudged, columns=["study_id", "label"]),
        apart=apart,
        names=gathering.names_of(records, found),
        several_concerns_high=several_concerns_high,
    )
