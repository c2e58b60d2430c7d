from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from memento.errors import NotFound, RemoteError, UsageError
from memento.history import Repository
from memento.history.bundle import create, verify
from memento.history.remotes import Remotes
from memento.history.transfer import clone

from .conftest import line
from .test_remotes import run
from .test_stock_git import populated


def test_there_and_back_again(repository: Repository, tmp_path: Path) -> None:
    merged = populated(repository)
    repository.notes().write(merged, "looked at", "note")
    file = tmp_path / "worlds.bundle"
    head, count = create(repository, file)
    assert dict(head.refs)["HEAD"] == merged
    assert verify(file) == (head, count)
    _, done = clone(str(file), tmp_path / "c")
    assert done.head == "main"
    with Repository.open(tmp_path / "c") as copy:
        assert copy.resolve("main") == merged
        assert copy.notes().read(merged) == "looked at"
        run("fsck", "--full", "--strict", folder=copy.path)


def test_stock_git_reads_it(repository: Repository, tmp_path: Path) -> None:
    merged = populated(repository)
    file = tmp_path / "worlds.bundle"
    create(repository, file)
    run("bundle", "verify", "--quiet", file, folder=repository.path)
    subprocess.run(["git", "clone", "--quiet", file, tmp_path / "git"], check=True)
    assert run("rev-parse", "HEAD", folder=tmp_path / "git") == merged
    run("fsck", "--full", "--strict", folder=tmp_path / "git")


def test_what_is_new_since(repository: Repository, first: str, tmp_path: Path) -> None:
    clone(str(repository.root), tmp_path / "c")
    tip = line(repository, 3)[-1]
    file, second = tmp_path / "update.bundle", tmp_path / "second.bundle"
    head, count = create(repository, file, ["main"], since=first)
    assert head.needs == (first,)
    assert count < 30
    create(repository, second, ["main"], since="main~1")
    with Repository.open(tmp_path / "c") as copy:
        run("bundle", "verify", file, folder=copy.path)
        with pytest.raises(RemoteError, match="goes on from 1 commit"):
            Remotes(copy).fetch(str(second))
        assert verify(file, copy)[1] == count
        Remotes(copy).fetch(str(file))
        assert copy.resolve("update/main") == tip
    with pytest.raises(RemoteError, match="goes on from"):
        verify(file)
    with pytest.raises(RemoteError, match="goes on from"):
        clone(str(file), tmp_path / "d")
    with pytest.raises(UsageError, match="nothing is new since"):
        create(repository, tmp_path / "none.bundle", since="main")
    assert not (tmp_path / "none.bundle").exists()


def test_what_git_wrote_is_read(repository: Repository, tmp_path: Path) -> None:
    merged = populated(repository)
    file = tmp_path / "by-git.bundle"
    run("bundle", "create", "-q", file, "HEAD", "--branches", "--tags", folder=repository.path)
    clone(str(file), tmp_path / "c")
    with Repository.open(tmp_path / "c") as copy:
        assert copy.resolve("main") == merged
        assert [tag.name for tag in copy.tags()] == ["light", "v1"]


def test_faults(repository: Repository, first: str, tmp_path: Path) -> None:
    whole = tmp_path / "whole.bundle"
    create(repository, whole)
    data = whole.read_bytes()
    for cut in (10, 40, len(data) // 2, len(data) - 1):
        (tmp_path / "cut.bundle").write_bytes(data[:cut])
        with pytest.raises(RemoteError, match=r"not a bundle|not a whole bundle|cut short|not a pack"):
            verify(tmp_path / "cut.bundle")
    (tmp_path / "v3.bundle").write_bytes(b"# v3 git bundle\n@object-format=sha256\n\n")
    with pytest.raises(RemoteError, match="not a bundle of version 2"):
        verify(tmp_path / "v3.bundle")
    with pytest.raises(RemoteError, match="does not exist"):
        verify(tmp_path / "none.bundle")
    with pytest.raises(NotFound):
        create(repository, tmp_path / "x.bundle", ["nothing"])
    with pytest.raises(UsageError, match="is no branch or tag"):
        create(repository, tmp_path / "x.bundle", [first])
    with Repository.init(tmp_path / "empty") as empty, pytest.raises(UsageError, match="nothing to put"):
        create(empty, tmp_path / "x.bundle")
    assert sorted(path.name for path in tmp_path.glob("*.bundle")) == ["cut.bundle", "v3.bundle", "whole.bundle"]
