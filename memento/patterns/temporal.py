"""Memories have an hour, and perhaps a weekday, at which they matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import Facts
from memento.patterns.pattern import Pattern, parameter


@dataclass(frozen=True)
class TemporalCycle(Pattern):
    """Relevance of a memory near the hour at which it matters most.

    The hour matches when its distance to `peak_hour` around the clock is at most `half_width`
    whole hours. A memory with a `peak_weekday` matches on that weekday only; one with a weekday
    and no hour matches at every hour of it; one with neither never matches.
    """

    name: ClassVar[str] = "temporal"
    formula: ClassVar[str] = "weight * strength if the hour is within half_width of peak_hour (and it is peak_weekday)"
    reads: ClassVar[tuple[str, ...]] = ("memory.peak_hour", "memory.peak_weekday", "session.ended_at")
    factors: ClassVar[tuple[str, ...]] = ("weight", "strength")

    weight: float = parameter(0.20, "relevance of a match at full strength")
    strength: float = parameter(1.0, "how strong the cycle is")
    half_width: float = parameter(1.0, "largest distance to the peak that matches", "h", high=12.0)

    def terms(self, facts: Facts) -> npt.NDArray[np.float64]:
        """``weight * strength`` where hour and weekday match, else 0; shape (N,)."""
        return self.matches(facts) * np.float64(self.weight * self.strength)

    def matches(self, facts: Facts) -> npt.NDArray[np.bool_]:
        """Whether each candidate's session ends near its memory's peak, shape (N,)."""
        apart = np.abs(facts.hour - facts.peak_hour)
        apart = np.minimum(apart, 24 - apart)
        no_hour = facts.peak_hour < 0
        no_weekday = facts.peak_weekday < 0
        hour = (apart <= self.half_width) | no_hour
        weekday = (facts.weekday == facts.peak_weekday) | no_weekday
        return np.asarray(hour & weekday & ~(no_hour & no_weekday))
