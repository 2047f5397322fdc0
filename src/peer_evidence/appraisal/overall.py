"""From the judgements of the domains to that of the whole, by the rule of the tool."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from peer_evidence.appraisal.tools import NO_INFORMATION, Tool

_STARS = {"two_stars": 2, "star": 1, "no_star": 0}


def overall_by_rule(
    tool: Tool,
    judged: Mapping[str, str | None],
    *,
    several_concerns_high: int | None = None,
    key_domains: Collection[str] = (),
) -> str | None:
    """Give the overall judgement that follows from those of the domains, or None.

    A judgement that is not recorded is never guessed: an overall is given only where it is the
    same whatever the missing judgements are.

    Parameters
    ----------
    tool : Tool
        Whose rule to follow.
    judged : mapping of str to str or None
        Domain to judgement, None where it is not recorded.
    several_concerns_high : int, optional
        With RoB 2, the number of domains with some concerns that make an overall high.
    key_domains : collection of str, optional
        With the Cochrane tool of 2011, the domains the overall rests on.

    Returns
    -------
    str or None
        A judgement of the tool, or a number of stars as text.

    Examples
    --------
    >>> from peer_evidence.appraisal.tools import risk_of_bias_tool
    >>> rob_2 = risk_of_bias_tool("rob2")
    >>> codes = [domain.code for domain in rob_2.domains]
    >>> overall_by_rule(rob_2, dict.fromkeys(codes, "low"))
    'low'
    >>> print(overall_by_rule(rob_2, dict.fromkeys(codes, "low") | {codes[0]: None}))
    None
    >>> overall_by_rule(rob_2, {codes[0]: None, codes[1]: "high"})
    'high'
    """
    rule = tool.overall_rule
    chosen = [one for one in tool.domains if one.required or judged.get(one.code) is not None]
    if rule == "key_domains":
        chosen = [one for one in tool.domains if one.code in key_domains]
    if rule == "none" or not chosen:
        return None
    held = [judged.get(one.code) for one in chosen]
    if rule == "stars":
        known = [one for one in held if one is not None]
        return str(sum(_STARS[one] for one in known)) if len(known) == len(held) else None
    found = {
        _worst(tool, [fill if one is None else one for one in held], several_concerns_high)
        for fill in (tool.allowed() if None in held else ("",))
    }
    return found.pop() if len(found) == 1 else None


def _worst(tool: Tool, judged: Sequence[str], several: int | None) -> str:
    """Give the worst of some judgements, all of them known; no information yields to what is bad.

    A domain without information leaves the whole without it, unless another domain is bad anyway.
    """
    ranks = {one.code: one.rank for one in tool.judgements}
    ranked = [(rank, one) for one in judged if (rank := ranks[one]) is not None]
    rank, worst = max(ranked, default=(-1, NO_INFORMATION))
    limit = several if tool.overall_rule == "rob_2" else None
    if limit is not None and rank == 1 and list(judged).count(worst) >= limit:
        return next(one for one, place in ranks.items() if place == rank + 1)
    if rank < 2 and NO_INFORMATION in judged:
        return NO_INFORMATION
    return worst
