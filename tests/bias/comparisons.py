"""Comparisons of the tests of bias with R, block by block."""

import numpy as np
import pytest

from peer_evidence.bias.excess import excess_significance
from peer_evidence.bias.fail_safe import fail_safe_n
from peer_evidence.bias.henmi_copas import henmi_copas
from peer_evidence.bias.pet_peese import pet_peese
from peer_evidence.bias.rank import begg
from peer_evidence.bias.regression import egger
from peer_evidence.bias.selection import selection_model
from peer_evidence.bias.trim_and_fill import trim_and_fill
from peer_evidence.errors import InputError
from peer_evidence.pooling.model import meta_analysis

from ..pooling.ledger import at, load, quiet

PREDICTORS = {
    "sei": "se",
    "vi": "variance",
    "ni": "n",
    "ninv": "inverse_n",
    "sqrtni": "sqrt_n",
    "sqrtninv": "inverse_sqrt_n",
}
STEPS = {
    "step_025": ((0.025,), None),
    "step_025_05": ((0.025, 0.05), None),
    "step_025_50": ((0.025, 0.5), None),
    "step_05_twosided": ((0.05,), "two-sided"),
    "step_025_equaleffects": ((0.025,), None),
}
SMOOTH = ("beta", "halfnorm", "negexp", "logistic", "power")
RIVAL = ("dat.raudenbush1985", "beta")  # R ends where a parameter is on its limit, 1e-5
INTEGRATED = ("beta", "power")  # R's integrals of these are good to four digits only


def people(rows):
    """Give the people of each study, None where the data do not say."""
    first = rows[0]
    if "tpos" in first:
        return [r["tpos"] + r["tneg"] + r["cpos"] + r["cneg"] for r in rows]
    if "pre.nti" in first:
        return [r["pre.nti"] + r["pre.nci"] for r in rows]
    if "t1i" in first:
        return None  # person-time
    if "n1i" in first and "ni" not in first:
        return [r["n1i"] + r["n2i"] for r in rows]
    return [r["ni"] for r in rows] if "ni" in first else None


def compare_regression_tests(ledger, file, path, data, rows):
    n = people(rows)
    middle = 1e-3 * float(data["variance"].median())
    for method, block in at(load(file), f"{path}.regtest").items():
        m = quiet(meta_analysis, data, method=method)
        for name, expected in block.items():
            model, predictor = name.split("_")
            options = {"model": {"rma": "mixed", "lm": "classic"}[model]}
            options |= {"predictor": PREDICTORS[predictor], "n": n}
            if "error" in expected:
                with pytest.raises(InputError, match="how many people"):
                    quiet(egger, m, **options)
                continue
            ours = quiet(egger, m, **options)
            where, mixed = f"{path}.regtest.{method}.{name}", model == "rma" and method == "REML"
            family = "mixed" if mixed else "closed"
            errors = np.array([ours.intercept_se, ours.se])
            both = [ours.intercept, ours.slope]
            ledger.check(file, f"{where}.coef", both, family, errors)
            ledger.check(file, f"{where}.coef_se", errors, family)
            ledger.check(file, f"{where}.stat", ours.statistic, family, 1.0)
            ledger.check(file, f"{where}.pval", ours.p_value, f"{family} tail")
            ledger.check(file, f"{where}.ddf", ours.df, "closed")
            ledger.check(file, f"{where}.tau2", ours.tau2, family, middle)
            for key, value in (
                ("est", ours.limit),
                ("est_ci_lb", ours.limit_ci_low),
                ("est_ci_ub", ours.limit_ci_high),
            ):
                ledger.check(file, f"{where}.{key}", value, family, ours.intercept_se)


def compare_rank(ledger, file, path, data):
    ours = quiet(begg, quiet(meta_analysis, data))
    ledger.check(file, f"{path}.ranktest.tau", ours.tau, "closed", 0.1)
    ledger.check(file, f"{path}.ranktest.pval", ours.p_value, "closed tail")


def compare_trim_and_fill(ledger, file, path, data):
    for method, block in at(load(file), f"{path}.trimfill").items():
        m = quiet(meta_analysis, data, method=method)
        family = "refit" if method == "REML" else "closed"
        for name, expected in block.items():
            side, estimator = name.split("_")
            side = None if side == "auto" else side
            if "error" in expected:
                with pytest.raises(InputError, match="the root of a negative number"):
                    quiet(trim_and_fill, m, estimator, side=side)
                continue
            ours = quiet(trim_and_fill, m, estimator, side=side)
            where = f"{path}.trimfill.{method}.{name}"
            assert ours.side == expected["side"], where
            compare_filled(ledger, file, where, ours, family, data)


