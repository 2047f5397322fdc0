"""The parts of a Review Manager 5 file: studies, analyses, judgements. XML in, plain values out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from peer_evidence.exchange.analyses import Analysis, PooledRow, StudyRow, to_float
from peer_evidence.exchange.bibliography.rows import clean_doi
from peer_evidence.exchange.safe_xml import Node
from peer_evidence.records.forms import NUMBER

_KINDS = {
    "DICH": "dichotomous",
    "CONT": "continuous",
    "IV": "generic",
    "IPD": "o_e",
    "OTHER": "other",
}
_OUTCOMES = tuple(f"{kind}_OUTCOME" for kind in _KINDS)
_ENTERED = {
    "EVENTS_1": "events_intervention",
    "TOTAL_1": "n_intervention",
    "EVENTS_2": "events_comparison",
    "TOTAL_2": "n_comparison",
    "MEAN_1": "mean_intervention",
    "SD_1": "sd_intervention",
    "MEAN_2": "mean_comparison",
    "SD_2": "sd_comparison",
}
_OF_KIND = {
    "dichotomous": ("EVENTS_1", "TOTAL_1", "EVENTS_2", "TOTAL_2"),
    "continuous": ("MEAN_1", "SD_1", "TOTAL_1", "MEAN_2", "SD_2", "TOTAL_2"),
    "generic": ("TOTAL_1", "TOTAL_2"),
    "o_e": ("EVENTS_1", "TOTAL_1", "EVENTS_2", "TOTAL_2"),
}
_GIVEN = {
    "generic": {"ESTIMATE": "estimate", "SE": "se"},
    "o_e": {"O_E": "o_e", "VAR": "variance"},
}
_CARRIED = {
    "EFFECT_SIZE": "estimate",
    "SE": "se",
    "CI_START": "ci_low",
    "CI_END": "ci_high",
    "WEIGHT": "weight",
}
_POOLED = {
    "EFFECT_SIZE": "estimate",
    "CI_START": "ci_low",
    "CI_END": "ci_high",
    "Z": "z",
    "P_Z": "p_value",
    "CHI2": "q",
    "DF": "q_df",
    "P_CHI2": "q_p_value",
    "I2": "i2",
    "TAU2": "tau2",
    "STUDIES": "k",
    "TOTAL_1": "n_intervention",
    "TOTAL_2": "n_comparison",
}
_CODES = {"OR": "OR", "RR": "RR", "RD": "RD", "PETO_OR": "PETO", "MD": "MD", "SMD": "SMD"}
_CODES |= {"WMD": "MD"}  # its name in older versions
_RATIOS = ("odds ratio", "risk ratio", "rate ratio", "hazard ratio", "ratio of means", "relative")
RATIO_CODES = ("OR", "RR", "PETO", "HR", "IRR")
_NAMED = {
    "odds ratio": "OR",
    "risk ratio": "RR",
    "relative risk": "RR",
    "rate ratio": "IRR",
    "hazard ratio": "HR",
    "risk difference": "RD",
    "mean difference": "MD",
    "std. mean difference": "SMD",
    "standardised mean difference": "SMD",
    "standardized mean difference": "SMD",
    "peto odds ratio": "PETO",
}
_JAVA = {"NaN", "Infinity", "-Infinity"}
_AUTHORS = re.compile(r"[,;]\s*")  # the file has commas between authors, none within a name
FaultOf = Callable[[Node, str, str, str, str], None]


@dataclass(frozen=True, slots=True)
class Reference:
    """A study as the file lists it, with the reference that stands for it."""

    id: str
    label: str
    year: str
    authors: str
    title: str
    journal: str
    doi: str
    pmid: str
    line: int


def measure_code(name: str) -> str:
    """Give the code of an effect measure by its name in words, empty where it is another.

    Examples
    --------
    >>> measure_code("Hazard Ratio"), measure_code("Odds ratio (Non-event)"), measure_code("slope")
    ('HR', 'OR', '')
    """
    plain = name.partition("(")[0].strip().lower()
    return _NAMED.get(plain, "")


def is_ratio_name(name: str) -> bool:
    """Tell whether the name of a measure is that of a ratio."""
    plain = name.lower()
    return any(one in plain for one in _RATIOS) and not plain.startswith("log")


def number_of(node: Node, name: str, fault: FaultOf, where: str) -> tuple[float, str]:
    """Give a number of an element with its text; what is none is a fault."""
    text = node.get(name)
    if not text or text in _JAVA:
        return float("nan"), ""
    if NUMBER.fullmatch(text) and np.isfinite(float(text)):
        return float(text), text
    fault(node, where, name, "must be a number; take it from the review and correct the file", text)
    return float("nan"), ""


def read_studies(root: Node) -> tuple[list[Reference], dict[str, list[str]]]:
    """Give the included studies, and by their kind the names of the others that the file lists."""
    box = root.first("STUDIES_AND_REFERENCES", "STUDIES")
    if box is None:
        return [], {}
    included = box.first("INCLUDED_STUDIES")
    own = [_reference(one) for one in (included.children("STUDY") if included else [])]
    others: dict[str, list[str]] = {}
    for group in box.children():
        names = [_name(one) for one in group.all("STUDY")]
        if group is not included and names:
            kind = group.tag.removesuffix("_STUDIES").replace("_", " ").lower()
            others.setdefault(kind, []).extend(names)
    return own, others


def _name(study: Node) -> str:
    return " ".join(study.get("NAME").split()) or study.get("ID")


def _reference(study: Node) -> Reference:
    cited = list(study.children("REFERENCE"))
    main = next((one for one in cited if one.get("PRIMARY") == "YES"), None)
    if main is None:
        main = cited[0] if cited else Node("REFERENCE", {}, study.line)
    found = {
        one.get("TYPE").upper(): one.get("VALUE")
        for node in (study, main)
        for box in node.children("IDENTIFIERS")
        for one in box.children("IDENTIFIER")
    }
    doi = found.get("DOI", "") or main.text("DOI")
    pmid = found.get("PUBMED", "") or found.get("PMID", "")
    return Reference(
        id=study.get("ID"),
        label=" ".join(study.get("NAME").split()),
        year=study.get("YEAR").rstrip("."),
        authors="; ".join(_AUTHORS.split(main.text("AU"))),
        title=main.text("TI"),
        journal=_journal(main),
        doi=clean_doi(doi) or doi,
        pmid=pmid if pmid.isascii() and pmid.isdigit() else "",
        line=study.line,
    )


def _journal(reference: Node) -> str:
    """Write journal, volume, issue and pages as ``Journal 60(4):491-497``."""
    name, volume, issue, pages = (reference.text(tag) for tag in ("SO", "VL", "NO", "PG"))
    place = volume + (f"({issue})" if issue else "") + (f":{pages}" if pages else "")
    return f"{name} {place}".strip() if name else ""


def read_characteristics(root: Node) -> list[dict[str, str]]:
    """Give what the review says of each included study, in words."""
    box = root.first("CHARACTERISTICS_OF_STUDIES", "CHARACTERISTICS_OF_INCLUDED_STUDIES")
    names = ("methods", "participants", "interventions", "outcomes", "notes")
    return [
        {"study": one.get("STUDY_ID")} | {name: one.text(f"CHAR_{name.upper()}") for name in names}
        for one in (box.children("INCLUDED_CHAR") if box else [])
    ]


def read_judgements(root: Node) -> list[dict[str, str]]:
    """Give the judgements on risk of bias, one a study, item and group of outcomes."""
    box = root.first("QUALITY_ITEMS")
    rows = []
    for item in box.children("QUALITY_ITEM") if box else []:
        groups = {
            one.get("ID"): one.text("NAME")
            for one in item.children("QUALITY_ITEM_DATA_ENTRY_GROUP")
        }
        for data in item.children("QUALITY_ITEM_DATA"):
            for one in data.children("QUALITY_ITEM_DATA_ENTRY"):
                group = one.get("GROUP_ID")
                rows.append(
                    {
                        "study": one.get("STUDY_ID"),
                        "item": item.text("NAME"),
                        "group": groups.get(group, group),
                        "result": one.get("RESULT"),
                        "support": one.text("DESCRIPTION"),
                        "line": str(one.line),
                    }
                )
    return rows


def read_analyses(root: Node, fault: FaultOf) -> list[Analysis]:
    """Give the analyses."""
    found = []
    box = root.first("ANALYSES_AND_DATA")
    comparisons = box.children("COMPARISON") if box else iter(())
    for at, comparison in enumerate(comparisons, start=1):
        number = comparison.get("NO") or str(at)
        for then, outcome in enumerate(comparison.children(*_OUTCOMES), start=1):
            own = f"{number}.{outcome.get('NO') or then}"
            found.append(_analysis(outcome, own, comparison.text("NAME"), fault))
    return found


def _analysis(outcome: Node, own: str, comparison: str, fault: FaultOf) -> Analysis:
    short = outcome.tag.removesuffix("_OUTCOME")
    kind = _KINDS[short]
    place = outcome.get("ID") or own
    name = outcome.get("EFFECT_MEASURE") or outcome.text("EFFECT_MEASURE")
    measure = _CODES.get(name.upper(), "") or measure_code(name)
    swapped = outcome.get("SWAP_EVENTS") == "YES"
    pools, rows = [], []
    boxes = list(outcome.children(f"{short}_SUBGROUP"))
    for at, box in enumerate([outcome, *boxes]):
        subgroup = (box.get("NO") or str(at)) if at else ""
        for one in box.children(f"{short}_DATA"):
            rows.append(_row(one, kind, subgroup, place, swapped, fault))
        if kind != "other":
            pools.append(_pool(box, subgroup, place, fault))
    totals = {"NO": "no", "SUB": "subgroups"}.get(outcome.get("TOTALS"), "yes")
    kept = {"no": [], "subgroups": pools[1:]}.get(totals, pools)
    method = outcome.get("METHOD") or {"generic": "IV", "o_e": "PETO"}.get(kind, "")
    random = {"YES": "random", "NO": "fixed"}.get(outcome.get("RANDOM"), "")
    return Analysis(
        id=own,
        comparison=comparison,
        outcome=outcome.text("NAME"),
        kind=kind,
        measure=measure,
        measure_name=name,
        ratio=_is_ratio(outcome, kind, measure, name, rows),
        method=_METHODS.get(method.upper(), method),
        model=random or ("fixed" if method == "PETO" else ""),
        swapped=swapped,
        totals=totals,
        level=_level(outcome, "CI_STUDY"),
        level_total=_level(outcome, "CI_TOTAL"),
        group_1=outcome.text("GROUP_LABEL_1"),
        group_2=outcome.text("GROUP_LABEL_2"),
        left=outcome.text("GRAPH_LABEL_1"),
        right=outcome.text("GRAPH_LABEL_2"),
        rows=tuple(rows),
        pools=tuple(kept),
        subgroups={one.subgroup: one.name for one in pools if one.subgroup},
        place=f"{place}, line {outcome.line}",
        units=outcome.get("UNITS") or outcome.text("UNITS"),
    )


_METHODS = {"MH": "MH", "IV": "IV", "PETO": "PETO", "EXP_O_E_VAR": "PETO", "INVERSE": "IV"}


def _level(outcome: Node, name: str) -> float:
    value = to_float(outcome.get(name))
    return value / 100.0 if 50.0 <= value < 100.0 else 0.95


def _is_ratio(outcome: Node, kind: str, measure: str, name: str, rows: list[StudyRow]) -> bool:
    """Tell whether effects are shown as ratios; of estimates the numbers themselves decide."""
    if kind in {"dichotomous", "continuous"}:
        return measure in RATIO_CODES
    if kind == "generic":
        for row in rows:
            entered, shown = row.number("estimate"), to_float(row.carried.get("estimate", ""))
            if row.estimable is False or not np.isfinite([entered, shown]).all():
                continue
            if abs(shown - entered) <= 1e-6 * max(1.0, abs(entered)):
                return False
            return abs(entered) < 700 and abs(shown - np.exp(entered)) <= 0.01 * np.exp(entered)
    stated = outcome.get("LOG_DATA")
    return stated == "YES" or (stated != "NO" and is_ratio_name(name))


def _estimable(node: Node) -> bool | None:
    return {"YES": True, "NO": False}.get(node.get("ESTIMABLE"))


def _row(
    node: Node, kind: str, subgroup: str, place: str, swapped: bool, fault: FaultOf
) -> StudyRow:
    where = f"{place}, {node.get('STUDY_ID')}"
    names = {name: _ENTERED[name] for name in _OF_KIND.get(kind, ())} | _GIVEN.get(kind, {})
    numbers = {own: number_of(node, name, fault, where)[0] for name, own in names.items()}
    if kind in {"dichotomous", "o_e"}:
        _check_counts(node, numbers, fault, where)
    if swapped and kind == "dichotomous":
        for arm in ("intervention", "comparison"):
            numbers[f"events_{arm}"] = numbers[f"n_{arm}"] - numbers[f"events_{arm}"]
    carried: dict[str, str] = {}
    for name, own in _CARRIED.items():
        text = number_of(node, name, fault, where)[1] if name not in names else ""
        carried |= {own: text} if text and kind != "other" else {}
    return StudyRow(
        study=node.get("STUDY_ID"),
        subgroup=subgroup,
        numbers=numbers,
        carried=carried,
        estimable=_estimable(node),
        place=f"{where}, line {node.line}",
        text=" | ".join(filter(None, (one.text() for one in node.children("VALUE")))),
    )


def _check_counts(node: Node, numbers: dict[str, float], fault: FaultOf, where: str) -> None:
    """Note counts that cannot be, and take them as not known."""
    for arm, number in (("intervention", "1"), ("comparison", "2")):
        events, people = numbers[f"events_{arm}"], numbers[f"n_{arm}"]
        if people < 0:
            fault(node, where, f"TOTAL_{number}", "must be 0 or more", node.get(f"TOTAL_{number}"))
            numbers[f"n_{arm}"] = float("nan")
        if events < 0 or events > people:
            rule = f"must be between 0 and TOTAL_{number}, which is {people:g}"
            fault(node, where, f"EVENTS_{number}", rule, node.get(f"EVENTS_{number}"))
            numbers[f"events_{arm}"] = float("nan")


def _pool(node: Node, subgroup: str, place: str, fault: FaultOf) -> PooledRow:
    where = f"{place}, {node.get('ID')}" if subgroup else place
    carried: dict[str, str] = {}
    for name, own in _POOLED.items():
        text = number_of(node, name, fault, where)[1]
        carried |= {own: text} if text else {}
    return PooledRow(
        subgroup=subgroup,
        name=node.text("NAME"),
        carried=carried,
        estimable=_estimable(node),
        place=f"{where}, line {node.line}",
    )
