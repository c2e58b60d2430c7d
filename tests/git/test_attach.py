from __future__ import annotations

from pathlib import Path

import pytest

from memento.errors import RepositoryNotFound, UsageError
from memento.git.attach import attach, detach
from memento.history import Repository

from .conftest import Clone


def test_setting_up_twice_and_taking_it_back(clone: Clone) -> None:
    config, attributes = clone.folder / ".git" / "config", clone.folder / ".git" / "info" / "attributes"
    attributes.write_text("*.md text\n" + attributes.read_text() + "*.txt text\n")
    once = config.read_text(), attributes.read_text()
    assert attach(clone.folder).strategy
    assert clone("config", "pull.twohead") == "memento"
    assert config.read_text().count("\ttextconv =") == 1
    assert sorted(attributes.read_text().splitlines()) == sorted(once[1].splitlines())
    detach(clone.folder)
    assert attributes.read_text() == "*.md text\n*.txt text\n"
    assert "memento" not in config.read_text().replace(str(clone.folder.parent), "").replace(".memento", "")
    clone("config", "pull.twohead", code=1)
    assert detach(clone.folder) == clone.folder / ".git"


def test_nothing_is_written_outside_of_the_settings(clone: Clone) -> None:
    assert clone("status", "--porcelain") == ""


def test_without_the_program_files_are_merged_alone(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    done = attach(clone.folder)
    assert not done.strategy
    assert "pull.twohead" not in done.settings
    clone("config", "pull.twohead", code=1)


def test_mementos_own_repository_keeps_free_of_programs(repository: Repository, tmp_path: Path) -> None:
    before = (repository.path / "config").read_text()
    for folder in (repository.root, repository.path):
        with pytest.raises(UsageError, match="memento's own repository") as caught:
            attach(folder)
        assert "git clone" in caught.value.hint
    assert (repository.path / "config").read_text() == before
    (tmp_path / "empty").mkdir()
    with pytest.raises(RepositoryNotFound):
        attach(tmp_path / "empty")


def test_a_work_tree_cannot_lend_its_code(clone: Clone) -> None:
    (clone.folder / "json.py").write_text("raise SystemExit('evil')\n")
    (clone.folder / "memento.py").write_text("raise SystemExit('evil')\n")
    assert "evil" not in clone("log", "-p", "-1", "--root")
