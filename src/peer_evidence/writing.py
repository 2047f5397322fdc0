"""Writing a result whole or not at all, alone, and told plainly when it cannot be done."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from peer_evidence.errors import BusyError, WriteError

SECONDS = 10.0  # to wait for another process that writes the same file
_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_RIGHTS = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


def write_whole(target: Path, data: bytes) -> Path:
    """Write a file beside its place, then put it there in one step.

    Raises
    ------
    WriteError
        If it cannot be written; what was there before stays as it was.
    BusyError
        If another process went on writing it for many seconds.
    """
    part = target.with_name(f".{target.name}.part")
    with told_where(target), alone(target, SECONDS):
        refuse_read_only(target)
        try:
            part.write_bytes(data)
            part.replace(target)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return target


def refuse_read_only(place: Path) -> None:
    """Refuse to replace what its owner has marked as not to be written."""
    if place.exists() and not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))


@contextmanager
def told_where(place: Path) -> Iterator[None]:
    """Turn an error of the system into one that says where, why and what to do.

    Raises
    ------
    WriteError
        For every OSError of the block.
    """
    try:
        yield
    except WriteError as error:  # of a part of this place
        if not isinstance(error.__cause__, OSError):
            raise
        raise WriteError(_words(place, error.__cause__)) from error.__cause__
    except OSError as error:
        raise WriteError(_words(place, error)) from error


def _words(place: Path, error: OSError) -> str:
    why = error.strerror or str(error)
    at = str(error.filename or "")
    if at and f".{place.name}." not in at and at != str(place):
        why += f" ({at})"
    todo = "give another place"
    if error.errno in _ROOM:
        todo = "free some space, or give a place with more of it"
    elif error.errno in _RIGHTS:
        todo = "give another place, or ask for the right to write there"
    return f"{str(place)!r} could not be written: {why}; what was there stays as it was; {todo}"


@contextmanager
def alone(place: Path, seconds: float = 0.0) -> Iterator[bool]:
    """Keep every other process away from a file or folder while the block runs.

    A lock of the system is held on ``.<name>.lock`` beside it. It ends with the process, however
    that ends, so that no dead process is ever waited for.

    Parameters
    ----------
    place : Path
        The file or folder that is going to be written.
    seconds : float
        How long to wait for another process.

    Yields
    ------
    bool
        Whether the lock is held; False on a disk that knows no locks.

    Raises
    ------
    BusyError
        If another process holds it.
    """
    lock = place.with_name(f".{place.name}.lock")
    until = time.monotonic() + seconds
    while (handle := _taken(lock)) is None:
        if time.monotonic() >= until:
            raise BusyError(
                f"out: another process is writing into {str(place)!r} at this moment; nothing was "
                "touched, wait until it is done or give another place"
            )
        time.sleep(0.02)
    try:
        yield handle >= 0
    finally:
        with suppress(OSError):  # gone while held, so that nobody who waits takes an old one
            if sys.platform != "win32":
                lock.unlink(missing_ok=True)
        if handle >= 0:
            os.close(handle)
        if sys.platform == "win32":
            with suppress(OSError):
                lock.unlink(missing_ok=True)


def _taken(lock: Path) -> int | None:
    """Take a lock: its open file, -1 where the disk knows none, None when another holds it."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        _hold(handle)
        if _is_the_file_at(lock, handle):
            return handle
    except BlockingIOError:
        pass
    except OSError as error:
        os.close(handle)
        if error.errno in _NO_LOCKS:
            return -1
        raise
    os.close(handle)
    return None


def _hold(handle: int) -> None:
    """Lock an open file, or raise BlockingIOError."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_the_file_at(path: Path, handle: int) -> bool:
    """Tell whether an open file still has its name: whoever held it before takes that away."""
    try:
        named, held = path.stat(follow_symlinks=False), os.fstat(handle)
    except FileNotFoundError:
        return False
    return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)
