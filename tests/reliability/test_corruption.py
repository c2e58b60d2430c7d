"""Every byte of a small repository's files changed in turn: it is told, or harmless, never silently wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from memento.errors import MementoError
from memento.workspace import Workspace
from memento.world import tree

from . import worker

MASKS = (0x01, 0x20, 0xFF)
BY_HAND = ("config", "description")
"""Files that people write by hand, and that nothing can vouch for; what memento does not know in them is refused."""


def build(folder: Path) -> Path:
    """A repository with loose and packed references, a tag, merges, and objects in packs and alone."""
    worker.make(str(folder))
    with Workspace.open(folder) as workspace:
        worker.merge(workspace, 1)
        workspace.fork("main", "many", 40)
        workspace.repository.tag("v1", "main", "words")
        workspace.repository.tag("v2", "main~1")
        worker.commit(workspace, 5)
    path = str(folder / ".memento")
    who = {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
    command = ["git", "-C", path, "tag", "-a", "loose", "-m", "by git"]
    subprocess.run(command, check=True, env={**os.environ, **who})
    return folder


def seen(folder: Path) -> dict[str, object]:
    """All that a user can see: where each branch and tag leads, each commit on the way, and each tip's world."""
    with Workspace.open(folder) as workspace:
        repository = workspace.repository
        found: dict[str, object] = {"HEAD": (repository.head, repository.resolve("HEAD"))}
        worlds: dict[str, object] = {}
        for branch in repository.branches():
            if branch.subject.startswith("(corrupt"):
                raise MementoError(branch.subject)
            commit = repository.commit_of(f"refs/heads/{branch.name}")
            found[branch.name] = commit
            if commit.tree not in worlds:
                worlds[commit.tree] = tree.read(repository.objects, commit.tree)
            found[f"log of {branch.name}"] = tuple(repository.log(f"refs/heads/{branch.name}"))
        found["worlds"] = worlds
        found["tags"] = tuple(repository.tags())
        found["operations"] = tuple(repository.operations())
        return found


def files(folder: Path) -> list[Path]:
    return sorted(p for p in (folder / ".memento").rglob("*") if p.is_file() and p.name not in BY_HAND)


def flips(data: bytes, step: int, start: int) -> Iterator[tuple[int, bytes]]:
    for at in range(start % max(step, 1), len(data), step):
        for mask in MASKS:
            changed = bytearray(data)
            changed[at] ^= mask
            yield at, bytes(changed)


def sweep(folder: Path, step: int) -> tuple[int, int]:
    """Changes each `step`-th byte; returns how many changes there were, and how many were told."""
    source = build(folder / "source")
    right = seen(source)
    copy = folder / "copy"
    shutil.copytree(source, copy)
    tried = told = 0
    for number, path in enumerate(files(source)):
        target = copy / path.relative_to(source)
        data = path.read_bytes()
        mode = target.stat().st_mode
        for at, changed in flips(data, step, number * 7):
            target.chmod(0o600)
            target.write_bytes(changed)
            tried += 1
            try:
                now = seen(copy)
            except MementoError:
                told += 1
            else:
                wrong = [name for name in right.keys() | now.keys() if right.get(name) != now.get(name)]
                assert not wrong, f"{path.relative_to(source)}, byte {at}: silently other: {wrong[:5]}"
        target.write_bytes(data)
        target.chmod(mode)
    return tried, told


def test_some_bytes(tmp_path: Path) -> None:
    tried, told = sweep(tmp_path, 61)
    assert tried > 200
    assert told > tried / 2


@pytest.mark.long
def test_every_byte(tmp_path: Path) -> None:
    tried, told = sweep(tmp_path, 1)
    print(f"{tried} changed bytes: {told} told, {tried - told} harmless")
    assert tried > 20_000
