from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world.worlds import START, Change, State, base_state, changed, changes, state_of, store_world

from memento.changes.conflict import Conflict
from memento.changes.merge import MergeResult, merge_trees
from memento.changes.rules import CATALOG
from memento.changes.rules.algebra import APART
from memento.world import tree
from memento.world.objects import MemoryObjects
from memento.world.records import TABLES
from memento.world.world import Manifest

Changes = list[Change]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANIFESTS = st.builds(
    Manifest,
    clock=st.sampled_from([START, START + 5, START + 9]),
    seed=st.sampled_from([0, 1]),
    patterns=st.dictionaries(
        st.sampled_from(["recency", "entity"]),
        st.dictionaries(st.just("weight"), st.sampled_from([0.1, 0.2, 0.3])),
        max_size=2,
    ),
)
THREE_MANIFESTS = st.lists(MANIFESTS, min_size=3, max_size=3)
PICKS = st.lists(st.sampled_from(["ours", "theirs", "base", "value"]), min_size=1)
SIDES = (changes(), changes(), changes(3))


class Three:
    """A base and two sides in one store."""

    def __init__(
        self, ours: Changes, theirs: Changes, before: Changes, manifests: list[Manifest] | None = None
    ) -> None:
        self.store = MemoryObjects()
        start = changed(base_state(), before)
        self.states = (start, changed(start, ours), changed(start, theirs))
        given = manifests or [None, None, None]
        self.base, self.ours, self.theirs = (
            store_world(state, self.store, manifest)[1] for state, manifest in zip(self.states, given, strict=True)
        )

    def merge(self, **options: Any) -> MergeResult:
        return merge_trees(self.store, [self.base], self.ours, self.theirs, **options)

    def swapped(self, **options: Any) -> MergeResult:
        return merge_trees(self.store, [self.base], self.theirs, self.ours, **options)

    def state(self, tree_id: str) -> State:
        return state_of(tree.read(self.store, tree_id))


@given(ours=changes(), before=changes(3))
@QUICK
def test_one_side_unchanged_gives_the_other(ours: Changes, before: Changes) -> None:
    three = Three(ours, [], before)
    assert merge_trees(three.store, [three.base], three.base, three.ours).tree_id == three.ours
    assert merge_trees(three.store, [three.base], three.ours, three.base).tree_id == three.ours
    assert merge_trees(three.store, [three.base], three.ours, three.ours).tree_id == three.ours
    assert merge_trees(three.store, [], three.ours, three.ours).tree_id == three.ours


@given(*SIDES, THREE_MANIFESTS)
@QUICK
def test_symmetric_conflicts_and_values(
    ours: Changes, theirs: Changes, before: Changes, manifests: list[Manifest]
) -> None:
    three = Three(ours, theirs, before, manifests)
    one, other = three.merge(), three.swapped()
    assert sorted(c.reuse_id for c in one.conflicts) == sorted(c.reuse_id for c in other.conflicts)
    assert {mirrored(c) for c in one.conflicts} == {c.id for c in other.conflicts}
    assert (one.ours, one.theirs) == (other.theirs, other.ours)
    if not one.conflicts:
        assert one.tree_id == other.tree_id
        assert [v.id for v in one.violations] == [v.id for v in other.violations]
    for mine, yours in (("ours", "theirs"), ("theirs", "ours")):
        a, b = three.merge(policy=mine), three.swapped(policy=yours)
        assert not a.conflicts
        assert a.tree_id == b.tree_id
        assert [v.id for v in a.violations] == [v.id for v in b.violations]


def mirrored(conflict: Conflict) -> str:
    c = conflict
    return Conflict(c.table, c.key, c.field, c.kind, c.base, c.theirs, c.ours, c.base_known).id


@given(*SIDES, st.sampled_from(["ours", "theirs"]))
@QUICK
def test_merging_again_is_a_no_op(ours: Changes, theirs: Changes, before: Changes, policy: Any) -> None:
    three = Three(ours, theirs, before)
    merged = three.merge(policy=policy, check=False).tree_id
    for side in (three.ours, three.theirs):
        again = merge_trees(three.store, [side], merged, side)
        assert again.tree_id == merged
        assert again.clean


@given(*SIDES)
@QUICK
def test_nothing_vanishes_without_a_delete_in_a_parent(ours: Changes, theirs: Changes, before: Changes) -> None:
    three = Three(ours, theirs, before)
    merged = three.state(three.merge().tree_id)
    base, mine, yours = three.states
    for table in TABLES:
        for key in mine[table].keys() | yours[table].keys():
            deleted = key in base[table] and (key not in mine[table] or key not in yours[table])
            assert key in merged[table] or deleted, (table, key)
        for key in merged[table]:
            assert key in mine[table] or key in yours[table] or table == "turns"


