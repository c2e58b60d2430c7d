"""Let neighbouring sessions change places where nothing hangs on their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from memento import rng
from memento.vary.operator import Operator, Value, parameter
from memento.vary.retime import by_time, moved
from memento.world.table import Rows
from memento.world.tree import Delta
from memento.world.world import World


@dataclass(frozen=True)
class Reorder(Operator):
    """Pairs of sessions, one after the other, exchange their starts.

    A pair is left alone where a memory that either of them was offered was written or replaced, or where one
    of them left a memory, between the start of the first and the end of the second: no order across a
    supersession changes.
    """

    name: ClassVar[str] = "reorder"
    formula: ClassVar[str] = "starts of sessions 2k and 2k + 1 exchanged, with probability share"
    source: ClassVar[str] = "reorder augmentation: Zhou et al. 2024; CL4SRec"
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    share: float = parameter(0.5, "probability that a pair that may change places does")

    def apply(self, world: World, key: int) -> Delta | World:
        """Draws by the earlier session's id."""
        order = by_time(world)
        first, second = order[: len(order) // 2 * 2 : 2], order[1::2]
        first = first[: len(second)]
        free = _independent(world, first, second)
        free &= rng.bernoulli(rng.keys(key, world.sessions["id"][first].tolist()), self.share)
        if not free.any():
            return Delta()
        started = world.sessions["started_at"].copy()
        a, b = first[free], second[free]
        started[a], started[b] = started[b].copy(), started[a].copy()
        return moved(world, started)


def _independent(world: World, first: Rows, second: Rows) -> np.ndarray:
    """Whether nothing that either session of each pair met came or went while the pair lasted, shape (P,)."""
    sessions, memories = world.sessions, world.memories
    low = sessions["started_at"][first]
    longest = np.maximum(
        sessions["ended_at"][second],
        sessions["started_at"][second] + sessions["ended_at"][first] - sessions["started_at"][first],
    )
    pair_of = np.full(len(sessions), -1)
    pair_of[first] = pair_of[second] = np.arange(len(first))
    free = np.ones(len(first), bool)
    newer = memories.rows(memories["superseded_by"].tolist())
    written = memories["created_at"]
    replaced = np.where(newer >= 0, written[newer], -(2**62)) if len(memories) else written
    rows = world.candidate_memories
    pair = pair_of[world.candidate_sessions]
    met = np.flatnonzero((rows >= 0) & (pair >= 0))
    for times in (written, replaced):
        inside = (times[rows[met]] >= low[pair[met]]) & (times[rows[met]] <= longest[pair[met]])
        free[pair[met[inside]]] = False
    left = sessions.rows(memories["origin"].tolist())
    left = left[left >= 0]
    free[pair_of[left][pair_of[left] >= 0]] = False
    return free
