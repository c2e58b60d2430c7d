"""What was the topic at an hour before matters at that hour again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import DAY, Facts, Joined
from memento.patterns.pattern import Pattern, parameter

_NEVER = 1 << 62


@dataclass(frozen=True)
class Induction(Pattern):
    """Temporal induction: entity and hour met together in an earlier session, now the hour comes again.

    The two-step copy A B … A -> B of induction heads, over sessions: A is a band of hours, B the topic.
    """

    name: ClassVar[str] = "induction"
    formula: ClassVar[str] = (
        "weight if the memory's entity was the topic of an earlier session in the same band of hours"
    )
    reads: ClassVar[tuple[str, ...]] = ("memory.entity", "session.ended_at", "session.topic")
    optimum: ClassVar[str] = "a scorer that remembers which topics met which hours reaches the ceiling"

    weight: float = parameter(0.30, "relevance of a memory about such an entity")
    band_hours: float = parameter(3, "width of a band of hours", "h", 1, 24, "int")
    days: float = parameter(60.0, "how long ago the earlier session may be", "days", 0.0, 36_500.0)

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``weight`` where entity and band were met before, shape (N,)."""
        joined, memory = facts.world, facts.memory
        if not len(joined.memory_entities):
            return np.zeros(len(facts))
        met = joined.remember(("induction", self.band_hours, self.days), lambda: self._met(joined))
        code = np.where(memory >= 0, joined.memory_entities[memory], 0)
        return met[facts.session, code] * np.float64(self.weight)

    def _met(self, joined: Joined) -> npt.NDArray[np.bool_]:
        """Whether each session meets each entity again in its band, (S, E): one pass over sessions in order."""
        size, span = len(joined.entity_ids), self.days * DAY
        band = (joined.calendar.hour.astype(np.int64) // int(self.band_hours)).tolist()
        ended, topics = joined.ended_at.tolist(), joined.topics.tolist()
        last = np.full((24, size), -_NEVER, np.int64)
        met = np.zeros((len(ended), size), bool)
        for row in joined.order.tolist():
            met[row] = last[band[row]] >= ended[row] - span
            if topics[row] > 0:
                last[band[row], topics[row]] = ended[row]
        met[:, 0] = False
        return met
