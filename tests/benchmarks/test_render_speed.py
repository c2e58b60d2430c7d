"""Rendering: rows a second on one core, columns and labels, for 10,000 sessions of 50 candidates.

Run with ``pytest tests/benchmarks/test_render_speed.py --benchmark-only``. The rate is held against
that of the plain loop over rows in the same run, which is about 0.44 M rows/s on a quiet core: 11
times that is 5 M rows/s. What turns ids into
numbers (the world's joins, and the keys and codes that `Joined`, `Assembly` and `Labeller` make of
ids) is timed apart, since it is done once for a world.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest

from memento.patterns.facts import Joined
from memento.render.columns import COLUMNS, Assembly
from memento.render.labels import Labeller
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.world import Manifest, World

SESSIONS, EACH, MEMORIES, ENTITIES = 10_000, 50, 50_000, 200
START = 1_767_225_600
PATTERNS: dict[str, Any] = {
    name: {} for name in ("recency", "entity", "temporal", "frequency", "supersession", "traversal")
}


@pytest.fixture(scope="module")
def world() -> World:
    draw = np.random.default_rng(0)
    entities = np.array([f"ent-{n}" for n in range(ENTITIES)], object)
    memories = np.array([f"mem{n >> 8}-{n & 255}" for n in range(MEMORIES)], object)
    sessions = np.array([f"ses{n >> 8}-{n & 255}" for n in range(SESSIONS)], object)
    started = np.sort(START + draw.integers(0, 365 * 86_400, SESSIONS))
    offered = (draw.integers(0, MEMORIES, SESSIONS)[:, None] + 997 * np.arange(EACH)) % MEMORIES
    columns: dict[str, dict[str, Any]] = {
        "memories": {
            "id": memories,
            "text": memories,
            "entity": entities[draw.integers(0, ENTITIES, MEMORIES)],
            "created_at": START + draw.integers(-30, 300, MEMORIES) * 86_400,
            "prior_accesses": draw.integers(0, 50, MEMORIES),
            "peak_hour": draw.integers(0, 24, MEMORIES),
            "deleted": draw.random(MEMORIES) < 0.1,
        },
        "sessions": {
            "id": sessions,
            "started_at": started,
            "ended_at": started + draw.integers(600, 7200, SESSIONS),
            "topic": entities[draw.integers(0, ENTITIES, SESSIONS)],
        },
        "candidates": {
            "session": np.repeat(sessions, EACH),
            "memory": memories[offered.reshape(-1)],
            "rank": np.tile(np.arange(EACH), SESSIONS),
            "injected": np.tile(np.arange(EACH) < 10, SESSIONS),
        },
    }
    manifest = Manifest(patterns=PATTERNS, noise={"distribution": "gaussian", "snr_db": 20.0})
    made = World.build(manifest, {name: Table.from_columns(TABLES[name], given) for name, given in columns.items()})
    assert made.candidate_memories.min() >= 0
    return made


def loop_rate(rows: int = 20_000) -> float:
    """Rows a second of a plain Python loop that works out 17 numbers and a label for each."""
    ages, counts, hours = (np.random.default_rng(1).integers(1, 24, rows).tolist() for _ in range(3))
    result = []
    began = time.perf_counter()
    for age, count, hour in zip(ages, counts, hours, strict=True):
        turns = [2.0 * math.pi * hour / period for period in (24, 7, 12)]
        row = (
            math.log(age + 1),
            0.5,
            math.log(count + 1),
            math.sin(turns[0]),
            math.cos(turns[0]),
            math.sin(turns[1]),
            math.cos(turns[1]),
            math.sin(turns[2]),
            math.cos(turns[2]),
            math.log(age + 1),
            1.0,
            0.0,
            count / 255,
            hour / 255,
            0.0,
            math.log(hour + 1),
            1.0,
        )
        label = 0.35 * math.exp(-age * 0.1) + 0.3 * (hour == 3) + 0.2 * (abs(hour - 9) <= 1) + 0.15 * row[2] / 5
        result.append((row, min(max(label, 0.0), 1.0)))
    return rows / (time.perf_counter() - began)


@pytest.mark.parametrize("labels", ["planted", "clean"])
def test_columns_and_labels(benchmark: Any, world: World, labels: str) -> None:
    joined = Joined(world)
    assembly, labeller = Assembly(joined), Labeller(joined, labels)
    size = len(world.candidates)
    features, target = np.zeros((size, len(COLUMNS)), np.float32), np.zeros(size, np.float32)

    def compiled() -> None:
        for low, high in joined.blocks():
            part = slice(int(joined.offsets[low]), int(joined.offsets[high]))
            facts = joined.facts(low, high)
            assembly.features(low, high, facts, features[part])
            target[part] = labeller.labels(facts, low, high).values

    benchmark.pedantic(compiled, rounds=5, warmup_rounds=1)
    rate = size / benchmark.stats.stats.min
    benchmark.extra_info["rows_per_second"] = round(rate)
    benchmark.extra_info["times_the_loop"] = round(rate / max(loop_rate() for _ in range(3)), 1)


def test_joins(benchmark: Any, world: World) -> None:
    def joins() -> None:
        joined = Joined(world)
        Assembly(joined)
        Labeller(joined, "planted")

    benchmark.pedantic(joins, rounds=3, warmup_rounds=1)
    benchmark.extra_info["rows_per_second"] = round(len(world.candidates) / benchmark.stats.stats.min)
