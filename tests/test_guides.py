"""The guides: each call that a table names as what to do here is run, R's numbers are R's."""

import doctest
import json
import re
import warnings
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import peer_evidence as pe
from peer_evidence.cli import main

ROOT = Path(__file__).parents[1]
FOLDERS = [ROOT / "docs" / name for name in ("coming-from", "how-to")]
PAGES = sorted(page for folder in FOLDERS for page in folder.glob("*.md"))
REFERENCE = ROOT / "tests" / "reference"
ESCAPED_PIPE = "\x00"
NOTHING = re.compile(r"not here$|see \[[^]]+\]\([^)]+\)$")


def tables(text: str) -> list[list[list[str]]]:
    """Split a page into its tables, each a list of rows of cells, the first the heading."""
    found: list[list[list[str]]] = [[]]
    for line in re.sub(r"```.*?```", "", text, flags=re.DOTALL).splitlines():
        if line.startswith("|"):
            cells = line.replace(r"\|", ESCAPED_PIPE).strip("|").split("|")
            found[-1].append([cell.strip().replace(ESCAPED_PIPE, "|") for cell in cells])
        elif found[-1]:
            found.append([])
    return [[rows[0], *rows[2:]] for rows in found if rows]


def names_of(text: str) -> dict[str, Any]:
    """Run the examples of a page, as far as they are on it, and give the names they made."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        for example in doctest.DocTestParser().get_examples(block):
            exec(compile(example.source, "<guide>", "exec"), names)
    return names


def here(text: str) -> list[tuple[str, list[str]]]:
    """Give what stands first in each row, and its cell "here" or "call" as calls."""
    found = []
    for heading, *rows in tables(text):
        if {"here", "call"} & set(heading):
            place = heading.index("here" if "here" in heading else "call")
            for row in rows:
                calls = re.findall(r"`([^`]+)`", row[place])
                assert calls or NOTHING.match(row[place]), row
                found.append((row[0], calls))
    return found


def does_not_run(call: str, names: dict[str, Any]) -> str:
    """Say why a call of a table cannot be made; nothing if it can."""
    if call.startswith("peer-evidence "):
        return "" if command_exists(call) else "no such command"
    with warnings.catch_warnings():
        # the published examples hold few studies for some of the tests
        warnings.simplefilter("ignore", pe.PeerEvidenceWarning)
        try:
            eval(compile(call, call, "eval"), names)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return ""


def command_exists(call: str) -> bool:
    words = call.split()
    helped = CliRunner().invoke(main, [words[1], "--help"])
    options = [word for word in words if word.startswith("--")]
    return helped.exit_code == 0 and all(option in helped.output for option in options)


WITH_CALLS = [page for page in PAGES if here(page.read_text(encoding="utf-8"))]


def test_all_pages_of_translations_and_some_others_have_calls() -> None:
    found = {page.stem for page in WITH_CALLS}
    assert {"metafor", "meta", "revman", "statsmodels", "numbers-from-papers"} <= found


@pytest.mark.parametrize("page", WITH_CALLS, ids=lambda page: page.stem)
def test_every_call_of_a_table_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    names = names_of(text)
    calls = [call for _, some in here(text) for call in some]
    failed = {call: why for call in calls if (why := does_not_run(call, names))}
    assert not failed


# where R's number of the comparison stands in tests/reference/dat.bcg.json
R_NUMBERS = {
    "rma(yi, vi, data=dat)$beta": "analysis RR models REML beta 0",
    "rma(yi, vi, data=dat)$se": "analysis RR models REML se 0",
    "rma(yi, vi, data=dat)$tau2": "analysis RR models REML tau2",
    "rma(yi, vi, data=dat)$I2": "analysis RR models REML I2",
    "rma(yi, vi, data=dat)$QE": "analysis RR models REML QE",
    'rma(yi, vi, data=dat, test="knha")$ci.lb': "analysis RR models REML_knha ci_lb 0",
    'rma(yi, vi, data=dat, method="DL")$beta': "analysis RR models DL beta 0",
    "predict(rma(yi, vi, data=dat))$pi.ub": "analysis RR models REML predict default pi.ub 0",
    "confint(rma(yi, vi, data=dat))": "analysis RR models REML confint_Qprofile tau2 ci_ub",
    'rma(yi, vi, mods=~ablat, data=dat, test="knha")$beta[2]': (
        "analysis RR metareg ablat REML_knha beta 1"
    ),
    'rma.mh(..., measure="OR")$beta': "mh OR beta",
    "rma.peto(...)$beta": "peto beta",
    "trimfill(res)$beta": "analysis RR trimfill REML auto_L0 beta",
    "ranktest(res)$pval": "analysis RR ranktest pval",
    "fsn(yi, vi, data=dat)$fsnum": "analysis RR fsn Rosenthal fsnum",
    "permutest(res, exact=TRUE)$pval": "analysis RR permutest intercept_REML_exact pval 0",
}


def test_the_numbers_of_metafor_are_those_that_r_printed() -> None:
    text = (ROOT / "docs" / "coming-from" / "metafor.md").read_text(encoding="utf-8")
    held = json.loads((REFERENCE / "dat.bcg.json").read_text(encoding="utf-8"))
    names = names_of(text)
    (table,) = [table for table in tables(text) if table[0] == ["metafor", "gives", "here"]]
    assert len(table) == len(R_NUMBERS) + 1
    for there, gives, cell in table[1:]:
        path = R_NUMBERS[there.split("`")[1]].split()
        of_r = reduce(lambda at, key: at[int(key)] if key.isdigit() else at[key], path, held)
        ours = eval(cell.strip("`"), names)
        printed = float(gives.replace("−", "-"))
        assert f"{of_r:.6g}" == f"{ours:.6g}" == f"{printed:.6g}", there
        # R's refits inside trimfill stop at 1e-10 absolute
        assert of_r == pytest.approx(ours, rel=1e-7)
