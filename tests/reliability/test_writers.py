"""Many writers at once, with housekeeping and readers beside them: nothing is lost, and no error reaches anybody."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from memento.workspace import Workspace
from memento.world import tree

from . import worker
from .killer import fsck, strays

WORKER = Path(__file__).with_name("worker.py")


def start(folder: Path, kind: str, count: int, name: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), str(folder), kind, str(count), *([name] if name else [])]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def git_housekeeping(folder: Path, number: int) -> None:
    """Stock git's own, in turn: each must leave what memento's writers are about to refer to alone."""
    path = str(folder / ".memento")
    command = (["gc", "-q"], ["repack", "-adq"], ["gc", "-q", "--prune=now"], ["pack-refs", "--all"])[number % 4]
    subprocess.run(["git", "-C", path, *command], capture_output=True, check=False)


def own_housekeeping(folder: Path, number: int) -> None:
    """memento's."""
    command = [sys.executable, "-m", "memento", "-C", str(folder), "gc", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def crowd(
    folder: Path, kind: str, writers: int, count: int, beside: Callable[[Path, int], None], reader: bool = True
) -> int:
    """Writers, a reader and housekeeping at once; returns how many rounds of housekeeping there were."""
    worker.make(str(folder))
    looking = start(folder, "look", 0) if reader else None
    working = [start(folder, kind, count, f"w{number}") for number in range(writers)]
    rounds = 0
    while any(process.poll() is None for process in working):
        beside(folder, rounds)
        rounds += 1
        time.sleep(0.05)
    acknowledged: list[str] = []
    for process in working:
        out, err = process.communicate()
        assert process.returncode == 0, err
        assert len(out.split()) == count
        acknowledged += out.split()
    (folder / "stop").touch()
    if looking is not None:
        out, err = looking.communicate(timeout=60)
        assert looking.returncode == 0, err
        assert int(out) > 0
    with Workspace.open(folder) as workspace:
        repository = workspace.repository
        history = [commit.id for commit in repository.log(*repository.branch_names())]
        assert len(set(acknowledged)) == writers * count
        assert set(acknowledged) <= set(history)
        for branch in repository.branch_names():
            tree.read(repository.objects, repository.tree_of(f"refs/heads/{branch}"))
    assert strays(str(folder)) == []
    assert fsck(str(folder)) == []
    return rounds


@pytest.fixture(autouse=True)
def _plain_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.mark.parametrize("kind", ["commit", "own"])
def test_four_writers_beside_gits_housekeeping(tmp_path: Path, kind: str) -> None:
    assert crowd(tmp_path, kind, 4, 12, git_housekeeping) > 0


def test_four_writers_beside_own_housekeeping(tmp_path: Path) -> None:
    assert crowd(tmp_path, "commit", 4, 12, own_housekeeping) > 0


@pytest.mark.parametrize("count", [5, pytest.param(25, marks=pytest.mark.long)])
def test_six_who_edit_one_branch(tmp_path: Path, count: int) -> None:
    assert crowd(tmp_path, "edit", 6, count, own_housekeeping) > 0
    with Workspace.open(tmp_path) as workspace:
        edits = [each for each in workspace.repository.log("main") if each.subject.startswith("set importance")]
    assert len(edits) == 6 * count


@pytest.mark.long
@pytest.mark.parametrize("beside", [git_housekeeping, own_housekeeping])
@pytest.mark.parametrize("kind", ["commit", "own"])
def test_eight_writers_of_two_hundred(tmp_path: Path, kind: str, beside: Callable[[Path, int], None]) -> None:
    assert crowd(tmp_path, kind, 8, 200, beside) > 1
