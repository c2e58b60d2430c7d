"""Merging stored worlds: all merge bases, field rules, resolutions, contradictions.

This is the door of the room: `merge_trees` merges, `virtual_base` makes one base of several.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from memento.changes.bases import best_common, fold, virtual_base
from memento.changes.conflict import Resolution
from memento.changes.records import Unknown
from memento.changes.three_way import Base, MergeResult, Policy, three_way
from memento.world.objects import ObjectStore

__all__ = ["Base", "MergeResult", "Policy", "Unknown", "best_common", "merge_trees", "virtual_base"]


def merge_trees(
    store: ObjectStore,
    bases: Sequence[str] | Base,
    ours: str,
    theirs: str,
    resolutions: Iterable[Resolution] = (),
    policy: Policy | None = None,
    base_unknown: Unknown = frozenset(),
    violation_policy: Literal["fix", "accept"] | None = None,
    check: bool = True,
) -> MergeResult:
    """Merges two trees; writes the provisional tree to `store`.

    `bases` are the trees of all merge bases, or a `Base` of `virtual_base` (which knows the history
    behind several); none at all means that the sides have nothing in common. `base_unknown` are
    (table, key, field) on which a single base says nothing. `resolutions` answer conflicts and
    violations by id (a conflict also by its `reuse_id`); what they leave open is answered by
    `policy` (conflicts) and `violation_policy` (the first fix of each, or accept). Without `check`
    the merged world is not looked through for contradictions.

    Raises `UsageError` for a resolution that does not fit, `CorruptRecord` for a broken store.
    """
    if isinstance(bases, Base):
        base = bases
    elif len(bases) > 1:
        base = fold(store, bases)
    else:
        base = Base(store, bases[0] if bases else None, base_unknown)
    return three_way(store, base, ours, theirs, resolutions, policy, violation_policy, check)
