from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memento.history import Repository
from memento.world import tree
from memento.world.world import Manifest, World


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A repository with one commit on main."""
    for name in ("MEMENTO_DIR", "MEMENTO_AUTHOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MEMENTO_DURABILITY", "fast")
    with Repository.init(tmp_path) as made:
        made.commit("main", tree.write(made.objects, World.build(Manifest(clock=1000), {})), "first")
        yield made


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A repository with the tiny scenario on main."""
    from memento.workspace import Workspace

    monkeypatch.delenv("MEMENTO_DIR", raising=False)
    monkeypatch.setenv("MEMENTO_DURABILITY", "fast")
    with Workspace.init(tmp_path) as workspace:
        workspace.generate("tiny", seed=7)
        workspace.generate("tiny", "other", seed=8)
        yield workspace.repository
