"""Series that depend on their own past (SynTSBench, dependency patterns): ARMA, long lags, walks, pulses.

The best h-step forecast of an ARMA process errs by ``sum_{j<h} psi_j^2`` times the variance of its shocks, where
psi are the weights of its moving average form (Box and Jenkins 1970, ch. 5); standardised, by the share of that in
``sum_j psi_j^2``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from memento.patterns.series.periodic import _triangle
from memento.patterns.series.series import Floats, Series, normals

_BURN = 200
_LONG_LAG, _LONG_PHI, _DROPPED = 50, 0.7, 100
_ENDLESS = 20_000


def psi(ar: Sequence[float], ma: Sequence[float], count: int) -> Floats:
    """The first `count` weights of the moving average form of an ARMA process."""
    weights = np.zeros(count)
    for j in range(count):
        total = 1.0 if j == 0 else (ma[j - 1] if j <= len(ma) else 0.0)
        weights[j] = total + sum(ar[i] * weights[j - 1 - i] for i in range(min(len(ar), j)))
    return weights


def arma_error(ar: Sequence[float], ma: Sequence[float], horizon: int) -> float:
    """The mean error of the best forecasts of 1 to `horizon` steps, as a share of the variance."""
    squares = psi(ar, ma, _ENDLESS if len(ar) > 10 else 2_000) ** 2
    return float(np.cumsum(squares[:horizon]).mean() / squares.sum())


def arma(ar: Sequence[float], ma: Sequence[float], n: int, key: int) -> Floats:
    """n values of an ARMA process driven by N(0, 1), after `_BURN` that are dropped."""
    shocks = normals(key, n + _BURN)
    driven = shocks.copy()
    for lag, weight in enumerate(ma, 1):
        driven[lag:] += weight * shocks[:-lag]
    values = driven.tolist()
    for t in range(len(values)):
        for lag, weight in enumerate(ar, 1):
            if t >= lag:
                values[t] += weight * values[t - lag]
    return np.array(values[_BURN:])


def _long(n: int, key: int) -> Floats:
    values = normals(key, n + _DROPPED).tolist()
    for t in range(_LONG_LAG, len(values)):
        values[t] += _LONG_PHI * values[t - _LONG_LAG]
    return np.array(values[_DROPPED:])


def _long_error(horizon: int) -> float:
    return arma_error([0.0] * (_LONG_LAG - 1) + [_LONG_PHI], (), horizon)


def _white(n: int, key: int) -> Floats:
    return normals(key, n)


def _white_error(horizon: int) -> float:
    return 1.0


def _walk(n: int, key: int) -> Floats:
    return np.cumsum(normals(key, n))


def _walk_error(horizon: int, n: int = 5_000) -> float:
    """A walk has no variance of its own: shocks of h steps over the mean variance of a training part of 0.7 n."""
    return (horizon + 1) / 2 / (0.7 * n / 6)


def _pulses(n: int, key: int) -> Floats:
    """Triangle pulses of width 10, one every 96 steps, of height 1 and 2 in turn."""
    place = np.arange(n) % 96
    height = 1.0 + (np.arange(n) // 96 % 2)
    return np.where(place < 10, height * (1.0 - np.abs(place - 4.5) / 5.0), 0.0)


AR_1, MA_1 = (0.85,), (0.65,)
AR_2, MA_2 = (0.75, -0.2), (0.65, 0.35)
SERIES = (
    Series(
        "arma-1-1", "dependency", "x = .85 x' + e + .65 e'", partial(arma, AR_1, MA_1), partial(arma_error, AR_1, MA_1)
    ),
    Series(
        "arma-2-2",
        "dependency",
        "x = .75 x' - .2 x'' + e + .65 e' + .35 e''",
        partial(arma, AR_2, MA_2),
        partial(arma_error, AR_2, MA_2),
    ),
    Series("arma-long", "dependency", "x = .7 x(t - 50) + e", _long, _long_error),
    Series("white-noise", "dependency", "N(0, 1)", _white, _white_error),
    Series("random-walk", "dependency", "the sum of white noise", _walk, _walk_error),
    Series("pulses", "dependency", "triangles of width 10 every 96 steps, heights 1 and 2 in turn", _pulses),
    Series("triangle-0.005", "dependency", "triangle wave at 0.005", partial(_triangle, frequency=0.005)),
    Series("triangle-0.0025", "dependency", "triangle wave at 0.0025", partial(_triangle, frequency=0.0025)),
)
