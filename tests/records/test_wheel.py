"""The bundled records travel: from an sdist to a wheel to an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
FILES = sorted(path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.is_file())
PROBE = """
import json, pathlib, peer_evidence as pe
ev = pe.load()
where = ev.provenance("sledge_2011.hospital_days_9m", "mean_intervention")
print(json.dumps([pe.__file__, ev.row_counts(), where.value, pe.validate() == []]))
assert not list(pathlib.Path().iterdir())
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and the wheel from that sdist; give their folder."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_the_sdist_holds_the_data(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"data/{file}" for file in FILES} <= held


def test_the_wheel_holds_the_data_as_it_is(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = "peer_evidence/data/"
        held = {name.removeprefix(inside) for name in archive.namelist() if inside in name}
        assert held == set(FILES)
        for file in FILES:
            assert archive.read(inside + file) == (DATA / file).read_bytes()


def test_the_wheel_holds_the_checklists(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    inside = "peer_evidence/appraisal/checklists"
    files = sorted((ROOT / "src" / inside).glob("*.csv"))
    assert len(files) >= 3
    with zipfile.ZipFile(wheel) as archive:
        for file in files:
            assert archive.read(f"{inside}/{file.name}") == file.read_bytes()


def test_load_works_from_the_wheel_in_an_empty_folder(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    target, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    install = ["install", "--no-deps", "--no-index", "--no-compile", "--quiet"]
    subprocess.run(
        [sys.executable, "-m", "pip", *install, "--target", str(target), str(wheel)],
        check=True,
        capture_output=True,
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", PROBE],
        cwd=empty,
        env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    home, rows, value, sound = json.loads(done.stdout)
    assert Path(home).is_relative_to(target)
    assert (rows["studies"], rows["outcomes"], value, sound) == (69, 272, "10.08", True)
