"""What a summary of risk of bias is gathered from: the table, the tool in it, what is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from peer_evidence.appraisal.assessments import Assessment
from peer_evidence.appraisal.overall import overall_by_rule
from peer_evidence.appraisal.tools import OVERALL, Tool, find_tool, risk_of_bias_tool, tool_codes
from peer_evidence.checks import nearest
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, short_label

_APART = ["tool", "studies", "judgements"]


def frame_of(data: Any, records: Any | None) -> pd.DataFrame:
    """Give the table of judgements: that of the records, or the given one."""
    if records is not None:
        frame = records.risk_of_bias
        if frame.empty:
            raise InputError("data: the records hold no risk_of_bias.csv, or one without rows")
        return pd.DataFrame(frame).rename(index=lambda place: place + 2)  # as the lines of its file
    if not isinstance(data, pd.DataFrame):
        raise InputError(
            f"data: found {type(data).__name__}, allowed are the records that "
            "peer_evidence.load() gives, or a DataFrame"
        )
    if data.empty:
        raise InputError("data: the table has no row, so there is nothing to sum up")
    named = data.rename(columns=str)
    if named.columns.duplicated().any():
        twice = named.columns[named.columns.duplicated()][0]
        raise InputError(f"data: the column {twice!r} stands twice; rename or drop one")
    return named


def choose(
    frame: pd.DataFrame, roles: Mapping[str, str], tool: str | Tool | None
) -> tuple[Tool, pd.DataFrame, pd.DataFrame]:
    """Choose the tool, its rows, and say what other tools the table has."""
    if "tool" not in roles:
        if tool is None:
            listed = ", ".join(repr(code) for code in tool_codes())
            raise InputError(
                f"tool: the table has no column 'tool', so name one; allowed are {listed}"
            )
        return risk_of_bias_tool(tool), frame, pd.DataFrame(columns=_APART)
    named = pd.Series(
        [str(one) for one in frame[roles["tool"]].tolist()], frame.index, dtype=object
    )
    codes = {text: find_tool(text) for text in dict.fromkeys(named)}
    own = tool if isinstance(tool, Tool) else None
    if own is not None:
        codes |= {text: own.code for text in codes if text in {own.code, own.name}}
    unknown = [text for text, code in codes.items() if code is None]
    if unknown:
        close = nearest(unknown[0].lower(), tool_codes())
        hint = f"; did you mean {close!r}?" if close else ""
        raise InputError(
            f"data: the column {roles['tool']!r} must hold tools of the package, "
            f"{', '.join(tool_codes())}; found {', '.join(map(repr, unknown))}{hint}"
        )
    by_code = named.map(codes)
    sizes = frame[roles["study"]].groupby(by_code, sort=False).nunique()
    code = _most(sizes) if tool is None else risk_of_bias_tool(tool).code
    if code not in set(by_code):
        held = ", ".join(repr(one) for one in sizes.index)
        raise InputError(f"tool: found {code!r}, and the table has judgements by {held} alone")
    others = [
        {"tool": other, "studies": int(sizes[other]), "judgements": int((by_code == other).sum())}
        for other in sizes.index
        if other != code
    ]
    return (
        own or risk_of_bias_tool(code),
        frame[by_code == code],
        pd.DataFrame(others, columns=_APART),
    )


def _most(sizes: pd.Series) -> str:
    """Give the tool with most studies; where two have as many, somebody must say which."""
    best = [str(one) for one in sizes.index[sizes == sizes.max()]]
    if len(best) > 1:
        raise InputError(
            f"tool: {' and '.join(best)} have {sizes.max()} studies each; name the one to sum up"
        )
    return best[0]


def check_options(tool: Tool, several: int | None, keys: Collection[str]) -> tuple[str, ...]:
    """Check the options of the overall rule; give the codes of the key domains."""
    if several is not None:
        if tool.overall_rule != "rob_2":
            raise InputError(f"several_concerns_high: only RoB 2 has this rule, not {tool.name}")
        if isinstance(several, bool) or not isinstance(several, int) or several < 1:
            raise InputError(
                f"several_concerns_high: found {several!r}, allowed is a whole number of at "
                "least 1, or None"
            )
    if not keys:
        return ()
    if tool.overall_rule != "key_domains":
        raise InputError(f"key_domains: the overall rule of {tool.name} has no key domains")
    given = [keys] if isinstance(keys, str) else list(keys)
    codes = [tool.find_domain(one) for one in given]
    bad = [one for one, code in zip(given, codes, strict=True) if code in {None, OVERALL}]
    if bad:
        allowed = ", ".join(one.code for one in tool.domains)
        raise InputError(f"key_domains: found {bad[0]!r}, allowed are {allowed}")
    return tuple(str(code) for code in codes)


def labels_of(records: Any | None) -> dict[str, str]:
    """Give the short labels of the studies of the records."""
    if records is None:
        return {}
    studies = records.studies
    return {
        str(study): short_label(str(label))
        for study, label in zip(studies["study_id"], studies["label"], strict=True)
    }


def tabulate(
    tool: Tool, found: Sequence[Assessment], several: int | None, keys: Collection[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the table of assessments, and that of overall judgements the rule does not give."""
    several_results = any(one.result for one in found)
    rows, against = [], []
    for one in found:
        judged = {domain.code: one.judged.get(domain.code) for domain in tool.domains}
        by_rule = overall_by_rule(tool, judged, several_concerns_high=several, key_domains=keys)
        about: dict[str, Any] = {"study_id": one.study}
        if several_results:
            about["outcome_id"] = one.result
        about["label"] = one.label + (f", {one.result}" if one.result else "")
        origin = "given" if one.overall is not None else "rule" if by_rule is not None else ""
        overall = by_rule if one.overall is None else one.overall
        about |= judged | {OVERALL: overall, "overall_from": origin}
        if any(other.weight is not None for other in found):
            about["weight"] = one.weight
        rows.append(about)
        if one.overall is not None and by_rule is not None and one.overall != by_rule:
            against.append({
                "study_id": one.study, "outcome_id": one.result, "given": one.overall,
                "by_rule": by_rule, "why": _why(tool, judged, one.overall, by_rule),
            })  # fmt: skip
    columns = ["study_id", "outcome_id", "given", "by_rule", "why"]
    table = pd.DataFrame(rows)
    texts = [one.code for one in tool.domains] + [OVERALL]
    table[texts] = table[texts].astype(object).where(table[texts].notna(), None)
    return table, pd.DataFrame(against, columns=columns)


