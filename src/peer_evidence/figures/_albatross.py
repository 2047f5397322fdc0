"""The albatross plot: p values against numbers of people, with contours of effect sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, log10
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.path import Path
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator
from numpy.typing import NDArray

from peer_evidence.checks import check_choice, check_columns, check_evidence
from peer_evidence.direction import albatross as kernel
from peer_evidence.direction.counted import check_contrasts, reasons_left_out
from peer_evidence.direction.study_facts import head_counts
from peer_evidence.errors import InputError
from peer_evidence.figures.axes import OVERHANG, tick_text
from peer_evidence.figures.forest_words import TIE
from peer_evidence.figures.frames import named_sides, sentence_list, styled
from peer_evidence.figures.key import DASHES, LINE, Entry
from peer_evidence.figures.layout import Sheet, text_width
from peer_evidence.figures.plot import open_plot
from peer_evidence.figures.point_names import in_points, panel_of
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, INK
from peer_evidence.formatting import count
from peer_evidence.records.words import METHOD_WORDS

Floats = NDArray[np.float64]
_PEOPLE: dict[str, Callable[[Floats, float], Floats]] = {
    "SMD": kernel.people_for_smd,
    "r": kernel.people_for_r,
    "OR": kernel.people_for_or,
}
_SIZES: dict[str, tuple[float, ...]] = {
    "SMD": (0.2, 0.5, 0.8),
    "r": (0.1, 0.3, 0.5),
    "OR": (1.5, 2.5, 4.0),
}
_DOTS = Path([(-1, 0), (-0.8, 0), (-0.1, 0), (0.1, 0), (0.8, 0), (1, 0)], [1, 2, 1, 2, 1, 2])
_STYLES: tuple[tuple[Any, Path], ...] = (
    ((0, (1, 1.5)), _DOTS),
    ((0, (4, 2)), DASHES),
    ("-", LINE),
)
_ARROW = 5.0  # how far the arrow of a bound reaches, in points


def albatross_table(
    frame: Any,
    *,
    n: str | None = None,
    contrasts: Sequence[str] | None = ("intervention_vs_comparison",),
) -> pd.DataFrame:
    """Give the points that :func:`albatross` draws, and the results that have no place.

    Parameters
    ----------
    frame : DataFrame or Evidence
        Results, one a row: ``study_id``, ``p_value``, ``effect_direction``; ``p_relation`` and
        ``p_tails`` where p values were printed as bounds or one-tailed; the numbers of people.
    n : str, optional
        The column with the number of people. Left out: ``n_intervention`` and ``n_comparison``
        together, and where a result lacks either, the ``n_total`` of its study.
    contrasts : sequence of str or None
        The contrast types that are drawn; None takes every row.

    Returns
    -------
    DataFrame
        One row a result: ``study_id``, ``label``, ``p_value`` (two-sided; a one-tailed one is
        doubled), ``p_relation``, ``effect_direction``, ``n``, ``n_from``, ``p_one_sided``, ``x``
        (minus log10 of p, turned negative where the comparison is favoured), ``placed``, and
        ``why`` it has no place. A p below a bound stands at the bound.

    Examples
    --------
    >>> import pandas as pd
    >>> results = pd.DataFrame({
    ...     "study_id": ["a", "b", "c"], "p_value": [0.01, 0.05, 0.2], "n_total": [90, 50, None],
    ...     "effect_direction": ["favours_intervention", "favours_comparison", "null"]})
    >>> albatross_table(results, contrasts=None)[["study_id", "n", "p_one_sided", "x", "why"]]
      study_id     n  p_one_sided        x             why
    0        a  90.0        0.005  2.00000
    1        b  50.0        0.975 -1.30103
    2        c   NaN          NaN      NaN  no direction
    """
    if not isinstance(frame, pd.DataFrame):
        check_evidence("frame", frame, "a DataFrame of results, or the records")
        frame = frame.select()
    kinds = check_contrasts(contrasts)
    needed = ["study_id", "p_value", "effect_direction", *([n] if n else [])]
    needed += ["contrast_type"] if kinds else []
    check_columns(frame.columns, needed, "albatross")
    people, source = _people(frame, n)
    relation = _words(frame, "p_relation", "=")
    p_value = pd.to_numeric(frame["p_value"], errors="coerce").astype("Float64")
    p = p_value.to_numpy(np.float64, na_value=np.nan)
    _check_p(p)
    p = np.where(_words(frame, "p_tails", "two") == "one", np.minimum(1.0, 2 * p), p)
    direction = _words(frame, "effect_direction", "unclear")
    for word in dict.fromkeys(direction):
        check_choice("effect_direction", word, METHOD_WORDS["direction"])
    why = _reasons(frame, kinds, (p, people), relation, direction)
    placed = why == ""
    favours = direction == "favours_intervention"
    names = frame["label"] if "label" in frame else frame["study_id"]
    return pd.DataFrame({
        "study_id": frame["study_id"].astype(object).to_numpy(),
        "label": [str(one) for one in names],
        "p_value": p,
        "p_relation": relation,
        "effect_direction": direction,
        "n": people,
        "n_from": source,
        "p_one_sided": np.where(placed, kernel.one_sided(p, favours), np.nan),
        "x": np.where(placed, kernel.folded(np.where(placed, p, 1.0), favours), np.nan),
        "placed": placed,
        "why": why,
    })  # fmt: skip


def _words(frame: pd.DataFrame, name: str, default: str) -> NDArray[np.object_]:
    """Give the words of a column, with a default where it says nothing or is not there."""
    if name not in frame:
        return np.full(len(frame), default, dtype=object)
    words = frame[name].astype(object)
    return np.asarray(words.where(words.notna(), default).to_numpy(object))


def _people(frame: pd.DataFrame, n: str | None) -> tuple[Floats, NDArray[np.object_]]:
    """Give the number of people behind each result, and the columns it is from."""

    def number(name: str) -> Floats:
        if name not in frame:
            return np.full(len(frame), np.nan)
        return head_counts(frame, name)

    if n is not None:
        given = number(n)
        return given, np.where(np.isnan(given), "", n).astype(object)
    both, study = number("n_intervention") + number("n_comparison"), number("n_total")
    people = np.where(np.isnan(both), study, both)
    source = np.where(np.isnan(both), np.where(np.isnan(study), "", "n_total"), "both groups")
    return people, source.astype(object)


def _check_p(p: Floats) -> None:
    wrong = p[~np.isnan(p) & ((p < 0) | (p > 1))]
    if len(wrong):
        raise InputError(f"p_value: found {wrong[0]:g}, allowed is a number from 0 to 1")


def _reasons(
    frame: pd.DataFrame,
    kinds: tuple[str, ...],
    numbers: tuple[Floats, Floats],
    relation: NDArray[np.object_],
    direction: NDArray[np.object_],
) -> NDArray[np.object_]:
    """Say why a result has no place; the first of several reasons."""
    p, people = numbers
    why = np.full(len(frame), "", dtype=object)
    why[~(people >= 1)] = "no number of people"
    why[~np.isin(direction, ["favours_intervention", "favours_comparison"])] = "no direction"
    why[np.isin(relation, [">", "ns"])] = "p known only to be large"
    why[p <= 0] = "p printed as 0"
    why[np.isnan(p)] = "no p value"
    other = reasons_left_out(frame, [], kinds)
    why[other != ""] = other[other != ""]
    return why


@styled
def albatross(
    frame: Any,
    *,
    measure: str = "SMD",
    sizes: float | Sequence[float] | None = None,
    n: str | None = None,
    contrasts: Sequence[str] | None = ("intervention_vs_comparison",),
    favours: tuple[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw p values against numbers of people, with contours of what effect would give them.

    Each point is a result: its one-sided p on a log scale, folded where the effect changes side,
    and the number of people behind it. A p known only to be below a bound stands hollow at the
    bound, with an arrow. The contours are approximate: they hold for two groups of equal size and
    a p that is neither adjusted nor clustered.

    Parameters
    ----------
    frame : DataFrame or Evidence
        See :func:`albatross_table`.
    measure : {"SMD", "r", "OR"}
        Of which measure the contours are.
    sizes : float or sequence of float, optional
        The effects of up to three contours, on the natural scale; 0.2, 0.5, 0.8 for ``SMD``, 0.1,
        0.3, 0.5 for ``r`` and 1.5, 2.5, 4 for ``OR`` (with its reciprocal) when left out.
    n, contrasts
        See :func:`albatross_table`.
    favours : (str, str), optional
        Whom an effect to the left and to the right favours; as the records call it when left out.
        The name alone: the figure writes "favours" before it.
    ax : Axes, optional
        Where to draw; a new figure of 85 mm when left out.

    Returns
    -------
    Axes
        Its x is ``log10(0.5 / p)`` of the smaller one-sided p, to the right where the estimate
        favours the intervention; its y the number of people, on a scale of ``log10(N)^2``.

    Raises
    ------
    InputError
        If no result has a place, or a contour is of no effect.

    References
    ----------
    Harrison, Jones, Martin, Lewis & Higgins 2017, Research Synthesis Methods 8:281,
    doi 10.1002/jrsm.1239.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ax = pe.figures.albatross(pe.load())
    >>> print(pe.figures.drawn(ax)[0].alt[:97])
    Albatross plot of 38 results of 13 studies: 34 favour the intervention, 4 favour the comparison.
    """
    check_choice("measure", measure, tuple(_PEOPLE))
    table = albatross_table(frame, n=n, contrasts=contrasts)
    placed = table[table["placed"]]
    if placed.empty:
        raise InputError(f"frame: no result has a place in the plot: {_unplaced(table)}")
    effects = _check_sizes(measure, sizes)
    sheet = _open(placed, table, measure, effects, named_sides(frame, favours), ax)
    _contours(sheet, measure, effects)
    _points(sheet, placed)
    return attach(sheet.ax, "Albatross plot", _alt(table, placed, measure, effects), table)


