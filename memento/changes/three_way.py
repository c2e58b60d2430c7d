"""Three-way merge of two stored worlds over one base, by their differences against it.

Only records that a side changed are looked at. Conflicts and violations come back as values; the
tree of the result is provisional where they are open: our value stands, and a record that one side
deleted and the other changed is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from memento.changes import violations as contradictions
from memento.changes.conflict import MANIFEST, Conflict, Resolution, Violation
from memento.changes.diff import Diff, diff_trees
from memento.changes.outcome import outcome, starts_after, starts_of, where_ours
from memento.changes.records import Sides, Unknown, merge_records
from memento.changes.rules import manifest as manifest_rule
from memento.changes.snapshot import Snapshot
from memento.errors import CorruptRecord, UsageError
from memento.world import tree
from memento.world.keys import natural
from memento.world.objects import MemoryObjects, ObjectStore
from memento.world.records import TABLES
from memento.world.tree import Delta
from memento.world.world import Manifest

Policy = Literal["ours", "theirs"]
Stat = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Base:
    """What two sides have in common: a tree (None: nothing), and where it is unknown.

    `unknown` holds (table, key, field) on which several bases disagree, the field empty where a
    record's presence is unknown. `store` reads the tree, which may live in memory alone, and
    everything else.
    """

    store: ObjectStore
    tree_id: str | None
    unknown: Unknown = frozenset()


@dataclass(frozen=True)
class MergeResult:
    """A merge: the provisional tree, what is open, what was answered, and what each side changed.

    `settled` are the conflicts and violations that a resolution or a policy answered, with the
    answer; `ours` and `theirs` are `Diff.stat` of each side against the base.
    """

    tree_id: str
    conflicts: tuple[Conflict, ...] = ()
    violations: tuple[Violation, ...] = ()
    settled: tuple[tuple[Conflict | Violation, Resolution], ...] = ()
    ours: Stat = field(default_factory=dict)
    theirs: Stat = field(default_factory=dict)

    @property
    def accepted(self) -> tuple[Violation, ...]:
        """The violations that an answer accepted as they are."""
        return tuple(v for v, a in self.settled if isinstance(v, Violation) and a.choice == "accept")

    @property
    def clean(self) -> bool:
        """Whether nothing is open."""
        return not (self.conflicts or self.violations)


def three_way(
    store: ObjectStore,
    base: Base,
    ours: str,
    theirs: str,
    resolutions: Iterable[Resolution] = (),
    policy: Policy | None = None,
    violation_policy: contradictions.Policy | None = None,
    check: bool = True,
) -> MergeResult:
    """Merges two trees over one base; writes the provisional tree to `store`. See `merge.merge_trees`.

    `resolutions` answer conflicts and violations by id (a conflict also by its `reuse_id`); what
    they leave open is answered by `policy` (conflicts) and `violation_policy` (the first fix of
    each, or accept). Without `check` the merged world is not looked through for contradictions.

    Raises `UsageError` for a resolution that does not fit, `CorruptRecord` for a broken store.
    """
    answers = _Answers(resolutions, policy)
    reader = MemoryObjects(base.store)
    below = base.tree_id if base.tree_id is not None else reader.add_tree([])
    by_us, by_them = (diff_trees(reader, below, side) for side in (ours, theirs))
    changed = (by_us.stat(), by_them.stat())
    if ours == theirs or (not base.unknown and base.tree_id in (ours, theirs)):
        return MergeResult(theirs if base.tree_id == ours else ours, (), (), (), *changed)

    starts = starts_of(reader, below, ours, theirs)
    states = [Snapshot(reader, root, known) for root, known in zip((below, ours, theirs), starts, strict=True)]
    sides = Sides(states[0], states[1], states[2], by_us, by_them, base.unknown)
    manifest = _merge_manifests(by_us, by_them, base.unknown, answers)
    where = where_ours(starts[1], sides)
    records = merge_records(sides, where.starts, answers.settle)
    answers.open.sort(key=_order)
    answers.settled.sort(key=lambda pair: _order(pair[0]))
    exact = None if base.unknown else where
    merged = tree.apply(store, ours, Delta(records.upserts, records.deletes, manifest), exact)
    if not check:
        return MergeResult(merged, tuple(answers.open), (), tuple(answers.settled), *changed)
    trees = (ours, theirs)
    after = outcome(store, merged, sides, records, trees)
    known = starts_after(where.starts, records)
    judged = contradictions.judge(store, after, sides, trees, known, answers, violation_policy)
    settled = (*answers.settled, *judged.settled)
    return MergeResult(judged.tree_id, tuple(answers.open), judged.open, settled, *changed)


def _order(item: Conflict | Violation) -> tuple[int, tuple[str, int, str], int, str]:
    """Manifest first, then as the tables, keys and fields stand."""
    if item.table == MANIFEST or isinstance(item, Violation):
        return -1, natural(item.key), 0, getattr(item, "field", "")
    fields = list(TABLES[item.table].by_name)
    return _TABLES.index(item.table), natural(item.key), fields.index(item.field) if item.field else -1, ""


_TABLES = list(TABLES)


class _Answers:
    """The resolutions given, and what conflicts found of them."""

    def __init__(self, resolutions: Iterable[Resolution], policy: Policy | None) -> None:
        self.by_id = {resolution.id: resolution for resolution in resolutions}
        self.policy = policy
        self.open: list[Conflict] = []
        self.settled: list[tuple[Conflict | Violation, Resolution]] = []

    def settle(self, conflict: Conflict) -> Resolution | None:
        """Takes note of a conflict; returns its answer, checked, if there is one."""
        found = (self.by_id.get(conflict.id) or self.by_id.get(conflict.reuse_id)) if self.by_id else None
        if found is not None:
            answer = conflict.resolution(found.choice, found.value)
        elif self.policy is not None:
            answer = conflict.resolution(self.policy)
        else:
            self.open.append(conflict)
            return None
        self.settled.append((conflict, answer))
        return answer


def _merge_manifests(by_us: Diff, by_them: Diff, unknown: Unknown, answers: _Answers) -> Manifest | None:
    """The merged manifest where it is not ours. Raises `UsageError` for a value that no manifest can hold."""
    base, ours = by_us.manifests
    theirs = by_them.manifests[1]
    if ours is None or theirs is None:
        return theirs if ours is None else None
    paths = {path for table, _, path in unknown if table == MANIFEST}
    old = base.to_map() if base else None
    merged = manifest_rule.merge(old, ours.to_map(), theirs.to_map(), answers.settle, paths)
    try:
        manifest = Manifest.from_map(merged)
    except CorruptRecord:
        raise UsageError("a resolution gives the manifest a value of the wrong kind", "choose another value") from None
    return manifest if manifest != ours else None
