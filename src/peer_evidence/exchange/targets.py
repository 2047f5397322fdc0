"""Where exports go: a file appears whole or not at all, and nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

from peer_evidence.errors import InputError
from peer_evidence.writing import write_whole as write_whole


def free_file(path: str | Path, *endings: str) -> Path:
    """Give the path of a file that is not there yet, in a folder that is.

    Raises
    ------
    InputError
        Another ending, a file that is there, or a folder that is not.
    """
    if not isinstance(path, (str, Path)) or not str(path) or "\0" in str(path):
        raise InputError(f"path: found {path!r}, allowed is the name of a file")
    target = Path(path)
    if target.suffix.lower() not in endings:
        options = " or ".join(repr(one) for one in endings)
        raise InputError(f"path: found {target.name!r}, allowed is a name that ends in {options}")
    if not target.parent.is_dir():
        raise InputError(f"path: there is no folder {str(target.parent)!r}; make it first")
    if target.exists():
        raise InputError(f"path: {str(target)!r} is there already; nothing was touched")
    return target


def free_folder(folder: str | Path) -> Path:
    """Give the path of a folder that is not there yet, or is empty.

    Raises
    ------
    InputError
        A file, or a folder that holds something.
    """
    if not isinstance(folder, (str, Path)) or not str(folder):
        raise InputError(
            f"folder: found {folder!r}, allowed is the name of a folder that is not there yet"
        )
    target = Path(folder)
    try:
        is_file = target.exists() and not target.is_dir()
        held = sorted(one.name for one in target.iterdir()) if target.is_dir() else []
    except ValueError as error:  # a null character
        raise InputError(f"folder: {folder!r} is no name of a folder ({error})") from error
    if is_file:
        raise InputError(f"folder: {str(target)!r} is a file; give another name")
    if held:
        more = f" and {len(held) - 3} more" if len(held) > 3 else ""
        raise InputError(
            f"folder: {str(target)!r} is not empty ({', '.join(held[:3])}{more}); nothing was "
            "touched, give another name"
        )
    return target
