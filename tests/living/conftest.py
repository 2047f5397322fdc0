"""A small review of another topic, in memory, that a test writes in two states."""

from __future__ import annotations

import copy
import csv
from pathlib import Path

import pytest

COLUMNS = {"source": "10.1000/a", "locator": "Table 2", "confidence": "primary"}


def study(name, **changes):
    return {
        "study_id": name,
        "label": f"Trial {name[-1].upper()}",
        "year": "2015",
        "design": "randomised_trial",
        "level": "individual",
        "population": "Adults",
        "problem_type": "influenza",
        "intervention": "High dose",
        "initiative_type": "vaccine",
        "comparator": "Standard dose",
        "comparator_type": "active",
        **COLUMNS,
        **changes,
    }


def outcome(name, domain="fever", **changes):
    return {
        "outcome_id": f"{name}.{domain}",
        "study_id": name,
        "domain": domain,
        "measure": "scale",
        "timepoint_months": "3",
        "contrast": "high against standard dose",
        "contrast_type": "intervention_vs_comparison",
        "better_is": "higher",
        "reported_conclusion": "benefit",
        "effect_direction": "favours_intervention",
        "n_intervention": "50",
        "n_comparison": "50",
        "mean_intervention": "12",
        "sd_intervention": "4",
        "mean_comparison": "10",
        "sd_comparison": "4",
        "poolable": "yes",
        "note": "",
        **COLUMNS,
        **changes,
    }


class Small:
    """Tables of rows; ``write`` puts them in a folder."""

    def __init__(self):
        names = ["trial_a", "trial_b", "trial_c"]
        self.tables = {
            "studies": [study(name) for name in names],
            "outcomes": [outcome(name) for name in names],
            "vocabulary": [
                {"vocabulary": "domain", "value": "fever", "label": "Fever"},
                {"vocabulary": "domain", "value": "cough", "label": "Cough"},
            ],
            "reviews": [
                {"review_id": "ours", "label": "Our review", "question": "Does it help"}
                | {"k_studies": "3"}
                | COLUMNS,
            ],
            "inclusions": [
                {"review_id": "ours", "study_id": name, "role": "rct", "status": "confirmed"}
                | COLUMNS
                for name in names
            ],
            "review_findings": [
                {
                    "finding_id": "ours_k",
                    "review_id": "ours",
                    "scope": "all",
                    "quantity": "k_included",
                    "value": "3",
                    "statement": "Three studies were found.",
                    "reported_in": "ours",
                    **COLUMNS,
                }
            ],
            "certainty": [
                {"review_id": "ours", "outcome": "Fever", "domain": "fever", "certainty": "low"}
                | {"source": "10.1000/a"}
            ],
            "risk_of_bias": [
                {"study_id": "trial_a", "tool": "rob_2", "domain": "overall", "judgement": "low"}
                | {"source": "10.1000/a"}
            ],
            "flow": [
                {"box": "database_results", "n": "14", "label": ""},
            ],
        }

    def copy(self):
        return copy.deepcopy(self)

    def row(self, table, place=0):
        return self.tables[table][place]

    def add_trial(self, name="trial_d", **changes):
        self.tables["studies"].append(study(name))
        self.tables["outcomes"].append(outcome(name, **changes))
        return self

    def write(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        for table, rows in self.tables.items():
            path = folder / f"{table}.csv"
            path.parent.mkdir(exist_ok=True)
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        return folder


@pytest.fixture
def small():
    return Small()


@pytest.fixture
def states(small, tmp_path):
    """Give the folder of the old state, and a function that writes the new one."""
    old = small.write(tmp_path / "old")
    return old, lambda new: new.write(tmp_path / "new")