@given(*SIDES)
@QUICK
def test_every_turn_said_on_a_side_is_still_said(ours: Changes, theirs: Changes, before: Changes) -> None:
    three = Three(ours, theirs, before)
    merged = three.state(three.merge().tree_id)["turns"]
    base, mine, yours = (state["turns"] for state in three.states)
    for side, other in ((mine, yours), (yours, mine)):
        for key, turn in side.items():
            if key not in base:
                said = [t for t in merged.values() if (t["session"], t["text"]) == (turn["session"], turn["text"])]
                assert said, (key, turn)
            if key not in base and key not in other:
                parent = merged[key]["parent"]
                assert parent == turn["parent"] or merged[parent]["text"] == side[turn["parent"]]["text"]


@given(*SIDES)
@QUICK
def test_fields_follow_their_rules(ours: Changes, theirs: Changes, before: Changes) -> None:
    three = Three(ours, theirs, before)
    result = three.merge(check=False)
    merged = three.state(result.tree_id)
    base, mine, yours = three.states
    places = {(c.table, c.key, c.field): c for c in result.conflicts}
    for table in TABLES:
        for key in base[table].keys() & mine[table].keys() & yours[table].keys():
            if table in ("turns", "candidates") and mine[table][key]["session"] not in merged["sessions"]:
                continue
            for field in TABLES[table].fields:
                values = [state[table][key][field.name] for state in (base, mine, yours)]
                expected = CATALOG[field.merge](*values)
                if expected is APART or (isinstance(expected, int) and expected < field.low):
                    assert (table, key, field.name) in places
                    assert merged[table][key][field.name] == values[1]
                else:
                    assert (table, key, field.name) not in places
                    assert merged[table][key][field.name] == expected


@given(*SIDES, THREE_MANIFESTS, PICKS)
@QUICK
def test_every_conflict_is_resolvable(
    ours: Changes, theirs: Changes, before: Changes, manifests: list[Manifest], picks: list[str]
) -> None:
    three = Three(ours, theirs, before, manifests)
    found = three.merge(check=False).conflicts
    answers = []
    for place, conflict in enumerate(found):
        choice = picks[place % len(picks)]
        if choice == "base" and (not conflict.base_known or conflict.field in ("session",)):
            choice = "theirs"
        answers.append(conflict.resolution(choice, conflict.theirs if choice == "value" else None))
    result = three.merge(resolutions=answers, check=False)
    assert result.conflicts == ()
    assert [c.id for c, _ in result.settled] == [c.id for c in found]
    merged = three.state(result.tree_id)
    for conflict, answer in result.settled:
        if conflict.table in TABLES and conflict.field and conflict.key in merged[conflict.table]:
            assert merged[conflict.table][conflict.key][conflict.field] == conflict.value_of(answer)
        elif conflict.table in TABLES and not conflict.field:
            assert (conflict.key in merged[conflict.table]) == (conflict.value_of(answer) is not None)


@given(*SIDES)
@QUICK
def test_resolutions_are_reused_with_the_sides_exchanged(ours: Changes, theirs: Changes, before: Changes) -> None:
    three = Three(ours, theirs, before)
    found = three.merge(check=False).conflicts
    answers = [c.resolution("theirs").reusable(c) for c in found]
    forward, backward = (m(resolutions=answers, check=False) for m in (three.merge, three.swapped))
    assert forward.conflicts == backward.conflicts == ()
    assert forward.tree_id == backward.tree_id == three.merge(policy="theirs", check=False).tree_id


@given(*SIDES, st.sampled_from(["ours", "theirs"]))
@QUICK
def test_violations_can_all_be_answered(ours: Changes, theirs: Changes, before: Changes, policy: Any) -> None:
    three = Three(ours, theirs, before)
    result = three.merge(policy=policy)
    assert three.merge(policy=policy, violation_policy="accept").violations == ()
    answers = [v.resolution("accept") for v in result.violations]
    accepted = three.merge(policy=policy, resolutions=answers)
    assert accepted.clean
    assert [v.id for v in accepted.accepted] == [v.id for v in result.violations]
    assert accepted.tree_id == result.tree_id
    fixed = three.merge(policy=policy, violation_policy="fix")
    assert fixed.violations == (), [v.explanation() for v in fixed.violations]
