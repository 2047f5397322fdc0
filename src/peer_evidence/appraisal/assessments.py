"""Reading risk-of-bias judgements: one row a judgement, or one row a study; all faults at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from peer_evidence.appraisal.tools import NOT_RECORDED, OVERALL, Domain, Tool, bare
from peer_evidence.checks import nearest
from peer_evidence.errors import InputError
from peer_evidence.formatting import count, words

if TYPE_CHECKING:
    import pandas as pd

_ROLES = {
    "study": ("study_id", "study"),
    "result": ("outcome_id", "result_id", "result"),
    "label": ("label",),
    "tool": ("tool",),
    "domain": ("domain",),
    "judgement": ("judgement", "judgment"),
    "weight": ("weight", "weights"),
}
_ABOUT = ("study", "result", "label")
_ASIDE = {"source", "locator", "note", "confidence", "doi", "year"}


@dataclass(slots=True)
class Assessment:
    """What was judged of one study, or of one of its results."""

    study: str
    result: str
    label: str
    judged: dict[str, str] = field(default_factory=dict)
    overall: str | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One judgement as it stands in a table; empty text where none is written."""

    place: str
    about: tuple[str, str, str]  # study, result, label
    domain: str
    judgement: str
    weight: float | None = None


def roles_of(columns: Iterable[object]) -> dict[str, str]:
    """Tell which column of a table holds what, by its name.

    Examples
    --------
    >>> roles_of(["Study", "D1", "Overall", "Weight"])
    {'study': 'Study', 'weight': 'Weight'}
    """
    by_name = {bare(name): str(name) for name in reversed([str(one) for one in columns])}
    found: dict[str, str] = {}
    for role, names in _ROLES.items():
        held = next((by_name[bare(name)] for name in names if bare(name) in by_name), None)
        if held is not None:
            found[role] = held
    return found


def is_long(roles: dict[str, str]) -> bool:
    """Tell a table of one row a judgement from one of one row a study."""
    return {"domain", "judgement"} <= roles.keys()


def long_cells(frame: pd.DataFrame, roles: dict[str, str]) -> list[Cell]:
    """Read a table of one row a judgement."""
    return [
        Cell(
            f"row {place}",
            _about(row, roles),
            _text(row[roles["domain"]]),
            _text(row[roles["judgement"]]),
        )
        for place, row in zip(frame.index.tolist(), frame.to_dict("records"), strict=True)
    ]


def wide_cells(frame: pd.DataFrame, roles: dict[str, str], tool: Tool) -> list[Cell]:
    """Read a table of one row a study and one column a domain, as robvis has them."""
    aside = set(roles.values()) | {name for name in frame.columns if bare(name) in _ASIDE}
    columns = [str(name) for name in frame.columns if str(name) not in aside]
    meant = {name: tool.find_domain(name) for name in columns}
    own = [name for name, code in meant.items() if code != OVERALL and (code or not tool.domains)]
    if not own:
        heads = ", ".join(one.short for one in tool.domains) or "any, one a domain"
        raise InputError(
            f"data: no column of a domain of {tool.name}; it has "
            f"{', '.join(map(str, frame.columns))}, allowed are {heads} or the names of the "
            "domains, or a table of one row a judgement with study_id, domain and judgement"
        )
    cells = []
    for place, row in zip(frame.index.tolist(), frame.to_dict("records"), strict=True):
        weight = _weight(row.get(roles.get("weight", "")), place)
        cells += [
            Cell(f"row {place}, column {name}", _about(row, roles), name, _text(row[name]), weight)
            for name in columns
        ]
    return cells


