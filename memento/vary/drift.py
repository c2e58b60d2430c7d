"""Let preferences drift: what matters, and when, moves as time goes by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from memento import rng
from memento.vary.operator import Operator, parameter
from memento.world.records import NULL_INT
from memento.world.tree import Delta
from memento.world.world import World

_WEEK = 7 * 86_400


@dataclass(frozen=True)
class Drift(Operator):
    """Memories written later lean further: the hours of an entity's memories move one way, week by week, and
    so does their importance.

    Each entity has a direction of its own, so some rise while others fade.
    """

    name: ClassVar[str] = "drift"
    formula: ClassVar[str] = "peak_hour + hours w d_e, importance + importance w g_e in week w; d_e, g_e ~ N(0, 1)"
    source: ClassVar[str] = "context drift (concept drift: Gama et al. 2014)"

    hours: float = parameter(0.5, "hours that a peak moves in a week, at one standard deviation", "h", high=12.0)
    importance: float = parameter(0.01, "importance gained or lost in a week, at one standard deviation")

    def apply(self, world: World, key: int) -> Delta:
        """Two draws for each entity."""
        memories = world.memories
        if not len(memories):
            return Delta()
        start = int(world.sessions["started_at"].min(initial=world.manifest.clock))
        weeks = np.maximum(memories["created_at"] - start, 0) / _WEEK
        keys = rng.keys(key, [entity or "none" for entity in memories["entity"].tolist()])
        by = np.rint(self.hours * weeks * rng.normal(keys, 0.0, 1.0, 0)).astype(np.int64)
        had = memories["peak_hour"]
        hour = np.where(had == NULL_INT, NULL_INT, (np.where(had == NULL_INT, 0, had) + by) % 24)
        worth = np.clip(memories["importance"] + self.importance * weeks * rng.normal(keys, 0.0, 1.0, 1), 0.0, 1.0)
        moved = np.flatnonzero((hour != had) | (worth != memories["importance"]))
        if not len(moved):
            return Delta()
        return Delta({"memories": memories.take(moved).replace(peak_hour=hour[moved], importance=worth[moved])})
