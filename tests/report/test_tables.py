"""The tables of the report as files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import peer_evidence as pe
from peer_evidence.report.tables import write_tables
from peer_evidence.spreadsheet import to_csv


def test_formula_cells_are_made_text() -> None:
    frame = pd.DataFrame({"note": ["=cmd|x", "+1", "-1", "@a", "\tb", "plain"], "n": [-1.5] * 6})
    lines = to_csv(frame).splitlines()
    assert lines[0] == "note,n"
    assert [line.rsplit(",", 1)[0] for line in lines[1:]] == [
        "'=cmd|x",
        "'+1",
        "'-1",
        "'@a",
        "'\tb",
        "plain",
    ]
    assert all(line.endswith(",-1.5") for line in lines[1:])


def test_named_index_is_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"rows": [1]}, index=pd.Index(["hope"], name="domain"))
    (path,) = write_tables({"t": frame}, tmp_path)
    assert path.read_bytes() == b"domain,rows\nhope,1\n"


def test_the_tables_of_the_review_hold_the_results(built: Path, ev: pe.Evidence) -> None:
    written = pd.read_csv(built / "tables" / "conclusions.csv", index_col="domain")
    counted = pe.tally(ev.outcomes).to_frame()
    assert written.to_numpy().tolist() == counted.to_numpy().tolist()
    claims = pd.read_csv(built / "tables" / "claims.csv")
    assert list(claims["verdict"]) == list(pe.check_claims(ev).to_frame()["verdict"])
    rows = pd.read_csv(built / "tables" / "admissions.csv")
    assert list(rows["outcome_id"]) == list(pe.admissions(ev).rows["outcome_id"])


def test_how_sure_the_pools_are_is_recomputed_from_its_own_functions(
    built: Path, ev: pe.Evidence
) -> None:
    table = pd.read_csv(built / "tables" / "sureness.csv").set_index("pool")
    pools = pe.pools(ev)
    for key, title in zip(pools.keys, pools.titles, strict=True):
        one = pe.fragility(pools[key], data=pools.studies(key), measure=pools.measure)
        assert table.loc[title, "excludes_0"] == one.significant
        if one.trial_n is not None:
            assert table.loc[title, "people_of_one_null_trial"] == one.trial_n
    assert (table["choices"] == 8).all()  # four estimators, two intervals
    audit = pd.read_csv(built / "tables" / "audit.csv")
    assert len(audit) == len(pe.audit(ev).to_frame())
