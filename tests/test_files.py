from __future__ import annotations

import os
from pathlib import Path

import pytest

from memento import files
from memento.errors import StoreError, UsageError


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_what_is_written_is_there_and_nothing_else(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a", "ä\n")
    files.write_bytes(tmp_path / "b", b"\0")
    files.write_text(tmp_path / "a", "again")
    assert (tmp_path / "a").read_text() == "again"
    assert (tmp_path / "b").read_bytes() == b"\0"
    assert _names(tmp_path) == ["a", "b"]


def test_modes_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.write_text(tmp_path / "a", "")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("no")])
def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path, fault: BaseException) -> None:
    files.write_text(tmp_path / "a", "old")

    def half() -> None:
        with files.replacing(tmp_path / "a") as file:
            file.write(b"half")
            raise fault

    with pytest.raises(StoreError if isinstance(fault, OSError) else type(fault)):
        half()
    assert (tmp_path / "a").read_text() == "old"
    assert _names(tmp_path) == ["a"]


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    files.write_text(tmp_path / "a", "old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, call, full)
        with pytest.raises(StoreError, match="No space left") as found:
            files.write_text(tmp_path / "a", "new")
    assert "disk is full" in found.value.hint
    assert (tmp_path / "a").read_text() == "old"
    assert _names(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "names no file"), ("/", "names no file"), (".", "names no file"), ("..", "is a folder"),
        ("none/x", "there is no folder"), ("file/x", "there is no folder"), ("folder", "is a folder"),
        ("pipe", "no regular file"), ("to-null", "no regular file"), ("/dev/null", "no regular file"),
        ("x" * 300, "too long"), ("x" * 300 + "/y", "too long"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, why: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").touch()
    os.mkfifo("pipe")
    os.symlink("/dev/null", "to-null")
    before = _names(tmp_path)
    with pytest.raises(UsageError, match=why):
        files.write_text(path, "")
    assert _names(tmp_path) == before


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    files.write_text(tmp_path / "link", "new")
    assert (tmp_path / "target").read_text() == "old"
    assert (tmp_path / "link").read_text() == "new"


def test_a_name_of_the_greatest_length(tmp_path: Path) -> None:
    files.write_text(tmp_path / ("n" * 255), "")
    assert _names(tmp_path) == ["n" * 255]


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_files_that_belong_together_are_there_together_or_not_at_all(tmp_path: Path, fault: BaseException) -> None:
    files.write_text(tmp_path / "old", "old")

    def two(failing: bool) -> None:
        with files.all_or_none(tmp_path / "old", tmp_path / "new", tmp_path / "folder" / "under" / "new"):
            files.write_text(tmp_path / "new", "new")
            (tmp_path / "folder" / "under").mkdir(parents=True)
            files.write_text(tmp_path / "folder" / "under" / "new", "new")
            if failing:
                raise fault

    with pytest.raises(type(fault)):
        two(failing=True)
    assert _names(tmp_path) == ["old"]
    two(failing=False)
    assert _names(tmp_path) == ["folder", "new", "old"]


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="files without a name are Linux's")
def test_what_is_being_written_has_no_name_yet(tmp_path: Path) -> None:
    with files.replacing(tmp_path / "a") as file:
        file.write(b"new")
        file.flush()
        assert _names(tmp_path) == []
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_system_without_nameless_files_writes_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    with files.replacing(tmp_path / "a") as file:
        file.write(b"new")
        assert [name.partition("-")[0] for name in _names(tmp_path)] == [".memento"]
    assert _names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"new"
