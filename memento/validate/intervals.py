"""How sure a figure is: Wilson intervals for shares, the keyed bootstrap for means over sessions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memento import rng

Floats = npt.NDArray[np.float64]

LEVEL = 0.95
_Z = 1.959963984540054
_BLOCK = 1 << 21


@dataclass(frozen=True)
class Figure:
    """A mean with its 95% interval and the number of things it is the mean of; NaN where there is no interval."""

    value: float
    low: float
    high: float
    n: int

    def between(self, form: str = ".3f") -> str:
        """The interval in words, ``0.905 to 0.921``; nothing where there is none."""
        return between(self.low, self.high, form)

    def words(self, form: str = ".3f") -> str:
        """``0.912 (0.905 to 0.921)``, the figure alone where there is no interval; nothing where there is none."""
        if math.isnan(self.value):
            return ""
        interval = self.between(form)
        return f"{self.value:{form}}" + (f" ({interval})" if interval else "")

    def to_map(self) -> dict[str, Any]:
        """Plain values; NaN is None."""
        plain = {
            name: None if math.isnan(x) else x
            for name, x in (("value", self.value), ("low", self.low), ("high", self.high))
        }
        return {**plain, "n": self.n}


def between(low: float | None, high: float | None, form: str = ".3f") -> str:
    """An interval in words; nothing where there is none."""
    return "" if low is None or high is None or math.isnan(low) else f"{low:{form}} to {high:{form}}"


def wilson(successes: int, n: int) -> Figure:
    """A share and its 95% interval (Wilson 1927); NaN for no trials.

    Raises `ValueError` for a count that is not among `n`.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    if n == 0:
        return Figure(math.nan, math.nan, math.nan, 0)
    share, square = successes / n, _Z * _Z
    centre = (share + square / (2 * n)) / (1 + square / n)
    reach = _Z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, centre - reach)
    high = 1.0 if successes == n else min(1.0, centre + reach)
    return Figure(share, low, high, n)


class Bootstrap:
    """Means over the same redrawn sessions for every figure, so that ratios and differences are paired.

    Session by session values go in, shape (S,), NaN where a session has none; draws are keyed by
    `seed` and the resample's number. Percentile intervals (Efron 1979).
    """

    def __init__(self, sessions: int, resamples: int = 1000, seed: int = 0) -> None:
        self.sessions = sessions
        self.resamples = resamples
        self.base = rng.key(seed, "bootstrap")

    def means(self, values: Floats) -> Floats:
        """The mean of `values` in every resample, shape (R,); NaN where a resample caught none."""
        kept = np.isfinite(values)
        filled = np.where(kept, values, 0.0)
        result = np.empty(self.resamples)
        step = max(1, _BLOCK // max(1, self.sessions))
        for start in range(0, self.resamples, step):
            drawn = self._drawn(start, min(start + step, self.resamples))  # (r, S)
            counts = kept[drawn].sum(1)
            with np.errstate(invalid="ignore"):
                result[start : start + len(drawn)] = np.where(
                    counts > 0, filled[drawn].sum(1) / np.maximum(counts, 1), np.nan
                )
        return result

    def sums(self, values: Floats) -> Floats:
        """The sum over the sessions of every resample of `values`, shape (S, B); shape (R, B)."""
        result = np.empty((self.resamples, values.shape[1]))
        step = max(1, _BLOCK // max(1, self.sessions))
        for start in range(0, self.resamples, step):
            drawn = self._drawn(start, min(start + step, self.resamples))  # (r, S)
            flat = drawn + np.arange(len(drawn))[:, None] * self.sessions
            times = np.bincount(flat.ravel(), minlength=drawn.size).reshape(drawn.shape)
            result[start : start + len(drawn)] = times @ values
        return result

    def figure(self, values: Floats) -> Figure:
        """The mean of `values` with its interval."""
        kept = values[np.isfinite(values)]
        if len(kept) == 0:
            return Figure(math.nan, math.nan, math.nan, 0)
        return self.of(float(kept.mean()), self.means(values), len(kept))

    def of(self, value: float, resampled: Floats, n: int) -> Figure:
        """The interval of any figure from its value in each resample, shape (R,); none for one session."""
        known = resampled[np.isfinite(resampled)]
        if len(known) == 0 or n < 2:
            return Figure(value, math.nan, math.nan, n)
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(known, [tail, 1 - tail])
        return Figure(value, float(low), float(high), n)

    def _drawn(self, start: int, stop: int) -> npt.NDArray[np.int64]:
        """The sessions of some resamples, shape (r, S)."""
        numbers = np.arange(start, stop, dtype=np.uint64)
        keys = rng.pair_keys(rng.pair_keys(self.base, numbers)[:, None], np.arange(self.sessions, dtype=np.uint64))
        return rng.integers(keys, max(1, self.sessions))


def over_seeds(values: Floats, seed: int = 0, resamples: int = 1000) -> Figure:
    """The mean over K seeds and n sessions, its interval by redrawing both; `values` is (K, n).

    Sessions that are NaN under some seed are left out. The interval tells what another seed and other
    sessions of the same kind would give.
    """
    kept = values[:, np.isfinite(values).all(0)]
    if not kept.size:
        return Figure(math.nan, math.nan, math.nan, 0)
    bootstrap = Bootstrap(kept.shape[1], resamples, seed)
    by_seed = bootstrap.sums(np.ascontiguousarray(kept.T)) / kept.shape[1]  # (R, K)
    keys = rng.pair_keys(
        rng.pair_keys(rng.key(seed, "seeds"), np.arange(len(by_seed), dtype=np.uint64))[:, None],
        np.arange(len(kept), dtype=np.uint64),
    )
    drawn = np.take_along_axis(by_seed, rng.integers(keys, len(kept)), axis=1)  # (R, K)
    return bootstrap.of(float(kept.mean()), drawn.mean(1), kept.shape[1])
