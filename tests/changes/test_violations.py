from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world.worlds import START, Change, base_state, changed, changes, store_world

from memento.changes.diff import diff_trees
from memento.changes.merge import Policy, merge_trees
from memento.changes.outcome import Outcome
from memento.changes.records import Sides
from memento.changes.snapshot import Snapshot
from memento.changes.violations import everything_new, violations
from memento.world.objects import MemoryObjects
from memento.world.world import Manifest


def sides_of(store: MemoryObjects, base: str, ours: str, theirs: str) -> Sides:
    states = [Snapshot(store, root) for root in (base, ours, theirs)]
    return Sides(states[0], states[1], states[2], diff_trees(store, base, ours), diff_trees(store, base, theirs))


@given(changes(), changes(), changes(3), st.sampled_from([None, "ours", "theirs"]))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_follows_from_the_change_is_what_the_whole_worlds_say(
    ours: list[Change], theirs: list[Change], before: list[Change], policy: Policy | None
) -> None:
    store = MemoryObjects()
    start = changed(base_state(), before)
    base, one, two = (store_world(s, store)[1] for s in (start, changed(start, ours), changed(start, theirs)))
    result = merge_trees(store, [base], one, two, policy=policy)
    assert list(result.violations) == everything_new(store, result.tree_id, sides_of(store, base, one, two))


@given(changes(), changes(), changes(3))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_so_do_findings_of_any_world_against_any_two_others(
    ours: list[Change], theirs: list[Change], merged: list[Change]
) -> None:
    store = MemoryObjects()
    states = (changed(base_state(), edits) for edits in (ours, theirs, merged))
    one, two, three = (store_world(state, store)[1] for state in states)
    sides = sides_of(store, one, one, two)
    outcome = Outcome(three, diff_trees(store, one, three), diff_trees(store, two, three))
    found = violations(store, outcome, sides)
    assert found == everything_new(store, three, sides)


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
