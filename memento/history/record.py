"""The history of one record: the commits that changed it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

from memento.history.commit import Commit
from memento.history.trail import Trail
from memento.history.walk import Walker


def log_record(
    walker: Walker, trail: Trail, starts: Iterable[str], exclude: Iterable[str] = (), first_parent: bool = False
) -> Iterator[tuple[Commit, str]]:
    """(commit, added | changed | removed), newest first.

    A merge that took the record as one parent has it is passed over, and the walk goes on along
    that parent alone (as ``git log -- PATH`` does). What is reachable from `exclude` is not walked.
    """
    heap: list[tuple[int, str]] = []
    seen = walker.ancestors(exclude)

    def push(commit_id: str) -> None:
        if commit_id not in seen:
            seen.add(commit_id)
            heapq.heappush(heap, (-walker.commit(commit_id).time, commit_id))

    for start in starts:
        push(start)
    while heap:
        commit = walker.commit(heapq.heappop(heap)[1])
        parents = commit.parents[:1] if first_parent else commit.parents
        if not parents:
            if trail.record(commit.tree) is not None:
                yield commit, "added"
            continue
        changes = []
        for parent in parents:
            change = trail.change(walker.commit(parent).tree, commit.tree)
            if not change:
                push(parent)
                break
            changes.append(change)
        else:
            yield commit, changes[0]
            for parent in parents:
                push(parent)
