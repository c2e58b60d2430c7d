"""Memories found by walking the entity graph matter more, in sessions that walk it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import Facts
from memento.patterns.pattern import Pattern, parameter


@dataclass(frozen=True)
class Traversal(Pattern):
    """A bonus on candidates that graph traversal brought into a traversal session."""

    name: ClassVar[str] = "traversal"
    formula: ClassVar[str] = "bonus if the source is ka_traversal and the session's mode is traversal"
    reads: ClassVar[tuple[str, ...]] = ("candidate.source", "session.mode")
    factors: ClassVar[tuple[str, ...]] = ("bonus",)

    bonus: float = parameter(0.15, "relevance gained")

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``bonus`` where the candidate came by traversal, else 0; shape (N,)."""
        return facts.traversal * np.float64(self.bonus)
