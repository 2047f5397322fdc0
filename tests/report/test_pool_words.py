"""What the page says of its pools: in words that fit the measure, the counts and the number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from markupsafe import Markup

import peer_evidence as pe
from peer_evidence.effects.scales import scale_of
from peer_evidence.report.analyses import analyse
from peer_evidence.report.blocks import Grid
from peer_evidence.report.numbers import Numbers
from peer_evidence.report.page import Context
from peer_evidence.report.pool_words import effects_made
from peer_evidence.report.sections import methods, pooled, sure
from peer_evidence.report.sections.sure import _answer, _no_people

DATA = Path(__file__).parents[2] / "data"
COUNTS = {
    **{"events_intervention": 4, "n_intervention": 50},
    **{"events_comparison": 12, "n_comparison": 50},
}
MEANS = {
    **{"mean_intervention": 1.0, "sd_intervention": 2.0, "n_intervention": 50},
    **{"mean_comparison": 2.0, "sd_comparison": 2.0, "n_comparison": 50},
}
ODDS = {"effect_measure": "OR", "estimate": 0.6, "ci_low": 0.45, "ci_high": 0.8}
HAZARD = {"effect_measure": "HR", "estimate": 0.6, "ci_low": 0.45, "ci_high": 0.8}


def records(results: list[dict[str, Any]]) -> pe.Evidence:
    """Invent a review of one outcome that had better be rare."""
    studies, outcomes = [], []
    for i, result in enumerate(results):
        both = {"study_id": f"study_{i}", "source": "s", "confidence": "primary"}
        one = {
            "label": f"Trial {i}",
            "design": "randomised_trial",
            "level": "individual",
            "population": "p",
            "problem_type": "t",
            "intervention": "v",
            "initiative_type": "v",
            "comparator": "c",
            "comparator_type": "none",
        }
        found = {
            "outcome_id": f"study_{i}.cases",
            "domain": "cases",
            "measure": "m",
            "contrast": "c",
            "contrast_type": "intervention_vs_comparison",
            "reported_conclusion": "unclear",
            "effect_direction": "unclear",
            "better_is": "lower",
            "poolable": "yes",
        }
        studies.append(one | both)
        outcomes.append(found | both | result)
    tables = {}
    for name, rows in (("studies", studies), ("outcomes", outcomes)):
        header = (DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        tables[name] = pd.DataFrame(rows).reindex(columns=header)
    return pe.Evidence.from_frames(tables)


def page_of(ev: pe.Evidence) -> Context:
    return Context(analyse(ev), Numbers(), {})


def plain(text: object) -> str:
    return Markup(text).striptags()


def test_an_interval_is_said_to_include_no_effect_only_where_it_does() -> None:
    pools = pe.pools(records([HAZARD, HAZARD]))
    alone = pe.fragility(pools.analyses[0], measure="HR")
    assert alone.significant
    assert alone.trial_variance is not None
    scale = scale_of("HR")
    assert _no_people(alone, scale) == "people not recorded"
    assert _no_people(replace(alone, trial_variance=None), scale) == "none found"
    assert _no_people(replace(alone, significant=False), scale) == "includes 1 already"


@pytest.mark.parametrize(
    ("held", "people", "told"),
    [
        (0, [], "Of 1 pool 0 have a normal interval that excludes no effect."),
        (
            1,
            [80.0],
            "Of 1 pool 1 has a normal interval that excludes no effect. One new trial without any "
            "effect would undo that with 80 people.",
        ),
    ],
)
def test_one_pool_is_told_in_the_singular(held: int, people: list[float], told: str) -> None:
    text = plain(_answer(page_of(records([HAZARD, HAZARD])), held, people))
    assert text.startswith(f"{told} No pool has the 10 studies")


RATIO = "turned so that above 1 favours the intervention."
CORRECTED = (
    "Effects are standardised mean differences with Hedges' correction, turned so that positive "
    "favours the intervention"
)


@pytest.mark.parametrize(
    ("results", "told"),
    [
        (
            [COUNTS, COUNTS],
            f"Effects are odds ratios on the log scale, from the counts, {RATIO}",
        ),
        (
            [COUNTS, ODDS],
            "Effects are odds ratios on the log scale, from the counts, else as printed with "
            f"their intervals, {RATIO}",
        ),
        (
            [HAZARD, HAZARD],
            f"Effects are hazard ratios on the log scale, as printed with their intervals, {RATIO}",
        ),
        ([MEANS, MEANS], f"{CORRECTED}."),
        (
            [MEANS, COUNTS],
            f"{CORRECTED}; counts enter as odds ratios divided by π/√3 [@chinn].",
        ),
    ],
)
def test_the_effects_are_told_as_they_were_made(results: list[dict[str, Any]], told: str) -> None:
    ev = records(results)
    assert effects_made(pe.pools(ev)) == told
    context = page_of(ev)
    rules = str(methods.section(context).blocks[0])
    assert rules.count("Hedges' correction") == told.count("Hedges' correction")
    page = str(pooled.section(context))
    assert ("Counts enter as odds ratios" in page) == ("counts enter" in told)
    assert ("Measure HR: no result has means or counts" in page) == (results[0] is HAZARD)


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (COUNTS, "Odds ratio, turned so that above 1 favours the intervention"),
        (HAZARD, "Hazard ratio, turned so that above 1 favours the intervention"),
        (MEANS, ""),
        (COUNTS | {"better_is": "higher"}, ""),
    ],
)
def test_a_ratio_that_was_turned_says_so_beside_its_number(
    result: dict[str, Any], told: str
) -> None:
    context = page_of(records([result, result]))
    grids = [one for one in pooled.section(context).blocks if isinstance(one, Grid)]
    further = sure.section(context)
    assert further is not None
    grids += [one for one in further.blocks if isinstance(one, Grid)]
    assert len(grids) == 2
    for grid in grids:
        assert str(grid.caption).partition(". ")[2] == told
