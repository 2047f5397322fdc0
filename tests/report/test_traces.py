"""The rows behind each count are as many as the count says."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import peer_evidence as pe
from peer_evidence.report.numbers import Numbers
from peer_evidence.report.traces import origin_of, outcome_lines, tally_rows


@pytest.mark.parametrize("by", ["domain", None])
@pytest.mark.parametrize("column", ["reported_conclusion", "effect_direction"])
@pytest.mark.parametrize("one_vote_per", [None, "study_id"])
def test_rows_behind_each_count(
    ev: pe.Evidence, by: str | None, column: str, one_vote_per: str | None
) -> None:
    counted = pe.tally(ev.outcomes, by=by, column=column, one_vote_per=one_vote_per)
    outcomes = ev.outcomes
    total = 0
    for group, row in counted.to_frame().iterrows():
        for value in counted.values:
            found = outcomes[tally_rows(ev, counted, group, value)]
            size = len(found) if one_vote_per is None else found["study_id"].nunique()
            assert size == row[value], (group, value)
            total += size
        everything = outcomes[tally_rows(ev, counted, group)]
        assert len(everything) == row["rows"]
        assert everything["study_id"].nunique() == row["studies"]
    assert total == int(counted.to_frame()[counted.values].to_numpy().sum()) > 0


def test_the_lines_named_are_those_of_the_file(ev: pe.Evidence, copy_of_data: object) -> None:
    counted = pe.tally(ev.outcomes)
    where = outcome_lines(ev, tally_rows(ev, counted, "hospitalisation", "benefit"))
    file, _, spans = where.partition(":")
    assert file == "outcomes.csv"
    lines: list[int] = []
    spans, _, rests_on = spans.partition("; ")
    for span in spans.split(", "):
        low, _, high = span.partition("–")
        lines += range(int(low), int(high or low) + 1)
    where_of = {
        ev.provenance(row, "domain", table="outcomes").line: ev.provenance(
            row, "reported_conclusion", table="outcomes"
        ).value
        for row in ev.outcomes.query("domain == 'hospitalisation'")["outcome_id"]
    }
    assert {where_of[line] for line in lines} == {"benefit"}
    rows = ev.outcomes.query("domain == 'hospitalisation' and reported_conclusion == 'benefit'")
    sure = Counter(rows.loc[rows["contrast_type"] == "intervention_vs_comparison", "confidence"])
    parts = ", ".join(f"{number} {word}" for word, number in sure.most_common())
    assert rests_on == f"{len(lines)} rows, by confidence {parts}"


def test_a_number_from_few_rows_names_their_sources(ev: pe.Evidence) -> None:
    outcomes = ev.outcomes
    chosen = "sledge_2011.hospital_days_9m"
    mask = outcomes["outcome_id"].eq(chosen).to_numpy(bool)
    (row,) = outcomes[mask].to_dict("records")
    where = outcome_lines(ev, mask, "effect_direction")
    line = ev.provenance(chosen, "effect_direction").line
    assert where == (
        f"outcomes.csv:{line}, column effect_direction; "
        f"{row['source']}, {row['locator']} ({row['confidence']})"
    )
    assert outcome_lines(ev, mask & False, "effect_direction") == "outcomes.csv: no line"


def test_rows_without_a_source_are_named_by_their_lines(ev: pe.Evidence) -> None:
    every = ev.table("framework/tensions").notna().any(axis=1).to_numpy(bool)
    last = len(every) + 1
    assert origin_of(ev, "framework/tensions", every) == f"framework/tensions.csv:2–{last}"
    assert origin_of(ev, "risk_of_bias", np.arange(len(ev.risk_of_bias)) < 9) == (
        "risk_of_bias.csv:2–10"
    )


def test_equal_numbers_share_an_origin_and_different_ones_do_not() -> None:
    numbers = Numbers()
    first = numbers.show(3, "studies", "pe.tally", "a.csv:2")
    again = numbers.show(3, "studies", "pe.tally", "a.csv:2")
    other = numbers.show(3, "studies", "pe.tally", "a.csv:3")
    assert first == again != other
    assert [origin.anchor for origin in numbers.origins] == ["p1", "p2"]


def test_the_html_of_a_number_is_escaped() -> None:
    shown = Numbers().show("<b>", 'say "x"', "h", "<i>")
    assert shown == ('<a class="n" href="#p1" data-tip="say &#34;x&#34;. &lt;i&gt;">&lt;b&gt;</a>')
