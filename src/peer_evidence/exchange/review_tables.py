"""The tables of a review from a Cochrane review: nothing that the file does not hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.appraisal.tools import bare, risk_of_bias_tool
from peer_evidence.exchange.analyses import ARMS, MEANS, Analysis, Named, StudyRow, to_float
from peer_evidence.exchange.bibliography.names import slug
from peer_evidence.exchange.recompute import again

# a review tells of its studies; of its own pooled results it is itself the source
CONFIDENCE = "review"
_TABLE_MEASURES = {"PETO": "OR", "OR": "OR", "RR": "RR", "RD": "RD", "MD": "MD", "SMD": "SMD"}
_TABLE_MEASURES |= {"HR": "HR", "IRR": "IRR"}
_RESULTS = {
    "yes": "low",
    "no": "high",
    "unknown": "unclear",
    "low risk": "low",
    "high risk": "high",
    "unclear risk": "unclear",
    "low": "low",
    "high": "high",
    "unclear": "unclear",
    "some concerns": "some_concerns",
}
_SIDES = {
    "experimental": "1",
    "intervention": "1",
    "treatment": "1",
    "control": "2",
    "comparator": "2",
    "comparison": "2",
}


def unique(wanted: str, taken: set[str]) -> str:
    """Give a handle that is not taken yet, with a number behind it if need be, and take it."""
    own, number = wanted, 2
    while own in taken:
        own, number = f"{wanted}_{number}", number + 1
    taken.add(own)
    return own


def name_studies(studies: Iterable[tuple[str, str, str]]) -> dict[str, Named]:
    """Give each study (id in the file, label, year) a handle of its own."""
    taken: set[str] = set()
    named: dict[str, Named] = {}
    for key, label, year in studies:
        if key not in named:
            named[key] = Named(unique(slug(label or key) or "study", taken), label or key, year)
    return named


def lower_is(a: Analysis) -> str:
    """Say which arm lower values favour, by the words under the plot: 1, 2, or empty.

    Only where one side names one arm and the other side the other.
    """
    left, right = _arm_named(a, a.left), _arm_named(a, a.right)
    return left if {left, right} == {"1", "2"} else ""


def _arm_named(a: Analysis, words: str) -> str:
    plain = f" {slug(words).replace('_', ' ')} "
    names = _SIDES | {slug(name).replace("_", " "): arm for arm, name in _arms(a)}
    found = set()
    for name in sorted(names, key=len, reverse=True):  # "no drug" before "drug"
        if name and f" {name} " in plain:
            found.add(names[name])
            plain = plain.replace(f" {name} ", " ")
    return found.pop() if len(found) == 1 else ""


def _arms(a: Analysis) -> tuple[tuple[str, str], ...]:
    same = slug(a.group_1) == slug(a.group_2)
    return () if same else (("1", a.group_1), ("2", a.group_2))


def _direction(lower: str, effect: float) -> str:
    """Say which arm an effect on the scale of analysis favours, empty where that is not known."""
    if not lower or not np.isfinite(effect):
        return ""
    if effect == 0:
        return "null"
    favoured = lower if effect < 0 else {"1": "2", "2": "1"}[lower]
    return "favours_intervention" if favoured == "1" else "favours_comparison"


def _agree(a: Analysis, row: StudyRow, effect: float) -> bool:
    """Tell whether the shares of events lie as the effect does; 1/2 added to zeros may turn it."""
    if a.kind != "dichotomous" or not np.isfinite(effect):
        return True
    events = [row.number(f"events_{arm}") for arm in _ARM_NAMES]
    people = [row.number(f"n_{arm}") for arm in _ARM_NAMES]
    if not np.isfinite([*events, *people]).all() or min(people) <= 0:
        return True
    return bool(np.sign(events[0] / people[0] - events[1] / people[1]) == np.sign(effect))


def _better(a: Analysis, lower: str) -> str:
    """Say which way of the measure is better; of swapped events the words tell of the others."""
    if a.swapped:
        return ""
    return {"1": "lower", "2": "higher"}.get(lower, "")


def outcome_rows(
    analyses: Sequence[Analysis], named: Mapping[str, Named], file: str
) -> list[dict[str, str]]:
    """Give a row for each study of each analysis that has numbers."""
    taken: set[str] = set()
    rows = []
    for a in analyses:
        if a.kind == "other":
            continue
        found, lower = again(a), lower_is(a)
        for at, row in enumerate(a.rows):
            who = named[row.study]
            mark = f"a{a.id.replace('.', '_')}" + (f"_s{row.subgroup}" if row.subgroup else "")
            key = unique(f"{who.study_id}.{slug(mark)}", taken)
            effect = _scaled(a, row)
            if not np.isfinite(effect):
                effect = float(found.effect[at])
            held = {
                "outcome_id": key,
                "study_id": who.study_id,
                "measure": a.outcome,
                "contrast": " vs ".join(filter(None, (a.group_1, a.group_2)))
                if a.group_1 and a.group_2
                else "",
                "better_is": _better(a, lower),
                "effect_direction": _direction(lower, effect) if _agree(a, row, effect) else "",
                "effect_measure": _TABLE_MEASURES.get(a.measure, ""),
                "source": file,
                "locator": row.place,
                "confidence": CONFIDENCE,
                "note": _note(a, row),
            }
            rows.append(held | _estimates(a, row) | _entered(a, row))
    return rows


def _scaled(a: Analysis, row: StudyRow) -> float:
    """Give the effect that the file carries on the scale of analysis."""
    if row.estimable is False:
        return float("nan")
    value = to_float(row.carried.get("estimate", ""))
    if not a.ratio:
        return value
    return float(np.log(value)) if value > 0 else float("nan")


def _estimates(a: Analysis, row: StudyRow) -> dict[str, str]:
    if row.estimable is False or not _TABLE_MEASURES.get(a.measure):
        return {}
    return {name: row.carried.get(name, "") for name in ("estimate", "ci_low", "ci_high")}


def _entered(a: Analysis, row: StudyRow) -> dict[str, str]:
    """Give counts and means; what cannot stand in the table (a size or SD of 0) stays empty."""
    out = {}
    for name in (*ARMS, *MEANS):
        if a.kind == "o_e" and name.startswith("events_"):
            continue  # the effect is not one of these counts, and may point the other way
        value = row.number(name)
        known = np.isfinite(value) and (value > 0 or not name.startswith(("n_", "sd_")))
        whole = name in MEANS or float(value).is_integer() if known else False
        out[name] = f"{value:.15g}" if known and whole else ""
    return out


def _note(a: Analysis, row: StudyRow) -> str:
    parts = [f"analysis {a.id}"]
    if row.subgroup:
        parts.append(f"subgroup {a.subgroup_name(row.subgroup)}")
    if a.measure == "PETO":
        parts.append("Peto's odds ratio")
    if a.swapped:
        parts.append("events and non-events are swapped in the analysis; events here are analysed")
    if row.estimable is False:
        parts.append("not estimable")
    if a.kind == "o_e":
        counts = [f"{name} {row.number(name):g}" for name in ARMS if np.isfinite(row.number(name))]
        parts.append(", ".join(["effect of O - E and its variance", *counts]))
    fractions = [
        f"{name} {row.number(name):g}"
        for name in ARMS
        if np.isfinite(row.number(name)) and not float(row.number(name)).is_integer()
    ]
    if fractions:
        parts.append(f"no whole numbers: {', '.join(fractions)}")
    return "; ".join(parts)


def pooled_rows(
    analyses: Sequence[Analysis], named: Mapping[str, Named], file: str, review: str
) -> list[dict[str, str]]:
    """Give a row for each pooled result with an interval and a measure that the table knows."""
    rows: list[dict[str, str]] = []
    for a in analyses:
        for pool in a.pools:
            held = {name: pool.carried.get(name, "") for name in ("estimate", "ci_low", "ci_high")}
            measure = _TABLE_MEASURES.get(a.measure, "")
            if pool.estimable is False or not measure or not all(held.values()):
                continue
            studies = [
                named[row.study].study_id
                for row in a.rows
                if pool.subgroup in {"", row.subgroup} and row.estimable is not False
            ]
            shown = f": {pool.name}" if pool.subgroup and pool.name else ""
            side = lower_is(a)
            number = "ratio_below_1" if a.ratio else "negative"
            other = "ratio_above_1" if a.ratio else "positive"
            sign = {"1": number, "2": other}.get(side)
            carried = {
                name: pool.carried.get(name, "")
                for name in ("p_value", "q", "i2", "tau2", "z")
                if np.isfinite(to_float(pool.carried.get(name, "")))
            }
            sizes = [to_float(pool.carried.get(f"n_{arm}", "")) for arm in _ARM_NAMES]
            rows.append(
                {
                    "pooled_id": f"{review}.p{len(rows) + 1:02d}",
                    "review_id": review,
                    "outcome": f"{a.outcome}{shown}",
                    "effect_measure": measure,
                    "sign_convention": f"{sign}_favours_intervention" if sign else "",
                    "model": a.model,
                    "k": _whole(pool.carried.get("k", "")) or str(len(studies)),
                    "n_total": _whole(str(np.sum(sizes)))
                    if sum(one > 0 for one in sizes) == 2
                    else "",
                    "q_df": _whole(pool.carried.get("q_df", "")),
                    "p_relation": "=" if "p_value" in carried else "",
                    "study_ids": ";".join(dict.fromkeys(studies)),
                    "source": file,
                    "locator": pool.place,
                    "note": f"analysis {a.id}",
                }
                | held
                | carried
            )
    return rows


_ARM_NAMES = ("intervention", "comparison")


def _whole(text: str) -> str:
    value = to_float(text)
    return str(int(value)) if np.isfinite(value) and value.is_integer() else ""


def judgement_frame(
    judgements: Sequence[Mapping[str, str]], named: Mapping[str, Named]
) -> pd.DataFrame:
    """Give the judgements with the tool and domain they are taken as.

    They are taken as of a Cochrane tool where every item is one of its domains, or where all its
    required domains are among the items; else the tool is left empty.
    """
    items = {one["item"] for one in judgements}
    tool, domains = next(
        ((code, found) for code in _TOOLS if (found := _domains(items, code))), ("", {})
    )
    rows = []
    for one in judgements:
        domain = domains.get(one["item"], "")
        code = _RESULTS.get(one["result"].strip().lower(), "")
        rows.append(
            {
                "study_id": named[one["study"]].study_id,
                "item": one["item"],
                "group": one["group"],
                "result": one["result"],
                "judgement": code,
                "support": one["support"],
                "tool": tool if domain else "",
                "domain": domain or (slug(one["item"]) or "item"),
                "place": one["place"],
            }
        )
    names = [
        *("study_id", "item", "group", "result", "judgement", "support"),
        *("tool", "domain", "place"),
    ]
    return pd.DataFrame(rows, columns=names, dtype=object)


_TOOLS = ("rob_1", "rob_2")


def _domains(items: set[str], code: str) -> dict[str, str]:
    """Give the domains of a tool that items are, none where the items are not those of the tool."""
    tool = risk_of_bias_tool(code)
    names = {bare(one.name.partition("(")[0]): one.code for one in tool.domains}
    found: dict[str, str] = {}
    for item in items:
        plain = item.partition("(")[0].strip().rstrip("?").replace("randomiz", "randomis")
        known = names.get(bare(plain)) or tool.find_domain(plain)
        found |= {item: known} if known else {}
    needed = {one.code for one in tool.domains if one.required}
    own = set(found.values()) & {one.code for one in tool.domains}
    whole = bool(own) and set(found) == items
    return found if whole or needed <= own else {}


def judgement_rows(frame: pd.DataFrame, file: str) -> tuple[list[dict[str, str]], list[str]]:
    """Give the rows of the table, and notes on what has no room in it.

    The table has one judgement a study and domain; where groups of outcomes were judged
    differently, none of them is taken.
    """
    rows, notes = [], []
    for (study, tool, domain), found in frame.groupby(["study_id", "tool", "domain"], sort=False):
        held = [one for one in dict.fromkeys(found["judgement"]) if one]
        groups = [one for one in found["group"] if one]
        if len(held) > 1:
            notes.append(
                f"risk of bias of {study}, {found['item'].iloc[0]}: judged differently for "
                f"{', '.join(groups) or 'several outcomes'}, so not in the table; see judgements"
            )
            continue
        rows.append(
            {
                "study_id": str(study),
                "tool": str(tool),
                "domain": str(domain),
                "judgement": held[0] if held else "",
                "source": file,
                "locator": "; ".join(filter(None, [found["place"].iloc[0], ", ".join(groups)])),
            }
        )
    return rows, notes


def to_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Give rows as a table of texts, with every column that any of them has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return pd.DataFrame(
        [[row.get(name, "") for name in columns] for row in rows], columns=columns, dtype=object
    )
