"""``python -m fuzz [--reader csv ...] [--cases 100000]``: mutated files for the readers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fuzz.run import HEAD, run, scratch, source_of
from fuzz.targets import TARGETS


def main() -> int:
    """Run the cases and print what they came to; exit 1 when there is a finding."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--reader", nargs="*", choices=list(TARGETS), default=list(TARGETS))
    parser.add_argument("--cases", type=int, default=10_000, help="how many for each reader")
    parser.add_argument("--seed", type=int, default=0, help="other numbers, other cases")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="counts, findings")
    parser.add_argument("--case", type=int, help="run this one case, with its traceback")
    given = parser.parse_args()
    if given.case is not None:
        return again(given.reader[0], given.seed, given.case)
    print(HEAD)
    found = [run(one, given.cases, given.seed, given.processes, given.out) for one in given.reader]
    print(f"\n{HEAD}")
    for one in found:
        print(one.row())
    for one in found:
        for kind, (many, case, size) in sorted(one.kinds.items()):
            print(f"{one.reader}: {kind}: {many} times, smallest --case {case} (size {size})")
    return int(any(one.kinds for one in found))


def again(reader: str, seed: int, case: int) -> int:
    """Run one case without limits and say what came of it."""
    target = TARGETS[reader]
    rng = source_of(target, seed, case)
    made = target.make(rng)
    print(repr(made)[:6000])
    print(target.read(made, scratch() / reader, rng))
    return 0


if __name__ == "__main__":
    sys.exit(main())
