"""The tables of the report as CSV files that a spreadsheet can open without harm."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from peer_evidence.records.evidence import Evidence
from peer_evidence.records.write import csv_text
from peer_evidence.report.analyses import Analyses
from peer_evidence.spreadsheet import to_csv

_POOL_ROWS = ["outcome_id", "study_id", "domain", "bucket", "effect", "variance", "effect_note"]
_POOL_ROWS += ["pooled", "left_out_reason"]


def report_tables(analyses: Analyses) -> dict[str, pd.DataFrame]:
    """Collect the tables of the report by the name of their file."""
    tables = {
        "conclusions": analyses.conclusions.to_frame(),
        "conclusions_votes": analyses.conclusions.votes,
        "conclusions_left_out": analyses.conclusions.left_out,
        "directions": analyses.directions.to_frame(),
        "directions_votes": analyses.directions.votes,
        "directions_left_out": analyses.directions.left_out,
        "sign_tests": analyses.directions.sign_tests(),
        "sign_tests_unsigned_against": analyses.directions.sign_tests(unsigned="against"),
        "directions_overall": analyses.overall.votes,
        "pools": analyses.pools.to_frame(),
        "pools_rows": analyses.pools.rows[_POOL_ROWS],
        "claims": analyses.claims.to_frame(),
        "claims_untested": analyses.claims.untested,
    }
    if analyses.study_directions is not None:
        tables["effect_directions"] = analyses.study_directions.to_frame()
        tables["effect_directions_sign_tests"] = analyses.study_directions.sign_tests()
    if analyses.bias is not None:
        tables["risk_of_bias"] = analyses.bias.to_frame()
    if analyses.shared is not None:
        tables["overlap_pairs"] = analyses.shared.pairs
        tables["overlap_reviews"] = analyses.shared.members
    if len(analyses.pools):
        tables["sureness"] = _sureness(analyses)
    tables["audit"] = analyses.audited.to_frame()
    tables["certainty_worksheet"] = analyses.certainty.worksheet()
    if analyses.hospital is not None:
        tables["admissions"] = analyses.hospital.rows
    return {name: frame for name, frame in tables.items() if len(frame.columns)}


def _sureness(analyses: Analyses) -> pd.DataFrame:
    """Give one row a pool: what would overturn it, and what its choices do."""
    rows = []
    for key, title in zip(analyses.pools.keys, analyses.pools.titles, strict=True):
        one, choices = analyses.sure.fragile[key], analyses.sure.choices[key]
        excluding = (choices.ci_low > 0) | (choices.ci_high < 0)
        rows.append(
            {
                "pool": title,
                "k": one.k,
                "estimate": one.estimate,
                "ci_low": one.ci_low,
                "ci_high": one.ci_high,
                "excludes_0": one.significant,
                "removal_that_turns_it": "; ".join(one.significance_studies),
                "people_of_one_null_trial": one.trial_n,
                "choices": len(choices.estimate),
                "choices_excluding_0": int(excluding.sum()),
                "lowest_estimate": float(choices.estimate.min()),
                "highest_estimate": float(choices.estimate.max()),
            }
        )
    return pd.DataFrame(rows)


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Write each table as CSV, with formula cells made plain text."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, frame in tables.items():
        path = folder / f"{name}.csv"
        path.write_text(to_csv(frame), encoding="utf-8", newline="")
        paths.append(path)
    return paths


def copy_records(ev: Evidence, folder: Path) -> None:
    """Put the files of the records beside the page, byte for byte, so that traces lead there.

    Records that came from no CSV files are written as such.
    """
    files = ev.files()
    for table in ev.tables:
        raw = ev.raw_table(table)
        target = folder / raw.file
        target.parent.mkdir(parents=True, exist_ok=True)
        if raw.file in files:
            shutil.copyfile(files[raw.file], target)
        else:
            target.write_text(csv_text(raw), encoding="utf-8", newline="")
