"""Fork, edit and merge against a model of plain maps, crosswise histories included."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from world.worlds import Change, State, base_state, changed, keyed_changes, state_of, world_of

from memento.changes.merge import best_common, merge_trees, virtual_base
from memento.changes.rules import CATALOG
from memento.changes.rules.algebra import ABSENT, APART, UNKNOWN
from memento.world import tree
from memento.world.objects import MemoryObjects
from memento.world.records import TABLES

TABLES_USED = ("memories", "entities")
BRANCHES = (0, 1, 2)
PAIRS = st.permutations(BRANCHES)
POLICIES = st.sampled_from(["ours", "theirs"])
Records = dict[tuple[str, str], dict[str, Any]]
Unknown = frozenset[tuple[str, str, str]]
Model = tuple[Records, Unknown]


def flat(state: State) -> Records:
    return {(table, key): record for table in TABLES_USED for key, record in state[table].items()}


def naive_merge(base: Model, ours: Records, theirs: Records) -> Model:
    """Record by record and field by field; our side where the sides are apart, which is noted."""
    old, blind = base
    merged: Records = {}
    apart: set[tuple[str, str, str]] = set()
    for place in ours.keys() | theirs.keys():
        table, key = place
        o, t, b = ours.get(place), theirs.get(place), old.get(place)
        whole = (table, key, "") in blind
        unsure = any(p[:2] == place for p in blind)
        if o is None or t is None:
            held = o or t
            assert held is not None
            if unsure or (b is not None and held != b):
                apart.add((table, key, ""))
                merged[place] = held
            elif b is None:
                merged[place] = held
            continue
        record = {}
        for field in TABLES[table].fields:
            name = field.name
            before: Any = ABSENT if b is None else b[name]
            if whole or (table, key, name) in blind:
                before = UNKNOWN
            record[name] = CATALOG[field.merge](before, o[name], t[name])
            if record[name] is APART or (isinstance(record[name], int) and record[name] < field.low):
                apart.add((table, key, name))
                record[name] = o[name]
        merged[place] = record
    return merged, frozenset(apart)


class Histories(RuleBasedStateMachine):
    """Branches over one store, and what each commit should hold."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryObjects()
        self.trees: dict[str, str] = {}
        self.parents: dict[str, tuple[str, ...]] = {}
        self.model: dict[str, Records] = {}
        self.branches: dict[int, str] = {}

    def commit(self, branch: int, tree_id: str, parents: tuple[str, ...], model: Records) -> None:
        name = f"c{len(self.trees):03d}"
        self.trees[name], self.parents[name], self.model[name] = tree_id, parents, model
        self.branches[branch] = name

    def model_base(self, commits: list[str]) -> Model:
        ordered = sorted(commits)
        merged, unknown = self.model[ordered[0]], frozenset()
        for place, commit in enumerate(ordered[1:], 1):
            below = self.model_base(best_common(self.parents.__getitem__, ordered[:place], [commit]))
            merged, apart = naive_merge(below, merged, self.model[commit])
            unknown |= apart
        return merged, unknown

    @initialize()
    def start(self) -> None:
        state = base_state()
        self.commit(0, tree.write(self.store, world_of(state)), (), flat(state))
        self.branches = dict.fromkeys(BRANCHES, self.branches[0])

    @rule(at=st.sampled_from(BRANCHES), new=st.sampled_from(BRANCHES))
    def fork(self, at: int, new: int) -> None:
        self.branches[new] = self.branches[at]

    @rule(at=st.sampled_from(BRANCHES), changes=keyed_changes())
    def edit(self, at: int, changes: list[Change]) -> None:
        tip = self.branches[at]
        state: State = {name: {} for name in TABLES}
        for (table, key), record in self.model[tip].items():
            state[table][key] = record
        after = flat(changed(state, changes))
        upserts = {}
        deletes = {}
        for name in TABLES_USED:
            kept = {k: r for (t, k), r in after.items() if t == name}
            upserts[name] = world_of({**{n: {} for n in TABLES}, name: kept}).tables[name]
            deletes[name] = tuple(k for t, k in self.model[tip] if t == name and k not in kept)
        delta = tree.Delta(upserts, deletes)
        self.commit(at, tree.apply(self.store, self.trees[tip], delta), (tip,), after)

    @rule(pair=PAIRS, policy=POLICIES)
    def merge(self, pair: list[int], policy: Any) -> None:
        into, other = pair[:2]
        self.join(into, self.branches[into], self.branches[other], policy)

    @rule(pair=PAIRS, policies=st.tuples(POLICIES, POLICIES), edits=st.tuples(*[keyed_changes(4)] * 4))
    def cross(self, pair: list[int], policies: Any, edits: Any) -> None:
        """Two branches part, merge each other at once and go on: the last merge has two bases."""
        one, two = pair[:2]
        for place in (0, 2):
            self.edit(one, edits[place])
            self.edit(two, edits[place + 1])
            tips = self.branches[one], self.branches[two]
            self.join(one, tips[0], tips[1], policies[0])
            if place == 0:
                self.join(two, tips[1], tips[0], policies[1])

    def join(self, into: int, ours: str, theirs: str, policy: Any) -> None:
        bases = best_common(self.parents.__getitem__, [ours], [theirs])
        assert bases
        if theirs in bases:
            return
        if ours in bases:
            self.branches[into] = theirs
            return
        base = virtual_base(self.store, bases[::-1], self.parents.__getitem__, self.trees.__getitem__)
        records, unknown = self.model_base(bases)
        assert base.unknown == unknown
        provisional = merge_trees(self.store, base, self.trees[ours], self.trees[theirs], check=False)
        expected, apart = naive_merge((records, unknown), self.model[ours], self.model[theirs])
        assert frozenset((c.table, c.key, c.field) for c in provisional.conflicts) == apart
        assert flat(state_of(tree.read(self.store, provisional.tree_id))) == expected

        result = merge_trees(self.store, base, self.trees[ours], self.trees[theirs], policy=policy)
        assert not result.conflicts
        for table, key, name in apart:
            chosen = self.model[ours if policy == "ours" else theirs].get((table, key))
            if name:
                assert chosen is not None
                expected[table, key] = {**expected[table, key], name: chosen[name]}
            elif chosen is None:
                del expected[table, key]
            else:
                expected[table, key] = chosen
        self.commit(into, result.tree_id, (ours, theirs), expected)

    @invariant()
    def stored_is_what_the_model_holds(self) -> None:
        for name in set(self.branches.values()):
            assert flat(state_of(tree.read(self.store, self.trees[name]))) == self.model[name]


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=25, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck)
)
