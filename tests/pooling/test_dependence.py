"""Effects pooled under several assumptions on their dependence, side by side."""

import re

import numpy as np
import pytest

import peer_evidence as pe
from peer_evidence.errors import InputError
from peer_evidence.pooling.dependence import averages

from .ledger import quiet
from .test_multilevel import simulated


def test_each_row_is_the_model_that_it_names():
    data = simulated(1)
    table = pe.dependence(data, cluster="group", rho=[0.4], level=0.9).to_frame()
    flat = pe.meta_analysis(data, level=0.9)
    nested = pe.multilevel(
        data,
        levels=["group", "row"],
        covariance=pe.covariance(data, cluster="group", rho=0.4),
        level=0.9,
    )
    r = pe.robust(nested, cluster="group")
    v = pe.rve(data, cluster="group", rho=0.4, level=0.9)
    mean = pe.meta_analysis(averages(data, "group", 0.4), level=0.9)
    for name, one in (
        ("as if independent", flat),
        ("averages, rho 0.4", mean),
        ("correlated and hierarchical, rho 0.4", r),
        ("robust variance estimation, rho 0.4", v),
    ):
        row = table.loc[name]
        for column in ("estimate", "se", "ci_low", "ci_high", "df", "p_value", "k"):
            assert row[column] == pytest.approx(getattr(one, column)), (name, column)
    assert len(table) == 4
    row = table.loc["correlated and hierarchical, rho 0.4"]
    assert (row["between"], row["within"]) == pytest.approx(nested.sigma2)


def test_the_variance_of_an_average_is_that_of_its_covariance():
    data = simulated(2)
    ours = averages(data, "group", 0.7)
    v = pe.covariance(data, cluster="group", rho=0.7).matrix
    for place, group in enumerate(ours["label"]):
        own = (data["group"] == group).to_numpy()
        w = own / own.sum()
        assert ours["variance"][place] == pytest.approx(w @ v @ w)
        assert ours["effect"][place] == pytest.approx(data["effect"][own].mean())


def test_rows_without_an_effect_play_no_part():
    data = simulated(3).assign(effect_note="")
    gone = data.copy()
    gone.loc[2, ["effect", "variance"]] = np.nan
    a = pe.dependence(gone, cluster="group", rho=0.5).to_frame()
    b = pe.dependence(data.drop(index=2), cluster="group", rho=0.5).to_frame()
    assert np.allclose(a["estimate"], b["estimate"])


def test_few_degrees_of_freedom_are_said_in_the_row():
    data = simulated(4, groups=4)
    d = quiet(pe.dependence, data, cluster="group", rho=0.5)
    lines = d.summary().splitlines()
    assert re.fullmatch(
        rf"{len(data)} effects of 4 clusters, {d.several} of them with several: pooled effect from "
        r"\S+ to \S+ over 4 assumptions on their dependence\.",
        lines[0],
    )
    assert d.to_frame()["few_df"].tolist() == [False, False, True, True]
    assert lines[-1].endswith("; fewer than 4 degrees of freedom, not to be trusted")


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (
            {"group": lambda d: d["row"]},
            {},
            "cluster: no 'group' has more than one effect, there is no dependence to look at; use "
            "meta_analysis",
        ),
        (
            {"group": 1},
            {},
            "cluster: found the single cluster '1', allowed are two or more",
        ),
        (
            {},
            {"rho": [0.5, 1]},
            "rho: found [0.5, 1], allowed are one or more numbers from 0 up to, not including, 1",
        ),
    ],
)
def test_what_is_refused(change, options, message):
    data = simulated(5).assign(**change)
    with pytest.raises(InputError, match="^" + re.escape(message) + "$"):
        pe.dependence(data, cluster="group", **options)
