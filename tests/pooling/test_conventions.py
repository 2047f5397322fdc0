"""The columns of ``conventions`` against the programs themselves, where they could be run.

metafor 3.8 by the R references; statsmodels by running it here; PyMetaAnalysis by numbers obtained
by running it; metafor 5 by numbers printed in a public test; meta and RevMan by their definitions.
"""

import itertools
import json
import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.meta_analysis import (
    combine_effects,
    effectsize_2proportions,
    effectsize_smd,
)

import peer_evidence as pe
from peer_evidence.errors import DataWarning, InputError
from peer_evidence.pooling.programs import PROGRAMS, WORDS

from .ledger import FOLDER, load, table

# closed forms: 1e-10 relative; tau2 by a root: R and PyMetaAnalysis stop short of it
CLOSED, ROOT = 1e-10, 2e-7
COUNTS = ("ai", "n1i", "ci", "n2i")
R_NAMES = {"k": "k", "q": "QE", "tau2": "tau2", "i2": "I2", "estimate": "beta", "se": "se"}


def counts_of(name):
    rows = load(name)["input"]
    if name == "dat.bcg":
        rows = [
            {
                "ai": r["tpos"],
                "n1i": r["tpos"] + r["tneg"],
                "ci": r["cpos"],
                "n2i": r["cpos"] + r["cneg"],
            }
            for r in rows
        ]
    return table(rows, COUNTS)


def means_of():
    names = {"m": "mean", "sd": "sd", "n": "n"}
    arms = {"1i": "intervention", "2i": "comparison"}
    renamed = {
        f"{short}{arm}": f"{long}_{of}"
        for (short, long), (arm, of) in itertools.product(names.items(), arms.items())
    }
    return pd.DataFrame(load("dat.normand1999")["input"]).rename(columns=renamed)


def data_of(case):
    name, measure = case.split()
    if measure == "effects":
        e = load(name)["escalc"]["RR"]
        return pd.DataFrame({"effect": e["yi"], "variance": e["vi"]}), None
    return (means_of() if name == "dat.normand1999" else counts_of(name)), measure


def column(case, program, **options):
    data, measure = data_of(case)
    return pe.conventions(data, measure, **options).to_frame()[program]


TABLES = [f"{n} {m}" for n in ("dat.bcg", "dat.nielweise2007") for m in ("OR", "RR", "RD")]
MEANS = ["dat.normand1999 SMD", "dat.normand1999 MD"]


@pytest.mark.parametrize("case", [*TABLES, *MEANS])
def test_metafor_3_8_agrees_with_its_reference_numbers(case):
    name, measure = case.split()
    models = load(name)["analysis"][measure]["models"]
    ours = column(case, "metafor 3.8")
    reml = models["REML"]
    scale = 1e-3 * reml["vt"]  # below a thousandth of the typical variance R's threshold rules
    for quantity, key in R_NAMES.items():
        expected = np.ravel(reml[key])[0]
        floor = scale if quantity == "tau2" else 0.1 if quantity == "i2" else 0.0
        assert ours[quantity] == pytest.approx(expected, rel=ROOT, abs=ROOT * floor), quantity
    limits = [reml["ci_lb"][0], reml["ci_ub"][0]]
    assert ours[["ci_low", "ci_high"]].tolist() == pytest.approx(limits, rel=ROOT)
    default = reml["predict"]["default"]
    expected = [np.ravel(default["pi.lb"])[0], np.ravel(default["pi.ub"])[0]]
    assert ours[["pi_low", "pi_high"]].tolist() == pytest.approx(expected, rel=1e-6)
    assert ours["tau2_dl"] == pytest.approx(models["DL"]["tau2"], rel=CLOSED, abs=1e-15)


@pytest.mark.parametrize("case", TABLES)
def test_metafor_3_8_pools_tables_as_rma_mh(case):
    name, measure = case.split()
    expected = load(name)["mh"][measure]
    ours = column(case, "metafor 3.8")
    for quantity, key in (
        *(("mh_estimate", "beta"), ("mh_se", "se")),
        *(("mh_ci_low", "ci_lb"), ("mh_ci_high", "ci_ub")),
    ):
        assert ours[quantity] == pytest.approx(expected[key], rel=CLOSED), quantity


