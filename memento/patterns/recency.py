"""Newer memories matter more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.facts import Facts, blockwise
from memento.patterns.pattern import Pattern, parameter


@dataclass(frozen=True)
class Recency(Pattern):
    """Relevance that falls exponentially with age; the half-life is ``ln 2 / decay_rate`` days."""

    name: ClassVar[str] = "recency"
    formula: ClassVar[str] = "weight * exp(-age_days * decay_rate)"
    reads: ClassVar[tuple[str, ...]] = ("memory.created_at", "session.ended_at")

    weight: float = parameter(0.35, "relevance of a memory made this instant")
    decay_rate: float = parameter(0.1, "share lost a day, as a rate", "1/day", high=10.0)

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``weight * exp(-age_days * decay_rate)``, shape (N,)."""
        return self.weight * blockwise(rng.exp, facts.age_days * -self.decay_rate)
