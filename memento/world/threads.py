"""Threads of a session: alternatives side by side, which of them is preferred, and the main line.

Turns that answer one turn are alternatives; so are the first turns of a session, where one of them
states a preference. A turn is rejected where it, or one that it answers step by step, has an
alternative with a higher preference and both state one; it is chosen where it is not rejected and one
on that way has an alternative with a lower one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from memento.world.keys import natural
from memento.world.table import Table


@dataclass(frozen=True)
class Threads:
    """The turns of one session as a forest."""

    turns: Table

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """The turns that answer each turn, in natural order; those that begin a thread under ``""``.

        A turn whose parent is not in the session begins a thread, and so does the first of a circle.
        """
        known = self.turns.row_of
        found: dict[str, list[str]] = {"": []}
        parents = dict(zip(self.turns.keys, self.turns["parent"].tolist(), strict=True))
        reached: set[str] = set()
        for key in sorted(known, key=natural):
            way = []
            at = key
            while at and at in known and at not in reached and at not in way:
                way.append(at)
                at = parents[at]
            begins = at if at in way else ""
            for turn in way:
                parent = "" if turn == begins or parents[turn] not in known else parents[turn]
                found.setdefault(parent, []).append(turn)
            reached.update(way)
        return {parent: sorted(keys, key=natural) for parent, keys in found.items()}

    @cached_property
    def above(self) -> dict[str, str]:
        """The turn that each turn answers; empty for one that begins a thread."""
        return {key: parent for parent, keys in self.children.items() for key in keys}

    @cached_property
    def rated(self) -> dict[str, float]:
        """The preferences that are stated."""
        pairs = zip(self.turns.keys, self.turns["preference"].tolist(), strict=True)
        return {key: value for key, value in pairs if not math.isnan(value)}

    def way(self, key: str) -> list[str]:
        """The turns from the beginning of a thread to `key`."""
        found = [key]
        while self.above[found[-1]]:
            found.append(self.above[found[-1]])
        return found[::-1]

    def alternatives(self, key: str) -> list[str]:
        """A turn and those that answer the same; a first turn is alone, unless one of them states a
        preference."""
        together = self.children[self.above[key]]
        return [key] if not self.above[key] and not any(turn in self.rated for turn in together) else together

    def tips(self) -> list[str]:
        """The last turn of each thread, in the order of `walk`."""
        return [key for key, _ in self.walk() if key not in self.children]

    def walk(self) -> Iterator[tuple[str, int]]:
        """All turns as a tree is printed: each with the number of forks above it, preferred ones first."""
        stack = [(key, 0) for key in reversed(self._ordered(""))]
        while stack:
            key, depth = stack.pop()
            yield key, depth
            below = self._ordered(key)
            stack += [(turn, depth + (len(below) > 1)) for turn in reversed(below)]

    def main_line(self) -> list[str]:
        """The turns of the preferred alternative at every fork; where none is, the first."""
        first = self._ordered("")
        if any(key in self.rated for key in first):
            first = first[:1]
        line = []
        for key in first:
            while key:
                line.append(key)
                key = next(iter(self._ordered(key)), "")
        return line

    def _ordered(self, parent: str) -> list[str]:
        """The turns below one, the preferred first."""
        return sorted(self.children.get(parent, ()), key=lambda key: -self.rated.get(key, -math.inf))

    def standing(self, key: str) -> int:
        """1 for a chosen turn, -1 for a rejected one, 0 where nothing is decided."""
        decided = 0
        for turn in self.way(key):
            mine = self.rated.get(turn)
            others = [self.rated[other] for other in self.alternatives(turn) if other in self.rated]
            if mine is None:
                continue
            if max(others) > mine:
                return -1
            decided |= min(others) < mine
        return decided

    def choosing(self, key: str) -> dict[str, float]:
        """The preferences that make the thread through `key` the main line: 1 for the turns on the way
        to it that have alternatives, 0 for those; only what changes."""
        wanted: dict[str, float] = {}
        for turn in self.way(key):
            together = self.children[self.above[turn]]
            if len(together) > 1:
                wanted.update((other, float(other == turn)) for other in together)
        return {turn: value for turn, value in wanted.items() if self.rated.get(turn) != value}


def of_sessions(turns: Table) -> dict[str, Threads]:
    """The threads of each session in which a turn states a preference, by session."""
    column = turns["session"]
    decided = dict.fromkeys(column[~np.isnan(turns["preference"])].tolist())
    rows: dict[str, list[int]] = {session: [] for session in decided}
    if rows:
        for row, session in enumerate(column.tolist()):
            if session in rows:
                rows[session].append(row)
    return {session: Threads(turns.take(of)) for session, of in rows.items()}
