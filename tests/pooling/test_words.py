"""What results say of ratios: on the scale that is read, with that of the analysis named."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import DependenceWarning

REFERENCE = Path(__file__).parents[1] / "reference" / "dat.bcg.json"
LOG_UNDER_A_RATIO = re.compile(r"\b(?:RR|OR|IRR|HR)\)? −")  # a ratio is never negative


@pytest.fixture(scope="module")
def bcg() -> pd.DataFrame:
    """The 13 trials of Colditz and others 1994, as metafor's escalc gives them."""
    held = json.loads(REFERENCE.read_text(encoding="utf-8"))["escalc"]["RR"]
    frame = pd.DataFrame({"effect": held["yi"], "variance": held["vi"], "measure": "RR"})
    half = np.where(np.arange(len(frame)) < 6, "early", "late")
    return frame.assign(year=np.arange(len(frame)), half=half)


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": list("abcd"),
            "events_intervention": [4, 6, 3, 62],
            "n_intervention": [123, 306, 231, 13598],
            "events_comparison": [11, 29, 11, 248],
            "n_comparison": [139, 303, 220, 12867],
            "better_is": "lower",
        }
    )


def test_bcg_says_the_ratio_of_metafor_and_the_logarithm_behind_it(bcg: pd.DataFrame) -> None:
    # metafor 3.8: b -0.7145 (-1.0669 to -0.3622), exp 0.4894 (0.3441 to 0.6962), pi 0.1546, 1.5490
    m = pe.meta_analysis(bcg)
    assert m.summary().splitlines() == [
        "Pooled RR 0.49 (95% CI 0.34 to 0.70, p < 0.001), 13 studies; log RR −0.71 "
        "(−1.07 to −0.36).",
        "Random-effects model, restricted maximum likelihood; normal (Wald) interval.",
        "95% prediction interval of the RR 0.15 to 1.55 (normal).",
        "Heterogeneity: tau² of log RR = 0.3132 (0.1197 to 1.1115), I² = 92.2% (81.9 to 97.7); "
        "Q = 152.23 on 12 df, p < 0.001.",
    ]
    assert m.estimate == pytest.approx(-0.7145, abs=1e-4)  # the fields stay on the log scale
    shown = m._repr_html_()
    assert shown.startswith("<p>Pooled RR 0.49 (95% CI 0.34 to 0.70")
    assert (
        "<caption>The numbers of the table are on the scale of the analysis, log RR.</caption>"
        in shown
    )


def test_an_unknown_measure_says_what_it_said(bcg: pd.DataFrame) -> None:
    m = pe.meta_analysis(bcg.drop(columns="measure"))
    assert m.headline() == "Pooled effect −0.71 (95% CI −1.07 to −0.36, p < 0.001), 13 studies."
    assert "<caption>" not in m._repr_html_()
    assert "95% prediction interval −1.87 to 0.44 (normal)." in m.summary()


def test_moderators(bcg: pd.DataFrame) -> None:
    said = pe.meta_analysis(bcg, moderators="year").summary().splitlines()
    assert re.match(r"RR where all moderators are 0: \d\.\d\d \(95% CI .*; log RR −?\d", said[0])
    assert said[-3].endswith(" Coefficients of log RR:")
    bare = bcg.assign(one=1.0)
    said = pe.meta_analysis(bare, moderators="~ 0 + one").headline()
    start = "No intercept, so no single effect; coefficient of one (log RR) −0.71 (95% CI −1.07 to"
    assert said.startswith(start)
    said = pe.meta_analysis(bcg.assign(measure="SMD"), moderators="year").headline()
    assert said.startswith("Effect where all moderators are 0 (SMD) −")