def compare_filled(ledger, file, where, ours, family, data):
    middle = float(data["variance"].median())
    for key, value, scale in (
        ("k0", ours.k0, 0.0),
        ("se_k0", ours.k0_se, 0.0),
        ("p_k0", ours.k0_p_value, 0.0),
        ("k_total", ours.k_filled, 0.0),
    ):
        ledger.check(file, f"{where}.{key}", value, "closed", scale)
    for key, value, scale in (
        ("beta", ours.estimate, ours.se),
        ("se", ours.se, 0.0),
        ("ci_lb", ours.ci_low, ours.se),
        ("ci_ub", ours.ci_high, ours.se),
        ("tau2", ours.tau2, 1e-3 * middle if family == "closed" else middle),
        ("I2", ours.i2, 0.1),
        ("QE", ours.q, 0.0),
    ):
        ledger.check(file, f"{where}.{key}", value, family, scale)
    ledger.check(file, f"{where}.pval", ours.p_value, f"{family} tail")
    added = ours.filled.studies
    for key, values in (("filled_yi", added.effects), ("filled_vi", added.variances)):
        expected = at(load(file), f"{where}.{key}")
        if expected is not None:
            new = values[ours.k :]
            new = float(new[0]) if isinstance(expected, (int, float)) else new
            ledger.check(file, f"{where}.{key}", new, family, ours.se)


def compare_fail_safe(ledger, file, path, data):
    m = quiet(meta_analysis, data)
    tree = at(load(file), path)
    for name in tree:
        kind, _, suffix = name.partition("_")
        if suffix == "target015":
            ours = quiet(fail_safe_n, m, "orwin", target=0.15)
            ledger.check(file, f"{path}.{name}", ours.n, "closed")
            continue
        ours = quiet(fail_safe_n, m, kind.lower(), weighted=suffix == "weighted")
        ledger.check(file, f"{path}.{name}.fsnum", ours.n, "closed")
        ledger.check(file, f"{path}.{name}.alpha", ours.alpha, "closed")
        ledger.check(file, f"{path}.{name}.pval", ours.p_value, "closed tail")
        ledger.check(file, f"{path}.{name}.meanes", ours.estimate, "closed")
        ledger.check(file, f"{path}.{name}.target", ours.target, "closed")


def compare_henmi_copas(ledger, file, path, data):
    m = quiet(meta_analysis, data)
    ours = quiet(henmi_copas, m)
    middle = 1e-3 * float(data["variance"].median())
    for key, value, family, scale in (
        ("beta_of_fit", m.estimate, "mixed", m.se),
        ("se_of_fit", m.se, "mixed", 0.0),
        ("beta", ours.estimate, "closed", ours.se),
        ("se", ours.se, "closed", 0.0),
        ("ci_lb", ours.ci_low, "henmi-copas", ours.se),
        ("ci_ub", ours.ci_high, "henmi-copas", ours.se),
        ("tau2", ours.tau2, "closed", middle),
    ):
        ledger.check(file, f"{path}.henmi_copas.{key}", value, family, scale)


def compare_excess(ledger, file, path, m, test):
    ours = quiet(excess_significance, m, test={"binom": "binomial"}.get(test, test))
    family = "closed" if ours.tau2 == 0 else "excess"
    for key, value in (
        ("k", ours.k),
        ("O", ours.observed),
        ("E", ours.expected),
        ("OE", ours.ratio),
        ("OEratio", ours.ratio),
        ("X2", ours.chi2),
        ("theta", ours.estimate),
        ("power", ours.power),
    ):
        scale = m.se if key == "theta" else 0.0
        own = "excess" if key == "theta" and m.method == "REML" else family
        ledger.check(file, f"{path}.{key}", value, own, scale)
    tail = "closed tail" if family == "closed" else "excess"
    ledger.check(file, f"{path}.pval", ours.p_value, tail)


