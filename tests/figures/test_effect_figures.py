"""L'Abbé, bubble and drapery plots: their numbers, whole messages, readable at every size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import peer_evidence as pe
from peer_evidence.errors import InputError

SIZES = [5, 13, 30, 150]
ROOM = ("a name of the comparison that is rather long", "peer support")


def test_labbe_numbers(bcg, reference):
    table = pe.figures.labbe_table(bcg)
    rows = pd.DataFrame(reference["input"])
    np.testing.assert_allclose(
        table["risk_intervention"], 100 * rows["tpos"] / (rows["tpos"] + rows["tneg"])
    )
    np.testing.assert_allclose(
        table["risk_comparison"], 100 * rows["cpos"] / (rows["cpos"] + rows["cneg"])
    )
    theirs = reference["analysis"]["RR"]["weights_pct"]
    np.testing.assert_allclose(table["weight"], theirs["FE"], rtol=1e-10)
    m = pe.meta_analysis(bcg, method="DL")
    np.testing.assert_allclose(pe.figures.labbe_table(bcg, m=m)["weight"], theirs["DL"], rtol=1e-10)
    assert table["side"].value_counts().to_dict() == {"below": 11, "above": 2}


@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
@pytest.mark.parametrize("log", [True, False])
def test_the_pooled_line_of_labbe_is_its_effect(trials, measure, log):
    data = trials(13, measure)
    m = pe.meta_analysis(data)
    ax = pe.figures.labbe(data, measure, m=m, log=log)
    (line,) = [one for one in ax.lines if one.get_linestyle() == "--"
               and one.get_transform() == ax.transData]  # fmt: skip
    x, y = line.get_xdata() / 100, line.get_ydata() / 100
    effect = {
        "RR": lambda: np.log(y / x),
        "OR": lambda: np.log(y / (1 - y) / (x / (1 - x))),
        "RD": lambda: y - x,
    }[measure]()
    np.testing.assert_allclose(effect, m.estimate, atol=1e-9)
    assert ax.get_xscale() == ax.get_yscale() == ("log" if log else "linear")


def test_labbe_circles_have_areas_by_weight(trials):
    data = trials(13)
    m = pe.meta_analysis(data)
    ax = pe.figures.labbe(data, "OR", m=m)
    sizes = np.sort(ax.collections[-1].get_sizes())
    weights = np.sort(m.weights)
    np.testing.assert_allclose(sizes / sizes[-1], weights / weights[-1], rtol=1e-6)


def test_labbe_shows_studies_without_events(look, trials):
    data = trials(13).assign(events_intervention=lambda d: d["events_intervention"].where(
        d.index != 4, 0))  # fmt: skip
    data.loc[5, ["events_comparison", "events_intervention"]] = 0
    words = look(pe.figures.labbe(data, "OR", log=True))
    assert any("2 studies have no event in an arm" in one for one in words)
    pooled = pe.mantel_haenszel(data, "OR")
    look(pe.figures.labbe(data, "OR", m=pooled))


def test_labbe_alt_text(bcg):
    ax = pe.figures.labbe(bcg[:2], "RR")
    assert pe.figures.drawn(ax)[0].alt == (
        "L’Abbé plot of 2 studies: the risk with the intervention is lower in 2, higher in 0 and "
        "equal in 0. Aronson 1948: 3.3% against 7.9%. Ferguson & Simes 1949: 2.0% against 9.6%."
    )


def test_bubble_against_metafor(bcg, reference):
    table = pe.figures.bubble_table(pe.meta_analysis(bcg, moderators="ablat"))
    theirs = reference["analysis"]["RR"]["metareg"]["ablat"]["REML"]["fitted"]
    pairs = {"expected": "pred", "ci_low": "ci.lb", "ci_high": "ci.ub", "pi_low": "pi.lb",
             "pi_high": "pi.ub"}  # fmt: skip
    for ours, name in pairs.items():
        # R's iterations stop near, not at, the root; the scale is that of one standard error
        np.testing.assert_allclose(np.log(table[ours]), theirs[name], atol=1e-7)
    assert list(table["moderator"]) == list(bcg["ablat"])


def test_bubble_holds_other_moderators_at_their_means(bcg):
    data = bcg.assign(year=np.arange(13.0))
    m = pe.meta_analysis(data, moderators=["ablat", "year"])
    table = pe.figures.bubble_table(m, "ablat")
    new = pd.DataFrame({"ablat": data["ablat"], "year": 6.0})
    np.testing.assert_allclose(np.log(table["expected"]), m.predict(new)["estimate"], rtol=1e-9)
    np.testing.assert_allclose(np.log(table["pi_low"]), m.predict(new)["pi_low"], rtol=1e-9)


def test_bubble_says_what_it_draws(look, bcg):
    ax = pe.figures.bubble(pe.meta_analysis(bcg, moderators="ablat"), label="Latitude, degrees")
    words = look(ax)
    assert {"Latitude, degrees", "Risk ratio, log scale", "expected effect", "weight 1%",
            "95% prediction interval"} <= set(words)  # fmt: skip
    assert "weight in the model, 1 / (the sampling variance + τ²)" in " ".join(words)
    assert ax.get_yscale() == "log"
    assert pe.figures.drawn(ax)[0].alt == (
        "Bubble plot of 13 studies, Risk ratio against Latitude, degrees. Expected effect 0.88 "
        "(0.63 to 1.23) at 13.0 and 0.26 (0.17 to 0.38) at 55.0. Risk ratio per unit multiplied "
        "by 0.971 (0.958 to 0.985), p < 0.001; R² 76%, residual τ² 0.0763. Prediction interval "
        "0.47 to 1.66 and 0.13 to 0.51 there."
    )


def test_bubble_of_a_common_effect_has_no_prediction_band(look, bcg):
    words = look(pe.figures.bubble(pe.meta_analysis(bcg, moderators="ablat", method="FE")))
    assert "95% prediction interval" not in words


def test_drapery_numbers(bcg):
    m = pe.meta_analysis(bcg, ci="hksj")
    table = pe.figures.drapery_table(m)
    assert list(table["kind"]) == ["study"] * 13 + ["pooled", "prediction"]
    pooled, further = table.iloc[13], table.iloc[14]
    assert pooled["p_value"] == pytest.approx(m.p_value, rel=1e-12)
    np.testing.assert_allclose(np.log([pooled["low_95"], pooled["high_95"]]), [m.ci_low, m.ci_high])
    np.testing.assert_allclose(
        np.log([further["low_95"], further["high_95"]]), [m.pi_low, m.pi_high]
    )
    np.testing.assert_allclose(
        table["p_value"][:13],
        2 * stats.norm.sf(np.abs(bcg["effect"]) / np.sqrt(bcg["variance"])),
    )
    half = pe.meta_analysis(bcg, ci="hksj", level=0.5)
    np.testing.assert_allclose(np.log(pooled["low_50"]), half.ci_low)
    assert "prediction" not in set(
        pe.figures.drapery_table(pe.meta_analysis(bcg, method="FE"))["kind"]
    )


def test_drapery_curves_cut_the_line_of_005_where_intervals_end(bcg):
    m = pe.meta_analysis(bcg)
    ax = pe.figures.drapery(m)
    (curve,) = [one for one in ax.lines if one.get_linewidth() == 2.0
                and one.get_transform() == ax.transData]  # fmt: skip
    x, p = np.log(curve.get_xdata()), curve.get_ydata()
    assert p.max() == pytest.approx(1)
    rising = x < m.estimate
    assert np.interp(0.05, p[rising], x[rising]) == pytest.approx(m.ci_low, abs=0.01)
    assert pe.figures.drawn(ax)[0].alt == (
        "Drapery plot of 13 studies, Risk ratio: p-value functions. Pooled effect 0.49 (0.34 to "
        "0.70), p < 0.001 against no effect; its 50% interval 0.43 to 0.55, 99% 0.31 to 0.78. 8 of "
        "the studies have p below 0.05. Estimates from 0.20 to 1.56. 95% prediction interval 0.15 "
        "to 1.55."
    )


@pytest.mark.parametrize("k", SIZES)
@pytest.mark.parametrize("measure", ["OR", "RD"])
def test_readable_at_every_size(look, trials, k, measure):
    data = trials(k, measure)
    m = pe.meta_analysis(data)
    for ax in (
        pe.figures.labbe(data, measure, m=m, favours=ROOM, intervention="peer support"),
        pe.figures.drapery(m, favours=ROOM),
        pe.figures.bubble(pe.meta_analysis(data, moderators="months"), favours=ROOM),
    ):
        assert len(look(ax)) > 3
        assert len(pe.figures.drawn(ax)[0].table) >= k


def test_files_are_written(bcg, tmp_path):
    m = pe.meta_analysis(bcg)
    regression = pe.meta_analysis(bcg, moderators="ablat")
    drawn = {
        "labbe": pe.figures.labbe(bcg, m=m),
        "bubble": pe.figures.bubble(regression),
        "drapery": pe.figures.drapery(m),
    }
    for name, ax in drawn.items():
        written = pe.figures.save(ax, name, folder=tmp_path)
        assert [one.suffix for one in written] == [".svg", ".pdf", ".png", ".csv"]
        assert len(pd.read_csv(tmp_path / f"{name}.csv")) == len(pe.figures.drawn(ax)[0].table)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (
            lambda bcg: pe.figures.labbe(bcg, "HR"),
            "measure: found 'HR', allowed are 'RR', 'OR', 'RD'",
        ),
        (
            lambda bcg: pe.figures.labbe(bcg.assign(events_comparison=10**6)),
            "events_comparison: found 1e+06 of 139 for 'Aronson 1948', allowed is a count from 0 "
            "to n_comparison",
        ),
        (
            lambda bcg: pe.figures.labbe(bcg, "OR", m=pe.meta_analysis(bcg)),
            "m: found a result of measure 'RR', and the figure is for 'OR'",
        ),
        (
            lambda bcg: pe.figures.labbe(bcg[:5], m=pe.meta_analysis(bcg)),
            "m: its studies are not those of the data; give the data the result came from, each "
            "study with a label of its own",
        ),
        (
            lambda bcg: pe.figures.labbe(bcg.assign(n_comparison=np.nan)),
            "data: no study has the counts of both arms, so there is nothing to draw",
        ),
        (
            lambda bcg: pe.figures.bubble(pe.meta_analysis(bcg)),
            "m: the analysis has no moderators; give peer_evidence.meta_analysis some, such as "
            "moderators='year'",
        ),
        (
            lambda bcg: pe.figures.bubble(pe.meta_analysis(bcg, moderators="alloc")),
            "moderator: found 0 numbers among the moderators, name the one to draw; use "
            "peer_evidence.subgroups for groups",
        ),
        (
            lambda bcg: pe.figures.bubble(
                pe.meta_analysis(bcg, moderators=["ablat", "n_comparison"])
            ),
            "moderator: found 2 numbers among the moderators, name the one to draw: ablat, "
            "n_comparison",
        ),
        (
            lambda bcg: pe.figures.bubble(pe.meta_analysis(bcg, moderators="ablat"), "alloc"),
            "moderator: found 'alloc', allowed are the moderators that are numbers: ablat",
        ),
        (
            lambda bcg: pe.figures.bubble(
                pe.meta_analysis(bcg, moderators="~ ablat + I(ablat**2)"), "ablat"
            ),
            "moderator: 'ablat' enters the formula more than once (I(ablat ** 2)), so that it has "
            "no single line",
        ),
        (
            lambda bcg: pe.figures.drapery(pe.meta_analysis(bcg, moderators="ablat")),
            "m: the analysis has moderators, there is no single effect; draw it with "
            "peer_evidence.figures.bubble",
        ),
    ],
)
def test_refusals(bcg, draw, message):
    with pytest.raises(InputError) as raised:
        draw(bcg)
    assert str(raised.value) == message
