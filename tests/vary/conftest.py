from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memento.history import Repository
from memento.scenario import load
from memento.simulate import world as simulated
from memento.world import tree
from memento.world.world import World


@pytest.fixture(scope="session")
def tiny() -> World:
    return simulated(load("tiny"), 7)


@pytest.fixture
def repository(tmp_path: Path, tiny: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A repository whose main holds the tiny scenario."""
    monkeypatch.setenv("MEMENTO_DURABILITY", "fast")
    with Repository.init(tmp_path / "w") as made:
        made.commit("main", tree.write(made.objects, tiny), "first")
        yield made
