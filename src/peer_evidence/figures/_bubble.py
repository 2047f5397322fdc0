"""The bubble plot of a meta-regression: effects against a moderator, with line and bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from peer_evidence.errors import InputError
from peer_evidence.figures.axes import is_ratio, limits, ratio_limits
from peer_evidence.figures.forest_rows import measure_of
from peer_evidence.figures.forest_words import TIE, measure_name
from peer_evidence.figures.frames import labelled, styled
from peer_evidence.figures.key import DASHES, LINE, Entry
from peer_evidence.figures.layout import Sheet
from peer_evidence.figures.plot import open_plot
from peer_evidence.figures.saving import attach
from peer_evidence.figures.sizes import areas, size_entries
from peer_evidence.figures.studies_in import between_variance, natural, significant, studies_of
from peer_evidence.figures.style import BLUE, GREY, INK, PALE
from peer_evidence.formatting import count, interval, number, p_brief

Floats = NDArray[np.float64]
_BAND = "#CFE2F0"
_BANDS = ("ci_low", "ci_high", "pi_low", "pi_high")


@dataclass(frozen=True, slots=True)
class _Slope:
    """The place of a moderator in a meta-regression."""

    name: str
    place: int
    values: Floats
    others: tuple[str, ...]


def bubble_table(
    m: Any, moderator: str | None = None, *, measure: str | None = None
) -> pd.DataFrame:
    """Give the points that :func:`bubble` draws, and what the regression expects there.

    Parameters
    ----------
    m : MetaAnalysis
        A meta-regression.
    moderator : str, optional
        The moderator on the x axis, a number; the only one when left out.
    measure : str, optional
        Code of the effect measure; that of the result when left out. Effects of ratios are given on
        the natural scale.

    Returns
    -------
    DataFrame
        One row a study: ``label``, ``moderator`` (its value), ``effect``, ``weight`` in per cent of
        1 / (variance + tau2), then at that value, the other moderators at their means:
        ``expected`` with its interval and prediction interval.

    Raises
    ------
    InputError
        If it is no meta-regression, or the moderator is not a number in it.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> data = pd.DataFrame({"effect": [0.1, 0.3, 0.2, 1.5], "variance": [0.02, 0.03, 0.04, 0.09]})
    >>> m = pe.meta_analysis(data.assign(year=[2001, 2004, 2002, 2010]), moderators="year")
    >>> pe.figures.bubble_table(m)["expected"].round(2).tolist()
    [0.03, 0.47, 0.18, 1.34]
    """
    studies = studies_of(m)
    slope = _slope(m, moderator)
    code = measure_of(m, measure)
    return pd.DataFrame({
        "label": studies["label"],
        "moderator": slope.values,
        "effect": natural(studies["effect"].to_numpy(), code),
        "weight": studies["weight"],
        **{name: natural(one, code) for name, one in _expected(m, slope, slope.values).items()},
    })  # fmt: skip


def _slope(m: Any, moderator: str | None) -> _Slope:
    """Find the moderator, and refuse what has no straight line."""
    regression = getattr(m, "regression", None)
    if getattr(m, "qm", None) is None or regression is None or regression.design is None:
        raise InputError(
            "m: the analysis has no moderators; give peer_evidence.meta_analysis some, "
            "such as moderators='year'"
        )
    matrix, names = regression.matrix, list(regression.names)
    texts = {name for name, levels in regression.design.columns if levels is not None}
    numbers = [one for one in names if one != "intercept" and one.partition("[")[0] not in texts]
    if moderator is None and len(numbers) != 1:
        raise InputError(
            f"moderator: found {len(numbers)} numbers among the moderators, name the one to draw"
            + (f": {', '.join(numbers)}" if numbers else "; use peer_evidence.subgroups for groups")
        )
    chosen = numbers[0] if moderator is None else moderator
    if chosen not in numbers:
        raise InputError(
            f"moderator: found {chosen!r}, allowed are the moderators that are numbers: "
            f"{', '.join(numbers) or 'there is none'}"
        )
    twice = [one for one in names if one != chosen and chosen in one and one not in texts]
    if regression.design.spec is not None and twice:
        raise InputError(
            f"moderator: {chosen!r} enters the formula more than once ({', '.join(twice)}), "
            "so that it has no single line"
        )
    place = names.index(chosen)
    others = tuple(one for one in names if one not in ("intercept", chosen))
    return _Slope(chosen, place, np.asarray(matrix[:, place], float), others)


def _expected(m: Any, slope: _Slope, values: Floats) -> dict[str, Floats]:
    """Give the expected effect with its bands at values of the moderator, others at their means."""
    from peer_evidence.pooling.laws import critical

    model = m.regression.model
    x = np.tile(m.regression.matrix.mean(axis=0), (len(values), 1))
    x[:, slope.place] = values
    middle = x @ model.beta
    se = np.sqrt(np.einsum("ij,jl,il->i", x, model.covariance, x))
    far = float(critical(m.level, model.df))
    wide = far * np.sqrt(se**2 + between_variance(m))
    if m.method == "FE":
        wide = np.full(len(values), np.nan)
    bands = (middle - far * se, middle + far * se, middle - wide, middle + wide)
    return {"expected": middle, **dict(zip(_BANDS, bands, strict=True))}


@styled
def bubble(
    m: Any,
    moderator: str | None = None,
    *,
    measure: str | None = None,
    label: str | None = None,
    favours: tuple[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a meta-regression: a circle a study, the line, its interval and prediction band.

    Parameters
    ----------
    m : MetaAnalysis
        A meta-regression with at least one moderator that is a number.
    moderator : str, optional
        Which moderator; see :func:`bubble_table`. The others are held at their means.
    measure : str, optional
        Code of the effect measure; see :func:`bubble_table`.
    label : str, optional
        What the moderator is called, with its unit.
    favours : (str, str), optional
        Whom an effect below and above the null favours. The name alone:
        the figure writes "favours" before it.
    ax : Axes, optional
        Where to draw; a new figure of 85 mm when left out.

    Returns
    -------
    Axes
        Its x is the moderator, its y the effect on the natural scale.

    Raises
    ------
    InputError
        As :func:`bubble_table`.
    """
    table = bubble_table(m, moderator, measure=measure)
    code, slope = measure_of(m, measure), _slope(m, moderator)
    low, high = float(table["moderator"].min()), float(table["moderator"].max())
    air = 0.05 * (high - low)
    grid = np.linspace(low - air, high + air, 200)
    line = {key: natural(one, code) for key, one in _expected(m, slope, grid).items()}
    ylim = _ends(table, line, code)
    null = "1" if is_ratio(code) else "0"
    sides = ("", "")
    if favours is not None:
        sides = (f"Below {null}:{TIE}favours {favours[0]}", f"Above {null}: favours {favours[1]}")
    name = label or labelled(None, slope.name)
    sheet = open_plot(
        ax,
        xlim=(low - air, high + air),
        ylim=ylim,
        ratio=False,
        ratio_y=is_ratio(code),
        labels=(name, measure_name(code) + (", log scale" if is_ratio(code) else "")),
        sides=sides,
        key=_key(table, m),
        note=_note(m, slope, code),
    )
    _bands(sheet, grid, line, ylim, code)
    order = table.sort_values("weight", ascending=False, kind="stable")
    sheet.ax.scatter(order["moderator"], order["effect"], s=areas(order["weight"], table["weight"]),
                     facecolor="#1A1A1A40", edgecolor=INK, linewidths=0.7, zorder=3,
                     clip_on=False)  # fmt: skip
    return attach(sheet.ax, "Bubble plot", _alt(m, table, slope, code, name), table)


