"""The history of one record: the commits that changed it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping

from memento.history.commit import Commit
from memento.history.objects import Objects
from memento.history.walk import Walker
from memento.world import tree
from memento.world.records import KEYED, TABLES
from memento.world.table import Table


def log_record(walker: Walker, objects: Objects, start: str, table: str, key: str) -> Iterator[tuple[Commit, str]]:
    """(commit, added | changed | removed), newest first.

    A merge that took the record as one parent has it is passed over, and the walk goes on along
    that parent alone (as ``git log -- PATH`` does). Folders that are equal are not opened.
    """
    heap: list[tuple[int, str]] = []
    seen: set[str] = set()

    def push(commit_id: str) -> None:
        if commit_id not in seen:
            seen.add(commit_id)
            heapq.heappush(heap, (-walker.commit(commit_id).time, commit_id))

    push(start)
    while heap:
        commit = walker.commit(heapq.heappop(heap)[1])
        if not commit.parents:
            if len(tree.find(objects, commit.tree, table, [key])):
                yield commit, "added"
            continue
        changes = []
        for parent in commit.parents:
            change = _change(objects, walker.commit(parent).tree, commit.tree, table, key)
            if not change:
                push(parent)
                break
            changes.append(change)
        else:
            yield commit, changes[0]
            for parent in commit.parents:
                push(parent)


def _change(objects: Objects, old: str, new: str, table: str, key: str) -> str:
    if old == new:
        return ""
    if table in KEYED:
        if tree.leaf(objects, old, table, key) == tree.leaf(objects, new, table, key):
            return ""
        before, after = (tree.find(objects, tree_id, table, [key]) for tree_id in (old, new))
    else:
        before, after = (_row(side, table, key) for side in tree.differing(objects, old, new))
    if not len(before):
        return "added" if len(after) else ""
    if not len(after):
        return "removed"
    return "" if before == after else "changed"


def _row(side: Mapping[str, Table], name: str, key: str) -> Table:
    table = side.get(name)
    if table is None or key not in table.row_of:
        return Table.empty(TABLES[name])
    return table.take([table.row_of[key]])
