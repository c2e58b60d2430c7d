from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings

from memento import rng
from memento.patterns import facts as room
from memento.patterns.facts import COLUMNS, Joined, age_days, calendar, log_counts, of, session_maxima
from memento.world.values import parse_time
from memento.world.world import World, empty_world
from patterns.worlds import DAY, START, world_of, worlds


def naive(world: World) -> list[dict[str, float]]:
    """Every fact again, row by row, from plain records."""
    memories = {memory["id"]: memory for memory in world.memories.records()}
    sessions = {session["id"]: session for session in world.sessions.records()}
    rows = list(world.candidates.records())
    before = {key: (session["ended_at"], key) for key, session in sessions.items()}
    result = []
    for row in rows:
        session, memory = sessions[row["session"]], memories.get(row["memory"])
        end = session["ended_at"]
        weekday, hour = (end // DAY + 3) % 7, end % DAY // 3600
        others = [
            other["ended_at"]
            for other in sessions.values()
            if other["project"] and other["project"] == session["project"] and other["ended_at"] < end
        ]
        fact = {
            "hour": hour,
            "weekday": weekday,
            "gap_days": (end - max(others)) / DAY if others else 0.0,
            "traversal": row["source"] == "ka_traversal" and session["mode"] == "traversal",
            "age_days": 0.0,
            "access_count": 0,
            "entity_match": False,
            "peak_hour": -1,
            "peak_weekday": -1,
            "superseded": False,
            "importance": 0.5,
        }
        if memory:
            replacement = memories.get(memory["superseded_by"])
            fact |= {
                "age_days": abs(end - memory["created_at"]) / DAY,
                "access_count": memory["prior_accesses"]
                + sum(
                    other["injected"]
                    and other["memory"] == memory["id"]
                    and before[other["session"]] < before[row["session"]]
                    for other in rows
                ),
                "entity_match": memory["entity"] is not None and memory["entity"] == session["topic"],
                "peak_hour": -1 if memory["peak_hour"] is None else memory["peak_hour"],
                "peak_weekday": -1 if memory["peak_weekday"] is None else memory["peak_weekday"],
                "superseded": memory["deleted"] and (replacement is None or replacement["created_at"] < end),
                "importance": memory["importance"],
            }
        result.append(fact)
    for row, fact in zip(rows, result, strict=True):
        counts = [f["access_count"] for r, f in zip(rows, result, strict=True) if r["session"] == row["session"]]
        fact["max_log_access"] = math.log(max(counts) + 1)
    return result


@given(worlds())
@settings(max_examples=150, deadline=None)
def test_facts_are_those_of_the_plain_records(world: World) -> None:
    expected = naive(world)
    facts = of(world)
    assert len(facts) == len(expected)
    for name in COLUMNS:
        if name != "month":
            told = [row[name] for row in expected]
            np.testing.assert_allclose(getattr(facts, name), told, rtol=1e-15, atol=0, err_msg=name)


@given(worlds())
@settings(max_examples=50, deadline=None)
def test_blocks_of_sessions_join_to_the_whole(world: World) -> None:
    joined, whole = Joined(world), of(world)
    parts = [joined.facts(low, high) for low, high in joined.blocks(rows=3)]
    for name in (*COLUMNS, "session", "memory"):
        together = np.concatenate([getattr(part, name) for part in parts] or [[]])
        np.testing.assert_array_equal(together, getattr(whole, name))


def test_a_memory_is_superseded_only_after_its_replacement_exists() -> None:
    world = world_of(
        memories=[
            {"id": "old", "deleted": True, "superseded_by": "new"},
            {"id": "new", "created_at": START + 10 * DAY},
            {"id": "lost", "deleted": True, "superseded_by": "nowhere"},
        ],
        sessions=[{"id": "s-1", "ended_at": START + 10 * DAY}, {"id": "s-2", "ended_at": START + 10 * DAY + 1}],
        candidates=[
            {"session": s, "memory": m, "rank": r} for s in ("s-1", "s-2") for r, m in enumerate(["old", "new", "lost"])
        ],
    )
    assert of(world).superseded.tolist() == [False, False, True, True, False, True]


def test_a_world_without_sessions_or_memories_has_no_facts() -> None:
    assert len(of(empty_world())) == 0
    world = world_of(sessions=[{"id": "s", "ended_at": START}], candidates=[{"session": "s", "memory": "gone"}])
    facts = of(world)
    assert facts.age_days.tolist() == [0.0]
    assert facts.importance.tolist() == [0.5]
    assert not facts.entity_match[0]


@pytest.mark.parametrize(
    ("text", "hour", "weekday", "month"),
    [
        ("2026-02-20T14:30:45Z", 14, 4, 1),
        ("1970-01-01T00:00:00Z", 0, 3, 0),
        ("1969-12-31T23:59:59Z", 23, 2, 11),
        ("2024-02-29T23:59:59Z", 23, 3, 1),
        ("2026-12-27T05:00:00Z", 5, 6, 11),
    ],
)
def test_calendar(text: str, hour: int, weekday: int, month: int) -> None:
    found = calendar(np.array([parse_time(text)]))
    assert (found.hour[0], found.weekday[0], found.month[0]) == (hour, weekday, month)


def test_age_is_absolute() -> None:
    assert age_days(START, np.array([START - DAY, START + DAY // 2])).tolist() == [1.0, 0.5]


def test_logs_of_counts_are_the_same_by_table_and_by_function() -> None:
    counts = np.array([0, 1, 7, 63, 64, 100_000])
    np.testing.assert_array_equal(log_counts(counts), rng.log(counts + 1.0))
    large = np.append(counts, 1 << 21)
    np.testing.assert_array_equal(log_counts(large), rng.log(large + 1.0))


def test_session_maxima_pass_over_empty_sessions() -> None:
    found = session_maxima(np.array([1.0, 3.0, 2.0]), np.array([0, 0, 2, 2, 3, 3]))
    assert found.tolist() == [3.0, 3.0, 2.0]
    assert session_maxima(np.zeros(0), np.array([0, 0])).size == 0


def test_blockwise_equals_the_function() -> None:
    values = np.linspace(0, 5, 2 * room.BLOCK + 3)
    np.testing.assert_array_equal(room.blockwise(rng.exp, values), rng.exp(values))


def test_take_keeps_the_rows_together() -> None:
    world = world_of(
        memories=[{"id": "m-0"}, {"id": "m-1", "importance": 0.9}],
        sessions=[{"id": "s", "ended_at": START + DAY}],
        candidates=[{"session": "s", "memory": "m-0"}, {"session": "s", "memory": "m-1", "rank": 1}],
    )
    assert of(world).take(np.array([1])).importance.tolist() == [0.9]
