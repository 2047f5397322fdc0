"""A full disk, no right to write, a killed process, two at once: the old output stays whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import peer_evidence as pe
from peer_evidence.errors import BusyError, WriteError
from peer_evidence.explorer.page import explorer_page, write_explorer
from peer_evidence.living.watch import watch_review
from peer_evidence.report.folder import MANIFEST, write_manifest, written_whole
from peer_evidence.writing import alone, write_whole

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals, users and limits of POSIX")


def fill(folder: Path, text: str) -> None:
    (folder / "page.txt").write_text(text, encoding="utf-8")
    write_manifest(folder, {})


def made(out: Path, text: str = "old") -> Path:
    with written_whole(out) as folder:
        fill(folder, text)
    return out


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


LIMITED = """
import resource, sys, traceback
from pathlib import Path
import peer_evidence as pe
from peer_evidence.cli import main
base = Path(sys.argv[1])
ev = pe.load(base / "records")
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))  # no file may grow beyond this
frame = ev.outcomes
ax = pe.figures.tally(pe.tally(frame, by="domain"))
from peer_evidence.explorer.page import write_explorer
for name, write in {
    "out": lambda: pe.review(ev, out=base / "out", formats=()),
    "copy": lambda: pe.save(ev, base / "copy"),
    "a.xlsx": lambda: pe.save(ev, base / "a.xlsx"),
    "t.docx": lambda: pe.save_table(frame, base / "t.docx"),
    "e.html": lambda: write_explorer(ev, base / "e.html"),
    "figures": lambda: pe.figures.save(ax, "tally", formats=["svg"], folder=base / "figures"),
    "new": lambda: pe.new_review(base / "new", "example"),
}.items():
    try:
        write()
    except pe.PeerEvidenceError as error:
        assert isinstance(error, OSError)
        print(name, error, sep="|")
"""


@posix
def test_a_disk_that_is_full_is_told_and_the_old_output_stays(tmp_path: Path) -> None:
    pe.new_review(tmp_path / "records", "example")
    made(tmp_path / "out")
    old = explorer_page(pe.load(tmp_path / "records"))
    (tmp_path / "e.html").write_text(old, encoding="utf-8")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "tally.svg").write_text("old", encoding="utf-8")
    process = python(LIMITED, tmp_path)
    said, trouble = process.communicate(timeout=120)
    assert process.returncode == 0, trouble
    found = dict(line.split("|") for line in said.splitlines())
    assert list(found) == ["out", "copy", "a.xlsx", "t.docx", "e.html", "figures", "new"]
    for name, message in found.items():
        place = tmp_path / name if name != "figures" else tmp_path / "figures" / "tally.svg"
        if name == "a.xlsx":  # of which parts are written elsewhere first
            place = Path(tempfile.gettempdir())
        assert message.startswith(f"{str(place)!r} could not be written: "), name
        assert message.endswith(
            "; what was there stays as it was; free some space, or give a place with more of it"
        ), name
    assert names(tmp_path) == ["e.html", "figures", "out", "records"]
    assert names(tmp_path / "figures") == ["tally.svg"]
    assert (tmp_path / "figures" / "tally.svg").read_text(encoding="utf-8") == "old"
    assert (tmp_path / "e.html").read_text(encoding="utf-8") == old
    assert names(tmp_path / "out") == [MANIFEST, "page.txt"]


def test_a_disk_that_fills_up_in_the_middle_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = pe.new_review(tmp_path / "records", "example")
    whole = Path.write_bytes

    def half(self: Path, data: bytes) -> int:
        whole(self, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    target = tmp_path / "e.html"
    with pytest.raises(WriteError) as error:
        write_explorer(pe.load(records), target)
    assert str(error.value) == (
        f"{str(target)!r} could not be written: No space left on device; what was there stays as "
        "it was; free some space, or give a place with more of it"
    )
    assert names(tmp_path) == ["records"]


FORBIDDEN = """
import os, sys
from pathlib import Path
import peer_evidence as pe
from peer_evidence.report.folder import written_whole
from peer_evidence.writing import write_whole
base = Path(sys.argv[1])
def folder(out):
    with written_whole(out) as part:
        (part / "page.txt").write_text("new")
folder(base / "open" / "first")  # what it imports only then may be out of reach below
if os.getuid() == 0:  # to whom no rights apply
    os.setuid(65534)
for write in (
    lambda: folder(base / "closed" / "out"),
    lambda: folder(base / "open" / "closed"),
    lambda: write_whole(base / "closed" / "new.txt", b"new"),
    lambda: write_whole(base / "open" / "closed.txt", b"new"),
):
    try:
        write()
        print("written")
    except pe.PeerEvidenceError as error:
        print(error)
