"""Some entities matter on one weekday, in the morning, while work goes on: three conditions at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.facts import Facts
from memento.patterns.pattern import Pattern, parameter


@dataclass(frozen=True)
class Conjunction(Pattern):
    """Relevance only where the weekday is the entity's own, the hour lies in a band, and the gap is short.

    Each of the conditions alone tells nothing: a rule for models that combine. The weekday of an entity is
    keyed by its id, or the same for all.
    """

    name: ClassVar[str] = "conjunction"
    formula: ClassVar[str] = "weight if weekday is the entity's, first_hour <= hour < last_hour, and 0 < gap < gap_days"
    reads: ClassVar[tuple[str, ...]] = ("memory.entity", "session.ended_at", "session.project")
    optimum: ClassVar[str] = (
        "a scorer that crosses weekday, hour, gap and entity reaches the ceiling; one condition none"
    )

    weight: float = parameter(0.45, "relevance of a memory that meets all three")
    share: float = parameter(0.5, "entities that have a weekday")
    weekday: float = parameter(-1, "the weekday of all, Monday 0; -1: each entity's own", "", -1, 6, "int")
    first_hour: float = parameter(6, "first hour of the band", "h", 0, 23, "int")
    last_hour: float = parameter(12, "hour at which the band ends", "h", 1, 24, "int")
    gap_days: float = parameter(3.0, "longest time since the project's last session", "days", high=365.0)

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``weight`` where all conditions hold, shape (N,)."""
        joined, memory = facts.world, facts.memory
        own = joined.remember(("conjunction", self.share, self.weekday), lambda: self.weekdays(joined.entity_ids))
        code = np.where(memory >= 0, joined.memory_entities[memory], 0) if len(joined.memory_entities) else memory * 0
        holds = own[code] == facts.weekday
        holds &= (facts.hour >= self.first_hour) & (facts.hour < self.last_hour)
        holds &= (facts.gap_days > 0) & (facts.gap_days < self.gap_days)
        return np.asarray(holds * np.float64(self.weight))

    def rate(self) -> float:
        """How often a candidate of a driven entity would meet all three, were times even and gaps short."""
        return (1 / 7) * max(0.0, self.last_hour - self.first_hour) / 24

    def weekdays(self, ids: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """The weekday of each of some entities, Monday 0, shape (E,); -1 for none."""
        keys = rng.keys(rng.key(0, "conjunction"), list(ids))
        drawn = rng.integers(keys, 7, 1) if self.weekday < 0 else np.full(len(ids), int(self.weekday))
        found = np.where(rng.bernoulli(keys, self.share, 0), drawn, -1)
        found[0] = -1
        return found
