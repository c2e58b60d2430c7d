"""Stretch or squeeze one stretch of a world's time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from memento import rng
from memento.vary.operator import Operator, parameter
from memento.vary.retime import by_time, in_order, moved
from memento.world.tree import Delta
from memento.world.world import World

FACTORS = (2.0, 0.5)


@dataclass(frozen=True)
class WindowWarp(Operator):
    """The gaps between the sessions of a window are doubled or halved; then all are scaled to the old whole.

    The window holds ``ceil(share S)`` sessions and begins at one of them, drawn evenly.
    """

    name: ClassVar[str] = "windowwarp"
    formula: ClassVar[str] = "gaps in a window times 2 or 1/2, all gaps scaled to their old sum"
    source: ClassVar[str] = "window warping: Le Guennec et al. 2016; Iwana and Uchida 2020"

    share: float = parameter(0.1, "share of the sessions that are in the window", low=0.001)

    def apply(self, world: World, key: int) -> Delta | World:
        """One draw for the window and one for the factor."""
        size = len(world.sessions)
        width = int(np.ceil(self.share * size))
        if size < width + 3:
            return Delta()
        order = by_time(world)
        started = world.sessions["started_at"][order].astype(np.float64)
        gaps = np.diff(started)
        low = 1 + int(rng.integers(rng.key(key, "window"), size - width - 2))
        factor = FACTORS[int(rng.integers(rng.key(key, "factor"), len(FACTORS)))]
        warped = gaps.copy()
        warped[low : low + width] *= factor
        if warped.sum() <= 0.0:
            return Delta()
        warped *= gaps.sum() / warped.sum()
        new = np.empty(size, np.int64)
        new[order] = in_order(np.concatenate([[0.0], np.cumsum(warped)]) + started[0])
        return moved(world, new)