def _check_sizes(measure: str, sizes: float | Sequence[float] | None) -> tuple[float, ...]:
    """Give the effects of the contours, smallest first, or refuse what has none."""
    try:
        given = np.atleast_1d(np.asarray(_SIZES[measure] if sizes is None else sizes, dtype=float))
        effects = tuple(sorted(given.ravel().tolist()))
    except (TypeError, ValueError):
        effects = ()
    low, high = {"SMD": (0, np.inf), "r": (0, 1), "OR": (1, np.inf)}[measure]
    if not 1 <= len(effects) <= len(_STYLES) or not all(low < one < high for one in effects):
        end = "1" if high == 1 else "infinity"
        raise InputError(
            f"sizes: found {sizes!r}, allowed are one to three numbers between {low} and {end}; "
            "the other side of no effect is drawn with them"
        )
    return effects


def _open(
    placed: pd.DataFrame,
    table: pd.DataFrame,
    measure: str,
    effects: tuple[float, ...],
    favours: tuple[str, str],
    ax: Axes | None,
) -> Sheet:
    """Open the plot with its two unusual axes."""
    far = max(2.0, 1.12 * float(placed["x"].abs().max()) + 0.15)
    bottom = max(1.0, 0.7 * float(placed["n"].min()))
    top = 1.25 * float(placed["n"].max())
    left, right = favours
    sheet = open_plot(
        ax,
        xlim=(-far, far),
        ylim=(bottom, top),
        ratio=False,
        labels=("One-sided p (half of the two-sided), log scale", "Number of people"),
        sides=(f"←{TIE}favours {left}", f"favours {right}{TIE}→"),
        key=_key(placed, measure, effects),
        note=_note(table, placed),
        height=78.0,
        ticks=([0.0], _n_ticks(bottom, top)),
    )
    sheet.ax.set_yscale("function", functions=(_squared_log, _back))
    sheet.ax.set_ylim(bottom, top)
    ticks = _n_ticks(bottom, top)
    sheet.ax.yaxis.set_major_locator(FixedLocator(ticks))
    sheet.ax.yaxis.set_major_formatter(FixedFormatter([tick_text(one) for one in ticks]))
    sheet.ax.yaxis.set_minor_locator(NullLocator())
    panel = panel_of(sheet)
    places, texts = _p_ticks(far, panel.right - panel.left)
    sheet.ax.xaxis.set_major_locator(FixedLocator(places))
    sheet.ax.xaxis.set_major_formatter(FixedFormatter(texts))
    sheet.ax.axvline(0, color=INK, linewidth=0.6, zorder=1)
    return sheet


