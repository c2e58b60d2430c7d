"""How much the baseline counts beside the scorer: alpha, by the evidence so far.

Source: Signet 0.58.1, ``predictor-state.ts`` (`getAlphaFloor`, `computeEffectiveAlpha`), ``predictor-comparison.ts``
(`updateSuccessRate`) and ``predictor-scoring.ts`` (`evaluateColdStartExit`). The alpha that is stored beside the
success rate is never read when memories are ranked, so setting it to 1 on drift has no effect by itself: what counts is
the success rate, which drift sets to one half.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

COLD = 1.0
"""Alpha before the cold start is over: the baseline alone."""
FLOORS = ((10, 0.8), (20, 0.6))
"""Sessions after the cold start up to which alpha is at least so high; none after that."""
START = 0.5
"""The success rate before any comparison, and after a reset."""
EMA = 0.1
"""Weight of the newest session in the success rate."""
MIN_CONFIDENCE = 0.6
"""Sessions scored with less confidence move nothing."""
ENOUGH = 0.4
"""The success rate that must be exceeded for the cold start to end."""
SESSIONS = 10
"""Distinct sessions with training pairs that it takes (`minTrainingSessions`)."""


@dataclass(frozen=True)
class State:
    """What the daemon keeps of an agent: the success rate, and sessions since the cold start was over."""

    success_rate: float = START
    after: int = 0
    exited: bool = False

    @property
    def alpha(self) -> float:
        """The weight of the baseline in the fusion."""
        return max(floor(self.after), 1.0 - self.success_rate) if self.exited else COLD

    def started(self, trained: bool, sessions: int) -> State:
        """After a session has begun: whether the cold start is over, and one session more where it is."""
        exited = self.exited or (trained and sessions >= SESSIONS and self.success_rate > ENOUGH)
        return replace(self, exited=exited, after=self.after + 1 if exited else self.after)

    def compared(self, won: bool, confidence: float) -> State:
        """After a comparison of both orders: ``r <- 0.1 * win + 0.9 * r`` in sessions scored with confidence."""
        if confidence < MIN_CONFIDENCE:
            return self
        return replace(self, success_rate=EMA * won + (1.0 - EMA) * self.success_rate)

    def reset(self) -> State:
        """After drift."""
        return replace(self, success_rate=START)


def floor(after: int) -> float:
    """The least alpha, so many sessions after the cold start."""
    return next((least for sessions, least in FLOORS if after <= sessions), 0.0)
