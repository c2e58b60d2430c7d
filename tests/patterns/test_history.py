from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento.patterns import history
from memento.patterns.history import access_counts, gaps, ranges, retirements, session_order
from memento.world.world import World
from patterns.worlds import DAY, START, world_of, worlds


def test_accesses_count_only_injections_before() -> None:
    ends = {"s-a": 3, "s-b": 1, "s-c": 2}
    world = world_of(
        memories=[{"id": "m-0", "prior_accesses": 4}, {"id": "m-1"}],
        sessions=[{"id": name, "ended_at": START + day * DAY} for name, day in ends.items()],
        candidates=[
            {"session": "s-a", "memory": "m-0", "injected": True},
            {"session": "s-b", "memory": "m-0", "injected": True},
            {"session": "s-b", "memory": "m-1", "rank": 1},
            {"session": "s-c", "memory": "m-0", "injected": False},
            {"session": "s-c", "memory": "m-1", "rank": 1, "injected": True},
        ],
    )
    counts = dict(zip(world.candidates.keys, access_counts(world).tolist(), strict=True))
    assert counts == {"s-b/m-0": 4, "s-b/m-1": 0, "s-c/m-0": 5, "s-c/m-1": 0, "s-a/m-0": 5}


def test_sessions_that_end_together_go_by_id() -> None:
    world = world_of(
        memories=[{"id": "m"}],
        sessions=[
            {"id": "z", "started_at": START, "ended_at": START + DAY},
            {"id": "a", "started_at": START + 60, "ended_at": START + DAY},
        ],
        candidates=[{"session": name, "memory": "m", "injected": True} for name in "za"],
    )
    assert [world.sessions["id"][row] for row in session_order(world)] == ["a", "z"]
    assert dict(zip(world.candidates["session"], access_counts(world).tolist(), strict=True)) == {"a": 0, "z": 1}


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_counts_of_a_memory_never_fall(world: World) -> None:
    counts, memories, at = access_counts(world), world.candidate_memories, world.candidate_sessions
    rank = np.argsort(session_order(world))
    for memory in np.unique(memories[memories >= 0]):
        rows = np.flatnonzero(memories == memory)
        assert np.all(np.diff(counts[rows][np.argsort(rank[at[rows]])]) >= 0)


@given(worlds(), st.data())
@settings(max_examples=80, deadline=None)
def test_a_session_that_goes_changes_no_earlier_one(world: World, data: st.DataObject) -> None:
    ids = [world.sessions["id"][row] for row in session_order(world)]
    if not ids:
        return
    gone = data.draw(st.sampled_from(ids))
    less = world.replace(
        sessions=world.sessions.take(world.sessions["id"] != gone),
        candidates=world.candidates.take(world.candidates["session"] != gone),
    )
    earlier = set(ids[: ids.index(gone)])
    full = dict(zip(world.candidates.keys, access_counts(world), strict=True))
    rest = dict(zip(less.candidates.keys, access_counts(less), strict=True))
    assert all(rest[key] == full[key] for key in rest if key.split("/")[0] in earlier)
    full_gaps = dict(zip(world.sessions["id"], gaps(world), strict=True))
    rest_gaps = dict(zip(less.sessions["id"], gaps(less), strict=True))
    assert all(rest_gaps[key] == full_gaps[key] for key in earlier)


@given(worlds())
@settings(max_examples=40, deadline=None)
def test_the_size_of_blocks_does_not_show(world: World) -> None:
    whole = access_counts(world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "_BITS", 1)
        patch.setattr(history, "_BLOCK", 2)
        np.testing.assert_array_equal(access_counts(world), whole)


def test_gaps_are_within_a_project() -> None:
    world = world_of(
        sessions=[
            {"id": "s-0", "ended_at": START, "project": "p"},
            {"id": "s-1", "ended_at": START + DAY, "project": "q"},
            {"id": "s-2", "ended_at": START + 2 * DAY, "project": "p"},
            {"id": "s-3", "ended_at": START + 2 * DAY, "project": "p"},
            {"id": "s-4", "ended_at": START + 3 * DAY},
            {"id": "s-5", "ended_at": START + 4 * DAY},
        ]
    )
    assert dict(zip(world.sessions["id"], gaps(world).tolist(), strict=True)) == {
        "s-0": 0.0,
        "s-1": 0.0,
        "s-2": 2.0,
        "s-3": 2.0,
        "s-4": 0.0,
        "s-5": 0.0,
    }


def test_retirements_begin_with_the_replacement() -> None:
    world = world_of(
        memories=[
            {"id": "a", "deleted": True, "superseded_by": "b"},
            {"id": "b", "created_at": START + DAY},
            {"id": "c", "deleted": True},
            {"id": "d", "superseded_by": "b"},
        ]
    )
    deleted, since = retirements(world)
    rows = [world.memories.row_of[name] for name in "abcd"]
    assert deleted[rows].tolist() == [True, False, True, False]
    assert since[rows[0]] == START + DAY
    assert since[rows[2]] < 0


def test_ranges() -> None:
    assert ranges(np.array([5, 0, 3]), np.array([7, 0, 4])).tolist() == [5, 6, 3]
    assert ranges(np.zeros(0, np.int64), np.zeros(0, np.int64)).size == 0
