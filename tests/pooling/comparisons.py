"""What of each analysis is compared with R, and on which scale."""

import itertools
import math
import re

import numpy as np

from peer_evidence.pooling import single
from peer_evidence.pooling.design import Design
from peer_evidence.pooling.many import pool_many
from peer_evidence.pooling.model import meta_analysis, pool_studies
from peer_evidence.pooling.studies import Studies
from peer_evidence.pooling.tau2 import METHODS
from peer_evidence.sensitivity.cumulative import cumulative
from peer_evidence.sensitivity.influence import influence
from peer_evidence.sensitivity.leave_one_out import leave_one_out
from peer_evidence.sensitivity.permutation import permutation_test

from .ledger import (
    at,
    load,
    quiet,
)

CI = {"": "wald", "knha": "hksj", "adhoc": "hksj-adhoc", "t": "t", "unweighted": "wald"}
ITERATIVE = ("ML", "REML", "EB", "PM")


def compare_fit(ledger, file, path, m, family):
    """Compare everything that R's rma.uni gave for one model."""
    model, studies = m.regression.model, m.studies
    x = None if m.regression.design is None else m.regression.matrix
    middle = float(np.median(studies.variances))
    kernel = quiet(
        single.fit_one,
        studies.effects,
        studies.variances,
        x,
        studies.weights,
        m.method,
        m.ci,
        m.level,
    )
    small = 1e-3 * middle
    ledger.check(file, f"{path}.beta", model.beta, family, model.se)
    for name, values in (("se", model.se), ("ci_lb", model.ci_low), ("ci_ub", model.ci_high)):
        ledger.check(file, f"{path}.{name}", values, family, model.se)
    ledger.check(file, f"{path}.stat", model.statistic, family, 1.0)
    # a tail area magnifies the relative error of its statistic by the square of the statistic
    tail = family if family == "default" else f"{family} tail"
    ledger.check(file, f"{path}.pval", model.p_value, tail)
    ledger.check(file, f"{path}.ddf", [model.df], family)
    size = np.sqrt(np.outer(np.diag(model.covariance), np.diag(model.covariance))).max(axis=1)
    ledger.check(file, f"{path}.vb", model.covariance, family, size)
    ledger.check(file, f"{path}.tau2", m.tau2, family, small)
    ledger.check(file, f"{path}.se_tau2", m.tau2_se, family, small)
    ledger.check(file, f"{path}.I2", m.i2, family, 0.1)
    ledger.check(file, f"{path}.H2", m.h2, family)
    ledger.check(file, f"{path}.R2", math.nan if m.r2 is None else m.r2, family, 1.0)
    ledger.check(file, f"{path}.QE", m.q, family)
    ledger.check(file, f"{path}.QE_df", m.q_df, family)
    ledger.check(file, f"{path}.QEp", m.q_p_value, tail)
    first = int(len(model.beta) > 1 and m.regression.names[0] == "intercept")
    test = single.wald_test(model, slice(first, None))
    ledger.check(file, f"{path}.QM", test.statistic, family, 1.0)
    ledger.check(file, f"{path}.QM_df", [test.df1, test.df2], family)
    ledger.check(file, f"{path}.QMp", test.p_value, tail)
    ledger.check(file, f"{path}.s2w", m.hk_factor, family)
    ledger.check(file, f"{path}.vt", kernel.heterogeneity.typical_variance, family)
    compare_likelihood(ledger, file, path, m, family)
    compare_predictions(ledger, file, path, m, family)
    compare_profile(ledger, file, f"{path}.confint_Qprofile", m, family, middle)


def compare_likelihood(ledger, file, path, m, family):
    fit = m.fit_statistics()
    for likelihood, ours in itertools.product(
        ("ML", "REML"),
        (
            ("ll", "log_likelihood"),
            ("dev", "deviance"),
            ("AIC", "aic"),
            ("BIC", "bic"),
            ("AICc", "aicc"),
        ),
    ):
        ledger.check(
            file, f"{path}.fit.{likelihood}.{ours[0]}", fit.loc[likelihood, ours[1]], family, 1.0
        )


