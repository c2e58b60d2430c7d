from __future__ import annotations

import os
from pathlib import Path

import pytest

from memento.errors import RepositoryNotFound, StoreError, UsageError
from memento.history import Repository
from memento.world import tree

from .conftest import small_world


def test_init_makes_a_bare_repository_once(tmp_path: Path) -> None:
    with Repository.init(tmp_path / "new" / "w") as made:
        assert made.created
        assert made.head == "main"
        assert (tmp_path / "new" / "w" / ".memento" / "HEAD").read_text() == "ref: refs/heads/main\n"
        assert made.config["gc.auto"] == "0"
        assert made.config["memento.format"] == "1"
    with Repository.init(tmp_path / "new" / "w") as again:
        assert not again.created
    assert os.listdir(tmp_path / "new" / "w") == [".memento"]


def test_init_names_the_first_branch(tmp_path: Path) -> None:
    with Repository.init(tmp_path, branch="trunk") as made:
        assert made.head == "trunk"
    with pytest.raises(UsageError):
        Repository.init(tmp_path / "x", branch="a b")


def test_init_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(StoreError, match="the disk is full"):
        Repository.init(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_repository_is_found_upward(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    below = repository.root / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    for start in (None, below, repository.root, repository.path):
        with Repository.open(start) as opened:
            assert opened.path == repository.path
    monkeypatch.chdir("/")
    monkeypatch.setenv("MEMENTO_DIR", str(below))
    with Repository.open() as opened:
        assert opened.path == repository.path


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(RepositoryNotFound, match="no memento repository") as caught:
        Repository.open(tmp_path)
    assert "memento init" in caught.value.hint
    with pytest.raises(RepositoryNotFound, match="is not a folder"):
        Repository.open(tmp_path / "nowhere")


def test_a_clone_of_stock_git_is_told_from_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "manifest").write_bytes(b"")
    (tmp_path / "memories").mkdir()
    with pytest.raises(RepositoryNotFound, match="a clone of stock git") as caught:
        Repository.open(tmp_path / "memories")
    assert f"memento clone {tmp_path} DIR" in caught.value.hint


@pytest.mark.parametrize("name", ["HEAD", "config"])
def test_half_a_repository_is_refused(repository: Repository, name: str) -> None:
    (repository.path / name).unlink()
    with pytest.raises(StoreError, match=f"it has no {name}"):
        Repository.open(repository.root)
    with pytest.raises(StoreError, match="is not a repository"):
        Repository.init(repository.root)


@pytest.mark.parametrize(
    "name", ["objects/info/alternates", "objects/info/http-alternates", "shallow", "info/grafts", "commondir"]
)
def test_borrowed_or_hidden_history_is_refused(repository: Repository, name: str) -> None:
    (repository.path / name).write_text("/elsewhere\n")
    with pytest.raises(StoreError, match=name):
        Repository.open(repository.root)


def test_a_folder_of_another_user_is_refused(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(StoreError, match="it belongs to user"):
        Repository.open(repository.root)
    monkeypatch.setenv("MEMENTO_TRUST_OWNER", "1")
    Repository.open(repository.root).close()


@pytest.mark.parametrize("name", ["memento/incoming", "memento/remembered", "cache/search", "cache/renderings"])
def test_folders_that_memento_empties_are_never_links(repository: Repository, tmp_path: Path, name: str) -> None:
    (tmp_path / "victim" / "photos").mkdir(parents=True)
    (repository.path / name).parent.mkdir(exist_ok=True)
    (repository.path / name).symlink_to(tmp_path / "victim")
    with pytest.raises(StoreError, match=f"its {name} is a link"):
        Repository.open(repository.root)


def test_objects_behind_a_link_are_not_ours_to_take_away(repository: Repository, tmp_path: Path) -> None:
    repository.commit("main", tree.write(repository.objects, small_world()), "first")
    victim = tmp_path / "victim" / ("0" * 38)
    victim.parent.mkdir()
    victim.write_bytes(b"an object of another repository")
    os.utime(victim, (1, 1))
    (repository.path / "objects" / "00").symlink_to(victim.parent)
    repository.gc(0.0)
    assert victim.exists()
