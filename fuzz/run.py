"""Running the cases of a target in processes with a limit of time and memory a case."""

from __future__ import annotations

import faulthandler
import json
import multiprocessing
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from fuzz.cases import FAULTS, LOADED, Target, keep, scratch, size_of

SECONDS = 5  # of the processor that a case may take; twelve times that of the clock at most
MEGABYTES = 2048  # that a process may have on top of what it has before its first case
_BLOCK = 100


class TooLongError(BaseException):
    """A case took longer than it may."""


@dataclass(slots=True)
class Counts:
    """What the cases of a target came to.

    ``kinds`` holds by kind of finding: how many, the case of the smallest, and its size.
    """

    reader: str
    seed: int
    done: int = 0
    loads: int = 0
    faults: int = 0
    others: int = 0
    hangs: int = 0
    slowest: float = 0.0
    slowest_case: int = -1
    peak: int = 0
    kinds: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, other: Counts) -> None:
        """Add the cases of another process."""
        for name in ("done", "loads", "faults", "others", "hangs"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.slowest > self.slowest:
            self.slowest, self.slowest_case = other.slowest, other.slowest_case
        self.peak = max(self.peak, other.peak)
        for kind, (many, case, size) in other.kinds.items():
            held = self.kinds.setdefault(kind, [0, case, size])
            held[0] += many
            if size < held[2]:
                held[1:] = [case, size]

    def row(self) -> str:
        """Give the counts as one line of a table."""
        return (
            f"{self.reader:<14}{self.done:>9}{self.loads:>9}{self.faults:>12}{self.others:>8}"
            f"{self.hangs:>7}{self.slowest:>10.2f}{self.peak:>9}"
        )


HEAD = (
    f"{'reader':<14}{'cases':>9}{'loads':>9}{'fault lists':>12}{'others':>8}{'hangs':>7}"
    f"{'slowest s':>10}{'peak MB':>9}"
)


def source_of(target: Target, seed: int, case: int) -> Random:
    """Give the random numbers of a case: the same for ever."""
    return Random(f"{target.name}/{seed}/{case}")  # noqa: S311 - no secret


def run_case(target: Target, seed: int, case: int, folder: Path) -> tuple[str, str, Any]:
    """Run a case; give its outcome, the kind of finding (empty when none) and the case."""
    rng = source_of(target, seed, case)
    made: Any = b""
    try:
        made = target.make(rng)
        return target.read(made, folder, rng), "", made
    except TooLongError:
        return "hangs", f"hang at {_place(sys.exc_info()[2])}", made
    except (Exception, RecursionError) as error:
        return "others", f"{type(error).__name__} at {_place(error.__traceback__)}", made


def _place(trace: Any) -> str:
    """Give the innermost line of the package that a traceback passes."""
    frames = traceback.extract_tb(trace)
    own = [one for one in frames if "peer_evidence/" in one.filename.replace("\\", "/")]
    last = (own or frames)[-1]
    return f"{Path(last.filename).name}:{last.name}:{last.lineno}"


def run_here(
    target: Target,
    seed: int,
    cases: Iterable[int],
    kept: Path | None = None,
    seconds: float = SECONDS,
) -> Counts:
    """Run cases in this process, each with a limit of time."""
    counts = Counts(target.name, seed)
    folder = scratch() / target.name
    before = signal.signal(signal.SIGPROF, _alarm)
    try:
        for case in cases:
            _count(counts, target, seed, case, folder, kept, seconds)
    finally:
        signal.signal(signal.SIGPROF, before)
        shutil.rmtree(scratch(), ignore_errors=True)
    return counts


def _alarm(number: int, frame: Any) -> None:
    raise TooLongError


def _count(
    counts: Counts,
    target: Target,
    seed: int,
    case: int,
    folder: Path,
    kept: Path | None,
    seconds: float = SECONDS,
) -> None:
    begin = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        outcome, kind, made = run_case(target, seed, case, folder)
    except TooLongError:  # outside the reader
        outcome, kind, made = "hangs", "hang outside the reader", b""
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    took = time.process_time() - begin
    counts.done += 1
    counts.loads += outcome == LOADED
    counts.faults += outcome == FAULTS
    counts.others += outcome == "others"
    counts.hangs += outcome == "hangs"
    if took > counts.slowest:
        counts.slowest, counts.slowest_case = took, case
    counts.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if kind:
        size = size_of(made)
        held = counts.kinds.setdefault(kind, [0, case, size])
        held[0] += 1
        if held[0] == 1 or size < held[2]:
            held[1:] = [case, size]
            if kept is not None:
                keep(made, kept / f"{target.name}_{_safe(kind)}")


def _safe(kind: str) -> str:
    return "".join(one if one.isalnum() else "_" for one in kind)[:100]


def _work(reader: str, seed: int, cases: range, skipped: tuple[int, ...], kept: Path,
          now: Any, told: Any) -> None:  # fmt: skip
    """Run cases in a process of its own; tell the counts block by block.

    ``now`` holds the first case of the block that is not told yet, and the case that is running.
    """
    from fuzz.targets import TARGETS

    target = TARGETS[reader]
    folder = scratch() / reader
    kept.mkdir(parents=True, exist_ok=True)
    now[0] = now[1] = cases[0]
    with (kept / f"{reader}_{cases[0]}.trace").open("w") as trace:
        faulthandler.enable(trace)
        run_here(target, seed + 1, range(3))  # so that what is imported does not count
        limit = _size_now() + MEGABYTES * 1_048_576
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        signal.signal(signal.SIGPROF, _alarm)
        for begin in range(0, len(cases), _BLOCK):
            counts = Counts(reader, seed)
            block = cases[begin : begin + _BLOCK]
            now[0] = block[0]
            for case in block:
                if case not in skipped:
                    now[1] = case
                    faulthandler.dump_traceback_later(12 * SECONDS, exit=True, file=trace)
                    _count(counts, target, seed, case, folder, kept)
            faulthandler.cancel_dump_traceback_later()
            told.put(counts)
            now[0] = now[1] = block[-1] + cases.step
    shutil.rmtree(scratch(), ignore_errors=True)


def _size_now() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def run(reader: str, cases: int, seed: int, processes: int, out: Path) -> Counts:
    """Run the cases of a reader that were not run yet; the counts stand in ``out``.

    A process that dies, of a case that no alarm could stop, is a hang or a crash of that case;
    its block is run again without the case.
    """
    out.mkdir(parents=True, exist_ok=True)
    state = out / f"{reader}_{seed}.json"
    total = Counts(reader, seed)
    if state.exists():
        total = Counts(**json.loads(state.read_text(encoding="utf-8")))
    context = multiprocessing.get_context("spawn")
    while total.done < cases:  # in rounds, so that a stopped run goes on where it was
        stop = min(total.done + 2000 * processes, cases)
        _round(context, total, stop, processes, out / "kept")
        state.write_text(json.dumps(asdict(total), indent=1), encoding="utf-8")
        print(total.row(), flush=True)
    return total


def _round(context: Any, total: Counts, stop: int, processes: int, kept: Path) -> None:
    """Run the cases up to ``stop``."""
    told = context.Queue()
    running: list[tuple[Any, Any, tuple[int, ...]]] = []

    def start(cases: range, skipped: tuple[int, ...]) -> None:
        if cases:
            now = context.Array("q", 2)
            arguments = (total.reader, total.seed, cases, skipped, kept, now, told)
            process = context.Process(target=_work, args=arguments)
            process.start()
            running.append((process, now, skipped))

    for one in range(processes):
        start(range(total.done + one, stop, processes), ())
    found: list[Counts] = []
    while running or not told.empty():
        while not told.empty():
            found.append(told.get())
        for one in list(running):
            process, now, skipped = one
            if not process.is_alive():
                process.join()
                running.remove(one)
                if process.exitcode:
                    found.append(_died(total, now[1], process.exitcode))
                    start(range(now[0], stop, processes), (*skipped, now[1]))
        time.sleep(0.05)
    for counts in found:
        total.add(counts)


def _died(total: Counts, case: int, code: int) -> Counts:
    """Count the case in which a process ended: 1 is the exit of the last alarm."""
    counts = Counts(total.reader, total.seed, done=1)
    counts.hangs, counts.others = int(code == 1), int(code != 1)
    counts.kinds[f"the process ended with {code}"] = [1, case, 0]
    return counts
