"""The history of one record: the commits that changed it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from memento.history.commit import Commit
from memento.history.trail import Trail
from memento.history.walk import Walker


def log_record(walker: Walker, trail: Trail, start: str) -> Iterator[tuple[Commit, str]]:
    """(commit, added | changed | removed), newest first.

    A merge that took the record as one parent has it is passed over, and the walk goes on along
    that parent alone (as ``git log -- PATH`` does).
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
            if trail.record(commit.tree) is not None:
                yield commit, "added"
            continue
        changes = []
        for parent in commit.parents:
            change = trail.change(walker.commit(parent).tree, commit.tree)
            if not change:
                push(parent)
                break
            changes.append(change)
        else:
            yield commit, changes[0]
            for parent in commit.parents:
                push(parent)
