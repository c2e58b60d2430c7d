"""Estimates with intervals: shares, means, and what maximises a likelihood.

Every interval is a 95% one. Those of a likelihood are Wald's, from the curvature at the maximum, on a
scale without bounds (logarithm, logit), so that no interval leaves the range of its parameter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from memento.rng import normal_quantile
from memento.validate.intervals import wilson

Floats = npt.NDArray[np.float64]
Form = Literal["real", "positive", "share", "above 1"]
Number = float | tuple[float, ...]

Z = 1.959963984540054
_FAR = 14.0
"""How far from 0 a parameter may go on its scale without bounds: beyond it is the bound itself."""


@dataclass(frozen=True)
class Estimate:
    """A parameter as estimated: its dotted key, value and 95% interval, one number each or one for each part.

    The intervals of parts hold all of them at once.

    `n` counts what it was estimated from, `of` says what that is.
    """

    key: str
    value: Number
    low: Number
    high: Number
    n: int
    of: str

    def covers(self, truth: Number) -> bool:
        """Whether every part of the interval holds the true value."""
        lows, highs, truths = (v if isinstance(v, tuple) else (v,) for v in (self.low, self.high, truth))
        if len(truths) != len(lows):
            return False
        return all(low <= true <= high for low, true, high in zip(lows, truths, highs, strict=True))


def spanned(key: str, ends: Sequence[float], n: int, of: str) -> Estimate:
    """The estimate of a number by its value, low and high."""
    value, low, high = ends
    return Estimate(key, value, low, high, n, of)


def spanned_parts(key: str, ends: Sequence[Sequence[float] | Floats], n: int, of: str) -> Estimate:
    """The estimate of some numbers by their values, lows and highs."""
    value, low, high = (tuple(float(part) for part in end) for end in ends)
    return Estimate(key, value, low, high, n, of)


def joint(parts: int) -> float:
    """How many standard errors hold all of so many parts at once 95 times in 100 (Bonferroni)."""
    return float(normal_quantile(np.array(1 - 0.025 / parts))[()])


def share(key: str, hits: int, n: int, of: str, scale: float = 1.0) -> Estimate | None:
    """A probability from `hits` of `n` trials with Wilson's interval (1927), times `scale`; None without trials."""
    if n == 0:
        return None
    found = wilson(hits, n)
    return spanned(key, [min(1.0, v * scale) for v in (found.value, found.low, found.high)], n, of)


def rate(key: str, count: int, n: int, of: str) -> Estimate | None:
    """The mean of Poisson counts that add up to `count` over `n`, with a score interval; None without any."""
    if n == 0:
        return None
    centre, half = count + Z * Z / 2, Z * math.sqrt(count + Z * Z / 4)
    return Estimate(key, count / n, max(0.0, (centre - half) / n), (centre + half) / n, n, of)


@dataclass(frozen=True)
class Peak:
    """Where a likelihood is largest: values with their intervals, shape (P,), and the covariance on the free scale."""

    value: Floats
    low: Floats
    high: Floats
    free: Floats
    covariance: Floats
    likelihood: float

    def estimate(self, key: str, place: int, n: int, of: str) -> Estimate:
        """The estimate of one parameter."""
        return spanned(key, [float(v[place]) for v in (self.value, self.low, self.high)], n, of)


