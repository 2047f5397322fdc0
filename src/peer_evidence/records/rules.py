"""Rules that more than one cell must keep: keys, references, numbers that contradict each other.

A cell that has a fault of its own takes no part in them: one cause, one fault.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.records.cells import date_fault, numbers
from peer_evidence.records.hints import Hints
from peer_evidence.records.read import Cells, RawTable
from peer_evidence.records.tables import Column, Table

RATIO_MEASURES = ("OR", "RR", "HR", "IRR", "PR")

Mask = npt.NDArray[np.bool_]


def check_key(raw: RawTable, table: Table) -> None:
    """Note each row whose key another row above it has, naming both lines."""
    if not table.key or not all(name in raw.columns for name in table.key) or not len(raw):
        return
    keys = pd.DataFrame({name: raw.columns[name] for name in table.key}, dtype=object)
    complete = (keys != "").all(axis=1).to_numpy(copy=True)
    for name in table.key:
        complete &= ~raw.faulty(name)
    repeated = np.zeros(len(raw), dtype=bool)
    repeated[complete] = keys[complete].duplicated(keep="first")
    if not repeated.any():
        return
    group = keys.groupby(list(table.key), sort=False).ngroup().to_numpy()
    _, first = np.unique(group, return_index=True)
    label = " + ".join(table.key)
    for row in np.flatnonzero(repeated):
        above = raw.lines[first[group[row]]]
        raw.fault(
            int(raw.lines[row]),
            label,
            f"the key must be unique, the same stands on line {above}",
            " + ".join(keys.iloc[row]),
        )


def check_references(
    raw: RawTable, table: Table, tables: Mapping[str, RawTable], missing: Collection[str]
) -> None:
    """Note each cell that refers to a row which is not there.

    Parameters
    ----------
    raw : RawTable
        The file.
    table : Table
        Its definition.
    tables : mapping of str to RawTable
        Every file of the package.
    missing : collection of str
        Tables whose absence is a fault already.
    """
    for column in table.columns:
        if not column.references or column.name not in raw.columns:
            continue
        other, target = column.references.split(".")
        there = tables.get(other)
        if there is not None and target in there.columns and there.complete:
            known = set(there.columns[target]) | there.lost
            _check_column_references(raw, column, known | {key.strip() for key in known})
        elif there is None and other not in missing:
            _note_absent(raw, column, other)


def _check_column_references(raw: RawTable, column: Column, known: set[str]) -> None:
    other, target = column.references.split(".")
    cells = raw.columns[column.name]
    codes, distinct = pd.factorize(cells)
    separated = column.kind == "list"
    hints = Hints(sorted(known))
    rules = [_unknown(text, known, hints, separated=separated) for text in distinct]
    bad = np.array([bool(items) for items in rules], dtype=bool)
    if not bad.any():
        return
    wrong = bad[codes] & ~raw.faulty(column.name)
    raw.spoil(column.name, wrong)
    for row in np.flatnonzero(wrong):
        for item, end in rules[codes[row]]:
            rule = f"must be a {target} of {other}.csv{end}"
            raw.fault(int(raw.lines[row]), column.name, rule, item)


def _unknown(text: str, known: set[str], hints: Hints, *, separated: bool) -> list[tuple[str, str]]:
    """Give the items of a cell that are not known, each with the end of its rule."""
    if not text or text in known:
        return []
    if not separated:
        return [(text, hints.hint(text))]
    found: list[tuple[str, str]] = []
    for item in text.split(";"):
        if item in known and item:
            continue
        parts = [part for part in re.split(r"[\s,|/]+", item) if part]
        if all(part in known for part in parts):
            found.append((item, ", separated by ; alone"))
        else:
            found.append((item, hints.hint(item)))
    return found


def _note_absent(raw: RawTable, column: Column, other: str) -> None:
    """Note once that the table which a column refers to is not there at all."""
    used = np.flatnonzero(raw.columns[column.name] != "")
    if len(used):
        rule = f"refers to {column.references}, so {other}.csv must be in the folder"
        first = int(used[0])
        raw.fault(int(raw.lines[first]), column.name, rule, raw.columns[column.name][first])


def check_numbers(raw: RawTable, table: Table) -> None:
    """Note counts, intervals and directions that contradict each other within a row."""
    values = _Values(raw, table)
    for arm in ("intervention", "comparison"):
        wrong = values[f"events_{arm}"] > values[f"n_{arm}"]
        _note(raw, wrong, f"events_{arm}", f"must not be more than n_{arm} ({{n_{arm}}})")
        values.drop(f"events_{arm}", wrong)
        wrong = values[f"n_{arm}"] > values["n_total"]
        _note(raw, wrong, f"n_{arm}", "must not be more than n_total ({n_total})")
    wrong = values["k_randomised"] > values["k_studies"]
    _note(raw, wrong, "k_randomised", "must not be more than k_studies ({k_studies})")
    _check_p_value(raw)
    _check_ratio(raw, values)
    _check_interval(raw, values)
    _check_direction(raw, values)


class _Values:
    """The number columns of a file, read when first asked.

    What is absent, empty, no number or has a fault of its own is NaN, which no rule is broken by.
    """

    def __init__(self, raw: RawTable, table: Table) -> None:
        self._raw = raw
        self._names = {
            column.name for column in table.columns if column.kind in {"integer", "number"}
        }
        self._read: dict[str, npt.NDArray[np.float64]] = {}

    def __getitem__(self, name: str) -> npt.NDArray[np.float64]:
        if name not in self._read:
            cells = self._raw.columns.get(name)
            if cells is None or name not in self._names:
                self._read[name] = np.full(len(self._raw), np.nan)
            else:
                self._read[name] = np.where(self._raw.faulty(name), np.nan, numbers(cells))
        return self._read[name]

    def drop(self, name: str, wrong: Mask) -> None:
        """Leave cells out of the rules that follow."""
        self._read[name] = np.where(wrong, np.nan, self[name])


def _check_p_value(raw: RawTable) -> None:
    """Note each relation, such as <, that has no p value to stand before."""
    if "p_relation" not in raw.columns:
        return
    relation = raw.columns["p_relation"]
    value = raw.columns.get("p_value", np.full(len(raw), "", dtype=object))
    wrong = _is_one_of(relation, ("=", "<", ">")) & (value == "")
    _note(raw, wrong, "p_value", "must be given, as p_relation is {p_relation}")


def check_facts(raw: RawTable) -> None:
    """Note a date of publication, among the facts of a review, that is no date."""
    if not {"field", "value"} <= set(raw.columns):
        return
    for row in np.flatnonzero((raw.columns["field"] == "published") & ~raw.faulty("value")):
        text = raw.columns["value"][row]
        rule = date_fault(text) if text else None
        if rule:
            raw.fault(int(raw.lines[row]), "value", rule, text)


def _is_one_of(cells: Cells, words: Collection[str]) -> Mask:
    """Tell which cells hold one of some words, without making every cell as wide as the widest."""
    return np.fromiter((cell in words for cell in cells), dtype=bool, count=len(cells))


def _check_ratio(raw: RawTable, values: _Values) -> None:
    """Note each ratio, or limit of one, that is not above 0."""
    if "effect_measure" not in raw.columns:
        return
    ratio = _is_one_of(raw.columns["effect_measure"], RATIO_MEASURES)
    for name in ("estimate", "ci_low", "ci_high"):
        wrong = ratio & (values[name] <= 0)
        _note(raw, wrong, name, "must be above 0, as effect_measure is {effect_measure}")
        values.drop(name, wrong)


def _check_interval(raw: RawTable, values: _Values) -> None:
    """Note each interval that is turned round or does not hold its estimate."""
    estimate, low, high = values["estimate"], values["ci_low"], values["ci_high"]
    turned = low > high
    _note(raw, turned, "ci_low", "must not be above ci_high ({ci_high})")
    outside = ((estimate < low) | (estimate > high)) & ~turned
    both = outside & ~np.isnan(low) & ~np.isnan(high)
    _note(raw, both, "estimate", "must lie within its interval, {ci_low} to {ci_high}")
    _note(raw, outside & np.isnan(high), "estimate", "must not be below ci_low ({ci_low})")
    _note(raw, outside & np.isnan(low), "estimate", "must not be above ci_high ({ci_high})")


def _check_direction(raw: RawTable, values: _Values) -> None:
    """Note each direction that the printed means, or shares of events, contradict."""
    if not {"effect_direction", "better_is"} <= raw.columns.keys():
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (
            values["events_intervention"] / values["n_intervention"]
            - values["events_comparison"] / values["n_comparison"]
        )
    means = values["mean_intervention"] - values["mean_comparison"]
    better, given = raw.columns["better_is"], raw.columns["effect_direction"]
    turn = np.select([better == "higher", better == "lower"], [1.0, -1.0], np.nan)
    stated = np.select(
        [given == "favours_intervention", given == "favours_comparison"], [1.0, -1.0], np.nan
    )
    said = np.zeros(len(raw), dtype=bool)
    for difference, what in ((means, "means"), (share, "shares of events")):
        wrong = (difference * turn * stated < 0) & ~said
        said |= wrong
        for shown, side in ((1.0, "favours_intervention"), (-1.0, "favours_comparison")):
            rule = f"must agree with the {what}, which show {side} as better_is is {{better_is}}"
            _note(raw, wrong & (stated == -shown), "effect_direction", rule)


def _note(raw: RawTable, wrong: Mask, column: str, rule: str) -> None:
    """Note a fault in every row of ``wrong``; ``{name}`` in the rule is that row's cell."""
    for row in np.flatnonzero(wrong):
        named = {name: cells[row] for name, cells in raw.columns.items()}
        raw.fault(int(raw.lines[row]), column, rule.format_map(named), named.get(column, ""))
