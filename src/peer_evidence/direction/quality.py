"""The risk of bias of each study, in the words of the tool it was judged with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from peer_evidence.appraisal.risk_of_bias import RiskOfBias
from peer_evidence.appraisal.tools import OVERALL, Tool, find_tool, risk_of_bias_tool
from peer_evidence.checks import check_choice, check_columns, nearest
from peer_evidence.errors import InputError

NOT_ASSESSED = "not_assessed"
_SHOWN = 5


def quality_of(
    quality: RiskOfBias | pd.Series | pd.DataFrame | Mapping[str, str] | None,
    frame: pd.DataFrame,
    others: Collection[str] = (),
) -> tuple[pd.Series, Tool]:
    """Give the judgement on each study, indexed by ``study_id``, and the tool whose words they are.

    Parameters
    ----------
    quality : RiskOfBias, Series, DataFrame, mapping or None
        The judgements; see :func:`peer_evidence.effect_directions`.
    frame : DataFrame
        The results, with ``study_id`` and perhaps ``label``.
    others : collection of str
        Studies of the records without a result, which a mapping may name, too.

    Returns
    -------
    Series, Tool
        Empty when none are given. The tool is that of the judgements, else ``generic``, which has
        the words of all tools.

    Raises
    ------
    InputError
        If a word is not known, a study has two judgements, or a mapping names a study that is not
        among the results or the studies of the records.

    Examples
    --------
    >>> results = pd.DataFrame({"study_id": ["a_2001"]})
    >>> judged, tool = quality_of({"a_2001": "low"}, results)
    >>> judged.to_dict(), tool.code
    ({'a_2001': 'low'}, 'generic')
    """
    own = risk_of_bias_tool("generic")
    if quality is None:
        return pd.Series(dtype=object), own
    if isinstance(quality, RiskOfBias):
        series, own = _of_summary(quality, frame), quality.tool
    elif isinstance(quality, pd.DataFrame):
        check_columns(quality.columns, ["study_id", "judgement"], "quality")
        if "domain" in quality.columns:
            quality = quality[quality["domain"] == OVERALL]
        judged = quality.drop_duplicates(["study_id", "judgement"]).set_index("study_id")
        series = judged["judgement"]
        own = _tool_of(quality) or own
    elif isinstance(quality, (pd.Series, Mapping)):
        series = pd.Series(quality, dtype=object)
        _check_studies(series, [*frame["study_id"].dropna().astype(object).unique(), *others])
    else:
        raise InputError(
            f"quality: found {type(quality).__name__}, allowed is what risk_of_bias_summary() "
            "gives, a Series or mapping from study_id to a judgement, or a frame with study_id and "
            "judgement"
        )
    series = series.astype(object).dropna()
    if own.overall_rule != "stars":
        for word in series.unique():
            check_choice("quality", word, [*own.allowed(), NOT_ASSESSED])
    twice = series.index[series.index.duplicated()]
    if len(twice):
        raise InputError(
            f"quality: {twice[0]!r} has more than one judgement; give one for each study, such as "
            "the rows of one tool"
        )
    return series, own


def overalls(summary: RiskOfBias) -> pd.Series:
    """Give the overall judgement of each study of a summary, whether given or by the rule.

    Raises
    ------
    InputError
        If the summary has none at all.
    """
    if not summary.table[OVERALL].notna().any():
        raise InputError(
            f"quality: no overall judgement by {summary.tool.name} is given or follows from what "
            "is recorded; give a column overall, or a judgement for each study yourself"
        )
    table = summary.table.drop_duplicates(["study_id", OVERALL])
    series: pd.Series = table.set_index("study_id")[OVERALL].astype(object).dropna()
    return series


def _of_summary(summary: RiskOfBias, frame: pd.DataFrame) -> pd.Series:
    """Give the overall judgements by the study_id of the results; labels serve as names too."""
    series = overalls(summary)
    known = set(frame["study_id"].astype(object))
    if "label" in frame.columns:
        pairs = frame[["label", "study_id"]].astype(object).drop_duplicates()
        own = dict(zip(pairs["label"], pairs["study_id"], strict=True))
        series = series.rename(lambda one: one if one in known else own.get(one, one))
    if len(known) and not known & set(series.index):
        raise InputError(
            f"quality: none of its studies is among the results: it has {_some(series.index)}, "
            f"they have {_some(sorted(map(str, known)))}"
        )
    return series


def _tool_of(frame: pd.DataFrame) -> Tool | None:
    """Give the tool of a table of judgements where it names just one that has all its words."""
    names = set(frame["tool"].dropna().astype(str)) if "tool" in frame.columns else set()
    found = find_tool(names.pop()) if len(names) == 1 else None
    if found is None:
        return None
    tool = risk_of_bias_tool(found)
    held = set(frame["judgement"].dropna().astype(object))
    return tool if tool.overall_rule == "stars" or held <= set(tool.allowed()) else None


def _check_studies(series: pd.Series, known: list[Any]) -> None:
    held = set(known)
    unknown = [one for one in series.index if one not in held]
    if not unknown:
        return
    told = []
    for one in unknown[:_SHOWN]:
        text = str(one).strip()
        cases = {str(name).strip().lower(): str(name) for name in known}
        close = cases.get(text.lower()) or nearest(text, [str(name) for name in known])
        told.append(repr(one) + (f" (did you mean {close!r}?)" if close else ""))
    more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
    verb = "is" if len(unknown) == 1 else "are"
    raise InputError(
        f"quality: {', '.join(told)}{more} {verb} not among the studies of the results; a frame "
        "with study_id and judgement may hold other studies, too"
    )


def _some(names: Any) -> str:
    held = [str(one) for one in names]
    more = f" and {len(held) - 3} more" if len(held) > 3 else ""
    return ", ".join(map(repr, held[:3])) + more


def quality_rank(tool: Tool, word: object) -> int:
    """Give the place of a judgement from the best to the worst, what was not assessed last.

    Examples
    --------
    >>> robins_i = risk_of_bias_tool("robins_i")
    >>> [quality_rank(robins_i, one) for one in ("low", "critical", "not_assessed")]
    [0, 3, 99]
    """
    codes = tool.allowed()
    if word in codes:
        return codes.index(str(word))
    return 90 - int(str(word)) if str(word).isdecimal() else 99
