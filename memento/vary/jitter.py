"""Move the importance of memories by a normal draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from memento import rng
from memento.vary.operator import Expectation, Operator, Value, parameter
from memento.world.tree import Delta
from memento.world.world import World


@dataclass(frozen=True)
class Jitter(Operator):
    """The importance of a share of the memories moves a little; nothing else changes."""

    name: ClassVar[str] = "jitter"
    formula: ClassVar[str] = "importance + N(0, sd), clipped to [0, 1]"
    expects: ClassVar[Expectation] = "labels"
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    sd: float = parameter(0.1, "standard deviation of the change")
    share: float = parameter(0.1, "probability that a memory is moved")

    def apply(self, world: World, key: int) -> Delta:
        """Draws by the memory's id."""
        keys = rng.keys(key, world.memories["id"].tolist())
        rows = np.flatnonzero(rng.bernoulli(keys, self.share, 0))
        moved = world.memories.take(rows)
        importance = np.clip(rng.normal(keys[rows], moved["importance"], self.sd, 1), 0.0, 1.0)
        changed = importance != moved["importance"]
        if not changed.any():
            return Delta()
        moved = moved.replace(importance=importance)
        return Delta({"memories": moved if changed.all() else moved.take(changed)})
