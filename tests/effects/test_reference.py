"""Every effect size that R's metafor computed in the reference files, one by one.

The guard at the end proves that each block of effects is compared here or left out by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from peer_evidence import effects as es

FOLDER = Path(__file__).parents[1] / "reference"
FILES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))

# Closed forms: the two programs differ only by the order of a few operations, so by a few times
# the last digit of a double (2.2e-16); 1e-12 leaves room for the cancellation in a difference
# of two nearly equal logs or shares.
CLOSED_FORM = 1e-12
# Hedges' J: R takes it as the exponential of a difference of two log gammas, each near 600 here,
# which leaves it 1.3e-13 wrong (test_continuous.py holds ours against exact fractions). In the
# unbiased variance, 1 - (m - 2)/(m J²) cancels two more digits: 3.2e-12 seen.
WITH_J = {"dat.normand1999/escalc/SMD_UB": 1e-11}

Pair = tuple[np.ndarray, np.ndarray]


@cache
def load(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def array(values: Any) -> np.ndarray:
    """R numbers as floats: null is NaN."""
    values = values if isinstance(values, list) else [values]
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def column(name: str, key: str, rows: tuple[int, ...] = ()) -> np.ndarray:
    """A column of the input of a file; ``rows`` are R's row numbers, from 1."""
    values = array([row[key] for row in load(name)["input"]])
    return values[np.array(rows) - 1] if rows else values


def walk(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict]]:
    """Every block that holds effects (yi) with variances (vi) or standard errors, by its path."""
    if not isinstance(node, dict):
        return
    if "yi" in node and ("vi" in node or "se" in node):
        yield path, node
    for key, value in node.items():
        yield from walk(value, (*path, key))


