"""Several worlds in one training run: how many sessions of each make an epoch, and which."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import UsageError

Ints = npt.NDArray[np.int64]


def parse(text: str) -> tuple[str, float]:
    """A revision and its weight from ``REV:WEIGHT``; ``REV`` alone has weight 1. Raises `UsageError`."""
    revision, colon, number = text.rpartition(":")
    if not colon:
        return text, 1.0
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not revision or not math.isfinite(weight) or weight <= 0:
        raise UsageError(f"{text!r} is not a revision with a weight", "write it as main or main:2, the weight above 0")
    return revision, weight


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to `weights` that sum to `total` exactly (largest remainders)."""
    largest = max(weights, default=0.0)
    if not math.isfinite(total * largest * len(weights)):
        weights = [weight / largest for weight in weights]
    whole = math.fsum(weights)
    shares = [total * weight / whole for weight in weights]
    counts = [math.floor(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (counts[i] - shares[i], i))
    for index in by_remainder[: total - sum(counts)]:
        counts[index] += 1
    return counts


class Mixture:
    """Which sessions an epoch trains on, drawn by key, exact in number for every source.

    `sessions` are the training sessions of each source; an epoch has as many as all of them
    together, parted by `weights`, or as many of each as `counts` says. A source goes through all its
    sessions before one comes again.
    """

    def __init__(
        self, sessions: Sequence[Ints], weights: Sequence[float], seed: int = 0, counts: Sequence[int] | None = None
    ) -> None:
        if len(sessions) != len(weights):
            raise ValueError("one weight for each source")
        self.sessions = [np.asarray(part, np.int64) for part in sessions]
        self.weights = list(weights)
        effective = [w if len(part) else 0.0 for w, part in zip(weights, self.sessions, strict=True)]
        if not any(effective):
            raise UsageError("there is no session to train on", "generate more weeks, or train on another revision")
        self.counts = list(counts or apportion(sum(len(part) for part in self.sessions), effective))
        self.seed = seed

    def epoch(self, number: int, shuffle: bool = True, taken: Sequence[int] | None = None) -> Ints:
        """The sessions of epoch `number`, counted from 0, in training order, shape (E,).

        `taken` is how many of each source came before, if not as many in each epoch as now.
        """
        places = taken or [number * count for count in self.counts]
        parts = [self._take(source, place, shuffle) for source, place in enumerate(places)]
        joined = np.concatenate(parts)
        if not shuffle:
            return joined
        return joined[rng.permutation(rng.key(self.seed, "mixture", "epoch", number), len(joined))]

    def _take(self, source: int, position: int, shuffle: bool) -> Ints:
        sessions, count = self.sessions[source], self.counts[source]
        taken: list[Ints] = []
        while count:
            turn, start = divmod(position, len(sessions))
            if shuffle:
                ordered = sessions[rng.permutation(rng.key(self.seed, "mixture", source, turn), len(sessions))]
            else:
                ordered = sessions
            part = ordered[start : start + count]
            taken.append(part)
            position += len(part)
            count -= len(part)
        return np.concatenate(taken) if taken else np.zeros(0, np.int64)
