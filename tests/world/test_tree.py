from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memento.errors import CorruptRecord, NewerFormat
from memento.world import tree
from memento.world.objects import Entry, MemoryObjects, ObjectStore
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.tree import Delta
from memento.world.world import Manifest, World
from world.worlds import DAY, START, Change, base_state, changed, changes, state_of, world_of

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def large(memories: int, sessions: int, seed: int = 0) -> World:
    """A world of several leaves, with turns and candidates."""
    draw = random.Random(seed)
    ids = [f"{draw.getrandbits(40):x}-{n % 7}" for n in range(memories)]
    starts = [START + draw.randrange(400 * DAY) for _ in range(sessions)]
    names = [f"s{n:04d}" for n in range(sessions)]
    return World.build(
        Manifest(clock=5),
        {
            "memories": Table.from_columns(
                TABLES["memories"],
                {"id": ids, "text": [f"fact {n % 50}" for n in range(memories)], "created_at": np.arange(memories)},
            ),
            "sessions": Table.from_columns(
                TABLES["sessions"], {"id": names, "started_at": starts, "ended_at": [at + 600 for at in starts]}
            ),
            "turns": Table.from_columns(
                TABLES["turns"],
                {
                    "id": [f"{name}.{k}" for name in names for k in range(3)],
                    "session": [name for name in names for _ in range(3)],
                    "text": ["hello"] * (3 * sessions),
                },
            ),
            "candidates": Table.from_columns(
                TABLES["candidates"],
                {
                    "session": [name for name in names for _ in range(4)],
                    "memory": [m for _ in names for m in draw.sample(ids, 4)],
                    "rank": [k for _ in names for k in range(4)],
                },
            ),
        },
    )


WORLD = large(700, 150)


@given(changes(8), changes(4))
@QUICK
def test_reading_gives_what_was_written(after: list[Change], before: list[Change]) -> None:
    world = world_of(changed(changed(base_state(), before), after))
    store = MemoryObjects()
    root = tree.write(store, world)
    assert tree.read(store, root) == world
    assert tree.read_manifest(store, root) == world.manifest


def test_a_large_world_is_read_as_written() -> None:
    store = MemoryObjects()
    assert tree.read(store, tree.write(store, WORLD)) == WORLD


@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 3, 40]), st.sampled_from([0, 1, 30, 600]))
@settings(max_examples=30, deadline=None)
def test_random_batches_equal_a_full_rewrite(seed: int, puts: int, drops: int) -> None:
    draw = random.Random(seed)
    store = MemoryObjects()
    root = tree.write(store, WORLD)
    keys, sessions = WORLD.memories.keys, WORLD.sessions
    upserts = WORLD.memories.take(WORLD.memories.rows(draw.sample(keys, puts)))
    upserts = upserts.replace(importance=np.full(puts, 0.75))
    gone = tuple(draw.sample(keys, drops))
    left = tuple(draw.sample(sessions.keys, draw.choice([0, 2, 120])))
    moved = sessions.take(np.array(sorted(draw.sample(range(len(sessions)), draw.choice([0, 3]))), np.int64))
    moved = moved.replace(started_at=moved["started_at"] + 9 * DAY, ended_at=moved["ended_at"] + 9 * DAY)
    delta = Delta({"memories": upserts, "sessions": moved}, {"memories": gone, "sessions": left})

    after = sessions.update(moved, left)
    held = set(after.keys)
    belonging = {
        name: WORLD.tables[name].take(np.array([s in held for s in WORLD.tables[name]["session"]], bool))
        for name in ("turns", "candidates")
    }
    whole = WORLD.replace(memories=WORLD.memories.update(upserts, gone), sessions=after, **belonging)
    changed_root = tree.apply(store, root, delta)
    assert changed_root == tree.write(MemoryObjects(), whole)

    back = Delta({name: WORLD.tables[name] for name in ("memories", *belonging, "sessions")})
    assert tree.apply(store, changed_root, back) == root


@given(changes(6), changes(6), changes(4))
@QUICK
def test_any_change_equals_a_full_rewrite(after: list[Change], more: list[Change], before: list[Change]) -> None:
    store = MemoryObjects()
    state = changed(base_state(), before)
    root = tree.write(store, world_of(state))
    for edits in (after, more):
        new = changed(state, edits)
        upserts = {
            name: Table.from_records(TABLES[name], [r for k, r in new[name].items() if state[name].get(k) != r])
            for name in TABLES
        }
        deletes = {name: tuple(k for k in state[name] if k not in new[name]) for name in TABLES}
        root = tree.apply(store, root, Delta(upserts, deletes))
        assert root == tree.write(MemoryObjects(), world_of(new))
        assert state_of(tree.read(store, root)) == new
        state = new


def test_a_turn_may_move_to_another_session() -> None:
    store = MemoryObjects()
    state = base_state()
    root = tree.write(store, world_of(state))
    new = changed(state, [("put", "turns", "s-1.1", {"session": "s-2", "parent": None})])
    delta = Delta({"turns": Table.from_records(TABLES["turns"], [new["turns"]["s-1.1"]])})
    assert tree.apply(store, root, delta) == tree.write(MemoryObjects(), world_of(new))


