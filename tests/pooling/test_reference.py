"""Every number of the R references that this package can produce, against its own.

The ledger walks all files of ``tests/reference``: each numeric leaf is either compared here or
excluded by a rule that says why. A rule that excludes nothing, and a leaf that neither is compared
nor excluded, fail the guard at the end; the count of comparisons may not shrink.
"""

import numpy as np
import pandas as pd
import pytest

from peer_evidence.pooling import counts
from peer_evidence.pooling.fixed_table import mantel_haenszel, peto
from peer_evidence.pooling.many import pool_many
from peer_evidence.pooling.model import meta_analysis
from peer_evidence.pooling.subgroups import subgroups
from peer_evidence.sensitivity.leave_one_out import leave_one_out
from peer_evidence.sensitivity.permutation import permutation_test

from .comparisons import ITERATIVE, compare_fit, compare_models, compare_sensitivity
from .ledger import (
    EXCLUDED,
    NAMES,
    TOLERANCES,
    Ledger,
    at,
    frame,
    load,
    quiet,
    table,
    tables_of,
)


def blocks():
    """Yield file, path and data of each analysis of effects and variances."""
    for file in NAMES:
        d = load(file)
        rows = d.get("input")
        for measure in d.get("analysis", {}):
            if "escalc" in d:
                e = (
                    d["escalc"]["MD_HO" if measure == "MD_HO_pooled_sd" else measure]
                    if (measure in d["escalc"] or measure == "MD_HO_pooled_sd")
                    else d["escalc"]
                )
                data = frame(e["yi"], e["vi"])
            elif "ai" in rows[0]:
                t = tables_of(rows, ("ai", "n1i", "ci", "n2i"))
                data = frame(*counts.study_effects(t, measure))
            else:
                data = frame([row["yi"] for row in rows], [row["vi"] for row in rows])
            yield file, f"analysis.{measure}", data, rows
        for outcome, block in d.get("outcomes", {}).items():
            for measure in block["analysis"]:
                e = block["escalc"][measure]
                yield file, f"outcomes.{outcome}.analysis.{measure}", frame(e["yi"], e["vi"]), rows
        for outcome in d.get("univariate", {}):
            own = [row for row in rows if row["outcome"] == outcome]
            data = frame([row["yi"] for row in own], [row["vi"] for row in own])
            yield file, f"univariate.{outcome}", data, own
        if "two_level" in d:
            yield file, "two_level", frame([r["yi"] for r in rows], [r["vi"] for r in rows]), rows


def compare_tables(ledger):
    def check(file, path, ours):
        for key, name in (
            *(("beta", "estimate"), ("se", "se"), ("zval", "statistic"), ("ci_lb", "ci_low")),
            *(("ci_ub", "ci_high"), ("QE", "q"), ("I2", "i2"), ("H2", "h2"), ("MH", "cmh")),
            *(("BD", "breslow_day"), ("TA", "tarone")),
        ):
            ledger.check(file, f"{path}.{key}", getattr(ours, name), "counts")
        for key, name in (
            *(("pval", "p_value"), ("QEp", "q_p_value"), ("MHp", "cmh_p_value")),
            *(("BDp", "breslow_day_p_value"), ("TAp", "tarone_p_value")),
        ):
            ledger.check(file, f"{path}.{key}", getattr(ours, name), "counts tail")
        assert ours.k_q == at(load(file), f"{path}.k_yi")

    def both(file, prefix, data):
        for name in at(load(file), f"{prefix}mh"):
            measure, _, variant = name.partition("_")
            if variant not in ("add_half_only0", "drop00"):
                ours = mantel_haenszel(data, measure, correct=variant != "nocorrect")
                check(file, f"{prefix}mh.{name}", ours)
        check(file, f"{prefix}peto", peto(data))

    for file in ("dat.egger2001", "dat.nielweise2007", "dat.yusuf1985"):
        data = table(load(file)["input"], ("ai", "n1i", "ci", "n2i"))
        both(file, "", data)
        ours = leave_one_out(mantel_haenszel(data))
        for key, name in (
            *(("estimate", "estimate"), ("se", "se"), ("zval", "statistic"), ("ci.lb", "ci_low")),
            *(("ci.ub", "ci_high"), ("Q", "q"), ("I2", "i2"), ("H2", "h2")),
        ):
            ledger.check(file, f"mh_leave1out_OR.{key}", getattr(ours, name), "counts", 1e-3)
        ledger.check(file, "mh_leave1out_OR.pval", ours.p_value, "counts tail")
        ledger.check(file, "mh_leave1out_OR.Qp", ours.q_p_value, "counts tail")
    bcg = [
        {"a": r["tpos"], "n1": r["tpos"] + r["tneg"], "c": r["cpos"], "n2": r["cpos"] + r["cneg"]}
        for r in load("dat.bcg")["input"]
    ]
    both("dat.bcg", "", table(bcg, ("a", "n1", "c", "n2")))
    for outcome, block in load("dat.collins1985b")["outcomes"].items():
        rows = [r for r in load("dat.collins1985b")["input"] if r["id"] in block["rows_used"]]
        both("dat.collins1985b", f"outcomes.{outcome}.", table(rows, block["columns"]))
    hart = table(load("dat.hart1999")["input"], ("x1i", "t1i", "x2i", "t2i"))
    hart.columns = [name.replace("n_", "time_") for name in hart.columns]
    check("dat.hart1999", "mh.IRR", mantel_haenszel(hart, "IRR"))


