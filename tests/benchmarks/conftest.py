"""Worlds of benchmark size. Run with ``pytest -o addopts= tests/benchmarks --benchmark-only``.

Nothing here is asserted about time: each benchmark prints its figure and, where there is a reference,
the ratio of both in the same run (``extra_info``, shown with ``--benchmark-verbose`` and kept in
``--benchmark-json``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memento import rng
from memento.workspace import Workspace
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.world import Manifest, World

MEMORIES = 100_000
START = 1_767_225_600


@pytest.fixture(scope="session")
def large_world() -> World:
    """100,000 memories of about 200 bytes over 40 entities."""
    keys = rng.pair_keys(7, np.arange(MEMORIES, dtype=np.uint64))
    numbers = rng.integers(keys, 1000).tolist()
    entities = [f"entity-{i}" for i in range(40)]
    memories = Table.from_columns(
        TABLES["memories"],
        {
            "id": [f"{int(key) & 0xFFFFFFFFFF:010x}-{i % 64}" for i, key in enumerate(keys.tolist())],
            "text": [
                f"The deploy target of service {i} is region {n}, as agreed in the review of week {n % 52}; "
                f"before that it was region {n // 2} and nobody liked it much."
                for i, n in enumerate(numbers)
            ],
            "entity": [entities[i % 40] for i in range(MEMORIES)],
            "value": [f"region {n}" for n in numbers],
            "importance": rng.uniform(keys, 1),
            "created_at": START + np.arange(MEMORIES) * 60,
        },
    )
    known = Table.from_columns(TABLES["entities"], {"id": entities, "name": entities, "created_at": np.full(40, START)})
    return World.build(Manifest(clock=START + MEMORIES * 60), {"memories": memories, "entities": known})


@pytest.fixture
def large(tmp_path: Path, large_world: World) -> Any:
    """A workspace with the large world on main."""
    with Workspace.init(tmp_path) as workspace:
        workspace.commit_world("main", large_world, "a large world")
        yield workspace


@pytest.fixture
def median_of() -> Callable[[Callable[[int], Any], int], float]:
    """The median time of ``work(round)`` over some rounds, s: a reference beside a benchmark."""

    def measure(work: Callable[[int], Any], rounds: int) -> float:
        times = []
        for number in range(rounds):
            start = time.perf_counter()
            work(number)
            times.append(time.perf_counter() - start)
        return float(np.median(times))

    return measure
