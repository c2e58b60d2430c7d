"""Walking history: commits in order, common ancestors, who is ahead of whom."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from memento.errors import CorruptRecord
from memento.history.commit import Commit, parse_commit
from memento.history.objects import Objects

_KEPT = 200_000
_A, _B, _STALE = 1, 2, 4


class Walker:
    """Reads commits of an object store and remembers them."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._commits: dict[str, Commit] = {}

    def commit(self, commit_id: str) -> Commit:
        """One commit. Raises `CorruptRecord`."""
        found = self._commits.get(commit_id)
        if found is None:
            kind, data = self.objects.read(commit_id)
            if kind != "commit":
                raise CorruptRecord(f"a {kind} where a commit belongs", commit_id)
            found = parse_commit(commit_id, data)
            if len(self._commits) >= _KEPT:
                self._commits.clear()
            self._commits[commit_id] = found
        return found

    def ancestors(self, starts: Iterable[str]) -> set[str]:
        """The ids of commits reachable from some, themselves included."""
        seen = set(starts)
        queue = deque(seen)
        while queue:
            for parent in self.commit(queue.popleft()).parents:
                if parent not in seen:
                    seen.add(parent)
                    queue.append(parent)
        return seen

    def log(self, starts: Sequence[str], exclude: Sequence[str] = (), first_parent: bool = False) -> Iterator[Commit]:
        """Commits reachable from `starts` and not from `exclude`, newer first.

        Children come before their parents wherever times grow along history, as memento's do.
        """
        hidden = self.ancestors(exclude) if exclude else set()
        heap: list[tuple[int, int, str]] = []
        seen: set[str] = set()

        def push(commit_id: str) -> None:
            if commit_id not in seen and commit_id not in hidden:
                seen.add(commit_id)
                heapq.heappush(heap, (-self.commit(commit_id).time, len(seen), commit_id))

        for start in starts:
            push(start)
        while heap:
            commit = self.commit(heapq.heappop(heap)[2])
            yield commit
            for parent in commit.parents[:1] if first_parent else commit.parents:
                push(parent)

    def topological(self, starts: Sequence[str], exclude: Sequence[str] = ()) -> Iterator[Commit]:
        """As `log`, lines of history one after the other and never a parent before a child, whatever
        the times are (``git log --topo-order``)."""
        hidden = self.ancestors(exclude) if exclude else set()
        reachable = self.ancestors(start for start in starts if start not in hidden) - hidden
        children = dict.fromkeys(reachable, 0)
        for commit_id in reachable:
            for parent in self.commit(commit_id).parents:
                if parent in children:
                    children[parent] += 1
        roots = [start for start in dict.fromkeys(starts) if start in children and not children[start]]
        stack = sorted(roots, key=lambda commit_id: self.commit(commit_id).time)
        while stack:
            commit = self.commit(stack.pop())
            yield commit
            ready = []
            for parent in commit.parents:
                if parent in children:
                    children[parent] -= 1
                    if not children[parent]:
                        ready.append(parent)
            stack += sorted(ready, key=lambda commit_id: self.commit(commit_id).time)

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether `ancestor` is `descendant` or reachable from it."""
        return ancestor in self.merge_bases(ancestor, descendant)

    def merge_bases(self, a: str, b: str) -> list[str]:
        """All best common ancestors: common ones that no other common one descends from.

        Right whatever the times are: they decide only in which order commits are looked at. As in
        git's paint_down_to_common and remove_redundant. Newest first, then by id.
        """
        if a == b:
            return [a]
        flags = {a: _A, b: _B}
        heap: list[tuple[int, str]] = []
        queued: set[str] = set()
        found: list[str] = []
        fresh = 0

        def push(commit_id: str) -> None:
            nonlocal fresh
            if commit_id not in queued:
                queued.add(commit_id)
                heapq.heappush(heap, (-self.commit(commit_id).time, commit_id))
                fresh += not flags[commit_id] & _STALE

        push(a)
        push(b)
        while fresh:
            commit_id = heapq.heappop(heap)[1]
            queued.discard(commit_id)
            flag = flags[commit_id]
            fresh -= not flag & _STALE
            if flag & (_A | _B) == _A | _B:
                if not flag & _STALE:
                    found.append(commit_id)
                flag |= _STALE
            for parent in self.commit(commit_id).parents:
                old = flags.get(parent, 0)
                if old | flag == old:
                    continue
                if parent in queued:
                    fresh -= not old & _STALE and bool(flag & _STALE)
                flags[parent] = old | flag
                push(parent)
        candidates = [c for c in dict.fromkeys(found) if not flags[c] & _STALE]
        return sorted(self._best(candidates), key=lambda c: (-self.commit(c).time, c))

    def _best(self, candidates: list[str]) -> list[str]:
        """Those that cannot be reached from another."""
        if len(candidates) < 2:
            return candidates
        reached = {candidate: self.ancestors(self.commit(candidate).parents) for candidate in candidates}
        return [c for c in candidates if not any(c in reached[other] for other in candidates if other != c)]

    def ahead_behind(self, a: str, b: str) -> tuple[int, int]:
        """How many commits are reachable from `a` alone, and how many from `b` alone."""
        bases = self.merge_bases(a, b)
        hidden = self.ancestors(bases)
        return len(self._beyond(a, hidden)), len(self._beyond(b, hidden))

    def _beyond(self, start: str, hidden: set[str]) -> set[str]:
        seen = {start} - hidden
        queue = deque(seen)
        while queue:
            for parent in self.commit(queue.popleft()).parents:
                if parent not in seen and parent not in hidden:
                    seen.add(parent)
                    queue.append(parent)
        return seen
