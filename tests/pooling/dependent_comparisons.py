"""Comparisons of models of dependent effects with R: rma.mv, clubSandwich, robumeta.

A model is compared twice: its variances as they are estimated here, and every other number given
R's own variances, so that what R's optimiser leaves undone does not hide a difference.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

import peer_evidence as pe
from peer_evidence.pooling.dependent import make_model, predict_frame, unlabel, wald_test
from peer_evidence.pooling.laws import chi2_tail, f_tail
from peer_evidence.pooling.robust import robust

from .ledger import at, load, quiet

KONST, BERKEY, CORR = "dat.konstantopoulos2011", "dat.berkey1998", "robumeta_corrdat"

# family -> (tolerance, why)
TOLERANCES = {
    "polished": (1e-10, "R's values solved to 1e-15 by scoring (3e-13 seen)"),
    "information": (1e-10, "the same, for the standard errors of the variances"),
    "optimiser": (1e-5, "R's optimisers stop early: digit 6 or 7 of a variance, see the README"),
    "sharp": (2e-7, "the same where R's optimisers stop later (1.3e-7 seen)"),
    "given": (
        1e-11,
        "everything else, given R's own variances: the order of additions (8e-14 seen)",
    ),
    "given tail": (1e-10, "the same, as a tail area"),
    "ranef": (1e-7, "R's predictions come of another stop of its optimiser, see the last test"),
    "likelihood": (1e-9, "a log-likelihood is flat at its top: R's early stop costs the square"),
    "profile": (1e-5, "R's uniroot finds the ends of profile intervals to about 1e-6"),
    "robumeta": (1e-10, "closed forms; robumeta solves uncentred normal equations (4e-13 seen)"),
    "two-level": (1e-9, "tau2 by a root: R stops at 1e-9 to 1e-14 of the median variance"),
}

# pattern of the leaf's path -> why it is not compared
EXCLUDED = {
    r"\.(k|p|N|M)$": "counts",
    r"\.optimiser_spread|\.max_abs_score|\.last_step|\.iterations": "how R's own ascent went",
    r"Wald_CR2_all_moderators#3": "EDT: a test that is not offered",
    r"Wald_CR2_all_moderators#[012]\.(delta|df_num)$": "part of the statistic, and its count",
}


def rows_of(file):
    names = {"yi": "effect", "vi": "variance", "effectsize": "effect", "var": "variance"}
    data = pd.DataFrame(load(file)["input"]).rename(columns=names)
    data["row"] = np.arange(len(data))
    return data


def at_theta(m, theta):
    """Give the same model with R's variances in the place of its own."""
    theta = np.asarray(theta, dtype=float)
    f = m.fitted
    beta, covariance = unlabel(f.problem, f.problem.fit(theta))
    model = make_model(beta, covariance, f.model.df, m.level)
    return replace(m, fitted=replace(f, theta=theta, model=model))


def compare_model(ledger, file, path, m):
    """Compare coefficients, tests, likelihoods and Q of a block of rma.mv."""
    f = m.fitted
    model = f.model
    for key, values, scale in (
        ("beta", model.beta, model.se),
        ("se", model.se, 0.0),
        ("stat", model.statistic, 1.0),
        ("ci_lb", model.ci_low, model.se),
        ("ci_ub", model.ci_high, model.se),
        ("vb", model.covariance, model.se**2),
        ("ddf", model.df, 0.0),
    ):
        ledger.check(file, f"{path}.{key}", values, "given", scale)
    ledger.check(file, f"{path}.pval", model.p_value, "given tail")
    ledger.check(file, f"{path}.QE", m.q, "given")
    ledger.check(file, f"{path}.QEp", m.q_p_value, "given tail")
    start = int(f.names[0] == "intercept" and len(f.names) > 1)
    statistic, df, df2, p = wald_test(model, slice(start, None))
    ledger.check(file, f"{path}.QM", statistic, "given")
    ledger.check(file, f"{path}.QM_df", [df, df2], "given")
    ledger.check(file, f"{path}.QMp", p, "given tail")
    table = m.fit_statistics()
    for method in ("ML", "REML"):
        for key, column in (
            *(("ll", "log_likelihood"), ("dev", "deviance"), ("AIC", "aic")),
            *(("BIC", "bic"), ("AICc", "aicc")),
        ):
            ledger.check(file, f"{path}.fit.{method}.{key}", table.loc[method, column], "given")


def compare_polished(ledger, file, path, m, theta):
    f = m.fitted
    ledger.check(file, f"{path}.theta", theta, "polished")
    ledger.check(file, f"{path}.beta", f.model.beta, "polished", f.model.se)
    ledger.check(file, f"{path}.se", f.model.se, "polished")
    ledger.check(file, f"{path}.vb", f.model.covariance, "polished", f.model.se**2)
    ledger.check(file, f"{path}.ll", m.log_likelihood, "polished", 1.0)


