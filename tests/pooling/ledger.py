"""The ledger of comparisons with the R references, and its rules.

Every numeric leaf of ``tests/reference`` is compared in ``test_reference.py`` or excluded here by a
rule that says why.
"""

import json
import math
import re
import warnings
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from peer_evidence.errors import PeerEvidenceWarning
from peer_evidence.pooling import counts

FOLDER = Path(__file__).parents[1] / "reference"

# family -> (tolerance, why). Differences are relative to the expected value, or to the natural
# scale of the number where that is larger (the standard error for a coefficient, a thousandth of
# the median variance for tau2: below it R's own threshold rules).
TOLERANCES = {
    "closed": (1e-10, "closed forms: only the order of additions differs (3e-14 seen)"),
    "closed tail": (1e-10, "a tail area magnifies its statistic's error by the statistic squared"),
    "iterative": (1e-8, "tau2 by a root: R stops at 1e-9 to 1e-14 of the median variance"),
    "iterative tail": (1e-8, "the same, as a tail area"),
    "root": (1e-5, "tau where tau2 is 1e-17 in R and 0 here: a square root halves the digits"),
    "profile": (1e-7, "R's uniroot finds the Q-profile bounds to about 1e-8"),
    "regression": (
        1e-8,
        "R solves the normal equations of uncentred moderators (year near 2000, squared), which "
        "costs its closed forms up to 1e-9; here they are orthogonalised first",
    ),
    "regression tail": (1e-8, "the same, as a tail area"),
    "diagnostics": (2e-7, "R's iterative refits stop at 1e-10 absolute: digit 7 of a small tau2"),
    "diagnostics tail": (1e-8, "the same, as a tail area"),
    "blups": (1e-8, "R gives 1e-11 where tau2 is 0: relative to the standard error of the mean"),
    "counts": (1e-10, "closed forms"),
    "counts tail": (1e-10, "closed forms, as tail areas"),
    "subsets": (1e-9, "closed forms, summarised over all subsets by R's quantiles"),
    "permutation": (1e-12, "counts of permutations over their number"),
    "default": (0.05, "R at its default threshold, 1e-5 absolute: 1 % of these tau2 of 1e-4"),
    "failures": (2e-7, "the file's answers are short of the root, see the last test"),
}

# models of dependent effects, which have a ledger of their own
DEPENDENT = r":three_level|:multivariate|:ranef|:contrast_AL|:rma_mv|_robust|:robu|:huber_white"

# pattern of the leaf's path -> why it is not compared
EXCLUDED = {
    r":(dataset|source|note\d*|made_with|input|columns|rows_used|V|n_zero_cell|n_double)": "input",
    r":escalc|outcomes\.\w+\.escalc|:zero_cell_variants|:one_arm\.\w+\.(yi|vi)": "effect sizes",
    r"\.regtest\.|\.ranktest\.|\.trimfill\.|:fsn|\.fsn\.|\.henmi_copas\.": (
        "compared in tests/bias"
    ),
    r"\.tes\.|:tes_FE|\.pet_peese\.|\.selmodel\.|:fsn_orwin": "compared in tests/bias",
    r"\.baujat\.": "coordinates of a plot",
    r":glmm|:location_scale|:bivariate": "models that are not offered here",
    DEPENDENT: "dependent effects: compared in test_dependent_reference.py",
    r":permutest_metareg\.": "Monte Carlo with R's generator",
    r"^misc_formulas:(?!borenstein)|^pcombine:": "other rooms",
    r"^misc_formulas:borenstein2009_ch14\.input": "input",
    r"confint_(REML|ML)_PL": "profile-likelihood interval: Q-profile is the one offered",
    r"\.models\.(HSk|PMM|SJIT)\.": "variants of estimators that are not among the nine",
    r"\.(k|p|n_perm|n_subsets|k_yi|k_pos|k_in_test)$": "counts",
    r"\.(order|ids|data|rows_used)(\.|#|$)": "input",
    r"\.X(#|$)|\.subsets_incl|\.quantile_probs|\.vif": "input, or not offered (vif)",
    r":mh\.IRD\.": "rate difference: not one of the four measures",
    r":mh\.\w+_(add_half_only0|drop00)\.": "the same numbers as the plain call",
    r"\.cumul\.\w+\.(tau2|I2|H2)#0": "a single study: R invents tau2 = 0, here NaN by design",
    r"\.gosh\.\w+\.by_k\.1\.mean_I2": "a single study: R invents I2 = 0, here NaN by design",
    r"\.gosh\.FE\.tau2\.": "0 by assumption",
    r"^reml_failures:(idx|Y|V)": "input",
    r"^pymetaanalysis:cases": "numbers of another program: compared in test_conventions.py",
}


