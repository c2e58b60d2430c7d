"""A rebase of 100 single edits and a merge of 100 variants, in a small and in a large world.

``growth`` is the time in the large world by that in the small one: both should follow the edits.
``per_step_ms`` stands beside git's rebase of 100 commits of one file of a line each, ``git_step_ms``.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchmarks.worlds import large_memories
from memento.history import Repository
from memento.history.merges import Merges
from memento.world import tree

SMALL, LARGE = 1_000, 100_000
STEPS = 100
ROUNDS = 5


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Repository, Repository]]:
    """Worlds of both sizes: branch line with 100 edits, v-001 … v-100 with one each, main gone on."""
    made = []
    for size in (SMALL, LARGE):
        repository = Repository.init(tmp_path_factory.mktemp(f"of-{size}"))
        world = large_memories(size)
        objects = repository.objects
        start = tree.write(objects, world)
        repository.commit("main", start, "a world")
        repository.fork("main", "line")
        names = repository.fork("main", "v", STEPS)

        def edited(tree_id: str, row: int, world: Any = world, objects: Any = objects) -> str:
            rows = world.memories.take([row])
            return tree.apply(objects, tree_id, tree.Delta({"memories": rows.replace(importance=[0.123])}))

        with repository.batch("edits") as batch:
            at = start
            for number, name in enumerate(names):
                at = edited(at, number * (size // STEPS))
                batch.commit("line", at, f"line {number}")
                batch.commit(name, edited(start, number * (size // STEPS)), f"variant {number}")
            batch.commit("main", edited(start, size - 1), "main goes on")
        made.append(repository)
    yield made[0], made[1]
    for repository in made:
        repository.close()


def timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def git_step(folder: Path) -> float:
    """Milliseconds a commit of git's rebase of 100."""

    def git(*words: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=b")
        subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    stream = "commit refs/heads/main\ncommitter a <b> 1 +0000\ndata 1\nx\n"
    stream += "".join(f"M 100644 inline f{n}\ndata 2\na\n\n" for n in range(STEPS + 1))
    stream += "reset refs/heads/line\nfrom refs/heads/main\n\n"
    for n in range(STEPS):
        stream += f"commit refs/heads/line\ncommitter a <b> {n + 2} +0000\ndata 1\nx\nM 100644 inline f{n}\n"
        stream += "data 2\nb\n\n"
    stream += f"commit refs/heads/main\ncommitter a <b> 2 +0000\ndata 1\nx\nM 100644 inline f{STEPS}\ndata 2\nb\n\n"
    subprocess.run(["git", "-C", str(folder), "fast-import", "--quiet"], input=stream.encode(), check=True)
    git("checkout", "-q", "line")
    return timed(lambda: git("rebase", "-q", "main")) / STEPS


@pytest.mark.parametrize("verb", ["rebase", "merge"])
def test_many_steps(benchmark: Any, both: tuple[Repository, Repository], verb: str, tmp_path: Path) -> None:
    def run(repository: Repository) -> None:
        merges = Merges(repository)
        names = [f"v-{number:03d}" for number in range(1, STEPS + 1)]
        merge = merges.rebase("main", "line") if verb == "rebase" else merges.start(names, into="main")
        assert merge.done == STEPS
        repository.undo()

    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for place, repository in enumerate(both):
            times[place].append(timed(lambda repository=repository: run(repository)))  # type: ignore[misc]
    benchmark.pedantic(lambda: run(both[1]), rounds=ROUNDS, iterations=1)
    benchmark.extra_info.update(
        records=LARGE,
        growth=round(median(times[1]) / median(times[0]), 2),
        per_step_ms=round(median(times[1]) / STEPS, 2),
    )
    if verb == "rebase":
        benchmark.extra_info["git_step_ms"] = round(git_step(tmp_path), 2)
