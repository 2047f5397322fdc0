"""The overall risk of bias of each study beside its results, to count or describe them by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from peer_evidence.appraisal.risk_of_bias import RiskOfBias
from peer_evidence.appraisal.tools import risk_of_bias_tool
from peer_evidence.checks import check_choice, check_columns, check_evidence
from peer_evidence.errors import InputError

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

NOT_JUDGED = "not judged"


def with_risk_of_bias(
    ev: Evidence | RiskOfBias,
    frame: pd.DataFrame | None = None,
    *,
    tool: str | None = None,
    domain: str = "overall",
) -> pd.DataFrame:
    """Join the results with the risk of bias of their study, to tally or describe them by it.

    Parameters
    ----------
    ev : Evidence or RiskOfBias
        The records; or what :func:`peer_evidence.risk_of_bias_summary` gives, whose overall
        judgements are given or by the rule of the tool.
    frame : DataFrame, optional
        Results with a ``study_id``; ``ev.select()`` when left out. A summary needs it.
    tool : str, optional
        The tool whose judgement is taken; needed only where a study was judged with several.
    domain : str
        The domain of the tool; ``overall`` is the judgement on the study as a whole.

    Returns
    -------
    DataFrame
        The rows as they were, with a column ``risk_of_bias``: the judgement as recorded, and
        ``not judged`` where the records hold none. A missing judgement is never filled in.

    Raises
    ------
    InputError
        If there is no such tool or domain, a summary has no frame beside it or another tool, the
        frame has such a column already, or a study has two different judgements.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> rows = pe.with_risk_of_bias(pe.load())
    >>> pe.tally(rows, by="risk_of_bias", one_vote_per="study_id").to_frame().studies.to_dict()
    {'some_concerns': 4, 'high': 4, 'not judged': 47}
    """
    if isinstance(ev, RiskOfBias):
        return _of_summary(ev, frame, tool, domain)
    check_evidence("ev", ev)
    frame = ev.select() if frame is None else frame
    check_columns(frame.columns, ["study_id"], "with_risk_of_bias")
    judged = ev.risk_of_bias
    for name, value in (("tool", tool), ("domain", domain)):
        if value is not None and not judged.empty:
            check_choice(name, value, sorted(judged[name].astype(str).unique()))
            judged = judged[judged[name].astype(str) == value]
    return _joined(frame, judged, domain, [*_words(judged["judgement"]), NOT_JUDGED])


def _of_summary(
    summary: RiskOfBias, frame: pd.DataFrame | None, tool: str | None, domain: str
) -> pd.DataFrame:
    """Join the results with the judgements of one domain of a summary."""
    if frame is None:
        raise InputError(
            "frame: a summary of risk of bias holds no results; give them, such as ev.select()"
        )
    check_columns(frame.columns, ["study_id"], "with_risk_of_bias")
    if tool is not None and risk_of_bias_tool(tool).code != summary.tool.code:
        raise InputError(
            f"tool: the summary is by {summary.tool.name}; leave tool out, or summarise {tool!r}"
        )
    check_choice("domain", domain, [one.code for one in summary.columns])
    judged = summary.table[["study_id", domain]].rename(columns={domain: "judgement"}).dropna()
    held = set(judged["judgement"])
    order = [one for one in summary.tool.allowed() if summary.tool.overall_rule != "stars"]
    order += sorted(held - set(order), reverse=True)
    return _joined(frame, judged, domain, [*order, NOT_JUDGED])


def _joined(
    frame: pd.DataFrame, judged: pd.DataFrame, domain: str, order: list[str]
) -> pd.DataFrame:
    """Add the judgements to the rows, refusing a study that has two."""
    if "risk_of_bias" in frame.columns:
        raise InputError("frame: it already has 'risk_of_bias', which this adds; drop it first")
    found = judged[["study_id", "judgement"]].drop_duplicates()
    twice = sorted(found.loc[found["study_id"].duplicated(), "study_id"].unique())
    if twice:
        raise InputError(
            f"risk_of_bias: more than one {domain} judgement of {', '.join(twice)}; "
            "name the tool, or take one source"
        )
    known = found.set_index("study_id")["judgement"].astype(object)
    values = frame["study_id"].map(known).astype(object)
    joined = values.where(values.notna(), NOT_JUDGED)
    return frame.assign(risk_of_bias=pd.Categorical(joined, categories=order))


def _words(judgements: pd.Series[Any]) -> list[str]:
    """Give the words of the judgements in the order of their vocabulary."""
    if isinstance(judgements.dtype, pd.CategoricalDtype):
        return [str(word) for word in judgements.cat.categories]
    return sorted(judgements.dropna().astype(str).unique())
