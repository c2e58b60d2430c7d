"""What a series is: values from a number of steps and a key, and the error of its best forecast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from memento import rng

Floats = npt.NDArray[np.float64]
Family = Literal["trend", "periodic", "dependency"]


def certain(horizon: int) -> float:
    """The error of the best forecast where nothing is drawn: 0."""
    return 0.0


@dataclass(frozen=True)
class Series:
    """A series of one variable.

    `make(n, key)` gives n values, float64 (n,); `key` decides what is drawn, and has no say where nothing is.
    `error(horizon)` is the mean squared error of the best forecast over 1 to `horizon` steps, of a standardised
    series.
    """

    name: str
    family: Family
    formula: str
    make: Callable[[int, int], Floats]
    error: Callable[[int], float] = certain

    def values(self, n: int, key: int = 0) -> Floats:
        """The first n values."""
        return self.make(n, key)

    @property
    def drawn(self) -> bool:
        """Whether two keys give two series."""
        return self.error is not certain


def floor(snr_db: float | None) -> tuple[float, float]:
    """The least errors under noise, standardised by noisy statistics: against the signal, against what is observed.

    ``MSE_True* = 0`` and ``MSE_Obs* = 1 / (1 + 10^(snr / 10))``; without noise both are 0.
    """
    return 0.0, 0.0 if snr_db is None else 1.0 / (1.0 + float(rng.power(10.0, snr_db / 10.0)))


def normals(key: int, n: int, sd: float = 1.0) -> Floats:
    """n draws of N(0, sd), each keyed by its place."""
    return rng.normal(rng.pair_keys(key, np.arange(n, dtype=np.uint64)), 0.0, sd)


def sine(turns: npt.ArrayLike) -> Floats:
    """``sin(2 pi x)`` for x in turns, by sums and products alone, so that its bits are the same on every machine.

    Quadrants first, then Taylor's polynomials for a distance of at most an eighth of a turn; error below 1e-15 a turn.
    """
    x = np.asarray(turns, np.float64)
    quarter = np.rint(4.0 * x)
    t = 6.283185307179586 * (x - quarter / 4.0)
    square = t * t
    odd = np.zeros_like(t)
    even = np.zeros_like(t)
    for power in range(8, 0, -1):
        odd = (1.0 + odd) * (-square / ((2 * power) * (2 * power + 1)))
        even = (1.0 + even) * (-square / ((2 * power - 1) * (2 * power)))
    odd, even = t * (1.0 + odd), 1.0 + even
    place = quarter.astype(np.int64) & 3
    return np.asarray(np.select([place == 0, place == 1, place == 2], [odd, even, -odd], -even))
