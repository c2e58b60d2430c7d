"""The save gate: what a training must leave for its weights to be saved.

Source: Signet 0.58.1, ``packages/predictor/src/main.rs``, `train_from_db`. Whether it holds or not, the weights in
use are the new ones and stay so; Signet's specification asks for a rollback, which its code does not have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from memento.serve.canary import compare, top
from memento.serve.scorers import Served
from memento.serve.service import CANARY, STABLE
from memento.train.signet import Sample

EPOCHS, TEMPERATURE, LIMIT = 3, 0.5, 5_000
"""Defaults of `train_from_db`: passes, temperature of the loss, and how many of the newest sessions it reads."""


@dataclass(frozen=True)
class Gate:
    """One training: its loss and steps, the variance of the canary's scores, how many of the first five stayed."""

    loss: float
    steps: int
    sessions: int
    canary: int
    variance: float
    stability: float

    @property
    def holds(self) -> bool:
        """Whether a checkpoint would be saved: loss finite, scores not all one, first five stable."""
        return math.isfinite(self.loss) and self.variance > 0.0 and self.stability >= STABLE

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "holds": self.holds}


def retrain(served: Served, samples: Sequence[Sample], epochs: int = EPOCHS, limit: int = LIMIT) -> Gate | None:
    """Trains on sessions, the newest first, but for the ten newest, which are the canary; None without any.

    Where there are no more than ten, canary and training are the same sessions.
    """
    newest = list(samples[:limit])
    if not newest:
        return None
    held, rest = newest[:CANARY], newest[CANARY:]
    before = [top(served.scores(sample)) for sample in held]
    stats = served.train(rest or held, epochs, TEMPERATURE)
    variance, stability = compare(before, [served.scores(sample) for sample in held])
    return Gate(stats.loss, stats.steps, len(rest or held), len(held), variance, stability)
