"""Thousands of branches at once, and one among many: against git's own way of making references."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from statistics import median
from typing import Any

from memento.workspace import Workspace
from tests.history.conftest import small_world

ROUNDS = 3


def made(folder: Path) -> Workspace:
    workspace = Workspace.init(folder)
    workspace.commit_world("main", small_world(500), "a world")
    return workspace


def test_ten_thousand_forks(benchmark: Any, tmp_path: Path) -> None:
    """10,000 branches in one operation, beside ``git update-ref --stdin`` in an equal repository, in turn."""
    ours, theirs = [], []
    with made(tmp_path / "w") as workspace, made(tmp_path / "native") as native:
        tip = workspace.repository.resolve("main")

        def fork(number: int) -> None:
            workspace.fork("main", f"f{number}", 10_000)

        for number in range(ROUNDS):
            start = time.perf_counter()
            fork(number)
            ours.append(time.perf_counter() - start)
            lines = "".join(f"create refs/heads/g{number}-{n:05d} {tip}\n" for n in range(10_000))
            start = time.perf_counter()
            command = ["git", "-C", str(native.repository.path), "update-ref", "--stdin"]
            subprocess.run(command, input=lines, text=True, check=True)
            theirs.append(time.perf_counter() - start)
        benchmark.pedantic(lambda: fork(ROUNDS), rounds=1, iterations=1)
        assert len(workspace.repository.branch_names()) == 10_000 * (ROUNDS + 1) + 1
    benchmark.extra_info.update(
        ms=round(1e3 * median(ours), 1),
        git_ms=round(1e3 * median(theirs), 1),
        ratio=round(median(ours) / median(theirs), 3),
        best_ratio=round(min(ours) / min(theirs), 3),
    )


def test_a_hundred_thousand_forks(benchmark: Any, tmp_path: Path) -> None:
    """100,000 branches in one operation; the bar is a second."""
    with made(tmp_path) as workspace:
        names = benchmark.pedantic(lambda: workspace.fork("main", "f", 100_000), rounds=1, iterations=1)
        assert len(names) == 100_000
    benchmark.extra_info.update(s=round(benchmark.stats.stats.median, 3))


def test_opening_twenty_thousand_branches_and_reading_one(benchmark: Any, tmp_path: Path) -> None:
    """A fresh handle and one branch of 20,000; the bar is 10 ms."""
    with made(tmp_path) as workspace:
        workspace.fork("main", "f", 20_000)
        tip = workspace.repository.resolve("main")

    def read() -> str:
        with Workspace.open(tmp_path) as fresh:
            return fresh.repository.resolve("f-07321")

    assert benchmark.pedantic(read, rounds=15, iterations=1) == tip
    benchmark.extra_info.update(ms=round(1e3 * benchmark.stats.stats.median, 2))