def _ends(table: pd.DataFrame, line: dict[str, Floats], code: str) -> tuple[float, float]:
    """Give the ends of the y axis: every study, the interval and most of the prediction band."""
    effects = [*table["effect"], *line["ci_low"], *line["ci_high"]]
    bands = [line[one][np.isfinite(line[one])] for one in ("pi_low", "pi_high")]
    lows, highs = ([float(one) for one in band] or [float(effects[0])] for band in bands)
    return (ratio_limits if is_ratio(code) else limits)(effects, lows, highs)


def _bands(
    sheet: Sheet, grid: Floats, line: dict[str, Floats], ylim: tuple[float, float], code: str
) -> None:
    """Draw the line with its two bands, and the line of no effect."""
    cut = {key: np.clip(one, *ylim) for key, one in line.items()}
    ax = sheet.ax
    if np.isfinite(line["pi_low"]).all():
        ax.fill_between(grid, cut["pi_low"], cut["pi_high"], color=PALE, linewidth=0, zorder=0)
        for one in ("pi_low", "pi_high"):
            inside = (line[one] > ylim[0]) & (line[one] < ylim[1])
            ax.plot(grid, np.where(inside, line[one], np.nan), color=GREY, linewidth=0.8,
                    linestyle=(0, (3, 2)), zorder=1)  # fmt: skip
    ax.fill_between(grid, cut["ci_low"], cut["ci_high"], color=_BAND, linewidth=0, zorder=0.5)
    ax.plot(grid, line["expected"], color=BLUE, linewidth=1.4, zorder=3.5)
    ax.axhline(1.0 if is_ratio(code) else 0.0, color=INK, linewidth=0.6, zorder=1)


