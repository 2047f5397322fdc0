"""What a file says was computed, beside the same computed again: number by number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from peer_evidence.exchange.analyses import (
    ARMS,
    MEANS,
    Analysis,
    Named,
    PooledRow,
    StudyRow,
    to_float,
)
from peer_evidence.exchange.recompute import Again, Mask, again, pool, weights
from peer_evidence.formatting import count
from peer_evidence.pooling import laws

RELATIVE, ABSOLUTE = 1e-6, 1e-9
OF_P_VALUES = 1e-4, 1e-6  # RevMan 5 approximates them: seen to differ by 3e-6 of the value
_FULL = 9  # significant digits from which on a column is taken as not rounded
_NOT_VERIFIED = "how this program computes the Hartung-Knapp interval is not verified"
_SHAPED = {"estimate", "ci_low", "ci_high"}
_NEEDED = {
    "dichotomous": ARMS,
    "continuous": (*MEANS, "n_intervention", "n_comparison"),
    "generic": ("estimate", "se"),
    "o_e": ("o_e", "variance"),
    "other": (),
}
_COLUMNS = (
    *("analysis", "outcome", "subgroup", "row", "study_id", "label", "quantity"),
    *("carried", "recomputed", "difference", "agrees", "reason", "place"),
)
_DIGITS = re.compile(r"[+-]?0*\.?0*(\d*)\.?(\d*)")


def compare(analyses: Sequence[Analysis], studies: Mapping[str, Named]) -> pd.DataFrame:
    """Set each number that the file carries beside the one computed again.

    Parameters
    ----------
    analyses : sequence of Analysis
        The analyses.
    studies : mapping of str to Named
        The studies by their id in the file.

    Returns
    -------
    DataFrame
        One row a number; ``agrees`` is missing where nothing was computed again, and ``reason``
        says why, or in what the two differ.
    """
    lines: list[dict[str, Any]] = []
    with np.errstate(all="ignore"):  # numbers that no trial has overflow, and then do not agree
        for a in analyses:
            lines += _lines(a, studies)
    digits = _precision(lines)
    for line in lines:
        _judge(line, *digits[line["row"] == "study", line["quantity"]])
    frame = pd.DataFrame(lines, columns=list(_COLUMNS))
    frame["carried"] = [to_float(text) for text in frame["carried"]]
    frame["agrees"] = frame["agrees"].astype("boolean")
    return frame


def _lines(a: Analysis, studies: Mapping[str, Named]) -> list[dict[str, Any]]:
    """Give the numbers of one analysis."""
    found = again(a)
    everyone = np.ones(len(a.rows), dtype=bool)
    groups = np.array([row.subgroup for row in a.rows], dtype=object)
    masks = {one.subgroup: groups == one.subgroup if one.subgroup else everyone for one in a.pools}
    pooled = {name: pool(a, found, mask) for name, mask in masks.items()}
    weighed = _weights(a, found, masks, pooled)
    entered = np.array([_has_data(a, row) for row in a.rows], dtype=bool)
    if not entered.all():  # the weight of each study rests on all of them
        weighed[:] = np.nan
    lines: list[dict[str, Any]] = []
    for at, row in enumerate(a.rows):
        own = _of_study(a, found, at) | {"weight": float(weighed[at])}
        who = studies[row.study]
        about = {
            "analysis": a.id,
            "outcome": a.outcome,
            "subgroup": a.subgroup_name(row.subgroup) if row.subgroup else "",
            "row": "study",
            "study_id": who.study_id,
            "label": who.label,
        }
        reason = found.reason or ("" if entered[at] else _lack([row], "this study"))
        lines += _each(a, row, own, reason, about, estimable=bool(found.known[at]))
    for one in a.pools:
        name = "subgroup" if one.subgroup else "total"
        about = {
            "analysis": a.id,
            "outcome": a.outcome,
            "subgroup": one.name if one.subgroup else "",
            "row": name,
            "study_id": "",
            "label": "",
        }
        own = _shaped(a, pooled[one.subgroup])
        lacking = [a.rows[at] for at in np.flatnonzero(masks[one.subgroup] & ~entered)]
        lack = _lack(lacking, count(len(lacking), "study", "studies")) if lacking else ""
        reason = found.reason or lack
        lines += _each(a, one, own, reason, about, estimable=bool(pooled[one.subgroup]))
    return lines


def _has_data(a: Analysis, row: StudyRow) -> bool:
    """Tell whether a study has all its data, or is said to have none that can be used."""
    return row.estimable is False or all(np.isfinite(row.number(one)) for one in _NEEDED[a.kind])


def _lack(rows: Sequence[StudyRow], whose: str) -> str:
    """Say that the file holds no data of studies, or that numbers among them are lacking."""
    partly = any(np.isfinite(number) for row in rows for number in row.numbers.values())
    return f"the file {'does not hold all' if partly else 'holds no'} data of {whose}"


def _weights(
    a: Analysis, found: Again, masks: Mapping[str, Mask], pooled: Mapping[str, dict[str, float]]
) -> np.typing.NDArray[np.float64]:
    """Give the weights as the file shows them: of all studies, or of each subgroup by itself."""
    out = np.full(len(a.rows), np.nan)
    if found.reason or a.totals == "no":
        return out
    wanted = [name for name in masks if name] if a.totals == "subgroups" else [""]
    for name in wanted:
        if name in masks:
            mask = masks[name]
            own = weights(a, found, mask, pooled[name].get("tau2", 0.0))
            out[mask] = own[mask]
    return out


def _of_study(a: Analysis, found: Again, at: int) -> dict[str, float]:
    """Give the effect of a study with its interval, as the file shows it."""
    y, se = float(found.effect[at]), float(np.sqrt(found.variance[at]))
    half = float(laws.critical(a.level)) * se
    own = {"estimate": y, "se": se, "ci_low": y - half, "ci_high": y + half}
    return _shaped(a, own)


def _shaped(a: Analysis, own: Mapping[str, float]) -> dict[str, float]:
    """Give ratios as ratios."""
    with np.errstate(over="ignore"):
        return {
            name: float(np.exp(value)) if a.ratio and name in _SHAPED else value
            for name, value in own.items()
        }


def _each(
    a: Analysis,
    row: StudyRow | PooledRow,
    own: Mapping[str, float],
    reason: str,
    about: Mapping[str, str],
    *,
    estimable: bool,
) -> Iterator[dict[str, Any]]:
    """Give a line a number that the file carries."""
    base = dict(about) | {"place": row.place, "difference": np.nan, "agrees": None}
    if row.estimable is False:
        same = not estimable
        text = "" if same else "the file says not estimable, but it can be computed"
        given = reason or text
        line = base | {"quantity": "estimable", "carried": "0", "reason": given}
        line |= {"recomputed": np.nan if reason else float(estimable)}
        yield line | {"agrees": None if reason else same}
        return
    for name, text in row.carried.items():
        if not np.isfinite(to_float(text)) or name in {"k", "n_intervention", "n_comparison"}:
            continue
        value = own.get(name, np.nan)
        why = reason or _why_not(a, name, isinstance(row, PooledRow), value, estimable=estimable)
        yield base | {
            "quantity": name,
            "carried": text,
            "recomputed": np.nan if why else value,
            "reason": why,
        }


def _why_not(a: Analysis, name: str, pooled: bool, value: float, *, estimable: bool) -> str:
    """Say why a number is not compared, empty where it is."""
    if not estimable:
        return "the file gives a number, but the data entered give no effect"
    adjusted = pooled and a.model == "random" and a.interval == "hksj"
    if adjusted and name in {"ci_low", "ci_high", "z", "p_value"}:
        return _NOT_VERIFIED
    if pooled and a.estimator == "REML" and name == "i2":
        return "how this program computes I² with REML is not verified"
    if not np.isfinite(value):
        return f"{name} is compared only where these studies are pooled"
    return ""


def _significant(text: str) -> tuple[int, int]:
    """Count the significant digits and the decimals of a number as written."""
    plain, _, power = text.strip().lower().partition("e")
    found = _DIGITS.match(plain)
    digits = len(found[1] + found[2]) if found else 0
    return digits, max(-300, min(300, len(plain.partition(".")[2]) - int(power or 0)))


def _precision(lines: Sequence[Mapping[str, Any]]) -> dict[tuple[bool, str], tuple[bool, int]]:
    """Tell of each column of numbers whether it is rounded, and the most decimals in it."""
    found: dict[tuple[bool, str], tuple[bool, int]] = {}
    for line in lines:
        key = (line["row"] == "study", line["quantity"])
        full, most = found.get(key, (False, 0))
        digits, decimals = _significant(line["carried"])
        found[key] = (full or digits >= _FULL, max(most, decimals))
    return found


def _judge(line: dict[str, Any], full: bool, most: int) -> None:
    """Say whether two numbers agree: to half a unit of the last digit, or to 1e-6 unrounded."""
    carried, value = to_float(line["carried"]), line["recomputed"]
    if not np.isfinite(value) or line["quantity"] == "estimable":
        return
    line["difference"] = value - carried
    digits, decimals = _significant(line["carried"])
    if full:
        approximate = line["quantity"] in {"p_value", "q_p_value"}
        relative, absolute = OF_P_VALUES if approximate else (RELATIVE, ABSOLUTE)
        allowed = max(absolute, relative * abs(value))
    else:
        # one digit alone may be one whose zeros were dropped: then as its column is rounded
        allowed = 0.5 * 10.0 ** -(decimals if digits > 1 else most) * (1 + 1e-9)
    line["agrees"] = bool(abs(line["difference"]) <= allowed)
    if not line["agrees"]:
        line["reason"] = "the number in the file is not what its data give"
