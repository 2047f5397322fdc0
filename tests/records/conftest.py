"""A small review of another topic, sound as it is, that a test spoils in one place."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

import peer_evidence as pe

STUDY = {
    "study_id": "trial_a",
    "label": "Trial A",
    "authors": "Ngata P; Bó C",
    "year": "2015",
    "design": "randomised_trial",
    "level": "individual",
    "population": "Adults over 65",
    "problem_type": "influenza",
    "intervention": "High-dose vaccine",
    "initiative_type": "vaccine",
    "comparator": "Standard dose",
    "comparator_type": "active",
    "n_total": "200",
    "n_intervention": "100",
    "n_comparison": "100",
    "source": "10.1000/a",
    "locator": "Table 2",
    "confidence": "primary",
}
OUTCOME = {
    "outcome_id": "trial_a.infection",
    "study_id": "trial_a",
    "domain": "infection",
    "measure": "PCR",
    "timepoint_months": "6",
    "contrast": "high against standard dose",
    "contrast_type": "intervention_vs_comparison",
    "better_is": "lower",
    "reported_conclusion": "benefit",
    "effect_direction": "favours_intervention",
    "effect_measure": "RR",
    "estimate": "0.5",
    "ci_low": "0.3",
    "ci_high": "0.8",
    "p_value": "0.01",
    "p_relation": "=",
    "events_intervention": "10",
    "n_intervention": "100",
    "events_comparison": "20",
    "n_comparison": "100",
    "mean_intervention": "",
    "sd_intervention": "",
    "mean_comparison": "",
    "sd_comparison": "",
    "poolable": "yes",
    "source": "10.1000/a",
    "locator": "Table 2",
    "confidence": "primary",
}
REVIEW = {
    "review_id": "review_1",
    "label": "Review 1",
    "question": "Does a high dose protect better",
    "k_studies": "4",
    "k_randomised": "3",
    "search_to": "2016-05",
    "source": "10.1000/r",
    "confidence": "review",
}
INCLUSION = {
    "review_id": "review_1",
    "study_id": "trial_a",
    "role": "rct",
    "status": "confirmed",
    "source": "10.1000/r",
    "confidence": "review",
}
POOLED = {
    "pooled_id": "review_1.01",
    "review_id": "review_1",
    "domain": "infection",
    "outcome": "PCR",
    "effect_measure": "RR",
    "sign_convention": "ratio_below_1_favours_intervention",
    "k": "2",
    "n_total": "400",
    "estimate": "0.6",
    "ci_low": "0.4",
    "ci_high": "0.9",
    "i2": "20",
    "study_ids": "trial_a;trial_b",
    "duplicate_of": "",
    "source": "10.1000/r",
}
VOCABULARY = [
    {"vocabulary": "domain", "value": "infection", "label": "Infection"},
    {"vocabulary": "domain", "value": "admission", "label": "Admission"},
]

Row = dict[str, str]


class Small:
    """The package in memory; whatever is changed is written when it is checked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, bytes] = {}
        other = STUDY | {"study_id": "trial_b", "label": "Trial B"}
        second = OUTCOME | {"outcome_id": "trial_b.infection", "study_id": "trial_b"}
        self.tables: dict[str, list[Row]] = {
            "studies.csv": [dict(STUDY), other],
            "outcomes.csv": [dict(OUTCOME), second],
            "reviews.csv": [dict(REVIEW)],
            "inclusions.csv": [dict(INCLUSION)],
            "pooled_results.csv": [dict(POOLED)],
            "vocabulary.csv": [dict(row) for row in VOCABULARY],
        }

    def text(self, file: str) -> str:
        """Give a table as CSV text."""
        out = io.StringIO()
        rows = self.tables[file]
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()

    def replace(self, file: str, content: str | bytes) -> None:
        """Put other content in the place of a table."""
        self.files[file] = content.encode() if isinstance(content, str) else content
        self.tables.pop(file, None)

    def keep(self, *files: str) -> None:
        """Keep these tables only."""
        self.tables = {file: rows for file, rows in self.tables.items() if file in files}

    def write(self) -> Path:
        """Write the package; give its folder."""
        self.path.mkdir(exist_ok=True)
        contents = {file: self.text(file).encode() for file in self.tables} | self.files
        for file, content in contents.items():
            (self.path / file).parent.mkdir(exist_ok=True)
            (self.path / file).write_bytes(content)
        return self.path

    def validate(self) -> list[pe.Fault]:
        """Write and check the package."""
        return pe.validate(self.write())

    def faults(self) -> list[str]:
        """Write and check the package; give the faults as lines."""
        return [str(fault) for fault in self.validate()]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path / "review")


@pytest.fixture
def faults_of_cell(small: Small) -> Callable[[str, str, str], list[pe.Fault]]:
    """Give the faults of the package with one cell of a file's first row changed."""

    def faults(file: str, column: str, text: str) -> list[pe.Fault]:
        small.tables[file][0][column] = text
        for row in small.tables[file]:
            row.setdefault(column, "")
        return small.validate()

    return faults
