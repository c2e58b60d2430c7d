"""Small worlds by hand, and a hypothesis strategy of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.world import Manifest, World

DAY = 86_400
START = 1_767_225_600
"""2026-01-01T00:00:00Z, a Thursday."""

PLANTED: dict[str, dict[str, float]] = {
    "recency": {"weight": 0.35, "decay_rate": 0.1},
    "entity": {"weight": 0.30},
    "temporal": {"weight": 0.20, "half_width": 1},
    "frequency": {"weight": 0.15},
    "supersession": {"penalty": 0.3},
    "traversal": {"bonus": 0.15},
}
NOISE = {"distribution": "gaussian", "snr_db": 20.0}
_REQUIRED: dict[str, dict[str, Any]] = {
    "entities": {"name": "Atlas", "created_at": START},
    "aspects": {"name": "colour", "entity": "e-0"},
    "memories": {"text": "the sky is blue", "created_at": START},
    "sessions": {},
    "turns": {"text": "hello"},
    "candidates": {},
    "dependencies": {},
}


def world_of(
    *,
    patterns: Mapping[str, Mapping[str, Any]] = PLANTED,
    noise: Mapping[str, Any] = NOISE,
    seed: int = 7,
    **records: Iterable[Mapping[str, Any]],
) -> World:
    """A world of plain records; what a record leaves out takes a plain value."""
    tables = {}
    for name, rows in records.items():
        full = []
        for row in rows:
            values = {**_REQUIRED[name], **row}
            if name == "sessions":
                values.setdefault("started_at", values["ended_at"] - 600)
            full.append(values)
        tables[name] = Table.from_records(TABLES[name], full)
    return World.build(Manifest(source="simulated", patterns=patterns, noise=noise, seed=seed), tables)


ENTITIES = ["e-0", "e-1", "e-2"]
_seconds = st.integers(0, 40 * DAY)


@st.composite
def worlds(draw: st.DrawFn, max_sessions: int = 6) -> World:
    """Worlds with ties in time, overlaps, replaced and dangling memories, and sessions without candidates."""
    count = draw(st.integers(1, 8))
    memories = []
    for number in range(count):
        deleted = draw(st.booleans())
        memories.append(
            {
                "id": f"m-{number}",
                "text": f"note {number} about things",
                "kind": draw(st.sampled_from(["attribute", "constraint", "episode"])),
                "entity": draw(st.sampled_from([None, *ENTITIES])),
                "aspect": draw(st.sampled_from([None, "a-0", "a-1"])),
                "importance": draw(st.sampled_from([0.0, 0.25, 1.0])),
                "created_at": START + draw(_seconds),
                "prior_accesses": draw(st.integers(0, 9)),
                "embedded": draw(st.booleans()),
                "deleted": deleted,
                "superseded_by": f"m-{draw(st.integers(0, count))}" if deleted and draw(st.booleans()) else None,
                "peak_hour": draw(st.sampled_from([None, 0, 9, 23])),
                "peak_weekday": draw(st.sampled_from([None, 0, 3])),
            }
        )
    sessions, candidates = [], []
    for number in range(draw(st.integers(0, max_sessions))):
        ended = START + draw(st.sampled_from([0, 3600, DAY, 5 * DAY])) + draw(st.integers(0, 3)) * 1800
        sessions.append(
            {
                "id": f"s-{number}",
                "started_at": ended - draw(st.sampled_from([60, 7200])),
                "ended_at": ended,
                "project": draw(st.sampled_from(["", "p", "q"])),
                "topic": draw(st.sampled_from([None, *ENTITIES])),
                "mode": draw(st.sampled_from(["plain", "traversal"])),
            }
        )
        offered = draw(st.lists(st.integers(0, count), unique=True, max_size=count + 1))
        for rank, memory in enumerate(offered):
            candidates.append(
                {
                    "session": f"s-{number}",
                    "memory": f"m-{memory}",
                    "rank": rank,
                    "source": draw(st.sampled_from(["effective", "ka_traversal", "ka_traversal_pinned"])),
                    "injected": draw(st.booleans()),
                }
            )
    return world_of(
        entities=[{"id": entity} for entity in ENTITIES],
        aspects=[{"id": "a-0", "entity": "e-0"}, {"id": "a-1", "entity": "e-1"}],
        memories=memories,
        sessions=sessions,
        candidates=candidates,
    )