def compare_robust(ledger, file, path, m, clusters, family="given"):
    """Compare a block of clubSandwich and of metafor's robust."""
    tree = at(load(file), path)
    for name in ("CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3"):
        r = quiet(robust, m, cluster=clusters, estimator=name)
        model, own = r.model, f"{path}.{name}"
        for key, values, scale in (
            ("SE", model.se, 0.0),
            ("tstat", model.statistic, 1.0),
            ("df_satt", model.df, 0.0),
            ("ci_lb", model.ci_low, model.se),
            ("ci_ub", model.ci_high, model.se),
            ("vcov", model.covariance, model.se.min() ** 2),
        ):
            ledger.check(file, f"{own}.{key}", values, family, scale)
        ledger.check(file, f"{own}.p_satt", model.p_value, family)
        for key, test in (("p_z", "z"), ("p_naive_t", "t")):
            other = quiet(robust, m, cluster=clusters, estimator=name, test=test)
            ledger.check(file, f"{own}.{key}", other.model.p_value, family)
    for key, name in (("robust_noadjust", "CR0"), ("robust_adjust", "CR1p")):
        r = quiet(robust, m, cluster=clusters, estimator=name, test="t-residual")
        model, own = r.model, f"{path}.{key}"
        for leaf, values, scale in (
            ("beta", model.beta, model.se),
            ("se", model.se, 0.0),
            ("stat", model.statistic, 1.0),
            ("dfs", model.df[:1], 0.0),
            ("pval", model.p_value, 0.0),
            ("ci_lb", model.ci_low, model.se),
            ("ci_ub", model.ci_high, model.se),
        ):
            ledger.check(file, f"{own}.{leaf}", values, family, scale)
        start = int(r.names[0] == "intercept" and len(r.names) > 1)
        statistic, df, df2, p = wald_test(model, slice(start, None))
        ledger.check(file, f"{own}.QM", statistic, family)
        ledger.check(file, f"{own}.QM_df", [df, df2], family)
        ledger.check(file, f"{own}.QMp", p, family)
    if "Wald_CR2_all_moderators" in tree:
        compare_wald(ledger, file, path, m, clusters)


def compare_wald(ledger, file, path, m, clusters):
    tests = at(load(file), f"{path}.Wald_CR2_all_moderators")
    r = quiet(robust, m, cluster=clusters)
    own = r.wald().iloc[0]
    q = int(own["df1"])
    beta, covariance = r.model.beta[-q:], r.model.covariance[-q:, -q:]
    plain = float(beta @ np.linalg.solve(covariance, beta)) / q
    naive = r.clusters - 1.0
    for place, (name, values) in enumerate(
        {
            "chi-sq": {"Fstat": plain, "p_val": float(chi2_tail(plain * q, q))},
            "Naive-F": {
                "Fstat": plain,
                "df_denom": naive,
                "p_val": f_tail(plain, float(q), naive),
            },
            "HTZ": {
                "Fstat": own["statistic"],
                "df_denom": own["df2"],
                "p_val": own["p_value"],
            },
        }.items()
    ):
        assert tests[place]["test"] == name
        for key, value in values.items():
            inner = f"{path}.Wald_CR2_all_moderators#{place}.{key}"
            ledger._add(file, inner, tests[place][key], value, "given", 0.0)


def compare_three_level(ledger):
    data = rows_of(KONST)
    data["year_c"] = data["year"] - data["year"].mean()
    levels = ["district", "school"]
    for method in ("REML", "ML"):
        path = f"three_level.{method}"
        tree = at(load(KONST), path)
        m = quiet(pe.multilevel, data, levels=levels, method=method)
        given = at_theta(m, tree["sigma2"])
        ledger.check(KONST, f"{path}.sigma2", m.sigma2, "sharp")
        compare_model(ledger, KONST, path, given)
        compare_polished(ledger, KONST, f"{path}.polished", m, m.sigma2)
        ledger.check(KONST, f"{path}.polished.se_theta_expected_info", m.sigma2_se, "information")
        for name, ci in (("t_contain", "t-contain"), ("t_residual", "t")):
            t = quiet(pe.multilevel, data, levels=levels, method=method, ci=ci)
            compare_model(ledger, KONST, f"{path}.{name}", at_theta(t, tree["sigma2"]))
            ledger.check(KONST, f"{path}.{name}.sigma2", t.sigma2, "sharp")
        compare_robust(ledger, KONST, f"{path}.robust_district", given, "district")
        compare_heterogeneity(ledger, path, m, given)
        y = quiet(pe.multilevel, data, levels=levels, method=method, moderators="year_c")
        own = at_theta(y, tree["mods_year_centred"]["sigma2"])
        ledger.check(KONST, f"{path}.mods_year_centred.sigma2", y.sigma2, "sharp")
        compare_model(ledger, KONST, f"{path}.mods_year_centred", own)
        compare_robust(ledger, KONST, f"{path}.mods_year_robust", own, "district")
        compare_polished(ledger, KONST, f"{path}.mods_year_centred_polished", y, y.sigma2)
        ledger.check(
            *(KONST, f"{path}.mods_year_centred_polished.se_theta_expected_info"),
            *(y.sigma2_se, "information"),
        )
        compare_compound(ledger, path, data, method)
    compare_predictions(ledger, data)