def test_metafor_5_agrees_with_numbers_printed_in_a_public_test():
    # metafor 5.0.1 under R 4.6.0: escalc("RR", dat.bcg); rma(method="REML"). Its default threshold
    # stops 6e-8 short of the root
    ours = column("dat.bcg RR", "metafor 5")
    expected = [0.313243325981, -0.714532348365, -1.066897675740, -0.362167020990]
    found = ours[["tau2", "estimate", "ci_low", "ci_high"]].tolist()
    assert found == pytest.approx(expected, rel=3e-7)


@pytest.mark.parametrize("case", json.loads((FOLDER / "pymetaanalysis.json").read_text())["cases"])
def test_pymetaanalysis_agrees_with_its_own_numbers(case):
    expected = load("pymetaanalysis")["cases"][case]
    ours = column(case, "PyMetaAnalysis")
    for quantity, value in expected.items():
        floor = 1e-6 if quantity in ("tau2", "i2") else 1e-12
        assert ours[quantity] == pytest.approx(value, rel=ROOT, abs=floor * ROOT), quantity


def statsmodels_effects(case):
    data, measure = data_of(case)
    names = ("intervention", "comparison")
    if measure is None:
        return data["effect"].to_numpy(), data["variance"].to_numpy()
    if measure == "SMD":
        columns = [
            data[f"{of}_{arm}"].to_numpy(float) for arm in names for of in ("mean", "sd", "n")
        ]
        return effectsize_smd(*columns)
    columns = [data[f"{of}_{arm}"].to_numpy(float) for arm in names for of in ("events", "n")]
    statistic = {"OR": "odds-ratio", "RR": "risk-ratio", "RD": "diff"}[measure]
    return effectsize_2proportions(*columns, statistic)


