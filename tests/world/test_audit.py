from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento import codec
from memento.world import chunk, tree
from memento.world.audit import Audit
from memento.world.keys import record_keys
from memento.world.objects import Entry, MemoryObjects
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.trie import LIMIT, children
from memento.world.world import Manifest, World


def memories(count: int, seed: int = 0) -> Table:
    numbers = np.random.default_rng(seed).integers(1 << 40, size=count).tolist()
    ids = [f"{number:x}-{row}" for row, number in enumerate(numbers)]
    return Table.from_columns(
        TABLES["memories"], {"id": ids, "text": [f"t {i}" for i in ids], "created_at": np.arange(count)}
    )


def history(count: int) -> dict[str, Table]:
    ids = [f"s-{n}" for n in range(count)]
    sessions = Table.from_columns(
        TABLES["sessions"], {"id": ids, "started_at": np.arange(count) * 7919, "ended_at": np.arange(count) * 7919 + 60}
    )
    turns = Table.from_columns(
        TABLES["turns"],
        {
            "id": [f"{i}.{k}" for i in ids for k in range(3)],
            "session": [i for i in ids for _ in range(3)],
            "text": ["x"] * 3 * count,
        },
    )
    return {"sessions": sessions, "turns": turns}


def stored(count: int, sessions: int = 0, seed: int = 0) -> tuple[MemoryObjects, str]:
    store = MemoryObjects()
    tables = {"memories": memories(count, seed), **history(sessions)}
    return store, tree.write(store, World.build(Manifest(clock=10**9), tables))


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 400), sessions=st.integers(0, 120), seed=st.integers(0, 5))
def test_what_memento_writes_has_no_flaw(count: int, sessions: int, seed: int) -> None:
    store, tree_id = stored(count, sessions, seed)
    assert list(Audit(store).tree(tree_id)) == []


def test_each_chunk_is_looked_at_once() -> None:
    store, tree_id = stored(3000)
    audit = Audit(store)
    assert list(audit.tree(tree_id)) == []
    first = audit.chunks
    rows = tree.read_table(store, tree_id, "memories")
    one = rows.take([5]).replace(importance=[0.25])
    assert list(audit.tree(tree.apply(store, tree_id, tree.Delta({"memories": one})))) == []
    assert first < audit.chunks <= first + 1


def replaced(store: MemoryObjects, tree_id: str, folder: str, new: list[Entry]) -> str:
    """The tree with other entries in one folder of its top."""
    entries = [entry for entry in store.tree(tree_id) if entry.name != folder]
    return store.add_tree([*entries, Entry(folder, store.add_tree(new), True)])


def entries_of(store: MemoryObjects, tree_id: str, folder: str) -> list[Entry]:
    return list(store.tree(next(e.id for e in store.tree(tree_id) if e.name == folder)))


def flaws(store: MemoryObjects, tree_id: str) -> list[str]:
    return [flaw.why for flaw in Audit(store).tree(tree_id)]


def leaf(store: MemoryObjects, table: Table) -> str:
    return store.add_blob(chunk.encode(table))


def test_a_chunk_too_large() -> None:
    store, tree_id = stored(LIMIT + 1)
    rows = tree.read_table(store, tree_id, "memories")
    bad = replaced(store, tree_id, "memories", [Entry("_", leaf(store, rows), False)])
    assert flaws(store, bad) == [f"{LIMIT + 1} records in one chunk, where at most {LIMIT} belong"]


def test_records_parted_for_no_reason() -> None:
    store, tree_id = stored(40)
    rows = tree.read_table(store, tree_id, "memories")
    ones = record_keys(rows["id"].tolist()) >> np.uint64(63) == 1
    new = [Entry("0", leaf(store, rows.take(~ones)), False), Entry("1", leaf(store, rows.take(ones)), False)]
    assert flaws(store, replaced(store, tree_id, "memories", new)) == ["40 records parted that one chunk could hold"]


def test_a_record_in_the_wrong_leaf() -> None:
    store, tree_id = stored(200)
    new = entries_of(store, tree_id, "memories")
    swapped = [Entry(new[0].name, new[1].id, False), Entry(new[1].name, new[0].id, False), *new[2:]]
    assert "a record in the leaf of another key" in flaws(store, replaced(store, tree_id, "memories", swapped))


def test_records_out_of_order_and_twice() -> None:
    store, tree_id = stored(10)
    rows = tree.read_table(store, tree_id, "memories")
    for order, why in (
        (range(9, -1, -1), "its records are out of order"),
        ([*range(10), 9], "a record stands in it twice"),
    ):
        bad = replaced(store, tree_id, "memories", [Entry("_", leaf(store, rows.take(list(order))), False)])
        assert flaws(store, bad) == [why]


def test_bytes_that_decode_but_are_not_what_is_written() -> None:
    store, tree_id = stored(10)
    rows = tree.read_table(store, tree_id, "memories")
    data = chunk.encode(rows)
    value = codec.decode(data)
    value["c"]["importance"] = value["c"]["importance"] * 10
    bad = replaced(store, tree_id, "memories", [Entry("_", store.add_blob(codec.encode(value)), False)])
    assert flaws(store, bad) == ["not in the form that memento writes"]


@pytest.mark.parametrize(
    ("name", "folder", "why"),
    [
        ("notes.txt", False, "no part of a world: memento does not write it"),
        ("extra", True, "no part of a world: memento does not write it"),
    ],
)
def test_what_is_no_part_of_a_world(name: str, folder: bool, why: str) -> None:
    store, tree_id = stored(3)
    entry = Entry(name, store.add_tree([]) if folder else store.add_blob(b"x"), folder)
    assert flaws(store, store.add_tree([*store.tree(tree_id), entry])) == [why]


def test_what_is_missing_or_damaged_is_told_with_its_place() -> None:
    store, tree_id = stored(400, 60)
    lost = children(store, next(e.id for e in store.tree(tree_id) if e.name == "memories"), "memories")[3][1]
    del store.objects[lost.id]
    found = list(Audit(store).tree(tree_id))
    assert [(flaw.object_id, flaw.path) for flaw in found] == [(lost.id, f"memories/{lost.name}")]


def test_a_tree_without_a_manifest_or_an_empty_table() -> None:
    store, tree_id = stored(3)
    without = store.add_tree([e for e in store.tree(tree_id) if e.name != "manifest"])
    assert flaws(store, without) == ["no manifest"]
    assert flaws(store, replaced(store, tree_id, "aspects", [])) == ["an empty folder, which memento does not write"]


def test_turns_without_their_session() -> None:
    store, tree_id = stored(0, 5)
    kept = [entry for entry in entries_of(store, tree_id, "history") if "." in entry.name]
    assert flaws(store, replaced(store, tree_id, "history", kept)) == ["turns or candidates without their session"]
