"""Sentences for a paper, whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe

REFERENCE = Path(__file__).parents[1] / "reference" / "dat.bcg.json"


@pytest.fixture(scope="module")
def bcg() -> pd.DataFrame:
    held = json.loads(REFERENCE.read_text(encoding="utf-8"))["escalc"]["RR"]
    frame = pd.DataFrame({"effect": held["yi"], "variance": held["vi"]})
    return frame.assign(measure="RR", year=np.arange(len(frame)))


def test_results_of_the_bcg_trials_stand_on_the_scale_of_the_ratio(bcg: pd.DataFrame) -> None:
    # metafor: exp(-0.7145) = 0.49 (0.34 to 0.70), prediction 0.15 to 1.55, I2 92.2, tau2 0.3132
    assert pe.report.results_text(pe.meta_analysis(bcg)) == (
        "In 13 studies the pooled RR was 0.49 (95% CI 0.34 to 0.70, p < 0.001). The 95% "
        "prediction interval was 0.15 to 1.55. I² was 92% (82 to 98), τ² of log RR 0.313 "
        "(0.120 to 1.111); Q was 152.2 on 12 df (p < 0.001)."
    )


def test_methods_name_estimator_interval_and_references(bcg: pd.DataFrame) -> None:
    text = pe.report.methods_text(pe.meta_analysis(bcg, method="PM", ci="hksj-adhoc", level=0.9))
    paragraph, references = text.split("\n\n")
    assert paragraph == (
        "Effects (log RR) were pooled with a random-effects model. The variance between studies "
        "was estimated by the Paule-Mandel method [1]. Intervals are 90% Hartung-Knapp "
        "intervals [2], never narrower than the normal standard error gives [3]. Heterogeneity "
        "is described by τ² and I² with Q-profile intervals [4] and by Cochran's Q; I² is τ² over "
        "the sum of τ² and the typical sampling variance [5]. The analysis was done with "
        f"peer_evidence {pe.__version__}."
    )
    assert [line.split(". ")[0] for line in references.splitlines()] == list("12345")


def test_a_common_effect_model_and_user_weights(bcg: pd.DataFrame) -> None:
    text = pe.report.methods_text(pe.meta_analysis(bcg, method="FE"))
    assert text.startswith(
        "Effects (log RR) were pooled with a common-effect model by inverse variance"
    )
    weighted = pe.report.methods_text(pe.meta_analysis(bcg, weights=[1.0] * len(bcg)))
    assert "The weights were set by the authors" in weighted


def test_few_studies_and_one(bcg: pd.DataFrame) -> None:
    with pytest.warns(pe.PeerEvidenceWarning):
        two = pe.report.results_text(pe.meta_analysis(bcg.head(2)))
    assert "With 2 studies the interval and the heterogeneity are hardly known." in two
    assert "prediction" not in two
    with pytest.warns(pe.PeerEvidenceWarning):
        one = pe.report.results_text(pe.meta_analysis(bcg.head(1)))
    assert one.startswith("In the single study the RR was 0.41")
    assert "I²" not in one


def test_moderators_have_no_single_effect(bcg: pd.DataFrame) -> None:
    m = pe.meta_analysis(bcg, moderators="year")
    assert "The model held the moderators year." in pe.report.methods_text(m)
    with pytest.raises(pe.InputError, match="the analysis has moderators") as caught:
        pe.report.results_text(m)
    assert str(caught.value) == (
        "m: the analysis has moderators, there is no single effect to report; use m.coefficients"
    )
