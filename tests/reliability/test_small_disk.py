"""A disk of 300 KB that fills up: what is refused leaves the repository as it was, and room is all that it takes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from memento.errors import StoreError
from memento.history.fsck import examine
from memento.render.rendering import Spec
from memento.scenario import load
from memento.simulate import world as simulated
from memento.workspace import Workspace


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "x", folder], check=False).returncode:
        pytest.skip("a file system of its own needs root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def state(workspace: Workspace) -> dict[str, str]:
    return workspace.repository.refs.values("refs/")


def test_a_disk_that_fills_up(disk: Path) -> None:
    world = simulated(load("tiny", ["time.days=7"]), 7)
    with Workspace.init(disk) as workspace:
        workspace.commit_world("main", world, "first")
        memory = world.memories["id"][0]
        before: list[dict[str, str]] = []

        def until_full() -> None:
            for edits in range(2000):
                before.append(state(workspace))
                workspace.edit("main", [f"memory:{memory}", f"importance={edits % 100 / 100 + 0.001:.4f}"])

        with pytest.raises(StoreError, match="disk is full") as found:
            until_full()
        assert found.value.hint
        assert len(before) > 1
        assert state(workspace) == before[-1]
        for action in (
            lambda: workspace.commit_world("other", world.replace(memories=world.memories.take([0])), "another"),
            lambda: workspace.rendering_at("main", Spec(), cached=False).save(disk / "main.safetensors"),
            lambda: [workspace.fork("main", f"f{n}/{'x' * 80}") for n in range(2000)],
        ):
            with pytest.raises(StoreError):
                action()
        kept = state(workspace)
        assert kept.items() >= before[-1].items()
        assert not [path for path in disk.iterdir() if path.name != ".memento"]
    subprocess.run(["mount", "-o", "remount,size=3m", disk], check=True)
    with Workspace.open(disk) as workspace:
        assert not examine(workspace.repository).faults
        assert workspace.world_at("main").record("memories", memory)["importance"] > 0
        assert workspace.edit("main", [f"memory:{memory}", "importance=0.75"]).commit
        assert state(workspace).keys() >= kept.keys()
