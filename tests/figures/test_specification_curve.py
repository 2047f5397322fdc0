"""The specification curve: its columns share out every specification, readable at every size."""

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::peer_evidence.errors.FewStudiesWarning")


def made(size, measure=""):
    rng = np.random.default_rng(4)
    n = 40
    v = rng.uniform(0.01, 0.2, n)
    data = pd.DataFrame(
        {
            "effect": 0.2 + rng.normal(size=n) * np.sqrt(v + 0.03),
            "variance": v,
            "design": rng.choice(["trial", "cohort"], n),
            "a_rather_long_name_of_a_column": rng.choice(["p", "q"], n),
            "year": rng.integers(1990, 2025, n),
        }
    )
    if measure:
        data["measure"] = measure
    choices = {
        "small": {"design": ["all", "trial"], "method": ["FE", "DL"]},
        "middling": {
            "design": ["all", "trial", "cohort"],
            "year": ["all", (2000, None)],
            "a_rather_long_name_of_a_column": {
                "a name of an option that is longer than any column can be": "all",
                "p": "p",
            },
            "method": ["FE", "DL", "REML"],
            "ci": ["wald", "hksj"],
        },
        "large": {
            "design": ["all", "trial", "cohort"],
            "year": ["all", *[(year, None) for year in range(1991, 2012)]],
            "a_rather_long_name_of_a_column": ["all", "p", "q"],
            "method": ["FE", "DL", "REML"],
            "ci": ["wald", "hksj"],
        },
    }
    return pe.multiverse(data, choices[size])


@pytest.mark.parametrize("size", ["small", "middling", "large"])
@pytest.mark.parametrize("measure", ["", "OR"])
def test_it_is_readable_at_every_size(look, size, measure):
    mv = made(size, measure)
    said = look(pe.figures.specification_curve(mv, test=mv.test(iterations=20)))
    assert f"{len(mv):,} specifications, from the lowest estimate to the highest" in said
    assert {"design", "method", "REML" if size != "small" else "DL"} <= set(said)
    assert ("Odds ratio, log scale" if measure else "Effect") in said


def test_the_columns_share_out_every_specification():
    mv = made("large")
    assert len(mv) > 300
    table = pe.figures.specification_curve_table(mv)
    assert len(table) == 200
    assert table["first"].iloc[0] == 1
    assert table["last"].iloc[-1] == len(mv)
    assert (table["first"].to_numpy()[1:] == table["last"].to_numpy()[:-1] + 1).all()
    row = table.iloc[77]
    own = slice(int(row["first"]) - 1, int(row["last"]))
    assert row["estimate"] == np.median(mv.estimate[own])
    assert row["highest"] == np.quantile(mv.ci_high[own], 0.95)
    frame = mv.to_frame()[own]
    assert row["method: REML"] == pytest.approx((frame["method"] == "REML").mean())
    shares = table[[f"year: {one}" for one in dict(mv.factors)["year"]]].sum(axis=1)
    np.testing.assert_allclose(shares, 1.0, rtol=1e-12)


def test_few_specifications_are_drawn_one_by_one():
    mv = made("small", "RR")
    ax = pe.figures.specification_curve(mv)
    drawn = pe.figures.drawn(ax)[0]
    np.testing.assert_allclose(drawn.table["estimate"], np.exp(mv.estimate), rtol=1e-14)
    assert drawn.alt.startswith("Specification curve of 4 specifications, Risk ratio: median ")
    assert ax.get_xlim() == (0, 4)


def test_its_bytes_are_stable(tmp_path):
    mv = made("middling")
    files = []
    for name in ("one", "two"):
        paths = pe.figures.save(pe.figures.specification_curve(mv), "curve", folder=tmp_path / name)
        files.append([path.read_bytes() for path in paths])
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: pe.figures.specification_curve("mv"),
            "mv: found str, allowed is the result of peer_evidence.multiverse",
        ),
        (
            lambda: pe.figures.specification_curve(made("small"), columns=1),
            "columns: found 1, allowed is a whole number of at least 2",
        ),
    ],
)
def test_errors_say_what_to_do(call, message):
    with pytest.raises(InputError) as found:
        call()
    assert str(found.value) == message


def test_a_measure_can_be_named(look):
    mv = made("small")
    assert "Odds ratio, log scale" in look(pe.figures.specification_curve(mv, measure="OR"))
    table = pe.figures.specification_curve_table(mv, measure="OR")
    np.testing.assert_allclose(table["estimate"], np.exp(mv.estimate), rtol=1e-14)
