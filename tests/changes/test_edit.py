from __future__ import annotations

from typing import Any

import pytest
from world.worlds import DAY, START, State, base_state, state_of, store_world, world_of

from memento.changes.edit import plan
from memento.changes.operations import Add, Delete, Operation, Set, Supersede
from memento.changes.snapshot import Snapshot, WorldLookup
from memento.errors import InvalidFile, UsageError
from memento.world import tree
from memento.world.check import check
from memento.world.objects import MemoryObjects
from memento.world.world import Manifest

CLOCK = START + 30 * DAY


def edited(*operations: Operation, state: State | None = None) -> State:
    store, root = store_world(state or base_state())
    return state_of(tree.read(store, tree.apply(store, root, plan(Snapshot(store, root), operations))))


def faults(*operations: Operation, state: State | None = None) -> tuple[str, ...]:
    with pytest.raises(InvalidFile) as caught:
        plan(WorldLookup(world_of(state or base_state())), operations)
    return caught.value.faults


def new_key(table: str, before: State, after: State) -> str:
    (key,) = after[table].keys() - before[table].keys()
    return key


def test_set_changes_only_what_it_names() -> None:
    before = base_state()
    after = edited(Set("memories", "m-1", {"importance": 0.9, "text": "new", "entity": None}))
    assert after["memories"]["m-1"] == before["memories"]["m-1"] | {"importance": 0.9, "text": "new", "entity": None}
    before["memories"]["m-1"] = after["memories"]["m-1"]
    assert after == before


@pytest.mark.parametrize(
    ("table", "key", "values"),
    [
        ("entities", "e-1", {"retired_at": START + 9}),
        ("aspects", "a-1", {"weight": 2.0}),
        ("dependencies", "d-1", {"kind": "owns"}),
        ("sessions", "s-1", {"score": 0.25, "topic": None}),
        ("sessions", "s-2", {"started_at": START + 50 * DAY, "ended_at": START + 51 * DAY}),
        ("turns", "s-1.1", {"text": "else", "cites": ["m-0", "m-1"]}),
        ("candidates", "s-1/m-0", {"used": True, "rank": 7}),
    ],
)
def test_every_table_can_be_edited(table: str, key: str, values: dict[str, Any]) -> None:
    after = edited(Set(table, key, values))
    assert after[table][key] == base_state()[table][key] | values
    assert after["turns"].keys() == base_state()["turns"].keys()


def test_all_faults_are_told_at_once_with_what_was_meant() -> None:
    said = faults(
        Set("memories", "m-11", {"text": "x"}),
        Set("memories", "m-1", {"importanc": 0.4, "importance": 7.0}),
        Set("memories", "m-2", {"entity": "e-9"}),
        Set("memories", "m-2", {"id": "other"}),
        Add("turns", {"session": "s-1"}),
        Set("sessions", "s-1", {"ended_at": 5}),
    )
    assert said[0] == "memory:m-11: no memory named 'm-11' (did you mean m-1?)"
    assert "no field of memory named 'importanc' (did you mean importance" in said[1]
    assert said[2] == "memory:m-1: importance=7.0 is not a number from 0 to 1"
    assert "id is part of what the record is" in said[3]
    assert said[4] == "turn:new: text is missing"
    assert "session:s-1: it ends before it starts" in said
    assert any(fault.startswith("memory:m-2: entity: no entity named 'e-9' (did you mean") for fault in said)
    assert len(said) == 7


def test_an_edit_that_changes_nothing_is_told() -> None:
    lookup = WorldLookup(world_of(base_state()))
    with pytest.raises(UsageError, match="nothing changes"):
        plan(lookup, [Set("memories", "m-1", {"importance": 0.5})])
    assert not plan(lookup, [Set("memories", "m-1", {"importance": 0.5})], allow_nothing=True)
    undone = [Set("memories", "m-1", {"importance": 0.6}), Set("memories", "m-1", {"importance": 0.5})]
    with pytest.raises(UsageError, match="nothing changes"):
        plan(lookup, undone)


def test_an_added_record_has_an_id_of_its_content() -> None:
    first = edited(Add("memories", {"text": "fresh"}))
    key = new_key("memories", base_state(), first)
    assert first["memories"][key]["created_at"] == CLOCK
    assert new_key("memories", base_state(), edited(Add("memories", {"text": "fresh"}))) == key
    assert new_key("memories", base_state(), edited(Add("memories", {"text": "other"}))) != key
    named = edited(Add("memories", {"id": "mine", "text": "fresh"}))
    assert named["memories"]["mine"]["text"] == "fresh"
    assert faults(Add("memories", {"id": "m-1", "text": "x"})) == ("memory:new: memory:m-1 is there already",)


def test_an_added_turn_ends_its_thread() -> None:
    after = edited(
        Add("turns", {"session": "s-1", "text": "and then?", "role": "user"}),
        Add("turns", {"session": "s-1", "text": "so"}),
    )
    added = {key: turn for key, turn in after["turns"].items() if key not in base_state()["turns"]}
    first, second = list(added)
    assert added[first]["parent"] == "s-1.1"
    assert added[second]["parent"] == first
    keys = [key for key in after["turns"] if key.startswith("s-1")]
    assert keys == ["s-1.0", "s-1.1", first, second]


