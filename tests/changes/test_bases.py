from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world.worlds import Change, State, base_state, changed, changes, state_of, store_world

from memento.changes.bases import best_common, virtual_base
from memento.changes.merge import Base, merge_trees
from memento.world import tree
from memento.world.objects import MemoryObjects

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Crossed:
    """base, then A and B, then A2 = A with B merged and B2 = B with A merged."""

    def __init__(self, ours: list[Change], theirs: list[Change], policies: tuple[Any, Any]) -> None:
        self.store = MemoryObjects()
        base = base_state()
        self.trees = {"base": store_world(base, self.store)[1]}
        self.trees["a"] = store_world(changed(base, ours), self.store)[1]
        self.trees["b"] = store_world(changed(base, theirs), self.store)[1]
        self.parents: dict[str, list[str]] = {
            "base": [],
            "a": ["base"],
            "b": ["base"],
            "a2": ["a", "b"],
            "b2": ["b", "a"],
        }
        for name, (mine, other), policy in (("a2", "ab", policies[0]), ("b2", "ba", policies[1])):
            result = merge_trees(
                self.store, [self.trees["base"]], self.trees[mine], self.trees[other], policy=policy, check=False
            )
            self.trees[name] = result.tree_id

    def base(self) -> Base:
        found = best_common(self.parents.__getitem__, ["a2"], ["b2"])
        assert found == ["a", "b"]
        return virtual_base(self.store, found, self.parents.__getitem__, self.trees.__getitem__)

    def merge(self, mine: Sequence[Change] = (), other: Sequence[Change] = (), **options: Any) -> Any:
        sides = [
            store_world(changed(state_of(tree.read(self.store, self.trees[name])), list(edits)), self.store)[1]
            for name, edits in (("a2", mine), ("b2", other))
        ]
        return merge_trees(self.store, self.base(), *sides, **options)

    def state(self, tree_id: str) -> State:
        return state_of(tree.read(self.store, tree_id))


def put(table: str, key: str, **values: Any) -> Change:
    return ("put", table, key, values)


def test_what_both_resolved_alike_is_accepted() -> None:
    crossed = Crossed([put("memories", "m-1", text="x")], [put("memories", "m-1", text="y")], ("ours", "theirs"))
    assert crossed.base().unknown == {("memories", "m-1", "text")}
    assert crossed.merge().clean


def test_what_they_resolved_apart_is_a_conflict_without_a_base() -> None:
    crossed = Crossed([put("memories", "m-1", text="x")], [put("memories", "m-1", text="y")], ("ours", "ours"))
    (conflict,) = crossed.merge().conflicts
    assert (conflict.field, conflict.ours, conflict.theirs, conflict.base_known) == ("text", "x", "y", False)
    assert "common past does not say" in conflict.explanation()


def test_an_edit_of_an_unknown_field_is_not_taken_for_granted() -> None:
    crossed = Crossed([put("memories", "m-1", text="x")], [put("memories", "m-1", text="y")], ("ours", "theirs"))
    (conflict,) = crossed.merge(other=[put("memories", "m-1", text="z")]).conflicts
    assert (conflict.ours, conflict.theirs) == ("x", "z")


def test_a_counter_counts_once_across_a_crossed_history() -> None:
    crossed = Crossed(
        [put("memories", "m-1", prior_accesses=5)], [put("memories", "m-1", prior_accesses=3)], ("ours", "ours")
    )
    result = crossed.merge([put("memories", "m-1", prior_accesses=7)], [put("memories", "m-1", prior_accesses=9)])
    assert result.clean
    assert crossed.state(result.tree_id)["memories"]["m-1"]["prior_accesses"] == 10  # 2 + 3 + 1, then + 1 and + 3


def test_a_revert_on_one_side_is_not_undone() -> None:
    crossed = Crossed([put("memories", "m-1", text="x")], [put("memories", "m-2", text="y")], ("ours", "ours"))
    result = crossed.merge(mine=[put("memories", "m-1", text="fact 1")])
    assert result.clean
    merged = crossed.state(result.tree_id)["memories"]
    assert (merged["m-1"]["text"], merged["m-2"]["text"]) == ("fact 1", "y")


def test_a_session_on_which_the_bases_disagree_is_one_conflict() -> None:
    crossed = Crossed([("drop", "sessions", "s-1", {})], [put("turns", "s-1.0", text="again")], ("ours", "ours"))
    assert ("sessions", "s-1", "") in crossed.base().unknown
    assert ("turns", "s-1.1", "") in crossed.base().unknown
    result = crossed.merge()
    assert [(c.table, c.key, c.kind) for c in result.conflicts] == [("sessions", "s-1", "delete/modify")]
    assert crossed.state(result.tree_id)["turns"]["s-1.0"]["text"] == "again"
    for policy, there in (("ours", False), ("theirs", True)):
        chosen = crossed.state(crossed.merge(policy=policy).tree_id)
        assert ("s-1" in chosen["sessions"]) == ("s-1.1" in chosen["turns"]) == there
    both = Crossed([("drop", "sessions", "s-1", {})], [put("turns", "s-1.0", text="again")], ("ours", "theirs"))
    assert both.merge().clean


