"""Work that was just left goes on: some entities matter only soon after the project's last session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.facts import Facts, blockwise
from memento.patterns.pattern import Pattern, parameter


@dataclass(frozen=True)
class Gap(Pattern):
    """Relevance that falls with the time since the last session of the project, for memories of some entities.

    The gap is equal for all candidates of a session, so it decides a ranking only together with what a candidate is
    about: which entities have unfinished work is keyed by their ids.
    """

    name: ClassVar[str] = "gap"
    formula: ClassVar[str] = "weight * exp(-gap_days / days) where gap_days > 0, if the memory's entity has open work"
    reads: ClassVar[tuple[str, ...]] = ("memory.entity", "session.ended_at", "session.project")
    optimum: ClassVar[str] = "a scorer that crosses the gap with the entity reaches the ceiling; one linear in it none"

    weight: float = parameter(0.25, "relevance right after the last session")
    days: float = parameter(1.0, "time in which it falls to 37%", "days", low=0.01, high=365.0)
    share: float = parameter(0.5, "entities that have open work")

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """The formula, shape (N,)."""
        joined, memory = facts.world, facts.memory
        open_work = joined.remember(("gap", self.share), lambda: self.entities(joined.entity_ids))
        code = np.where(memory >= 0, joined.memory_entities[memory], 0) if len(joined.memory_entities) else memory * 0
        fading = blockwise(rng.exp, facts.gap_days * (-1.0 / self.days))
        return np.asarray(self.weight * fading * (open_work[code] & (facts.gap_days > 0)))

    def entities(self, ids: tuple[str, ...]) -> npt.NDArray[np.bool_]:
        """Which of some entities have open work, shape (E,); what has no id has none."""
        keys = rng.keys(rng.key(0, "gap"), list(ids))
        return np.asarray(rng.bernoulli(keys, self.share, 0) & np.array([name != "" for name in ids], bool))