def compare_heterogeneity(ledger, path, m, given):
    total = sum(m.sigma2)
    ledger.check(KONST, f"{path}.ICC", m.sigma2[0] / total, "sharp")
    ledger.check(KONST, f"{path}.I2_total", m.i2, "sharp")
    ledger.check(KONST, f"{path}.I2_levels", m.i2_levels, "sharp")
    table = m.variance_components()
    for place, (_, row) in enumerate(table.iterrows(), 1):
        own = f"{path}.confint_profile"
        for key, column in (("estimate", "sigma2"), ("ci_lb", "ci_low"), ("ci_ub", "ci_high")):
            ledger.check(KONST, f"{own}.sigma^2.{place}.{key}", row[column], "profile")
            ledger.check(KONST, f"{own}.sigma.{place}.{key}", row[column] ** 0.5, "profile")
    f = given.fitted
    ahead = predict_frame(f, np.ones((1, 1)), np.array(f.theta.sum()), 0.95)
    for key, column in (
        *(("pred", "estimate"), ("se", "se"), ("ci.lb", "ci_low"), ("ci.ub", "ci_high")),
        *(("pi.lb", "pi_low"), ("pi.ub", "pi_high")),
    ):
        ledger.check(KONST, f"{path}.predict.{key}", ahead[column], "given", f.model.se[0])
    for level in m.levels:
        tested = m.level_test(level).iloc[0]
        ledger.check(KONST, f"{path}.LRT_drop_{level}.LRT", tested["lrt"], "likelihood")
        ledger.check(KONST, f"{path}.LRT_drop_{level}.p", tested["p_value"], "likelihood")


def compare_compound(ledger, path, data, method):
    """Compare the same model written as one correlation within districts."""
    m = quiet(
        *(pe.multivariate, data),
        outcome="school",
        study="district",
        structure="CS",
        means="common",
        method=method,
    )
    own = f"{path}.CS_parameterisation"
    tree = at(load(KONST), own)
    ledger.check(KONST, f"{own}.tau2", m.tau2[:1], "sharp")
    ledger.check(KONST, f"{own}.rho", [m.correlation(*m.outcomes[:2])], "sharp")
    psi = np.array([tree["tau2"][0], tree["rho"][0]])
    compare_model(ledger, KONST, own, at_theta(m, m.parameters.map(psi).theta))
    table = m.variance_intervals()
    for name, label in (("tau^2", "tau2"), ("rho", "rho")):
        for key, column in (
            *(("estimate", "estimate"), ("ci_lb", "ci_low"), ("ci_ub", "ci_high")),
        ):
            value = table.loc[label, column]
            ledger.check(KONST, f"{path}.CS_confint.{name}.{key}", value, "profile")
            if name == "tau^2":
                ledger.check(KONST, f"{path}.CS_confint.tau.{key}", value**0.5, "profile")


def compare_predictions(ledger, data):
    m = quiet(pe.multilevel, data, levels=["district", "school"])
    given = at_theta(m, at(load(KONST), "three_level.REML.sigma2"))
    for level, name in (("district", "district"), ("school", "district/school")):
        table = given.ranef(level)
        for key, column in (
            *(("intrcpt", "effect"), ("se", "se"), ("pi.lb", "pi_low"), ("pi.ub", "pi_high")),
        ):
            ledger.check(KONST, f"ranef_REML.{name}.{key}", table[column], "ranef", table["se"])
    for name, method in (("two_level_robust", "REML"), ("FE_robust", "FE")):
        one = quiet(pe.meta_analysis, data, method=method)
        compare_robust(ledger, KONST, name, one, data["district"], "two-level")


