"""The GOSH plot: effects of all subsets against their heterogeneity, one study told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import Polygon, Rectangle
from scipy import ndimage

from peer_evidence.checks import check_choice
from peer_evidence.errors import InputError
from peer_evidence.figures.axes import is_ratio
from peer_evidence.figures.forest_rows import measure_of
from peer_evidence.figures.forest_words import measure_name
from peer_evidence.figures.frames import styled
from peer_evidence.figures.key import DASHES, LINE, Entry
from peer_evidence.figures.layout import MARGIN, Sheet, sheet_width, text_width
from peer_evidence.figures.plot import open_plot
from peer_evidence.figures.point_names import panel_of
from peer_evidence.figures.saving import attach
from peer_evidence.figures.style import BLUE, GREY, INK, SINGLE_COLUMN, plain
from peer_evidence.formatting import count, interval, number

POINTS = 1023  # to here each subset is a point, beyond it is counted in a cell
_CELLS = (64, 40)  # across and down
_BARS = (32, 20)
_SHADES = ("#E9E9E9", "#CFCFCF", "#ABABAB", "#808080", "#555555", "#2E2E2E")  # by powers of ten
_SHARES = (0.5, 0.9)  # of the subsets of each kind, inside the lines
_SMOOTH = 1.4  # cells
_ISLET = 0.03  # a smaller share of the subsets gets no line of its own
_HOLE = 0.01  # nor a smaller share of the cells between them
_STRIP = 26.0  # points for the margins
_AXES = {"i2": "I² (%)", "tau2": "τ²"}


def gosh_table(
    g: Any, *, study: str | int | None = None, y: str = "i2", measure: str | None = None
) -> pd.DataFrame:
    """Give the cells, or for few subsets the points, that :func:`gosh` draws.

    Parameters
    ----------
    g : Gosh
        The result to show.
    study : str or int, optional
        The study to tell apart, by its label or place; that which splits the subsets most when
        left out.
    y : {"i2", "tau2"}
        What is drawn against the effect.
    measure : str, optional
        Code of the effect measure, such as ``"OR"``; that of the result when left out.

    Returns
    -------
    DataFrame
        One row a cell that holds a subset: its limits ``effect_low``, ``effect_high`` (ratios on
        the natural scale), ``y_low``, ``y_high``, its ``subsets``, and how many of them hold the
        study (``with_study``). To 1,023 subsets one row a subset, low and high the same. Single
        studies have no heterogeneity and are left out.

    Raises
    ------
    InputError
        If it is no result of GOSH, the study is not in it, or no subset can be drawn.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> data = pd.DataFrame({"effect": [0.1, 0.3, 0.2, 1.5], "variance": [0.02, 0.03, 0.04, 0.09]})
    >>> table = pe.figures.gosh_table(pe.gosh(pe.meta_analysis(data)))
    >>> len(table), int(table["with_study"].sum())
    (11, 7)
    """
    _check(g)
    check_choice("y", y, tuple(_AXES))
    place = _told_apart(g, study)
    held = np.zeros(len(g), dtype=bool) if place is None else g.contains(place)
    across, up = g.estimate, getattr(g, y)
    kept = np.isfinite(up) & np.isfinite(across)
    if not kept.any():
        raise InputError("g: no subset has two studies, so there is nothing to draw")
    across, up, held = across[kept], up[kept], held[kept]
    natural = np.exp if is_ratio(measure_of(g, measure)) else np.asarray
    if len(up) <= POINTS:
        effect = natural(across)
        rows = (effect, effect, up, up, np.ones(len(up), dtype=int), held.astype(int))
    else:
        rows = _cells(across, up, held, 100.0 if y == "i2" else float(up.max()) or 1.0, natural)
    names = ("effect_low", "effect_high", "y_low", "y_high", "subsets", "with_study")
    return pd.DataFrame(dict(zip(names, rows, strict=True)))


def _check(g: Any) -> None:
    if not hasattr(g, "splitting_study"):
        raise InputError(
            f"g: found {type(g).__name__}, allowed is the result of peer_evidence.gosh"
        )


def _told_apart(g: Any, study: str | int | None) -> int | None:
    """Give the place of the study to tell apart, None where no study splits the subsets."""
    found: int | None = g.splitting_place() if study is None else g.place(study)
    return found


def _cells(across: Any, up: Any, held: Any, top: float, natural: Any) -> tuple[Any, ...]:
    """Count subsets in cells, even on the scale that is drawn."""
    wide, high = _CELLS
    low, far = float(across.min()), float(across.max())
    far = far if far > low else low + 1.0
    column = np.minimum(((across - low) / (far - low) * wide).astype(int), wide - 1)
    row = np.clip((up / top * high).astype(int), 0, high - 1)
    place = row * wide + column
    every = np.bincount(place, minlength=wide * high)
    inside = np.bincount(place[held], minlength=wide * high)
    used = np.flatnonzero(every)
    x, y = np.linspace(low, far, wide + 1), np.linspace(0.0, top, high + 1)
    left, bottom = used % wide, used // wide
    ends = (natural(x)[left], natural(x)[left + 1], y[bottom], y[bottom + 1])
    return (*ends, every[used], inside[used])


@styled
def gosh(
    g: Any,
    *,
    study: str | int | None = None,
    y: str = "i2",
    measure: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the effects of all subsets against their heterogeneity, with both margins.

    Where the cloud falls apart, some studies differ from the others. One study is told apart: what
    holds it is drawn in blue with solid lines and hatching, what does not with dashed lines.

    Parameters
    ----------
    g : Gosh
        The result of ``peer_evidence.gosh``.
    study : str or int, optional
        The study to tell apart, by its label or place; that which splits the subsets most when
        left out.
    y : {"i2", "tau2"}
        What is drawn against the effect: I2 in per cent, or tau2.
    measure : str, optional
        Code of the effect measure; see :func:`gosh_table`.
    ax : Axes, optional
        Where to draw; a new figure of 85 mm when left out.

    Returns
    -------
    Axes
        Its x is the effect on the natural scale, its y I2 or tau2.

    Raises
    ------
    InputError
        As :func:`gosh_table`.
    """
    table = gosh_table(g, study=study, y=y, measure=measure)
    place = _told_apart(g, study)
    name = None if place is None else str(g.labels[place])
    code = measure_of(g, measure)
    ratio = is_ratio(code)
    low, high = float(table["effect_low"].min()), float(table["effect_high"].max())
    air = 0.03 * ((np.log(high / low) if ratio else high - low) or 1.0)
    xlim = (low * np.exp(-air), high * np.exp(air)) if ratio else (low - air, high + air)
    top = 100.0 if y == "i2" else float(table["y_high"].max()) or 1.0
    points = bool((table["effect_low"] == table["effect_high"]).all())
    sheet = open_plot(
        ax,
        xlim=xlim,
        ylim=(-0.03 * top, 1.03 * top),
        ratio=ratio,
        labels=(measure_name(code) + (", log scale" if ratio else ""), _AXES[y]),
        key=_key(table, name, sheet_width(ax, SINGLE_COLUMN) - 2 * MARGIN, points=points),
        note=_note(g, table, name, points=points),
        height=56.0,
        room=_STRIP + 2,
        head=_STRIP,
    )
    sheet.ax.set_ylim(-0.03 * top, 1.03 * top)
    if points:
        _draw_points(sheet, table)
    else:
        _draw_cells(sheet, table, ratio=ratio, top=top)
    _draw_margins(sheet, table, xlim, top, ratio=ratio, split=name is not None)
    return attach(sheet.ax, "GOSH plot", _alt(g, table, place, code, y), table)