def test_added_sessions_and_candidates() -> None:
    after = edited(
        Add("sessions", {"id": "s-9", "topic": "e-1"}),
        Add("candidates", {"session": "s-9", "memory": "m-0"}),
        Add("turns", {"session": "s-9", "text": "first"}),
    )
    assert after["sessions"]["s-9"]["ended_at"] == CLOCK
    assert after["candidates"]["s-9/m-0"]["rank"] == 0
    (turn,) = (t for t in after["turns"].values() if t["session"] == "s-9")
    assert turn["parent"] is None


def test_supersede_retires_the_old_and_inherits_from_it() -> None:
    after = edited(Supersede("m-1", {"text": "it moved", "value": "south"}))
    key = new_key("memories", base_state(), after)
    old, new = after["memories"]["m-1"], after["memories"][key]
    assert (old["deleted"], old["superseded_by"]) == (True, key)
    assert (new["entity"], new["aspect"], new["value"]) == ("e-1", "a-1", "south")
    assert (new["deleted"], new["superseded_by"], new["prior_accesses"], new["created_at"]) == (False, None, 0, CLOCK)
    linked = edited(Supersede("m-0", {"id": "m-1"}))
    assert linked["memories"]["m-0"]["superseded_by"] == "m-1"
    assert linked["memories"].keys() == base_state()["memories"].keys()


def test_supersede_refuses_what_makes_no_sense() -> None:
    once = Supersede("m-1", {"text": "a"})
    assert "superseded by memory:" in faults(once, Supersede("m-1", {"text": "b"}))[0]
    assert "text is missing" in faults(Supersede("m-1", {"importance": 0.1}))[0]
    assert "cannot supersede itself" in faults(Supersede("m-1", {"id": "m-1"}))[0]
    assert "set deleted=true too" in faults(Set("memories", "m-1", {"superseded_by": "m-2"}))[0]


def test_deleting_a_session_takes_what_belongs_to_it() -> None:
    after = edited(Delete("sessions", "s-1"))
    assert list(after["sessions"]) == ["s-2"]
    assert {t["session"] for t in after["turns"].values()} == {"s-2"}
    assert {c["session"] for c in after["candidates"].values()} == {"s-2"}
    assert after["memories"] == base_state()["memories"]


def test_a_record_that_others_need_is_not_deleted_by_accident() -> None:
    with pytest.raises(InvalidFile) as caught:
        plan(WorldLookup(world_of(base_state())), [Delete("memories", "m-0")])
    assert caught.value.faults == ("memory:m-0: 2 turns and 2 candidates refer to it",)
    assert "deleted=true" in caught.value.hint
    alone = edited(Delete("memories", "m-3"))
    assert "m-3" not in alone["memories"]
    assert edited(Delete("memories", "m-3"))["turns"] == base_state()["turns"]


def test_delete_with_cascade_leaves_no_reference_behind() -> None:
    after = edited(Delete("entities", "e-1", cascade=True))
    assert "a-1" not in after["aspects"]
    assert after["dependencies"] == {}
    assert {m["entity"] for m in after["memories"].values()} == {None, "e-2"}
    assert check(world_of(after)) == []
    gone = edited(Delete("memories", "m-0", cascade=True))
    assert check(world_of(gone)) == []
    assert len(gone["candidates"]) == 4


def test_deleting_in_one_edit_what_refers_to_each_other() -> None:
    after = edited(Delete("dependencies", "d-1"), Delete("turns", "s-1.1"), Delete("turns", "s-1.0"))
    assert after["dependencies"] == {}
    assert "answers" not in str(after["turns"].keys())
    assert faults(Delete("turns", "s-1.0"))[0] == "turn:s-1.0: 1 turn refers to it"


def test_operations_see_what_came_before_them() -> None:
    after = edited(
        Add("entities", {"id": "e-7", "name": "seven"}),
        Add("aspects", {"id": "a-7", "entity": "e-7", "name": "n"}),
        Set("memories", "m-1", {"entity": "e-7", "aspect": "a-7"}),
        Set("entities", "e-7", {"name": "seventh"}),
    )
    assert after["entities"]["e-7"]["name"] == "seventh"
    assert after["memories"]["m-1"]["aspect"] == "a-7"
    said = faults(Delete("sessions", "s-1"), Set("turns", "s-1.0", {"text": "x"}))
    assert said[0].startswith("turn:s-1.0: no turn named 's-1.0'")


class Counting(MemoryObjects):
    """Counts the blobs that are read."""

    reads = 0

    def blob(self, object_id: str, path: str = "") -> bytes:
        self.reads += 1
        return super().blob(object_id, path)


def test_only_the_leaves_named_are_read() -> None:
    state = base_state()
    for n in range(3000):
        state["memories"][f"x{n}-0"] = {**state["memories"]["m-3"], "id": f"x{n}-0"}
    store, root = store_world(state, manifest=Manifest())
    counting = Counting(store)
    plan(Snapshot(counting, root), [Set("memories", "x5-0", {"entity": "e-1"})])
    assert counting.reads == 2  # the leaf of the memory, the leaf of the entity


def test_times_are_taken_as_text_too() -> None:
    after = edited(Set("entities", "e-1", {"retired_at": "2026-03-02T09:30:00Z"}))
    assert after["entities"]["e-1"]["retired_at"] == 1772443800