def compare_predictions(ledger, file, path, m, family):
    model = m.regression.model
    columns = {
        **{"pred": "estimate", "se": "se", "ci.lb": "ci_low", "ci.ub": "ci_high"},
        **{"pi.lb": "pi_low", "pi.ub": "pi_high"},
    }
    for theirs, rule in (
        ("default", "metafor"),
        ("riley", "riley"),
        ("t", "t"),
        ("simple", "simple"),
    ):
        if at(load(file), f"{path}.predict.{theirs}") is None:
            continue
        ours = m.predict(pi=rule)
        for key, column in columns.items():
            ledger.check(file, f"{path}.predict.{theirs}.{key}", ours[column], family, model.se[0])
        ledger.check(file, f"{path}.predict.{theirs}.ddf", [model.df], family)
        df = ours["pi_df"] if m.method != "FE" or theirs == "t" else [m.k - len(model.beta)]
        ledger.check(file, f"{path}.predict.{theirs}.pi.ddf", df, family)
    if at(load(file), f"{path}.fitted") is not None:
        ours = m.predict()
        for key, column in columns.items():
            ledger.check(file, f"{path}.fitted.{key}", ours[column], family, model.se.max())
        for key in ("ddf", "pi.ddf"):
            length = len(at(load(file), f"{path}.fitted.{key}") or ())
            ledger.check(file, f"{path}.fitted.{key}", [model.df] * length, family)


def compare_profile(ledger, file, path, m, family, middle):
    block = at(load(file), path)
    if block is None:
        return
    ours = {
        "tau2": (m.tau2, m.tau2_ci_low, m.tau2_ci_high, 1e-3 * middle),
        "tau": (*np.sqrt([m.tau2, m.tau2_ci_low, m.tau2_ci_high]), 0.03 * middle**0.5),
        "I2": (m.i2, m.i2_ci_low, m.i2_ci_high, 0.1),
        "H2": (m.h2, m.h2_ci_low, m.h2_ci_high, 0.0),
    }
    for name, (estimate_, low, high, scale) in ours.items():
        own = "root" if name == "tau" else family
        ledger.check(file, f"{path}.{name}.estimate", estimate_, own, scale)
        ledger.check(file, f"{path}.{name}.ci_lb", low, "profile", scale)
        if block["ub_sign"] == ">":  # R stopped at its search limit: there is no bound
            ledger.open.add((file, f"{path}.{name}.ci_ub"))
        else:
            ledger.check(file, f"{path}.{name}.ci_ub", high, "profile", scale)


def compare_models(ledger, file, path, data):
    for name in at(load(file), f"{path}.models"):
        method, _, suffix = name.partition("_")
        if method not in METHODS:
            continue
        weights = np.ones(len(data)) if suffix == "unweighted" else None
        m = quiet(meta_analysis, data, method=method, ci=CI[suffix], weights=weights)
        assert m.k == at(load(file), f"{path}.models.{name}.k")
        family = "iterative" if method in ITERATIVE else "closed"
        compare_fit(ledger, file, f"{path}.models.{name}", m, family)


def compare_sensitivity(ledger, file, path, data, rows):
    tree = at(load(file), path)
    se = data["variance"].to_numpy() ** 0.5
    for method in tree.get("weights_pct", {}):
        m = quiet(meta_analysis, data, method=method)
        family = "iterative" if method in ITERATIVE else "closed"
        ledger.check(file, f"{path}.weights_pct.{method}", m.weights, family)
    reml = quiet(meta_analysis, data, method="REML")
    if "blup_REML" in tree:
        ours = reml.blup()
        for key, column in (
            ("pred", "blup"),
            ("se", "se"),
            ("pi.lb", "pi_low"),
            ("pi.ub", "pi_high"),
        ):
            # the effect's own error is the scale of a prediction
            ledger.check(file, f"{path}.blup_REML.{key}", ours[column], "iterative", reml.se)
    if "rstudent_REML" in tree:
        ours = quiet(influence, reml)
        ledger.check(file, f"{path}.rstudent_REML.z", ours.rstudent, "diagnostics", 1.0)
        ledger.check(file, f"{path}.rstandard_REML.z", ours.rstandard, "iterative", 1.0)
        total = se**2 + reml.tau2
        outer = np.sqrt(total - reml.se**2)
        ledger.check(file, f"{path}.rstandard_REML.se", outer, "iterative")
        ledger.check(file, f"{path}.rstandard_REML.resid", ours.rstandard * outer, "iterative", se)
        others = leave_one_out(reml)
        spread = np.sqrt(others.se**2 + se**2 + others.tau2)
        ledger.check(file, f"{path}.rstudent_REML.se", spread, "diagnostics")
        away = data["effect"] - others.estimate
        ledger.check(file, f"{path}.rstudent_REML.resid", away, "diagnostics", se)
    compare_repeated(ledger, file, path, data, rows)


