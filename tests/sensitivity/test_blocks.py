"""Long work in blocks: the same bytes from any backend, checkpoints, Ctrl-C, a killed worker."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import InputError
from peer_evidence.sensitivity import blocks as module
from peer_evidence.sensitivity import subsets
from peer_evidence.sensitivity.blocks import Work, fingerprint, run_blocks, seeded_spans, spans


def made(k, seed=1):
    rng = np.random.default_rng(seed)
    v = np.clip(0.25 * rng.chisquare(1, k), 0.009, 0.6)
    y = 0.5 + rng.normal(size=k) * np.sqrt(v + 0.05)
    return pe.meta_analysis(pd.DataFrame({"effect": y, "variance": v}))


def drawn(block, scale):
    """Draw numbers of a block's own seed."""
    start, stop, own = block
    return (np.random.default_rng(own).normal(size=stop - start) * scale,)


def fails_late(block, limit):
    if block[0] >= limit:
        raise KeyboardInterrupt
    return (np.arange(*block),)


def bytes_of(g):
    return b"".join(getattr(g, name).tobytes() for name in ("estimate", "tau2", "i2", "q", "k"))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_any_backend_and_number_of_workers_gives_the_same_bytes(backend):
    import joblib

    work = seeded_spans(1000, 70, 9)
    alone = np.concatenate([one for (one,) in run_blocks(drawn, work, (2.0,), Work(), "draws")])
    assert abs(alone.mean()) < 0.3
    for jobs in (2, 3):
        with joblib.parallel_config(backend=backend, n_jobs=jobs):
            parts = run_blocks(drawn, work, (2.0,), Work(), "draws")
        assert np.concatenate([one for (one,) in parts]).tobytes() == alone.tobytes()
    parts = run_blocks(drawn, work, (2.0,), Work(n_jobs=2), "draws")
    assert np.concatenate([one for (one,) in parts]).tobytes() == alone.tobytes()


def test_gosh_and_multiverse_do_not_depend_on_the_workers():
    m = made(17)
    assert bytes_of(pe.gosh(m, method="PM")) == bytes_of(pe.gosh(m, method="PM", n_jobs=2))
    data = pd.DataFrame({"effect": [0.1, 0.5, 0.3, 0.9], "variance": [0.02, 0.05, 0.03, 0.04]})
    mv = pe.multiverse(data, {"method": ["FE", "REML"], "ci": ["wald", "hksj-adhoc"]})
    one, two = (mv.test(iterations=20_000, seed=2, n_jobs=jobs) for jobs in (None, 2))
    assert one.null_median.tobytes() == two.null_median.tobytes()
    assert one.curve_low.tobytes() == two.curve_low.tobytes()


def test_blocks_do_not_know_of_workers():
    assert spans(0, 3) == []
    assert spans(7, 3) == [(0, 3), (3, 6), (6, 7)]
    seeds = [own.generate_state(1)[0] for _, _, own in seeded_spans(9, 3, 1)]
    assert len(set(seeds)) == 3
    assert seeds == [own.generate_state(1)[0] for _, _, own in seeded_spans(9, 3, 1)]


def test_a_stopped_run_goes_on_from_its_checkpoint(tmp_path):
    path = tmp_path / "run.npz"
    work, todo = Work(checkpoint=path), spans(100, 10)
    with pytest.raises(KeyboardInterrupt):
        run_blocks(fails_late, todo, (50,), work, "count")
    assert [one.name for one in tmp_path.iterdir()] == ["run.npz"]
    with np.load(path) as held:
        assert len(held.files) == 5 + 2
    calls = []

    def watched(block, limit):
        calls.append(block)
        return (np.arange(*block),)

    done = run_blocks(watched, todo, (50,), work, "count")
    assert calls == todo[5:]
    assert np.concatenate([one for (one,) in done]).tolist() == list(range(100))
    calls.clear()
    again = run_blocks(watched, todo, (50,), work, "count")
    assert calls == []
    assert all(a.tobytes() == b.tobytes() for (a,), (b,) in zip(done, again, strict=True))


def test_gosh_goes_on_from_its_checkpoint_with_the_same_bytes(tmp_path, monkeypatch):
    m = made(17)
    whole = pe.gosh(m, method="PM")
    path = tmp_path / "gosh.npz"
    real, calls = subsets.fit_block, []

    def stops(block, *rest):
        calls.append(block)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(block, *rest)

    monkeypatch.setattr("peer_evidence.sensitivity.subsets.fit_block", stops)
    with pytest.raises(KeyboardInterrupt):
        pe.gosh(m, method="PM", checkpoint=path)
    assert bytes_of(pe.gosh(m, method="PM", checkpoint=path)) == bytes_of(whole)
    assert len(calls) == 3 + 2


def test_a_checkpoint_of_other_work_is_refused_and_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    pe.gosh(made(6), checkpoint=path)
    before = path.read_bytes()
    for other in (
        lambda: pe.gosh(made(6, seed=2), checkpoint=path),
        lambda: pe.gosh(made(6), method="PM", checkpoint=path),
        lambda: pe.gosh(made(6), subsets=9, checkpoint=path),
    ):
        with pytest.raises(InputError) as found:
            other()
        assert str(found.value) == (
            f"checkpoint: {str(path)!r} was written for other data, parameters or versions; give "
            "the name of another file, or delete it to begin anew"
        )
    assert path.read_bytes() == before
    monkeypatch.setattr(module, "__version__", "0.0.0")
    with pytest.raises(InputError, match="other data, parameters or versions"):
        pe.gosh(made(6), checkpoint=path)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut"])
