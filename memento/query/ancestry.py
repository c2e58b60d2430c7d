"""How many histories lie to one: answered for all tips together, each commit looked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from memento.history.walk import Walker

T = TypeVar("T")


class Ancestry:
    """Histories seen from one commit, the pivot."""

    def __init__(self, walker: Walker, pivot: str) -> None:
        self.walker = walker
        self.pivot = pivot
        self.history = walker.ancestors([pivot])
        self._entries: dict[str, frozenset[str]] = {}
        self._beyond: dict[str, int] = {}
        self._below: dict[str, int] = {}
        self._shared: dict[frozenset[str], int] = {}
        self._reaches: dict[str, bool] = {}

    def reaches(self, tip: str) -> bool:
        """Whether the pivot is a tip or one of its ancestors."""

        def answer(commit: str, parents: Iterable[bool]) -> bool:
            return commit == self.pivot if commit in self.history else any(parents)

        return self._fold(tip, self._reaches, answer, self._outside)

    def entries(self, tip: str) -> frozenset[str]:
        """Where a tip's history enters that of the pivot; empty where they have no commit in common."""

        def answer(commit: str, parents: Iterable[frozenset[str]]) -> frozenset[str]:
            return frozenset((commit,)) if commit in self.history else frozenset().union(*parents)

        return self._fold(tip, self._entries, answer, self._outside)

    def ahead(self, tip: str) -> int:
        """How many commits a tip's history has that the pivot's has not."""

        def answer(commit: str, parents: Iterable[int]) -> int:
            if commit in self.history:
                return 0
            if len(self.walker.commit(commit).parents) > 1:
                return len(self._outside_all(commit))
            return 1 + sum(parents)

        return self._fold(tip, self._beyond, answer, self._outside)

    def behind(self, tip: str) -> int:
        """How many commits the pivot's history has that a tip's has not."""
        entries = self.entries(tip)
        if entries not in self._shared:
            if len(entries) > 1:
                self._shared[entries] = len(self.walker.ancestors(entries))
            else:
                self._shared[entries] = sum(map(self._size, entries))
        return len(self.history) - self._shared[entries]

    def _size(self, commit: str) -> int:
        """How many commits a history has."""

        def answer(name: str, parents: Iterable[int]) -> int:
            if len(self.walker.commit(name).parents) > 1:
                return len(self.walker.ancestors([name]))
            return 1 + sum(parents)

        return self._fold(commit, self._below, answer, lambda name: self.walker.commit(name).parents)

    def _outside(self, commit: str) -> tuple[str, ...]:
        return () if commit in self.history else self.walker.commit(commit).parents

    def _outside_all(self, commit: str) -> set[str]:
        seen, stack = {commit}, [commit]
        while stack:
            for parent in self.walker.commit(stack.pop()).parents:
                if parent not in seen and parent not in self.history:
                    seen.add(parent)
                    stack.append(parent)
        return seen

    def _fold(
        self,
        commit: str,
        known: dict[str, T],
        answer: Callable[[str, Iterable[T]], T],
        parents: Callable[[str], tuple[str, ...]],
    ) -> T:
        """An answer for a commit made from those for its parents, kept for each commit on the way."""
        stack = [commit]
        while stack:
            at = stack[-1]
            if at in known:
                stack.pop()
                continue
            above = parents(at)
            missing = [parent for parent in above if parent not in known]
            if missing:
                stack += missing
            else:
                known[at] = answer(at, [known[parent] for parent in above])
                stack.pop()
        return known[commit]