def compare_pet_peese(ledger, file, path, data):
    ours = quiet(pet_peese, quiet(meta_analysis, data))
    for theirs, own in (("PET", "pet"), ("PEESE", "peese")):
        where = f"{path}.pet_peese.{theirs}"
        errors = np.array([getattr(ours, f"{own}_se"), getattr(ours, f"{own}_slope_se")])
        for key, suffix, family, scale in (
            ("coef", "", "closed", errors),
            ("se", "_se", "closed", 0.0),
            ("t", "_statistic", "closed", 1.0),
            ("p", "_p_value", "closed tail", 0.0),
            ("ci_lb", "_ci_low", "closed", errors),
            ("ci_ub", "_ci_high", "closed", errors),
        ):
            both = [getattr(ours, f"{own}{suffix}"), getattr(ours, f"{own}_slope{suffix}")]
            ledger.check(file, f"{where}.{key}", both, family, scale)
        ledger.check(file, f"{where}.sigma2", getattr(ours, f"{own}_sigma2"), "closed")
        ledger.check(file, f"{where}.df", ours.df, "closed")


def fit_selection(file, path, name, data):
    """Fit the selection model of a block of the file."""
    tree = at(load(file), f"{path}.selmodel")
    method = "FE" if name.endswith("equaleffects") else "REML"
    m = quiet(meta_analysis, data, method=method)
    alternative = tree["alternative"]
    if name in SMOOTH:
        return quiet(selection_model, m, kind=name, alternative=alternative)
    if name.startswith("step_fixed"):
        block = tree[name]
        return quiet(
            selection_model, m, block["steps"], weights=block["delta"], alternative=alternative
        )
    steps, own = STEPS[name]
    return quiet(selection_model, m, steps, alternative=own or alternative)


def compare_selection(ledger, file, path, data):
    for name, block in at(load(file), f"{path}.selmodel").items():
        if name == "alternative":
            continue
        if "error" in block:
            with pytest.raises(InputError, match=r"no study has 0\.025 < p ≤ 0\.05"):
                fit_selection(file, path, name, data)
            continue
        ours = fit_selection(file, path, name, data)
        assert ours.converged, (file, name)
        compare_one_selection(ledger, file, f"{path}.selmodel.{name}", name, ours, data)


def compare_one_selection(ledger, file, where, name, ours, data):
    rough = name in INTEGRATED
    if (file, name) == RIVAL:
        ledger.check(file, f"{where}.ll", ours.rival_log_likelihood, "integrated", 1.0)
        ledger.check(file, f"{where}.beta", [ours.rival_estimate], "integrated", 1.0)
        ledger.check(file, f"{where}.LRT_df", ours.lrt_df, "closed")
        return
    height = "integrated" if rough else "likelihood"
    ledger.check(file, f"{where}.ll", ours.log_likelihood, height, 1.0)
    ledger.check(file, f"{where}.LRT", ours.lrt, f"{height} ratio", 1.0)
    ledger.check(file, f"{where}.LRT_df", ours.lrt_df, "closed")
    ledger.check(file, f"{where}.LRT_p", ours.lrt_p_value, f"{height} ratio", 1.0)
    family = "integrated" if rough else "selection"
    middle = float(data["variance"].median())
    ledger.check(file, f"{where}.beta", [ours.estimate], family, 1.0)
    ledger.check(file, f"{where}.tau2", ours.tau2, family, middle)
    ledger.check(file, f"{where}.delta", ours.delta, family, 1.0)
    if rough:
        return  # numeric second derivatives of inexact integrals: see the test of derivatives
    own = "curvature" if name in SMOOTH else "selection"
    error = ours.se
    for key, value, scale in (
        ("se", ours.se, 0.0),
        ("stat", ours.statistic, 1.0),
        ("pval", ours.p_value, 1.0),
        ("ci_lb", ours.ci_low, error),
        ("ci_ub", ours.ci_high, error),
    ):
        ledger.check(file, f"{where}.{key}", [value], own, scale)
    if not np.isnan(ours.tau2_se):
        ledger.check(file, f"{where}.se_tau2", ours.tau2_se, own)
    for key, values, scale in (
        ("se_delta", ours.delta_se, 0.0),
        ("delta_p", ours.delta_p_value, 1.0),
        ("delta_ci_lb", ours.delta_ci_low, np.fmax(ours.delta_se, 1.0)),
        ("delta_ci_ub", ours.delta_ci_high, np.fmax(ours.delta_se, 1.0)),
    ):
        ledger.check(file, f"{where}.{key}", values, own, scale)