def compare_multivariate(ledger):
    data = rows_of(BERKEY)
    data["year_c"] = data["year"] - 1983
    options = {"outcome": "outcome", "study": "trial", "covariance": np.array(load(BERKEY)["V"])}
    for method in ("REML", "ML"):
        for structure in ("UN", "CS", "HCS", "DIAG", "UN_year"):
            path = f"multivariate_{structure}_{method}"
            tree = load(BERKEY)[path]
            extra = {"moderators": "year_c"} if structure == "UN_year" else {}
            kind = structure.removesuffix("_year")
            m = quiet(pe.multivariate, data, structure=kind, method=method, **options, **extra)
            tau2, rho = m.tau2, m.correlation("AL", "PD")
            ledger.check(BERKEY, f"{path}.tau2", tau2[: len(tree["tau2"])], "optimiser")
            ledger.check(BERKEY, f"{path}.rho", [rho], "optimiser")
            a, b = (tree["tau2"] * 2)[:2]
            theta = [a, tree["rho"][0] * (a * b) ** 0.5, b]
            if kind == "DIAG":
                theta = [a, b]
            elif kind == "CS":
                theta = theta[:2]
            compare_model(ledger, BERKEY, path, at_theta(m, theta))
            if structure == "UN":
                order = [tau2[0], tau2[1], m.between[0, 1]]
                compare_polished(ledger, BERKEY, f"{path}.polished", m, order)
                value = m.fitted.problem.evaluate(m.fitted.theta, method)
                se = np.sqrt(np.diag(np.linalg.inv(value.expected)))[[0, 2, 1]]
                own = f"{path}.polished.se_theta_expected_info"
                ledger.check(BERKEY, own, se, "information")
    m = quiet(pe.multivariate, data, structure="FE", **options)
    compare_model(ledger, BERKEY, "multivariate_FE", m)
    m = quiet(pe.multivariate, data, **options)
    tree = load(BERKEY)["multivariate_UN_REML"]
    a, b = tree["tau2"]
    given = at_theta(m, [a, tree["rho"][0] * (a * b) ** 0.5, b])
    compare_robust(ledger, BERKEY, "robust_trial", given, "trial")
    row = given.contrast({"AL": 1, "PD": -1}).iloc[0]
    for key, value in (
        ("est", row["estimate"]),
        ("se.X", row["se"]),
        ("QM", row["statistic"] ** 2),
        ("p", row["p_value"]),
    ):
        ledger.check(BERKEY, f"contrast_AL_minus_PD.{key}", value, "given")


def compare_robumeta(ledger):
    data = rows_of(CORR)
    moderators = ["males", "college", "binge", "followup"]
    for name, tree in load(CORR)["robu"].items():
        m = quiet(
            *(pe.rve, data),
            cluster="studyid",
            rho=float(name.split("_")[3]),
            small_sample=name.endswith("_small"),
            moderators=moderators if name.startswith("mods") else None,
        )
        model = m.robust.model
        assert (m.clusters, m.k) == (tree["N"], tree["M"])
        for key, values, scale in (
            ("b", model.beta, model.se),
            ("SE", model.se, 0.0),
            ("t", model.statistic, 1.0),
            ("dfs", model.df, 0.0),
            ("p", model.p_value, 0.0),
            ("ci_lb", model.ci_low, model.se),
            ("ci_ub", model.ci_high, model.se),
            ("tau2", m.tau2, 0.0),
            ("I2", m.i2, 0.0),
        ):
            ledger.check(CORR, f"robu.{name}.{key}", values, "robumeta", scale)
    v = pe.covariance(data, cluster="studyid", rho=0.8)
    for path, known in (("rma_mv_CHE_rho08", v), ("rma_mv_three_level", None)):
        m = quiet(pe.multilevel, data, levels=["studyid", "row"], covariance=known)
        given = at_theta(m, load(CORR)[path]["sigma2"])
        ledger.check(CORR, f"{path}.sigma2", m.sigma2, "sharp")
        compare_model(ledger, CORR, path, given)
        compare_robust(ledger, CORR, f"{path}_robust", given, "studyid")
    compare_polished(ledger, CORR, "rma_mv_three_level.polished", m, m.sigma2)
    own = "rma_mv_three_level.polished.se_theta_expected_info"
    ledger.check(CORR, own, m.sigma2_se, "information")


def compare_huber_white(ledger):
    data = rows_of("dat.raudenbush1985")
    for method in load("dat.raudenbush1985")["huber_white_no_adjust"]:
        m = quiet(pe.meta_analysis, data, method=method)
        r = quiet(robust, m, cluster=data["row"], estimator="CR0", test="t-residual")
        path = f"huber_white_no_adjust.{method}"
        for key, value, scale in (
            ("se", r.se, 0.0),
            ("t", r.statistic, 1.0),
            ("ci_lb", r.ci_low, r.se),
            ("ci_ub", r.ci_high, r.se),
        ):
            ledger.check("dat.raudenbush1985", f"{path}.{key}", value, "two-level", scale)
