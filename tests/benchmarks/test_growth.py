"""What a thousand edits of a world of a million memories add to the disk, before gc and after it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from memento import rng
from memento.workspace import Workspace
from memento.world import tree
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.world import Manifest, World

MEMORIES, EDITS = 1_000_000, 1_000


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def million() -> World:
    keys = rng.pair_keys(11, np.arange(MEMORIES, dtype=np.uint64)).tolist()
    memories = Table.from_columns(
        TABLES["memories"],
        {
            "id": [f"{key & 0xFFFFFFFFFF:010x}-{row % 64}" for row, key in enumerate(keys)],
            "text": [f"The deploy target of service {row} is region {key % 997}." for row, key in enumerate(keys)],
            "created_at": np.arange(MEMORIES) * 60,
        },
    )
    return World.build(Manifest(clock=MEMORIES * 60), {"memories": memories})


def test_a_thousand_edits_of_a_million_memories(benchmark: Any, tmp_path: Path) -> None:
    """1,000 commits of one edit each: the bars are 8 MB before gc and 1 MB after it."""
    with Workspace.init(tmp_path) as workspace:
        world = million()
        repository, objects = workspace.repository, workspace.repository.objects
        objects.durable = repository.refs.durable = False
        workspace.commit_world("main", world, "a million memories")
        repository.gc(0.0)
        base = size_of(repository.path / "objects")
        keys = world.memories.keys

        def edits() -> None:
            for number in range(EDITS):
                parent = repository.commit_of("main")
                row = tree.find(objects, parent.tree, "memories", [keys[number * 991]])
                delta = tree.Delta({"memories": row.replace(importance=[(number % 97) / 100])})
                repository.commit("main", tree.apply(objects, parent.tree, delta), "edit", expected=parent.id)

        benchmark.pedantic(edits, rounds=1, iterations=1)
        before = size_of(repository.path / "objects") - base
        start = time.perf_counter()
        repository.gc(0.0)
        took = time.perf_counter() - start
        after = size_of(repository.path / "objects") - base
        assert sum(1 for _ in repository.log("main")) == EDITS + 1
    benchmark.extra_info.update(
        mb_before=round(before / 1e6, 2),
        mb_after=round(after / 1e6, 2),
        gc_s=round(took, 1),
        ms_an_edit=round(1e3 * benchmark.stats.stats.median / EDITS, 2),
    )
