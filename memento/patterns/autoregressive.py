"""The relevance of an entity's memories is an autoregressive process over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.clock import Entities, step_of
from memento.patterns.facts import Facts
from memento.patterns.pattern import Pattern, parameter
from memento.patterns.predictive import ar_information, innovation_share, stationary
from memento.patterns.series.dependencies import arma

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Autoregressive(Pattern):
    """A latent AR(2) of each entity, ``x = phi_1 x' + phi_2 x'' + e``, adds to the relevance of its memories.

    What the past tells of the next step is known exactly: `information` in nats. A process that is not stationary
    is refused by taking the nearest one that is (both parameters shrunk).
    """

    name: ClassVar[str] = "autoregressive"
    formula: ClassVar[str] = "weight * clip(1/2 + x(t) / (4 sd), 0, 1), x an AR(2) of the entity"
    reads: ClassVar[tuple[str, ...]] = ("memory.entity", "session.ended_at")
    optimum: ClassVar[str] = "the variance of the shocks: the share `floor` of the process; R_inf = log(2 pi e s^2) / 2"

    weight: float = parameter(0.25, "relevance at two standard deviations")
    phi_1: float = parameter(0.8, "weight of the last step", low=-1.99, high=1.99)
    phi_2: float = parameter(0.0, "weight of the step before", low=-0.99, high=0.99)
    hours: float = parameter(8.0, "length of a step", "h", low=0.25, high=8760.0)
    steps: float = parameter(400, "steps after which the process begins again", "steps", 2, 20_000, "int")
    share: float = parameter(1.0, "entities that have a process")

    def terms(self, facts: Facts) -> Floats:
        """``weight`` times the squashed state of the memory's entity at the session's end, shape (N,)."""
        joined = facts.world
        drive = joined.remember(("autoregressive", self), lambda: Entities(joined, self.share, "ar", self._table))
        step = joined.remember(("step", self.hours), lambda: step_of(joined, self.hours))
        return self.weight * drive.at(joined.memory_entities, facts, step % int(self.steps))

    def forecast(self, facts: Facts) -> Floats:
        """The terms of ``phi_1 x' + phi_2 x''``, what the two steps before tell, shape (N,)."""
        joined = facts.world
        drive = joined.remember(("ar forecast", self), lambda: Entities(joined, self.share, "ar", self._forecasts))
        step = joined.remember(("step", self.hours), lambda: step_of(joined, self.hours))
        return self.weight * drive.at(joined.memory_entities, facts, step % int(self.steps))

    @property
    def phi(self) -> tuple[float, float]:
        """The parameters of the process that is drawn, which is stationary."""
        return stationary((self.phi_1, self.phi_2))

    @property
    def information(self) -> float:
        """What two past steps tell of the next, nats."""
        return ar_information(self.phi, 2, 1)

    @property
    def floor(self) -> float:
        """The least squared error of a one-step forecast as a share of the variance."""
        return innovation_share(self.phi)

    def _table(self, entity: str) -> Floats:
        return self._squashed(self._values(entity))

    def _forecasts(self, entity: str) -> Floats:
        values = np.concatenate([[0.0, 0.0], self._values(entity)])
        return self._squashed(self.phi[0] * values[1:-1] + self.phi[1] * values[:-2])

    def _values(self, entity: str) -> Floats:
        return arma(self.phi, (), int(self.steps), rng.key(0, "autoregressive", entity))

    def _squashed(self, values: Floats) -> Floats:
        sd = 1.0 / np.sqrt(self.floor)
        return np.asarray(np.clip(0.5 + values / (4.0 * sd), 0.0, 1.0))
