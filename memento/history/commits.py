"""Commits by number: what walks through history count with instead of comparing ids."""

from __future__ import annotations

from memento.history.commit import Commit, parse_commit
from memento.history.nearby import Nearby
from memento.history.objects import Objects

_KEPT = 200_000


class Commits:
    """The commits met so far, numbered from 0 as they are first named.

    `parents` and `times` (s UTC) are by number; those of a commit that was named but not read are
    None and -1, and `load` reads them; `held` are the commits kept whole.
    """

    def __init__(self, objects: Objects) -> None:
        self.nearby = Nearby(objects, "commit")
        self.ids: list[str] = []
        self.times: list[int] = []
        self.parents: list[tuple[int, ...] | None] = []
        self._numbers: dict[str, int] = {}
        self.held: dict[int, Commit] = {}

    def number(self, commit_id: str) -> int:
        """The number of a commit, which is read if it was not before. Raises `CorruptRecord`."""
        number = self._named(commit_id)
        if self.parents[number] is None:
            self.load(number)
        return number

    def commit(self, number: int) -> Commit:
        """A commit by its number. Raises `CorruptRecord`."""
        return self.held.get(number) or self.load(number)

    def load(self, number: int) -> Commit:
        """Reads a commit. Raises `CorruptRecord`."""
        name = self.ids[number]
        commit = parse_commit(name, self.nearby.read(name))
        if len(self.held) >= _KEPT:
            self.held.clear()
        self.held[number] = commit
        if self.parents[number] is None:
            self.times[number] = commit.time
            numbers, above = self._numbers, []
            for parent in commit.parents:
                found = numbers.get(parent)
                above.append(self._named(parent) if found is None else found)
            self.parents[number] = tuple(above)
        return commit

    def above(self, number: int) -> tuple[int, ...]:
        """The numbers of a commit's parents, none of them read yet. Raises `CorruptRecord`."""
        found = self.parents[number]
        if found is None:
            self.load(number)
            found = self.parents[number] or ()
        return found

    def _named(self, commit_id: str) -> int:
        number = self._numbers.get(commit_id)
        if number is None:
            number = self._numbers[commit_id] = len(self.ids)
            self.ids.append(commit_id)
            self.times.append(-1)
            self.parents.append(None)
        return number