def _key(table: pd.DataFrame, name: str | None, width: float, *, points: bool) -> list[Entry]:
    """Say what marks, lines and shades mean."""
    entries = []
    if name is not None:
        told = _fitting(f"with {plain(name)}", width - 40)
        marks = [Entry(told, "o", BLUE, BLUE), Entry("without it", "o", INK, "white")]
        lines = [Entry(told, LINE, BLUE, None, 14, 1.5), Entry("without it", DASHES, INK, None, 14)]
        entries = marks if points else lines
    if not points:
        most = int(np.log10(table["subsets"].max()))
        for power, shade in enumerate(_SHADES[: most + 1]):
            text = f"{10**power:,}" + ("–" if power < most else " or more")
            text += f"{10 ** (power + 1) - 1:,}" if power < most else ""
            entries.append(Entry(("" if power else "subsets: ") + text, "s", GREY, shade))
    return entries


def _fitting(text: str, width: float) -> str:
    """Cut a text that is too wide for its line of the key."""
    while text_width(text) > width:
        text = text[:-2].rstrip() + "…"
    return text


def _note(g: Any, table: pd.DataFrame, name: str | None, *, points: bool) -> str:
    shown = int(table["subsets"].sum())
    noun = "subset" if shown == 1 else "subsets"
    drawn = f"{shown:,} {noun} of {count(len(g.labels), 'study', 'studies')} ({g.method})"
    note = drawn + (f", a random sample of {g.possible:,}" if g.seed is not None else "")
    note = note if len(g.labels) < 40 else drawn + ", a random sample"
    if not points and name is not None:
        note += "; the lines hold about 50% and 90% of the subsets of each kind"
    gone = len(g) - shown
    if gone:
        alone = count(gone, "single study has", "single studies have")
        note += f". {alone} no heterogeneity and {'is' if gone == 1 else 'are'} not drawn"
    split = " Margins: shares of the subsets of each kind." if name is not None else ""
    return f"{note}.{split}"