@pytest.mark.parametrize("method", ["PM", "DL"])
@pytest.mark.parametrize(
    "case", ["dat.bcg OR", "dat.bcg RR", "dat.bcg RD", "dat.bcg effects", "dat.normand1999 SMD"]
)
def test_statsmodels_agrees_with_a_run_of_it(case, method):
    y, v = statsmodels_effects(case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        # its Paule-Mandel stops at 1e-5 absolute unless told otherwise
        tight = {"atol": 1e-11} if method == "PM" else {}
        theirs = combine_effects(y, v, method_re=method.lower(), **tight)
        limits = theirs.conf_int()[1]
    ours = column(case, "statsmodels", method=method)
    found = [ours[name] for name in ("q", "tau2", "i2", "estimate", "se", "ci_low", "ci_high")]
    expected = [
        *(theirs.q, theirs.tau2, 100 * theirs.i2, theirs.mean_effect_re, theirs.sd_eff_w_re),
        *limits,
    ]
    assert found == pytest.approx(expected, rel=1e-8)


def test_statsmodels_leaves_a_negative_tau2_and_i2_where_others_set_0():
    data = pd.DataFrame({"effect": [0.0, 0.5, 0.2, -0.2], "variance": [0.2, 0.25, 0.2, 0.22]})
    theirs = combine_effects(data["effect"].to_numpy(), data["variance"].to_numpy(), method_re="dl")
    c = pe.conventions(data, method="DL")
    ours = c.to_frame()["statsmodels"]
    assert theirs.tau2 < 0
    assert theirs.i2 < 0
    found = [ours["tau2"], ours["i2"], ours["estimate"]]
    assert found == pytest.approx([theirs.tau2, 100 * theirs.i2, theirs.mean_effect_re], rel=1e-10)
    assert c.to_frame().loc["tau2", "metafor 3.8"] == 0
    assert "Negative tau² of DerSimonian and Laird: set to 0 (peer_evidence" in c.summary()
    assert "left as it is (statsmodels)" in c.to_frame().loc["estimate", "cause"]


@pytest.mark.parametrize("measure", ["OR", "RR"])
def test_statsmodels_pools_tables_as_its_stratified_table(measure):
    data = counts_of("dat.nielweise2007")
    a, n1, c, n2 = data.to_numpy(float).T
    tables = [np.array([[w, x - w], [y, z - y]]) for w, x, y, z in zip(a, n1, c, n2, strict=True)]
    theirs = sm.stats.StratifiedTable(tables)
    ours = column(f"dat.nielweise2007 {measure}", "statsmodels")
    expected = theirs.logodds_pooled if measure == "OR" else np.log(theirs.riskratio_pooled)
    assert ours["mh_estimate"] == pytest.approx(expected, rel=CLOSED)
    if measure == "OR":
        assert ours["mh_se"] == pytest.approx(theirs.logodds_pooled_se, rel=CLOSED)
    else:
        assert np.isnan(ours["mh_se"])  # its pooled risk ratio has no standard error


def test_statsmodels_gives_no_effect_for_a_zero_cell_and_the_summary_says_so():
    data = counts_of("dat.nielweise2007")
    with np.errstate(all="ignore"):
        y, _ = statsmodels_effects("dat.nielweise2007 OR")
    assert not np.isfinite(y).all()
    c = pe.conventions(data, "OR")
    assert c.to_frame().loc["estimate", ["RevMan", "statsmodels"]].isna().all()
    assert c.summary().splitlines()[-2:] == [
        "No pooled effect in RevMan: its rule for zero cells could not be verified.",
        "No pooled effect in statsmodels: it adds nothing to tables with a zero, whose effects are "
        "then not finite.",
    ]


def test_meta_and_revman_keep_their_definitions():
    """Definitions written out once more, by hand, on the tables with zeros."""
    data = counts_of("dat.nielweise2007")
    a, n1, c, n2 = data.to_numpy(float).T
    kept = a + c > 0
    a, n1, c, n2 = (cell[kept] for cell in (a, n1, c, n2))
    h = np.where((a == 0) | (c == 0), 0.5, 0.0)
    y = np.log((a + h) / (n1 + h)) - np.log((c + h) / (n2 + h))
    v = 1 / (a + h) - 1 / (n1 + h) + 1 / (c + h) - 1 / (n2 + h)
    m = pe.meta_analysis(pd.DataFrame({"effect": y, "variance": v}))
    meta8 = column("dat.nielweise2007 RR", "meta 8")
    assert (meta8["estimate"], meta8["tau2"]) == pytest.approx((m.estimate, m.tau2), rel=1e-10)
    assert meta8["i2"] == m.i2_q == 0
    limits = m.predict(pi="t")
    assert meta8["pi_high"] == pytest.approx(limits["pi_high"][0], rel=1e-10)
    # Mantel-Haenszel with 1/2 in all four cells: RevMan's and meta's default
    r = ((a + h) * (n2 + 2 * h) / (n1 + n2 + 4 * h)).sum()
    s = ((c + h) * (n1 + 2 * h) / (n1 + n2 + 4 * h)).sum()
    for program in ("meta 8", "RevMan 5", "RevMan"):
        ours = column("dat.nielweise2007 RR", program)
        assert ours["mh_estimate"] == pytest.approx(np.log(r / s), rel=1e-12)
    dl = pe.meta_analysis(pe.effect_sizes(data[kept], "RR"), method="DL")
    revman5 = column("dat.nielweise2007 RR", "RevMan 5")
    assert revman5["estimate"] == pytest.approx(dl.estimate, rel=1e-12)
    assert np.isnan(revman5["pi_low"])


def test_meta_has_the_exact_j_with_the_unbiased_variance():
    with pytest.warns(DataWarning, match="beyond 2"):
        g = pe.effect_sizes(means_of(), "SMD", vtype="UB")
    m = pe.meta_analysis(g)
    ours = column("dat.normand1999 SMD", "meta 8")
    assert (ours["estimate"], ours["q"]) == pytest.approx((m.estimate, m.q), rel=1e-9)
    assert ours["i2"] == pytest.approx(m.i2_q, rel=1e-12)


def test_what_could_not_be_verified_is_missing_and_said():
    c = pe.conventions(means_of(), "SMD")
    frame = c.to_frame()
    assert frame["RevMan"].isna().all()
    assert "No pooled effect in RevMan: its formula of Hedges' g could not be verified." in str(c)
    assert np.isnan(column("dat.bcg effects", "RevMan")["pi_low"])
    definitions = c.definitions()
    assert definitions.loc["prediction", "RevMan"] == "not verified"
    assert "degrees of freedom" in c.sources().loc["RevMan", "not_verified"]


def test_every_program_has_a_source_and_every_code_has_words():
    for one in PROGRAMS:
        assert one.source
        for aspect in ("estimator", "i2", "prediction", "smd", "tau2_dl"):
            code = getattr(one, aspect)
            assert code is None or code in WORDS[aspect], (one.name, aspect)
            assert code is not None or one.not_verified
        for aspect in ("zero", "double", "mh"):
            rules = getattr(one, aspect)
            assert set(rules) == {"OR", "RR", "RD"}
            assert set(rules.values()) - {None} <= set(WORDS[aspect])
            assert None not in rules.values() or one.not_verified


def test_causes_name_only_the_rules_at_work():
    c = pe.conventions(counts_of("dat.bcg"), "RR")
    heads = [line.split(":")[0] for line in c.summary().splitlines()[1:]]
    assert heads == ["Estimator of tau²", "Definition of I²", "Prediction interval"]
    assert c.to_frame().loc["q", "cause"] == ""
    assert "Zero cells" not in c.summary()
    same = pe.conventions(counts_of("dat.bcg"), "RR", method="DL").to_frame()
    assert not same.loc[["tau2", "i2", "estimate", "ci_low"], "differs"].any()
    assert same.loc["pi_low", "differs"]


def test_every_difference_has_a_cause():
    cases = [*TABLES, *MEANS, "dat.bcg effects"]
    for case, method in itertools.product(cases, (None, "DL", "REML", "PM", "SJ")):
        data, measure = data_of(case)
        frame = pe.conventions(data, measure, method=method).to_frame()
        assert (frame["differs"] == (frame["cause"] != "")).all(), (case, method)


def test_the_answer_comes_first():
    c = pe.conventions(counts_of("dat.bcg"), "RR")
    assert c.differing == int(c.to_frame()["differs"].sum())
    first = c.summary().splitlines()[0]
    assert first.startswith(f"{c.differing} of 15 numbers differ between the programs, 13 studies;")
    alike = pd.DataFrame({"effect": [0.1, 0.5], "variance": [0.1, 0.1]})
    assert "number" in pe.conventions(alike).summary().splitlines()[0]
    assert "<table>" in c._repr_html_()


def test_refusals_say_what_is_allowed():
    one = pd.DataFrame({"effect": [0.1], "variance": [0.1]})
    with pytest.raises(
        InputError, match=r"^data: found 1 study, allowed are at least two to compare$"
    ):
        pe.conventions(one)
    with pytest.raises(InputError, match=r"^measure: found 'IRR', allowed are 'OR', 'RR', 'RD'"):
        pe.conventions(one, "IRR")
    with pytest.raises(InputError, match=r"^method: found 'FE', allowed are 'DL'"):
        pe.conventions(one, method="FE")
    data = means_of().astype({"sd_comparison": float})
    data.loc[1, "sd_comparison"] = -1.0
    with pytest.raises(InputError, match=r"row 1: sd_comparison: found -1, allowed is a finite"):
        pe.conventions(data, "MD")
    with pytest.raises(InputError, match="no column 'effect'"):
        pe.conventions(counts_of("dat.bcg"))


def test_rows_without_numbers_are_left_out_and_counted():
    data = means_of()
    data.loc[2, "sd_comparison"] = np.nan
    c = pe.conventions(data, "MD")
    assert (c.k, c.left_out) == (8, 1)
    assert c.summary().splitlines()[-1] == "Rows without the numbers needed, left out: 1."


def test_all_events_in_both_arms_stay_in_meta_and_leave_in_revman():
    data = table([{"a": 5, "n": 5, "c": 4, "m": 4}, {"a": 3, "n": 9, "c": 2, "m": 8},
                  {"a": 4, "n": 10, "c": 5, "m": 9}], ("a", "n", "c", "m"))  # fmt: skip
    frame = pe.conventions(data, "RR").to_frame()
    assert frame.loc["k", ["meta 8", "RevMan 5", "metafor 3.8"]].tolist() == [3, 2, 3]


def test_statsmodels_zero_correction_reaches_samples_without_a_zero():
    # documented: added "if the sample has any zeros"; in 0.15.0 the events of all samples get it
    counts = [np.array(x, dtype=float) for x in ([4, 0], [10, 10], [5, 3], [10, 10])]
    y, _ = effectsize_2proportions(*counts, "odds-ratio", zero_correction=0.5)
    untouched = np.log(4 / 6) - np.log(5 / 5)
    added_to_events_alone = np.log(4.5 / 5.5) - np.log(5.5 / 4.5)
    assert y[0] == pytest.approx(added_to_events_alone, rel=1e-12)
    assert y[0] != pytest.approx(untouched, rel=1e-3)