def test_a_file_that_is_no_checkpoint_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "notes.npz"
    path.write_bytes(content)
    with pytest.raises(InputError) as found:
        pe.gosh(made(5), checkpoint=path)
    assert str(found.value) == (
        f"checkpoint: {str(path)!r} is not a checkpoint of this package, and is left as it is; "
        "give the name of another file"
    )
    assert path.read_bytes() == content
    with pytest.raises(InputError) as found:
        pe.gosh(made(5), checkpoint=tmp_path / "none" / "run.npz")
    assert str(found.value) == (
        f"checkpoint: found no folder {str(tmp_path / 'none')!r}; make it first"
    )


def test_the_checkpoint_is_written_while_the_work_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SAVE_EVERY", 0.0)
    path, sizes = tmp_path / "run.npz", []

    def watched(block, _):
        if path.exists():
            with np.load(path) as held:
                sizes.append(len(held.files) - 2)
        return (np.arange(*block),)

    run_blocks(watched, spans(5, 1), (0,), Work(checkpoint=path), "count")
    assert sizes == [1, 2, 3, 4]


def test_fingerprints_tell_inputs_apart():
    x = np.arange(4.0)
    inputs = [x, x[::-1], x.astype("f4"), x.reshape(2, 2), "x", 1, 1.0, None, (x,), [x], (x, x)]
    assert len({fingerprint(one) for one in inputs}) == len(inputs)
    assert fingerprint(x) == fingerprint(x.copy())


def test_progress_is_shown_on_standard_error_only_when_wanted(capsys):
    run_blocks(fails_late, spans(40, 10), (99,), Work(), "count")
    assert capsys.readouterr().err == ""
    run_blocks(fails_late, spans(40, 10), (99,), Work(progress=True), "counting")
    shown = capsys.readouterr()
    assert "counting, blocks" in shown.err
    assert "4/4" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"n_jobs": 1.5},
            "n_jobs: found 1.5, allowed is a whole number of workers, -1 for one a core, or None "
            "for one worker or those of joblib.parallel_config",
        ),
        ({"progress": "yes"}, "progress: found 'yes', allowed are True, False and None"),
    ],
)
def test_errors_say_what_to_do(arguments, message):
    with pytest.raises(InputError) as found:
        Work(**arguments)
    assert str(found.value) == message


SCRIPT = """
import sys, time
from pathlib import Path
import numpy as np
from peer_evidence.sensitivity.blocks import Work, run_blocks, spans

def slow(block, folder):
    time.sleep(0.1)
    Path(folder, f"seen_{block[0]}").touch()
    return (np.arange(*block),)

if __name__ == "__main__":
    folder, jobs = sys.argv[1], int(sys.argv[2])
    work = Work(n_jobs=jobs, checkpoint=Path(folder, "run.npz"))
    run_blocks(slow, spans(2000, 10), (folder,), work, "slow")
"""


def alive(session):
    """Give the processes of a session that are not finished."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("group", [False, True], ids=["the process", "the terminal's group"])
def test_ctrl_c_leaves_no_process_and_no_half_file(tmp_path, jobs, group):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT), encoding="utf-8")
    run = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path), str(jobs)],
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        limit = time.monotonic() + 60
        while len(list(tmp_path.glob("seen_*"))) < 5:
            assert time.monotonic() < limit
            assert run.poll() is None, run.stderr.read()
            time.sleep(0.02)
        (os.killpg if group else os.kill)(run.pid, signal.SIGINT)
        _, said = run.communicate(timeout=30)
        assert run.returncode != 0
        assert "KeyboardInterrupt" in said
        limit = time.monotonic() + 10
        while alive(run.pid) and time.monotonic() < limit:
            time.sleep(0.05)
        assert alive(run.pid) == []
        assert [one.name for one in tmp_path.glob(".*")] == []
        with np.load(tmp_path / "run.npz") as held:
            kept = len(held.files) - 2
        assert 1 <= kept < 200
    finally:
        for pid in alive(run.pid):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_dask_with_a_killed_worker_gives_the_same_bytes():
    distributed = pytest.importorskip("distributed")
    import joblib

    m = made(18)
    alone = pe.gosh(m)
    killed = {}
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = client.run(os.getpid)
        victim, pid = next(iter(pids.items()))

        def kill():
            limit = time.monotonic() + 30
            while time.monotonic() < limit:
                if client.processing().get(victim):
                    killed["while"] = len(client.processing()[victim])
                    os.kill(pid, signal.SIGKILL)
                    killed["at"] = time.monotonic()
                    return
                time.sleep(0.01)

        thread = threading.Thread(target=kill)
        thread.start()
        with joblib.parallel_config(backend="dask"):
            shared = pe.gosh(m)
        done = time.monotonic()
        thread.join()
        limit = time.monotonic() + 20
        while time.monotonic() < limit and len(client.scheduler_info()["workers"]) < 2:
            time.sleep(0.1)
        assert pid not in client.run(os.getpid).values()
    assert killed["while"] >= 1
    assert killed["at"] < done
    assert bytes_of(shared) == bytes_of(alone)