def _why(tool: Tool, judged: Mapping[str, str | None], given: str, by_rule: str) -> str:
    """Say which domains the rule follows where the given overall does not."""
    names = {one.code: one.name.lower() for one in tool.judgements}
    said = f"overall given as {names.get(given, given)}, the rule of {tool.name} gives "
    said += names.get(by_rule, f"{by_rule} stars")
    concerns = [one.short for one in tool.domains if judged[one.code] == "some_concerns"]
    if tool.overall_rule == "rob_2" and given == "high" and len(concerns) > 1:
        return (
            f"{said}; the tool allows high where several domains have some concerns, as "
            f"{', '.join(concerns)} have"
        )
    behind = [one.short for one in tool.domains if judged[one.code] == by_rule]
    return f"{said} ({', '.join(behind)})" if behind else said


def missing_of(tool: Tool, found: Sequence[Assessment]) -> pd.DataFrame:
    """List each required judgement that is not recorded, with what to do about it."""
    rows = [
        {
            "study_id": one.study,
            "outcome_id": one.result,
            "tool": tool.code,
            "domain": domain.code,
            "what_to_do": f"record one of {', '.join(tool.allowed(domain))}",
        }
        for one in found
        for domain in tool.domains
        if domain.required and domain.code not in one.judged
    ]
    return pd.DataFrame(rows, columns=["study_id", "outcome_id", "tool", "domain", "what_to_do"])


def incomplete(tool: Tool, missing: pd.DataFrame) -> str:
    """Write the message for assessments that are not complete."""
    lines = [
        f"  {whose(row.study_id, row.outcome_id)}: {row.tool}: {row.domain}: {row.what_to_do}"
        for row in missing.itertuples()
    ]
    noun = count(len(lines), "judgement is", "judgements are")
    return (
        f"data: {noun} not recorded by {tool.name}; record them, or leave complete=False, which "
        "shows them as blanks:\n" + "\n".join(lines)
    )


def whose(study: object, result: object) -> str:
    """Name an assessment."""
    return f"{study}, {result}" if result else str(study)


def names_of(records: Any | None, found: Sequence[Assessment]) -> pd.DataFrame:
    """List under which names a study is known: its id, its labels, its results."""
    pairs = [(name, one.study) for one in found for name in (one.study, one.label) if name]
    if records is not None:
        studies, outcomes = records.studies, records.outcomes
        for study, label in zip(studies["study_id"], studies["label"], strict=True):
            pairs += [(name, str(study)) for name in (str(study), str(label), short_label(label))]
        pairs += [
            (str(name), str(study))
            for name, study in zip(outcomes["outcome_id"], outcomes["study_id"], strict=True)
        ]
    return pd.DataFrame(list(dict.fromkeys(pairs)), columns=["name", "study_id"])


def weights_by_name(weights: Any) -> list[tuple[str, float]]:
    """Read weights: of a meta-analysis, or of a mapping from name to number."""
    if hasattr(weights, "study_table"):
        table = weights.study_table()
        pairs = zip(table["label"], table["weight"], strict=True)
    elif isinstance(weights, (Mapping, pd.Series)):
        pairs = (
            zip(weights.keys(), weights.values(), strict=True)
            if isinstance(weights, Mapping)
            else zip(weights.index, weights, strict=True)
        )
    else:
        raise InputError(
            f"weights: found {type(weights).__name__}, allowed are the result of a meta-analysis, "
            "a mapping from study to number, or 'weight'"
        )
    try:
        read = [(str(name), float(value)) for name, value in pairs]
    except (TypeError, ValueError) as error:
        raise InputError(f"weights: allowed are numbers, {error}") from error
    bad = [name for name, value in read if not 0 <= value < float("inf")]
    if bad:
        raise InputError(
            f"weights: allowed are finite numbers of at least 0, not so for {bad[0]!r}"
        )
    return read