@cache
def blocks() -> dict[str, dict[str, Any]]:
    """Every block of effects of every file, as 'file/path/to/block'."""
    return {"/".join((name, *path)): block for name in FILES for path, block in walk(load(name))}


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest relative difference; missing values must be missing in both."""
    ours, theirs = np.atleast_1d(ours), np.atleast_1d(theirs)
    assert ours.shape == theirs.shape
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    present = ~np.isnan(ours)
    gap = np.abs(ours - theirs)[present]
    size = np.abs(theirs)[present]
    # a true 0 has no relative scale: 1e-15 absolute passes there, which is rounding of terms near 1
    return float(np.where(size < 1e-14, gap / 1e-3, gap / np.maximum(size, 1e-14)).max(initial=0.0))


# --- which call gives which block -----------------------------------------------------------------

TABLE = {
    "OR": es.log_odds_ratio,
    "RR": es.log_risk_ratio,
    "RD": es.risk_difference,
    "AS": es.arcsine_difference,
    "PETO": es.peto_log_odds_ratio,
    "PHI": es.phi,
    "YUQ": es.yule_q,
    "YUY": es.yule_y,
    "PBIT": es.probit_difference,
}
ZERO_CELLS = {
    "OR_add0": ("OR", {"add": 0}),
    "OR_to_all": ("OR", {"to": "all"}),
    "OR_to_if0all": ("OR", {"to": "if-any"}),
    "OR_drop00": ("OR", {"drop_double_zeros": True}),
    "RR_to_all": ("RR", {"to": "all"}),
    "RR_to_if0all": ("RR", {"to": "if-any"}),
    "RR_drop00": ("RR", {"drop_double_zeros": True}),
    "RD_to_only0_vs_none": ("RD", {"to": "none"}),
}
MEANS = {
    "MD": es.mean_difference,
    "MD_HO": partial(es.mean_difference, vtype="HO"),
    "SMD": es.hedges_g,
    "SMD_UB": partial(es.hedges_g, vtype="UB"),
    "SMD_LS2": partial(es.hedges_g, vtype="LS2"),
    "SMD_AV": partial(es.hedges_g, vtype="AV"),
    "SMDH": es.smd_unequal_variances,
    "SMD1": es.glass_delta,
    "SMD1H": partial(es.glass_delta, equal_variances=False),
    "ROM": es.log_ratio_of_means,
    "ROM_HO": partial(es.log_ratio_of_means, vtype="HO"),
    "ROM_AV": partial(es.log_ratio_of_means, vtype="AV"),
    "CVR": es.log_cv_ratio,
    "RPB": es.point_biserial,
    "RPB_ST": partial(es.point_biserial, vtype="ST"),
    "RPB_CS": partial(es.point_biserial, vtype="CS"),
    "RBIS": es.biserial,
}


def _or_to_d(method: str, **cells: Any) -> Pair:
    effect, variance = es.log_odds_ratio(**cells)
    return es.smd_from_log_odds_ratio(effect=effect, variance=variance, method=method)


def _d_to_or(method: str, **groups: Any) -> Pair:
    effect, variance = es.hedges_g(**groups, correction="none")
    return es.log_odds_ratio_from_smd(effect=effect, variance=variance, method=method)


TABLE |= {"OR2DL": partial(_or_to_d, "logistic"), "OR2DN": partial(_or_to_d, "cox")}
MEANS |= {"D2ORL": partial(_d_to_or, "logistic"), "D2ORN": partial(_d_to_or, "cox")}


def _table_calls() -> Iterator[tuple[str, Callable[[], Pair]]]:
    """The 2x2 tables: trials of four files, with their variants of the rule for zero cells."""
    bcg = "dat.bcg"
    cells = {
        "events1": column(bcg, "tpos"),
        "n1": column(bcg, "tpos") + column(bcg, "tneg"),
        "events2": column(bcg, "cpos"),
        "n2": column(bcg, "cpos") + column(bcg, "cneg"),
    }
    for code, kernel in TABLE.items():
        yield f"{bcg}/escalc/{code}", partial(kernel, **cells)
    for code in ("OR", "RR"):
        yield f"{bcg}/escalc/{code}_add_half_to_all", partial(TABLE[code], **cells, to="all")
    for name in ("dat.egger2001", "dat.nielweise2007", "dat.yusuf1985"):
        keys = ("ai", "n1i", "ci", "n2i")
        cells = dict(
            zip(("events1", "n1", "events2", "n2"), (column(name, k) for k in keys), strict=True)
        )
        for code in ("OR", "RR", "RD", "AS", "PETO", "PHI", "YUQ", "YUY"):
            yield f"{name}/escalc/{code}", partial(TABLE[code], **cells)
        for variant, (code, options) in ZERO_CELLS.items():
            yield f"{name}/zero_cell_variants/{variant}", partial(TABLE[code], **cells, **options)
    for outcome, facts in load("dat.collins1985b")["outcomes"].items():
        rows = tuple(facts["rows_used"])
        values = (column("dat.collins1985b", key, rows) for key in facts["columns"])
        cells = dict(zip(("events1", "n1", "events2", "n2"), values, strict=True))
        for code in ("OR", "RR", "PETO"):
            path = f"dat.collins1985b/outcomes/{outcome}/escalc/{code}"
            yield path, partial(TABLE[code], **cells)
    dorn = {
        "events1": column("dat.dorn2007", "x.a"),
        "n1": column("dat.dorn2007", "n.a"),
        "events2": column("dat.dorn2007", "x.p"),
        "n2": column("dat.dorn2007", "n.p"),
    }
    yield "dat.dorn2007/escalc", partial(es.log_risk_ratio, **dorn)
    fleiss = {"events1": 135, "n1": 150, "events2": 40, "n2": 50}
    for code in ("PHI", "YUQ", "YUY", "PBIT", "OR2DL", "OR2DN", "OR", "RR", "RD"):
        yield f"misc_formulas/fleiss_2x2_135_15_40_10/{code}", partial(TABLE[code], **fleiss)


def _other_calls() -> Iterator[tuple[str, Callable[[], Pair]]]:
    """Means, correlations, rates."""
    name = "dat.normand1999"
    keys = {"mean1": "m1i", "sd1": "sd1i", "n1": "n1i", "mean2": "m2i", "sd2": "sd2i", "n2": "n2i"}
    groups = {parameter: column(name, key) for parameter, key in keys.items()}
    for code, kernel in MEANS.items():
        yield f"{name}/escalc/{code}", partial(kernel, **groups)
    spreads = {key: groups[key] for key in ("sd1", "n1", "sd2", "n2")}
    yield f"{name}/escalc/VR", partial(es.log_variability_ratio, **spreads)
    name = "dat.mcdaniel1994"
    yield f"{name}/escalc", partial(es.fisher_z, r=column(name, "ri"), n=column(name, "ni"))
    name = "dat.hart1999"
    keys = {"events1": "x1i", "time1": "t1i", "events2": "x2i", "time2": "t2i"}
    arms = {parameter: column(name, key) for parameter, key in keys.items()}
    yield f"{name}/escalc/IRR", partial(es.log_rate_ratio, **arms)
    yield f"{name}/escalc/IRD", partial(es.rate_difference, **arms)
    yield f"{name}/escalc/IRSD", partial(es.sqrt_rate_difference, **arms)
    single = {
        "IR": es.rate,
        "IRLN": es.log_rate,
        "IRS": es.sqrt_rate,
        "IRFT": es.freeman_tukey_rate,
    }
    for code, kernel in single.items():
        for arm in ("1", "2"):
            path = f"{name}/one_arm/{code}_arm{arm}"
            yield path, partial(kernel, events=arms[f"events{arm}"], time=arms[f"time{arm}"])


CALLS = dict([*_table_calls(), *_other_calls()])

LEFT_OUT = {
    "dat.bcg/escalc/RTET": "tetrachoric correlation: an iterative fit that the library does not do",
    "misc_formulas/fleiss_2x2_135_15_40_10/RTET": "tetrachoric correlation, as above",
    "dat.bonett2010/escalc/ARAW": "Cronbach's alpha is not an effect size of the library",
    "dat.bonett2010/escalc/AHW": "Cronbach's alpha, as above",
    "dat.bonett2010/escalc/ABT": "Cronbach's alpha, as above",
}


@pytest.mark.parametrize("path", CALLS)
def test_agrees_with_metafor(path: str) -> None:
    block = blocks()[path]
    effect, variance = CALLS[path]()
    # vi, or the standard error where the file holds that
    theirs = array(block["vi"]) if "vi" in block else array(block["se"]) ** 2
    assert difference(effect, array(block["yi"])) < CLOSED_FORM
    assert difference(variance, theirs) < WITH_J.get(path, CLOSED_FORM)


def test_every_block_of_effects_is_compared_or_left_out_by_name() -> None:
    assert set(blocks()) == set(CALLS) | set(LEFT_OUT)
    assert not set(CALLS) & set(LEFT_OUT)


def test_the_grid_of_comparisons_has_not_shrunk() -> None:
    numbers = sum(np.isfinite(array(blocks()[path]["yi"])).sum() for path in CALLS)
    assert (len(blocks()), len(CALLS), int(numbers)) == (120, 115, 1562)


def test_the_batch_axis_gives_each_analysis_its_own_answer() -> None:
    # "if-any" and "AV" look along the last axis: one analysis with a zero cell must not touch
    # the other that has none
    name = "dat.yusuf1985"
    a, n1, c, n2 = (column(name, key) for key in ("ai", "n1i", "ci", "n2i"))
    clean = {"events1": a + 1, "n1": n1 + 2, "events2": c + 1, "n2": n2 + 2}
    raw = {"events1": a, "n1": n1, "events2": c, "n2": n2}
    stacked = {key: np.stack([raw[key], clean[key]]) for key in raw}
    effect, variance = es.log_odds_ratio(**stacked, to="if-any")
    for row, one in enumerate((raw, clean)):
        alone = es.log_odds_ratio(**one, to="if-any")
        np.testing.assert_array_equal(effect[row], alone[0])
        np.testing.assert_array_equal(variance[row], alone[1])
    np.testing.assert_array_equal(effect[1], es.log_odds_ratio(**clean, to="none")[0])
