"""Walking history: commits in order, common ancestors, who is ahead of whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush

from memento.history.commit import Commit
from memento.history.commits import Commits
from memento.history.nearby import Nearby
from memento.history.objects import Objects

_A, _B, _STALE = 1, 2, 4
_BOTH = _A | _B
_LOW = (1 << 32) - 1
"""A heap holds whole numbers: the time, negated, above 32 bits of what is to come first among equals."""


class Walker:
    """Reads commits of an object store and remembers them."""

    def __init__(self, objects: Objects) -> None:
        self.commits = Commits(objects)
        self.folders = Nearby(objects, "tree")

    def commit(self, commit_id: str) -> Commit:
        """One commit. Raises `CorruptRecord`."""
        return self.commits.commit(self.commits.number(commit_id))

    def ancestors(self, starts: Iterable[str]) -> set[str]:
        """The ids of commits reachable from some, themselves included."""
        ids = self.commits.ids
        return {ids[number] for number in self._reach(map(self.commits.number, starts))}

    def log(self, starts: Sequence[str], exclude: Sequence[str] = (), first_parent: bool = False) -> Iterator[Commit]:
        """Commits reachable from `starts` and not from `exclude`, newer first.

        Children come before their parents wherever times grow along history, as memento's do.
        """
        commits = self.commits
        parents, held, load = commits.parents, commits.held, commits.load
        seen = self._reach(map(commits.number, exclude)) if exclude else set()
        met: list[Commit] = []
        heap: list[int] = []
        numbers: list[int] = []
        waiting: Iterable[int] = map(commits.number, starts)
        while True:
            for number in waiting:
                if number not in seen:
                    seen.add(number)
                    commit = held.get(number) or load(number)
                    heappush(heap, (-commit.time << 32) | len(met))
                    met.append(commit)
                    numbers.append(number)
            if not heap:
                return
            place = heappop(heap) & _LOW
            yield met[place]
            waiting = parents[numbers[place]] or ()
            if first_parent:
                waiting = waiting[:1]

    def topological(
        self, starts: Sequence[str], exclude: Sequence[str] = (), first_parent: bool = False
    ) -> Iterator[Commit]:
        """As `log`, lines of history one after the other and never a parent before a child, whatever
        the times are (``git log --topo-order``)."""
        commits = self.commits
        times = commits.times
        hidden = self._reach(map(commits.number, exclude)) if exclude else set()

        def above(number: int) -> tuple[int, ...]:
            return commits.above(number)[:1] if first_parent else commits.above(number)

        firsts = [number for number in dict.fromkeys(map(commits.number, starts)) if number not in hidden]
        reachable: dict[int, int] = dict.fromkeys(firsts, 0)
        queue = list(firsts)
        for number in queue:
            for parent in above(number):
                if parent in reachable:
                    reachable[parent] += 1
                elif parent not in hidden:
                    reachable[parent] = 1
                    queue.append(parent)
        stack = sorted((number for number in firsts if not reachable[number]), key=times.__getitem__)
        while stack:
            number = stack.pop()
            yield commits.commit(number)
            ready = []
            for parent in above(number):
                if parent in reachable:
                    reachable[parent] -= 1
                    if not reachable[parent]:
                        ready.append(parent)
            stack += sorted(ready, key=times.__getitem__)

    def descendants(self, ancestor: str, commits: Iterable[str]) -> set[str]:
        """Those of some commits that are `ancestor` or have it in their history; each commit is read once."""
        held = self.commits
        leads: dict[int, bool] = {held.number(ancestor): True}
        found = set()
        for commit_id in commits:
            stack = [held.number(commit_id)]
            while stack:
                above = held.above(stack[-1])
                waiting = [parent for parent in above if parent not in leads] if stack[-1] not in leads else []
                if waiting:
                    stack += waiting
                else:
                    number = stack.pop()
                    leads.setdefault(number, any(leads[parent] for parent in above if parent in leads))
            if leads[held.number(commit_id)]:
                found.add(commit_id)
        return found

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
        commits = self.commits
        times, parents, load = commits.times, commits.parents, commits.load
        first, second = commits.number(a), commits.number(b)
        flags = {first: _A, second: _B}
        heap = sorted((-times[number] << 32) | number for number in (first, second))
        queued = {first, second}
        found: list[int] = []
        fresh = 2
        while fresh:
            number = heappop(heap) & _LOW
            queued.discard(number)
            flag = flags[number]
            if not flag & _STALE:
                fresh -= 1
                if flag == _BOTH:
                    found.append(number)
                    flag |= _STALE
            for parent in parents[number] or commits.above(number):
                old = flags.get(parent, 0)
                new = old | flag
                if new == old:
                    continue
                flags[parent] = new
                if parent in queued:
                    if new & _STALE and not old & _STALE:
                        fresh -= 1
                    continue
                if times[parent] < 0:
                    load(parent)
                queued.add(parent)
                heappush(heap, (-times[parent] << 32) | parent)
                if not new & _STALE:
                    fresh += 1
        candidates = [number for number in dict.fromkeys(found) if not flags[number] & _STALE]
        ids = commits.ids
        return [ids[n] for n in sorted(self._best(candidates), key=lambda n: (-times[n], ids[n]))]

    def _best(self, candidates: list[int]) -> list[int]:
        """Those that cannot be reached from another."""
        if len(candidates) < 2:
            return candidates
        reached = {candidate: self._reach(self.commits.above(candidate)) for candidate in candidates}
        return [c for c in candidates if not any(c in reached[other] for other in candidates if other != c)]

    def ahead_behind(self, a: str, b: str) -> tuple[int, int]:
        """How many commits are reachable from `a` alone, and how many from `b` alone."""
        hidden = self._reach(map(self.commits.number, self.merge_bases(a, b)))
        return tuple(len(self._reach([self.commits.number(tip)], hidden)) for tip in (a, b))  # type: ignore[return-value]

    def _reach(self, starts: Iterable[int], hidden: Iterable[int] = ()) -> set[int]:
        """The numbers of commits reachable from some, themselves included, and not through `hidden`."""
        above = self.commits.above
        stopped = hidden if isinstance(hidden, set) else set(hidden)
        seen = set(starts) - stopped
        stack = list(seen)
        while stack:
            for parent in above(stack.pop()):
                if parent not in seen and parent not in stopped:
                    seen.add(parent)
                    stack.append(parent)
        return seen