def compare_rest(ledger):
    d = load("dat.dorn2007")
    data = frame(d["escalc"]["yi"], d["escalc"]["vi"])
    for method in ("FE", "REML"):
        family = "iterative" if method in ITERATIVE else "closed"
        compare_fit(
            ledger, "dat.dorn2007", method, quiet(meta_analysis, data, method=method), family
        )
    d = load("misc_formulas")["borenstein2009_ch14"]
    data = frame([r["y"] for r in d["input"]], [r["v"] for r in d["input"]])
    for method in ("FE", "DL"):
        m = quiet(meta_analysis, data, method=method)
        compare_fit(ledger, "misc_formulas", f"borenstein2009_ch14.{method}", m, "closed")
    for name, block in load("dat.hart1999")["one_arm"].items():
        m = quiet(meta_analysis, frame(block["yi"], block["vi"]))
        compare_fit(ledger, "dat.hart1999", f"one_arm.{name}.REML", m, "default")
    compare_subgroups(ledger)
    compare_bangert(ledger)
    compare_permuted_rows(ledger)
    d = load("dat.raudenbush1985")
    rows = pd.DataFrame(d["input"]).rename(columns={"yi": "effect", "vi": "variance"})
    rows["weeks_c"] = rows["weeks"].clip(upper=3)
    m = quiet(meta_analysis, rows, moderators="weeks_c")
    ours = m.blup()
    for key, column in (("pred", "blup"), ("se", "se"), ("pi.lb", "pi_low"), ("pi.ub", "pi_high")):
        ledger.check("dat.raudenbush1985", f"blup_weeks_c3.{key}", ours[column], "blups", m.se)
    d = load("reml_failures")
    fits = pool_many(d["Y"], d["V"])
    assert fits.converged.all()
    ledger.check("reml_failures", "glob", fits.tau2, "failures")


def compare_subgroups(ledger):
    d = load("dat.bcg")
    data = pd.DataFrame(d["input"]).assign(
        effect=d["escalc"]["RR"]["yi"], variance=d["escalc"]["RR"]["vi"]
    )
    ours = quiet(subgroups, data, by="alloc")
    path = "subgroup_alloc.REML_separate_tau2"
    ledger.check("dat.bcg", f"{path}.Q_between", ours.q_between, "iterative")
    ledger.check("dat.bcg", f"{path}.df", ours.q_between_df, "closed")
    ledger.check("dat.bcg", f"{path}.p", ours.q_between_p_value, "iterative")
    for name, block in d["subgroup_alloc"]["groups"].items():
        for method in ("FE", "DL", "REML"):
            if method in block:
                m = quiet(subgroups, data, by="alloc", method=method)[name]
                family = "iterative" if method in ITERATIVE else "closed"
                compare_fit(ledger, "dat.bcg", f"subgroup_alloc.groups.{name}.{method}", m, family)


