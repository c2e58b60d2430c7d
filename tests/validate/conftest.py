from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.world import Manifest, World

START = 1_772_409_600  # 2026-03-02T00:00:00Z, a Monday
DAY = 86_400
PATTERNS: dict[str, dict[str, float]] = {
    "recency": {"weight": 0.30, "decay_rate": 0.1},
    "entity": {"weight": 0.30, "strength": 1.0},
    "temporal": {"weight": 0.25, "strength": 1.0, "half_width": 1.0},
    "frequency": {"weight": 0.10},
    "supersession": {"penalty": 0.3},
}


def build_world(
    sessions: int = 60, memories: int = 50, candidates: int = 12, entities: int = 6, seed: int = 3, **manifest: Any
) -> World:
    """A world drawn by hand, without the simulator: every pattern planted, one pair in ten superseded."""
    draw = np.random.default_rng(seed)
    names = ["harbor", "lantern", "mosaic", "quartz", "ripple", "saddle", "thicket", "velvet"][:entities]
    ids = [f"e-{k}" for k in range(entities)]
    of = draw.integers(entities, size=memories)
    hours = [9, 14, 21]
    peak = draw.choice(hours, memories)
    born = START - draw.integers(1, 30, memories) * DAY
    replaced = {k: k + 1 for k in range(0, memories - 1, 10)}
    rows: list[dict[str, Any]] = [
        {
            "id": f"m-{k}",
            "text": f"{names[of[k]]} {names[of[k]]} keeps word{k} and thing{k * 7 % 31}",
            "kind": "attribute",
            "entity": ids[of[k]],
            "importance": float(draw.beta(2, 5)),
            "created_at": int(born[k]),
            "prior_accesses": int(min(draw.zipf(1.5), 100)),
            "peak_hour": int(peak[k]),
        }
        for k in range(memories)
    ]
    for old, new in replaced.items():
        rows[old].update(deleted=True, superseded_by=f"m-{new}")
        rows[new].update(entity=rows[old]["entity"], created_at=rows[old]["created_at"] + 5 * DAY)
    sitting, offered, turns = [], [], []
    for s in range(sessions):
        hour = int(draw.choice(hours))
        end = START + (s // 3) * DAY + hour * 3600 + int(draw.integers(3600))
        topic = int(draw.integers(entities))
        sitting.append({"id": f"s-{s}", "started_at": end - 900, "ended_at": end, "project": "p", "topic": ids[topic]})
        turns.append({"id": f"s-{s}.0", "session": f"s-{s}", "role": "user", "text": f"about {names[topic]} today"})
        chosen = draw.choice(memories, candidates, replace=False)
        offered += [{"session": f"s-{s}", "memory": f"m-{m}", "rank": r} for r, m in enumerate(chosen)]
    values = {
        "patterns": PATTERNS,
        "noise": {"distribution": "gaussian", "snr_db": 20.0},
        "seed": seed,
        "source": "simulated",
        **manifest,
    }
    return World.build(
        Manifest(**values),
        {
            "entities": Table.from_records(
                TABLES["entities"], [{"id": i, "name": n, "created_at": START - 60 * DAY} for i, n in zip(ids, names)]
            ),
            "memories": Table.from_records(TABLES["memories"], rows),
            "sessions": Table.from_records(TABLES["sessions"], sitting),
            "turns": Table.from_records(TABLES["turns"], turns),
            "candidates": Table.from_records(TABLES["candidates"], offered),
        },
    )


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture(scope="session")
def worlds() -> Callable[..., World]:
    return build_world