def compare_repeated(ledger, file, path, data, rows):
    tree = at(load(file), path)
    for method in tree.get("influence", {}):
        compare_influence(
            ledger, file, f"{path}.influence.{method}", quiet(meta_analysis, data, method=method)
        )
    for method in tree.get("leave1out", {}):
        ours = leave_one_out(quiet(meta_analysis, data, method=method))
        compare_rows(ledger, file, f"{path}.leave1out.{method}", ours, 0, data)
    for method in tree.get("cumul", {}):
        order = tree["cumul"][method]["order"]
        ours = cumulative(quiet(meta_analysis, data, method=method), order=order)
        compare_rows(ledger, file, f"{path}.cumul.{method}", ours, 1, data)
    for name in tree.get("permutest", {}):
        method = name.split("_")[1]
        ours = permutation_test(quiet(meta_analysis, data, method=method))
        assert ours.exact
        assert ours.permutations == tree["permutest"][name]["n_perm"]
        ledger.check(file, f"{path}.permutest.{name}.pval", ours.p_value, "permutation")
    for method in tree.get("gosh", {}):
        compare_subsets(ledger, file, f"{path}.gosh.{method}", data, method)
    for name in tree.get("metareg", {}):
        compare_regression(ledger, file, f"{path}.metareg.{name}", data, rows)


def compare_influence(ledger, file, path, m):
    ours = quiet(influence, m)
    closed = m.method in ("FE", "DL") and m.regression.design is None
    family = "closed" if closed else "diagnostics"
    small = 1e-3 * float(np.median(m.studies.variances))
    for key, values, scale in (
        ("rstudent", ours.rstudent, 1.0),
        ("dffits", ours.dffits, 1.0),
        ("cook.d", ours.cook, 1.0),
        ("cov.r", ours.cov_ratio, 0.0),
        ("tau2.del", ours.tau2_deleted, small),
        ("QE.del", ours.q_deleted, 0.0),
        ("hat", ours.hat, 0.0),
        ("weight", ours.weight, 0.0),
        ("is_infl", ours.flagged, 0.0),
    ):
        ledger.check(file, f"{path}.{key}", values, family, scale)
    for place, name in enumerate(at(load(file), f"{path}.dfbs")):
        ledger.check(file, f"{path}.dfbs.{name}", ours.dfbetas[:, place], family, 1.0)


def compare_rows(ledger, file, path, ours, first, data):
    method = path.rsplit(".", 1)[1]
    family = "diagnostics" if method in ITERATIVE else "closed"
    small = 1e-3 * float(np.median(data["variance"]))
    for key, column, scale in (
        ("estimate", "estimate", ours.se),
        ("se", "se", 0.0),
        ("zval", "statistic", 1.0),
        ("ci.lb", "ci_low", ours.se),
        ("ci.ub", "ci_high", ours.se),
        ("Q", "q", 0.0),
        ("tau2", "tau2", small),
        ("I2", "i2", 0.1),
        ("H2", "h2", 0.0),
    ):
        values = np.asarray(getattr(ours, column)).astype(object)
        if first and column in ("tau2", "i2", "h2"):
            values[0] = math.nan
            expected = at(load(file), f"{path}.{key}")
            if expected is None:
                continue
            for place in range(1, len(values)):
                ledger._add(
                    file, f"{path}.{key}#{place}", expected[place], values[place], family, scale
                )
        else:
            ledger.check(file, f"{path}.{key}", values, family, scale)
    for key, column in (("pval", "p_value"), ("pvals", "p_value"), ("Qp", "q_p_value")):
        ledger.check(file, f"{path}.{key}", getattr(ours, column), f"{family} tail")


