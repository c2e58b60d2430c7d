from __future__ import annotations

import numpy as np
import pytest

from memento.errors import CorruptRecord, InvalidFile, NewerFormat, NotFound
from memento.world.records import TABLES
from memento.world.table import concat
from memento.world.world import Manifest, World, empty_world
from world.worlds import DAY, base_state, changed, world_of


def test_the_order_of_rows_does_not_matter() -> None:
    world = world_of(base_state())
    shuffled = {name: table.take(np.arange(len(table))[::-1]) for name, table in world.tables.items()}
    assert World.build(world.manifest, shuffled) == world
    assert world.sessions.keys == ["s-1", "s-2"]
    assert world.turns.keys == ["s-1.0", "s-1.1", "s-2.0", "s-2.1"]
    assert world.candidates["rank"].tolist() == [0, 1, 2, 0, 1, 2]


def test_rows_of_candidates() -> None:
    world = world_of(base_state())
    assert world.candidate_sessions.tolist() == [0, 0, 0, 1, 1, 1]
    assert world.offsets.tolist() == [0, 3, 6]
    ids = [world.memories.keys[row] for row in world.candidate_memories]
    assert ids == world.candidates["memory"].tolist()
    without = world_of(changed(base_state(), [("drop", "memories", "m-0", {})]))
    assert without.candidate_memories.tolist().count(-1) == 2
    assert empty_world().offsets.tolist() == [0]


def test_all_faults_of_a_world_are_told() -> None:
    world = world_of(base_state())
    tables = dict(world.tables)
    tables["memories"] = concat(TABLES["memories"], [world.memories, world.memories.slice(0, 2)])
    tables["sessions"] = world.sessions.slice(0, 1)
    with pytest.raises(InvalidFile) as caught:
        World.build(world.manifest, tables)
    faults = "\n".join(caught.value.faults)
    assert faults.count("occurs more than once") == 2
    assert "turns of a session that is not there: s-2" in faults
    assert "candidates of a session that is not there: s-2" in faults


def test_one_record() -> None:
    world = world_of(base_state())
    assert world.record("memory", "m-1") == base_state()["memories"]["m-1"]
    with pytest.raises(NotFound, match="no memory named 'm-11'"):
        world.record("memories", "m-11")


def test_replace_builds_again() -> None:
    world = world_of(base_state())
    later = world.sessions.replace(started_at=world.sessions["started_at"][::-1] + DAY, ended_at=[2**40, 2**40])
    moved = world.replace(sessions=later)
    assert moved.sessions.keys == ["s-2", "s-1"]
    assert moved.turns.keys[0] == "s-2.0"
    assert world.replace(Manifest(clock=3)).manifest.clock == 3
    assert repr(world).startswith("World(2 entities")


def test_manifest_there_and_back() -> None:
    manifest = Manifest("simulated", {"name": "tiny"}, 7, "1", 9, {"recency": {"weight": 0.3}}, {"snr_db": 20.0})
    assert Manifest.from_map(manifest.to_map()) == manifest
    with pytest.raises(NewerFormat):
        Manifest.from_map(manifest.to_map() | {"format": 99})
    for bad in ({}, None, manifest.to_map() | {"clock": "now"}, manifest.to_map() | {"extra": 1}):
        with pytest.raises(CorruptRecord, match="not a manifest"):
            Manifest.from_map(bad)
