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

READERS = ("csv", "tables", "xlsx", "flow", "judgements", "printed", "revman", "ris", "bibtex")
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
    whole = [one for one in made if isinstance(one, dict)]
    name = {"csv": "studies.csv", "tables": "claims.csv"}.get(reader) or next(iter(whole[0]))
    if reader in ("ris", "bibtex"):
        name = "a.ris" if reader == "ris" else "a.bib"
    from fuzz.seeds import small_review, whole_review, written

    beside: dict[str, bytes] = {}
    if reader in ("csv", "tables"):
        tables = small_review() if reader == "csv" else whole_review()
        beside = {f"{one}.csv": written(rows) for one, rows in tables.items()}
    seeds = [one for case in whole for one in case.values() if isinstance(one, bytes)]
    if reader in ("csv", "tables"):
        seeds = [beside[name], *(case[name] for case in whole if name in case)]
    return lambda data: {**beside, name: data}, seeds


if __name__ == "__main__":
    main()
