"""Record diff and three-way record merge of 10 edits a side, against git on the same repository, in one run.

Each at 1,000, 100,000 and 1,000,000 records, so that it is seen whether they grow with the edit or
with the world. Git runs as a program, as its users run it; we run in the process, with the caches of
the store warm (``ms``) and from a fresh handle (``cold_ms``).
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchmarks.worlds import large_history, large_memories
from memento.changes.diff import diff_trees
from memento.changes.merge import merge_trees
from memento.workspace import Workspace
from memento.world import tree
from memento.world.objects import MemoryObjects
from memento.world.world import World

ROUNDS = 25
EDITS = 10


@dataclass(frozen=True)
class Repository:
    """A world on ``main`` and two branches with ten edited records each."""

    root: Path
    path: Path
    trees: tuple[str, str, str]
    records: int


def build(root: Path, world: World, edits: Callable[[World, int], tree.Delta]) -> Repository:
    with Workspace.init(root) as workspace:
        workspace.commit_world("main", world, "a large world")
        repository = workspace.repository
        main = repository.tree_of("main")
        for number, branch in enumerate(("ours", "theirs")):
            workspace.fork("main", branch)
            repository.commit(branch, tree.apply(repository.objects, main, edits(world, number)), "ten edits")
        trees = (main, repository.tree_of("ours"), repository.tree_of("theirs"))
        records = sum(len(table) for table in world.tables.values())
        return Repository(root, repository.path, trees, records)


def some(size: int, number: int) -> list[int]:
    """Ten rows, spread evenly, others for each side."""
    return [(size // EDITS * place + 3 + 4 * number) % size for place in range(EDITS)]


def of_memories(world: World, number: int) -> tree.Delta:
    """New weights on one side; on the other a text, and one memory in two marked deleted."""
    rows = world.memories.take(some(len(world.memories), number))
    if number == 0:
        return tree.Delta({"memories": rows.replace(importance=[0.123] * EDITS)})
    return tree.Delta({"memories": rows.replace(text=["rewritten"] * EDITS, deleted=[True, False] * (EDITS // 2))})


def of_history(world: World, number: int) -> tree.Delta:
    """Labels and memories on one side, words that cite on the other."""
    if number == 0:
        rows = world.candidates.take(some(len(world.candidates), 0)[:5])
        memories = world.memories.take(some(len(world.memories), 0)[:5])
        return tree.Delta(
            {"candidates": rows.replace(used=[True] * 5), "memories": memories.replace(deleted=[True] * 5)}
        )
    rows = world.turns.take(some(len(world.turns), 1))
    cites = [world.memories.keys[row] for row in some(len(world.memories), 1)]
    return tree.Delta({"turns": rows.replace(text=["said otherwise"] * EDITS, cites=cites)})


MAKERS: dict[str, tuple[Callable[[int], World], Callable[[World, int], tree.Delta]]] = {
    "memories": (large_memories, of_memories),
    "history": (large_history, of_history),
}


@pytest.fixture(
    scope="module",
    params=[pytest.param((kind, size), id=f"{kind}-{size}") for kind in MAKERS for size in (1_000, 100_000, 1_000_000)],
)
def large(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    kind, size = request.param
    make, edits = MAKERS[kind]
    return build(tmp_path_factory.mktemp(f"{kind}-{size}"), make(size), edits)


def timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def cold(repository: Repository, work: Callable[[Any], Any]) -> float:
    """Milliseconds of the work in a handle that has read nothing."""
    with Workspace.open(repository.root) as workspace:
        return timed(lambda: work(workspace.repository.objects))


def compare(
    benchmark: Any, repository: Repository, work: Callable[[Any], Any], command: list[str], limit: float
) -> None:
    """Ours and git's in turn; ``at_most`` is the ratio that we aim for at 100,000 records."""
    with Workspace.open(repository.root) as workspace:
        objects = workspace.repository.objects
        benchmark.pedantic(lambda: work(objects), rounds=ROUNDS, iterations=1, warmup_rounds=2)
        ours, git = [], []
        argv = ["git", "-C", str(repository.path), *command]
        for _ in range(ROUNDS):
            ours.append(timed(lambda: work(objects)))
            git.append(timed(lambda: subprocess.run(argv, capture_output=True, check=False)))
    benchmark.extra_info.update(
        records=repository.records,
        ms=round(median(ours), 2),
        cold_ms=round(median(cold(repository, work) for _ in range(5)), 2),
        git_ms=round(median(git), 2),
        ratio=round(median(ours) / median(git), 2),
        ratio_of_best=round(min(ours) / min(git), 2),
        at_most=limit,
    )


def test_diff(benchmark: Any, large: Repository) -> None:
    """Records and fields that differ, against the paths of ``git diff-tree -r``."""
    main, ours, _ = large.trees
    with Workspace.open(large.root) as workspace:
        assert len(list(diff_trees(workspace.repository.objects, main, ours).records())) == EDITS
    compare(
        benchmark,
        large,
        lambda objects: list(diff_trees(objects, main, ours).records()),
        ["diff-tree", "-r", main, ours],
        1,
    )


def test_merge(benchmark: Any, large: Repository) -> None:
    """Both sides' records merged, written and checked for contradictions, against ``git merge-tree``."""
    main, ours, theirs = large.trees

    def work(objects: Any) -> Any:
        return merge_trees(MemoryObjects(objects), [main], ours, theirs)

    with Workspace.open(large.root) as workspace:
        result = work(workspace.repository.objects)
        assert result.clean
        assert sum(count for part in result.theirs.values() for count in part.values()) == EDITS
    compare(benchmark, large, work, ["merge-tree", "--write-tree", "ours", "theirs"], 3)
