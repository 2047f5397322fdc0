"""The folder of results appears whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from peer_evidence.errors import InputError, WriteError
from peer_evidence.report.folder import MANIFEST, write_manifest, written_whole


def fill(folder: Path, text: str) -> None:
    (folder / "page.txt").write_text(text, encoding="utf-8")
    write_manifest(folder, {"version": "1"})


def test_a_new_result_replaces_an_old_one_whole(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with written_whole(out) as folder:
        (folder / "gone.txt").write_text("x", encoding="utf-8")
        fill(folder, "old")
        assert not out.exists()
    with written_whole(out) as folder:
        fill(folder, "new")
        assert (out / "page.txt").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in out.iterdir()) == [MANIFEST, "page.txt"]
    assert (out / "page.txt").read_text(encoding="utf-8") == "new"
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert json.loads((out / MANIFEST).read_text(encoding="utf-8")) == {
        "made_by": "peer_evidence",
        "version": "1",
        "files": ["page.txt"],
    }


def test_an_old_result_survives_a_failed_run(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with written_whole(out) as folder:
        fill(folder, "old")

    def fail_half_way(folder: Path) -> None:
        fill(folder, "half")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"), written_whole(out) as folder:
        fail_half_way(folder)
    assert (out / "page.txt").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failed_first_run_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), written_whole(tmp_path / "out"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_the_old_result_comes_back_when_the_move_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with written_whole(out) as folder:
        fill(folder, "old")

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(f"no move to {target}")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(WriteError, match="no move to"), written_whole(out) as folder:
        fill(folder, "new")
    assert (out / "page.txt").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_of_someone_else_is_not_touched(tmp_path: Path) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter.txt").write_text("years of work", encoding="utf-8")
    (out / MANIFEST).write_text('{"name": "my web app"}', encoding="utf-8")
    with pytest.raises(InputError) as caught, written_whole(out):
        pass
    assert str(caught.value) == (
        f"out: the folder {str(out)!r} holds files that no earlier review wrote (chapter.txt, "
        f"{MANIFEST}); nothing was touched, give another folder or move these files away"
    )
    assert (out / "chapter.txt").read_text(encoding="utf-8") == "years of work"


@pytest.mark.parametrize("name", ["notes.txt", "figures/mine.png", ".hidden"])
def test_a_users_own_file_in_an_older_result_is_not_lost(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    with written_whole(out) as folder:
        fill(folder, "old")
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=name), written_whole(out) as folder:
        fill(folder, "new")
    assert (out / name).read_text(encoding="utf-8") == "mine"
    assert (out / "page.txt").read_text(encoding="utf-8") == "old"


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with written_whole(out) as folder:
        fill(folder, "new")
    assert (out / "page.txt").read_text(encoding="utf-8") == "new"


def test_a_file_in_the_way(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("a file", encoding="utf-8")
    with pytest.raises(InputError) as caught, written_whole(out):
        pass
    assert str(caught.value) == f"out: {str(out)!r} is a file; give the name of a folder"
    assert out.read_text(encoding="utf-8") == "a file"