def assemble(cells: list[Cell], tool: Tool) -> tuple[Tool, list[Assessment]]:
    """Put the judgements of each study, or result, together.

    Parameters
    ----------
    cells : list of Cell
        The judgements.
    tool : Tool
        What they are judged with.

    Returns
    -------
    Tool, list of Assessment
        The tool, with the domains of the table where it has none of its own; the assessments in
        the order met.

    Raises
    ------
    InputError
        If a study has no name, a domain or judgement is not of the tool, or one stands twice; all
        such faults are listed.
    """
    if not tool.domains:
        tool = _with_domains(tool, cells)
    faults: list[str] = []
    found: dict[tuple[str, str], Assessment] = {}
    first: dict[tuple[str, str, str], str] = {}
    domains = {one.code: one for one in tool.domains}
    for cell in cells:
        study, result, label = cell.about
        if not study:
            faults.append(f"{cell.place}: the study must be named, found nothing")
            continue
        key = (study, result)
        one = found.setdefault(key, Assessment(study, result, label))
        one.weight = cell.weight
        code = tool.find_domain(cell.domain)
        if code is None:
            faults.append(_unknown_domain(cell, tool))
            continue
        if not cell.judgement or bare(cell.judgement) == bare(NOT_RECORDED):
            continue
        if (*key, code) in first:
            faults.append(
                f"{cell.place}: {_whose(cell)} has a judgement of {cell.domain!r} already in "
                f"{first[(*key, code)]}; keep one, or tell the results apart in outcome_id"
            )
            continue
        first[(*key, code)] = cell.place
        judgement = _judgement(cell, tool, domains.get(code))
        if judgement is None:
            faults.append(_unknown_judgement(cell, tool, domains.get(code)))
        elif code == OVERALL:
            one.overall = judgement
        else:
            one.judged[code] = judgement
    if faults:
        lines = "\n".join(f"  {fault}" for fault in dict.fromkeys(faults))
        noun = count(len(dict.fromkeys(faults)), "fault")
        raise InputError(f"data: {noun} in the judgements by {tool.name}:\n{lines}")
    return tool, list(found.values())


def _with_domains(tool: Tool, cells: list[Cell]) -> Tool:
    """Give an own tool the domains of its table, in the order met."""
    names = dict.fromkeys(cell.domain for cell in cells if tool.find_domain(cell.domain) is None)
    domains = tuple(
        Domain(name, f"D{place}", words(name)[:1].upper() + words(name)[1:])
        for place, name in enumerate((name for name in names if name), start=1)
    )
    return replace(tool, domains=domains)


def _judgement(cell: Cell, tool: Tool, domain: Domain | None) -> str | None:
    if domain is None and tool.overall_rule == "stars":
        stars = cell.judgement.split("/")[0].strip().removesuffix(".0")
        return stars if stars.isdecimal() else None
    return tool.find_judgement(cell.judgement, domain)


def _whose(cell: Cell) -> str:
    study, result, _ = cell.about
    return repr(study) + (f" ({result})" if result else "")


def _unknown_domain(cell: Cell, tool: Tool) -> str:
    codes = [one.code for one in tool.domains]
    close = nearest(cell.domain.lower().replace(" ", "_"), [*codes, OVERALL])
    hint = f"; did you mean {close!r}?" if close else ""
    where = cell.place.split(", column")[0]
    shown = where if where == cell.place else "the header"
    return (
        f"{shown}: the domain must be one of {', '.join(codes)} or {OVERALL}, "
        f"found {cell.domain!r}{hint}"
    )


def _unknown_judgement(cell: Cell, tool: Tool, domain: Domain | None) -> str:
    stars = domain is None and tool.overall_rule == "stars"
    allowed = ("a number of stars",) if stars else tool.allowed(domain)
    close = None if stars else nearest(cell.judgement.lower().replace(" ", "_"), allowed)
    hint = f"; did you mean {close!r}?" if close else ""
    return (
        f"{cell.place}: the judgement of {cell.domain!r} for {_whose(cell)} must be one of "
        f"{', '.join(allowed)}, found {cell.judgement!r}{hint}"
    )


def _about(row: Mapping[Any, Any], roles: dict[str, str]) -> tuple[str, str, str]:
    study, result, label = (_text(row.get(roles.get(one, ""))) for one in _ABOUT)
    return study, result, label


def _text(value: Any) -> str:
    if value is None:
        return ""
    try:
        missing = bool(value != value)
    except (TypeError, ValueError):
        missing = True
    return "" if missing else str(value).strip()


def _weight(value: Any, place: object) -> float | None:
    text = _text(value)
    try:
        return float(text) if text else None
    except ValueError:
        raise InputError(
            f"data: row {place}: the weight must be a number, found {text!r}"
        ) from None
