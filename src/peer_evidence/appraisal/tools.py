"""The tools that risk of bias is judged with: their domains, judgements and overall rules.

The definitions are data: three tables in ``tool_tables``, one of the tools with their versions and
citations, one of their domains, one of their judgements.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from peer_evidence.checks import nearest
from peer_evidence.errors import InputError
from peer_evidence.formatting import count
from peer_evidence.results import Result

if TYPE_CHECKING:
    import pandas as pd

OVERALL = "overall"
NOT_RECORDED = "not_recorded"
NO_INFORMATION = "no_information"
_TABLES = Path(__file__).with_name("tool_tables")
_OVERALL_NAMES = {"overall", "overallbias", "overallriskofbias", "overalljudgement", "total"}


def bare(text: object) -> str:
    """Give a name without capitals, spaces and signs, so that RoB 2 is rob_2.

    Examples
    --------
    >>> bare("RoB 2"), bare("rob_2"), bare("**")
    ('rob2', 'rob2', '**')
    """
    plain = str(text).strip().lower()
    return re.sub(r"[^a-z0-9]+", "", plain) or plain


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judgement that a tool allows.

    Attributes
    ----------
    code, name : str
        As cells hold it, and as readers see it.
    rank : int or None
        How bad it is, 0 the best; None where it says nothing of that, as no information does.
    symbol : str
        What stands inside its mark: plus, minus, cross, exclamation, question, zero, one or two.
    role : {"good", "middling", "bad", "worst", "unknown", "blank"}
        What it is drawn as; ``blank`` is for what is not recorded.
    other_names : tuple of str
        What else it is called.
    """

    code: str
    name: str
    rank: int | None
    symbol: str
    role: str
    other_names: tuple[str, ...] = ()


NO_JUDGEMENT = Judgement(NOT_RECORDED, "Not recorded", None, "", "blank")


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain of a tool.

    Attributes
    ----------
    code, short, name : str
        As cells hold it, as the head of a column (``D1``), and in full.
    required : bool
        Whether an assessment without it is incomplete.
    judgements : tuple of str
        The judgements it allows; empty where it allows all of the tool.
    other_names : tuple of str
        What else it is called.
    """

    code: str
    short: str
    name: str
    required: bool = True
    judgements: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Tool(Result):
    """A tool that risk of bias is judged with.

    Attributes
    ----------
    code, name, version : str
        As cells hold it, as readers see it, and which version of it this is.
    judged : {"result", "study"}
        What one assessment is of.
    overall_rule : {"rob_2", "worst_unless_unknown", "key_domains", "stars", "none"}
        How the overall judgement follows from those of the domains.
    domains : tuple of Domain
        In the order of the tool; none where they are those of the table.
    judgements : tuple of Judgement
        From the best to the worst, then those without a rank.
    citation, doi, note : str
        Where it is described, and what to know of it here.
    other_names : tuple of str
        What else it is called.
    """

    code: str
    name: str
    version: str
    judged: str
    overall_rule: str
    domains: tuple[Domain, ...]
    judgements: tuple[Judgement, ...]
    citation: str = ""
    doi: str = ""
    note: str = ""
    other_names: tuple[str, ...] = ()

    def judgement(self, code: str) -> Judgement:
        """Give a judgement by its code."""
        return next(one for one in self.judgements if one.code == code)

    def look(self, value: object) -> Judgement:
        """Give the judgement of a cell with its name and symbol; of a blank one, ``Not recorded``.

        Examples
        --------
        >>> risk_of_bias_tool("robins_i").look("serious").name
        'Serious risk'
        """
        if value is None or value != value:
            return NO_JUDGEMENT
        for one in self.judgements:
            if one.code == value:
                return one
        return Judgement(str(value), f"{value} stars", None, str(value), "unknown")

    def find_judgement(self, text: object, domain: Domain | None = None) -> str | None:
        """Give the code of a judgement by any of its names; None where the domain has none."""
        wanted = bare(text)
        for one in self.judgements:
            if domain is not None and domain.judgements and one.code not in domain.judgements:
                continue
            if wanted in {bare(name) for name in (one.code, one.name, *one.other_names)}:
                return one.code
        return None

    def find_domain(self, text: object) -> str | None:
        """Give the code of a domain by any of its names, ``overall`` among them."""
        wanted = bare(text)
        if wanted in _OVERALL_NAMES:
            return OVERALL
        for one in self.domains:
            if wanted in {bare(name) for name in (one.code, one.short, one.name, *one.other_names)}:
                return one.code
        return None

    def allowed(self, domain: Domain | None = None) -> tuple[str, ...]:
        """Give the codes of the judgements that a domain allows."""
        own = () if domain is None else domain.judgements
        return own or tuple(one.code for one in self.judgements)

    def to_frame(self) -> pd.DataFrame:
        """Give the domains, one a row."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "domain": one.code,
                    "short": one.short,
                    "name": one.name,
                    "required": one.required,
                    "judgements": ", ".join(self.allowed(one)),
                }
                for one in self.domains
            ],
            columns=["domain", "short", "name", "required", "judgements"],
        )

    def summary(self) -> str:
        """Name the tool with its version, its domains and its judgements."""
        version = f", version {self.version}" if self.version else ""
        lines = [f"{self.name}{version}: {count(len(self.domains), 'domain')}, per {self.judged}"]
        lines += [f"  {one.short}  {one.name}" for one in self.domains]
        lines.append(f"judgements: {', '.join(one.name for one in self.judgements)}")
        if self.citation:
            lines.append(self.citation + (f", doi {self.doi}" if self.doi else ""))
        return "\n".join(lines)