def compare_bangert(ledger):
    d = load("dat.bangertdrowns2004")
    rows = pd.DataFrame(d["input"]).rename(columns={"yi": "effect", "vi": "variance"})
    rows = rows.iloc[[i - 1 for i in d["metareg_full"]["rows_used"]]]
    names = ["length", "wic", "feedback", "info", "pers", "imag", "meta"]
    for name, ci in (("REML", "wald"), ("REML_knha", "hksj")):
        m = quiet(meta_analysis, rows, ci=ci, moderators=names)
        compare_fit(ledger, "dat.bangertdrowns2004", f"metareg_full.{name}", m, "regression")


def compare_permuted_rows(ledger):
    d = load("dat.bcg")
    data = pd.DataFrame(d["input"]).assign(
        effect=d["escalc"]["RR"]["yi"], variance=d["escalc"]["RR"]["vi"]
    )[:6]
    m = quiet(meta_analysis, data, method="DL", moderators="ablat")
    one_permutation(ledger, "dat.bcg", "permutest_metareg_exact", m)
    for outcome in ("PD", "AL"):
        rows = [r for r in load("dat.berkey1998")["input"] if r["outcome"] == outcome]
        data = pd.DataFrame(rows).rename(columns={"yi": "effect", "vi": "variance"})
        data["year"] -= 1983
        m = quiet(meta_analysis, data, method="DL", moderators="year")
        one_permutation(
            ledger, "dat.berkey1998", f"univariate.{outcome}.permutest_metareg_exact_DL", m
        )


def one_permutation(ledger, file, path, m):
    ours = permutation_test(m)
    assert ours.exact
    assert ours.permutations == at(load(file), f"{path}.n_perm")
    ledger.check(file, f"{path}.obs_stat", ours.statistic, "regression", 1.0)
    ledger.check(file, f"{path}.obs_QM", ours.qm, "regression")
    ledger.check(file, f"{path}.pval", ours.p_value, "permutation")
    ledger.check(file, f"{path}.QMp", ours.qm_p_value, "permutation")


@pytest.fixture(scope="module")
def ledger():
    book = Ledger()
    for file, path, data, rows in blocks():
        compare_models(book, file, path, data)
        compare_sensitivity(book, file, path, data, rows)
    compare_tables(book)
    compare_rest(book)
    return book


def test_every_number_agrees_within_the_tolerance_of_its_family(ledger):
    assert ledger.beyond(TOLERANCES) == {}


def test_no_number_is_left_out_by_accident(ledger):
    forgotten, unused = ledger.left_out(EXCLUDED)
    assert forgotten == []
    assert unused == set()


def test_the_comparisons_do_not_shrink(ledger):
    numbers = ledger.numbers()
    assert sum(numbers.values()) >= 150_000
    assert numbers["closed"] >= 53_000
    assert numbers["iterative"] >= 40_000
    assert numbers["regression"] >= 27_000
    assert numbers["profile"] >= 2_700
    assert numbers["permutation"] >= 27


def test_all_19_sets_on_which_metafor_stops_are_fitted_and_solved():
    d = load("reml_failures")
    y, v = np.array(d["Y"], dtype=np.longdouble), np.array(d["V"], dtype=np.longdouble)

    def score(t):
        w = 1 / (v + t[:, None])
        s = w.sum(axis=1)
        r = y - (w * y).sum(axis=1)[:, None] / s[:, None]
        return np.abs((w * w * r * r).sum(axis=1) - s + (w * w).sum(axis=1) / s) / s

    ours = pool_many(d["Y"], d["V"])
    assert ours.converged.all()
    assert score(ours.tau2.astype(np.longdouble)).max() < 1e-13
    assert score(np.array(d["glob"], dtype=np.longdouble)).max() > 1e-9
