"""Live by another clock: a night owl, an early bird, somebody who works at weekends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.vary.operator import Operator, Value, parameter
from memento.vary.retime import DAY, by_time, moved
from memento.world.tree import Delta
from memento.world.world import World

HABITS: dict[str, tuple[float, float]] = {
    "night": (23.0, 1.5),
    "morning": (7.0, 1.0),
    "day": (13.0, 2.5),
    "evening": (19.5, 1.5),
    "weekend": (13.0, 3.0),
}
"""Mean and standard deviation of the hours of each habit, h UTC; a night goes on past midnight."""
_DAWN = 4 * 3600
"""A day's sessions are those from four in the morning on, so that a night is one."""
_WEEK = 7 * DAY
_SATURDAY = 5 * DAY


@dataclass(frozen=True)
class Reschedule(Operator):
    """The sessions of each day, or of each week, take place at other hours, in the same order.

    The n sessions of a day get the hours of n draws of the habit's normal law, the first the earliest. At
    weekends a whole week's sessions are spread over its Saturday and Sunday.
    """

    name: ClassVar[str] = "reschedule"
    formula: ClassVar[str] = "the k-th session of a day at the k-th of n draws of N(mean, sd)"
    source: ClassVar[str] = "schedules as hour mixtures (Memento fractals; session hours of the generator)"

    to: str = parameter("", f"{', '.join(HABITS)}; drawn for each world if left out", kind="text",
                        choices=("", *HABITS))  # fmt: skip
    share: float = parameter(1.0, "probability that a day, or a week, is lived so")
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    def apply(self, world: World, key: int) -> Delta | World:
        """One draw for the habit where none is named, one for each day or week, and one for each session."""
        habit = self.to or [*HABITS][key % len(HABITS)]
        order = by_time(world)
        started = world.sessions["started_at"]
        period = (started[order] - _monday()) // _WEEK if habit == "weekend" else (started[order] - _DAWN) // DAY
        taken = rng.bernoulli(rng.pair_keys(rng.key(key, "period"), period.astype(np.uint64)), self.share)
        if not taken.any():
            return Delta()
        of_session = rng.keys(rng.key(key, "session"), world.sessions["id"][order].tolist())
        new = np.where(taken, _times(habit, period, of_session), started[order])
        # Periods that stay may meet ones that spread: nothing goes back in time.
        found = np.empty(len(order), np.int64)
        found[order] = np.maximum.accumulate(new)
        return moved(world, found)


def _times(habit: str, period: npt.NDArray[np.int64], keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """The new starts of sessions, in order of their periods, s UTC."""
    mean, sd = HABITS[habit]
    hours = np.clip(rng.normal(keys, mean, sd), mean - 3 * sd, mean + 3 * sd) * 3600.0
    base = period * DAY
    if habit == "weekend":
        base = period * _WEEK + _monday() + _SATURDAY + np.where(rng.bernoulli(keys, 0.5, 2), DAY, 0)
    times = base + np.floor(hours).astype(np.int64)
    return times[np.lexsort((times, period))]


def _monday() -> int:
    """A Monday's first instant, s UTC: 1970 began on a Thursday."""
    return -3 * DAY