def test_find_gives_rows_that_exist() -> None:
    store = MemoryObjects()
    root = tree.write(store, WORLD)
    for name in ("memories", "sessions", "turns", "candidates"):
        table = WORLD.tables[name]
        wanted = [table.keys[3], "nowhere", table.keys[99], "nowhere/else"]
        found = tree.find(store, root, name, wanted)
        assert sorted(found.keys) == sorted([wanted[0], wanted[2]])
        assert found.record(found.row_of[wanted[0]]) == table.record(3)
    assert len(tree.find(store, root, "entities", ["e-1"])) == 0


class Counting(MemoryObjects):
    """Counts what is read and written."""

    reads = 0

    def blob(self, object_id: str, path: str = "") -> bytes:
        self.reads += 1
        return super().blob(object_id, path)


def test_an_edit_touches_few_objects() -> None:
    below = MemoryObjects()
    root = tree.write(below, WORLD)
    store = Counting(below)
    row = tree.find(store, root, "memories", [WORLD.memories.keys[5]])
    new = tree.apply(store, root, Delta({"memories": row.replace(importance=[0.25])}))
    assert store.reads <= 2
    assert len(store.objects) <= 4
    store.reads = 0
    left, right = tree.differing(store, root, new)
    assert store.reads == 2
    assert set(left) == set(right) == {"memories"}
    assert len(left["memories"]) <= 64


@given(changes(6), changes(4))
@QUICK
def test_what_does_not_differ_is_equal(after: list[Change], before: list[Change]) -> None:
    store = MemoryObjects()
    state = changed(base_state(), before)
    new = changed(state, after)
    roots = [tree.write(store, world_of(s)) for s in (state, new)]
    left, right = tree.differing(store, *roots)
    for name in TABLES:
        for mine, other, side in ((state, new, left), (new, state, right)):
            shown = set(side[name].keys) if name in side else set()
            assert all(mine[name][k] == other[name].get(k) for k in mine[name].keys() - shown)


def test_a_delta_is_false_without_content() -> None:
    assert not Delta()
    assert not Delta({"memories": Table.empty(TABLES["memories"])}, {"sessions": ()})
    assert Delta(deletes={"sessions": ("s",)})
    assert Delta(manifest=Manifest())


def test_belongings_without_their_session_are_refused() -> None:
    store = MemoryObjects()
    root = tree.write(store, world_of(base_state()))
    turn = {**base_state()["turns"]["s-1.0"], "session": "s-9", "id": "s-9.0"}
    with pytest.raises(CorruptRecord, match="session that is not there: s-9"):
        tree.apply(store, root, Delta({"turns": Table.from_records(TABLES["turns"], [turn])}))


def damaged(store: ObjectStore, root: str, name: str, **changed_ids: Any) -> str:
    entries = [e for e in store.tree(root) if e.name != name]
    return store.add_tree([*entries, *changed_ids.get("entries", [])])


def test_damage_is_told_by_place() -> None:
    store = MemoryObjects()
    root = tree.write(store, world_of(base_state()))
    with pytest.raises(CorruptRecord, match="no manifest"):
        tree.read(store, damaged(store, root, "manifest"))
    junk = store.add_blob(b"junk")
    broken = damaged(
        store, root, "memories", entries=[Entry("memories", store.add_tree([Entry("_", junk, False)]), True)]
    )
    with pytest.raises(CorruptRecord, match=f"{junk}.*memories/_"):
        tree.read(store, broken)
    assert len(tree.read_table(store, broken, "entities")) == 2
    odd = damaged(
        store, root, "memories", entries=[Entry("memories", store.add_tree([Entry("x!", junk, False)]), True)]
    )
    with pytest.raises(CorruptRecord, match="no such name in a trie"):
        tree.read(store, odd)
    with pytest.raises(CorruptRecord, match="no such tree"):
        tree.read(store, "0" * 40)


def test_a_newer_format_is_refused() -> None:
    store = MemoryObjects()
    root = tree.write(store, world_of(base_state(), Manifest(format=99)))
    with pytest.raises(NewerFormat, match="format 99") as caught:
        tree.read(store, root)
    assert "upgrade" in caught.value.hint


def test_few_objects_do_not_pose_as_many() -> None:
    store = MemoryObjects()
    root = tree.write(store, world_of(base_state()))
    folder = store.add_tree([Entry(name, store.add_blob(b"x"), False) for name in ("00", "01", "10")])
    for _ in range(8):
        folder = store.add_tree([Entry(letter, folder, True) for letter in "abcdefghijklmnopqrstuvwxyz234567"])
    bomb = damaged(store, root, "memories", entries=[Entry("memories", folder, True)])
    for read in (lambda: tree.read_table(store, bomb, "memories"), lambda: tree.differing(store, root, bomb)):
        with pytest.raises(CorruptRecord, match="more than one place"):
            read()


def test_folders_deeper_than_any_key_are_refused() -> None:
    store = MemoryObjects()
    root = tree.write(store, world_of(base_state()))
    folder = store.add_tree([Entry("0", store.add_blob(b"x"), False)])
    for _ in range(2000):
        folder = store.add_tree([Entry("a", folder, True)])
    deep = damaged(store, root, "memories", entries=[Entry("memories", folder, True)])
    for read in (lambda: tree.read_table(store, deep, "memories"), lambda: tree.differing(store, root, deep)):
        with pytest.raises(CorruptRecord, match="deeper than any key"):
            read()
