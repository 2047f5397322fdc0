"""The whole review in one archive: records, page, figures, tables, and what made them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path

from peer_evidence import __version__
from peer_evidence.exchange.crate import CRATE, crate_text
from peer_evidence.exchange.targets import free_file, write_whole
from peer_evidence.records.datapackage import FILE, datapackage_text
from peer_evidence.records.evidence import Evidence
from peer_evidence.records.package import read_sound_package
from peer_evidence.report.build import review

VERSIONS, SUMS = "versions.json", "sha256.txt"
_PACKAGES = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib")


def pack(evidence: Evidence | str | Path | None, path: str | Path) -> Path:
    """Pack a review with all that comes out of it into one archive.

    Parameters
    ----------
    evidence : Evidence, str, Path or None
        The records, or where they are; the bundled review when None.
    path : str or Path
        The archive, ending in ``.zip``, that is not there yet.

    Returns
    -------
    Path
        The archive. ``index.html``, ``figures/`` and ``tables/`` are those of
        :func:`peer_evidence.review`; ``records/`` holds the tables as CSV with a
        ``datapackage.json`` (Frictionless Data Package 2) and can be loaded once unpacked;
        ``versions.json`` says what made it, ``sha256.txt`` the digest of each file, and
        ``ro-crate-metadata.json`` all of that as a Research Object Crate 1.2. It holds no clock:
        the same records give the same bytes under the same versions.

    Raises
    ------
    RecordsError
        If the records hold faults; nothing is written.
    InputError
        The path is taken or ends otherwise.

    Notes
    -----
    A crate should state when it was published. That is the field ``published`` of the table
    package, else the environment variable SOURCE_DATE_EPOCH, else it is left out, and the
    description of the crate says so.
    """
    target = free_file(path, ".zip")
    with tempfile.TemporaryDirectory() as somewhere:
        folder = Path(somewhere) / "review"
        review(evidence, out=folder)
        package = read_sound_package(folder / "records")
        extra = {
            f"records/{FILE}": datapackage_text(package).encode(),
            VERSIONS: (json.dumps(_versions(), indent=2) + "\n").encode(),
        }
        files = {
            one.relative_to(folder).as_posix(): one.read_bytes()
            for one in folder.rglob("*")
            if one.is_file()
        } | extra
        facts = Evidence(package).package
    clock = os.environ.get("SOURCE_DATE_EPOCH", "")
    described = crate_text(files, [SUMS], facts, _versions(), clock)
    return write_whole(target, _archive(files | {CRATE: described.encode()}))


def _versions() -> dict[str, str]:
    made = {"peer_evidence": __version__, "python": platform.python_version()}
    return made | {name: version(name) for name in _PACKAGES}


def _archive(files: dict[str, bytes]) -> bytes:
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted((files | {SUMS: "".join(sums).encode()}).items()):
            part = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            part.compress_type, part.create_system = zipfile.ZIP_DEFLATED, 3
            part.external_attr = 0o644 << 16
            archive.writestr(part, data)
    return stream.getvalue()