"""


@posix
def test_no_right_to_write_is_told_and_nothing_changes(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder.name.startswith(
            ("pytest", "popen", tmp_path.name)
        ):
            folder.chmod(0o755)  # so that another user gets here
    (tmp_path / "closed").mkdir(mode=0o555)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "open" / "closed").mkdir(mode=0o555)
    (tmp_path / "open" / "closed.txt").write_text("old", encoding="utf-8")
    (tmp_path / "open" / "closed.txt").chmod(0o444)
    said, trouble = python(FORBIDDEN, tmp_path).communicate(timeout=60)
    assert trouble == ""
    places = ["closed/out", "open/closed", "closed/new.txt", "open/closed.txt"]
    assert said.splitlines() == [
        f"{str(tmp_path / place)!r} could not be written: Permission denied; what was there stays "
        "as it was; give another place, or ask for the right to write there"
        for place in places
    ]
    assert names(tmp_path / "open") == ["closed", "closed.txt", "first"]
    assert (tmp_path / "open" / "closed.txt").read_text(encoding="utf-8") == "old"


REVIEW = """
import sys
import peer_evidence.report.build as build
from peer_evidence.cli import main
made = build.review
build.review = lambda path, **given: made(path, **(given | {"formats": (), "n_jobs": 1}))
main(["review", sys.argv[1], "--out", sys.argv[2]])
"""


def waited_for(what: Callable[[], object], process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)


@posix
def test_a_review_that_is_killed_while_drawing_leaves_the_old_one(tmp_path: Path) -> None:
    records, out = pe.new_review(tmp_path / "records", "example"), tmp_path / "o" / "out"
    made(out)

    def drawing() -> list[Path]:
        return list(out.parent.glob(".out.partial-*/figures/*.svg"))

    for number, code in ((signal.SIGTERM, 143), (signal.SIGKILL, -9)):
        process = python(REVIEW, records, out)
        waited_for(drawing, process)
        if number is signal.SIGKILL:
            with pytest.raises(BusyError) as error:
                made(out, "second")
            assert str(error.value) == (
                f"out: another process is writing into {str(out)!r} at this moment; nothing was "
                "touched, wait until it is done or give another place"
            )
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode == code
        assert (out / "page.txt").read_text(encoding="utf-8") == "old"
        left = names(out.parent)
        assert len(left) == (1 if code >= 0 else 3), left
    assert names(made(out, "new").parent) == ["out"]
    assert (out / "page.txt").read_text(encoding="utf-8") == "new"


@posix
def test_an_interrupted_process_clears_what_it_began(tmp_path: Path) -> None:
    out = made(tmp_path / "out")
    command = [sys.executable, "-c", TWO, str(out), "new"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    assert len(names(tmp_path)) == 3
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=60)[1]
    assert names(tmp_path) == ["out"]
    assert (out / "page.txt").read_text(encoding="utf-8") == "old"


def test_what_the_dead_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    out = made(tmp_path / "out")
    dead = [".out.partial-abcdefgh", ".out.old-_bcd_f12"]
    others = [
        ".out.partial-abc",
        ".out2.partial-abcdefgh",
        "out.old-abcdefgh",
        ".out.old-abcdefgh.x",
    ]
    for name in (*dead, *others):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep").chmod(0o500)
    (tmp_path / ".out.lock").touch()  # its holder is dead
    made(out, "new")
    assert names(tmp_path) == sorted([*others, "out"])


@pytest.mark.parametrize("empty", [False, True])
def test_killed_between_the_two_renames_the_old_result_comes_back(
    tmp_path: Path, empty: bool
) -> None:
    out = made(tmp_path / "out")
    out.rename(tmp_path / ".out.old-abcdefgh")
    if empty:
        out.mkdir()
    with pytest.raises(RuntimeError), written_whole(out):
        raise RuntimeError
    assert names(tmp_path) == ["out"]
    assert (out / "page.txt").read_text(encoding="utf-8") == "old"


TWO = """
import sys
from pathlib import Path
from peer_evidence.errors import BusyError
from peer_evidence.report.folder import write_manifest, written_whole
try:
    with written_whole(Path(sys.argv[1])) as part:
        print("in", flush=True)
        sys.stdin.readline()
        for number in range(50):
            (part / f"{number}.txt").write_text(sys.argv[2])
        write_manifest(part, {})
    print("done")
except BusyError:
    print("busy")
"""


def test_of_two_at_once_one_wins_whole_and_the_other_is_told_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TWO, str(tmp_path / "out")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    first = subprocess.Popen([*command, "first"], **pipes)  # type: ignore[call-overload]
    assert first.stdout.readline() == "in\n"
    second = subprocess.run([*command, "second"], capture_output=True, text=True, timeout=60)
    assert second.stdout == "busy\n"
    assert first.communicate("\n", timeout=60)[0] == "done\n"
    assert {path.read_text() for path in (tmp_path / "out").glob("*.txt")} == {"first"}
    assert len(list((tmp_path / "out").glob("*.txt"))) == 50
    assert names(tmp_path) == ["out"]


def test_two_that_write_one_file_wait_for_each_other(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    target, texts = tmp_path / "a.txt", [bytes([65 + n]) * 200_000 for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: write_whole(target, text), texts))
    assert target.read_bytes() in texts
    assert names(tmp_path) == ["a.txt"]
    with alone(target), pytest.raises(BusyError), alone(target):
        pass


def test_the_watch_tries_again_while_another_writes_there(tmp_path: Path) -> None:
    records, out = pe.new_review(tmp_path / "records"), tmp_path / "out"
    tries: list[int] = []
    said: list[str] = []

    def build() -> Path:
        tries.append(1)
        if len(tries) < 3:
            raise BusyError("out: busy")
        return made(out) / "page.txt"

    def say(text: str) -> None:
        said.append(text)
        if text.startswith("The review is in"):
            raise KeyboardInterrupt

    watch_review(records, out, say=say, warn=said.append, build=build, seconds=0.01)
    assert said == [
        *("out: busy", "The page stays as it was.", f"Watching {records} (Ctrl-C ends)"),
        *("out: busy", "The page stays as it was.", f"The review is in {out / 'page.txt'}", ""),
    ]


def test_a_null_character_in_a_name_is_told(tmp_path: Path) -> None:
    ev = pe.load(pe.new_review(tmp_path / "records"))
    for write in (
        lambda place: made(Path(place)),
        lambda place: pe.review(ev, out=place),
        lambda place: pe.pack(ev, place + ".zip"),
        lambda place: pe.save(ev, place + ".xlsx"),
        lambda place: write_explorer(ev, place),
    ):
        with pytest.raises(pe.InputError):
            write(f"{tmp_path}/a\0b")
    assert names(tmp_path) == ["records"]
