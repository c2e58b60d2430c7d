from __future__ import annotations

import subprocess
from pathlib import Path

from memento.git.attach import attach
from memento.git.records import lines
from memento.history import Repository
from memento.world import chunk

from .conftest import Clone, change


def test_git_prints_records(repository: Repository, clone: Clone) -> None:
    change(repository, "main", importance=0.123, text="now it says this")
    clone("pull", "--quiet")
    said = clone("diff", "HEAD~1", "HEAD").splitlines()
    assert "+memory:m0-0.importance = 0.123" in said
    assert '+memory:m0-0.text = "now it says this"' in said
    assert len([line for line in said if line[:1] in "+-" and line[:3] not in ("+++", "---")]) == 4
    assert "memory:m0-0.importance" in clone("log", "-p", "-1")
    assert "memory:m0-0.importance" in clone("show", "HEAD")
    assert "world.clock" in clone("show", "HEAD~1")
    assert "Binary" not in clone("log", "-p")


def test_a_bare_clone_prints_records_too(repository: Repository, tmp_path: Path) -> None:
    change(repository, "main", importance=0.123)
    subprocess.run(["git", "clone", "--quiet", "--bare", repository.path, tmp_path / "bare"], check=True)
    attach(tmp_path / "bare")
    assert "+memory:m0-0.importance = 0.123" in Clone(tmp_path / "bare")("show", "HEAD").splitlines()


def test_every_table_has_its_lines(repository: Repository) -> None:
    from memento.scenario import load
    from memento.simulate import world as simulate

    world = simulate(load("tiny"), 1)
    for name, table in world.tables.items():
        said = list(lines(chunk.encode(table.slice(0, 2))))
        assert said[0] == f"{table.schema.singular}:{table.keys[0]}", name
        assert all(line.startswith(f"{table.schema.singular}:") for line in said)


def test_what_memento_did_not_write_still_differs(clone: Clone) -> None:
    (clone.folder / "manifest").write_bytes(b"something else")
    assert "+(not written by this memento" in clone("diff")
