from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from memento.history import Repository
from memento.world import tree
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.tree import Delta
from memento.world.world import Manifest, World

CLOCK = 1_767_225_600
"""2026-01-01."""


def small_world(memories: int = 30, **manifest: object) -> World:
    """A world of a few memories."""
    records = [
        {"id": f"m-{n}", "text": f"fact {n}", "importance": 0.5, "created_at": CLOCK - 1000 + n}
        for n in range(memories)
    ]
    values = {"clock": CLOCK, **manifest}
    return World.build(Manifest(**values), {"memories": Table.from_records(TABLES["memories"], records)})  # type: ignore[arg-type]


def edited(repository: Repository, tree_id: str, key: str, importance: float) -> str:
    """The tree with another importance of one memory."""
    row = tree.find(repository.objects, tree_id, "memories", [key])
    return tree.apply(repository.objects, tree_id, Delta({"memories": row.replace(importance=[importance])}))


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MEMENTO_DIR", "MEMENTO_AUTHOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MEMENTO_DURABILITY", "fast")


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    """A repository with one world on main."""
    with Repository.init(tmp_path) as made:
        made.commit("main", tree.write(made.objects, small_world()), "first")
        yield made


def tangle(repository: Repository, seed: int, size: int = 40) -> list[str]:
    """Commits with one to three parents each, all from main's first, and a branch at every third."""
    draw = random.Random(seed)
    made = [repository.resolve("main")]
    with repository.batch("tangle") as batch:
        for number in range(size):
            parents = draw.sample(made[-6:], min(len(made), draw.choice((1, 1, 1, 2, 3))))
            tree_id = edited(repository, repository.tree_of("main"), f"m-{number % 5}", number / 100)
            branch = f"b{number:02d}" if number % 3 == 0 else "scratch"
            made.append(
                batch.commit(branch, tree_id, f"commit {number}", parents=parents, time=CLOCK + 86_400 * number)
            )
    return made
