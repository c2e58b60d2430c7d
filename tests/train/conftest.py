from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from memento.render.rendering import Rendering, Spec


def toy(
    sessions: int = 120,
    candidates: int | tuple[int, int] = 12,
    memories: int = 40,
    entities: int = 8,
    seed: int = 0,
    dimension: int = 64,
    temporal: float = 0.4,
    noise: float = 0.02,
    **fields: Any,
) -> Rendering:
    """Arrays in which relevance is recency plus an entity that matters in the morning or in the evening.

    Half of the entities matter at nine, the others at twenty-one, so the hour alone and the entity
    alone tell nothing.
    """
    draw = np.random.default_rng(seed)
    words = np.random.default_rng(99).normal(size=(entities, dimension))
    of = draw.integers(entities, size=memories)
    embedded = words[of] + 0.3 * draw.normal(size=(memories, dimension))
    embedded /= np.linalg.norm(embedded, axis=1, keepdims=True)
    low, high = (candidates, candidates) if isinstance(candidates, int) else candidates
    sizes = draw.integers(low, high + 1, sessions)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    rows = np.concatenate([draw.choice(memories, size, replace=size > memories) for size in sizes]).astype(np.int32)
    session = np.repeat(np.arange(sessions), sizes)
    hour = draw.choice([9, 21], sessions)[session]
    age = draw.uniform(0, 40, len(rows))
    features = np.zeros((len(rows), 17), np.float32)
    features[:, 0] = np.log1p(age)
    features[:, 1] = draw.beta(2, 5, len(rows))
    features[:, 2] = np.log1p(draw.integers(0, 30, len(rows)))
    features[:, 3], features[:, 4] = np.sin(2 * np.pi * hour / 24), np.cos(2 * np.pi * hour / 24)
    features[:, 12] = of[rows] * 20 / 255
    clean = 0.3 * np.exp(-0.1 * age) + temporal * ((of[rows] % 2 == 0) == (hour == 9))
    labels = clean + noise * draw.normal(size=len(rows))
    contexts = draw.normal(size=(sessions, dimension))
    values: dict[str, Any] = {
        "features": features,
        "labels": labels.astype(np.float32),
        "clean": clean.astype(np.float32),
        "offsets": offsets,
        "contexts": contexts.astype(np.float32),
        "memory_embeddings": embedded.astype(np.float32),
        "memory_rows": rows,
        "session_ids": tuple(f"s{seed}-{k}" for k in range(sessions)),
        "memory_ids": tuple(f"m{seed}-{k}" for k in range(memories)),
        "session_times": np.arange(sessions, dtype=np.int64) * 3600,
        "spec": Spec(dimension=dimension),
        "commit": f"{seed:040x}",
        "tree": f"{seed + 1:040x}",
    }
    return Rendering(**{**values, **fields})


@pytest.fixture(scope="session")
def rendering() -> Rendering:
    return toy()


@pytest.fixture(scope="session")
def toys() -> Callable[..., Rendering]:
    return toy
