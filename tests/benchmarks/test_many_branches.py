"""A repository of 20,000 branches, and one with 10,000 operations: ratios against git in the same run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memento.history import Repository
from memento.history.commit import commit_bytes
from memento.history.refs import Move
from memento.workspace import Workspace
from memento.world import tree
from tests.history.conftest import small_world

pytestmark = pytest.mark.benchmark(min_rounds=3)
BRANCHES, OPERATIONS = 20_000, 10_000
ROOT = Path(__file__).parents[2]


def command(*words: str) -> list[str]:
    return [sys.executable, str(ROOT / "cli.py"), *words]


def run(*words: str, **env: str) -> None:
    subprocess.run(words, check=True, capture_output=True, env={**os.environ, **env})


def spent(*words: str) -> float:
    """The least seconds of a few runs of a program."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        run(*words)
        best = min(best, time.perf_counter() - start)
    return best


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20,000 branches, each with a commit of its own."""
    folder = tmp_path_factory.mktemp("many")
    with pytest.MonkeyPatch.context() as patch, Repository.init(folder) as repository:
        patch.setenv("MEMENTO_DURABILITY", "fast")
        first = repository.commit("main", tree.write(repository.objects, small_world(500)), "first")
        tree_id, operations = repository.tree_of("main"), repository._operations
        with operations.exclusive():
            moves = []
            for number in range(BRANCHES):
                content = commit_bytes(tree_id, [first], "m <m@localhost>", 1_700_000_001, f"child {number}")
                moves.append(
                    Move(f"refs/heads/f{number % 7}-{number:05d}", "", repository.objects.add("commit", content))
                )
            operations.perform("many", moves)
    return folder


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """10,000 operations, every second an undo."""
    folder = tmp_path_factory.mktemp("long")
    with pytest.MonkeyPatch.context() as patch, Repository.init(folder) as repository:
        patch.setenv("MEMENTO_DURABILITY", "fast")
        repository.refs.durable = repository.objects.durable = False
        repository.commit("main", tree.write(repository.objects, small_world(50)), "first")
        for number in range(OPERATIONS // 2):
            repository.fork("main", f"b{number}")
            repository.undo()
        yield repository


CASES: dict[str, tuple[list[str], list[str]]] = {
    "branch": (["branch"], ["branch", "-v"]),
    "branch --json": (["branch", "--json"], ["branch", "-v"]),
    "branch 'f1-00*'": (["branch", "f1-00*"], ["branch", "-v", "--list", "f1-00*"]),
    "branch --contains": (["branch", "--contains", "main"], ["branch", "--contains", "main"]),
    "status": (["status"], ["rev-parse", "HEAD"]),
    "log -n 3": (["log", "-n", "3"], ["log", "-3", "--decorate"]),
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_command_with_20000_branches(benchmark: Any, many: Path, name: str) -> None:
    ours, theirs = CASES[name]
    git = spent("git", "-C", str(many / ".memento"), *theirs)
    start_up = spent(*command("--version"))
    benchmark.extra_info.update(git_s=git, start_s=start_up)
    benchmark(run, *command("-C", str(many), *ours))


def test_completion_with_20000_branches(benchmark: Any, many: Path) -> None:
    line = {"COMP_LINE": "memento diff f1-00", "_MEMENTO_COMPLETE": "bash_complete", "MEMENTO_DIR": str(many)}
    benchmark.extra_info.update(start_s=spent(*command("--version")))
    benchmark(run, *command(), **line)


def test_deletion_of_10000_branches_by_a_pattern(benchmark: Any, many: Path) -> None:
    with Workspace.open(many) as workspace:
        repository = workspace.repository
        repository.fork("main", "gone", 10_000)
        names = repository.branch_names("gone-")

        def back() -> None:
            if not repository.has_branch(names[0]):
                repository.undo()

        benchmark.pedantic(lambda: repository.delete_branch(*names), setup=back, rounds=3)
        repository.undo(2)


DEEDS: dict[str, Callable[[Repository], object]] = {
    "undo": lambda r: r.undo(),
    "redo": lambda r: r.redo(),
    "list 20": lambda r: list(r.operations(20)),
    "in force 20": lambda r: [op for _, op in zip(range(20), r.in_force(), strict=False)],
    "list all": lambda r: list(r.operations()),
}


@pytest.mark.parametrize("name", list(DEEDS))
def test_a_log_of_10000_operations(benchmark: Any, long: Repository, name: str) -> None:
    def ready() -> None:
        long.fork("main", f"c{time.perf_counter_ns()}")
        if name == "redo":
            long.undo()

    benchmark.pedantic(DEEDS[name], args=(long,), setup=ready, rounds=5)
