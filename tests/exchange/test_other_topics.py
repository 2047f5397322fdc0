"""Two reviews of other topics, begun from a blank template as a new user would, end to end.

The records are the rows of published data sets that the references from R rest on: the trials of
the BCG vaccine (Colditz 1994) and the experiments on teachers' expectancy (Raudenbush 1984). What
the data sets do not hold, such as times of measurement, stays empty.
"""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

import peer_evidence as pe
from peer_evidence.cli import main

REFERENCE = Path(__file__).parents[1] / "reference"
Row = dict[str, Any]


def reference(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))
    return found


def study(name: str, label: str, year: int, **more: Any) -> Row:
    return {
        "study_id": name,
        "label": f"{label} {year}",
        "year": year,
        "level": "individual",
        "confidence": "review",
    } | more


def bcg() -> tuple[list[Row], list[Row], str]:
    data = reference("dat.bcg")
    source = "10.1001/jama.1994.03510330076038"
    studies, outcomes = [], []
    for row in data["input"]:
        name = f"trial_{row['trial']}"
        treated, control = row["tpos"] + row["tneg"], row["cpos"] + row["cneg"]
        better = row["tpos"] / treated < row["cpos"] / control
        design = "quasi_experimental" if row["alloc"] == "systematic" else "randomised_trial"
        studies.append(
            study(
                *(name, row["author"], row["year"]),
                design=design,
                population=f"People at latitude {row['ablat']}",
                problem_type="tuberculosis",
                intervention="BCG vaccine",
                initiative_type="vaccine",
                comparator="No vaccine",
                comparator_type="no_vaccine",
                n_total=treated + control,
                source=source,
            )
        )
        outcomes.append(
            {
                "outcome_id": f"{name}.tuberculosis",
                "study_id": name,
                "domain": "tuberculosis",
                "measure": "Cases of tuberculosis",
                "contrast": "vaccine against none",
                "contrast_type": "intervention_vs_comparison",
                "better_is": "lower",
                "reported_conclusion": "unclear",
                "effect_direction": "favours_intervention" if better else "favours_comparison",
                "events_intervention": row["tpos"],
                "n_intervention": treated,
                "events_comparison": row["cpos"],
                "n_comparison": control,
                "poolable": "yes",
                "source": source,
                "confidence": "review",
            }
        )
    return studies, outcomes, source


def expectancy() -> tuple[list[Row], list[Row], str]:
    data = reference("dat.raudenbush1985")
    source = "Raudenbush 1984, J Educ Psychol 76:85"
    studies, outcomes = [], []
    for row in data["input"]:
        name, half = f"study_{row['study']}", 1.959963984540054 * math.sqrt(row["vi"])
        studies.append(
            study(
                *(name, row["author"], row["year"]),
                design="randomised_trial",
                population=f"Pupils tested in a {row['setting']}",
                problem_type="none",
                intervention="Teachers are led to expect much",
                initiative_type="expectancy",
                comparator="No expectation is raised",
                comparator_type="no_expectation",
                n_intervention=row["n1i"],
                n_comparison=row["n2i"],
                source=source,
            )
        )
        sign = {True: "favours_intervention", False: "favours_comparison"}[row["yi"] > 0]
        outcomes.append(
            {
                "outcome_id": f"{name}.iq",
                "study_id": name,
                "domain": "intelligence",
                "measure": "Intelligence test",
                "contrast": "expectation against none",
                "contrast_type": "intervention_vs_comparison",
                "better_is": "higher",
                "reported_conclusion": "unclear",
                "effect_direction": sign if row["yi"] else "null",
                "effect_measure": "SMD",
                "estimate": row["yi"],
                "ci_low": row["yi"] - half,
                "ci_high": row["yi"] + half,
                "poolable": "yes",
                "source": source,
                "confidence": "review",
            }
        )
    return studies, outcomes, source


def fill_workbook(path: Path, tables: dict[str, list[Row]]) -> None:
    book = openpyxl.load_workbook(path)
    for table, rows in tables.items():
        places = {cell.value: cell.column for cell in book[table][1]}
        for number, row in enumerate(rows, start=2):
            for name, value in row.items():
                book[table].cell(number, places[name]).value = value
    book.save(path)


def fill_folder(folder: Path, tables: dict[str, list[Row]]) -> None:
    for table, rows in tables.items():
        file = folder / f"{table}.csv"
        names = file.read_text(encoding="utf-8").strip().split(",")
        with file.open("a", encoding="utf-8", newline="") as stream:
            csv.DictWriter(stream, names, lineterminator="\n").writerows(rows)


@pytest.mark.parametrize(
    ("topic", "format", "measure", "name"),
    [("bcg", "xlsx", "RR", "dat.bcg"), ("expectancy", "csv", "SMD", "dat.raudenbush1985")],
)
def test_a_review_of_another_topic_runs_end_to_end(
    tmp_path: Path, topic: str, format: str, measure: str, name: str
) -> None:
    studies, outcomes, _ = {"bcg": bcg, "expectancy": expectancy}[topic]()
    tables = {"studies": studies, "outcomes": outcomes}
    folder = pe.new_review(tmp_path / topic, format=format)
    if format == "xlsx":
        fill_workbook(folder / f"{topic}.xlsx", tables)
    else:
        fill_folder(folder, tables)
    for command in (
        ["check", str(folder)],
        ["claims", str(folder)],
        ["explore", str(folder), "--out", str(tmp_path / "explorer.html")],
        ["review", str(folder), "--out", str(tmp_path / "out")],
    ):
        done = CliRunner().invoke(main, command, catch_exceptions=False)
        assert done.exit_code == 0, (command, done.output)
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert not re.search("peer support", page, re.IGNORECASE)
    ev = pe.load(folder)
    m = pe.pools(ev, by="domain", measure=measure).analyses[0]
    analysis = reference(name)["analysis"]
    expected = analysis[measure]["models"]["REML"]
    turned = -1 if topic == "bcg" else 1  # positive favours the intervention here
    # closed forms from the same tables; REML is iterated in both, to 1e-9 or finer
    assert m.estimate == pytest.approx(turned * expected["beta"][0], rel=1e-6)
    assert m.se == pytest.approx(expected["se"][0], rel=1e-6)
    assert m.tau2 == pytest.approx(expected["tau2"], rel=1e-6)
    folder = pe.export_metafor(m, tmp_path / "r")
    assert f"# estimate {m.estimate:.10g}\n" in (folder / "reproduce.R").read_text("utf-8")
