"""Test-time learning: which entities matter is drawn anew at change points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.clock import start_of
from memento.patterns.facts import DAY, Facts
from memento.patterns.pattern import Pattern, parameter


@dataclass(frozen=True)
class Learning(Pattern):
    """A share of the entities matters, and another share from each change point on; change points lie on the calendar.

    Nothing but use after a change tells of it: what a scorer reaches after 1, 2, 4 or 8 sessions of feedback is its
    speed of learning.
    """

    name: ClassVar[str] = "learning"
    formula: ClassVar[str] = "weight if u(entity, epoch) < share, a new epoch every `days`"
    reads: ClassVar[tuple[str, ...]] = ("memory.entity", "session.ended_at")
    optimum: ClassVar[str] = (
        "1.0 a few sessions after a change for a scorer that learns from use; chance right after it"
    )

    weight: float = parameter(0.35, "relevance of memories about entities that matter")
    share: float = parameter(0.4, "entities that matter in an epoch")
    days: float = parameter(21.0, "time between change points", "days", 0.25, 36_500.0)

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``weight`` where the memory's entity matters as the session ends, shape (N,)."""
        joined, memory = facts.world, facts.memory
        if not len(joined.memory_entities):
            return np.zeros(len(facts))
        epochs = joined.remember(("epochs", self.days), lambda: self.epochs(joined.ended_at, start_of(joined)))
        code = np.where(memory >= 0, joined.memory_entities[memory], 0)
        drawn = joined.remember(("learning", self.days), lambda: _draws(joined.entity_ids, epochs))
        return (drawn[epochs[facts.session], code] < self.share) * np.float64(self.weight)

    def epochs(self, instants: npt.NDArray[np.int64], start: int) -> npt.NDArray[np.int64]:
        """The epoch of each instant, s UTC, from 0; shape (S,)."""
        return np.asarray(np.maximum(instants - start, 0) // max(1, round(self.days * DAY)), np.int64)


def _draws(ids: tuple[str, ...], epochs: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """One number in [0, 1) for each epoch and entity, 1 for no entity; (K, E)."""
    keys = rng.keys(rng.key(0, "learning"), list(ids))
    count = int(epochs.max(initial=-1)) + 1
    found = np.stack(
        [rng.uniform(rng.pair_keys(keys, rng.key(0, "epoch", n))) for n in range(count)] or [np.ones(len(ids))]
    )
    found[:, 0] = 1.0
    return found
