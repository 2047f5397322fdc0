"""The figure of the audit: its numbers, its words, readable at every size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import peer_evidence as pe

ROW = {"effect_measure": "SMD", "estimate": "-0.39", "ci_low": "-0.54", "ci_high": "-0.24"}


def frame(size: int, name: str = "review") -> pd.DataFrame:
    """Rows that agree, disagree or give only a bound, in turn."""
    kinds = [{"z": "5.10"}, {"z": "9.42", "p_value": "0.20"}, {"p_value": "0.001"}]
    kinds[2]["p_relation"] = "<"
    rows = [{**ROW, "pooled_id": f"{name}.p{i}", **kinds[i % 3]} for i in range(size)]
    return pd.DataFrame(rows).fillna("")


def test_the_bundled_conflicts_come_first(ev: pe.Evidence) -> None:
    table = pe.figures.audit_table(pe.audit(ev))
    first = table[table["verdict"] == "inconsistent"]
    assert list(first.index) == [0, 1, 3]  # the second conflict has a p that agrees beside it
    fang = table[(table["row_id"] == "fang_2022.p28") & (table["check"] == "z")].iloc[0]
    assert (fang["printed_low"], fang["printed_high"]) == pytest.approx((9.415, 9.425))
    assert (fang["implied_low"], fang["implied_high"]) == pytest.approx((4.93, 5.27), abs=0.005)


def test_p_values_become_sizes_of_z() -> None:
    table = pe.figures.audit_table(pe.audit(frame(3))).set_index(["row_id", "check"])
    exact = table.loc[("review.p1", "p")]
    assert exact["printed_low"] == pytest.approx(stats.norm.isf(0.205 / 2))
    assert exact["printed_high"] == pytest.approx(stats.norm.isf(0.195 / 2))
    bound = table.loc[("review.p2", "p")]
    assert bound["printed_low"] == pytest.approx(stats.norm.isf(0.001 / 2))
    assert np.isinf(bound["printed_high"])
    one = frame(1).assign(z="", p_value="0.04", p_tails="one")
    tailed = pe.figures.audit_table(pe.audit(one)).iloc[0]
    assert tailed["printed_low"] == pytest.approx(stats.norm.isf(0.045))


def test_the_words_for_who_does_not_see_it() -> None:
    ax = pe.figures.audit(pe.audit(frame(3)))
    assert pe.figures.drawn(ax)[0].alt == (
        "Printed statistics of 3 effects against the z that their intervals imply: 2 cannot both "
        "be true, 2 agrees. review.p1: z 9.42, the interval implies z 4.93 to 5.27, cannot both be "
        "true. review.p1: p 0.20, the interval implies z 4.93 to 5.27, cannot both be true."
    )


@pytest.mark.parametrize("size", [1, 5, 20, 60])
@pytest.mark.parametrize("name", ["a", "a_review_with_a_rather_long_name_that_must_be_wrapped"])
def test_readable_at_every_size(look, size: int, name: str) -> None:
    ax = pe.figures.audit(pe.audit(frame(size, name)))
    texts = look(ax)
    assert "size of z" in texts
    assert ("fits under no reading" in texts) == (size > 1)
    assert ax.get_figure().get_figwidth() * 25.4 == pytest.approx(176)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: pe.figures.audit(frame(1)),  # type: ignore[arg-type]
            "audit: found DataFrame, allowed is the result of peer_evidence.audit()",
        ),
        (
            lambda: pe.figures.audit(pe.audit(pd.DataFrame([ROW]))),
            "audit: no z or p is printed beside an interval, so there is nothing to draw",
        ),
    ],
)
def test_what_cannot_be_drawn(call, message: str) -> None:
    with pytest.raises(pe.InputError) as caught:
        call()
    assert str(caught.value) == message


def test_labels_that_are_no_mapping_are_refused() -> None:
    with pytest.raises(pe.InputError) as error:
        pe.figures.audit(pe.audit(frame(2)), labels=["a"])  # type: ignore[arg-type]
    assert str(error.value) == (
        "labels: found list, allowed is a mapping from a code to its label, such as "
        "{'qol': 'Quality of life'}"
    )
    ax = pe.figures.audit(pe.audit(frame(2)), labels={"review.p0": "First\nrow"})
    assert "First row" in [text.get_text() for text in ax.texts]
