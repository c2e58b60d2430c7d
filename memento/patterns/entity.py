"""Memories about the session's topic matter more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import Facts
from memento.patterns.pattern import Pattern, parameter


@dataclass(frozen=True)
class EntityMatch(Pattern):
    """Relevance of a memory whose entity is the entity that the session is about."""

    name: ClassVar[str] = "entity"
    formula: ClassVar[str] = "weight * strength if the memory's entity is the session's topic"
    reads: ClassVar[tuple[str, ...]] = ("memory.entity", "session.topic")
    factors: ClassVar[tuple[str, ...]] = ("weight", "strength")

    weight: float = parameter(0.30, "relevance of a match at full strength")
    strength: float = parameter(1.0, "how strongly a match is preferred")

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``weight * strength`` where the entity matches, else 0; shape (N,)."""
        return facts.entity_match * np.float64(self.weight * self.strength)
