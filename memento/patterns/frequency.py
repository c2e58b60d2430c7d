"""Memories that were used often matter more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import Facts
from memento.patterns.pattern import Pattern, parameter


@dataclass(frozen=True)
class Frequency(Pattern):
    """Relevance by access count, on a log scale, relative to the session's most used candidate."""

    name: ClassVar[str] = "frequency"
    formula: ClassVar[str] = "weight * log(access_count + 1) / max over the session's candidates of the same"
    reads: ClassVar[tuple[str, ...]] = ("memory.prior_accesses", "candidate.injected")

    weight: float = parameter(0.15, "relevance of the most used candidate of a session")

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """The formula, shape (N,); 0 in a session none of whose candidates was ever used."""
        top = facts.max_log_access
        return self.weight * (facts.log_access / np.where(top > 0, top, 1.0))
