"""Entities switch between active and idle like spins, and the way they switch changes block by block."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.clock import Entities, step_of
from memento.patterns.facts import Facts
from memento.patterns.pattern import Pattern, choice, parameter
from memento.patterns.predictive import COUPLINGS, Spins, spins

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ising(Pattern):
    """Memories of active entities matter: activity is an Ising chain whose coupling is drawn anew every block.

    A new coupling is a changed workflow: what stayed alternates, what alternated stays. With a fixed coupling the
    past tells a constant of the future, with redrawn ones the more the longer it is.
    """

    name: ClassVar[str] = "ising"
    formula: ClassVar[str] = "weight if s(t) = 1, P(s(t + 1) = s(t)) = e^J / (2 cosh J), J ~ N(0, 1) in each block"
    reads: ClassVar[tuple[str, ...]] = ("memory.entity", "session.ended_at")
    optimum: ClassVar[str] = "log 2 less the predictive information of the chain (`memento.patterns.predictive`)"

    weight: float = parameter(0.25, "relevance of an active entity's memories")
    coupling: str = choice("blocks", "how the coupling is drawn", COUPLINGS)
    strength: float = parameter(1.0, "the fixed coupling, or the standard deviation of drawn ones", high=10.0)
    block: float = parameter(40, "steps of a block", "steps", 2, 20_000, "int")
    hours: float = parameter(8.0, "length of a step", "h", low=0.25, high=8760.0)
    steps: float = parameter(400, "steps after which the chain begins again", "steps", 2, 20_000, "int")
    share: float = parameter(1.0, "entities that switch")

    def terms(self, facts: Facts) -> Floats:
        """``weight`` where the memory's entity is active as the session ends, shape (N,)."""
        joined = facts.world
        drive = joined.remember(("ising", self), lambda: Entities(joined, self.share, "ising", self._table))
        step = joined.remember(("step", self.hours), lambda: step_of(joined, self.hours))
        return self.weight * drive.at(joined.memory_entities, facts, step % int(self.steps))

    def forecast(self, facts: Facts) -> Floats:
        """``weight`` times the chance of being active, from the last spin and how often spins stayed so far, (N,)."""
        joined = facts.world
        drive = joined.remember(
            ("ising forecast", self), lambda: Entities(joined, self.share, "ising", self._forecasts)
        )
        step = joined.remember(("step", self.hours), lambda: step_of(joined, self.hours))
        return self.weight * drive.at(joined.memory_entities, facts, step % int(self.steps))

    def _table(self, entity: str) -> Floats:
        return (self._spins(entity) > 0).astype(np.float64)

    def _forecasts(self, entity: str) -> Floats:
        """The chance of +1 at each step: known for a fixed coupling, else by Laplace's rule within the block."""
        chain = self._spins(entity)
        stayed = np.concatenate([[0.0], (chain[1:] == chain[:-1]).astype(np.float64)])
        if self.coupling == "fixed":
            same = np.full(len(chain), 1.0 / (1.0 + math.exp(-2.0 * self.strength)))
        else:
            first = np.arange(len(chain)) // int(self.block) * int(self.block)
            total = np.concatenate([[0.0], np.cumsum(stayed)])
            same = (total[:-1] - total[first] + 1.0) / (np.arange(len(chain)) - first + 2.0)
        before = np.concatenate([[0], chain[:-1]])
        return np.asarray(np.where(before > 0, same, np.where(before < 0, 1.0 - same, 0.5)))

    def _spins(self, entity: str) -> Spins:
        key = rng.key(0, "ising", entity)
        return spins(int(self.steps), key, self.coupling, self.strength, int(self.block))
