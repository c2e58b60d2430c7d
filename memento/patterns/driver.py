"""The relevance of an entity's memories follows a series over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.clock import Entities, step_of
from memento.patterns.facts import Facts
from memento.patterns.pattern import Pattern, choice, parameter
from memento.patterns.series import SERIES, floor

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Driver(Pattern):
    """A series of SynTSBench drives an entity's relevance, a step for each stretch of time.

    Time, and not the count of sessions, moves it on, so that a session that comes or goes changes no other
    session's label. Values are mapped to [0, 1] by the range of the first 70% of `steps`, as training would see it.
    A share of the entities is driven; each has a realisation of its own, or a phase where nothing is drawn.
    """

    name: ClassVar[str] = "series"
    formula: ClassVar[str] = "weight * (x(t) - min) / (max - min), t = (time - start) / hours, by entity"
    reads: ClassVar[tuple[str, ...]] = ("memory.entity", "session.ended_at")
    optimum: ClassVar[str] = "the forecast error of the series (`Series.error`), and 1 / (1 + 10^(snr/10)) under noise"

    weight: float = parameter(0.30, "relevance at the top of the series")
    series: str = choice("sin-0.05", "which series", tuple(SERIES))
    hours: float = parameter(6.0, "length of a step", "h", low=0.25, high=8760.0)
    steps: float = parameter(600, "steps after which the series begins again", "steps", 2, 20_000, "int")
    share: float = parameter(1.0, "entities that are driven")

    def terms(self, facts: Facts) -> Floats:
        """``weight`` times the mapped value of the memory's entity at the session's end, shape (N,)."""
        joined = facts.world
        drive = joined.remember(("series", self), lambda: Entities(joined, self.share, "series", self._table))
        step = joined.remember(("step", self.hours), lambda: step_of(joined, self.hours))
        return self.weight * drive.at(joined.memory_entities, facts, step % int(self.steps))

    def error(self, horizon: int = 1, snr_db: float | None = None) -> float:
        """The least standardised error of a forecast of `horizon` steps against what is observed under noise."""
        signal = SERIES[self.series].error(horizon)
        observed = floor(snr_db)[1]
        return signal + (1.0 - signal) * observed

    def _table(self, entity: str) -> Floats:
        """The driven relevance of an entity at each step, in [0, 1], shape (steps,)."""
        chosen, size = SERIES[self.series], int(self.steps)
        key = rng.key(0, "series", self.series, entity)
        values = chosen.values(size, key)
        if not chosen.drawn and chosen.family != "trend":
            values = np.roll(values, key % size)
        seen = values[: max(2, int(0.7 * size))]
        spread = float(np.ptp(seen))
        return np.clip((values - seen.min()) / spread, 0.0, 1.0) if spread > 0 else np.full(size, 0.5)
