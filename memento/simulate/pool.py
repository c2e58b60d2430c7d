"""The memories of a world, indexed so that a session finds its candidates without scanning them all.

Rows stand in order of creation, so what exists at an instant is a prefix. Three orders are kept:
all rows, the rows of each entity by creation, and rings: rows at random points of a circle, from
which a draw takes the next ones clockwise (consistent hashing, Karger et al. 1997), so that a row
that goes missing changes only the draws that would have met it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.simulate.memories import ALWAYS, NEVER, Memories

Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
RINGS = 4
"""Circles with different points; a session uses one, so that the same neighbours are not always met together."""
_POINT = 40


@dataclass(frozen=True)
class Ring:
    """Rows in segments, each a circle: `codes` are (segment, point) packed, in order, with `rows` beside them."""

    codes: Keys
    rows: Ints

    @classmethod
    def of(cls, memories: Memories, segment: Ints, rows: Ints, seed: int) -> Ring:
        """The rings of some rows, `RINGS` for each of their segments."""
        parts, members = [], []
        for number in range(RINGS):
            points = rng.bits(rng.pair_keys(rng.key(seed, "ring", number), memories.key[rows]))
            parts.append(
                ((segment * RINGS + number).astype(np.uint64) << np.uint64(_POINT)) | (points >> np.uint64(64 - _POINT))
            )
            members.append(rows)
        codes, every = np.concatenate(parts), np.concatenate(members)
        order = np.argsort(codes, kind="stable")
        return cls(codes[order], every[order])

    def next(self, segment: Ints, keys: Keys, count: int, wanted: Callable[[Ints], Flags] | None = None) -> Ints:
        """The `count` next rows clockwise from a point drawn by each key, shape (B, count); -1 past the circle.

        `wanted` tells of rows, shape (B, any), which of them count (default: all); the others are
        stepped over, so that what is not there yet takes no place.
        """
        if wanted is None:
            return self._next(segment, keys, count)[0]
        width = count + count // 2
        while True:
            rows, size = self._next(segment, keys, width)
            rows = np.where(wanted(rows) & (rows >= 0), rows, -1)
            if np.all((np.count_nonzero(rows >= 0, axis=1) >= count) | (size <= width)):
                break
            width *= 2
        return np.take_along_axis(rows, np.argsort(rows < 0, axis=1, kind="stable")[:, :count], 1)

    def _next(self, segment: Ints, keys: Keys, count: int) -> tuple[Ints, Ints]:
        """The next rows, and the size of the circle that each key draws from, shape (B,)."""
        low = (segment * RINGS + rng.integers(keys, RINGS, 0)).astype(np.uint64) << np.uint64(_POINT)
        first = np.searchsorted(self.codes, low)
        size = np.searchsorted(self.codes, low + np.uint64(1 << _POINT)) - first
        point = low | (rng.bits(keys, 1) >> np.uint64(64 - _POINT))
        steps = np.arange(count)
        start = np.searchsorted(self.codes, point) - first
        safe = np.maximum(size, 1)[:, None]
        places = first[:, None] + (start[:, None] + steps) % safe
        if not len(self.rows):
            return np.full(places.shape, -1), size
        found = self.rows[np.minimum(places, len(self.rows) - 1)]
        return np.where(steps < size[:, None], found, -1), size


class Pool:
    """The index of all memories that a world will have."""

    def __init__(self, memories: Memories, entities: int, seed: int) -> None:
        self.memories = memories
        rows = np.arange(len(memories))
        self._entity_codes = np.sort((memories.entity << _POINT) | rows)
        self._starts = np.searchsorted(self._entity_codes, np.arange(entities) << _POINT)
        self.everyone = Ring.of(memories, np.zeros(len(rows), np.int64), rows, seed)
        about = np.flatnonzero(memories.entity >= 0)
        self.topical = Ring.of(memories, memories.entity[about], about, seed)
        retired = np.flatnonzero((memories.retired_at < NEVER) & (memories.retired_at > ALWAYS))
        self.stale = Ring.of(memories, np.zeros(len(retired), np.int64), retired, seed)
        self.pinned = np.flatnonzero(memories.pinned)

    def bound(self, instants: Ints) -> Ints:
        """How many rows exist at each instant, shape (B,)."""
        return np.asarray(np.searchsorted(self.memories.created_at, instants, side="right"), np.int64)

    def newest(self, bounds: Ints, count: int) -> Ints:
        """The `count` newest rows below each bound, newest first, shape (B, count); -1 past the first."""
        return np.asarray(np.maximum(bounds[:, None] - 1 - np.arange(count), -1))

    def newest_of(self, entities: Ints, bounds: Ints, count: int) -> Ints:
        """The `count` newest rows about an entity below a bound, newest first, shape (B, count); -1 past the first."""
        ends = np.searchsorted(self._entity_codes, (np.maximum(entities, 0) << _POINT) | bounds)
        places = ends[:, None] - 1 - np.arange(count)
        if not len(self._entity_codes) or not len(self._starts):
            return np.full(places.shape, -1)
        valid = (places >= self._starts[np.maximum(entities, 0)][:, None]) & (entities >= 0)[:, None]
        return np.where(valid, self._entity_codes[np.maximum(places, 0)] & ((1 << _POINT) - 1), -1)
