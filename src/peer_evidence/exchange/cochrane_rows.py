"""The analyses of a Cochrane data package: rows of CSV files in, plain values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from peer_evidence.exchange.analyses import Analysis, PooledRow, StudyRow, to_float
from peer_evidence.exchange.cochrane_csv import Package, cell
from peer_evidence.exchange.revman_xml import RATIO_CODES, is_ratio_name, measure_code
from peer_evidence.records.faults import Fault
from peer_evidence.records.forms import NUMBER
from peer_evidence.records.read import RawTable

_NUMBERS = {
    "Experimental cases": "events_intervention",
    "Experimental N": "n_intervention",
    "Control cases": "events_comparison",
    "Control N": "n_comparison",
    "Experimental mean": "mean_intervention",
    "Experimental SD": "sd_intervention",
    "Control mean": "mean_comparison",
    "Control SD": "sd_comparison",
    "GIV Mean": "estimate",
    "GIV SE": "se",
    "O-E": "o_e",
    "Variance": "variance",
}
_SHOWN = {"Mean": "estimate", "CI start": "ci_low", "CI end": "ci_high"}
_CARRIED = _SHOWN | {"Weight": "weight"}
_POOLED = _SHOWN | {
    "Effect Z": "z",
    "Effect P": "p_value",
    "Heterogeneity Chi²": "q",
    "Heterogeneity df": "q_df",
    "Heterogeneity P": "q_p_value",
    "Heterogeneity I²": "i2",
    "Heterogeneity Tau²": "tau2",
    "Experimental N": "n_intervention",
    "Control N": "n_comparison",
}
NEEDED = ("Analysis group", "Analysis number", "Study")
_SETTINGS = (
    *("Analysis group", "Analysis number", "Analysis name", "Analysis group name", "Data type"),
    *("Log-scale data", "Experimental group label", "Control group label", "Statistical method"),
    *("Effect measure", "Analysis model", "Heterogeneity estimator", "Subgroup estimates"),
    *("Overall estimates", "Swap event and non-event", "CI method", "CI/PI level", "Study CI"),
    *("Estimate CI", "Graph label (left)", "Graph label (right)", *_POOLED),
    "Unit of effect measure",
    # known, and not needed here
    *("Data source", "Data source eligibility", "Outcome", "Intervention grouping"),
    *("Experimental intervention", "Control intervention", "Subgroup by", "Filter criteria"),
    *("Tau² CI", "Test for subgroup differences"),
    *("Prediction interval", "Sort by", "Graph scale", "Show risk of bias"),
    *("Experimental cases", "Control cases", "PI start", "PI end", "Tau² CI start"),
    *("Tau² CI end", "Effect T", "Subgroup Chi²", "Subgroup df", "Subgroup P", "Subgroup I²"),
    *("ID", "Analysis ID"),
)
KNOWN = {
    "data_rows": {
        *(*NEEDED, "Analysis name", "Subgroup", "Study year", *_NUMBERS, *_CARRIED),
        *("Applicability", "Footnotes"),
    },
    "settings": set(_SETTINGS),
    "subgroups": {
        *("Analysis group", "Analysis number", "Subgroup", "Subgroup number", *_POOLED, "Weight"),
        *("Experimental cases", "Control cases", "Tau² CI start", "Tau² CI end", "Effect T", "ID"),
    },
}


def read_analyses(package: Package, faults: list[Fault]) -> list[Analysis]:
    """Give the analyses of a package, in the order of their numbers; note what is no number."""
    rows, settings = package.tables.get("data_rows"), package.tables.get("settings")
    subgroups = package.tables.get("subgroups")
    of_rows, of_settings = _by_analysis(rows), _by_analysis(settings)
    of_groups = _by_analysis(subgroups)
    _note_nameless(rows, faults)
    found = []
    for key in sorted({*of_rows, *of_settings}, key=_order):
        line = of_settings[key][0] if key in of_settings else None
        found.append(
            _analysis(
                key,
                (rows, of_rows.get(key, [])),
                (settings, line),
                (subgroups, of_groups.get(key, [])),
                faults,
            )
        )
    return found


def _note_nameless(table: RawTable | None, faults: list[Fault]) -> None:
    """Note the rows that do not say which study or analysis they are of; they are left out."""
    for at in range(len(table) if table is not None else 0):
        if table is None:
            return
        for name in NEEDED:
            if not cell(table, at, name):
                rule = "every row must say which analysis and study it is of; it is left out"
                faults.append(Fault(table.file, int(table.lines[at]), name, rule, ""))


Rows = tuple[RawTable | None, list[int]]


def _by_analysis(table: RawTable | None) -> dict[tuple[str, str], list[int]]:
    held: dict[tuple[str, str], list[int]] = {}
    if table is None:
        return held
    for at in range(len(table)):
        key = (cell(table, at, "Analysis group"), cell(table, at, "Analysis number"))
        if all(key) and ("Study" not in table.columns or cell(table, at, "Study")):
            held.setdefault(key, []).append(at)
    return held


def _order(key: tuple[str, str]) -> tuple[float, float, str, str]:
    first, second = (to_float(one) for one in key)
    return (
        first if np.isfinite(first) else 1e9,
        second if np.isfinite(second) else 1e9,
        *key,
    )


def _analysis(
    key: tuple[str, str],
    rows: Rows,
    settings: tuple[RawTable | None, int | None],
    groups: Rows,
    faults: list[Fault],
) -> Analysis:
    table, line = settings

    def setting(name: str) -> str:
        return cell(table, line, name) if table is not None and line is not None else ""

    numbers = _group_numbers(rows, groups)
    name = setting("Effect measure")
    entered = [_row(rows[0], at, numbers, faults) for at in rows[1] if rows[0] is not None]
    kind = _kind(setting("Data type"), entered)
    measure = measure_code(name)
    swapped = _yes(setting("Swap event and non-event")) or "non-event" in name.lower()
    if swapped and kind == "dichotomous":
        entered = [_turned(one) for one in entered]
    method, model = _method(setting("Statistical method"), kind), _model(setting("Analysis model"))
    level = _level(setting("CI/PI level"))
    log = setting("Log-scale data")
    totals = _totals(_yes(setting("Overall estimates")), _yes(setting("Subgroup estimates")))
    place, own = "", None
    if table is not None and line is not None:
        place = f"{table.file}:{table.lines[line]}"
        own = _pool(table, line, "", "", faults) if totals == "yes" else None
    pools = [] if own is None else [own]
    if totals != "no":
        pools += _subgroup_pools(groups, numbers, faults)
    return Analysis(
        id=".".join(key),
        comparison=setting("Analysis group name"),
        outcome=setting("Analysis name") or _title(rows),
        kind=kind,
        measure=measure,
        measure_name=name,
        ratio=_yes(log) if log else measure in RATIO_CODES or is_ratio_name(name),
        method=method,
        model="fixed" if method == "PETO" and not model else model,
        estimator="REML" if setting("Heterogeneity estimator").lower()[:2] == "re" else "DL",
        interval="wald" if setting("CI method").lower()[:4] in {"", "wald"} else "hksj",
        swapped=swapped,
        totals=totals,
        level=_level(setting("Study CI")) or level or 0.95,
        level_total=_level(setting("Estimate CI")) or level or 0.95,
        group_1=setting("Experimental group label") or setting("Experimental intervention"),
        group_2=setting("Control group label") or setting("Control intervention"),
        left=setting("Graph label (left)"),
        right=setting("Graph label (right)"),
        rows=tuple(entered),
        pools=tuple(pools),
        subgroups={number: own for own, number in numbers.items()},
        place=place,
        units=setting("Unit of effect measure"),
    )


def _totals(overall: bool, subgroups: bool) -> str:
    return "yes" if overall else "subgroups" if subgroups else "no"


def _title(rows: Rows) -> str:
    return cell(rows[0], rows[1][0], "Analysis name") if rows[0] is not None and rows[1] else ""


def _subgroup_pools(
    groups: Rows, numbers: Mapping[str, str], faults: list[Fault]
) -> list[PooledRow]:
    table = groups[0]
    if table is None:
        return []
    names = [cell(table, at, "Subgroup") for at in groups[1]]
    return [
        _pool(table, at, numbers.get(name, name), name, faults)
        for at, name in zip(groups[1], names, strict=True)
    ]


def _group_numbers(rows: Rows, groups: Rows) -> dict[str, str]:
    """Give each subgroup of an analysis its number, by its name."""
    found: dict[str, str] = {}
    if groups[0] is not None:
        for at in groups[1]:
            name = cell(groups[0], at, "Subgroup")
            found[name] = cell(groups[0], at, "Subgroup number") or str(len(found) + 1)
    if rows[0] is not None:
        for at in rows[1]:
            name = cell(rows[0], at, "Subgroup")
            if name and name not in found:
                found[name] = str(len(found) + 1)
    return found


def _yes(text: str) -> bool:
    return text.strip().lower() in {"true", "yes", "1"}


def _level(text: str) -> float:
    """Give a level of confidence, 0 where there is none."""
    value = to_float(text.rstrip("% "))
    value = value / 100.0 if value > 1 else value
    return value if 0.5 <= value < 1 else 0.0


def _kind(text: str, rows: Iterable[StudyRow]) -> str:
    """Tell what was entered: by the setting, else by the numbers that there are."""
    plain = text.lower()
    if plain.startswith("dich"):
        return "dichotomous"
    if plain.startswith("contin"):
        return "continuous"
    if plain.startswith("o-e"):
        return "o_e"
    if plain.startswith(("contrast", "generic")):
        return "generic"
    kinds = {
        "dichotomous": "events_intervention",
        "continuous": "mean_intervention",
        "o_e": "o_e",
        "generic": "estimate",
    }
    held = list(rows)
    for kind, name in kinds.items():
        if any(np.isfinite(row.number(name)) for row in held):
            return kind
    return "generic"


def _method(text: str, kind: str) -> str:
    plain = text.strip().lower()
    if plain.startswith(("mh", "mantel", "m-h")):
        return "MH"
    if plain.startswith(("iv", "inverse")):
        return "IV"
    if plain.startswith(("peto", "exp")):
        return "PETO"
    return "PETO" if kind == "o_e" and not plain else text.strip()


def _model(text: str) -> str:
    plain = text.strip().lower()
    return "random" if plain.startswith("random") else "fixed" if plain.startswith("fix") else ""


def _turned(row: StudyRow) -> StudyRow:
    """Give a study with the people without the event in place of those with it."""
    numbers = dict(row.numbers)
    for arm in ("intervention", "comparison"):
        numbers[f"events_{arm}"] = row.number(f"n_{arm}") - row.number(f"events_{arm}")
    return StudyRow(row.study, row.subgroup, numbers, row.carried, row.estimable, row.place)


def _number(table: RawTable, at: int, name: str, faults: list[Fault]) -> str:
    text = cell(table, at, name).rstrip("%").strip()
    if not text or text.lower() in {"nan", "infinity", "-infinity", "inf", "-inf"}:
        return ""
    if NUMBER.fullmatch(text) and np.isfinite(float(text)):
        return text
    rule = "must be a number; take it from the review and correct the file"
    faults.append(Fault(table.file, int(table.lines[at]), name, rule, text))
    return ""


def _row(table: RawTable, at: int, groups: Mapping[str, str], faults: list[Fault]) -> StudyRow:
    numbers = {own: to_float(_number(table, at, name, faults)) for name, own in _NUMBERS.items()}
    line = int(table.lines[at])
    for arm, name in (("intervention", "Experimental"), ("comparison", "Control")):
        events, people = numbers[f"events_{arm}"], numbers[f"n_{arm}"]
        if people < 0 or events < 0 or events > people:
            rule = f"must be between 0 and {name} N, which is {people:g}"
            faults.append(Fault(table.file, line, f"{name} cases", rule, f"{events:g}"))
            numbers[f"events_{arm}"] = float("nan")
    carried = {own: _number(table, at, name, faults) for name, own in _CARRIED.items()}
    carried = {name: text for name, text in carried.items() if text}
    effect = any(name in carried for name in ("estimate", "ci_low", "ci_high"))
    entered = any(np.isfinite(one) for one in numbers.values())
    subgroup = cell(table, at, "Subgroup")
    return StudyRow(
        study=cell(table, at, "Study"),
        subgroup=groups.get(subgroup, ""),
        numbers=numbers,
        carried=carried,
        estimable=None if effect else False if entered else None,
        place=f"{table.file}:{line}",
    )


def _pool(table: RawTable, at: int, subgroup: str, name: str, faults: list[Fault]) -> PooledRow:
    carried = {own: _number(table, at, head, faults) for head, own in _POOLED.items()}
    carried = {own: text for own, text in carried.items() if text}
    return PooledRow(
        subgroup=subgroup,
        name=name,
        carried=carried,
        estimable=None if "estimate" in carried else False,
        place=f"{table.file}:{table.lines[at]}",
    )
