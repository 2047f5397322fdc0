"""The words of a forest plot: sides, model, heterogeneity, alt text."""

from __future__ import annotations

from typing import Any

import pandas as pd

from peer_evidence.figures.axes import is_ratio
from peer_evidence.figures.forest_rows import CAUTIOUS, cautious_of, is_apart, model_of
from peer_evidence.figures.layout import MARGIN, natural_width, widest_word, wrap
from peer_evidence.figures.style import SMALL_SIZE, plain
from peer_evidence.formatting import count, interval, number, p_brief
from peer_evidence.pooling.pools import FEW

TIE = "\N{NO-BREAK SPACE}"
_MEASURES = {
    "OR": "Odds ratio", "PETO": "Peto odds ratio", "RR": "Risk ratio", "HR": "Hazard ratio",
    "IRR": "Rate ratio", "ROM": "Ratio of means", "VR": "Variability ratio",
    "CVR": "Variation ratio", "RD": "Risk difference", "MD": "Mean difference",
    "SMD": "Standardised mean difference", "SMDH": "Standardised mean difference",
    "MC": "Mean change", "SMCC": "Standardised mean change", "SMCR": "Standardised mean change",
    "COR": "Correlation", "ZCOR": "Fisher’s z", "IRD": "Rate difference", "MN": "Mean",
    "PR": "Proportion",
}  # fmt: skip
_INTERVALS = {
    "wald": "normal interval",
    "t": "t interval",
    "hksj": "Hartung-Knapp interval",
    "hksj-adhoc": "ad hoc Hartung-Knapp interval",
}


def measure_name(code: str) -> str:
    """Give a measure as readers see it.

    Examples
    --------
    >>> measure_name("RR"), measure_name(""), measure_name("XYZ")
    ('Risk ratio', 'Effect', 'XYZ')
    """
    return _MEASURES.get(code.upper(), plain(code) or "Effect")


