"""The Baujat plot: which studies drive the heterogeneity, and which the pooled effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.checks import check_count
from peer_evidence.errors import InputError
from peer_evidence.figures.axes import OVERHANG
from peer_evidence.figures.forest_rows import measure_of
from peer_evidence.figures.forest_words import measure_name
from peer_evidence.figures.frames import sentence_list, styled
from peer_evidence.figures.key import Entry
from peer_evidence.figures.layout import Panel
from peer_evidence.figures.plot import open_plot
from peer_evidence.figures.point_names import in_points, panel_of, place_names, write_names
from peer_evidence.figures.saving import attach
from peer_evidence.figures.studies_in import between_variance, significant, studies_of
from peer_evidence.figures.style import BLUE, GREY
from peer_evidence.formatting import count


def baujat_table(m: Any) -> pd.DataFrame:
    """Give the points that :func:`baujat` draws.

    Parameters
    ----------
    m : MetaAnalysis or TablePool
        The result to show.

    Returns
    -------
    DataFrame
        One row a study: ``label``; ``contribution``, its squared residual over ``variance + tau2``
        (without tau2 these sum to Q); ``influence``, the squared change of its expected effect when
        it is left out, over the variance of that effect then (Baujat and others 2002,
        doi 10.1002/sim.1221); ``share``, the mean of its shares in the sums of both, in per cent;
        ``stands_out``, a share of at least twice the mean one.

    Raises
    ------
    InputError
        If it is no result of a meta-analysis, or holds fewer than 3 studies.

    Examples
    --------
    >>> import pandas as pd, peer_evidence as pe
    >>> data = pd.DataFrame({"effect": [0.1, 0.3, 0.2, 1.5], "variance": [0.02, 0.03, 0.04, 0.09]})
    >>> pe.figures.baujat_table(pe.meta_analysis(data))["stands_out"].tolist()
    [False, False, False, True]
    """
    studies = studies_of(m)
    if len(studies) < 3:
        raise InputError(
            f"m: found {count(len(studies), 'study', 'studies')}, a Baujat plot needs at least 3"
        )
    if getattr(m, "qm", None) is None:
        contribution, influence = _from_refits(m, studies)
    else:
        contribution, influence = _from_regressions(m)
    shares = [100 * one / one.sum() if one.sum() > 0 else 0 * one
              for one in (contribution, np.nan_to_num(influence))]  # fmt: skip
    share = (shares[0] + shares[1]) / 2
    return pd.DataFrame({
        "label": studies["label"],
        "contribution": contribution,
        "influence": influence,
        "share": share,
        "stands_out": share >= 200 / len(studies),
    })  # fmt: skip


def _from_refits(m: Any, studies: pd.DataFrame) -> tuple[Any, Any]:
    """Compare with the pooled effects of the others."""
    from peer_evidence.sensitivity.leave_one_out import leave_one_out

    others = leave_one_out(m)
    every = m.study_table()
    kept = (every["effect"].notna() & every["variance"].notna()).to_numpy()
    away = studies["effect"].to_numpy() - m.estimate
    total = studies["variance"].to_numpy() + between_variance(m)
    move = others.estimate[kept] - m.estimate
    return away**2 / total, move**2 / others.se[kept] ** 2


def _from_regressions(m: Any) -> tuple[Any, Any]:
    """Compare with the expected effects of a meta-regression without each study."""
    from peer_evidence.sensitivity.refits import indispensable, refit, without_each

    s, r = m.studies, m.regression
    expected = r.matrix @ r.model.beta
    y, v = without_each(s.effects, s.variances)
    kept = np.flatnonzero(~indispensable(r.matrix))
    fits = refit(y[:, kept], v[:, kept], r.matrix, m.method, m.ci)
    own = r.matrix[kept]
    move = np.einsum("ij,ji->i", own, fits.beta) - expected[kept]
    influence = np.full(len(expected), np.nan)
    influence[kept] = move**2 / np.einsum("ij,jli,il->i", own, fits.covariance, own)
    return (s.effects - expected) ** 2 / (s.variances + between_variance(m)), influence


@styled
def baujat(m: Any, *, names: int = 8, ax: Axes | None = None) -> Axes:
    """Draw what each study adds to the heterogeneity against what it does to the pooled effect.

    Studies at the top right both disagree with the others and move the result.

    Parameters
    ----------
    m : MetaAnalysis or TablePool
        The result to show.
    names : int
        How many of the studies that stand out are named at most, those with the largest share
        first; a name for which there is no room is left out.
    ax : Axes, optional
        Where to draw; a new figure of 85 mm when left out.

    Returns
    -------
    Axes
        Its x is the contribution to Q, its y the influence on the pooled effect.

    Raises
    ------
    InputError
        As :func:`baujat_table`.
    """
    table = baujat_table(m)
    most = check_count("names", names)
    tau2 = between_variance(m)
    shown = table[table["influence"].notna()].reset_index(drop=True)
    high_x, high_y = (
        1.08 * float(shown[one].max()) or 1.0 for one in ("contribution", "influence")
    )
    regression = getattr(m, "qm", None) is not None
    effect = "expected effect" if regression else "pooled effect"
    sheet = open_plot(
        ax,
        xlim=(-0.03 * high_x, high_x),
        ylim=(-0.03 * high_y, high_y),
        ratio=False,
        labels=(
            "Contribution to heterogeneity" + (" (τ² in the weights)" if tau2 else " (Q)"),
            f"Influence on the {effect}",
        ),
        key=[
            Entry("stands out", "o", BLUE, BLUE),
            Entry("another study", "o", GREY, "white"),
        ],
        note=(
            "Contribution: squared residual over its variance"
            + (", τ² included. " if tau2 else "; these sum to Q. ")
            + f"Influence: squared change of the {effect} without the study, in units of its "
            "variance then. Stands out: at least twice the mean share in both together."
        ),
    )
    _mark(sheet, shown, most)
    return attach(sheet.ax, "Baujat plot", _alt(m, table), table)


def _mark(sheet: Any, shown: pd.DataFrame, most: int) -> None:
    """Draw the points, and the names of those that stand out."""
    out = shown["stands_out"].to_numpy(bool)
    for chosen, size, fill, edge in ((~out, 4.5, "white", GREY), (out, 5.5, BLUE, "white")):
        sheet.ax.plot(shown["contribution"][chosen], shown["influence"][chosen], linestyle="none",
                      marker="o", markersize=size, color=fill, markeredgecolor=edge,
                      markeredgewidth=0.7, zorder=3, clip_on=False)  # fmt: skip
    points = in_points(
        sheet, shown["contribution"].to_numpy(float), shown["influence"].to_numpy(float)
    )
    order = np.flatnonzero(out)[np.argsort(-shown["share"][out].to_numpy(), kind="stable")][:most]
    panel = panel_of(sheet)
    room = Panel(panel.left, panel.right + OVERHANG, panel.top - 4, panel.bottom)
    wanted = [(int(place), str(shown["label"].iloc[place])) for place in order]
    write_names(sheet, points, place_names(points, np.full(len(points), 2.8), wanted, room))


def _alt(m: Any, table: pd.DataFrame) -> str:
    """Say the figure in words and numbers."""
    out = table[table["stands_out"]].sort_values("share", ascending=False, kind="stable")
    said = [
        f"{row['label']} (contribution {significant(row['contribution'])}, "
        f"influence {significant(row['influence'])})"
        for _, row in out.head(20).iterrows()
    ]
    if len(out) > 20:
        said.append(f"{len(out) - 20} more in the table")
    told = f"{count(len(out), 'study stands', 'studies stand')} out: {sentence_list(said)}"
    return (
        f"Baujat plot of {count(len(table), 'study', 'studies')}, "
        f"{measure_name(measure_of(m, None))}. {told if said else 'No study stands out'}."
    )