@given(changes(), changes(), changes(3), changes(3), st.tuples(*[st.sampled_from(["ours", "theirs"])] * 2))
@QUICK
def test_laws_hold_over_a_virtual_base(
    a: list[Change], b: list[Change], c: list[Change], d: list[Change], policies: Any
) -> None:
    crossed = Crossed(a, b, policies)
    forward = crossed.merge(c, d)
    sides = [changed(crossed.state(crossed.trees[n]), edits) for n, edits in (("a2", c), ("b2", d))]
    trees = [store_world(side, crossed.store)[1] for side in sides]
    backward = merge_trees(crossed.store, crossed.base(), trees[1], trees[0])
    assert sorted(x.reuse_id for x in forward.conflicts) == sorted(x.reuse_id for x in backward.conflicts)
    chosen = [
        merge_trees(crossed.store, crossed.base(), *pair, policy=policy, check=False)
        for pair, policy in ((trees, "ours"), (trees[::-1], "theirs"))
    ]
    assert not chosen[0].conflicts
    assert chosen[0].tree_id == chosen[1].tree_id
    merged = crossed.state(forward.tree_id)
    older = [crossed.state(crossed.trees[n]) for n in ("a", "b", "base")]
    for table in merged:
        for key in sides[0][table].keys() & sides[1][table].keys():
            assert key in merged[table]
        for key in sides[0][table].keys() ^ sides[1][table].keys():
            assert key in merged[table] or any(key in state[table] for state in older)


def test_bases_without_a_history_are_unknown_where_they_differ() -> None:
    store = MemoryObjects()
    states = [changed(base_state(), [put("memories", "m-1", text=text)]) for text in "xyz"]
    trees = [store_world(state, store)[1] for state in states]
    result = merge_trees(store, trees[:2], trees[0], trees[2])
    assert [(c.key, c.field, c.base_known) for c in result.conflicts] == [("m-1", "text", False)]
    assert merge_trees(store, trees[:2], trees[0], trees[0]).tree_id == trees[0]
    assert merge_trees(store, trees[1::-1], trees[0], trees[2]).conflicts == result.conflicts


def test_three_bases() -> None:
    store = MemoryObjects()
    base = base_state()
    edits = {"a": ("m-0", "x"), "b": ("m-1", "y"), "c": ("m-2", "z")}
    trees = {"base": store_world(base, store)[1]}
    for name, (key, text) in edits.items():
        trees[name] = store_world(changed(base, [put("memories", key, text=text)]), store)[1]
    parents = {"base": [], **{name: ["base"] for name in edits}}
    found, again = (
        virtual_base(store, order, parents.__getitem__, trees.__getitem__)
        for order in (["c", "a", "b"], ["b", "c", "a"])
    )
    assert (found.tree_id, found.unknown) == (again.tree_id, frozenset())
    memories = state_of(tree.read(found.store, found.tree_id or ""))["memories"]
    assert [memories[key]["text"] for key, _ in edits.values()] == ["x", "y", "z"]


def test_nothing_in_common_is_add_against_add() -> None:
    store = MemoryObjects()
    one = store_world(changed(base_state(), [put("memories", "m-1", text="x", prior_accesses=3)]), store)[1]
    two = store_world(changed(base_state(), [("drop", "memories", "m-3", {})]), store)[1]
    result = merge_trees(store, [], one, two)
    assert [(c.key, c.field, c.kind) for c in result.conflicts] == [
        ("m-1", "text", "add/add"),
        ("m-1", "prior_accesses", "add/add"),
    ]
    assert "m-3" in state_of(tree.read(store, result.tree_id))["memories"]


def test_best_common_ancestors() -> None:
    parents = {"r": [], "a": ["r"], "b": ["r"], "c": ["a", "b"], "d": ["b", "a"], "e": ["c"], "x": []}
    get = parents.__getitem__
    assert best_common(get, ["c"], ["d"]) == ["a", "b"]
    assert best_common(get, ["e"], ["c"]) == ["c"]
    assert best_common(get, ["a"], ["b"]) == ["r"]
    assert best_common(get, ["a"], ["x"]) == []
    assert best_common(get, ["c", "d"], ["e"]) == ["c"]


def test_a_crossing_over_a_crossing() -> None:
    """The base of the bases is virtual too: its tree is in no store but its own."""
    crossed = Crossed(
        [put("memories", "m-1", text="x"), put("memories", "m-2", text="one")],
        [put("memories", "m-1", text="y"), put("memories", "m-3", text="two")],
        ("theirs", "ours"),
    )
    trees, parents, base = crossed.trees, crossed.parents, crossed.base()
    for name, before, text in (("a3", "a2", "three"), ("b3", "b2", "four")):
        state = changed(crossed.state(trees[before]), [put("memories", "m-0", text=text)])
        trees[name], parents[name] = store_world(state, crossed.store)[1], [before]
    for name, (mine, other) in (("a4", ("a3", "b3")), ("b4", ("b3", "a3"))):
        merged = merge_trees(crossed.store, base, trees[mine], trees[other], policy="ours", check=False)
        trees[name], parents[name] = merged.tree_id, [mine, other]
    bases = best_common(parents.__getitem__, ["a4"], ["b4"])
    assert bases == ["a3", "b3"]
    over = virtual_base(crossed.store, bases, parents.__getitem__, trees.__getitem__)
    result = merge_trees(crossed.store, over, trees["a4"], trees["b4"], check=False)
    assert [(c.key, c.field, c.ours, c.theirs) for c in result.conflicts] == [("m-0", "text", "three", "four")]
    merged = crossed.state(result.tree_id)["memories"]
    assert [merged[key]["text"] for key in ("m-1", "m-2", "m-3")] == ["y", "one", "two"]
