"""A review that is built again when its tables change: a real process, a real page."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import peer_evidence as pe
from peer_evidence.living.watch import contents_of, stamps_of, watch_review


class Run:
    """``peer-evidence review --watch`` in a process group of its own, its lines as they come."""

    def __init__(self, folder: Path, out: Path) -> None:
        command = [sys.executable, "-m", "peer_evidence", "review", str(folder), "--watch"]
        self.process = subprocess.Popen(
            [*command, "--out", str(out)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": str(Path(pe.__file__).parents[1])},
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_for(self, text: str, times: int = 1, seconds: float = 120) -> None:
        """Wait until a line with a text has come so often; fail with what came when it does not."""
        end = time.monotonic() + seconds
        while sum(text in line for line in self.lines) < times:
            assert time.monotonic() < end, self.lines
            assert self.process.poll() is None, self.lines
            time.sleep(0.05)

    def stop(self) -> int:
        """Send what Ctrl-C sends; give the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def close(self) -> None:
        """End the process if it still runs, and close its pipe."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def is_gone(self) -> bool:
        """Tell whether no process of the group still runs, waiting a little for it."""
        end = time.monotonic() + 20
        while running(self.process.pid):
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True


def running(group: int) -> bool:
    """Tell whether a process of a group runs; one that ended and was not yet reaped does not."""
    told = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in told.stdout.splitlines()]
    return any(int(row[0]) == group and not row[1].startswith("Z") for row in rows)


@pytest.mark.slow
def test_a_review_under_watch(small, tmp_path):
    folder, out = small.write(tmp_path / "records"), tmp_path / "out"
    page = out / "index.html"
    run = Run(folder, out)
    try:
        run.wait_for("Watching ")
        assert "Trial D" not in page.read_text(encoding="utf-8")
        small.copy().add_trial().write(folder)
        run.wait_for("The review is in", times=2)
        after = page.read_text(encoding="utf-8")
        assert "Trial D" in after
        broken = small.copy()
        broken.row("studies")["design"] = "trail"
        broken.write(folder)
        run.wait_for("The page stays as it was.")
        assert any("studies.csv:2: design: must be one of" in line for line in run.lines)
        assert page.read_text(encoding="utf-8") == after
        assert run.stop() == 0
        assert run.is_gone()
    finally:
        run.close()
    assert not any("Traceback" in line or "Aborted" in line for line in run.lines)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "records"]


def watched(folder, monkeypatch, steps):
    """Watch with a builder that counts, doing one step before each look; give what was said."""
    said, told, built = [], [], []
    script = iter(steps)

    def sleep(seconds):
        step = next(script, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    def build():
        built.append(contents_of(folder))
        if (folder / "fault").exists():
            raise pe.InputError("a fault")
        return Path("page.html")

    monkeypatch.setattr("peer_evidence.living.watch.time.sleep", sleep)
    watch_review(folder, Path("out"), say=said.append, warn=told.append, build=build)
    return said, told, len(built)


def test_only_what_changes_the_content_builds(small, tmp_path, monkeypatch):
    folder = small.write(tmp_path / "records")
    file = folder / "studies.csv"

    def touch():
        os.utime(file, ns=(1, 1))

    def other_file():
        (folder / "notes.txt").write_text("x", encoding="utf-8")

    def edit():
        file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    def framework():
        (folder / "framework").mkdir()
        (folder / "framework" / "steps.csv").write_text("step\n1\n", encoding="utf-8")

    nothing = [lambda: None] * 2
    assert watched(folder, monkeypatch, [touch, other_file, *nothing])[2] == 1
    assert watched(folder, monkeypatch, [edit, *nothing])[2] == 2
    assert watched(folder, monkeypatch, [framework, *nothing])[2] == 2
    assert watched(folder, monkeypatch, [file.unlink, *nothing])[2] == 2


def test_faults_are_told_and_the_watch_goes_on(small, tmp_path, monkeypatch):
    folder = small.write(tmp_path / "records")

    def spoil():
        (folder / "fault").touch()
        (folder / "claims.csv").write_text("x", encoding="utf-8")

    def mend():
        (folder / "fault").unlink()
        (folder / "claims.csv").unlink()

    said, told, built = watched(folder, monkeypatch, [spoil, mend])
    assert built == 3
    assert told == ["a fault", "The page stays as it was."]
    assert said.count("The review is in page.html") == 2


def test_a_file_still_being_written_is_waited_for(small, tmp_path, monkeypatch):
    folder = small.write(tmp_path / "records")
    file = folder / "studies.csv"
    whole = file.read_text(encoding="utf-8")
    looks = []

    def grow(where):
        looks.append(where)
        if len(looks) == 2:  # between the look that saw the change and the one that confirms it
            file.write_text(whole + "\n\n", encoding="utf-8")
        return contents_of(where)

    monkeypatch.setattr("peer_evidence.living.watch.contents_of", grow)

    def begin():
        file.write_text(whole + "\n", encoding="utf-8")

    _, _, built = watched(folder, monkeypatch, [begin, lambda: None, lambda: None])
    assert built == 2


def test_a_folder_that_is_not_there_or_goes_away(tmp_path):
    with pytest.raises(pe.InputError) as caught:
        watch_review(tmp_path / "no", tmp_path / "out", say=print, warn=print)
    assert str(caught.value) == (
        f"path: found {str(tmp_path / 'no')!r}, which is not a folder; give the folder that "
        "holds studies.csv and outcomes.csv"
    )
    assert stamps_of(tmp_path / "no") == {}
    assert contents_of(tmp_path / "no") == {}
