"""Which of some commits lie in a history, without walking all of it."""

from __future__ import annotations

import heapq
from collections.abc import Collection

from memento.errors import CorruptRecord
from memento.history.walk import Walker

_FEW = 64


def reached(walker: Walker, start: str, targets: Collection[str]) -> list[str]:
    """Those of `targets` that are `start` or its ancestors, newer first.

    `start` and a few targets are walked down together, newest first. A commit that every target not yet
    found can reach has none of them below it, so the walk ends where only such are left: about where
    the newest of the others parted. Right whatever the times of commits are; they only set the order.
    For many targets the whole history is read once. What is no commit that is here is left out.
    """
    if len(targets) > _FEW:
        history = walker.ancestors([start])
        return _newest_first(walker, [target for target in targets if target in history])
    targets = [target for target in targets if _is_commit(walker, target)]
    numbers = {target: 1 << number for number, target in enumerate(dict.fromkeys([start, *targets]))}
    own = numbers[start]
    missing = sum(numbers.values()) & ~own
    flags = dict(numbers)
    heap: list[tuple[int, str]] = []
    queued: set[str] = set()
    found = {start}

    def push(commit_id: str) -> None:
        if commit_id not in queued:
            queued.add(commit_id)
            heapq.heappush(heap, (-walker.commit(commit_id).time, commit_id))

    for target in numbers:
        push(target)
    while any(flags[name] & own and missing & ~flags[name] for name in queued):
        commit_id = heapq.heappop(heap)[1]
        queued.discard(commit_id)
        flag = flags[commit_id]
        if flag & own and not missing & ~flag:
            continue
        for parent in walker.commit(commit_id).parents:
            old = flags.get(parent, 0)
            if old | flag == old:
                continue
            flags[parent] = old | flag
            push(parent)
            if flag & own and parent in numbers:
                found.add(parent)
                missing &= ~numbers[parent]
    return _newest_first(walker, found & set(targets))


def _is_commit(walker: Walker, name: str) -> bool:
    try:
        walker.commit(name)
    except CorruptRecord:
        return False
    return True


def _newest_first(walker: Walker, commits: Collection[str]) -> list[str]:
    return sorted(commits, key=lambda name: (-walker.commit(name).time, name))
