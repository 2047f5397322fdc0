"""Mutations led by coverage: ``python -m fuzz.atheris_run csv -runs=100000``.

The readers are instrumented by atheris (Linux; ``pip install atheris``), which keeps the inputs
that reach new lines in ``build/fuzz/corpus``. What follows the name of the reader goes to libFuzzer
as it is.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

# the file of a case that is mutated; what else the case holds stands beside it as it is
_MUTATED = {
    **{"csv": "studies.csv", "tables": "claims.csv", "flow": "flow.csv", "audit": "table.csv"},
    **{"judgements": "judgements.csv", "xlsx": "book.xlsx", "parquet": "studies.parquet"},
    **{"zip": "review.zip", "diff": "new/outcomes.csv", "revman": "review.rm5"},
    "cochrane": "package/CD000000-analysis-data/CD000000-data-rows.csv",
    **{"ris": "a.ris", "bibtex": "a.bib", "robvis": "rob.csv"},
}
READERS = (*_MUTATED, "printed")
_INSTRUMENTED = (
    *("peer_evidence.records", "peer_evidence.exchange", "peer_evidence.direction.printed_p"),
    *("peer_evidence.appraisal.printed_numbers", "peer_evidence.appraisal.judgements"),
)
_READ_BY = (
    *("records.package", "records.evidence", "records.workbook", "exchange.revman"),
    *("exchange.cochrane", "exchange.judgements_in", "exchange.bibliography.read"),
    *("appraisal.flow", "appraisal.judgements", "direction.printed_p"),
)
_SEEDS = 40


def main() -> None:
    """Instrument the readers, lay down the first corpus and begin."""
    import atheris

    arguments = sys.argv[1:]
    if not arguments or arguments[0] not in READERS:
        sys.exit(f"usage: python -m fuzz.atheris_run {'|'.join(READERS)} [-runs=100000]")
    reader, *rest = arguments
    rest = [one for one in rest if one != "--"]
    with atheris.instrument_imports(include=list(_INSTRUMENTED)):
        for module in _READ_BY:  # they would be loaded at their first use, without it
            importlib.import_module(f"peer_evidence.{module}")
        from fuzz import cases
        from fuzz.targets import TARGETS
    corpus = Path("build/fuzz/corpus") / reader
    corpus.mkdir(parents=True, exist_ok=True)
    target = TARGETS[reader]
    folder = cases.scratch() / reader
    wrap, seeds = _shape(reader, [target.make(_random(f"seed/{one}")) for one in range(_SEEDS)])
    for number, seed in enumerate(seeds):
        (corpus / f"seed_{number}").write_bytes(seed)

    def one_input(data: bytes) -> None:
        target.read(wrap(data), folder, _random(str(len(data))))  # the same for the same input

    found = corpus.parent / f"{reader}_found_"
    limits = ["-timeout=30", "-rss_limit_mb=2048", "-max_len=20000", f"-artifact_prefix={found}"]
    atheris.Setup([sys.argv[0], *limits, *rest, str(corpus)], one_input)
    atheris.Fuzz()


def _random(seed: str) -> Random:
    return Random(seed)  # noqa: S311 - no secret


def _shape(reader: str, made: list[object]) -> tuple[Callable[[bytes], object], list[bytes]]:
    """Tell how bytes become a case, and give the bytes to begin with."""
    if reader == "printed":
        texts = [str(one).encode("utf-8", "surrogatepass") for one in made]
        return lambda data: data.decode("utf-8", "surrogateescape"), texts
    name = _MUTATED[reader]
    whole = [one for one in made if isinstance(one, dict) and name in one]
    beside = {one: data for one, data in whole[0].items() if one != name}
    if reader in ("csv", "tables"):
        from fuzz.seeds import small_review, whole_review, written

        tables = small_review() if reader == "csv" else whole_review()
        beside = {f"{one}.csv": written(rows) for one, rows in tables.items()}
    seeds = [*([beside[name]] if name in beside else []), *(one[name] for one in whole)]
    return lambda data: {**beside, name: data}, seeds


if __name__ == "__main__":
    main()
