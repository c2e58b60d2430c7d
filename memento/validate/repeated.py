"""Intervals of what several seeds gave on the same sessions: both are redrawn, figures stay paired."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.validate.intervals import Bootstrap, Figure

Floats = npt.NDArray[np.float64]


class Repeated:
    """The bootstrap over S sessions and R seeds of training, the same draws for every figure.

    Tables hold the score of every session under every seed, shape (R, S), or (1, S) for what no seed changes.
    NaN marks a session that has none.
    """

    def __init__(self, sessions: int, seeds: int, resamples: int = 1000, seed: int = 0) -> None:
        self.bootstrap = Bootstrap(sessions, resamples, seed)
        keys = rng.pair_keys(rng.key(seed, "seeds"), np.arange(resamples * seeds, dtype=np.uint64))
        drawn = rng.integers(keys, max(1, seeds)).reshape(resamples, seeds)
        self.times: Floats = (drawn[:, None, :] == np.arange(seeds)[:, None]).sum(axis=2) / seeds  # (B, R)

    def means(self, table: Floats) -> Floats:
        """The mean of a table in every resample, shape (B,)."""
        known = np.asarray(np.isfinite(table).all(axis=0))
        filled = np.where(known, table, 0.0)
        sums = self.bootstrap.sums(np.concatenate([filled, known[None]]).T.astype(np.float64))  # (B, R + 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            each = sums[:, :-1] / sums[:, -1:]
        times = self.times if len(table) > 1 else np.ones((len(each), 1))
        return np.asarray((each * times).sum(axis=1))

    def figure(self, table: Floats) -> Figure:
        """The mean of a table with its interval."""
        known = np.isfinite(table).all(axis=0)
        if not known.any():
            return Figure(math.nan, math.nan, math.nan, 0)
        return self.bootstrap.of(float(table[:, known].mean()), self.means(table), int(known.sum()))

    def difference(self, table: Floats, other: Floats) -> Figure:
        """The mean of one table less that of another, seed by seed and session by session."""
        return self.figure(table - other)

    def ratio(self, table: Floats, other: Floats) -> Figure:
        """The mean of one table over that of another."""
        top, below = self.figure(table), self.figure(other)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = float(np.float64(top.value) / np.float64(below.value))
            return self.bootstrap.of(value, self.means(table) / self.means(other), top.n)
