"""The cumulative and the leave-one-out forest: the numbers of R, readable at every size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe


def test_the_rows_are_those_of_metafor(bcg, reference):
    m = pe.meta_analysis(bcg, method="DL")
    theirs = reference["analysis"]["RR"]
    years = theirs["cumul"]["DL"]["order"]
    for made, name in ((pe.cumulative(m, years), "cumul"), (pe.leave_one_out(m), "leave1out")):
        table = pe.figures.refits_table(made, measure="RR")
        expected = theirs[name]["DL"]
        # closed forms: equal to rounding
        assert np.log(table["effect"]).tolist() == pytest.approx(expected["estimate"], rel=1e-9)
        assert np.log(table["ci_low"]).tolist() == pytest.approx(expected["ci.lb"], rel=1e-8)
        assert np.log(table["ci_high"]).tolist() == pytest.approx(expected["ci.ub"], rel=1e-8)
    labels = pe.figures.refits_table(pe.cumulative(m, years))["label"].tolist()
    assert labels == sorted(bcg["label"], key=lambda one: int(one[-4:]))


@pytest.mark.parametrize("k", [2, 13, 60])
@pytest.mark.parametrize("verb", [pe.cumulative, pe.leave_one_out])
@pytest.mark.filterwarnings("ignore::peer_evidence.errors.FewStudiesWarning")
def test_it_is_readable_at_every_size(look, trials, k, verb):
    m = pe.meta_analysis(trials(k), method="DL")
    ax = pe.figures.refits(verb(m), measure="OR", favours=("reading aloud", "silence"))
    words = look(ax)
    assert "Odds ratio, log scale" in words
    assert ax.figure.get_figwidth() * 25.4 == pytest.approx(176)
    assert len(pe.figures.drawn(ax)[0].table) == k


def test_marks_stand_where_the_table_says(bcg):
    ax = pe.figures.refits(pe.leave_one_out(pe.meta_analysis(bcg)), measure="RR")
    table = pe.figures.drawn(ax)[0].table
    marks = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "D"]
    assert marks == pytest.approx(table["effect"].tolist())
    assert ax.get_xscale() == "log"


def test_differences_and_pools_of_tables_have_it_as_well(look, bcg):
    stays = pe.effect_sizes(pe.example("stroke_stay"), "MD")
    words = look(pe.figures.refits(pe.cumulative(pe.meta_analysis(stays)), measure="MD"))
    assert {"Mean difference", "Study added"} <= set(words)
    words = look(pe.figures.refits(pe.leave_one_out(pe.mantel_haenszel(bcg, "RR")), measure="RR"))
    assert "Study left out" in words


def test_the_words_for_who_does_not_see_it():
    data = pd.DataFrame({"label": ["A", "B", "C"], "effect": [0.1, 0.3, 0.2], "variance": 0.04})
    m = pe.meta_analysis(data, method="FE")
    alt = pe.figures.drawn(pe.figures.refits(pe.leave_one_out(m), measure="MD"))[0].alt
    assert alt == (
        "Leave-one-out forest plot of 3 analyses, Mean difference; all studies give 0.20. "
        "A left out: 0.25 (−0.03 to 0.53). B left out: 0.15 (−0.13 to 0.43). "
        "C left out: 0.20 (−0.08 to 0.48)."
    )


def test_what_is_no_repeated_analysis_is_refused(bcg):
    with pytest.raises(pe.InputError) as error:
        pe.figures.refits(pe.meta_analysis(bcg))  # type: ignore[arg-type]
    assert str(error.value) == (
        "r: found MetaAnalysis, allowed is the result of peer_evidence.cumulative() or "
        "peer_evidence.leave_one_out()"
    )
