"""Memories that a newer one has replaced matter less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import Facts
from memento.patterns.pattern import Pattern, parameter


@dataclass(frozen=True)
class Supersession(Pattern):
    """A penalty on memories that were superseded or deleted."""

    name: ClassVar[str] = "supersession"
    formula: ClassVar[str] = "-penalty if superseded"
    reads: ClassVar[tuple[str, ...]] = ("memory.deleted", "memory.superseded_by")
    factors: ClassVar[tuple[str, ...]] = ("penalty",)

    penalty: float = parameter(0.30, "relevance lost")

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``-penalty`` where the memory was superseded, else 0; shape (N,)."""
        return facts.superseded * np.float64(-self.penalty)
