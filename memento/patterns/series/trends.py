"""Eleven trends (SynTSBench, trend patterns)."""

from __future__ import annotations

import numpy as np

from memento import rng
from memento.patterns.series.series import Floats, Series


def _steps(n: int) -> Floats:
    return np.arange(n, dtype=np.float64)


def _linear(n: int, key: int) -> Floats:
    return 0.01 * _steps(n) + 5.0


def _quadratic(n: int, key: int) -> Floats:
    return 1e-4 * _steps(n) ** 2


def _exponential(n: int, key: int) -> Floats:
    return rng.exp(0.0015 * _steps(n)) + 1.0


def _negative_exponential(n: int, key: int) -> Floats:
    return 100.0 * rng.exp(-0.0005 * _steps(n))


def _logarithmic(n: int, key: int) -> Floats:
    return rng.log(_steps(n) + 1.0) / 0.6931471805599453


def _logistic(n: int, key: int) -> Floats:
    return 10.0 / (1.0 + rng.exp(-0.001 * (_steps(n) - n / 2)))


def _gompertz(n: int, key: int) -> Floats:
    return 10.0 * rng.exp(-5.0 * rng.exp(-0.001 * _steps(n)))


def _power(n: int, key: int) -> Floats:
    return 0.5 * rng.exp(0.6 * rng.log(_steps(n) + 1.0))


def _step(n: int, key: int) -> Floats:
    return np.where(np.arange(n) >= n // 3, 8.0, 2.0)


def _piecewise(n: int, key: int) -> Floats:
    places = np.array([0, n // 6, n // 3, 3 * n // 5, n - 1], np.float64)
    keep = np.append(True, np.diff(places) > 0)
    return np.asarray(np.interp(_steps(n), places[keep], np.array([2.0, 8.0, 4.0, 10.0, 7.0])[keep]))


def _gaussian(n: int, key: int) -> Floats:
    return 10.0 * rng.exp(-((_steps(n) - n / 2) ** 2) / (2.0 * (n / 6) ** 2))


SERIES = (
    Series("linear", "trend", "0.01 t + 5", _linear),
    Series("quadratic", "trend", "1e-4 t^2", _quadratic),
    Series("exponential", "trend", "exp(0.0015 t) + 1", _exponential),
    Series("negative-exponential", "trend", "100 exp(-0.0005 t)", _negative_exponential),
    Series("logarithmic", "trend", "log2(t + 1)", _logarithmic),
    Series("logistic", "trend", "10 / (1 + exp(-0.001 (t - n/2)))", _logistic),
    Series("gompertz", "trend", "10 exp(-5 exp(-0.001 t))", _gompertz),
    Series("power", "trend", "0.5 (t + 1)^0.6", _power),
    Series("step", "trend", "2, then 8 from t = n // 3", _step),
    Series("piecewise-linear", "trend", "through (0,2), (n/6,8), (n/3,4), (3n/5,10), (n-1,7)", _piecewise),
    Series("gaussian", "trend", "10 exp(-(t - n/2)^2 / (2 (n/6)^2))", _gaussian),
)