def _squared_log(people: Any) -> Any:
    return np.log10(np.maximum(people, 1.0)) ** 2


def _back(squared: Any) -> Any:
    return 10.0 ** np.sqrt(np.maximum(squared, 0.0))


def _p_ticks(far: float, width: float) -> tuple[list[float], list[str]]:
    """Give the places and texts of one-sided p on both sides of 0.5, none on another."""
    for step in range(1, ceil(far) + 2):
        powers = [power for power in range(step, ceil(far) + 1, step) if power - log10(2) <= far]
        places = [0.0, *(log10(0.5) + power for power in powers)]
        texts = ["0.5", *(_power_text(power) for power in powers)]
        ends = [width / 2 * place / far for place in places]
        half = [text_width(text) / 2 for text in texts]
        gaps = [ends[at + 1] - half[at + 1] - ends[at] - half[at] for at in range(len(places) - 1)]
        if min(gaps, default=9.0) >= 4 and ends[-1] + half[-1] <= width / 2 + OVERHANG:
            break
    both = [*(-one for one in reversed(places[1:])), *places]
    return both, [*reversed(texts[1:]), *texts]


def _power_text(power: int) -> str:
    """Write a small p: in decimals down to 0.001, below that as a power of ten."""
    if power < 4:
        return f"{10.0**-power:g}"
    return "10" + f"-{power}".translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _n_ticks(bottom: float, top: float) -> list[float]:
    """Give round numbers of people, few enough to read on the squared scale."""
    every = [unit * 10.0**power for power in range(8) for unit in (1, 2, 5)]
    inside = [one for one in every if bottom <= one <= top]
    high, room = float(_squared_log(top)), float(_squared_log(top) - _squared_log(bottom))
    kept: list[float] = []
    for one in reversed(inside):
        at = (high - float(_squared_log(one))) / room
        if not kept or at - (high - float(_squared_log(kept[-1]))) / room > 0.06:
            kept.append(one)
    return kept[::-1]


