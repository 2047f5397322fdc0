"""Rules that more than one cell must keep: keys, references, numbers that contradict each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from peer_evidence.checks import nearest
from peer_evidence.records.cells import numbers
from peer_evidence.records.read import Cells, RawTable
from peer_evidence.records.tables import Table

Mask = npt.NDArray[np.bool_]


def check_key(raw: RawTable, table: Table) -> None:
    """Note each row whose key another row above it has, naming both lines."""
    if not all(name in raw.columns for name in table.key) or not len(raw):
        return
    keys = pd.DataFrame({name: raw.columns[name] for name in table.key})
    complete = (keys != "").all(axis=1).to_numpy()
    repeated = keys.duplicated(keep="first").to_numpy() & complete
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


def check_references(raw: RawTable, table: Table, tables: Mapping[str, RawTable]) -> None:
    """Note each cell that refers to a row which is not there."""
    for column in table.columns:
        if not column.references or column.name not in raw.columns:
            continue
        other, target = column.references.split(".")
        there = tables.get(other)
        if there is not None and target not in there.columns:
            continue  # the other file has faults of its own, said there
        known = set(there.columns[target]) if there is not None else set()
        cells = raw.columns[column.name]
        codes, distinct = pd.factorize(cells)
        separated = column.kind == "list"
        unknown = [
            [item for item in (text.split(";") if separated else [text]) if item not in known]
            if text
            else []
            for text in distinct
        ]
        bad = np.array([bool(items) for items in unknown], dtype=bool)
        for row in np.flatnonzero(bad[codes]) if bad.any() else ():
            for item in unknown[codes[row]]:
                close = nearest(item.strip(), known)
                hint = f" (did you mean {close!r}?)" if close else ""
                rule = f"must be a {target} of {other}.csv{hint}"
                raw.fault(int(raw.lines[row]), column.name, rule, item)


def check_numbers(raw: RawTable) -> None:
    """Note counts, intervals and directions that contradict each other within a row."""
    values = _Values(raw)
    for arm in ("intervention", "comparison"):
        wrong = values[f"events_{arm}"] > values[f"n_{arm}"]
        _note(raw, wrong, f"events_{arm}", f"must not be more than n_{arm} ({{n_{arm}}})")
        wrong = values[f"n_{arm}"] > values["n_total"]
        _note(raw, wrong, f"n_{arm}", "must not be more than n_total ({n_total})")
    wrong = values["k_randomised"] > values["k_studies"]
    _note(raw, wrong, "k_randomised", "must not be more than k_studies ({k_studies})")
    estimate, low, high = values["estimate"], values["ci_low"], values["ci_high"]
    _note(raw, low > high, "ci_low", "must not be above ci_high ({ci_high})")
    outside = ((estimate < low) | (estimate > high)) & ~(low > high)
    _note(raw, outside, "estimate", "must lie within its interval, {ci_low} to {ci_high}")
    _check_direction(raw, values)


class _Values:
    """The number columns of a file, read when first asked; a column that is absent is all NaN."""

    def __init__(self, raw: RawTable) -> None:
        self._raw = raw
        self._read: dict[str, npt.NDArray[np.float64]] = {}

    def __getitem__(self, name: str) -> npt.NDArray[np.float64]:
        if name not in self._read:
            cells = self._raw.columns.get(name)
            self._read[name] = np.full(len(self._raw), np.nan) if cells is None else numbers(cells)
        return self._read[name]


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
    turn = np.select(
        [raw.columns["better_is"] == "higher", raw.columns["better_is"] == "lower"],
        [1.0, -1.0],
        np.nan,
    )
    given: Cells = raw.columns["effect_direction"]
    for difference, what in ((means, "means"), (share, "shares of events")):
        shown = np.select(
            [difference * turn > 0, difference * turn < 0],
            ["favours_intervention", "favours_comparison"],
            "",
        )
        opposite = {
            "favours_intervention": "favours_comparison",
            "favours_comparison": "favours_intervention",
        }
        wrong = (shown != "") & (np.array([opposite.get(word, "") for word in given]) == shown)
        for row in np.flatnonzero(wrong):
            raw.fault(
                int(raw.lines[row]),
                "effect_direction",
                f"must agree with the {what}, which show {shown[row]} as better_is is "
                f"{raw.columns['better_is'][row]}",
                given[row],
            )


def _note(raw: RawTable, wrong: Mask, column: str, rule: str) -> None:
    """Note a fault in every row of ``wrong``; ``{name}`` in the rule is that row's cell."""
    for row in np.flatnonzero(wrong):
        named = {name: cells[row] for name, cells in raw.columns.items()}
        raw.fault(int(raw.lines[row]), column, rule.format_map(named), named[column])