def _key(table: pd.DataFrame, m: Any) -> list[Entry]:
    level = f"{100 * m.level:g}%"
    entries = [
        *size_entries(table["weight"], "#C6C6C6", INK),
        Entry("expected effect", LINE, BLUE, None, 12, 1.4),
        Entry(f"its {level} interval", "s", BLUE, _BAND, 7),
    ]
    if m.method != "FE":
        entries.append(Entry(f"{level} prediction interval", DASHES, GREY, None, 14, 0.9))
    return entries


def _note(m: Any, slope: _Slope, code: str) -> str:
    """Say what the weight is, and the slope."""
    what = "the sampling variance" + (" + τ²" if between_variance(m) else "")
    weight = (
        "weight given by the user"
        if m.studies.weights is not None
        else f"weight in the model, 1 / ({what}), as a share of all"
    )
    note = f"A circle is a study; area: {weight}. {_slope_words(m, slope, code)}."
    if slope.others:
        said = ", ".join(slope.others)
        note += f" Other moderators are held at their means: {said}."
    return note


def _slope_words(m: Any, slope: _Slope, code: str) -> str:
    """Write the slope with its interval, and what is left unexplained."""
    model, place = m.regression.model, slope.place
    beta, low, high = (float(one[place]) for one in (model.beta, model.ci_low, model.ci_high))
    unit = f"{measure_name(code)} per unit"
    digits = 3
    if is_ratio(code):
        beta, low, high = (float(np.exp(one)) for one in (beta, low, high))
        unit += " multiplied by"
    elif beta:
        digits = min(max(2, 1 - int(np.floor(np.log10(abs(beta))))), 8)
    p = p_brief(model.p_value[place])
    said = f"{unit} {number(beta, digits)} ({interval(low, high, digits)}), {p}"
    if m.r2 is not None and not np.isnan(m.r2):
        said += f"; R² {number(m.r2, 0)}%"
    if m.method != "FE":
        said += f", residual τ² {significant(m.tau2)}"
    return said


def _alt(m: Any, table: pd.DataFrame, slope: _Slope, code: str, name: str) -> str:
    """Say the figure in words and numbers."""
    ends = np.array([table["moderator"].min(), table["moderator"].max()])
    at = {key: natural(one, code) for key, one in _expected(m, slope, ends).items()}
    said = [
        f"{number(at['expected'][one])} ({interval(at['ci_low'][one], at['ci_high'][one])}) "
        f"at {significant(ends[one])}"
        for one in (0, 1)
    ]
    text = (
        f"Bubble plot of {count(len(table), 'study', 'studies')}, {measure_name(code)} against "
        f"{name}. Expected effect {said[0]} and {said[1]}. {_slope_words(m, slope, code)}."
    )
    if m.method != "FE":
        text += (
            f" Prediction interval {interval(at['pi_low'][0], at['pi_high'][0])} and "
            f"{interval(at['pi_low'][1], at['pi_high'][1])} there."
        )
    return text