def _draw_points(sheet: Sheet, table: pd.DataFrame) -> None:
    """Draw each subset: filled where it holds the study, hollow where not."""
    held = table["with_study"].to_numpy() > 0
    size = 4.0 if len(table) <= 150 else 2.8
    for chosen, fill, edge, order in ((~held, "white", INK, 3), (held, BLUE, "white", 4)):
        sheet.ax.plot(table["effect_low"][chosen], table["y_low"][chosen], linestyle="none",
                      marker="o", markersize=size, color=fill, markeredgecolor=edge,
                      markeredgewidth=0.45, zorder=order, clip_on=False)  # fmt: skip


def _draw_cells(sheet: Sheet, table: pd.DataFrame, *, ratio: bool, top: float) -> None:
    """Shade cells by powers of ten of their subsets, and draw where each kind lies."""
    power = np.log10(table["subsets"].to_numpy()).astype(int)
    corners = table[["effect_low", "effect_high", "y_low", "y_high"]].to_numpy()
    for place, shade in enumerate(_SHADES):
        cells = [
            [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
            for x0, x1, y0, y1 in corners[np.minimum(power, len(_SHADES) - 1) == place]
        ]
        if cells:
            sheet.ax.add_collection(
                PolyCollection(cells, facecolor=shade, edgecolor=shade, linewidth=0.15, zorder=1),
                autolim=False,
            )
    inside = table["with_study"].to_numpy(float)
    outside = table["subsets"].to_numpy(float) - inside
    if not inside.any() or not outside.any():
        return
    for weight, color, dashes, width in (
        (outside, INK, (0, (3.5, 1.8)), 1.0),
        (inside, BLUE, "solid", 1.4),
    ):
        x, y, smooth, levels = _regions(table, weight, ratio=ratio, top=top)
        halo = sheet.ax.contour(x, y, smooth, levels, colors="white", linewidths=width + 1.1)
        lines = sheet.ax.contour(x, y, smooth, levels, colors=color, linewidths=width,
                                 linestyles=[dashes])  # fmt: skip
        for one in (halo, lines):  # smoothing reaches beyond what I2 and tau2 can be
            one.set_clip_path(Rectangle((0, 0), 1, top, transform=sheet.ax.get_yaxis_transform()))
        halo.set_zorder(2.5)
        lines.set_zorder(3)


def _regions(
    table: pd.DataFrame, weight: Any, *, ratio: bool, top: float
) -> tuple[Any, Any, Any, list[float]]:
    """Smooth the counts of one kind over the cells; give the levels that hold each share of it."""
    wide, high = _CELLS
    left, right = (table[one].to_numpy(float) for one in ("effect_low", "effect_high"))
    if ratio:
        left, right = np.log(left), np.log(right)
    low, far = left.min(), right.max()
    column = np.rint((left - low) / (far - low) * wide).astype(int)
    row = np.rint(table["y_low"].to_numpy() / top * high).astype(int)
    grid = np.zeros((high, wide))
    grid[row, column] = weight
    pad = 4
    # no subset is beyond the ends of y, so that what is smoothed there is turned back
    grid = np.pad(np.pad(grid, ((pad, pad), (0, 0)), "symmetric"), ((0, 0), (pad, pad)))
    smooth = ndimage.gaussian_filter(grid, _SMOOTH, mode="nearest")
    ordered = np.sort(smooth[pad:-pad].ravel())[::-1]
    reached = np.cumsum(ordered) / ordered.sum()
    levels = sorted({float(ordered[np.searchsorted(reached, share)]) for share in _SHARES})
    for level in levels:
        smooth = _without_islets(smooth, level, pad)
    step_x, step_y = (far - low) / wide, top / high
    x = low + step_x * (np.arange(wide + 2 * pad) - pad + 0.5)
    y = step_y * (np.arange(high + 2 * pad) - pad + 0.5)
    return (np.exp(x) if ratio else x), y, smooth, levels


def _without_islets(smooth: Any, level: float, pad: int) -> Any:
    """Sink what rises above a level and holds next to none of the subsets; fill small holes."""
    parts, found = ndimage.label(smooth >= level)
    rows = slice(pad, -pad)
    held = ndimage.sum_labels(smooth[rows], parts[rows], range(1, found + 1))
    small = 1 + np.flatnonzero(held < _ISLET * smooth[rows].sum())
    smooth = np.where(np.isin(parts, small), np.minimum(smooth, 0.99 * level), smooth)
    holes, found = ndimage.label(smooth < level)
    sizes = ndimage.sum_labels(np.ones(smooth.shape), holes, range(1, found + 1))
    small = 1 + np.flatnonzero(sizes < _HOLE * smooth.size)
    return np.where(np.isin(holes, small), np.maximum(smooth, 1.01 * level), smooth)


def _draw_margins(
    sheet: Sheet,
    table: pd.DataFrame,
    xlim: tuple[float, float],
    top: float,
    *,
    ratio: bool,
    split: bool,
) -> None:
    """Draw how the subsets of each kind are spread, above and to the right."""
    panel = panel_of(sheet)
    across = np.log if ratio else np.asarray
    x = (across(table["effect_low"].to_numpy()) + across(table["effect_high"].to_numpy())) / 2
    y = (table["y_low"].to_numpy() + table["y_high"].to_numpy()) / 2
    inside = table["with_study"].to_numpy(float)
    kinds = [table["subsets"].to_numpy(float) - inside, inside] if split else [inside * 0 + 1]
    if not split:
        kinds = [table["subsets"].to_numpy(float)]
    for place, (low, high), upright in (
        (x, tuple(across(np.asarray(xlim))), True),
        (y, (-0.03 * top, 1.03 * top), False),
    ):
        first, last = (place.min(), place.max()) if upright else (0.0, top)
        if last <= first:  # all in one place
            first, last = low, high
        edges = np.linspace(first, last, (_BARS[0] if upright else _BARS[1]) + 1)
        heights = [np.histogram(place, edges, weights=one)[0] / max(one.sum(), 1) for one in kinds]
        tallest = max(float(one.max()) for one in heights)
        for kind, height in enumerate(heights):
            outline = _outline(edges, height / tallest * (_STRIP - 6), (low, high), panel, upright)
            with_study = kind == len(heights) - 1
            sheet.ax.add_artist(
                Polygon(
                    outline,
                    closed=True,
                    transform=sheet.to_figure,
                    clip_on=False,
                    facecolor="#D6E6F2" if with_study else "none",
                    edgecolor=BLUE if with_study else INK,
                    hatch="////" if with_study and split else None,
                    linewidth=0.9,
                    linestyle="solid" if with_study else (0, (3, 1.5)),
                    zorder=2 if with_study else 3,
                )
            )


def _outline(
    edges: Any, heights: Any, ends: tuple[float, float], panel: Any, upright: bool
) -> list[tuple[float, float]]:
    """Give the outline of bars in sheet points, above the panel or to its right."""
    share = (np.repeat(edges, 2) - ends[0]) / (ends[1] - ends[0])
    rise = np.concatenate([[0.0], np.repeat(heights, 2), [0.0]])
    if upright:
        xs = panel.left + share * (panel.right - panel.left)
        return list(zip(xs.tolist(), (panel.top - 3 - rise).tolist(), strict=True))
    ys = panel.bottom - share * (panel.bottom - panel.top)
    return list(zip((panel.right + 3 + rise).tolist(), ys.tolist(), strict=True))


def _alt(g: Any, table: pd.DataFrame, place: int | None, code: str, y: str) -> str:
    """Say the figure in words and numbers."""
    natural = np.exp if is_ratio(code) else np.asarray
    low, middle, high = (float(natural(one)) for one in np.quantile(g.estimate, [0, 0.5, 1]))
    text = (
        f"GOSH plot of {int(table['subsets'].sum()):,} "
        f"{'subset' if table['subsets'].sum() == 1 else 'subsets'} of "
        f"{count(len(g.labels), 'study', 'studies')}, {measure_name(code)} against {_AXES[y]}: "
        f"effects {interval(low, high)}, median {number(middle)}."
    )
    if place is not None:
        row = g.by_study().iloc[place]
        both = (number(float(natural(row[one]))) for one in ("median_with", "median_without"))
        inside, outside = both
        text += (
            f" Told apart: {plain(g.labels[place])}, median {inside} with it and {outside} without."
        )
    return text
