from __future__ import annotations

import pytest
from world.worlds import base_state, store_world, world_of

from memento.changes.snapshot import Lookup, Snapshot, WorldLookup, missing, neighbours
from memento.changes.snapshot import record as record_of
from memento.errors import NotFound
from memento.world.records import TABLES
from memento.world.world import Manifest, empty_world


def lookups() -> list[Lookup]:
    store, root = store_world(base_state())
    return [Snapshot(store, root), WorldLookup(world_of(base_state()))]


def test_both_lookups_say_the_same() -> None:
    stored, held = lookups()
    assert stored.manifest == held.manifest
    for name, schema in TABLES.items():
        keys = [*sorted(base_state()[name])[:2], "nowhere"]
        assert (
            sorted(stored.find(name, keys).keys) == sorted(held.find(schema.singular, keys).keys) == sorted(keys[:-1])
        )
        assert sorted(stored.table(name).keys) == sorted(held.table(schema.singular).keys)
        assert record_of(stored, name, keys[0]) == record_of(held, name, keys[0]) == base_state()[name][keys[0]]


def test_a_snapshot_by_record() -> None:
    store, root = store_world(base_state(), manifest=Manifest(clock=3))
    snapshot = Snapshot(store, root)
    assert snapshot.record("memory", "m-1")["text"] == "fact 1"
    assert sorted(snapshot.keys("entity")) == ["e-1", "e-2"]
    assert snapshot.manifest.clock == 3
    with pytest.raises(NotFound, match="no memory named 'm-11'") as caught:
        snapshot.record("memory", "m-11")
    assert "did you mean m-1" in caught.value.hint


def test_an_empty_table_says_so() -> None:
    assert missing(WorldLookup(empty_world()), "memories", "x").hint == "there are no memories here"


def test_neighbours_among_many() -> None:
    keys = [f"k{n:05d}-{n % 7}" for n in range(20_000)]
    near = neighbours("k12345-x", keys)
    assert len(near) <= 600
    assert "k12345-4" in near
    assert "k12345-4" in neighbours("x12345-4", keys)
    assert neighbours("zz", ["a", "b"]) == ["a", "b"]
