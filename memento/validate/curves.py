"""Curves of a score over how much there was to learn from, or how clear it was: a plateau less exponentials.

``a - sum b_k exp(-c_k n)``: linear at first, then slower, then level (Yang et al. 2024, "Synthetic continued
pretraining", arXiv 2409.07431, section 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from memento.errors import UsageError


@dataclass(frozen=True)
class Curve:
    """``a - sum b_k exp(-c_k n)``: the plateau a, what is still missing b, how fast it comes c, and the fit's error."""

    plateau: float
    missing: tuple[float, ...]
    rates: tuple[float, ...]
    error: float

    def at(self, n: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The curve at some n."""
        x = np.asarray(n, np.float64)[..., None]
        return np.asarray(self.plateau - (np.array(self.missing) * np.exp(-np.array(self.rates) * x)).sum(axis=-1))


def mixture(n: Sequence[float], values: Sequence[float], parts: int = 2) -> Curve:
    """The mixture of exponentials that fits scores over numbers of worlds (or steps) best.

    Rates are searched on a logarithmic grid, then refined; for given rates the rest is least squares with b >= 0.
    """
    x, y = np.asarray(n, np.float64), np.asarray(values, np.float64)
    if len(x) < parts + 1:
        raise UsageError(f"a curve of {parts} exponentials needs {parts + 1} points, and there are {len(x)}")
    grid = np.exp(np.linspace(np.log(0.02 / max(x.max(), 1e-9)), np.log(20.0 / max(x[x > 0].min(), 1e-9)), 60))
    best = min((_fitted(x, y, rates) for rates in combinations(grid.tolist(), parts)), key=lambda curve: curve.error)
    for width in (1.1, 1.03, 1.01):
        for _ in range(6):
            near = [[rate / width, rate, rate * width] for rate in best.rates]
            tried = [_fitted(x, y, rates) for rates in np.stack(np.meshgrid(*near), -1).reshape(-1, parts).tolist()]
            best = min([best, *tried], key=lambda curve: curve.error)
    return best


def crossing(x: Sequence[float], y: Sequence[float], level: float) -> float | None:
    """Where a curve through points first falls below a level, going down in x; straight between two points.

    The largest x where it is below already at the first point; None where it never falls so low.
    """
    points = sorted(zip(x, y, strict=True), reverse=True)
    for place, (at, value) in enumerate(points):
        if value < level:
            if place == 0:
                return at
            before, above = points[place - 1]
            return before + (at - before) * (above - level) / (above - value)
    return None


def _fitted(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], rates: Sequence[float]) -> Curve:
    columns = [np.ones_like(x), *(-np.exp(-rate * x) for rate in rates)]
    kept = list(range(len(columns)))
    while True:
        solved, *_ = np.linalg.lstsq(np.stack([columns[place] for place in kept], axis=1), y, rcond=None)
        negative = [place for place, value in zip(kept, solved, strict=True) if place and value < 0]
        if not negative:
            break
        kept = [place for place in kept if place not in negative]
    whole = dict(zip(kept, solved.tolist(), strict=True))
    missing = tuple(whole.get(place, 0.0) for place in range(1, len(columns)))
    curve = Curve(whole[0], missing, tuple(rates), 0.0)
    return replace(curve, error=float(np.sqrt(((curve.at(x) - y) ** 2).mean())))
