"""Leave out a share of the memories, and what cannot do without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from memento import rng
from memento.vary.cascade import without
from memento.vary.operator import Operator, Value, parameter
from memento.world.tree import Delta
from memento.world.world import World


@dataclass(frozen=True)
class Drop(Operator):
    """Memories are forgotten, each with one probability; candidates of them go, other references let go."""

    name: ClassVar[str] = "drop"
    formula: ClassVar[str] = "memory m stays where u(key, m) >= share"
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    share: float = parameter(0.1, "probability that a memory is left out")

    def apply(self, world: World, key: int) -> Delta:
        """Draws by the memory's id, so that a larger share leaves out those of a smaller one, and more."""
        ids = world.memories["id"]
        gone = rng.bernoulli(rng.keys(key, ids.tolist()), self.share)
        return without(world, "memories", ids[gone].tolist())
