from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from memento.history import Repository
from memento.world import tree
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.tree import Delta
from memento.world.world import Manifest, World

CLOCK = 1_700_000_000
Git = Callable[..., str]


def small_world(memories: int = 100, seed: int = 0) -> World:
    rng = np.random.default_rng(seed)
    entities = Table.from_records(
        TABLES["entities"], [{"id": f"e-{n}", "name": f"service {n}", "created_at": CLOCK} for n in range(5)]
    )
    records = [
        {
            "id": f"m{n // 40}-{n % 40}",
            "text": f"fact {n} says {rng.integers(1000)}",
            "entity": f"e-{n % 5}",
            "importance": float(rng.integers(100)) / 100,
            "created_at": CLOCK + n,
        }
        for n in range(memories)
    ]
    tables = {"entities": entities, "memories": Table.from_records(TABLES["memories"], records)}
    return World.build(Manifest(clock=CLOCK), tables)


def edited(repository: Repository, tree_id: str, key: str = "m0-0", importance: float = 0.5) -> str:
    row = tree.find(repository.objects, tree_id, "memories", [key])
    return tree.apply(repository.objects, tree_id, Delta({"memories": row.replace(importance=[importance])}))


def importance(repository: Repository, revision: str, key: str = "m0-0") -> float:
    row = tree.find(repository.objects, repository.tree_of(revision), "memories", [key])
    return float(row["importance"][0])


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("MEMENTO_DIR", "MEMENTO_AUTHOR", "MEMENTO_TRUST_OWNER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MEMENTO_DURABILITY", "fast")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    with Repository.init(tmp_path / "w") as made:
        yield made


@pytest.fixture
def first(repository: Repository) -> str:
    """The id of a first commit on main."""
    return repository.commit("main", tree.write(repository.objects, small_world()), "first")


@pytest.fixture
def git(repository: Repository) -> Git:
    """Stock git in the repository; its output, or a failed test."""

    def run(*arguments: str, folder: Path = repository.path) -> str:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"git {arguments}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    return run


def line(repository: Repository, count: int, branch: str = "main") -> list[str]:
    """`count` commits onto a branch, each with another importance of one memory."""
    made = []
    for number in range(count):
        tree_id = edited(repository, repository.tree_of(branch), importance=number / 1000)
        made.append(repository.commit(branch, tree_id, f"{branch} {number}"))
    return made
