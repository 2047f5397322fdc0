"""Long work cut into blocks: the same bytes from one worker or many, and a run that can go on.

The blocks depend on the work alone, never on the number of workers, and each block that draws at
random has a seed of its own. So every backend of joblib gives the same numbers, in the same order.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
import zipfile
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peer_evidence import __version__
from peer_evidence.errors import InputError

Arrays = tuple[NDArray[Any], ...]
Kernel = Callable[..., Arrays]

_SAVE_EVERY = 10.0  # seconds between two writings of the checkpoint
_SHOW_AFTER = 1.0  # seconds of work before a progress bar appears
_FORMAT = "peer_evidence blocks 1"


@dataclass(frozen=True, slots=True)
class Work:
    """How long work is done: by how many workers, seen or unseen, and kept where.

    Attributes
    ----------
    n_jobs : int or None
        Workers, as joblib counts them; None is one, or those of ``joblib.parallel_config``.
    progress : bool or None
        Show a bar on standard error; None shows one on a terminal.
    checkpoint : str, Path or None
        File that keeps finished blocks.
    """

    n_jobs: int | None = None
    progress: bool | None = None
    checkpoint: str | Path | None = None

    def __post_init__(self) -> None:
        jobs = self.n_jobs
        whole = isinstance(jobs, Integral) and not isinstance(jobs, bool)
        if jobs is not None and (not whole or jobs == 0):
            raise InputError(
                f"n_jobs: found {jobs!r}, allowed is a whole number of workers, -1 for one a core, "
                "or None for one worker or those of joblib.parallel_config"
            )
        if self.progress not in (None, True, False):
            raise InputError(f"progress: found {self.progress!r}, allowed are True, False and None")
        if self.checkpoint is not None and not isinstance(self.checkpoint, (str, os.PathLike)):
            raise InputError(
                f"checkpoint: found {self.checkpoint!r}, allowed is the name of a file, or None"
            )


def spans(count: int, size: int) -> list[tuple[int, int]]:
    """Cut ``count`` units into blocks of ``size``: first unit of each, and the first beyond it.

    Examples
    --------
    >>> spans(5, 2)
    [(0, 2), (2, 4), (4, 5)]
    """
    return [(start, min(start + size, count)) for start in range(0, count, size)]


def seeded_spans(count: int, size: int, seed: int) -> list[tuple[int, int, np.random.SeedSequence]]:
    """Cut units into blocks, each with a seed that depends on its place alone."""
    parts = spans(count, size)
    seeds = np.random.SeedSequence(seed).spawn(len(parts))
    return [(start, stop, own) for (start, stop), own in zip(parts, seeds, strict=True)]


def run_blocks(
    kernel: Kernel, blocks: Sequence[Any], shared: tuple[Any, ...], work: Work, name: str
) -> list[Arrays]:
    """Do every block and give the results in the order of the blocks.

    Parameters
    ----------
    kernel : callable
        Takes a block and then ``shared``; gives a tuple of arrays. A function of a module, so that
        another process finds it.
    blocks : sequence
        What each call takes first: small tuples of numbers and seeds.
    shared : tuple
        What all calls take: arrays, texts, numbers.
    work : Work
        Workers, progress and checkpoint.
    name : str
        What is done, for the bar and the checkpoint.

    Returns
    -------
    list of tuple of arrays
        One a block.

    Raises
    ------
    InputError
        A checkpoint of other data or parameters, or one that cannot be read or written.
    """
    done: dict[int, Arrays] = {}
    store = None
    if work.checkpoint is not None:
        store = _Checkpoint(Path(work.checkpoint), _mark(name, blocks, shared))
        done = store.read(len(blocks))
    todo = [place for place in range(len(blocks)) if place not in done]
    results = _results(kernel, blocks, shared, todo, work.n_jobs)
    with _Bar(name, len(blocks), len(done), work.progress) as bar:
        try:
            for place, arrays in results:
                done[place] = arrays
                bar.advance()
                if store is not None:
                    store.save_now_and_then(done)
        finally:
            results.close()  # ends what still runs, also after an interrupt
            if store is not None:
                store.save(done)
    return [done[place] for place in range(len(blocks))]


def _results(
    kernel: Kernel, blocks: Sequence[Any], shared: tuple[Any, ...], todo: list[int], jobs: Any
) -> Generator[tuple[int, Arrays], None, None]:
    """Give results as they come: (place of the block, arrays)."""
    # a backend chosen by parallel_config is known to joblib alone, so it must have been imported
    if jobs in (None, 1) and sys.modules.get("joblib") is None:
        return (_one(kernel, place, blocks[place], shared) for place in todo)
    from joblib import Parallel, delayed

    calls = (delayed(_one)(kernel, place, blocks[place], shared) for place in todo)
    try:
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
    except ValueError:  # multiprocessing and ray give nothing before all is done
        return _in_turns(Parallel(n_jobs=jobs, batch_size=1), list(calls))
    results: Generator[tuple[int, Arrays], None, None] = parallel(calls)
    return results


def _in_turns(parallel: Any, calls: list[Any]) -> Generator[tuple[int, Arrays], None, None]:
    """Give some results after another, so that a stopped run keeps those before."""
    from joblib import effective_n_jobs

    size = 4 * effective_n_jobs(parallel.n_jobs)
    for start in range(0, len(calls), size):
        yield from parallel(calls[start : start + size])


def _one(kernel: Kernel, place: int, block: Any, shared: tuple[Any, ...]) -> tuple[int, Arrays]:
    return place, kernel(block, *shared)


def _mark(name: str, blocks: Sequence[Any], shared: tuple[Any, ...]) -> str:
    """Give the fingerprint of work, which other versions would do with other last digits."""
    return fingerprint(name, __version__, np.__version__, list(blocks), shared)


def fingerprint(*parts: Any) -> str:
    """Give a text that tells inputs apart: same data and parameters, same text.

    Examples
    --------
    >>> fingerprint(1, "DL") == fingerprint(1, "DL"), fingerprint(1, "DL") == fingerprint(1, "PM")
    (True, False)
    """
    digest = hashlib.sha256()
    _feed(digest, parts)
    return digest.hexdigest()


def _feed(digest: Any, part: Any) -> None:
    if isinstance(part, np.ndarray):
        digest.update(f"array {part.dtype.str} {part.shape} ".encode())
        digest.update(np.ascontiguousarray(part).tobytes())
    elif isinstance(part, (tuple, list)):
        digest.update(f"{type(part).__name__} {len(part)} ".encode())
        for one in part:
            _feed(digest, one)
    elif isinstance(part, np.random.SeedSequence):
        digest.update(f"seed {part.entropy} {part.spawn_key} ".encode())
    else:
        digest.update(f"{type(part).__name__} {part!r} ".encode())


class _Checkpoint:
    """Finished blocks in a file, written aside and moved into place, so that it is always whole."""

    def __init__(self, path: Path, mark: str) -> None:
        self.path, self.mark = path, mark
        self.kept = 0
        self.last = time.monotonic()
        if not path.parent.is_dir():
            raise InputError(f"checkpoint: found no folder {str(path.parent)!r}; make it first")

    def read(self, count: int) -> dict[int, Arrays]:
        """Give the blocks of an earlier run of the same work; none when there is no file."""
        if not self.path.exists():
            return {}
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                files = {key: held[key] for key in held.files}
            own = str(files.pop("format")) == _FORMAT
            mark = str(files.pop("fingerprint"))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            own, mark, files = False, "", {}
        if not own:
            raise InputError(
                f"checkpoint: {str(self.path)!r} is not a checkpoint of this package, and is left "
                "as it is; give the name of another file"
            )
        if mark != self.mark:
            raise InputError(
                f"checkpoint: {str(self.path)!r} was written for other data, parameters or "
                "versions; give the name of another file, or delete it to begin anew"
            )
        found: dict[int, dict[int, NDArray[Any]]] = {}
        for key, array in files.items():
            place, column = (int(part) for part in key.split("_"))
            found.setdefault(place, {})[column] = array
        self.kept = len(found)
        return {
            place: tuple(columns[i] for i in range(len(columns)))
            for place, columns in found.items()
            if place < count
        }

    def save_now_and_then(self, done: dict[int, Arrays]) -> None:
        """Write the file when the last writing is a while ago."""
        if time.monotonic() - self.last >= _SAVE_EVERY:
            self.save(done)

    def save(self, done: dict[int, Arrays]) -> None:
        """Write the file if there is more than it holds."""
        if len(done) == self.kept:
            return
        files: dict[str, Any] = {
            f"{place}_{column}": array
            for place in sorted(done)
            for column, array in enumerate(done[place])
        }
        aside = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            with aside.open("wb") as file:
                np.savez(file, format=_FORMAT, fingerprint=self.mark, **files)
            aside.replace(self.path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        self.kept, self.last = len(done), time.monotonic()


class _Bar:
    """A progress bar on standard error that appears only when the work takes a while."""

    def __init__(self, name: str, total: int, done: int, wanted: bool | None) -> None:
        self.name, self.total, self.done = name, total, done
        self.wanted = sys.stderr.isatty() if wanted is None else wanted
        self.after = 0.0 if wanted else _SHOW_AFTER
        self.start = time.monotonic()
        self.shown: Any = None
        self.task: Any = None

    def __enter__(self) -> _Bar:
        return self

    def advance(self) -> None:
        """Count one block as done."""
        self.done += 1
        if self.shown is None and self.wanted and time.monotonic() - self.start >= self.after:
            self._show()
        if self.shown is not None:
            self.shown.update(self.task, completed=self.done)

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        self.shown = Progress(
            "{task.description}",
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self.shown.start()
        self.task = self.shown.add_task(f"{self.name}, blocks", total=self.total)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.shown is not None:
            self.shown.stop()
