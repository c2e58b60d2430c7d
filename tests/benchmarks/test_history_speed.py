"""Log, merge base, the history of a record, grep and search, against git and pygit2 in one run.

Git is measured as people run it, as a process; what it takes inside, without start and exit, is told by its
own trace (GIT_TRACE2_PERF).
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pygit2
import pytest

from memento.history import Repository
from memento.workspace import Workspace
from memento.world import tree
from memento.world.trie import children
from memento.world.world import World

COMMITS = 10_000
ROUNDS = 7
Figures = dict[str, float]


def in_turn(rounds: int = ROUNDS, **works: Callable[[], Any]) -> Figures:
    """The median time of each work, ms, all taken in turn."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: round(1e3 * median(taken), 2) for name, taken in times.items()}


def git(path: Path, *arguments: str, **env: str) -> bytes:
    return subprocess.run(
        ["git", "-C", str(path / ".memento"), *arguments], capture_output=True, check=True, env={**os.environ, **env}
    ).stdout


def inside(path: Path, *arguments: str) -> float:
    """What git says that it took between its start and its exit, ms."""
    trace = path / "trace"
    trace.unlink(missing_ok=True)
    git(path, *arguments, GIT_TRACE2_PERF=str(trace))
    found = re.search(r"\| atexit[^|]*\|[^|]*\|\s*([0-9.]+)", trace.read_text())
    assert found is not None
    return 1e3 * float(found[1])


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory, large_world: World) -> tuple[Path, str]:
    """100,000 memories and 10,000 edits of one each, three of them of the memory named."""
    path = tmp_path_factory.mktemp("edited")
    watched, *others = large_world.memories.keys
    choose = random.Random(5)
    with Workspace.init(path) as workspace:
        repository = workspace.repository
        workspace.commit_world("main", large_world, "a large world")
        state = repository.tree_of("main")
        with repository.batch("edits") as batch:
            for number in range(COMMITS):
                mine = number in (COMMITS // 4, COMMITS // 2, 3 * COMMITS // 4)
                key = watched if mine else choose.choice(others)
                row = tree.find(repository.objects, state, "memories", [key])
                delta = tree.Delta({"memories": row.replace(importance=[choose.random()])})
                state = tree.apply(repository.objects, state, delta)
                batch.commit("main", state, f"edit number {number}")
    return path, watched


@pytest.fixture(scope="module", params=["linear", "merged"])
def parted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Two lines of 3,500 commits each over a common line of 3,000, with or without merges in them."""
    path = tmp_path_factory.mktemp("parted")
    choose = random.Random(3)
    with Repository.init(path) as repository:
        empty = repository.objects.add_tree([])
        with repository.batch("history") as batch:
            line = [batch.commit("main", empty, "first", parents=[], time=0)]
            line += [batch.commit("main", empty, f"main {n}", time=0) for n in range(2_999)]
            for name in ("a", "b"):
                mine = [line[-1]]
                for number in range(3_500):
                    parents = mine[-1:]
                    if request.param == "merged" and number % 7 == 3:
                        parents = [mine[-1], mine[-choose.randrange(2, min(len(mine), 20) + 1)]]
                    mine.append(
                        batch.commit(name, empty, f"{name} {number}", parents=parents, time=10_000 + 2 * number)
                    )
    return path, request.param


def test_log_of_ten_thousand_commits(benchmark: Any, edited: tuple[Path, str]) -> None:
    """Id, time and subject of each, from a repository just opened, against `git log`; and of the whole
    command line against git's."""
    path, _ = edited

    def ours() -> list[tuple[str, int, str]]:
        with Repository.open(path) as repository:
            return [(commit.id, commit.time, commit.subject) for commit in repository.log("main")]

    def theirs() -> bytes:
        return git(path, "log", "--format=%H %ct %s", "main")

    assert [f"{i} {t} {s}" for i, t, s in ours()] == theirs().decode().splitlines()
    benchmark.pedantic(ours, rounds=ROUNDS)
    command = [sys.executable, "-m", "memento", "-C", str(path), "log"]
    found = in_turn(
        ours=ours, git=theirs,
        command=lambda: subprocess.run(command, check=True, capture_output=True),
        git_oneline=lambda: git(path, "log", "--oneline", "--decorate"),
    )  # fmt: skip
    found["git_inside"] = round(median(inside(path, "log", "--format=%H %ct %s", "main") for _ in range(ROUNDS)), 2)
    ratios = {"ratio": found["ours"] / found["git"], "command_ratio": found["command"] / found["git_oneline"]}
    benchmark.extra_info.update(found, **{name: round(value, 2) for name, value in ratios.items()})


def test_merge_base_across_seven_thousand_commits(benchmark: Any, parted: tuple[Path, str]) -> None:
    """Warm: the commits have been read before; cold: from a repository just opened."""
    path, _ = parted
    native = pygit2.Repository(str(path / ".memento"))
    with Repository.open(path) as repository:
        a, b = repository.resolve("a"), repository.resolve("b")
        (base,) = repository.merge_bases(a, b)
        assert git(path, "merge-base", a, b).decode().split() == [base] == [str(native.merge_base(a, b))]

        def cold() -> None:
            with Repository.open(path) as fresh:
                fresh.merge_bases(a, b)

        benchmark.pedantic(lambda: repository.merge_bases(a, b), rounds=ROUNDS)
        found = in_turn(
            ours=lambda: repository.merge_bases(a, b), cold=cold, git=lambda: git(path, "merge-base", a, b),
            pygit2=lambda: native.merge_base(a, b),
        )  # fmt: skip
    found["git_inside"] = round(median(inside(path, "merge-base", a, b) for _ in range(ROUNDS)), 2)
    benchmark.extra_info.update(
        found,
        ratio=round(found["ours"] / found["git"], 2),
        ratio_to_inside=round(found["ours"] / found["git_inside"], 2),
        ratio_to_pygit2=round(found["ours"] / found["pygit2"], 2),
    )


def leaf_path(repository: Repository, key: str) -> str:
    """The path of the chunk that holds a memory, as git knows it."""
    bits = f"{int(tree.record_keys([key])[0]):064b}"
    path, depth = "memories", 0
    folder = next(e.id for e in repository.objects.tree(repository.tree_of("main")) if e.name == "memories")
    while True:
        prefix, entry = next((p, e) for p, e in children(repository.objects, folder, path) if bits.startswith(p, depth))
        path += f"/{entry.name}"
        if not entry.folder:
            return path
        folder, depth = entry.id, depth + len(prefix)


def test_the_history_of_one_record(benchmark: Any, edited: tuple[Path, str]) -> None:
    """A memory that changed three times in 10,000 commits, against `git log` of its chunk (which others
    of the chunk have changed too)."""
    path, key = edited

    def ours() -> list[str]:
        with Repository.open(path) as repository:
            return [commit.id for commit, _ in repository.log_record("main", "memories", key)]

    def blamed() -> int:
        with Repository.open(path) as repository:
            return len(repository.blame("main", "memories", key))

    with Repository.open(path) as repository:
        place = leaf_path(repository, key)
    listed = git(path, "log", "--format=%H", "main", "--", place).decode().split()
    assert len(ours()) == 4
    assert set(ours()) <= set(listed)
    benchmark.pedantic(ours, rounds=ROUNDS)
    found = in_turn(ours=ours, blame=blamed, git=lambda: git(path, "log", "--format=%H", "main", "--", place))
    benchmark.extra_info.update(found, ratio=round(found["ours"] / found["git"], 2))


def test_grep_and_search(benchmark: Any, edited: tuple[Path, str]) -> None:
    """A hundred thousand memories: a pattern, the first query, and later ones."""
    path, _ = edited
    cache = path / ".memento" / "cache" / "search"

    def ask() -> list[str]:
        with Workspace.open(path) as workspace:
            return [hit.record["id"] for hit in workspace.search("deploy target of service 4711")]

    def first() -> list[str]:
        for place in cache.iterdir() if cache.exists() else ():
            place.unlink()
        return ask()

    def matched() -> int:
        with Workspace.open(path) as workspace:
            return len(workspace.grep(r"region 99\d, as"))

    assert first() == ask()
    assert matched() > 100
    benchmark.pedantic(ask, rounds=ROUNDS)
    found = in_turn(3, first=first) | in_turn(later=ask, grep=matched)
    benchmark.extra_info.update(found, index_bytes=np.sum([place.stat().st_size for place in cache.iterdir()]).item())
