"""True meta-analyses at random, printed the usual ways; and the same with one clear slip."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from peer_evidence.pooling.many import pool_many

METHODS = (("DL", "wald"), ("REML", "wald"), ("FE", "wald"), ("DL", "hksj"), ("REML", "hksj"))
SLIPS = ("two digits swapped", "sign turned", "decimal point moved", "one digit changed")


@dataclass(frozen=True)
class Style:
    """How a set of rows is printed."""

    decimals: int = 2
    p_decimals: int = 3
    ratio: bool = False
    i2_from_tau2: bool = False


STYLES = (
    Style(),
    Style(decimals=3, p_decimals=4),
    Style(p_decimals=2),
    Style(ratio=True),
    Style(decimals=1),
    Style(i2_from_tau2=True),
)


def printed_rows(rng: np.random.Generator, size: int) -> Iterator[dict[str, str]]:
    """Give true pooled results as rows of texts, over all methods and styles in turn."""
    combinations = [(method, ci, style) for method, ci in METHODS for style in STYLES]
    each = -(-size // len(combinations))
    for method, ci, style in combinations:
        yield from _rows(rng, each, method, ci, style)


def _rows(
    rng: np.random.Generator, size: int, method: str, ci: str, style: Style
) -> Iterator[dict[str, str]]:
    most = 16
    k = rng.integers(2, most + 1, size)
    n = rng.integers(20, 400, (size, most)).astype(float)
    tau2 = rng.choice([0.0, 0.01, 0.05, 0.2], size)
    mean = rng.normal(-0.2, 0.3, size)
    variances = 4 / n + mean[:, None] ** 2 / (2 * n)
    effects = mean[:, None] + rng.normal(size=n.shape) * np.sqrt(variances + tau2[:, None])
    absent = np.arange(most) >= k[:, None]
    effects[absent], variances[absent], n[absent] = np.nan, np.nan, 0.0
    fit = pool_many(effects, variances, method=method, ci=ci)
    for i in range(size):
        values = {name: float(np.asarray(getattr(fit, name))[i]) for name in _FIELDS}
        if all(math.isfinite(value) for value in values.values()):
            yield _printed(values, int(k[i]), int(n[i].sum()), method, ci, style)


_FIELDS = ("estimate", "ci_low", "ci_high", "statistic", "p_value", "tau2", "i2", "q")


def _printed(
    v: dict[str, float], k: int, people: int, method: str, ci: str, style: Style
) -> dict[str, str]:
    back = math.exp if style.ratio else float
    effect = {name: f"{back(v[name]):.{style.decimals}f}" for name in _FIELDS[:3]}
    i2 = v["i2"] if style.i2_from_tau2 else 100 * max(0.0, 1 - (k - 1) / v["q"])
    limit = 10.0**-style.p_decimals
    small = v["p_value"] < limit
    side = "ratio_below_1" if style.ratio else "negative"
    return {
        "effect_measure": "RR" if style.ratio else "SMD",
        "sign_convention": f"{side}_favours_intervention",
        "model": "fixed" if method == "FE" else "random",
        "k": str(k),
        "n_total": str(people),
        **effect,
        "p_value": f"{limit:.{style.p_decimals}f}"
        if small
        else f"{v['p_value']:.{style.p_decimals}f}",
        "p_relation": "<" if small else "=",
        "z": f"{v['statistic']:.2f}",
        "q": f"{v['q']:.2f}",
        "q_df": str(k - 1),
        "i2": f"{i2:.0f}",
        "tau2": "" if method == "FE" else f"{v['tau2']:.2f}",
    }


def with_slip(
    rng: np.random.Generator, row: dict[str, str], column: str, slip: str
) -> dict[str, str] | None:
    """Give a row with one slip in one number; None where the slip does not change the number."""
    text = row[column]
    if not text or float(text) == 0:
        return None
    other = _slipped(rng, text, slip)
    if other is None or float(other) == float(text):
        return None
    return {**row, column: other}


def _slipped(rng: np.random.Generator, text: str, slip: str) -> str | None:
    places = [place for place, character in enumerate(text) if character.isdecimal()]
    characters = list(text)
    if slip == "sign turned":
        return text[1:] if text.startswith("-") else f"-{text}"
    if slip == "decimal point moved":
        digits = text.lstrip("-").replace(".", "")
        decimals = len(text.partition(".")[2])
        if decimals < 1:
            return None
        shift = 1 if decimals == 1 else int(rng.choice([-1, 1]))
        digits = digits.zfill(decimals + 2)
        cut = len(digits) - decimals + shift
        sign = "-" if text.startswith("-") else ""
        return sign + f"{digits[:cut].lstrip('0') or '0'}.{digits[cut:]}".rstrip(".")
    if slip == "two digits swapped":
        pairs = [(a, b) for a, b in pairwise(places) if text[a] != text[b]]
        if not pairs:
            return None
        a, b = pairs[int(rng.integers(len(pairs)))]
        characters[a], characters[b] = characters[b], characters[a]
        return "".join(characters)
    place = places[int(rng.integers(len(places)))]
    digit = str((int(text[place]) + int(rng.integers(1, 10))) % 10)
    characters[place] = digit
    return "".join(characters)
