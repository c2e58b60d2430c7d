"""Sessions at slightly other times: a stream's time line warped, and every column of time worked out anew.

A warp is a map of time that never runs backwards and holds the first and last session where they are. Columns are not
interpolated, which would leave the unit circle: hour, weekday, month, gap and age follow from the new times, exactly.
Labels are held, and what earlier sessions showed. That is true of observed labels; of planted ones it is true as far as
relevance hardly changes within the `limit`, which is why there is one. `memento expand -o smooth` warps whole worlds
and works labels out anew.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch

from memento import rng
from memento.patterns.facts import calendar
from memento.train.augment.operators import Augmentation
from memento.train.augment.pool import Pool
from memento.train.lesson import Draws, Lesson
from memento.vary.parameters import parameter
from memento.vary.smooth import spline

Floats = npt.NDArray[np.float64]

DAY = 86_400.0
KNOTS = 4
_WAVES = {
    period: np.round([[wave(2.0 * np.pi * k / period) for wave in (np.sin, np.cos)] for k in range(period)], 12)
    for period in (24, 7, 12)
}


@dataclasses.dataclass(frozen=True)
class _Warp(Augmentation):
    """A map of a stream's time, drawn anew for every epoch."""

    limit: float = parameter(0.5, "how far the time of a session may move; 0 for no limit", "hours", high=87_600.0)

    @abstractmethod
    def path(self, times: Floats, key: int) -> Floats:
        """New times of a stream's sessions, in seconds from its first, never falling; both (S,)."""

    def warped(self, times: Floats, key: int) -> Floats:
        """`path` with its ends held and kept to the limit."""
        moved = np.maximum.accumulate(self.path(times, key)) - times
        far = float(np.abs(moved).max(initial=0.0))
        bound = self.limit * 3600.0
        return times + (moved * (bound / far) if 0.0 < bound < far else moved)

    def apply(self, lesson: Lesson, draws: Draws, pool: Pool) -> Lesson:
        """The time columns of the chosen sessions, as their stream's warped clock gives them."""
        chosen = self.chosen(draws).cpu().numpy()  # (B,)
        features = lesson.features.double().cpu().numpy()  # (B, C, 17)
        sessions = draws.sessions.astype(np.int64)
        all_times = pool.resident.times
        for number, part in enumerate(pool.fit):
            here = chosen & np.isin(sessions, part)
            if not here.any() or len(part) < 3:
                continue
            times = all_times[part].astype(np.float64)
            start = times[0]
            new = self.warped(times - start, rng.key(draws.seed, "recipe", self.name, draws.epoch, number))
            clock = _clock(times - start, new)
            features[here] = _columns(features[here], all_times[sessions[here]].astype(np.float64), start, clock)
        made = torch.from_numpy(features.astype(np.float32)).to(lesson.features)  # (B, C, 17)
        same = torch.from_numpy(~chosen).to(lesson.mask.device)  # (B,)
        kept = same[:, None, None] | ~lesson.mask.unsqueeze(-1)  # (B, C, 1)
        return dataclasses.replace(lesson, features=torch.where(kept, lesson.features, made))


@dataclasses.dataclass(frozen=True)
class Warp(_Warp):
    """Time runs at speeds drawn at knots, along a cubic spline.

    With T the last time and knots ``tau_j = j T / 5``, factors ``g_j ~ N(1, sigma)`` and a natural cubic
    spline S through ``(tau_j, tau_j g_j)``, a time t becomes ``S(t) T / S(T)``. S need not rise everywhere:
    where it falls, time stands still instead. Source: Iwana and Uchida 2020, ``time_warp`` of github
    uchidalab/time_series_augmentation, whose spline has other ends.
    """

    name: ClassVar[str] = "warp"
    sigma: float = parameter(0.2, "standard deviation of the factors")

    def path(self, times: Floats, key: int) -> Floats:
        """The spline at `times`."""
        last = float(times[-1])
        if last <= 0.0:
            return times.copy()
        knots = np.linspace(0.0, 1.0, KNOTS + 2)
        factors = rng.normal(rng.pair_keys(key, np.arange(KNOTS + 2, dtype=np.uint64)), 1.0, self.sigma)
        path = spline(knots, knots * factors, np.append(times / last, 1.0))
        scale = last / path[-1] if path[-1] > 1e-3 else last
        return np.clip(path[:-1] * scale, 0.0, last)


@dataclasses.dataclass(frozen=True)
class WindowWarp(_Warp):
    """The gaps in a window of ``ceil(ratio S)`` sessions times 2 or 1/2, all gaps scaled to their old sum.

    Source: window warping, Le Guennec et al. 2016; Iwana and Uchida 2020.
    """

    name: ClassVar[str] = "window-warp"
    ratio: float = parameter(0.1, "share of the sessions in the window", low=0.001)

    def path(self, times: Floats, key: int) -> Floats:
        """The times with one stretch made longer or shorter."""
        size = len(times)
        width = int(np.ceil(self.ratio * size))
        if size < width + 3 or times[-1] <= 0.0:
            return times.copy()
        low = 1 + int(rng.integers(rng.key(key, "window"), size - width - 2))
        gaps = np.diff(times)
        gaps[low : low + width] *= (2.0, 0.5)[int(rng.integers(rng.key(key, "factor"), 2))]
        new = np.concatenate([[0.0], np.cumsum(gaps)])
        return new * (times[-1] / new[-1]) if new[-1] > 0.0 else times.copy()


def _clock(times: Floats, new: Floats) -> Callable[[Floats], Floats]:
    """The map of time through the sessions: straight lines between them, and as it was before and after."""

    def moved(at: Floats) -> Floats:
        return at + np.interp(at, times, new - times)

    return moved


def _columns(features: Floats, times: Floats, start: float, clock: Callable[[Floats], Floats]) -> Floats:
    """Columns under a new clock: `features` (b, C, 17) of sessions that ended at `times` (b,), s UTC."""
    made = features.copy()
    at = times - start
    now = clock(at)
    born = at[:, None] - np.expm1(features[..., 0]) * DAY  # (b, C)
    made[..., 0] = np.log1p(np.abs(now[:, None] - clock(born)) / DAY)
    gap = np.expm1(features[:, 0, 9]) * DAY  # (b,)
    made[..., 9] = np.where(gap > 0, np.log1p(np.maximum(now - clock(at - gap), 0.0) / DAY), 0.0)[:, None]
    moment = calendar(np.floor(now + start).astype(np.int64))
    for first, period, values in ((3, 24, moment.hour), (5, 7, moment.weekday), (7, 12, moment.month)):
        made[..., first : first + 2] = _WAVES[period][np.asarray(values, np.int64)][:, None, :]
    return made