def maximise(
    likelihood: Callable[[Floats], float], start: Sequence[float], forms: Sequence[Form], steps: int = 60
) -> Peak:
    """The parameters that maximise a log-likelihood, by Newton's method with damping (Levenberg, Marquardt).

    Derivatives are central differences. `forms` says which values each parameter may take.
    """

    def at(free: Floats) -> float:
        value = likelihood(_values(free, forms))
        return value if math.isfinite(value) else -math.inf

    free = np.array([_free(value, form) for value, form in zip(start, forms, strict=True)])
    reach = np.array([math.inf if form == "real" else _FAR for form in forms])
    best, damping = at(free), 1e-3
    for _ in range(steps):
        gradient, curvature = _derivatives(at, free)
        while damping < 1e12:
            lean = -curvature + damping * np.diag(np.maximum(np.abs(np.diag(curvature)), 1e-6))
            try:
                step = np.clip(np.linalg.solve(lean, gradient), -2.0, 2.0)
            except np.linalg.LinAlgError:
                damping *= 10
                continue
            trial = np.clip(free + step, -reach, reach)
            value = at(trial)
            if value > best:
                break
            damping *= 10
        else:
            break
        gained, best, free, damping = value - best, value, trial, damping / 10
        if gained < 1e-9 * (1 + abs(best)):
            break
    _, curvature = _derivatives(at, free)
    sides = [_bound(at, free, place, best) if reach[place] == _FAR else (False, 0.0, 0.0) for place in range(len(free))]
    covariance = _inverse(-curvature)
    error = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    low = np.where([flat for flat, _, _ in sides], [low for _, low, _ in sides], free - Z * error)
    high = np.where([flat for flat, _, _ in sides], [high for _, _, high in sides], free + Z * error)
    return Peak(_values(free, forms), _values(low, forms), _values(high, forms), free, covariance, best)


def _derivatives(at: Callable[[Floats], float], x: Floats) -> tuple[Floats, Floats]:
    """Gradient (P,) and matrix of second derivatives (P, P) by central differences."""
    size = len(x)
    step = 1e-4 * np.maximum(1.0, np.abs(x))
    gradient, curvature, middle = np.empty(size), np.empty((size, size)), at(x)
    moves = np.diag(step)
    for i in range(size):
        up, down = at(x + moves[i]), at(x - moves[i])
        gradient[i] = (up - down) / (2 * step[i])
        curvature[i, i] = (up - 2 * middle + down) / step[i] ** 2
        for j in range(i):
            cross = at(x + moves[i] + moves[j]) - at(x + moves[i] - moves[j])
            cross -= at(x - moves[i] + moves[j]) - at(x - moves[i] - moves[j])
            curvature[i, j] = curvature[j, i] = cross / (4 * step[i] * step[j])
    return np.nan_to_num(gradient, posinf=0, neginf=0), np.nan_to_num(curvature, posinf=0, neginf=0)


def _bound(at: Callable[[Floats], float], x: Floats, place: int, best: float) -> tuple[bool, float, float]:
    """Whether a parameter lies at its bound, and where the likelihood falls by half a chi-squared's 95% point."""
    if abs(x[place]) < _FAR - 4.0:
        return False, 0.0, 0.0
    side = 1.0 if x[place] > 0 else -1.0
    inner, outer = -side * _FAR, x[place]
    for _ in range(40):
        middle = (inner + outer) / 2
        trial = x.copy()
        trial[place] = middle
        inner, outer = (inner, middle) if best - at(trial) < Z * Z / 2 else (middle, outer)
    return (True, outer, _FAR + 30.0) if side > 0 else (True, -_FAR - 30.0, outer)


def _inverse(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    kept = values > 1e-9 * max(float(np.abs(values).max(initial=0.0)), 1e-12)
    with np.errstate(divide="ignore"):
        return np.asarray((vectors * np.where(kept, 1.0 / np.where(kept, values, 1.0), 1e6)) @ vectors.T)


def _free(value: float, form: Form) -> float:
    if form == "positive":
        return math.log(max(value, 1e-12))
    if form == "above 1":
        return math.log(max(value - 1.0, 1e-6))
    if form == "share":
        inside = min(max(value, 1e-5), 1 - 1e-5)
        return math.log(inside / (1 - inside))
    return value


def _values(free: Floats, forms: Sequence[Form]) -> Floats:
    result = np.array(free, np.float64)
    for place, form in enumerate(forms):
        x = float(np.clip(free[place], -700.0, 700.0))
        if form == "positive":
            result[place] = math.exp(x)
        elif form == "above 1":
            result[place] = 1.0 + math.exp(x)
        elif form == "share":
            result[place] = 1.0 / (1.0 + math.exp(-x))
    return result
