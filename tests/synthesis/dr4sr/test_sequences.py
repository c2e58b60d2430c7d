from __future__ import annotations

import numpy as np
import pytest

from memento.scenario import load
from memento.simulate.story import Story
from memento.synthesis.dr4sr.sequences import DAY, LONGEST, accessed, buckets, read
from memento.world.world import World, empty_world


@pytest.fixture(scope="module")
def world() -> World:
    return Story(load("tiny"), 3).world


def test_buckets_hold_their_lower_edge() -> None:
    ages = np.array([0, DAY - 1, DAY, 7 * DAY - 1, 7 * DAY, 30 * DAY, 900 * DAY])
    assert buckets(ages).tolist() == [0, 0, 1, 1, 2, 3, 3]


def test_items_say_what_was_accessed(world: World) -> None:
    found = read(world)
    assert len(found) > 10
    for row, places, session in zip(found.rows, found.candidates, found.sessions.tolist(), strict=True):
        assert 2 <= len(row) <= LONGEST
        assert accessed(world)[places].all()
        assert set(world.candidate_sessions[places]) == {session}
        assert np.all(np.diff(world.candidates["rank"][places]) > 0)
        for item, place in zip(row.tolist(), places.tolist(), strict=True):
            kind = found.vocabulary[item - 1]
            memory = world.candidate_memories[place]
            assert kind.entity == world.memories["entity"][memory]
            assert kind.source == world.candidates["source"][place]
            age = world.sessions["ended_at"][session] - world.memories["created_at"][memory]
            assert kind.bucket == buckets(np.array([age]))[0]
    assert len(set(found.vocabulary)) == len(found.vocabulary)
    assert found.padded().shape == (len(found), LONGEST)


def test_a_projects_stream_is_cut_into_stretches(world: World) -> None:
    found = read(world, across=True)
    assert sum(map(len, found.rows)) <= np.count_nonzero(accessed(world))
    assert max(map(len, found.rows)) == LONGEST
    for places in found.candidates:
        sessions = world.candidate_sessions[places]
        assert len(set(world.sessions["project"][sessions])) == 1
        assert np.all(np.diff(world.sessions["ended_at"][sessions]) >= 0)


def test_an_empty_world_has_no_sequences() -> None:
    found = read(empty_world())
    assert len(found) == 0
    assert found.vocabulary == ()