@cache
def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


class Ledger:
    """Comparisons by path of the leaf."""

    def __init__(self):
        self.rows = []
        self.leaves = {name: dict(leaves(load(name))) for name in NAMES}
        self.open = set()

    def check(self, file, path, actual, family, scale=0.0):
        """Compare the number, or list of numbers, at a path; null in R is not compared."""
        expected = at(load(file), path)
        if expected is None:
            return
        if isinstance(expected, list):
            actual = np.asarray(actual, dtype=object)
            assert len(actual) == len(expected), (file, path)
            scales = np.broadcast_to(np.asarray(scale, dtype=float), (len(expected),))
            for place, value in enumerate(expected):
                inner = f"{path}#{place}"
                if isinstance(value, list):
                    for other, one in enumerate(value):
                        self._add(
                            file,
                            f"{inner}#{other}",
                            one,
                            actual[place][other],
                            family,
                            scales[place],
                        )
                else:
                    self._add(file, inner, value, actual[place], family, scales[place])
        else:
            self._add(file, path, expected, actual, family, float(scale))

    def worst(self):
        """Give for each family how many numbers it has, the largest difference and its place."""
        found = defaultdict(lambda: (0, 0.0, ""))
        for file, path, family, error in self.rows:
            count, most, where = found[family]
            here = f"{file}:{path}"
            found[family] = (count + 1, max(most, error), here if error >= most else where)
        return dict(found)

    def beyond(self, tolerances):
        """Give the families with a number beyond their tolerance; every family is in use."""
        found = self.worst()
        assert set(found) == set(tolerances)
        return {family: row for family, row in found.items() if row[1] > tolerances[family][0]}

    def left_out(self, excluded, mine=""):
        """Give the leaves named by ``mine`` that no rule leaves out, then the rules not used."""
        compared = {(file, path) for file, path, _, _ in self.rows}
        forgotten, used = [], set()
        for file, own in self.leaves.items():
            for path in own:
                name = f"{file}:{path}"
                if (file, path) in compared or not re.search(mine, name):
                    continue
                rule = next((one for one in excluded if re.search(one, name)), None)
                if rule is None and (file, path) not in self.open:
                    forgotten.append(name)
                used.add(rule)
        return forgotten[:20], set(excluded) - used

    def numbers(self):
        """Give how many numbers of each family are compared, each once."""
        assert len({(file, path) for file, path, _, _ in self.rows}) == len(self.rows)
        return {family: row[0] for family, row in self.worst().items()}

    def _add(self, file, path, expected, actual, family, scale):
        if expected is None:
            return
        if isinstance(expected, bool):
            self.rows.append((file, path, family, float(expected != bool(actual))))
            return
        expected, actual = float(expected), float(actual)
        if math.isinf(expected) or expected == actual:
            error = 0.0 if expected == actual else math.inf
        else:
            error = abs(actual - expected) / max(abs(expected), scale, 1e-300)
        self.rows.append((file, path, family, math.inf if math.isnan(error) else error))


def leaves(tree, path=""):
    """Yield the path and value of each numeric leaf of a JSON tree; lists are numbered with '#'."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(tree, list):
        for place, value in enumerate(tree):
            yield from leaves(value, f"{path}#{place}")
    elif isinstance(tree, (int, float)):
        yield path, tree


def at(tree, path):
    """Follow a path; keys themselves may hold dots (``ci.lb``), so the longest match wins."""
    if not path:
        return tree
    parts = path.split(".")
    for size in range(len(parts), 0, -1):
        key = ".".join(parts[:size])
        if isinstance(tree, dict) and key in tree:
            return at(tree[key], ".".join(parts[size:]))
    return None


def quiet(call, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PeerEvidenceWarning)
        return call(*args, **options)


def frame(y, v):
    data = pd.DataFrame({"effect": y, "variance": v})
    return data.dropna().reset_index(drop=True)


def table(rows, names):
    return pd.DataFrame(
        {
            "events_intervention": [row[names[0]] for row in rows],
            "n_intervention": [row[names[1]] for row in rows],
            "events_comparison": [row[names[2]] for row in rows],
            "n_comparison": [row[names[3]] for row in rows],
        }
    )


def tables_of(rows, names):
    columns = np.array([[row[name] for name in names] for row in rows], dtype=float).T
    return counts.Tables(*columns)
