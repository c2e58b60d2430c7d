"""Queries over 20,000 branches, each a commit of its own, beside what stock git takes for the like."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memento.history import Repository
from memento.query import select
from memento.world import tree
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.tree import Delta
from memento.world.world import Manifest, World

BRANCHES = 20_000
START = 1_767_225_600
Measure = Callable[[Callable[[int], Any], int], float]
GIT = {
    "forks(main~50)": None,
    "descendants(main~50)": "--contains=main~50",
    "merged(main)": "--merged=main",
    "ahead(main) > 1": "--no-merged=main",
    "name(trial-*7) & ~tagged()": "--format=%(refname)",
    "stale(1)": "--format=%(committerdate)",
    "touched(memory:m-7)": None,
    "changed(memories) & ~imported()": None,
}
"""Queries, and the option of `git for-each-ref` that answers a question like it."""


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """100 commits on main, and 20,000 branches that part from them here and there."""
    os.environ["MEMENTO_DURABILITY"] = "fast"
    records = [{"id": f"m-{n}", "text": f"fact {n}", "created_at": START + n} for n in range(200)]
    world = World.build(Manifest(clock=START + 200), {"memories": Table.from_records(TABLES["memories"], records)})
    with Repository.init(tmp_path_factory.mktemp("forest")) as repository:
        objects = repository.objects
        first = tree.write(objects, world)
        trees = []
        for number in range(100):
            row = tree.find(objects, first, "memories", [f"m-{number}"]).replace(importance=[number / 100])
            trees.append(tree.apply(objects, first, Delta({"memories": row})))
        with repository.batch("forest") as batch:
            main = [batch.commit("main", trees[n], f"main {n}", time=START + 200 + n) for n in range(100)]
            tips = []
            for number in range(BRANCHES):
                parent = main[number % 100]
                tips.append(batch.commit("last", trees[number * 7 % 100], f"trial {number}", parents=[parent]))
        lines = "".join(f"create refs/heads/trial-{number} {tip}\n" for number, tip in enumerate(tips))
        git = ["git", "-C", str(repository.path)]
        subprocess.run([*git, "update-ref", "--stdin"], input=lines, text=True, check=True)
        subprocess.run([*git, "pack-refs", "--all"], check=True)
        del os.environ["MEMENTO_DURABILITY"]
        yield repository


@pytest.mark.parametrize("expression", list(GIT))
def test_structural_query_of_20000_branches(
    benchmark: Any, forest: Repository, median_of: Measure, expression: str
) -> None:
    root = Path(forest.root)

    def ask() -> int:
        with Repository.open(root) as opened:
            return len(select(opened, expression))

    found = benchmark.pedantic(ask, rounds=3)
    assert 0 <= found <= BRANCHES + 2
    option = GIT[expression]
    if option is not None:
        line = ["git", "-C", str(forest.path), "for-each-ref", option, "refs/heads"]
        own = median_of(lambda _: subprocess.run(line, check=True, capture_output=True), 3)
        benchmark.extra_info["git for-each-ref, s"] = own
        benchmark.extra_info["ratio"] = benchmark.stats.stats.median / own
    benchmark.extra_info["found"] = found