def compare_subsets(ledger, file, path, data, method):
    tree = at(load(file), path)
    k = len(data)
    members = ((np.arange(1, 2**k)[:, None] >> np.arange(k)) & 1).astype(bool)
    y = np.where(members, data["effect"].to_numpy(), np.nan)
    v = np.where(members, data["variance"].to_numpy(), np.nan)
    ours = quiet(pool_many, y, v, method)
    one = ours.k == 1
    found = {
        "I2": np.where(one, 0.0, ours.i2),
        "H2": np.where(one, 1.0, ours.q / np.maximum(ours.q_df, 1.0)),  # gosh's H2 is Q / df
        "tau2": np.where(one, 0.0, ours.tau2),
        "QE": ours.q,
        "estimate": ours.estimate,
    }
    scales = {
        "I2": 1.0,
        "H2": 0.1,
        "tau2": 1e-2 * float(np.median(data["variance"])),
        "QE": 0.1,
        "estimate": 0.1,
    }
    for name, values in found.items():
        if method == "FE" and name == "tau2":
            continue
        scale = scales[name] * (float(np.abs(values).max()) if name == "estimate" else 1.0)
        ledger.check(file, f"{path}.{name}.mean", values.mean(), "subsets", scale)
        ledger.check(file, f"{path}.{name}.sd", values.std(ddof=1), "subsets", scale)
        probs = tree[name]["quantile_probs"]
        ledger.check(file, f"{path}.{name}.quantiles", np.quantile(values, probs), "subsets", scale)
    for size, block in tree["by_k"].items():
        own = ours.k == int(size)
        estimates = ours.estimate[own]
        for key, value in (
            ("n", own.sum()),
            ("mean_est", estimates.mean()),
            ("min_est", estimates.min()),
            ("max_est", estimates.max()),
        ):
            ledger.check(file, f"{path}.by_k.{size}.{key}", value, "subsets", ours.se[own].mean())
        if int(size) > 1 and "mean_I2" in block:
            ledger.check(file, f"{path}.by_k.{size}.mean_I2", ours.i2[own].mean(), "subsets", 0.1)
    if "subsets_incl" in tree:
        codes = {tuple(np.flatnonzero(row) + 1): i for i, row in enumerate(members)}
        place = [
            codes[tuple(one_) if isinstance(one_, list) else (one_,)]
            for one_ in tree["subsets_incl"]
        ]
        ledger.check(
            file, f"{path}.subsets_estimate", ours.estimate[place], "subsets", ours.se[place]
        )
        ledger.check(file, f"{path}.subsets_I2", found["I2"][place], "subsets", 0.1)


def compare_regression(ledger, file, path, data, rows):
    tree = at(load(file), path)
    x = np.array(tree["X"], dtype=float)
    if len(x) < len(data):  # R leaves rows with a missing moderator out
        used = [name for name in re.findall(r"\w+", tree["formula"]) if name in rows[0]]
        data = data[[all(row[name] is not None for name in used) for row in rows]]
    assert len(x) == len(data), path
    studies = Studies(
        data["effect"].to_numpy(), data["variance"].to_numpy(), tuple(str(i) for i in range(len(x)))
    )
    for name in tree:
        method, _, suffix = name.partition("_")
        if method not in METHODS:
            continue
        names = tuple("intercept" if one == "intrcpt" else one for one in tree[name]["coef"])
        m = quiet(pool_studies, studies, x, Design(names), method, CI[suffix], 0.95)
        compare_fit(ledger, file, f"{path}.{name}", m, "regression")
        if "influence" in tree[name]:
            compare_influence(ledger, file, f"{path}.{name}.influence", m)