def favours_lines(
    favours: tuple[str, str] | None,
    word: str,
    panel: tuple[float, float],
    null: float,
    width: float,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Wrap what stands left and right of the null; each side may use the empty sheet beside it."""
    if favours is None:
        return ((), ())
    left = min(null - 4 - panel[0] + min(panel[0] - MARGIN, 70.0), 150.0)
    right = min(width - MARGIN, panel[1] + 70.0) - null - 4
    right = max(right, widest_word([f"{word} {favours[1]}"]) + 1)  # no word is broken
    return (
        wrap(f"←{TIE}{word} {favours[0]}", left),
        wrap(_to_the_right(f"{word} {favours[1]}", right), right),
    )


def favours_places(
    told: tuple[tuple[str, ...], tuple[str, ...]], null: float, width: float
) -> tuple[float, float]:
    """Give where the left side ends and the right begins: at the null, unless the sheet ends."""
    begin = min(null + 4, width - MARGIN - natural_width(told[1]))
    return begin - 8, begin


def _to_the_right(text: str, width: float) -> str:
    """Set the arrow at the end of a text, or before it where its last word leaves no room."""
    after = f"{text}{TIE}→"
    return after if widest_word([after]) <= width else f"→{TIE}{text}"


def heterogeneity(row: pd.Series) -> str:
    """Write tau², I² with its interval, Q and the number of studies of a pooled row."""
    parts = []
    if not pd.isna(row["tau2"]):
        parts.append(f"τ² {_variance(row['tau2'])}")
    if not pd.isna(row["i2"]):
        limits = interval(row["i2_ci_low"], row["i2_ci_high"], 0)
        parts.append(f"I² {number(row['i2'], 0)}%" + (f" ({limits})" if limits else ""))
    if not pd.isna(row["q"]) and row["q_df"] and row["q_df"] > 0:
        parts.append(f"Q {number(row['q'], 1)} (df {row['q_df']:.0f}, {p_brief(row['q_p_value'])})")
    if not pd.isna(row["k"]):
        parts.append(count(int(row["k"]), "study", "studies"))
    return ", ".join(parts)


def _variance(value: float) -> str:
    return number(value, 3) if value == 0 or value >= 0.001 else f"{value:.1e}"


def cautious_name(m: Any) -> str:
    """Name the second interval of the diamonds; empty where they have none."""
    kinds = [str(one.ci) for one in cautious_of(m)]
    return _INTERVALS.get(kinds[0], kinds[0]).removesuffix(" interval") if kinds else ""


def tells_prediction(row: pd.Series) -> bool:
    """Tell whether a pooled row has a prediction interval to show.

    Beside a cautious interval, one that merely repeats the confidence interval is not shown.
    """
    if pd.isna(row["pi_low"]):
        return False
    return CAUTIOUS[0] not in row.index or bool(row["tau2"] > 0)


def caveats(m: Any, code: str, whom: str | None) -> list[str]:
    """Say what a figure of pools must not be read without, and where effects were turned."""
    said = []
    if is_apart(m):
        sizes = [one.k for one in m.groups.values()]
        few = sum(size < FEW for size in sizes)
        if few:
            rest = "rests" if few == 1 else "rest"
            said.append(
                f"{few} of {count(len(sizes), 'pool')} {rest} on fewer than {FEW} studies, too "
                "few to trust τ² and a normal interval."
            )
    if whom:
        better = "above 1" if is_ratio(code) else "positive"
        said.append(f"Effects were turned so that {better} favours {whom}.")
    return said


def foot_lines(
    m: Any, table: pd.DataFrame, code: str, width: float, whom: str | None = None
) -> tuple[str, ...]:
    """Write what was done and how to read it, under the figure.

    ``whom`` is the side that effects were turned to favour, where they were turned.
    """
    overall = model_of(m)
    totals = table[table["kind"] == "total"]
    said = [f"Heterogeneity: {heterogeneity(row)}." for _, row in totals.iterrows()]
    said = [one for one in said if one != "Heterogeneity: ."]
    said.append(f"{model_words(overall)}.")
    said += caveats(m, code, whom)
    between = getattr(m, "q_between", None)
    if between is not None:
        said.append(
            f"Test between groups: Q {number(between, 1)} (df {m.q_between_df}, "
            f"{p_brief(m.q_between_p_value)})."
        )
    how = "Area of a square: weight. "
    if table["kind"].isin(["subtotal", "total"]).any():
        how += "Diamond: pooled effect with its interval"
        how += ", its middle drawn on as a dotted line. " if not totals.empty else ". "
    second = cautious_name(m)
    if second:
        how += f"Thin line under it: {second} interval, an arrow where it leaves the axis. "
    if {"mean_intervention", "events_intervention"} <= set(table.columns):
        how += "A study without means has events/total in their place. "
    if any(tells_prediction(row) for _, row in table.iterrows()):
        how += "Prediction interval: where the effect of a further study is expected. "
    left_out = len(getattr(overall, "left_out", ()))
    if left_out:
        noun = count(left_out, "study is", "studies are")
        how += f"{noun} not shown, for want of an effect. "
    return wrap(f"{' '.join(said)} {how}", width, SMALL_SIZE)


def model_words(m: Any) -> str:
    """Name the model and its interval."""
    method, kind = str(getattr(m, "method", "")), str(getattr(m, "ci", ""))
    if kind not in _INTERVALS:
        return method or "Pooled as given"
    model = "Common effect" if method == "FE" else f"Random effects ({method})"
    if getattr(m, "qm", None) is not None:
        model = f"Meta-regression, {model[0].lower()}{model[1:]}; no single pooled effect is drawn"
    return f"{model}, {_INTERVALS[kind]}"


def alt_text(
    m: Any,
    table: pd.DataFrame,
    code: str,
    favours: tuple[str, str] | None,
    whom: str | None = None,
) -> str:
    """Say the figure in words and numbers."""
    studies = table[table["kind"] == "study"]
    what = count(len(studies), "study", "studies")
    if is_apart(m):
        what = f"{count(len(m.groups), 'pool')} of {count(len(studies), 'result')}"
    parts = [f"Forest plot of {what}, {measure_name(code)}.", *caveats(m, code, whom)]
    heads = table[table["kind"] == "subgroup"]
    names = dict(zip(heads["group"], heads["label"], strict=True))
    second = cautious_name(m)
    for _, row in table[table["kind"].isin(["total", "subtotal"])].iterrows():
        name = "Pooled effect" if row["kind"] == "total" else names[row["group"]]
        said = f"{name} {number(row['effect'])} ({interval(row['ci_low'], row['ci_high'])})"
        if second:
            said += f", {second} {interval(*(row[one] for one in CAUTIOUS))}"
        if tells_prediction(row):
            said += f", prediction interval {interval(row['pi_low'], row['pi_high'])}"
        told = heterogeneity(row)
        parts.append(f"{said}{', ' if told else ''}{told}.")
    if favours is not None:
        parts.append(f"Left favours {favours[0]}, right favours {favours[1]}.")
    for _, row in studies.head(50).iterrows():
        shown = f"{number(row['effect'])} ({interval(row['ci_low'], row['ci_high'])})"
        said = "not estimable" if pd.isna(row["effect"]) else shown
        parts.append(f"{row['label']}: {said}, weight {number(row['weight'], 1)}%.")
    if len(studies) > 50:
        parts.append(f"{len(studies) - 50} more are in the table.")
    return " ".join(parts)