@pytest.mark.filterwarnings("ignore::peer_evidence.errors.FewStudiesWarning")
@pytest.mark.parametrize(
    "verb",
    [
        pe.meta_analysis,
        lambda data: pe.subgroups(data, by="half"),
        lambda data: pe.leave_one_out(pe.meta_analysis(data)),
        lambda data: pe.cumulative(pe.meta_analysis(data)),
        lambda data: pe.cumulative(pe.meta_analysis(data)).settled(),
        lambda data: pe.gosh(pe.meta_analysis(data.head(6))),
        lambda data: pe.fragility(pe.meta_analysis(data)),
        lambda data: pe.robust(pe.meta_analysis(data), cluster=data.index),
        lambda data: pe.multilevel(
            data.assign(pair=data.index // 2, row=data.index), levels=["pair", "row"]
        ),
        lambda data: pe.multiverse(data, {"method": ["REML", "DL"]}),
        lambda data: pe.trim_and_fill(pe.meta_analysis(data)),
        lambda data: pe.pet_peese(pe.meta_analysis(data)),
        lambda data: pe.limit_meta_analysis(pe.meta_analysis(data)),
        lambda data: pe.henmi_copas(pe.meta_analysis(data)),
        lambda data: pe.egger(pe.meta_analysis(data)),
        lambda data: pe.fail_safe_n(pe.meta_analysis(data), "orwin", target=np.log(0.95)),
    ],
)
def test_no_result_prints_a_logarithm_under_the_name_of_a_ratio(verb, bcg: pd.DataFrame) -> None:
    said = verb(bcg).summary()
    assert "RR" in said
    assert not LOG_UNDER_A_RATIO.search(said.replace("log RR −", ""))
    assert not re.search(r"(?:effect|Effect|pooled|observed|median|includes?|excludes?) −", said)
    assert "includes 0 " not in said


def test_one_left_out_and_subgroups_stand_on_the_scale_of_the_ratio(bcg: pd.DataFrame) -> None:
    said = pe.leave_one_out(pe.meta_analysis(bcg)).summary().splitlines()
    assert said[0] == (
        "Leaving one of 13 studies out moves the RR 0.49 to between 0.45 and 0.53; the interval "
        "includes 1 in 0 of 13."
    )
    assert re.fullmatch(r"Lowest without \d+: RR 0\.45 \(0\.\d\d to 0\.\d\d\)\.", said[1])
    groups = pe.subgroups(bcg, by="half")
    early = groups["early"]
    limits = " to ".join(f"{np.exp(one):.2f}" for one in (early.ci_low, early.ci_high))
    assert f"  early: RR {np.exp(early.estimate):.2f} ({limits}), 6 studies" in groups.summary()


def test_tables_of_counts_speak_as_the_others_do(trials: pd.DataFrame) -> None:
    found = pe.mantel_haenszel(trials, "OR")
    ratio, limits = np.exp(found.estimate), np.exp([found.ci_low, found.ci_high])
    assert found.headline() == (
        f"Pooled OR {ratio:.2f} (95% CI {limits[0]:.2f} to {limits[1]:.2f}, p < 0.001), 4 studies; "
        f"log OR {found.estimate:.2f} ({found.ci_low:.2f} to {found.ci_high:.2f})."
    ).replace(" -", " −").replace("(-", "(−")
    assert pe.peto(trials).headline().startswith("Pooled Peto OR 0.")
    assert pe.mantel_haenszel(trials, "RD").headline().startswith("Pooled effect (RD) −0.0")


def test_the_side_is_said_where_the_table_knows_it(trials: pd.DataFrame) -> None:
    aligned = pe.meta_analysis(pe.effect_sizes(trials, "RR", align=True))
    plain = pe.meta_analysis(pe.effect_sizes(trials, "RR"))
    risk = pe.meta_analysis(pe.effect_sizes(trials, "RD", align=True))
    assert "\nAbove 1 favours the intervention.\n" in aligned.summary()
    assert "\nAbove 1 is higher in the intervention.\n" in plain.summary()
    assert "\nPositive favours the intervention.\n" in risk.summary()
    other = pe.effect_sizes(trials, "RR", align=True)
    renamed = other.rename(columns={"effect": "yi"}).assign(yi=lambda data: -data["yi"])
    assert "favours" not in pe.meta_analysis(renamed, effect="yi").summary()
    assert "favours" not in pe.meta_analysis(other.assign(measure="OR")).summary()


def test_a_proportion_is_said_as_a_proportion() -> None:
    data = pe.effect_sizes(pd.DataFrame({"events": [5, 8, 20], "n": [50, 60, 300]}), "PLO")
    m = pe.meta_analysis(data)
    share = 1 / (1 + np.exp(-m.estimate))
    assert m.headline().startswith(f"Pooled proportion {share:.3f} (95% CI 0.")
    assert "; logit −2." in m.headline()
    assert f"the pooled proportion was {share:.3f} (95% CI 0." in pe.report.results_text(m)


def test_a_column_of_the_studies_names_the_clusters(bcg: pd.DataFrame) -> None:
    data = bcg.assign(study_id=[f"s{row // 2}" for row in range(13)], trial=[*"aabbccddeeffg"])
    with pytest.warns(DependenceWarning):
        m = pe.meta_analysis(data, label="trial")
    by_column = pe.robust(m, cluster=data["study_id"])
    assert pe.robust(m, cluster="study_id").se == by_column.se
    assert pe.robust(m, cluster="trial").clusters == 7
    with pytest.raises(pe.InputError) as caught:
        pe.robust(m, cluster="half")
    assert str(caught.value) == (
        "cluster: found 'half', allowed is the cluster of each of the 13 effects, such as "
        "data['half']; by name allowed are 'trial', 'study_id'"
    )
    gone = data.assign(trial=data["trial"].where(data.index != 3))
    with pytest.warns(DependenceWarning):
        m = pe.meta_analysis(gone, label="trial")
    with pytest.raises(pe.InputError) as caught:
        pe.robust(m, cluster="trial")
    assert str(caught.value) == (
        "cluster: found a missing value at place 3, allowed is a cluster for every effect"
    )
