"""Words of summaries: rows without labels, long lists, common effects, one count, no image."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe

DATA = pd.DataFrame({"effect": [0.1, 0.3, 0.2, 1.5], "variance": [0.02, 0.03, 0.04, 0.03]})


def test_a_study_without_a_label_is_a_row():
    assert "\nrow 3 splits them most: median " in str(pe.gosh(pe.meta_analysis(DATA)))
    named = DATA.assign(label=list("ABCD"))
    assert "\nD splits them most: median " in str(pe.gosh(pe.meta_analysis(named)))


def test_a_long_list_of_studies_is_cut():
    many = pd.DataFrame({"effect": np.full(20, 0.5), "variance": [0.01] * 20})
    many["effect"] += np.linspace(-0.01, 0.01, 20)
    found = pe.fragility(pe.meta_analysis(many.assign(effect=many["effect"] * 0.2)), limit=50)
    line = found._removal_words("significance")
    assert found.significance_k is not None and found.significance_k > 6  # noqa: PT018
    assert f" and {found.significance_k - 6} more" in line


def test_common_effects_have_no_variances_to_print():
    several = pd.DataFrame(
        {"study": list("aabbcc"), "kind": list("xy") * 3, "effect": [0.1, 0.3, 0.5, 0.4, 0.8, 0.9],
         "variance": [0.02, 0.03] * 3}
    )  # fmt: skip
    text = str(pe.multivariate(several, outcome="kind", study="study", structure="FE"))
    assert "\nCommon effects: no variance between studies is estimated.\n" in text
    assert "tau²" not in text
    assert "correlation of" not in text


@pytest.mark.filterwarnings("ignore::peer_evidence.errors.PeerEvidenceWarning")
def test_no_mirror_image_is_said():
    even = pd.DataFrame(
        {"effect": [0.2, 0.1, 0.3, 0.05, 0.35], "variance": [0.01, 0.02, 0.02, 0.04, 0.04]}
    )
    filled = pe.trim_and_fill(pe.meta_analysis(even))
    assert filled.k0 == 0
    figure = pe.figures.funnel(filled).figure
    texts = " ".join(one.get_text() for one in figure.findobj(lambda x: hasattr(x, "get_text")))
    assert "Trim and fill added no mirror image." in " ".join(texts.split())
