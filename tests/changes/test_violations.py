from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from world.worlds import START, Change, base_state, changed, changes, store_world, world_of

from memento.changes.diff import diff_trees
from memento.changes.merge import merge_trees
from memento.changes.records import Sides
from memento.changes.snapshot import Snapshot
from memento.changes.violations import relevant, violations
from memento.world.check import CHECKS
from memento.world.objects import MemoryObjects
from memento.world.world import Manifest


def sides_of(store: MemoryObjects, base: str, ours: str, theirs: str) -> Sides:
    states = [Snapshot(store, root) for root in (base, ours, theirs)]
    return Sides(states[0], states[1], states[2], diff_trees(store, base, ours), diff_trees(store, base, theirs))


@given(changes(), changes(), changes(3))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_checks_left_out_would_find_nothing(ours: list[Change], theirs: list[Change], before: list[Change]) -> None:
    store = MemoryObjects()
    start = changed(base_state(), before)
    base, one, two = (store_world(s, store)[1] for s in (start, changed(start, ours), changed(start, theirs)))
    result = merge_trees(store, [base], one, two)
    sides = sides_of(store, base, one, two)
    everything = {violation.id for violation in violations(store, result.tree_id, sides, CHECKS)}
    assert {violation.id for violation in result.violations} == everything


def test_edits_that_cannot_contradict_need_no_check() -> None:
    old = world_of(base_state())
    store, base = store_world(base_state())
    assert isinstance(store, MemoryObjects)
    edits: list[list[Change]] = [
        [("put", "memories", "m-0", {"importance": 0.9})],
        [("put", "memories", "m-1", {"text": "x"}), ("put", "sessions", "s-1", {"score": 0.5})],
    ]
    one, two = (store_world(changed(base_state(), e), store, old.manifest)[1] for e in edits)
    sides = sides_of(store, base, one, two)
    assert relevant(sides.by_us, sides.by_them) == ()
    kinds = {check.kind for check in relevant(sides.by_us, sides.by_them, ["turns"])}
    assert kinds == {"dangling reference", "cites a deleted memory", "broken thread"}


def test_two_fields_that_lost_one_record_are_two_violations() -> None:
    store, base = store_world(base_state())
    edge = {"id": "d-9", "source": "e-3", "target": "e-3"}
    added: list[Change] = [("put", "entities", "e-3", {"id": "e-3", "name": "three", "created_at": START})]
    before = changed(base_state(), added)
    base, one, two = (
        store_world(state, store, Manifest())[1]
        for state in (
            before,
            changed(before, [("drop", "entities", "e-3", {})]),
            changed(before, [("put", "dependencies", "d-9", edge)]),
        )
    )
    found = merge_trees(store, [base], one, two).violations
    assert [(v.place, v.field) for v in found] == [("dependency:d-9", "source"), ("dependency:d-9", "target")]
    assert len({v.id for v in found}) == 2
    mended = merge_trees(store, [base], one, two, [found[0].resolution("fix", 1), found[1].resolution("fix", 1)])
    assert mended.clean
