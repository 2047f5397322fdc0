"""Influence diagnostics on one sheet: a row a study, a panel a diagnostic, names and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.checks import check_count
from peer_evidence.errors import InputError
from peer_evidence.figures.frames import sentence_list, styled
from peer_evidence.figures.influence_panels import (
    GAP,
    Strip,
    draw_strips,
    headings_height,
    lines_of,
    plan_strips,
)
from peer_evidence.figures.key import DASHES, LINE, PITCH, Entry, key_lines, write_key
from peer_evidence.figures.layout import (
    MARGIN,
    Sheet,
    lines_height,
    middle_of_line,
    natural_width,
    open_sheet,
    sheet_width,
    stack,
    wrap,
)
from peer_evidence.figures.point_names import shorten
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import GREY, INK, RULE, SMALL_SIZE, VERMILLION, plain
from peer_evidence.formatting import count, number

_PAD = 2.6  # points of air in a row
_GUIDE = "#DDDDDD"
_AXIS = 18.0  # points for the ticks under the panels


def influence_table(m: Any) -> pd.DataFrame:
    """Give the diagnostics that :func:`influence` draws.

    Parameters
    ----------
    m : MetaAnalysis or Influence
        An analysis, or its diagnostics from ``peer_evidence.influence``.

    Returns
    -------
    DataFrame
        One row a study: ``label``, ``rstudent``, ``dffits``, ``cook``, ``dfbetas`` (of several
        coefficients the one farthest from 0), ``cov_ratio``, ``tau2_deleted``, ``q_deleted``,
        ``hat``, ``weight``, ``flagged``, and ``flagged_by``, the diagnostics beyond their limits.

    Raises
    ------
    InputError
        If it is neither, or has too few studies for diagnostics.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> data = pd.DataFrame({"effect": [0.1, 0.3, 0.2, 1.5], "variance": [0.02, 0.03, 0.04, 0.09]})
    >>> pe.figures.influence_table(pe.meta_analysis(data))["flagged_by"].tolist()
    ['', '', '', 'DFFITS, Cook’s distance, DFBETAS']
    """
    found = _diagnostics(m)
    moves = np.nan_to_num(found.dfbetas)
    farthest = np.argmax(np.abs(moves), axis=1)
    table = pd.DataFrame({
        "label": list(found.label),
        "rstudent": found.rstudent,
        "dffits": found.dffits,
        "cook": found.cook,
        "dfbetas": found.dfbetas[np.arange(len(farthest)), farthest],
        "cov_ratio": found.cov_ratio,
        "tau2_deleted": found.tau2_deleted,
        "q_deleted": found.q_deleted,
        "hat": found.hat,
        "weight": found.weight,
        "flagged": found.flagged,
    })  # fmt: skip
    beyond = {
        one.title: _beyond(table, one)
        for one in lines_of(len(table), len(found.coefficients))
        if one.flags
    }
    table["flagged_by"] = [
        ", ".join(name for name, rows in beyond.items() if rows[place])
        for place in range(len(table))
    ]
    return table


def _beyond(table: pd.DataFrame, strip: Strip) -> list[bool]:
    """Tell which studies lie beyond the limits of a diagnostic."""
    values = np.abs(table[strip.column].to_numpy(float))
    return [bool(value > max(strip.limits)) for value in values]


def _diagnostics(m: Any) -> Any:
    """Give the diagnostics of an analysis, or what already are some."""
    if hasattr(m, "flagged") and hasattr(m, "dffits"):
        return m
    if not hasattr(m, "regression"):
        raise InputError(
            f"m: found {type(m).__name__}, allowed is the result of peer_evidence.meta_analysis "
            "or of peer_evidence.influence"
        )
    from peer_evidence.sensitivity.influence import influence as diagnose

    return diagnose(m)


@dataclass(frozen=True, slots=True)
class _Row:
    """A study: its lines of text, and whether it is flagged."""

    source: int
    name: tuple[str, ...]
    reason: tuple[str, ...]
    flagged: bool

    @property
    def height(self) -> float:
        """How much room the row takes, in points."""
        texts = lines_height(len(self.name)) + lines_height(len(self.reason), SMALL_SIZE)
        return texts + _PAD


@styled
def influence(m: Any, *, studies: int = 40, ax: Axes | None = None) -> Axes:
    """Draw what each study does to a meta-analysis: eight diagnostics, flagged cases named.

    Parameters
    ----------
    m : MetaAnalysis or Influence
        An analysis, or its diagnostics from ``peer_evidence.influence``; only the analysis knows
        the tau2 and Q of all studies, which are then drawn as lines.
    studies : int
        How many studies have a row at most: all that are flagged, then those that move the
        coefficients most (Cook's distance).
    ax : Axes, optional
        Where to draw; a new figure of 176 mm when left out.

    Returns
    -------
    Axes
        The sheet, in points from its top left corner.

    Raises
    ------
    InputError
        As :func:`influence_table`.
    """
    found = _diagnostics(m)
    table = influence_table(found)
    most = max(check_count("studies", studies), int(table["flagged"].sum()), 1)
    shown = _shown(table, most)
    width = sheet_width(ax)
    names = min(max(natural_width(list(table["label"]), weight="bold"), 60.0), 0.27 * width)
    rows = [_row(place, table.iloc[place], names) for place in shown]
    left = MARGIN + names + GAP
    p = len(found.coefficients)
    strips = plan_strips(table.loc[shown], lines_of(len(table), p, m), left, width - MARGIN - 3)
    top = MARGIN + headings_height(strips) + 4
    tops = stack([row.height for row in rows], top)
    bottom = top + sum(row.height for row in rows) + 2
    entries = key_lines(_key(table), width - 2 * MARGIN)
    note = wrap(_note(table, shown, p), width - 2 * MARGIN, SMALL_SIZE)
    at_key = bottom + _AXIS + 2
    at_note = at_key + PITCH * len(entries) + 2
    height = at_note + lines_height(len(note), SMALL_SIZE) + MARGIN
    sheet = open_sheet(ax, width, height)
    _names(sheet, rows, tops, width)
    middles = [middle_of_line(one + _PAD / 2) for one in tops]
    for y in middles:
        sheet.line([left, width - MARGIN], [y, y], color=_GUIDE, linewidth=0.5, zorder=0.5)
    draw_strips(sheet, strips, table.loc[shown], middles, (top, bottom))
    write_key(sheet, entries, MARGIN, at_key)
    sheet.lines(MARGIN, at_note, note, size=SMALL_SIZE, color=GREY)
    return attach(sheet.ax, "Influence diagnostics", _alt(table), table)


def _shown(table: pd.DataFrame, most: int) -> list[int]:
    """Choose the studies that have a row, in the order of the data."""
    if len(table) <= most:
        return list(range(len(table)))
    order = table.assign(cook=table["cook"].fillna(np.inf)).sort_values(
        ["flagged", "cook"], ascending=False, kind="stable"
    )
    return sorted(int(one) for one in order.index[:most])


def _row(place: int, values: pd.Series, width: float) -> _Row:
    flagged = bool(values["flagged"])
    reason: tuple[str, ...] = ()
    name = wrap(values["label"], width, weight="bold" if flagged else "normal")
    if len(name) > 2:
        name = shorten(plain(values["label"]), (SMALL_SIZE / 8.0) * (width - 12))
    if flagged:
        reason = wrap(f"influential: {values['flagged_by']}", width, SMALL_SIZE)
    return _Row(place, name, reason, flagged)


def _names(sheet: Sheet, rows: list[_Row], tops: list[float], width: float) -> None:
    """Write the names; flagged ones in bold, with the reason under them, on a tinted row."""
    for row, top in zip(rows, tops, strict=True):
        if row.flagged:
            sheet.box(MARGIN - 2, top, width - 2 * MARGIN + 4, row.height, facecolor="#FBEDE3")
        weight = "bold" if row.flagged else "normal"
        sheet.lines(MARGIN, top + _PAD / 2, row.name, weight=weight)
        at = top + _PAD / 2 + lines_height(len(row.name))
        sheet.lines(MARGIN, at, row.reason, size=SMALL_SIZE, color=INK)


def _key(table: pd.DataFrame) -> list[Entry]:
    return [
        Entry("a study", "o", INK, INK, 4.5),
        Entry("beyond a limit that flags", "D", VERMILLION, VERMILLION, 5.5),
        Entry("residual beyond ±1.96", "D", VERMILLION, "white", 5),
        Entry("limit", DASHES, VERMILLION, None, 14, 0.9),
        Entry("all studies together", LINE, RULE, None, 12, 1.0),
    ]


def _note(table: pd.DataFrame, shown: list[int], p: int) -> str:
    k = len(table)
    note = (
        f"Influential: |DFFITS| above 3√(p / (k − p)), Cook’s distance above the median of χ² with "
        f"p df, |DFBETAS| above 1, or leverage above 3p / k; here k = {k} studies, p = "
        f"{count(p, 'coefficient')}. Limits beyond the ends of a panel are not drawn. Residual: "
        "studentised, against the other studies; beyond ±1.96 alone is no flag. Cov. ratio: "
        "covariance of the coefficients without the study over that with it. Without it: of the "
        "other studies."
    )
    rest = k - len(shown)
    if rest:
        noun = count(rest, "further study, not flagged, has", "further studies, none flagged, have")
        note += f" {noun} smaller Cook’s distances and no row here; all are in the table."
    return note


def _alt(table: pd.DataFrame) -> str:
    """Say the figure in words and numbers."""
    out = table[table["flagged"]]
    said = [
        f"{row['label']} ({row['flagged_by']}; residual {number(row['rstudent'])}, DFFITS "
        f"{number(row['dffits'])}, Cook’s distance {number(row['cook'])}, weight "
        f"{number(row['weight'], 1)}%)"
        for _, row in out.head(20).iterrows()
    ]
    if len(out) > 20:
        said.append(f"{len(out) - 20} more in the table")
    text = f"Influence diagnostics of {count(len(table), 'study', 'studies')}: "
    text += f"{len(out)} influential" + (f": {sentence_list(said)}." if said else ".")
    if table["cook"].notna().any():
        top = table.iloc[int(np.nanargmax(table["cook"]))]
        text += f" Largest Cook’s distance {number(top['cook'])}, {top['label']}."
    if table["rstudent"].notna().any():
        far = table.iloc[int(np.nanargmax(np.abs(table["rstudent"])))]
        text += f" Farthest from the others: {far['label']}, residual {number(far['rstudent'])}."
    return text
