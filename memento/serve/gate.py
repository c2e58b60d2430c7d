"""Training on sessions, and the save gate: what it must leave for its weights to be saved.

Source: Signet 0.58.1, ``packages/predictor/src/main.rs``, `train_from_db`, and ``training.rs``: the newest sessions are
the canary, of which the variance of all scores is told and the mean share of the first five that stayed among the first
five. Whether the gate holds or not, the weights in use are the new ones and stay so; Signet's specification asks for a
rollback, which its code does not have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.serve.scorers import Served
from memento.train.losses import TEMPERATURE
from memento.train.signet import Sample

EPOCHS = 3
"""Passes of `train_from_db`, unless told otherwise."""
CANARY = 10
"""Sessions, the newest, that are held out; where there are no more, all are trained on and looked at."""
FIRST, STABLE = 5, 0.6


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


def retrain(
    served: Served, samples: Sequence[Sample], epochs: int = EPOCHS, temperature: float = TEMPERATURE
) -> Gate | None:
    """Trains on sessions, the newest first, but for the ten newest, which are the canary; None without any.

    Where there are no more than ten, canary and training are the same sessions. A scorer with a past knows none of the
    canary's labels while it is looked at, and all that the sessions showed afterwards.
    """
    if not len(samples):
        return None
    held, rest = list(samples[:CANARY]), samples[CANARY:]
    trained = rest if len(rest) else held
    with served.without([sample.session for sample in held]):
        before = [_top(served.scores(sample)) for sample in held]
        stats = served.train(trained, epochs, temperature)
        variance, stability = _compared(before, [served.scores(sample) for sample in held])
    served.remember(samples)
    return Gate(stats.loss, stats.steps, len(trained), len(held), variance, stability)


def _top(scores: npt.NDArray[Any]) -> list[int]:
    """The places of the first five candidates; equals in the order given."""
    return [int(place) for place in np.argsort(-scores, kind="stable")[:FIRST]]


def _compared(before: Sequence[Sequence[int]], after: Sequence[npt.NDArray[Any]]) -> tuple[float, float]:
    """The variance of the scores `after` training, and the mean overlap of first fives with those `before`."""
    everything = np.concatenate(list(after))
    shares = [
        len(set(_top(scores)) & set(old)) / min(FIRST, len(scores))
        for old, scores in zip(before, after, strict=True)
        if old
    ]
    variance = float(np.var(everything)) if len(everything) > 1 else 0.0
    return variance, sum(shares) / len(shares) if shares else 1.0
