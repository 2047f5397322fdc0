"""A folder of results that appears whole or not at all."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peer_evidence.errors import InputError
from peer_evidence.writing import alone, refuse_read_only, told_where

MANIFEST = "manifest.json"
MADE_BY = "peer_evidence"


@contextmanager
def written_whole(out: Path) -> Iterator[Path]:
    """Give a folder to write in; move it to ``out`` when the block ends well.

    The folder is made beside ``out``, so that the move is one step on one disk. When the block
    fails, what was written goes and an older result in ``out`` stays as it was.

    Parameters
    ----------
    out : Path
        Where the result goes. What is there must be an older result or an empty folder.

    Yields
    ------
    Path
        The folder to write in.

    Raises
    ------
    InputError
        If ``out`` holds something that this function did not make.
    BusyError
        If another process writes into ``out`` at this moment.
    WriteError
        If the system does not let it be written.

    Notes
    -----
    A process that is killed leaves its hidden folder beside ``out``; the next one clears it. It
    holds the lock that each of them holds while it writes, so what it finds is of the dead. An
    older result is replaced by two renames. Killed between them, a process leaves no ``out``; the
    next one puts the older result back before it begins.
    """
    refuse_foreign(out)
    out = out.resolve()
    with told_where(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with alone(out) as held:
            if held:
                _bury(out)
            refuse_foreign(out)
            refuse_read_only(out)
            partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.partial-", dir=out.parent))
            try:
                yield partial
                partial.chmod(0o755)
                refuse_foreign(out)
                _swap(partial, out)
            finally:
                _remove(partial)


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """List the files of a result and what made them; no clock, so equal inputs give equal bytes."""
    files = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    text = json.dumps({"made_by": MADE_BY, **facts, "files": files}, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def left_out(folder: Path) -> dict[str, str]:
    """Give the files that a review was to hold and does not, each with the reason."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return {str(name): str(why) for name, why in manifest.get("left_out", {}).items()}


def refuse_foreign(out: Path) -> None:
    """Refuse a place that holds anything but an older result of this function."""
    if "\0" in str(out):
        raise InputError(f"out: {str(out)!r} is no name of a folder; give another")
    if not out.exists():
        return
    if not out.is_dir():
        raise InputError(f"out: {str(out)!r} is a file; give the name of a folder")
    there = [path for path in out.rglob("*") if not path.is_dir()]
    ours = _listed(out)
    foreign = sorted(
        name for path in there if (name := path.relative_to(out).as_posix()) not in ours
    )
    if foreign:
        shown = ", ".join(foreign[:5]) + (f" and {len(foreign) - 5} more" if foreign[5:] else "")
        raise InputError(
            f"out: the folder {str(out)!r} holds files that no earlier review wrote ({shown}); "
            "nothing was touched, give another folder or move these files away"
        )


def _listed(out: Path) -> set[str]:
    """Give the files that an older result in a folder says it holds; none if there is no such."""
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    if not isinstance(manifest, dict) or manifest.get("made_by") != MADE_BY:
        return set()
    files = manifest.get("files")
    return {MANIFEST, *map(str, files)} if isinstance(files, list) else set()


def _swap(partial: Path, out: Path) -> None:
    """Put the new folder in the place of the old; put the old back if that fails."""
    if not out.exists():
        partial.rename(out)
        return
    old = partial.with_name(partial.name.replace(f".{out.name}.partial-", f".{out.name}.old-", 1))
    out.replace(old)
    try:
        partial.rename(out)
    except BaseException:
        old.replace(out)
        raise
    _remove(old)


def _bury(out: Path) -> None:
    """Clear what dead runs left beside a folder; put an older result back that one of them moved.

    Call it only while no other run can be alive.
    """
    left = re.compile(re.escape(f".{out.name}.") + "(partial|old)-[a-z0-9_]{8}")
    for path in sorted(out.parent.iterdir()):
        found = left.fullmatch(path.name)
        if found is None or path.is_symlink() or not path.is_dir():
            continue
        if found[1] == "old" and not out.is_symlink() and _holds_nothing(out):
            with contextlib.suppress(FileNotFoundError):
                out.rmdir()
            path.rename(out)
        else:
            _remove(path)


def _holds_nothing(out: Path) -> bool:
    return not out.exists() or (out.is_dir() and not any(out.iterdir()))


def _remove(folder: Path) -> None:
    """Remove a folder of ours as far as the system lets us."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():  # something in it was made read-only, or still being written
        with contextlib.suppress(OSError):
            for path in (folder, *folder.rglob("*")):
                path.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)
