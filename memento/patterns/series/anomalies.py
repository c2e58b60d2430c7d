"""Anomalies in a series: single points and pulses (SynTSBench, anomaly notebooks)."""

from __future__ import annotations

import numpy as np

from memento import rng
from memento.patterns.series.series import Floats

SHARES = (0.005, 0.01, 0.05, 0.10, 0.15, 0.20)
"""Shares of points that the published notebooks change."""
PULSES = (1, 3, 5, 10, 20)
"""Numbers of pulses that they plant."""
_FIRST = 0.8


def points(values: Floats, share: float, key: int) -> Floats:
    """The series with a share of the points of its first 80% moved by U(1, 2) times its range times a factor."""
    size = int(_FIRST * len(values))
    keys = rng.pair_keys(rng.key(key, "points"), np.arange(size, dtype=np.uint64))
    hit = np.flatnonzero(rng.bernoulli(keys, share))
    result = values.copy()
    result[hit] += _amplitude(values, keys[hit], 0.2)
    return result


def pulses(values: Floats, count: int, key: int) -> Floats:
    """The series with `count` pulses of width 10 to 30 in its first 80%."""
    result, size = values.copy(), int(_FIRST * len(values))
    keys = rng.pair_keys(rng.key(key, "pulses"), np.arange(count, dtype=np.uint64))
    width = 10 + rng.integers(keys, 21, 2)
    start = rng.integers(keys, max(1, size - 30), 3)
    for low, wide, height in zip(start.tolist(), width.tolist(), _amplitude(values, keys, 0.8).tolist(), strict=True):
        result[low : low + wide] += height
    return result


def _amplitude(values: Floats, keys: np.ndarray, wide: float) -> Floats:
    spread = float(np.ptp(values)) if len(values) else 0.0
    factor = wide if spread > 100.0 else 2.0 if spread < 4.0 else 1.0
    sign = np.where(rng.bernoulli(keys, 0.5, 1), 1.0, -1.0)
    return np.asarray(sign * (1.0 + rng.uniform(keys, 0)) * spread * factor)
