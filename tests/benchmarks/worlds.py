"""Worlds of a given number of records, made column by column so that a million are made in seconds."""

from __future__ import annotations

import numpy as np

from memento import rng
from memento.render.rendering import Rendering, Spec
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.world import Manifest, World

START = 1_767_225_600
ENTITIES = 40
OFFERED = 8
SAID = 4


def large_memories(size: int) -> World:
    """`size` memories of about 200 bytes over 40 entities."""
    keys = rng.pair_keys(7, np.arange(size, dtype=np.uint64))
    numbers = rng.integers(keys, 1000).tolist()
    entities = [f"entity-{i}" for i in range(ENTITIES)]
    memories = Table.from_columns(
        TABLES["memories"],
        {
            "id": [f"{int(key) & 0xFFFFFFFFFF:010x}-{i % 64}" for i, key in enumerate(keys.tolist())],
            "text": [
                f"The deploy target of service {i} is region {n}, as agreed in the review of week {n % 52}; "
                f"before that it was region {n // 2} and nobody liked it much."
                for i, n in enumerate(numbers)
            ],
            "entity": [entities[i % ENTITIES] for i in range(size)],
            "value": [f"region {n}" for n in numbers],
            "importance": rng.uniform(keys, 1),
            "created_at": START + np.arange(size) * 60,
        },
    )
    known = Table.from_columns(
        TABLES["entities"], {"id": entities, "name": entities, "created_at": np.full(ENTITIES, START)}
    )
    return World.build(Manifest(clock=START + size * 60), {"memories": memories, "entities": known})


def large_history(size: int) -> World:
    """About `size` records, one in four of them memories, the rest sessions with 4 turns and 8 offers each."""
    count = max(size * 3 // 4 // (1 + SAID + OFFERED), 1)
    world = large_memories(size // 4)
    held = world.memories.keys
    names = [f"s{i >> 4:x}-{i & 15}" for i in range(count)]
    started = START + 60 * size + np.arange(count) * 3600
    sessions = Table.from_columns(TABLES["sessions"], {"id": names, "started_at": started, "ended_at": started + 600})
    turns = Table.from_columns(
        TABLES["turns"],
        {
            "id": [f"{name}.{k}" for name in names for k in range(SAID)],
            "session": [name for name in names for _ in range(SAID)],
            "parent": [f"{name}.{k - 1}" if k else "" for name in names for k in range(SAID)],
            "text": [f"turn {k} of {name}" for name in names for k in range(SAID)],
        },
    )
    candidates = Table.from_columns(
        TABLES["candidates"],
        {
            "session": [name for name in names for _ in range(OFFERED)],
            "memory": [held[(i * 31 + k) % len(held)] for i in range(count) for k in range(OFFERED)],
            "rank": np.tile(np.arange(OFFERED), count),
        },
    )
    tables = {**world.tables, "sessions": sessions, "turns": turns, "candidates": candidates}
    return World.build(Manifest(clock=int(started[-1]) + 3600), tables)


def arbitrary(sessions: int, candidates: int, memories: int, dimension: int) -> Rendering:
    """Sessions of as many candidates each, with arbitrary numbers in plausible columns."""
    draw = np.random.default_rng(0)
    rows = sessions * candidates
    features = draw.uniform(size=(rows, 17)).astype(np.float32)
    features[:, 3:10] = features[::candidates, 3:10].repeat(candidates, axis=0)
    return Rendering(
        features=features,
        labels=draw.uniform(size=rows).astype(np.float32),
        clean=None,
        offsets=np.arange(0, rows + 1, candidates, dtype=np.int64),
        contexts=draw.normal(size=(sessions, dimension)).astype(np.float32),
        memory_embeddings=draw.normal(size=(memories, dimension)).astype(np.float32),
        memory_rows=draw.integers(memories, size=rows).astype(np.int32),
        session_ids=tuple(f"s{k}" for k in range(sessions)),
        memory_ids=tuple(f"m{k}" for k in range(memories)),
        session_times=np.arange(sessions, dtype=np.int64),
        spec=Spec(dimension=dimension),
    )
