from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from world.worlds import DAY, START, Change, base_state, changed, changes, store_world, world_of

from memento.changes.diff import apply, apply_tree, diff_trees, diff_worlds
from memento.errors import ConflictError
from memento.world import tree
from memento.world.objects import MemoryObjects, ObjectStore
from memento.world.world import Manifest, World

QUICK = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(changes(), changes(3))
@QUICK
def test_apply_gives_the_new_world_and_inverse_the_old(after: list[Change], before: list[Change]) -> None:
    state = changed(base_state(), before)
    old, new = world_of(state), world_of(changed(state, after))
    diff = diff_worlds(old, new)
    assert apply(diff, old) == new
    assert apply(diff.inverse(), new) == old
    assert diff.inverse().inverse().to_json() == diff.to_json()
    assert bool(diff) == (old != new)


@given(changes(), changes(3))
@QUICK
def test_trees_and_worlds_agree(after: list[Change], before: list[Change]) -> None:
    state = changed(base_state(), before)
    store, old = store_world(state)
    _, new = store_world(changed(state, after), store, Manifest(clock=5))
    diff = diff_trees(store, old, new)
    assert diff.to_json() == diff_worlds(tree.read(store, old), tree.read(store, new)).to_json()
    assert apply_tree(store, old, diff) == new
    assert apply_tree(store, new, diff.inverse()) == old


def test_json_names_every_record_and_field() -> None:
    old = world_of(base_state())
    edits: list[Change] = [
        ("put", "memories", "m-1", {"importance": 0.9, "peak_hour": 3}),
        ("drop", "memories", "m-3", {}),
        ("put", "entities", "e-3", {"id": "e-3", "name": "new", "created_at": START}),
    ]
    new = world_of(changed(base_state(), edits), Manifest(clock=7))
    document = json.loads(json.dumps(diff_worlds(old, new).to_json()))
    assert document["stat"] == {
        "entities": {"added": 1, "removed": 0, "changed": 0},
        "memories": {"added": 0, "removed": 1, "changed": 1},
    }
    assert document["manifest"] == {"clock": {"before": START + 30 * DAY, "after": 7}}
    assert document["tables"]["memories"]["changed"] == [
        {
            "key": "m-1",
            "fields": {"importance": {"before": 0.5, "after": 0.9}, "peak_hour": {"before": None, "after": 3}},
        }
    ]
    assert document["tables"]["memories"]["removed"] == [base_state()["memories"]["m-3"]]
    assert document["tables"]["entities"]["added"][0]["name"] == "new"


def test_records_come_in_natural_order() -> None:
    added: list[Change] = [
        ("put", "memories", f"m-{n}", {"id": f"m-{n}", "text": "x", "created_at": START}) for n in (12, 9, 100)
    ]
    diff = diff_worlds(world_of(base_state()), world_of(changed(base_state(), added)))
    assert [c.place for c in diff.records()] == ["memory:m-9", "memory:m-12", "memory:m-100"]
    assert {c.kind for c in diff.records()} == {"added"}


def test_an_absent_score_that_stays_absent_is_no_change() -> None:
    old = world_of(base_state())
    assert np.isnan(old.sessions["score"]).all()
    moved = world_of(changed(base_state(), [("put", "sessions", "s-1", {"project": "p"})]))
    (change,) = diff_worlds(old, moved).records()
    assert change.fields == ("project",)


def test_a_diff_that_does_not_fit_says_what_is_in_the_way() -> None:
    state = base_state()
    diff = diff_worlds(world_of(state), world_of(changed(state, [("put", "memories", "m-1", {"text": "new"})])))
    other = world_of(changed(state, [("put", "memories", "m-1", {"text": "else"})]))
    with pytest.raises(ConflictError, match="memory:m-1 is another one"):
        apply(diff, other)
    gone = world_of(changed(state, [("drop", "memories", "m-1", {})]))
    with pytest.raises(ConflictError, match="memory:m-1 is not there"):
        apply(diff, gone)
    adding = diff_worlds(gone, world_of(state))
    with pytest.raises(ConflictError, match="memory:m-1 is there already"):
        apply(adding, world_of(state))


class Counting(MemoryObjects):
    """Counts the blobs that are read."""

    reads = 0

    def blob(self, object_id: str, path: str = "") -> bytes:
        self.reads += 1
        return super().blob(object_id, path)


def test_only_chunks_that_differ_are_read() -> None:
    state = base_state()
    for n in range(2000):
        state["memories"][f"x{n}-0"] = {**state["memories"]["m-0"], "id": f"x{n}-0"}
    store: ObjectStore
    store, old = store_world(state)
    new = tree.write(store, world_of(changed(state, [("put", "memories", "x77-0", {"text": "changed"})])))
    counting = Counting(store)
    diff = diff_trees(counting, old, new)
    assert diff.stat() == {"memories": {"added": 0, "removed": 0, "changed": 1}}
    assert counting.reads == 3  # the manifest that both share, one leaf of each side


def test_a_whole_world_against_none() -> None:
    store, new = store_world(base_state())
    diff = diff_trees(store, store.add_tree([]), new)
    assert diff.manifests[0] is None
    assert sum(counts["added"] for counts in diff.stat().values()) == sum(map(len, base_state().values()))
    fields: dict[str, Any] = diff.manifest_fields()
    assert fields["clock"] == (None, START + 30 * DAY)


def test_an_equal_world_has_a_false_diff() -> None:
    world: World = world_of(base_state())
    assert not diff_worlds(world, world_of(base_state()))
    assert diff_worlds(world, world).to_json() == {"stat": {}, "manifest": {}, "tables": {}}
