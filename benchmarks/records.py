"""Time and memory of validating 100,000 outcome rows: sound ones, and one row in ten at fault.

``python benchmarks/records.py [rows]`` builds each package in a temporary folder, validates it in
a fresh process and prints what that took. The limits are 5 seconds and 1 GB.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
ROWS = 100_000
MOST_SECONDS, MOST_BYTES = 5.0, 1_000_000_000
ONE_RUN = """
import json, resource, sys, time
begin = time.perf_counter()
import peer_evidence as pe
imported = time.perf_counter()
faults = pe.validate(sys.argv[1])
validated = time.perf_counter()
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(json.dumps({"import": imported - begin, "validate": validated - imported,
                  "peak": peak, "faults": len(faults)}))
"""
# what one row in ten gets: a column and a cell that it does not allow
SPOILED = (
    ("study_id", "no_such_study_{row}"),
    ("domain", "hoep{row}"),
    ("n_intervention", "9O"),
    ("sd_comparison", "0"),
    ("p_value", "0,{row}"),
    ("better_is", "HIGHER"),
    ("outcome_id", "twice"),
    ("source", ""),
)


def build(folder: Path, rows: int, *, spoil: bool) -> None:
    """Copy the bundled package, with its outcomes repeated under new ids."""
    shutil.copytree(DATA, folder)
    with (DATA / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        bundled = list(csv.DictReader(file))
    chance = random.Random(0)
    with (folder / "outcomes.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(bundled[0]), lineterminator="\n")
        writer.writeheader()
        for row in range(rows):
            cells = dict(bundled[row % len(bundled)])
            cells["outcome_id"] += f"_{row}"
            cells["note"] += f" row {row}"
            if spoil and row % 10 == 0:
                column, text = chance.choice(SPOILED)
                cells[column] = text.format(row=row)
            writer.writerow(cells)


def run(folder: Path) -> dict[str, float]:
    """Validate a folder in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", ONE_RUN, str(folder)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}", end=", ")
    print(f"{os.cpu_count()} processors")
    print(f"{'records':<26}{'faults':>8}{'import s':>10}{'validate s':>12}{'peak MB':>9}")
    good = True
    for what, spoil in (("sound", False), ("one row in ten at fault", True)):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "package"
            build(folder, rows, spoil=spoil)
            for _ in range(3):
                seen = run(folder)
                print(
                    f"{what:<26}{seen['faults']:>8.0f}{seen['import']:>10.2f}"
                    f"{seen['validate']:>12.2f}{seen['peak'] / 1e6:>9.0f}"
                )
                within = seen["validate"] < MOST_SECONDS and seen["peak"] < MOST_BYTES
                good = good and within and bool(seen["faults"]) == spoil
    print("within 5 s and 1 GB" if good else "NOT within 5 s and 1 GB")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
