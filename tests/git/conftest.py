from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import memento
from memento.git.attach import attach
from memento.history import Repository
from memento.world import tree
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.tree import Delta
from memento.world.world import Manifest, World

CLOCK = 1_700_000_000


def small_world(memories: int = 100) -> World:
    entities = [{"id": f"e-{n}", "name": f"service {n}", "created_at": CLOCK} for n in range(5)]
    records = [
        {"id": f"m{n // 40}-{n % 40}", "text": f"fact {n}", "entity": f"e-{n % 5}", "importance": n / 100,
         "created_at": CLOCK + n}
        for n in range(memories)
    ]  # fmt: skip
    tables = {"entities": entities, "memories": records}
    return World.build(
        Manifest(clock=CLOCK), {name: Table.from_records(TABLES[name], rows) for name, rows in tables.items()}
    )


class Clone:
    """A clone of stock git with memento's settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(["git", *words], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"git {words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return (done.stdout + done.stderr).strip()

    def tree(self, revision: str = "HEAD") -> str:
        return self("rev-parse", f"{revision}^{{tree}}")


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MEMENTO_DIR", raising=False)
    monkeypatch.setenv("MEMENTO_DURABILITY", "fast")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "A")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "a@b")
    programs = tmp_path / "bin"
    programs.mkdir()
    script = programs / "git-merge-memento"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m memento.git.strategy "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", str(Path(memento.__file__).parent.parent))


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    with Repository.init(tmp_path / "w") as made:
        made.commit("main", tree.write(made.objects, small_world()), "first")
        yield made


@pytest.fixture
def clone(repository: Repository, tmp_path: Path) -> Clone:
    subprocess.run(["git", "clone", "--quiet", str(repository.path), str(tmp_path / "clone")], check=True)
    attach(tmp_path / "clone")
    return Clone(tmp_path / "clone")


def change(repository: Repository, branch: str, key: str = "m0-0", **fields: object) -> str:
    """Commits a change of one memory onto a branch, which starts at main."""
    if not repository.has_branch(branch):
        repository.fork("main", branch)
    tree_id = repository.tree_of(branch)
    row = tree.find(repository.objects, tree_id, "memories", [key]).replace(**{n: [v] for n, v in fields.items()})
    after = tree.apply(repository.objects, tree_id, Delta({"memories": row}))
    return repository.commit(branch, after, f"{branch}: change {key}")
