"""The words of a forest plot: sides, model, heterogeneity, alt text."""

from __future__ import annotations

from typing import Any

import pandas as pd

from peer_evidence.figures.forest_rows import model_of
from peer_evidence.figures.layout import MARGIN, widest_word, wrap
from peer_evidence.figures.style import SMALL_SIZE, plain
from peer_evidence.formatting import count, interval, number, p_value

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
    *,
    over: bool,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Wrap what stands left and right of the null; each side may use the empty sheet beside it.

    ``over`` tells that it stands over the panel, where the columns on its right have headings.
    """
    if favours is None:
        return ((), ())
    left = min(null - 4 - panel[0] + min(panel[0] - MARGIN, 70.0), 150.0)
    right = min(width - MARGIN, panel[1] + (0.0 if over else 70.0)) - null - 4
    right = max(right, min(48.0, width - MARGIN - null - 4))
    return (
        wrap(f"←{TIE}{word} {favours[0]}", left),
        wrap(_to_the_right(f"{word} {favours[1]}", right), right),
    )


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
        parts.append(
            f"Q {number(row['q'], 1)} (df {row['q_df']:.0f}, p {p_value(row['q_p_value'])})"
        )
    if "cautious_low" in row and not pd.isna(row["cautious_low"]):
        limits = interval(row["cautious_low"], row["cautious_high"])
        parts.insert(0, f"ad hoc Hartung-Knapp interval {limits}")
    if not pd.isna(row["k"]):
        parts.append(count(int(row["k"]), "study", "studies"))
    return ", ".join(parts)


def _variance(value: float) -> str:
    return number(value, 3) if value == 0 or value >= 0.001 else f"{value:.1e}"


def foot_lines(m: Any, table: pd.DataFrame, code: str, width: float) -> tuple[str, ...]:
    """Write what was done and how to read it, under the figure."""
    overall = model_of(m)
    totals = table[table["kind"] == "total"]
    said = [f"Heterogeneity: {heterogeneity(row)}." for _, row in totals.iterrows()]
    said = [one for one in said if one != "Heterogeneity: ."]
    said.append(f"{_model(overall)}.")
    between = getattr(m, "q_between", None)
    if between is not None:
        said.append(
            f"Test between groups: Q {number(between, 1)} (df {m.q_between_df}, "
            f"p {p_value(m.q_between_p_value)})."
        )
    how = "Area of a square: weight. Diamond: pooled effect with its interval"
    how += ", its middle drawn on as a dotted line. " if not totals.empty else ". "
    if not table["pi_low"].dropna().empty:
        how += "Prediction interval: where the effect of a further study is expected. "
    if not table["cautious_low"].dropna().empty:
        pooled = table[table["cautious_low"].notna()]
        few = int((pooled["k"] < 5).sum())
        how += (
            "Thin line through a diamond: the ad hoc Hartung-Knapp interval, which takes into "
            "account how little few studies tell of their spread. "
            f"Pools of fewer than 5 studies: {few} of {len(pooled)}. "
            "Effects are turned so that positive favours the intervention. "
        )
    left_out = len(getattr(overall, "left_out", ()))
    if left_out:
        noun = count(left_out, "study is", "studies are")
        how += f"{noun} not shown, for want of an effect. "
    return wrap(f"{' '.join(said)} {how}", width, SMALL_SIZE)


def _model(m: Any) -> str:
    """Name the model and its interval."""
    method, kind = str(getattr(m, "method", "")), str(getattr(m, "ci", ""))
    if kind not in _INTERVALS:
        return method or "Pooled as given"
    model = "Common effect" if method == "FE" else f"Random effects ({method})"
    if getattr(m, "qm", None) is not None:
        model = f"Meta-regression, {model[0].lower()}{model[1:]}; no single pooled effect is drawn"
    return f"{model}, {_INTERVALS[kind]}"


def alt_text(m: Any, table: pd.DataFrame, code: str, favours: tuple[str, str] | None) -> str:
    """Say the figure in words and numbers."""
    studies = table[table["kind"] == "study"]
    parts = [f"Forest plot of {count(len(studies), 'study', 'studies')}, {measure_name(code)}."]
    for _, row in table[table["kind"].isin(["total", "subtotal"])].iterrows():
        name = "Pooled effect" if row["kind"] == "total" else row["group"]
        said = f"{name} {number(row['effect'])} ({interval(row['ci_low'], row['ci_high'])})"
        if not pd.isna(row["pi_low"]):
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
