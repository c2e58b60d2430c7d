"""Series of several variables that follow from one another with lags, and their best forecasts.

Configurations of SynTSBench's multivariate notebooks. Errors are standardised mean squared errors over a horizon;
the five-variable forecast here uses what the published rule leaves out: that V2 follows from V1, so that V4 is known
in part for 24 steps more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from memento import rng
from memento.patterns.series.series import Floats, normals, sine

FLIP, SPREAD = 0.05, 0.1
_BURN = 100


def lagged(n: int, key: int, lag: int) -> dict[str, Floats]:
    """A is white noise, and B is A a lag ago."""
    a = normals(key, n + lag)
    return {"A": a[lag:], "B": a[:n]}


def lagged_error(lag: int, horizon: int) -> float:
    """The best mean error over both: A is never known, B for `lag` steps ahead."""
    return (1.0 + max(0, horizon - lag) / horizon) / 2.0


def sine_noise(n: int, key: int) -> dict[str, Floats]:
    """A is a sine, B noise of the same power, C their sum."""
    a = sine(0.05 * np.arange(n, dtype=np.float64))
    b = normals(key, n, math.sqrt(0.5))
    return {"A": a, "B": b, "C": a + b}


def nonlinear(n: int, key: int) -> dict[str, Floats]:
    """X is white noise and ``Y = 2 sin(0.5 X(t - 48)) + N(0, 0.1)``."""
    x = normals(rng.key(key, "x"), n + 48)
    y = 2.0 * sine(0.5 * x[:n] / (2.0 * math.pi)) + normals(rng.key(key, "y"), n, SPREAD)
    return {"X": x[48:], "Y": y}


def nonlinear_error(horizon: int) -> float:
    """Of Y alone: its own noise while X is known, then its variance."""
    variance = 2.0 * (1.0 - math.exp(-0.5)) + SPREAD**2
    known = min(48, horizon)
    return (known * SPREAD**2 / variance + (horizon - known)) / horizon


def conditional(n: int, key: int) -> dict[str, Floats]:
    """X is white noise and Y says whether X was above 0 48 steps ago; one in twenty is flipped."""
    x = normals(rng.key(key, "x"), n + 48)
    y = _flipped(x[:n] > 0, rng.key(key, "y"))
    return {"X": x[48:], "Y": y}


def conditional_error(horizon: int) -> float:
    """Of Y alone: that of a known coin with probability FLIP, then its variance."""
    known = min(48, horizon)
    return (known * FLIP * (1 - FLIP) / 0.25 + (horizon - known)) / horizon


def five(n: int, key: int) -> dict[str, Floats]:
    """Five variables, each from lags of those before it; the rest is N(0, 0.1), and V4 flips one in twenty."""
    size = n + _BURN
    v1 = normals(rng.key(key, "v1"), size)
    v2 = 0.8 * _back(v1, 24) + normals(rng.key(key, "v2"), size, SPREAD)
    v3 = _third(_back(v1, 12), _back(v2, 12)) + normals(rng.key(key, "v3"), size, SPREAD)
    v4 = _flipped(_back(v2, 24) > np.median(v2), rng.key(key, "v4"))
    v5 = _back(v1, 6) + 0.5 * _back(v3, 6) + 0.3 * _back(v4, 6) * np.sign(_back(v1, 6))
    v5 = v5 + normals(rng.key(key, "v5"), size, SPREAD)
    return {
        name: values[_BURN:] for name, values in zip(("V1", "V2", "V3", "V4", "V5"), (v1, v2, v3, v4, v5), strict=True)
    }


def forecast(seen: Mapping[str, Floats], horizon: int) -> dict[str, Floats]:
    """The best forecast of `five` for 1 to `horizon` steps after what was seen, (horizon,) each.

    Where a lag was seen it is used; V2 that was not seen is foretold from V1, V4 by the probability that V2 was
    above its median, and what has no cause in sight by its mean.
    """
    v1, v2, v3, v4 = (seen[name] for name in ("V1", "V2", "V3", "V4"))
    n, median = len(v1), float(np.median(v2))
    told: dict[str, Floats] = {name: np.zeros(horizon) for name in ("V1", "V2", "V3", "V4", "V5")}
    for h in range(horizon):

        def known(values: Floats, lag: int, h: int = h) -> float | None:
            place = n + h - lag
            return float(values[place]) if place < n else None

        one = known(v1, 24)
        told["V2"][h] = 0.8 * one if one is not None else 0.0
        first, second = known(v1, 12), known(v2, 12)
        if first is not None and second is not None:
            told["V3"][h] = float(_third(np.array(first), np.array(second)))
        told["V4"][h] = _chance(known(v2, 24), known(v1, 48), median)
        base, third, fourth = known(v1, 6), known(v3, 6), known(v4, 6)
        if base is not None and third is not None and fourth is not None:
            told["V5"][h] = base + 0.5 * third + 0.3 * fourth * math.copysign(1.0, base)
        elif h >= 6:
            told["V5"][h] = 0.5 * told["V3"][h - 6]
    return told


def _chance(cause: float | None, earlier: float | None, median: float) -> float:
    """The expected V4: from V2 where it was seen, from the V1 behind it where that was, else a half."""
    if cause is not None:
        above = 1.0 if cause > median else 0.0
    elif earlier is not None:
        above = 0.5 * math.erfc((median - 0.8 * earlier) / (SPREAD * math.sqrt(2.0)))
    else:
        above = 0.5
    return FLIP + (1.0 - 2.0 * FLIP) * above


def five_errors(n: int, key: int, horizon: int = 96, stride: int = 7) -> dict[str, float]:
    """The errors that `forecast` makes in the last fifth of a series of n, standardised by the first 0.7 n."""
    whole = five(n, key)
    train = int(0.7 * n)
    scale = {name: float(values[:train].var()) for name, values in whole.items()}
    sums = dict.fromkeys(whole, 0.0)
    starts = range(int(0.8 * n), n - horizon, stride)
    for start in starts:
        told = forecast({name: values[:start] for name, values in whole.items()}, horizon)
        for name, values in whole.items():
            sums[name] += float(((values[start : start + horizon] - told[name]) ** 2).mean())
    return {name: total / len(starts) / scale[name] for name, total in sums.items()}


PUBLISHED = {
    "nonlinear Y": 0.496,
    "conditional Y": 0.599,
    "V2": 0.759,
    "V3": 0.903,
    "V4": 0.803,
    "V5": 0.925,
    "five": 0.877,
}
"""The optima that SynTSBench prints."""


def market(n: int, key: int) -> dict[str, Floats]:
    """Supply, demand and price that answer one another: the feedback case of the repository.

    Price rises with the excess of demand a step ago; supply follows the price, demand flees it.
    """
    shocks = [normals(rng.key(key, name), n, SPREAD).tolist() for name in ("supply", "demand", "price")]
    supply, demand, price = [0.0], [0.0], [0.0]
    for t in range(1, n):
        supply.append(0.6 * supply[-1] + 0.3 * price[-1] + shocks[0][t])
        demand.append(0.6 * demand[-1] - 0.3 * price[-1] + shocks[1][t])
        price.append(0.7 * price[-1] + 0.4 * (demand[t - 1] - supply[t - 1]) + shocks[2][t])
    return {"supply": np.array(supply), "demand": np.array(demand), "price": np.array(price)}


def lotka_volterra(n: int, key: int) -> dict[str, Floats]:
    """Prey and predators (Lotka 1925, Volterra 1926), a small step at a time."""
    prey, hunters = [10.0], [5.0]
    for _ in range(n - 1):
        x, y = prey[-1], hunters[-1]
        prey.append(x + 0.02 * (1.1 * x - 0.4 * x * y))
        hunters.append(y + 0.02 * (0.1 * x * y - 0.4 * y))
    return {"prey": np.array(prey), "predators": np.array(hunters)}


def sir(n: int, key: int) -> dict[str, Floats]:
    """Susceptible, infected and recovered shares (Kermack and McKendrick 1927), with a slow loss of immunity."""
    s, i, r = [0.99], [0.01], [0.0]
    for _ in range(n - 1):
        new, well, lost = 0.03 * s[-1] * i[-1] * 10, 0.1 * i[-1], 0.001 * r[-1]
        s.append(s[-1] - new + lost)
        i.append(i[-1] + new - well)
        r.append(r[-1] + well - lost)
    return {"S": np.array(s), "I": np.array(i), "R": np.array(r)}


def _back(values: Floats, lag: int) -> Floats:
    return np.concatenate([np.zeros(lag), values[:-lag]])


def _third(first: Floats, second: Floats) -> Floats:
    whole = 2.0 * math.pi
    return np.asarray(sine(first / whole) * sine(second / whole + 0.25))


def _flipped(above: np.ndarray, key: int) -> Floats:
    flips = rng.bernoulli(rng.pair_keys(key, np.arange(len(above), dtype=np.uint64)), FLIP)
    return (above ^ flips).astype(np.float64)
