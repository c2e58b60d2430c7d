"""One base of several: all merge bases, merged recursively in memory by the same rules.

Two histories that merged each other crosswise have more than one best common ancestor. Choosing one
loses what only the other knows, so they are merged into a virtual base (git's recursive strategy);
a field on which they are in conflict is unknown in it, and a merge over it takes nothing for granted
there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from memento.changes.records import Unknown
from memento.changes.three_way import Base, MergeResult, three_way
from memento.world import tree
from memento.world.objects import MemoryObjects, ObjectStore
from memento.world.records import BELONGING

Parents = Callable[[str], Sequence[str]]


def virtual_base(store: ObjectStore, bases: Sequence[str], parents: Parents, tree_of: Callable[[str], str]) -> Base:
    """One base of the commits `bases`; `parents` and `tree_of` read the history behind them.

    The result does not depend on the order of `bases`. Nothing is written to `store`.
    """
    ordered = sorted(dict.fromkeys(bases))
    if len(ordered) < 2:
        return Base(store, tree_of(ordered[0]) if ordered else None)
    memory = MemoryObjects(store)
    merged, unknown = tree_of(ordered[0]), Unknown()
    for place, commit in enumerate(ordered[1:], 1):
        below = virtual_base(memory, best_common(parents, ordered[:place], [commit]), parents, tree_of)
        merged, unknown = _join(memory, below, merged, tree_of(commit), unknown)
    return Base(memory, merged, unknown)


def fold(store: ObjectStore, trees: Sequence[str]) -> Base:
    """One base of trees without a history: wherever they differ it is unknown."""
    memory = MemoryObjects(store)
    ordered = sorted(dict.fromkeys(trees))
    merged, unknown = ordered[0], Unknown()
    for other in ordered[1:]:
        merged, unknown = _join(memory, Base(memory, None), merged, other, unknown)
    return Base(memory, merged, unknown)


def best_common(parents: Parents, left: Collection[str], right: Collection[str]) -> list[str]:
    """The best common ancestors of two groups of commits, sorted: those that no other one descends from."""
    common = _ancestors(parents, left) & _ancestors(parents, right)
    covered = {parent for commit in common for parent in parents(commit)}
    return sorted(common - covered)


def _ancestors(parents: Parents, commits: Collection[str]) -> set[str]:
    """The commits and everything before them."""
    seen, queue = set(commits), list(commits)
    while queue:
        fresh = [parent for parent in parents(queue.pop()) if parent not in seen]
        seen.update(fresh)
        queue += fresh
    return seen


def _join(memory: MemoryObjects, below: Base, ours: str, theirs: str, unknown: Unknown) -> tuple[str, Unknown]:
    result = three_way(memory, below, ours, theirs, check=False)
    return result.tree_id, unknown | _unknown(memory, result, (ours, theirs))


def _unknown(memory: MemoryObjects, result: MergeResult, heads: tuple[str, str]) -> Unknown:
    """The places in conflict; for a session also the presence of all that belongs to it."""
    places = {(conflict.table, conflict.key, conflict.field) for conflict in result.conflicts}
    sessions = {conflict.key for conflict in result.conflicts if (conflict.table, conflict.field) == ("sessions", "")}
    if sessions:
        for head in heads:
            for name in BELONGING:
                rows = tree.read_table(memory, head, name)
                pairs = zip(rows.keys, rows["session"].tolist(), strict=True)
                places |= {(name, key, "") for key, session in pairs if session in sessions}
    return frozenset(places)