def _contours(sheet: Sheet, measure: str, effects: tuple[float, ...]) -> None:
    """Draw the contours on both sides of no effect."""
    across = np.linspace(0.01, sheet.ax.get_xlim()[1], 300)
    z = kernel.z_of(10.0**-across)
    for effect, (dashes, _) in zip(effects, _STYLES, strict=False):
        people = _PEOPLE[measure](z, effect)
        for side in (-1, 1):
            sheet.ax.plot(side * across, people, color=GREY, linewidth=0.9,
                          linestyle=dashes, zorder=1.5)  # fmt: skip


def _points(sheet: Sheet, placed: pd.DataFrame) -> None:
    """Draw the results: filled where p is known, hollow with an arrow where it is a bound."""
    bound = (placed["p_relation"] == "<").to_numpy()
    look: dict[str, Any] = {"s": 4.6**2, "clip_on": False, "zorder": 4, "marker": "o"}
    exact, open_ended = placed[~bound], placed[bound]
    sheet.ax.scatter(exact["x"], exact["n"], facecolors=BLUE, edgecolors="white", linewidths=0.5,
                     **look)  # fmt: skip
    sheet.ax.scatter(open_ended["x"], open_ended["n"], facecolors="white", edgecolors=BLUE,
                     linewidths=0.9, **look)  # fmt: skip
    if open_ended.empty:
        return
    points = in_points(sheet, open_ended["x"].to_list(), open_ended["n"].to_list())
    for (x, y), side in zip(points.tolist(), np.sign(open_ended["x"]), strict=True):
        start, end = x + side * 2.4, x + side * (2.4 + _ARROW)
        sheet.line([start, end], [y, y], color=BLUE, linewidth=0.8, zorder=4)
        back = end - side * 1.8
        sheet.line([back, end, back], [y - 1.5, y, y + 1.5], color=BLUE, linewidth=0.8, zorder=4)


def _key(placed: pd.DataFrame, measure: str, effects: tuple[float, ...]) -> list[Entry]:
    entries = [Entry("a result", "o", BLUE, BLUE, 4.6)]
    if (placed["p_relation"] == "<").any():
        entries.append(Entry("p below the bound where it stands", "o", BLUE, None, 4.6))
    for effect, (_, mark) in zip(effects, _STYLES, strict=False):
        text = f"{measure} {tick_text(effect)}"
        if measure == "OR":
            text += f" or {1 / effect:.2g}"
        entries.append(Entry(text, mark, GREY, None, 16))
    return entries


def _unplaced(table: pd.DataFrame) -> str:
    """Say how many results have no place, and why."""
    why = table.loc[~table["placed"], "why"]
    lacking = why.mask(why.str.startswith("contrast type"), "another contrast").value_counts()
    counted = [f"{why} ({number})" for why, number in lacking.items()]
    return "; ".join(counted) or "none"


def _note(table: pd.DataFrame, placed: pd.DataFrame) -> str:
    parts = [
        "Contours are approximate: two groups of equal size, p neither adjusted nor clustered; on "
        "the left they are of the same effect against the intervention."
    ]
    if len(placed) < len(table):
        parts.append(f"{len(table) - len(placed)} of {count(len(table), 'result')} have no place: "
                     f"{_unplaced(table)}.")  # fmt: skip
    totals = int((placed["n_from"] == "n_total").sum())
    if totals:
        parts.append(f"N is that of the whole study for {count(totals, 'result')}.")
    return " ".join(parts)


def _alt(
    table: pd.DataFrame, placed: pd.DataFrame, measure: str, effects: tuple[float, ...]
) -> str:
    """Put the plot into words: the sides, where the contours put the points, what is missing."""
    side = placed["x"] > 0
    z = kernel.z_of(placed["p_value"])
    held = []
    for effect in effects:
        beyond = placed["n"].to_numpy(float) < _PEOPLE[measure](z, effect)
        held.append(f"{int(beyond.sum())} beyond {measure} {tick_text(effect)}")
    bounds = int((placed["p_relation"] == "<").sum())
    told = f" {bounds} of them stand at a bound of p." if bounds else ""
    studies = count(int(placed["study_id"].nunique()), "study", "studies")
    return (
        f"Albatross plot of {count(len(placed), 'result')} of {studies}: "
        f"{int(side.sum())} favour the intervention, {int((~side).sum())} favour the comparison."
        f"{told} By the contours, {sentence_list(held)} on either side. Numbers of people from "
        f"{placed['n'].min():g} to {placed['n'].max():g}. Without a place: {_unplaced(table)}."
    )
