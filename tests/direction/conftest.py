"""A small review of another topic: what is found must not depend on the topic's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import peer_evidence as pe

STUDY = {
    "design": "randomised_trial",
    "level": "individual",
    "population": "pupils",
    "problem_type": "reading",
    "intervention": "tutoring at home",
    "initiative_type": "tutoring",
    "comparator": "usual lessons",
    "comparator_type": "usual",
    "source": "s",
    "confidence": "primary",
}
OUTCOME = {
    "measure": "test",
    "contrast": "tutored vs not",
    "contrast_type": "intervention_vs_comparison",
    "better_is": "lower",
    "poolable": "no",
    "source": "s",
    "confidence": "primary",
}
# study, domain, conclusion, direction, contrast type
RESULTS = (
    ("a", "absence", "benefit", "favours_intervention", ""),
    ("a", "absence", "benefit", "favours_intervention", ""),
    ("b", "absence", "no_difference", "unclear", ""),
    ("b", "absence", "benefit", "favours_intervention", ""),
    ("c", "absence", "harm", "favours_comparison", ""),
    ("c", "absence", "benefit", "favours_intervention", ""),
    ("d", "absence", "no_difference", "null", ""),
    ("d", "absence", "no_difference", "unclear", ""),
    ("e", "absence", "benefit", "favours_intervention", "before_after"),
    ("e", "marks", "no_difference", "favours_comparison", ""),
    ("f", "marks", "unclear", "favours_intervention", "subgroup"),
)


def write_table(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    import csv

    columns = list(dict.fromkeys(column for row in rows for column in row))
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def write_review(
    folder: Path,
    numbers: Mapping[int, Mapping[str, str]] | None = None,
    group: str = "hospital_use",
) -> Path:
    """Write the review; ``numbers`` adds cells to single results."""
    folder.mkdir(exist_ok=True)
    names = sorted({study for study, *_ in RESULTS})
    write_table(folder, "studies", [{"study_id": n, "label": f"Study {n}"} | STUDY for n in names])
    rows = []
    for position, (study, domain, conclusion, direction, kind) in enumerate(RESULTS):
        row = {"outcome_id": f"{study}.{position}", "study_id": study, "domain": domain} | OUTCOME
        row |= {"reported_conclusion": conclusion, "effect_direction": direction}
        row |= {"contrast_type": kind} if kind else {}
        rows.append({**row, **(numbers or {}).get(position, {})})
    columns = list(dict.fromkeys(column for row in rows for column in row))
    rows = [{column: row.get(column, "") for column in columns} for row in rows]
    write_table(folder, "outcomes", rows)
    words = [("domain", "absence", group), ("domain", "marks", ""), ("problem_type", "reading", "")]
    words += [("initiative_type", "tutoring", ""), ("comparator_type", "usual", "")]
    table = [
        {"vocabulary": kind, "value": word, "label": word, "group": given}
        for kind, word, given in words
    ]
    write_table(folder, "vocabulary", table)
    write_table(folder, "package", [{"field": "intervention", "value": "tutoring"}])
    return folder


@pytest.fixture
def review(tmp_path: Path) -> Callable[..., pe.Evidence]:
    """Give a function that writes and loads the review of another topic."""
    return lambda **changes: pe.load(write_review(tmp_path / "tutoring", **changes))


@pytest.fixture(scope="session")
def bundled() -> pe.Evidence:
    return pe.load()
