"""Baujat, radial and influence plots: R's numbers, whole messages, readable at every size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import peer_evidence as pe
from peer_evidence.errors import InputError
from peer_evidence.figures.layout import Panel
from peer_evidence.figures.point_names import place_names

FIGURES = ("baujat", "radial", "influence")
SIZES = [5, 13, 30, 150]


@pytest.mark.parametrize("method", ["FE", "REML"])
def test_baujat_against_metafor(bcg, reference, method):
    table = pe.figures.baujat_table(pe.meta_analysis(bcg, method=method))
    theirs = reference["analysis"]["RR"]["baujat"][method]
    # REML's own default stops short of the root of the score, the references do not: 1e-7
    np.testing.assert_allclose(table["contribution"], theirs["x"], rtol=1e-7)
    np.testing.assert_allclose(table["influence"], theirs["y"], rtol=1e-6)


def test_baujat_contributions_sum_to_q(bcg):
    for m in (pe.meta_analysis(bcg, method="FE"), pe.mantel_haenszel(bcg, "RR")):
        assert pe.figures.baujat_table(m)["contribution"].sum() == pytest.approx(m.q, rel=1e-12)


def test_baujat_of_a_regression_equals_refits_by_hand(bcg):
    m = pe.meta_analysis(bcg, moderators="ablat", method="DL")
    table = pe.figures.baujat_table(m)
    x = np.column_stack([np.ones(13), bcg["ablat"]])
    for i in (0, 3, 12):
        one = pe.meta_analysis(bcg.drop(index=i), moderators="ablat", method="DL").regression.model
        move = x[i] @ (one.beta - m.regression.model.beta)
        own = move**2 / (x[i] @ one.covariance @ x[i])
        assert table["influence"][i] == pytest.approx(own, rel=1e-8)


def test_baujat_names_what_stands_out(look, bcg):
    ax = pe.figures.baujat(pe.meta_analysis(bcg))
    said = look(ax)
    assert {"Hart & Sutherland 1977", "TPT Madras 1980"} <= set(said)
    assert "Aronson 1948" not in said
    assert pe.figures.drawn(ax)[0].alt == (
        "Baujat plot of 13 studies, Risk ratio. 2 studies stand out: Hart & Sutherland 1977 "
        "(contribution 1.59, influence 0.238) and TPT Madras 1980 (contribution 1.66, influence "
        "0.199)."
    )
    assert "TPT Madras 1980" not in look(pe.figures.baujat(pe.meta_analysis(bcg), names=1))


def test_radial_numbers(bcg, reference):
    m = pe.meta_analysis(bcg)
    y, v = (np.array(reference["escalc"]["RR"][one]) for one in ("yi", "vi"))
    for tau2, spread in ((True, reference["analysis"]["RR"]["models"]["REML"]["tau2"]), (False, 0)):
        table = pe.figures.radial_table(m, tau2=tau2)
        np.testing.assert_allclose(table["precision"], 1 / np.sqrt(v + spread), rtol=1e-8)
        np.testing.assert_allclose(table["z"], y / np.sqrt(v + spread), rtol=1e-8)
        np.testing.assert_allclose(table["effect"], np.exp(y), rtol=1e-10)
        away = np.abs(y - m.estimate) / np.sqrt(v + spread)
        assert list(table["within"]) == list(away <= stats.norm.ppf(0.975))


def test_the_arc_of_a_radial_plot_reads_the_effect(bcg):
    from peer_evidence.figures.arc import Arc
    from peer_evidence.figures.plot import open_plot

    sheet = open_plot(
        None, xlim=(0, 4), ylim=(-3, 5), ratio=False, labels=("x", "y"), height=54, room=20
    )
    arc = Arc(sheet, 150)
    (x, y) = arc.at(0.8)[0]
    back = sheet.ax.transData.inverted().transform(sheet.to_figure.transform([(x, y)]))[0]
    assert back[1] / back[0] == pytest.approx(0.8, rel=1e-9)
    assert np.hypot(x - arc.origin[0], y - arc.origin[1]) == pytest.approx(150)
    words = [text.get_text() for text in pe.figures.radial(pe.meta_analysis(bcg)).texts]
    assert {"0.25", "0.5", "1", "2", "z = log effect / √(v + τ²)"} <= set(words)


def test_radial_alt_text(bcg):
    ax = pe.figures.radial(pe.meta_analysis(bcg))
    assert pe.figures.drawn(ax)[0].alt == (
        "Radial plot of 13 studies, Risk ratio, standard errors with the between-study variance. "
        "Pooled effect 0.49 (0.34 to 0.70). Precision from 1.09 to 1.78. 0 outside the band of "
        "±1.96."
    )
    assert "a study outside the band" not in [text.get_text() for text in ax.texts]
    ax = pe.figures.radial(pe.meta_analysis(bcg), tau2=False)
    assert "a study outside the band" in [text.get_text() for text in ax.texts]
    assert "without the between-study variance" in pe.figures.drawn(ax)[0].alt


@pytest.mark.parametrize("method", ["FE", "DL", "REML"])
def test_influence_against_metafor(bcg, reference, method):
    table = pe.figures.influence_table(pe.meta_analysis(bcg, method=method))
    theirs = reference["analysis"]["RR"]["influence"][method]
    pairs = {"rstudent": "rstudent", "dffits": "dffits", "cook": "cook.d", "cov_ratio": "cov.r",
             "q_deleted": "QE.del", "hat": "hat", "weight": "weight"}  # fmt: skip
    for ours, name in pairs.items():
        np.testing.assert_allclose(table[ours], theirs[name], rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(table["tau2_deleted"], theirs["tau2.del"], rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(table["dfbetas"], theirs["dfbs"]["intrcpt"], rtol=1e-5)
    assert list(table["flagged"]) == theirs["is_infl"]


def test_every_flag_has_its_reason_and_no_other_study_has_one(bcg, trials):
    for data, kind in ((bcg, {"method": "FE"}), (trials(30), {"moderators": "months"})):
        table = pe.figures.influence_table(pe.meta_analysis(data, **kind))
        assert list(table["flagged_by"] != "") == list(table["flagged"])
    table = pe.figures.influence_table(pe.meta_analysis(bcg, method="FE"))
    assert table["flagged_by"][7] == "DFFITS, Cook’s distance, DFBETAS, Leverage"


def test_influence_writes_names_and_reasons(look, bcg):
    words = " ".join(look(pe.figures.influence(pe.meta_analysis(bcg, method="FE"))))
    assert "TPT Madras 1980 influential: DFFITS, Cook’s distance, DFBETAS, Leverage" in words
    ax = pe.figures.influence(pe.influence(pe.meta_analysis(bcg)))
    assert "0 influential" in pe.figures.drawn(ax)[0].alt


def test_influence_of_many_shows_the_flagged_and_the_largest(look, trials):
    m = pe.meta_analysis(trials(150))
    ax = pe.figures.influence(m, studies=10)
    words = " ".join(look(ax))
    assert "140 further studies, none flagged, have smaller Cook’s distances" in words
    assert len(pe.figures.drawn(ax)[0].table) == 150
    top = pe.figures.influence_table(m).nlargest(10, "cook")["label"]
    assert all(name[:19] in words for name in top)


def test_influence_draws_what_could_be_computed(look, bcg):
    data = bcg.assign(alloc=["a"] + ["b"] * 12)
    m = pe.meta_analysis(data, moderators="alloc")
    with pytest.warns(pe.PeerEvidenceWarning) as caught, np.errstate(invalid="ignore"):
        look(pe.figures.influence(m))
    assert [str(one.message) for one in caught] == [
        "without Aronson 1948 the moderators cannot be told apart: deletion diagnostics are NaN"
    ]


@pytest.mark.parametrize("k", SIZES)
@pytest.mark.parametrize("name", FIGURES)
def test_readable_at_every_size_with_long_names(look, trials, name, k):
    for measure in ("OR", "RD"):
        m = pe.meta_analysis(trials(k, measure))
        ax = getattr(pe.figures, name)(m)
        assert len(look(ax)) > 3
        assert len(pe.figures.drawn(ax)[0].table) == k


@pytest.mark.parametrize("name", FIGURES)
def test_files_are_written(bcg, name, tmp_path):
    ax = getattr(pe.figures, name)(pe.meta_analysis(bcg))
    written = pe.figures.save(ax, name, folder=tmp_path)
    assert [one.name for one in written] == [
        f"{name}.{one}" for one in ("svg", "pdf", "png", "csv")
    ]
    table = getattr(pe.figures, f"{name}_table")(pe.meta_analysis(bcg))
    assert len(pd.read_csv(tmp_path / f"{name}.csv")) == len(table) == 13


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (
            lambda bcg: pe.figures.baujat("m"),
            "m: found str, allowed is the result of a meta-analysis, such as "
            "peer_evidence.meta_analysis gives",
        ),
        (
            lambda bcg: pe.figures.baujat(pe.mantel_haenszel(bcg[:2])),
            "m: found 2 studies, a Baujat plot needs at least 3",
        ),
        (
            lambda bcg: pe.figures.radial(pe.meta_analysis(bcg, moderators="ablat")),
            "m: the analysis has moderators, there is no single effect; draw it with "
            "peer_evidence.figures.bubble",
        ),
        (
            lambda bcg: pe.figures.influence(bcg),
            "m: found DataFrame, allowed is the result of peer_evidence.meta_analysis or of "
            "peer_evidence.influence",
        ),
    ],
)
def test_refusals(bcg, draw, message):
    with pytest.raises(InputError) as raised:
        draw(bcg)
    assert str(raised.value) == message


def test_names_lie_on_nothing_and_stay_inside():
    rng = np.random.default_rng(8)
    points = rng.uniform(20, 180, (60, 2))
    room = Panel(0, 200, 0, 200)
    wanted = [(row, f"Author {row}") for row in range(60)]
    placed = place_names(points, np.full(60, 3.0), wanted, room)
    assert 10 < len(placed) < 60
    for place, one in enumerate(placed):
        left, top, right, bottom = one.box
        assert room.left <= left
        assert right <= room.right
        assert room.top <= top
        assert bottom <= room.bottom
        on = (points[:, 0] + 3 > left) & (points[:, 0] - 3 < right)
        on &= (points[:, 1] + 3 > top) & (points[:, 1] - 3 < bottom)
        assert not on.any()
        for other in placed[:place]:
            a, b = one.box, other.box
            apart = a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]
            assert apart
