"""docs/methods.md: its tables are what the package holds, its words name all that there is."""

import re
from pathlib import Path

import pytest

import peer_evidence as pe
from peer_evidence.pooling import conventions
from peer_evidence.pooling.programs import WORDS

TEXT = (Path(__file__).parents[1] / "docs" / "methods.md").read_text(encoding="utf-8")
ASPECTS = {
    "estimator": "estimator of tau², by default",
    "i2": "I²",
    "prediction": "prediction interval",
    "smd": "Hedges' g",
    "tau2_dl": "negative tau² of DL",
    "zero": "zero cells",
    "double": "no events in both arms",
    "mh": "Mantel-Haenszel",
}


def conventions_table():
    """Write the definitions as Markdown."""
    table = conventions.definitions()
    lines = ["| | " + " | ".join(table.columns) + " |", "|---" * (len(table.columns) + 1) + "|"]
    for name, row in table.iterrows():
        aspect, _, measure = str(name).partition(", ")
        said = [WORDS[aspect].get(code, code) for code in row]
        head = ASPECTS[aspect] + (f", {measure}" if measure else "")
        lines.append(f"| {head} | " + " | ".join(said) + " |")
    return "\n".join(lines)


def sources_table():
    """Write the sources as Markdown."""
    lines = ["| program | found in | not verified |", "|---|---|---|"]
    for name, row in conventions.sources().iterrows():
        lines.append(f"| {name} | {row['source']} | {row['not_verified']} |")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("name", "table"), [("conventions", conventions_table), ("sources", sources_table)]
)
def test_its_tables_are_those_of_the_package(name, table):
    held = re.search(f"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", TEXT, re.DOTALL)
    assert held is not None
    assert held.group(1) == table()


def test_every_prediction_rule_and_estimator_is_described():
    from peer_evidence.pooling.tables import PREDICTION_RULES
    from peer_evidence.pooling.tau2 import METHODS

    assert [rule for rule in PREDICTION_RULES if f'`"{rule}"`' not in TEXT] == []
    assert [name for name in METHODS if name not in TEXT] == []


def test_no_result_is_typed_outside_an_example_or_a_formula():
    prose = re.sub(r"```python\n.*?```|<!-- (\w+) -->.*?<!-- /\1 -->", "", TEXT, flags=re.DOTALL)
    prose = re.sub(r"doi\s+10\.\S+", "", prose)
    decimals = set(re.findall(r"(?<![\w.])-?\d+\.\d+(?![\w.])", prose))
    assert decimals <= {"3.8", "0.15", "0.5"}  # versions, an option of statsmodels
    assert pe.conventions is conventions.conventions