def tool_codes() -> tuple[str, ...]:
    """Give the codes of the tools that the package holds.

    Examples
    --------
    >>> tool_codes()[:3]
    ('rob_2', 'rob_2_cluster', 'rob_1')
    """
    return tuple(row["tool"] for row in _rows("tools"))


def risk_of_bias_tool(name: str | Tool) -> Tool:
    """Give a tool that risk of bias is judged with.

    Parameters
    ----------
    name : str or Tool
        Its code or name; capitals, spaces and signs do not count, so ``"rob2"``, ``"rob_2"`` and
        ``"RoB 2"`` are one. A tool as such is given back.

    Returns
    -------
    Tool
        Frozen: its version, domains, judgements with rank, symbol and role, and overall rule.

    Raises
    ------
    InputError
        If there is no such tool; the message names those there are.

    References
    ----------
    RoB 2: Sterne and others 2019, doi 10.1136/bmj.l4898. Cochrane risk of bias tool: Higgins and
    others 2011, doi 10.1136/bmj.d5928. ROBINS-I: Sterne and others 2016, doi 10.1136/bmj.i4919.
    ROBINS-E: Higgins and others 2024, doi 10.1016/j.envint.2024.108602. QUADAS-2: Whiting and
    others 2011, doi 10.7326/0003-4819-155-8-201110180-00009. Newcastle-Ottawa scale: Wells and
    others, Ottawa Hospital Research Institute.

    Examples
    --------
    >>> tool = risk_of_bias_tool("rob2")
    >>> tool.code, [domain.short for domain in tool.domains]
    ('rob_2', ['D1', 'D2', 'D3', 'D4', 'D5'])
    """
    if isinstance(name, Tool):
        return name
    found = find_tool(name) if isinstance(name, str) else None
    if found is not None:
        return _tool(found)
    codes = tool_codes()
    close = nearest(str(name).lower(), codes) if isinstance(name, str) else None
    hint = f"; did you mean {close!r}?" if close else ""
    listed = ", ".join(repr(code) for code in codes)
    raise InputError(f"tool: found {name!r}, allowed are {listed}, or a Tool of your own{hint}")


def find_tool(name: object) -> str | None:
    """Give the code of a tool by any of its names, or None."""
    wanted = bare(name)
    for row in _rows("tools"):
        names = (row["tool"], row["name"], *_items(row["other_names"]))
        if wanted in {bare(one) for one in names}:
            return row["tool"]
    return None


@cache
def _tool(code: str) -> Tool:
    about = next(row for row in _rows("tools") if row["tool"] == code)
    domains = tuple(
        Domain(
            row["domain"],
            row["short"],
            row["name"],
            row["required"] == "yes",
            tuple(one for one in row["judgements"].split("|") if one),
            _items(row["other_names"]),
        )
        for row in _of(code, "domains")
    )
    judgements = tuple(
        Judgement(
            row["judgement"],
            row["name"],
            int(row["rank"]) if row["rank"] else None,
            row["symbol"],
            row["role"],
            _items(row["other_names"]),
        )
        for row in _of(code, "judgements")
    )
    return Tool(
        code=code,
        name=about["name"],
        version=about["version"],
        judged=about["judged"],
        overall_rule=about["overall_rule"],
        domains=domains,
        judgements=judgements,
        citation=about["citation"],
        doi=about["doi"],
        note=about["note"],
        other_names=_items(about["other_names"]),
    )


def _of(code: str, table: str) -> Iterable[dict[str, str]]:
    return (row for row in _rows(table) if row["tool"] == code)


def _items(text: str) -> tuple[str, ...]:
    return tuple(item for item in text.split(";") if item)


@cache
def _rows(table: str) -> tuple[dict[str, str], ...]:
    with (_TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
