"""Ten periodic series (SynTSBench, periodic patterns): sums of sines, and waves with edges."""

from __future__ import annotations

from functools import partial

import numpy as np

from memento import rng
from memento.patterns.series.series import Floats, Series, sine

TEN = ((1, 0.01), (1.2, 0.02), (1.5, 0.03), (1.8, 0.04), (2, 0.05), (2.2, 0.06), (1.7, 0.07), (1.4, 0.08), (1.1, 0.09),
       (0.9, 0.10))  # fmt: skip
FIVE = ((1, 0.01), (1.2, 0.02), (2, 0.05), (1.4, 0.08), (0.9, 0.1))
_EDGED = 0.05


def _sum(parts: tuple[tuple[float, float], ...], n: int, key: int) -> Floats:
    steps, total = np.arange(n, dtype=np.float64), np.zeros(n)
    for amplitude, frequency in parts:
        total += amplitude * sine(frequency * steps)
    return total


def _phase(n: int, frequency: float = _EDGED) -> Floats:
    turns = frequency * np.arange(n, dtype=np.float64)
    return np.asarray(turns - np.floor(turns))


def _triangle(n: int, key: int, frequency: float = _EDGED) -> Floats:
    return 4.0 * np.abs(_phase(n, frequency) - 0.5) - 1.0


def _sawtooth(n: int, key: int) -> Floats:
    return 2.0 * _phase(n) - 1.0


def _square(n: int, key: int) -> Floats:
    return np.where(_phase(n) < 0.5, 1.0, -1.0)


def _exp_sine(n: int, key: int) -> Floats:
    return rng.exp(sine(_EDGED * np.arange(n, dtype=np.float64)))


SERIES = (
    Series("sin-0.05", "periodic", "sin(2 pi 0.05 t)", partial(_sum, ((1, 0.05),))),
    Series("sin-0.005", "periodic", "sin(2 pi 0.005 t)", partial(_sum, ((1, 0.005),))),
    Series("double-sin", "periodic", "2 at 0.1, 1.5 at 0.05", partial(_sum, ((2, 0.1), (1.5, 0.05)))),
    Series("triple-sin", "periodic", "1 at 0.2, 2 at 0.15, 4 at 0.05", partial(_sum, ((1, 0.2), (2, 0.15), (4, 0.05)))),
    Series("five-sin", "periodic", "five sines from 0.01 to 0.1", partial(_sum, FIVE)),
    Series("ten-sin", "periodic", "ten sines from 0.01 to 0.1", partial(_sum, TEN)),
    Series("triangle", "periodic", "triangle wave at 0.05", _triangle),
    Series("sawtooth", "periodic", "sawtooth wave at 0.05", _sawtooth),
    Series("square", "periodic", "square wave at 0.05", _square),
    Series("exp-sin", "periodic", "exp(sin(2 pi 0.05 t))", _exp_sine),
)
