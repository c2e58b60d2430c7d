"""Stretch and squeeze a world's time along a smooth path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.vary.operator import Operator, parameter
from memento.vary.retime import by_time, in_order, moved
from memento.world.tree import Delta
from memento.world.world import World

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Smooth(Operator):
    """The times of sessions follow a warped path from the first to the last.

    Knots at ``t_j = j (T - 1) / (knots + 1)`` are multiplied by factors g_j ~ N(1, sd); a cubic spline S goes
    through ``(t_j, t_j g_j)`` and is scaled so that the end stays. The spline of the published code may turn
    back; here it is made monotone by a cumulative maximum, so that sessions keep their order.
    """

    name: ClassVar[str] = "smooth"
    formula: ClassVar[str] = "t -> c S(t), S the cubic spline through (t_j, t_j g_j), g_j ~ N(1, sd), c = T / S(T)"
    source: ClassVar[str] = "time warping: Iwana and Uchida 2020 (uchidalab/time_series_augmentation)"

    sd: float = parameter(0.2, "standard deviation of the factors at the knots", low=1e-6)
    knots: int = parameter(4, "knots between the ends", "knots", 1, 64, kind="int")

    def apply(self, world: World, key: int) -> Delta | World:
        """One draw for each knot."""
        if len(world.sessions) < 2:
            return Delta()
        order = by_time(world)
        started = world.sessions["started_at"].astype(np.float64)
        first, last = started[order[0]], started[order[-1]]
        if last <= first:
            return Delta()
        places = np.linspace(0.0, last - first, self.knots + 2)
        factors = rng.normal(rng.pair_keys(key, np.arange(len(places), dtype=np.uint64)), 1.0, self.sd)
        warped = spline(places, places * factors, started[order] - first)
        end = spline(places, places * factors, np.array([last - first]))[0]
        if end <= 0.0:
            return Delta()
        path = np.clip(np.maximum.accumulate(warped) * ((last - first) / end), 0.0, last - first)
        new = np.empty(len(order), np.int64)
        new[order] = in_order(path + first)
        return moved(world, new)


def spline(x: Floats, y: Floats, at: Floats) -> Floats:
    """The natural cubic spline through points (K,) in order of x, at some places (N,).

    Solves the tridiagonal system of its second derivatives (de Boor 1978, ch. 4).
    """
    size = len(x)
    gap, slope = np.diff(x), np.diff(y) / np.diff(x)
    bend = np.zeros(size)
    if size > 2:
        matrix = np.diag(2.0 * (gap[:-1] + gap[1:])) + np.diag(gap[1:-1], 1) + np.diag(gap[1:-1], -1)
        bend[1:-1] = np.linalg.solve(matrix, 6.0 * np.diff(slope))
    place = np.clip(np.searchsorted(x, at, side="right") - 1, 0, size - 2)
    h, low, high = gap[place], at - x[place], x[place + 1] - at
    ends = bend[place] * high**3 / (6 * h) + bend[place + 1] * low**3 / (6 * h)
    line = (y[place] / h - bend[place] * h / 6) * high + (y[place + 1] / h - bend[place + 1] * h / 6) * low
    return np.asarray(ends + line)
